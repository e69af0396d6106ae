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
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ArchiveError;

/// Ending of a file that is being written.
const ASIDE: &str = "part";
/// How many files this process has made: numbers for their names aside.
static MADE: AtomicU64 = AtomicU64::new(0);

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

    /// Makes a file unless there is one; false when there is. When this returns true, the file is on the disk. Killed before, there is none:
    /// its name is given to the whole of it.
    pub fn create(&self, name: &str, bytes: &[u8], readers: Readers) -> Result<bool, ArchiveError> {
        let path = self.path(name);
        if path.exists() {
            return Ok(false);
        }
        // Two who make it at once write each their own.
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let aside = path.with_extension(format!("{}-{number}.{ASIDE}", std::process::id()));
        _ = fs::remove_file(&aside); // of a killed process with this number; it may be the file itself under a second name
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if readers == Readers::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let written = options.open(&aside).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
        // A second name is given only where there is none yet.
        let named =
            written.map_err(|error| io("write", &path, error)).and_then(|()| match fs::hard_link(&aside, &path) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(io("make", &path, error)),
            });
        _ = fs::remove_file(&aside); // what stays of it is written over or passed by
        if named? {
            sync_folder(&path).map_err(|error| io("sync the folder of", &path, error))?;
            return Ok(true);
        }
        Ok(false)
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
    sync_folder(path).map_err(|error| io("sync the folder of", path, error))
}

/// Makes a folder with those above it that are missing, all to the disk: a folder whose own name is lost takes with it whatever was synced
/// in it. A folder that is there already is synced once more: whoever made it may have ended before.
pub fn make_folder(dir: &Path) -> std::io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().skip(1).take_while(|above| !above.exists()).collect();
    fs::create_dir_all(dir)?;
    let parents = missing.into_iter().rev().chain([dir]).filter_map(Path::parent);
    for parent in parents.filter(|parent| !parent.as_os_str().is_empty()) {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Puts the names of all that lies in a folder and in those below it to the disk.
pub fn sync_folders(dir: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_folders(&path)?;
        }
    }
    File::open(dir)?.sync_all()
}

/// Makes the name of a file last: without this a power cut may take the name and leave the bytes.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
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
    fn of_many_who_make_a_file_at_once_one_does_and_all_of_it_is_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::of_folder(dir.path());
        let made: Vec<(u8, bool)> = std::thread::scope(|scope| {
            let makers = (0..16_u8).map(|maker| {
                let files = &files;
                (maker, scope.spawn(move || files.create("key", &[maker; 9_999], Readers::Owner).expect("asked")))
            });
            let makers: Vec<_> = makers.collect();
            makers.into_iter().map(|(maker, thread)| (maker, thread.join().expect("no panic"))).collect()
        });
        let winners: Vec<u8> = made.iter().filter(|(_, made)| *made).map(|(maker, _)| *maker).collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(files.read("key").expect("read").expect("there"), [winners[0]; 9_999]);
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1, "nothing stays aside");
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
