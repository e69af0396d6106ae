//! The worst of each way in, each in a process of its own: the most memory that was ever resident stays below a bound.
//!
//! What is measured is what the system says of the process (`VmHWM`), so that nothing made in between is missed.
#![expect(clippy::print_stderr, reason = "what was measured is told")]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use polars::prelude::{DataFrame, NamedFrom, ParquetWriter, Series};
use zip::write::SimpleFileOptions;

use super::service::{PUSH_TOKEN, Running, memory_of};
use crate::support::{run, wanglou};

/// The most memory that one input may cost, the program with its rules included, in bytes: half of what the unit gives the service.
const WAY_BYTES_MAX: u64 = 1 << 30;
/// How often the system is asked.
const LOOK: Duration = Duration::from_millis(5);

/// What a run cost and said.
struct Cost {
    bytes: u64,
    status: Option<i32>,
    said: String,
}

impl Cost {
    /// Fails the test when it was killed, panicked or cost too much.
    fn bounded(&self, way: &str) {
        eprintln!("{way}: {} MB, status {:?}", self.bytes >> 20, self.status);
        let told = self.said.chars().take(2_000).collect::<String>();
        assert!(self.status.is_some_and(|status| status != 101), "{way}: {:?}\n{told}", self.status);
        assert!(!self.said.contains("panicked at"), "{way}: {told}");
        assert!(self.bytes > 0 && self.bytes < WAY_BYTES_MAX, "{way}: {} MB\n{told}", self.bytes >> 20);
    }
}

/// Runs the program and watches its memory.
fn cost(dir: &Path, args: &[&str]) -> Cost {
    let log = dir.join("said");
    let out = fs::File::create(&log).expect("made");
    let mut command = wanglou();
    command.args(args).stdin(Stdio::null()).stdout(out.try_clone().expect("shared")).stderr(out);
    let mut child = command.spawn().expect("started");
    let process = child.id();
    let (ended, wait) = channel();
    let waiting = thread::spawn(move || _ = ended.send(child.wait().expect("waited for")));
    let mut bytes = 0;
    let status = loop {
        bytes = bytes.max(memory_of(process, "VmHWM:").unwrap_or(0));
        match wait.recv_timeout(LOOK) {
            Ok(status) => break status,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => panic!("nobody waits for it"),
        }
    };
    waiting.join().expect("no panic");
    let said = String::from_utf8_lossy(&fs::read(log).expect("read")).into_owned();
    Cost { bytes, status: status.code(), said }
}

/// A site on loopback that answers every path but `/robots.txt` by `answer`.
fn site(answer: impl Fn(&str) -> (&'static str, Vec<u8>) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = [0; 4_096];
            let bytes = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..bytes]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or("/");
            let (status, kind, body) = match path {
                "/robots.txt" => ("404 Not Found", "text/plain", Vec::new()),
                path => {
                    let (kind, body) = answer(path);
                    ("200 OK", kind, body)
                }
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    at
}

/// Looks at a source once, as an operator does.
fn looked_at(dir: &Path, recipe: &str) -> Cost {
    let sources = dir.join("sources");
    fs::create_dir_all(&sources).expect("made");
    fs::write(sources.join("a.toml"), recipe).expect("written");
    let (sources, data) = (sources.display().to_string(), dir.join("data").display().to_string());
    cost(dir, &["source", "--sources", &sources, "--data", &data, "check", "a"])
}

fn head_of(kind: &str, rest: &str) -> String {
    format!(
        "id = \"a\"\nname = \"某站\"\nchannel = \"media\"\nkind = \"{kind}\"\nenabled = true\n{rest}\n[schedule]\nevery = \"1h\"\n"
    )
}

/// A recipe of a site on loopback.
fn of_site(kind: &str, at: SocketAddr, rest: &str) -> String {
    head_of(kind, &format!("start = [\"http://{at}/list\"]\nallow_loopback = true")) + rest
}

/// Pieces of a text, one behind the other.
fn many_pieces(numbers: std::ops::Range<usize>, piece: impl Fn(usize) -> String) -> String {
    numbers.map(piece).collect()
}

/// Markup that a parser takes up again in each paragraph: 250 open elements, as many paragraphs as fit into so many bytes.
fn reopened(bytes: usize) -> String {
    let open = many_pieces(0..250, |number| format!("<b i={number}>"));
    format!("<p>{open}</p>{}", "<p>x".repeat(bytes / 4))
}

const FIELDS: &str = "[detail.fields]\ntitle = { selector = \"h1\" }\ntext = { selector = \"p\", all = true }\n";

#[test]
fn the_worst_page() {
    let dir = tempfile::tempdir().expect("a folder");
    let pages = [
        reopened(7_000_000),
        "<table>".to_owned() + &"<tr><td rowspan=65000 colspan=1000>x".repeat(150_000),
        "<div a=1>".repeat(800_000),
        "<i>".repeat(2_500_000),
    ];
    let at = site(move |path| {
        let page = path.trim_start_matches("/page").parse::<usize>().ok().and_then(|number| pages.get(number));
        let list = many_pieces(0..4, |number| format!("<li><a href=\"/page{number}\">x</a></li>"));
        ("text/html; charset=utf-8", page.cloned().unwrap_or(list).into_bytes())
    });
    let rest = format!("[rate]\nmin_interval_ms = 1\n[list]\nitem = \"li\"\nlink = \"a\"\n{FIELDS}");
    looked_at(dir.path(), &of_site("html", at, &rest)).bounded("page");
}

#[test]
fn the_worst_feed() {
    let dir = tempfile::tempdir().expect("a folder");
    let escaped = reopened(1_500_000).replace('<', "&lt;");
    let item = format!("<item><title>x</title><description>{escaped}</description></item>");
    let feed = format!(
        "<rss version=\"2.0\"><channel><title>x</title>{}</channel></rss>",
        "<item><a/></item>".repeat(20_000) + &item
    );
    let at = site(move |_| ("application/rss+xml", feed.clone().into_bytes()));
    looked_at(dir.path(), &of_site("feed", at, "")).bounded("feed");
}

#[test]
fn the_worst_sitemap() {
    let dir = tempfile::tempdir().expect("a folder");
    let entry = |number: usize| format!("<url><loc>http://127.0.0.1/{number}</loc></url>");
    let map = format!("<urlset>{}</urlset>", many_pieces(0..180_000, entry));
    let at = site(move |_| ("application/xml", map.clone().into_bytes()));
    looked_at(dir.path(), &of_site("sitemap", at, &format!("[list]\ninclude = \"nothing-is-like-this\"\n{FIELDS}")))
        .bounded("sitemap");
}

#[test]
fn the_worst_letter() {
    let dir = tempfile::tempdir().expect("a folder");
    let inbox = dir.path().join("inbox");
    fs::create_dir_all(&inbox).expect("made");
    let head = "From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n";
    let parts = "--b\r\nContent-Type: text/html\r\n\r\n<b><b><b>x\r\n".repeat(180_000);
    let many = format!("{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n");
    let heads = format!("{head}{}\r\nx", "X-A: b\r\n".repeat(900_000));
    let page = format!("{head}Content-Type: text/html\r\n\r\n{}", reopened(7_000_000));
    let nested = many_pieces(0..20_000, |number| {
        format!("Content-Type: multipart/mixed; boundary=b{number}\r\n\r\n--b{number}\r\n")
    });
    for (name, letter) in [("1.eml", many), ("2.eml", heads), ("3.eml", page), ("4.eml", format!("{head}{nested}"))] {
        fs::write(inbox.join(name), letter).expect("written");
    }
    let recipe = head_of("mail", &format!("folder = {:?}", inbox.display().to_string()));
    looked_at(dir.path(), &recipe).bounded("letter");
}

/// A workbook of one sheet with these shared texts.
fn workbook(path: &Path, sheet: &str, shared: &str) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).expect("made"));
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    for (name, text) in [
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"r2\" Type=\"{office}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{main}\"><sheetData>{sheet}</sheetData></worksheet>")),
        ("xl/sharedStrings.xml", format!("<sst xmlns=\"{main}\">{shared}</sst>")),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).expect("begun");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("whole");
}

/// Imports a file, as an operator does.
fn imported(dir: &Path, file: &Path) -> Cost {
    let (data, file) = (dir.join("data").display().to_string(), file.display().to_string());
    cost(dir, &["import", "--data", &data, "--source", "x", "--lenient", &file])
}

#[test]
fn the_worst_workbooks() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("wide.xlsx");
    let rows = many_pieces(1..300_001, |row| format!("<row r=\"{row}\"><c r=\"SF{row}\"><v>1</v></c></row>"));
    workbook(&file, &rows, "");
    imported(dir.path(), &file).bounded("workbook, one cell far to the right in each row");
    let file = dir.path().join("shared.xlsx");
    workbook(&file, "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>", &"<si><t>x</t></si>".repeat(3_000_000));
    imported(dir.path(), &file).bounded("workbook, millions of shared texts");
}

#[test]
fn the_worst_tables() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("cell.csv");
    let mut written = fs::File::create(&file).expect("made");
    written.write_all(b"text,date\n\"").expect("written");
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..200 {
        written.write_all(&piece).expect("written");
    }
    written.write_all(b"\",2024-01-01\n").expect("written");
    drop(written);
    imported(dir.path(), &file).bounded("CSV, a cell of 200 MB");
    let file = dir.path().join("wide.csv");
    fs::write(&file, format!("text{}\n{}", ",a".repeat(1_000_000), ",".repeat(8_000_000))).expect("written");
    imported(dir.path(), &file).bounded("CSV, millions of columns");
    let file = dir.path().join("line.ndjson");
    fs::write(&file, "[".repeat(50_000_000)).expect("written");
    imported(dir.path(), &file).bounded("NDJSON, one line of 50 MB");
}

#[test]
fn the_worst_parquet() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("dictionary.parquet");
    // One text, said in every row: each group of rows has it once.
    let text = "充电宝起火。".repeat(100_000 / 18);
    let table = |column: Series| DataFrame::new_infer_height(vec![column.into()]).expect("a table");
    let group = table(Series::new("text".into(), vec![text; 600]));
    let out = fs::File::create(&file).expect("made");
    let mut writer = ParquetWriter::new(out).batched(group.schema()).expect("begun");
    for _ in 0..20 {
        writer.write_batch(&group).expect("written");
    }
    writer.finish().expect("whole");
    drop(group);
    assert!(fs::metadata(&file).expect("there").len() < 1 << 20, "it is small");
    imported(dir.path(), &file).bounded("Parquet, a long text in every row");
    let file = dir.path().join("rows.parquet");
    ParquetWriter::new(fs::File::create(&file).expect("made"))
        .with_row_group_size(Some(30_000_000))
        .finish(&mut table(Series::new("text".into(), vec![true; 25_000_000])))
        .expect("written");
    let cost = imported(dir.path(), &file);
    assert_ne!(cost.status, Some(0), "{}", cost.said);
    cost.bounded("Parquet, rows without end");
}

#[test]
fn the_worst_warc() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("block.warc.gz");
    let mut packed = GzEncoder::new(fs::File::create(&file).expect("made"), Compression::fast());
    let head = "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n\
        WARC-Date: 2024-07-09T22:00:00Z\r\nWARC-Target-URI: http://a.example/\r\nContent-Type: application/http;msgtype=response\r\n\
        Content-Length: 1073741824\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
    packed.write_all(head.as_bytes()).expect("written");
    let zeros = vec![b'x'; 1 << 20];
    for _ in 0..1_024 {
        packed.write_all(&zeros).expect("written");
    }
    packed.finish().expect("whole");
    imported(dir.path(), &file).bounded("WARC, a block of 1 GB");
    // Heads of gzip members that never begin one, each inside the name of the one before.
    let file = dir.path().join("nested.warc.gz");
    let member = [&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3][..], b"x"].concat();
    fs::write(&file, member.repeat(100_000)).expect("written");
    imported(dir.path(), &file).bounded("WARC, nested gzip heads");
}

#[test]
fn the_worst_rules() {
    let dir = tempfile::tempdir().expect("a folder");
    let lexicon = dir.path().join("lexicon");
    let copied = |from: &str| {
        let (from, to) = (PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(from), lexicon.join(from));
        let mut waiting = vec![(from, to)];
        while let Some((from, to)) = waiting.pop() {
            fs::create_dir_all(&to).expect("made");
            for entry in fs::read_dir(&from).expect("listed").map(|entry| entry.expect("listed").path()) {
                let to = to.join(entry.file_name().expect("named"));
                if entry.is_dir() {
                    waiting.push((entry, to));
                } else {
                    fs::copy(&entry, &to).expect("copied");
                }
            }
        }
    };
    copied("rules");
    copied("dictionaries");
    let hostile = "(甲|乙|丙|丁)? ".repeat(2_000);
    let rule = |number: usize| {
        format!(
            "[[rule]]\nid = \"hostile.{number}\"\nmeans = \"burns\"\nmatters = \"fire\"\nhazard = \"fire\"\nfinds = [\"{hostile}\"]\n"
        )
    };
    fs::write(lexicon.join("rules/hazards/hostile.toml"), many_pieces(0..500, rule)).expect("written");
    let folder = lexicon.display().to_string();
    cost(dir.path(), &["rules", "--lexicon", &folder, "check"]).bounded("rules, patterns of thousands of choices");
    fs::write(lexicon.join("rules/hazards/hostile.toml"), "a = ".to_owned() + &"[".repeat(8_000_000)).expect("written");
    cost(dir.path(), &["rules", "--lexicon", &folder, "check"]).bounded("rules, a file of brackets");
}

#[test]
fn the_worst_bodies_and_searches() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let folder = data.to_str().expect("UTF-8");
    run(&["user", "add", "wang", "--party", "某中心", "--role", "centre", "--data", folder]).good();
    let scopes = ["--scope", "search", "--scope", "act"];
    let told = run(&[&["token", "add", "--party", "某中心", "--data", folder][..], &scopes].concat()).good();
    let token = told.out.split_whitespace().find(|word| word.starts_with("wl_")).expect("a token").to_owned();
    let service = Running::with_files(&data, 1_024).shown(&token);
    let most = (16 << 20) - 1;
    let bodies = [
        "{}\n".repeat(most / 3),
        "x\n".repeat(most / 2),
        "[".repeat(most),
        format!("{{\"id\":\"x\",\"text\":\"{}\"}}", "x".repeat(most - 100)),
        format!("{{\"id\":\"y\",\"text\":\"x\",\"meta\":{{{}\"a\":1}}}}", "\"a\":[],".repeat(most / 8)),
    ];
    for body in &bodies {
        for (path, shown) in [("/api/v1/documents", PUSH_TOKEN), ("/api/v1/exchange", token.as_str())] {
            let answer = service.post(path, shown, body);
            eprintln!("{path} {:.10}…: {}, {} MB", body, answer.status, service.peak() >> 20);
            assert!(service.peak() < WAY_BYTES_MAX, "{path} {:.10}…: {} MB", body, service.peak() >> 20);
        }
    }
    for query in ["(".repeat(500), "a OR ".repeat(99), "啊*".repeat(200), "\"啊啊\"~2 ".repeat(80), "NOT ".repeat(120)]
    {
        let request = service.get(&format!("/api/v1/search?q={}", super::service::encoded(&query)));
        let answer = service.ask(&request, Duration::from_secs(10));
        assert!(answer.status < 500, "{query:.20}: {}", answer.status);
    }
    assert_eq!(service.health(), 200);
    assert!(service.peak() < WAY_BYTES_MAX, "{} MB", service.peak() >> 20);
}
