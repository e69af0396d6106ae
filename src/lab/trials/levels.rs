//! Are levels right? Worlds of signals with outbreaks of known truth, judged by the scorer itself, day by day.
//!
//! In: a seed, a number of worlds, criteria. Out: [`Levels`]: per truth and size how many outbreaks were alarmed within
//! four weeks and what they were called on their last day, false onsets of the background, and what 500 reprints changed.
//! Pure; the same numbers for any number of threads. Not here: the worlds and what is true in them ([`world`]).
//!
//! What counts: an *alarm* is an assessment above the line on statistics (a report that opens a review by itself is
//! outside the budget and no level is judged by it) that is not excluded and holds an event of the outbreak. The *level*
//! is that of the alarm with most events of the outbreak, as of the outbreak's last day, knowing what was seen by then.
//! No alarm on that day is a wrong level. An *onset* is an alarm on statistics, in a category × hazard without an
//! outbreak, after eight weeks in which the same thing (category, hazard, brand and province as labelled) was quiet.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rayon::prelude::*;
use serde::Serialize;

use super::wilson;
use super::world::{self, HISTORY, Incident, MONITORED, SIZES, Truth, World, day_after};
use score::{Criteria, Events, Feedback, Scorer};
use vocabulary::{Assessment, Category, Disposal, Hazard, RegionCode, Spread};

/// Name of this part of the bench.
pub const PART: &str = "levels";
/// Events from which the level must be right.
pub const LARGE: u32 = 20;
/// Days within which an outbreak must be alarmed.
const WITHIN: i32 = 28;
/// Quiet days before an onset.
const QUIET: i32 = 56;
/// Reprints that must add nothing.
const REPRINTS: u32 = 500;
/// One world in so many is judged again with reprints.
const TWINS: usize = 4;

/// What the scorer called an outbreak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CalledLevel {
    /// No alarm.
    Silent,
    /// 个别.
    Isolated,
    /// 个别, flagged as one company in several provinces.
    Company,
    /// 区域性.
    Regional,
    /// 行业性.
    Industry,
    /// 系统性.
    Systemic,
}

impl CalledLevel {
    /// In the order of columns.
    pub const ALL: [Self; 6] =
        [Self::Silent, Self::Isolated, Self::Company, Self::Regional, Self::Industry, Self::Systemic];

    fn of(assessment: &Assessment) -> Self {
        match assessment.spread {
            Spread::Isolated if assessment.spread_terms.company_wide => Self::Company,
            Spread::Isolated => Self::Isolated,
            Spread::Regional => Self::Regional,
            Spread::Industry => Self::Industry,
            Spread::Systemic => Self::Systemic,
        }
    }

    /// Whether it is the level of the truth: company-wide is shown as isolated with a flag, which is judged apart.
    pub fn is_level_of(self, truth: Truth) -> bool {
        let level = |found: Self| if found == Self::Company { Self::Isolated } else { found };
        level(self) == level(Self::from(truth))
    }
}

impl From<Truth> for CalledLevel {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::Isolated => Self::Isolated,
            Truth::Company => Self::Company,
            Truth::Regional => Self::Regional,
            Truth::Industry => Self::Industry,
            Truth::Systemic => Self::Systemic,
        }
    }
}

/// Outbreaks of one truth and size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelRow {
    /// Truth.
    pub truth: &'static str,
    /// Planned events.
    pub events: u32,
    /// Outbreaks.
    pub outbreaks: usize,
    /// Alarmed within four weeks of their first day.
    pub alarmed: usize,
    /// Median days to the alarm, of those.
    pub days: Option<f64>,
    /// Level right on the last day.
    pub right: usize,
    /// What they were called on the last day, in the order of [`CalledLevel::ALL`].
    pub called: [usize; 6],
}

/// What reprints of one story did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reprinted {
    /// Worlds judged with and without.
    pub worlds: usize,
    /// Reprints in all.
    pub reprints: usize,
    /// Assessments whose events, tails, level or disposal are not exactly what they were. How many texts were retold is no part of it:
    /// a story that began before the window and is retold within it is one text more that the window saw, and no event.
    pub counts_changed: usize,
    /// Assessments that cross no longer, or now, or are called something else, when the reprints count as reading: more was
    /// read, so more is expected everywhere.
    pub levels_changed: usize,
}

/// All results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Levels {
    /// Seed.
    pub seed: u64,
    /// Worlds.
    pub worlds: usize,
    /// Criteria that judged.
    pub criteria: String,
    /// By truth, then size.
    pub rows: Vec<LevelRow>,
    /// Outbreaks of 20 events or more.
    pub large: usize,
    /// Of these: level right.
    pub right: usize,
    /// Share of these.
    pub accuracy: f64,
    /// Its 95 % Wilson interval.
    pub interval: (f64, f64),
    /// When their rise is said to have begun.
    pub dated: Dated,
    /// Of these: no alarm on the last day.
    pub silent: usize,
    /// Of the isolated and company-wide ones among these with the level right: whether one company in several provinces is flagged as such.
    pub flagged: (usize, usize),
    /// False onsets per 30 days that the criteria promise.
    pub promised: f64,
    /// False onsets per 30 days of one world.
    pub onsets: f64,
    /// Of these, not excluded by the disposal.
    pub shown: f64,
    /// Opened by a single report, outside the budget, per 30 days of one world.
    pub singles: f64,
    /// Reprints.
    pub reprinted: Reprinted,
}

impl Levels {
    /// What the large outbreaks of a truth were called, in the order of [`CalledLevel::ALL`], and how many there are.
    pub fn called(&self, truth: Truth) -> ([usize; 6], usize) {
        let rows = self.rows.iter().filter(|row| row.truth == truth.name() && row.events >= LARGE);
        rows.fold(([0; 6], 0), |(called, all), row| {
            (std::array::from_fn(|at| called[at] + row.called[at]), all + row.outbreaks)
        })
    }
}

/// How well the beginnings of large outbreaks were told on their last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Dated {
    /// Large outbreaks with a date.
    pub told: usize,
    /// Of those, within a week of the first day.
    pub within_7_days: usize,
    /// Within two weeks.
    pub within_14_days: usize,
}

impl Dated {
    fn of(outcomes: &[&Outcome]) -> Self {
        let off: Vec<u32> = outcomes.iter().filter_map(|outcome| outcome.dated).map(i32::unsigned_abs).collect();
        let within = |days: u32| off.iter().filter(|off| **off <= days).count();
        Self { told: off.len(), within_7_days: within(7), within_14_days: within(14) }
    }
}

/// How one outbreak went.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    truth: Truth,
    size: u32,
    wait: Option<i32>,
    found: CalledLevel,
    /// Days from its first day to the day its rise is said to have begun, as told on its last day.
    dated: Option<i32>,
}

#[derive(Debug, Clone, Default)]
struct Judged {
    outcomes: Vec<Outcome>,
    onsets: usize,
    shown: usize,
    singles: usize,
    reprinted: Reprinted,
}

/// What an alarm is about, as labelled.
type MatterLabel = (Category, Hazard, Option<String>, Option<RegionCode>);

fn matter(assessment: &Assessment) -> MatterLabel {
    (assessment.category, assessment.hazard, assessment.brand.clone(), assessment.region)
}

/// Whether the detector crossed its threshold: the spread says so by the rule it went by.
fn crossed(assessment: &Assessment) -> bool {
    assessment.spread_terms.rule != "isolated.no_onset"
}

/// Judges `worlds` worlds of a seed.
pub fn run(seed: u64, worlds: usize, criteria: &Criteria) -> Levels {
    run_every(seed, worlds, criteria, 1)
}

/// As [`run`], looking every `step` days only, and on the last day of each outbreak.
fn run_every(seed: u64, worlds: usize, criteria: &Criteria, step: usize) -> Levels {
    let scorer = Scorer::new(criteria.clone());
    let judged: Vec<Judged> = (0..worlds).into_par_iter().map(|number| judge(seed, number, &scorer, step)).collect();
    let outcomes: Vec<Outcome> = judged.iter().flat_map(|judged| judged.outcomes.iter().copied()).collect();
    let kinds = Truth::ALL.iter().flat_map(|truth| SIZES.iter().map(move |size| (*truth, *size)));
    let rows = kinds.map(|(truth, size)| {
        row(truth, size, outcomes.iter().filter(|outcome| (outcome.truth, outcome.size) == (truth, size)))
    });
    let large: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.size >= LARGE).collect();
    let right = large.iter().filter(|outcome| outcome.found.is_level_of(outcome.truth)).count();
    let narrow =
        large.iter().filter(|outcome| outcome.truth <= Truth::Company && outcome.found.is_level_of(outcome.truth));
    let flagged = narrow.fold((0, 0), |(as_it_is, all), outcome| {
        (as_it_is + usize::from(outcome.found == CalledLevel::from(outcome.truth)), all + 1)
    });
    let months = worlds as f64 * f64::from(MONITORED) / 30.0;
    let per_month = |count: &dyn Fn(&Judged) -> usize| judged.iter().map(count).sum::<usize>() as f64 / months;
    let sum = |count: &dyn Fn(&Reprinted) -> usize| judged.iter().map(|judged| count(&judged.reprinted)).sum();
    Levels {
        seed,
        worlds,
        criteria: criteria.version.to_string(),
        rows: rows.collect(),
        large: large.len(),
        right,
        accuracy: right as f64 / large.len().max(1) as f64,
        interval: if large.is_empty() { (0.0, 1.0) } else { wilson(right, large.len()) },
        dated: Dated::of(&large),
        silent: large.iter().filter(|outcome| outcome.found == CalledLevel::Silent).count(),
        flagged,
        promised: criteria.budget.onsets_per_30_days,
        onsets: per_month(&|judged| judged.onsets),
        shown: per_month(&|judged| judged.shown),
        singles: per_month(&|judged| judged.singles),
        reprinted: Reprinted {
            worlds: sum(&|reprinted| reprinted.worlds),
            reprints: sum(&|reprinted| reprinted.reprints),
            counts_changed: sum(&|reprinted| reprinted.counts_changed),
            levels_changed: sum(&|reprinted| reprinted.levels_changed),
        },
    }
}

fn row<'o>(truth: Truth, size: u32, outcomes: impl Iterator<Item = &'o Outcome>) -> LevelRow {
    let (mut waits, mut called, mut right, mut outbreaks) = (Vec::new(), [0; 6], 0, 0);
    for outcome in outcomes {
        outbreaks += 1;
        waits.extend(outcome.wait.filter(|wait| *wait < WITHIN));
        called[outcome.found as usize] += 1;
        right += usize::from(outcome.found.is_level_of(truth));
    }
    waits.sort_unstable();
    let middle = waits.get(waits.len() / 2).map(|wait| f64::from(wait + 1));
    LevelRow { truth: truth.name(), events: size, outbreaks, alarmed: waits.len(), days: middle, right, called }
}

fn judge(seed: u64, number: usize, scorer: &Scorer, step: usize) -> Judged {
    let world = world::world(seed, number as u64);
    let events = Events::build(&world.records, scorer.criteria());
    let struck = |category: Category, hazard: Hazard| {
        world.incidents.iter().any(|incident| {
            incident.hazard == hazard && (incident.category == category || incident.beside == Some(category))
        })
    };
    let mut judged = Judged::default();
    let mut outcomes: Vec<Outcome> = world
        .incidents
        .iter()
        .map(|incident| Outcome {
            truth: incident.truth,
            size: incident.size,
            wait: None,
            found: CalledLevel::Silent,
            dated: None,
        })
        .collect();
    let mut loud: BTreeMap<MatterLabel, i32> = BTreeMap::new();
    let mut reviewed: BTreeMap<MatterLabel, i32> = BTreeMap::new();
    // Before the first monitored day a look a week is enough to know what was quiet.
    let before = (HISTORY - QUIET..HISTORY).step_by(step.max(7));
    let ends = world.incidents.iter().map(Incident::end);
    let days: BTreeSet<i32> = before.chain((HISTORY..HISTORY + MONITORED).step_by(step)).chain(ends).collect();
    for day in days {
        let assessments = scorer.assess(&events, &world.volume, &Feedback::none(), day_after(day));
        for assessment in &assessments {
            let excluded = assessment.disposal == Disposal::Exclude;
            if struck(assessment.category, assessment.hazard) {
                continue;
            }
            if crossed(assessment) {
                let fresh = loud.insert(matter(assessment), day).is_none_or(|last| day - last > QUIET);
                if fresh && day >= HISTORY {
                    judged.onsets += 1;
                    judged.shown += usize::from(!excluded);
                }
            } else if !excluded {
                let fresh = reviewed.insert(matter(assessment), day).is_none_or(|last| day - last > QUIET);
                judged.singles += usize::from(fresh && day >= HISTORY);
            }
        }
        for (incident, outcome) in world.incidents.iter().zip(&mut outcomes) {
            let open = outcome.wait.is_none() && (incident.begin..incident.begin + WITHIN).contains(&day);
            if !open && day != incident.end() {
                continue;
            }
            let alarm = alarm_of(incident, &assessments);
            let found = alarm.map_or(CalledLevel::Silent, CalledLevel::of);
            if open && found > CalledLevel::Silent {
                outcome.wait = Some(day - incident.begin);
            }
            if day == incident.end() {
                outcome.found = found;
                let began = alarm.and_then(|one| one.detector.began.as_ref());
                outcome.dated = began.map(|began| days_between(day_after(incident.begin), began.week_of));
            }
        }
    }
    judged.outcomes = outcomes;
    if number.is_multiple_of(TWINS) {
        judged.reprinted = reprinted(seed, number / TWINS, &world, &events, scorer);
    }
    judged
}

fn days_between(from: Date, to: Date) -> i32 {
    to.since(from).map_or(0, |span| span.get_days())
}

/// The alarm with most events of the outbreak.
fn alarm_of<'a>(incident: &Incident, assessments: &'a [Assessment]) -> Option<&'a Assessment> {
    let prefix = incident.prefix();
    assessments
        .iter()
        .filter(|one| (one.category, one.hazard) == (incident.category, incident.hazard))
        .filter(|one| crossed(one) && one.disposal != Disposal::Exclude)
        .map(|one| {
            let told = one.documents.iter().filter(|document| document.as_str().starts_with(&prefix)).count();
            (one, told)
        })
        .filter(|(_, told)| *told > 0)
        .max_by_key(|(_, told)| *told)
        .map(|(one, _)| one)
}

/// Reprints a story of one outbreak and judges its last day again.
fn reprinted(seed: u64, turn: usize, world: &World, events: &Events, scorer: &Scorer) -> Reprinted {
    let incident = &world.incidents[turn % world.incidents.len()];
    let day = day_after(incident.end());
    let before = scorer.assess(events, &world.volume, &Feedback::none(), day);
    let again = |read: bool| {
        let mut twin = world.clone();
        world::reprint(&mut twin, incident, REPRINTS, read, seed);
        let events = Events::build(&twin.records, scorer.criteria());
        (twin.records.len() - world.records.len(), scorer.assess(&events, &twin.volume, &Feedback::none(), day))
    };
    let ((reprints, same), (_, more_read)) = (again(false), again(true));
    Reprinted {
        worlds: 1,
        reprints,
        counts_changed: lost(&before, &same, |one| {
            let windows = one.detector.windows.iter();
            let events: Vec<(u64, u64)> = windows.map(|window| (window.x, window.p.to_bits())).collect();
            (matter(one), events, CalledLevel::of(one), one.disposal)
        }),
        levels_changed: lost(&before, &more_read, |one| (matter(one), crossed(one), CalledLevel::of(one))),
    }
}

/// How many of what is said before are not said after.
fn lost<K: Ord>(before: &[Assessment], after: &[Assessment], said: impl Fn(&Assessment) -> K) -> usize {
    let mut left: BTreeMap<K, usize> = BTreeMap::new();
    for one in after {
        *left.entry(said(one)).or_default() += 1;
    }
    let kept = before.iter().filter(|one| {
        let found = left.get_mut(&said(one)).filter(|number| **number > 0);
        found.is_some_and(|number| {
            *number -= 1;
            true
        })
    });
    before.len() - kept.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Criteria {
        let text = include_str!("../../../rules/criteria/default.toml");
        Criteria::parse(text, "rules/criteria/default.toml").expect("the shipped criteria are good")
    }

    #[test]
    fn worlds_are_judged_alike_on_any_number_of_threads_and_reprints_add_nothing_in_them() {
        let criteria = shipped();
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            // Two worlds side by side, looked at a few times: what is promised holds for any number of looks.
            pool.install(|| run_every(3, 2, &criteria, 56))
        };
        let one = on(1);
        assert_eq!(one, on(2));
        assert_eq!(one.rows.iter().map(|row| row.outbreaks).sum::<usize>(), 2 * Truth::ALL.len());
        let Reprinted { worlds, reprints, counts_changed, .. } = one.reprinted;
        assert_eq!((worlds, reprints, counts_changed), (1, 500, 0));
    }
}
