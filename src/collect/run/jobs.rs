//! The requests of a round: ask for a page and read it, hand documents over.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::super::ask::Ask;
use super::super::attachment;
use super::super::charset;
use super::super::detail;
use super::super::fetch::{Answer, Call, Session, Validators};
use super::super::fields::Fields;
use super::super::harvest::Context;
use super::super::item::List;
use super::super::kinds::Page;
use super::super::list;
use super::super::{CollectError, Recipe, Sink};
use super::{Batch, DetailDone, Done, Flushed, ListDone, ReadDetail, ReadList, Unread};
use store::frontier::{Frontier, FrontierPage, PageState};
use vocabulary::Meta;

/// Archive, sink, frontier: in this order.
pub(super) async fn flush(
    session: &Session<'_>,
    frontier: &Frontier,
    sink: &dyn Sink,
    recipe: Arc<Recipe>,
    batch: Batch,
    now: Timestamp,
) -> Flushed {
    let mut outcomes = Vec::new();
    if !batch.documents.is_empty() {
        session.gate().sync().await?;
        let given = batch.documents.len();
        let answered = sink.put(batch.documents).await;
        outcomes = answered.map_err(|source| CollectError::Sink { source_id: recipe.id.clone(), source })?;
        if outcomes.len() != given {
            return Err(CollectError::Miscounted { source_id: recipe.id.clone(), given, answered: outcomes.len() });
        }
    }
    frontier.mark(&recipe.id, &batch.marks, now).await?;
    Ok(outcomes)
}

/// Asks for a list page, reads it, and notes its pages in the frontier.
pub(super) async fn list_job(
    session: &Session<'_>,
    frontier: &Frontier,
    recipe: Arc<Recipe>,
    ask: Ask,
    now: Timestamp,
) -> Done {
    let outcome = read_list(session, frontier, recipe, &ask, now).await;
    Done::List(Box::new(ListDone { url: ask.url, outcome }))
}

async fn read_list(
    session: &Session<'_>,
    frontier: &Frontier,
    recipe: Arc<Recipe>,
    ask: &Ask,
    now: Timestamp,
) -> Result<ReadList, Unread> {
    let body = recipe.body.as_ref().and_then(|body| Some((ask.body.as_deref()?, body.content_type())));
    let call = Call { url: &ask.url, body, validators: &Validators::default(), is_plain: false };
    let page = match session.get(call).await {
        Ok(Answer::Page(page)) => page,
        Ok(Answer::NotModified) => return Err(Unread::Nothing),
        Err(failure) => return Err(Unread::Failed(failure)),
    };
    let (reader, asked, masker) = (Arc::clone(&recipe), ask.clone(), session.gate().settings.masker.clone());
    let parse = move || {
        let rules = reader.page_rules();
        let charset = page.charset.as_deref();
        let listed = Page { body: &page.body, charset, url: &page.url, asked: &asked, now, rules };
        let List { items, next, problems, leads_to, refused, is_empty, hash, .. } = list::read(&reader, &listed);
        let (hash, items_found) = (hash.unwrap_or_else(|| blake3::hash(&page.body)), items.len());
        let (mut links, mut listed, mut harvests) = (Vec::new(), BTreeSet::new(), Vec::new());
        for item in items {
            match item.url {
                Some(url) if reader.detail.is_some() => {
                    let url = url.to_string();
                    if listed.insert(url.clone()) {
                        links.push((url, item.fields.masked(reader.id.as_str())));
                    }
                }
                // Without a page behind it, as a feed's entry without a link, an item is a document by itself.
                url => {
                    let (recipe, raw) = (&*reader, &page.raw);
                    let context = Context { recipe, url: url.as_ref(), page: &asked.url, raw, now, masker: &masker };
                    harvests.push(detail::of_item(&item.fields, &context));
                }
            }
        }
        let list = ReadList {
            items: items_found,
            is_empty,
            leads_to,
            refused,
            next,
            hash,
            pages: Vec::new(),
            harvests,
            problems,
        };
        (list, links)
    };
    let (mut list, links): (ReadList, Vec<(String, Meta)>) = session.gate().read(parse).await.ok_or(Unread::GaveUp)?;
    if !links.is_empty() {
        let found = frontier.discover(&recipe.id, &links, now).await;
        list.pages = found.map_err(|error| Unread::Broken(error.into()))?;
    }
    Ok(list)
}

pub(super) async fn detail_job(
    session: &Session<'_>,
    frontier: &Frontier,
    recipe: Arc<Recipe>,
    mut known: FrontierPage,
    url: Url,
    now: Timestamp,
) -> Done {
    let outcome = read_detail(session, frontier, recipe, &mut known, &url, now).await;
    Done::Detail(Box::new(DetailDone { known, url, outcome }))
}

async fn read_detail(
    session: &Session<'_>,
    frontier: &Frontier,
    recipe: Arc<Recipe>,
    known: &mut FrontierPage,
    url: &Url,
    now: Timestamp,
) -> Result<ReadDetail, Unread> {
    // A changed recipe must see the page itself, not hear that it is unchanged.
    let same_recipe = known.content_hash.as_deref().is_some_and(|hash| hash.starts_with(&recipe.fingerprint));
    // And so must a page that gave nothing: that it is unchanged does not make it read.
    let validators = if same_recipe && known.state == PageState::Done {
        Validators { etag: known.etag.clone(), last_modified: known.last_modified.clone() }
    } else {
        Validators::default()
    };
    let page = match session.get(Call { url, body: None, validators: &validators, is_plain: false }).await {
        Ok(Answer::Page(page)) => page,
        Ok(Answer::NotModified) => return Ok(ReadDetail::Same),
        Err(failure) => return Err(Unread::Failed(failure)),
    };
    let hash = format!("{}:{}", recipe.fingerprint, &blake3::hash(&page.body).to_hex()[..32]);
    (known.etag, known.last_modified) = (page.validators.etag.clone(), page.validators.last_modified.clone());
    if known.state == PageState::Done && known.content_hash.as_deref() == Some(&hash) {
        return Ok(ReadDetail::Same);
    }
    known.content_hash = Some(hash);
    let hints = Fields::from_hints(&known.hints);
    let settings = &session.gate().settings;
    let (reading, asked) = (Arc::clone(&recipe), url.clone());
    let (masker, reader) = (settings.masker.clone(), settings.reader.clone());
    let parse = move || {
        let (recipe, url, raw) = (&*reading, Some(&asked), &page.raw);
        let context = Context { recipe, url, page: &page.url, raw, now, masker: &masker };
        if let Some(rules) = attachment::is_file(recipe, &hints) {
            return (attachment::of_file(rules, &page.body, &hints, &reader, &context), Vec::new());
        }
        let decoded = charset::decode(&page.body, page.charset.as_deref(), recipe.charset);
        let harvest = recipe
            .detail
            .as_ref()
            .map(|detail| detail::of_page(detail, &decoded.text, &hints, &context))
            .unwrap_or_default();
        (harvest, decoded.problems)
    };
    let (harvest, charset_problems) = session.gate().read(parse).await.ok_or(Unread::GaveUp)?;
    let links: Vec<(String, Meta)> =
        harvest.files.iter().map(|(url, fields)| (url.to_string(), fields.masked(recipe.id.as_str()))).collect();
    let mut files = Vec::new();
    if !links.is_empty() {
        // Before the notice is marked: a file that is not known when the round ends would never be asked for.
        let found = frontier.discover(&recipe.id, &links, now).await;
        files = found.map_err(|error| Unread::Broken(error.into()))?;
    }
    Ok(ReadDetail::Harvest { harvest, charset_problems, files })
}
