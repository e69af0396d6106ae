//! What is expected of a part that crossed, by place, brand and platform: the evidence that the spread axis judges.
//!
//! In: the events of a part and the day's baseline. Out: [`Evidence`], and the cluster of prefectures that is shown beside it. Not here:
//! the level.
//!
//! The exposure of a province (a platform) is its share of all events since the baseline began, without the newest weeks of the cell
//! itself: a rise must not raise its own expectation.

use std::collections::BTreeMap;

use super::{CellDay, Part};
use crate::common_cause::CommonCause;
use crate::days;
use crate::events::Mention;
use crate::spread::prefectures::{self, Cities};
use crate::spread::{Evidence, Field, Platforms, Shares, provinces};
use methods::multi_window::window_size;
use vocabulary::ClusterTerms;

impl CellDay<'_> {
    /// The evidence of a part; `None` when it did not cross.
    pub(super) fn evidence(&self, part: &Part<'_>, shares: &Shares, shared: Option<CommonCause>) -> Option<Evidence> {
        if !part.test.crossed {
            return None;
        }
        let days = self.criteria.spread.window_days;
        let rate = part.base.prior.after(part.base.events, self.baseline.weeks);
        let exposure = self.weekly_exposure(days);
        let expected = rate.mean() * self.baseline.exposure.window_weeks(days);
        let weekly = |share: f64| exposure.iter().map(|weeks| rate.mean() * weeks * share).collect::<Vec<f64>>();
        let one_province = part.scope.province > 0;
        let placed = part
            .mentions
            .iter()
            .filter(|seen| seen.mention.opens && seen.province > 0)
            .filter_map(|seen| Some((seen.province, u32::try_from(self.baseline.as_of - seen.mention.day).ok()?)));
        let field = if one_province {
            let here = provinces::position(part.scope.province);
            let shares = (0..provinces::COUNT).map(|at| if Some(at) == here { 1.0 } else { 0.0 }).collect();
            Field::new(placed, &weekly(1.0), shares)
        } else {
            Field::new(placed, &weekly(self.placed_share()), self.province_shares())
        };
        let window = part.test.window();
        let top_brand = shares.top_brand().filter(|_| part.scope.brand == 0);
        let top_province = shares.top_province().filter(|_| !one_province && !self.levels_only);
        let rest = top_brand.map(|(top, _)| self.without(part, |brand, _| brand != top));
        Some(Evidence {
            rest_in_budget: rest.as_ref().is_some_and(|rest| rest.within(self.criteria.spread.industry_slack)),
            p_national: part.test.tail(),
            rate_ratio: if window.mu > 0.0 { window.x as f64 / window.mu } else { 0.0 },
            one_brand: part.scope.brand > 0,
            one_province,
            without_top_brand: rest.map(|rest| rest.tail()),
            without_top_province: top_province.map(|(top, _)| self.without(part, |_, province| province != top).tail()),
            platforms: self.platforms(part, &exposure, rate.mean()),
            field,
            expected,
            named_share: self.baseline.named_share(self.cell.category).unwrap_or(1.0),
            brand_expected: self.brand_expected(part, shares, expected),
            size: window_size(rate.shape, part.base.dispersion, f64::from(days) / 7.0),
            seed: self.seed(),
            shared,
            replicas: self.criteria.spread.scan_replicas,
            in_prefectures: self.in_prefectures(part).count() as u64,
        })
    }

    /// Prefecture, as `spread::prefectures` numbers it, and age in days of the events of the spread window that name one.
    fn in_prefectures(&self, part: &Part<'_>) -> impl Iterator<Item = (usize, u32)> {
        let days = self.criteria.spread.window_days;
        let opens = part.mentions.iter().filter(move |seen| seen.mention.opens && self.within(seen, days));
        opens.filter_map(|seen| {
            let age = u32::try_from(self.baseline.as_of - seen.mention.day).ok()?;
            Some((prefectures::position(seen.region)?, age))
        })
    }

    /// The most likely cluster of neighbouring prefectures of a part that crossed, by a scan beside that of provinces. `scans`: scans made
    /// of the part in all (Bonferroni). The exposure of a prefecture is its share of all events that name one, as for provinces.
    pub(crate) fn prefecture_cluster(&self, part: &Part<'_>, scans: u32) -> Option<ClusterTerms> {
        let limits = &self.criteria.spread;
        if !part.test.crossed || (self.in_prefectures(part).count() as u64) < limits.scan_min_events {
            return None;
        }
        let mut own = vec![0_u64; prefectures::count()];
        self.own().filter_map(|mention| prefectures::position(mention.region)).for_each(|at| own[at] += 1);
        let all = self.baseline.events_by_prefecture();
        let others = |at: usize| all[at].saturating_sub(own[at]);
        let province = Some(part.scope.province).filter(|province| *province > 0);
        let worth_each = limits.people_worth / provinces::COUNT as f64;
        let shares = prefectures::shares(others, worth_each, province);
        // Share of placed events that name a prefecture: of all other cells, or of this one where there are none.
        let own_placed = self.own().filter(|mention| mention.region > 0).count() as u64;
        let placed = self.baseline.events_since().1.saturating_sub(own_placed);
        let named: u64 = (0..all.len()).map(others).sum();
        let finer = if named > 0 && placed > 0 {
            named as f64 / placed as f64
        } else {
            own.iter().sum::<u64>() as f64 / own_placed.max(1) as f64
        };
        let placed_share = if province.is_some() { 1.0 } else { self.placed_share() };
        let rate = part.base.prior.after(part.base.events, self.baseline.weeks);
        let exposure = self.weekly_exposure(limits.window_days);
        let weekly: Vec<f64> =
            exposure.iter().map(|weeks| rate.mean() * weeks * placed_share * finer.min(1.0)).collect();
        let cities = Cities::new(self.in_prefectures(part), &weekly, shares);
        let size = window_size(rate.shape, part.base.dispersion, f64::from(limits.window_days) / 7.0);
        cities.cluster((size, self.seed()), scans, limits)
    }

    /// Seed of the random draws for this cell and day.
    fn seed(&self) -> u64 {
        (self.cell.category as u64) << 48
            | (self.cell.hazard as u64) << 32
            | u64::from(self.baseline.as_of.cast_unsigned())
    }

    /// The detector's test without the events that `stays` (brand, province) refuses.
    fn without(&self, part: &Part<'_>, stays: impl Fn(u32, u32) -> bool) -> super::Test {
        let covered =
            |(brand, province): &&(u32, u32)| part.scope.covers(*brand, *province) && stays(*brand, *province);
        let base = super::Base { events: self.history.iter().filter(covered).count() as u64, ..part.base };
        self.test(&part.mentions, base, |seen| stays(seen.brand, seen.province))
    }

    /// Exposure of each of the last `days / 7` weeks, in weeks of average reading, the oldest first.
    fn weekly_exposure(&self, days: u32) -> Vec<f64> {
        let until = |weeks: u32| self.baseline.exposure.window_weeks(7 * weeks);
        (0..days / 7).rev().map(|back| (until(back + 1) - until(back)).max(0.0)).collect()
    }

    /// The cell's own events of the spread window.
    fn own(&self) -> impl Iterator<Item = &Mention> {
        let days = days::span(self.criteria.spread.window_days);
        let (from, to) = (self.baseline.as_of - days + 1, self.baseline.as_of);
        self.cell.known(from, to, to).filter(|mention| mention.opens)
    }

    /// Share of the exposure that each province has.
    fn province_shares(&self) -> Vec<f64> {
        let mut own: BTreeMap<u32, u64> = BTreeMap::new();
        self.own().for_each(|mention| *own.entry(mention.region / 10_000).or_default() += 1);
        let others =
            |code: u32| self.baseline.events_in(code, &self.moved).saturating_sub(own.get(&code).copied().unwrap_or(0));
        provinces::shares(others, self.criteria.spread.people_worth)
    }

    /// Share of the cell's expected events that would name a place, 0 to 1: that of its own history, shrunk towards that of all cells.
    fn placed_share(&self) -> f64 {
        let (own, own_placed) =
            self.own().fold((0, 0), |(all, placed), mention| (all + 1, placed + u64::from(mention.region > 0)));
        let (all, placed) = self.baseline.events_since();
        let share = |placed: u64, all: u64| placed as f64 / all as f64;
        let common = if all > own {
            share(placed.saturating_sub(own_placed), all - own)
        } else if own > 0 {
            share(own_placed, own)
        } else {
            1.0
        };
        let known = self.history.iter().filter(|(_, province)| *province > 0).count() as f64;
        let worth = self.criteria.spread.placed_prior;
        (known + worth * common) / (self.history.count() as f64 + worth)
    }

    /// Expected events of each named brand in the spread window.
    fn brand_expected(&self, part: &Part<'_>, shares: &Shares, expected: f64) -> BTreeMap<u32, f64> {
        let weeks = self.baseline.exposure.window_weeks(self.criteria.spread.window_days);
        let of = |brand: u32| {
            if part.scope.brand == brand {
                return expected;
            }
            let prior = self.baseline.brand_prior(self.cell.category, self.cell.hazard, brand);
            prior.after(self.history.of_brand(brand), self.baseline.weeks).mean() * weeks
        };
        shares.named().map(|(brand, _)| (brand, of(brand))).collect()
    }

    /// Events by platform and week with their expectation. A platform that brought nothing before has no exposure to compare with: its
    /// events count with those that came another way.
    fn platforms(&self, part: &Part<'_>, exposure: &[f64], rate: f64) -> Platforms {
        let mut own: BTreeMap<u32, u64> = BTreeMap::new();
        self.own().for_each(|mention| *own.entry(mention.platform).or_default() += 1);
        let own_all: u64 = own.values().sum();
        let all = self.baseline.events_since().0.saturating_sub(own_all);
        let known =
            |platform: u32| self.baseline.events_on(platform).saturating_sub(own.get(&platform).copied().unwrap_or(0));
        let numbers = (1..self.events.names.platforms.len()).filter_map(|number| u32::try_from(number).ok());
        let numbers: Vec<u32> = std::iter::once(0).chain(numbers.filter(|platform| known(*platform) > 0)).collect();
        if all == 0 || numbers.len() < 2 {
            return Platforms::default();
        }
        let listed: u64 = numbers[1..].iter().map(|platform| known(*platform)).sum();
        let weeks = exposure.len();
        let mut platforms = Platforms { counts: vec![0; numbers.len() * weeks], ..Platforms::default() };
        for number in &numbers {
            let events = if *number == 0 { all.saturating_sub(listed) } else { known(*number) };
            let share = events as f64 / all as f64;
            platforms.names.push(self.events.names.platforms[*number as usize].clone());
            platforms.expected.extend(exposure.iter().map(|weeks| rate * weeks * share));
        }
        for seen in part.mentions.iter().filter(|seen| seen.mention.opens) {
            let back = usize::try_from(self.baseline.as_of - seen.mention.day).unwrap_or(usize::MAX) / 7;
            let at = numbers.iter().position(|number| *number == seen.mention.platform).unwrap_or(0);
            if back < weeks {
                platforms.counts[at * weeks + weeks - 1 - back] += 1;
            }
        }
        platforms
    }
}
