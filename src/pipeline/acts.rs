//! What people do with alerts ──► store. One transaction for all that is handed in at once: the acts, the verdicts that they are, and their lines
//! of the audit log.

use std::collections::BTreeMap;

use super::bounds::{ACTS_OF_ONE_MAX, NOTE_BYTES_OF_ONE_MAX, NOTES_OF_ONE_MAX};
use super::outcomes::unknown_alert;
use super::{Folder, PipelineError};
use alert::{Casework, verdict};
use sampling::results;
use store::{Store, Tx};
use vocabulary::{Act, ActKind, Alert, AlertId, AuditEntry, AuditKind, Refused, refused};

/// What became of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActTaken {
    /// It is kept.
    Kept,
    /// The organisation handed in the same under the same key before: nothing changed.
    Known,
    /// It cannot be done now, or its organisation has done too much with this alert.
    Refused(Refused),
}

/// What one organisation has done with one alert.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    acts: usize,
    notes: usize,
    /// Of all notes and reasons.
    note_bytes: usize,
}

impl Done {
    fn add(&mut self, act: &Act) {
        self.acts += 1;
        self.notes += usize::from(act.kind == ActKind::Note);
        self.note_bytes += act.note.len();
    }

    /// Whether a further act has room. Acts that lead an alert on are not kept from it by notes.
    fn check(self, act: &Act) -> Result<(), Refused> {
        let is_note = act.kind == ActKind::Note;
        if self.acts >= ACTS_OF_ONE_MAX || (is_note && self.notes >= NOTES_OF_ONE_MAX) {
            let most = if is_note { NOTES_OF_ONE_MAX } else { ACTS_OF_ONE_MAX };
            return Err(refused!(
                "贵单位对这条预警的处置或说明已达 {most} 条上限。",
                "your organisation has written {most} acts or notes on this alert, which is the most"
            ));
        }
        let most = if is_note { NOTE_BYTES_OF_ONE_MAX } else { 2 * NOTE_BYTES_OF_ONE_MAX };
        if self.note_bytes.saturating_add(act.note.len()) > most {
            return Err(refused!(
                "贵单位对这条预警的说明合计已达 {most} 字节上限。",
                "the notes of your organisation on this alert have reached {most} bytes, which is the most"
            ));
        }
        Ok(())
    }
}

/// An alert while acts on it are taken, with what a further one is checked against.
struct Standing {
    alert: Alert,
    casework: Casework,
    /// Acts that have a key, by organisation and key.
    keyed: BTreeMap<(String, String), Act>,
    done: BTreeMap<String, Done>,
}

impl Standing {
    /// What has been done with an alert; none when there is no such alert.
    async fn of(store: &Store, tx: &mut Tx, id: &AlertId) -> Result<Option<Self>, PipelineError> {
        let Some(alert) = store.alert(id).await? else { return Ok(None) };
        let mut standing = Self { alert, casework: Casework::default(), keyed: BTreeMap::new(), done: BTreeMap::new() };
        for act in Store::acts_in(tx, id).await? {
            standing.take(act);
        }
        Ok(Some(standing))
    }

    fn take(&mut self, act: Act) {
        self.casework.take(&act);
        self.done.entry(act.party.clone()).or_default().add(&act);
        if let Some(key) = &act.key {
            self.keyed.insert((act.party.clone(), key.clone()), act);
        }
    }

    /// Whether the same was handed in before.
    fn knows(&self, act: &Act) -> Result<bool, Refused> {
        let key = act.key.as_ref().map(|key| (act.party.clone(), key.clone()));
        let Some(known) = key.and_then(|key| self.keyed.get(&key)) else { return Ok(false) };
        if (known.kind, &known.note, &known.to, known.until) == (act.kind, &act.note, &act.to, act.until) {
            return Ok(true);
        }
        Err(refused!(
            "这个 idempotency_key 已用于这条预警的另一项处置。",
            "this idempotency_key was used for another act on this alert"
        ))
    }

    /// Keeps an act, or says why not.
    async fn keep(&mut self, tx: &mut Tx, act: Act) -> Result<ActTaken, PipelineError> {
        match self.knows(&act) {
            Ok(false) => {}
            Ok(true) => return Ok(ActTaken::Known),
            Err(why) => return Ok(ActTaken::Refused(why)),
        }
        let own = self.done.get(&act.party).copied().unwrap_or_default();
        if let Err(why) = own.check(&act).and_then(|()| self.casework.check(&act)) {
            return Ok(ActTaken::Refused(why));
        }
        let found = verdict(act.kind);
        let found = found.map(|found| results::verdict(&self.alert, found, &act.by, &act.note, act.at)).transpose();
        let outcome = match found {
            Ok(outcome) => outcome,
            Err(why) => return Ok(ActTaken::Refused(why)),
        };
        Store::add_act(tx, &act).await?;
        if let Some(outcome) = outcome {
            Store::add_outcome(tx, &outcome).await?;
        }
        let entry = AuditEntry {
            at: act.at,
            who: act.by.clone(),
            what: AuditKind::Act,
            about: act.alert_id.to_string(),
            detail: act.kind.code().to_owned(),
        };
        Store::add_audit(tx, &entry).await?;
        self.take(act);
        Ok(ActTaken::Kept)
    }
}

impl Folder {
    /// Keeps what a person did with an alert. Works beside a running tower; what says whether the alert was real is used by its next
    /// judgement. False when the organisation handed in the same under the same key before: then nothing changes.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] when it cannot be done now.
    pub async fn take_act(&self, act: Act) -> Result<bool, PipelineError> {
        match self.take_acts(vec![act]).await?.pop() {
            Some(ActTaken::Refused(why)) => Err(PipelineError::Refused(why)),
            taken => Ok(taken == Some(ActTaken::Kept)),
        }
    }

    /// Keeps what people did, in one transaction: all that is not refused, or with an error nothing. Acts on one alert keep their order; what was
    /// done with an alert before is read once, however many acts on it there are. Gives what became of each, in the order given.
    ///
    /// # Errors
    /// [`PipelineError::Store`] when the store fails: then nothing is kept.
    pub async fn take_acts(&self, acts: Vec<Act>) -> Result<Vec<ActTaken>, PipelineError> {
        let mut by_alert: BTreeMap<AlertId, Vec<(usize, Act)>> = BTreeMap::new();
        let mut taken = vec![ActTaken::Known; acts.len()];
        for (at, act) in acts.into_iter().enumerate() {
            by_alert.entry(act.alert_id.clone()).or_default().push((at, act));
        }
        let mut tx = self.store().begin().await?;
        // One alert after the other: what was done with it is forgotten before the next is read.
        for (id, acts) in by_alert {
            let mut standing = Standing::of(self.store(), &mut tx, &id).await?;
            for (at, act) in acts {
                taken[at] = match &mut standing {
                    Some(standing) => standing.keep(&mut tx, act).await?,
                    None => ActTaken::Refused(unknown_alert(&id)),
                };
            }
        }
        tx.commit().await?;
        Ok(taken)
    }

    /// How far people have come, for all alerts that anybody did anything with but write notes.
    pub async fn standing(&self) -> Result<BTreeMap<AlertId, Casework>, PipelineError> {
        let mut standing: BTreeMap<AlertId, Casework> = BTreeMap::new();
        for act in self.store().acts_but_notes(None).await? {
            standing.entry(act.alert_id.clone()).or_default().take(&act);
        }
        Ok(standing)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use vocabulary::start_of_day;

    use super::*;

    fn note(party: &str, note: &str) -> Act {
        Act {
            work: None,
            alert_id: "wl-1".into(),
            at: start_of_day(date(2024, 7, 10)),
            by: "甲".to_owned(),
            party: party.to_owned(),
            kind: ActKind::Note,
            note: note.to_owned(),
            to: None,
            until: None,
            key: None,
        }
    }

    #[test]
    fn an_organisation_writes_so_many_notes_and_bytes_on_an_alert_and_no_more() {
        let mut done = Done::default();
        while done.check(&note("某厂", "x")).is_ok() {
            done.add(&note("某厂", "x"));
        }
        assert_eq!(done.notes, NOTES_OF_ONE_MAX);
        let decided = Act { kind: ActKind::Exclude, ..note("某厂", "x") };
        assert!(done.check(&decided).is_ok(), "notes keep nobody from deciding");
        let long = "长".repeat(Act::NOTE_CHARS_MAX);
        let mut done = Done::default();
        while done.check(&note("某厂", &long)).is_ok() {
            done.add(&note("某厂", &long));
        }
        assert!(done.note_bytes <= NOTE_BYTES_OF_ONE_MAX && done.note_bytes + long.len() > NOTE_BYTES_OF_ONE_MAX);
        let mut done = Done::default();
        while done.check(&decided).is_ok() {
            done.add(&decided);
        }
        assert_eq!(done.acts, ACTS_OF_ONE_MAX);
    }
}
