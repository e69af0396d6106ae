//! How text becomes terms, the same way when it is written and when it is asked for.
//!
//! Two views of one normalised text: **words** (jieba's search mode, HMM off) order the hits, **bigrams** decide what
//! matches. A phrase over jieba words misses true matches, because the same characters are cut differently beside other
//! neighbours; a phrase over bigrams finds every text that contains it, in or out of the dictionary.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jieba_rs::Jieba;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use lexicon::{fold as fold_character, folds_to_itself, stretch};

/// Raise when normalisation or cutting changes: indexes made before are rebuilt.
pub(super) const ANALYSIS_VERSION: u32 = 3;
/// Longest Latin or digit run kept as one term; a longer one is cut, equally in texts and queries.
const RUN_CHARS_MAX: usize = 64;
/// Most characters normalised together as one letter with its marks.
const CLUSTER_CHARS_MAX: usize = 32;
/// Stands for every separator in bigrams: full stop, comma and blank are the same there.
const SEPARATOR: char = ' ';

/// The cutter and the words too common to search for.
#[derive(Clone)]
pub(super) struct Analysis {
    jieba: Arc<Jieba>,
    /// Looked up for every word of every text, so by hash.
    stop_words: Arc<HashSet<String>>,
}

impl Analysis {
    pub(super) fn new(jieba: Arc<Jieba>, stop_words: &BTreeSet<String>) -> Self {
        let stop_words = stop_words.iter().map(|word| normalise(word)).filter(|word| !word.is_empty()).collect();
        Self { jieba, stop_words: Arc::new(stop_words) }
    }

    /// Changes whenever the same text could give other terms, the jieba dictionary aside: the lexicon version covers that.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(&ANALYSIS_VERSION.to_le_bytes());
        for word in self.stop_words.iter().collect::<BTreeSet<_>>() {
            hash.update(word.as_bytes());
            hash.update(&[0]);
        }
        hash.finalize().to_hex()[..16].to_owned()
    }

    /// What of a normalised piece of a query must occur, and which words of it weigh in the order of the hits.
    pub(super) fn ask(&self, text: &str) -> TextTerms {
        let mut asked = TextTerms::default();
        let mut single_run = String::new();
        let flush = |run: &mut String, required: &mut Vec<String>| {
            if !run.is_empty() && !required.contains(run) {
                required.push(std::mem::take(run));
            }
            run.clear();
        };
        for token in self.jieba.cut(text, false) {
            let single = is_single_cjk(token.word);
            if !single || self.stop_words.contains(token.word) {
                flush(&mut single_run, &mut asked.required);
            }
            if !is_searchable(token.word) || self.stop_words.contains(token.word) {
                continue;
            }
            asked.words.push(token.word.to_owned());
            if single {
                // Neighbours that the dictionary leaves as single characters are most often one word it does not know.
                single_run.push_str(token.word);
            } else if !asked.required.iter().any(|word| word == token.word) {
                asked.required.push(token.word.to_owned());
            }
        }
        flush(&mut single_run, &mut asked.required);
        if asked.required.is_empty() && is_searchable(text) {
            asked.required.push(text.to_owned()); // nothing but stop words: then they are meant
        }
        asked
    }
}

/// What [`Analysis::ask`] makes of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TextTerms {
    /// Pieces that must all occur, as characters.
    pub(super) required: Vec<String>,
    /// Words of the dictionary that rank.
    pub(super) words: Vec<String>,
}

/// NFKC, lower case, traditional characters as their simplified ones, blanks as one, invisible characters dropped, tags and
/// character references of HTML read over.
pub(super) fn normalise(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    fold(text, |letter, _| normal.push(letter));
    normal
}

/// As [`normalise`] with every separator turned into one sign, and for each character the original's it came from.
pub(super) fn normalise_mapped(text: &str) -> (Vec<char>, Vec<usize>) {
    let (mut normal, mut origin) = (Vec::with_capacity(text.len() / 2), Vec::with_capacity(text.len() / 2));
    fold(text, |letter, from| {
        normal.push(if kind_of(letter) == CharKind::Separator { SEPARATOR } else { letter });
        origin.push(from);
    });
    (normal, origin)
}

fn fold(text: &str, mut out: impl FnMut(char, usize)) {
    let mut after_blank = true;
    let mut emit = |letter: char, from: usize| {
        if letter.is_whitespace() {
            if !after_blank {
                out(SEPARATOR, from);
            }
            after_blank = true;
        } else if !is_invisible(letter) {
            out(letter, from);
            after_blank = false;
        }
    };
    let mut letters = text.chars().enumerate().peekable();
    let mut cluster = String::new();
    // Bytes before the letter, and where a stretch that folds as a whole ends.
    let (mut byte, mut skipped) = (0, 0);
    while let Some((from, letter)) = letters.next() {
        let at = byte;
        byte += letter.len_utf8();
        if at < skipped {
            continue;
        }
        if !folds_to_itself(letter)
            && let Some(stretch) = stretch(text, at, letter)
        {
            skipped = at + stretch.bytes;
            stretch.folded.into_iter().for_each(|folded| emit(folded, from));
            continue;
        }
        let composed = letters.peek().is_some_and(|&(_, next)| joins(next));
        if !composed && letter.is_ascii() {
            emit(letter.to_ascii_lowercase(), from);
            continue;
        }
        if !composed && is_han(letter) {
            simplify(letter, |simple| emit(simple, from));
            continue;
        }
        cluster.clear();
        cluster.push(letter);
        let mut left = CLUSTER_CHARS_MAX - 1;
        while left > 0
            && let Some((_, mark)) = letters.next_if(|&(_, next)| joins(next))
        {
            byte += mark.len_utf8();
            cluster.push(mark);
            left -= 1;
        }
        for normal in cluster.nfkc() {
            for lower in normal.to_lowercase() {
                if is_han(lower) {
                    simplify(lower, |simple| emit(simple, from));
                } else {
                    emit(lower, from);
                }
            }
        }
    }
}

fn is_han(letter: char) -> bool {
    ('\u{4E00}'..='\u{9FFF}').contains(&letter)
}

/// As dictionaries and texts are folded everywhere.
fn simplify(han: char, mut out: impl FnMut(char)) {
    if folds_to_itself(han) {
        out(han);
    } else {
        fold_character(han, out);
    }
}

/// Whether a character belongs to the one before it: combining marks, half-width voicing marks.
fn joins(letter: char) -> bool {
    letter >= '\u{300}' && (matches!(letter, '\u{FF9E}' | '\u{FF9F}') || is_combining_mark(letter))
}

/// Controls, zero-width characters, soft hyphens, direction marks, variation selectors.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}')
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CharKind {
    /// A character that is a unit by itself: Han, kana, bopomofo, Hangul.
    Cjk,
    /// Part of a run that is one unit: letters and digits of other scripts.
    Run,
    /// Everything else.
    Separator,
}

pub(super) fn kind_of(letter: char) -> CharKind {
    match letter {
        'a'..='z' | '0'..='9' => CharKind::Run,
        '\u{4E00}'..='\u{9FFF}'
        | '\u{2E80}'..='\u{2FDF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3021}'..='\u{3029}'
        | '\u{3041}'..='\u{3096}'
        | '\u{309D}'..='\u{309F}'
        | '\u{30A1}'..='\u{30FA}'
        | '\u{30FC}'..='\u{30FF}'
        | '\u{3105}'..='\u{312F}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{1100}'..='\u{11FF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFD}' => CharKind::Cjk,
        _ if letter.is_alphanumeric() => CharKind::Run,
        _ => CharKind::Separator,
    }
}

/// Whether there is anything in it that a search can find.
pub(super) fn is_searchable(text: &str) -> bool {
    text.chars().any(|letter| kind_of(letter) != CharKind::Separator)
}

fn is_single_cjk(word: &str) -> bool {
    let mut letters = word.chars();
    matches!((letters.next(), letters.next()), (Some(only), None) if kind_of(only) == CharKind::Cjk)
}

/// A unit of bigrams: one CJK character, one run, one separator.
#[derive(Debug, Clone, Copy)]
struct Unit {
    kind: CharKind,
    /// Bytes of the normalised text.
    from: usize,
    to: usize,
    /// Characters before it.
    position: usize,
}

fn units(text: &str) -> impl Iterator<Item = Unit> {
    let mut letters = text.char_indices().enumerate().peekable();
    std::iter::from_fn(move || {
        let (position, (from, first)) = letters.next()?;
        let kind = kind_of(first);
        let mut to = from + first.len_utf8();
        let mut length = 1;
        while kind == CharKind::Run
            && length < RUN_CHARS_MAX
            && let Some((_, (at, letter))) = letters.next_if(|&(_, (_, next))| kind_of(next) == CharKind::Run)
        {
            to = at + letter.len_utf8();
            length += 1;
        }
        Some(Unit { kind, from, to, position })
    })
}

/// Writes the term of two neighbours. The pair is unmistakable: a run never holds a CJK character or a separator.
fn write_pair(text: &str, left: Unit, right: Option<Unit>, term: &mut String) {
    for unit in [Some(left), right] {
        match unit {
            Some(unit) if unit.kind != CharKind::Separator => term.push_str(&text[unit.from..unit.to]),
            _ => term.push(SEPARATOR),
        }
    }
}

/// What a text must hold, at which distance, so that it contains the query's characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grams {
    /// Nothing but separators.
    Nothing,
    /// One CJK character: every bigram that begins with it.
    Beginning(char),
    /// These terms at these offsets.
    Terms(Vec<(usize, String)>),
}

/// The grams of a normalised piece of a query. Separators at its ends do not count; inside, any one stands for any other.
pub(super) fn grams(text: &str) -> Grams {
    let text = text.trim_matches(|letter| kind_of(letter) == CharKind::Separator);
    let units: Vec<Unit> = units(text).collect();
    let (Some(&first), Some(&last)) = (units.first(), units.last()) else {
        return Grams::Nothing;
    };
    if units.len() == 1 && first.kind == CharKind::Cjk {
        return text.chars().next().map_or(Grams::Nothing, Grams::Beginning);
    }
    let mut terms = Vec::with_capacity(units.len());
    for pair in units.windows(2) {
        if is_indexed_pair(pair[0], Some(pair[1])) {
            let mut term = String::new();
            write_pair(text, pair[0], Some(pair[1]), &mut term);
            terms.push((pair[0].position, term));
        }
    }
    if last.kind == CharKind::Run {
        terms.push((last.position, text[last.from..last.to].to_owned()));
    }
    let first_at = terms.first().map_or(0, |(position, _)| *position);
    for (position, _) in &mut terms {
        *position -= first_at;
    }
    Grams::Terms(terms)
}

/// All pairs but those that begin with a separator and end with a run or the text: the pair before has the separator, and the run
/// stands in the index by itself.
fn is_indexed_pair(left: Unit, right: Option<Unit>) -> bool {
    left.kind != CharKind::Separator || right.is_some_and(|right| right.kind != CharKind::Run)
}

/// Terms of one text, in one buffer that is used again for the next.
#[derive(Clone, Default)]
struct Terms {
    texts: String,
    pieces: Vec<Piece>,
    next: usize,
    token: Token,
}

#[derive(Clone, Copy)]
struct Piece {
    /// Bytes of `texts`.
    from: usize,
    to: usize,
    /// Bytes of the input.
    offset_from: usize,
    offset_to: usize,
    position: usize,
}

impl Terms {
    fn clear(&mut self) {
        self.texts.clear();
        self.pieces.clear();
        self.next = 0;
        self.token.reset();
    }

    fn push(&mut self, position: usize, (offset_from, offset_to): (usize, usize), write: impl FnOnce(&mut String)) {
        let from = self.texts.len();
        write(&mut self.texts);
        self.pieces.push(Piece { from, to: self.texts.len(), offset_from, offset_to, position });
    }
}

/// A view on the buffer of its tokenizer.
pub(super) struct Stream<'a>(&'a mut Terms);

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        let Some(piece) = self.0.pieces.get(self.0.next) else {
            return false;
        };
        self.0.next += 1;
        let token = &mut self.0.token;
        token.text.clear();
        token.text.push_str(&self.0.texts[piece.from..piece.to]);
        (token.offset_from, token.offset_to) = (piece.offset_from, piece.offset_to);
        token.position = piece.position;
        true
    }

    fn token(&self) -> &Token {
        &self.0.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.0.token
    }
}

/// Words of normalised text; a word's position is its first character's offset.
#[derive(Clone)]
pub(super) struct WordTokenizer {
    analysis: Analysis,
    terms: Terms,
}

impl WordTokenizer {
    pub(super) fn new(analysis: Analysis) -> Self {
        Self { analysis, terms: Terms::default() }
    }
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        self.terms.clear();
        for token in self.analysis.jieba.cut_for_search(text, false) {
            if is_searchable(token.word) && !self.analysis.stop_words.contains(token.word) {
                let bytes = (token.byte_start, token.byte_end);
                self.terms.push(token.start, bytes, |term| term.push_str(token.word));
            }
        }
        // Search mode gives the parts of a word before the word; tantivy wants positions that never go back.
        self.terms.pieces.sort_unstable_by_key(|piece| (piece.position, piece.offset_to));
        Stream(&mut self.terms)
    }
}

/// Bigrams of normalised text with true positions, and each Latin or digit run whole.
#[derive(Clone, Default)]
pub(super) struct BigramTokenizer {
    terms: Terms,
}

impl Tokenizer for BigramTokenizer {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        self.terms.clear();
        let mut units = units(text).peekable();
        while let Some(unit) = units.next() {
            if unit.kind == CharKind::Run {
                self.terms.push(unit.position, (unit.from, unit.to), |term| term.push_str(&text[unit.from..unit.to]));
            }
            // The end of the text counts as a separator: so every CJK character begins a bigram.
            let next = units.peek().copied();
            if is_indexed_pair(unit, next) {
                let bytes = (unit.from, next.map_or(unit.to, |next| next.to));
                self.terms.push(unit.position, bytes, |term| write_pair(text, unit, next, term));
            }
        }
        Stream(&mut self.terms)
    }
}

/// A code or name as one term, whatever its case and width.
#[derive(Clone, Default)]
pub(super) struct NameTokenizer {
    terms: Terms,
}

impl Tokenizer for NameTokenizer {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        self.terms.clear();
        self.terms.push(0, (0, text.len()), |term| fold(text, |letter, _| term.push(letter)));
        Stream(&mut self.terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(mut tokenizer: impl Tokenizer, text: &str) -> Vec<(usize, String)> {
        let mut stream = tokenizer.token_stream(text);
        let mut out = Vec::new();
        while stream.advance() {
            out.push((stream.token().position, stream.token().text.clone()));
        }
        out
    }

    fn check_bigrams(text: &str, expected: &[(usize, &str)]) {
        let found = terms(BigramTokenizer::default(), &normalise(text));
        let found: Vec<(usize, &str)> = found.iter().map(|(position, term)| (*position, term.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn width_case_and_blanks_do_not_matter() {
        assert_eq!(normalise("ＵＳＢ　充电\u{200B}器\r\n\n①"), "usb 充电器 1");
        assert_eq!(normalise("e\u{301}ﾞ"), "é\u{3099}".nfkc().collect::<String>());
        assert_eq!(normalise("ｶﾞｽ"), "ガス");
        assert_eq!(normalise("充電寶"), "充电宝");
        assert_eq!(normalise("突然起<p>火</p>&nbsp;冒&#28895;"), "突然起火 冒烟");
    }

    #[test]
    fn every_character_knows_where_it_came_from() {
        let (normal, origin) = normalise_mapped("  ㎏，充 电");
        assert_eq!(normal, ['k', 'g', ' ', '充', ' ', '电']);
        assert_eq!(origin, [2, 2, 3, 4, 5, 6]);
        assert_eq!(normalise_mapped("起<p>火"), (vec!['起', '火'], vec![0, 4]));
    }

    #[test]
    fn bigrams_keep_true_positions_and_runs_whole() {
        check_bigrams("质量差", &[(0, "质量"), (1, "量差"), (2, "差 ")]);
        check_bigrams("买iPhone15好", &[(0, "买iphone15"), (1, "iphone15"), (1, "iphone15好"), (9, "好 ")]);
        check_bigrams("差！差", &[(0, "差 "), (1, " 差"), (2, "差 ")]);
        check_bigrams("gas stove", &[(0, "gas"), (0, "gas "), (4, "stove"), (4, "stove ")]);
        check_bigrams("！！", &[(0, "  ")]);
        check_bigrams("1！！a", &[(0, "1"), (0, "1 "), (1, "  "), (3, "a"), (3, "a ")]);
    }

    #[test]
    fn a_phrase_asks_only_for_terms_that_texts_have() {
        assert_eq!(grams("差"), Grams::Beginning('差'));
        assert_eq!(grams("，，"), Grams::Nothing);
        assert_eq!(grams("质量"), Grams::Terms(vec![(0, "质量".to_owned())]));
        for phrase in ["质量太差", "usb", "usb线", "用usb", "很，差", "gas stove，漏", "a b 电"] {
            let Grams::Terms(asked) = grams(phrase) else { panic!("{phrase} has terms") };
            let indexed = terms(BigramTokenizer::default(), phrase);
            assert!(asked.iter().all(|term| indexed.contains(term)), "{phrase}: {asked:?} in {indexed:?}");
        }
    }

    #[test]
    fn words_never_go_back_and_leave_out_stop_words() {
        let analysis = Analysis::new(Arc::new(Jieba::new()), &BTreeSet::from(["的".to_owned()]));
        let found = terms(WordTokenizer::new(analysis), "中国科学院的充电宝，好");
        assert!(found.is_sorted_by_key(|(position, _)| *position), "{found:?}");
        assert!(found.contains(&(2, "科学".to_owned())) && found.contains(&(0, "中国科学院".to_owned())), "{found:?}");
        assert!(!found.iter().any(|(_, word)| word == "的" || word == "，"), "{found:?}");
    }

    #[test]
    fn single_characters_in_a_row_are_asked_for_as_one() {
        let analysis = Analysis::new(Arc::new(Jieba::empty()), &BTreeSet::from(["的".to_owned()]));
        assert_eq!(analysis.ask("特仑苏的奶").required, ["特仑苏", "奶"]);
        assert_eq!(analysis.ask("的").required, ["的"]);
    }
}
