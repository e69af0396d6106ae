//! The `[sampling]` table of the criteria file, and the table of test items.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::SamplingError;
use super::size::detect_one;
use vocabulary::{Category, Danger, Hazard, Refused, TestItem, refused};

/// Everything that a sampling request is made by.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingPolicy {
    /// How to buy.
    pub mode: String,
    /// Who does it until a person is named.
    pub staff: String,
    /// Platforms when no listing is known.
    pub default_platforms: Vec<String>,
    /// Most candidate sellers proposed.
    pub sellers_max: usize,
    /// Batches by danger.
    pub batches: BTreeMap<Danger, BatchGoal>,
    /// Days to the last result by danger.
    pub deadline_days: BTreeMap<Danger, u32>,
    items: BTreeMap<(Category, Hazard), Vec<TestItem>>,
    fallback: BTreeMap<Hazard, Vec<TestItem>>,
}

/// What the batches have to be able to find.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchGoal {
    /// Probability of finding at least one bad batch…
    pub confidence: f64,
    /// …when this share is bad.
    pub rate: f64,
}

#[derive(Deserialize)]
struct CriteriaFile {
    sampling: Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    mode: String,
    staff: String,
    default_platforms: Vec<String>,
    sellers_max: usize,
    batches: BTreeMap<Danger, BatchGoal>,
    deadline_days: BTreeMap<Danger, u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemsFile {
    items: Vec<Items>,
    fallback: Vec<Fallback>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Items {
    categories: Vec<Category>,
    hazards: Vec<Hazard>,
    tests: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fallback {
    hazards: Vec<Hazard>,
    tests: Vec<(String, String)>,
}

impl SamplingPolicy {
    /// Reads the `[sampling]` table of a criteria file and a table of test items; the file names are only for messages.
    ///
    /// # Errors
    /// [`SamplingError::Policy`] with file and line when a key is missing, unknown or holds an impossible value.
    pub fn parse(criteria: &str, criteria_file: &str, items: &str, items_file: &str) -> Result<Self, SamplingError> {
        let Table { mode, staff, default_platforms, sellers_max, batches, deadline_days } =
            read::<CriteriaFile>(criteria, criteria_file)?.sampling;
        let refuse = |key: &str, problem: Refused| SamplingError::Policy {
            file: criteria_file.to_owned(),
            line: line_of(criteria, key),
            problem,
        };
        for danger in Danger::ALL {
            match batches.get(danger) {
                None => {
                    return Err(refuse(
                        "[sampling.batches]",
                        refused!(
                            "`batches` 没有隐患程度 `{danger}` 的一行",
                            "`batches` has no line for danger `{danger}`"
                        ),
                    ));
                }
                Some(goal) if detect_one(goal.confidence, goal.rate).is_none() => {
                    let problem = refused!(
                        "`batches.{danger}` 为 {goal:?}：应为两个大于 0、小于 1 的比例",
                        "`batches.{danger}` is {goal:?}: expected two shares above 0 and below 1"
                    );
                    return Err(refuse("[sampling.batches]", problem));
                }
                Some(_) => {}
            }
            if deadline_days.get(danger).is_none_or(|days| *days == 0) {
                let problem = refused!(
                    "`deadline_days` 要给隐患程度 `{danger}` 一个大于 0 的数",
                    "`deadline_days` needs a number above 0 for danger `{danger}`"
                );
                return Err(refuse("[sampling.deadline_days]", problem));
            }
        }
        for (key, text) in [("mode", &mode), ("staff", &staff)] {
            if text.trim().is_empty() {
                return Err(refuse(key, refused!("`{key}` 是空的", "`{key}` is empty")));
            }
        }
        let file = read::<ItemsFile>(items, items_file)?;
        let mut by_cell: BTreeMap<(Category, Hazard), Vec<TestItem>> = BTreeMap::new();
        for row in &file.items {
            for category in &row.categories {
                for hazard in &row.hazards {
                    by_cell.entry((*category, *hazard)).or_default().extend(tests(&row.tests, items, items_file)?);
                }
            }
        }
        let mut fallback: BTreeMap<Hazard, Vec<TestItem>> = BTreeMap::new();
        for row in &file.fallback {
            for hazard in &row.hazards {
                fallback.entry(*hazard).or_default().extend(tests(&row.tests, items, items_file)?);
            }
        }
        if let Some(hazard) = Hazard::ALL.iter().find(|hazard| !fallback.contains_key(hazard)) {
            let problem = refused!(
                "没有 `fallback` 写明隐患 `{hazard}`：那样抽检任务可能没有检验项目",
                "no `fallback` names hazard `{hazard}`: without one a request could lack its test items"
            );
            return Err(SamplingError::Policy {
                file: items_file.to_owned(),
                line: line_of(items, "[[fallback]]"),
                problem,
            });
        }
        Ok(Self { mode, staff, default_platforms, sellers_max, batches, deadline_days, items: by_cell, fallback })
    }

    /// Every test item that is named for a category × hazard.
    pub fn items(&self) -> impl Iterator<Item = (Category, Hazard, &TestItem)> {
        self.items.iter().flat_map(|((category, hazard), items)| items.iter().map(|item| (*category, *hazard, item)))
    }

    /// What to test, and whether it is named for this very category × hazard (else it is the hazard's general test).
    #[must_use]
    pub fn tests(&self, category: Category, hazard: Hazard) -> (&[TestItem], bool) {
        match self.items.get(&(category, hazard)) {
            Some(items) => (items, true),
            None => (self.fallback.get(&hazard).map_or(&[], Vec::as_slice), false),
        }
    }
}

fn tests(rows: &[(String, String)], text: &str, file: &str) -> Result<Vec<TestItem>, SamplingError> {
    let empty = |(item, standard): &&(String, String)| item.trim().is_empty() || standard.trim().is_empty();
    if let Some((item, standard)) = rows.iter().find(empty) {
        let line =
            text.lines().position(|line| line.contains(&format!("\"{item}\", \"{standard}\""))).map_or(1, |at| at + 1);
        let problem = refused!(
            "一项检验要有项目和标准，现为 `{item}` 和 `{standard}`",
            "a test needs an item and a standard, found `{item}` and `{standard}`"
        );
        return Err(SamplingError::Policy { file: file.to_owned(), line, problem });
    }
    Ok(rows.iter().map(|(item, standard)| TestItem { item: item.clone(), standard: standard.clone() }).collect())
}

fn read<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, SamplingError> {
    toml::from_str(text).map_err(|found| {
        let at = found.span().map_or(0, |span| span.start).min(text.len());
        let line = text.get(..at).map_or(1, |head| head.matches('\n').count() + 1);
        SamplingError::Policy { file: file.to_owned(), line, problem: Refused::quoted(found.message()) }
    })
}

/// First line that begins with the key; 1 when there is none.
fn line_of(text: &str, key: &str) -> usize {
    text.lines().position(|line| line.trim_start().starts_with(key)).map_or(1, |index| index + 1)
}

#[cfg(test)]
pub(super) const CRITERIA: &str = include_str!("../../rules/criteria/default.toml");
#[cfg(test)]
pub(super) const ITEMS: &str = include_str!("../../rules/criteria/test_items.toml");

#[cfg(test)]
pub(super) fn shipped() -> SamplingPolicy {
    SamplingPolicy::parse(CRITERIA, "default.toml", ITEMS, "test_items.toml").expect("the shipped files are good")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_and_hazard_has_something_to_test() {
        let policy = shipped();
        let mut named = 0;
        for category in Category::ALL {
            for hazard in Hazard::ALL {
                let (items, specific) = policy.tests(*category, *hazard);
                assert!(!items.is_empty(), "{category} × {hazard}");
                named += usize::from(specific);
            }
        }
        assert!(named >= 150, "{named} pairs have tests of their own");
    }

    #[test]
    fn a_mistake_is_told_with_file_and_line() {
        let refused = |criteria: &str, items: &str| {
            SamplingPolicy::parse(criteria, "c.toml", items, "i.toml").expect_err("refused").to_string()
        };
        let items = ITEMS.replacen("hazards = [\"fire\", \"burn\"]", "hazards = [\"fires\"]", 1);
        let error = refused(CRITERIA, &items);
        assert!(error.starts_with("i.toml:") && error.contains("fires"), "{error}");
        assert!(!error.starts_with("i.toml:1:"), "{error}");
        let error = refused(CRITERIA, &ITEMS.replace("\"净含量\", \"JJF 1070-2023\"", "\"净含量\", \"\""));
        assert!(error.contains("needs an item and a standard"), "{error}");
        let error = refused(CRITERIA, &ITEMS.replace("hazards = [\"measure\"]\ntests", "hazards = []\ntests"));
        assert!(error.contains("no `fallback` names hazard `measure`"), "{error}");
        let error = refused(&CRITERIA.replace("high = 20", "hgih = 20"), ITEMS);
        assert!(error.starts_with("c.toml:") && error.contains("hgih"), "{error}");
        let error = refused(&CRITERIA.replace("rate = 0.20", "rate = 1.5"), ITEMS);
        assert!(error.contains("expected two shares"), "{error}");
    }
}
