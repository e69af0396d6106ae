//! A whole case in the terminal, and a clock in one line.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::tables::unverified;
use crate::lang::{language, pick, tr};
use matter::{Drawing, Duty, Limit, Matter, Recipient, Sample, Scheme, Sibling, Tested, Whom};
use vocabulary::{Alert, TestItem};

/// Goods of the same maker or seller that are listed.
const SIBLINGS_SHOWN: usize = 30;

/// One line of a case, indented by `depth` steps.
fn line(text: &mut String, depth: usize, said: impl std::fmt::Display) {
    _ = writeln!(text, "{:1$}{said}", "", 2 * depth);
}

/// What is not there.
fn or_none(text: &str) -> &str {
    if text.trim().is_empty() { "—" } else { text }
}

fn listed(texts: &[String]) -> String {
    or_none(&texts.join(pick("、", ", "))).to_owned()
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { pick("是", "yes") } else { pick("否", "no") }
}

/// Everything about a matter.
pub(super) fn text(alert: &Alert, matter: &Matter, duties: &[Duty], whom: &Whom, today: Date) -> String {
    let (judged, casework) = (&alert.assessment, &matter.casework);
    let mut text = String::new();
    let (product, hazard, stage) = (
        pick(judged.category.zh(), judged.category.en()),
        pick(judged.hazard.zh(), judged.hazard.en()),
        pick(casework.stage.zh(), casework.stage.en()),
    );
    line(&mut text, 0, tr!("{}  {product}×{hazard}", "{}  {product} × {hazard}", matter.id));
    line(&mut text, 0, tr!("起始 {}  状态 {stage}", "opened {}  stage {stage}", matter.opened_on));
    if let Some(assigned) = &casework.assigned {
        line(&mut text, 0, tr!("接办 {assigned}", "with {assigned}"));
    }
    if matter.excluded_until_rise {
        line(&mut text, 0, pick("排除，直至升级", "excluded until it rises again"));
    }
    if let Some(scheme) = &matter.scheme {
        scheme_of(&mut text, scheme);
    }
    draws(&mut text, matter);
    samples(&mut text, matter);
    handling(&mut text, matter);
    to_tell(&mut text, whom);
    if !duties.is_empty() {
        line(&mut text, 0, pick("时限", "Clocks"));
    }
    for one in duties {
        line(&mut text, 1, duty(one, today));
    }
    text
}

fn scheme_of(text: &mut String, scheme: &Scheme) {
    line(text, 0, pick("采样方案", "Scheme of sampling"));
    let tests: Vec<String> =
        scheme.items.iter().map(|TestItem { item, standard }| format!("{item} | {standard}")).collect();
    let regions: Vec<String> = scheme.regions.iter().map(ToString::to_string).collect();
    let mode = scheme.mode.map_or("—", |mode| pick(mode.zh(), mode.en()));
    let deadline = scheme.deadline.map_or_else(|| "—".to_owned(), |day| day.to_string());
    let (product, batches, purpose) = (or_none(&scheme.product), scheme.batches, or_none(&scheme.purpose));
    let (platforms, staff) = (listed(&scheme.platforms), listed(&scheme.staff));
    line(text, 1, tr!("监测产品 {product}", "product {product}"));
    line(text, 1, tr!("批次量 {batches}（{purpose}）", "batches {batches} ({purpose})"));
    line(text, 1, tr!("检验项目 {}", "tests {}", listed(&tests)));
    line(text, 1, tr!("采样平台 {platforms}", "platforms {platforms}"));
    if !regions.is_empty() {
        line(text, 1, tr!("卖家所在地 {}", "regions of sellers {}", listed(&regions)));
    }
    line(text, 1, tr!("采样方式 {mode}", "chosen {mode}"));
    line(text, 1, tr!("时间期限 {deadline}  人员 {staff}", "last day {deadline}  staff {staff}"));
    let named = |name: &Option<String>| name.clone().unwrap_or_else(|| "—".to_owned());
    let (written, approved, ordered) =
        (named(&scheme.written_by), named(&scheme.approved_by), named(&scheme.ordered_to));
    line(
        text,
        1,
        tr!(
            "编制 {written}  批准 {approved}  下达 {ordered}",
            "written by {written}  approved by {approved}  given to {ordered}"
        ),
    );
    if let Some(why) = &scheme.cancelled {
        line(text, 1, tr!("已取消：{why}", "cancelled: {why}"));
    }
}

fn draws(text: &mut String, matter: &Matter) {
    for draw in &matter.draws {
        line(
            text,
            0,
            tr!("抽取  {} 公布种子摘要 {}", "Draw  seed committed to on {}: {}", draw.committed_on, draw.digest),
        );
        let Some(Drawing { seed, frame, offers, chosen, repeats, on, .. }) = &draw.drawn else {
            line(text, 1, pick("尚未抽取", "not drawn yet"));
            continue;
        };
        line(text, 1, tr!("{on} 抽取 {} 件，抽样框 {offers} 件", "{on}: {} drawn of {offers} offers", chosen.len()));
        line(text, 1, tr!("种子 {seed}", "seed {seed}"));
        line(text, 1, tr!("抽样框摘要 {frame}", "frame {frame}"));
        if let Some(why) = repeats {
            line(text, 1, tr!("允许重复：{why}", "may repeat: {why}"));
        }
        for item in chosen {
            line(text, 2, format_args!("{}  {}", item.platform, item.item_id));
        }
    }
}

fn samples(text: &mut String, matter: &Matter) {
    if matter.samples.is_empty() {
        return;
    }
    let counts = matter.counts();
    let states: Vec<String> =
        counts.by_state.iter().map(|(state, number)| format!("{} {number}", pick(state.zh(), state.en()))).collect();
    let (bought, failed, states) = (counts.bought, counts.failed, listed(&states));
    line(
        text,
        0,
        tr!("样品  购 {bought}：{states}；不合格 {failed}", "Samples  {bought} bought: {states}; {failed} failed"),
    );
    for sample in matter.samples.values() {
        sample_of(text, sample);
    }
}

fn sample_of(text: &mut String, sample: &Sample) {
    let state = pick(sample.state.zh(), sample.state.en());
    let (item, seller) = (&sample.item, &sample.seller);
    let stated = |name: &Option<String>| name.clone().unwrap_or_else(|| "—".to_owned());
    let (brand, maker) = (stated(&sample.brand), stated(&sample.maker));
    line(text, 1, format_args!("{}  {state}  {}  {}", sample.id, item.platform, item.item_id));
    line(
        text,
        2,
        tr!(
            "{} 购自 {seller}，{} 件，品牌 {brand}，生产企业 {maker}",
            "{} bought of {seller}, {} pieces, brand {brand}, maker {maker}",
            sample.bought_on,
            sample.quantity
        ),
    );
    if let Some(why) = &sample.exception {
        line(text, 2, tr!("说明：{why}", "reason: {why}"));
    }
    if let Some(condition) = &sample.condition {
        line(text, 2, tr!("收样：{condition}", "received: {condition}"));
    }
    if let Some(how) = &sample.not_as_shown {
        line(text, 2, tr!("货不对板：{how}", "not as shown: {how}"));
    }
    if let Some(twin) = &sample.replaced_by {
        line(text, 2, tr!("补样为 {twin}", "bought anew as {twin}"));
    }
    if let Some((test, spare)) = sample.parts {
        let seals = listed(&sample.seals);
        line(text, 2, tr!("检验样 {test}、备样 {spare}，封条 {seals}", "{test} to test, {spare} spare, seals {seals}"));
    }
    if let Some((body, sent)) = sample.body.as_ref().zip(sample.dispatched_on) {
        line(text, 2, tr!("{sent} 送检 {body}", "sent to {body} on {sent}"));
    }
    if let Some(why) = &sample.not_testable {
        line(text, 2, tr!("无法检验：{why}", "not testable: {why}"));
    }
    for tested in &sample.results {
        result(text, tested);
    }
}

fn result(text: &mut String, tested: &Tested) {
    let Tested { report, tested_on, entered_on, .. } = tested;
    let verdict = if tested.conforms { pick("合格", "conforms") } else { pick("不合格", "does not conform") };
    let again = if tested.again { pick("  复检", "  second test") } else { "" };
    let basis = pick(tested.basis.zh(), tested.basis.en());
    line(
        text,
        2,
        tr!(
            "报告 {report}  {tested_on}（{entered_on} 录入）  {verdict}{again}  依据：{basis}",
            "report {report}  {tested_on} (entered {entered_on})  {verdict}{again}  by {basis}"
        ),
    );
    if let Some(second) = &tested.confirmed_by {
        let (by, why) = (&tested.by, or_none(tested.why.as_deref().unwrap_or_default()));
        line(text, 3, tr!("更正：{why}（{by}、{second} 确认）", "corrected: {why} (by {by}, confirmed by {second})"));
    }
    for item in &tested.items {
        let (name, standard, stated, measured) = (&item.item, &item.standard, or_none(&item.stated), &item.measured);
        let verdict = pick(item.verdict.zh(), item.verdict.en());
        line(
            text,
            3,
            tr!(
                "{name}  {standard}  明示 {stated}  实测 {measured}  {verdict}",
                "{name}  {standard}  stated {stated}  measured {measured}  {verdict}"
            ),
        );
    }
}

/// Goods on offer that share maker or seller with what failed.
pub(super) fn siblings(siblings: &[Sibling<'_>]) -> String {
    let mut text = String::new();
    line(
        &mut text,
        0,
        pick("与不合格样品同企业或同卖家的在售商品", "Goods on offer of the same maker or seller as what failed"),
    );
    for one in siblings.iter().take(SIBLINGS_SHOWN) {
        let (listing, shares) = (one.listing, pick(one.shares.zh(), one.shares.en()));
        line(
            &mut text,
            1,
            format_args!("{}  {}  {}  {shares}  {}", listing.platform, listing.item_id, listing.seller, listing.title),
        );
    }
    if siblings.len() > SIBLINGS_SHOWN {
        line(&mut text, 1, tr!("共 {} 件", "{} in all", siblings.len()));
    }
    text
}

/// Whom to tell, and what no unit is known for.
fn to_tell(text: &mut String, whom: &Whom) {
    if !whom.proposed.is_empty() {
        line(text, 0, pick("建议告知", "Units to tell"));
    }
    for one in &whom.proposed {
        let (role, concern) = (pick(one.role.zh(), one.role.en()), pick(one.concern.zh(), one.concern.en()));
        line(text, 1, format_args!("{}  {role}  {concern}  {}", one.unit, pick(one.asked.zh(), one.asked.en())));
    }
    for what in &whom.unknown {
        line(text, 1, tr!("待查明：{what}", "no unit is known: {what}"));
    }
}

fn handling(text: &mut String, matter: &Matter) {
    if !matter.recipients.is_empty() {
        line(text, 0, pick("告知单位", "Units that were told"));
    }
    for unit in matter.recipients.values() {
        recipient(text, unit);
    }
    if !matter.measures.is_empty() {
        line(text, 0, pick("处理措施", "Measures"));
    }
    for taken in &matter.measures {
        let measure = pick(taken.measure.zh(), taken.measure.en());
        line(text, 1, format_args!("{}  {}  {measure}  {}", taken.on, taken.by, taken.about));
    }
    for case in &matter.cases {
        let closed = case.closed_on.map_or_else(|| pick("未结", "open").to_owned(), |day| day.to_string());
        let (of, number, opened) = (&case.of, &case.number, case.opened_on);
        line(
            text,
            0,
            tr!(
                "案件  {of}  {number}  立案 {opened}  结案 {closed}",
                "Case  {of}  {number}  opened {opened}  closed {closed}"
            ),
        );
    }
    for made in &matter.objections {
        let answered = made.answered.map_or_else(
            || pick("未答复", "not answered").to_owned(),
            |(on, upheld)| tr!("{on} 答复，采纳：{}", "answered on {on}, upheld: {}", yes_or_no(upheld)),
        );
        let (of, sample, on) = (&made.of, &made.sample, made.on);
        line(
            text,
            0,
            tr!("异议  {of}  {on}  样品 {sample}  {answered}", "Objection  {of}  {on}  sample {sample}  {answered}"),
        );
    }
    for order in &matter.corrections {
        let inspected = order.inspected.map_or_else(
            || pick("未复查", "not inspected again").to_owned(),
            |(on, corrected)| tr!("{on} 复查，已改正：{}", "inspected on {on}, corrected: {}", yes_or_no(corrected)),
        );
        let (of, firm, on) = (&order.of, &order.firm, order.ordered_on);
        line(text, 0, tr!("责令改正  {of}  {firm}  {on}  {inspected}", "Correction  {of}  {firm}  {on}  {inspected}"));
    }
}

fn recipient(text: &mut String, unit: &Recipient) {
    let (role, concern, asked) = (
        pick(unit.role.zh(), unit.role.en()),
        pick(unit.concern.zh(), unit.concern.en()),
        pick(unit.asked.zh(), unit.asked.en()),
    );
    let day = |day: Option<Date>| day.map_or_else(|| "—".to_owned(), |day| day.to_string());
    let (name, told) = (&unit.name, unit.addressed_on);
    let (acknowledged, finished, reported) = (day(unit.acknowledged_on), day(unit.finished_on), day(unit.reported_on));
    line(
        text,
        1,
        tr!(
            "{name}（{role}，{concern}）  {told} 告知，要求{asked}",
            "{name} ({role}, {concern})  told on {told}, asked {asked}"
        ),
    );
    line(
        text,
        2,
        tr!(
            "签收 {acknowledged}  完成 {finished}  报送 {reported}",
            "acknowledged {acknowledged}  finished {finished}  reported {reported}"
        ),
    );
    if let Some(report) = &unit.report {
        line(text, 2, report);
    }
}

/// A clock in one line: who owes what until when, by which source, and what is not sure about it.
pub(super) fn duty(duty: &Duty, today: Date) -> String {
    let mut parts = vec![duty.owner.said(language()).to_owned(), duty.owed.said(language())];
    if let Some(Limit { last_day, .. }) = &duty.limit {
        parts.push(tr!("截至 {last_day}", "until {last_day}"));
    }
    if let Some(done) = duty.done_on {
        parts.push(tr!("{done} 办结", "done on {done}"));
    }
    let late = duty.days_late(today);
    if late > 0 && duty.is_right {
        parts.push(pick("已过期", "has run out").to_owned());
    } else if late > 0 {
        parts.push(tr!("逾期 {late} 天", "{late} days late"));
    }
    match &duty.limit {
        None => parts.push(pick("未设期限", "no limit is set").to_owned()),
        Some(limit) => {
            let source = &limit.source;
            parts.push(tr!("依据：{source}", "by “{source}”"));
            if !limit.verified {
                parts.push(unverified().to_owned());
            }
            if !limit.calendar_known {
                parts.push(pick("无放假安排数据", "holidays of that year are not known").to_owned());
            }
        }
    }
    parts.join("  ")
}
