//! List pages to items. Pure: bytes in, items and problems out.

use super::item::List;
use super::kinds::Page;
use super::problem::{CHECK_BOUNDS, Notes};
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
    list.problems = notes.problems;
    list
}
