//! What a recipe promises of its source (`[expect]`), and how what came differs from it. Pure.

use std::time::Duration;

use serde_json::Value;

use super::fields::clip;
use super::item::{answer_of, look_up, plain};

/// Characters of a value that a message shows.
const SHOWN_CHARS: usize = 60;
/// Where interfaces usually say why they refuse.
const REASONS: &[&str] = &["message", "msg", "error", "errorMsg"];

/// What a right answer is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expect {
    /// What the answer to the question for a list must say.
    pub(crate) answer: Vec<Condition>,
    /// Least items of the first page of a list.
    pub(crate) items: usize,
    /// Greatest age of the newest document of a round.
    pub(crate) newest: Option<Duration>,
    /// Share of documents that have a field, 0 to 1.
    pub(crate) filled: Vec<Filled>,
    /// Line of `[expect]`.
    pub(crate) line: usize,
}

/// A field that is usually there.
#[derive(Debug, Clone)]
pub(crate) struct Filled {
    pub(crate) field: String,
    pub(crate) share: f64,
    pub(crate) line: usize,
}

/// What must be at a path of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) path: Vec<String>,
    pub(crate) wanted: Wanted,
}

#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// This value. Numbers and truths may also come as their text.
    Value(Value),
    /// A value of this type.
    Type(Type),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Array,
    Object,
    Text,
    Number,
    Boolean,
}

impl Type {
    const ALL: &'static [(&'static str, Self)] = &[
        ("array", Self::Array),
        ("object", Self::Object),
        ("text", Self::Text),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
        }
    }
}

impl Expect {
    /// Whether the answer to the question for a list is the expected one.
    ///
    /// # Errors
    /// What it says instead.
    pub(crate) fn check_answer(&self, text: &str, is_xml: bool) -> Result<(), String> {
        if self.answer.is_empty() {
            return Ok(());
        }
        let answer =
            answer_of(text, is_xml).map_err(|problem| format!("the answer is not the expected one: {problem}"))?;
        let failed = self.answer.iter().find(|condition| !condition.holds(&answer, is_xml));
        failed.map_or(Ok(()), |condition| Err(condition.told(&answer)))
    }
}

impl Condition {
    fn holds(&self, answer: &Value, is_xml: bool) -> bool {
        let found = look_up(answer, &self.path);
        match &self.wanted {
            // One element of its name alone is no array in XML; none at all is missing.
            Wanted::Type(Type::Array) if is_xml => !found.is_empty(),
            Wanted::Type(kind) => found.first().is_some_and(|value| kind.is_of(value)),
            Wanted::Value(wanted) => {
                let is_it = |value: &Value| value == wanted || (!value.is_array() && plain(value) == plain(wanted));
                found.first().is_some_and(|value| is_it(value))
            }
        }
    }

    fn told(&self, answer: &Value) -> String {
        let wanted = match &self.wanted {
            Wanted::Type(kind) => format!("of type {}", kind.name()),
            Wanted::Value(value) => shown(value),
        };
        let found = look_up(answer, &self.path).first().map_or_else(|| "missing".to_owned(), |value| shown(value));
        let said =
            REASONS.iter().find_map(|name| answer.get(name)?.as_str()).map(|said| clip(said.trim(), SHOWN_CHARS));
        let said = said.filter(|said| !said.is_empty()).map(|said| format!("; it says `{said}`")).unwrap_or_default();
        let path = self.path.join("/");
        format!("the answer is not the expected one: `/{path}` should be {wanted} and is {found}{said}")
    }
}

/// A value in few characters.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(elements) => format!("an array of {}", elements.len()),
        Value::Object(members) => format!("an object of {}", members.len()),
        plain => clip(&plain.to_string(), SHOWN_CHARS).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(path: &str, wanted: Wanted, answer: &str) -> Result<(), String> {
        let path = path.split('/').skip(1).map(str::to_owned).collect();
        let expect = Expect { answer: vec![Condition { path, wanted }], ..Expect::default() };
        expect.check_answer(answer, answer.starts_with('<'))
    }

    #[test]
    fn an_answer_is_right_by_a_value_or_a_type() {
        let value = |value| Wanted::Value(value);
        assert_eq!(check("/success", value(json!(true)), r#"{"success": true}"#), Ok(()));
        assert_eq!(check("/code", value(json!(200)), r#"{"code": "200"}"#), Ok(()));
        assert_eq!(check("/data", Wanted::Type(Type::Array), r#"{"data": []}"#), Ok(()));
        assert_eq!(check("", Wanted::Type(Type::Array), "[1]"), Ok(()));
        assert_eq!(check("/r/item", Wanted::Type(Type::Array), "<r><item>1</item></r>"), Ok(()));
    }

    #[test]
    fn a_wrong_answer_is_told_with_what_it_says() {
        let wrong = |path, wanted, answer, expected: &str| {
            let why = check(path, wanted, answer).unwrap_err();
            assert!(why.contains(expected), "{why}");
        };
        let failed = r#"{"success": false, "message": "参数错误"}"#;
        wrong(
            "/success",
            Wanted::Value(json!(true)),
            failed,
            "`/success` should be true and is false; it says `参数错误`",
        );
        wrong("/data", Wanted::Type(Type::Array), r#"{"data": {"a": 1}}"#, "of type array and is an object of 1");
        wrong("/data", Wanted::Type(Type::Array), "{}", "and is missing");
        wrong("/data", Wanted::Type(Type::Array), "<html><script>x</script></html>", "`/data` should be");
        wrong("/data", Wanted::Type(Type::Array), "nonsense", "not JSON");
        wrong("/data", Wanted::Type(Type::Array), "", "not JSON");
        let long = format!("{{\"a\": \"{}\"}}", "长".repeat(10_000));
        let why = check("/a", Wanted::Value(json!(1)), &long).unwrap_err();
        assert!(why.chars().count() < 200, "{why}");
    }
}
