//! One paragraph for people, filled from stored terms only (SCORE-2), in Chinese or English: an assessment that was kept says the same
//! again. Section 11 of the methods: what was seen, what was expected, how rare, how wide, how bad, what follows, what would change it.
//! Not here: any arithmetic beyond showing a number.

use std::fmt::Write;

use super::onsets::ONSET_YEAR_DAYS;
use crate::vocabulary::{
    Alteration, Assessment, Change, Danger, ExposureTerms, ItemsBasis, Province, RegionCode, Spread,
};

/// Longest recurrence told as a number, in years: what a model says beyond it is no measure of anything.
const YEARS_MAX: f64 = 1000.0;

/// In which language an assessment explains itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// 中文, as stored in [`Assessment::explanation`].
    Chinese,
    /// English, for colleagues abroad. What rules mean stays in the criteria file's own words; their ids are given.
    English,
}

/// The paragraph of an assessment, from its stored terms alone.
#[must_use]
pub fn explain(assessment: &Assessment, language: Language) -> String {
    match language {
        Language::Chinese => in_chinese(assessment),
        Language::English => super::explain_en::in_english(assessment),
    }
}

/// The deciding window: events, expected events, tail.
pub(super) fn window(a: &Assessment) -> (u64, f64, f64) {
    let window = a.detector.windows.iter().find(|window| window.days == a.window_days);
    window.map_or((0, 0.0, 1.0), |window| (window.x, window.mu, window.p))
}

/// How often something comes about by chance.
pub(super) enum Recurrence {
    Days(f64),
    Years(f64),
    /// Longer than anybody can say.
    Longer,
}

/// How often something happens that has `10^-h` onsets a year.
pub(super) fn recurrence(h: f64) -> Recurrence {
    match 10_f64.powf(h) {
        years if years > YEARS_MAX || years.is_nan() => Recurrence::Longer,
        years if years >= 1.0 => Recurrence::Years(years),
        years => Recurrence::Days(years * ONSET_YEAR_DAYS),
    }
}

fn in_chinese(a: &Assessment) -> String {
    let mut text = String::new();
    let what = what(a);
    let (events, mu, p) = window(a);
    let counts = a.counts;
    let _ = write!(
        text,
        "截至{}，近{}天{what}有{events}起独立事件（{}条信息、{}个不同文本、{}个来源主体、{}个地区）。",
        a.as_of, a.window_days, counts.reports, counts.texts, counts.actors, counts.places
    );
    let often = match recurrence(a.detector.h) {
        Recurrence::Days(days) => format!("约每{}天一次", figure(days)),
        Recurrence::Years(years) => format!("约每{}年一次", figure(years)),
        Recurrence::Longer => "千年难遇".to_owned(),
    };
    let _ = write!(
        text,
        "基线{}周内{}起，结合同类先验并按已读信息量折算，预期{}起；偶然达到或超过的概率（mid-p）{}。上升证据{}，此类单元偶然如此{often}（h={:.2}），{}误报预算所定门限{:.2}。",
        figure(a.detector.baseline_weeks),
        a.detector.baseline_events,
        figure(mu),
        figure(p),
        figure(a.detector.evidence),
        a.detector.h,
        if a.decision.crossed { "越过" } else { "未越过（或起数不足、开始监测后无新发）" },
        a.detector.h_threshold
    );
    if let Some(began) = &a.detector.began {
        let _ = write!(text, "上升约始于{}起的一周（变点概率{:.2}）。", began.week_of, began.probability);
    }
    if let Some(among) = a.detector.among.filter(|_| a.decision.crossed) {
        let _ = write!(
            text,
            "当日共比较{}个单元，偶然可能不大于本件的有{}个，其中系偶然的预计{}（BH法；不论单元间如何相关，e-BH法{}）。",
            among.cells,
            among.alike,
            share_at_most(among.q),
            share_at_most(among.e_q)
        );
    }
    if let (Some(means), Some(id)) = (&a.decision.single_means, &a.decision.single_rule) {
        let _ = write!(text, "单件规则命中：{means}（{id}）。");
    }
    text += &spread(a);
    let d = &a.danger_terms;
    let _ = write!(
        text,
        "隐患程度{}：伤害程度S{}（文本所述{}级{}）；{}。",
        a.danger.zh(),
        d.severity,
        d.severity_stated,
        if d.vulnerable { "，涉及老人、儿童或学生而上调" } else { "" },
        exposure(&d.exposure, d.range, a.brand.is_some())
    );
    text += &super::feedback::told(&a.feedback);
    let means = a.decision.disposal_means.as_deref().unwrap_or("未越过门限，也无单件规则命中");
    let _ = write!(text, "处置{}：{means}（{}）。", a.disposal.zh(), a.disposal_rule);
    text += &changes(a);
    let _ = write!(text, "评价标准{}。", a.criteria);
    text
}

fn exposure(e: &ExposureTerms, range: [Danger; 2], branded: bool) -> String {
    let range = format!("矩阵范围{}至{}", range[0].zh(), range[1].zh());
    let Some(items) = e.items else { return format!("在用数量未知，概率按假定档，{range}") };
    let mut text = match e.basis {
        ItemsBasis::Category => format!("在用数量{items}件（评价标准所列）"),
        ItemsBasis::PartOfCategory => {
            let part = if branded { "本品牌" } else { "其中所涉部分" };
            format!("品类在用数量{items}件（评价标准所列），{part}的数量未知")
        }
        ItemsBasis::Displayed | ItemsBasis::Unknown => format!("已知商品页显示销量合计{items}件（估计值）"),
    };
    match (e.probability, e.lifetime_years) {
        (Some(probability), Some(years)) => {
            let bound = match e.basis {
                ItemsBasis::Category => "上限约",
                ItemsBasis::PartOfCategory => "不低于约",
                ItemsBasis::Displayed | ItemsBasis::Unknown => "粗估不高于约",
            };
            let _ = write!(
                text,
                "，近{}天{}起（{:.0}%上限按{}起计），按漏报系数{}、使用{}年推算，每件使用期内致伤概率{bound}{}",
                e.days,
                e.events,
                e.confidence * 100.0,
                figure(e.upper),
                figure(e.under_reporting),
                figure(years),
                figure(probability)
            );
        }
        _ => text += "，使用年限未知，概率按假定档",
    }
    let _ = write!(text, "，{range}");
    if let Some(before) = e.before_items {
        let _ = write!(text, "，矩阵所得{}已计入在用数量", before.zh());
    }
    text
}

/// What would change the judgement, in one sentence; nothing where nothing was tried.
fn changes(a: &Assessment) -> String {
    let told: Vec<String> = a.change.iter().filter_map(|change| told(a, change)).collect();
    if told.is_empty() {
        return String::new();
    }
    let of = a.change_of.map_or_else(String::new, |day| format!("按{day}的情况，"));
    format!("改判条件：{of}{}。", told.join("；"))
}

fn told(a: &Assessment, change: &Change) -> Option<String> {
    let moved = moved(a, change);
    let condition = match &change.what {
        Alteration::MoreAlike { events } => format!("再有{events}起同类独立事件"),
        Alteration::MoreBrands { events } => format!("再有{events}起、各属未点名过的品牌"),
        Alteration::MoreProvinces { regions } => format!("再有{}起、各在未出现过的省份", regions.len()),
        Alteration::Fewer { events } => format!("少最近{events}起"),
        Alteration::Severity { severity } => format!("最近一起若致S{severity}伤害"),
        Alteration::WithoutBrand { brand, events } => format!("不计“{brand}”的{events}起"),
        Alteration::WithoutProvince { region, events } => format!("不计{}的{events}起", province_name(*region)),
        Alteration::WithoutDoubtful { below, events } => format!("不计可信度低于{}的{events}起", figure(*below)),
    };
    match (moved.is_empty(), &change.what) {
        // Nothing doubtful is nothing to tell.
        (true, Alteration::WithoutDoubtful { events: 0, .. }) => None,
        (true, _) => Some(format!("{condition}，判断不变")),
        (false, _) => Some(format!("{condition}，{}", moved.join("、"))),
    }
}

fn moved(a: &Assessment, change: &Change) -> Vec<String> {
    let way = |up: bool| if up { "升为" } else { "降为" };
    let mut moved = Vec::new();
    if change.disposal != a.disposal {
        moved.push(format!("处置{}{}", way(change.disposal > a.disposal), change.disposal.zh()));
    }
    if change.spread != a.spread {
        moved.push(format!("范围{}{}", way(change.spread > a.spread), change.spread.zh()));
    }
    if change.danger != a.danger {
        moved.push(format!("隐患程度{}{}", way(change.danger > a.danger), change.danger.zh()));
    }
    moved
}

fn what(a: &Assessment) -> String {
    let region = a.region.map(province_name).unwrap_or_default();
    let brand = a.brand.as_deref().map(|brand| format!("“{brand}”")).unwrap_or_default();
    format!("{region}{brand}{}“{}”", a.category.zh(), a.hazard.zh())
}

fn spread(a: &Assessment) -> String {
    let s = &a.spread_terms;
    let mut text = format!(
        "范围{}：点名品牌{}个（有效{:.1}个，{:.0}%未点名），省份{}个（有效{:.1}个，{:.0}%未载明）",
        a.spread.zh(),
        s.brands,
        s.effective_brands,
        s.unknown_brand_share * 100.0,
        s.provinces,
        s.effective_provinces,
        s.unknown_region_share * 100.0
    );
    text += &super::spread::sentence::measured(s);
    if let (Some(brand), Some(p)) = (&s.top_brand, s.p_without_top_brand) {
        let _ = write!(text, "；去掉“{brand}”后尾概率{}", figure(p));
    }
    if let (Some(province), Some(p)) = (s.top_province, s.p_without_top_province) {
        let _ = write!(text, "；去掉{}后尾概率{}", province_name(province), figure(p));
    }
    if s.company_wide {
        text += "；同一品牌见于多地（企业性）";
    }
    if s.provisional && a.spread == Spread::Regional {
        text += "；过半未载明地区，区域性为暂定";
    } else if s.provisional {
        text += "；过半未点名品牌，行业性为暂定";
    }
    let _ = write!(text, "（{}）。", s.rule);
    text
}

/// A share in percent with one digit.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// Smallest share that is told as a number.
pub(super) const SHARE_TOLD: f64 = 0.001;

fn share_at_most(share: f64) -> String {
    if share < SHARE_TOLD { "不足千分之一".to_owned() } else { format!("至多约{}%", figure(share * 100.0)) }
}

/// Three significant figures; powers of ten where a plain number would be unreadable.
pub(super) fn figure(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e6).contains(&value.abs()) {
        return format!("{value:.2e}");
    }
    #[expect(clippy::cast_possible_truncation, reason = "between -3 and 5")]
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = usize::try_from(2 - magnitude).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Short name of a region's province; the code itself where there is none.
pub(super) fn province_name(region: RegionCode) -> String {
    Province::of(region).map_or_else(|| region.to_string(), |province| province.short_zh.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_three_digits_and_stay_readable() {
        let shown = |value: f64| figure(value);
        assert_eq!(shown(0.0), "0");
        assert_eq!(shown(104.0), "104");
        assert_eq!(shown(0.123_456), "0.123");
        assert_eq!(shown(3.5), "3.5");
        assert_eq!(shown(1234.5), "1234");
        assert_eq!(shown(0.000_012_34), "1.23e-5");
    }

    #[test]
    fn provinces_have_names() {
        assert_eq!(province_name("330000".parse().expect("a code")), "浙江");
        assert_eq!(province_name("330106".parse().expect("a code")), "浙江");
    }
}
