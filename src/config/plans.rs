//! Reruns that the service does by itself: when, over which days, how many results are kept.

use std::path::Path;

use croner::Cron;
use serde::Deserialize;

use super::{ConfigError, wrong};
use vocabulary::refused;

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
        let PlanWritten { name, when, days, every, keep } = plan;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(fits) {
            let expected = refused!(
                "应为 1 到 {NAME_CHARS_MAX} 个小写字母、数字和 `-`",
                "expected 1 to {NAME_CHARS_MAX} lower-case letters, digits and `-`"
            );
            return wrong(path, "rerun.name", format!("{name:?}"), expected);
        }
        if plans.iter().any(|known| known.name == name) {
            let expected = refused!("应为别的 [[rerun]] 没有用过的名称", "expected a name that no other [[rerun]] has");
            return wrong(path, "rerun.name", format!("{name:?}"), expected);
        }
        let Ok(when) = when.parse::<Cron>() else {
            let expected = refused!(
                "应为分、时、日、月、星期，例如 `30 2 * * *`",
                "expected minute, hour, day, month, weekday, as `30 2 * * *`"
            );
            return wrong(path, "rerun.when", format!("{when:?}"), expected);
        };
        if let Some(days) = days.filter(|days| !(1..=DAYS_MAX).contains(days)) {
            let expected = refused!(
                "应为 1 到 {DAYS_MAX}；不写表示全部日期",
                "expected 1 to {DAYS_MAX}, or no such key for all days"
            );
            return wrong(path, "rerun.days", days, expected);
        }
        if let Some(every) = every.filter(|every| !(1..=366).contains(every)) {
            return wrong(path, "rerun.every", every, refused!("应为 1 到 366 天", "expected 1 to 366 days"));
        }
        if let Some(keep) = keep.filter(|keep| !(1..=KEEP_MAX).contains(keep)) {
            let expected = refused!("应为 1 到 {KEEP_MAX} 次结果", "expected 1 to {KEEP_MAX} results");
            return wrong(path, "rerun.keep", keep, expected);
        }
        plans.push(RerunPlan { name, when, days, every_days: every.unwrap_or(1), keep: keep.unwrap_or(KEEP) });
    }
    Ok(plans)
}
