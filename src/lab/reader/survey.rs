//! What a lexicon does to a body of texts: how often each rule and cue fires, which never do, and what another lexicon would change.
//!
//! In: documents one by one. Out: counts and a few examples, for `wanglou rules check`, `show` and `diff`. Nothing is judged here.

use std::collections::BTreeMap;
use std::fmt;

use extract::inside::{Analysis, Fate, find};
use lexicon::{FileLine, Finding, Lexicon};
use vocabulary::{Category, Document, Hazard, Language, Reading, Refused, Report, RuleId, Stance, refused, said};

/// Examples kept of one rule, and characters shown to each side of a find.
const EXAMPLES_MAX: usize = 3;
const SIDE_CHARS: usize = 16;

/// How often a rule fires.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use {
    /// Finds of its patterns, before better ones cover them.
    pub finds: usize,
    /// Finds that stand.
    pub stands: usize,
    /// Finds that make or support a signal.
    pub signals: usize,
    /// Who covers the finds that do not stand.
    pub covered_by: BTreeMap<RuleId, usize>,
    /// The first few, with the find in brackets.
    pub examples: Vec<String>,
}

/// What a lexicon does to a body of texts.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Texts read.
    pub texts: usize,
    /// By rule and dictionary entry.
    pub rules: BTreeMap<RuleId, Use>,
    /// Cues that decided the stance of a hazard.
    pub cues: BTreeMap<RuleId, usize>,
}

impl Survey {
    /// Reads one more document.
    pub fn add(&mut self, document: &Document, lexicon: &Lexicon) {
        let analysis = Analysis::new(document, lexicon);
        self.texts += 1;
        let id = |effect: u32| &lexicon.effects()[effect as usize].id;
        for found in &analysis.found {
            let used = self.rules.entry(id(found.effect).clone()).or_default();
            used.stands += 1;
            used.signals += usize::from(found.fate == Fate::Kept);
            if used.examples.len() < EXAMPLES_MAX {
                used.examples.push(bracketed(&analysis, found.from, found.to));
            }
            if let Some(hit) = found.judged.cue {
                *self.cues.entry(lexicon.cues()[hit.cue as usize].id.clone()).or_default() += 1;
            }
        }
        let finds = find(&analysis.folded, &analysis.clauses, &analysis.hits, &analysis.cues, lexicon);
        for find in finds.iter().filter(|find| !find.injury) {
            let effect = lexicon.rules()[find.owner as usize].effect;
            let used = self.rules.entry(id(effect).clone()).or_default();
            used.finds += 1;
            let stands = analysis
                .found
                .iter()
                .any(|found| found.effect == effect && (found.from, found.to) == (find.from, find.to));
            if !stands {
                let cover = analysis.found.iter().find(|found| found.from < find.to && find.from < found.to);
                if let Some(cover) = cover {
                    *used.covered_by.entry(id(cover.effect).clone()).or_default() += 1;
                }
            }
        }
    }

    /// Rules and cues that do nothing on these texts, in file order.
    pub fn findings(&self, lexicon: &Lexicon) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut put =
            |at: &FileLine, message: Refused| findings.push(Finding { at: at.clone(), message, fatal: false });
        for rule in lexicon.rules() {
            let effect = &lexicon.effects()[rule.effect as usize];
            match self.rules.get(&effect.id) {
                None => put(
                    &effect.at,
                    refused!(
                        "从未命中：规则 `{}`，{} 条文本",
                        "never fires: rule `{}` in {} texts",
                        effect.id,
                        self.texts
                    ),
                ),
                Some(used) if used.stands == 0 => {
                    let by: Vec<String> =
                        used.covered_by.iter().map(|(id, count)| format!("`{id}` {count}×")).collect();
                    put(
                        &effect.at,
                        refused!(
                            "被遮蔽：{} 处命中（规则 `{}`）全在 {} 之内",
                            "shadowed: every one of {} finds of rule `{}` lies inside {}",
                            used.finds,
                            effect.id,
                            by.join(", ")
                        ),
                    );
                }
                Some(used) if used.signals == 0 => {
                    put(
                        &effect.at,
                        refused!(
                            "从未计入：规则 `{}` 命中 {} 次，没有形成信号",
                            "never counts: rule `{}` fires {}× and makes no signal",
                            effect.id,
                            used.stands
                        ),
                    );
                }
                Some(_) => {}
            }
        }
        for cue in lexicon.cues() {
            if !self.cues.contains_key(&cue.id) {
                put(
                    &cue.at,
                    refused!(
                        "从未起作用：线索 `{}`，{} 条文本",
                        "never decides: cue `{}` in {} texts",
                        cue.id,
                        self.texts
                    ),
                );
            }
        }
        findings.sort();
        findings
    }
}

/// A find in brackets with a little text to each side.
fn bracketed(analysis: &Analysis, from: usize, to: usize) -> String {
    let chars = &analysis.folded.chars;
    let text = |from: usize, to: usize| chars[from..to].iter().collect::<String>().replace('\n', " ");
    let (low, high) = (from.saturating_sub(SIDE_CHARS), (to + SIDE_CHARS).min(chars.len()));
    format!("{}【{}】{}", text(low, from), text(from, to), text(to, high))
}

/// Signals that a rule gains and loses between two lexicons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shift {
    /// Only the second lexicon says so.
    pub gained: usize,
    /// Only the first does.
    pub lost: usize,
    /// Both do, with another stance.
    pub restated: usize,
    /// The first few of each.
    pub examples: Vec<String>,
}

/// What the second lexicon says differently of a body of texts, by rule.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// Texts read.
    pub texts: usize,
    /// Texts with any difference.
    pub differ: usize,
    /// By the rule behind the signal.
    pub rules: BTreeMap<RuleId, Shift>,
}

/// Characters of a text shown as an example.
const TEXT_CHARS: usize = 48;

impl Comparison {
    /// Reads one more document with both lexicons.
    pub fn add(&mut self, document: &Document, first: &Lexicon, second: &Lexicon) {
        let pairs = |reading: Reading| -> BTreeMap<(Category, Hazard), (Stance, Vec<RuleId>)> {
            reading.signals.into_iter().map(|s| ((s.product, s.hazard), (s.stance, s.rules))).collect()
        };
        let (before, after) = (pairs(extract::read(document, first)), pairs(extract::read(document, second)));
        self.texts += 1;
        let text: String = document.text.chars().take(TEXT_CHARS).collect::<String>().replace('\n', " ");
        let mut any = false;
        let mut put = |rules: &[RuleId], sign: &str, pair: &(Category, Hazard), kind: fn(&mut Shift) -> &mut usize| {
            any = true;
            for rule in rules {
                let shift = self.rules.entry(rule.clone()).or_default();
                *kind(shift) += 1;
                let said = shift.examples.iter().filter(|example| example.starts_with(sign)).count();
                if said < EXAMPLES_MAX {
                    shift.examples.push(format!("{sign} {} × {}  {text}", pair.0.zh(), pair.1.zh()));
                }
            }
        };
        for (pair, (stance, rules)) in &after {
            match before.get(pair) {
                None => put(rules, "+", pair, |shift| &mut shift.gained),
                Some((earlier, _)) if earlier != stance => put(rules, "~", pair, |shift| &mut shift.restated),
                Some(_) => {}
            }
        }
        for (pair, (_, rules)) in before.iter().filter(|(pair, _)| !after.contains_key(pair)) {
            put(rules, "-", pair, |shift| &mut shift.lost);
        }
        self.differ += usize::from(any);
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Language::Chinese)
    }
}

impl Report for Comparison {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let head =
            said!(language, "{} 条文本，{} 条读法不同", "{} texts, {} are read differently", self.texts, self.differ);
        writeln!(f, "{head}")?;
        for (rule, shift) in &self.rules {
            let sums = said!(
                language,
                "增 {}  减 {}  断言改变 {}",
                "gained {}  lost {}  other stance {}",
                shift.gained,
                shift.lost,
                shift.restated
            );
            writeln!(f, "{rule}  {sums}")?;
            for example in &shift.examples {
                writeln!(f, "      {example}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::{Channel, DocumentId, Meta, SourceId};

    fn document(text: &str) -> Document {
        Document {
            id: DocumentId::from("d1"),
            source: SourceId::from("test"),
            channel: Channel::Complaint,
            url: None,
            title: None,
            text: text.to_owned(),
            published_at: None,
            seen_at: None,
            meta: Meta::new(),
            raw: None,
        }
    }

    fn small_lexicon() -> Lexicon {
        let rules = r#"
[[rule]]
id = "t.soon"
means = "breaks within a month"
matters = "x"
hazard = "malfunction"
finds = ["{duration<=1月} …2 (坏了|报废)"]
[[rule]]
id = "t.red"
means = "red"
matters = "x"
hazard = "irritation"
finds = ["红了一片"]
[[rule]]
id = "t.smoke"
means = "smoke"
matters = "x"
hazard = "fire"
finds = ["冒烟"]
"#;
        let products = "# provenance: own\n# columns: surface\tcategory\tleaf\tflags\n风扇\tsmall_appliance\t\t\n";
        Lexicon::from_texts([("rules/hazards/t.toml", rules), ("dictionaries/products/p.tsv", products)])
            .expect("loads")
    }

    #[test]
    fn a_survey_counts_what_fires_and_a_comparison_what_changes() {
        let lexicon = small_lexicon();
        let texts = ["风扇三天坏了", "风扇用了三天，结果冒烟", "天气很好"];
        let mut seen = Survey::default();
        for text in texts {
            seen.add(&document(text), &lexicon);
        }
        let soon = &seen.rules[&RuleId::new("t.soon")];
        assert_eq!((seen.texts, soon.finds, soon.signals, soon.examples.len()), (3, 1, 1, 1));
        let notes: Vec<String> = seen.findings(&lexicon).into_iter().map(|finding| finding.message.en).collect();
        assert!(notes.iter().any(|note| note == "never fires: rule `t.red` in 3 texts"), "{notes:?}");
        let bare = Lexicon::from_texts([
            (
                "rules/hazards/t.toml",
                "[[rule]]\nid = \"t.x\"\nmeans = \"x\"\nmatters = \"x\"\nhazard = \"fire\"\nfinds = [\"冒烟\"]\n",
            ),
            ("dictionaries/products/p.tsv", "# provenance: own\n# columns: s\n风扇\tsmall_appliance\t\t\n"),
        ])
        .expect("loads");
        let mut change = Comparison::default();
        for text in texts {
            change.add(&document(text), &lexicon, &bare);
        }
        insta::assert_snapshot!(change.to_string().trim_end(), @"
        3 条文本，1 条读法不同
        t.soon  增 0  减 1  断言改变 0
              - 小家电与个护电器 × 功能故障  风扇三天坏了
        ");
    }
}
