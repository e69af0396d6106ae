//! How good the reader is on whole pages: their signals, the main one, false signals on pages without any, stance, severity,
//! place and brand.
//!
//! In: the text of a file of labelled pages (one JSON object a line) and a lexicon. Out: [`Pages`], and on request the worst
//! mistakes. A label may allow several products and hazards; an optional label counts neither way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use lexicon::Lexicon;
use lexicon::terms::Meaning;
use serde::{Deserialize, Serialize};
use vocabulary::{
    Category, Channel, Document, DocumentId, Hazard, Language, Meta, Reading, RegionCode, Report, Signal, SourceId,
    Stance, said,
};

use super::mistakes::{beginning, trail};
use super::quality::{GoldError, Share, lines};
use super::reliability::{Reliability, Told};
use super::tally::{NAME_COLUMNS, RESAMPLES, Rated, Tally, padded};

/// One labelled page.
#[derive(Debug, Clone, Deserialize)]
pub struct Article {
    /// Its id.
    pub id: String,
    /// What kind of page it is, e.g. `recall`.
    pub kind: String,
    /// Who published it.
    pub channel: Channel,
    /// The headline, as crawled.
    pub title: String,
    /// The text, as crawled.
    pub text: String,
    /// The headline before anything was done to it.
    pub plain_title: String,
    /// The text before anything was done to it.
    pub plain_text: String,
    /// What a careful reader finds in it; the first that is not optional is what the page is about.
    pub signals: Vec<ArticleSignal>,
    /// Where it happened, when stated.
    #[serde(default)]
    pub place: Option<String>,
    /// The brand it is about, when stated.
    #[serde(default)]
    pub brand: Option<String>,
}

/// A labelled signal of a page.
#[derive(Debug, Clone, Deserialize)]
pub struct ArticleSignal {
    /// Products, any of which is right.
    pub products: Vec<Category>,
    /// Hazards, any of which is right.
    pub hazards: Vec<Hazard>,
    /// What is claimed.
    pub stance: Accepted,
    /// 0–4.
    pub severity: u8,
    /// Neither right nor wrong.
    #[serde(default)]
    pub optional: bool,
}

/// Which stance is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accepted {
    /// Asserted.
    Asserted,
    /// Suspected.
    Suspected,
    /// Asserted or suspected.
    Either,
}

/// In which form pages are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As a crawler brings them: other script, brackets, strewn words.
    Crawled,
    /// Before anything was done to them.
    Plain,
}

/// Reads a file of labelled pages; empty lines are skipped.
///
/// # Errors
/// The first line that is no labelled page.
pub fn parse(text: &str) -> Result<Vec<Article>, GoldError> {
    lines(text)
}

impl Article {
    /// The document that a reader gets.
    pub fn document(&self, form: Form) -> Document {
        let (title, text) = match form {
            Form::Crawled => (&self.title, &self.text),
            Form::Plain => (&self.plain_title, &self.plain_text),
        };
        Document {
            id: DocumentId::new(self.id.as_str()),
            source: SourceId::new("articles"),
            channel: self.channel,
            url: None,
            title: Some(title.clone()).filter(|title| !title.is_empty()),
            text: text.clone(),
            published_at: None,
            seen_at: None,
            meta: Meta::default(),
            raw: None,
        }
    }

    fn wanted(&self) -> impl Iterator<Item = &ArticleSignal> {
        self.signals.iter().filter(|label| !label.optional)
    }

    /// Found signals that no label allows.
    fn extra<'a>(&self, found: &'a [Signal]) -> Vec<&'a Signal> {
        found.iter().filter(|signal| !self.signals.iter().any(|label| label.is(signal))).collect()
    }
}

impl ArticleSignal {
    /// Whether a found signal is what the label means.
    fn is(&self, signal: &Signal) -> bool {
        self.products.contains(&signal.product) && self.hazards.contains(&signal.hazard)
    }
}

/// How good a reader is on pages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pages {
    /// Number of pages.
    pub pages: usize,
    /// Labels found, finds that no label allows, labels missed.
    pub pair: Rated,
    /// Pages with at least one signal; those with optional ones alone count for nothing.
    pub risk: Rated,
    /// Pages whose main label was found.
    pub main: Share,
    /// Pages without any label on which something was found.
    pub false_pages: Share,
    /// Suspected labels that were found and read as suspected.
    pub suspected: Share,
    /// Found labels with the right stance.
    pub stance: Share,
    /// Found labels with exactly the right severity.
    pub severity: Share,
    /// Pages with a stated place and a found label, where a signal has that place or one within it. Places that the lexicon
    /// does not know are left out.
    pub place: Share,
    /// Pages with a stated brand and a found label, where a signal has that brand.
    pub brand: Share,
    /// By kind of page: pages and pairs.
    pub by_kind: BTreeMap<String, (usize, Rated)>,
    /// Confidence of the signals that are right or wrong.
    pub reliability: Reliability,
}

/// What one page adds.
struct One {
    pair: Tally,
    risk: Tally,
    main: (u32, u32),
    false_page: (u32, u32),
    suspected: (u32, u32),
    stance: (u32, u32),
    severity: (u32, u32),
    place: (u32, u32),
    brand: (u32, u32),
}

/// Reads every page with `lexicon` and compares.
pub fn measure(articles: &[Article], form: Form, lexicon: &Lexicon) -> Pages {
    measure_with(articles, form, lexicon, |document| extract::read(document, lexicon))
}

/// As [`measure`], with any reader; `lexicon` knows places and brands.
pub fn measure_with(
    articles: &[Article],
    form: Form,
    lexicon: &Lexicon,
    mut read: impl FnMut(&Document) -> Reading,
) -> Pages {
    let mut told = Vec::new();
    let mut ones = Vec::with_capacity(articles.len());
    for article in articles {
        let signals = read(&article.document(form)).signals;
        for signal in &signals {
            let mut labels = article.signals.iter().filter(|label| label.is(signal));
            let right = match labels.next() {
                None => false,
                Some(first) if first.optional && labels.all(|label| label.optional) => continue,
                Some(_) => true,
            };
            told.push(Told { confidence: signal.confidence, right, weight: 1.0 });
        }
        ones.push(compare(article, &signals, lexicon));
    }
    let rated = |of: fn(&One) -> Tally| Rated::of(&ones.iter().map(of).collect::<Vec<_>>());
    let shared = |of: fn(&One) -> (u32, u32)| Share::of(&ones.iter().map(of).collect::<Vec<_>>());
    let kinds: BTreeSet<&str> = articles.iter().map(|article| article.kind.as_str()).collect();
    let of_kind = |kind: &str| {
        let tallies: Vec<Tally> =
            articles.iter().zip(&ones).filter(|(article, _)| article.kind == kind).map(|(_, one)| one.pair).collect();
        (tallies.len(), Rated::of(&tallies))
    };
    Pages {
        pages: articles.len(),
        pair: rated(|one| one.pair),
        risk: rated(|one| one.risk),
        main: shared(|one| one.main),
        false_pages: shared(|one| one.false_page),
        suspected: shared(|one| one.suspected),
        stance: shared(|one| one.stance),
        severity: shared(|one| one.severity),
        place: shared(|one| one.place),
        brand: shared(|one| one.brand),
        by_kind: kinds.into_iter().map(|kind| (kind.to_owned(), of_kind(kind))).collect(),
        reliability: Reliability::of(&told),
    }
}

fn compare(article: &Article, found: &[Signal], lexicon: &Lexicon) -> One {
    let once = |holds: bool| u32::from(holds);
    let one = |holds: bool| f64::from(once(holds));
    let mut pair = Tally { extra: article.extra(found).len() as f64, ..Tally::default() };
    let (mut suspected, mut stance, mut severity) = ((0, 0), (0, 0), (0, 0));
    let mut main = None;
    for label in article.wanted() {
        let same = found.iter().find(|signal| label.is(signal));
        main.get_or_insert(same.is_some());
        let Some(signal) = same else {
            pair.missed += 1.0;
            continue;
        };
        pair.hit += 1.0;
        let right = match label.stance {
            Accepted::Either => true,
            Accepted::Asserted => signal.stance == Stance::Asserted,
            Accepted::Suspected => signal.stance == Stance::Suspected,
        };
        stance = (stance.0 + once(right), stance.1 + 1);
        severity = (severity.0 + once(signal.severity == label.severity), severity.1 + 1);
        if label.stance == Accepted::Suspected {
            suspected = (suspected.0 + once(right), suspected.1 + 1);
        }
    }
    let (labelled, any) = (main.is_some(), !found.is_empty());
    let free = article.signals.is_empty();
    let right = || found.iter().filter(|signal| article.wanted().any(|label| label.is(signal)));
    let has_hit = right().next().is_some();
    let share = |stated: bool, holds: bool| if stated && has_hit { (once(holds), 1) } else { (0, 0) };
    let places = article.place.as_deref().map(|place| codes_of(place, lexicon)).unwrap_or_default();
    let there =
        |signal: &Signal| signal.region.is_some_and(|region| places.iter().any(|place| lies_in(region, *place)));
    let brand = article.brand.as_deref().map(|brand| canonical(brand, lexicon));
    One {
        risk: Tally { hit: one(labelled && any), extra: one(free && any), missed: one(labelled && !any) },
        pair,
        main: (once(main == Some(true)), once(labelled)),
        false_page: (once(free && any), once(free)),
        suspected,
        stance,
        severity,
        place: share(!places.is_empty(), right().any(there)),
        brand: share(
            brand.is_some(),
            right().any(|signal| signal.brand.as_deref().map(|found| canonical(found, lexicon)) == brand),
        ),
    }
}

/// The places that a name can mean.
fn codes_of(name: &str, lexicon: &Lexicon) -> Vec<RegionCode> {
    let Some(entry) = lexicon.surfaces().get(&lexicon::fold_word(name)) else { return Vec::new() };
    let meanings = lexicon.entries()[entry as usize].meanings.iter();
    let places = meanings.filter_map(|meaning| match meaning {
        Meaning::Region(at) => Some(lexicon.regions()[*at as usize].code),
        _ => None,
    });
    places.collect()
}

fn lies_in(region: RegionCode, place: RegionCode) -> bool {
    [region, region.prefecture(), region.province()].contains(&place)
}

fn canonical(brand: &str, lexicon: &Lexicon) -> String {
    let folded = lexicon::fold_word(brand);
    lexicon.canonical_brand(&folded).map_or(folded, str::to_owned)
}

/// The pages with most mistakes, each with its wrong and missing pairs and the way the reader went.
pub fn mistakes(articles: &[Article], form: Form, most: usize, lexicon: &Lexicon, language: Language) -> String {
    let mut list: Vec<(usize, &Article, Vec<Signal>)> = Vec::new();
    for article in articles {
        let signals = extract::read(&article.document(form), lexicon).signals;
        let missed = article.wanted().filter(|label| !signals.iter().any(|signal| label.is(signal))).count();
        list.push((missed + article.extra(&signals).len(), article, signals));
    }
    list.retain(|(wrong, ..)| *wrong > 0);
    list.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
    let mut told = String::new();
    for (at, (_, article, signals)) in list.iter().take(most).enumerate() {
        let Article { id, kind, .. } = article;
        let document = article.document(form);
        let head = language.pick("错误", "mistake");
        let title = document.title.as_deref().unwrap_or_default();
        let _ = writeln!(told, "\n{head} {}  {id} {kind}  {title}  {}", at + 1, beginning(&document.text));
        for Signal { product, hazard, confidence, .. } in article.extra(signals) {
            let line = said!(
                language,
                "  误报  {product} × {hazard}  可信度 {confidence:.2}",
                "  too many  {product} × {hazard}  confidence {confidence:.2}"
            );
            let _ = writeln!(told, "{line}");
        }
        for label in article.wanted().filter(|label| !signals.iter().any(|signal| label.is(signal))) {
            let (products, hazards) = (any_of(&label.products), any_of(&label.hazards));
            let head = language.pick("漏报", "missed");
            let _ = writeln!(told, "  {head}  {products} × {hazards}");
        }
        told += &trail(&document, lexicon, language);
    }
    told
}

fn any_of<T: fmt::Display>(codes: &[T]) -> String {
    codes.iter().map(ToString::to_string).collect::<Vec<_>>().join("|")
}

impl Report for Pages {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let head = said!(
            language,
            "{} 个页面（95 % 区间：{RESAMPLES} 次自助抽样）",
            "{} pages (95 % intervals: {RESAMPLES} bootstrap samples)",
            self.pages
        );
        writeln!(f, "{head}\n{}", Rated::head())?;
        writeln!(f, "{}", self.pair.line(language.pick("产品+隐患", "product+hazard pair")))?;
        writeln!(f, "{}", self.risk.line(language.pick("有无风险", "risk")))?;
        for (name, share) in [
            (language.pick("主要信号", "main signal"), self.main),
            (language.pick("无信号页面的误报", "false on free pages"), self.false_pages),
            (language.pick("怀疑读作怀疑", "suspected as such"), self.suspected),
            (language.pick("断言", "stance"), self.stance),
            (language.pick("伤害程度相同", "severity exact"), self.severity),
            (language.pick("地点", "place"), self.place),
            (language.pick("品牌", "brand"), self.brand),
        ] {
            writeln!(f, "{}", share.line(name))?;
        }
        writeln!(f, "\n{}", language.pick("按页面种类（产品+隐患）", "by kind of page (pair)"))?;
        for (kind, (pages, rated)) in &self.by_kind {
            writeln!(f, "{}", rated.line(&format!("{kind}  {pages}")))?;
        }
        writeln!(f)?;
        self.reliability.write(f, language)
    }
}

/// Several readings of the same pages: pairs, risk, main signals and pages with a false one.
pub fn side_by_side(readings: &[(&str, &Pages)], language: Language) -> String {
    let named = readings.iter().map(|(name, pages)| (*name, pages.pair, pages.risk, pages.reliability.ece));
    let mut text = super::tally::side_by_side(named, language);
    for (name, pages) in readings {
        let [main, free] = [pages.main, pages.false_pages];
        let line = said!(
            language,
            "主要信号 {} / {}，无信号页面的误报 {} / {}",
            "main signal {} / {}, false on free pages {} / {}",
            main.part,
            main.whole,
            free.part,
            free.whole
        );
        text.extend([padded(name, NAME_COLUMNS).as_str(), "  ", &line, "\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::quality::tests::reading;

    const BURN: (Category, Hazard) = (Category::BatteryCharger, Hazard::Burn);
    const FIRE: (Category, Hazard) = (Category::BatteryCharger, Hazard::Fire);
    const TOY: (Category, Hazard) = (Category::Toy, Hazard::Choking);

    fn pages() -> Vec<Article> {
        let page = |id: &str, signals: &str| {
            format!(
                r#"{{"id":"{id}","kind":"accident","channel":"media","title":"{id}","text":"乱","plain_title":"{id}","plain_text":"整","signals":{signals},"place":"杭州","brand":null}}"#
            )
        };
        let label = r#"[{"products":["battery_charger","phone"],"hazards":["fire","burn"],"stance":"suspected","severity":1,"optional":false},
                        {"products":["toy"],"hazards":["choking"],"stance":"either","severity":0,"optional":true}]"#;
        parse(&[page("told", &label.replace('\n', "")), page("free", "[]")].join("\n")).expect("two pages")
    }

    fn lexicon() -> Lexicon {
        let rule =
            "[[rule]]\nid = \"t.smoke\"\nmeans = \"smoke\"\nmatters = \"x\"\nhazard = \"fire\"\nfinds = [\"冒烟\"]\n";
        let products = "# provenance: own\n# columns: surface\tcategory\tleaf\tflags\n风扇\tsmall_appliance\t\t\n";
        let places = "# provenance: own\n# columns: code\tsurface\tlevel\tflags\n330000\t浙江省\tprovince\t\n330100\t杭州\tprefecture\t\n";
        let files = [
            ("rules/hazards/t.toml", rule),
            ("dictionaries/products/p.tsv", products),
            ("dictionaries/regions.tsv", places),
        ];
        Lexicon::from_texts(files).expect("loads")
    }

    #[test]
    fn any_of_the_labelled_pairs_is_right_and_an_optional_one_counts_neither_way() {
        let read = |document: &Document| {
            if document.title.as_deref() == Some("told") { reading(&[BURN, TOY]) } else { reading(&[]) }
        };
        let found = measure_with(&pages(), Form::Crawled, &lexicon(), read);
        assert_eq!((found.pair.hit, found.pair.extra, found.pair.missed), (1.0, 0.0, 0.0));
        assert_eq!((found.main.part, found.main.whole, found.false_pages.part, found.false_pages.whole), (1, 1, 0, 1));
        assert_eq!((found.suspected.part, found.suspected.whole), (0, 1), "it was read as asserted");
        assert_eq!(found.reliability.bins[5].signals, 1, "the optional one tells nothing of confidence");
    }

    #[test]
    fn a_signal_on_a_free_page_is_false_and_a_place_counts_with_what_lies_in_it() {
        let hangzhou_district = |document: &Document| {
            let mut reading = reading(if document.text == "整" { &[FIRE] } else { &[] });
            for signal in &mut reading.signals {
                signal.region = "330106".parse().ok();
            }
            reading
        };
        let found = measure_with(&pages(), Form::Plain, &lexicon(), hangzhou_district);
        assert_eq!((found.false_pages.part, found.false_pages.whole), (1, 1));
        assert_eq!((found.place.part, found.place.whole), (1, 1));
        assert!((found.risk.precision.value - 0.5).abs() < 1e-12);
        let crawled = measure_with(&pages(), Form::Crawled, &lexicon(), hangzhou_district);
        assert_eq!((crawled.main.part, crawled.place.whole), (0, 0), "the other form is read");
    }
}
