//! Two reruns set beside each other, with what the difference does to known incidents.

use std::path::Path;

use serde::Serialize;

use super::backtest::{Backtest, Incident, backtest};
use pipeline::diff::{self, Report, RunDiff, Section};
use pipeline::{PipelineError, json_lines};

/// A comparison of two reruns, and how early each raised alerts on known incidents.
#[derive(Debug, Serialize)]
pub struct Compared {
    /// What they say differently.
    #[serde(flatten)]
    pub diff: RunDiff,
    /// Known incidents by each run; none where no incidents were given.
    pub backtest: Option<[Backtest; 2]>,
}

/// Sets two reruns beside each other; `incidents`: known ones, none when empty.
///
/// # Errors
/// A folder that no rerun wrote, or a file in it that cannot be read.
pub fn compare(first: &Path, second: &Path, incidents: &[Incident]) -> Result<Compared, PipelineError> {
    let diff = diff::diff(first, second)?;
    let backtest_of = |at: usize| -> Result<Backtest, PipelineError> {
        let head = &diff.runs[at];
        Ok(backtest(incidents, &json_lines(&head.run.join("alerts.ndjson"))?, head.range))
    };
    let backtest = if incidents.is_empty() { None } else { Some([backtest_of(0)?, backtest_of(1)?]) };
    Ok(Compared { diff, backtest })
}

impl Compared {
    /// The comparison for people.
    #[must_use]
    pub fn report(&self) -> Report<'_> {
        let report = self.diff.report();
        let Some([first, second]) = &self.backtest else { return report };
        let line = |name: &str, run: &Backtest| {
            let in_time = run.results.iter().filter(|result| result.in_time()).count();
            format!(
                "{name}：{}起已知事件中{in_time}起在首次处置前预警，平均提前{:.1}天，预警每30天{:.1}件",
                run.results.len(),
                run.lead_days,
                run.per_30_days
            )
        };
        report.with(Section { title: "已知事件".to_owned(), lines: vec![line("甲", first), line("乙", second)] })
    }
}
