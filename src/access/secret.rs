//! Secrets made by chance, and their digests.
//!
//! A secret of 256 bits needs no slow hash: its digest can be looked up but not reversed.

use data_encoding::BASE64URL_NOPAD;

use super::AccessError;

/// Bytes of chance in a secret.
const SECRET_BYTES: usize = 32;
/// Bytes of chance in a public name.
const NAME_BYTES: usize = 6;
/// What the digests of form keys are bound to.
const FORM_CONTEXT: &str = "wanglou 2026 key of forms in a session";

/// A fresh secret: 43 characters of base64url.
///
/// # Errors
/// [`AccessError::Chance`] when the system gives no random bytes.
pub fn fresh() -> Result<String, AccessError> {
    Ok(BASE64URL_NOPAD.encode(&chance::<SECRET_BYTES>()?))
}

/// Whether a text could be one that [`fresh`] gave: what follows from an empty or a short one, anybody can compute.
#[must_use]
pub fn is_secret(text: &str) -> bool {
    BASE64URL_NOPAD.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == SECRET_BYTES)
}

/// A fresh public name: letters and digits that can be read aloud.
pub(super) fn fresh_name() -> Result<String, AccessError> {
    Ok(data_encoding::HEXLOWER.encode(&chance::<NAME_BYTES>()?))
}

fn chance<const N: usize>() -> Result<[u8; N], AccessError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| AccessError::Chance(error.to_string()))?;
    Ok(bytes)
}

/// What is kept of a secret.
pub(super) fn digest(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

/// What forms carry so that another site cannot send them: derived from a secret that other sites cannot read, and useless as that secret.
#[must_use]
pub fn form_key(secret: &str) -> String {
    derived(FORM_CONTEXT, secret)[..32].to_owned()
}

/// What follows from a secret for one purpose: 64 hexadecimal digits that tell nothing of the secret, nor of what follows for another.
pub(super) fn derived(purpose: &str, secret: &str) -> String {
    blake3::Hash::from(blake3::derive_key(purpose, secret.as_bytes())).to_hex().to_string()
}

/// Whether two secrets are the same, in a time that does not depend on where they differ.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    blake3::hash(a.as_bytes()) == blake3::hash(b.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_their_form_keys_tell_nothing_of_them() {
        let (a, b) = (fresh().expect("chance"), fresh().expect("chance"));
        assert!(a != b && a.len() == 43 && digest(&a) != digest(&b));
        assert!(form_key(&a) != form_key(&b) && form_key(&a) != digest(&a)[..32]);
        assert!(is_secret(&a) && !is_secret("") && !is_secret(&a[1..]) && !is_secret(&a.replace(&a[..1], "+")));
        assert!(same(&a, &a) && !same(&a, &b) && !same(&a, ""));
    }
}
