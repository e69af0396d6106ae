//! Which category or brand is out of line with a hazard: disproportionality beside the level (scoring methods, section 5).
//!
//! In: every independent event of the last window as category, hazard and brand. Out: for a category × hazard and for a brand × hazard
//! the information component and, where there are pairs enough to fit a prior, EBGM and EB05. Shown, never a rule, and never a rate of
//! injury: it says which pair has more events than its row and column would have by themselves.

use super::criteria::SpreadCriteria;
use methods::disproportionality::ShrunkIc;
use methods::gps_ebgm::fit::{Fitting, fit};
use methods::gps_ebgm::prior::GammaMixture;
use vocabulary::{Category, Hazard, OutOfLineTerms, SpreadFinding};

/// What is added to observed and expected counts (Norén 2013).
const SHRINKAGE: f64 = 0.5;
/// Lower quantiles: of the information component, and of the shrunk ratio.
const IC_TAIL: f64 = 0.025;
const EB_TAIL: f64 = 0.05;

/// A table of rows × hazards, with the prior fitted to it where that is wanted.
#[derive(Debug, Clone, Default)]
struct Side {
    /// Row × hazards + hazard.
    counts: Vec<u64>,
    rows: Vec<u64>,
    columns: Vec<u64>,
    total: u64,
    prior: Option<GammaMixture>,
}

impl Side {
    fn new(rows: usize) -> Self {
        let hazards = Hazard::ALL.len();
        Self { counts: vec![0; rows * hazards], rows: vec![0; rows], columns: vec![0; hazards], ..Self::default() }
    }

    fn add(&mut self, row: usize, hazard: usize) {
        self.counts[row * self.columns.len() + hazard] += 1;
        self.rows[row] += 1;
        self.columns[hazard] += 1;
        self.total += 1;
    }

    fn expected(&self, row: usize, hazard: usize) -> f64 {
        self.rows[row] as f64 * self.columns[hazard] as f64 / self.total.max(1) as f64
    }

    fn fit(&mut self, min_pairs: u32) {
        let hazards = self.columns.len();
        let pairs: Vec<(u64, f64)> = (0..self.counts.len())
            .filter(|at| self.counts[*at] > 0)
            .map(|at| (self.counts[at], self.expected(at / hazards, at % hazards)))
            .collect();
        if pairs.len() >= min_pairs as usize {
            self.prior = fit(pairs, &Fitting::default()).map(|fitted| fitted.prior);
        }
    }

    fn terms(&self, row: usize, hazard: usize, pair: &str, brand: Option<&str>) -> Option<OutOfLineTerms> {
        let events = self.counts.get(row * self.columns.len() + hazard).copied().filter(|events| *events > 0)?;
        let expected = self.expected(row, hazard);
        let ic = ShrunkIc::new(events, expected, SHRINKAGE);
        let posterior = self.prior.and_then(|prior| prior.posterior(events, expected));
        let finite = |value: f64| value.is_finite().then_some(value);
        Some(OutOfLineTerms {
            pair: pair.to_owned(),
            brand: brand.map(ToOwned::to_owned),
            events,
            expected,
            ic: finite(ic.value())?,
            ic025: finite(ic.quantile(IC_TAIL))?,
            ebgm: posterior.and_then(|law| finite(law.geometric_mean())),
            eb05: posterior.and_then(|law| finite(law.quantile(EB_TAIL))),
        })
    }
}

/// What is said of the terms: each pair that is clearly above its expectation.
pub(super) fn findings(terms: &[OutOfLineTerms]) -> impl Iterator<Item = SpreadFinding> {
    terms.iter().filter(|pair| pair.ic025 > 0.0).map(|pair| SpreadFinding::OutOfLine {
        brand: pair.brand.clone(),
        events: pair.events,
        expected: pair.expected,
        ic025: pair.ic025,
    })
}

/// All events of the window, by category × hazard and by brand × hazard.
#[derive(Debug, Clone, Default)]
pub(super) struct Disproportion {
    categories: Side,
    brands: Side,
}

impl Disproportion {
    /// From events: category, hazard, brand (0 = none named, others below `brands`).
    pub(super) fn new(
        events: impl Iterator<Item = (Category, Hazard, u32)>,
        brands: usize,
        criteria: &SpreadCriteria,
    ) -> Self {
        let mut lines = Self { categories: Side::new(Category::ALL.len()), brands: Side::new(brands) };
        for (category, hazard, brand) in events {
            lines.categories.add(category as usize, hazard as usize);
            if brand > 0 {
                lines.brands.add(brand as usize, hazard as usize);
            }
        }
        if criteria.out_of_line_prior {
            lines.categories.fit(criteria.out_of_line_min_pairs);
            lines.brands.fit(criteria.out_of_line_min_pairs);
        }
        lines
    }

    /// The category with the hazard, then the brand (number and name) with it; what has no event is left out.
    pub(super) fn terms(&self, category: Category, hazard: Hazard, brand: Option<(u32, &str)>) -> Vec<OutOfLineTerms> {
        let first = self.categories.terms(category as usize, hazard as usize, "category", None);
        let second =
            brand.and_then(|(number, name)| self.brands.terms(number as usize, hazard as usize, "brand", Some(name)));
        first.into_iter().chain(second).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::*;

    fn steady() -> Vec<(Category, Hazard, u32)> {
        let mut events = Vec::new();
        for (at, category) in Category::ALL.iter().take(12).enumerate() {
            for (number, hazard) in Hazard::ALL.iter().take(6).enumerate() {
                let brand = u32::try_from(1 + at % 5).expect("small");
                events.extend(std::iter::repeat_n((*category, *hazard, brand), 2 + number % 3));
            }
        }
        events
    }

    #[test]
    fn a_pair_beyond_its_row_and_column_is_out_of_line_and_the_others_are_not() {
        let mut events = steady();
        events.extend(std::iter::repeat_n((Category::Toy, Hazard::Fire, 3), 25));
        let criteria = SpreadCriteria { out_of_line_prior: true, ..shipped().spread };
        let lines = Disproportion::new(events.into_iter(), 6, &criteria);
        let [category, brand] = lines.terms(Category::Toy, Hazard::Fire, Some((3, "丙牌"))).try_into().expect("both");
        for line in [&category, &brand] {
            assert!(line.ic025 > 0.0 && line.events >= 25, "{line:?}");
            assert!(line.eb05.expect("fitted") < line.ebgm.expect("fitted"), "{line:?}");
            let ic = ((line.events as f64 + 0.5) / (line.expected + 0.5)).log2();
            assert!((line.ic - ic).abs() < 1e-12);
        }
        assert_eq!((category.pair.as_str(), brand.brand.as_deref()), ("category", Some("丙牌")));
        let other = lines.terms(Category::ALL[3], Hazard::ALL[2], None);
        assert!(other.len() == 1 && other[0].ic025 < 0.0, "{other:?}");
    }

    #[test]
    fn few_pairs_have_no_prior_and_no_event_no_line() {
        let criteria = SpreadCriteria { out_of_line_prior: true, ..shipped().spread };
        let lines = Disproportion::new(std::iter::repeat_n((Category::Toy, Hazard::Fire, 0), 9), 2, &criteria);
        let terms = lines.terms(Category::Toy, Hazard::Fire, Some((1, "甲牌")));
        assert_eq!(terms.len(), 1, "no event names a brand");
        assert_eq!((terms[0].ebgm, terms[0].eb05), (None, None));
        assert!(terms[0].ic.is_finite() && terms[0].ic025 < 0.0, "all there is, is in line");
        assert!(Disproportion::new([].into_iter(), 0, &criteria).terms(Category::Toy, Hazard::Fire, None).is_empty());
    }
}
