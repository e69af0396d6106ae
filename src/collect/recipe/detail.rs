//! The pages behind the items of a list: `[detail]`, checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::rules::check::{Checker, Grammar};
use crate::rules::written::{OneOrMany, RawFields, RawHtmlTable, RawWithin};
use crate::rules::{FieldRule, HtmlTable, RecipeError};
use crate::within::Within;
use vocabulary::refused;

/// How the page behind a list item is read.
#[derive(Debug, Clone)]
pub(crate) struct Detail {
    pub(crate) format: DetailFormat,
    /// What is read out of the answer.
    pub(crate) within: Option<Within>,
    /// Path to the documents of a JSON or XML page; without one the page is one document.
    pub(crate) items: Option<Vec<String>>,
    pub(crate) fields: Vec<FieldRule>,
    /// Table of an HTML page, each row of which is a document.
    pub(crate) table: Option<HtmlTable>,
    /// Files that the page links to.
    pub(crate) attachments: Option<Attachments>,
}

/// Which files of a notice are asked for, and the columns of their tables.
#[derive(Debug, Clone)]
pub(crate) struct Attachments {
    /// Line of `[detail.attachments]`.
    pub(crate) line: usize,
    /// Words that the links of the right files have.
    pub(crate) words: Vec<String>,
    /// Field name and the texts that may head its column, as written.
    pub(crate) columns: Vec<(String, Vec<String>)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DetailFormat {
    #[default]
    Html,
    Json,
    Xml,
}

/// `[detail]` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDetail {
    #[serde(default)]
    format: DetailFormat,
    within: Option<Spanned<RawWithin>>,
    items: Option<Spanned<String>>,
    #[serde(default)]
    fields: RawFields,
    table: Option<RawHtmlTable>,
    attachments: Option<Spanned<RawAttachments>>,
}

/// `[detail.attachments]` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAttachments {
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    columns: BTreeMap<String, OneOrMany>,
}

impl Detail {
    /// Names of the fields that its rules and columns fill.
    pub(crate) fn field_names(&self) -> impl Iterator<Item = &str> {
        let columns = self.table.iter().flat_map(HtmlTable::field_names);
        let of_files = self.attachments.iter().flat_map(|files| files.columns.iter().map(|(name, _)| name.as_str()));
        self.fields.iter().map(|rule| rule.name.as_str()).chain(columns).chain(of_files)
    }
}

/// `[detail]`, if the recipe has one.
pub(super) fn detail(checker: &Checker<'_>, raw: Option<&Spanned<RawDetail>>) -> Result<Option<Detail>, RecipeError> {
    let Some(detail) = raw else { return Ok(None) };
    let RawDetail { format, within, items, fields, table, attachments } = detail.get_ref();
    let within = within.as_ref().map(|within| checker.within(within)).transpose()?;
    let html = *format == DetailFormat::Html;
    let table = match table {
        Some(table) if !html => {
            return Err(checker.error(
                table.selector.span().start,
                refused!("`[detail.table]` 只用于 HTML 详情页", "`[detail.table]` is for HTML details"),
            ));
        }
        Some(table) => Some(checker.html_table(table)?),
        None => None,
    };
    let attachments = match attachments {
        Some(files) if !html => {
            return Err(checker.error(
                files.span().start,
                refused!("`[detail.attachments]` 只用于 HTML 详情页", "`[detail.attachments]` is for HTML details"),
            ));
        }
        Some(files) => {
            let RawAttachments { words, columns } = files.get_ref();
            let mut columns: Vec<_> = columns.iter().map(|(field, names)| (field.clone(), names.all())).collect();
            if columns.is_empty() {
                columns = table.as_ref().map(|table| table.columns.clone()).unwrap_or_default();
            }
            Some(Attachments { line: checker.line(files.span().start), words: words.clone(), columns })
        }
        None => None,
    };
    let items = match items {
        Some(items) if html => {
            let what = refused!(
                "`items` 只用于 JSON 和 XML 详情；表格的行用 `[detail.table]` 指定",
                "`items` is for JSON and XML details; a table's rows are named by `[detail.table]`"
            );
            return Err(checker.error(items.span().start, what));
        }
        Some(items) => Some(checker.path(items.get_ref(), items.span().start)?),
        None => None,
    };
    let grammar = if html { Grammar::Css } else { Grammar::Path };
    Ok(Some(Detail { format: *format, within, items, fields: checker.fields(fields, grammar)?, table, attachments }))
}
