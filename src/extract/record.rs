//! From a reading to the rows that scoring works on.

use vocabulary::{CharSpan, Document, MentionKind, Position, Reading, SignalRecord};

use super::{fingerprint, is_vulnerable};

/// Longest piece of a name that is kept in a record, in characters.
const NAME_CHARS_MAX: usize = 60;

/// One record per signal of a reading. A document that carries no time at all, neither published nor seen, has no place on
/// the calendar and gives no record; the caller counts it as rejected (COUNT-1).
pub fn signal_records(document: &Document, reading: &Reading, position: Position) -> Vec<SignalRecord> {
    let (Some(event_at), Some(seen_at)) = (document.event_at(), document.known_at()) else { return Vec::new() };
    if reading.signals.is_empty() {
        return Vec::new();
    }
    let chars: Vec<char> = document.text.chars().take(super::TEXT_CHARS_MAX).collect();
    let print = fingerprint(&document.text);
    let vulnerable =
        reading.mentions.iter().any(|mention| mention.kind == MentionKind::Group && is_vulnerable(&mention.code));
    let actor = document.meta_str("author").unwrap_or_else(|| document.source.as_str());
    reading
        .signals
        .iter()
        .map(|signal| {
            // A hazard that only the headline names is shown there.
            let headline: Option<Vec<char>> =
                signal.title_span.and(document.title.as_deref()).map(|title| title.chars().collect());
            let chars = headline.as_ref().unwrap_or(&chars);
            let hazard_span = signal.title_span.filter(|_| headline.is_some()).unwrap_or(signal.hazard_span);
            let (window, spans) = excerpt(chars.len(), signal.product_span, hazard_span);
            SignalRecord {
                position,
                document_id: document.id.clone(),
                source: document.source.clone(),
                channel: document.channel,
                url: document.url.clone(),
                event_at,
                seen_at,
                undated: document.is_undated(),
                product: signal.product,
                product_text: signal.product_span.map(|span| name(chars, span)),
                hazard: signal.hazard,
                hazard_text: name(chars, hazard_span),
                stance: signal.stance,
                severity: signal.severity,
                product_from: signal.product_from,
                brand: signal.brand.clone(),
                item: signal.item.clone(),
                region: signal.region,
                actor: actor.to_owned(),
                confidence: signal.confidence,
                vulnerable,
                rules: signal.rules.clone(),
                fingerprint: print,
                excerpt: chars[window.from()..window.to()].iter().collect(),
                spans,
                lexicon: reading.lexicon.clone(),
            }
        })
        .collect()
}

fn name(chars: &[char], span: CharSpan) -> String {
    chars[span.from()..span.to()].iter().take(NAME_CHARS_MAX).collect()
}

/// The window of the text shown as evidence, and the spans inside it, counted from its beginning. The hazard is always
/// in it; the product when both fit.
fn excerpt(len: usize, product: Option<CharSpan>, hazard: CharSpan) -> (CharSpan, Vec<CharSpan>) {
    const WINDOW: usize = SignalRecord::EXCERPT_CHARS;
    let hazard = CharSpan::new(hazard.from(), hazard.to().min(hazard.from() + WINDOW));
    let both = |product: CharSpan| (product.from().min(hazard.from()), product.to().max(hazard.to()));
    let (from, to) = product.map(both).filter(|(from, to)| to - from <= WINDOW).unwrap_or((hazard.from(), hazard.to()));
    let spare = WINDOW - (to - from);
    let start = from.saturating_sub(spare / 2).min(len.saturating_sub(WINDOW));
    let window = CharSpan::new(start, (start + WINDOW).min(len));
    let rebase = |span: CharSpan| CharSpan::new(span.from() - start, span.to() - start);
    let spans = product.filter(|span| window.contains(*span)).into_iter().chain([hazard]).map(rebase).collect();
    (window, spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excerpt_holds_the_hazard_wherever_it_stands() {
        for from in [0, 10, 500, 990] {
            let hazard = CharSpan::new(from, from + 10);
            let (window, spans) = excerpt(1_000, None, hazard);
            assert!(window.contains(hazard) && window.len() <= SignalRecord::EXCERPT_CHARS, "{window:?}");
            assert_eq!(spans, [CharSpan::new(from - window.from(), from + 10 - window.from())]);
        }
        let (window, spans) = excerpt(20, Some(CharSpan::new(0, 3)), CharSpan::new(5, 9));
        assert_eq!((window, spans.len()), (CharSpan::new(0, 20), 2));
    }
}
