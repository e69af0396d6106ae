//! What organisations take away of matters.

use std::io::{Cursor, Read};

use serde_json::Value;

use super::super::matrix::{OWN, Server, now};
use store::Store;
use vocabulary::{
    Act, Asked, Concern, ItemVerdict, Role, SampleId, Scope, TestedItem, Verdict, VerdictBasis, Work, day_of,
};

/// A platform that is not the one of the party.
const OTHER_PLATFORM: &str = "别家平台";
const OWN_PLATFORM: &str = "sim.complaints";

fn sample(number: u32) -> SampleId {
    SampleId::new(format!("sr-{OWN}.{number:02}"))
}

fn buy(number: u32, platform: &str) -> Work {
    Work::Buy {
        sample: sample(number),
        platform: platform.to_owned(),
        item_id: format!("item-{number}"),
        seller: format!("店铺{number}"),
        brand: String::new(),
        maker: String::new(),
        region: None,
        price_fen: Some(12_345),
        quantity: 3,
        replaces: None,
    }
}

fn result(number: u32, platform: &str) -> Work {
    let item = TestedItem {
        item: "热滥用".to_owned(),
        standard: "GB 31241-2022".to_owned(),
        stated: "不起火".to_owned(),
        measured: "起火".to_owned(),
        verdict: ItemVerdict::Fail,
    };
    Work::Result {
        sample: sample(number),
        platform: platform.to_owned(),
        item_id: format!("item-{number}"),
        report: format!("R-{number}"),
        tested_on: day_of(now()),
        items: vec![item],
        basis: VerdictBasis::Standard,
        conforms: false,
        again: false,
        confirmed_by: String::new(),
    }
}

/// The files of an archive: its manifest, and the lines of a file.
fn opened(archive: &[u8], name: &str) -> (Value, Vec<Value>) {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut read = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).expect(name).read_to_string(&mut text).expect("UTF-8");
        text
    };
    let manifest = serde_json::from_str(&read("manifest.json")).expect("JSON");
    let lines = read(name);
    (manifest, lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

#[tokio::test]
async fn clause_3_51_an_archive_holds_the_part_of_its_platform_and_no_sample_without_a_result() {
    let server = Server::open().await;
    for role in [Role::Centre, Role::Platform, Role::Public] {
        server.add(role.code(), role).await;
    }
    let to = "platform的单位".to_owned();
    let works = [
        buy(1, OWN_PLATFORM),
        buy(2, OTHER_PLATFORM),
        buy(3, OWN_PLATFORM),
        result(1, OWN_PLATFORM),
        result(2, OTHER_PLATFORM),
        Work::Address { to, role: Role::Platform, concern: Concern::Platform, region: None, asked: Asked::Handle },
    ];
    let tower = &server.folder.tower;
    let mut tx = tower.store().begin().await.expect("begun");
    for work in works {
        let act = Act {
            alert_id: OWN.into(),
            at: now(),
            by: "甲".to_owned(),
            party: "centre的单位".to_owned(),
            kind: work.kind(),
            note: String::new(),
            to: None,
            until: None,
            work: Some(Box::new(work)),
            key: None,
        };
        Store::add_act(&mut tx, &act).await.expect("kept");
    }
    tx.commit().await.expect("kept");
    tower.take_verdict(&OWN.into(), Verdict::Confirmed, "张三", "核实", now()).await.expect("kept");
    let archive = async |role: Role| {
        let bearer = format!("Bearer {}", server.token(role.code(), &[Scope::Read]).await);
        let answer = server.ask("GET", "/api/v1/exchange", &[("authorization", &bearer)], "").await;
        answer.bytes().await.expect("read")
    };

    let taken = archive(Role::Platform).await;
    let (manifest, matters) = opened(&taken, "matters.ndjson");
    assert_eq!((matters.len(), matters[0]["id"].as_str()), (1, Some(OWN)));
    let results = matters[0]["results"].as_array().expect("results");
    assert!(results.len() == 1 && results[0]["item"]["item_id"] == "item-1", "{results:?}");
    let text = matters[0].to_string();
    for hidden in [OTHER_PLATFORM, "店铺2", "店铺3", "item-3", "12345", "price", "bought_on"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    assert!(opened(&taken, "outcomes.ndjson").1.is_empty(), "verdicts are for those inside");
    let counted = |manifest: &Value, name: &str| {
        let files = manifest["files"].as_array().expect("files").clone();
        files.into_iter().find(|file| file["name"] == name).map(|file| file["records"].clone())
    };
    assert_eq!(counted(&manifest, "matters.ndjson"), Some(1.into()));
    assert_eq!(counted(&manifest, "outcomes.ndjson"), Some(0.into()));

    let taken = archive(Role::Centre).await;
    let (_, matters) = opened(&taken, "matters.ndjson");
    let own = matters.iter().find(|matter| matter["id"] == OWN).expect("the whole of it");
    assert_eq!(own["samples"].as_object().map(serde_json::Map::len), Some(3));
    let (manifest, outcomes) = opened(&taken, "outcomes.ndjson");
    assert_eq!((outcomes.len(), counted(&manifest, "outcomes.ndjson")), (1, Some(1.into())));
    assert!(opened(&archive(Role::Public).await, "matters.ndjson").1.is_empty());
    server.close().await;
}
