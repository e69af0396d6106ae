//! A handful of files as one tar archive (POSIX ustar) with `SHA256SUMS`, so that a receiver can check it without this program:
//! `tar xf FILE && sha256sum -c SHA256SUMS`.
//!
//! In: names and bytes; an archive in memory. Out: the archive's bytes; whether an archive is as it was made. Not here: files on a disk,
//! nothing is ever unpacked. A checked archive holds plain files with relative names and nothing else, so that unpacking it elsewhere is
//! safe too.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;
use std::path::{Component, Path};

use sha2::{Digest, Sha256};
use tar::{Archive, Builder, EntryType, Header};

use vocabulary::Said;

/// Name of the list of digests.
const SUMS: &str = "SHA256SUMS";
/// Size of a block of a tar archive.
const BLOCK: usize = 512;
/// Longest name of a file, in bytes.
const NAME_BYTES_MAX: usize = 100;
/// Largest file in a bundle: what eleven octal digits can say.
const FILE_BYTES_MAX: u64 = 0o77_777_777_777;

/// Why bytes are no bundle, or not the one that was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// A file cannot be put in.
    #[error("`{0}` cannot be put into a bundle: its name or size is too long")]
    Unfit(String),
    /// It is not the kind of archive that this program writes.
    #[error("byte {at}: {what}; this is no bundle, or it was cut off")]
    Shape {
        /// Offset into the archive of the header that cannot be read, or whose file cannot be taken.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// Files differ from the list of digests.
    #[error("the bundle is not as it was made: {0}")]
    Differs(String),
}

impl Said for BundleError {
    fn zh(&self) -> String {
        match self {
            Self::Unfit(name) => format!("`{name}` 放不进证据包：名称或大小超出限制"),
            Self::Shape { at, what } => format!("字节 {at}：这不是证据包，或已被截断（“{what}”）"),
            Self::Differs(what) => format!("证据包与生成时不符：“{what}”"),
        }
    }
}

fn sum(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The archive of these files, in the order of their names. The same files give the same bytes.
pub fn write(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, BundleError> {
    let mut sums = String::new();
    for (name, bytes) in files {
        let _ = writeln!(sums, "{}  {name}", sum(bytes));
    }
    let mut archive = Builder::new(Vec::new());
    for (name, bytes) in files.iter().chain([(&SUMS.to_owned(), &sums.into_bytes())]) {
        let unfit = || BundleError::Unfit(name.clone());
        let size = bytes.len() as u64;
        if name.len() > NAME_BYTES_MAX || !name.is_ascii() || !is_inside(Path::new(name)) || size > FILE_BYTES_MAX {
            return Err(unfit());
        }
        archive.append(&header(name, size).ok_or_else(unfit)?, &bytes[..]).map_err(|_| unfit())?;
    }
    archive.into_inner().map_err(|_| BundleError::Unfit(SUMS.to_owned()))
}

/// The header of a plain file; none when the name does not fit into it.
fn header(name: &str, size: u64) -> Option<Header> {
    let mut header = Header::new_ustar();
    header.set_path(name).ok()?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_cksum();
    // The same bytes as ever: six digits, NUL, blank, as POSIX writes the sum; the crate writes seven digits and NUL.
    let sum = format!("{:06o}\0 ", header.cksum().ok()?);
    header.as_ustar_mut()?.cksum.copy_from_slice(sum.as_bytes());
    Some(header)
}

/// Whether a name leads to a place inside the folder it is unpacked into.
fn is_inside(name: &Path) -> bool {
    let mut parts = name.components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Reads an archive and checks every file against the list of digests; how many files there are.
pub fn verify(archive: &[u8]) -> Result<usize, BundleError> {
    let mut files = read(archive)?;
    let sums = files.remove(SUMS).ok_or_else(|| BundleError::Differs(format!("{SUMS} is missing")))?;
    let sums = String::from_utf8_lossy(&sums).into_owned();
    let mut wrong = Vec::new();
    let mut listed = 0;
    for line in sums.lines() {
        let Some((digest, name)) = line.split_once("  ") else {
            wrong.push(format!("a line of {SUMS} cannot be read"));
            continue;
        };
        listed += 1;
        match files.remove(name) {
            None => wrong.push(format!("{name} is missing")),
            Some(bytes) if sum(&bytes) != digest => wrong.push(format!("{name} was changed")),
            Some(_) => {}
        }
    }
    wrong.extend(files.into_keys().map(|name| format!("{name} was added")));
    if wrong.is_empty() { Ok(listed) } else { Err(BundleError::Differs(wrong.join(", "))) }
}

/// The files of an archive. They are copied out of `archive`, so they take no more memory than it does.
fn read(archive: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, BundleError> {
    let mut files = BTreeMap::new();
    let mut at = 0;
    let no_header = |at| BundleError::Shape { at, what: "no header of a tar archive" };
    // Raw: records that rename the next file, or make it longer than the archive, are entries of a kind that is refused below.
    for entry in Archive::new(archive).entries().map_err(|_| no_header(at))?.raw(true) {
        let shape = |what| BundleError::Shape { at, what };
        let mut entry = entry.map_err(|_| no_header(at))?;
        if entry.header().as_ustar().is_none() {
            return Err(no_header(at));
        }
        if entry.header().entry_type() != EntryType::Regular {
            return Err(shape("an entry is no plain file"));
        }
        let name = entry.path().ok().filter(|name| is_inside(name));
        let name = name.and_then(|name| name.to_str().map(str::to_owned));
        let name = name.ok_or_else(|| shape("the name of a file leads elsewhere"))?;
        let size = usize::try_from(entry.size()).ok().filter(|size| *size <= archive.len());
        let size = size.ok_or_else(|| shape("the size of a file cannot be right"))?;
        let mut bytes = Vec::with_capacity(size);
        if entry.read_to_end(&mut bytes).is_err() || bytes.len() < size {
            return Err(shape("a file is cut off"));
        }
        if files.insert(name, bytes).is_some() {
            return Err(shape("a file is there twice"));
        }
        at += BLOCK + size.next_multiple_of(BLOCK);
    }
    // The end is two blocks of zeros, of which one is enough.
    let end = archive.get(at..at + BLOCK).filter(|block| block.iter().all(|byte| *byte == 0));
    end.map(|_| files).ok_or(BundleError::Shape { at, what: "a header is missing" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> BTreeMap<String, Vec<u8>> {
        let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
        BTreeMap::from([file("alert.json", "{}"), file("raw/0001.warc", &"x".repeat(700)), file("empty", "")])
    }

    #[test]
    fn a_bundle_reads_back_and_every_change_is_found() {
        let whole = write(&files()).expect("a bundle");
        assert_eq!((whole.len() % BLOCK, verify(&whole)), (0, Ok(3)));
        assert_eq!(whole, write(&files()).expect("a bundle"), "the same files give the same bytes");
        let mut changed = whole.clone();
        let at = changed.iter().position(|byte| *byte == b'x').expect("a text");
        changed[at] = b'y';
        assert_eq!(verify(&changed), Err(BundleError::Differs("raw/0001.warc was changed".to_owned())));
        assert!(matches!(verify(&whole[..1_000]), Err(BundleError::Shape { .. })));
        assert!(matches!(verify(b"not a bundle"), Err(BundleError::Shape { .. })));
        let long = BTreeMap::from([("n".repeat(101), Vec::new())]);
        assert!(matches!(write(&long), Err(BundleError::Unfit(_))));
        let outside = BTreeMap::from([("../alert.json".to_owned(), Vec::new())]);
        assert!(matches!(write(&outside), Err(BundleError::Unfit(_))));
    }

    /// The digest of the bundle that the first version made of these files.
    const FIRST_VERSION: &str = "0472702db9862cb2cc29634ffc28c0aea0589eed1cd079d6b1a4b2c6023a01bd";

    #[test]
    fn a_bundle_has_the_bytes_that_the_first_version_wrote() {
        assert_eq!(sum(&write(&files()).expect("a bundle")), FIRST_VERSION);
    }

    /// A bundle with one more entry, written by hand: `kind` and the header's name, size and link.
    fn with_entry(kind: EntryType, name: &[u8], size: u64, link: &str, bytes: &[u8]) -> Vec<u8> {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(size);
        let fields = header.as_ustar_mut().expect("ustar");
        fields.name[..name.len()].copy_from_slice(name);
        fields.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        let mut archive = header.as_bytes().to_vec();
        archive.extend_from_slice(bytes);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
        archive.extend(write(&files()).expect("a bundle"));
        archive
    }

    fn refusal(archive: &[u8]) -> &'static str {
        match verify(archive) {
            Err(BundleError::Shape { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [&b"/etc/passwd"[..], b"../alert.json", b"raw/../../alert.json", b".", b"", b"\xff"] {
            let archive = with_entry(EntryType::Regular, name, 2, "", b"{}");
            assert_eq!(refusal(&archive), "the name of a file leads elsewhere", "{name:?}");
        }
        let twice = with_entry(EntryType::Regular, b"alert.json", 2, "", b"{}");
        assert_eq!(refusal(&twice), "a file is there twice");
    }

    #[test]
    fn links_devices_and_records_about_the_next_file_are_refused() {
        let kinds = [
            EntryType::Symlink,
            EntryType::Link,
            EntryType::Char,
            EntryType::Fifo,
            EntryType::Directory,
            EntryType::GNULongName,
            EntryType::GNUSparse,
            EntryType::XHeader,
            EntryType::XGlobalHeader,
        ];
        for kind in kinds {
            assert_eq!(
                refusal(&with_entry(kind, b"raw/0001.warc", 0, "/etc/passwd", b"")),
                "an entry is no plain file"
            );
        }
    }

    #[test]
    fn sizes_beyond_the_archive_are_refused_before_memory_is_taken_for_them() {
        for size in [1 << 20, FILE_BYTES_MAX, u64::MAX] {
            let what = refusal(&with_entry(EntryType::Regular, b"big", size, "", b"{}"));
            assert!(
                what == "the size of a file cannot be right" || what == "no header of a tar archive",
                "{size}: {what}"
            );
        }
        let whole = write(&files()).expect("a bundle");
        let size = (whole.len() - 1) as u64;
        assert_eq!(refusal(&with_entry(EntryType::Regular, b"big", size + BLOCK as u64, "", b"")), "a file is cut off");
    }

    #[test]
    fn a_header_that_was_changed_or_an_end_that_is_missing_is_found() {
        let whole = write(&files()).expect("a bundle");
        let mut changed = whole.clone();
        changed[0] = b'A';
        assert_eq!(refusal(&changed), "no header of a tar archive");
        let end = whole.len() - 2 * BLOCK;
        assert_eq!(refusal(&whole[..end]), "a header is missing");
        for length in 0..whole.len() - 2 * BLOCK {
            assert!(verify(&whole[..length]).is_err(), "{length}");
        }
    }
}
