//! The part of the explanation that tells where, in which brands and with what else a matter rises: stored numbers only (SCORE-2).

use std::fmt::Write;

use super::prefectures;
use crate::score::explain::{figure, province_name};
use crate::vocabulary::{ClusterTerms, RegionCode, SpreadTerms};

/// Longest recurrence of a cluster told as a number, in days: beyond it a bound or a fitted tail speaks, not the quiet maps that were drawn.
pub(in crate::score) const DAYS_TOLD: f64 = 10_000.0;
/// Provinces of a cluster that are named before the rest are counted.
const NAMED_MAX: usize = 4;

/// Clauses that each begin with a semicolon; empty for a matter that did not cross.
pub(in crate::score) fn measured(terms: &SpreadTerms) -> String {
    let mut text = String::new();
    if let Some(cluster) = &terms.cluster {
        let _ = write!(text, "；{}", found("最可能聚集区", cluster, &zone(cluster)));
        if let (Some(excess), Some(exposure)) = (terms.cluster_excess_share, terms.cluster_exposure_share) {
            let _ = write!(text, "，占超出量{}%、占本底{}%", figure(excess * 100.0), figure(exposure * 100.0));
        }
        if let (Some(events), Some(p)) = (terms.events_without_cluster, terms.p_without_cluster) {
            let _ = write!(text, "，其外{events}起、尾概率{}", figure(p));
        }
    }
    if let Some(cluster) = &terms.prefecture_cluster {
        let _ = write!(text, "；{}", found("按地市看最集中于", cluster, &zone(cluster)));
    }
    if let (Some(weeks), Some(one), Some(even)) =
        (terms.reach_weeks, terms.one_region_probability, terms.even_probability)
    {
        let _ = write!(
            text,
            "；近{weeks}周的超出集中于一个地区的概率{}，若遍及全国则分布均匀的概率{}",
            figure(one),
            figure(even)
        );
    }
    if let Some(platform) = terms.platform_cluster.as_ref().filter(|platform| platform.held) {
        let _ = write!(text, "；{}", found("最可能平台", platform, platform.zone.as_deref().unwrap_or_default()));
    }
    if terms.raised_brands > 0 {
        let _ = write!(text, "；明显上升的品牌{}个", terms.raised_brands);
    }
    if let Some(p) = terms.p_heterogeneity {
        let _ = write!(text, "；各省差异检验p={}", figure(p));
    }
    if let Some(shared) = &terms.shared {
        let names: Vec<&str> = shared.categories.iter().map(|category| category.zh()).collect();
        let _ = write!(text, "；与“{}”有关的同类上升见于{}（共{}起）", shared.word, names.join("、"), shared.events);
    }
    for line in terms.out_of_line.iter().filter(|line| line.ic025 > 0.0) {
        let who = line.brand.as_ref().map_or_else(|| "该类产品".to_owned(), |brand| format!("“{brand}”"));
        let _ = write!(
            text,
            "；{who}与该隐患不成比例（{}起对预期{}起，IC025={:.2}）",
            line.events,
            figure(line.expected),
            line.ic025
        );
    }
    text
}

fn found(what: &str, cluster: &ClusterTerms, zone: &str) -> String {
    let mut text = format!("{what}{zone}近{}周{}起（预期{}起", cluster.weeks, cluster.events, figure(cluster.expected));
    if cluster.recurrence_days.is_some_and(|days| days > DAYS_TOLD) {
        text += "，偶然上万天不见一次";
    } else if let Some(days) = cluster.recurrence_days {
        let _ = write!(text, "，偶然约{}天一遇", figure(days));
    }
    text + "）"
}

fn zone(cluster: &ClusterTerms) -> String {
    if let Some(name) = &cluster.zone {
        return name.clone();
    }
    let name =
        |region: &RegionCode| prefectures::name(*region).map_or_else(|| province_name(*region), ToOwned::to_owned);
    let names: Vec<String> = cluster.regions.iter().take(NAMED_MAX).map(name).collect();
    let kind = if cluster.regions.iter().all(|region| prefectures::name(*region).is_none()) { "省" } else { "地" };
    let more = cluster.regions.len().saturating_sub(NAMED_MAX);
    if more > 0 { format!("{}等{}{kind}", names.join("、"), cluster.regions.len()) } else { names.join("、") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{Category, OutOfLineTerms, SharedTerms};

    #[test]
    fn every_number_is_told_once_it_is_there() {
        assert_eq!(measured(&SpreadTerms::default()), "");
        let region = |code: &str| code.parse().expect("a code");
        let cluster = ClusterTerms {
            zone: None,
            regions: vec![region("310000"), region("330000")],
            weeks: 3,
            events: 9,
            expected: 0.12,
            llr: 30.0,
            scanned: true,
            p: Some(0.001),
            recurrence_days: Some(1000.0),
            held: true,
        };
        let terms = SpreadTerms {
            platform_cluster: Some(ClusterTerms { zone: Some("甲平台".into()), regions: vec![], ..cluster.clone() }),
            prefecture_cluster: Some(ClusterTerms {
                regions: vec![region("330400"), region("310000")],
                ..cluster.clone()
            }),
            cluster: Some(cluster),
            cluster_excess_share: Some(0.9),
            cluster_exposure_share: Some(0.064),
            events_without_cluster: Some(1),
            p_without_cluster: Some(0.3),
            raised_brands: 3,
            one_region_probability: Some(0.97),
            even_probability: Some(0.002),
            reach_weeks: Some(4),
            p_heterogeneity: Some(0.001),
            shared: Some(SharedTerms {
                kind: "component".into(),
                word: "电源线".into(),
                categories: vec![Category::KitchenAppliance, Category::SmallAppliance],
                events: 11,
            }),
            out_of_line: vec![OutOfLineTerms {
                pair: "brand".into(),
                brand: Some("甲牌".into()),
                events: 5,
                expected: 0.4,
                ic: 2.6,
                ic025: 1.03,
                ebgm: None,
                eb05: None,
            }],
            ..SpreadTerms::default()
        };
        insta::assert_snapshot!(measured(&terms), @"；最可能聚集区上海、浙江近3周9起（预期0.12起，偶然约1000天一遇），占超出量90%、占本底6.4%，其外1起、尾概率0.3；按地市看最集中于嘉兴、上海近3周9起（预期0.12起，偶然约1000天一遇）；近4周的超出集中于一个地区的概率0.97，若遍及全国则分布均匀的概率0.002；最可能平台甲平台近3周9起（预期0.12起，偶然约1000天一遇）；明显上升的品牌3个；各省差异检验p=0.001；与“电源线”有关的同类上升见于厨房电器、小家电与个护电器（共11起）；“甲牌”与该隐患不成比例（5起对预期0.4起，IC025=1.03）");
    }
}
