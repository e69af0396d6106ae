//! Values by their labels: the cell beside 品牌, the `dd` of a `dt`, what follows `<b>型号：</b>`, a line `数量：12`. Pure.

use scraper::ElementRef;

use super::bounds::{LABEL_CHARS_MAX, LABEL_NODES_MAX};
use super::html;

/// Characters of a label that stands in one text with its value.
const PAIR_CHARS_MAX: usize = 12;
/// Elements that never are a label.
const NO_LABEL: &[&str] = &["html", "body", "script", "style", "table", "tbody", "thead", "tr", "ul", "ol", "dl"];

/// The value of the first of these labels that has one; empty when none has.
pub(crate) fn value_of(within: ElementRef<'_>, labels: &[String]) -> String {
    let wanted: Vec<String> = labels.iter().map(|label| plain(label)).collect();
    let mut found: Vec<String> = vec![String::new(); wanted.len()];
    for element in within.descendants().filter_map(ElementRef::wrap) {
        if NO_LABEL.contains(&element.value().name()) {
            continue;
        }
        let Some(text) = short_text(element) else { continue };
        let Some(at) = wanted.iter().position(|label| !label.is_empty() && *label == text) else { continue };
        if found[at].is_empty() {
            found[at] = beside(element);
        }
    }
    if found.iter().all(String::is_empty) {
        let text = html::text_of(within);
        for (label, value) in labels.iter().zip(&mut found) {
            *value = in_lines(&text, label);
        }
    }
    found.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
}

/// The value that belongs to an element whose text is a label.
fn beside(label: ElementRef<'_>) -> String {
    match label.value().name() {
        "td" | "th" => beside_cell(label),
        "dt" => following(label).find(|next| next.value().name() == "dd").map(html::text_of).unwrap_or_default(),
        _ => behind(label),
    }
}

/// The next cell of the row; in a row of heads alone, the cell below.
fn beside_cell(label: ElementRef<'_>) -> String {
    let is_cell = |cell: &ElementRef<'_>| matches!(cell.value().name(), "td" | "th");
    let Some(row) = label.parent().and_then(ElementRef::wrap) else { return String::new() };
    let cells: Vec<ElementRef<'_>> = row.child_elements().filter(is_cell).collect();
    let at = cells.iter().position(|cell| cell.id() == label.id());
    let is_head = cells.len() > 1 && cells.iter().all(|cell| cell.value().name() == "th");
    let below = |at: usize| following_rows(row).find_map(|row| row.child_elements().filter(is_cell).nth(at));
    let value = match at {
        Some(at) if is_head => below(at),
        Some(at) => cells.get(at + 1).copied(),
        None => None,
    };
    value.map(html::text_of).unwrap_or_default()
}

fn following(element: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    element.next_siblings().filter_map(ElementRef::wrap)
}

/// The rows behind one, those of the next part of the table too.
fn following_rows(row: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    let part = row.parent().and_then(ElementRef::wrap);
    let next_part = part.into_iter().flat_map(following).flat_map(|part| part.child_elements());
    following(row).chain(next_part).filter(|row| row.value().name() == "tr")
}

/// The text behind an element: that of the line that it stands in, else the element that follows.
fn behind(label: ElementRef<'_>) -> String {
    for sibling in label.next_siblings() {
        if let Some(text) = sibling.value().as_text() {
            let text = text.trim().trim_start_matches(['：', ':']).trim();
            if !text.is_empty() {
                return text.to_owned();
            }
        } else if let Some(element) = ElementRef::wrap(sibling) {
            let text = html::text_of(element);
            let is_end = element.value().name() == "br"
                || (element.value().name() == label.value().name() && begins_with_label(&text));
            return if is_end { String::new() } else { text };
        }
    }
    String::new()
}

/// Whether a text is a short word, a colon, and something behind it: a label with its own value.
fn begins_with_label(text: &str) -> bool {
    let before = text.split_once(['：', ':']).map(|(before, _)| plain(before));
    before.is_some_and(|before| (1..=PAIR_CHARS_MAX).contains(&before.chars().count()))
}

/// The rest of the first line that begins with a label and a colon.
fn in_lines(text: &str, label: &str) -> String {
    let wanted = plain(label);
    let value = |line: &str| {
        let (before, after) = line.split_once(['：', ':'])?;
        (plain(before) == wanted && !wanted.is_empty()).then(|| after.trim().to_owned())
    };
    text.lines().filter_map(value).find(|value| !value.is_empty()).unwrap_or_default()
}

/// The text of an element as a label; none when it is too long for one or has too many parts.
fn short_text(element: ElementRef<'_>) -> Option<String> {
    let mut text = String::new();
    for (number, node) in element.descendants().enumerate() {
        if number > LABEL_NODES_MAX {
            return None;
        }
        if let Some(part) = node.value().as_text() {
            text.push_str(part.get(..part.floor_char_boundary(LABEL_CHARS_MAX * 8))?);
            if text.trim().chars().count() > LABEL_CHARS_MAX {
                return None;
            }
        }
    }
    Some(plain(&text)).filter(|text| !text.is_empty())
}

/// A label without white space, without the colon behind it and brackets around it.
fn plain(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\u{a0}').collect();
    text.trim_matches(['：', ':', '【', '】', '[', ']']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, label: &str, expected: &str) {
        let (page, _) = html::parse(page);
        let labels: Vec<String> = label.split('|').map(str::to_owned).collect();
        assert_eq!(value_of(page.root_element(), &labels), expected, "{label}");
    }

    #[test]
    fn the_value_of_a_cell_is_beside_it_or_below_a_row_of_heads() {
        let table = "<table><tr><td>品 牌：</td><td>甲牌</td><td>型号</td><td>M-1<br>M-2</td></tr>\
                     <tr><td><p><b>涉及数量</b></p></td><td>12 台</td></tr></table>";
        check(table, "品牌", "甲牌");
        check(table, "型号", "M-1\nM-2");
        check(table, "涉及数量", "12 台");
        check(table, "商标|品牌", "甲牌");
        check(table, "生产者", "");
        let heads = "<table><thead><tr><th>品牌</th><th>型号</th></tr></thead><tbody><tr><td>乙</td><td>N</td></tr></tbody></table>";
        check(heads, "型号", "N");
        check("<table><tr><th>品牌</th><td>丙</td></tr></table>", "品牌", "丙");
        check("<table><tr><td>品牌</td></tr></table>", "品牌", "");
    }

    #[test]
    fn lists_spans_and_paragraphs_pair_label_and_value() {
        check("<dl><dt>品牌</dt><dd>甲</dd><dt>型号</dt><dd>M</dd></dl>", "型号", "M");
        check("<li><span class=detail_cap>商品名</span><span class=detail_text>扇風機</span></li>", "商品名", "扇風機");
        check("<div><div><span>品牌</span></div><div>甲</div></div>", "品牌", "甲");
        check("<p><b>品牌：</b>甲<br><b>型号：</b> 乙</p>", "型号", "乙");
        check("<p><b>品牌</b>：甲</p>", "品牌", "甲");
        check("<h3>【缺陷】</h3><p>电池过热</p>", "缺陷", "电池过热");
        check("<p><b>品牌：</b><br><b>型号：</b>乙</p>", "品牌", "");
    }

    #[test]
    fn a_line_begins_with_its_label() {
        check("<p>召回公告</p><p>品牌：甲牌</p><p>数量: 3 台</p>", "数量", "3 台");
        check("<p>本品牌：无关</p><p>其他</p>", "品牌", "");
        check("<p>品牌：</p><p>品牌：甲</p>", "品牌", "甲");
        check("<p>品牌：</p><p>型号：M-1</p>", "品牌", "");
    }

    #[test]
    fn the_first_label_that_has_a_value_counts() {
        let table = "<table><tr><td>商标</td><td></td></tr><tr><td>品牌</td><td>甲</td></tr></table>";
        check(table, "商标|品牌", "甲");
    }

    #[test]
    fn empty_labels_and_hostile_pages_cost_little() {
        check("<p></p><td></td>：x", "", "");
        check("<p>a</p>", "：", "");
        let deep = "<div>".repeat(250) + "品牌" + &"</div>".repeat(250);
        check(&deep.repeat(50), "品牌", "");
        let wide = format!("<table>{}</table>", "<tr><td>品牌</td>".repeat(20_000));
        check(&wide, "型号", "");
        let row = format!("<table><tr>{}</tr></table>", "<td>品牌</td>".repeat(3_000));
        check(&row, "品牌", "品牌");
    }
}
