//! Files on the disk, as several stages need them: all below a folder, and the digest of one.
#![expect(clippy::disallowed_methods, reason = "an edge: lists folders and opens files")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::error::PipelineError;

/// All files below a folder, by name; none when there is no such folder. Links to folders are not followed: one may lead to itself.
pub(super) fn files_under(dir: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let mut files = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(dir) = waiting.pop().filter(|dir| dir.is_dir()) {
        let io = |source| PipelineError::Io { what: "list", path: dir.clone(), source };
        for entry in fs::read_dir(&dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            let path = entry.path();
            if entry.file_type().map_err(io)?.is_dir() {
                waiting.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A folder and all folders below it, the deepest first. Links are not followed.
pub(super) fn folders_under(dir: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let mut folders = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(dir) = waiting.pop() {
        let io = |source| PipelineError::Io { what: "list", path: dir.clone(), source };
        for entry in fs::read_dir(&dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            if entry.file_type().map_err(io)?.is_dir() {
                waiting.push(entry.path());
            }
        }
        folders.push(dir);
    }
    folders.reverse();
    Ok(folders)
}

/// Has the disk take a file, or the names in a folder.
pub(super) fn sync(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

/// A path below a folder as text, with `/` between its parts on every system.
pub(super) fn name_below(dir: &Path, path: &Path) -> String {
    let below = path.strip_prefix(dir).unwrap_or(path);
    below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// BLAKE3 of a file.
pub(super) fn digest(path: &Path) -> Result<blake3::Hash, PipelineError> {
    let io = |source| PipelineError::Io { what: "read", path: path.to_owned(), source };
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(io)?).map_err(io)?;
    Ok(hasher.finalize())
}

/// Whether this is the name of a file of raw records as a collector here writes it: a plain name, never a path.
pub(super) fn is_own_warc(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_');
    name.starts_with("wanglou-") && name.ends_with(".warc.gz") && name.chars().all(plain)
}
