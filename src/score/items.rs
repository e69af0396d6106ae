//! How many items are in use (在用数量), and what that says of the probability of injury (method 9, `numbers.md` 3.1 and 3.2).
//!
//! In: what a centre wrote into its criteria file, sales that listings display, events. Out: [`ExposureTerms`] with the probability of
//! injury over an item's life where both the number of items and their lifetime are known. Not here: levels; reading listings.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::criteria::DangerCriteria;
use super::days::{self, Day};
use numeric::{Continuous, Gamma};
use vocabulary::{Category, Danger, ExposureTerms, ItemsBasis, Listing, MEAN_YEAR_DAYS, Refused, refused};

/// What listings display as sold (显示销量), by the day it was seen, so that no past day knows of later sales.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Market {
    /// By platform and item id: what was displayed, from which day on.
    listings: BTreeMap<(String, String), BTreeMap<Day, Offer>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Offer {
    category: Category,
    brand: Option<String>,
    sold: u64,
}

impl Market {
    /// No listing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A listing as it stood on `seen`. A later sight of the same item takes its place from then on; of one day the higher number
    /// stays, so that order does not matter.
    pub fn add(&mut self, listing: &Listing, seen: Date) {
        let key = (listing.platform.clone(), listing.item_id.clone());
        let offer = Offer { category: listing.category, brand: listing.brand.clone(), sold: listing.sold };
        let days = self.listings.entry(key).or_default();
        let kept = days.entry(days::number(seen)).or_insert_with(|| offer.clone());
        if (offer.sold, offer.category, &offer.brand) > (kept.sold, kept.category, &kept.brand) {
            *kept = offer;
        }
    }

    /// Everything that was displayed by the end of a day, part by part.
    pub(super) fn tell(&self, as_of: Day, take: &mut dyn FnMut(&str)) {
        for ((platform, item), days) in &self.listings {
            for (day, Offer { category, brand, sold }) in days.range(..=as_of) {
                take(platform);
                take(item);
                take(category.code());
                take(brand.as_deref().unwrap_or_default());
                take(&format!("{day} {sold}"));
            }
        }
    }

    /// Sums as known at the end of a day.
    pub(super) fn on(&self, as_of: Day) -> Displayed<'_> {
        let mut displayed = Displayed::default();
        for offer in self.listings.values().filter_map(|days| Some(days.range(..=as_of).next_back()?.1)) {
            *displayed.by_category.entry(offer.category).or_default() += offer.sold;
            if let Some(brand) = offer.brand.as_deref().filter(|brand| !brand.is_empty()) {
                *displayed.by_brand.entry((offer.category, brand)).or_default() += offer.sold;
            }
        }
        displayed
    }
}

/// Displayed sales on one day. Nothing displayed is nothing known.
#[derive(Debug, Default)]
pub(super) struct Displayed<'a> {
    by_category: BTreeMap<Category, u64>,
    by_brand: BTreeMap<(Category, &'a str), u64>,
}

/// Which items a matter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Items<'a> {
    /// All of the category.
    All,
    /// One brand's.
    Brand(&'a str),
    /// Some of the category that nobody counts: one province's, or all but some brands'.
    Some,
}

/// What is known of the probability of injury when `events` were counted in the newest `days` days.
pub(super) fn exposure(
    category: Category,
    items: Items<'_>,
    (events, days): (u64, u32),
    displayed: &Displayed<'_>,
    criteria: &DangerCriteria,
) -> ExposureTerms {
    let stated = criteria.items_in_use.get(&category).copied();
    let sold = match items {
        Items::All => displayed.by_category.get(&category).copied(),
        Items::Brand(brand) => displayed.by_brand.get(&(category, brand)).copied(),
        Items::Some => None,
    };
    let sold = sold.filter(|sold| *sold > 0);
    let (basis, items) = match (items, stated, sold) {
        (Items::All, Some(stated), _) => (ItemsBasis::Category, Some(stated)),
        (_, _, Some(sold)) => (ItemsBasis::Displayed, Some(sold)),
        (_, Some(stated), None) => (ItemsBasis::PartOfCategory, Some(stated)),
        (_, None, None) => (ItemsBasis::Unknown, None),
    };
    let upper = upper_limit(events, criteria.rate_confidence);
    let under_reporting = criteria.under_reporting.get(&category).copied().unwrap_or(criteria.under_reporting_default);
    let lifetime_years = criteria.lifetime_years.get(&category).copied();
    let probability = items.zip(lifetime_years).map(|(items, years)| {
        let per_year = upper / items as f64 * MEAN_YEAR_DAYS / f64::from(days.max(1));
        (per_year * under_reporting * years).min(1.0)
    });
    ExposureTerms {
        basis,
        items,
        events,
        days,
        upper,
        confidence: criteria.rate_confidence,
        under_reporting,
        lifetime_years,
        probability,
        ..ExposureTerms::default()
    }
}

/// Exact upper confidence limit of a Poisson mean after `events`: the quantile of a Gamma law of shape `events + 1` (Garwood 1936).
fn upper_limit(events: u64, confidence: f64) -> f64 {
    Gamma { shape: events as f64 + 1.0, rate: 1.0 }.quantile(confidence)
}

impl DangerCriteria {
    /// The matrix row of a probability of injury.
    pub(super) fn row(&self, probability: f64) -> u8 {
        let above = self.row_bounds.iter().position(|bound| probability > *bound);
        u8::try_from(above.unwrap_or(self.row_bounds.len())).unwrap_or(u8::MAX)
    }

    /// A level raised by the number of items in use.
    pub(super) fn raised(&self, level: Danger, items: u64) -> Danger {
        let row = self.items_bounds.iter().position(|bound| items <= *bound).unwrap_or(self.items_bounds.len());
        self.items_step[row][level as usize]
    }

    /// Whether numbers of items, lifetimes and what they do to a level are possible.
    pub(super) fn check_items(&self) -> Result<(), (&'static str, Refused)> {
        let positive = |key: &'static str, category: Option<Category>, value: f64| {
            let of = category.map(|category| format!("[{category}] ")).unwrap_or_default();
            let problem =
                || (key, refused!("{of}为 {value}：应为大于 0 的数", "{of}is {value}: expected a number above 0"));
            if value > 0.0 && value.is_finite() { Ok(()) } else { Err(problem()) }
        };
        if !(self.rate_confidence > 0.0 && self.rate_confidence < 1.0) {
            let problem = refused!(
                "为 {}：应为大于 0、小于 1 的比例",
                "is {}: expected a share above 0 and below 1",
                self.rate_confidence
            );
            return Err(("rate_confidence", problem));
        }
        positive("rate_days", None, f64::from(self.rate_days))?;
        positive("under_reporting_default", None, self.under_reporting_default)?;
        for (category, items) in &self.items_in_use {
            positive("[score.danger.items_in_use]", Some(*category), *items as f64)?;
        }
        for (category, years) in &self.lifetime_years {
            positive("[score.danger.lifetime_years]", Some(*category), *years)?;
        }
        for (category, factor) in &self.under_reporting {
            positive("[score.danger.under_reporting]", Some(*category), *factor)?;
        }
        let (bounds, steps) = (&self.items_bounds, &self.items_step);
        if bounds.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err((
                "items_bounds",
                refused!(
                    "为 {bounds:?}：应为依次递增的件数",
                    "is {bounds:?}: expected numbers of items, each above the one before"
                ),
            ));
        }
        if steps.len() != bounds.len() + 1 {
            let (found, expected) = (steps.len(), bounds.len() + 1);
            return Err((
                "items_step",
                refused!(
                    "有 {found} 行：应为 {expected} 行，比 `items_bounds` 多一",
                    "has {found} rows: expected {expected}, one more than `items_bounds`"
                ),
            ));
        }
        let falls = steps.iter().any(|row| row.windows(2).any(|pair| pair[0] > pair[1]))
            || steps.windows(2).any(|rows| rows[0].iter().zip(&rows[1]).any(|(fewer, more)| fewer > more))
            || steps.iter().any(|row| row.iter().zip(Danger::ALL).any(|(raised, level)| raised < level));
        if falls {
            let problem = refused!(
                "降低了程度：更严重或在用更多时隐患程度不能更低",
                "lowers a level: worse, or more items in use, must never be less dangerous"
            );
            return Err(("items_step", problem));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::criteria::{Criteria, shipped};
    use super::*;
    use jiff::civil::date;

    const SHIPPED: &str = include_str!("../../rules/criteria/default.toml");

    fn listing(item: &str, brand: Option<&str>, sold: u64) -> Listing {
        Listing {
            item_id: item.into(),
            platform: "p".into(),
            seller: "s".into(),
            brand: brand.map(str::to_owned),
            category: Category::WaterHeater,
            title: "t".into(),
            sold,
            url: None,
            digest: None,
        }
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-6 * expected, "{found} is not {expected}");
    }

    #[test]
    fn the_upper_limit_is_the_exact_one_of_tables() {
        // Half of the 90 % quantiles of χ² with 2(x + 1) degrees of freedom, from printed tables.
        for (events, upper) in [(0, 2.995_732), (1, 4.743_865), (5, 10.513_034), (10, 16.962_219)] {
            close(upper_limit(events, 0.95), upper);
        }
    }

    #[test]
    fn the_probability_of_injury_is_rate_times_under_reporting_times_life() {
        let mut criteria = shipped().danger;
        criteria.items_in_use.insert(Category::WaterHeater, 2_000_000);
        let none = Displayed::default();
        let of = |items| exposure(Category::WaterHeater, items, (5, 56), &none, &criteria);
        let whole = of(Items::All);
        assert_eq!((whole.basis, whole.items), (ItemsBasis::Category, Some(2_000_000)));
        close(whole.probability.expect("known"), 10.513_034 / 2e6 * 365.25 / 56.0 * 10.0 * 8.0);
        assert_eq!(of(Items::Brand("甲")).basis, ItemsBasis::PartOfCategory);
        assert_eq!(of(Items::Some).basis, ItemsBasis::PartOfCategory);
        let phone = exposure(Category::Phone, Items::All, (5, 56), &none, &criteria);
        assert_eq!((phone.basis, phone.items, phone.probability), (ItemsBasis::Unknown, None, None));
    }

    #[test]
    fn a_lifetime_that_nobody_knows_leaves_the_probability_unknown() {
        let mut criteria = shipped().danger;
        criteria.items_in_use.insert(Category::Toy, 1000);
        let toy = exposure(Category::Toy, Items::All, (5, 56), &Displayed::default(), &criteria);
        assert_eq!((toy.items, toy.probability), (Some(1000), None));
    }

    #[test]
    fn displayed_sales_are_those_seen_by_the_day_and_the_newest_of_an_item() {
        let mut market = Market::new();
        market.add(&listing("1", Some("甲"), 100), date(2024, 1, 1));
        market.add(&listing("1", Some("甲"), 900), date(2024, 1, 9));
        market.add(&listing("2", None, 50), date(2024, 1, 2));
        let sold = |day| market.on(days::number(day)).by_category.get(&Category::WaterHeater).copied();
        assert_eq!(sold(date(2023, 12, 31)), None);
        assert_eq!((sold(date(2024, 1, 5)), sold(date(2024, 1, 9))), (Some(150), Some(950)));
        let criteria = shipped().danger;
        let displayed = market.on(days::number(date(2024, 1, 9)));
        let of = |items| exposure(Category::WaterHeater, items, (1, 56), &displayed, &criteria);
        assert_eq!((of(Items::All).basis, of(Items::All).items), (ItemsBasis::Displayed, Some(950)));
        assert_eq!(of(Items::Brand("甲")).items, Some(900));
        assert_eq!(of(Items::Brand("乙")).basis, ItemsBasis::Unknown, "no listing is no number");
        assert_eq!(of(Items::Some).basis, ItemsBasis::Unknown, "a province's share of sales is not displayed");
    }

    #[test]
    fn impossible_numbers_are_refused_with_their_line() {
        let refused = |from: &str, to: &str| {
            let changed = SHIPPED.replace(from, to);
            assert_ne!(changed, SHIPPED, "`{from}` is in the shipped file");
            Criteria::parse(&changed, "c.toml").expect_err("refused")
        };
        let error = refused("gas_appliance = 8 ", "gas_appliance = 0 ");
        assert!(error.problem.en.contains("[gas_appliance] is 0: expected a number above 0"), "{error}");
        assert_eq!(error.line, SHIPPED.lines().position(|l| l == "[score.danger.lifetime_years]").expect("there") + 1);
        let error = refused("gas_appliance = 8 ", "gas_appliances = 8 ");
        assert!(error.problem.en.contains("gas_appliances"), "{error}");
        assert!(refused("[100_000, 500_000, 1_000_000]", "[100_000, 500_000]").problem.en.contains("expected 3"));
        let lowered =
            refused("[\"medium\", \"high\", \"high\", \"serious\"]", "[\"medium\", \"low\", \"high\", \"serious\"]");
        assert!(lowered.problem.en.contains("lowers a level"), "{lowered}");
        assert!(refused("rate_confidence = 0.95", "rate_confidence = 1.0").problem.en.contains("below 1"));
    }
}
