//! What always holds (ARCHITECTURE.md), asked of the data folder of a running service.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use super::life::Ledger;
use super::network::Told;
use wanglou::log::Entry;
use wanglou::pipeline::{Tower, read_batch};
use wanglou::vocabulary::{AlertEventKind, AlertId, AuditKind, LexiconVersion, Position, SignalRecord};

/// Requests that a recipe of the simulation allows a day.
const PER_DAY: u64 = 60;

/// A promise that did not hold.
#[derive(Debug)]
pub(super) struct Broken {
    promise: &'static str,
    how: String,
}

impl Broken {
    pub(super) fn new(promise: &'static str, how: impl Into<String>) -> Self {
        Self { promise, how: how.into() }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} broken: {}", self.promise, self.how)
    }
}

fn ensure(holds: bool, promise: &'static str, how: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken::new(promise, how())) }
}

fn unreadable(error: impl fmt::Debug) -> Broken {
    Broken::new("ERROR", format!("the folder cannot be looked at though nothing fails: {error:?}"))
}

/// What was read of an entry: reading is a function of document and lexicon (READ-1), so each is read once.
#[derive(Default)]
pub(super) struct Known(HashMap<(LexiconVersion, Position, String), Vec<SignalRecord>>);

impl Known {
    /// The signals of these entries, in their order.
    fn read(&mut self, tower: &Tower, entries: Vec<Entry>) -> Vec<SignalRecord> {
        let version = tower.lexicon().version().clone();
        let mut expected = Vec::new();
        for entry in entries {
            let whole = serde_json::to_string(&entry.document).expect("a document");
            let key = (version.clone(), entry.position, whole);
            let records = self.0.entry(key).or_insert_with(|| {
                read_batch(&tower.lexicon(), vec![entry]).into_iter().flat_map(|entry| entry.records).collect()
            });
            expected.extend(records.iter().cloned());
        }
        expected
    }
}

/// After each step.
pub(super) async fn after_step(tower: &Tower, ledger: &Ledger, known: &mut Known) -> Result<(), Broken> {
    let entries = tower.log().read_after(Position(0), usize::MAX >> 1).await.map_err(unreadable)?;

    // LOG-1: what was acknowledged is there, once, in its newest text.
    let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for pair in entries.windows(2) {
        ensure(pair[0].position < pair[1].position, "LOG", || format!("two entries at {}", pair[1].position))?;
    }
    for entry in &entries {
        texts.entry(entry.document.id.as_str()).or_default().push(&entry.document.text);
    }
    for (id, revisions) in &texts {
        let once: BTreeSet<_> = revisions.windows(2).map(|pair| pair[0] == pair[1]).collect();
        ensure(!once.contains(&true), "LOG", || format!("document {id} is kept twice with one text"))?;
    }
    for (id, text) in &ledger.acknowledged {
        let kept = texts.get(id.as_str());
        let unsure = ledger.unsure.get(id);
        let holds = kept.is_some_and(|kept| {
            kept.contains(&text.as_str())
                && (kept.last() == Some(&text.as_str())
                    || unsure.is_some_and(|unsure| kept.last() == Some(&unsure.as_str())))
        });
        ensure(holds, "LOG", || format!("document {id} was acknowledged with {text:?}, the log has {kept:?}"))?;
    }
    for id in texts.keys().filter(|id| id.starts_with('p') && id[1..].parse::<u64>().is_ok()) {
        let known = ledger.acknowledged.contains_key(*id) || ledger.unsure.contains_key(*id);
        ensure(known, "LOG", || format!("document {id} was handed in by nobody"))?;
    }

    // COUNT-1.
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    for entry in &entries {
        *rows.entry(entry.document.source.to_string()).or_default() += 1;
    }
    for (source, (_, intake)) in tower.store().intake().await.map_err(unreadable)? {
        ensure(intake.reconciles(), "COUNT", || format!("{source}: {intake:?}"))?;
        let kept = rows.get(source.as_str()).copied().unwrap_or(0);
        ensure(intake.kept == kept, "COUNT", || format!("{source}: {kept} rows in the log, counted {intake:?}"))?;
    }

    // RAW-1, as far as it can be seen without reading: every collected document names its record.
    let crawled = |source: &str| source == "complaints" || source == "notices";
    for entry in entries.iter().filter(|entry| crawled(entry.document.source.as_str())) {
        ensure(entry.document.raw.is_some(), "RAW", || format!("document {} has no raw record", entry.document.id))?;
    }

    // LOG-2: what was read is published once, and nothing is skipped.
    let end = entries.last().map_or(Position(0), |entry| entry.position);
    let cursor = tower.signals_cursor();
    ensure(cursor <= end, "LOG", || format!("signals reach to {cursor}, the log to {end}"))?;
    let expected = known.read(tower, entries.into_iter().filter(|entry| entry.position <= cursor).collect());
    let records = tower.signal_records().expect("read");
    ensure(*records == expected, "LOG", || {
        let places = |records: &[SignalRecord]| records.iter().map(|record| record.position.0).collect::<Vec<_>>();
        format!("signals up to {cursor} are of {:?}, read again of {:?}", places(&records), places(&expected))
    })?;
    let report = tower.verify_index().await.map_err(unreadable)?;
    ensure(report.is_whole(), "LOG", || format!("the index: {report:?}"))?;

    // ALERT-1, ALERT-2.
    let alerts = tower.store().every_alert().await.map_err(unreadable)?;
    let events = tower.store().alert_events_after(0, usize::MAX >> 1).await.map_err(unreadable)?;
    for (at, (number, _)) in events.iter().enumerate() {
        ensure(*number == at as u64 + 1, "ALERT", || format!("event {} has number {number}", at + 1))?;
    }
    let mut opened: BTreeMap<&AlertId, u32> = BTreeMap::new();
    for (number, event) in &events {
        let first = !opened.contains_key(&event.alert_id);
        let opens = event.event == AlertEventKind::Opened;
        ensure(first == opens, "ALERT", || format!("event {number} of {}: {:?}", event.alert_id, event.event))?;
        ensure(opens == event.before.is_none(), "ALERT", || format!("event {number} keeps no before"))?;
        *opened.entry(&event.alert_id).or_default() += 1;
    }
    for alert in &alerts {
        ensure(opened.contains_key(&alert.id), "ALERT", || format!("alert {} was never opened", alert.id))?;
    }
    let ids: BTreeSet<_> = alerts.iter().map(|alert| &alert.id).collect();
    ensure(opened.keys().all(|id| ids.contains(id)), "ALERT", || "an event is of no alert".to_owned())?;
    let mut asked = BTreeSet::new();
    for request in tower.store().every_request().await.map_err(unreadable)? {
        ensure(asked.insert(request.alert_id.clone()), "ALERT", || {
            format!("{} is to be bought twice", request.alert_id)
        })?;
    }

    // AUDIT-1.
    let audit = tower.store().verify_audit(None).await.map_err(unreadable)?;
    ensure(audit.is_ok(), "AUDIT", || format!("{audit:?}"))?;
    let acts = tower.store().acts(None).await.map_err(unreadable)?;
    let lines = tower.store().audit(0, u32::MAX).await.map_err(unreadable)?;
    let noted = lines.iter().filter(|line| line.entry.what == AuditKind::Act).count();
    ensure(acts.len() == noted, "AUDIT", || format!("{} acts, {noted} lines about acts", acts.len()))?;
    let keys: BTreeSet<_> = acts.iter().filter_map(|act| act.key.as_deref()).collect();
    let lost = ledger.noted.iter().find(|key| !keys.contains(key.as_str()));
    ensure(lost.is_none(), "AUDIT", || format!("the note {lost:?} was acknowledged and is gone"))
}

/// POLITE-1.
pub(super) fn polite(busiest_day: u64, forbidden: &[String]) -> Result<(), Broken> {
    ensure(forbidden.is_empty(), "POLITE", || format!("asked against robots.txt: {forbidden:?}"))?;
    ensure(busiest_day <= PER_DAY, "POLITE", || format!("{busiest_day} requests on one day, {PER_DAY} are allowed"))
}

/// When nothing fails any more and all that waited is done. `heard` holds for a service that was never set back to an older state: what the
/// receiver heard is all that there is to hear.
pub(super) async fn at_end(tower: &Tower, told: &Told, heard: bool) -> Result<(), Broken> {
    ensure(!tower.is_behind().await.map_err(unreadable)?, "LOG", || "the log is not read to its end".to_owned())?;
    ensure(told.changed.is_empty(), "TELL", || format!("messages came with two bodies: {:?}", told.changed))?;
    for (number, ids) in &told.ids_of_event {
        ensure(ids.len() == 1, "TELL", || format!("event {number} came as {ids:?}"))?;
    }
    let last = tower.store().last_alert_event().await.map_err(unreadable)?;
    for health in tower.store().endpoint_health().await.map_err(unreadable)? {
        let (waiting, delivered, dead) = (health.waiting, health.delivered, health.dead);
        ensure(waiting + delivered + dead == last, "TELL", || {
            format!("of {last} events {waiting} wait, {delivered} were delivered, {dead} given up")
        })?;
        let accepted = told.accepted.len() as u64;
        ensure(!heard || accepted >= delivered, "TELL", || {
            format!("{delivered} events count as delivered, {accepted} were taken by the receiver")
        })?;
    }
    Ok(())
}
