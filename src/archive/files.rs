//! The one door through which whole files are made: Parquet parts, exports, manifests, keys.
//!
//! In: names below a place, bytes. Out: files that are there whole or not at all. A file is written aside (`NAME.part` instead of its last
//! ending), synced, renamed, and its folder synced; a file that must not be there yet is made so that the second to ask is refused.
//! Not here: what is in the files; WARC files, which grow and are synced as they grow; folders that change places, which an object store
//! does not have. A place is a local folder. For another kind of place (S3) these five operations are what it has to do: a publication is
//! an upload, `create` an upload on the condition that nothing is there, and read back before it is believed.
#![expect(clippy::disallowed_methods, reason = "an edge room: files are its business")]

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::ArchiveError;

/// Ending of a file that is being written.
const ASIDE: &str = "part";

/// Who may read a file that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Whoever the system lets by default.
    Usual,
    /// Only the user who runs the program (mode 0600; where the system knows no such modes, as [`Readers::Usual`]).
    Owner,
}

/// Files below one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// The files of a folder, which need not be there before something is published.
    #[must_use]
    pub fn of_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where a file lies, or would.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes a file unless there is one; false when there is. When this returns true, the file is on the disk.
    pub fn create(&self, name: &str, bytes: &[u8], readers: Readers) -> Result<bool, ArchiveError> {
        let path = self.path(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if readers == Readers::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let mut file = match options.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(io("make", &path, error)),
        };
        if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
            _ = fs::remove_file(&path); // half of it must not pass for the whole
            return Err(io("write", &path, error));
        }
        sync_folder(&path)?;
        Ok(true)
    }

    /// Puts a file in place of what is there, if anything is: readers see the old one or the new one, whole.
    pub fn publish(&self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        publish(&self.path(name), |aside| fs::write(aside, bytes).map_err(|error| io("write", aside, error)))
    }

    /// The bytes of a file; none when there is no such file.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io("read", &path, error)),
        }
    }

    /// The names of all files, in order; none when there is no such folder. What is being written is not among them.
    pub fn list(&self) -> Result<Vec<String>, ArchiveError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io("list", &self.folder, error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| io("list", &self.folder, error))?.path();
            if path.is_file() && path.extension().is_none_or(|ending| ending != ASIDE) {
                names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
            }
        }
        names.sort();
        Ok(names)
    }

    /// Removes a file; false when there was none.
    pub fn remove(&self, name: &str) -> Result<bool, ArchiveError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(io("remove", &path, error)),
        }
    }
}

/// Where a file is written before it has its name.
#[must_use]
pub fn aside(path: &Path) -> PathBuf {
    path.with_extension(ASIDE)
}

/// Writes a file so that its name only ever shows the whole of it: `write` is given the place aside.
pub fn publish(path: &Path, write: impl FnOnce(&Path) -> Result<(), ArchiveError>) -> Result<(), ArchiveError> {
    let aside = aside(path);
    write(&aside)?;
    publish_aside(&aside, path)
}

/// Gives a file that is whole its name, both to the disk. `aside` lies in the same folder.
pub fn publish_aside(aside: &Path, path: &Path) -> Result<(), ArchiveError> {
    File::open(aside).and_then(|file| file.sync_all()).map_err(|error| io("sync", path, error))?;
    fs::rename(aside, path).map_err(|error| io("rename", path, error))?;
    sync_folder(path)
}

/// Makes the name of a file last: without this a power cut may take the name and leave the bytes.
fn sync_folder(path: &Path) -> Result<(), ArchiveError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| io("sync the folder of", path, error))
}

fn io(what: &'static str, path: &Path, source: std::io::Error) -> ArchiveError {
    ArchiveError::Io { what, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all_and_what_failed_leaves_the_old_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::of_folder(dir.path());
        assert_eq!((files.read("a.txt").expect("read"), files.list().expect("listed")), (None, Vec::new()));
        files.publish("a.txt", b"one").expect("published");
        let failed = publish(&files.path("a.txt"), |aside| {
            fs::write(aside, b"tw").expect("half of it");
            Err(io("write", aside, ErrorKind::StorageFull.into()))
        });
        assert!(failed.is_err());
        assert_eq!(files.read("a.txt").expect("read").expect("there"), b"one");
        assert_eq!(files.list().expect("listed"), ["a.txt"], "half a file is not listed");
        files.publish("a.txt", b"two").expect("published over what was left aside");
        assert_eq!(files.read("a.txt").expect("read").expect("there"), b"two");
        assert!(!aside(&files.path("a.txt")).exists());
        assert!(files.remove("a.txt").expect("removed") && !files.remove("a.txt").expect("asked"));
    }

    #[test]
    fn the_second_who_makes_a_file_is_refused_and_the_first_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::of_folder(dir.path());
        assert!(files.create("key", b"one", Readers::Owner).expect("made"));
        assert!(!files.create("key", b"two", Readers::Owner).expect("asked"));
        assert_eq!(files.read("key").expect("read").expect("there"), b"one");
        #[cfg(unix)]
        {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&fs::metadata(files.path("key")).expect("there").permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(Files::of_folder(dir.path().join("none")).create("key", b"", Readers::Usual).is_err());
        assert!(Files::of_folder(dir.path().join("none")).list().expect("listed").is_empty());
    }

    #[test]
    fn of_many_who_make_one_file_at_once_one_does() {
        let dir = tempfile::tempdir().expect("a folder");
        let made = std::thread::scope(|scope| {
            let files = Files::of_folder(dir.path());
            let makers: Vec<_> = (0..8)
                .map(|n| {
                    let files = files.clone();
                    scope.spawn(move || files.create("one", &[n], Readers::Usual).expect("asked"))
                })
                .collect();
            makers.into_iter().map(|maker| maker.join().expect("ended")).filter(|made| *made).count()
        });
        assert_eq!(made, 1);
    }
}
