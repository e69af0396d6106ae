//! Single flipped bits anywhere in a data folder: each is found by the checks that `wanglou archive verify` is made of, or lies in bytes that hold
//! nothing, which is shown by reading everything else back as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tokio::runtime::Runtime;

use crate::support::{lexicon_with, run};
use crate::upkeep::folder;
use wanglou::archive::{Record, WarcReader};
use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::Tower;
use wanglou::pipeline::integrity::{
    Verified, verify_database, verify_index, verify_kept, verify_raw, verify_signals, verify_work,
};
use wanglou::store::Store;
use wanglou::vocabulary::{Position, parse_moment};

/// Flips of each kind of file, at least.
const OF_EACH_KIND: usize = 20;

/// What a file is to a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Database,
    Wal,
    Raw,
    Signals,
    Index,
    Rules,
    Rejects,
    Key,
    Result,
    Work,
}

/// Numbers that are the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.0 += 1;
        let hash = blake3::hash(&self.0.to_le_bytes());
        let number = u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"));
        usize::try_from(number % bound as u64).expect("below")
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A data folder with something of every kind in it.
fn full_folder(dir: &Path, runtime: &Runtime) -> PathBuf {
    let (data, file, config) = (dir.join("data"), dir.join("told.ndjson"), dir.join("w.toml"));
    fs::create_dir(&data).expect("made");
    folder(&data);
    let mut lines = String::from("this line is no document\n");
    for number in 0..60 {
        let (day, at) = (1 + number % 9, format!("2024-05-0{}", 1 + number % 9));
        let region = ["浙江省", "江苏省", "广东省"][number % 3];
        let brand = if day < 5 { "甲牌".to_owned() } else { format!("牌子{number}") };
        let meta = json!({"author": format!("作者{number}"), "platform": "小店", "item_id": format!("i{number}"), "seller": "甲",
            "price": 59, "brand": brand, "region": region});
        let channel = ["regulator", "platform"][usize::from(number > 40)];
        let text = format!("{brand}热水器漏电，住户{number}号洗澡时触电身亡，第{number}次通报");
        let line =
            json!({"id": format!("d{number}"), "text": text, "published_at": at, "channel": channel, "meta": meta});
        lines.extend([line.to_string().as_str(), "\n"]);
    }
    fs::write(&file, lines).expect("written");
    run(&["import", "--lenient", "--data", text(&data), "--source", "test", text(&file)]).good();
    let user = ["user", "add", "wang", "--party", "某中心", "--role", "centre", "--data", text(&data)];
    run(&user).good();
    let settings = Settings::load(None, Overrides { data: Some(data.clone()), ..Overrides::default() }).expect("good");
    runtime.block_on(async {
        let tower = Tower::open(&settings).await.expect("opened");
        tower.read_new().await.expect("read");
        for day in 1..=9 {
            let now = parse_moment(&format!("2024-05-0{day} 20:00:00")).expect("a moment");
            tower.judge(now).await.expect("judged");
        }
        let counts = tower.store().alert_counts().await.expect("counted");
        assert!(counts.sampling_requests > 0, "{counts:?}");
        tower.close().await.expect("closed");
    });
    let plan = "[[rerun]]\nname = \"all\"\nwhen = \"0 3 1 * *\"\nevery = 7\nkeep = 1\n";
    fs::write(&config, format!("data = {:?}\n{plan}", text(&data))).expect("written");
    run(&["reruns", "run", "all", "--config", text(&config)]).good();
    let rules = lexicon_with(dir, "rules", "咕嘟窜天");
    let put = ["promote", "put", "--lexicon", text(&rules), "--by", "张三", "--why", "新说法", "--data", text(&data)];
    run(&put).good();
    run(&["archive", "verify", "--data", text(&data)]).good();
    data
}

/// The kind of a file by its name below the data folder; none for files that hold nothing.
fn kind_of(name: &str) -> Option<Kind> {
    let (folder, file) = name.split_once('/').unwrap_or(("", name));
    match folder {
        "" if name == "wanglou.sqlite" => Some(Kind::Database),
        "" if name == "masking.key" => Some(Kind::Key),
        // Locks are empty; the shared memory of the database is made anew.
        "" => None,
        "warc" => Some(Kind::Raw),
        "signals" => Some(Kind::Signals),
        "index" => (Path::new(file).extension().is_none_or(|ending| ending != "lock")).then_some(Kind::Index),
        "rules" => Some(Kind::Rules),
        "rejects" => Some(Kind::Rejects),
        "reruns" if file.contains("/cache/") => Some(Kind::Work),
        "reruns" => (!file.ends_with("/lock")).then_some(Kind::Result),
        _ => panic!("no check for {name}"),
    }
}

fn files(data: &Path) -> Vec<(Kind, PathBuf, u64)> {
    let (mut found, mut waiting) = (Vec::new(), vec![data.to_owned()]);
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).expect("listed") {
            let path = entry.expect("listed").path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let bytes = path.metadata().expect("there").len();
            let name = path.strip_prefix(data).expect("below").to_string_lossy().into_owned();
            if let Some(kind) = kind_of(&name).filter(|_| bytes > 0) {
                found.push((kind, path, bytes));
            }
        }
    }
    found.sort();
    found
}

/// Everything that a database holds, without anything else: SQLite writes it anew.
fn contents(path: &Path, runtime: &Runtime) -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a folder");
    let (copy, anew) = (dir.path().join("wanglou.sqlite"), dir.path().join("anew.sqlite"));
    fs::copy(path, &copy).expect("copied");
    let wal = path.with_file_name("wanglou.sqlite-wal");
    if wal.exists() {
        fs::copy(wal, dir.path().join("wanglou.sqlite-wal")).expect("copied");
    }
    runtime.block_on(async {
        let store = Store::open(&copy).await.expect("opened");
        store.copy_to(&anew).await.expect("written");
        store.close().await;
    });
    fs::read(anew).expect("read")
}

fn records(path: &Path) -> Vec<Record> {
    WarcReader::open(path).expect("opened").map(|record| record.expect("whole")).collect()
}

/// What the check of a kind finds.
fn problems(kind: Kind, data: &Path, store: &Store, runtime: &Runtime) -> u64 {
    let mut found = Verified::default();
    match kind {
        Kind::Database | Kind::Wal => _ = runtime.block_on(verify_database(data, &mut found)).expect("looked at"),
        Kind::Raw => _ = verify_raw(data, &mut found, &mut |_| {}).expect("looked at"),
        Kind::Signals => verify_signals(data, Position(u64::MAX), &mut found).expect("looked at"),
        Kind::Index => runtime.block_on(verify_index(data, None, &mut found)).expect("looked at"),
        Kind::Rules | Kind::Rejects | Kind::Key | Kind::Result => {
            runtime.block_on(verify_kept(store, data, &mut found)).expect("looked at");
        }
        Kind::Work => verify_work(data, &mut found).expect("looked at"),
    }
    found.problems
}

/// Whether a flipped bit that was not found holds nothing: all that can be read is what it was.
fn holds_nothing(kind: Kind, data: &Path, path: &Path, whole: &[u8], runtime: &Runtime) -> bool {
    match kind {
        Kind::Database | Kind::Wal => {
            let dir = tempfile::tempdir().expect("a folder");
            for name in ["wanglou.sqlite", "wanglou.sqlite-wal"] {
                if data.join(name).exists() {
                    fs::copy(data.join(name), dir.path().join(name)).expect("copied");
                }
            }
            fs::write(dir.path().join(path.file_name().expect("a name")), whole).expect("written");
            contents(&data.join("wanglou.sqlite"), runtime) == contents(&dir.path().join("wanglou.sqlite"), runtime)
        }
        Kind::Raw => {
            let dir = tempfile::tempdir().expect("a folder");
            fs::write(dir.path().join("whole"), whole).expect("written");
            records(path) == records(&dir.path().join("whole"))
        }
        // A segment that no list names any more waits to be removed.
        Kind::Index => {
            if path.extension().is_some_and(|ending| ending == "json") {
                return false;
            }
            let list = fs::read_to_string(data.join("index/meta.json")).expect("read");
            let segment = path.file_stem().expect("a name").to_string_lossy().replace('-', "");
            !list.replace('-', "").contains(&segment)
        }
        Kind::Signals | Kind::Rules | Kind::Rejects | Kind::Key | Kind::Result | Kind::Work => false,
    }
}

#[test]
fn of_three_hundred_flipped_bits_each_is_found_or_holds_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let data = full_folder(dir.path(), &runtime);
    // A second database as a killed service leaves it, with commits in its write-ahead log alone.
    let killed = dir.path().join("killed");
    fs::create_dir(&killed).expect("made");
    fs::copy(data.join("wanglou.sqlite"), killed.join("wanglou.sqlite")).expect("copied");
    runtime.block_on(async {
        let store = Store::open(&killed.join("wanglou.sqlite")).await.expect("opened");
        for number in 0..5 {
            let mut tx = store.begin().await.expect("begun");
            Store::set_fact(&mut tx, "k", &"漏电".repeat(number * 400)).await.expect("set");
            tx.commit().await.expect("kept");
        }
        for name in ["wanglou.sqlite", "wanglou.sqlite-wal"] {
            fs::copy(killed.join(name), killed.join(format!("{name}.kept"))).expect("copied");
        }
        store.close().await;
    });
    for name in ["wanglou.sqlite", "wanglou.sqlite-wal"] {
        fs::rename(killed.join(format!("{name}.kept")), killed.join(name)).expect("put back");
    }
    _ = fs::remove_file(killed.join("wanglou.sqlite-shm"));
    let wal = killed.join("wanglou.sqlite-wal");

    let mut files = files(&data);
    files.push((Kind::Wal, wal.clone(), wal.metadata().expect("there").len()));
    let kinds: BTreeMap<Kind, Vec<usize>> =
        files.iter().enumerate().fold(BTreeMap::new(), |mut kinds, (at, (kind, ..))| {
            kinds.entry(*kind).or_insert_with(Vec::new).push(at);
            kinds
        });
    assert_eq!(kinds.len(), 10, "something of every kind: {:?}", kinds.keys());
    let store = runtime.block_on(Store::open(&data.join("wanglou.sqlite"))).expect("opened");
    for kind in kinds.keys() {
        let folder = if *kind == Kind::Wal { &killed } else { &data };
        assert_eq!(problems(*kind, folder, &store, &runtime), 0, "{kind:?} is whole before anything is flipped");
    }

    let mut draws = Draws(22);
    let mut flips: Vec<usize> = Vec::new();
    for of_kind in kinds.values() {
        let bytes: u64 = of_kind.iter().map(|at| files[*at].2).sum();
        for _ in 0..OF_EACH_KIND {
            flips.push(drawn(&files, of_kind, draws.below(usize::try_from(bytes).expect("small"))));
        }
    }
    let all: Vec<usize> = (0..files.len()).collect();
    let bytes: u64 = files.iter().map(|file| file.2).sum();
    while flips.len() < super::times(300, 3_000) {
        flips.push(drawn(&files, &all, draws.below(usize::try_from(bytes).expect("small"))));
    }

    let mut counts: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    for at in flips {
        let (kind, path, bytes) = &files[at];
        let folder = if *kind == Kind::Wal { &killed } else { &data };
        let whole = fs::read(path).expect("read");
        let bit = draws.below(usize::try_from(*bytes).expect("small") * 8);
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, flipped).expect("flipped");
        let counted = counts.entry(*kind).or_default();
        if problems(*kind, folder, &store, &runtime) > 0 {
            counted.0 += 1;
        } else {
            assert!(holds_nothing(*kind, folder, path, &whole, &runtime), "{} bit {bit} was not found", path.display());
            counted.1 += 1;
        }
        fs::write(path, &whole).expect("mended");
    }
    // Of how many it was: found, and in bytes that hold nothing.
    println!("{counts:?}");
    for kind in [Kind::Signals, Kind::Rules, Kind::Rejects, Kind::Key, Kind::Result, Kind::Work] {
        assert_eq!(counts[&kind].1, 0, "{kind:?}: every byte holds something");
    }
    runtime.block_on(store.close());
    run(&["archive", "verify", "--data", text(&data)]).good();
}

/// The file that holds a byte, when those of `among` stand one behind the other.
fn drawn(files: &[(Kind, PathBuf, u64)], among: &[usize], byte: usize) -> usize {
    let mut left = byte as u64;
    for at in among {
        match left.checked_sub(files[*at].2) {
            Some(rest) => left = rest,
            None => return *at,
        }
    }
    unreachable!("it lies below their sum")
}
