//! The robot of a Feishu group (飞书): plain text, signed in the body.

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::json;

use super::super::contents::Contents;
use super::super::ways::post::Request;
use super::sign::hmac_sha256;
use super::{AddressForm, Manual, PostedKind, Secret, json_request, robot};
use vocabulary::Endpoint;

pub(super) struct Feishu;

impl PostedKind for Feishu {
    fn manual(&self) -> Manual {
        Manual {
            address: AddressForm::Url,
            secret: Secret::Given,
            en: "the message of a Feishu group robot, bounded to what it takes",
            zh: "飞书群机器人的消息，长度在其上限之内",
        }
    }

    fn request(&self, endpoint: &Endpoint, contents: &Contents<'_>, now: Timestamp) -> Result<Request, String> {
        let mut body = json!({"msg_type": "text", "content": {"text": robot::text(contents, false)}});
        if let Some(secret) = &endpoint.secret {
            let seconds = now.as_second();
            body["timestamp"] = json!(seconds.to_string());
            body["sign"] = json!(signature(secret, seconds));
        }
        Ok(json_request(endpoint.url.clone(), body.to_string()))
    }

    fn accepted(&self, answer: &[u8]) -> Result<(), String> {
        robot::accepted("code", answer)
    }
}

/// `sign` of a robot: HMAC-SHA256 of nothing, with `seconds\nsecret` as the key, base64.
fn signature(secret: &str, seconds: i64) -> String {
    BASE64.encode(&hmac_sha256(format!("{seconds}\n{secret}").as_bytes(), b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_other_programs_compute() {
        // Expected value by Python's hmac and base64.
        assert_eq!(signature("abc", 1_700_000_000), "VIS10b0EBvzzSdFnuk4tznEmK5wHaruvf/WnViv2yR4=");
    }
}
