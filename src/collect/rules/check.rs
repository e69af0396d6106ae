//! Checks written rules and compiles them. Every error names the file and the line.

use regex::{Regex, RegexBuilder};
use scraper::Selector;
use toml::Spanned;

use super::lines::Lines;
use super::written::{OneOrMany, RawField, RawFieldTable, RawFields, RawHtmlTable, RawWithin};
use super::{CssRule, FieldRule, HtmlTable, Place, RecipeError};
use crate::within::Within;
use vocabulary::{Refused, refused};

/// Longest selector in bytes; deeply nested `:not(` would recurse.
const SELECTOR_BYTES_MAX: usize = 500;
/// Most opening brackets in a selector.
const SELECTOR_DEPTH_MAX: usize = 8;
/// Most rules of one field.
const CHOICES_MAX: usize = 20;
/// Largest size of a compiled capture, in bytes.
const CAPTURE_BYTES_MAX: usize = 1 << 20;

/// How a rule names the place of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// By a CSS selector.
    Css,
    /// By a JSON Pointer.
    Path,
    /// By the name of a column.
    Column,
}

/// Checks the text of a recipe. It has the text, so that an error can name the line of a byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checker<'a> {
    /// The texts of the recipe and its groups, one behind the other.
    pub(crate) text: &'a str,
    pub(crate) lines: &'a Lines,
}

impl Checker<'_> {
    /// The line of a byte, counted from 1 through all files of the recipe.
    pub(crate) fn line(&self, byte: usize) -> usize {
        self.text.as_bytes()[..byte.min(self.text.len())].split(|byte| *byte == b'\n').count()
    }

    /// An error at a byte of the file.
    pub(crate) fn error(&self, byte: usize, detail: impl Into<Refused>) -> RecipeError {
        let (file, line) = self.lines.place(self.line(byte));
        RecipeError::At { file: file.to_owned(), line, detail: detail.into() }
    }

    /// A selector, within its bounds.
    pub(crate) fn selector(&self, text: &str, byte: usize) -> Result<CssRule, RecipeError> {
        let depth = text.bytes().filter(|byte| *byte == b'(').count();
        if text.len() > SELECTOR_BYTES_MAX || depth > SELECTOR_DEPTH_MAX {
            let found = text.len();
            return Err(self.error(
                byte,
                refused!("选择器有 {found} 字节、{depth} 层括号；最多 {SELECTOR_BYTES_MAX} 字节、{SELECTOR_DEPTH_MAX} 层括号", "selector of {found} bytes with {depth} brackets; at most {SELECTOR_BYTES_MAX} bytes and {SELECTOR_DEPTH_MAX} brackets"),
            ));
        }
        let selector = Selector::parse(text).map_err(|problem| {
            self.error(
                byte,
                refused!(
                    "选择器 `{text}` 不是有效的 CSS（“{problem}”）；请在浏览器的检查器里试一试",
                    "selector `{text}` is not valid CSS ({problem}); try it in a browser's inspector"
                ),
            )
        })?;
        Ok(CssRule { text: text.to_owned(), line: self.line(byte), selector })
    }

    /// The steps of a JSON Pointer.
    pub(crate) fn path(&self, text: &str, byte: usize) -> Result<Vec<String>, RecipeError> {
        if text.is_empty() || text == "/" {
            return Ok(Vec::new());
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err(self.error(
                byte,
                refused!(
                    "路径 `{text}` 应以 `/` 开头，例如 `/data/items`",
                    "path `{text}` must begin with `/`, e.g. `/data/items`"
                ),
            ));
        };
        Ok(rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
    }

    /// The rule of one field, with those that are asked after it.
    pub(crate) fn field(
        &self,
        name: &str,
        field: &Spanned<RawField>,
        grammar: Grammar,
    ) -> Result<FieldRule, RecipeError> {
        let byte = field.span().start;
        let RawField::Choice(choices) = field.get_ref() else { return self.rule(name, field.get_ref(), byte, grammar) };
        if choices.len() > CHOICES_MAX {
            let found = choices.len();
            return Err(self.error(
                byte,
                refused!(
                    "字段 `{name}` 有 {found} 条规则；最多 {CHOICES_MAX} 条",
                    "field `{name}` has {found} rules; at most {CHOICES_MAX}"
                ),
            ));
        }
        let rules = choices.iter().map(|choice| self.rule(name, choice, byte, grammar));
        let mut rules = rules.collect::<Result<Vec<_>, _>>()?.into_iter();
        let Some(mut first) = rules.next() else {
            return Err(self
                .error(byte, refused!("字段 `{name}` 的规则列表是空的", "field `{name}` has an empty list of rules")));
        };
        first.or = rules.collect();
        first.required |= first.or.iter().any(|rule| rule.required);
        Ok(first)
    }

    /// One rule of a field.
    fn rule(&self, name: &str, field: &RawField, byte: usize, grammar: Grammar) -> Result<FieldRule, RecipeError> {
        let short;
        let empty = RawFieldTable::default();
        let table = match field {
            // Lists within lists do not get here.
            RawField::Choice(_) => &empty,
            RawField::Short(text) => {
                let one = Some(OneOrMany::One(text.clone()));
                short = match grammar {
                    Grammar::Css => RawFieldTable { selector: Some(text.clone()), ..RawFieldTable::default() },
                    Grammar::Path => RawFieldTable { path: one, ..RawFieldTable::default() },
                    Grammar::Column => RawFieldTable { column: one, ..RawFieldTable::default() },
                };
                &short
            }
            RawField::Table(table) => table,
        };
        let place = match (&table.selector, &table.path, &table.column, &table.label, &table.value) {
            (None, None, None, None, Some(value)) => Place::Constant(value.clone()),
            (selector, None, None, Some(labels), None) if grammar == Grammar::Css && table.attr.is_none() => {
                let within = selector.as_ref().map(|selector| self.selector(selector, byte)).transpose()?;
                Place::Label { within, labels: labels.all() }
            }
            (Some(selector), None, None, None, None) if grammar == Grammar::Css => {
                Place::Css(self.selector(selector, byte)?)
            }
            (None, Some(paths), None, None, None) if grammar == Grammar::Path => {
                Place::Path(paths.all().iter().map(|path| self.path(path, byte)).collect::<Result<_, _>>()?)
            }
            (None, None, Some(columns), None, None) if grammar == Grammar::Column => {
                Place::Path(columns.all().into_iter().map(|column| vec![column]).collect())
            }
            (None, None, None, None, None) if grammar == Grammar::Css => Place::Item,
            _ => {
                let wanted = match grammar {
                    Grammar::Css => "`selector`, `label`",
                    Grammar::Path => "`path`",
                    Grammar::Column => "`column`",
                };
                return Err(self.error(
                    byte,
                    refused!(
                        "字段 `{name}` 应恰好写 {wanted} 和 `value` 之一（`label` 可与 `selector` 同用，不与 `attr` 同用）",
                        "field `{name}` needs exactly one of {wanted} and `value`"
                    ),
                ));
            }
        };
        let capture = table.capture.as_deref().map(|pattern| {
            self.expression(pattern, byte, |problem| {
                refused!(
                    "字段 `{name}` 的 capture 不是正则表达式：“{problem}”",
                    "capture of field `{name}` is no regular expression: {problem}"
                )
            })
        });
        if table.date.is_some() && name != "published_at" {
            return Err(self.error(
                byte,
                refused!(
                    "`date` 只用于字段 `published_at`，不用于 `{name}`",
                    "`date` is for the field `published_at`, not for `{name}`"
                ),
            ));
        }
        if table
            .template
            .as_ref()
            .is_some_and(|template| !template.contains("{value}") && !template.contains("{value:path}"))
        {
            return Err(self.error(
                byte,
                refused!(
                    "`{name}` 的 template 里没有可填的 `{{value}}` 或 `{{value:path}}`",
                    "template of `{name}` has no `{{value}}` or `{{value:path}}` to be filled"
                ),
            ));
        }
        Ok(FieldRule {
            name: name.to_owned(),
            line: self.line(byte),
            place,
            attr: table.attr.clone(),
            capture: capture.transpose()?,
            date: table.date.clone(),
            all: table.all,
            required: table.required,
            template: table.template.clone(),
            or: Vec::new(),
        })
    }

    /// The rules of a table of fields.
    pub(crate) fn fields(&self, fields: &RawFields, grammar: Grammar) -> Result<Vec<FieldRule>, RecipeError> {
        fields
            .iter()
            .map(|(name, field)| {
                let good = !name.get_ref().is_empty()
                    && name
                        .get_ref()
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                if !good {
                    let name_text = name.get_ref();
                    return Err(self.error(
                        name.span().start,
                        refused!(
                            "字段名 `{name_text}` 应为小写 ASCII，例如 `published_at`",
                            "field name `{name_text}` must be lower-case ASCII, e.g. `published_at`"
                        ),
                    ));
                }
                self.field(name.get_ref(), field, grammar)
            })
            .collect()
    }

    /// A regular expression of bounded size.
    fn expression(
        &self,
        pattern: &str,
        byte: usize,
        why: impl FnOnce(regex::Error) -> Refused,
    ) -> Result<Regex, RecipeError> {
        let built = RegexBuilder::new(pattern).size_limit(CAPTURE_BYTES_MAX).build();
        built.map_err(|problem| self.error(byte, why(problem)))
    }

    /// `within` of a list or a page behind it.
    pub(crate) fn within(&self, within: &Spanned<RawWithin>) -> Result<Within, RecipeError> {
        let (byte, RawWithin { capture, json, xml }) = (within.span().start, within.get_ref());
        if capture.is_none() && json.is_none() && xml.is_none() {
            return Err(self.error(
                byte,
                refused!(
                    "`within` 是空的：应写 `capture`、`json`、`xml` 中的一个或几个",
                    "`within` is empty: it needs one or more of `capture`, `json`, `xml`"
                ),
            ));
        }
        let capture = capture.as_deref().map(|pattern| {
            self.expression(pattern, byte, |problem| {
                refused!(
                    "`within` 的 capture 不是正则表达式：“{problem}”",
                    "capture of `within` is no regular expression: {problem}"
                )
            })
        });
        let json = json.as_deref().map(|path| self.path(path, byte)).transpose()?;
        Ok(Within { line: self.line(byte), capture: capture.transpose()?, json, xml: xml.clone() })
    }

    /// A table of an HTML page.
    pub(crate) fn html_table(&self, table: &RawHtmlTable) -> Result<HtmlTable, RecipeError> {
        Ok(HtmlTable {
            rule: self.selector(table.selector.get_ref(), table.selector.span().start)?,
            columns: table.columns.iter().map(|(field, headers)| (field.clone(), headers.all())).collect(),
        })
    }
}
