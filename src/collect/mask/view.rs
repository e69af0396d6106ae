//! A text as the finders see it: one width of letters, one shape of digits, nothing invisible, and a way back to the bytes
//! that were written.

/// A folded text with, for each of its bytes, the place in the original.
#[derive(Debug)]
pub(super) struct View {
    /// What is searched.
    pub(super) text: String,
    /// Original byte offset of each byte of `text`, and of its end.
    origin: Vec<u32>,
}

impl View {
    /// Full-width letters, circled and bold digits as ASCII, small letters, no invisible characters. With `spoken`, Chinese
    /// digits (〇一二幺壹) as ASCII digits, too.
    pub(super) fn new(original: &str, spoken: bool) -> Self {
        let mut text = String::with_capacity(original.len());
        let mut origin = Vec::with_capacity(original.len() + 1);
        for (at, c) in original.char_indices() {
            if is_invisible(c) {
                continue;
            }
            let folded = if spoken { spoken_digit(c).unwrap_or_else(|| fold(c)) } else { fold(c) };
            text.push(folded);
            // A text is bounded far below 4 GB; one that is not is simply not followed beyond it.
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            origin.resize(text.len(), at);
        }
        origin.push(u32::try_from(original.len()).unwrap_or(u32::MAX));
        Self { text, origin }
    }

    /// The original bytes of a stretch of `text` that begins and ends on character borders. Invisible characters inside
    /// belong to it; those behind its last character do not.
    pub(super) fn back(&self, original: &str, from: usize, to: usize) -> (usize, usize) {
        let start = self.origin[from] as usize;
        if to <= from {
            return (start, start);
        }
        let last = self.origin[to - 1] as usize;
        let end = last + original[last..].chars().next().map_or(0, char::len_utf8);
        (start, end)
    }
}

/// Joiners, marks of direction, soft hyphens, variation selectors, the keycap of `1️⃣`.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe0e}' | '\u{fe0f}' | '\u{20e3}')
}

fn fold(c: char) -> char {
    match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        '\u{3000}' | '\u{a0}' | '\u{2002}'..='\u{200a}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xff01 + 0x21).map_or(c, |ascii| ascii.to_ascii_lowercase())
        }
        '⓪' | '⁰' => '0',
        '①'..='⑨' => digit(u32::from(c) - u32::from('①') + 1),
        '⑴'..='⑼' => digit(u32::from(c) - u32::from('⑴') + 1),
        '⒈'..='⒐' => digit(u32::from(c) - u32::from('⒈') + 1),
        '❶'..='❾' => digit(u32::from(c) - u32::from('❶') + 1),
        '➊'..='➒' => digit(u32::from(c) - u32::from('➊') + 1),
        '\u{1d7ce}'..='\u{1d7ff}' => digit((u32::from(c) - 0x1d7ce) % 10),
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        _ => c,
    }
}

fn digit(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or('0')
}

/// A digit as people spell it out.
pub(super) fn spoken_digit(c: char) -> Option<char> {
    Some(match c {
        '零' | '〇' | '○' | '洞' => '0',
        '一' | '幺' | '壹' => '1',
        '二' | '贰' | '两' => '2',
        '三' | '叁' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' => '6',
        '七' | '柒' | '拐' => '7',
        '八' | '捌' => '8',
        '九' | '玖' => '9',
        _ => return None,
    })
}
