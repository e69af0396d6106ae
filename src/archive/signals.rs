//! The signals dataset of a running tower: one Parquet file per stretch of the log, whose name is the cursor (LOG-2).
#![expect(clippy::disallowed_methods, reason = "an edge room: files are its business")]

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use super::ArchiveError;
use super::files::publish;
use super::parquet::{read_signals, write_signals};
use vocabulary::{LexiconVersion, Position, Refused, SignalRecord, refused};

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
        let parts = meeting(parts, |left_over| fs::remove_file(left_over).map_err(|error| io("clean", error)))?;
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
        let path = part_path(&self.dir, from, to);
        publish(&path, |aside| write_signals(aside, records))?;
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

    /// Joins neighbouring parts into files of about `rows_max` signals, and says how many files there were and are. Killed at any
    /// moment, the next [`SignalParts::open`] finds the same signals.
    pub fn compact(&mut self, rows_max: usize) -> Result<(usize, usize), ArchiveError> {
        let before = std::mem::take(&mut self.parts);
        let files = before.len();
        let mut waiting = before.into_iter().peekable();
        while let Some(first) = waiting.next() {
            let mut records = read_signals(&first.path)?;
            let mut joined = vec![first];
            while records.len() < rows_max
                && let Some(next) = waiting.next()
            {
                records.extend(read_signals(&next.path)?);
                joined.push(next);
            }
            let (Some(from), Some(to)) = (joined.first().map(|part| part.from), joined.last().map(|part| part.to))
            else {
                continue;
            };
            if joined.len() == 1 {
                self.parts.append(&mut joined);
                continue;
            }
            let path = part_path(&self.dir, from, to);
            publish(&path, |aside| write_signals(aside, &records))?;
            // What a crash leaves of these lies within the new one, and is cleaned up at opening.
            for old in joined {
                fs::remove_file(&old.path).map_err(|source| ArchiveError::Io {
                    what: "remove",
                    path: old.path,
                    source,
                })?;
            }
            self.parts.push(Part { from, to, path });
        }
        Ok((files, self.parts.len()))
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
        publish(&path, |aside| {
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

/// Looks at the parts of a folder without changing anything: how many files, how many signals, and what is wrong with them.
pub fn survey_parts(dir: &Path) -> Result<PartsSurvey, ArchiveError> {
    let io = |source| ArchiveError::Io { what: "list", path: dir.to_owned(), source };
    let mut survey = PartsSurvey::default();
    if !dir.is_dir() {
        return Ok(survey);
    }
    let mut parts = Vec::new();
    for file in fs::read_dir(dir).map_err(io)? {
        let path = file.map_err(io)?.path();
        if let Some((from, to)) = stretch(&path) {
            survey.bytes += path.metadata().map_or(0, |metadata| metadata.len());
            parts.push(Part { from, to, path });
        }
    }
    survey.files = parts.len();
    match meeting(parts, |_| Ok(())) {
        Ok(parts) => {
            for Part { from, to, path } in parts {
                survey.to = to;
                match read_signals(&path) {
                    Ok(records) => {
                        survey.signals += records.len() as u64;
                        let outside = records.iter().filter(|r| r.position <= from || r.position > to).count();
                        if outside > 0 {
                            let path = path.display();
                            survey.problems.push(refused!(
                                "{path}：有 {outside} 条信号在 ({from}, {to}] 之外",
                                "{path}: {outside} signals lie outside ({from}, {to}]"
                            ));
                        }
                    }
                    Err(error) => survey.problems.push(Refused::of(&error)),
                }
            }
        }
        Err(error) => survey.problems.push(Refused::of(&error)),
    }
    Ok(survey)
}

/// What [`survey_parts`] found.
#[derive(Debug, Default)]
pub struct PartsSurvey {
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Signals in them.
    pub signals: u64,
    /// The log position up to which they go.
    pub to: Position,
    /// What is wrong, each with its file.
    pub problems: Vec<Refused>,
}

/// Parts in their order, without those that lie within another (what an interrupted joining left), which are handed to `left_over`.
fn meeting(
    mut parts: Vec<Part>,
    left_over: impl Fn(&Path) -> Result<(), ArchiveError>,
) -> Result<Vec<Part>, ArchiveError> {
    parts.sort_by_key(|part| (part.from, Reverse(part.to)));
    let (mut at, mut meeting) = (Position(0), Vec::with_capacity(parts.len()));
    for part in parts {
        if part.from == at {
            at = part.to;
            meeting.push(part);
        } else if part.to <= at {
            left_over(&part.path)?;
        } else {
            return Err(ArchiveError::Gap { at: at.0, path: part.path });
        }
    }
    Ok(meeting)
}

fn part_path(dir: &Path, from: Position, to: Position) -> PathBuf {
    dir.join(format!("signals-{:012}-{:012}.parquet", from.0, to.0))
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
    fn joined_parts_hold_the_same_signals_and_a_crash_while_joining_leaves_nothing_twice() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut parts = SignalParts::open(dir.path()).expect("opened");
        let records: Vec<SignalRecord> = (1..=5).map(example_record).collect();
        for record in &records {
            parts.publish(record.position, std::slice::from_ref(record)).expect("published");
        }
        let old = dir.path().join("signals-000000000001-000000000002.parquet");
        let kept = fs::read(&old).expect("read");
        assert_eq!(parts.compact(2).expect("joined"), (5, 3));
        assert_eq!((parts.load().expect("read"), parts.cursor()), (records.clone(), Position(5)));
        fs::write(&old, kept).expect("as if the crash came before it was removed");
        let survey = survey_parts(dir.path()).expect("looked");
        assert_eq!((survey.signals, survey.to, survey.problems.len()), (5, Position(5), 0));
        let again = SignalParts::open(dir.path()).expect("opened");
        assert_eq!(again.load().expect("read"), records);
        assert!(!old.exists());
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
