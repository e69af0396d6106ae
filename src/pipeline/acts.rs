//! What people do with alerts ──► store. One transaction for all that is handed in at once: the acts, the verdicts that they are, and their lines
//! of the audit log.

use std::collections::BTreeMap;

use super::bounds::{ACTS_OF_ONE_MAX, NOTE_BYTES_OF_ONE_MAX, NOTES_OF_ONE_MAX, WORK_BYTES_OF_ONE_MAX};
use super::matters::newest_bodies;
use super::outcomes::unknown_alert;
use super::{Folder, PipelineError};
use alert::{Casework, verdict};
use matter::{Around, Matter};
use sampling::results::{self, Bought};
use store::{Store, Tx};
use vocabulary::{
    Act, ActKind, Alert, AlertId, AuditEntry, AuditKind, Finding, Outcome, Party, Refused, SamplingBasis, TestBody,
    day_of, refused,
};

/// The party of acts that a command on this machine writes.
pub const AT_THE_MACHINE: &str = "cli";

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
    /// Of all particulars, as JSON.
    work_bytes: usize,
}

/// Bytes of an act's particulars as JSON.
fn work_bytes(act: &Act) -> usize {
    act.work.as_ref().map_or(0, |work| serde_json::to_string(work).map_or(usize::MAX, |json| json.len()))
}

impl Done {
    fn add(&mut self, act: &Act) {
        self.acts += 1;
        self.notes += usize::from(act.kind == ActKind::Note);
        self.note_bytes += act.note.len();
        self.work_bytes = self.work_bytes.saturating_add(work_bytes(act));
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
        if self.work_bytes.saturating_add(work_bytes(act)) > WORK_BYTES_OF_ONE_MAX && act.work.is_some() {
            return Err(refused!(
                "贵单位对这个事项填写的内容合计已达 {WORK_BYTES_OF_ONE_MAX} 字节上限。",
                "the particulars of your organisation's acts in this matter have reached {WORK_BYTES_OF_ONE_MAX} bytes, which is the most"
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

/// What acts on any alert are checked against: read once.
struct Ground {
    bodies: BTreeMap<String, TestBody>,
    parties: BTreeMap<String, Party>,
}

/// An alert while acts on it are taken, with what a further one is checked against.
struct Standing {
    alert: Alert,
    matter: Matter,
    /// Whether results of tests about the whole alert were handed in.
    results_known: bool,
    /// Acts that have a key, by organisation and key.
    keyed: BTreeMap<(String, String), Act>,
    done: BTreeMap<String, Done>,
}

impl Standing {
    /// What has been done with an alert; none when there is no such alert.
    async fn of(store: &Store, tx: &mut Tx, id: &AlertId) -> Result<Option<Self>, PipelineError> {
        let Some(alert) = store.alert(id).await? else { return Ok(None) };
        let request = store.sampling_request(id).await?;
        let outcomes = store.outcomes(Some(id)).await?;
        let tested = |outcome: &Outcome| matches!(outcome.finding, Finding::Samples(_));
        let mut standing = Self {
            matter: Matter::new(id.clone(), alert.opened_on, request.as_ref()),
            alert,
            results_known: outcomes.iter().any(tested),
            keyed: BTreeMap::new(),
            done: BTreeMap::new(),
        };
        for act in Store::acts_in(tx, id).await? {
            standing.take(act);
        }
        Ok(Some(standing))
    }

    fn take(&mut self, act: Act) {
        self.matter.take(&act);
        self.done.entry(act.party.clone()).or_default().add(&act);
        if let Some(key) = &act.key {
            self.keyed.insert((act.party.clone(), key.clone()), act);
        }
    }

    /// Whether the same was handed in before.
    fn knows(&self, act: &Act) -> Result<bool, Refused> {
        let key = act.key.as_ref().map(|key| (act.party.clone(), key.clone()));
        let Some(known) = key.and_then(|key| self.keyed.get(&key)) else { return Ok(false) };
        let said = |act: &Act| (act.kind, act.note.clone(), act.to.clone(), act.until, act.work.clone());
        if said(known) == said(act) {
            return Ok(true);
        }
        Err(refused!(
            "这个 idempotency_key 已用于这条预警的另一项处置。",
            "this idempotency_key was used for another act on this alert"
        ))
    }

    /// Whether the act may be done now.
    fn check(&self, act: &Act, ground: &Ground) -> Result<(), Refused> {
        let party = ground.parties.get(&act.party);
        // Whoever sits at the machine writes down anything; nobody else is let in unknown.
        if party.is_none() && act.kind.is_work() && act.party != AT_THE_MACHINE {
            return Err(refused!("不认识单位“{}”。", "organisation `{}` is not known", act.party));
        }
        let around = Around {
            party,
            category: self.alert.assessment.category,
            bodies: &ground.bodies,
            parties: &ground.parties,
            results_known: self.results_known,
        };
        self.matter.check(act, around)
    }

    /// What an act says about whether the alert was real, for the next judgement.
    fn outcome(&self, act: &Act) -> Result<Option<Outcome>, Refused> {
        if let Some(found) = verdict(act.kind) {
            return results::verdict(&self.alert, found, &act.by, &act.note, act.at).map(Some);
        }
        let tested = act.work.as_ref().filter(|work| work.kind() == ActKind::Result).and_then(|work| work.sample());
        let Some(sample) = tested.and_then(|id| self.matter.samples.get(id)) else { return Ok(None) };
        let bought = Bought {
            maker: sample.maker.as_deref(),
            brand: sample.brand.as_deref(),
            seller: &sample.seller,
            body: sample.body.as_deref().unwrap_or_default(),
            basis: if self.matter.was_drawn(&sample.item, sample.bought_on) {
                SamplingBasis::Random
            } else {
                SamplingBasis::Targeted
            },
        };
        results::of_sample(&self.alert, &bought, act, sample.results.len()).map(Some)
    }

    /// Keeps an act, or says why not.
    async fn keep(
        &mut self,
        folder: &Folder,
        tx: &mut Tx,
        act: Act,
        ground: &Ground,
    ) -> Result<ActTaken, PipelineError> {
        match self.knows(&act) {
            Ok(false) => {}
            Ok(true) => return Ok(ActTaken::Known),
            Err(why) => return Ok(ActTaken::Refused(why)),
        }
        let own = self.done.get(&act.party).copied().unwrap_or_default();
        if let Err(why) = own.check(&act).and_then(|()| self.check(&act, ground)) {
            return Ok(ActTaken::Refused(why));
        }
        if let Err(why) = folder.check_draw(&self.matter, &act).await? {
            return Ok(ActTaken::Refused(why));
        }
        let outcome = match self.outcome(&act) {
            Ok(outcome) => outcome,
            Err(why) => return Ok(ActTaken::Refused(why)),
        };
        if act.kind == ActKind::Sample && self.matter.scheme.is_none() {
            match folder.request_by_person(&self.alert, day_of(act.at)).await? {
                Ok(request) => {
                    Store::add_sampling_request(tx, &request).await?;
                    self.matter.request(&request);
                }
                Err(why) => return Ok(ActTaken::Refused(why)),
            }
        }
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
        let ground = Ground {
            bodies: newest_bodies(Store::test_bodies_in(&mut tx).await?),
            parties: self.store().parties().await?.into_iter().map(|party| (party.name.clone(), party)).collect(),
        };
        // One alert after the other: what was done with it is forgotten before the next is read.
        for (id, acts) in by_alert {
            let mut standing = Standing::of(self.store(), &mut tx, &id).await?;
            for (at, act) in acts {
                taken[at] = match &mut standing {
                    Some(standing) => standing.keep(self, &mut tx, act, &ground).await?,
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
