//! What the tagger sees of a character: its neighbours, the dictionary's words over it, the segmenter's words around it.

use extract::inside::{Folded, scan};
use lexicon::Lexicon;
use lexicon::terms::Meaning;

use super::Named;

/// A dictionary word in a sentence, in characters of the sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct DictionaryName {
    pub(super) from: usize,
    pub(super) to: usize,
    /// What it names for sure; none for words too common to say.
    pub(super) named: Option<Named>,
    /// Distinguishes what the dictionary says of it: product, brand, common word that is a product, a brand.
    sort: u8,
}

/// Product and brand words of the dictionary: leftmost, longest.
pub(super) fn dictionary(chars: &[char], lexicon: &Lexicon) -> Vec<DictionaryName> {
    let text: String = chars.iter().collect();
    let folded = Folded::new(&text);
    let hits = scan(&folded, &[], lexicon);
    let mut known = Vec::new();
    let mut end = 0;
    for hit in &hits.all {
        if hit.from < end {
            continue;
        }
        let mut sort = None;
        for meaning in &lexicon.entries()[hit.entry as usize].meanings {
            let this = match meaning {
                Meaning::Product(at) => {
                    let term = &lexicon.products()[*at as usize];
                    match (term.brand, term.generic || term.ambiguous) {
                        (true, _) => 1,
                        (false, false) => 0,
                        (false, true) => 2,
                    }
                }
                Meaning::Brand(at) if lexicon.brands()[*at as usize].ambiguous => 3,
                Meaning::Brand(_) => 1,
                _ => continue,
            };
            sort = Some(sort.map_or(this, |known: u8| known.min(this)));
        }
        let Some(sort) = sort else { continue };
        end = hit.to;
        let span = folded.original(hit.from as usize, hit.to as usize);
        let named = match sort {
            0 => Some(Named::Product),
            1 => Some(Named::Brand),
            _ => None,
        };
        known.push(DictionaryName { from: span.from(), to: span.to(), named, sort });
    }
    known
}

/// Marks the place of a character in a word: alone, first, middle, last.
fn place(at: usize, from: usize, to: usize) -> char {
    match (at == from, at + 1 == to) {
        (true, true) => 'S',
        (true, false) => 'B',
        (false, true) => 'E',
        (false, false) => 'I',
    }
}

/// What kind of character it is.
fn kind(character: char) -> char {
    match character {
        '0'..='9' => 'd',
        'a'..='z' | 'A'..='Z' => 'a',
        '\u{4e00}'..='\u{9fff}' => 'h',
        _ if character.is_whitespace() => 's',
        _ => 'p',
    }
}

/// A row of values with one more on every side, so that windows never run off.
struct Padded<T>(Vec<T>, T);

impl<T: Clone> Padded<T> {
    fn at(&self, at: isize) -> T {
        usize::try_from(at).ok().and_then(|at| self.0.get(at)).unwrap_or(&self.1).clone()
    }
}

/// The features of every character of a sentence, as text.
pub(super) fn features(chars: &[char], lexicon: &Lexicon) -> Vec<Vec<String>> {
    let lower: Vec<char> = chars.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
    let mut said = vec!["-".to_owned(); lower.len()];
    for known in dictionary(chars, lexicon) {
        let size = match known.to - known.from {
            0 | 1 => 1,
            2 | 3 => 2,
            _ => 3,
        };
        for (at, slot) in said.iter_mut().enumerate().take(known.to).skip(known.from) {
            *slot = format!("{}{}{size}", place(at, known.from, known.to), known.sort);
        }
    }
    let text: String = lower.iter().collect();
    let mut words: Vec<(String, char, usize, usize)> = Vec::with_capacity(lower.len());
    for token in lexicon.jieba().cut(&text, true) {
        let (from, to) = (words.len(), words.len() + token.word.chars().count());
        words.extend((from..to).map(|at| (token.word.to_owned(), place(at, from, to), from, to)));
    }
    let kinds = Padded(lower.iter().map(|c| kind(*c)).collect(), '^');
    let letters = Padded(lower, '\u{1}');
    let said = Padded(said, "^".to_owned());
    let words = Padded(words, ("^".to_owned(), '^', 0, 0));
    (0..isize::try_from(chars.len()).unwrap_or(0)).map(|at| of_character(at, &letters, &kinds, &said, &words)).collect()
}

fn of_character(
    at: isize,
    letters: &Padded<char>,
    kinds: &Padded<char>,
    said: &Padded<String>,
    words: &Padded<(String, char, usize, usize)>,
) -> Vec<String> {
    let mut all = Vec::with_capacity(40);
    for step in -2..=2 {
        all.push(format!("c{step}{}", letters.at(at + step)));
        all.push(format!("d{step}{}", said.at(at + step)));
        all.push(format!("t{step}{}", kinds.at(at + step)));
    }
    for step in -2..=1 {
        all.push(format!("b{step}{}{}", letters.at(at + step), letters.at(at + step + 1)));
        all.push(format!("D{step}{}{}", said.at(at + step), said.at(at + step + 1)));
    }
    for step in -2..=0 {
        let [a, b, c] = [0, 1, 2].map(|next| letters.at(at + step + next));
        all.push(format!("T{step}{a}{b}{c}"));
    }
    let shape: String = (-2..=2).map(|step| kinds.at(at + step)).collect();
    all.push(format!("y{shape}"));
    let (word, place, from, to) = words.at(at);
    let beside = |at: usize| isize::try_from(at).unwrap_or(isize::MAX);
    all.push(format!("j{}{place}{}", words.at(at - 1).1, words.at(at + 1).1));
    all.push(format!("w{place}{word}"));
    all.push(format!("<{place}{}", words.at(beside(from) - 1).0));
    all.push(format!(">{place}{}", words.at(beside(to)).0));
    all.push(format!("dj{}{place}", said.at(at)));
    all.push(format!("dc{}{}", said.at(at), letters.at(at)));
    all
}
