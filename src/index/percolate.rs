//! Standing queries against documents that just arrived: the documents of a batch become a small index in memory, and
//! every standing query is asked of it once. So a watch finds exactly what the same search would, by the same code.

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::directory::RamDirectory;
use tantivy::query::Query;
use tantivy::{DocId, Index, Score, SegmentOrdinal, SegmentReader, SingleSegmentIndexWriter, TantivyDocument};

use super::bounds::{ARRIVED_MAX, STANDING_MAX};
use super::error::IndexError;
use super::parse::parse;
use super::plan::Planner;
use super::query::{ParsedQuery, QueryError};
use super::record::to_tantivy;
use super::{Document, ReloadPolicy, SearchIndex, schema};
use vocabulary::{Fingerprint, Position, Reading};

/// Memory for the small index, in bytes.
const BATCH_BYTES: usize = 50_000_000;

/// Queries that wait for documents, read once.
#[derive(Debug, Default)]
pub struct Standing {
    asked: Vec<ParsedQuery>,
}

impl Standing {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.asked.len()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }
}

/// A document that just came.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// The document.
    pub document: &'a Document,
    /// What was read in it.
    pub reading: &'a Reading,
    /// Its place in the log.
    pub position: Position,
    /// The story it tells, as the index has it.
    pub story: u64,
}

impl SearchIndex {
    /// Reads standing queries; the first [`STANDING_MAX`] count.
    ///
    /// # Errors
    /// The number of the first query that cannot be read, from 0, and why.
    pub fn standing<'q>(&self, queries: impl IntoIterator<Item = &'q str>) -> Result<Standing, (usize, QueryError)> {
        let read = |(at, query): (usize, &str)| parse(query, &self.thesaurus).map_err(|error| (at, error));
        let asked = queries.into_iter().take(STANDING_MAX).enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Standing { asked })
    }

    /// Which standing queries each document answers: pairs of their numbers, by query, then by document. At most
    /// [`ARRIVED_MAX`] documents are taken.
    pub fn percolate(&self, standing: &Standing, arrived: &[Arrived<'_>]) -> Result<Vec<(usize, usize)>, IndexError> {
        if standing.is_empty() || arrived.is_empty() {
            return Ok(Vec::new());
        }
        let failed = || IndexError::engine("match standing queries");
        let batch = self.batch(&arrived[..arrived.len().min(ARRIVED_MAX)])?;
        let reader = batch.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed())?;
        let searcher: tantivy::Searcher = reader.searcher();
        let mut matches = Vec::new();
        for (number, asked) in standing.asked.iter().enumerate() {
            let mut planner = Planner {
                fields: &self.fields,
                analysis: &self.analysis,
                thesaurus: &self.thesaurus,
                synonyms: asked.wishes.synonyms.unwrap_or(true),
                searcher: &searcher,
                expansions: Vec::new(),
            };
            let query: Box<dyn Query> = planner.plan(&asked.node)?;
            let mut found = searcher.search(&query, &Numbers).map_err(failed())?;
            found.sort_unstable();
            matches.extend(found.into_iter().filter_map(|doc| Some((number, usize::try_from(doc).ok()?))));
        }
        Ok(matches)
    }

    /// The documents as an index of one segment; their numbers in it are their numbers in the batch.
    fn batch(&self, arrived: &[Arrived<'_>]) -> Result<Index, IndexError> {
        let failed = || IndexError::engine("take arrived documents");
        let builder = Index::builder().schema(schema::schema().0).tokenizers(self.index.tokenizers().clone());
        let writer = builder.single_segment_index_writer(RamDirectory::create(), BATCH_BYTES);
        let mut writer: SingleSegmentIndexWriter<TantivyDocument> = writer.map_err(failed())?;
        let print = Fingerprint::of_lanes([0; Fingerprint::LANES]);
        for Arrived { document, reading, position, story } in arrived {
            let record = to_tantivy(&self.fields, document, reading, *position, (*story, &print), &self.thesaurus)?;
            writer.add_document(record).map_err(failed())?;
        }
        writer.finalize().map_err(failed())
    }
}

/// The numbers of all documents that match, without scores.
struct Numbers;

impl Collector for Numbers {
    type Fruit = Vec<DocId>;
    type Child = NumbersOfSegment;

    fn for_segment(&self, _: SegmentOrdinal, _: &SegmentReader) -> tantivy::Result<NumbersOfSegment> {
        Ok(NumbersOfSegment(Vec::new()))
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<Vec<DocId>>) -> tantivy::Result<Vec<DocId>> {
        Ok(segments.concat())
    }
}

struct NumbersOfSegment(Vec<DocId>);

impl SegmentCollector for NumbersOfSegment {
    type Fruit = Vec<DocId>;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.0.push(doc);
    }

    fn harvest(self) -> Vec<DocId> {
        self.0
    }
}
