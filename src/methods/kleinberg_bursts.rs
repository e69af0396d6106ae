//! Bursts of an event stream (Kleinberg 2002, "Bursty and hierarchical structure in streams", section 2): a hidden
//! automaton whose state `i` sends events at the rate `sⁱ·n/T`; the cheapest state sequence is split into nested
//! bursts.
//!
//! For describing the life of one story: when it flared up, how strongly, when it was over. Not for counting or alarms
//! (one story is one event there), hence no false-alarm rate. Not here: time units; offsets are numbers on any axis.

use serde::Deserialize;

use super::settings::{Number, configs};
use super::{Answer, Call, Columns, Method, MethodError, Table};

/// As it is listed.
pub(super) const METHOD: Method = Method {
    name: "kleinberg_bursts",
    zh: "事件流的突发期：何时、多强、何时结束（隐状态自动机）",
    en: "bursts of an event stream: when, how strong, until when (hidden automaton)",
    source: "Kleinberg 2002, Data Mining and Knowledge Discovery 7:373",
    tables: &[],
    run,
};

/// Most states that the automaton may have; gaps that span more orders of magnitude are an error.
pub const MAX_STATES: usize = 1024;

/// A period in which events came at least at the rate of its level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    /// From 1 (the whole stream); each level is `s` times as fast as the one below. Bursts of a level lie in bursts of
    /// the level below.
    pub level: usize,
    /// Offset of the first event.
    pub start: f64,
    /// Offset of the last event.
    pub end: f64,
}

/// Why a stream has no bursts.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum BurstError {
    /// `s` or `gamma` out of range.
    #[error("`s` must be above 1 and `gamma` at least 0, not {s} and {gamma}")]
    Setting {
        /// Ratio of neighbouring rates.
        s: f64,
        /// Cost of a step up.
        gamma: f64,
    },
    /// Two events at one instant: the gap model needs one event per instant.
    #[error("offsets must be finite and differ; {offset} comes twice or is not finite (one event per instant)")]
    Offset {
        /// Where.
        offset: f64,
    },
    /// The gaps span too many orders of magnitude.
    #[error("{states} states would be needed for gaps that differ so much; at most {MAX_STATES} (use a larger `s`)")]
    States {
        /// How many.
        states: f64,
    },
}

/// Bursts of a stream of events at `offsets` (any order), by level and then by start. `s` > 1: ratio of the rates of
/// neighbouring states; `gamma` ≥ 0: a step up by one state costs `gamma·ln n` (n gaps), a step down nothing.
///
/// States: ⌈1 + log_s T + log_s(1/smallest gap)⌉, T from the first event to the last. No event, no burst; one event is
/// one burst of level 1 at a point.
///
/// # Errors
/// [`BurstError`]: settings out of range, equal offsets, gaps too different.
pub fn bursts(offsets: &[f64], s: f64, gamma: f64) -> Result<Vec<Burst>, BurstError> {
    if !(s > 1.0 && s.is_finite() && gamma >= 0.0 && gamma.is_finite()) {
        return Err(BurstError::Setting { s, gamma });
    }
    let mut offsets = offsets.to_vec();
    offsets.sort_by(f64::total_cmp);
    if let Some(&offset) = offsets.iter().find(|offset| !offset.is_finite()) {
        return Err(BurstError::Offset { offset });
    }
    if let Some(pair) = offsets.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(BurstError::Offset { offset: pair[0] });
    }
    let (Some(&first), Some(&last)) = (offsets.first(), offsets.last()) else { return Ok(Vec::new()) };
    if offsets.len() == 1 {
        return Ok(vec![Burst { level: 1, start: first, end: last }]);
    }
    let gaps: Vec<f64> = offsets.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let states = states(&gaps, s)?;

    // The state of a gap as a step function: a burst of level l+1 is a maximal stretch of gaps in states ≥ l.
    let path = cheapest_path(&gaps, states, s, gamma);
    let mut found = Vec::new();
    for level in 0..=path.iter().copied().max().unwrap_or(0) {
        let mut from = None;
        for (at, state) in path.iter().copied().chain([0]).enumerate() {
            let inside = at < path.len() && state >= level;
            match (from, inside) {
                (None, true) => from = Some(at),
                (Some(start), false) => {
                    found.push(Burst { level: level + 1, start: offsets[start], end: offsets[at] });
                    from = None;
                }
                _ => {}
            }
        }
    }
    Ok(found)
}

/// Number of states with which the cheapest path is the same as with infinitely many (Kleinberg 2002, theorem 2.1).
fn states(gaps: &[f64], s: f64) -> Result<usize, BurstError> {
    let total: f64 = gaps.iter().sum();
    let smallest = gaps.iter().copied().fold(f64::INFINITY, f64::min);
    let states = (1.0 + (total.ln() - smallest.ln()) / s.ln()).ceil();
    if states.is_nan() || states > MAX_STATES as f64 {
        return Err(BurstError::States { states });
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "T ≥ smallest gap, so at least 1; checked above"
    )]
    Ok(states.max(1.0) as usize)
}

/// The state of each gap on the cheapest path that starts in state 0; of equally cheap ones the lowest states.
fn cheapest_path(gaps: &[f64], states: usize, s: f64, gamma: f64) -> Vec<usize> {
    let count = gaps.len() as f64;
    let base = count / gaps.iter().sum::<f64>();
    let rates: Vec<f64> = (0..states).map(|state| base * s.powi(i32::try_from(state).unwrap_or(i32::MAX))).collect();
    let step = gamma * count.ln();

    let mut cost = vec![f64::INFINITY; states];
    cost[0] = 0.0;
    let mut came_from: Vec<Vec<u16>> = Vec::with_capacity(gaps.len());
    for gap in gaps {
        // Cheapest state at or above each one: from there it is free to go down. Of equally cheap ones the lowest.
        let mut above = vec![states - 1; states];
        for state in (0..states - 1).rev() {
            above[state] = if cost[state] <= cost[above[state + 1]] { state } else { above[state + 1] };
        }
        // Cheapest state below, up from which every state costs a step.
        let mut below = 0;
        let mut next = vec![f64::INFINITY; states];
        let mut from = vec![0_u16; states];
        for (to, rate) in rates.iter().enumerate() {
            let climbed = cost[below] + step * (to - below) as f64;
            let best =
                if to > 0 && climbed <= cost[above[to]] { (below, climbed) } else { (above[to], cost[above[to]]) };
            next[to] = best.1 - rate.ln() + rate * gap;
            from[to] = u16::try_from(best.0).unwrap_or(u16::MAX);
            if cost[to] < cost[below] + step * (to - below) as f64 {
                below = to;
            }
        }
        cost = next;
        came_from.push(from);
    }
    let mut state = 0;
    for (at, value) in cost.iter().enumerate() {
        if *value < cost[state] {
            state = at;
        }
    }
    let mut path = vec![0; gaps.len()];
    for (at, from) in came_from.iter().enumerate().rev() {
        path[at] = state;
        state = usize::from(from[state]);
    }
    path
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    s: Number,
    gamma: Number,
}

impl Default for Settings {
    fn default() -> Self {
        Self { s: Number(2.0), gamma: Number(1.0) }
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let input = Columns::read("input", &call.input)?;
    let offsets = input.numbers("offset")?;
    let mut table = Table::new(&["level", "start", "end"]);
    for config in configs::<Settings>(&call.config)? {
        let Settings { s: Number(s), gamma: Number(gamma) } = config.settings;
        let found = bursts(&offsets, s, gamma).map_err(|error| match error {
            BurstError::Offset { offset } => {
                let row = offsets.iter().rposition(|other| (other - offset).abs() == 0.0);
                input.error(row, error.to_string())
            }
            other => config.error(other.to_string()),
        })?;
        for burst in found {
            table.push(vec![burst.level.into(), burst.start.into(), burst.end.into()]);
        }
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact by construction")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_steady_stream_is_one_burst_of_level_one() {
        let offsets: Vec<f64> = (0..50).map(|at| f64::from(at) * 3.0).collect();
        assert_eq!(bursts(&offsets, 2.0, 1.0).unwrap(), vec![Burst { level: 1, start: 0.0, end: 147.0 }]);
    }

    #[test]
    fn a_dense_stretch_is_a_burst_from_its_first_event_to_its_last() {
        let mut offsets: Vec<f64> = (0..20).map(|at| f64::from(at) * 100.0).collect();
        offsets.extend((1..40).map(|at| 1000.0 + f64::from(at)));
        let found = bursts(&offsets, 2.0, 1.0).unwrap();
        assert_eq!(found[0], Burst { level: 1, start: 0.0, end: 1900.0 });
        let top = found.last().unwrap();
        assert!(top.level > 2 && top.start == 1000.0 && top.end == 1039.0, "{found:?}");
    }

    #[test]
    fn none_and_one_and_two_events_have_their_bursts() {
        assert!(bursts(&[], 2.0, 1.0).unwrap().is_empty());
        assert_eq!(bursts(&[7.0], 2.0, 1.0).unwrap(), vec![Burst { level: 1, start: 7.0, end: 7.0 }]);
        assert_eq!(bursts(&[9.0, 7.0], 2.0, 1.0).unwrap(), vec![Burst { level: 1, start: 7.0, end: 9.0 }]);
    }

    #[test]
    fn two_events_at_one_instant_and_settings_out_of_range_are_errors() {
        assert_eq!(bursts(&[1.0, 2.0, 1.0], 2.0, 1.0), Err(BurstError::Offset { offset: 1.0 }));
        assert!(bursts(&[1.0, f64::NAN], 2.0, 1.0).is_err());
        assert!(bursts(&[1.0, 2.0], 1.0, 1.0).is_err());
        assert!(bursts(&[1.0, 2.0], 2.0, -1.0).is_err());
        assert!(matches!(bursts(&[0.0, 1e-300, 1e300], 2.0, 1.0), Err(BurstError::States { .. })));
    }

    #[test]
    fn a_dearer_step_up_gives_no_more_bursts() {
        let offsets: Vec<f64> = (0..80).map(|at| f64::from(at) * 10.0 + f64::from(at * at % 7)).collect();
        let count = |gamma| bursts(&offsets, 1.5, gamma).unwrap().len();
        assert!(count(0.0) > count(0.3) && count(0.3) >= count(1.0));
    }

    /// Cost of a state sequence, as the paper writes it.
    fn cost(gaps: &[f64], path: &[usize], s: f64, gamma: f64) -> f64 {
        let n = gaps.len() as f64;
        let base = n / gaps.iter().sum::<f64>();
        let mut before = 0;
        let mut sum = 0.0;
        for (gap, &state) in gaps.iter().zip(path) {
            let rate = base * s.powf(state as f64);
            sum += rate * gap - rate.ln() + gamma * n.ln() * state.saturating_sub(before) as f64;
            before = state;
        }
        sum
    }

    proptest! {
        #[test]
        fn no_path_of_a_short_stream_is_cheaper(
            gaps in prop::collection::vec(0.5_f64..9.0, 1..6), gamma in 0.0_f64..1.5,
        ) {
            let found = cheapest_path(&gaps, 3, 2.0, gamma);
            let best = cost(&gaps, &found, 2.0, gamma);
            for code in 0..3_usize.pow(u32::try_from(gaps.len()).unwrap()) {
                let state = |at: usize| code / 3_usize.pow(u32::try_from(at).unwrap()) % 3;
                let other: Vec<usize> = (0..gaps.len()).map(state).collect();
                prop_assert!(best <= cost(&gaps, &other, 2.0, gamma) + 1e-9);
            }
        }

        #[test]
        fn bursts_nest(gaps in prop::collection::vec(0.1_f64..50.0, 1..60)) {
            let offsets: Vec<f64> = gaps.iter().scan(0.0, |at, gap| { *at += gap; Some(*at) }).collect();
            let found = bursts(&offsets, 2.0, 0.5).unwrap();
            for burst in &found {
                prop_assert!(burst.start <= burst.end);
                let parent = |other: &&Burst| {
                    other.level + 1 == burst.level && other.start <= burst.start && burst.end <= other.end
                };
                prop_assert!(burst.level == 1 || found.iter().filter(parent).count() == 1);
            }
        }
    }
}
