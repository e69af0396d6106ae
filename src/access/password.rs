//! Passwords: argon2id with its recommended cost (19 MiB, two passes, one lane; OWASP Password Storage Cheat Sheet).

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Shortest password, in characters (NIST SP 800-63B asks for at least 8).
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longest password, in characters: hashing costs time by length.
pub const PASSWORD_CHARS_MAX: usize = 200;

/// Digest of a password with a salt of its own, as a PHC string. Takes tens of milliseconds: not on a thread that serves.
pub(super) fn digest(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

/// Whether the password is that of the digest. A digest that cannot be read fits no password.
pub(super) fn fits(password: &str, digest: &str) -> bool {
    PasswordHash::new(digest)
        .is_ok_and(|digest| Argon2::default().verify_password(password.as_bytes(), &digest).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_digest_and_no_other() {
        let (one, again) =
            (digest("望楼上的灯笼二十盏").expect("digest"), digest("望楼上的灯笼二十盏").expect("digest"));
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && one != again, "salted");
        assert!(fits("望楼上的灯笼二十盏", &one) && fits("望楼上的灯笼二十盏", &again));
        assert!(!fits("望楼上的灯笼二十", &one) && !fits("", &one));
        assert!(!fits("x", "not a digest") && !fits("x", ""));
    }
}
