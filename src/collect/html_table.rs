//! Tables of HTML pages to rows of fields. Pure.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use scraper::{ElementRef, Html, Selector};

use super::bounds::{
    HTML_CELL_CHARS_MAX, HTML_COLUMNS_MAX, HTML_HEAD_ROWS_MAX, HTML_ROWS_MAX, HTML_TABLES_MAX, ROWSPAN_MAX,
};
use super::fields::{Fields, clip};
use super::grid::Head;
use super::html;
use super::problem::{CHECK_BOUNDS, CHECK_SELECTOR, Notes};
use super::rules::HtmlTable;

static ROW: LazyLock<Option<Selector>> = LazyLock::new(|| Selector::parse("tr").ok());

/// The rows of a page's tables as documents: every cell in the text under its header, the mapped ones as fields too. All tables count that
/// the selector matches and that have one of the columns; one within another one is read with it.
pub(crate) fn rows_of(page: &Html, table: &HtmlTable, shared: &Fields, notes: &mut Notes<'_>) -> Vec<Fields> {
    let (mut found, mut read, mut missing) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for element in page.select(&table.rule.selector).take(HTML_TABLES_MAX) {
        if element.ancestors().any(|outer| read.contains(&outer.id())) {
            continue;
        }
        let Some((head, rows)) = head_and_rows(element, table) else { continue };
        let columns: Vec<(&str, Option<usize>)> =
            table.columns.iter().map(|(field, names)| (field.as_str(), head.position(names))).collect();
        let lacking = columns.iter().filter(|(_, at)| at.is_none()).map(|(field, _)| *field);
        if !columns.is_empty() && columns.iter().all(|(_, at)| at.is_none()) {
            if read.is_empty() {
                missing.extend(lacking);
            }
            continue;
        }
        if read.is_empty() {
            missing.clear();
        }
        missing.extend(lacking);
        read.insert(element.id());
        let mut above: Option<Vec<String>> = None;
        for mut cells in rows.filter(|cells| head.is_row(cells)) {
            if found.len() >= HTML_ROWS_MAX {
                let what = format!("more than {HTML_ROWS_MAX} rows, the rest is not read");
                notes.add(Some(table.rule.line), what, CHECK_BOUNDS);
                return found;
            }
            head.complete(&mut cells, above.as_deref());
            let fields = fields_of(&head, &columns, &cells, shared);
            if !notes.has_room_for(fields.bytes()) {
                return found;
            }
            found.push(fields);
            above = Some(cells);
        }
    }
    for (field, names) in table.columns.iter().filter(|(field, _)| missing.contains(field.as_str())) {
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        let what = format!("column {names} for `{field}` is not in the table's head");
        notes.add(Some(table.rule.line), what, CHECK_SELECTOR);
    }
    found
}

/// A row as a document: its cells in the text, those of named columns as fields too.
pub(crate) fn fields_of(head: &Head, columns: &[(&str, Option<usize>)], cells: &[String], shared: &Fields) -> Fields {
    let mut fields = Fields::default();
    fields.set("text", &head.text(cells));
    for (field, at) in columns {
        fields.set(field, at.and_then(|at| cells.get(at)).map_or("", String::as_str));
    }
    fields.fill_from(shared);
    fields
}

/// The head of a table and the rows below it, one after the other as spans may make them long.
fn head_and_rows<'p>(
    element: ElementRef<'p>,
    table: &HtmlTable,
) -> Option<(Head, impl Iterator<Item = Vec<String>> + use<'p>)> {
    let mut carried: Vec<(usize, String)> = vec![(0, String::new()); HTML_COLUMNS_MAX];
    let mut rows = element.select(ROW.as_ref()?).map(move |row| cells(row, &mut carried));
    let first: Vec<Vec<String>> = rows.by_ref().filter(|cells| !cells.is_empty()).take(HTML_HEAD_ROWS_MAX).collect();
    let (head, below) = Head::find(&first, &table.columns)?;
    Some((head, first.into_iter().skip(below).chain(rows)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::CssRule;
    use crate::rules::lines::Lines;
    use url::Url;

    fn read(page: &str, columns: &[(&str, &[&str])]) -> (Vec<String>, Vec<String>) {
        let rule = CssRule { text: "table".to_owned(), line: 7, selector: Selector::parse("table").unwrap() };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let columns = columns.iter().map(|(field, of)| ((*field).to_owned(), names(of))).collect();
        let table = HtmlTable { rule, columns };
        let (lines, url) = (Lines::default(), Url::parse("https://a.example/").unwrap());
        let mut notes = Notes::new(&lines, &url);
        let rows = rows_of(&html::parse(page).0, &table, &Fields::default(), &mut notes);
        let shown = |row: &Fields| {
            row.iter()
                .filter(|(name, _)| *name != "text")
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        (rows.iter().map(shown).collect(), notes.problems.iter().map(|problem| problem.detail.clone()).collect())
    }

    const COLUMNS: &[(&str, &[&str])] =
        &[("brand", &["商标", "品牌"]), ("producer", &["标称生产单位", "标称生产企业名称"])];

    #[test]
    fn the_head_is_found_below_captions_by_other_names_and_across_lines() {
        let page = "<table><tr><td colspan=3>附件：不合格产品</td></tr><tr><td colspan=3>单位：批次</td></tr>\
                    <tr><td>序号</td><td>标称生产<br>企业名称</td><td>品 牌</td></tr>\
                    <tr><td>1</td><td>甲公司</td><td rowspan=2>甲牌</td></tr><tr><td>2</td><td>乙公司</td></tr>\
                    <tr><td>序号</td><td>标称生产<br>企业名称</td><td>品 牌</td></tr><tr><td>3</td><td>丙公司</td><td>丙牌</td></tr></table>";
        let (rows, problems) = read(page, COLUMNS);
        assert_eq!(rows, ["brand=甲牌 producer=甲公司", "brand=甲牌 producer=乙公司", "brand=丙牌 producer=丙公司"]);
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn every_table_that_has_a_column_is_read_and_one_that_has_none_is_passed_over() {
        let table = |head: &str, row: &str| {
            format!("<table><tr><td>{head}</td><td>x</td></tr><tr><td>{row}</td><td>1</td></tr></table>")
        };
        let page = table("导航", "首页") + &table("商标", "甲") + &table("品牌", "乙");
        let (rows, problems) = read(&page, COLUMNS);
        assert_eq!(rows, ["brand=甲", "brand=乙"]);
        assert_eq!(problems, ["column `标称生产单位` or `标称生产企业名称` for `producer` is not in the table's head"]);
        let (rows, problems) = read(&table("导航", "首页"), COLUMNS);
        assert_eq!((rows.len(), problems.len()), (0, 2));
        let (rows, _) = read(&(table("a", "b") + &table("c", "d")), &[]);
        assert_eq!(rows.len(), 2, "without columns all tables count");
    }

    #[test]
    fn hostile_tables_are_bounded() {
        let many = "<table><tr><td>商标</td></tr><tr><td>甲</td></tr></table>".repeat(HTML_TABLES_MAX * 3);
        assert_eq!(read(&many, COLUMNS).0.len(), HTML_TABLES_MAX);
        let long =
            format!("<table><tr><td>商标</td></tr>{}</table>", "<tr><td>甲</td></tr>".repeat(HTML_ROWS_MAX + 100));
        let (rows, problems) = read(&long, COLUMNS);
        assert_eq!(rows.len(), HTML_ROWS_MAX);
        assert!(problems.iter().any(|problem| problem.contains("rows, the rest is not read")), "{problems:?}");
        let wide = "<table><tr><td colspan=99999 rowspan=99999>商标</td></tr></table>";
        read(wide, COLUMNS);
    }
}
