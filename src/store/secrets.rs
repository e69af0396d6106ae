//! Secrets that must be given back as they were, such as what messages are signed with: sealed with a key that does not lie beside them.
//!
//! A sealed value is text: `sealed:1:KEY:DATA`, with the id of the key and the base64 of nonce, ciphertext and tag of AES-256-GCM. The place
//! where the value stands (table, row, column) is authenticated with it, so that a value that is copied to another row does not open there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use vocabulary::Said;

/// Bytes of a key.
pub const SECRETS_KEY_BYTES: usize = 32;
/// How a sealed value begins. The number is that of the form.
const SEALED: &str = "sealed:1:";
/// Bytes of the digest of a key that name it.
const KEY_ID_BYTES: usize = 8;
/// What the id of a key is derived under: an id says nothing of the key.
const KEY_ID_CONTEXT: &str = "wanglou 2026-11 id of a key for secrets";
/// Begins what is authenticated with a value.
const PURPOSE: &str = "wanglou secret 1";

/// Why a secret could not be kept or given back. No secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is sealed, or is to be kept sealed, and there is no key.
    #[error(
        "{place} is sealed and no key was given: name the key file with `secrets_key_file` in the settings (--config), with \
         --secrets-key or WANGLOU_SECRETS_KEY"
    )]
    NoKey {
        /// Where it stands.
        place: String,
    },
    /// It was sealed with a key that is not in the key file.
    #[error(
        "{place} was sealed with the key {key}, which is not in {}: give the key file that holds it, or add its line behind those \
         there; `wanglou secrets status` shows the ids", file.display()
    )]
    OtherKey {
        /// Where it stands.
        place: String,
        /// Id of the key.
        key: String,
        /// The key file.
        file: PathBuf,
    },
    /// It is not what was sealed for this place: changed, or copied from elsewhere.
    #[error(
        "{place} is not what was sealed there: it was changed, or copied from another row; bring back a backup, or make it anew \
         (`wanglou deliver remove`, `wanglou deliver add`; `wanglou buyers retire`, `wanglou buyers add`)"
    )]
    Altered {
        /// Where it stands.
        place: String,
    },
    /// A value that reads as if it were sealed.
    #[error("{place} may not begin with `sealed:1:`")]
    Reserved {
        /// Where it was to stand.
        place: String,
    },
    /// The cipher refused; a bug, or no random numbers.
    #[error("{place} could not be sealed")]
    Cipher {
        /// Where it was to stand.
        place: String,
    },
}

impl Said for SecretError {
    fn zh(&self) -> String {
        match self {
            Self::NoKey { place } => format!(
                "{place} 已加密，但没有给出密钥：请在设置文件（--config）里用 `secrets_key_file` 指定密钥文件，\
                 或用 --secrets-key、WANGLOU_SECRETS_KEY"
            ),
            Self::OtherKey { place, key, file } => format!(
                "{place} 是用密钥 {key} 加密的，而 {} 里没有这把密钥：请给出含有它的密钥文件，或把它的那一行加在后面；\
                 各密钥的编号见 `wanglou secrets status`",
                file.display()
            ),
            Self::Altered { place } => format!(
                "{place} 不是当初为这一处加密的内容：被改动，或从别的行复制而来；请恢复备份，或重新建立\
                 （`wanglou deliver remove`、`wanglou deliver add`；`wanglou buyers retire`、`wanglou buyers add`）"
            ),
            Self::Reserved { place } => format!("{place} 不能以 `sealed:1:` 开头"),
            Self::Cipher { place } => format!("{place} 无法加密"),
        }
    }
}

/// Where a secret stands: a sealed one opens there alone.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table, or the file.
    pub table: &'a str,
    /// Key of the row.
    pub row: &'a str,
    /// The column, or the field of it.
    pub column: &'a str,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table)?;
        for part in [self.row, self.column].into_iter().filter(|part| !part.is_empty()) {
            write!(f, "/{part}")?;
        }
        Ok(())
    }
}

impl Place<'_> {
    /// What is authenticated with a value: every part with its length before it, so that no two places read the same.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [PURPOSE, self.table, self.row, self.column] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// A key with its id.
struct Key {
    id: String,
    cipher: RandomizedNonceKey,
}

struct Keys {
    file: PathBuf,
    keys: Vec<Key>,
}

/// What secrets are sealed and opened with. Clones share the keys. The default has no key: it keeps secrets as they are, and opens no sealed one.
#[derive(Clone, Default)]
pub struct Vault(Option<Arc<Keys>>);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vault").field(&self.key_ids()).finish()
    }
}

impl Vault {
    /// A vault with the keys of a file: the first seals, all open. `file` is named in errors; without keys this is the default.
    ///
    /// # Errors
    /// [`SecretError::Cipher`] when the cipher takes no key; a bug.
    pub fn new(file: &Path, keys: &[[u8; SECRETS_KEY_BYTES]]) -> Result<Self, SecretError> {
        let made = keys.iter().map(|key| {
            let cipher = RandomizedNonceKey::new(&AES_256_GCM, key);
            let cipher = cipher.map_err(|_| SecretError::Cipher { place: file.display().to_string() })?;
            Ok(Key { id: key_id(key), cipher })
        });
        let keys: Vec<Key> = made.collect::<Result<_, SecretError>>()?;
        Ok(Self((!keys.is_empty()).then(|| Arc::new(Keys { file: file.to_owned(), keys }))))
    }

    /// The ids of its keys, the one that seals first.
    #[must_use]
    pub fn key_ids(&self) -> Vec<&str> {
        self.0.iter().flat_map(|keys| &keys.keys).map(|key| key.id.as_str()).collect()
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn sealing_key(&self) -> Option<&str> {
        self.key_ids().first().copied()
    }

    /// The form in which a secret is kept at a place: sealed, or as it is where there is no key.
    ///
    /// # Errors
    /// [`SecretError::Reserved`] for one that would be kept as it is and reads as if it were sealed.
    pub fn seal(&self, place: Place<'_>, secret: &str) -> Result<String, SecretError> {
        let Some(key) = self.0.as_ref().and_then(|keys| keys.keys.first()) else {
            if key_of(secret).is_some() {
                return Err(SecretError::Reserved { place: place.to_string() });
            }
            return Ok(secret.to_owned());
        };
        let mut sealed = secret.as_bytes().to_vec();
        let nonce = key.cipher.seal_in_place_append_tag(Aad::from(place.bytes()), &mut sealed);
        let nonce = nonce.map_err(|_| SecretError::Cipher { place: place.to_string() })?;
        let data = [nonce.as_ref().as_slice(), &sealed].concat();
        Ok(format!("{SEALED}{}:{}", key.id, BASE64URL_NOPAD.encode(&data)))
    }

    /// The secret that is kept at a place. One that is not sealed is given as it is.
    ///
    /// # Errors
    /// [`SecretError`] for a sealed one that does not open: no key, another key, or not what was sealed for this place.
    pub fn open(&self, place: Place<'_>, kept: &str) -> Result<String, SecretError> {
        let Some(id) = key_of(kept) else { return Ok(kept.to_owned()) };
        let Some(keys) = &self.0 else { return Err(SecretError::NoKey { place: place.to_string() }) };
        let Some(key) = keys.keys.iter().find(|key| key.id == id) else {
            return Err(self.lacks(place, id));
        };
        let altered = || SecretError::Altered { place: place.to_string() };
        let (_, data) = kept.rsplit_once(':').ok_or_else(altered)?;
        let mut data = BASE64URL_NOPAD.decode(data.as_bytes()).map_err(|_| altered())?;
        let (nonce, sealed) = data.split_at_mut_checked(NONCE_LEN).ok_or_else(altered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| altered())?;
        let secret = key.cipher.open_in_place(nonce, Aad::from(place.bytes()), sealed).map_err(|_| altered())?;
        String::from_utf8(secret.to_vec()).map_err(|_| altered())
    }

    /// The error for what is sealed with a key that this vault does not have.
    pub(crate) fn lacks(&self, place: impl fmt::Display, key: &str) -> SecretError {
        let place = place.to_string();
        match &self.0 {
            None => SecretError::NoKey { place },
            Some(keys) => SecretError::OtherKey { place, key: key.to_owned(), file: keys.file.clone() },
        }
    }

    /// Whether a value is kept as this vault would keep it now: sealed with the first key, or as it is where there is no key.
    #[must_use]
    pub fn is_current(&self, kept: &str) -> bool {
        key_of(kept) == self.sealing_key()
    }
}

/// The id of the key that a value is sealed with; none when it is not sealed. Whatever begins as a sealed value counts as one.
#[must_use]
pub fn key_of(kept: &str) -> Option<&str> {
    kept.strip_prefix(SEALED)?.split(':').next()
}

/// The id of a key: it names the key and says nothing of it.
#[must_use]
pub fn key_id(key: &[u8; SECRETS_KEY_BYTES]) -> String {
    HEXLOWER.encode(&blake3::derive_key(KEY_ID_CONTEXT, key)[..KEY_ID_BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place { table: "endpoints", row: "desk", column: "secret" };

    fn vault(keys: &[u8]) -> Vault {
        let keys: Vec<_> = keys.iter().map(|key| [*key; SECRETS_KEY_BYTES]).collect();
        Vault::new(Path::new("w.key"), &keys).expect("a vault")
    }

    #[test]
    fn what_is_sealed_opens_at_its_own_place_alone() {
        let vault = vault(&[1]);
        let (one, two) = (vault.seal(HERE, "whsec_1").expect("sealed"), vault.seal(HERE, "whsec_1").expect("sealed"));
        assert_ne!(one, two, "the same secret never reads the same");
        assert!(!one.contains("whsec_1") && one.starts_with("sealed:1:"), "{one}");
        assert_eq!(vault.open(HERE, &one).expect("opened"), "whsec_1");
        for elsewhere in [
            Place { row: "other", ..HERE },
            Place { column: "url", ..HERE },
            Place { table: "endpoint", row: "sdesk", ..HERE },
        ] {
            assert!(matches!(vault.open(elsewhere, &one), Err(SecretError::Altered { .. })), "{elsewhere}");
        }
    }

    #[test]
    fn any_changed_or_missing_character_is_noticed() {
        let vault = vault(&[1]);
        let sealed = vault.seal(HERE, "whsec_1").expect("sealed");
        for at in SEALED.len()..sealed.len() {
            let other = if sealed.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut changed = sealed.clone();
            changed.replace_range(at..=at, other);
            assert!(vault.open(HERE, &changed).is_err(), "{changed}");
            assert_ne!(vault.open(HERE, &sealed[..at]).ok().as_deref(), Some("whsec_1"), "cut at {at}");
        }
    }

    #[test]
    fn a_new_key_seals_while_the_old_one_still_opens_until_it_is_taken_out() {
        let sealed = vault(&[1]).seal(HERE, "s").expect("sealed");
        let both = vault(&[2, 1]);
        assert_eq!(both.open(HERE, &sealed).expect("opened"), "s");
        assert!(!both.is_current(&sealed) && vault(&[1]).is_current(&sealed));
        let again = both.seal(HERE, "s").expect("sealed");
        assert!(both.is_current(&again));
        assert_eq!(vault(&[2]).open(HERE, &again).expect("opened"), "s");
        let refused = vault(&[2]).open(HERE, &sealed).expect_err("its key is gone");
        assert!(
            refused.to_string().contains(&key_id(&[1; SECRETS_KEY_BYTES])) && refused.to_string().contains("w.key")
        );
    }

    #[test]
    fn without_a_key_secrets_stay_as_they_are_and_sealed_ones_shut() {
        let none = Vault::default();
        assert_eq!(none.seal(HERE, "s").expect("kept"), "s");
        assert!(none.is_current("s") && none.sealing_key().is_none());
        let sealed = vault(&[1]).seal(HERE, "s").expect("sealed");
        let refused = none.open(HERE, &sealed).expect_err("shut");
        assert!(matches!(refused, SecretError::NoKey { .. }) && refused.zh().contains("secrets_key_file"));
        assert!(matches!(none.seal(HERE, &sealed), Err(SecretError::Reserved { .. })), "it would read as sealed");
    }
}
