//! A reading as JSON, written without asking serde of every mention: byte for byte what `Serialize` gives, several times as
//! quick. Most of what a filter writes are mentions.

use serde::Serialize;

use super::{Mention, MentionKind, Reading};

impl Reading {
    /// Adds the reading as one JSON object, without a line end.
    ///
    /// # Errors
    /// None that a reading is known to give; those of serde are passed on.
    pub fn write_json(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        out.extend_from_slice(br#"{"id":"#);
        text(out, self.id.as_str())?;
        out.extend_from_slice(br#","lexicon":"#);
        text(out, self.lexicon.as_str())?;
        out.extend_from_slice(br#","signals":"#);
        list(out, &self.signals)?;
        out.extend_from_slice(br#","mentions":["#);
        for (at, one) in self.mentions.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            mention(out, one)?;
        }
        out.extend_from_slice(br#"],"problems":"#);
        list(out, &self.problems)?;
        if !self.rechecks.is_empty() {
            out.extend_from_slice(br#","rechecks":"#);
            list(out, &self.rechecks)?;
        }
        if !self.doubts.is_empty() {
            out.extend_from_slice(br#","doubts":"#);
            list(out, &self.doubts)?;
        }
        out.push(b'}');
        Ok(())
    }
}

fn mention(out: &mut Vec<u8>, mention: &Mention) -> serde_json::Result<()> {
    let Mention { kind, code, span, text: words, stance, rule } = mention;
    out.extend_from_slice(br#"{"kind":""#);
    out.extend_from_slice(name(*kind).as_bytes());
    out.extend_from_slice(br#"","code":"#);
    text(out, code)?;
    out.extend_from_slice(br#","span":["#);
    number(out, span.from());
    out.push(b',');
    number(out, span.to());
    out.extend_from_slice(br#"],"text":"#);
    text(out, words)?;
    out.extend_from_slice(br#","stance":""#);
    out.extend_from_slice(stance.code().as_bytes());
    out.extend_from_slice(br#"","rule":"#);
    text(out, rule.as_str())?;
    out.push(b'}');
    Ok(())
}

fn list<T: Serialize>(out: &mut Vec<u8>, list: &[T]) -> serde_json::Result<()> {
    if list.is_empty() {
        out.extend_from_slice(b"[]");
        return Ok(());
    }
    serde_json::to_writer(out, list)
}

/// A string between quotes; one that holds what JSON escapes is left to serde.
fn text(out: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    let escaped = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    if text.bytes().fold(false, |any, byte| any | escaped(byte)) {
        return serde_json::to_writer(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

fn number(out: &mut Vec<u8>, number: usize) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// As serde has it.
fn name(kind: MentionKind) -> &'static str {
    match kind {
        MentionKind::Product => "product",
        MentionKind::Hazard => "hazard",
        MentionKind::Injury => "injury",
        MentionKind::Brand => "brand",
        MentionKind::Firm => "firm",
        MentionKind::Shop => "shop",
        MentionKind::Platform => "platform",
        MentionKind::Region => "region",
        MentionKind::Standard => "standard",
        MentionKind::Material => "material",
        MentionKind::Model => "model",
        MentionKind::Quantity => "quantity",
        MentionKind::Group => "group",
        MentionKind::Certificate => "certificate",
        MentionKind::Date => "date",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        Category, CharSpan, DocumentId, Doubt, Hazard, ItemNames, LexiconVersion, Problem, ProductFrom, Recheck,
        RuleId, Signal, Stance, StandardAction,
    };

    use super::*;

    const KINDS: [MentionKind; 15] = [
        MentionKind::Product,
        MentionKind::Hazard,
        MentionKind::Injury,
        MentionKind::Brand,
        MentionKind::Firm,
        MentionKind::Shop,
        MentionKind::Platform,
        MentionKind::Region,
        MentionKind::Standard,
        MentionKind::Material,
        MentionKind::Model,
        MentionKind::Quantity,
        MentionKind::Group,
        MentionKind::Certificate,
        MentionKind::Date,
    ];

    proptest! {
        /// Any reading is written as serde writes it.
        #[test]
        fn a_reading_is_written_as_serde_writes_it(
            id in any::<String>(),
            mentions in prop::collection::vec((0..KINDS.len(), any::<String>(), 0_usize..400_000, 0_usize..400, 0_usize..5), 0..4),
            confidence in 0.0..1.0_f64,
            full in any::<bool>(),
        ) {
            let mention = |(kind, text, from, length, stance): (usize, String, usize, usize, usize)| Mention {
                kind: KINDS[kind],
                code: text.clone(),
                span: CharSpan::new(from, from + length),
                rule: RuleId::new(format!("dict:{text}")),
                text,
                stance: Stance::ALL[stance],
            };
            let signal = Signal {
                product: Category::Phone,
                hazard: Hazard::Fire,
                stance: Stance::Asserted,
                severity: 2,
                product_span: None,
                hazard_span: CharSpan::new(0, 2),
                title_span: None,
                product_from: ProductFrom::Meta,
                brand: Some(id.clone()),
                item: ItemNames::default(),
                region: None,
                confidence,
                rules: vec![RuleId::from("fire.battery")],
            };
            let recheck = Recheck {
                standard: "GB 1".to_owned(),
                title: None,
                action: StandardAction::New,
                replaces: None,
                replaced_by: None,
                effective: None,
                categories: vec![Category::Phone],
                span: CharSpan::new(0, 4),
            };
            let doubt = Doubt {
                product: Category::Phone,
                hazard: Hazard::Fire,
                stance: Stance::Suspected,
                severity: 2,
                words: id.clone(),
                probability: confidence,
                kept: false,
            };
            let reading = Reading {
                id: DocumentId::new(id.clone()),
                lexicon: LexiconVersion::from("0"),
                signals: if full { vec![signal] } else { Vec::new() },
                mentions: mentions.into_iter().map(mention).collect(),
                problems: if full { vec![Problem { kind: "cut".to_owned(), detail: id }] } else { Vec::new() },
                rechecks: if full { vec![recheck] } else { Vec::new() },
                doubts: if full { vec![doubt] } else { Vec::new() },
            };
            let mut out = Vec::new();
            reading.write_json(&mut out).expect("it can be written");
            prop_assert_eq!(String::from_utf8(out).expect("text"), serde_json::to_string(&reading).expect("serde can"));
        }
    }
}
