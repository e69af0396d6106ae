//! Messages are in the language that was asked for, else in that of the locale; what programs read is the same in both.

use std::fs;
use std::path::Path;

use crate::support::{Said, said, wanglou};

fn run_in(locale: &str, args: &[&str]) -> Said {
    said(wanglou().env("LC_ALL", locale).args(args).output().expect("started"))
}

#[test]
fn one_call_speaks_one_language() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, file) = (dir.path().join("data"), dir.path().join("a.ndjson"));
    let (data, name) = (data.to_str().expect("UTF-8"), file.to_str().expect("UTF-8"));
    fs::write(&file, "{\"id\":\"1\",\"text\":\"充电宝充电时起火\"}\n").expect("written");
    let import = ["import", "--data", data, "--source", "s", name];
    let chinese = run_in("zh_CN.UTF-8", &import).good();
    assert!(chinese.out.contains("s: collected 1 = kept 1") && chinese.err.contains("没有日期"), "{chinese:?}");
    let english = run_in("en_US.UTF-8", &import).good();
    assert!(english.out.contains("s: collected 1 = kept 0 + duplicate 0 + unchanged 1"), "{english:?}");
    assert!([&english.out, &english.err].iter().all(|text| text.is_ascii() || !text.contains('条')), "{english:?}");
    let asked = run_in("zh_CN.UTF-8", &[&["--lang", "en"][..], &import].concat()).good();
    assert_eq!(asked.out, english.out);

    // A document without a date is shown, too.
    let search = ["search", "--data", data, "充电宝"];
    assert!(run_in("C", &search).good().out.starts_with("日期不详  1  "));
    assert!(run_in("en_GB.UTF-8", &search).good().out.starts_with("no date  1  "));
    let json = ["search", "--json", "--data", data, "充电宝"];
    let hits = |locale| {
        let mut page: serde_json::Value = serde_json::from_str(&run_in(locale, &json).good().out).expect("JSON");
        page["hits"].take()
    };
    assert_eq!(hits("C"), hits("en_US.UTF-8"));
}

#[test]
fn a_wrong_call_and_help_are_in_the_language_of_the_locale() {
    let wrong = run_in("C", &["serch"]);
    assert!(wrong.status == 2 && wrong.err.starts_with("错误：没有命令 serch；是不是 search？"), "{}", wrong.err);
    let wrong = run_in("en_US.UTF-8", &["serch"]);
    assert!(wrong.status == 2 && wrong.err.starts_with("error: unrecognized subcommand 'serch'"), "{}", wrong.err);
    assert!(run_in("C", &["help", "search"]).good().out.contains("用法：wanglou search"));
    assert!(run_in("en_US.UTF-8", &["search", "--help"]).good().out.contains("Usage: wanglou search"));
}

/// Whether a text holds Chinese characters or punctuation.
fn has_chinese(text: &str) -> bool {
    text.chars()
        .any(|letter| matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}'))
}

/// What stands in no quotes: `…` holds names and what a user wrote, “…” what a library said.
fn unquoted(text: &str) -> String {
    let mut kept = String::new();
    let (mut backtick, mut depth) = (false, 0_usize);
    for letter in text.chars() {
        match letter {
            '`' => backtick = !backtick,
            '“' => depth += 1,
            '”' => depth = depth.saturating_sub(1),
            _ if !backtick && depth == 0 => kept.push(letter),
            _ => {}
        }
        if letter == '\n' {
            backtick = false;
        }
    }
    kept
}

/// The first three words of English in a row, if a text has as many outside of quotes. Paths, flags, codes and what
/// stands in lists with commas are no words.
fn english_sentence(text: &str) -> Option<String> {
    let is_word = |word: &&str| {
        let bare = word.trim_end_matches([';', ':', '.']);
        !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    for line in unquoted(text).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        if let Some(three) = words.windows(3).find(|three| three.iter().all(is_word)) {
            return Some(three.join(" "));
        }
    }
    None
}

/// Runs the calls in both languages in a folder of their own, and finds the other language in none of what they say. Lines for programs
/// (`docs/commands.md`) are English in both: those of `stable` are left out.
fn speaks_one_language(prepare: impl Fn(&Path), calls: &[&[&str]]) {
    let stable = [": collected ", "collected ", "read ", "queued ", " passed, "];
    for (locale, english) in [("zh_CN.UTF-8", false), ("en_US.UTF-8", true)] {
        let dir = tempfile::tempdir().expect("a folder");
        prepare(dir.path());
        for call in calls {
            let mut command = wanglou();
            command.env("LC_ALL", locale).current_dir(dir.path()).args(*call).stdin(std::process::Stdio::null());
            let said = said(command.output().expect("started"));
            let lines = [said.out.as_str(), said.err.as_str()].into_iter().flat_map(str::lines);
            let text: Vec<&str> = lines.filter(|line| !stable.iter().any(|begin| line.contains(begin))).collect();
            let text = text.join("\n");
            assert_ne!(said.status, 101, "{call:?} panics: {text}");
            if english {
                assert!(!has_chinese(&text), "{call:?} in English: {text}");
            } else {
                let mixed = english_sentence(&text);
                assert_eq!(mixed, None, "{call:?} in Chinese: {text}");
                assert!(text.trim().is_empty() || has_chinese(&text), "{call:?} in Chinese: {text}");
            }
        }
    }
}

fn put(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    fs::write(path, text).expect("written");
}

#[test]
fn wrong_calls_settings_and_files_are_told_in_one_language() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = port.local_addr().map(|address| (address.port().to_string(), port)).expect("an address");
    let prepare = |dir: &Path| {
        put(dir, "unknown.toml", "colour = 1\n");
        put(dir, "value.toml", "tick_seconds = 0\n");
        put(dir, "sources.toml", "sources = \"src\"\n");
        put(
            dir,
            "src/a.toml",
            "id = \"s\"\nname = \"s\"\nchannel = \"nope\"\nkind = \"html\"\nstart = [\"http://x.example/\"]\n",
        );
        put(dir, "broken/wanglou.sqlite", &"this is no database".repeat(40));
        put(dir, "bundle.tar", "x");
        put(dir, "empty/x.txt", "x");
    };
    speaks_one_language(
        prepare,
        &[
            &["serch"],
            &["search"],
            &["search", "--limit", "x", "y"],
            &["search", "--data", "none", "x"],
            &["search", "--data", "broken", "x"],
            &["import", "--source", "s", "--channel", "oops", "x.ndjson"],
            &["import", "--source", "s", "--format", "oops", "x.ndjson"],
            &["run", "--config", "missing.toml"],
            &["run", "--config", "unknown.toml"],
            &["run", "--config", "value.toml"],
            &["run", "--data", "d", "--port", &port.0],
            &["source", "list", "--config", "sources.toml"],
            &["source", "check", "nothing", "--data", "d"],
            &["restore", "empty", "--data", "r"],
            &["archive", "stat", "--data", "none"],
            &["alerts", "check-bundle", "bundle.tar"],
            &["alerts", "check-bundle", "missing.tar"],
            &["promote", "list", "--data", "none"],
            &["promote", "put", "--by", "a", "--why", "b"],
            &["method", "nope", "--config", "unknown.toml", "--input", "value.toml"],
        ],
    );
}

#[test]
fn rules_criteria_and_measures_are_told_in_one_language() {
    let prepare = |dir: &Path| {
        put(dir, "half/rules/hazards/a.toml", "[[rule]]\nid = \"x\"\nmeens = \"y\"\n");
        put(dir, "lex/rules/hazards/a.toml", "[[rule]]\nid = \"x\"\nmeens = \"y\"\n");
        put(dir, "lex/dictionaries/brands.tsv", "# provenance: own\n# columns: s\n");
        put(
            dir,
            "row/rules/hazards/a.toml",
            "[[rule]]\nid = \"x\"\nmeans = \"y\"\nmatters = \"z\"\nhazard = \"fyre\"\nfinds = [\"a\"]\n",
        );
        put(dir, "row/dictionaries/brands.tsv", "no head\n");
        put(dir, "bad.toml", "colour = 1\n");
        put(dir, "bad.ndjson", "{\"id\":\"1\"}\n");
        put(dir, "table.csv", "a,b\n1,2\n");
        put(dir, "empty/x.txt", "x");
        put(dir, "text.ndjson", "{\"id\":\"1\",\"text\":\"fine\"}\n");
    };
    speaks_one_language(
        prepare,
        &[
            &["rules", "check", "--lexicon", "half"],
            &["rules", "check", "--lexicon", "lex"],
            &["rules", "check", "--lexicon", "row"],
            &["rules", "check", "--lexicon", "missing"],
            &["rules", "test"],
            &["rules", "show", "nope"],
            &["rules", "diff", "half", "missing"],
            &["rules", "check", "--corpus", "missing.ndjson", "--lexicon", "missing"],
            &["criteria", "check", "bad.toml"],
            &["criteria", "check", "missing.toml"],
            &["explain", "fine"],
            &["explain", "--category", "nope", "x"],
            &["eval", "extraction", "missing"],
            &["eval", "extraction", "bad.ndjson"],
            &["eval", "stream", "bad.ndjson"],
            &["eval", "articles", "bad.ndjson"],
            &["eval", "backtest", "--events", "table.csv", "--run", "empty"],
            &["eval", "names", "bad.ndjson", "--train", "bad.ndjson"],
            &["eval", "detection", "--only", "nothing", "--quick"],
            &["train", "bad.ndjson", "--out", "m"],
            &["diff", "empty", "missing"],
            &["rerun", "--archive", "text.ndjson", "--from", "2024-01-02", "--to", "2024-01-01", "--out", "o"],
            &["rerun", "--archive", "text.ndjson", "--from", "2024-01-01", "--to", "2024-01-01", "--out", "empty"],
            &["emerging", "--archive", "text.ndjson"],
            &["emerging", "--archive", "missing"],
            &["standards", "--archive", "text.ndjson"],
        ],
    );
}

#[test]
fn work_on_a_data_folder_is_told_in_one_language() {
    let prepare = |dir: &Path| {
        put(dir, "good.ndjson", "{\"id\":\"1\",\"text\":\"fine\"}\n");
        put(dir, "bad.ndjson", "{\"id\":\"1\",\"text\":\"fine\"}\nnot json\n");
        put(dir, "table.csv", "a,b\n1,2\n");
        put(dir, "results.csv", "id\nx\n");
        put(dir, "book.xlsx", "junk");
        put(dir, "what.bin", "what");
        put(dir, "empty/x.txt", "x");
    };
    speaks_one_language(
        prepare,
        &[
            &["import", "--data", "d", "--source", "s", "good.ndjson"],
            &["import", "--data", "d", "--source", "s", "missing.ndjson"],
            &["import", "--data", "d", "--source", "s", "empty"],
            &["import", "--data", "d", "--source", "s", "bad.ndjson"],
            &["import", "--data", "d", "--source", "s", "table.csv"],
            &["import", "--data", "d", "--source", "s", "book.xlsx"],
            &["import", "--data", "d", "--source", "s", "what.bin"],
            &["import", "--data", "d", "--source", "s", "--map", "oops", "good.ndjson"],
            &["search", "--data", "d", "fine"],
            &["search", "--data", "d", "(a"],
            &["search", "--data", "d", "foo:bar"],
            &["search", "--data", "d", "date:x"],
            &["export", "--data", "d", "--query", "", "--out", "x.foo"],
            &["watch", "list", "--data", "d"],
            &["watch", "show", "none", "--data", "d"],
            &["alerts", "--data", "d"],
            &["alerts", "verdict", "a", "confirmed", "--by", "b", "--why", "c", "--data", "d"],
            &["alerts", "act", "a", "note", "--by", "b", "--data", "d"],
            &["matter", "list", "--data", "d"],
            &["matter", "show", "a", "--data", "d"],
            &["matter", "act", "a", "buy", "--by", "b", "--data", "d"],
            &["matter", "act", "a", "order", "--by", "b", "--set", "two=1", "--data", "d"],
            &["matter", "act", "a", "buy", "--by", "b", "--for", "c", "--data", "d"],
            &["matter", "act", "--fields", "result"],
            &["matter", "act", "--fields", "approve"],
            &["matter", "duties", "--data", "d"],
            &["matter", "results", "what.bin", "--by", "b", "--data", "d"],
            &["matter", "results", "results.csv", "--by", "b", "--data", "d"],
            &["matter", "bodies", "list", "--data", "d"],
            &["sampling", "results", "what.bin", "--data", "d"],
            &["sampling", "results", "results.csv", "--data", "d"],
            &["user", "add", "bad name", "--party", "P", "--data", "d"],
            &["user", "add", "u", "--party", "P", "--data", "d"],
            &["user", "passwd", "nobody", "--data", "d"],
            &["token", "revoke", "t", "--data", "d"],
            &["token", "add", "--party", "nobody", "--scope", "search", "--data", "d"],
            &["deliver", "add", "e", "--url", "nonsense", "--data", "d"],
            &["deliver", "add", "e", "--kind", "mail", "--to", "nonsense", "--data", "d"],
            &["deliver", "pause", "none", "--data", "d"],
            &["deliver", "send", "--data", "d"],
            &["index", "stat", "--data", "d"],
            &["index", "verify", "--data", "d"],
            &["archive", "stat", "--data", "d"],
            &["archive", "verify", "--data", "d"],
            &["audit", "verify", "--data", "d"],
            &["backup", "d", "--data", "d"],
            &["reruns", "list", "--data", "d"],
            &["reruns", "run", "none", "--data", "d"],
            &["promote", "list", "--data", "d"],
            &["demo", "--data", "d", "--exit"],
            &["eval", "quality", "--data", "d"],
        ],
    );
}
