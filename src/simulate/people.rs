//! The people behind a matter: a centre, its buyers, a test body, platforms, firms and an authority, each with delays, refusals and mistakes.
//! Every day each looks at the matters as they stand and tries what it would do; what the program refuses does not happen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use matter::{Handling, Matter, Owed, Owner, Sample, SampleState};
use vocabulary::{
    Act, ActKind, Alert, AlertId, Asked, CandidateSeller, Category, Concern, Concerns, Disposal, DrawMode, ItemVerdict,
    MeasureKind, Party, Role, SamplingRequest, Stage, TestBody, TestedItem, VerdictBasis, Work, start_of_day,
};

use super::pen::Pen;

/// Share of samples of dangerous goods that fail their test.
const FAILING_IF_TRUE: f64 = 0.45;
/// The same of goods about which nothing is true.
const FAILING_IF_NOT: f64 = 0.01;
/// Samples bought for one matter at most: what a small centre can pay for.
const SAMPLES_MAX: usize = 6;

/// The centre.
pub const CENTRE: &str = "模拟监测中心";
/// The authority.
pub const AUTHORITY: &str = "模拟市场监管局";
/// The test body.
pub const BODY: &str = "模拟检验院";
/// The firm of every maker.
const FIRM: &str = "模拟生产企业";

/// What a party tried, and in whose name.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The act.
    pub act: Act,
    /// Whether it is a mistake on purpose: the program should refuse it.
    pub mistaken: bool,
}

/// The people of one world.
#[derive(Debug)]
pub struct People {
    seed: u64,
    /// Units that never answer what they are asked, by matter.
    silent: BTreeSet<(AlertId, String)>,
    /// The day on which each step of a matter or a sample may be taken at the earliest.
    not_before: BTreeMap<(AlertId, String), Date>,
}

impl People {
    /// The people of a world.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, silent: BTreeSet::new(), not_before: BTreeMap::new() }
    }

    /// The organisations that take part.
    #[must_use]
    pub fn parties(platforms: &[String]) -> Vec<Party> {
        let party = |name: &str, role, concerns| Party { name: name.to_owned(), role, concerns };
        let own = |platform: &String| {
            let concerns = Concerns { platforms: BTreeSet::from([platform.clone()]), ..Concerns::default() };
            party(platform, Role::Platform, concerns)
        };
        let mut parties = vec![
            party(CENTRE, Role::Centre, Concerns::default()),
            party(AUTHORITY, Role::Supervision, Concerns::default()),
            party(BODY, Role::TestBody, Concerns::default()),
            party(FIRM, Role::Firm, Concerns::default()),
        ];
        parties.extend(platforms.iter().map(own));
        parties
    }

    /// The test body's entry in the register.
    #[must_use]
    pub fn body(until: Date) -> TestBody {
        TestBody {
            name: BODY.to_owned(),
            certificate: "CMA 模拟 0001".to_owned(),
            categories: Category::ALL.to_vec(),
            valid_from: Date::constant(2020, 1, 1),
            valid_until: until,
        }
    }

    /// What everybody tries on a day about one matter. `is_true`: whether it is about a danger that exists; `today` not before the last act.
    #[must_use]
    pub fn day(
        &mut self,
        today: Date,
        alert: &Alert,
        matter: &Matter,
        request: Option<&SamplingRequest>,
        is_true: bool,
        handling: &Handling,
    ) -> Vec<Tried> {
        let mut day = Day { people: self, today, alert, matter, is_true, tried: Vec::new() };
        if matter.casework.stage == Stage::Closed {
            return day.tried;
        }
        day.triage();
        day.samples_after_all();
        day.scheme(request);
        day.buy(request);
        day.samples();
        day.decide();
        day.units(handling);
        day.tried
    }

    /// Whether a step may be taken today: each waits for some days that chance gives once.
    fn waits(&mut self, id: &AlertId, step: &str, today: Date, from: u32, to: u32) -> bool {
        let mut pen = self.pen(id, step);
        let first = self
            .not_before
            .entry((id.clone(), step.to_owned()))
            .or_insert_with(|| today.saturating_add(i64::from(pen.between(from, to)).days()));
        today < *first
    }

    fn chance(&self, id: &AlertId, step: &str, share: f64) -> bool {
        self.pen(id, step).chance(share)
    }

    /// A pen for one step of one matter: the same step of the same matter always goes the same way.
    fn pen(&self, id: &AlertId, step: &str) -> Pen {
        Pen::new(self.seed, &format!("{id} {step}"), 0)
    }
}

/// One day of one matter.
struct Day<'a> {
    people: &'a mut People,
    today: Date,
    alert: &'a Alert,
    matter: &'a Matter,
    is_true: bool,
    tried: Vec<Tried>,
}

impl Day<'_> {
    fn ready(&mut self, step: &str, from: u32, to: u32) -> bool {
        !self.people.waits(&self.matter.id, step, self.today, from, to)
    }

    fn chance(&self, step: &str, share: f64) -> bool {
        self.people.chance(&self.matter.id, step, share)
    }

    fn act(&mut self, party: &str, by: &str, kind: ActKind, note: &str, work: Option<Work>) {
        self.add(party, by, kind, note, work, false);
    }

    fn add(&mut self, party: &str, by: &str, kind: ActKind, note: &str, work: Option<Work>, mistaken: bool) {
        let act = Act {
            alert_id: self.matter.id.clone(),
            at: start_of_day(self.today),
            by: by.to_owned(),
            party: party.to_owned(),
            kind,
            note: note.to_owned(),
            to: None,
            until: None,
            work: work.map(Box::new),
            key: None,
        };
        self.tried.push(Tried { act, mistaken });
    }

    /// The officer on duty looks at what is new, sooner or later.
    fn triage(&mut self) {
        if self.matter.casework.stage == Stage::Identified && self.ready("review", 0, 3) {
            self.act(CENTRE, "值班员", ActKind::Review, "", None);
        }
        if self.matter.casework.stage == Stage::Review && self.ready("dispose", 0, 2) {
            if self.alert.assessment.disposal == Disposal::Sample {
                self.act(CENTRE, "值班员", ActKind::Sample, "", None);
            } else {
                self.act(CENTRE, "值班员", ActKind::Notify, "", None);
            }
        }
    }

    /// What was told to few at first may have become general since.
    fn samples_after_all(&mut self) {
        let scheme = self.matter.scheme.as_ref();
        let waits = scheme.is_some_and(|scheme| scheme.ordered_to.is_none() && scheme.cancelled.is_none());
        let general = self.alert.assessment.disposal == Disposal::Sample;
        if self.matter.casework.stage == Stage::Notified && waits && general && self.ready("sample after all", 0, 2) {
            self.act(CENTRE, "值班员", ActKind::Sample, "", None);
        } else if self.matter.casework.stage == Stage::Notified && waits && !general && self.ready("no more", 5, 9) {
            self.act(CENTRE, "值班员", ActKind::Cancel, "范围已收窄，不再具有普遍性", None);
        }
    }

    fn scheme(&mut self, request: Option<&SamplingRequest>) {
        let (Some(scheme), Some(request)) = (&self.matter.scheme, request) else { return };
        if self.matter.casework.stage != Stage::Sampling || scheme.cancelled.is_some() {
            return;
        }
        if scheme.written_by.is_none() {
            if request.sellers.is_empty() {
                self.act(CENTRE, "值班员", ActKind::Cancel, "各平台均无在售商品", None);
            } else if self.ready("scheme", 0, 2) {
                let known = request.sellers.len().min(SAMPLES_MAX);
                let batches = request.batches.min(u32::try_from(known).unwrap_or(1)).max(1);
                let work = Work::Scheme {
                    product: None,
                    batches: Some(batches),
                    purpose: None,
                    items: Vec::new(),
                    platforms: Vec::new(),
                    regions: Vec::new(),
                    mode: Some(DrawMode::Targeted),
                    deadline: Some(self.today.saturating_add(45.days())),
                    staff: vec!["采样组".to_owned()],
                };
                self.act(CENTRE, "值班员", ActKind::Scheme, "", Some(work));
            }
        } else if scheme.approved_by.is_none() {
            // Whoever wrote it tries to approve it, now and then.
            if self.chance("approves own", 0.1) {
                self.add(CENTRE, "值班员", ActKind::Approve, "", None, true);
            }
            if self.ready("approve", 0, 3) {
                self.act(CENTRE, "主任", ActKind::Approve, "", None);
            }
        } else if scheme.ordered_to.is_none() {
            self.act(CENTRE, "主任", ActKind::Order, "", Some(Work::Order { to: "采样组".to_owned() }));
            self.act(CENTRE, "主任", ActKind::Commission, "", Some(Work::Commission { body: BODY.to_owned() }));
        }
    }

    fn buy(&mut self, request: Option<&SamplingRequest>) {
        let Some(request) = request else { return };
        let Some(scheme) = self.matter.scheme.as_ref().filter(|scheme| scheme.is_ordered()) else { return };
        let kept = self.matter.samples.values().filter(|sample| sample.counts()).count();
        let missing = usize::try_from(scheme.batches).unwrap_or(0).saturating_sub(kept);
        let step = format!("buy {}", self.matter.samples.len());
        if self.matter.casework.stage != Stage::Sampling || missing == 0 || !self.ready(&step, 0, 2) {
            return;
        }
        let bought = |seller: &CandidateSeller| {
            self.matter.samples.values().any(|sample| sample.item.item_id == seller.listing.item_id)
        };
        let Some(seller) = request.sellers.iter().find(|seller| !bought(seller)).cloned() else {
            self.act(CENTRE, "值班员", ActKind::Scheme, "", Some(fewer(u32::try_from(kept.max(1)).unwrap_or(1))));
            return;
        };
        let gone = self.matter.samples.values();
        let replaces =
            gone.clone().find(|sample| sample.state == SampleState::SentBack && sample.replaced_by.is_none());
        let replaces = replaces.map(|sample| sample.id.clone());
        let listing = &seller.listing;
        let repeats = self.matter.samples.values().any(|sample| {
            sample.counts()
                && (sample.seller == listing.seller || (listing.brand.is_some() && sample.brand == listing.brand))
        });
        let work = Work::Buy {
            sample: self.matter.next_sample(),
            platform: listing.platform.clone(),
            item_id: listing.item_id.clone(),
            seller: listing.seller.clone(),
            brand: listing.brand.clone().unwrap_or_default(),
            maker: String::new(),
            region: None,
            price_fen: Some(9_900),
            quantity: 3,
            replaces,
        };
        if repeats && self.chance(&step, 0.5) {
            self.add(CENTRE, "采样员", ActKind::Buy, "", Some(work.clone()), true);
        }
        let note = if repeats { "涉疑品牌须多批次验证" } else { "" };
        self.act(CENTRE, "采样员", ActKind::Buy, note, Some(work));
    }

    fn samples(&mut self) {
        let samples: Vec<Sample> = self.matter.samples.values().cloned().collect();
        for sample in samples {
            let step = |what: &str| format!("{what} {}", sample.id);
            let id = sample.id.clone();
            match sample.state {
                SampleState::Bought if self.ready(&step("receive"), 2, 6) => {
                    let conforms = !self.chance(&step("conforms"), 0.1);
                    let condition = if conforms { "包装完好" } else { "外壳破损" }.to_owned();
                    let work = Work::Receive { sample: id, condition, conforms, not_as_shown: String::new() };
                    self.act(CENTRE, "样品管理员", ActKind::Receive, "", Some(work));
                }
                SampleState::Rejected => {
                    self.act(CENTRE, "采样员", ActKind::SendBack, "外壳破损", Some(Work::SendBack { sample: id }));
                }
                SampleState::Stored => {
                    let seals = vec![format!("F-{id}")];
                    let work = Work::Split { sample: id, test: 2, spare: 1, seals };
                    self.act(CENTRE, "样品管理员", ActKind::Split, "", Some(work));
                }
                SampleState::Split => {
                    let work = Work::Dispatch { sample: id, body: BODY.to_owned() };
                    self.act(CENTRE, "样品管理员", ActKind::Dispatch, "", Some(work));
                }
                SampleState::Dispatched if self.ready(&step("test"), 6, 24) => self.test(&sample),
                SampleState::Tested => self.tested(&sample),
                _ => {}
            }
        }
    }

    fn test(&mut self, sample: &Sample) {
        let step = |what: &str| format!("{what} {}", sample.id);
        if self.chance(&step("not testable"), 0.03) {
            let work = Work::NotTestable { sample: sample.id.clone(), proof: "照片2张".to_owned() };
            self.act(BODY, "检验员", ActKind::NotTestable, "样品在检验前已损坏", Some(work));
            return;
        }
        let share = if self.is_true { FAILING_IF_TRUE } else { FAILING_IF_NOT };
        let fails = self.chance(&step("fails"), share);
        // A slip of the pen, found later.
        let slip = self.chance(&step("slip"), 0.03);
        if self.chance(&step("other item"), 0.05) {
            let mut wrong = self.result(sample, fails, 1);
            if let Work::Result { item_id, .. } = &mut wrong {
                item_id.push('X');
            }
            self.add(BODY, "检验员", ActKind::Result, "", Some(wrong), true);
        }
        let work = self.result(sample, fails != slip, 1);
        self.act(BODY, "检验员", ActKind::Result, "", Some(work));
    }

    /// A slip is corrected by two persons; an objection that was upheld leads to a second test.
    fn tested(&mut self, sample: &Sample) {
        let step = |what: &str| format!("{what} {}", sample.id);
        if sample.results.len() == 1 && self.chance(&step("slip"), 0.03) && self.ready(&step("correct"), 3, 9) {
            let share = if self.is_true { FAILING_IF_TRUE } else { FAILING_IF_NOT };
            let fails = self.chance(&step("fails"), share);
            let mut work = self.result(sample, fails, 2);
            self.add(BODY, "检验员", ActKind::Result, "录入错误", Some(work.clone()), true);
            if let Work::Result { confirmed_by, .. } = &mut work {
                "复核员".clone_into(confirmed_by);
            }
            self.act(BODY, "检验员", ActKind::Result, "录入错误", Some(work));
        }
        let upheld = self
            .matter
            .objections
            .iter()
            .any(|made| made.sample == sample.id && made.answered.is_some_and(|(_, upheld)| upheld));
        let again = sample.results.iter().any(|result| result.again);
        if upheld && !again && self.ready(&step("again"), 5, 15) {
            let fails = self.chance(&step("fails again"), if self.is_true { 0.9 } else { 0.1 });
            let mut work = self.result(sample, fails, 3);
            if let Work::Result { again, .. } = &mut work {
                *again = true;
            }
            self.act(BODY, "检验员", ActKind::Result, "", Some(work));
        }
    }

    fn result(&self, sample: &Sample, fails: bool, version: u32) -> Work {
        let scheme = self.matter.scheme.as_ref();
        let tests = scheme.map(|scheme| scheme.items.clone()).unwrap_or_default();
        let mut items: Vec<TestedItem> = tests
            .into_iter()
            .map(|test| TestedItem {
                item: test.item,
                standard: test.standard,
                stated: "符合标准要求".to_owned(),
                measured: "符合".to_owned(),
                verdict: ItemVerdict::Pass,
            })
            .collect();
        if let Some(first) = items.first_mut().filter(|_| fails) {
            "不符合".clone_into(&mut first.measured);
            first.verdict = ItemVerdict::Fail;
        }
        let late = i64::from(self.chance(&format!("entered late {}", sample.id), 0.1)) * 6;
        let entered = self.today.saturating_sub(late.days());
        Work::Result {
            sample: sample.id.clone(),
            platform: sample.item.platform.clone(),
            item_id: sample.item.item_id.clone(),
            report: format!("R-{}-{version}", sample.id),
            tested_on: entered.max(sample.dispatched_on.unwrap_or(self.today)),
            items,
            basis: VerdictBasis::Standard,
            conforms: !fails,
            again: false,
            confirmed_by: String::new(),
        }
    }

    /// The centre decides on what came back, tells whom it concerns, and closes what is done.
    fn decide(&mut self) {
        let counts = self.matter.counts();
        let on_the_way = [
            SampleState::Bought,
            SampleState::Stored,
            SampleState::Rejected,
            SampleState::Split,
            SampleState::Dispatched,
        ];
        let waiting: u64 = on_the_way.iter().map(|state| counts.at(*state)).sum();
        let tested = counts.at(SampleState::Tested);
        let scheme = self.matter.scheme.as_ref();
        let wanted = scheme.map_or(0, |scheme| u64::from(scheme.batches));
        let all = tested + counts.at(SampleState::NotTestable) >= wanted && waiting == 0;
        match self.matter.casework.stage {
            Stage::Sampling if scheme.is_some_and(|scheme| scheme.cancelled.is_some()) => {
                self.act(CENTRE, "值班员", ActKind::Notify, "", None);
            }
            Stage::Sampling if tested > 0 && all && scheme.is_some_and(matter::Scheme::is_ordered) => {
                if counts.failed > 0 {
                    self.act(CENTRE, "主任", ActKind::Confirm, "检验不合格", None);
                } else {
                    self.act(CENTRE, "主任", ActKind::Refute, "检验未见不合格", None);
                }
            }
            // Too eager: nothing was tested yet.
            Stage::Sampling if self.chance("eager", 0.05) && tested == 0 => {
                self.add(CENTRE, "值班员", ActKind::Confirm, "看着像", None, true);
            }
            Stage::NotConfirmed => self.act(CENTRE, "主任", ActKind::Close, "", None),
            Stage::Confirmed | Stage::Notified => self.hand_over(),
            Stage::Handled if self.matter.unfinished().is_empty() => {
                self.act(CENTRE, "主任", ActKind::Close, "", None);
            }
            _ => {}
        }
    }

    fn hand_over(&mut self) {
        let confirmed = self.matter.casework.stage == Stage::Confirmed;
        if self.matter.recipients.is_empty() {
            if !self.ready(if confirmed { "hand over" } else { "tell" }, 0, 3) {
                return;
            }
            let asked = if confirmed { Asked::Handle } else { Asked::Know };
            let mut platforms: BTreeSet<String> =
                self.matter.samples.values().map(|sample| sample.item.platform.clone()).collect();
            platforms.extend(self.matter.scheme.iter().flat_map(|scheme| scheme.platforms.clone()));
            for platform in platforms {
                let (role, concern) = (Role::Platform, Concern::Platform);
                let work = Work::Address { to: platform, role, concern, region: None, asked };
                self.act(CENTRE, "值班员", ActKind::Address, "", Some(work));
            }
            let (to, role) = (AUTHORITY.to_owned(), Role::Supervision);
            let asked = if confirmed { Asked::Inspect } else { Asked::Know };
            let region = self.alert.assessment.region;
            let work = Work::Address { to, role, concern: Concern::Place, region, asked };
            self.act(CENTRE, "值班员", ActKind::Address, "", Some(work));
            if confirmed {
                let (to, role) = (FIRM.to_owned(), Role::Firm);
                let work = Work::Address { to, role, concern: Concern::Maker, region: None, asked: Asked::Handle };
                self.act(CENTRE, "值班员", ActKind::Address, "", Some(work));
            }
            return;
        }
        if self.matter.unfinished().is_empty() {
            self.act(CENTRE, "主任", ActKind::Handle, "", None);
        }
    }

    /// Platforms, firms and the authority do what they were asked, late, or not at all; the centre escalates what stays undone.
    fn units(&mut self, handling: &Handling) {
        for unit in self.matter.recipients.values().cloned().collect::<Vec<_>>() {
            let step = |what: &str| format!("{what} {}", unit.name);
            let of = || unit.name.clone();
            if unit.asked == Asked::Inspect && self.matter.cases.iter().any(|case| case.closed_on.is_none()) {
                self.inspect(&unit.name);
            }
            if unit.is_done() {
                continue;
            }
            if self.chance(&step("silent"), 0.12) && unit.role != Role::Supervision {
                self.people.silent.insert((self.matter.id.clone(), of()));
                continue;
            }
            if unit.acknowledged_on.is_none() {
                if self.ready(&step("acknowledge"), 0, 4) {
                    let work = Work::Acknowledge { of: of() };
                    self.act(&unit.name, "经办人", ActKind::Acknowledge, "", Some(work));
                }
                continue;
            }
            if unit.role == Role::Firm {
                self.object(&unit.name);
            }
            if !unit.owes_report() {
                continue;
            }
            if unit.asked == Asked::Inspect && self.matter.cases.is_empty() {
                self.inspect(&unit.name);
            }
            if unit.finished_on.is_none() && self.ready(&step("finish"), 2, 16) {
                let measure = if unit.role == Role::Platform { MeasureKind::Delist } else { MeasureKind::Recall };
                let measure = if unit.role == Role::Supervision { MeasureKind::Inspection } else { measure };
                let about = self.alert.assessment.brand.clone().unwrap_or_else(|| "涉事商品".to_owned());
                let work = Work::Measure { of: of(), measure, about };
                self.act(&unit.name, "经办人", ActKind::Measure, "", Some(work));
                let work = Work::Finish { of: of(), on: self.today };
                self.act(&unit.name, "经办人", ActKind::Finish, "", Some(work));
            } else if unit.finished_on.is_some() && self.ready(&step("report"), 1, 8) {
                self.act(&unit.name, "经办人", ActKind::Report, "已按要求处理", Some(Work::Report { of: of() }));
            }
        }
        for objection in self.matter.objections.clone().into_iter().filter(|made| made.answered.is_none()) {
            if self.ready(&format!("answer {}", objection.sample), 2, 6) {
                let upheld = self.chance(&format!("upheld {}", objection.sample), 0.5);
                let work = Work::AnswerObjection { to: objection.of, sample: objection.sample, upheld };
                self.act(CENTRE, "主任", ActKind::AnswerObjection, "已核", Some(work));
            }
        }
        self.escalate(handling);
    }

    fn object(&mut self, firm: &str) {
        let failed = self.matter.samples.values().find(|sample| {
            let new = !self.matter.objections.iter().any(|made| made.sample == sample.id);
            new && sample.result().is_some_and(|result| !result.conforms)
        });
        let Some(sample) = failed.map(|sample| sample.id.clone()) else { return };
        if self.chance(&format!("objects {sample}"), 0.2) && self.ready(&format!("object {sample}"), 1, 12) {
            let work = Work::Object { of: firm.to_owned(), sample };
            self.act(firm, "经办人", ActKind::Object, "对检验结果有异议", Some(work));
        }
    }

    fn inspect(&mut self, authority: &str) {
        let of = || authority.to_owned();
        let tail = self.matter.id.as_str().trim_start_matches("wl-");
        let number = format!("模监案〔{tail}〕");
        match self.matter.cases.first() {
            None if self.ready("file", 2, 10) => {
                let work = Work::FileCase { of: of(), number };
                self.act(authority, "执法员", ActKind::FileCase, "", Some(work));
            }
            Some(case) if case.closed_on.is_none() && self.ready("end", 10, 45) => {
                let work = Work::EndCase { of: of(), number, on: self.today };
                self.act(authority, "执法员", ActKind::EndCase, "", Some(work));
            }
            _ => {}
        }
    }

    /// What has been overdue for ten days is closed with a reason, after a reminder on the record.
    fn escalate(&mut self, handling: &Handling) {
        let overdue: Vec<String> = self
            .matter
            .open_duties(handling, self.today)
            .into_iter()
            .filter(|duty| matches!(duty.owed, Owed::Acknowledge | Owed::Handle) && duty.is_overdue(self.today))
            .filter_map(|duty| match duty.owner {
                Owner::Unit(name) => Some(name),
                Owner::Centre => None,
            })
            .collect();
        for unit in &overdue {
            if self.ready(&format!("remind {unit}"), 0, 2) && !self.ready(&format!("reminded {unit}"), 1, 1) {
                self.act(CENTRE, "值班员", ActKind::Note, &format!("已书面催办：{unit}"), None);
            }
        }
        let silent = |name: &String| self.people.silent.contains(&(self.matter.id.clone(), name.clone()));
        let waiting: Vec<String> =
            self.matter.recipients.values().filter(|told| !told.is_done()).map(|told| told.name.clone()).collect();
        let only_silent = !waiting.is_empty() && waiting.iter().all(silent);
        let open = matches!(self.matter.casework.stage, Stage::Confirmed | Stage::Notified);
        if only_silent && open && self.ready("give up", 20, 30) {
            let why = format!("{}逾期未办，已移送属地监管部门处理", waiting.join("、"));
            self.act(CENTRE, "主任", ActKind::Handle, &why, None);
            self.act(CENTRE, "主任", ActKind::Close, &why, None);
        }
    }
}

/// The scheme with fewer batches: no more sellers are on offer.
fn fewer(batches: u32) -> Work {
    Work::Scheme {
        product: None,
        batches: Some(batches),
        purpose: Some("在售卖家不足，按可得批次执行".to_owned()),
        items: Vec::new(),
        platforms: Vec::new(),
        regions: Vec::new(),
        mode: None,
        deadline: None,
        staff: Vec::new(),
    }
}
