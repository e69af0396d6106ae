//! To a test body: what to test by which standard, and the samples that were sent to it (送检委托书). How, by whom, when and for how much they
//! were bought is not for it.

use vocabulary::Work;

use super::{Fit, Ground, NONE, Paper, PaperKind, or_none};
use crate::sample::Sample;

/// The commission of a test body; none without a scheme.
pub(super) fn paper(ground: &Ground<'_>, body: &str) -> Option<Paper> {
    let (matter, about) = (ground.matter, &ground.about);
    let scheme = matter.scheme.as_ref()?;
    let issued = ground.issued(|work| match work {
        Work::Commission { body: given } if given == body => Fit::This,
        Work::Commission { .. } => Fit::Kind,
        _ => Fit::Other,
    });
    let issued = issued.map(|(_, issued)| issued);
    let mut paper = Paper::new(PaperKind::Commission, matter, issued, body);
    let product = if scheme.product.trim().is_empty() { about.category } else { scheme.product.as_str() };
    paper.say(format!("现委托贵单位检验下列样品（风险事项{}，产品：{product}，隐患：{}）。", matter.id, about.hazard));
    paper.heading("一、检验项目与依据");
    paper.table(
        ["检验项目", "检验依据"],
        scheme.items.iter().map(|test| [or_none(&test.item), or_none(&test.standard)]),
    );
    paper.heading("二、样品");
    let sent: Vec<&Sample> = matter.samples.values().filter(|sample| sample.body.as_deref() == Some(body)).collect();
    if sent.is_empty() {
        paper.say("尚未送样；样品送出后列入本表。");
    } else {
        paper.say(format!("共{}件。请收样时核对封条和件数。", sent.len()));
        paper
            .table(["样品编号", "平台", "商品ID", "送检日期", "检验样", "备样", "封条编号"], sent.into_iter().map(row));
    }
    paper.heading("三、要求");
    let since = issued.map_or(ground.today, |issued| issued.on);
    if let Some(days) = ground.within("lab_result", since) {
        paper.say(format!("检验期限：自送检之日起{days}。"));
    }
    if let Some(days) = ground.within("result_entry", since) {
        paper.say(format!("结果录入：自报告之日起{days}。"));
    }
    paper.say(format!(
        "结果逐项写明检验依据、标准或明示值、实测值和单项判定，平台和商品ID与本表一致；登录监测系统（{}）录入。\
         无法检验的，请说明原因并附证明材料。",
        about.page
    ));
    if paper.is_draft() {
        paper.gaps.push("尚未登记委托".to_owned());
        if scheme.items.is_empty() {
            paper.gaps.push("采样方案没有检验项目".to_owned());
        }
    }
    Some(paper)
}

fn row(sample: &Sample) -> [String; 7] {
    let pieces = |pieces: Option<u32>| pieces.map_or_else(|| NONE.to_owned(), |pieces| format!("{pieces}件"));
    [
        sample.id.to_string(),
        sample.item.platform.clone(),
        sample.item.item_id.clone(),
        sample.dispatched_on.map_or_else(|| NONE.to_owned(), |day| day.to_string()),
        pieces(sample.parts.map(|(test, _)| test)),
        pieces(sample.parts.map(|(_, spare)| spare)),
        or_none(&sample.seals.join("、")),
    ]
}
