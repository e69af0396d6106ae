//! COUNT-1 of a round: what the log never saw is booked as the round counted it.

use collect::Outcome::{Duplicate, Kept, Unchanged};
use collect::{Reject, Sink};
use store::Store;
use vocabulary::{DocumentLine, parse_moment};

use super::*;

const RECIPE: &str = "id = \"s\"\nname = \"站\"\nchannel = \"media\"\nkind = \"feed\"\nstart = [\"https://a.example/feed\"]\n\
    [schedule]\nevery = \"1h\"\n";

fn now() -> Timestamp {
    parse_moment("2024-05-02T08:00:00+08:00").expect("a moment")
}

fn document(id: &str, text: &str) -> Document {
    let line = format!(r#"{{"id":"{id}","text":"{text}","published_at":"2024-05-01"}}"#);
    DocumentLine::parse(&line).expect("a good line").into_document(&SourceId::from("s"), Channel::Media)
}

/// A round that counted this much, and lists these of the items it set aside.
fn round(intake: Intake, rejects: &[&str]) -> Round {
    let Intake { collected, kept, duplicate, unchanged, rejected } = intake;
    let reject = |reason: &&str| Reject { url: "https://a.example/x".to_owned(), reason: (*reason).to_owned() };
    Round {
        source: SourceId::from("s"),
        collected,
        kept,
        revised: 0,
        duplicate,
        unchanged,
        rejected,
        rejects: rejects.iter().map(reject).collect(),
        listed_again: 9,
        problems_total: 0,
        problems: Vec::new(),
        requests: 1,
        bytes: 1,
        stopped: None,
        due_at: now(),
        empty_lists: 0,
        pages_read: 1,
        fields: BTreeMap::new(),
    }
}

async fn booked(store: &Store) -> (Intake, BTreeMap<String, u64>) {
    let source = SourceId::from("s");
    let (_, intake) = store.intake().await.expect("read")[&source];
    let reasons = store.reject_reasons(&source).await.expect("read");
    (intake, reasons.into_iter().collect())
}

#[tokio::test]
async fn what_a_round_met_and_the_log_never_saw_is_booked_as_it_was_counted() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("opened");
    let recipe = Recipe::parse(RECIPE, "s.toml").expect("a recipe");
    let log = Journal::new(store.clone());
    log.append(&[document("known", "漏电")], now()).await.expect("logged");

    let sink = LogSink::new(log.clone(), now());
    let given = [("a", "一"), ("b", "二"), ("a", "一"), ("known", "漏电")];
    let given: Vec<Document> = given.iter().map(|(id, text)| document(id, text)).collect();
    let outcomes = sink.put(given).await.expect("taken");
    assert_eq!(outcomes, [Kept, Kept, Duplicate, Unchanged]);
    // Beside these: three listed twice on one page, two pages not modified, seven set aside, of which four are listed.
    let met = Intake { collected: 16, kept: 2, duplicate: 4, unchanged: 3, rejected: 7 };
    assert!(met.reconciles());
    let first = round(met, &["no text", "no date", "no text", "no text"]);
    sink.settle(&recipe, &first).await.expect("booked");
    let (intake, reasons) = booked(&store).await;
    assert_eq!(intake, Intake { collected: 17, kept: 3, ..met }, "what was there before, and the round");
    assert!(intake.reconciles());
    let expected = [("no text", 3), ("no date", 1), (UNLISTED, 3)].map(|(why, items)| (why.to_owned(), items));
    assert_eq!(reasons, expected.into());
    assert_eq!(reasons.values().sum::<u64>(), intake.rejected, "every item that was set aside has a reason");

    // The next round adds to it; one in which all is well adds nothing.
    let sink = LogSink::new(log.clone(), now());
    let second = round(Intake { collected: 2, rejected: 2, ..Intake::default() }, &["no text"]);
    sink.settle(&recipe, &second).await.expect("booked");
    LogSink::new(log, now()).settle(&recipe, &round(Intake::default(), &[])).await.expect("booked");
    let (intake, reasons) = booked(&store).await;
    assert_eq!((intake.collected, intake.rejected), (19, 9));
    assert!(intake.reconciles());
    assert_eq!((reasons["no text"], reasons[UNLISTED]), (4, 4));
}

/// When a document of a channel belongs that names no day: `undated`, `seen` as it says itself, `now`, or nowhere.
fn placed(dating: Dating, channel: Channel, url: Option<&str>, seen_at: Option<&str>) -> &'static str {
    let line = serde_json::json!({"id": "a", "text": "家里的水壶漏电", "url": url, "seen_at": seen_at}).to_string();
    let line = DocumentLine::parse(&line).expect("a good line");
    let mut document = line.into_document(&SourceId::from("s"), channel);
    dating.date(&mut document);
    match document.event_at() {
        _ if document.is_undated() => "undated",
        Some(at) if at == now() => "now",
        Some(_) => "seen",
        None => "nowhere",
    }
}

#[test]
fn what_names_no_day_is_fresh_by_who_tells_and_how_it_came() {
    use Channel::{Complaint, Media, Platform, Regulator};
    let [live, brought, replayed] = [Dating::Live(now()), Dating::Brought(now()), Dating::Replayed];
    let (web, seen) = (Some("https://a.example/1"), Some("2024-04-30"));
    for (dating, channel, url, seen_at, expected) in [
        (live, Complaint, None, None, "now"),
        (live, Complaint, web, None, "now"),
        (live, Platform, web, None, "now"),
        (live, Regulator, web, None, "now"),
        (live, Media, None, None, "now"),
        (live, Media, web, None, "undated"),
        (live, Media, None, seen, "seen"),
        (brought, Complaint, None, None, "now"),
        (brought, Complaint, web, seen, "seen"),
        (brought, Media, None, None, "undated"),
        (brought, Media, None, seen, "seen"),
        (brought, Media, web, seen, "undated"),
        (brought, Regulator, web, seen, "undated"),
        (brought, Platform, web, seen, "seen"),
        (brought, Platform, web, None, "undated"),
        (replayed, Media, web, seen, "undated"),
        (replayed, Complaint, web, seen, "seen"),
        (replayed, Complaint, None, None, "nowhere"),
    ] {
        assert_eq!(placed(dating, channel, url, seen_at), expected, "{dating:?} {channel:?} {url:?} {seen_at:?}");
    }
}

#[test]
fn a_day_that_the_text_names_comes_before_the_day_it_came() {
    let text = "水壶漏电的通报\n发布时间：2013-08-09 来源：某某网\n有人触电。";
    for dating in [Dating::Live(now()), Dating::Brought(now()), Dating::Replayed] {
        let mut of_old_page = Document { text: text.to_owned(), published_at: None, ..document("a", "x") };
        dating.date(&mut of_old_page);
        assert_eq!(of_old_page.event_at(), parse_moment("2013-08-09").ok(), "{dating:?}");
        assert_eq!(of_old_page.meta_str(Document::PUBLISHED_FROM), Some("line"));
    }
}
