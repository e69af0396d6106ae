//! What `wanglou rules check` says beyond what loading already refuses.

use std::collections::{BTreeMap, BTreeSet};

use vocabulary::{Refused, Stance, refused};

use super::pattern::{Atom, ClassId};
use super::terms::{Effect, Entry, Meaning, Owner};
use super::{FileLine, Lexicon, Reach};

/// Something an analyst should look at; the lexicon still works.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where.
    pub at: FileLine,
    /// What, and what to do.
    pub message: Refused,
    /// Whether `rules check` must fail.
    pub fatal: bool,
}

/// Words of one finding that are named; the rest is counted.
const NAMED_MAX: usize = 6;

/// Everything worth saying about a loaded lexicon, in file order: rules without examples, hazards without a rule, words
/// defined twice, words that can never be found or that say two things at once.
pub fn check(lexicon: &Lexicon) -> Vec<Finding> {
    let mut findings = lexicon.findings().to_vec();
    for rule in lexicon.rules() {
        let effect = &lexicon.effects()[rule.effect as usize];
        let hits = rule.examples.iter().filter(|example| example.gives.is_some()).count();
        for (count, name) in [(hits, "hit"), (rule.examples.len() - hits, "miss")] {
            if count == 0 {
                findings.push(Finding {
                    at: effect.at.clone(),
                    message: refused!(
                        "规则 `{}` 没有 [[rule.{name}]]：请用自己的话补一个例句",
                        "rule `{}` has no [[rule.{name}]]: add an example in your own words",
                        effect.id
                    ),
                    fatal: true,
                });
            }
        }
    }
    for hazard in vocabulary::Hazard::ALL {
        let ruled = lexicon.rules().iter().any(|rule| lexicon.effects()[rule.effect as usize].hazard == *hazard);
        if !ruled {
            findings.push(Finding {
                at: FileLine::new("rules/hazards", 0),
                message: Refused::new(
                    format!("没有规则找 `{hazard}`（{}）", hazard.zh()),
                    format!("no rule finds `{hazard}` ({})", hazard.en()),
                ),
                fatal: true,
            });
        }
    }
    let alone = words_alone(lexicon);
    hidden(lexicon, &alone, &mut findings);
    rivals(lexicon, &alone, &mut findings);
    cues(lexicon, &mut findings);
    twins(lexicon, &mut findings);
    findings.sort();
    findings.dedup();
    findings
}

fn note(at: &FileLine, message: Refused) -> Finding {
    Finding { at: at.clone(), message, fatal: false }
}

/// `a`, `b`, … (+3): the same in both languages.
fn some(words: &[&str]) -> String {
    let named: Vec<String> = words.iter().take(NAMED_MAX).map(|word| format!("`{word}`")).collect();
    let more = words.len().saturating_sub(NAMED_MAX);
    if more == 0 { named.join(", ") } else { format!("{}, … (+{more})", named.join(", ")) }
}

/// Per entry, the rules that a single word of it fires, and whether nothing else is asked.
fn words_alone(lexicon: &Lexicon) -> BTreeMap<usize, BTreeMap<u32, bool>> {
    let mut by_class: BTreeMap<ClassId, BTreeMap<u32, bool>> = BTreeMap::new();
    for compiled in lexicon.patterns() {
        let (Owner::Rule(rule), [step]) = (compiled.owner, compiled.variant.steps.as_slice()) else { continue };
        let written = &lexicon.rules()[rule as usize];
        let around = &written.around;
        let free = compiled.variant.lead.is_none()
            && !compiled.variant.at_start
            && !compiled.variant.at_end
            && around.not.iter().chain(&around.needs).all(Vec::is_empty)
            && written.beyond.iter().all(Option::is_none);
        for atom in &step.accepts {
            if let Atom::Class(class) = atom {
                *by_class.entry(*class).or_default().entry(rule).or_default() |= free;
            }
        }
    }
    let mut alone: BTreeMap<usize, BTreeMap<u32, bool>> = BTreeMap::new();
    for (at, entry) in lexicon.entries().iter().enumerate() {
        for class in &entry.classes {
            for (rule, free) in by_class.get(class).into_iter().flatten() {
                *alone.entry(at).or_default().entry(*rule).or_default() |= free;
            }
        }
    }
    alone
}

/// Words of rules that are idioms themselves: nothing that begins inside an idiom is found.
fn hidden(lexicon: &Lexicon, alone: &BTreeMap<usize, BTreeMap<u32, bool>>, findings: &mut Vec<Finding>) {
    let mut by_rule: BTreeMap<(u32, &str), Vec<&str>> = BTreeMap::new();
    for (at, rules) in alone {
        let entry = &lexicon.entries()[*at];
        let idiom = entry.meanings.iter().find_map(|meaning| match meaning {
            Meaning::Idiom(at) => Some(lexicon.idioms()[*at as usize].as_str()),
            _ => None,
        });
        let Some(idiom) = idiom else { continue };
        for rule in rules.keys() {
            by_rule.entry((*rule, idiom)).or_default().push(&entry.surface);
        }
    }
    for ((rule, idiom), words) in by_rule {
        let effect = &lexicon.effects()[lexicon.rules()[rule as usize].effect as usize];
        let message = refused!(
            "被遮蔽：{} 属于规则 `{1}`，但永远找不到，被 `{idiom}` 遮住：请在其中一处删除",
            "shadowed: {} of rule `{}` can never be found, `{idiom}` hides it: delete it in one of the two",
            some(&words),
            effect.id
        );
        findings.push(note(&effect.at, message));
    }
}

/// Words that two rules of different hazards find alone: one always wins, or nothing decides.
fn rivals(lexicon: &Lexicon, alone: &BTreeMap<usize, BTreeMap<u32, bool>>, findings: &mut Vec<Finding>) {
    let effect_of = |rule: u32| &lexicon.effects()[lexicon.rules()[rule as usize].effect as usize];
    let apart = |a: &Effect, b: &Effect| {
        a.only.and(b.only).is_empty()
            || (a.platform_only && b.no_platform_only)
            || (a.no_platform_only && b.platform_only)
    };
    let mut contradictory: BTreeMap<(u32, u32), Vec<&str>> = BTreeMap::new();
    let mut shadowed: BTreeMap<(u32, u32), Vec<&str>> = BTreeMap::new();
    for (at, rules) in alone {
        let word = &*lexicon.entries()[*at].surface;
        for (first, first_free) in rules {
            for (second, second_free) in rules.range(first + 1..) {
                let (a, b) = (effect_of(*first), effect_of(*second));
                if a.hazard == b.hazard || apart(a, b) {
                    continue;
                }
                let covers = |winner: &Effect, loser: &Effect| {
                    let asks = winner.weak || winner.platform_only || winner.no_platform_only;
                    !asks && winner.only.and(loser.only) == loser.only
                };
                if a.priority == b.priority {
                    contradictory.entry((*first, *second)).or_default().push(word);
                } else if a.priority > b.priority && *first_free && covers(a, b) {
                    shadowed.entry((*first, *second)).or_default().push(word);
                } else if b.priority > a.priority && *second_free && covers(b, a) {
                    shadowed.entry((*second, *first)).or_default().push(word);
                }
            }
        }
    }
    for ((first, second), words) in contradictory {
        let (a, b) = (effect_of(first), effect_of(second));
        let message = refused!(
            "矛盾：{} 单独出现时，按 `{2}` 是 {1}，按 `{4}` 是 {3}，优先级相同：请提高其中一个的优先级，或给另一个加条件",
            "contradictory: {} alone is {} by `{}` and {} by `{}` with the same priority: give one a higher priority, or ask more of the other",
            some(&words),
            a.hazard,
            a.id,
            b.hazard,
            b.id
        );
        findings.push(note(&a.at, message));
    }
    for ((winner, loser), words) in shadowed {
        let (a, b) = (effect_of(winner), effect_of(loser));
        let message = refused!(
            "被遮蔽：{} 属于规则 `{1}`，但总归优先级更高的 `{2}`：请在其中一处删除",
            "shadowed: {} of rule `{}` always goes to `{}`, which has a higher priority: delete it in one of the two",
            some(&words),
            b.id,
            a.id
        );
        findings.push(note(&b.at, message));
    }
}

/// Words that deny here and claim there, in the same reach.
fn cues(lexicon: &Lexicon, findings: &mut Vec<Finding>) {
    let mut torn: BTreeMap<(u32, u32), Vec<&str>> = BTreeMap::new();
    for entry in lexicon.entries() {
        let of: Vec<u32> = entry
            .meanings
            .iter()
            .filter_map(|meaning| if let Meaning::Cue(cue) = meaning { Some(*cue) } else { None })
            .collect();
        for (at, first) in of.iter().enumerate() {
            for second in &of[at + 1..] {
                let (a, b) = (&lexicon.cues()[*first as usize], &lexicon.cues()[*second as usize]);
                let meet = a.hazards & b.hazards != 0
                    && (a.platform == b.platform || a.platform.is_none() || b.platform.is_none());
                let side = |reach: Reach| matches!(reach, Reach::After | Reach::End);
                let opposed = a.stance != b.stance && (a.stance == Stance::Negated || b.stance == Stance::Negated);
                if meet && opposed && side(a.reach) == side(b.reach) {
                    torn.entry((*first, *second)).or_default().push(&entry.surface);
                }
            }
        }
    }
    for ((first, second), words) in torn {
        let (a, b) = (&lexicon.cues()[first as usize], &lexicon.cues()[second as usize]);
        let message = refused!(
            "矛盾：{} 在 `{2}` 里是 {1}，在 `{4}` 里是 {3}：以较强的为准，请在另一处删除",
            "contradictory: {} means {} in `{}` and {} in `{}`: the stronger wins, delete it in the other",
            some(&words),
            a.stance,
            a.id,
            b.stance,
            b.id
        );
        findings.push(note(&a.at, message));
    }
}

/// Named word classes that hold nearly the same words.
fn twins(lexicon: &Lexicon, findings: &mut Vec<Finding>) {
    /// Smallest class that is compared, and the share of its words that must stand in the other.
    const WORDS_MIN: usize = 5;
    const SHARE: (usize, usize) = (4, 5);
    let mut words: BTreeMap<ClassId, BTreeSet<usize>> = BTreeMap::new();
    for (at, entry) in lexicon.entries().iter().enumerate() {
        for class in classes(lexicon, entry) {
            words.entry(class).or_default().insert(at);
        }
    }
    let all: Vec<(&ClassId, &BTreeSet<usize>)> = words.iter().filter(|(_, words)| words.len() >= WORDS_MIN).collect();
    for (at, (first, ours)) in all.iter().enumerate() {
        for (second, theirs) in &all[at + 1..] {
            let shared = ours.intersection(theirs).count();
            let smaller = ours.len().min(theirs.len());
            if shared * SHARE.1 >= smaller * SHARE.0 {
                let message = refused!(
                    "重复：一个词类的 {smaller} 个词里有 {shared} 个同时在 `{}` 和 `{}` 里：请合并，或写成 `{{a|b}}`",
                    "duplicate: {shared} of the {smaller} words of one class stand in both `{}` and `{}`: merge them, or use `{{a|b}}`",
                    lexicon.class_name(**first),
                    lexicon.class_name(**second)
                );
                findings.push(note(&FileLine::new("rules", 0), message));
            }
        }
    }
}

fn classes<'a>(lexicon: &'a Lexicon, entry: &'a Entry) -> impl Iterator<Item = ClassId> + 'a {
    entry.classes.iter().copied().filter(|class| !lexicon.class_name(*class).starts_with('('))
}
