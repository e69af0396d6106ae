//! Roots and optima of plain functions: bisection, Brent's two algorithms, Newton within a bracket, Nelder and Mead's
//! simplex.
//!
//! Sources: Brent (1973), "Algorithms for minimization without derivatives"; Nelder & Mead (1965), with the
//! coefficients of Lagarias et al. (1998). All stop after a bounded number of evaluations.

/// A root of `f` between `low` and `high` to an absolute `tolerance` in x, by bisection; `None` when the ends have the
/// same sign or are not numbers.
pub fn bisect(f: impl Fn(f64) -> f64, low: f64, high: f64, tolerance: f64) -> Option<f64> {
    let (mut low, mut high) = (low, high);
    let (at_low, at_high) = (f(low), f(high));
    if at_low == 0.0 {
        return Some(low);
    }
    if at_high == 0.0 {
        return Some(high);
    }
    if at_low.is_nan() || at_high.is_nan() || (at_low > 0.0) == (at_high > 0.0) {
        return None;
    }
    for _ in 0..2200 {
        let middle = low + (high - low) / 2.0;
        if high - low <= tolerance || middle <= low || middle >= high {
            break;
        }
        if (f(middle) > 0.0) == (at_low > 0.0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low + (high - low) / 2.0)
}

/// A root of `f` between `low` and `high` to `tolerance` in x (relative to |x| above 1), by Brent's method; `None` when
/// the ends have the same sign or are not numbers.
pub fn brent_root(f: impl Fn(f64) -> f64, low: f64, high: f64, tolerance: f64) -> Option<f64> {
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa == 0.0 {
        return Some(a);
    }
    if fb == 0.0 {
        return Some(b);
    }
    if fa.is_nan() || fb.is_nan() || (fa > 0.0) == (fb > 0.0) {
        return None;
    }
    let (mut c, mut fc) = (a, fa);
    let mut step = b - a;
    let mut before = step;
    for _ in 0..500 {
        if fc.abs() < fb.abs() {
            (a, b, c) = (b, c, b);
            (fa, fb, fc) = (fb, fc, fb);
        }
        let limit = 2.0 * f64::EPSILON * b.abs() + 0.5 * tolerance * b.abs().max(1.0);
        let half = 0.5 * (c - b);
        if half.abs() <= limit || fb == 0.0 {
            break;
        }
        if before.abs() >= limit && fa.abs() > fb.abs() {
            let s = fb / fa;
            let secant = a.to_bits() == c.to_bits();
            let (mut p, mut q) = if secant {
                (2.0 * half * s, 1.0 - s)
            } else {
                let (q, r) = (fa / fc, fb / fc);
                (s * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0)), (q - 1.0) * (r - 1.0) * (s - 1.0))
            };
            if p > 0.0 {
                q = -q;
            }
            p = p.abs();
            if 2.0 * p < (3.0 * half * q - (limit * q).abs()).min((before * q).abs()) {
                before = step;
                step = p / q;
            } else {
                step = half;
                before = step;
            }
        } else {
            step = half;
            before = step;
        }
        (a, fa) = (b, fb);
        b += if step.abs() > limit { step } else { limit.copysign(half) };
        fb = f(b);
        if (fb > 0.0) == (fc > 0.0) {
            (c, fc) = (a, fa);
            step = b - a;
            before = step;
        }
    }
    Some(b)
}

/// Where `f` has a minimum between `low` and `high`, and its value there, by Brent's golden section with parabolas;
/// `tolerance` in x relative to |x| above 1 (below 10⁻⁸ nothing is gained).
pub fn brent_minimum(f: impl Fn(f64) -> f64, low: f64, high: f64, tolerance: f64) -> (f64, f64) {
    let golden = 0.5 * (3.0 - 5.0_f64.sqrt());
    let (mut low, mut high) = (low, high);
    let mut best = low + golden * (high - low);
    let (mut second, mut third) = (best, best);
    let mut at_best = f(best);
    let (mut at_second, mut at_third) = (at_best, at_best);
    let (mut step, mut before) = (0.0_f64, 0.0_f64);
    for _ in 0..500 {
        let middle = 0.5 * (low + high);
        let limit = 1e-10 * best.abs() + tolerance * best.abs().max(1.0) / 3.0;
        if (best - middle).abs() <= 2.0 * limit - 0.5 * (high - low) {
            break;
        }
        let mut parabola = None;
        if before.abs() > limit {
            let r = (best - second) * (at_best - at_third);
            let q = (best - third) * (at_best - at_second);
            let p = (best - third) * q - (best - second) * r;
            let q = 2.0 * (q - r);
            let (p, q) = if q > 0.0 { (-p, q) } else { (p, -q) };
            if p.abs() < (0.5 * q * before).abs() && p > q * (low - best) && p < q * (high - best) {
                parabola = Some(p / q);
            }
        }
        if let Some(jump) = parabola {
            before = step;
            step = jump;
            let next = best + step;
            if next - low < 2.0 * limit || high - next < 2.0 * limit {
                step = limit.copysign(middle - best);
            }
        } else {
            before = if best < middle { high - best } else { low - best };
            step = golden * before;
        }
        let next = best + if step.abs() >= limit { step } else { limit.copysign(step) };
        let at_next = f(next);
        if at_next <= at_best {
            if next < best {
                high = best;
            } else {
                low = best;
            }
            (third, at_third) = (second, at_second);
            (second, at_second) = (best, at_best);
            (best, at_best) = (next, at_next);
        } else {
            if next < best {
                low = next;
            } else {
                high = next;
            }
            #[expect(clippy::float_cmp, reason = "whether it is the same point, not a near one")]
            if at_next <= at_second || second == best {
                (third, at_third) = (second, at_second);
                (second, at_second) = (next, at_next);
            } else if at_next <= at_third || third == best || third == second {
                (third, at_third) = (next, at_next);
            }
        }
    }
    (best, at_best)
}

/// The root of an increasing function given as (value, slope), from `start`, by Newton's method kept within the bracket
/// that the signs seen so far give. Stops when a step is below 4·10⁻¹⁶ max(1, |x|). A slope of zero or no number means
/// bisection.
pub fn newton_increasing(f: impl Fn(f64) -> (f64, f64), start: f64) -> f64 {
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut x = start;
    let mut reach = 1.0;
    for _ in 0..400 {
        let (value, slope) = f(x);
        if value.is_nan() {
            return f64::NAN;
        }
        if value == 0.0 {
            return x;
        }
        if value < 0.0 {
            low = x;
        } else {
            high = x;
        }
        let step = -value / slope;
        let inside = low.is_finite() && high.is_finite();
        let mut next = x + step;
        if !(step.is_finite() && next > low && next < high && (inside || step.abs() <= reach)) {
            next = if inside { low + (high - low) / 2.0 } else { x + reach.copysign(-value) };
            reach *= 2.0;
        }
        let moved = (next - x).abs();
        if moved <= 4e-16 * x.abs().max(1.0) || next <= low || next >= high {
            return next.clamp(low, high);
        }
        x = next;
    }
    x
}

/// What [`nelder_mead`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// Where.
    pub at: Vec<f64>,
    /// Value there.
    pub value: f64,
    /// Whether the simplex shrank to the tolerance before the evaluations ran out.
    pub converged: bool,
    /// Evaluations used.
    pub evaluations: usize,
}

/// A local minimum of `f` from `start`, with first edges `steps` (one per coordinate, not 0), until the values in the
/// simplex differ by at most `tolerance` (relative to |value| above 1) and its edges are below √`tolerance`, or `most`
/// evaluations are used. NaN counts as +∞: a way to state bounds. No coordinates: the value at the empty point.
pub fn nelder_mead(f: impl Fn(&[f64]) -> f64, start: &[f64], steps: &[f64], tolerance: f64, most: usize) -> Minimum {
    let value_at = |at: &[f64]| {
        let value = f(at);
        if value.is_nan() { f64::INFINITY } else { value }
    };
    let dimensions = start.len();
    let mut simplex: Vec<(f64, Vec<f64>)> = vec![(value_at(start), start.to_vec())];
    for (at, step) in steps.iter().enumerate().take(dimensions) {
        let mut corner = start.to_vec();
        corner[at] += step;
        simplex.push((value_at(&corner), corner));
    }
    let mut evaluations = simplex.len();
    let mut converged = dimensions == 0;
    while !converged && evaluations < most {
        simplex.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (best, worst) = (simplex[0].0, simplex[dimensions].0);
        let edge = simplex[1..]
            .iter()
            .flat_map(|(_, at)| at.iter().zip(&simplex[0].1))
            .map(|(a, b)| (a - b).abs() / b.abs().max(1.0))
            .fold(0.0, f64::max);
        if (worst - best).abs() <= tolerance * best.abs().max(1.0) && edge <= tolerance.sqrt() || edge == 0.0 {
            converged = true;
            break;
        }
        let centre: Vec<f64> = (0..dimensions)
            .map(|k| simplex[..dimensions].iter().map(|(_, at)| at[k]).sum::<f64>() / dimensions as f64)
            .collect();
        let along = |factor: f64, simplex: &[(f64, Vec<f64>)]| {
            let point: Vec<f64> =
                centre.iter().zip(&simplex[dimensions].1).map(|(c, w)| c + factor * (c - w)).collect();
            (value_at(&point), point)
        };
        let reflected = along(1.0, &simplex);
        evaluations += 1;
        if reflected.0 < best {
            let expanded = along(2.0, &simplex);
            evaluations += 1;
            simplex[dimensions] = if expanded.0 < reflected.0 { expanded } else { reflected };
        } else if reflected.0 < simplex[dimensions - 1].0 {
            simplex[dimensions] = reflected;
        } else {
            let outside = reflected.0 < worst;
            let contracted = along(if outside { 0.5 } else { -0.5 }, &simplex);
            evaluations += 1;
            if contracted.0 < if outside { reflected.0 } else { worst } {
                simplex[dimensions] = contracted;
            } else {
                let (first, rest) = simplex.split_at_mut(1);
                for corner in rest {
                    for (x, towards) in corner.1.iter_mut().zip(&first[0].1) {
                        *x = towards + 0.5 * (*x - towards);
                    }
                    corner.0 = value_at(&corner.1);
                    evaluations += 1;
                }
            }
        }
    }
    simplex.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (value, at) = simplex.swap_remove(0);
    Minimum { at, value, converged, evaluations }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_found_and_their_absence_is_said() {
        let cubic = |x: f64| x * x * x - 2.0;
        let want = 2.0_f64.cbrt();
        assert!((bisect(cubic, 0.0, 2.0, 1e-14).expect("root") - want).abs() < 1e-14);
        assert!((brent_root(cubic, 0.0, 2.0, 1e-15).expect("root") - want).abs() < 1e-14);
        assert!((brent_root(|x| (x - 1e6).atan(), 0.0, 1e9, 1e-15).expect("root") - 1e6).abs() < 1e-8);
        assert_eq!(bisect(cubic, 2.0, 3.0, 1e-9), None);
        assert_eq!(brent_root(cubic, 2.0, 3.0, 1e-9), None);
        assert_eq!(brent_root(|_| f64::NAN, 2.0, 3.0, 1e-9), None);
        for at_end in [0.0, 3.0] {
            assert_eq!(brent_root(|x| x - at_end, 0.0, 3.0, 1e-9), Some(at_end));
            assert_eq!(bisect(|x| x - at_end, 0.0, 3.0, 1e-9), Some(at_end));
        }
    }

    #[test]
    fn newton_survives_bad_starts_and_flat_slopes() {
        let root = newton_increasing(|x| (x.atan(), 1.0 / (1.0 + x * x)), 50.0);
        assert!(root.abs() < 1e-14, "{root}");
        let far = newton_increasing(|x| (x - 1e5, 0.0), 0.0);
        assert!((far - 1e5).abs() < 1e-9, "{far}");
        assert!(newton_increasing(|_| (f64::NAN, 1.0), 0.0).is_nan());
    }

    #[test]
    fn minima_are_found() {
        let (at, value) = brent_minimum(|x| (x - 3.0).powi(2) + 1.0, 0.0, 10.0, 1e-8);
        assert!((at - 3.0).abs() < 1e-7 && (value - 1.0).abs() < 1e-12);
        let (at, _) = brent_minimum(|x| x, 0.0, 1.0, 1e-9);
        assert!(at < 1e-8);
        let rosenbrock = |x: &[f64]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
        let found = nelder_mead(rosenbrock, &[-1.2, 1.0], &[0.5, 0.5], 1e-14, 5000);
        assert!(found.converged && (found.at[0] - 1.0).abs() < 1e-5 && (found.at[1] - 1.0).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn a_simplex_respects_bounds_given_as_nan_and_ends() {
        let bounded = |x: &[f64]| if x[0] < 2.0 { f64::NAN } else { x[0] };
        let found = nelder_mead(bounded, &[5.0], &[1.0], 1e-12, 2000);
        assert!((found.at[0] - 2.0).abs() < 1e-5, "{found:?}");
        let nothing = nelder_mead(|_| 7.0, &[], &[], 1e-9, 100);
        assert!(nothing.converged && nothing.at.is_empty());
        let endless = nelder_mead(|x| -x[0], &[0.0], &[1.0], 1e-9, 300);
        assert!(!endless.converged && endless.evaluations <= 302);
    }
}
