//! What a data folder holds can be checked, copied, brought back and read by others.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::run;
use wanglou::archive::{Exchange, WarcOptions, WarcWriter};
use wanglou::config::{Overrides, Settings};
use wanglou::log::Journal;
use wanglou::pipeline::{Tower, push_lines};
use wanglou::store::Store;
use wanglou::vocabulary::{Channel, Document, DocumentId, Meta, SourceId, parse_moment};

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";

/// A data folder with two crawled documents and their pages.
pub(crate) fn folder(data: &Path) {
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

/// The audit log of a folder.
fn noted(data: &str) -> String {
    run(&["audit", "list", "--data", data]).good().out
}

#[test]
fn a_command_that_joins_or_mends_files_leaves_a_line() {
    let dir = tempfile::tempdir().expect("a folder");
    folder(dir.path());
    let data = dir.path().to_str().expect("UTF-8");
    tower(dir.path(), async |tower| tower.read_new().await.expect("read"));
    run(&["archive", "compact", "--data", data]).good();
    let lines = noted(data);
    assert!(lines.contains("upkeep") && lines.contains("joined into"), "{lines}");
    assert!(!lines.contains("moved to"), "{lines}");
    let part = fs::read_dir(dir.path().join("signals")).expect("listed").map(|file| file.expect("listed").path());
    let part = part.filter(|path| path.extension().is_some_and(|ending| ending == "parquet")).max().expect("a part");
    fs::write(part, b"not what it was").expect("damaged");
    run(&["archive", "verify", "--repair", "--data", data]).good();
    assert!(noted(data).contains("signals/ was moved to"), "{}", noted(data));
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
    assert!(noted(&back).contains("was restored"), "{}", noted(&back));
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

/// Turns one bit of the first place in a file where these bytes stand.
fn flip_in(path: &Path, found: &[u8]) {
    let mut bytes = fs::read(path).expect("read");
    let at = bytes.windows(found.len()).position(|window| window == found).expect("they stand in it");
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("damaged");
}

fn tower<T>(data: &Path, work: impl AsyncFnOnce(&Tower) -> T) -> T {
    let flags = Overrides { data: Some(data.to_owned()), ..Overrides::default() };
    let settings = Settings::load(None, flags).expect("good");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let tower = Tower::open(&settings).await.expect("opened");
        let done = work(&tower).await;
        tower.close().await.expect("closed");
        done
    })
}

#[test]
fn a_changed_word_of_a_document_is_found_with_its_place_and_only_a_backup_brings_it_back() {
    let dir = tempfile::tempdir().expect("a folder");
    folder(dir.path());
    flip_in(&dir.path().join("wanglou.sqlite"), "沙发烧穿了".as_bytes());
    let data = dir.path().to_str().expect("UTF-8");
    let (status, found) = verified(data);
    let told = found["first_problems"].to_string();
    assert_eq!((status, &found["damaged"]), (1, &json!(["database"])), "{found:#}");
    assert!(
        told.contains("table `documents` does not hold what was written") && told.contains("log position 1"),
        "{told}"
    );
    let said = run(&["archive", "verify", "--repair", "--data", data]);
    assert_eq!(said.status, 1);
    assert!(said.out.contains("wanglou restore BACKUP"), "{}", said.out);
}

#[test]
fn what_the_log_can_give_is_made_again_and_damaged_files_are_moved_aside() {
    let dir = tempfile::tempdir().expect("a folder");
    folder(dir.path());
    let data = dir.path().to_str().expect("UTF-8");
    let line = json!({"id": "i", "text": "充电宝，正品", "source": "shop", "channel": "platform", "published_at": "2024-05-01",
        "meta": {"platform": "shop", "item_id": "item-77", "seller": "some-seller", "price": 9}});
    tower(dir.path(), async |tower| {
        let now = parse_moment("2024-05-02").expect("a moment");
        let pushed =
            push_lines(tower, line.to_string().into_bytes(), "shop".into(), Channel::Platform, None, now).await;
        assert_eq!(pushed.expect("taken").total().kept, 1);
        tower.read_new().await.expect("read");
    });
    let (status, whole) = verified(data);
    assert_eq!((status, &whole["documents"], &whole["indexed"]), (0, &json!(3), &json!(3)), "{whole:#}");
    assert!(whole["signals"].as_u64() > Some(0), "{whole:#}");

    let part = |folder: &str, ending: &str| {
        let paths = fs::read_dir(dir.path().join(folder)).expect("listed").map(|file| file.expect("listed").path());
        paths.into_iter().find(|path| path.to_string_lossy().ends_with(ending)).expect("such a file")
    };
    flip_in(&part("signals", ".parquet"), b"PAR1");
    flip_in(&part("index", ".store"), &fs::read(part("index", ".store")).expect("read")[..4]);
    // The listing's own row: its body is written once, in the table of listings.
    flip_in(&dir.path().join("wanglou.sqlite"), b"\"seller\":\"some-seller\",\"brand\"");
    let (status, found) = verified(data);
    assert_eq!((status, &found["damaged"]), (1, &json!(["listings", "signals", "index"])), "{found:#}");

    run(&["archive", "verify", "--repair", "--data", data]).good();
    let (status, again) = verified(data);
    assert_eq!((status, &again["signals"], &again["indexed"]), (0, &whole["signals"], &whole["indexed"]), "{again:#}");
    assert!(dir.path().join("damaged/1/index/meta.json").exists() && dir.path().join("damaged/1/signals").is_dir());
    let listed = tower(dir.path(), async |tower| tower.store().alert_counts().await.is_ok());
    assert!(listed, "the folder opens");
}

#[test]
fn files_of_signals_stay_few_while_documents_are_pushed_one_by_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let files = || fs::read_dir(dir.path().join("signals")).expect("listed").count();
    let told = tower(dir.path(), async |tower| {
        let now = parse_moment("2024-05-02").expect("a moment");
        for number in 0..40 {
            let line = json!({"id": format!("d{number}"), "text": format!("充电宝充电时起火，第{number}次"), "published_at": "2024-05-01"});
            push_lines(tower, line.to_string().into_bytes(), "s".into(), Channel::Complaint, None, now)
                .await
                .expect("taken");
            tower.read_new().await.expect("read");
            assert!(files() <= 9, "{} files after {number} documents", files());
        }
        tower.signals()
    });
    assert!(told >= 40, "{told}");
    let again = tower(dir.path(), async |tower| tower.signals());
    assert_eq!(again, told, "the same signals after a restart");
    assert_eq!(verified(dir.path().to_str().expect("UTF-8")).0, 0);
}

#[test]
fn a_changed_masking_key_or_line_set_aside_is_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, file) = (dir.path().join("data"), dir.path().join("told.ndjson"));
    fs::write(&file, "no document\n{\"id\":\"a\",\"text\":\"起火\"}\n").expect("written");
    let (text, file) = (data.to_str().expect("UTF-8"), file.to_str().expect("UTF-8"));
    for _ in 0..2 {
        run(&["import", "--lenient", "--data", text, "--source", "s", file]).good();
        assert_eq!(verified(text).0, 0, "written anew, it has a digest anew");
    }
    let aside = fs::read_dir(data.join("rejects")).expect("listed").next().expect("a file").expect("listed").path();
    for (path, what) in [(data.join("masking.key"), "masking.key"), (aside, "rejects/")] {
        let whole = fs::read(&path).expect("read");
        flip_in(&path, &whole[..4]);
        let (status, found) = verified(text);
        assert_eq!((status, &found["damaged"]), (1, &json!(["kept"])), "{found:#}");
        assert!(found["first_problems"].to_string().contains(what), "{found:#}");
        fs::write(&path, whole).expect("mended");
    }
    fs::remove_file(data.join("masking.key")).expect("removed");
    assert!(verified(text).1["first_problems"].to_string().contains("masking.key is missing"));
}
