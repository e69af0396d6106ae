//! XML read as if it were JSON, so that one way of naming places serves both: an element is an object of its children, one
//! that comes several times a list, attributes are `@name`, text beside them `#text`. Names lose their prefix. No entity is
//! ever expanded but those of the standard and numbers, so that no document can grow while it is read.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

use super::bounds::{XML_DEPTH_MAX, XML_NODES_MAX, XML_PARENTS_MAX};

/// How much there is so far.
#[derive(Default)]
struct Made {
    /// Elements and attributes.
    nodes: usize,
    /// Elements that hold others: each takes more memory than several that hold text.
    parents: usize,
}

impl Made {
    fn check(&self) -> Result<(), String> {
        if self.nodes > XML_NODES_MAX {
            return Err(format!("more than {XML_NODES_MAX} elements"));
        }
        if self.parents > XML_PARENTS_MAX {
            return Err(format!("more than {XML_PARENTS_MAX} elements that hold others"));
        }
        Ok(())
    }
}

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
    let mut made = Made::default();
    loop {
        let event = reader.read_event();
        let event = event.map_err(|problem| format!("not XML: {problem}, at byte {}", reader.error_position()))?;
        match event {
            Event::Start(tag) => {
                if open.len() > XML_DEPTH_MAX {
                    return Err(format!("elements nest deeper than {XML_DEPTH_MAX}"));
                }
                open.push(opened(&tag, &mut made)?);
            }
            Event::Empty(tag) => {
                let element = opened(&tag, &mut made)?;
                close(&mut open, element, &mut made)?;
            }
            Event::End(_) => {
                if let Some(element) = open.pop() {
                    close(&mut open, element, &mut made)?;
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

fn opened(tag: &BytesStart<'_>, made: &mut Made) -> Result<Open, String> {
    let mut members = Map::new();
    for attribute in tag.attributes().with_checks(false).flatten() {
        made.nodes += 1;
        let name = format!("@{}", attribute.key.local_name().as_ref());
        let raw: &str = &attribute.value;
        let value = quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), std::borrow::Cow::into_owned);
        members.insert(name, Value::String(value));
    }
    made.nodes += 1;
    made.parents += usize::from(!members.is_empty());
    made.check()?;
    Ok(Open { name: tag.local_name().as_ref().to_owned(), members, text: String::new() })
}

fn add(open: &mut [Open], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// Gives a finished element to the one around it.
///
/// # Errors
/// Which bound is reached.
fn close(open: &mut [Open], element: Open, made: &mut Made) -> Result<(), String> {
    let Some(around) = open.last_mut() else { return Ok(()) };
    made.parents += usize::from(around.members.is_empty());
    made.check()?;
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
    Ok(())
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
            (format!("<a>{}</a>", "<b/>".repeat(XML_NODES_MAX)), "more than 1000000 elements"),
            (format!("<a>{}</a>", "<b><c/></b>".repeat(XML_PARENTS_MAX)), "more than 250000 elements that hold others"),
            (format!("<a>{}</a>", "<b c=''/>".repeat(XML_PARENTS_MAX)), "more than 250000 elements that hold others"),
        ] {
            let error = to_json(&source).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        // Entities that would unfold to gigabytes stay words.
        let laughs = "<!DOCTYPE z [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><z>&b;</z>";
        assert_eq!(to_json(laughs).unwrap(), json!({"z": "&b;"}));
    }
}
