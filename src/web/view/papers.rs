//! Papers of matters as one viewer may see them: those inside all of them, a unit outside the letter or the commission that was sent to it.

use jiff::civil::Date;

use super::values::ViewError;
use super::{View, doing};
use matter::paper::{Paper, PaperKind};
use pipeline::PipelineError;
use vocabulary::AlertId;

impl View {
    /// A paper of a matter as it stands on a day; none where there is none or the viewer may not see it. `to`: the unit it goes to.
    pub(crate) async fn paper(
        &self,
        id: &AlertId,
        kind: PaperKind,
        to: Option<&str>,
        today: Date,
    ) -> Result<Option<Paper>, ViewError> {
        if !self.sees(id).await? {
            return Ok(None);
        }
        let outside = self.party().filter(|party| !party.is_inside()).map(|party| party.name.as_str());
        let to = match outside {
            None => to,
            Some(own) => {
                let is_own = to.is_none_or(|to| to == own) && kind.needs_addressee();
                if !is_own {
                    return Ok(None);
                }
                Some(own)
            }
        };
        let paper = match self.tower.paper(id, kind, to, today).await {
            Err(PipelineError::Refused(refused)) => return Err(ViewError::Refused { why: refused.zh }),
            done => done.map_err(doing("making a paper"))?,
        };
        // Nobody outside reads a draft, nor learns by it that something is being prepared.
        Ok(paper.filter(|paper| outside.is_none() || !paper.is_draft()))
    }
}
