//! The orders in which hits come.

use serde::{Deserialize, Serialize};

/// In which order hits come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Best match first, then newest in the log.
    #[default]
    Relevance,
    /// Latest event time first; documents without one last.
    Newest,
    /// Worst injury first, of equals the latest; documents without a signal last.
    Severity,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 3] = [Self::Relevance, Self::Newest, Self::Severity];

    /// What is written behind `sort:`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Newest => "date",
            Self::Severity => "severity",
        }
    }

    /// Its Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Relevance => "相关",
            Self::Newest => "日期",
            Self::Severity => "伤害",
        }
    }
}
