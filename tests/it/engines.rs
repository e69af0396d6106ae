//! What every engine of the store must keep, asked of each that there is. A new engine is one line of [`ENGINES`].
//!
//! Every promise opens a store of its own by an engine's way to open one, and speaks to it only through `Store`, `Journal` and `Frontier`:
//! no statement here belongs to an engine.

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use wanglou::log::{Aside, Journal, Outcome};
use wanglou::store::frontier::{Frontier, PageState, RoundMark};
use wanglou::store::{Became, Fared, Queued, SavedSearch, SearchKept, Store, StoreError, Taken, TryRow};
use wanglou::vocabulary::{
    Act, ActKind, AlertId, AuditEntry, AuditKind, Category, Channel, Concerns, Document, DocumentId, DocumentLine,
    Endpoint, EndpointKind, Finding, Hazard, Intake, Lane, Notice, NoticeKind, Party, Position, Role, SourceId,
    Subscription, Verdict,
};

/// A way to open a store: given a folder that is the store's own, the same folder is the same store.
type Open = fn(PathBuf) -> Pin<Box<dyn Future<Output = Result<Store, StoreError>> + Send>>;

/// The engines, by name.
const ENGINES: &[(&str, Open)] =
    &[("sqlite", |folder| Box::pin(async move { Store::open(&folder.join("wanglou.sqlite")).await }))];

/// Name and folder of the engine that a process to be killed works on.
const TO_BE_KILLED: &str = "WANGLOU_TEST_ENGINE";

/// Asks a promise of every engine.
fn of_every_engine<F: Future<Output = ()>>(promise: impl Fn(&'static str, Open, PathBuf) -> F) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for (name, open) in ENGINES {
        let dir = tempfile::tempdir().expect("a folder");
        runtime.block_on(promise(name, *open, dir.path().to_owned()));
        // Whatever was done: what is kept is what was written.
        let found = runtime.block_on(Store::examine(&dir.path().join("wanglou.sqlite"))).expect("looked at");
        assert!(found.problems.is_empty(), "{name}: {:#?}", found.problems);
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("a moment")
}

fn document(source: &str, id: &str, text: &str) -> Document {
    let line = format!(r#"{{"id":"{id}","text":"{text}","published_at":"2024-05-01"}}"#);
    DocumentLine::parse(&line).expect("a good line").into_document(&SourceId::from(source), Channel::Media)
}

async fn ids(store: &Store) -> Vec<String> {
    let all = Journal::new(store.clone()).read_after(Position(0), usize::MAX >> 1).await.expect("read");
    all.into_iter().map(|entry| entry.document.id.to_string()).collect()
}

#[test]
fn documents_are_read_in_the_order_in_which_they_were_appended_at_positions_without_gaps() {
    of_every_engine(|name, open, folder| async move {
        let store = open(folder).await.expect("opened");
        let log = Journal::new(store.clone());
        assert_eq!(log.end().await.expect("read"), Position(0), "{name}: an empty log");
        let given: Vec<_> = (0..25).map(|n| document("s", &format!("d{n}"), "漏电")).collect();
        for part in given.chunks(4) {
            log.append(part, at(0)).await.expect("appended");
        }
        let (mut after, mut met) = (Position(0), Vec::new());
        loop {
            let batch = log.read_after(after, 7).await.expect("read");
            let Some(last) = batch.last() else { break };
            after = last.position;
            met.extend(batch.into_iter().map(|entry| (entry.position.0, entry.document)));
        }
        let expected: Vec<_> =
            given.iter().cloned().zip(1..).map(|(document, position)| (position, document)).collect();
        assert_eq!(met, expected, "{name}");
        assert_eq!(log.end().await.expect("read"), Position(25), "{name}");
        let some = store.read_after(Position(3), 9, 1).await.expect("read");
        assert_eq!(some.len(), 1, "{name}: one document holds more bytes than are wanted");
    });
}

#[test]
fn the_same_text_again_is_nothing_and_another_text_a_new_revision() {
    of_every_engine(|name, open, folder| async move {
        let store = open(folder.clone()).await.expect("opened");
        let log = Journal::new(store.clone());
        let given = [document("s", "a", "漏电"), document("s", "b", "起火"), document("s", "a", "漏电")];
        let outcomes = log.append(&given, at(0)).await.expect("appended");
        assert_eq!(outcomes, [Outcome::Kept(Position(1)), Outcome::Kept(Position(2)), Outcome::Duplicate], "{name}");
        store.close().await;
        let store = open(folder).await.expect("opened again");
        let log = Journal::new(store.clone());
        let given = [document("s", "a", "漏电"), document("s", "b", "起火了"), document("t", "a", "别的")];
        let outcomes = log.append(&given, at(1)).await.expect("appended");
        let (revised, kept) = (Outcome::Revised(Position(3)), Outcome::Kept(Position(4)));
        assert_eq!(outcomes, [Outcome::Unchanged, revised, kept], "{name}");
        assert_eq!(ids(&store).await, ["a", "b", "b", "t/a"], "{name}: two sources with one id keep both documents");
        log.append(&given, at(2)).await.expect("appended");
        assert_eq!(log.end().await.expect("read"), Position(4), "{name}: all of it was known");
    });
}

#[test]
fn documents_are_found_by_their_ids_with_all_their_revisions_as_soon_as_they_are_acknowledged() {
    of_every_engine(|name, open, folder| async move {
        let store = open(folder).await.expect("opened");
        let log = Journal::new(store.clone());
        let b = DocumentId::from("b");
        assert!(store.document(&b).await.expect("read").is_none(), "{name}");
        for (text, more) in [("一", "a"), ("二", "c"), ("三", "d")] {
            log.append(&[document("s", "b", text), document("s", more, "别的")], at(0)).await.expect("appended");
            assert_eq!(store.documents_cursor().await.expect("read"), log.end().await.expect("read"), "{name}");
        }
        let texts = |entries: Vec<wanglou::log::Entry>| -> Vec<String> {
            entries.into_iter().map(|entry| format!("{} {}", entry.position, entry.document.text)).collect()
        };
        assert_eq!(store.document(&b).await.expect("read").expect("known").document.text, "三", "{name}");
        assert_eq!(texts(store.revisions(&b).await.expect("read")), ["1 一", "3 二", "5 三"], "{name}");
        let (last, total) = store.last_revisions(&b, 2).await.expect("read");
        assert_eq!((texts(last), total), (vec!["3 二".to_owned(), "5 三".to_owned()], 3), "{name}");
        let mut newest = store.newest(Position(4)).await.expect("read");
        newest.sort();
        let expected = [("a", 2), ("b", 3), ("c", 4)].map(|(id, at)| (DocumentId::from(id), Position(at)));
        assert_eq!(newest, expected, "{name}: as of position 4");
        let revised = store.revised(Position(3), Position(9)).await.expect("read");
        assert_eq!(revised.into_iter().collect::<Vec<_>>(), [(b, Position(5))], "{name}");
        let day = "2024-05-01".parse().expect("a day");
        assert_eq!(store.volume(Position(0), Position(9)).await.expect("read"), [(day, day, 4)], "{name}");
    });
}

#[test]
fn a_cursor_moves_with_its_output_or_not_at_all_and_only_from_where_it_stands() {
    of_every_engine(|name, open, folder| async move {
        let store = open(folder).await.expect("opened");
        assert_eq!(store.cursor("c").await.expect("read"), (Position(0), String::new()), "{name}");
        let mut tx = store.begin().await.expect("begun");
        Store::set_fact(&mut tx, "output", "1").await.expect("set");
        Store::move_cursor(&mut tx, "c", Position(0), Position(7), "detail").await.expect("moved");
        drop(tx);
        assert_eq!(store.cursor("c").await.expect("read").0, Position(0), "{name}: dropped");
        assert_eq!(store.fact("output").await.expect("read"), None, "{name}: dropped");
        let mut tx = store.begin().await.expect("begun");
        Store::set_fact(&mut tx, "output", "1").await.expect("set");
        Store::move_cursor(&mut tx, "c", Position(0), Position(7), "detail").await.expect("moved");
        tx.commit().await.expect("kept");
        assert_eq!(store.cursor("c").await.expect("read"), (Position(7), "detail".to_owned()), "{name}");
        assert_eq!(store.fact("output").await.expect("read").as_deref(), Some("1"), "{name}");
        for wrong in [Position(0), Position(6), Position(8)] {
            let mut tx = store.begin().await.expect("begun");
            let refused = Store::move_cursor(&mut tx, "c", wrong, Position(9), "").await.expect_err("LOG-2");
            assert!(matches!(&refused, StoreError::Gap { found: Position(7), .. }), "{name}: {refused}");
            tx.rollback().await.expect("given up");
        }
        assert_eq!(store.cursor("c").await.expect("read").0, Position(7), "{name}");
    });
}

#[test]
fn what_every_source_gave_adds_up_and_is_counted_with_the_append() {
    of_every_engine(|name, open, folder| async move {
        let store = open(folder).await.expect("opened");
        let log = Journal::new(store.clone());
        let (s, t) = (SourceId::from("s"), SourceId::from("t"));
        let given = [document("s", "a", "一"), document("s", "a", "一"), document("t", "x", "一")];
        log.append(&given, at(0)).await.expect("appended");
        log.append(&given, at(1)).await.expect("appended");
        let reasons = [("no text".to_owned(), 2), ("no date".to_owned(), 3)].into();
        let aside = Aside { unchanged: 1, duplicate: 1, reasons };
        log.count_aside(&s, Channel::Media, &aside).await.expect("counted");
        log.count_aside(&t, Channel::Complaint, &Aside::default()).await.expect("counted");
        let intake = store.intake().await.expect("read");
        assert!(intake.values().all(|(_, counts)| counts.reconciles()), "{name}: {intake:?}");
        let (channel, counts) = intake[&s];
        let all = [counts.collected, counts.kept, counts.duplicate, counts.unchanged, counts.rejected];
        assert_eq!((channel, all), (Channel::Media, [11, 1, 3, 2, 5]), "{name}");
        assert_eq!(intake[&t].1.collected, 2, "{name}");
        let expected = [("no date".to_owned(), 3), ("no text".to_owned(), 2)];
        assert_eq!(store.reject_reasons(&s).await.expect("read"), expected, "{name}: most frequent first");
    });
}

/// Ids that are given before the commit and become visible after it out of order make a reader skip: "after n" never shows n - 1.
#[test]
fn two_writers_never_hide_a_position_from_a_reader() {
    const EACH: usize = 60;
    of_every_engine(|name, open, folder| async move {
        let mut writers = Vec::new();
        for writer in ["s", "t"] {
            let log = Journal::new(open(folder.clone()).await.expect("opened"));
            writers.push(tokio::spawn(async move {
                for n in 0..EACH {
                    let pair = [
                        document(writer, &format!("{writer}{n}"), "一"),
                        document(writer, &format!("{writer}{n}"), "二"),
                    ];
                    log.append(&pair, at(0)).await.expect("appended");
                }
            }));
        }
        let reader = Journal::new(open(folder).await.expect("opened"));
        let (mut after, mut met) = (Position(0), 0);
        while met < EACH * 4 {
            let batch = reader.read_after(after, 1_000).await.expect("read");
            for entry in &batch {
                assert_eq!(entry.position.0, after.0 + 1, "{name}: a position was hidden when its successor was seen");
                after = entry.position;
            }
            met += batch.len();
            if batch.is_empty() {
                assert!(reader.end().await.expect("read") >= after, "{name}");
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
        for writer in writers {
            writer.await.expect("ended");
        }
        assert_eq!(reader.end().await.expect("read"), after, "{name}");
    });
}

#[test]
fn a_transaction_that_is_not_committed_changes_nothing_and_holds_up_nobody_once_it_is_gone() {
    of_every_engine(|name, open, folder| async move {
        let (one, other) = (open(folder.clone()).await.expect("opened"), open(folder).await.expect("opened"));
        let mut tx = one.begin().await.expect("begun");
        Store::set_fact(&mut tx, "k", "torn").await.expect("set");
        assert_eq!(other.fact("k").await.expect("read"), None, "{name}: seen before it was kept");
        drop(tx);
        let mut tx = other.begin().await.expect("begun");
        Store::set_fact(&mut tx, "k", "kept").await.expect("set");
        tx.commit().await.expect("kept");
        assert_eq!(one.fact("k").await.expect("read").as_deref(), Some("kept"), "{name}");
        let before = one.changes().await.expect("asked");
        assert_eq!(one.changes().await.expect("asked"), before, "{name}: nothing happened");
        let mut tx = other.begin().await.expect("begun");
        Store::set_fact(&mut tx, "k", "again").await.expect("set");
        tx.commit().await.expect("kept");
        assert_ne!(one.changes().await.expect("asked"), before, "{name}");
    });
}

/// The process that [`what_was_acknowledged_before_a_kill_is_read_after_it`] kills: it appends, and says each position that was acknowledged.
#[test]
fn worker_that_is_killed() {
    let Ok(given) = std::env::var(TO_BE_KILLED) else { return };
    let (name, folder) = given.split_once('=').expect("an engine and a folder");
    let (_, open) = ENGINES.iter().find(|(engine, _)| *engine == name).expect("an engine");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let log = Journal::new(open(PathBuf::from(folder)).await.expect("opened"));
        for n in 0..1_000_000 {
            let outcomes = log.append(&[document("s", &format!("d{n}"), "漏电")], at(0)).await.expect("appended");
            let mut out = std::io::stdout().lock();
            writeln!(out, "acknowledged {n} {}", matches!(outcomes[0], Outcome::Kept(_))).expect("said");
        }
    });
}

#[test]
fn what_was_acknowledged_before_a_kill_is_read_after_it() {
    of_every_engine(|name, open, folder| async move {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args(["--exact", "engines::worker_that_is_killed", "--nocapture"])
            .env(TO_BE_KILLED, format!("{name}={}", folder.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let acknowledged = lines.filter(|line| line.contains("acknowledged")).take(40).count();
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert_eq!(acknowledged, 40, "{name}: it ended before it could be killed");
        let store = open(folder).await.expect("opened after the kill");
        let kept = ids(&store).await;
        let expected: Vec<String> = (0..kept.len()).map(|n| format!("d{n}")).collect();
        assert!(kept.len() >= acknowledged && kept == expected, "{name}: {acknowledged} acknowledged, {kept:?}");
        let again = Journal::new(store).append(&[document("s", "d0", "漏电")], at(1)).await.expect("appended");
        assert_eq!(again, [Outcome::Unchanged], "{name}");
    });
}

#[test]
fn acts_and_outcomes_are_appended_once_and_come_back_in_their_order() {
    of_every_engine(|name, open, folder| async move {
        let store = open(folder).await.expect("opened");
        let (one, two) = (AlertId::from("wl-1"), AlertId::from("wl-2"));
        let act = |alert_id: &AlertId, note: &str| Act {
            work: None,
            alert_id: alert_id.clone(),
            at: at(0),
            by: "甲".to_owned(),
            party: "p".to_owned(),
            kind: ActKind::Note,
            note: note.to_owned(),
            to: None,
            until: None,
            key: None,
        };
        let outcome = |why: &str| wanglou::vocabulary::Outcome {
            replaces: None,
            id: "o-1".into(),
            known_at: at(0),
            date: "2024-05-01".parse().expect("a day"),
            alert_id: Some(one.clone()),
            category: Category::Toy,
            hazard: Some(Hazard::Fire),
            brand: None,
            finding: Finding::Verdict { verdict: Verdict::Nothing, by: "甲".into(), why: why.into() },
            context: None,
        };
        let mut tx = store.begin().await.expect("begun");
        for id in [&one, &two] {
            Store::bare_alert(&mut tx, id).await.expect("an alert");
        }
        for (id, note) in [(&one, "一"), (&two, "二"), (&one, "三")] {
            Store::add_act(&mut tx, &act(id, note)).await.expect("added");
        }
        assert_eq!(Store::acts_in(&mut tx, &one).await.expect("read").len(), 2, "{name}: inside the transaction");
        assert_eq!(Store::add_outcome(&mut tx, &outcome("无")).await.expect("added"), Taken::Kept, "{name}");
        assert_eq!(Store::add_outcome(&mut tx, &outcome("无")).await.expect("added"), Taken::Known, "{name}");
        assert!(
            matches!(Store::add_outcome(&mut tx, &outcome("有")).await.expect("added"), Taken::Differs(_)),
            "{name}"
        );
        tx.commit().await.expect("kept");
        let notes = |acts: Vec<Act>| acts.into_iter().map(|act| act.note).collect::<Vec<_>>();
        assert_eq!(notes(store.acts(Some(&one)).await.expect("read")), ["一", "三"], "{name}");
        assert_eq!(notes(store.acts(None).await.expect("read")), ["一", "二", "三"], "{name}");
        assert_eq!(store.outcomes(None).await.expect("read"), [outcome("无")], "{name}: the first stays");
    });
}

#[test]
fn every_line_of_the_audit_log_is_chained_to_the_one_before_it() {
    of_every_engine(|name, open, folder| async move {
        let store = open(folder).await.expect("opened");
        for who in ["甲", "乙", "丙"] {
            let (what, about, detail) = (AuditKind::SignIn, String::new(), String::new());
            let mut tx = store.begin().await.expect("begun");
            Store::add_audit(&mut tx, &AuditEntry { at: at(0), who: who.to_owned(), what, about, detail })
                .await
                .expect("added");
            tx.commit().await.expect("kept");
        }
        let lines = store.audit(0, 9).await.expect("read");
        assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [1, 2, 3], "{name}");
        assert!(lines[0].previous.is_empty() && lines[1].previous == lines[0].digest, "{name}");
        assert_eq!(store.audit(1, 1).await.expect("read"), lines[1..2], "{name}");
        let (count, head) = store.verify_audit(Some(&lines[1].digest)).await.expect("read").expect("whole");
        assert_eq!((count, &head), (3, &lines[2].digest), "{name}");
        assert!(store.verify_audit(Some("another")).await.expect("read").is_err(), "{name}");
    });
}

#[test]
fn what_is_queued_waits_until_it_is_due_and_is_told_once() {
    of_every_engine(|name, open, folder| async move {
        let store = open(folder).await.expect("opened");
        let endpoint = Endpoint {
            name: "e".to_owned(),
            party: None,
            kind: EndpointKind::Webhook,
            url: "http://a.example".to_owned(),
            secret: None,
            allow_loopback: false,
            subscription: Subscription::default(),
        };
        let queued = |number: u64, lane: Lane, due: i64| Queued {
            delivery: format!("e-{number}"),
            endpoint: "e".to_owned(),
            seq: number,
            notice: false,
            lane,
            due_at: at(due),
        };
        let mut tx = store.begin().await.expect("begun");
        assert!(Store::add_endpoint(&mut tx, &endpoint, None, 5, at(0)).await.expect("added"), "{name}");
        assert!(
            !Store::add_endpoint(&mut tx, &endpoint, None, 5, at(0)).await.expect("asked"),
            "{name}: one of a name"
        );
        assert!(!Store::move_endpoint(&mut tx, "e", 4, 9).await.expect("asked"), "{name}: it stands at 5");
        assert!(Store::move_endpoint(&mut tx, "e", 5, 9).await.expect("moved"), "{name}");
        let all = [queued(6, Lane::Each, 10), queued(7, Lane::Urgent, 10), queued(8, Lane::Each, 60)];
        assert_eq!(Store::queue(&mut tx, &all, at(0)).await.expect("queued"), 3, "{name}");
        assert_eq!(Store::queue(&mut tx, &all, at(0)).await.expect("queued"), 0, "{name}: each once");
        tx.commit().await.expect("kept");
        assert!(store.messages_due("e", at(9), 9).await.expect("read").is_empty(), "{name}: nothing is due yet");
        let due = store.messages_due("e", at(10), 9).await.expect("read");
        assert_eq!(
            due.iter().map(|message| message.events.clone()).collect::<Vec<_>>(),
            [[7], [6]],
            "{name}: urgent first"
        );
        let tried = |message: &str| TryRow {
            endpoint: "e".to_owned(),
            message: message.to_owned(),
            at: "2024-05-01T00:00:00Z".to_owned(),
            took_ms: 1,
            status: Some(200),
            trouble: None,
        };
        let mut tx = store.begin().await.expect("begun");
        Store::note_try(&mut tx, &tried("e-7"), Became::Delivered, at(11)).await.expect("noted");
        Store::note_try(&mut tx, &tried("e-6"), Became::Again(at(90)), at(11)).await.expect("noted");
        tx.commit().await.expect("kept");
        assert!(store.messages_due("e", at(59), 9).await.expect("read").is_empty(), "{name}");
        let due = store.messages_due("e", at(90), 9).await.expect("read");
        assert_eq!(due.iter().map(|message| message.tries).collect::<Vec<_>>(), [0, 1], "{name}");
        let health = &store.endpoint_health().await.expect("read")[0];
        assert_eq!((health.waiting, health.delivered, health.dead, health.row.cursor), (2, 1, 0, 9), "{name}");
        assert_eq!(store.tries(Some("e"), 9).await.expect("read").len(), 2, "{name}");
        assert!(store.endpoint_paces().await.expect("read").is_empty(), "{name}: one event says nothing of a pace");
    });
}

#[test]
fn pages_sources_and_the_budget_of_a_host_are_as_they_were_left() {
    of_every_engine(|name, open, folder| async move {
        let (s, day) = (SourceId::from("s"), "2024-05-01".parse().expect("a day"));
        let found = ["http://a/1", "http://a/2"].map(|url| (url.to_owned(), wanglou::vocabulary::Meta::new()));
        let frontier = Frontier::new(open(folder.clone()).await.expect("opened"));
        let mut pages = frontier.discover(&s, &found, at(0)).await.expect("noted");
        pages.truncate(1);
        pages[0].state = PageState::Done;
        pages[0].fetched_at = Some(at(1));
        frontier.mark(&s, &pages, at(1)).await.expect("marked");
        let intake = Intake { collected: 3, kept: 2, rejected: 1, ..Intake::default() };
        let round = RoundMark { intake, ..RoundMark::default() };
        frontier.mark_round(&s, at(1), at(60), &round).await.expect("marked");
        let fared = Fared { success: true, news: true, fields: [("title".to_owned(), 0.5)].into(), ..Fared::default() };
        frontier.fared(&s, at(1), &fared).await.expect("noted");
        assert_eq!(frontier.take_of_day("a.example", day, 60, 100).await.expect("taken"), 60, "{name}");

        let frontier = Frontier::new(open(folder).await.expect("opened again"));
        let waiting = frontier.unfinished(&s, 3, 9).await.expect("read");
        assert_eq!(waiting.iter().map(|page| page.url.as_str()).collect::<Vec<_>>(), ["http://a/2"], "{name}");
        assert_eq!(frontier.discover(&s, &found, at(9)).await.expect("read")[0], pages[0], "{name}");
        let schedule = frontier.schedule(&s).await.expect("read").expect("known");
        assert_eq!((schedule.due_at, schedule.last), (at(60), round), "{name}");
        assert!(frontier.begin_round(&s).await.expect("begun"), "{name}: the round before came to its end");
        assert!(!frontier.begin_round(&s).await.expect("begun"), "{name}: this one did not");
        assert_eq!(frontier.state(&s).await.expect("read").last_news_at, Some(at(1)), "{name}");
        assert_eq!(frontier.take_of_day("a.example", day, 60, 100).await.expect("taken"), 40, "{name}");
        assert_eq!(frontier.take_of_day("a.example", day, 60, 100).await.expect("taken"), 0, "{name}");
    });
}

#[test]
fn who_takes_part_what_was_saved_and_what_was_noted_is_as_it_was_left() {
    of_every_engine(|name, open, folder| async move {
        let store = open(folder.clone()).await.expect("opened");
        let party = Party { name: "p".to_owned(), role: Role::Platform, concerns: Concerns::default() };
        let notice = Notice { kind: NoticeKind::PastChanged, at: at(0), about: "n".to_owned(), text: "t".to_owned() };
        let mut tx = store.begin().await.expect("begun");
        Store::put_party(&mut tx, &party, at(0)).await.expect("kept");
        assert!(Store::add_user(&mut tx, "u", "p", "x", at(0)).await.expect("made"), "{name}");
        assert!(!Store::add_user(&mut tx, "u", "p", "x", at(0)).await.expect("asked"), "{name}: one of a name");
        Store::add_session(&mut tx, "d", "u", at(0), at(60)).await.expect("begun");
        Store::add_notice(&mut tx, &notice).await.expect("noted");
        Store::set_fact(&mut tx, "k", "v").await.expect("set");
        tx.commit().await.expect("kept");
        let search = SavedSearch {
            name: "w".to_owned(),
            query: "起火".to_owned(),
            made_at: at(0),
            watched: true,
            only_new: false,
            throttle_minutes: 5,
            told_at: None,
            came: 0,
            untold: 0,
        };
        let kept = store.save_search(&search, None, None).await.expect("saved");
        assert_eq!(kept, SearchKept::Kept, "{name}");
        store.close().await;

        let store = open(folder.clone()).await.expect("opened again");
        assert_eq!(store.parties().await.expect("read"), [party], "{name}");
        let session = store.session("d").await.expect("read").expect("known");
        assert_eq!((session.user.user.as_str(), session.expires_at), ("u", at(60)), "{name}");
        assert_eq!(store.searches().await.expect("read"), [search], "{name}");
        assert_eq!(store.notices_after(0, 9).await.expect("read"), [(1, notice)], "{name}");
        let copy = folder.join("copy");
        std::fs::create_dir(&copy).expect("made");
        store.copy_to(&copied(&copy)).await.expect("copied");
        let copied = open(copy).await.expect("the copy opens");
        assert_eq!(copied.fact("k").await.expect("read").as_deref(), Some("v"), "{name}");
        assert_eq!(copied.users().await.expect("read").len(), 1, "{name}");
        let mut tx = store.begin().await.expect("begun");
        Store::set_password(&mut tx, "u", "y").await.expect("set");
        tx.commit().await.expect("kept");
        assert!(store.session("d").await.expect("read").is_none(), "{name}: sessions end with their password");
    });
}

/// Where a copy of a store lies in a folder of its own, so that the folder opens as one.
fn copied(folder: &Path) -> PathBuf {
    folder.join("wanglou.sqlite")
}

#[test]
fn engines_have_names_of_their_own() {
    let names: BTreeSet<_> = ENGINES.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), ENGINES.len());
}
