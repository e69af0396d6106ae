//! What clocks go by: the calendar of working days and the table of clocks, as shipped or as an operator's folder says.

use vocabulary::{Refused, Said};

use super::calendar::Calendar;
use super::clocks::Clocks;
use super::measures::Measures;

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

/// The calendar, the clocks and the recommended measures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handling {
    /// Working days.
    pub calendar: Calendar,
    /// How long each party has.
    pub clocks: Clocks,
    /// Which measures are recommended.
    pub measures: Measures,
}

impl Handling {
    /// Reads all tables; `file` names each in errors.
    ///
    /// # Errors
    /// [`HandlingError`] for the first table that cannot be used.
    pub fn parse(calendar: (&str, &str), clocks: (&str, &str), measures: (&str, &str)) -> Result<Self, HandlingError> {
        let about = |file: &str| {
            let file = file.to_owned();
            move |problem| HandlingError { file, problem }
        };
        Ok(Self {
            calendar: Calendar::parse(calendar.1).map_err(about(calendar.0))?,
            clocks: Clocks::parse(clocks.1).map_err(about(clocks.0))?,
            measures: Measures::parse(measures.1).map_err(about(measures.0))?,
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
        let measures = include_str!("../../rules/handling/measures.toml");
        let (calendar, clocks) = (("rules/handling/calendar.toml", calendar), ("rules/handling/clocks.toml", clocks));
        Self::parse(calendar, clocks, ("rules/handling/measures.toml", measures)).expect("good")
    }
}
