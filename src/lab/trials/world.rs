//! Whole worlds of signals with outbreaks of known truth, for judging levels (see [`levels`](super::levels)).
//!
//! In: a seed and a number. Out: signals as the reader would hand them on, what was read by day, and what truly
//! happened. Not here: any judgement. The world knows nothing of the scorer's rules: what a level means is written down
//! below from the words of the standard and the method, before anything was measured.
//!
//! # Truth
//! DB33/T 980 §6.1.1 asks for 区域性、行业性 problems, §6.1.3 b) for what 在一定范围内存在、不具普遍性 (notify) and c) for what
//! 可能具有区域性或普遍性 (sample). Scoring methods, section 8, tells five things apart:
//!
//! | truth | who makes it | where it is seen |
//! |---|---|---|
//! | isolated 个别 | one company | one province |
//! | company-wide 企业性 (under isolated, flagged) | one company | where people live: any province, by population |
//! | regional 区域性 | 3–6 companies of uneven share | one province, or one with 60 % and one or two that border on it (less than half of the exposure) |
//! | industry-wide 行业性 | 5–8 companies of uneven share (effective number 3 or more), one category | where the industry sells: 4–8 provinces in three or more of the six great areas, so that no neighbourhood holds it, yet far from a third of all provinces effectively |
//! | systemic 系统性 | 10–15 companies in each of two categories with the same hazard (a shared component) | every province, by population |
//!
//! # Background
//! 48 categories × 20 safety hazards, rates by a Gamma law within the category and over categories (most cells almost
//! never, few of them weekly), weekly counts negative binomial, a weak year of each category's own, weekdays and
//! festivals that move reading and reports alike; brands by Zipf's law, 30 a category; provinces by population (census of
//! 2020); 30 % of events name no brand, 40 % no place; one in five is told late; two sources, each of which fails now and
//! then, seen in the volume; one report in ten is told by a paper; stories reprinted by 1 to 500 others; complainants by
//! trade who post one template about many brands.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::background::{FESTIVALS, WEEKDAYS};
use super::outbreak::{Outbreak, Shape};
use numeric::draw::{Alias, Draw};
use score::Volume;
use vocabulary::{
    Category, Channel, DocumentId, Fingerprint, Hazard, ItemNames, LexiconVersion, PROVINCES, Position, ProductFrom,
    RegionCode, SignalRecord, SourceId, Stance, day_of, start_of_day,
};

/// First day of a world: a Monday.
pub const FIRST: Date = date(2022, 1, 3);
/// Days of history before the first judged day: baseline and guard gap.
pub const HISTORY: i32 = (104 + 8) * 7;
/// Days in which outbreaks happen and false alarms are counted.
pub const MONITORED: i32 = 20 * 7;
/// Weeks of a world.
const WEEKS: i32 = (HISTORY + MONITORED) / 7;
/// Events a week in an average cell.
const MEAN: f64 = 0.055;
/// Shape of the Gamma law of rates over the cells of a category, and over categories.
const CELLS: f64 = 0.35;
const CATEGORIES: f64 = 1.2;
/// Size of the negative binomial law of a week.
const SIZE: f64 = 5.0;
/// Amplitude of a category's own year, on the log scale.
const SEASON: f64 = 0.2;
const BRANDS: usize = 30;
const UNBRANDED: f64 = 0.3;
const UNPLACED: f64 = 0.4;
const BY_PAPER: f64 = 0.1;
const LATE: f64 = 0.2;
/// Mean days by which what is late is late.
const LATE_DAYS: f64 = 4.0;
/// Documents read on an ordinary day, by source.
const READ: [f64; 2] = [1_800.0, 1_200.0];
/// Probability per week that a source fails.
const OUTAGE: f64 = 0.006;
/// Stories of the background that are reprinted, and templates that are posted, per world.
const STORIES: usize = 6;
const TEMPLATES: usize = 4;
const REPRINTS_MAX: f64 = 500.0;

/// The provinces that the simulated world has, with their weights: the mainland's, by millions of people to a tenth.
fn everywhere() -> Vec<(u32, f64)> {
    let mainland = PROVINCES.iter().filter(|province| province.code < 70);
    mainland.map(|province| (province.code, f64::from((province.people + 50_000) / 100_000) / 10.0)).collect()
}

/// Provinces that border on one another (by land, or by the strait), each pair once.
const BORDERS: [(u32, u32); 68] = [
    (11, 12),
    (11, 13),
    (12, 13),
    (13, 14),
    (13, 15),
    (13, 21),
    (13, 37),
    (13, 41),
    (14, 15),
    (14, 41),
    (14, 61),
    (15, 21),
    (15, 22),
    (15, 23),
    (15, 61),
    (15, 62),
    (15, 64),
    (21, 22),
    (22, 23),
    (31, 32),
    (31, 33),
    (32, 33),
    (32, 34),
    (32, 37),
    (33, 34),
    (33, 35),
    (33, 36),
    (34, 36),
    (34, 37),
    (34, 41),
    (34, 42),
    (35, 36),
    (35, 44),
    (36, 42),
    (36, 43),
    (36, 44),
    (37, 41),
    (41, 42),
    (41, 61),
    (42, 43),
    (42, 50),
    (42, 61),
    (43, 44),
    (43, 45),
    (43, 50),
    (43, 52),
    (44, 45),
    (44, 46),
    (45, 52),
    (45, 53),
    (50, 51),
    (50, 52),
    (50, 61),
    (51, 52),
    (51, 53),
    (51, 54),
    (51, 61),
    (51, 62),
    (51, 63),
    (52, 53),
    (53, 54),
    (54, 63),
    (54, 65),
    (61, 62),
    (61, 64),
    (62, 63),
    (62, 64),
    (62, 65),
];

/// What truly happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// One company, one province.
    Isolated,
    /// One company, everywhere.
    Company,
    /// Several companies, one neighbourhood.
    Regional,
    /// Several companies of one category, where it sells.
    Industry,
    /// Many companies of two categories, everywhere.
    Systemic,
}

impl Truth {
    /// All, from narrow to wide.
    pub const ALL: [Self; 5] = [Self::Isolated, Self::Company, Self::Regional, Self::Industry, Self::Systemic];

    /// Its name, English and Chinese.
    pub fn name(self) -> &'static str {
        match self {
            Self::Isolated => "isolated 个别",
            Self::Company => "company-wide 企业性",
            Self::Regional => "regional 区域性",
            Self::Industry => "industry-wide 行业性",
            Self::Systemic => "systemic 系统性",
        }
    }
}

/// Events of an outbreak.
pub const SIZES: [u32; 5] = [5, 10, 20, 40, 80];

/// An outbreak. Its documents have ids that begin with [`Incident::prefix`].
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Number within the world.
    pub number: usize,
    /// What it is.
    pub truth: Truth,
    /// Its category (the one that is judged).
    pub category: Category,
    /// Another category that rises with it.
    pub beside: Option<Category>,
    /// Its hazard.
    pub hazard: Hazard,
    /// Planned events in its category; those that a failed source never brought are among them.
    pub size: u32,
    /// First day, counted from [`FIRST`].
    pub begin: i32,
    /// Length.
    pub weeks: i32,
    /// Reprints of one of its stories.
    pub reprints: u32,
    /// Posts of one template by one complainant about it.
    pub template: u32,
    /// Whether most of it is told late.
    pub late: bool,
    /// Whether a source fails in its middle.
    pub outage: bool,
}

impl Incident {
    /// How the ids of its events' documents begin.
    pub fn prefix(&self) -> String {
        format!("o{}-", self.number)
    }

    /// Its last day.
    pub fn end(&self) -> i32 {
        self.begin + self.weeks * 7 - 1
    }
}

/// A world.
#[derive(Debug, Clone)]
pub struct World {
    /// Signals.
    pub records: Vec<SignalRecord>,
    /// What was read.
    pub volume: Volume,
    /// Outbreaks, one per [`Truth`], each in categories of its own.
    pub incidents: Vec<Incident>,
}

/// Day `day` after [`FIRST`].
pub fn day_after(day: i32) -> Date {
    FIRST.saturating_add(day.days())
}

/// World `number` of a seed. The sizes of its outbreaks follow from the number, so that any run of worlds has all of
/// them.
pub fn world(seed: u64, number: u64) -> World {
    let mut maker = Maker::new(seed, number);
    let incidents = maker.incidents(number);
    maker.background(&incidents);
    for incident in &incidents {
        maker.outbreak(incident);
    }
    maker.noise();
    maker.read();
    World { records: maker.records, volume: maker.volume, incidents }
}

/// Adds `reprints` of one event of an incident (its first that was seen), on the days after it. Where `read`, the volume
/// has them too; else they are taken to be among what was read anyway.
pub fn reprint(world: &mut World, incident: &Incident, reprints: u32, read: bool, seed: u64) {
    let prefix = incident.prefix();
    let Some(original) = world.records.iter().find(|record| record.document_id.as_str().starts_with(&prefix)).cloned()
    else {
        return;
    };
    let mut draw = Draw::at(seed ^ 0x7265_7072, incident.number as u64);
    for index in 0..reprints {
        let later = hours(24 * draw.below(10));
        let copy = SignalRecord {
            document_id: DocumentId::new(format!("r{}-{index}", incident.number)),
            actor: format!("网站{index}"),
            event_at: original.event_at.saturating_add(later).unwrap_or(original.event_at),
            seen_at: original.seen_at.saturating_add(later).unwrap_or(original.seen_at),
            ..original.clone()
        };
        if read {
            world.volume.add(day_of(copy.event_at), day_of(copy.seen_at), 1);
        }
        world.records.push(copy);
    }
}

fn hours(hours: usize) -> jiff::Span {
    i64::try_from(hours).unwrap_or(0).hours()
}

/// Who and where: names and provinces with their weights.
struct Mix {
    brands: Vec<usize>,
    brand: Alias,
    provinces: Vec<u32>,
    province: Alias,
}

impl Mix {
    fn new(brands: Vec<(usize, f64)>, provinces: Vec<(u32, f64)>) -> Self {
        let brand = Alias::new(&brands.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
        let province = Alias::new(&provinces.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
        let (brands, _): (Vec<usize>, Vec<f64>) = brands.into_iter().unzip();
        let (provinces, _): (Vec<u32>, Vec<f64>) = provinces.into_iter().unzip();
        Self { brands, brand, provinces, province }
    }

    fn everybody() -> Self {
        Self::new((0..BRANDS).map(|rank| (rank, zipf(rank))).collect(), everywhere())
    }
}

fn zipf(rank: usize) -> f64 {
    1.0 / (rank as f64 + 1.0)
}

/// One event about to be told.
struct ReportedEvent {
    id: String,
    category: Category,
    hazard: Hazard,
    day: i32,
    delay: i32,
    brand: Option<usize>,
    province: Option<u32>,
}

struct Maker {
    draw: Draw,
    records: Vec<SignalRecord>,
    volume: Volume,
    /// Reading and reporting relative to an ordinary day.
    busy: Vec<f64>,
    /// Whether a source fails.
    failed: Vec<[bool; 2]>,
    /// Reprints that were read beside the ordinary.
    more: Vec<(i32, i32)>,
    serial: u64,
    starts: Vec<jiff::Timestamp>,
}

/// Days after the last week on which late reports still arrive.
const AFTER: i32 = 28;

impl Maker {
    fn new(seed: u64, number: u64) -> Self {
        let mut draw = Draw::at(seed ^ 0x776f_726c_6473, number);
        let days = WEEKS * 7;
        let begin = draw.below(52) * 7;
        let busy = (0..days).map(|day| busy(begin + usize::try_from(day).unwrap_or(0))).collect();
        let mut failed = vec![[false; 2]; usize::try_from(days + AFTER).unwrap_or(0)];
        for source in 0..2 {
            for week in 0..WEEKS {
                if draw.unit() < OUTAGE {
                    fail(&mut failed, source, week * 7, 3 + i32::try_from(draw.below(8)).unwrap_or(0));
                }
            }
        }
        Self {
            draw,
            records: Vec::new(),
            volume: Volume::new(),
            busy,
            failed,
            more: Vec::new(),
            serial: 0,
            starts: (0..days + AFTER).map(|day| start_of_day(day_after(day))).collect(),
        }
    }

    /// Plans the outbreaks, and lets sources fail where that is part of the plan.
    fn incidents(&mut self, number: u64) -> Vec<Incident> {
        let mut categories: Vec<Category> = Category::ALL.to_vec();
        self.draw.shuffle(&mut categories);
        let mut incidents = Vec::new();
        for (at, truth) in Truth::ALL.into_iter().enumerate() {
            let turn = usize::try_from(number).unwrap_or(0) + at;
            let draw = &mut self.draw;
            let weeks = 2 + i32::try_from(draw.below(7)).unwrap_or(0);
            let begin =
                HISTORY + i32::try_from(draw.below(usize::try_from(MONITORED - weeks * 7).unwrap_or(1))).unwrap_or(0);
            let hazards: Vec<Hazard> = Hazard::ALL.iter().copied().filter(|hazard| hazard.is_safety()).collect();
            let reprints = if draw.unit() < 0.4 { log_uniform(draw, REPRINTS_MAX) } else { 0 };
            let template = if draw.unit() < 0.2 { 5 + log_uniform(draw, 15.0) } else { 0 };
            let incident = Incident {
                number: at,
                truth,
                category: categories[2 * at],
                beside: (truth == Truth::Systemic).then_some(categories[2 * at + 1]),
                hazard: hazards[draw.below(hazards.len())],
                size: SIZES[turn % SIZES.len()],
                begin,
                weeks,
                reprints,
                template,
                late: draw.unit() < 0.25,
                outage: draw.unit() < 0.15,
            };
            if incident.outage {
                fail(&mut self.failed, 0, begin + weeks * 7 / 2 - 3, 6);
            }
            incidents.push(incident);
        }
        incidents
    }

    fn background(&mut self, incidents: &[Incident]) {
        let everybody = Mix::everybody();
        for category in Category::ALL {
            let level = self.draw.gamma(CATEGORIES) / CATEGORIES;
            let phase = self.draw.unit();
            for hazard in Hazard::ALL.iter().filter(|hazard| hazard.is_safety()) {
                let mut rate = MEAN * level * self.draw.gamma(CELLS) / CELLS;
                // Half of all outbreaks meet a cell in which something is told once a month or more.
                let struck = incidents.iter().find(|one| (one.category, one.hazard) == (*category, *hazard));
                if struck.is_some() && self.draw.unit() < 0.5 {
                    rate = rate.max(0.25 + 2.0 * self.draw.unit());
                }
                for week in 0..WEEKS {
                    let year = (f64::from(week) / 52.0 + phase) * std::f64::consts::TAU;
                    self.week(*category, *hazard, week, rate * (SEASON * year.sin()).exp(), &everybody);
                }
            }
        }
    }

    fn week(&mut self, category: Category, hazard: Hazard, week: i32, rate: f64, who: &Mix) {
        let days = usize::try_from(week * 7).unwrap_or(0);
        let total: f64 = self.busy[days..days + 7].iter().sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
        let events = self.draw.negative_binomial(rate * total / 7.0, SIZE) as u32;
        for _ in 0..events {
            let mut place = self.draw.unit() * total;
            let mut day = 0;
            while day < 6 && place > self.busy[days + day] {
                place -= self.busy[days + day];
                day += 1;
            }
            let day = week * 7 + i32::try_from(day).unwrap_or(0);
            self.event("b", category, hazard, day, who, false);
        }
    }

    /// One event told once. Returns the record's number when some source was there to see it.
    fn event(
        &mut self,
        prefix: &str,
        category: Category,
        hazard: Hazard,
        day: i32,
        mix: &Mix,
        late: bool,
    ) -> Option<usize> {
        let draw = &mut self.draw;
        let brand = (draw.unit() >= UNBRANDED).then(|| mix.brands[mix.brand.draw(draw)]);
        let province = (draw.unit() >= UNPLACED).then(|| mix.provinces[mix.province.draw(draw)]);
        let delayed = draw.unit() < if late { 0.8 } else { LATE };
        let delay = if delayed { 1 + geometric(draw, LATE_DAYS) } else { 0 };
        self.serial += 1;
        let id = format!("{prefix}{}", self.serial);
        let told = ReportedEvent { id, category, hazard, day, delay, brand, province };
        self.tell(told)
    }

    fn tell(&mut self, told: ReportedEvent) -> Option<usize> {
        let draw = &mut self.draw;
        let source = usize::from(draw.unit() * (READ[0] + READ[1]) >= READ[0]);
        let seen = told.day + told.delay;
        let paper = draw.unit() < BY_PAPER;
        let severity = if draw.unit() < 0.06 { 1 + u8::try_from(draw.below(3)).unwrap_or(0) } else { 0 };
        let confidence = 0.4 + 0.5 * draw.unit();
        let county = draw.unit() < 0.7;
        let lanes: [u32; Fingerprint::LANES] = std::array::from_fn(|_| u32::try_from(draw.below(1 << 32)).unwrap_or(0));
        let prefecture = if county { 100 * (1 + u32::try_from(draw.below(9)).unwrap_or(0)) } else { 0 };
        let at = usize::try_from(seen).ok().filter(|at| *at < self.failed.len())?;
        if self.failed[at][source] || told.day < 0 {
            return None;
        }
        let actor = if paper { format!("报纸{}", self.serial % 40) } else { format!("消费者{}", self.serial) };
        self.records.push(SignalRecord {
            position: Position(0),
            document_id: DocumentId::new(told.id),
            source: SourceId::new(["world.complaints", "world.forum"][source]),
            channel: if paper { Channel::Media } else { Channel::Complaint },
            url: None,
            event_at: self.starts[usize::try_from(told.day).unwrap_or(0)],
            seen_at: self.starts[at],
            undated: false,
            product: told.category,
            product_text: None,
            hazard: told.hazard,
            hazard_text: String::new(),
            stance: Stance::Asserted,
            severity,
            product_from: ProductFrom::Text,
            brand: told.brand.map(|rank| format!("{}品牌{rank}", told.category.code())),
            item: ItemNames::default(),
            region: told.province.and_then(|province| RegionCode::new(province * 10_000 + prefecture).ok()),
            actor,
            confidence,
            vulnerable: false,
            rules: Vec::new(),
            fingerprint: Fingerprint::of_lanes(lanes),
            excerpt: String::new(),
            spans: Vec::new(),
            lexicon: LexiconVersion::new("world"),
        });
        Some(self.records.len() - 1)
    }

    fn outbreak(&mut self, incident: &Incident) {
        let mix = self.mix(incident.truth);
        let shape = [Shape::Flat, Shape::Ramp, Shape::Spike][self.draw.below(3)];
        let weeks = usize::try_from(incident.weeks).unwrap_or(1);
        let rise = Outbreak { name: "", scale: 1.0, weeks, shape, delay: 0.0 };
        let prefix = incident.prefix();
        let mut seen = Vec::new();
        for offset in rise.offsets(incident.size, 7, &mut self.draw) {
            let day = incident.begin + i32::try_from(offset).unwrap_or(0);
            seen.extend(self.event(&prefix, incident.category, incident.hazard, day, &mix, incident.late));
        }
        if let Some(beside) = incident.beside {
            // The companies of another category have names of their own.
            for offset in rise.offsets(incident.size.div_ceil(2), 7, &mut self.draw) {
                let day = incident.begin + i32::try_from(offset).unwrap_or(0);
                self.event("s", beside, incident.hazard, day, &mix, incident.late);
            }
        }
        if !seen.is_empty() {
            let story = seen[self.draw.below(seen.len())];
            self.echo(story, incident.reprints);
            let text = seen[self.draw.below(seen.len())];
            self.template(text, incident.template, true);
        }
    }

    fn mix(&mut self, truth: Truth) -> Mix {
        let draw = &mut self.draw;
        let everywhere = everywhere();
        let all: Vec<(usize, f64)> = (0..BRANDS).map(|rank| (rank, zipf(rank))).collect();
        match truth {
            Truth::Isolated => Mix::new(some(draw, &all, 1), some(draw, &everywhere, 1)),
            Truth::Company => Mix::new(some(draw, &all, 1), everywhere),
            Truth::Regional => {
                let companies = 3 + draw.below(4);
                let brands = uneven(some(draw, &all, companies));
                let (centre, _) = some(draw, &everywhere, 1)[0];
                let beside: Vec<(u32, f64)> = BORDERS
                    .iter()
                    .filter_map(|(a, b)| if *a == centre { Some(*b) } else { (*b == centre).then_some(*a) })
                    .map(|near| (near, 1.0))
                    .collect();
                let mut provinces = vec![(centre, 0.6)];
                if draw.unit() < 0.5 && !beside.is_empty() {
                    let number = (1 + draw.below(2)).min(beside.len());
                    let near = some(draw, &beside, number);
                    provinces.extend(near.iter().map(|(province, _)| (*province, 0.4 / near.len() as f64)));
                }
                Mix::new(brands, provinces)
            }
            Truth::Industry => {
                let companies = 5 + draw.below(4);
                let brands = uneven(some(draw, &all, companies));
                let number = 4 + draw.below(5);
                let provinces = loop {
                    let drawn = some(draw, &everywhere, number);
                    let areas: std::collections::BTreeSet<u32> = drawn.iter().map(|(code, _)| code / 10).collect();
                    if areas.len() >= 3 {
                        break drawn;
                    }
                };
                Mix::new(brands, provinces)
            }
            Truth::Systemic => {
                let companies = 10 + draw.below(6);
                Mix::new(uneven(some(draw, &all, companies)), everywhere)
            }
        }
    }

    /// Reprints of a record on the ten days after it.
    fn echo(&mut self, record: usize, reprints: u32) {
        let original = self.records[record].clone();
        let (day, seen) = (self.day(&original.event_at), self.day(&original.seen_at));
        for index in 0..reprints {
            let later = i32::try_from(self.draw.below(10)).unwrap_or(0);
            let Some(at) = self.starts.get(usize::try_from(seen + later).unwrap_or(usize::MAX)).copied() else {
                continue;
            };
            self.serial += 1;
            let copy = SignalRecord {
                document_id: DocumentId::new(format!("e{}", self.serial)),
                actor: format!("网站{index}"),
                channel: Channel::Media,
                event_at: self.starts[usize::try_from(day + later).unwrap_or(0)],
                seen_at: at,
                ..original.clone()
            };
            self.more.push((day + later, seen + later));
            self.records.push(copy);
        }
    }

    /// Posts of one complainant's template over four weeks: nearly the same words, brand after brand (the record's own
    /// where `same`).
    fn template(&mut self, record: usize, posts: u32, same: bool) {
        let original = self.records[record].clone();
        let seen = self.day(&original.seen_at);
        for _ in 0..posts {
            let later = i32::try_from(self.draw.below(28)).unwrap_or(0);
            let Some(at) = self.starts.get(usize::try_from(seen + later).unwrap_or(usize::MAX)).copied() else {
                continue;
            };
            self.serial += 1;
            let mut fingerprint = original.fingerprint;
            for _ in 0..2 {
                fingerprint.lanes[self.draw.below(Fingerprint::LANES)] ^= 1 << self.draw.below(32);
            }
            let rank = self.draw.below(BRANDS);
            let brand = Some(format!("{}品牌{rank}", original.product.code())).filter(|_| !same);
            self.records.push(SignalRecord {
                document_id: DocumentId::new(format!("t{}", self.serial)),
                channel: Channel::Complaint,
                brand: brand.or(original.brand.clone()),
                item: ItemNames::default(),
                event_at: at,
                seen_at: at,
                fingerprint,
                ..original.clone()
            });
        }
    }

    /// Reprints and templates of the background, in the monitored weeks.
    fn noise(&mut self) {
        let from = self.starts[usize::try_from(HISTORY).unwrap_or(0)];
        let recent: Vec<usize> = (0..self.records.len())
            .filter(|at| self.records[*at].seen_at >= from && self.records[*at].document_id.as_str().starts_with('b'))
            .collect();
        if recent.is_empty() {
            return;
        }
        for _ in 0..STORIES {
            let (story, reprints) = (recent[self.draw.below(recent.len())], log_uniform(&mut self.draw, REPRINTS_MAX));
            self.echo(story, reprints);
        }
        for _ in 0..TEMPLATES {
            let (text, posts) = (recent[self.draw.below(recent.len())], 10 + log_uniform(&mut self.draw, 30.0));
            self.template(text, posts, false);
        }
    }

    /// Counts what was read.
    fn read(&mut self) {
        // Shares of documents by delay, the same law as that of events, cut where it no longer matters.
        let stay = 1.0 / (1.0 + LATE_DAYS);
        let mut shares = vec![1.0 - LATE];
        for late in 0..20 {
            shares.push(LATE * stay * (1.0 - stay).powi(late));
        }
        for (day, busy) in self.busy.iter().enumerate() {
            let noise = (0.05 * self.draw.normal()).exp();
            for (late, share) in shares.iter().enumerate() {
                let seen = day + late;
                let documents: f64 = (0..2)
                    .filter(|source| !self.failed[seen][*source])
                    .map(|source| READ[source] * busy * noise * share)
                    .sum();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousands")]
                let documents = documents.round() as u64;
                let date = |day: usize| day_after(i32::try_from(day).unwrap_or(0));
                if documents > 0 {
                    self.volume.add(date(day), date(seen), documents);
                }
            }
        }
        for (day, seen) in &self.more {
            self.volume.add(day_after(*day), day_after(*seen), 1);
        }
    }

    fn day(&self, at: &jiff::Timestamp) -> i32 {
        i32::try_from(self.starts.partition_point(|start| start <= at)).unwrap_or(0) - 1
    }
}

/// How busy a day of the year (and week) is.
fn busy(day: usize) -> f64 {
    let of_year = day % 364;
    let festivals = FESTIVALS.iter().filter(|(first, days, _)| (*first..first + days).contains(&of_year));
    festivals.map(|(_, _, busy)| busy).product::<f64>() * WEEKDAYS[day % 7]
}

fn fail(failed: &mut [[bool; 2]], source: usize, from: i32, days: i32) {
    for day in from.max(0)..from + days {
        if let Some(day) = usize::try_from(day).ok().and_then(|day| failed.get_mut(day)) {
            day[source] = true;
        }
    }
}

/// `number` different ones, the likelier the heavier, with their weights.
fn some<T: Copy>(draw: &mut Draw, of: &[(T, f64)], number: usize) -> Vec<(T, f64)> {
    let mut left = of.to_vec();
    let mut chosen = Vec::new();
    while chosen.len() < number && !left.is_empty() {
        let at = Alias::new(&left.iter().map(|(_, weight)| *weight).collect::<Vec<_>>()).draw(draw);
        chosen.push(left.swap_remove(at));
    }
    chosen
}

/// Shares 1, 1/√2, 1/√3, … instead of their own.
fn uneven<T>(chosen: Vec<(T, f64)>) -> Vec<(T, f64)> {
    chosen.into_iter().enumerate().map(|(at, (one, _))| (one, 1.0 / (at as f64 + 1.0).sqrt())).collect()
}

/// A whole number of 1 to `most`, its logarithm uniform.
fn log_uniform(draw: &mut Draw, most: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to some hundreds")]
    let number = (draw.unit() * most.ln()).exp() as u32;
    number
}

fn geometric(draw: &mut Draw, mean: f64) -> i32 {
    let stay = 1.0 / (1.0 + mean);
    let mut days = 0;
    while days < AFTER - 2 && draw.unit() > stay {
        days += 1;
    }
    days
}
