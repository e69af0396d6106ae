//! A question and its answer.

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use tantivy::schema::Value;
use tantivy::{DocAddress, Searcher, TantivyDocument};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::collect::{PageCollector, Rank};
use super::error::IndexError;
use super::plan::{Needle, Planner, needles};
use super::query::parse;
use super::record::Stored;
use super::schema::FACETS;
use super::snippet::snippet;
use super::{Document, SearchIndex};
use crate::vocabulary::{Category, Channel, CharSpan, DocumentId, Hazard, Position, RegionCode, SourceId, show_moment};

/// Most hits on one page.
pub const PAGE_HITS_MAX: usize = 1000;
/// Most codes listed in one facet, the most frequent first. Their counts are exact over all matches.
pub const FACET_CODES_MAX: usize = 200;
/// First byte of a cursor.
const CURSOR_VERSION: u8 = 1;

/// In which order hits come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Best match first, then newest in the log.
    #[default]
    Relevance,
    /// Latest event time first; documents without one last.
    Newest,
}

/// A question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchRequest {
    /// In the analysts' query language; empty asks for everything.
    pub query: String,
    /// Hits on the page, at most [`PAGE_HITS_MAX`]; 0 only counts.
    pub limit: usize,
    /// `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// Order of the hits.
    #[serde(default)]
    pub sort: Sort,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchPage {
    /// How many documents match, exactly.
    pub total: u64,
    /// This page of them.
    pub hits: Vec<Hit>,
    /// `channel`, `category`, `hazard`, `region` (provinces), `brand`: codes with their number of documents among all
    /// matches, most frequent first.
    pub facets: BTreeMap<String, Vec<(String, u64)>>,
    /// Pass it as `after` for the following page; none on the last.
    pub next: Option<String>,
}

/// One document that matches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The document.
    pub id: DocumentId,
    /// How well it matches; 0 when only facts were asked for or the order is by time.
    pub score: f32,
    /// Headline, when it has one.
    pub title: Option<String>,
    /// About 80 characters around the matches.
    pub snippet: String,
    /// The matches, in characters of `snippet`.
    pub spans: Vec<CharSpan>,
    /// When it was published, RFC 3339.
    pub published_at: Option<String>,
    /// When it was first seen, RFC 3339.
    pub seen_at: Option<String>,
    /// Its source.
    pub source: SourceId,
    /// Its channel group.
    pub channel: Channel,
    /// Of its signals and product mentions.
    pub categories: Vec<Category>,
    /// Of its signals.
    pub hazards: Vec<Hazard>,
    /// The first place named: by a signal, the text, the source.
    pub region: Option<RegionCode>,
    /// The first brand named: by a signal, the text, the source.
    pub brand: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// Its place in the log.
    pub position: Position,
}

impl Hit {
    /// The snippet with its matches in brackets: `充电时【突然起火】`.
    #[must_use]
    pub fn marked(&self) -> String {
        let mut marked = String::with_capacity(self.snippet.len() + 6 * self.spans.len());
        for (at, letter) in self.snippet.chars().enumerate() {
            if self.spans.iter().any(|span| span.from() == at) {
                marked.push('【');
            }
            marked.push(letter);
            if self.spans.iter().any(|span| span.to() == at + 1) {
                marked.push('】');
            }
        }
        marked
    }
}

impl SearchIndex {
    /// Answers a question from the last commit.
    pub fn search(&self, request: &SearchRequest) -> Result<SearchPage, IndexError> {
        if request.limit > PAGE_HITS_MAX {
            return Err(IndexError::Limit { asked: request.limit, max: PAGE_HITS_MAX });
        }
        let asked = parse(&request.query)?;
        let after = request.after.as_deref().map(|cursor| read_cursor(cursor, request)).transpose()?;
        let query = Planner { fields: &self.fields, analysis: &self.analysis }.plan(&asked);
        let searcher = self.reader.searcher();
        // One more than shown tells whether another page follows.
        let collector = PageCollector { sort: request.sort, limit: request.limit + 1, after };
        let mut found = searcher.search(&query, &collector).map_err(IndexError::engine("answer a query"))?;
        let more = found.page.len() > request.limit;
        found.page.truncate(request.limit);

        let needles = needles(&asked, &self.analysis);
        let mut hits = Vec::with_capacity(found.page.len());
        for (_, address, score) in &found.page {
            hits.push(self.hit(&searcher, *address, *score, &needles)?);
        }
        let last = found.page.last().filter(|_| more);
        Ok(SearchPage {
            total: found.total,
            hits,
            facets: FACETS
                .iter()
                .zip(found.facets)
                .map(|((name, _), counts)| ((*name).to_owned(), top(counts)))
                .collect(),
            next: last.map(|(rank, ..)| write_cursor(*rank, request)),
        })
    }

    /// The document with this id as it was last committed, if there is one.
    pub fn document(&self, id: &DocumentId) -> Result<Option<Document>, IndexError> {
        let query = tantivy::query::TermQuery::new(
            tantivy::Term::from_field_text(self.fields.id, id.as_str()),
            tantivy::schema::IndexRecordOption::Basic,
        );
        let searcher = self.reader.searcher();
        let collector = PageCollector { sort: Sort::Newest, limit: 1, after: None };
        let found = searcher.search(&query, &collector).map_err(IndexError::engine("look up a document"))?;
        let Some((_, address, _)) = found.page.first() else { return Ok(None) };
        let json = self.stored(&searcher, *address)?;
        Ok(Some(serde_json::from_str::<Stored<'_>>(&json)?.document.into_owned()))
    }

    fn hit(&self, searcher: &Searcher, address: DocAddress, score: f32, needles: &[Needle]) -> Result<Hit, IndexError> {
        let json = self.stored(searcher, address)?;
        let stored: Stored<'_> = serde_json::from_str(&json)?;
        let document = stored.document.into_owned();
        let (snippet, spans) = snippet(&document.text, needles);
        Ok(Hit {
            id: document.id,
            score,
            title: document.title,
            snippet,
            spans,
            published_at: document.published_at.map(show_moment),
            seen_at: document.seen_at.map(show_moment),
            source: document.source,
            channel: document.channel,
            categories: stored.categories.into_iter().collect(),
            hazards: stored.hazards.into_iter().collect(),
            region: stored.region,
            brand: stored.brand,
            url: document.url,
            position: stored.position,
        })
    }

    fn stored(&self, searcher: &Searcher, address: DocAddress) -> Result<String, IndexError> {
        let record: TantivyDocument = searcher.doc(address).map_err(IndexError::engine("read a hit"))?;
        let json = record.get_first(self.fields.stored).and_then(|value| value.as_str().map(str::to_owned));
        Ok(json.unwrap_or_default())
    }
}

/// Most frequent first, equals by code.
fn top(counts: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut codes: Vec<(String, u64)> = counts.into_iter().collect();
    codes.sort_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
    codes.truncate(FACET_CODES_MAX);
    codes
}

/// Ties a cursor to its query and order.
fn request_key(request: &SearchRequest) -> u64 {
    xxh3_64_with_seed(request.query.as_bytes(), request.sort as u64)
}

fn write_cursor(rank: Rank, request: &SearchRequest) -> String {
    let mut bytes = vec![CURSOR_VERSION];
    for number in [request_key(request), rank.primary, rank.position, rank.id_key] {
        bytes.extend(number.to_be_bytes());
    }
    BASE64URL_NOPAD.encode(&bytes)
}

fn read_cursor(cursor: &str, request: &SearchRequest) -> Result<Rank, IndexError> {
    let read = || {
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
        let (&version, numbers) = bytes.split_first()?;
        let (numbers, rest) = numbers.as_chunks::<8>();
        let numbers: [[u8; 8]; 4] = numbers.try_into().ok()?;
        let [key, primary, position, id_key] = numbers.map(u64::from_be_bytes);
        let fits = version == CURSOR_VERSION && rest.is_empty() && key == request_key(request);
        fits.then_some(Rank { primary, position, id_key })
    };
    read().ok_or_else(|| IndexError::Cursor { found: cursor.chars().take(60).collect() })
}
