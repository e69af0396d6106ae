//! What analysts ask of the archive: searches, their results as files, documents and what is known of them. For those inside alone.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::limits::SEARCH_MS_MAX;
use super::found::{
    CITED_MAX, Change, Cited, Exported, Facet, FacetValue, QueryExample, QueryFault, REVISIONS_MAX, Revision,
    SearchHit, SearchOutcome, Trail,
};
use super::values::ViewError;
use super::{View, doing};
use index::{Expansion, Hit, IndexError, SearchPage, SearchRequest};
use pipeline::revisions::{DiffLine, changes};
use pipeline::{ExportFormat, NewAnswer, NewSearch, PipelineError, Tower, on_disk, read_batch};
use store::{CameFor, SavedSearch};
use vocabulary::{Document, DocumentId, DoubtedText, Excluded, Reading, parse_moment};

/// What a visitor may copy.
const EXAMPLES: &[(&str, &str)] = &[
    ("充电宝 起火", "两个词都出现"),
    ("\"突然起火\" -电影", "整句出现，且没有另一个词"),
    ("hazard:fire category:battery_charger", "按隐患和产品类别"),
    ("region:330000 channel:complaint 漏电", "浙江省的投诉里提到漏电"),
    ("date:2024-01-01..2024-06-30 (甲醛 OR 异味)", "按时间，两个词任一"),
    ("severity>=3", "读出住院以上伤害的"),
    ("seller:小熊电器旗舰店 signal:any", "这家店所售商品的风险信号"),
];

impl View {
    /// The tower for those inside; nobody else searches the archive.
    fn archive(&self) -> Result<&Tower, ViewError> {
        let why = || "您所属的单位不检索原文。".to_owned();
        if self.sight.is_inside() { Ok(&self.tower) } else { Err(ViewError::Refused { why: why() }) }
    }

    /// A document and what was read in it, when the reader has got there.
    pub(crate) async fn document(&self, id: &DocumentId) -> Result<Option<(Document, Option<Reading>)>, ViewError> {
        let Ok(tower) = self.archive() else { return Ok(None) };
        let entry = tower.store().document(id).await.map_err(doing("reading a document"))?;
        let Some(entry) = entry else { return Ok(None) };
        // READ-1: reading it again gives what was read then, as long as the lexicon is the same.
        let lexicon = tower.lexicon();
        let read = move || {
            let reading = read_batch(&lexicon, vec![entry]).pop();
            reading.map(|read| (read.document, Some(read.reading)))
        };
        tokio::task::spawn_blocking(read).await.map_err(doing("reading a document's text"))
    }

    /// The analysts' query language on the index. `after` is the `next` of an earlier outcome of the same query.
    pub(crate) fn search(&self, query: &str, limit: usize, after: Option<&str>) -> Result<SearchOutcome, ViewError> {
        let tower = self.archive()?;
        let after = after.map(str::to_owned);
        let request = SearchRequest { query: query.to_owned(), limit, after, ..SearchRequest::default() };
        #[expect(clippy::disallowed_methods, reason = "the edge where time is measured")]
        let begun = Instant::now();
        let over = || begun.elapsed() > Duration::from_millis(SEARCH_MS_MAX);
        let page =
            on_disk(|| tower.index().search_within(&request, Some(&over))).map_err(|error| fault(error, query))?;
        Ok(outcome(page))
    }

    /// All that a query finds, as a file with its manifest; refused with the reason when it is more than fits.
    pub(crate) fn export(
        &self,
        query: &str,
        format: ExportFormat,
        rows_max: u64,
        now: Timestamp,
    ) -> Result<Exported, ViewError> {
        let tower = self.archive()?;
        let request = SearchRequest { query: query.to_owned(), ..SearchRequest::default() };
        let exported = on_disk(|| tower.export_zip(&request, format, rows_max, now));
        let (archive, manifest) = exported.map_err(|error| refused(error, query, "exporting a search"))?;
        Ok(Exported { archive, rows: manifest.rows })
    }

    /// All saved searches, by name.
    pub(crate) async fn searches(&self) -> Result<Vec<SavedSearch>, ViewError> {
        self.archive()?.store().searches().await.map_err(doing("reading the saved searches"))
    }

    /// Saves a search, or refuses it with the reason. `who`: whom the audit log names; none: it gets no line.
    pub(crate) async fn save_search(
        &self,
        new: NewSearch,
        who: Option<&str>,
        now: Timestamp,
    ) -> Result<SavedSearch, ViewError> {
        let query = new.query.clone();
        let saved = self.archive()?.save_search(new, self.party().map(|party| party.name.as_str()), who, now).await;
        saved.map_err(|error| refused(error, &query, "saving a search"))
    }

    /// Forgets a saved search and what came for it; false when there is none of that name. `who`: as in [`View::save_search`].
    pub(crate) async fn remove_search(&self, name: &str, who: Option<&str>, now: Timestamp) -> Result<bool, ViewError> {
        let removed = self.archive()?.remove_search(name, who, now).await;
        removed.map_err(|error| ViewError::internal("forgetting a saved search", error))
    }

    /// The newest texts in doubt, each with its document, at most `limit`; how many wait, and how many were answered.
    pub(crate) async fn doubts(&self, limit: u32) -> Result<(Vec<(DoubtedText, Document)>, u64, u64), ViewError> {
        let store = self.archive()?.store();
        let failed = || doing("reading what is in doubt");
        let mut shown = Vec::new();
        for doubted in store.doubts(false, limit).await.map_err(failed())? {
            if let Some(entry) = store.document(&doubted.document_id).await.map_err(failed())? {
                shown.push((doubted, entry.document));
            }
        }
        let open = store.count_doubts(false).await.map_err(failed())?;
        Ok((shown, open, store.count_doubts(true).await.map_err(failed())?))
    }

    /// Keeps what a person says a document in doubt tells.
    pub(crate) async fn answer_doubt(&self, id: &DocumentId, answer: NewAnswer) -> Result<(), ViewError> {
        let kept = self.archive()?.answer_doubt(id, answer).await;
        kept.map_err(|error| refused(error, "", "keeping what is said of a document in doubt"))
    }

    /// What the machine excluded, the newest first. For those who see every alert: a body that watches over regions does not.
    pub(crate) async fn excluded(&self) -> Result<Vec<Excluded>, ViewError> {
        let tower = self.archive()?;
        if !self.sight.sees_all() {
            return Err(ViewError::Refused {
                why: "机器排除的事项不分地区，只对查看全部预警的单位列出。".to_owned()
            });
        }
        tower.store().excluded().await.map_err(doing("reading what the machine excluded"))
    }

    /// What came for a watched search, newest first, at most `limit`.
    pub(crate) async fn came_for(&self, name: &str, limit: usize) -> Result<Vec<CameFor>, ViewError> {
        self.archive()?.store().came_for(name, limit).await.map_err(doing("reading what came for a saved search"))
    }

    /// A document's revisions, story and reprints, and the alerts that cite it, as far as the viewer sees them.
    pub(crate) async fn trail(&self, id: &DocumentId) -> Result<Trail, ViewError> {
        let Ok(tower) = self.archive() else { return Ok(Trail::default()) };
        // One more than is shown: the oldest shown is compared with the one before it.
        let read = tower.store().last_revisions(id, REVISIONS_MAX + 1).await;
        let (entries, revisions_total) = read.map_err(doing("reading a document's revisions"))?;
        let told = changes(&entries).into_iter().rev().take(REVISIONS_MAX);
        let revisions = told.map(|(entry, lines)| Revision {
            position: entry.position,
            seen_at: entry.document.seen_at,
            changes: lines.iter().filter_map(change).collect(),
        });
        let revisions = revisions.collect();
        let citing = tower.store().alerts_citing(id, CITED_MAX).await.map_err(doing("reading the alerts"))?;
        let mut cited_by = Vec::with_capacity(citing.len());
        for alert in citing {
            if let Some(shown) = self.shown(alert).await? {
                let (category, hazard) = (shown.assessment.category, shown.assessment.hazard);
                cited_by.push(Cited { category, hazard, state: shown.state, id: shown.id });
            }
        }
        let story = on_disk(|| tower.index().story(id)).map_err(doing("looking for a document's story"))?;
        let reprints = match story {
            Some(story) => on_disk(|| tower.finds_now(&format!("story:{story}")))
                .map_err(doing("counting a story's documents"))?
                .saturating_sub(1),
            None => 0,
        };
        Ok(Trail { revisions, revisions_total, cited_by, story, reprints })
    }

    /// What was fetched for a document, byte by byte, as one WARC record; none when it did not come over the network.
    pub(crate) async fn raw(&self, id: &DocumentId) -> Result<Option<Vec<u8>>, ViewError> {
        let Ok(tower) = self.archive() else { return Ok(None) };
        let entry = tower.store().document(id).await.map_err(doing("reading a document"))?;
        let Some(place) = entry.and_then(|entry| entry.document.raw) else { return Ok(None) };
        on_disk(|| tower.raw_record(&place)).map_err(doing("reading what was fetched for a document"))
    }
}

/// Examples of the query language, simplest first, shown beside the search box.
pub(crate) fn query_examples() -> impl Iterator<Item = QueryExample> {
    let example =
        |(query, means): &(&str, &str)| QueryExample { query: (*query).to_owned(), means: (*means).to_owned() };
    EXAMPLES.iter().map(example)
}

fn change(line: &DiffLine<'_>) -> Option<Change> {
    match line {
        DiffLine::Same(_) => None,
        DiffLine::Gone(words) => Some(Change { new: false, words: words.trim().to_owned() }),
        DiffLine::New(words) => Some(Change { new: true, words: words.trim().to_owned() }),
    }
}

/// Errors that the visitor can correct are shown; all others are internal.
fn refused(error: PipelineError, query: &str, what: &'static str) -> ViewError {
    match error {
        PipelineError::Refused(refused) => ViewError::Refused { why: refused.zh },
        PipelineError::Index(error) => fault(error, query),
        other => ViewError::internal(what, other),
    }
}

/// A bad query or place mark can be corrected by the visitor; all other errors are internal.
fn fault(error: IndexError, query: &str) -> ViewError {
    match error {
        IndexError::Query(error) => ViewError::BadQuery(QueryFault::at(error.message.zh, query, error.at)),
        IndexError::Cursor { found } => ViewError::BadCursor { found },
        other => ViewError::internal("searching", other),
    }
}

fn outcome(page: SearchPage) -> SearchOutcome {
    let facet = |(field, counts): (String, Vec<(String, u64)>)| Facet {
        values: counts
            .into_iter()
            .map(|(value, count)| FacetValue { narrow: narrow(&field, &value), value, count })
            .collect(),
        field,
    };
    let also = |expansion: &Expansion| {
        format!("“{}”连同：{}；检索式里加 synonyms:off 可关闭", expansion.word, expansion.also.join("、"))
    };
    let cut = page.partial.then(|| {
        "检索超时，提前结束：条数、分面和排序只计已查到的部分，请加条件（如 date: 或 category:）后重试".to_owned()
    });
    SearchOutcome {
        partial: page.partial,
        total: page.total,
        counts: page.counts,
        histogram: page.histogram,
        reprints_hidden: page.reprints_hidden,
        sort: page.sort,
        notes: cut.into_iter().chain(page.expansions.iter().map(also)).chain(page.notes).collect(),
        hits: page.hits.into_iter().map(hit).collect(),
        facets: page.facets.into_iter().map(facet).collect(),
        next: page.next,
    }
}

/// The query term that keeps only this value.
fn narrow(field: &str, value: &str) -> String {
    let field = if field == "month" { "date" } else { field };
    let plain = value.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-' || c == '.');
    if plain { format!("{field}:{value}") } else { format!("{field}:\"{}\"", value.replace('"', "")) }
}

fn hit(hit: Hit) -> SearchHit {
    SearchHit {
        id: hit.id,
        score: hit.score,
        title: hit.title,
        snippet: hit.snippet,
        spans: hit.spans,
        published_at: hit.published_at.as_deref().and_then(|text| parse_moment(text).ok()),
        source: hit.source,
        channel: hit.channel,
        categories: hit.categories,
        hazards: hit.hazards,
        brand: hit.brand,
        region: hit.region,
        url: hit.url,
        severity: hit.severity,
        story: hit.story,
        reprints: hit.reprints,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use jieba_rs::Jieba;

    use super::*;
    use index::SearchIndex;
    use vocabulary::LexiconVersion;

    fn empty() -> SearchIndex {
        SearchIndex::in_memory(Arc::new(Jieba::new()), &LexiconVersion::from("test"), &BTreeSet::new())
            .expect("an index")
    }

    fn request(query: &str) -> SearchRequest {
        SearchRequest { query: query.to_owned(), limit: 1, ..SearchRequest::default() }
    }

    #[test]
    fn every_example_is_a_query() {
        let index = empty();
        for (query, _) in EXAMPLES {
            assert!(index.search(&request(query)).is_ok(), "{query}");
        }
    }

    #[test]
    fn every_term_that_narrows_is_a_query() {
        let index = empty();
        for (field, value) in
            [("brand", "大 米"), ("brand", "a\"b:(c)"), ("region", "330000"), ("category", "toy"), ("channel", "media")]
        {
            let term = narrow(field, value);
            assert!(index.search(&request(&format!("起火 {term}"))).is_ok(), "{term}");
        }
    }

    #[test]
    fn a_bad_query_is_marked_where_it_is_bad_and_worded_in_chinese() {
        let error = empty().search(&request("充电宝 hazrad:fire")).expect_err("no such field");
        let ViewError::BadQuery(found) = fault(error, "充电宝 hazrad:fire") else { panic!("the visitor's fault") };
        assert_eq!(found.span.map(|span| span.slice("充电宝 hazrad:fire").to_owned()).as_deref(), Some("hazrad:fire"));
        assert!(found.message.contains("没有叫“hazrad”的字段"), "{}", found.message);
    }
}
