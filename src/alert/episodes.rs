//! Open and closed episodes, and how a day of assessments moves them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::policy::AlertPolicy;
use score::explain;
use vocabulary::{
    Alert, AlertEvent, AlertEventKind, AlertId, AlertState, Assessment, Category, Danger, Disposal, DocumentId,
    Evidence, Hazard, LexiconVersion, RegionCode, Sentence, Spread,
};

/// Documents an open episode remembers to recognise itself by: the newest ones.
const REMEMBERED_MAX: usize = 2_000;
/// Hexadecimal digits of the hash in an alert's id.
const ID_HASH_DIGITS: usize = 6;

type Levels = (Danger, Spread, Disposal);
/// What an assessment is about.
type Label = (Category, Hazard, Option<String>, Option<RegionCode>);

/// All alerts. Serialisable: the whole state of the room.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Episodes {
    /// The newest day taken in.
    advanced_to: Option<Date>,
    /// Digest of what it brought: the same again is a retry.
    digest: String,
    /// Which alert each label of that day went to, so that a fuller look at the same day stays with it.
    assigned: Vec<(Label, AlertId)>,
    open: BTreeMap<AlertId, Episode>,
    closed: BTreeMap<AlertId, Alert>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Episode {
    alert: Alert,
    /// Documents seen in it, numbered as they came.
    documents: BTreeMap<DocumentId, u64>,
    /// How many ever came.
    came: u64,
    /// Those of them that were seen together as a regional or wider matter: whatever part of it is judged apart later is no news.
    #[serde(default)]
    wide: BTreeSet<DocumentId>,
    /// Since when every assessment was weaker than the levels held.
    weaker_since: Option<Date>,
}

impl Episodes {
    /// No alerts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the assessments of a day and says what happened to which alert: those that go on in the order of the assessments,
    /// then those that open, closings last.
    ///
    /// The same day again changes nothing that was already said; a day before the newest one is ignored (ALERT-1).
    pub fn advance(
        &mut self,
        as_of: Date,
        assessments: &[Assessment],
        policy: &AlertPolicy,
        evidence: &dyn Fn(&Assessment, &DocumentId) -> Option<Evidence>,
        lexicon: &LexiconVersion,
    ) -> Vec<AlertEvent> {
        if self.advanced_to.is_some_and(|newest| as_of < newest) {
            return Vec::new();
        }
        let above: Vec<&Assessment> = assessments.iter().filter(|found| found.disposal != Disposal::Exclude).collect();
        let digest = digest(&above);
        if self.advanced_to == Some(as_of) && self.digest == digest {
            return Vec::new();
        }
        if self.advanced_to != Some(as_of) {
            self.assigned.clear();
        }
        (self.advanced_to, self.digest) = (Some(as_of), digest);
        let mut events = Vec::new();
        let desk = Desk { as_of, policy, evidence, lexicon };
        // Which assessments belong to which open episode: decided before anything moves, so that their order does not matter.
        let mut moved: BTreeMap<AlertId, Vec<&Assessment>> = BTreeMap::new();
        let mut order: Vec<Option<AlertId>> = Vec::new();
        for assessment in &above {
            let today = self.assigned.iter().find(|(about, _)| *about == label(assessment)).map(|(_, id)| id.clone());
            let id = today.or_else(|| self.same_incident(assessment, policy));
            if let Some(id) = &id {
                moved.entry(id.clone()).or_default().push(assessment);
            }
            order.push(id);
        }
        let mut active = BTreeSet::new();
        let mut new: Vec<&Assessment> = Vec::new();
        for (assessment, id) in above.iter().zip(order) {
            let Some(id) = id else {
                new.push(assessment);
                continue;
            };
            // Once per episode, by the widest and then the highest ranked of its assessments.
            let members = moved.remove(&id).unwrap_or_default();
            let lead = members.iter().copied().max_by(|a, b| {
                (a.spread, a.rank_score).partial_cmp(&(b.spread, b.rank_score)).unwrap_or(std::cmp::Ordering::Equal)
            });
            if let (Some(lead), Some(episode)) = (lead, self.open.get_mut(&id)) {
                for member in members {
                    episode.remember(member);
                }
                events.extend(episode.take(lead, &desk));
            }
            self.assign(assessment, &id);
            active.insert(id);
        }
        // The gravest first: what tells of the same documents under another hazard is then found beside it.
        new.sort_by_key(|assessment| {
            let named = assessment.brand.is_some();
            std::cmp::Reverse((assessment.danger, assessment.spread, named, assessment.documents.len()))
        });
        let mut opened = BTreeSet::new();
        for assessment in new {
            if self.is_told(assessment, &desk) {
                continue;
            }
            let id = self.open(assessment, &desk, &mut events);
            self.assign(assessment, &id);
            opened.insert(id.clone());
            active.insert(id);
        }
        self.merge(&mut active, &opened, &desk, &mut events);
        self.close_unconfirmed(assessments, &active, &desk, &mut events);
        self.close_quiet(&active, &desk, &mut events);
        events
    }

    /// The open alerts, most urgent first.
    #[must_use]
    pub fn ranked(&self) -> Vec<&Alert> {
        let mut alerts: Vec<&Alert> = self.open.values().map(|episode| &episode.alert).collect();
        alerts
            .sort_by(|a, b| b.assessment.rank_score.total_cmp(&a.assessment.rank_score).then_with(|| a.id.cmp(&b.id)));
        alerts
    }

    /// An alert, open or closed.
    #[must_use]
    pub fn get(&self, id: &AlertId) -> Option<&Alert> {
        self.open.get(id).map(|episode| &episode.alert).or_else(|| self.closed.get(id))
    }

    /// Every alert ever opened, by id.
    pub fn all(&self) -> impl Iterator<Item = &Alert> {
        self.open.values().map(|episode| &episode.alert).chain(self.closed.values())
    }

    /// Lets go of alerts that closed before the newest day: whoever keeps alerts elsewhere need not carry them along.
    pub fn forget_closed(&mut self) {
        let newest = self.advanced_to;
        self.closed.retain(|_, alert| Some(alert.changed_on) >= newest);
    }

    /// The newest day taken in.
    #[must_use]
    pub fn advanced_to(&self) -> Option<Date> {
        self.advanced_to
    }

    /// The open episode that an assessment goes on with: the same label, else the one that shares most documents.
    fn same_incident(&self, assessment: &Assessment, policy: &AlertPolicy) -> Option<AlertId> {
        let mut best: Option<(bool, f64, &AlertId)> = None;
        for (id, episode) in &self.open {
            let held = &episode.alert.assessment;
            if (held.category, held.hazard) != (assessment.category, assessment.hazard) {
                continue;
            }
            let same_label = match (&held.brand, &assessment.brand) {
                (Some(a), Some(b)) if a == b => true,
                (Some(_), Some(_)) => continue,
                (None, None) => held.region == assessment.region,
                _ => false,
            };
            let share = episode.share_of(&assessment.documents);
            let narrower = (held.brand.is_none() && assessment.brand.is_some())
                || (held.region.is_none() && assessment.region.is_some() && held.brand == assessment.brand);
            // An alert on more goes on as one on less only where the less is most of it, or a part of what was judged wide:
            // an incident of one brand must not be lost in what was said before of the whole category.
            let same_documents = if narrower {
                let part_of_wide = share_in(&assessment.documents, |document| episode.wide.contains(document));
                let theirs: BTreeSet<&DocumentId> = assessment.documents.iter().collect();
                part_of_wide.max(share_in(&held.documents, |document| theirs.contains(document)))
            } else {
                share
            };
            if !same_label && same_documents < policy.same_incident_share {
                continue;
            }
            // Ids begin with the day of opening: of equals the oldest episode goes on.
            if best.is_none_or(|(label, highest, _)| (same_label && !label) || (same_label == label && share > highest))
            {
                best = Some((same_label, share, id));
            }
        }
        best.map(|(_, _, id)| id.clone())
    }

    fn assign(&mut self, assessment: &Assessment, id: &AlertId) {
        if !self.assigned.iter().any(|(about, _)| *about == label(assessment)) {
            self.assigned.push((label(assessment), id.clone()));
        }
    }

    /// Whether an open episode tells of it already: the same documents read as another hazard or category, unless they are the
    /// greater part of the matter; or reports without a brand beside an alert on one brand that is active today.
    fn is_told(&self, assessment: &Assessment, desk: &Desk<'_>) -> bool {
        self.open.values().any(|episode| {
            let held = &episode.alert.assessment;
            if cell(held) == cell(assessment) {
                return held.brand.is_some()
                    && assessment.brand.is_none()
                    && assessment.spread == Spread::Isolated
                    && episode.alert.last_active_on == desk.as_of
                    && assessment.spread_terms.unknown_brand_share >= desk.policy.unnamed_share;
            }
            brands_agree(held, assessment)
                && !outweighs(assessment, held)
                && episode.share_of(&assessment.documents) >= desk.policy.same_incident_share
        })
    }

    fn open(&mut self, assessment: &Assessment, desk: &Desk<'_>, events: &mut Vec<AlertEvent>) -> AlertId {
        let id = alert_id(assessment, desk.as_of);
        if let Some(episode) = self.open.get_mut(&id) {
            // Two assessments of one label on one day are one incident.
            episode.remember(assessment);
            return id;
        }
        // Closed today (merged into another) and above the line again today: that is no second alert.
        if self.closed.contains_key(&id) {
            return id;
        }
        let evidence = desk.evidence(assessment, &[]);
        let alert = Alert {
            id: id.clone(),
            state: AlertState::Open,
            opened_on: desk.as_of,
            changed_on: desk.as_of,
            last_active_on: desk.as_of,
            assessment: assessment.clone(),
            lexicon: desk.lexicon.clone(),
            evidence,
            evidence_total: assessment.documents.len() as u64,
        };
        events.push(event(&alert, AlertEventKind::Opened, None, desk));
        let (documents, wide) = (BTreeMap::new(), BTreeSet::new());
        let mut episode = Episode { alert, documents, came: 0, wide, weaker_since: None };
        episode.remember(assessment);
        self.open.insert(id.clone(), episode);
        id
    }

    /// Episodes of single brands or places whose documents a wider one of today holds, and those that told of the lesser part of
    /// what opened today under another hazard or category: they go on in that one.
    fn merge(
        &mut self,
        active: &mut BTreeSet<AlertId>,
        opened: &BTreeSet<AlertId>,
        desk: &Desk<'_>,
        events: &mut Vec<AlertEvent>,
    ) {
        let mut merged: Vec<(AlertId, AlertId)> = Vec::new();
        for (id, episode) in self.open.iter().filter(|(id, _)| !opened.contains(*id)) {
            let held = &episode.alert.assessment;
            let wider = active.iter().filter_map(|id| Some((id, self.open.get(id)?))).find(|(other_id, other)| {
                let wide = &other.alert.assessment;
                let takes = if cell(wide) == cell(held) {
                    wide.brand.is_none() && !active.contains(id)
                } else {
                    opened.contains(*other_id) && brands_agree(wide, held) && outweighs(wide, held)
                };
                takes && other.share_of(&held.documents) >= desk.policy.same_incident_share
            });
            if let Some((into, _)) = wider {
                merged.push((id.clone(), into.clone()));
            }
        }
        for (id, into) in merged {
            active.remove(&id);
            if let Some(episode) = self.open.remove(&id) {
                let mut closing = self.file(episode, Sentence::Merged { into: into.clone() }, desk);
                closing.merged_into = Some(into);
                events.push(closing);
            }
        }
    }

    /// Episodes that were looked into and not confirmed: their levels go down at once, and what stays is muted (section 10).
    fn close_unconfirmed(
        &mut self,
        assessments: &[Assessment],
        active: &BTreeSet<AlertId>,
        desk: &Desk<'_>,
        events: &mut Vec<AlertEvent>,
    ) {
        for assessment in assessments.iter().filter(|assessment| assessment.disposal == Disposal::Exclude) {
            let Some(muted) = assessment.feedback.muted.as_ref().filter(|muted| !muted.lifted) else { continue };
            let told = |(id, episode): (&AlertId, &Episode)| {
                let held = &episode.alert.assessment;
                let same = cell(held) == cell(assessment) && held.brand == assessment.brand;
                (same && !active.contains(id)).then(|| id.clone())
            };
            let ids: Vec<AlertId> = self.open.iter().filter_map(told).collect();
            for id in ids {
                if let Some(episode) = self.open.remove(&id) {
                    let why = Sentence::Unconfirmed { outcome: muted.outcome.clone() };
                    events.push(self.file(episode, why, desk));
                }
            }
        }
    }

    fn close_quiet(&mut self, active: &BTreeSet<AlertId>, desk: &Desk<'_>, events: &mut Vec<AlertEvent>) {
        let quiet = |(id, episode): (&AlertId, &Episode)| {
            let days = days_between(episode.alert.last_active_on, desk.as_of);
            (!active.contains(id) && days >= i64::from(desk.policy.closing_days)).then(|| id.clone())
        };
        let ids: Vec<AlertId> = self.open.iter().filter_map(quiet).collect();
        for id in ids {
            if let Some(episode) = self.open.remove(&id) {
                let why = Sentence::Quiet { since: episode.alert.last_active_on, days: desk.policy.closing_days };
                events.push(self.file(episode, why, desk));
            }
        }
    }

    /// Closes an episode and files it; `why` opens the explanation of the event.
    fn file(&mut self, episode: Episode, why: Sentence, desk: &Desk<'_>) -> AlertEvent {
        let mut alert = episode.alert;
        alert.state = AlertState::Closed;
        alert.changed_on = desk.as_of;
        let levels = levels(&alert.assessment);
        let mut closing = event(&alert, AlertEventKind::Closed, Some(levels), desk);
        closing.explanation = closing.explanation.after(why);
        self.closed.insert(alert.id.clone(), alert);
        closing
    }
}

impl Episode {
    /// Moves on with today's assessment: up at once, down only after the policy's days.
    fn take(&mut self, assessment: &Assessment, desk: &Desk<'_>) -> Option<AlertEvent> {
        let held = levels(&self.alert.assessment);
        let now = levels(assessment);
        let highest = (held.0.max(now.0), held.1.max(now.1), held.2.max(now.2));
        let shown = self.with_change(assessment);
        let mut kind = None;
        let mut kept = highest;
        let mut note = None;
        if highest != held {
            kind = Some(AlertEventKind::Raised);
        }
        if highest == now {
            self.weaker_since = None;
        } else {
            let since = *self.weaker_since.get_or_insert(desk.as_of);
            if kind.is_none() && days_between(since, desk.as_of) >= i64::from(desk.policy.lowering_days) {
                (kind, kept) = (Some(AlertEventKind::Lowered), now);
                self.weaker_since = None;
            } else {
                note = Some(Sentence::Held { since, days: desk.policy.lowering_days });
            }
        }
        let label = self.label(assessment, desk.policy);
        self.remember(assessment);
        if assessment.documents != self.alert.assessment.documents {
            self.alert.evidence = desk.evidence(assessment, &self.alert.assessment.documents);
        }
        let alert = &mut self.alert;
        let shown = shown.into_owned();
        let explanation = match note {
            Some(note) => shown.explanation.clone().then(note),
            None => shown.explanation.clone(),
        };
        alert.assessment = Assessment {
            danger: kept.0,
            spread: kept.1,
            disposal: kept.2,
            brand: label.0,
            region: label.1,
            explanation,
            ..shown
        };
        alert.last_active_on = desk.as_of;
        alert.lexicon = desk.lexicon.clone();
        alert.evidence_total = assessment.documents.len() as u64;
        let kind = kind?;
        alert.changed_on = desk.as_of;
        Some(event(alert, kind, Some(held), desk))
    }

    /// An assessment with what would change it. That is tried on days that bring an event, and then something is always found (how sure its
    /// signals are, at least); over quiet days at the same levels the alert keeps what was found on the last of them, with its day.
    fn with_change<'a>(&self, assessment: &'a Assessment) -> Cow<'a, Assessment> {
        let held = &self.alert.assessment;
        let stands = self.weaker_since.is_none()
            && levels(assessment) == levels(held)
            && (&assessment.brand, assessment.region) == (&held.brand, held.region);
        if !stands || !assessment.change.is_empty() || held.change.is_empty() {
            return Cow::Borrowed(assessment);
        }
        let change_of = Some(held.change_of.unwrap_or(held.as_of));
        let mut shown = Assessment { change: held.change.clone(), change_of, ..assessment.clone() };
        shown.explanation = explain(&shown);
        Cow::Owned(shown)
    }

    /// What the episode is about after this assessment. A wide episode stays wide; an unlabelled one takes the label that most of its
    /// own documents turn out to carry.
    fn label(&self, assessment: &Assessment, policy: &AlertPolicy) -> (Option<String>, Option<RegionCode>) {
        let held = &self.alert.assessment;
        if held.brand.is_some() && assessment.brand.is_some() {
            return (held.brand.clone(), assessment.region);
        }
        if held.brand.is_none() && assessment.brand.is_some() {
            let theirs: BTreeSet<&DocumentId> = assessment.documents.iter().collect();
            let common = held.documents.iter().filter(|document| theirs.contains(document)).count() as f64;
            let mostly = common >= policy.same_incident_share * held.documents.len() as f64;
            if held.spread >= Spread::Industry || !mostly {
                return (None, held.region);
            }
        }
        (assessment.brand.clone(), assessment.region)
    }

    /// Share of these documents that the episode has seen.
    fn share_of(&self, documents: &[DocumentId]) -> f64 {
        share_in(documents, |document| self.documents.contains_key(document))
    }

    /// Adds an assessment's documents, and lets go of the oldest where there are too many.
    fn remember(&mut self, assessment: &Assessment) {
        for document in &assessment.documents {
            if !self.documents.contains_key(document) {
                self.documents.insert(document.clone(), self.came);
                self.came += 1;
            }
        }
        if assessment.spread >= Spread::Regional {
            self.wide.extend(assessment.documents.iter().cloned());
        }
        if self.documents.len() > REMEMBERED_MAX {
            let mut numbers: Vec<u64> = self.documents.values().copied().collect();
            numbers.sort_unstable();
            let oldest_kept = numbers[numbers.len() - REMEMBERED_MAX];
            self.documents.retain(|_, number| *number >= oldest_kept);
            let documents = &self.documents;
            self.wide.retain(|document| documents.contains_key(document));
        }
    }
}

/// What one day's work needs everywhere.
struct Desk<'a> {
    as_of: Date,
    policy: &'a AlertPolicy,
    evidence: &'a dyn Fn(&Assessment, &DocumentId) -> Option<Evidence>,
    lexicon: &'a LexiconVersion,
}

impl Desk<'_> {
    /// Evidence for the documents of an assessment, those that were not known before first, at most the policy's number.
    fn evidence(&self, assessment: &Assessment, known: &[DocumentId]) -> Vec<Evidence> {
        let known: BTreeSet<&DocumentId> = known.iter().collect();
        let (old, new): (Vec<&DocumentId>, Vec<&DocumentId>) =
            assessment.documents.iter().partition(|document| known.contains(document));
        let shown = new.into_iter().chain(old).filter_map(|document| (self.evidence)(assessment, document));
        shown.take(self.policy.evidence_max).collect()
    }
}

fn cell(assessment: &Assessment) -> (Category, Hazard) {
    (assessment.category, assessment.hazard)
}

fn brands_agree(a: &Assessment, b: &Assessment) -> bool {
    a.brand.as_ref().zip(b.brand.as_ref()).is_none_or(|(a, b)| a == b)
}

/// Whether an assessment is the greater part of a matter: more documents, and no less dangerous.
fn outweighs(a: &Assessment, b: &Assessment) -> bool {
    a.danger >= b.danger && a.documents.len() > b.documents.len()
}

/// Share of documents of which something holds; 0 of none.
fn share_in(documents: &[DocumentId], holds: impl Fn(&DocumentId) -> bool) -> f64 {
    if documents.is_empty() {
        return 0.0;
    }
    documents.iter().filter(|document| holds(document)).count() as f64 / documents.len() as f64
}

fn label(assessment: &Assessment) -> Label {
    (assessment.category, assessment.hazard, assessment.brand.clone(), assessment.region)
}

/// Of everything that can move an alert. Ranks by their bits: a digest has no tolerance.
fn digest(above: &[&Assessment]) -> String {
    let mut hasher = blake3::Hasher::new();
    for found in above {
        let about = (label(found), levels(found), found.rank_score.to_bits(), &found.explanation, &found.documents);
        hasher.update(format!("{about:?}").as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

fn levels(assessment: &Assessment) -> Levels {
    (assessment.danger, assessment.spread, assessment.disposal)
}

fn event(alert: &Alert, kind: AlertEventKind, before: Option<Levels>, desk: &Desk<'_>) -> AlertEvent {
    let a = &alert.assessment;
    AlertEvent {
        alert_id: alert.id.clone(),
        as_of: desk.as_of,
        event: kind,
        category: a.category,
        hazard: a.hazard,
        brand: a.brand.clone(),
        region: a.region,
        danger: a.danger,
        spread: a.spread,
        disposal: a.disposal,
        rank_score: a.rank_score,
        counts: a.counts,
        evidence: alert.evidence.clone(),
        evidence_total: alert.evidence_total,
        explanation: a.explanation.clone(),
        rules: std::iter::once(a.disposal_rule.clone()).chain(a.decision.single_rule.clone()).collect(),
        merged_into: None,
        before,
        criteria: a.criteria.clone(),
        lexicon: desk.lexicon.clone(),
    }
}

/// `wl-20210108-cosmetic-chemical-3fa1c2`: the day it opened, what it is about, and a hash of both with brand and region.
pub(super) fn alert_id(a: &Assessment, opened_on: Date) -> AlertId {
    let region = a.region.map(|region| region.to_string()).unwrap_or_default();
    let brand = a.brand.as_deref().unwrap_or_default();
    let about = format!("{opened_on}\n{}\n{}\n{brand}\n{region}", a.category, a.hazard);
    let hash = blake3::hash(about.as_bytes()).to_hex();
    let day = opened_on.strftime("%Y%m%d");
    AlertId::new(format!("wl-{day}-{}-{}-{}", a.category, a.hazard, &hash[..ID_HASH_DIGITS]))
}

fn days_between(from: Date, to: Date) -> i64 {
    to.since(from).map_or(0, |span| i64::from(span.get_days()))
}
