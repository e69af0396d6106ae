//! WHO-1 over all addresses: two organisations of each role, each with an alert of its own that every kind of record names, ask every
//! address. What is asserted is what the answers say, not their status.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use reqwest::Response;
use serde_json::Value;

use super::super::matrix::{OWN, Server, example, now};
use super::super::routes::ROUTES;
use super::super::testing::power_banks;
use access::NewUser;
use store::Store;
use vocabulary::{
    Act, ActKind, AlertEventKind, AlertId, Concerns, Disposal, RegionCode, RequestId, Role, Scope, parse_moment,
};

/// A side: its alert, and how every word begins that is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Side {
    id: &'static str,
    mark: &'static str,
    province: u32,
    events: usize,
}

/// Its alert is answered by a sampling request and made public.
const FIRST: Side = Side { id: "alert-of-first-side", mark: "甲露", province: 330_000, events: 2 };
/// Its alert is neither.
const SECOND: Side = Side { id: "alert-of-second-side", mark: "乙露", province: 440_000, events: 3 };

impl Side {
    fn other(self) -> Self {
        if self == FIRST { SECOND } else { FIRST }
    }

    fn word(self, what: &str) -> String {
        format!("{}{what}", self.mark)
    }
}

/// Begins what was said on the platform of a third, which both alerts and their events quote: for those inside alone.
const THIRD: &str = "丙露";
/// A document that the alerts of both sides cite.
const CITED: &str = "sim.complaints/2024/0711";
/// Addresses that show whoever sees an alert that alert: a test of silence alone would pass on empty pages.
const TELLING: [&str; 9] = [
    "/",
    "/api/v1/alerts",
    "/api/v1/events",
    "/api/v1/exchange",
    "/feeds/alerts.json",
    "/feeds/alerts.atom",
    "/feeds/alerts.csv",
    "/feeds/alerts/stream",
    "/api/v1/alerts/{id}",
];

fn region(side: Side) -> RegionCode {
    RegionCode::new(side.province).expect("a code")
}

/// Keeps an alert of each side with everything that belongs to it, the events of both in turn.
async fn keep_both(server: &Server) {
    let store = server.folder.tower.store();
    let event = store.alert_events(None).await.expect("read").remove(0);
    let request = store.sampling_request(&power_banks().id).await.expect("read").expect("one");
    let at = parse_moment("2024-07-11T09:00:00+08:00").expect("a moment");
    let mut tx = store.begin().await.expect("begun");
    for side in [FIRST, SECOND] {
        let mut alert = power_banks();
        alert.id = AlertId::from(side.id);
        let judged = &mut alert.assessment;
        judged.brand = Some(side.word("牌"));
        judged.region = Some(region(side));
        if side == SECOND {
            judged.disposal = Disposal::Notify;
        }
        judged.explanation = vocabulary::Explanation::prose(side.word("说明"));
        judged.spread_terms.top_brand = Some(side.word("牌"));
        judged.spread_terms.top_province = Some(region(side));
        for term in &mut judged.spread_terms.regions {
            term.region = region(side);
        }
        let mut third = alert.evidence.pop().expect("three of them");
        (third.source, third.text) = (format!("{THIRD}台"), format!("{THIRD}原文"));
        third.document_id = format!("{THIRD}文号").as_str().into();
        third.spans.clear();
        for (evidence, document) in alert.evidence.iter_mut().zip([CITED.to_owned(), side.word("文号")]) {
            evidence.document_id = document.as_str().into();
            evidence.source = side.word("台");
            evidence.text = format!("{}充电时突然起火", side.mark);
            evidence.spans.clear();
        }
        alert.evidence.push(third);
        Store::put_alert(&mut tx, &alert).await.expect("kept");
        let mut asked = request.clone();
        asked.id = RequestId::new(format!("request-{}", side.id));
        asked.alert_id = alert.id.clone();
        (asked.product, asked.brand) = (side.word("产品"), Some(side.word("牌")));
        for seller in &mut asked.sellers {
            seller.listing.platform = side.word("台");
            seller.listing.seller = side.word("店");
        }
        if side == FIRST {
            assert!(Store::add_sampling_request(&mut tx, &asked).await.expect("kept"));
        }
        let act = |kind, note: &str| Act {
            work: None,
            alert_id: AlertId::from(side.id),
            at,
            by: side.word("人"),
            party: side.word("单位"),
            kind,
            note: side.word(note),
            to: None,
            until: None,
            key: None,
        };
        Store::add_act(&mut tx, &act(ActKind::Note, "记录")).await.expect("kept");
        if side == FIRST {
            Store::add_act(&mut tx, &act(ActKind::Publish, "公开")).await.expect("kept");
        }
    }
    for (number, side) in [SECOND, FIRST, SECOND, FIRST, SECOND].into_iter().enumerate() {
        let mut event = event.clone();
        event.alert_id = AlertId::from(side.id);
        event.event = if number < 2 { AlertEventKind::Opened } else { AlertEventKind::Raised };
        event.brand = Some(side.word("牌"));
        event.region = Some(region(side));
        event.explanation = vocabulary::Explanation::prose(side.word("说明"));
        event.evidence = power_banks().evidence;
        for evidence in &mut event.evidence {
            evidence.source = side.word("台");
            evidence.text = side.word("原文");
            evidence.spans.clear();
        }
        event.evidence[2].source = format!("{THIRD}台");
        event.evidence[2].text = format!("{THIRD}原文");
        Store::add_alert_event(&mut tx, &event, at).await.expect("kept");
    }
    tx.commit().await.expect("commit");
}

/// Who asks: a name, the side whose alert it sees, and its token.
struct Asker {
    name: String,
    side: Side,
    token: String,
}

/// Two organisations of each role that is told of what concerns it, and one of each that is told of what was sampled or published.
async fn askers(server: &Server) -> Vec<Asker> {
    let words = |word: String| BTreeSet::from([word]);
    let mut askers = Vec::new();
    for side in [FIRST, SECOND] {
        let concerning = [
            (Role::Supervision, Concerns { regions: [region(side)].into(), ..Concerns::default() }),
            (Role::Platform, Concerns { platforms: words(side.word("台")), ..Concerns::default() }),
            (Role::Firm, Concerns { brands: words(side.word("牌")), ..Concerns::default() }),
        ];
        let of_all = [(Role::TestBody, Concerns::default()), (Role::Public, Concerns::default())];
        let of_all = of_all.into_iter().filter(|_| side == FIRST);
        for (role, concerns) in concerning.into_iter().chain(of_all) {
            let name = format!("{}-{}", role.code(), side.province);
            let new = NewUser {
                name: name.clone(),
                party: format!("{name}的单位"),
                role: Some(role),
                concerns,
                password: None,
                by_provider: true,
                mail: None,
            };
            server.accounts.add_user(new, "test", now()).await.expect("made");
            let token = format!("Bearer {}", server.token(&name, Scope::ALL).await);
            askers.push(Asker { name, side, token });
        }
    }
    askers
}

/// What an answer says, its archives unpacked. A stream is read until it has told all events of a side.
async fn said(mut answer: Response, side: Side) -> String {
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or("").to_owned();
    if kind.starts_with("text/event-stream") {
        let (mut bytes, wanted) = (Vec::new(), format!("\"{}\"", side.id));
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let told: BTreeSet<&str> = text.split("\n\n").filter(|event| event.contains(&wanted)).collect();
            if told.len() >= side.events && text.ends_with("\n\n") {
                return text;
            }
            bytes.extend_from_slice(&answer.chunk().await.expect("going on").expect("more"));
        }
    }
    let bytes = answer.bytes().await.expect("read").to_vec();
    if !kind.contains("zip") && !kind.contains("officedocument") {
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut text = String::new();
    for at in 0..archive.len() {
        let mut bytes = Vec::new();
        archive.by_index(at).expect("a file").read_to_end(&mut bytes).expect("whole");
        text += &String::from_utf8_lossy(&bytes);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_tells_one_side_of_the_alert_of_the_other_and_those_for_alerts_tell_it_its_own() {
    let server = Server::open().await;
    keep_both(&server).await;
    let mut askers = askers(&server).await;
    server.add("centre", Role::Centre).await;
    let token = format!("Bearer {}", server.token("centre", Scope::ALL).await);
    askers.push(Asker { name: "centre".to_owned(), side: SECOND, token });
    let routes = ROUTES.iter().map(|route| (route.method.name(), route.path.to_owned()));
    let more = ["/alerts/{id}/sheet?format=docx", "/?state=open", "/api/v1/events?after=1&limit=2", "/alerts/{id}/cap"];
    let more = more.into_iter().map(|path| ("GET", path.to_owned()));
    let mut leaks = Vec::new();
    for (method, pattern) in routes.chain(more) {
        for Asker { name, side, token } in &askers {
            let (side, centre) = (*side, name == "centre");
            for asked in [side.id, side.other().id] {
                let (path, mut headers, body) = example(method, &pattern, asked);
                let body = match pattern.as_str() {
                    "/api/v1/exchange" => {
                        format!(r#"{{"idempotency_key":"k","alert_id":"{asked}","kind":"note","note":"x"}}"#)
                    }
                    _ => body.replace("WHO", &format!("{name}{}", asked.len())),
                };
                headers.extend([("authorization", token.as_str()), ("last-event-id", "0")]);
                server.folder.keep_search().await;
                let answer = server.ask(method, &path, &headers, if method == "GET" { "" } else { &body }).await;
                let status = answer.status();
                let text = said(answer, side).await;
                let names_other = path.contains(side.other().id) || body.contains(side.other().id);
                let hidden = [side.other().mark, side.other().id];
                for hidden in hidden.into_iter().take(if names_other { 1 } else { 2 }).filter(|_| !centre) {
                    if text.contains(hidden) {
                        leaks.push(format!("{name}: {method} {path} says {hidden} ({status})"));
                    }
                }
                if !centre && !name.starts_with(Role::Supervision.code()) && text.contains(THIRD) {
                    leaks.push(format!("{name}: {method} {path} says {THIRD} ({status})"));
                }
                if asked == side.id && method == "GET" && TELLING.contains(&pattern.as_str()) {
                    assert!(text.contains(side.id), "{name}: {method} {path} ({status}): {text}");
                    assert!(!centre || text.contains(side.other().id) || pattern.contains("{id}"), "{method} {path}");
                }
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    // The page of a document names the alerts that cite it, to whom it may.
    for Asker { name, side, token } in &askers {
        let path = format!("/documents/{}", CITED.replace('/', "%2F"));
        let text = said(server.ask("GET", &path, &[("authorization", token)], "").await, *side).await;
        let cites = [FIRST, SECOND].map(|side| text.contains(side.id));
        let inside = name.starts_with("supervision");
        let expected = if name == "centre" { [true, true] } else { [FIRST, SECOND].map(|one| inside && one == *side) };
        assert_eq!(cites, expected, "{name}");
    }
    server.close().await;
}

/// Follows the numbers that answers give until nothing is left; what came, event by event.
async fn followed(server: &Server, token: &str, limit: usize) -> Vec<(String, String)> {
    let (mut after, mut came) = (0, Vec::new());
    loop {
        let path = format!("/api/v1/events?after={after}&limit={limit}");
        let answer = server.ask("GET", &path, &[("authorization", token)], "").await;
        let next: u64 = answer.headers()["wanglou-next"].to_str().expect("text").parse().expect("a number");
        let events: Vec<Value> = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
        assert!(events.len() <= limit, "{path}");
        for event in &events {
            let id = event["id"].to_string();
            came.push((event["data"]["alert_id"].as_str().expect("an id").to_owned(), id));
        }
        if next == after {
            assert!(events.is_empty(), "{path}");
            return came;
        }
        assert!(next > after, "{path}");
        after = next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_the_numbers_of_events_meets_each_that_it_sees_once_and_in_order() {
    let server = Server::open().await;
    keep_both(&server).await;
    let mut askers = askers(&server).await;
    server.add("centre", Role::Centre).await;
    let token = format!("Bearer {}", server.token("centre", Scope::ALL).await);
    askers.push(Asker { name: "centre".to_owned(), side: FIRST, token });
    let all = server.folder.tower.store().alert_events_after(0, 1_000).await.expect("read");
    for Asker { name, side, token } in &askers {
        let whole = followed(&server, token, 1_000).await;
        let own: Vec<&str> = whole.iter().map(|(id, _)| id.as_str()).filter(|id| *id == side.id).collect();
        assert_eq!(own.len(), side.events, "{name}: {whole:?}");
        if name == "centre" {
            let ids: Vec<&str> = all.iter().map(|(_, event)| event.alert_id.as_str()).collect();
            assert_eq!(whole.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ids);
        }
        let numbers: BTreeSet<&str> = whole.iter().map(|(_, number)| number.as_str()).collect();
        assert_eq!(numbers.len(), whole.len(), "{name}: each once");
        for limit in [1, 2, 3] {
            assert_eq!(followed(&server, token, limit).await, whole, "{name}, {limit} at a time");
        }
    }
    // A stream goes on behind the number that was seen last.
    let centre = &askers[askers.len() - 1].token;
    for (at, (number, _)) in all.iter().enumerate().take(all.len() - 1) {
        let seen = number.to_string();
        let headers = [("authorization", centre.as_str()), ("last-event-id", seen.as_str())];
        let mut answer = server.ask("GET", "/feeds/alerts/stream", &headers, "").await;
        let mut text = String::new();
        while !text.contains("\nid: ") && !text.starts_with("id: ") || !text.contains("\n\n") {
            text += &String::from_utf8_lossy(&answer.chunk().await.expect("going on").expect("more"));
        }
        let first = text.lines().find_map(|line| line.strip_prefix("id: ")).expect("a number");
        assert_eq!(first, all[at + 1].0.to_string(), "behind {seen}");
    }
    assert_eq!(OWN, power_banks().id.as_str());
    server.close().await;
}
