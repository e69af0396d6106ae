//! List pages to items. Pure: bytes in, items and problems out.

use super::barrier::Barrier;
use super::charset;
use super::item::{List, Unexpected};
use super::kinds::Page;
use super::problem::{ASK_PEOPLE, CHECK_BOUNDS, CHECK_COLUMN, Notes};
use super::recipe::Recipe;

/// Reads a list page of a recipe, at most as many items as its bounds allow.
pub(crate) fn read(recipe: &Recipe, page: &Page<'_>) -> List {
    let mut notes = Notes::new(&recipe.lines, page.url);
    let mut list = recipe.kind.read(page, &mut notes);
    let max = recipe.bounds.items_per_page_max;
    if list.items.len() > max {
        notes.add(None, format!("{} items on one page, the first {max} are read", list.items.len()), CHECK_BOUNDS);
        list.items.truncate(max);
    }
    if list.items.is_empty() && list.leads_to.is_none() && !list.is_empty {
        // Nothing was found: it may be no page of the site at all.
        let text = charset::decode(page.body, page.charset, recipe.charset).text;
        // A column page without its interface says more by what it lacks than by its scripts.
        let is_told = |barrier: &Barrier| {
            *barrier == Barrier::Challenge || list.refused.as_ref().is_none_or(|why| why.advice != CHECK_COLUMN)
        };
        if let Some(barrier) = Barrier::of_page(&text).filter(is_told) {
            list.refused = Some(Unexpected { line: None, what: barrier.told().to_owned(), advice: ASK_PEOPLE });
        }
    }
    list.problems = notes.problems;
    list
}
