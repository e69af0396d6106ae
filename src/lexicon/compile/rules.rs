//! Rules, cues, idioms and injuries into patterns and effects.

use toml::Spanned;

use crate::files::Files;
use crate::pattern::{self, Atom};
use crate::terms::{
    Around, Beyond, Compiled, Coordination, Cue, Example, Gives, Injury, Meaning, Owner, Pages, Rule, Subjects, Words,
};
use crate::written::{BareWhere, ContextFile, RuleFile, WrittenBare, WrittenBeyond, WrittenRule, parse};
use crate::{CategorySet, LexiconError, Reach, fold_word};
use vocabulary::{Refused, RuleId, Stance, refused};

use super::{Builder, Source, below, help_of, index};
use crate::bounds::GAP_MAX;

/// Farthest that a rule may look for what belongs to its find.
const BEYOND_CLAUSES_MAX: usize = 8;
const BEYOND_SENTENCES_MAX: usize = 3;

fn pattern_help() -> Refused {
    refused!("句式的写法见 rules/README.md", "the pattern language stands in rules/README.md")
}

pub(super) fn word_help() -> Refused {
    refused!(
        "这些列表里的词按原样写：请把每个词写全；只有规则的 `finds`、`after`、`then` 和 `in_…`、`not_…` 列表才用句式",
        "these lists hold words as they are written: write each word out in full; only `finds`, `after`, `then` and \
         the `in_…` and `not_…` lists of a rule take patterns"
    )
}

/// Words of a list, folded.
fn folded(source: &Source<'_>, words: &[Spanned<String>]) -> Result<Vec<Box<str>>, LexiconError> {
    words.iter().map(|word| plain(source, word).map(|word| fold_word(word).into())).collect()
}

/// A word that is written out, and no pattern: the matcher would look for its very characters and never find them.
fn plain<'a>(source: &Source<'_>, word: &'a Spanned<String>) -> Result<&'a str, LexiconError> {
    match pattern_in(word.get_ref()) {
        None => Ok(word.get_ref()),
        Some(part) => Err(source.wrong(
            word,
            refused!("`{part}` 是句式的写法，而句式不是词", "`{part}` belongs to a pattern, and a pattern is no word"),
            word_help(),
        )),
    }
}

/// What makes a pattern of a word: its first piece of the pattern language, or all of it when spaces part its elements.
pub(super) fn pattern_in(word: &str) -> Option<&str> {
    let marked =
        |piece: &&str| piece.contains(['{', '}', '(', ')', '|', '…']) || piece.starts_with('^') || piece.ends_with('$');
    let parted = word.split_once(' ').is_some_and(|(first, second)| {
        let latin = |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphanumeric());
        !(latin(first.chars().next_back()) || latin(second.chars().next()))
    });
    word.split(' ').find(marked).or_else(|| parted.then_some(word))
}

impl Builder {
    pub(super) fn read_context(&mut self, files: &Files) -> Result<(), LexiconError> {
        for source in below(files, "rules/context/").chain(below(files, "rules/forms/")) {
            let file: ContextFile = parse(source.name, source.text)?;
            for cue in file.cue {
                self.unique(&source, &cue.id)?;
                let needs_chars = matches!(cue.reach, Reach::Before | Reach::After);
                if cue.means.trim().is_empty() || (needs_chars && cue.chars > usize::from(GAP_MAX)) {
                    return Err(source.wrong(
                        &cue.id,
                        refused!("线索没有 `means`，或作用范围太远", "the cue has no `means`, or reaches too far"),
                        refused!("`chars` 最多 30", "`chars` is at most 30"),
                    ));
                }
                if (cue.reach == Reach::Between) == cue.until.is_empty() {
                    return Err(source.wrong(
                        &cue.id,
                        refused!(
                            "`until` 和 `reach = \"between\"` 要一起用",
                            "`until` and `reach = \"between\"` belong together"
                        ),
                        refused!(
                            "请写明由线索开始的一段以哪些词结束",
                            "say which words close the stretch that begins with the cue"
                        ),
                    ));
                }
                let hazards = cue.hazards.iter().fold(0, |bits, hazard| bits | 1_u32 << (*hazard as u32));
                let index = index(self.cues.len());
                self.cues.push(Cue {
                    id: RuleId::new(cue.id.get_ref().as_str()),
                    at: source.line(&cue.id),
                    stance: cue.stance,
                    reach: cue.reach,
                    chars: cue.chars,
                    barrier: cue.barrier.clone(),
                    until: folded(&source, &cue.until)?,
                    unless: folded(&source, &cue.unless)?,
                    hazards: if hazards == 0 { u32::MAX } else { hazards },
                    platform: cue.platform,
                });
                for (words, meaning) in [(&cue.words, Meaning::Cue(index)), (&cue.not, Meaning::NoCue)] {
                    self.meanings(&source, words, meaning)?;
                }
            }
            for idiom in file.idiom {
                self.unique(&source, &idiom.id)?;
                if idiom.means.trim().is_empty() {
                    return Err(source.wrong(
                        &idiom.id,
                        refused!("习语没有 `means`", "the idioms have no `means`"),
                        refused!("请写明意思", "say what they mean"),
                    ));
                }
                let index = index(self.idioms.len());
                self.idioms.push(RuleId::new(idiom.id.get_ref().as_str()));
                self.meanings(&source, &idiom.words, Meaning::Idiom(index))?;
            }
            for injury in file.injury {
                self.unique(&source, &injury.id)?;
                if !(1..=4).contains(&injury.severity) || injury.means.trim().is_empty() {
                    return Err(source.wrong(
                        &injury.id,
                        refused!(
                            "伤害要有 `means` 和 1 到 4 的程度",
                            "an injury needs `means` and a severity of 1 to 4"
                        ),
                        refused!("请补上", "add them"),
                    ));
                }
                let owner = Owner::Injury(index(self.injuries.len()));
                self.injuries.push(Injury { id: RuleId::new(injury.id.get_ref().as_str()), severity: injury.severity });
                self.compile_patterns(&source, owner, &injury.finds)?;
            }
            if file.confidence.is_some() {
                self.confidence = file.confidence;
            }
            if let Some(written) = file.coordination {
                self.coordination = Coordination {
                    links: folded(&source, &written.links)?,
                    tails: folded(&source, &written.tails)?,
                    heads: folded(&source, &written.heads)?,
                    closes: folded(&source, &written.closes)?,
                    all: folded(&source, &written.all)?,
                };
            }
            if let Some(written) = file.subjects {
                let words = |list: &[Spanned<String>]| folded(&source, list).map(Words::new);
                self.subjects = Subjects {
                    pointers: words(&written.pointers)?,
                    former: words(&written.former)?,
                    latter: words(&written.latter)?,
                    none: words(&written.none)?,
                    has: words(&written.has)?,
                    others: words(&written.others)?,
                    places: words(&written.r#where)?,
                    topics: words(&written.topics)?,
                };
            }
            if let Some(written) = file.pages {
                let words = |list: &[Spanned<String>]| folded(&source, list).map(Words::new);
                self.pages = Pages {
                    tails: words(&written.tails)?,
                    furniture: words(&written.furniture)?,
                    events: words(&written.events)?,
                    modals: words(&written.modals)?,
                    orders: words(&written.orders)?,
                    openers: words(&written.openers)?,
                    advice: words(&written.advice)?,
                    tested: words(&written.tested)?,
                    recalls: words(&written.recalls)?,
                    checks: words(&written.checks)?,
                    statements: words(&written.statements)?,
                    replies: words(&written.replies)?,
                    digests: words(&written.digests)?,
                    inside: words(&written.inside)?,
                    not_inside: words(&written.not_inside)?,
                    burnt_before: words(&written.burnt_before)?,
                    burnt_behind: words(&written.burnt_behind)?,
                    used_before: words(&written.used_before)?,
                    confirmed: words(&written.confirmed)?,
                    old: words(&written.old)?,
                    bodies: words(&written.bodies)?,
                    doubts: words(&written.doubts)?,
                    spared: words(&written.spared)?,
                    smoke: words(&written.smoke)?,
                    any_vehicle: words(&written.any_vehicle)?,
                };
            }
        }
        Ok(())
    }

    fn meanings(
        &mut self,
        source: &Source<'_>,
        words: &[Spanned<String>],
        meaning: Meaning,
    ) -> Result<(), LexiconError> {
        for word in words {
            let entry = self
                .entry(plain(source, word)?)
                .map_err(|what| source.wrong(word, what, refused!("请缩短或删除", "shorten or delete it")))?;
            let meanings = &mut self.entries[entry as usize].meanings;
            if !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        }
        Ok(())
    }

    pub(super) fn read_rules(&mut self, files: &Files) -> Result<(), LexiconError> {
        for source in below(files, "rules/hazards/") {
            for rule in parse::<RuleFile>(source.name, source.text)?.rule {
                self.unique(&source, &rule.id)?;
                self.rule(&source, rule)?;
            }
        }
        Ok(())
    }

    fn rule(&mut self, source: &Source<'_>, rule: WrittenRule) -> Result<(), LexiconError> {
        let id = &rule.id;
        if rule.means.trim().is_empty() || rule.matters.trim().is_empty() {
            return Err(source.wrong(
                id,
                refused!("`means` 或 `matters` 是空的", "`means` or `matters` is empty"),
                refused!("请写明规则找什么、为什么重要", "say what the rule finds and why it matters"),
            ));
        }
        if rule.severity > 4 || rule.finds.is_empty() {
            return Err(source.wrong(
                id,
                refused!("规则没有 `finds`，或伤害程度大于 4", "the rule has no `finds`, or a severity above 4"),
                refused!("请加一个句式", "add a pattern"),
            ));
        }
        let mut effect = self.effect(RuleId::new(id.get_ref().as_str()), source.line(id), rule.hazard, rule.severity);
        let unknown = |error: vocabulary::UnknownCode| source.wrong(id, Refused::of(&error), help_of(&error));
        effect.only = effect.only.and(self.groups.resolve(&rule.only, CategorySet::ALL).map_err(unknown)?);
        effect.implies = rule.implies.as_deref().map(str::parse).transpose().map_err(unknown)?;
        effect.weak = rule.weak;
        effect.platform_only = rule.platform_only;
        effect.no_platform_only = rule.no_platform_only;
        effect.bare = rule.bare == WrittenBare::Flag(true) || rule.bare_text;
        effect.bare_no_platform = rule.bare == WrittenBare::Where(BareWhere::Untold);
        effect.bare_text = rule.bare_text;
        effect.stance = rule.stance;
        effect.priority = rule.priority;
        let mut examples = Vec::new();
        for hit in &rule.hit {
            examples.push(Example {
                at: source.line(&hit.text),
                text: hit.text.get_ref().clone(),
                category: hit.category.as_deref().map(str::parse).transpose().map_err(unknown)?,
                gives: Some(Gives {
                    product: hit.gives.product.parse().map_err(unknown)?,
                    stance: hit.gives.stance.unwrap_or(Stance::Asserted),
                    severity: hit.gives.severity,
                }),
            });
        }
        for miss in &rule.miss {
            examples.push(Example {
                at: source.line(&miss.text),
                text: miss.text.get_ref().clone(),
                category: miss.category.as_deref().map(str::parse).transpose().map_err(unknown)?,
                gives: None,
            });
        }
        let around = Around {
            not: [
                self.atoms(source, &rule.not_before)?,
                self.atoms(source, &rule.not_after)?,
                self.atoms(source, &rule.not_in_clause)?,
                self.atoms(source, &rule.not_in_sentence)?,
                self.atoms_of_text(source, &rule.not_in_text)?,
            ],
            needs: [
                self.atoms(source, &rule.in_clause)?,
                self.atoms(source, &rule.in_sentence)?,
                self.atoms_of_text(source, &rule.in_text)?,
            ],
        };
        let beyond = [self.beyond(source, rule.after.as_ref())?, self.beyond(source, rule.then.as_ref())?];
        let owner = Owner::Rule(index(self.rules.len()));
        self.compile_patterns(source, owner, &rule.finds)?;
        self.rules.push(Rule {
            effect: index(self.effects.len()),
            prose: [rule.means, rule.matters, rule.confused],
            finds: rule.finds.into_iter().map(Spanned::into_inner).collect(),
            around,
            beyond,
            examples,
        });
        self.effects.push(effect);
        Ok(())
    }

    fn atoms(&mut self, source: &Source<'_>, elements: &[Spanned<String>]) -> Result<Vec<Atom>, LexiconError> {
        let groups = self.groups.clone();
        let mut atoms = Vec::new();
        for element in elements {
            let help = Refused::new(
                "请写一个要素，例如 `(没有|不)`、`{class}` 或 `{duration<=1月}`",
                "write one element, e.g. `(没有|不)`, `{class}` or `{duration<=1月}`",
            );
            atoms.extend(
                pattern::compile_element(element.get_ref(), self, &groups)
                    .map_err(|what| source.wrong(element, what, help))?,
            );
        }
        Ok(atoms)
    }

    /// As `atoms`, for the whole text: a quantity would have to be looked for everywhere.
    fn atoms_of_text(&mut self, source: &Source<'_>, elements: &[Spanned<String>]) -> Result<Vec<Atom>, LexiconError> {
        let atoms = self.atoms(source, elements)?;
        match (atoms.iter().any(|atom| matches!(atom, Atom::Count(_))), elements) {
            (true, [first, ..]) => Err(source.wrong(
                first,
                refused!("不在全文里找数量", "a quantity is not looked for in a whole text"),
                refused!(
                    "请用 `in_sentence`、`not_in_sentence`、`in_clause` 或 `not_in_clause`",
                    "use `in_sentence`, `not_in_sentence`, `in_clause` or `not_in_clause`"
                ),
            )),
            _ => Ok(atoms),
        }
    }

    fn beyond(&mut self, source: &Source<'_>, written: Option<&WrittenBeyond>) -> Result<Option<Beyond>, LexiconError> {
        let Some(written) = written else { return Ok(None) };
        let [first, ..] = written.finds.as_slice() else {
            return Err(LexiconError::Wrong {
                at: crate::FileLine::new(source.name, 0),
                what: refused!("有一个 `after` 或 `then` 没有 `finds`", "an `after` or `then` has no `finds`"),
                shown: Box::default(),
                help: Box::new(refused!("请写明那里须有哪些词", "say which words must stand there")),
            });
        };
        if written.clauses > BEYOND_CLAUSES_MAX || written.sentences > BEYOND_SENTENCES_MAX {
            let what = refused!(
                "范围为 {} 个分句、{} 个句子，最多 {BEYOND_CLAUSES_MAX} 和 {BEYOND_SENTENCES_MAX}",
                "it looks {} clauses and {} sentences far, the bounds are {BEYOND_CLAUSES_MAX} and {BEYOND_SENTENCES_MAX}",
                written.clauses,
                written.sentences
            );
            return Err(source.wrong(
                first,
                what,
                refused!("相关的内容应该离得更近", "what belongs together stands closer"),
            ));
        }
        let groups = self.groups.clone();
        let mut variants = Vec::new();
        for find in &written.finds {
            variants.extend(
                pattern::compile(find.get_ref(), self, &groups)
                    .map_err(|what| source.wrong(find, what, pattern_help()))?,
            );
        }
        Ok(Some(Beyond {
            variants,
            clauses: written.clauses,
            sentences: written.sentences,
            link: self.atoms(source, &written.link)?,
            unless: self.atoms(source, &written.unless)?,
        }))
    }

    fn compile_patterns(
        &mut self,
        source: &Source<'_>,
        owner: Owner,
        finds: &[Spanned<String>],
    ) -> Result<(), LexiconError> {
        let groups = self.groups.clone();
        for find in finds {
            let variants = pattern::compile(find.get_ref(), self, &groups)
                .map_err(|what| source.wrong(find, what, pattern_help()))?;
            self.patterns.extend(variants.into_iter().map(|variant| Compiled { owner, variant }));
        }
        Ok(())
    }
}
