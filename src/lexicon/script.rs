//! What of a text neighbours decide before words are looked for: which simplified character a traditional one is, letters of other
//! alphabets inside words, pinyin in brackets.
//!
//! Only a few neighbours are looked at, each bound by name: a text is folded in linear time.

use super::markup::mark;

/// A stretch of a text that does not fold character by character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its length in bytes.
    pub bytes: usize,
    /// Its length in characters.
    pub chars: usize,
    /// What it is folded to; nothing when a reader would read over it.
    pub folded: Option<char>,
}

/// A character that is another one beside some neighbours.
pub(super) struct ByNeighbour {
    pub(super) character: char,
    /// What it is then.
    folded: char,
    /// Behind one of these.
    behind: &'static str,
    /// In front of one of these.
    before: &'static str,
    /// But not in front of one of these.
    never_before: &'static str,
}

/// Traditional characters that stand for several simplified ones: what [`super::fold()`] does not say of them. The characters of the
/// neighbours stand in both scripts.
pub(super) const BY_NEIGHBOUR: &[ByNeighbour] = &[
    by('乾', '乾', "康", "隆坤陵清元嘉县縣卦州安", ""),
    by('俱', '具', "傢家厨廚餐茶农農", "", ""),
    by('彷', '仿', "", "佛彿", ""),
    by('沈', '沉', "低阴陰昏浮消", "重默没沒淀澱浸溺痛闷悶睡思迷积積降船醉寂静靜香下", "阳陽"),
    by('画', '划', "计計规規策筹籌企擘", "", ""),
    by('畫', '划', "计計规規策筹籌企擘", "", ""),
    by('瞭', '瞭', "", "望哨", ""),
    by('著', '著', "显顯名原专專论論编編译譯土昭卓遗遺拙巨合所", "名作称稱者述书書录錄", ""),
    by('藉', '藉', "慰狼枕蕴蘊酝醞", "", ""),
    by('覆', '复', "答回反批重函", "信查核函命", "盖蓋"),
    by('鍊', '链', "项項手拉铁鐵锁鎖银銀金铰鉸颈頸", "条條子坠墜锁鎖", ""),
];

const fn by(
    character: char,
    folded: char,
    behind: &'static str,
    before: &'static str,
    never_before: &'static str,
) -> ByNeighbour {
    ByNeighbour { character, folded, behind, before, never_before }
}

/// Longest reading in brackets, in bytes between the brackets.
const PINYIN_BYTES_MAX: usize = 48;
/// Syllables in one pair of brackets, at most.
const SYLLABLES_MAX: usize = 6;
/// Letters looked at to each side of one of another alphabet.
const WORD_CHARS_MAX: usize = 24;

/// The stretch that begins with the character at a byte of a text, when its neighbours decide how it is folded.
#[inline]
pub fn stretch(text: &str, byte: usize, character: char) -> Option<Stretch> {
    let one = |folded| Some(Stretch { bytes: character.len_utf8(), chars: 1, folded: Some(folded) });
    match character {
        '(' | '（' => reading_in_brackets(text, byte, character),
        '<' | '&' => {
            let (bytes, folded) = mark(&text[byte..])?;
            Some(Stretch { bytes, chars: text[byte..byte + bytes].chars().count(), folded })
        }
        '\u{4e00}'..='\u{9fff}' => one(by_neighbour(text, byte, character)?),
        '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{45f}' => one(inside_a_latin_word(text, byte, character)?),
        '\u{30a1}'..='\u{30fa}' => one(between_characters(text, byte, character)?),
        _ => None,
    }
}

fn by_neighbour(text: &str, byte: usize, character: char) -> Option<char> {
    let rule = BY_NEIGHBOUR.iter().find(|rule| rule.character == character)?;
    let next = after(text, byte, character);
    let stands = |neighbours: &str, neighbour: Option<char>| neighbour.is_some_and(|c| neighbours.contains(c));
    let applies = stands(rule.before, next) || stands(rule.behind, before(text, byte));
    (applies && !stands(rule.never_before, next)).then_some(rule.folded)
}

/// A katakana that looks like a Chinese character and stands alone among Chinese characters.
fn between_characters(text: &str, byte: usize, character: char) -> Option<char> {
    let looks_like = match character {
        'カ' => '力',
        'ロ' => '口',
        'エ' => '工',
        'ニ' => '二',
        'タ' => '夕',
        'ト' => '卜',
        'ハ' => '八',
        _ => return None,
    };
    let beside = [before(text, byte), after(text, byte, character)];
    beside.into_iter().all(|c| c.is_some_and(is_han)).then_some(looks_like)
}

/// The Latin letter that a Greek or Cyrillic one looks like, where it stands in a word of Latin letters or digits, or all letters of its
/// word look Latin and the word stands beside Chinese characters.
fn inside_a_latin_word(text: &str, byte: usize, character: char) -> Option<char> {
    let latin = looks_latin(character)?;
    let is_word = |c: &char| c.is_alphanumeric() && !is_east_asian(*c);
    let behind = text[..byte].chars().rev().take_while(is_word).take(WORD_CHARS_MAX);
    let ahead = text[byte + character.len_utf8()..].chars().take_while(is_word).take(WORD_CHARS_MAX);
    let (mut letters, mut ascii, mut foreign) = (1, 0, 0);
    for c in behind.clone().chain(ahead.clone()) {
        letters += 1;
        ascii += usize::from(c.is_ascii_alphanumeric());
        foreign += usize::from(!c.is_ascii_alphanumeric() && looks_latin(c).is_none());
    }
    if foreign > 0 {
        return None;
    }
    let (first, last) = (behind.map(char::len_utf8).sum::<usize>(), ahead.map(char::len_utf8).sum::<usize>());
    let beside = [before(text, byte - first), text[byte + character.len_utf8() + last..].chars().next()];
    // A single letter beside Chinese characters is a name in mathematics as often as a disguise: it needs company.
    let in_chinese = letters > 1 && beside.into_iter().flatten().any(is_han);
    (ascii > 0 || in_chinese).then_some(latin)
}

/// The small Latin letter that a letter of another alphabet cannot be told from in print.
fn looks_latin(character: char) -> Option<char> {
    Some(match character {
        'А' | 'а' | 'Α' => 'a',
        'В' | 'Β' => 'b',
        'С' | 'с' => 'c',
        'Е' | 'е' | 'Ε' => 'e',
        'Н' | 'Η' => 'h',
        'І' | 'і' | 'Ι' => 'i',
        'Ј' | 'ј' => 'j',
        'К' | 'к' | 'Κ' => 'k',
        'М' | 'Μ' => 'm',
        'Ν' => 'n',
        'О' | 'о' | 'Ο' | 'ο' => 'o',
        'Р' | 'р' | 'Ρ' => 'p',
        'Ѕ' | 'ѕ' => 's',
        'Т' | 'Τ' => 't',
        'Х' | 'х' | 'Χ' => 'x',
        'У' | 'у' | 'Υ' => 'y',
        'Ζ' => 'z',
        _ => return None,
    })
}

/// Brackets that hold how the characters before them are read: toned syllables, or a toneless one inside a word.
fn reading_in_brackets(text: &str, byte: usize, bracket: char) -> Option<Stretch> {
    if !before(text, byte).is_some_and(is_han) {
        return None;
    }
    let inside = &text[byte + bracket.len_utf8()..];
    let (mut chars, mut syllables, mut toned, mut letters) = (1, 0, false, 0);
    let mut syllable = Syllable::default();
    for (at, c) in inside.char_indices() {
        chars += 1;
        if at > PINYIN_BYTES_MAX || syllables > SYLLABLES_MAX {
            return None;
        }
        match c {
            ')' | '）' => {
                syllables += syllable.end()?;
                let bytes = bracket.len_utf8() + at + c.len_utf8();
                let next = inside[at + c.len_utf8()..].chars().next();
                // One letter without a tone names a model or a part of a figure.
                let read = toned || (syllables == 1 && letters > 1 && next.is_some_and(is_han));
                return (syllables > 0 && read).then_some(Stretch { bytes, chars, folded: None });
            }
            ' ' | '\u{3000}' | '\'' | '’' | '-' => syllables += syllable.end()?,
            // Marks set over the letter before.
            '\u{300}' | '\u{301}' | '\u{304}' | '\u{30c}' => toned = true,
            '\u{308}' => {}
            '1'..='5' => syllable.closed = true,
            '\u{3105}'..='\u{312f}' | 'ˊ' | 'ˇ' | 'ˋ' | '˙' => {
                syllable.bopomofo = true;
                toned = true;
            }
            _ => {
                let (letter, tone) = toneless(c)?;
                toned |= tone;
                syllable.put(letter)?;
                letters += 1;
            }
        }
    }
    None
}

/// One syllable while it is read.
#[derive(Default)]
struct Syllable {
    letters: [u8; Self::LETTERS_MAX],
    len: usize,
    /// A digit for the tone ended it.
    closed: bool,
    bopomofo: bool,
}

impl Syllable {
    /// `zhuang` is as long as any.
    const LETTERS_MAX: usize = 6;

    fn put(&mut self, letter: u8) -> Option<()> {
        if self.closed {
            return None;
        }
        *self.letters.get_mut(self.len)? = letter;
        self.len += 1;
        Some(())
    }

    /// How many syllables ended here, 0 or 1; none when the letters are no syllable.
    fn end(&mut self) -> Option<usize> {
        let letters = &self.letters[..self.len];
        let said = match (letters.is_empty(), self.bopomofo) {
            (true, false) => 0,
            (true, true) => 1,
            (false, _) => usize::from(is_syllable(letters)),
        };
        let wrong = said == 0 && !letters.is_empty();
        *self = Self::default();
        (!wrong).then_some(said)
    }
}

const INITIALS: [&[u8]; 24] = [
    b"zh", b"ch", b"sh", b"b", b"p", b"m", b"f", b"d", b"t", b"n", b"l", b"g", b"k", b"h", b"j", b"q", b"x", b"r",
    b"z", b"c", b"s", b"y", b"w", b"",
];
const FINALS: [&[u8]; 36] = [
    b"a", b"o", b"e", b"i", b"u", b"v", b"ai", b"ei", b"ao", b"ou", b"an", b"en", b"ang", b"eng", b"ong", b"er", b"ia",
    b"ie", b"iao", b"iu", b"ian", b"in", b"iang", b"ing", b"iong", b"ua", b"uo", b"uai", b"ui", b"uan", b"un", b"uang",
    b"ue", b"ve", b"van", b"vn",
];

/// Whether letters can be a syllable of Mandarin without its tone.
fn is_syllable(letters: &[u8]) -> bool {
    INITIALS.iter().any(|initial| letters.strip_prefix(*initial).is_some_and(|rest| FINALS.contains(&rest)))
}

/// A small letter without its tone, and whether it had one.
fn toneless(c: char) -> Option<(u8, bool)> {
    Some(match c {
        'a'..='z' => (c as u8, false),
        'ɡ' => (b'g', false),
        'ü' => (b'v', false),
        'ā' | 'á' | 'ǎ' | 'à' | 'ă' => (b'a', true),
        'ē' | 'é' | 'ě' | 'è' | 'ĕ' => (b'e', true),
        'ī' | 'í' | 'ǐ' | 'ì' | 'ĭ' => (b'i', true),
        'ō' | 'ó' | 'ǒ' | 'ò' | 'ŏ' => (b'o', true),
        'ū' | 'ú' | 'ǔ' | 'ù' | 'ŭ' => (b'u', true),
        'ǖ' | 'ǘ' | 'ǚ' | 'ǜ' => (b'v', true),
        'ń' | 'ň' | 'ǹ' => (b'n', true),
        _ => return None,
    })
}

fn before(text: &str, byte: usize) -> Option<char> {
    text[..byte].chars().next_back()
}

fn after(text: &str, byte: usize, character: char) -> Option<char> {
    text[byte + character.len_utf8()..].chars().next()
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}')
}

/// Chinese, Japanese or Korean: what is written without alphabets of letters.
fn is_east_asian(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use crate::fold_word;

    fn check(cases: &[(&str, &str)]) {
        for (text, folded) in cases {
            // The wide comma folds to the narrow one.
            assert_eq!(fold_word(text), folded.replace('，', ","), "{text}");
        }
    }

    #[test]
    fn neighbours_decide_what_a_traditional_character_is() {
        check(&[
            ("餅乾受潮，果乾發霉", "饼干受潮，果干发霉"),
            ("乾隆年間的著名著作", "乾隆年间的著名著作"),
            ("看著充電器燒著了", "看着充电器烧着了"),
            ("瞭望塔上瞭解情況", "瞭望塔上了解情况"),
            ("客服答覆，蓋子覆蓋不住，多重覆蓋", "客服答复，盖子覆盖不住，多重覆盖"),
            ("計畫召回年畫", "计划召回年画"),
            ("項鍊的鍊條斷了，鍊鋼", "项链的链条断了，炼钢"),
            ("藉口推託，慰藉", "借口推托，慰藉"),
            ("沈重的傢俱沈沒，沈先生", "沉重的家具沉没，沈先生"),
            ("後面的麵條裏有頭髮", "后面的面条里有头发"),
        ]);
    }

    #[test]
    fn letters_of_other_alphabets_are_latin_inside_latin_words_only() {
        check(&[
            ("iРhоnе起火", "iphone起火"),
            ("ТСL电视自燃", "tcl电视自燃"),
            ("买的ВМ车", "买的bm车"),
            ("型号А12", "型号a12"),
            ("β-胡萝卜素", "β-胡萝卜素"),
            ("Россия", "россия"),
            ("加压エ具ロ气カ很大", "加压工具口气力很大"),
            ("アイロン", "アイロン"),
        ]);
    }

    #[test]
    fn pinyin_in_brackets_is_read_over() {
        check(&[
            ("發現(xiàn)充電(diàn)寶鼓包", "发现充电宝鼓包"),
            ("召（zhào）回（huí）了", "召回了"),
            ("召(zhao)回", "召回"),
            ("电暖器（diàn nuǎn qì）。", "电暖器。"),
            ("使用不當(da\u{304}ng)，", "使用不当，"),
            ("蟲(ㄔㄨㄥˊ)子", "虫子"),
            ("率(lu:4)", "率(lu:4)"),
        ]);
    }

    #[test]
    fn other_brackets_stay() {
        for text in [
            "锂(li)。",
            "充电宝(a1)起火",
            "见图(a)所示",
            "见附件(pdf)下载",
            "质量(kg)超标",
            "(xiàn)",
            "咖啡(café)",
            "a(b",
            "起火(",
            "（记者",
        ] {
            let folded = fold_word(text);
            assert_eq!(folded.chars().count(), text.chars().count(), "{text} became {folded}");
        }
    }
}
