//! Reads one document: which product, which hazard, claimed how, how bad, where, with the words that say so.
//!
//! In: a [`Document`] and a [`Lexicon`]. Out: a [`Reading`] (signals, mentions, problems), or an [`Explanation`] of how
//! it came about. Not here: I/O, clock, scores; nothing in this room knows what a signal is worth.
//!
//! Steps, each a file: fold the text (`normalise`), split it into `clauses`, find every dictionary word (`scan`; the words are `hits`),
//! match patterns (`matching`), judge what is claimed (`stance`), choose the product of each hazard (`relate`; over sentences `subject`),
//! find names (`facts`). `analysis` does this for one text, `document` for headline and text together, then asks the learned judge
//! (`judge`).
//!
//! - **READ-1** the same document and lexicon give the same reading, byte for byte.
//! - **READ-2** every span is on character borders of the folded text and leads back to the input.
//! - **READ-3** whatever the text, reading neither panics nor takes more than linear time: text, hits, gaps and the number
//!   of neighbours that are looked at are bounded by name.

mod analysis;
mod clauses;
mod confidence;
mod document;
mod english;
mod examples;
mod explain;
mod facts;
mod fingerprint;
mod hits;
pub mod inside;
pub mod judge;
mod layout;
mod matching;
mod normalise;
mod page;
mod possible;
mod products;
mod record;
mod relate;
mod scan;
mod stance;
mod standards;
mod structured;
mod subject;
mod title;
mod work;

use lexicon::Lexicon;
use lexicon::terms::Meaning;
use vocabulary::{
    Category, Document, Doubt, Hazard, Mention, MentionKind, Problem, Reading, RuleId, SHOWN_CHARS, Signal, Stance,
    excerpt,
};

use analysis::{Analysis, Fate, FoundHazard};

pub use examples::{ExampleResult, run_examples};
pub use explain::{Explanation, explain, explain_in};
pub use facts::is_vulnerable;
pub use fingerprint::{SHINGLE_CHARS, SHINGLE_CHARS_SHORT, SHORT_CHARS, fingerprint};
pub use hits::HITS_MAX;
pub use normalise::TEXT_CHARS_MAX;
pub use record::signal_records;
pub use standards::{RECHECKS_MAX, standard_note, without_year};

/// Most mentions in one reading; the rest is left out with a problem.
pub const MENTIONS_MAX: usize = 2_000;
/// Longest brand taken from a column as it stands, in characters.
const BRAND_CHARS_MAX: usize = 60;

/// Reads a document. Pure, total, linear in the length of the text.
pub fn read(document: &Document, lexicon: &Lexicon) -> Reading {
    read_with(document, lexicon, Analysis::new)
}

/// Like [`read`], but `None` when the document holds no signal. Names are not resolved then, which saves most of the work.
pub fn read_for_signals(document: &Document, lexicon: &Lexicon) -> Option<Reading> {
    let shape = DocumentShape::of(document, lexicon);
    let reading = if shape.sheet.is_some() || shape.latin {
        shape.read(document, lexicon, Analysis::new)
    } else {
        let analysis = Analysis::for_signals(document, lexicon)?;
        let signals = all_signals(&analysis, document, lexicon);
        let reading = (!signals.is_empty()).then(|| reading_with(signals, &analysis, document, lexicon));
        analysis.give_back();
        let mut reading = reading?;
        shape.apply(document, lexicon, &mut reading);
        reading
    };
    Some(reading).filter(|reading| !reading.signals.is_empty())
}

fn read_with(document: &Document, lexicon: &Lexicon, analyse: fn(&Document, &Lexicon) -> Analysis) -> Reading {
    DocumentShape::of(document, lexicon).read(document, lexicon, analyse)
}

/// The parts of a document that are not running Chinese text: columns and labelled fields, English records, announcements of standards.
struct DocumentShape {
    rows: Vec<Vec<structured::fields::Field>>,
    sheet: Option<structured::Sheet>,
    /// Whether the text is mostly Latin.
    latin: bool,
    /// The document with the product of its product column as its platform category.
    with_product: Option<Document>,
}

impl DocumentShape {
    fn of(document: &Document, lexicon: &Lexicon) -> Self {
        let rows = structured::fields::rows(document, lexicon.structured());
        let latin = english::is_latin(&document.text);
        let sheet = if rows.is_empty() || latin { None } else { structured::Sheet::of(&rows, lexicon) };
        let with_product = sheet.as_ref().and_then(|sheet| sheet.with_product_column(document, lexicon));
        Self { rows, sheet, latin, with_product }
    }

    /// Reads the document: its running text, then these parts.
    fn read(&self, document: &Document, lexicon: &Lexicon, analyse: fn(&Document, &Lexicon) -> Analysis) -> Reading {
        let document = self.with_product.as_ref().unwrap_or(document);
        let analysis = analyse(document, lexicon);
        let mut reading = reading_of(&analysis, document, lexicon);
        analysis.give_back();
        self.apply(document, lexicon, &mut reading);
        reading
    }

    fn apply(&self, document: &Document, lexicon: &Lexicon, reading: &mut Reading) {
        if let Some(sheet) = &self.sheet {
            sheet.apply(document, lexicon, reading);
        } else if self.latin && !lexicon.english().is_empty() {
            english::apply(document, &self.rows, lexicon, reading);
        }
        reading.rechecks = standards::rechecks(document, reading, lexicon);
    }
}

/// Like [`read`], without the learned judge.
pub fn read_by_rules(document: &Document, lexicon: &Lexicon) -> Reading {
    read_with(document, lexicon, Analysis::by_rules)
}

/// The category that the platform names for a document (`meta.platform_category`), when it is one we know.
pub fn category_of_meta(document: &Document, lexicon: &Lexicon) -> Option<Category> {
    lexicon.platform_category(document.meta_str("platform_category")?)
}

/// The reading that an analysis gives.
pub fn reading_of(analysis: &Analysis, document: &Document, lexicon: &Lexicon) -> Reading {
    reading_with(all_signals(analysis, document, lexicon), analysis, document, lexicon)
}

fn reading_with(signals: Vec<Signal>, analysis: &Analysis, document: &Document, lexicon: &Lexicon) -> Reading {
    let mut problems = Vec::new();
    if let Some(at) = analysis.folded.cut_at {
        problems.push(problem("text_too_long", format!("only the first {at} characters were read")));
    }
    if analysis.hits.overflow {
        problems.push(problem("too_many_hits", format!("only the first {HITS_MAX} dictionary hits were kept")));
    }
    if let Some(word) = document.meta_str("platform_category").filter(|_| analysis.meta.is_none()) {
        let word = excerpt(word, SHOWN_CHARS);
        problems.push(problem("unknown_platform_category", format!("`{word}` is in no platform_categories.tsv")));
    }
    let mut mentions = mentions(analysis, document, lexicon);
    if mentions.len() > MENTIONS_MAX {
        problems.push(problem("too_many_mentions", format!("{MENTIONS_MAX} of {} mentions are kept", mentions.len())));
        mentions.truncate(MENTIONS_MAX);
    }
    Reading {
        id: document.id.clone(),
        lexicon: lexicon.version().clone(),
        signals,
        mentions,
        problems,
        rechecks: Vec::new(),
        doubts: doubts(analysis, document, lexicon),
    }
}

/// Pairs that the judge neither clearly keeps nor clearly vetoes.
fn doubts(analysis: &Analysis, document: &Document, lexicon: &Lexicon) -> Vec<Doubt> {
    let unsure = analysis.judged_pairs.iter().filter(|pair| (Doubt::FROM..=Doubt::TO).contains(&pair.probability));
    let mut doubts: Vec<Doubt> = unsure
        .filter_map(|pair| {
            let of_pair = |found: &&FoundHazard| {
                let hazard = lexicon.effects()[found.effect as usize].hazard;
                hazard == pair.hazard && found.choice.is_some_and(|choice| choice.category == pair.category)
            };
            let judged = |found: &&FoundHazard| matches!(found.fate, Fate::Kept | Fate::Vetoed) && of_pair(found);
            let found = analysis.found.iter().filter(judged);
            let best = found.clone().find(|found| found.clause == pair.clause).or_else(|| found.clone().next())?;
            Some(Doubt {
                product: pair.category,
                hazard: pair.hazard,
                stance: best.judged.stance,
                severity: found.map(|found| found.severity).max().unwrap_or(0),
                words: analysis.folded.written(&document.text, best.from, best.to).to_owned(),
                probability: confidence::four_digits(pair.probability),
                kept: best.fate == Fate::Kept,
            })
        })
        .collect();
    doubts.sort_by(|a, b| {
        a.distance().total_cmp(&b.distance()).then_with(|| (a.product, a.hazard).cmp(&(b.product, b.hazard)))
    });
    doubts.truncate(Doubt::MAX);
    doubts
}

fn problem(kind: &str, detail: String) -> Problem {
    Problem { kind: kind.to_owned(), detail }
}

/// Signals of the text, then those that only the headline states.
fn all_signals(analysis: &Analysis, document: &Document, lexicon: &Lexicon) -> Vec<Signal> {
    let mut signals = signals(analysis, document, lexicon);
    title::add(&mut signals, analysis, document, lexicon);
    signals
}

/// One signal per distinct pair: an assertion beats a suspicion unless a page doubts it first, the first beats later ones; rules and
/// severity are joined.
fn signals(analysis: &Analysis, document: &Document, lexicon: &Lexicon) -> Vec<Signal> {
    let mut groups: Vec<((Category, Hazard), Vec<&FoundHazard>)> = Vec::new();
    for found in analysis.found.iter().filter(|found| found.fate == Fate::Kept) {
        let Some(choice) = found.choice else { continue };
        let key = (choice.category, lexicon.effects()[found.effect as usize].hazard);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(found),
            None => groups.push((key, vec![found])),
        }
    }
    let region = if groups.is_empty() { None } else { facts::meta_region(document, lexicon) };
    groups
        .into_iter()
        .filter_map(|((product, hazard), group)| {
            let doubted = analysis.is_doubted(&group, product, hazard, lexicon);
            let plain = if doubted { Stance::Suspected } else { Stance::Asserted };
            let best = *group.iter().min_by_key(|found| (found.judged.stance != plain, found.from))?;
            let choice = best.choice?;
            let facts = analysis.facts_about(best.clause);
            let recalled = analysis.layout.as_ref().is_some_and(|layout| layout.recalls(best.clause));
            let stance = match best.judged.stance {
                // The risk that a recall names is why the goods are called back.
                Stance::Suspected if recalled => Stance::Asserted,
                _ if doubted => Stance::Suspected,
                stance => stance,
            };
            let mut rules: Vec<RuleId> = group
                .iter()
                .flat_map(|found| {
                    let effect = lexicon.effects()[found.effect as usize].id.clone();
                    let cue = found.judged.cue.map(|hit| lexicon.cues()[hit.cue as usize].id.clone());
                    std::iter::once(effect).chain(cue)
                })
                .collect();
            rules.sort();
            rules.dedup();
            Some(Signal {
                product,
                hazard,
                stance,
                severity: group.iter().map(|found| found.severity).max().unwrap_or(0),
                product_span: choice.named.map(|at| {
                    let named = &analysis.products[at];
                    analysis.folded.original(named.from, named.to)
                }),
                hazard_span: analysis.folded.original(best.from, best.to),
                title_span: None,
                product_from: choice.product_from(),
                brand: brand_of(&facts, &analysis.clauses, best, document, lexicon),
                item: facts::item_for(&facts, &analysis.clauses, best.clause, best.from, document),
                region: facts::region_for(&facts, &analysis.clauses, best.clause, best.from).or(region),
                confidence: analysis
                    .judged_pairs
                    .iter()
                    .find(|pair| (pair.category, pair.hazard) == (product, hazard))
                    .map_or_else(|| confidence::of(best, lexicon), |pair| confidence::four_digits(pair.probability)),
                rules,
            })
        })
        .collect()
}

/// The nearest brand of the sentence, else the text's first, else the platform's word, in its canonical form.
fn brand_of(
    facts: &[facts::Fact],
    clauses: &[clauses::Clause],
    found: &FoundHazard,
    document: &Document,
    lexicon: &Lexicon,
) -> Option<String> {
    if let Some(stated) = document.meta_str("brand") {
        let folded = lexicon::fold_word(stated);
        let canonical = lexicon.canonical_brand(&folded).map(str::to_owned);
        return Some(canonical.unwrap_or_else(|| excerpt(stated, BRAND_CHARS_MAX)));
    }
    facts::brand_for(facts, clauses, found.clause, found.from).map(str::to_owned)
}

/// Everything named, in text order.
fn mentions(analysis: &Analysis, document: &Document, lexicon: &Lexicon) -> Vec<Mention> {
    let mut mentions = Vec::new();
    let Analysis { products, found, hurts, facts, .. } = analysis;
    if products.is_empty() && found.is_empty() && hurts.is_empty() && facts.is_empty() {
        return mentions;
    }
    let mut put = |from: usize, to: usize, kind, code: String, stance, rule: &RuleId| {
        let span = analysis.folded.original(from, to);
        let text = analysis.folded.written(&document.text, from, to).to_owned();
        mentions.push(Mention { kind, code, span, text, stance, rule: rule.clone() });
    };
    for named in &analysis.products {
        let Some(category) = named.categories.iter().next() else { continue };
        let rule = lexicon.entries()[named.entry as usize].meanings.iter().find_map(|meaning| match meaning {
            Meaning::Product(at) => Some(&lexicon.products()[*at as usize].rule),
            _ => None,
        });
        if let Some(rule) = rule {
            put(named.from, named.to, MentionKind::Product, category.code().to_owned(), Stance::Asserted, rule);
        }
    }
    for found in &analysis.found {
        let effect = &lexicon.effects()[found.effect as usize];
        let code = effect.hazard.code().to_owned();
        put(found.from, found.to, MentionKind::Hazard, code, found.judged.stance, &effect.id);
    }
    for hurt in &analysis.hurts {
        let injury = &lexicon.injuries()[hurt.injury as usize];
        put(hurt.from, hurt.to, MentionKind::Injury, injury.severity.to_string(), hurt.judged.stance, &injury.id);
    }
    for fact in &analysis.facts {
        put(fact.from, fact.to, fact.kind, fact.code.clone(), Stance::Asserted, &fact.rule);
    }
    mentions.sort_by(|a, b| (a.span, a.kind, &a.code, &a.rule).cmp(&(b.span, b.kind, &b.code, &b.rule)));
    mentions.dedup();
    mentions
}

#[cfg(test)]
mod tests;
