//! Rows of a table, whatever it was drawn in: the head found by its words, rows that continue the one above completed from it. Pure.

use std::borrow::Cow;

/// Names of columns that number the entries of a notice.
const NUMBERS: &[&str] = &["序号", "编号", "序列号", "抽样编号", "抽样单编号", "样品编号", "抽样单号"];
/// Beginnings of rows that speak of the table.
const REMARKS: &[&str] = &["注：", "注:", "备注：", "备注:", "说明：", "附注", "注1", "合计", "总计", "填表", "（注"];
/// Fields that several rows of one entry fill anew.
const OF_EACH_ROW: &[&str] = &["finding", "result", "limit"];

/// Field name and the texts that may head its column, as written.
pub(crate) type Columns = [(String, Vec<String>)];

/// The head of a table.
#[derive(Debug)]
pub(crate) struct Head {
    /// For each column its names: its own, then that of the group above it.
    names: Vec<Vec<String>>,
    /// The rows that are the head, as they are repeated on each page.
    rows: Vec<Vec<String>>,
    /// The column that numbers the entries, or else names the product: it is empty in a row that continues an entry.
    entry: Option<usize>,
    product: Option<usize>,
    /// Columns that rows of one entry fill anew.
    of_each: Vec<usize>,
}

impl Head {
    /// The head among the first rows of a table, and the number of the first row below it. It is the row that has the most of the named
    /// columns, with the row below or above when that divides or groups its columns; without such a row the first one that is no caption,
    /// whose cells are not all the same.
    pub(crate) fn find(first: &[Vec<String>], columns: &Columns) -> Option<(Self, usize)> {
        let named = |cells: &[String]| {
            let has = |wanted: &String| cells.iter().any(|cell| plain(cell) == plain(wanted));
            columns.iter().filter(|(_, names)| names.iter().any(has)).count()
        };
        let best = first.iter().enumerate().max_by_key(|(at, cells)| (named(cells), std::cmp::Reverse(*at)));
        let at = match best {
            Some((at, cells)) if named(cells) > 0 => at,
            _ => first.iter().position(|cells| cells.iter().any(|cell| *cell != cells[0])).unwrap_or(0),
        };
        let upper = at.checked_sub(1).filter(|upper| first.get(at).is_some_and(|cells| groups(&first[*upper], cells)));
        let upper = upper.unwrap_or(at);
        let lower =
            if upper == at && first.get(at + 1).is_some_and(|lower| groups(&first[at], lower)) { at + 1 } else { at };
        let rows: Vec<Vec<String>> = first.get(upper..=lower)?.to_vec();
        let width = rows.iter().map(Vec::len).max()?;
        let names: Vec<Vec<String>> = (0..width)
            .map(|column| {
                let mut names: Vec<String> = Vec::new();
                for name in rows.iter().rev().filter_map(|row| row.get(column)).filter(|name| !name.is_empty()) {
                    if !names.contains(name) {
                        names.push(name.clone());
                    }
                }
                names
            })
            .collect();
        let mut head = Self { names, rows, entry: None, product: None, of_each: Vec::new() };
        let field =
            |field: &str| columns.iter().find(|(name, _)| name == field).and_then(|(_, names)| head.position(names));
        let product = field("product").or_else(|| field("title"));
        let of_each = OF_EACH_ROW.iter().filter_map(|name| field(name)).collect();
        let number =
            head.names.iter().position(|names| names.iter().any(|name| NUMBERS.contains(&plain(name).as_str())));
        (head.entry, head.product, head.of_each) = (number.or(product), product, of_each);
        Some((head, lower + 1))
    }

    /// The column that has the first of these names, white space aside.
    pub(crate) fn position(&self, wanted: &[String]) -> Option<usize> {
        let has = |names: &[String], name: &str| names.iter().any(|own| plain(own) == name);
        wanted.iter().map(|name| plain(name)).find_map(|name| self.names.iter().position(|own| has(own, &name)))
    }

    /// Whether a row says something, and is not the head again, a caption or a remark.
    pub(crate) fn is_row(&self, cells: &[String]) -> bool {
        let mut said = cells.iter().filter(|cell| !cell.is_empty());
        let Some(first) = said.next() else { return false };
        let is_remark = REMARKS.iter().any(|remark| first.starts_with(remark));
        let says_more = said.any(|cell| cell != first);
        let stands_alone = !says_more && (self.width() > 2 && (cells.first() == Some(first) || repeats(cells, first)));
        !is_remark && !stands_alone && !self.is_repeated(cells)
    }

    /// Whether a row is the head again, but for some cells: a letter may hang over into the row below.
    fn is_repeated(&self, cells: &[String]) -> bool {
        let said = cells.iter().filter(|cell| !cell.is_empty()).count();
        let same =
            |row: &Vec<String>| row.iter().zip(cells).filter(|(one, other)| one == other && !one.is_empty()).count();
        self.rows.iter().any(|row| 2 * same(row) > said)
    }

    fn width(&self) -> usize {
        self.names.len()
    }

    /// Whether a row belongs to the entry above it.
    pub(crate) fn continues(&self, cells: &[String]) -> bool {
        self.entry.is_some_and(|entry| cells.get(entry).is_none_or(String::is_empty))
    }

    /// The rows of a table, each entry's cells complete. `seams`: the rows that stand first on a page.
    pub(crate) fn entries(&self, rows: &[Vec<String>], below: usize, seams: &[usize]) -> Vec<Vec<String>> {
        let (mut entries, mut first_of_entry, mut is_seam) = (Vec::<Vec<String>>::new(), 0, false);
        // What the page before had no room for; where cells are merged it stands in the rows below, too.
        let mut rest = Vec::new();
        for (number, cells) in rows.iter().enumerate().skip(below) {
            is_seam |= seams.contains(&number);
            if !self.is_row(cells) {
                continue;
            }
            let mut cells = cells.clone();
            if std::mem::take(&mut is_seam) && !entries.is_empty() && self.is_rest(&cells) {
                let adds = !self.of_each.is_empty() && self.of_each.iter().all(|at| says(&cells, *at));
                append(&mut entries[first_of_entry..], |at| !(adds && self.of_each.contains(&at)), &cells);
                rest.clone_from(&cells);
                if !adds {
                    continue;
                }
            }
            if self.continues(&cells) {
                for (at, cell) in cells.iter_mut().enumerate() {
                    if !self.of_each.contains(&at) && rest.get(at) == Some(cell) {
                        cell.clear();
                    }
                }
            } else if !entries.last().is_some_and(|last| self.is_same_entry(last, &cells)) {
                (first_of_entry, rest) = (entries.len(), Vec::new());
            }
            self.complete(&mut cells, entries.last().map(Vec::as_slice));
            entries.push(cells);
        }
        entries
    }

    /// Whether two rows have the same number, or the same product where nothing is numbered.
    fn is_same_entry(&self, one: &[String], other: &[String]) -> bool {
        self.entry.is_some_and(|entry| says(one, entry) && one.get(entry) == other.get(entry))
    }

    /// Whether a row that stands first on a page is the rest of the row before the break: it does not only add a finding.
    fn is_rest(&self, cells: &[String]) -> bool {
        let outside = (0..cells.len()).any(|column| says(cells, column) && !self.of_each.contains(&column));
        self.continues(cells) && (outside || self.of_each.is_empty())
    }

    /// Fills the empty cells of a row that continues the entry above.
    pub(crate) fn complete(&self, cells: &mut Vec<String>, above: Option<&[String]>) {
        let Some(above) = above.filter(|_| self.continues(cells)) else { return };
        cells.resize(cells.len().max(above.len()), String::new());
        for (cell, above) in cells.iter_mut().zip(above) {
            if cell.is_empty() {
                cell.clone_from(above);
            }
        }
    }

    /// The row as text: every cell under its head.
    pub(crate) fn text(&self, cells: &[String]) -> String {
        let labelled = self.names.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
        let pairs = labelled.map(|(names, cell)| {
            let label: Vec<&str> = names.iter().rev().map(String::as_str).collect();
            if label.is_empty() { cell.clone() } else { format!("{}：{cell}", label.join("/")) }
        });
        pairs.collect::<Vec<String>>().join("；")
    }
}

/// What divides several columns that are written as one, in lists of food that failed.
const DIVIDER: char = '║';

/// The rows with columns apart that are written as one: a head of `不合格项目║检验结果║标准值` is three.
pub(crate) fn divided(rows: &[Vec<String>], heads_within: usize) -> Cow<'_, [Vec<String>]> {
    let wide = rows.iter().take(heads_within).find_map(|row| {
        let at = row.iter().position(|cell| cell.contains(DIVIDER))?;
        Some((at, row[at].matches(DIVIDER).count() + 1))
    });
    let Some((at, parts)) = wide else { return Cow::Borrowed(rows) };
    let apart = rows.iter().map(|row| {
        let mut apart = row.clone();
        if let Some(cell) = row.get(at) {
            let repeated = if cell.contains(DIVIDER) { "" } else { cell.as_str() };
            let mut cells: Vec<String> = cell.splitn(parts, DIVIDER).map(|part| part.trim().to_owned()).collect();
            // A caption over all columns stands in each of them.
            let filler = if row.iter().all(|other| other == cell) { repeated } else { "" };
            cells.resize(parts, filler.to_owned());
            apart.splice(at..=at, cells);
        }
        apart
    });
    Cow::Owned(apart.collect())
}

/// Whether one row of a head groups the columns of the row below it: one of its cells stands over several that differ, and all others stand
/// in both rows.
fn groups(upper: &[String], lower: &[String]) -> bool {
    let mut divides = false;
    for (column, name) in upper.iter().enumerate() {
        let Some(below) = lower.get(column) else { return false };
        let is_wide = !name.is_empty()
            && (upper.get(column + 1) == Some(name)
                || column.checked_sub(1).and_then(|left| upper.get(left)) == Some(name));
        if is_wide && below != name && !below.is_empty() {
            divides = true;
        } else if below != name && !below.is_empty() && !name.is_empty() {
            return false;
        }
    }
    divides && upper.iter().any(|name| *name != upper[0])
}

fn says(cells: &[String], column: usize) -> bool {
    cells.get(column).is_some_and(|cell| !cell.is_empty())
}

/// Adds the rest of a row to the last of these, and to those before it that share the cell with it.
fn append(entries: &mut [Vec<String>], is_wanted: impl Fn(usize) -> bool, rest: &[String]) {
    let Some(last) = entries.last().cloned() else { return };
    for entry in entries {
        for (at, (own, rest)) in entry.iter_mut().zip(rest).enumerate() {
            if is_wanted(at) && last.get(at) == Some(own) {
                own.push_str(rest);
            }
        }
    }
}

/// Whether a text stands in more than one of these cells.
fn repeats(cells: &[String], text: &str) -> bool {
    cells.iter().filter(|cell| *cell == text).count() > 1
}

fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &str) -> Vec<String> {
        cells.split('|').map(str::to_owned).collect()
    }

    fn columns() -> Vec<(String, Vec<String>)> {
        [("product", "产品名称"), ("finding", "不合格项目"), ("result", "检验值"), ("producer", "生产企业")]
            .map(|(field, name)| (field.to_owned(), vec![name.to_owned()]))
            .to_vec()
    }

    #[test]
    fn a_head_of_two_rows_names_the_columns_that_it_divides() {
        let first = [
            row("附件|附件|附件|附件"),
            row("序号|产品名称|不合格项目|不合格项目"),
            row("序号|产品名称|项目|检验值"),
            row("1|甲壶|接地|断"),
        ];
        let (head, below) = Head::find(&first, &columns()).unwrap();
        assert_eq!(below, 3);
        let at = |name: &str| head.position(&[name.to_owned()]);
        assert_eq!((at("产品名称"), at("不合格项目"), at("检验值")), (Some(1), Some(2), Some(3)));
        assert_eq!(head.text(&first[3]), "序号：1；产品名称：甲壶；不合格项目/项目：接地；不合格项目/检验值：断");
        assert!(!head.is_row(&first[1]) && !head.is_row(&first[2]), "the head again");
    }

    #[test]
    fn an_entry_of_equal_cells_is_no_second_row_of_the_head() {
        let first = [row("序号|产品名称|生产企业|备注"), row("1|甲壶|甲厂|甲厂")];
        assert_eq!(Head::find(&first, &columns()).unwrap().1, 1);
    }

    #[test]
    fn a_column_of_several_is_divided() {
        let rows =
            [row("附件|附件"), row("序号|不合格项目║检验结果║标准值"), row("1|霉菌║330CFU/g║≤150CFU/g"), row("2|标签")];
        assert_eq!(
            *divided(&rows, 3),
            [
                row("附件|附件|附件|附件"),
                row("序号|不合格项目|检验结果|标准值"),
                row("1|霉菌|330CFU/g|≤150CFU/g"),
                row("2|标签||")
            ]
        );
        assert!(matches!(divided(&rows[2..], 0), Cow::Borrowed(_)));
    }

    #[test]
    fn rows_without_a_number_continue_the_entry_above() {
        let (head, _) = Head::find(&[row("序号|产品名称|生产企业|不合格项目")], &columns()).unwrap();
        let (above, mut cells) = (row("1|甲壶|甲厂|接地"), row("|||标志"));
        assert!(head.is_row(&cells) && head.continues(&cells) && !head.is_rest(&cells));
        head.complete(&mut cells, Some(&above));
        assert_eq!(cells, row("1|甲壶|甲厂|标志"));
        assert!(head.is_rest(&row("||有限公司|")));
        let mut own = row("2||乙厂|标志");
        head.complete(&mut own, Some(&above));
        assert_eq!(own, row("2||乙厂|标志"), "an entry of its own stays as it is");
    }

    #[test]
    fn what_a_page_had_no_room_for_is_added_to_the_entry_before_the_break() {
        let rows = [
            row("序号|产品名称|生产企业|不合格项目|检验值"),
            row("1|儿童学|甲家居|稳定性|倾翻"),
            row("1|儿童学|甲家居|孔及|9mm"),
            row("序号|产品名称|生产企业|不合格项目|检验值"),
            row("|习桌椅|有限公司|间隙|"),
            row("|习桌椅|有限公司|标识|无"),
            row("2|书桌|乙厂|孔及间隙|9mm"),
        ];
        let (head, below) = Head::find(&rows, &columns()).unwrap();
        let found = head.entries(&rows, below, &[3]);
        let expected = [
            row("1|儿童学习桌椅|甲家居有限公司|稳定性|倾翻"),
            row("1|儿童学习桌椅|甲家居有限公司|孔及间隙|9mm"),
            row("1|儿童学习桌椅|甲家居有限公司|标识|无"),
            row("2|书桌|乙厂|孔及间隙|9mm"),
        ];
        assert_eq!(found, expected);
        let rows = [rows[0].clone(), row("1|儿童学|甲家居|稳定性|倾翻"), row("|习桌椅|有限公司|标识|无")];
        let found = head.entries(&rows, below, &[2]);
        assert_eq!(
            found,
            [row("1|儿童学习桌椅|甲家居有限公司|稳定性|倾翻"), row("1|儿童学习桌椅|甲家居有限公司|标识|无")]
        );
    }

    #[test]
    fn captions_and_remarks_are_no_rows() {
        let (head, _) = Head::find(&[row("序号|产品名称|生产企业")], &columns()).unwrap();
        for cells in ["注：以上排名不分先后||", "附件|附件|附件", "||", "儿童用品||", "合计|3|"] {
            assert!(!head.is_row(&row(cells)), "{cells}");
        }
    }
}
