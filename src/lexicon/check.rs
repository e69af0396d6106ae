//! What `wanglou rules check` says beyond what loading already refuses.

use super::{FileLine, Lexicon};

/// Something an analyst should look at; the lexicon still works.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where.
    pub at: FileLine,
    /// What, and what to do.
    pub message: String,
    /// Whether `rules check` must fail.
    pub fatal: bool,
}

/// Everything worth saying about a loaded lexicon, in file order: rules without examples, words defined twice, hazards
/// without a rule.
pub fn check(lexicon: &Lexicon) -> Vec<Finding> {
    let mut findings = lexicon.findings().to_vec();
    for rule in lexicon.rules() {
        let effect = &lexicon.effects()[rule.effect as usize];
        let hits = rule.examples.iter().filter(|example| example.gives.is_some()).count();
        for (count, name) in [(hits, "hit"), (rule.examples.len() - hits, "miss")] {
            if count == 0 {
                findings.push(Finding {
                    at: effect.at.clone(),
                    message: format!("rule `{}` has no [[rule.{name}]]: add an example in your own words", effect.id),
                    fatal: true,
                });
            }
        }
    }
    for hazard in crate::vocabulary::Hazard::ALL {
        let ruled = lexicon.rules().iter().any(|rule| lexicon.effects()[rule.effect as usize].hazard == *hazard);
        if !ruled {
            findings.push(Finding {
                at: FileLine::new("rules/hazards", 0),
                message: format!("no rule finds `{hazard}` {}", hazard.zh()),
                fatal: true,
            });
        }
    }
    findings.sort();
    findings
}
