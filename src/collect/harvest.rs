//! What a page, a file or an item gave, and what it is read with.

use std::collections::BTreeSet;

use jiff::Timestamp;
use url::Url;

use super::document::{Origin, document};
use super::fields::Fields;
use super::mask::Masker;
use super::problem::{CHECK_SELECTOR, Notes, PageProblem};
use super::recipe::Recipe;
use vocabulary::{Document, RawRef};

/// The documents of a page or item, and the reasons for which others were set aside.
#[derive(Debug, Default)]
pub(crate) struct Harvest {
    pub(crate) documents: Vec<Document>,
    pub(crate) rejected: Vec<String>,
    pub(crate) duplicates: u64,
    pub(crate) problems: Vec<PageProblem>,
    /// Files that the page links to and that are asked for, with what it says of them.
    pub(crate) files: Vec<(Url, Fields)>,
    /// Whether asking again gives no more, even if there is no document.
    pub(crate) is_final: bool,
}

/// The recipe that a page is read by, where the page is, and when it was seen.
pub(crate) struct Context<'a> {
    pub(crate) recipe: &'a Recipe,
    /// Canonical address the documents carry.
    pub(crate) url: Option<&'a Url>,
    /// Address for messages.
    pub(crate) page: &'a Url,
    pub(crate) raw: &'a RawRef,
    pub(crate) now: Timestamp,
    pub(crate) masker: &'a Masker,
}

/// Adds the document of these fields, or the reason why there is none.
pub(crate) fn keep(
    harvest: &mut Harvest,
    fields: &Fields,
    context: &Context<'_>,
    part: Option<String>,
    notes: &mut Notes<'_>,
) {
    let origin = Origin { url: context.url, part, raw: context.raw, now: context.now, masker: context.masker };
    match document(context.recipe, fields, &origin, notes) {
        Ok(document) => harvest.documents.push(document),
        Err(reason) => {
            notes.add(None, reason.clone(), CHECK_SELECTOR);
            harvest.rejected.push(reason);
        }
    }
}

/// Keeps the first of several documents with one id. Returns how many were dropped.
pub(crate) fn drop_doubles(harvest: &mut Harvest) -> usize {
    let mut seen = BTreeSet::new();
    let before = harvest.documents.len();
    harvest.documents.retain(|document| seen.insert(document.id.clone()));
    let doubled = before - harvest.documents.len();
    harvest.duplicates += doubled as u64;
    doubled
}
