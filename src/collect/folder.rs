//! Files that people or programs put into a folder: the tables of a test body, the letters of a mailbox. They stay where they
//! are; whether one was read is known by its name, size and time.
//!
//! Out: what lies there, and the bytes of one file. Not here: what is in them. Links are not followed, so that who may put a
//! file into the folder cannot make the program read another; hidden files and those that are still being written
//! (`.part`, `.tmp`, `.crdownload`) are passed over.

#![expect(clippy::disallowed_methods, reason = "the one door to drop folders")]

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use url::Url;

use vocabulary::SourceId;

/// Files of one folder that are listed.
const FILES_MAX: usize = 100_000;
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
            if listing.files.len() >= FILES_MAX {
                listing
                    .problems
                    .push(format!("more than {FILES_MAX} files, the rest is not looked at; move old ones away"));
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
    let path = folder.join(name);
    let kind = fs::symlink_metadata(&path).map_err(|_| "the file is no longer there".to_owned())?;
    if !kind.is_file() {
        return Err("it is no file any more".to_owned());
    }
    let unreadable = |problem: std::io::Error| format!("the file cannot be read ({problem}); check its permissions");
    let mut bytes = Vec::new();
    let file = File::open(&path).map_err(unreadable)?;
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > bytes_max {
        return Err(format!("longer than {bytes_max} bytes; split it, or raise `page_bytes_max`"));
    }
    Ok(bytes)
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

    #[test]
    fn a_letter_that_was_seen_keeps_its_name() {
        let source = SourceId::from("mail");
        let name = |name| urn(&source, name).to_string();
        assert_eq!(name("new/1.eml"), name("cur/1.eml:2,S"));
        assert_eq!(name("投诉 1.eml"), "urn:wanglou:inbox:mail:%E6%8A%95%E8%AF%89+1.eml");
    }
}
