//! What an interrupted rerun had finished, so that the next one goes on instead of beginning again.
//!
//! Each piece of work is kept under the digest of all that went into it: the program, the versions, the inputs. Whatever changed
//! is therefore simply not found and done anew; nothing has to be compared, and nothing wrong can be taken over. A file that a
//! crash tore fails its own digest and counts as absent.
#![expect(clippy::disallowed_methods, reason = "an edge: keeps files of its own")]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::log::Entry;
use crate::pipeline::PipelineError;
use crate::pipeline::files::digest;
use crate::vocabulary::{LexiconVersion, Outcome};

/// Level of compression: what is kept is read back once at most.
const ZSTD_LEVEL: i32 = 1;
/// Bytes of the digest at the head of every file.
const DIGEST_BYTES: usize = blake3::OUT_LEN;

/// A folder of finished pieces of work.
#[derive(Debug)]
pub(super) struct Shelf {
    dir: PathBuf,
    /// Digest of this very program: another build may work otherwise.
    program: blake3::Hash,
}

/// Under what a piece of work is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(String);

impl Key {
    /// Its bytes, for digests of many.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Shelf {
    /// Opens the folder, made when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made, or this program's own file cannot be read.
    pub(super) fn open(dir: &Path) -> Result<Self, PipelineError> {
        let io = |what, path: &Path, source| PipelineError::Io { what, path: path.to_owned(), source };
        fs::create_dir_all(dir).map_err(|error| io("make", dir, error))?;
        let program = std::env::current_exe().map_err(|error| io("find", Path::new("this program"), error))?;
        Ok(Self { dir: dir.to_owned(), program: digest(&program)? })
    }

    /// The key of what a lexicon reads in these documents, at these places.
    pub(super) fn key_of_batch(&self, lexicon: &LexiconVersion, entries: &[Entry]) -> Key {
        let digests: Vec<Option<blake3::Hash>> = entries
            .par_iter()
            .map(|entry| serde_json::to_vec(&entry.document).ok().map(|bytes| blake3::hash(&bytes)))
            .collect();
        let mut hasher = self.hasher("batch", lexicon.as_str());
        for (entry, digest) in entries.iter().zip(digests) {
            hasher.update(&entry.position.0.to_le_bytes());
            hasher.update(digest.as_ref().map_or(&[][..], |digest| digest.as_bytes()));
        }
        Key(format!("read-{}", hasher.finalize().to_hex()))
    }

    /// The key of what is judged of these days, `judged` being the digest of all that is the same for all days.
    pub(super) fn key_of_days(&self, judged: &blake3::Hash, days: &[Date]) -> Key {
        let mut hasher = self.hasher("days", judged.to_hex().as_str());
        for day in days {
            hasher.update(day.to_string().as_bytes());
        }
        Key(format!("days-{}", hasher.finalize().to_hex()))
    }

    fn hasher(&self, kind: &str, version: &str) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.program.as_bytes());
        for part in [kind, version] {
            hasher.update(part.as_bytes()).update(&[0xff]);
        }
        hasher
    }

    /// What is kept under a key, when it is there and whole.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        let bytes = fs::read(self.dir.join(&key.0)).ok()?;
        let (digest, packed) = bytes.split_at_checked(DIGEST_BYTES)?;
        if blake3::hash(packed).as_bytes() != digest {
            return None;
        }
        let plain = zstd::stream::decode_all(packed).ok()?;
        ciborium::from_reader(&*plain).ok()
    }

    /// Keeps a piece of work. Not synced: what a power cut takes is done again.
    pub(super) fn put(&self, key: &Key, work: &impl Serialize) -> Result<(), PipelineError> {
        let path = self.dir.join(&key.0);
        let io = |source| PipelineError::Io { what: "keep finished work in", path: path.clone(), source };
        let mut plain = Vec::new();
        ciborium::into_writer(work, &mut plain).map_err(|error| io(std::io::Error::other(error)))?;
        let packed = zstd::stream::encode_all(&*plain, ZSTD_LEVEL).map_err(io)?;
        let mut bytes = blake3::hash(&packed).as_bytes().to_vec();
        bytes.extend(packed);
        let aside = path.with_extension("part");
        fs::write(&aside, bytes).and_then(|()| fs::rename(&aside, &path)).map_err(io)
    }

    /// Takes the shelf away: everything is done.
    pub(super) fn remove(&self) -> Result<(), PipelineError> {
        fs::remove_dir_all(&self.dir).map_err(|source| PipelineError::Io {
            what: "remove",
            path: self.dir.clone(),
            source,
        })
    }
}

/// Digest of all that the judgement of every day depends on.
pub(super) fn judged_digest(
    archives: &blake3::Hash,
    versions: [&str; 2],
    outcomes: &[Outcome],
    until: Date,
) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(archives.as_bytes());
    for version in versions {
        hasher.update(version.as_bytes()).update(&[0xff]);
    }
    for outcome in outcomes {
        hasher.update(&serde_json::to_vec(outcome).unwrap_or_default()).update(&[0xff]);
    }
    hasher.update(until.to_string().as_bytes());
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(dir: &Path) -> Shelf {
        Shelf { dir: dir.to_owned(), program: blake3::hash(b"a program") }
    }

    #[test]
    fn numbers_come_back_to_the_last_bit() {
        let dir = tempfile::tempdir().expect("a folder");
        let (shelf, key) = (shelf(dir.path()), Key("k".to_owned()));
        let numbers = vec![
            0.110_000_000_000_000_12_f64,
            f64::INFINITY,
            0.1 + 0.2,
            1.0 / 3.0,
            f64::MIN_POSITIVE,
            5e-324,
            123_456_789.123_456_79,
        ];
        shelf.put(&key, &numbers).expect("kept");
        let back: Vec<f64> = shelf.get(&key).expect("there");
        assert!(numbers.iter().zip(&back).all(|(kept, found)| kept.to_bits() == found.to_bits()), "{back:?}");
    }

    #[test]
    fn a_torn_or_foreign_file_counts_as_absent() {
        let dir = tempfile::tempdir().expect("a folder");
        let (shelf, key) = (shelf(dir.path()), Key("k".to_owned()));
        shelf.put(&key, &vec![1, 2, 3]).expect("kept");
        let path = dir.path().join("k");
        let whole = fs::read(&path).expect("read");
        for torn in [&whole[..whole.len() - 1], &whole[..DIGEST_BYTES], &whole[..5], &[]] {
            fs::write(&path, torn).expect("torn");
            assert_eq!(shelf.get::<Vec<u8>>(&key), None, "{} bytes", torn.len());
        }
        fs::write(&path, &whole).expect("whole again");
        assert_eq!(shelf.get::<Vec<u8>>(&key), Some(vec![1, 2, 3]));
        assert_eq!(shelf.get::<Vec<String>>(&key), None, "another shape");
    }

    #[test]
    fn another_program_or_version_finds_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let one = shelf(dir.path());
        let other = Shelf { dir: dir.path().to_owned(), program: blake3::hash(b"another program") };
        let key = |shelf: &Shelf, version| shelf.key_of_batch(&LexiconVersion::from(version), &[]);
        assert_eq!(key(&one, "v1"), key(&shelf(dir.path()), "v1"));
        assert_ne!(key(&one, "v1"), key(&other, "v1"));
        assert_ne!(key(&one, "v1"), key(&one, "v2"));
    }
}
