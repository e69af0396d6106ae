//! Criteria files (评价标准) for those who write them: what one says, in Chinese, and what two say of the same evidence (clause 4-03).
//!
//! In: a judge, or two and archives. Out: text, or differences. Archives are read once and judged twice, day by day, as `rerun` does; no
//! file is written.

use std::fmt::Write;
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
use vocabulary::{AlertEventKind, Channel, Danger, DateRange, Hazard};

/// What a criteria file says, for people: levels, matrices, rules, deadlines.
#[must_use]
pub fn said(judge: &Judge) -> String {
    let criteria = judge.scorer.criteria();
    let (danger, detector) = (&criteria.danger, &criteria.detector);
    let mut text = format!("评价标准 {}\n", criteria.version);
    let windows: Vec<String> = detector.windows_days.iter().map(u32::to_string).collect();
    let _ = writeln!(
        text,
        "统计：看近{}天，基线{}周（其后空出{}周）；误报预算每30天{}起。",
        windows.join("、"),
        detector.baseline_weeks,
        detector.guard_weeks,
        criteria.budget.onsets_per_30_days
    );
    let _ = writeln!(text, "隐患程度：致伤概率分{}档，伤害程度S1至S4：", danger.matrix.len());
    for (row, cells) in danger.matrix.iter().enumerate() {
        let bound = danger.row_bounds.get(row).map_or_else(|| "其余".to_owned(), |bound| format!("大于{bound}"));
        let mark = if row == usize::from(danger.assumed_row) { "（概率未知时取此档）" } else { "" };
        let _ = writeln!(text, "  {row}  {bound}：{}{mark}", names(cells));
    }
    let _ = writeln!(text, "  概率未知时另示第{}至{}档之间的范围。", danger.assumed_band[0], danger.assumed_band[1]);
    let _ = writeln!(text, "按在用数量上调（原为{}时）：", names(&Danger::ALL[..4]));
    for (row, cells) in danger.items_step.iter().enumerate() {
        let bound = danger.items_bounds.get(row).map_or_else(|| "更多".to_owned(), |bound| format!("至多{bound}件"));
        let _ = writeln!(text, "  {bound}：{}", names(cells));
    }
    let mut known = Vec::new();
    for (category, items) in &danger.items_in_use {
        known.push(format!("{}{items}件", category.zh()));
    }
    let known = if known.is_empty() { "未列（作未知处理）".to_owned() } else { known.join("、") };
    let years: Vec<String> =
        danger.lifetime_years.iter().map(|(category, years)| format!("{}{years}年", category.zh())).collect();
    let years = if years.is_empty() { "未列".to_owned() } else { years.join("、") };
    let _ = writeln!(text, "  在用数量：{known}。使用年限：{years}。漏报系数{}。", danger.under_reporting_default);
    for level in (1..=4).rev() {
        let hazards = Hazard::ALL.iter().filter(|hazard| danger.severity.get(hazard) == Some(&level));
        let hazards: Vec<&str> = hazards.map(|hazard| hazard.zh()).collect();
        let _ = writeln!(text, "  未述伤害时按S{level}计：{}", none_or(&hazards));
    }
    text += "单件规则：\n";
    for rule in &criteria.single {
        let _ = writeln!(text, "  {}", single(rule));
    }
    text += "处置规则（自上而下，先中者定；都不中则排除）：\n";
    for rule in &criteria.disposal {
        let _ = writeln!(text, "  {}", disposal(rule));
    }
    let policy = &judge.alerts;
    let _ =
        writeln!(text, "预警：连续{}天未越线则关闭，{}天评估较低才下调。", policy.closing_days, policy.lowering_days);
    text += "采样：";
    let asked = Danger::ALL.iter().filter_map(|danger| {
        let goal = judge.sampling.batches.get(danger)?;
        let days = judge.sampling.deadline_days.get(danger)?;
        Some(format!(
            "{}级{days}天内完成（{:.0}%批次不合格时以{:.0}%把握发现）",
            danger.zh(),
            goal.rate * 100.0,
            goal.confidence * 100.0
        ))
    });
    text += &asked.collect::<Vec<_>>().join("；");
    text.push('。');
    text
}

fn names(levels: &[Danger]) -> String {
    levels.iter().map(|level| level.zh()).collect::<Vec<_>>().join(" ")
}

fn none_or(names: &[&str]) -> String {
    if names.is_empty() { "（无）".to_owned() } else { names.join("、") }
}

fn class(hazards: HazardClass) -> &'static str {
    match hazards {
        HazardClass::All => "所有隐患",
        HazardClass::Safety => "安全隐患",
        HazardClass::Quality => "质量问题",
    }
}

fn single(rule: &SingleRule) -> String {
    let channels: Vec<&str> = rule.channels.iter().copied().map(Channel::zh).collect();
    let channels = if channels.is_empty() { "所有渠道".to_owned() } else { channels.join("、") };
    let brand = if rule.or_brand { "或点名品牌" } else { "" };
    format!(
        "{}：{}（{channels}；{}；伤害S{}以上{brand}，可信度{}以上，{}天内）",
        rule.id,
        rule.means,
        class(rule.hazards),
        rule.min_severity,
        rule.min_confidence,
        rule.days
    )
}

fn disposal(rule: &DisposalRule) -> String {
    let basis = match rule.basis {
        Basis::Onset => "统计越线",
        Basis::Single => "单件规则命中",
    };
    format!(
        "{} → {}：{}（{basis}；{}；隐患程度{}以上，范围{}以上，至少{}起）",
        rule.id,
        rule.disposal.zh(),
        rule.means,
        class(rule.hazards),
        rule.min_danger.zh(),
        rule.min_spread.zh(),
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
    fn the_shipped_criteria_say_in_chinese_what_they_say() {
        let judge = read_criteria(None).expect("the shipped criteria");
        let text = said(&judge);
        for line in [
            "  4  大于0.0001：低 中 高 严重（概率未知时取此档）",
            "  7  其余：低 低 低 低",
            "  至多100000件：低 中 高 严重",
            "  更多：高 严重 严重 严重",
            "  在用数量：未列（作未知处理）。使用年限：大家电10年、热水器8年、燃气具8年。漏报系数10。",
            "  未述伤害时按S4计：溺水",
            "notify.single → 通知：单件规则命中，通知相关单位或地区核查（单件规则命中；所有隐患；",
            "预警：连续28天未越线则关闭，28天评估较低才下调。",
            "严重级10天内完成（10%批次不合格时以95%把握发现）。",
        ] {
            assert!(text.contains(line), "`{line}` is not in:\n{text}");
        }
    }
}
