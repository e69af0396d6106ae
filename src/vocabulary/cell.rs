//! Cells of tables that spreadsheets open.

/// Signs that begin a formula, their full-width and small forms included: spreadsheets in East Asia take those too.
const BEGINNINGS: &[char] = &['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫'];

/// Whether a spreadsheet may take the text of a cell for a formula: its first character that is seen begins one, or it begins with
/// what splits cells and lines. What nobody sees (blanks, byte order marks, marks of direction and width) is dropped on the way by
/// one program or the other, so it guards nothing.
#[must_use]
pub fn is_formula(cell: &str) -> bool {
    cell.starts_with(['\t', '\r', '\n'])
        || cell.chars().find(|c| !is_unseen(*c)).is_some_and(|c| BEGINNINGS.contains(&c))
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_not_seen_hides_a_formula() {
        for begin in BEGINNINGS {
            for before in [
                "",
                " ",
                "\u{feff}",
                "\u{feff}\u{feff} ",
                "\u{200b}",
                "\u{202e}",
                "\0",
                "\u{3000}",
                "\u{a0}\u{ad}",
                "\u{2066}",
                "\x1b",
            ] {
                assert!(is_formula(&format!("{before}{begin}1+1")), "{before:?}{begin}");
            }
        }
        for cell in ["\t1", "\r1", "\n1"] {
            assert!(is_formula(cell), "{cell:?}");
        }
        for cell in ["", "1-1", "甲=乙", "充电宝", "'=1", "\u{feff}充电宝 = 起火", "\u{200b}"] {
            assert!(!is_formula(cell), "{cell:?}");
        }
    }
}
