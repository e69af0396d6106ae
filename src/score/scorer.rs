//! The judgement of one day: every category × hazard with recent events, on all cores.
//!
//! In: events, how much was read, what listings display, outcomes, `as_of`. Out: assessments. Not here: how one cell is judged
//! (`cell_day`), what an assessment holds (`assessment`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::civil::Date;
use rayon::prelude::*;

use super::budget::Budget;
use super::cell_day::{CellDay, History, RecentMention};
use super::criteria::Criteria;
use super::events::Events;
use super::exposure::Volume;
use super::feedback::Feedback;
use super::items::Market;
use super::moved::Moved;
use super::prior::Baseline;
use super::{assessment, common_cause, days};
use vocabulary::Assessment;

/// Judges days by one criteria file.
#[derive(Debug, Clone)]
pub struct Scorer {
    criteria: Criteria,
}

impl Scorer {
    /// A scorer for these criteria.
    #[must_use]
    pub fn new(criteria: Criteria) -> Self {
        Self { criteria }
    }

    /// The criteria it judges by.
    #[must_use]
    pub fn criteria(&self) -> &Criteria {
        &self.criteria
    }

    /// Judges every category × hazard with an event in the newest weeks, knowing only what was seen by the end of `as_of` in
    /// Asia/Shanghai; `feedback` are the outcomes of earlier alerts, [`Feedback::none`] without any. Order: category, hazard,
    /// then brands and provinces as first seen, the rest last (SCORE-1).
    #[must_use]
    pub fn assess(&self, events: &Events, volume: &Volume, feedback: &Feedback, as_of: Date) -> Vec<Assessment> {
        self.assess_in(events, volume, &Market::new(), feedback, as_of)
    }

    /// Like [`Self::assess`], with the sales that listings display (`market`).
    #[must_use]
    pub fn assess_in(
        &self,
        events: &Events,
        volume: &Volume,
        market: &Market,
        feedback: &Feedback,
        as_of: Date,
    ) -> Vec<Assessment> {
        let day = days::number(as_of);
        let displayed = market.on(day);
        let from = day - days::span(self.criteria.horizon_days()) + 1;
        let baseline = Baseline::at(day, events, volume, &self.criteria);
        let budget = Budget::at(&baseline, &self.criteria);
        let disproportion = OnceLock::new();
        let mut cell_days = Vec::new();
        let known = feedback.known(as_of, &self.criteria.feedback);
        let weights: Vec<f64> = events.names.sources.iter().map(|source| known.weight(source)).collect();
        for cell in &events.cells {
            let recent: Vec<RecentMention<'_>> =
                cell.known(from, day, day).map(|mention| RecentMention::new(mention, cell, day)).collect();
            if recent.iter().any(|seen| seen.mention.opens) {
                let history = History::of(cell, baseline.exposure.baseline(), day);
                let cell_day = CellDay {
                    criteria: &self.criteria,
                    baseline: &baseline,
                    budget,
                    displayed: &displayed,
                    cell,
                    history,
                    moved: Moved::default(),
                    names: &events.names,
                    events,
                    disproportion: &disproportion,
                    common_cause: None,
                    levels_only: false,
                    known: &known,
                    weights: &weights,
                    as_of,
                };
                cell_days.push((cell_day, recent));
            }
        }
        // Desks know nothing of each other but what rises in several categories at once, which is known only when all of them have been
        // looked at. A service has to say soon what came in, beside searches on the same cores.
        let cell_days: Vec<_> = cell_days
            .into_par_iter()
            .map(|(cell_day, recent)| {
                let whole = cell_day.rest(recent.clone(), &BTreeSet::new());
                let rise = cell_day.rise(&whole);
                (cell_day, recent, whole, rise)
            })
            .collect();
        let rises = cell_days.iter().filter_map(|(cell_day, .., rise)| Some((cell_day.at(), rise.clone()?)));
        let rises: BTreeMap<_, _> = rises.collect();
        let judged = cell_days.into_par_iter().map(|(mut cell_day, recent, whole, _)| {
            cell_day.common_cause = common_cause::find(cell_day.at(), &rises, &self.criteria.spread);
            cell_day.assessments(whole, &recent)
        });
        let longest = self.criteria.detector.windows_days.iter().max().copied().unwrap_or(0);
        let assessed = judged.collect::<Vec<_>>().into_iter().flatten().collect();
        assessment::finish(assessed, budget.cells, longest)
    }
}
