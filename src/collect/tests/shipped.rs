//! Every shipped recipe reads pages of the structure that it expects. Whether the sources still look like this, only
//! `wanglou source check` can say.

use url::Url;

use super::super::ask::Ask;
use super::super::detail::{self, Context};
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

/// The documents of the list page, or of the page behind its first item; what was set aside; what was odd.
fn read(recipe: &Recipe) -> serde_json::Value {
    let stem = Path::new(&recipe.file).file_stem().unwrap().to_string_lossy().into_owned();
    let of = |part: &str| ["html", "json", "xml"].iter().find_map(|kind| fixture(&format!("{stem}.{part}.{kind}")));
    let (now, masker) = (moment("2026-06-01"), Masker::default());
    let raw = RawRef { file: "x".to_owned(), offset: 0, digest: String::new() };
    let start = recipe.start_urls().next().unwrap();
    let body = of("list").unwrap_or_else(|| panic!("{stem} has no list page in tests/data/sources"));
    let asked = Ask::get(start.clone());
    let rules = recipe.page_rules();
    let list = list::read(recipe, &Page { body: &body, charset: None, url: &start, asked: &asked, now, rules });
    let links: Vec<String> = list.items.iter().filter_map(|item| Some(item.url.as_ref()?.to_string())).collect();
    let mut problems = list.problems;
    let (mut documents, mut rejected) = (Vec::new(), Vec::new());
    match (&recipe.detail, list.items.first().and_then(|item| item.url.clone())) {
        (Some(detail), Some(url)) => {
            let page = String::from_utf8(of("page").unwrap_or_else(|| panic!("{stem} has no page"))).unwrap();
            let context = Context { recipe, url: Some(&url), page: &url, raw: &raw, now, masker: &masker };
            let harvest = detail::of_page(detail, &page, &list.items[0].fields, &context);
            documents.extend(harvest.documents);
            rejected.extend(harvest.rejected);
            problems.extend(harvest.problems);
        }
        _ => {
            for item in &list.items {
                let page: &Url = item.url.as_ref().unwrap_or(&start);
                let context = Context { recipe, url: item.url.as_ref(), page, raw: &raw, now, masker: &masker };
                let harvest = detail::of_item(&item.fields, &context);
                documents.extend(harvest.documents);
                rejected.extend(harvest.rejected);
                problems.extend(harvest.problems);
            }
        }
    }
    serde_json::json!({
        "links": links, "documents": documents.iter().map(shown).collect::<Vec<_>>(), "set_aside": rejected,
        "problems": problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

#[test]
fn shipped_recipes_read_pages_of_their_structure() {
    for recipe in Recipe::shipped().unwrap() {
        if recipe.verified.is_some() {
            insta::assert_json_snapshot!(recipe.id.as_str(), read(&recipe));
        }
    }
}
