//! One pass over all matches: their number, their facets, and the page that is asked for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, ColumnValues, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use super::schema::{FACETS, fast};
use super::search::Sort;

/// Where a hit stands, larger first. The id's hash makes it unique, so that pages neither overlap nor skip, and nothing
/// in it depends on how the index lies in segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// Score or event time, made to sort as a number.
    pub(super) primary: u64,
    /// Later in the log first.
    pub(super) position: u64,
    /// Hash of the id.
    pub(super) id_key: u64,
}

/// A hit with its place.
pub(super) type Ranked = (Rank, DocAddress, Score);

/// All that one pass finds.
pub(super) struct Found {
    pub(super) total: u64,
    /// Best first.
    pub(super) page: Vec<Ranked>,
    /// By facet, by code.
    pub(super) facets: Vec<BTreeMap<String, u64>>,
}

pub(super) struct PageCollector {
    pub(super) sort: Sort,
    pub(super) limit: usize,
    pub(super) after: Option<Rank>,
}

impl Collector for PageCollector {
    type Fruit = Found;
    type Child = PageOfSegment;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<PageOfSegment> {
        let columns = reader.fast_fields();
        let facets = FACETS.iter().map(|(_, field)| {
            Ok(columns.str(field)?.map(|column| Counter { counts: vec![0; column.num_terms()], column }))
        });
        Ok(PageOfSegment {
            sort: self.sort,
            limit: self.limit,
            after: self.after,
            segment,
            position: columns.column_first_or_default(fast::POSITION)?,
            id_key: columns.column_first_or_default(fast::ID_KEY)?,
            event_s: columns.column_opt(fast::EVENT_S)?,
            total: 0,
            page: BinaryHeap::new(),
            facets: facets.collect::<tantivy::Result<_>>()?,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Relevance
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Found>>) -> tantivy::Result<Found> {
        let mut all = Found { total: 0, page: Vec::new(), facets: vec![BTreeMap::new(); FACETS.len()] };
        for segment in segments {
            let segment = segment?;
            all.total += segment.total;
            all.page.extend(segment.page);
            for (sum, counts) in all.facets.iter_mut().zip(segment.facets) {
                for (code, count) in counts {
                    *sum.entry(code).or_default() += count;
                }
            }
        }
        all.page.sort_unstable_by_key(|(rank, ..)| Reverse(*rank));
        all.page.truncate(self.limit);
        Ok(all)
    }
}

struct Counter {
    column: StrColumn,
    /// By term ordinal.
    counts: Vec<u64>,
}

impl Counter {
    fn by_code(&self) -> tantivy::Result<BTreeMap<String, u64>> {
        let mut codes = BTreeMap::new();
        for (ordinal, &count) in (0_u64..).zip(&self.counts) {
            if count > 0 {
                let mut code = String::new();
                self.column.ord_to_str(ordinal, &mut code).map_err(TantivyError::from)?;
                codes.insert(code, count);
            }
        }
        Ok(codes)
    }
}

pub(super) struct PageOfSegment {
    sort: Sort,
    limit: usize,
    after: Option<Rank>,
    segment: SegmentOrdinal,
    position: Arc<dyn ColumnValues<u64>>,
    id_key: Arc<dyn ColumnValues<u64>>,
    event_s: Option<Column<i64>>,
    total: u64,
    /// The worst hit on top.
    page: BinaryHeap<Reverse<Entry>>,
    facets: Vec<Option<Counter>>,
}

/// A hit that sorts by its rank alone.
struct Entry(Ranked);

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0.0 == other.0.0
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.0.cmp(&other.0.0)
    }
}

impl SegmentCollector for PageOfSegment {
    type Fruit = tantivy::Result<Found>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        for counter in self.facets.iter_mut().flatten() {
            for ordinal in counter.column.term_ords(doc) {
                if let Some(count) = usize::try_from(ordinal).ok().and_then(|at| counter.counts.get_mut(at)) {
                    *count += 1;
                }
            }
        }
        let primary = match self.sort {
            // Scores are never negative, and the bits of such floats sort as they do.
            Sort::Relevance => u64::from(score.max(0.0).to_bits()),
            Sort::Newest => {
                let second = self.event_s.as_ref().and_then(|column| column.first(doc));
                second.map_or(0, |second| second.cast_unsigned() ^ (1 << 63))
            }
        };
        if self.page.len() == self.limit && self.page.peek().is_none_or(|Reverse(worst)| primary < worst.0.0.primary) {
            return; // the common case, without reading two more columns
        }
        let rank = Rank { primary, position: self.position.get_val(doc), id_key: self.id_key.get_val(doc) };
        if self.after.is_some_and(|after| rank >= after) {
            return;
        }
        self.page.push(Reverse(Entry((rank, DocAddress::new(self.segment, doc), score))));
        if self.page.len() > self.limit {
            self.page.pop();
        }
    }

    fn harvest(self) -> Self::Fruit {
        let facets = self.facets.iter().map(|counter| counter.as_ref().map_or(Ok(BTreeMap::new()), Counter::by_code));
        Ok(Found {
            total: self.total,
            facets: facets.collect::<tantivy::Result<_>>()?,
            page: self.page.into_iter().map(|Reverse(Entry(ranked))| ranked).collect(),
        })
    }
}
