//! English names of products, hazards and injuries, for foreign recall lists. Words are compared by their stems, so that number
//! and case do not matter; phrases are matched whole and longest first. Only texts that are mostly Latin are read with these.

use std::collections::BTreeMap;

use vocabulary::{Category, Hazard, Refused, RuleId, refused};

use super::{LexiconError, tables};

/// Folders of the English tables: either of them.
const ENGLISH: [&str; 2] = ["dictionaries/english", "rules/structured/english"];

/// What a phrase says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnglishMeaning {
    /// A product.
    Product(Category),
    /// A hazard; a weak one counts only where nothing plain is said.
    Hazard(Hazard, bool),
    /// Only holds the letters of a hazard.
    Shield,
    /// An injury of that severity.
    Injury(u8),
}

/// A phrase of one or more words.
#[derive(Debug, Clone)]
pub struct Phrase {
    /// Stems of its words.
    stems: Vec<Box<str>>,
    /// What it says.
    pub meaning: EnglishMeaning,
    /// The dictionary entry.
    pub rule: RuleId,
}

/// The English tables.
#[derive(Debug, Clone, Default)]
pub struct English {
    /// Phrases by the stem of their first word, longest first.
    words: BTreeMap<Box<str>, Vec<Phrase>>,
    injuries: BTreeMap<Box<str>, Vec<Phrase>>,
    len: usize,
}

impl English {
    /// The longest product, hazard or shield that begins with the first of `stems`, and its number of words. A product beats a
    /// hazard of the same length.
    pub fn longest(&self, stems: &[&str]) -> Option<(usize, &Phrase)> {
        let (length, phrase) = longest(&self.words, stems)?;
        // christmas [light-up ring]: a longer phrase that begins inside takes over.
        let taken = (1..length).any(|at| longest(&self.words, &stems[at..]).is_some_and(|(other, _)| other > length));
        (!taken).then_some((length, phrase))
    }

    /// The longest injury that begins with the first of `stems`.
    pub fn injury(&self, stems: &[&str]) -> Option<(usize, &Phrase)> {
        longest(&self.injuries, stems)
    }

    /// Number of phrases.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no table was read.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads the tables of [`ENGLISH`].
    pub(super) fn read(files: &super::files::Files, findings: &mut Vec<super::Finding>) -> Result<Self, LexiconError> {
        let mut english = Self::default();
        for (name, text) in files {
            let Some((folder, base)) = name.rsplit_once('/') else { continue };
            if !ENGLISH.contains(&folder) {
                continue;
            }
            let columns = if base == "hazards.tsv" { 3 } else { 2 };
            for row in tables::rows(name, text, columns)? {
                let surface = row.required(0, "surface")?;
                let code = row.required(1, "code")?;
                let unknown = |error: vocabulary::UnknownCode| {
                    row.wrong(Refused::of(&error), refused!("请用已知的代码", "use a known code"))
                };
                let meaning = match base {
                    "products.tsv" => EnglishMeaning::Product(code.parse().map_err(unknown)?),
                    "hazards.tsv" if code == "none" => EnglishMeaning::Shield,
                    "hazards.tsv" => {
                        let weak = match row.cell(2) {
                            "" => false,
                            "weak" => true,
                            other => {
                                return Err(row.wrong(
                                    refused!("`{other}` 不是标志", "`{other}` is no flag"),
                                    refused!("唯一的标志是 `weak`", "the only flag is `weak`"),
                                ));
                            }
                        };
                        EnglishMeaning::Hazard(code.parse().map_err(unknown)?, weak)
                    }
                    "injuries.tsv" => {
                        let severity = code.parse().ok().filter(|severity| (1..=4).contains(severity));
                        EnglishMeaning::Injury(severity.ok_or_else(|| {
                            row.wrong(
                                refused!("`{code}` 不是伤害程度", "`{code}` is no severity"),
                                refused!("请写 1 到 4", "write 1 to 4"),
                            )
                        })?)
                    }
                    _ => {
                        return Err(row.wrong(
                            refused!("没有这个名称的英文表", "no English table is called that"),
                            refused!("应为 products、hazards 或 injuries", "products, hazards or injuries"),
                        ));
                    }
                };
                let stems: Vec<Box<str>> = words(surface).map(|(_, _, word)| stem(&word).into()).collect();
                let Some(first) = stems.first().cloned() else {
                    return Err(row.wrong(
                        refused!("这个短语里没有词", "the phrase has no word"),
                        refused!("请写英文词，或删除这一行", "write English words, or delete the row"),
                    ));
                };
                let into = if matches!(meaning, EnglishMeaning::Injury(_)) {
                    &mut english.injuries
                } else {
                    &mut english.words
                };
                let list = into.entry(first).or_default();
                if let Some(known) = list.iter().find(|known| known.stems == stems) {
                    if known.meaning != meaning
                        && std::mem::discriminant(&known.meaning) == std::mem::discriminant(&meaning)
                    {
                        findings.push(super::Finding {
                            at: row.at.clone(),
                            message: refused!(
                                "`{surface}` 读起来与意思不同的 `{}` 一样",
                                "`{surface}` reads like `{}`, which means something else",
                                known.rule
                            ),
                            fatal: false,
                        });
                    }
                    continue;
                }
                let rule = RuleId::new(format!("dict:english/{}/{surface}", base.trim_end_matches(".tsv")));
                list.push(Phrase { stems, meaning, rule });
                english.len += 1;
            }
        }
        for list in english.words.values_mut().chain(english.injuries.values_mut()) {
            list.sort_by_key(|phrase| {
                (std::cmp::Reverse(phrase.stems.len()), !matches!(phrase.meaning, EnglishMeaning::Product(_)))
            });
        }
        Ok(english)
    }
}

fn longest<'a>(table: &'a BTreeMap<Box<str>, Vec<Phrase>>, stems: &[&str]) -> Option<(usize, &'a Phrase)> {
    let phrases = table.get(*stems.first()?)?;
    let phrase = phrases.iter().find(|phrase| {
        phrase.stems.len() <= stems.len() && phrase.stems.iter().zip(stems).all(|(known, found)| **known == **found)
    })?;
    Some((phrase.stems.len(), phrase))
}

/// The words of a text with their characters `[from, to)`: runs of Latin letters and digits, an apostrophe inside kept.
pub fn words(text: &str) -> impl Iterator<Item = (usize, usize, String)> + '_ {
    let mut characters = text.chars().enumerate().peekable();
    std::iter::from_fn(move || {
        let mut word = String::new();
        let mut from = 0;
        while let Some((at, character)) = characters.peek().copied() {
            let belongs = character.is_ascii_alphanumeric()
                || (character.is_alphabetic() && (character as u32) < LATIN_END)
                || (matches!(character, '\'' | '’') && !word.is_empty());
            if !belongs && !word.is_empty() {
                break;
            }
            characters.next();
            if belongs {
                if word.is_empty() {
                    from = at;
                }
                word.push(if character == '’' { '\'' } else { character.to_ascii_lowercase() });
            }
        }
        let to = from + word.chars().count();
        (!word.is_empty()).then_some((from, to, word))
    })
}

/// First character behind the Latin blocks.
const LATIN_END: u32 = 0x250;

/// A word without its possessive and plural: the same for dictionary and text, so it need not be a real word.
pub fn stem(word: &str) -> String {
    let word = word.split('\'').next().filter(|bare| !bare.is_empty()).unwrap_or(word);
    match word {
        "children" | "childrens" | "kids" | "kid" | "child" => return "children".to_owned(),
        "men" => return "man".to_owned(),
        "women" => return "woman".to_owned(),
        "feet" => return "foot".to_owned(),
        "teeth" => return "tooth".to_owned(),
        "skis" => return "ski".to_owned(),
        _ => {}
    }
    let ends = |tail: &str| word.len() > tail.len() + 1 && word.ends_with(tail);
    let cut = |tail: usize| word[..word.len() - tail].to_owned();
    if ends("ies") && word.len() > 4 {
        return cut(3) + "y";
    }
    if ends("ives") || ends("lves") {
        return cut(3) + if ends("ives") { "fe" } else { "f" };
    }
    if ["sses", "shes", "ches", "xes", "zzes"].iter().any(|tail| ends(tail)) {
        return cut(2);
    }
    if ends("s") && !(ends("ss") || ends("us") || ends("is")) && word.len() > 3 {
        return cut(1);
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_case_and_possessive_do_not_matter() {
        for (many, one) in [
            ("batteries", "battery"),
            ("Boxes", "box"),
            ("knives", "knife"),
            ("TOYS", "toy"),
            ("children's", "kid"),
            ("glass", "glass"),
        ] {
            assert_eq!(stem(&many.to_lowercase()), stem(one), "{many}");
        }
    }

    #[test]
    fn words_are_counted_in_characters_and_split_at_hyphens() {
        let found: Vec<_> = words("充电 E-bikes, “Dora’s” set").collect();
        let told: Vec<_> = found.iter().map(|(from, to, word)| (*from, *to, word.as_str())).collect();
        assert_eq!(told, [(3, 4, "e"), (5, 10, "bikes"), (13, 19, "dora's"), (21, 24, "set")]);
    }
}
