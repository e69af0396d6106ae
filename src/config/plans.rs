//! Reruns that the service does by itself: when, over which days, how many results are kept.

use std::path::Path;

use croner::Cron;
use serde::Deserialize;

use super::ConfigError;

/// Results kept of a plan when nobody says otherwise, and at most.
const KEEP: u32 = 8;
const KEEP_MAX: u32 = 1_000;
/// Longest name of a plan: it is the name of a folder.
const NAME_CHARS_MAX: usize = 40;
/// Most days that a plan may look back.
const DAYS_MAX: u32 = 36_600;

/// A `[[rerun]]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanWritten {
    name: String,
    when: String,
    days: Option<u32>,
    every: Option<u32>,
    keep: Option<u32>,
}

/// A rerun that the service does by itself, over its own log.
#[derive(Debug, Clone)]
pub struct RerunPlan {
    /// Its name: lower-case letters, digits and `-`.
    pub name: String,
    /// When it is due, in civil time of Asia/Shanghai.
    pub when: Cron,
    /// How many whole days it looks back; none: all there are.
    pub days: Option<u32>,
    /// Days between two judgements.
    pub every_days: u32,
    /// How many whole results are kept.
    pub keep: u32,
}

/// The plans of a settings file, checked.
pub(super) fn plans(path: &Path, written: Vec<PlanWritten>) -> Result<Vec<RerunPlan>, ConfigError> {
    let mut plans: Vec<RerunPlan> = Vec::with_capacity(written.len());
    for plan in written {
        let wrong =
            |key, found: String, expected| Err(ConfigError::Value { path: path.to_owned(), key, found, expected });
        let PlanWritten { name, when, days, every, keep } = plan;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(fits) {
            return wrong("rerun.name", format!("{name:?}"), "expected 1 to 40 lower-case letters, digits and `-`");
        }
        if plans.iter().any(|known| known.name == name) {
            return wrong("rerun.name", format!("{name:?}"), "expected a name that no other [[rerun]] has");
        }
        let Ok(when) = when.parse::<Cron>() else {
            return wrong(
                "rerun.when",
                format!("{when:?}"),
                "expected minute, hour, day, month, weekday, as `30 2 * * *`",
            );
        };
        if let Some(days) = days.filter(|days| !(1..=DAYS_MAX).contains(days)) {
            return wrong("rerun.days", days.to_string(), "expected 1 to 36600, or no such key for all days");
        }
        if let Some(every) = every.filter(|every| !(1..=366).contains(every)) {
            return wrong("rerun.every", every.to_string(), "expected 1 to 366 days");
        }
        if let Some(keep) = keep.filter(|keep| !(1..=KEEP_MAX).contains(keep)) {
            return wrong("rerun.keep", keep.to_string(), "expected 1 to 1000 results");
        }
        plans.push(RerunPlan { name, when, days, every_days: every.unwrap_or(1), keep: keep.unwrap_or(KEEP) });
    }
    Ok(plans)
}
