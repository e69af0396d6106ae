//! The robot of a DingTalk group (钉钉): Markdown, signed in the address.

use std::fmt::Write;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::json;

use super::super::contents::Contents;
use super::super::ways::post::Request;
use super::sign::hmac_sha256;
use super::{AddressForm, Manual, PostedKind, Secret, json_request, robot};
use vocabulary::Endpoint;

pub(super) struct Dingtalk;

impl PostedKind for Dingtalk {
    fn manual(&self) -> Manual {
        Manual {
            address: AddressForm::Url,
            secret: Secret::Given,
            en: "the message of a DingTalk group robot, bounded to what it takes",
            zh: "钉钉群机器人的消息，长度在其上限之内",
        }
    }

    fn request(&self, endpoint: &Endpoint, contents: &Contents<'_>, now: Timestamp) -> Result<Request, String> {
        let markdown = json!({"title": robot::title(contents), "text": robot::text(contents, true)});
        let body = json!({"msgtype": "markdown", "markdown": markdown}).to_string();
        let mut url = endpoint.url.clone();
        if let Some(secret) = &endpoint.secret {
            let at = now.as_millisecond();
            let signed: String = url::form_urlencoded::byte_serialize(signature(secret, at).as_bytes()).collect();
            let _ = write!(url, "{}timestamp={at}&sign={signed}", if url.contains('?') { '&' } else { '?' });
        }
        Ok(json_request(url, body))
    }

    fn accepted(&self, answer: &[u8]) -> Result<(), String> {
        robot::accepted("errcode", answer)
    }
}

/// `sign` of a robot: HMAC-SHA256 with the secret over `milliseconds\nsecret`, base64, still to be escaped for the address.
fn signature(secret: &str, milliseconds: i64) -> String {
    BASE64.encode(&hmac_sha256(secret.as_bytes(), format!("{milliseconds}\n{secret}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_other_programs_compute() {
        // Expected value by Python's hmac and base64.
        assert_eq!(signature("SECabc", 1_700_000_000_000), "jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM=");
    }
}
