//! One paragraph for people, filled from stored terms only (SCORE-2).

use std::fmt::Write;

use super::criteria::{DisposalRule, SingleRule};
use crate::vocabulary::{Assessment, RegionCode};

/// Says in Chinese what was seen, what was expected, how wide, how bad, and what follows. The base of the expectation is the number of
/// documents read, and the text says so.
pub(super) fn explain(
    a: &Assessment,
    crossed: bool,
    single: Option<&SingleRule>,
    disposal: Option<&DisposalRule>,
) -> String {
    let mut text = String::new();
    let what = what(a);
    let window = a.detector.windows.iter().find(|window| window.days == a.window_days);
    let (events, mu, p) = window.map_or((0, 0.0, 1.0), |window| (window.x, window.mu, window.p));
    let counts = a.counts;
    let _ = write!(
        text,
        "截至{}，近{}天{what}有{events}起独立事件（{}条信息、{}个不同文本、{}个来源主体、{}个地区）。",
        a.as_of, a.window_days, counts.reports, counts.texts, counts.actors, counts.places
    );
    let _ = write!(
        text,
        "基线{}周内{}起，结合同类先验并按已读信息量折算，预期{}起；偶然达到或超过的概率（mid-p）{}。上升证据{}，此类单元偶然如此{}（h={:.2}），{}误报预算所定门限{:.2}。",
        figure(a.detector.baseline_weeks),
        a.detector.baseline_events,
        figure(mu),
        figure(p),
        figure(a.detector.evidence),
        recurrence(a.detector.h),
        a.detector.h,
        if crossed { "越过" } else { "未越过（或起数不足、开始监测后无新发）" },
        a.detector.h_threshold
    );
    if let Some(rule) = single {
        let _ = write!(text, "单件规则命中：{}（{}）。", rule.means, rule.id);
    }
    text += &spread(a);
    let d = &a.danger_terms;
    let _ = write!(
        text,
        "隐患程度{}：伤害程度S{}（文本所述{}级{}）；在用数量未知，概率按假定档，矩阵范围{}至{}。",
        a.danger.zh(),
        d.severity,
        d.severity_stated,
        if d.vulnerable { "，涉及老人、儿童或学生而上调" } else { "" },
        d.range[0].zh(),
        d.range[1].zh()
    );
    let means = disposal.map_or("未越过门限，也无单件规则命中", |rule| rule.means.as_str());
    let _ = write!(text, "处置{}：{means}（{}）。评价标准{}。", a.disposal.zh(), a.disposal_rule, a.criteria);
    text
}

/// How often something happens that has `10^-h` onsets a year.
fn recurrence(h: f64) -> String {
    let years = 10_f64.powf(h);
    if years < 1.0 {
        format!("约每{:.0}天一次", years * 365.0)
    } else {
        format!("约每{}年一次", figure(years))
    }
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
    if let (Some(brand), Some(p)) = (&s.top_brand, s.p_without_top_brand) {
        let _ = write!(text, "；去掉“{brand}”后尾概率{}", figure(p));
    }
    if let (Some(province), Some(p)) = (s.top_province, s.p_without_top_province) {
        let _ = write!(text, "；去掉{}后尾概率{}", province_name(province), figure(p));
    }
    if s.company_wide {
        text += "；同一品牌见于多地（企业性）";
    }
    if s.provisional {
        text += "；过半未点名品牌，行业性为暂定";
    }
    let _ = write!(text, "（{}）。", s.rule);
    text
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

/// Short names of GB/T 2260 provinces; the code itself for anything else.
fn province_name(region: RegionCode) -> String {
    const NAMES: [(u32, &str); 34] = [
        (11, "北京"),
        (12, "天津"),
        (13, "河北"),
        (14, "山西"),
        (15, "内蒙古"),
        (21, "辽宁"),
        (22, "吉林"),
        (23, "黑龙江"),
        (31, "上海"),
        (32, "江苏"),
        (33, "浙江"),
        (34, "安徽"),
        (35, "福建"),
        (36, "江西"),
        (37, "山东"),
        (41, "河南"),
        (42, "湖北"),
        (43, "湖南"),
        (44, "广东"),
        (45, "广西"),
        (46, "海南"),
        (50, "重庆"),
        (51, "四川"),
        (52, "贵州"),
        (53, "云南"),
        (54, "西藏"),
        (61, "陕西"),
        (62, "甘肃"),
        (63, "青海"),
        (64, "宁夏"),
        (65, "新疆"),
        (71, "台湾"),
        (81, "香港"),
        (82, "澳门"),
    ];
    let province = region.number() / 10_000;
    NAMES.iter().find(|(code, _)| *code == province).map_or_else(|| region.to_string(), |(_, name)| (*name).to_owned())
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
