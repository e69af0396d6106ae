//! The crawl log: what was asked, when, and with what answer, read back from the raw archive. It cannot disagree with what was
//! kept, because it is what was kept. A question that nobody answered leaves no record; those are counted in its round.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{WarcError, WarcReader};

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Asked {
    /// Moment of the round in which it was asked; none when the record does not say.
    pub at: Option<Timestamp>,
    /// The address; a `urn:` for a file that somebody dropped.
    pub url: String,
    /// `GET` or `POST`; `FILE` for a dropped file.
    pub method: String,
    /// Status of the answer; none for a file.
    pub status: Option<u16>,
    /// Bytes of the body as they were sent.
    pub bytes: usize,
    /// Why the body was cut, in the words of WARC/1.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// File of the archive.
    pub file: String,
    /// Where in it the answer begins, in bytes.
    pub offset: u64,
}

/// Hands over every question of an archive folder, oldest file first, until `take` answers `false`.
///
/// # Errors
/// [`WarcError`] when the folder or a file cannot be opened. Records that cannot be read are passed over: they end the file of a
/// run that was killed.
pub fn read_asked(folder: &Path, mut take: impl FnMut(Asked) -> bool) -> Result<(), WarcError> {
    for path in files(folder)? {
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut method = String::new();
        for record in WarcReader::open(&path)?.flatten() {
            let (status, bytes) = match record.kind() {
                "request" => {
                    let line = record.block.split(|byte| *byte == b' ').next().unwrap_or_default();
                    method = String::from_utf8_lossy(line).into_owned();
                    continue;
                }
                "response" => {
                    let Some(answer) = record.http() else { continue };
                    (answer.status, answer.body.len())
                }
                "resource" => {
                    "FILE".clone_into(&mut method);
                    (None, record.block.len())
                }
                _ => continue,
            };
            let asked = Asked {
                at: record.date(),
                url: record.target().unwrap_or_default().to_owned(),
                method: std::mem::take(&mut method),
                status,
                bytes,
                cut: record.header("WARC-Truncated").map(str::to_owned),
                file: file.clone(),
                offset: record.offset,
            };
            if !take(asked) {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, WarcError> {
    let io = |source| WarcError::Io { doing: "list", path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.to_string_lossy().ends_with(".warc.gz") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
