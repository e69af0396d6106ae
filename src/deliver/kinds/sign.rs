//! HMAC-SHA256, by which kinds of endpoints sign. Pure.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub(super) fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length; the error type is for other constructions.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}
