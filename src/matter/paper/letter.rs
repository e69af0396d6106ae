//! The letter to one unit that is told (风险信息告知函, clauses 3-11, 3-13, 3-47): what was found about goods that concern it, what is asked of it
//! and until when, how to answer, and what a firm may object to.

use jiff::civil::Date;
use vocabulary::{Asked, Concern, Role, SampleId};

use super::{Addressee, Ground, Paper, PaperKind, Section, caution, failed, rests_on, tested, until};
use crate::clocks::Counting;
use crate::duty::{Duty, Owed, Owner};
use crate::sample::{Sample, Tested};
use crate::state::{Matter, Recipient};

/// The letter as it was sent, or its draft.
pub(super) fn paper(ground: &Ground<'_>, to: &Addressee) -> Paper {
    let sent = ground.told(&to.name);
    let issued = sent.map(|(_, issued)| issued);
    let mut matter = match sent {
        Some((at, _)) => ground.after(at),
        None => ground.matter.clone(),
    };
    let drafted = planned(&matter, to, ground.today);
    let unit = matter.recipients.entry(to.name.clone()).or_insert(drafted).clone();
    let mut paper = Paper::new(PaperKind::Letter, &matter, issued, &to.name);
    let about = &ground.about;
    paper.say(format!(
        "产品质量安全风险监测发现，{}存在“{}”风险（风险事项{}，隐患程度{}，范围{}）。现将有关情况告知贵单位。",
        about.category, about.hazard, matter.id, about.danger, about.spread
    ));
    let own: Vec<(&Sample, &Tested)> = tested(&matter).filter(|(sample, _)| to.concerns(sample)).collect();
    found(&mut paper, &matter, to, &own);
    paper.heading("二、要求");
    paper.say(wanted(unit.asked));
    deadlines(&mut paper, ground, &matter, &unit);
    paper.heading("四、回复方式");
    paper.say(format!(
        "请登录监测系统（{}）签收、登记措施并报送；没有账户的，请书面回复本单位并注明文号，由本单位登记。",
        about.page
    ));
    if to.role == Role::Firm {
        let failed = own.iter().filter(|(_, result)| !result.conforms).map(|(sample, _)| &sample.id);
        objection(&mut paper, ground, &matter, &unit, &failed.collect::<Vec<_>>());
    }
    if to.role == Role::Supervision {
        let others = matter.recipients.values().filter(|other| other.role == Role::Supervision);
        paper.copies = others.map(|other| other.name.clone()).filter(|name| *name != to.name).collect();
    }
    if paper.is_draft() {
        paper.gaps.push("尚未登记告知；期限按今天发出计算".to_owned());
        if own.is_empty() && tested(&matter).next().is_some() {
            paper.gaps.push("没有名称与收件单位一致的已检商品：请核对平台、卖家、品牌、生产企业的名称".to_owned());
        }
    }
    paper
}

/// What a unit would be asked for, before anybody has told it.
fn planned(matter: &Matter, to: &Addressee, today: Date) -> Recipient {
    let (concern, asked) = match to.role {
        Role::Supervision => (Concern::Place, Asked::Inspect),
        Role::Platform => (Concern::Platform, Asked::Handle),
        Role::Firm => (Concern::Maker, Asked::Handle),
        Role::Centre | Role::TestBody | Role::Public => (Concern::Other, Asked::Know),
    };
    Recipient {
        name: to.name.clone(),
        role: to.role,
        concern,
        region: None,
        asked,
        addressed_on: today,
        acknowledged_on: None,
        finished_on: None,
        reported_on: None,
        report: None,
        reports: Vec::new(),
        told_results: matter.tested().map(|sample| sample.id.clone()).collect(),
    }
}

fn found(paper: &mut Paper, matter: &Matter, to: &Addressee, own: &[(&Sample, &Tested)]) {
    paper.heading("一、检验情况");
    if own.is_empty() {
        paper.say("目前没有与贵单位有关的检验结果。本函依据公开信息和投诉举报的汇总，有关情况有待核实。");
        return;
    }
    let count = own.iter().filter(|(_, result)| !result.conforms).count();
    let whose = if to.role == Role::Supervision { "本事项" } else { "与贵单位有关的商品" };
    paper.say(format!("{whose}共检验{}批次，不合格{count}批次。{}", own.len(), caution(matter)));
    for (sample, result) in own.iter().filter(|(_, result)| !result.conforms) {
        failed(paper, sample, result);
    }
    let conform = own.iter().filter(|(_, result)| result.conforms);
    let conform: Vec<String> = conform
        .map(|(sample, result)| {
            format!("{}（{} {}，报告{}）", sample.id, sample.item.platform, sample.item.item_id, result.report)
        })
        .collect();
    if !conform.is_empty() {
        paper.say(format!("所检项目未发现不合格的样品：{}。", conform.join("、")));
    }
}

fn wanted(asked: Asked) -> &'static str {
    match asked {
        Asked::Know => "请知悉并签收，在职责范围内关注。",
        Asked::Handle => "请签收并立即核实，对有关商品依法采取退货、下架、召回等处理措施；处理完成后报送处理情况。",
        Asked::Inspect => "请签收，对有关商品和经营者进行核查，依法查处；结案后报送处理情况。",
        Asked::Sample => "请签收并协助采样。",
    }
}

fn deadlines(paper: &mut Paper, ground: &Ground<'_>, matter: &Matter, unit: &Recipient) {
    paper.heading("三、期限");
    let owes = |duty: &Duty| matches!(&duty.owner, Owner::Unit(name) if *name == unit.name);
    let duties: Vec<Duty> = matter.duties(ground.handling).into_iter().filter(owes).collect();
    let of = |owed: &Owed| duties.iter().find(|duty| duty.owed == *owed).and_then(|duty| duty.limit.as_ref());
    let mut rows = Vec::new();
    for (name, owed) in [("签收", Owed::Acknowledge), ("处理", Owed::Handle)] {
        rows.extend(of(&owed).map(|limit| (name.to_owned(), until(limit))));
    }
    if unit.owes_report() {
        let is_authority = unit.role == Role::Supervision;
        let (clock, since) =
            if is_authority { ("authority_report", "结案后") } else { ("platform_report", "处理完成后") };
        let days = ground.within(clock, unit.addressed_on);
        rows.extend(days.map(|days| ("报送处理情况".to_owned(), format!("{since}{days}"))));
    }
    if rows.is_empty() {
        paper.say("没有设定期限。");
    } else {
        paper.sections.push(Section::Facts(rows));
    }
}

/// What a firm may object to, and until when.
fn objection(paper: &mut Paper, ground: &Ground<'_>, matter: &Matter, unit: &Recipient, failed: &[&SampleId]) {
    let about_own = |duty: &Duty| {
        let by = matches!(&duty.owner, Owner::Unit(name) if *name == unit.name);
        by && matches!(&duty.owed, Owed::Objection(sample) if failed.contains(&sample))
    };
    let duties = matter.duties(ground.handling);
    let limits = duties.iter().filter(|duty| about_own(duty)).filter_map(|duty| duty.limit.as_ref());
    let Some(limit) = limits.max_by_key(|limit| limit.last_day) else { return };
    let Some(clock) = ground.handling.clocks.at(&limit.clock, unit.addressed_on) else { return };
    let days = if clock.kind == Counting::Working { "个工作日" } else { "日" };
    paper.heading("五、异议");
    paper.say(format!(
        "对检验结果有异议的，可自签收之日起{}{days}内书面提出，并可申请用备样复检；按发函之日签收计，至{}止（{}）。",
        clock.days,
        limit.last_day,
        rests_on(&limit.source, limit.verified)
    ));
}
