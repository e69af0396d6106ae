//! Iterates the records of `.warc`, `.warc.gz`, `.arc` and `.arc.gz` files, going on after damage where it can.

#![expect(clippy::disallowed_methods, reason = "this is the door to the archive's files")]

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;

use super::arc;
use super::head::Head;
use super::http::split_head;
use super::member::{Inflater, Member};
use super::{HttpMessage, WarcError, sha1_base32};
use crate::bounds::{
    BLANK_LINES_MAX, BLOCK_BYTES_MAX, HEADER_BYTES_MAX, HEADER_LINES_MAX, PROBLEMS_MAX, REREAD_BYTES_MAX,
};
use vocabulary::{SHOWN_CHARS, excerpt};

/// Room made for a line: longer than most.
const LINE_ROOM: usize = 96;
/// Piece of a file that is read at once.
pub(super) const BUFFER_BYTES: usize = 128 * 1024;
/// Room made for a block before its first byte is read, at most.
const BLOCK_ROOM_MAX: u64 = 1024 * 1024;
/// Times that all of a file read so far may be read again, beside [`REREAD_BYTES_MAX`].
const REREAD_TIMES: u64 = 3;
/// Inflated bytes that cost as much as one that is read.
const INFLATED_OF_A_READ: u64 = 8;

/// A record of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it begins: the gzip member, or the record itself in a plain file.
    pub offset: u64,
    /// Header names (as written) and values.
    pub headers: Vec<(String, String)>,
    /// The block.
    pub block: Vec<u8>,
    /// Whether the block was longer than the reader's bound.
    pub cut: bool,
}

impl Record {
    /// The first header of that name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// `response`, `request`, `warcinfo`, …
    #[must_use]
    pub fn kind(&self) -> &str {
        self.header("WARC-Type").unwrap_or_default()
    }

    /// The address, without the angle brackets that some writers add.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.header("WARC-Target-URI").map(|uri| uri.trim_start_matches('<').trim_end_matches('>'))
    }

    /// When it was captured.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        self.header("WARC-Date")?.parse().ok()
    }

    /// The HTTP message of a `request` or `response`.
    #[must_use]
    pub fn http(&self) -> Option<HttpMessage> {
        let is_http = matches!(self.kind(), "request" | "response")
            && self.header("Content-Type").is_none_or(|kind| kind.starts_with("application/http"));
        is_http.then(|| HttpMessage::parse(&self.block))
    }

    /// Whether the payload is what its digest says; none when there is no SHA-1 digest to compare.
    #[must_use]
    pub fn payload_is_intact(&self) -> Option<bool> {
        let stated = self.header("WARC-Payload-Digest")?;
        stated.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("sha1:"))?;
        let is_stated = |payload: &[u8]| sha1_base32(payload)[5..].eq_ignore_ascii_case(&stated[5..]);
        // Writers disagree whether the payload of a chunked message is meant with its chunks or without.
        Some(match self.http() {
            Some(message) => {
                is_stated(&message.body) || split_head(&self.block).is_some_and(|(_, body)| is_stated(body))
            }
            None => is_stated(&self.block),
        })
    }
}

/// A place in an archive that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {detail}")]
pub struct ReadProblem {
    /// Where.
    pub offset: u64,
    /// What was found, and what happens next.
    pub detail: String,
}

/// Knows how many bytes went through it.
pub(super) struct Counting<R> {
    inner: R,
    at: u64,
}

impl<R> Counting<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, at: 0 }
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.at += amount as u64;
    }
}

type Raw<R> = Counting<BufReader<R>>;

enum State<R: Read> {
    /// Between two gzip members, or before the first byte.
    Between(Raw<R>),
    /// Inside a gzip member that began at the offset.
    Member(u64, Box<Member<Raw<R>>>),
    /// In a file that is not compressed.
    Plain(Raw<R>),
    Done,
}

enum Step {
    Record(Record),
    /// Nothing but empty lines until the end of this stream.
    End,
    /// Not a record here.
    Broken(String),
}

/// Iterates the records of one file. Damage gives an `Err` with its offset; the iterator then goes on behind it.
pub struct WarcReader<R: Read> {
    state: State<R>,
    problems: usize,
    /// A failed search for the next record in a compressed file has begun here.
    searching: bool,
    /// For the next gzip member; none before the first and while one is read.
    inflater: Option<Inflater>,
    /// What members that failed have cost: each begins again behind its first byte.
    read_again: u64,
    /// How far the file was read.
    furthest: u64,
}

impl WarcReader<File> {
    /// Opens a file.
    ///
    /// # Errors
    /// [`WarcError::Io`] when it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, WarcError> {
        let file = File::open(path).map_err(|source| WarcError::Io { doing: "open", path: path.to_owned(), source })?;
        Ok(Self::new(file))
    }
}

/// The record at an offset, as a [`RawRef`](vocabulary::RawRef) names it.
///
/// # Errors
/// [`WarcError`] when the file cannot be opened or has no whole record there.
pub fn read_at(path: &Path, offset: u64) -> Result<Record, WarcError> {
    let io = |source| WarcError::Io { doing: "read", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    file.seek(SeekFrom::Start(offset)).map_err(io)?;
    let missing = |detail| WarcError::NoRecord { path: path.to_owned(), offset, detail };
    match WarcReader::new(file).next() {
        Some(Ok(record)) => Ok(Record { offset, ..record }),
        Some(Err(problem)) => Err(missing(problem.detail)),
        None => Err(missing("the file ends before it".to_owned())),
    }
}

impl<R: Read + Seek> WarcReader<R> {
    /// Reads from the start of `input`.
    pub fn new(input: R) -> Self {
        Self {
            state: State::Between(Counting::new(BufReader::with_capacity(BUFFER_BYTES, input))),
            problems: 0,
            searching: false,
            inflater: None,
            read_again: 0,
            furthest: 0,
        }
    }

    #[cfg(test)]
    pub(super) fn read_again(&self) -> u64 {
        self.read_again
    }

    fn fail(&mut self, offset: u64, detail: String) -> ReadProblem {
        self.problems += 1;
        if self.problems >= PROBLEMS_MAX {
            self.state = State::Done;
            return ReadProblem { offset, detail: format!("{detail}; too many problems, the rest is not read") };
        }
        ReadProblem { offset, detail }
    }

    /// Looks at the first bytes: gzip or plain. Moves to the next gzip magic while searching.
    fn begin(&mut self, mut raw: Raw<R>) -> Result<(), ReadProblem> {
        if self.searching && !seek_magic(&mut raw) {
            return Ok(());
        }
        let offset = raw.at();
        match see_magic(&mut raw) {
            Ok([]) => Ok(()),
            Ok([0x1f, 0x8b, ..]) => {
                let inflater = self.inflater.take().unwrap_or_else(Inflater::new);
                self.state = State::Member(offset, Box::new(Member::new(raw, inflater)));
                Ok(())
            }
            Ok(_) if offset == 0 => {
                self.state = State::Plain(raw);
                Ok(())
            }
            Ok(_) => {
                self.searching = true;
                self.state = State::Between(raw);
                Err(self.fail(offset, "no gzip member begins here; looking for the next one".to_owned()))
            }
            Err(error) => Err(self.fail(offset, format!("cannot read on: {error}"))),
        }
    }

    /// After a broken member: back to just behind its first byte, to look for the next magic.
    ///
    /// # Errors
    /// When more has been read again than the file is worth: heads of gzip members within one another cost its length each.
    fn resync(&mut self, member_at: u64, mut raw: Raw<R>, inflated: u64) -> Result<(), ReadProblem> {
        let read = raw.at() - member_at;
        self.searching = true;
        self.furthest = self.furthest.max(raw.at());
        self.read_again = self.read_again.saturating_add(read).saturating_add(inflated / INFLATED_OF_A_READ);
        if self.read_again > REREAD_BYTES_MAX + self.furthest.saturating_mul(REREAD_TIMES) {
            let bytes = self.read_again;
            let detail = format!("{bytes} bytes were read again to find the next record; the rest is not read");
            return Err(ReadProblem { offset: member_at, detail });
        }
        // What is in the buffer stays there.
        if raw.inner.seek_relative(1_i64.saturating_sub_unsigned(read)).is_ok() {
            raw.at = member_at + 1;
            self.state = State::Between(raw);
        }
        Ok(())
    }

    /// What lies behind a member; the inflater is kept for the next one.
    fn behind(&mut self, member: Member<Raw<R>>) -> (Raw<R>, u64) {
        let (raw, inflater) = member.into_parts();
        let inflated = inflater.inflated();
        self.inflater = Some(inflater);
        (raw, inflated)
    }

    fn step_member(&mut self, member_at: u64, mut member: Box<Member<Raw<R>>>) -> Option<Result<Record, ReadProblem>> {
        let step = next_record(&mut member, member_at, None);
        match step {
            Ok(Step::Record(record)) => {
                self.searching = false;
                self.state = State::Member(member_at, member);
                Some(Ok(record))
            }
            Ok(Step::End) => {
                self.state = State::Between(self.behind(*member).0);
                None
            }
            Ok(Step::Broken(detail)) => {
                let quiet = self.searching;
                // The member itself may be sound: read it to its end and go on behind it.
                let sound = std::io::copy(&mut member, &mut std::io::sink()).is_ok();
                let (raw, inflated) = self.behind(*member);
                if sound {
                    self.state = State::Between(raw);
                } else if let Err(problem) = self.resync(member_at, raw, inflated) {
                    return Some(Err(problem));
                }
                (!quiet).then(|| Err(self.fail(member_at, detail)))
            }
            Err(error) => {
                let quiet = self.searching;
                let (raw, inflated) = self.behind(*member);
                if let Err(problem) = self.resync(member_at, raw, inflated) {
                    return Some(Err(problem));
                }
                let what = if error.kind() == ErrorKind::UnexpectedEof { "ends early" } else { "is damaged" };
                (!quiet)
                    .then(|| Err(self.fail(member_at, format!("gzip member {what} ({error}); looking for the next"))))
            }
        }
    }

    fn step_plain(&mut self, mut raw: Raw<R>) -> Option<Result<Record, ReadProblem>> {
        let mut first = None;
        if self.searching {
            first = seek_head_line(&mut raw);
            first.as_ref()?;
        } else if skip_blank(&mut raw).is_err() {
            return None;
        }
        self.searching = false;
        let offset = first.as_ref().map_or(raw.at(), |(offset, _)| *offset);
        match next_record(&mut raw, offset, first.map(|(_, line)| line)) {
            Ok(Step::Record(record)) => {
                self.state = State::Plain(raw);
                Some(Ok(record))
            }
            Ok(Step::End) => None,
            Ok(Step::Broken(detail)) => {
                self.searching = true;
                self.state = State::Plain(raw);
                Some(Err(self.fail(offset, detail)))
            }
            Err(error) => Some(Err(self.fail(offset, format!("record ends early ({error})")))),
        }
    }
}

impl<R: Read + Seek> Iterator for WarcReader<R> {
    type Item = Result<Record, ReadProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let found = match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return None,
                State::Between(raw) => self.begin(raw).err().map(Err),
                State::Member(at, member) => self.step_member(at, member),
                State::Plain(raw) => self.step_plain(raw),
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

fn next_record<R: BufRead>(input: &mut R, offset: u64, first: Option<String>) -> std::io::Result<Step> {
    let line = if let Some(line) = first {
        line
    } else {
        skip_blank(input)?;
        let Some(line) = read_line(input)? else { return Ok(Step::End) };
        line
    };
    let Head { headers, length } = if line.starts_with("WARC/") {
        match warc_head(input)? {
            Ok(head) => head,
            Err(detail) => return Ok(Step::Broken(detail)),
        }
    } else {
        match arc::head(&line) {
            Some(Ok(head)) => head,
            Some(Err(detail)) => return Ok(Step::Broken(format!("{detail}; looking for the next record"))),
            None => {
                let start = excerpt(&line, SHOWN_CHARS);
                let detail =
                    format!("expected `WARC/1.x` or an ARC record line, found `{start}`; looking for the next record");
                return Ok(Step::Broken(detail));
            }
        }
    };
    let record = Record { offset, headers, block: Vec::new(), cut: false };
    let kept = length.min(BLOCK_BYTES_MAX);
    // Never trust the length for the allocation: it may be any number.
    let mut block = Vec::with_capacity(usize::try_from(kept.min(BLOCK_ROOM_MAX)).unwrap_or(0));
    let read = input.by_ref().take(kept).read_to_end(&mut block)?;
    let skipped = std::io::copy(&mut input.by_ref().take(length - kept), &mut std::io::sink())?;
    if read as u64 + skipped < length {
        let detail = format!("block of {length} bytes ends after {}", read as u64 + skipped);
        return Err(std::io::Error::new(ErrorKind::UnexpectedEof, detail));
    }
    Ok(Step::Record(Record { block, cut: length > kept, ..record }))
}

/// The headers of a WARC record behind its version line; the inner error says what is wrong with them.
fn warc_head<R: BufRead>(input: &mut R) -> std::io::Result<Result<Head, String>> {
    let mut headers: Vec<(String, String)> = Vec::with_capacity(12);
    loop {
        let Some(line) = read_line(input)? else {
            return Err(std::io::Error::new(ErrorKind::UnexpectedEof, "inside the record head"));
        };
        if line.is_empty() {
            break;
        }
        if headers.len() >= HEADER_LINES_MAX {
            return Ok(Err(format!("more than {HEADER_LINES_MAX} header lines")));
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        } else {
            return Ok(Err("a record header has no colon".to_owned()));
        }
    }
    let stated = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
    Ok(match stated.map(|(_, value)| (value, value.parse())) {
        Some((_, Ok(length))) => Ok(Head { headers, length }),
        Some((value, Err(_))) => Err(format!("the record states the length `{}`", excerpt(value, SHOWN_CHARS))),
        None => Err("the record has no Content-Length".to_owned()),
    })
}

/// A line without its end; none at the end of the stream. A line beyond the bound is cut, the rest read as the next line.
fn read_line<R: BufRead>(input: &mut R) -> std::io::Result<Option<String>> {
    let mut line = Vec::with_capacity(LINE_ROOM);
    if input.by_ref().take(HEADER_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        line.pop();
    }
    let lossy = |error: std::string::FromUtf8Error| String::from_utf8_lossy(error.as_bytes()).into_owned();
    Ok(Some(String::from_utf8(line).unwrap_or_else(lossy)))
}

fn skip_blank<R: BufRead>(input: &mut R) -> std::io::Result<()> {
    for _ in 0..BLANK_LINES_MAX * 2 {
        match input.fill_buf()?.first() {
            Some(b'\r' | b'\n') => input.consume(1),
            _ => break,
        }
    }
    Ok(())
}

/// What lies ahead, at least two bytes of it unless the file ends: a member may begin on the last byte of a buffer.
fn see_magic<R: Read + Seek>(raw: &mut Raw<R>) -> std::io::Result<&[u8]> {
    if raw.fill_buf()?.len() == 1 {
        // Seeking to the present place drops the buffer, so that the next one begins here.
        let here = raw.inner.stream_position()?;
        raw.inner.seek(SeekFrom::Start(here))?;
    }
    raw.fill_buf()
}

/// Moves to the next gzip magic; false at the end of the file.
fn seek_magic<R: Read + Seek>(raw: &mut Raw<R>) -> bool {
    const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
    loop {
        let Ok(buffer) = raw.fill_buf() else { return false };
        if buffer.is_empty() {
            return false;
        }
        if let Some(at) = buffer.windows(MAGIC.len()).position(|window| window == MAGIC) {
            raw.consume(at);
            return true;
        }
        let used = buffer.len();
        // The magic may lie across the border of two buffers.
        let begun = (1..MAGIC.len()).rev().find(|count| buffer.ends_with(&MAGIC[..*count]));
        raw.consume(used);
        if let Some(begun) = begun
            && raw.fill_buf().is_ok_and(|next| next.starts_with(&MAGIC[begun..]))
        {
            let back = begun as u64;
            raw.at -= back;
            return raw.inner.seek_relative(-back.cast_signed()).is_ok();
        }
    }
}

/// Reads on to the next line that heads a record, and gives it with its place; none at the end of the file.
fn seek_head_line<R: BufRead>(input: &mut Counting<R>) -> Option<(u64, String)> {
    loop {
        let offset = input.at();
        let line = read_line(input).ok()??;
        if line.starts_with("WARC/1.") || arc::head(&line).is_some() {
            return Some((offset, line));
        }
    }
}
