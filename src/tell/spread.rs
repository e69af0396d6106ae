//! How wide a matter is, in words.

use super::Language;
use super::number::figure;
use super::place::{place, zone};
use vocabulary::{Cluster, SpreadFinding, Variety};

/// Longest recurrence of a cluster shown as a number, in days: beyond it a bound or a fitted tail speaks, not the quiet maps that were drawn.
const RECURRENCE_DAYS_MAX: f64 = 10_000.0;

/// What made the spread level, behind the level itself.
pub(super) fn body(brands: &Variety, provinces: &Variety, findings: &[SpreadFinding], language: Language) -> String {
    let [unbranded, unplaced] = [brands, provinces].map(|variety| variety.unknown_share * 100.0);
    let ([b, p], [b_eff, p_eff]) = ([brands.named, provinces.named], [brands.effective, provinces.effective]);
    let counted = match language {
        Language::Chinese => format!(
            "：点名品牌{b}个（有效{b_eff:.1}个，{unbranded:.0}%未点名），省份{p}个（有效{p_eff:.1}个，{unplaced:.0}%未载明）"
        ),
        Language::English => format!(
            ": {b} brands ({b_eff:.1} effective, {unbranded:.0} % of events without), {p} provinces ({p_eff:.1} effective, {unplaced:.0} % \
             without)"
        ),
    };
    let semicolon = match language {
        Language::Chinese => "；",
        Language::English => "; ",
    };
    findings.iter().fold(counted, |said, finding| said + semicolon + &clause(finding, language))
}

fn clause(finding: &SpreadFinding, language: Language) -> String {
    use Language::{Chinese, English};
    match (finding, language) {
        (SpreadFinding::Cluster { cluster, shares, outside }, Chinese) => {
            let shares = shares.map_or_else(String::new, |[excess, exposure]| {
                format!("，占超出量{}%、占本底{}%", figure(excess * 100.0), figure(exposure * 100.0))
            });
            let outside =
                outside.map_or_else(String::new, |(events, p)| format!("，其外{events}起、尾概率{}", figure(p)));
            format!("{}{shares}{outside}", found("最可能聚集区", cluster, language))
        }
        (SpreadFinding::Cluster { cluster, shares, outside }, English) => {
            let shares = shares.map_or_else(String::new, |[excess, exposure]| {
                format!(
                    ", {} % of the excess in {} % of the exposure",
                    figure(excess * 100.0),
                    figure(exposure * 100.0)
                )
            });
            let outside =
                outside.map_or_else(String::new, |(events, p)| format!(", {events} outside of it, tail {}", figure(p)));
            format!("{}{shares}{outside}", found("most likely cluster ", cluster, language))
        }
        (SpreadFinding::Prefectures { cluster }, Chinese) => found("按地市看最集中于", cluster, language),
        (SpreadFinding::Prefectures { cluster }, English) => found("by prefecture thickest in ", cluster, language),
        (SpreadFinding::Reach { weeks, one_region, even }, Chinese) => {
            let (one, even) = (figure(*one_region), figure(*even));
            format!("近{weeks}周的超出集中于一个地区的概率{one}，若遍及全国则分布均匀的概率{even}")
        }
        (SpreadFinding::Reach { weeks, one_region, even }, English) => {
            let (one, even) = (figure(*one_region), figure(*even));
            format!(
                "the excess of the last {weeks} weeks is in one region with probability {one}, and even with probability {even} if it is across \
                 the country"
            )
        }
        (SpreadFinding::Platform { cluster }, Chinese) => found("最可能平台", cluster, language),
        (SpreadFinding::Platform { cluster }, English) => found("most likely platform ", cluster, language),
        (SpreadFinding::RaisedBrands { brands }, Chinese) => format!("明显上升的品牌{brands}个"),
        (SpreadFinding::RaisedBrands { brands }, English) => format!("brands that have clearly risen: {brands}"),
        (SpreadFinding::Heterogeneity { p }, Chinese) => format!("各省差异检验p={}", figure(*p)),
        (SpreadFinding::Heterogeneity { p }, English) => {
            format!("provinces differ by chance as much with p={}", figure(*p))
        }
        (SpreadFinding::Shared { word, categories, events }, Chinese) => {
            let names: Vec<&str> = categories.iter().map(|category| category.zh()).collect();
            format!("与“{word}”有关的同类上升见于{}（共{events}起）", names.join("、"))
        }
        (SpreadFinding::Shared { word, categories, events }, English) => {
            let names: Vec<&str> = categories.iter().map(|category| category.en()).collect();
            format!("like rises to do with “{word}” in {} ({events} events in all)", names.join(", "))
        }
        (SpreadFinding::OutOfLine { brand, events, expected, ic025 }, Chinese) => {
            let who = brand.as_ref().map_or_else(|| "该类产品".to_owned(), |brand| format!("“{brand}”"));
            let expected = figure(*expected);
            format!("{who}与该隐患不成比例（{events}起对预期{expected}起，IC025={ic025:.2}）")
        }
        (SpreadFinding::OutOfLine { brand, events, expected, ic025 }, English) => {
            let who = brand.as_ref().map_or_else(|| "the category".to_owned(), |brand| format!("“{brand}”"));
            let expected = figure(*expected);
            format!(
                "{who} is out of line with this hazard ({events} events against {expected} expected, IC025={ic025:.2})"
            )
        }
        (SpreadFinding::WithoutBrand { brand, p }, Chinese) => format!("去掉“{brand}”后尾概率{}", figure(*p)),
        (SpreadFinding::WithoutBrand { brand, p }, English) => {
            format!("without “{brand}” the tail is {}", figure(*p))
        }
        (SpreadFinding::WithoutProvince { province, p }, Chinese) => {
            format!("去掉{}后尾概率{}", super::province(province.region, language), figure(*p))
        }
        (SpreadFinding::WithoutProvince { province, p }, English) => {
            format!("without {} the tail is {}", place(province, language), figure(*p))
        }
        (SpreadFinding::CompanyWide, Chinese) => "同一品牌见于多地（企业性）".to_owned(),
        (SpreadFinding::CompanyWide, English) => "one brand in several places (company-wide)".to_owned(),
        (SpreadFinding::ProvisionalRegion, Chinese) => "过半未载明地区，区域性为暂定".to_owned(),
        (SpreadFinding::ProvisionalRegion, English) => {
            "most events name no place, so regional is provisional".to_owned()
        }
        (SpreadFinding::ProvisionalIndustry, Chinese) => "过半未点名品牌，行业性为暂定".to_owned(),
        (SpreadFinding::ProvisionalIndustry, English) => {
            "most events name no brand, so industry-wide is provisional".to_owned()
        }
    }
}

/// A cluster, behind what kind it is.
fn found(kind: &str, cluster: &Cluster, language: Language) -> String {
    let (zone, expected) = (zone(&cluster.zone, language), figure(cluster.expected));
    let Cluster { weeks, events, .. } = cluster;
    let chance =
        cluster.recurrence_days.map_or_else(String::new, |days| match (days > RECURRENCE_DAYS_MAX, language) {
            (true, Language::Chinese) => "，偶然上万天不见一次".to_owned(),
            (true, Language::English) => ", by chance less than once in 10000 days".to_owned(),
            (false, Language::Chinese) => format!("，偶然约{}天一遇", figure(days)),
            (false, Language::English) => format!(", by chance about once in {} days", figure(days)),
        });
    match language {
        Language::Chinese => format!("{kind}{zone}近{weeks}周{events}起（预期{expected}起{chance}）"),
        Language::English => {
            format!("{kind}{zone}, last {weeks} weeks: {events} events ({expected} expected{chance})")
        }
    }
}
