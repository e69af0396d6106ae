//! Files that a run which broke off has left in the folder of an index.
//!
//! tantivy names the file of a segment's deletions by the number of operations done until then and insists on making it. The same batch, read
//! again after a crash, comes to the same number: what is left of the commit that broke off would make every later one fail. So a writer
//! begins with a folder that holds what the last commit names, and nothing else.

use std::io::ErrorKind;
use std::path::Path;

use tantivy::{Index, IndexWriter};

use super::error::IndexError;

/// Removes what the last commit does not name. `inner` holds the lock: nobody else writes. `dir` is none for an index in memory.
pub(super) fn clear(index: &Index, inner: &IndexWriter, dir: Option<&Path>) -> Result<(), IndexError> {
    inner.garbage_collect_files().wait().map_err(IndexError::engine("clear what a broken run left"))?;
    let Some(dir) = dir else { return Ok(()) };
    // Made by tantivy, yet not on the list of what it made: a power cut can take the list's newest version and leave the file.
    let mut named = index.load_metas().map_err(IndexError::engine("read its last commit"))?.list_segment_files();
    named.extend(index.directory().list_managed_files());
    let folder = |source| IndexError::Folder { path: dir.to_owned(), source };
    for entry in std::fs::read_dir(dir).map_err(folder)? {
        let entry = entry.map_err(folder)?;
        let name = entry.file_name();
        let shown = name.to_string_lossy();
        if !is_tantivys(&shown) || named.contains(Path::new(&name)) {
            continue;
        }
        match std::fs::remove_file(entry.path()) {
            Err(source) if source.kind() != ErrorKind::NotFound => return Err(folder(source)),
            _ => {}
        }
    }
    Ok(())
}

/// Whether tantivy gives such names: a segment's number in 32 hexadecimal digits and what the file holds, or a list that is not whole yet.
/// Whatever else people put into the folder stays.
fn is_tantivys(name: &str) -> bool {
    let of_segment = |number: &str| number.len() == 32 && number.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split_once('.').is_some_and(|(number, _)| of_segment(number)) || name.starts_with(".tmp")
}
