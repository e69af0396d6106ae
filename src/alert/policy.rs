//! The `[alert]` table of the criteria file.

use serde::Deserialize;

use vocabulary::{AlertEvent, Refused, Said, refused};

/// An `[alert]` table that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct AlertError {
    /// The file as the caller named it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// What was found and what was expected.
    pub problem: Refused,
}

impl Said for AlertError {
    fn zh(&self) -> String {
        format!("{}:{}：{}", self.file, self.line, self.problem.zh)
    }
}

/// When episodes close, go down, and are the same.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertPolicy {
    /// Days below the line after which an episode closes.
    pub closing_days: u32,
    /// Days of weaker assessments after which a level goes down.
    pub lowering_days: u32,
    /// Share of common documents from which two assessments describe one incident.
    pub same_incident_share: f64,
    /// Share of reports without a brand from which a narrow rise beside an active alert on one brand belongs to it.
    pub unnamed_share: f64,
    /// Most pieces of evidence on one line.
    pub evidence_max: usize,
}

#[derive(Deserialize)]
struct File {
    alert: AlertPolicy,
}

impl AlertPolicy {
    /// Reads the `[alert]` table; `file` only names it in messages. Other tables belong to other rooms.
    ///
    /// # Errors
    /// [`AlertError`] with file and line when a key is missing, unknown or holds an impossible value.
    pub fn parse(text: &str, file: &str) -> Result<Self, AlertError> {
        let error = |line: usize, problem: Refused| AlertError { file: file.to_owned(), line, problem };
        let parsed: File = toml::from_str(text).map_err(|found| {
            let at = found.span().map_or(0, |span| span.start).min(text.len());
            error(text.get(..at).map_or(1, |head| head.matches('\n').count() + 1), Refused::quoted(found.message()))
        })?;
        let policy = parsed.alert;
        let line =
            |key: &str| text.lines().position(|line| line.trim_start().starts_with(key)).map_or(1, |index| index + 1);
        if !(policy.same_incident_share > 0.0 && policy.same_incident_share <= 1.0) {
            let problem = refused!(
                "`same_incident_share` 为 {}：应为大于 0、最多 1 的比例",
                "`same_incident_share` is {}: expected a share above 0, at most 1",
                policy.same_incident_share
            );
            return Err(error(line("same_incident_share"), problem));
        }
        if !(policy.unnamed_share > 0.0 && policy.unnamed_share <= 1.0) {
            let problem = refused!(
                "`unnamed_share` 为 {}：应为大于 0、最多 1 的比例",
                "`unnamed_share` is {}: expected a share above 0, at most 1",
                policy.unnamed_share
            );
            return Err(error(line("unnamed_share"), problem));
        }
        if policy.closing_days == 0 {
            return Err(error(
                line("closing_days"),
                refused!(
                    "`closing_days` 为 0：事件会在开始的当天结束",
                    "`closing_days` is 0: an episode would close on the day it opens"
                ),
            ));
        }
        if !(1..=AlertEvent::EVIDENCE_MAX).contains(&policy.evidence_max) {
            let problem = refused!(
                "`evidence_max` 为 {}：应为 1 到 {}",
                "`evidence_max` is {}: expected 1 to {}",
                policy.evidence_max,
                AlertEvent::EVIDENCE_MAX
            );
            return Err(error(line("evidence_max"), problem));
        }
        Ok(policy)
    }
}

#[cfg(test)]
pub(super) fn shipped() -> AlertPolicy {
    AlertPolicy::parse(include_str!("../../rules/criteria/default.toml"), "rules/criteria/default.toml").expect("good")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../rules/criteria/default.toml");

    fn refused(from: &str, to: &str) -> AlertError {
        AlertPolicy::parse(&SHIPPED.replace(from, to), "c.toml").expect_err("refused")
    }

    #[test]
    fn the_shipped_policy_is_good() {
        assert_eq!(shipped().closing_days, 28);
    }

    #[test]
    fn an_unknown_key_is_named_with_file_and_line() {
        let error = refused("closing_days", "closing_dayz");
        let line = SHIPPED.lines().position(|line| line.starts_with("closing_days")).expect("there") + 1;
        assert!(error.to_string().starts_with("c.toml:") && error.problem.en.contains("closing_dayz"), "{error}");
        assert_eq!(error.line, line);
    }

    #[test]
    fn impossible_values_are_refused_at_their_line() {
        let error = refused("evidence_max = 50", "evidence_max = 51");
        assert!(error.problem.en.contains("expected 1 to 50") && error.line > 1, "{error}");
        assert!(refused("closing_days = 28", "closing_days = 0").problem.en.contains("would close"));
        assert!(refused("same_incident_share = 0.5", "same_incident_share = 0").problem.en.contains("above 0"));
    }
}
