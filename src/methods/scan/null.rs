//! What the counts would be without any cluster: the laws that replicas are drawn from.

use numeric::draw::{Alias, Draw};
use numeric::multinomial::multinomial;

/// A law of the counts of all cells, cell = location × periods + period.
#[derive(Debug, Clone)]
pub enum Null {
    /// A fixed total, spread over the cells by their shares (multinomial).
    Multinomial {
        /// The total.
        total: u64,
        /// Share of each cell.
        shares: Vec<f64>,
        /// The same for single draws; none when the total is large or no share is above zero.
        table: Option<Alias>,
    },
    /// Each cell Poisson with its own mean.
    Poisson(Vec<f64>),
    /// A total that is negative binomial (an infinite size: Poisson), spread over the cells by their shares: all cells share what is not
    /// known of the common rate. Cheap where few cases fall on many cells.
    Scattered {
        /// Mean of the total.
        mean: f64,
        /// Size of its law: variance mean + mean²/size.
        size: f64,
        /// A total beyond is cut to it; its probability is below 1e-20.
        most: f64,
        /// Share of each cell.
        shares: Vec<f64>,
        /// The same for single draws.
        table: Alias,
    },
    /// Each cell negative binomial with its own mean and size (variance mean + mean²/size).
    NegativeBinomial(Vec<(f64, f64)>),
    /// Row and column totals fixed, otherwise at random: times of cases shuffled over their places (Kulldorff 2005).
    Permutation {
        /// Cases of each location.
        rows: Vec<u64>,
        /// Cases of each period.
        columns: Vec<u64>,
    },
    /// The sum of several laws, one for each category of cases.
    Sum(Vec<Self>),
    /// Cases a random sample of all persons, without replacement (one period only).
    Hypergeometric {
        /// Cases.
        total: u64,
        /// Persons of each location, cases among them.
        population: Vec<u64>,
    },
}

impl Null {
    /// A multinomial of a total with weights ≥ 0 (not necessarily of sum 1).
    pub fn multinomial(total: u64, weights: &[f64]) -> Self {
        let sum: f64 = weights.iter().sum();
        if sum.is_nan() || sum <= 0.0 {
            return Self::Multinomial { total: 0, shares: vec![0.0; weights.len()], table: None };
        }
        let table = Alias::suits(total as f64, weights.len()).then(|| Alias::new(weights));
        Self::Multinomial { total, shares: weights.iter().map(|weight| weight / sum).collect(), table }
    }

    /// Means of all cells, and the size of their total's law (infinite: every cell is an independent Poisson). `None` when nothing is
    /// expected, or a number is none.
    pub fn scattered(means: &[f64], size: f64) -> Option<Self> {
        let mean: f64 = means.iter().sum();
        if !(mean.is_finite() && mean > 0.0 && size > 0.0 && means.iter().all(|mean| *mean >= 0.0)) {
            return None;
        }
        let shares: Vec<f64> = means.iter().map(|part| part / mean).collect();
        let most = (mean + 60.0 * (1.0 + mean / size) + 20.0 * mean.sqrt() + 200.0).ceil();
        let table = Alias::new(&shares);
        Some(Self::Scattered { mean, size, most, shares, table })
    }

    /// The permutation law with the row and column totals of a table.
    pub fn permutation(counts: &[u64], periods: usize) -> Self {
        let periods = periods.max(1);
        let rows = counts.chunks(periods).map(|row| row.iter().sum()).collect();
        let columns = (0..periods).map(|at| counts.iter().skip(at).step_by(periods).sum()).collect();
        Self::Permutation { rows, columns }
    }

    /// Mean of the total of a replica; none where it is not at hand.
    pub(super) fn mean(&self) -> Option<f64> {
        match self {
            Self::Multinomial { total, .. } => Some(*total as f64),
            Self::Poisson(means) => Some(means.iter().sum()),
            Self::Scattered { mean, .. } => Some(*mean),
            _ => None,
        }
    }

    /// A total that no replica exceeds (a Poisson one with probability below 1e-80); infinite when there is none.
    pub(super) fn most(&self) -> f64 {
        match self {
            Self::Multinomial { total, .. } | Self::Hypergeometric { total, .. } => *total as f64,
            Self::Permutation { columns, .. } => columns.iter().sum::<u64>() as f64,
            Self::Poisson(means) => {
                let mean: f64 = means.iter().sum();
                mean + 20.0 * mean.sqrt() + 200.0
            }
            Self::Scattered { most, .. } => *most,
            Self::NegativeBinomial(_) => f64::INFINITY,
            Self::Sum(parts) => parts.iter().map(Self::most).sum(),
        }
    }

    /// Draws the cell of each case of one replica, in the order of cells: those that [`Null::draw`] draws, where it draws them one by one.
    /// False where it does not.
    pub(super) fn draw_cases(&self, draw: &mut Draw, cases: &mut Vec<u32>) -> bool {
        let (total, table) = match self {
            Self::Multinomial { total, table: Some(table), .. } => (*total as f64, table),
            Self::Scattered { mean, size, most, shares, table } => {
                let total = draw.negative_binomial(*mean, *size).min(*most);
                if !Alias::suits(total, shares.len()) {
                    return false;
                }
                (total, table)
            }
            _ => return false,
        };
        cases.clear();
        table.each(draw, total, |cell| cases.push(u32::try_from(cell).unwrap_or(u32::MAX)));
        cases.sort_unstable();
        true
    }

    /// Draws all cells of one replica. `pool` is scratch space.
    pub(super) fn draw(&self, draw: &mut Draw, pool: &mut Vec<u32>, cells: &mut [f64]) {
        match self {
            Self::Multinomial { total, shares: _, table: Some(table) } => {
                cells.fill(0.0);
                table.each(draw, *total as f64, |cell| cells[cell] += 1.0);
            }
            Self::Multinomial { total, shares, table: None } => {
                let (mut left, mut share_left) = (*total as f64, 1.0);
                let last = shares.iter().rposition(|&share| share > 0.0);
                for (at, (cell, &share)) in cells.iter_mut().zip(shares).enumerate() {
                    *cell = if Some(at) == last {
                        left
                    } else if left > 0.0 && share > 0.0 {
                        draw.binomial(left, (share / share_left).clamp(0.0, 1.0))
                    } else {
                        0.0
                    };
                    left -= *cell;
                    share_left -= share;
                }
            }
            Self::Poisson(means) => cells.iter_mut().zip(means).for_each(|(cell, &mean)| *cell = draw.poisson(mean)),
            Self::Scattered { mean, size, most, shares, table } => {
                let total = draw.negative_binomial(*mean, *size).min(*most);
                if Alias::suits(total, shares.len()) {
                    cells.fill(0.0);
                    table.each(draw, total, |cell| cells[cell] += 1.0);
                } else {
                    multinomial(draw, total, shares, cells);
                }
            }
            Self::NegativeBinomial(laws) => {
                let each = cells.iter_mut().zip(laws);
                each.for_each(|(cell, &(mean, size))| *cell = draw.negative_binomial(mean, size));
            }
            Self::Sum(parts) => {
                let mut part = vec![0.0; cells.len()];
                cells.fill(0.0);
                for law in parts {
                    law.draw(draw, pool, &mut part);
                    cells.iter_mut().zip(&part).for_each(|(cell, part)| *cell += part);
                }
            }
            Self::Permutation { rows, columns } => permute(rows, columns, draw, pool, cells),
            Self::Hypergeometric { total, population } => {
                let (mut cases, mut persons) = (*total as f64, population.iter().sum::<u64>() as f64);
                for (cell, &here) in cells.iter_mut().zip(population) {
                    let here = here as f64;
                    persons -= here;
                    *cell = draw.hypergeometric(here, persons, cases);
                    cases -= *cell;
                }
            }
        }
    }
}

/// A table with given margins: by shuffling the cases while they are few, else row by row, hypergeometric.
fn permute(rows: &[u64], columns: &[u64], draw: &mut Draw, pool: &mut Vec<u32>, cells: &mut [f64]) {
    let periods = columns.len();
    let total: u64 = columns.iter().sum();
    if total <= 20 * cells.len() as u64 {
        pool.clear();
        for (period, &count) in (0_u32..).zip(columns) {
            pool.extend((0..count).map(|_| period));
        }
        draw.shuffle(pool);
        cells.fill(0.0);
        let mut rest = &pool[..];
        for (row, &count) in cells.chunks_exact_mut(periods).zip(rows) {
            let (here, after) = rest.split_at(usize::try_from(count).unwrap_or(usize::MAX).min(rest.len()));
            for &period in here {
                row[period as usize] += 1.0;
            }
            rest = after;
        }
        return;
    }
    let mut left: Vec<f64> = columns.iter().map(|&count| count as f64).collect();
    let mut all = total as f64;
    for (row, &count) in cells.chunks_exact_mut(periods).zip(rows) {
        let (mut here, mut others) = (count as f64, all);
        for (cell, column) in row.iter_mut().zip(&mut left) {
            others -= *column;
            *cell = draw.hypergeometric(*column, others, here);
            here -= *cell;
            *column -= *cell;
        }
        all -= count as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(null: &Null, cells: usize, n: u64) -> Vec<Vec<f64>> {
        let mut pool = Vec::new();
        let one = |at| {
            let mut out = vec![f64::NAN; cells];
            null.draw(&mut Draw::at(5, at), &mut pool, &mut out);
            out
        };
        (0..n).map(one).collect()
    }

    fn mean(draws: &[Vec<f64>], cell: usize) -> f64 {
        draws.iter().map(|draw| draw[cell]).sum::<f64>() / draws.len() as f64
    }

    #[test]
    fn a_multinomial_keeps_its_total_few_or_many() {
        for total in [3, 20_000] {
            let all = draws(&Null::multinomial(total, &[1.0, 0.0, 3.0, 0.0]), 4, 4000);
            assert!(
                all.iter().all(|one| (one.iter().sum::<f64>() - total as f64).abs() < 1e-9 && one[1] + one[3] < 1e-9)
            );
            let expected = total as f64 / 4.0;
            assert!((mean(&all, 0) - expected).abs() < 5.0 * (expected * 0.75 / 4000.0).sqrt());
        }
        assert_eq!(draws(&Null::multinomial(9, &[0.0, 0.0]), 2, 1), [[0.0, 0.0]], "nowhere to fall");
    }

    #[test]
    fn a_scattered_total_has_its_mean_its_variance_and_its_shares() {
        for (scale, size) in [(0.5, f64::INFINITY), (0.5, 2.0), (500.0, 4.0)] {
            let null = Null::scattered(&[scale, 0.0, 3.0 * scale], size).expect("something is expected");
            let all = draws(&null, 3, 20_000);
            let totals: Vec<f64> = all.iter().map(|one| one.iter().sum()).collect();
            let mean = totals.iter().sum::<f64>() / 2e4;
            let variance = totals.iter().map(|total| (total - mean).powi(2)).sum::<f64>() / 2e4;
            let (expected, spread) = (4.0 * scale, 4.0 * scale + (4.0 * scale).powi(2) / size);
            assert!((mean - expected).abs() < 5.0 * (spread / 2e4).sqrt(), "{mean} {expected}");
            assert!((variance / spread - 1.0).abs() < 0.08, "{variance} {spread}");
            assert!((self::mean(&all, 0) / mean - 0.25).abs() < 0.02 && self::mean(&all, 1) == 0.0);
        }
        assert!(Null::scattered(&[0.0, 0.0], 1.0).is_none() && Null::scattered(&[1.0, f64::NAN], 1.0).is_none());
    }

    #[test]
    fn a_permutation_keeps_its_margins_few_or_many() {
        for scale in [1, 5000] {
            let counts: Vec<u64> = [3, 0, 1, 2, 4, 0].iter().map(|count| count * scale).collect();
            let all = draws(&Null::permutation(&counts, 3), 6, 2000);
            let scale = scale as f64;
            for one in &all {
                assert!((one[..3].iter().sum::<f64>() - 4.0 * scale).abs() < 1e-9);
                for (at, column) in [5.0, 4.0, 1.0].into_iter().enumerate() {
                    assert!((one[at] + one[at + 3] - column * scale).abs() < 1e-9);
                }
            }
            assert!((mean(&all, 0) / (2.0 * scale) - 1.0).abs() < 0.05, "4·5/10 = 2");
        }
    }

    #[test]
    fn a_sum_keeps_the_margins_of_each_part() {
        // The parts share no place: each keeps its own cases.
        let parts = [[5, 1, 0, 0], [0, 0, 2, 4]].map(|counts| Null::permutation(&counts, 2));
        for one in draws(&Null::Sum(parts.to_vec()), 4, 50) {
            assert!((one[0] - 5.0).abs() < 1e-9 && (one[3] - 4.0).abs() < 1e-9, "{one:?}");
        }
    }

    #[test]
    fn a_hypergeometric_never_has_more_cases_than_persons() {
        let all = draws(&Null::Hypergeometric { total: 6, population: vec![2, 0, 7] }, 3, 3000);
        assert!(all.iter().all(|one| one[0] <= 2.0 && one[1] < 1e-9 && (one.iter().sum::<f64>() - 6.0).abs() < 1e-9));
        assert!((mean(&all, 0) - 12.0 / 9.0).abs() < 0.06);
    }
}
