//! What a page or an item is about: the one product that headline, lead, counts and hazards speak for.
//!
//! A thing that only says where (电梯里), that was burnt (引燃沙发) or that somebody used (乘公交车) speaks little or nothing for
//! itself. Not here: what becomes of a hazard whose product is another one (`analysis`).

use vocabulary::Category;

use super::{Layout, Opening, Parts};
use crate::products::Named;

/// What an item is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Topic {
    /// The product.
    pub(crate) category: Category,
    /// Where it is named first, as an index into the products of the text; none when only the headline names it.
    pub(crate) named: Option<usize>,
    /// How strongly it is spoken for.
    pub(super) weight: u32,
}

/// How a product stands in its clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// As a thing that may be spoken of.
    Plain,
    /// As the first part of a longer name.
    Modifier,
    /// As a place: 电梯里.
    Place,
    /// As what a fire or a blow struck: 引燃沙发.
    Struck,
    /// As what somebody used: 乘公交车.
    Used,
}

/// Weights: a mention, a brand or part, one in the lead, at the head of an item, in the headline, before a hazard in its clause; least weight of a topic.
const MENTION: u32 = 2;
const HINT: u32 = 1;
const LEAD: u32 = 2;
const OPENS: u32 = 5;
const HEADLINE: u32 = 8;
const TIED: u32 = 3;
pub(super) const TOPIC_MIN: u32 = 6;
/// Least weight of what an item of a digest is about: it is named.
pub(super) const ITEM_MIN: u32 = 2;
/// Most that mentions add.
const MENTIONS_MAX: u32 = 16;
/// How far behind its product a hazard may stand in the clause, in characters.
const TIED_CHARS: usize = 12;
/// Characters in front of a product that are looked at for what was done to it.
const BEFORE_CHARS: usize = 6;
/// Products of a headline that are looked at.
const HEADLINE_PRODUCTS_MAX: usize = 4;

/// How each product of a text stands there.
pub(super) fn standings(parts: Parts<'_>) -> Vec<Standing> {
    let Parts { folded, clauses, products, lexicon, .. } = parts;
    let words = lexicon.pages();
    let standing = |(at, named): (usize, &Named)| {
        let clause = clauses[named.clause];
        let behind = &folded.chars[named.to.min(clause.to)..clause.to];
        let low = named.from.saturating_sub(BEFORE_CHARS).max(clause.from);
        let before = &folded.chars[low.min(named.from)..named.from];
        let joined = products
            .get(at + 1)
            .is_some_and(|next| next.from == named.to && !next.part && !next.brand && !next.generic);
        if joined {
            Standing::Modifier
        } else if words.burnt_behind.at(behind).is_some() || words.burnt_before.ends(before) {
            Standing::Struck
        } else if words.inside.at(behind).is_some() && words.not_inside.at(behind).is_none() {
            Standing::Place
        } else if words.used_before.ends(before) {
            Standing::Used
        } else {
            Standing::Plain
        }
    };
    products.iter().enumerate().map(standing).collect()
}

/// The products of each item with their weights; what the first words of an item name is what it is about.
pub(super) fn weighed(parts: Parts<'_>, layout: &Layout, items: &[u32], openings: &[Opening]) -> Vec<Vec<Topic>> {
    let count = items.iter().max().map_or(1, |last| *last as usize + 1);
    let mut weights: Vec<Vec<Topic>> = vec![Vec::new(); count];
    let mut add = |item: usize, category: Category, named: Option<usize>, weight: u32, most: u32| {
        let topics = &mut weights[item];
        match topics.iter_mut().find(|topic| topic.category == category) {
            Some(topic) => {
                topic.weight = (topic.weight + weight).min(most.max(topic.weight));
                topic.named = topic.named.or(named);
            }
            None => topics.push(Topic { category, named, weight: weight.min(most) }),
        }
    };
    for (at, named) in parts.products.iter().enumerate() {
        let Some(category) = sole(named).filter(|_| !layout.is_outside(named.clause)) else { continue };
        let weight = match (layout.standings[at], named.part || named.brand) {
            (Standing::Plain, false) => MENTION,
            (Standing::Plain, true) | (Standing::Used | Standing::Place, false) => HINT,
            _ => continue,
        };
        let item = items.get(named.clause).map_or(0, |item| *item as usize);
        let opens = openings.binary_search_by_key(&named.clause, |opening| opening.clause).is_ok();
        let lead = match (opens, layout.in_lead(named.clause)) {
            (true, _) => OPENS,
            (false, true) => LEAD,
            (false, false) => 0,
        };
        add(item, category, Some(at), weight + lead, MENTIONS_MAX);
        if tied(parts, named) {
            add(item, category, Some(at), TIED, MENTIONS_MAX + HEADLINE);
        }
    }
    let headline = parts.headline.map_or(&[][..], |headline| headline.products);
    let mut seen: Vec<Category> = Vec::new();
    for named in headline.iter().take(HEADLINE_PRODUCTS_MAX) {
        let Some(category) = sole(named).filter(|category| !seen.contains(category)) else { continue };
        seen.push(category);
        let weight = if named.part || named.brand { HEADLINE / 2 } else { HEADLINE };
        add(0, category, None, weight, MENTIONS_MAX + HEADLINE);
    }
    weights
}

/// What each item is about, of its products.
pub(super) fn topics(weighed: &[Vec<Topic>], parts: Parts<'_>, least: u32) -> Vec<Option<Topic>> {
    weighed.iter().map(|topics| best(topics, parts).filter(|topic| topic.weight >= least)).collect()
}

/// The product that is spoken for most; of two that one sentence would name together, the one that comes before the other.
fn best(topics: &[Topic], parts: Parts<'_>) -> Option<Topic> {
    let first = |topic: &Topic| topic.named.unwrap_or(usize::MAX);
    let top = *topics.iter().min_by_key(|topic| (std::cmp::Reverse(topic.weight), first(topic)))?;
    let over = topics
        .iter()
        .filter(|other| other.weight * 2 >= top.weight && parts.lexicon.over(other.category).has(top.category));
    Some(over.max_by_key(|other| other.weight).copied().unwrap_or(top))
}

/// The topics of a digest, each item that names none with that of the section above it.
pub(super) fn carried(mut topics: Vec<Option<Topic>>, openings: &[Opening]) -> Vec<Option<Topic>> {
    for at in 1..topics.len() {
        if topics[at].is_some() {
            continue;
        }
        let level = openings[at - 1].level;
        let above = openings[..at - 1].iter().rposition(|opening| opening.level < level);
        topics[at] = above.and_then(|above| topics[above + 1]);
    }
    topics
}

/// The one category of a product that is named plainly enough.
fn sole(named: &Named) -> Option<Category> {
    if named.generic || named.ambiguous || named.brand && named.categories.iter().nth(1).is_some() {
        return None;
    }
    named.categories.iter().next()
}

/// Whether a hazard stands right behind a product.
fn tied(parts: Parts<'_>, named: &Named) -> bool {
    let low = parts.hazards.partition_point(|(from, _)| *from < named.to);
    parts.hazards.get(low).is_some_and(|(from, clause)| *clause == named.clause && *from <= named.to + TIED_CHARS)
}
