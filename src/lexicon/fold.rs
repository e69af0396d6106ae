//! How single characters are folded before anything is compared: dictionary words and texts go through the same function.

use unicode_normalization::UnicodeNormalization as _;

use super::script::stretch;

/// Writes the folded form of one character: width and compatibility forms (NFKC of the character alone), lower case,
/// traditional characters and radicals to simplified characters, letters in circles and squares to themselves, white space to a space
/// (line breaks stay); zero-width characters, glyphs of icon fonts and marks set over others to nothing.
///
/// Character by character on purpose: composition across characters would make the map back to the original ambiguous (READ-2). What
/// only neighbours can tell is in [`stretch`].
pub fn fold(character: char, mut put: impl FnMut(char)) {
    match character {
        '\n' | '\r' => put('\n'),
        ' '..='~' => put(character.to_ascii_lowercase()),
        '\u{4e00}'..='\u{9fff}' => put(simplify(character)),
        _ if is_nothing(character) => {}
        // The wide form of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            let narrow = char::from_u32(character as u32 - WIDE).unwrap_or(character);
            put(narrow.to_ascii_lowercase());
        }
        _ if is_mark(character) => put(character),
        _ if character.is_whitespace() || character.is_control() => put(' '),
        // Radicals before their compatibility forms: those lead to characters that no text is written with.
        '\u{2e80}'..='\u{2ef3}' => put(far(character)),
        _ => {
            if let Some(letter) = framed(character) {
                return put(letter);
            }
            for part in std::iter::once(character).nfkc() {
                for lower in part.to_lowercase() {
                    put(match lower {
                        '\u{4e00}'..='\u{9fff}' => simplify(lower),
                        _ if lower.is_whitespace() => ' ',
                        _ => far(lower),
                    });
                }
            }
        }
    }
}

/// Whether a reader sees nothing of a character: joiners, direction marks, soft hyphens, fillers, variation selectors, glyphs of icon
/// fonts, and marks that are set over the character before.
fn is_nothing(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{300}'..='\u{36f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffc}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The letter or digit in a filled circle or square, which has no compatibility form.
fn framed(character: char) -> Option<char> {
    let place = |first: char, base: u8| char::from_u32(u32::from(base) + (character as u32 - first as u32));
    match character {
        '\u{2776}'..='\u{277e}' => place('\u{2776}', b'1'),
        '\u{2780}'..='\u{2788}' => place('\u{2780}', b'1'),
        '\u{278a}'..='\u{2792}' => place('\u{278a}', b'1'),
        '\u{1f150}'..='\u{1f169}' => place('\u{1f150}', b'a'),
        '\u{1f170}'..='\u{1f189}' => place('\u{1f170}', b'a'),
        _ => None,
    }
}

/// From ASCII to its wide form.
const WIDE: u32 = 0xfee0;

/// Common marks that fold to themselves.
#[inline]
fn is_mark(character: char) -> bool {
    matches!(character, '。' | '、' | '“' | '”' | '《' | '》' | '【' | '】' | '—')
}

/// The folded form of a whole word.
pub fn fold_word(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    fold_text(word.trim(), |part, _, _| folded.push(part));
    folded
}

/// Folds a text: every character by [`fold`], but what neighbours decide by [`stretch`]. Hands over each folded character with the
/// character of the text that it came from and the byte at which that one begins.
pub fn fold_text(text: &str, mut put: impl FnMut(char, usize, usize)) {
    let mut skipped = 0;
    for (at, (byte, character)) in text.char_indices().enumerate() {
        if byte < skipped {
            continue;
        }
        if folds_to_itself(character) {
            put(character, at, byte);
        } else if let Some(stretch) = stretch(text, byte, character) {
            skipped = byte + stretch.bytes;
            if let Some(folded) = stretch.folded {
                put(folded, at, byte);
            }
        } else {
            fold(character, |part| put(part, at, byte));
        }
    }
}

/// Whether a character folds to itself whatever stands beside it, so that a text of such characters need not be looked at one by one. Only the
/// common ones are known here; `false` says nothing.
#[inline]
pub fn folds_to_itself(character: char) -> bool {
    match character {
        '\u{4e00}'..='\u{9fff}' => !is_set(&LOOKED_AT, character),
        // A bracket may hold pinyin, an angle a tag, an ampersand may begin a reference.
        '!'..='%' | '\'' | ')'..=';' | '='..='@' | '['..='~' => true,
        _ => is_mark(character),
    }
}

/// A traditional or variant character as its simplified one; others stay. One character, whatever stands beside it.
fn simplify(character: char) -> char {
    if !is_traditional(character) {
        return character;
    }
    match SIMPLE[character as usize - HAN_FIRST] {
        FAR => far(character),
        simple => char::from_u32(u32::from(simple)).unwrap_or(character),
    }
}

/// The same for pairs that [`SIMPLE`] has no room for.
fn far(character: char) -> char {
    FAR_PAIRS.binary_search_by_key(&character, |pair| pair.0).map_or(character, |at| FAR_PAIRS[at].1)
}

/// Whether a character of the block of common ones changes.
#[inline]
fn is_traditional(character: char) -> bool {
    is_set(&IS_TRADITIONAL, character)
}

/// Whether a character's bit is set; never outside the block.
#[inline]
fn is_set(bits: &[u64; HAN_COUNT / 64], character: char) -> bool {
    let at = (character as usize).wrapping_sub(HAN_FIRST);
    at < HAN_COUNT && (bits[at / 64] >> (at % 64)) & 1 == 1
}

/// First character of the block of common Chinese characters.
const HAN_FIRST: usize = 0x4e00;
/// Characters of that block.
const HAN_COUNT: usize = 0x5200;
/// Which character stands for which, one pair a line, sorted.
const WRITTEN: &str = include_str!("traditional.tsv");
/// Says in [`SIMPLE`] that the pair stands in [`FAR_PAIRS`].
const FAR: u16 = 1;

/// By character of the block, the simplified one: 0 for itself.
static SIMPLE: [u16; HAN_COUNT] = {
    let (simple, _, _) = parsed();
    simple
};

/// Pairs with a character outside the block, sorted.
static FAR_PAIRS: [(char, char); FAR_COUNT] = {
    let (_, pairs, _) = parsed();
    let mut kept = [('\0', '\0'); FAR_COUNT];
    let mut at = 0;
    while at < FAR_COUNT {
        kept[at] = pairs[at];
        at += 1;
    }
    kept
};

const FAR_COUNT: usize = parsed().2;
/// Room for pairs outside the block while the table is read.
const FAR_MAX: usize = 600;

/// A bit for each character of the block: set for those that [`simplify`] changes.
static IS_TRADITIONAL: [u64; HAN_COUNT / 64] = {
    let mut bits = [0; HAN_COUNT / 64];
    let (simple, _, _) = parsed();
    let mut at = 0;
    while at < HAN_COUNT {
        if simple[at] != 0 {
            bits[at / 64] |= 1 << (at % 64);
        }
        at += 1;
    }
    bits
};

/// The bits of [`IS_TRADITIONAL`] and those of characters that fold by their neighbours.
static LOOKED_AT: [u64; HAN_COUNT / 64] = {
    let mut bits = IS_TRADITIONAL;
    let mut rule = 0;
    while rule < super::script::BY_NEIGHBOUR.len() {
        let at = super::script::BY_NEIGHBOUR[rule].character as usize - HAN_FIRST;
        bits[at / 64] |= 1 << (at % 64);
        rule += 1;
    }
    bits
};

/// Reads [`WRITTEN`] while the program is compiled: the table of the block, the pairs outside it and how many those are.
#[expect(clippy::cast_possible_truncation, reason = "compared with the largest before")]
#[expect(clippy::large_stack_arrays, reason = "made by the compiler, on no stack")]
const fn parsed() -> ([u16; HAN_COUNT], [(char, char); FAR_MAX], usize) {
    let bytes = WRITTEN.as_bytes();
    let mut simple = [0; HAN_COUNT];
    let mut far = [('\0', '\0'); FAR_MAX];
    let (mut at, mut len) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'#' {
            while bytes[at] != b'\n' {
                at += 1;
            }
            at += 1;
            continue;
        }
        let (from, tab) = decoded(bytes, at);
        let (to, end) = decoded(bytes, tab + 1);
        let place = (from as usize).wrapping_sub(HAN_FIRST);
        let near = to as u32 <= 0xffff;
        if place < HAN_COUNT {
            simple[place] = if near { to as u32 as u16 } else { FAR };
        }
        if place >= HAN_COUNT || !near {
            far[len] = (from, to);
            len += 1;
        }
        at = end + 1;
    }
    (simple, far, len)
}

/// The character at a byte, of three or four bytes, and where the next one begins.
const fn decoded(bytes: &[u8], at: usize) -> (char, usize) {
    let length = if bytes[at] >= 0xf0 { 4 } else { 3 };
    let mut code = bytes[at] as u32 & if length == 4 { 0x07 } else { 0x0f };
    let mut next = at + 1;
    while next < at + length {
        code = (code << 6) | (bytes[next] as u32 & 0x3f);
        next += 1;
    }
    match char::from_u32(code) {
        Some(character) => (character, next),
        None => panic!("the table holds what is no character"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_and_script_are_folded() {
        assert_eq!(fold_word("ＡＢｃ１２３"), "abc123");
        assert_eq!(fold_word("電動車漏電"), "电动车漏电");
        assert_eq!(fold_word("起\u{200b}火"), "起火");
        assert_eq!(fold_word("㎏"), "kg");
    }

    #[test]
    fn what_is_said_to_fold_to_itself_does() {
        let mut count = 0;
        for character in (0..=0x1_ffff).filter_map(char::from_u32).filter(|character| folds_to_itself(*character)) {
            let mut parts = Vec::new();
            fold(character, |part| parts.push(part));
            assert_eq!(parts, [character]);
            count += 1;
        }
        let looked_at: u32 = LOOKED_AT.iter().map(|bits| bits.count_ones()).sum();
        // But for the opening bracket, the angle, the ampersand and the capitals.
        assert_eq!(count, HAN_COUNT - looked_at as usize + 94 - 3 - 26 + 9);
    }

    #[test]
    fn marks_and_wide_characters_fold_to_what_nfkc_says() {
        for character in ('\u{2000}'..='\u{303f}').chain('\u{ff00}'..='\u{ffef}') {
            let short = is_mark(character) || ('\u{ff01}'..='\u{ff5e}').contains(&character);
            let said: String = std::iter::once(character).nfkc().flat_map(char::to_lowercase).collect();
            let mut folded = String::new();
            fold(character, |part| folded.push(part));
            assert!(!short || folded == said, "{character}: {folded} {said}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_what_a_character_leads_to_stays() {
        let pairs: Vec<(char, char)> = WRITTEN
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let (from, to) = line.split_once('\t').expect("a pair");
                (from.parse().expect("one character"), to.parse().expect("one character"))
            })
            .collect();
        assert!(pairs.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted");
        assert!(pairs.len() > 3_900, "{}", pairs.len());
        for (from, to) in pairs {
            let mut folded = Vec::new();
            fold(from, |part| folded.push(part));
            assert_eq!(folded, [to], "{from}");
            folded.clear();
            fold(to, |part| folded.push(part));
            assert_eq!(folded, [to], "{from} leads to {to}, which is led on");
        }
    }

    #[test]
    fn look_alikes_of_characters_are_folded() {
        assert_eq!(fold_word("⻋⾞辆⼀辆"), "车车辆一辆");
        assert_eq!(fold_word("🅰❷ⓑ３"), "a2b3");
        assert_eq!(fold_word("起\u{336}火\u{336}\u{e61a}"), "起火");
        assert_eq!(fold_word("1\u{fe0f}\u{20e3}"), "1");
    }
}
