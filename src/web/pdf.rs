//! Writes an office document as PDF. Pure.
//!
//! Chinese is set in the Song face that every reader of PDF knows by name (`STSong-Light` of Adobe-GB1, ISO 32000-1, 9.7.5.2), Latin in
//! Helvetica: no font is shipped, none is asked of this machine, and files stay small.

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::office_document::{Block, OfficeDocument, weights};

/// Media type of the form.
pub(super) const PDF: &str = "application/pdf";

/// A4 and its margins, in points.
const PAGE: (f32, f32) = (595.28, 841.89);
const MARGIN: f32 = 64.0;
/// Left and right edges of the text.
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// From one line to the next, in sizes.
const LEADING: f32 = 1.6;
/// Sizes of text, in points.
const TITLE: f32 = 18.0;
const HEADING: f32 = 13.5;
const TEXT: f32 = 11.0;
const SMALL: f32 = 9.0;
/// Space below a block, and between a cell's border and its text.
const GAP: f32 = 6.0;
const PAD: f32 = 4.0;
/// Width of a table's column of names.
const NAMES: f32 = 130.0;
/// Most pages of one file; what does not fit is said to be missing.
const PAGES_MAX: usize = 200;

const LATIN: Name<'static> = Name(b"L");
const HAN: Name<'static> = Name(b"H");
/// What may not begin a line.
const CLOSING: &str = "。，、；：！？）》”’】〉」』…%,.;:!?)]}";

/// What may not end one.
const OPENING: &str = "（《“‘【〈「『";

/// Widths of Helvetica from space to tilde, in thousandths of its size (Adobe Font Metrics).
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// The file's bytes.
pub(super) fn write(document: &OfficeDocument, title: &str) -> Vec<u8> {
    let mut sheets = Sheets::default();
    for block in document.blocks() {
        match block {
            Block::Title(text) => sheets.text(text, TITLE, true),
            Block::Heading(text) => {
                // A heading is kept with what follows it.
                sheets.room(3.0 * HEADING * LEADING);
                sheets.space(GAP);
                sheets.text(text, HEADING, false);
            }
            Block::Paragraph(text) => sheets.text(text, TEXT, false),
            Block::Table(rows) => {
                for (name, value) in rows {
                    sheets.row(&[(NAMES, name.as_str()), (WIDTH - NAMES, value.as_str())]);
                }
            }
            Block::Grid(rows) => {
                let weights = weights(rows);
                let all: f32 = weights.iter().map(|weight| f32::from(*weight)).sum();
                let widths: Vec<f32> = weights.iter().map(|weight| WIDTH * f32::from(*weight) / all).collect();
                for row in rows {
                    let cells: Vec<(f32, &str)> = widths.iter().copied().zip(row.iter().map(String::as_str)).collect();
                    sheets.row(&cells);
                }
            }
        }
        sheets.space(GAP);
    }
    sheets.file(title)
}

/// Width of a letter in sizes: Latin by its metrics, all else as wide as high; what cannot be seen takes no room.
fn width(letter: char) -> f32 {
    match u32::from(letter) {
        code @ 0x20..=0x7e => HELVETICA.get(code as usize - 0x20).map_or(0.0, |width| f32::from(*width) / 1000.0),
        _ => 1.0,
    }
}

/// What can be set: controls and marks of direction are left out, so that a text reads as it is written.
fn settable(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A text as lines no wider than `room`, in sizes. Latin words stay whole where they fit on a line.
fn broken(text: &str, room: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for part in text.split('\n') {
        let letters: Vec<char> = part.chars().filter(|letter| settable(*letter)).collect();
        let (mut line, mut used) = (String::new(), 0.0);
        let mut at = 0;
        while at < letters.len() {
            let opening = letters[at..].iter().take_while(|letter| OPENING.contains(**letter)).count();
            let latin = letters[at + opening..].iter().take_while(|letter| letter.is_ascii_graphic()).count().max(1);
            let word = (opening + latin).min(letters.len() - at);
            let wide: f32 = letters[at..at + word].iter().map(|letter| width(*letter)).sum();
            // One punctuation mark may go over the edge instead of beginning a line; a second one begins the next line.
            let hangs = word == 1 && CLOSING.contains(letters[at]) && used <= room;
            let take = if wide > room { 1 } else { word };
            let wide = if take == word { wide } else { width(letters[at]) };
            if used + wide > room && !hangs && !line.is_empty() {
                lines.push(std::mem::take(&mut line).trim_end_matches(' ').to_owned());
                used = 0.0;
                if letters[at] == ' ' {
                    at += 1;
                    continue;
                }
            }
            line.extend(&letters[at..at + take]);
            used += wide;
            at += take;
        }
        lines.push(line);
    }
    lines
}

/// Pages as they are filled, from above.
#[derive(Default)]
struct Sheets {
    done: Vec<Content>,
    open: Option<Content>,
    /// Where the next line's upper edge is.
    at: f32,
}

impl Sheets {
    fn page(&mut self) -> &mut Content {
        if self.open.is_none() {
            self.at = PAGE.1 - MARGIN;
        }
        self.open.get_or_insert_with(Content::new)
    }

    fn is_full(&self) -> bool {
        self.done.len() >= PAGES_MAX
    }

    /// Begins a page unless there is so much room on this one.
    fn room(&mut self, height: f32) {
        self.page();
        if self.at - height < MARGIN
            && let Some(page) = self.open.take()
        {
            self.done.push(page);
            self.page();
        }
    }

    fn space(&mut self, height: f32) {
        self.at -= height;
    }

    fn text(&mut self, text: &str, size: f32, centred: bool) {
        for line in broken(text, WIDTH / size) {
            if self.is_full() {
                return;
            }
            self.room(size * LEADING);
            let wide: f32 = line.chars().map(width).sum::<f32>() * size;
            let left = if centred { MARGIN + (WIDTH - wide).max(0.0) / 2.0 } else { MARGIN };
            let base = self.at - size * (LEADING + 1.0) / 2.0 + size * 0.12;
            set(self.page(), &line, size, left, base);
            self.at -= size * LEADING;
        }
    }

    /// A row of a table, each cell with its width; one that is higher than a page goes on on the next.
    fn row(&mut self, cells: &[(f32, &str)]) {
        let step = TEXT * LEADING;
        let columns: Vec<Vec<String>> =
            cells.iter().map(|(wide, text)| broken(text, (wide - 2.0 * PAD) / TEXT)).collect();
        let lines = columns.iter().map(Vec::len).max().unwrap_or_default();
        let most = ((PAGE.1 - 2.0 * MARGIN - 2.0 * PAD) / step).floor().max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lines of a page: some dozens")]
        let most = most as usize;
        for from in (0..lines).step_by(most) {
            if self.is_full() {
                return;
            }
            let height = step * (lines - from).min(most) as f32 + 2.0 * PAD;
            self.room(height);
            let top = self.at;
            let page = self.page();
            page.set_line_width(0.5);
            let mut left = MARGIN;
            for ((wide, _), column) in cells.iter().zip(&columns) {
                page.rect(left, top - height, *wide, height).stroke();
                for (number, line) in column.iter().skip(from).take(most).enumerate() {
                    let base = top - PAD - step * number as f32 - TEXT * (LEADING + 1.0) / 2.0 + TEXT * 0.12;
                    set(page, line, TEXT, left + PAD, base);
                }
                left += wide;
            }
            self.at -= height;
        }
    }

    fn file(mut self, title: &str) -> Vec<u8> {
        self.page();
        let cut = self.is_full();
        self.done.extend(self.open.take());
        let mut pdf = Pdf::new();
        let (catalog, tree, latin, han, face, look, info) =
            (Ref::new(1), Ref::new(2), Ref::new(3), Ref::new(4), Ref::new(5), Ref::new(6), Ref::new(7));
        let count = i32::try_from(self.done.len()).unwrap_or(i32::MAX);
        let ids = |number: i32| (Ref::new(8 + 2 * number), Ref::new(9 + 2 * number));
        pdf.catalog(catalog).pages(tree).lang(TextStr("zh-CN"));
        pdf.document_info(info).title(TextStr(title)).producer(TextStr("wanglou"));
        pdf.pages(tree).kids((0..count).map(|number| ids(number).0)).count(count);
        for (number, mut content) in (0..count).zip(self.done) {
            let (page_id, content_id) = ids(number);
            let place = format!("{} / {count}{}", number + 1, if cut { "（未完，其余见页面）" } else { "" });
            set(&mut content, &place, SMALL, PAGE.0 / 2.0 - 2.0 * SMALL, MARGIN / 2.0);
            let mut page = pdf.page(page_id);
            page.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).parent(tree).contents(content_id);
            page.resources().fonts().pair(LATIN, latin).pair(HAN, han);
            page.finish();
            pdf.stream(content_id, &content.finish());
        }
        pdf.type1_font(latin).base_font(Name(b"Helvetica")).encoding_predefined(Name(b"WinAnsiEncoding"));
        let song = Name(b"STSong-Light");
        pdf.type0_font(han)
            .base_font(Name(b"STSong-Light-UniGB-UTF16-H"))
            .encoding_predefined(Name(b"UniGB-UTF16-H"))
            .descendant_font(face);
        pdf.cid_font(face)
            .subtype(CidFontType::Type0)
            .base_font(song)
            .system_info(SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"GB1"), supplement: 5 })
            .font_descriptor(look)
            .default_width(1000.0);
        pdf.font_descriptor(look)
            .name(song)
            .flags(FontFlags::SYMBOLIC | FontFlags::SERIF)
            .bbox(Rect::new(-25.0, -254.0, 1000.0, 880.0))
            .italic_angle(0.0)
            .ascent(880.0)
            .descent(-120.0)
            .cap_height(880.0)
            .stem_v(93.0);
        pdf.finish()
    }
}

/// Sets a line at a place: runs of Latin in one face, all else in the other.
fn set(page: &mut Content, line: &str, size: f32, left: f32, base: f32) {
    let letters: Vec<char> = line.chars().collect();
    let latin = |letter: &char| (' '..='~').contains(letter);
    let mut left = left;
    page.begin_text();
    for run in letters.chunk_by(|a, b| latin(a) == latin(b)) {
        let is_latin = run.first().is_some_and(latin);
        page.set_font(if is_latin { LATIN } else { HAN }, size);
        page.set_text_matrix([1.0, 0.0, 0.0, 1.0, left, base]);
        let text: String = run.iter().collect();
        if is_latin {
            page.show(Str(text.as_bytes()));
        } else {
            let code: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            page.show(Str(&code));
        }
        left += run.iter().map(|letter| width(*letter)).sum::<f32>() * size;
    }
    page.end_text();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made(text: &str) -> Vec<u8> {
        let mut document = OfficeDocument::default();
        let grid = vec![vec!["编号".to_owned(), "名称".to_owned()], vec!["1".to_owned(), text.to_owned()]];
        document.title(text).table(&[("名称", text.to_owned())]).grid(grid).list("依据", [text]);
        write(&document, text)
    }

    #[test]
    fn lines_break_between_han_keep_words_whole_and_begin_with_no_closing_mark() {
        assert_eq!(broken("一二三四五六", 3.0), ["一二三", "四五六"]);
        assert_eq!(broken("一二三。四五", 3.0), ["一二三。", "四五"]);
        assert_eq!(broken("差！！！！！！", 3.0), ["差！！！", "！！！"]);
        assert_eq!(broken("一二（三四", 3.0), ["一二", "（三四"]);
        assert_eq!(broken("（（（（", 3.0), ["（", "（（（"], "nothing but opening marks still ends");
        assert_eq!(broken("充电宝 model ABC-123 起火", 8.0), ["充电宝 model", "ABC-123 起火"]);
        assert_eq!(broken("甲\n\n乙", 3.0), ["甲", "", "乙"]);
        assert_eq!(broken("\u{202e}甲\u{0}\r乙", 3.0), ["甲乙"], "nothing turns a text round");
        assert_eq!(broken("", 3.0), [""]);
        let long = broken(&"w".repeat(40), 3.0);
        assert!(long.len() > 8 && long.iter().all(|line| line.len() <= 5), "{long:?}");
    }

    #[test]
    fn a_long_document_has_many_pages_and_one_without_end_says_that_it_is_cut() {
        let count = |bytes: &[u8]| {
            bytes.windows(12).filter(|window| window == b"/Type /Page\n" || *window == *b"/Type /Page ").count()
        };
        let short = made("甲");
        assert!(short.starts_with(b"%PDF-1.7") && count(&short) == 1, "{}", count(&short));
        let long = made(&"充电宝起火 ".repeat(2_000));
        assert!(count(&long) > 10, "{}", count(&long));
        let endless = made(&"字\n".repeat(30_000));
        assert!(count(&endless) <= PAGES_MAX + 2, "{}", count(&endless));
    }

    proptest! {
        #[test]
        fn any_text_is_set_and_no_letter_is_lost(text in "\\PC{0,200}", room in 1.5_f32..40.0) {
            let lines = broken(&text, room);
            let seen = |text: &str| text.chars().filter(|letter| settable(*letter) && *letter != ' ').collect::<String>();
            prop_assert_eq!(seen(&lines.concat()), seen(&text));
            prop_assert!(!made(&text).is_empty());
        }
    }
}
