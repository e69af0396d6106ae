//! Secrets at rest: no byte of a data folder or a backup holds one where a key is named, and only the right key gives them back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use wanglou::config::{Overrides, Settings};
use wanglou::deliver::Courier;
use wanglou::pipeline::open_store;
use wanglou::store::{Store, StoreError};
use wanglou::vocabulary::{Endpoint, EndpointKind, RegionCode, Subscription, parse_moment};

use crate::support::{Said, run};

/// What no file may hold: a webhook's secret, the key in a robot's address, the secret of a robot, a receiver's address.
const PLANTED: [&str; 4] =
    ["whsec_cGxhbnRlZC1zZWNyZXQtMjcxODI4", "planted-robot-key-314159", "SECplanted161803", "planted-duty@example.org"];

struct House {
    dir: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a folder") }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// Runs a command on the folder, with a key file or without one.
    fn call(&self, key: Option<&str>, args: &[&str]) -> Said {
        let (data, key) = (self.data().display().to_string(), key.map(|key| self.path(key)));
        let mut all = args.to_vec();
        all.extend(["--data", &data, "--lang", "en"]);
        if let Some(key) = &key {
            all.extend(["--secrets-key", key]);
        }
        run(&all)
    }

    /// Makes a key and gives its id.
    fn new_key(&self, name: &str) -> String {
        run(&["secrets", "new", &self.path(name)]).good().out.trim().to_owned()
    }

    fn settings(&self, key: Option<&str>) -> Settings {
        let secrets_key = key.map(|key| self.dir.path().join(key));
        Settings::load(None, Overrides { data: Some(self.data()), secrets_key, ..Overrides::default() }).expect("good")
    }

    /// The endpoints, made by whoever has this key or none.
    fn add_endpoints(&self, key: Option<&str>) {
        self.import("first", key);
        let robot = format!("https://robot.example/send?key={}", PLANTED[1]);
        block_on(async {
            let store = open_store(&self.settings(key)).await.expect("opened");
            let name = Arc::new(|code: RegionCode| code.to_string());
            let courier = Courier::new(store.clone(), "http://localhost", None, name).expect("a courier");
            for (name, kind, url, secret) in [
                ("hook", EndpointKind::Webhook, "https://hook.example/", Some(PLANTED[0])),
                ("robot", EndpointKind::Dingtalk, robot.as_str(), Some(PLANTED[2])),
                ("duty", EndpointKind::Mail, &format!("mailto:{}", PLANTED[3]), None),
            ] {
                let endpoint = Endpoint {
                    name: name.to_owned(),
                    party: None,
                    kind,
                    url: url.to_owned(),
                    secret: secret.map(str::to_owned),
                    allow_loopback: false,
                    subscription: Subscription::default(),
                };
                let now = parse_moment("2024-05-04 09:00:00").expect("a moment");
                courier.add(&endpoint, None, "test", now).await.expect("added");
            }
            store.close().await;
        });
    }

    /// Takes a document in, as any work on the folder does: it opens a tower.
    fn import(&self, id: &str, key: Option<&str>) -> Said {
        let file = self.dir.path().join(format!("{id}.ndjson"));
        fs::write(&file, format!("{{\"id\":\"{id}\",\"text\":\"充电宝起火\",\"published_at\":\"2024-05-01\"}}\n"))
            .expect("written");
        self.call(key, &["import", "--source", "s", &file.display().to_string()])
    }

    /// The secrets as the store gives them back.
    fn given_back(&self, key: Option<&str>) -> Result<Vec<String>, StoreError> {
        block_on(async {
            let store = open_store(&self.settings(key)).await.expect("opened");
            let rows = store.endpoints().await;
            store.close().await;
            let held = |endpoint: Endpoint| [Some(endpoint.url), endpoint.secret];
            Ok(rows?.into_iter().flat_map(|row| held(row.endpoint)).flatten().collect())
        })
    }

    fn gives_all_back(&self, key: Option<&str>) -> bool {
        let given = self.given_back(key).expect("opened").join("\n");
        PLANTED.iter().all(|secret| given.contains(secret))
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// The files below a folder that hold one of the words, however they are spread over it.
pub(crate) fn holding(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).expect("listed").map(|entry| entry.expect("listed").path()));
            continue;
        }
        let bytes = fs::read(&path).expect("read");
        for word in words {
            if bytes.windows(word.len()).any(|window| window == word.as_bytes()) {
                found.push(format!("{}: {word}", path.display()));
            }
        }
    }
    found
}

fn masking_key(data: &Path) -> String {
    fs::read_to_string(data.join("masking.key")).expect("read").trim().to_owned()
}

#[test]
fn no_byte_of_the_folder_or_a_backup_holds_a_secret_and_the_key_gives_all_back() {
    let house = House::new();
    house.new_key("k");
    house.add_endpoints(Some("k"));
    house.import("after", Some("k")).good();
    assert_eq!(holding(&house.data(), &PLANTED), [""; 0]);
    assert!(masking_key(&house.data()).starts_with("sealed:1:"));
    let backup = house.path("backup");
    house.call(Some("k"), &["backup", &backup]).good();
    assert_eq!(holding(Path::new(&backup), &PLANTED), [""; 0]);
    assert!(house.gives_all_back(Some("k")), "after every restart");
    let listed = house.call(Some("k"), &["deliver", "list"]).good().out;
    assert_eq!(listed.lines().count(), 3);
    assert!(PLANTED.iter().all(|secret| !listed.contains(secret)), "{listed}");
}

#[test]
fn what_an_earlier_version_kept_plain_is_sealed_at_the_first_start_with_a_key_and_its_bytes_are_wiped() {
    let house = House::new();
    house.add_endpoints(None);
    house.call(None, &["deliver", "remove", "duty"]).good();
    let before = masking_key(&house.data());
    let plain = [PLANTED[0], PLANTED[1], PLANTED[2], before.as_str()];
    assert!(holding(&house.data(), &plain).len() >= 4, "as it was");
    assert_eq!(holding(&house.data(), &PLANTED[3..]), [""; 0], "what was removed leaves nothing");
    house.new_key("k");
    house.import("after", Some("k")).good();
    assert_eq!(holding(&house.data(), &plain), [""; 0]);
    let given = house.given_back(Some("k")).expect("opened").join("\n");
    assert!(PLANTED[..3].iter().all(|secret| given.contains(secret)), "{given}");
}

#[test]
fn without_the_key_or_with_another_one_nothing_opens_and_the_error_says_what_to_do() {
    let house = House::new();
    let id = house.new_key("k");
    house.add_endpoints(Some("k"));
    house.new_key("other");
    let none = house.import("x", None);
    assert!(none.status == 2 && none.err.contains("secrets_key_file"), "{none:?}");
    let wrong = house.import("x", Some("other"));
    assert!(wrong.status == 2 && wrong.err.contains(&id) && wrong.err.contains("other"), "{wrong:?}");
    for told in [&none.err, &wrong.err] {
        assert!(PLANTED.iter().all(|secret| !told.contains(secret)), "{told}");
    }
    for (key, told) in [(None, "secrets_key_file"), (Some("other"), id.as_str())] {
        let made = house.call(key, &["deliver", "add", "new", "--url", "https://new.example/?key=plain-577215"]);
        assert!(made.status != 0 && made.err.contains(told), "{made:?}");
    }
    assert_eq!(holding(&house.data(), &["plain-577215"]), [""; 0], "nothing plain is added to what is sealed");
    house.call(None, &["search", "充电宝"]).good();
    house.call(None, &["deliver", "remove", "duty"]).good();
    house.import("x", Some("k")).good();
}

#[test]
fn after_a_new_key_the_old_one_can_be_taken_out_at_the_next_start() {
    let house = House::new();
    let old = house.new_key("k");
    house.add_endpoints(Some("k"));
    let keep = fs::read_to_string(house.path("k")).expect("read");
    let new = house.new_key("k");
    house.import("after", Some("k")).good();
    let both = fs::read_to_string(house.path("k")).expect("read");
    assert!(both.ends_with(&keep) && old != new);
    let said = house.call(Some("k"), &["secrets", "status"]).good().out;
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<_> = lines.iter().map(|line| (line["key"].as_str(), line["secrets"].as_u64())).collect();
    assert_eq!(told, [(Some(new.as_str()), Some(5)), (Some(old.as_str()), Some(0))]);
    fs::write(house.path("k"), both.lines().next().expect("the new key")).expect("written");
    assert!(house.gives_all_back(Some("k")));
    house.import("later", Some("k")).good();
    assert_eq!(holding(&house.data(), &[&format!("sealed:1:{old}")]), [""; 0], "nothing of the old key is left");
}

#[test]
fn a_sealed_secret_opens_in_its_own_row_and_field_alone() {
    let house = House::new();
    house.new_key("k");
    house.add_endpoints(Some("k"));
    block_on(async {
        // As somebody would who can write the file and has no key: the kept forms change places.
        let store = Store::open(&house.data().join("wanglou.sqlite")).await.expect("opened");
        let mut tx = store.begin().await.expect("begun");
        let kept = Store::kept_endpoints(&mut tx).await.expect("read");
        let of = |name: &str| kept.iter().find(|endpoint| endpoint.name == name).expect("kept").clone();
        let (hook, robot) = (of("hook"), of("robot"));
        tx.rollback().await.expect("ended");
        store.close().await;
        assert!(hook.url.starts_with("sealed:1:") && robot.secret.as_deref().expect("one").starts_with("sealed:1:"));
        let vault = wanglou::pipeline::vault_of(&house.settings(Some("k"))).expect("a vault");
        let place = |row, column| wanglou::store::Place { table: "endpoints", row, column };
        assert_eq!(vault.open(place("hook", "url"), &hook.url).expect("opened"), "https://hook.example/");
        for (row, column, kept) in [
            ("hook", "url", robot.url.as_str()),
            ("robot", "url", hook.url.as_str()),
            ("hook", "secret", hook.url.as_str()),
            ("hook", "secret", robot.secret.as_deref().expect("one")),
        ] {
            let refused = vault.open(place(row, column), kept).expect_err("another place").to_string();
            assert!(refused.contains(&format!("endpoints/{row}/{column}")), "{refused}");
        }
    });
}

#[test]
fn the_first_secret_that_is_sealed_closes_the_folder_to_whoever_has_no_key() {
    let house = House::new();
    house.import("first", None).good();
    house.new_key("k");
    // A command with a key beside a service that was started without one.
    house.call(Some("k"), &["deliver", "add", "hook", "--url", "https://hook.example/"]).good();
    let refused = house.import("x", None);
    assert!(refused.status == 2 && refused.err.contains("secrets_key_file"), "{refused:?}");
    house.import("x", Some("k")).good();
}

#[test]
fn a_key_file_in_the_data_folder_is_refused() {
    let house = House::new();
    house.import("first", None).good();
    house.new_key("data/k");
    let refused = house.import("x", Some("data/k"));
    assert!(refused.status == 2 && refused.err.contains("outside the data folder"), "{refused:?}");
}
