//! Signatures that receivers check. Pure, but for the making of secrets.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What secrets of webhooks begin with (Standard Webhooks).
const PREFIX: &str = "whsec_";
/// Bytes of a secret; Standard Webhooks asks for 24 to 64.
const SECRET_BYTES: usize = 32;

/// A secret for a webhook: `whsec_` and base64 of 32 random bytes.
///
/// # Errors
/// What the system says when it gives no random bytes.
pub fn fresh_webhook_secret() -> Result<String, String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(format!("{PREFIX}{}", BASE64.encode(&bytes)))
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length; the error type is for other constructions.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// `webhook-signature` of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`; none when the secret is not one.
pub(super) fn webhook(secret: &str, id: &str, seconds: i64, body: &str) -> Option<String> {
    let key = BASE64.decode(secret.strip_prefix(PREFIX)?.as_bytes()).ok()?;
    Some(format!("v1,{}", BASE64.encode(&hmac_sha256(&key, format!("{id}.{seconds}.{body}").as_bytes()))))
}

/// `sign` of a DingTalk robot: HMAC-SHA256 with the secret over `milliseconds\nsecret`, base64, still to be escaped for the address.
pub(super) fn dingtalk(secret: &str, milliseconds: i64) -> String {
    BASE64.encode(&hmac_sha256(secret.as_bytes(), format!("{milliseconds}\n{secret}").as_bytes()))
}

/// `sign` of a Feishu robot: HMAC-SHA256 of nothing, with `seconds\nsecret` as the key, base64.
pub(super) fn feishu(secret: &str, seconds: i64) -> String {
    BASE64.encode(&hmac_sha256(format!("{seconds}\n{secret}").as_bytes(), b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_that_other_programs_compute() {
        // Expected values by Python's hmac and base64.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = webhook(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(dingtalk("SECabc", 1_700_000_000_000), "jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM=");
        assert_eq!(feishu("abc", 1_700_000_000), "VIS10b0EBvzzSdFnuk4tznEmK5wHaruvf/WnViv2yR4=");
        assert_eq!(webhook("not a secret", "a", 1, "b"), None);
    }

    #[test]
    fn secrets_differ_and_sign() {
        let (a, b) = (fresh_webhook_secret().expect("chance"), fresh_webhook_secret().expect("chance"));
        assert!(a != b && webhook(&a, "i", 1, "x").is_some() && webhook(&a, "i", 1, "x") != webhook(&b, "i", 1, "x"));
    }
}
