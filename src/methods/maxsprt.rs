//! Poisson maximised sequential probability ratio test, continuous in time (Kulldorff et al. 2011, Sequential Analysis
//! 30:58): watching a new product, or one after a recall, with a known expected number of events.
//!
//! Critical values are exact: the count process is followed from one boundary point to the next, with Poisson
//! increments; nothing is simulated. Not here: where the expected numbers come from.

use serde::Deserialize;

use super::settings::{Ignored, Number, configs};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};

/// As it is listed.
pub(super) const METHOD: Method = Method {
    name: "maxsprt",
    zh: "泊松最大化序贯概率比检验的临界值（新品上市或召回后监测）",
    en: "critical values of the Poisson maximised sequential probability ratio test",
    source: "Kulldorff et al. 2011, Sequential Analysis 30:58",
    tables: &[],
    run,
};

/// Most expected events that a plan may have: the exact computation takes about (events)² steps.
pub const MAX_EVENTS: f64 = 5_000.0;

/// Probabilities below this are left out.
const NOTHING: f64 = 1e-30;

/// Log-likelihood ratio of `count` events when `mu` were expected, against the best-fitting higher rate: x·ln(x/mu) −
/// (x − mu) when x > mu, else 0. Infinite for events where none were possible.
pub fn log_likelihood_ratio(count: f64, mu: f64) -> f64 {
    if count <= mu || count <= 0.0 {
        0.0
    } else if mu <= 0.0 {
        f64::INFINITY
    } else {
        (count * (count / mu).ln() - (count - mu)).max(0.0)
    }
}

/// How long is watched, and when a signal counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Expected events when watching ends, above 0, at most [`MAX_EVENTS`].
    pub horizon: f64,
    /// Fewest events for a signal, at least 1.
    pub min_events: usize,
    /// Expected events at the first look; 0: from the start.
    pub delay: f64,
}

/// Why a plan has no critical value.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Horizon out of range.
    #[error("expected events must be above 0 and at most {MAX_EVENTS}, not {0}")]
    Horizon(f64),
    /// No event for a signal.
    #[error("a signal needs at least 1 event")]
    MinEvents,
    /// A first look outside of the time that is watched.
    #[error("the first look must be at 0 or more expected events and not after the end, not {0}")]
    Delay(f64),
    /// No probability.
    #[error("alpha must lie between 0 and 1, not {0}")]
    Alpha(f64),
}

impl Plan {
    fn check(&self) -> Result<(), PlanError> {
        if !(self.horizon > 0.0 && self.horizon <= MAX_EVENTS) {
            Err(PlanError::Horizon(self.horizon))
        } else if self.min_events == 0 {
            Err(PlanError::MinEvents)
        } else if !(self.delay >= 0.0 && self.delay <= self.horizon) {
            Err(PlanError::Delay(self.delay))
        } else {
            Ok(())
        }
    }

    /// Probability of a signal (LLR ≥ `critical`, `critical` ≥ 0) by the end of the plan, when events come `risk` times
    /// as often as expected: the size at `risk` = 1, the power at a higher one.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn signal_probability(&self, critical: f64, risk: f64) -> Result<f64, PlanError> {
        self.check()?;
        Ok(self.signal(critical, risk))
    }

    /// The x-th event is a signal when it comes while mu ≤ b(x), the lower root of LLR(x, mu) = critical; b rises with
    /// x. So silence is: fewer than x events at b(x), for every x ≥ min_events; what leaves there is summed up.
    fn signal(&self, critical: f64, risk: f64) -> f64 {
        // alive[j]: no signal so far, and j events at expectation `at`.
        let mut alive = vec![1.0];
        let (mut at, mut signal) = (0.0, 0.0);
        let mut x = self.min_events;
        loop {
            let bound = boundary(x as f64, critical);
            if bound < self.delay {
                x += 1;
                continue;
            }
            // At the first look every x that is still a signal there is judged at once.
            for point in [self.delay, bound] {
                let point = point.clamp(at, self.horizon);
                if point > at || alive.len() > x {
                    let lost;
                    (alive, lost) = advance(&alive, (point - at) * risk, x);
                    signal += lost;
                    at = point;
                }
            }
            if bound >= self.horizon {
                return f64::min(signal, 1.0);
            }
            x += 1;
        }
    }

    /// Critical value: the smallest LLR limit whose size is at most `alpha`. `None` when even a limit of 0 signals more
    /// rarely than `alpha` (too few events can be expected for `min_events`). With a delay the size has steps, so it
    /// may stay below `alpha`.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn critical_value(&self, alpha: f64) -> Result<Option<f64>, PlanError> {
        self.check()?;
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(PlanError::Alpha(alpha));
        }
        let size = |critical: f64| self.signal(critical, 1.0);
        let (mut low, mut high) = (0.0, 1.0);
        if size(low) < alpha {
            return Ok(None);
        }
        while size(high) > alpha {
            low = high;
            high *= 2.0;
            if high > 1e6 {
                return Ok(None);
            }
        }
        while high - low > 1e-11 * high.max(1.0) {
            let middle = f64::midpoint(low, high);
            if size(middle) > alpha {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(Some(high))
    }
}

/// The lower root in mu of x·ln(x/mu) − (x − mu) = `critical`: x·r with r − 1 − ln r = critical/x, 0 < r ≤ 1.
fn boundary(x: f64, critical: f64) -> f64 {
    let target = critical / x;
    if target <= 0.0 {
        return x;
    }
    // g(u) = e^u − 1 − u = target for u < 0; convex and falling: Newton from the left of the root never leaves that
    // side.
    let mut u = -(target + (2.0 * target).sqrt());
    for _ in 0..100 {
        let step = (u.exp_m1() - u - target) / u.exp_m1();
        u -= step;
        if step.abs() <= 1e-15 * u.abs() {
            break;
        }
    }
    x * u.exp()
}

/// Carries the distribution on by a Poisson increment of mean `mean`: what has fewer than `below` events, and how much
/// has not.
fn advance(alive: &[f64], mean: f64, below: usize) -> (Vec<f64>, f64) {
    // Poisson probabilities by recurrence of their logarithms, so that e^−mean does not underflow.
    let (mut ln_weight, ln_mean) = (-mean, mean.ln());
    let mut weights: Vec<f64> = (0..reach(mean))
        .map(|jump| {
            if jump > 0 {
                ln_weight += ln_mean - (jump as f64).ln();
            }
            ln_weight.exp()
        })
        .collect();
    while weights.len() as f64 > mean + 1.0 && weights.last().is_some_and(|weight| *weight < NOTHING) {
        weights.pop();
    }
    let mut tail = vec![0.0; weights.len() + 1];
    for jump in (0..weights.len()).rev() {
        tail[jump] = tail[jump + 1] + weights[jump];
    }
    let mut next = vec![0.0; (alive.len() + weights.len()).min(below)];
    let mut lost = 0.0;
    for (from, mass) in alive.iter().enumerate().filter(|(_, mass)| **mass > NOTHING) {
        lost += mass * tail.get(below.saturating_sub(from)).copied().unwrap_or(0.0);
        for (to, weight) in next.iter_mut().skip(from).zip(&weights) {
            *to += mass * weight;
        }
    }
    (next, lost)
}

/// From this many events on a Poisson variable has next to no probability.
fn reach(mean: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "means are at most MAX_EVENTS × risk")]
    let reach = (mean + 12.0 * mean.sqrt() + 40.0) as usize;
    reach
}

/// Law of the counts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Law {
    Poisson,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(rename = "model")]
    _model: Option<Law>,
    #[serde(rename = "delay_D")]
    delay: Option<Number>,
    #[serde(rename = "precision", default)]
    _precision: Ignored,
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let input = Columns::read("input", &call.input)?;
    let (horizons, min_events) = (input.numbers("T_expected_events")?, input.counts("M_min_events")?);
    let alphas = input.numbers("alpha")?;
    let mut table = Table::new(&["T_expected_events", "M_min_events", "alpha", "critical_value_LLR"]);
    for config in configs::<Settings>(&call.config)? {
        let delay = config.settings.delay.map_or(0.0, |delay| delay.0);
        for (row, ((&horizon, &min_events), &alpha)) in horizons.iter().zip(&min_events).zip(&alphas).enumerate() {
            let plan = Plan { horizon, min_events: usize::try_from(min_events).unwrap_or(usize::MAX), delay };
            let critical = plan.critical_value(alpha).map_err(|error| match error {
                PlanError::Delay(_) => config.error(format!("`delay_D`: {error} (T is {horizon})")),
                other => input.error(Some(row), other.to_string()),
            })?;
            table.push(vec![Cell::from(horizon), min_events.into(), alpha.into(), critical.into()]);
        }
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact by construction")]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_pcg::Pcg64;

    use super::*;

    fn plan(horizon: f64, min_events: usize) -> Plan {
        Plan { horizon, min_events, delay: 0.0 }
    }

    #[test]
    fn published_critical_values_come_out() {
        // Kulldorff et al. 2011, table 1, alpha = .05, one event minimum.
        for (horizon, published) in
            [(1.0, 2.853_937), (5.0, 3.297_183), (10.0, 3.467_952), (20.0, 3.628_123), (50.0, 3.819_903)]
        {
            let critical = plan(horizon, 1).critical_value(0.05).unwrap().unwrap();
            assert!((critical - published).abs() < 2e-6, "{horizon}: {critical}");
        }
    }

    #[test]
    fn the_size_at_the_critical_value_is_alpha_and_the_power_is_more() {
        for (plan, alpha) in [(plan(3.0, 1), 0.05), (plan(40.0, 4), 0.001), (plan(0.7, 2), 0.01), (plan(9.0, 1), 1e-12)]
        {
            let critical = plan.critical_value(alpha).unwrap().unwrap();
            assert!((plan.signal_probability(critical, 1.0).unwrap() / alpha - 1.0).abs() < 1e-6);
            assert!(plan.signal_probability(critical, 2.0).unwrap() > alpha);
        }
    }

    #[test]
    fn a_plan_with_too_few_expected_events_has_no_critical_value() {
        // P(at least 4 events | 1 expected) = 0.019.
        assert_eq!(plan(1.0, 4).critical_value(0.05).unwrap(), None);
        assert!((plan(1.0, 4).signal_probability(0.0, 1.0).unwrap() - 0.018_988_156_876_153_8).abs() < 1e-14);
        assert_eq!(plan(1e-9, 1).critical_value(0.05).unwrap(), None);
        assert!(plan(1.0, 1_000_000_000).critical_value(0.05).unwrap().is_none());
    }

    #[test]
    fn a_delayed_first_look_keeps_the_size_and_needs_no_higher_limit() {
        let late = Plan { horizon: 10.0, min_events: 1, delay: 3.0 };
        let critical = late.critical_value(0.05).unwrap().unwrap();
        assert!(critical < plan(10.0, 1).critical_value(0.05).unwrap().unwrap());
        let size = late.signal_probability(critical, 1.0).unwrap();
        assert!(size <= 0.05 && size > 0.03, "{size}");
        // One look at the very end: signal if N(10) ≥ x, a plain Poisson tail.
        let once = Plan { horizon: 10.0, min_events: 1, delay: 10.0 };
        let at_16 = log_likelihood_ratio(16.0, 10.0);
        let tail = 0.048_740_403_303_978_5; // P(N ≥ 16 | 10)
        assert!((once.signal_probability(at_16 - 1e-9, 1.0).unwrap() - tail).abs() < 1e-12);
    }

    #[test]
    fn the_exact_size_agrees_with_simulation() {
        let plan = Plan { horizon: 6.0, min_events: 2, delay: 1.0 };
        let critical = 2.0;
        let exact = plan.signal_probability(critical, 1.0).unwrap();
        let mut random = Pcg64::seed_from_u64(5);
        let runs = 40_000;
        let mut signals = 0;
        for _ in 0..runs {
            let (mut at, mut count) = (0.0, 0.0);
            let mut looked = false;
            loop {
                at -= (1.0 - random.random::<f64>()).ln();
                if !looked && at >= plan.delay {
                    looked = true;
                    if count >= 2.0 && log_likelihood_ratio(count, plan.delay) >= critical {
                        signals += 1;
                        break;
                    }
                }
                if at > plan.horizon {
                    break;
                }
                count += 1.0;
                if at >= plan.delay && count >= 2.0 && log_likelihood_ratio(count, at) >= critical {
                    signals += 1;
                    break;
                }
            }
        }
        let share = f64::from(signals) / f64::from(runs);
        assert!((share - exact).abs() < 4.0 * (exact / f64::from(runs)).sqrt(), "{share} {exact}");
    }

    #[test]
    fn long_plans_and_settings_out_of_range_are_answered() {
        let critical = plan(400.0, 1).critical_value(0.05).unwrap().unwrap();
        assert!(critical > 3.82 && critical < 4.6, "{critical}");
        assert!(plan(0.0, 1).critical_value(0.05).is_err());
        assert!(plan(f64::NAN, 1).critical_value(0.05).is_err());
        assert!(plan(1.0, 0).critical_value(0.05).is_err());
        assert!(plan(1.0, 1).critical_value(0.0).is_err());
        assert!(Plan { delay: 2.0, ..plan(1.0, 1) }.critical_value(0.05).is_err());
    }

    #[test]
    fn the_ratio_is_defined_at_every_edge() {
        assert_eq!(log_likelihood_ratio(0.0, 0.0), 0.0);
        assert_eq!(log_likelihood_ratio(2.0, 5.0), 0.0);
        assert_eq!(log_likelihood_ratio(2.0, 0.0), f64::INFINITY);
        assert!((log_likelihood_ratio(3.0, 1.0) - (3.0 * 3.0_f64.ln() - 2.0)).abs() < 1e-15);
    }
}
