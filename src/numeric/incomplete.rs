//! Regularised incomplete gamma and beta functions: both tails from one computation, the small one exact, also as a
//! logarithm.
//!
//! Sources: Abramowitz & Stegun 6.5 and 26.5; continued fractions after Lentz (1976) and Thompson & Barnett (1986); the
//! leading factor by Loader's saddle-point form, so that it keeps its digits for parameters of 10⁶ and more.

use super::special::{deviance_part, ln_1m_exp, ln_binomial_term, ln_gamma_1p, ln_poisson_term};

/// Both tails at a point, and their logarithms (which stay finite where a tail underflows).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tails {
    /// P(X ≤ x).
    pub lower: f64,
    /// P(X > x).
    pub upper: f64,
    /// ln P(X ≤ x).
    pub ln_lower: f64,
    /// ln P(X > x).
    pub ln_upper: f64,
}

impl Tails {
    /// All mass above the point.
    pub const ABOVE: Self = Self { lower: 0.0, upper: 1.0, ln_lower: f64::NEG_INFINITY, ln_upper: 0.0 };
    /// All mass at or below the point.
    pub const BELOW: Self = Self { lower: 1.0, upper: 0.0, ln_lower: 0.0, ln_upper: f64::NEG_INFINITY };
    /// Parameters out of bounds.
    pub const UNDEFINED: Self = Self { lower: f64::NAN, upper: f64::NAN, ln_lower: f64::NAN, ln_upper: f64::NAN };

    /// From the logarithm of the lower tail, the other by complement.
    pub fn from_ln_lower(ln_lower: f64) -> Self {
        if ln_lower.is_nan() {
            return Self::UNDEFINED;
        }
        let ln_lower = ln_lower.min(0.0);
        Self { lower: ln_lower.exp(), upper: -ln_lower.exp_m1(), ln_lower, ln_upper: ln_1m_exp(ln_lower) }
    }

    /// From the logarithm of the upper tail, the other by complement.
    pub fn from_ln_upper(ln_upper: f64) -> Self {
        Self::from_ln_lower(ln_upper).swap()
    }

    /// With the roles of the tails exchanged.
    #[must_use]
    pub const fn swap(self) -> Self {
        Self { lower: self.upper, upper: self.lower, ln_lower: self.ln_upper, ln_upper: self.ln_lower }
    }
}

/// Most terms of a series or fraction: both need of the order of √parameter.
const MOST_TERMS: u32 = 20_000_000;
/// Shape from which the gamma law's tails come from their uniform asymptotic expansion.
const LARGE_SHAPE: f64 = 1e8;
/// Relative change at which a series or fraction has settled.
const SETTLED: f64 = 1e-16;
/// Stands for zero in Lentz's algorithm.
const TINY: f64 = 1e-300;

/// P(a, x) and Q(a, x) = 1 − P(a, x), a ≥ 0, x ≥ 0. A gamma law of shape 0 sits at 0.
pub fn gamma_tails(a: f64, x: f64) -> Tails {
    if a.is_nan() || x.is_nan() || a < 0.0 {
        return Tails::UNDEFINED;
    }
    if x <= 0.0 {
        return if a == 0.0 && x == 0.0 { Tails::BELOW } else { Tails::ABOVE };
    }
    if a == 0.0 || x.is_infinite() {
        return if a.is_infinite() { Tails::UNDEFINED } else { Tails::BELOW };
    }
    if a.is_infinite() {
        return Tails::ABOVE;
    }
    if a < 1.0 && x < 1.0 {
        return gamma_small(a, x);
    }
    if a >= LARGE_SHAPE {
        return gamma_large(a, x);
    }
    let ln_lead = ln_poisson_term(a, x);
    if x < a + 1.0 {
        // A&S 6.5.29: Σ x^n/((a+1)…(a+n)).
        let (mut term, mut sum, mut k) = (1.0, 1.0, a);
        for _ in 0..MOST_TERMS {
            k += 1.0;
            term *= x / k;
            sum += term;
            if term < sum * SETTLED {
                break;
            }
        }
        Tails::from_ln_lower(ln_lead + f64::ln(sum))
    } else {
        // A&S 6.5.31, even part: 1/(x+1−a − 1(1−a)/(x+3−a − …)).
        let mut b = x + 1.0 - a;
        let mut c = 1.0 / TINY;
        let mut d = 1.0 / b;
        let mut h = d;
        for i in 1..MOST_TERMS {
            let i = f64::from(i);
            let an = -i * (i - a);
            b += 2.0;
            d = nonzero(an * d + b).recip();
            c = nonzero(b + an / c);
            let change = d * c;
            h *= change;
            if (change - 1.0).abs() <= SETTLED {
                break;
            }
        }
        Tails::from_ln_upper(ln_lead + a.ln() + h.ln())
    }
}

/// For a < 1 and x < 1 the series of the lower tail around x = 0, and its complement without loss for small a.
fn gamma_small(a: f64, x: f64) -> Tails {
    // P = x^a/Γ(1+a) (1 + a Σ_{n≥1} (−x)^n/((a+n) n!)).
    let (mut power, mut sum) = (1.0, 0.0);
    for n in 1..60 {
        let n = f64::from(n);
        power *= -x / n;
        let term = power / (a + n);
        sum += term;
        if term.abs() < f64::abs(sum) * SETTLED {
            break;
        }
    }
    let ln_lead = a * x.ln() - ln_gamma_1p(a);
    let (lower, upper) = (ln_lead.exp() * (1.0 + a * sum), -ln_lead.exp_m1() - ln_lead.exp() * a * sum);
    let ln_lower = if lower > 0.5 { (-upper).ln_1p() } else { ln_lead + (a * sum).ln_1p() };
    let ln_upper = if upper > 0.5 { (-lower).ln_1p() } else { upper.ln() };
    Tails { lower, upper, ln_lower, ln_upper }
}

/// For large a Temme's uniform expansion, first term (1979, SIAM J Math Anal 10:757): relative error below 10⁻¹⁰.
fn gamma_large(a: f64, x: f64) -> Tails {
    // a η²/2, with the sign of x − a in η.
    let half_square = deviance_part(a, x);
    if !half_square.is_finite() {
        return if x > a { Tails::BELOW } else { Tails::ABOVE };
    }
    let eta = (2.0 * half_square / a).sqrt().copysign(x - a);
    let first = if eta.abs() < 0.01 {
        -1.0 / 3.0 + eta * (1.0 / 12.0 + eta * (-2.0 / 135.0 + eta * (1.0 / 864.0 + eta / 2835.0)))
    } else {
        a / (x - a) - 1.0 / eta
    };
    // The tail on the side of x is e^{−aη²/2} (erfcx(|η|√(a/2))/2 ± c₀/√(2πa)).
    let far = gamma_tails(0.5, half_square).ln_upper - std::f64::consts::LN_2 + half_square;
    let term = first / (std::f64::consts::TAU * a).sqrt();
    if eta >= 0.0 {
        Tails::from_ln_upper((far.exp() + term).ln() - half_square)
    } else {
        Tails::from_ln_lower((far.exp() - term).ln() - half_square)
    }
}

fn nonzero(value: f64) -> f64 {
    if value.abs() < TINY { TINY } else { value }
}

/// I_x(a, b) and 1 − I_x(a, b) = I_y(b, a), a, b ≥ 0, with x and y = 1 − x both given, so that neither loses digits.
pub fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> Tails {
    if a.is_nan() || b.is_nan() || x.is_nan() || y.is_nan() || a < 0.0 || b < 0.0 || (a == 0.0 && b == 0.0) {
        return Tails::UNDEFINED;
    }
    if a.is_infinite() || b.is_infinite() {
        return Tails::UNDEFINED;
    }
    if x < 0.0 || (x == 0.0 && a > 0.0) {
        return Tails::ABOVE;
    }
    if y <= 0.0 || a == 0.0 {
        return Tails::BELOW;
    }
    if b == 0.0 {
        return Tails::ABOVE;
    }
    if x <= (a + 1.0) / (a + b + 2.0) { near_tails(a, b, x, y) } else { near_tails(b, a, y, x).swap() }
}

/// [`beta_tails`] from the side on which the fraction is quick.
fn near_tails(a: f64, b: f64, x: f64, y: f64) -> Tails {
    let ln_lower = ln_beta_lower(a, b, x, y);
    // A shape below 1 can put nearly all mass on this side; then the other tail must not come by subtraction. Its
    // fraction holds for every x when a < 1, with a relative error of about 10⁻¹⁶/x; the subtraction's is about
    // 10⁻¹⁵/(1 − I).
    if a < 1.0 && ln_lower > -std::f64::consts::LN_2 && x > -0.1 * ln_lower.exp_m1() {
        return Tails::from_ln_upper(ln_beta_lower(b, a, y, x));
    }
    Tails::from_ln_lower(ln_lower)
}

/// ln I_x(a, b) by the continued fraction of DiDonato & Morris (1992, eq. 9), quick for x ≤ (a+1)/(a+b+2); it uses y
/// where x is near 1, and so keeps its digits for a ≫ b too.
fn ln_beta_lower(a: f64, b: f64, x: f64, y: f64) -> f64 {
    // x^a y^b/B(a,b) = ab/(a+b) · the binomial term of a and b.
    let ln_lead = ln_binomial_term(a, b, x, y) + (b / (a + b)).ln() + a.ln();
    let lambda = if a > b { (a + b) * y - b } else { a - (a + b) * x };
    // h = β₁ + α₂/(β₂ + α₃/(β₃ + …)), by Lentz.
    let mut h = nonzero(a / (a + 1.0) * (lambda + 1.0));
    let mut c = h;
    let mut d = 0.0;
    for n in 1..MOST_TERMS {
        let n = f64::from(n);
        let k = a + 2.0 * n - 1.0;
        let alpha = (a + n - 1.0) / k * ((a + b + n - 1.0) / k) * (n * x) * ((b - n) * x);
        let beta = n + n * (b - n) * x / k + (a + n) / (k + 2.0) * (lambda + 1.0 + n * (1.0 + y));
        d = nonzero(beta + alpha * d).recip();
        c = nonzero(beta + alpha / c);
        let change = c * d;
        h *= change;
        if (change - 1.0).abs() <= SETTLED {
            break;
        }
    }
    ln_lead - h.ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(got: f64, want: f64, relative: f64) {
        assert!((got - want).abs() <= relative * want.abs(), "{got:e} is not {want:e}");
    }

    #[test]
    fn gamma_tails_meet_closed_forms() {
        for x in [0.3, 1.0, 2.5, 30.0, 700.0] {
            near(gamma_tails(1.0, x).ln_upper, -x, 1e-14); // exponential law
            near(gamma_tails(2.0, x).ln_upper, f64::ln_1p(x) - x, 1e-14 * 10.0);
        }
        // E₁(0.5)·a for tiny a: Q(a, x) → a E₁(x).
        near(gamma_tails(1e-10, 0.5).upper, 0.559_773_594_776_160_8e-10, 1e-9);
        near(gamma_tails(1e-10, 1.5).upper, 0.100_019_582_406_632_65e-10, 1e-9);
    }

    #[test]
    fn beta_tails_meet_closed_forms() {
        for x in [1e-9, 0.2, 0.5, 0.9] {
            near(beta_tails(1.0, 1.0, x, 1.0 - x).lower, x, 1e-14);
            near(beta_tails(3.0, 1.0, x, 1.0 - x).ln_lower, 3.0 * f64::ln(x), 1e-13);
            near(beta_tails(1.0, 4.0, x, 1.0 - x).upper, (1.0 - x).powi(4), 1e-13);
        }
    }

    #[test]
    fn the_expansion_for_large_shapes_continues_the_series() {
        for z in [-30.0, -5.0, -1.0, -0.01, 0.0, 0.3, 2.0, 8.0, 36.0] {
            let a = LARGE_SHAPE * (1.0 - 1e-12);
            let x = a + z * a.sqrt();
            let (series, expansion) = (gamma_tails(a, x), gamma_large(a, x));
            assert!((series.ln_upper - expansion.ln_upper).abs() < 1e-10, "{z}: {series:?} {expansion:?}");
            assert!((series.ln_lower - expansion.ln_lower).abs() < 1e-10, "{z}: {series:?} {expansion:?}");
        }
        near(gamma_tails(1e15, 1e15).upper, 0.5, 1e-7);
    }

    #[test]
    fn a_tiny_shape_does_not_spoil_the_other_tail() {
        // NB of mean 0.3 and size 0.001: P(X ≥ 40) by summation with 40 digits.
        near(beta_tails(0.001, 40.0, 0.001 / 0.301, 0.3 / 0.301).upper, 0.001_578_597_770_600_894_2, 1e-12);
    }

    #[test]
    fn edges_are_defined() {
        assert_eq!(gamma_tails(0.0, 3.0), Tails::BELOW);
        assert_eq!(gamma_tails(2.0, 0.0), Tails::ABOVE);
        assert_eq!(gamma_tails(2.0, f64::INFINITY), Tails::BELOW);
        assert!(gamma_tails(-1.0, 1.0).lower.is_nan());
        assert_eq!(beta_tails(0.0, 2.0, 0.5, 0.5), Tails::BELOW);
        assert_eq!(beta_tails(2.0, 0.0, 0.5, 0.5), Tails::ABOVE);
        assert_eq!(beta_tails(2.0, 2.0, 1.0, 0.0), Tails::BELOW);
        assert!(beta_tails(0.0, 0.0, 0.5, 0.5).lower.is_nan());
    }

    proptest! {
        #[test]
        fn gamma_recurrence_holds(a in 0.01..500.0_f64, x in 0.01..800.0_f64) {
            // Q(a+1, x) = Q(a, x) + x^a e^{−x}/Γ(a+1); checked where nothing cancels.
            let (here, next) = (gamma_tails(a, x), gamma_tails(a + 1.0, x));
            let term = ln_poisson_term(a, x).exp();
            prop_assert!((next.upper - here.upper - term).abs() <= 1e-12 * next.upper.max(here.upper) + 1e-300);
            prop_assert!((here.lower - next.lower - term).abs() <= 1e-12 * here.lower.max(1e-290));
        }

        #[test]
        fn tails_add_up(a in 0.01..50.0_f64, b in 0.01..50.0_f64, x in 0.0..1.0_f64) {
            let tails = beta_tails(a, b, x, 1.0 - x);
            prop_assert!((tails.lower + tails.upper - 1.0).abs() < 1e-14);
            let mirrored = beta_tails(b, a, 1.0 - x, x);
            prop_assert!((tails.lower - mirrored.upper).abs() <= 1e-13 * tails.lower + 1e-300);
        }
    }
}
