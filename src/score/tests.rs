//! Promises of the room as a whole.

use std::collections::BTreeSet;

use jiff::ToSpan;
use proptest::prelude::*;

use super::criteria::shipped;
use super::days;
use super::events::Cell;
use super::onsets::{OnsetTable, SeriesLaw};
use super::rise::{Rise, Window};
use super::testing::{FIRST, Report, days_after, said};
use super::*;
use methods::exact_counts::mid_p;
use numeric::{Gamma, NegativeBinomial};
use tell::figure;
use vocabulary::{Assessment, Category, Channel, Danger, Disposal, Hazard, RegionCode, SignalRecord, Spread};

/// Two years of steady reading before [`FIRST`], so that the cells have a baseline.
fn volume(days_after_first: i32) -> Volume {
    (-800..=days_after_first).map(|day| (days_after(day), 100)).collect()
}

fn records(reports: &[Report]) -> Vec<SignalRecord> {
    reports.iter().map(Report::record).collect()
}

fn assess(reports: &[Report], day: i32) -> Vec<Assessment> {
    let scorer = Scorer::new(shipped());
    let events = Events::build(&records(reports), scorer.criteria());
    scorer.assess(&events, &volume(day), &Feedback::none(), days_after(day))
}

fn above(assessments: &[Assessment]) -> Vec<&Assessment> {
    assessments.iter().filter(|assessment| assessment.disposal != Disposal::Exclude).collect()
}

#[test]
fn no_signals_no_assessments() {
    assert!(assess(&[], 0).is_empty());
    assert!(assess(&[Report::new(0)], 200).is_empty(), "nothing in the newest weeks");
}

#[test]
fn one_ordinary_complaint_is_excluded_with_its_reason() {
    let assessments = assess(&[Report::new(0)], 0);
    assert_eq!(assessments.len(), 1);
    assert_eq!(
        (assessments[0].disposal, assessments[0].disposal_rule.as_str()),
        (Disposal::Exclude, "exclude.below_line")
    );
    assert!(said(&assessments[0]).contains("未越过"), "{}", said(&assessments[0]));
}

#[test]
fn one_media_report_that_names_a_brand_opens_a_notice_without_statistics() {
    let report = Report::new(0).channel(Channel::Media).brand("甲牌");
    let assessments = assess(&[report], 3);
    assert_eq!((assessments[0].disposal, assessments[0].disposal_rule.as_str()), (Disposal::Notify, "notify.single"));
    assert_eq!(assessments[0].brand.as_deref(), Some("甲牌"));
    assert_eq!(assessments[0].window_days, 14);
}

#[test]
fn a_death_is_always_reviewed_and_a_quality_complaint_is_not() {
    let fatal = assess(&[Report::new(0).severity(4)], 0);
    assert_eq!((fatal[0].disposal, fatal[0].danger), (Disposal::Notify, Danger::Serious));
    let quality = Report::new(0).channel(Channel::Media).brand("甲牌").about(Category::Phone, Hazard::Malfunction);
    assert!(above(&assess(&[quality], 0)).is_empty());
}

/// Section 9: one fatal event from an official source opens a review whatever the statistics, and whatever the hazard is called.
#[test]
fn a_death_by_a_counterfeit_is_reviewed_and_a_rumour_of_one_is_not() {
    let fatal = |report: Report| assess(&[report.about(Category::Phone, Hazard::Counterfeit).severity(4)], 0).remove(0);
    let told = fatal(Report::new(0).channel(Channel::Regulator));
    assert_eq!((told.disposal, told.decision.single_rule.as_deref()), (Disposal::Notify, Some("single.fatal")));
    assert_eq!((told.danger, told.decision.crossed), (Danger::Serious, false));
    assert_eq!(fatal(Report::new(0).confidence(0.4)).disposal, Disposal::Exclude, "not credible");
    assert_eq!(fatal(Report::new(0).stance(vocabulary::Stance::Suspected)).disposal, Disposal::Exclude);
}

#[test]
fn a_burst_about_one_brand_is_one_assessment_about_that_brand() {
    let reports: Vec<Report> = (0..5).map(|day| Report::new(day).brand("甲牌").region("330100")).collect();
    let assessments = assess(&reports, 5);
    let above = above(&assessments);
    assert_eq!(above.len(), 1);
    assert_eq!((above[0].brand.as_deref(), above[0].disposal), (Some("甲牌"), Disposal::Notify));
    assert_eq!(above[0].region.map(RegionCode::number), Some(330_000));
    assert_eq!(above[0].documents.len(), 5);
}

/// `events` reports on 甲牌, two a day, in these places by turns.
fn about_one_maker(events: usize, places: &[&str]) -> Vec<Report> {
    let report = |at: usize| Report::new(i32::try_from(at / 2).expect("small")).brand("甲牌");
    (0..events).map(|at| report(at).region(places[at % places.len()])).collect()
}

/// The only assessment above the line on the last day of the week that begins with [`FIRST`].
fn only_one_above(case: &str, reports: &[Report]) -> Assessment {
    let assessments = assess(reports, 6);
    let above = above(&assessments);
    assert_eq!(above.len(), 1, "{case}: {above:#?}");
    above[0].clone()
}

/// §6.1.3 c: the level stays isolated, one maker's; what it does in many places is common to its goods.
#[test]
fn clause_3_31_what_is_common_to_one_makers_goods_in_many_places_is_sampled() {
    let country = ["330100", "440100", "110101", "510100", "420100", "370100", "610100"];
    for (case, events, places) in [
        ("the fewest places and enough events", 5, &country[..3]),
        ("half of them where most buyers live", 8, &["330100", "440100", "330200", "110101"][..]),
        ("across the country", 14, &country[..]),
    ] {
        let one = only_one_above(case, &about_one_maker(events, places));
        assert_eq!((one.disposal, one.disposal_rule.as_str()), (Disposal::Sample, "sample.company"), "{case}");
        assert_eq!((one.spread, one.brand.as_deref()), (Spread::Isolated, Some("甲牌")), "{case}");
        assert!(one.spread_terms.company_wide && one.spread_terms.provinces >= 3, "{case}: {}", said(&one));
        assert!(
            said(&one).contains("处置采样：同一企业产品在多地出现同类隐患，属企业共性，应当组织采样"),
            "{}",
            said(&one)
        );
    }
}

/// §6.1.3 b: it exists in some scope and is not general.
#[test]
fn clause_3_30_what_one_maker_does_in_few_places_or_seldom_is_notified_and_never_sampled() {
    for (case, events, places) in [
        ("many events in one province", 12, &["330100", "330200", "331000"][..]),
        ("many events in two provinces", 12, &["330100", "440100"][..]),
        ("three provinces, one event each and one more", 4, &["330100", "440100", "110101"][..]),
        ("nobody says where", 12, &[""][..]),
    ] {
        let reports: Vec<Report> = match places {
            [""] => (0..events).map(|at| Report::new(at / 2).brand("甲牌")).collect(),
            _ => about_one_maker(usize::try_from(events).expect("small"), places),
        };
        let one = only_one_above(case, &reports);
        assert_eq!((one.disposal, one.disposal_rule.as_str()), (Disposal::Notify, "notify.onset"), "{case}");
    }
    let mild = about_one_maker(9, &["330100", "440100", "110101"]).into_iter();
    let mild: Vec<Report> = mild.map(|report| report.about(Category::Cosmetic, Hazard::Irritation)).collect();
    let one = only_one_above("a low danger in three provinces", &mild);
    assert_eq!((one.danger, one.disposal_rule.as_str()), (Danger::Low, "notify.onset_low"));
}

#[test]
fn clause_3_30_one_or_two_grave_reports_are_for_a_person_at_once_and_never_sampled() {
    let grave = |day: i32, region: &str| Report::new(day).severity(4).region(region);
    for (case, reports) in [
        ("a death", vec![grave(0, "330100")]),
        ("a death of a brand", vec![grave(0, "330100").brand("甲牌")]),
        ("two deaths that name nothing", vec![grave(0, "330100"), grave(1, "440100")]),
        ("two deaths by one brand", vec![grave(0, "330100").brand("甲牌"), grave(1, "440100").brand("甲牌")]),
    ] {
        let assessments = assess(&reports, 2);
        let above = above(&assessments);
        assert!(!above.is_empty(), "{case}");
        for one in above {
            assert_eq!((one.danger, one.disposal), (Danger::Serious, Disposal::Notify), "{case}");
            assert_eq!(one.disposal_rule, "notify.single_grave", "{case}");
            assert!(
                said(one).contains("处置通知：单件严重情形：立即由值班人员核查，并通知相关单位或地区"),
                "{}",
                said(one)
            );
        }
    }
}

#[test]
fn two_incidents_of_two_brands_in_one_category_are_kept_apart() {
    let mut reports: Vec<Report> = (0..3).map(|day| Report::new(day).brand("甲牌").region("330100")).collect();
    reports.extend((0..3).map(|day| Report::new(day).brand("乙牌").region("440300")));
    let assessments = assess(&reports, 5);
    let brands: BTreeSet<_> = above(&assessments).iter().map(|found| found.brand.clone()).collect();
    assert_eq!(brands, [Some("甲牌".to_owned()), Some("乙牌".to_owned())].into());
}

#[test]
fn a_rise_that_many_brands_share_is_one_assessment_of_the_industry() {
    let brands = ["甲牌", "乙牌", "丙牌", "丁牌", "戊牌"];
    let provinces = ["330100", "440100", "110100", "510100"];
    let report = |index: usize| {
        let day = i32::try_from(index / 2).expect("small");
        Report::new(day).brand(brands[index % 5]).region(provinces[index % 4])
    };
    let reports: Vec<Report> = (0..20).map(report).collect();
    let assessments = assess(&reports, 10);
    let above = above(&assessments);
    assert_eq!(above.len(), 1, "{above:#?}");
    assert_eq!((above[0].brand.clone(), above[0].region), (None, None));
    assert!(above[0].spread >= Spread::Industry, "{}", said(above[0]));
    assert_eq!(above[0].disposal, Disposal::Sample);
}

#[test]
fn clause_3_31_one_province_across_brands_is_regional_and_sampled() {
    let brands = ["甲牌", "乙牌"];
    let reports: Vec<Report> = (0..6)
        .map(|index: usize| Report::new(i32::try_from(index).expect("small")).brand(brands[index % 2]).region("331000"))
        .collect();
    let assessments = assess(&reports, 7);
    let above = above(&assessments);
    assert_eq!(above.len(), 1);
    assert_eq!((above[0].spread, above[0].region.map(RegionCode::number)), (Spread::Regional, Some(330_000)));
    assert_eq!((above[0].disposal, above[0].disposal_rule.as_str()), (Disposal::Sample, "sample.spread"));
}

#[test]
fn five_hundred_reprints_raise_reports_but_not_events() {
    let mut reports = vec![Report::new(0).text(1).brand("甲牌")];
    let alone = assess(&reports, 2);
    reports.extend((0..500).map(|index| Report::new(index % 3).text(1).brand("甲牌")));
    let echoed = assess(&reports, 2);
    assert_eq!(alone.len(), echoed.len());
    assert_eq!((echoed[0].counts.reports, echoed[0].counts.texts), (501, 1));
    let x = |assessment: &Assessment| assessment.detector.windows.iter().map(|window| window.x).collect::<Vec<_>>();
    assert_eq!(x(&echoed[0]), x(&alone[0]));
    assert_eq!(echoed[0].disposal, alone[0].disposal);
}

#[test]
fn a_steady_stream_is_no_news_and_its_doubling_is() {
    let steady: Vec<Report> = (-800..=0).step_by(2).map(Report::new).collect();
    assert!(above(&assess(&steady, 0)).is_empty());
    let mut rising = steady;
    rising.extend((-13..=0).flat_map(|day| [Report::new(day), Report::new(day)]));
    assert!(!above(&assess(&rising, 0)).is_empty());
}

#[test]
fn reading_three_times_as_much_expects_three_times_as_many() {
    let mut reports: Vec<Report> = (-800..=-7).step_by(7).map(Report::new).collect();
    reports.extend([Report::new(-2), Report::new(-1), Report::new(0)]);
    let scorer = Scorer::new(shipped());
    let events = Events::build(&records(&reports), scorer.criteria());
    let h = |volume: &Volume| scorer.assess(&events, volume, &Feedback::none(), days_after(0))[0].detector.h;
    let mut more = volume(0);
    for day in -6..=0 {
        more.add(days_after(day), days_after(day), 200);
    }
    assert!(h(&more) < h(&volume(0)), "a new source is no burst");
    let missing: Volume = (-800..=-60).map(|day| (days_after(day), 100)).collect();
    assert!(h(&missing).is_finite(), "days without reading are answered from the signals' own documents");
}

#[test]
fn two_reports_of_one_brand_are_a_matter_and_two_of_nobodys_are_not() {
    let pair = |brand: &str| -> Vec<Report> { (0..2).map(|day| Report::new(day).brand(brand)).collect() };
    assert_eq!(above(&assess(&pair("甲牌"), 2)).len(), 1);
    assert!(above(&assess(&pair(""), 2)).is_empty());
    let apart = [Report::new(0).brand("甲牌"), Report::new(1).brand("乙牌")];
    assert!(above(&assess(&apart, 2)).is_empty());
}

#[test]
fn a_brand_of_many_reports_is_expected_to_have_some_under_a_new_hazard() {
    let history = |brand: &'static str| {
        (-700..-60).step_by(20).map(move |day| Report::new(day).brand(brand).about(Category::Phone, Hazard::Burn))
    };
    let h = |brand: &'static str| {
        let mut reports: Vec<Report> = history(brand).collect();
        reports.extend((0..2).map(|day| Report::new(day).brand("甲牌").about(Category::Phone, Hazard::Fire)));
        let found = assess(&reports, 2);
        found.iter().find(|found| found.hazard == Hazard::Fire).expect("judged").detector.h
    };
    assert!(h("甲牌") < h("乙牌"));
}

#[test]
fn what_was_there_before_the_watch_began_is_no_onset() {
    let mut reports: Vec<Report> = (-10..-4).map(|day| Report::new(day).seen(0).brand("甲牌")).collect();
    let scorer = Scorer::new(shipped());
    let mut volume = Volume::new();
    for day in -200..=0 {
        volume.add(days_after(day), days_after(0), 100);
    }
    volume.add(days_after(1), days_after(1), 100);
    let mut judge = |more: Option<Report>| {
        reports.extend(more);
        let assessments = scorer.assess(
            &Events::build(&records(&reports), scorer.criteria()),
            &volume,
            &Feedback::none(),
            days_after(1),
        );
        above(&assessments).len()
    };
    assert_eq!(judge(None), 0);
    assert_eq!(judge(Some(Report::new(1).brand("甲牌"))), 1, "it goes on, and now it is seen to");
}

#[test]
fn tomorrow_is_not_known_today() {
    let reports: Vec<Report> = (0..6).map(|_| Report::new(0).seen(4).brand("甲牌")).collect();
    assert!(assess(&reports, 3).is_empty());
    assert!(!assess(&reports, 4).is_empty());
}

/// SCORE-2: everything in the paragraph is a term, and the terms recompute.
#[test]
fn every_number_of_an_explanation_recomputes_from_the_terms() {
    let mut reports: Vec<Report> = (-700..0).step_by(30).map(|day| Report::new(day).brand("丙牌")).collect();
    reports.extend(
        (0..9)
            .zip(["甲牌", "乙牌", "丙牌"].iter().cycle())
            .map(|(day, brand)| Report::new(day).brand(brand).region("330100")),
    );
    let criteria = shipped();
    let assessments = assess(&reports, 9);
    assert!(!above(&assessments).is_empty());
    for a in &assessments {
        let [shape, rate] = a.detector.prior;
        let posterior = (shape + a.detector.baseline_events as f64, rate + a.detector.baseline_weeks);
        let dispersion = a.detector.method.split_once("size=").map(|(_, size)| size.parse().expect("a size"));
        let rise = Rise::new(7);
        let by_day = Gamma { shape: posterior.0, rate: posterior.1 * 7.0 };
        let mut ratios = Vec::new();
        for window in &a.detector.windows {
            // The fixture reads 100 documents every day, so the exposure of a window is its length in weeks.
            let mu = posterior.0 / posterior.1 * f64::from(window.days) / 7.0;
            assert!((mu - window.mu).abs() < 1e-9 * mu, "mu of {} days: {mu} is not {}", window.days, window.mu);
            let weeks = f64::from(window.days) / 7.0;
            let size = dispersion.map_or(posterior.0, |weekly: f64| 1.0 / (1.0 / posterior.0 + 1.0 / (weekly * weeks)));
            let law = NegativeBinomial::new(mu, size);
            let p = mid_p(&law, window.x);
            assert!((p - window.p).abs() < 1e-9 * p);
            let days = f64::from(window.days);
            let told = Window { count: window.x as f64, exposure: days, steps: days };
            ratios.push(rise.ln_window(&told, by_day, dispersion.map(|weekly: f64| weekly / 7.0)));
            let from = days_after(9).saturating_sub((i64::from(window.days) - 1).days());
            let inside = reports.iter().map(Report::record).filter(|record| {
                let day = vocabulary::day_of(record.event_at);
                day >= from
                    && day <= a.as_of
                    && a.brand.as_ref().is_none_or(|brand| record.brand.as_ref() == Some(brand))
            });
            let others = assessments.len() > 1 && a.brand.is_none();
            assert!(others || inside.count() as u64 == window.x, "events of {} days", window.days);
        }
        let evidence = rise.ln_mean(&ratios).expect("read every day");
        assert!((evidence - a.detector.evidence).abs() < 1e-9);
        let sparse = (a.detector.baseline_events as f64) < 0.5 * a.detector.baseline_weeks;
        let least = if a.brand.is_some() && sparse { 2 } else { 3 };
        let known = SeriesLaw { mean: posterior.0 / posterior.1, shape: posterior.0, size: dispersion, least };
        let onsets_a_year = OnsetTable::shipped().ln_rate(known, evidence).exp();
        assert!((a.detector.h + onsets_a_year.log10()).abs() < 1e-9, "{} {onsets_a_year}", a.detector.h);
        let window =
            a.detector.windows.iter().find(|window| window.days == a.window_days).expect("a window of the list");
        for number in [
            format!("近{}天", a.window_days),
            format!("有{}起独立事件", window.x),
            format!("{}条信息、{}个不同文本", a.counts.reports, a.counts.texts),
            format!("{}个来源主体、{}个地区", a.counts.actors, a.counts.places),
            format!("周内{}起", a.detector.baseline_events),
            format!("预期{}起", figure(window.mu)),
            format!("（mid-p）{}", figure(window.p)),
            format!("h={:.2}", a.detector.h),
            format!("门限{:.2}", a.detector.h_threshold),
            format!("上升证据{}", figure(a.detector.evidence)),
            format!("伤害程度S{}", a.danger_terms.severity),
            format!("评价标准{}", criteria.version),
        ] {
            assert!(said(a).contains(&number), "`{number}` is not in: {}", said(a));
        }
    }
}

#[test]
fn an_explanation_reads_like_this() {
    let mut reports: Vec<Report> = Vec::new();
    for (serial, day) in [0, 1, 1, 3].into_iter().enumerate() {
        reports.push(Report::new(day).serial(900_000 + serial as u64).brand("甲牌").region("330100"));
    }
    let assessments = assess(&reports, 3);
    let version = shipped().version;
    let text = said(&assessments[0]).replace(version.as_str(), "VERSION");
    insta::assert_snapshot!(text, @"截至2023-01-05，近7天浙江“甲牌”电池与充电器“起火爆炸”有4起独立事件（4条信息、4个不同文本、4个来源主体、1个地区）。基线104周内0起，结合同类先验并按已读信息量折算，预期1.02e-4起；偶然达到或超过的概率（mid-p）5.84e-15。上升证据20.3，此类单元偶然如此千年难遇（h=10.03），越过误报预算所定门限0.00。上升约始于2022-12-30起的一周（变点概率0.88）。当日共比较63360个单元，偶然可能不大于本件的有1个，其中系偶然的预计不足千分之一（BH法；不论单元间如何相关，e-BH法不足千分之一）。范围个别：点名品牌1个（有效1.0个，0%未点名），省份1个（有效1.0个，0%未载明）；最可能聚集区浙江近1周4起（预期4.55e-6起），占超出量100%、占本底4.48%，其外0起、尾概率0.559；按地市看最集中于杭州近1周4起（预期8.41e-7起，偶然上万天不见一次）；近1周的超出集中于一个地区的概率0.938，若遍及全国则分布均匀的概率0.00978；明显上升的品牌1个；各省差异检验p=0.03；去掉浙江后尾概率0.5（isolated）。隐患程度高：伤害程度S3（文本所述0级）；在用数量未知，概率按假定档，矩阵范围中至严重。处置通知：安全隐患统计越线，范围有限，通知相关单位或地区（notify.onset）。改判条件：再有2起、各属未点名过的品牌，处置升为采样、范围升为区域性；再有2起、各在未出现过的省份，处置升为采样；最近一起若致S4伤害，隐患程度升为严重；少最近3起，处置降为排除。评价标准VERSION。");
}

/// 400 days over 8,000 events take about a second in a debug build, unless something is quadratic.
#[test]
fn many_days_over_many_events_are_judged_quickly() {
    let hazards = [Hazard::Fire, Hazard::Chemical, Hazard::Cut, Hazard::Malfunction];
    let days = (0..400).flat_map(|day| std::iter::repeat_n(day, 20));
    let records: Vec<SignalRecord> = days
        .enumerate()
        .map(|(index, day)| {
            let report = Report::new(day).about(Category::ALL[index % 40], hazards[(index / 7) % 4]);
            report.brand(&format!("品牌{}", index % 97)).record()
        })
        .collect();
    let scorer = Scorer::new(shipped());
    let events = Events::build(&records, scorer.criteria());
    let volume = volume(400);
    let judged: usize =
        (0..400).map(|day| scorer.assess(&events, &volume, &Feedback::none(), days_after(day)).len()).sum();
    assert!(judged > 400);
}

fn any_report() -> impl Strategy<Value = (i32, i32, u32, usize, usize, usize, u8)> {
    (0..60_i32, 0..5_i32, 0..40_u32, 0..4_usize, 0..3_usize, 0..4_usize, 0..5_u8)
}

fn build(
    (day, late, text, actor, hazard, brand, severity): (i32, i32, u32, usize, usize, usize, u8),
    serial: u64,
) -> SignalRecord {
    let channel = [Channel::Complaint, Channel::Media, Channel::Regulator][actor % 3];
    let hazard = [Hazard::Fire, Hazard::Burn, Hazard::Malfunction][hazard];
    let mut report = Report::new(day).serial(serial).text(text).seen(day + late).channel(channel).severity(severity);
    report = report.about(Category::BatteryCharger, hazard).actor(["甲", "乙", Report::SOURCE, "丁"][actor]);
    if brand > 0 {
        report = report.brand(["", "甲牌", "乙牌", "丙牌"][brand]).region(["", "330100", "440100", "110101"][brand]);
    }
    report.record()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// SCORE-1: the order of arrival at the scorer does not matter.
    #[test]
    fn any_order_of_signals_gives_the_same_assessments(
        inputs in prop::collection::vec(any_report(), 1..60), keys in prop::collection::vec(any::<u64>(), 60)
    ) {
        let records: Vec<SignalRecord> = inputs.iter().zip(0..).map(|(input, serial)| build(*input, serial)).collect();
        let mut shuffled: Vec<(u64, SignalRecord)> = keys.into_iter().zip(records.iter().cloned()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let shuffled: Vec<SignalRecord> = shuffled.into_iter().map(|(_, record)| record).collect();
        let scorer = Scorer::new(shipped());
        let judge = |records: &[SignalRecord]| scorer.assess(&Events::build(records, scorer.criteria()), &volume(64), &Feedback::none(), days_after(64));
        prop_assert_eq!(judge(&records), judge(&shuffled));
    }

    /// What was said of a day does not change when more becomes known later.
    #[test]
    fn the_past_is_judged_by_what_was_known_then(inputs in prop::collection::vec(any_report(), 1..60), day in 0..64_i32) {
        let records: Vec<SignalRecord> = inputs.iter().zip(0..).map(|(input, serial)| build(*input, serial)).collect();
        let known: Vec<SignalRecord> =
            records.iter().filter(|record| vocabulary::day_of(record.seen_at) <= days_after(day)).cloned().collect();
        let scorer = Scorer::new(shipped());
        let judge = |records: &[SignalRecord]| scorer.assess(&Events::build(records, scorer.criteria()), &volume(64), &Feedback::none(), days_after(day));
        prop_assert_eq!(judge(&records), judge(&known));
    }

    /// Every independent event of the window is in exactly one assessment.
    #[test]
    fn no_event_is_judged_twice(inputs in prop::collection::vec(any_report(), 1..60)) {
        let records: Vec<SignalRecord> = inputs.iter().zip(0..).map(|(input, serial)| build(*input, serial)).collect();
        let scorer = Scorer::new(shipped());
        let events = Events::build(&records, scorer.criteria());
        let longest = |assessment: &Assessment| assessment.detector.windows.last().map_or(0, |window| window.x);
        let judged: u64 = scorer.assess(&events, &volume(64), &Feedback::none(), days_after(64)).iter().map(longest).sum();
        let since = days::number(FIRST) + 64 - 56;
        let recent = |cell: &Cell| cell.mentions.iter().filter(|mention| mention.opens && mention.day > since).count() as u64;
        let recent = events.cells.iter().map(recent).sum::<u64>();
        prop_assert_eq!(judged, recent);
    }
}
