//! A hostile party: ids, evidence and listings of others.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::{ImportReport, Tower, push_lines};
use wanglou::vocabulary::{Category, Channel, Concerns, DocumentId, Party, Role, SourceId, parse_moment};

fn settings(data: &Path) -> Settings {
    Settings::load(None, Overrides { data: Some(data.to_owned()), ..Overrides::default() }).expect("good")
}

fn now() -> Timestamp {
    parse_moment("2024-05-04 09:00:00").expect("a moment")
}

fn party(name: &str, role: Role) -> Party {
    Party { name: name.to_owned(), role, concerns: Concerns::default() }
}

async fn push(tower: &Tower, by: Option<&Party>, source: &str, channel: Channel, lines: &[Value]) -> ImportReport {
    let lines = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    push_lines(tower, lines.into_bytes(), SourceId::from(source), channel, by, now()).await.expect("taken in")
}

fn in_tower<T>(work: impl AsyncFnOnce(&Tower) -> T) -> T {
    let dir = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let tower = Arc::new(Tower::open(&settings(dir.path())).await.expect("opened"));
        let done = work(&tower).await;
        Arc::into_inner(tower).expect("nobody else").close().await.expect("closed");
        done
    })
}

#[test]
fn a_party_keeps_no_document_of_a_regulator_out_of_the_log() {
    in_tower(async |tower| {
        let firm = party("某厂", Role::Firm);
        let text = "召回公告：某牌充电宝存在起火隐患";
        let ids = ["x", "samr.recalls/x", "samr.recalls/x/2", "push@某厂/x", "samr.recalls@某厂/x"];
        let forged: Vec<Value> = ids.iter().map(|id| json!({"id": id, "text": text})).collect();
        assert_eq!(push(tower, Some(&firm), "push", Channel::Complaint, &forged).await.total().kept, ids.len() as u64);
        let official = [json!({"id": "x", "text": text, "source": "samr.recalls"})];
        let taken = push(tower, None, "samr.recalls", Channel::Regulator, &official).await.total();
        assert_eq!((taken.kept, taken.unchanged), (1, 0), "the regulator's document is new");
        let again = push(tower, None, "samr.recalls", Channel::Regulator, &official).await.total();
        assert_eq!((again.kept, again.unchanged), (0, 1));
        let entry = tower.store().document(&DocumentId::from("x")).await.expect("read").expect("kept");
        assert_eq!(entry.document.source, SourceId::from("samr.recalls"), "its plain id is its own: no party has one");
        assert_eq!(entry.document.channel, Channel::Regulator);
        let mine = tower.store().document(&DocumentId::from("push@某厂/x")).await.expect("read").expect("kept");
        assert!(firm.owns_source(mine.document.source.as_str()));
    });
}

#[test]
fn evidence_is_what_the_collector_stored_whatever_a_document_says() {
    in_tower(async |tower| {
        for (number, file) in
            ["/etc/passwd", "../../elsewhere/x.warc", "wanglou-20240504-000000.warc.gz"].iter().enumerate()
        {
            let raw = json!({"file": file, "offset": 0, "digest": "sha1:AAAA"});
            let line = json!({"id": format!("d{number}"), "text": "充电宝起火", "raw": raw});
            assert_eq!(push(tower, None, "s", Channel::Complaint, &[line]).await.total().kept, 1);
            let id = DocumentId::from(format!("d{number}").as_str());
            let entry = tower.store().document(&id).await.expect("read").expect("kept");
            assert_eq!(entry.document.raw, None, "{file}");
            let place =
                wanglou::vocabulary::RawRef { file: (*file).to_owned(), offset: 0, digest: "sha1:AAAA".to_owned() };
            let read = tower.raw_record(&place);
            if number < 2 {
                assert!(matches!(read, Ok(None)), "{file} is no file of ours: {read:?}");
            } else {
                assert!(read.is_err(), "there is no such file");
            }
        }
    });
}

#[test]
fn a_party_lists_goods_under_its_own_name_alone() {
    in_tower(async |tower| {
        let listing = |id: &str, seller: &str| {
            json!({"id": id, "text": "某牌充电宝 20000毫安", "title": "某牌充电宝 20000毫安", "meta": {
                "platform": "云集市", "item_id": "42", "price": "99", "sold": 1000, "seller": seller, "platform_category": "充电宝"}})
        };
        push(tower, None, "crawled", Channel::Platform, &[listing("a", "官方店")]).await;
        push(tower, Some(&party("某厂", Role::Firm)), "push", Channel::Platform, &[listing("b", "假店")]).await;
        push(tower, Some(&party("云集市", Role::Platform)), "push", Channel::Platform, &[listing("c", "官方店二")])
            .await;
        tower.read_new().await.expect("read");
        let mut held = Vec::new();
        for category in Category::ALL {
            held.extend(tower.store().listings(*category, 100).await.expect("read"));
        }
        let mut named: Vec<(&str, &str)> =
            held.iter().map(|listing| (listing.platform.as_str(), listing.seller.as_str())).collect();
        named.sort_unstable();
        assert_eq!(named, [("push@某厂", "假店"), ("云集市", "官方店二")], "the platform itself may, a firm may not");
    });
}
