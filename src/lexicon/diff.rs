//! What two lexicon folders say differently: rules, cues, idioms, word classes, dictionary rows.
//!
//! Compares the files as they are written, so that a change of order or layout is none. What the change does to texts is for
//! `extract::compare`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use super::files::{self, Files};
use super::{LexiconError, written};
use vocabulary::{Language, Report};

/// One named thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    /// `rule fire.product`, `cue stance.fear`, `words part.engine`, `dictionaries/brands.tsv`.
    pub name: String,
    /// What was added, removed or changed, one line each; empty when the whole thing is new or gone.
    pub details: Vec<String>,
}

/// The differences between two lexicons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Only in the second.
    pub added: Vec<Changed>,
    /// Only in the first.
    pub removed: Vec<Changed>,
    /// In both, not alike.
    pub changed: Vec<Changed>,
}

/// Rows or words of one difference that are listed; the rest is counted.
const LISTED_MAX: usize = 12;

/// Compares two folders that hold `rules/` and `dictionaries/`.
///
/// # Errors
/// A folder or file that cannot be read, or a rule file that is no TOML.
pub fn diff(first: &Path, second: &Path) -> Result<Difference, LexiconError> {
    compare(&files::folder(first)?, &files::folder(second)?)
}

fn compare(first: &Files, second: &Files) -> Result<Difference, LexiconError> {
    let (before, after) = (things(first)?, things(second)?);
    let mut difference = Difference::default();
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) if old != new => {
                difference.changed.push(Changed { name: name.clone(), details: details(old, new) });
            }
            (None, Some(_)) => difference.added.push(Changed { name: name.clone(), details: Vec::new() }),
            (Some(_), None) => difference.removed.push(Changed { name: name.clone(), details: Vec::new() }),
            _ => {}
        }
    }
    Ok(difference)
}

/// A named thing: its fields, each with the set of what is written there.
type Fields = BTreeMap<String, BTreeSet<String>>;

fn things(files: &Files) -> Result<BTreeMap<String, Fields>, LexiconError> {
    let mut things: BTreeMap<String, Fields> = BTreeMap::new();
    for (name, text) in files {
        if name.rsplit('.').next() != Some("toml") {
            let rows = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
            things.entry(name.clone()).or_default().insert("row".to_owned(), rows.map(str::to_owned).collect());
        } else if files::RULE_FOLDERS.iter().any(|folder| name.starts_with(folder)) {
            let table: toml::Table = written::parse(name, text)?;
            for (key, value) in table {
                written(name, &key, value, &mut things);
            }
        }
    }
    Ok(things)
}

fn written(file: &str, key: &str, value: toml::Value, things: &mut BTreeMap<String, Fields>) {
    match value {
        // [[rule]], [[cue]], [[idiom]], [[injury]]
        toml::Value::Array(items) => {
            for item in items {
                let toml::Value::Table(fields) = item else { continue };
                let id = fields.get("id").and_then(toml::Value::as_str).unwrap_or("?").to_owned();
                let thing = things.entry(format!("{key} {id}")).or_default();
                for (field, value) in fields.into_iter().filter(|(field, _)| field != "id") {
                    thing.insert(field, values(value));
                }
            }
        }
        // [words], [compatible], …: each entry is a thing of its own.
        toml::Value::Table(entries) => {
            for (entry, value) in entries {
                things.entry(format!("{key} {entry}")).or_default().insert("entry".to_owned(), values(value));
            }
        }
        other => {
            things.entry(format!("{file} {key}")).or_default().insert("value".to_owned(), values(other));
        }
    }
}

fn values(value: toml::Value) -> BTreeSet<String> {
    match value {
        toml::Value::Array(items) => items.into_iter().map(plain).collect(),
        other => BTreeSet::from([plain(other)]),
    }
}

fn plain(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        other => other.to_string(),
    }
}

fn details(old: &Fields, new: &Fields) -> Vec<String> {
    let fields: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let none = BTreeSet::new();
    let mut details = Vec::new();
    for field in fields {
        let (before, after) = (old.get(field).unwrap_or(&none), new.get(field).unwrap_or(&none));
        for (sign, one, other) in [('-', before, after), ('+', after, before)] {
            let only: Vec<&String> = one.difference(other).collect();
            details.extend(
                only.iter().take(LISTED_MAX).map(|value| format!("{sign} {field}: {}", value.replace('\t', " | "))),
            );
            if only.len() > LISTED_MAX {
                details.push(format!("{sign} {field}: … (+{})", only.len() - LISTED_MAX));
            }
        }
    }
    details
}

impl Report for Difference {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let [added, removed, changed] = language.pick(["新增", "删除", "改动"], ["added", "removed", "changed"]);
        let between = language.pick("，", ", ");
        let counts = [self.added.len(), self.removed.len(), self.changed.len()];
        writeln!(f, "{added} {}{between}{removed} {}{between}{changed} {}", counts[0], counts[1], counts[2])?;
        for (word, list) in [(added, &self.added), (removed, &self.removed), (changed, &self.changed)] {
            for changed in list {
                writeln!(f, "{word}  {}", changed.name)?;
                for detail in &changed.details {
                    writeln!(f, "      {detail}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(rule: &str, rows: &str) -> Files {
        let text = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        [text("rules/hazards/a.toml", rule), text("dictionaries/brands.tsv", rows)].into()
    }

    #[test]
    fn rules_words_and_rows_are_compared_by_what_they_say() {
        let old = files(
            "[words]\nw = [\"a\", \"b\"]\n[[rule]]\nid = \"x.one\"\nfinds = [\"漏电\"]\npriority = 1\n[[rule]]\nid = \"x.gone\"\n",
            "# columns\n美\t美\n",
        );
        let new = files(
            "[words]\nw = [\"b\", \"a\", \"c\"]\n[[rule]]\nid = \"x.new\"\n[[rule]]\npriority = 1\nid = \"x.one\"\nfinds = [\"漏电\", \"触电\"]\n",
            "# other comment\n美\t美\n新\t新\n",
        );
        insta::assert_snapshot!(compare(&old, &new).expect("both parse").text(Language::Chinese).trim_end(), @"
        新增 1，删除 1，改动 3
        新增  rule x.new
        删除  rule x.gone
        改动  dictionaries/brands.tsv
              + row: 新 | 新
        改动  rule x.one
              + finds: 触电
        改动  words w
              + entry: c
        ");
        assert_eq!(compare(&old, &old).expect("parses"), Difference::default());
    }
}
