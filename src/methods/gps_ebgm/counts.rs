//! From reports to pairs: how many reports name both, and how many were to be expected, over all or within strata.
//!
//! In: rows (report, first, second, stratum) of positions, a report on as many rows as it names pairs. Out: one entry
//! per pair with its count of *distinct* reports and its expectation. Not here: labels, the prior.

/// One row of the input, all by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// Which report.
    pub report: usize,
    /// The product or brand it names.
    pub first: usize,
    /// The hazard it names.
    pub second: usize,
    /// The stratum it belongs to; all alike without strata.
    pub stratum: usize,
}

/// One pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairCount {
    /// Position of the product or brand.
    pub first: usize,
    /// Position of the hazard.
    pub second: usize,
    /// Distinct reports that name both.
    pub count: u64,
    /// Expected count: Σ over strata of (reports with first) × (reports with second) / reports.
    pub expected: f64,
    /// Proportional reporting ratio over all strata together; infinite when no other product has the hazard, NaN when
    /// there is no other product.
    pub reporting_ratio: f64,
}

impl PairCount {
    /// Relative reporting ratio: count / expected; NaN for 0/0.
    pub fn relative_ratio(&self) -> f64 {
        self.count as f64 / self.expected
    }
}

/// Counts pairs. They come in the order of first mention; with `zeroes`, pairs that could have been reported and were
/// not follow, by first and second. With strata, a report counts in every stratum that it is filed under.
pub fn count_pairs(mentions: &[Mention], zeroes: bool) -> Vec<PairCount> {
    let total = distinct(mentions.iter().map(|mention| (mention.report, 0))).len() as u64;
    let firsts = by_position(mentions.iter().map(|mention| (mention.first, mention.report)));
    let seconds = by_position(mentions.iter().map(|mention| (mention.second, mention.report)));
    let strata = by_position(mentions.iter().map(|mention| (mention.stratum, mention.report)));
    let first_strata = by_stratum(firsts.len(), mentions, |mention| mention.first);
    let second_strata = by_stratum(seconds.len(), mentions, |mention| mention.second);

    let pair = |first: usize, second: usize, count: u64| {
        let others = (seconds[second] - count) as f64 / (total - firsts[first]) as f64;
        PairCount {
            first,
            second,
            count,
            expected: expected(&first_strata[first], &second_strata[second], &strata),
            reporting_ratio: count as f64 / firsts[first] as f64 / others,
        }
    };
    let mut rows: Vec<(usize, usize, usize, usize)> = mentions
        .iter()
        .enumerate()
        .map(|(row, mention)| (mention.first, mention.second, mention.report, row))
        .collect();
    rows.sort_unstable();
    let mut pairs = Vec::new();
    for rows in rows.chunk_by(|left, right| (left.0, left.1) == (right.0, right.1)) {
        let reports = rows.chunk_by(|left, right| left.2 == right.2).count() as u64;
        let row = rows.iter().map(|row| row.3).min().unwrap_or_default();
        pairs.push((row, pair(rows[0].0, rows[0].1, reports)));
    }
    if zeroes {
        let mut known = pairs.iter().map(|(_, pair)| (pair.first, pair.second)).peekable();
        let mut unseen = Vec::new();
        for first in 0..firsts.len() {
            for second in 0..seconds.len() {
                if known.next_if_eq(&(first, second)).is_none() {
                    unseen.push((usize::MAX, pair(first, second, 0)));
                }
            }
        }
        pairs.extend(unseen);
    }
    pairs.sort_by_key(|(row, _)| *row);
    pairs.into_iter().map(|(_, pair)| pair).collect()
}

/// Sorted, each once.
fn distinct(keys: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    let mut keys: Vec<_> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Distinct reports of each position.
fn by_position(keys: impl Iterator<Item = (usize, usize)>) -> Vec<u64> {
    let keys = distinct(keys);
    let mut counts = vec![0; keys.last().map_or(0, |(position, _)| position + 1)];
    for (position, _) in keys {
        counts[position] += 1;
    }
    counts
}

/// Distinct reports of each position in each of its strata, by stratum.
fn by_stratum(positions: usize, mentions: &[Mention], of: fn(&Mention) -> usize) -> Vec<Vec<(usize, u64)>> {
    let mut keys: Vec<_> = mentions.iter().map(|mention| (of(mention), mention.stratum, mention.report)).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut counts = vec![Vec::new(); positions];
    for reports in keys.chunk_by(|left, right| (left.0, left.1) == (right.0, right.1)) {
        counts[reports[0].0].push((reports[0].1, reports.len() as u64));
    }
    counts
}

/// Σ over common strata of first × second / reports of the stratum.
fn expected(first: &[(usize, u64)], second: &[(usize, u64)], strata: &[u64]) -> f64 {
    let mut seconds = second.iter().peekable();
    let mut sum = 0.0;
    for &(stratum, count) in first {
        while seconds.next_if(|(other, _)| *other < stratum).is_some() {}
        if let Some((_, other)) = seconds.next_if(|(other, _)| *other == stratum) {
            sum += count as f64 * *other as f64 / strata[stratum] as f64;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(report: usize, first: usize, second: usize, stratum: usize) -> Mention {
        Mention { report, first, second, stratum }
    }

    #[test]
    fn reports_are_counted_once_however_often_they_name_a_pair() {
        let mentions =
            [mention(0, 1, 0, 0), mention(0, 1, 0, 0), mention(1, 1, 0, 0), mention(1, 0, 1, 0), mention(2, 0, 0, 0)];
        let pairs = count_pairs(&mentions, false);
        let seen: Vec<_> = pairs.iter().map(|pair| (pair.first, pair.second, pair.count)).collect();
        assert_eq!(seen, [(1, 0, 2), (0, 1, 1), (0, 0, 1)]);
        // Reports: first 1 in two of three, second 0 in three of three.
        assert!((pairs[0].expected - 2.0).abs() < 1e-15);
        assert!((pairs[0].reporting_ratio - (2.0 / 2.0) / (1.0 / 1.0)).abs() < 1e-15);
        assert!(pairs[1].reporting_ratio.is_infinite());
        assert!((pairs[1].relative_ratio() - 1.5).abs() < 1e-15);
    }

    #[test]
    fn strata_add_their_own_expectations() {
        // Stratum 0: 4 reports, 2 with first 0, 1 with second 0. Stratum 3: 2 reports, 1 and 2.
        let mentions = [
            mention(0, 0, 0, 0),
            mention(1, 0, 1, 0),
            mention(2, 1, 1, 0),
            mention(3, 1, 1, 0),
            mention(4, 0, 0, 3),
            mention(5, 1, 0, 3),
        ];
        let pairs = count_pairs(&mentions, false);
        assert!((pairs[0].expected - (2.0 * 1.0 / 4.0 + 1.0 * 2.0 / 2.0)).abs() < 1e-15);
        assert!((pairs[1].expected - 2.0 * 3.0 / 4.0).abs() < 1e-15);
    }

    #[test]
    fn pairs_without_reports_follow_on_demand() {
        let pairs = count_pairs(&[mention(0, 0, 0, 0), mention(1, 1, 1, 0)], true);
        let seen: Vec<_> = pairs.iter().map(|pair| (pair.first, pair.second, pair.count)).collect();
        assert_eq!(seen, [(0, 0, 1), (1, 1, 1), (0, 1, 0), (1, 0, 0)]);
        assert!((pairs[2].expected - 0.5).abs() < 1e-15 && pairs[2].reporting_ratio.abs() < 1e-300);
    }

    #[test]
    fn nothing_and_one_product_are_defined() {
        assert!(count_pairs(&[], true).is_empty());
        let alone = count_pairs(&[mention(0, 0, 0, 0)], false);
        assert!(alone[0].reporting_ratio.is_nan() && (alone[0].expected - 1.0).abs() < 1e-15);
    }
}
