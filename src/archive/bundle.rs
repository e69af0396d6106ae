//! A handful of files as one tar archive (POSIX ustar) with `SHA256SUMS`, so that whoever gets it can check it without this program:
//! `tar xf FILE && sha256sum -c SHA256SUMS`.

use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

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
        /// Where.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// Files differ from the list of digests.
    #[error("the bundle is not as it was made: {0}")]
    Differs(String),
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
    let mut archive = Vec::new();
    for (name, bytes) in files.iter().chain([(&SUMS.to_owned(), &sums.into_bytes())]) {
        let size = bytes.len() as u64;
        if name.len() > NAME_BYTES_MAX || !name.is_ascii() || size > FILE_BYTES_MAX {
            return Err(BundleError::Unfit(name.clone()));
        }
        let mut header = [0_u8; BLOCK];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, "0000644\0");
        put(108, "0000000\0");
        put(116, "0000000\0");
        put(124, &format!("{size:011o}\0"));
        put(136, "00000000000\0");
        put(148, "        ");
        put(156, "0");
        put(257, "ustar\0");
        put(263, "00");
        let check: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{check:06o}\0 ").as_bytes());
        archive.extend_from_slice(&header);
        archive.extend_from_slice(bytes);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    Ok(archive)
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

fn read(archive: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, BundleError> {
    let mut files = BTreeMap::new();
    let mut at = 0;
    loop {
        let shape = |what| BundleError::Shape { at, what };
        let header = archive.get(at..at + BLOCK).ok_or_else(|| shape("a header is missing"))?;
        if header.iter().all(|byte| *byte == 0) {
            return Ok(files);
        }
        if &header[257..262] != b"ustar" {
            return Err(shape("no header of a tar archive"));
        }
        let text = |from: usize, to: usize| {
            let field = header[from..to].split(|byte| *byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(field).trim().to_owned()
        };
        let size = u64::from_str_radix(&text(124, 136), 8).ok().and_then(|size| usize::try_from(size).ok());
        let size = size.ok_or_else(|| shape("the size of a file cannot be read"))?;
        let from = at + BLOCK;
        let to = from.checked_add(size).ok_or_else(|| shape("the size of a file cannot be right"))?;
        let bytes = archive.get(from..to).ok_or_else(|| shape("a file is cut off"))?;
        if files.insert(text(0, 100), bytes.to_vec()).is_some() {
            return Err(shape("a file is there twice"));
        }
        at = to.next_multiple_of(BLOCK);
    }
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
    }
}
