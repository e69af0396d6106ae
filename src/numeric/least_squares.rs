//! Ordinary least squares by orthogonalisation, with linearly dependent columns left out.
//!
//! Source: Golub & Van Loan, "Matrix computations", §5.2 (Gram–Schmidt, done twice: as accurate as Householder's
//! method).

/// A fitted linear model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// One coefficient per column; `None` for a column that depends on those before it.
    pub coefficients: Vec<Option<f64>>,
    /// Independent columns.
    pub rank: usize,
    /// Residuals, one per row.
    pub residuals: Vec<f64>,
}

impl Fit {
    /// The linear predictor of a row; columns left out count as zero.
    pub fn predict(&self, row: &[f64]) -> f64 {
        self.coefficients.iter().zip(row).map(|(coefficient, x)| coefficient.unwrap_or(0.0) * x).sum()
    }

    /// Sum of squared residuals.
    pub fn residual_squares(&self) -> f64 {
        self.residuals.iter().map(|residual| residual * residual).sum()
    }
}

/// Fits `y` by the `columns`, each as long as `y`. A column of which less than 10⁻⁷ is left after the ones before it
/// counts as dependent.
pub fn least_squares(columns: &[Vec<f64>], y: &[f64]) -> Fit {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let subtract = |from: &mut [f64], factor: f64, what: &[f64]| {
        for (value, other) in from.iter_mut().zip(what) {
            *value -= factor * other;
        }
    };
    // Orthonormal columns, which column each came from, and the triangle: row k holds its products with later columns.
    let mut basis: Vec<(usize, Vec<f64>)> = Vec::new();
    let mut triangle: Vec<Vec<f64>> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let mut rest = column.clone();
        let mut products = vec![0.0; basis.len()];
        for _ in 0..2 {
            for (product, (_, known)) in products.iter_mut().zip(&basis) {
                let share = dot(known, &rest);
                *product += share;
                subtract(&mut rest, share, known);
            }
        }
        let length = dot(&rest, &rest).sqrt();
        if length.is_nan() || length <= 1e-7 * dot(column, column).sqrt() {
            continue;
        }
        for value in &mut rest {
            *value /= length;
        }
        products.push(length);
        triangle.push(products);
        basis.push((at, rest));
    }
    let mut residuals = y.to_vec();
    let mut solved = vec![0.0; basis.len()];
    for _ in 0..2 {
        for (product, (_, known)) in solved.iter_mut().zip(&basis) {
            let share = dot(known, &residuals);
            *product += share;
            subtract(&mut residuals, share, known);
        }
    }
    for k in (0..basis.len()).rev() {
        let later: f64 = (k + 1..basis.len()).map(|j| triangle[j][k] * solved[j]).sum();
        solved[k] = (solved[k] - later) / triangle[k][k];
    }
    let mut coefficients = vec![None; columns.len()];
    for ((at, _), value) in basis.iter().zip(&solved) {
        coefficients[*at] = Some(*value);
    }
    Fit { coefficients, rank: basis.len(), residuals }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_fitted_and_a_dependent_column_left_out() {
        let x = vec![1.0, 2.0, 3.0, 4.0];
        let columns = [vec![1.0; 4], x.clone(), x.iter().map(|x| 2.0 * x - 1.0).collect()];
        // Hand: y = 1, 3, 2, 6 on 1..4: slope 1.4, intercept −0.5.
        let fit = least_squares(&columns, &[1.0, 3.0, 2.0, 6.0]);
        assert!((fit.coefficients[0].expect("kept") + 0.5).abs() < 1e-13);
        assert!((fit.coefficients[1].expect("kept") - 1.4).abs() < 1e-13);
        assert!(fit.coefficients[2].is_none() && fit.rank == 2);
        assert!((fit.predict(&[1.0, 5.0, 99.0]) - 6.5).abs() < 1e-13);
        assert!((fit.residual_squares() - 4.2).abs() < 1e-12);
    }

    #[test]
    fn no_columns_and_no_rows_are_defined() {
        assert_eq!(least_squares(&[], &[2.0]).residuals, [2.0]);
        assert_eq!(least_squares(&[vec![]], &[]).rank, 0);
    }

    proptest! {
        #[test]
        fn residuals_are_orthogonal_to_every_column(values in proptest::collection::vec(-5.0..5.0_f64, 36)) {
            let columns: Vec<Vec<f64>> = values[..27].chunks(9).map(<[f64]>::to_vec).collect();
            let fit = least_squares(&columns, &values[27..]);
            for column in &columns {
                let product: f64 = column.iter().zip(&fit.residuals).map(|(a, b)| a * b).sum();
                prop_assert!(product.abs() < 1e-5);
            }
        }
    }
}
