//! The pages for people. Each file parses its address, asks the view, prepares plain strings, and hands them to a template.

pub(super) mod alert;
pub(super) mod alerts;
pub(super) mod bodies;
pub(super) mod deliveries;
pub(super) mod document;
pub(super) mod doubts;
pub(super) mod excluded;
mod forms;
pub(super) mod matter;
pub(super) mod matters;
pub(super) mod provider;
pub(super) mod sampling;
pub(super) mod search;
pub(super) mod searches;
pub(super) mod signin;
pub(super) mod sources;
pub(super) mod status;
pub(super) mod subscriptions;
mod terms;

use askama::Template;
use axum::response::Html;

use super::problem::Problem;
use super::view::View;
use super::{display, text};
use tell::{self, Language};
use vocabulary::About as Kind;
use vocabulary::{Counts, Explanation, Sentence, ShownAssessment};

/// From this share of the events on, the top province is named as the place of an alert.
const MAJORITY: f64 = 0.5;

/// The four counts with their names, always together.
struct CountView {
    name: &'static str,
    value: u64,
    means: &'static str,
}

fn counts(counts: Counts) -> [CountView; 4] {
    [
        CountView { name: "信息数", value: counts.reports, means: "全部信息，含转载" },
        CountView { name: "不同文本", value: counts.texts, means: "同源报道合并后" },
        CountView { name: "来源主体", value: counts.actors, means: "不同的发布者" },
        CountView { name: "涉及地区", value: counts.places, means: "不同的地级行政区" },
    ]
}

/// Where an alert points: the brand and the region it is about, or else where most of its events are.
pub(super) struct Subject {
    pub(super) brand: Option<LabelledName>,
    pub(super) region: Option<LabelledName>,
}

/// A brand or a region with how it is meant.
pub(super) struct LabelledName {
    pub(super) label: &'static str,
    pub(super) name: String,
    /// How many others there are; empty when it is about this one.
    pub(super) among: String,
}

impl Subject {
    pub(super) fn new(view: &View, judged: &ShownAssessment) -> Self {
        let terms = &judged.spread_terms;
        let named = |label, name| LabelledName { label, name, among: String::new() };
        let most_named = |brand: String| match terms.brands {
            1 => named("点名品牌", brand),
            brands => LabelledName { label: "提及最多", name: brand, among: format!("共 {brands} 个品牌") },
        };
        let most_placed = |code| match terms.provinces {
            1 => named("均在", view.region_name(code)),
            provinces if terms.top_province_share < MAJORITY => named("涉及", format!("{provinces} 个省份")),
            provinces => {
                LabelledName {
                    label: "最集中", name: view.region_name(code), among: format!("共 {provinces} 个省份")
                }
            }
        };
        let top_brand = terms.top_brand.clone().filter(|_| terms.brands > 0);
        let top_province = terms.top_province.filter(|_| terms.provinces > 0);
        Self {
            brand: judged.brand.clone().map(|brand| named("品牌", brand)).or_else(|| top_brand.map(most_named)),
            region: (judged.region.map(|code| named("地区", view.region_name(code))))
                .or_else(|| top_province.map(most_placed)),
        }
    }
}

/// What was seen against what was expected, in the deciding window.
fn seen_and_expected(judged: &ShownAssessment) -> String {
    let term = judged.detector.windows.iter().find(|term| term.days == judged.window_days);
    match term {
        Some(term) => format!("近 {} 天 {} 起独立事件，平常预期 {} 起", term.days, term.x, display::roughly(term.mu)),
        None => format!("近 {} 天 {} 条信息", judged.window_days, judged.counts.reports),
    }
}

/// A sentence of an explanation, as a list of them shows it: without its full stop and the code of its rule, which the paragraph and the
/// tables keep.
struct Reason {
    /// What it is about, up to its colon: `处置采样`; empty when it has no such beginning.
    head: String,
    rest: String,
    about: Kind,
}

impl Reason {
    /// The sentences, the decisive ones first; the paragraph itself stays as it is beside them.
    fn all(explanation: &Explanation) -> Vec<Self> {
        let mut reasons: Vec<Self> = Self::in_order(explanation).collect();
        reasons.sort_by_key(|reason| reason.about);
        reasons
    }

    /// The sentences as they follow one another. Prose is cut after its full stops and otherwise left as it is.
    fn in_order(explanation: &Explanation) -> impl Iterator<Item = Self> {
        explanation.sentences().iter().flat_map(|said| {
            let about = said.about();
            if let Sentence::Prose { text } = said {
                let cut = display::sentences(text).into_iter().map(|one| one.trim_end_matches('。').to_owned());
                return cut.map(|rest| Self { head: String::new(), rest, about }).collect();
            }
            let worded = tell::sentence(said, Language::Chinese);
            vec![Self { head: worded.head, rest: worded.body, about }]
        })
    }

    fn is_held(&self) -> bool {
        self.about == Kind::Held
    }
}

/// A row of a table of facts.
struct Fact {
    name: String,
    value: String,
    /// Tooltip: the number without rounding, or the source's own name of a field.
    exact: String,
}

impl Fact {
    fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), exact: String::new() }
    }

    fn number(name: impl Into<String>, shown: String, exact: f64) -> Self {
        Self { name: name.into(), value: shown, exact: exact.to_string() }
    }
}

pub(super) fn render(page: &impl Template) -> Result<Html<String>, Problem> {
    Ok(Html(text::defuse(page.render()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::Disposal;

    fn reasons(explanation: &Explanation) -> Vec<(String, String)> {
        Reason::all(explanation).into_iter().map(|reason| (reason.head, reason.rest)).collect()
    }

    #[test]
    fn sentences_are_listed_with_the_decisive_ones_first_whatever_their_words() {
        let day = jiff::civil::date(2025, 4, 10);
        let means = Some("应当组织采样".to_owned());
        let disposal = Sentence::Disposal { disposal: Disposal::Sample, means, rule: "sample.spread".to_owned() };
        let explanation = Explanation::from(vec![
            Sentence::Expected { baseline_weeks: 9.0, baseline_events: 0, expected: 0.5, p: 0.1 },
            disposal,
            Sentence::Criteria { version: "2026.1".into() },
            Sentence::Held { since: day, days: 28 },
        ]);
        let shown = reasons(&explanation);
        let pairs: Vec<(&str, &str)> = shown.iter().map(|(head, rest)| (head.as_str(), rest.as_str())).collect();
        assert_eq!(pairs[0], ("处置采样", "：应当组织采样"), "the rule's code stays in the paragraph and the tables");
        assert_eq!(pairs[1], ("", "自2025-04-10起评估低于现级，满28天后下调；现级保持"));
        assert!(Reason::all(&explanation)[1].is_held() && pairs[2].1.starts_with("基线9周内0起"), "{pairs:?}");
        assert_eq!(pairs[3], ("", "评价标准2026.1"));
        let closed = explanation.after(Sentence::Quiet { since: day, days: 28 });
        assert_eq!(reasons(&closed)[0].1, "自2025-04-10起连续28天未再越线，关闭");
    }

    #[test]
    fn prose_of_an_earlier_version_is_listed_as_it_stands() {
        let kept =
            "\"截至2025-04-29，近56天有19起独立事件。处置采样：应当组织采样（sample.spread）。评价标准2026.1。\"";
        let kept: Explanation = serde_json::from_str(kept).expect("an explanation");
        let rests: Vec<String> = reasons(&kept).into_iter().map(|(_, rest)| rest).collect();
        let whole =
            ["截至2025-04-29，近56天有19起独立事件", "处置采样：应当组织采样（sample.spread）", "评价标准2026.1"];
        assert_eq!(rests, whole);
        assert!(Reason::all(&Explanation::default()).is_empty());
    }
}
