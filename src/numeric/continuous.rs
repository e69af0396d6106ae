//! Continuous laws: normal, Student's t, chi-square, gamma, beta.
//!
//! Tails come from the incomplete gamma and beta functions; quantiles from Newton's method on the logarithm of the
//! smaller tail, to about 10⁻¹³ relative, also for tails of 10⁻³⁰⁰.

use super::incomplete::{Tails, beta_tails, gamma_tails};
use super::solve::newton_increasing;
use super::special::{LN_SQRT_2PI, ln_beta, ln_binomial_term, ln_gamma_1p, ln_poisson_term};

/// A law on the real line with a density.
pub trait Continuous {
    /// Both tails at `x`.
    fn tails(&self, x: f64) -> Tails;

    /// ln density at `x`.
    fn ln_pdf(&self, x: f64) -> f64;

    /// x with P(X ≤ x) = `p` and P(X > x) = `q`; p + q = 1, both given, so that neither loses digits.
    fn quantile_pair(&self, p: f64, q: f64) -> f64;

    /// P(X ≤ x).
    fn cdf(&self, x: f64) -> f64 {
        self.tails(x).lower
    }

    /// P(X > x).
    fn sf(&self, x: f64) -> f64 {
        self.tails(x).upper
    }

    /// ln P(X ≤ x).
    fn ln_cdf(&self, x: f64) -> f64 {
        self.tails(x).ln_lower
    }

    /// ln P(X > x).
    fn ln_sf(&self, x: f64) -> f64 {
        self.tails(x).ln_upper
    }

    /// Density at `x`.
    fn pdf(&self, x: f64) -> f64 {
        self.ln_pdf(x).exp()
    }

    /// x with P(X ≤ x) = `p`, 0 ≤ p ≤ 1; NaN outside.
    fn quantile(&self, p: f64) -> f64 {
        self.quantile_pair(p, 1.0 - p)
    }

    /// x with P(X > x) = `q`, 0 ≤ q ≤ 1; NaN outside.
    fn quantile_upper(&self, q: f64) -> f64 {
        self.quantile_pair(1.0 - q, q)
    }
}

/// The root in u of ln tail = ln probability, whichever tail is the smaller; `density` is ln density with respect to u.
fn solve_quantile(p: f64, q: f64, start: f64, tails: impl Fn(f64) -> Tails, density: impl Fn(f64) -> f64) -> f64 {
    let by_lower = p <= q;
    let wanted = if by_lower { p.ln() } else { q.ln() };
    newton_increasing(
        |u| {
            let tails = tails(u);
            let (reached, sign) = if by_lower { (tails.ln_lower, 1.0) } else { (tails.ln_upper, -1.0) };
            let slope = (density(u) - reached).exp();
            // A tail below every float: far off, the sign is all that is known.
            let value = if reached == f64::NEG_INFINITY { -1e300 } else { reached - wanted };
            (sign * value, slope)
        },
        start,
    )
}

fn is_probability(p: f64, q: f64) -> bool {
    (0.0..=1.0).contains(&p) && (0.0..=1.0).contains(&q)
}

/// Normal law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normal {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, > 0.
    pub sd: f64,
}

impl Normal {
    /// Mean 0, standard deviation 1.
    pub const STANDARD: Self = Self { mean: 0.0, sd: 1.0 };
}

/// The upper tail of the standard normal law is Q(½, z²/2)/2 for z ≥ 0.
fn normal_tails(z: f64) -> Tails {
    if z.is_nan() {
        return Tails::UNDEFINED;
    }
    let square = gamma_tails(0.5, 0.5 * z * z);
    // What rounding z² to a float lost, times the slope of the tail's logarithm (−1 far out).
    let lost = if z.abs() > 4.0 && z.is_finite() { -0.5 * f64::mul_add(z, z, -(z * z)) } else { 0.0 };
    let far = Tails::from_ln_upper(square.ln_upper + lost - std::f64::consts::LN_2);
    if z >= 0.0 { far } else { far.swap() }
}

impl Continuous for Normal {
    fn tails(&self, x: f64) -> Tails {
        if self.sd > 0.0 { normal_tails((x - self.mean) / self.sd) } else { Tails::UNDEFINED }
    }

    fn ln_pdf(&self, x: f64) -> f64 {
        let z = (x - self.mean) / self.sd;
        -0.5 * z * z - LN_SQRT_2PI - self.sd.ln()
    }

    fn quantile_pair(&self, p: f64, q: f64) -> f64 {
        if !is_probability(p, q) {
            return f64::NAN;
        }
        let (small, sign) = if p <= q { (p, -1.0) } else { (q, 1.0) };
        let z = match small {
            0.0 => f64::INFINITY,
            0.5.. => 0.0,
            _ => {
                // A&S 26.2.23 to start.
                let t = (-2.0 * small.ln()).sqrt();
                let start = t
                    - (2.515_517 + t * (0.802_853 + t * 0.010_328))
                        / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
                let density = |z: f64| -0.5 * z * z - LN_SQRT_2PI;
                solve_quantile(1.0 - small, small, start, normal_tails, density)
            }
        };
        self.mean + sign * z * self.sd
    }
}

/// Student's t law; `df` = ∞ is the standard normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StudentT {
    /// Degrees of freedom, > 0, not necessarily whole.
    pub df: f64,
}

impl Continuous for StudentT {
    fn tails(&self, x: f64) -> Tails {
        let df = self.df;
        if x.is_nan() || df.is_nan() || df <= 0.0 {
            return Tails::UNDEFINED;
        }
        if df.is_infinite() {
            return normal_tails(x);
        }
        // A&S 26.7.1: P(|T| > t) = I_{ν/(ν+t²)}(ν/2, ½); the ratio taken so that t² does not overflow.
        let ratio = x / df.sqrt();
        let (inner, outer) = if ratio.abs() > 1.0 {
            let inverse = (1.0 / ratio).powi(2);
            (inverse / (1.0 + inverse), 1.0 / (1.0 + inverse))
        } else {
            let square = ratio * ratio;
            (1.0 / (1.0 + square), square / (1.0 + square))
        };
        let outside = beta_tails(0.5 * df, 0.5, inner, outer);
        let far = Tails::from_ln_upper(outside.ln_lower - std::f64::consts::LN_2);
        if x >= 0.0 { far } else { far.swap() }
    }

    fn ln_pdf(&self, x: f64) -> f64 {
        if self.df.is_infinite() {
            return Normal::STANDARD.ln_pdf(x);
        }
        let half = 0.5 * self.df;
        -(half + 0.5) * (x * x / self.df).ln_1p() - ln_beta(half, 0.5) - 0.5 * self.df.ln()
    }

    fn quantile_pair(&self, p: f64, q: f64) -> f64 {
        if !is_probability(p, q) || self.df.is_nan() || self.df <= 0.0 {
            return f64::NAN;
        }
        if self.df.is_infinite() {
            return Normal::STANDARD.quantile_pair(p, q);
        }
        let (small, sign) = if p <= q { (p, -1.0) } else { (q, 1.0) };
        if small == 0.0 {
            return sign * f64::INFINITY;
        }
        let (inside, outside) = Beta { a: 0.5 * self.df, b: 0.5 }.quantile_parts(2.0 * small, 1.0 - 2.0 * small);
        sign * (self.df * outside / inside).sqrt()
    }
}

/// Chi-square law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    /// Degrees of freedom, ≥ 0, not necessarily whole; 0 sits at 0.
    pub df: f64,
}

impl Continuous for ChiSquare {
    fn tails(&self, x: f64) -> Tails {
        gamma_tails(0.5 * self.df, 0.5 * x)
    }

    fn ln_pdf(&self, x: f64) -> f64 {
        Gamma { shape: 0.5 * self.df, rate: 0.5 }.ln_pdf(x)
    }

    fn quantile_pair(&self, p: f64, q: f64) -> f64 {
        Gamma { shape: 0.5 * self.df, rate: 0.5 }.quantile_pair(p, q)
    }
}

/// Gamma law, mean shape/rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gamma {
    /// Shape, ≥ 0; 0 sits at 0.
    pub shape: f64,
    /// Rate, > 0.
    pub rate: f64,
}

impl Gamma {
    /// Shape over rate.
    pub fn mean(self) -> f64 {
        self.shape / self.rate
    }

    /// The law of a Poisson rate after so many events in so much exposure.
    #[must_use]
    pub fn after(self, events: u64, exposure: f64) -> Self {
        Self { shape: self.shape + events as f64, rate: self.rate + exposure }
    }
}

impl Continuous for Gamma {
    fn tails(&self, x: f64) -> Tails {
        if self.rate > 0.0 { gamma_tails(self.shape, self.rate * x) } else { Tails::UNDEFINED }
    }

    fn ln_pdf(&self, x: f64) -> f64 {
        if x < 0.0 {
            return f64::NEG_INFINITY;
        }
        let scaled = self.rate * x;
        if scaled == 0.0 {
            return match self.shape {
                1.0 => self.rate.ln(),
                shape if shape < 1.0 => f64::INFINITY,
                _ => f64::NEG_INFINITY,
            };
        }
        ln_poisson_term(self.shape, scaled) + self.shape.ln() - x.ln()
    }

    fn quantile_pair(&self, p: f64, q: f64) -> f64 {
        let a = self.shape;
        if !is_probability(p, q) || a.is_nan() || a < 0.0 || a.is_infinite() || self.rate.is_nan() || self.rate <= 0.0 {
            return f64::NAN;
        }
        if p == 0.0 || a == 0.0 {
            return 0.0;
        }
        if q == 0.0 {
            return f64::INFINITY;
        }
        // Solved in u = ln x. Start: Wilson & Hilferty, or the first term of the series near 0.
        let z = Normal::STANDARD.quantile_pair(p, q);
        let cube = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * a.sqrt());
        let near_zero = (p.ln() + ln_gamma_1p(a)) / a;
        let start = if a >= 0.5 && cube > 0.1 { a.ln() + 3.0 * cube.ln() } else { near_zero.min(a.ln_1p()) };
        // Below e⁻⁷⁴⁰ the quantile is the first term of the series, if a float at all.
        if near_zero < -700.0 && p < 0.5 {
            return near_zero.exp() / self.rate;
        }
        let density = |u: f64| ln_poisson_term(a, u.exp()) + a.ln();
        solve_quantile(p, q, start, |u| gamma_tails(a, u.exp()), density).exp() / self.rate
    }
}

/// Beta law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    /// First shape, ≥ 0; 0 sits at 0.
    pub a: f64,
    /// Second shape, ≥ 0; 0 sits at 1.
    pub b: f64,
}

impl Beta {
    /// The quantile x and 1 − x, neither by subtraction.
    pub fn quantile_parts(&self, p: f64, q: f64) -> (f64, f64) {
        let (a, b) = (self.a, self.b);
        let undefined = !is_probability(p, q) || a.is_nan() || b.is_nan() || a < 0.0 || b < 0.0;
        if undefined || a.is_infinite() || b.is_infinite() || a == 0.0 && b == 0.0 {
            return (f64::NAN, f64::NAN);
        }
        if p == 0.0 || a == 0.0 {
            return (0.0, 1.0);
        }
        if q == 0.0 || b == 0.0 {
            return (1.0, 0.0);
        }
        // Solved in u = ln(x/(1−x)).
        let parts = |u: f64| {
            if u > 0.0 {
                (1.0 / (1.0 + (-u).exp()), 1.0 / (1.0 + u.exp()))
            } else {
                (u.exp() / (1.0 + u.exp()), 1.0 / (1.0 + u.exp()))
            }
        };
        let ln_b = ln_beta(a, b);
        let (near_zero, near_one) = ((p.ln() + ln_b + a.ln()) / a, (q.ln() + ln_b + b.ln()) / b);
        if near_zero < -700.0 && p <= q {
            return (near_zero.exp(), 1.0);
        }
        if near_one < -700.0 && q <= p {
            return (1.0, near_one.exp());
        }
        let start = if p <= q && near_zero < -3.0 {
            near_zero
        } else if p > q && near_one < -3.0 {
            -near_one
        } else {
            (a / b).ln()
        };
        let density = |u: f64| {
            let (x, y) = parts(u);
            ln_binomial_term(a, b, x, y) + a.ln() + b.ln() - (a + b).ln()
        };
        let tails = |u: f64| {
            let (x, y) = parts(u);
            beta_tails(a, b, x, y)
        };
        parts(solve_quantile(p, q, start, tails, density))
    }
}

impl Continuous for Beta {
    fn tails(&self, x: f64) -> Tails {
        beta_tails(self.a, self.b, x, 1.0 - x)
    }

    fn ln_pdf(&self, x: f64) -> f64 {
        if !(0.0..=1.0).contains(&x) {
            return f64::NEG_INFINITY;
        }
        let power = |k: f64, ln: f64| if k == 0.0 { 0.0 } else { k * ln };
        power(self.a - 1.0, x.ln()) + power(self.b - 1.0, (-x).ln_1p()) - ln_beta(self.a, self.b)
    }

    fn quantile_pair(&self, p: f64, q: f64) -> f64 {
        self.quantile_parts(p, q).0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(got: f64, want: f64, relative: f64) {
        assert!((got - want).abs() <= relative * want.abs(), "{got:e} is not {want:e}");
    }

    #[test]
    fn normal_tails_and_quantiles_meet_tables() {
        let law = Normal::STANDARD;
        near(law.sf(1.0), 0.158_655_253_931_457_05, 1e-15 * 4.0);
        near(law.sf(5.0), 2.866_515_718_791_939e-7, 1e-14);
        near(law.sf(37.0), 5.725_571_222_524_576e-300, 1e-13);
        near(law.ln_sf(100.0), -5_005.524_208_694_205, 1e-14);
        near(law.quantile(0.975), 1.959_963_984_540_054, 1e-15 * 4.0);
        near(law.quantile(0.999), 3.090_232_306_167_813_5, 1e-14);
        near(law.quantile(1e-300), -37.047_096_299_361_2, 1e-13);
        assert!(law.quantile(0.5) == 0.0 && law.quantile(1.0) == f64::INFINITY && law.quantile(-0.1).is_nan());
    }

    #[test]
    fn student_t_meets_closed_forms() {
        // One degree of freedom: Cauchy; two: t/(2√(2+t²)) + ½.
        near(StudentT { df: 1.0 }.sf(1.0), 0.25, 1e-14);
        near(StudentT { df: 1.0 }.quantile(0.999), (std::f64::consts::PI * 0.499).tan(), 1e-12);
        near(StudentT { df: 1.0 }.sf(1e100), 1.0 / (std::f64::consts::PI * 1e100), 1e-13);
        near(StudentT { df: 2.0 }.sf(3.0), 0.5 - 3.0 / (2.0 * 11.0_f64.sqrt()), 1e-14 * 20.0);
        near(StudentT { df: 6.0 }.quantile(0.975), 2.446_911_851_144_969_5, 1e-13);
        near(StudentT { df: f64::INFINITY }.quantile(0.975), 1.959_963_984_540_054, 1e-14);
        assert!(StudentT { df: 0.0 }.quantile(0.9).is_nan() && StudentT { df: 3.0 }.quantile(0.5).abs() < 1e-15);
    }

    #[test]
    fn chi_square_gamma_and_beta_quantiles_meet_known_values() {
        near(ChiSquare { df: 2.0 }.quantile(0.95), -2.0 * 0.05_f64.ln(), 1e-13);
        near(ChiSquare { df: 1.0 }.quantile(0.95), 3.841_458_820_694_124, 1e-13);
        near(Beta { a: 1.0, b: 3.0 }.quantile(0.5), 1.0 - 0.5_f64.cbrt(), 1e-13);
        near(Beta { a: 5.0, b: 1.0 }.quantile(1e-20), 1e-4, 1e-13);
        near(Gamma { shape: 1e-3, rate: 1.0 }.quantile(0.5), 5.244_206_408_274_974e-302, 1e-9);
        assert!(Gamma { shape: 0.0, rate: 1.0 }.quantile(0.9) == 0.0);
        assert!(Beta { a: 0.0, b: 0.0 }.quantile(0.9).is_nan());
    }

    proptest! {
        #[test]
        fn gamma_quantiles_invert_the_tails(ln_a in -4.0..14.0_f64, ln_p in -300.0..-0.7_f64, upper: bool) {
            let law = Gamma { shape: ln_a.exp(), rate: 2.5 };
            let p = ln_p.exp();
            let x = if upper { law.quantile_upper(p) } else { law.quantile(p) };
            if x < 1e-290 {
                return Ok(()); // below what a float holds with all its digits
            }
            let back = if upper { law.ln_sf(x) } else { law.ln_cdf(x) };
            // An error of 10⁻¹³ in ln x, through the slope of the tail.
            let slope = (law.ln_pdf(x) + x.ln() - back).exp();
            prop_assert!((back - ln_p).abs() <= 1e-13 * slope.max(1.0) + 1e-13 * ln_p.abs(), "{x}: {back} {ln_p}");
        }

        #[test]
        fn beta_quantiles_invert_the_tails(
            ln_a in -4.0..10.0_f64, ln_b in -4.0..10.0_f64, ln_p in -200.0..-0.7_f64, upper: bool,
        ) {
            let law = Beta { a: ln_a.exp(), b: ln_b.exp() };
            let p = ln_p.exp();
            let (x, y) = if upper { law.quantile_parts(1.0 - p, p) } else { law.quantile_parts(p, 1.0 - p) };
            if x < 1e-290 || y < 1e-290 {
                return Ok(());
            }
            let tails = beta_tails(law.a, law.b, x, y);
            let back = if upper { tails.ln_upper } else { tails.ln_lower };
            let density = ln_binomial_term(law.a, law.b, x, y) + (law.a * law.b / (law.a + law.b)).ln();
            let slope = (density - back).exp();
            prop_assert!((back - ln_p).abs() <= 2e-13 * slope.max(1.0) + 2e-13 * ln_p.abs(), "{x}: {back} {ln_p}");
        }

        #[test]
        fn t_quantiles_invert_the_tails(ln_df in -2.0..20.0_f64, ln_p in -100.0..-0.7_f64) {
            let law = StudentT { df: ln_df.exp() };
            let x = law.quantile_upper(ln_p.exp());
            if x.is_infinite() {
                return Ok(());
            }
            prop_assert!((law.ln_sf(x) - ln_p).abs() <= 1e-11 * ln_p.abs(), "{x}: {} {ln_p}", law.ln_sf(x));
        }
    }
}
