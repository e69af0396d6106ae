//! Checks written rules and compiles them. Every error names the file and the line.

use regex::RegexBuilder;
use scraper::Selector;
use toml::Spanned;

use super::lines::Lines;
use super::written::{OneOrMany, RawField, RawFieldTable, RawFields, RawHtmlTable};
use super::{CssRule, FieldRule, HtmlTable, Place, RecipeError};
use vocabulary::{Refused, refused};

/// Longest selector in bytes; deeply nested `:not(` would recurse.
const SELECTOR_BYTES_MAX: usize = 500;
/// Most opening brackets in a selector.
const SELECTOR_DEPTH_MAX: usize = 8;
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

    /// The rule of one field.
    pub(crate) fn field(
        &self,
        name: &str,
        field: &Spanned<RawField>,
        grammar: Grammar,
    ) -> Result<FieldRule, RecipeError> {
        let byte = field.span().start;
        let short;
        let table = match field.get_ref() {
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
        let many = |places: &OneOrMany| match places {
            OneOrMany::One(place) => vec![place.clone()],
            OneOrMany::Many(places) => places.clone(),
        };
        let place = match (&table.selector, &table.path, &table.column, &table.value) {
            (None, None, None, Some(value)) => Place::Constant(value.clone()),
            (Some(selector), None, None, None) if grammar == Grammar::Css => Place::Css(self.selector(selector, byte)?),
            (None, Some(paths), None, None) if grammar == Grammar::Path => {
                Place::Path(many(paths).iter().map(|path| self.path(path, byte)).collect::<Result<_, _>>()?)
            }
            (None, None, Some(columns), None) if grammar == Grammar::Column => {
                Place::Path(many(columns).into_iter().map(|column| vec![column]).collect())
            }
            (None, None, None, None) if grammar == Grammar::Css => Place::Item,
            _ => {
                let wanted = match grammar {
                    Grammar::Css => "`selector`",
                    Grammar::Path => "`path`",
                    Grammar::Column => "`column`",
                };
                return Err(self.error(
                    byte,
                    refused!(
                        "字段 `{name}` 应恰好写 {wanted} 和 `value` 之一",
                        "field `{name}` needs exactly one of {wanted} and `value`"
                    ),
                ));
            }
        };
        let capture = table.capture.as_deref().map(|pattern| {
            RegexBuilder::new(pattern).size_limit(CAPTURE_BYTES_MAX).build().map_err(|problem| {
                self.error(
                    byte,
                    refused!(
                        "字段 `{name}` 的 capture 不是正则表达式：“{problem}”",
                        "capture of field `{name}` is no regular expression: {problem}"
                    ),
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
        if table.template.as_ref().is_some_and(|template| !template.contains("{value}")) {
            return Err(self.error(
                byte,
                refused!(
                    "`{name}` 的 template 里没有可填的 `{{value}}`",
                    "template of `{name}` has no `{{value}}` to be filled"
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

    /// A table of an HTML page.
    pub(crate) fn html_table(&self, table: &RawHtmlTable) -> Result<HtmlTable, RecipeError> {
        Ok(HtmlTable {
            rule: self.selector(table.selector.get_ref(), table.selector.span().start)?,
            columns: table.columns.iter().map(|(field, header)| (field.clone(), header.clone())).collect(),
        })
    }
}
