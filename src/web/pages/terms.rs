//! The stored numbers of an assessment as rows that people read: detector, danger, spread, and what came back.
//!
//! In: the terms of the vocabulary. Out: [`Fact`]s and the rows of two tables. Not here: judging, and words that a term carries
//! already.

use super::super::display::{self, NONE};
use super::super::view::View;
use super::Fact;
use vocabulary::{
    ClusterTerms, DangerTerms, DetectorTerms, EvidenceBasis, ExposureTerms, FailureTerms, FeedbackTerms, ItemsBasis,
    Regime, SpreadTerms,
};

/// Provinces listed, those with most excess first.
const REGIONS_SHOWN: usize = 12;

/// A province: what was seen and what is usual.
pub(super) struct RegionRow {
    pub(super) name: String,
    pub(super) events: u64,
    pub(super) expected: String,
    pub(super) expected_exact: f64,
    pub(super) excess: String,
    pub(super) excess_exact: f64,
}

/// A source of the deciding window: what it brought and how often it was right.
pub(super) struct SourceRow {
    pub(super) name: String,
    pub(super) channel: &'static str,
    pub(super) events: u64,
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) weight: String,
    pub(super) weight_exact: f64,
}

pub(super) fn detector(terms: &DetectorTerms) -> Vec<Fact> {
    let [shape, rate] = terms.prior;
    let mut facts = vec![
        Fact::new("方法", display::method(&terms.method)),
        Fact::number("上升证据（平均似然比的自然对数）", display::decimal(terms.evidence), terms.evidence),
        Fact::number("检测值 h（−log₁₀ 此类单元每年偶然出现同等证据的次数）", display::decimal(terms.h), terms.h),
        Fact::number("预警线（误报预算所定）", display::decimal(terms.h_threshold), terms.h_threshold),
        Fact::new("基线事件数", terms.baseline_events.to_string()),
        Fact::number("基线长度（周，按采集量折算）", display::decimal(terms.baseline_weeks), terms.baseline_weeks),
        Fact::new("先验（形状，速率）", format!("{}，{}", display::decimal(shape), display::decimal(rate))),
    ];
    if let Some(among) = &terms.among {
        facts.extend([
            Fact::new("当日比较的单元数", among.cells.to_string()),
            Fact::new("其中偶然可能不大于本件的", among.alike.to_string()),
            Fact::number("这些之中系偶然的比例至多约（BH）", display::share(among.q), among.q),
            Fact::number("不论单元间如何相关的同一比例（e-BH）", display::share(among.e_q), among.e_q),
        ]);
    }
    facts
}

pub(super) fn danger(terms: &DangerTerms) -> Vec<Fact> {
    let [low, high] = terms.range;
    let range = if low == high { low.zh().to_owned() } else { format!("{} 至 {}", low.zh(), high.zh()) };
    vec![
        Fact::new("最严重的可信伤害", display::severity(terms.severity)),
        Fact::new("文中述及或隐含的伤害", display::severity(terms.severity_stated)),
        Fact::new("涉及儿童、老人等人群而上调", if terms.vulnerable { "是" } else { "否" }),
        Fact::new(
            "可能性档位（0 为最可能）",
            terms.probability_row.map_or_else(|| "不明（使用量未知）".to_owned(), |row| row.to_string()),
        ),
        Fact::new("矩阵允许的范围", range),
    ]
    .into_iter()
    .chain(exposure(&terms.exposure))
    .collect()
}

/// How the probability of injury was read.
fn exposure(terms: &ExposureTerms) -> Vec<Fact> {
    let decimal = |name: &str, value: f64| Fact::number(name, display::decimal(value), value);
    let basis = match terms.basis {
        ItemsBasis::Unknown => "不明",
        ItemsBasis::Category => "评价标准给出的品类在用数量",
        ItemsBasis::PartOfCategory => "评价标准给出的品类在用数量（本项只是其中一部分，为上限）",
        ItemsBasis::Displayed => "已知商品页显示销量合计（估计值）",
    };
    let mut facts = vec![Fact::new("在用数量的来源", basis)];
    if let Some(items) = terms.items {
        facts.push(Fact::new("在用数量（件）", items.to_string()));
    }
    if terms.days > 0 {
        facts.push(Fact::new("计率的事件数与天数", format!("{}起，{}天", terms.events, terms.days)));
        let name = format!("期望事件数的{}置信上限", display::share(terms.confidence));
        facts.push(Fact::number(name, display::decimal(terms.upper), terms.upper));
        facts.push(decimal("漏报倍数", terms.under_reporting));
    }
    let years = terms.lifetime_years.map_or_else(|| "未知".to_owned(), display::decimal);
    facts.push(Fact::new("使用年限（年）", years));
    if let Some(probability) = terms.probability {
        facts.push(Fact::number("使用期内受伤害概率", display::tail(probability), probability));
    }
    if let Some(before) = terms.before_items {
        facts.push(Fact::new("计入在用数量之前的等级", before.zh()));
    }
    facts
}

pub(super) fn spread(view: &View, terms: &SpreadTerms) -> Vec<Fact> {
    let tail = |name: &str, p: Option<f64>| match p {
        Some(p) => Fact::number(name, display::tail(p), p),
        None => Fact::new(name, NONE),
    };
    let share = |name: &str, value: f64| Fact::number(name, display::share(value), value);
    let decimal = |name: &str, value: f64| Fact::number(name, display::decimal(value), value);
    let mut facts = vec![
        Fact::new("提及的品牌数", terms.brands.to_string()),
        decimal("有效品牌数（1/Σ份额²）", terms.effective_brands),
        Fact::new("提及最多的品牌", terms.top_brand.as_deref().unwrap_or(NONE)),
        share("未写明品牌的事件", terms.unknown_brand_share),
        Fact::new("涉及省份数", terms.provinces.to_string()),
        decimal("有效省份数（1/Σ份额²）", terms.effective_provinces),
        Fact::new("最集中的省份", terms.top_province.map_or_else(|| NONE.to_owned(), |code| view.region_name(code))),
        share("该省份在有地点事件中的份额", terms.top_province_share),
        share("未写明地点的事件", terms.unknown_region_share),
        tail("去掉首位品牌后的 p", terms.p_without_top_brand),
        tail("去掉首位省份后的 p", terms.p_without_top_province),
        Fact::new("判定规则", terms.rule.as_str()),
    ];
    facts.push(Fact::new("窗口内事件数（有无地点均计）", terms.events.to_string()));
    let optional = |name: &str, value: Option<f64>, shown: fn(f64) -> String| {
        value.map(|value| Fact::number(name, shown(value), value))
    };
    facts.extend(
        [
            optional("实际与期望之比", terms.rate_ratio, display::decimal),
            optional("超出量集中于一个区域的概率", terms.one_region_probability, display::share),
            optional("超出量遍及全国时各地均匀的概率", terms.even_probability, display::share),
            optional("聚集区占超出量", terms.cluster_excess_share, display::share),
            optional("聚集区占本底", terms.cluster_exposure_share, display::share),
            optional("聚集区以外的尾概率 p", terms.p_without_cluster, display::tail),
            optional("各省差异检验 p", terms.p_heterogeneity, display::tail),
            optional("按本底加权的有效省份数", terms.effective_regions, display::decimal),
            optional("各品牌发生率的不一致 I²（%）", terms.brand_i2, display::decimal),
        ]
        .into_iter()
        .flatten(),
    );
    facts.push(Fact::new("明显上升的品牌数", terms.raised_brands.to_string()));
    facts.extend(terms.cluster.as_ref().map(|found| cluster(view, "最可能的聚集区", found)));
    facts.extend(terms.prefecture_cluster.as_ref().map(|found| cluster(view, "按地市看最集中处", found)));
    facts.extend(terms.platform_cluster.as_ref().map(|found| cluster(view, "最可能的平台", found)));
    if let Some(shared) = &terms.shared {
        let categories: Vec<&str> = shared.categories.iter().map(|category| category.zh()).collect();
        let told = format!("“{}”见于{}，共{}起", shared.word, categories.join("、"), shared.events);
        facts.push(Fact::new("其他品类的同类上升", told));
    }
    for pair in &terms.out_of_line {
        let name = pair
            .brand
            .as_ref()
            .map_or_else(|| "该品类与该隐患不成比例".to_owned(), |brand| format!("“{brand}”与该隐患不成比例"));
        let told = format!(
            "{}起对期望{}起，IC {}，IC025 {}",
            pair.events,
            display::decimal(pair.expected),
            display::decimal(pair.ic),
            display::decimal(pair.ic025)
        );
        facts.push(Fact::new(name, told));
    }
    if terms.company_wide {
        facts.push(Fact::new("企业性", "同一企业的产品在两个以上地区出现问题"));
    }
    if terms.provisional {
        facts.push(Fact::new("暂定", "写明品牌的事件过少，“行业性”为暂定结论"));
    }
    facts
}

fn cluster(view: &View, name: &str, terms: &ClusterTerms) -> Fact {
    let place = terms.zone.clone().unwrap_or_else(|| {
        let names: Vec<String> = terms.regions.iter().map(|code| view.region_name(*code)).collect();
        names.join("、")
    });
    let chance = match (terms.scanned, terms.p) {
        (true, Some(p)) => format!("，扫描 p={}", display::tail(p)),
        (true, None) => "，未算偶然概率（不影响结论）".to_owned(),
        (false, _) => "，未扫描".to_owned(),
    };
    let weeks = terms.weeks;
    let expected = display::decimal(terms.expected);
    Fact::number(name, format!("{place}：近{weeks}周{}起，期望{expected}起{chance}", terms.events), terms.llr)
}

/// Provinces by excess.
pub(super) fn regions(view: &View, terms: &SpreadTerms) -> Vec<RegionRow> {
    let mut all: Vec<_> = terms.regions.iter().collect();
    all.sort_by(|a, b| b.excess.total_cmp(&a.excess).then(a.region.cmp(&b.region)));
    let row = |term: &vocabulary::RegionTerm| RegionRow {
        name: view.region_name(term.region),
        events: term.events,
        expected: display::decimal(term.expected),
        expected_exact: term.expected,
        excess: display::decimal(term.excess),
        excess_exact: term.excess,
    };
    all.into_iter().take(REGIONS_SHOWN).map(row).collect()
}

/// Sources of the deciding window.
pub(super) fn sources(terms: &FeedbackTerms) -> Vec<SourceRow> {
    let row = |term: &vocabulary::SourceTerm| SourceRow {
        name: term.source.to_string(),
        channel: term.channel.zh(),
        events: term.events,
        hits: term.hits,
        misses: term.misses,
        weight: display::share(term.w),
        weight_exact: term.w,
    };
    terms.sources.iter().map(row).collect()
}

/// What came back so far and what it makes of this matter; empty for what is below the line.
pub(super) fn feedback(terms: &FeedbackTerms) -> Vec<Fact> {
    let basis = match terms.basis {
        EvidenceBasis::Below => return Vec::new(),
        EvidenceBasis::Single => "单条规则命中",
        EvidenceBasis::Onset => "统计越线",
    };
    let regime = match terms.regime {
        Regime::Sparse => "稀疏",
        Regime::Dense => "密集",
    };
    let mut facts = vec![
        Fact::new("依据类型", basis),
        Fact::new("本底", regime),
        Fact::number("衰减强度 A(t)（按来源可信度加权，不入计数）", display::decimal(terms.intensity), terms.intensity),
    ];
    if let Some(real) = &terms.p_real {
        let [low, high] = real.interval.map(display::share);
        facts.push(Fact::number(
            "属实概率",
            format!("{}（90%区间{low}—{high}）", display::share(real.mean)),
            real.mean,
        ));
        let told = format!(
            "{}件中{}件属实；全部{}件中{}件",
            real.alike, real.alike_confirmed, real.judged, real.judged_confirmed
        );
        facts.push(Fact::new("已有结论的同类预警", told));
    }
    if let Some(thinned) = &terms.thinned {
        let told = format!(
            "去掉{}起，h={}，{}",
            thinned.removed,
            display::decimal(thinned.h),
            if thinned.survives { "仍越线" } else { "不再越线" }
        );
        facts.push(Fact::new(format!("去掉可信度低于{}的来源", display::share(thinned.w_below)), told));
    }
    let failure = |name: &str, terms: &FailureTerms| {
        let [low, high] = terms.interval.map(display::share);
        let told = format!(
            "{}批中{}批不合格，估计{}（90%区间{low}—{high}），超过{}的概率{}",
            terms.tested,
            terms.failed,
            display::share(terms.mean),
            display::share(terms.threshold),
            display::share(terms.p_above)
        );
        Fact::number(name, told, terms.mean)
    };
    facts.extend(terms.usual.as_ref().map(|terms| failure("该品类通常不合格率（仅随机抽样）", terms)));
    facts.extend(terms.matter.as_ref().map(|terms| failure("本项不合格率（全部样品）", terms)));
    if let Some(confirmed) = &terms.confirmed {
        let told = format!("{}家有结果，{}家明显偏高", confirmed.tested_companies, confirmed.failing_companies);
        facts.push(Fact::new("按企业的检验结果", told));
    }
    if let Some(muted) = &terms.muted {
        let state = if muted.lifted { "证据已足，重新提示" } else { "静默中" };
        let told =
            format!("{}至{}，h达{}方重新提示；{state}", muted.since, muted.until, display::decimal(muted.h_needed));
        facts.push(Fact::new("核查未证实后的静默", told));
    }
    facts
}
