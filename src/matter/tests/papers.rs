//! Papers of a matter, word by word, and what their readers may not learn from them.

use vocabulary::{Act, ActKind, Asked, Concern, ItemRef, Role, SampleId, Work};

use super::{DAY, Walk, act, buy, matter, result, scheme};
use crate::paper::{About, Addressee, Ground, Paper, PaperKind, Section};
use crate::{Handling, Matter};

const MALL: &str = "商城";
const FAIR: &str = "集市";

fn did(days: i64, by: &str, work: Work) -> Act {
    act(Walk::day(days), by, work.kind(), "", Some(work))
}

fn sample(number: u32) -> SampleId {
    SampleId::new(format!("sr-20260302-battery_charger-fire-1.{number:02}"))
}

/// Four samples of two platforms: one of each failed, one conforms, one is not tested yet.
fn tested() -> Vec<Act> {
    let chosen = vec![ItemRef { platform: MALL.to_owned(), item_id: "i1".to_owned() }];
    let draw = Work::Draw {
        seed: "cd".repeat(32),
        frame: "ef".repeat(32),
        offers: 9,
        strata: Vec::new(),
        chosen,
        repeats: String::new(),
    };
    let mut acts = vec![
        did(0, "王", scheme(4)),
        act(Walk::day(1), "主任", ActKind::Approve, "", None),
        did(1, "王", Work::Order { to: "采样组".to_owned() }),
        did(1, "王", Work::CommitSeed { digest: "ab".repeat(32) }),
        did(2, "王", draw),
        did(2, "王", Work::Commission { body: "检测院".to_owned() }),
    ];
    for (number, platform) in [(1, MALL), (2, MALL), (3, FAIR), (4, FAIR)] {
        let mut work = buy(sample(number), number, None);
        if let Work::Buy { platform: on, .. } = &mut work {
            platform.clone_into(on);
        }
        acts.push(did(3, "购样人甲", work));
        let (id, seals) = (|| sample(number), vec![format!("F{number}")]);
        let condition = "完好".to_owned();
        acts.push(did(5, "李", Work::Receive { sample: id(), condition, conforms: true, not_as_shown: String::new() }));
        acts.push(did(5, "李", Work::Split { sample: id(), test: 2, spare: 1, seals }));
        acts.push(did(6, "李", Work::Dispatch { sample: id(), body: "检测院".to_owned() }));
    }
    for (number, fails) in [(1, true), (2, false), (3, true)] {
        acts.push(did(20, "王工", result(sample(number), number, 19, fails)));
    }
    acts
}

fn told(name: &str, role: Role, asked: Asked) -> Work {
    Work::Address { to: name.to_owned(), role, concern: Concern::Platform, region: None, asked }
}

/// A paper of the 23rd of March.
fn paper(acts: &[Act], kind: PaperKind, to: Option<&Addressee>) -> Option<Paper> {
    let handling = Handling::shipped();
    let matter = Matter::of(matter().id, DAY, None, acts);
    let about = About {
        category: "充电器",
        hazard: "起火爆炸",
        danger: "高",
        spread: "行业",
        page: "http://wanglou/matters/1",
        region_name: &|code| code.to_string(),
    };
    let ground = Ground { matter: &matter, request: None, acts, about, handling: &handling, today: Walk::day(21) };
    ground.paper(kind, to)
}

fn text(acts: &[Act], kind: PaperKind, to: Option<&Addressee>) -> String {
    paper(acts, kind, to).expect("a paper").text()
}

#[test]
fn clause_3_32_the_scheme_is_on_paper_with_the_draw_that_anybody_can_make_again() {
    insta::assert_snapshot!("scheme", text(&tested(), PaperKind::Scheme, None));
    let unapproved = paper(&tested()[..1], PaperKind::Scheme, None).expect("a scheme");
    assert!(unapproved.is_draft() && unapproved.text().starts_with("【草稿"), "{unapproved:?}");
}

#[test]
fn a_test_body_is_told_what_to_test_and_nothing_of_how_it_was_bought() {
    let body = Addressee::named("检测院", Role::TestBody);
    let text = text(&tested(), PaperKind::Commission, Some(&body));
    for hidden in ["购样人甲", "99", "2026-03-05", "店1", "牌1"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    insta::assert_snapshot!("commission", text);
    let other = paper(&tested(), PaperKind::Commission, Some(&Addressee::named("别的院", Role::TestBody)));
    let other = other.expect("a draft");
    assert!(other.is_draft() && !other.text().contains("sr-"), "{other:?}");
}

#[test]
fn clause_3_45_a_platform_is_told_of_its_own_goods_and_for_ever_what_it_was_told_then() {
    let mall = Addressee::named(MALL, Role::Platform);
    let draft = paper(&tested(), PaperKind::Letter, Some(&mall)).expect("a draft");
    assert!(draft.is_draft() && draft.dated.is_none() && !draft.gaps.is_empty());
    let mut acts = tested();
    acts.push(did(21, "王", told(MALL, Role::Platform, Asked::Handle)));
    let sent = text(&acts, PaperKind::Letter, Some(&mall));
    for hidden in [FAIR, "店3", "sr-20260302-battery_charger-fire-1.03", "草稿"] {
        assert!(!sent.contains(hidden), "{hidden}: {sent}");
    }
    insta::assert_snapshot!("letter_to_a_platform", sent);
    // What is found and done later changes no letter that was sent.
    acts.push(did(30, "王工", result(sample(2), 2, 29, true)));
    acts.push(did(30, "商城", Work::Acknowledge { of: MALL.to_owned() }));
    assert_eq!(text(&acts, PaperKind::Letter, Some(&mall)), sent);
    // Told again, it gets another one, with its own number.
    acts.push(did(31, "王", told(MALL, Role::Platform, Asked::Handle)));
    let again = paper(&acts, PaperKind::Letter, Some(&mall)).expect("a letter");
    assert_eq!(again.number.as_deref(), Some("望监函〔2026〕20260302-battery_charger-fire-1-2"));
    assert!(again.text().contains("共检验2批次，不合格2批次"), "{}", again.text());
}

#[test]
fn a_firm_is_told_of_goods_in_its_name_and_what_it_may_object_to() {
    let firm = Addressee::named("牌3", Role::Firm);
    insta::assert_snapshot!("draft_to_a_firm", text(&tested(), PaperKind::Letter, Some(&firm)));
    let stranger = Addressee::named("某厂", Role::Firm);
    let draft = paper(&tested(), PaperKind::Letter, Some(&stranger)).expect("a draft");
    assert!(!draft.text().contains("sr-") && draft.gaps.len() == 2, "a person looks for its names: {draft:?}");
}

#[test]
fn clause_3_47_an_authority_is_told_of_all_goods_and_of_other_authorities() {
    let mut acts = tested();
    acts.push(did(21, "王", told("甲局", Role::Supervision, Asked::Inspect)));
    acts.push(did(21, "王", told("乙局", Role::Supervision, Asked::Know)));
    let to = Addressee::named("乙局", Role::Supervision);
    let sent = paper(&acts, PaperKind::Letter, Some(&to)).expect("a letter");
    assert_eq!((sent.copies.as_slice(), sent.dated), (["甲局".to_owned()].as_slice(), Some(Walk::day(21))));
    let text = sent.text();
    assert!(text.contains("共检验3批次，不合格2批次") && text.contains(FAIR) && text.contains(MALL), "{text}");
    assert!(!text.contains("fire-1.04"), "nothing is told of a sample without a result: {text}");
}

/// The value that a paper gives under a name.
fn fact(paper: &Paper, wanted: &str) -> u64 {
    let rows = paper.sections.iter().filter_map(|section| match section {
        Section::Facts(rows) => Some(rows),
        _ => None,
    });
    let value = rows.flatten().find(|(name, _)| name == wanted).map(|(_, value)| value);
    value.expect(wanted).parse().expect("a number")
}

#[test]
fn clause_3_45_two_reports_of_one_matter_agree_in_their_totals() {
    let mut acts = tested();
    for (name, role) in [(MALL, Role::Platform), (FAIR, Role::Platform), ("甲局", Role::Supervision)] {
        acts.push(did(21, "王", told(name, role, Asked::Handle)));
    }
    let report =
        |name: &str, role| paper(&acts, PaperKind::Report, Some(&Addressee::named(name, role))).expect("a report");
    let whole = report("甲局", Role::Supervision);
    let platforms = [report(MALL, Role::Platform), report(FAIR, Role::Platform)];
    for total in ["检验批次", "不合格批次"] {
        assert!(platforms.iter().all(|one| fact(one, total) == fact(&whole, total)), "{total}");
        let own: u64 = platforms.iter().map(|one| fact(one, &format!("其中贵平台{total}"))).sum();
        assert_eq!(own, fact(&whole, total), "{total}");
    }
    assert!(!platforms[0].text().contains(FAIR) && !platforms[1].text().contains(MALL));
    assert!(paper(&acts, PaperKind::Report, Some(&Addressee::named("某厂", Role::Firm))).is_none());
    insta::assert_snapshot!("report_to_an_authority", whole.text());
    insta::assert_snapshot!("report_to_a_platform", platforms[0].text());
}

#[test]
fn kinds_are_read_by_their_codes() {
    assert!(PaperKind::ALL.iter().all(|kind| kind.code().parse::<PaperKind>() == Ok(*kind)));
    assert!("memo".parse::<PaperKind>().expect_err("unknown").to_string().contains("letter"));
}
