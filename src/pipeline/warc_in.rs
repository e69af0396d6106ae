//! Raw pages from WARC files of any crawler, as documents: title by headline, text by density.

use std::path::Path;

use url::Url;

use super::PipelineError;
use crate::archive::WarcReader;
use crate::archive::documents::Rejected;
use crate::collect::{PAGE_BYTES_MAX, document_of_page};
use crate::vocabulary::{Channel, Document, RawRef, SourceId};

/// Content types that hold a page to read.
const PAGE_TYPES: &[&str] = &["text/html", "application/xhtml+xml", "text/plain"];

/// Hands over the pages of a WARC file, in its order; what is no readable page comes as [`Rejected`], its `line` being the record's
/// number. Records that are no answers with status 200 (requests, metadata, redirects) are passed over.
pub(super) fn documents_of_warc(
    path: &Path,
    source: &SourceId,
    channel: Channel,
    mut take: impl FnMut(Result<Document, Rejected>) -> bool,
) -> Result<(), PipelineError> {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut number = 0;
    for record in WarcReader::open(path).map_err(PipelineError::BroughtWarc)? {
        number += 1;
        let rejected = |reason: String, found: &str| Rejected {
            file: path.to_owned(),
            line: number,
            reason,
            found: found.chars().take(200).collect(),
        };
        let record = match record {
            Ok(record) => record,
            Err(problem) => {
                let reason = format!("record {number} at byte {}: {}", problem.offset, problem.detail);
                if !take(Err(rejected(reason, ""))) {
                    return Ok(());
                }
                continue;
            }
        };
        if record.kind() != "response" {
            continue;
        }
        let target = record.target().unwrap_or_default().to_owned();
        let Some(answer) = record.http().filter(|answer| answer.status == Some(200)) else { continue };
        let content_type = answer.header("content-type").unwrap_or("text/html");
        if !PAGE_TYPES.iter().any(|kind| content_type.starts_with(kind)) {
            continue;
        }
        let raw = RawRef {
            file: file.clone(),
            offset: record.offset,
            digest: record.header("WARC-Payload-Digest").unwrap_or_default().to_owned(),
        };
        let item = match (Url::parse(&target), record.date(), answer.decoded(PAGE_BYTES_MAX)) {
            (Ok(url), Some(seen_at), Ok(body)) => {
                match document_of_page(source, channel, &url, Some(content_type), &body, seen_at, raw) {
                    (Some(document), _) => Ok(document),
                    (None, problems) => Err(rejected(format!("record {number}: {}", problems.join("; ")), &target)),
                }
            }
            (Err(error), ..) => Err(rejected(format!("record {number}: its address is none: {error}"), &target)),
            (_, None, _) => Err(rejected(format!("record {number}: it has no date"), &target)),
            (.., Err(error)) => Err(rejected(format!("record {number}: {error}"), &target)),
        };
        if !take(item) {
            return Ok(());
        }
    }
    Ok(())
}
