//! Rounds against small sites on loopback.

#![expect(clippy::disallowed_methods, reason = "tests read fixtures")]

mod attached;
mod bounded;
mod dated;
mod day;
mod kinds;
mod language;
mod robots;
mod shipped;
#[cfg(target_os = "linux")]
mod synced;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use encoding_rs::GB18030;
use jiff::Timestamp;

use super::*;
use archive::{WarcOptions, WarcWriter, read_at};
use shared_data::shared;
use store::Store;
use store::frontier::Frontier;
use vocabulary::{Document, parse_moment};

/// A site: path with query → whole HTTP answer. Counts what it is asked.
struct Site {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

type Answers = dyn Fn(&str, &str) -> Vec<u8> + Send + Sync;

impl Site {
    /// Serves until the test process ends. The closure sees the path and the whole request, its body behind its head.
    fn serve(answers: impl Fn(&str, &str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answers): (_, Arc<Answers>) = (Arc::clone(&asked), Arc::new(answers));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(mut stream), log, answers) = (stream, Arc::clone(&log), Arc::clone(&answers)) else { continue };
                std::thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                        head.push(byte[0]);
                    }
                    let mut head = String::from_utf8_lossy(&head).into_owned();
                    let length = head.lines().find_map(|line| {
                        line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
                    });
                    let mut body = vec![0; length.unwrap_or(0)];
                    stream.read_exact(&mut body).unwrap();
                    head.push_str(&String::from_utf8_lossy(&body));
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    log.lock().unwrap().push(path.clone());
                    let _ = stream.write_all(&answers(&path, &head));
                });
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", "Content-Type: text/html; charset=utf-8\r\n", body.as_bytes())
}

fn missing() -> Vec<u8> {
    answer("404 Not Found", "", b"")
}

/// A log in memory: same id and same text is unchanged.
#[derive(Default)]
struct Memory {
    documents: Mutex<BTreeMap<String, Document>>,
    refuses: Option<&'static str>,
}

#[async_trait]
impl Sink for Memory {
    async fn put(&self, documents: Vec<Document>) -> Result<Vec<Outcome>, SinkError> {
        if self.refuses.is_some_and(|word| documents.iter().any(|document| document.text.contains(word))) {
            return Err(SinkError("the disk is full".into()));
        }
        let mut known = self.documents.lock().unwrap();
        Ok(documents
            .into_iter()
            .map(|document| match known.insert(document.id.to_string(), document.clone()) {
                None => Outcome::Kept,
                Some(before) if before.text == document.text => Outcome::Unchanged,
                Some(_) => Outcome::Revised,
            })
            .collect())
    }
}

impl Memory {
    fn texts(&self) -> Vec<String> {
        self.documents.lock().unwrap().values().map(|document| document.text.clone()).collect()
    }

    fn only(&self) -> Document {
        let documents = self.documents.lock().unwrap();
        assert_eq!(documents.len(), 1, "{documents:?}");
        documents.values().next().unwrap().clone()
    }
}

/// A name server that knows loopback alone.
struct Home;

#[async_trait]
impl Names for Home {
    async fn addresses(&self, _name: &str) -> std::io::Result<Vec<std::net::IpAddr>> {
        Ok(vec![std::net::Ipv4Addr::LOCALHOST.into()])
    }
}

struct World {
    dir: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    settings: CollectorSettings,
    collector: Collector,
}

impl World {
    fn new(change: impl FnOnce(&mut CollectorSettings)) -> Self {
        let mut settings = CollectorSettings {
            retry_wait: Duration::from_millis(1),
            request_timeout: Duration::from_secs(5),
            ..CollectorSettings::default()
        };
        change(&mut settings);
        Self::open(tempfile::tempdir().unwrap(), settings)
    }

    /// The program ends and is started again on the same folder.
    fn opened_again(self) -> Self {
        let Self { dir, runtime, settings, collector } = self;
        drop(collector);
        drop(runtime);
        Self::open(dir, settings)
    }

    /// With every name leading to loopback.
    fn at_home() -> Self {
        let mut world = Self::new(|_| {});
        let store = world.runtime.block_on(Store::open(&world.dir.path().join("home.sqlite"))).unwrap();
        let folder = world.dir.path().join("home");
        std::fs::create_dir(&folder).unwrap();
        let (warc, names) =
            (WarcWriter::open(&folder, WarcOptions::default()).unwrap(), Arc::new(Home) as Arc<dyn Names>);
        world.collector = Collector::with_names(world.settings.clone(), Frontier::new(store), warc, &names).unwrap();
        world
    }

    fn open(dir: tempfile::TempDir, settings: CollectorSettings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let store = runtime.block_on(Store::open(&dir.path().join("store.sqlite"))).unwrap();
        let warc = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
        let collector = Collector::new(settings.clone(), Frontier::new(store), warc).unwrap();
        Self { dir, runtime, settings, collector }
    }

    fn round(&self, recipe: &Recipe, at: &str, sink: &Memory) -> Round {
        let round = self.runtime.block_on(self.collector.round(recipe, moment(at), sink)).unwrap();
        assert!(round.intake().reconciles(), "COUNT-1: {round:?}");
        round
    }
}

fn moment(text: &str) -> Timestamp {
    parse_moment(text).unwrap()
}

const DAY_1: &str = "2024-07-02 12:00:00";
const DAY_2: &str = "2024-07-03 12:00:00";

fn recipe(site: &Site, rest: &str) -> Recipe {
    recipe_from(site, &["/list"], rest)
}

/// A recipe that starts at these addresses.
fn recipe_from(site: &Site, lists: &[&str], rest: &str) -> Recipe {
    let start: Vec<String> = lists.iter().map(|list| format!("\"http://127.0.0.1:{}{list}\"", site.port)).collect();
    let text = format!(
        "id = \"site\"\nname = \"站\"\nchannel = \"complaint\"\nstart = [{}]\n\
         allow_loopback = true\nrate.min_interval_ms = 1\nschedule.every = \"30m\"\n{rest}",
        start.join(", ")
    );
    Recipe::parse(&text, "site.toml").unwrap()
}

const HTML: &str = "kind = \"html\"\n[list]\nitem = \"li\"\nlink = \"a\"\n[detail.fields]\ntitle = \"h1\"\ntext = \".t\"\n\
                    author = \".a\"\npublished_at = \".d\"\n";

fn detail_page(text: &str) -> String {
    format!("<h1>标题</h1><div class=a>张三</div><div class=d>2024-07-01</div><div class=t>{text}</div>")
}

fn list_page(links: &[&str]) -> String {
    links.iter().map(|link| format!("<li><a href='{link}'>x</a></li>")).collect::<Vec<_>>().concat()
}

#[test]
fn a_gb18030_board_is_collected_masked_archived_and_unchanged_the_second_time() {
    let site = Site::serve(|path, _| {
        let page = match path {
            "/list" => list_page(&["/d?id=1&utm_source=x", "/d?id=2", "/d?id=1"]),
            "/d?id=1" => detail_page("充电宝起火，电话13800138000，型号镕100"),
            "/d?id=2" => detail_page("电动车刹车失灵"),
            _ => return missing(),
        };
        answer("200 OK", "Content-Type: text/html; charset=gb2312\r\n", &GB18030.encode(&page).0)
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let refetched = recipe(&site, &format!("refetch.after = \"1h\"\n{HTML}"));
    let round = world.round(&refetched, DAY_1, &sink);
    assert_eq!((round.collected, round.kept, round.rejected), (2, 2, 0), "{round:?}");
    assert_eq!(round.problems, []);
    assert_eq!(
        sink.texts().iter().filter(|text| text.contains("标题\n充电宝起火，电话***********，型号镕100")).count(),
        1
    );

    let documents = sink.documents.lock().unwrap().clone();
    for document in documents.values() {
        assert!(document.meta_str("author").unwrap().starts_with("actor:"));
        assert_eq!(document.published_at, Some(moment("2024-07-01")));
        assert_eq!(document.seen_at, Some(moment(DAY_1)));
        // RAW-1: the reference leads to the very bytes.
        let raw = document.raw.as_ref().unwrap();
        let record = read_at(&world.dir.path().join(&raw.file), raw.offset).unwrap();
        assert_eq!(record.target(), document.url.as_deref());
        assert_eq!(record.payload_is_intact(), Some(true));
        assert_eq!(record.header("WARC-Payload-Digest"), Some(raw.digest.as_str()));
    }

    let again = world.round(&refetched, DAY_2, &sink);
    assert_eq!((again.collected, again.kept, again.unchanged), (2, 0, 2), "{again:?}");
    let not_due = world.round(&recipe(&site, HTML), DAY_2, &sink);
    assert_eq!((not_due.collected, not_due.listed_again), (0, 2), "{not_due:?}");
}

#[test]
fn validators_save_the_second_download() {
    let site = Site::serve(|path, head| match path {
        "/list" => ok(&list_page(&["/d"])),
        "/d" if head.to_ascii_lowercase().contains("if-none-match: \"v1\"") => {
            b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_vec()
        }
        "/d" => answer("200 OK", "ETag: \"v1\"\r\n", detail_page("起火").as_bytes()),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = recipe(&site, &format!("refetch.after = \"1h\"\n{HTML}"));
    assert_eq!(world.round(&recipe, DAY_1, &sink).kept, 1);
    let again = world.round(&recipe, DAY_2, &sink);
    assert_eq!((again.unchanged, again.requests), (1, 3), "{again:?}");
}

#[test]
fn robots_txt_is_obeyed_and_a_broken_one_stops_the_host() {
    let site = Site::serve(|path, _| match path {
        "/robots.txt" => ok("User-agent: wanglou\nDisallow: /secret\n"),
        "/list" => ok(&list_page(&["/secret/1", "/open/1"])),
        _ => ok(&detail_page("起火")),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&recipe(&site, HTML), DAY_1, &sink);
    assert_eq!((round.kept, round.rejected), (1, 1));
    assert!(round.rejects[0].reason.contains("robots.txt"), "{round:?}");
    assert!(!site.asked().iter().any(|path| path.contains("secret")));

    let broken = Site::serve(|_, _| answer("500 Internal Server Error", "", b""));
    let world = World::new(|_| {});
    let round = world.round(&recipe(&broken, HTML), DAY_1, &sink);
    assert!(round.stopped.is_some() && round.collected == 0, "{round:?}");
    assert!(broken.asked().iter().all(|path| path == "/robots.txt"));
}

#[test]
fn a_429_is_repeated_after_its_time_and_a_long_one_ends_the_round() {
    let asked = AtomicU64::new(0);
    let site = Site::serve(move |path, _| match path {
        "/list" => ok(&list_page(&["/d"])),
        "/d" if asked.fetch_add(1, Ordering::SeqCst) == 0 => answer("429 Too Many Requests", "Retry-After: 0\r\n", b""),
        "/d" => ok(&detail_page("起火")),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    assert_eq!(world.round(&recipe(&site, HTML), DAY_1, &sink).kept, 1);

    let long = Site::serve(|path, _| match path {
        "/list" => ok(&list_page(&["/d1", "/d2"])),
        "/robots.txt" => missing(),
        _ => answer("429 Too Many Requests", "Retry-After: 7200\r\n", b""),
    });
    let recipe = recipe(&long, HTML);
    let round = world.round(&recipe, DAY_1, &sink);
    assert!(round.stopped.as_deref().unwrap().contains("7200 seconds"), "{round:?}");
    assert_eq!(round.due_at, moment("2024-07-02 14:00:00"));
    assert_eq!(round.collected, 0);
    assert_eq!(long.asked().len(), 3, "asked again before its time: {:?}", long.asked());
    // The next round asks nothing while the pause lasts.
    world.round(&recipe, DAY_1, &sink);
    assert_eq!(long.asked().len(), 3);
}

#[test]
fn no_request_goes_inside_by_address_name_or_redirect() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok(&list_page(&["/r1", "/r2", "/r3", "/loop"])),
        "/r1" => answer("302 Found", "Location: http://169.254.169.254/latest\r\n", b""),
        "/r2" => answer("302 Found", "Location: http://10.0.0.1/\r\n", b""),
        "/r3" => answer("302 Found", "Location: file:///etc/passwd\r\n", b""),
        "/loop" => answer("302 Found", "Location: /loop\r\n", b""),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&recipe(&site, HTML), DAY_1, &sink);
    let reasons: Vec<&str> = round.rejects.iter().map(|reject| reject.reason.as_str()).collect();
    assert_eq!(reasons.len(), 4, "{round:?}");
    assert!(reasons[0].contains("private, loopback or link-local") && reasons[1].contains("private"));
    assert!(reasons[2].contains("file://") && reasons[3].contains("redirects"), "{reasons:?}");

    let before = site.asked().len();
    for host in ["127.0.0.1", "localhost"] {
        let text = format!(
            "id = \"x\"\nname = \"x\"\nchannel = \"media\"\nstart = [\"http://{host}:{}/list\"]\nschedule.every = \"1h\"\n{HTML}",
            site.port
        );
        let round = world.round(&Recipe::parse(&text, "x.toml").unwrap(), DAY_1, &sink);
        assert!(round.problems[0].detail.contains("allow_loopback"), "{host}: {round:?}");
    }
    assert_eq!(site.asked().len(), before, "a request went to loopback");
}

#[test]
fn endless_truncated_and_bursting_pages_are_set_aside_and_the_round_goes_on() {
    let bomb = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&vec![b'x'; 4_000_000]).unwrap();
        encoder.finish().unwrap()
    };
    let site = Site::serve(move |path, _| match path {
        "/list" => ok(&list_page(&["/endless", "/short", "/bomb", "/good"])),
        "/endless" => [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &vec![b'x'; 3_000_000]].concat(),
        "/short" => b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nhalf a page".to_vec(),
        "/bomb" => answer("200 OK", "Content-Encoding: gzip\r\n", &bomb),
        "/good" => ok(&detail_page("起火")),
        _ => missing(),
    });
    let (world, sink) = (World::new(|settings| settings.retries_max = 0), Memory::default());
    let round = world.round(&recipe(&site, &format!("bounds.page_bytes_max = 1000000\n{HTML}")), DAY_1, &sink);
    assert_eq!((round.collected, round.kept, round.rejected), (4, 1, 3), "{round:?}");
    let reasons: Vec<&str> = round.rejects.iter().map(|reject| reject.reason.as_str()).collect();
    assert!(reasons[0].contains("1000000 bytes, reading stopped"), "{reasons:?}");
    assert!(reasons[1].contains("ended after 11 of 1000 bytes"), "{reasons:?}");
    assert!(reasons[2].contains("grows beyond 1000000 bytes"), "{reasons:?}");
    assert!(round.problems.iter().all(|problem| problem.url.starts_with("http://127.0.0.1")), "{round:?}");
}

#[test]
fn a_selector_that_matches_nothing_names_file_line_and_page() {
    let site = Site::serve(|path, _| if path == "/list" { ok("<p>改版了</p>") } else { missing() });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&recipe(&site, HTML), DAY_1, &sink);
    let message = round.problems[0].to_string();
    assert!(message.starts_with("site.toml:10: http://127.0.0.1:"), "{message}");
    assert!(
        message.ends_with("/list: item selector `li` matches nothing; check the selector against the page"),
        "{message}"
    );
}

#[test]
fn an_unreadable_date_keeps_the_document_and_is_noted() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok(&list_page(&["/d"])),
        "/d" => ok("<h1>标题</h1><div class=d>很久以前</div><div class=t>起火</div>"),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&recipe(&site, HTML), DAY_1, &sink);
    assert_eq!((round.kept, sink.only().published_at), (1, None));
    assert!(round.problems[0].detail.contains("很久以前"), "{round:?}");
}

#[test]
fn what_the_sink_refused_is_fetched_again() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok(&list_page(&["/d"])),
        "/d" => ok(&detail_page("起火")),
        _ => missing(),
    });
    let world = World::new(|_| {});
    let recipe = recipe(&site, HTML);
    let full = Memory { refuses: Some("起火"), ..Memory::default() };
    let error = world.runtime.block_on(world.collector.round(&recipe, moment(DAY_1), &full)).unwrap_err();
    assert!(matches!(error, CollectError::Sink { .. }));
    let sink = Memory::default();
    assert_eq!(world.round(&recipe, DAY_1, &sink).kept, 1);
}

#[test]
fn after_an_interrupted_round_the_lists_are_read_to_their_end() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok(&format!("{}<a class=n href='/list2'>下一页</a>", list_page(&["/1"]))),
        "/list2" => ok(&list_page(&["/2"])),
        "/robots.txt" => missing(),
        path => ok(&detail_page(path)),
    });
    let (world, recipe) = (World::new(|_| {}), recipe(&site, &HTML.replace("link =", "next = \"a.n\"\nlink =")));
    let full = Memory { refuses: Some("/2"), ..Memory::default() };
    world.runtime.block_on(world.collector.round(&recipe, moment(DAY_1), &full)).unwrap_err();
    // Both pages were handed over together, and a sink takes all or none.
    let sink = Memory::default();
    assert_eq!(world.round(&recipe, DAY_1, &sink).kept, 2);
    // Now the first page without news ends the list.
    let before = site.asked().len();
    world.round(&recipe, DAY_2, &sink);
    assert_eq!(site.asked()[before..], ["/robots.txt", "/list"]);
}

#[test]
fn pages_beyond_the_bound_of_a_round_wait_for_the_next() {
    let listed = AtomicU64::new(0);
    let site = Site::serve(move |path, _| match path {
        // The list forgets its items after the first look.
        "/list" if listed.fetch_add(1, Ordering::SeqCst) == 0 => ok(&list_page(&["/1", "/2", "/3"])),
        "/list" => ok(&list_page(&["/1"])),
        "/robots.txt" => missing(),
        path => ok(&detail_page(path)),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = recipe(&site, &format!("bounds.details_per_round_max = 2\n{HTML}"));
    let first = world.round(&recipe, DAY_1, &sink);
    assert_eq!((first.kept, first.stopped.is_some()), (2, true), "{first:?}");
    assert_eq!(world.round(&recipe, DAY_2, &sink).kept, 1);
    assert_eq!(sink.texts().len(), 3);
}

#[test]
fn a_feed_is_read_and_its_articles_followed_by_density() {
    let site = Site::serve(|path, _| {
        match path {
        "/list" => answer(
            "200 OK",
            "Content-Type: application/rss+xml\r\n",
            &GB18030
                .encode(
                    "<?xml version=\"1.0\" encoding=\"gb2312\"?><rss version=\"2.0\"><channel><title>t</title>\
                     <item><title>充电宝起火</title><link>/a/1</link><description>&lt;p&gt;摘要&lt;/p&gt;</description>\
                     <pubDate>Mon, 01 Jul 2024 08:00:00 +0800</pubDate></item>\
                     <item><title>召回</title><link>/a/2</link><pubDate>2024-07-01 09:00:00</pubDate></item></channel></rss>",
                )
                .0,
        ),
        "/a/1" => ok("<html><head><title>充电宝起火_某网</title></head><body><div><p>本报讯，一款充电宝昨日在地铁车厢内起火冒烟。</p>\
                      <p>监管部门已经介入调查，企业表示将召回同批次产品。</p></div></body></html>"),
        "/a/2" => ok("<div><p>某企业宣布召回部分儿童推车，原因是折叠机构可能夹伤手指。</p></div>"),
        _ => missing(),
    }
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&recipe(&site, "kind = \"feed\"\n[detail]\n"), DAY_1, &sink);
    assert_eq!(round.kept, 2, "{round:?}");
    let documents = sink.documents.lock().unwrap().clone();
    let fire = documents.values().find(|document| document.text.contains("地铁")).unwrap();
    assert!(fire.text.contains("同批次产品") && fire.text.starts_with("充电宝起火"), "{}", fire.text);
    let recall = documents.values().find(|document| document.text.contains("推车")).unwrap();
    assert_eq!(recall.published_at, Some(moment("2024-07-01 09:00:00")));

    let summaries = Memory::default();
    let text = "kind = \"feed\"\n";
    assert_eq!(world.round(&recipe(&site, text), DAY_1, &summaries).kept, 2);
    assert!(summaries.texts().contains(&"充电宝起火\n摘要".to_owned()), "{:?}", summaries.texts());
}

#[test]
fn a_json_interface_is_read_to_its_last_page() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok(
            r#"{"data":{"items":[{"id":7,"t":"充电宝","d":"<b>很好</b>","r":[{"c":"用了一次就鼓包"},{"c":"发烫"}],"n":"1.2万+","ts":1719792000000}],"next":"p2"}}"#,
        ),
        "/list?cursor=p2" => ok(r#"{"data":{"items":[{"id":8,"t":"水壶","d":"漏电","n":3,"ts":"x"}],"next":null}}"#),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let rest = "kind = \"json\"\nbounds.stop_when_known = false\n[list]\nitems = \"/data/items\"\nnext = \"/data/next\"\n\
                next_param = \"cursor\"\n[list.fields]\nexternal_id = \"/id\"\ntitle = \"/t\"\n\
                text = { path = [\"/d\", \"/r/*/c\"] }\nsold = \"/n\"\npublished_at = { path = \"/ts\", date = \"epoch_ms\" }\n\
                url = { path = \"/id\", template = \"https://m.example/{value}\" }\n";
    let round = world.round(&recipe(&site, rest), DAY_1, &sink);
    assert_eq!((round.kept, round.problems.len()), (2, 1), "{round:?}");
    let documents = sink.documents.lock().unwrap().clone();
    let bank = documents.values().find(|document| document.text.starts_with("充电宝")).unwrap();
    assert_eq!(bank.text, "充电宝\n很好\n用了一次就鼓包\n发烫");
    assert_eq!((bank.meta_u64("sold"), bank.url.as_deref()), (Some(12_000), Some("https://m.example/7")));
    assert_eq!(bank.published_at, Some(moment("2024-07-01 08:00:00")));
    let again = world.round(&recipe(&site, rest), DAY_2, &sink);
    assert_eq!((again.collected, again.unchanged), (2, 2), "{again:?}");
}

#[test]
fn a_spot_check_table_gives_one_document_per_row() {
    let table = "<h1>抽查通报</h1><div class=d>2024年7月1日</div><table><tr><th>产品名称<th>商标<th>不合格项目</tr>\
                 <tr><td rowspan=2>充电宝<td>甲牌<td>标志</tr><tr><td>乙牌<td>过充电</tr></table>";
    let site = Site::serve(move |path, _| match path {
        "/list" => ok(&list_page(&["/n"])),
        "/n" => ok(table),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let rest = "kind = \"html\"\n[list]\nitem = \"li\"\nlink = \"a\"\n[detail.fields]\ntitle = \"h1\"\npublished_at = \".d\"\n\
                [detail.table]\nselector = \"table\"\n[detail.table.columns]\nbrand = \"商标\"\nproduct = \"产品名称\"\n";
    let round = world.round(&recipe(&site, rest), DAY_1, &sink);
    assert_eq!(round.kept, 2, "{round:?}");
    assert!(
        sink.texts().contains(&"抽查通报\n产品名称：充电宝；商标：乙牌；不合格项目：过充电".to_owned()),
        "{:?}",
        sink.texts()
    );
    let documents = sink.documents.lock().unwrap();
    assert!(documents.values().any(|document| document.meta_str("brand") == Some("乙牌")));
    assert!(documents.values().all(|document| document.published_at == Some(moment("2024-07-01"))));
}

#[test]
fn the_documents_are_the_same_whatever_the_crash_points() {
    let site = Site::serve(|path, _| match path {
        "/list" | "/list2" | "/list3" => {
            let (from, next) = match path {
                "/list" => (0, "<a class=n href='/list2'>下一页</a>"),
                "/list2" => (8, "<a class=n href='/list3'>下一页</a>"),
                _ => (16, ""),
            };
            let links: Vec<String> = (from..from + 8).map(|n| format!("/d{n}")).collect();
            ok(&format!("{}{next}", list_page(&links.iter().map(String::as_str).collect::<Vec<_>>())))
        }
        "/robots.txt" => missing(),
        path => ok(&detail_page(path)),
    });
    let rest = format!(
        "rate.unpaced = [\"127.0.0.1\"]\nrate.at_once = 3\n{}",
        HTML.replace("link =", "next = \"a.n\"\nlink =")
    );
    let recipe = recipe(&site, &rest);
    for seed in 0..10_usize {
        let mut world = World::new(|settings| settings.batch_max = 3);
        let sink = Memory::default();
        // Killed at up to three places: after so many turns of the round, wherever that is.
        for crash in 0..=seed % 3 {
            let after = 5 + seed * 31 + crash * 17;
            let round = world.collector.round(&recipe, moment(DAY_1), &sink);
            world.runtime.block_on(killed_after(after, round));
            world = world.opened_again();
        }
        let last = world.round(&recipe, DAY_2, &sink);
        assert_eq!(last.stopped, None, "{last:?}");
        let mut texts = sink.texts();
        texts.sort();
        let mut expected: Vec<String> = (0..24).map(|n| format!("标题\n/d{n}")).collect();
        expected.sort();
        assert_eq!(texts, expected, "seed {seed}");
        // Nothing is left, and nothing is done twice.
        let after = world.round(&recipe, DAY_2, &sink);
        assert_eq!((after.collected, after.kept), (0, 0), "seed {seed}: {after:?}");
    }
}

/// Polls a round this often and drops it then, finished or not.
async fn killed_after<T>(turns: usize, round: impl Future<Output = T>) {
    let mut round = Box::pin(round);
    let mut left = turns;
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(());
        }
        left -= 1;
        round.as_mut().poll(context).map(drop)
    })
    .await;
}

#[test]
fn two_sources_on_one_host_never_ask_it_at_the_same_time() {
    let (now, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (inside, seen) = (Arc::clone(&now), Arc::clone(&most));
    let site = Site::serve(move |path, _| {
        seen.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(5));
        inside.fetch_sub(1, Ordering::SeqCst);
        match path {
            "/list" => ok(&list_page(&["/1", "/2", "/3", "/4", "/5"])),
            "/robots.txt" => missing(),
            path => ok(&detail_page(path)),
        }
    });
    let world = World::new(|_| {});
    let hasty = recipe(&site, &format!("rate.unpaced = [\"127.0.0.1\"]\nrate.at_once = 8\n{HTML}"));
    let modest = Recipe { id: SourceId::from("modest"), ..recipe(&site, HTML) };
    world.collector.know(&[hasty.clone(), modest.clone()]);
    let sink = Memory::default();
    let rounds = world.runtime.block_on(async {
        tokio::join!(
            world.collector.round(&hasty, moment(DAY_1), &sink),
            world.collector.round(&modest, moment(DAY_1), &sink)
        )
    });
    assert_eq!((rounds.0.unwrap().kept, rounds.1.unwrap().kept), (5, 5));
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[test]
fn a_daily_budget_is_kept_over_restarts_and_quiet_hours_are_quiet() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok(&list_page(&["/1", "/2", "/3", "/4", "/5"])),
        "/robots.txt" => missing(),
        path => ok(&detail_page(path)),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let frugal = recipe(&site, &format!("rate.per_day = 4\n{HTML}"));
    let first = world.round(&frugal, DAY_1, &sink);
    assert_eq!((first.kept, site.asked().len()), (2, 4), "{first:?}");
    assert_eq!(first.due_at, moment("2024-07-03 00:00:00"));
    let world = world.opened_again();
    world.round(&frugal, DAY_1, &sink);
    assert_eq!(site.asked().len(), 4, "{:?}", site.asked());
    world.round(&frugal, DAY_2, &sink);
    assert_eq!(site.asked().len(), 8);

    let quiet = recipe(&site, &format!("schedule.quiet = [\"11:00-14:30\"]\n{HTML}"));
    assert!(!world.runtime.block_on(world.collector.is_due(&quiet, moment(DAY_2))).unwrap());
    let round = world.round(&quiet, DAY_2, &sink);
    assert_eq!((round.requests, round.due_at), (0, moment("2024-07-03 14:30:00")), "{round:?}");
    assert_eq!(site.asked().len(), 8);
}

/// Unpacks `.tar.zst` far enough for plain files: 512-byte heads, sizes in octal.
fn untar(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap();
    let (mut at, mut files) = (0, Vec::new());
    while let Some(head) = bytes.get(at..at + 512).filter(|head| head[0] != 0) {
        let text =
            |range: std::ops::Range<usize>| String::from_utf8_lossy(&head[range]).trim_matches(['\0', ' ']).to_owned();
        let size = usize::from_str_radix(&text(124..136), 8).unwrap();
        if head[156] == b'0' || head[156] == 0 {
            files.push((text(0..100), bytes[at + 512..at + 512 + size].to_vec()));
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    files
}

#[test]
fn real_samples_of_chinese_encodings_are_decoded() {
    let Some(dir) = shared("data/encoding_samples") else { return };
    let files = untar(&dir.join("chardet_zh.tar.zst"));
    let (mut sound, mut all) = (0, 0);
    for (name, bytes) in &files {
        let label = if name.contains("Big5") {
            "Big5"
        } else if name.contains("GB2312") {
            "gb18030"
        } else {
            continue;
        };
        let decoded = decode(bytes, None, None);
        all += 1;
        sound += usize::from(decoded.encoding.eq_ignore_ascii_case(label) || decoded.encoding == "UTF-8");
        // The label given outright must do as well.
        assert!(decode(bytes, Some(label), None).text.len() > 100, "{name}");
    }
    println!("{sound} of {all} samples decoded as labelled");
    assert!(all > 40 && sound * 100 >= all * 95, "{sound} of {all}");
}

#[test]
fn real_pages_give_their_title_and_a_body() {
    let Some(dir) = shared("data/html_pages") else { return };
    let (mut titled, mut bodied, mut all) = (0, 0, 0);
    for (name, bytes) in untar(&dir.join("gne_pages.tar.zst")) {
        if !name.contains(".html") {
            continue;
        }
        all += 1;
        let raw = RawRef { file: "x".to_owned(), offset: 0, digest: String::new() };
        let url = Url::parse("http://example.org/x").unwrap();
        let (document, problems) =
            document_of_page(&SourceId::from("pages"), Channel::Media, &url, None, &bytes, moment(DAY_1), raw);
        assert!(!problems.iter().any(|problem| problem.contains("dropped")), "{name}: {problems:?}");
        let Some(document) = document else { continue };
        titled += usize::from(document.title.is_some());
        bodied += usize::from(document.text.chars().count() > 200);
    }
    println!("{all} pages, {titled} with a title, {bodied} with a body");
    assert!(all > 60 && titled * 10 >= all * 9 && bodied * 10 >= all * 8, "{all} {titled} {bodied}");
}
