//! ARC, the format before WARC (Internet Archive, 1996): one line names address, host, moment, type and length, the block
//! follows. Read into the same [`Record`](super::Record)s, with the header names of WARC; never written.

use super::head::Head;
use vocabulary::{SHOWN_CHARS, excerpt};

/// Fields of a version 1 line: address, IP, date, type, length.
const FIELDS_V1: usize = 5;
/// Fields of a version 2 line: result code, checksum, location, offset and file name come before the length.
const FIELDS_V2: usize = 10;
/// Digits of an ARC date; some writers add more.
const DATE_DIGITS: usize = 14;
/// Schemes that a record line begins with.
const SCHEMES: &[&str] =
    &["http://", "https://", "dns:", "filedesc:", "ftp://", "screenshot:", "warcinfo:", "metadata:", "whois:"];

/// Reads a record line; none when it is no such line. An error says what is wrong with one that clearly is.
pub(super) fn head(line: &str) -> Option<Result<Head, String>> {
    if !SCHEMES.iter().any(|scheme| line.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))) {
        return None;
    }
    // Addresses may hold spaces: the fields are counted from the end.
    let parts: Vec<&str> = line.split(' ').collect();
    let from_end = |count: usize| parts.len().checked_sub(count).and_then(|at| parts.get(at)).copied();
    let is_date = |text: &str| text.len() >= DATE_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    let fields = if from_end(FIELDS_V1 - 2).is_some_and(is_date) && parts.len() >= FIELDS_V1 {
        FIELDS_V1
    } else if from_end(FIELDS_V2 - 2).is_some_and(is_date) && parts.len() >= FIELDS_V2 {
        FIELDS_V2
    } else {
        return None;
    };
    let at = parts.len() - fields;
    let (address, ip, date, kind) = (parts[..=at].join(" "), parts[at + 1], parts[at + 2], parts[at + 3]);
    let length = parts[parts.len() - 1];
    let Ok(bytes) = length.parse::<u64>() else {
        return Some(Err(format!(
            "the ARC record of `{}` states the length `{length}`",
            excerpt(&address, SHOWN_CHARS)
        )));
    };
    let moment =
        format!("{}-{}-{}T{}:{}:{}Z", &date[..4], &date[4..6], &date[6..8], &date[8..10], &date[10..12], &date[12..14]);
    let is_description = address.starts_with("filedesc:");
    let is_web = !is_description && (address.starts_with("http") || address.starts_with("HTTP"));
    let record = if is_description {
        "warcinfo"
    } else if is_web {
        "response"
    } else {
        "resource"
    };
    let mut headers = vec![
        ("WARC-Type".to_owned(), record.to_owned()),
        ("WARC-Target-URI".to_owned(), address),
        ("WARC-Date".to_owned(), moment),
    ];
    if ip != "0.0.0.0" && ip != "-" {
        headers.push(("WARC-IP-Address".to_owned(), ip.to_owned()));
    }
    let media = if is_web { "application/http; msgtype=response" } else { kind };
    headers.push(("Content-Type".to_owned(), media.to_owned()));
    headers.push(("Content-Length".to_owned(), bytes.to_string()));
    Some(Ok(Head { headers, length: bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Result<Head, String>> {
        head(line)
    }

    #[test]
    fn both_versions_and_addresses_with_spaces_are_read() {
        let one = read("http://x.cn/a b c 1.2.3.4 20140216050221 text/html 12").unwrap().unwrap();
        assert_eq!(one.length, 12);
        assert_eq!(one.headers[1].1, "http://x.cn/a b c");
        assert_eq!(one.headers[2].1, "2014-02-16T05:02:21Z");
        let two = read("http://x.cn/ 1.2.3.4 20140216050221 text/html 200 - - 77 file.arc 9").unwrap().unwrap();
        assert_eq!((two.length, two.headers[1].1.as_str()), (9, "http://x.cn/"));
    }

    #[test]
    fn other_lines_are_none_and_bad_lengths_are_named() {
        assert!(read("<p>http://x.cn/ 1.2.3.4 20140216050221 text/html 12</p>").is_none());
        assert!(read("http://x.cn/").is_none());
        assert!(read("http://x.cn/ 1.2.3.4 20140216050221 text/html -1").unwrap().unwrap_err().contains("`-1`"));
    }
}
