//! A day on which every shipped source is collected by its schedule, all of them from twins of their sites on one loopback server.
//!
//! The sites count: how often and how close together each was asked, whether robots.txt came first, whether two questions were under way at
//! once (POLITE-1).

use futures_util::stream::StreamExt;
use regex::Regex;
use url::Url;

use super::shipped::{listed, twin};
use super::*;
use crate::host::{host_key, server_key};

/// Least time between two requests to a host, in place of the seconds that recipes name.
const INTERVAL: Duration = Duration::from_millis(50);
const SIMULTANEOUS_SOURCES: usize = 8;
const STEP: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);
const STEPS: usize = 48;

/// What one host saw.
#[derive(Debug, Default)]
struct Seen {
    asked: Vec<(std::time::Instant, String)>,
    under_way: u32,
    at_once_max: u32,
}

/// What the twin of one recipe answers with.
struct Twin {
    /// Addresses of the list, as they are asked first.
    starts: Vec<Url>,
    column: Option<Vec<u8>>,
    list: Vec<u8>,
    page: Option<Vec<u8>>,
    /// Paths with query of the pages behind the list.
    pages: Vec<String>,
}

fn path_of(url: &Url) -> String {
    url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()
}

/// The twins by host.
fn twins(recipes: &[Recipe]) -> BTreeMap<String, Vec<Twin>> {
    let mut twins: BTreeMap<String, Vec<Twin>> = BTreeMap::new();
    for recipe in recipes {
        let Some(list) = twin(recipe, "list") else { continue };
        let items = listed(recipe, moment("2026-06-01")).items;
        let urls: Vec<Url> = items.into_iter().filter_map(|item| item.url).collect();
        let starts: Vec<Url> = recipe.start_urls().collect();
        let mut hosts: Vec<String> =
            starts.iter().chain(&urls).filter_map(|url| Some(url.host_str()?.to_owned())).collect();
        hosts.sort();
        hosts.dedup();
        for host in hosts {
            twins.entry(host).or_default().push(Twin {
                starts: starts.clone(),
                column: twin(recipe, "column"),
                list: list.clone(),
                page: twin(recipe, "page"),
                pages: urls.iter().map(path_of).collect(),
            });
        }
    }
    twins
}

/// The answer of a host: a page behind a list, a list, a file, or that there is none.
fn answer_of(twins: &[Twin], path: &str) -> Option<Vec<u8>> {
    if let Some(twin) = twins.iter().find(|twin| twin.pages.iter().any(|page| page == path)) {
        return twin.page.clone().or_else(|| Some(twin.list.clone()));
    }
    if let Some(file) =
        path.rsplit('/').next().filter(|name| name.contains(".xls") || name.contains(".doc") || name.contains(".pdf"))
    {
        let ending = file.split('?').next().unwrap_or_default().rsplit('.').next().unwrap_or_default();
        let name = match ending {
            "xls" => "attachments/01.xls",
            "xlsx" => "attachments/05.xlsx",
            "doc" => "attachments/09.doc",
            "docx" => "attachments/14.docx",
            _ => "attachments/19.pdf",
        };
        return std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(name)).ok();
    }
    // Recipes of one interface differ in what they ask it: the start that begins most like what is asked.
    let alike = |url: &Url| path_of(url).bytes().zip(path.bytes()).take_while(|(one, other)| one == other).count();
    let best = twins.iter().max_by_key(|twin| twin.starts.iter().map(alike).max().unwrap_or(0))?;
    let is_start = best.starts.iter().any(|start| start.path() == path.split('?').next().unwrap_or_default());
    match &best.column {
        Some(column) if is_start => Some(column.clone()),
        _ => Some(best.list.clone()),
    }
}

/// The shipped recipes with this port in every address, without a secure connection and with a shorter pause.
fn at_port(port: u16) -> Vec<Recipe> {
    let dir = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/sources");
    let host = Regex::new(r"https?://([a-z0-9][a-z0-9.-]*[a-z])(:\d+)?").unwrap();
    let pause = Regex::new(r"min_interval_ms\s*=\s*\d+").unwrap();
    let mut folders = vec![from.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("example_") || path.extension().is_none_or(|ending| ending != "toml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let text = host.replace_all(&text, format!("http://$1:{port}"));
            let text = pause.replace_all(&text, format!("min_interval_ms = {}", INTERVAL.as_millis()));
            let is_group = folder.ends_with("groups");
            let text = if is_group { text.into_owned() } else { format!("allow_loopback = true\n{text}") };
            let to = dir.path().join(path.strip_prefix(&from).unwrap());
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::write(to, text).unwrap();
        }
    }
    // Keys from the environment are sent over a secure connection alone.
    let asks_for_a_key = |recipe: &Recipe| recipe.effective.iter().any(|line| line.value.contains("env ="));
    let recipes = Recipe::load_dir(dir.path()).unwrap();
    recipes.into_iter().filter(|recipe| !asks_for_a_key(recipe)).collect()
}

/// All sites on one port.
fn serve(seen: &Arc<Mutex<BTreeMap<String, Seen>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let shipped = Recipe::shipped().unwrap();
    let real: Vec<Recipe> = shipped.into_iter().filter(|recipe| recipe.verified.is_some()).collect();
    let twins = Arc::new(twins(&real));
    let addresses = Arc::new(Regex::new(r"https?:(\\?/\\?/)([a-z0-9][a-z0-9.-]*[a-z])(:\d+)?").unwrap());
    let seen = Arc::clone(seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let (seen, twins, addresses) = (Arc::clone(&seen), Arc::clone(&twins), Arc::clone(&addresses));
            std::thread::spawn(move || {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let header = |name: &str| {
                    head.lines().find_map(|line| {
                        line.to_ascii_lowercase().strip_prefix(name).map(|rest| rest.trim().to_owned())
                    })
                };
                let length = header("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
                let mut body = vec![0; length];
                stream.read_exact(&mut body).unwrap();
                let host = header("host:").unwrap_or_default();
                let host = host.split(':').next().unwrap_or_default().to_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                {
                    let mut seen = seen.lock().unwrap();
                    let seen = seen.entry(host.clone()).or_default();
                    seen.asked.push((std::time::Instant::now(), path.clone()));
                    seen.under_way += 1;
                    seen.at_once_max = seen.at_once_max.max(seen.under_way);
                }
                let found = match path.as_str() {
                    "/robots.txt" => Some(b"User-agent: *\nDisallow: /forbidden/\n".to_vec()),
                    path => twins.get(&host).and_then(|twins| answer_of(twins, path)),
                };
                let whole = match found {
                    None => missing(),
                    Some(bytes) => match String::from_utf8(bytes) {
                        Ok(text) => ok(&addresses.replace_all(&text, format!("http:$1$2:{port}"))),
                        Err(file) => answer("200 OK", "Content-Type: application/octet-stream\r\n", file.as_bytes()),
                    },
                };
                seen.lock().unwrap().entry(host).or_default().under_way -= 1;
                let _ = stream.write_all(&whole);
            });
        }
    });
    port
}

#[test]
fn polite_1_holds_at_every_site_of_a_day_with_all_shipped_sources() {
    let seen = Arc::default();
    let port = serve(&seen);
    let recipes = at_port(port);
    let (world, sink) = (World::at_home(), Memory::default());
    world.collector.know(&recipes);
    let mut now = moment("2026-06-01 00:00:00");
    let mut kept: BTreeMap<String, u64> = recipes.iter().map(|recipe| (recipe.id.to_string(), 0)).collect();
    let (mut rounds, mut collected, mut documents, mut problems) = (0, 0, 0, BTreeMap::<String, String>::new());
    for _ in 0..STEPS {
        let due: Vec<Recipe> = world.runtime.block_on(async {
            let mut due = Vec::new();
            for recipe in &recipes {
                if world.collector.is_due(recipe, now).await.unwrap() {
                    due.push(recipe.clone());
                }
            }
            due
        });
        let (collector, sink) = (&world.collector, &sink);
        let done: Vec<Round> = world.runtime.block_on(async {
            let rounds = due.iter().map(|recipe| async move { collector.round(recipe, now, sink).await.unwrap() });
            futures_util::stream::iter(rounds).buffer_unordered(SIMULTANEOUS_SOURCES).collect().await
        });
        for round in done {
            assert!(round.intake().reconciles(), "COUNT-1: {round:?}");
            rounds += 1;
            collected += round.collected;
            documents += round.kept;
            *kept.get_mut(round.source.as_str()).unwrap() += round.kept;
            if let Some(problem) = round.problems.first() {
                problems.insert(round.source.to_string(), problem.to_string());
            }
        }
        now += STEP;
    }
    let without: Vec<&String> = kept.iter().filter(|(_, kept)| **kept == 0).map(|(id, _)| id).collect();
    let mut hosts: BTreeMap<String, Vec<(std::time::Instant, String)>> = BTreeMap::new();
    let mut requests = 0;
    for (server, seen) in seen.lock().unwrap().iter() {
        let url = Url::parse(&format!("http://{server}/")).unwrap();
        assert_eq!(seen.at_once_max, 1, "{server} is asked for one thing at a time");
        assert_eq!(seen.asked[0].1, "/robots.txt", "{server}");
        assert_eq!(seen.asked.iter().filter(|(_, path)| path == "/robots.txt").count(), 1, "{}", server_key(&url));
        assert!(seen.asked.iter().all(|(_, path)| !path.starts_with("/forbidden/")), "{server}");
        requests += seen.asked.len();
        hosts.entry(host_key(&url)).or_default().extend(seen.asked.iter().cloned());
    }
    for (host, mut asked) in hosts.clone() {
        asked.sort();
        // A moment is taken when a thread gets to it: single gaps may look shorter, the whole may not.
        let (first, last) = (asked[0].0, asked[asked.len() - 1].0);
        let least = INTERVAL * u32::try_from(asked.len() - 1).unwrap();
        assert!(last - first + INTERVAL / 2 >= least, "{host}: {} requests in {:?}", asked.len(), last - first);
    }
    eprintln!(
        "{} sources, {} hosts, {rounds} rounds, {requests} requests, {collected} collected, {documents} kept\nproblems {problems:#?}",
        recipes.len(),
        hosts.len()
    );
    assert!(recipes.len() >= 60 && hosts.len() >= 40, "{} sources, {} hosts", recipes.len(), hosts.len());
    assert_eq!(without, Vec::<&String>::new(), "these gave no document: {problems:#?}");
}
