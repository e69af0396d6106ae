//! The report on a small world whose numbers can be counted by hand.

use jiff::civil::date;

use super::*;
use crate::watch::backtest::incidents;
use score::Criteria;
use vocabulary::{
    Act, ActKind, Category, Evidence, Hazard, Language, MeasureKind, Outcome, Report, Samples, SamplingBasis, Work,
    start_of_day,
};

const FROM: Date = date(2026, 1, 1);

fn criteria() -> FeedbackCriteria {
    let text = include_str!("../../../../rules/criteria/default.toml");
    Criteria::parse(text, "rules/criteria/default.toml").expect("good").feedback
}

fn day(days: i64) -> Date {
    FROM.saturating_add(days.days())
}

fn line(alert: u32, opened: i64, rules: &[&str], text: &str) -> AlertEvent {
    let evidence = Evidence {
        document_id: "d".into(),
        published_at: start_of_day(day(opened)),
        undated: false,
        text: text.to_owned(),
        spans: Vec::new(),
        url: None,
        source: "s".to_owned(),
    };
    let base = serde_json::json!({
        "alert_id": format!("wl-{alert}"), "as_of": day(opened), "event": "opened", "category": "battery_charger", "hazard": "fire",
        "brand": null, "region": null, "danger": "high", "spread": "isolated", "disposal": "notify", "rank_score": 1.0,
        "counts": {"reports": 1, "texts": 1, "actors": 1, "places": 0}, "evidence": [], "evidence_total": 1,
        "explanation": "", "rules": rules, "criteria": "2026.1+c", "lexicon": "l1",
    });
    let base: AlertEvent = serde_json::from_value(base).expect("a line");
    AlertEvent { evidence: vec![evidence], ..base }
}

fn verdict(alert: u32, known: i64, verdict: Verdict) -> Outcome {
    Outcome {
        replaces: None,
        id: format!("o-{alert}-{known}").as_str().into(),
        known_at: start_of_day(day(known)),
        date: day(known),
        alert_id: Some(format!("wl-{alert}").as_str().into()),
        category: Category::BatteryCharger,
        hazard: Some(Hazard::Fire),
        brand: None,
        finding: Finding::Verdict { verdict, by: "甲".to_owned(), why: "核查".to_owned() },
        context: None,
    }
}

fn request(alert: u32, created: i64, deadline: i64) -> SamplingRequest {
    serde_json::from_value(serde_json::json!({
        "id": format!("sr-{alert}"), "alert_id": format!("wl-{alert}"), "created_on": day(created), "category": "battery_charger",
        "product": "充电宝", "brand": null, "hazard": "fire", "batches": 9, "batches_reason": "", "items": [], "platforms": [], "mode": "",
        "sellers": [], "deadline": day(deadline), "staff": "", "gaps": [], "criteria": "c",
    }))
    .expect("a request")
}

/// Ten alerts in nine weeks: five confirmed, three nothing, one excluded, one not judged.
fn world() -> (Vec<AlertEvent>, Feedback) {
    let lines = (0..10).map(|alert| {
        let rules: &[&str] = if alert < 6 { &["notify.onset"] } else { &["notify.single", "single.media_brand"] };
        line(alert, i64::from(alert) * 6, rules, if alert == 2 { "某牌充电宝起火" } else { "充电宝冒烟" })
    });
    let found = [
        Verdict::Confirmed,
        Verdict::Confirmed,
        Verdict::Confirmed,
        Verdict::Nothing,
        Verdict::Confirmed,
        Verdict::Excluded,
        Verdict::Nothing,
        Verdict::Nothing,
        Verdict::Confirmed,
    ];
    let outcomes = (0..).zip(found).map(|(alert, found)| verdict(alert, i64::from(alert) * 6 + 2, found));
    let samples = Outcome {
        id: "s-1".into(),
        finding: Finding::Samples(Samples {
            of_sample: None,
            company: None,
            tested: 9,
            failed: 3,
            basis: SamplingBasis::Targeted,
            body: "某院".to_owned(),
            report: "R-1".to_owned(),
            item: None,
            standard: None,
        }),
        ..verdict(0, 1, Verdict::Confirmed)
    };
    (lines.collect(), Feedback::new(outcomes.chain([samples])))
}

fn judged(to: i64) -> QualityReport {
    let (lines, feedback) = world();
    let requests = [request(0, 0, 20), request(4, 24, 40), request(9, 54, 90)];
    let table = "event,brand,first_signal,first_action,signal_regex\n\
        A,某牌,2026-01-10,2026-01-20,某牌.*起火\nB,,2026-01-10,2026-01-12,漏电\n";
    let incidents = incidents(table).expect("a table");
    let moment = |day_: i64| start_of_day(day(day_));
    let stamps = [
        Stamps { published: moment(0), seen: Some(moment(1)), read: None, alerted: moment(3) },
        Stamps { published: moment(0), seen: None, read: None, alerted: moment(1) },
    ];
    report(&Sheet {
        range: DateRange { from: FROM, to: day(to) },
        known_by: Some(day(to)),
        lines: &lines,
        requests: &requests,
        feedback: &feedback,
        incidents: &incidents,
        stamps: &stamps,
        matters: None,
        promised_per_30_days: 10.0,
        criteria: &criteria(),
    })
}

#[test]
fn shares_are_counted_with_their_n_and_what_nobody_judged_counts_neither_way() {
    let report = judged(62);
    assert_eq!((report.opened, report.judged.part, report.excluded), (10, 9, 1));
    assert_eq!((report.ppv.part, report.ppv.whole), (5, 8));
    let [low, high] = report.ppv.interval.expect("judged");
    assert!(low < 0.625 && 0.625 < high);
    assert_eq!(report.sensitivity.map(|share| (share.part, share.whole)), Some((1, 2)));
    assert_eq!(report.overdue.len(), 1, "{:?}", report.overdue);
    assert_eq!((report.requests, report.answered.part), (3, 1));
    assert_eq!(report.days, 63);
    assert!((report.false_onsets_per_30_days - 3.0 * 30.0 / 63.0).abs() < 1e-12);
}

#[test]
fn clause_1_16_the_grade_when_samples_were_asked_for_stands_beside_what_testing_found() {
    let (mut lines, feedback) = world();
    let raised = |alert: u32, on: i64| AlertEvent {
        event: AlertEventKind::Raised,
        danger: Danger::Serious,
        ..line(alert, on, &["notify.onset"], "")
    };
    // The fourth is raised on the day of its request, the first long after its own.
    lines.extend([raised(0, 10), raised(4, 24)]);
    let first = feedback.outcomes().iter().find(|outcome| outcome.id.as_str() == "s-1").expect("results").clone();
    let Finding::Samples(samples) = &first.finding else { panic!("samples") };
    let corrected = Outcome {
        id: "s-2".into(),
        finding: Finding::Samples(Samples { failed: 4, ..samples.clone() }),
        replaces: Some("s-1".into()),
        ..first.clone()
    };
    let feedback = Feedback::new(feedback.outcomes().iter().cloned().chain([corrected]));
    let act = |kind: ActKind, work: Work| Act {
        alert_id: "wl-0".into(),
        at: start_of_day(day(5)),
        by: "王".to_owned(),
        party: "中心".to_owned(),
        kind,
        note: String::new(),
        to: None,
        until: None,
        work: Some(Box::new(work)),
        key: None,
    };
    let mut matters = [Handled::new("wl-0".into(), day(0), None), Handled::new("wl-1".into(), day(6), None)];
    let measure = Work::Measure { of: "商城".to_owned(), measure: MeasureKind::Delist, about: "店1".to_owned() };
    matters[0].take(&act(ActKind::Measure, measure));
    let report = report(&Sheet {
        range: DateRange { from: FROM, to: day(62) },
        known_by: Some(day(62)),
        lines: &lines,
        requests: &[request(0, 0, 20), request(4, 24, 40), request(9, 54, 90)],
        feedback: &feedback,
        incidents: &[],
        stamps: &[],
        matters: Some((matters.as_slice(), &Handling::shipped())),
        promised_per_30_days: 10.0,
        criteria: &criteria(),
    });
    let grades: Vec<_> = report
        .grades
        .iter()
        .map(|row| (row.danger, row.spread, row.requests, row.answered, row.failed.part, row.failed.whole))
        .collect();
    assert_eq!(grades, [(Danger::Serious, Spread::Isolated, 1, 0, 0, 0), (Danger::High, Spread::Isolated, 2, 1, 4, 9)]);
    let [version] = report.versions.as_slice() else { panic!("{:?}", report.versions) };
    assert_eq!((version.opened, version.ppv.part, version.ppv.whole), (10, 5, 8));
    assert_eq!((version.measured, version.measure_days), (1, Some(5.0)));
    let told = report.text(Language::Chinese);
    assert!(told.contains("检验前等级 高×个别  采样任务2项，已返1项，不合格率44.4%（4/9"), "{told}");
    assert!(told.contains("，预警到首次措施中位5天（1件）") && told.contains("首次响应  2件中已办"), "{told}");
    assert!(report.html().contains("<h2>检验前等级 × 检验结果</h2>"));
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(
        (&json["grades"][1]["failed"]["part"], &json["handled"]["matters"]),
        (&serde_json::json!(4), &serde_json::json!(2))
    );
}

#[test]
fn what_is_known_after_the_last_day_does_not_count() {
    let report = judged(19);
    // Opened on days 0, 6, 12, 18; the fourth verdict comes on day 20.
    assert_eq!((report.opened, report.ppv.part, report.ppv.whole), (4, 3, 3));
    assert!(report.overdue.is_empty());
}

#[test]
fn a_flood_of_false_onsets_passes_the_limit_and_the_promise_does_not() {
    let opened = |per_week: u32| {
        let lines: Vec<AlertEvent> =
            (0..12 * per_week).map(|alert| line(alert, i64::from(alert / per_week) * 7, &["r"], "")).collect();
        let feedback = Feedback::new((0..12 * per_week).map(|alert| verdict(alert, 83, Verdict::Nothing)));
        let sheet = Sheet {
            range: DateRange { from: FROM, to: day(83) },
            known_by: None,
            lines: &lines,
            requests: &[],
            feedback: &feedback,
            incidents: &[],
            stamps: &[],
            matters: None,
            promised_per_30_days: 10.0,
            criteria: &criteria(),
        };
        report(&sheet).chart.expect("whole weeks")
    };
    let kept = opened(2);
    assert_eq!((kept.weeks.len(), kept.alarms), (12, 0));
    assert!(kept.run_weeks >= 104.0);
    let broken = opened(6);
    assert!(broken.alarms >= 2, "{broken:?}");
    assert!(broken.weeks.iter().all(|week| week.false_onsets == 6));
}

#[test]
fn an_empty_stretch_is_told_and_not_divided_by_zero() {
    let report = report(&Sheet {
        range: DateRange { from: FROM, to: FROM },
        known_by: None,
        lines: &[],
        requests: &[],
        feedback: &Feedback::none(),
        incidents: &[],
        stamps: &[],
        matters: None,
        promised_per_30_days: 10.0,
        criteria: &criteria(),
    });
    assert!(report.chart.is_none() && report.ppv.share.is_none() && report.rules.is_empty());
    let told = report.text(Language::Chinese);
    assert!(told.contains("属实率—（0件）"), "{told}");
    let json = serde_json::to_string(&report).expect("json");
    assert!(!json.contains("NaN"), "{json}");
}

#[test]
fn the_report_reads_as_plan_do_check_act() {
    let report = judged(62);
    insta::assert_snapshot!(report.text(Language::Chinese));
    let page = report.html();
    assert!(page.contains("<h2>检查：属实率62.5%") && page.ends_with("</html>\n"), "{page}");
}
