//! What a surface can mean: the typed rows behind the automaton's hits.

use std::collections::BTreeMap;

use vocabulary::{Category, Focus, Hazard, RegionCode, RuleId, Stance};

use super::pattern::{Atom, ClassId, Variant};
use super::written::Reach;
use super::{CategorySet, FileLine};

/// One surface and everything it can mean.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The folded surface.
    pub surface: Box<str>,
    /// Its length in characters.
    pub chars: u32,
    /// Word classes that hold it, sorted.
    pub classes: Vec<ClassId>,
    /// Other meanings, in file order.
    pub meanings: Vec<Meaning>,
    /// Whether it begins, ends with a Latin letter: then no letter may touch it there.
    pub latin: (bool, bool),
}

impl Entry {
    /// Whether it means anything, or belongs to a word class: else it is not looked for.
    pub fn is_used(&self) -> bool {
        !(self.classes.is_empty() && self.meanings.is_empty())
    }
}

/// One meaning: an index into the table of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// [`super::Lexicon::products`].
    Product(u32),
    /// [`super::Lexicon::effects`].
    Hazard(u32),
    /// [`super::Lexicon::brands`].
    Brand(u32),
    /// [`super::Lexicon::names`].
    Name(u32),
    /// [`super::Lexicon::regions`].
    Region(u32),
    /// [`super::Lexicon::cues`].
    Cue(u32),
    /// A longer word in which a cue is none.
    NoCue,
    /// [`super::Lexicon::idioms`].
    Idiom(u32),
    /// A longer word in which a place's name names no place (北京时间).
    NoPlace,
}

/// A product name.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags of a dictionary row")]
pub struct ProductTerm {
    /// Category.
    pub category: Category,
    /// Finer name below the category, when the dictionary has one.
    pub leaf: Option<Box<str>>,
    /// A component whose owner is that category.
    pub part: bool,
    /// Too general to choose alone.
    pub generic: bool,
    /// A common word that needs a hazard beside it or the platform's word for it.
    pub ambiguous: bool,
    /// A brand or series used as a product's name.
    pub brand: bool,
    /// Where it was defined.
    pub rule: RuleId,
}

/// A brand.
#[derive(Debug, Clone)]
pub struct BrandTerm {
    /// Canonical name.
    pub canonical: Box<str>,
    /// What it makes.
    pub categories: CategorySet,
    /// What it is best known for: the first category of its row.
    pub best_known_for: Option<Category>,
    /// Also a common word.
    pub ambiguous: bool,
    /// Where it was defined.
    pub rule: RuleId,
}

/// A platform, material, certification mark or group.
#[derive(Debug, Clone)]
pub struct NameTerm {
    /// Which of them.
    pub kind: NameKind,
    /// Code or canonical name.
    pub code: Box<str>,
    /// Where it was defined.
    pub rule: RuleId,
}

/// Kinds of [`NameTerm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// An e-commerce platform.
    Platform,
    /// A material or chemical.
    Material,
    /// A certification mark or licence.
    Mark,
    /// A group of people, or what marks a smart product.
    Group(Focus),
}

/// A standard that we know.
#[derive(Debug, Clone)]
pub struct StandardTerm {
    /// Title.
    pub title: Box<str>,
    /// Product it is about, when one category says it.
    pub category: Option<Category>,
    /// Hazard it mainly guards against.
    pub hazard: Option<Hazard>,
    /// Whether it is in force.
    pub status: StandardStatus,
    /// Number of the standard that took its place, with the year when that differs only by it.
    pub replaced_by: Option<Box<str>>,
    /// Year of the edition meant.
    pub year: Option<u16>,
    /// Where it was defined.
    pub rule: RuleId,
}

/// Whether a standard is in force, as far as its table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandardStatus {
    /// In force.
    Current,
    /// Another took its place.
    Replaced,
    /// Given up without a successor.
    Withdrawn,
    /// The table does not say.
    Unknown,
}

/// What a word beside the name of a place says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceWord {
    /// Behind the name: then it is no place (南京 + 路).
    After,
    /// Behind the name: an office, so it is the place (鼓楼 + 警方).
    Office,
    /// Behind the name: people of a place, probably (安宁 + 的居民).
    People,
    /// In front of the name: it is probably a place (位于 + 和平).
    Before,
}

/// A place name; one surface may name several places.
#[derive(Debug, Clone)]
pub struct RegionTerm {
    /// Code.
    pub code: RegionCode,
    /// The name as written in the table.
    pub name: Box<str>,
    /// Needs another place in the text or one that the platform names.
    pub ambiguous: bool,
    /// Also an everyday word: needs support right beside it.
    pub word: bool,
    /// Where it was defined.
    pub rule: RuleId,
}

/// For a platform category: products, each with the leaf it must have, that a sentence may speak of instead.
pub(super) type Beside = std::collections::BTreeMap<Category, Vec<(Category, Option<Box<str>>)>>;

/// What a hazard word or rule says when it is found.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags of a rule")]
pub struct Effect {
    /// Rule id, or `dict:hazards/…`.
    pub id: RuleId,
    /// Where it is written.
    pub at: FileLine,
    /// The hazard.
    pub hazard: Hazard,
    /// Severity that the words themselves state.
    pub severity: u8,
    /// Products it can be about.
    pub only: CategorySet,
    /// The product when none is named.
    pub implies: Option<Category>,
    /// Needs a product in the clause, or the platform's word for it.
    pub weak: bool,
    /// Counts only where the platform names the product.
    pub platform_only: bool,
    /// Counts only where no platform names the product.
    pub no_platform_only: bool,
    /// Adds nothing beside a concrete hazard of the same product.
    pub bare: bool,
    /// `bare` where no platform names the product.
    pub bare_no_platform: bool,
    /// Adds nothing beside a concrete hazard of any product of the text.
    pub bare_text: bool,
    /// Stance that the words carry.
    pub stance: Option<Stance>,
    /// Among overlapping finds the higher wins.
    pub priority: i8,
}

/// A rule of `rules/hazards`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its effect, in [`super::Lexicon::effects`].
    pub effect: u32,
    /// What it finds, why it matters, what it is confused with.
    pub prose: [String; 3],
    /// Its patterns as written.
    pub finds: Vec<String>,
    /// Conditions on the words around a find.
    pub around: Around,
    /// What must stand earlier, what must follow.
    pub beyond: [Option<Beyond>; 2],
    /// Texts it must find, must not find.
    pub examples: Vec<Example>,
}

/// Conditions on the words around a find.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// None of these shortly before, shortly after, in the clause, in the sentence, in the text.
    pub not: [Vec<Atom>; 5],
    /// One of these in the clause, in the sentence, in the text (when not empty).
    pub needs: [Vec<Atom>; 3],
}

/// What must stand on one side of a find, in its clause or in others near it.
#[derive(Debug, Clone)]
pub struct Beyond {
    /// Sequences, any of which must stand there.
    pub variants: Vec<Variant>,
    /// How many clauses away at most.
    pub clauses: usize,
    /// How many sentences away at most.
    pub sentences: usize,
    /// One of these between the two (when not empty).
    pub link: Vec<Atom>,
    /// None of these between the two.
    pub unless: Vec<Atom>,
}

/// How things are listed.
#[derive(Debug, Clone, Default)]
pub struct Coordination {
    /// Words between two listed things.
    pub links: Vec<Box<str>>,
    /// Words behind a listed thing.
    pub tails: Vec<Box<str>>,
    /// Words before a listed thing.
    pub heads: Vec<Box<str>>,
    /// Words that close a list parted by commas.
    pub closes: Vec<Box<str>>,
    /// Words that make what follows hold for every listed product.
    pub all: Vec<Box<str>>,
}

/// Words that are looked for at a given place of a text.
#[derive(Debug, Clone, Default)]
pub struct Words {
    by_first: BTreeMap<char, Vec<Box<[char]>>>,
    /// A bit for each first character, by its lowest bits: most characters of a text begin no word.
    firsts: [u64; FIRSTS / 64],
    /// Characters of the longest word.
    longest: usize,
}

/// Bits for the first characters of [`Words`].
const FIRSTS: usize = 1024;

/// The word and the bit of it that stand for a first character.
#[inline]
fn first_bit(character: char) -> (usize, u64) {
    let at = character as usize % FIRSTS;
    (at / 64, 1 << (at % 64))
}

impl Words {
    /// Words as they are compared, folded.
    pub fn new(words: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut all = Self::default();
        for word in words {
            let word: Box<[char]> = word.as_ref().chars().collect();
            let Some(first) = word.first() else { continue };
            let (at, bit) = first_bit(*first);
            all.firsts[at] |= bit;
            all.longest = all.longest.max(word.len());
            all.by_first.entry(*first).or_default().push(word);
        }
        all
    }

    /// Length of the longest word that `chars` begins with, in characters.
    #[inline]
    pub fn at(&self, chars: &[char]) -> Option<usize> {
        let first = chars.first()?;
        let (at, bit) = first_bit(*first);
        if self.firsts[at] & bit == 0 {
            return None;
        }
        let words = self.by_first.get(first)?;
        words.iter().filter(|word| chars.starts_with(word)).map(|word| word.len()).max()
    }

    /// Whether `chars` ends with one of the words.
    pub fn ends(&self, chars: &[char]) -> bool {
        (1..=self.longest.min(chars.len())).any(|length| self.at(&chars[chars.len() - length..]) == Some(length))
    }
}

/// What a sentence is about that names no product itself.
#[derive(Debug, Clone, Default)]
pub struct Subjects {
    /// Words that point back to a thing.
    pub pointers: Words,
    /// Words for the first of several things.
    pub former: Words,
    /// Words for the last of several things.
    pub latter: Words,
    /// Longer words in which nothing points back.
    pub none: Words,
    /// Words of having and using.
    pub has: Words,
    /// Places and things that are subjects of their own.
    pub others: Words,
    /// Words in front of those after which they only say where.
    pub places: Words,
    /// Words that begin another matter.
    pub topics: Words,
}

/// The words by which the parts of a whole page are known.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    /// A short line with one of these begins what stands below an article.
    pub tails: Words,
    /// A short line with one of these is a breadcrumb, a dateline or a button.
    pub furniture: Words,
    /// What an event is told by.
    pub events: Words,
    /// What may happen or is so in general.
    pub modals: Words,
    /// What ought to be done, or is only supposed.
    pub orders: Words,
    /// The same, where a clause begins with them.
    pub openers: Words,
    /// A headline with one of these advises or explains.
    pub advice: Words,
    /// A sentence with one of these says what was tested, not what failed.
    pub tested: Words,
    /// A headline or lead with one of these announces a recall.
    pub recalls: Words,
    /// The same for a spot check.
    pub checks: Words,
    /// The same for a statement against a rumour.
    pub statements: Words,
    /// A headline with one of these answers a story, which the article may call a rumour.
    pub replies: Words,
    /// The same for a page of several items.
    pub digests: Words,
    /// Behind a product these say where something is.
    pub inside: Words,
    /// Longer words that begin so and say what the product did.
    pub not_inside: Words,
    /// In front of a product these say that it was burnt or hit.
    pub burnt_before: Words,
    /// Behind a product these say that it was burnt.
    pub burnt_behind: Words,
    /// In front of a product these say that somebody used it.
    pub used_before: Words,
    /// A sentence with one of these settles a doubt.
    pub confirmed: Words,
    /// A sentence with one of these tells an old case or a sum over many.
    pub old: Words,
    /// Parts of a body.
    pub bodies: Words,
    /// Words of doubt: what is only suspected.
    pub doubts: Words,
    /// Nobody was hurt, or nearly.
    pub spared: Words,
    /// Smoke and gases of a fire.
    pub smoke: Words,
    /// Words for whatever vehicle the text is about.
    pub any_vehicle: Words,
}

/// A rule's own example.
#[derive(Debug, Clone)]
pub struct Example {
    /// Where it is written.
    pub at: FileLine,
    /// The text.
    pub text: String,
    /// What the platform says the product is.
    pub category: Option<Category>,
    /// What it must give; none for a miss.
    pub gives: Option<Gives>,
}

/// What a hit must give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gives {
    /// Product.
    pub product: Category,
    /// Stance.
    pub stance: Stance,
    /// Severity, when the example says one.
    pub severity: Option<u8>,
}

/// A cue.
#[derive(Debug, Clone)]
pub struct Cue {
    /// Id.
    pub id: RuleId,
    /// Where it is written.
    pub at: FileLine,
    /// What it makes of a hazard.
    pub stance: Stance,
    /// Where it works.
    pub reach: Reach,
    /// For before and after: most characters between.
    pub chars: usize,
    /// Characters it does not reach over.
    pub barrier: String,
    /// For between: words that close the stretch.
    pub until: Vec<Box<str>>,
    /// Words behind the hazard that take its force.
    pub unless: Vec<Box<str>>,
    /// Bit per hazard it works on.
    pub hazards: u32,
    /// Only without, only with a platform category.
    pub platform: Option<bool>,
}

/// A pattern that states an injury.
#[derive(Debug, Clone)]
pub struct Injury {
    /// Id.
    pub id: RuleId,
    /// 1–4.
    pub severity: u8,
}

/// Whose pattern a variant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// [`super::Lexicon::rules`].
    Rule(u32),
    /// [`super::Lexicon::injuries`].
    Injury(u32),
}

/// A compiled pattern and its owner.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// Whose.
    pub owner: Owner,
    /// The sequence.
    pub variant: Variant,
}
