//! What people do with alerts ──► store. One transaction: the act, the verdict that it is, and the line of the audit log.

use std::collections::BTreeMap;

use super::outcomes::no_alert;
use super::{Folder, PipelineError};
use alert::{Casework, verdict};
use sampling::results;
use store::Store;
use vocabulary::{Act, AlertId, AuditEntry, AuditKind};

impl Folder {
    /// Keeps what a person did with an alert. Works beside a running tower; what says whether the alert was real is used by its next
    /// judgement. False when the organisation handed in the same under the same key before: then nothing changes.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] when it cannot be done now.
    pub async fn take_act(&self, act: Act) -> Result<bool, PipelineError> {
        let alert = self.store().alert(&act.alert_id).await?;
        let alert = alert.ok_or_else(|| no_alert(&act.alert_id))?;
        let found = verdict(act.kind);
        let found = found.map(|found| results::verdict(&alert, found, &act.by, &act.note, act.at));
        let mut tx = self.store().begin().await?;
        let acts = Store::acts_in(&mut tx, &act.alert_id).await?;
        if let Some(known) =
            acts.iter().find(|known| act.key.is_some() && (&known.key, &known.party) == (&act.key, &act.party))
        {
            let same = (known.kind, &known.note, &known.to, known.until) == (act.kind, &act.note, &act.to, act.until);
            let why = || {
                PipelineError::refused(
                    "这个 idempotency_key 已用于这条预警的另一项处置。",
                    "this idempotency_key was used for another act on this alert",
                )
            };
            return if same { Ok(false) } else { Err(why()) };
        }
        Casework::of(&acts).check(&act)?;
        Store::add_act(&mut tx, &act).await?;
        if let Some(outcome) = found.transpose()? {
            Store::add_outcome(&mut tx, &outcome).await?;
        }
        let entry = AuditEntry {
            at: act.at,
            who: act.by.clone(),
            what: AuditKind::Act,
            about: act.alert_id.to_string(),
            detail: act.kind.code().to_owned(),
        };
        Store::add_audit(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// How far people have come, for all alerts that anybody did anything with.
    pub async fn standing(&self) -> Result<BTreeMap<AlertId, Casework>, PipelineError> {
        let mut standing: BTreeMap<AlertId, Casework> = BTreeMap::new();
        for act in self.store().acts(None).await? {
            standing.entry(act.alert_id.clone()).or_default().take(&act);
        }
        Ok(standing)
    }
}
