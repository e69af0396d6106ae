//! From signals to independent events: retellings, one person's repeated complaints and one account's zeal are not counted again.
//!
//! Signals are taken in the order in which they could be known. Whether one is an event depends only on those before it, so judging an
//! earlier day sees exactly what was known then, and nothing has to be rebuilt for it. For the same reason what comes in later can be added
//! to what was sorted before ([`EventBook`]): a service that judges all day long does not sort its years anew each time.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use jiff::civil::Date;
use regex::RegexSet;

use super::criteria::{Counting, Criteria};
use super::days::{self, Day};
use super::stories::{Stories, StoryId, Told};
use vocabulary::{Category, Channel, DocumentId, Hazard, RegionCode, SignalRecord, SourceId, Stance, day_of};

/// Characters of its excerpt from which a text is an article: excerpts are windows of this order.
const ARTICLE_CHARS: usize = 120;

/// What became of the signals: `records = below_floor + context + events + echoes + same_person + capped`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SignalCounts {
    /// Signals given.
    pub records: u64,
    /// Not counted: confidence below the floor.
    pub below_floor: u64,
    /// Not counted: from a channel that is context only, or of a page without a date.
    pub context: u64,
    /// Independent events.
    pub events: u64,
    /// Retellings of an event's story, and further readings of one document.
    pub echoes: u64,
    /// The same person about the same brand and hazard again.
    pub same_person: u64,
    /// Over what one account may add in a week.
    pub capped: u64,
}

/// Signals sorted into events (独立事件).
#[derive(Debug, Clone, Default)]
pub struct Events {
    pub(super) cells: Vec<Cell>,
    /// (day, seen) of every document that holds a counted signal, sorted.
    pub(super) document_days: Vec<(Day, Day)>,
    pub(super) names: Names,
    tally: SignalCounts,
}

/// Interned names. Number 0 is "none" for brands and product words.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) documents: Vec<DocumentId>,
    pub(super) brands: Vec<String>,
    pub(super) platforms: Vec<String>,
    pub(super) sources: Vec<SourceId>,
    products: Vec<String>,
}

/// Everything about one category × hazard.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) category: Category,
    pub(super) hazard: Hazard,
    /// By day, then in the order in which they could be known.
    pub(super) mentions: Vec<Mention>,
    pub(super) events: Vec<Event>,
    /// By day.
    pub(super) daily: Vec<DailyCount>,
}

/// One signal.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one mention")]
pub(super) struct Mention {
    pub(super) day: Day,
    pub(super) seen: Day,
    pub(super) document: u32,
    pub(super) story: StoryId,
    /// Index of its event in the cell.
    pub(super) event: u32,
    /// Whether it is the one by which its event is counted.
    pub(super) opens: bool,
    /// Kept and shown, never counted and no reason of its own.
    pub(super) context: bool,
    /// Of a page without a date: it says nothing of these days, neither how many report nor how bad it is.
    pub(super) undated: bool,
    pub(super) actor: u32,
    pub(super) region: u32,
    pub(super) severity: u8,
    pub(super) vulnerable: bool,
    pub(super) asserted: bool,
    pub(super) confidence: f64,
    pub(super) channel: Channel,
    /// The platform it was found on, where its channel is one; 0 = none.
    pub(super) platform: u32,
    /// Which of the criteria's parts and materials its text names: one bit each. Set only for the mention that opens its event.
    pub(super) components: u64,
    pub(super) source: u32,
    pub(super) product: u32,
}

/// Events of one category × hazard on one day, first seen on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DailyCount {
    pub(super) day: Day,
    pub(super) seen: Day,
    pub(super) events: u32,
}

/// One event, with what was known of it at first and what a retelling added later.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Event {
    brand: Learnt,
    region: Learnt,
}

impl Event {
    /// Its brand as known at the end of a day; 0 = none.
    pub(super) fn brand(&self, as_of: Day) -> u32 {
        self.brand.by(as_of)
    }

    /// Its region as known at the end of a day; 0 = none.
    pub(super) fn region(&self, as_of: Day) -> u32 {
        self.region.by(as_of)
    }
}

impl Event {
    /// Brand and region, each with the day on which it was learnt; 0 = never.
    pub(super) fn learnt(&self) -> [(u32, Day); 2] {
        [self.brand, self.region].map(|fact| (fact.value, fact.seen))
    }
}

/// A fact and the day it was learnt. 0 = not known.
#[derive(Debug, Clone, Copy, Default)]
struct Learnt {
    value: u32,
    seen: Day,
}

impl Learnt {
    fn learn(&mut self, value: u32, seen: Day) {
        if self.value == 0 {
            *self = Self { value, seen };
        }
    }

    fn by(self, as_of: Day) -> u32 {
        if self.seen <= as_of { self.value } else { 0 }
    }
}

impl Cell {
    /// The mentions of `from..=to` that could be known at the end of `as_of`.
    pub(super) fn known(&self, from: Day, to: Day, as_of: Day) -> impl Iterator<Item = &Mention> {
        let first = self.mentions.partition_point(|mention| mention.day < from);
        let past = self.mentions.partition_point(|mention| mention.day <= to);
        self.mentions[first..past.max(first)].iter().filter(move |mention| mention.seen <= as_of)
    }

    /// Daily event counts of `from..=to` that could be known at the end of `as_of`.
    pub(super) fn daily(&self, from: Day, to: Day, as_of: Day) -> impl Iterator<Item = &DailyCount> {
        let first = self.daily.partition_point(|count| count.day < from);
        let past = self.daily.partition_point(|count| count.day <= to);
        self.daily[first..past.max(first)].iter().filter(move |count| count.seen <= as_of)
    }
}

impl Events {
    /// Sorts signals into events. The order of `records` does not matter (SCORE-1).
    #[must_use]
    pub fn build(records: &[SignalRecord], criteria: &Criteria) -> Self {
        let mut book = EventBook::new(criteria);
        book.take_all(records.iter().collect());
        book.into_events()
    }

    /// The cell of a matter, made when there is none. Cells stand by category and hazard.
    fn cell(&mut self, category: Category, hazard: Hazard) -> &mut Cell {
        let at = match self.cells.binary_search_by_key(&(category, hazard), |cell| (cell.category, cell.hazard)) {
            Ok(at) => at,
            Err(at) => {
                let (mentions, events, daily) = (Vec::new(), Vec::new(), Vec::new());
                self.cells.insert(at, Cell { category, hazard, mentions, events, daily });
                at
            }
        };
        &mut self.cells[at]
    }

    /// What became of the signals.
    #[must_use]
    pub fn tally(&self) -> SignalCounts {
        self.tally
    }

    /// First and last event day, when there is any signal.
    #[must_use]
    pub fn span(&self) -> Option<(Date, Date)> {
        let (first, last) = (self.document_days.first()?, self.document_days.last()?);
        Some((days::date_of(first.0), days::date_of(last.0)))
    }

    /// The product as most of these documents name it, when they do; the earliest name when two are equally frequent.
    #[must_use]
    pub fn product_named(&self, category: Category, hazard: Hazard, documents: &[DocumentId]) -> Option<String> {
        let cell = self.cells.iter().find(|cell| (cell.category, cell.hazard) == (category, hazard))?;
        let wanted: std::collections::BTreeSet<&DocumentId> = documents.iter().collect();
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        for mention in cell.mentions.iter().filter(|mention| mention.product > 0) {
            if wanted.contains(&self.names.documents[mention.document as usize]) {
                *counts.entry(mention.product).or_default() += 1;
            }
        }
        let best = counts.iter().max_by_key(|(product, count)| (**count, std::cmp::Reverse(**product)))?.0;
        self.names.products.get(*best as usize).cloned()
    }
}

/// The order in which signals could be known, and total: two records that compare equal count the same.
fn causal(a: &SignalRecord, b: &SignalRecord) -> std::cmp::Ordering {
    let place = |record: &SignalRecord| record.region.map_or(0, RegionCode::number);
    (a.seen_at, a.event_at, &a.document_id, a.product, a.hazard)
        .cmp(&(b.seen_at, b.event_at, &b.document_id, b.product, b.hazard))
        .then_with(|| (&a.brand, place(a), &a.actor, a.stance).cmp(&(&b.brand, place(b), &b.actor, b.stance)))
        .then_with(|| {
            (a.severity, a.vulnerable, a.channel, &a.source).cmp(&(b.severity, b.vulnerable, b.channel, &b.source))
        })
        .then_with(|| a.confidence.total_cmp(&b.confidence))
        .then_with(|| (&a.product_text, a.fingerprint).cmp(&(&b.product_text, b.fingerprint)))
}

/// Whether a source names nobody for what it passes on: then it stands for itself where it writes (a paper, an authority), and for as
/// many people as texts where others write (a complaint site).
fn is_unsigned(record: &SignalRecord) -> bool {
    record.actor == record.source.as_str() || record.actor.is_empty()
}

/// The number of a name, which is its place among the names; a new one gets the next.
fn number_of<Q, K>(name: &Q, numbers: &mut HashMap<K, u32>, names: &mut Vec<K>) -> u32
where
    K: Borrow<Q> + Clone + Eq + Hash,
    Q: ToOwned<Owned = K> + Eq + Hash + ?Sized,
{
    if let Some(known) = numbers.get(name) {
        return *known;
    }
    let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
    names.push(name.to_owned());
    numbers.insert(name.to_owned(), next);
    next
}

/// Complaints of one person about one thing: further ones soon after are no new events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PersonKey {
    actor: u32,
    hazard: Hazard,
    /// 0: none is named.
    brand: u32,
    /// The category, where no brand is named.
    category: Option<Category>,
}

/// What one account's events are capped over.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct AccountKey {
    actor: u32,
    category: Category,
    hazard: Hazard,
    /// 0: none is named.
    brand: u32,
    /// Two digits; 0: none is named.
    province: u32,
    /// As [`days::week_of`] counts.
    week: i32,
}

/// Events to which later signals can be added, with what it takes to tell whether they are news. A copy is cheap beside sorting anew:
/// what can still be preceded by something is best added to a copy.
#[derive(Debug, Clone)]
pub struct EventBook {
    events: Events,
    counting: Counting,
    components: RegexSet,
    stories: Stories,
    actors: Vec<String>,
    /// Actors of stories without an author, by source and story: each such pair counts as an actor of its own.
    unsigned: HashMap<(u32, StoryId), u32>,
    document_numbers: HashMap<DocumentId, u32>,
    /// The story of each document, and the day it belongs to.
    document_stories: Vec<(StoryId, Day)>,
    brand_numbers: HashMap<String, u32>,
    actor_numbers: HashMap<String, u32>,
    source_numbers: HashMap<SourceId, u32>,
    product_numbers: HashMap<String, u32>,
    platform_numbers: HashMap<String, u32>,
    event_of_story: HashMap<(StoryId, Category, Hazard), u32>,
    people: HashMap<PersonKey, Day>,
    accounts: HashMap<AccountKey, u32>,
    /// The last signal taken, in the order in which they could be known.
    last: Option<SignalRecord>,
    /// Cells that got signals since they were last put in order.
    touched: BTreeSet<(Category, Hazard)>,
}

impl EventBook {
    /// No signal yet.
    #[must_use]
    pub fn new(criteria: &Criteria) -> Self {
        let counting = criteria.counting.clone();
        let none = || vec![String::new()];
        let names =
            Names { documents: Vec::new(), brands: none(), sources: Vec::new(), platforms: none(), products: none() };
        let words = criteria.spread.components.iter().map(|word| regex::escape(word));
        Self {
            events: Events { names, ..Events::default() },
            components: RegexSet::new(words).unwrap_or_else(|_| RegexSet::empty()),
            stories: Stories::new(counting.story_days, counting.story_similarity, counting.press_similarity),
            counting,
            actors: Vec::new(),
            unsigned: HashMap::new(),
            document_numbers: HashMap::new(),
            document_stories: Vec::new(),
            brand_numbers: HashMap::new(),
            actor_numbers: HashMap::new(),
            source_numbers: HashMap::new(),
            product_numbers: HashMap::new(),
            platform_numbers: HashMap::new(),
            event_of_story: HashMap::new(),
            people: HashMap::new(),
            accounts: HashMap::new(),
            last: None,
            touched: BTreeSet::new(),
        }
    }

    /// Adds signals, in whatever order they are given. The events are those that [`Events::build`] makes of all signals at once.
    ///
    /// # Errors
    /// When one could be known before one that is already in: nothing is added then, and the events must be built anew.
    pub fn add<'r>(&mut self, records: impl IntoIterator<Item = &'r SignalRecord>) -> Result<(), TooLate> {
        let records: Vec<&SignalRecord> = records.into_iter().collect();
        let too_late = |last: &SignalRecord| records.iter().any(|record| causal(record, last).is_lt());
        if self.last.as_ref().is_some_and(too_late) {
            return Err(TooLate);
        }
        self.take_all(records);
        Ok(())
    }

    /// The events of all signals so far.
    #[must_use]
    pub fn into_events(self) -> Events {
        self.events
    }

    fn take_all(&mut self, mut records: Vec<&SignalRecord>) {
        records.sort_by(|a, b| causal(a, b));
        for record in &records {
            self.take(record);
        }
        if let Some(last) = records.last() {
            self.last = Some((*last).clone());
        }
        self.put_in_order();
    }

    fn take(&mut self, record: &SignalRecord) {
        self.events.tally.records += 1;
        // A confidence that is no number is below every floor.
        if !record.stance.counts() || record.confidence.is_nan() || record.confidence < self.counting.confidence_floor {
            self.events.tally.below_floor += 1;
            return;
        }
        let seen = days::number(day_of(record.seen_at));
        // A document cannot tell of a day after it was seen: such dates are mistakes of the source.
        let day = days::number(day_of(record.event_at)).min(seen);
        let press = self.counting.press_channels.contains(&record.channel);
        let names = &mut self.events.names;
        let document = number_of(&record.document_id, &mut self.document_numbers, &mut names.documents);
        // A document stays in its story, whatever more is read in it.
        let (story, day) = self.document_stories.get(document as usize).copied().unwrap_or_else(|| {
            let told = Told {
                press,
                article: press && record.excerpt.chars().nth(ARTICLE_CHARS - 1).is_some(),
                province: record.region.map_or(0, RegionCode::number) / 10_000,
            };
            let (story, day) = self.stories.assign(&record.fingerprint, day, told);
            self.document_stories.push((story, day));
            self.events.document_days.push((day, seen));
            (story, day)
        });
        let named = |name: &Option<String>, numbers: &mut HashMap<String, u32>, names: &mut Vec<String>| {
            name.as_deref().filter(|name| !name.is_empty()).map_or(0, |name| number_of(name, numbers, names))
        };
        let brand = named(&record.brand, &mut self.brand_numbers, &mut names.brands);
        let product = named(&record.product_text, &mut self.product_numbers, &mut names.products);
        let platform = match record.channel {
            Channel::Platform => number_of(record.source.as_str(), &mut self.platform_numbers, &mut names.platforms),
            _ => 0,
        };
        let source = number_of(&record.source, &mut self.source_numbers, &mut names.sources);
        let region = record.region.map_or(0, RegionCode::number);
        let actor = if is_unsigned(record) && !self.counting.capped_source_channels.contains(&record.channel) {
            let actors = &mut self.actors;
            *self.unsigned.entry((source, story)).or_insert_with(|| {
                actors.push(String::new());
                u32::try_from(actors.len() - 1).unwrap_or(u32::MAX)
            })
        } else {
            number_of(record.actor.as_str(), &mut self.actor_numbers, &mut self.actors)
        };

        let cell_key = (record.product, record.hazard);
        // Context stands beside the events: it neither is one nor makes a report at home the retelling of one.
        // So does a page without a date: it was seen today, and may be years old.
        let context =
            record.undated || self.counting.context_channels.contains(&record.channel) || self.is_planned_test(record);
        let known = self.event_of_story.get(&(story, record.product, record.hazard)).copied().filter(|_| !context);
        let opens = !context && known.is_none() && self.counts(record, actor, brand, region, day);
        let components = if opens { self.named_components(record) } else { 0 };
        self.touched.insert(cell_key);
        let cell = self.events.cell(record.product, record.hazard);
        let event = known.unwrap_or_else(|| {
            cell.events.push(Event::default());
            u32::try_from(cell.events.len() - 1).unwrap_or(u32::MAX)
        });
        if !context && known.is_none() {
            self.event_of_story.insert((story, record.product, record.hazard), event);
        }
        let facts = &mut cell.events[event as usize];
        facts.brand.learn(brand, seen);
        facts.region.learn(region, seen);
        cell.mentions.push(Mention {
            day,
            seen,
            document,
            story,
            event,
            opens,
            context,
            undated: record.undated,
            actor,
            region,
            severity: record.severity.min(4),
            vulnerable: record.vulnerable,
            asserted: record.stance == Stance::Asserted,
            confidence: record.confidence,
            channel: record.channel,
            platform,
            components,
            source,
            product,
        });
        if context {
            self.events.tally.context += 1;
        } else if known.is_some() {
            self.events.tally.echoes += 1;
        }
    }

    /// Which parts and materials a signal's words name.
    fn named_components(&self, record: &SignalRecord) -> u64 {
        let texts = [Some(record.hazard_text.as_str()), record.product_text.as_deref(), Some(record.excerpt.as_str())];
        let found = texts.into_iter().flatten().flat_map(|text| self.components.matches(text));
        found.fold(0, |named, at| named | 1 << at.min(u64::BITS as usize - 1))
    }

    /// A failed row of a spot check follows the authority's plan, not what happens in the market; the authority knows it.
    fn is_planned_test(&self, record: &SignalRecord) -> bool {
        let reads_tests = |rule: &vocabulary::RuleId| {
            self.counting.tested_rules.iter().any(|prefix| rule.as_str().starts_with(prefix.as_str()))
        };
        self.counting.tested_channels.contains(&record.channel) && record.rules.iter().any(reads_tests)
    }

    /// Whether a new story is a new event: not when the same person said so before, nor when the account has had its share.
    fn counts(&mut self, record: &SignalRecord, actor: u32, brand: u32, region: u32, day: Day) -> bool {
        let anonymous = is_unsigned(record);
        if !anonymous && self.counting.complainant_channels.contains(&record.channel) {
            let category = (brand == 0).then_some(record.product);
            let key = PersonKey { actor, hazard: record.hazard, brand, category };
            let near = |earlier: &Day| (day - earlier).unsigned_abs() <= self.counting.complainant_days;
            if self.people.get(&key).is_some_and(near) {
                self.events.tally.same_person += 1;
                return false;
            }
            self.people.insert(key, day);
        }
        if !anonymous || self.counting.capped_source_channels.contains(&record.channel) {
            let (category, hazard) = (record.product, record.hazard);
            let (province, week) = (region / 10_000, days::week_of(day));
            let key = AccountKey { actor, category, hazard, brand, province, week };
            let used = self.accounts.entry(key).or_default();
            if *used >= self.counting.source_cap_per_week {
                self.events.tally.capped += 1;
                return false;
            }
            *used += 1;
        }
        self.events.tally.events += 1;
        true
    }

    /// Sorts what was added by its days and counts the days anew, in the cells that it touched.
    fn put_in_order(&mut self) {
        for (category, hazard) in std::mem::take(&mut self.touched) {
            let cell = self.events.cell(category, hazard);
            // Stable: within a day the order in which they could be known stays.
            cell.mentions.sort_by_key(|mention| mention.day);
            let mut daily: BTreeMap<(Day, Day), u32> = BTreeMap::new();
            for mention in cell.mentions.iter().filter(|mention| mention.opens) {
                *daily.entry((mention.day, mention.seen)).or_default() += 1;
            }
            let count = |((day, seen), events)| DailyCount { day, seen, events };
            cell.daily = daily.into_iter().map(count).collect();
        }
        self.events.document_days.sort_unstable();
    }
}

/// A signal could be known before one that is already sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signal could be known before others that are already sorted")]
pub struct TooLate;

impl vocabulary::Said for TooLate {
    fn zh(&self) -> String {
        "有一个信号可能早于已排好序的信号为人所知".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::super::testing::{Report, days_after};
    use super::*;

    fn tally(reports: &[Report]) -> SignalCounts {
        let records: Vec<SignalRecord> = reports.iter().map(Report::record).collect();
        let tally = Events::build(&records, &shipped()).tally();
        let uncounted = tally.below_floor + tally.context + tally.echoes + tally.same_person + tally.capped;
        assert_eq!(tally.records, tally.events + uncounted);
        tally
    }

    #[test]
    fn five_hundred_reprints_add_nothing() {
        let mut reports: Vec<Report> = vec![Report::new(0).text(7)];
        reports.extend((1..=500).map(|index| Report::new(index % 10).text(7).actor(&format!("outlet {index}"))));
        let tally = tally(&reports);
        assert_eq!((tally.events, tally.echoes), (1, 500));
    }

    #[test]
    fn one_person_complaining_again_is_no_second_event() {
        let again = |day| Report::new(day).actor("消费者甲").brand("甲牌").channel(Channel::Complaint);
        assert_eq!(tally(&[again(0), again(30), again(90)]).events, 1);
        assert_eq!(tally(&[again(0), again(91)]).events, 2, "after 90 days it is news again");
        assert_eq!(tally(&[again(0), again(1).brand("乙牌")]).events, 2, "another brand is another matter");
        assert_eq!(tally(&[again(0), again(1).actor("消费者乙")]).events, 2);
    }

    #[test]
    fn a_complaint_site_without_names_is_no_complainant() {
        let anonymous = |day| Report::new(day).actor(Report::SOURCE).channel(Channel::Complaint);
        let many: Vec<Report> = (0..7).map(anonymous).collect();
        assert_eq!(tally(&many).events, 7);
    }

    #[test]
    fn the_unsigned_of_a_complaint_site_are_as_many_as_their_texts_and_a_paper_is_one() {
        let actors = |channel, texts: &[u32]| {
            let report = |(day, text): (i32, &u32)| Report::new(day).text(*text).actor(Report::SOURCE).channel(channel);
            let records: Vec<SignalRecord> = (0..).zip(texts).map(report).map(|report| report.record()).collect();
            let events = Events::build(&records, &shipped());
            events.cells[0].mentions.iter().map(|mention| mention.actor).collect::<BTreeSet<_>>().len()
        };
        assert_eq!(actors(Channel::Complaint, &[1, 2, 3]), 3);
        assert_eq!(actors(Channel::Complaint, &[1, 1, 2]), 2, "a copied text has no further writer");
        assert_eq!(actors(Channel::Media, &[1, 2, 3]), 1);
    }

    #[test]
    fn one_account_adds_at_most_three_events_a_week_and_cell() {
        let day = |day| Report::new(day).actor("某自媒体").channel(Channel::Media);
        let week: Vec<Report> = (0..7).map(day).collect();
        // Days after a Monday: one calendar week.
        assert_eq!((tally(&week).events, tally(&week).capped), (3, 4));
        let brands: Vec<Report> = (0..7).map(|index| day(index).brand(&format!("品牌{index}"))).collect();
        assert_eq!(tally(&brands).events, 7, "the cap is per brand");
    }

    #[test]
    fn notices_from_abroad_are_context_and_no_events() {
        let abroad = Report::new(0).channel(Channel::Standard).text(5);
        let counted = tally(&[abroad, Report::new(1).text(5)]);
        assert_eq!((counted.context, counted.events), (1, 1), "the report at home is an event of its own");
    }

    #[test]
    fn a_page_without_a_date_is_context_and_a_complaint_seen_the_same_day_an_event() {
        let seen = || Report::new(0).text(5).channel(Channel::Media);
        let counted = tally(&[seen().undated(), seen().undated().text(6), seen()]);
        assert_eq!((counted.context, counted.events), (2, 1), "nor does it make the dated report a retelling");
    }

    #[test]
    fn a_failed_row_of_a_spot_check_is_context_and_the_same_words_of_a_complainant_an_event() {
        let row = |day| Report::new(day).rule("dict:test_items/小零件").brand("甲");
        let official = [row(0).channel(Channel::Regulator), row(1).channel(Channel::Regulator)];
        assert_eq!((tally(&official).context, tally(&official).events), (2, 0));
        assert_eq!(tally(&[row(0).channel(Channel::Complaint)]).events, 1);
        assert_eq!(
            tally(&[Report::new(0).channel(Channel::Regulator).rule("structured:hazard")]).events,
            1,
            "a recall counts"
        );
    }

    #[test]
    fn weak_signals_are_not_counted() {
        assert_eq!(tally(&[Report::new(0).confidence(0.29), Report::new(0).confidence(f64::NAN)]).below_floor, 2);
        assert_eq!(tally(&[Report::new(0).stance(Stance::Historic)]).below_floor, 1);
    }

    #[test]
    fn a_date_after_the_day_it_was_seen_is_taken_as_that_day() {
        let mut record = Report::new(5).record();
        record.event_at = Report::new(40).record().event_at;
        let events = Events::build(&[record], &shipped());
        assert_eq!(events.span(), Some((days_after(5), days_after(5))));
    }

    #[test]
    fn a_brand_learnt_from_a_retelling_is_not_known_before_it() {
        let records = [Report::new(0).text(1).record(), Report::new(3).text(1).brand("甲牌").actor("b").record()];
        let events = Events::build(&records, &shipped());
        let event = events.cells[0].events[0];
        assert_eq!(event.brand(days::number(days_after(2))), 0);
        assert_ne!(event.brand(days::number(days_after(3))), 0);
    }

    #[test]
    fn the_product_is_named_as_most_documents_name_it() {
        let records = [
            Report::new(0).product_text("充电宝").record(),
            Report::new(1).product_text("移动电源").record(),
            Report::new(2).product_text("充电宝").record(),
        ];
        let events = Events::build(&records, &shipped());
        let documents: Vec<DocumentId> = records.iter().map(|record| record.document_id.clone()).collect();
        let named = |documents: &[DocumentId]| events.product_named(records[0].product, records[0].hazard, documents);
        assert_eq!(named(&documents).as_deref(), Some("充电宝"));
        assert_eq!(named(&documents[1..2]).as_deref(), Some("移动电源"));
        assert_eq!(named(&[]), None);
    }

    #[test]
    fn signals_that_come_in_later_are_added_as_if_all_had_come_at_once() {
        // Reprints, one person again, a zealous account, brands learnt later, days that come out of order.
        let records: Vec<SignalRecord> = (0..200_u32)
            .map(|index| {
                let day = i32::try_from(index / 3).expect("small");
                let report = Report::new(day).text(index % 37).actor(&format!("actor {}", index % 11));
                let report = if index % 5 == 0 { report.brand(&format!("品牌{}", index % 4)) } else { report };
                let channel = if index % 2 == 0 { Channel::Complaint } else { Channel::Media };
                let mut record = report.channel(channel).record();
                if index % 7 == 0 {
                    record.hazard = Hazard::Burn;
                }
                record
            })
            .collect();
        let whole = Events::build(&records, &shipped());
        for step in [1, 7, 64, 200] {
            let mut book = EventBook::new(&shipped());
            for part in records.chunks(step) {
                book.add(part).expect("later ones");
            }
            assert_eq!(format!("{:?}", book.into_events()), format!("{whole:?}"), "{step} at a time");
        }
        assert!(
            whole.tally().echoes > 0 && whole.tally().capped + whole.tally().same_person > 0,
            "{:?}",
            whole.tally()
        );
    }

    #[test]
    fn a_signal_that_could_be_known_before_others_is_refused_and_leaves_all_as_it_was() {
        let mut book = EventBook::new(&shipped());
        book.add(&[Report::new(5).record()]).expect("the first");
        let before = format!("{book:?}");
        assert_eq!(book.add(&[Report::new(6).text(2).record(), Report::new(4).text(3).record()]), Err(TooLate));
        assert_eq!(format!("{book:?}"), before);
    }

    #[test]
    fn every_event_is_opened_by_one_mention() {
        let records: Vec<SignalRecord> =
            (0..30).map(|day| Report::new(day).actor(&format!("{day}")).record()).collect();
        let events = Events::build(&records, &shipped());
        let opening = |cell: &Cell| cell.mentions.iter().filter(|mention| mention.opens).count() as u64;
        assert_eq!(events.cells.iter().map(opening).sum::<u64>(), events.tally().events);
        assert_eq!(events.tally().events, 30);
    }
}
