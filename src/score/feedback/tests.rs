//! What outcomes may do, and what they may not.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::criteria::shipped;
use crate::testing::{FIRST, Report, days_after, said};
use crate::{Events, Scorer, Volume};
use vocabulary::{
    Assessment, Channel, Danger, DetectorTerms, Disposal, EvidenceBasis, FeedbackTerms, Regime, SignalRecord,
    SourceMix, SourceTerm, Spread, start_of_day,
};

fn criteria() -> FeedbackCriteria {
    shipped().feedback
}

fn context(source: &str, h: f64) -> AlertContext {
    let term = SourceTerm { source: source.into(), channel: Channel::Complaint, events: 5, hits: 0, misses: 0, w: 0.5 };
    AlertContext {
        opened_on: FIRST,
        danger: Danger::High,
        spread: Spread::Isolated,
        h,
        rule: "notify.onset".to_owned(),
        feedback: FeedbackTerms { basis: EvidenceBasis::Onset, sources: vec![term], ..FeedbackTerms::default() },
    }
}

/// A verdict on alert `wl-{alert}` about fires of the brand, known on a day after [`FIRST`].
fn verdict(alert: u32, day: i32, verdict: Verdict) -> Outcome {
    Outcome {
        replaces: None,
        id: OutcomeId::new(format!("o-{alert}-{day}-{verdict:?}")),
        known_at: start_of_day(days_after(day)),
        date: days_after(day),
        alert_id: Some(AlertId::new(format!("wl-{alert}"))),
        category: Category::BatteryCharger,
        hazard: Some(Hazard::Fire),
        brand: Some("甲牌".to_owned()),
        finding: Finding::Verdict { verdict, by: "甲".to_owned(), why: "核查".to_owned() },
        context: Some(context(Report::SOURCE, 99.0)),
    }
}

fn samples(serial: u32, day: i32, (failed, tested): (u64, u64), basis: SamplingBasis, company: &str) -> Outcome {
    Outcome {
        id: OutcomeId::new(format!("s-{serial}")),
        finding: Finding::Samples(Samples {
            of_sample: None,
            company: Some(company.to_owned()),
            tested,
            failed,
            basis,
            body: "某院".to_owned(),
            report: format!("R-{serial}"),
            item: None,
            standard: None,
        }),
        alert_id: (basis == SamplingBasis::Targeted).then(|| AlertId::new("wl-1")),
        ..verdict(1, day, Verdict::Nothing)
    }
}

fn volume() -> Volume {
    (-800..=200).map(|day| (days_after(day), 100)).collect()
}

/// Five complaints about one brand in the first days.
fn burst() -> Vec<Report> {
    (0..5).map(|day| Report::new(day).serial(day.unsigned_abs().into()).brand("甲牌").region("330100")).collect()
}

fn assess(reports: &[Report], feedback: &Feedback, day: i32) -> Vec<Assessment> {
    let scorer = Scorer::new(shipped());
    let records: Vec<SignalRecord> = reports.iter().map(Report::record).collect();
    scorer.assess(&Events::build(&records, scorer.criteria()), &volume(), feedback, days_after(day))
}

fn of_brand(assessments: &[Assessment]) -> &Assessment {
    assessments.iter().find(|found| found.brand.as_deref() == Some("甲牌")).expect("an assessment of the brand")
}

#[test]
fn without_outcomes_nothing_is_judged_and_the_prior_is_told_as_such() {
    let assessments = assess(&burst(), &Feedback::none(), 5);
    let terms = &of_brand(&assessments).feedback;
    let p_real = terms.p_real.as_ref().expect("above the line");
    assert_eq!((p_real.method.as_str(), p_real.mean, p_real.judged), ("prior", 0.5, 0));
    assert_eq!((terms.regime, terms.basis), (Regime::Sparse, EvidenceBasis::Onset));
    assert_eq!(terms.mix, SourceMix { official: 0.0, complaint: 1.0, media: 0.0 });
    // Five events of weight 1/2, one to five days old, half-life 30 days.
    let expected: f64 = (1..=5).map(|age| 0.5 * (-f64::from(age) / 30.0).exp2()).sum();
    assert!((terms.intensity - expected).abs() < 1e-12, "{}", terms.intensity);
}

#[test]
fn what_is_known_tomorrow_changes_nothing_today() {
    let today = assess(&burst(), &Feedback::none(), 5);
    let later =
        Feedback::new([verdict(1, 6, Verdict::Nothing), samples(1, 9, (0, 30), SamplingBasis::Targeted, "甲牌")]);
    assert_eq!(assess(&burst(), &later, 5), today);
    assert_ne!(assess(&burst(), &later, 6), assess(&burst(), &Feedback::none(), 6));
}

#[test]
fn clean_samples_mute_a_matter_for_eight_weeks_and_then_it_is_heard_at_the_normal_rate() {
    let clean = Feedback::new([samples(1, 5, (0, 14), SamplingBasis::Targeted, "甲牌")]);
    let assessments = assess(&burst(), &clean, 6);
    let muted = of_brand(&assessments);
    assert_eq!((muted.disposal, muted.disposal_rule.as_str()), (Disposal::Exclude, "exclude.muted"));
    let term = muted.feedback.muted.as_ref().expect("muted");
    assert_eq!((term.tested, term.failed, term.lifted), (14, 0, false));
    assert_eq!((term.since, term.until), (days_after(5), days_after(5 + 56)));
    assert!(said(muted).contains("检验14批次、不合格0批次未证实"), "{}", said(muted));
    let few = Feedback::new([samples(1, 5, (0, 7), SamplingBasis::Targeted, "甲牌")]);
    assert_ne!(of_brand(&assess(&burst(), &few, 6)).disposal, Disposal::Exclude, "seven batches are not enough");
    let again: Vec<Report> = (56..61).map(|day| Report::new(day).brand("甲牌")).collect();
    assert_eq!(of_brand(&assess(&again, &clean, 61)).disposal, Disposal::Exclude);
    assert_ne!(of_brand(&assess(&again, &clean, 62)).disposal, Disposal::Exclude, "eight weeks are over");
}

#[test]
fn ten_times_the_evidence_lifts_the_silence_and_not_less() {
    let nothing = |h| {
        let mut outcome = verdict(1, 5, Verdict::Nothing);
        outcome.context = Some(context(Report::SOURCE, h));
        Feedback::new([outcome])
    };
    let more: Vec<Report> = (0..9).map(|day| Report::new(day).brand("甲牌")).collect();
    let free = assess(&more, &Feedback::none(), 9);
    let h = of_brand(&free).detector.h;
    let short = assess(&more, &nothing(h - 0.99), 9);
    assert_eq!(of_brand(&short).disposal, Disposal::Exclude);
    let lifted = assess(&more, &nothing(h - 1.01), 9);
    assert_eq!(of_brand(&lifted).disposal, of_brand(&free).disposal);
    assert!(said(of_brand(&lifted)).contains("恢复预警"), "{}", said(of_brand(&lifted)));
}

#[test]
fn a_confirmation_ends_a_silence_and_an_exclusion_teaches_nothing() {
    let heard = Feedback::new([verdict(1, 5, Verdict::Nothing), verdict(1, 6, Verdict::Confirmed)]);
    let assessments = assess(&burst(), &heard, 7);
    assert_ne!(of_brand(&assessments).disposal, Disposal::Exclude);
    assert_eq!(of_brand(&assessments).feedback.p_real.as_ref().map(|p| (p.judged, p.judged_confirmed)), Some((1, 1)));
    let excluded = Feedback::new([verdict(1, 5, Verdict::Excluded)]);
    assert_eq!(of_brand(&assess(&burst(), &excluded, 7)).disposal, Disposal::Exclude);
    assert!(credibility(&excluded, days_after(7), &criteria()).is_empty());
}

#[test]
fn a_single_report_known_before_the_verdict_is_silent_and_a_new_one_is_not() {
    let fatal = |day| Report::new(day).brand("甲牌").severity(4);
    let nothing = Feedback::new([verdict(1, 5, Verdict::Nothing)]);
    assert!(assess(&[fatal(1)], &nothing, 6).iter().all(|found| found.disposal == Disposal::Exclude));
    let new = assess(&[fatal(1), fatal(6)], &nothing, 6);
    assert_eq!(of_brand(&new).disposal, Disposal::Notify);
}

#[test]
fn a_source_seldom_right_carries_no_alarm_and_its_events_are_still_counted() {
    // w = 2 / (4 + 5) < 0.3
    let misses = Feedback::new(
        (10..15).map(|alert| Outcome { category: Category::Phone, ..verdict(alert, 1, Verdict::Nothing) }),
    );
    let (free, thin) = (assess(&burst(), &Feedback::none(), 5), assess(&burst(), &misses, 5));
    let (free, thin) = (of_brand(&free), of_brand(&thin));
    assert_eq!(thin.disposal_rule, "exclude.thinned");
    let term = thin.feedback.thinned.as_ref().expect("tested");
    assert_eq!((term.removed, term.survives), (5, false));
    // Only of a rise that stands is it told when it began.
    let told = DetectorTerms { began: None, ..free.detector.clone() };
    assert_eq!((&thin.detector, &thin.counts), (&told, &free.counts));
    assert!(said(thin).contains("不再越线"), "{}", said(thin));
}

#[test]
fn three_companies_that_fail_make_it_confirmed_for_the_industry() {
    let company = |serial, name| samples(serial, 4, (4, 8), SamplingBasis::Targeted, name);
    let two = Feedback::new([company(1, "甲"), company(2, "乙"), company(3, "乙")]);
    let three = Feedback::new([company(1, "甲"), company(2, "乙"), company(3, "丙")]);
    let term =
        |feedback: &Feedback| of_brand(&assess(&burst(), feedback, 5)).feedback.confirmed.clone().expect("tested");
    assert_eq!((term(&two).failing_companies, term(&two).industry), (2, false));
    assert_eq!((term(&three).failing_companies, term(&three).industry), (3, true));
    assert!(said(of_brand(&assess(&burst(), &three, 5))).contains("行业性已证实"));
}

#[test]
fn only_random_campaigns_say_what_is_usual() {
    let targeted = Feedback::new([samples(1, 4, (4, 8), SamplingBasis::Targeted, "甲")]);
    let known = targeted.known(days_after(5), &shipped().feedback).usual(Category::BatteryCharger);
    assert_eq!(known, None);
    let random = Feedback::new([samples(2, 4, (3, 40), SamplingBasis::Random, "甲")]);
    let criteria = criteria();
    let usual = random.known(days_after(5), &criteria).usual(Category::BatteryCharger).expect("tested");
    assert!((usual.mean - 3.5 / 50.0).abs() < 1e-12 && usual.campaigns == 0);
    assert!(usual.interval[0] < usual.mean && usual.mean < usual.interval[1] && usual.p_above > 0.5);
}

#[test]
fn a_prior_fitted_to_campaigns_finds_the_law_they_came_from() {
    // Beta(2, 18): mean 0.1, size 20; its quantiles at (i + 1/2)/40 as shares of 200 batches each.
    let law = Beta { a: 2.0, b: 18.0 };
    let share = |i: u32| law.quantile((f64::from(i) + 0.5) / 40.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 200")]
    let campaigns: Vec<(u64, u64)> = (0..40).map(|i| ((share(i) * 200.0).round() as u64, 200)).collect();
    let fitted = fit(&campaigns, Beta { a: 0.5, b: 9.5 }).expect("a fit");
    let (mean, size) = (fitted.a / (fitted.a + fitted.b), fitted.a + fitted.b);
    assert!((mean - 0.1).abs() < 0.005 && (14.0..30.0).contains(&size), "{mean} {size}");
    assert!(fit(&[(0, 10), (0, 20)], law).is_none() && fit(&[(3, 3)], law).is_none());
    let alike = fit(&[(10, 100); 12], law).expect("a fit");
    assert!(alike.a + alike.b <= FITTED_SIZE_MAX * 1.001);
}

#[test]
fn enough_judged_alerts_are_learnt_by_logistic_regression() {
    let criteria = criteria();
    // Dense cells: two in three confirmed; sparse ones: one in three.
    let outcomes = (0..300).map(|alert| {
        let dense = alert % 2 == 0;
        let confirmed = (alert / 2) % 3 < if dense { 2 } else { 1 };
        let mut outcome = verdict(alert, 1, if confirmed { Verdict::Confirmed } else { Verdict::Nothing });
        if let Some(context) = &mut outcome.context {
            context.feedback.regime = if dense { Regime::Dense } else { Regime::Sparse };
        }
        outcome
    });
    let feedback = Feedback::new(outcomes);
    let known = feedback.known(days_after(2), &criteria);
    let look = |regime| RaisedAs { regime, ..look(&context("s", 1.0)) };
    let (dense, sparse) = (known.p_real(&look(Regime::Dense)), known.p_real(&look(Regime::Sparse)));
    assert_eq!(dense.method, "logistic");
    assert!((dense.mean - 2.0 / 3.0).abs() < 0.02 && (sparse.mean - 1.0 / 3.0).abs() < 0.02, "{dense:?} {sparse:?}");
    assert!(dense.interval[0] < dense.mean && dense.mean < dense.interval[1]);
    assert_eq!((dense.alike, dense.judged, dense.judged_confirmed), (150, 300, 150));
}

#[test]
fn the_same_outcome_twice_counts_once_and_the_later_word_holds() {
    let twice = Feedback::new([verdict(1, 1, Verdict::Confirmed), verdict(1, 1, Verdict::Confirmed)]);
    assert_eq!(twice.outcomes().len(), 1);
    let criteria = criteria();
    let told = |outcomes: &[Outcome]| {
        let all = resolutions(&Feedback::new(outcomes.iter().cloned()), days_after(30), &criteria);
        all.get(&AlertId::new("wl-1")).map(|found| (found.verdict, found.on))
    };
    let tested = samples(1, 9, (0, 30), SamplingBasis::Targeted, "甲");
    assert_eq!(told(&[verdict(1, 3, Verdict::Confirmed), tested.clone()]), Some((Verdict::Nothing, days_after(9))));
    assert_eq!(told(&[verdict(1, 12, Verdict::Confirmed), tested]), Some((Verdict::Confirmed, days_after(12))));
    let open = samples(2, 9, (1, 20), SamplingBasis::Targeted, "甲");
    assert_eq!(told(&[open]), None, "one of twenty neither confirms nor clears");
}

/// Outcomes of a few alerts and sources.
fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    let one = (0_u32..8, 0_i32..20, 0_u8..3, 0_u8..3).prop_map(|(alert, day, kind, source)| {
        let found = [Verdict::Confirmed, Verdict::Nothing, Verdict::Excluded][usize::from(kind)];
        let mut outcome = verdict(alert, day, found);
        outcome.context = Some(context(&format!("source.{source}"), f64::from(alert)));
        outcome.brand = (alert % 2 == 0).then(|| "甲牌".to_owned());
        outcome
    });
    proptest::collection::vec(one, 0..12)
}

fn longest(assessment: &Assessment) -> u64 {
    assessment.detector.windows.last().map_or(0, |window| window.x)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_order_in_which_outcomes_come_does_not_matter(outcomes in outcomes(), turn in 0_usize..12) {
        let mut turned = outcomes.clone();
        turned.rotate_left(turn % outcomes.len().max(1));
        turned.reverse();
        let reports = burst();
        prop_assert_eq!(assess(&reports, &Feedback::new(outcomes), 9), assess(&reports, &Feedback::new(turned), 9));
    }

    #[test]
    fn outcomes_never_change_how_many_events_are_counted(outcomes in outcomes(), brands in proptest::collection::vec(0_u8..3, 1..12)) {
        let names = ["", "甲牌", "乙牌"];
        let reports: Vec<Report> = brands
            .iter()
            .enumerate()
            .map(|(at, brand)| {
                let report = Report::new(i32::try_from(at).expect("few"));
                if *brand == 0 { report } else { report.brand(names[usize::from(*brand)]) }
            })
            .collect();
        let count = |feedback: &Feedback| assess(&reports, feedback, 14).iter().map(longest).sum::<u64>();
        prop_assert_eq!(count(&Feedback::new(outcomes)), count(&Feedback::none()));
    }

    #[test]
    fn one_more_confirmed_never_lowers_the_probability_of_what_looks_like_it(
        mut outcomes in proptest::collection::vec((0_u8..2, 0_u8..2), 1..40), at in 0_usize..40, many in any::<bool>()
    ) {
        let mut criteria = criteria();
        if many {
            (criteria.logistic_from, criteria.logistic_each) = (1, 0);
        }
        let feedback = |outcomes: &[(u8, u8)]| {
            Feedback::new(outcomes.iter().enumerate().map(|(alert, (confirmed, dense))| {
                let found = if *confirmed == 1 { Verdict::Confirmed } else { Verdict::Nothing };
                let mut outcome = verdict(u32::try_from(alert).expect("few"), 1, found);
                if let Some(context) = &mut outcome.context {
                    context.feedback.regime = if *dense == 1 { Regime::Dense } else { Regime::Sparse };
                }
                outcome
            }))
        };
        let at = at % outcomes.len();
        let regime = if outcomes[at].1 == 1 { Regime::Dense } else { Regime::Sparse };
        let look = RaisedAs { regime, ..look(&context("s", 1.0)) };
        let p = |outcomes: &[(u8, u8)]| feedback(outcomes).known(days_after(2), &criteria).p_real(&look).mean;
        outcomes[at].0 = 0;
        let before = p(&outcomes);
        outcomes[at].0 = 1;
        prop_assert!(p(&outcomes) > before - 1e-12, "{} < {before}", p(&outcomes));
    }
}

#[test]
fn the_days_of_a_silence_are_civil_days() {
    let since: Date = date(2026, 1, 1);
    assert_eq!(days::date_of(last_day(since, &criteria())), since.saturating_add(56.days()));
}
