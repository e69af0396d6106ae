//! The search index beside its peers: indexing, the peers' 500 queries, hostile queries, standing queries.
//!
//! `cargo bench --bench search -- DOCS.ndjson [QUERIES.tsv]`; `benches/search.sh` makes both files and runs the peers too.
//! Documents are indexed with both text fields, all facets, stories and empty readings: what a reader finds costs the
//! reader's time, not the index's. Each number is one run of this process; nothing else should run beside it.
#![expect(clippy::disallowed_methods, reason = "a bench reads files and measures time")]
#![expect(clippy::print_stdout, reason = "a bench reports")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wanglou::extract::fingerprint;
use wanglou::index::{Arrived, SearchIndex, SearchRequest, Sort, Thesaurus};
use wanglou::lexicon::Lexicon;
use wanglou::vocabulary::{Channel, Document, DocumentLine, Position, Reading, SourceId};

/// The program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Documents committed together.
const COMMIT_DOCUMENTS: usize = 50_000;
/// Rounds of the queries; the last one counts, as for the peers.
const ROUNDS: usize = 5;
/// Standing queries, and documents that arrive together: one second's worth.
const STANDING: usize = 1_000;
const ARRIVE_TOGETHER: usize = 500;
/// Seconds' worth of documents that are matched.
const ARRIVE_BATCHES: usize = 20;
/// Hostile queries of each kind, and how long one may take: what a page allows it.
const HOSTILE: usize = 1_000;
const HOSTILE_TIME: Duration = Duration::from_millis(800);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [documents, rest @ ..] = args.as_slice() else {
        println!("usage: cargo bench --bench search -- DOCS.ndjson [QUERIES.tsv]");
        return Ok(());
    };
    let lexicon = Lexicon::shipped()?;
    let text = fs::read_to_string(documents)?;
    let source = SourceId::from("bench");
    let documents = text
        .lines()
        .map(|line| Ok(DocumentLine::parse(line)?.into_document(&source, Channel::Media)))
        .collect::<Result<Vec<Document>>>()?;
    let readings: Vec<Reading> = documents.iter().map(|document| unread(document, &lexicon)).collect();
    let folder = std::env::temp_dir().join(format!("wanglou-bench-search-{}", std::process::id()));
    let index = fill(&folder, &lexicon, &documents, &readings, text.len())?;
    if let [queries, ..] = rest {
        let queries = fs::read_to_string(queries)?;
        ask(&index, &queries, false)?;
        ask(&index, &queries, true)?;
    }
    percolate(&index, &documents, &readings)?;
    hostile(&index)?;
    drop(index);
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn unread(document: &Document, lexicon: &Lexicon) -> Reading {
    Reading {
        id: document.id.clone(),
        lexicon: lexicon.version().clone(),
        signals: Vec::new(),
        mentions: Vec::new(),
        problems: Vec::new(),
        rechecks: Vec::new(),
        doubts: Vec::new(),
    }
}

fn fill(
    folder: &Path,
    lexicon: &Lexicon,
    documents: &[Document],
    readings: &[Reading],
    bytes: usize,
) -> Result<SearchIndex> {
    let stop_words = lexicon.stopwords().iter().cloned().collect();
    let (index, _) = SearchIndex::open(folder, Arc::clone(lexicon.jieba()), lexicon.version(), &stop_words)?;
    let index = index.knowing(Arc::new(Thesaurus::of(lexicon)));
    let begun = Instant::now();
    let mut writer = index.writer()?;
    for ((document, reading), position) in documents.iter().zip(readings).zip(1..) {
        writer.put(document, reading, &fingerprint(&document.text), Position(position))?;
        if usize::try_from(position)? % COMMIT_DOCUMENTS == 0 {
            writer.commit(Position(position))?;
        }
    }
    writer.commit(Position(documents.len() as u64))?;
    let took = begun.elapsed().as_secs_f64();
    writer.close()?;
    let stat = index.stat()?;
    println!(
        "index: {} docs {took:.2} s wall {:.0} docs/s {:.2} MB/s, {} segments, {:.1} MB",
        documents.len(),
        documents.len() as f64 / took,
        bytes as f64 / 1e6 / took,
        stat.segments,
        stat.bytes as f64 / 1e6
    );
    Ok(index)
}

/// The peers' queries: each term as a phrase, the exact count and the best ten with their text.
fn ask(index: &SearchIndex, queries: &str, bare: bool) -> Result<()> {
    let mut requests = Vec::new();
    for line in queries.lines().skip(1) {
        let [kind, terms, excluded, from, to] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        let phrases: Vec<String> = terms.split(' ').map(|term| format!("\"{term}\"")).collect();
        let mut query = phrases.join(if kind == "or" { " OR " } else { " " });
        if !excluded.is_empty() {
            query = format!("{query} -\"{excluded}\"");
        }
        if !from.is_empty() {
            query = format!("{query} date:{from}..{to}");
        }
        requests.push(SearchRequest { query, limit: 10, bare, ..SearchRequest::default() });
    }
    for round in 1..=ROUNDS {
        let (mut times, mut hits) = (Vec::new(), 0);
        for request in &requests {
            let begun = Instant::now();
            hits += index.search(request)?.total;
            times.push(begun.elapsed());
        }
        if round == ROUNDS {
            let what = if bare { "count and best 10" } else { "count, best 10, facets, counts, histogram" };
            tell(&format!("{} queries ({what})", times.len()), &mut times, hits);
        }
    }
    Ok(())
}

fn tell(what: &str, times: &mut [Duration], hits: u64) {
    times.sort_unstable();
    let ms = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    let total: f64 = times.iter().map(Duration::as_secs_f64).sum();
    println!(
        "    {what}: p50 {:.2} ms p95 {:.2} ms p99 {:.2} ms max {:.2} ms total {total:.2} s, {hits} hits",
        ms(50),
        ms(95),
        ms(99),
        ms(100)
    );
}

/// Standing queries of all kinds, made of words of the documents.
fn percolate(index: &SearchIndex, documents: &[Document], readings: &[Reading]) -> Result<()> {
    let words: Vec<String> = documents
        .iter()
        .flat_map(|document| document.text.split(|letter: char| !letter.is_alphanumeric()))
        .filter(|part| part.chars().count() >= 4)
        .map(|part| part.chars().take(3).collect())
        .take(2 * STANDING)
        .collect();
    let queries: Vec<String> = (words.chunks(2).enumerate())
        .map(|(number, pair)| {
            let (first, second) = (&pair[0], pair.last().unwrap_or(&pair[0]));
            match number % 5 {
                0 => format!("{first} {second}"),
                1 => format!("\"{first}\""),
                2 => format!("{first} OR {second}"),
                3 => format!("{first} NEAR/10 {second}"),
                _ => format!("{first} -{second} channel:media"),
            }
        })
        .collect();
    let standing = index.standing(queries.iter().map(String::as_str)).map_err(|(_, error)| error)?;
    let (mut times, mut hits) = (Vec::new(), 0);
    for (documents, readings) in
        documents.chunks(ARRIVE_TOGETHER).zip(readings.chunks(ARRIVE_TOGETHER)).take(ARRIVE_BATCHES)
    {
        let arrived: Vec<Arrived<'_>> = (documents.iter().zip(readings).zip(1..))
            .map(|((document, reading), at)| Arrived { document, reading, position: Position(at), story: at })
            .collect();
        let begun = Instant::now();
        hits += index.percolate(&standing, &arrived)?.len() as u64;
        times.push(begun.elapsed());
    }
    let what = format!("{} standing queries x {ARRIVE_TOGETHER} documents on one thread", standing.len());
    tell(&what, &mut times, hits);
    Ok(())
}

/// Deep nesting, endless lists of terms, prefixes, single characters: each is answered, in part when its time is over, or refused.
fn hostile(index: &SearchIndex) -> Result<()> {
    type Kind = (&'static str, fn(usize) -> String);
    let kinds: [Kind; 13] = [
        ("parentheses", |size| format!("{}的{}", "(".repeat(size), ")".repeat(size))),
        ("negations", |size| "NOT ".repeat(size) + "了"),
        ("the same word", |size| "不 OR ".repeat(size) + "是"),
        ("common characters", |size| list(size, " OR ", |at| common(at).to_string())),
        ("prefixes", |size| list(size, " OR ", |at| format!("{}{}*", letter(at), letter(at / 26)))),
        ("fuzzy names", |size| list(size, " OR ", |at| format!("{}{}ne~2", letter(at), letter(at / 26)))),
        ("near", |size| format!("{} NEAR/100 {}", common(size), common(size + 7))),
        ("near in a row", |size| {
            list(2 + size % 15, " NEAR/100 ", |at| format!("{}{}", common(at + size), common(at + 2 * size)))
        }),
        ("exclusions", |size| format!("好 {}", list(size, " ", |at| format!("-{}", common(at))))),
        ("phrases", |size| list(size, " OR ", |at| format!("\"{}，{}\"", common(at), common(at / 56)))),
        ("dates", |size| list(size, " OR ", |at| format!("date:..{} severity>={}", 2000 + at % 40, at % 5))),
        ("places", |size| list(size, " OR ", |at| format!("region:{}0000 -{}", 11 + at % 50, common(at)))),
        ("100,000 terms", |_| "质量 ".repeat(100_000)),
    ];
    for (name, query) in kinds {
        let (mut times, mut hits, mut refused, mut partial) = (Vec::new(), 0, 0, 0);
        let resident = forget_peak();
        let begun = Instant::now();
        for number in 0..HOSTILE {
            let query = query(1 + number * 17 % 256);
            let sort = if number % 2 == 0 { Sort::Relevance } else { Sort::Severity };
            let request = SearchRequest { query, limit: 10, sort, ..SearchRequest::default() };
            let asked = Instant::now();
            let over = || asked.elapsed() >= HOSTILE_TIME;
            match index.search_within(&request, Some(&over)) {
                Ok(page) => (hits, partial) = (hits + page.total, partial + u32::from(page.partial)),
                Err(error) if error.is_request() => refused += 1,
                Err(error) => return Err(error.into()),
            }
            times.push(asked.elapsed());
            if begun.elapsed() > 20 * HOSTILE_TIME {
                break;
            }
        }
        let grown = resident.zip(memory("VmHWM:")).map(|(before, peak)| peak.saturating_sub(before) / 1024);
        let grown = grown.map_or_else(String::new, |grown| format!(", at most {grown} MB more"));
        tell(
            &format!("{} hostile queries of {name}, {refused} refused, {partial} in part{grown}", times.len()),
            &mut times,
            hits,
        );
    }
    Ok(())
}

/// A line of what the system says of this process's memory, in kB; none where it does not say.
fn memory(line: &str) -> Option<u64> {
    let told = fs::read_to_string("/proc/self/status").ok()?;
    told.lines().find_map(|found| found.strip_prefix(line))?.trim().split(' ').next()?.parse().ok()
}

/// Lets the system begin anew with the peak of memory; what is resident now, pages of index files that were read included.
fn forget_peak() -> Option<u64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    memory("VmRSS:")
}

/// Characters that hardly a text is without.
const COMMON: &str =
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学";

fn common(at: usize) -> char {
    COMMON.chars().nth(at % COMMON.chars().count()).unwrap_or('的')
}

fn letter(at: usize) -> char {
    char::from(b'a' + u8::try_from(at % 26).unwrap_or(0))
}

/// So many parts, each another as far as there are others.
fn list(size: usize, between: &str, part: impl Fn(usize) -> String) -> String {
    (0..size).map(part).collect::<Vec<_>>().join(between)
}
