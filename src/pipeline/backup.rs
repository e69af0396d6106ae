//! A data folder put away whole, and brought back only when every byte is what it was.
//!
//! What cannot be made again is taken: the database as it is at one moment, then the raw exchanges (they are written before the log
//! names them, so all it names are there), the lines set aside, the rules that were put in force, the masking key. Signals and index are derived: the log fills them
//! again at the first start.
#![expect(clippy::disallowed_methods, reason = "an edge: copies files")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PipelineError;
use super::files::{digest, files_under, name_below};
use super::private::private_folder;
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
}

impl Manifest {
    /// Bytes in all.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|(_, bytes)| bytes).sum()
    }
}

/// Puts `data` away into `to`, a new or empty folder. A tower may be running.
pub async fn backup(data: &Path, to: &Path, now: Timestamp) -> Result<Manifest, PipelineError> {
    if !data.join(STORE).is_file() {
        return Err(PipelineError::Empty(data.to_owned()));
    }
    new_folder(to)?;
    let store = Store::open(&data.join(STORE)).await?;
    store.copy_to(&to.join(STORE)).await?;
    store.close().await;
    for name in TAKEN {
        let from = data.join(name);
        let files = if from.is_dir() { files_under(&from)? } else { vec![from] };
        for file in files.into_iter().filter(|file| file.is_file()) {
            copy(data, to, &file)?;
        }
    }
    let mut files = BTreeMap::new();
    for path in files_under(to)? {
        files.insert(name_below(to, &path), fact(&path)?);
    }
    let manifest = Manifest { wanglou: env!("CARGO_PKG_VERSION").to_owned(), made_at: show_moment(now), files };
    let text = serde_json::to_string_pretty(&manifest)? + "\n";
    Files::of_folder(to).publish(MANIFEST, text.as_bytes())?;
    Ok(manifest)
}

/// Brings a backup back into `data`, a new or empty folder, after every file of it has been checked.
pub fn restore(from: &Path, data: &Path) -> Result<Manifest, PipelineError> {
    let path = from.join(MANIFEST);
    let text = fs::read(&path).map_err(|source| PipelineError::Io { what: "read", path: path.clone(), source })?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| {
        let path = path.display();
        PipelineError::refused(
            format!("{path}：“{error}”；这是备份吗？"),
            format!("{path}: {error}; is this a backup?"),
        )
    })?;
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
    for name in rest.into_iter().chain(store) {
        copy(from, data, &from.join(name))?;
    }
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

/// Copies one file, with its permissions, to the same place below another folder, to the disk.
fn copy(from: &Path, to: &Path, file: &Path) -> Result<(), PipelineError> {
    let target = to.join(file.strip_prefix(from).unwrap_or(file));
    let io = |source| PipelineError::Io { what: "copy to", path: target.clone(), source };
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    fs::copy(file, &target).map_err(io)?;
    File::open(&target).and_then(|file| file.sync_all()).map_err(io)
}

/// What the manifest says of a file: BLAKE3 and bytes.
fn fact(path: &Path) -> Result<(String, u64), PipelineError> {
    let io = |source| PipelineError::Io { what: "read", path: path.to_owned(), source };
    Ok((digest(path)?.to_hex().to_string(), fs::metadata(path).map_err(io)?.len()))
}
