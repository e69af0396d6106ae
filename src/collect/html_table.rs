//! Tables of HTML pages to rows of fields. Pure.

use std::sync::LazyLock;

use scraper::{ElementRef, Html, Selector};

use super::bounds::{HTML_CELL_CHARS_MAX, HTML_COLUMNS_MAX, HTML_ROWS_MAX, ROWSPAN_MAX};
use super::fields::{Fields, clip};
use super::html;
use super::problem::{CHECK_SELECTOR, Notes};
use super::rules::HtmlTable;

static ROW: LazyLock<Option<Selector>> = LazyLock::new(|| Selector::parse("tr").ok());

/// The rows of a table as documents: every cell in the text under its header, the mapped ones as fields too.
pub(crate) fn rows_of(page: &Html, table: &HtmlTable, shared: &Fields, notes: &mut Notes<'_>) -> Vec<Fields> {
    let (Some(found), Some(row)) = (page.select(&table.rule.selector).next(), ROW.as_ref()) else { return Vec::new() };
    let mut carried: Vec<(usize, String)> = vec![(0, String::new()); HTML_COLUMNS_MAX];
    let mut rows = found.select(row).map(|row| cells(row, &mut carried)).filter(|cells| !cells.is_empty());
    let Some(headers) = rows.next() else { return Vec::new() };
    for (field, header) in &table.columns {
        if !headers.contains(header) {
            let line = table.rule.line;
            notes.add(
                Some(line),
                format!("column `{header}` for `{field}` is not in the table's head"),
                CHECK_SELECTOR,
            );
        }
    }
    let mut found = Vec::new();
    for cells in rows.take(HTML_ROWS_MAX) {
        let mut fields = Fields::default();
        let pairs = headers.iter().zip(&cells).filter(|(_, cell)| !cell.is_empty());
        let text: Vec<String> = pairs.map(|(header, cell)| format!("{header}：{cell}")).collect();
        fields.set("text", &text.join("；"));
        for (field, header) in &table.columns {
            let at = headers.iter().position(|known| known == header);
            fields.set(field, at.and_then(|at| cells.get(at)).map_or("", String::as_str));
        }
        fields.fill_from(shared);
        if !notes.has_room_for(fields.bytes()) {
            break;
        }
        found.push(fields);
    }
    found
}

/// The cells of a row, with those that span down from rows above.
fn cells(row: ElementRef<'_>, carried: &mut [(usize, String)]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let span = |cell: ElementRef<'_>, name: &str, max: usize| {
        cell.attr(name).and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(1).clamp(1, max)
    };
    let carry = |out: &mut Vec<String>, carried: &mut [(usize, String)]| {
        while let Some((left, text)) = carried.get_mut(out.len()).filter(|(left, _)| *left > 0) {
            *left -= 1;
            out.push(text.clone());
        }
    };
    for cell in row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th")) {
        carry(&mut out, carried);
        // Spans repeat it.
        let text = clip(&html::text_of(cell), HTML_CELL_CHARS_MAX).replace('\n', " ");
        let down = span(cell, "rowspan", ROWSPAN_MAX);
        for _ in 0..span(cell, "colspan", HTML_COLUMNS_MAX) {
            if let Some(slot) = carried.get_mut(out.len()) {
                *slot = (down - 1, text.clone());
                out.push(text.clone());
            }
        }
    }
    carry(&mut out, carried);
    out
}
