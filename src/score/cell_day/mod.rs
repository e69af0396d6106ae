//! One category × hazard on one day: which of its events are one incident, how dangerous, how wide, and which rule of the criteria applies.
//!
//! A centre wants one alert per incident, labelled where the label is clear. So a cell is first tested as a whole. A rise that several
//! brands share, or that fills one province across brands, is one part. Otherwise brands that cross the threshold by themselves are taken
//! out, each as a part of its own; then, unless the rest crosses as a whole, provinces are; what remains is one part more, usually
//! excluded. Every event is in exactly one part.
//!
//! In: the recent mentions of a cell and what the day's cells share. Out: [`Part`]s, and each as a [`JudgedPart`]. Not here: the terms that
//! are shown and decide nothing (`assessment`), what would change a judgement (`change`).

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::civil::Date;

use super::budget::{Budget, CellKind};
use super::common_cause::{CommonCause, Rise};
use super::criteria::{Basis, Criteria, DisposalRule, SingleRule};
use super::danger;
use super::days::{self, Day};
use super::detector::{self, Base, Test};
use super::disproportion::Disproportion;
use super::events::{Cell, Events, Mention, Names};
use super::feedback::KnownOutcomes;
use super::items::{self, Displayed, Items};
use super::moved::Moved;
use super::prior::{Baseline, Gamma};
use super::spread::{self, JudgedSpread, Shares};
pub(super) use history::History;
use outcome_effects::OutcomeEffects;
pub(super) use outcome_effects::outcome_sentences;
use vocabulary::{Category, Danger, DangerTerms, Disposal, Hazard, Spread, SpreadTerms};

mod evidence;
mod history;
mod outcome_effects;

/// A mention of the recent weeks with its event's brand, region and province (two digits) as known on the day; 0 = unknown.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecentMention<'a> {
    pub(super) mention: &'a Mention,
    pub(super) brand: u32,
    pub(super) region: u32,
    pub(super) province: u32,
}

impl<'a> RecentMention<'a> {
    pub(super) fn new(mention: &'a Mention, cell: &Cell, as_of: Day) -> Self {
        let event = &cell.events[mention.event as usize];
        let region = event.region(as_of);
        Self { mention, brand: event.brand(as_of), region, province: region / 10_000 }
    }
}

/// Which events of a cell are in a part.
pub(super) struct PartScope {
    /// Only this brand; 0 = all.
    pub(super) brand: u32,
    /// Only this province; 0 = all.
    pub(super) province: u32,
    /// Not these brands: they are parts of their own.
    pub(super) taken: BTreeSet<u32>,
}

impl PartScope {
    pub(super) fn covers(&self, brand: u32, province: u32) -> bool {
        (self.brand == 0 || self.brand == brand)
            && (self.province == 0 || self.province == province)
            && !self.taken.contains(&brand)
    }
}

/// Events of a cell that are judged together.
pub(super) struct Part<'a> {
    pub(super) mentions: Vec<RecentMention<'a>>,
    pub(super) scope: PartScope,
    pub(super) base: Base,
    pub(super) test: Test,
    /// The rule for single reports that one of the mentions fulfils.
    pub(super) single: Option<&'a SingleRule>,
    pub(super) outcomes: OutcomeEffects,
    /// Its spread, once [`CellDay::spread`] was called.
    width: OnceCell<JudgedSpread>,
}

impl Part<'_> {
    pub(super) fn above(&self) -> bool {
        self.test.crossed || self.single.is_some()
    }
}

/// A part judged: its levels with their terms, and the disposal rule that applies.
pub(super) struct JudgedPart<'a> {
    pub(super) window_days: u32,
    pub(super) shares: Shares,
    pub(super) danger: Danger,
    pub(super) danger_terms: DangerTerms,
    pub(super) spread: Spread,
    pub(super) spread_terms: SpreadTerms,
    pub(super) disposal: Disposal,
    pub(super) rule: Option<&'a DisposalRule>,
}

/// One category × hazard as of one day, with everything its judgement reads.
#[derive(Clone)]
pub(super) struct CellDay<'a> {
    pub(super) criteria: &'a Criteria,
    pub(super) baseline: &'a Baseline<'a>,
    pub(super) budget: Budget,
    pub(super) displayed: &'a Displayed<'a>,
    pub(super) cell: &'a Cell,
    /// Brand and province of every baseline event.
    pub(super) history: History<'a>,
    /// Events that a supposed change of the evidence adds to provinces or removes from them; none for the day as it was.
    pub(super) moved: Moved,
    pub(super) names: &'a Names,
    pub(super) events: &'a Events,
    /// Computed when the first part of the day crosses.
    pub(super) disproportion: &'a OnceLock<Disproportion>,
    /// What the whole cell has in common with other categories in which the same hazard rises.
    pub(super) common_cause: Option<CommonCause>,
    /// Whether only levels are needed, as for a supposed change of the evidence: terms that are shown and decide nothing are left out.
    pub(super) levels_only: bool,
    pub(super) known: &'a KnownOutcomes<'a>,
    /// Credibility of every source of `names`.
    pub(super) weights: &'a [f64],
    pub(super) as_of: Date,
}

impl<'a> CellDay<'a> {
    /// Category and hazard.
    pub(super) fn at(&self) -> (Category, Hazard) {
        (self.cell.category, self.cell.hazard)
    }

    /// The parts of the cell, in the order of the assessments.
    pub(super) fn parts(&self, recent: &[RecentMention<'a>]) -> Vec<Part<'a>> {
        self.parts_of(self.rest(recent.to_vec(), &BTreeSet::new()), recent)
    }

    /// Like [`Self::parts`], where the part of all mentions (`whole`) was already tested.
    pub(super) fn parts_of(&self, whole: Part<'a>, recent: &[RecentMention<'a>]) -> Vec<Part<'a>> {
        let mut out = Vec::new();
        if whole.test.crossed {
            let JudgedSpread { spread, one_brand, .. } = self.spread(&whole, &self.shares(&whole));
            if *spread >= Spread::Industry || (*spread == Spread::Regional && !one_brand) {
                out.push(whole);
                return out;
            }
        }
        let mut taken = BTreeSet::new();
        for (brand, seen) in grouped(recent, |seen| seen.brand) {
            if !self.may_rise(&seen) {
                continue;
            }
            let part = self.brand(seen, brand);
            if part.above() || part.outcomes.excluded().is_some() {
                taken.insert(brand);
                out.push(part);
            }
        }
        let left: Vec<RecentMention<'_>> = recent.iter().filter(|seen| !taken.contains(&seen.brand)).copied().collect();
        let rest = if taken.is_empty() { whole } else { self.rest(left.clone(), &taken) };
        let mut provinces = BTreeSet::new();
        if !rest.test.crossed {
            for (province, seen) in grouped(&left, |seen| seen.province) {
                if !self.may_rise(&seen) {
                    continue;
                }
                let part = self.province(seen, province, &taken);
                if part.above() || part.outcomes.excluded().is_some() {
                    provinces.insert(province);
                    out.push(part);
                }
            }
        }
        let rest = if provinces.is_empty() {
            rest
        } else {
            self.rest(left.into_iter().filter(|seen| !provinces.contains(&seen.province)).collect(), &taken)
        };
        if rest.mentions.iter().any(|seen| seen.mention.opens) {
            out.push(rest);
        }
        out
    }

    /// What is compared with other categories of the hazard; `None` when the cell did not cross as a whole.
    pub(super) fn rise(&self, whole: &Part<'a>) -> Option<Rise> {
        let limits = &self.criteria.spread;
        let shares = self.shares(whole);
        let evidence = self.evidence(whole, &shares, None)?;
        let mut rise = Rise {
            naming: vec![0; limits.components.len()],
            brands: shares.named().collect(),
            raised: spread::raised(&shares, &evidence, limits),
            one_brand: spread::one_brand(&shares, &evidence, limits),
            wide: spread::is_wide(&shares, &evidence, limits),
            ..Rise::default()
        };
        for seen in whole.mentions.iter().filter(|seen| seen.mention.opens && self.within(seen, limits.window_days)) {
            rise.events += 1;
            for (at, naming) in rise.naming.iter_mut().enumerate() {
                *naming += seen.mention.components >> at & 1;
            }
        }
        Some(rise)
    }

    /// The part of all mentions but those of brands that were taken out.
    pub(super) fn rest(&self, seen: Vec<RecentMention<'a>>, taken: &BTreeSet<u32>) -> Part<'a> {
        let prior = self.baseline.prior(self.cell.category, self.cell.hazard);
        self.part(seen, prior, (0, 0), taken)
    }

    fn brand(&self, seen: Vec<RecentMention<'a>>, brand: u32) -> Part<'a> {
        let prior = self.baseline.brand_prior(self.cell.category, self.cell.hazard, brand);
        self.part(seen, prior, (brand, 0), &BTreeSet::new())
    }

    fn province(&self, seen: Vec<RecentMention<'a>>, province: u32, taken: &BTreeSet<u32>) -> Part<'a> {
        let prior = self.baseline.province_prior(self.cell.category, self.cell.hazard, province, &self.moved);
        self.part(seen, prior, (0, province), taken)
    }

    fn part(
        &self,
        seen: Vec<RecentMention<'a>>,
        prior: Gamma,
        (brand, province): (u32, u32),
        taken: &BTreeSet<u32>,
    ) -> Part<'a> {
        let scope = PartScope { brand, province, taken: taken.clone() };
        let events = match (brand, province) {
            (0, 0) if taken.is_empty() => self.history.count(),
            (brand @ 1.., 0) if taken.is_empty() => self.history.of_brand(brand),
            (0, province) if taken.is_empty() => self.history.of_province(province),
            _ => self.history.iter().filter(|(brand, province)| scope.covers(*brand, *province)).count() as u64,
        };
        let dispersion = self.baseline.dispersion(self.cell.category);
        let kind = match (brand, province) {
            (0, 0) => CellKind::Whole,
            (0, _) => CellKind::Province,
            _ => CellKind::Brand,
        };
        let base = Base { prior, events, dispersion, kind };
        let mut single = self.criteria.single.iter().find(|rule| seen.iter().any(|seen| self.hits(rule, seen)));
        let mut test = self.test(&seen, base, |_| true);
        // What happened before the watch began is no onset, however unusual: a report since then is needed.
        test.crossed &= seen.iter().any(|seen| seen.mention.opens && seen.mention.day >= self.baseline.watched_from);
        let outcomes = self.apply_outcomes(&seen, &scope, base, &mut test, &mut single);
        Part { mentions: seen, scope, base, test, single, outcomes, width: OnceCell::new() }
    }

    fn test(&self, seen: &[RecentMention<'_>], base: Base, belongs: impl Fn(&RecentMention<'_>) -> bool) -> Test {
        let counts: Vec<u64> = self
            .criteria
            .detector
            .windows_days
            .iter()
            .map(|days| {
                seen.iter().filter(|seen| seen.mention.opens && self.within(seen, *days) && belongs(seen)).count()
                    as u64
            })
            .collect();
        let ln_limit = self.budget.ln_rate(self.cell.hazard, base.kind, self.criteria);
        detector::test(&counts, base, ln_limit, self.baseline, self.criteria)
    }

    /// The day judged.
    pub(super) fn today(&self) -> Day {
        self.baseline.as_of
    }

    pub(super) fn within(&self, seen: &RecentMention<'_>, days: u32) -> bool {
        i64::from(seen.mention.day) > i64::from(self.baseline.as_of) - i64::from(days)
    }

    fn hits(&self, rule: &SingleRule, seen: &RecentMention<'_>) -> bool {
        let Mention { asserted, confidence, channel, severity, context, .. } = *seen.mention;
        rule.hazards.holds(self.cell.hazard)
            && asserted
            && !context
            && confidence >= rule.min_confidence
            && (rule.channels.is_empty() || rule.channels.contains(&channel))
            && (severity >= rule.min_severity || (rule.or_brand && seen.brand > 0))
            && self.within(seen, rule.days)
    }

    /// Whether a group has enough events or a single report to cross at all: saves the test of the many brands with one report.
    fn may_rise(&self, seen: &[RecentMention<'_>]) -> bool {
        let detector = &self.criteria.detector;
        let events = seen.iter().filter(|seen| seen.mention.opens).count() as u64;
        events >= detector.min_events_brand.min(detector.min_events_sparse).min(detector.min_events_medium)
            || self.criteria.single.iter().any(|rule| seen.iter().any(|seen| self.hits(rule, seen)))
    }

    fn shares(&self, part: &Part<'_>) -> Shares {
        let mut shares = Shares::default();
        for seen in &part.mentions {
            if seen.mention.opens && self.within(seen, self.criteria.spread.window_days) {
                shares.add(seen.brand, seen.province);
            }
        }
        shares
    }

    /// Spread of `part`, computed once and cached: [`Self::parts_of`] needs it before the assessment does. `shares`: those of the part.
    fn spread<'p>(&self, part: &'p Part<'_>, shares: &Shares) -> &'p JudgedSpread {
        part.width.get_or_init(|| {
            let PartScope { brand, province, taken } = &part.scope;
            let whole = *brand == 0 && *province == 0 && taken.is_empty();
            let evidence = self.evidence(part, shares, self.common_cause.clone().filter(|_| whole));
            let (brands, criteria) = (&self.names.brands, self.criteria);
            spread::judge(shares, brands, evidence.as_ref(), &criteria.spread, &criteria.zones, self.levels_only)
        })
    }

    fn danger(&self, part: &Part<'_>, inside: &[&RecentMention<'_>]) -> (Danger, DangerTerms) {
        let criteria = &self.criteria.danger;
        let items = match (part.scope.brand, part.scope.province) {
            (0, 0) if part.scope.taken.is_empty() => Items::All,
            (brand @ 1.., _) => self.names.brands.get(brand as usize).map_or(Items::Some, |name| Items::Brand(name)),
            _ => Items::Some,
        };
        // Nothing was counted before the watch began.
        let watched = u32::try_from(self.baseline.as_of - self.baseline.watched_from + 1).unwrap_or(1);
        let days = criteria.rate_days.min(watched.max(1));
        let events = part.mentions.iter().filter(|seen| seen.mention.opens && self.within(seen, days)).count() as u64;
        let exposure = items::exposure(self.cell.category, items, (events, days), self.displayed, criteria);
        danger::judge(self.cell.hazard, inside.iter().map(|seen| seen.mention), exposure, criteria)
    }

    /// The levels of a part, and the rule of the criteria that applies.
    pub(super) fn judged(&self, part: &Part<'_>) -> JudgedPart<'a> {
        let criteria = self.criteria;
        let windows = &criteria.detector.windows_days;
        let window_days = match part.single {
            Some(rule) if !part.test.crossed => {
                let fitting = windows.iter().copied().find(|days| *days >= rule.days);
                fitting.or(windows.last().copied()).unwrap_or(rule.days)
            }
            _ => part.test.window().days,
        };
        let inside: Vec<&RecentMention<'_>> =
            part.mentions.iter().filter(|seen| self.within(seen, window_days)).collect();
        let events = inside.iter().filter(|seen| seen.mention.opens).count() as u64;
        let (danger, danger_terms) = self.danger(part, &inside);
        let shares = self.shares(part);
        let JudgedSpread { spread, terms: spread_terms, .. } = self.spread(part, &shares).clone();
        let rule = criteria.disposal.iter().find(|rule| {
            let based = match rule.basis {
                Basis::Onset => part.test.crossed,
                Basis::Single => part.single.is_some(),
            };
            let wide = danger >= rule.min_danger && spread >= rule.min_spread && events >= rule.min_events;
            let common =
                spread_terms.provinces >= rule.min_provinces && (!rule.company_wide || spread_terms.company_wide);
            based && wide && common && rule.hazards.holds(self.cell.hazard)
        });
        let disposal = rule.map_or(Disposal::Exclude, |rule| rule.disposal);
        JudgedPart { window_days, shares, danger, danger_terms, spread, spread_terms, disposal, rule }
    }

    /// Counts of the events of the last window by category, brand and hazard; the same for all cells of the day.
    pub(super) fn disproportion(&self) -> &Disproportion {
        self.disproportion.get_or_init(|| {
            let (limits, to) = (&self.criteria.spread, self.baseline.as_of);
            let from = to - days::span(limits.out_of_line_days) + 1;
            let of = |cell: &'a Cell| {
                let opens = cell.known(from, to, to).filter(|mention| mention.opens);
                opens.map(move |mention| (cell.category, cell.hazard, cell.events[mention.event as usize].brand(to)))
            };
            Disproportion::new(self.events.cells.iter().flat_map(of), self.events.names.brands.len(), limits)
        })
    }
}

/// Groups with a known key (not 0) and at least one event, by key.
fn grouped<'a>(
    seen: &[RecentMention<'a>],
    key: impl Fn(&RecentMention<'a>) -> u32,
) -> impl Iterator<Item = (u32, Vec<RecentMention<'a>>)> {
    let mut groups: BTreeMap<u32, Vec<RecentMention<'a>>> = BTreeMap::new();
    for seen in seen {
        groups.entry(key(seen)).or_default().push(*seen);
    }
    groups.into_iter().filter(|(key, group)| *key > 0 && group.iter().any(|seen| seen.mention.opens))
}
