//! From simulated maxima to p-values, recurrence intervals and a list of separate clusters.

use super::{Found, Window, Zones};

/// Smallest p-value told; a fitted tail means nothing beyond it.
const LEAST_P: f64 = 1e-17;

/// Monte Carlo p-value: (1 + replicas whose maximum is at least the statistic) / (1 + replicas). `maxima` in falling
/// order. Statistics that differ only by rounding count as equal.
pub fn p_value(maxima: &[f64], statistic: f64) -> f64 {
    let reached = statistic - 1e-9 * statistic.abs().max(1.0);
    let beyond = maxima.partition_point(|&max| max >= reached);
    (1 + beyond) as f64 / (1 + maxima.len()) as f64
}

/// p-value of a Gumbel law fitted to the maxima by moments (Abrams, Kulldorff & Kleinman 2010): scale = sd·√6/π, place
/// = mean − 0.5772·scale. None when fewer than two finite maxima, or all are equal.
pub fn gumbel_p_value(maxima: &[f64], statistic: f64) -> Option<f64> {
    let n = maxima.len() as f64;
    let mean = maxima.iter().sum::<f64>() / n;
    let variance = maxima.iter().map(|max| (max - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let scale = (6.0 * variance).sqrt() / std::f64::consts::PI;
    let place = mean - 0.577_215_664_901_532_9 * scale;
    let p = -(-(-(statistic - place) / scale).exp()).exp_m1();
    (scale.is_finite() && scale > 0.0 && !p.is_nan()).then_some(p.clamp(LEAST_P, 1.0))
}

/// The usual combination: the Monte Carlo p-value, and below `1e1/(replicas + 1)` (0.01 for 999) the Gumbel one, since
/// ranks say little there.
pub fn combined_p_value(maxima: &[f64], statistic: f64) -> f64 {
    let p = p_value(maxima, statistic);
    if p * (1 + maxima.len()) as f64 >= 10.0 { p } else { gumbel_p_value(maxima, statistic).unwrap_or(p) }
}

/// Recurrence interval: how long on average until chance alone gives so small a p-value, when an analysis is made once
/// per `interval` (days, say).
pub fn recurrence_interval(interval: f64, p: f64) -> f64 {
    interval / p
}

/// Clusters apart from one another, by falling statistic, those above 0 only; of equal statistics (up to rounding) the
/// one of fewest locations first, then in the order given. A candidate that shares a location with an accepted one is
/// dropped when their periods `meet` ([`Window::meets`], or always). `accept` says of a candidate apart from the
/// others, with its number among them, whether it is reported; the first refusal ends the list.
pub fn separate(
    zones: &Zones,
    mut candidates: Vec<Found>,
    meet: impl Fn(Window, Window) -> bool,
    mut accept: impl FnMut(usize, &Found) -> bool,
) -> Vec<Found> {
    candidates.retain(|found| found.statistic > 0.0);
    candidates.sort_by(|a, b| b.statistic.total_cmp(&a.statistic));
    let alike = |a: &Found, b: &Found| a.statistic - b.statistic <= 1e-10 * a.statistic.max(1.0);
    for equal in candidates.chunk_by_mut(alike) {
        equal.sort_by_key(|found| zones.members(found.zone).len());
    }
    let mut accepted: Vec<Found> = Vec::new();
    // Of each location: the accepted clusters that hold it.
    let mut holders: Vec<Vec<usize>> = vec![Vec::new(); zones.locations()];
    for found in candidates {
        let members = zones.members(found.zone);
        let held = |&member: &u32| holders[member as usize].iter().any(|&at| meet(accepted[at].window, found.window));
        if members.iter().any(held) {
            continue;
        }
        if !accept(accepted.len(), &found) {
            break;
        }
        for &member in members {
            holders[member as usize].push(accepted.len());
        }
        accepted.push(found);
    }
    accepted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_count_ties_as_reached() {
        let maxima = [5.0, 3.0, 3.0 - 1e-12, 1.0];
        for (statistic, p) in [(6.0, 0.2), (5.0, 0.4), (3.0, 0.8), (0.0, 1.0)] {
            assert!((p_value(&maxima, statistic) - p).abs() < 1e-12);
        }
        assert!((p_value(&[], 3.0) - 1.0).abs() < 1e-12, "no replica, no evidence");
        assert!(
            (p_value(&[f64::NEG_INFINITY; 3], f64::INFINITY) - 0.25).abs() < 1e-12 || p_value(&[0.0; 3], 1.0) < 0.26
        );
    }

    #[test]
    fn a_gumbel_fit_meets_a_gumbel_sample() {
        // Quantiles of the standard Gumbel law at (i − ½)/n.
        let mut sample: Vec<f64> = (0..999).map(|i| -(-((f64::from(i) + 0.5) / 999.0).ln()).ln()).collect();
        sample.reverse();
        let x = 9.0_f64;
        let exact = 1.0 - (-(-x).exp()).exp();
        let fitted = gumbel_p_value(&sample, x).expect("fits");
        assert!((fitted / exact).ln().abs() < 0.1, "{fitted} {exact}");
        assert!((combined_p_value(&sample, x) - fitted).abs() < 1e-15);
        assert!((combined_p_value(&sample, 2.0) - p_value(&sample, 2.0)).abs() < 1e-15);
        assert_eq!(gumbel_p_value(&[2.0, 2.0], 3.0), None);
        assert_eq!(gumbel_p_value(&[2.0], 3.0), None);
        assert!((gumbel_p_value(&sample, 1e9).expect("fits") - LEAST_P).abs() < 1e-30);
    }

    #[test]
    fn clusters_that_share_a_place_at_a_time_are_not_both_told() {
        let zones = Zones::sets(4, &[vec![0, 1], vec![1, 2], vec![3]]).expect("good sets");
        let found = |zone, first, end, statistic| Found {
            zone,
            window: Window { first, end },
            observed: 1.0,
            expected: 0.5,
            statistic,
        };
        let all = vec![
            found(2, 0, 1, 1.0),
            found(0, 0, 2, 3.0),
            found(1, 1, 3, 2.0),
            found(1, 2, 3, 1.5),
            found(2, 2, 3, 0.0),
        ];
        let told = separate(&zones, all.clone(), Window::meets, |_, _| true);
        assert_eq!(told.iter().map(|one| (one.zone, one.window.first)).collect::<Vec<_>>(), [(0, 0), (1, 2), (2, 0)]);
        let tie = [found(1, 1, 3, 2.0), found(2, 0, 1, 2.0 - 1e-14)];
        assert_eq!(separate(&zones, tie.to_vec(), Window::meets, |_, _| true)[0].zone, 2, "the smaller of equal ones");
        assert_eq!(separate(&zones, all.clone(), Window::meets, |at, _| at < 1).len(), 1);
        let told = separate(&zones, all, |_, _| true, |_, _| true);
        assert_eq!(told.iter().map(|one| one.zone).collect::<Vec<_>>(), [0, 2], "apart at any time");
    }
}
