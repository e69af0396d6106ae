//! How outcomes of earlier alerts change the judgement of a day: the thinning test, silence and its end, their terms and sentences.
//!
//! No weight enters a count: the windows of the test stay as they are, and a second test leaves out whole events.

use std::collections::BTreeMap;

use super::{CellDay, Part, PartScope, RecentMention};
use crate::criteria::SingleRule;
use crate::days;
use crate::detector::{Base, Test};
use crate::feedback::{self, RaisedAs};
use vocabulary::{
    Channel, Danger, EvidenceBasis, FeedbackTerms, MuteTerm, PRealTerms, Regime, Sentence, SourceTerm, Spread,
    ThinnedTerm,
};

/// What outcomes changed of a part before its levels were judged.
#[derive(Debug, Clone, Default)]
pub(crate) struct OutcomeEffects {
    pub(crate) thinned: Option<ThinnedTerm>,
    pub(crate) muted: Option<MuteTerm>,
}

impl OutcomeEffects {
    /// Rule id of a part that would be above the threshold without these outcomes.
    pub(crate) fn excluded(&self) -> Option<&'static str> {
        if self.muted.as_ref().is_some_and(|muted| !muted.lifted) {
            return Some("exclude.muted");
        }
        self.thinned.as_ref().filter(|thinned| !thinned.survives).map(|_| "exclude.thinned")
    }
}

impl<'a> CellDay<'a> {
    /// Withdraws the crossing of a rise that rests on sources that are seldom right, or that was investigated and not confirmed; in the
    /// latter case also single reports that were known by then.
    pub(super) fn apply_outcomes(
        &self,
        seen: &[RecentMention<'a>],
        scope: &PartScope,
        base: Base,
        test: &mut Test,
        single: &mut Option<&'a SingleRule>,
    ) -> OutcomeEffects {
        let mut effects = OutcomeEffects::default();
        if test.crossed {
            effects.thinned = self.thinned(seen, scope, base);
        }
        if (test.crossed || single.is_some()) && self.known.any_silence(self.cell.category, self.cell.hazard) {
            effects.muted = self.muted(seen, scope, test);
        }
        if effects.thinned.as_ref().is_some_and(|thinned| !thinned.survives) {
            test.crossed = false;
        }
        if let Some(muted) = effects.muted.as_ref().filter(|muted| !muted.lifted) {
            test.crossed = false;
            let since = days::number(muted.since);
            let new = |seen: &&RecentMention<'a>| seen.mention.seen > since;
            *single =
                self.criteria.single.iter().find(|rule| seen.iter().filter(new).any(|seen| self.hits(rule, seen)));
        }
        effects
    }

    /// The same test without the events of sources below the line, in the windows and in the baseline.
    fn thinned(&self, seen: &[RecentMention<'a>], scope: &PartScope, base: Base) -> Option<ThinnedTerm> {
        let below = self.known.criteria.thin_below;
        let thin = |source: u32| self.weights[source as usize] < below;
        let removed = seen.iter().filter(|seen| seen.mention.opens && thin(seen.mention.source)).count() as u64;
        if removed == 0 {
            return None;
        }
        let (from, to) = self.baseline.exposure.baseline();
        let day = self.baseline.as_of;
        let past = self.cell.known(from, to, day).filter(|mention| mention.opens && thin(mention.source));
        let gone = past
            .map(|mention| RecentMention::new(mention, self.cell, day))
            .filter(|seen| scope.covers(seen.brand, seen.province))
            .count() as u64;
        let base = Base { events: base.events.saturating_sub(gone), ..base };
        let left = self.test(seen, base, |seen| !thin(seen.mention.source));
        Some(ThinnedTerm { w_below: below, removed, h: left.terms.h, survives: left.crossed })
    }

    fn muted(&self, seen: &[RecentMention<'a>], scope: &PartScope, test: &Test) -> Option<MuteTerm> {
        let (category, hazard) = (self.cell.category, self.cell.hazard);
        let evidence = (test.terms.h, test.terms.h_threshold);
        let fresh = |since| {
            let since = days::number(since);
            seen.iter().any(|seen| seen.mention.opens && seen.mention.seen > since)
        };
        let name = |brand: u32| self.names.brands.get(brand as usize).map(String::as_str);
        if scope.brand > 0 {
            return self.known.mute((category, hazard, name(scope.brand)), evidence, fresh);
        }
        // A whole that one brand dominates carries its name: it may have been judged under it.
        let whole = self.known.mute((category, hazard, None), evidence, fresh);
        whole.or_else(|| {
            let mut brands: BTreeMap<u32, u64> = BTreeMap::new();
            for seen in seen.iter().filter(|seen| seen.mention.opens) {
                *brands.entry(seen.brand).or_default() += 1;
            }
            let all: u64 = brands.values().sum();
            let (top, events) = brands.into_iter().filter(|(brand, _)| *brand > 0).max_by_key(|(_, events)| *events)?;
            let dominates = events as f64 >= self.criteria.spread.dominant_share * all as f64;
            dominates.then(|| self.known.mute((category, hazard, name(top)), evidence, fresh)).flatten()
        })
    }

    /// The terms of an assessment that rest on outcomes.
    pub(crate) fn feedback_terms(
        &self,
        part: &Part<'a>,
        inside: &[&RecentMention<'a>],
        (danger, spread): (Danger, Spread),
        brand: Option<&str>,
    ) -> FeedbackTerms {
        let terms = &part.test.terms;
        let per_week = terms.baseline_events as f64 / terms.baseline_weeks;
        let sparse = terms.baseline_weeks <= 0.0 || per_week < self.criteria.detector.sparse_below_per_week;
        let regime = if sparse { Regime::Sparse } else { Regime::Dense };
        let basis = match (part.test.crossed, part.single) {
            (true, _) => EvidenceBasis::Onset,
            (false, Some(_)) => EvidenceBasis::Single,
            (false, None) => EvidenceBasis::Below,
        };
        let (category, hazard) = (self.cell.category, self.cell.hazard);
        let mut filled = FeedbackTerms {
            regime,
            basis,
            thinned: part.outcomes.thinned.clone(),
            muted: part.outcomes.muted.clone(),
            ..FeedbackTerms::default()
        };
        if basis == EvidenceBasis::Below {
            return filled;
        }
        filled.sources = self.sources(inside);
        filled.mix = feedback::mix(filled.sources.iter().map(|term| (term.channel, term.events)));
        filled.intensity = self.intensity(&part.scope);
        filled.p_real = Some(self.known.p_real(&RaisedAs { regime, basis, danger, spread, mix: filled.mix }));
        filled.usual = self.known.usual(category);
        filled.matter = self.known.matter(category, hazard, brand);
        filled.confirmed = self.known.confirmed(category, hazard);
        filled
    }

    fn sources(&self, inside: &[&RecentMention<'a>]) -> Vec<SourceTerm> {
        let mut events: BTreeMap<u32, (Channel, u64)> = BTreeMap::new();
        for seen in inside.iter().filter(|seen| seen.mention.opens) {
            events.entry(seen.mention.source).or_insert((seen.mention.channel, 0)).1 += 1;
        }
        let mut terms: Vec<SourceTerm> = events
            .into_iter()
            .map(|(number, (channel, events))| {
                let source = self.names.sources[number as usize].clone();
                let (hits, misses) = self.known.record(&source);
                SourceTerm { w: self.weights[number as usize], source, channel, events, hits, misses }
            })
            .collect();
        terms.sort_by(|a, b| a.source.cmp(&b.source));
        terms
    }

    /// `A(t) = Σ w·2^(−(t−t_i)/H)` over all events of the matter known by the day (section 1): the closed form of the running
    /// sum, which late events enter with the weight they would have by now.
    fn intensity(&self, scope: &PartScope) -> f64 {
        let day = self.baseline.as_of;
        let half_life = &self.known.criteria.half_life_days;
        self.cell
            .known(days::Day::MIN, day, day)
            .filter(|mention| mention.opens)
            .map(|mention| RecentMention::new(mention, self.cell, day))
            .filter(|seen| scope.covers(seen.brand, seen.province))
            .map(|seen| {
                let age = f64::from(day - seen.mention.day);
                let half = half_life.get(&seen.mention.channel).copied().unwrap_or(1.0);
                self.weights[seen.mention.source as usize] * (-age / half).exp2()
            })
            .sum()
    }

    /// Factor of the queue order: the probability that the alert is real, or the overall share of real alerts without one.
    pub(crate) fn weight_in_queue(&self, p_real: Option<&PRealTerms>) -> f64 {
        p_real.map_or_else(|| self.known.overall(), |p_real| p_real.mean)
    }
}

/// The sentences on outcomes of earlier alerts; none when there are no outcomes.
pub(crate) fn outcome_sentences(terms: &FeedbackTerms) -> impl Iterator<Item = Sentence> {
    let judged = terms.p_real.clone().filter(|p_real| p_real.judged > 0);
    [
        terms.thinned.clone().map(Sentence::Thinned),
        terms.muted.clone().map(Sentence::Muted),
        terms.confirmed.clone().map(Sentence::Confirmed),
        terms.matter.clone().map(Sentence::Matter),
        terms.usual.clone().map(Sentence::Usual),
        judged.map(Sentence::Real),
    ]
    .into_iter()
    .flatten()
}
