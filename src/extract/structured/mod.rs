//! Structured sources: spot-check rows and recall notices whose fields say what an ordinary sentence would not.
//!
//! In: a document, its reading so far, the lexicon's tables. Out: the reading with the signals of its fields. A row says which
//! product, which items failed, and the test result; a failed item stands for a hazard (`rules/structured/test_items.tsv`). The
//! product column is the authority on the product, the test result on whether there is a signal at all. Not here: which
//! heading plays which role (`rules/structured/fields.toml`), English lists (`english`).
//!
//! Spans: a value that stands in the text is marked there; one that only `meta` has is evidenced by the text as a whole, at most
//! [`fields::SPAN_CHARS_MAX`] characters of it (docs/decisions/0008).

pub(super) mod fields;

use lexicon::structured::{Role, TestResult};
use lexicon::terms::Meaning;
use lexicon::{Lexicon, fold_word};
use vocabulary::{
    Category, CharSpan, Document, Hazard, ItemNames, Language, Mention, MentionKind, Problem, ProductFrom, Reading,
    RegionCode, RuleId, Signal, Stance, excerpt, said,
};

use super::analysis::{Analysis, Fate};
use super::facts;
use super::normalise::Folded;
use fields::{Field, SPAN_CHARS_MAX};
/// Longest name kept as a code, in characters.
const NAME_CHARS_MAX: usize = 60;

/// A structured document, worked out.
#[derive(Debug)]
pub(super) struct Sheet {
    rows: Vec<ReportRow>,
}

#[derive(Debug)]
struct ReportRow {
    fields: Vec<Field>,
    /// What the product column names.
    category: Option<Category>,
    result: TestResult,
}

impl ReportRow {
    fn new(fields: &[Field], lexicon: &Lexicon) -> Option<Self> {
        let tables = lexicon.structured();
        let has = |role| fields.iter().any(|field| field.role == role);
        let named = has(Role::Product) || has(Role::Category);
        let says = [Role::FailedItem, Role::Hazard, Role::Defect, Role::Consequence].into_iter().any(has);
        let judged = has(Role::Result) && (has(Role::TestedItem) || fields.len() >= 3);
        let measured = has(Role::TestedItem) && has(Role::Limit) && has(Role::Measured);
        if !(named && (says || judged || measured)) {
            return None;
        }
        let of = |role| fields.iter().filter(move |field: &&Field| field.role == role);
        let category = of(Role::Product)
            .find_map(|field| category_of_name(&field.value, lexicon))
            .or_else(|| of(Role::Category).find_map(|field| category_of_name(&field.value, lexicon)));
        let results: Vec<TestResult> = of(Role::Result).map(|field| tables.test_result(&field.value)).collect();
        let result = if results.contains(&TestResult::Fail) {
            TestResult::Fail
        } else if results.contains(&TestResult::Pass) {
            TestResult::Pass
        } else {
            TestResult::Unclear
        };
        Some(Self { fields: fields.to_vec(), category, result })
    }

    fn of(&self, role: Role) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.role == role)
    }
}

/// A hazard that a row states.
struct Stated {
    hazard: Hazard,
    span: CharSpan,
    rule: RuleId,
    confidence: f64,
    severity: u8,
}

impl Sheet {
    /// The sheet of a document, when it is structured.
    pub(super) fn of(rows: &[Vec<Field>], lexicon: &Lexicon) -> Option<Self> {
        let rows: Vec<ReportRow> = rows.iter().filter_map(|fields| ReportRow::new(fields, lexicon)).collect();
        (!rows.is_empty()).then_some(Self { rows })
    }

    /// The document with the product of its product column as its platform category; `None` where the platform names a known one.
    pub(super) fn with_product_column(&self, document: &Document, lexicon: &Lexicon) -> Option<Document> {
        let [row] = self.rows.as_slice() else { return None };
        let category = row.category.filter(|_| super::category_of_meta(document, lexicon).is_none())?;
        let mut document = document.clone();
        document.meta.insert("platform_category".to_owned(), category.code().into());
        Some(document)
    }

    /// Puts the signals and mentions of the fields into the reading. A field has the last word over what was read of the same
    /// stretch as running text.
    pub(super) fn apply(&self, document: &Document, lexicon: &Lexicon, reading: &mut Reading) {
        let mut signals: Vec<Signal> = Vec::new();
        for row in &self.rows {
            let before = signals.len();
            row.signals(document, lexicon, reading, &mut signals);
            row.mentions(document, lexicon, reading);
            if signals.len() == before && row.result != TestResult::Fail {
                row.deny(reading);
            }
        }
        let extents: Vec<CharSpan> =
            self.rows.iter().flat_map(|row| &row.fields).filter_map(|field| field.extent).collect();
        let passed = self.rows.iter().all(|row| row.result == TestResult::Pass);
        reading.signals.retain(|read| {
            // The same pair read as running text supports what the field says.
            if let Some(same) = signals.iter_mut().find(|one| (one.product, one.hazard) == (read.product, read.hazard))
            {
                same.rules.extend(read.rules.iter().cloned());
                same.rules.sort();
                same.rules.dedup();
                return false;
            }
            let inside = extents.iter().any(|extent| extent.overlaps(read.hazard_span));
            let said = signals.iter().any(|signal| signal.hazard == read.hazard);
            !(inside || said || passed)
        });
        // What the prose of a notice says beside its fields comes after them.
        signals.append(&mut reading.signals);
        let mut seen = std::collections::BTreeSet::new();
        signals.retain(|signal| seen.insert((signal.product, signal.hazard)));
        reading.signals = signals;
        reading.mentions.sort_by(|a, b| (a.span, a.kind, &a.code, &a.rule).cmp(&(b.span, b.kind, &b.code, &b.rule)));
        reading.mentions.dedup();
        reading.mentions.truncate(super::MENTIONS_MAX);
    }

    /// The fields as an explanation shows them, one line a row.
    pub(super) fn lines(&self, language: Language) -> Vec<String> {
        let line = |row: &ReportRow| {
            let fields = row.fields.iter().map(|field| {
                let value: String = field.value.chars().take(NAME_CHARS_MAX).collect();
                let aside = language.pick("（仅在元数据）", " (in the metadata alone)");
                let name = language.pick(field.role.zh(), field.role.en());
                format!("{name}={value}{}", if field.span.is_some() { "" } else { aside })
            });
            let category = row.category.map_or_else(
                || language.pick("未收录", "not known").to_owned(),
                |category| format!("{} {category}", language.pick(category.zh(), category.en())),
            );
            let result = match row.result {
                TestResult::Fail => language.pick("不合格", "failed"),
                TestResult::Pass => language.pick("合格", "passed"),
                _ => language.pick("未写明", "not told"),
            };
            let fields = fields.collect::<Vec<_>>().join(language.pick("；", "; "));
            said!(
                language,
                "{fields}  → 产品 {category}，结论 {result}",
                "{fields}  → product {category}, result {result}"
            )
        };
        self.rows.iter().map(line).collect()
    }
}

impl ReportRow {
    fn signals(&self, document: &Document, lexicon: &Lexicon, reading: &mut Reading, signals: &mut Vec<Signal>) {
        let mut stated = self.stated(document, lexicon, reading);
        if stated.is_empty() {
            return;
        }
        let safety = stated.iter().any(|one| one.hazard.is_safety() && one.hazard != Hazard::Other);
        let prose = self.of(Role::FailedItem).next().is_none();
        // A recall says how it breaks and what that may do: the harm is the hazard. Without any, what breaks.
        stated.retain(|one| !(prose && safety && matches!(one.hazard, Hazard::Malfunction | Hazard::Other)));
        let platform = super::category_of_meta(document, lexicon);
        let product = self.category.or(platform).unwrap_or(Category::OtherProduct);
        if self.category.or(platform).is_none()
            && let Some(named) = self.of(Role::Product).next()
        {
            let name: String = named.value.chars().take(NAME_CHARS_MAX).collect();
            reading.problems.push(Problem { kind: "unknown_product".to_owned(), detail: name });
        }
        let product_span = self.of(Role::Product).find_map(|field| field.span);
        let brand = self.of(Role::Brand).find_map(|field| canonical_brand(&field.value, lexicon));
        let region = self.region(document, lexicon);
        let item = self.item();
        for one in stated {
            if let Some(known) = signals.iter_mut().find(|known| (known.product, known.hazard) == (product, one.hazard))
            {
                if !known.rules.contains(&one.rule) {
                    known.rules.push(one.rule);
                    known.rules.sort();
                }
                known.severity = known.severity.max(one.severity);
                continue;
            }
            signals.push(Signal {
                product,
                hazard: one.hazard,
                stance: Stance::Asserted,
                severity: one.severity,
                product_span,
                hazard_span: one.span,
                title_span: None,
                product_from: if product_span.is_some() { ProductFrom::Text } else { ProductFrom::Meta },
                brand: brand.clone(),
                item: item.clone(),
                region,
                confidence: one.confidence,
                rules: vec![one.rule],
            });
        }
    }

    /// What the columns call the goods.
    fn item(&self) -> ItemNames {
        let named = |role: Role| {
            let mut fields = self.of(role).filter(|field| !field.value.is_empty());
            fields.next().map(|field| excerpt(&field.value, ItemNames::CHARS_MAX))
        };
        ItemNames {
            maker: named(Role::Firm),
            seller: named(Role::Seller),
            model: named(Role::Model),
            batch: named(Role::Batch),
        }
    }

    /// What the fields say is wrong. Nothing when the product passed.
    fn stated(&self, document: &Document, lexicon: &Lexicon, reading: &mut Reading) -> Vec<Stated> {
        let tables = lexicon.structured();
        let sure = &tables.confidence;
        let mut stated = Vec::new();
        if self.result == TestResult::Pass {
            return stated;
        }
        let full = |field: &&Field| !tables.is_nothing(&field.value);
        let mut failed: Vec<&Field> = self.of(Role::FailedItem).filter(full).collect();
        if failed.is_empty() && (self.result == TestResult::Fail || self.is_over_limit()) {
            failed = self.of(Role::TestedItem).filter(full).collect();
        }
        for field in &failed {
            let before = stated.len();
            let folded = Folded::new(&field.value);
            for (from, to, name, hazard) in tables.items(&folded.chars, self.category) {
                stated.push(Stated {
                    hazard,
                    span: span_in(field, Some(folded.original(from, to)), document),
                    rule: RuleId::new(format!("dict:test_items/{name}")),
                    confidence: sure.item,
                    severity: 0,
                });
            }
            if stated.len() == before {
                materials(field, &folded, lexicon, document, &mut stated);
            }
            if stated.len() == before {
                self.prose(field, document, lexicon, &mut stated);
            }
            if stated.len() == before && self.result == TestResult::Pass {
                continue;
            }
            if stated.len() == before {
                let name: String = field.value.chars().take(NAME_CHARS_MAX).collect();
                reading.problems.push(Problem { kind: "unknown_test_item".to_owned(), detail: name });
                stated.push(vague(field, document, "structured:failed_item", sure.vague));
            }
        }
        for field in self.of(Role::Hazard).filter(full) {
            let parts = field.value.split(['、', '，', ',', ';', '；', '/', '+', '与', '和']);
            for hazard in parts.filter_map(|part| tables.hazard(part)) {
                let rule = RuleId::from("structured:hazard");
                let span = span_in(field, None, document);
                stated.push(Stated { hazard, span, rule, confidence: sure.hazard, severity: 0 });
            }
        }
        let prose: Vec<&Field> =
            self.of(Role::Defect).chain(self.of(Role::Consequence)).filter(|field| full(field)).collect();
        for field in &prose {
            let before = stated.len();
            self.prose(field, document, lexicon, &mut stated);
            // 跌落受伤, 碰撞风险: a bare name of a harm is enough where the column is about harm.
            if stated.len() == before
                && field.role == Role::Consequence
                && let Some(hazard) = tables.hazard(&field.value)
            {
                let span = span_in(field, None, document);
                let rule = RuleId::from("structured:consequence");
                stated.push(Stated { hazard, span, rule, confidence: sure.defect, severity: 0 });
            }
        }
        // What overheats until it burns is a fire.
        if stated.iter().any(|one| one.hazard == Hazard::Fire) {
            stated.retain(|one| one.hazard != Hazard::Burn || !is_mere_heat(one.span.slice(&document.text)));
        }
        if stated.is_empty() {
            let why = prose
                .first()
                .copied()
                .or_else(|| (self.result == TestResult::Fail).then(|| self.of(Role::Result).next()).flatten());
            stated.extend(why.map(|field| vague(field, document, "structured:unnamed", sure.vague)));
        }
        stated
    }

    /// Reads a cell of prose as being about the product. What a notice says may happen is what it recalls for: only a denial
    /// keeps it out.
    fn prose(&self, field: &Field, document: &Document, lexicon: &Lexicon, stated: &mut Vec<Stated>) {
        let mut cell = document.clone();
        cell.text.clone_from(&field.value);
        cell.title = None;
        if let Some(category) = self.category {
            cell.meta.insert("platform_category".to_owned(), category.code().into());
        }
        let analysis = Analysis::new(&cell, lexicon);
        for found in &analysis.found {
            let effect = &lexicon.effects()[found.effect as usize];
            if found.judged.stance == Stance::Negated || matches!(found.fate, Fate::Bare | Fate::Settled) {
                continue;
            }
            stated.push(Stated {
                hazard: effect.hazard,
                span: span_in(field, Some(analysis.folded.original(found.from, found.to)), document),
                rule: effect.id.clone(),
                confidence: lexicon.structured().confidence.defect,
                severity: found.severity,
            });
        }
    }

    /// Whether the value found breaks the limit, when both are plain numbers.
    fn is_over_limit(&self) -> bool {
        let limit = self.of(Role::Limit).find_map(|field| limit(&field.value));
        let value = self.of(Role::Measured).find_map(|field| number(&field.value));
        match (limit, value) {
            (Some((bound, true)), Some(value)) => value > bound,
            (Some((bound, false)), Some(value)) => value < bound,
            _ => false,
        }
    }

    fn region(&self, document: &Document, lexicon: &Lexicon) -> Option<RegionCode> {
        let of = |text: &str| {
            let mut place = document.clone();
            place.text.clear();
            place.meta.insert("region".to_owned(), text.into());
            facts::meta_region(&place, lexicon)
        };
        self.of(Role::Place)
            .chain(self.of(Role::Firm))
            .find_map(|field| of(&field.value))
            .or_else(|| facts::meta_region(document, lexicon))
    }

    /// Firms, shops, places, models and batches where the text holds them.
    fn mentions(&self, document: &Document, lexicon: &Lexicon, reading: &mut Reading) {
        for field in &self.fields {
            let Some(span) = field.span.filter(|_| !lexicon.structured().is_nothing(&field.value)) else { continue };
            let kind = match field.role {
                Role::Firm => MentionKind::Firm,
                Role::Seller => MentionKind::Shop,
                Role::Model | Role::Batch => MentionKind::Model,
                _ => continue,
            };
            reading.mentions.push(Mention {
                kind,
                code: field.value.chars().take(NAME_CHARS_MAX).collect(),
                span,
                text: span.slice(&document.text).to_owned(),
                stance: Stance::Asserted,
                rule: RuleId::from("structured:field"),
            });
        }
        if self.result == TestResult::Pass {
            return;
        }
        for field in self.of(Role::FailedItem).chain(self.of(Role::TestedItem)) {
            let folded = Folded::new(&field.value);
            for (from, to, name, hazard) in lexicon.structured().items(&folded.chars, self.category) {
                if field.span.is_none() {
                    continue;
                }
                let span = span_in(field, Some(folded.original(from, to)), document);
                reading.mentions.push(Mention {
                    kind: MentionKind::Hazard,
                    code: hazard.code().to_owned(),
                    span,
                    text: span.slice(&document.text).to_owned(),
                    stance: Stance::Asserted,
                    rule: RuleId::new(format!("dict:test_items/{name}")),
                });
            }
        }
    }

    /// A row that found nothing wrong denies the hazards that its cells name.
    fn deny(&self, reading: &mut Reading) {
        if self.result != TestResult::Pass {
            return;
        }
        for field in &self.fields {
            let Some(span) = field.span else { continue };
            for mention in &mut reading.mentions {
                if mention.kind == MentionKind::Hazard && mention.stance.counts() && span.overlaps(mention.span) {
                    mention.stance = Stance::Negated;
                }
            }
        }
    }
}

/// Words for heat that name no harm to a person.
fn is_mere_heat(words: &str) -> bool {
    ["过热", "发热", "高温", "温度", "温升"].iter().any(|word| words.contains(word))
        && !words.contains(['烫', '灼', '伤'])
}

fn vague(field: &Field, document: &Document, rule: &str, confidence: f64) -> Stated {
    let span = span_in(field, None, document);
    Stated { hazard: Hazard::Other, span, rule: RuleId::new(rule), confidence, severity: 0 }
}

/// Substances found: the longest material names of a cell, where no test item is known by that name.
fn materials(field: &Field, folded: &Folded, lexicon: &Lexicon, document: &Document, stated: &mut Vec<Stated>) {
    let hits = super::scan::scan(folded, &[], lexicon);
    let mut end = 0;
    for hit in &hits.all {
        let (from, to) = (hit.from as usize, hit.to as usize);
        let entry = &lexicon.entries()[hit.entry as usize];
        if from < end {
            continue;
        }
        let hazard = entry
            .classes
            .iter()
            .find_map(|class| lexicon.class_name(*class).strip_prefix("material.")?.parse::<Hazard>().ok());
        if let Some(hazard) = hazard {
            end = to;
            stated.push(Stated {
                hazard,
                span: span_in(field, Some(folded.original(from, to)), document),
                rule: RuleId::new(format!("dict:materials/{}", entry.surface)),
                confidence: lexicon.structured().confidence.item,
                severity: 0,
            });
        }
    }
}

/// Where a piece of a value stands in the text: there, or the stretch that stands for the whole document.
fn span_in(field: &Field, inside: Option<CharSpan>, document: &Document) -> CharSpan {
    match (field.span, inside) {
        (Some(whole), Some(inside)) => {
            let from = whole.from() + inside.from();
            CharSpan::new(from.min(whole.to()), (whole.from() + inside.to()).min(whole.to()))
        }
        (Some(whole), None) => whole,
        (None, _) => CharSpan::new(0, document.text.chars().take(SPAN_CHARS_MAX).count()),
    }
}

/// The category of a product's name: as a platform's word, else by the last product word in it (儿童用【不锈钢真空杯】); what
/// stands in brackets says less.
pub(super) fn category_of_name(name: &str, lexicon: &Lexicon) -> Option<Category> {
    if let Some(known) = lexicon.platform_category(name) {
        return Some(known);
    }
    let folded = fold_word(name);
    let plain = without_brackets(&folded);
    let head = |text: &str| {
        let chars: Vec<char> = text.chars().collect();
        let hits = lexicon.surfaces().all(&chars).into_iter().filter_map(|(_, end, entry)| {
            let entry = &lexicon.entries()[entry as usize];
            let term = entry.meanings.iter().find_map(|meaning| match meaning {
                Meaning::Product(at) => Some(&lexicon.products()[*at as usize]),
                _ => None,
            })?;
            let whole = !(term.part || term.brand);
            (!term.generic && entry.chars > 1).then_some(((whole, end, entry.chars), term.category))
        });
        hits.max_by_key(|(rank, _)| *rank).map(|(_, category)| category)
    };
    let found = head(&plain).or_else(|| head(&folded)).or_else(|| super::english::category_of_name(name, lexicon))?;
    let young = ["儿童", "婴", "童装", "童鞋", "幼儿", "学生"].iter().any(|word| folded.contains(word));
    Some(match found {
        Category::Clothing | Category::ShoeBag if young => Category::ChildWear,
        other => other,
    })
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '(' | '[' | '【' => depth += 1,
            ')' | ']' | '】' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(character),
            _ => {}
        }
    }
    plain
}

/// A brand in its canonical form, else as it is written.
fn canonical_brand(name: &str, lexicon: &Lexicon) -> Option<String> {
    if lexicon.structured().is_nothing(name) {
        return None;
    }
    let folded = fold_word(name);
    let known = lexicon.canonical_brand(&folded).map(str::to_owned);
    Some(known.unwrap_or_else(|| name.chars().take(NAME_CHARS_MAX).collect()))
}

/// A limit such as `≤0.15mg/L` or `≥ 40%`: the number, and whether it is an upper one. A bare number is no limit.
fn limit(cell: &str) -> Option<(f64, bool)> {
    let folded = fold_word(cell);
    let marks =
        [("≤", true), ("<", true), ("不大于", true), ("不超过", true), ("≥", false), (">", false), ("不小于", false)];
    let (at, upper) = marks.iter().find_map(|(mark, upper)| folded.find(mark).map(|at| (at + mark.len(), *upper)))?;
    number(&folded[at..]).map(|bound| (bound, upper))
}

/// The first plain number of a cell.
fn number(cell: &str) -> Option<f64> {
    let from = cell.find(|one: char| one.is_ascii_digit())?;
    let digits: String = cell[from..].chars().take_while(|one| one.is_ascii_digit() || *one == '.').collect();
    let rest = cell[from + digits.len()..].trim_start();
    // 5.2×10^4 is not 5.2.
    if rest.starts_with(['×', 'x', '^', 'e', '*']) {
        return None;
    }
    digits.trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests;
