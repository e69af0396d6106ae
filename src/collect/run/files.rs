//! A round over a folder: the folder is the list, each file a page. Files are archived and marked as pages are.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::super::archivist::Dropped;
use super::super::ask::Ask;
use super::super::detail;
use super::super::fetch::Session;
use super::super::harvest::{Context, Harvest, drop_doubles};
use super::super::item::List;
use super::super::kinds::Page;
use super::super::problem::{CHECK_FOLDER, Notes, PageProblem};
use super::super::recipe::Recipe;
use super::super::{CollectError, folder};
use super::{DetailDone, Done, ListDone, ReadDetail, ReadList, Unread};
use store::frontier::{Frontier, FrontierPage, PageState};
use vocabulary::Meta;

/// Hint of a file: its name below the folder.
const NAME: &str = "name";
/// Hint of a file: size and time of its last change.
const STAMP: &str = "stamp";

/// Whether a file that was read has another stamp since.
pub(super) fn has_changed(page: &FrontierPage) -> bool {
    page.hints.get(STAMP).and_then(Value::as_str) != page.etag.as_deref()
}

/// Looks into the folder and notes its files in the frontier.
pub(super) async fn list_job(session: &Session<'_>, frontier: &Frontier, recipe: Arc<Recipe>, now: Timestamp) -> Done {
    let url = folder::urn(&recipe.id, "");
    let outcome = read_folder(session, frontier, &recipe, &url, now).await;
    Done::List(Box::new(ListDone { url, outcome }))
}

async fn read_folder(
    session: &Session<'_>,
    frontier: &Frontier,
    recipe: &Arc<Recipe>,
    url: &Url,
    now: Timestamp,
) -> Result<ReadList, Unread> {
    let place = place_of(session, recipe);
    let listing = session.gate().read(move || folder::list(&place)).await.ok_or(Unread::GaveUp)?;
    let listing = listing.map_err(Unread::File)?;
    let hints = |name: &str, stamp: &str| -> Meta {
        [(NAME, name), (STAMP, stamp)].map(|(key, value)| (key.to_owned(), Value::from(value))).into_iter().collect()
    };
    let files: Vec<(String, Meta)> = listing
        .files
        .iter()
        .map(|file| (folder::urn(&recipe.id, &file.name).to_string(), hints(&file.name, &file.stamp)))
        .collect();
    let pages = frontier.discover(&recipe.id, &files, now).await.map_err(|error| Unread::Broken(error.into()))?;
    let problem = |detail| PageProblem { at: recipe.file.clone(), url: url.to_string(), detail, advice: CHECK_FOLDER };
    let problems = listing.problems.into_iter().map(problem).collect();
    let hash = blake3::hash(b"");
    Ok(ReadList {
        items: pages.len(),
        is_empty: false,
        leads_to: None,
        refused: None,
        next: Vec::new(),
        hash,
        pages,
        harvests: Vec::new(),
        problems,
    })
}

/// Reads one file: archived first, then taken apart.
pub(super) async fn file_job(
    session: &Session<'_>,
    recipe: Arc<Recipe>,
    mut known: FrontierPage,
    url: Url,
    now: Timestamp,
) -> Done {
    let outcome = read_file(session, recipe, &mut known, &url, now).await;
    Done::Detail(Box::new(DetailDone { known, url, outcome }))
}

async fn read_file(
    session: &Session<'_>,
    recipe: Arc<Recipe>,
    known: &mut FrontierPage,
    url: &Url,
    now: Timestamp,
) -> Result<ReadDetail, Unread> {
    let hint = |key: &str| known.hints.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (name, stamp) = (hint(NAME), hint(STAMP));
    let (place, bytes_max) = (place_of(session, &recipe), recipe.bounds.page_bytes_max);
    let bytes = session.gate().read(move || folder::read(&place, &name, bytes_max)).await.ok_or(Unread::GaveUp)?;
    let bytes = bytes.map_err(Unread::File)?;
    let hash = format!("{}:{}", recipe.fingerprint, &blake3::hash(&bytes).to_hex()[..32]);
    known.etag = Some(stamp);
    if known.state == PageState::Done && known.content_hash.as_deref() == Some(&hash) {
        return Ok(ReadDetail::Same);
    }
    known.content_hash = Some(hash);
    let file = Dropped { name: url.to_string(), at: now, bytes };
    let kept = session.gate().keep_file(file).await;
    let (raw, bytes) = kept.map_err(|error| Unread::Broken(CollectError::Archive(error)))?;
    let (url, masker) = (url.clone(), session.gate().settings.masker.clone());
    let parse = move || {
        let mut notes = Notes::new(&recipe.lines, &url);
        let mut harvest = Harvest::default();
        let (asked, rules) = (Ask::get(url.clone()), recipe.page_rules());
        let page = Page { body: &bytes, charset: None, url: &url, asked: &asked, now, rules };
        let List { items, empty_because, .. } = recipe.kind.read(&page, &mut notes);
        if items.is_empty() {
            harvest.rejected.push(empty_because.unwrap_or_else(|| "the file has no items that can be read".to_owned()));
        }
        for item in items {
            let (item_url, raw) = (item.url.as_ref(), &raw);
            let context = Context { recipe: &recipe, url: item_url, page: &url, raw, now, masker: &masker };
            let one = detail::of_item(&item.fields, &context);
            harvest.documents.extend(one.documents);
            harvest.rejected.extend(one.rejected);
            harvest.problems.extend(one.problems);
        }
        harvest.problems.extend(notes.problems);
        drop_doubles(&mut harvest);
        ReadDetail::Harvest { harvest, charset_problems: Vec::new(), files: Vec::new() }
    };
    session.gate().read(parse).await.ok_or(Unread::GaveUp)
}

fn place_of(session: &Session<'_>, recipe: &Recipe) -> std::path::PathBuf {
    let folder = recipe.folder.clone().unwrap_or_default();
    folder::place(&session.gate().settings.inbox, &folder)
}
