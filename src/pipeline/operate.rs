//! The index as an operator sees it: is it whole, does it hold what the log holds, make it anew beside the old one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::collecting::lock_folder;
use super::edition::{INDEX, stop_words};
use super::promotion::rules_for;
use super::reading::{BATCH_MAX, index_batch};
use super::{Folder, PipelineError, read_batch};
use config::Settings;
use index::{IndexStat, SearchIndex, Thesaurus, id_key};
use log::Journal;
use store::Store;
use vocabulary::{DocumentId, Position, Refused};

/// Documents named in a report, of each kind of trouble.
const EXAMPLES_MAX: usize = 5;
/// Beside the index that searches use: the one that is being made, the one that was replaced.
pub(super) const BESIDE: &str = "index.new";
const REPLACED: &str = "index.old";

/// Whether an index is whole and holds what the log holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexReport {
    /// How it lies on the disk.
    pub stat: IndexStat,
    /// Which files do not hold what was written; none when all do.
    pub damage: Option<Refused>,
    /// Documents of the log up to the index's place.
    pub expected: u64,
    /// The first of those that are not in, or in an older revision.
    pub missing: Vec<DocumentId>,
    /// How many.
    pub missing_total: u64,
    /// Documents of the index that the log does not hold.
    pub extra_total: u64,
    /// Where the log ends.
    pub log_end: Position,
}

impl IndexReport {
    /// Whether there is nothing to mend.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damage.is_none() && self.missing_total == 0 && self.extra_total == 0
    }
}

impl Folder {
    /// Holds every byte of the index against its checksums, and every document against the log.
    pub async fn verify_index(&self) -> Result<IndexReport, PipelineError> {
        let index = self.index();
        let stat = index.stat()?;
        let damage = super::on_disk(|| index.damage())?;
        let log_end = self.log().end().await?;
        let newest = self.store().newest(stat.position).await?;
        let expected = newest.len() as u64;
        let mut held: BTreeMap<u64, Position> = BTreeMap::new();
        let mut extra_total = 0;
        for (key, position) in super::on_disk(|| index.held())? {
            extra_total += u64::from(held.insert(key, position).is_some()); // one document twice
        }
        let (mut missing, mut missing_total) = (Vec::new(), 0);
        for (id, position) in newest {
            if held.remove(&id_key(&id)) != Some(position) {
                missing_total += 1;
                if missing.len() < EXAMPLES_MAX {
                    missing.push(id);
                }
            }
        }
        extra_total += held.len() as u64;
        Ok(IndexReport { stat, damage, expected, missing, missing_total, extra_total, log_end })
    }
}

/// Makes the index anew from the log beside the one in use, and puts it in its place when it is whole. Searches go on in
/// the old one meanwhile; nobody else may work on the folder.
pub async fn rebuild_index(settings: &Settings, mut tell: impl FnMut(u64)) -> Result<IndexStat, PipelineError> {
    let data = settings.data.clone();
    if !data.join("wanglou.sqlite").is_file() {
        return Err(PipelineError::Empty(data));
    }
    let _lock = lock_folder(&data)?;
    mend(&data)?;
    let beside = data.join(BESIDE);
    remove(&beside)?;
    let store = Store::open(&data.join("wanglou.sqlite")).await?;
    let lexicon = rules_for(settings, &store).await?.0;
    let log = Journal::new(store.clone());
    let stop_words = stop_words(&lexicon);
    let (index, _) = SearchIndex::open(&beside, Arc::clone(lexicon.jieba()), lexicon.version(), &stop_words)?;
    let index = index.knowing(Thesaurus::shared(&lexicon));
    let mut writer = index.writer()?;
    let (mut at, mut documents) = (Position(0), 0);
    loop {
        let batch = log.read_after(at, BATCH_MAX).await?;
        let Some(to) = batch.last().map(|entry| entry.position) else { break };
        documents += batch.len() as u64;
        let lexicon = Arc::clone(&lexicon);
        writer = tokio::task::spawn_blocking(move || -> Result<_, PipelineError> {
            index_batch(&mut writer, at, to, &read_batch(&lexicon, batch))?;
            Ok(writer)
        })
        .await??;
        at = to;
        tell(documents);
    }
    tokio::task::spawn_blocking(move || writer.close()).await??;
    let stat = index.stat()?;
    drop(index);
    store.close().await;
    replace(&data)?;
    Ok(stat)
}

/// Puts the new index in place of the old one. Killed between the two renames, [`mend`] ends it.
pub(super) fn replace(data: &Path) -> Result<(), PipelineError> {
    remove(&data.join(REPLACED))?;
    let (folder, beside, replaced) = (data.join(INDEX), data.join(BESIDE), data.join(REPLACED));
    if folder.exists() {
        rename(&folder, &replaced)?;
    }
    rename(&beside, &folder)?;
    remove(&replaced)
}

/// Ends a replacement that was killed half-way: the new index is whole by then, so it takes its place. Nothing to do otherwise.
pub(super) fn mend(data: &Path) -> Result<(), PipelineError> {
    let (folder, beside, replaced) = (data.join(INDEX), data.join(BESIDE), data.join(REPLACED));
    if !folder.exists() && replaced.exists() {
        rename(if beside.exists() { &beside } else { &replaced }, &folder)?;
    }
    remove(&replaced)
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), PipelineError> {
    fs::rename(from, to).map_err(|source| PipelineError::Io { what: "put in place", path: to.to_owned(), source })
}

pub(super) fn remove(path: &Path) -> Result<(), PipelineError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(PipelineError::Io { what: "remove", path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(data: &Path, name: &str) {
        fs::create_dir_all(data.join(name).join(name)).expect("a folder");
    }

    fn there(data: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(data)
            .expect("readable")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_replacement_killed_anywhere_leaves_a_whole_index() {
        for (found, expected) in [
            (&["index", "index.new"][..], "index"),     // killed while it was made
            (&["index.new", "index.old"], "index.new"), // killed between the renames
            (&["index", "index.old"], "index"),         // killed before the old one was gone
            (&["index.old"], "index.old"),
        ] {
            let data = tempfile::tempdir().expect("a folder");
            for name in found {
                folder(data.path(), name);
            }
            mend(data.path()).expect("mended");
            assert!(data.path().join("index").join(expected).exists(), "{found:?} → {:?}", there(data.path()));
            assert!(!data.path().join("index.old").exists());
        }
    }

    #[test]
    fn the_new_one_takes_the_place_of_the_old_one() {
        let data = tempfile::tempdir().expect("a folder");
        folder(data.path(), "index");
        folder(data.path(), "index.new");
        replace(data.path()).expect("replaced");
        assert_eq!(there(data.path()), ["index"]);
        assert!(data.path().join("index/index.new").exists());
    }
}
