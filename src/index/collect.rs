//! One pass over all matches: their number, their facets, and the page that is asked for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, ColumnValues, StrColumn};
use tantivy::query::Weight;
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader, TERMINATED, TantivyError};

use super::schema::{FACETS, fast};
use super::sort::Sort;
use vocabulary::Counts;

/// Where a hit stands, larger first. The id's hash makes it unique, so that pages neither overlap nor skip, and nothing
/// in it depends on how the index lies in segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// Score, severity or event time, made to sort as a number.
    pub(super) primary: u64,
    /// Later in the log first.
    pub(super) position: u64,
    /// Hash of the id.
    pub(super) id_key: u64,
}

/// A hit with its place.
pub(super) type Ranked = (Rank, DocAddress, Score);

/// Spreads numbers that are hashes already, or count up.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

type Numbers<V> = HashMap<u64, V, BuildHasherDefault<Spread>>;

/// Numbers of all matches, repeated as they come; put in order once all are there. Sorting them is cheaper than a table of each.
#[derive(Debug, Default)]
pub(super) struct Occurrences(Vec<u64>);

impl Occurrences {
    fn settle(&mut self) {
        self.0.sort_unstable();
    }

    /// How many different ones there are.
    fn distinct(&self) -> u64 {
        self.0.chunk_by(|a, b| a == b).count() as u64
    }

    /// How often one came.
    pub(super) fn times(&self, number: u64) -> u64 {
        let first = self.0.partition_point(|other| *other < number);
        self.0[first..].iter().take_while(|other| **other == number).count() as u64
    }
}

/// All that one pass finds.
#[derive(Default)]
pub(super) struct PassResult {
    pub(super) total: u64,
    /// Best first.
    pub(super) page: Vec<Ranked>,
    /// By facet, by code.
    pub(super) facets: Vec<BTreeMap<String, u64>>,
    /// Documents by story.
    pub(super) stories: Occurrences,
    actors: Occurrences,
    places: Occurrences,
    /// Documents by day of event time.
    pub(super) days: BTreeMap<i64, u64>,
    /// Best hit of each story, when only that is shown.
    best: Numbers<Ranked>,
    /// Whether time was over before the end.
    pub(super) cut: bool,
}

impl PassResult {
    /// The four counts.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            reports: self.total,
            texts: self.stories.distinct(),
            actors: self.actors.distinct(),
            places: self.places.distinct(),
        }
    }

    fn add(&mut self, other: PassResult) {
        self.total += other.total;
        self.cut |= other.cut;
        self.page.extend(other.page);
        for (sum, counts) in self.facets.iter_mut().zip(other.facets) {
            for (code, count) in counts {
                *sum.entry(code).or_default() += count;
            }
        }
        self.stories.0.extend(other.stories.0);
        self.actors.0.extend(other.actors.0);
        self.places.0.extend(other.places.0);
        for (day, count) in other.days {
            *self.days.entry(day).or_default() += count;
        }
        // The best of each: the order in which a map gives its entries cannot reach the answer.
        for (story, ranked) in other.best.into_iter().collect::<BTreeMap<_, _>>() {
            better(&mut self.best, story, ranked);
        }
    }
}

fn better(best: &mut Numbers<Ranked>, story: u64, ranked: Ranked) {
    let kept = best.entry(story).or_insert(ranked);
    if ranked.0 > kept.0 {
        *kept = ranked;
    }
}

/// Documents scored between two checks of the deadline: some milliseconds of the most expensive queries.
const DOCUMENTS_PER_DEADLINE_CHECK: u32 = 64;

/// Tells, asked now and then, whether a pass has to end.
pub(super) type Over<'a> = &'a (dyn Fn() -> bool + Sync);

/// Which hits, and what else about all matches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) sort: Sort,
    pub(super) limit: usize,
    pub(super) after: Option<Rank>,
    /// Only the best hit of each story.
    pub(super) hide_reprints: bool,
    /// Nothing but the total and the page.
    pub(super) bare: bool,
}

/// Collects what is wanted, for as long as there is time.
#[derive(Clone, Copy)]
pub(super) struct PageCollector<'a> {
    pub(super) wanted: Wanted,
    /// None: to the end, however long it takes.
    pub(super) over: Option<Over<'a>>,
}

impl Collector for PageCollector<'_> {
    type Fruit = PassResult;
    type Child = PageOfSegment;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<PageOfSegment> {
        let columns = reader.fast_fields();
        let facets = FACETS.iter().map(|(_, field)| {
            Ok(columns.str(field)?.map(|column| Counter { counts: vec![0; column.num_terms()], column }))
        });
        let story = columns.column_opt::<u64>(fast::STORY)?;
        let about = if self.wanted.bare {
            None
        } else {
            Some(About {
                facets: facets.collect::<tantivy::Result<_>>()?,
                actor: columns.column_opt(fast::ACTOR)?,
                place: columns.column_opt(fast::PLACE)?,
                day: columns.column_opt(fast::EVENT_DAY)?,
                stories: Occurrences::default(),
                actors: Occurrences::default(),
                places: Occurrences::default(),
                days: HashMap::default(),
            })
        };
        Ok(PageOfSegment {
            asked: self.wanted,
            segment,
            position: columns.column_first_or_default(fast::POSITION)?,
            id_key: columns.column_first_or_default(fast::ID_KEY)?,
            event_s: columns.column_opt(fast::EVENT_S)?,
            severity: columns.column_opt(fast::SEVERITY)?,
            story,
            total: 0,
            page: BinaryHeap::new(),
            best: Numbers::default(),
            about,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.wanted.sort == Sort::Relevance
    }

    fn collect_segment(
        &self,
        weight: &dyn Weight,
        segment: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<tantivy::Result<PassResult>> {
        let mut page = self.for_segment(segment, reader)?;
        let alive = reader.alive_bitset();
        let is_alive = |doc: DocId| alive.is_none_or(|alive| alive.is_alive(doc));
        let Some(over) = self.over else {
            if self.requires_scoring() {
                weight.for_each(reader, &mut |doc, score| {
                    if is_alive(doc) {
                        page.collect(doc, score);
                    }
                })?;
            } else {
                weight.for_each_no_score(reader, &mut |docs| {
                    docs.iter().filter(|doc| is_alive(**doc)).for_each(|doc| page.collect(*doc, 0.0));
                })?;
            }
            return Ok(page.harvest());
        };
        if over() {
            return Ok(Ok(PassResult { cut: true, ..page.harvest()? }));
        }
        let mut scorer = weight.scorer(reader, 1.0)?;
        let (mut doc, mut looked, mut cut) = (scorer.doc(), 0_u32, false);
        while doc != TERMINATED {
            if is_alive(doc) {
                let score = if self.requires_scoring() { scorer.score() } else { 0.0 };
                page.collect(doc, score);
            }
            looked += 1;
            if looked % DOCUMENTS_PER_DEADLINE_CHECK == 0 && over() {
                cut = true;
                break;
            }
            doc = scorer.advance();
        }
        Ok(Ok(PassResult { cut, ..page.harvest()? }))
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<PassResult>>) -> tantivy::Result<PassResult> {
        let mut all = PassResult { facets: vec![BTreeMap::new(); FACETS.len()], ..PassResult::default() };
        for segment in segments {
            all.add(segment?);
        }
        [&mut all.stories, &mut all.actors, &mut all.places].into_iter().for_each(Occurrences::settle);
        let best = std::mem::take(&mut all.best).into_iter().collect::<BTreeMap<_, _>>();
        all.page.extend(best.into_values().filter(|(rank, ..)| self.wanted.after.is_none_or(|after| *rank < after)));
        all.page.sort_unstable_by_key(|(rank, ..)| Reverse(*rank));
        all.page.truncate(self.wanted.limit);
        Ok(all)
    }
}

struct Counter {
    column: StrColumn,
    /// By term ordinal.
    counts: Vec<u64>,
}

impl Counter {
    /// All codes in one walk over the dictionary: looked up one by one, each would unpack a block of it anew.
    fn by_code(&self) -> tantivy::Result<BTreeMap<String, u64>> {
        let counted = || (0_u64..).zip(&self.counts).filter(|(_, count)| **count > 0);
        let ordinals: Vec<u64> = counted().map(|(ordinal, _)| ordinal).collect();
        let (mut codes, mut counts) = (BTreeMap::new(), counted().map(|(_, count)| *count));
        let mut take = |code: &[u8]| {
            codes.insert(String::from_utf8_lossy(code).into_owned(), counts.next().unwrap_or_default());
        };
        self.column.dictionary().sorted_ords_to_term_cb(&ordinals, &mut take).map_err(TantivyError::from)?;
        Ok(codes)
    }
}

/// What is counted over all matches of a segment.
struct About {
    facets: Vec<Option<Counter>>,
    actor: Option<Column<u64>>,
    place: Option<Column<u64>>,
    day: Option<Column<i64>>,
    stories: Occurrences,
    actors: Occurrences,
    places: Occurrences,
    days: HashMap<i64, u64, BuildHasherDefault<Spread>>,
}

impl About {
    fn count(&mut self, doc: DocId, story: u64) {
        for counter in self.facets.iter_mut().flatten() {
            for ordinal in counter.column.term_ords(doc) {
                if let Some(count) = usize::try_from(ordinal).ok().and_then(|at| counter.counts.get_mut(at)) {
                    *count += 1;
                }
            }
        }
        self.stories.0.push(story);
        self.actors.0.extend(first(self.actor.as_ref(), doc));
        self.places.0.extend(first(self.place.as_ref(), doc));
        if let Some(day) = self.day.as_ref().and_then(|column| column.first(doc)) {
            *self.days.entry(day).or_default() += 1;
        }
    }
}

fn first(column: Option<&Column<u64>>, doc: DocId) -> Option<u64> {
    column.and_then(|column| column.first(doc))
}

pub(super) struct PageOfSegment {
    asked: Wanted,
    segment: SegmentOrdinal,
    position: Arc<dyn ColumnValues<u64>>,
    id_key: Arc<dyn ColumnValues<u64>>,
    event_s: Option<Column<i64>>,
    severity: Option<Column<u64>>,
    story: Option<Column<u64>>,
    total: u64,
    /// The worst hit on top.
    page: BinaryHeap<Reverse<Entry>>,
    best: Numbers<Ranked>,
    about: Option<About>,
}

impl PageOfSegment {
    /// What the order is by, larger first.
    fn primary(&self, doc: DocId, score: Score) -> u64 {
        let time = || {
            let second = self.event_s.as_ref().and_then(|column| column.first(doc));
            second.map_or(0, |second| second.cast_unsigned() ^ (1 << 63))
        };
        match self.asked.sort {
            // Scores are never negative, and the bits of such floats sort as they do.
            Sort::Relevance => u64::from(score.max(0.0).to_bits()),
            Sort::Newest => time(),
            // The worst first, of equals the newest; what no signal was read in comes last.
            Sort::Severity => {
                let severity = first(self.severity.as_ref(), doc).map_or(0, |severity| severity.min(254) + 1);
                (severity << 56) | (time() >> 8)
            }
        }
    }
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
    type Fruit = tantivy::Result<PassResult>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        // In an index without stories every text stands by itself.
        let story = || first(self.story.as_ref(), doc).unwrap_or_else(|| self.position.get_val(doc));
        if let Some(about) = &mut self.about {
            about.count(doc, story());
        }
        if self.asked.limit == 0 {
            return;
        }
        let primary = self.primary(doc, score);
        let rank =
            |state: &Self| Rank { primary, position: state.position.get_val(doc), id_key: state.id_key.get_val(doc) };
        if self.asked.hide_reprints {
            // Which hit stands for a story does not depend on the page: `after` counts when all are known.
            let (story, ranked) = (story(), (rank(self), DocAddress::new(self.segment, doc), score));
            better(&mut self.best, story, ranked);
            return;
        }
        let full = self.page.len() == self.asked.limit;
        if full && self.page.peek().is_none_or(|Reverse(worst)| primary < worst.0.0.primary) {
            return; // the common case, without reading two more columns
        }
        let rank = rank(self);
        if self.asked.after.is_some_and(|after| rank >= after) {
            return;
        }
        self.page.push(Reverse(Entry((rank, DocAddress::new(self.segment, doc), score))));
        if self.page.len() > self.asked.limit {
            self.page.pop();
        }
    }

    fn harvest(self) -> Self::Fruit {
        let page = self.page.into_iter().map(|Reverse(Entry(ranked))| ranked).collect();
        let mut found = PassResult { total: self.total, page, best: self.best, ..PassResult::default() };
        if let Some(about) = self.about {
            let codes =
                about.facets.iter().map(|counter| counter.as_ref().map_or(Ok(BTreeMap::new()), Counter::by_code));
            found.facets = codes.collect::<tantivy::Result<_>>()?;
            found.days = about.days.into_iter().collect();
            (found.stories, found.actors, found.places) = (about.stories, about.actors, about.places);
        }
        Ok(found)
    }
}
