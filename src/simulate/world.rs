//! The whole world, made once from a seed: everything that will ever be published, in order.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::compose::{self, Subject, Telling};
use super::goods::good;
use super::incident::{self, Answer, Dated, InjectedIncident};
use super::item::{Item, Nature, Stream};
use super::pen::Pen;
use super::texts::official;
use super::{places, press, texts, traffic};

/// What a world is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorldSpec {
    /// Same seed and same other values, same world.
    pub seed: u64,
    /// First day that is lived. A constant by default, never today.
    pub start: Date,
    /// Days of history before `start`, without incidents.
    pub backlog_days: u32,
    /// Days that are lived, `start` included. Incidents that would not end within them are left out.
    pub days: u32,
    /// Mean number of ordinary items a day, incidents aside.
    pub items_per_day: f64,
    /// Whether anything goes wrong. Without incidents every alert is a false one.
    pub incidents: bool,
}

impl WorldSpec {
    /// Default mean number of ordinary items a day.
    pub const ITEMS_PER_DAY: f64 = 30.0;
    /// Most ordinary items a day.
    pub const ITEMS_PER_DAY_MAX: f64 = 2_000.0;
    /// Most days, backlog included.
    pub const DAYS_MAX: u32 = 4_000;

    /// The default world of a seed: 180 days of history and 120 days to live from 2025-03-01.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            start: Date::constant(2025, 3, 1),
            backlog_days: 180,
            days: 120,
            items_per_day: Self::ITEMS_PER_DAY,
            incidents: true,
        }
    }

    /// First day on which anything is published.
    #[must_use]
    pub fn first_day(&self) -> Date {
        self.start.saturating_sub(i64::from(self.backlog_days).days())
    }

    /// Last day.
    #[must_use]
    pub fn last_day(&self) -> Date {
        self.start.saturating_add((i64::from(self.days) - 1).max(0).days())
    }
}

impl Default for WorldSpec {
    fn default() -> Self {
        Self::new(1)
    }
}

/// A world: what is published when, and what really happened. Immutable; a moment decides what can be seen of it.
#[derive(Debug, Clone)]
pub struct World {
    spec: WorldSpec,
    streams: [Vec<Item>; Stream::ALL.len()],
    by_id: BTreeMap<(Stream, u64), usize>,
    truth: Vec<InjectedIncident>,
}

impl World {
    /// Makes the world of a specification. Days beyond [`WorldSpec::DAYS_MAX`] and items beyond
    /// [`WorldSpec::ITEMS_PER_DAY_MAX`] are cut to these bounds.
    #[must_use]
    pub fn generate(spec: &WorldSpec) -> Self {
        let mut spec = spec.clone();
        spec.days = spec.days.clamp(1, WorldSpec::DAYS_MAX);
        spec.backlog_days = spec.backlog_days.min(WorldSpec::DAYS_MAX - spec.days);
        spec.items_per_day = if spec.items_per_day.is_finite() {
            spec.items_per_day.clamp(0.0, WorldSpec::ITEMS_PER_DAY_MAX)
        } else {
            0.0
        };

        let (first, all_days) = (spec.first_day(), spec.backlog_days + spec.days);
        let shelves = traffic::shelves(spec.seed, first, all_days, Stream::Listings.id_base());
        let scale = spec.items_per_day / traffic::DAILY_TOTAL;
        let mut items: Vec<Item> = shelves.iter().map(|(_, item)| item.clone()).collect();
        for index in 0..all_days {
            let date = first.saturating_add(i64::from(index).days());
            items.extend(traffic::day(spec.seed, index, date, scale, &shelves));
        }
        let plans = if spec.incidents { incident::plan(spec.start, spec.days) } else { Vec::new() };
        for (number, dated) in plans.iter().enumerate() {
            items.extend(happen(spec.seed, number, dated, &shelves));
        }

        let mut streams: [Vec<Item>; Stream::ALL.len()] = Default::default();
        for item in items {
            streams[item.stream.index()].push(item);
        }
        let mut by_id = BTreeMap::new();
        for (stream, list) in Stream::ALL.into_iter().zip(&mut streams) {
            list.sort_by(|a, b| (a.published_at, a.id, &a.title).cmp(&(b.published_at, b.id, &b.title)));
            let mut gaps = Pen::new(spec.seed, "ids", stream.id_base());
            let mut next = stream.id_base();
            for (at, item) in list.iter_mut().enumerate() {
                if stream != Stream::Listings {
                    // Ids grow with time but are not counted through, as on real sites.
                    next += 1 + gaps.below(4);
                    item.id = next;
                }
                by_id.insert((stream, item.id), at);
            }
        }
        Self { spec, streams, by_id, truth: plans.into_iter().map(|dated| dated.truth).collect() }
    }

    /// What it was made from, within bounds.
    #[must_use]
    pub fn spec(&self) -> &WorldSpec {
        &self.spec
    }

    /// What really happened, in the order of the plan.
    #[must_use]
    pub fn truth(&self) -> &[InjectedIncident] {
        &self.truth
    }

    /// Everything a stream will ever publish, oldest first.
    #[must_use]
    pub fn items(&self, stream: Stream) -> &[Item] {
        &self.streams[stream.index()]
    }

    /// What a stream has published up to a moment, oldest first.
    #[must_use]
    pub fn published(&self, stream: Stream, now: Timestamp) -> &[Item] {
        let all = self.items(stream);
        &all[..all.partition_point(|item| item.published_at <= now)]
    }

    /// One item of a stream, when it has been published by now.
    #[must_use]
    pub fn find(&self, stream: Stream, id: u64, now: Timestamp) -> Option<&Item> {
        let item = self.items(stream).get(*self.by_id.get(&(stream, id))?)?;
        (item.published_at <= now).then_some(item)
    }

    /// A hash over every byte of every item and of the truth: equal digests, equal worlds.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = blake3::Hasher::new();
        for item in self.streams.iter().flatten() {
            // Values of this room always serialise: no maps with odd keys, no floats that are not numbers.
            hash.update(&serde_json::to_vec(item).unwrap_or_default());
        }
        hash.update(&serde_json::to_vec(&self.truth).unwrap_or_default());
        hash.finalize().to_hex().to_string()
    }
}

/// The reports of one incident, the story about it, the answer of an office.
fn happen(seed: u64, number: usize, dated: &Dated, shelves: &[(compose::Shelf, Item)]) -> Vec<Item> {
    let Dated { truth, plan } = dated;
    let mut pen = Pen::new(seed, &truth.id, 0);
    let mut all = Vec::new();
    for event in 0..truth.events {
        let key = plan.goods[event as usize % plan.goods.len()];
        let good = good(key);
        let Some(script) = texts::script(key, plan.hazard) else { continue };
        let done = (f64::from(event) + pen.unit()) / f64::from(truth.events);
        let at = compose::moment(&mut pen, truth.day_at(truth.growth.when(done.clamp(0.0, 1.0))));
        // Several brands in turn, so that a small incident still shows that it is not one brand's.
        let turn = event as usize / plan.goods.len();
        let brand = match plan.brand {
            Some(brand) => Some(brand).filter(|_| pen.chance(0.92)),
            None => Some(good.brands[turn % good.brands.len()]).filter(|_| pen.chance(0.88)),
        };
        let place = places::within(&mut pen, &truth.regions);
        let subject = Subject { good, names: script.names, brand, place, at };
        let nature = Nature::Event(number);
        let telling = Telling { script, turn: Some(turn) };
        let named = Subject { brand: brand.or(plan.brand), ..subject };
        let shelf = if pen.chance(plan.reviews) { traffic::shelf_of(&mut pen, shelves, &named) } else { None };
        all.push(match shelf {
            Some(shelf) => {
                let subject = Subject { brand: Some(shelf.brand), ..subject };
                compose::review(&mut pen, shelf, &subject, &telling, nature)
            }
            None => compose::complaint(&mut pen, &subject, &telling, nature),
        });
    }
    all.extend(aftermath(seed, number, dated));
    all
}

/// A paper hears of it after half of the time, an office near the end.
fn aftermath(seed: u64, number: usize, dated: &Dated) -> Vec<Item> {
    const PAPER_AT: f64 = 0.55;
    const OFFICE_AT: f64 = 0.9;
    let Dated { truth, plan } = dated;
    let mut pen = Pen::new(seed, &truth.id, 1);
    let mut all = Vec::new();
    let good = good(plan.goods[0]);
    let Some(script) = texts::script(good.key, plan.hazard) else { return all };
    let nature = Nature::Echo(number);
    let place = places::within(&mut pen, &truth.regions);
    let brand = plan.brand.unwrap_or(good.brands[0]);
    if plan.copies > 0 {
        let at = compose::moment(&mut pen, truth.day_at(PAPER_AT));
        let subject = Subject { good, names: script.names, brand: Some(brand), place, at };
        let story = 90_000_000 + number as u64;
        all.extend(press::story(&mut pen, &subject, script, (nature, nature), (story, plan.copies, true)));
    }
    let at = compose::moment(&mut pen, truth.day_at(OFFICE_AT));
    match plan.answer {
        Answer::None => {}
        Answer::Recall => {
            let subject = Subject { good, names: script.names, brand: Some(brand), place, at };
            all.push(press::recall(&mut pen, &subject, plan.hazard, nature));
        }
        Answer::SpotCheck => {
            let test = official::SPOT_TESTS.iter().find(|test| test.good == good.key);
            let brands: Vec<&str> = plan.brand.map_or_else(|| good.brands.to_vec(), |brand| vec![brand]);
            if let Some(test) = test {
                all.push(press::spot_check(&mut pen, test, good, place, at, &brands, nature));
            }
        }
    }
    all
}
