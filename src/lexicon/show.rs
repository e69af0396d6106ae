//! What a rule, a cue or the whole table of rules looks like for people: what `wanglou rules show` prints.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use vocabulary::{Language, Stance, said};

use super::pattern::{Atom, ClassId, Variant};
use super::terms::{Meaning, Owner, Rule};
use super::{Lexicon, Reach};

/// Words of one class that are listed; the rest is counted.
const WORDS_MAX: usize = 60;

/// Everything about the rule or cue of that id; none when there is no such thing.
pub fn show(lexicon: &Lexicon, id: &str, language: Language) -> Option<String> {
    let rule = lexicon.rules().iter().position(|rule| lexicon.effects()[rule.effect as usize].id.as_str() == id);
    rule.map(|at| show_rule(lexicon, at, language)).or_else(|| show_cue(lexicon, id, language))
}

/// Ids that begin like `id` or hold it, for a message when nothing has exactly that name.
pub fn similar<'a>(lexicon: &'a Lexicon, id: &str) -> Vec<&'a str> {
    let ids = lexicon.rules().iter().map(|rule| lexicon.effects()[rule.effect as usize].id.as_str());
    let all: Vec<&str> = ids.chain(lexicon.cues().iter().map(|cue| cue.id.as_str())).collect();
    let holding: Vec<&str> = all.iter().copied().filter(|known| known.contains(id)).take(8).collect();
    if holding.is_empty() { super::error::nearest(id, all).into_iter().collect() } else { holding }
}

/// All rules, one line each.
pub fn table(lexicon: &Lexicon, language: Language) -> String {
    let head = language.pick(
        "隐患　伤害　优先　句式　例句　规则　　含义\n",
        "hazard\tseverity\tpriority\tpatterns\texamples\trule\tmeans\n",
    );
    let mut shown = String::from(head);
    for rule in lexicon.rules() {
        let effect = &lexicon.effects()[rule.effect as usize];
        let _ = writeln!(
            shown,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}",
            language.pick(effect.hazard.zh(), effect.hazard.code()),
            effect.severity,
            effect.priority,
            rule.finds.len(),
            rule.examples.len(),
            effect.id,
            rule.prose[0]
        );
    }
    shown
}

fn show_rule(lexicon: &Lexicon, at: usize, language: Language) -> String {
    let rule = &lexicon.rules()[at];
    let effect = &lexicon.effects()[rule.effect as usize];
    let mut shown = String::new();
    let mut line = |head: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(shown, "{head}  {text}");
        }
    };
    line(language.pick("规则", "rule"), &format!("{} ({})", effect.id, effect.at));
    line(
        language.pick("隐患", "hazard"),
        &format!("{} {}", language.pick(effect.hazard.zh(), effect.hazard.en()), effect.hazard),
    );
    line(language.pick("含义", "means"), &rule.prose[0]);
    line(language.pick("缘由", "matters"), &rule.prose[1]);
    line(language.pick("易混", "confused with"), &rule.prose[2]);
    let only: Vec<&str> = effect.only.iter().map(vocabulary::Category::code).collect();
    let all = only.len() == vocabulary::Category::ALL.len();
    line(
        language.pick("产品", "products"),
        &if all { language.pick("不限", "any").to_owned() } else { only.join(" ") },
    );
    line(language.pick("推定", "implies"), effect.implies.map_or("", |category| category.code()));
    let mut flags: Vec<String> = [
        (effect.weak, ("weak 须有产品在近旁", "weak: a product must stand near")),
        (effect.platform_only, ("told 仅当平台告知产品", "told: only where the platform tells the product")),
        (effect.no_platform_only, ("untold 仅当平台未告知产品", "untold: only where the platform tells no product")),
        (effect.bare, ("bare 另有具体缺陷时不计", "bare: not beside a plainer defect")),
        (
            effect.bare_no_platform,
            (
                "bare 平台未告知产品且另有具体缺陷时不计",
                "bare: not beside a plainer defect where the platform tells no product",
            ),
        ),
        (effect.bare_text, ("bare_text 全文另有具体缺陷时不计", "bare_text: not where the text has a plainer defect")),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .map(|(_, (zh, en))| language.pick(zh, en).to_owned())
    .collect();
    flags.extend(
        effect.stance.map(|stance| {
            said!(language, "断言自带 {}", "brings the stance {}", language.pick(stance.zh(), stance.en()))
        }),
    );
    line(
        language.pick("效力", "weighs"),
        &said!(
            language,
            "伤害 {}，优先 {}{}",
            "severity {}, priority {}{}",
            effect.severity,
            effect.priority,
            join(language.pick("，", ", "), &flags)
        ),
    );
    line(language.pick("句式", "patterns"), &rule.finds.join("\n      "));
    let [before, after, clause, sentence, text] = &rule.around.not;
    let [in_clause, in_sentence, in_text] = &rule.around.needs;
    for (head, atoms) in [
        (language.pick("前邻不得有", "not before"), before),
        (language.pick("后邻不得有", "not after"), after),
        (language.pick("分句不得有", "not in the clause"), clause),
        (language.pick("整句不得有", "not in the sentence"), sentence),
        (language.pick("全文不得有", "not in the text"), text),
        (language.pick("分句须有", "in the clause"), in_clause),
        (language.pick("整句须有", "in the sentence"), in_sentence),
        (language.pick("全文须有", "in the text"), in_text),
    ] {
        line(head, &atoms_of(lexicon, atoms, language));
    }
    for (head, beyond) in
        language.pick(["此前须有", "此后须有"], ["before it", "after it"]).into_iter().zip(&rule.beyond)
    {
        if let Some(beyond) = beyond {
            line(
                head,
                &said!(
                    language,
                    "{} 种句式，{} 个分句、{} 个句子之内",
                    "{} patterns, within {} clauses, {} sentences",
                    beyond.variants.len(),
                    beyond.clauses,
                    beyond.sentences
                ),
            );
            line(language.pick("  其间须有", "  between them"), &atoms_of(lexicon, &beyond.link, language));
            line(language.pick("  其间不得有", "  not between them"), &atoms_of(lexicon, &beyond.unless, language));
        }
    }
    for class in classes_of(lexicon, at, rule) {
        let head = said!(language, "词类 {}", "words {}", lexicon.class_name(class));
        line(&head, &words_of(lexicon, class, language));
    }
    for example in &rule.examples {
        let category = example.category.map_or_else(String::new, |category| {
            said!(language, "［平台：{}］", "[platform: {}] ", language.pick(category.zh(), category.en()))
        });
        let (head, gives) = match example.gives {
            Some(gives) => {
                let stance = language.pick(gives.stance.zh(), gives.stance.en());
                (language.pick("正例", "hit"), format!(" → {} {stance}", gives.product))
            }
            None => (language.pick("反例", "miss"), String::new()),
        };
        line(head, &format!("{category}{}{gives}", example.text));
    }
    shown
}

fn join(separator: &str, parts: &[String]) -> String {
    parts.iter().fold(String::new(), |joined, part| joined + separator + part)
}

fn show_cue(lexicon: &Lexicon, id: &str, language: Language) -> Option<String> {
    let at = lexicon.cues().iter().position(|cue| cue.id.as_str() == id)?;
    let cue = &lexicon.cues()[at];
    let reach = match cue.reach {
        Reach::Before => said!(language, "隐患之前 {} 字以内", "at most {} characters before the hazard", cue.chars),
        Reach::Between => said!(
            language,
            "隐患之前，其后须有 {}",
            "before the hazard, with one of these behind it: {}",
            cue.until.join(language.pick("、", ", "))
        ),
        Reach::After => said!(language, "隐患之后 {} 字以内", "at most {} characters after the hazard", cue.chars),
        Reach::Clause => language.pick("同一分句", "same clause").to_owned(),
        Reach::End => language.pick("分句末尾", "end of the clause").to_owned(),
        Reach::Sentence => language.pick("同一句", "same sentence").to_owned(),
        Reach::Text => language.pick("全文", "whole text").to_owned(),
    };
    let words: Vec<&str> = lexicon
        .entries()
        .iter()
        .filter(|entry| entry.meanings.contains(&Meaning::Cue(u32::try_from(at).unwrap_or(u32::MAX))))
        .map(|entry| &*entry.surface)
        .collect();
    let mut shown = said!(
        language,
        "线索  {} ({})\n断言  {} {}\n范围  {reach}\n",
        "cue  {} ({})\nstance  {} {}\nreach  {reach}\n",
        cue.id,
        cue.at,
        language.pick(cue.stance.zh(), cue.stance.en()),
        cue.stance
    );
    if !cue.unless.is_empty() {
        let unless = cue.unless.join(language.pick("、", ", "));
        let _ = writeln!(shown, "{}", said!(language, "除非  其后有 {unless}", "unless  behind it stands {unless}"));
    }
    let _ = writeln!(shown, "{}  {}", language.pick("词", "words"), listed(&words, language));
    Some(shown)
}

fn listed(words: &[&str], language: Language) -> String {
    let more = words.len().saturating_sub(WORDS_MAX);
    let shown = words[..words.len() - more].join(language.pick("、", ", "));
    if more == 0 { shown } else { said!(language, "{shown} 等 {} 个", "{shown}, … ({} in all)", words.len()) }
}

fn words_of(lexicon: &Lexicon, class: ClassId, language: Language) -> String {
    let holds = |entry: &&super::terms::Entry| entry.classes.binary_search(&class).is_ok();
    let words: Vec<&str> = lexicon.entries().iter().filter(holds).map(|entry| &*entry.surface).collect();
    listed(&words, language)
}

fn atoms_of(lexicon: &Lexicon, atoms: &[Atom], language: Language) -> String {
    let shown: Vec<String> = atoms
        .iter()
        .map(|atom| match atom {
            Atom::Class(class) => lexicon.class_name(*class).to_owned(),
            Atom::Product(set) => {
                said!(language, "产品（{} 类）", "product({} categories)", set.iter().count())
            }
            Atom::Brand => language.pick("品牌", "brand").to_owned(),
            Atom::Count(_) => language.pick("数量", "quantity").to_owned(),
        })
        .collect();
    shown.join(" ")
}

/// The named word classes of a rule's patterns and sides, in the order of their ids.
fn classes_of(lexicon: &Lexicon, at: usize, rule: &Rule) -> Vec<ClassId> {
    let own = |owner: Owner| matches!(owner, Owner::Rule(rule) if rule as usize == at);
    let patterns = lexicon.patterns().iter().filter(|compiled| own(compiled.owner)).map(|compiled| &compiled.variant);
    let sides = rule.beyond.iter().flatten().flat_map(|beyond| &beyond.variants);
    let atoms = |variant: &Variant| variant.steps.iter().flat_map(|step| step.accepts.clone()).collect::<Vec<_>>();
    let classes: BTreeSet<ClassId> = patterns
        .chain(sides)
        .flat_map(atoms)
        .filter_map(|atom| if let Atom::Class(class) = atom { Some(class) } else { None })
        .filter(|class| !lexicon.class_name(*class).starts_with('('))
        .collect();
    classes.into_iter().collect()
}

/// How many of everything a lexicon holds, in words for people.
pub fn counts(lexicon: &Lexicon, language: Language) -> String {
    let entries = lexicon.entries();
    let with = |wanted: fn(&Meaning) -> bool| entries.iter().filter(|entry| entry.meanings.iter().any(wanted)).count();
    let ruled = expressions(lexicon);
    let examples: usize = lexicon.rules().iter().map(|rule| rule.examples.len()).sum();
    let by = |stance: Stance| lexicon.cues().iter().filter(|cue| cue.stance == stance).count();
    let mut shown = String::new();
    for (zh, en, count) in [
        ("规则", "rules", lexicon.rules().len()),
        ("句式", "patterns", lexicon.rules().iter().map(|rule| rule.finds.len()).sum()),
        ("例句", "examples", examples),
        ("隐患表达（不同的词）", "expressions of hazards (distinct words)", ruled),
        ("断言线索", "cues of stance", lexicon.cues().len()),
        ("其中否认", "denials among them", by(Stance::Negated)),
        ("习语与遮蔽词", "idioms and shields", with(|meaning| matches!(meaning, Meaning::Idiom(_)))),
        ("产品词", "words of products", with(|meaning| matches!(meaning, Meaning::Product(_)))),
        ("品牌词", "words of brands", with(|meaning| matches!(meaning, Meaning::Brand(_)))),
        ("地名", "names of places", with(|meaning| matches!(meaning, Meaning::Region(_)))),
        (
            "平台、物质、标准、人群",
            "platforms, materials, standards, groups of people",
            with(|meaning| matches!(meaning, Meaning::Name(_))),
        ),
        ("词条合计", "entries in all", entries.len()),
    ] {
        let _ = writeln!(shown, "{}\t{count}", language.pick(zh, en));
    }
    shown
}

/// Distinct words that state a hazard by themselves: of hazards.tsv, and of patterns of one element.
fn expressions(lexicon: &Lexicon) -> usize {
    let mut classes: BTreeSet<ClassId> = BTreeSet::new();
    for compiled in lexicon.patterns() {
        if let (Owner::Rule(_), [step]) = (compiled.owner, compiled.variant.steps.as_slice()) {
            classes.extend(step.accepts.iter().filter_map(|atom| match atom {
                Atom::Class(class) => Some(*class),
                _ => None,
            }));
        }
    }
    let states = |entry: &&super::terms::Entry| {
        entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Hazard(_)))
            || entry.classes.iter().any(|class| classes.contains(class))
    };
    lexicon.entries().iter().filter(states).count()
}
