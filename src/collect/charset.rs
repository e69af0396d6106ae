//! Bytes to text, as a browser would: HTTP header, byte order mark, `<meta>`, then detection. What contradicts itself is
//! decoded by the evidence in the bytes and said so.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, UTF_8};

/// `<meta>` is looked for in this many first bytes, as in the HTML standard.
const META_BYTES_MAX: usize = 1024;
/// This many non-ASCII characters that form valid UTF-8 are no accident.
const UTF8_EVIDENCE_CHARS: usize = 8;
/// Longest label quoted in a problem.
const LABEL_CHARS_MAX: usize = 40;

/// Decoded text and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// Name of the encoding that was used.
    pub encoding: &'static str,
    /// Contradictions and losses.
    pub problems: Vec<String>,
}

/// Decodes a page. `declared` is the charset of the `Content-Type` header; `forced` is the recipe's own word and wins.
#[must_use]
pub fn decode(bytes: &[u8], declared: Option<&str>, forced: Option<&'static Encoding>) -> Decoded {
    let mut problems = Vec::new();
    let bom = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let (encoding, by) = if let Some(encoding) = forced {
        (encoding, "the recipe")
    } else {
        choose(bytes, declared, bom, &mut problems)
    };
    let (text, lost) = encoding.decode_with_bom_removal(bytes);
    let mut decoded = Decoded { text: text.into_owned(), encoding: encoding.name(), problems };
    if lost {
        let losses = decoded.text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
        let name = encoding.name();
        decoded.problems.push(format!("{losses} characters are not valid {name} (chosen by {by}) and were replaced"));
    }
    decoded
}

fn choose(
    bytes: &[u8],
    declared: Option<&str>,
    bom: Option<&'static Encoding>,
    problems: &mut Vec<String>,
) -> (&'static Encoding, &'static str) {
    let mut named = |label: &str, by: &'static str| {
        let found = for_label(label);
        if found.is_none() {
            let label: String = label.chars().take(LABEL_CHARS_MAX).collect();
            problems.push(format!("{by} names a charset `{label}` that is not known"));
        }
        found.map(|encoding| (encoding, by))
    };
    let header = declared.and_then(|label| named(label, "the HTTP header"));
    let meta = meta_charset(bytes).and_then(|label| named(&label, "the page's meta"));
    let claim = header.or(bom.map(|encoding| (encoding, "the byte order mark"))).or(meta);
    let Some((encoding, by)) = claim else { return (detect(bytes), "detection") };

    // A byte order mark is evidence, a header is a claim.
    if let Some(marked) = bom.filter(|marked| *marked != encoding) {
        problems.push(format!("{by} says {}, the byte order mark says {}: taken", encoding.name(), marked.name()));
        return (marked, "the byte order mark");
    }
    if encoding != UTF_8 && is_surely_utf8(bytes) {
        problems.push(format!("{by} says {}, the bytes are UTF-8: taken", encoding.name()));
        return (UTF_8, "the bytes");
    }
    if encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some() {
        return (encoding, by);
    }
    // The claim does not hold. The other claim, then detection, get a chance if they lose less.
    let loss = |candidate: &'static Encoding| {
        candidate.decode_without_bom_handling(bytes).0.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count()
    };
    let others = meta.into_iter().chain([(detect(bytes), "detection")]);
    let best = others.map(|(other, by)| (loss(other), other, by)).min_by_key(|(lost, ..)| *lost);
    if let Some((lost, other, other_by)) = best
        && other != encoding
        && lost < loss(encoding)
    {
        let (claimed, taken) = (encoding.name(), other.name());
        problems.push(format!("{by} says {claimed}, but the bytes are not; {other_by} says {taken}: taken"));
        return (other, other_by);
    }
    (encoding, by)
}

/// The encoding of a label. GB2312 and GBK mean GB18030, their superset, as pages use it in fact.
pub(crate) fn for_label(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().trim_matches(['"', '\'']);
    let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
    Some(if encoding == GBK { GB18030 } else { encoding })
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(Some(b"cn"), Utf8Detection::Allow);
    if guess == GBK { GB18030 } else { guess }
}

fn is_surely_utf8(bytes: &[u8]) -> bool {
    // A page cut in the middle of a character is still UTF-8.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    text.chars().filter(|c| !c.is_ascii()).take(UTF8_EVIDENCE_CHARS).count() == UTF8_EVIDENCE_CHARS
}

/// The charset that `<meta charset=…>`, `<meta http-equiv … charset=…>` or an XML declaration states.
fn meta_charset(bytes: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(META_BYTES_MAX)]).to_ascii_lowercase();
    let after = |text: &str, key: &str| -> Option<String> {
        let rest = text[text.find(key)? + key.len()..].trim_start().strip_prefix('=')?.trim_start();
        let rest = rest.trim_start_matches(['"', '\'']);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c))).unwrap_or(rest.len());
        (end > 0).then(|| rest[..end].to_owned())
    };
    if start.trim_start().starts_with("<?xml")
        && let Some(label) = after(&start[..start.find("?>")?], "encoding")
    {
        return Some(label);
    }
    start.split("<meta").skip(1).find_map(|tag| after(tag.split('>').next().unwrap_or_default(), "charset"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "充电宝在充电时突然起火，桌子烧黑了。";

    fn gb(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    #[test]
    fn gb2312_in_the_header_is_read_as_gb18030() {
        let text = "镕€㐀朱镕基的充电宝"; // outside GB2312
        let decoded = decode(&gb(text), Some("gb2312"), None);
        assert_eq!((decoded.text.as_str(), decoded.encoding), (text, "gb18030"));
        assert!(decoded.problems.is_empty());
    }

    #[test]
    fn the_meta_tag_counts_when_the_header_is_silent() {
        let page = gb(&format!("<html><meta http-equiv=Content-Type content='text/html; charset=GBK'>{TEXT}"));
        assert!(decode(&page, None, None).text.ends_with(TEXT));
        let xml = gb(&format!("<?xml version=\"1.0\" encoding=\"gb2312\"?><rss>{TEXT}"));
        assert!(decode(&xml, None, None).text.ends_with(TEXT));
    }

    #[test]
    fn a_wrong_claim_is_seen_through_and_reported() {
        let utf8 = decode(TEXT.as_bytes(), Some("gb2312"), None);
        assert_eq!((utf8.text.as_str(), utf8.problems.len()), (TEXT, 1));
        let other = decode(&gb(TEXT), Some("utf-8"), None);
        assert_eq!((other.text.as_str(), other.problems.len()), (TEXT, 1), "{:?}", other.problems);
        let marked = decode(&[b"\xef\xbb\xbf", TEXT.as_bytes()].concat(), Some("gbk"), None);
        assert_eq!((marked.text.as_str(), marked.problems.len()), (TEXT, 1));
    }

    #[test]
    fn nothing_declared_is_detected() {
        assert_eq!(decode(&gb(TEXT), None, None).text, TEXT);
        assert_eq!(decode(TEXT.as_bytes(), None, None).text, TEXT);
        assert_eq!(decode(b"", None, None).text, "");
    }

    #[test]
    fn broken_bytes_are_replaced_and_counted() {
        let mut bytes = gb(TEXT);
        bytes.extend_from_slice(&[0xff, 0xff, b'!']);
        let decoded = decode(&bytes, Some("gb18030"), None);
        assert!(decoded.text.starts_with(TEXT));
        assert!(decoded.problems.iter().any(|problem| problem.contains("replaced")), "{:?}", decoded.problems);
        let unknown = decode(b"abc", Some("no-such"), None);
        assert!(unknown.problems[0].contains("no-such"));
    }
}
