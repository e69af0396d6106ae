//! The house keeps its plan: rooms, walls, docs. Each message says what to do instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms that decide and never wait. Their manifests list no package that waits, and their code names no file, socket or variable.
const PURE: &[&str] =
    &["vocabulary", "lexicon", "extract", "numeric", "methods", "score", "tell", "alert", "sampling", "matter"];
/// Packages that wait, and packages behind one door, each with the rooms whose manifests may list them.
const DOORS: &[(&str, &[&str])] = &[
    ("polars", &["archive"]),
    ("sqlx", &["store"]),
    ("tantivy", &["index"]),
    ("anyhow", &["cli"]),
    ("clap", &["cli"]),
    ("axum", &["web", "simulate"]),
    ("tower-http", &["web"]),
    ("lettre", &["access", "deliver"]),
    ("openidconnect", &["access"]),
    ("simulate", &["cli"]),
    ("lab", &["cli"]),
];
const WAITING: &[&str] = &["tokio", "reqwest", "sqlx", "axum", "tower-http"];
const OUTSIDE: &[&str] = &["std::fs", "std::net", "std::env"];

/// Longest source file, in lines, its tests included.
const FILE_LINES_MAX: usize = 950;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files_under(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
            let path = entry.expect("listed").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Lines of code, without comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

/// The rooms: the folders of `src`.
fn rooms() -> Vec<String> {
    let mut rooms: Vec<String> = fs::read_dir(root().join("src"))
        .expect("src")
        .map(|entry| entry.expect("listed").path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().expect("named").to_string_lossy().into_owned())
        .collect();
    rooms.sort();
    rooms
}

fn manifest(path: &str) -> toml::Table {
    toml::from_str(&read(&root().join(path))).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a manifest lists under `dependencies` or `dev-dependencies`.
fn listed(manifest: &toml::Table, table: &str) -> Vec<String> {
    manifest.get(table).and_then(toml::Value::as_table).map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn every_room_is_a_crate_under_the_lints_of_the_house() {
    for room in rooms() {
        let manifest = manifest(&format!("src/{room}/Cargo.toml"));
        assert_eq!(manifest["package"]["name"].as_str(), Some(format!("wanglou-{room}").as_str()));
        assert_eq!(manifest["lib"]["path"].as_str(), Some("mod.rs"), "{room}");
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{room}: add `[lints] workspace = true`");
    }
}

#[test]
fn lib_rs_lists_every_room_after_those_it_imports_with_a_sentence() {
    let lib = read(&root().join("src/lib.rs"));
    let lines: Vec<&str> = lib.lines().collect();
    let mut named = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if let Some(room) = line.strip_prefix("pub use ").and_then(|rest| rest.strip_suffix(';')) {
            assert!(lines[index - 1].starts_with("// "), "lib.rs: `{room}` has no sentence above it");
            for below in listed(&manifest(&format!("src/{room}/Cargo.toml")), "dependencies") {
                assert!(
                    !rooms().contains(&below) || named.contains(&below),
                    "lib.rs: `{below}` must stand above `{room}`"
                );
            }
            named.push(room.to_owned());
        }
    }
    named.sort();
    assert_eq!(named, rooms());
}

#[test]
fn packages_behind_a_door_are_listed_by_their_rooms_alone() {
    for (package, doors) in DOORS {
        for room in rooms() {
            let lists =
                listed(&manifest(&format!("src/{room}/Cargo.toml")), "dependencies").contains(&(*package).to_owned());
            assert!(
                !lists || doors.contains(&room.as_str()),
                "src/{room}/Cargo.toml may not list `{package}`: {doors:?} may"
            );
        }
    }
}

#[test]
fn every_room_says_at_its_door_what_it_is_for_and_what_may_not_enter() {
    for room in rooms() {
        let door = read(&root().join("src").join(&room).join("mod.rs"));
        assert!(door.starts_with("//! "), "src/{room}/mod.rs must open with what the room is for");
        assert!(
            door.lines()
                .take_while(|line| line.starts_with("//!"))
                .any(|line| line.contains("Not here") || line.contains("not")),
            "src/{room}/mod.rs does not say what may not enter"
        );
    }
}

#[test]
fn every_file_says_what_it_is() {
    for path in files_under(&root().join("src"), "rs") {
        assert!(read(&path).starts_with("//! "), "{} does not open with `//! `", path.display());
    }
}

#[test]
fn pure_rooms_neither_wait_nor_touch_files() {
    let mut wrong = Vec::new();
    for room in PURE {
        for package in listed(&manifest(&format!("src/{room}/Cargo.toml")), "dependencies") {
            assert!(
                !WAITING.contains(&package.as_str()),
                "src/{room}/Cargo.toml lists `{package}`: `{room}` decides and never waits"
            );
        }
        for path in files_under(&root().join("src").join(room), "rs") {
            // The lexicon reads files through one door.
            if path.ends_with("src/lexicon/files.rs") {
                continue;
            }
            let text = read(&path);
            let body = text.split("#[cfg(test)]").next().unwrap_or(&text);
            for (number, line) in code_lines(body) {
                for word in OUTSIDE {
                    if line.contains(word) {
                        wrong.push(format!("{}:{number}: names {word}; take the value as a parameter", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Beginnings of sentences that `tell` words. None of them is the name of anything, so a literal that is exactly one of them is
/// looked for in a text.
const BEGINNINGS: &[&str] =
    &["截至", "单件规则", "（自", "改判条件", "基线", "上升证据", "上升约始于", "当日共比较", "并入预警", "经核查"];
/// Ways to look for something in a text.
const LOOKING: &[&str] = &[
    "strip_prefix(",
    "strip_suffix(",
    "starts_with(",
    "ends_with(",
    "contains(",
    "find(",
    "split_once(",
    "rsplit_once(",
    "split(",
    "trim_start_matches(",
    "trim_end_matches(",
    "matches(",
    "replace(",
];

/// Files and folders of these rooms that only tests use.
const FOR_TESTS: &[&str] = &["tests", "testing", "edge_cases", "fake", "matrix"];

/// Whether a line of code reads a sentence back: it looks for Chinese words, or holds the bare beginning of a sentence.
fn reads_prose_back(line: &str) -> bool {
    let is_chinese = |text: &str| text.chars().filter(|letter| ('\u{4E00}'..='\u{9FFF}').contains(letter)).count() > 1;
    let looks = LOOKING.iter().flat_map(|call| line.match_indices(call)).any(|(at, call)| {
        let argument = line[at + call.len()..].trim_start_matches(['&', '[', '(']);
        let argument = argument.strip_prefix("format!(").unwrap_or(argument);
        argument.strip_prefix('"').and_then(|rest| rest.split('"').next()).is_some_and(is_chinese)
    });
    looks || BEGINNINGS.iter().any(|beginning| line.contains(&format!("\"{beginning}\"")))
}

#[test]
fn no_sentence_is_read_back_from_its_words() {
    let mut wrong = Vec::new();
    for room in ["score", "alert", "sampling", "matter", "store", "access", "pipeline", "deliver", "web", "cli"] {
        for path in files_under(&root().join("src").join(room), "rs") {
            let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
            if parts.any(|part| FOR_TESTS.iter().any(|name| part.trim_end_matches(".rs") == *name)) {
                continue;
            }
            let text = read(&path);
            let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text);
            for (number, line) in code_lines(body).filter(|(_, line)| reads_prose_back(line)) {
                wrong.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    let advice = "ask the sentence what it is about (Sentence::about), or keep what is needed in a field";
    assert!(wrong.is_empty(), "{advice}:\n{}", wrong.join("\n"));
}

#[test]
fn reading_a_sentence_back_is_noticed() {
    for line in [
        r#"("截至", ReasonKind::Seen),"#,
        r#"let into = why.strip_prefix("并入预警").map(AlertId::new);"#,
        r#"if sentence.starts_with("处置采样") {"#,
        r#"text.contains(&format!("现级保持{since}"))"#,
    ] {
        assert!(reads_prose_back(line), "{line}");
    }
    for line in [r#"Fact::new("范围", spread.zh()),"#, r#"row.strip_suffix(" 00:00")"#, r#"format!("截至{as_of}")"#]
    {
        assert!(!reads_prose_back(line), "{line}");
    }
}

#[test]
fn only_the_folder_of_an_engine_names_its_library() {
    let mut wrong = Vec::new();
    for path in files_under(&root().join("src"), "rs").into_iter().chain(files_under(&root().join("benches"), "rs")) {
        if path.starts_with(root().join("src/store/sqlite")) {
            continue;
        }
        for (number, line) in code_lines(&read(&path)) {
            if line.contains("sqlx") {
                wrong.push(format!("{}:{number}: names sqlx; ask `store::Store`, in a `store::Tx`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// PRIV-2: a buyer is opened by one command, through one function that has written the line of the audit log. The compiler keeps the rest: what
/// makes a `Revealed` is private to its file.
#[test]
fn priv_2_one_command_alone_reads_what_is_kept_of_a_buyer() {
    let doors: [(&str, &[&str]); 4] = [
        (".reveal(", &["src/store/buyers.rs", "src/cli/buyers.rs"]),
        ("reveal_buyer(", &["src/store/buyers.rs", "src/pipeline/buyers.rs"]),
        ("show_buyer(", &["src/pipeline/buyers.rs", "src/cli/buyers.rs"]),
        ("Revealed(", &["src/store/buyers.rs"]),
    ];
    let mut wrong = Vec::new();
    for path in files_under(&root().join("src"), "rs") {
        let name = path.strip_prefix(root()).expect("below").to_string_lossy().replace('\\', "/");
        for (number, line) in code_lines(&read(&path)) {
            for (word, allowed) in doors {
                if line.contains(word) && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{name}:{number}: `{word}…`; only {allowed:?} may know a buyer"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What may stand for a value that is not there or cannot be read, in the rooms that read stored values: file, the line, why it is right.
const DEFAULTS: &[(&str, &str, &str)] = &[
    ("src/store/sqlite/row.rs", "number.try_into().unwrap_or(i64::MAX)", "a bound of a statement, not a value"),
    ("src/store/sqlite/row.rs", "part(name).unwrap_or_else(|_| \"?\"", "a key inside the message of an error"),
    ("src/store/sqlite/mod.rs", "error.code()?.parse::<u32>().ok()", "the code of an error, not a value"),
    ("src/store/sqlite/frontier.rs", "page.unwrap_or_else(|| FrontierPage::found", "a page that is not stored yet"),
    ("src/store/sqlite/sources.rs", "taken.map_or(budget,", "a day from which nothing was taken yet"),
    ("src/store/sqlite/cursors.rs", "row.map_or(Ok(Position(0)),", "a consumer that has not moved yet"),
    ("src/store/sqlite/wal.rs", "usize::try_from(word(8)).unwrap_or_default()", "a page size, refused when it is none"),
    ("src/store/sqlite/wal.rs", ".map_or(0, u32::from_be_bytes)", "a word of bytes that are held against a checksum"),
    ("src/store/sqlite/examine.rs", "path.file_name().unwrap_or_default()", "the name of a file"),
    ("src/store/sqlite/examine.rs", "wal::read(&bytes)).unwrap_or_default()", "there is no write-ahead log"),
    (
        "src/store/sqlite/examine.rs",
        "header.as_deref().unwrap_or(&[])",
        "a header that is missing is not the fixed one",
    ),
    ("src/store/sqlite/examine.rs", "error.code()?.parse::<u32>().ok()", "the code of an error, not a value"),
    ("src/log/mod.rs", "document.title.as_deref().unwrap_or_default()", "a document without a headline, in its hash"),
];

#[test]
fn no_default_stands_for_a_stored_value_that_cannot_be_read() {
    let hiding = ["unwrap_or", ".ok()", "map_or(", "filter_map", "if let Ok", "let Ok(", "is_ok_and("];
    // A condition on a moment that was read already; it gives no value.
    let condition = "told.checked_add(minutes).is_ok_and(";
    let mut wrong = Vec::new();
    let mut met = BTreeSet::new();
    for room in ["src/store", "src/log"] {
        for path in files_under(&root().join(room), "rs") {
            let text = read(&path);
            let name = path.strip_prefix(root()).expect("below").to_string_lossy().replace('\\', "/");
            if name.ends_with("/tests.rs") {
                continue;
            }
            let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text);
            for (number, line) in code_lines(body) {
                if !hiding.iter().any(|word| line.contains(word)) || line.contains(condition) {
                    continue;
                }
                match DEFAULTS.iter().find(|(file, allowed, _)| *file == name && line.contains(allowed)) {
                    Some(allowed) => _ = met.insert(allowed),
                    None => wrong.push(format!("{name}:{number}: `{}`; return StoreError::Stored", line.trim())),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "a stored value may be hidden here:\n{}", wrong.join("\n"));
    assert_eq!(met.len(), DEFAULTS.len(), "DEFAULTS names lines that are no more");
}

#[test]
fn no_file_outgrows_a_head() {
    for path in files_under(&root().join("src"), "rs") {
        let lines = read(&path).lines().count();
        assert!(lines <= FILE_LINES_MAX, "{} has {lines} lines; split it along meaning", path.display());
    }
}

#[test]
fn every_source_file_is_part_of_the_program() {
    for path in files_under(&root().join("src"), "rs") {
        let name = path.file_stem().expect("named").to_string_lossy().into_owned();
        if matches!(name.as_str(), "lib" | "main" | "mod") {
            continue;
        }
        let folder = path.parent().expect("in a folder");
        let beside = folder.with_extension("rs");
        let parent = if folder.join("mod.rs").exists() { folder.join("mod.rs") } else { beside };
        let declared = read(&parent).lines().any(|line| {
            let line = line.trim();
            line.ends_with(&format!("mod {name};")) || line.ends_with(&format!("mod {name} {{"))
        });
        assert!(declared, "{} is declared nowhere: delete it or declare it", path.display());
    }
}

#[test]
fn the_architecture_names_every_room_and_every_invariant() {
    let architecture = read(&root().join("ARCHITECTURE.md"));
    for room in rooms() {
        assert!(architecture.contains(&format!("](src/{room})")), "ARCHITECTURE.md has no line for src/{room}");
    }
    for id in [
        "LOG-1", "LOG-2", "RAW-1", "READ-1", "READ-2", "READ-3", "SCORE-1", "SCORE-2", "ALERT-1", "ALERT-2", "COUNT-1",
        "POLITE-1", "SAFE-1", "PRIV-1", "PRIV-2", "TELL-1", "WHO-1", "AUDIT-1", "WHOLE-1", "MATTER-1",
    ] {
        assert!(architecture.contains(id), "ARCHITECTURE.md does not say how {id} is kept");
    }
}

#[test]
fn every_link_in_the_docs_leads_somewhere() {
    let others = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "dictionaries/README.md", "benches/README.md"];
    for page in others.iter().map(|page| root().join(page)).chain(files_under(&root().join("docs"), "md")) {
        let text = read(&page);
        let base = page.parent().expect("in a folder");
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            if target.starts_with("http") || target.starts_with('#') || target.is_empty() {
                continue;
            }
            let file = target.split('#').next().unwrap_or(target);
            assert!(base.join(file).exists(), "{}: link to {target} leads nowhere", page.display());
        }
    }
}

/// A package is used where code names it: `name::`, or `use name`.
#[test]
fn every_dependency_is_used() {
    let mut packages: Vec<(String, Vec<PathBuf>)> = rooms()
        .into_iter()
        .map(|room| (format!("src/{room}/Cargo.toml"), files_under(&root().join("src").join(room), "rs")))
        .collect();
    let mut own = vec![root().join("src/lib.rs"), root().join("src/main.rs")];
    own.extend(files_under(&root().join("tests"), "rs"));
    own.extend(files_under(&root().join("benches"), "rs"));
    packages.push(("Cargo.toml".to_owned(), own));
    let mut unused = Vec::new();
    for (path, files) in packages {
        let code: String = files.iter().map(|file| read(file)).collect();
        let manifest = manifest(&path);
        for name in ["dependencies", "dev-dependencies"].iter().flat_map(|table| listed(&manifest, table)) {
            let word = name.replace('-', "_");
            let uses = regex::Regex::new(&format!(r"(^|[^:\w])(::)?{word}::|\buse {word};")).expect("a pattern");
            if !uses.is_match(&code) {
                unused.push(format!("{path}: {name}"));
            }
        }
    }
    assert!(unused.is_empty(), "take these out:\n{}", unused.join("\n"));
}

#[test]
fn every_dictionary_says_where_it_comes_from() {
    for path in files_under(&root().join("dictionaries"), "tsv") {
        let text = read(&path);
        assert!(text.starts_with("# provenance: "), "{}: the first line must be `# provenance: …`", path.display());
        assert!(text.lines().any(|line| line.starts_with("# columns: ")), "{}: no `# columns: …` line", path.display());
    }
}

#[test]
fn the_dictionaries_cover_every_category_with_terms_of_our_own() {
    let mut terms: BTreeMap<String, usize> = BTreeMap::new();
    for path in files_under(&root().join("dictionaries/products"), "tsv") {
        for line in read(&path).lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let category = line.split('\t').nth(1).unwrap_or_default().to_owned();
            *terms.entry(category).or_default() += 1;
        }
    }
    let total: usize = terms.values().sum();
    assert!(total >= 1_500, "only {total} product terms");
    for category in wanglou::vocabulary::Category::ALL {
        assert!(terms.get(category.code()).is_some_and(|count| *count >= 5), "{category} has hardly a term");
    }
}

#[test]
fn nothing_that_is_kept_names_a_machine() {
    for extension in ["rs", "toml", "md", "tsv", "html", "css", "sh", "sql"] {
        for path in files_under(&root().join("src"), extension)
            .into_iter()
            .chain(files_under(&root().join("docs"), extension))
            .chain(files_under(&root().join("rules"), extension))
        {
            let text = read(&path);
            for place in ["/root/", "/home/", concat!("/wo", "rk/")] {
                // `https://a.example/news/home/search` is an address, not a folder.
                let starts = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-');
                let named = text.match_indices(place).any(|(at, _)| starts(at));
                assert!(!named, "{} names {place}", path.display());
            }
        }
    }
}

/// Errors of which no person at a terminal is told as they are.
const UNTOLD: [(&str, &str); 12] = [
    // The text of another error quotes them.
    ("access", "ExchangeError"),
    ("methods", "BurstError"),
    ("methods", "ChartError"),
    ("methods", "ModelError"),
    ("methods", "PlanError"),
    // Noted as the problem of a page or a record.
    ("archive", "ReadProblem"),
    ("collect", "Failure"),
    // Met by the room itself; of a table that the program brings.
    ("score", "OnsetError"),
    ("score", "TooLate"),
    // Pages and answers of the web word it.
    ("web", "Ended"),
    ("web", "TooSlow"),
    ("web", "ViewError"),
];

#[test]
fn every_error_of_a_room_has_its_chinese_wording_and_the_terminal_looks_for_it() {
    let registry = read(&root().join("src/cli/said.rs"));
    let mut found = 0;
    let rooms = fs::read_dir(root().join("src")).expect("rooms").map(|entry| entry.expect("readable").path());
    for room in rooms.filter(|path| path.is_dir()) {
        let name = room.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
        let texts: Vec<String> = files_under(&room, "rs").iter().map(|path| read(path)).collect();
        let derived = texts.iter().flat_map(|text| text.match_indices("thiserror::Error").map(|(at, _)| &text[at..]));
        for behind in derived {
            let item = ["\npub enum ", "\npub struct ", "\npub(crate) enum ", "\nenum ", "\nstruct "];
            let Some(at) = item.iter().filter_map(|word| behind.find(word).map(|at| at + word.len())).min() else {
                continue;
            };
            let kind: String = behind[at..].chars().take_while(|letter| letter.is_alphanumeric()).collect();
            found += 1;
            if UNTOLD.contains(&(name.as_str(), kind.as_str())) {
                continue;
            }
            let worded = texts.iter().any(|text| text.contains(&format!("Said for {kind} ")));
            assert!(worded, "{name}::{kind} has no Chinese wording: write `impl Said for {kind}`");
            assert!(registry.contains(&format!("::{kind},")), "{name}::{kind} is not looked for in src/cli/said.rs");
        }
    }
    assert!(found > 30, "{found} errors");
}
