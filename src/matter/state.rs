//! What the acts on a matter add up to. A pure function of the alert, its sampling request and the acts in their order; nothing here asks what would
//! be allowed now: an act that was kept counts.

use std::collections::{BTreeMap, BTreeSet};

use alert::Casework;
use jiff::civil::Date;
use serde::Serialize;
use vocabulary::{
    Act, ActKind, AlertId, Asked, Concern, DrawMode, ItemRef, MeasureKind, RegionCode, Role, SampleId, SamplingRequest,
    StratumKind, TestItem, Work, day_of,
};

use super::sample::{Sample, SampleCounts, SampleState, Tested};

/// A scheme of sampling (采样方案, clause 3-32).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Scheme {
    /// What is bought and tested.
    pub product: String,
    /// How many batches.
    pub batches: u32,
    /// What so many batches are to find.
    pub purpose: String,
    /// What to test, and by which standard.
    pub items: Vec<TestItem>,
    /// Platforms to buy on.
    pub platforms: Vec<String>,
    /// Regions of sellers; empty: all.
    pub regions: Vec<RegionCode>,
    /// How samples are chosen; none: not said yet.
    pub mode: Option<DrawMode>,
    /// Last day for buying and testing.
    pub deadline: Option<Date>,
    /// Who does it.
    pub staff: Vec<String>,
    /// How often it was written or changed by people.
    pub versions: u32,
    /// Who changed it last.
    pub written_by: Option<String>,
    /// Who approved it as it is.
    pub approved_by: Option<String>,
    /// To whom it was given as it is.
    pub ordered_to: Option<String>,
    /// Why it was cancelled.
    pub cancelled: Option<String>,
}

impl Scheme {
    /// What a request of the machine says; a person adds the rest.
    #[must_use]
    pub fn of(request: &SamplingRequest) -> Self {
        Self {
            product: request.product.clone(),
            batches: request.batches,
            purpose: request.batches_reason.clone(),
            items: request.items.clone(),
            platforms: request.platforms.clone(),
            deadline: Some(request.deadline),
            ..Self::default()
        }
    }

    /// The Chinese names of the fields that are missing before it can be approved (clauses 3-05, 3-32): never an empty scope, never nobody.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let empty = |text: &str| text.trim().is_empty();
        let fields = [
            ("监测产品", empty(&self.product)),
            ("批次量", self.batches == 0),
            ("检验项目", self.items.is_empty() || self.items.iter().any(|test| empty(&test.item))),
            ("检验依据", self.items.iter().any(|test| empty(&test.standard))),
            ("采样范围", self.platforms.iter().all(|platform| empty(platform))),
            ("采样方式", self.mode.is_none()),
            ("时间期限", self.deadline.is_none()),
            ("人员安排", self.staff.iter().all(|person| empty(person))),
        ];
        fields.into_iter().filter(|(_, missing)| *missing).map(|(name, _)| name).collect()
    }

    /// Whether samples may be bought by it.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        self.ordered_to.is_some() && self.cancelled.is_none()
    }
}

/// A draw, and the commitment before it (clause 1-26).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct DrawMade {
    /// Digest of the seed, published first.
    pub digest: String,
    /// The day of that.
    pub committed_on: Date,
    /// What came out, once it was drawn.
    pub drawn: Option<Drawing>,
}

/// What came out of a draw, with all that is needed to do it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Drawing {
    /// The seed.
    pub seed: String,
    /// Digest of the frame.
    pub frame: String,
    /// Offers in the frame.
    pub offers: u32,
    /// By what they were divided.
    pub strata: Vec<StratumKind>,
    /// What was drawn, in order.
    pub chosen: Vec<ItemRef>,
    /// Why sellers, brands or makers may repeat.
    pub repeats: Option<String>,
    /// The day.
    pub on: Date,
}

/// A unit that was told of the matter, and what it did since (clauses 3-11, 3-13, 3-14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Recipient {
    /// The unit.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// What it has to do with the matter.
    pub concern: Concern,
    /// Its place.
    pub region: Option<RegionCode>,
    /// What it is asked to do.
    pub asked: Asked,
    /// When it was told, the last time.
    pub addressed_on: Date,
    /// When it said that it was told.
    pub acknowledged_on: Option<Date>,
    /// When it had handled the matter.
    pub finished_on: Option<Date>,
    /// When it reported.
    pub reported_on: Option<Date>,
    /// What it reported, the last time.
    pub report: Option<String>,
    /// The days of all its reports: after a case that was closed later it reports again.
    pub reports: Vec<Date>,
    /// Samples that had a result when it was told, the last time: it sees what concerns it of these and of no others.
    pub told_results: BTreeSet<SampleId>,
}

impl Recipient {
    /// Whether it was asked for more than to know.
    #[must_use]
    pub fn owes_report(&self) -> bool {
        matches!(self.asked, Asked::Handle | Asked::Inspect)
    }

    /// Whether nothing more is expected of it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        if self.owes_report() { self.reported_on.is_some() } else { self.acknowledged_on.is_some() }
    }
}

/// A measure that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Taken {
    /// By which unit.
    pub by: String,
    /// What.
    pub measure: MeasureKind,
    /// About whom or what.
    pub about: String,
    /// The day.
    pub on: Date,
}

/// A case of an authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Case {
    /// The authority.
    pub of: String,
    /// Its number.
    pub number: String,
    /// When it was opened.
    pub opened_on: Date,
    /// When it was closed.
    pub closed_on: Option<Date>,
}

/// An objection to a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Objection {
    /// The firm.
    pub of: String,
    /// The sample.
    pub sample: SampleId,
    /// When.
    pub on: Date,
    /// The day and whether it was upheld, once it was answered.
    pub answered: Option<(Date, bool)>,
}

/// An order to correct.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Correction {
    /// The authority.
    pub of: String,
    /// The firm.
    pub firm: String,
    /// The day of the order.
    pub ordered_on: Date,
    /// The day of the first inspection since.
    pub first_inspected_on: Option<Date>,
    /// The day of the last inspection since, and whether the firm had corrected.
    pub inspected: Option<(Date, bool)>,
}

/// A matter (风险事项): all that was done about an alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Matter {
    /// The alert.
    pub id: AlertId,
    /// The day on which it opened.
    pub opened_on: Date,
    /// Whether the watch still sees it. Nobody is asked to look first at what is over.
    pub is_watched: bool,
    /// How it is judged, shown and given on.
    pub casework: Casework,
    /// Excluded only until the watch raises a level of it.
    pub excluded_until_rise: bool,
    /// The first day on which somebody inside did more than write a note (clause 2-22).
    pub responded_on: Option<Date>,
    /// The day on which it was closed.
    pub closed_on: Option<Date>,
    /// The scheme of sampling.
    pub scheme: Option<Scheme>,
    /// Draws and commitments, in order.
    pub draws: Vec<DrawMade>,
    /// Test bodies that were commissioned, with the day.
    pub commissions: BTreeMap<String, Date>,
    /// Samples by number.
    pub samples: BTreeMap<SampleId, Sample>,
    /// Units that were told, by name, as they were told last.
    pub recipients: BTreeMap<String, Recipient>,
    /// How units stood that were told again, in order: nothing of it is lost.
    pub told_before: Vec<Recipient>,
    /// Measures that were taken, in order.
    pub measures: Vec<Taken>,
    /// Cases of authorities, in order.
    pub cases: Vec<Case>,
    /// Objections, in order.
    pub objections: Vec<Objection>,
    /// Orders to correct, in order.
    pub corrections: Vec<Correction>,
}

impl Matter {
    /// A matter about which nothing was done yet.
    #[must_use]
    pub fn new(id: AlertId, opened_on: Date, request: Option<&SamplingRequest>) -> Self {
        Self {
            id,
            opened_on,
            is_watched: true,
            casework: Casework::default(),
            excluded_until_rise: false,
            responded_on: None,
            closed_on: None,
            scheme: request.map(Scheme::of),
            draws: Vec::new(),
            commissions: BTreeMap::new(),
            samples: BTreeMap::new(),
            recipients: BTreeMap::new(),
            told_before: Vec::new(),
            measures: Vec::new(),
            cases: Vec::new(),
            objections: Vec::new(),
            corrections: Vec::new(),
        }
    }

    /// What these acts, in their order, add up to.
    #[must_use]
    pub fn of<'a>(
        id: AlertId,
        opened_on: Date,
        request: Option<&SamplingRequest>,
        acts: impl IntoIterator<Item = &'a Act>,
    ) -> Self {
        let mut matter = Self::new(id, opened_on, request);
        for act in acts {
            matter.take(act);
        }
        matter
    }

    /// How many samples stand where.
    #[must_use]
    pub fn counts(&self) -> SampleCounts {
        SampleCounts::of(self.samples.values())
    }

    /// Samples that have a result, by number.
    pub fn tested(&self) -> impl Iterator<Item = &Sample> {
        self.samples.values().filter(|sample| sample.result().is_some())
    }

    /// Whether a sample was bought because a draw before its purchase chose it.
    #[must_use]
    pub fn was_drawn(&self, item: &ItemRef, bought_on: Date) -> bool {
        let drawn = self.draws.iter().filter_map(|draw| draw.drawn.as_ref());
        drawn.filter(|drawing| drawing.on <= bought_on).any(|drawing| drawing.chosen.contains(item))
    }

    /// Whether everything that was tested was drawn by chance: only then do results say something of all goods.
    #[must_use]
    pub fn is_by_chance(&self) -> bool {
        self.tested().all(|sample| self.was_drawn(&sample.item, sample.bought_on))
    }

    /// The number that the next sample gets.
    #[must_use]
    pub fn next_sample(&self) -> SampleId {
        let tail = self.id.as_str().trim_start_matches("wl-");
        SampleId::new(format!("sr-{tail}.{:02}", self.samples.len() + 1))
    }

    /// The last commitment that was not drawn by yet.
    #[must_use]
    pub fn commitment(&self) -> Option<&DrawMade> {
        self.draws.last().filter(|draw| draw.drawn.is_none())
    }

    /// The last draw.
    #[must_use]
    pub fn drawing(&self) -> Option<&Drawing> {
        self.draws.iter().rev().find_map(|draw| draw.drawn.as_ref())
    }

    /// The request was made by an act of a person: the scheme begins with it.
    pub fn request(&mut self, request: &SamplingRequest) {
        if self.scheme.is_none() {
            self.scheme = Some(Scheme::of(request));
        }
    }

    /// Goes on by one act.
    pub fn take(&mut self, act: &Act) {
        self.casework.take(act);
        let on = day_of(act.at);
        if act.kind != ActKind::Note && act.work.as_ref().and_then(|work| work.of()).is_none() {
            self.responded_on.get_or_insert(on);
        }
        match act.kind {
            ActKind::Close => self.closed_on = Some(on),
            ActKind::Reopen => {
                self.closed_on = None;
                self.excluded_until_rise = false;
            }
            ActKind::Approve => {
                if let Some(scheme) = &mut self.scheme {
                    scheme.approved_by = Some(act.by.clone());
                }
            }
            ActKind::Cancel => {
                if let Some(scheme) = &mut self.scheme {
                    scheme.cancelled = Some(act.note.clone());
                }
            }
            _ => {}
        }
        if let Some(work) = &act.work {
            self.take_work(work, act, on);
        }
    }

    fn take_work(&mut self, work: &Work, act: &Act, on: Date) {
        match work {
            Work::Exclude { until_rise } => self.excluded_until_rise = *until_rise,
            Work::Scheme { .. } => self.take_scheme(work, act),
            Work::Order { to } => {
                if let Some(scheme) = &mut self.scheme {
                    scheme.ordered_to = Some(to.clone());
                }
            }
            Work::CommitSeed { digest } => {
                self.draws.push(DrawMade { digest: digest.clone(), committed_on: on, drawn: None });
            }
            Work::Draw { seed, frame, offers, strata, chosen, repeats } => {
                if let Some(draw) = self.draws.last_mut().filter(|draw| draw.drawn.is_none()) {
                    draw.drawn = Some(Drawing {
                        seed: seed.clone(),
                        frame: frame.clone(),
                        offers: *offers,
                        strata: strata.clone(),
                        chosen: chosen.clone(),
                        repeats: some(repeats),
                        on,
                    });
                }
            }
            Work::Commission { body } => {
                self.commissions.insert(body.clone(), on);
            }
            Work::Buy { .. }
            | Work::Receive { .. }
            | Work::SendBack { .. }
            | Work::Split { .. }
            | Work::Dispatch { .. }
            | Work::Result { .. }
            | Work::NotTestable { .. } => self.take_sample(work, act, on),
            _ => self.take_handling(work, act, on),
        }
    }

    fn take_scheme(&mut self, work: &Work, act: &Act) {
        let Work::Scheme { product, batches, purpose, items, platforms, regions, mode, deadline, staff } = work else {
            return;
        };
        let scheme = self.scheme.get_or_insert_default();
        let before = scheme.clone();
        if let Some(product) = product {
            scheme.product.clone_from(product);
        }
        if let Some(batches) = batches.filter(|batches| *batches != scheme.batches) {
            scheme.batches = batches;
            // A reason for another number of batches is none for this one.
            scheme.purpose = what_batches_find(batches);
        }
        if let Some(purpose) = purpose {
            scheme.purpose.clone_from(purpose);
        }
        for (given, kept) in [(platforms, &mut scheme.platforms), (staff, &mut scheme.staff)] {
            if !given.is_empty() {
                kept.clone_from(given);
            }
        }
        if !items.is_empty() {
            scheme.items.clone_from(items);
        }
        if !regions.is_empty() {
            scheme.regions.clone_from(regions);
        }
        scheme.mode = mode.or(scheme.mode);
        scheme.deadline = deadline.or(scheme.deadline);
        // Who changes nothing writes nothing: what was approved stays approved.
        if *scheme == before && scheme.written_by.is_some() && scheme.cancelled.is_none() {
            return;
        }
        scheme.versions += 1;
        scheme.written_by = Some(act.by.clone());
        // What was approved and given on was another scheme.
        scheme.approved_by = None;
        scheme.ordered_to = None;
        scheme.cancelled = None;
    }

    fn take_sample(&mut self, work: &Work, act: &Act, on: Date) {
        if let Work::Buy { sample, platform, item_id, seller, brand, maker, region, price_fen, quantity, replaces } =
            work
        {
            if let Some(replaced) = replaces.as_ref().and_then(|replaced| self.samples.get_mut(replaced)) {
                replaced.replaced_by = Some(sample.clone());
            }
            let bought = Sample {
                id: sample.clone(),
                item: ItemRef { platform: platform.clone(), item_id: item_id.clone() },
                seller: seller.clone(),
                brand: some(brand),
                maker: some(maker),
                region: *region,
                price_fen: *price_fen,
                quantity: *quantity,
                state: SampleState::Bought,
                bought_on: on,
                received_on: None,
                condition: None,
                not_as_shown: None,
                parts: None,
                seals: Vec::new(),
                body: None,
                dispatched_on: None,
                results: Vec::new(),
                not_testable: None,
                replaces: replaces.clone(),
                replaced_by: None,
                exception: some(&act.note),
                moved_on: on,
            };
            self.samples.insert(sample.clone(), bought);
            return;
        }
        let Some(sample) = work.sample().and_then(|sample| self.samples.get_mut(sample)) else { return };
        sample.moved_on = on;
        match work {
            Work::Receive { condition, conforms, not_as_shown, .. } => {
                sample.state = if *conforms { SampleState::Stored } else { SampleState::Rejected };
                sample.received_on = Some(on);
                sample.condition = Some(condition.clone());
                sample.not_as_shown = some(not_as_shown);
            }
            Work::SendBack { .. } => sample.state = SampleState::SentBack,
            Work::Split { test, spare, seals, .. } => {
                sample.state = SampleState::Split;
                sample.parts = Some((*test, *spare));
                sample.seals.clone_from(seals);
            }
            Work::Dispatch { body, .. } => {
                sample.state = SampleState::Dispatched;
                sample.body = Some(body.clone());
                sample.dispatched_on = Some(on);
            }
            Work::Result { report, tested_on, items, basis, conforms, again, confirmed_by, .. } => {
                let corrects = !sample.results.is_empty();
                // A correction stands in the place of the report that it corrects: of the first test, or of the second one.
                let of_report = sample.results.iter().rev().find(|earlier| earlier.report == *report);
                let again = &(*again || of_report.or(sample.results.last()).is_some_and(|earlier| earlier.again));
                sample.state = SampleState::Tested;
                sample.results.push(Tested {
                    report: report.clone(),
                    tested_on: *tested_on,
                    entered_on: on,
                    items: items.clone(),
                    basis: *basis,
                    conforms: *conforms,
                    again: *again,
                    by: act.by.clone(),
                    confirmed_by: some(confirmed_by),
                    why: some(&act.note).filter(|_| corrects),
                });
            }
            Work::NotTestable { proof, .. } => {
                sample.state = SampleState::NotTestable;
                sample.not_testable = Some(format!("{}（证明材料：{proof}）", act.note));
            }
            _ => {}
        }
    }

    fn take_handling(&mut self, work: &Work, act: &Act, on: Date) {
        match work {
            Work::Address { to, role, concern, region, asked } => {
                let told = Recipient {
                    name: to.clone(),
                    role: *role,
                    concern: *concern,
                    region: *region,
                    asked: *asked,
                    addressed_on: on,
                    acknowledged_on: None,
                    finished_on: None,
                    reported_on: None,
                    report: None,
                    reports: Vec::new(),
                    told_results: self.tested().map(|sample| sample.id.clone()).collect(),
                };
                self.told_before.extend(self.recipients.insert(to.clone(), told));
            }
            Work::Acknowledge { of } => self.recipient(of, |unit| unit.acknowledged_on = Some(on)),
            Work::Measure { of, measure, about } => {
                self.measures.push(Taken { by: of.clone(), measure: *measure, about: about.clone(), on });
                self.recipient(of, |unit| unit.acknowledged_on = unit.acknowledged_on.or(Some(on)));
            }
            Work::Finish { of, on: finished } => self.recipient(of, |unit| {
                unit.acknowledged_on = unit.acknowledged_on.or(Some(on));
                unit.finished_on = Some(*finished);
            }),
            Work::Report { of } => self.recipient(of, |unit| {
                unit.acknowledged_on = unit.acknowledged_on.or(Some(on));
                unit.reported_on = unit.reported_on.or(Some(on));
                unit.report = some(&act.note);
                unit.reports.push(on);
            }),
            Work::FileCase { of, number } => {
                self.cases.push(Case { of: of.clone(), number: number.clone(), opened_on: on, closed_on: None });
                self.recipient(of, |unit| unit.acknowledged_on = unit.acknowledged_on.or(Some(on)));
            }
            Work::EndCase { of, number, on: closed } => {
                let case = self.cases.iter_mut().find(|case| (&case.of, &case.number) == (of, number));
                if let Some(case) = case {
                    case.closed_on = Some(*closed);
                }
            }
            Work::Object { of, sample } => {
                self.objections.push(Objection { of: of.clone(), sample: sample.clone(), on, answered: None });
            }
            Work::AnswerObjection { to, sample, upheld } => {
                let of = |objection: &&mut Objection| (&objection.of, &objection.sample) == (to, sample);
                if let Some(objection) = self.objections.iter_mut().find(of) {
                    objection.answered = Some((on, *upheld));
                }
            }
            Work::OrderCorrection { of, firm, on: ordered } => self.corrections.push(Correction {
                of: of.clone(),
                firm: firm.clone(),
                ordered_on: *ordered,
                first_inspected_on: None,
                inspected: None,
            }),
            Work::Reinspect { of, firm, on: inspected, corrected } => {
                let about = |order: &&mut Correction| (&order.of, &order.firm) == (of, firm);
                if let Some(order) = self.corrections.iter_mut().rev().find(about) {
                    order.first_inspected_on = order.first_inspected_on.or(Some(*inspected));
                    order.inspected = Some((*inspected, *corrected));
                }
            }
            _ => {}
        }
    }

    fn recipient(&mut self, name: &str, change: impl FnOnce(&mut Recipient)) {
        if let Some(unit) = self.recipients.get_mut(name) {
            change(unit);
        }
    }
}

/// What so many batches can find, as [`vocabulary::SamplingRequest::batches_reason`] says it: the share of failures of which at least one is met
/// with a probability of 95 %, `1 - 0.05^(1/n)`, in large lots.
fn what_batches_find(batches: u32) -> String {
    if batches == 0 {
        return String::new();
    }
    let rate = 100.0 * (1.0 - 0.05_f64.powf(1.0 / f64::from(batches)));
    format!("{batches}批可在真实不合格率为{rate:.1}%时以95%的概率至少检出一批")
}

/// A text that says something.
fn some(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}
