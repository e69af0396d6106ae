//! Raw pages from WARC files of any crawler, as documents: title by headline, text by density; and texts from WET files, as they are.

use std::path::Path;

use url::Url;

use super::error::PipelineError;
use archive::documents::{ImportSpec, Rejected};
use archive::{Record, WarcReader};
use collect::{PAGE_BYTES_MAX, document_of_page, document_of_plain_text};
use vocabulary::{Document, RawRef, Refused, excerpt, refused};

/// Characters of a rejected record's address that are shown.
const FOUND_CHARS: usize = 200;

/// Content types that hold a page to read.
const PAGE_TYPES: &[&str] = &["text/html", "application/xhtml+xml", "text/plain"];

/// The records of a WARC file with their numbers from 1, as they are; what is none comes as [`Rejected`], its `line` being the number.
pub(super) fn records_of(
    path: &Path,
) -> Result<impl Iterator<Item = (u64, Result<Record, Rejected>)> + '_, PipelineError> {
    let records = (1..).zip(WarcReader::open(path).map_err(PipelineError::BroughtWarc)?);
    Ok(records.map(move |(number, record)| {
        let record = record.map_err(|problem| {
            let reason = refused!(
                "第 {number} 条记录，字节 {}：“{}”",
                "record {number} at byte {}: {}",
                problem.offset,
                problem.detail
            );
            rejected(path, number, reason, "")
        });
        (number, record)
    }))
}

/// The wanted page of a record. Records that are neither answers with status 200 nor texts made of one (requests, metadata, redirects) are
/// passed over.
pub(super) fn document_of_record(
    path: &Path,
    number: u64,
    record: &Record,
    spec: &ImportSpec,
) -> Option<Result<Document, Rejected>> {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let page = page_of(record, &file, spec).transpose()?;
    let target = record.target().unwrap_or_default();
    let told = |reason: Refused| {
        Refused::new(format!("第 {number} 条记录：{}", reason.zh), format!("record {number}: {}", reason.en))
    };
    Some(page.map_err(|reason| rejected(path, number, told(reason), target)))
}

fn rejected(path: &Path, number: u64, reason: Refused, found: &str) -> Rejected {
    Rejected { file: path.to_owned(), line: number, reason, found: excerpt(found, FOUND_CHARS) }
}

/// The document of a record; none when it is no page or not wanted. The error says why a page cannot be read.
fn page_of(record: &Record, file: &str, spec: &ImportSpec) -> Result<Option<Document>, Refused> {
    let is_text = record.kind() == "conversion";
    if !is_text && record.kind() != "response" {
        return Ok(None);
    }
    let url = || {
        Url::parse(record.target().unwrap_or_default())
            .map_err(|error| refused!("它的地址不是地址：“{error}”", "its address is none: {error}"))
    };
    let wanted_host = |url: &Url| url.host_str().is_some_and(|host| spec.pages.wants_host(host));
    let seen_at = || record.date().ok_or_else(|| refused!("没有日期", "it has no date"));
    let digest = record.header("WARC-Payload-Digest").or_else(|| record.header("WARC-Block-Digest"));
    let raw = RawRef { file: file.to_owned(), offset: record.offset, digest: digest.unwrap_or_default().to_owned() };
    let (source, channel) = (&spec.source, spec.channel);
    let document = if is_text {
        let url = url()?;
        if !wanted_host(&url) {
            return Ok(None);
        }
        document_of_plain_text(source, channel, &url, &String::from_utf8_lossy(&record.block), seen_at()?, raw)
            .ok_or_else(|| refused!("没有找到正文", "no text was found"))?
    } else {
        let Some(answer) = record.http().filter(|answer| answer.status == Some(200)) else { return Ok(None) };
        let content_type = answer.header("content-type").unwrap_or("text/html");
        if !PAGE_TYPES.iter().any(|kind| content_type.starts_with(kind)) {
            return Ok(None);
        }
        let url = url()?;
        if !wanted_host(&url) {
            return Ok(None);
        }
        let body = answer.decoded(PAGE_BYTES_MAX).map_err(|error| Refused::of(&error))?;
        let (document, problems) = document_of_page(source, channel, &url, Some(content_type), &body, seen_at()?, raw);
        document.ok_or_else(|| Refused::quoted(problems.join("; ")))?
    };
    // Its bytes are not in this archive, and a file may be named like one that is.
    let document = Document { raw: None, ..document };
    document.check().map_err(|error| Refused::of(&error))?;
    let stated = record.header("WARC-Identified-Content-Language");
    Ok(Some(document).filter(|document| spec.pages.wants_language(stated, &document.text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use archive::documents::{Format, PageFilter};
    use vocabulary::{Channel, SourceId};

    #[test]
    fn a_brought_file_named_like_one_of_ours_points_at_none_of_our_records() {
        let spec = ImportSpec {
            source: SourceId::from("brought"),
            channel: Channel::Media,
            format: Format::Warc,
            columns: std::collections::BTreeMap::new(),
            pages: PageFilter::default(),
            preset: None,
        };
        let text = "某品牌充电宝在充电时起火，两人受伤，厂家已经停止销售并召回这一批产品。".repeat(5);
        let page =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<h1>起火</h1><p>{text}</p>");
        for (kind, block) in [("response", page), ("conversion", text)] {
            let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let record = Record {
                offset: 0,
                headers: vec![
                    header("WARC-Type", kind),
                    header("WARC-Date", "2024-05-04T01:00:00Z"),
                    header("WARC-Target-URI", "http://news.example/a"),
                    header("WARC-Payload-Digest", "sha1:AAAA"),
                    header("WARC-Block-Digest", "sha1:AAAA"),
                ],
                block: block.into_bytes(),
                cut: false,
            };
            let brought = Path::new("brought/wanglou-000001.warc.gz");
            let document = document_of_record(brought, 1, &record, &spec).expect("a page").expect("a document");
            assert_eq!(document.raw, None, "{kind}");
        }
    }
}
