//! RAW-1, looked at from the log: a document that does not match the record it points to is found by name.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::run;
use wanglou::archive::{Exchange, WarcOptions, WarcWriter};
use wanglou::log::Journal;
use wanglou::store::Store;
use wanglou::vocabulary::{Channel, Document, DocumentId, Meta, RawRef, SourceId, parse_moment};

/// What is wrong with where a document points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// The record is of other bytes than the document was read from.
    Digest,
    /// It is the record of another document.
    Swapped,
    /// No record begins there.
    Offset,
    /// There is no such file.
    File,
}

/// A data folder with two documents, the second of which points wrongly.
fn folder(data: &Path, wrong: Wrong) {
    let at = parse_moment("2024-05-01T08:00:00+08:00").expect("a moment");
    let mut warc = WarcWriter::open(&data.join("warc"), WarcOptions::default()).expect("opened");
    let texts = [("a", "充电宝充电时起火"), ("b", "热水器漏电")];
    let mut places: Vec<RawRef> = Vec::new();
    for (id, text) in texts {
        let url = format!("https://news.example/{id}");
        let exchange = Exchange {
            url: &url,
            ip: None,
            at,
            request: b"GET / HTTP/1.1\r\n\r\n",
            response_head: b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
            body: text.as_bytes(),
            truncated: None,
        };
        places.push(warc.append(&exchange).expect("written"));
    }
    warc.sync().expect("synced");
    match wrong {
        Wrong::Nothing => {}
        Wrong::Digest => places[1] = RawRef { digest: places[0].digest.clone(), ..places[1].clone() },
        Wrong::Swapped => places[1] = RawRef { digest: places[1].digest.clone(), ..places[0].clone() },
        Wrong::Offset => places[1].offset += 1,
        Wrong::File => "wanglou-000009.warc.gz".clone_into(&mut places[1].file),
    }
    let documents: Vec<Document> = (texts.into_iter().zip(places))
        .map(|((id, text), raw)| Document {
            id: DocumentId::from(id),
            source: SourceId::from("news"),
            channel: Channel::Media,
            url: Some(format!("https://news.example/{id}")),
            title: None,
            text: text.to_owned(),
            published_at: Some(at),
            seen_at: Some(at),
            meta: Meta::new(),
            raw: Some(raw),
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&data.join("wanglou.sqlite")).await.expect("opened");
        Journal::new(store.clone()).append(&documents, at).await.expect("logged");
        store.close().await;
    });
}

#[test]
fn a_document_that_does_not_match_the_record_it_points_to_is_found_by_name() {
    for wrong in [Wrong::Nothing, Wrong::Digest, Wrong::Swapped, Wrong::Offset, Wrong::File] {
        let dir = tempfile::tempdir().expect("a folder");
        folder(dir.path(), wrong);
        let data = dir.path().to_str().expect("UTF-8");
        let said = run(&["archive", "verify", "--json", "--data", data]);
        let found: Value = serde_json::from_str(&said.out).expect("JSON");
        if wrong == Wrong::Nothing {
            assert_eq!((said.status, &found["problems"]), (0, &json!(0)), "{found:#}");
            continue;
        }
        assert_eq!((said.status, &found["problems"]), (1, &json!(1)), "{wrong:?}: {found:#}");
        let told = found["first_problems"].to_string();
        assert!(told.contains("document `b`") && !told.contains("document `a`"), "{wrong:?}: {told}");
    }
}

#[test]
fn signals_of_documents_that_the_log_does_not_hold_are_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let text = data.to_str().expect("UTF-8");
    let import = |id: &str| {
        let file = dir.path().join(format!("{id}.ndjson"));
        let line = json!({"id": id, "text": format!("充电宝{id}起火"), "published_at": "2024-05-01"});
        std::fs::write(&file, format!("{line}\n")).expect("written");
        run(&["import", "--data", text, "--source", "s", file.to_str().expect("UTF-8")]).good();
    };
    let (store, kept) = (data.join("wanglou.sqlite"), dir.path().join("kept"));
    import("a");
    std::fs::copy(&store, &kept).expect("copied");
    import("b");
    assert_eq!(run(&["archive", "verify", "--data", text]).status, 0);
    std::fs::copy(&kept, &store).expect("restored");
    let said = run(&["archive", "verify", "--json", "--data", text]);
    let found: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(said.status, 1, "{found:#}");
    assert!(found["first_problems"].to_string().contains("signals"), "{found:#}");
}

#[test]
fn a_digest_of_the_audit_log_that_was_noted_must_be_that_of_a_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().to_str().expect("UTF-8");
    folder(dir.path(), Wrong::Nothing);
    let add = |name: &str| {
        run(&["user", "add", name, "--party", "中心", "--role", "centre", "--data", data]).good();
    };
    let verify = |more: &[&str]| run(&[&["audit", "verify", "--data", data], more].concat());
    add("wang");
    let said = verify(&[]).good().out;
    let noted = said.split_whitespace().last().expect("a digest").to_owned();
    add("li");
    verify(&["--head", &noted]).good();
    let cut = verify(&["--head", &noted.replace(|letter: char| letter.is_ascii_hexdigit(), "0")]);
    assert_eq!(cut.status, 1, "{}{}", cut.out, cut.err);
}
