//! The text as it is compared, with a way back to the characters of the input (READ-2).

use std::cell::RefCell;

use lexicon::{fold, folds_to_itself, stretch};
use vocabulary::CharSpan;

/// Longest text that is read, in characters; the rest is left out with a problem.
pub const TEXT_CHARS_MAX: usize = 200_000;

thread_local! {
    /// Room of texts that were read.
    static SPARE: RefCell<Vec<Folded>> = const { RefCell::new(Vec::new()) };
}

/// Longest text whose room is kept, in characters.
const SPARE_CHARS_MAX: usize = 8_000;

/// A folded text. Positions are characters of the folded text; [`Folded::original`] leads back.
#[derive(Debug, Default)]
pub struct Folded {
    /// The folded text.
    pub text: String,
    /// Its characters.
    pub chars: Vec<char>,
    /// Byte at which each character begins, and the length.
    bytes: Vec<u32>,
    /// Character of the input that each came from, and the byte at which that one begins.
    origin: Vec<(u32, u32)>,
    /// Characters of the input that were read, when not all.
    pub(super) cut_at: Option<usize>,
}

impl Folded {
    /// Folds a text: width, case, script, white space; zero-width characters and pinyin in brackets vanish.
    pub fn new(text: &str) -> Self {
        let capacity = text.len() / 3 + 8;
        let mut folded = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        folded.text.reserve(text.len());
        folded.chars.reserve(capacity);
        folded.bytes.reserve(capacity);
        folded.origin.reserve(capacity);
        // Most characters fold to themselves: they are copied in runs.
        let mut copied = 0;
        let mut byte = 0;
        // Where the stretch that was folded as a whole ends.
        let mut skipped = 0;
        for (at, character) in text.chars().enumerate() {
            if at >= TEXT_CHARS_MAX {
                folded.cut_at = Some(at);
                break;
            }
            if folds_to_itself(character) && byte >= skipped {
                folded.place(character, (at, byte), byte - copied);
            } else if byte < skipped {
                copied = byte + character.len_utf8();
            } else {
                folded.text.push_str(&text[copied..byte]);
                copied = byte + character.len_utf8();
                if let Some(stretch) = stretch(text, byte, character) {
                    skipped = byte + stretch.bytes;
                    if let Some(part) = stretch.folded {
                        folded.place(part, (at, byte), 0);
                        folded.text.push(part);
                    }
                    byte += character.len_utf8();
                    continue;
                }
                fold(character, |part| {
                    // Runs of spaces say no more than one, and would stretch gaps.
                    if part == ' ' && folded.chars.last().is_some_and(|last| *last == ' ' || *last == '\n') {
                        return;
                    }
                    folded.place(part, (at, byte), 0);
                    folded.text.push(part);
                });
            }
            byte += character.len_utf8();
        }
        folded.text.push_str(&text[copied..byte]);
        folded.bytes.push(u32::try_from(folded.text.len()).unwrap_or(u32::MAX));
        folded
    }

    /// Notes a folded character that came from a character and byte of the input; `ahead` bytes before it are still to be
    /// copied.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "bounded by TEXT_CHARS_MAX")]
    fn place(&mut self, character: char, (at, byte): (usize, usize), ahead: usize) {
        self.bytes.push((self.text.len() + ahead) as u32);
        self.origin.push((at as u32, byte as u32));
        self.chars.push(character);
    }

    /// Keeps its room for the next text of this thread, when it is no giant's.
    pub(super) fn give_back(mut self) {
        if self.chars.capacity() <= SPARE_CHARS_MAX {
            self.text.clear();
            self.chars.clear();
            self.bytes.clear();
            self.origin.clear();
            self.cut_at = None;
            SPARE.with_borrow_mut(|spare| spare.push(self));
        }
    }

    /// Length in folded characters.
    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The folded character that begins at a byte.
    #[cfg(test)]
    pub(super) fn char_at_byte(&self, byte: usize) -> usize {
        self.bytes.partition_point(|start| (*start as usize) < byte)
    }

    /// The folded text of a stretch of folded characters.
    pub(super) fn slice(&self, from: usize, to: usize) -> &str {
        &self.text[self.bytes[from] as usize..self.bytes[to] as usize]
    }

    /// The characters of the input that a stretch of folded characters came from.
    pub fn original(&self, from: usize, to: usize) -> CharSpan {
        if from >= to {
            let at = self.origin.get(from).map_or(0, |(at, _)| *at as usize);
            return CharSpan::new(at, at);
        }
        CharSpan::new(self.origin[from].0 as usize, self.origin[to - 1].0 as usize + 1)
    }

    /// The same as the words themselves; `input` is the text that was folded.
    pub(super) fn written<'a>(&self, input: &'a str, from: usize, to: usize) -> &'a str {
        if from >= to {
            return "";
        }
        let [first, last] = [from, to - 1].map(|at| self.origin[at].1 as usize);
        let behind = last + input[last..].chars().next().map_or(0, char::len_utf8);
        &input[first..behind]
    }
}

/// Whether a character is a letter or digit, as [`char::is_alphanumeric`] has it, without its table for the usual ones.
#[inline]
pub(super) fn is_letter(character: char) -> bool {
    match character {
        '\u{4e00}'..='\u{9fff}' => true,
        _ if character.is_ascii() => character.is_ascii_alphanumeric(),
        _ => character.is_alphanumeric(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_lead_back_over_removed_and_widened_characters() {
        let text = "Ａ\u{200b}B  ㎏起\u{200b}火";
        let folded = Folded::new(text);
        assert_eq!(folded.text, "ab kg起火");
        let at = folded.char_at_byte(folded.text.find("起火").expect("there"));
        assert_eq!(folded.original(at, at + 2).slice(text), "起\u{200b}火");
        assert_eq!(folded.written(text, at, at + 2), "起\u{200b}火");
        assert_eq!((folded.written(text, 0, 2), folded.written(text, 2, 2)), ("Ａ\u{200b}B", ""));
        assert_eq!(folded.original(3, 4), folded.original(4, 5), "both letters of ㎏ lead to it");
    }

    #[test]
    fn a_span_over_pinyin_holds_the_pinyin() {
        let text = "家里發現(xiàn)充電(diàn)寶(bǎo)鼓包";
        let folded = Folded::new(text);
        assert_eq!(folded.text, "家里发现充电宝鼓包");
        let at = folded.char_at_byte(folded.text.find("充电宝").expect("there"));
        assert_eq!(folded.original(at, at + 3).slice(text), "充電(diàn)寶");
        assert_eq!(folded.written(text, at, at + 5), "充電(diàn)寶(bǎo)鼓包");
    }

    #[test]
    fn a_text_is_folded_as_its_words_are() {
        for text in ["覆(fù)蓋著名ＡＢ著", "iРhоnе 餅乾（", "a(ā)召(zhào)回(huí", "\u{301}x(\u{301})"]
        {
            assert_eq!(Folded::new(text).text, lexicon::fold_word(text), "{text}");
        }
    }

    #[test]
    fn letters_are_what_the_standard_library_says() {
        let wrong = (0..=0x3_ffff).filter_map(char::from_u32).find(|c| is_letter(*c) != c.is_alphanumeric());
        assert_eq!(wrong, None);
    }

    #[test]
    fn a_text_over_the_bound_is_cut_and_says_so() {
        let folded = Folded::new(&"长".repeat(TEXT_CHARS_MAX + 5));
        assert_eq!((folded.len(), folded.cut_at), (TEXT_CHARS_MAX, Some(TEXT_CHARS_MAX)));
    }
}
