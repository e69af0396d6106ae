//! Which product a hazard belongs to: clause, sentence, document, the platform's word, what the hazard implies.

use lexicon::terms::{Effect, Meaning};
use lexicon::{CategorySet, Lexicon};
use vocabulary::{Category, Hazard};

use super::clauses::Clause;
use super::products::{Choice, Named, Why};
use super::subject::{self, Before};
use super::work;

/// How near a malfunction must stand to its product where no platform tells the product, in characters.
const BESIDE_CHARS: usize = 10;

/// Hazards whose words stand before the product as often as behind it, where no platform tells the product.
const ATTRIBUTIVE: [Hazard; 5] =
    [Hazard::Counterfeit, Hazard::Microbial, Hazard::Other, Hazard::Labelling, Hazard::Chemical];

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
        implied: effect.implies,
        platform_names_product: meta.is_some(),
        attributive: meta.is_none() && ATTRIBUTIVE.contains(&effect.hazard),
    };
    let implied = || effect.implies.map(|category| Choice { category, named: None, why: Why::Implied });
    if effect.no_platform_only && meta.is_some() {
        return None;
    }
    let Some(meta) = meta else {
        if effect.platform_only {
            return None;
        }
        // Weak words need their product close by; a mere malfunction needs it right beside, or every torn sock on a stage counts.
        let right_beside = effect.weak && effect.hazard == Hazard::Malfunction;
        let beside = |named: &Named| named.clause == clause && distance(named, from, to) <= BESIDE_CHARS;
        let nearest = place.nearest(|named| {
            if right_beside && !beside(named) { CategorySet::NONE } else { named.categories.and(effect.only) }
        });
        let close = |choice: &Choice| right_beside || choice.why <= Why::Sentence;
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

/// What a brand is best known for: what it names when it is used as a product's name, else the first category of its row, unless it
/// is an everyday word too (老板).
fn best_known_for(named: &Named, lexicon: &Lexicon) -> Option<Category> {
    let meanings = &lexicon.entries()[named.entry as usize].meanings;
    let product = meanings.iter().find_map(|meaning| match meaning {
        Meaning::Product(at) => Some(&lexicon.products()[*at as usize]).filter(|term| term.brand),
        _ => None,
    });
    let brand = meanings.iter().find_map(|meaning| match meaning {
        Meaning::Brand(at) => Some(&lexicon.brands()[*at as usize]).filter(|term| !term.ambiguous),
        _ => None,
    });
    product.map(|term| term.category).or_else(|| brand?.best_known_for)
}

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
    /// What the hazard is about when no product is named.
    implied: Option<Category>,
    /// Whether the platform tells the product.
    platform_names_product: bool,
    /// Whether the hazard's words can stand before what they are said of: 过期牛奶, 假茅台.
    attributive: bool,
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
            let fits = allowed(named);
            let Some(mut category) = fits.iter().next() else { continue };
            // A brand that makes several things names none of them, unless nothing else is named: then what it is best known for.
            let several = named.brand && fits.iter().nth(1).is_some();
            if several {
                match best_known_for(named, self.lexicon)
                    .filter(|known| fits.has(*known) && !self.platform_names_product)
                {
                    Some(known) => category = known,
                    None => continue,
                }
            }
            let (why, frame) = if named.clause == self.clause {
                (Why::Clause, 0)
            } else if self.clauses[named.clause].sentence == sentence {
                (Why::Sentence, 1)
            } else {
                (Why::Text, 2)
            };
            // 系统 or 电池 alone belongs to nobody where no platform says what the text is about.
            let nobodys = named.part && named.ambiguous && !self.platform_names_product;
            if named.generic || nobodys || (named.ambiguous && why != Why::Clause) {
                continue;
            }
            let gives_way = in_sentence.iter().any(|other| self.lexicon.over(other).has(category));
            let modifier = self
                .products
                .get(at + 1)
                .is_some_and(|next| next.from == named.to && !next.part && !next.brand && !next.generic);
            let touches = self.attributive && named.from == self.to;
            let distance = if touches { 0 } else { distance(named, self.from, self.to).min(1 << 20) as u64 };
            // In 假白酒 and 毒枸杞 the product inside the words is what is meant; in 农药超标 it is not.
            let within = named.from >= self.from && named.to <= self.to;
            let meant = self.inside_counts || self.implied == Some(category);
            let inside = within && !meant;
            let rank = (u64::from(several) << 43)
                + (u64::from(gives_way) << 42)
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
