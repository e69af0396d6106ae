//! How often a cell in which nothing rises begins to look like a rise: onsets per cell and year at every value of the
//! evidence (scoring methods, section 7), simulated once and shipped.
//!
//! A cell is described by what the detector knows of it: expected events per week, the shape of the law of its rate
//! (how sure the expectation is) and the weekly size of its scatter. The tables are averages over cells whose true rate
//! is drawn from that very law, so that a cell with a short history is not taken for a quiet one. Between bins the log of
//! the rate is straight in ln mean, ln shape and 1/size; outside, the nearest bin holds. Not here: the simulation
//! (`bench::tables`), files.

use std::sync::OnceLock;

use thiserror::Error;
use vocabulary::Said;

/// An onset is a crossing after so many quiet days.
pub const QUIET_DAYS: u32 = 56;
/// Events that the longest window must hold before a cell may alarm: tables are kept for each of these.
pub const LEAST: [u64; 3] = [1, 2, 3];
/// Lowest ln evidence of the levels, and their distance.
const LEVEL_FIRST: f64 = -1.0;
const LEVEL_STEP: f64 = 0.5;
/// Beyond the last level that was ever reached the rate falls as the evidence rises (Ville: a likelihood ratio exceeds c
/// at most once in c).
const TAIL_SLOPE: f64 = -1.0;

/// The shipped table, as text.
const SHIPPED: &str = include_str!("../../rules/criteria/onsets.tsv");

/// Why a text is no table of onsets.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OnsetError {
    /// Something is wrong on a line.
    #[error("onset table, line {line}: {what}; build it anew with `wanglou eval detection --tables`")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The text was changed or cut.
    #[error(
        "onset table: checksum {found} where {expected} was expected; build it anew with `wanglou eval detection --tables`"
    )]
    Checksum {
        /// As written.
        found: String,
        /// As computed.
        expected: String,
    },
}

impl Said for OnsetError {
    fn zh(&self) -> String {
        match self {
            Self::Line { line, what } => {
                format!("突起率表第 {line} 行：“{what}”；请用 `wanglou eval detection --tables` 重建")
            }
            Self::Checksum { found, expected } => {
                format!("突起率表：校验和为 {found}，应为 {expected}；请用 `wanglou eval detection --tables` 重建")
            }
        }
    }
}

/// The law of a cell's counts as the detector assumes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesLaw {
    /// Expected events per week of average reading.
    pub mean: f64,
    /// Shape of the Gamma law of the rate.
    pub shape: f64,
    /// Weekly negative-binomial size; none = Poisson.
    pub size: Option<f64>,
    /// Events it must have before it may alarm; above three the table of three holds, on the safe side.
    pub least: u64,
}

/// Onset rates by kind of cell.
#[derive(Debug, Clone, PartialEq)]
pub struct OnsetTable {
    /// Seed it was simulated with.
    pub seed: u64,
    /// Windows of the evidence, in days.
    pub windows: Vec<u32>,
    /// Expected events per week, rising.
    pub means: Vec<f64>,
    /// Shapes, rising.
    pub shapes: Vec<f64>,
    /// Weekly sizes, falling; the first infinite.
    pub sizes: Vec<f64>,
    /// By mean, then shape, then size, then least events: ln onsets per cell and year at each level, falling.
    bins: Vec<Vec<f64>>,
    /// Where the knots of the axes lie: ln of means and shapes, inverse sizes.
    places: [Vec<f64>; 3],
}

/// Knots of means, shapes and sizes as places between which weights are straight.
fn places(means: &[f64], shapes: &[f64], sizes: &[f64]) -> [Vec<f64>; 3] {
    let ln = |axis: &[f64]| axis.iter().map(|knot| knot.ln()).collect();
    [ln(means), ln(shapes), sizes.iter().map(|size| 1.0 / size).collect()]
}

/// The value of a level.
pub fn level(at: usize) -> f64 {
    LEVEL_FIRST + LEVEL_STEP * at as f64
}

/// The levels that a value reaches.
pub fn levels_reached(value: f64) -> usize {
    let reached = ((value - LEVEL_FIRST) / LEVEL_STEP).floor() + 1.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a small whole number")]
    let reached = reached.clamp(0.0, 400.0) as usize;
    reached
}

/// The neighbours of a place on a rising axis, with the weight of the second.
fn between(axis: &[f64], place: f64) -> (usize, usize, f64) {
    let right = axis.partition_point(|knot| *knot <= place);
    match (right.checked_sub(1), axis.get(right)) {
        (None, _) => (0, 0, 0.0),
        (Some(left), None) => (left, left, 0.0),
        (Some(left), Some(next)) => (left, right, (place - axis[left]) / (next - axis[left])),
    }
}

impl OnsetTable {
    /// The table that this program ships.
    ///
    /// # Panics
    /// When the shipped file was changed by hand: a test reads it.
    pub fn shipped() -> &'static Self {
        static TABLE: OnceLock<OnsetTable> = OnceLock::new();
        TABLE.get_or_init(|| Self::parse(SHIPPED).unwrap_or_else(|error| panic!("rules/criteria/onsets.tsv: {error}")))
    }

    /// From onsets counted at every level: `bins` by mean, shape, size, each for every least number of events and with the
    /// years simulated.
    pub fn of(
        seed: u64,
        windows: Vec<u32>,
        [means, shapes, sizes]: [Vec<f64>; 3],
        bins: impl Iterator<Item = ([Vec<u64>; LEAST.len()], f64)>,
    ) -> Self {
        let rates = |onsets: &Vec<u64>, years: f64| {
            // Far below what is usual nothing is ever quiet, and onsets become rare again: from above, the most so far.
            let mut most = 0;
            let mut rates: Vec<f64> = onsets
                .iter()
                .rev()
                .map(|count| {
                    most = most.max(*count);
                    if most > 0 { (most as f64 / years).ln() } else { f64::NEG_INFINITY }
                })
                .collect();
            rates.reverse();
            rates.retain(|rate| rate.is_finite());
            for rate in &mut rates {
                *rate = (*rate * 100.0).round() / 100.0;
            }
            if rates.is_empty() { vec![(0.5 / years).ln().round()] } else { rates }
        };
        let bins = bins.flat_map(|(onsets, years)| onsets.map(|onsets| rates(&onsets, years))).collect();
        let places = places(&means, &shapes, &sizes);
        Self { seed, windows, means, shapes, sizes, bins, places }
    }

    /// The bins around a kind of cell, with their weights.
    fn around(&self, known: SeriesLaw) -> impl Iterator<Item = (usize, f64)> {
        let [means, shapes, sizes] = &self.places;
        let ln = |place: f64| place.max(f64::MIN_POSITIVE).ln();
        let mean = between(means, ln(known.mean));
        let shape = between(shapes, ln(known.shape));
        let size = between(sizes, known.size.map_or(0.0, |size| 1.0 / size));
        let sides = |(left, right, share): (usize, usize, f64)| [(left, 1.0 - share), (right, share)];
        let (shapes, sizes) = (self.shapes.len(), self.sizes.len());
        let least = LEAST.iter().rposition(|least| *least <= known.least).unwrap_or(0);
        sides(mean)
            .into_iter()
            .flat_map(move |(m, of_mean)| {
                sides(shape).into_iter().flat_map(move |(a, of_shape)| {
                    sides(size).into_iter().map(move |(s, of_size)| {
                        (((m * shapes + a) * sizes + s) * LEAST.len() + least, of_mean * of_shape * of_size)
                    })
                })
            })
            .filter(|(_, weight)| *weight > 0.0)
    }

    /// ln of the onsets per cell and year at which the evidence reaches a value in cells of this kind.
    pub fn ln_rate(&self, known: SeriesLaw, ln_evidence: f64) -> f64 {
        self.around(known).map(|(bin, weight)| weight * self.ln_rate_in(bin, ln_evidence)).sum()
    }

    fn ln_rate_in(&self, bin: usize, ln_evidence: f64) -> f64 {
        let rates = &self.bins[bin];
        let place = ((ln_evidence - LEVEL_FIRST) / LEVEL_STEP).max(0.0);
        let last = rates.len() - 1;
        if place >= last as f64 {
            return rates[last] + TAIL_SLOPE * LEVEL_STEP * (place - last as f64);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the number of levels")]
        let left = place as usize;
        rates[left] + (rates[left + 1] - rates[left]) * (place - left as f64)
    }

    /// Of the onset rates that a bin's evidence can have, the largest of at most `ln_rate`: a step below in sparse cells,
    /// where only few values occur.
    fn attained(&self, bin: usize, ln_rate: f64) -> f64 {
        let rates = &self.bins[bin];
        match rates.iter().find(|rate| **rate <= ln_rate) {
            Some(rate) => rate.exp(),
            // Beyond what was simulated: steps of no known height.
            None => ln_rate.exp(),
        }
    }

    /// Number of bins.
    pub fn len(&self) -> usize {
        self.bins.len()
    }

    /// Whether there is no bin.
    pub fn is_empty(&self) -> bool {
        self.bins.is_empty()
    }

    /// As text: axes, one line a bin, and a checksum.
    pub fn to_tsv(&self) -> String {
        use std::fmt::Write as _;
        let row = |name: &str, values: &[f64]| {
            values.iter().fold(name.to_owned(), |mut row, value| {
                let _ = write!(row, "\t{value}");
                row
            }) + "\n"
        };
        let windows: Vec<f64> = self.windows.iter().map(|days| f64::from(*days)).collect();
        let mut out = format!("seed\t{}\n", self.seed);
        out += &row("windows_days", &windows);
        out += &row("means_per_week", &self.means);
        out += &row("shapes", &self.shapes);
        out += &row("sizes_per_week", &self.sizes);
        for rates in &self.bins {
            out += &row("bin", rates);
        }
        let sum = checksum(&out);
        let _ = writeln!(out, "checksum\t{sum}");
        out
    }

    /// From text.
    ///
    /// # Errors
    /// [`OnsetError`] with the line, or when the text is not what was written.
    pub fn parse(text: &str) -> Result<Self, OnsetError> {
        let wrong = |line: usize, what: &str| OnsetError::Line { line: line + 1, what: what.to_owned() };
        let body_to = text.trim_end_matches('\n').rfind('\n').ok_or(wrong(0, "empty"))? + 1;
        let (body, last) = text.split_at(body_to);
        let found = last.trim_end().strip_prefix("checksum\t").ok_or(wrong(body.lines().count(), "no checksum"))?;
        let expected = checksum(body);
        if found != expected {
            return Err(OnsetError::Checksum { found: found.into(), expected });
        }
        let mut lines = body.lines().enumerate();
        let mut row = |name: &str| -> Result<Vec<f64>, OnsetError> {
            let (at, line) = lines.next().ok_or(wrong(0, &format!("`{name}` is missing")))?;
            let mut cells = line.split('\t');
            if cells.next() != Some(name) {
                return Err(wrong(at, &format!("expected `{name}`")));
            }
            cells.map(|cell| cell.parse().map_err(|_| wrong(at, &format!("`{cell}` is no number")))).collect()
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "written from whole numbers")]
        let seed = row("seed")?.first().map_or(0, |seed| *seed as u64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "written from whole numbers")]
        let windows = row("windows_days")?.iter().map(|days| *days as u32).collect();
        let [means, shapes, sizes] = [row("means_per_week")?, row("shapes")?, row("sizes_per_week")?];
        let count = means.len() * shapes.len() * sizes.len() * LEAST.len();
        if count == 0 || [&means, &shapes, &sizes].iter().any(|axis| axis.len() > 32) {
            return Err(wrong(2, "an axis is empty or has over 32 knots"));
        }
        let bins: Vec<Vec<f64>> = (0..count).map(|_| row("bin")).collect::<Result<_, _>>()?;
        if let Some(empty) = bins.iter().position(Vec::is_empty) {
            return Err(wrong(5 + empty, "a bin without levels"));
        }
        let places = places(&means, &shapes, &sizes);
        Ok(Self { seed, windows, means, shapes, sizes, bins, places })
    }
}

/// How many cells there are of each kind, spread over the bins around them.
#[derive(Debug, Clone, PartialEq)]
pub struct Census {
    weights: Vec<f64>,
}

impl Census {
    /// No cells yet, for a table.
    pub fn new(table: &OnsetTable) -> Self {
        Self { weights: vec![0.0; table.len()] }
    }

    /// Adds `cells` of one kind.
    pub fn add(&mut self, table: &OnsetTable, known: SeriesLaw, cells: f64) {
        for (bin, weight) in table.around(known) {
            self.weights[bin] += weight * cells;
        }
    }

    /// Onsets a year over all cells when each is alarmed at the rate `ln_rate` or the step below it.
    pub fn onsets(&self, table: &OnsetTable, ln_rate: f64) -> f64 {
        let weighted = self.weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
        weighted.map(|(bin, weight)| weight * table.attained(bin, ln_rate)).sum()
    }

    /// ln of the largest onset rate per cell and year, at most `most`, at which all cells together stay within
    /// `onsets_a_year`; by bisection.
    pub fn ln_rate_for(&self, table: &OnsetTable, onsets_a_year: f64, most: f64) -> f64 {
        let (mut low, mut high) = (-25.0, most.ln());
        if self.onsets(table, high) <= onsets_a_year {
            return high;
        }
        for _ in 0..30 {
            let middle = f64::midpoint(low, high);
            if self.onsets(table, middle) <= onsets_a_year {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// FNV-1a, 64 bits.
fn checksum(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(mean: f64, shape: f64) -> SeriesLaw {
        SeriesLaw { mean, shape, size: None, least: 2 }
    }

    #[test]
    fn the_shipped_table_is_whole_and_survives_its_own_text() {
        let table = OnsetTable::shipped();
        assert_eq!(table.len(), table.means.len() * table.shapes.len() * table.sizes.len() * LEAST.len());
        assert_eq!(OnsetTable::parse(&table.to_tsv()).as_ref(), Ok(table));
    }

    #[test]
    fn a_table_that_was_changed_or_cut_is_refused_with_the_way_out() {
        let text = OnsetTable::shipped().to_tsv();
        let changed = text.replacen("0.0005", "0.0006", 1);
        let error = OnsetTable::parse(&changed).expect_err("changed").to_string();
        assert!(error.contains("checksum") && error.contains("--tables"), "{error}");
        assert!(OnsetTable::parse(&text[..text.len() / 2]).is_err());
        assert!(OnsetTable::parse("").is_err());
    }

    #[test]
    fn more_evidence_is_rarer_in_every_kind_of_cell() {
        let table = OnsetTable::shipped();
        for mean in [1e-6, 0.0005, 0.03, 0.7, 9.0, 400.0] {
            for shape in [1e-4, 0.02, 1.0, 30.0, 1e5] {
                for size in [None, Some(30.0), Some(1.3), Some(0.1)] {
                    for least in [0, 1, 2, 3, 9] {
                        let known = SeriesLaw { mean, shape, size, least };
                        let rates: Vec<f64> =
                            (0..80).map(|at| table.ln_rate(known, f64::from(at) / 2.0 - 3.0)).collect();
                        assert!(rates.iter().all(|rate| rate.is_finite()), "{known:?}");
                        assert!(rates.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9), "{known:?} {rates:?}");
                        assert!(rates[79] < -10.0, "{known:?} {}", rates[79]);
                    }
                }
            }
        }
    }

    #[test]
    fn the_rate_for_a_budget_spends_it_and_no_more() {
        let table = OnsetTable::shipped();
        let mut census = Census::new(table);
        census.add(table, known(0.01, 0.3), 900.0);
        census.add(table, known(0.4, 20.0), 300.0);
        for budget in [1.0, 12.0, 60.0] {
            let ln_rate = census.ln_rate_for(table, budget, 10.0);
            let spent = census.onsets(table, ln_rate);
            assert!(spent <= budget && spent > 0.6 * budget, "{spent} of {budget}");
        }
        assert!((census.ln_rate_for(table, 1e9, 0.5) - 0.5_f64.ln()).abs() < 1e-12, "never above the cap");
    }
}
