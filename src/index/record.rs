//! What the index keeps of a document and its reading.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;
use tantivy::schema::Field;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::analysis::normalise;
use super::error::IndexError;
use super::filter::{SIGNAL_ANY, day_number};
use super::schema::Fields;
use super::stories::column_of;
use super::thesaurus::Thesaurus;
use vocabulary::{
    Category, Channel, Document, Fingerprint, Hazard, ItemNames, MentionKind, Position, Reading, RegionCode, Stance,
    day_of,
};

/// Longest text that is searched, in characters; the rest is kept and shown, not found.
pub const TEXT_CHARS_INDEXED_MAX: usize = 200_000;
/// Longest document id, in bytes.
pub const ID_BYTES_MAX: usize = 1024;
/// Longest name of a brand, platform, source, seller, maker, model, batch or item, in characters; the rest is cut.
const NAME_CHARS_MAX: usize = 128;
/// Longest number that a source gives, in characters.
const NUMBER_CHARS_MAX: usize = 24;

/// What a hit is shown from.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Stored<'a> {
    pub(super) document: Cow<'a, Document>,
    pub(super) position: Position,
    pub(super) categories: BTreeSet<Category>,
    pub(super) hazards: BTreeSet<Hazard>,
    pub(super) region: Option<RegionCode>,
    pub(super) brand: Option<String>,
    #[serde(default, skip_serializing_if = "ItemNames::is_empty")]
    pub(super) item: ItemNames,
    pub(super) severity: Option<u8>,
    pub(super) story: u64,
}

/// The facts of a document and its reading that can be asked for.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) categories: BTreeSet<Category>,
    pub(super) hazards: BTreeSet<Hazard>,
    stances: BTreeSet<Stance>,
    /// In order of trust: signals, text, source.
    pub(super) regions: Vec<RegionCode>,
    /// In order of trust: signals, text, source.
    pub(super) brands: Vec<String>,
    platforms: Vec<String>,
    goods: Goods,
    severity: Option<u8>,
    confidence: Option<f64>,
    /// `category/leaf`.
    leaves: BTreeSet<String>,
    /// What the signal field takes.
    signals: BTreeSet<String>,
}

impl Facts {
    pub(super) fn of(document: &Document, reading: &Reading, thesaurus: &Thesaurus) -> Self {
        let signals = &reading.signals;
        let named = |kind: MentionKind| {
            reading.mentions.iter().filter(move |mention| mention.kind == kind).map(|mention| mention.code.as_str())
        };
        let codes = named(MentionKind::Region).filter_map(|code| code.parse().ok());
        let told = document.meta_str("region").and_then(|name| told_region(name, thesaurus));
        let regions = signals.iter().filter_map(|signal| signal.region);
        let brands = signals.iter().filter_map(|signal| signal.brand.as_deref());
        let brands = brands.chain(named(MentionKind::Brand)).chain(document.meta_str("brand"));
        let stances = reading.mentions.iter().filter(|mention| mention.kind == MentionKind::Hazard);
        Self {
            categories: signals
                .iter()
                .map(|signal| signal.product)
                .chain(named(MentionKind::Product).filter_map(|code| code.parse().ok()))
                .collect(),
            hazards: signals.iter().map(|signal| signal.hazard).collect(),
            stances: signals.iter().map(|signal| signal.stance).chain(stances.map(|mention| mention.stance)).collect(),
            regions: distinct(regions.chain(codes).chain(told)),
            brands: names(brands),
            platforms: names(named(MentionKind::Platform).chain(document.meta_str("platform"))),
            goods: Goods::of(document, reading),
            severity: signals.iter().map(|signal| signal.severity).max(),
            confidence: signals.iter().map(|signal| signal.confidence).max_by(f64::total_cmp),
            leaves: (reading.mentions.iter())
                .filter(|mention| mention.kind == MentionKind::Product)
                .filter_map(|mention| thesaurus.leaf_of(&mention.text))
                .map(str::to_owned)
                .collect(),
            signals: (signals.iter().filter(|signal| signal.stance == Stance::Asserted))
                .flat_map(|signal| {
                    let (product, hazard) = (signal.product.code(), signal.hazard.code());
                    [SIGNAL_ANY.to_owned(), product.to_owned(), hazard.to_owned(), format!("{product}/{hazard}")]
                })
                .collect(),
        }
    }
}

/// What the very goods are called, each name once. In order of trust: signals, text, source.
#[derive(Debug)]
struct Goods {
    sellers: Vec<String>,
    makers: Vec<String>,
    models: Vec<String>,
    batches: Vec<String>,
    /// The platform's ids of what is offered.
    items: Vec<String>,
}

impl Goods {
    fn of(document: &Document, reading: &Reading) -> Self {
        let items = || reading.signals.iter().map(|signal| &signal.item);
        let shops = reading.mentions.iter().filter(|mention| mention.kind == MentionKind::Shop);
        let sellers = items().filter_map(|item| item.seller.as_deref()).chain(shops.map(|shop| shop.code.as_str()));
        // Interfaces of platforms give ids as numbers, too.
        let number = document.meta.get("item_id").filter(|id| id.is_number()).map(ToString::to_string);
        Self {
            sellers: names(sellers.chain(document.meta_str("seller"))),
            makers: names(items().filter_map(|item| item.maker.as_deref()).chain(document.meta_str("producer"))),
            models: names(items().filter_map(|item| item.model.as_deref()).chain(document.meta_str("model"))),
            batches: names(items().filter_map(|item| item.batch.as_deref()).chain(document.meta_str("batch"))),
            items: names(document.meta_str("item_id").into_iter().chain(number.as_deref())),
        }
    }

    /// The names by the field that takes them.
    fn by_field(&self, fields: &Fields) -> [(Field, &[String]); 5] {
        [
            (fields.seller, self.sellers.as_slice()),
            (fields.maker, self.makers.as_slice()),
            (fields.model, self.models.as_slice()),
            (fields.batch, self.batches.as_slice()),
            (fields.item, self.items.as_slice()),
        ]
    }

    /// The first name of each kind.
    fn first(&self) -> ItemNames {
        ItemNames {
            maker: self.makers.first().cloned(),
            seller: self.sellers.first().cloned(),
            model: self.models.first().cloned(),
            batch: self.batches.first().cloned(),
        }
    }
}

/// The place that a source tells, by code or by a name that means one place only.
fn told_region(name: &str, thesaurus: &Thesaurus) -> Option<RegionCode> {
    let only = || thesaurus.places(&normalise(name)).filter(|places| places.codes.len() == 1);
    name.parse().ok().or_else(|| only()?.codes.first().copied())
}

/// A number that a source gives: `4.5`, `"¥1,299.00"`, `"3 星"`.
pub(super) fn number_of(value: &serde_json::Value) -> Option<f64> {
    let text = match value {
        serde_json::Value::Number(number) => return number.as_f64(),
        serde_json::Value::String(text) => normalise(text),
        _ => return None,
    };
    let digits: String = text
        .trim_start_matches(|letter: char| !letter.is_ascii_digit() && letter != '-')
        .chars()
        .filter(|letter| *letter != ',')
        .take_while(|letter| letter.is_ascii_digit() || matches!(letter, '.' | '-'))
        .take(NUMBER_CHARS_MAX)
        .collect();
    digits.trim_end_matches('.').parse().ok().filter(|number: &f64| number.is_finite())
}

/// The tantivy document of a document as read.
pub(super) fn to_tantivy(
    fields: &Fields,
    document: &Document,
    reading: &Reading,
    position: Position,
    (story, print): (u64, &Fingerprint),
    thesaurus: &Thesaurus,
) -> Result<TantivyDocument, IndexError> {
    let facts = Facts::of(document, reading, thesaurus);
    let mut out = TantivyDocument::default();
    let id = document.id.as_str();
    out.add_text(fields.id, id);
    out.add_u64(fields.id_key, xxh3_64(id.as_bytes()));
    out.add_u64(fields.position, position.0);

    let mut text = normalise(&document.text);
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_INDEXED_MAX) {
        text.truncate(end);
    }
    if let Some(title) = &document.title {
        let mut title = normalise(title);
        if let Some((end, _)) = title.char_indices().nth(TEXT_CHARS_INDEXED_MAX) {
            title.truncate(end);
        }
        out.add_text(fields.title_words, &title);
        if !text.starts_with(&title) {
            // A second value of the same field: positions go on behind a gap, so that no phrase spans title and text.
            out.add_text(fields.words, &title);
            out.add_text(fields.bigrams, &title);
        }
    }
    out.add_text(fields.words, &text);
    out.add_text(fields.bigrams, text);

    if let Some(event) = document.event_at() {
        out.add_i64(fields.event_s, event.as_second());
        out.add_i64(fields.event_day, day_number(day_of(event)));
    }
    if let Some(seen) = document.seen_at {
        out.add_i64(fields.seen_day, day_number(day_of(seen)));
    }
    out.add_text(fields.channel, document.channel.code());
    for source in names(std::iter::once(document.source.as_str())) {
        out.add_text(fields.source, source);
    }
    facts.categories.iter().for_each(|category| out.add_text(fields.category, category.code()));
    facts.hazards.iter().for_each(|hazard| out.add_text(fields.hazard, hazard.code()));
    facts.stances.iter().for_each(|stance| out.add_text(fields.stance, stance.code()));
    for region in facts.regions.iter().flat_map(|r| [*r, r.prefecture(), r.province()]).collect::<BTreeSet<_>>() {
        out.add_text(fields.region, region.to_string());
    }
    for province in facts.regions.iter().map(|region| region.province()).collect::<BTreeSet<_>>() {
        out.add_text(fields.province, province.to_string());
    }
    facts.brands.iter().for_each(|brand| out.add_text(fields.brand, brand));
    facts.platforms.iter().for_each(|platform| out.add_text(fields.platform, platform));
    for (field, names) in facts.goods.by_field(fields) {
        for name in names {
            out.add_text(field, name);
        }
    }
    if let Some(severity) = facts.severity {
        out.add_u64(fields.severity, u64::from(severity));
    }
    facts.leaves.iter().for_each(|leaf| out.add_text(fields.leaf, leaf));
    facts.signals.iter().for_each(|signal| out.add_text(fields.signal, signal));
    if let Some(confidence) = facts.confidence {
        out.add_f64(fields.confidence, confidence);
    }
    for (field, key) in [(fields.rating, "rating"), (fields.price, "price")] {
        if let Some(number) = document.meta.get(key).and_then(number_of) {
            out.add_f64(field, number);
        }
    }
    out.add_u64(fields.story, story);
    column_of(print).for_each(|value| out.add_u64(fields.print, value));
    out.add_u64(fields.actor, actor_of(document, story));
    if let Some(region) = facts.regions.first() {
        out.add_u64(fields.place, u64::from(region.prefecture().number()));
    }
    let stored = Stored {
        document: Cow::Borrowed(document),
        position,
        region: facts.regions.first().copied(),
        brand: facts.brands.first().cloned(),
        item: facts.goods.first(),
        severity: facts.severity,
        story,
        categories: facts.categories,
        hazards: facts.hazards,
    };
    out.add_text(fields.stored, serde_json::to_string(&stored)?);
    Ok(out)
}

/// Who is counted as its writer. What nobody signed is the source's own where the source writes, and where others write to it
/// (complaints, reviews) somebody else's for every story.
fn actor_of(document: &Document, story: u64) -> u64 {
    let source = document.source.as_str();
    match document.meta_str("author") {
        Some(author) => xxh3_64(author.as_bytes()),
        None if matches!(document.channel, Channel::Complaint | Channel::Platform) => {
            xxh3_64_with_seed(source.as_bytes(), story)
        }
        None => xxh3_64(source.as_bytes()),
    }
}

/// Each name once, in order, bounded.
fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    distinct(
        names.map(|name| name.trim().chars().take(NAME_CHARS_MAX).collect()).filter(|name: &String| !name.is_empty()),
    )
}

fn distinct<T: Ord + Clone>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    values.filter(|value| seen.insert(value.clone())).collect()
}
