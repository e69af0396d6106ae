//! The secret under which masked personal data is hashed: one file in the data folder, made at the first opening. With it one
//! complainant counts once, whatever source he writes to; without it nobody can try phone numbers against the hashes.

#![expect(clippy::disallowed_methods, reason = "an edge: the key file is made and read here")]

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::error::PipelineError;
use super::kept;
use archive::ArchiveError;
use archive::files::{Files, Readers};
use collect::Masker;
use store::Store;
use vocabulary::{Refused, refused};

/// Its name in the data folder.
const KEY_FILE: &str = "masking.key";
/// Random bytes of a key that is made here.
const KEY_BYTES: usize = 32;
/// Shortest key that is taken, in characters, when somebody wrote one.
const KEY_CHARS_MIN: usize = 32;
/// Longest key file that is read.
const KEY_CHARS_MAX: u64 = 4_096;

/// The masker of a data folder, whose key is made and its digest kept when there is none.
///
/// # Errors
/// As [`masker_of`]; when the digest cannot be kept.
pub(super) async fn masker_in(data: &Path, store: &Store) -> Result<Masker, PipelineError> {
    let is_new = !data.join(KEY_FILE).exists();
    let masker = masker_of(data)?;
    if is_new {
        let mut tx = store.begin().await?;
        kept::record(&mut tx, data, KEY_FILE).await?;
        tx.commit().await?;
    }
    Ok(masker)
}

/// The masker of a data folder. Makes the key when there is none.
///
/// # Errors
/// [`PipelineError::MaskingKey`] when there is one that cannot be read or is too short, or none can be made.
fn masker_of(data: &Path) -> Result<Masker, PipelineError> {
    let path = data.join(KEY_FILE);
    let unusable = |why: Refused| PipelineError::MaskingKey { path: path.clone(), why };
    let unreadable = |error: std::io::Error| unusable(refused!("无法读取：“{error}”", "it cannot be read: {error}"));
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return make(data)
                .map_err(|error| unusable(refused!("无法生成：“{error}”", "it could not be made: {error}")));
        }
        Err(error) => return Err(unreadable(error)),
    };
    warn_if_open(&file, &path);
    let mut text = String::new();
    file.take(KEY_CHARS_MAX).read_to_string(&mut text).map_err(unreadable)?;
    let secret = text.trim();
    if secret.len() < KEY_CHARS_MIN {
        return Err(unusable(refused!(
            "只有 {} 个字符，至少要 {KEY_CHARS_MIN} 个",
            "it holds {} characters, at least {KEY_CHARS_MIN} are needed",
            secret.len()
        )));
    }
    Ok(Masker::with_secret(secret.as_bytes()))
}

/// Makes a key that only its owner can read; on the disk before anything is hashed with it.
fn make(data: &Path) -> std::io::Result<Masker> {
    let mut secret = [0; KEY_BYTES];
    getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
    let secret = data_encoding::HEXLOWER.encode(&secret);
    let made = Files::of_folder(data).create(KEY_FILE, format!("{secret}\n").as_bytes(), Readers::Owner);
    let made = made.map_err(|error| match error {
        ArchiveError::Io { source, .. } => source,
        other => std::io::Error::other(other),
    });
    if !made? {
        return Err(ErrorKind::AlreadyExists.into());
    }
    Ok(Masker::with_secret(secret.as_bytes()))
}

/// Who else can read the key can test guesses.
fn warn_if_open(file: &File, path: &Path) {
    #[cfg(unix)]
    if let Ok(found) = file.metadata() {
        let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            tracing::warn!("{} has mode {mode:o}: others can read it; `chmod 600` it", path.display());
        }
    }
    #[cfg(not(unix))]
    let _ = (file, path);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn hashed(masker: &Masker) -> String {
        format!("{:?}", masker.mask("电话13800138000").1)
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_used_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = hashed(&masker_of(dir.path()).expect("made"));
        assert_eq!(hashed(&masker_of(dir.path()).expect("read")), first);
        let other = tempfile::tempdir().expect("a folder");
        assert_ne!(hashed(&masker_of(other.path()).expect("made")), first, "another folder has another key");
        #[cfg(unix)]
        {
            let found = fs::metadata(dir.path().join(KEY_FILE)).expect("there").permissions();
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&found) & 0o777, 0o600);
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_is_named_and_never_replaced() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(KEY_FILE);
        fs::write(&path, "short\n").expect("written");
        let error = masker_of(dir.path()).expect_err("too short").to_string();
        assert!(error.contains("masking.key") && error.contains("5 characters"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("read"), "short\n");
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("a folder in its place");
        let error = masker_of(dir.path()).expect_err("unreadable").to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
