//! What clocks go by: the calendar of working days and the table of clocks, as shipped or as an operator's folder says.

use vocabulary::{Refused, Said};

use super::calendar::Calendar;
use super::clocks::Clocks;

/// A table that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct HandlingError {
    /// The file as the caller named it.
    pub file: String,
    /// What was found and what was expected.
    pub problem: Refused,
}

impl Said for HandlingError {
    fn zh(&self) -> String {
        format!("{}：{}", self.file, self.problem.zh)
    }
}

/// The calendar and the clocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handling {
    /// Working days.
    pub calendar: Calendar,
    /// How long each party has.
    pub clocks: Clocks,
}

impl Handling {
    /// Reads both tables; `file` names each in errors.
    ///
    /// # Errors
    /// [`HandlingError`] for the first table that cannot be used.
    pub fn parse(calendar: (&str, &str), clocks: (&str, &str)) -> Result<Self, HandlingError> {
        let about = |file: &str| {
            let file = file.to_owned();
            move |problem| HandlingError { file, problem }
        };
        Ok(Self {
            calendar: Calendar::parse(calendar.1).map_err(about(calendar.0))?,
            clocks: Clocks::parse(clocks.1).map_err(about(clocks.0))?,
        })
    }

    /// The tables that are shipped.
    ///
    /// # Panics
    /// Never: a test reads them.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test reads the shipped tables")]
    pub fn shipped() -> Self {
        let calendar = include_str!("../../rules/handling/calendar.toml");
        let clocks = include_str!("../../rules/handling/clocks.toml");
        Self::parse(("rules/handling/calendar.toml", calendar), ("rules/handling/clocks.toml", clocks)).expect("good")
    }
}
