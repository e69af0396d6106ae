//! A criteria file as the rooms that judge by it understand it.

use super::PipelineError;
use alert::AlertPolicy;
use sampling::SamplingPolicy;
use score::{Criteria, Scorer};
use vocabulary::{CriteriaVersion, Said};

/// One criteria file, as the three rooms that judge by it understand it.
#[derive(Debug, Clone)]
pub struct Judge {
    pub(super) scorer: Scorer,
    pub(super) alerts: AlertPolicy,
    pub(super) sampling: SamplingPolicy,
}

impl Judge {
    /// How samples are asked for.
    #[must_use]
    pub fn sampling(&self) -> &SamplingPolicy {
        &self.sampling
    }

    /// Reads a criteria file's text and the table of test items; the file names are only for messages.
    pub fn parse(text: &str, file: &str, items: &str, items_file: &str) -> Result<Self, PipelineError> {
        let criteria =
            |error: &dyn Said| PipelineError::refused(format!("评价标准不能使用：{}", error.zh()), error.to_string());
        let scorer = Scorer::new(Criteria::parse(text, file).map_err(|error| criteria(&error))?);
        let alerts = AlertPolicy::parse(text, file).map_err(|error| criteria(&error))?;
        let sampling = SamplingPolicy::parse(text, file, items, items_file).map_err(|error| criteria(&error))?;
        Ok(Self { scorer, alerts, sampling })
    }

    /// The version that every judgement names.
    #[must_use]
    pub fn version(&self) -> &CriteriaVersion {
        &self.scorer.criteria().version
    }

    /// What it scores by.
    #[must_use]
    pub fn criteria(&self) -> &Criteria {
        self.scorer.criteria()
    }

    /// Test items whose standard, without its year, is one of `numbers`: `项目（标准）`, each once.
    #[must_use]
    pub fn citing(&self, numbers: &[&str]) -> Vec<String> {
        let cites = |standard: &str| numbers.contains(&extract::without_year(standard));
        let items = self.sampling.items().filter(|(.., item)| cites(&item.standard));
        let mut found: Vec<String> = items.map(|(.., item)| format!("{}（{}）", item.item, item.standard)).collect();
        found.sort();
        found.dedup();
        found
    }
}
