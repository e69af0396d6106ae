//! Gamma function and its derivatives, saddle-point parts of the counting distributions, sums on the log scale.
//!
//! Sources: Abramowitz & Stegun chapter 6; Loader (2000), "Fast and accurate computation of binomial probabilities".

/// ln √(2π).
pub const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// Euler's constant γ.
pub const EULER: f64 = 0.577_215_664_901_532_9;

/// (ζ(k) − 1)/k for k = 2, 3, …: the series of ln Γ around 2, A&S 6.1.33.
const ZETA: [f64; 32] = [
    0.322_467_033_424_113_2,
    0.067_352_301_053_198_1,
    0.020_580_808_427_784_546,
    0.007_385_551_028_673_986,
    0.002_890_510_330_741_523_4,
    0.001_192_753_911_703_261,
    0.000_509_669_524_743_042_5,
    0.000_223_154_758_453_579_39,
    9.945_751_278_180_853e-5,
    4.492_623_673_813_314e-5,
    2.050_721_277_567_069e-5,
    9.439_488_275_268_397e-6,
    4.374_866_789_907_488e-6,
    2.039_215_753_801_366e-6,
    9.551_412_130_407_42e-7,
    4.492_469_198_764_566e-7,
    2.120_718_480_555_466_5e-7,
    1.004_322_482_396_809_9e-7,
    4.769_810_169_363_980_4e-8,
    2.271_109_460_894_316_4e-8,
    1.083_865_921_489_695_5e-8,
    5.183_475_041_970_047e-9,
    2.483_674_543_802_478_5e-9,
    1.192_140_140_586_091_2e-9,
    5.731_367_241_678_862e-10,
    2.759_522_885_124_233_4e-10,
    1.330_476_437_424_449e-10,
    6.422_964_563_838_1e-11,
    3.104_424_774_732_227_6e-11,
    1.502_138_408_075_414_2e-11,
    7.275_974_480_239_079e-12,
    3.527_742_476_575_915e-12,
];

/// ln Γ(2 + a) for |a| ≤ 0.5.
fn ln_gamma_near_2(a: f64) -> f64 {
    // Σ_{k≥2} (ζ(k) − 1)/k (−a)^k, by Horner's rule.
    let tail = ZETA.iter().rev().fold(0.0, |sum, term| term - a * sum);
    a * (1.0 - EULER + a * tail)
}

/// ln Γ(1 + a) for a > −1, relatively exact also where it is near zero (a near 0 and 1).
pub fn ln_gamma_1p(a: f64) -> f64 {
    match a {
        _ if a.is_nan() || a <= -1.0 => f64::NAN,
        _ if a < -0.5 => ln_gamma_near_2(a + 1.0) - (a + 1.0).ln_1p() - a.ln_1p(),
        _ if a <= 0.5 => ln_gamma_near_2(a) - a.ln_1p(),
        _ if a <= 1.5 => ln_gamma_near_2(a - 1.0),
        _ => ln_gamma(a + 1.0),
    }
}

/// ln Γ(x) for x > 0; ∞ at 0, NaN below.
pub fn ln_gamma(x: f64) -> f64 {
    match x {
        _ if x.is_nan() || x < 0.0 => f64::NAN,
        0.0 => f64::INFINITY,
        _ if x < 0.5 => ln_gamma_1p(x) - x.ln(),
        _ if x < 1.5 => ln_gamma_1p(x - 1.0),
        _ if x <= 2.5 => ln_gamma_near_2(x - 2.0),
        _ if x < 15.0 => {
            let mut rest = x;
            let mut product = 1.0;
            while rest > 2.5 {
                rest -= 1.0;
                product *= rest;
            }
            ln_gamma_near_2(rest - 2.0) + product.ln()
        }
        _ => (x - 0.5) * x.ln() - x + LN_SQRT_2PI + stirling_series(x),
    }
}

/// ln Γ(x) − [(x − ½) ln x − x + ½ ln 2π] for x ≥ 15, A&S 6.1.41.
fn stirling_series(x: f64) -> f64 {
    let s = 1.0 / (x * x);
    let terms = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3617.0 / 122_400.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| sum * s + term) / x
}

/// ln n!.
pub fn ln_factorial(n: u64) -> f64 {
    ln_gamma_1p(n as f64)
}

/// ln B(a, b), a, b > 0.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    if a >= 15.0 {
        // Γ(a)Γ(b)/Γ(a+b) by Stirling, the large parts cancelled beforehand.
        let h = a / b;
        let series = stirling_series(a) + stirling_series(b) - stirling_series(a + b);
        LN_SQRT_2PI - 0.5 * b.ln() + series + (a - 0.5) * (h / (1.0 + h)).ln() - b * h.ln_1p()
    } else if b >= 15.0 {
        let series = stirling_series(b) - stirling_series(a + b);
        ln_gamma(a) + series + a - a * (a + b).ln() - (b - 0.5) * (a / b).ln_1p()
    } else {
        ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
    }
}

/// ln of the binomial coefficient, 0 ≤ k ≤ n; −∞ for k > n.
pub fn ln_choose(n: u64, k: u64) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    if k == 0 || k == n {
        return 0.0;
    }
    -((n + 1) as f64).ln() - ln_beta((n - k) as f64 + 1.0, k as f64 + 1.0)
}

/// ψ(x) = d ln Γ(x)/dx for x > 0; −∞ at 0, NaN below. A&S 6.3.18 after the recurrence 6.3.5.
pub fn digamma(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    let (mut x, mut shift) = (x, 0.0);
    while x < 15.0 {
        shift -= 1.0 / x;
        x += 1.0;
    }
    let s = 1.0 / (x * x);
    let terms = [
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32_760.0,
        1.0 / 12.0,
        -3617.0 / 8160.0,
    ];
    shift + x.ln() - 0.5 / x - s * terms.iter().rev().fold(0.0, |sum, term| sum * s + term)
}

/// ψ′(x) for x > 0; ∞ at 0, NaN below. A&S 6.4.12 after the recurrence 6.4.6.
pub fn trigamma(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::INFINITY;
    }
    let (mut x, mut shift) = (x, 0.0);
    while x < 15.0 {
        shift += 1.0 / (x * x);
        x += 1.0;
    }
    let s = 1.0 / (x * x);
    let terms =
        [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0, -3617.0 / 510.0];
    shift + (1.0 + 0.5 / x + s * terms.iter().rev().fold(0.0, |sum, term| sum * s + term)) / x
}

/// Stirling error δ(x) = ln Γ(x+1) − (x+½) ln x + x − ½ ln 2π, x > 0 (Loader 2000, §2).
pub fn stirling_error(x: f64) -> f64 {
    if x >= 15.0 { stirling_series(x) } else { ln_gamma_1p(x) - (x + 0.5) * x.ln() + x - LN_SQRT_2PI }
}

/// Deviance part x ln(x/m) + m − x ≥ 0 for x, m > 0, exact also for x near m (Loader 2000, §3).
pub fn deviance_part(x: f64, m: f64) -> f64 {
    let difference = x - m;
    if difference.abs() < 0.1 * (x + m) {
        let v = difference / (x + m);
        let (square, mut power) = (v * v, 2.0 * x * v);
        let mut sum = difference * v;
        for odd in (3..1001).step_by(2) {
            power *= square;
            let next = sum + power / f64::from(odd);
            if next.to_bits() == sum.to_bits() {
                break;
            }
            sum = next;
        }
        return sum;
    }
    x * (x / m).ln() + m - x
}

/// ln of m^x e^{−m}/Γ(x+1), x ≥ 0 not necessarily whole, m ≥ 0.
pub fn ln_poisson_term(x: f64, m: f64) -> f64 {
    match (x, m) {
        _ if x.is_nan() || m.is_nan() || x < 0.0 || m < 0.0 => f64::NAN,
        (_, 0.0) => {
            if x == 0.0 {
                0.0
            } else {
                f64::NEG_INFINITY
            }
        }
        _ if m.is_infinite() || x.is_infinite() => f64::NEG_INFINITY,
        (0.0, _) => -m,
        _ if x < 0.5 => x * m.ln() - m - ln_gamma_1p(x),
        _ => -stirling_error(x) - deviance_part(x, m) - LN_SQRT_2PI - 0.5 * x.ln(),
    }
}

/// ln of Γ(x+y+1)/(Γ(x+1)Γ(y+1)) p^x q^y, x, y ≥ 0 not necessarily whole, p + q = 1 both given.
pub fn ln_binomial_term(x: f64, y: f64, p: f64, q: f64) -> f64 {
    if x.is_nan() || y.is_nan() || p.is_nan() || q.is_nan() || x < 0.0 || y < 0.0 || p < 0.0 || q < 0.0 {
        return f64::NAN;
    }
    let power = |count: f64, p: f64, q: f64| match count {
        0.0 => 0.0,
        _ if p < q => count * p.ln(),
        _ => count * (-q).ln_1p(),
    };
    if x == 0.0 || y == 0.0 {
        return power(x, p, q) + power(y, q, p);
    }
    if p == 0.0 || q == 0.0 {
        return f64::NEG_INFINITY;
    }
    let n = x + y;
    if x < 0.5 || y < 0.5 {
        return power(x, p, q) + power(y, q, p) - ln_beta(x + 1.0, y + 1.0) - (n + 1.0).ln();
    }
    let errors = stirling_error(n) - stirling_error(x) - stirling_error(y);
    let deviance = deviance_part(x, n * p) + deviance_part(y, n * q);
    errors - deviance - LN_SQRT_2PI + 0.5 * (n / x / y).ln()
}

/// ln(1 − e^x), x ≤ 0, exact at both ends.
pub fn ln_1m_exp(x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 { (-x.exp_m1()).ln() } else { (-x.exp()).ln_1p() }
}

/// ln(e^x + e^y).
pub fn ln_add_exp(x: f64, y: f64) -> f64 {
    let (small, large) = if x < y { (x, y) } else { (y, x) };
    if small == f64::NEG_INFINITY || large == f64::INFINITY { large } else { large + (small - large).exp().ln_1p() }
}

/// ln Σ e^x; −∞ for none.
pub fn ln_sum_exp(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest.is_infinite() {
        return largest;
    }
    largest + logs.iter().map(|log| (log - largest).exp()).sum::<f64>().ln()
}

/// `ln Γ(size + x) − ln Γ(size)`, without the cancellation that the difference of two large logarithms would bring.
pub fn ln_rising(size: f64, x: u64) -> f64 {
    const MULTIPLIED_MAX: u64 = 200;
    /// One logarithm for as many factors as a number holds.
    const PRODUCT_MAX: f64 = 1e150;
    if x <= MULTIPLIED_MAX {
        let (mut sum, mut product) = (0.0, 1.0);
        for k in 0..x {
            product *= size + k as f64;
            if product > PRODUCT_MAX {
                sum += product.ln();
                product = 1.0;
            }
        }
        sum + product.ln()
    } else {
        ln_gamma(size + x as f64) - ln_gamma(size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(got: f64, want: f64, relative: f64) {
        assert!((got - want).abs() <= relative * want.abs().max(1e-300), "{got:e} is not {want:e}");
    }

    #[test]
    fn ln_gamma_keeps_its_digits_at_its_zeros_and_far_out() {
        // 30-digit values.
        near(ln_gamma(0.5), 0.572_364_942_924_700_1, 1e-15);
        near(ln_gamma(1.0 + 1e-10), -5.772_156_648_192_823e-11, 1e-15 + 1e-6);
        near(ln_gamma_1p(1e-10), -5.772_156_648_192_834e-11, 1e-14);
        near(ln_gamma_1p(1.0), 0.0, 1e-15);
        near(ln_gamma(10.0), 362_880_f64.ln(), 1e-15);
        near(ln_gamma(171.0), 706.573_062_245_787_5, 1e-15);
        near(ln_gamma(1e-5), 11.512_919_692_895_82, 1e-14);
        near(ln_gamma(0.25), 1.288_022_524_698_077, 1e-14);
        near(ln_gamma_1p(-0.75), 1.288_022_524_698_077, 1e-14);
        assert!(ln_gamma(-1.0).is_nan() && ln_gamma(0.0) == f64::INFINITY);
    }

    #[test]
    fn ln_gamma_follows_its_recurrence_across_every_branch() {
        for step in 1..4000 {
            let x = f64::from(step) * 0.005;
            let error = ln_gamma(x + 1.0) - ln_gamma(x) - x.ln();
            assert!(error.abs() < 5e-15 * ln_gamma(x + 1.0).abs().max(1.0) * 2.0, "{x}: {error:e}");
        }
    }

    #[test]
    fn digamma_and_trigamma_meet_known_values() {
        near(digamma(1.0), -EULER, 1e-14);
        near(digamma(0.5), -EULER - 2.0 * std::f64::consts::LN_2, 1e-14);
        near(digamma(1e8), 1e8_f64.ln() - 0.5e-8, 1e-15);
        near(trigamma(1.0), std::f64::consts::PI.powi(2) / 6.0, 1e-14);
        near(trigamma(0.5), std::f64::consts::PI.powi(2) / 2.0, 1e-14);
    }

    #[test]
    fn ln_choose_is_exact_for_small_and_large() {
        near(ln_choose(5, 2), 10_f64.ln(), 1e-14);
        near(ln_choose(60, 30), 118_264_581_564_861_424_f64.ln(), 1e-14);
        near(ln_choose(1_000_000, 3), (1e6 * 999_999.0 * 999_998.0 / 6.0_f64).ln(), 1e-12);
        near(ln_beta(20.0, 3.0), -(20.0 * 21.0 * 22.0 / 2.0_f64).ln(), 1e-14);
        assert!(ln_choose(3, 4) == f64::NEG_INFINITY && ln_choose(3, 0) == 0.0);
    }

    #[test]
    fn sums_on_the_log_scale_hold_at_the_edges() {
        near(ln_1m_exp(-1e-20), -46.051_701_859_880_914, 1e-15);
        near(ln_1m_exp(-800.0), 0.0, 1e-300);
        near(ln_add_exp(-1000.0, -1000.0), -1000.0 + std::f64::consts::LN_2, 1e-15);
        assert!(ln_add_exp(f64::NEG_INFINITY, f64::NEG_INFINITY) == f64::NEG_INFINITY);
        assert!(ln_sum_exp(&[]) == f64::NEG_INFINITY);
    }

    proptest! {
        #[test]
        fn ln_beta_follows_its_recurrence(a in 1e-3..1e5_f64, b in 1e-3..1e5_f64) {
            // B(a, b) = B(a + 1, b) + B(a, b + 1).
            let (whole, parts) = (ln_beta(a, b), ln_add_exp(ln_beta(a + 1.0, b), ln_beta(a, b + 1.0)));
            prop_assert!((whole - parts).abs() <= 1e-13 * whole.abs().max(1.0), "{whole} {parts}");
        }

        #[test]
        fn digamma_and_trigamma_follow_their_recurrences(x in 1e-3..1e4_f64) {
            prop_assert!((digamma(x + 1.0) - digamma(x) - 1.0 / x).abs() <= 1e-13 * (1.0 / x).max(1.0));
            prop_assert!((trigamma(x) - trigamma(x + 1.0) - 1.0 / (x * x)).abs() <= 1e-13 / (x * x).min(1.0));
        }
    }
}
