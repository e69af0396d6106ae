//! Counts of pairs (product × hazard, brand × hazard) with both margins: what the methods of disproportionality start
//! from.
//!
//! In: pairs of positions with counts, in any order, a pair as often as it likes. Out: one cell per pair in the order
//! of first appearance, and the totals of rows and columns. Not here: any statistic.

use std::collections::HashMap;

use super::{Columns, MethodError};

/// The largest total that a float still counts exactly.
const LARGEST_TOTAL: u64 = 1 << 53;

/// One pair and its count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairCell {
    /// Position of the row (product, brand).
    pub row: usize,
    /// Position of the column (hazard).
    pub column: usize,
    /// Reports that name both.
    pub count: u64,
}

/// A table of pairs: its cells, and the margins over all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PairTable {
    /// The pairs that occur, in the order of first appearance; a count may be 0.
    pub cells: Vec<PairCell>,
    /// Total of each row.
    pub rows: Vec<u64>,
    /// Total of each column.
    pub columns: Vec<u64>,
    /// Total of all.
    pub total: u64,
}

impl PairTable {
    /// Sums up pairs (row, column, count). The table is as large as the largest positions; sums stop at 2⁶⁴−1.
    pub fn new(pairs: impl IntoIterator<Item = (usize, usize, u64)>) -> Self {
        let mut table = Self::default();
        let mut at: HashMap<(usize, usize), usize> = HashMap::new();
        for (row, column, count) in pairs {
            let cell = *at.entry((row, column)).or_insert_with(|| {
                table.cells.push(PairCell { row, column, count: 0 });
                table.cells.len() - 1
            });
            add(&mut table.cells[cell].count, count);
            table.rows.resize(table.rows.len().max(row + 1), 0);
            table.columns.resize(table.columns.len().max(column + 1), 0);
            add(&mut table.rows[row], count);
            add(&mut table.columns[column], count);
            add(&mut table.total, count);
        }
        table
    }

    /// Count expected in a cell when rows and columns are independent: row total × column total / total; 0 for an empty
    /// table.
    ///
    /// # Panics
    /// When the row or column is not in the table.
    pub fn expected(&self, row: usize, column: usize) -> f64 {
        if self.total == 0 { 0.0 } else { self.rows[row] as f64 * self.columns[column] as f64 / self.total as f64 }
    }
}

fn add(sum: &mut u64, count: u64) {
    *sum = sum.saturating_add(count);
}

/// Words by position, in the order of first appearance.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels<'a> {
    at: HashMap<&'a str, usize>,
    words: Vec<&'a str>,
}

impl<'a> Labels<'a> {
    /// The position of a word, a new one when it is new.
    pub(super) fn position(&mut self, word: &'a str) -> usize {
        *self.at.entry(word).or_insert_with(|| {
            self.words.push(word);
            self.words.len() - 1
        })
    }

    /// The words.
    pub(super) fn words(&self) -> &[&'a str] {
        &self.words
    }
}

/// Reads the columns `product`, `hazard` and `n11`.
///
/// # Errors
/// When a column is missing, a count is no count, or the total is beyond 2⁵³.
pub(super) fn read(input: &Columns) -> Result<(Labels<'_>, Labels<'_>, PairTable), MethodError> {
    let (products, hazards, counts) = (input.words("product")?, input.words("hazard")?, input.counts("n11")?);
    let (mut rows, mut columns) = (Labels::default(), Labels::default());
    let pairs = products.iter().zip(&hazards).zip(&counts);
    let table =
        PairTable::new(pairs.map(|((row, column), &count)| (rows.position(row), columns.position(column), count)));
    if table.total > LARGEST_TOTAL {
        return Err(input.error(None, format!("`n11` sums to {}, beyond 2^53, where counts are exact", table.total)));
    }
    Ok((rows, columns, table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_summed_in_order_with_complete_margins() {
        let table = PairTable::new([(0, 1, 4), (1, 0, 2), (0, 1, 1), (0, 0, 0), (2, 1, 3)]);
        let counts: Vec<_> = table.cells.iter().map(|cell| (cell.row, cell.column, cell.count)).collect();
        assert_eq!(counts, [(0, 1, 5), (1, 0, 2), (0, 0, 0), (2, 1, 3)]);
        assert_eq!(
            (table.rows.as_slice(), table.columns.as_slice(), table.total),
            ([5, 2, 3].as_slice(), [2, 8].as_slice(), 10)
        );
        assert!((table.expected(0, 1) - 4.0).abs() < 1e-15);
    }

    #[test]
    fn an_empty_table_expects_nothing() {
        assert_eq!(PairTable::new([]), PairTable::default());
        assert!(PairTable::new([(0, 0, 0)]).expected(0, 0).abs() < 1e-300);
    }

    #[test]
    fn sums_saturate_instead_of_overflowing() {
        assert_eq!(PairTable::new([(0, 0, u64::MAX), (0, 0, 5)]).total, u64::MAX);
    }

    #[test]
    fn totals_beyond_exact_floats_are_refused() {
        let input = Columns::read("input", "product,hazard,n11\na,x,8000000000000000\nb,x,8000000000000000\n").unwrap();
        assert!(read(&input).unwrap_err().to_string().contains("2^53"));
    }
}
