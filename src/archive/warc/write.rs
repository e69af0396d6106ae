//! Appends exchanges, rotates by size, repairs a torn end.

#![expect(clippy::disallowed_methods, reason = "this is the door to the archive's files")]

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use jiff::Timestamp;

use super::member::{Inflater, Member};
use super::read::Counting;
use super::{WarcError, sha1_base32};
use crate::files::make_folder;
use vocabulary::RawRef;

/// A file larger than this is closed and the next one begun.
const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// How hard the packer tries: a page of 4 kB grows by 4 % against level 6 and costs less than half the time.
const LEVEL: u32 = 2;
/// How every gzip member begins that is written here: deflate, no flags, no time, unknown system.
pub const MEMBER_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// Memory that is kept from one record to the next.
const PLAIN_BYTES_KEPT: usize = 1 << 20;
/// Piece size while looking for a torn end.
const CHUNK_BYTES: usize = 64 * 1024;

/// How the files are named and when they end.
#[derive(Debug, Clone)]
pub struct WarcOptions {
    /// First part of the file names: `{prefix}-000001.warc.gz`.
    pub prefix: String,
    /// A file larger than this is closed and the next one begun.
    pub file_bytes_max: u64,
    /// Who writes, for the `warcinfo` record.
    pub software: String,
}

impl Default for WarcOptions {
    fn default() -> Self {
        Self {
            prefix: "wanglou".to_owned(),
            file_bytes_max: FILE_BYTES_MAX,
            software: concat!("wanglou/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Why a body is shorter than the server meant it to be; the words of WARC/1.1 §5.13.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncated {
    /// Cut at our bound of bytes.
    Length,
    /// Cut at our bound of time.
    Time,
    /// The connection ended early.
    Disconnect,
}

impl Truncated {
    fn token(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Time => "time",
            Self::Disconnect => "disconnect",
        }
    }
}

/// One question to the web and its answer.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The address asked for.
    pub url: &'a str,
    /// When.
    pub at: Timestamp,
    /// Who answered.
    pub ip: Option<IpAddr>,
    /// Request line and headers, ended by an empty line.
    pub request: &'a [u8],
    /// Status line and headers, ended by an empty line.
    pub response_head: &'a [u8],
    /// The body with the transfer coding undone and the content coding kept.
    pub body: &'a [u8],
    /// Whether the body is whole.
    pub truncated: Option<Truncated>,
}

/// What was cut off when a file was opened after a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The file.
    pub file: PathBuf,
    /// Where it ends now.
    pub kept_bytes: u64,
    /// How many bytes of a torn member were cut off.
    pub cut_bytes: u64,
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    name: String,
    bytes: u64,
    /// It ends with a half member that could not be cut off.
    broken: bool,
}

/// Appends exchanges to the newest file of a folder. One writer per folder and prefix; the file is locked.
#[derive(Debug)]
pub struct WarcWriter {
    dir: PathBuf,
    options: WarcOptions,
    sequence: u32,
    open: Option<OpenFile>,
    /// The newest file, left as it is because whole records lie behind its first damage.
    damaged: Option<OpenFile>,
    repair: Option<Repair>,
    unsynced: bool,
    packer: Packer,
}

impl WarcWriter {
    /// Opens the folder, makes it when missing, and cuts a torn last member off the newest file. A newest file that is
    /// damaged before its last whole member is left as it is, and the next record begins another, unless [`WarcWriter::cut_damaged`] is called.
    ///
    /// # Errors
    /// [`WarcError`] when the folder or the file cannot be read, or another run holds the file; nothing is cut off then.
    pub fn open(dir: &Path, options: WarcOptions) -> Result<Self, WarcError> {
        make_folder(dir).map_err(io("make the folder", dir))?;
        let mut sequence = 0;
        for entry in std::fs::read_dir(dir).map_err(io("list", dir))? {
            let name = entry.map_err(io("list", dir))?.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix(options.prefix.as_str()))
                .and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".warc.gz")?.parse::<u32>().ok());
            sequence = sequence.max(number.unwrap_or(0));
        }
        let mut writer = Self {
            dir: dir.to_owned(),
            options,
            sequence,
            open: None,
            damaged: None,
            repair: None,
            unsynced: false,
            packer: Packer::new(),
        };
        if sequence > 0 {
            writer.resume()?;
        }
        Ok(writer)
    }

    /// What had to be cut off, if anything.
    #[must_use]
    pub fn repair(&self) -> Option<&Repair> {
        self.repair.as_ref()
    }

    /// Appends request and response, one gzip member each, and hands them to the operating system. The answer leads to
    /// the response record. Call [`WarcWriter::sync`] before acknowledging anything that points there.
    ///
    /// # Errors
    /// [`WarcError::Io`]; the file then ends where it ended before.
    pub fn append(&mut self, exchange: &Exchange<'_>) -> Result<RawRef, WarcError> {
        self.rotate(exchange.at)?;
        let Some(open) = self.open.as_mut() else {
            unreachable!("rotate leaves a file open");
        };
        let path = self.dir.join(&open.name);
        let date = second(exchange.at);
        let url = header_safe(exchange.url);
        let digest = sha1_base32(exchange.body);
        let response_id = record_id(&open.name, open.bytes, "response", &url);
        let request_id = record_id(&open.name, open.bytes, "request", &url);

        let request = self.packer.member(
            &[
                ("WARC-Type", "request".to_owned()),
                ("WARC-Record-ID", request_id),
                ("WARC-Date", date.clone()),
                ("WARC-Target-URI", url.clone()),
                ("WARC-Concurrent-To", response_id.clone()),
                ("WARC-Block-Digest", sha1_base32(exchange.request)),
                ("Content-Type", "application/http; msgtype=request".to_owned()),
            ],
            &[exchange.request],
        );
        let mut headers = vec![
            ("WARC-Type", "response".to_owned()),
            ("WARC-Record-ID", response_id),
            ("WARC-Date", date),
            ("WARC-Target-URI", url),
            ("WARC-Payload-Digest", digest.clone()),
            ("Content-Type", "application/http; msgtype=response".to_owned()),
        ];
        headers.extend(exchange.ip.map(|ip| ("WARC-IP-Address", ip.to_string())));
        headers.extend(exchange.truncated.map(|why| ("WARC-Truncated", why.token().to_owned())));
        let response = self.packer.member(&headers, &[exchange.response_head, exchange.body]);

        let raw = RawRef { file: open.name.clone(), offset: open.bytes + request.len() as u64, digest };
        let mut both = request;
        both.extend_from_slice(&response);
        put(open, &path, &both)?;
        self.unsynced = true;
        Ok(raw)
    }

    /// Appends a file that came by another way than HTTP, as a `resource` record (WARC/1.1 §6.4). `name` is a URI.
    ///
    /// # Errors
    /// [`WarcError::Io`]; the archive then ends where it ended before.
    pub fn append_file(&mut self, name: &str, at: Timestamp, bytes: &[u8]) -> Result<RawRef, WarcError> {
        self.rotate(at)?;
        let Some(open) = self.open.as_mut() else {
            unreachable!("rotate leaves a file open");
        };
        let path = self.dir.join(&open.name);
        let (name, digest) = (header_safe(name), sha1_base32(bytes));
        let record = self.packer.member(
            &[
                ("WARC-Type", "resource".to_owned()),
                ("WARC-Record-ID", record_id(&open.name, open.bytes, "resource", &name)),
                ("WARC-Date", second(at)),
                ("WARC-Target-URI", name),
                ("WARC-Payload-Digest", digest.clone()),
                ("WARC-Block-Digest", digest.clone()),
                ("Content-Type", "application/octet-stream".to_owned()),
            ],
            &[bytes],
        );
        let raw = RawRef { file: open.name.clone(), offset: open.bytes, digest };
        put(open, &path, &record)?;
        self.unsynced = true;
        Ok(raw)
    }

    /// Waits until everything appended so far is on the disk.
    ///
    /// # Errors
    /// [`WarcError::Io`]: nothing since the last good `sync` may be acknowledged then.
    pub fn sync(&mut self) -> Result<(), WarcError> {
        if let Some(open) = self.open.as_ref().filter(|_| self.unsynced) {
            open.file.sync_data().map_err(io("sync", &self.dir.join(&open.name)))?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Takes up the newest file where its last whole member ends, when nothing is damaged before it.
    fn resume(&mut self) -> Result<(), WarcError> {
        let name = self.file_name();
        let path = self.dir.join(&name);
        let mut file = OpenOptions::new().read(true).append(true).open(&path).map_err(io("open", &path))?;
        hold(&file, &path)?;
        let whole = whole_members(&mut file).map_err(io("read", &path))?;
        let open = OpenFile { file, name, bytes: whole.bytes, broken: false };
        if whole.goes_on {
            // Documents may point to records behind the damage: the file stays as it is, and the next record begins another.
            self.damaged = Some(open);
            return Ok(());
        }
        self.take_up(open)
    }

    /// Goes on at the end of what is whole in a file.
    fn take_up(&mut self, open: OpenFile) -> Result<(), WarcError> {
        let path = self.dir.join(&open.name);
        let bytes = open.file.metadata().map_err(io("measure", &path))?.len();
        if open.bytes < bytes {
            open.file.set_len(open.bytes).map_err(io("cut the torn end of", &path))?;
            open.file.sync_all().map_err(io("sync", &path))?;
            self.repair = Some(Repair { file: path, kept_bytes: open.bytes, cut_bytes: bytes - open.bytes });
        }
        self.open = Some(open);
        Ok(())
    }

    /// The newest file and the byte behind its last whole record before the first damage, when it is damaged before its end.
    #[must_use]
    pub fn damaged(&self) -> Option<(&str, u64)> {
        self.damaged.as_ref().map(|open| (open.name.as_str(), open.bytes))
    }

    /// Cuts the newest file off at its first damage, with the whole records behind it. Only for those that no document points to: a power cut
    /// keeps later ones of the last records and loses earlier ones, all of them not yet acknowledged.
    ///
    /// # Errors
    /// [`WarcError::Io`].
    pub fn cut_damaged(&mut self) -> Result<(), WarcError> {
        match self.damaged.take().filter(|_| self.open.is_none()) {
            Some(open) => self.take_up(open),
            None => Ok(()),
        }
    }

    /// Makes sure that a file with room is open and begins with a `warcinfo` record.
    fn rotate(&mut self, at: Timestamp) -> Result<(), WarcError> {
        if self.open.as_ref().is_some_and(|open| open.broken || open.bytes >= self.options.file_bytes_max) {
            self.sync()?;
            self.open = None;
        }
        if self.open.is_none() {
            self.sequence += 1;
            let name = self.file_name();
            let path = self.dir.join(&name);
            let file =
                OpenOptions::new().read(true).append(true).create_new(true).open(&path).map_err(io("make", &path))?;
            hold(&file, &path)?;
            // The folder entry must be as durable as the bytes.
            File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(io("sync the folder", &self.dir))?;
            self.open = Some(OpenFile { file, name, bytes: 0, broken: false });
        }
        if let Some(open) = self.open.as_mut().filter(|open| open.bytes == 0) {
            let block = format!(
                "software: {}\r\nformat: WARC File Format 1.1\r\n\
                 description: headers rebuilt by the HTTP client, transfer coding undone\r\n",
                self.options.software
            );
            let info = self.packer.member(
                &[
                    ("WARC-Type", "warcinfo".to_owned()),
                    ("WARC-Record-ID", record_id(&open.name, 0, "warcinfo", "")),
                    ("WARC-Date", second(at)),
                    ("WARC-Filename", open.name.clone()),
                    ("Content-Type", "application/warc-fields".to_owned()),
                ],
                &[block.as_bytes()],
            );
            let path = self.dir.join(&open.name);
            put(open, &path, &info)?;
        }
        Ok(())
    }

    fn file_name(&self) -> String {
        format!("{}-{:06}.warc.gz", self.options.prefix, self.sequence)
    }
}

/// Writes whole members or nothing.
fn put(open: &mut OpenFile, path: &Path, bytes: &[u8]) -> Result<(), WarcError> {
    if let Err(source) = open.file.write_all(bytes).and_then(|()| open.file.flush()) {
        // A half member would hide everything appended after it. If even this fails nothing more goes into this file: the next opening cuts it.
        open.broken = open.file.set_len(open.bytes).is_err();
        return Err(WarcError::Io { doing: "append to", path: path.to_owned(), source });
    }
    open.bytes += bytes.len() as u64;
    Ok(())
}

fn hold(file: &File, path: &Path) -> Result<(), WarcError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(std::fs::TryLockError::WouldBlock) => Err(WarcError::Held { path: path.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => {
            Err(WarcError::Io { doing: "lock", path: path.to_owned(), source })
        }
    }
}

fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> WarcError {
    let path = path.to_owned();
    move |source| WarcError::Io { doing, path, source }
}

/// What a file holds from its begin on.
#[derive(Debug, PartialEq, Eq)]
struct Whole {
    /// Where the last whole gzip member before the first damage ends.
    bytes: u64,
    /// A whole member lies behind the damage.
    goes_on: bool,
}

/// Reads the gzip members of a file.
///
/// # Errors
/// The system cannot read: that says nothing about what the file holds, and nothing may be cut off then.
fn whole_members(input: &mut (impl Read + Seek)) -> std::io::Result<Whole> {
    let bytes = members_from(input, 0, u64::MAX)?;
    let (mut goes_on, mut from) = (false, bytes + 1);
    while let Some(at) = member_head(input, from)?.filter(|_| !goes_on) {
        goes_on = members_from(input, at, 1)? > at;
        from = at + 1;
    }
    Ok(Whole { bytes, goes_on })
}

/// Where the whole gzip members that follow one another from a byte on end, `count_max` at most; that byte when none begins there.
fn members_from(input: &mut (impl Read + Seek), at: u64, count_max: u64) -> std::io::Result<u64> {
    input.seek(SeekFrom::Start(at))?;
    let mut raw = Counting::new(BufReader::with_capacity(CHUNK_BYTES, input));
    let (mut inflater, mut end) = (Inflater::new(), 0);
    for _ in 0..count_max {
        if raw.fill_buf()?.is_empty() {
            break;
        }
        let mut member = Member::new(raw, inflater);
        match std::io::copy(&mut member, &mut std::io::sink()) {
            Ok(_) => (raw, inflater) = member.into_parts(),
            Err(error) if is_damage(&error) => break,
            Err(error) => return Err(error),
        }
        end = raw.at();
    }
    Ok(at + end)
}

/// Where the next gzip member that we could have written begins, from a byte on.
fn member_head(input: &mut (impl Read + Seek), from: u64) -> std::io::Result<Option<u64>> {
    input.seek(SeekFrom::Start(from))?;
    let (mut held, mut held_at) = (Vec::with_capacity(CHUNK_BYTES + MEMBER_HEAD.len()), from);
    loop {
        if let Some(at) = held.windows(MEMBER_HEAD.len()).position(|bytes| bytes == MEMBER_HEAD) {
            return Ok(Some(held_at + at as u64));
        }
        // A head may lie across two pieces.
        let passed = held.len().saturating_sub(MEMBER_HEAD.len() - 1);
        held.drain(..passed);
        held_at += passed as u64;
        if input.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut held)? == 0 {
            return Ok(None);
        }
    }
}

/// Whether an error tells of the bytes that were read; all others tell of the reading.
fn is_damage(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    let told = matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData);
    told && error.raw_os_error().is_none()
}

/// Packs records, one gzip member each (RFC 1952). One state for all of them: setting one up costs as much as packing a page.
#[derive(Debug)]
struct Packer {
    deflate: Compress,
    plain: Vec<u8>,
}

impl Packer {
    fn new() -> Self {
        Self { deflate: Compress::new(Compression::new(LEVEL), false), plain: Vec::new() }
    }

    fn member(&mut self, headers: &[(&str, String)], blocks: &[&[u8]]) -> Vec<u8> {
        let length: usize = blocks.iter().map(|block| block.len()).sum();
        let mut head = String::from("WARC/1.1\r\n");
        for (name, value) in headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        let _ = write!(head, "Content-Length: {length}\r\n\r\n");
        self.plain.clear();
        for piece in std::iter::once(head.as_bytes()).chain(blocks.iter().copied()).chain([&b"\r\n\r\n"[..]]) {
            self.plain.extend_from_slice(piece);
        }
        let mut packed = Vec::with_capacity(self.plain.len() / 2 + 512);
        packed.extend_from_slice(&MEMBER_HEAD);
        self.deflate.reset();
        loop {
            let taken = usize::try_from(self.deflate.total_in()).unwrap_or(usize::MAX);
            match self.deflate.compress_vec(&self.plain[taken..], &mut packed, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => break,
                // Room has run out.
                Ok(Status::Ok | Status::BufError) => packed.reserve(packed.capacity().max(CHUNK_BYTES)),
                Err(_) => unreachable!("packing from memory to memory cannot fail"),
            }
        }
        let mut sum = Crc::new();
        sum.update(&self.plain);
        packed.extend_from_slice(&sum.sum().to_le_bytes());
        packed.extend_from_slice(&sum.amount().to_le_bytes());
        self.plain.shrink_to(PLAIN_BYTES_KEPT);
        packed
    }
}

/// A stable name: where the record lies is unique, so a hash over it is too (UUID version 8, RFC 9562).
fn record_id(file: &str, offset: u64, kind: &str, url: &str) -> String {
    let hash = blake3::hash(format!("{file}\n{offset}\n{kind}\n{url}").as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.as_bytes()[..16]);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&id);
    format!("<urn:uuid:{}-{}-{}-{}-{}>", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn header_safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == ' ' { "%20".to_owned() } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A disk that fails at one read.
    struct FailsOnce {
        file: Cursor<Vec<u8>>,
        reads_left: u32,
    }

    impl Read for FailsOnce {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.reads_left == 0 {
                // EIO.
                return Err(std::io::Error::from_raw_os_error(5));
            }
            self.reads_left -= 1;
            let few = buffer.len().min(1000);
            self.file.read(&mut buffer[..few])
        }
    }

    impl Seek for FailsOnce {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.file.seek(to)
        }
    }

    #[test]
    fn a_failed_read_is_not_a_torn_end() {
        let mut packer = Packer::new();
        let noise: Vec<u8> = (0..4000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
        let bytes: Vec<u8> = (0..5).flat_map(|_| packer.member(&[], &[&noise])).collect();
        let length = bytes.len() as u64;
        let mut told = 0;
        for reads_left in 0..100 {
            let mut disk = FailsOnce { file: Cursor::new(bytes.clone()), reads_left };
            match whole_members(&mut disk) {
                Ok(whole) => assert_eq!(whole, Whole { bytes: length, goes_on: false }, "after {reads_left} reads"),
                Err(error) => {
                    assert_eq!(error.raw_os_error(), Some(5));
                    told += 1;
                }
            }
        }
        assert!(told >= length / 1_000, "{told} failed reads of {length} bytes were told");
    }

    #[test]
    fn a_head_across_two_pieces_is_found() {
        for before in CHUNK_BYTES - 12..CHUNK_BYTES + 2 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(&MEMBER_HEAD);
            bytes.extend_from_slice(&[0; 100]);
            assert_eq!(member_head(&mut Cursor::new(&bytes), 0).unwrap(), Some(before as u64));
            assert_eq!(member_head(&mut Cursor::new(&bytes), before as u64 + 1).unwrap(), None);
        }
    }
}
