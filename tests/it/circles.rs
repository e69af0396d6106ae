//! No files of one room import one another in a circle. Between rooms the compiler allows none.
//!
//! A file and the folder under it belong together: arrows between them do not count. Tests inside a file do not count either.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Files that only tests use.
const FOR_TESTS: &[&str] = &["tests", "testing", "matrix", "records", "planted", "edge_cases", "shared_pages"];

type Module = Vec<String>;

fn main_code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let tests = Regex::new(r"#\[cfg\(test\)\]\s*\n(?:#\[[^\n]*\n)*\s*mod \w+ \{").expect("a pattern");
    let comments = Regex::new(r"(?m)^\s*//.*$").expect("a pattern");
    comments.replace_all(tests.split(&text).next().unwrap_or_default(), "").into_owned()
}

/// The modules of a room by path, with their files; the room itself has the empty path.
fn modules(room: &Path) -> BTreeMap<Module, PathBuf> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![(room.to_owned(), Module::new())];
    while let Some((folder, module)) = waiting.pop() {
        for entry in fs::read_dir(&folder).expect("listed") {
            let path = entry.expect("listed").path();
            let stem = path.file_stem().expect("named").to_string_lossy().into_owned();
            if FOR_TESTS.contains(&stem.as_str()) {
                continue;
            }
            let below: Module = module.iter().cloned().chain([stem.clone()]).collect();
            if path.is_dir() {
                waiting.push((path, below));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(if stem == "mod" { module.clone() } else { below }, path);
            }
        }
    }
    found
}

/// The paths that a `use` names, its groups spread out.
fn spread(named: &str) -> Vec<String> {
    let Some((before, group)) = named.split_once('{') else { return vec![named.trim().to_owned()] };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let (mut paths, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, letter) in group.char_indices().chain([(group.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = group[from..at].trim();
                if !part.is_empty() {
                    paths.extend(spread(&format!("{}{part}", before.trim_start())));
                }
                from = (at + 1).min(group.len());
            }
            _ => {}
        }
    }
    paths
}

/// The module whose file a path leads to; none when it leads out of the room.
fn target(path: &str, from: &Module, modules: &BTreeMap<Module, PathBuf>) -> Option<Module> {
    let mut steps = path.split("::").map(str::trim).peekable();
    let mut at = match steps.next()? {
        "crate" => Module::new(),
        "self" => from.clone(),
        "super" => from[..from.len().checked_sub(1)?].to_vec(),
        child => {
            let below: Module = from.iter().cloned().chain([child.to_owned()]).collect();
            modules.contains_key(&below).then_some(below)?
        }
    };
    while steps.next_if_eq(&"super").is_some() {
        at.pop()?;
    }
    for step in steps {
        let below: Module = at.iter().cloned().chain([step.to_owned()]).collect();
        if !modules.contains_key(&below) {
            break;
        }
        at = below;
    }
    modules.contains_key(&at).then_some(at)
}

/// What each file of a room imports of other files that are not above or below it.
fn arrows(modules: &BTreeMap<Module, PathBuf>) -> BTreeMap<&Module, BTreeSet<Module>> {
    let uses = Regex::new(r"\buse ((?:crate|super|self|[a-z_]+)::[^;]+);").expect("a pattern");
    let inline = Regex::new(r"\b((?:crate|super)(?:::\w+)+)").expect("a pattern");
    let of = |(module, path): (&'_ Module, &PathBuf)| {
        let code = main_code(path);
        let named = uses.captures_iter(&code).flat_map(|found| spread(&found[1]));
        let paths: Vec<String> = named.chain(inline.captures_iter(&code).map(|found| found[1].to_owned())).collect();
        let apart = |other: &Module| !module.starts_with(other) && !other.starts_with(module);
        paths.iter().filter_map(|path| target(path, module, modules)).filter(apart).collect::<BTreeSet<_>>()
    };
    modules.iter().map(|entry| (entry.0, of(entry))).collect()
}

/// Sets of files each of which reaches all others of its set.
fn circles(arrows: &BTreeMap<&Module, BTreeSet<Module>>) -> BTreeSet<BTreeSet<Module>> {
    let reach = |from: &Module| {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(at) = waiting.pop() {
            for next in arrows.get(&at).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    waiting.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> = arrows.keys().map(|module| (*module, reach(module))).collect();
    let circle = |(from, to): (&&Module, &BTreeSet<Module>)| {
        let back: BTreeSet<Module> = to.iter().filter(|other| reached[other].contains(*from)).cloned().collect();
        (back.len() > 1).then_some(back)
    };
    reached.iter().filter_map(circle).collect()
}

#[test]
fn files_of_a_room_import_one_another_in_no_circle() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for room in
        fs::read_dir(source).expect("src").map(|entry| entry.expect("listed").path()).filter(|path| path.is_dir())
    {
        let name = room.file_name().expect("named").to_string_lossy().into_owned();
        for circle in circles(&arrows(&modules(&room))) {
            found.insert(circle.iter().map(|module| format!("{name}/{}", module.join("/"))).collect());
        }
    }
    assert!(found.is_empty(), "these files import one another; give what ties them a file of its own: {found:#?}");
}

#[test]
fn a_circle_is_noticed() {
    let modules: BTreeMap<Module, PathBuf> =
        ["a", "b", "c"].map(|name| (vec![name.to_owned()], PathBuf::from(name))).into_iter().collect();
    let to = |names: &[&str]| names.iter().map(|name| vec![(*name).to_owned()]).collect::<BTreeSet<Module>>();
    let keys: Vec<&Module> = modules.keys().collect();
    let arrows = BTreeMap::from([(keys[0], to(&["b"])), (keys[1], to(&["a", "c"])), (keys[2], to(&[]))]);
    assert_eq!(circles(&arrows), BTreeSet::from([to(&["a", "b"])]));
    assert_eq!(target("super::b::Thing", keys[0], &modules), Some(vec!["b".to_owned()]));
    assert_eq!(spread("super::{b::{self, X}, c}"), ["super::b::self", "super::b::X", "super::c"]);
}
