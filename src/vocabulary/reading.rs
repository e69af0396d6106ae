//! What the reader found in one document: mentions, signals, and what went wrong on the way.

use serde::{Deserialize, Serialize};

use super::{Category, CharSpan, Doubt, Hazard, LexiconVersion, RegionCode, RuleId, Stance};

/// What a mention names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MentionKind {
    /// A product; code = category.
    Product,
    /// A hazard; code = hazard.
    Hazard,
    /// An injury; code = severity `1`–`4`.
    Injury,
    /// A brand; code = canonical brand name.
    Brand,
    /// A firm; code = canonical name.
    Firm,
    /// An in-platform seller.
    Shop,
    /// An e-commerce platform; code = canonical name.
    Platform,
    /// A place; code = GB/T 2260.
    Region,
    /// A standard number; code = canonical number.
    Standard,
    /// A material or chemical.
    Material,
    /// A model or batch number.
    Model,
    /// A number with a unit.
    Quantity,
    /// A vulnerable group, or what marks a smart product; code = focus flag.
    Group,
    /// A certification mark or licence, with its number when one is written.
    Certificate,
    /// When a product was made or expires; code = `YYYY-MM-DD`, `YYYY-MM`, or two of them with `/` between.
    Date,
}

/// A span of text that names something, with the rule or dictionary entry behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Mention {
    /// What it names.
    pub kind: MentionKind,
    /// Code in the set of its kind.
    pub code: String,
    /// Where, in characters of the input text.
    pub span: CharSpan,
    /// The characters themselves, as in the input.
    pub text: String,
    /// What the text claims about it; `asserted` for names.
    pub stance: Stance,
    /// The rule or dictionary entry that found it.
    pub rule: RuleId,
}

/// How a signal came by its product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductFrom {
    /// Named in the text, near the hazard.
    Text,
    /// Told by the platform (`meta.platform_category`).
    Meta,
    /// Inherited from another sentence, or implied by the hazard itself.
    Context,
}

/// What a text or its columns call the very goods: who made and who sells them, which model, which batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(default)]
pub struct ItemNames {
    /// The firm that made them, or for which they were made; of a recall, who recalls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// The shop or firm that sells them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller: Option<String>,
    /// Model or article number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Batch number, or days of manufacture as a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
}

impl ItemNames {
    /// Longest name, in characters.
    pub const CHARS_MAX: usize = 60;

    /// Whether nothing is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.maker.is_none() && self.seller.is_none() && self.model.is_none() && self.batch.is_none()
    }
}

/// A product–hazard pair asserted or suspected in one document (风险信号), as the reader sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Signal {
    /// The product's category.
    pub product: Category,
    /// The hazard.
    pub hazard: Hazard,
    /// `asserted` or `suspected`, never another.
    pub stance: Stance,
    /// Injury severity 0–4 as in the label set.
    pub severity: u8,
    /// Where the product is named; none when it comes from `meta` or context.
    pub product_span: Option<CharSpan>,
    /// Where the hazard is named; empty at 0 when only the headline names it.
    pub hazard_span: CharSpan,
    /// Where the headline names the hazard, in its characters, when the text does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_span: Option<CharSpan>,
    /// How the product was found.
    pub product_from: ProductFrom,
    /// Canonical brand, when one belongs to the product.
    pub brand: Option<String>,
    /// What the very goods are called.
    #[serde(default, skip_serializing_if = "ItemNames::is_empty")]
    pub item: ItemNames,
    /// Place, when one is stated.
    pub region: Option<RegionCode>,
    /// Probability that the signal is real, 0–1.
    pub confidence: f64,
    /// Rules and dictionary entries that made it, sorted.
    pub rules: Vec<RuleId>,
}

/// A thing that went wrong, or was cut short, while reading. The reading is still honest for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "ReadingProblem")]
pub struct Problem {
    /// A stable word, e.g. `text_too_long`.
    pub kind: String,
    /// What was found, for people.
    pub detail: String,
}

/// Everything the reader found in one document. Same document and lexicon give the same reading (READ-1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Reading {
    /// The document's id.
    pub id: super::DocumentId,
    /// Lexicon that read it.
    pub lexicon: LexiconVersion,
    /// Product–hazard pairs, one per distinct pair, in text order.
    pub signals: Vec<Signal>,
    /// Everything named, in text order.
    pub mentions: Vec<Mention>,
    /// What went wrong.
    pub problems: Vec<Problem>,
    /// Standards that the text announces: what was judged by them has to be looked at again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rechecks: Vec<Recheck>,
    /// Pairs that the judge is not sure of, kept as signals or not; at most [`Doubt::MAX`], nearest to even odds first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
}

/// What happens to a standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StandardAction {
    /// Published for the first time.
    New,
    /// Published as a new edition, or amended.
    Revised,
    /// Another one takes its place.
    Replaced,
    /// No longer in force.
    Abolished,
    /// Comes into force, or its transition runs out.
    InForce,
    /// A plan or a draft for comment: nothing changes yet.
    Draft,
}

impl StandardAction {
    /// The Chinese display name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            StandardAction::New => "发布",
            StandardAction::Revised => "修订",
            StandardAction::Replaced => "被代替",
            StandardAction::Abolished => "废止",
            StandardAction::InForce => "实施",
            StandardAction::Draft => "征求意见",
        }
    }

    /// The English display name.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            StandardAction::New => "new",
            StandardAction::Revised => "revised",
            StandardAction::Replaced => "replaced",
            StandardAction::Abolished => "abolished",
            StandardAction::InForce => "in force",
            StandardAction::Draft => "draft",
        }
    }
}

/// A change of a standard that makes earlier judgements due for another look (复核).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Recheck {
    /// Its number, with the year where the text gives one.
    pub standard: String,
    /// Its title, from the text or the dictionary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What happens to it.
    pub action: StandardAction,
    /// The standard whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The standard that takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// From when, as `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<String>,
    /// Products it is about.
    pub categories: Vec<Category>,
    /// Where its number stands, in characters of the input text.
    pub span: CharSpan,
}
