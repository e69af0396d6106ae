//! What people bring to be read again, batch by batch: files of documents, folders of them, data folders of towers.
//!
//! The order in which they are read follows from their names and contents, not from where they lie or how they were listed: the
//! same archives say the same wherever they are replayed (SCORE-1).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::PipelineError;
use super::files::{digest, files_under, name_below};
use super::intake::{Dating, Items, read_aside};
use archive::documents::{Format, ImportSpec, PageFilter};
use collect::Masker;
use log::Journal;
use store::Store;
use vocabulary::{Channel, Position, SourceId};

/// The log of a tower, inside its data folder.
const LOG_FILE: &str = "wanglou.sqlite";
/// Documents taken from a log together.
const LOG_BATCH: usize = 20_000;

/// One thing to read: a file of documents, or the log of a tower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A data folder.
    Tower(PathBuf),
    /// A file.
    File(PathBuf),
}

/// Everything under `paths`, each once, by name below the path that was given; equal names by what is in them.
///
/// # Errors
/// A folder without documents, or one that cannot be listed.
pub(super) fn pieces(paths: &[PathBuf]) -> Result<Vec<Piece>, PipelineError> {
    let mut named: BTreeMap<String, Vec<Piece>> = BTreeMap::new();
    let mut met = BTreeSet::new();
    let mut add = |name: String, path: &Path, piece: fn(PathBuf) -> Piece| {
        if met.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned())) {
            named.entry(name).or_default().push(piece(path.to_owned()));
        }
    };
    for path in paths {
        let own = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.join(LOG_FILE).is_file() {
            add(own, path, Piece::Tower);
        } else if path.is_dir() {
            let files = documents_under(path)?;
            if files.is_empty() {
                return Err(PipelineError::NoArchive(path.clone()));
            }
            for (name, file) in files {
                add(name, &file, Piece::File);
            }
        } else {
            add(own, path, Piece::File);
        }
    }
    let mut all = Vec::new();
    for (_, mut alike) in named {
        if alike.len() > 1 {
            let mut digested = Vec::with_capacity(alike.len());
            for piece in alike {
                digested.push((piece.digest()?, piece));
            }
            digested.sort_by(|a, b| a.0.cmp(&b.0));
            alike = digested.into_iter().map(|(_, piece)| piece).collect();
        }
        all.append(&mut alike);
    }
    Ok(all)
}

/// Files of documents under a folder, hidden ones and those of other kinds left out.
fn documents_under(dir: &Path) -> Result<Vec<(String, PathBuf)>, PipelineError> {
    let named = files_under(dir)?.into_iter().map(|file| (name_below(dir, &file), file));
    Ok(named
        .filter(|(name, file)| !name.split('/').any(|part| part.starts_with('.')) && Format::of_name(file).is_some())
        .collect())
}

impl Piece {
    /// Begins to read it.
    pub(super) async fn open(&self) -> Result<Batches, PipelineError> {
        match self {
            Self::Tower(folder) => {
                let store = Store::open(&folder.join(LOG_FILE)).await?;
                let log = Journal::new(store.clone());
                // A tower may be writing to it: what comes after this moment is not read.
                let end = log.end().await?;
                Ok(Batches::Log { store, log, after: Position(0), end })
            }
            Self::File(path) => {
                let spec = ImportSpec {
                    source: self.source(),
                    channel: Channel::Media,
                    format: Format::of_file(path)
                        .map_err(PipelineError::Brought)?
                        .ok_or_else(|| PipelineError::UnknownFormat(path.clone()))?,
                    columns: BTreeMap::new(),
                    pages: PageFilter::default(),
                    preset: None,
                };
                let (items, reader) = read_aside(path.clone(), spec, Masker::default(), Dating::Replayed);
                Ok(Batches::File { items, reader: Some(reader) })
            }
        }
    }

    /// The source of documents that name none.
    pub(super) fn source(&self) -> SourceId {
        let (Self::Tower(path) | Self::File(path)) = self;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("archive");
        SourceId::new(name.split('.').next().unwrap_or(name))
    }

    /// Digest of what is in it.
    fn digest(&self) -> Result<String, PipelineError> {
        let digest = match self {
            Self::Tower(folder) => digest(&folder.join(LOG_FILE)),
            Self::File(path) => digest(path),
        };
        Ok(digest?.to_hex().to_string())
    }
}

/// A piece being read.
pub(super) enum Batches {
    /// A tower's log up to a position.
    Log { store: Store, log: Journal, after: Position, end: Position },
    /// A file, read on a thread of its own.
    File { items: mpsc::Receiver<Items>, reader: Option<JoinHandle<Result<(), PipelineError>>> },
}

impl Batches {
    /// The next documents, masked, with what is none among them; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Items>, PipelineError> {
        match self {
            Self::Log { store, log, after, end } => {
                let batch = if *after < *end { log.read_after(*after, LOG_BATCH).await? } else { Vec::new() };
                let Some(last) = batch.last() else {
                    store.close().await;
                    return Ok(None);
                };
                *after = last.position;
                let end = *end;
                Ok(Some(
                    batch.into_iter().filter(|entry| entry.position <= end).map(|entry| Ok(entry.document)).collect(),
                ))
            }
            Self::File { items, reader } => {
                let batch = items.recv().await;
                if batch.is_none()
                    && let Some(reader) = reader.take()
                {
                    reader.await??;
                }
                Ok(batch)
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay files out")]
mod tests {
    use std::fs;

    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn names(pieces: &[Piece], root: &Path) -> Vec<String> {
        let name = |piece: &Piece| {
            let (Piece::Tower(path) | Piece::File(path)) = piece;
            path.strip_prefix(root).expect("below").to_string_lossy().into_owned()
        };
        pieces.iter().map(name).collect()
    }

    #[test]
    fn the_order_follows_names_and_contents_not_how_archives_are_listed() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        write(&root.join("z/a.ndjson"), "{}");
        write(&root.join("y/date=2024-05-01/part.ndjson"), "{}");
        write(&root.join("y/.hidden.ndjson"), "{}");
        write(&root.join("y/notes.md"), "none");
        write(&root.join("m.csv"), "text");
        let given = [root.join("z"), root.join("y"), root.join("m.csv")];
        let found = pieces(&given).expect("found");
        assert_eq!(names(&found, root), ["z/a.ndjson", "y/date=2024-05-01/part.ndjson", "m.csv"]);
        let other_way: Vec<PathBuf> = given.iter().rev().chain(&given).cloned().collect();
        assert_eq!(pieces(&other_way).expect("found"), found, "nor how often");
    }

    #[test]
    fn files_of_one_name_are_told_apart_by_what_is_in_them() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        write(&root.join("one/a.ndjson"), "first");
        write(&root.join("two/a.ndjson"), "second");
        let read = |pieces: Vec<Piece>| -> Vec<String> {
            let text = |piece: &Piece| {
                let (Piece::Tower(path) | Piece::File(path)) = piece;
                fs::read_to_string(path).expect("read")
            };
            pieces.iter().map(text).collect()
        };
        let here = read(pieces(&[root.join("one"), root.join("two")]).expect("found"));
        fs::rename(root.join("one"), root.join("three")).expect("renamed");
        assert_eq!(read(pieces(&[root.join("three"), root.join("two")]).expect("found")), here);
    }

    #[test]
    fn a_folder_without_documents_is_refused_by_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = pieces(&[dir.path().to_owned()]).expect_err("nothing there");
        assert!(error.to_string().contains(&dir.path().display().to_string()), "{error}");
    }
}
