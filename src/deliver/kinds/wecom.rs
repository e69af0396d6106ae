//! The robot of a WeCom group (企业微信): Markdown, not signed.

use jiff::Timestamp;
use serde_json::json;

use super::super::contents::Contents;
use super::super::ways::post::Request;
use super::{AddressForm, Manual, PostedKind, Secret, json_request, robot};
use vocabulary::Endpoint;

pub(super) struct Wecom;

impl PostedKind for Wecom {
    fn manual(&self) -> Manual {
        Manual {
            address: AddressForm::Url,
            secret: Secret::None,
            en: "the message of a WeCom group robot, bounded to what it takes",
            zh: "企业微信群机器人的消息，长度在其上限之内",
        }
    }

    fn request(&self, endpoint: &Endpoint, contents: &Contents<'_>, _: Timestamp) -> Result<Request, String> {
        let body = json!({"msgtype": "markdown", "markdown": {"content": robot::text(contents, true)}});
        Ok(json_request(endpoint.url.clone(), body.to_string()))
    }

    fn accepted(&self, answer: &[u8]) -> Result<(), String> {
        robot::accepted("errcode", answer)
    }
}
