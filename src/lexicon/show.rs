//! What a rule, a cue or the whole table of rules looks like for people: what `wanglou rules show` prints.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use vocabulary::Stance;

use super::pattern::{Atom, ClassId, Variant};
use super::terms::{Meaning, Owner, Rule};
use super::{Lexicon, Reach};

/// Words of one class that are listed; the rest is counted.
const WORDS_MAX: usize = 60;

/// Everything about the rule or cue of that id; none when there is no such thing.
pub fn show(lexicon: &Lexicon, id: &str) -> Option<String> {
    let rule = lexicon.rules().iter().position(|rule| lexicon.effects()[rule.effect as usize].id.as_str() == id);
    rule.map(|at| show_rule(lexicon, at)).or_else(|| show_cue(lexicon, id))
}

/// Ids that begin like `id` or hold it, for a message when nothing has exactly that name.
pub fn similar<'a>(lexicon: &'a Lexicon, id: &str) -> Vec<&'a str> {
    let ids = lexicon.rules().iter().map(|rule| lexicon.effects()[rule.effect as usize].id.as_str());
    let all: Vec<&str> = ids.chain(lexicon.cues().iter().map(|cue| cue.id.as_str())).collect();
    let holding: Vec<&str> = all.iter().copied().filter(|known| known.contains(id)).take(8).collect();
    if holding.is_empty() { super::error::nearest(id, all).into_iter().collect() } else { holding }
}

/// All rules, one line each.
pub fn table(lexicon: &Lexicon) -> String {
    let mut shown = String::from("隐患　伤害　优先　句式　例句　规则　　含义\n");
    for rule in lexicon.rules() {
        let effect = &lexicon.effects()[rule.effect as usize];
        let _ = writeln!(
            shown,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}",
            effect.hazard.zh(),
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

fn show_rule(lexicon: &Lexicon, at: usize) -> String {
    let rule = &lexicon.rules()[at];
    let effect = &lexicon.effects()[rule.effect as usize];
    let mut shown = String::new();
    let mut line = |head: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(shown, "{head}  {text}");
        }
    };
    line("规则", &format!("{} ({})", effect.id, effect.at));
    line("隐患", &format!("{} {}", effect.hazard.zh(), effect.hazard));
    line("含义", &rule.prose[0]);
    line("缘由", &rule.prose[1]);
    line("易混", &rule.prose[2]);
    let only: Vec<&str> = effect.only.iter().map(vocabulary::Category::code).collect();
    let all = only.len() == vocabulary::Category::ALL.len();
    line("产品", &if all { "不限".to_owned() } else { only.join(" ") });
    line("推定", effect.implies.map_or("", |category| category.code()));
    let mut flags: Vec<String> = [
        (effect.weak, "weak 须有产品在近旁"),
        (effect.platform_only, "told 仅当平台告知产品"),
        (effect.no_platform_only, "untold 仅当平台未告知产品"),
        (effect.bare, "bare 另有具体缺陷时不计"),
        (effect.bare_no_platform, "bare 平台未告知产品且另有具体缺陷时不计"),
        (effect.bare_text, "bare_text 全文另有具体缺陷时不计"),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .map(|(_, name)| name.to_owned())
    .collect();
    flags.extend(effect.stance.map(|stance| format!("断言自带 {}", stance.zh())));
    line("效力", &format!("伤害 {}，优先 {}{}", effect.severity, effect.priority, join("，", &flags)));
    line("句式", &rule.finds.join("\n      "));
    let [before, after, clause, sentence, text] = &rule.around.not;
    let [in_clause, in_sentence, in_text] = &rule.around.needs;
    for (head, atoms) in [
        ("前邻不得有", before),
        ("后邻不得有", after),
        ("分句不得有", clause),
        ("整句不得有", sentence),
        ("全文不得有", text),
        ("分句须有", in_clause),
        ("整句须有", in_sentence),
        ("全文须有", in_text),
    ] {
        line(head, &atoms_of(lexicon, atoms));
    }
    for (head, beyond) in ["此前须有", "此后须有"].into_iter().zip(&rule.beyond) {
        if let Some(beyond) = beyond {
            line(
                head,
                &format!(
                    "{} 种句式，{} 个分句、{} 个句子之内",
                    beyond.variants.len(),
                    beyond.clauses,
                    beyond.sentences
                ),
            );
            line("  其间须有", &atoms_of(lexicon, &beyond.link));
            line("  其间不得有", &atoms_of(lexicon, &beyond.unless));
        }
    }
    for class in classes_of(lexicon, at, rule) {
        line(&format!("词类 {}", lexicon.class_name(class)), &words_of(lexicon, class));
    }
    for example in &rule.examples {
        let category = example.category.map_or_else(String::new, |category| format!("［平台：{}］", category.zh()));
        let (head, gives) = match example.gives {
            Some(gives) => ("正例", format!(" → {} {}", gives.product, gives.stance.zh())),
            None => ("反例", String::new()),
        };
        line(head, &format!("{category}{}{gives}", example.text));
    }
    shown
}

fn join(separator: &str, parts: &[String]) -> String {
    parts.iter().fold(String::new(), |joined, part| joined + separator + part)
}

fn show_cue(lexicon: &Lexicon, id: &str) -> Option<String> {
    let at = lexicon.cues().iter().position(|cue| cue.id.as_str() == id)?;
    let cue = &lexicon.cues()[at];
    let reach = match cue.reach {
        Reach::Before => format!("隐患之前 {} 字以内", cue.chars),
        Reach::Between => format!("隐患之前，其后须有 {}", cue.until.join("、")),
        Reach::After => format!("隐患之后 {} 字以内", cue.chars),
        Reach::Clause => "同一分句".to_owned(),
        Reach::End => "分句末尾".to_owned(),
        Reach::Sentence => "同一句".to_owned(),
        Reach::Text => "全文".to_owned(),
    };
    let words: Vec<&str> = lexicon
        .entries()
        .iter()
        .filter(|entry| entry.meanings.contains(&Meaning::Cue(u32::try_from(at).unwrap_or(u32::MAX))))
        .map(|entry| &*entry.surface)
        .collect();
    let mut shown = format!("线索  {} ({})\n断言  {} {}\n范围  {reach}\n", cue.id, cue.at, cue.stance.zh(), cue.stance);
    if !cue.unless.is_empty() {
        let _ = writeln!(shown, "除非  其后有 {}", cue.unless.join("、"));
    }
    let _ = writeln!(shown, "词  {}", listed(&words));
    Some(shown)
}

fn listed(words: &[&str]) -> String {
    let more = words.len().saturating_sub(WORDS_MAX);
    let shown = words[..words.len() - more].join("、");
    if more == 0 { shown } else { format!("{shown} 等 {} 个", words.len()) }
}

fn words_of(lexicon: &Lexicon, class: ClassId) -> String {
    let holds = |entry: &&super::terms::Entry| entry.classes.binary_search(&class).is_ok();
    let words: Vec<&str> = lexicon.entries().iter().filter(holds).map(|entry| &*entry.surface).collect();
    listed(&words)
}

fn atoms_of(lexicon: &Lexicon, atoms: &[Atom]) -> String {
    let shown: Vec<String> = atoms
        .iter()
        .map(|atom| match atom {
            Atom::Class(class) => lexicon.class_name(*class).to_owned(),
            Atom::Product(set) => format!("产品（{} 类）", set.iter().count()),
            Atom::Brand => "品牌".to_owned(),
            Atom::Count(_) => "数量".to_owned(),
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
pub fn counts(lexicon: &Lexicon) -> String {
    let entries = lexicon.entries();
    let with = |wanted: fn(&Meaning) -> bool| entries.iter().filter(|entry| entry.meanings.iter().any(wanted)).count();
    let ruled = expressions(lexicon);
    let examples: usize = lexicon.rules().iter().map(|rule| rule.examples.len()).sum();
    let by = |stance: Stance| lexicon.cues().iter().filter(|cue| cue.stance == stance).count();
    let mut shown = String::new();
    for (head, count) in [
        ("规则", lexicon.rules().len()),
        ("句式", lexicon.rules().iter().map(|rule| rule.finds.len()).sum()),
        ("例句", examples),
        ("隐患表达（不同的词）", ruled),
        ("断言线索", lexicon.cues().len()),
        ("其中否认", by(Stance::Negated)),
        ("习语与遮蔽词", with(|meaning| matches!(meaning, Meaning::Idiom(_)))),
        ("产品词", with(|meaning| matches!(meaning, Meaning::Product(_)))),
        ("品牌词", with(|meaning| matches!(meaning, Meaning::Brand(_)))),
        ("地名", with(|meaning| matches!(meaning, Meaning::Region(_)))),
        ("平台、物质、标准、人群", with(|meaning| matches!(meaning, Meaning::Name(_)))),
        ("词条合计", entries.len()),
    ] {
        let _ = writeln!(shown, "{head}\t{count}");
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
