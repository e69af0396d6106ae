//! A question and its answer.

use std::collections::BTreeMap;
use std::vec;

use data_encoding::BASE64URL_NOPAD;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tantivy::collector::Collector as _;
use tantivy::query::{EnableScoring, Query};
use tantivy::schema::Value;
use tantivy::{DocAddress, Executor, Searcher, TantivyDocument};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::bounds::{FACET_CODES_MAX, PAGE_HITS_MAX};
use super::collect::{PageCollector, PassResult, Rank, Ranked, Wanted};
use super::error::IndexError;
use super::histogram::Histogram;
use super::parse::parse;
use super::plan::{Expansion, Needle, Planner, needles};
use super::query::ParsedQuery;
use super::record::Stored;
use super::schema::FACETS;
use super::snippet::snippet;
use super::sort::Sort;
use super::{Document, SearchIndex};
use vocabulary::{
    Category, Channel, CharSpan, Counts, DocumentId, Hazard, ItemNames, Position, RegionCode, SHOWN_CHARS, SourceId,
    excerpt, show_moment,
};

/// First byte of a cursor.
const CURSOR_VERSION: u8 = 2;

/// A question. What the query itself says (`sort:date`, `synonyms:off`, `reprints:hide`) goes before the fields here.
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
    /// Search only what is written, no other names of it.
    #[serde(default)]
    pub no_synonyms: bool,
    /// Only the best hit of each story.
    #[serde(default)]
    pub hide_reprints: bool,
    /// Only total and hits: no facets, counts or histogram.
    #[serde(default)]
    pub bare: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchPage {
    /// How many documents match, exactly, reprints among them.
    pub total: u64,
    /// This page of them.
    pub hits: Vec<Hit>,
    /// `channel`, `source`, `category`, `hazard`, `region` (provinces), `brand`: codes with their number of documents among
    /// all matches, most frequent first; `month`, latest first.
    pub facets: BTreeMap<String, Vec<(String, u64)>>,
    /// Pass it as `after` for the following page; none on the last.
    pub next: Option<String>,
    /// Reports, distinct texts, actors and places (prefectures) among all matches.
    pub counts: Counts,
    /// Matches over time; those without any are in `total` only.
    pub histogram: Histogram,
    /// What was searched beside what was asked.
    pub expansions: Vec<Expansion>,
    /// How the query was understood where that is not plain, in Chinese.
    pub notes: Vec<String>,
    /// The same in English, for people who asked for it; no program reads it.
    #[serde(skip)]
    pub notes_en: Vec<String>,
    /// The order that was taken.
    pub sort: Sort,
    /// Whether only the best hit of each story is among the hits.
    pub reprints_hidden: bool,
    /// Whether time was over before all matches were looked at: all numbers are then of what was looked at.
    #[serde(default)]
    pub partial: bool,
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
    /// What the very goods are called, of each kind the first name.
    #[serde(default, skip_serializing_if = "ItemNames::is_empty")]
    pub item: ItemNames,
    /// Its address.
    pub url: Option<String>,
    /// Its place in the log.
    pub position: Position,
    /// Worst severity of its signals, 0–4; none without signals.
    pub severity: Option<u8>,
    /// The story it tells: the position of the first document that told it.
    pub story: u64,
    /// How many other matches tell the same story.
    pub reprints: u64,
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

/// A question as understood, over one state of the index.
struct Planned {
    query: Box<dyn Query>,
    asked: ParsedQuery,
    expansions: Vec<Expansion>,
    searcher: Searcher,
    sort: Sort,
    hide_reprints: bool,
}

/// All documents that match, in order, over one state of the index.
pub struct Matches<'a> {
    index: &'a SearchIndex,
    searcher: Searcher,
    needles: Vec<Needle>,
    ranked: vec::IntoIter<Ranked>,
    /// How many there are, those beyond the bound among them.
    pub total: u64,
    /// Up to where in the log the state goes.
    pub position: Position,
}

impl Iterator for Matches<'_> {
    type Item = Result<(Hit, Document), IndexError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, address, score) = self.ranked.next()?;
        Some(self.index.hit(&self.searcher, address, score, &self.needles))
    }
}

impl SearchIndex {
    /// Answers a question from the last commit.
    pub fn search(&self, request: &SearchRequest) -> Result<SearchPage, IndexError> {
        self.search_within(request, None)
    }

    /// As [`SearchIndex::search`], but `over` is asked now and then, and once it says yes the answer is what was found until
    /// then, marked as partial.
    pub fn search_within(
        &self,
        request: &SearchRequest,
        over: Option<&(dyn Fn() -> bool + Sync)>,
    ) -> Result<SearchPage, IndexError> {
        if request.limit > PAGE_HITS_MAX {
            return Err(IndexError::Limit { asked: request.limit, max: PAGE_HITS_MAX });
        }
        let planned = self.plan(request)?;
        let Planned { searcher, asked, sort, hide_reprints, .. } = &planned;
        let (sort, hide_reprints) = (*sort, *hide_reprints);
        let after = request.after.as_deref().map(|cursor| read_cursor(cursor, request)).transpose()?;
        // One more than shown tells whether another page follows.
        let limit = if request.limit == 0 { 0 } else { request.limit + 1 };
        let wanted = Wanted { sort, limit, after, hide_reprints, bare: request.bare };
        let collector = PageCollector { wanted, over };
        // A search that finds the threads taken does not wait for them: its time is running.
        let (pool, alone) = (self.pool.try_lock(), Executor::SingleThread);
        let executor = pool.as_deref().unwrap_or(&alone);
        let scoring = if collector.requires_scoring() {
            EnableScoring::enabled_from_searcher(searcher)
        } else {
            EnableScoring::disabled_from_searcher(searcher)
        };
        let found = searcher.search_with_executor(&planned.query, &collector, executor, scoring);
        drop(pool);
        let mut found = found.map_err(IndexError::engine("answer a query"))?;
        let more = found.page.len() > request.limit;
        found.page.truncate(request.limit);

        let needles = needles(&asked.node, &self.analysis, &planned.expansions);
        let mut hits = Vec::with_capacity(found.page.len());
        for (_, address, score) in &found.page {
            let (mut hit, _) = self.hit(searcher, *address, *score, &needles)?;
            hit.reprints = found.stories.times(hit.story).saturating_sub(1);
            hits.push(hit);
        }
        let last = found.page.last().filter(|_| more);
        Ok(SearchPage {
            total: found.total,
            hits,
            next: last.map(|(rank, ..)| write_cursor(*rank, request)),
            partial: found.cut,
            counts: found.counts(),
            histogram: Histogram::of(&found.days),
            facets: facets(found),
            expansions: planned.expansions,
            notes: planned.asked.notes.iter().map(|note| note.zh.clone()).collect(),
            notes_en: planned.asked.notes.into_iter().map(|note| note.en).collect(),
            sort,
            reprints_hidden: hide_reprints,
        })
    }

    /// All documents that match, at most `max` of them, in the order of the request. Its `limit` and `after` do not count.
    pub fn matches(&self, request: &SearchRequest, max: usize) -> Result<Matches<'_>, IndexError> {
        let position = self.cursor()?;
        let planned = self.plan(request)?;
        let Planned { sort, hide_reprints, .. } = planned;
        let wanted = Wanted { sort, limit: max, after: None, hide_reprints, bare: true };
        let collector = PageCollector { wanted, over: None };
        let found = planned.searcher.search(&planned.query, &collector);
        let found = found.map_err(IndexError::engine("answer a query"))?;
        let needles = needles(&planned.asked.node, &self.analysis, &planned.expansions);
        let (searcher, ranked) = (planned.searcher, found.page.into_iter());
        Ok(Matches { index: self, searcher, needles, ranked, total: found.total, position })
    }

    /// Checks a query without asking it.
    pub fn check(&self, query: &str) -> Result<(), IndexError> {
        parse(query, &self.thesaurus)?;
        Ok(())
    }

    fn plan(&self, request: &SearchRequest) -> Result<Planned, IndexError> {
        let asked = parse(&request.query, &self.thesaurus)?;
        let searcher = self.reader.searcher();
        let mut planner = Planner {
            fields: &self.fields,
            analysis: &self.analysis,
            thesaurus: &self.thesaurus,
            synonyms: asked.wishes.synonyms.unwrap_or(!request.no_synonyms),
            searcher: &searcher,
            expansions: Vec::new(),
        };
        let query = planner.plan(&asked.node)?;
        let expansions = planner.expansions;
        let sort = asked.wishes.sort.unwrap_or(request.sort);
        let hide_reprints = asked.wishes.reprints.map_or(request.hide_reprints, |shown| !shown);
        Ok(Planned { query, asked, expansions, searcher, sort, hide_reprints })
    }

    /// The document with this id as it was last committed, if there is one.
    pub fn document(&self, id: &DocumentId) -> Result<Option<Document>, IndexError> {
        Ok(self.stored_of(id)?.map(|stored| stored.document.into_owned()))
    }

    /// The story that a document tells, if the document is there.
    pub fn story(&self, id: &DocumentId) -> Result<Option<u64>, IndexError> {
        Ok(self.stored_of(id)?.map(|stored| stored.story))
    }

    fn stored_of(&self, id: &DocumentId) -> Result<Option<Stored<'static>>, IndexError> {
        let query = tantivy::query::TermQuery::new(
            tantivy::Term::from_field_text(self.fields.id, id.as_str()),
            tantivy::schema::IndexRecordOption::Basic,
        );
        let searcher = self.reader.searcher();
        let wanted = Wanted { sort: Sort::Newest, limit: 1, after: None, hide_reprints: false, bare: true };
        let collector = PageCollector { wanted, over: None };
        let found = searcher.search(&query, &collector).map_err(IndexError::engine("look up a document"))?;
        let Some((_, address, _)) = found.page.first() else { return Ok(None) };
        Ok(Some(serde_json::from_str(&self.stored(&searcher, *address)?)?))
    }

    fn hit(
        &self,
        searcher: &Searcher,
        address: DocAddress,
        score: f32,
        needles: &[Needle],
    ) -> Result<(Hit, Document), IndexError> {
        let json = self.stored(searcher, address)?;
        let stored: Stored<'_> = serde_json::from_str(&json)?;
        let document = stored.document.into_owned();
        let (snippet, spans) = snippet(&document.text, needles);
        let hit = Hit {
            id: document.id.clone(),
            score,
            title: document.title.clone(),
            snippet,
            spans,
            published_at: document.published_at.map(show_moment),
            seen_at: document.seen_at.map(show_moment),
            source: document.source.clone(),
            channel: document.channel,
            categories: stored.categories.into_iter().collect(),
            hazards: stored.hazards.into_iter().collect(),
            region: stored.region,
            brand: stored.brand,
            item: stored.item,
            url: document.url.clone(),
            position: stored.position,
            severity: stored.severity,
            story: stored.story,
            reprints: 0,
        };
        Ok((hit, document))
    }

    fn stored(&self, searcher: &Searcher, address: DocAddress) -> Result<String, IndexError> {
        let record: TantivyDocument = searcher.doc(address).map_err(IndexError::engine("read a hit"))?;
        let json = record.get_first(self.fields.stored).and_then(|value| value.as_str().map(str::to_owned));
        Ok(json.unwrap_or_default())
    }
}

fn facets(found: PassResult) -> BTreeMap<String, Vec<(String, u64)>> {
    let mut facets: BTreeMap<String, Vec<(String, u64)>> =
        FACETS.iter().zip(found.facets).map(|((name, _), counts)| ((*name).to_owned(), top(counts))).collect();
    let mut months: BTreeMap<String, u64> = BTreeMap::new();
    for (day, count) in found.days {
        if let Some(day) = super::filter::day_of_number(day) {
            *months.entry(month(day)).or_default() += count;
        }
    }
    facets.insert("month".to_owned(), months.into_iter().rev().take(FACET_CODES_MAX).collect());
    facets
}

fn month(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
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
    let flags = u64::from(request.no_synonyms) << 8 | u64::from(request.hide_reprints) << 9;
    xxh3_64_with_seed(request.query.as_bytes(), request.sort as u64 | flags)
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
    read().ok_or_else(|| IndexError::Cursor { found: excerpt(cursor, SHOWN_CHARS) })
}
