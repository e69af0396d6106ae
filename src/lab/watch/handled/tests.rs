//! Four matters whose counts and days can be counted by hand.

use jiff::civil::date;

use super::*;
use vocabulary::{Asked, Concern, MeasureKind, SampleId, VerdictBasis, Work, start_of_day};

/// A day of March 2026: the 2nd is a Monday, and no holiday is near.
fn march(day: i8) -> Date {
    date(2026, 3, day)
}

fn act(day: i8, kind: ActKind, work: Option<Work>) -> Act {
    Act {
        alert_id: "wl-1".into(),
        at: start_of_day(march(day)),
        by: "王".to_owned(),
        party: "中心".to_owned(),
        kind,
        note: "说明".to_owned(),
        to: None,
        until: None,
        work: work.map(Box::new),
        key: None,
    }
}

fn plain(day: i8, kind: ActKind) -> Act {
    act(day, kind, None)
}

fn working(day: i8, work: Work) -> Act {
    act(day, work.kind(), Some(work))
}

fn address(day: i8, to: &str, role: Role) -> Act {
    let (to, concern) = (to.to_owned(), if role == Role::Firm { Concern::Maker } else { Concern::Platform });
    working(day, Work::Address { to, role, concern, region: None, asked: Asked::Handle })
}

fn matter(opened: i8, request: Option<&SamplingRequest>, acts: &[Act]) -> Handled {
    let mut matter = Handled::new("wl-1".into(), march(opened), request);
    for act in acts {
        matter.take(act);
    }
    matter
}

/// From the alert over a sample that failed to a platform that reported a day late, and the end.
fn closed() -> Handled {
    let request: SamplingRequest = serde_json::from_value(serde_json::json!({
        "id": "sr-1", "alert_id": "wl-1", "created_on": march(2), "category": "battery_charger", "product": "充电宝", "brand": null,
        "hazard": "fire", "batches": 1, "batches_reason": "", "items": [], "platforms": ["商城"], "mode": "", "sellers": [],
        "deadline": march(31), "staff": "", "gaps": [], "criteria": "c",
    }))
    .expect("a request");
    let sample = || SampleId::from("sr-1.01");
    let (platform, item_id) = ("商城".to_owned(), "i1".to_owned());
    let bought = Work::Buy {
        sample: sample(),
        platform: platform.clone(),
        item_id: item_id.clone(),
        seller: "店1".to_owned(),
        brand: String::new(),
        maker: String::new(),
        region: None,
        price_fen: None,
        quantity: 3,
        replaces: None,
    };
    let failed = Work::Result {
        sample: sample(),
        platform: platform.clone(),
        item_id,
        report: "R-1".to_owned(),
        tested_on: march(9),
        items: Vec::new(),
        basis: VerdictBasis::Standard,
        conforms: false,
        again: false,
        confirmed_by: String::new(),
    };
    let of = || platform.clone();
    let acts = [
        plain(3, ActKind::Review),
        plain(3, ActKind::Sample),
        plain(4, ActKind::Approve),
        working(4, Work::Order { to: "采样组".to_owned() }),
        working(5, bought),
        working(6, Work::Dispatch { sample: sample(), body: "检测院".to_owned() }),
        working(10, failed),
        plain(10, ActKind::Confirm),
        address(11, "商城", Role::Platform),
        working(11, Work::Acknowledge { of: of() }),
        working(13, Work::Measure { of: of(), measure: MeasureKind::Delist, about: "店1".to_owned() }),
        working(13, Work::Finish { of: of(), on: march(13) }),
        working(19, Work::Report { of: of() }),
        plain(19, ActKind::Handle),
        plain(20, ActKind::Close),
    ];
    matter(2, Some(&request), &acts)
}

fn told() -> HandledReport {
    let matters = [
        closed(),
        matter(3, None, &[plain(4, ActKind::Exclude)]),
        matter(3, None, &[plain(9, ActKind::Notify), address(10, "某厂", Role::Firm)]),
        matter(12, None, &[]),
    ];
    handled(&matters.iter().collect::<Vec<_>>(), &Handling::shipped(), march(27))
}

#[test]
fn clause_1_07_every_step_counts_what_is_done_given_up_and_open_and_the_counts_add_up() {
    let told = told();
    let counted: Vec<_> =
        told.steps.iter().map(|step| (step.step, step.of, step.done, step.dropped, step.open)).collect();
    let expected = [
        ("首次响应", 4, 3, 0, 1),
        ("通知或采样", 3, 2, 1, 0),
        ("下达方案", 1, 1, 0, 0),
        ("购样", 1, 1, 0, 0),
        ("检验", 1, 1, 0, 0),
        ("结论", 4, 1, 1, 2),
        ("告知有关单位", 2, 2, 0, 0),
        ("处理完成", 2, 1, 0, 1),
        ("办结", 4, 1, 1, 2),
    ];
    assert_eq!(counted, expected);
    assert!(told.steps.iter().all(|step| step.of == step.done + step.dropped + step.open));
    let stages: Vec<_> = told.stages.iter().map(|row| (row.stage, row.matters)).collect();
    assert_eq!(stages, [(Stage::Identified, 1), (Stage::Excluded, 1), (Stage::Notified, 1), (Stage::Closed, 1)]);
    assert_eq!((told.matters, told.confirmed, told.not_confirmed), (4, 1, 0));
}

#[test]
fn clause_1_25_days_between_steps_are_told_with_their_n() {
    let lags: Vec<_> = told().lags.into_iter().map(|lag| (lag.step, lag.matters, lag.p50_days, lag.p95_days)).collect();
    let expected = [
        ("预警→首次响应", 3, 1.0, 6.0),
        ("首次响应→采样", 1, 2.0, 2.0),
        ("采样→结果", 1, 5.0, 5.0),
        ("结果→处置", 1, 3.0, 3.0),
        ("处置→办结", 1, 7.0, 7.0),
        ("预警→办结", 1, 18.0, 18.0),
    ];
    assert_eq!(lags, expected);
}

#[test]
fn clause_2_22_who_was_late_is_told_by_role_and_done_late_stays_late() {
    let late: Vec<_> =
        told().late.into_iter().map(|row| (row.role, row.late.part, row.late.whole, row.overdue)).collect();
    // The centre answered one matter late and one not at all; the platform reported a day late; the firm did nothing.
    let expected =
        [(Role::Centre, 2, 5, 1), (Role::TestBody, 0, 2, 0), (Role::Platform, 1, 3, 0), (Role::Firm, 2, 2, 2)];
    assert_eq!(late, expected);
}

#[test]
fn the_rows_read_like_this() {
    let told = told();
    let rows = |language| {
        let all = told.done_rows(language).into_iter().chain(told.late_rows(language));
        all.map(|row| row.join("  ")).collect::<Vec<_>>()
    };
    let shown = rows(Language::Chinese);
    for line in [
        "现处阶段  已识别1件，已排除1件，已通知1件，已办结1件",
        "首次响应  4件中已办3件，不再办0件，未办1件",
        "其中结论  属实1件，未证实0件",
        "预警→首次响应  中位1天，95%以内6天（3件）",
    ] {
        assert!(shown.iter().any(|row| row == line), "{line}: {shown:#?}");
    }
    assert!(shown.iter().any(|row| row.contains("40.0%（2/5") && row.ends_with("其中未办1项")), "{shown:#?}");
    let shown = rows(Language::English);
    assert!(shown.iter().any(|row| row == "first response  of 4 done 3, given up 0, open 1"), "{shown:#?}");
    assert!(shown.iter().any(|row| row.starts_with("alert → closed  median 18 days")), "{shown:#?}");
}

#[test]
fn nothing_is_counted_of_no_matters() {
    let told = handled(&[], &Handling::shipped(), march(27));
    assert!(told.stages.is_empty() && told.lags.is_empty() && told.late.is_empty());
    assert!(told.steps.iter().all(|step| step.of == 0));
}
