//! Hazards that only the headline names: a report whose text begins in the middle of things.
//!
//! The headline is read as a text of its own, unless the text repeats it. What the text itself says of a hazard, whatever its
//! stance, outweighs the headline. A signal from the headline has an empty `hazard_span` at 0, since spans are characters of
//! the text, and says in `title_span` where the hazard stands. A hazard of the headline whose product stands in the text takes the
//! first product there that fits.

use lexicon::Lexicon;
use vocabulary::{CharSpan, Document, Hazard, MentionKind, ProductFrom, Signal};

use super::analysis::{Analysis, Fate};
use super::products::{Choice, Named, Why};

/// Products of the text that are looked at for a hazard of the headline.
const PRODUCTS_MAX: usize = 4;

/// Gives hazards of the headline that name no product the first one of the text that fits.
pub(super) fn relate(analysis: &mut Analysis, lexicon: &Lexicon) {
    let Some(title) = &mut analysis.title else { return };
    let plain = |named: &&Named| !(named.part || named.generic || named.ambiguous || named.brand);
    for found in title.found.iter_mut().filter(|found| found.fate == Fate::NoProduct) {
        let effect = &lexicon.effects()[found.effect as usize];
        if effect.weak || effect.platform_only {
            continue;
        }
        let topic = analysis.layout.as_ref().and_then(|layout| layout.topics.first().copied().flatten());
        if let Some(topic) = topic.filter(|topic| effect.only.has(topic.category)) {
            found.choice = Some(Choice { category: topic.category, named: None, why: Why::Title });
            found.fate = Fate::Kept;
            continue;
        }
        let mut products = analysis.products.iter().filter(plain).take(PRODUCTS_MAX);
        if let Some(category) = products.find_map(|named| named.categories.and(effect.only).iter().next()) {
            found.choice = Some(Choice { category, named: None, why: Why::Title });
            found.fate = Fate::Kept;
        }
    }
}

/// Adds what only the headline says.
pub(super) fn add(signals: &mut Vec<Signal>, analysis: &Analysis, document: &Document, lexicon: &Lexicon) {
    let Some(title) = analysis.title.as_deref() else { return };
    if title.found.is_empty() {
        return;
    }
    for mut signal in super::signals(title, document, lexicon) {
        let same = |effect: u32| lexicon.effects()[effect as usize].hazard == signal.hazard;
        let speaks = |fate: Fate| !matches!(fate, Fate::NoProduct | Fate::Outside | Fate::Bystander);
        if analysis.found.iter().any(|found| same(found.effect) && speaks(found.fate)) {
            continue;
        }
        // A headline that only says 召回, 隐患 or 故障 adds nothing to a page that says which.
        let vague = matches!(signal.hazard, Hazard::Other | Hazard::Malfunction);
        if vague && analysis.layout.is_some() && signals.iter().any(|known| known.product == signal.product) {
            continue;
        }
        // A fault told below a headline of what came of it is the same event.
        if analysis.layout.as_ref().is_some_and(|layout| !layout.lists()) && signal.hazard.is_safety() {
            signals.retain(|known| known.product != signal.product || known.hazard != Hazard::Malfunction);
        }
        signal.severity = signal.severity.max(analysis.injury_of_article(signal.hazard, lexicon));
        signal.title_span = Some(signal.hazard_span);
        signal.hazard_span = CharSpan::new(0, 0);
        signal.product_span = None;
        if signal.product_from == ProductFrom::Text {
            signal.product_from = ProductFrom::Context;
        }
        let first = |kind| analysis.facts.iter().find(|fact| fact.kind == kind).map(|fact| fact.code.clone());
        signal.brand = signal.brand.or_else(|| first(MentionKind::Brand));
        signal.region = signal.region.or_else(|| first(MentionKind::Region).and_then(|code| code.parse().ok()));
        signals.push(signal);
    }
}
