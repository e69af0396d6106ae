//! What is normal as of a day: exposure, baseline counts, and the Gamma priors and extra dispersion fitted to them.

use std::collections::{BTreeMap, BTreeSet};

use super::criteria::{Criteria, DetectorCriteria};
use super::days::{self, Day};
use super::events::{Cell, Events};
use super::exposure::{Exposure, Volume};
use super::moved::Moved;
use super::rise::Rise;
use super::share_scatter::{self, Carried};
use super::spread::prefectures;
pub(super) use numeric::Gamma;
use numeric::special::ln_rising;
use vocabulary::{Category, Hazard, PROVINCES};

/// Least fitted shape: below it a prior says "this never happens" and one report would be a sensation.
const SHAPE_MIN: f64 = 0.02;
/// Golden-section steps: narrows the logarithm of the shape to 1e-6.
const SEARCH_STEPS: u32 = 36;
/// How many provinces there are.
const PROVINCE_COUNT: f64 = PROVINCES.len() as f64;
/// Two-digit codes of provinces, 0 for unknown ones.
const PROVINCE_CODES: usize = 100;
/// Baseline events a cell needs to tell something about dispersion.
const DISPERSION_MIN_EVENTS: u32 = 10;
/// Share of its fullest weeks that a cell leaves out of the dispersion: past outbreaks are not noise.
const TRIMMED_SHARE: f64 = 0.01;

/// What is usual as of a day, for all cells: exposure, baseline counts, and the laws fitted to them.
#[derive(Debug)]
pub(super) struct Baseline<'a> {
    pub(super) as_of: Day,
    pub(super) exposure: Exposure,
    /// Length in weeks of average reading.
    pub(super) weeks: f64,
    /// Evidence over the windows of the criteria.
    pub(super) rise: Rise,
    criteria: &'a DetectorCriteria,
    counts: Vec<u64>,
    /// The same over all hazards of each category.
    category_events: Vec<u64>,
    by_category: Vec<Option<Gamma>>,
    by_hazard: Vec<Option<Gamma>>,
    overall: Gamma,
    dispersion: Vec<Option<f64>>,
    province_events: BTreeMap<u32, u64>,
    placed_events: u64,
    /// Events since the baseline began by prefecture, as `spread::prefectures` numbers them.
    prefecture_events: Vec<u64>,
    /// Events since the baseline began, all of them and by platform.
    all_events: u64,
    platform_events: BTreeMap<u32, u64>,
    /// Baseline events by category and brand, and of all named brands of a category.
    brand_events: BTreeMap<(Category, u32), u64>,
    named_events: BTreeMap<Category, u64>,
    /// Shapes of the laws by which brands, and provinces, scatter around their shares of a cell.
    brand_shape: f64,
    province_shape: f64,
    /// The day on which the watch began: what is older was there before anybody looked.
    pub(super) watched_from: Day,
}

impl<'a> Baseline<'a> {
    pub(super) fn at(as_of: Day, events: &Events, volume: &Volume, criteria: &'a Criteria) -> Self {
        let criteria = &criteria.detector;
        let days = |weeks: u32| days::span(weeks * 7);
        let exposure = Exposure::at(
            as_of,
            volume,
            &events.document_days,
            days(criteria.baseline_weeks),
            days(criteria.guard_weeks),
        );
        let baseline_weeks = exposure.baseline_weeks();
        let (from, to) = exposure.baseline();
        let mut counts = vec![0_u64; Category::ALL.len() * Hazard::ALL.len()];
        let mut province_events = [0_u64; PROVINCE_CODES];
        let mut platform_events = vec![0_u64; events.names.platforms.len()];
        let (mut brand_events, mut named_events) = (BTreeMap::new(), BTreeMap::new());
        let mut prefecture_events = vec![0; prefectures::count()];
        let mut all_events = 0;
        let (mut in_brands, mut in_provinces) = (Vec::new(), Vec::new());
        let mut own_brands: Vec<u32> = Vec::new();
        for cell in &events.cells {
            counts[index(cell.category, cell.hazard)] =
                cell.daily(from, to, as_of).map(|count| u64::from(count.events)).sum();
            let mut own_provinces = [0_u64; PROVINCE_CODES];
            own_brands.clear();
            for mention in cell.known(from, as_of, as_of).filter(|mention| mention.opens) {
                all_events += 1;
                let province = (mention.region / 10_000) as usize;
                province_events[province] += 1;
                if let Some(at) = prefectures::position(mention.region) {
                    prefecture_events[at] += 1;
                }
                platform_events[mention.platform as usize] += 1;
                if mention.day <= to {
                    own_provinces[province] += 1;
                    own_brands.push(cell.events[mention.event as usize].brand(as_of));
                }
            }
            let at = (cell.category, cell.hazard);
            own_brands.sort_unstable();
            for alike in own_brands.chunk_by(|a, b| a == b).filter(|alike| alike[0] > 0) {
                let (brand, events) = (alike[0], alike.len() as u64);
                *brand_events.entry((cell.category, brand)).or_default() += events;
                *named_events.entry(cell.category).or_default() += events;
                in_brands.push((at, brand, events));
            }
            in_provinces.extend(nonzero(&own_provinces).map(|(province, events)| (at, province, events)));
        }
        let province_events: BTreeMap<u32, u64> = nonzero(&province_events).collect();
        let platform_events: BTreeMap<u32, u64> = nonzero(&platform_events).collect();
        let fit = |counts: &mut dyn Iterator<Item = u64>| fit(&counts.collect::<Vec<_>>(), baseline_weeks, criteria);
        let by_category =
            Category::ALL.iter().map(|c| fit(&mut Hazard::ALL.iter().map(|h| counts[index(*c, *h)]))).collect();
        let by_hazard =
            Hazard::ALL.iter().map(|h| fit(&mut Category::ALL.iter().map(|c| counts[index(*c, *h)]))).collect();
        let category_events: Vec<u64> =
            Category::ALL.iter().map(|c| Hazard::ALL.iter().map(|h| counts[index(*c, *h)]).sum()).collect();
        let total: u64 = counts.iter().sum();
        let grand = if baseline_weeks > 0.0 { total as f64 / counts.len() as f64 / baseline_weeks } else { 0.0 };
        let overall =
            Gamma { shape: criteria.prior_shape, rate: criteria.prior_shape / grand.max(criteria.prior_rate_per_week) };
        let dispersion = dispersions(events, &exposure, criteria.dispersion_below);
        let placed_events = province_events.values().sum();
        let first_signal = events.document_days.iter().map(|(_, seen)| *seen).min();
        let watched_from = volume.watched_from().into_iter().chain(first_signal).min().unwrap_or(as_of);
        let mut baseline = Self {
            as_of,
            exposure,
            weeks: baseline_weeks,
            rise: Rise::over(&criteria.windows_days.iter().map(|days| *days as usize).collect::<Vec<_>>(), 7),
            criteria,
            counts,
            category_events,
            by_category,
            by_hazard,
            overall,
            dispersion,
            province_events,
            placed_events,
            prefecture_events,
            all_events,
            platform_events,
            brand_events,
            named_events,
            brand_shape: criteria.brand_shape,
            province_shape: criteria.province_shape,
            watched_from,
        };
        baseline.fit_parts(&in_brands, &in_provinces);
        baseline
    }

    /// Fits how far brands and provinces scatter around their shares, where the baseline holds enough of them.
    fn fit_parts(&mut self, in_brands: &[PartEvents], in_provinces: &[PartEvents]) {
        let provinces = share_scatter::grouped(self.province_shares());
        let (mut all_brands, mut all_provinces) = (Vec::new(), Vec::new());
        for category in Category::ALL.iter().filter(|category| self.category_events[**category as usize] > 0) {
            let brands = share_scatter::grouped(self.brand_shares(*category));
            for hazard in Hazard::ALL {
                let events = self.events(*category, *hazard) as f64;
                if events > 0.0 {
                    let expected = |(share, parts): &(f64, f64)| (events * share, *parts);
                    all_provinces.extend(provinces.iter().map(expected));
                    all_brands.extend(brands.iter().map(expected));
                }
            }
        }
        // A part's own events in a cell say nothing about the share that the other cells let expect.
        let of = |(cell, part, own): &PartEvents, share: &dyn Fn(Category, u32, u64) -> f64| Carried {
            expected: self.events(cell.0, cell.1) as f64 * share(cell.0, *part, *own),
            events: *own,
        };
        let by_brand = |category, brand, own| self.brand_share(category, brand, own);
        let by_province = |_, province, own| self.province_share(province, own, &Moved::default());
        let brands: Vec<Carried> = in_brands.iter().map(|part| of(part, &by_brand)).collect();
        let provinces: Vec<Carried> = in_provinces.iter().map(|part| of(part, &by_province)).collect();
        self.brand_shape = share_scatter::shape(&brands, &all_brands).unwrap_or(self.brand_shape);
        self.province_shape = share_scatter::shape(&provinces, &all_provinces).unwrap_or(self.province_shape);
    }

    /// Baseline events of a cell.
    pub(super) fn events(&self, category: Category, hazard: Hazard) -> u64 {
        self.counts[index(category, hazard)]
    }

    /// Prior of a cell: fitted over its category, else over its hazard, else the overall one.
    pub(super) fn prior(&self, category: Category, hazard: Hazard) -> Gamma {
        self.by_category[category as usize].or(self.by_hazard[hazard as usize]).unwrap_or(self.overall)
    }

    /// Law of a cell's rate after its baseline.
    pub(super) fn law(&self, category: Category, hazard: Hazard) -> Gamma {
        self.prior(category, hazard).after(self.events(category, hazard), self.weeks)
    }

    /// Share of all events that each province is expected to carry, with the number of such provinces.
    pub(super) fn province_shares(&self) -> impl Iterator<Item = (f64, f64)> {
        let share = |province: u32| self.province_share(province, 0, &Moved::default());
        let unseen = (share(0), PROVINCE_COUNT - self.province_events.len() as f64);
        self.province_events.keys().map(move |province| (share(*province), 1.0)).chain([unseen])
    }

    /// Share of a cell that each brand of the category is expected to carry, with the number of such brands; those never
    /// seen before among them.
    pub(super) fn brand_shares(&self, category: Category) -> impl Iterator<Item = (f64, f64)> {
        let unseen = (self.brand_share(category, 0, 0), f64::from(self.criteria.part_shares));
        let known = self.brand_events.range((category, 1)..=(category, u32::MAX));
        known.map(move |((_, brand), _)| (self.brand_share(category, *brand, 0), 1.0)).chain([unseen])
    }

    /// What a province carries of all placed events, `less` of its own left out, times how often a place is named.
    fn province_share(&self, province: u32, less: u64, moved: &Moved) -> f64 {
        let events = self.events_in(province, moved).saturating_sub(less) as f64;
        let placed = self.placed_events.saturating_add_signed(moved.placed()) as f64;
        let all = self.all_events.saturating_add_signed(moved.events());
        (events + 1.0) / (placed + PROVINCE_COUNT) * smoothed_share(placed, all)
    }

    /// What a brand carries of all named events of the category, `less` of its own left out, times how often a brand is
    /// named there.
    fn brand_share(&self, category: Category, brand: u32, less: u64) -> f64 {
        let events = self.brand_events.get(&(category, brand)).copied().unwrap_or(0).saturating_sub(less) as f64;
        let named = self.named_events.get(&category).copied().unwrap_or(0) as f64;
        let all = self.category_events[category as usize];
        (events + 1.0) / (named + f64::from(self.criteria.part_shares)) * smoothed_share(named, all)
    }

    /// Prior of one brand inside a cell: its share of all named events of the category, so that a brand of many reports, or one
    /// of two in its trade, is expected to have them here too.
    pub(super) fn brand_prior(&self, category: Category, hazard: Hazard, brand: u32) -> Gamma {
        self.brand_law(self.law(category, hazard), self.brand_share(category, brand, 0))
    }

    /// Prior of one province (two digits) inside a cell: its share of all placed events.
    pub(super) fn province_prior(&self, category: Category, hazard: Hazard, province: u32, moved: &Moved) -> Gamma {
        self.province_law(self.law(category, hazard), self.province_share(province, 0, moved))
    }

    pub(super) fn events_in(&self, province: u32, moved: &Moved) -> u64 {
        self.province_events.get(&province).copied().unwrap_or(0).saturating_add_signed(moved.of(province))
    }

    /// Law of the rate of a brand with this share of a cell, before its own events there.
    pub(super) fn brand_law(&self, cell: Gamma, share: f64) -> Gamma {
        part_law(cell, share, self.brand_shape)
    }

    /// Law of the rate of a province with this share of a cell, before its own events there.
    pub(super) fn province_law(&self, cell: Gamma, share: f64) -> Gamma {
        part_law(cell, share, self.province_shape)
    }

    /// A law with what its baseline is expected to add.
    pub(super) fn expected_law(&self, law: Gamma) -> Gamma {
        let weeks = self.weeks;
        Gamma { shape: law.shape + law.mean() * weeks, rate: law.rate + weeks }
    }

    /// Weekly negative-binomial size of a category's cells; none when they are no more scattered than Poisson.
    pub(super) fn dispersion(&self, category: Category) -> Option<f64> {
        self.dispersion[category as usize]
    }

    /// Events since the baseline began: all, those that name a place.
    pub(super) fn events_since(&self) -> (u64, u64) {
        (self.all_events, self.placed_events)
    }

    /// Events since the baseline began by prefecture.
    pub(super) fn events_by_prefecture(&self) -> &[u64] {
        &self.prefecture_events
    }

    /// Events since the baseline began that a platform brought.
    pub(super) fn events_on(&self, platform: u32) -> u64 {
        self.platform_events.get(&platform).copied().unwrap_or(0)
    }

    /// Share of a category's baseline events that name a brand; none without events.
    pub(super) fn named_share(&self, category: Category) -> Option<f64> {
        let all = self.category_events[category as usize];
        let named = self.named_events.get(&category).copied().unwrap_or(0);
        (all > 0).then(|| named as f64 / all as f64)
    }
}

/// What is known (not 0) and has events, in order.
fn nonzero(events: &[u64]) -> impl Iterator<Item = (u32, u64)> {
    (0..).zip(events.iter().copied()).skip(1).filter(|(_, events)| *events > 0)
}

/// Law of a part's rate: its share of the cell, as unsure as the cell itself and as parts scatter.
fn part_law(cell: Gamma, share: f64, scatter: f64) -> Gamma {
    let shape = 1.0 / (1.0 / cell.shape + 1.0 / scatter);
    Gamma { shape, rate: shape / (cell.mean() * share).max(f64::MIN_POSITIVE) }
}

/// Cell, brand or province, and baseline events of it there.
type PartEvents = ((Category, Hazard), u32, u64);

/// How many of all events tell so much, with one of each kind supposed.
fn smoothed_share(named: f64, all: u64) -> f64 {
    (named + 1.0) / (all as f64 + 2.0)
}

fn index(category: Category, hazard: Hazard) -> usize {
    category as usize * Hazard::ALL.len() + hazard as usize
}

/// Gamma prior of the rates of cells with equal exposure, by negative-binomial maximum likelihood. The mean's estimate is the mean
/// itself; the shape's is found by golden section on its logarithm. None when there is too little to fit.
fn fit(counts: &[u64], weeks: f64, criteria: &DetectorCriteria) -> Option<Gamma> {
    let total: u64 = counts.iter().sum();
    if total < criteria.prior_min_events || weeks <= 0.0 {
        return None;
    }
    let mean = total as f64 / counts.len() as f64;
    let likelihood = |ln_shape: f64| -> f64 {
        let shape = ln_shape.exp();
        let rising: f64 = counts.iter().filter(|count| **count > 0).map(|count| ln_rising(shape, *count)).sum();
        let cells = counts.len() as f64;
        rising - cells * shape * (mean / shape).ln_1p() - total as f64 * (shape / mean).ln_1p()
    };
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (SHAPE_MIN.ln(), criteria.prior_shape_max.max(SHAPE_MIN).ln());
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (likelihood(left), likelihood(right));
    for _ in 0..SEARCH_STEPS {
        if at_left < at_right {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = likelihood(right);
        } else {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = likelihood(left);
        }
    }
    let shape = f64::midpoint(low, high).exp();
    Some(Gamma { shape, rate: shape / mean * weeks })
}

/// Weekly size per category by the method of moments, pooled over its cells: `Σ n·m² / Σ n·(s² − m)`.
fn dispersions(events: &Events, exposure: &Exposure, below: f64) -> Vec<Option<f64>> {
    let (from, to) = exposure.baseline();
    let weeks = usize::try_from((to - from + 1) / 7).unwrap_or(0);
    let week_of = |day: Day| usize::try_from((to - day) / 7).unwrap_or(0);
    let days_of = |week: usize| {
        let last = to - i32::try_from(week * 7).unwrap_or(0);
        (last - 6, last)
    };
    let read: BTreeSet<usize> =
        (0..weeks).filter(|week| exposure.documents(days_of(*week).0, days_of(*week).1) > 0).collect();
    let mut sums = vec![(0.0, 0.0); Category::ALL.len()];
    for cell in &events.cells {
        if let Some((square, excess)) = scatter(cell, exposure, weeks, week_of, &read) {
            let sum = &mut sums[cell.category as usize];
            *sum = (sum.0 + square, sum.1 + excess);
        }
    }
    let size =
        |(square, excess): (f64, f64)| if excess > 0.0 { Some(square / excess).filter(|s| *s < below) } else { None };
    sums.into_iter().map(size).collect()
}

fn scatter(
    cell: &Cell,
    exposure: &Exposure,
    weeks: usize,
    week_of: impl Fn(Day) -> usize,
    read: &BTreeSet<usize>,
) -> Option<(f64, f64)> {
    let (from, to) = exposure.baseline();
    let mut weekly = vec![0_u32; weeks];
    let mut total = 0;
    for count in cell.daily(from, to, exposure.as_of()) {
        if let Some(week) = weekly.get_mut(week_of(count.day)) {
            *week += count.events;
            total += count.events;
        }
    }
    if total < DISPERSION_MIN_EVENTS {
        return None;
    }
    let mut counts: Vec<u32> = read.iter().map(|week| weekly[*week]).collect();
    counts.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of at most some hundred weeks"
    )]
    let trimmed = (counts.len() as f64 * TRIMMED_SHARE).ceil() as usize;
    counts.truncate(counts.len().saturating_sub(trimmed));
    if counts.len() < 3 {
        return None;
    }
    let n = counts.len() as f64;
    let mean = counts.iter().map(|count| f64::from(*count)).sum::<f64>() / n;
    let variance = counts.iter().map(|count| (f64::from(*count) - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some((n * mean * mean, n * (variance - mean)))
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::super::testing::{Report, days_after};
    use super::*;
    use numeric::{Discrete, NegativeBinomial};

    /// Shapes of brands and of provinces, fitted to these reports, which are all older than the guard weeks.
    fn shapes(reports: impl Iterator<Item = Report>) -> (f64, f64) {
        let criteria = shipped();
        let records: Vec<_> = reports.map(|report| report.record()).collect();
        let volume: Volume = (-800..=400).map(|day| (days_after(day), 100)).collect();
        let events = Events::build(&records, &criteria);
        let baseline = Baseline::at(days::number(days_after(400)), &events, &volume, &criteria);
        let counted: u64 = baseline.counts.iter().sum();
        assert_eq!(counted, records.len() as u64, "every report is an event of the baseline");
        (baseline.brand_shape, baseline.province_shape)
    }

    /// A brand whose reports are all of one hazard scatters, however often it is named: its own reports say nothing about what the rest of
    /// the trade lets expect of it. Counted into their own expectation they would hide it; the law then comes out ten times as narrow.
    #[test]
    fn brands_whose_reports_are_of_one_hazard_scatter_though_their_own_reports_would_explain_them() {
        let hazards = [Hazard::Fire, Hazard::Burn];
        let report = |number: i32| {
            let brand = number / 2;
            let hazard = hazards[usize::from(brand % 2 == 1)];
            Report::new(number).brand(&format!("牌子{brand}")).about(Category::BatteryCharger, hazard)
        };
        let (brands, provinces) = shapes((0..200).map(report));
        assert!((0.1..0.5).contains(&brands), "{brands}");
        assert!((provinces - shipped().detector.province_shape).abs() < 1e-12, "nothing was placed: {provinces}");
    }

    /// The same of provinces.
    #[test]
    fn provinces_whose_reports_are_of_two_matters_scatter_though_their_own_reports_would_explain_them() {
        let hazards = [Hazard::Fire, Hazard::Burn, Hazard::Chemical, Hazard::Choking, Hazard::Cut, Hazard::Noise];
        let report = |number: usize| {
            let (province, which) = (number / 4, number % 4);
            let hazard = hazards[(province + which / 2) % hazards.len()];
            let region = PROVINCES[province].region().to_string();
            let day = i32::try_from(number).expect("small");
            Report::new(day).region(&region).about(Category::BatteryCharger, hazard)
        };
        let (brands, provinces) = shapes((0..120).map(report));
        assert!((0.1..0.5).contains(&provinces), "{provinces}");
        assert!((brands - shipped().detector.brand_shape).abs() < 1e-12, "no brand was named: {brands}");
    }

    #[test]
    fn an_uneven_category_gets_a_small_shape_and_an_even_one_a_large_one() {
        let criteria = shipped().detector;
        let uneven = fit(&[120, 30, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0], 104.0, &criteria).expect("fitted");
        let even = fit(&[12, 13, 12, 11, 12, 13], 104.0, &criteria).expect("fitted");
        assert!(uneven.shape < 0.3, "{uneven:?}");
        assert!(even.shape > 10.0, "{even:?}");
        assert!((uneven.mean() - 154.0 / 12.0 / 104.0).abs() < 1e-9, "the mean is the mean");
    }

    #[test]
    fn the_fitted_shape_is_where_the_likelihood_is_flat() {
        // Counts drawn by hand; the reference maximum was found by scanning shapes in steps of 0.001.
        let counts = [0, 1, 0, 3, 7, 2, 0, 0, 1, 5];
        let mean = 1.9;
        let likelihood =
            |shape: f64| -> f64 { counts.iter().map(|x| NegativeBinomial::new(mean, shape).ln_pmf(*x)).sum() };
        let best =
            (20..5000).map(|step| f64::from(step) / 1000.0).max_by(|a, b| likelihood(*a).total_cmp(&likelihood(*b)));
        let fitted = fit(&counts, 10.0, &shipped().detector).expect("fitted").shape;
        assert!((fitted - best.expect("scanned")).abs() < 0.0011, "{fitted} {best:?}");
    }

    #[test]
    fn too_few_events_fit_nothing() {
        assert_eq!(fit(&[3, 0, 0], 104.0, &shipped().detector), None);
        assert_eq!(fit(&[30, 0, 0], 0.0, &shipped().detector), None);
    }
}
