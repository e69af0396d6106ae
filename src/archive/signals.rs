//! The signals dataset of a running tower: one Parquet file per stretch of the log, whose name is the cursor (LOG-2).
//!
//! The name also holds the digest of the file, so that a changed byte is found wherever it lies. Parts are joined as they become many:
//! [`SignalParts::to_join`] says which.
#![expect(clippy::disallowed_methods, reason = "an edge room: files are its business")]

use std::cmp::Reverse;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use super::ArchiveError;
use super::files::{make_folder, publish, publish_aside};
use super::parquet::{decode_signals, write_signals};
use vocabulary::{LexiconVersion, Position, Refused, SignalRecord, refused};

/// File in the folder that names the lexicon by which all parts were read: a stretch without a signal could not say it.
const LEXICON_FILE: &str = "lexicon";
/// Parts of a size that are joined, once there are so many at the end of the dataset.
const JOINED: usize = 8;
/// Bytes up to which parts are of one size: each is eight times the one before. A part above the last is never joined by itself.
const SIZES: [u64; 4] = [32 << 10, 256 << 10, 2 << 20, 16 << 20];
/// Hexadecimal digits of a digest in a name.
const DIGITS: usize = 32;

/// The folder of part files `signals-FROM-TO-DIGEST.parquet`, each made from the log positions `FROM < position <= TO`. Parts that an earlier
/// version wrote have no digest in their names.
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
    digest: Option<String>,
    bytes: u64,
    path: PathBuf,
}

impl Part {
    /// The part of this name; none for other files.
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_prefix("signals-")?.strip_suffix(".parquet")?;
        let mut fields = name.split('-');
        let (from, to) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let digest = fields.next().map(str::to_owned);
        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
        (fields.next().is_none()).then_some(Self { from: Position(from), to: Position(to), digest, bytes, path })
    }

    /// Writes a part, whole or not at all.
    fn write(dir: &Path, from: Position, to: Position, records: &[SignalRecord]) -> Result<Self, ArchiveError> {
        let name = format!("signals-{:012}-{:012}", from.0, to.0);
        let aside = dir.join(format!("{name}.part"));
        write_signals(&aside, records)?;
        let bytes = read(&aside)?;
        let digest = digest_of(&bytes);
        let path = dir.join(format!("{name}-{digest}.parquet"));
        publish_aside(&aside, &path)?;
        Ok(Self { from, to, digest: Some(digest), bytes: bytes.len() as u64, path })
    }

    /// Its signals.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`] when the file does not hold what was written.
    fn read(&self) -> Result<Vec<SignalRecord>, ArchiveError> {
        let bytes = read(&self.path)?;
        if self.digest.as_ref().is_some_and(|digest| *digest != digest_of(&bytes)) {
            return Err(ArchiveError::Damaged { path: self.path.clone() });
        }
        decode_signals(&self.path, Cursor::new(bytes))
    }

    /// Which of [`SIZES`] it has at most; their number when it is larger than all.
    fn size(&self) -> usize {
        SIZES.iter().take_while(|most| self.bytes > **most).count()
    }
}

/// Neighbouring parts that are to become one.
#[derive(Debug)]
pub struct Joining {
    dir: PathBuf,
    parts: Vec<Part>,
    /// The stretch of the log that they are from: behind the first position, up to the second.
    pub stretch: (Position, Position),
}

impl Joining {
    /// Writes the part that takes their place. The parts themselves stay until [`SignalParts::joined`].
    ///
    /// # Errors
    /// [`ArchiveError::is_damage`] when one of them does not hold what was written.
    pub fn write(self) -> Result<Joined, ArchiveError> {
        let (from, to) = self.stretch;
        let whole = Part::write(&self.dir, from, to, &read_after(&self.parts, from)?)?;
        Ok(Joined { whole, parts: self.parts })
    }
}

/// The parts of a dataset at one time.
#[derive(Debug)]
pub struct PartList {
    parts: Vec<Part>,
}

impl PartList {
    /// The log position up to which they go.
    #[must_use]
    pub fn to(&self) -> Position {
        self.parts.last().map_or(Position(0), |part| part.to)
    }

    /// The signals behind a position, in log order; none when a part was joined with others meanwhile: then the parts are to be listed
    /// again.
    ///
    /// # Errors
    /// [`ArchiveError::is_damage`] when a part does not hold what was written.
    pub fn load_after(&self, after: Position) -> Result<Option<Vec<SignalRecord>>, ArchiveError> {
        match read_after(&self.parts, after) {
            Ok(records) => Ok(Some(records)),
            Err(ArchiveError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The signals of neighbouring parts that lie behind a position, in log order.
fn read_after(parts: &[Part], after: Position) -> Result<Vec<SignalRecord>, ArchiveError> {
    let mut records = Vec::new();
    for part in &parts[parts.partition_point(|part| part.to <= after)..] {
        records.extend(part.read()?.into_iter().filter(|record| record.position > after));
    }
    Ok(records)
}

/// A part that is written, and those whose place it takes.
#[derive(Debug)]
pub struct Joined {
    whole: Part,
    parts: Vec<Part>,
}

impl SignalParts {
    /// Opens the folder, makes it when it is missing, removes what an interrupted write left, and checks that the parts meet.
    pub fn open(dir: &Path) -> Result<Self, ArchiveError> {
        let io = |what, source| ArchiveError::Io { what, path: dir.to_owned(), source };
        make_folder(dir).map_err(|error| io("create", error))?;
        let mut parts = Vec::new();
        for file in fs::read_dir(dir).map_err(|error| io("list", error))? {
            let path = file.map_err(|error| io("list", error))?.path();
            if path.extension().is_some_and(|extension| extension == "part") {
                fs::remove_file(&path).map_err(|error| io("clean", error))?;
            } else {
                parts.extend(Part::of(path));
            }
        }
        let parts = meeting(parts, |left_over| fs::remove_file(left_over).map_err(|error| io("clean", error)))?;
        let lexicon = match lexicon_of(dir)? {
            LexiconFile::Names(lexicon) => Some(lexicon),
            LexiconFile::Missing | LexiconFile::Damaged => None,
        };
        Ok(Self { dir: dir.to_owned(), lexicon, parts })
    }

    /// The lexicon that read the parts; none when the folder is new, or when the file that says it is damaged.
    #[must_use]
    pub fn lexicon(&self) -> Option<&LexiconVersion> {
        self.lexicon.as_ref()
    }

    /// The last log position whose signals are in the dataset.
    #[must_use]
    pub fn cursor(&self) -> Position {
        self.parts.last().map_or(Position(0), |part| part.to)
    }

    /// How many parts there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// Publishes the signals of the log stretch that ends at `to`; it begins where the last part ended.
    ///
    /// # Panics
    /// When `to` does not lie behind the cursor: that would publish a stretch twice.
    pub fn publish(&mut self, to: Position, records: &[SignalRecord]) -> Result<(), ArchiveError> {
        let from = self.cursor();
        assert!(to > from, "LOG-2: a stretch to {to} after {from} is empty or repeats");
        self.parts.push(Part::write(&self.dir, from, to, records)?);
        Ok(())
    }

    /// All signals, in log order.
    ///
    /// # Errors
    /// [`ArchiveError::is_damage`] when a part does not hold what was written.
    pub fn load(&self) -> Result<Vec<SignalRecord>, ArchiveError> {
        read_after(&self.parts, Position(0))
    }

    /// Reads each part and says how many signals there are. At no time more than those of one part are held.
    ///
    /// # Errors
    /// [`ArchiveError::is_damage`] when a part does not hold what was written.
    pub fn check(&self) -> Result<u64, ArchiveError> {
        self.parts.iter().map(|part| Ok(part.read()?.len() as u64)).sum()
    }

    /// The parts as they stand now, to be read while others are published or joined.
    #[must_use]
    pub fn listed(&self) -> PartList {
        PartList { parts: self.parts.clone() }
    }

    /// Which parts are to be joined now, so that there are never many: the last ones, when enough of them are small. With this asked
    /// after every part, at most seven parts stand behind the last that is larger than all sizes, and a signal is written again a few times.
    #[must_use]
    pub fn to_join(&self) -> Option<Joining> {
        let sizes: Vec<usize> = self.parts.iter().rev().map(Part::size).collect();
        let last = |most: usize| sizes.iter().take_while(|size| **size <= most).count();
        let count = (0..SIZES.len()).map(last).find(|count| *count >= JOINED)?;
        let parts = self.parts[self.parts.len() - count..].to_vec();
        let stretch = (parts.first()?.from, parts.last()?.to);
        Some(Joining { dir: self.dir.clone(), parts, stretch })
    }

    /// Takes up a joined part and removes those whose place it takes. Killed at any moment, the next [`SignalParts::open`] finds the same
    /// signals: what is left of the parts lies within the new one.
    ///
    /// # Errors
    /// When a part cannot be removed; it is no part of the dataset any more.
    ///
    /// # Panics
    /// When the parts are no longer there: nobody else may change the dataset while it is joined.
    pub fn joined(&mut self, joined: Joined) -> Result<(), ArchiveError> {
        let Joined { whole, parts } = joined;
        let at = self.parts.iter().position(|part| part.from == whole.from);
        let at = at
            .filter(|at| self.parts[*at..].iter().zip(&parts).filter(|(a, b)| a.path == b.path).count() == parts.len());
        let at = at.expect("the parts stay until they are joined");
        self.parts.splice(at..at + parts.len(), [whole.clone()]);
        for old in parts.into_iter().filter(|old| old.path != whole.path) {
            fs::remove_file(&old.path).map_err(|source| ArchiveError::Io { what: "remove", path: old.path, source })?;
        }
        Ok(())
    }

    /// Joins neighbouring parts into files of about `rows_max` signals, and says how many files there were and are. Killed at any
    /// moment, the next [`SignalParts::open`] finds the same signals.
    pub fn compact(&mut self, rows_max: usize) -> Result<(usize, usize), ArchiveError> {
        let files = self.parts.len();
        let mut at = 0;
        while at < self.parts.len() {
            let mut rows = self.parts[at].read()?.len();
            let mut joined = vec![self.parts[at].clone()];
            while rows < rows_max
                && let Some(next) = self.parts.get(at + joined.len())
            {
                rows += next.read()?.len();
                joined.push(next.clone());
            }
            // One that stands alone is written again only when its name lacks the digest.
            if joined.len() > 1 || joined[0].digest.is_none() {
                let stretch = (joined[0].from, joined[joined.len() - 1].to);
                let joining = Joining { dir: self.dir.clone(), parts: joined, stretch };
                self.joined(joining.write()?)?;
            }
            at += 1;
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
        let text = format!("{lexicon}\n{}\n", digest_of(lexicon.as_str().as_bytes()));
        publish(&path, |aside| {
            fs::write(aside, text).map_err(|source| ArchiveError::Io { what: "write", path: path.clone(), source })
        })?;
        self.lexicon = Some(lexicon.clone());
        Ok(())
    }
}

/// What the file says that names the lexicon.
enum LexiconFile {
    Missing,
    /// It does not hold what was written.
    Damaged,
    Names(LexiconVersion),
}

fn lexicon_of(dir: &Path) -> Result<LexiconFile, ArchiveError> {
    let path = dir.join(LEXICON_FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(LexiconFile::Missing),
        Err(source) => return Err(ArchiveError::Io { what: "read the lexicon version in", path, source }),
    };
    let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(LexiconFile::Damaged) };
    Ok(match text.split_once('\n') {
        Some((version, digest)) if digest.strip_suffix('\n') == Some(&digest_of(version.as_bytes())) => {
            LexiconFile::Names(LexiconVersion::new(version))
        }
        Some(_) => LexiconFile::Damaged,
        // A version alone is what an earlier version of this program wrote.
        None => LexiconFile::Names(LexiconVersion::new(text)),
    })
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
        parts.extend(Part::of(file.map_err(io)?.path()));
    }
    survey.files = parts.len();
    survey.bytes = parts.iter().map(|part| part.bytes).sum();
    let said = match lexicon_of(dir)? {
        LexiconFile::Names(_) => true,
        LexiconFile::Missing => parts.is_empty(),
        LexiconFile::Damaged => false,
    };
    if !said {
        survey.problems.push(refused!(
            "signals/{LEXICON_FILE}：缺失，或与写入时不符",
            "signals/{LEXICON_FILE} is missing, or does not hold what was written"
        ));
    }
    match meeting(parts, |_| Ok(())) {
        Ok(parts) => {
            for part in parts {
                survey.to = part.to;
                survey.look_into(&part);
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
    /// Files without a digest in their names: an earlier version wrote them, and changed bytes may go unnoticed.
    pub without_digest: usize,
    /// The log position up to which they go.
    pub to: Position,
    /// What is wrong, each with its file.
    pub problems: Vec<Refused>,
}

impl PartsSurvey {
    fn look_into(&mut self, part: &Part) {
        self.without_digest += usize::from(part.digest.is_none());
        match part.read() {
            Ok(records) => {
                self.signals += records.len() as u64;
                let (from, to) = (part.from, part.to);
                let outside = records.iter().filter(|r| r.position <= from || r.position > to).count();
                if outside > 0 {
                    let path = part.path.display();
                    self.problems.push(refused!(
                        "{path}：有 {outside} 条信号在 ({from}, {to}] 之外",
                        "{path}: {outside} signals lie outside ({from}, {to}]"
                    ));
                }
            }
            // Joined with others since it was listed: its signals lie in the new part, at which the next look will be.
            Err(ArchiveError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => self.problems.push(Refused::of(&error)),
        }
    }
}

/// Parts in their order, without those that lie within another (what an interrupted joining left), which are handed to `left_over`.
fn meeting(
    mut parts: Vec<Part>,
    left_over: impl Fn(&Path) -> Result<(), ArchiveError>,
) -> Result<Vec<Part>, ArchiveError> {
    parts.sort_by_key(|part| (part.from, Reverse(part.to), part.digest.is_none()));
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

fn read(path: &Path) -> Result<Vec<u8>, ArchiveError> {
    fs::read(path).map_err(|source| ArchiveError::Io { what: "read", path: path.to_owned(), source })
}

fn digest_of(bytes: &[u8]) -> String {
    let mut digest = blake3::hash(bytes).to_hex().to_string();
    digest.truncate(DIGITS);
    digest
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
        parts.restart(&LexiconVersion::from("v1")).expect("begun");
        let records: Vec<SignalRecord> = (1..=5).map(example_record).collect();
        for record in &records {
            parts.publish(record.position, std::slice::from_ref(record)).expect("published");
        }
        let old = files(dir.path())[1].clone();
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
        fs::remove_file(&files(dir.path())[0]).expect("removed");
        let error = SignalParts::open(dir.path()).expect_err("a gap");
        assert!(error.to_string().contains("end at log position 0"), "{error}");
    }

    /// The parts of a folder, in order.
    fn files(dir: &Path) -> Vec<PathBuf> {
        let paths = fs::read_dir(dir).expect("listed").map(|file| file.expect("listed").path());
        let mut paths: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|ending| ending == "parquet")).collect();
        paths.sort();
        paths
    }

    /// As the service does it after every part.
    fn join(parts: &mut SignalParts) -> bool {
        let Some(joining) = parts.to_join() else { return false };
        parts.joined(joining.write().expect("written")).expect("joined");
        true
    }

    #[test]
    fn every_flipped_byte_of_a_part_or_of_the_lexicon_is_found() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut parts = SignalParts::open(dir.path()).expect("opened");
        parts.restart(&LexiconVersion::from("v1")).expect("begun");
        parts.publish(Position(2), &[example_record(1), example_record(2)]).expect("published");
        assert!(survey_parts(dir.path()).expect("looked").problems.is_empty());
        let lexicon = dir.path().join(LEXICON_FILE);
        for path in [files(dir.path()).remove(0), lexicon] {
            let whole = fs::read(&path).expect("read");
            for at in (0..whole.len()).step_by(if whole.len() > 200 { 37 } else { 1 }) {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << (at % 8);
                fs::write(&path, flipped).expect("damaged");
                assert_eq!(survey_parts(dir.path()).expect("looked").problems.len(), 1, "{} byte {at}", path.display());
            }
            fs::write(&path, whole).expect("mended");
        }
        assert!(survey_parts(dir.path()).expect("looked").problems.is_empty());
    }

    #[test]
    fn however_many_parts_are_published_few_files_are_left_and_they_hold_the_same_signals() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut parts = SignalParts::open(dir.path()).expect("opened");
        let (mut records, mut most, mut joined) = (Vec::new(), 0, 0);
        for position in 1..=120 {
            let fresh: Vec<_> = (position % 3 != 0).then(|| example_record(position)).into_iter().collect();
            parts.publish(Position(position), &fresh).expect("published");
            records.extend(fresh);
            joined += usize::from(join(&mut parts));
            most = most.max(parts.count());
            assert_eq!(files(dir.path()).len(), parts.count());
        }
        assert!(most < JOINED && joined > 12, "{most} files at most, {joined} times joined");
        assert_eq!((parts.load().expect("read"), parts.cursor()), (records.clone(), Position(120)));
        let again = SignalParts::open(dir.path()).expect("opened");
        assert_eq!((again.load().expect("read"), again.cursor()), (records, Position(120)));
    }

    #[test]
    fn a_list_of_parts_gives_what_lies_behind_a_position_and_says_so_when_they_were_joined_meanwhile() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut parts = SignalParts::open(dir.path()).expect("opened");
        let records: Vec<SignalRecord> = (1..=8).map(example_record).collect();
        for pair in records.chunks(2) {
            parts.publish(pair[1].position, pair).expect("published");
        }
        let listed = parts.listed();
        assert_eq!(listed.to(), Position(8));
        for after in 0..=8 {
            let behind = listed.load_after(Position(after)).expect("read").expect("as they were listed");
            assert_eq!(behind, records[usize::try_from(after).expect("small")..], "behind {after}");
        }
        assert_eq!(parts.check().expect("read"), 8);
        parts.compact(8).expect("joined");
        assert_eq!(listed.load_after(Position(0)).expect("read"), None);
        assert_eq!(parts.listed().load_after(Position(6)).expect("read").expect("as they were listed"), records[6..]);
    }

    #[test]
    fn joining_killed_between_any_two_steps_neither_loses_nor_doubles_a_signal() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut parts = SignalParts::open(dir.path()).expect("opened");
        let records: Vec<SignalRecord> = (1..=8).map(example_record).collect();
        for record in &records {
            parts.publish(record.position, std::slice::from_ref(record)).expect("published");
        }
        let before: Vec<_> =
            files(dir.path()).into_iter().map(|path| (path.clone(), fs::read(path).expect("read"))).collect();
        assert!(join(&mut parts));
        let [whole] = &files(dir.path())[..] else { panic!("one part") };
        let joined = fs::read(whole).expect("read");
        // Killed while it was written; after it had its name; after each removal.
        for removed in 0..=before.len() + 1 {
            let state = tempfile::tempdir().expect("a folder");
            let at = |path: &Path| state.path().join(path.file_name().expect("a name"));
            for (path, bytes) in before.iter().skip(removed.saturating_sub(1)) {
                fs::write(at(path), bytes).expect("written");
            }
            if removed == 0 {
                fs::write(state.path().join("signals-000000000000-000000000008.part"), &joined[..50]).expect("written");
            } else {
                fs::write(at(whole), &joined).expect("written");
            }
            assert!(survey_parts(state.path()).expect("looked").problems.iter().all(|p| p.en.contains("lexicon")));
            let mut again = SignalParts::open(state.path()).expect("opened");
            assert_eq!((again.load().expect("read"), again.cursor()), (records.clone(), Position(8)), "{removed}");
            again.publish(Position(9), &[]).expect("goes on");
        }
    }

    #[test]
    fn a_part_of_an_earlier_version_is_read_and_gets_its_digest_when_parts_are_joined_by_hand() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut parts = SignalParts::open(dir.path()).expect("opened");
        parts.publish(Position(3), &[example_record(3)]).expect("published");
        fs::rename(&files(dir.path())[0], dir.path().join("signals-000000000000-000000000003.parquet")).expect("named");
        fs::write(dir.path().join(LEXICON_FILE), "v1").expect("written");
        let survey = survey_parts(dir.path()).expect("looked");
        assert_eq!((survey.signals, survey.without_digest, survey.problems.len()), (1, 1, 0));
        let mut parts = SignalParts::open(dir.path()).expect("opened");
        assert_eq!(parts.lexicon(), Some(&LexiconVersion::from("v1")));
        assert_eq!(parts.compact(10).expect("joined"), (1, 1));
        let survey = survey_parts(dir.path()).expect("looked");
        assert_eq!((survey.signals, survey.without_digest, survey.files), (1, 0, 1));
    }
}
