//! The judge on texts of our own, with models made by hand.

use crate::{explain, read, read_by_rules};
use lexicon::judge::{HEAD, Weights, Word};
use lexicon::{Brief, Lexicon};
use vocabulary::{Channel, Document, Hazard, Stance};

fn rules() -> Lexicon {
    Lexicon::shipped().expect("the shipped lexicon loads").rules_only()
}

fn with(lines: &str) -> Lexicon {
    let weights = Weights::parse("by hand", &format!("{HEAD}\n{lines}")).expect("a model");
    rules().judged_by(&weights)
}

fn document(text: &str, category: Option<&str>) -> Document {
    let meta = category.map_or_else(|| serde_json::json!({}), |word| serde_json::json!({"platform_category": word}));
    let written = serde_json::json!({"id": "1", "source": "s", "channel": "platform", "text": text, "meta": meta});
    serde_json::from_value(written).expect("a document")
}

/// A topic of a medium.
fn topic(text: &str) -> Document {
    Document { channel: Channel::Media, ..document(text, None) }
}

/// Asks for one hazard; its n-gram counts, nothing else does.
const MOULD: &str = "ask\tany\tbias=-5\nask\tmicrobial\tbias=-5 severity=0\ngram\t绒绒\tmicrobial=120\n\
                     term\trule\t3\nset\trecover\t0.5\nset\tveto.told\t0.3\nset\tveto.open\t0.3\n";

#[test]
fn the_rows_of_a_surface_are_those_of_its_word_classes() {
    let shipped = Lexicon::shipped().expect("the shipped lexicon loads");
    let judge = shipped.judge().expect("it has a judge");
    let mut judged = 0;
    for (entry, brief) in (0..).zip(shipped.briefs()) {
        let classes = shipped.classes_of(entry).iter();
        let rows: Vec<u32> = classes.filter_map(|class| judge.row(Word::Class(*class))).collect();
        assert_eq!(shipped.judged_rows(entry), rows, "{:?}", shipped.entries()[entry as usize]);
        assert_eq!(brief.any(Brief::JUDGED), !rows.is_empty());
        judged += rows.len();
    }
    assert!(judged > 0);
}

#[test]
fn a_find_that_the_judge_thinks_unlikely_gives_no_signal_and_says_why() {
    let unlikely = with("ask\tany\tbias=0\nterm\trule\t-2\nset\tveto.open\t0.3\nset\tveto.told\t0.3\n");
    let text = document("充电宝充电时突然起火", None);
    assert_eq!(read_by_rules(&text, &unlikely).signals.len(), 1);
    assert!(read(&text, &unlikely).signals.is_empty());
    let told = explain(&text, &unlikely).to_string();
    assert!(told.contains("复核  概率 0.12；规则找到 -2.00") && told.contains("不计：复核认为可能性低"), "{told}");
}

#[test]
fn a_find_that_the_judge_believes_keeps_its_signal_with_the_probability_as_confidence() {
    let likely = with(MOULD);
    let signals = read(&document("充电宝充电时突然起火", None), &likely).signals;
    assert_eq!(signals.len(), 1);
    assert!((signals[0].confidence - 0.9526).abs() < 1e-9, "{}", signals[0].confidence);
}

#[test]
fn what_no_rule_finds_is_recovered_where_the_platform_tells_the_product() {
    let lexicon = with(MOULD);
    let told = document("没有异味，收到就绒绒", Some("水果"));
    assert!(read_by_rules(&told, &lexicon).signals.is_empty());
    let signals = read(&told, &lexicon).signals;
    assert_eq!(signals.len(), 1);
    let signal = &signals[0];
    assert_eq!((signal.hazard, signal.stance), (Hazard::Microbial, Stance::Asserted));
    assert_eq!(signal.hazard_span.slice(&told.text), "绒绒");
    assert_eq!(signal.rules[0].as_str(), "judge:microbial");
    let open = document("没有异味，收到就绒绒", None);
    assert!(read(&open, &lexicon).signals.is_empty(), "an open text tells no product");
    let hopeless = document("收到就绒绒", Some("水果"));
    assert!(read(&hopeless, &lexicon).signals.is_empty(), "no word of a rule stands there: the judge is not asked");
}

#[test]
fn what_is_recovered_is_judged_for_its_stance_and_its_product_as_any_find() {
    let lexicon = with(MOULD);
    let denied = document("没有异味，没有绒绒", Some("水果"));
    assert!(read(&denied, &lexicon).signals.is_empty());
    let unfit = document("没有异味，收到就绒绒", Some("手机"));
    let signals = read(&unfit, &lexicon).signals;
    assert!(signals.iter().all(|signal| signal.hazard != Hazard::Microbial), "{signals:?}");
}

#[test]
fn a_lexicon_without_its_judge_reads_as_one_that_never_had_it() {
    let (without, taken) = (rules(), with(MOULD).rules_only());
    assert_eq!(without.version(), taken.version());
    assert_ne!(without.version(), with(MOULD).version());
    for (text, category) in [("没有异味，收到就绒绒", Some("水果")), ("充电宝充电时突然起火", None)]
    {
        let text = document(text, category);
        assert_eq!(read(&text, &taken), read(&text, &without));
        assert_eq!(read_by_rules(&text, &with(MOULD)).signals, read(&text, &without).signals);
    }
}

/// Weighs open texts: what stands left of a find, and what its product is, count.
const TRAITS: &str = "ask\tany\tbias=0\ntrait\talways:\t0.5\ntrait\tleft:模拟\t-4\ntrait\tfire:battery_charger\t1\n\
                      set\tveto.open\t0.3\nset\tveto.other\t0.01\n";

#[test]
fn an_open_text_is_weighed_by_what_stands_in_the_sentence_of_the_find() {
    let lexicon = with(TRAITS);
    let confidence = |text: &str| read(&topic(text), &lexicon).signals.first().map(|signal| signal.confidence);
    // always 0.5 twice, the pair 1.
    assert_eq!(confidence("充电宝充电时突然起火"), Some(0.8808));
    assert_eq!(confidence("充电宝充电时模拟起火"), None, "0.12 is below the threshold");
    let told = explain(&topic("充电宝充电时模拟起火"), &lexicon).to_string();
    assert!(told.contains("left:模拟 -4.00") && told.contains("不计：复核认为可能性低"), "{told}");
}

#[test]
fn traits_do_not_count_on_a_page() {
    let page = |model: &str| {
        let mut page = topic("充电宝充电时模拟起火");
        page.title = Some("今天的消息".to_owned());
        read(&page, &with(model)).signals
    };
    // By its traits it would be dropped, as it is from a short text.
    let with_traits = page(&format!("{TRAITS}term\trule\t3\n"));
    assert_eq!(with_traits.len(), 1, "{with_traits:?}");
    assert_eq!(with_traits, page("ask\tany\tbias=0\nterm\trule\t3\nset\tveto.open\t0.01\n"));
}

#[test]
fn what_a_person_complains_of_is_not_weighed_as_a_topic_is() {
    let lexicon = with(&format!("{TRAITS}term\trule\t3\n"));
    assert!(read(&topic("充电宝充电时模拟起火"), &lexicon).signals.is_empty());
    assert_eq!(read(&document("充电宝充电时模拟起火", None), &lexicon).signals.len(), 1);
}

#[test]
fn where_the_platform_tells_the_product_traits_do_not_count() {
    let both = with(&format!("{TRAITS}term\trule\t3\nset\tveto.told\t0.3\n"));
    let signals = read(&document("充电宝充电时模拟起火", Some("移动电源")), &both).signals;
    assert!(signals.iter().all(|signal| (signal.confidence - 0.9526).abs() < 1e-9), "{signals:?}");
}

#[test]
fn a_trait_names_no_sentence() {
    let model = include_str!("../../../rules/judge/model.tsv");
    let names = model.lines().filter_map(|line| line.strip_prefix("trait\t")?.split('\t').next());
    for (kind, words) in names.filter_map(|name| name.split_once(':')) {
        let written = ["left", "right", "words", "name", "between"].contains(&kind);
        assert!(!written || words.chars().count() <= super::traits::WORDS_CHARS_MAX, "{kind}:{words}");
    }
}
