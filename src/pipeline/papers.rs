//! Papers of matters (文书), made of what the store holds. Whether somebody may see one is for others to say.

use jiff::civil::Date;

use super::{Folder, PipelineError};
use matter::Matter;
use matter::paper::{About, Addressee, Ground, Paper, PaperKind};
use vocabulary::{AlertId, RegionCode, Role, refused};

impl Folder {
    /// A paper of a matter as it stands on a day; none when there is no such matter, or nothing of which the paper could be made. `to`: the unit it
    /// goes to.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] when nobody here knows the unit.
    pub async fn paper(
        &self,
        id: &AlertId,
        kind: PaperKind,
        to: Option<&str>,
        today: Date,
    ) -> Result<Option<Paper>, PipelineError> {
        let Some((alert, matter, acts)) = self.matter(id).await? else { return Ok(None) };
        let to = match to {
            Some(name) => Some(self.addressee(name, &matter).await?),
            None if kind.needs_addressee() => {
                let (zh, en) = (kind.zh(), kind.code());
                return Err(PipelineError::refused(
                    format!("{zh}发给一个单位：请写明收件单位。"),
                    format!("a `{en}` goes to one unit: name it"),
                ));
            }
            None => None,
        };
        let request = self.store().sampling_request(id).await?;
        let (judged, page) = (&alert.assessment, format!("{}/matters/{id}", self.home()));
        let region_name = |code: RegionCode| self.region_name(code);
        let about = About {
            category: judged.category.zh(),
            hazard: judged.hazard.zh(),
            danger: judged.danger.zh(),
            spread: judged.spread.zh(),
            page: &page,
            region_name: &region_name,
        };
        let handling = self.handling();
        let ground =
            Ground { matter: &matter, request: request.as_ref(), acts: &acts, about, handling: &handling, today };
        Ok(ground.paper(kind, to.as_ref()))
    }

    /// What is known of a unit: as an organisation with an account, as one that was told, as a test body.
    async fn addressee(&self, name: &str, matter: &Matter) -> Result<Addressee, PipelineError> {
        if let Some(party) = self.store().parties().await?.iter().find(|party| party.name == name) {
            return Ok(Addressee::of(party));
        }
        if let Some(told) = matter.recipients.get(name) {
            return Ok(Addressee::named(name, told.role));
        }
        if self.test_bodies().await?.contains_key(name) {
            return Ok(Addressee::named(name, Role::TestBody));
        }
        Err(refused!(
            "不认识单位“{name}”：请先登记告知（wanglou matter act … address），或添加该单位的用户。",
            "unit `{name}` is not known: tell it first (wanglou matter act … address), or add a user of it"
        )
        .into())
    }
}
