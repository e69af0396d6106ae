//! A site that wishes the crawler harm. Nothing it does is followed beyond a bound, every refusal is counted with its
//! reason, memory stays small, and other sources keep their pace (POLITE-1, SAFE-1, READ-3, COUNT-1).

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use wanglou::archive::{WarcOptions, WarcReader, WarcWriter};
use wanglou::collect::{Collector, CollectorSettings, Names, Outcome, Recipe, Round, Sink, SinkError, SystemNames};
use wanglou::store::Store;
use wanglou::store::frontier::Frontier;
use wanglou::vocabulary::{Document, parse_moment};

/// What a site answers to one request.
enum Answer {
    /// These bytes, and the connection stays open.
    Bytes(Vec<u8>),
    /// A body without an end.
    Endless,
    /// A byte now and then, for ever: in the head or in the body.
    Drip(&'static [u8]),
    /// Header lines without an end, at most this many bytes.
    Headers(usize),
}

/// A small HTTP server on loopback that lives as long as its runtime.
struct Site {
    at: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    async fn serve(answers: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answers) = (Arc::clone(&asked), Arc::new(answers));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, answers) = (Arc::clone(&log), Arc::clone(&answers));
                tokio::spawn(async move { _ = talk(stream, &log, &*answers).await });
            }
        });
        Self { at, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }

    fn recipe(&self, id: &str, rest: &str) -> Recipe {
        let text = format!(
            "id = \"{id}\"\nname = \"站\"\nchannel = \"media\"\nkind = \"html\"\nstart = [\"http://{}/list\"]\n\
             allow_loopback = true\nhosts = [\"inside.example\", \"2852039166\"]\nrate.min_interval_ms = 1\n\
             schedule.every = \"30m\"\n{rest}\n[list]\nitem = \"li\"\nlink = \"a\"\nnext = \"a.next\"\n\
             [detail.fields]\ntext = \"p\"\n",
            self.at
        );
        Recipe::parse(&text, &format!("{id}.toml")).expect("a good recipe")
    }
}

async fn talk(
    mut stream: TcpStream,
    log: &Mutex<Vec<String>>,
    answers: &(dyn Fn(&str) -> Answer + Send + Sync),
) -> std::io::Result<()> {
    let mut head = Vec::new();
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
        head.clear();
        log.lock().expect("no panic").push(path.clone());
        match answers(&path) {
            Answer::Bytes(bytes) => stream.write_all(&bytes).await?,
            Answer::Endless => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n").await?;
                loop {
                    stream.write_all(&[b'x'; 16_384]).await?;
                }
            }
            Answer::Drip(begin) => {
                stream.write_all(begin).await?;
                loop {
                    stream.write_all(b"x").await?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            Answer::Headers(bytes) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
                for _ in 0..bytes / 1_000 {
                    stream.write_all(format!("X-A: {}\r\n", "a".repeat(993)).as_bytes()).await?;
                }
                stream.write_all(b"\r\n").await?;
            }
        }
    }
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Answer {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    Answer::Bytes([head.as_bytes(), body].concat())
}

fn page(body: &str) -> Answer {
    answer("200 OK", "Content-Type: text/html; charset=utf-8\r\n", body.as_bytes())
}

fn missing() -> Answer {
    answer("404 Not Found", "", b"")
}

fn to(target: &str) -> Answer {
    answer("302 Found", &format!("Location: {target}\r\n"), b"")
}

fn list(links: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut page = String::new();
    for link in links {
        page.extend(["<li><a href='", link.as_ref(), "'>x</a></li>"]);
    }
    page
}

fn gzip(byte: u8, times: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let block = vec![byte; 1 << 16];
    for _ in 0..times >> 16 {
        encoder.write_all(&block).expect("in memory");
    }
    encoder.finish().expect("in memory")
}

/// A log in memory.
#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Document>>);

#[async_trait]
impl Sink for Memory {
    async fn put(&self, documents: Vec<Document>) -> Result<Vec<Outcome>, SinkError> {
        let mut known = self.0.lock().expect("no panic");
        let told = documents.into_iter().map(|document| match known.insert(document.id.to_string(), document) {
            None => Outcome::Kept,
            Some(_) => Outcome::Unchanged,
        });
        Ok(told.collect())
    }
}

/// A name server in an attacker's hands: each name has a list of answers, given in turn, the last one for ever.
#[derive(Default)]
struct Liar {
    answers: BTreeMap<&'static str, Vec<Vec<IpAddr>>>,
    asked: Mutex<BTreeMap<String, usize>>,
}

#[async_trait]
impl Names for Liar {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let Some(answers) = self.answers.get(name) else { return SystemNames.addresses(name).await };
        let mut asked = self.asked.lock().expect("no panic");
        let times = asked.entry(name.to_owned()).or_default();
        *times += 1;
        Ok(answers[(*times - 1).min(answers.len() - 1)].clone())
    }
}

struct World {
    dir: tempfile::TempDir,
    collector: Collector,
    sink: Memory,
}

impl World {
    async fn new(liar: Liar) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let settings = CollectorSettings {
            request_timeout: Duration::from_secs(20),
            slow_window: Duration::from_millis(300),
            slow_bytes_min: 1_000,
            retries_max: 1,
            retry_wait: Duration::from_millis(1),
            wait_max: Duration::from_secs(5),
            ..CollectorSettings::default()
        };
        let store = Store::open(&dir.path().join("store.sqlite")).await.expect("a store");
        let warc = WarcWriter::open(dir.path(), WarcOptions::default()).expect("an archive");
        let names: Arc<dyn Names> = Arc::new(liar);
        let collector = Collector::with_names(settings, Frontier::new(store), warc, &names).expect("a collector");
        Self { dir, collector, sink: Memory::default() }
    }

    async fn round(&self, recipe: &Recipe) -> Round {
        let round = self.collector.round(recipe, now(), &self.sink).await.expect("a round");
        assert!(round.intake().reconciles(), "COUNT-1: {round:?}");
        round
    }
}

fn now() -> Timestamp {
    parse_moment("2024-07-02 12:00:00").expect("a moment")
}

/// Why a page of the round was set aside.
fn reason<'r>(round: &'r Round, path: &str) -> &'r str {
    let found = round.rejects.iter().find(|reject| reject.url.ends_with(path));
    found.map_or_else(|| panic!("{path} was not set aside: {round:?}"), |reject| reject.reason.as_str())
}

const PAGE_BOUND: &str = "bounds.page_bytes_max = 2000000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_trap_is_left_at_its_bound_with_a_reason_and_the_good_pages_come() {
    let traps = [
        ("/bomb", "grows beyond 2000000 bytes"),
        ("/small-bomb", "more than 200 to one"),
        ("/endless", "longer than 2000000 bytes"),
        ("/drip", "slower than 1000 bytes"),
        ("/head", "no answer"),
        ("/loop", "more than 5 redirects"),
        ("/to-decimal", "private, loopback or link-local"),
        ("/to-hex", "private, loopback or link-local"),
        ("/to-mapped", "private, loopback or link-local"),
        ("/to-name", "private, loopback or link-local"),
        ("/to-file", "file://"),
        ("/to-nowhere", "redirect without a usable address"),
        ("/unknown-coding", "content coding `br`"),
    ];
    // 1000:1, and one below the page bound.
    let (bomb, small) = (gzip(b'x', 200 << 20), gzip(b'x', 1_900_000));
    let links = list(traps.iter().map(|(path, _)| *path).chain(["/good/1", "/good/2"]));
    let site = Site::serve(move |path| match path {
        "/list" => page(&links),
        "/bomb" => answer("200 OK", "Content-Encoding: gzip\r\n", &bomb),
        "/small-bomb" => answer("200 OK", "Content-Encoding: gzip\r\n", &small),
        "/endless" => Answer::Endless,
        "/drip" => Answer::Drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
        "/head" => Answer::Headers(100 << 20),
        "/loop" => to("/loop2"),
        "/loop2" => to("/loop"),
        "/to-decimal" => to("http://2852039166/latest/meta-data"),
        "/to-hex" => to("http://0xa9.0xfe.0xa9.0xfe/"),
        "/to-mapped" => to("http://[::ffff:169.254.169.254]/"),
        "/to-name" => to("http://inside.example/"),
        "/to-file" => to("file:///etc/passwd"),
        "/to-nowhere" => to("http://[oops"),
        "/unknown-coding" => answer("200 OK", "Content-Encoding: br\r\n", b"x"),
        "/robots.txt" => missing(),
        _ => page("<p>充电宝起火</p>"),
    })
    .await;
    let inside: IpAddr = "192.168.7.7".parse().expect("an address");
    let liar = Liar { answers: [("inside.example", vec![vec![inside]])].into(), ..Liar::default() };
    let world = World::new(liar).await;
    let round = world.round(&site.recipe("traps", PAGE_BOUND)).await;
    for (path, expected) in traps {
        let found = reason(&round, path);
        assert!(found.contains(expected), "{path}: {found}");
    }
    assert_eq!((round.rejected, round.kept), (traps.len() as u64, 2), "{round:?}");
    assert_eq!(round.problems_total, traps.len() as u64, "each trap is told once");
    assert!(site.asked().iter().filter(|path| path.starts_with("/loop")).count() <= 6);
    // What was received is in the archive, cut where reading stopped, and the archive is whole.
    assert!(archived(world.dir.path()) > 10);
}

fn archived(dir: &Path) -> usize {
    let file = dir.join("wanglou-000001.warc.gz");
    let reader = WarcReader::open(&file).expect("the archive");
    reader.filter(|record| record.as_ref().is_ok_and(|record| record.target().is_some())).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_never_ends_costs_one_time_limit_a_try_and_the_host_is_left_alone() {
    let site = Site::serve(|path| match path {
        "/list" => page(&list(["/1", "/2", "/3", "/4", "/5"])),
        "/robots.txt" => missing(),
        _ => Answer::Drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    })
    .await;
    let dir = tempfile::tempdir().expect("a folder");
    let settings = CollectorSettings {
        request_timeout: Duration::from_millis(200),
        retries_max: 0,
        ..CollectorSettings::default()
    };
    let store = Store::open(&dir.path().join("store.sqlite")).await.expect("a store");
    let warc = WarcWriter::open(dir.path(), WarcOptions::default()).expect("an archive");
    let collector = Collector::new(settings, Frontier::new(store), warc).expect("a collector");
    let round = collector.round(&site.recipe("slow", ""), now(), &Memory::default()).await.expect("a round");
    assert_eq!((round.rejected, round.collected), (3, 3), "{round:?}");
    assert!(round.stopped.as_deref().is_some_and(|why| why.contains("out of time")), "{round:?}");
    assert_eq!(site.asked().len(), 5, "robots.txt, the list and three pages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_turns_inside_after_the_first_look_is_not_followed() {
    let site = Site::serve(|path| match path {
        "/robots.txt" => answer("404 Not Found", "Connection: close\r\n", b""),
        _ => answer("200 OK", "Content-Type: text/html\r\nConnection: close\r\n", "<p>起火</p>".as_bytes()),
    })
    .await;
    let (loopback, metadata): (IpAddr, IpAddr) =
        ("127.0.0.1".parse().expect("an address"), "169.254.169.254".parse().expect("an address"));
    // A mixed answer first: only the harmless half is used. Then the name moves inside for good.
    let answers = [("rebind.example", vec![vec![metadata, loopback], vec![metadata]])].into();
    let world = World::new(Liar { answers, ..Liar::default() }).await;
    let text = format!(
        "id = \"rebind\"\nname = \"站\"\nchannel = \"media\"\nkind = \"html\"\nallow_loopback = true\n\
         start = [\"http://rebind.example:{}/list\"]\nrate.min_interval_ms = 1\nschedule.every = \"30m\"\n[list]\n\
         item = \"p\"\n[list.fields]\nexternal_id = {{ selector = \"p\" }}\ntext = \"p\"\n",
        site.at.port()
    );
    let recipe = Recipe::parse(&text, "rebind.toml").expect("a good recipe");
    // `robots.txt` comes from the harmless address and closes the connection; the list needs the name again.
    let round = world.round(&recipe).await;
    assert_eq!(site.asked(), ["/robots.txt"]);
    assert!(round.problems[0].detail.contains("rebind.example is private"), "{round:?}");
    assert_eq!(round.kept, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_pagination_ends_at_the_bound_and_is_told() {
    let site = Site::serve(|path| match path.strip_prefix("/list") {
        Some(rest) => {
            let n: u32 = rest.trim_start_matches("?p=").parse().unwrap_or(0);
            page(&format!("{}<a class=next href='/list?p={}'>下一页</a>", list([format!("/d{n}")]), n + 1))
        }
        None if path == "/robots.txt" => missing(),
        None => page(&format!("<p>起火 {path}</p>")),
    })
    .await;
    let world = World::new(Liar::default()).await;
    let round = world.round(&site.recipe("endless", "bounds.list_pages_max = 7")).await;
    assert_eq!(site.asked().iter().filter(|path| path.starts_with("/list")).count(), 7);
    assert_eq!(round.kept, 7);
    assert!(
        round.problems.iter().any(|problem| problem.detail.contains("more list pages than the bound")),
        "{round:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deep_nesting_and_lies_about_the_charset_give_text_or_a_reason() {
    let labels = [
        "utf-8",
        "gb2312",
        "big5",
        "utf-16le",
        "utf-16be",
        "iso-2022-jp",
        "shift_jis",
        "x-user-defined",
        "no-such",
        "\u{1f525}",
    ];
    let pages: u32 = 200;
    let site = Site::serve(move |path| match path {
        "/list" => page(&list((0..pages).map(|n| format!("/c{n}")).chain(["/deep".to_owned()]))),
        "/robots.txt" => missing(),
        "/deep" => page(&format!("{}<p>起火</p>", "<div><b>".repeat(100_000))),
        path => {
            let seed: u32 = path[2..].parse().unwrap_or(0);
            let n = seed as usize;
            let text = format!("<meta charset={}><p>充电宝起火 {n} 号</p>", labels[n / 10 % 10]);
            // What it is written in: UTF-8, GB18030, Big5, UTF-16 or noise.
            let bytes = match n % 5 {
                0 => text.into_bytes(),
                1 => encoding_rs::GB18030.encode(&text).0.into_owned(),
                2 => encoding_rs::BIG5.encode(&text).0.into_owned(),
                3 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                _ => {
                    (0..4_000_u32).map(|k| k.wrapping_mul(2_654_435_761).wrapping_add(seed).to_be_bytes()[1]).collect()
                }
            };
            answer(
                "200 OK",
                &format!("Content-Type: text/html; charset={}\r\n", labels[n % 10].replace('\u{1f525}', "?")),
                &bytes,
            )
        }
    })
    .await;
    let world = World::new(Liar::default()).await;
    let round = world.round(&site.recipe("lies", "")).await;
    assert_eq!(round.collected, u64::from(pages) + 1, "{round:?}");
    assert!(round.rejects.iter().all(|reject| !reject.reason.contains("gave up")), "a parser panicked: {round:?}");
    let texts: Vec<String> = world.sink.0.lock().expect("no panic").values().map(|d| d.text.clone()).collect();
    // Tags below the bound of depth are dropped, the paragraph's too: the page is set aside.
    assert!(reason(&round, "/deep").contains("no text"), "{round:?}");
    let sound = texts.iter().filter(|text| text.starts_with("充电宝起火")).count();
    println!("{sound} of {pages} pages that lie about their charset were read right");
    // Honest in the header, in the page, or recognisable: what is left are lies that a browser would fall for too.
    assert!(sound >= 60, "{sound}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn robots_txt_of_every_bad_kind_is_bounded_and_never_taken_as_leave() {
    for (robots, leave) in [
        ("404", true),
        ("503", false),
        ("huge", true),
        ("endless", true),
        ("loop", true),
        ("drip", false),
        ("inside", false),
    ] {
        let site = Site::serve(move |path| match (path, robots) {
            ("/list", _) => page(&list(["/secret/1", "/open/1"])),
            ("/robots.txt", "404") => missing(),
            ("/robots.txt", "503") => answer("503 Service Unavailable", "Retry-After: 0\r\n", b""),
            ("/robots.txt", "huge") => {
                let file = format!("User-agent: *\nDisallow: /secret\n{}", "# filler\n".repeat(1_000_000));
                answer("200 OK", "", file.as_bytes())
            }
            ("/robots.txt", "endless") => Answer::Endless,
            ("/robots.txt", "loop") => to("/robots.txt"),
            ("/robots.txt", "drip") => Answer::Drip(b"HTTP/1.1 200 OK\r\nX: "),
            ("/robots.txt", "inside") => to("http://169.254.169.254/robots.txt"),
            _ => page("<p>起火</p>"),
        })
        .await;
        let dir = tempfile::tempdir().expect("a folder");
        let settings = CollectorSettings {
            request_timeout: Duration::from_secs(1),
            retries_max: 0,
            ..CollectorSettings::default()
        };
        let store = Store::open(&dir.path().join("store.sqlite")).await.expect("a store");
        let warc = WarcWriter::open(dir.path(), WarcOptions::default()).expect("an archive");
        let collector = Collector::new(settings, Frontier::new(store), warc).expect("a collector");
        let round = collector.round(&site.recipe("r", ""), now(), &Memory::default()).await.expect("a round");
        assert!(round.bytes < 2 << 20, "{robots}: {} bytes", round.bytes);
        let asked = site.asked();
        assert_eq!(asked.iter().any(|path| path == "/open/1"), leave, "{robots}: {round:?}");
        if robots == "huge" {
            assert!(!asked.iter().any(|path| path.starts_with("/secret")), "{asked:?}");
        }
        if !leave {
            assert!(round.problems_total > 0 && !asked.iter().any(|path| path == "/list"), "{robots}: {round:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_429_is_asked_no_more_than_its_tries_and_the_others_keep_their_pace() {
    for (header, wait) in [
        ("Retry-After: 7200\r\n".to_owned(), 7_200),
        ("Date: Tue, 02 Jul 2024 04:00:00 GMT\r\nRetry-After: Tue, 02 Jul 2024 05:00:00 GMT\r\n".to_owned(), 3_600),
    ] {
        let storm = Site::serve(move |path| match path {
            "/robots.txt" => missing(),
            "/list" => page(&list((0..50).map(|n| format!("/{n}")))),
            _ => answer("429 Too Many Requests", &header, b""),
        })
        .await;
        let slow = Site::serve(|path| match path {
            "/robots.txt" => missing(),
            "/list" => page(&list(["/1", "/2"])),
            _ => Answer::Drip(b"HTTP/1.1 200 OK\r\n\r\n"),
        })
        .await;
        let good = Site::serve(|path| match path {
            "/robots.txt" => missing(),
            "/list" => page(&list((0..100).map(|n| format!("/{n}")))),
            path => page(&format!("<p>起火 {path}</p>")),
        })
        .await;
        let world = World::new(Liar::default()).await;
        let recipes = (storm.recipe("storm", ""), slow.recipe("slow", ""), good.recipe("good", ""));
        let (stormy, dripping, kept) =
            tokio::join!(world.round(&recipes.0), world.round(&recipes.1), world.round(&recipes.2));
        assert_eq!((stormy.collected, stormy.rejected), (0, 0), "the pages wait, nothing is lost: {stormy:?}");
        assert_eq!(storm.asked().len(), 3, "robots.txt, the list, one page: {:?}", storm.asked());
        assert!(stormy.due_at >= now() + jiff::SignedDuration::from_secs(wait), "{stormy:?}");
        assert_eq!(dripping.rejected, 2, "{dripping:?}");
        assert_eq!(kept.kept, 100, "{kept:?}");
        // The next round does not ask before its time.
        world.round(&recipes.0).await;
        assert_eq!(storm.asked().len(), 3);
    }
}

/// Peak memory of this process in MiB, where the system tells it.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1_024)
}

/// Most memory that a round over the traps may take.
const PEAK_MIB_MAX: u64 = 300;

#[test]
fn memory_stays_within_its_bound_while_sources_send_without_end() {
    // Peak memory is the process's, and other tests share ours: so this one looks at a process of its own.
    if std::env::var_os("WANGLOU_TEST_ALONE").is_none() {
        let this = std::env::current_exe().expect("a name");
        let alone = std::process::Command::new(this)
            .args(["--exact", "hostile::memory_stays_within_its_bound_while_sources_send_without_end", "--nocapture"])
            .env("WANGLOU_TEST_ALONE", "1")
            .output()
            .expect("started");
        assert!(alone.status.success(), "{}", String::from_utf8_lossy(&alone.stdout));
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let bomb = gzip(b'x', 200 << 20);
        let site = Site::serve(move |path| match path {
            "/robots.txt" => missing(),
            "/list" => page(&list((0..12).map(|n| format!("/{n}")))),
            path if path.ends_with(['0', '3', '6', '9']) => Answer::Endless,
            path if path.ends_with(['1', '4', '7']) => Answer::Headers(100 << 20),
            _ => answer("200 OK", "Content-Encoding: gzip\r\n", &bomb),
        })
        .await;
        let world = World::new(Liar::default()).await;
        // Four sources at once, each with the ordinary bound of 8 MiB a page.
        let recipes = ["a", "b", "c", "d"].map(|id| site.recipe(id, ""));
        let rounds = tokio::join!(
            world.round(&recipes[0]),
            world.round(&recipes[1]),
            world.round(&recipes[2]),
            world.round(&recipes[3])
        );
        assert_eq!((rounds.0.kept, rounds.0.rejected), (0, 12), "{:?}", rounds.0);
    });
    let Some(peak) = peak_mib() else { return };
    println!("peak memory {peak} MiB");
    assert!(peak < PEAK_MIB_MAX, "{peak} MiB");
}
