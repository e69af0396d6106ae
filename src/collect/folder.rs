//! Files that people or programs put into a folder: the tables of a test body, the letters of a mailbox. They stay where they
//! are; whether one was read is known by its name, size and time.
//!
//! Out: what lies there, and the bytes of one file. Not here: what is in them. Links are not followed, so that who may put a
//! file into the folder cannot make the program read another; hidden files and those that are still being written
//! (`.part`, `.tmp`, `.crdownload`) are passed over.

#![cfg_attr(any(test, not(unix)), expect(clippy::disallowed_methods, reason = "the one door to drop folders"))]

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use url::Url;

use super::bounds::FOLDER_FILES_MAX;
use vocabulary::SourceId;

/// Subfolders of a mailbox in the Maildir layout.
const MAILDIR: &[&str] = &["new", "cur"];
/// Names of files that are still being written end like this.
const UNFINISHED: &[&str] = &[".part", ".tmp", ".crdownload", ".filepart"];

/// A file that lies in the folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FolderFile {
    /// Name below the folder.
    pub(crate) name: String,
    /// Size and time of the last change: another stamp is another content.
    pub(crate) stamp: String,
}

/// What lies in a folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// By name.
    pub(crate) files: Vec<FolderFile>,
    pub(crate) problems: Vec<String>,
}

/// Lists a folder, and in it those of a Maildir.
///
/// # Errors
/// Why it cannot be read, and what to do.
pub(crate) fn list(folder: &Path) -> Result<Listing, String> {
    let mut listing = Listing::default();
    for part in std::iter::once("").chain(MAILDIR.iter().copied()) {
        let place = folder.join(part);
        if !part.is_empty() && !fs::symlink_metadata(&place).is_ok_and(|found| found.is_dir()) {
            continue;
        }
        let entries = fs::read_dir(&place).map_err(|problem| {
            format!(
                "the folder {} cannot be read ({problem}); make it, or correct `folder` in the recipe",
                place.display()
            )
        })?;
        for entry in entries {
            let Ok(entry) = entry else { continue };
            let Ok(name) = entry.file_name().into_string() else {
                listing
                    .problems
                    .push(format!("{}: the name is not UTF-8; rename the file", entry.file_name().display()));
                continue;
            };
            let lower = name.to_lowercase();
            if name.starts_with('.') || UNFINISHED.iter().any(|end| lower.ends_with(end)) {
                continue;
            }
            let Ok(found) = fs::symlink_metadata(entry.path()) else { continue };
            if found.file_type().is_symlink() {
                listing.problems.push(format!("{name}: links are not followed; copy the file here"));
            }
            if !found.is_file() {
                continue;
            }
            let changed = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
            let name = if part.is_empty() { name } else { format!("{part}/{name}") };
            listing.files.push(FolderFile { name, stamp: format!("{}-{}", found.len(), changed.as_nanos()) });
            if listing.files.len() >= FOLDER_FILES_MAX {
                listing
                    .problems
                    .push(format!("more than {FOLDER_FILES_MAX} files, the rest is not looked at; move old ones away"));
                listing.files.sort();
                return Ok(listing);
            }
        }
    }
    listing.files.sort();
    Ok(listing)
}

/// The bytes of a file of the folder, at most `bytes_max`.
///
/// # Errors
/// Why they cannot be had.
pub(crate) fn read(folder: &Path, name: &str, bytes_max: usize) -> Result<Vec<u8>, String> {
    let unreadable = |problem: std::io::Error| match problem.kind() {
        ErrorKind::NotFound => "the file is no longer there".to_owned(),
        ErrorKind::NotADirectory => "it is no file any more".to_owned(),
        _ => format!("the file cannot be read ({problem}); check its permissions"),
    };
    let file = open(folder, name).map_err(unreadable)?;
    // Of what is open, not of what lies there by now.
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err("it is no file any more".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > bytes_max {
        return Err(format!("longer than {bytes_max} bytes; split it, or raise `page_bytes_max`"));
    }
    Ok(bytes)
}

/// Opens a file below the folder; neither it nor a folder on the way may be a link, not even one that was put there since the
/// folder was listed. Does not wait for the other end of a pipe.
#[cfg(unix)]
fn open(folder: &Path, name: &str) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;

    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let mut at = rustix::fs::open(folder, flags | OFlags::DIRECTORY, Mode::empty())?;
    let mut parts = name.split('/').peekable();
    while let Some(part) = parts.next() {
        let kind = if parts.peek().is_some() { OFlags::DIRECTORY } else { OFlags::empty() };
        let next = rustix::fs::openat(&at, part, flags | OFlags::NOFOLLOW | kind, Mode::empty());
        // How a link answers that is not followed.
        at = next.map_err(|problem| if problem == Errno::LOOP { Errno::NOTDIR } else { problem })?;
    }
    Ok(File::from(at))
}

/// Opens a file below the folder that is none of a link by now.
#[cfg(not(unix))]
fn open(folder: &Path, name: &str) -> std::io::Result<File> {
    let path = folder.join(name);
    if fs::symlink_metadata(&path)?.is_symlink() {
        return Err(ErrorKind::NotADirectory.into());
    }
    File::open(path)
}

/// The name of a file in the frontier and in the raw archive; it holds no path of the machine. A letter in a Maildir
/// keeps its name when it is moved from `new` to `cur` and marked as seen.
pub(crate) fn urn(source: &SourceId, name: &str) -> Url {
    let name = MAILDIR.iter().find_map(|part| name.strip_prefix(part)?.strip_prefix('/')).unwrap_or(name);
    let name = name.split_once(":2,").map_or(name, |(stem, _)| stem);
    let coded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    match Url::parse(&format!("urn:wanglou:inbox:{source}:{coded}")) {
        Ok(urn) => urn,
        Err(_) => unreachable!("a URN of ASCII without spaces is an address"),
    }
}

/// Where a recipe's folder lies.
pub(crate) fn place(inbox: &Path, folder: &Path) -> PathBuf {
    // A whole path stays itself.
    inbox.join(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_by_name_and_unfinished_hidden_or_linked_ones_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("new")).unwrap();
        for name in ["b.csv", "a.csv", ".hidden", "c.csv.part", "new/letter:2,S"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("link.csv")).unwrap();
        let listing = list(dir.path()).unwrap();
        let names: Vec<&str> = listing.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.csv", "b.csv", "new/letter:2,S"]);
        #[cfg(unix)]
        assert_eq!(listing.problems, ["link.csv: links are not followed; copy the file here"]);
        assert_eq!(read(dir.path(), "a.csv", 5).unwrap(), b"a.csv");
        assert!(read(dir.path(), "a.csv", 4).unwrap_err().contains("longer than 4 bytes"));
        assert!(list(&dir.path().join("absent")).unwrap_err().contains("make it"));
    }

    /// What somebody puts in a listed file's place between the look and the reading.
    #[cfg(unix)]
    #[test]
    fn what_was_swapped_for_a_link_or_a_pipe_since_the_look_is_not_read() {
        use std::os::unix::fs::symlink;

        let (dir, secret) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(secret.path().join("a.csv"), "secret").unwrap();
        for sub in ["new", "cur"] {
            fs::create_dir(dir.path().join(sub)).unwrap();
        }
        for name in ["a.csv", "b.csv", "new/a.csv"] {
            fs::write(dir.path().join(name), "ours").unwrap();
        }
        assert_eq!(list(dir.path()).unwrap().files.len(), 3);
        fs::remove_file(dir.path().join("a.csv")).unwrap();
        symlink(secret.path().join("a.csv"), dir.path().join("a.csv")).unwrap();
        fs::remove_file(dir.path().join("b.csv")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, dir.path().join("b.csv"), rustix::fs::Mode::RUSR).unwrap();
        fs::rename(dir.path().join("new"), dir.path().join("old")).unwrap();
        symlink(secret.path(), dir.path().join("new")).unwrap();
        for name in ["a.csv", "b.csv", "new/a.csv"] {
            assert_eq!(read(dir.path(), name, 100).unwrap_err(), "it is no file any more", "{name}");
        }
        assert_eq!(read(dir.path(), "old/a.csv", 100).unwrap(), b"ours");
        assert_eq!(read(dir.path(), "gone.csv", 100).unwrap_err(), "the file is no longer there");
        for name in ["../a.csv", "cur", "old/../a.csv"] {
            assert!(read(dir.path(), name, 100).is_err(), "{name}");
        }
    }

    #[test]
    fn a_letter_that_was_seen_keeps_its_name() {
        let source = SourceId::from("mail");
        let name = |name| urn(&source, name).to_string();
        assert_eq!(name("new/1.eml"), name("cur/1.eml:2,S"));
        assert_eq!(name("投诉 1.eml"), "urn:wanglou:inbox:mail:%E6%8A%95%E8%AF%89+1.eml");
    }
}
