//! The learned judge: a linear model over short character n-grams and a few coarse terms, kept as one table of the lexicon.
//!
//! In: the text of `rules/judge/model.tsv`, written by `wanglou train`. Out: a [`LearnedJudge`] that answers, for every clause of a
//! text, how likely each hazard is claimed there. Not here: what is made of the answers (that is `extract`), training, files.
//!
//! Each line is a kind, a name and `key=number` pairs: `ask` (a question: a hazard, or `any`), `category` (what the platform's
//! category says), `word` (a word class of the rules, or a cue, that stands in the clause: [`Word`]), `gram` (at most
//! [`GRAM_CHARS_MAX`] characters; two numbers, in the clause and around it), `term` ([`Term`], log-odds of a candidate), `trait`
//! (the same where no platform tells the product: what stands beside the find, how product and hazard lie) and `set` ([`Setting`]).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use vocabulary::{Category, Hazard, Refused, Stance, refused};

use super::bounds::{GRAMS_MAX, TRAITS_MAX};
use super::error::Shown;
use super::pattern::ClassId;
use super::terms::Cue;
use super::trie::Trie;
use super::{FileLine, LexiconError};

/// The file, below a lexicon folder.
pub const FILE: &str = "rules/judge/model.tsv";
/// Longest n-gram: too short to give a training text back.
pub const GRAM_CHARS_MAX: usize = 4;
/// Begins and ends each clause for the n-grams, which never reach over its border.
pub const BORDERS: [char; 2] = ['^', '$'];
/// Clauses to each side whose words count as what stands around a clause.
pub const AROUND: usize = 12;
/// First line of a model.
pub const HEAD: &str = "# the judge's model, form 1";

/// What the model is asked of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Does anything here make a signal?
    Any,
    /// Is this hazard claimed?
    Hazard(Hazard),
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::Hazard(hazard) => hazard.code(),
        })
    }
}

impl FromStr for Question {
    type Err = vocabulary::UnknownCode;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "any" { Ok(Self::Any) } else { text.parse().map(Self::Hazard) }
    }
}

/// Something of the rules that stands in a clause, whatever rule finds or does not find it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// A word of a class.
    Class(ClassId),
    /// A cue, by index.
    Cue(u32),
    /// Any cue of a stance.
    Stance(Stance),
    /// A rule finds the hazard, asserted or suspected.
    Found(Hazard),
    /// A rule finds the hazard denied, general or long past.
    Denied(Hazard),
}

impl Word {
    /// Its name in the model file; none for the literal words of a single pattern.
    pub fn name(self, class_names: &[String], cues: &[Cue]) -> Option<String> {
        match self {
            Self::Class(class) => class_names
                .get(usize::from(class.0))
                .filter(|name| !name.starts_with('('))
                .map(|name| format!("class:{name}")),
            Self::Cue(cue) => cues.get(cue as usize).map(|cue| format!("cue:{}", cue.id)),
            Self::Stance(stance) => Some(format!("stance:{}", stance.code())),
            Self::Found(hazard) => Some(format!("found:{hazard}")),
            Self::Denied(hazard) => Some(format!("denied:{hazard}")),
        }
    }
}

macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $code:literal, $doc:literal;)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $(#[doc = $doc] $variant,)* }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// Its name in the model file.
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)* }
            }

            /// What it means, for people.
            pub fn zh(self) -> &'static str {
                match self { $($name::$variant => $doc,)* }
            }

            fn of(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.code() == code)
            }
        }
    };
}

names! {
    /// A term of a candidate's log-odds. Coarse on purpose: rules were written on the training texts, so trust in single
    /// rules cannot be learned there.
    Term {
        Rule = "rule", "规则找到";
        Evidence = "evidence", "分句用字";
        Any = "any", "分句用字(任一隐患)";
        Open = "open", "平台未给产品";
        OpenEvidence = "open.evidence", "平台未给产品时的用字";
        FromContext = "product.context", "产品由上下文推知";
        FromMeta = "product.meta", "产品由平台给出";
        Suspected = "suspected", "怀疑";
        Several = "several", "多条规则";
        Unasked = "unasked", "隐患无专门模型";
        Malfunction = "malfunction", "功能故障";
        Recovered = "recovered", "无规则找到";
    }
}

names! {
    /// A number that a person may want to turn.
    Setting {
        VetoTold = "veto.told", "平台给出产品时，低于此概率不计";
        VetoOpen = "veto.open", "平台未给产品的短文本，低于此概率不计";
        VetoOther = "veto.other", "平台未给产品、又不是媒体短文本的，低于此概率不计";
        Recover = "recover", "无规则时，不低于此概率才计";
    }
}

/// What a question has beside its n-grams.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ask {
    /// Log-odds where nothing is known.
    pub bias: f64,
    /// Added where the platform names the product.
    pub told: f64,
    /// The raw score is multiplied by this,
    pub slope: f64,
    /// and this is added: calibration on texts that the weights were not fitted on.
    pub shift: f64,
    /// Severity of a signal that only the judge finds.
    pub severity: u8,
}

/// A model as it stands in its file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    /// Comment lines under the first, without `# `: where it comes from and how good it was in cross-validation.
    pub provenance: Vec<String>,
    /// Questions, in order; all other lists of numbers follow it.
    pub asks: BTreeMap<Question, Ask>,
    /// Added where the platform names the category, by question.
    pub categories: BTreeMap<Category, Vec<f64>>,
    /// In the clause, by question.
    pub words: BTreeMap<String, Vec<f64>>,
    /// In the clause and around it, by question.
    pub grams: BTreeMap<String, Vec<[f64; 2]>>,
    /// Log-odds of a candidate.
    pub terms: BTreeMap<Term, f64>,
    /// Log-odds of a candidate where no platform tells the product, by trait; then terms count for nothing. When there is none,
    /// terms count everywhere.
    pub traits: BTreeMap<String, f64>,
    /// Thresholds.
    pub settings: BTreeMap<Setting, f64>,
}

impl Weights {
    /// Reads a model file. `file` names it in errors.
    ///
    /// # Errors
    /// The first line that cannot be used.
    pub fn parse(file: &str, text: &str) -> Result<Self, LexiconError> {
        let mut weights = Self::default();
        for (at, line) in text.lines().enumerate() {
            let wrong = |what: Refused, help: Refused| LexiconError::Wrong {
                at: FileLine::new(file, at + 1),
                shown: Box::new(Shown::line(at + 1, line, &what.en)),
                what,
                help: Box::new(help),
            };
            if at == 0 {
                if line != HEAD {
                    return Err(wrong(
                        refused!("第一行不是 `{HEAD}`", "the first line is not `{HEAD}`"),
                        refused!("请用 `wanglou train` 生成这个文件", "write the file with `wanglou train`"),
                    ));
                }
                continue;
            }
            if let Some(comment) = line.strip_prefix('#') {
                weights.provenance.push(comment.trim().to_owned());
                continue;
            }
            if line.trim().is_empty() {
                continue;
            }
            weights.line(line).map_err(|what| {
                wrong(what, refused!("请用 `wanglou train` 生成这个文件", "write the file with `wanglou train`"))
            })?;
        }
        if !weights.asks.contains_key(&Question::Any) {
            return Err(LexiconError::Wrong {
                at: FileLine::new(file, 0),
                what: refused!("模型没有问 `any`", "the model does not ask `any`"),
                shown: Box::default(),
                help: Box::new(refused!("请用 `wanglou train` 生成这个文件", "write the file with `wanglou train`")),
            });
        }
        Ok(weights)
    }

    fn line(&mut self, line: &str) -> Result<(), Refused> {
        let mut cells = line.split('\t');
        let (Some(kind), Some(name), Some(values), None) = (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            return Err(refused!(
                "这一行不是以一个制表符分隔的三格",
                "the line has not three cells separated by one tab"
            ));
        };
        match kind {
            "ask" => {
                let question: Question = name
                    .parse()
                    .map_err(|_| refused!("`{name}` 不是隐患，也不是 `any`", "`{name}` is no hazard and not `any`"))?;
                if !self.categories.is_empty() || !self.grams.is_empty() {
                    return Err(refused!("`ask` 行应在其他行之前", "`ask` lines stand before all others"));
                }
                let mut ask = Ask { slope: 1.0, ..Ask::default() };
                for pair in values.split(' ') {
                    let (key, value) = pair_of(pair)?;
                    match key {
                        "bias" => ask.bias = number(value)?,
                        "told" => ask.told = number(value)?,
                        "slope" => ask.slope = number(value)?,
                        "shift" => ask.shift = number(value)?,
                        "severity" => {
                            ask.severity = value.parse().ok().filter(|severity| *severity <= 4).ok_or_else(|| {
                                refused!("`{value}` 不是 0 到 4 的伤害程度", "`{value}` is no severity from 0 to 4")
                            })?;
                        }
                        _ => return Err(refused!("这里不认识 `{key}`", "`{key}` is not known here")),
                    }
                }
                if self.asks.insert(question, ask).is_some() {
                    return Err(refused!("`{name}` 问了两次", "`{name}` is asked twice"));
                }
            }
            "category" => {
                let category = name.parse::<Category>().map_err(|error| Refused::of(&error))?;
                let mut row = vec![0.0; self.asks.len()];
                for pair in values.split(' ') {
                    let (key, value) = pair_of(pair)?;
                    row[self.place(key)?] = number(value)?;
                }
                if self.categories.insert(category, row).is_some() {
                    return Err(refused!("`{name}` 出现两次", "`{name}` stands twice"));
                }
            }
            "word" => {
                let mut row = vec![0.0; self.asks.len()];
                for pair in values.split(' ') {
                    let (key, value) = pair_of(pair)?;
                    row[self.place(key)?] = number(value)?;
                }
                if self.words.insert(name.to_owned(), row).is_some() {
                    return Err(refused!("`{name}` 出现两次", "`{name}` stands twice"));
                }
            }
            "gram" => {
                let chars = name.chars().count();
                if chars == 0 || chars > GRAM_CHARS_MAX {
                    return Err(refused!(
                        "n 元组有 {chars} 个字，应为 1 到 {GRAM_CHARS_MAX}",
                        "the n-gram has {chars} characters, expected 1 to {GRAM_CHARS_MAX}"
                    ));
                }
                if self.grams.len() >= GRAMS_MAX {
                    return Err(refused!("n 元组超过 {GRAMS_MAX} 个", "there are more than {GRAMS_MAX} n-grams"));
                }
                let mut row = vec![[0.0; 2]; self.asks.len()];
                for pair in values.split(' ') {
                    let (key, value) = pair_of(pair)?;
                    let (clause, around) = value.split_once('/').unwrap_or((value, "0"));
                    row[self.place(key)?] = [number(clause)?, number(around)?];
                }
                if self.grams.insert(name.to_owned(), row).is_some() {
                    return Err(refused!("`{name}` 出现两次", "`{name}` stands twice"));
                }
            }
            "term" => {
                let term = Term::of(name)
                    .ok_or_else(|| refused!("`{name}` 不是候选项的项", "`{name}` is no term of a candidate"))?;
                self.terms.insert(term, number(values)?);
            }
            "trait" => {
                if self.traits.len() >= TRAITS_MAX {
                    return Err(refused!("特征超过 {TRAITS_MAX} 个", "there are more than {TRAITS_MAX} traits"));
                }
                if self.traits.insert(name.to_owned(), number(values)?).is_some() {
                    return Err(refused!("`{name}` 出现两次", "`{name}` stands twice"));
                }
            }
            "set" => {
                let setting = Setting::of(name)
                    .ok_or_else(|| refused!("`{name}` 不是可以设置的项", "`{name}` is nothing that can be set"))?;
                self.settings.insert(setting, number(values)?);
            }
            _ => {
                return Err(refused!(
                    "`{kind}` 不是 ask、category、word、gram、term、trait、set 之一",
                    "`{kind}` is none of ask, category, word, gram, term, trait, set"
                ));
            }
        }
        Ok(())
    }

    fn place(&self, question: &str) -> Result<usize, Refused> {
        let asked = question.parse().ok().and_then(|question: Question| self.asks.keys().position(|q| *q == question));
        asked.ok_or_else(|| refused!("这个模型没有问 `{question}`", "`{question}` is not asked by this model"))
    }
}

fn pair_of(pair: &str) -> Result<(&str, &str), Refused> {
    pair.split_once('=').ok_or_else(|| refused!("`{pair}` 不是 `键=数`", "`{pair}` is not `key=number`"))
}

fn number(value: &str) -> Result<f64, Refused> {
    value
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && number.abs() < 1e6)
        .ok_or_else(|| refused!("`{value}` 不是数", "`{value}` is no number"))
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        for line in &self.provenance {
            writeln!(f, "# {line}")?;
        }
        for (question, ask) in &self.asks {
            let Ask { bias, told, slope, shift, severity } = ask;
            writeln!(
                f,
                "ask\t{question}\tbias={bias:.3} told={told:.3} slope={slope:.3} shift={shift:.3} severity={severity}"
            )?;
        }
        for (term, value) in &self.terms {
            writeln!(f, "term\t{}\t{value:.3}", term.code())?;
        }
        for (setting, value) in &self.settings {
            writeln!(f, "set\t{}\t{value}", setting.code())?;
        }
        for (name, value) in &self.traits {
            writeln!(f, "trait\t{name}\t{value:.3}")?;
        }
        let questions: Vec<String> = self.asks.keys().map(ToString::to_string).collect();
        let categories = self.categories.iter().map(|(category, row)| ("category", category.code(), row));
        let words = self.words.iter().map(|(name, row)| ("word", name.as_str(), row));
        for (kind, name, row) in categories.chain(words) {
            let mut said = String::new();
            for (question, value) in questions.iter().zip(row).filter(|(_, value)| value.abs() >= 0.0005) {
                let _ = write!(said, " {question}={value:.3}");
            }
            if !said.is_empty() {
                writeln!(f, "{kind}\t{name}\t{}", said.trim_start())?;
            }
        }
        for (gram, row) in &self.grams {
            let mut said = String::new();
            for (question, [clause, around]) in questions.iter().zip(row) {
                let (clause, around) = (in_steps(*clause), in_steps(*around));
                match (&*clause, &*around) {
                    ("0", "0") => {}
                    (_, "0") => _ = write!(said, " {question}={clause}"),
                    _ => _ = write!(said, " {question}={clause}/{around}"),
                }
            }
            if !said.is_empty() {
                writeln!(f, "gram\t{gram}\t{}", said.trim_start())?;
            }
        }
        Ok(())
    }
}

/// Two digits are more than a weight is worth.
fn in_steps(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    if rounded == 0.0 { "0".to_owned() } else { format!("{rounded}") }
}

/// No weights.
const NO_ROW: u32 = u32::MAX;

/// A loaded model.
pub struct LearnedJudge {
    questions: Vec<Question>,
    asks: Vec<Ask>,
    categories: BTreeMap<Category, Vec<f32>>,
    /// By word, by question.
    words: Vec<f32>,
    /// Row of each word: by class, by cue, by stance, by hazard; [`NO_ROW`] for those without weights.
    by_class: Vec<u32>,
    by_cue: Vec<u32>,
    by_stance: Vec<u32>,
    by_found: Vec<u32>,
    by_denied: Vec<u32>,
    grams: Trie,
    /// By n-gram: its weights, a block for each [`LANES`] questions.
    rows: Vec<Block>,
    /// Rows that can be added before a sum might leave its sixteen bits.
    at_a_time: usize,
    /// Of each question, as in `asks`: what the raw score is multiplied by, and what is added.
    slopes: Vec<f64>,
    shifts: Vec<f64>,
    terms: Vec<f64>,
    traits: BTreeMap<Box<str>, f64>,
    settings: Vec<f64>,
    provenance: Vec<String>,
}

/// What the model says of each clause of a text: calibrated log-odds.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    questions: usize,
    log_odds: Vec<f32>,
}

impl Answers {
    /// Answers from elsewhere: log-odds by question, clause after clause.
    pub fn from_log_odds(questions: usize, log_odds: Vec<f64>) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "log-odds of a few digits")]
        let log_odds = log_odds.into_iter().map(|odds| odds.clamp(-9.0, 9.0) as f32).collect();
        Self { questions, log_odds }
    }

    /// Log-odds that the answer to a question is yes in a clause.
    pub fn of(&self, clause: usize, question: usize) -> f64 {
        self.log_odds.get(clause * self.questions + question).copied().map_or(-9.0, f64::from)
    }
}

/// Questions whose weights are added at a time.
const LANES: usize = 16;

fn lanes(questions: usize) -> usize {
    questions.next_multiple_of(LANES)
}

/// Weights of one n-gram for some questions, in hundredths: in the clause, then around it. One line of memory.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Block([i16; 2 * LANES]);

/// What the weights of n-grams are kept in: two digits are more than a weight is worth.
const HUNDREDTHS: f64 = 100.0;

#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn hundredths(weight: f64) -> i16 {
    (weight * HUNDREDTHS).round().clamp(-30_000.0, 30_000.0) as i16
}

/// Room for one text, used again for the next.
#[derive(Default)]
struct Scratch {
    /// A clause as the n-grams see it, and the numbers of its characters.
    buffer: Vec<char>,
    numbers: Vec<u32>,
    /// Its n-grams.
    grams: Vec<u32>,
    /// Characters of each clause.
    sizes: Vec<usize>,
    /// By clause: what its n-grams say of it, then what they say of those around.
    sums: Vec<i32>,
    /// By clause: what words of the rules say.
    rules: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl LearnedJudge {
    /// Makes a model ready for a lexicon with these word classes and cues. Words that the lexicon does not know are left out.
    pub fn new(weights: &Weights, class_names: &[String], cues: &[Cue]) -> Self {
        let asked = weights.asks.len();
        let lanes = lanes(asked);
        let fill = || std::iter::repeat_n(0.0, lanes - asked);
        // Single characters are met most: close together their weights stay near the processor.
        let mut grams: Vec<(&String, &Vec<[f64; 2]>)> = weights.grams.iter().collect();
        grams.sort_by_key(|(gram, _)| gram.chars().count());
        let mut rows = Vec::with_capacity(grams.len() * (lanes / LANES));
        for (_, row) in &grams {
            for some in row.chunks(LANES) {
                let mut block = [0; 2 * LANES];
                for (at, [clause, around]) in some.iter().enumerate() {
                    (block[at], block[LANES + at]) = (hundredths(*clause), hundredths(*around));
                }
                rows.push(Block(block));
            }
        }
        let most = rows.iter().flat_map(|block| block.0).map(i16::unsigned_abs).max().unwrap_or(0);
        let at_a_time = usize::from(i16::MAX.unsigned_abs() / most.max(1)).max(1);
        let grams = Trie::new(grams.into_iter().map(|(gram, _)| gram.as_str()).zip(0..));
        #[expect(clippy::cast_possible_truncation, reason = "a weight has three digits")]
        let categories = weights
            .categories
            .iter()
            .map(|(category, row)| (*category, row.iter().map(|value| *value as f32).collect()))
            .collect();
        let rows_by_name: BTreeMap<&str, u32> = weights.words.keys().map(String::as_str).zip(0..).collect();
        let row_of = |word: Word| rows_by_name.get(word.name(class_names, cues)?.as_str()).copied();
        let rows_of = |words: &mut dyn Iterator<Item = Word>| -> Vec<u32> {
            words.map(|word| row_of(word).unwrap_or(NO_ROW)).collect()
        };
        #[expect(clippy::cast_possible_truncation, reason = "a weight has three digits")]
        let words =
            weights.words.values().flat_map(|row| row.iter().map(|value| *value as f32).chain(fill())).collect();
        let classes = u16::try_from(class_names.len()).unwrap_or(u16::MAX);
        let cue_count = u32::try_from(cues.len()).unwrap_or(u32::MAX);
        Self {
            words,
            by_class: rows_of(&mut (0..classes).map(|class| Word::Class(ClassId(class)))),
            by_cue: rows_of(&mut (0..cue_count).map(Word::Cue)),
            by_found: rows_of(&mut Hazard::ALL.iter().map(|hazard| Word::Found(*hazard))),
            by_denied: rows_of(&mut Hazard::ALL.iter().map(|hazard| Word::Denied(*hazard))),
            by_stance: rows_of(&mut Stance::ALL.iter().map(|stance| Word::Stance(*stance))),
            questions: weights.asks.keys().copied().collect(),
            asks: weights.asks.values().copied().collect(),
            categories,
            grams,
            rows,
            at_a_time,
            slopes: weights.asks.values().map(|ask| ask.slope).collect(),
            shifts: weights.asks.values().map(|ask| ask.shift).collect(),
            terms: Term::ALL.iter().map(|term| weights.terms.get(term).copied().unwrap_or(0.0)).collect(),
            traits: weights.traits.iter().map(|(name, weight)| (name.as_str().into(), *weight)).collect(),
            settings: Setting::ALL
                .iter()
                .map(|setting| weights.settings.get(setting).copied().unwrap_or(0.0))
                .collect(),
            provenance: weights.provenance.clone(),
        }
    }

    /// The questions, in order.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// What belongs to a question beside its n-grams.
    pub fn ask(&self, question: usize) -> Ask {
        self.asks.get(question).copied().unwrap_or_default()
    }

    /// The weight of a term.
    pub fn term(&self, term: Term) -> f64 {
        self.terms[term as usize]
    }

    /// Whether candidates are weighed by their traits where no platform tells the product.
    pub fn has_traits(&self) -> bool {
        !self.traits.is_empty()
    }

    /// The weight of a trait; 0 for one that the model does not know.
    pub fn trait_weight(&self, name: &str) -> f64 {
        self.traits.get(name).copied().unwrap_or(0.0)
    }

    /// A threshold.
    pub fn setting(&self, setting: Setting) -> f64 {
        self.settings[setting as usize]
    }

    /// Where the model comes from.
    pub fn provenance(&self) -> &[String] {
        &self.provenance
    }

    /// Number of rows: all that [`LearnedJudge::row`] gives are below it.
    pub fn row_count(&self) -> usize {
        self.words.len() / self.lanes().max(1)
    }

    /// Where the weights of a word are, to be handed to [`LearnedJudge::answers`].
    pub fn row(&self, word: Word) -> Option<u32> {
        let (rows, at) = match word {
            Word::Class(class) => (&self.by_class, usize::from(class.0)),
            Word::Cue(cue) => (&self.by_cue, cue as usize),
            Word::Stance(stance) => (&self.by_stance, stance as usize),
            Word::Found(hazard) => (&self.by_found, hazard as usize),
            Word::Denied(hazard) => (&self.by_denied, hazard as usize),
        };
        rows.get(at).copied().filter(|row| *row != NO_ROW)
    }

    /// Answers every question for every clause in one pass. `words` are pairs of clause and [`LearnedJudge::row`], each once.
    pub fn answers<'a>(
        &self,
        clauses: impl Iterator<Item = &'a [char]>,
        words: &[(u32, u32)],
        told: Option<Category>,
    ) -> Answers {
        SCRATCH.with_borrow_mut(|scratch| self.answers_in(scratch, clauses, words, told))
    }

    fn answers_in<'a>(
        &self,
        scratch: &mut Scratch,
        clauses: impl Iterator<Item = &'a [char]>,
        words: &[(u32, u32)],
        told: Option<Category>,
    ) -> Answers {
        let Scratch { buffer, numbers, grams, sizes, sums, rules } = scratch;
        let asked = self.questions.len();
        let (lanes, width) = (self.lanes(), self.lanes() * 2);
        sizes.clear();
        sums.clear();
        for clause in clauses {
            sizes.push(clause.len() + 2);
            buffer.clear();
            put(buffer, clause);
            self.grams.number(buffer, numbers);
            grams.clear();
            for at in 0..numbers.len() {
                self.grams.beginning(&numbers[at..], |_, gram| grams.push(gram));
            }
            let from = sums.len();
            sums.resize(from + width, 0);
            self.add_up(grams, &mut sums[from..]);
        }
        let count = sizes.len();
        rules.clear();
        rules.resize(count * lanes, 0.0);
        for (clause, row) in words {
            let sums = &mut rules[*clause as usize * lanes..][..lanes];
            for (sum, weight) in sums.iter_mut().zip(&self.words[*row as usize * lanes..][..lanes]) {
                *sum += weight;
            }
        }
        let known = told.and_then(|category| self.categories.get(&category));
        let platform = |question: usize| match told {
            Some(_) => self.asks[question].told + known.map_or(0.0, |row| f64::from(row[question])),
            None => 0.0,
        };
        let bases: Vec<f64> = (0..asked).map(|question| self.asks[question].bias + platform(question)).collect();
        let mut log_odds = vec![0.0_f32; count * asked];
        // What stands around, as a window that moves along the clauses.
        let mut around_sums = vec![0_i32; asked];
        let mut around_chars = sizes.iter().take(AROUND).sum::<usize>();
        let of = |clause: usize| &sums[clause * width + lanes..][..asked];
        let enters = |around: &mut [i32], clause| around.iter_mut().zip(of(clause)).for_each(|(sum, own)| *sum += own);
        let leaves = |around: &mut [i32], clause| around.iter_mut().zip(of(clause)).for_each(|(sum, own)| *sum -= own);
        (0..AROUND.min(count)).for_each(|clause| enters(&mut around_sums, clause));
        for (clause, odds) in log_odds.chunks_exact_mut(asked).enumerate() {
            if clause + AROUND < count {
                enters(&mut around_sums, clause + AROUND);
                around_chars += sizes[clause + AROUND];
            }
            if clause > AROUND {
                leaves(&mut around_sums, clause - AROUND - 1);
                around_chars -= sizes[clause - AROUND - 1];
            }
            let [own, around] = scales(sizes[clause], around_chars).map(|scale| scale / HUNDREDTHS);
            let (sums, rules) = (&sums[clause * width..][..asked], &rules[clause * lanes..][..asked]);
            let (bases, around_sums) = (&bases[..asked], &around_sums[..asked]);
            let (slopes, shifts) = (&self.slopes[..asked], &self.shifts[..asked]);
            for question in 0..asked {
                let raw = bases[question]
                    + f64::from(rules[question])
                    + f64::from(sums[question]) * own
                    + f64::from(around_sums[question]) * around;
                #[expect(clippy::cast_possible_truncation, reason = "log-odds of a few digits")]
                let clamped = (raw * slopes[question] + shifts[question]).clamp(-9.0, 9.0) as f32;
                odds[question] = clamped;
            }
        }
        Answers { questions: asked, log_odds }
    }

    /// Adds the weights of n-grams to the sums of their clause: in it by question, then around it.
    fn add_up(&self, grams: &[u32], sums: &mut [i32]) {
        let blocks = self.lanes() / LANES;
        let (own, around) = sums.split_at_mut(blocks * LANES);
        let sums = own.chunks_exact_mut(LANES).zip(around.chunks_exact_mut(LANES));
        for (block, (own, around)) in sums.enumerate() {
            for few in grams.chunks(self.at_a_time) {
                let mut sum = [0_i16; 2 * LANES];
                for gram in few {
                    let row = &self.rows[*gram as usize * blocks + block].0;
                    for (sum, weight) in sum.iter_mut().zip(row) {
                        *sum = sum.wrapping_add(*weight);
                    }
                }
                let (in_clause, beyond) = sum.split_at(LANES);
                own.iter_mut().zip(in_clause).for_each(|(sum, few)| *sum += i32::from(*few));
                around.iter_mut().zip(beyond).for_each(|(sum, few)| *sum += i32::from(*few));
            }
        }
    }

    /// Numbers in a row of weights: one for each question, filled up so that rows are added several numbers at a time.
    fn lanes(&self) -> usize {
        lanes(self.questions.len())
    }

    /// The n-grams of a clause that speak loudest for or against a question: characters from, to within the clause, and
    /// what they add to its log-odds. Those around the clause are left out.
    pub fn loudest(&self, clause: &[char], question: usize) -> Vec<(usize, usize, f64)> {
        let blocks = self.lanes() / LANES;
        let mut buffer = Vec::new();
        put(&mut buffer, clause);
        let [own, _] = scales(clause.len() + 2, 1);
        let scale = own / HUNDREDTHS * self.ask(question).slope;
        let all = self.grams.all(&buffer).into_iter().map(|(from, to, gram)| {
            let weight = self.rows[gram as usize * blocks + question / LANES].0[question % LANES];
            // One border in front: positions in the clause are one less.
            (from.saturating_sub(1), (to - 1).min(clause.len()), f64::from(weight) * scale)
        });
        let mut found: Vec<(usize, usize, f64)> =
            all.filter(|(from, to, weight)| from < to && *weight != 0.0).collect();
        found.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()).then(a.0.cmp(&b.0)));
        found
    }
}

impl fmt::Debug for LearnedJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearnedJudge").field("questions", &self.questions).finish_non_exhaustive()
    }
}

/// Puts a clause, as the n-grams see it: between borders, digits all alike.
pub fn put(buffer: &mut Vec<char>, clause: &[char]) {
    buffer.push(BORDERS[0]);
    buffer.extend(clause.iter().map(|character| match character {
        digit if digit.is_ascii_digit() => '0',
        space if space.is_whitespace() => ' ',
        other if BORDERS.contains(other) => ' ',
        other => *other,
    }));
    buffer.push(BORDERS[1]);
}

/// By what the weights of a clause's n-grams, and of those around it, are multiplied: long stretches hold more of them.
pub fn scales(clause_chars: usize, around_chars: usize) -> [f64; 2] {
    [1.0 / (4.0 * ((clause_chars + 4) as f64).sqrt()), 1.0 / (4.0 * ((around_chars + 8) as f64).sqrt())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Weights {
        let text = format!(
            "{HEAD}\n# provenance: by hand\nask\tany\tbias=-1\nask\tfire\tbias=-2 told=0.5 slope=2 shift=0.25 severity=1\n\
             term\trule\t0.5\nset\trecover\t0.6\ntrait\twords:火\t-0.25\ncategory\tphone\tfire=0.4\nword\tclass:heat\tfire=0.3\ngram\t火\tfire=1.5/0.25\ngram\t^没\tany=-2\n"
        );
        Weights::parse("m.tsv", &text).expect("a model")
    }

    #[test]
    fn what_is_written_is_read_back() {
        let model = model();
        let again = Weights::parse("m.tsv", &model.to_string()).expect("its own form");
        assert_eq!(again, model);
        assert_eq!(again.to_string(), model.to_string());
    }

    #[test]
    fn a_line_that_cannot_be_used_is_named() {
        for (line, wanted) in [
            ("gram\t火火火火火\tany=1", "5 characters"),
            ("gram\t火\tburn=1", "`burn` is not asked"),
            ("gram\t火\tany=nan", "no number"),
            ("gram\t火", "three cells"),
            ("ask\tflood\tbias=1", "`flood` is no hazard"),
            ("term\tluck\t1", "`luck` is no term"),
            ("set\tluck\t1", "`luck` is nothing"),
            ("song\tx\t1", "`song` is none of"),
            ("trait\twords:火\tmuch", "no number"),
            ("ask\tany\tbias=1", "asked twice"),
        ] {
            let text = format!("{HEAD}\nask\tany\tbias=0\n{line}\n");
            let error = Weights::parse("m.tsv", &text).expect_err(line).to_string();
            assert!(error.starts_with("m.tsv:3:") && error.contains(wanted), "{error}");
        }
        assert!(Weights::parse("m.tsv", "x").expect_err("no head").to_string().starts_with("m.tsv:1"));
        assert!(Weights::parse("m.tsv", HEAD).expect_err("no `any`").to_string().contains("any"));
    }

    #[test]
    fn an_answer_is_the_sum_that_the_file_says() {
        let judge = LearnedJudge::new(&model(), &["x".to_owned(), "heat".to_owned()], &[]);
        let clauses: Vec<Vec<char>> = ["没火", "着火"].iter().map(|text| text.chars().collect()).collect();
        let answers = judge.row(Word::Class(ClassId(1))).map(|row| {
            assert_eq!(judge.row(Word::Class(ClassId(0))), None);
            judge.answers(clauses.iter().map(Vec::as_slice), &[(1, row)], Some(Category::Phone))
        });
        let answers = answers.expect("the class has weights");
        let [own, around] = scales(4, 8);
        let fire = (-2.0 + 0.5 + 0.4 + 0.3 + 1.5 * own + 0.5 * around) * 2.0 + 0.25;
        assert!((answers.of(1, 1) - fire).abs() < 1e-5, "{} {fire}", answers.of(1, 1));
        assert!((answers.of(0, 0) - (-1.0 - 2.0 * own)).abs() < 1e-5);
        let loudest = judge.loudest(&clauses[1], 1);
        assert_eq!((loudest[0].0, loudest[0].1), (1, 2));
    }

    #[test]
    fn clauses_do_not_touch_for_the_n_grams() {
        let text = format!("{HEAD}\nask\tany\tbias=0\ngram\t着火\tany=4\n");
        let judge = LearnedJudge::new(&Weights::parse("m", &text).expect("a model"), &[], &[]);
        let answers = judge.answers([&['着'][..], &['火'][..]].into_iter(), &[], None);
        assert!(answers.of(0, 0).abs() < 1e-6 && answers.of(1, 0).abs() < 1e-6);
    }
}
