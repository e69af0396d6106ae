//! Products and brands that a text names, and the product chosen for a hazard.
//!
//! Not here: how it is chosen (`relate`; over sentences `subject`).

use lexicon::terms::Meaning;
use lexicon::{Brief, CategorySet, Lexicon};
use vocabulary::{Category, ProductFrom};

use super::clauses::{self, Clause};
use super::hits::Hits;

/// A product or brand named in the text, in folded characters.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags of a dictionary row")]
pub(super) struct Named {
    /// First character.
    pub(super) from: usize,
    /// One past the last.
    pub(super) to: usize,
    /// Index of its clause.
    pub(super) clause: usize,
    /// Entry in the lexicon.
    pub(super) entry: u32,
    /// What it can be: one category for a word, several for a brand that makes several things.
    pub(super) categories: CategorySet,
    /// A component.
    pub(super) part: bool,
    /// Too general to choose alone.
    pub(super) generic: bool,
    /// A common word.
    pub(super) ambiguous: bool,
    /// Known only by its brand.
    pub(super) brand: bool,
}

/// Why a product was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// Named in the same clause.
    Clause,
    /// Named in the same sentence.
    Sentence,
    /// Named before, and pointed back to: 它, 该产品.
    Referred,
    /// Named before, and the subject of what follows without being said again.
    Inherited,
    /// Named elsewhere in the text.
    Text,
    /// The platform says so, and the text names it too.
    MetaNamed,
    /// The platform says so.
    Meta,
    /// Named in a headline that the text does not repeat.
    Title,
    /// Implied by the hazard.
    Implied,
}

/// The product of a hazard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    /// The category.
    pub(super) category: Category,
    /// Where it is named, as an index into the products of the text.
    pub(super) named: Option<usize>,
    /// Why.
    pub(super) why: Why,
}

impl Choice {
    /// How the signal says it came by its product.
    pub(super) fn product_from(&self) -> ProductFrom {
        match self.why {
            Why::Clause | Why::Sentence | Why::MetaNamed => ProductFrom::Text,
            Why::Meta => ProductFrom::Meta,
            Why::Referred | Why::Inherited | Why::Text | Why::Title | Why::Implied => ProductFrom::Context,
        }
    }
}

/// Kinds of dictionary entries that can name the product of a hazard.
const NAMES: u16 = Brief::PRODUCT | Brief::BRAND;

/// Products and brands of a text in text order: leftmost, longest; a word that ends inside a compound gives way to the compound's head.
pub(super) fn products(hits: &Hits, clauses: &[Clause], lexicon: &Lexicon, meta: Option<Category>) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut end = 0;
    // End of the farthest hazard or rule word so far: a name inside a longer such word names no product (胶水 in 胶水味).
    let mut covered = 0;
    if clauses.is_empty() || !hits.any(NAMES) {
        return found;
    }
    for hit in &hits.all {
        let (from, to) = (hit.from as usize, hit.to as usize);
        if !hit.any(NAMES) {
            if hit.any(Brief::CLASS | Brief::HAZARD) {
                covered = covered.max(to);
            }
            continue;
        }
        let entry = &lexicon.entries()[hit.entry as usize];
        // 台电 in 这台电热毯: a brand gives way to a longer product name that begins inside it.
        let whole =
            |meaning: &Meaning| matches!(meaning, Meaning::Product(at) if !lexicon.products()[*at as usize].brand);
        let over = |last: &Named| last.brand && last.from < from && to > last.to && to - from > last.to - last.from;
        if to > covered && found.last().is_some_and(over) && entry.meanings.iter().any(whole) {
            found.pop();
            end = from;
        }
        if from < end || to <= covered {
            continue;
        }
        let clause = clauses::at(clauses, from);
        let mut named: Option<Named> = None;
        for meaning in &entry.meanings {
            let candidate = match meaning {
                Meaning::Product(at) => {
                    let term = &lexicon.products()[*at as usize];
                    Named {
                        from,
                        to,
                        clause,
                        entry: hit.entry,
                        categories: term.category.into(),
                        part: term.part,
                        generic: term.generic,
                        ambiguous: term.ambiguous,
                        brand: term.brand,
                    }
                }
                Meaning::Brand(at) => {
                    let term = &lexicon.brands()[*at as usize];
                    Named {
                        from,
                        to,
                        clause,
                        entry: hit.entry,
                        categories: term.categories,
                        part: false,
                        generic: false,
                        ambiguous: term.ambiguous,
                        brand: true,
                    }
                }
                _ => continue,
            };
            named = Some(match named {
                None => candidate,
                // One word, several things: keep all of them open for the hazard to choose, a plain product name first.
                Some(known) if known.brand && !candidate.brand => {
                    Named { categories: known.categories.or(candidate.categories), ..candidate }
                }
                Some(known) => Named { categories: known.categories.or(candidate.categories), ..known },
            });
        }
        if let Some(mut named) = named {
            end = to;
            if let Some(meta) = meta.filter(|meta| named.categories.has(*meta)) {
                named.categories = meta.into();
                named.ambiguous = false;
            }
            found.push(named);
        }
    }
    found
}
