//! Criteria files (评价标准) for those who write them: what one says, and what two say of the same evidence (clause 4-03).
//!
//! In: a judge, or two and archives. Out: text, or differences. Archives are read once and judged twice, day by day, as `rerun` does; no
//! file is written.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;

use super::PipelineError;
use super::judge::Judge;
use super::rerun::{Corpus, Stage};
use super::review::Review;
use alert::sidebyside::{Said, SideBySide, compare};
use lexicon::Lexicon;
use score::{Basis, DisposalRule, HazardClass, SingleRule};
use vocabulary::{AlertEventKind, Category, Channel, Danger, DateRange, Hazard, Language, said};

/// What a criteria file says, for people: levels, matrices, rules, deadlines.
#[must_use]
pub fn said(judge: &Judge, language: Language) -> String {
    let criteria = judge.scorer.criteria();
    let (danger, detector) = (&criteria.danger, &criteria.detector);
    let between = language.pick("、", ", ");
    let mut lines = vec![said!(language, "评价标准 {}", "criteria {}", criteria.version)];
    let windows: Vec<String> = detector.windows_days.iter().map(u32::to_string).collect();
    lines.push(said!(
        language,
        "统计：看近{}天，基线{}周（其后空出{}周）；误报预算每30天{}起。",
        "Detection: the last {} days, a baseline of {} weeks ({} weeks are left out behind it); {} false onsets in 30 days are granted.",
        windows.join(between),
        detector.baseline_weeks,
        detector.guard_weeks,
        criteria.budget.onsets_per_30_days
    ));
    lines.push(said!(
        language,
        "隐患程度：致伤概率分{}档，伤害程度S1至S4：",
        "Danger: {} classes of the probability of injury, severity S1 to S4:",
        danger.matrix.len()
    ));
    for (row, cells) in danger.matrix.iter().enumerate() {
        let bound = danger.row_bounds.get(row).map_or_else(
            || language.pick("其余", "the rest").to_owned(),
            |bound| said!(language, "大于{bound}", "above {bound}"),
        );
        let mark = if row == usize::from(danger.assumed_row) {
            language.pick("（概率未知时取此档）", " (taken where the probability is unknown)")
        } else {
            ""
        };
        lines.push(said!(language, "  {row}  {bound}：{}{mark}", "  {row}  {bound}: {}{mark}", names(cells, language)));
    }
    let [low, high] = danger.assumed_band;
    lines.push(said!(
        language,
        "  概率未知时另示第{low}至{high}档之间的范围。",
        "  Where the probability is unknown, the range of classes {low} to {high} is shown beside it."
    ));
    lines.push(said!(
        language,
        "按在用数量上调（原为{}时）：",
        "Raised by the number of items in use (from {}):",
        names(&Danger::ALL[..4], language)
    ));
    for (row, cells) in danger.items_step.iter().enumerate() {
        let bound = danger.items_bounds.get(row).map_or_else(
            || language.pick("更多", "more").to_owned(),
            |bound| said!(language, "至多{bound}件", "at most {bound} items"),
        );
        lines.push(said!(language, "  {bound}：{}", "  {bound}: {}", names(cells, language)));
    }
    let of = |category: Category| language.pick(category.zh(), category.en());
    let known: Vec<String> = danger
        .items_in_use
        .iter()
        .map(|(category, items)| said!(language, "{}{items}件", "{} {items}", of(*category)))
        .collect();
    let known = if known.is_empty() {
        language.pick("未列（作未知处理）", "none listed (taken as unknown)").to_owned()
    } else {
        known.join(between)
    };
    let years: Vec<String> = danger
        .lifetime_years
        .iter()
        .map(|(category, years)| said!(language, "{}{years}年", "{} {years}", of(*category)))
        .collect();
    let years = if years.is_empty() { language.pick("未列", "none listed").to_owned() } else { years.join(between) };
    lines.push(said!(
        language,
        "  在用数量：{known}。使用年限：{years}。漏报系数{}。",
        "  Items in use: {known}. Years of use: {years}. Under-reporting factor {}.",
        danger.under_reporting_default
    ));
    for level in (1..=4).rev() {
        let hazards = Hazard::ALL.iter().filter(|hazard| danger.severity.get(hazard) == Some(&level));
        let hazards: Vec<&str> = hazards.map(|hazard| language.pick(hazard.zh(), hazard.en())).collect();
        lines.push(said!(
            language,
            "  未述伤害时按S{level}计：{}",
            "  S{level} where no injury is told: {}",
            none_or(&hazards, language)
        ));
    }
    lines.push(language.pick("单件规则：", "Rules for single reports:").to_owned());
    lines.extend(criteria.single.iter().map(|rule| format!("  {}", single(rule, language))));
    lines.push(
        language
            .pick(
                "处置规则（自上而下，先中者定；都不中则排除）：",
                "Rules of disposal (the first that fits decides; excluded where none does):",
            )
            .to_owned(),
    );
    lines.extend(criteria.disposal.iter().map(|rule| format!("  {}", disposal(rule, language))));
    let policy = &judge.alerts;
    lines.push(said!(
        language,
        "预警：连续{}天未越线则关闭，{}天评估较低才下调。",
        "Alerts: closed after {} days without an onset, lowered after {} days of lower judgements.",
        policy.closing_days,
        policy.lowering_days
    ));
    let asked = Danger::ALL.iter().filter_map(|danger| {
        let goal = judge.sampling.batches.get(danger)?;
        let days = judge.sampling.deadline_days.get(danger)?;
        Some(said!(
            language,
            "{}级{days}天内完成（{:.0}%批次不合格时以{:.0}%把握发现）",
            "{}: done in {days} days (where {:.0} % of batches fail, one is found with {:.0} % confidence)",
            language.pick(danger.zh(), danger.en()),
            goal.rate * 100.0,
            goal.confidence * 100.0
        ))
    });
    let asked = asked.collect::<Vec<_>>().join(language.pick("；", "; "));
    lines.push(said!(language, "采样：{asked}。", "Sampling: {asked}."));
    lines.join("\n")
}

fn names(levels: &[Danger], language: Language) -> String {
    levels.iter().map(|level| language.pick(level.zh(), level.en())).collect::<Vec<_>>().join(" ")
}

fn none_or(names: &[&str], language: Language) -> String {
    if names.is_empty() {
        language.pick("（无）", "none").to_owned()
    } else {
        names.join(language.pick("、", ", "))
    }
}

fn class(hazards: HazardClass, language: Language) -> &'static str {
    let (zh, en) = match hazards {
        HazardClass::All => ("所有隐患", "all hazards"),
        HazardClass::Safety => ("安全隐患", "hazards to safety"),
        HazardClass::Quality => ("质量问题", "problems of quality"),
    };
    language.pick(zh, en)
}

fn single(rule: &SingleRule, language: Language) -> String {
    let channels: Vec<&str> =
        rule.channels.iter().map(|channel: &Channel| language.pick(channel.zh(), channel.en())).collect();
    let channels = if channels.is_empty() {
        language.pick("所有渠道", "all channels").to_owned()
    } else {
        channels.join(language.pick("、", ", "))
    };
    let brand = if rule.or_brand { language.pick("或点名品牌", " or a brand named") } else { "" };
    said!(
        language,
        "{}：{}（{channels}；{}；伤害S{}以上{brand}，可信度{}以上，{}天内）",
        "{}: {} ({channels}; {}; severity S{} or worse{brand}, confidence {} or more, within {} days)",
        rule.id,
        rule.means,
        class(rule.hazards, language),
        rule.min_severity,
        rule.min_confidence,
        rule.days
    )
}

fn disposal(rule: &DisposalRule, language: Language) -> String {
    let basis = match rule.basis {
        Basis::Onset => language.pick("统计越线", "an onset"),
        Basis::Single => language.pick("单件规则命中", "a single report"),
    };
    let provinces = match rule.min_provinces {
        0 => String::new(),
        least => said!(language, "，至少{least}个省份", ", in at least {least} provinces"),
    };
    let company = if rule.company_wide {
        language
            .pick("，限同一企业产品见于多地（企业性）", ", one company's goods in several places (company-wide) only")
    } else {
        ""
    };
    said!(
        language,
        "{} → {}：{}（{basis}；{}；隐患程度{}以上，范围{}以上，至少{}起{provinces}{company}）",
        "{} → {}: {} ({basis}; {}; danger {} or more, spread {} or more, at least {} events{provinces}{company})",
        rule.id,
        language.pick(rule.disposal.zh(), rule.disposal.en()),
        rule.means,
        class(rule.hazards, language),
        language.pick(rule.min_danger.zh(), rule.min_danger.en()),
        language.pick(rule.min_spread.zh(), rule.min_spread.en()),
        rule.min_events
    )
}

/// Judges the same archives under two criteria files, each with a run of its own, every `every_days` days of `range`.
pub async fn side_by_side(
    archives: &[PathBuf],
    range: DateRange,
    every_days: u32,
    lexicon: &Arc<Lexicon>,
    judges: [&Judge; 2],
    tell: &(dyn Fn(Stage) + Sync),
) -> Result<SideBySide, PipelineError> {
    let mut corpus = Corpus::new(range.to);
    corpus.take_in(archives, lexicon, tell).await?;
    let days: Vec<Date> = range.days().step_by(every_days.max(1) as usize).collect();
    let (mut said, mut opened) = ([Said::default(), Said::default()], 0);
    for (run, (judge, said)) in judges.into_iter().zip(&mut said).enumerate() {
        let listings = corpus.listings.values().cloned().collect();
        let review =
            Review::new(judge, corpus.records.clone(), corpus.volume.clone(), listings, lexicon.version().clone());
        let mut review = review.beside(corpus.market.clone());
        let mut done = (run * days.len()) as u64;
        review
            .days(&days, |day, judged| {
                opened += judged.events.iter().filter(|event| event.event == AlertEventKind::Opened).count() as u64;
                said.day(day, &judged.assessments, &judged.events);
                done += 1;
                tell(Stage::Judging { done, days: 2 * days.len() as u64, day, opened });
                Ok::<(), std::convert::Infallible>(())
            })
            .unwrap_or_else(|never| match never {});
    }
    let [first, second] = said;
    Ok(compare(&first, &second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_criteria;

    #[test]
    fn the_shipped_criteria_say_what_they_say() {
        let judge = read_criteria(None).expect("the shipped criteria");
        let text = said(&judge, Language::Chinese);
        for line in [
            "  4  大于0.0001：低 中 高 严重（概率未知时取此档）",
            "  7  其余：低 低 低 低",
            "  至多100000件：低 中 高 严重",
            "  更多：高 严重 严重 严重",
            "  在用数量：未列（作未知处理）。使用年限：大家电10年、热水器8年、燃气具8年。漏报系数10。",
            "  未述伤害时按S4计：溺水",
            "sample.company → 采样：同一企业产品在多地出现同类隐患，属企业共性，应当组织采样（统计越线；安全隐患；\
             隐患程度中以上，范围个别以上，至少5起，至少3个省份，限同一企业产品见于多地（企业性））",
            "sample.spread → 采样：安全隐患统计越线且范围为区域性及以上，应当组织采样（统计越线；安全隐患；\
             隐患程度低以上，范围区域性以上，至少3起）",
            "notify.single_grave → 通知：单件严重情形：立即由值班人员核查，并通知相关单位或地区（单件规则命中；所有隐患；隐患程度严重以上，",
            "notify.single → 通知：单件规则命中，通知相关单位或地区核查（单件规则命中；所有隐患；",
            "预警：连续28天未越线则关闭，28天评估较低才下调。",
            "严重级10天内完成（10%批次不合格时以95%把握发现）。",
        ] {
            assert!(text.contains(line), "`{line}` is not in:\n{text}");
        }
        let text = said(&judge, Language::English);
        let asked =
            "at least 5 events, in at least 3 provinces, one company's goods in several places (company-wide) only)";
        assert!(text.contains(asked), "`{asked}` is not in:\n{text}");
    }
}
