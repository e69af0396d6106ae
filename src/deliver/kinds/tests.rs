//! What holds for every kind, for all robots, and for what a webhook is sent.

use serde_json::{Value, json};

use super::dingtalk::Dingtalk;
use super::feishu::Feishu;
use super::webhook::Webhook;
use super::wecom::Wecom;
use super::*;
use crate::contents::About;
use access::PartyView;
use vocabulary::{
    AlertEventKind, Danger, Disposal, Explanation, Notice, NoticeKind, RegionCode, ShownEvent, Spread, Subscription,
};

/// The robots of group chats.
const ROBOTS: [&dyn PostedKind; 3] = [&Wecom, &Dingtalk, &Feishu];
/// A secret of a webhook.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn event(brand: &str) -> ShownEvent {
    ShownEvent {
        event: AlertEventKind::Raised,
        brand: Some(brand.to_owned()),
        explanation: Explanation::prose("近7天有22起独立事件。"),
        before: Some((Danger::High, Spread::Isolated, Disposal::Notify)),
        ..PartyView::owner().event(crate::tests::event(1, Danger::Serious))
    }
}

fn write(kind: &dyn PostedKind, secret: Option<&str>, about: About<'_>) -> Request {
    let endpoint = Endpoint {
        name: "e".to_owned(),
        party: None,
        kind: EndpointKind::Webhook,
        url: "https://example.com/hook?access_token=x".to_owned(),
        secret: secret.map(str::to_owned),
        allow_loopback: false,
        subscription: Subscription::default(),
    };
    let region_name = |code: RegionCode| code.to_string();
    let contents = Contents { id: "msg_1", about, home: "http://h", region_name: &region_name };
    kind.request(&endpoint, &contents, Timestamp::from_second(1_700_000_000).expect("a moment")).expect("a request")
}

fn json_of(request: &Request) -> Value {
    serde_json::from_str(&request.body).expect("JSON")
}

#[test]
fn a_digest_is_one_message_with_what_happened_and_why() {
    let events = [(1, event("甲")), (2, event("乙"))];
    let body = json_of(&write(&Wecom, None, About::Events(&events)));
    insta::assert_snapshot!(body["markdown"]["content"].as_str().expect("text"), @r"
    ### 望楼 预警摘要：2 项变化
    - [升级 “甲”电池与充电器 起火爆炸 严重·行业性·采样（原 高·个别·通知）](http://h/alerts/wl-1)
      近7天有22起独立事件。…
    - [升级 “乙”电池与充电器 起火爆炸 严重·行业性·采样（原 高·个别·通知）](http://h/alerts/wl-1)
      近7天有22起独立事件。…
    ");
    let body = json_of(&write(&Webhook, Some(SECRET), About::Events(&events)));
    assert_eq!((&body["type"], body["data"]["events"].as_array().map(Vec::len)), (&json!("alert.digest"), Some(2)));
}

#[test]
fn a_robot_is_never_sent_more_than_it_takes_and_what_is_left_out_is_counted() {
    let events: Vec<(u64, ShownEvent)> = (1..=200).map(|number| (number, event("甲"))).collect();
    for kind in ROBOTS {
        let body = json_of(&write(kind, Some("s"), About::Events(&events)));
        let text = [&body["markdown"]["content"], &body["markdown"]["text"], &body["content"]["text"]];
        let text = text.into_iter().find_map(Value::as_str).expect("text");
        assert!(text.len() <= 4_096 && text.contains("另有 "), "{}: {}", kind.manual().en, text.len());
    }
}

#[test]
fn text_from_pages_makes_no_links_mentions_or_tags() {
    let hostile = "甲](http://evil)<at user_id=\"all\">@all";
    for kind in ROBOTS {
        let body = write(kind, Some("s"), About::Events(&[(1, event(hostile))])).body;
        assert!(!body.contains("](http://evil") && !body.contains("<at") && !body.contains("@all"), "{body}");
    }
}

#[test]
fn robots_are_signed_as_documented() {
    let url = write(&Dingtalk, Some("SECabc"), About::Events(&[(1, event("甲"))])).url;
    assert!(url.starts_with("https://example.com/hook?access_token=x&timestamp=1700000000000&sign="), "{url}");
    let body = json_of(&write(&Feishu, Some("abc"), About::Events(&[(1, event("甲"))])));
    assert_eq!((&body["timestamp"], body["sign"].is_string()), (&json!("1700000000"), true));
}

#[test]
fn a_robot_that_says_no_in_its_answer_said_no() {
    assert_eq!(Wecom.accepted(b"{\"errcode\":0,\"errmsg\":\"ok\"}"), Ok(()));
    assert_eq!(Feishu.accepted(b"{\"code\":0}"), Ok(()));
    assert_eq!(
        Dingtalk.accepted("{\"errcode\":310000,\"errmsg\":\"sign not match\"}".as_bytes()),
        Err("errcode 310000: sign not match".to_owned())
    );
    assert!(Feishu.accepted(b"garbage").is_err() && Wecom.accepted(b"{}").is_err());
    assert_eq!(Webhook.accepted(b"garbage"), Ok(()), "a webhook's status is its answer");
}

#[test]
fn whatever_a_webhook_is_sent_fits_the_published_schema() {
    let schema = json!(
        schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<WebhookMessage>()
    );
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("urn:message", schema).expect("a schema");
    let index = compiler.compile("urn:message", &mut schemas).expect("a schema");
    let fits = |about: About<'_>| {
        let body = json_of(&write(&Webhook, Some(SECRET), about));
        assert!(schemas.validate(&body, index).is_ok(), "{body}");
        body
    };
    let events = [(1, event("甲")), (2, event("乙"))];
    let (about, text) = ("nightly".to_owned(), "过去变了".to_owned());
    let at = Timestamp::from_second(1_700_000_000).expect("a moment");
    let notice = (3, Notice { kind: NoticeKind::PastChanged, at, about, text });
    fits(About::Events(&events));
    assert_eq!(fits(About::Events(&events[..1]))["data"]["number"], json!(1));
    assert_eq!(
        fits(About::Test),
        json!({"type": "endpoint.test", "schema": "wanglou.event.v1", "timestamp": null, "data": {"status": "Test"}})
    );
    assert_eq!(
        fits(About::Notice(&notice)),
        json!({"type": "notice.past_changed", "schema": "wanglou.notice.v1", "timestamp": "2023-11-15T06:13:20+08:00",
            "data": {"number": 3, "about": "nightly", "text": "过去变了", "url": "http://h/status"}})
    );
    let mut wrong = fits(About::Events(&events));
    wrong["data"]["events"][0]["danger"] = json!("huge");
    assert!(schemas.validate(&wrong, index).is_err(), "the schema refuses what no message says");
}

#[test]
fn every_kind_can_be_found_by_its_code_and_says_what_it_is() {
    for kind in EndpointKind::ALL {
        let manual = manual(*kind);
        assert!(!manual.en.is_empty() && !manual.zh.is_empty() && !manual.en.contains('|'), "{kind}");
    }
    assert_eq!((assumed_kind(false), assumed_kind(true)), (Some(EndpointKind::Webhook), Some(EndpointKind::Mail)));
}
