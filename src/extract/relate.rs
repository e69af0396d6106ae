//! Which product a hazard belongs to: clause, sentence, document, the platform's word, what the hazard implies.

use lexicon::terms::{Effect, Meaning};
use lexicon::{Brief, CategorySet, Lexicon};
use vocabulary::{Category, Hazard, ProductFrom};

use super::clauses::{self, Clause};
use super::scan::Hits;
use super::subject::{self, Before};
use super::work;

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

/// What can name the product of a hazard.
const NAMES: u16 = Brief::PRODUCT | Brief::BRAND;

/// Products and brands of a text in order: leftmost, longest; a word that ends inside a compound gives way to its head.
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

/// How near a malfunction must stand to its product where no platform tells the product, in characters.
const BESIDE_CHARS: usize = 10;

/// Chooses the product of a hazard that stands in `[from, to)` of `clause`.
pub(super) fn choose(
    (from, to, clause): (usize, usize, usize),
    effect: &Effect,
    text: subject::Text<'_>,
    meta: Option<Category>,
) -> Option<Choice> {
    let subject::Text { clauses, products, lexicon, .. } = text;
    let place = Around {
        from,
        to,
        clause,
        products,
        clauses,
        lexicon,
        inside_counts: effect.hazard == Hazard::Counterfeit,
        told: meta.is_some(),
    };
    let implied = || effect.implies.map(|category| Choice { category, named: None, why: Why::Implied });
    if effect.untold && meta.is_some() {
        return None;
    }
    let Some(meta) = meta else {
        if effect.told {
            return None;
        }
        let nearest = place.nearest(|named| named.categories.and(effect.only));
        // Weak words need their product close by; a mere malfunction needs it right beside, or every torn sock on a stage counts.
        let close = |choice: &Choice| match choice.named {
            Some(at) if effect.hazard == Hazard::Malfunction => {
                choice.why == Why::Clause && distance(&products[at], from, to) <= BESIDE_CHARS
            }
            _ => choice.why <= Why::Sentence,
        };
        let near = nearest.filter(|choice| !effect.weak || close(choice));
        return text.inherit((from, clause), near, effect).or_else(implied);
    };
    let own = place.nearest(|named| named.categories.and(meta.into()));
    // An accessory named before or in the hazard's own clause, nearer than the thing itself.
    let beside = place.nearest(|named| {
        let category = named.categories.and(effect.only).iter().next();
        let fits = category.is_some_and(|category| lexicon.is_beside(meta, category, leaf(named, lexicon)));
        if fits && !named.part && !named.brand { named.categories } else { CategorySet::NONE }
    });
    // 送的充电宝也试了。它冒烟: an accessory that the hazard's sentence points back to.
    let another = |named: &Named| named.from < from && !named.categories.has(meta);
    if near(products, from).any(|(_, named)| another(named))
        && let Before::Thing(choice @ Choice { why: Why::Referred, named: Some(at), .. }) =
            text.before((from, clause), true, |named| named.categories)
        && choice.category != meta
        && effect.only.has(choice.category)
        && lexicon.is_beside(meta, choice.category, leaf(&products[at], lexicon))
    {
        return Some(choice);
    }
    if let Some(beside) = beside.filter(|beside| beside.why <= Why::Sentence) {
        let distance = |choice: &Choice| choice.named.map_or(usize::MAX, |at| distance(&products[at], from, to));
        let nearer = own.is_none_or(|own| (beside.why, distance(&beside)) < (own.why, distance(&own)));
        if nearer {
            return Some(beside);
        }
    }
    // The platform's category is coarse: the text may be about another thing altogether.
    let whole = |named: &Named| !named.part && !named.brand && !named.generic;
    let names_own = products.iter().any(|named| whole(named) && named.categories.has(meta));
    if !names_own {
        let instead = lexicon.instead(meta).and(effect.only);
        let other = place.nearest(|named| if whole(named) { named.categories.and(instead) } else { CategorySet::NONE });
        if other.is_some() {
            return other;
        }
    }
    if effect.only.has(meta) {
        let named = own.filter(|own| own.why <= Why::Sentence).and_then(|own| own.named);
        let why = if named.is_some() { Why::MetaNamed } else { Why::Meta };
        return Some(Choice { category: meta, named, why });
    }
    implied()
}

impl subject::Text<'_> {
    /// The product of a hazard at `from` of `clause`, of which `near` stands nearest: what the words before it spoke of comes
    /// before what is named anywhere in the text, and another subject ends both.
    fn inherit(&self, (from, clause): (usize, usize), near: Option<Choice>, effect: &Effect) -> Option<Choice> {
        let whole =
            |choice: &Choice| choice.named.is_none_or(|at| !(self.products[at].part || self.products[at].ambiguous));
        if near.is_some_and(|choice| choice.why <= Why::Sentence && whole(&choice)) {
            return near;
        }
        let before = self.before((from, clause), effect.weak, |named| named.categories.and(effect.only));
        match (before, near) {
            // 它的手柄漏电: a part is that of the thing spoken of, when something points there.
            (Before::Thing(choice), Some(near)) if near.why <= Why::Sentence => {
                Some(if choice.why == Why::Referred { choice } else { near })
            }
            (Before::Thing(choice), _) => Some(choice),
            (Before::Other, Some(Choice { why: Why::Text, named: Some(at), .. })) if self.products[at].from < from => {
                None
            }
            (_, near) => near.filter(|choice| choice.why != Why::Text || self.reaches(choice, clause)),
        }
    }

    /// Whether a product named elsewhere is near enough, or named often enough to be what the text is about.
    fn reaches(&self, choice: &Choice, clause: usize) -> bool {
        let Some(at) = choice.named else { return true };
        let named = &self.products[at];
        let alike = |other: &(usize, &Named)| other.0 != at && other.1.categories.has(choice.category);
        clause.abs_diff(named.clause) <= TEXT_CLAUSES_MAX || near(self.products, named.from).any(|other| alike(&other))
    }
}

/// How many clauses from a hazard a product may stand that the text names only once.
const TEXT_CLAUSES_MAX: usize = 12;

fn leaf<'a>(named: &Named, lexicon: &'a Lexicon) -> Option<&'a str> {
    lexicon.entries()[named.entry as usize].meanings.iter().find_map(|meaning| match meaning {
        Meaning::Product(at) => lexicon.products()[*at as usize].leaf.as_deref(),
        _ => None,
    })
}

/// A hazard's place among the products of its text.
struct Around<'a> {
    from: usize,
    to: usize,
    clause: usize,
    products: &'a [Named],
    clauses: &'a [Clause],
    lexicon: &'a Lexicon,
    inside_counts: bool,
    /// Whether the platform tells the product.
    told: bool,
}

impl Around<'_> {
    /// The nearest product that `allowed` leaves any category: frames first (clause, sentence, text), then what the
    /// sentence is about, then real names before brands and parts, heads before modifiers, then distance.
    fn nearest(&self, allowed: impl Fn(&Named) -> CategorySet) -> Option<Choice> {
        let sentence = self.clauses[self.clause].sentence;
        let mut best: Option<(u64, Choice)> = None;
        let mut in_sentence = CategorySet::NONE;
        for (_, named) in near(self.products, self.from) {
            if !named.generic && self.clauses[named.clause].sentence == sentence {
                in_sentence = in_sentence.or(named.categories);
            }
        }
        for (at, named) in near(self.products, self.from) {
            work::done(1);
            let Some(category) = allowed(named).iter().next() else { continue };
            // A brand that makes several things names none of them.
            if named.brand && allowed(named).iter().nth(1).is_some() {
                continue;
            }
            let (why, frame) = if named.clause == self.clause {
                (Why::Clause, 0)
            } else if self.clauses[named.clause].sentence == sentence {
                (Why::Sentence, 1)
            } else {
                (Why::Text, 2)
            };
            // 系统 or 电池 alone belongs to nobody where no platform says what the text is about.
            let nobodys = named.part && named.ambiguous && !self.told;
            if named.generic || nobodys || (named.ambiguous && why != Why::Clause) {
                continue;
            }
            let gives_way = in_sentence.iter().any(|other| self.lexicon.over(other).has(category));
            let modifier = self
                .products
                .get(at + 1)
                .is_some_and(|next| next.from == named.to && !next.part && !next.brand && !next.generic);
            let distance = distance(named, self.from, self.to).min(1 << 20) as u64;
            // In 假白酒 the product inside the words is what is meant; in 农药超标 it is not.
            let inside = named.from >= self.from && named.to <= self.to && !self.inside_counts;
            let rank = (u64::from(gives_way) << 42)
                + (u64::from(inside) << 41)
                + (frame << 40)
                + (u64::from(named.part) << 34)
                + (u64::from(named.brand) << 33)
                + (u64::from(modifier) << 30)
                + distance;
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, Choice { category, named: Some(at), why }));
            }
        }
        best.map(|(_, choice)| choice)
    }
}

/// Characters between a product and a hazard; what stands behind a hazard is less likely its subject.
fn distance(named: &Named, from: usize, to: usize) -> usize {
    if named.to <= from {
        from - named.to
    } else if named.from >= to {
        named.from - to + 6
    } else {
        0
    }
}

/// The products around a place and the first ones of the text (its subject): a bounded number, whatever the text.
fn near(products: &[Named], from: usize) -> impl Iterator<Item = (usize, &Named)> {
    const EACH_SIDE: usize = 12;
    const SUBJECTS: usize = 4;
    let at = products.partition_point(|named| named.from < from);
    let low = at.saturating_sub(EACH_SIDE);
    let high = (at + EACH_SIDE).min(products.len());
    (0..SUBJECTS.min(low)).chain(low..high).map(|at| (at, &products[at]))
}
