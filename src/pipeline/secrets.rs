//! The keys that secrets are sealed with: from the settings into the store, and new ones into a file of theirs.
#![expect(clippy::disallowed_methods, reason = "an edge: the key file is made here")]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::error::PipelineError;
use archive::files::{Files, Readers, aside, publish_aside};
use config::Settings;
use store::{SECRETS_KEY_BYTES, Store, Vault, key_id};
use vocabulary::refused;

/// The database of a data folder, opened with the keys of the settings.
///
/// # Errors
/// Those of [`Store::open`].
pub async fn open_store(settings: &Settings) -> Result<Store, PipelineError> {
    Ok(Store::open_with(&settings.data.join("wanglou.sqlite"), vault_of(settings)?).await?)
}

/// The keys of the settings.
///
/// # Errors
/// [`PipelineError::Store`] when the cipher takes no key; a bug.
pub fn vault_of(settings: &Settings) -> Result<Vault, PipelineError> {
    let Some(key) = &settings.secrets_key else { return Ok(Vault::default()) };
    Ok(Vault::new(&key.file, &key.keys).map_err(store::StoreError::from)?)
}

/// Puts a new key into a key file, before those that are there; makes the file, readable to its owner alone, when there is none.
/// From the next start on the new key seals. Gives the id of the key.
///
/// # Errors
/// [`PipelineError::Refused`] for a file that holds something else, [`PipelineError::Io`] when it cannot be read or written.
pub fn new_secrets_key(path: &Path) -> Result<String, PipelineError> {
    let before = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(source) => return Err(PipelineError::Io { what: "read", path: path.to_owned(), source }),
    };
    let is_key =
        |line: &str| line.len() == SECRETS_KEY_BYTES * 2 && line.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mut lines = before.lines().map(str::trim);
    if !lines.all(|line| line.is_empty() || line.starts_with('#') || is_key(line)) {
        let path = path.display();
        return Err(refused!("{path} 不是密钥文件；没有改动", "{path} is no key file; nothing was changed").into());
    }
    let mut key = [0; SECRETS_KEY_BYTES];
    let no_chance = |error: getrandom::Error| {
        refused!("系统没有给出随机数：“{error}”", "the system gives no random bytes: {error}")
    };
    getrandom::fill(&mut key).map_err(no_chance)?;
    let text = format!("{}\n{before}", HEXLOWER.encode(&key));
    put_private(path, text.as_bytes())?;
    Ok(key_id(&key))
}

/// Puts a file that only its owner can read in place of what is there, whole or not at all.
pub(super) fn put_private(path: &Path, bytes: &[u8]) -> Result<(), PipelineError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = aside(path);
    // What a run that was cut off left there.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(PipelineError::Io { what: "remove", path: beside, source: error });
        }
        _ => {}
    }
    let name = beside.file_name().map(PathBuf::from).unwrap_or_default();
    if !Files::of_folder(folder).create(&name.to_string_lossy(), bytes, Readers::Owner)? {
        return Err(PipelineError::Io { what: "create", path: beside, source: ErrorKind::AlreadyExists.into() });
    }
    Ok(publish_aside(&beside, path)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Overrides;

    #[test]
    fn a_new_key_stands_before_the_old_ones_in_a_file_of_its_owner() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("secrets.key");
        let one = new_secrets_key(&path).expect("made");
        let two = new_secrets_key(&path).expect("added");
        assert_ne!(one, two);
        let data = Some(dir.path().join("data"));
        let flags = Overrides { data, secrets_key: Some(path.clone()), ..Overrides::default() };
        let vault = vault_of(&Settings::load(None, flags).expect("good")).expect("a vault");
        assert_eq!(vault.key_ids(), [two.as_str(), one.as_str()], "the newest seals");
        assert!(!aside(&path).exists());
        #[cfg(unix)]
        {
            let found = fs::metadata(&path).expect("there").permissions();
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&found) & 0o777, 0o600);
        }
        fs::write(&path, "port = 80\n").expect("written");
        assert!(new_secrets_key(&path).is_err());
        assert_eq!(fs::read_to_string(&path).expect("read"), "port = 80\n", "what is no key file stays");
    }
}
