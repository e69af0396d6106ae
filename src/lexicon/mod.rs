//! The lexicon: rules and dictionaries, read, checked and compiled into one immutable, versioned value.
//!
//! In: the files of `rules/hazards`, `rules/context`, `rules/forms`, `rules/judge`, `rules/relations`, `rules/structured` and
//! `dictionaries`, shipped in the binary or from a folder. Out: a [`Lexicon`] with one automaton over every surface, compiled patterns, and
//! a version that is a hash over all file names and bytes. Not here: network, clock, any text that is read with it; the engine that applies
//! it is `extract`. Files come through one door, [`files`]. Unknown fields, unknown codes, words with two hazards and broken patterns are
//! refused with file and line.

mod anchor;
pub mod bounds;
mod brief;
mod check;
mod compile;
pub mod count;
mod diff;
pub mod english;
mod error;
pub mod files;
mod fold;
pub mod judge;
mod markup;
pub mod pattern;
mod script;
mod sets;
pub mod show;
pub mod structured;
mod tables;
pub mod terms;
pub mod trie;
mod written;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use jieba_rs::Jieba;

use vocabulary::{Category, Hazard, LexiconVersion, RegionCode, RuleId};

pub use anchor::{Anchored, Other};
pub use brief::Brief;
pub use check::{Finding, check};
pub use diff::{Changed, Difference, diff};
pub use error::{FileLine, LexiconError, Shown};
pub use fold::{fold, fold_text, fold_word, folds_to_itself};
pub use markup::without_marks;
pub use script::{Stretch, stretch};
pub use sets::{CategorySet, Groups};
pub use written::Reach;

use terms::{BrandTerm, Compiled, Cue, Effect, Entry, Injury, NameTerm, ProductTerm, RegionTerm, Rule};
use trie::Trie;

/// Rules and dictionaries, compiled. Cheap to share behind an [`Arc`]; never changes.
pub struct Lexicon {
    version: LexiconVersion,
    jieba: Arc<Jieba>,
    surfaces: Trie,
    entries: Vec<Entry>,
    briefs: Vec<Brief>,
    /// The word classes of all entries, one behind the other.
    entry_classes: Vec<pattern::ClassId>,
    products: Vec<ProductTerm>,
    brands: Vec<BrandTerm>,
    names: Vec<NameTerm>,
    regions: Vec<RegionTerm>,
    standards: BTreeMap<Box<str>, terms::StandardTerm>,
    place_words: BTreeMap<Box<str>, terms::PlaceWord>,
    area_codes: BTreeMap<Box<str>, RegionCode>,
    /// The first row of each code: the name that is shown.
    region_names: BTreeMap<RegionCode, u32>,
    effects: Vec<Effect>,
    rules: Vec<Rule>,
    injuries: Vec<Injury>,
    cues: Vec<Cue>,
    idioms: Vec<RuleId>,
    patterns: Vec<Compiled>,
    starts: Starts,
    anchors: anchor::Anchors,
    class_names: Vec<String>,
    platform_categories: BTreeMap<String, Category>,
    stopwords: Vec<String>,
    synonyms: Vec<Vec<String>>,
    compatible: BTreeMap<Hazard, CategorySet>,
    beside: terms::Beside,
    instead: BTreeMap<Category, CategorySet>,
    over: BTreeMap<Category, CategorySet>,
    confidence: Confidence,
    coordination: terms::Coordination,
    subjects: terms::Subjects,
    pages: terms::Pages,
    judge: Option<judge::LearnedJudge>,
    /// Per entry: the rows of the judge's weights that its word classes have.
    judged: anchor::Lists<u32>,
    /// The effect of each hazard that only the judge finds.
    judge_effects: BTreeMap<Hazard, u32>,
    /// Version without the judge's model.
    rules_version: LexiconVersion,
    findings: Vec<Finding>,
    structured: structured::Structured,
    english: english::English,
}

/// Which patterns may begin at a hit.
#[derive(Debug, Default)]
struct Starts {
    by_class: Vec<Vec<u32>>,
    product: Vec<u32>,
    brand: Vec<u32>,
}

/// Log-odds of the confidence of a signal where no learned judge says it.
#[derive(Debug, Clone, Default)]
pub struct Confidence {
    /// Of any signal.
    pub base: f64,
    /// Steps by name: how the product was found (`named`, `meta`, `clause`, `sentence`, `elsewhere`, `implied`), and what is
    /// claimed (`asserted`, `suspected`).
    pub step: BTreeMap<String, f64>,
}

/// The lexicon built into the program, in messages.
const SHIPPED: &str = "the shipped lexicon";
/// The version of that lexicon, once somebody asked for it: the program does not change while it runs.
static SHIPPED_VERSION: OnceLock<LexiconVersion> = OnceLock::new();
/// Lexicons that somebody holds.
static IN_USE: Mutex<Vec<Weak<Lexicon>>> = Mutex::new(Vec::new());

/// A lexicon of this version that somebody holds.
fn in_use(version: &LexiconVersion) -> Option<Arc<Lexicon>> {
    let held = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    held.iter().filter_map(Weak::upgrade).find(|known| known.version == *version)
}

impl Lexicon {
    /// The lexicon built into the binary.
    ///
    /// # Errors
    /// Only when the shipped files themselves are broken; a test of the project would fail first.
    pub fn shipped() -> Result<Self, LexiconError> {
        compile::compile(SHIPPED, &files::shipped()?)
    }

    /// The lexicon of a folder that holds `rules/` and `dictionaries/`.
    ///
    /// # Errors
    /// [`LexiconError`] with file, line and the offending text.
    pub fn load(folder: &Path) -> Result<Self, LexiconError> {
        compile::compile(&folder.display().to_string(), &files::folder(folder)?)
    }

    /// The lexicon of a folder, or without one the shipped one. While another holder has a lexicon of the very same files, both share it:
    /// a data folder is opened again within a fraction of the time that compiling takes.
    ///
    /// # Errors
    /// As [`Lexicon::load`].
    pub fn shared(folder: Option<&Path>) -> Result<Arc<Self>, LexiconError> {
        if folder.is_none()
            && let Some(known) = SHIPPED_VERSION.get().and_then(in_use)
        {
            return Ok(known);
        }
        let (whence, files) = match folder {
            Some(folder) => (folder.display().to_string(), files::folder(folder)?),
            None => (SHIPPED.to_owned(), files::shipped()?),
        };
        let version = compile::version_of(&files, true);
        if folder.is_none() {
            _ = SHIPPED_VERSION.set(version.clone());
        }
        if let Some(known) = in_use(&version) {
            return Ok(known);
        }
        let lexicon = Arc::new(compile::compile(&whence, &files)?);
        let mut held = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|known| known.strong_count() > 0);
        held.push(Arc::downgrade(&lexicon));
        Ok(lexicon)
    }

    /// The lexicon of files given as `(name, text)`, names as below a lexicon folder. For tests and tools.
    ///
    /// # Errors
    /// As [`Lexicon::load`].
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, LexiconError> {
        let files = texts.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        compile::compile("the given files", &files)
    }

    /// The full name of a place: the first that `dictionaries/regions.tsv` gives its code.
    pub fn region_name(&self, code: RegionCode) -> Option<&str> {
        let at = *self.region_names.get(&code)?;
        self.regions.get(at as usize).map(|term| &*term.name)
    }

    /// Hash over all file names and bytes.
    pub fn version(&self) -> &LexiconVersion {
        &self.version
    }

    /// The segmenter, with our words added.
    pub fn jieba(&self) -> &Arc<Jieba> {
        &self.jieba
    }

    /// Stop words for search, sorted.
    pub fn stopwords(&self) -> &[String] {
        &self.stopwords
    }

    /// Groups of folded names that stand for one product: whoever looks for one of them means all.
    pub fn synonyms(&self) -> &[Vec<String>] {
        &self.synonyms
    }

    /// The rules, in file order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What rules and hazard words say when found.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// All folded surfaces; their numbers index [`Lexicon::entries`].
    pub fn surfaces(&self) -> &Trie {
        &self.surfaces
    }

    /// The canonical form of a brand, given by exactly one of its folded surfaces.
    pub fn canonical_brand(&self, folded: &str) -> Option<&str> {
        let entry = &self.entries[self.surfaces.get(folded)? as usize];
        entry.meanings.iter().find_map(|meaning| match meaning {
            terms::Meaning::Brand(at) => Some(&*self.brands[*at as usize].canonical),
            _ => None,
        })
    }

    /// All surfaces.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the scanner asks of every surface, by the index of its entry.
    pub fn briefs(&self) -> &[Brief] {
        &self.briefs
    }

    /// The word classes of an entry, by its index: as [`Entry::classes`], without touching the entry.
    #[inline]
    pub fn classes_of(&self, entry: u32) -> &[pattern::ClassId] {
        self.briefs[entry as usize].classes(&self.entry_classes)
    }

    /// Number of word classes.
    pub fn class_count(&self) -> usize {
        self.class_names.len()
    }

    /// Product names.
    pub fn products(&self) -> &[ProductTerm] {
        &self.products
    }

    /// Brands.
    pub fn brands(&self) -> &[BrandTerm] {
        &self.brands
    }

    /// Platforms, materials, marks, groups.
    pub fn names(&self) -> &[NameTerm] {
        &self.names
    }

    /// Places.
    pub fn regions(&self) -> &[RegionTerm] {
        &self.regions
    }

    /// The standard of a canonical number (`GB/T 35590`), with or without its year; an entry with the year wins.
    pub fn standard(&self, number: &str) -> Option<&terms::StandardTerm> {
        let bare = number.rsplit_once('-').filter(|(_, year)| year.len() == 4).map(|(bare, _)| bare);
        self.standards.get(number).or_else(|| self.standards.get(bare?))
    }

    /// The edition that is in force where the named one is not: `GB 31241-2022` for `GB 31241-2014`. As far as the table says.
    pub fn standard_in_force(&self, number: &str) -> Option<String> {
        let known = self.standard(number)?;
        if let Some(successor) = &known.replaced_by {
            return Some(successor.to_string());
        }
        let (bare, year) = number.rsplit_once('-')?;
        let (year, current) = (year.parse::<u16>().ok()?, known.year?);
        (known.status == terms::StandardStatus::Current && year < current).then(|| format!("{bare}-{current}"))
    }

    /// What a folded word beside the name of a place says about it.
    pub fn place_word(&self, word: &str) -> Option<terms::PlaceWord> {
        self.place_words.get(word).copied()
    }

    /// The place of a telephone area code such as `0571`.
    pub fn area_code(&self, code: &str) -> Option<RegionCode> {
        self.area_codes.get(code).copied()
    }

    /// Injury patterns.
    pub fn injuries(&self) -> &[Injury] {
        &self.injuries
    }

    /// Cues of stance.
    pub fn cues(&self) -> &[Cue] {
        &self.cues
    }

    /// Ids of the idioms.
    pub fn idioms(&self) -> &[RuleId] {
        &self.idioms
    }

    /// All patterns.
    pub fn patterns(&self) -> &[Compiled] {
        &self.patterns
    }

    /// Patterns whose first element accepts a word of the class.
    pub fn patterns_from_class(&self, class: pattern::ClassId) -> &[u32] {
        self.starts.by_class.get(usize::from(class.0)).map_or(&[], Vec::as_slice)
    }

    /// The patterns whose rarest element accepts a word of the entry as one of a class.
    #[inline]
    pub fn patterns_at(&self, entry: u32) -> &[Anchored] {
        self.anchors.of_entry(entry)
    }

    /// The word classes of an entry that patterns ask for beside their rarest element.
    #[inline]
    pub fn asked_of(&self, entry: u32) -> &[pattern::ClassId] {
        self.anchors.asked_of(entry)
    }

    /// The numbers of those that decide whether a pattern gets a look ([`Other::First`]): below [`Lexicon::class_count`].
    #[inline]
    pub fn first_asked_of(&self, entry: u32) -> &[u16] {
        self.anchors.first_asked_of(entry)
    }

    /// The patterns whose rarest element accepts a product.
    pub fn patterns_at_product(&self) -> &[Anchored] {
        self.anchors.product()
    }

    /// The patterns whose rarest element accepts a brand.
    pub fn patterns_at_brand(&self) -> &[Anchored] {
        self.anchors.brand()
    }

    /// Patterns whose first element accepts a product.
    pub fn patterns_from_product(&self) -> &[u32] {
        &self.starts.product
    }

    /// Patterns whose first element accepts a brand.
    pub fn patterns_from_brand(&self) -> &[u32] {
        &self.starts.brand
    }

    /// The name of a word class; literals are named by their words.
    pub fn class_name(&self, class: pattern::ClassId) -> &str {
        self.class_names.get(usize::from(class.0)).map_or("?", String::as_str)
    }

    /// The category that a platform's own word for one stands for: our codes, display names, or `platform_categories.tsv`.
    pub fn platform_category(&self, word: &str) -> Option<Category> {
        let known = |word: &str| self.platform_categories.get(word).copied();
        // What is known is folded, and folding it again changes nothing.
        if let Some(category) = known(word) {
            return Some(category);
        }
        let folded = fold_word(word);
        known(&folded).or_else(|| {
            // A path such as `家电 > 厨房小电 > 电水壶`: the finest known part counts.
            folded.rsplit(['>', '/', '|', '»', '-']).map(str::trim).find_map(known)
        })
    }

    /// Products that a hazard can be about.
    pub fn compatible(&self, hazard: Hazard) -> CategorySet {
        self.compatible.get(&hazard).copied().unwrap_or(CategorySet::ALL)
    }

    /// Whether a sentence of a text about a platform category may speak of that product instead.
    pub fn is_beside(&self, category: Category, other: Category, leaf: Option<&str>) -> bool {
        self.beside.get(&category).is_some_and(|list| {
            list.iter().any(|(known, wanted)| {
                *known == other
                    && wanted.as_deref().is_none_or(|wanted| leaf.is_some_and(|leaf| leaf.starts_with(wanted)))
            })
        })
    }

    /// Products that a whole text may be about although the platform says `category`.
    pub fn instead(&self, category: Category) -> CategorySet {
        self.instead.get(&category).copied().unwrap_or(CategorySet::NONE)
    }

    /// Categories that give way to this one when both stand in one sentence.
    pub fn over(&self, category: Category) -> CategorySet {
        self.over.get(&category).copied().unwrap_or(CategorySet::NONE)
    }

    /// How things are listed.
    pub fn coordination(&self) -> &terms::Coordination {
        &self.coordination
    }

    /// What a sentence is about that names no product itself.
    pub fn subjects(&self) -> &terms::Subjects {
        &self.subjects
    }

    /// The words by which the parts of a whole page are known.
    pub fn pages(&self) -> &terms::Pages {
        &self.pages
    }

    /// Steps of confidence.
    pub fn confidence(&self) -> &Confidence {
        &self.confidence
    }

    /// Headings, test items and verdicts of structured sources.
    pub fn structured(&self) -> &structured::Structured {
        &self.structured
    }

    /// English names.
    pub fn english(&self) -> &english::English {
        &self.english
    }

    /// The learned judge, when the lexicon holds a model.
    pub fn judge(&self) -> Option<&judge::LearnedJudge> {
        self.judge.as_ref()
    }

    /// The rows of the judge's weights for a word of an entry that is [`Brief::JUDGED`].
    #[inline]
    pub fn judged_rows(&self, entry: u32) -> &[u32] {
        self.judged.get(entry as usize)
    }

    /// The effect of a hazard that only the judge finds, into [`Lexicon::effects`].
    pub fn judge_effect(&self, hazard: Hazard) -> Option<u32> {
        self.judge_effects.get(&hazard).copied()
    }

    /// The same rules and dictionaries with this model as their judge.
    #[must_use]
    pub fn judged_by(self, weights: &judge::Weights) -> Self {
        let both = format!("{} {weights}", self.rules_version);
        let version = LexiconVersion::new(&blake3::hash(both.as_bytes()).to_hex()[..16]);
        Self { version, ..self.with_judge(weights) }
    }

    /// As [`Lexicon::judged_by`], for a caller who knows the version.
    fn with_judge(mut self, weights: &judge::Weights) -> Self {
        let model = judge::LearnedJudge::new(weights, &self.class_names, &self.cues);
        let mut judged = anchor::Lists::default();
        for (at, brief) in self.briefs.iter_mut().enumerate() {
            let classes = brief.classes(&self.entry_classes).iter();
            judged.push(classes.filter_map(|class| model.row(judge::Word::Class(*class))));
            let any = !judged.get(at).is_empty();
            brief.bits = brief.bits & !Brief::JUDGED | if any { Brief::JUDGED } else { 0 };
        }
        self.judged = judged;
        self.judge = Some(model);
        self.judge_effects.clear();
        self.effects.retain(|effect| effect.at.file != judge::FILE);
        for (question, ask) in &weights.asks {
            let judge::Question::Hazard(hazard) = *question else { continue };
            let at = u32::try_from(self.effects.len()).unwrap_or(u32::MAX);
            self.judge_effects.insert(hazard, at);
            self.effects.push(Effect {
                id: RuleId::new(format!("judge:{hazard}")),
                at: FileLine::new(judge::FILE, 0),
                hazard,
                severity: ask.severity,
                only: self.compatible(hazard),
                implies: None,
                weak: false,
                platform_only: true,
                no_platform_only: false,
                bare: false,
                bare_no_platform: false,
                bare_text: false,
                stance: None,
                priority: 0,
            });
        }
        self
    }

    /// The same rules and dictionaries without the judge: what loading them without its file would give.
    #[must_use]
    pub fn rules_only(mut self) -> Self {
        self.judge = None;
        self.version = self.rules_version.clone();
        self
    }

    /// Names of all word classes, by class.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl std::fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lexicon")
            .field("version", &self.version)
            .field("surfaces", &self.entries.len())
            .field("rules", &self.rules.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
