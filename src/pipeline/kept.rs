//! Digests of files that nothing else protects: the masking key, promoted rules, results of planned reruns, lines set aside. They are small
//! facts of the store, written in the transaction that makes the file count, or at the next opening.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::error::PipelineError;
use super::files::{digest, files_under, folders_under, name_below, sync};
use store::{Store, Tx};
use vocabulary::{Refused, refused};

/// How the names of these facts begin; the rest is the name below the data folder.
const PREFIX: &str = "digest.";
/// Files and folders that a backup brings back: one that is missing was lost.
const NEEDED: [&str; 2] = ["masking.key", "rules/"];
/// Folders each of whose entries has a digest of its own.
const FOLDERS: [&str; 2] = ["rules", "rejects"];

/// Keeps the digest of a file or folder as it is now, in the transaction that makes it count.
pub(super) async fn record(tx: &mut Tx, data: &Path, name: &str) -> Result<(), PipelineError> {
    if let Some(digest) = digest_of(&data.join(name))? {
        Store::set_fact(tx, &format!("{PREFIX}{name}"), &digest).await?;
    }
    Ok(())
}

/// Forgets the digest of a file or folder, before it is changed or removed.
pub(super) async fn forget(tx: &mut Tx, name: &str) -> Result<(), PipelineError> {
    Ok(Store::remove_fact(tx, &format!("{PREFIX}{name}")).await?)
}

/// Keeps the digests of what has none: an earlier version wrote it, or a crash came before it was kept.
pub(super) async fn adopt(store: &Store, data: &Path) -> Result<(), PipelineError> {
    let known: BTreeSet<String> = store.facts_of(PREFIX).await?.into_iter().map(|(key, _)| key).collect();
    let mut names = vec!["masking.key".to_owned()];
    for folder in FOLDERS {
        let dir = data.join(folder);
        let io = |source| PipelineError::Io { what: "list", path: dir.clone(), source };
        for entry in dir.is_dir().then(|| fs::read_dir(&dir)).transpose().map_err(io)?.into_iter().flatten() {
            let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
            // What is still being made has no name yet.
            if Path::new(&name).extension().is_none_or(|ending| ending != "part") {
                names.push(format!("{folder}/{name}"));
            }
        }
    }
    names.retain(|name| !known.contains(&format!("{PREFIX}{name}")) && data.join(name).exists());
    if names.is_empty() {
        return Ok(());
    }
    // What a killed run left may not be on the disk yet, its name neither: a digest of what a power cut takes would be one of something lost.
    for name in &names {
        hold(data, &data.join(name))?;
    }
    let mut tx = store.begin().await?;
    for name in names {
        record(&mut tx, data, &name).await?;
    }
    Ok(tx.commit().await?)
}

/// Has the disk take a file or folder with all below it, and its name up to the data folder.
fn hold(data: &Path, path: &Path) -> Result<(), PipelineError> {
    let mut paths = if path.is_dir() { files_under(path)? } else { vec![path.to_owned()] };
    if path.is_dir() {
        paths.extend(folders_under(path)?);
    }
    paths.extend(path.ancestors().skip(1).take_while(|above| above.starts_with(data)).map(Path::to_owned));
    for path in paths {
        sync(&path).map_err(|source| PipelineError::Io { what: "put to the disk", path, source })?;
    }
    Ok(())
}

/// Holds everything that has a digest against it: how many there are, and which are not what they were.
pub(super) async fn misfits(store: &Store, data: &Path) -> Result<(u64, Vec<Refused>), PipelineError> {
    let (mut kept, mut misfits) = (0, Vec::new());
    for (key, stated) in store.facts_of(PREFIX).await? {
        let name = key.strip_prefix(PREFIX).unwrap_or(&key);
        match digest_of(&data.join(name))? {
            Some(found) if found == stated => kept += 1,
            // A folder without a file, which an earlier version gave a digest: a backup holds files, and brings no such folder back.
            None if stated == blake3::hash(b"").to_hex().as_str() => kept += 1,
            Some(_) => misfits.push(refused!("{name}：与写入时不符", "{name} does not hold what was written")),
            None if NEEDED.iter().any(|needed| name.starts_with(needed)) => {
                misfits.push(refused!("{name}：缺失", "{name} is missing"));
            }
            // Lines set aside and results may be removed by whoever needs them no longer.
            None => {}
        }
    }
    Ok((kept, misfits))
}

/// The digest of a file, or of a folder with the names of its files; none when there is nothing, or a folder without a file: a promotion back
/// to the shipped rules has one.
fn digest_of(path: &Path) -> Result<Option<String>, PipelineError> {
    if path.is_file() {
        return Ok(Some(digest(path)?.to_hex().to_string()));
    }
    if !path.is_dir() {
        return Ok(None);
    }
    let files = files_under(path)?;
    if files.is_empty() {
        return Ok(None);
    }
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let name = name_below(path, &file);
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(digest(&file)?.as_bytes());
    }
    Ok(Some(hasher.finalize().to_hex().to_string()))
}
