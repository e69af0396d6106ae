//! `wanglou matter`: what is done about an alert (风险事项), by whom, and what each party owes until when.
#![expect(clippy::disallowed_methods, reason = "reads and writes the files that are named and asks the clock")]

mod case;
mod fields;
mod paper;
mod tables;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::lang::{language, pick, tr};
use super::sampling::{is_ndjson, read, say_counts};
use super::{Common, Failure, pipeline_failure, say, tell};
use matter::paper::PaperKind;
use matter::results::{self, BadRows, FileResult};
use matter::{Duty, Handling, Matter, Owner, SampleCounts, SampleState, work_of};
use pipeline::{AT_THE_MACHINE, ActTaken, Folder, ResultsReport, handling_of};
use vocabulary::{Act, ActKind, Alert, AlertId, Category, Hazard, Refused, Said, Stage, TestBody, Work, day_of};

#[derive(Debug, Args)]
pub(super) struct MatterArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List matters that are not at rest: stage, what is open until when, samples
    List {
        /// Only those in which something is overdue
        #[arg(long)]
        overdue: bool,
        /// Only those that this person has, or in which this unit owes something; `centre` for the monitoring centre
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        /// Those that are excluded or closed, too
        #[arg(long)]
        all: bool,
        /// The day on which days are counted [default: today]
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Show a whole case: scheme, draws, samples, units that were told, measures, cases, clocks
    Show {
        /// The alert
        alert: String,
        /// The day on which days are counted [default: today]
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Keep what was done: scheme, approve, order, commission, buy, receive, split, dispatch, address, measure, finish, report and
    /// others; `--fields KIND` shows what each is told with
    Act {
        /// The alert
        #[arg(required_unless_present = "fields")]
        alert: Option<String>,
        /// What was done
        #[arg(required_unless_present = "fields")]
        kind: Option<ActKind>,
        /// Who did it
        #[arg(long, value_name = "NAME", required_unless_present = "fields")]
        by: Option<String>,
        /// Why, or what is to be known
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
        /// A field, as name=value; `\n` begins a new line of a list, `name=@FILE` reads the value from a file
        #[arg(long = "set", value_name = "NAME=VALUE")]
        set: Vec<String>,
        /// The unit in whose name it is done: its field `of`
        #[arg(long = "for", value_name = "UNIT")]
        unit: Option<String>,
        /// Show the fields of an act instead
        #[arg(long, value_name = "KIND", conflicts_with_all = ["alert", "kind", "by", "set", "unit"])]
        fields: Option<ActKind>,
    },
    /// List what is owed in all matters, what is most overdue first
    Duties {
        /// Only what is overdue
        #[arg(long)]
        overdue: bool,
        /// The day on which days are counted [default: today]
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Take in results of single samples, one tested item a row: alert_id, sample, platform, item_id, report, tested_on, item, standard,
    /// stated, measured, verdict (pass, fail, unjudged), basis (standard, stated, monitoring), conforms (yes, no)
    Results {
        /// .csv with a header, or .ndjson with the same names as keys
        file: PathBuf,
        /// Who hands them in
        #[arg(long, value_name = "NAME")]
        by: String,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Make a paper: scheme, commission, letter or report; a letter is a draft until the unit is told by `act … address`
    Paper {
        /// The alert
        alert: String,
        /// Which paper: scheme, commission, letter, report
        kind: PaperKind,
        /// The unit it goes to
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        /// The file to write, .docx, .pdf or .txt; without it the paper is printed
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// The day on which days are counted [default: today]
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
    },
    /// The register of test bodies
    #[command(subcommand)]
    Bodies(Bodies),
    /// Show which years of working days are known, from where, and whether anybody has checked them
    Calendar,
    /// Show how long each party has, by which source, and whether anybody has checked it
    Clocks,
}

#[derive(Debug, Subcommand)]
enum Bodies {
    /// Show all test bodies
    List {
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Register a test body, or what is known of it now
    Add {
        /// Its name, as commissions and results call it
        name: String,
        /// Number of its certificate of qualification
        #[arg(long, value_name = "NO")]
        certificate: String,
        /// A category that it is qualified to test; several are allowed
        #[arg(long, value_name = "CODE", required = true)]
        category: Vec<Category>,
        /// First day of its qualification
        #[arg(long, value_name = "DATE")]
        from: Date,
        /// Last day of its qualification
        #[arg(long, value_name = "DATE")]
        until: Date,
        /// Who registers it
        #[arg(long, value_name = "NAME")]
        by: String,
    },
}

/// A duty with the matter that it is of, as it stands on a day.
#[derive(Debug, Serialize)]
struct Standing<'a> {
    matter: &'a AlertId,
    #[serde(flatten)]
    duty: &'a Duty,
    days_late: i64,
    overdue: bool,
}

impl<'a> Standing<'a> {
    fn of(matter: &'a AlertId, duty: &'a Duty, today: Date) -> Self {
        Self { matter, duty, days_late: duty.days_late(today), overdue: duty.is_overdue(today) }
    }

    /// The last day, for the order of lists: what has none comes last.
    fn last_day(&self) -> Date {
        self.duty.limit.as_ref().map_or(Date::MAX, |limit| limit.last_day)
    }
}

pub(super) async fn run(args: MatterArgs, common: &Common) -> Result<(), Failure> {
    match args.what {
        What::Calendar => return tables::calendar(tables_of(common)?.as_ref()),
        What::Clocks => return tables::clocks(tables_of(common)?.as_ref()),
        What::Act { fields: Some(kind), .. } => return fields::show(kind),
        _ => {}
    }
    let folder = Folder::open(&common.settings(None, None)?).await.map_err(pipeline_failure)?;
    let now = Timestamp::now();
    let day = |on: Option<Date>| on.unwrap_or_else(|| day_of(now));
    match args.what {
        What::List { overdue, owner, all, on, json } => {
            list(&folder, &Wanted { overdue, owner, all }, day(on), json).await
        }
        What::Show { alert, on, json } => show(&folder, &alert, day(on), json).await,
        What::Act { alert: Some(alert), kind: Some(kind), by: Some(by), note, set, unit, .. } => {
            act(&folder, Done { alert: AlertId::new(alert.trim()), kind, by, note, at: now }, &set, unit).await
        }
        What::Duties { overdue, on, json } => duties(&folder, overdue, day(on), json).await,
        What::Results { file, by, json } => take_results(&folder, &file, &by, now, json).await,
        What::Paper { alert, kind, to, out, on } => {
            let id = AlertId::new(alert.trim());
            paper::run(&folder, &id, kind, to.as_deref().map(str::trim), out.as_deref(), day(on)).await
        }
        What::Bodies(Bodies::List { json }) => tables::bodies(&folder, day_of(now), json).await,
        What::Bodies(Bodies::Add { name, certificate, category, from, until, by }) => {
            let body = TestBody { name, certificate, categories: category, valid_from: from, valid_until: until };
            folder.register_body(&body, &by, now).await.map_err(pipeline_failure)?;
            say(tr!("已登记 {}", "registered {}", body.name))
        }
        // Both were done above; an act without its arguments is refused before it comes here.
        What::Calendar | What::Clocks | What::Act { .. } => Ok(()),
    }
}

/// The tables that handling goes by, which need no data folder.
fn tables_of(common: &Common) -> Result<Arc<Handling>, Failure> {
    handling_of(&common.settings(None, None)?).map_err(pipeline_failure)
}

/// Which matters are listed.
struct Wanted {
    overdue: bool,
    owner: Option<String>,
    all: bool,
}

/// A matter in a list.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    id: &'a AlertId,
    category: Category,
    hazard: Hazard,
    stage: Stage,
    assigned: Option<&'a str>,
    open: usize,
    overdue: usize,
    next_due: Option<Date>,
    samples: SampleCounts,
}

async fn list(folder: &Folder, wanted: &Wanted, today: Date, json: bool) -> Result<(), Failure> {
    let handling = folder.handling();
    let matters = folder.matters().await.map_err(pipeline_failure)?;
    let mut listed: Vec<Listed> = Vec::new();
    for (alert, matter) in &matters {
        let open = matter.open_duties(&handling, today);
        let overdue = open.iter().filter(|duty| duty.is_overdue(today)).count();
        let is_wanted = (wanted.all || !matter.is_at_rest())
            && (!wanted.overdue || overdue > 0)
            && wanted.owner.as_deref().is_none_or(|name| is_of(matter, &open, name));
        if is_wanted {
            listed.push(row_of(alert, matter, &open, overdue));
        }
    }
    listed.sort_by_key(|row| (row.next_due.unwrap_or(Date::MAX), row.id));
    if json {
        return say(serde_json::to_string_pretty(&serde_json::json!({ "on": today, "matters": listed }))?);
    }
    if listed.is_empty() {
        return say(pick("没有这样的事项", "no such matter"));
    }
    let mut rows = vec![
        pick(
            ["状态", "产品", "隐患", "未了", "逾期", "最近期限", "样品（购/检/不合格）", "接办", "编号"],
            [
                "stage",
                "product",
                "hazard",
                "open",
                "overdue",
                "next due",
                "samples (bought/tested/failed)",
                "with",
                "id",
            ],
        )
        .map(str::to_owned),
    ];
    rows.extend(listed.iter().map(|row| {
        let samples = &row.samples;
        [
            pick(row.stage.zh(), row.stage.en()).to_owned(),
            pick(row.category.zh(), row.category.en()).to_owned(),
            pick(row.hazard.zh(), row.hazard.en()).to_owned(),
            row.open.to_string(),
            row.overdue.to_string(),
            row.next_due.map_or_else(|| "—".to_owned(), |day| day.to_string()),
            format!("{}/{}/{}", samples.bought, samples.at(SampleState::Tested), samples.failed),
            row.assigned.unwrap_or("—").to_owned(),
            row.id.to_string(),
        ]
    }));
    say(tables::aligned(&rows).trim_end())?;
    say(tr!("共 {} 项", "{} in all", listed.len()))
}

fn row_of<'a>(alert: &Alert, matter: &'a Matter, open: &[Duty], overdue: usize) -> Listed<'a> {
    let days = open.iter().filter(|duty| !duty.is_right).filter_map(|duty| duty.limit.as_ref());
    Listed {
        id: &matter.id,
        category: alert.assessment.category,
        hazard: alert.assessment.hazard,
        stage: matter.casework.stage,
        assigned: matter.casework.assigned.as_deref(),
        open: open.iter().filter(|duty| !duty.is_right).count(),
        overdue,
        next_due: days.map(|limit| limit.last_day).min(),
        samples: matter.counts(),
    }
}

/// Whether somebody has the matter, or owes something in it.
fn is_of(matter: &Matter, open: &[Duty], name: &str) -> bool {
    let owes = |duty: &Duty| match &duty.owner {
        Owner::Centre => name == "centre" || name == duty.owner.said(language()),
        Owner::Unit(unit) => unit == name,
    };
    matter.casework.assigned.as_deref() == Some(name) || open.iter().any(owes)
}

async fn show(folder: &Folder, alert: &str, today: Date, json: bool) -> Result<(), Failure> {
    let id = AlertId::new(alert.trim());
    let found = folder.matter(&id).await.map_err(pipeline_failure)?;
    let (alert, matter, _) = found.ok_or_else(|| no_alert(&id))?;
    let duties = matter.duties(&folder.handling());
    let whom = folder.whom_to_tell(&alert, &matter).await.map_err(pipeline_failure)?;
    let listings = folder.listings_of(&alert).await.map_err(pipeline_failure)?;
    let siblings = matter.siblings(&listings);
    if json {
        let duties: Vec<Standing> = duties.iter().map(|duty| Standing::of(&matter.id, duty, today)).collect();
        return say(serde_json::to_string_pretty(
            &serde_json::json!({ "matter": matter, "duties": duties, "whom": whom, "siblings": siblings }),
        )?);
    }
    say(case::text(&alert, &matter, &duties, &whom, today).trim_end())?;
    if siblings.is_empty() {
        return Ok(());
    }
    say(case::siblings(&siblings).trim_end())
}

fn no_alert(id: &AlertId) -> Failure {
    Failure::Input(anyhow!(tr!("没有编号为 {id} 的预警", "there is no alert `{id}` here")))
}

async fn duties(folder: &Folder, overdue: bool, today: Date, json: bool) -> Result<(), Failure> {
    let handling = folder.handling();
    let matters = folder.matters().await.map_err(pipeline_failure)?;
    let open: Vec<(&AlertId, Vec<Duty>)> =
        matters.iter().map(|(_, matter)| (&matter.id, matter.open_duties(&handling, today))).collect();
    let mut listed: Vec<Standing> = open
        .iter()
        .flat_map(|(id, duties)| duties.iter().map(move |duty| Standing::of(id, duty, today)))
        .filter(|one| !overdue || one.overdue)
        .collect();
    listed.sort_by_key(|one| (one.duty.is_right, one.last_day(), one.matter));
    if json {
        return say(serde_json::to_string_pretty(&serde_json::json!({ "on": today, "duties": listed }))?);
    }
    for one in &listed {
        say(format_args!("{}  {}", one.matter, case::duty(one.duty, today)))?;
    }
    say(tr!(
        "未了 {} 项，逾期 {} 项",
        "{} open, {} overdue",
        listed.len(),
        listed.iter().filter(|one| one.overdue).count()
    ))
}

/// What every act says, whatever its particulars.
struct Done {
    alert: AlertId,
    kind: ActKind,
    by: String,
    note: String,
    at: Timestamp,
}

async fn act(folder: &Folder, done: Done, set: &[String], unit: Option<String>) -> Result<(), Failure> {
    let Done { alert, kind, by, note, at } = done;
    let mut given = fields::given(kind, set)?;
    if let Some(unit) = unit {
        fields::in_the_name_of(kind, unit, &mut given)?;
    }
    if kind == ActKind::Buy && !given.contains_key("sample") {
        let found = folder.matter(&alert).await.map_err(pipeline_failure)?;
        let (_, matter, _) = found.ok_or_else(|| no_alert(&alert))?;
        let next = matter.next_sample();
        say(&next)?;
        given.insert("sample".to_owned(), next.to_string());
    }
    let work: Option<Work> = work_of(kind, &given).map_err(Failure::input)?;
    let act = Act {
        alert_id: alert.clone(),
        at,
        by,
        party: AT_THE_MACHINE.to_owned(),
        kind,
        note,
        to: None,
        until: None,
        work: work.map(Box::new),
        key: None,
    };
    folder.take_act(act).await.map_err(pipeline_failure)?;
    let found = folder.matter(&alert).await.map_err(pipeline_failure)?;
    let (_, matter, _) = found.ok_or_else(|| no_alert(&alert))?;
    let stage = matter.casework.stage;
    say(format_args!("{alert}: {}", pick(stage.zh(), stage.en())))
}

async fn take_results(folder: &Folder, file: &Path, by: &str, now: Timestamp, json: bool) -> Result<(), Failure> {
    let ndjson = is_ndjson(file)?;
    let text = read(file)?;
    let read = results::results(&text, ndjson)
        .map_err(|bad| Failure::Input(anyhow!(tr!("{}：{}", "{}: {}", file.display(), bad.said(language())))))?;
    let (done, rejected) = keep(folder, read, by, now).await?;
    say_counts(&done, json)?;
    for bad in &rejected {
        tell(tr!("搁置 {}：{}", "set aside {}: {}", file.display(), bad.said(language())));
    }
    if rejected.is_empty() {
        return Ok(());
    }
    Err(Failure::Input(anyhow!(tr!(
        "{} 份结果没有收下，共 {} 份",
        "{} of {} results were not taken in",
        rejected.len(),
        done.collected
    ))))
}

/// Enters the results of a file, each as an act of its own. Gives the counts, and what is wrong with the others.
async fn keep(
    folder: &Folder,
    read: Vec<Result<FileResult, BadRows>>,
    by: &str,
    now: Timestamp,
) -> Result<(ResultsReport, Vec<BadRows>), Failure> {
    let mut done = ResultsReport { collected: read.len() as u64, ..ResultsReport::default() };
    let (mut good, mut rejected) = (Vec::new(), Vec::new());
    for one in read {
        match one {
            Ok(found) => good.push(found),
            Err(bad) => rejected.push(bad),
        }
    }
    let acts = good.iter().map(|found| Act {
        alert_id: found.alert.clone(),
        at: now,
        by: by.to_owned(),
        party: AT_THE_MACHINE.to_owned(),
        kind: ActKind::Result,
        note: String::new(),
        to: None,
        until: None,
        work: Some(Box::new(found.work.clone())),
        key: Some(found.key.clone()),
    });
    let taken = folder.take_acts(acts.collect()).await.map_err(pipeline_failure)?;
    for (found, taken) in good.iter().zip(taken) {
        match taken {
            ActTaken::Kept => done.kept += 1,
            ActTaken::Known => done.duplicate += 1,
            ActTaken::Refused(why) => rejected.push(found.bad(why)),
        }
    }
    rejected.sort_by_key(|bad| bad.at);
    done.rejected = rejected.iter().map(|bad| Refused::of(bad)).collect();
    Ok((done, rejected))
}
