//! Every shipped recipe reads pages of the structure that it expects. Whether the sources still look like this, only
//! `wanglou source check` can say.

use regex::Regex;
use url::Url;

use super::super::ask::Ask;
use super::super::detail;
use super::super::harvest::{Context, Harvest};
use super::super::kinds::Page;
use super::super::list;
use super::*;

fn fixture(name: &str) -> Option<Vec<u8>> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/sources").join(name)).ok()
}

/// What people read of a document, in few lines.
fn shown(document: &Document) -> serde_json::Value {
    serde_json::json!({
        "title": document.title, "text": document.text, "url": document.url,
        "published_at": document.published_at.map(vocabulary::show_moment), "meta": document.meta,
    })
}

/// A page of the twin of a recipe's site: `STEM.PART.KIND`.
pub(super) fn twin(recipe: &Recipe, part: &str) -> Option<Vec<u8>> {
    let stem = Path::new(&recipe.file).file_stem().unwrap().to_string_lossy().into_owned();
    ["html", "json", "xml", "csv"].iter().find_map(|kind| fixture(&format!("{stem}.{part}.{kind}")))
}

/// The list of a recipe's twin, behind its column page where there is one.
pub(super) fn listed(recipe: &Recipe, now: Timestamp) -> item::List {
    let start = recipe.start_urls().next().unwrap();
    let read = |body: &[u8], asked: &Ask| {
        let page = Page { body, charset: None, url: &asked.url, asked, now, rules: recipe.page_rules() };
        list::read(recipe, &page)
    };
    let asked = match twin(recipe, "column") {
        Some(column) => {
            let lead = read(&column, &Ask::get(start));
            lead.leads_to.unwrap_or_else(|| panic!("{}: {:?}", recipe.id, lead.refused))
        }
        None => Ask::get(start),
    };
    let body = twin(recipe, "list").unwrap_or_else(|| panic!("{} has no list page in tests/data/sources", recipe.file));
    read(&body, &asked)
}

/// The documents of the list page, or of the page behind its first item; what was set aside; what was odd.
fn collected(recipe: &Recipe, list: item::List) -> (Vec<Document>, Vec<String>, Vec<String>) {
    let (now, masker) = (moment("2026-06-01"), Masker::default());
    let raw = RawRef { file: "x".to_owned(), offset: 0, digest: String::new() };
    let start = recipe.start_urls().next().unwrap();
    let mut problems = list.problems;
    let (mut documents, mut rejected) = (Vec::new(), Vec::new());
    let mut keep = |harvest: Harvest| {
        documents.extend(harvest.documents);
        rejected.extend(harvest.rejected);
        problems.extend(harvest.problems);
    };
    match (&recipe.detail, list.items.first().and_then(|item| item.url.clone())) {
        (Some(detail), Some(url)) => {
            let page = twin(recipe, "page").unwrap_or_else(|| panic!("{} has no page", recipe.file));
            let page = String::from_utf8(page).unwrap();
            let context = Context { recipe, url: Some(&url), page: &url, raw: &raw, now, masker: &masker };
            keep(detail::of_page(detail, &page, &list.items[0].fields, &context));
        }
        _ => {
            for item in &list.items {
                let page: &Url = item.url.as_ref().unwrap_or(&start);
                let context = Context { recipe, url: item.url.as_ref(), page, raw: &raw, now, masker: &masker };
                keep(detail::of_item(&item.fields, &context));
            }
        }
    }
    (documents, rejected, problems.iter().map(ToString::to_string).collect())
}

fn read(recipe: &Recipe) -> serde_json::Value {
    let list = listed(recipe, moment("2026-06-01"));
    let links: Vec<String> = list.items.iter().filter_map(|item| Some(item.url.as_ref()?.to_string())).collect();
    let (documents, rejected, problems) = collected(recipe, list);
    serde_json::json!({
        "links": links, "documents": documents.iter().map(shown).collect::<Vec<_>>(), "set_aside": rejected,
        "problems": problems,
    })
}

/// What a recipe does not read of its twin, in words.
fn lacking(recipe: &Recipe) -> Vec<String> {
    let list = listed(recipe, moment("2026-06-01"));
    let mut lacking: Vec<String> = list.refused.iter().map(|why| format!("refused: {}", why.what)).collect();
    let items = list.items.len();
    if items < recipe.expect.items.max(1) {
        lacking.push(format!("{items} items on its list"));
    }
    let (documents, rejected, problems) = collected(recipe, list);
    lacking.extend(rejected.iter().map(|why| format!("set aside: {why}")));
    lacking.extend(problems);
    if documents.is_empty() {
        lacking.push("no document".to_owned());
    }
    for document in &documents {
        let title = document.title.as_deref().unwrap_or_default();
        let dated = document.published_at.is_some() && document.meta_str(Document::PUBLISHED_FROM).is_none();
        let promises_date = recipe.expect.filled.iter().any(|promise| promise.field == "published_at");
        if title.is_empty() {
            lacking.push(format!("a document without a title: {}", document.text));
        }
        if !dated && promises_date {
            lacking.push(format!("`{title}` has no date of its own"));
        }
    }
    for promise in &recipe.expect.filled {
        let has = |document: &&Document| match promise.field.as_str() {
            "title" => document.title.is_some(),
            "text" => !document.text.is_empty(),
            "published_at" => document.published_at.is_some(),
            "url" => document.url.is_some(),
            name => document.meta.contains_key(name),
        };
        let filled = documents.iter().filter(has).count();
        if (filled as f64) < promise.share * documents.len() as f64 {
            let (field, of) = (&promise.field, documents.len());
            lacking.push(format!("`{field}` is filled in {filled} of {of} documents"));
        }
    }
    lacking
}

#[test]
fn every_shipped_recipe_reads_its_twin_completely() {
    let mut wrong = Vec::new();
    // Those that are shown have pages with gaps of their own.
    let is_checked = |recipe: &&Recipe| recipe.verified.is_some() && !SHOWN.contains(&recipe.id.as_str());
    for recipe in Recipe::shipped().unwrap().iter().filter(is_checked) {
        wrong.extend(lacking(recipe).into_iter().map(|what| format!("{}: {what}", recipe.id)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A list page of a twin, read as the answer to the question for the list.
fn list_in(recipe: &Recipe, body: &[u8]) -> item::List {
    let start = recipe.start_urls().next().unwrap();
    let led = Ask::led(start.join("/unit?paramJson=%7B%22pageNo%22%3A1%7D").unwrap(), start.clone());
    let asked = if twin(recipe, "column").is_some() { led } else { Ask::get(start) };
    let (now, rules) = (moment("2026-06-01"), recipe.page_rules());
    list::read(recipe, &Page { body, charset: None, url: &asked.url, asked: &asked, now, rules })
}

/// A list page after a relaunch of its site: classes, ids, elements of lists and tables, members and columns have other names.
fn moved(page: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(page);
    let all = |text: &str, pattern: &str, to: &str| Regex::new(pattern).unwrap().replace_all(text, to).into_owned();
    let is_markup = text.trim_start_matches('\u{feff}').trim_start().starts_with('<');
    let is_xml = is_markup && text.contains("<?xml");
    let moved = match text.trim_start_matches('\u{feff}').trim_start().chars().next() {
        Some('<') if is_xml => all(&text, r"<(/?)([A-Za-z][\w:.-]*)", "<${1}x-$2"),
        Some('<') => {
            let renamed = all(&text, r"<(/?)(li|tr|td|dd|article|iframe|script)\b", "<${1}x-$2");
            all(&renamed, r#"\b(class|id|parsetype|parseType)=(["']?)"#, "$1=${2}x-").replace("<!--", "<!--x-")
        }
        Some('{' | '[') => all(&text, r#""([A-Za-z_][\w -]*)"\s*:"#, "\"x_$1\":"),
        _ => {
            let (head, rows) = text.split_once('\n').unwrap();
            format!("x-{}\n{rows}", head.replace(',', ",x-"))
        }
    };
    assert_ne!(moved, text);
    moved.into_bytes()
}

#[test]
fn a_recipe_says_so_when_its_list_has_moved() {
    let mut wrong = Vec::new();
    for recipe in Recipe::shipped().unwrap().iter().filter(|recipe| recipe.verified.is_some()) {
        let list = list_in(recipe, &moved(&twin(recipe, "list").unwrap()));
        let bare = list.items.iter().filter(|item| item.url.is_some() && item.fields.get("title").is_some()).count();
        let refused = list.refused.as_ref().map(|why| why.what.clone());
        // Where an item is a document, each that is set aside says why.
        let (documents, rejected, problems) = match recipe.detail {
            Some(_) => (Vec::new(), Vec::new(), list.problems.iter().map(ToString::to_string).collect()),
            None => collected(recipe, list),
        };
        let is_told = refused.is_some() || !rejected.is_empty() || !problems.is_empty();
        if !is_told || bare > 0 || !documents.is_empty() {
            wrong.push(format!("{}: {bare} items, {} documents, {refused:?} {problems:?}", recipe.id, documents.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_recipe_reads_the_form_that_its_list_had_a_year_before() {
    let (mut met, mut wrong) = (0, Vec::new());
    for recipe in Recipe::shipped().unwrap().iter().filter(|recipe| recipe.verified.is_some()) {
        let Some(older) = twin(recipe, "older.list") else { continue };
        met += 1;
        let list = list_in(recipe, &older);
        if list.items.is_empty() || list.refused.is_some() || !list.problems.is_empty() {
            wrong.push(format!("{}: {} items, {:?} {:?}", recipe.id, list.items.len(), list.refused, list.problems));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(met >= 3, "only {met} recipes have an older twin");
}

#[test]
fn an_empty_list_a_failed_answer_pictures_and_a_challenge_are_told_apart() {
    let recipes = Recipe::shipped().unwrap();
    let of = |id: &str| recipes.iter().find(|recipe| recipe.id.as_str() == id).unwrap();
    let checks = of("cn.samr.spot_checks");
    let empty = list_in(checks, &fixture("samr_spot_checks.empty.list.json").unwrap());
    assert!(empty.is_empty && empty.refused.is_none() && empty.problems.is_empty(), "{empty:?}");
    let failed = list_in(checks, &fixture("samr_spot_checks.failed.list.json").unwrap());
    let why = failed.refused.expect("a refusal").what;
    assert!(why.contains("the answer is not the expected one"), "{why}");

    let notices = of("cn.samr.recall_notices");
    let page = String::from_utf8(fixture("samr_recall_notices.pictures.page.html").unwrap()).unwrap();
    let (url, masker) = (notices.start_urls().next().unwrap(), Masker::default());
    let raw = RawRef { file: "x".to_owned(), offset: 0, digest: String::new() };
    let now = moment("2026-06-01");
    let context = Context { recipe: notices, url: Some(&url), page: &url, raw: &raw, now, masker: &masker };
    let harvest = detail::of_page(notices.detail.as_ref().unwrap(), &page, &fields::Fields::default(), &context);
    let told = harvest.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(told.contains("the text is pictures alone"), "{told}");

    let gate = fixture("gate.412.html").unwrap();
    assert_eq!(barrier::Barrier::of_answer(412, &gate), Some(barrier::Barrier::Challenge));
    assert!(barrier::Barrier::of_page(&String::from_utf8(gate).unwrap()).is_some(), "with status 200 too");
}

#[test]
fn no_recipe_starts_where_it_is_forbidden() {
    let listed = String::from_utf8(fixture("forbidden.tsv").unwrap()).unwrap();
    let forbidden: Vec<&str> =
        listed.lines().skip(1).filter(|line| !line.is_empty()).filter_map(|line| line.split('\t').next()).collect();
    assert!(forbidden.len() >= 15, "{forbidden:?}");
    for recipe in Recipe::shipped().unwrap() {
        for url in recipe.start_urls() {
            let (host, path) = (url.host_str().unwrap_or_default().to_owned(), url.path().to_owned());
            for place in &forbidden {
                let (name, below) =
                    place.split_once('/').map_or((*place, String::new()), |(name, path)| (name, format!("/{path}")));
                let is_it = host::is_within(&[name.to_owned()], &host) && path.starts_with(&below);
                assert!(!is_it, "{} starts at {url}, which is forbidden: {place}", recipe.id);
            }
        }
    }
}

#[test]
fn forty_sources_are_covered_and_fifteen_provincial_ones_by_inheritance() {
    let recipes = Recipe::shipped().unwrap();
    let real: Vec<&Recipe> = recipes.iter().filter(|recipe| recipe.verified.is_some()).collect();
    assert!(real.len() >= 40, "{}", real.len());
    let inherits = |recipe: &&&Recipe| recipe.effective.iter().any(|line| line.file.contains("/groups/"));
    let provincial = real.iter().filter(|recipe| recipe.level.is_some_and(|level| level.code() == "province"));
    assert!(provincial.filter(inherits).count() >= 15);
}

/// Recipes whose documents are looked at by people when they change: one of each way to collect.
const SHOWN: &[&str] = &[
    "cn.cqn.news",
    "cn.samr.recalls",
    "cn.samr.spot_checks",
    "cn.samr.standards",
    "eu.safety_gate",
    "us.cpsc.recalls",
];

#[test]
fn shipped_recipes_read_pages_of_their_structure() {
    for recipe in Recipe::shipped().unwrap() {
        if SHOWN.contains(&recipe.id.as_str()) {
            insta::assert_json_snapshot!(recipe.id.as_str(), read(&recipe));
        }
    }
}
