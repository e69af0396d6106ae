//! What happens to the watch itself and somebody should know: the past changed, other rules are in force (clause 4-10), what was owed in matters
//! was not done in time (clauses 3-13, 3-14).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A planned rerun says of days gone by what the run before did not say.
    PastChanged,
    /// A planned rerun failed.
    RerunFailed,
    /// Promoted rules are in force.
    RulesInForce,
    /// Promoted rules could not be put in force.
    RulesFailed,
    /// What somebody owes in a matter was not done in time.
    DutiesOverdue,
}

impl NoticeKind {
    /// Its code, as in a webhook's `type` behind `notice.`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::PastChanged => "past_changed",
            Self::RerunFailed => "rerun_failed",
            Self::RulesInForce => "rules_in_force",
            Self::RulesFailed => "rules_failed",
            Self::DutiesOverdue => "duties_overdue",
        }
    }

    /// In Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::PastChanged => "过去变了",
            Self::RerunFailed => "重放失败",
            Self::RulesInForce => "规则已启用",
            Self::RulesFailed => "规则未启用",
            Self::DutiesOverdue => "逾期未办",
        }
    }
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Notice {
    /// What happened.
    pub kind: NoticeKind,
    /// When.
    pub at: Timestamp,
    /// About which thing: the plan of a rerun, the versions of rules, the day on which something is overdue.
    pub about: String,
    /// What people should know, in Chinese.
    pub text: String,
}
