//! Logistic regression with an L2 penalty by dual coordinate descent (Yu, Huang, Lin 2011): fixed order, fixed seed, no threads.

/// Sparse rows: features of row `i` are `features[starts[i]..starts[i + 1]]`, each with its value.
#[derive(Debug, Default)]
pub(super) struct Rows {
    starts: Vec<usize>,
    features: Vec<(u32, f32)>,
    width: usize,
}

impl Rows {
    pub(super) fn new(width: usize) -> Self {
        Self { starts: vec![0], features: Vec::new(), width }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: impl IntoIterator<Item = (u32, f32)>) {
        self.features.extend(row);
        self.starts.push(self.features.len());
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    fn row(&self, at: usize) -> &[(u32, f32)] {
        &self.features[self.starts[at]..self.starts[at + 1]]
    }

    /// The weighted sum of a row.
    pub(super) fn score(&self, at: usize, weights: &[f64]) -> f64 {
        self.row(at).iter().map(|(feature, value)| weights[*feature as usize] * f64::from(*value)).sum()
    }
}

/// Passes over the rows at most.
const PASSES_MAX: usize = 60;
/// Done when no dual step of a pass would be larger.
const ENOUGH: f64 = 0.02;
/// Seed of the order of rows.
const SEED: u64 = 20_261_121;

/// Weights that separate `yes` from the other rows in `picked`. `strength` is the weight of a row against the penalty;
/// `extra` multiplies it by row.
pub(super) fn fit(
    rows: &Rows,
    picked: &[usize],
    yes: impl Fn(usize) -> bool,
    strength: f64,
    extra: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let mut weights = vec![0.0; rows.width];
    // Of each row: the smaller dual variable of its sign, and of the other.
    let mut duals: Vec<[f64; 2]> = Vec::with_capacity(picked.len());
    let squares: Vec<f64> =
        picked.iter().map(|row| rows.row(*row).iter().map(|(_, value)| f64::from(*value).powi(2)).sum()).collect();
    for row in picked {
        let most = strength * extra(*row);
        let first = (0.001 * most).min(1e-8);
        duals.push([first, most - first]);
        step(&mut weights, rows.row(*row), first * sign(yes(*row)));
    }
    let mut order: Vec<usize> = (0..picked.len()).collect();
    let mut state = SEED;
    for _ in 0..PASSES_MAX {
        for at in (1..order.len()).rev() {
            order.swap(at, crate::reader::tally::below(&mut state, at + 1));
        }
        let mut largest = 0.0_f64;
        for at in &order {
            let row = picked[*at];
            let sign = sign(yes(row));
            let most = duals[*at][0] + duals[*at][1];
            let square = squares[*at];
            let margin = sign * rows.score(row, &weights);
            let (one, other, side) =
                if 0.5 * square * (duals[*at][1] - duals[*at][0]) + margin < 0.0 { (1, 0, -1.0) } else { (0, 1, 1.0) };
            let old = duals[*at][one];
            let mut new = old;
            if most - new < 0.5 * most {
                new *= 0.1;
            }
            let slope = |new: f64| square * (new - old) + side * margin + (new / (most - new)).ln();
            let mut gradient = slope(new);
            largest = largest.max(gradient.abs());
            let mut steps = 0;
            while gradient.abs() > 1e-3 && steps < 50 {
                let next = new - gradient / (square + most / (most - new) / new);
                new = if next <= 0.0 { new * 0.1 } else { next.min(most * (1.0 - 1e-12)) };
                gradient = slope(new);
                steps += 1;
            }
            if steps > 0 {
                duals[*at][one] = new;
                duals[*at][other] = most - new;
                step(&mut weights, rows.row(row), side * (new - old) * sign);
            }
        }
        if largest < ENOUGH {
            break;
        }
    }
    weights
}

fn sign(yes: bool) -> f64 {
    if yes { 1.0 } else { -1.0 }
}

fn step(weights: &mut [f64], row: &[(u32, f32)], by: f64) {
    for (feature, value) in row {
        weights[*feature as usize] += by * f64::from(*value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_gets_the_weight() {
        let mut rows = Rows::new(3);
        for at in 0..40_u32 {
            rows.push([(0, 1.0), (1 + at % 2, 1.0)]);
        }
        let all: Vec<usize> = (0..rows.len()).collect();
        let weights = fit(&rows, &all, |row| row % 2 == 0, 1.0, |_| 1.0);
        assert!(weights[1] > 1.0 && weights[2] < -1.0 && weights[0].abs() < 0.1, "{weights:?}");
        assert_eq!(weights, fit(&rows, &all, |row| row % 2 == 0, 1.0, |_| 1.0));
    }

    #[test]
    fn a_share_becomes_its_log_odds() {
        let mut rows = Rows::new(1);
        (0..400).for_each(|_| rows.push([(0, 1.0)]));
        let all: Vec<usize> = (0..rows.len()).collect();
        let weights = fit(&rows, &all, |row| row % 4 == 0, 10.0, |_| 1.0);
        assert!((weights[0] - (1.0_f64 / 3.0).ln()).abs() < 0.02, "{weights:?}");
    }
}
