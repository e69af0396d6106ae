//! Rule files as an analyst writes them: TOML shapes with every unknown field refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use vocabulary::{Hazard, Refused, Stance, refused};

use super::error::{self, Shown};
use super::{FileLine, LexiconError};

/// Reads one TOML file of rules. `name` is its path below the lexicon folder; an error shows the line, and the closest known field where
/// a field is unknown.
pub(super) fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, LexiconError> {
    toml::from_str(text).map_err(|error| {
        let said = error.message().replace('\n', " ");
        let span = error.span().unwrap_or(0..0);
        let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
        let mut words = error::quoted(&said);
        let near = words.next().and_then(|found| error::nearest(found, words));
        let help = near.map_or_else(
            || {
                refused!(
                    "请改正这一行；规则文件的字段见 rules/README.md",
                    "mend the line; the fields of rule files are listed in rules/README.md"
                )
            },
            |near| refused!("是不是 `{near}`？", "did you mean `{near}`?"),
        );
        LexiconError::Wrong {
            at: FileLine::new(name, line),
            shown: Box::new(Shown::of(text, span)),
            what: Refused::quoted(said),
            help: Box::new(help),
        }
    })
}

/// `rules/hazards/*.toml` and `rules/context/injuries.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    /// Word classes, by name; usable from every rule file.
    #[serde(default)]
    pub(super) words: BTreeMap<String, Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) rule: Vec<WrittenRule>,
}

/// One rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags of a rule")]
pub(super) struct WrittenRule {
    pub(super) id: Spanned<String>,
    /// What it finds, for people.
    pub(super) means: String,
    /// Why it matters.
    pub(super) matters: String,
    /// What it can be confused with.
    #[serde(default)]
    pub(super) confused: String,
    pub(super) hazard: Hazard,
    /// Severity that the find itself states, 0–4.
    #[serde(default)]
    pub(super) severity: u8,
    /// Patterns, any of which finds it.
    pub(super) finds: Vec<Spanned<String>>,
    /// Only about these products (codes, `@group`s); empty = whatever the hazard allows.
    #[serde(default)]
    pub(super) only: Vec<String>,
    /// The product when none is named.
    pub(super) implies: Option<String>,
    /// Counts only with a product in the same clause, or one that the platform names.
    #[serde(default)]
    pub(super) weak: bool,
    /// Counts only where the platform names the product: the words are too common elsewhere.
    #[serde(rename = "told", default)]
    pub(super) platform_only: bool,
    /// Counts only where no platform names the product: news and questions.
    #[serde(rename = "untold", default)]
    pub(super) no_platform_only: bool,
    /// A vague complaint that adds nothing beside a concrete one about the same product; `"untold"`: only where no platform
    /// names the product.
    #[serde(default)]
    pub(super) bare: WrittenBare,
    /// As `bare`, beside a concrete one about any product of the text.
    #[serde(default)]
    pub(super) bare_text: bool,
    /// Stance that the words themselves carry.
    pub(super) stance: Option<Stance>,
    /// Among overlapping finds of different hazards the higher one wins; then the longer.
    #[serde(default)]
    pub(super) priority: i8,
    #[serde(default)]
    pub(super) not_before: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) not_after: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) not_in_clause: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) not_in_sentence: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) not_in_text: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) in_clause: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) in_sentence: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) in_text: Vec<Spanned<String>>,
    /// What must stand earlier: 喷了之后……脸上红了一片.
    pub(super) after: Option<WrittenBeyond>,
    /// What must follow: 发霉……吃了拉肚子.
    pub(super) then: Option<WrittenBeyond>,
    #[serde(default)]
    pub(super) hit: Vec<WrittenHit>,
    #[serde(default)]
    pub(super) miss: Vec<WrittenMiss>,
}

/// When a rule is `bare`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum WrittenBare {
    /// Always, never.
    Flag(bool),
    /// Somewhere.
    Where(BareWhere),
}

impl Default for WrittenBare {
    fn default() -> Self {
        Self::Flag(false)
    }
}

/// Where a rule is `bare`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BareWhere {
    /// Where no platform names the product.
    Untold,
}

/// What must stand in another clause than the find, or on the same side of it in its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenBeyond {
    /// Patterns, any of which must stand there, undenied.
    pub(super) finds: Vec<Spanned<String>>,
    /// How many clauses away at most; 0 is the clause of the find.
    #[serde(default = "two")]
    pub(super) clauses: usize,
    /// How many sentences away at most; 0 is the sentence of the find.
    #[serde(default)]
    pub(super) sentences: usize,
    /// Elements, one of which must stand between the two: 结果, 没想到, `{duration<=3天}`.
    #[serde(default)]
    pub(super) link: Vec<Spanned<String>>,
    /// Elements, none of which may stand between the two: a new subject, 换了一个.
    #[serde(default)]
    pub(super) unless: Vec<Spanned<String>>,
}

fn two() -> usize {
    2
}

/// A text that the rule must find.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenHit {
    pub(super) text: Spanned<String>,
    /// What the platform says the product is.
    pub(super) category: Option<String>,
    pub(super) gives: WrittenGives,
}

/// What a hit must give.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenGives {
    pub(super) product: String,
    pub(super) stance: Option<Stance>,
    pub(super) severity: Option<u8>,
}

/// A text in which the rule must find no signal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenMiss {
    pub(super) text: Spanned<String>,
    pub(super) category: Option<String>,
}

/// `rules/context/*.toml`, `rules/forms/*.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContextFile {
    #[serde(default)]
    pub(super) words: BTreeMap<String, Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) cue: Vec<WrittenCue>,
    #[serde(default)]
    pub(super) idiom: Vec<WrittenIdiom>,
    #[serde(default)]
    pub(super) injury: Vec<WrittenInjury>,
    #[serde(default)]
    pub(super) confidence: Option<WrittenConfidence>,
    #[serde(default)]
    pub(super) coordination: Option<WrittenCoordination>,
    #[serde(default)]
    pub(super) subjects: Option<WrittenSubjects>,
    #[serde(default)]
    pub(super) pages: Option<WrittenPages>,
}

/// The words by which the parts of a whole page are known: list by list as in [`super::terms::Pages`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenPages {
    pub(super) tails: Vec<Spanned<String>>,
    pub(super) furniture: Vec<Spanned<String>>,
    pub(super) events: Vec<Spanned<String>>,
    pub(super) modals: Vec<Spanned<String>>,
    pub(super) orders: Vec<Spanned<String>>,
    pub(super) openers: Vec<Spanned<String>>,
    pub(super) advice: Vec<Spanned<String>>,
    pub(super) tested: Vec<Spanned<String>>,
    pub(super) recalls: Vec<Spanned<String>>,
    pub(super) checks: Vec<Spanned<String>>,
    pub(super) statements: Vec<Spanned<String>>,
    pub(super) replies: Vec<Spanned<String>>,
    pub(super) digests: Vec<Spanned<String>>,
    pub(super) inside: Vec<Spanned<String>>,
    pub(super) not_inside: Vec<Spanned<String>>,
    pub(super) burnt_before: Vec<Spanned<String>>,
    pub(super) burnt_behind: Vec<Spanned<String>>,
    pub(super) used_before: Vec<Spanned<String>>,
    pub(super) confirmed: Vec<Spanned<String>>,
    pub(super) old: Vec<Spanned<String>>,
    pub(super) bodies: Vec<Spanned<String>>,
    pub(super) doubts: Vec<Spanned<String>>,
    pub(super) spared: Vec<Spanned<String>>,
    pub(super) smoke: Vec<Spanned<String>>,
    pub(super) any_vehicle: Vec<Spanned<String>>,
}

/// What a sentence is about that names no product itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSubjects {
    /// Words that point back to a thing: 它, 该产品.
    #[serde(default)]
    pub(super) pointers: Vec<Spanned<String>>,
    /// Words for the first of several things: 前者.
    #[serde(default)]
    pub(super) former: Vec<Spanned<String>>,
    /// Words for the last of several things: 后者.
    #[serde(default)]
    pub(super) latter: Vec<Spanned<String>>,
    /// Longer words in which nothing points back: 其它.
    #[serde(default)]
    pub(super) none: Vec<Spanned<String>>,
    /// Words of having and using: what follows is said of the thing.
    #[serde(default)]
    pub(super) has: Vec<Spanned<String>>,
    /// Places and things that are subjects of their own: 工厂.
    #[serde(default)]
    pub(super) others: Vec<Spanned<String>>,
    /// Words in front of those after which they only say where: 在.
    #[serde(default)]
    pub(super) r#where: Vec<Spanned<String>>,
    /// Words that begin another matter: 另外.
    #[serde(default)]
    pub(super) topics: Vec<Spanned<String>>,
}

/// How things are listed, so that what is said of one holds for all: 没有漏电、漏水和异响.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCoordination {
    /// Words between two listed things.
    #[serde(default)]
    pub(super) links: Vec<Spanned<String>>,
    /// Words that may stand behind a listed thing, before the link (现象, 的问题).
    #[serde(default)]
    pub(super) tails: Vec<Spanned<String>>,
    /// Words that may stand before a listed thing, behind the link (会, 有).
    #[serde(default)]
    pub(super) heads: Vec<Spanned<String>>,
    /// Words that close a list whose things are parted by commas (等问题).
    #[serde(default)]
    pub(super) closes: Vec<Spanned<String>>,
    /// Words that make what follows hold for every listed product (都, 均).
    #[serde(default)]
    pub(super) all: Vec<Spanned<String>>,
}

/// Words that change what a text claims about a hazard near them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCue {
    pub(super) id: Spanned<String>,
    pub(super) means: String,
    pub(super) stance: Stance,
    pub(super) reach: Reach,
    /// For `before` and `after`: most characters between cue and hazard.
    #[serde(default)]
    pub(super) chars: usize,
    pub(super) words: Vec<Spanned<String>>,
    /// Characters that stop a `before` cue from reaching over them (没几天【就】坏了).
    #[serde(default)]
    pub(super) barrier: String,
    /// For `between`: words that close the stretch (比……【的好】).
    #[serde(default)]
    pub(super) until: Vec<Spanned<String>>,
    /// Words behind the hazard in its clause that take the cue's force (不是漏电【就是】漏水).
    #[serde(default)]
    pub(super) unless: Vec<Spanned<String>>,
    /// Longer words in which the cue is none (不仅, 忍不住).
    #[serde(default)]
    pub(super) not: Vec<Spanned<String>>,
    /// Only for these hazards; empty = all.
    #[serde(default)]
    pub(super) hazards: Vec<Hazard>,
    /// Only in channels or texts without a platform category (titles, questions), or only with one (reviews).
    pub(super) platform: Option<bool>,
}

/// Where a cue works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Before the hazard, within `chars`, in its clause.
    Before,
    /// Before the hazard in its clause, and one of `until` behind it: 比上一个漏电的好.
    Between,
    /// After the hazard, within `chars`, in its clause.
    After,
    /// Anywhere in the hazard's clause.
    Clause,
    /// At the very end of the hazard's clause.
    End,
    /// Anywhere in the hazard's sentence.
    Sentence,
    /// Anywhere in the text.
    Text,
}

/// Words that only look like a hazard or product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenIdiom {
    pub(super) id: Spanned<String>,
    pub(super) means: String,
    pub(super) words: Vec<Spanned<String>>,
}

/// A pattern that states an injury.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenInjury {
    pub(super) id: Spanned<String>,
    pub(super) means: String,
    pub(super) severity: u8,
    pub(super) finds: Vec<Spanned<String>>,
}

/// How sure a signal is, estimated on the labelled training texts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenConfidence {
    /// When nothing else is known.
    pub(super) base: f64,
    /// Log-odds steps by how the product was found and stance.
    #[serde(default)]
    pub(super) step: BTreeMap<String, f64>,
}

/// `rules/relations/*.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RelationFile {
    /// Named groups of categories.
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Vec<String>>,
    /// Which products a hazard can belong to.
    #[serde(default)]
    pub(super) compatible: BTreeMap<Hazard, Vec<String>>,
    /// For a platform category: products (`code` or `code:leaf`) that one sentence of a text may speak of.
    #[serde(default)]
    pub(super) beside: BTreeMap<String, Vec<String>>,
    /// For a platform category: products that a whole text may be about, when it never names the category itself.
    #[serde(default)]
    pub(super) instead: BTreeMap<String, Vec<String>>,
    /// For a category: those that give way to it when both stand in one sentence.
    #[serde(default)]
    pub(super) over: BTreeMap<String, Vec<String>>,
}
