//! Edge cases of method section 12 through the scorer itself: each gives a defined assessment, says why, and stores only
//! numbers that are numbers. Tests only.

use proptest::prelude::*;
use serde_json::Value;

use super::criteria::shipped;
use super::testing::{FIRST, Report, days_after, said};
use super::*;
use vocabulary::{Assessment, Category, Channel, Disposal, Hazard, SignalRecord, WindowTerm, day_of};

/// Days of steady reading before [`FIRST`].
const READ_BEFORE: i32 = 900;

fn steady(until: i32) -> Volume {
    (-READ_BEFORE..=until).map(|day| (days_after(day), 100)).collect()
}

fn judged(records: &[SignalRecord], volume: &Volume, day: i32) -> Vec<Assessment> {
    let scorer = Scorer::new(shipped());
    let events = Events::build(records, scorer.criteria());
    let assessments = scorer.assess(&events, volume, &Feedback::none(), days_after(day));
    assessments.iter().for_each(sound);
    assessments
}

fn records(reports: &[Report]) -> Vec<SignalRecord> {
    reports.iter().map(Report::record).collect()
}

/// Everything that is stored is a finite number, every probability is one, and there is a sentence that says so.
fn sound(assessment: &Assessment) {
    let stored = serde_json::to_value(assessment).expect("an assessment serialises");
    walk(&stored, "assessment");
    // JSON has no NaN: it would be stored as null where a number must stand, and could not be read back.
    let back: Assessment = serde_json::from_value(stored).expect("what is stored is read back");
    assert_eq!(&back, assessment);
    let detector = &assessment.detector;
    assert!(detector.windows.iter().all(|window| (0.0..=1.0).contains(&window.p) && window.mu >= 0.0), "{detector:?}");
    for word in ["NaN", "inf", "null"] {
        assert!(!said(assessment).contains(word), "{}", said(assessment));
    }
    assert!(said(assessment).contains("截至") && !assessment.disposal_rule.is_empty());
}

fn walk(value: &Value, path: &str) {
    match value {
        Value::Number(number) => assert!(number.as_f64().is_some_and(f64::is_finite), "{path} is {number}"),
        Value::Array(values) => values.iter().enumerate().for_each(|(at, value)| walk(value, &format!("{path}[{at}]"))),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(value, &format!("{path}.{name}"))),
        _ => {}
    }
}

/// What the detector says of the last so many days.
fn window(assessment: &Assessment, days: u32) -> WindowTerm {
    *assessment.detector.windows.iter().find(|window| window.days == days).expect("a window of so many days")
}

/// The assessment of the whole cell, or the only one.
fn only(assessments: &[Assessment]) -> &Assessment {
    assert_eq!(assessments.len(), 1, "{assessments:#?}");
    &assessments[0]
}

#[test]
fn a_history_of_nothing_at_all_is_judged_by_the_prior() {
    let first = judged(&records(&[Report::new(0)]), &steady(0), 0);
    let one = only(&first);
    assert_eq!((one.detector.baseline_events, one.disposal), (0, Disposal::Exclude));
    let week = window(one, 7);
    assert!(week.x == 1 && week.mu > 0.0 && week.p > 0.0 && week.p < 0.5, "{week:?}");
    assert!(judged(&[], &steady(0), 0).is_empty(), "where nothing was ever told, nothing is said");
}

#[test]
fn a_constant_history_is_no_news_and_a_third_more_events_of_it_are() {
    let daily: Vec<Report> = (-READ_BEFORE..=0).map(Report::new).collect();
    let quiet = judged(&records(&daily), &steady(0), 0);
    let one = only(&quiet);
    assert_eq!(one.disposal, Disposal::Exclude, "{}", said(one));
    let week = window(one, 7);
    assert!(week.x == 7 && (week.mu - 7.0).abs() < 0.2 && (week.p - 0.5).abs() < 0.1, "{week:?}");
    let mut louder = daily;
    louder.extend((-27..=0).flat_map(|day| [Report::new(day), Report::new(day)]));
    assert_ne!(only(&judged(&records(&louder), &steady(0), 0)).disposal, Disposal::Exclude);
}

#[test]
fn a_single_event_in_all_years_is_told_and_not_alarmed() {
    for day in [0, 3, 40] {
        let assessments = judged(&records(&[Report::new(0).brand("甲牌").region("330100")]), &steady(day), day);
        let one = only(&assessments);
        assert_eq!((one.disposal, one.disposal_rule.as_str()), (Disposal::Exclude, "exclude.below_line"));
        assert_eq!(one.detector.windows.last().map(|window| window.x), Some(1));
    }
}

#[test]
fn a_week_in_which_the_source_failed_is_no_quiet_week() {
    // A report every second day; the source fails for the last week but one.
    let told = |day: &i32| !(-13..=-7).contains(day);
    let reports: Vec<Report> = (-READ_BEFORE..=0).step_by(2).filter(told).map(Report::new).collect();
    let gap: Volume = (-READ_BEFORE..=0).filter(told).map(|day| (days_after(day), 100)).collect();
    let with = |volume: &Volume| window(only(&judged(&records(&reports), volume, 0)), 14);
    let (known, unknown) = (with(&gap), with(&steady(0)));
    assert_eq!(known.x, unknown.x);
    assert!((known.mu - unknown.mu / 2.0).abs() < 0.1, "half of the fortnight was read: {known:?} {unknown:?}");
    // On the last day of the failure nothing was read for a week: nothing is expected, and nothing is new.
    let assessments = judged(&records(&reports), &gap, -7);
    let week = window(only(&assessments), 7);
    assert!(week.x == 0 && week.mu.abs() < 1e-12 && (week.p - 0.5).abs() < 1e-12, "{week:?}");
    assert_eq!(assessments[0].disposal, Disposal::Exclude);
}

#[test]
fn the_week_that_ends_a_long_year_is_a_week_like_any_other() {
    // 2020 has an ISO week 53: 28 December 2020 to 3 January 2021. A report each Monday and Thursday.
    let new_year = -730; // 2 January 2021, seen from FIRST, 2 January 2023
    assert_eq!(days_after(new_year).iso_week_date().week(), 53);
    let reports: Vec<Report> =
        (new_year - 420..=new_year + 7).filter(|day| matches!(day.rem_euclid(7), 0 | 3)).map(Report::new).collect();
    let volume: Volume = (new_year - 420..=new_year + 7).map(|day| (days_after(day), 100)).collect();
    let on = |day: i32| {
        let assessments = judged(&records(&reports), &volume, day);
        let one = only(&assessments).clone();
        (window(&one, 7), one.disposal)
    };
    let weekday = |day: i32| on(new_year + day);
    let (before, during, after) = (weekday(-7), weekday(0), weekday(7));
    assert_eq!((before.0.x, during.0.x, after.0.x), (2, 2, 2));
    assert!((before.0.mu - during.0.mu).abs() < 0.05 && (after.0.mu - during.0.mu).abs() < 0.05);
    assert_eq!((before.1, during.1, after.1), (Disposal::Exclude, Disposal::Exclude, Disposal::Exclude));
    // One account's three a week end with the week, not with the year.
    let account = |day: i32| Report::new(new_year + day).actor("某自媒体").channel(Channel::Media);
    let week: Vec<Report> = (-5..=1).map(account).collect();
    let tally = Events::build(&records(&week), &shipped()).tally();
    assert_eq!((tally.events, tally.capped), (3, 4), "Monday to Sunday across the new year is one week");
}

#[test]
fn one_region_only_leaves_nothing_to_compare_with_and_is_said_to_be_there() {
    let brands = ["甲牌", "乙牌", "丙牌"];
    let history = (-READ_BEFORE..-60).step_by(30).map(|day| Report::new(day).region("330100"));
    let rise =
        (0..9_usize).map(|at| Report::new(-i32::try_from(at).expect("small")).brand(brands[at % 3]).region("330100"));
    let assessments = judged(&records(&history.chain(rise).collect::<Vec<_>>()), &steady(0), 0);
    let loudest = assessments.iter().max_by_key(|one| one.counts.reports).expect("a rise of nine events");
    assert_ne!(loudest.disposal, Disposal::Exclude);
    assert_eq!(loudest.spread_terms.provinces, 1);
    assert!((loudest.spread_terms.effective_provinces - 1.0).abs() < 1e-12);
    assert!(loudest.spread < vocabulary::Spread::Systemic, "{}", said(loudest));
}

#[test]
fn without_any_exposure_the_signals_themselves_say_that_something_was_read() {
    let assessments = judged(&records(&[Report::new(-1), Report::new(0)]), &Volume::new(), 0);
    let one = only(&assessments);
    assert!(one.detector.baseline_weeks.abs() < 1e-12);
    assert!(one.detector.windows.iter().all(|window| window.mu > 0.0 && window.p > 0.0), "{:?}", one.detector);
    assert_eq!(one.disposal, Disposal::Exclude, "two reports of an unknown whole are not an incident");
}

#[test]
fn a_million_events_in_a_cell_are_counted_without_overflow() {
    // A hundred days of ten reports, each a thousand times over. Some tenths of a second, unless something is quadratic.
    let reports: Vec<Report> = (-99..=0).flat_map(|day| (0..10).map(move |_| Report::new(day))).collect();
    let scorer = Scorer::new(shipped());
    let mut events = Events::build(&records(&reports), scorer.criteria());
    let cell = &mut events.cells[0];
    let (mentions, told) = (cell.mentions.clone(), cell.events.clone());
    cell.mentions.clear();
    cell.events.clear();
    for mention in mentions {
        for _ in 0..1_000 {
            let mut copy = mention;
            copy.event = u32::try_from(cell.events.len()).expect("a million");
            cell.events.push(told[mention.event as usize]);
            cell.mentions.push(copy);
        }
    }
    cell.daily.iter_mut().for_each(|count| count.events *= 1_000);
    assert_eq!(cell.mentions.len(), 1_000_000);
    let volume: Volume = (-READ_BEFORE..=0).map(|day| (days_after(day), 20_000)).collect();
    let assessments = scorer.assess(&events, &volume, &Feedback::none(), days_after(0));
    let one = only(&assessments);
    sound(one);
    assert!(one.detector.windows.last().is_some_and(|window| window.x > 500_000), "{:?}", one.detector.windows);
}

#[test]
fn all_events_on_one_day_are_one_burst_on_that_day_and_gone_when_the_windows_have_passed() {
    let reports: Vec<Report> = (0..40).map(|_| Report::new(0)).collect();
    let on = |day: i32| judged(&records(&reports), &steady(day), day);
    let burst = only(&on(0)).clone();
    assert_eq!((burst.window_days, window(&burst, 7).x), (7, 40));
    assert_ne!(burst.disposal, Disposal::Exclude);
    assert!(on(-1).is_empty());
    let last = only(&on(55)).clone();
    assert_eq!((window(&last, 28).x, window(&last, 42).x, window(&last, 56).x), (0, 0, 40));
    assert!(on(56).is_empty());
}

#[test]
fn what_is_dated_into_the_future_happened_when_it_was_seen() {
    let dated = |day: i32, seen: i32| {
        let mut record = Report::new(seen).record();
        record.event_at = Report::new(day).record().event_at;
        record
    };
    let (future, present) = ([dated(400, 0), dated(30, 0)], [dated(0, 0), dated(0, 0)]);
    let seen = |records: &[SignalRecord]| {
        let assessments = judged(records, &steady(0), 0);
        only(&assessments).detector.windows.clone()
    };
    assert_eq!(seen(&future), seen(&present));
    assert!(judged(&future, &steady(0), -1).is_empty(), "nothing was seen of it the day before");
    let unseen = [dated(-1, 5)];
    assert!(judged(&unseen, &steady(0), 0).is_empty(), "what is seen only later is not known yet");
}

#[test]
fn a_clock_that_jumps_neither_breaks_nor_changes_other_days() {
    // A source whose clock stood at 1970 and one that stood at 2199, beside an ordinary week.
    let week: Vec<Report> = (-6..=0).map(Report::new).collect();
    let mut with = records(&week);
    let plain = judged(&with, &steady(0), 0);
    let at = |text: &str| text.parse::<jiff::Timestamp>().expect("a moment");
    for (event, seen) in
        [("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"), ("2199-12-31T00:00:00Z", "2199-12-31T00:00:00Z")]
    {
        let mut record = Report::new(0).record();
        (record.event_at, record.seen_at) = (at(event), at(seen));
        with.push(record);
    }
    let jumped = judged(&with, &steady(0), 0);
    assert_eq!(only(&plain).detector, only(&jumped).detector);
    // Seen today, dated decades ago: kept, never counted as new.
    let mut old = Report::new(0).record();
    old.event_at = at("1970-01-01T00:00:00Z");
    assert_eq!(day_of(old.seen_at), FIRST);
    with.push(old);
    assert_eq!(only(&judged(&with, &steady(0), 0)).detector.windows, plain[0].detector.windows);
    // The clock of the reader itself goes back a day and comes forth again: the same day says the same.
    assert_eq!(judged(&with, &steady(0), -1), judged(&with, &steady(0), -1));
}

fn any_input() -> impl Strategy<Value = (i32, i32, u32, usize, usize, usize)> {
    (0..90_i32, 0..9_i32, 0..60_u32, 0..5_usize, 0..3_usize, 0..6_usize)
}

fn build((day, late, text, actor, hazard, brand): (i32, i32, u32, usize, usize, usize), serial: u64) -> SignalRecord {
    let category = [Category::Ebike, Category::BatteryCharger][usize::try_from(text % 2).expect("small")];
    let hazard = [Hazard::Fire, Hazard::Burn, Hazard::Malfunction][hazard];
    let channel = [Channel::Complaint, Channel::Media, Channel::Regulator, Channel::Standard, Channel::Platform][actor];
    let report = Report::new(day).serial(serial).text(text).seen(day + late).about(category, hazard).channel(channel);
    let report = report.actor(["甲", "乙", Report::SOURCE, "丁", "戊"][actor]);
    match brand {
        0 => report.record(),
        1 => report.brand("甲牌").record(),
        _ => report
            .brand(["乙牌", "丙牌", "丁牌", "戊牌"][brand - 2])
            .region(["330100", "440300", "110000", "510100"][brand - 2])
            .record(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// SCORE-1: neither the order of arrival nor the number of threads shows, through sorting, summing and judging, and
    /// every number is one.
    #[test]
    fn any_order_on_any_number_of_threads_gives_the_same_assessments(
        inputs in prop::collection::vec(any_input(), 1..80), keys in prop::collection::vec(any::<u64>(), 80)
    ) {
        let records: Vec<SignalRecord> = inputs.iter().zip(0..).map(|(input, serial)| build(*input, serial)).collect();
        let mut shuffled: Vec<(u64, SignalRecord)> = keys.into_iter().zip(records.iter().cloned()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let shuffled: Vec<SignalRecord> = shuffled.into_iter().map(|(_, record)| record).collect();
        let on = |threads: usize, records: &[SignalRecord]| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| [40, 70, 98].map(|day| judged(records, &steady(99), day)))
        };
        let one = on(1, &records);
        prop_assert_eq!(&one, &on(2, &shuffled));
        prop_assert_eq!(&one, &on(8, &shuffled));
        prop_assert_eq!(&one, &on(8, &records));
    }
}
