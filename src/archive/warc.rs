//! WARC/1.1 files, out and in; ARC files, in.
//!
//! RAW-1: an exchange is appended and flushed before its page is parsed, and [`WarcWriter::sync`] is called before a
//! document that points to it is acknowledged. Header case and order are lost on the way through the HTTP client, and the
//! transfer coding is undone there: a record is a faithful rebuild of what was sent, its payload is exact.

mod arc;
mod head;
mod http;
mod member;
mod read;
mod write;

use std::path::PathBuf;

use data_encoding::BASE32;
use sha1::{Digest, Sha1};

use vocabulary::{Said, file_action};

pub use http::{BodyError, HttpMessage, decode_body};
pub use read::{ReadProblem, Record, WarcReader, read_at};
pub use write::{Exchange, MEMBER_HEAD, Repair, Truncated, WarcOptions, WarcWriter};

/// Why a WARC file could not be written or opened.
#[derive(Debug, thiserror::Error)]
pub enum WarcError {
    /// The folder or file could not be made, read or written.
    #[error("cannot {doing} {path}; check that the folder exists, is writable and has room")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process appends to the same file.
    #[error("{path} is being written by another run; stop it, or use another --data folder")]
    Held {
        /// The file.
        path: PathBuf,
    },
    /// A record could not be read back where one was promised.
    #[error("{path} holds no readable record at byte {offset}: {detail}")]
    NoRecord {
        /// The file.
        path: PathBuf,
        /// The byte offset.
        offset: u64,
        /// What was found.
        detail: String,
    },
}

impl Said for WarcError {
    fn zh(&self) -> String {
        match self {
            Self::Io { doing, path, .. } => {
                format!("无法{} {}；请检查目录是否存在、是否可写、是否有空间", file_action(doing), path.display())
            }
            Self::Held { path } => {
                format!("{} 正被另一个进程写入；请先结束它，或用 --data 换一个目录", path.display())
            }
            Self::NoRecord { path, offset, detail } => {
                format!("{} 在字节 {offset} 处没有可读的记录：“{detail}”", path.display())
            }
        }
    }
}

/// `sha1:` and the digest in base32, as WARC readers expect it.
#[must_use]
pub fn sha1_base32(bytes: &[u8]) -> String {
    format!("sha1:{}", BASE32.encode(&Sha1::digest(bytes)))
}

#[cfg(test)]
mod tests;
