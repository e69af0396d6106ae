//! What a receiver is sent: one message for one event or for many, in the form its kind takes. Pure.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::mail::{Mail, mail};
use super::sign;
use tell::{self, Language};
use vocabulary::{AlertEventKind, Endpoint, EndpointKind, Notice, RegionCode, ShownEvent, excerpt, show_moment};

/// Longest text of a robot's message, in bytes: WeCom takes 4,096, the others more.
const ROBOT_BYTES_MAX: usize = 4_000;
/// Version of the webhook's payload: fields are added, never changed.
const SCHEMA: &str = "wanglou.event.v1";
/// Version of a notice's payload.
const NOTICE_SCHEMA: &str = "wanglou.notice.v1";
/// Characters of a notice in a robot's message.
const NOTICE_CHARS_MAX: usize = 600;
/// Characters of an explanation in a robot's message.
const WHY_CHARS: usize = 120;
/// Characters of a robot's refusal that are kept.
const ANSWER_CHARS: usize = 200;

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Letter {
    /// Over HTTP.
    Post(PostLetter),
    /// As mail.
    Mail(Box<Mail>),
}

/// A request to a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PostLetter {
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

/// What a message is about.
pub(super) struct Contents<'a> {
    /// Its id.
    pub(super) id: &'a str,
    pub(super) about: About<'a>,
    /// Address of the pages, without a slash at the end.
    pub(super) home: &'a str,
    pub(super) region_name: &'a (dyn Fn(RegionCode) -> String + Sync),
}

/// What is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum About<'a> {
    /// That the endpoint works.
    Test,
    /// Events with their numbers.
    Events(&'a [(u64, ShownEvent)]),
    /// A notice with its number.
    Notice(&'a (u64, Notice)),
}

/// Writes the letter for an endpoint at a moment; an error says what its settings lack.
pub(super) fn letter(endpoint: &Endpoint, contents: &Contents<'_>, now: Timestamp) -> Result<Letter, String> {
    let json_type = ("content-type", "application/json; charset=utf-8".to_owned());
    let secret = endpoint.secret.as_deref();
    match endpoint.kind {
        EndpointKind::Webhook => {
            let body = webhook(contents).to_string();
            let seconds = now.as_second();
            let signature = secret.and_then(|secret| sign::webhook(secret, contents.id, seconds, &body));
            let signature = signature.ok_or("the endpoint has no usable secret: make it anew")?;
            let headers = vec![
                json_type,
                ("webhook-id", contents.id.to_owned()),
                ("webhook-timestamp", seconds.to_string()),
                ("webhook-signature", signature),
            ];
            Ok(posted(endpoint.url.clone(), headers, body))
        }
        EndpointKind::Wecom => {
            let body = json!({"msgtype": "markdown", "markdown": {"content": text(contents, true)}});
            Ok(posted(endpoint.url.clone(), vec![json_type], body.to_string()))
        }
        EndpointKind::Dingtalk => {
            let markdown = json!({"title": title(contents), "text": text(contents, true)});
            let body = json!({"msgtype": "markdown", "markdown": markdown}).to_string();
            let mut url = endpoint.url.clone();
            if let Some(secret) = secret {
                let at = now.as_millisecond();
                let signed: String =
                    url::form_urlencoded::byte_serialize(sign::dingtalk(secret, at).as_bytes()).collect();
                let _ = write!(url, "{}timestamp={at}&sign={signed}", if url.contains('?') { '&' } else { '?' });
            }
            Ok(posted(url, vec![json_type], body))
        }
        EndpointKind::Feishu => {
            let mut body = json!({"msg_type": "text", "content": {"text": text(contents, false)}});
            if let Some(secret) = secret {
                let seconds = now.as_second();
                body["timestamp"] = json!(seconds.to_string());
                body["sign"] = json!(sign::feishu(secret, seconds));
            }
            Ok(posted(endpoint.url.clone(), vec![json_type], body.to_string()))
        }
        EndpointKind::Mail => Ok(Letter::Mail(Box::new(mail(endpoint, contents, now)?))),
    }
}

fn posted(url: String, headers: Vec<(&'static str, String)>, body: String) -> Letter {
    Letter::Post(PostLetter { url, headers, body })
}

/// Whether a receiver's good status was a good answer: robots say 200 and mean it only with code 0.
pub(super) fn accepted(kind: EndpointKind, answer: &[u8]) -> Result<(), String> {
    let field = match kind {
        EndpointKind::Webhook | EndpointKind::Mail => return Ok(()),
        EndpointKind::Wecom | EndpointKind::Dingtalk => "errcode",
        EndpointKind::Feishu => "code",
    };
    let told: Value = serde_json::from_slice(answer).map_err(|_| "the answer is not JSON".to_owned())?;
    match told[field].as_i64() {
        Some(0) => Ok(()),
        Some(code) => {
            let why = told["errmsg"].as_str().or(told["msg"].as_str()).unwrap_or_default();
            Err(format!("{field} {code}: {}", excerpt(&plain(why), ANSWER_CHARS)))
        }
        None => Err(format!("the answer has no `{field}`")),
    }
}

pub(super) fn code(kind: AlertEventKind) -> &'static str {
    match kind {
        AlertEventKind::Opened => "opened",
        AlertEventKind::Raised => "raised",
        AlertEventKind::Lowered => "lowered",
        AlertEventKind::Closed => "closed",
    }
}

pub(super) fn zh(kind: AlertEventKind) -> &'static str {
    match kind {
        AlertEventKind::Opened => "新预警",
        AlertEventKind::Raised => "升级",
        AlertEventKind::Lowered => "降级",
        AlertEventKind::Closed => "结束",
    }
}

/// The payload of a webhook: type, moment and data, as Standard Webhooks recommends. The moment is the day judged, so that every try
/// sends the same bytes.
fn webhook(contents: &Contents<'_>) -> Value {
    let one = |(number, event): &(u64, ShownEvent)| {
        let mut value = json!(tell::written(event.clone(), Language::Chinese));
        value["number"] = json!(number);
        value["url"] = json!(format!("{}/alerts/{}", contents.home, event.alert_id));
        value
    };
    let moment = |event: &ShownEvent| show_moment(vocabulary::start_of_day(event.as_of));
    let events = match contents.about {
        About::Events(events) => events,
        About::Test => &[],
        About::Notice((number, notice)) => {
            let data = json!({"number": number, "about": notice.about, "text": notice.text,
                "url": format!("{}/status", contents.home)});
            return json!({"type": format!("notice.{}", notice.kind.code()), "schema": NOTICE_SCHEMA,
                "timestamp": show_moment(notice.at), "data": data});
        }
    };
    match events {
        [] => json!({"type": "endpoint.test", "schema": SCHEMA, "timestamp": null, "data": {"status": "Test"}}),
        [only] => {
            json!({"type": format!("alert.{}", code(only.1.event)), "schema": SCHEMA, "timestamp": moment(&only.1),
            "data": one(only)})
        }
        [.., last] => json!({"type": "alert.digest", "schema": SCHEMA, "timestamp": moment(&last.1),
            "data": {"events": events.iter().map(one).collect::<Vec<_>>()}}),
    }
}

fn title(contents: &Contents<'_>) -> String {
    let events = match contents.about {
        About::Events(events) => events,
        About::Test => &[],
        About::Notice((_, notice)) => return format!("望楼 {}：{}", notice.kind.zh(), plain(&notice.about)),
    };
    match events {
        [] => "望楼测试消息".to_owned(),
        [only] => format!("望楼 {}：{}", zh(only.1.event), about(&only.1, contents)),
        many => format!("望楼 预警摘要：{} 项变化", many.len()),
    }
}

/// Which matter: place, brand, category and hazard.
pub(super) fn about(event: &ShownEvent, contents: &Contents<'_>) -> String {
    let region = event.region.map(contents.region_name).unwrap_or_default();
    let brand = event.brand.as_deref().map(|brand| format!("“{}”", plain(brand))).unwrap_or_default();
    format!("{region}{brand}{} {}", event.category.zh(), event.hazard.zh())
}

/// The text of a robot's message: every event with what changed and why, within its bound; what does not fit is counted.
fn text(contents: &Contents<'_>, markdown: bool) -> String {
    let mut text = if markdown { format!("### {}\n", title(contents)) } else { format!("{}\n", title(contents)) };
    let events = match contents.about {
        About::Events(events) => events,
        About::Test => {
            text += "这是一条测试消息，不是预警。";
            return text;
        }
        About::Notice((_, notice)) => {
            let told: String = plain(&notice.text).chars().take(NOTICE_CHARS_MAX).collect();
            let link = format!("{}/status", contents.home);
            let way = if markdown { format!("[运行状况]({link})") } else { link };
            return text + &told + "\n" + &way;
        }
    };
    for (shown, (_, event)) in events.iter().enumerate() {
        let link = format!("{}/alerts/{}", contents.home, event.alert_id);
        let why = excerpt(&plain(&tell::paragraph(&event.explanation, Language::Chinese)), WHY_CHARS);
        let what = format!("{} {} {}", zh(event.event), about(event, contents), levels(event));
        let line = if markdown {
            format!("- [{what}]({link})\n  {why}…\n")
        } else {
            format!("· {what}\n  {why}…\n  {link}\n")
        };
        let rest = events.len() - shown;
        if text.len() + line.len() + 60 > ROBOT_BYTES_MAX {
            let _ = write!(text, "另有 {rest} 项，见 {}/", contents.home);
            break;
        }
        text += &line;
    }
    text
}

/// The levels of an event, and those before it.
pub(super) fn levels(event: &ShownEvent) -> String {
    let levels = format!("{}·{}·{}", event.danger.zh(), event.spread.zh(), event.disposal.zh());
    let before = event
        .before
        .map(|(danger, spread, disposal)| format!("（原 {}·{}·{}）", danger.zh(), spread.zh(), disposal.zh()));
    levels + &before.unwrap_or_default()
}

/// Text from pages, without what robots would take for their own: links, mentions, tags, controls.
pub(super) fn plain(text: &str) -> String {
    let odd = |letter: char| letter.is_control() || "[]()<>*_`#|@\\".contains(letter);
    text.chars().map(|letter| if odd(letter) { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::PartyView;
    use vocabulary::{Danger, Disposal, Explanation, Spread, Subscription};

    fn event(brand: &str) -> ShownEvent {
        ShownEvent {
            event: AlertEventKind::Raised,
            brand: Some(brand.to_owned()),
            explanation: Explanation::prose("近7天有22起独立事件。"),
            before: Some((Danger::High, Spread::Isolated, Disposal::Notify)),
            ..PartyView::owner().event(super::super::tests::event(1, Danger::Serious))
        }
    }

    fn endpoint(kind: EndpointKind, secret: Option<&str>) -> Endpoint {
        Endpoint {
            name: "e".to_owned(),
            party: None,
            kind,
            url: "https://example.com/hook?access_token=x".to_owned(),
            secret: secret.map(str::to_owned),
            allow_loopback: false,
            subscription: Subscription::default(),
        }
    }

    fn write(kind: EndpointKind, secret: Option<&str>, events: &[(u64, ShownEvent)]) -> PostLetter {
        let region_name = |code: RegionCode| code.to_string();
        let contents =
            Contents { id: "msg_1", about: About::Events(events), home: "http://h", region_name: &region_name };
        let now = Timestamp::from_second(1_700_000_000).expect("a moment");
        match letter(&endpoint(kind, secret), &contents, now).expect("a letter") {
            Letter::Post(letter) => letter,
            Letter::Mail(mail) => panic!("{mail:?}"),
        }
    }

    #[test]
    fn a_digest_is_one_message_with_what_happened_and_why() {
        let events = [(1, event("甲")), (2, event("乙"))];
        let body: Value = serde_json::from_str(&write(EndpointKind::Wecom, None, &events).body).expect("JSON");
        insta::assert_snapshot!(body["markdown"]["content"].as_str().expect("text"), @r"
        ### 望楼 预警摘要：2 项变化
        - [升级 “甲”电池与充电器 起火爆炸 严重·行业性·采样（原 高·个别·通知）](http://h/alerts/wl-1)
          近7天有22起独立事件。…
        - [升级 “乙”电池与充电器 起火爆炸 严重·行业性·采样（原 高·个别·通知）](http://h/alerts/wl-1)
          近7天有22起独立事件。…
        ");
        let secret = Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body: Value = serde_json::from_str(&write(EndpointKind::Webhook, secret, &events).body).expect("JSON");
        assert_eq!((&body["type"], body["data"]["events"].as_array().map(Vec::len)), (&json!("alert.digest"), Some(2)));
    }

    #[test]
    fn a_robot_is_never_sent_more_than_it_takes_and_what_is_left_out_is_counted() {
        let events: Vec<(u64, ShownEvent)> = (1..=200).map(|number| (number, event("甲"))).collect();
        for kind in [EndpointKind::Wecom, EndpointKind::Dingtalk, EndpointKind::Feishu] {
            let body: Value = serde_json::from_str(&write(kind, Some("s"), &events).body).expect("JSON");
            let text = [&body["markdown"]["content"], &body["markdown"]["text"], &body["content"]["text"]];
            let text = text.into_iter().find_map(Value::as_str).expect("text");
            assert!(text.len() <= 4_096 && text.contains("另有 "), "{kind}: {}", text.len());
        }
    }

    #[test]
    fn text_from_pages_makes_no_links_mentions_or_tags() {
        let hostile = "甲](http://evil)<at user_id=\"all\">@all";
        for kind in [EndpointKind::Wecom, EndpointKind::Dingtalk, EndpointKind::Feishu] {
            let body = write(kind, Some("s"), &[(1, event(hostile))]).body;
            assert!(!body.contains("](http://evil") && !body.contains("<at") && !body.contains("@all"), "{body}");
        }
    }

    #[test]
    fn robots_are_signed_as_documented() {
        let url = write(EndpointKind::Dingtalk, Some("SECabc"), &[(1, event("甲"))]).url;
        assert!(url.starts_with("https://example.com/hook?access_token=x&timestamp=1700000000000&sign="), "{url}");
        let body: Value =
            serde_json::from_str(&write(EndpointKind::Feishu, Some("abc"), &[(1, event("甲"))]).body).expect("JSON");
        assert_eq!((&body["timestamp"], body["sign"].is_string()), (&json!("1700000000"), true));
    }

    #[test]
    fn a_robot_that_says_no_in_its_answer_said_no() {
        assert_eq!(accepted(EndpointKind::Wecom, b"{\"errcode\":0,\"errmsg\":\"ok\"}"), Ok(()));
        assert_eq!(accepted(EndpointKind::Feishu, b"{\"code\":0}"), Ok(()));
        assert_eq!(
            accepted(EndpointKind::Dingtalk, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}".as_bytes()),
            Err("errcode 310000: sign not match".to_owned())
        );
        assert!(accepted(EndpointKind::Feishu, b"garbage").is_err() && accepted(EndpointKind::Wecom, b"{}").is_err());
        assert_eq!(accepted(EndpointKind::Webhook, b"garbage"), Ok(()), "a webhook's status is its answer");
    }
}
