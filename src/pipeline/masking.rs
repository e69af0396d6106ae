//! The secret under which masked personal data is hashed: one file in the data folder, made at the first opening. With it one
//! complainant counts once, whatever source he writes to; without it nobody can try phone numbers against the hashes. Where the settings name
//! a key for secrets, the file holds it sealed: a copy of the folder is of no use to whoever tries numbers.

#![expect(clippy::disallowed_methods, reason = "an edge: the key file is made and read here")]

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::error::PipelineError;
use super::kept;
use super::secrets::put_private;
use archive::ArchiveError;
use archive::files::{Files, Readers};
use collect::Masker;
use store::{Place, Store, StoreError, Vault};
use vocabulary::{Refused, refused};

/// Its name in the data folder.
const KEY_FILE: &str = "masking.key";
/// Random bytes of a key that is made here.
const KEY_BYTES: usize = 32;
/// Shortest key that is taken, in characters, when somebody wrote one.
const KEY_CHARS_MIN: usize = 32;
/// Longest key file that is read.
const KEY_CHARS_MAX: u64 = 4_096;

/// Where it stands, for the seal.
const PLACE: Place<'_> = Place { table: KEY_FILE, row: "", column: "" };

/// The masker of a data folder. Makes the key when there is none, seals one that is there plain or under an older key, and keeps the digest
/// of what it writes.
///
/// # Errors
/// [`PipelineError::MaskingKey`] when there is one that cannot be read or is too short, or none can be made;
/// [`PipelineError::Store`] with [`StoreError::Secret`] when it is sealed and does not open, or when the digest cannot be kept.
pub(super) async fn masker_in(data: &Path, store: &Store, vault: &Vault) -> Result<Masker, PipelineError> {
    let found = Found::in_folder(data, vault)?;
    let is_written = !matches!(found, Found::Current(_));
    if is_written {
        // A crash between the two leaves a file without a digest; the next opening adopts it.
        let mut tx = store.begin().await?;
        kept::forget(&mut tx, KEY_FILE).await?;
        tx.commit().await?;
    }
    let masker = found.masker(data, vault)?;
    if is_written {
        let mut tx = store.begin().await?;
        kept::record(&mut tx, data, KEY_FILE).await?;
        tx.commit().await?;
    }
    Ok(masker)
}

/// The key of a data folder as it was found.
enum Found {
    /// There is none.
    Missing,
    /// As it is to be kept.
    Current(String),
    /// Plain where it is to be sealed, or sealed with an older key.
    Older(String),
}

impl Found {
    fn in_folder(data: &Path, vault: &Vault) -> Result<Self, PipelineError> {
        let path = data.join(KEY_FILE);
        let unusable = |why: Refused| PipelineError::MaskingKey { path: path.clone(), why };
        let unreadable =
            |error: std::io::Error| unusable(refused!("无法读取：“{error}”", "it cannot be read: {error}"));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Missing),
            Err(error) => return Err(unreadable(error)),
        };
        warn_if_open(&file, &path);
        let mut text = String::new();
        file.take(KEY_CHARS_MAX).read_to_string(&mut text).map_err(unreadable)?;
        let kept = text.trim();
        let secret = vault.open(PLACE, kept).map_err(StoreError::from)?;
        if secret.len() < KEY_CHARS_MIN {
            return Err(unusable(refused!(
                "只有 {} 个字符，至少要 {KEY_CHARS_MIN} 个",
                "it holds {} characters, at least {KEY_CHARS_MIN} are needed",
                secret.len()
            )));
        }
        Ok(if vault.is_current(kept) { Self::Current(secret) } else { Self::Older(secret) })
    }

    /// The masker with this key, once the file is as it is to be.
    fn masker(self, data: &Path, vault: &Vault) -> Result<Masker, PipelineError> {
        let path = data.join(KEY_FILE);
        match self {
            Self::Missing => make(data, vault).map_err(|error| {
                let why = refused!("无法生成：“{error}”", "it could not be made: {error}");
                PipelineError::MaskingKey { path, why }
            }),
            Self::Current(secret) => Ok(Masker::with_secret(secret.as_bytes())),
            Self::Older(secret) => {
                let sealed = vault.seal(PLACE, &secret).map_err(StoreError::from)?;
                put_private(&path, format!("{sealed}\n").as_bytes())?;
                Ok(Masker::with_secret(secret.as_bytes()))
            }
        }
    }
}

/// Makes a key that only its owner can read; on the disk before anything is hashed with it.
fn make(data: &Path, vault: &Vault) -> std::io::Result<Masker> {
    let mut secret = [0; KEY_BYTES];
    getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
    let secret = data_encoding::HEXLOWER.encode(&secret);
    let kept = vault.seal(PLACE, &secret).map_err(std::io::Error::other)?;
    let made = Files::of_folder(data).create(KEY_FILE, format!("{kept}\n").as_bytes(), Readers::Owner);
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

    fn masker_of(data: &Path, vault: &Vault) -> Result<Masker, PipelineError> {
        Found::in_folder(data, vault)?.masker(data, vault)
    }

    fn hashed(masker: &Masker) -> String {
        format!("{:?}", masker.mask("电话13800138000").1)
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_used_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = hashed(&masker_of(dir.path(), &Vault::default()).expect("made"));
        assert_eq!(hashed(&masker_of(dir.path(), &Vault::default()).expect("read")), first);
        let other = tempfile::tempdir().expect("a folder");
        assert_ne!(
            hashed(&masker_of(other.path(), &Vault::default()).expect("made")),
            first,
            "another folder has another key"
        );
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
        let error = masker_of(dir.path(), &Vault::default()).expect_err("too short").to_string();
        assert!(error.contains("masking.key") && error.contains("5 characters"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("read"), "short\n");
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("a folder in its place");
        let error = masker_of(dir.path(), &Vault::default()).expect_err("unreadable").to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }

    #[test]
    fn a_key_is_sealed_where_there_is_a_key_for_secrets_and_hashes_as_before() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(KEY_FILE);
        let vault = |keys: &[u8]| {
            let keys: Vec<_> = keys.iter().map(|key| [*key; 32]).collect();
            Vault::new(Path::new("secrets.key"), &keys).expect("a vault")
        };
        let first = hashed(&masker_of(dir.path(), &Vault::default()).expect("made"));
        let plain = fs::read_to_string(&path).expect("read");
        for keys in [&[1][..], &[1], &[2, 1], &[2]] {
            assert_eq!(hashed(&masker_of(dir.path(), &vault(keys)).expect("opened")), first, "{keys:?}");
            let kept = fs::read_to_string(&path).expect("read");
            assert!(kept.starts_with("sealed:1:") && !kept.contains(plain.trim()), "{keys:?}");
        }
        for shut in [Vault::default(), vault(&[1])] {
            let refused = masker_of(dir.path(), &shut).expect_err("sealed with another key").to_string();
            assert!(refused.contains("masking.key") && !refused.contains("delete"), "{refused}");
        }
        let fresh = tempfile::tempdir().expect("a folder");
        masker_of(fresh.path(), &vault(&[1])).expect("made");
        assert!(fs::read_to_string(fresh.path().join(KEY_FILE)).expect("read").starts_with("sealed:1:"));
    }
}
