//! The tower judges a day: what came in since the last judgement, in the state that was kept, and one transaction with what changed.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::acts::AT_THE_MACHINE;
use super::judging_state::JudgingState;
use super::review::{Judgement, Review};
use super::{Folder, PipelineError, Tower, excluded};
use alert::Episodes;
use matter::Matter;
use score::Market;
use store::{Store, StoreError, Tx};
use vocabulary::{
    Act, ActKind, AlertEventKind, AlertId, AuditEntry, AuditKind, Category, Excluded, Position, Stage, day_of,
    end_of_day,
};

/// Listings offered to one sampling request, best-selling first.
const LISTINGS_MAX: u32 = 500;
/// Name of the cursor of the alerts tables.
const ALERTS: &str = "alerts";
/// Who does what the watch itself does.
const BY_THE_WATCH: &str = "望楼";
/// Fact under which the open episodes are kept.
const EPISODES: &str = "episodes";

impl Tower {
    /// Judges the day of a moment and keeps what changed, in one transaction with the cursor. The day before the last judged one changes
    /// nothing: a clock may be set back over midnight.
    ///
    /// # Errors
    /// [`PipelineError::JudgedAhead`] for a day further back: a clock that was ahead would end the judging without a word.
    pub async fn judge(&self, now: Timestamp) -> Result<Judgement, PipelineError> {
        let as_of = day_of(now);
        let (from, last) = self.judged().await?;
        if let Some(last) = last.filter(|last| as_of < *last) {
            let tomorrow = as_of.tomorrow().unwrap_or(Date::MAX);
            return if last == tomorrow {
                Ok(Judgement::default())
            } else {
                Err(PipelineError::JudgedAhead { last, today: as_of })
            };
        }
        // One edition for all of it: other rules may be put in force meanwhile.
        let working = self.working();
        let edition = &working.edition;
        let kept = self.judging_state().take().filter(|kept| kept.fits(&working));
        let mut state = kept.unwrap_or_else(|| JudgingState::new(&working));
        let (outputs, after) = (Arc::clone(&working.outputs), state.to());
        let (to, fresh) = tokio::task::spawn_blocking(move || outputs.fetch(after)).await??;
        let revised = self.store().revised(state.to(), to).await?;
        let volume = self.store().volume(state.to(), to).await?;
        let episodes = match self.store().fact(EPISODES).await? {
            Some(kept) => {
                serde_json::from_str(&kept).map_err(|error| StoreError::stored("facts", EPISODES, "value", error))?
            }
            None => Episodes::default(),
        };
        let asked = self.store().sampled_alerts().await?;
        let mut listings = Vec::new();
        for category in Category::ALL {
            listings.extend(self.store().listings(*category, LISTINGS_MAX).await?);
        }
        let outcomes = self.store().outcomes(None).await?;
        let (judge, lexicon) = (Arc::clone(&edition.judge), edition.lexicon.version().clone());
        // Scoring is arithmetic for whole seconds on a large store: not on a thread that serves.
        let (judged, open, kept, state) = tokio::task::spawn_blocking(move || {
            let mut market = Market::new();
            for listing in &listings {
                market.add(listing, as_of);
            }
            state.take_in(end_of_day(as_of), to, fresh, revised, volume)?;
            let (events, excerpts, volume) = state.open();
            let (events, excerpts) = (Cow::Owned(events), Cow::Borrowed(excerpts));
            let review = Review::over(&judge, events, excerpts, volume.clone(), listings, lexicon);
            let mut review = review.beside(market).resume(episodes, asked).with_outcomes(outcomes);
            let judged = review.day(as_of);
            review.forget_closed();
            let open: BTreeSet<_> =
                review.episodes().ranked().into_iter().map(|alert| Excluded::key_of(&alert.assessment)).collect();
            let kept = serde_json::to_string(review.episodes());
            Ok::<_, PipelineError>((judged, open, kept, state))
        })
        .await??;
        *self.judging_state() = Some(state);
        let escalation = self.escalate(as_of, now).await?;

        for refused in &judged.refused {
            tracing::warn!("{refused}");
        }
        let mut tx = self.store().begin().await?;
        if let Some(escalation) = &escalation {
            escalation.keep(&mut tx).await?;
        }
        for alert in &judged.alerts {
            Store::put_alert(&mut tx, alert).await?;
        }
        for event in &judged.events {
            Store::add_alert_event(&mut tx, event, now).await?;
        }
        for request in &judged.requests {
            Store::add_sampling_request(&mut tx, request).await?;
        }
        for event in judged.events.iter().filter(|event| event.event == AlertEventKind::Raised) {
            reopen_risen(&mut tx, &event.alert_id, now).await?;
        }
        excluded::keep(&mut tx, &judged.assessments, &open).await?;
        Store::set_fact(&mut tx, EPISODES, &kept?).await?;
        Store::move_cursor(&mut tx, ALERTS, from, to, &as_of.to_string()).await?;
        tx.commit().await?;
        Ok(judged)
    }
}

impl Folder {
    /// The day last judged.
    pub async fn judged_until(&self) -> Result<Option<Date>, PipelineError> {
        Ok(self.judged().await?.1)
    }

    /// How far the signals are judged, and for which day; none before the first day.
    async fn judged(&self) -> Result<(Position, Option<Date>), PipelineError> {
        let (at, day) = self.store().cursor(ALERTS).await?;
        let unreadable = |error: jiff::Error| StoreError::stored("cursors", ALERTS, "detail", error);
        let day = if day.is_empty() { None } else { Some(day.parse().map_err(unreadable)?) };
        Ok((at, day))
    }
}

/// Opens a matter again that a person excluded until the watch raises a level of it (clause 3-29): an act like any other, written by the watch.
async fn reopen_risen(tx: &mut Tx, id: &AlertId, now: Timestamp) -> Result<(), PipelineError> {
    let acts = Store::acts_in(tx, id).await?;
    let matter = Matter::of(id.clone(), day_of(now), None, &acts);
    if !(matter.excluded_until_rise && matter.casework.stage == Stage::Excluded) {
        return Ok(());
    }
    let act = Act {
        alert_id: id.clone(),
        at: now,
        by: BY_THE_WATCH.to_owned(),
        party: AT_THE_MACHINE.to_owned(),
        kind: ActKind::Reopen,
        note: "排除时约定“直至升级”，现已升级，自动重新打开".to_owned(),
        to: None,
        until: None,
        work: None,
        key: None,
    };
    Store::add_act(tx, &act).await?;
    let (who, about, detail) = (act.by, id.to_string(), ActKind::Reopen.code().to_owned());
    Store::add_audit(tx, &AuditEntry { at: now, who, what: AuditKind::Act, about, detail }).await?;
    Ok(())
}
