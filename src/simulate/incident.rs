//! What really goes wrong in this world: the injected incidents and their truth.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::goods::good;
use vocabulary::{Category, Hazard, RegionCode, Spread};

/// How an incident's reports come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// Evenly.
    Steady,
    /// Ever more of them: the rate grows in a straight line.
    Linear,
    /// The rate doubles three times over the incident's length.
    Exponential,
    /// Most at the beginning.
    Burst,
}

impl Growth {
    /// At what share of the incident's length the share `done` of its reports is in. Both in `[0, 1]`.
    pub(super) fn when(self, done: f64) -> f64 {
        match self {
            Growth::Steady => done,
            Growth::Linear => done.sqrt(),
            Growth::Exponential => (done * 7.0).ln_1p() / 8.0_f64.ln(),
            Growth::Burst => done * done,
        }
    }
}

/// The truth about one incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InjectedIncident {
    /// Stable name.
    pub id: String,
    /// What it is, in Chinese.
    pub title: String,
    /// Product category.
    pub category: Category,
    /// Further categories that the same trouble hits (systemic incidents).
    pub also: Vec<Category>,
    /// Hazard.
    pub hazard: Hazard,
    /// The brand, when it is one brand's.
    pub brand: Option<String>,
    /// Every brand it hits.
    pub brands: Vec<String>,
    /// Where it happens; everywhere when empty.
    pub regions: Vec<RegionCode>,
    /// First day on which a report may appear.
    pub start: Date,
    /// Last day on which a first-hand report may appear.
    pub end: Date,
    /// How wide it really is.
    pub spread: Spread,
    /// Independent first-hand reports (complaints and reviews).
    pub events: u32,
    /// How they come in.
    pub growth: Growth,
}

impl InjectedIncident {
    /// Days from the first to the last, both counted.
    #[must_use]
    pub fn length_days(&self) -> u32 {
        self.start.until(self.end).map_or(1, |span| span.get_days().unsigned_abs() + 1)
    }

    /// The day on which a share of its time has passed, `share` in `[0, 1]`; never after its end.
    pub(super) fn day_at(&self, share: f64) -> Date {
        let length = self.length_days();
        let day = (0..length).rfind(|day| f64::from(*day) <= share * f64::from(length)).unwrap_or(0);
        self.start.saturating_add(i64::from(day).days())
    }

    /// Whether a category is one of those it hits.
    #[must_use]
    pub fn hits(&self, category: Category) -> bool {
        self.category == category || self.also.contains(&category)
    }
}

/// What an office does about it in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    None,
    Recall,
    SpotCheck,
}

/// An incident before it has a date.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    id: &'static str,
    title: &'static str,
    /// Keys of the goods, in turn; the first gives the category.
    pub(super) goods: &'static [&'static str],
    pub(super) hazard: Hazard,
    /// The one brand, or none when it hits all brands of the goods in turn.
    pub(super) brand: Option<&'static str>,
    regions: &'static [u32],
    offset_days: u32,
    length_days: u32,
    events: u32,
    growth: Growth,
    spread: Spread,
    /// Share of reports that are reviews, the others are complaints.
    pub(super) reviews: f64,
    /// Copies of the story that a paper writes about it; no story when 0.
    pub(super) copies: u32,
    pub(super) answer: Answer,
}

/// An incident with its dates, and how it will be written.
pub(super) struct Dated {
    pub(super) truth: InjectedIncident,
    pub(super) plan: &'static Plan,
}

/// The incidents that begin and end within `days` days from `start`.
pub(super) fn plan(start: Date, days: u32) -> Vec<Dated> {
    PLANS
        .iter()
        .filter(|plan| plan.offset_days + plan.length_days <= days)
        .map(|plan| {
            let first = start.saturating_add(i64::from(plan.offset_days).days());
            let mut brands: Vec<String> = match plan.brand {
                Some(brand) => vec![brand.to_owned()],
                None => plan.goods.iter().flat_map(|key| good(key).brands).map(ToString::to_string).collect(),
            };
            brands.sort();
            brands.dedup();
            let category = good(plan.goods[0]).category;
            let truth = InjectedIncident {
                id: plan.id.to_owned(),
                title: plan.title.to_owned(),
                category,
                also: plan.goods[1..].iter().map(|key| good(key).category).filter(|other| *other != category).collect(),
                hazard: plan.hazard,
                brand: plan.brand.map(ToOwned::to_owned),
                brands,
                regions: plan.regions.iter().filter_map(|code| RegionCode::new(*code).ok()).collect(),
                start: first,
                end: first.saturating_add((i64::from(plan.length_days) - 1).days()),
                spread: plan.spread,
                events: plan.events,
                growth: plan.growth,
            };
            Dated { truth, plan }
        })
        .collect()
}

#[rustfmt::skip] // a table: one incident a block
const PLANS: &[Plan] = &[
    Plan { id: "power-bank-fire", title: "一品牌充电宝起火", goods: &["power_bank"], hazard: Hazard::Fire, brand: Some("云鹊"), regions: &[],
        offset_days: 6, length_days: 42, events: 28, growth: Growth::Linear, spread: Spread::Isolated, reviews: 0.4, copies: 14, answer: Answer::Recall },
    Plan { id: "heater-shock", title: "辽宁取暖器漏电", goods: &["heater"], hazard: Hazard::ElectricShock, brand: None, regions: &[210_000],
        offset_days: 3, length_days: 35, events: 13, growth: Growth::Steady, spread: Spread::Regional, reviews: 0.3, copies: 2, answer: Answer::None },
    Plan { id: "crib-entrapment", title: "一品牌婴儿床卡夹", goods: &["crib"], hazard: Hazard::Entrapment, brand: Some("眠云"), regions: &[],
        offset_days: 14, length_days: 42, events: 9, growth: Growth::Linear, spread: Spread::Isolated, reviews: 0.4, copies: 6, answer: Answer::Recall },
    Plan { id: "ebike-fire", title: "多品牌电动自行车起火", goods: &["ebike"], hazard: Hazard::Fire, brand: None, regions: &[],
        offset_days: 18, length_days: 56, events: 38, growth: Growth::Exponential, spread: Spread::Industry, reviews: 0.2, copies: 22, answer: Answer::SpotCheck },
    Plan { id: "formula-illness", title: "河南奶粉致病", goods: &["formula"], hazard: Hazard::Illness, brand: None, regions: &[410_000],
        offset_days: 25, length_days: 35, events: 15, growth: Growth::Exponential, spread: Spread::Regional, reviews: 0.25, copies: 12, answer: Answer::None },
    Plan { id: "mask-irritation", title: "一品牌面膜致敏", goods: &["mask"], hazard: Hazard::Irritation, brand: Some("芙栀"), regions: &[],
        offset_days: 22, length_days: 42, events: 25, growth: Growth::Linear, spread: Spread::Isolated, reviews: 0.75, copies: 3, answer: Answer::SpotCheck },
    Plan { id: "bottle-irritation", title: "一品牌保温杯致嘴唇红肿", goods: &["bottle"], hazard: Hazard::Irritation, brand: Some("小橘灯"), regions: &[330_100],
        offset_days: 34, length_days: 30, events: 6, growth: Growth::Steady, spread: Spread::Isolated, reviews: 0.3, copies: 0, answer: Answer::None },
    Plan { id: "car-power-loss", title: "一品牌汽车行驶中失去动力", goods: &["car"], hazard: Hazard::ControlLoss, brand: Some("驰岳"), regions: &[],
        offset_days: 30, length_days: 56, events: 24, growth: Growth::Linear, spread: Spread::Isolated, reviews: 0.0, copies: 9, answer: Answer::Recall },
    Plan { id: "magnet-choking", title: "磁力珠误吞", goods: &["magnet_toy"], hazard: Hazard::Choking, brand: None, regions: &[],
        offset_days: 40, length_days: 49, events: 18, growth: Growth::Steady, spread: Spread::Industry, reviews: 0.3, copies: 18, answer: Answer::SpotCheck },
    Plan { id: "snack-glass", title: "一品牌饼干混入玻璃", goods: &["snack"], hazard: Hazard::ForeignBody, brand: Some("麦田小栗"), regions: &[],
        offset_days: 45, length_days: 30, events: 11, growth: Growth::Burst, spread: Spread::Isolated, reviews: 0.5, copies: 4, answer: Answer::Recall },
    Plan { id: "air-fryer-fire", title: "多品牌空气炸锅起火", goods: &["air_fryer"], hazard: Hazard::Fire, brand: None, regions: &[],
        offset_days: 50, length_days: 49, events: 22, growth: Growth::Linear, spread: Spread::Industry, reviews: 0.5, copies: 7, answer: Answer::None },
    Plan { id: "cord-shock", title: "多类产品电源线漏电", goods: &["power_strip", "kettle", "hair_dryer"], hazard: Hazard::ElectricShock, brand: None, regions: &[],
        offset_days: 58, length_days: 56, events: 40, growth: Growth::Linear, spread: Spread::Systemic, reviews: 0.4, copies: 16, answer: Answer::SpotCheck },
    Plan { id: "bed-collapse", title: "一品牌床架断裂", goods: &["bed"], hazard: Hazard::Collapse, brand: Some("木闲"), regions: &[],
        offset_days: 62, length_days: 42, events: 12, growth: Growth::Steady, spread: Spread::Isolated, reviews: 0.5, copies: 0, answer: Answer::None },
    Plan { id: "water-heater-co", title: "四川燃气热水器一氧化碳中毒", goods: &["gas_heater"], hazard: Hazard::Suffocation, brand: None, regions: &[510_000],
        offset_days: 70, length_days: 35, events: 9, growth: Growth::Steady, spread: Spread::Regional, reviews: 0.1, copies: 10, answer: Answer::None },
    Plan { id: "camera-takeover", title: "多品牌摄像头被远程控制", goods: &["camera"], hazard: Hazard::InformationSecurity, brand: None, regions: &[],
        offset_days: 74, length_days: 42, events: 16, growth: Growth::Exponential, spread: Spread::Industry, reviews: 0.4, copies: 8, answer: Answer::None },
    Plan { id: "uniform-formaldehyde", title: "浙江校服甲醛", goods: &["uniform"], hazard: Hazard::Chemical, brand: None, regions: &[330_000],
        offset_days: 78, length_days: 35, events: 10, growth: Growth::Linear, spread: Spread::Regional, reviews: 0.2, copies: 3, answer: Answer::SpotCheck },
];

#[cfg(test)]
mod tests {
    use super::super::texts;
    use super::*;
    use jiff::civil::date;
    use std::collections::BTreeSet;

    #[test]
    fn the_default_run_injects_every_spread_and_many_categories() {
        let all = plan(date(2025, 3, 1), 120);
        let spreads: BTreeSet<_> = all.iter().map(|dated| dated.truth.spread).collect();
        let categories: BTreeSet<_> = all.iter().map(|dated| dated.truth.category).collect();
        let hazards: BTreeSet<_> = all.iter().map(|dated| dated.truth.hazard).collect();
        assert_eq!((all.len(), spreads.len()), (16, 4));
        assert!(categories.len() >= 14 && hazards.len() >= 9, "{categories:?} {hazards:?}");
        assert!(all.iter().all(|dated| (5..=40).contains(&dated.truth.events)));
    }

    #[test]
    fn every_incident_has_words_for_each_of_its_goods() {
        for plan in PLANS {
            for key in plan.goods {
                assert!(texts::script(key, plan.hazard).is_some(), "{} has no script for {key}", plan.id);
            }
        }
    }

    #[test]
    fn growth_runs_from_begin_to_end() {
        for growth in [Growth::Steady, Growth::Linear, Growth::Exponential, Growth::Burst] {
            assert!(growth.when(0.0).abs() < 1e-9 && (growth.when(1.0) - 1.0).abs() < 1e-9, "{growth:?}");
            assert!(growth.when(0.3) < growth.when(0.6), "{growth:?}");
        }
    }
}
