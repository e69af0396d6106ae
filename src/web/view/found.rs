//! What a search found, in plain values, and what is known of a document beside its text.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use index::{Histogram, Sort};
use vocabulary::{
    AlertId, AlertState, Category, Channel, CharSpan, Counts, DocumentId, Hazard, Position, RegionCode, SourceId,
    show_moment,
};

/// What a search found. Also the wire format of `/api/v1/search`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub(crate) struct SearchOutcome {
    /// Exact number of matches, unless the answer is partial.
    pub(crate) total: u64,
    /// Whether time was over before all matches were looked at: all numbers are then of what was looked at.
    pub(crate) partial: bool,
    /// In the order of `sort`.
    pub(crate) hits: Vec<SearchHit>,
    /// Which comes first; the query may ask for it.
    pub(crate) sort: Sort,
    /// How the query was understood where that is not plain: names that were searched too, places of one name.
    pub(crate) notes: Vec<String>,
    /// Reports, distinct texts, actors and places among all matches.
    pub(crate) counts: Counts,
    /// All matches over time; those without a date are in `total` only.
    pub(crate) histogram: Histogram,
    /// Whether only the best hit of each story is among the hits.
    pub(crate) reprints_hidden: bool,
    /// How the matches divide.
    pub(crate) facets: Vec<Facet>,
    /// Where the next page begins; none on the last.
    pub(crate) next: Option<String>,
}

/// One document that matches.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub(crate) struct SearchHit {
    /// The document.
    pub(crate) id: DocumentId,
    /// Relevance; only its order means anything.
    pub(crate) score: f32,
    /// Its headline.
    pub(crate) title: Option<String>,
    /// The stretch of its text that matches best.
    pub(crate) snippet: String,
    /// The matching words, in characters of `snippet`.
    pub(crate) spans: Vec<CharSpan>,
    /// When it was published.
    #[serde(serialize_with = "moment_or_null")]
    pub(crate) published_at: Option<Timestamp>,
    /// Where it came from.
    pub(crate) source: SourceId,
    /// Its channel group.
    pub(crate) channel: Channel,
    /// Product categories read in it.
    pub(crate) categories: Vec<Category>,
    /// Hazards read in it.
    pub(crate) hazards: Vec<Hazard>,
    /// Brand read in it.
    pub(crate) brand: Option<String>,
    /// Place read in it.
    pub(crate) region: Option<RegionCode>,
    /// Its address.
    pub(crate) url: Option<String>,
    /// Worst severity of its signals, 0–4; none without signals.
    pub(crate) severity: Option<u8>,
    /// The story it tells: the position of the first document that told it.
    pub(crate) story: u64,
    /// How many other matches tell the same story.
    pub(crate) reprints: u64,
}

#[expect(clippy::ref_option, reason = "serde's `serialize_with` passes a reference")]
fn moment_or_null<S: Serializer>(moment: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    moment.map(show_moment).serialize(to)
}

/// How the matches divide over one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub(crate) struct Facet {
    /// Field name: `category`, `hazard`, `channel`, `source`, `brand`, `region`, …
    pub(crate) field: String,
    /// Most frequent first.
    pub(crate) values: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub(crate) struct FacetValue {
    /// Its code.
    pub(crate) value: String,
    /// How many matches carry it.
    pub(crate) count: u64,
    /// The term of the query language that keeps only these, e.g. `category:toy`, quoted where it needs to be.
    pub(crate) narrow: String,
}

/// A query worth copying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryExample {
    /// The query.
    pub(crate) query: String,
    /// What it finds, in Chinese.
    pub(crate) means: String,
}

/// What is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub(crate) struct QueryFault {
    /// What was found and what was expected, for people.
    pub(crate) message: String,
    /// The characters of the query it is about; empty at a place where something is missing; none when it is about the whole.
    pub(crate) span: Option<CharSpan>,
}

impl QueryFault {
    /// A fault known only by where it begins: a bracket or quote by itself, otherwise the word or value that begins there.
    /// A place past the end becomes the end.
    #[must_use]
    pub(crate) fn at(message: impl Into<String>, query: &str, at: usize) -> Self {
        let ends =
            |letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | '（' | '）' | ',' | '，' | '、');
        let at = at.min(query.chars().count());
        let chars = match query.chars().nth(at) {
            Some('(' | ')' | '（' | '）' | '"' | '“' | '”' | '＂') => 1,
            _ => query.chars().skip(at).take_while(|letter| !ends(*letter)).count(),
        };
        Self { message: message.into(), span: Some(CharSpan::new(at, at + chars)) }
    }
}

/// All that a search found, in a file to take away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exported {
    /// A ZIP archive of the file and its manifest, which holds the file's digest.
    pub(crate) archive: Vec<u8>,
    /// Rows of the file.
    pub(crate) rows: u64,
}

/// A document's history and context, beside its text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Trail {
    /// Its revisions, newest first, at most [`REVISIONS_MAX`].
    pub(crate) revisions: Vec<Revision>,
    /// How many there are in all.
    pub(crate) revisions_total: u64,
    /// Alerts that have it among the evidence they keep, highest rank first, at most [`CITED_MAX`].
    pub(crate) cited_by: Vec<Cited>,
    /// The story it tells, when the index has it.
    pub(crate) story: Option<u64>,
    /// How many other documents tell the same.
    pub(crate) reprints: u64,
}

/// Most revisions shown of one document.
pub(crate) const REVISIONS_MAX: usize = 20;
/// Most alerts named for one document.
pub(crate) const CITED_MAX: usize = 20;

/// One revision of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    /// Its place in the log.
    pub(crate) position: Position,
    /// When it was seen.
    pub(crate) seen_at: Option<Timestamp>,
    /// What changed against the one before, in sentences: whether it is new or gone, and the words. Empty for the first.
    pub(crate) changes: Vec<Change>,
}

/// A sentence that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Whether it is in the newer one.
    pub(crate) new: bool,
    /// The words.
    pub(crate) words: String,
}

/// An alert that rests on a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cited {
    /// The alert.
    pub(crate) id: AlertId,
    /// What it is about.
    pub(crate) category: Category,
    /// What it is about.
    pub(crate) hazard: Hazard,
    /// Whether it goes on.
    pub(crate) state: AlertState,
}
