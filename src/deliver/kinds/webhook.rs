//! A webhook: JSON, signed by Standard Webhooks (<https://www.standardwebhooks.com>).

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::super::contents::{About, Contents, code};
use super::super::ways::post::Request;
use super::sign::hmac_sha256;
use super::{AddressForm, Manual, PostedKind, Secret, json_request};
use tell::Language;
use vocabulary::{Endpoint, Notice, ShownEvent, show_moment, start_of_day};

/// Version of the payload: fields are added, never changed.
const SCHEMA: &str = "wanglou.event.v1";
/// Version of a notice's payload.
const NOTICE_SCHEMA: &str = "wanglou.notice.v1";
/// What secrets begin with (Standard Webhooks).
const SECRET_PREFIX: &str = "whsec_";
/// Bytes of a secret; Standard Webhooks asks for 24 to 64.
const SECRET_BYTES: usize = 32;

pub(super) struct Webhook;

impl PostedKind for Webhook {
    fn manual(&self) -> Manual {
        Manual {
            address: AddressForm::Url,
            secret: Secret::Made(fresh_webhook_secret),
            en: "JSON signed by Standard Webhooks (`webhook-id`, `-timestamp`, `-signature`); 410 ends it",
            zh: "按 Standard Webhooks 签名的 JSON（webhook-id、-timestamp、-signature）；回答 410 即停止",
        }
    }

    fn request(&self, endpoint: &Endpoint, contents: &Contents<'_>, now: Timestamp) -> Result<Request, String> {
        let body = json!(message(contents)).to_string();
        let seconds = now.as_second();
        let signature = endpoint.secret.as_deref().and_then(|secret| sign(secret, contents.id, seconds, &body));
        let signature = signature.ok_or("the endpoint has no usable secret: make it anew")?;
        let mut request = json_request(endpoint.url.clone(), body);
        request.headers.extend([
            ("webhook-id", contents.id.to_owned()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signature),
        ]);
        Ok(request)
    }

    /// The status is the answer.
    fn accepted(&self, _: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

/// The body of a webhook: type, moment and data, as Standard Webhooks recommends. Every try sends the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct WebhookMessage {
    /// `alert.opened`, `.raised`, `.lowered`, `.closed`; `alert.digest` for many events; `notice.` with the code of the notice;
    /// `endpoint.test`.
    #[serde(rename = "type")]
    message_type: String,
    /// Version of the message, by what `data` holds: `wanglou.event.v1`, or for a notice `wanglou.notice.v1`.
    schema: &'static str,
    /// The start of the day judged (Asia/Shanghai), of the last event in a digest; of a notice when it was made; null in a test.
    #[schemars(with = "Option<Timestamp>")]
    timestamp: Option<String>,
    /// What happened.
    data: WebhookData,
}

/// What a webhook says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
enum WebhookData {
    /// One event, of `alert.opened`, `.raised`, `.lowered` and `.closed`.
    Event(Box<WebhookEvent>),
    /// Many events, of `alert.digest`.
    Digest {
        /// In the order in which they happened.
        events: Vec<WebhookEvent>,
    },
    /// What happened to the watch itself, of `notice.…`.
    Notice {
        /// Its number.
        number: u64,
        /// What it is about: the name of a rerun, or of rules.
        about: String,
        /// In words.
        text: String,
        /// The page that shows it.
        url: String,
    },
    /// Nothing, of `endpoint.test`.
    Test {
        /// `Test`.
        status: &'static str,
    },
}

/// An event in an alert's life, as far as the receiver may see it, with its number and its page.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
struct WebhookEvent {
    #[serde(flatten)]
    event: ShownEvent,
    /// Its number: larger is later.
    number: u64,
    /// The page of the alert.
    url: String,
}

fn message(contents: &Contents<'_>) -> WebhookMessage {
    let one = |(number, event): &(u64, ShownEvent)| WebhookEvent {
        url: format!("{}/alerts/{}", contents.home, event.alert_id),
        event: tell::written(event.clone(), Language::Chinese),
        number: *number,
    };
    let moment = |event: &ShownEvent| Some(show_moment(start_of_day(event.as_of)));
    let (message_type, schema, timestamp, data) = match contents.about {
        About::Notice((number, notice)) => return of_notice(*number, notice, contents.home),
        About::Test | About::Events([]) => {
            ("endpoint.test".to_owned(), SCHEMA, None, WebhookData::Test { status: "Test" })
        }
        About::Events([only]) => {
            let message_type = format!("alert.{}", code(only.1.event));
            (message_type, SCHEMA, moment(&only.1), WebhookData::Event(Box::new(one(only))))
        }
        About::Events(events @ [.., last]) => {
            let data = WebhookData::Digest { events: events.iter().map(one).collect() };
            ("alert.digest".to_owned(), SCHEMA, moment(&last.1), data)
        }
    };
    WebhookMessage { message_type, schema, timestamp, data }
}

fn of_notice(number: u64, notice: &Notice, home: &str) -> WebhookMessage {
    let (about, text, url) = (notice.about.clone(), notice.text.clone(), format!("{home}/status"));
    WebhookMessage {
        message_type: format!("notice.{}", notice.kind.code()),
        schema: NOTICE_SCHEMA,
        timestamp: Some(show_moment(notice.at)),
        data: WebhookData::Notice { number, about, text, url },
    }
}

/// A secret for a webhook: `whsec_` and base64 of 32 random bytes.
///
/// # Errors
/// What the system says when it gives no random bytes.
pub fn fresh_webhook_secret() -> Result<String, String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(format!("{SECRET_PREFIX}{}", BASE64.encode(&bytes)))
}

/// `webhook-signature` of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`; none when the secret is not one.
pub(crate) fn sign(secret: &str, id: &str, seconds: i64, body: &str) -> Option<String> {
    let key = BASE64.decode(secret.strip_prefix(SECRET_PREFIX)?.as_bytes()).ok()?;
    Some(format!("v1,{}", BASE64.encode(&hmac_sha256(&key, format!("{id}.{seconds}.{body}").as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_other_programs_compute() {
        // Expected value by Python's hmac and base64.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(sign("not a secret", "a", 1, "b"), None);
    }

    #[test]
    fn secrets_differ_and_sign() {
        let (a, b) = (fresh_webhook_secret().expect("chance"), fresh_webhook_secret().expect("chance"));
        assert!(a != b && sign(&a, "i", 1, "x").is_some() && sign(&a, "i", 1, "x") != sign(&b, "i", 1, "x"));
    }
}
