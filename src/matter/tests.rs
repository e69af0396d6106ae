//! The whole way of a matter, and random walks of many parties through it.

mod papers;

use std::collections::{BTreeMap, BTreeSet};

use alert::may;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use numeric::draw::Draw;
use vocabulary::{
    Act, ActKind, Alert, Asked, Category, Concern, Concerns, DrawMode, ItemVerdict, Listing, MeasureKind, Party,
    RegionCode, Role, SampleId, Stage, TestBody, TestItem, TestedItem, VerdictBasis, Work, start_of_day,
};

use super::{Around, Duty, Handling, Matter, Owed, Owner, SampleState};

const DAY: Date = date(2026, 3, 2);

fn party(name: &str, role: Role) -> Party {
    Party { name: name.to_owned(), role, concerns: Concerns::default() }
}

fn bodies() -> BTreeMap<String, TestBody> {
    let body = |name: &str, categories: Vec<Category>, valid_until| TestBody {
        name: name.to_owned(),
        certificate: "CMA 1".to_owned(),
        categories,
        valid_from: date(2020, 1, 1),
        valid_until,
    };
    let all = [
        body("检测院", vec![Category::BatteryCharger], date(2030, 1, 1)),
        body("过期院", vec![Category::BatteryCharger], date(2026, 1, 1)),
        body("玩具院", vec![Category::Toy], date(2030, 1, 1)),
    ];
    all.into_iter().map(|body| (body.name.clone(), body)).collect()
}

fn act(on: Date, by: &str, kind: ActKind, note: &str, work: Option<Work>) -> Act {
    Act {
        alert_id: "wl-20260302-battery_charger-fire-1".into(),
        at: start_of_day(on),
        by: by.to_owned(),
        party: by.to_owned(),
        kind,
        note: note.to_owned(),
        to: None,
        until: None,
        work: work.map(Box::new),
        key: None,
    }
}

fn matter() -> Matter {
    Matter::new("wl-20260302-battery_charger-fire-1".into(), DAY, None)
}

/// A matter on which parties act one after the other; each day is given as days after it opened.
struct Walk {
    matter: Matter,
    acts: Vec<Act>,
    bodies: BTreeMap<String, TestBody>,
    parties: BTreeMap<String, Party>,
}

impl Walk {
    fn new() -> Self {
        Self { matter: matter(), acts: Vec::new(), bodies: bodies(), parties: BTreeMap::new() }
    }

    fn day(days: i64) -> Date {
        DAY.checked_add(days.days()).expect("a day")
    }

    /// Tries an act; gives the reason in Chinese where it is refused.
    fn try_as(&mut self, who: &Party, days: i64, kind: ActKind, note: &str, work: Option<Work>) -> Result<(), String> {
        self.try_by(who, &who.name, days, kind, note, work)
    }

    fn try_by(
        &mut self,
        who: &Party,
        by: &str,
        days: i64,
        kind: ActKind,
        note: &str,
        work: Option<Work>,
    ) -> Result<(), String> {
        let mut act = act(Self::day(days), by, kind, note, work);
        act.party.clone_from(&who.name);
        let around = Around {
            party: Some(who),
            category: Category::BatteryCharger,
            bodies: &self.bodies,
            parties: &self.parties,
            results_known: false,
        };
        self.matter.check(&act, around).map_err(|refused| refused.zh)?;
        self.matter.take(&act);
        self.acts.push(act);
        Ok(())
    }

    fn open(&self, days: i64) -> Vec<Duty> {
        self.matter.open_duties(&Handling::shipped(), Self::day(days))
    }
}

fn centre() -> Party {
    party("中心", Role::Centre)
}

fn scheme(batches: u32) -> Work {
    scheme_by(batches, DrawMode::Targeted)
}

fn scheme_by(batches: u32, mode: DrawMode) -> Work {
    Work::Scheme {
        product: Some("充电宝".to_owned()),
        batches: Some(batches),
        purpose: Some("试".to_owned()),
        items: vec![TestItem { item: "热滥用".to_owned(), standard: "GB 31241-2022".to_owned() }],
        platforms: vec!["商城".to_owned()],
        regions: Vec::new(),
        mode: Some(mode),
        deadline: Some(Walk::day(60)),
        staff: vec!["采样组".to_owned()],
    }
}

fn buy(sample: SampleId, number: u32, replaces: Option<SampleId>) -> Work {
    Work::Buy {
        sample,
        platform: "商城".to_owned(),
        item_id: format!("i{number}"),
        seller: format!("店{number}"),
        brand: format!("牌{number}"),
        maker: String::new(),
        region: None,
        price_fen: Some(9_900),
        quantity: 3,
        replaces,
    }
}

fn result(sample: SampleId, number: u32, days: i64, fails: bool) -> Work {
    let verdict = if fails { ItemVerdict::Fail } else { ItemVerdict::Pass };
    Work::Result {
        sample,
        platform: "商城".to_owned(),
        item_id: format!("i{number}"),
        report: format!("R-{number}"),
        tested_on: Walk::day(days),
        items: vec![TestedItem {
            item: "热滥用".to_owned(),
            standard: "GB 31241-2022".to_owned(),
            stated: "不起火".to_owned(),
            measured: if fails { "起火" } else { "未起火" }.to_owned(),
            verdict,
        }],
        basis: VerdictBasis::Standard,
        conforms: !fails,
        again: false,
        confirmed_by: String::new(),
    }
}

fn ordered(walk: &mut Walk, batches: u32) {
    let us = centre();
    walk.try_as(&us, 0, ActKind::Review, "", None).expect("review");
    walk.try_as(&us, 0, ActKind::Sample, "", None).expect("sample");
    walk.try_as(&us, 0, ActKind::Scheme, "", Some(scheme(batches))).expect("scheme");
    walk.try_by(&us, "主任", 1, ActKind::Approve, "", None).expect("approve");
    walk.try_as(&us, 1, ActKind::Order, "", Some(Work::Order { to: "采样组".to_owned() })).expect("order");
}

/// Buys a sample and brings it to the test body.
fn dispatched(walk: &mut Walk, number: u32) -> SampleId {
    let us = centre();
    let id = walk.matter.next_sample();
    walk.try_as(&us, 2, ActKind::Buy, "", Some(buy(id.clone(), number, None))).expect("buy");
    let received =
        Work::Receive {
            sample: id.clone(), condition: "完好".to_owned(), conforms: true, not_as_shown: String::new()
        };
    walk.try_as(&us, 5, ActKind::Receive, "", Some(received)).expect("receive");
    let split = Work::Split { sample: id.clone(), test: 2, spare: 1, seals: vec!["F1".to_owned()] };
    walk.try_as(&us, 5, ActKind::Split, "", Some(split)).expect("split");
    if walk.matter.commissions.is_empty() {
        let body = Work::Commission { body: "检测院".to_owned() };
        walk.try_as(&us, 5, ActKind::Commission, "", Some(body)).expect("commission");
    }
    let sent = Work::Dispatch { sample: id.clone(), body: "检测院".to_owned() };
    walk.try_as(&us, 6, ActKind::Dispatch, "", Some(sent)).expect("dispatch");
    id
}

fn told(to: &str, role: Role, asked: Asked) -> Work {
    Work::Address { to: to.to_owned(), role, concern: Concern::Platform, region: None, asked }
}

#[test]
fn a_matter_goes_from_request_to_closing_and_every_count_adds_up() {
    let mut walk = Walk::new();
    let us = centre();
    let lab = party("检测院", Role::TestBody);
    let shop = party("商城", Role::Platform);
    ordered(&mut walk, 2);
    let (first, second) = (dispatched(&mut walk, 1), dispatched(&mut walk, 2));
    walk.try_as(&lab, 20, ActKind::Result, "", Some(result(first, 1, 19, true))).expect("result");
    walk.try_as(&lab, 20, ActKind::Result, "", Some(result(second, 2, 19, false))).expect("result");
    let counts = walk.matter.counts();
    assert!(counts.reconcile() && counts.failed == 1 && counts.at(SampleState::Tested) == 2, "{counts:?}");
    walk.try_as(&us, 21, ActKind::Confirm, "一批不合格", None).expect("confirm");
    walk.try_as(&us, 21, ActKind::Address, "", Some(told("商城", Role::Platform, Asked::Handle))).expect("address");
    assert!(walk.try_as(&us, 22, ActKind::Handle, "", None).expect_err("open").contains("商城未报送处理情况"));
    let of = || "商城".to_owned();
    walk.try_as(&shop, 22, ActKind::Acknowledge, "", Some(Work::Acknowledge { of: of() })).expect("acknowledge");
    let finished = Work::Finish { of: of(), on: Walk::day(25) };
    assert!(walk.try_as(&shop, 25, ActKind::Finish, "", Some(finished.clone())).is_err(), "no measure was taken");
    let measure = Work::Measure { of: of(), measure: MeasureKind::Delist, about: "店1".to_owned() };
    walk.try_as(&shop, 24, ActKind::Measure, "", Some(measure)).expect("measure");
    walk.try_as(&shop, 25, ActKind::Finish, "", Some(finished)).expect("finish");
    walk.try_as(&shop, 26, ActKind::Report, "已下架", Some(Work::Report { of: of() })).expect("report");
    walk.try_as(&us, 27, ActKind::Handle, "", None).expect("handle");
    walk.try_as(&us, 27, ActKind::Close, "", None).expect("close");
    assert_eq!((walk.matter.casework.stage, walk.matter.closed_on), (Stage::Closed, Some(Walk::day(27))));
    assert!(walk.open(200).is_empty(), "nothing is expected of a closed matter");
}

#[test]
fn clause_3_09_a_test_body_that_is_unknown_expired_or_out_of_scope_is_refused() {
    let mut walk = Walk::new();
    ordered(&mut walk, 1);
    for (body, why) in [("某院", "名录中没有"), ("过期院", "有效期"), ("玩具院", "资质范围不含")]
    {
        let work = Some(Work::Commission { body: body.to_owned() });
        let refused = walk.try_as(&centre(), 2, ActKind::Commission, "", work).expect_err(body);
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn clause_3_32_a_scheme_without_scope_mode_deadline_or_staff_is_not_approved() {
    let mut walk = Walk::new();
    let us = centre();
    walk.try_as(&us, 0, ActKind::Sample, "", None).expect("sample");
    let part = Work::Scheme {
        product: Some("充电宝".to_owned()),
        batches: None,
        purpose: None,
        items: Vec::new(),
        platforms: Vec::new(),
        regions: Vec::new(),
        mode: None,
        deadline: None,
        staff: Vec::new(),
    };
    walk.try_as(&us, 0, ActKind::Scheme, "", Some(part)).expect("scheme");
    let refused = walk.try_by(&us, "主任", 0, ActKind::Approve, "", None).expect_err("incomplete");
    assert_eq!(refused, "方案缺少：批次量、检验项目、采样范围、采样方式、时间期限、人员安排。");
    walk.try_as(&us, 0, ActKind::Scheme, "", Some(scheme(2))).expect("scheme");
    assert!(walk.try_as(&us, 0, ActKind::Approve, "", None).expect_err("by its writer").contains("另一人批准"));
    walk.try_by(&us, "主任", 0, ActKind::Approve, "", None).expect("approve");
    walk.try_as(&us, 0, ActKind::Scheme, "", Some(scheme(3))).expect("changed");
    let order = Some(Work::Order { to: "采样组".to_owned() });
    assert!(walk.try_as(&us, 0, ActKind::Order, "", order).expect_err("changed since").contains("尚未批准"));
}

#[test]
fn clause_3_34_a_seller_brand_or_maker_repeats_only_with_a_written_reason() {
    let mut walk = Walk::new();
    ordered(&mut walk, 3);
    dispatched(&mut walk, 1);
    let next = walk.matter.next_sample();
    let Work::Buy { sample, platform, quantity, .. } = buy(next, 2, None) else { panic!("a purchase") };
    let repeat = |seller: &str, brand: &str| Work::Buy {
        sample: sample.clone(),
        platform: platform.clone(),
        item_id: "i9".to_owned(),
        seller: seller.to_owned(),
        brand: brand.to_owned(),
        maker: String::new(),
        region: None,
        price_fen: None,
        quantity,
        replaces: None,
    };
    for (seller, brand) in [("店1", "牌9"), ("店9", "牌1")] {
        let refused = walk.try_as(&centre(), 3, ActKind::Buy, "", Some(repeat(seller, brand))).expect_err("repeats");
        assert!(refused.contains("重复"), "{refused}");
    }
    walk.try_as(&centre(), 3, ActKind::Buy, "只此一家在售", Some(repeat("店1", "牌9"))).expect("with a reason");
    assert_eq!(walk.matter.samples[&sample].exception.as_deref(), Some("只此一家在售"));
}

#[test]
fn clause_3_38_a_sample_that_does_not_conform_goes_back_and_is_bought_anew_once() {
    let mut walk = Walk::new();
    let us = centre();
    ordered(&mut walk, 1);
    let first = walk.matter.next_sample();
    walk.try_as(&us, 2, ActKind::Buy, "", Some(buy(first.clone(), 1, None))).expect("buy");
    let broken = Work::Receive {
        sample: first.clone(),
        condition: "外壳破损".to_owned(),
        conforms: false,
        not_as_shown: String::new(),
    };
    walk.try_as(&us, 3, ActKind::Receive, "", Some(broken)).expect("receive");
    let owed = |walk: &Walk| walk.open(3).into_iter().any(|duty| duty.owed == Owed::Replace(first.clone()));
    assert!(owed(&walk));
    let back = || Some(Work::SendBack { sample: first.clone() });
    assert!(walk.try_as(&us, 4, ActKind::SendBack, "", back()).is_err(), "needs a reason");
    walk.try_as(&us, 4, ActKind::SendBack, "破损", back()).expect("sent back");
    let second = walk.matter.next_sample();
    walk.try_as(&us, 5, ActKind::Buy, "", Some(buy(second, 2, Some(first.clone())))).expect("bought anew");
    let third = walk.matter.next_sample();
    let again = walk.try_as(&us, 5, ActKind::Buy, "", Some(buy(third, 3, Some(first.clone()))));
    assert!(again.expect_err("twice").contains("已补样"));
    let counts = walk.matter.counts();
    assert!(counts.reconcile() && !owed(&walk), "{counts:?}");
    assert_eq!((counts.bought, counts.replaced, counts.to_replace), (2, 1, 0));
}

#[test]
fn clause_3_40_a_sample_that_cannot_be_tested_says_why_and_proves_nothing() {
    let mut walk = Walk::new();
    let lab = party("检测院", Role::TestBody);
    ordered(&mut walk, 1);
    let id = dispatched(&mut walk, 1);
    let proof = |proof: &str| Some(Work::NotTestable { sample: id.clone(), proof: proof.to_owned() });
    let refused = walk.try_as(&centre(), 7, ActKind::Confirm, "看着像", None).expect_err("nothing was tested");
    assert!(refused.contains("尚无检验结果"), "{refused}");
    assert!(walk.try_as(&lab, 8, ActKind::NotTestable, "样品受潮", proof("")).is_err());
    assert!(walk.try_as(&lab, 8, ActKind::NotTestable, "", proof("照片3张")).is_err());
    walk.try_as(&lab, 8, ActKind::NotTestable, "样品受潮", proof("照片3张")).expect("not testable");
    assert_eq!(walk.matter.samples[&id].not_testable.as_deref(), Some("样品受潮（证明材料：照片3张）"));
    assert!(walk.matter.is_unverified());
    walk.try_as(&centre(), 9, ActKind::Confirm, "别处已有检验报告", None).expect("a person decides, with a reason");
    assert!(walk.matter.is_unverified(), "what was decided without a test stays so");
}

#[test]
fn clause_3_42_a_result_is_corrected_by_two_persons_and_the_old_one_stays() {
    let mut walk = Walk::new();
    let lab = party("检测院", Role::TestBody);
    ordered(&mut walk, 1);
    let id = dispatched(&mut walk, 1);
    walk.try_as(&lab, 20, ActKind::Result, "", Some(result(id.clone(), 1, 19, true))).expect("first");
    let corrected = |second: &str| {
        let mut work = result(id.clone(), 1, 20, false);
        if let Work::Result { confirmed_by, .. } = &mut work {
            second.clone_into(confirmed_by);
        }
        Some(work)
    };
    for (note, second) in [("算错", ""), ("算错", "检测院"), ("", "李工")] {
        assert!(walk.try_as(&lab, 21, ActKind::Result, note, corrected(second)).is_err(), "{note} {second}");
    }
    walk.try_as(&lab, 21, ActKind::Result, "算错", corrected("李工")).expect("corrected");
    let kept = &walk.matter.samples[&id].results;
    assert_eq!((kept.len(), kept[0].conforms, kept[1].conforms), (2, false, true));
    assert_eq!((kept[1].why.as_deref(), kept[1].confirmed_by.as_deref()), (Some("算错"), Some("李工")));
}

#[test]
fn clause_3_43_a_result_of_another_item_than_was_bought_is_refused() {
    let mut walk = Walk::new();
    let lab = party("检测院", Role::TestBody);
    ordered(&mut walk, 1);
    let id = dispatched(&mut walk, 1);
    let refused = walk.try_as(&lab, 20, ActKind::Result, "", Some(result(id.clone(), 7, 19, true))).expect_err("other");
    assert!(refused.contains("i7") && refused.contains("i1"), "{refused}");
    let stranger = party("别的院", Role::TestBody);
    let refused = walk.try_as(&stranger, 20, ActKind::Result, "", Some(result(id, 1, 19, true))).expect_err("not sent");
    assert_eq!(
        refused, "没有样品sr-20260302-battery_charger-fire-1.01。",
        "what was not sent to it is not there for it"
    );
}

#[test]
fn clause_3_44_a_result_entered_late_stays_late() {
    let mut walk = Walk::new();
    let lab = party("检测院", Role::TestBody);
    ordered(&mut walk, 1);
    let id = dispatched(&mut walk, 1);
    walk.try_as(&lab, 25, ActKind::Result, "", Some(result(id.clone(), 1, 19, true))).expect("result");
    let duties = walk.matter.duties(&Handling::shipped());
    let entry = duties.iter().find(|duty| duty.owed == Owed::Enter(id.clone())).expect("a clock");
    assert_eq!((entry.owner.clone(), entry.days_late(Walk::day(90))), (Owner::Unit("检测院".to_owned()), 2));
    assert!(!entry.is_overdue(Walk::day(90)), "it was done");
}

#[test]
fn clause_3_13_and_3_48_a_recipient_that_does_not_answer_is_overdue_from_the_day_after() {
    let mut walk = Walk::new();
    let us = centre();
    let shop = party("商城", Role::Platform);
    walk.try_as(&us, 0, ActKind::Notify, "", None).expect("notify");
    let owes = |walk: &Walk, days, owed: &Owed| {
        walk.open(days).into_iter().find(|duty| duty.owed == *owed).map(|duty| duty.is_overdue(Walk::day(days)))
    };
    assert_eq!(owes(&walk, 2, &Owed::Address), Some(false), "nobody was told yet");
    walk.try_as(&us, 0, ActKind::Address, "", Some(told("商城", Role::Platform, Asked::Handle))).expect("address");
    // Ten working days from Monday 2 March: Monday 16 March.
    assert_eq!((owes(&walk, 14, &Owed::Handle), owes(&walk, 15, &Owed::Handle)), (Some(false), Some(true)));
    let finish = Some(Work::Finish { of: "商城".to_owned(), on: Walk::day(15) });
    walk.try_as(&shop, 15, ActKind::Finish, "无货可处理", finish).expect("finish");
    assert_eq!((owes(&walk, 20, &Owed::Report), owes(&walk, 21, &Owed::Report)), (Some(false), Some(true)));
    let refused = walk.try_as(&us, 21, ActKind::Close, "", None).expect_err("open");
    assert!(refused.contains("商城未报送处理情况"), "{refused}");
    walk.try_as(&us, 21, ActKind::Close, "平台已停业", None).expect("with a written reason");
}

#[test]
fn clause_3_49_an_authority_that_closed_its_case_reports_within_five_days() {
    let mut walk = Walk::new();
    let us = centre();
    let office = party("市监局", Role::Supervision);
    walk.try_as(&us, 0, ActKind::Notify, "", None).expect("notify");
    walk.try_as(&us, 0, ActKind::Address, "", Some(told("市监局", Role::Supervision, Asked::Inspect)))
        .expect("address");
    let (of, number) = (|| "市监局".to_owned(), || "浙市监案〔2026〕1号".to_owned());
    walk.try_as(&office, 3, ActKind::FileCase, "", Some(Work::FileCase { of: of(), number: number() })).expect("case");
    let end = Work::EndCase { of: of(), number: number(), on: Walk::day(30) };
    walk.try_as(&office, 31, ActKind::EndCase, "", Some(end)).expect("closed");
    let owed = Owed::CaseReport(number());
    let overdue = |walk: &Walk, days| {
        walk.open(days).iter().find(|duty| duty.owed == owed).map(|duty| duty.is_overdue(Walk::day(days)))
    };
    assert_eq!((overdue(&walk, 35), overdue(&walk, 36)), (Some(false), Some(true)));
    walk.try_as(&office, 36, ActKind::Report, "罚款", Some(Work::Report { of: of() })).expect("report");
    assert_eq!(overdue(&walk, 36), None);
}

#[test]
fn an_objection_within_its_days_leads_to_a_second_test_of_the_spare_sample() {
    let mut walk = Walk::new();
    let (us, lab, firm) = (centre(), party("检测院", Role::TestBody), party("店1", Role::Firm));
    ordered(&mut walk, 1);
    let id = dispatched(&mut walk, 1);
    walk.try_as(&lab, 20, ActKind::Result, "", Some(result(id.clone(), 1, 19, true))).expect("result");
    let again = || {
        let mut work = result(id.clone(), 1, 40, false);
        if let Work::Result { again, .. } = &mut work {
            *again = true;
        }
        Some(work)
    };
    assert!(walk.try_as(&lab, 40, ActKind::Result, "", again()).is_err(), "nobody objected");
    let object = || Some(Work::Object { of: "店1".to_owned(), sample: id.clone() });
    assert!(walk.try_as(&firm, 21, ActKind::Object, "送检样不是我厂的", object()).is_err(), "it was not told");
    walk.try_as(&us, 21, ActKind::Address, "", Some(told("店1", Role::Firm, Asked::Handle))).expect("address");
    walk.try_as(&firm, 24, ActKind::Object, "送检样不是我厂的", object()).expect("object");
    let answer = Work::AnswerObjection { to: "店1".to_owned(), sample: id.clone(), upheld: true };
    walk.try_as(&us, 30, ActKind::AnswerObjection, "同意复检", Some(answer)).expect("answer");
    walk.try_as(&lab, 40, ActKind::Result, "", again()).expect("tested again");
    assert_eq!(walk.matter.counts().failed, 0, "the second test counts");
}

#[test]
fn nobody_acts_in_the_name_of_another_unit() {
    let mut walk = Walk::new();
    let us = centre();
    walk.try_as(&us, 0, ActKind::Notify, "", None).expect("notify");
    for shop in ["商城", "集市"] {
        walk.try_as(&us, 0, ActKind::Address, "", Some(told(shop, Role::Platform, Asked::Know))).expect("address");
    }
    let of = Some(Work::Acknowledge { of: "集市".to_owned() });
    let shop = party("商城", Role::Platform);
    assert!(walk.try_as(&shop, 1, ActKind::Acknowledge, "", of.clone()).expect_err("another").contains("名义"));
    walk.try_as(&us, 1, ActKind::Acknowledge, "电话确认", of).expect("the centre writes down what it heard");
}

/// How many random walks: 100,000 take about a minute on one core.
const WALKS: u64 = 100_000;
/// Acts tried in each.
const STEPS: u64 = 50;

/// Parties of all roles try acts at random, right ones and wrong ones.
#[test]
fn random_walks_of_all_roles_reach_no_state_that_does_not_add_up() {
    let parties = [
        centre(),
        party("市监局", Role::Supervision),
        party("检测院", Role::TestBody),
        party("商城", Role::Platform),
        party("某厂", Role::Firm),
        party("路人", Role::Public),
    ];
    let (handling, bodies, known) = (Handling::shipped(), bodies(), BTreeMap::new());
    let mut reached: BTreeSet<ActKind> = BTreeSet::new();
    let mut stages: BTreeSet<Stage> = BTreeSet::new();
    for seed in 0..WALKS {
        let mut draws = Draw::at(seed, 0);
        let (mut matter, mut acts, mut bought) = (matter(), Vec::new(), 0_u64);
        let mut days = 0;
        // Two of three walks begin where samples may be bought.
        if seed % 3 > 0 {
            let mut walk = Walk::new();
            ordered(&mut walk, 3);
            if seed % 3 == 1 {
                let us = &parties[0];
                walk.try_as(us, 1, ActKind::Scheme, "", Some(scheme_by(3, DrawMode::Random))).expect("scheme");
                walk.try_by(us, "主任", 1, ActKind::Approve, "", None).expect("approve");
                walk.try_as(us, 1, ActKind::Order, "", Some(Work::Order { to: "采样组".to_owned() })).expect("order");
            }
            let body = Some(Work::Commission { body: "检测院".to_owned() });
            walk.try_as(&parties[0], 1, ActKind::Commission, "", body).expect("commission");
            (matter, acts, days) = (walk.matter, walk.acts, 2);
        }
        for _ in 0..STEPS {
            days += i64::try_from(draws.below(4)).expect("small");
            let who = &parties[pick(&mut draws, &[8, 2, 2, 2, 2, 1])];
            let (kind, work, note) = try_something(&mut draws, &matter, days);
            let mut act = act(Walk::day(days), &who.name, kind, note, work);
            if kind == ActKind::Approve && draws.below(2) == 0 {
                "主任".clone_into(&mut act.by);
            }
            act.to = (kind == ActKind::Assign).then(|| "甲".to_owned());
            act.until = (kind == ActKind::Mute).then(|| Walk::day(days + 3));
            let around = Around {
                party: Some(who),
                category: Category::BatteryCharger,
                bodies: &bodies,
                parties: &known,
                results_known: false,
            };
            if matter.check(&act, around).is_err() {
                continue;
            }
            assert!(may(who.role, kind) && who.role != Role::Public, "seed {seed}: {:?} did {kind:?}", who.role);
            if let Some(of) = act.work.as_ref().and_then(|work| work.of()) {
                assert!(who.role == Role::Centre || of == who.name, "seed {seed}: {} acted for {of}", who.name);
            }
            bought += u64::from(kind == ActKind::Buy);
            matter.take(&act);
            acts.push(act);
            reached.insert(kind);
            stages.insert(matter.casework.stage);
            let counts = matter.counts();
            assert!(counts.reconcile() && counts.bought == bought, "seed {seed}: {counts:?} of {bought}");
            for (id, sample) in &matter.samples {
                assert_eq!(*id, sample.id);
                assert_eq!(sample.state == SampleState::Tested, !sample.results.is_empty(), "seed {seed}: {id}");
            }
        }
        for duty in matter.duties(&handling) {
            assert!(
                matches!(&duty.owner, Owner::Centre) || matches!(&duty.owner, Owner::Unit(name) if !name.is_empty())
            );
            assert!(!matter.is_at_rest() || duty.done_on.is_some(), "seed {seed}: {duty:?} at rest");
        }
        // Written down and read back, the acts add up to the same, to the byte.
        if seed % 50 == 0 {
            let lines: Vec<String> = acts.iter().map(|act| serde_json::to_string(act).expect("json")).collect();
            let read: Vec<Act> = lines.iter().map(|line| serde_json::from_str(line).expect("an act")).collect();
            let again = Matter::of(matter.id.clone(), DAY, None, &read);
            let bytes = |matter: &Matter| serde_json::to_string(matter).expect("json");
            assert_eq!(bytes(&again), bytes(&matter), "seed {seed}");
        }
    }
    let missed: Vec<&str> =
        ActKind::ALL.iter().filter(|kind| !reached.contains(kind)).map(|kind| kind.code()).collect();
    assert!(missed.is_empty(), "the walks never did {missed:?}");
    assert_eq!(stages.len(), Stage::ALL.len(), "{stages:?}");
}

fn pick(draws: &mut Draw, weights: &[usize]) -> usize {
    let mut left = draws.below(weights.iter().sum());
    for (at, weight) in weights.iter().enumerate() {
        if left < *weight {
            return at;
        }
        left -= weight;
    }
    0
}

/// An act that often makes sense now, and often does not.
fn try_something(draws: &mut Draw, matter: &Matter, days: i64) -> (ActKind, Option<Work>, &'static str) {
    let note = if draws.below(3) == 0 { "" } else { "因为" };
    if matter.is_at_rest() && draws.below(2) == 0 {
        return (ActKind::Reopen, None, "因为");
    }
    // Half of the time what the way of a sample asks for next.
    let samples: Vec<_> = matter.samples.values().collect();
    if samples.is_empty() && draws.below(2) == 0 {
        let number = u32::try_from(days).expect("small");
        return (ActKind::Buy, Some(buy(matter.next_sample(), number, None)), note);
    }
    if !samples.is_empty() && draws.below(2) == 0 {
        let at = draws.below(samples.len());
        let sample = samples[at];
        let id = sample.id.clone();
        let number = sample.item.item_id.trim_start_matches('i').parse().expect("a number");
        let work = match sample.state {
            SampleState::Bought => Work::Receive {
                sample: id,
                condition: "完好".to_owned(),
                conforms: draws.below(4) > 0,
                not_as_shown: String::new(),
            },
            SampleState::Rejected => Work::SendBack { sample: id },
            SampleState::SentBack => buy(matter.next_sample(), number + 50, Some(id)),
            SampleState::Stored => Work::Split { sample: id, test: 2, spare: 1, seals: vec!["F".to_owned()] },
            SampleState::Split => Work::Dispatch { sample: id, body: "检测院".to_owned() },
            SampleState::Dispatched | SampleState::Tested if draws.below(8) == 0 => {
                Work::NotTestable { sample: id, proof: "照片".to_owned() }
            }
            SampleState::Tested if draws.below(2) == 0 => Work::Object { of: "某厂".to_owned(), sample: id },
            SampleState::Tested if draws.below(2) == 0 => {
                Work::AnswerObjection { to: "某厂".to_owned(), sample: id, upheld: true }
            }
            _ => {
                let mut work = result(id, number, days, draws.below(2) == 0);
                if let Work::Result { again, confirmed_by, .. } = &mut work {
                    *again = sample.results.len() == 1 && draws.below(2) == 0;
                    "李工".clone_into(confirmed_by);
                }
                work
            }
        };
        return (work.kind(), Some(work), note);
    }
    let kinds = ActKind::ALL;
    let kind = kinds[draws.below(kinds.len())];
    let of = || ["市监局", "商城", "某厂"][usize::try_from(days % 3).expect("small")].to_owned();
    let any = SampleId::new(format!("sr-20260302-battery_charger-fire-1.{:02}", 1 + days % 3));
    let digest = "ab".repeat(32);
    let on = Walk::day(days);
    let work = match kind {
        ActKind::Scheme => scheme_by(3, DrawMode::ALL[draws.below(2)]),
        ActKind::Order => Work::Order { to: "采样组".to_owned() },
        ActKind::CommitSeed => Work::CommitSeed { digest },
        ActKind::Draw => Work::Draw {
            seed: digest.clone(),
            frame: digest,
            offers: 9,
            strata: Vec::new(),
            chosen: vec![vocabulary::ItemRef { platform: "商城".to_owned(), item_id: "i1".to_owned() }],
            repeats: String::new(),
        },
        ActKind::Commission => {
            Work::Commission { body: ["检测院", "过期院"][usize::try_from(days % 2).expect("small")].to_owned() }
        }
        ActKind::Buy => buy(matter.next_sample(), u32::try_from(days).expect("small"), None),
        ActKind::Receive => {
            Work::Receive { sample: any, condition: String::new(), conforms: true, not_as_shown: String::new() }
        }
        ActKind::SendBack => Work::SendBack { sample: any },
        ActKind::Split => Work::Split { sample: any, test: 9, spare: 9, seals: Vec::new() },
        ActKind::Dispatch => Work::Dispatch { sample: any, body: "过期院".to_owned() },
        ActKind::Result => result(any, 1, days, true),
        ActKind::NotTestable => Work::NotTestable { sample: any, proof: String::new() },
        ActKind::Address => {
            let role = [Role::Supervision, Role::Platform, Role::Firm][usize::try_from(days % 3).expect("small")];
            let asked = Asked::ALL[draws.below(4)];
            Work::Address { to: of(), role, concern: Concern::Seller, region: None, asked }
        }
        ActKind::Acknowledge => Work::Acknowledge { of: of() },
        ActKind::Measure => Work::Measure { of: of(), measure: MeasureKind::Delist, about: "店1".to_owned() },
        ActKind::Finish => Work::Finish { of: of(), on },
        ActKind::Report => Work::Report { of: of() },
        ActKind::FileCase => Work::FileCase { of: "市监局".to_owned(), number: "1号".to_owned() },
        ActKind::EndCase => Work::EndCase { of: "市监局".to_owned(), number: "1号".to_owned(), on },
        ActKind::Object => Work::Object { of: of(), sample: any },
        ActKind::AnswerObjection => Work::AnswerObjection { to: of(), sample: any, upheld: true },
        ActKind::OrderCorrection => Work::OrderCorrection { of: "市监局".to_owned(), firm: "某厂".to_owned(), on },
        ActKind::Reinspect => {
            Work::Reinspect {
                of: "市监局".to_owned(), firm: "某厂".to_owned(), on, corrected: draws.below(2) == 0
            }
        }
        _ => return (kind, None, note),
    };
    (kind, Some(work), note)
}

fn alert(brand: Option<&str>, region: Option<u32>) -> Alert {
    let region = region.map(|code| code.to_string());
    let alert = serde_json::json!({
        "id": "wl-20260302-battery_charger-fire-1", "state": "open", "opened_on": "2026-03-02",
        "changed_on": "2026-03-02", "last_active_on": "2026-03-02", "lexicon": "lex", "evidence": [], "evidence_total": 0,
        "assessment": {
            "as_of": "2026-03-02", "category": "battery_charger", "hazard": "fire", "brand": brand, "region": region,
            "danger": "high", "spread": "isolated", "disposal": "sample", "rank_score": 1.0,
            "counts": {"reports": 4, "texts": 4, "actors": 4, "places": 1}, "window_days": 7,
            "detector": {"method": "m", "h": 4.0, "h_threshold": 3.0, "windows": [], "baseline_events": 0,
                         "baseline_weeks": 104.0, "prior": [0.5, 10.0]},
            "danger_terms": {"severity": 3, "severity_stated": 0, "vulnerable": false, "probability_row": null,
                             "range": ["medium", "serious"]},
            "spread_terms": {"brands": 1, "effective_brands": 1.0, "top_brand": null, "unknown_brand_share": 0.0,
                             "provinces": 0, "effective_provinces": 0.0, "top_province": null, "top_province_share": 0.0,
                             "unknown_region_share": 1.0, "p_without_top_brand": null, "p_without_top_province": null,
                             "company_wide": false, "provisional": false, "rule": "isolated"},
            "disposal_rule": "sample.spread", "explanation": "…", "criteria": "test", "documents": [],
        },
    });
    serde_json::from_value(alert).expect("an alert")
}

#[test]
fn clause_3_47_the_authority_of_the_sellers_place_is_told_and_an_unknown_place_waits_for_a_person() {
    let mut walk = Walk::new();
    ordered(&mut walk, 2);
    let (first, second) = (dispatched(&mut walk, 1), dispatched(&mut walk, 2));
    let lab = party("检测院", Role::TestBody);
    for (sample, number) in [(&first, 1), (&second, 2)] {
        walk.try_as(&lab, 20, ActKind::Result, "", Some(result(sample.clone(), number, 19, true))).expect("result");
    }
    walk.matter.samples.get_mut(&first).expect("a sample").region = Some("330106".parse().expect("a code"));
    let with = |mut party: Party, change: fn(&mut Concerns)| {
        change(&mut party.concerns);
        party
    };
    let parties = [
        with(party("浙江省局", Role::Supervision), |own| own.regions.extend("330000".parse::<RegionCode>())),
        with(party("杭州市局", Role::Supervision), |own| own.regions.extend("330100".parse::<RegionCode>())),
        with(party("商城公司", Role::Platform), |own| own.platforms.extend(["商城".to_owned()])),
        with(party("牌一公司", Role::Firm), |own| own.brands.extend(["牌1".to_owned()])),
    ];
    let whom = walk.matter.whom_to_tell(&alert(Some("牌1"), Some(440_000)), &parties);
    let proposed: Vec<(&str, Asked)> = whom.proposed.iter().map(|one| (one.unit.as_str(), one.asked)).collect();
    assert_eq!(
        proposed,
        [("商城公司", Asked::Handle), ("牌一公司", Asked::Handle), ("杭州市局", Asked::Inspect)],
        "the smallest place around the seller's, not that of the reports"
    );
    let unknown = whom.unknown.join(" ");
    for part in ["卖家“店1”", "卖家“店2”", "品牌或企业“牌2”", "1件不合格样品的卖家所在地不明"]
    {
        assert!(unknown.contains(part), "{part}: {unknown}");
    }
    let owed = |walk: &Walk| walk.open(21).into_iter().any(|duty| duty.owed == Owed::Refer);
    assert!(owed(&walk), "what failed is to be told to an authority");
    walk.try_as(&centre(), 21, ActKind::Address, "", Some(told("杭州市局", Role::Supervision, Asked::Inspect)))
        .expect("told");
    assert!(!owed(&walk));
    let whom = walk.matter.whom_to_tell(&alert(None, None), &parties);
    assert!(whom.proposed.iter().all(|one| one.unit != "杭州市局"), "it was told: {:?}", whom.proposed);
}

#[test]
fn clause_3_30_before_any_test_the_units_of_the_place_are_to_know_of_it() {
    let with = |mut party: Party, code: &str| {
        party.concerns.regions.extend(code.parse::<RegionCode>());
        party
    };
    let parties =
        [with(party("广东省局", Role::Supervision), "440000"), with(party("浙江省局", Role::Supervision), "330000")];
    let whom = matter().whom_to_tell(&alert(None, Some(440_300)), &parties);
    let proposed: Vec<(&str, Asked)> = whom.proposed.iter().map(|one| (one.unit.as_str(), one.asked)).collect();
    assert_eq!(proposed, [("广东省局", Asked::Know)]);
    let whom = matter().whom_to_tell(&alert(Some("甲牌"), Some(510_000)), &parties);
    assert_eq!(whom.unknown, ["品牌或企业“甲牌”没有登记单位", "510000 没有登记监管部门"]);
}

#[test]
fn a_unit_is_told_in_the_role_in_which_it_is_known() {
    let mut walk = Walk::new();
    walk.parties.insert("商城".to_owned(), party("商城", Role::Platform));
    walk.try_as(&centre(), 0, ActKind::Notify, "", None).expect("notify");
    let refused =
        walk.try_as(&centre(), 0, ActKind::Address, "", Some(told("商城", Role::Supervision, Asked::Inspect)));
    assert_eq!(refused.expect_err("another role"), "“商城”登记为电商平台，不是监管部门。");
}

#[test]
fn clause_2_11_what_failed_leads_to_other_goods_of_its_maker_and_its_seller() {
    let mut walk = Walk::new();
    ordered(&mut walk, 1);
    let id = dispatched(&mut walk, 1);
    let lab = party("检测院", Role::TestBody);
    let listing = |item: &str, seller: &str, brand: Option<&str>| Listing {
        item_id: item.to_owned(),
        platform: "商城".to_owned(),
        seller: seller.to_owned(),
        brand: brand.map(str::to_owned),
        category: Category::BatteryCharger,
        title: "充电宝".to_owned(),
        sold: 1,
        url: None,
        digest: None,
    };
    let listings = [
        listing("i1", "店1", Some("牌1")),
        listing("i2", "店2", Some("牌1")),
        listing("i3", "店1", Some("牌3")),
        listing("i4", "店4", None),
    ];
    assert!(walk.matter.siblings(&listings).is_empty(), "nothing failed yet");
    walk.try_as(&lab, 20, ActKind::Result, "", Some(result(id, 1, 19, true))).expect("result");
    let found: Vec<(&str, Concern)> =
        walk.matter.siblings(&listings).iter().map(|one| (one.listing.item_id.as_str(), one.shares)).collect();
    assert_eq!(found, [("i2", Concern::Maker), ("i3", Concern::Seller)]);
}

#[test]
fn clause_3_30_to_tell_a_unit_is_to_notify() {
    let mut walk = Walk::new();
    walk.try_as(&centre(), 0, ActKind::Address, "", Some(told("商城", Role::Platform, Asked::Know))).expect("told");
    assert_eq!(walk.matter.casework.stage, Stage::Notified);
}

#[test]
fn clause_1_14_a_scheme_of_other_batches_says_what_these_can_find() {
    let mut walk = Walk::new();
    ordered(&mut walk, 14);
    let purpose = |walk: &Walk| walk.matter.scheme.as_ref().expect("a scheme").purpose.clone();
    assert_eq!(purpose(&walk), "试", "a reason that was given is kept");
    let fewer = Work::Scheme {
        product: None,
        batches: Some(6),
        purpose: None,
        items: Vec::new(),
        platforms: Vec::new(),
        regions: Vec::new(),
        mode: None,
        deadline: None,
        staff: Vec::new(),
    };
    walk.try_as(&centre(), 2, ActKind::Scheme, "", Some(fewer)).expect("changed");
    assert_eq!(purpose(&walk), "6批可在真实不合格率为39.3%时以95%的概率至少检出一批");
}

#[test]
fn clause_3_35_a_unit_sees_of_what_it_was_told_its_own_goods_and_nothing_that_came_later() {
    let mut walk = Walk::new();
    let (us, lab) = (centre(), party("检测院", Role::TestBody));
    ordered(&mut walk, 3);
    let ids: Vec<SampleId> = (1..=3).map(|number| dispatched(&mut walk, number)).collect();
    let enter = |walk: &mut Walk, at: usize| {
        let number = u32::try_from(at + 1).expect("small");
        walk.try_as(&lab, 20, ActKind::Result, "", Some(result(ids[at].clone(), number, 19, true))).expect("result");
    };
    enter(&mut walk, 0);
    enter(&mut walk, 1);
    for (unit, role) in [("店1", Role::Firm), ("商城", Role::Platform)] {
        walk.try_as(&us, 21, ActKind::Address, "", Some(told(unit, role, Asked::Handle))).expect("address");
    }
    enter(&mut walk, 2);
    let sees = |name: &str, role| {
        let part = walk.matter.part_of(&party(name, role), &Handling::shipped());
        part.results.into_iter().map(|told| told.sample).collect::<Vec<_>>()
    };
    assert_eq!(sees("店1", Role::Firm), ids[..1], "its own goods alone");
    let own = walk.matter.part_of(&party("店1", Role::Firm), &Handling::shipped()).own.expect("told");
    assert_eq!(own.told_results.into_iter().collect::<Vec<_>>(), ids[..1], "nor what else was tested");
    assert_eq!(sees("商城", Role::Platform), ids[..2], "what was tested when it was told");
    // A refusal says nothing of what is not its own: the sample is not there, whatever became of it.
    let firm = party("店1", Role::Firm);
    for id in [&ids[1], &ids[2], &SampleId::from("sr-20260302-battery_charger-fire-1.09")] {
        let object = Some(Work::Object { of: "店1".to_owned(), sample: id.clone() });
        let refused = walk.try_as(&firm, 22, ActKind::Object, "不是我的", object).expect_err("not its own");
        assert_eq!(refused, format!("没有样品{id}。"));
    }
}

#[test]
fn telling_a_unit_again_asks_for_more_and_loses_nothing() {
    let mut walk = Walk::new();
    let us = centre();
    let office = party("市监局", Role::Supervision);
    let told = |asked| Some(told("市监局", Role::Supervision, asked));
    walk.try_as(&us, 0, ActKind::Address, "", told(Asked::Inspect)).expect("told");
    for (who, asked) in [(&us, Asked::Know), (&us, Asked::Inspect), (&office, Asked::Know)] {
        assert!(walk.try_as(who, 1, ActKind::Address, "", told(asked)).is_err(), "{asked:?}");
    }
    let of = || "市监局".to_owned();
    let finished = Work::Finish { of: of(), on: Walk::day(3) };
    walk.try_as(&office, 3, ActKind::Finish, "", Some(finished)).expect("finish");
    walk.try_as(&office, 4, ActKind::Report, "已查", Some(Work::Report { of: of() })).expect("report");
    walk.try_as(&us, 5, ActKind::Address, "", told(Asked::Inspect)).expect("again, once it is done");
    let before: Vec<_> = walk.matter.told_before.iter().map(|told| (told.addressed_on, told.reported_on)).collect();
    assert_eq!(before, [(DAY, Some(Walk::day(4)))]);
}

#[test]
fn clause_3_49_a_case_that_is_closed_after_the_report_is_reported_again() {
    let mut walk = Walk::new();
    let (us, office) = (centre(), party("市监局", Role::Supervision));
    walk.try_as(&us, 0, ActKind::Address, "", Some(told("市监局", Role::Supervision, Asked::Inspect))).expect("told");
    let of = || "市监局".to_owned();
    let number = || "1号".to_owned();
    let file = Work::FileCase { of: of(), number: number() };
    walk.try_as(&office, 1, ActKind::FileCase, "", Some(file)).expect("case");
    let finish = Work::Finish { of: of(), on: Walk::day(2) };
    walk.try_as(&office, 2, ActKind::Finish, "", Some(finish)).expect("finish");
    let report = || Some(Work::Report { of: of() });
    walk.try_as(&office, 3, ActKind::Report, "已查", report()).expect("report");
    assert!(walk.try_as(&office, 4, ActKind::Report, "已查", report()).expect_err("twice").contains("已报送"));
    let end = Work::EndCase { of: of(), number: number(), on: Walk::day(30) };
    walk.try_as(&office, 30, ActKind::EndCase, "", Some(end)).expect("closed");
    walk.try_as(&office, 33, ActKind::Report, "罚款", report()).expect("reported again");
    let late: Vec<Duty> = walk.open(90);
    assert!(late.is_empty(), "{late:?}");
}

#[test]
fn a_second_test_needs_an_objection_of_its_own_and_a_correction_of_the_first_does_not_undo_it() {
    let mut walk = Walk::new();
    let (us, lab, firm) = (centre(), party("检测院", Role::TestBody), party("店1", Role::Firm));
    ordered(&mut walk, 1);
    let id = dispatched(&mut walk, 1);
    walk.try_as(&lab, 20, ActKind::Result, "", Some(result(id.clone(), 1, 19, true))).expect("first");
    walk.try_as(&us, 21, ActKind::Address, "", Some(told("店1", Role::Firm, Asked::Handle))).expect("told");
    let object = Some(Work::Object { of: "店1".to_owned(), sample: id.clone() });
    walk.try_as(&firm, 22, ActKind::Object, "异议", object).expect("object");
    let answer = Work::AnswerObjection { to: "店1".to_owned(), sample: id.clone(), upheld: true };
    walk.try_as(&us, 23, ActKind::AnswerObjection, "同意", Some(answer)).expect("answer");
    let report = |number: &str, fails, of_second, second: &str| {
        let mut work = result(id.clone(), 1, 30, fails);
        if let Work::Result { report, again, confirmed_by, .. } = &mut work {
            number.clone_into(report);
            *again = of_second;
            second.clone_into(confirmed_by);
        }
        Some(work)
    };
    walk.try_as(&lab, 30, ActKind::Result, "", report("R-2", false, true, "")).expect("tested again");
    assert!(walk.try_as(&lab, 31, ActKind::Result, "", report("R-3", true, true, "")).is_err(), "once");
    let fails = |walk: &Walk| walk.matter.counts().failed;
    assert_eq!(fails(&walk), 0);
    walk.try_as(&lab, 32, ActKind::Result, "笔误", report("R-1", true, false, "李工")).expect("the first is corrected");
    assert_eq!(fails(&walk), 0, "the second test counts still");
    walk.try_as(&lab, 33, ActKind::Result, "笔误", report("R-2", true, false, "李工"))
        .expect("the second is corrected");
    assert_eq!(fails(&walk), 1);
}
