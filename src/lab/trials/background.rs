//! Series without a rise: counts around a mean that season, festivals and outages move, with the exposure a detector is
//! told.
//!
//! In: a [`Background`] and a seed. Out: [`Series`]. Not here: rises.

use numeric::Gamma;
use numeric::draw::Draw;

/// Weeks of the moving baseline.
pub const BASELINE_WEEKS: usize = 104;
/// Weeks between the baseline and the tested step: a rise must not raise its own baseline.
pub const GUARD_WEEKS: usize = 8;

/// Shape of the background of one regime.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Background {
    /// What it is called.
    pub name: &'static str,
    /// Events per week and unit of exposure.
    pub mean: f64,
    /// Size of the negative binomial law of a week; infinite: Poisson.
    pub size: f64,
    /// Shape of the Gamma law of rates over cells; infinite: all cells have the same rate.
    pub cells: f64,
    /// Steps in a week: 1 or 7.
    pub per_week: usize,
    /// Amplitude of the year on the log scale.
    pub season: f64,
    /// Whether weekends are quieter (daily series only) and festivals busier.
    pub calendar: bool,
    /// Probability per week that the source fails for one to three weeks.
    pub outage: f64,
    /// Events of a rise over four weeks that is hard to see but not hopeless.
    pub events: u32,
}

/// Counts with their exposures, one pair per step.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Events.
    pub counts: Vec<u32>,
    /// Exposure relative to an ordinary step; 0: the source failed.
    pub exposures: Vec<f64>,
    /// Sums of the counts before each step.
    counted: Vec<f64>,
    exposed: Vec<f64>,
}

/// Days of the year (from 0) on which complaints peak, with the days they last and the factor: Spring Festival, 3·15
/// (consumer day), 618, 11.11.
pub(super) const FESTIVALS: [(usize, usize, f64); 4] = [(35, 14, 0.6), (73, 7, 1.8), (165, 14, 1.4), (313, 14, 1.7)];
/// Activity of Monday … Sunday.
pub(super) const WEEKDAYS: [f64; 7] = [1.2, 1.1, 1.1, 1.05, 1.05, 0.8, 0.7];
/// Standard deviation of ln(exposure told / true exposure): the volume of a category tells its own only roughly.
const TOLD_SD: f64 = 0.05;

impl Series {
    /// From counts and exposures of equal number.
    pub fn new(counts: Vec<u32>, exposures: Vec<f64>) -> Self {
        let sums = |values: &mut dyn Iterator<Item = f64>| {
            let mut sum = 0.0;
            let mut sums = vec![0.0];
            sums.extend(values.map(|value| {
                sum += value;
                sum
            }));
            sums
        };
        let counted = sums(&mut counts.iter().map(|count| f64::from(*count)));
        let exposed = sums(&mut exposures.iter().copied());
        Self { counts, exposures, counted, exposed }
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Events in the steps `from..to`.
    pub fn count(&self, from: usize, to: usize) -> f64 {
        self.counted[to] - self.counted[from]
    }

    /// Exposure in the steps `from..to`; 0 when all of it is rounding.
    pub fn exposure(&self, from: usize, to: usize) -> f64 {
        let exposure = self.exposed[to] - self.exposed[from];
        if exposure < 1e-9 { 0.0 } else { exposure }
    }

    /// Law of the rate per unit of exposure at step `at`, from the baseline before the guard gap.
    pub fn rate(&self, at: usize, per_week: usize, prior: Gamma) -> Gamma {
        let to = at.saturating_sub(GUARD_WEEKS * per_week);
        let from = to.saturating_sub(BASELINE_WEEKS * per_week);
        Gamma { shape: prior.shape + self.count(from, to), rate: prior.rate + self.exposure(from, to) }
    }
}

impl Background {
    /// A series of so many weeks; the draws hang on seed and position only.
    pub fn series(&self, seed: u64, position: u64, weeks: usize) -> Series {
        let mut draw = Draw::at(seed, position);
        let steps = weeks * self.per_week;
        let days_per_step = 7 / self.per_week;
        let cell = if self.cells.is_finite() { draw.gamma(self.cells) / self.cells } else { 1.0 };
        let mean = self.mean * cell / self.per_week as f64;
        let size = self.size / self.per_week as f64;
        let begin = draw.below(364);
        let mut out = 0;
        let (mut counts, mut exposures) = (Vec::with_capacity(steps), Vec::with_capacity(steps));
        for step in 0..steps {
            let day = begin + step * days_per_step;
            let mut factor = (self.season * (day as f64 / 364.0 * std::f64::consts::TAU).sin()).exp();
            if self.calendar {
                let of_year = day % 364;
                for (first, days, busy) in FESTIVALS {
                    if (first..first + days).contains(&of_year) {
                        factor *= busy;
                    }
                }
                if self.per_week == 7 {
                    factor *= WEEKDAYS[day % 7];
                }
            }
            if self.outage > 0.0 && step % self.per_week == 0 && out == 0 && draw.unit() < self.outage {
                out = (1 + draw.below(3)) * self.per_week;
            }
            let (count, told) = if out > 0 {
                out -= 1;
                (0, 0.0)
            } else {
                let moved = self.season > 0.0 || self.calendar;
                let told = if moved { factor * (TOLD_SD * draw.normal()).exp() } else { factor };
                (whole(draw.negative_binomial(mean * factor, size * factor)), told)
            };
            counts.push(count);
            exposures.push(told);
        }
        Series::new(counts, exposures)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number ≥ 0; saturates")]
fn whole(count: f64) -> u32 {
    count as u32
}

/// What the detectors with an expectation are told of a regime: the law of rates over its cells and the dispersion of a
/// step, by moments of series set apart for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegimeLaw {
    /// Law of the rate of a cell, per unit of exposure.
    pub prior: Gamma,
    /// Size of the negative binomial law of a step; `None`: Poisson (or a size above 50 per week).
    pub size: Option<f64>,
}

impl RegimeLaw {
    /// By moments; the shape of the prior between 0.3 and 200.
    pub fn fit(series: &[Series], per_week: usize) -> Self {
        let (mut events, mut exposed) = (0.0, 0.0);
        for one in series {
            events += one.count(0, one.len());
            exposed += one.exposure(0, one.len());
        }
        let mean = (events + 0.5) / exposed.max(1.0);
        // Within cells: Σ ((y − m)² − m) = Σ m²/s with each cell's own mean; n/(n − 1) for that mean.
        let (mut over, mut square) = (0.0, 0.0);
        let (mut between, mut cells) = (0.0, 0.0);
        for one in series {
            let e = one.exposure(0, one.len());
            if e <= 0.0 {
                continue;
            }
            let rate = one.count(0, one.len()) / e;
            let steps = one.exposures.iter().filter(|exposure| **exposure > 0.0).count() as f64;
            for (count, exposure) in one.counts.iter().zip(&one.exposures).filter(|(_, exposure)| **exposure > 0.0) {
                let expected = rate * exposure;
                let squared = (f64::from(*count) - expected).powi(2);
                over += squared * steps / (steps - 1.0).max(1.0) - expected;
                square += expected * expected;
            }
            between += (rate - mean).powi(2) - rate / e;
            cells += 1.0;
        }
        let inverse = if square > 0.0 { over / square } else { 0.0 };
        let size = Some(1.0 / inverse.max(1e-9)).filter(|size| *size * (per_week as f64) < 50.0);
        let within = series.first().map_or(0.0, |one| mean * mean * inverse.max(0.0) / one.len().max(1) as f64);
        let spread = if cells > 0.0 { between / cells - within } else { 0.0 };
        let shape = (mean * mean / spread.max(1e-12)).clamp(0.3, 200.0);
        Self { prior: Gamma { shape, rate: shape / mean }, size }
    }
}
