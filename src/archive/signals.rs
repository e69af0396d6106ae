//! The signals dataset of a running tower: one Parquet file per stretch of the log, whose name is the cursor (LOG-2).
#![expect(clippy::disallowed_methods, reason = "an edge room: files are its business")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::ArchiveError;
use super::parquet::{read_signals, write_signals};
use crate::vocabulary::{LexiconVersion, Position, SignalRecord};

/// File in the folder that names the lexicon by which all parts were read: a stretch without a signal could not say it.
const LEXICON_FILE: &str = "lexicon";

/// The folder of part files `signals-FROM-TO.parquet`, each made from the log positions `FROM < position <= TO`.
#[derive(Debug)]
pub struct SignalParts {
    dir: PathBuf,
    lexicon: Option<LexiconVersion>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    from: Position,
    to: Position,
    path: PathBuf,
}

impl SignalParts {
    /// Opens the folder, makes it when it is missing, removes what an interrupted write left, and checks that the parts meet.
    pub fn open(dir: &Path) -> Result<Self, ArchiveError> {
        let io = |what, source| ArchiveError::Io { what, path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(|error| io("create", error))?;
        let mut parts = Vec::new();
        for file in fs::read_dir(dir).map_err(|error| io("list", error))? {
            let path = file.map_err(|error| io("list", error))?.path();
            if path.extension().is_some_and(|extension| extension == "part") {
                fs::remove_file(&path).map_err(|error| io("clean", error))?;
            } else if let Some((from, to)) = stretch(&path) {
                parts.push(Part { from, to, path });
            }
        }
        parts.sort_by_key(|part| part.from);
        let mut at = Position(0);
        for part in &parts {
            if part.from != at {
                return Err(ArchiveError::Gap { at: at.0, path: part.path.clone() });
            }
            at = part.to;
        }
        let lexicon = match fs::read_to_string(dir.join(LEXICON_FILE)) {
            Ok(version) => Some(LexiconVersion::new(version.trim())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(io("read the lexicon version in", error)),
        };
        Ok(Self { dir: dir.to_owned(), lexicon, parts })
    }

    /// The lexicon that read the parts; none when the folder is new.
    #[must_use]
    pub fn lexicon(&self) -> Option<&LexiconVersion> {
        self.lexicon.as_ref()
    }

    /// The last log position whose signals are in the dataset.
    #[must_use]
    pub fn cursor(&self) -> Position {
        self.parts.last().map_or(Position(0), |part| part.to)
    }

    /// Publishes the signals of the log stretch that ends at `to`; it begins where the last part ended.
    ///
    /// # Panics
    /// When `to` does not lie behind the cursor: that would publish a stretch twice.
    pub fn publish(&mut self, to: Position, records: &[SignalRecord]) -> Result<(), ArchiveError> {
        let from = self.cursor();
        assert!(to > from, "LOG-2: a stretch to {to} after {from} is empty or repeats");
        let path = self.dir.join(format!("signals-{:012}-{:012}.parquet", from.0, to.0));
        write_whole(&path, |aside| write_signals(aside, records))?;
        self.parts.push(Part { from, to, path });
        Ok(())
    }

    /// All signals, in log order.
    pub fn load(&self) -> Result<Vec<SignalRecord>, ArchiveError> {
        let mut records = Vec::new();
        for part in &self.parts {
            records.extend(read_signals(&part.path)?);
        }
        Ok(records)
    }

    /// Drops every part and begins again for a lexicon, so that the log is read from its beginning.
    pub fn restart(&mut self, lexicon: &LexiconVersion) -> Result<(), ArchiveError> {
        // Newest first: whatever is left after a crash still meets from position 0, and still names the old lexicon.
        while let Some(part) = self.parts.pop() {
            fs::remove_file(&part.path).map_err(|source| ArchiveError::Io {
                what: "remove",
                path: part.path,
                source,
            })?;
        }
        let path = self.dir.join(LEXICON_FILE);
        write_whole(&path, |aside| {
            fs::write(aside, lexicon.as_str()).map_err(|source| ArchiveError::Io {
                what: "write",
                path: path.clone(),
                source,
            })
        })?;
        self.lexicon = Some(lexicon.clone());
        Ok(())
    }
}

/// Writes a file so that its final name only ever shows the whole of it.
pub(super) fn write_whole(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let io = |what, source| ArchiveError::Io { what, path: path.to_owned(), source };
    let aside = path.with_extension("part");
    write(&aside)?;
    File::open(&aside).and_then(|file| file.sync_all()).map_err(|error| io("sync", error))?;
    fs::rename(&aside, path).map_err(|error| io("rename", error))?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|file| file.sync_all()).map_err(|error| io("sync the folder of", error))?;
    }
    Ok(())
}

fn stretch(path: &Path) -> Option<(Position, Position)> {
    let name = path.file_name()?.to_str()?.strip_prefix("signals-")?.strip_suffix(".parquet")?;
    let (from, to) = name.split_once('-')?;
    Some((Position(from.parse().ok()?), Position(to.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::super::parquet::example_record;
    use super::*;

    #[test]
    fn the_cursor_is_the_end_of_the_last_whole_part() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut parts = SignalParts::open(dir.path()).expect("opened");
        parts.publish(Position(10), &[example_record(3)]).expect("published");
        parts.publish(Position(12), &[]).expect("published");
        fs::write(dir.path().join("signals-000000000012-000000000020.part"), b"torn").expect("written");
        let again = SignalParts::open(dir.path()).expect("opened");
        assert_eq!(again.cursor(), Position(12));
        assert_eq!(again.load().expect("read"), [example_record(3)]);
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 2, "the torn write is gone");
    }

    #[test]
    fn another_lexicon_is_noticed_even_when_no_signal_names_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut parts = SignalParts::open(dir.path()).expect("opened");
        assert_eq!(parts.lexicon(), None);
        parts.restart(&LexiconVersion::from("v1")).expect("begun");
        parts.publish(Position(10), &[]).expect("published");
        let mut again = SignalParts::open(dir.path()).expect("opened");
        assert_eq!((again.lexicon(), again.cursor()), (Some(&LexiconVersion::from("v1")), Position(10)));
        again.restart(&LexiconVersion::from("v2")).expect("begun");
        let again = SignalParts::open(dir.path()).expect("opened");
        assert_eq!((again.lexicon(), again.cursor()), (Some(&LexiconVersion::from("v2")), Position(0)));
    }

    #[test]
    fn a_missing_part_is_found() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut parts = SignalParts::open(dir.path()).expect("opened");
        parts.publish(Position(10), &[]).expect("published");
        parts.publish(Position(12), &[]).expect("published");
        fs::remove_file(dir.path().join("signals-000000000000-000000000010.parquet")).expect("removed");
        let error = SignalParts::open(dir.path()).expect_err("a gap");
        assert!(error.to_string().contains("end at log position 0"), "{error}");
    }
}
