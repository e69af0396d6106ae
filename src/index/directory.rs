//! The folder of an index, with what tantivy leaves out: its two lists of files carry a checksum, and why a file could not be written is
//! remembered: tantivy's threads drop the reason and say that the writer was killed.
//!
//! tantivy itself keeps a checksum at the end of every other file. A list that an earlier version of this program wrote has none, and is
//! believed until it is written again.

use std::fmt;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::Directory;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, DirectoryLock, FileHandle, Lock, MmapDirectory, TerminatingWrite, WatchCallback, WatchHandle,
    WritePtr,
};

/// What stands before and after the checksum, behind the list: a JSON value of its own.
const BEFORE: &str = "{\"blake3\":\"";
const AFTER: &str = "\"}\n";
/// Hexadecimal digits of a checksum.
const DIGITS: usize = 2 * blake3::OUT_LEN;

/// What the system said when it last refused to write.
#[derive(Debug)]
struct Said {
    kind: ErrorKind,
    code: Option<i32>,
    text: String,
}

/// Why the system last refused to write.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusal(Arc<Mutex<Option<Said>>>);

impl Refusal {
    /// What the system said, since it was last asked.
    pub(super) fn take(&self) -> Option<io::Error> {
        let Said { kind, code, text } = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(code.map_or_else(|| io::Error::new(kind, text), io::Error::from_raw_os_error))
    }

    /// Remembers an error on its way out.
    fn note<T>(&self, done: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &done
            && error.kind() != ErrorKind::Interrupted
        {
            let why = Said { kind: error.kind(), code: error.raw_os_error(), text: error.to_string() };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        }
        done
    }
}

/// A folder as [`MmapDirectory`] uses it, with checksums for lists.
#[derive(Clone)]
pub(super) struct IndexFolder {
    inner: MmapDirectory,
    pub(super) refusal: Refusal,
}

impl IndexFolder {
    pub(super) fn over(inner: MmapDirectory) -> Self {
        Self { inner, refusal: Refusal::default() }
    }
}

impl fmt::Debug for IndexFolder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// A list with its checksum behind it.
fn with_checksum(list: &[u8]) -> Vec<u8> {
    let checksum = blake3::hash(list).to_hex();
    [list, BEFORE.as_bytes(), checksum.as_bytes(), AFTER.as_bytes()].concat()
}

/// A list without its checksum; none when it does not fit.
fn without_checksum(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let room = BEFORE.len() + DIGITS + AFTER.len();
    let Some((list, checksum)) = bytes.len().checked_sub(room).and_then(|at| bytes.split_at_checked(at)) else {
        return Some(bytes);
    };
    let stated = checksum.strip_prefix(BEFORE.as_bytes()).and_then(|rest| rest.strip_suffix(AFTER.as_bytes()));
    let Some(stated) = stated else {
        // Without one; or with one that is damaged, and then this is no single JSON value.
        return Some(bytes);
    };
    if stated != blake3::hash(list).to_hex().as_bytes() {
        return None;
    }
    bytes.truncate(bytes.len() - room);
    Some(bytes)
}

impl Directory for IndexFolder {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.inner.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let opened = self.inner.open_write(path);
        if let Err(OpenWriteError::IoError { io_error, .. }) = &opened {
            let same = io_error.raw_os_error().map(io::Error::from_raw_os_error);
            _ = self.refusal.note::<()>(Err(same.unwrap_or_else(|| io_error.kind().into())));
        }
        let file =
            opened?.into_inner().map_err(|error| OpenWriteError::wrap_io_error(error.into_error(), path.into()))?;
        Ok(BufWriter::new(Box::new(Noting { file, refusal: self.refusal.clone() })))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let damaged = || io::Error::new(ErrorKind::InvalidData, "it does not hold what was written");
        without_checksum(self.inner.atomic_read(path)?)
            .ok_or_else(|| OpenReadError::wrap_io_error(damaged(), path.to_owned()))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.refusal.note(self.inner.atomic_write(path, &with_checksum(data)))
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.refusal.note(self.inner.sync_directory())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}

/// A file that is being written.
struct Noting {
    file: Box<dyn TerminatingWrite + Send + Sync>,
    refusal: Refusal,
}

impl Write for Noting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.refusal.note(self.file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.refusal.note(self.file.flush())
    }
}

impl TerminatingWrite for Noting {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.refusal.note(self.file.terminate_ref(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_of_a_list_is_found_and_a_list_without_a_checksum_is_believed() {
        let list = br#"{"segments":[],"opstamp":7}"#;
        let kept = with_checksum(list);
        assert_eq!(without_checksum(kept.clone()).as_deref(), Some(&list[..]));
        for bit in 0..kept.len() * 8 {
            let mut flipped = kept.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = without_checksum(flipped);
            // What is left of a damaged checksum makes the list one that tantivy cannot read.
            let value = |read: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&read).is_ok();
            assert!(!read.is_some_and(value), "bit {bit}");
        }
        for old in [
            &b"[]"[..],
            br#"[{"a":"a list of an earlier version that is longer than any checksum, on one line, by far"}]"#,
        ] {
            assert_eq!(without_checksum(old.to_vec()).as_deref(), Some(old));
        }
    }

    #[test]
    fn why_a_file_could_not_be_written_is_remembered_once() {
        let refusal = Refusal::default();
        assert!(refusal.take().is_none());
        assert!(refusal.note::<()>(Err(io::Error::from_raw_os_error(28))).is_err());
        assert_eq!(refusal.take().and_then(|error| error.raw_os_error()), Some(28));
        assert!(refusal.take().is_none());
    }
}
