//! Items of lists, and the values that rules find in elements and answers. Pure.

use scraper::ElementRef;
use serde_json::Value;
use url::Url;

use super::ask::Ask;
use super::bounds::{LABEL_PLACES_MAX, PATH_VISITS_MAX, TEXT_CHARS_MAX};
use super::fields::Fields;
use super::jsonp::unwrapped;
use super::problem::PageProblem;
use super::rules::{FieldRule, Place};
use super::{html, label, made, xml};

/// Elements in which a `<time>` is looked for.
const TIME_WITHIN: usize = 50;

/// One item of a list.
#[derive(Debug)]
pub(crate) struct Item {
    /// Canonical address of the page behind it.
    pub(crate) url: Option<Url>,
    pub(crate) fields: Fields,
}

impl Item {
    /// What its values and its address take.
    pub(crate) fn bytes(&self) -> usize {
        self.fields.bytes() + self.url.as_ref().map_or(0, |url| url.as_str().len())
    }
}

/// Why an answer is not what was asked for, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unexpected {
    /// Line of the recipe that it concerns.
    pub(crate) line: Option<usize>,
    pub(crate) what: String,
    pub(crate) advice: &'static str,
}

/// The contents of a list page.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Item>,
    /// The list pages that it leads to.
    pub(crate) next: Vec<Ask>,
    /// The page that has the list in place of this one.
    pub(crate) leads_to: Option<Ask>,
    /// Why the page is not what the recipe expects. It is then no list at all.
    pub(crate) refused: Option<Unexpected>,
    /// The list is in its right form and has no entries.
    pub(crate) is_empty: bool,
    /// Hash of what was read out of the answer, when that is not the answer itself.
    pub(crate) hash: Option<blake3::Hash>,
    /// Why there are no items. A file is set aside with this reason; a list page may be empty.
    pub(crate) empty_because: Option<String>,
    pub(crate) problems: Vec<PageProblem>,
}

/// JSON, or XML as if it were JSON.
///
/// # Errors
/// Why it is neither.
pub(crate) fn answer_of(text: &str, is_xml: bool) -> Result<Value, String> {
    if is_xml {
        return xml::to_json(text);
    }
    if let Some(trap) = made::json_problem(text) {
        return Err(trap);
    }
    serde_json::from_str(unwrapped(text)).map_err(|problem| format!("not JSON ({problem})"))
}

/// The text a rule finds in an element; empty when it finds nothing.
pub(crate) fn value_of(element: ElementRef<'_>, rule: &FieldRule) -> String {
    let take = |found: ElementRef<'_>| {
        if let Some(attr) = &rule.attr {
            return found.attr(attr).unwrap_or_default().trim().to_owned();
        }
        // What is shown may leave the year out; what machines are told does not.
        let is_date = rule.name == "published_at" && rule.capture.is_none();
        is_date.then(|| told_date(found)).flatten().unwrap_or_else(|| html::text_of(found))
    };
    match &rule.place {
        Place::Constant(value) => value.clone(),
        Place::Item => take(element),
        Place::Css(css) if rule.all => {
            // Elements that match may lie in one another: more than a document can hold is not gathered.
            let mut all = String::new();
            for text in element.select(&css.selector).map(take).filter(|text| !text.is_empty()) {
                if !all.is_empty() {
                    all.push('\n');
                }
                all.push_str(&text);
                if all.len() > TEXT_CHARS_MAX * char::MAX_LEN_UTF8 {
                    break;
                }
            }
            all
        }
        Place::Css(css) => {
            // `link = "a"` must also work when the item itself is the link.
            let inside = element.select(&css.selector).map(take).find(|text| !text.is_empty());
            inside.or_else(|| css.selector.matches(&element).then(|| take(element))).unwrap_or_default()
        }
        Place::Label { within: None, labels } => label::value_of(element, labels),
        Place::Label { within: Some(css), labels } => {
            let inside = element.select(&css.selector).map(|part| label::value_of(part, labels));
            inside.take(LABEL_PLACES_MAX).find(|value| !value.is_empty()).unwrap_or_default()
        }
        Place::Path(_) => String::new(),
    }
}

/// The `datetime` of a `<time>` that is the element or in it.
fn told_date(element: ElementRef<'_>) -> Option<String> {
    let mut inside = element.descendants().filter_map(ElementRef::wrap).take(TIME_WITHIN);
    let value = inside.find(|inner| inner.value().name() == "time")?.attr("datetime")?.trim();
    value.starts_with(|first: char| first.is_ascii_digit()).then(|| value.to_owned())
}

/// The text a rule finds in a JSON value; several paths or hits are joined by lines.
pub(crate) fn json_value(value: &Value, rule: &FieldRule) -> String {
    match &rule.place {
        Place::Constant(value) => value.clone(),
        Place::Path(paths) => {
            let hits = paths.iter().flat_map(|path| look_up(value, path));
            let texts = hits.filter_map(plain).filter(|text| !text.is_empty());
            let texts = texts.map(|text| if rule.name == "text" { html::fragment_text(&text) } else { text });
            texts.collect::<Vec<_>>().join("\n")
        }
        Place::Item | Place::Css(_) | Place::Label { .. } => plain(value).unwrap_or_default(),
    }
}

/// The values at a path; the step `*` matches every element.
pub(crate) fn look_up<'v>(value: &'v Value, path: &[String]) -> Vec<&'v Value> {
    let mut found = vec![value];
    for step in path {
        let mut deeper = Vec::new();
        for value in found {
            match value {
                Value::Array(elements) if step == "*" => deeper.extend(elements),
                Value::Object(members) if step == "*" => deeper.extend(members.values()),
                Value::Array(elements) => deeper.extend(step.parse::<usize>().ok().and_then(|at| elements.get(at))),
                Value::Object(members) => deeper.extend(members.get(step)),
                _ => {}
            }
        }
        deeper.truncate(PATH_VISITS_MAX);
        found = deeper;
    }
    found
}

/// The values found at a path, with the elements of an array in place of the array.
pub(crate) fn spread(found: Vec<&Value>) -> impl Iterator<Item = &Value> {
    found.into_iter().flat_map(|value| match value {
        Value::Array(elements) => elements.iter().collect(),
        other => vec![other],
    })
}

/// A value as text: elements of an array a line each; none of an object.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Array(elements) => Some(elements.iter().filter_map(plain).collect::<Vec<_>>().join("\n")),
        Value::Null | Value::Object(_) => None,
    }
}
