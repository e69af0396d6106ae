//! Training on a handful of sentences of our own.

use super::{Options, TrainError, train};
use crate::reader::quality::{self, Gold};
use extract::read;
use lexicon::Lexicon;
use lexicon::judge::Weights;
use vocabulary::Document;

fn rules() -> Lexicon {
    Lexicon::shipped().expect("the shipped lexicon loads").rules_only()
}

fn document(text: &str, category: &str) -> Document {
    let meta = serde_json::json!({"platform_category": category});
    let written = serde_json::json!({"id": "1", "source": "s", "channel": "platform", "text": text, "meta": meta});
    serde_json::from_value(written).expect("a document")
}

/// Texts of our own: half tell of mould in words that no rule knows.
fn lessons() -> Vec<Gold> {
    let lines: Vec<String> = (0..40)
        .map(|at| {
            let (text, signals) = if at % 2 == 0 {
                let signal = serde_json::json!({"product": "fruit_vegetable", "hazard": "microbial", "stance": "asserted",
                                                "severity": 0, "hazard_text": "绒绒一层"});
                (format!("第{at}箱，没有异味，绒绒一层，不想要"), serde_json::json!([signal]))
            } else {
                (format!("第{at}箱，没有异味，个个香甜，还想要"), serde_json::json!([]))
            };
            serde_json::json!({"id": at.to_string(), "source": "own", "meta": {"platform_category": "水果"},
                               "text": text, "signals": signals})
            .to_string()
        })
        .collect();
    quality::parse(&lines.join("\n")).expect("labelled texts")
}

#[test]
fn teaching_twice_gives_the_same_bytes_and_the_lesson_is_learned() {
    let lexicon = rules();
    let options = Options { ask_texts: 5, ..Options::default() };
    let taught = train(&lessons(), &lexicon, &options, "lessons").expect("enough to learn");
    let again = train(&lessons(), &lexicon, &options, "lessons").expect("enough to learn");
    assert_eq!(taught.weights.to_string(), again.weights.to_string());
    assert!(taught.judged.pair.tally.f1() > 0.9 && taught.rules.pair.tally.f1() < 0.1, "{taught}");
    let written = Weights::parse("m.tsv", &taught.weights.to_string()).expect("its own form");
    let signals = read(&document("这一箱没有异味，绒绒一层", "水果"), &lexicon.judged_by(&written)).signals;
    assert_eq!(signals.len(), 1, "{signals:?}");
}

#[test]
fn too_little_to_learn_from_is_said() {
    let lexicon = rules();
    let few = train(&lessons()[..3], &lexicon, &Options::default(), "few").expect_err("three texts");
    assert!(matches!(few, TrainError::TooFew { found: 3, .. }));
    let mut silent = lessons();
    for text in &mut silent {
        text.signals.clear();
    }
    assert_eq!(train(&silent, &lexicon, &Options::default(), "none").expect_err("no signal"), TrainError::NoSignal);
}
