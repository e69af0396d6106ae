//! How many to buy: the ordinary survey formulas. They are not the formulas of GB/T 38358 Annex A and are never called so.

/// Largest lot that is counted item by item; above it a lot is as good as endless.
const FINITE_LOT_MAX: u64 = 1_000_000;

/// Samples needed to find at least one bad item with probability `confidence` when the share `rate` of a large lot is bad:
/// `⌈ln(1−C)/ln(1−p)⌉`. None when either is not strictly between 0 and 1.
#[must_use]
pub fn detect_one(confidence: f64, rate: f64) -> Option<u32> {
    let n = ((1.0 - open_share(confidence)?).ln() / (1.0 - open_share(rate)?).ln()).ceil();
    whole(n)
}

/// The same for a lot of `lot` items: the smallest sample with hypergeometric `P(none bad) ≤ 1−C`. The bad items are `rate × lot`,
/// rounded (a half to even), at least one.
#[must_use]
pub fn detect_one_of(confidence: f64, rate: f64, lot: u64) -> Option<u32> {
    let (confidence, rate) = (open_share(confidence)?, open_share(rate)?);
    if lot == 0 || lot > FINITE_LOT_MAX {
        return if lot == 0 { None } else { detect_one(confidence, rate) };
    }
    let bad = (rate * lot as f64).round_ties_even().max(1.0);
    let good = lot as f64 - bad;
    let (mut none_bad, mut drawn) = (1.0, 0.0);
    while none_bad > 1.0 - confidence && drawn < lot as f64 {
        none_bad *= ((good - drawn) / (lot as f64 - drawn)).max(0.0);
        drawn += 1.0;
    }
    whole(drawn)
}

/// Samples needed to estimate a share near `share` to within `± margin` at the normal quantile `z` (1.96 for 95 %), from a large lot:
/// `⌈z²·p(1−p)/d²⌉`.
#[must_use]
pub fn estimate(z: f64, share: f64, margin: f64) -> Option<u32> {
    whole(endless(z, share, margin)?.ceil())
}

/// The same from a lot of `lot` items: `n₀ / (1 + (n₀−1)/N)`, rounded up.
#[must_use]
pub fn estimate_of(z: f64, share: f64, margin: f64, lot: u64) -> Option<u32> {
    let n = endless(z, share, margin)?;
    if lot == 0 {
        return None;
    }
    whole((n / (1.0 + (n - 1.0) / lot as f64)).ceil())
}

fn endless(z: f64, share: f64, margin: f64) -> Option<f64> {
    let (share, margin) = (open_share(share)?, open_share(margin)?);
    (z > 0.0).then(|| z * z * share * (1.0 - share) / (margin * margin))
}

fn open_share(value: f64) -> Option<f64> {
    (value > 0.0 && value < 1.0).then_some(value)
}

fn whole(n: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a count that fits")]
    (n.is_finite() && (0.0..=f64::from(u32::MAX)).contains(&n)).then_some(n as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [f64; 6] = [0.01, 0.02, 0.05, 0.10, 0.20, 0.30];

    #[test]
    fn finding_one_bad_item_takes_as_many_samples_as_the_table_says() {
        for (confidence, expected) in
            [(0.90, [230, 114, 45, 22, 11, 7]), (0.95, [299, 149, 59, 29, 14, 9]), (0.99, [459, 228, 90, 44, 21, 13])]
        {
            assert_eq!(RATES.map(|rate| detect_one(confidence, rate).expect("a share")), expected);
        }
        assert_eq!(RATES.map(|rate| detect_one_of(0.95, rate, 200).expect("a share")), [155, 105, 51, 27, 13, 9]);
        assert_eq!(RATES.map(|rate| detect_one_of(0.95, rate, 50).expect("a share")), [48, 48, 39, 22, 12, 8]);
    }

    #[test]
    fn estimating_a_share_takes_as_many_samples_as_the_table_says() {
        const Z95: f64 = 1.959_963_984_540_054;
        const Z90: f64 = 1.644_853_626_951_472_2;
        for (z, share, margin, lots, endless) in [
            (Z95, 0.05, 0.05, [30, 54, 69, 73], 73),
            (Z95, 0.10, 0.05, [37, 83, 122, 137], 139),
            (Z95, 0.20, 0.05, [42, 111, 198, 240], 246),
            (Z95, 0.50, 0.05, [45, 132, 278, 370], 385),
            (Z95, 0.20, 0.10, [28, 48, 58, 62], 62),
            (Z95, 0.50, 0.10, [34, 66, 88, 96], 97),
            (Z90, 0.10, 0.05, [34, 66, 89, 97], 98),
            (Z90, 0.50, 0.05, [43, 116, 214, 264], 271),
        ] {
            let found = [50, 200, 1_000, 10_000].map(|lot| estimate_of(z, share, margin, lot).expect("a share"));
            assert_eq!((found, estimate(z, share, margin)), (lots, Some(endless)), "p {share}, d {margin}");
        }
    }

    #[test]
    fn impossible_goals_have_no_sample_size() {
        for (confidence, rate) in [(0.95, 0.0), (1.0, 0.1), (0.0, 0.1), (0.95, f64::NAN)] {
            assert_eq!(detect_one(confidence, rate), None);
        }
        assert_eq!((detect_one_of(0.95, 0.1, 0), estimate_of(1.96, 0.5, 0.1, 0)), (None, None));
    }
}
