//! XML read as if it were JSON, so that one way of naming places serves both: an element is an object of its children, one
//! that comes several times a list, attributes are `@name`, text beside them `#text`. Names lose their prefix. No entity is
//! ever expanded but those of the standard and numbers, so that no document can grow while it is read.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// Elements may nest this deep.
const DEPTH_MAX: usize = 128;
/// Elements and attributes of one document.
const NODES_MAX: usize = 1_000_000;

/// An element that is still open.
struct Open {
    name: String,
    members: Map<String, Value>,
    text: String,
}

/// The document as one object with one member, its root.
///
/// # Errors
/// What is wrong with it and where, or which bound it breaks.
pub(crate) fn to_json(source: &str) -> Result<Value, String> {
    let source = source.trim_start_matches('\u{feff}').trim_start();
    let mut reader = Reader::from_str(source);
    // Characters that should have been escaped are common in what offices export.
    reader.config_mut().allow_dangling_amp = true;
    let mut open: Vec<Open> = vec![Open { name: String::new(), members: Map::new(), text: String::new() }];
    let mut nodes = 0;
    loop {
        let event = reader.read_event();
        let event = event.map_err(|problem| format!("not XML: {problem}, at byte {}", reader.error_position()))?;
        match event {
            Event::Start(tag) => {
                if open.len() > DEPTH_MAX {
                    return Err(format!("elements nest deeper than {DEPTH_MAX}"));
                }
                open.push(opened(&tag, &mut nodes)?);
            }
            Event::Empty(tag) => {
                let element = opened(&tag, &mut nodes)?;
                close(&mut open, element);
            }
            Event::End(_) => {
                if let Some(element) = open.pop() {
                    close(&mut open, element);
                }
            }
            Event::Text(text) => add(&mut open, &text.xml10_content()),
            Event::CData(text) => add(&mut open, &text.xml10_content()),
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref().ok().flatten();
                let known = character.map(String::from).or_else(|| {
                    let name: &str = &name;
                    let known = match name {
                        "amp" => "&",
                        "lt" => "<",
                        "gt" => ">",
                        "quot" => "\"",
                        "apos" => "'",
                        // An entity of HTML, or of a DTD, which is not read: kept as written.
                        other => return Some(format!("&{other};")),
                    };
                    Some(known.to_owned())
                });
                add(&mut open, &known.unwrap_or_default());
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    if open.len() > 1 {
        let name = open.pop().map(|element| element.name).unwrap_or_default();
        return Err(format!("not XML: `{name}` is never closed"));
    }
    let members = open.pop().map(|document| document.members).unwrap_or_default();
    if members.is_empty() {
        return Err("not XML: there is no element".to_owned());
    }
    Ok(Value::Object(members))
}

fn opened(tag: &BytesStart<'_>, nodes: &mut usize) -> Result<Open, String> {
    let mut members = Map::new();
    for attribute in tag.attributes().with_checks(false).flatten() {
        *nodes += 1;
        let name = format!("@{}", attribute.key.local_name().as_ref());
        let raw: &str = &attribute.value;
        let value = quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), std::borrow::Cow::into_owned);
        members.insert(name, Value::String(value));
    }
    *nodes += 1;
    if *nodes > NODES_MAX {
        return Err(format!("more than {NODES_MAX} elements"));
    }
    Ok(Open { name: tag.local_name().as_ref().to_owned(), members, text: String::new() })
}

fn add(open: &mut [Open], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// Gives a finished element to the one around it.
fn close(open: &mut [Open], element: Open) {
    let Some(around) = open.last_mut() else { return };
    let Open { name, mut members, text } = element;
    let text = text.trim();
    let value = if members.is_empty() {
        Value::String(text.to_owned())
    } else {
        if !text.is_empty() {
            members.insert("#text".to_owned(), Value::String(text.to_owned()));
        }
        Value::Object(members)
    };
    match around.members.get_mut(&name) {
        None => _ = around.members.insert(name, value),
        Some(Value::Array(several)) => several.push(value),
        Some(first) => {
            let before = first.take();
            *first = Value::Array(vec![before, value]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn elements_become_members_and_repeated_ones_lists() {
        let source = "<?xml version='1.0'?><!DOCTYPE r><r:week n='5'><r:no>1</r:no><r:no>2 &amp; 3</r:no>\
                      <empty/><d><![CDATA[<b>x</b>]]></d>&#x4E2D;&nbsp;<!-- no --></r:week>";
        let expected =
            json!({"week": {"@n": "5", "no": ["1", "2 & 3"], "empty": "", "d": "<b>x</b>", "#text": "中&nbsp;"}});
        assert_eq!(to_json(source).unwrap(), expected);
    }

    #[test]
    fn what_is_no_xml_or_grows_or_nests_is_refused_with_its_reason() {
        for (source, expected) in [
            (String::new(), "there is no element"),
            ("not xml".to_owned(), "there is no element"),
            ("<a><b></a>".to_owned(), "not XML"),
            ("<a>".to_owned(), "`a` is never closed"),
            ("<a>".repeat(100_000), "nest deeper than 128"),
            (format!("<a>{}</a>", "<b/>".repeat(NODES_MAX)), "more than 1000000 elements"),
        ] {
            let error = to_json(&source).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        // Entities that would unfold to gigabytes stay words.
        let laughs = "<!DOCTYPE z [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><z>&b;</z>";
        assert_eq!(to_json(laughs).unwrap(), json!({"z": "&b;"}));
    }
}
