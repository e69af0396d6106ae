//! kill -9 at seeded moments while a client keeps a ledger of what was acknowledged. Afterwards nothing of it is lost or there twice.
//!
//! A moment is a count of what the test sees (requests of the crawler, pushes begun and answered, lines of the log, files that appear), never a
//! time. The same seed makes the same choices; what the service is doing at a moment differs from run to run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::{Tower, read_batch};
use wanglou::vocabulary::{AlertEventKind, Position, SourceId};

use super::service::{PUSH_TOKEN, Running, get};
use crate::support::{run, said, wanglou};

/// Documents in one push.
const BATCH: u64 = 5;
/// One document in so many is a regulator's word of a death, which makes an alert.
const DEATHS_EVERY: u64 = 40;
/// Pages that the site adds whenever its list is asked for.
const PAGES_ADDED: u64 = 3;
/// Pages that the list shows at most: a thousand kills come to some 4,000.
const PAGES_MAX: u64 = 5_000;
/// Longest wait for the service to have read all that it took.
const CATCH_UP_MAX: Duration = Duration::from_mins(5);

/// Seeded draws (SplitMix64).
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("below a length")
    }
}

/// A site on loopback whose list grows with every look, and which outlives every service.
struct Site {
    at: SocketAddr,
    pages: Arc<AtomicU64>,
    grows: Arc<AtomicBool>,
}

impl Site {
    fn serve(events: &Arc<AtomicU64>, day: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let at = listener.local_addr().expect("bound");
        let (pages, grows) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(true)));
        let site = Self { at, pages: Arc::clone(&pages), grows: Arc::clone(&grows) };
        let events = Arc::clone(events);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                events.fetch_add(1, Ordering::SeqCst);
                // A crawler that is killed breaks its connection off.
                _ = answer(stream, &pages, &grows, &day);
            }
        });
        site
    }

    fn recipe(&self) -> String {
        format!(
            "id = \"site\"\nname = \"站\"\nchannel = \"media\"\nkind = \"html\"\nenabled = true\nstart = [\"http://{}/list\"]\n\
             allow_loopback = true\nrate.min_interval_ms = 1\nschedule.every = \"1s\"\nbounds.items_per_page_max = {PAGES_MAX}\n\
             [list]\nitem = \"li\"\nlink = \"a\"\n\
             [detail.fields]\ntitle = \"h1\"\ntext = \".t\"\npublished_at = \".d\"\n",
            self.at
        )
    }
}

fn answer(mut stream: TcpStream, pages: &AtomicU64, grows: &AtomicBool, day: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            bytes => head.extend_from_slice(&buffer[..bytes]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, body) = if path == "/list" {
        if grows.load(Ordering::SeqCst) {
            pages.fetch_add(PAGES_ADDED, Ordering::SeqCst);
        }
        let links = (1..=pages.load(Ordering::SeqCst)).map(|page| format!("<li><a href='/d/{page}'>{page}</a></li>"));
        ("200 OK", links.collect::<String>())
    } else if let Some(page) = path.strip_prefix("/d/") {
        ("200 OK", format!("<h1>第{page}页</h1><div class=d>{day}</div><div class=t>充电宝第{page}页起火</div>"))
    } else {
        ("404 Not Found", String::new())
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

/// What a client knows: documents that were acknowledged, batches that were sent and not answered.
#[derive(Default)]
struct Ledger {
    next: u64,
    acknowledged: BTreeSet<u64>,
    unanswered: Vec<Vec<u64>>,
    lost_answers: u64,
}

impl Ledger {
    fn batch(&mut self) -> Vec<u64> {
        self.unanswered.pop().unwrap_or_else(|| {
            let from = self.next;
            self.next += BATCH;
            (from..self.next).collect()
        })
    }
}

fn line(number: u64, day: &str) -> Value {
    let (channel, text) = if number.is_multiple_of(DEATHS_EVERY) {
        ("regulator", format!("家里热水器漏电，第{number}户洗澡时触电身亡"))
    } else {
        ("complaint", format!("第{number}号充电宝充电时起火"))
    };
    json!({"id": format!("n{number}"), "text": text, "published_at": day, "channel": channel,
        "meta": {"author": format!("用户{number}")}})
}

/// Hands a batch in; true when it was acknowledged.
fn push(at: SocketAddr, batch: &[u64], day: &str) -> bool {
    let lines: Vec<String> = batch.iter().map(|number| line(*number, day).to_string()).collect();
    let body = lines.join("\n");
    let request = format!(
        "POST /api/v1/documents?source=ledger HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {PUSH_TOKEN}\r\nContent-Type: \
         application/x-ndjson\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut answer = Vec::new();
    let Ok(mut stream) = TcpStream::connect(at) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    if stream.write_all(request.as_bytes()).is_ok() {
        // A service that is killed breaks its answer off: what came counts when it is whole.
        _ = stream.read_to_end(&mut answer);
    }
    let answer = String::from_utf8_lossy(&answer);
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let Ok(told) = serde_json::from_str::<Value>(body) else { return false };
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    let count = |name: &str| told["intake"][name].as_u64().or(told[name].as_u64()).unwrap_or(0);
    assert_eq!(count("kept") + count("unchanged"), batch.len() as u64, "{told}");
    true
}

/// What a kill hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hits {
    /// The start: opening, migrations, reading the log again.
    Start,
    /// Crawling, pushing, reading, judging.
    Work,
    /// The same while a backup is made; half of the times the backup is killed, too.
    Backup,
    /// The same after other criteria were asked for.
    Promotion,
    /// The joining of signal files, with the service down.
    Compaction,
}

struct House {
    dir: PathBuf,
    settings: String,
    events: Arc<AtomicU64>,
    ledger: Mutex<Ledger>,
    draws: Draws,
    day: String,
    /// The last whole backup, with what was acknowledged before it began.
    backup: Option<(PathBuf, BTreeSet<u64>)>,
    criteria: [PathBuf; 2],
    promotions: usize,
}

impl House {
    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn count(&self) {
        self.events.fetch_add(1, Ordering::SeqCst);
    }

    /// A command of the program on the folder, in a process of its own.
    fn command(&self, args: &[&str]) -> Child {
        let mut command = wanglou();
        command.args(args).arg("--data").arg(self.data()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("started")
    }

    fn kill(child: &mut Child) {
        child.kill().expect("killed");
        child.wait().expect("ended");
    }

    /// Kills a start after so many lines of its log, or as soon as a file is there.
    fn start_killed(&mut self, first: bool) {
        let lines = self.draws.index(4);
        let file = ["lock", "wanglou.sqlite", "wanglou.sqlite-wal", "index", "signals"][self.draws.index(5)];
        let mut child = wanglou()
            .args(["run", "-vv", "--config", &self.settings])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        if first {
            // The folder is new: its files appear one after the other.
            while !self.data().join(file).exists() && child.try_wait().expect("asked").is_none() {
                std::thread::yield_now();
            }
        } else {
            let errors = BufReader::new(child.stderr.take().expect("piped")).lines();
            _ = errors.map_while(Result::ok).nth(lines);
        }
        Self::kill(&mut child);
    }

    /// Works until so many things have happened, then kills the service while the client goes on sending.
    fn work_killed(&mut self, hits: Hits) {
        let service = Running::with_settings(&self.settings, 4_096);
        let at = service.at;
        if hits == Hits::Promotion {
            let file = self.criteria[self.promotions % 2].display().to_string();
            self.promotions += 1;
            let mut asked = self.command(&["promote", "put", "--criteria", &file, "--by", "张三", "--why", "试验"]);
            asked.wait().expect("ended");
        }
        let to = self.dir.join("backup.new");
        let before = self.ledger.lock().expect("free").acknowledged.clone();
        let backup = (hits == Hits::Backup).then(|| {
            _ = fs::remove_dir_all(&to);
            self.command(&["backup", &to.display().to_string()])
        });
        let target = self.events.load(Ordering::SeqCst) + 2 + self.draws.below(60);
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !ended.load(Ordering::SeqCst) {
                        let batch = self.ledger.lock().expect("free").batch();
                        self.count();
                        let acknowledged = push(at, &batch, &self.day);
                        self.count();
                        let mut ledger = self.ledger.lock().expect("free");
                        if acknowledged {
                            ledger.acknowledged.extend(batch);
                        } else {
                            ledger.lost_answers += 1;
                            ledger.unanswered.push(batch);
                            return;
                        }
                    }
                });
            }
            while self.events.load(Ordering::SeqCst) < target {
                std::thread::yield_now();
            }
            drop(service); // kill -9
            ended.store(true, Ordering::SeqCst);
        });
        let Some(mut backup) = backup else { return };
        if self.draws.below(2) == 0 {
            Self::kill(&mut backup);
        } else if backup.wait().expect("ended").success() {
            let kept = self.dir.join("backup");
            _ = fs::remove_dir_all(&kept);
            fs::rename(&to, &kept).expect("renamed");
            self.backup = Some((kept, before));
        }
    }

    /// Kills the joining of signal files after so many looks at it.
    fn compaction_killed(&mut self) {
        let mut child = self.command(&["archive", "compact"]);
        for _ in 0..self.draws.below(100_000) {
            if child.try_wait().expect("asked").is_some() {
                return;
            }
            std::thread::yield_now();
        }
        Self::kill(&mut child);
    }

    fn next(&mut self, number: usize) -> Hits {
        if number < 2 {
            return Hits::Start;
        }
        match self.draws.below(10) {
            0 => Hits::Start,
            1 | 2 => Hits::Backup,
            3 => Hits::Promotion,
            4 => Hits::Compaction,
            _ => Hits::Work,
        }
    }

    /// Starts once more, sends what was not answered, lets the service read all of it, and ends it as an operator would.
    fn settle(&mut self, site: &Site) {
        site.grows.store(false, Ordering::SeqCst);
        let mut service = Running::with_settings(&self.settings, 4_096);
        let mut ledger = self.ledger.lock().expect("free");
        while let Some(batch) = ledger.unanswered.pop() {
            assert!(push(service.at, &batch, &self.day), "nobody kills it now");
            ledger.acknowledged.extend(batch);
        }
        let expected = ledger.acknowledged.len() as u64 + site.pages.load(Ordering::SeqCst);
        drop(ledger);
        let began = Instant::now();
        loop {
            let told = service.ask(&get("/metrics"), Duration::from_secs(10)).text;
            let read_all = told.contains(&format!("\nwanglou_documents {expected}\n"));
            let mut behind = told.lines().filter(|line| line.starts_with("wanglou_consumer_behind{"));
            let judged = told.lines().any(|line| line.starts_with("wanglou_alerts{") && !line.ends_with(" 0"));
            if read_all && judged && behind.all(|line| line.ends_with(" 0")) {
                break;
            }
            assert!(began.elapsed() < CATCH_UP_MAX, "{expected} documents expected: {told}");
            assert!(service.runs());
            std::thread::yield_now();
        }
        service.end();
    }
}

fn ids(entries: &[wanglou::log::Entry]) -> BTreeSet<String> {
    let ids: BTreeSet<String> = entries.iter().map(|entry| entry.document.id.to_string()).collect();
    assert_eq!(ids.len(), entries.len(), "a document is there twice");
    ids
}

/// All that must hold of a folder in which these documents were acknowledged and these pages shown.
async fn holds(data: &Path, acknowledged: &BTreeSet<u64>, pages: u64) {
    let settings = Settings::load(None, Overrides { data: Some(data.to_owned()), ..Overrides::default() });
    let tower = Tower::open(&settings.expect("good")).await.expect("opened");
    let entries = tower.log().read_after(Position(0), usize::MAX >> 1).await.expect("read");
    let known = ids(&entries);
    let lost: Vec<&u64> = acknowledged.iter().filter(|number| !known.contains(&format!("n{number}"))).collect();
    assert!(lost.is_empty(), "{} acknowledged documents are lost: {lost:?}", lost.len());
    let page_of = |text: &str| text.split_once("充电宝第")?.1.split_once("页起火")?.0.parse::<u64>().ok();
    let crawled: BTreeSet<u64> = entries.iter().filter_map(|entry| page_of(&entry.document.text)).collect();
    assert!(crawled == (1..=pages).collect(), "of {pages} pages {} are there", crawled.len());
    assert_eq!(entries.len() as u64, acknowledged.len() as u64 + pages, "nothing else is there");
    for (number, entry) in entries.iter().enumerate() {
        assert_eq!(entry.position, Position(number as u64 + 1), "positions have no gap");
    }

    // COUNT-1, and that what was kept is what is there.
    let mut kept = 0;
    for (source, (_, intake)) in tower.store().intake().await.expect("read") {
        assert!(intake.reconciles(), "{source}: {intake:?}");
        kept += intake.kept;
        if source == SourceId::from("ledger") {
            assert_eq!(intake.kept, acknowledged.len() as u64);
        }
    }
    assert_eq!(kept, entries.len() as u64);

    // Index and signals are what the log gives, each document once.
    assert_eq!(tower.index().documents(), entries.len() as u64);
    let lexicon = tower.lexicon();
    let mut made: Vec<String> =
        read_batch(&lexicon, entries).iter().flat_map(|entry| &entry.records).map(|one| format!("{one:?}")).collect();
    let mut held: Vec<String> = tower.signal_records().expect("read").iter().map(|one| format!("{one:?}")).collect();
    made.sort_unstable();
    held.sort_unstable();
    assert!(made == held, "{} signals are made of the log, {} are held", made.len(), held.len());

    // ALERT-1: each alert opened once, and the numbers of events have no gap.
    let events = tower.store().alert_events_after(0, usize::MAX >> 1).await.expect("read");
    let mut opened: BTreeMap<String, u32> = BTreeMap::new();
    for (at, (number, event)) in events.iter().enumerate() {
        assert_eq!(*number, at as u64 + 1, "numbers of events have no gap");
        if event.event == AlertEventKind::Opened {
            *opened.entry(event.alert_id.to_string()).or_default() += 1;
        }
    }
    assert!(!opened.is_empty(), "a death is an alert");
    assert!(opened.values().all(|times| *times == 1), "{opened:?}");
    assert_eq!(opened.len(), tower.store().every_alert().await.expect("read").len());
    let sampled = tower.store().every_request().await.expect("read");
    let asked: BTreeSet<_> = sampled.iter().map(|request| &request.alert_id).collect();
    assert_eq!(asked.len(), sampled.len(), "one request for an episode");
    tower.close().await.expect("closed");
}

#[test]
fn what_was_acknowledged_survives_every_kill_and_is_there_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let kills = std::env::var("WANGLOU_KILLS").ok().and_then(|asked| asked.parse().ok());
    let kills = kills.unwrap_or(super::times(8, 1_000));
    let seed = std::env::var("WANGLOU_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let day = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let events = Arc::new(AtomicU64::new(0));
    let site = Site::serve(&events, day.clone());
    let sources = dir.path().join("sources");
    fs::create_dir(&sources).expect("made");
    fs::write(sources.join("site.toml"), site.recipe()).expect("written");
    let shipped = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/criteria/default.toml"));
    let shipped = shipped.expect("read");
    let criteria = ["one", "two"].map(|name| {
        let path = dir.path().join(format!("{name}.toml"));
        fs::write(&path, format!("# {name}\n{shipped}")).expect("written");
        path
    });
    let settings = dir.path().join("w.toml");
    let text = |path: &Path| format!("{:?}", path.display().to_string());
    let written = format!(
        "data = {}\nsources = {}\nport = 0\npush_token = {PUSH_TOKEN:?}\ntick_seconds = 1\n",
        text(&dir.path().join("data")),
        text(&sources)
    );
    fs::write(&settings, written).expect("written");
    let mut house = House {
        dir: dir.path().to_owned(),
        settings: settings.display().to_string(),
        events,
        ledger: Mutex::default(),
        draws: Draws(seed),
        day,
        backup: None,
        criteria,
        promotions: 0,
    };

    let (began, mut hit) = (Instant::now(), BTreeMap::<Hits, u32>::new());
    for number in 0..kills {
        let hits = house.next(number);
        *hit.entry(hits).or_default() += 1;
        match hits {
            Hits::Start => house.start_killed(number < 2),
            Hits::Compaction => house.compaction_killed(),
            hits => house.work_killed(hits),
        }
    }
    let took = began.elapsed();
    house.settle(&site);
    let ledger = house.ledger.lock().expect("free");
    println!(
        "seed {seed}: {kills} kills {hit:?} in {:.1} s ({:.2} s each); {} documents acknowledged, {} answers lost, {} pages",
        took.as_secs_f64(),
        took.as_secs_f64() / kills as f64,
        ledger.acknowledged.len(),
        ledger.lost_answers,
        site.pages.load(Ordering::SeqCst)
    );

    let data = house.data().display().to_string();
    for args in [["archive", "verify"], ["index", "verify"], ["audit", "verify"]] {
        run(&[&args[..], &["--data", &data]].concat()).good();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(holds(&house.data(), &ledger.acknowledged, site.pages.load(Ordering::SeqCst)));
    if let Some((backup, before)) = &house.backup {
        let restored = dir.path().join("restored");
        run(&["restore", &backup.display().to_string(), "--data", &restored.display().to_string()]).good();
        runtime.block_on(async {
            let store = wanglou::store::Store::open(&restored.join("wanglou.sqlite")).await.expect("opened");
            let entries = wanglou::log::Journal::new(store).read_after(Position(0), usize::MAX >> 1).await;
            let known = ids(&entries.expect("read"));
            let lost = before.iter().filter(|number| !known.contains(&format!("n{number}"))).count();
            assert_eq!(lost, 0, "acknowledged before the backup began and not in it");
        });
        let mut verify = wanglou();
        verify.args(["archive", "verify", "--data"]).arg(&restored);
        said(verify.output().expect("started")).good();
    }
}
