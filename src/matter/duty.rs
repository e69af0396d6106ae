//! The clocks of a matter: what each party owes until when, by which source, and what is overdue (clauses 3-13, 3-44, 3-48, 3-49, 2-22).
//!
//! A clock runs from an act to another one. What ran out is told with the day on which it should have stopped; what stopped late stays late.

use jiff::civil::Date;
use serde::Serialize;
use vocabulary::{Asked, Language, Role, SampleId};

use super::clocks::Clock;
use super::handling::Handling;
use super::state::Matter;

/// Who owes something. Nothing is owed by nobody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The monitoring centre.
    Centre,
    /// A unit that was told, or a test body.
    Unit(String),
}

impl Owner {
    /// What it is called.
    #[must_use]
    pub fn said(&self, language: Language) -> &str {
        match self {
            Self::Centre => language.pick("监测中心", "the monitoring centre"),
            Self::Unit(name) => name,
        }
    }
}

/// What is owed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "what", content = "about")]
pub enum Owed {
    /// Somebody looks at the matter (首次响应).
    FirstResponse,
    /// A unit is told: it was decided to notify, and nobody was (告知).
    Address,
    /// The authority of the place is told of goods that failed (移送属地).
    Refer,
    /// The scheme is completed and approved (方案批准).
    Approve,
    /// The approved scheme is given to the buyers (方案下达).
    Order,
    /// Samples are bought, and tested until the deadline of the scheme (采样).
    Sampling,
    /// A sample that does not conform is sent back and bought anew (补样).
    Replace(SampleId),
    /// A sample is tested (检验).
    Test(SampleId),
    /// A result is entered in time (结果录入).
    Enter(SampleId),
    /// The unit acknowledges (签收).
    Acknowledge,
    /// The unit handles the matter (处理).
    Handle,
    /// The unit reports what it did (报送).
    Report,
    /// The case is closed (结案).
    Case(String),
    /// The authority reports after the case (结案报送).
    CaseReport(String),
    /// A firm may object to a result (异议期).
    Objection(SampleId),
    /// An objection is answered (答复异议).
    Answer(SampleId),
    /// A firm corrects what it was ordered to (改正).
    Correct(String),
    /// A firm is inspected again (复查).
    Reinspect(String),
}

impl Owed {
    /// What it is, in words.
    #[must_use]
    pub fn said(&self, language: Language) -> String {
        let (zh, en) = match self {
            Self::FirstResponse => ("首次响应".to_owned(), "look at the matter".to_owned()),
            Self::Address => ("告知有关单位".to_owned(), "tell the units concerned".to_owned()),
            Self::Refer => {
                ("将不合格结果移送属地监管部门".to_owned(), "tell the authority of the place what failed".to_owned())
            }
            Self::Approve => ("完善并批准采样方案".to_owned(), "complete and approve the scheme".to_owned()),
            Self::Order => ("下达采样方案".to_owned(), "give the scheme to the buyers".to_owned()),
            Self::Sampling => ("购样并完成检验".to_owned(), "buy and have tested".to_owned()),
            Self::Replace(sample) => (format!("样品{sample}退货补样"), format!("send {sample} back and buy anew")),
            Self::Test(sample) => (format!("样品{sample}检验"), format!("test {sample}")),
            Self::Enter(sample) => (format!("样品{sample}结果录入"), format!("enter the result of {sample}")),
            Self::Acknowledge => ("签收".to_owned(), "acknowledge".to_owned()),
            Self::Handle => ("处理".to_owned(), "handle the matter".to_owned()),
            Self::Report => ("报送处理情况".to_owned(), "report what was done".to_owned()),
            Self::Case(number) => (format!("案号{number}结案"), format!("close case {number}")),
            Self::CaseReport(number) => (format!("案号{number}结案后报送"), format!("report after case {number}")),
            Self::Objection(sample) => (format!("样品{sample}的异议期"), format!("object to the result of {sample}")),
            Self::Answer(sample) => (format!("答复对样品{sample}的异议"), format!("answer the objection to {sample}")),
            Self::Correct(firm) => (format!("{firm}改正"), format!("{firm} corrects")),
            Self::Reinspect(firm) => (format!("复查{firm}"), format!("inspect {firm} again")),
        };
        if language == Language::Chinese { zh } else { en }
    }
}

/// The limit of a clock, with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Limit {
    /// The clock, as the table of clocks names it; `deadline` for the day that a scheme names.
    pub clock: String,
    /// The last day that is in time.
    pub last_day: Date,
    /// What it rests on, in Chinese.
    pub source: String,
    /// Whether somebody has checked that source.
    pub verified: bool,
    /// Whether the working days of all years it runs over are known.
    pub calendar_known: bool,
}

/// A clock, running or stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Duty {
    /// Who owes it.
    pub owner: Owner,
    /// What.
    #[serde(flatten)]
    pub owed: Owed,
    /// Since when.
    pub since: Date,
    /// Until when; none: no limit is set.
    pub limit: Option<Limit>,
    /// When it was done; none: it is open.
    pub done_on: Option<Date>,
    /// Whether it is a right that runs out rather than a duty.
    pub is_right: bool,
}

impl Duty {
    /// Days that it is, or was, late; 0 in time.
    #[must_use]
    pub fn days_late(&self, today: Date) -> i64 {
        let stopped = self.done_on.unwrap_or(today);
        let late = |limit: &Limit| i64::from((stopped - limit.last_day).get_days());
        self.limit.as_ref().map_or(0, late).max(0)
    }

    /// Whether it is open and its last day has passed.
    #[must_use]
    pub fn is_overdue(&self, today: Date) -> bool {
        self.done_on.is_none() && !self.is_right && self.days_late(today) > 0
    }
}

/// Makes duties out of clocks.
struct Clocks<'a> {
    handling: &'a Handling,
    duties: Vec<Duty>,
}

impl Clocks<'_> {
    fn limit(&self, clock: &str, since: Date) -> Option<Limit> {
        let found: &Clock = self.handling.clocks.at(clock, since)?;
        let due = found.due(since, &self.handling.calendar);
        Some(Limit {
            clock: clock.to_owned(),
            last_day: due.last_day,
            source: found.source.clone(),
            verified: found.verified,
            calendar_known: due.calendar_known,
        })
    }

    fn add(&mut self, owner: Owner, owed: Owed, since: Date, clock: Option<&str>, done_on: Option<Date>) {
        let limit = clock.and_then(|clock| self.limit(clock, since));
        self.duties.push(Duty { owner, owed, since, limit, done_on, is_right: false });
    }
}

impl Matter {
    /// All clocks of the matter, those that run and those that stopped, in the order in which they began. While a matter is excluded or closed
    /// nothing runs.
    #[must_use]
    pub fn duties(&self, handling: &Handling) -> Vec<Duty> {
        let mut clocks = Clocks { handling, duties: Vec::new() };
        if self.is_watched || self.responded_on.is_some() {
            clocks.add(Owner::Centre, Owed::FirstResponse, self.opened_on, Some("first_response"), self.responded_on);
        }
        self.sampling_duties(&mut clocks);
        self.sample_duties(&mut clocks);
        self.recipient_duties(&mut clocks);
        self.authority_duties(&mut clocks);
        let mut duties = clocks.duties;
        if self.is_at_rest() {
            duties.retain(|duty| duty.done_on.is_some());
        }
        duties.sort_by(|a, b| (a.since, &a.owner, &a.owed).cmp(&(b.since, &b.owner, &b.owed)));
        duties
    }

    /// What is open on a day, what is most overdue first.
    #[must_use]
    pub fn open_duties(&self, handling: &Handling, today: Date) -> Vec<Duty> {
        let mut open: Vec<Duty> = self.duties(handling).into_iter().filter(|duty| duty.done_on.is_none()).collect();
        open.retain(|duty| !duty.is_right || duty.days_late(today) == 0);
        let last = |duty: &Duty| duty.limit.as_ref().map_or(Date::MAX, |limit| limit.last_day);
        open.sort_by_key(|duty| (duty.is_right, last(duty)));
        open
    }

    /// Whether nothing is expected of anybody: it is excluded or closed.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        matches!(self.casework.stage, vocabulary::Stage::Excluded | vocabulary::Stage::Closed)
    }

    fn sampling_duties(&self, clocks: &mut Clocks<'_>) {
        let Some(scheme) = self.scheme.as_ref().filter(|scheme| scheme.cancelled.is_none()) else { return };
        if scheme.approved_by.is_none() {
            clocks.add(Owner::Centre, Owed::Approve, self.opened_on, None, None);
            return;
        }
        if scheme.ordered_to.is_none() {
            clocks.add(Owner::Centre, Owed::Order, self.opened_on, None, None);
            return;
        }
        let finished = |sample: &super::Sample| {
            matches!(sample.state, super::SampleState::Tested | super::SampleState::NotTestable)
        };
        let effective: Vec<_> = self.samples.values().filter(|sample| sample.counts()).collect();
        let whole =
            effective.len() as u64 >= u64::from(scheme.batches) && effective.iter().all(|sample| finished(sample));
        let done = whole.then(|| effective.iter().filter_map(|sample| sample.settled_on()).max()).flatten();
        let owner = scheme.ordered_to.clone().map_or(Owner::Centre, Owner::Unit);
        let limit = scheme.deadline.map(|last_day| Limit {
            clock: "deadline".to_owned(),
            last_day,
            source: "采样方案的时间期限（DB33/T 980 §6.2）".to_owned(),
            verified: true,
            calendar_known: true,
        });
        let since = self.opened_on;
        clocks.duties.push(Duty { owner, owed: Owed::Sampling, since, limit, done_on: done, is_right: false });
    }

    fn sample_duties(&self, clocks: &mut Clocks<'_>) {
        for sample in self.samples.values() {
            let cancelled = self.scheme.as_ref().is_some_and(|scheme| scheme.cancelled.is_some());
            let given_up = cancelled && sample.replaced_by.is_none();
            if !(sample.counts() || given_up) {
                let since = sample.received_on.unwrap_or(sample.bought_on);
                let bought =
                    sample.replaced_by.as_ref().and_then(|twin| self.samples.get(twin)).map(|twin| twin.bought_on);
                clocks.add(Owner::Centre, Owed::Replace(sample.id.clone()), since, None, bought);
            }
            let (Some(body), Some(sent)) = (&sample.body, sample.dispatched_on) else { continue };
            let first = sample.results.first();
            let ended = first.map(|result| result.entered_on).or(sample.not_testable.as_ref().map(|_| sample.moved_on));
            let owner = Owner::Unit(body.clone());
            clocks.add(owner.clone(), Owed::Test(sample.id.clone()), sent, Some("lab_result"), ended);
            if let Some(result) = first {
                let entered = Some(result.entered_on);
                clocks.add(owner, Owed::Enter(sample.id.clone()), result.tested_on, Some("result_entry"), entered);
            }
        }
    }

    fn recipient_duties(&self, clocks: &mut Clocks<'_>) {
        if self.casework.stage == vocabulary::Stage::Notified && self.recipients.is_empty() {
            let since = self.responded_on.unwrap_or(self.opened_on);
            clocks.add(Owner::Centre, Owed::Address, since, Some("address"), None);
        }
        let failed = self.samples.values().filter_map(|sample| sample.result()).filter(|result| !result.conforms);
        if let Some(since) = failed.map(|result| result.entered_on).min() {
            let authorities =
                self.recipients.values().chain(&self.told_before).filter(|unit| unit.role == Role::Supervision);
            let asked = authorities.filter(|unit| unit.asked == Asked::Inspect && unit.addressed_on >= since);
            let told = asked.map(|unit| unit.addressed_on).min();
            clocks.add(Owner::Centre, Owed::Refer, since, Some("address"), told);
        }
        for unit in self.recipients.values() {
            let owner = || Owner::Unit(unit.name.clone());
            let told = unit.addressed_on;
            clocks.add(
                owner(),
                Owed::Acknowledge,
                told,
                Some("acknowledge"),
                unit.acknowledged_on.or(unit.reported_on),
            );
            if unit.owes_report() {
                let clock = match (unit.asked, unit.role) {
                    (Asked::Inspect, _) => "authority_inspect",
                    (_, Role::Platform) => "platform_handle",
                    _ => "firm_reply",
                };
                let ended =
                    self.cases.iter().filter(|case| case.of == unit.name).filter_map(|case| case.closed_on).max();
                clocks.add(owner(), Owed::Handle, told, Some(clock), unit.finished_on.or(ended));
                if let Some(finished) = unit.finished_on {
                    let clock = if unit.role == Role::Supervision { "authority_report" } else { "platform_report" };
                    clocks.add(owner(), Owed::Report, finished, Some(clock), unit.reported_on);
                }
            }
            if unit.role == Role::Firm {
                self.objection_rights(unit, clocks);
            }
        }
    }

    /// A firm that was told may object to each result that says that goods do not conform, from the day on which it got it.
    fn objection_rights(&self, unit: &super::Recipient, clocks: &mut Clocks<'_>) {
        for sample in self.samples.values() {
            let Some(result) = sample.result().filter(|result| !result.conforms) else { continue };
            if !unit.told_results.contains(&sample.id) {
                continue;
            }
            let since = unit.acknowledged_on.unwrap_or(unit.addressed_on).max(result.entered_on);
            let made = self.objections.iter().find(|made| made.of == unit.name && made.sample == sample.id);
            let owed = Owed::Objection(sample.id.clone());
            clocks.add(Owner::Unit(unit.name.clone()), owed, since, Some("objection"), made.map(|made| made.on));
            if let Some(duty) = clocks.duties.last_mut() {
                duty.is_right = true;
            }
        }
    }

    fn authority_duties(&self, clocks: &mut Clocks<'_>) {
        for case in &self.cases {
            let owner = || Owner::Unit(case.of.clone());
            clocks.add(owner(), Owed::Case(case.number.clone()), case.opened_on, None, case.closed_on);
            if let Some(closed) = case.closed_on {
                let reported = self.recipients.get(&case.of).map(|unit| &unit.reports);
                let reported = reported.and_then(|reports| reports.iter().copied().find(|day| *day >= closed));
                let owed = Owed::CaseReport(case.number.clone());
                clocks.add(owner(), owed, closed, Some("authority_report"), reported);
            }
        }
        for objection in &self.objections {
            let answered = objection.answered.map(|(on, _)| on);
            clocks.add(Owner::Centre, Owed::Answer(objection.sample.clone()), objection.on, None, answered);
        }
        for order in &self.corrections {
            let passed = order.inspected.filter(|(_, corrected)| *corrected).map(|(on, _)| on);
            let inspected = order.first_inspected_on;
            let firm = || order.firm.clone();
            clocks.add(Owner::Unit(firm()), Owed::Correct(firm()), order.ordered_on, Some("correction"), passed);
            let owner = Owner::Unit(order.of.clone());
            clocks.add(owner, Owed::Reinspect(firm()), order.ordered_on, Some("reinspect_until"), inspected);
        }
    }
}
