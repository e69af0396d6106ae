//! What an interrupted or an earlier rerun had finished, so that the next one goes on instead of beginning again.
//!
//! Each piece of work is kept under the digest of all that went into it: the program, the versions, the inputs. Whatever changed
//! is therefore simply not found and done anew; nothing has to be compared, and nothing wrong can be taken over. A file that a
//! crash tore fails its own digest and counts as absent.
#![expect(clippy::disallowed_methods, reason = "an edge: keeps files of its own")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::PipelineError;
use crate::files::digest;
use log::Entry;
use vocabulary::{CriteriaVersion, Document, LexiconVersion};

/// Level of compression: what is kept is read back once at most.
const ZSTD_LEVEL: i32 = 1;
/// Bytes of the digest at the head of every file.
const DIGEST_BYTES: usize = blake3::OUT_LEN;

/// A folder of finished pieces of work.
#[derive(Debug)]
pub(super) struct Cache {
    dir: PathBuf,
    /// Digest of this very program: another build may work otherwise.
    program: blake3::Hash,
    /// Names of the pieces that were taken or put.
    used: Mutex<BTreeSet<String>>,
}

/// How the names of our files begin.
const KINDS: [&str; 2] = ["read-", "days-"];

/// Under what a piece of work is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(String);

impl Cache {
    /// Opens the folder, made when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made, or this program's own file cannot be read.
    pub(super) fn open(dir: &Path) -> Result<Self, PipelineError> {
        let io = |what, path: &Path, source| PipelineError::Io { what, path: path.to_owned(), source };
        fs::create_dir_all(dir).map_err(|error| io("make", dir, error))?;
        let program = std::env::current_exe().map_err(|error| io("find", Path::new("this program"), error))?;
        Ok(Self { dir: dir.to_owned(), program: digest(&program)?, used: Mutex::default() })
    }

    /// The key of what a lexicon reads in these documents, at these places.
    pub(super) fn key_of_batch(&self, lexicon: &LexiconVersion, entries: &[Entry]) -> Key {
        let digests: Vec<blake3::Hash> =
            entries.par_iter().map_init(Vec::new, |room, entry| digest_of(&entry.document, room)).collect();
        let mut hasher = self.hasher("batch", lexicon.as_str());
        for (entry, digest) in entries.iter().zip(digests) {
            hasher.update(&entry.position.0.to_le_bytes());
            hasher.update(digest.as_bytes());
        }
        Key(format!("read-{}", hasher.finalize().to_hex()))
    }

    /// The key of what is judged of these days, standing on `digest`.
    pub(super) fn key_of_days(&self, criteria: &CriteriaVersion, digest: &blake3::Hash, days: &[Date]) -> Key {
        let mut hasher = self.hasher("days", criteria.as_str());
        hasher.update(digest.as_bytes());
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
        let work = ciborium::from_reader(&*plain).ok()?;
        self.used().insert(key.0.clone());
        Some(work)
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
        fs::write(&aside, bytes).and_then(|()| fs::rename(&aside, &path)).map_err(io)?;
        self.used().insert(key.0.clone());
        Ok(())
    }

    fn used(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes away what this rerun neither took nor put: a cache that outlives its rerun holds what the last one needed.
    pub(super) fn thin_out(&self) -> Result<(), PipelineError> {
        let io = |what, path: &Path, source| PipelineError::Io { what, path: path.to_owned(), source };
        let used = self.used();
        for entry in fs::read_dir(&self.dir).map_err(|error| io("list", &self.dir, error))? {
            let entry = entry.map_err(|error| io("list", &self.dir, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if KINDS.iter().any(|kind| name.starts_with(kind)) && !used.contains(&name) {
                fs::remove_file(entry.path()).map_err(|error| io("remove", &entry.path(), error))?;
            }
        }
        Ok(())
    }

    /// Takes the cache away: everything is done.
    pub(super) fn remove(&self) -> Result<(), PipelineError> {
        fs::remove_dir_all(&self.dir).map_err(|source| PipelineError::Io {
            what: "remove",
            path: self.dir.clone(),
            source,
        })
    }
}

/// Digest of everything that a document says, each part behind its length; `room` is scratch space. A new field does not compile until
/// it is told.
fn digest_of(document: &Document, room: &mut Vec<u8>) -> blake3::Hash {
    let Document { id, source, channel, url, title, text, published_at, seen_at, meta, raw } = document;
    room.clear();
    let mut tell = |part: Option<&[u8]>| {
        room.extend_from_slice(&part.map_or(u64::MAX, |part| part.len() as u64).to_le_bytes());
        room.extend_from_slice(part.unwrap_or_default());
    };
    let told =
        [Some(id.as_str()), Some(source.as_str()), Some(channel.code()), url.as_deref(), title.as_deref(), Some(text)];
    for part in told {
        tell(part.map(str::as_bytes));
    }
    for moment in [published_at, seen_at] {
        tell(moment.map(|moment| moment.as_nanosecond().to_le_bytes()).as_ref().map(<[u8; 16]>::as_slice));
    }
    // Values of any kind have one way of being written.
    tell((!meta.is_empty()).then(|| serde_json::to_vec(meta).unwrap_or_default()).as_deref());
    tell(raw.as_ref().map(|raw| serde_json::to_vec(raw).unwrap_or_default()).as_deref());
    blake3::hash(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(dir: &Path) -> Cache {
        Cache { dir: dir.to_owned(), program: blake3::hash(b"a program"), used: Mutex::default() }
    }

    #[test]
    fn numbers_come_back_to_the_last_bit() {
        let dir = tempfile::tempdir().expect("a folder");
        let (cache, key) = (cache(dir.path()), Key("k".to_owned()));
        let numbers = vec![
            0.110_000_000_000_000_12_f64,
            f64::INFINITY,
            0.1 + 0.2,
            1.0 / 3.0,
            f64::MIN_POSITIVE,
            5e-324,
            123_456_789.123_456_79,
        ];
        cache.put(&key, &numbers).expect("kept");
        let back: Vec<f64> = cache.get(&key).expect("there");
        assert!(numbers.iter().zip(&back).all(|(kept, found)| kept.to_bits() == found.to_bits()), "{back:?}");
    }

    #[test]
    fn a_torn_or_foreign_file_counts_as_absent() {
        let dir = tempfile::tempdir().expect("a folder");
        let (cache, key) = (cache(dir.path()), Key("k".to_owned()));
        cache.put(&key, &vec![1, 2, 3]).expect("kept");
        let path = dir.path().join("k");
        let whole = fs::read(&path).expect("read");
        for torn in [&whole[..whole.len() - 1], &whole[..DIGEST_BYTES], &whole[..5], &[]] {
            fs::write(&path, torn).expect("torn");
            assert_eq!(cache.get::<Vec<u8>>(&key), None, "{} bytes", torn.len());
        }
        fs::write(&path, &whole).expect("whole again");
        assert_eq!(cache.get::<Vec<u8>>(&key), Some(vec![1, 2, 3]));
        assert_eq!(cache.get::<Vec<String>>(&key), None, "another shape");
    }

    #[test]
    fn another_program_or_version_finds_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let one = cache(dir.path());
        let other = Cache { program: blake3::hash(b"another program"), ..cache(dir.path()) };
        let key = |cache: &Cache, version| cache.key_of_batch(&LexiconVersion::from(version), &[]);
        assert_eq!(key(&one, "v1"), key(&cache(dir.path()), "v1"));
        assert_ne!(key(&one, "v1"), key(&other, "v1"));
        assert_ne!(key(&one, "v1"), key(&one, "v2"));
    }

    #[test]
    fn every_field_of_a_document_is_part_of_its_digest() {
        let plain = |json: &str| -> Document { serde_json::from_str(json).expect("a document") };
        let all = plain(
            r#"{"id":"a","source":"s","channel":"media","url":"u","title":"t","text":"x","published_at":"2024-01-01T00:00:00Z",
                "seen_at":"2024-01-02T00:00:00Z","meta":{"k":1},"raw":{"file":"f","offset":0,"digest":"d"}}"#,
        );
        let changes: [&dyn Fn(&mut Document); 12] = [
            &|_| {},
            &|document| document.id = "b".into(),
            &|document| document.source = "b".into(),
            &|document| document.channel = vocabulary::Channel::Platform,
            &|document| document.url = None,
            &|document| document.title = Some(String::new()),
            &|document| document.title = None,
            &|document| (document.title, document.text) = (Some("tx".to_owned()), String::new()),
            &|document| document.published_at = document.seen_at,
            &|document| document.seen_at = None,
            &|document| document.meta.clear(),
            &|document| document.raw = None,
        ];
        let mut room = Vec::new();
        let digests = changes.map(|change| {
            let mut changed = all.clone();
            change(&mut changed);
            *digest_of(&changed, &mut room).as_bytes()
        });
        assert_eq!(digests.iter().collect::<BTreeSet<_>>().len(), changes.len());
        assert_eq!(*digest_of(&all, &mut Vec::new()).as_bytes(), digests[0], "whatever was in the room before");
    }

    #[test]
    fn a_thinned_cache_holds_what_was_taken_or_put_and_what_is_not_ours() {
        let dir = tempfile::tempdir().expect("a folder");
        let key = |name: &str| Key(name.to_owned());
        let earlier = cache(dir.path());
        for name in ["read-a", "read-b", "days-a"] {
            earlier.put(&key(name), &1).expect("kept");
        }
        fs::write(dir.path().join("notes.txt"), "mine").expect("written");
        let now = cache(dir.path());
        assert_eq!(now.get::<i32>(&key("read-a")), Some(1));
        now.put(&key("days-b"), &2).expect("kept");
        now.thin_out().expect("thinned");
        let mut left: Vec<String> = fs::read_dir(dir.path())
            .expect("listed")
            .map(|entry| entry.expect("listed").file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["days-b", "notes.txt", "read-a"]);
    }
}
