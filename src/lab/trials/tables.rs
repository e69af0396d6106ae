//! Simulates the table of onsets (`score::onsets`): per kind of cell, how often a year the evidence begins to reach each
//! level when nothing rises.
//!
//! In: a seed, windows and bins. Out: an [`OnsetTable`]. A bin is what the detector knows: mean per week m, shape a, weekly
//! size s; and how many events its longest window must hold before it may alarm. Each simulated cell draws its true rate from Gamma(a, a/m), its days are independent negative-binomial counts
//! of size s/7 around it, read evenly. Days without an event are skipped: the evidence cannot rise on them. Not here: files.

use rayon::prelude::*;
use vocabulary::ONSET_YEAR_DAYS;

use numeric::Gamma;
use numeric::draw::Draw;
use score::onsets::{LEAST, OnsetTable, QUIET_DAYS, levels_reached};
use score::rise::{Rise, Window};

/// Windows of the shipped table; those of the criteria must be these.
pub const WINDOWS_DAYS: [u32; 6] = [7, 14, 21, 28, 42, 56];
/// Means per week of the bins.
pub const MEANS: [f64; 14] = [0.0005, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 50.0];
/// Shapes of the law of the rate.
pub const SHAPES: [f64; 9] = [0.005, 0.02, 0.08, 0.3, 1.0, 3.0, 10.0, 40.0, 400.0];
/// Weekly sizes of the bins, falling; infinite: Poisson.
pub const SIZES: [f64; 5] = [f64::INFINITY, 5.0, 2.0, 1.0, 0.5];
/// Monitored days of one simulated cell, and days before them.
const DAYS: u32 = 3 * 365;
const WARM_DAYS: u32 = 2 * QUIET_DAYS;
/// Cells per bin of the shipped table: at least so many, and more where events are rare, until so many events or cells are reached.
pub const CELLS_LEAST: u32 = 1_000;
const EVENTS_WANTED: f64 = 1_000_000.0;
const CELLS_MAX: f64 = 2_000_000.0;

/// Simulates a table; `least` cells per bin at least.
pub fn build(seed: u64, least: u32, windows: &[u32]) -> OnsetTable {
    let lengths: Vec<usize> = windows.iter().map(|days| *days as usize).collect();
    let rise = Rise::over(&lengths, 7);
    let bins: Vec<(f64, f64, f64)> = MEANS
        .iter()
        .flat_map(|mean| SHAPES.iter().flat_map(move |shape| SIZES.iter().map(move |size| (*mean, *shape, *size))))
        .collect();
    let counted: Vec<(Counted, f64)> = bins
        .par_iter()
        .enumerate()
        .map(|(number, (mean, shape, size))| {
            let per_cell = mean / 7.0 * f64::from(DAYS);
            let cells = (EVENTS_WANTED / per_cell).clamp(f64::from(least), CELLS_MAX);
            let cell = SimulatedCell::new(&rise, *mean, *shape, *size);
            let mut onsets: Counted = std::array::from_fn(|_| vec![0; LEVELS]);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most two million")]
            for at in 0..cells as u64 {
                cell.run(&mut Draw::at(seed, ((number as u64) << 32) | at), &mut onsets);
            }
            (onsets, cells.floor() * f64::from(DAYS) / ONSET_YEAR_DAYS)
        })
        .collect();
    let axes = [MEANS.to_vec(), SHAPES.to_vec(), SIZES.to_vec()];
    OnsetTable::of(seed, windows.to_vec(), axes, counted.into_iter())
}

/// Onsets by least number of events (see [`LEAST`]) and level.
type Counted = [Vec<u64>; LEAST.len()];

/// Levels that are counted.
const LEVELS: usize = 400;

/// A kind of cell, with the evidence of every count of every window looked up.
struct SimulatedCell<'a> {
    rise: &'a Rise,
    rate: Gamma,
    /// Size of the law of a day; infinite: Poisson.
    size: f64,
    /// By window: likelihood ratio (not its logarithm) by count.
    ratios: Vec<Vec<f64>>,
}

/// Counts whose ratio is looked up; above them the last one counts.
const COUNTS: usize = 2_000;
/// Largest ln ratio kept.
const LN_MOST: f64 = 300.0;

impl<'a> SimulatedCell<'a> {
    fn new(rise: &'a Rise, mean: f64, shape: f64, size: f64) -> Self {
        let rate = Gamma { shape, rate: shape / (mean / 7.0) };
        let size = size / 7.0;
        let told = Some(size).filter(|size| size.is_finite());
        let of_window = |length: usize| -> Vec<f64> {
            let mut ratios = Vec::new();
            for count in 0..COUNTS {
                let window = Window { count: count as f64, exposure: length as f64, steps: length as f64 };
                let ln = rise.ln_window(&window, rate, told).unwrap_or(f64::NEG_INFINITY);
                ratios.push(ln.min(LN_MOST).exp());
                if ln >= LN_MOST {
                    break;
                }
            }
            ratios
        };
        let ratios = rise.windows.iter().map(|(length, _)| of_window(*length)).collect();
        Self { rise, rate, size, ratios }
    }

    /// One cell: adds its onsets at every level.
    fn run(&self, draw: &mut Draw, onsets: &mut Counted) {
        let mean = draw.gamma(self.rate.shape) / self.rate.rate;
        // Probability of a day without an event, and of one more.
        let (ln_none, odds) = if self.size.is_finite() {
            (-self.size * (mean / self.size).ln_1p(), mean / (mean + self.size))
        } else {
            (-mean, 0.0)
        };
        if ln_none > -1e-12 {
            return;
        }
        let none = ln_none.exp();
        let mut recent: std::collections::VecDeque<(u32, u32)> = std::collections::VecDeque::new();
        let mut last = [[None::<u32>; LEVELS]; LEAST.len()];
        let mut day: u32 = 0;
        loop {
            // Days until the next one with an event: geometric.
            let gap = (draw.unit().ln() / ln_none).floor();
            if gap > f64::from(DAYS + WARM_DAYS) {
                return;
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the days of a run")]
            let gap = gap as u32;
            day += gap;
            if day >= DAYS + WARM_DAYS {
                return;
            }
            recent.push_back((day, self.events(draw, mean, none, odds)));
            self.look(&mut recent, day, &mut last, onsets);
            day += 1;
        }
    }

    /// Events of a day that has one at least.
    fn events(&self, draw: &mut Draw, mean: f64, none: f64, odds: f64) -> u32 {
        let mut left = none + draw.unit() * (1.0 - none) - none;
        let mut probability = none;
        for count in 1..10_000_u32 {
            let before = f64::from(count - 1);
            probability *= if self.size.is_finite() {
                (before + self.size) / f64::from(count) * odds
            } else {
                mean / f64::from(count)
            };
            left -= probability;
            if left <= 0.0 {
                return count;
            }
        }
        1
    }

    fn look(
        &self,
        recent: &mut std::collections::VecDeque<(u32, u32)>,
        day: u32,
        last: &mut [[Option<u32>; LEVELS]; LEAST.len()],
        onsets: &mut Counted,
    ) {
        let longest = self.rise.windows.last().map_or(0, |(length, _)| *length);
        while recent.front().is_some_and(|(first, _)| (*first as usize) + longest <= day as usize) {
            recent.pop_front();
        }
        let (mut sum, mut most) = (0.0, 0);
        for ((length, _), ratios) in self.rise.windows.iter().zip(&self.ratios) {
            let inside = recent.iter().rev().take_while(|(at, _)| (*at as usize) + length > day as usize);
            let count: u32 = inside.map(|(_, events)| events).sum();
            most = most.max(count);
            sum += ratios[(count as usize).min(ratios.len() - 1)];
        }
        let value = (sum / self.rise.windows.len() as f64).ln();
        let reached = levels_reached(value).min(LEVELS);
        for (which, _) in LEAST.iter().enumerate().filter(|(_, least)| u64::from(most) >= **least) {
            for (onsets, last) in onsets[which].iter_mut().zip(&mut last[which]).take(reached) {
                let quiet = last.is_none_or(|last| day - last > QUIET_DAYS);
                *onsets += u64::from(quiet && day >= WARM_DAYS);
                *last = Some(day);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(kind: &SimulatedCell<'_>, seed: u64, cells: u64) -> Counted {
        let mut onsets: Counted = std::array::from_fn(|_| vec![0; LEVELS]);
        (0..cells).for_each(|at| kind.run(&mut Draw::at(seed, at), &mut onsets));
        onsets
    }

    #[test]
    fn higher_levels_and_more_events_are_rarer() {
        let rise = Rise::new(7);
        let onsets = counted(&SimulatedCell::new(&rise, 0.3, 3.0, f64::INFINITY), 3, 400);
        for least in &onsets {
            // From evidence of 1 on: below, little is ever quiet.
            assert!(least[4] > 30 && least[4..30].windows(2).all(|pair| pair[1] <= pair[0]), "{least:?}");
        }
        for ((one, two), three) in onsets[0].iter().zip(&onsets[1]).zip(&onsets[2]).skip(4).take(26) {
            assert!(one >= two && two >= three);
        }
    }

    /// Counted another way: every day looked at, from the same draws told as a series.
    #[test]
    fn skipping_days_without_events_loses_no_onset() {
        let rise = Rise::new(7);
        let kind = SimulatedCell::new(&rise, 1.0, 50.0, f64::INFINITY);
        let rate = Gamma { shape: 50.0, rate: 350.0 };
        let level = 8;
        let mut daily = 0;
        for at in 0..400 {
            let mut draw = Draw::at(9, at);
            let mean = draw.gamma(rate.shape) / rate.rate;
            let counts: Vec<f64> = (0..DAYS + WARM_DAYS).map(|_| draw.poisson(mean)).collect();
            let mut last = None;
            for day in 56..counts.len() {
                let told = |length: usize| Window {
                    count: counts[day + 1 - length..=day].iter().sum(),
                    exposure: length as f64,
                    steps: length as f64,
                };
                let windows: Vec<Window> = rise.windows.iter().map(|(length, _)| told(*length)).collect();
                let value = rise.ln_evidence(&windows, rate, None).expect("exposed");
                if counts[day] > 0.0 && levels_reached(value) > level {
                    let quiet = last.is_none_or(|last| day - last > QUIET_DAYS as usize);
                    daily += u64::from(quiet && day >= WARM_DAYS as usize);
                    last = Some(day);
                }
            }
        }
        let skipping = counted(&kind, 10, 400)[0][level];
        let apart = (daily as f64 - skipping as f64).abs() / ((daily + skipping) as f64).sqrt();
        assert!(daily > 100 && apart < 3.0, "{daily} day by day, {skipping} by skipping");
    }

    #[test]
    fn the_seed_alone_decides() {
        let rise = Rise::new(7);
        let kind = SimulatedCell::new(&rise, 0.5, 0.3, 5.0);
        assert_eq!(counted(&kind, 1, 50), counted(&kind, 1, 50));
        assert_ne!(counted(&kind, 1, 50), counted(&kind, 2, 50));
    }
}
