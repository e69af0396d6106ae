//! The end of a round: what its documents are against what the recipe promises of them.

use std::time::Duration;

use super::super::problem::{CHECK_PROMISE, PageProblem};
use super::Run;

/// Fewer documents than this say nothing about a share; a short look at a source counts each.
const DOCUMENTS_MIN: u64 = 5;

impl Run<'_> {
    /// Tells which promises the round did not keep. A round without documents says nothing of them.
    pub(super) fn look_at_promises(&mut self) {
        let least = if self.recipe.is_look { 1 } else { DOCUMENTS_MIN };
        let mut broken = Vec::new();
        for promise in &self.recipe.expect.filled {
            let (filled, of) = self.round.fields.get(&promise.field).copied().unwrap_or_default();
            if of >= least && (filled as f64) < promise.share * of as f64 {
                let (field, share) = (&promise.field, promise.share * 100.0);
                let what = format!(
                    "field `{field}` is filled in {filled} of {of} documents, the recipe promises {share:.0} %"
                );
                broken.push((promise.line, what));
            }
        }
        let age = self.newest.and_then(|newest| Duration::try_from(self.now.duration_since(newest)).ok());
        if let (Some(age), Some(most)) = (age, self.recipe.expect.newest)
            && age > most
        {
            let days = |duration: Duration| duration.as_secs() / 86_400;
            let (age, most) = (days(age), days(most));
            let what =
                format!("the newest document of the round is {age} days old, the recipe promises {most} at most");
            broken.push((self.recipe.expect.line, what));
        }
        let url = self.recipe.start_urls().next().map(|url| url.to_string()).unwrap_or_default();
        for (line, detail) in broken {
            let (file, line) = self.recipe.lines.place(line);
            let at = format!("{file}:{line}");
            self.round.note([PageProblem { at, url: url.clone(), detail, advice: CHECK_PROMISE }]);
        }
    }
}
