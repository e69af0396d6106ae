//! Promises of the room: the life of an episode.

use std::collections::BTreeSet;

use super::episodes::{Episodes, alert_id};
use super::policy::shipped;
use super::testing::{About, day, evidence};
use tell::{self, Language};
use vocabulary::{
    AlertEvent, AlertEventKind, AlertId, AlertState, Alteration, Assessment, Category, Change, Danger, Disposal,
    DocumentId, Explanation, Hazard, LexiconVersion, MuteTerm, RegionCode, Spread,
};

struct Watch {
    episodes: Episodes,
}

impl Watch {
    fn new() -> Self {
        Self { episodes: Episodes::new() }
    }

    fn day(&mut self, number: i8, found: &[About]) -> Vec<AlertEvent> {
        let assessments: Vec<Assessment> = found.iter().map(|about| about.assessment(day(number))).collect();
        self.episodes.advance(day(number), &assessments, &shipped(), &evidence, &LexiconVersion::from("lex"))
    }
}

fn told_of(explanation: &Explanation) -> String {
    tell::paragraph(explanation, Language::Chinese)
}

fn kinds(events: &[AlertEvent]) -> Vec<AlertEventKind> {
    events.iter().map(|event| event.event).collect()
}

use AlertEventKind::{Closed, Lowered, Opened, Raised};

#[test]
fn an_episode_opens_once_and_goes_on_under_one_id() {
    let mut watch = Watch::new();
    let opened = watch.day(1, &[About::brand("甲牌")]);
    assert_eq!(kinds(&opened), [Opened]);
    assert!(opened[0].alert_id.as_str().starts_with("wl-20230101-battery_charger-fire-"), "{}", opened[0].alert_id);
    assert_eq!(opened[0].before, None);
    assert!(watch.day(2, &[About::brand("甲牌")]).is_empty());
    assert_eq!(watch.episodes.ranked().len(), 1);
    assert_eq!(watch.episodes.ranked()[0].last_active_on, day(2));
}

/// ALERT-1 rests on it: two things that go on at once must not share an alert, whichever part tells them apart.
#[test]
fn an_id_differs_with_every_part_of_what_an_alert_is_about() {
    let base = About::brand("小兽牌").assessment(day(1));
    let zhejiang = RegionCode::new(330_000).expect("a region");
    let jiangsu = RegionCode::new(320_000).expect("a region");
    let others = [
        Assessment { brand: None, ..base.clone() },
        Assessment { brand: Some("大兽牌".to_owned()), ..base.clone() },
        Assessment { hazard: Hazard::ElectricShock, ..base.clone() },
        Assessment { category: Category::Toy, ..base.clone() },
        Assessment { region: Some(zhejiang), ..base.clone() },
        Assessment { region: Some(jiangsu), ..base.clone() },
    ];
    let mut ids: BTreeSet<AlertId> = others.iter().map(|other| alert_id(other, day(1))).collect();
    ids.insert(alert_id(&base, day(1)));
    ids.insert(alert_id(&base, day(2)));
    assert_eq!(ids.len(), others.len() + 2, "{ids:?}");
    let later = Assessment { rank_score: 1.0, danger: Danger::Low, ..base.clone() };
    assert_eq!(alert_id(&later, day(1)), alert_id(&base, day(1)), "what is judged of it makes no other alert");
}

#[test]
fn a_rerun_of_a_day_says_nothing_again() {
    let mut watch = Watch::new();
    let first = watch.day(1, &[About::brand("甲牌"), About::brand("乙牌")]);
    assert_eq!(first.len(), 2);
    let state = watch.episodes.clone();
    assert!(watch.day(1, &[About::brand("甲牌"), About::brand("乙牌")]).is_empty());
    assert_eq!(watch.episodes, state);
    watch.day(5, &[]);
    assert!(watch.day(1, &[About::brand("丙牌")]).is_empty(), "a day before the newest one is ignored");
}

#[test]
fn what_would_change_an_alert_stands_over_quiet_days_with_its_day() {
    let mut watch = Watch::new();
    let told = |watch: &Watch| {
        let assessment = watch.episodes.ranked()[0].assessment.clone();
        (assessment.change.len(), assessment.change_of, told_of(&assessment.explanation))
    };
    let mut tried = About::brand("甲牌").assessment(day(1));
    let more = Alteration::MoreAlike { events: 3 };
    tried.change = vec![Change { what: more, danger: tried.danger, spread: tried.spread, disposal: Disposal::Sample }];
    watch.episodes.advance(day(1), &[tried], &shipped(), &evidence, &LexiconVersion::from("lex"));
    assert_eq!((told(&watch).0, told(&watch).1), (1, None));
    for quiet in [2, 3] {
        watch.day(quiet, &[About::brand("甲牌")]);
        let (count, of, explanation) = told(&watch);
        assert_eq!((count, of), (1, Some(day(1))));
        assert!(explanation.contains("改判条件：按2023-01-01的情况，再有3起同类独立事件"), "{explanation}");
    }
    let mut tried = About::brand("甲牌").assessment(day(4));
    let fewer = Alteration::Fewer { events: 1 };
    tried.change =
        vec![Change { what: fewer, danger: tried.danger, spread: tried.spread, disposal: Disposal::Exclude }; 2];
    watch.episodes.advance(day(4), &[tried], &shipped(), &evidence, &LexiconVersion::from("lex"));
    assert_eq!((told(&watch).0, told(&watch).1), (2, None), "its own again");
    watch.day(5, &[About::brand("甲牌")]);
    assert_eq!((told(&watch).0, told(&watch).1), (2, Some(day(4))));
    // Judged lower it would be another change.
    watch.day(6, &[About::brand("甲牌").danger(Danger::Low)]);
    assert_eq!((told(&watch).0, told(&watch).1), (0, None));
    watch.day(7, &[About::brand("甲牌")]);
    assert_eq!(told(&watch).0, 0);
}

#[test]
fn what_was_looked_into_and_not_confirmed_closes_at_once_and_only_that() {
    let mut watch = Watch::new();
    watch.day(1, &[About::brand("甲牌"), About::brand("乙牌")]);
    let mut muted = About::brand("甲牌").disposal(Disposal::Exclude).assessment(day(2));
    muted.feedback.muted = Some(MuteTerm {
        outcome: "o-1".into(),
        tested: 14,
        failed: 0,
        since: day(2),
        until: day(58),
        h_needed: 9.0,
        lifted: false,
    });
    let judged = [muted, About::brand("乙牌").assessment(day(2))];
    let closed = watch.episodes.advance(day(2), &judged, &shipped(), &evidence, &LexiconVersion::from("lex"));
    assert_eq!(kinds(&closed), [Closed]);
    assert_eq!(closed[0].brand.as_deref(), Some("甲牌"));
    let why = told_of(&closed[0].explanation);
    assert!(why.starts_with("经核查或检验未证实（o-1），关闭。近7天"), "{why}");
    assert_eq!(watch.episodes.ranked().len(), 1);
}

#[test]
fn excluded_assessments_open_nothing() {
    assert!(Watch::new().day(1, &[About::brand("甲牌").disposal(Disposal::Exclude)]).is_empty());
}

#[test]
fn levels_go_up_at_once_and_keep_what_was_before() {
    let mut watch = Watch::new();
    watch.day(1, &[About::brand("甲牌")]);
    let raised = watch.day(2, &[About::brand("甲牌").danger(Danger::Serious)]);
    assert_eq!(kinds(&raised), [Raised]);
    assert_eq!(raised[0].before, Some((Danger::High, Spread::Isolated, Disposal::Notify)));
    assert_eq!(raised[0].danger, Danger::Serious);
}

#[test]
fn levels_go_down_only_after_four_weeks() {
    let mut watch = Watch::new();
    watch.day(1, &[About::brand("甲牌").danger(Danger::Serious)]);
    for number in 2..30 {
        assert!(watch.day(number, &[About::brand("甲牌")]).is_empty(), "day {number}");
        assert_eq!(watch.episodes.ranked()[0].assessment.danger, Danger::Serious);
    }
    let lowered = watch.day(30, &[About::brand("甲牌")]);
    assert_eq!((kinds(&lowered), lowered[0].danger), (vec![Lowered], Danger::High));
    assert_eq!(lowered[0].before, Some((Danger::Serious, Spread::Isolated, Disposal::Notify)));
}

#[test]
fn a_spread_goes_up_at_once_and_down_only_after_four_weeks_in_a_row() {
    let (wide, narrow) = (About::brand("甲牌").spread(Spread::Regional), About::brand("甲牌"));
    let mut watch = Watch::new();
    watch.day(1, std::slice::from_ref(&narrow));
    let raised = watch.day(2, std::slice::from_ref(&wide));
    assert_eq!((kinds(&raised), raised[0].spread), (vec![Raised], Spread::Regional));
    for number in 3..20 {
        assert!(watch.day(number, std::slice::from_ref(&narrow)).is_empty(), "day {number}");
    }
    // One day that meets the condition again, and the four weeks begin anew.
    assert!(watch.day(20, &[wide]).is_empty());
    for number in 21..49 {
        assert!(watch.day(number, std::slice::from_ref(&narrow)).is_empty(), "day {number}");
        assert_eq!(watch.episodes.ranked()[0].assessment.spread, Spread::Regional);
    }
    let lowered = watch.day(49, &[narrow]);
    assert_eq!((kinds(&lowered), lowered[0].spread), (vec![Lowered], Spread::Isolated));
}

#[test]
fn an_episode_closes_after_four_quiet_weeks_and_a_new_one_gets_a_new_id() {
    let mut watch = Watch::new();
    let first = watch.day(1, &[About::brand("甲牌")])[0].alert_id.clone();
    for number in 2..29 {
        assert!(watch.day(number, &[]).is_empty(), "day {number}");
    }
    let closed = watch.day(29, &[]);
    assert_eq!(kinds(&closed), [Closed]);
    let why = told_of(&closed[0].explanation);
    assert!(why.starts_with("自2023-01-01起连续28天未再越线，关闭。"), "{why}");
    assert_eq!(closed[0].merged_into, None);
    assert_eq!(watch.episodes.get(&first).map(|alert| alert.state), Some(AlertState::Closed));
    let again = watch.day(30, &[About::brand("甲牌")]);
    assert_eq!(kinds(&again), [Opened]);
    assert_ne!(again[0].alert_id, first);
}

#[test]
fn two_brands_are_two_alerts() {
    let mut watch = Watch::new();
    assert_eq!(
        kinds(&watch.day(1, &[About::brand("甲牌").documents(0..3), About::brand("乙牌").documents(3..6)])),
        [Opened, Opened]
    );
}

#[test]
fn an_incident_that_becomes_the_industrys_stays_one_alert() {
    let mut watch = Watch::new();
    let first = watch.day(1, &[About::brand("甲牌").documents(0..3)])[0].alert_id.clone();
    watch.day(2, &[About::brand("甲牌").documents(0..4), About::brand("乙牌").documents(4..6)]);
    let wide = About::whole().spread(Spread::Industry).documents(0..7);
    let events = watch.day(3, std::slice::from_ref(&wide));
    assert_eq!(kinds(&events), [Raised, Closed], "甲牌's episode widens, 乙牌's goes on in it");
    assert_eq!((events[0].alert_id.clone(), events[0].brand.clone()), (first.clone(), None));
    let why = told_of(&events[1].explanation);
    assert!(why.starts_with(&format!("并入预警{first}。")), "{why}");
    assert_eq!(events[1].merged_into, Some(first));
    assert!(watch.day(3, &[wide]).is_empty());
    assert!(watch.day(4, &[About::brand("乙牌").documents(4..6)]).is_empty(), "it is the same incident");
    assert_eq!(watch.episodes.ranked().len(), 1);
    assert_eq!(watch.episodes.ranked()[0].assessment.brand, None);
}

#[test]
fn an_alert_without_a_name_takes_the_one_its_documents_turn_out_to_carry() {
    let mut watch = Watch::new();
    let opened = watch.day(1, &[About::whole().documents(0..3)]);
    assert!(watch.day(2, &[About::brand("甲牌").documents(0..5)]).is_empty());
    let alert = watch.episodes.get(&opened[0].alert_id).expect("open");
    assert_eq!(alert.assessment.brand.as_deref(), Some("甲牌"));
    let other = watch.day(3, &[About::brand("甲牌").documents(0..5), About::brand("乙牌").documents(20..23)]);
    assert_eq!(kinds(&other), [Opened], "another brand with other documents is another incident");
}

#[test]
fn an_alert_on_everything_does_not_swallow_an_incident_of_one_brand() {
    let mut watch = Watch::new();
    watch.day(1, &[About::whole().documents(0..12)]);
    let opened = watch.day(9, &[About::brand("甲牌").documents(8..14)]);
    assert_eq!(kinds(&opened), [Opened], "most of it was known, and yet it is another matter");
    assert_eq!(opened[0].brand.as_deref(), Some("甲牌"));
}

#[test]
fn the_same_documents_under_a_lesser_hazard_are_no_second_alert() {
    let mut watch = Watch::new();
    let fire = About::brand("甲牌").documents(0..4).danger(Danger::Serious);
    let burn = About::brand("甲牌").hazard(Hazard::Burn).documents(1..4);
    let opened = watch.day(1, &[burn.clone(), fire]);
    assert_eq!((kinds(&opened), opened[0].hazard), (vec![Opened], Hazard::Fire));
    let others = burn.clone().documents(20..24);
    assert_eq!(kinds(&watch.day(2, &[burn])), []);
    assert_eq!(kinds(&watch.day(3, &[others])), [Opened], "other documents are another matter");
}

#[test]
fn what_told_of_the_lesser_part_goes_on_in_the_alert_on_the_greater() {
    let mut watch = Watch::new();
    watch.day(1, &[About::brand("甲牌").hazard(Hazard::Burn).documents(0..2)]);
    let events = watch.day(2, &[About::brand("甲牌").documents(0..5)]);
    assert_eq!(kinds(&events), [Opened, Closed]);
    assert_eq!(events[1].merged_into, Some(events[0].alert_id.clone()));
}

#[test]
fn reports_without_a_brand_beside_an_active_alert_on_one_are_taken_to_be_its() {
    let mut watch = Watch::new();
    let nameless = About::whole().unnamed(0.8).documents(20..24);
    watch.day(1, &[About::brand("甲牌")]);
    assert!(watch.day(2, &[About::brand("甲牌"), nameless.clone()]).is_empty());
    assert_eq!(kinds(&watch.day(3, &[nameless])), [Opened], "the alert on the brand is not active today");
}

#[test]
fn a_line_lists_fifty_documents_and_says_how_many_there_are() {
    let opened = Watch::new().day(1, &[About::brand("甲牌").documents(0..80)]);
    assert_eq!((opened[0].evidence.len(), opened[0].evidence_total), (50, 80));
}

#[test]
fn what_moved_an_alert_is_listed_first() {
    let mut watch = Watch::new();
    watch.day(1, &[About::brand("甲牌").documents(0..3)]);
    let raised = watch.day(2, &[About::brand("甲牌").documents(0..4).danger(Danger::Serious)]);
    assert_eq!(raised[0].evidence[0].document_id, DocumentId::from("d3"));
}

#[test]
fn the_state_survives_a_round_trip() {
    let mut watch = Watch::new();
    watch.day(1, &[About::brand("甲牌"), About::whole().documents(9..12)]);
    let text = serde_json::to_string(&watch.episodes).expect("written");
    assert_eq!(serde_json::from_str::<Episodes>(&text).expect("read"), watch.episodes);
}

#[test]
fn the_most_urgent_comes_first() {
    let mut watch = Watch::new();
    watch.day(1, &[About::brand("甲牌").documents(0..3).rank(1.0), About::brand("乙牌").documents(3..6).rank(9.0)]);
    let brands: Vec<_> = watch.episodes.ranked().iter().map(|alert| alert.assessment.brand.clone()).collect();
    assert_eq!(brands, [Some("乙牌".to_owned()), Some("甲牌".to_owned())]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    /// ALERT-1: whatever the days bring, each id opens once, and replaying every day twice says the same as once.
    #[test]
    fn no_alert_opens_twice(days in proptest::collection::vec(proptest::collection::vec((0..3_usize, 0..30_u32, 1..6_u32), 0..3), 1..25)) {
        let found = |day: &[(usize, u32, u32)]| -> Vec<About> {
            let mut seen = BTreeSet::new();
            day.iter().filter(|(brand, ..)| seen.insert(*brand)).map(|(brand, from, length)| {
                let about = if *brand == 0 { About::whole() } else { About::brand(["", "甲牌", "乙牌"][*brand]) };
                about.documents(*from..*from + *length)
            }).collect()
        };
        let (mut once, mut twice) = (Watch::new(), Watch::new());
        let (mut said_once, mut said_twice) = (Vec::new(), Vec::new());
        for (number, day) in (1..).zip(&days) {
            said_once.extend(once.day(number, &found(day)));
            said_twice.extend(twice.day(number, &found(day)));
            said_twice.extend(twice.day(number, &found(day)));
        }
        let opened: Vec<&AlertId> = said_once.iter().filter(|event| event.event == Opened).map(|event| &event.alert_id).collect();
        proptest::prop_assert_eq!(opened.iter().collect::<BTreeSet<_>>().len(), opened.len());
        proptest::prop_assert_eq!(kinds(&said_once), kinds(&said_twice));
        proptest::prop_assert_eq!(once.episodes.all().count(), opened.len());
    }
}
