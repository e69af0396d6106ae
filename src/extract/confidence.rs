//! How sure a signal is where no learned judge says it: even for every rule, moved by how the product was found and what is
//! claimed. The numbers are estimated and live in `rules/context/confidence.toml`.

use lexicon::Lexicon;

use super::analysis::FoundHazard;
use super::products::Why;

/// The confidence of a signal, 0 to 1, to four digits: more than the estimate is worth, and readings stay short.
pub(super) fn of(best: &FoundHazard, lexicon: &Lexicon) -> f64 {
    let step = |name: &str| lexicon.confidence().step.get(name).copied().unwrap_or(0.0);
    let found = best.choice.map_or("implied", |choice| place(choice.why));
    four_digits(logistic(lexicon.confidence().base + step(found) + step(best.judged.stance.code())))
}

/// More digits than the estimate is worth.
pub(super) fn four_digits(probability: f64) -> f64 {
    (probability * 10_000.0).round() / 10_000.0
}

/// The step for how a product was found.
fn place(why: Why) -> &'static str {
    match why {
        Why::Clause => "clause",
        Why::Sentence => "sentence",
        Why::Referred | Why::Inherited | Why::Text | Why::Title => "elsewhere",
        Why::MetaNamed => "named",
        Why::Meta => "meta",
        Why::Implied => "implied",
    }
}

pub(super) fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::{Document, Signal};

    fn signals(text: &str, category: Option<&str>) -> Vec<Signal> {
        let lexicon = Lexicon::shipped().expect("the shipped lexicon loads").rules_only();
        let mut document: Document =
            serde_json::from_value(serde_json::json!({"id": "1", "source": "s", "channel": "media", "text": text}))
                .expect("a document");
        if let Some(category) = category {
            document.meta.insert("platform_category".to_owned(), category.into());
        }
        crate::read(&document, &lexicon).signals
    }

    #[test]
    fn a_platform_that_tells_the_product_makes_a_signal_surer() {
        let of = |category| signals("充电器用了两天就冒烟", category)[0].confidence;
        assert!(of(Some("battery_charger")) > of(None), "{} {}", of(Some("battery_charger")), of(None));
    }

    #[test]
    fn confidence_is_a_probability_of_four_digits() {
        for text in ["充电器冒烟", "听说充电器会冒烟", "一小区发生燃气爆炸"] {
            let confidence = signals(text, None)[0].confidence;
            assert!(confidence > 0.0 && confidence < 1.0, "{confidence}");
            let scaled = confidence * 10_000.0;
            assert!((scaled - scaled.round()).abs() < 1e-6, "{confidence}");
        }
    }

    #[test]
    fn even_odds_are_one_half() {
        assert!((logistic(0.0) - 0.5).abs() < 1e-12 && logistic(4.0) > 0.98);
    }
}
