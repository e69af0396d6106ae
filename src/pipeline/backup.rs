//! A data folder put away whole, and brought back only when every byte is what it was.
//!
//! What cannot be made again is taken: the database as it is at one moment, then the raw exchanges (they are written before the log
//! names them, so all it names are there), the lines set aside, the rules that were put in force, the masking key. Signals and index are derived: the log fills them
//! again at the first start.
#![expect(clippy::disallowed_methods, reason = "an edge: copies files")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PipelineError;
use super::files::{digest, files_under, folders_under, name_below, sync};
use super::private::private_folder;
use super::upkeep::note;
use archive::files::Files;
use store::Store;
use vocabulary::show_moment;

/// The list of what is in a backup; written last: where it is, the rest is whole.
const MANIFEST: &str = "backup.json";
/// The database.
const STORE: &str = "wanglou.sqlite";
/// Folders and files that are taken as they are.
const TAKEN: [&str; 4] = ["warc", "rejects", "rules", "masking.key"];

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the program that made it.
    pub wanglou: String,
    /// When, RFC 3339.
    pub made_at: String,
    /// BLAKE3 and bytes of every file, by its name below the folder.
    pub files: BTreeMap<String, (String, u64)>,
    /// BLAKE3 of all of the above as JSON without blanks; none in a backup of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl Manifest {
    /// Bytes in all.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|(_, bytes)| bytes).sum()
    }

    /// What [`Manifest::digest`] should be.
    fn own_digest(&self) -> Result<String, PipelineError> {
        let bytes = serde_json::to_vec(&(&self.wanglou, &self.made_at, &self.files))?;
        Ok(blake3::hash(&bytes).to_hex().to_string())
    }
}

/// Puts `data` away into `to`, a new or empty folder. A tower may be running.
pub async fn backup(data: &Path, to: &Path, now: Timestamp) -> Result<Manifest, PipelineError> {
    backup_by(data, to, now, &mut sync).await
}

/// The same; `sync` has the disk take a file, or the names in a folder.
async fn backup_by(data: &Path, to: &Path, now: Timestamp, sync: &mut Sync<'_>) -> Result<Manifest, PipelineError> {
    if !data.join(STORE).is_file() {
        return Err(PipelineError::Empty(data.to_owned()));
    }
    new_folder(to)?;
    let store = Store::open(&data.join(STORE)).await?;
    store.copy_to(&to.join(STORE)).await?;
    store.close().await;
    // The engine leaves it to the system when the disk takes a copy.
    synced(&to.join(STORE), sync)?;
    for name in TAKEN {
        let from = data.join(name);
        let files = if from.is_dir() { files_under(&from)? } else { vec![from] };
        for file in files.into_iter().filter(|file| file.is_file()) {
            copy(data, to, &file, sync)?;
        }
    }
    let mut files = BTreeMap::new();
    for path in files_under(to)? {
        files.insert(name_below(to, &path), fact(&path)?);
    }
    let made_at = show_moment(now);
    let mut manifest = Manifest { wanglou: env!("CARGO_PKG_VERSION").to_owned(), made_at, files, digest: None };
    manifest.digest = Some(manifest.own_digest()?);
    // All names are on the disk before the manifest says that the backup is whole.
    sync_folders(to, sync)?;
    let text = serde_json::to_string_pretty(&manifest)? + "\n";
    Files::of_folder(to).publish(MANIFEST, text.as_bytes())?;
    Ok(manifest)
}

/// Brings a backup back into `data`, a new or empty folder, after every file of it has been checked. Leaves an audit line there.
pub async fn restore(from: &Path, data: &Path, now: Timestamp) -> Result<Manifest, PipelineError> {
    let manifest = restore_by(from, data, &mut sync)?;
    let store = Store::open(&data.join(STORE)).await?;
    note(&store, "data folder", format!("the backup of {} was restored", manifest.made_at), now).await?;
    store.close().await;
    Ok(manifest)
}

/// The same; `sync` has the disk take a file, or the names in a folder.
fn restore_by(from: &Path, data: &Path, sync: &mut Sync<'_>) -> Result<Manifest, PipelineError> {
    let path = from.join(MANIFEST);
    let text = fs::read(&path).map_err(|source| PipelineError::Io { what: "read", path: path.clone(), source })?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| {
        let path = path.display();
        PipelineError::refused(
            format!("{path}：“{error}”；这是备份吗？"),
            format!("{path}: {error}; is this a backup?"),
        )
    })?;
    if manifest.digest.is_some() && manifest.digest != Some(manifest.own_digest()?) {
        let path = path.display();
        return Err(PipelineError::refused(
            format!("{path} 与备份时不同；没有恢复任何内容；请换一份备份"),
            format!("{path} is not what it was when the backup was made; nothing was restored; use another backup"),
        ));
    }
    for (name, kept) in &manifest.files {
        let path = from.join(name);
        // A name that leads out of the folder was not written by us.
        let inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !inside {
            return Err(PipelineError::refused(
                format!("“{name}”指向备份之外；没有恢复任何内容"),
                format!("`{name}` leads out of the backup; nothing was restored"),
            ));
        }
        if !path.is_file() || fact(&path)? != *kept {
            let path = path.display();
            return Err(PipelineError::refused(
                format!("{path} 缺失，或与备份时不同；没有恢复任何内容；请换一份备份"),
                format!(
                    "{path} is missing or not what it was when the backup was made; nothing was restored; use another backup"
                ),
            ));
        }
    }
    new_folder(data)?;
    // The database last: without it the folder counts as empty.
    let (store, rest): (Vec<&String>, Vec<&String>) = manifest.files.keys().partition(|name| *name == STORE);
    for name in rest {
        copy(from, data, &from.join(name), sync)?;
    }
    sync_folders(data, sync)?;
    for name in store {
        copy(from, data, &from.join(name), sync)?;
    }
    synced(data, sync)?;
    Ok(manifest)
}

fn new_folder(dir: &Path) -> Result<(), PipelineError> {
    let io = |what, source| PipelineError::Io { what, path: dir.to_owned(), source };
    // It holds what the data folder holds: nobody else reads it.
    private_folder(dir)?;
    if fs::read_dir(dir).map_err(|error| io("list", error))?.next().is_none() {
        return Ok(());
    }
    let dir = dir.display();
    Err(PipelineError::refused(
        format!("{dir} 不是空文件夹；请指定一个新文件夹"),
        format!("{dir} is not empty; name a new folder"),
    ))
}

/// Has the disk take what is written.
type Sync<'a> = dyn FnMut(&Path) -> std::io::Result<()> + 'a;

/// Copies one file, with its permissions, to the same place below another folder, to the disk.
fn copy(from: &Path, to: &Path, file: &Path, sync: &mut Sync<'_>) -> Result<(), PipelineError> {
    let target = to.join(file.strip_prefix(from).unwrap_or(file));
    let io = |source| PipelineError::Io { what: "copy to", path: target.clone(), source };
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    fs::copy(file, &target).map_err(io)?;
    synced(&target, sync)
}

/// Has the disk take the names of all files and folders below a new folder, and its own.
fn sync_folders(dir: &Path, sync: &mut Sync<'_>) -> Result<(), PipelineError> {
    for folder in folders_under(dir)? {
        synced(&folder, sync)?;
    }
    // A relative name of one part lies where the program was started.
    let parent = dir.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    parent.map_or(Ok(()), |parent| synced(parent, sync))
}

fn synced(path: &Path, sync: &mut Sync<'_>) -> Result<(), PipelineError> {
    sync(path).map_err(|source| PipelineError::Io { what: "put to the disk", path: path.to_owned(), source })
}

/// What the manifest says of a file: BLAKE3 and bytes.
fn fact(path: &Path) -> Result<(String, u64), PipelineError> {
    let io = |source| PipelineError::Io { what: "read", path: path.to_owned(), source };
    Ok((digest(path)?.to_hex().to_string(), fs::metadata(path).map_err(io)?.len()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Every entry below a folder, with its folder.
    fn entries(dir: &Path) -> Vec<(PathBuf, PathBuf)> {
        let folders = folders_under(dir).expect("listed");
        let below = |folder: &PathBuf| {
            let entries = fs::read_dir(folder).expect("listed").map(|entry| entry.expect("listed").path());
            entries.map(|entry| (entry, folder.clone())).collect::<Vec<_>>()
        };
        folders.iter().flat_map(below).collect()
    }

    #[tokio::test]
    async fn a_power_cut_after_a_backup_or_a_restore_takes_no_file_and_no_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let [data, to, again] = ["data", "to", "again"].map(|name| dir.path().join(name));
        fs::create_dir_all(data.join("rules/one/dictionaries")).expect("made");
        fs::write(data.join("rules/one/dictionaries/a.tsv"), "a").expect("written");
        fs::write(data.join("masking.key"), "k").expect("written");
        Store::open(&data.join(STORE)).await.expect("opened").close().await;

        let mut synced = Vec::new();
        let mut note = |path: &Path| {
            // What is there of a folder at this moment is what lasts.
            let names =
                if path.is_dir() { entries(path).into_iter().map(|(entry, _)| entry).collect() } else { Vec::new() };
            synced.push((path.to_owned(), names));
            Ok(())
        };
        let now = vocabulary::parse_moment("2024-05-01").expect("a moment");
        backup_by(&data, &to, now, &mut note).await.expect("backed up");
        restore_by(&to, &again, &mut note).expect("restored");
        for (entry, folder) in entries(&to).into_iter().chain(entries(&again)) {
            let name_lasts = synced.iter().any(|(path, names)| *path == folder && names.contains(&entry));
            let bytes_last = entry.is_dir() || synced.iter().any(|(path, _)| *path == entry);
            // The manifest is published by the door for whole files, which syncs it and its folder.
            let is_manifest = entry == to.join(MANIFEST);
            assert!(is_manifest || (name_lasts && bytes_last), "{}", entry.display());
        }
        let parent_lasts = synced.iter().filter(|(path, _)| path == dir.path()).count();
        assert_eq!(parent_lasts, 2, "the new folders themselves last");
    }

    #[tokio::test]
    async fn a_manifest_that_was_changed_restores_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let [from, data] = ["from", "data"].map(|name| dir.path().join(name));
        fs::create_dir(&from).expect("made");
        let mut manifest =
            Manifest { wanglou: "1".to_owned(), made_at: "2024".to_owned(), files: BTreeMap::new(), digest: None };
        manifest.digest = Some(manifest.own_digest().expect("made"));
        manifest.made_at = "2025".to_owned();
        fs::write(from.join(MANIFEST), serde_json::to_string(&manifest).expect("JSON")).expect("written");
        let now = vocabulary::parse_moment("2024-05-01").expect("a moment");
        let error = restore(&from, &data, now).await.expect_err("changed").to_string();
        assert!(error.contains("backup.json") && !data.exists(), "{error}");
    }
}
