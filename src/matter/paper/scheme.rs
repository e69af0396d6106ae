//! The scheme of sampling on paper (采样方案, clauses 3-05, 3-32, 1-26): with the draw, so that anybody can make it again.

use vocabulary::DrawMode;

use super::{Ground, Issued, Paper, PaperKind, or_none, stated};
use crate::state::{DrawMade, Scheme};

/// The scheme; none when the matter has none.
pub(super) fn paper(ground: &Ground<'_>) -> Option<Paper> {
    let scheme = ground.matter.scheme.as_ref()?;
    let approved = scheme.approved_by.as_ref().and_then(|_| ground.approved_on());
    let issued = approved.map(|on| Issued { n: scheme.versions.max(1), on });
    let to = scheme.ordered_to.as_deref().unwrap_or_default();
    let mut paper = Paper::new(PaperKind::Scheme, ground.matter, issued, to);
    if let Some(why) = &scheme.cancelled {
        paper.say(format!("本方案已取消：{}", or_none(why)));
    }
    let about = &ground.about;
    paper.say(format!("风险事项{}：{}“{}”。", ground.matter.id, about.category, about.hazard));
    let regions: Vec<String> = scheme.regions.iter().map(|code| (about.region_name)(*code)).collect();
    paper.facts([
        ("监测产品", or_none(&scheme.product)),
        ("批次量", scheme.batches.to_string()),
        ("批次量依据", or_none(&scheme.purpose)),
        ("采样平台", or_none(&scheme.platforms.join("、"))),
        ("卖家所在地", if regions.is_empty() { "不限".to_owned() } else { regions.join("、") }),
        ("采样方式", or_none(scheme.mode.map_or("", DrawMode::zh))),
        ("时间期限", scheme.deadline.map_or_else(|| or_none(""), |day| day.to_string())),
        ("采样人员", or_none(&scheme.staff.join("、"))),
        ("编制", written(scheme)),
        ("批准", stated(scheme.approved_by.as_ref())),
        ("下达", stated(scheme.ordered_to.as_ref())),
    ]);
    paper.heading("一、检验项目与依据");
    paper.table(
        ["检验项目", "检验依据"],
        scheme.items.iter().map(|test| [or_none(&test.item), or_none(&test.standard)]),
    );
    if !ground.matter.draws.is_empty() {
        paper.heading("二、抽样");
        for draw in &ground.matter.draws {
            drawn(&mut paper, draw);
        }
    }
    if paper.is_draft() {
        let missing = scheme.missing();
        if !missing.is_empty() {
            paper.gaps.push(format!("缺少{}", missing.join("、")));
        }
        paper.gaps.push("方案尚未批准".to_owned());
    }
    Some(paper)
}

fn written(scheme: &Scheme) -> String {
    match &scheme.written_by {
        Some(by) => format!("{by}（第{}版）", scheme.versions),
        None => "系统（采样任务）".to_owned(),
    }
}

fn drawn(paper: &mut Paper, draw: &DrawMade) {
    let Some(drawing) = &draw.drawn else {
        paper.facts([("种子摘要", format!("{}（{}公布，尚未抽取）", draw.digest, draw.committed_on))]);
        return;
    };
    let strata: Vec<&str> = drawing.strata.iter().map(|kind| kind.zh()).collect();
    paper.facts([
        ("种子摘要", format!("{}（{}公布）", draw.digest, draw.committed_on)),
        ("种子", format!("{}（{}抽取）", drawing.seed, drawing.on)),
        ("抽样框摘要", format!("{}（{}件商品）", drawing.frame, drawing.offers)),
        ("分层", if strata.is_empty() { "不分层".to_owned() } else { strata.join("、") }),
        ("卖家、品牌、生产企业", drawing.repeats.clone().unwrap_or_else(|| "不重复".to_owned())),
    ]);
    let rows = (1..).zip(&drawing.chosen);
    paper.table(
        ["序号", "平台", "商品ID"],
        rows.map(|(at, item): (u32, _)| [at.to_string(), item.platform.clone(), item.item_id.clone()]),
    );
}
