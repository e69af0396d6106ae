//! How surprising are the newest days of a cell, given its own history and what is usual in its category? Evidence for a rise
//! (`rise`), and how often a cell of this kind shows so much of it by chance (`onsets`); beside it, for people, the mid-p tails of the
//! windows (methods 3.1).

use super::budget::{self, CellKind};
use super::criteria::Criteria;
use super::onsets::{OnsetTable, SeriesLaw};
use super::prior::{Baseline, Gamma};
use super::rise::Window;
use methods::exact_counts::ln_mid_p;
use methods::multi_window::window_size;
use numeric::NegativeBinomial;
use vocabulary::{DetectorTerms, WindowTerm};

/// Name of the method in [`DetectorTerms::method`]; with extra dispersion the weekly size is appended as `;size=…`.
pub(super) const METHOD: &str = "rise_evidence";

/// What a series is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base {
    pub(super) prior: Gamma,
    pub(super) events: u64,
    pub(super) dispersion: Option<f64>,
    pub(super) kind: CellKind,
}

/// A series judged.
#[derive(Debug, Clone)]
pub(super) struct Test {
    pub(super) terms: DetectorTerms,
    /// Index of the deciding window: of those with enough events, the one with most evidence.
    pub(super) decided: usize,
    pub(super) crossed: bool,
    /// Whether it has the number of events that an alarm needs.
    pub(super) enough: bool,
}

impl Test {
    pub(super) fn window(&self) -> WindowTerm {
        self.terms.windows[self.decided]
    }

    /// The smallest tail of its windows, comparable between series judged over the same ones. Not a p-value.
    pub(super) fn tail(&self) -> f64 {
        self.terms.windows.iter().map(|window| window.p).fold(1.0, f64::min)
    }

    /// Whether `h` would cross the threshold if the budget were `slack` times larger.
    pub(super) fn within(&self, slack: f64) -> bool {
        self.terms.h >= self.terms.h_threshold - slack.log10()
    }
}

/// Judges the counts of the windows (same order as the criteria's) against a base. `ln_limit`: ln of the onsets per cell and year that
/// the budget allows.
pub(super) fn test(counts: &[u64], base: Base, ln_limit: f64, baseline: &Baseline<'_>, criteria: &Criteria) -> Test {
    let weeks = baseline.weeks;
    let rate = base.prior.after(base.events, weeks);
    let detector = &criteria.detector;
    let sparse = weeks <= 0.0 || (base.events as f64 / weeks) < detector.sparse_below_per_week;
    let min_events = budget::least(base.kind, sparse, criteria);
    let by_day = Gamma { shape: rate.shape, rate: rate.rate * 7.0 };
    let mut windows = Vec::with_capacity(counts.len());
    let mut ratios = Vec::with_capacity(counts.len());
    // Best window among those with enough events, else among all; the shortest when equal.
    let mut best: Option<(bool, f64, usize)> = None;
    for (index, (days, x)) in detector.windows_days.iter().zip(counts).enumerate() {
        let exposure = baseline.exposure.window_weeks(*days);
        let mu = rate.mean() * exposure;
        let ln_p =
            ln_mid_p(&NegativeBinomial::new(mu, window_size(rate.shape, base.dispersion, f64::from(*days) / 7.0)), *x);
        windows.push(WindowTerm { days: *days, x: *x, mu, p: ln_p.exp() });
        let window = Window { count: *x as f64, exposure: exposure * 7.0, steps: f64::from(*days) };
        let ratio = baseline.rise.ln_window(&window, by_day, base.dispersion.map(|weekly| weekly / 7.0));
        ratios.push(ratio);
        let shown = ratio.unwrap_or(f64::NEG_INFINITY);
        let enough = *x >= min_events;
        if best
            .is_none_or(|(had_enough, highest, _)| (enough && !had_enough) || (enough == had_enough && shown > highest))
        {
            best = Some((enough, shown, index));
        }
    }
    let (enough, _, decided) = best.unwrap_or((false, 0.0, 0));
    let evidence = baseline.rise.ln_mean(&ratios);
    let known = SeriesLaw { mean: rate.mean(), shape: rate.shape, size: base.dispersion, least: min_events };
    // Where nothing was read, nothing is tested: as if there were no evidence either way.
    let ln_rate = OnsetTable::shipped().ln_rate(known, evidence.unwrap_or(0.0));
    let method = base.dispersion.map_or_else(|| METHOD.to_owned(), |size| format!("{METHOD};size={size}"));
    let terms = DetectorTerms {
        method,
        evidence: evidence.unwrap_or(0.0),
        h: 0.0 - ln_rate / std::f64::consts::LN_10,
        h_threshold: 0.0 - ln_limit / std::f64::consts::LN_10,
        windows,
        baseline_events: base.events,
        baseline_weeks: weeks,
        prior: [base.prior.shape, base.prior.rate],
        began: None,
        among: None,
    };
    Test { terms, decided, crossed: enough && evidence.is_some() && ln_rate <= ln_limit, enough }
}

#[cfg(test)]
mod tests {
    use super::super::criteria::{Criteria, shipped};
    use super::super::days;
    use super::super::events::Events;
    use super::super::exposure::Volume;
    use super::*;

    const AS_OF: i32 = 20_000;
    /// ln of one onset per cell in fifty years.
    const LIMIT: f64 = -3.9;

    fn baseline(criteria: &Criteria) -> Baseline<'_> {
        let volume: Volume = (AS_OF - 900..=AS_OF).map(|day| (days::date_of(day), 100)).collect();
        Baseline::at(AS_OF, &Events::build(&[], criteria), &volume, criteria)
    }

    fn base(events: u64) -> Base {
        Base { prior: Gamma { shape: 0.3, rate: 5.0 }, events, dispersion: None, kind: CellKind::Brand }
    }

    #[test]
    fn nothing_seen_is_nothing_new() {
        let criteria = shipped();
        let test = test(&[0; 6], base(0), LIMIT, &baseline(&criteria), &criteria);
        assert!(!test.crossed);
        assert!(test.terms.evidence < 0.0, "{}", test.terms.evidence);
    }

    #[test]
    fn one_event_never_crosses_however_rare() {
        let criteria = shipped();
        let rare =
            Base { prior: Gamma { shape: 0.02, rate: 500.0 }, events: 0, dispersion: None, kind: CellKind::Brand };
        let test = test(&[1; 6], rare, LIMIT, &baseline(&criteria), &criteria);
        assert!(
            !test.crossed && test.terms.evidence > 2.0,
            "evidence {} says rare, the least number of events says wait",
            test.terms.evidence
        );
    }

    #[test]
    fn without_any_baseline_the_prior_judges() {
        let criteria = shipped();
        let baseline = Baseline::at(AS_OF, &Events::build(&[], &criteria), &Volume::new(), &criteria);
        let test = test(&[0; 6], base(0), LIMIT, &baseline, &criteria);
        assert!((test.terms.windows[0].p - 0.5).abs() < 1e-12, "nothing read, nothing expected, nothing seen");
        assert!(!test.crossed);
    }

    #[test]
    fn a_burst_is_seen_in_the_window_it_fills() {
        let criteria = shipped();
        let test = test(&[4, 4, 4, 4, 5, 6], base(10), LIMIT, &baseline(&criteria), &criteria);
        assert!(test.crossed);
        assert_eq!(test.window().days, 7);
    }

    #[test]
    fn more_scatter_is_less_surprise() {
        let criteria = shipped();
        let baseline = baseline(&criteria);
        let plain = test(&[6, 9, 12, 14, 17, 20], base(100), LIMIT, &baseline, &criteria);
        let scattered = Base { dispersion: Some(0.7), ..base(100) };
        let scattered = test(&[6, 9, 12, 14, 17, 20], scattered, LIMIT, &baseline, &criteria);
        assert!(scattered.terms.h < plain.terms.h);
        assert_eq!(scattered.terms.method, "rise_evidence;size=0.7");
    }

    #[test]
    fn so_much_evidence_is_as_rare_as_the_table_says() {
        let criteria = shipped();
        let baseline = baseline(&criteria);
        // 150 events in 104 weeks and some prior: 1.4 a week, told by a table that averages over what the rate may be.
        let history = base(150);
        let mut last = f64::INFINITY;
        for events in 2..14 {
            let counts: [u64; 6] = std::array::from_fn(|window| events + window as u64);
            let rate = 10_f64.powf(-test(&counts, history, LIMIT, &baseline, &criteria).terms.h);
            assert!(rate <= last + 1e-12, "{events} events: {rate} onsets a year after {last}");
            last = rate;
        }
        assert!(last < 1e-3, "{last}");
    }
}
