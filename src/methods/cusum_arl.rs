//! Exact average run length of Poisson CUSUM charts (Page 1954; Brook & Evans 1972; Lucas 1985, Technometrics 27:129),
//! and the decision limit for a wanted one: how often does a chart alarm when nothing is wrong, how late when something
//! is.
//!
//! The chart walks on a lattice, so it is a finite Markov chain; nothing is simulated. The chain is solved by state
//! reduction (Grassmann, Taksar & Heyman 1985), which only adds, multiplies and divides positive numbers: run lengths
//! of 10¹² are as exact as short ones. On a very fine lattice the chain is followed step by step instead, until its
//! rate of exits has settled. Not here: the chart on data (`glr_cusum`).

use serde::{Deserialize, Deserializer};

use super::settings::{Number, configs};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};
use numeric::{Discrete as _, Poisson};

/// As it is listed.
pub(super) const METHOD: Method = Method {
    name: "cusum_arl",
    zh: "泊松累积和控制图的平均运行长度与控制限（误报标定）",
    en: "average run length of Poisson CUSUM charts, and the limit for a wanted one",
    source: "Brook & Evans 1972, Biometrika 59:539; Lucas 1985, Technometrics 27:129",
    tables: &[],
    run,
};

/// Most lattice points between 0 and the limit.
pub const MAX_STATES: usize = 100_000;
/// Most lattice points up to a limit that is searched for.
pub const MAX_SEARCHED: usize = 5_000;
/// Most lattice points that are solved by state reduction; the matrix takes the square of it.
const MAX_REDUCED: usize = 1_500;
/// Most moves that a longer chain is followed for.
const MAX_MOVES: u64 = 1_000_000_000;
/// Finest lattice that a reference value may need: steps of 1/`MAX_DENOMINATOR`.
pub const MAX_DENOMINATOR: u32 = 10_000;

/// Which way a chart looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// S = max(0, S + y − k): rises.
    Upper,
    /// S = max(0, S + k − y): falls.
    Lower,
}

/// A one-sided CUSUM chart of counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chart {
    /// Which way it looks.
    pub side: Side,
    /// Reference value, at least 0, a multiple of some 1/q with q ≤ [`MAX_DENOMINATOR`].
    pub k: f64,
    /// Limit, at least 0.
    pub h: f64,
    /// Whether reaching the limit is an alarm (S ≥ h) or only passing it (S > h).
    pub alarm_at_limit: bool,
    /// S before the first count (head start), at least 0, on the same lattice as `k`.
    pub start: f64,
}

/// Why a chart has no run length.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ChartError {
    /// A number below 0 or not finite.
    #[error("mean, reference value, limit and start must be finite and at least 0, not {0}")]
    Range(f64),
    /// No common lattice.
    #[error("reference value {k} and start {start} are on no lattice with steps of 1/{MAX_DENOMINATOR} or coarser")]
    Lattice {
        /// Reference value.
        k: f64,
        /// Start.
        start: f64,
    },
    /// The lattice is too fine for the limit.
    #[error(
        "{states} lattice points up to the limit; at most {MAX_STATES} (use a coarser reference value or a lower limit)"
    )]
    States {
        /// How many.
        states: f64,
    },
    /// The step-by-step way has no end within reach.
    #[error("the run length on so fine a lattice takes too long to compute (use a coarser reference value)")]
    Long,
    /// A target that no limit within reach meets, or no target.
    #[error("no limit of up to {MAX_SEARCHED} lattice points gives a run length of {0}")]
    Target(f64),
    /// Rate ratio out of range.
    #[error("the rate ratio must be finite and above 0, not {0}")]
    Ratio(f64),
}

/// The reference value of the likelihood-ratio CUSUM between means `mu0` and `ratio·mu0`: mu0·(ratio − 1)/ln ratio
/// (Lucas 1985).
///
/// # Errors
/// [`ChartError::Range`], [`ChartError::Ratio`].
pub fn optimal_reference(mu0: f64, ratio: f64) -> Result<f64, ChartError> {
    if !(mu0 >= 0.0 && mu0.is_finite()) {
        return Err(ChartError::Range(mu0));
    }
    if !(ratio > 0.0 && ratio.is_finite()) {
        return Err(ChartError::Ratio(ratio));
    }
    let excess = ratio - 1.0;
    Ok(if excess == 0.0 { mu0 } else { mu0 * excess / excess.ln_1p() })
}

impl Chart {
    /// Average number of counts until the alarm (this one included), for Poisson counts of mean `mu`, from the start
    /// value. Infinite when no alarm is possible.
    ///
    /// # Errors
    /// [`ChartError`]: numbers out of range, or no lattice that is coarse enough.
    pub fn average_run_length(&self, mu: f64) -> Result<f64, ChartError> {
        if let Some(wrong) =
            [mu, self.k, self.h, self.start].into_iter().find(|number| !(*number >= 0.0 && number.is_finite()))
        {
            return Err(ChartError::Range(wrong));
        }
        let (q, k, start) = self.lattice()?;
        let limit = self.h * f64::from(q);
        let top = if self.alarm_at_limit { (limit - 1e-7).ceil() - 1.0 } else { (limit + 1e-7).floor() };
        if top + 1.0 > MAX_STATES as f64 {
            return Err(ChartError::States { states: top + 1.0 });
        }
        if top < 0.0 {
            return Ok(1.0);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: 0 ≤ top < MAX_STATES")]
        let states = top as usize + 1;
        if start >= states {
            return Err(ChartError::Range(self.start));
        }
        // Probabilities below 1e-40 matter for no run that can be followed; below 1e-300 for none.
        let ln_least = if states > MAX_REDUCED { -92.0 } else { -690.0 };
        let walk = Walk::new(self.side, states, usize::try_from(q).unwrap_or(1), k, poisson(mu, ln_least));
        if states > MAX_REDUCED {
            return walk.follow(start).ok_or(ChartError::Long);
        }
        Ok(Chain::new(&walk).time_to_exit(start))
    }

    /// The coarsest lattice 1/q that holds reference value and start, and both in its steps.
    fn lattice(&self) -> Result<(u32, usize, usize), ChartError> {
        let on = |value: f64, q: u32| {
            let steps = value * f64::from(q);
            (steps - steps.round()).abs() <= 1e-7 && steps < 1e15
        };
        let q = (1..=MAX_DENOMINATOR).find(|&q| on(self.k, q) && on(self.start, q));
        let q = q.ok_or(ChartError::Lattice { k: self.k, start: self.start })?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: at least 0, below 1e15")]
        let steps = |value: f64| (value * f64::from(q)).round() as usize;
        Ok((q, steps(self.k), steps(self.start)))
    }

    /// The smallest multiple of `step` as limit with which the run length at mean `mu` is at least `target`. `h` of the
    /// chart is not read.
    ///
    /// # Errors
    /// [`ChartError`]: as for the run length; [`ChartError::Target`] when no limit is high enough.
    pub fn critical_limit(&self, mu: f64, target: f64, step: f64) -> Result<f64, ChartError> {
        if target.is_nan() {
            return Err(ChartError::Target(target));
        }
        if !(step > 0.0 && step.is_finite()) {
            return Err(ChartError::Range(step));
        }
        // From the start on, not below it.
        let first = (self.start / step - 1e-9).ceil().max(0.0);
        let (q, ..) = self.lattice()?;
        let reaches = |multiple: f64| {
            let h = multiple * step;
            let states = h * f64::from(q);
            if states > MAX_SEARCHED as f64 {
                return Err(ChartError::States { states });
            }
            Chart { h, ..*self }.average_run_length(mu).map(|length| length >= target)
        };
        let too_far = |error: ChartError| match error {
            ChartError::States { .. } | ChartError::Long => ChartError::Target(target),
            other => other,
        };
        if reaches(first)? {
            return Ok(first * step);
        }
        // Doubling until it reaches; the last doubling may pass the largest lattice, then the range is halved towards
        // it.
        let (mut low, mut width) = (first, 1.0);
        let mut high = loop {
            match reaches(low + width) {
                Ok(true) => break low + width,
                Ok(false) => {
                    low += width;
                    width *= 2.0;
                }
                Err(ChartError::States { .. } | ChartError::Long) if width > 1.0 => {
                    width = (width / 4.0).floor().max(1.0);
                }
                Err(error) => return Err(too_far(error)),
            }
        };
        while high - low > 1.0 {
            let middle = f64::midpoint(low, high).floor();
            if reaches(middle).map_err(too_far)? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(high * step)
    }
}

/// The chart as a walk on lattice points 0..states.
struct Walk {
    side: Side,
    states: usize,
    /// Lattice steps that a count of 1 is worth, and that the reference value is.
    unit: usize,
    k: usize,
    pmf: Vec<f64>,
    /// P(Y ≥ y) and P(Y < y): sums of small numbers first.
    above: Vec<f64>,
    below: Vec<f64>,
}

impl Walk {
    fn new(side: Side, states: usize, unit: usize, k: usize, pmf: Vec<f64>) -> Self {
        let mut above = vec![0.0; pmf.len() + 1];
        for y in (0..pmf.len()).rev() {
            above[y] = above[y + 1] + pmf[y];
        }
        let mut below = vec![0.0; pmf.len() + 1];
        for y in 0..pmf.len() {
            below[y + 1] = below[y] + pmf[y];
        }
        Self { side, states, unit, k, pmf, above, below }
    }

    /// Probability of the exit from a state; `to` is told every state that it moves to otherwise, with the probability.
    fn moves(&self, from: usize, mut to: impl FnMut(usize, f64)) -> f64 {
        let (last, unit, k) = (self.pmf.len(), self.unit, self.k);
        match self.side {
            Side::Upper => {
                // from + unit·y − k: 0 up to y = to_zero, past the limit from y = out on.
                let to_zero = k.checked_sub(from).map(|room| room / unit);
                let out = (self.states + k - from).div_ceil(unit).min(last);
                to(0, to_zero.map_or(0.0, |y| self.below[(y + 1).min(out)]));
                for y in to_zero.map_or(0, |y| y + 1)..out {
                    to(from + unit * y - k, self.pmf[y]);
                }
                self.above[out]
            }
            Side::Lower => {
                // from + k − unit·y: 0 from y = to_zero on, past the limit below y = inside.
                let to_zero = (from + k).div_ceil(unit).min(last);
                let inside = (from + k + 1).saturating_sub(self.states).div_ceil(unit).min(to_zero);
                to(0, self.above[to_zero]);
                for y in inside..to_zero {
                    to(from + k - unit * y, self.pmf[y]);
                }
                self.below[inside]
            }
        }
    }

    /// Expected number of moves until the exit, move by move: Σ P(still inside). Once the states inside have settled to
    /// their limit law, the rest is a geometric sum. `None` when that takes too long.
    fn follow(&self, start: usize) -> Option<f64> {
        let mut inside = vec![0.0; self.states];
        inside[start] = 1.0;
        let (mut mass, mut length, mut rate_before) = (1.0, 0.0, f64::NAN);
        let (mut cost, mut calm, mut closed) = (0_u64, 0, 0);
        while cost < MAX_MOVES {
            length += mass;
            let (mut next, mut out) = (vec![0.0; self.states], 0.0);
            let least = mass * 1e-40;
            for (from, weight) in inside.iter().enumerate().filter(|(_, weight)| **weight > least) {
                out += weight
                    * self.moves(from, |to, probability| {
                        next[to] += weight * probability;
                        cost += 1;
                    });
            }
            let rate = out / mass;
            // An exit that is not reached in as many moves as there are states is out of reach.
            closed = if rate > 0.0 { 0 } else { closed + 1 };
            if closed > self.states {
                return Some(f64::INFINITY);
            }
            // A rate of exits that has stood still for long against its own past.
            calm = if rate > 0.0 && (rate - rate_before).abs() <= 1e-11 * rate { calm + 1 } else { 0 };
            rate_before = rate;
            // Summed anew: a difference from 1 would end in nothing but rounding.
            mass = next.iter().sum();
            inside = next;
            if calm >= 100 || mass < 1e-14 {
                return Some(if mass > 0.0 { length + mass / rate } else { length });
            }
        }
        None
    }
}

/// The chart as an absorbing Markov chain on lattice points 0..states.
struct Chain {
    states: usize,
    /// Moves between states, row by row.
    moves: Vec<f64>,
    /// Moves past the limit.
    exit: Vec<f64>,
}

impl Chain {
    fn new(walk: &Walk) -> Self {
        let states = walk.states;
        let (mut moves, mut exit) = (vec![0.0; states * states], vec![0.0; states]);
        for from in 0..states {
            let row = &mut moves[from * states..(from + 1) * states];
            exit[from] = walk.moves(from, |to, probability| row[to] += probability);
        }
        Self { states, moves, exit }
    }

    /// Expected number of moves until the exit, from a state. States are taken out from the top; the time spent there
    /// goes to the moves that led there.
    fn time_to_exit(mut self, start: usize) -> f64 {
        let states = self.states;
        let mut time = vec![1.0; states];
        for out in (1..states).rev() {
            let (head, tail) = self.moves.split_at_mut(out * states);
            let row = &mut tail[..out];
            let leave = row.iter().sum::<f64>() + self.exit[out];
            // A state that is never left: whoever gets there stays for ever.
            for weight in row.iter_mut() {
                *weight /= leave;
            }
            self.exit[out] /= leave;
            time[out] /= leave;
            let used: Vec<usize> = (0..out).filter(|&to| row[to] > 0.0).collect();
            for from in 0..out {
                let into = head[from * states + out];
                if into > 0.0 {
                    time[from] += into * time[out];
                    if leave > 0.0 {
                        self.exit[from] += into * self.exit[out];
                        for &to in &used {
                            head[from * states + to] += into * row[to];
                        }
                    }
                }
            }
        }
        let mut length = vec![0.0; start + 1];
        length[0] = time[0] / self.exit[0];
        for state in 1..=start {
            let row = &self.moves[state * states..state * states + state];
            let on: f64 = row
                .iter()
                .zip(&length)
                .filter(|(weight, _)| **weight > 0.0)
                .map(|(weight, length)| weight * length)
                .sum();
            length[state] = time[state] + on;
        }
        length[start]
    }
}

/// Poisson probabilities from 0 to where their logarithm falls below `ln_least`.
fn poisson(mu: f64, ln_least: f64) -> Vec<f64> {
    if mu == 0.0 {
        return vec![1.0];
    }
    let law = Poisson { mean: mu };
    let mut pmf = Vec::new();
    let mut y = 0;
    loop {
        let ln = law.ln_pmf(y);
        if y as f64 > mu && ln < ln_least {
            return pmf;
        }
        pmf.push(ln.exp());
        y += 1;
    }
}

/// What is computed for each row of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Task {
    /// Run lengths of given charts.
    Arl,
    /// The limit that reaches a given run length.
    CriticalH,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    task: Task,
    sided: Option<Side>,
    #[serde(rename = "alarm", default, deserialize_with = "alarm_at_limit")]
    alarm_at_limit: bool,
    start: Option<Number>,
    lattice: Option<Number>,
}

/// `alarm`: `S > h` or `S >= h`, with or without blanks.
fn alarm_at_limit<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let rule = String::deserialize(from)?;
    match rule.split_whitespace().collect::<String>().as_str() {
        "S>h" => Ok(false),
        "S>=h" | "S≥h" => Ok(true),
        _ => Err(serde::de::Error::invalid_value(serde::de::Unexpected::Str(&rule), &"`S > h` or `S >= h`")),
    }
}

impl Settings {
    fn chart(&self) -> Chart {
        let side = self.sided.unwrap_or(Side::Upper);
        let start = self.start.map_or(0.0, |start| start.0);
        Chart { side, k: 0.0, h: 0.0, alarm_at_limit: self.alarm_at_limit, start }
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let input = Columns::read("input", &call.input)?;
    let all = configs::<Settings>(&call.config)?;
    let task = all.first().map_or(Task::Arl, |config| config.settings.task);
    if let Some(other) = all.iter().find(|config| config.settings.task != task) {
        return Err(other.error("`task` must be the same in all configs: one table is printed"));
    }
    let wrong = |row: usize, error: ChartError| input.error(Some(row), error.to_string());
    let mu0 = input.numbers("mu0")?;
    if task == Task::CriticalH {
        let (ks, targets) = (input.numbers("k")?, input.numbers("ARL0_target")?);
        let mut table = Table::new(&["mu0", "k", "ARL0_target", "h", "gamma_randomisation"]);
        for config in &all {
            let (chart, step) = (config.settings.chart(), config.settings.lattice.map_or(0.1, |step| step.0));
            for row in 0..input.len() {
                let (mu, k, target) = (mu0[row], ks[row], targets[row]);
                let h = Chart { k, ..chart }.critical_limit(mu, target, step).map_err(|error| wrong(row, error))?;
                // No randomisation between two limits.
                table.push(vec![Cell::from(mu), k.into(), target.into(), h.into(), 0_u64.into()]);
            }
        }
        return Ok(Answer::Table(table));
    }
    let (ratios, ks, hs) = (input.numbers("rr")?, input.numbers("k_used")?, input.numbers("h")?);
    let mut table = Table::new(&["mu0", "rr", "k_opt", "k_used", "h", "ARL0", "ARL1"]);
    for config in &all {
        let chart = config.settings.chart();
        for row in 0..input.len() {
            let (mu, ratio, chart) = (mu0[row], ratios[row], Chart { k: ks[row], h: hs[row], ..chart });
            let best = optimal_reference(mu, ratio).map_err(|error| wrong(row, error))?;
            let length = |mu: f64| chart.average_run_length(mu).map_err(|error| wrong(row, error));
            table.push(vec![
                Cell::from(mu),
                ratio.into(),
                best.into(),
                chart.k.into(),
                chart.h.into(),
                length(mu)?.into(),
                length(ratio * mu)?.into(),
            ]);
        }
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_pcg::Pcg64;

    use super::*;

    fn chart(k: f64, h: f64) -> Chart {
        Chart { side: Side::Upper, k, h, alarm_at_limit: false, start: 0.0 }
    }

    #[test]
    fn a_chart_without_memory_has_a_geometric_run_length() {
        // k = 3, h = 0: alarm when y ≥ 4, else S = 0 again.
        let tail = 1.0 - (-2.0_f64).exp() * (1.0 + 2.0 + 2.0 + 4.0 / 3.0);
        let length = chart(3.0, 0.0).average_run_length(2.0).unwrap();
        assert!((length * tail - 1.0).abs() < 1e-12);
    }

    #[test]
    fn two_states_agree_with_the_solution_by_hand() {
        // k = 1, h = 1, mean 1: from 0: y ≤ 1 → 0, 2 → 1; from 1: 0 → 0, 1 → 1. L0 = 1 + 2p L0 + p/2 L1, L1 = 1 + p L0
        // + p L1.
        let p = (-1.0_f64).exp();
        let rows = [[1.0 - 2.0 * p, -p / 2.0], [-p, 1.0 - p]];
        let det = rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0];
        let expected = [(rows[1][1] - rows[0][1]) / det, (rows[0][0] - rows[1][0]) / det];
        for (start, expected) in [0.0, 1.0].into_iter().zip(expected) {
            let length = Chart { start, ..chart(1.0, 1.0) }.average_run_length(1.0).unwrap();
            assert!((length / expected - 1.0).abs() < 1e-12, "{length} {expected}");
        }
    }

    #[test]
    fn following_the_chain_agrees_with_reducing_it() {
        for (side, mu, k, states) in [
            (Side::Upper, 0.5, 37, 300),
            (Side::Upper, 1.0, 37, 300),
            (Side::Lower, 1.0, 40, 120),
            (Side::Upper, 0.01, 9, 120),
        ] {
            let walk = Walk::new(side, states, 50, k, poisson(mu, -690.0));
            for start in [0, 60] {
                let (followed, reduced) = (walk.follow(start).unwrap(), Chain::new(&walk).time_to_exit(start));
                assert!((followed / reduced - 1.0).abs() < 1e-6, "{side:?} {mu} {k}: {followed} {reduced}");
            }
        }
    }

    #[test]
    fn a_fine_lattice_lies_between_its_coarse_neighbours() {
        let length = |k: f64| chart(k, 4.0).average_run_length(0.5).unwrap();
        assert!(length(0.72) < length(0.7213) && length(0.7213) < length(0.73));
    }

    #[test]
    fn alarm_at_the_limit_is_a_limit_one_lattice_step_lower() {
        let strict = chart(0.7, 2.9).average_run_length(0.5).unwrap();
        let reached = Chart { alarm_at_limit: true, ..chart(0.7, 3.0) }.average_run_length(0.5).unwrap();
        assert!((strict / reached - 1.0).abs() < 1e-14);
        assert_eq!(Chart { alarm_at_limit: true, ..chart(0.7, 0.0) }.average_run_length(0.5), Ok(1.0));
    }

    #[test]
    fn run_lengths_agree_with_simulation_on_both_sides() {
        let mut random = Pcg64::seed_from_u64(11);
        for (side, mu, k, h) in
            [(Side::Upper, 1.3, 1.75, 2.5), (Side::Lower, 4.0, 3.25, 4.0), (Side::Lower, 0.5, 0.25, 1.0)]
        {
            let chart = Chart { side, ..chart(k, h) };
            let exact = chart.average_run_length(mu).unwrap();
            let runs = 4_000;
            let mut sum = 0.0;
            for _ in 0..runs {
                let mut s: f64 = 0.0;
                loop {
                    let (mut y, mut product) = (0.0, random.random::<f64>());
                    while product > (-mu).exp() {
                        product *= random.random::<f64>();
                        y += 1.0;
                    }
                    s = (s + if side == Side::Upper { y - k } else { k - y }).max(0.0);
                    sum += 1.0;
                    if s > h {
                        break;
                    }
                }
            }
            let simulated = sum / f64::from(runs);
            assert!((simulated / exact - 1.0).abs() < 0.08, "{side:?} {simulated} {exact}");
        }
    }

    #[test]
    fn very_long_runs_are_finite_and_impossible_alarms_infinite() {
        let long = chart(3.0, 12.0).average_run_length(0.5).unwrap();
        assert!(long > 1e14 && long.is_finite(), "{long}");
        assert_eq!(chart(1.0, 1.0).average_run_length(0.0), Ok(f64::INFINITY));
        assert_eq!(chart(0.7213, 2.0).average_run_length(0.0), Ok(f64::INFINITY));
        assert_eq!(chart(0.0, 3.0).average_run_length(0.0), Ok(f64::INFINITY));
        assert_eq!(Chart { side: Side::Lower, ..chart(1.0, 2.0) }.average_run_length(0.0), Ok(3.0));
        assert_eq!(Chart { side: Side::Lower, ..chart(0.0, 2.0) }.average_run_length(5.0), Ok(f64::INFINITY));
        let huge = chart(1e6, 100.0).average_run_length(1e6).unwrap();
        assert!(huge > 1.0 && huge < 3.0, "{huge}");
        assert!((chart(1e6, 10.0).average_run_length(2e6).unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_critical_limit_is_the_first_that_reaches_the_target() {
        for (mu, k, target) in [(0.5, 0.7, 200.0), (2.0, 2.9, 1000.0), (0.1, 0.14, 5000.0), (1.0, 1.0, 150.0)] {
            let h = chart(k, 0.0).critical_limit(mu, target, 0.1).unwrap();
            assert!(chart(k, h).average_run_length(mu).unwrap() >= target);
            assert!(chart(k, h - 0.1).average_run_length(mu).unwrap() < target);
        }
        assert_eq!(chart(1.0, 0.0).critical_limit(1.0, 0.5, 0.1), Ok(0.0));
        assert!(matches!(chart(0.3, 0.0).critical_limit(2.0, 1e9, 0.1), Err(ChartError::Target(_))));
    }

    #[test]
    fn numbers_out_of_range_are_errors() {
        assert!(chart(-1.0, 1.0).average_run_length(1.0).is_err());
        assert!(chart(1.0, f64::NAN).average_run_length(1.0).is_err());
        assert!(matches!(chart(std::f64::consts::PI, 1.0).average_run_length(1.0), Err(ChartError::Lattice { .. })));
        assert!(matches!(chart(0.0003, 19.0).average_run_length(1.0), Err(ChartError::States { .. })));
        assert!(Chart { start: 2.0, ..chart(1.0, 1.0) }.average_run_length(1.0).is_err());
        assert!(chart(1.0, 1.0).critical_limit(1.0, 10.0, 0.0).is_err());
    }

    #[test]
    fn the_optimal_reference_lies_between_the_means() {
        assert!((optimal_reference(2.0, 2.0).unwrap() - 2.0 / 2.0_f64.ln()).abs() < 1e-14);
        assert_eq!(optimal_reference(2.0, 1.0), Ok(2.0));
        assert_eq!(optimal_reference(0.0, 3.0), Ok(0.0));
        assert!(optimal_reference(2.0, 0.0).is_err());
    }
}
