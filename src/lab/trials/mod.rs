//! Simulation bench of rise detectors: every method at the same rate of false onsets, on backgrounds not used to set it.
//!
//! In: [`Settings`]. Out: a [`Bench`]: per regime and rise the sensitivity within four weeks, days to detection, realised
//! false onsets and positive predictive value of each method. Beside it, [`levels`] judges whole worlds of signals. Pure: seeded, the same numbers for any number of threads.
//! Not here: files, the command line.
//!
//! Regimes and protocol: scoring methods, sections 7 and 12. Three sets of series per background, from streams of their
//! own: one to fit what detectors are told and to set limits, one to count false onsets, one for rises. Equal values at
//! a limit are told apart at random, so that methods with few distinct values meet the same rate as the others.

pub mod background;
pub mod detectors;
pub mod levels;
pub mod onset;
pub mod outbreak;
pub mod paired;
pub mod report;
pub mod tables;
pub mod world;

use rayon::prelude::*;
use serde::Serialize;

use background::{BASELINE_WEEKS, Background, GUARD_WEEKS, RegimeLaw, Series};
use detectors::Method;
use numeric::draw::Draw;
use onset::{Curve, Track};
use outbreak::{Outbreak, Shape};
use paired::{Openings, Paired, Trial};
use score::rise::Rise;

/// Quiet weeks before an onset.
pub const QUIET_WEEKS: usize = 8;
/// Weeks within which a rise must be seen.
pub const WITHIN_WEEKS: usize = 4;
/// Weeks for detectors with a memory to forget how they started.
const WARM_WEEKS: usize = 26;
/// Monitored weeks of a series without a rise.
const NULL_WEEKS: usize = 208;
/// One rise in so many cell-weeks is supposed for the positive predictive value.
const WEEKS_PER_RISE: f64 = 520.0;

/// What to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Seed of every draw.
    pub seed: u64,
    /// Series per set and background (weekly; a quarter of it for daily ones).
    pub series: usize,
    /// False onsets per week.
    pub budget: f64,
    /// Only backgrounds whose name contains this; `levels`: only the levels.
    pub only: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 1, series: 1_200, budget: 1.0 / 520.0, only: None }
    }
}

const PLAIN: Background = Background {
    name: "",
    mean: 1.0,
    size: f64::INFINITY,
    cells: f64::INFINITY,
    per_week: 1,
    season: 0.0,
    calendar: false,
    outage: 0.0,
    events: 1,
};

/// The backgrounds: those of section 12, and variants with unequal cells, seasons, festivals, outages and daily steps.
pub fn backgrounds() -> Vec<Background> {
    let inf = f64::INFINITY;
    vec![
        Background { name: "0.02/week", mean: 0.02, events: 2, ..PLAIN },
        Background { name: "0.1/week", mean: 0.1, events: 4, ..PLAIN },
        Background { name: "0.5/week", mean: 0.5, events: 6, ..PLAIN },
        Background { name: "0.5/week NB 1", mean: 0.5, size: 1.0, events: 8, ..PLAIN },
        Background { name: "2/week", mean: 2.0, events: 10, ..PLAIN },
        Background { name: "2/week NB 2", mean: 2.0, size: 2.0, events: 14, ..PLAIN },
        Background { name: "8/week NB 5", mean: 8.0, size: 5.0, events: 25, ..PLAIN },
        Background { name: "0.1/week, cells differ", mean: 0.1, cells: 1.5, events: 4, ..PLAIN },
        Background { name: "2/week, season+festivals", mean: 2.0, season: 0.4, calendar: true, events: 12, ..PLAIN },
        Background { name: "0.5/week, outages", mean: 0.5, outage: 0.03, events: 6, ..PLAIN },
        Background {
            name: "8/week NB 5, all",
            mean: 8.0,
            size: 5.0,
            cells: 4.0,
            season: 0.3,
            calendar: true,
            outage: 0.02,
            events: 28,
            ..PLAIN
        },
        Background { name: "daily 0.5/week", mean: 0.5, size: inf, per_week: 7, events: 6, ..PLAIN },
        Background {
            name: "daily 8/week, weekdays",
            mean: 8.0,
            per_week: 7,
            season: 0.3,
            calendar: true,
            events: 20,
            ..PLAIN
        },
    ]
}

/// The rises.
pub fn outbreaks() -> Vec<Outbreak> {
    let rise = |name, scale, weeks, shape, delay| Outbreak { name, scale, weeks, shape, delay };
    vec![
        rise("flat 4 weeks", 1.0, 4, Shape::Flat, 0.0),
        rise("within 1 week", 0.7, 1, Shape::Flat, 0.0),
        rise("flat 8 weeks", 1.8, 8, Shape::Flat, 0.0),
        rise("ramp 4 weeks", 1.0, 4, Shape::Ramp, 0.0),
        rise("spike 4 weeks", 1.0, 4, Shape::Spike, 0.0),
        rise("flat 4 weeks, delayed", 1.2, 4, Shape::Flat, 0.5),
    ]
}

/// The methods: peers first, ours last. Farrington where `dense`.
pub fn methods(per_week: usize, dense: bool) -> Vec<Method> {
    let mut methods = vec![Method::Ears(1), Method::Ears(2), Method::Ears(3), Method::Reweighted];
    methods.extend([Method::Essence, Method::Ewma, Method::Bayes]);
    if dense {
        methods.push(Method::Farrington);
    }
    methods.extend([Method::OneStep, Method::Cusum(2.0), Method::Cusum(4.0), Method::Glr, Method::EDetector]);
    methods.push(Method::MultiWindow);
    methods.push(Method::Rise(Rise::new(per_week)));
    methods
}

/// One method on one rise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectorRow {
    /// Method.
    pub method: String,
    /// Whether it is ours (else a peer).
    pub ours: bool,
    /// Series with an onset within four weeks.
    pub found: usize,
    /// Share of them.
    pub sensitivity: f64,
    /// 95 % Wilson interval.
    pub interval: (f64, f64),
    /// Median days from the beginning of the rise to the onset, of those found within eight weeks.
    pub days: Option<f64>,
    /// Realised false onsets per 520 weeks, on series of their own.
    pub false_onsets: f64,
    /// Positive predictive value at one rise per 520 cell-weeks.
    pub ppv: f64,
}

/// One background with one rise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regime {
    /// Background.
    pub background: String,
    /// Rise.
    pub outbreak: String,
    /// Extra events.
    pub events: u32,
    /// Series with the rise.
    pub series: usize,
    /// Methods.
    pub rows: Vec<DetectorRow>,
}

impl Regime {
    /// Found by ours, and by the best peer.
    pub fn ours_and_best(&self) -> (usize, usize) {
        let most = |ours: bool| self.rows.iter().filter(|row| row.ours == ours).map(|row| row.found).max();
        (most(true).unwrap_or(0), most(false).unwrap_or(0))
    }
}

/// One method on one background, over all shapes of a rise alike: nobody knows beforehand how a rise will look.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mean {
    /// Method.
    pub method: String,
    /// Whether it is ours (else a peer).
    pub ours: bool,
    /// Mean of the sensitivities within four weeks, every shape with the same weight.
    pub sensitivity: f64,
    /// Realised false onsets over promised ones.
    pub realised: f64,
}

/// One background with all shapes of a rise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Whole {
    /// Background.
    pub background: String,
    /// Shapes.
    pub shapes: usize,
    /// Methods.
    pub means: Vec<Mean>,
    /// Ours beside the best single peer, with an error bar.
    pub paired: Option<Paired>,
}

impl Whole {
    /// Ours, and the best single peer.
    pub fn ours_and_best(&self) -> (Option<&Mean>, Option<&Mean>) {
        let most = |ours: bool| {
            let means = self.means.iter().filter(|mean| mean.ours == ours);
            means.max_by(|a, b| a.sensitivity.total_cmp(&b.sensitivity))
        };
        (most(true), most(false))
    }
}

/// 97.5 % quantile of the standard normal law.
const Z95: f64 = 1.959_963_984_540_054;

/// By background, in the order of the regimes.
fn wholes(regimes: &[Regime], paired: Vec<Option<Paired>>, budget: f64) -> Vec<Whole> {
    let shapes = regimes.chunk_by(|a, b| a.background == b.background);
    let whole = |(shapes, paired): (&[Regime], Option<Paired>)| Whole {
        paired,
        background: shapes[0].background.clone(),
        shapes: shapes.len(),
        means: (shapes[0].rows.iter().enumerate())
            .map(|(method, row)| Mean {
                method: row.method.clone(),
                ours: row.ours,
                sensitivity: shapes.iter().map(|shape| shape.rows[method].sensitivity).sum::<f64>()
                    / shapes.len() as f64,
                realised: row.false_onsets / budget,
            })
            .collect(),
    };
    shapes.zip(paired).map(whole).collect()
}

/// All results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bench {
    /// Seed.
    pub seed: u64,
    /// False onsets per 520 weeks that limits were set to.
    pub budget: f64,
    /// Regimes.
    pub regimes: Vec<Regime>,
    /// The same by background, all shapes alike.
    pub backgrounds: Vec<Whole>,
    /// What reprints did.
    pub reprints: Reprints,
    /// Levels of outbreaks of known truth, when they were judged ([`levels::run`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<levels::Levels>,
}

/// Series told with reprints: what is left of these after collapsing stories to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reprints {
    /// Series.
    pub series: usize,
    /// Reports, reprints among them.
    pub reports: usize,
    /// Events behind them.
    pub events: usize,
    /// Series in which the statistic is not exactly what it is without reprints.
    pub changed: usize,
}

/// Tells daily series with five stories each reprinted 1 to 500 times, and judges them with and without.
pub fn reprints(seed: u64, series: usize) -> Reprints {
    let background = Background { mean: 0.5, per_week: 7, ..PLAIN };
    let method = Method::Rise(Rise::new(7));
    let all = (0..series)
        .into_par_iter()
        .map(|at| {
            let position = (1 << 61) | at as u64;
            let plain = background.series(seed, position, BASELINE_WEEKS + 30);
            let known = RegimeLaw::fit(std::slice::from_ref(&plain), 7);
            let told = outbreak::reports(&plain.counts, 5, 500, &mut Draw::at(seed ^ 0x6563_686f, position));
            let again = Series::new(outbreak::collapse(&told, plain.len(), 14), plain.exposures.clone());
            let values = |series: &Series| method.values(series, &known, 7, BASELINE_WEEKS * 7);
            let events = plain.counts.iter().map(|count| *count as usize).sum::<usize>();
            (told.len(), events, usize::from(values(&plain) != values(&again)))
        })
        .reduce(|| (0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    Reprints { series, reports: all.0, events: all.1, changed: all.2 }
}

/// Names of a method, its values by series.
struct Judged {
    name: String,
    ours: bool,
    limit: f64,
    false_onsets: f64,
}

/// Runs the bench.
pub fn run(settings: &Settings) -> Bench {
    let wanted = |background: &Background| settings.only.as_ref().is_none_or(|only| background.name.contains(only));
    let (mut regimes, mut paired) = (Vec::new(), Vec::new());
    for (at, background) in backgrounds().iter().enumerate().filter(|(_, background)| wanted(background)) {
        let (of_background, compared) = on_background(settings, at as u64, background);
        regimes.extend(of_background);
        paired.push(compared);
    }
    let budget = settings.budget * 520.0;
    let backgrounds = wholes(&regimes, paired, budget);
    let reprints = reprints(settings.seed, 100);
    Bench { seed: settings.seed, budget, regimes, backgrounds, reprints, levels: None }
}

impl Settings {
    /// Worlds to judge levels in, when they are wanted: all parts, or only `levels`.
    pub fn worlds(&self) -> Option<usize> {
        self.only.as_deref().is_none_or(|only| only == levels::PART).then_some((self.series / 24).max(2))
    }
}

/// Breaks ties at random: far below any difference that means something.
fn untie(values: &mut [f64], seed: u64, position: u64) {
    let mut draw = Draw::at(seed ^ 0x7469_6573, position);
    for value in values {
        let u = draw.unit();
        if value.is_finite() {
            *value += 1e-7 * u * (1.0 + value.abs());
        }
    }
}

/// All rises on one background, and ours beside the best peer over all of them.
fn on_background(settings: &Settings, number: u64, background: &Background) -> (Vec<Regime>, Option<Paired>) {
    let per_week = background.per_week;
    let quiet = QUIET_WEEKS * per_week;
    let warm = BASELINE_WEEKS + GUARD_WEEKS;
    let first = warm + WARM_WEEKS;
    let count = if per_week == 7 { settings.series / 4 } else { settings.series }.max(20);
    let position = |set: u64, at: usize| (number << 48) | (set << 40) | at as u64;
    let methods = methods(per_week, background.mean >= 8.0 && per_week == 1);

    let all = vec![true; methods.len()];
    let cheap: Vec<bool> = methods.iter().map(|method| *method != Method::Farrington).collect();

    let told: Vec<Series> = (0..count.min(400))
        .into_par_iter()
        .map(|at| background.series(settings.seed, position(0, at), BASELINE_WEEKS))
        .collect();
    let known = RegimeLaw::fit(&told, per_week);
    // Tracks of all methods on a set of series without a rise: one vector per method.
    let null = |set: u64| -> Vec<Vec<Track>> {
        let per_series: Vec<Vec<Track>> = (0..count)
            .into_par_iter()
            .map(|at| {
                let series = background.series(settings.seed, position(set, at), first + NULL_WEEKS);
                // A regression at every step is dear: fewer series for it.
                let of: &[bool] = if at < count / 6 { &all } else { &cheap };
                let spot = position(set, at) ^ settings.seed;
                tracks(&methods, of, &series, &known, per_week, (warm * per_week, first * per_week), spot)
            })
            .collect();
        transpose(per_series, methods.len())
    };
    let tuning = null(1);
    let fresh = null(2);
    let judged: Vec<Judged> = (methods.iter().zip(tuning.iter().zip(&fresh)))
        .map(|(method, (tuning, fresh))| {
            let limit = Curve::new(tuning, quiet, per_week).limit(settings.budget);
            let onsets: usize = fresh.iter().map(|track| track.onsets(limit, quiet).len()).sum();
            let steps: usize = fresh.iter().map(|track| track.values.len() - track.from).sum();
            let weeks = steps as f64 / per_week as f64;
            let ours = matches!(method, Method::Rise(_));
            Judged { name: method.name(), ours, limit, false_onsets: onsets as f64 / weeks * 520.0 }
        })
        .collect();

    let within = WITHIN_WEEKS * per_week;
    let on_rise = |(which, outbreak): (usize, &Outbreak)| {
        let (found, openings): (Vec<Vec<Option<usize>>>, Vec<Vec<Openings>>) = (0..count)
            .into_par_iter()
            .map(|at| {
                // The same background for all rises: differences between shapes are not those of chance.
                let mut series = background.series(settings.seed, position(3, at), first + 9);
                let mut draw = Draw::at(settings.seed, position(4 + which as u64, at));
                let begin = first * per_week + draw.below(per_week);
                for offset in outbreak.offsets(background.events, per_week, &mut draw) {
                    // Nothing is seen of an event while the source fails.
                    if let Some(count) =
                        series.counts.get_mut(begin + offset).filter(|_| series.exposures[begin + offset] > 0.0)
                    {
                        *count += 1;
                    }
                }
                let series = Series::new(series.counts, series.exposures);
                let seed = position(4 + which as u64, at) ^ settings.seed;
                let tracks = tracks(&methods, &all, &series, &known, per_week, (warm * per_week, begin), seed);
                let first_onset =
                    |(track, judged): (&Track, &Judged)| track.onsets(judged.limit, quiet).first().copied();
                let found: Vec<Option<usize>> = tracks.iter().zip(&judged).map(first_onset).collect();
                (found, tracks.iter().map(|track| track.openings(quiet, within)).collect::<Vec<Openings>>())
            })
            .unzip();
        let rows = judged.iter().enumerate().map(|(method, judged)| {
            let waits: Vec<usize> = found.iter().filter_map(|series| series[method]).collect();
            row(judged, &waits, count, per_week)
        });
        let regime = Regime {
            background: background.name.into(),
            outbreak: outbreak.name.into(),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number ≥ 0")]
            events: (f64::from(background.events) * outbreak.scale).round() as u32,
            series: count,
            rows: rows.collect(),
        };
        (regime, openings)
    };
    let (regimes, openings): (Vec<Regime>, Vec<_>) = outbreaks().iter().enumerate().map(on_rise).unzip();
    let told: Vec<(String, bool, f64)> =
        judged.into_iter().map(|Judged { name, ours, limit, .. }| (name, ours, limit)).collect();
    let trial = Trial {
        openings: &openings,
        tuning: &tuning,
        methods: &told,
        quiet,
        per_week,
        budget: settings.budget,
        seed: settings.seed ^ number,
    };
    (regimes, trial.compare())
}

/// Tracks of one series, empty where `of` says no. `span`: where detectors with a memory start, and the first monitored
/// step.
fn tracks(
    methods: &[Method],
    of: &[bool],
    series: &Series,
    known: &RegimeLaw,
    per_week: usize,
    span: (usize, usize),
    seed: u64,
) -> Vec<Track> {
    let one = |(at, (method, wanted)): (usize, (&Method, &bool))| {
        if !*wanted {
            return Track { values: Vec::new(), from: 0 };
        }
        let (warm, from) = span;
        let start = if method.remembers() { warm } else { from - QUIET_WEEKS * per_week };
        let mut values = method.values(series, known, per_week, start);
        untie(&mut values, seed, at as u64);
        Track { values: values.split_off(start), from: from - start }
    };
    methods.iter().zip(of).enumerate().map(one).collect()
}

fn transpose(per_series: Vec<Vec<Track>>, methods: usize) -> Vec<Vec<Track>> {
    let mut by_method: Vec<Vec<Track>> = (0..methods).map(|_| Vec::with_capacity(per_series.len())).collect();
    for series in per_series {
        for (method, track) in series.into_iter().enumerate() {
            by_method[method].push(track);
        }
    }
    by_method
}

fn row(judged: &Judged, waits: &[usize], series: usize, per_week: usize) -> DetectorRow {
    let found = waits.iter().filter(|wait| **wait < WITHIN_WEEKS * per_week).count();
    let mut within: Vec<usize> = waits.iter().copied().filter(|wait| *wait < 8 * per_week).collect();
    within.sort_unstable();
    // Seen at the end of a step.
    let day = |step: usize| ((step + 1) * 7 / per_week) as f64;
    let days =
        (!within.is_empty()).then(|| f64::midpoint(day(within[(within.len() - 1) / 2]), day(within[within.len() / 2])));
    let sensitivity = found as f64 / series as f64;
    let falsely = judged.false_onsets / 520.0 * WEEKS_PER_RISE;
    DetectorRow {
        method: judged.name.clone(),
        ours: judged.ours,
        found,
        sensitivity,
        interval: wilson(found, series),
        days,
        false_onsets: judged.false_onsets,
        ppv: if found > 0 { sensitivity / (sensitivity + falsely) } else { 0.0 },
    }
}

/// Wilson's 95 % interval of a share.
pub(super) fn wilson(found: usize, of: usize) -> (f64, f64) {
    let (n, z) = (of as f64, Z95);
    let p = found as f64 / n;
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_on_any_number_of_threads() {
        let settings = Settings { series: 24, only: Some("0.5/week NB".into()), ..Settings::default() };
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| run(&settings))
        };
        let (one, three) = (on(1), on(3));
        assert_eq!(one, three);
        assert!(one.regimes.iter().all(|regime| regime.rows.len() >= 14));
        assert_ne!(one, run(&Settings { seed: 2, ..settings }));
    }

    #[test]
    fn a_background_weighs_all_shapes_of_a_rise_alike() {
        let row = |method: &str, ours: bool, found: usize| DetectorRow {
            method: method.into(),
            ours,
            found,
            sensitivity: found as f64 / 10.0,
            interval: wilson(found, 10),
            days: None,
            false_onsets: 0.9,
            ppv: 0.0,
        };
        let regime = |rows: Vec<DetectorRow>| Regime {
            background: "b".into(),
            outbreak: "o".into(),
            events: 1,
            series: 10,
            rows,
        };
        let regimes = [
            regime(vec![row("burst", false, 9), row("slow", false, 1), row("ours", true, 7)]),
            regime(vec![row("burst", false, 1), row("slow", false, 8), row("ours", true, 6)]),
        ];
        let wholes = wholes(&regimes, vec![None], 1.0);
        let (ours, best) = wholes[0].ours_and_best();
        assert_eq!((wholes.len(), best.map(|mean| mean.method.as_str())), (1, Some("burst")));
        let (ours, best) = (ours.expect("ours"), best.expect("a peer"));
        assert!((ours.sensitivity - 0.65).abs() < 1e-12 && (best.sensitivity - 0.5).abs() < 1e-12);
        assert!((best.realised - 0.9).abs() < 1e-12);
    }

    #[test]
    fn reprints_leave_the_statistic_as_it_is() {
        let told = reprints(3, 8);
        assert!(told.reports > 10 * told.events, "{told:?}");
        assert_eq!(told.changed, 0);
    }

    #[test]
    fn intervals_hold_the_share() {
        let (low, high) = wilson(0, 100);
        assert!(low.abs() < 1e-12 && (high - 0.037).abs() < 1e-3);
        let (low, high) = wilson(50, 100);
        assert!((low - 0.4038).abs() < 1e-3 && (high - 0.5962).abs() < 1e-3);
    }
}
