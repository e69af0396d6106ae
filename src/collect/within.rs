//! Lists and notices that lie inside other things: HTML in a JSON answer or in the CDATA of an XML one, JSON in a script. Pure.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;
use regex::Regex;

use super::item::{answer_of, look_up, plain};
use super::jsonp::unwrapped;

/// Characters that an answer without entries may say: how many there are, and the like.
const EMPTY_CHARS_MAX: usize = 100;

/// `within` of a recipe: what is read of an answer, in the order of the fields.
#[derive(Debug, Clone)]
pub(crate) struct Within {
    /// Line of the recipe.
    pub(crate) line: usize,
    /// The first group of this expression.
    pub(crate) capture: Option<Regex>,
    /// The texts at this path of a JSON answer.
    pub(crate) json: Option<Vec<String>>,
    /// The texts of all elements of this name in an XML answer.
    pub(crate) xml: Option<String>,
}

impl Within {
    /// Whether what it gives was written for another page than the answer itself, so that its links count from elsewhere.
    pub(crate) fn is_of_interface(&self) -> bool {
        self.json.is_some() || self.xml.is_some()
    }

    /// The part of a page that `capture` finds; the whole page without one.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn captured<'t>(&self, text: &'t str) -> Result<&'t str, String> {
        let Some(capture) = &self.capture else { return Ok(text) };
        let found = capture.captures(text).and_then(|found| found.get(1).or_else(|| found.get(0)));
        found.map(|found| found.as_str()).ok_or_else(|| "`capture` of `within` finds nothing on the page".to_owned())
    }

    /// The text inside an answer, from what [`Self::captured`] gave.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn inside<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, String> {
        let mut text = Cow::Borrowed(text);
        if let Some(path) = &self.json {
            text = Cow::Owned(of_json(&text, path)?);
        }
        if let Some(name) = &self.xml {
            text = Cow::Owned(of_xml(unwrapped(&text), name)?);
        }
        Ok(text)
    }

    /// Both steps.
    ///
    /// # Errors
    /// Why there is no text.
    pub(crate) fn take<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, String> {
        self.inside(self.captured(text)?)
    }
}

/// The texts at a path, joined by lines. An empty text is a text: the list has no entries.
fn of_json(text: &str, path: &[String]) -> Result<String, String> {
    let answer = answer_of(text, false)?;
    let found = look_up(&answer, path);
    let texts: Vec<String> = found.into_iter().filter(|value| !value.is_null()).filter_map(plain).collect();
    if texts.is_empty() {
        return Err(format!("`json` path `/{}` of `within` leads to no text", path.join("/")));
    }
    Ok(texts.join("\n"))
}

/// The texts of all elements of a name, CDATA and characters by entity included, joined by lines. Looks at names alone and not at nesting;
/// what lies in an inner element of the name is text of the outer one, once.
fn of_xml(text: &str, name: &str) -> Result<String, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    reader.config_mut().check_end_names = false;
    let (mut found, mut open, mut any, mut broken) = (String::new(), 0_u32, false, None);
    // Elements of the name, and characters outside them.
    let (mut met, mut outside) = (false, 0_usize);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                any = true;
                let is_it = tag.local_name().as_ref() == name;
                met |= is_it;
                open += u32::from(is_it);
            }
            Ok(Event::Empty(tag)) => {
                any = true;
                met |= tag.local_name().as_ref() == name;
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref() == name => {
                open = open.saturating_sub(1);
                found.push('\n');
            }
            Ok(Event::Text(text)) if open > 0 => found.push_str(&text),
            Ok(Event::CData(text)) if open > 0 => found.push_str(&text),
            Ok(Event::Text(text)) => outside += text.trim().chars().count(),
            Ok(Event::CData(text)) => outside += text.trim().chars().count(),
            Ok(Event::GeneralRef(reference)) if open > 0 => {
                let reference: &str = &reference;
                let written = format!("&{reference};");
                found.push_str(&quick_xml::escape::unescape(&written).unwrap_or(Cow::Borrowed(&written)));
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(problem) => {
                broken = Some(format!("the XML breaks off at byte {} ({problem})", reader.error_position()));
                break;
            }
        }
    }
    match broken {
        // What came before the fault is a list all the same.
        Some(broken) if found.trim().is_empty() => Err(broken),
        _ if !any => Err("not XML: no element at all".to_owned()),
        _ if !met && outside > EMPTY_CHARS_MAX => {
            Err(format!("`xml` element `{name}` of `within` is not in the answer, which says something else"))
        }
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(capture: Option<&str>, json: Option<&str>, xml: Option<&str>) -> Within {
        Within {
            line: 1,
            capture: capture.map(|pattern| Regex::new(pattern).unwrap()),
            json: json.map(|path| path.split('/').skip(1).map(str::to_owned).collect()),
            xml: xml.map(str::to_owned),
        }
    }

    #[test]
    fn html_is_taken_out_of_json_and_of_a_wrapper() {
        let html = within(None, Some("/data/html"), None);
        assert_eq!(html.take(r#"{"data": {"html": "<li>甲</li>"}}"#).unwrap(), "<li>甲</li>");
        assert_eq!(html.take(r#"cb({"data": {"html": ""}});"#).unwrap(), "", "a list without entries");
        let all = within(None, Some("/r/*/h"), None);
        assert_eq!(all.take(r#"{"r": [{"h": "a"}, {"x": 1}, {"h": "b"}]}"#).unwrap(), "a\nb");
        for (answer, expected) in [
            (r#"{"data": {}}"#, "leads to no text"),
            (r#"{"data": {"html": null}}"#, "leads to no text"),
            (r#"{"data": {"html": {}}}"#, "leads to no text"),
            ("<html>", "not JSON"),
            ("", "not JSON"),
        ] {
            let why = html.take(answer).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }

    #[test]
    fn records_of_xml_are_joined_cdata_entities_and_plain_text() {
        let records = within(None, None, Some("record"));
        let answer = "<?xml version='1.0'?><datastore><recordset><record><![CDATA[<li>甲&amp;</li>]]></record>\
                      <record>&lt;li&gt;乙&lt;/li&gt; & Co</record><other>丙</other></recordset></datastore>";
        let taken = records.take(answer).unwrap();
        assert_eq!(taken.lines().collect::<Vec<_>>(), ["<li>甲&amp;</li>", "<li>乙</li> & Co"]);
        assert_eq!(records.take("<datastore><recordset/></datastore>").unwrap(), "", "a list without entries");
        let moved = format!("<d><row><![CDATA[{}]]></row></d>", "<a href=/1>关于某产品召回的公告</a>".repeat(5));
        assert!(records.take(&moved).unwrap_err().contains("`record` of `within` is not in the answer"));
        assert!(records.take("no xml").is_err() && records.take("").is_err());
        assert_eq!(records.take("<a><record>x</record><record>y</b").unwrap().trim(), "x\ny", "what came counts");
        let script = within(Some("(?s)<script>(.*?)</script>"), None, Some("record"));
        assert_eq!(script.take("<p><script><d><record>甲</record></d></script>").unwrap().trim(), "甲");
        let wrapped = within(None, Some(""), Some("record"));
        assert_eq!(wrapped.take(r#"cb("<d><record>甲</record></d>")"#).unwrap().trim(), "甲");
    }

    #[test]
    fn nested_records_cost_no_more_than_their_text() {
        let records = within(None, None, Some("record"));
        let answer = format!("{}x{}", "<record>".repeat(100_000), "</record>".repeat(100_000));
        assert_eq!(records.take(&answer).unwrap().trim(), "x");
    }

    #[test]
    fn json_is_captured_out_of_a_page() {
        let script = within(Some(r"(?s)<!--s-data:(.*?)-->"), None, None);
        assert_eq!(script.take("<p><!--s-data:{\n\"a\": 1}-->").unwrap(), "{\n\"a\": 1}");
        assert!(script.take("<p>").unwrap_err().contains("`capture` of `within` finds nothing"));
    }
}
