//! One matter: what is owed, the sampling with its samples and results, who was told and what became of it, and the forms by which it goes on.
//! A unit outside sees its part and the forms of its role.

use askama::Template;
use axum::Extension;
use axum::extract::rejection::{PathRejection, QueryRejection, StringRejection};
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::super::acts::{in_address, signed};
use super::super::clock::now;
use super::super::display::{self, NONE};
use super::super::parameters::alert_id;
use super::super::problem::{Dressed, Problem};
use super::super::shell::Shell;
use super::super::stretch;
use super::super::view::{MatterSeen, SeenMatter, View, ViewError};
use super::forms::{Ground, Group, Typed};
use super::matters::{DutyRow, samples, shown};
use super::{Fact, Subject, render};
use access::Viewer;
use matter::{
    Case, Correction, DrawMade, Drawing, Duty, Kind, Matter, Objection, Owed, Part, Recipient, Sample, Scheme,
    SentSample, Taken, Tested, ToldResult, Whom, fields, work_of,
};
use methods::sampling_feedback::wilson;
use vocabulary::{
    Act, ActKind, Category, Danger, DrawMode, Hazard, ItemRef, ItemVerdict, Language, SampleId, Scope, TestBody,
    TestItem, day_of,
};

/// Things that were drawn, as far as they are listed.
const CHOSEN_SHOWN: usize = 200;
/// Level of intervals.
const LEVEL: f64 = 0.95;

/// The head of the page.
struct Head {
    category: Category,
    hazard: Hazard,
    danger: Danger,
    about: Subject,
    opened_on: Date,
}

/// The scheme of sampling.
struct SchemeView {
    facts: Vec<Fact>,
    /// What is missing before it can be approved; empty: nothing.
    missing: String,
}

impl SchemeView {
    fn new(view: &View, scheme: &Scheme) -> Self {
        let text = |text: &str| if text.trim().is_empty() { NONE.to_owned() } else { text.to_owned() };
        let named = |name: Option<&String>| name.map_or_else(|| NONE.to_owned(), Clone::clone);
        let items: Vec<String> =
            scheme.items.iter().map(|test| format!("{}（{}）", test.item, test.standard)).collect();
        let regions: Vec<String> = scheme.regions.iter().map(|code| view.region_name(*code)).collect();
        let mut facts = vec![
            Fact::new("监测产品", text(&scheme.product)),
            Fact::new("批次量", scheme.batches.to_string()),
            Fact::new("批次量依据", text(&scheme.purpose)),
            Fact::new("检验项目与依据", text(&items.join("；"))),
            Fact::new("采样平台", text(&scheme.platforms.join("、"))),
            Fact::new("卖家所在地", if regions.is_empty() { "不限".to_owned() } else { regions.join("、") }),
            Fact::new("采样方式", scheme.mode.map_or(NONE, DrawMode::zh)),
            Fact::new("时间期限", shown(scheme.deadline)),
            Fact::new("采样人员", text(&scheme.staff.join("、"))),
            Fact::new("编制", written(scheme)),
            Fact::new("批准", named(scheme.approved_by.as_ref())),
            Fact::new("下达给", named(scheme.ordered_to.as_ref())),
        ];
        if let Some(why) = &scheme.cancelled {
            facts.push(Fact::new("已取消", text(why)));
        }
        Self { facts, missing: scheme.missing().join("、") }
    }
}

/// Who wrote a scheme, and how often it was changed.
fn written(scheme: &Scheme) -> String {
    match &scheme.written_by {
        Some(by) => format!("{by}（第 {} 版）", scheme.versions),
        None => "系统（采样任务）".to_owned(),
    }
}

/// A draw, with all that is needed to do it again.
struct DrawView<'a> {
    made: &'a DrawMade,
    drawn: Option<DrawnView<'a>>,
}

/// What came out of a draw.
struct DrawnView<'a> {
    drawing: &'a Drawing,
    strata: String,
    chosen: Vec<&'a ItemRef>,
    repeats: &'a str,
    /// The command that draws again.
    again: String,
}

impl<'a> DrawView<'a> {
    fn new(made: &'a DrawMade) -> Self {
        let drawn = made.drawn.as_ref().map(|drawing| {
            let strata: Vec<&str> = drawing.strata.iter().map(|kind| kind.zh()).collect();
            DrawnView {
                drawing,
                strata: if strata.is_empty() { "不分层".to_owned() } else { strata.join("、") },
                chosen: drawing.chosen.iter().take(CHOSEN_SHOWN).collect(),
                repeats: drawing.repeats.as_deref().unwrap_or("不重复"),
                again: format!("wanglou sampling redraw FRAME.csv --alert ALERT --batches N --seed {}", drawing.seed),
            }
        });
        Self { made, drawn }
    }
}

/// A sample with its results.
struct SampleView<'a> {
    sample: &'a Sample,
    brand: &'a str,
    maker: &'a str,
    price: String,
    received_on: String,
    condition: &'a str,
    dispatched_on: String,
    body: &'a str,
    results: Vec<ResultView<'a>>,
    /// What was or is late about it.
    late: Vec<String>,
}

/// One version of a result.
struct ResultView<'a> {
    result: &'a Tested,
    /// 首次, 复检 or 更正.
    version: &'static str,
}

impl<'a> SampleView<'a> {
    fn new(sample: &'a Sample, duties: &[Duty], today: Date) -> Self {
        let late = |duty: &&Duty| duty.days_late(today) > 0 && !duty.is_right && is_about(&duty.owed, &sample.id);
        let said = |duty: &Duty| {
            let state = if duty.done_on.is_some() { "迟" } else { "逾期" };
            format!("{}{state} {} 天", duty.owed.said(Language::Chinese), duty.days_late(today))
        };
        Self {
            sample,
            brand: sample.brand.as_deref().unwrap_or(NONE),
            maker: sample.maker.as_deref().unwrap_or(NONE),
            price: sample.price_fen.map_or_else(|| NONE.to_owned(), yuan),
            received_on: shown(sample.received_on),
            condition: sample.condition.as_deref().unwrap_or(NONE),
            dispatched_on: shown(sample.dispatched_on),
            body: sample.body.as_deref().unwrap_or(NONE),
            results: sample.results.iter().enumerate().map(ResultView::new).collect(),
            late: duties.iter().filter(late).map(said).collect(),
        }
    }
}

impl<'a> ResultView<'a> {
    fn new((at, result): (usize, &'a Tested)) -> Self {
        let version = match (at, result.again) {
            (0, _) => "首次",
            (_, true) => "复检",
            (_, false) => "更正",
        };
        Self { result, version }
    }
}

fn is_about(owed: &Owed, sample: &SampleId) -> bool {
    match owed {
        Owed::Replace(id) | Owed::Test(id) | Owed::Enter(id) | Owed::Objection(id) | Owed::Answer(id) => id == sample,
        _ => false,
    }
}

fn yuan(fen: u64) -> String {
    format!("{}.{:02} 元", fen / 100, fen % 100)
}

/// A unit that was told.
struct RecipientView<'a> {
    unit: &'a Recipient,
    region: String,
    acknowledged_on: String,
    finished_on: String,
    reported_on: String,
    report: &'a str,
}

impl<'a> RecipientView<'a> {
    fn new(view: &View, unit: &'a Recipient) -> Self {
        Self {
            unit,
            region: unit.region.map_or_else(String::new, |code| view.region_name(code)),
            acknowledged_on: shown(unit.acknowledged_on),
            finished_on: shown(unit.finished_on),
            reported_on: shown(unit.reported_on),
            report: unit.report.as_deref().unwrap_or_default(),
        }
    }
}

/// A case, an objection or an order to correct, and what became of it.
struct ThingView {
    of: String,
    about: String,
    on: Date,
    became: String,
}

impl ThingView {
    fn of_case(case: &Case) -> Self {
        let became = case.closed_on.map_or_else(|| "未结案".to_owned(), |day| format!("{day} 结案"));
        Self { of: case.of.clone(), about: case.number.clone(), on: case.opened_on, became }
    }

    fn of_objection(made: &Objection) -> Self {
        let became = match made.answered {
            None => "待答复".to_owned(),
            Some((day, true)) => format!("{day} 采纳"),
            Some((day, false)) => format!("{day} 不采纳"),
        };
        Self { of: made.of.clone(), about: made.sample.to_string(), on: made.on, became }
    }

    fn of_correction(order: &Correction) -> Self {
        let became = match order.inspected {
            None => "待复查".to_owned(),
            Some((day, true)) => format!("{day} 复查，已改正"),
            Some((day, false)) => format!("{day} 复查，未改正"),
        };
        Self { of: order.of.clone(), about: order.firm.clone(), on: order.ordered_on, became }
    }
}

/// All of a matter, for those inside.
struct WholeView<'a> {
    stage: &'static str,
    assigned: &'a str,
    closed_on: String,
    until_rise: bool,
    at_rest: bool,
    scheme: Option<SchemeView>,
    draws: Vec<DrawView<'a>>,
    /// Samples bought, stored, sent, tested, failed.
    counts: [u64; 5],
    /// How many of how many failed; empty before anything was tested.
    failed: String,
    /// What the numbers of its samples begin with.
    sample_prefix: &'a str,
    samples: Vec<SampleView<'a>>,
    commissions: Vec<(&'a String, &'a Date)>,
    recipients: Vec<RecipientView<'a>>,
    measures: Vec<&'a Taken>,
    cases: Vec<ThingView>,
    objections: Vec<ThingView>,
    corrections: Vec<ThingView>,
}

impl<'a> WholeView<'a> {
    fn new(view: &View, matter: &'a Matter, duties: &[Duty], today: Date) -> Self {
        let counts = samples(matter);
        Self {
            stage: matter.casework.stage.zh(),
            assigned: matter.casework.assigned.as_deref().unwrap_or_default(),
            closed_on: matter.closed_on.map_or_else(String::new, |day| day.to_string()),
            until_rise: matter.excluded_until_rise,
            at_rest: matter.is_at_rest(),
            scheme: matter.scheme.as_ref().map(|scheme| SchemeView::new(view, scheme)),
            draws: matter.draws.iter().map(DrawView::new).collect(),
            counts,
            failed: failed(matter, counts),
            sample_prefix: matter
                .samples
                .keys()
                .next()
                .and_then(|id| id.as_str().rsplit_once('.'))
                .map_or("", |(all, _)| all),
            samples: matter.samples.values().map(|sample| SampleView::new(sample, duties, today)).collect(),
            commissions: matter.commissions.iter().collect(),
            recipients: matter.recipients.values().map(|unit| RecipientView::new(view, unit)).collect(),
            measures: matter.measures.iter().collect(),
            cases: matter.cases.iter().map(ThingView::of_case).collect(),
            objections: matter.objections.iter().map(ThingView::of_objection).collect(),
            corrections: matter.corrections.iter().map(ThingView::of_correction).collect(),
        }
    }
}

/// How many samples failed, never without how many were tested (clause 2-13), with the interval of the share.
fn failed(matter: &Matter, [.., tested, failed]: [u64; 5]) -> String {
    if tested == 0 {
        return String::new();
    }
    let (low, high) = wilson(failed, tested, LEVEL);
    let share = display::share(failed as f64 / tested as f64);
    let interval = format!("{}～{}", display::share(low), display::share(high));
    let caution = if matter.is_by_chance() { "" } else { "；非随机抽样，不代表全部商品" };
    format!("检验 {tested} 件，不合格 {failed} 件（{share}，95% 区间 {interval}{caution}）")
}

/// The part of a unit outside.
struct PartView<'a> {
    own: Option<RecipientView<'a>>,
    measures: Vec<&'a Taken>,
    tests: Vec<&'a TestItem>,
    samples: Vec<&'a SentSample>,
    results: Vec<ToldView<'a>>,
    objections: Vec<ThingView>,
    corrections: Vec<ThingView>,
}

/// A result as it is told to a unit outside.
struct ToldView<'a> {
    told: &'a ToldResult,
    brand: &'a str,
    maker: &'a str,
    not_as_shown: &'a str,
}

impl<'a> PartView<'a> {
    fn new(view: &View, part: &'a Part) -> Self {
        let told = |told: &'a ToldResult| ToldView {
            told,
            brand: told.brand.as_deref().unwrap_or(NONE),
            maker: told.maker.as_deref().unwrap_or(NONE),
            not_as_shown: told.not_as_shown.as_deref().unwrap_or_default(),
        };
        Self {
            own: part.own.as_ref().map(|unit| RecipientView::new(view, unit)),
            measures: part.measures.iter().collect(),
            tests: part.tests.iter().collect(),
            samples: part.samples.iter().collect(),
            results: part.results.iter().map(told).collect(),
            objections: part.objections.iter().map(ThingView::of_objection).collect(),
            corrections: part.corrections.iter().map(ThingView::of_correction).collect(),
        }
    }
}

/// Something that was done.
struct ActRow<'a> {
    act: &'a Act,
    day: Date,
    /// Its particulars in words.
    told: String,
}

impl<'a> ActRow<'a> {
    fn new(act: &'a Act) -> Self {
        Self { act, day: day_of(act.at), told: particulars(act) }
    }
}

/// The particulars of an act: its fields by their names, those that say something.
fn particulars(act: &Act) -> String {
    let Some(work) = &act.work else { return String::new() };
    let Ok(told) = serde_json::to_value(work) else { return String::new() };
    let one = |field: matter::Field| {
        let value = match (&told[field.name], field.kind) {
            (Value::Number(fen), Kind::Yuan) => fen.as_u64().map_or_else(|| fen.to_string(), yuan),
            (Value::Array(rows), Kind::Rows(cells)) => {
                rows.iter().map(|row| row_in_words(row, cells)).collect::<Vec<_>>().join("、")
            }
            (value, _) => in_words(value, &field.choices()),
        };
        Some(format!("{}：{value}", field.zh)).filter(|_| !value.is_empty())
    };
    fields(act.kind).into_iter().filter_map(one).collect::<Vec<_>>().join("；")
}

/// A row of a list, cell by cell.
fn row_in_words(row: &Value, cells: &[&str]) -> String {
    let cell = |name: &&str| {
        let text = row[*name].as_str().unwrap_or_default();
        let verdict = ItemVerdict::ALL.iter().find(|verdict| *name == "verdict" && verdict.code() == text);
        verdict.map_or(text, |verdict| verdict.zh())
    };
    cells.iter().map(cell).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A value in words: codes by their names; nothing for what is not there.
fn in_words(value: &Value, choices: &[matter::Choice]) -> String {
    match value {
        Value::Null | Value::Object(_) => String::new(),
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => {
            let known = choices.iter().find(|(code, ..)| code == text);
            known.map_or_else(|| text.clone(), |(_, zh, _)| (*zh).to_owned())
        }
        Value::Array(all) => all.iter().map(|one| in_words(one, choices)).collect::<Vec<_>>().join("、"),
    }
}

#[derive(Template)]
#[template(path = "matter.html")]
struct MatterPage<'a> {
    shell: Shell,
    id: &'a str,
    head: Head,
    today: Date,
    open: Vec<DutyRow<'a>>,
    whole: Option<WholeView<'a>>,
    /// Whom to tell; for those inside.
    whom: Whom,
    /// Whether it was sampled and nothing could be tested.
    unverified: bool,
    /// Measures that are recommended once something failed, in words; empty: none.
    recommended: String,
    part: Option<PartView<'a>>,
    /// What was done, the newest first.
    acts: Vec<ActRow<'a>>,
    /// How many older ones stand on further pages, and whether newer ones do.
    acts_before: usize,
    acts_behind: bool,
    groups: Vec<Group>,
}

/// Which stretch of what was done.
#[derive(Debug, Deserialize)]
pub(crate) struct ActsQuery {
    /// Only the first so many, of which the last are shown; none: all.
    before: Option<usize>,
}

fn no_such_matter() -> Problem {
    Problem::not_found("没有这个编号的事项，或贵单位与它无关。")
}

pub(crate) async fn show(
    Extension(viewer): Extension<Viewer>,
    view: View,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<ActsQuery>, QueryRejection>,
) -> Result<Html<String>, Problem> {
    let id = alert_id(id?.0)?;
    let before = query?.0.before.unwrap_or(usize::MAX).max(1);
    let (seen, acts) = view.matter(&id).await?.ok_or_else(no_such_matter)?;
    page(&viewer, &view, (&seen, &acts), before, None).await
}

/// The page, also after something was refused.
async fn page(
    viewer: &Viewer,
    view: &View,
    (seen, acts): (&SeenMatter, &[Act]),
    before: usize,
    typed: Option<&Typed>,
) -> Result<Html<String>, Problem> {
    let today = day_of(now());
    let bodies: Vec<TestBody> = match &seen.seen {
        MatterSeen::Whole { .. } => view.test_bodies().await?,
        MatterSeen::Part(_) => Vec::new(),
    };
    let groups = match viewer.party() {
        Some(party) if viewer.has(Scope::Act) => Ground { party, seen: &seen.seen, bodies: &bodies }.groups(typed),
        _ => Vec::new(),
    };
    let (whole, part) = match &seen.seen {
        MatterSeen::Whole { matter, duties } => (Some(WholeView::new(view, matter, duties, today)), None),
        MatterSeen::Part(part) => (None, Some(PartView::new(view, part))),
    };
    let whom = view.whom(&seen.alert.id).await?;
    let handling = view.handling();
    let advised = handling.measures.for_danger(seen.alert.assessment.danger);
    let fails = matches!(&seen.seen, MatterSeen::Whole { matter, .. } if matter.counts().failed > 0);
    let names: Vec<&str> = advised.iter().filter(|_| fails).map(|measure| measure.zh()).collect();
    let mark = if handling.measures.verified { "" } else { "，未核对" };
    let recommended = match names.as_slice() {
        [] => String::new(),
        names => format!("{}（{}{mark}）", names.join("、"), handling.measures.source),
    };
    let unverified = matches!(&seen.seen, MatterSeen::Whole { matter, .. } if matter.is_unverified());
    let rows: Vec<ActRow<'_>> = acts.iter().filter(|act| act.kind != ActKind::Note).map(ActRow::new).collect();
    let stretch = stretch::newest(&rows, before, |row| row.act.note.len() + row.told.len());
    let (acts_before, acts_behind) = (stretch.start, stretch.end < rows.len());
    let judged = &seen.alert.assessment;
    render(&MatterPage {
        shell: Shell::at("matters"),
        id: seen.alert.id.as_str(),
        head: Head {
            category: judged.category,
            hazard: judged.hazard,
            danger: judged.danger,
            about: Subject::new(view, judged),
            opened_on: seen.alert.opened_on,
        },
        today,
        open: seen.open(today).into_iter().map(|duty| DutyRow::new(seen, duty, today)).collect(),
        whole,
        whom,
        unverified,
        recommended,
        part,
        acts: rows.into_iter().take(stretch.end).skip(stretch.start).rev().collect(),
        acts_before,
        acts_behind,
        groups,
    })
}

/// Does something about a matter, and leads back to it. What is refused is told at its form, with what was typed.
pub(crate) async fn act(
    Extension(viewer): Extension<Viewer>,
    view: View,
    id: Result<Path<String>, PathRejection>,
    form: Result<String, StringRejection>,
) -> Result<Response, Problem> {
    let id = alert_id(id?.0)?;
    let form = form.map_err(|_| Problem::bad_request("表单无法识别：请返回页面重试。"))?;
    let member = signed(&viewer)?;
    let (seen, acts) = view.matter(&id).await?.ok_or_else(no_such_matter)?;
    let typed = Typed::of(&form)?;
    let (status, trouble) = match work_of(typed.kind, &typed.fields) {
        Err(why) => (StatusCode::BAD_REQUEST, why.zh),
        Ok(work) => {
            let act = Act {
                alert_id: id.clone(),
                at: now(),
                by: member.name.clone(),
                party: member.party.name.clone(),
                kind: typed.kind,
                note: typed.note.clone(),
                to: None,
                until: None,
                work: work.map(Box::new),
                key: None,
            };
            match view.act(act).await {
                Ok(_) => return Ok(Redirect::to(&format!("/matters/{}#work", in_address(&id))).into_response()),
                Err(ViewError::Refused { why }) => (StatusCode::CONFLICT, why),
                Err(error) => return Err(error.into()),
            }
        }
    };
    let typed = Typed { trouble, ..typed };
    let page = page(&viewer, &view, (&seen, &acts), usize::MAX, Some(&typed)).await?;
    Ok((status, Extension(Dressed), page).into_response())
}
