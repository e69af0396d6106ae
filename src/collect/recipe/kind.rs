//! What a list page is and what lies behind it: the `[list]` and `[detail]` of a recipe, checked.

use regex::RegexBuilder;
use toml::Spanned;

use super::load::{Checker, Grammar};
use super::raw::{RawDetail, RawKind, RawList, RawRecipe, RawTable};
use super::{
    Body, Detail, DetailFormat, FieldRule, HtmlItems, Include, Kind, Next, Place, RecipeError, Sheet, Table,
    TableFormat,
};

/// Compiled size of `include`.
const INCLUDE_BYTES_MAX: usize = 1 << 20;
/// Rows above the names of the columns that are passed over.
const HEADER_ROW_MAX: u32 = 100;

impl Checker<'_> {
    pub(super) fn kind(&self, raw: &RawRecipe, body: Option<&Body>) -> Result<(Kind, Vec<FieldRule>), RecipeError> {
        let kind = *raw.kind.get_ref();
        if let Some(request) = raw.request.as_ref().filter(|_| !matches!(kind, RawKind::Json | RawKind::Xml)) {
            let what = "`[request]` is for `kind = \"json\"` and `kind = \"xml\"`";
            return Err(self.error(request.span().start, what));
        }
        match (kind, &raw.list) {
            (RawKind::Feed, Some(list)) => {
                Err(self.error(list.span().start, "a feed describes its own items: leave `[list]` out"))
            }
            (RawKind::Feed, None) => Ok((Kind::Feed, Vec::new())),
            (RawKind::Sitemap, list) => Ok((Kind::Sitemap { include: self.include(list.as_ref())? }, Vec::new())),
            (RawKind::Mail, None) => Ok((Kind::Mail, Vec::new())),
            (RawKind::Mail, Some(list)) => {
                self.only(list, &["fields"])?;
                Ok((Kind::Mail, self.fields(&list.get_ref().fields, Grammar::Path)?))
            }
            (_, None) => {
                Err(self.error(raw.kind.span().start, "`[list]` is missing: say where the items of a list page are"))
            }
            (RawKind::Table, Some(list)) => self.table_file(list),
            (RawKind::Html, Some(list)) => self.html_list(list),
            (RawKind::Json | RawKind::Xml, Some(list)) => self.json_list(kind == RawKind::Xml, list, body),
        }
    }

    /// Refuses the keys of `[list]` that this kind has no use for.
    fn only(&self, list: &Spanned<RawList>, known: &[&str]) -> Result<(), RecipeError> {
        let (at, list) = (list.span().start, list.get_ref());
        let given = [
            ("item", list.item.is_some()),
            ("items", list.items.is_some()),
            ("link", list.link.is_some()),
            ("next", list.next.is_some()),
            ("next_param", list.next_param.is_some()),
            ("table", list.table.is_some()),
            ("include", list.include.is_some()),
            ("format", list.format.is_some()),
            ("sheet", list.sheet.is_some()),
            ("header_row", list.header_row.is_some()),
            ("fields", !list.fields.is_empty()),
        ];
        match given.iter().find(|(key, given)| *given && !known.contains(key)) {
            Some((key, _)) => {
                let known = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
                Err(self.error(at, format!("`{key}` means nothing in `[list]` of this kind; it may have {known}")))
            }
            None => Ok(()),
        }
    }

    fn include(&self, list: Option<&Spanned<RawList>>) -> Result<Option<Include>, RecipeError> {
        let Some(list) = list else { return Ok(None) };
        self.only(list, &["include"])?;
        let Some(pattern) = &list.get_ref().include else { return Ok(None) };
        let at = pattern.span().start;
        let regex = RegexBuilder::new(pattern.get_ref()).size_limit(INCLUDE_BYTES_MAX).build();
        let regex =
            regex.map_err(|problem| self.error(at, format!("`include` is no regular expression: {problem}")))?;
        Ok(Some(Include { regex, line: self.line(at) }))
    }

    fn table_file(&self, list: &Spanned<RawList>) -> Result<(Kind, Vec<FieldRule>), RecipeError> {
        self.only(list, &["format", "sheet", "header_row", "fields"])?;
        let (at, list) = (list.span().start, list.get_ref());
        if list.sheet.is_some() && list.format.is_some_and(|format| format != TableFormat::Xlsx) {
            return Err(self.error(at, "`sheet` is for workbooks: `format = \"xlsx\"`"));
        }
        let header_row = match &list.header_row {
            None => 1,
            Some(row) if (1..=HEADER_ROW_MAX).contains(row.get_ref()) => *row.get_ref(),
            Some(row) => {
                let found = row.get_ref();
                let what = format!("`header_row` is {found}: expected 1 to {HEADER_ROW_MAX}");
                return Err(self.error(row.span().start, what));
            }
        };
        let fields = self.fields(&list.fields, Grammar::Column)?;
        Ok((
            Kind::Table(Sheet { format: list.format, name: list.sheet.clone(), header_row, line: self.line(at) }),
            fields,
        ))
    }

    fn html_list(&self, list: &Spanned<RawList>) -> Result<(Kind, Vec<FieldRule>), RecipeError> {
        let with_href = |mut field: FieldRule| {
            field.attr.get_or_insert_with(|| "href".to_owned());
            field
        };
        let (at, raw) = (list.span().start, list.get_ref());
        let next = raw.next.as_ref().map(|next| self.field("next", next, Grammar::Css)).transpose()?.map(with_href);
        let items = match (&raw.item, &raw.table) {
            (Some(item), None) => {
                self.only(list, &["item", "link", "next", "fields"])?;
                HtmlItems::Selected(self.rule(item.get_ref(), item.span().start)?)
            }
            (None, Some(table)) => {
                self.only(list, &["table", "next"])?;
                HtmlItems::Rows(self.table(table)?)
            }
            _ => return Err(self.error(at, "an HTML list needs `item = \"css selector\"` or a `[list.table]`")),
        };
        let fields = self.fields(&raw.fields, Grammar::Css)?;
        let link = raw.link.as_ref().map(|link| self.field("link", link, Grammar::Css)).transpose()?.map(with_href);
        Ok((Kind::Html { items, link, next }, fields))
    }

    fn json_list(
        &self,
        xml: bool,
        list: &Spanned<RawList>,
        body: Option<&Body>,
    ) -> Result<(Kind, Vec<FieldRule>), RecipeError> {
        let (at, raw) = (list.span().start, list.get_ref());
        let Some(items) = &raw.items else {
            return Err(self.error(at, "this list needs `items = \"/path/to/array\"`"));
        };
        self.only(list, &["items", "link", "next", "next_param", "fields"])?;
        let items = self.path(items.get_ref(), items.span().start)?;
        let fields = self.fields(&raw.fields, Grammar::Path)?;
        let link = raw.link.as_ref().map(|link| self.field("link", link, Grammar::Path)).transpose()?;
        let next = raw.next.as_ref().map(|next| self.field("next", next, Grammar::Path)).transpose()?;
        let has_cursor = body.is_some_and(Body::has_cursor);
        let next = match (next.map(|field| field.place), &raw.next_param) {
            (Some(Place::Path(mut paths)), param) if paths.len() == 1 => {
                let path = paths.remove(0);
                Some(match param {
                    Some(_) if has_cursor => {
                        return Err(self
                            .error(at, "the cursor goes into `{cursor}` of the body or into `next_param`, not both"));
                    }
                    Some(param) => Next::Param { path, param: param.clone() },
                    None if has_cursor => Next::Cursor(path),
                    None => Next::Url(path),
                })
            }
            (Some(_), _) => return Err(self.error(at, "`next` of a list must be one path")),
            (None, _) if has_cursor => {
                return Err(self.error(at, "`{cursor}` in the body needs `next`: the path where the answer names it"));
            }
            (None, Some(_)) => return Err(self.error(at, "`next_param` needs `next`: the path where its value lies")),
            (None, None) => None,
        };
        Ok((Kind::Json { xml, items, link, next }, fields))
    }

    fn table(&self, table: &RawTable) -> Result<Table, RecipeError> {
        Ok(Table {
            rule: self.rule(table.selector.get_ref(), table.selector.span().start)?,
            columns: table.columns.iter().map(|(field, header)| (field.clone(), header.clone())).collect(),
        })
    }

    pub(super) fn detail(&self, raw: &RawRecipe) -> Result<Option<Detail>, RecipeError> {
        let Some(detail) = &raw.detail else { return Ok(None) };
        let RawDetail { format, items, fields, table } = detail.get_ref();
        let html = *format == DetailFormat::Html;
        let table = match table {
            Some(table) if !html => {
                return Err(self.error(table.selector.span().start, "`[detail.table]` is for HTML details"));
            }
            Some(table) => Some(self.table(table)?),
            None => None,
        };
        let items = match items {
            Some(items) if html => {
                let what = "`items` is for JSON and XML details; a table's rows are named by `[detail.table]`";
                return Err(self.error(items.span().start, what));
            }
            Some(items) => Some(self.path(items.get_ref(), items.span().start)?),
            None => None,
        };
        let grammar = if html { Grammar::Css } else { Grammar::Path };
        Ok(Some(Detail { format: *format, items, fields: self.fields(fields, grammar)?, table }))
    }
}
