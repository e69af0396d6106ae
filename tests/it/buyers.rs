//! PRIV-2: buyers act as ordinary consumers (clause 3-35), and who takes the goods in and where is in a store of its own (clause 3-36). What is
//! planted there comes out of one command, and of nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use wanglou::config::{Overrides, Settings};
use wanglou::vocabulary::{Concerns, Role};

use crate::party::ways::House;
use crate::secrets::holding;
use crate::support::{Said, run, run_with};

/// What is planted: in every value a word that stands nowhere else, in letters that no encoding of text changes.
const NAME: &str = "planted-name-271828";
const PHONE: &str = "13700577215";
const ACCOUNT: &str = "planted-account-161803";
const CONSIGNEE: &str = "planted-consignee-141421";
const ADDRESS: &str = "planted-address-314159";
const NOTE: &str = "planted-note-662607";
const ORDER: &str = "planted-order-693147";
const PLANTED: [&str; 7] = [NAME, PHONE, ACCOUNT, CONSIGNEE, ADDRESS, NOTE, ORDER];

struct Office {
    dir: tempfile::TempDir,
}

impl Office {
    /// A folder with a document in it, and a key beside it.
    fn new() -> Self {
        let office = Self { dir: tempfile::tempdir().expect("a folder") };
        run(&["secrets", "new", &office.path("k")]).good();
        let file = office.path("first.ndjson");
        fs::write(&file, "{\"id\":\"first\",\"text\":\"充电宝起火\",\"published_at\":\"2024-05-01\"}\n")
            .expect("written");
        office.call(&["import", "--source", "s", &file]).good();
        office
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn with(&self, key: Option<&str>, args: &[&str], input: &str) -> Said {
        let (data, key) = (self.data().display().to_string(), key.map(|key| self.path(key)));
        let mut all = args.to_vec();
        // Everything that can be logged is.
        all.extend(["--data", &data, "--lang", "en", "-vvv"]);
        if let Some(key) = &key {
            all.extend(["--secrets-key", key]);
        }
        run_with(&all, input)
    }

    fn call(&self, args: &[&str]) -> Said {
        self.with(Some("k"), args, "")
    }

    /// Keeps a buyer and gives the id; nothing that is said tells anything.
    fn add(&self) -> String {
        let said = self.with(Some("k"), &["buyers", "add", "--stdin"], &written()).good();
        silent("add", &said);
        let id = said.out.trim().to_owned();
        assert!(id.len() == 10 && id.starts_with("b-"), "{id}");
        id
    }

    fn settings(&self) -> Settings {
        let flags =
            Overrides { data: Some(self.data()), secrets_key: Some(self.dir.path().join("k")), ..Overrides::default() };
        Settings::load(None, flags).expect("good")
    }

    /// The lines of the audit log about buyers: who, about what, more.
    fn lines(&self) -> Vec<(String, String, String)> {
        let said = self.call(&["audit", "list"]).good().out;
        let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let text = |line: &Value, field: &str| line[field].as_str().expect("text").to_owned();
        lines
            .filter(|line| line["what"] == "buyer")
            .map(|line| (text(&line, "who"), text(&line, "about"), text(&line, "detail")))
            .collect()
    }
}

fn written() -> String {
    json!({
        "name": NAME, "phone": PHONE, "accounts": [{"platform": "京东", "account": ACCOUNT}], "consignee": CONSIGNEE,
        "address": format!("杭州市西湖区 {ADDRESS}"), "region": "330106", "note": NOTE,
    })
    .to_string()
}

/// Nothing that was planted is in what a command said.
fn silent(what: &str, said: &Said) {
    for word in PLANTED {
        assert!(!said.out.contains(word), "{what} prints {word}: {}", said.out);
        assert!(!said.err.contains(word), "{what} says {word}: {}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clause_3_35_no_page_feed_export_log_backup_or_byte_of_the_folder_tells_of_a_buyer() {
    let office = Office::new();
    let id = office.add();
    let assign = office.with(Some("k"), &["buyers", "assign", "s-1", &id, "--stdin"], &format!("{ORDER}\n")).good();
    silent("assign", &assign);
    let listed = office.call(&["buyers", "list"]).good();
    silent("list", &listed);
    let line: Value = serde_json::from_str(listed.out.trim()).expect("one line");
    assert_eq!((line["buyer"].as_str(), line["region"].as_str()), (Some(id.as_str()), Some("330106")));
    assert_eq!(holding(&office.data(), &PLANTED), [""; 0]);

    // All that a service tells anybody, pages, feeds, files, the stream and what is delivered.
    let house = House::over(&office.settings(), None).await;
    let mut told = house.all_ways(Role::Centre, Concerns::default()).await;
    told.extend(house.all_ways(Role::TestBody, Concerns::default()).await);
    told.extend(house.all_ways(Role::Public, Concerns::default()).await);
    let inside = [
        "/search?q=充电宝",
        "/search/export?q=充电宝&format=csv",
        "/searches",
        "/doubts",
        "/status",
        "/sources",
        "/deliveries",
        "/metrics",
        "/api/v1/search?q=充电宝",
        "/api/v1/searches",
        "/api/v1/sources",
        "/api/v1/sources/coverage",
        "/api/v1/openapi.json",
        "/api/v1/schemas",
    ];
    told.extend(house.more_ways(Role::Centre, &inside).await);
    house.close();
    assert!(told.len() > 60, "{} ways", told.len());
    for said in &told {
        for word in PLANTED {
            assert!(!said.text.contains(word), "{} tells {word}", said.way);
        }
    }

    // All that commands print, with everything logged.
    let out = ["all.csv", "parquet", "backup"].map(|name| office.path(name));
    let [csv, parquet, backup] = [out[0].as_str(), out[1].as_str(), out[2].as_str()];
    for args in [
        &["buyers", "list"][..],
        &["alerts", "--json"],
        &["search", "充电宝", "--json"],
        &["export", "--query", "", "--out", csv],
        &["audit", "list"],
        &["audit", "verify"],
        &["secrets", "status"],
        &["deliver", "list"],
        &["deliver", "log"],
        &["user", "list"],
        &["archive", "stat", "--json"],
        &["archive", "export", "--out", parquet],
        &["index", "stat"],
        &["backup", backup],
    ] {
        let said = office.call(args);
        assert_eq!(said.status, 0, "{args:?}: {}", said.err);
        silent(&args.join(" "), &said);
    }
    for word in PLANTED {
        let said = office.call(&["search", word, "--json"]).good().out;
        let found: Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(found["hits"], json!([]), "nothing of a buyer is indexed");
    }
    assert!(fs::read_to_string(Path::new(backup).join("backup.json")).expect("a manifest").contains("wanglou.sqlite"));
    for place in [office.data(), PathBuf::from(csv), PathBuf::from(parquet), PathBuf::from(backup)] {
        assert_eq!(holding(&place, &PLANTED), [""; 0]);
    }
}

#[test]
fn clause_3_36_who_looks_at_a_buyer_gives_a_reason_and_leaves_a_line() {
    let office = Office::new();
    let added = office.add();
    let id = added.as_str();
    office.call(&["buyers", "assign", "s-1", id, "--order", ORDER, "--by", "李"]).good();
    for args in [&["buyers", "show", id][..], &["buyers", "show", id, "--why", " "]] {
        let refused = office.call(args);
        assert_eq!(refused.status, 2, "{}", refused.err);
        silent("show without a reason", &refused);
    }
    let before = office.lines();
    let known: Vec<&str> = before.iter().map(|(_, _, detail)| detail.as_str()).collect();
    assert_eq!(known, ["added", "sample s-1"], "what was refused showed nothing");
    assert_eq!(before[1], ("李".to_owned(), added.clone(), "sample s-1".to_owned()));

    let shown = office.call(&["buyers", "show", id, "--why", "核对收货", "--by", "王"]).good();
    for word in PLANTED {
        assert!(shown.out.contains(word), "{word}: {}", shown.out);
        assert!(!shown.err.contains(word), "the log says {word}");
    }
    let buyer: Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!(buyer["accounts"], json!([{"platform": "京东", "account": ACCOUNT}]));
    assert_eq!(buyer["orders"], json!([{"sample": "s-1", "order": ORDER}]));
    assert_eq!(office.lines()[2..], [("王".to_owned(), added.clone(), "核对收货".to_owned())]);
    office.call(&["buyers", "list"]).good();
    assert_eq!(office.lines()[3..], [("cli".to_owned(), "buyers".to_owned(), "1 listed".to_owned())]);
    let verified = office.call(&["audit", "verify"]).good();
    silent("audit verify", &verified);
    let unknown = office.call(&["buyers", "show", "b-00000000", "--why", "核对"]);
    assert!(unknown.status == 2 && unknown.err.contains("there is no buyer"), "{unknown:?}");
}

#[test]
fn priv_2_without_the_key_no_buyer_is_kept_or_shown_and_the_error_says_what_to_do() {
    let office = Office::new();
    let refused = office.with(None, &["buyers", "add", "--stdin"], &written());
    assert!(refused.status == 2 && refused.err.contains("secrets_key_file"), "{refused:?}");
    silent("add without a key", &refused);
    assert_eq!(office.call(&["buyers", "list"]).good().out, "");
    assert_eq!(holding(&office.data(), &PLANTED), [""; 0]);
    let id = office.add();
    run(&["secrets", "new", &office.path("other")]).good();
    for (key, told) in [(None, "secrets_key_file"), (Some("other"), "other")] {
        let shut = office.with(key, &["buyers", "show", &id, "--why", "核对"], "");
        assert!(shut.status == 2 && shut.err.contains(told), "{shut:?}");
        silent("show without the key", &shut);
        let listed = office.with(key, &["buyers", "list"], "").good();
        assert!(listed.out.contains(&id) && listed.out.contains("\"opens\":false"), "{}", listed.out);
    }
    let tried = office.lines().iter().filter(|(_, about, detail)| *about == id && detail == "核对").count();
    assert_eq!(tried, 2, "who tries leaves a line, too");
}

#[test]
fn priv_2_a_retired_buyer_leaves_an_id_and_nothing_of_the_person() {
    let office = Office::new();
    let added = office.add();
    let id = added.as_str();
    office.with(Some("k"), &["buyers", "assign", "s-1", id, "--stdin"], ORDER).good();
    assert_eq!(office.call(&["buyers", "retire", id]).status, 2, "a reason is needed");
    office.call(&["buyers", "retire", id, "--why", "离职"]).good();
    let status = office.call(&["secrets", "status"]).good().out;
    let counted: Value = serde_json::from_str(status.trim()).expect("one key");
    assert_eq!(counted["secrets"], 0, "nothing sealed is left: {status}");
    let listed: Value = serde_json::from_str(office.call(&["buyers", "list"]).good().out.trim()).expect("one line");
    assert_eq!((listed["buyer"].as_str(), listed["region"].as_str()), (Some(id), None));
    assert!(listed["retired_at"].is_string(), "{listed}");
    for args in [
        &["buyers", "show", id, "--why", "核对"][..],
        &["buyers", "retire", id, "--why", "离职"],
        &["buyers", "assign", "s-2", id, "--order", "n-1"],
    ] {
        let refused = office.call(args);
        assert!(refused.status == 2 && refused.err.contains("is retired"), "{refused:?}");
    }
    assert_eq!(office.lines()[2].2, "retired: 离职");
    office.call(&["archive", "verify"]).good();
}

#[test]
fn priv_2_a_new_first_key_seals_buyers_anew() {
    let office = Office::new();
    let id = office.add();
    let old = fs::read_to_string(office.path("k")).expect("read");
    run(&["secrets", "new", &office.path("k")]).good();
    let file = office.path("first.ndjson");
    // Any work on the folder opens it as a start of the service does.
    office.call(&["import", "--source", "s", &file]).good();
    let both = fs::read_to_string(office.path("k")).expect("read");
    fs::write(office.path("k"), both.strip_suffix(&old).expect("the new key")).expect("written");
    let shown = office.call(&["buyers", "show", &id, "--why", "核对"]).good().out;
    assert!(shown.contains(NAME) && shown.contains(ADDRESS), "{shown}");
}

#[test]
fn priv_2_a_wrong_call_quotes_nothing_of_a_buyer() {
    let office = Office::new();
    let number = format!("{{\"name\":\"{NAME}\",\"phone\":{PHONE}}}");
    let cut = written().replace('}', "");
    let lacking = written().replace(CONSIGNEE, " ");
    for input in [number.as_str(), cut.as_str(), lacking.as_str(), ADDRESS] {
        let refused = office.with(Some("k"), &["buyers", "add", "--stdin"], input);
        assert_eq!(refused.status, 2, "{}", refused.err);
        silent("add", &refused);
    }
    let flags = ["--name", NAME, "--phone", PHONE, "--consignee", CONSIGNEE, "--address", ADDRESS];
    let wrong = [&["buyers", "add", "--account", ACCOUNT][..], &flags].concat();
    let refused = office.call(&wrong);
    assert!(refused.status == 2 && refused.err.contains("PLATFORM=ACCOUNT"), "{refused:?}");
    silent("add", &refused);
    let account = format!("京东={ACCOUNT}");
    let right = [&["buyers", "add", "--account", &account][..], &flags].concat();
    silent("add by flags", &office.call(&right).good());
}
