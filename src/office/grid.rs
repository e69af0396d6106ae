//! The columns of a table whose rows say where their cells begin and end, each for itself.

use super::Table;
use super::bounds::COLUMNS_MAX;

/// A cell as its row has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    /// Where it begins and ends, in any unit.
    pub(crate) from: i32,
    pub(crate) to: i32,
    pub(crate) text: String,
    /// It belongs to the cell above it.
    pub(crate) continues: bool,
}

/// The table of these rows. Edges that lie closer together than `slack` are one. A wide cell stands in each column that it covers.
pub(crate) fn table_of(rows: &[Vec<Cell>], slack: i32) -> Table {
    let mut places: Vec<i32> = rows.iter().flatten().flat_map(|cell| [cell.from, cell.to]).collect();
    places.sort_unstable();
    let mut edges: Vec<i32> = Vec::new();
    for place in places {
        if edges.last().is_none_or(|last| place.saturating_sub(*last) > slack) {
            edges.push(place);
        }
    }
    edges.truncate(COLUMNS_MAX + 2);
    let column = |place: i32| edges.partition_point(|edge| *edge < place.saturating_sub(slack));
    let mut table = Table::default();
    for row in rows {
        let mut cells = vec![String::new(); edges.len().saturating_sub(1)];
        for cell in row {
            let (from, to) = (column(cell.from), column(cell.to));
            for at in from..to.max(from + 1).min(cells.len()) {
                let above = || table.rows.last().and_then(|above: &Vec<String>| above.get(at)).cloned();
                cells[at] = if cell.continues { above().unwrap_or_default() } else { cell.text.clone() };
            }
        }
        table.rows.push(cells);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_edges_of_their_own_share_the_columns_of_the_table() {
        let cell = |from, to, text: &str, continues| Cell { from, to, text: text.to_owned(), continues };
        let rows = [
            vec![cell(0, 300, "附件", false)],
            vec![cell(0, 100, "甲", false), cell(103, 200, "乙", false), cell(200, 300, "丙", false)],
            vec![cell(-2, 101, "", true), cell(101, 301, "丁", false)],
        ];
        let table = table_of(&rows, 10);
        assert_eq!(table.rows, [["附件", "附件", "附件"], ["甲", "乙", "丙"], ["甲", "丁", "丁"]]);
    }
}
