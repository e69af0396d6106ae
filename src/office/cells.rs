//! Texts of cells and blocks, tidied and held within the bounds.

use super::bounds::{CELL_CHARS_MAX, COLUMNS_MAX, FILE_CHARS_MAX, ROWS_MAX};
use super::{Block, Table};

/// A cell's text on one line. Lines are joined without a space, unless both sides are Latin words or numbers.
pub(crate) fn one_line(text: &str) -> String {
    let mut joined = String::new();
    for line in text.split(['\n', '\r', '\u{b}', '\u{2028}']).map(str::trim).filter(|line| !line.is_empty()) {
        let meets = |end: Option<char>, start: Option<char>| {
            end.is_some_and(|c| c.is_ascii_alphanumeric()) && start.is_some_and(|c| c.is_ascii_alphanumeric())
        };
        if meets(joined.chars().next_back(), line.chars().next()) {
            joined.push(' ');
        }
        joined.push_str(line);
    }
    joined
}

/// The blocks as far as the bounds of a file go; empty ones left out.
pub(crate) fn bounded(blocks: Vec<Block>, cut: &mut Option<String>) -> Vec<Block> {
    let (mut rows_left, mut chars_left) = (ROWS_MAX, FILE_CHARS_MAX);
    let mut kept = Vec::new();
    for block in blocks {
        match block {
            Block::Text(text) => {
                let text = clipped(text.trim().to_owned(), chars_left, cut, || {
                    format!("more than {FILE_CHARS_MAX} characters, the rest is not read")
                });
                chars_left -= text.chars().count();
                if !text.is_empty() {
                    kept.push(Block::Text(text));
                }
            }
            Block::Table(table) => {
                let table = bounded_table(table, &mut rows_left, &mut chars_left, cut);
                if !table.rows.is_empty() {
                    kept.push(Block::Table(table));
                }
            }
        }
    }
    kept
}

fn bounded_table(table: Table, rows_left: &mut usize, chars_left: &mut usize, cut: &mut Option<String>) -> Table {
    let mut kept = Table::default();
    for (number, row) in table.rows.into_iter().enumerate() {
        if *rows_left == 0 || *chars_left == 0 {
            cut.get_or_insert_with(|| {
                format!("more than {ROWS_MAX} rows or {FILE_CHARS_MAX} characters, the rest is not read")
            });
            break;
        }
        if row.len() > COLUMNS_MAX {
            cut.get_or_insert_with(|| format!("columns behind number {COLUMNS_MAX} are not read"));
        }
        let cells: Vec<String> = row
            .into_iter()
            .take(COLUMNS_MAX)
            .map(|cell| {
                let cell = clipped(one_line(&cell), CELL_CHARS_MAX.min(*chars_left), cut, || {
                    format!("a cell of more than {CELL_CHARS_MAX} characters is cut")
                });
                *chars_left -= cell.chars().count();
                cell
            })
            .collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if table.seams.contains(&number) {
            kept.seams.push(kept.rows.len());
        }
        *rows_left -= 1;
        kept.rows.push(cells);
    }
    kept
}

fn clipped(mut text: String, max: usize, cut: &mut Option<String>, said: impl FnOnce() -> String) -> String {
    if let Some((at, _)) = text.char_indices().nth(max) {
        text.truncate(at);
        cut.get_or_insert_with(said);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_cell_meet_without_a_space_but_for_latin_words() {
        assert_eq!(one_line("甲市乙区\n丙有限公司"), "甲市乙区丙有限公司");
        assert_eq!(one_line("XK-200A\r\nXK-300B"), "XK-200A XK-300B");
        assert_eq!(one_line(" 220V~\n50Hz \n\n"), "220V~50Hz");
    }

    #[test]
    fn what_is_beyond_a_bound_is_cut_and_said_so() {
        let mut cut = None;
        let wide = Table { rows: vec![vec!["甲".to_owned(); COLUMNS_MAX + 1]], seams: vec![] };
        let kept = bounded(vec![Block::Table(wide)], &mut cut);
        assert!(matches!(&kept[..], [Block::Table(table)] if table.rows[0].len() == COLUMNS_MAX));
        assert_eq!(cut.as_deref(), Some("columns behind number 100 are not read"));
        let (mut cut, long) = (None, Table { rows: vec![vec!["甲".to_owned()]; ROWS_MAX + 1], seams: vec![ROWS_MAX] });
        let kept = bounded(vec![Block::Table(long)], &mut cut);
        assert!(matches!(&kept[..], [Block::Table(table)] if table.rows.len() == ROWS_MAX && table.seams.is_empty()));
        assert!(cut.is_some());
    }
}
