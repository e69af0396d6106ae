//! Runs every rule's own examples: what `wanglou rules test` and one test of the project do.

use lexicon::terms::Example;
use lexicon::{FileLine, Lexicon};
use vocabulary::{Channel, Document, DocumentId, Meta, Refused, RuleId, SourceId, refused};

use super::read_by_rules;

/// How one example came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleResult {
    /// The rule it belongs to.
    pub rule: RuleId,
    /// Where it is written.
    pub at: FileLine,
    /// Its text.
    pub text: String,
    /// What went wrong; none when it came out as written.
    pub failure: Option<Refused>,
}

/// Runs all examples, in file order.
pub fn run_examples(lexicon: &Lexicon) -> Vec<ExampleResult> {
    let mut results = Vec::new();
    for rule in lexicon.rules() {
        let id = &lexicon.effects()[rule.effect as usize].id;
        for example in &rule.examples {
            results.push(ExampleResult {
                rule: id.clone(),
                at: example.at.clone(),
                text: example.text.clone(),
                failure: failure(lexicon, id, example),
            });
        }
    }
    results
}

fn failure(lexicon: &Lexicon, id: &RuleId, example: &Example) -> Option<Refused> {
    let mut meta = Meta::new();
    if let Some(category) = example.category {
        meta.insert("platform_category".to_owned(), category.code().into());
    }
    let document = Document {
        id: DocumentId::from("example"),
        source: SourceId::from("example"),
        channel: Channel::Complaint,
        url: None,
        title: None,
        text: example.text.clone(),
        published_at: None,
        seen_at: None,
        meta,
        raw: None,
    };
    let reading = read_by_rules(&document, lexicon);
    let by_rule = |signal: &&vocabulary::Signal| signal.rules.contains(id);
    let seen = || {
        let all: Vec<String> = reading
            .signals
            .iter()
            .map(|s| {
                let rules: Vec<&str> = s.rules.iter().map(RuleId::as_str).collect();
                format!("{}/{}/{}/{} ← {}", s.product, s.hazard, s.stance, s.severity, rules.join(" "))
            })
            .collect();
        if all.is_empty() {
            refused!("没有信号", "no signal")
        } else {
            Refused::new(all.join("；"), all.join("; "))
        }
    };
    match example.gives {
        None => reading.signals.iter().find(by_rule).map(|_| {
            let seen = seen();
            Refused::new(
                format!("应不得出任何信号，却得出 {}", seen.zh),
                format!("must find nothing, gives {}", seen.en),
            )
        }),
        Some(gives) => {
            let fits = |signal: &vocabulary::Signal| {
                signal.product == gives.product
                    && signal.stance == gives.stance
                    && gives.severity.is_none_or(|severity| severity == signal.severity)
            };
            let found = reading.signals.iter().filter(by_rule).any(fits);
            (!found).then(|| {
                let (product, stance, seen) = (gives.product, gives.stance, seen());
                Refused::new(
                    format!("应得出 {product}/{stance}，却得出 {}", seen.zh),
                    format!("must give {product}/{stance}, gives {}", seen.en),
                )
            })
        }
    }
}
