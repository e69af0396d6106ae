//! Seeded chance for Monte Carlo tests: one stream of draws per (seed, position), so that a replica's draws do not
//! depend on which thread computes it or on how many replicas there are.
//!
//! In: a seed and a position. Out: draws of the usual counts, exact up to rounding. Not here: any entropy from outside.
//!
//! Sources: chop-down inversion for small means; else the ratio of uniforms for discrete laws (Stadlober 1990, J Comput
//! Appl Math 31:181); gamma by Marsaglia & Tsang 2000 (ACM TOMS 26:363); alias tables by Walker 1977 in Vose's form.

use rand::{Rng as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

/// Mean up to which inversion from zero is used.
const SMALL_MEAN: f64 = 12.0;
/// Mean from which a rounded normal stands for a count: its error is below 1e-5 standard deviations there.
const HUGE_MEAN: f64 = 1e10;

/// A stream of draws.
#[derive(Debug, Clone)]
pub struct Draw(Pcg64Mcg);

impl Draw {
    /// The stream at a position, for instance (a call's seed, number of the replica).
    pub fn at(seed: u64, position: u64) -> Self {
        // SplitMix64's finaliser (Steele et al. 2014) spreads neighbouring positions over the whole state.
        let mut key = seed ^ position.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
        for shift in [30, 27, 31] {
            key = (key ^ (key >> shift)).wrapping_mul(0xbf58_476d_1ce4_e5b9).wrapping_add(position);
        }
        Self(Pcg64Mcg::seed_from_u64(key))
    }

    /// Uniform on [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform on (0, 1]: its logarithm is finite.
    fn open(&mut self) -> f64 {
        1.0 - self.unit()
    }

    /// Uniform whole number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * bound as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// Puts a slice into random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// Standard normal (polar method).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// Gamma of a finite shape > 0, scale 1; 0 for any other shape.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if !shape.is_finite() || shape <= 0.0 {
            return 0.0;
        }
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.open().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && self.open().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Poisson of a mean ≥ 0, as a whole number; 0 for any other mean.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean.is_nan() || mean <= 0.0 {
            return 0.0;
        }
        if mean < SMALL_MEAN {
            return self.chop_down((-mean).exp(), f64::INFINITY, |k| mean / (k + 1.0));
        }
        if mean > HUGE_MEAN {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let (mode, ln_mean) = (mean.floor(), mean.ln());
        self.ratio_of_uniforms(mean, mean, f64::INFINITY, |k| {
            (k - mode) * ln_mean - ln_factorial(k) + ln_factorial(mode)
        })
    }

    /// Negative binomial of a mean ≥ 0 and variance mean + mean²/size, as a whole number: a Poisson whose mean is
    /// gamma. An infinite size is the Poisson.
    pub fn negative_binomial(&mut self, mean: f64, size: f64) -> f64 {
        let mean = if size.is_finite() { mean * self.gamma(size) / size } else { mean };
        self.poisson(mean)
    }

    /// Binomial: successes among `n` trials of probability `p`, clamped to [0, 1].
    pub fn binomial(&mut self, n: f64, p: f64) -> f64 {
        if p > 0.5 {
            return n - self.binomial(n, (1.0 - p).max(0.0));
        }
        if !n.is_finite() || n < 1.0 || p.is_nan() || p <= 0.0 {
            return 0.0;
        }
        let (mean, odds) = (n * p, p / (1.0 - p));
        if mean < SMALL_MEAN {
            return self.chop_down((n * (-p).ln_1p()).exp(), n, |k| (n - k) / (k + 1.0) * odds);
        }
        let variance = mean * (1.0 - p);
        if mean > HUGE_MEAN {
            return (mean + variance.sqrt() * self.normal()).round().clamp(0.0, n);
        }
        let (mode, ln_odds) = (((n + 1.0) * p).floor(), odds.ln());
        let at = |k: f64| ln_factorial(k) + ln_factorial(n - k);
        let at_mode = at(mode);
        self.ratio_of_uniforms(mean, variance, n, |k| (k - mode) * ln_odds + at_mode - at(k))
    }

    /// Hypergeometric: marked ones among `drawn` taken without replacement from `marked` + `others`. All whole and ≥ 0;
    /// `drawn` is cut to what there is.
    pub fn hypergeometric(&mut self, marked: f64, others: f64, drawn: f64) -> f64 {
        let total = marked + others;
        if !total.is_finite() || drawn.is_nan() {
            return 0.0;
        }
        let drawn = drawn.min(total);
        if marked > others {
            return drawn - self.hypergeometric(others, marked, drawn);
        }
        if 2.0 * drawn > total {
            return marked - self.hypergeometric(marked, others, total - drawn);
        }
        if marked < 1.0 || drawn < 1.0 {
            return 0.0;
        }
        // From here marked ≤ others and drawn ≤ total/2 ≤ others: the least possible count is 0.
        let (share, most) = (marked / total, marked.min(drawn));
        let mean = drawn * share;
        let at = |k: f64| {
            ln_factorial(k) + ln_factorial(marked - k) + ln_factorial(drawn - k) + ln_factorial(others - drawn + k)
        };
        if mean < SMALL_MEAN {
            let ln_none =
                ln_factorial(others) - ln_factorial(others - drawn) + ln_factorial(total - drawn) - ln_factorial(total);
            let next = |k: f64| (marked - k) * (drawn - k) / ((k + 1.0) * (others - drawn + k + 1.0));
            return self.chop_down(ln_none.exp(), most, next);
        }
        let variance = mean * (1.0 - share) * (total - drawn) / (total - 1.0);
        if mean > HUGE_MEAN {
            return (mean + variance.sqrt() * self.normal()).round().clamp(0.0, most);
        }
        let mode = ((drawn + 1.0) * (marked + 1.0) / (total + 2.0)).floor();
        let at_mode = at(mode);
        self.ratio_of_uniforms(mean, variance, most, |k| at_mode - at(k))
    }

    /// Inversion from zero: `zero` = P(0), `next(k)` = P(k+1)/P(k), at most `most`.
    fn chop_down(&mut self, zero: f64, most: f64, next: impl Fn(f64) -> f64) -> f64 {
        let (mut left, mut p, mut k) = (self.unit(), zero, 0.0);
        while left >= p && k < most && (p > 1e-18 || k < SMALL_MEAN) {
            left -= p;
            p *= next(k);
            k += 1.0;
        }
        k
    }

    /// A unimodal law on 0..=`most` by its mean, variance and ln f(k) − ln f(mode).
    fn ratio_of_uniforms(&mut self, mean: f64, variance: f64, most: f64, ln_relative: impl Fn(f64) -> f64) -> f64 {
        // Width of the table-mountain hat: 2·sqrt(2/e)·sqrt(variance + 1/2) + 3 − 2·sqrt(3/e).
        let width = 1.715_527_769_921_413_5 * (variance + 0.5).sqrt() + 0.898_916_162_058_898_8;
        loop {
            let (u, v) = (self.open(), self.unit());
            let k = (mean + 0.5 + width * (v - 0.5) / u).floor();
            if k >= 0.0 && k <= most && 2.0 * u.ln() <= ln_relative(k) {
                return k;
            }
        }
    }
}

/// ln k! of a whole k ≥ 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number ≥ 0")]
fn ln_factorial(k: f64) -> f64 {
    super::ln_factorial(k as u64)
}

/// Draws one of many with given weights in constant time.
#[derive(Debug, Clone)]
pub struct Alias {
    keep: Vec<f64>,
    other: Vec<u32>,
}

impl Alias {
    /// A table for weights ≥ 0, not all zero.
    ///
    /// # Panics
    /// When there is no weight above zero, or more than 2^32 of them.
    pub fn new(weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        assert!(total > 0.0 && total.is_finite(), "weights have a finite positive sum");
        let of = |at: usize| u32::try_from(at).expect("fewer than 2^32 weights");
        let mut keep: Vec<f64> = weights.iter().map(|weight| weight / total * weights.len() as f64).collect();
        let mut other: Vec<u32> = (0..weights.len()).map(of).collect();
        let (mut low, mut high): (Vec<usize>, Vec<usize>) = (0..weights.len()).partition(|&at| keep[at] < 1.0);
        while let (Some(&small), Some(&large)) = (low.last(), high.last()) {
            low.pop();
            other[small] = of(large);
            keep[large] -= 1.0 - keep[small];
            if keep[large] < 1.0 {
                high.pop();
                low.push(large);
            }
        }
        // What remains is 1 up to rounding, unless its own weight is zero: such a one must never be drawn.
        let heaviest = (0..weights.len()).max_by(|&a, &b| weights[a].total_cmp(&weights[b])).unwrap_or(0);
        for at in low.into_iter().chain(high) {
            if weights[at] > 0.0 {
                keep[at] = 1.0;
            } else {
                (keep[at], other[at]) = (0.0, of(heaviest));
            }
        }
        Self { keep, other }
    }

    /// Whether a whole total falls quicker piece by piece than cell by cell: a draw here is about ten times cheaper than a binomial one.
    pub fn suits(total: f64, cells: usize) -> bool {
        total <= 10.0 * cells as f64
    }

    /// As many indices as a whole total ≥ 0, one after the other.
    pub fn each(&self, draw: &mut Draw, total: f64, mut put: impl FnMut(usize)) {
        let mut left = total;
        while left >= 1.0 {
            put(self.draw(draw));
            left -= 1.0;
        }
    }

    /// One index.
    pub fn draw(&self, draw: &mut Draw) -> usize {
        let bits = draw.0.next_u64();
        // High half chooses the column, low half the side: 32 bits each.
        let column = (((bits >> 32) * self.keep.len() as u64) >> 32) as usize;
        if (bits & 0xffff_ffff) as f64 * (1.0 / 4_294_967_296.0) < self.keep[column] {
            column
        } else {
            self.other[column] as usize
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pearson's chi-square of `draws` against probabilities of 0, 1, …, in standard deviations
    /// beyond its degrees of freedom (cells under 5 are pooled).
    fn misfit(draws: &[f64], pmf: impl Fn(usize) -> f64, most: usize) -> f64 {
        let n = draws.len() as f64;
        let mut seen = vec![0.0; most + 1];
        for &k in draws {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            let k = k as usize;
            assert!(k <= most, "{k} is outside the support");
            seen[k] += 1.0;
        }
        let (mut sum, mut cells, mut rest_seen, mut rest) = (0.0, 0.0, 0.0, 0.0);
        for (k, seen) in seen.iter().enumerate() {
            let expected = n * pmf(k);
            if expected >= 5.0 {
                sum += (seen - expected).powi(2) / expected;
                cells += 1.0;
            } else {
                (rest_seen, rest) = (rest_seen + seen, rest + expected);
            }
        }
        if rest > 1.0 {
            sum += (rest_seen - rest).powi(2) / rest;
            cells += 1.0;
        }
        let freedom = (cells - 1.0_f64).max(1.0);
        (sum - freedom) / (2.0 * freedom).sqrt()
    }

    fn many(n: usize, mut one: impl FnMut(&mut Draw) -> f64) -> Vec<f64> {
        let mut draw = Draw::at(7, 7);
        (0..n).map(|_| one(&mut draw)).collect()
    }

    #[test]
    fn poisson_draws_follow_its_law_on_both_sides_of_the_switch() {
        for mean in [0.05_f64, 0.9, 7.0, 11.9, 12.1, 40.0, 300.0] {
            let draws = many(200_000, |draw| draw.poisson(mean));
            let pmf = |k: usize| (k as f64 * mean.ln() - mean - ln_factorial(k as f64)).exp();
            let misfit = misfit(&draws, pmf, 1000);
            assert!(misfit < 4.0, "mean {mean}: {misfit}");
        }
    }

    #[test]
    fn binomial_draws_follow_its_law() {
        for (n, p) in [(1_u32, 0.5), (9, 0.9), (30, 0.3), (50, 0.5), (400, 0.1), (2000, 0.97)] {
            let n = f64::from(n);
            let draws = many(200_000, |draw| draw.binomial(n, p));
            let pmf = |k: usize| {
                let k = k as f64;
                let ways = ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
                if k > n { 0.0 } else { (ways + k * f64::ln(p) + (n - k) * f64::ln(1.0 - p)).exp() }
            };
            let misfit = misfit(&draws, pmf, 2000);
            assert!(misfit < 4.0, "n {n} p {p}: {misfit}");
        }
    }

    #[test]
    fn hypergeometric_draws_follow_its_law() {
        for (marked, others, drawn) in
            [(3.0, 5.0, 4.0), (5.0, 3.0, 7.0), (40.0, 60.0, 50.0), (900.0, 100.0, 300.0), (500.0, 5000.0, 700.0)]
        {
            let draws = many(200_000, |draw| draw.hypergeometric(marked, others, drawn));
            let choose = |n: f64, k: f64| {
                if k < 0.0 || k > n {
                    f64::NEG_INFINITY
                } else {
                    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
                }
            };
            let pmf = |k: usize| {
                let k = k as f64;
                (choose(marked, k) + choose(others, drawn - k) - choose(marked + others, drawn)).exp()
            };
            let misfit = misfit(&draws, pmf, 1000);
            assert!(misfit < 4.0, "{marked} {others} {drawn}: {misfit}");
        }
    }

    #[test]
    fn gamma_and_negative_binomial_have_their_moments() {
        for shape in [0.3, 1.0, 4.5] {
            let draws = many(200_000, |draw| draw.gamma(shape));
            let mean = draws.iter().sum::<f64>() / 2e5;
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2e5;
            assert!(
                (mean / shape - 1.0).abs() < 0.02 && (variance / shape - 1.0).abs() < 0.05,
                "{shape}: {mean} {variance}"
            );
        }
        let draws = many(200_000, |draw| draw.negative_binomial(3.0, 2.0));
        let none = draws.iter().filter(|&&k| k == 0.0).count() as f64 / 2e5;
        assert!((none - 0.16).abs() < 0.005, "P(0) = (1 + 3/2)^-2: {none}");
    }

    #[test]
    fn edges_are_defined() {
        let mut draw = Draw::at(1, 1);
        for none in [
            draw.poisson(0.0),
            draw.poisson(-1.0),
            draw.poisson(f64::NAN),
            draw.binomial(0.0, 0.5),
            draw.gamma(f64::INFINITY),
            draw.hypergeometric(f64::NAN, 3.0, 2.0),
            draw.hypergeometric(5.0, 3.0, f64::NAN),
            draw.binomial(9.0, f64::NAN),
        ] {
            assert!(none.abs() < 1e-15);
        }
        assert!((draw.binomial(10.0, 1.0) - 10.0).abs() < 1e-15);
        assert!((draw.hypergeometric(4.0, 0.0, 3.0) - 3.0).abs() < 1e-15);
        assert!((draw.hypergeometric(4.0, 5.0, 99.0) - 4.0).abs() < 1e-15);
        assert_eq!(draw.below(0), 0);
        let huge = draw.poisson(1e14);
        assert!((huge / 1e14 - 1.0).abs() < 1e-5 && huge.fract() == 0.0);
        assert!(draw.hypergeometric(1e9, 2e9, 1e9) < 1e9);
    }

    #[test]
    fn alias_meets_weights_and_never_draws_a_zero() {
        let weights = [0.0, 1.0, 0.0, 5.0, 0.5, 0.0];
        let (table, mut draw) = (Alias::new(&weights), Draw::at(3, 0));
        let mut seen = [0.0; 6];
        (0..130_000).for_each(|_| seen[table.draw(&mut draw)] += 1.0);
        for (seen, weight) in seen.iter().zip(weights) {
            assert!((seen - weight * 20_000.0).abs() <= 5.0 * (weight * 20_000.0).sqrt(), "{seen} {weight}");
        }
    }

    #[test]
    fn positions_are_streams_of_their_own() {
        let first = |seed, position| Draw::at(seed, position).unit();
        assert_eq!(first(1, 2).to_bits(), first(1, 2).to_bits());
        let mut all: Vec<u64> = (0..50).flat_map(|s| (0..50).map(move |p| first(s, p).to_bits())).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2500);
    }
}
