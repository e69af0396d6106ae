//! Minimum of a smooth function with a known gradient: BFGS with a weak Wolfe line search.
//!
//! Sources: Nocedal & Wright, Numerical Optimization, 2nd ed., ch. 6; line search by bracketing after Lewis & Overton
//! (2013).

use super::solve::Minimum;

/// Share of the promised decrease that a step must bring.
const DECREASE: f64 = 1e-4;
/// Share of the slope that a step may leave.
const CURVATURE: f64 = 0.9;

/// Promised decrease, relative to |value| above 1, that rounding hides.
const UNSEEN: f64 = 1e-13;

/// A local minimum of `f` from `start`, until every part of the gradient is at most `tolerance` (relative to |value|
/// above 1), a step promises no decrease that floats would show, or `most` evaluations are used. `f` fills the gradient
/// and returns the value; a value or gradient that is no number counts as +∞, a way to state bounds, and `start` must
/// not be such a point.
///
/// No step is longer than `reach` in any coordinate, so that the search stays in the basin that it started in.
pub fn bfgs(f: impl Fn(&[f64], &mut [f64]) -> f64, start: &[f64], reach: f64, tolerance: f64, most: usize) -> Minimum {
    let size = start.len();
    let probe = |at: &[f64], gradient: &mut [f64]| {
        let value = f(at, gradient);
        if value.is_nan() || gradient.iter().any(|part| !part.is_finite()) { f64::INFINITY } else { value }
    };
    let mut at = start.to_vec();
    let mut gradient = vec![0.0; size];
    let mut value = probe(&at, &mut gradient);
    let mut inverse = Inverse::new(size);
    let mut used = 1;
    let mut converged = value.is_finite() && settled(&gradient, value, tolerance);
    let mut fresh = true;
    while !converged && value.is_finite() && used < most {
        let mut direction: Vec<f64> = inverse.times(&gradient).iter().map(|part| -part).collect();
        let mut slope = dot(&gradient, &direction);
        if slope.is_nan() || slope >= 0.0 {
            inverse = Inverse::new(size);
            direction = gradient.iter().map(|part| -part).collect();
            slope = dot(&gradient, &direction);
            fresh = true;
        }
        if !fresh && -0.5 * slope <= UNSEEN * value.abs().max(1.0) {
            converged = true;
            break;
        }
        let longest = direction.iter().fold(0.0_f64, |longest, part| longest.max(part.abs()));
        let furthest = reach / longest;
        let (mut low, mut high, mut step) = (0.0, f64::INFINITY, furthest.min(1.0));
        let mut next_gradient = vec![0.0; size];
        let mut found = None;
        while used < most && found.is_none() {
            let next: Vec<f64> = at.iter().zip(&direction).map(|(x, part)| x + step * part).collect();
            let next_value = probe(&next, &mut next_gradient);
            used += 1;
            if next_value.is_nan() || next_value > value + DECREASE * step * slope {
                high = step;
            } else if dot(&next_gradient, &direction) < CURVATURE * slope && step < furthest {
                low = step;
            } else {
                found = Some((next, next_value));
                break;
            }
            step = if high.is_finite() { f64::midpoint(low, high) } else { (2.0 * step).min(furthest) };
            if step * longest < 1e-14 {
                break;
            }
        }
        let Some((next, next_value)) = found else {
            if fresh {
                break; // not even straight down: this is as far as floats go
            }
            inverse = Inverse::new(size);
            fresh = true;
            continue;
        };
        let moved: Vec<f64> = next.iter().zip(&at).map(|(new, old)| new - old).collect();
        let turned: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(new, old)| new - old).collect();
        inverse.update(&moved, &turned, fresh);
        fresh = false;
        (at, value) = (next, next_value);
        gradient.copy_from_slice(&next_gradient);
        converged = settled(&gradient, value, tolerance);
    }
    Minimum { at, value, converged, evaluations: used }
}

fn settled(gradient: &[f64], value: f64, tolerance: f64) -> bool {
    gradient.iter().all(|part| part.abs() <= tolerance * value.abs().max(1.0))
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}

/// Running estimate of the inverse Hessian.
struct Inverse {
    rows: Vec<Vec<f64>>,
}

impl Inverse {
    fn new(size: usize) -> Self {
        let row = |at: usize| (0..size).map(|column| f64::from(u8::from(column == at))).collect();
        Self { rows: (0..size).map(row).collect() }
    }

    fn times(&self, vector: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|row| dot(row, vector)).collect()
    }

    /// The BFGS update for a step and the change of gradient over it; the first one also sets the scale.
    fn update(&mut self, moved: &[f64], turned: &[f64], first: bool) {
        let along = dot(moved, turned);
        if along.is_nan() || along <= 1e-300 {
            return; // no positive curvature: the estimate would stop being positive definite
        }
        if first {
            let scale = along / dot(turned, turned);
            for entry in self.rows.iter_mut().flatten() {
                *entry *= scale;
            }
        }
        let carried = self.times(turned);
        let weight = (1.0 + dot(turned, &carried) / along) / along;
        for (row, (&step, &image)) in self.rows.iter_mut().zip(moved.iter().zip(&carried)) {
            for (entry, (&other_step, &other_image)) in row.iter_mut().zip(moved.iter().zip(&carried)) {
                *entry += weight * step * other_step - (image * other_step + step * other_image) / along;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_banana_valley_is_followed_to_its_end() {
        let found = bfgs(
            |x, gradient| {
                let (flat, steep) = (1.0 - x[0], x[1] - x[0] * x[0]);
                gradient[0] = -2.0 * flat - 400.0 * x[0] * steep;
                gradient[1] = 200.0 * steep;
                flat * flat + 100.0 * steep * steep
            },
            &[-1.2, 1.0],
            1.0,
            1e-10,
            500,
        );
        assert!(found.converged && found.evaluations < 100, "{found:?}");
        assert!((found.at[0] - 1.0).abs() < 1e-5 && (found.at[1] - 1.0).abs() < 1e-5);
    }

    #[test]
    fn bounds_by_no_number_are_kept() {
        // ln x − x… with nothing left of 0: minimum of x − ln x at 1, from near the bound.
        let found = bfgs(
            |x, gradient| {
                gradient[0] = 1.0 - 1.0 / x[0];
                x[0] - x[0].ln()
            },
            &[1e-3],
            1.0,
            1e-9,
            500,
        );
        assert!(found.converged && (found.at[0] - 1.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn endless_descents_and_bad_starts_end() {
        let downhill = bfgs(
            |x, gradient| {
                gradient[0] = -1.0;
                -x[0]
            },
            &[0.0],
            1.0,
            1e-12,
            300,
        );
        assert!(downhill.evaluations <= 300 && !downhill.converged);
        let nowhere = bfgs(|_, _| f64::NAN, &[0.0], 1.0, 1e-9, 300);
        assert!(!nowhere.converged && nowhere.value.is_infinite());
        let point = bfgs(|_, _| 3.0, &[], 1.0, 1e-9, 300);
        assert!(point.converged && point.at.is_empty());
    }

    proptest! {
        #[test]
        fn quadratic_bowls_are_found(
            centre in prop::collection::vec(-50.0..50.0_f64, 1..6),
            steep in 0.01..1000.0_f64,
        ) {
            let found = bfgs(
                |x, gradient| {
                    let mut sum = 0.0;
                    for (at, (x, middle)) in x.iter().zip(&centre).enumerate() {
                        let weight = if at % 2 == 0 { steep } else { 1.0 };
                        gradient[at] = 2.0 * weight * (x - middle);
                        sum += weight * (x - middle).powi(2);
                    }
                    sum
                },
                &vec![0.0; centre.len()],
                5.0,
                1e-9,
                2000,
            );
            for (x, middle) in found.at.iter().zip(&centre) {
                prop_assert!((x - middle).abs() < 1e-5, "{found:?} {centre:?}");
            }
        }
    }
}
