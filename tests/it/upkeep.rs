//! What a data folder holds can be checked, copied, brought back and read by others.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::run;
use wanglou::archive::{Exchange, WarcOptions, WarcWriter};
use wanglou::log::Journal;
use wanglou::store::Store;
use wanglou::vocabulary::{Channel, Document, DocumentId, Meta, SourceId, parse_moment};

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";

/// A data folder with two crawled documents and their pages.
fn folder(data: &Path) {
    let at = parse_moment("2024-05-01T08:00:00+08:00").expect("a moment");
    let mut warc = WarcWriter::open(&data.join("warc"), WarcOptions::default()).expect("opened");
    let mut document = |id: &str, text: &str| {
        let url = format!("https://news.example/{id}");
        let exchange = Exchange {
            url: &url,
            ip: None,
            at,
            request: b"GET / HTTP/1.1\r\n\r\n",
            response_head: HEAD,
            body: text.as_bytes(),
            truncated: None,
        };
        let raw = warc.append(&exchange).expect("written");
        Document {
            id: DocumentId::from(id),
            source: SourceId::from("news"),
            channel: Channel::Media,
            url: Some(url),
            title: None,
            text: text.to_owned(),
            published_at: Some(at),
            seen_at: Some(at),
            meta: Meta::new(),
            raw: Some(raw),
        }
    };
    let documents = [document("a", "充电宝充电时起火，沙发烧穿了"), document("b", "热水器漏电，老人洗澡时触电身亡")];
    warc.sync().expect("synced");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&data.join("wanglou.sqlite")).await.expect("opened");
        Journal::new(store.clone()).append(&documents, at).await.expect("logged");
        store.close().await;
    });
}

fn warc_file(data: &Path) -> std::path::PathBuf {
    let mut files = fs::read_dir(data.join("warc")).expect("listed").map(|entry| entry.expect("listed").path());
    files.next().expect("a file")
}

fn verified(data: &str) -> (i32, Value) {
    let said = run(&["archive", "verify", "--json", "--data", data]);
    (said.status, serde_json::from_str(&said.out).expect("JSON"))
}

#[test]
fn a_whole_folder_is_found_whole_and_damage_is_found_where_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    folder(dir.path());
    let data = dir.path().to_str().expect("UTF-8");
    let (status, found) = verified(data);
    assert_eq!((status, &found["problems"], &found["pointing"]), (0, &json!(0), &json!(2)), "{found:#}");
    let stat: Value =
        serde_json::from_str(&run(&["archive", "stat", "--json", "--data", data]).good().out).expect("JSON");
    assert_eq!((&stat["documents"]["news"], &stat["warc"]["files"]), (&json!(2), &json!(1)));

    let path = warc_file(dir.path());
    let whole = fs::read(&path).expect("read");
    let mut flipped = whole.clone();
    let near_end = flipped.len() - 40;
    flipped[near_end] ^= 0x55;
    fs::write(&path, flipped).expect("damaged");
    let (status, found) = verified(data);
    assert_eq!(status, 1);
    assert!(found["first_problems"].to_string().contains("wanglou-000001.warc.gz byte"), "{found:#}");
    fs::remove_file(&path).expect("removed");
    let (_, found) = verified(data);
    assert_eq!(found["problems"], json!(2), "both documents point nowhere: {found:#}");
    assert!(found["first_problems"][0].as_str().is_some_and(|problem| problem.contains("document `a`")), "{found:#}");
}

#[test]
fn a_backup_brings_everything_back_and_a_damaged_one_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let [data, copy, again] = ["data", "copy", "again"].map(|name| dir.path().join(name));
    fs::create_dir(&data).expect("made");
    folder(&data);
    let [from, to, back] = [&data, &copy, &again].map(|path| path.to_str().expect("UTF-8").to_owned());
    run(&["backup", &to, "--data", &from]).good();
    assert_eq!(run(&["backup", &to, "--data", &from]).status, 2, "never over another backup");
    run(&["restore", &to, "--data", &back]).good();
    let (status, found) = verified(&back);
    assert_eq!((status, &found["pointing"]), (0, &json!(2)), "{found:#}");
    assert_eq!(run(&["restore", &to, "--data", &back]).status, 2, "never over other data");

    fs::write(warc_file(&copy), b"not what it was").expect("damaged");
    let third = dir.path().join("third");
    let said = run(&["restore", &to, "--data", third.to_str().expect("UTF-8")]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("wanglou-000001.warc.gz") && !third.exists(), "{}", said.err);
}

#[test]
fn documents_exported_as_a_dataset_are_replayed_as_from_the_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    fs::create_dir(&data).expect("made");
    folder(&data);
    let dataset = dir.path().join("documents");
    let [data, dataset] = [&data, &dataset].map(|path| path.to_str().expect("UTF-8"));
    run(&["archive", "export", "--data", data, "--out", dataset]).good();
    let digests = |archive: &str, name: &str| -> Value {
        let out = dir.path().join(name);
        let to = out.to_str().expect("UTF-8");
        run(&["rerun", "--archive", archive, "--from", "2024-05-01", "--to", "2024-05-05", "--out", to]).good();
        let summary = fs::read(out.join("summary.json")).expect("read");
        serde_json::from_slice::<Value>(&summary).expect("JSON")["digests"].clone()
    };
    let (one, other) = (digests(data, "one"), digests(dataset, "other"));
    assert_eq!(one, other);
    assert!(one["alerts.ndjson"].is_string());
}
