//! Two reruns set beside each other, with what the difference does to known incidents.

use std::path::Path;

use serde::Serialize;

use super::backtest::{Backtest, Incident, backtest};
use pipeline::diff::{self, Report, RunDiff, Section};
use pipeline::{PipelineError, json_lines};
use vocabulary::{Language, said};

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
    pub fn report(&self, language: Language) -> Report<'_> {
        let report = self.diff.report(language);
        let Some([first, second]) = &self.backtest else { return report };
        let line = |name: &str, run: &Backtest| {
            let in_time = run.results.iter().filter(|result| result.in_time()).count();
            said!(
                language,
                "{name}：{}起已知事件中{in_time}起在首次处置前预警，平均提前{:.1}天，预警每30天{:.1}件",
                "{name}: of {} known incidents {in_time} alerted before the first action, {:.1} days ahead on average, {:.1} alerts in 30 days",
                run.results.len(),
                run.lead_days,
                run.per_30_days
            )
        };
        let lines = vec![line(language.pick("甲", "A"), first), line(language.pick("乙", "B"), second)];
        report.with(Section { title: language.pick("已知事件", "known incidents").to_owned(), lines })
    }
}
