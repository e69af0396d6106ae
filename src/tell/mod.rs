//! Words explanations in Chinese and in English: each sentence in one place, both languages side by side.
//!
//! In: the values of an [`Explanation`]. Out: text. Not here: arithmetic beyond showing a number, what is said of whom (`score`, `alert`,
//! `access` make the values), HTML. Nobody reads text back into values: what a sentence is about is [`Sentence::about`].

mod change;
mod danger;
mod number;
mod outcomes;
mod place;
mod spread;
#[cfg(test)]
mod tests;

pub use number::figure;

use std::fmt;

use number::{recurrence, share_at_most};
use place::{place, province};
pub use vocabulary::Language;
use vocabulary::{Alert, AlertEvent, Assessment, Explanation, Sentence, ShownAlert, ShownEvent, Subject};

/// One sentence in words. Its `Display` is the whole sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// What it is about, up to its colon: `处置采样`; empty when it has no such beginning.
    pub head: String,
    /// What it says, with that colon, without the full stop.
    pub body: String,
    /// Id of the rule that decided, which ends the sentence in brackets.
    pub rule: Option<String>,
    language: Language,
    /// What stands around it.
    ends: Ends,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// A full stop behind it.
    Stop,
    /// Brackets around it.
    Brackets,
    /// Nothing: it ends with a full stop of its own.
    Own,
}

impl Wording {
    fn new(language: Language, body: String) -> Self {
        Self { head: String::new(), body, rule: None, language, ends: Ends::Stop }
    }

    fn under(self, head: String) -> Self {
        Self { head, ..self }
    }

    fn by(self, rule: &str) -> Self {
        Self { rule: Some(rule.to_owned()), ..self }
    }
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = match (self.ends, self.language) {
            (Ends::Stop, Language::Chinese) => ("", "。"),
            (Ends::Stop, Language::English) => ("", "."),
            (Ends::Brackets, Language::Chinese) => ("（", "。）"),
            (Ends::Brackets, Language::English) => ("(", ".)"),
            (Ends::Own, _) => ("", ""),
        };
        write!(f, "{open}{}{}", self.head, self.body)?;
        match (&self.rule, self.language) {
            (Some(rule), Language::Chinese) => write!(f, "（{rule}）")?,
            (Some(rule), Language::English) => write!(f, " ({rule})")?,
            (None, _) => {}
        }
        f.write_str(close)
    }
}

/// An explanation as one paragraph; empty when it has no sentence.
#[must_use]
pub fn paragraph(explanation: &Explanation, language: Language) -> String {
    let sentences = explanation.sentences().iter().map(|said| sentence(said, language).to_string());
    sentences.collect::<Vec<String>>().join(match language {
        Language::Chinese => "",
        Language::English => " ",
    })
}

/// What has an explanation.
pub trait Explained {
    /// Its explanation.
    fn explanation_mut(&mut self) -> &mut Explanation;
}

impl Explained for Assessment {
    fn explanation_mut(&mut self) -> &mut Explanation {
        &mut self.explanation
    }
}

impl Explained for Alert {
    fn explanation_mut(&mut self) -> &mut Explanation {
        &mut self.assessment.explanation
    }
}

impl Explained for AlertEvent {
    fn explanation_mut(&mut self) -> &mut Explanation {
        &mut self.explanation
    }
}

impl Explained for ShownAlert {
    fn explanation_mut(&mut self) -> &mut Explanation {
        &mut self.assessment.explanation
    }
}

impl Explained for ShownEvent {
    fn explanation_mut(&mut self) -> &mut Explanation {
        &mut self.explanation
    }
}

/// The same with its explanation as one paragraph of prose: the form of every output. What is stored keeps the values.
#[must_use]
pub fn written<T: Explained>(mut value: T, language: Language) -> T {
    let explanation = value.explanation_mut();
    *explanation = Explanation::prose(paragraph(explanation, language));
    value
}

/// One sentence in words.
#[must_use]
pub fn sentence(said: &Sentence, language: Language) -> Wording {
    let plain = |chinese: &dyn Fn() -> String, english: &dyn Fn() -> String| match language {
        Language::Chinese => Wording::new(language, chinese()),
        Language::English => Wording::new(language, english()),
    };
    let head = |chinese: &dyn Fn() -> String, english: &dyn Fn() -> String| match language {
        Language::Chinese => chinese(),
        Language::English => english(),
    };
    match said {
        Sentence::Prose { text } => Wording { ends: Ends::Own, ..Wording::new(language, text.clone()) },
        Sentence::Seen { as_of, days, subject, events, counts: c } => plain(
            &|| {
                let what = matter(subject, language);
                format!(
                    "截至{as_of}，近{days}天{what}有{events}起独立事件（{}条信息、{}个不同文本、{}个来源主体、{}个地区）",
                    c.reports, c.texts, c.actors, c.places
                )
            },
            &|| {
                let what = matter(subject, language);
                format!(
                    "As of {as_of}, {events} independent events of {what} in {days} days ({} reports, {} texts, {} actors, {} places)",
                    c.reports, c.texts, c.actors, c.places
                )
            },
        ),
        Sentence::Expected { baseline_weeks, baseline_events, expected, p } => {
            let (weeks, expected, p) = (figure(*baseline_weeks), figure(*expected), figure(*p));
            plain(
                &|| {
                    format!(
                        "基线{weeks}周内{baseline_events}起，结合同类先验并按已读信息量折算，预期{expected}起；偶然达到或超过的概率（mid-p）{p}"
                    )
                },
                &|| {
                    format!(
                        "{expected} expected, from {baseline_events} in a baseline of {weeks} weeks, the prior of its kind and the number of \
                         documents read; mid-p {p}"
                    )
                },
            )
        }
        Sentence::Rise { evidence, h, h_threshold, crossed } => {
            let (evidence, often) = (figure(*evidence), recurrence(*h, language));
            plain(
                &|| {
                    let crossed =
                        if *crossed { "越过" } else { "未越过（或起数不足、开始监测后无新发）" };
                    format!(
                        "上升证据{evidence}，此类单元偶然如此{often}（h={h:.2}），{crossed}误报预算所定门限{h_threshold:.2}"
                    )
                },
                &|| {
                    let crossed =
                        if *crossed { "above" } else { "not above (or too few events, or none since the watch began)" };
                    format!(
                        "Evidence for a rise {evidence}: a cell of this kind shows as much {often} by chance (h {h:.2}), {crossed} the limit of \
                         the false-alarm budget, {h_threshold:.2}"
                    )
                },
            )
        }
        Sentence::Began { week_of, probability } => {
            plain(&|| format!("上升约始于{week_of}起的一周（变点概率{probability:.2}）"), &|| {
                format!("The rise began about the week of {week_of} (probability of that change {probability:.2})")
            })
        }
        Sentence::Among { cells, alike, q, e_q } => {
            let (q, e_q) = (share_at_most(*q, language), share_at_most(*e_q, language));
            plain(
                &|| {
                    format!(
                        "当日共比较{cells}个单元，偶然可能不大于本件的有{alike}个，其中系偶然的预计{q}（BH法；不论单元间如何相关，e-BH法{e_q}）"
                    )
                },
                &|| {
                    format!(
                        "Of {cells} cells compared that day {alike} are as improbable by chance as this one; of those {q} are expected to be \
                         chance (BH; e-BH, however cells depend on one another: {e_q})"
                    )
                },
            )
        }
        Sentence::SingleRule { rule, means } => match language {
            Language::Chinese => Wording::new(language, format!("：{means}")).under("单件规则命中".to_owned()).by(rule),
            Language::English => Wording::new(language, format!("Rule {rule} for single reports holds")),
        },
        Sentence::Spread { spread, brands, provinces, findings, rule } => {
            let head = head(&|| format!("范围{}", spread.zh()), &|| format!("Spread is {}", spread.en()));
            Wording::new(language, spread::body(brands, provinces, findings, language)).under(head).by(rule)
        }
        Sentence::Danger { danger, terms, branded } => {
            let head = head(&|| format!("隐患程度{}", danger.zh()), &|| format!("Danger is {}", danger.en()));
            Wording::new(language, danger::body(terms, *branded, language)).under(head)
        }
        Sentence::Thinned(terms) => Wording::new(language, outcomes::thinned(terms, language)),
        Sentence::Muted(terms) => Wording::new(language, outcomes::muted(terms, language)),
        Sentence::Confirmed(terms) => Wording::new(language, outcomes::confirmed(terms, language)),
        Sentence::Matter(terms) => plain(&|| format!("本事项{}", outcomes::failures(terms, language)), &|| {
            format!("This matter: {}", outcomes::failures(terms, language))
        }),
        Sentence::Usual(terms) => {
            plain(&|| format!("同类随机抽检{}", outcomes::failures(terms, language)), &|| {
                format!("Random samples of the category: {}", outcomes::failures(terms, language))
            })
        }
        Sentence::Real(terms) => Wording::new(language, outcomes::real(terms, language)),
        Sentence::Disposal { disposal, means, rule } => {
            let means = means.as_deref().unwrap_or("未越过门限，也无单件规则命中");
            let head = head(&|| format!("处置{}", disposal.zh()), &|| "Disposal".to_owned());
            plain(&|| format!("：{means}"), &|| format!(": {}", disposal.en())).under(head).by(rule)
        }
        Sentence::Change { as_of, danger, spread, disposal, changes } => {
            let held = (*danger, *spread, *disposal);
            let changes: Vec<String> = changes.iter().map(|change| change::clause(change, held, language)).collect();
            let of = as_of.map(|day| head(&|| format!("按{day}的情况，"), &|| format!(" (as of {day})")));
            let of = of.unwrap_or_default();
            match language {
                Language::Chinese => {
                    Wording::new(language, format!("：{of}{}", changes.join("；"))).under("改判条件".to_owned())
                }
                Language::English => Wording::new(language, format!(": {}", changes.join("; ")))
                    .under(format!("What would change it{of}")),
            }
        }
        Sentence::Criteria { version } => {
            plain(&|| format!("评价标准{version}"), &|| format!("Criteria {version}"))
        }
        Sentence::Held { since, days } => Wording {
            ends: Ends::Brackets,
            ..plain(&|| format!("自{since}起评估低于现级，满{days}天后下调；现级保持"), &|| {
                format!("Assessments since {since} are lower; the levels stay until {days} days of that have passed")
            })
        },
        Sentence::Merged { into } => plain(&|| format!("并入预警{into}"), &|| format!("Merged into alert {into}")),
        Sentence::Unconfirmed { outcome } => {
            plain(&|| format!("经核查或检验未证实（{outcome}），关闭"), &|| {
                format!("Looked into or tested, and not confirmed ({outcome}): closed")
            })
        }
        Sentence::Quiet { since, days } => {
            plain(&|| format!("自{since}起连续{days}天未再越线，关闭"), &|| {
                format!("Not above the line for {days} days since {since}: closed")
            })
        }
        Sentence::Levels { as_of, category, hazard, danger, spread, disposal } => {
            let day =
                as_of.map(|day| head(&|| format!("截至{day}，"), &|| format!("As of {day}, "))).unwrap_or_default();
            plain(
                &|| {
                    let (category, hazard, danger) = (category.zh(), hazard.zh(), danger.zh());
                    format!("{day}{category}／{hazard}：隐患程度{danger}，范围{}，处置{}", spread.zh(), disposal.zh())
                },
                &|| {
                    let (category, hazard, danger) = (category.en(), hazard.en(), danger.en());
                    format!(
                        "{day}{category}/{hazard}: danger {danger}, spread {}, disposal {}",
                        spread.en(),
                        disposal.en()
                    )
                },
            )
        }
    }
}

/// Which matter a sentence is about.
fn matter(subject: &Subject, language: Language) -> String {
    let Subject { category, hazard, brand, region } = subject;
    match language {
        Language::Chinese => {
            let region = region.as_ref().map(|place| province(place.region, language)).unwrap_or_default();
            let brand = brand.as_deref().map(|brand| format!("“{brand}”")).unwrap_or_default();
            format!("{region}{brand}{}“{}”", category.zh(), hazard.zh())
        }
        Language::English => {
            let brand = brand.as_deref().map(|brand| format!(" of “{brand}”")).unwrap_or_default();
            let region = region.as_ref().map(|region| format!(" in {}", place(region, language))).unwrap_or_default();
            format!("{} in {}{brand}{region}", hazard.en(), category.en())
        }
    }
}
