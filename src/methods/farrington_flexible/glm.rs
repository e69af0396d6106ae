//! Quasi-Poisson regression with a log link: iteratively reweighted least squares (McCullagh & Nelder 1989, chapter 2
//! and 6), with the leverages and Anscombe residuals that the detector needs. Few columns, some hundred rows.

use numeric::{Continuous as _, StudentT};

/// Relative change of the deviance at which the iteration has settled.
const SETTLED: f64 = 1e-8;
/// Most iterations.
const ITERATIONS: usize = 25;
/// A column whose part outside of the columns before it is smaller than this share (squared) is taken as their
/// combination.
const COLLINEAR: f64 = 1e-11;

/// A regression problem: counts, and one row of regressors for each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Problem<'a> {
    /// Counts.
    pub(super) counts: &'a [f64],
    /// Regressors row by row, `columns` for each count.
    pub(super) rows: &'a [f64],
    /// Number of regressors.
    pub(super) columns: usize,
}

/// A fitted regression.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    /// Coefficients; 0 for a column that is a combination of others.
    pub(super) coefficients: Vec<f64>,
    /// Fitted means.
    pub(super) means: Vec<f64>,
    /// Prior weights.
    weights: Vec<f64>,
    /// (XᵀWX)⁻¹ with the working weights W of the last iteration, row by row; 0 for combined columns.
    covariance: Vec<f64>,
    /// Diagonal of the hat matrix.
    leverages: Vec<f64>,
    /// W: prior weight times the mean before the last iteration.
    working: Vec<f64>,
    /// Number of columns that are not combinations of others.
    rank: usize,
    /// Whether the deviance settled.
    pub(super) settled: bool,
    counts: Vec<f64>,
}

impl Problem<'_> {
    fn row(&self, at: usize) -> &[f64] {
        &self.rows[at * self.columns..(at + 1) * self.columns]
    }

    /// Fits with prior weights (all above 0). `None` when the iteration leaves the numbers.
    pub(super) fn fit(&self, weights: &[f64]) -> Option<Fit> {
        let (n, k) = (self.counts.len(), self.columns);
        let deviance = |means: &[f64]| -> f64 {
            let terms = self.counts.iter().zip(means).zip(weights).map(|((y, mu), weight)| {
                let log = if *y > 0.0 { y * (y / mu).ln() } else { 0.0 };
                2.0 * weight * (log - (y - mu))
            });
            terms.sum()
        };
        let mut means: Vec<f64> = self.counts.iter().map(|y| y + 0.1).collect();
        let mut linear: Vec<f64> = means.iter().map(|mu| mu.ln()).collect();
        let mut before = deviance(&means);
        // Most regressors mark one period each, so most are 0.
        let filled: Vec<Vec<usize>> = (0..n).map(|at| (0..k).filter(|i| self.row(at)[*i] != 0.0).collect()).collect();
        let mut fit = None;
        for _ in 0..ITERATIONS {
            let working: Vec<f64> = means.iter().zip(weights).map(|(mu, weight)| mu * weight).collect();
            let mut cross = vec![0.0; k * k];
            let mut right = vec![0.0; k];
            for at in 0..n {
                let (row, weight) = (self.row(at), working[at]);
                let target = linear[at] + (self.counts[at] - means[at]) / means[at];
                for &i in &filled[at] {
                    let scaled = row[i] * weight;
                    right[i] += scaled * target;
                    for &j in &filled[at] {
                        cross[i * k + j] += scaled * row[j];
                    }
                }
            }
            let (covariance, rank) = invert(&cross, k);
            let coefficients: Vec<f64> = (0..k).map(|i| dot(&covariance[i * k..(i + 1) * k], &right)).collect();
            for at in 0..n {
                linear[at] = dot(self.row(at), &coefficients);
                means[at] = linear[at].exp();
            }
            let now = deviance(&means);
            if !now.is_finite() || coefficients.iter().any(|value| !value.is_finite()) {
                return None;
            }
            let settled = (now - before).abs() / (now.abs() + 0.1) < SETTLED;
            before = now;
            fit = Some((coefficients, covariance, working, rank, settled));
            if settled {
                break;
            }
        }
        let (coefficients, covariance, working, rank, settled) = fit?;
        let leverages = (0..n).map(|at| working[at] * quadratic(&covariance, self.row(at))).collect();
        Some(Fit {
            coefficients,
            means,
            weights: weights.to_vec(),
            covariance,
            leverages,
            working,
            rank,
            settled,
            counts: self.counts.to_vec(),
        })
    }
}

impl Fit {
    /// Observations less parameters.
    pub(super) fn freedom(&self) -> f64 {
        self.counts.len() as f64 - self.rank as f64
    }

    /// Pearson dispersion Σ w(y − mu)²/mu / (n − k), at least 0; as the sum of squared working residuals, so W in place
    /// of w·mu.
    pub(super) fn pearson(&self) -> f64 {
        let terms = self.counts.iter().zip(&self.means).zip(&self.working);
        terms.map(|((y, mu), weight)| weight * ((y - mu) / mu).powi(2)).sum::<f64>() / self.freedom()
    }

    /// Σ w((y − mu)/mu)² / (n − k): the Pearson sum with prior in place of working weights.
    pub(super) fn prior_weight_dispersion(&self) -> f64 {
        let terms = self.counts.iter().zip(&self.means).zip(&self.weights);
        terms.map(|((y, mu), weight)| weight * ((y - mu) / mu).powi(2)).sum::<f64>() / self.freedom()
    }

    /// Standardised Anscombe residuals 1.5(y^⅔·mu^(−1/6) − √mu)/√(phi(1 − h)).
    pub(super) fn anscombe(&self, phi: f64) -> Vec<f64> {
        let parts = self.counts.iter().zip(&self.means).zip(&self.leverages);
        parts
            .map(|((y, mu), leverage)| {
                1.5 * ((y * y).cbrt() * mu.powf(-1.0 / 6.0) - mu.sqrt()) / (phi * (1.0 - leverage)).sqrt()
            })
            .collect()
    }

    /// Linear predictor, and the square of its standard error under dispersion 1, at a row of regressors.
    pub(super) fn predict(&self, row: &[f64]) -> (f64, f64) {
        (dot(row, &self.coefficients), quadratic(&self.covariance, row))
    }

    /// Two-sided p-value (t law) of a coefficient being 0, with a given dispersion.
    pub(super) fn p_value(&self, column: usize, dispersion: f64) -> f64 {
        let k = self.coefficients.len();
        let se = (self.covariance[column * k + column] * dispersion).sqrt();
        2.0 * StudentT { df: self.freedom() }.sf((self.coefficients[column] / se).abs())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn quadratic(matrix: &[f64], row: &[f64]) -> f64 {
    let k = row.len();
    (0..k).filter(|i| row[*i] != 0.0).map(|i| row[i] * dot(&matrix[i * k..(i + 1) * k], row)).sum()
}

/// Inverse of a positive semidefinite matrix, and its rank, by Gauss-Jordan sweeps in order on the matrix scaled to a
/// unit diagonal. A row that is a combination of rows before it becomes 0.
fn invert(matrix: &[f64], k: usize) -> (Vec<f64>, usize) {
    let scale: Vec<f64> = (0..k).map(|i| matrix[i * k + i].sqrt()).collect();
    let mut a: Vec<f64> = (0..k * k)
        .map(|at| {
            let by = scale[at / k] * scale[at % k];
            if by > 0.0 { matrix[at] / by } else { 0.0 }
        })
        .collect();
    let mut swept = vec![false; k];
    for pivot in 0..k {
        let value = a[pivot * k + pivot];
        if value.is_nan() || value <= COLLINEAR {
            continue;
        }
        swept[pivot] = true;
        for i in (0..k).filter(|i| *i != pivot) {
            for j in (0..k).filter(|j| *j != pivot) {
                a[i * k + j] -= a[i * k + pivot] * a[pivot * k + j] / value;
            }
        }
        for i in (0..k).filter(|i| *i != pivot) {
            a[i * k + pivot] /= -value;
            a[pivot * k + i] /= value;
        }
        a[pivot * k + pivot] = 1.0 / value;
    }
    // Swept columns carry the sign of the sweep: the inverse is where both row and column were swept.
    let inverse = (0..k * k)
        .map(|at| {
            let (i, j) = (at / k, at % k);
            if swept[i] && swept[j] { a[at] / (scale[i] * scale[j]) } else { 0.0 }
        })
        .collect();
    (inverse, swept.iter().filter(|swept| **swept).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()), "{a} {b}");
    }

    #[test]
    fn two_groups_are_fitted_by_their_means() {
        let rows = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        let problem = Problem { counts: &[1.0, 2.0, 3.0, 6.0, 10.0], rows: &rows, columns: 2 };
        let fit = problem.fit(&[1.0; 5]).unwrap();
        assert!(fit.settled && fit.rank == 2);
        near(fit.coefficients[0].exp(), 2.0);
        near(fit.coefficients[1].exp(), 4.0);
        near(fit.pearson(), (2.0 / 2.0 + 8.0 / 8.0) / 3.0);
        near(fit.leverages.iter().sum(), 2.0);
        near(fit.leverages[4], 0.5);
        // Var ln mean = 1/(sum of the counts of the group).
        near(fit.predict(&[1.0, 0.0]).1, 1.0 / 6.0);
        near(fit.predict(&[1.0, 1.0]).1, 1.0 / 16.0);
        // Standardised residual of the count 10 with mean 8.
        let residual = 1.5 * (100.0_f64.cbrt() / 8.0_f64.powf(1.0 / 6.0) - 8.0_f64.sqrt()) / 0.5_f64.sqrt();
        near(fit.anscombe(1.0)[4], residual);
    }

    #[test]
    fn weights_count_like_repeated_observations() {
        let once = Problem { counts: &[1.0, 4.0], rows: &[1.0, 1.0], columns: 1 }.fit(&[3.0, 1.0]).unwrap();
        let often = Problem { counts: &[1.0, 1.0, 1.0, 4.0], rows: &[1.0; 4], columns: 1 }.fit(&[1.0; 4]).unwrap();
        near(once.coefficients[0], often.coefficients[0]);
        near(once.predict(&[1.0]).1, often.predict(&[1.0]).1);
    }

    #[test]
    fn a_combined_column_is_left_out() {
        let rows = [1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 1.0, 2.0, 4.0, 1.0, 3.0, 6.0];
        let fit = Problem { counts: &[1.0, 3.0, 4.0, 9.0], rows: &rows, columns: 3 }.fit(&[1.0; 4]).unwrap();
        assert_eq!(fit.rank, 2);
        assert!(fit.coefficients[2].abs() < 1e-300 && fit.coefficients[1] > 0.4);
    }

    #[test]
    fn zeros_alone_go_to_a_mean_of_zero() {
        let fit = Problem { counts: &[0.0; 30], rows: &[1.0; 30], columns: 1 }.fit(&[1.0; 30]).unwrap();
        assert!(fit.coefficients[0] < -15.0 && fit.means[0] < 1e-6);
    }

    #[test]
    fn a_trend_is_found_with_its_p_value() {
        let counts: Vec<f64> = (0..40).map(|at| f64::from(5 + at / 2 + at % 3)).collect();
        let rows: Vec<f64> = (0..40).flat_map(|at| [1.0, f64::from(at)]).collect();
        let fit = Problem { counts: &counts, rows: &rows, columns: 2 }.fit(&[1.0; 40]).unwrap();
        assert!(fit.p_value(1, 1.0) < 1e-6);
        let flat: Vec<f64> = (0..40).map(|at| f64::from(5 + at % 3)).collect();
        let fit = Problem { counts: &flat, rows: &rows, columns: 2 }.fit(&[1.0; 40]).unwrap();
        assert!(fit.p_value(1, 1.0) > 0.5);
    }
}
