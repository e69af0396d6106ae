//! From files to a [`Lexicon`]: parse everything, give classes and surfaces their numbers, refuse contradictions.

mod dictionaries;
mod rules;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use std::thread::ScopedJoinHandle;

use jieba_rs::Jieba;
use toml::Spanned;

use vocabulary::{Category, Hazard, LexiconVersion, Refused, RegionCode, RuleId, refused};

use crate::anchor::{Anchors, Lists};
use crate::english::English;
use crate::error::{self, Shown};
use crate::files::Files;
use crate::judge::{self, Weights};
use crate::pattern::{Atom, ClassId, Classes};
use crate::structured::Structured;
use crate::tables::TableRow;
use crate::terms;
use crate::terms::{BrandTerm, Compiled, Cue, Effect, Entry, Injury, Meaning, NameTerm, ProductTerm, RegionTerm, Rule};
use crate::trie::Trie;
use crate::written::{ContextFile, RelationFile, RuleFile, WrittenConfidence, parse};
use crate::{Brief, CategorySet, Confidence, FileLine, Finding, Groups, Lexicon, LexiconError, Starts, fold_word};

/// Longest surface, in characters.
const SURFACE_CHARS_MAX: usize = 40;
/// Frequency our words get in the segmenter: above any split of common words, below none of its own.
const WORD_FREQUENCY: usize = 3_000;
/// Word classes that dictionaries fill, beside `material.HAZARD`.
const CLASS_GROUP: &str = "group";
const CLASS_PLATFORM: &str = "platform";

/// Compiles the files of one lexicon. `whence` names them in messages.
pub(crate) fn compile(whence: &str, files: &Files) -> Result<Lexicon, LexiconError> {
    for expected in ["rules/hazards/", "dictionaries/"] {
        if !files.keys().any(|name| name.starts_with(expected)) {
            return Err(LexiconError::Nothing { folder: whence.to_owned(), expected });
        }
    }
    // The segmenter's own dictionary and the judge's model take as long to load as all the rest, and know nothing of it.
    std::thread::scope(|scope| {
        let jieba = scope.spawn(Jieba::new);
        let weights = files.get(judge::FILE).map(|text| scope.spawn(|| Weights::parse(judge::FILE, text)));
        let mut builder = Builder::default();
        builder.read_relations(files)?;
        builder.read_words(files)?;
        builder.read_dictionaries(files)?;
        builder.structured = Structured::read(files, &builder.groups, &mut builder.findings)?;
        builder.english = English::read(files, &mut builder.findings)?;
        builder.read_context(files)?;
        builder.read_rules(files)?;
        builder.drop_unused_classes();
        let rules = builder.finish(version_of(files, false), || joined(jieba));
        match weights.map(joined).transpose()? {
            Some(weights) => Ok(Lexicon { version: version_of(files, true), ..rules.with_judge(&weights) }),
            None => Ok(rules),
        }
    })
}

/// What a thread gives; its panic is passed on.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// A hash over names and bytes, each preceded by its length, so that no two sets of files can be confused.
pub(crate) fn version_of(files: &Files, with_judge: bool) -> LexiconVersion {
    let mut hasher = blake3::Hasher::new();
    for (name, text) in files.iter().filter(|(name, _)| with_judge || *name != judge::FILE) {
        for part in [name.as_bytes(), text.as_bytes()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    LexiconVersion::new(&hasher.finalize().to_hex()[..16])
}

#[derive(Default)]
struct Builder {
    entries: Vec<Entry>,
    by_surface: HashMap<String, u32>,
    class_names: Vec<String>,
    class_ids: BTreeMap<String, ClassId>,
    hazard_words: BTreeMap<String, (Hazard, FileLine)>,
    groups: Groups,
    products: Vec<ProductTerm>,
    brands: Vec<BrandTerm>,
    names: Vec<NameTerm>,
    regions: Vec<RegionTerm>,
    standards: BTreeMap<Box<str>, terms::StandardTerm>,
    place_words: BTreeMap<Box<str>, terms::PlaceWord>,
    area_codes: BTreeMap<Box<str>, RegionCode>,
    effects: Vec<Effect>,
    rules: Vec<Rule>,
    rule_ids: BTreeMap<String, FileLine>,
    injuries: Vec<Injury>,
    cues: Vec<Cue>,
    idioms: Vec<RuleId>,
    patterns: Vec<Compiled>,
    platform_categories: BTreeMap<String, Category>,
    stopwords: Vec<String>,
    synonyms: Vec<(FileLine, Vec<String>)>,
    compatible: BTreeMap<Hazard, CategorySet>,
    beside: terms::Beside,
    instead: BTreeMap<Category, CategorySet>,
    over: BTreeMap<Category, CategorySet>,
    confidence: Option<WrittenConfidence>,
    coordination: terms::Coordination,
    subjects: terms::Subjects,
    pages: terms::Pages,
    findings: Vec<Finding>,
    structured: Structured,
    english: English,
    /// Word classes of rule files with where they are defined, and those that some pattern names.
    defined: BTreeMap<String, FileLine>,
    used: BTreeSet<ClassId>,
}

/// A rule file that is being read: finds the line of any spanned value.
struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn line<T>(&self, value: &Spanned<T>) -> FileLine {
        let before = &self.text.as_bytes()[..value.span().start.min(self.text.len())];
        FileLine::new(self.name, before.iter().fold(1, |line, byte| line + usize::from(*byte == b'\n')))
    }

    /// The line of a list in which a word stands.
    fn show(&self, list: &Spanned<Vec<String>>, word: &str) -> Shown {
        let span = list.span();
        let quoted = format!("\"{word}\"");
        let at = self.text.get(span.clone()).and_then(|text| text.find(&quoted)).map(|at| span.start + at);
        Shown::of(self.text, at.map_or(span, |at| at..at + quoted.len()))
    }

    fn wrong(&self, value: &Spanned<String>, what: impl Into<Refused>, help: impl Into<Refused>) -> LexiconError {
        let what: Refused = what.into();
        let span = value.span();
        // Of a whole pattern, the caret goes under the element that the message speaks of.
        let part = self.text.get(span.clone()).and_then(|text| {
            error::quoted(&what.en)
                .find_map(|word| text.find(word).map(|at| span.start + at..span.start + at + word.len()))
        });
        LexiconError::Wrong {
            at: self.line(value),
            shown: Box::new(Shown::of(self.text, part.unwrap_or(span))),
            what,
            help: Box::new(help.into()),
        }
    }
}

fn below<'a>(files: &'a Files, folder: &'a str) -> impl Iterator<Item = Source<'a>> {
    files.iter().filter(move |(name, _)| name.starts_with(folder)).map(|(name, text)| Source { name, text })
}

impl Builder {
    fn read_relations(&mut self, files: &Files) -> Result<(), LexiconError> {
        let mut written = Vec::new();
        for source in below(files, "rules/relations/") {
            let file: RelationFile = parse(source.name, source.text)?;
            for (name, codes) in &file.groups {
                let set =
                    self.groups.resolve(codes, CategorySet::NONE).map_err(|error| in_file(&source, name, &error))?;
                self.groups.0.insert(name.clone(), set);
            }
            written.push((source, file));
        }
        for (source, file) in written {
            for (hazard, codes) in &file.compatible {
                let set = self
                    .groups
                    .resolve(codes, CategorySet::ALL)
                    .map_err(|error| in_file(&source, hazard.code(), &error))?;
                self.compatible.insert(*hazard, set);
            }
            for (category, words) in &file.beside {
                let key = category.parse::<Category>().map_err(|error| in_file(&source, category, &error))?;
                for word in words {
                    let (code, leaf) =
                        word.split_once(':').map_or((word.as_str(), None), |(code, leaf)| (code, Some(leaf)));
                    let category = code.parse().map_err(|error| in_file(&source, word, &error))?;
                    self.beside.entry(key).or_default().push((category, leaf.map(Into::into)));
                }
            }
            for (table, into) in [(&file.instead, &mut self.instead), (&file.over, &mut self.over)] {
                for (category, codes) in table {
                    let key = category.parse::<Category>().map_err(|error| in_file(&source, category, &error))?;
                    let set = self
                        .groups
                        .resolve(codes, CategorySet::NONE)
                        .map_err(|error| in_file(&source, category, &error))?;
                    into.insert(key, set);
                }
            }
        }
        Ok(())
    }

    /// Word classes first, so that every rule file may use the words of every other.
    fn read_words(&mut self, files: &Files) -> Result<(), LexiconError> {
        for name in [CLASS_GROUP, CLASS_PLATFORM] {
            self.class(name);
        }
        for hazard in Hazard::ALL {
            self.class(&format!("material.{hazard}"));
        }
        for folder in ["rules/context/", "rules/forms/", "rules/hazards/"] {
            for source in below(files, folder) {
                let words = if folder == "rules/hazards/" {
                    parse::<RuleFile>(source.name, source.text)?.words
                } else {
                    parse::<ContextFile>(source.name, source.text)?.words
                };
                for (name, list) in words {
                    let at = source.line(&list);
                    if let Some(first) = self.defined.insert(name.clone(), at.clone()) {
                        return Err(LexiconError::Wrong {
                            at,
                            what: refused!(
                                "词类 `{name}` 已在 {first} 定义",
                                "the word class `{name}` is already defined at {first}"
                            ),
                            shown: Box::new(Shown::of(source.text, list.span())),
                            help: Box::new(refused!("请合并，或改名其中一个", "merge the two, or rename one")),
                        });
                    }
                    let class = self.class(&name);
                    for word in list.get_ref() {
                        if let Some(part) = rules::pattern_in(word) {
                            return Err(LexiconError::Wrong {
                                at: at.clone(),
                                what: refused!(
                                    "`{part}` 是句式的写法，而句式不是词",
                                    "`{part}` belongs to a pattern, and a pattern is no word"
                                ),
                                shown: Box::new(source.show(&list, word)),
                                help: Box::new(rules::word_help()),
                            });
                        }
                        let entry = self.entry(word).map_err(|what| LexiconError::Wrong {
                            at: at.clone(),
                            what,
                            shown: Box::new(source.show(&list, word)),
                            help: Box::new(refused!("一个词有 1 到 40 个字", "a word has 1 to 40 characters")),
                        })?;
                        self.add_class(entry, class);
                    }
                }
            }
        }
        Ok(())
    }

    fn unique(&mut self, source: &Source<'_>, id: &Spanned<String>) -> Result<(), LexiconError> {
        match self.rule_ids.insert(id.get_ref().clone(), source.line(id)) {
            None => Ok(()),
            Some(first) => Err(source.wrong(
                id,
                refused!("这个编号已在 {first} 用过", "the id is already used at {first}"),
                refused!("请改名其中一个", "rename one of the two"),
            )),
        }
    }

    fn effect(&self, id: RuleId, at: FileLine, hazard: Hazard, severity: u8) -> Effect {
        let only = self.compatible.get(&hazard).copied().unwrap_or(CategorySet::ALL);
        Effect {
            id,
            at,
            hazard,
            severity,
            only,
            implies: None,
            weak: false,
            platform_only: false,
            no_platform_only: false,
            bare: false,
            bare_no_platform: false,
            bare_text: false,
            stance: None,
            priority: 0,
        }
    }

    fn row_entry(&mut self, row: &TableRow<'_>, surface: &str) -> Result<u32, LexiconError> {
        self.entry(surface).map_err(|what| row.wrong(what, refused!("请缩短或删除", "shorten or delete it")))
    }

    fn entry(&mut self, surface: &str) -> Result<u32, Refused> {
        let folded = fold_word(surface);
        let chars = folded.chars().count();
        if chars == 0 || chars > SURFACE_CHARS_MAX {
            return Err(refused!(
                "这个词有 {chars} 个字，应为 1 到 {SURFACE_CHARS_MAX}",
                "the word has {chars} characters, expected 1 to {SURFACE_CHARS_MAX}"
            ));
        }
        if let Some(known) = self.by_surface.get(&folded) {
            return Ok(*known);
        }
        let latin = |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphabetic());
        let at = index(self.entries.len());
        self.entries.push(Entry {
            chars: index(chars),
            classes: Vec::new(),
            meanings: Vec::new(),
            latin: (latin(folded.chars().next()), latin(folded.chars().next_back())),
            surface: folded.as_str().into(),
        });
        self.by_surface.insert(folded, at);
        Ok(at)
    }

    fn class(&mut self, name: &str) -> ClassId {
        if let Some(id) = self.class_ids.get(name) {
            return *id;
        }
        let id = ClassId(u16::try_from(self.class_names.len()).unwrap_or(u16::MAX));
        self.class_names.push(name.to_owned());
        self.class_ids.insert(name.to_owned(), id);
        id
    }

    fn add_class(&mut self, entry: u32, class: ClassId) {
        let classes = &mut self.entries[entry as usize].classes;
        if let Err(place) = classes.binary_search(&class) {
            classes.insert(place, class);
        }
    }

    /// A class that no pattern names finds nothing: its words are not looked for, and a note says so.
    fn drop_unused_classes(&mut self) {
        let used = &self.used;
        for entry in &mut self.entries {
            entry.classes.retain(|class| used.contains(class));
        }
        for (name, at) in &self.defined {
            if self.class_ids.get(name).is_some_and(|class| !self.used.contains(class)) {
                self.findings.push(Finding {
                    at: at.clone(),
                    message: refused!(
                        "没有句式用到词类 `{name}`：请使用或删除",
                        "no pattern uses the word class `{name}`: use it or delete it"
                    ),
                    fatal: false,
                });
            }
        }
    }

    /// `jieba` is waited for last.
    fn finish(mut self, version: LexiconVersion, jieba: impl FnOnce() -> Jieba) -> Lexicon {
        // Surfaces of one character are met most: close together they stay near the processor.
        self.entries.sort_by_key(|entry| entry.chars);
        let mut starts = Starts { by_class: vec![Vec::new(); self.class_names.len()], ..Starts::default() };
        for (at, compiled) in self.patterns.iter().enumerate() {
            let at = index(at);
            for atom in &compiled.variant.steps[0].accepts {
                match atom {
                    Atom::Class(class) => starts.by_class[usize::from(class.0)].push(at),
                    Atom::Product(_) => starts.product.push(at),
                    Atom::Brand => starts.brand.push(at),
                    Atom::Count(_) => {}
                }
            }
        }
        for list in starts.by_class.iter_mut().chain([&mut starts.product, &mut starts.brand]) {
            list.dedup();
        }
        let anchors = Anchors::new(&self.patterns, &self.entries, self.class_names.len());
        let confidence = self.confidence.take();
        let (briefs, entry_classes) = Brief::table(&self.entries, &anchors);
        let used = self.entries.iter().zip(0..).filter(|(entry, _)| entry.is_used());
        let surfaces = Trie::new(used.map(|(entry, at)| (entry.surface.as_ref(), at)));
        let mut region_names = BTreeMap::new();
        for (at, term) in self.regions.iter().enumerate() {
            region_names.entry(term.code).or_insert(index(at));
        }
        let mut jieba = jieba();
        for entry in &self.entries {
            let named = entry
                .meanings
                .iter()
                .any(|meaning| !matches!(meaning, Meaning::Cue(_) | Meaning::NoCue | Meaning::NoPlace));
            if named && entry.chars >= 2 && !jieba.has_word(&entry.surface) {
                jieba.add_word(&entry.surface, Some(WORD_FREQUENCY), None);
            }
        }
        Lexicon {
            rules_version: version.clone(),
            version,
            region_names,
            jieba: Arc::new(jieba),
            surfaces,
            briefs,
            entry_classes,
            entries: self.entries,
            products: self.products,
            brands: self.brands,
            names: self.names,
            regions: self.regions,
            standards: self.standards,
            place_words: self.place_words,
            area_codes: self.area_codes,
            effects: self.effects,
            rules: self.rules,
            injuries: self.injuries,
            cues: self.cues,
            idioms: self.idioms,
            patterns: self.patterns,
            starts,
            anchors,
            class_names: self.class_names,
            platform_categories: self.platform_categories,
            stopwords: self.stopwords,
            synonyms: self.synonyms.into_iter().map(|(_, words)| words).collect(),
            compatible: self.compatible,
            beside: self.beside,
            instead: self.instead,
            over: self.over,
            confidence: confidence.map_or_else(Confidence::default, |written| {
                let base = written.base.clamp(0.01, 0.99);
                Confidence { base: (base / (1.0 - base)).ln(), step: written.step }
            }),
            judge: None,
            judged: Lists::default(),
            judge_effects: BTreeMap::new(),
            coordination: self.coordination,
            subjects: self.subjects,
            pages: self.pages,
            findings: self.findings,
            structured: self.structured,
            english: self.english,
        }
    }
}

impl Classes for Builder {
    fn named(&mut self, name: &str) -> Option<ClassId> {
        let class = self.class_ids.get(name).copied()?;
        self.used.insert(class);
        Some(class)
    }

    fn names(&self) -> Vec<String> {
        self.class_ids.keys().filter(|name| !name.starts_with('(')).cloned().collect()
    }

    fn literal(&mut self, mut words: Vec<String>) -> ClassId {
        words.sort();
        words.dedup();
        let class = self.class(&format!("({})", words.join("|")));
        self.used.insert(class);
        for word in words {
            if let Ok(entry) = self.entry(&word) {
                self.add_class(entry, class);
            }
        }
        class
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("files are bounded far below 2^32 entries")
}

fn code<T: std::str::FromStr<Err = vocabulary::UnknownCode>>(
    row: &TableRow<'_>,
    cell: usize,
) -> Result<T, LexiconError> {
    parse_code(row, row.required(cell, "code")?)
}

fn parse_code<T: std::str::FromStr<Err = vocabulary::UnknownCode>>(
    row: &TableRow<'_>,
    word: &str,
) -> Result<T, LexiconError> {
    word.parse().map_err(|error: vocabulary::UnknownCode| row.wrong(Refused::of(&error), help_of(&error)))
}

fn in_file(source: &Source<'_>, name: &str, error: &vocabulary::UnknownCode) -> LexiconError {
    let text = source.text;
    let quoted = format!("\"{}\"", error.found);
    let at =
        text.find(&quoted).map(|at| at..at + quoted.len()).or_else(|| text.find(name).map(|at| at..at + name.len()));
    let line = at.as_ref().map_or(0, |at| text[..at.start].matches('\n').count() + 1);
    LexiconError::Wrong {
        at: FileLine::new(source.name, line),
        shown: Box::new(at.map_or_else(Shown::default, |at| Shown::of(text, at))),
        what: Refused::of(error),
        help: Box::new(help_of(error)),
    }
}

/// What to do about a code that is none: the closest known one.
fn help_of(unknown: &vocabulary::UnknownCode) -> Refused {
    error::nearest(&unknown.found, unknown.known.split(", ")).map_or_else(
        || {
            refused!(
                "请用标签集里的代码，或前面定义过的 @组名",
                "use codes of the label set, or @groups defined in an earlier entry"
            )
        },
        |near| refused!("是不是 `{near}`？", "did you mean `{near}`?"),
    )
}
