//! All results of a matter together (检验结果汇总报告, clause 3-45), for an authority or for a platform. Both are made of one set of samples, and
//! say the same totals; a platform is told item by item of goods on its own platform alone.

use std::collections::BTreeMap;

use vocabulary::Role;

use super::{Addressee, Ground, Paper, PaperKind, caution, failed, or_none, stated, tested};
use crate::sample::{Sample, SampleState, Tested};
use crate::state::Matter;

/// How many samples were tested and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Totals {
    tested: u64,
    failed: u64,
}

impl Totals {
    fn of<'a>(results: impl IntoIterator<Item = &'a (&'a Sample, &'a Tested)>) -> Self {
        let mut totals = Self::default();
        for (_, result) in results {
            totals.tested += 1;
            totals.failed += u64::from(!result.conforms);
        }
        totals
    }
}

/// The report; none before anything was tested, and for units that are neither platform nor authority. Without an addressee it is as for an
/// authority.
pub(super) fn paper(ground: &Ground<'_>, to: Option<&Addressee>) -> Option<Paper> {
    if to.is_some_and(|to| !matches!(to.role, Role::Platform | Role::Supervision)) {
        return None;
    }
    let sent = to.and_then(|to| ground.told(&to.name));
    let then = sent.map(|(at, _)| ground.after(at));
    let matter = then.as_ref().unwrap_or(ground.matter);
    let all: Vec<(&Sample, &Tested)> = tested(matter).collect();
    if all.is_empty() {
        return None;
    }
    let issued = sent.map(|(_, issued)| issued);
    let mut paper = Paper::new(PaperKind::Report, matter, issued, to.map_or("", |to| to.name.as_str()));
    let about = &ground.about;
    paper.say(format!(
        "风险事项{}（{}“{}”）的检验结果汇总如下。{}",
        matter.id,
        about.category,
        about.hazard,
        caution(matter)
    ));
    let totals = Totals::of(&all);
    paper.facts([("检验批次", totals.tested.to_string()), ("不合格批次", totals.failed.to_string())]);
    if let Some(platform) = to.filter(|to| to.role == Role::Platform) {
        let own: Vec<_> = all.into_iter().filter(|(sample, _)| platform.concerns(sample)).collect();
        let totals = Totals::of(&own);
        paper.facts([
            ("其中贵平台检验批次", totals.tested.to_string()),
            ("其中贵平台不合格批次", totals.failed.to_string()),
        ]);
        if paper.is_draft() && own.is_empty() {
            paper.gaps.push("没有名称与该平台一致的已检商品：请核对平台的名称".to_owned());
        }
        one_by_one(&mut paper, &own);
    } else {
        by_platform(&mut paper, matter, &all);
        one_by_one(&mut paper, &all);
    }
    if paper.is_draft() {
        paper.gaps.push("尚未登记告知".to_owned());
    }
    Some(paper)
}

/// Platform by platform, what could not be tested beside it; for those inside.
fn by_platform(paper: &mut Paper, matter: &Matter, all: &[(&Sample, &Tested)]) {
    let mut platforms: BTreeMap<&str, (Totals, u64)> = BTreeMap::new();
    for result in all {
        let (totals, _) = platforms.entry(result.0.item.platform.as_str()).or_default();
        let one = Totals::of([result]);
        totals.tested += one.tested;
        totals.failed += one.failed;
    }
    for sample in matter.samples.values().filter(|sample| sample.state == SampleState::NotTestable) {
        platforms.entry(sample.item.platform.as_str()).or_default().1 += 1;
    }
    paper.heading("分平台");
    let untested: u64 = platforms.values().map(|(_, untested)| untested).sum();
    let row = |name: &str, totals: Totals, untested: u64| {
        [name.to_owned(), totals.tested.to_string(), totals.failed.to_string(), untested.to_string()]
    };
    let rows = platforms.iter().map(|(name, (totals, untested))| row(name, *totals, *untested));
    let sum = row("合计", Totals::of(all), untested);
    let rows: Vec<[String; 4]> = rows.chain([sum]).collect();
    paper.table(["平台", "检验批次", "不合格批次", "无法检验批次"], rows);
}

/// What failed, item by item, and what conforms, a line each.
fn one_by_one(paper: &mut Paper, results: &[(&Sample, &Tested)]) {
    let (conform, fail): (Vec<_>, Vec<_>) = results.iter().partition(|(_, result)| result.conforms);
    paper.heading("不合格样品");
    if fail.is_empty() {
        paper.say("没有。");
    }
    for (sample, result) in fail {
        failed(paper, sample, result);
    }
    paper.heading("所检项目未发现不合格的样品");
    if conform.is_empty() {
        paper.say("没有。");
        return;
    }
    paper.table(
        ["样品编号", "平台", "商品ID", "卖家", "品牌", "报告编号"],
        conform.into_iter().map(|(sample, result)| {
            [
                sample.id.to_string(),
                sample.item.platform.clone(),
                sample.item.item_id.clone(),
                sample.seller.clone(),
                stated(sample.brand.as_ref()),
                or_none(&result.report),
            ]
        }),
    );
}
