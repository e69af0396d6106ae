//! What is one incident, how bad and how wide is it, and what is to be done: the judgement of one day.
//!
//! A centre wants one alert per incident, labelled where the label is clear. So each category × hazard is first looked at as a whole.
//! A rise that several brands share, or that fills one province across brands, is one assessment. Otherwise brands that cross by
//! themselves are taken out, each as an assessment of its own; then, unless the rest crosses as a whole, provinces are; and what
//! remains is one assessment more, usually excluded. Every event is in exactly one of them.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::civil::Date;
use rayon::prelude::*;

use super::among::Looked;
use super::budget::{Budget, Kind};
use super::change;
use super::criteria::{Basis, Criteria, DisposalRule, SingleRule};
use super::days::{self, Day};
use super::detector::{self, Base, Test};
use super::events::{Cell, Events, Mention, Names};
use super::exposure::Volume;
use super::feedback::{Feedback, Known};
use super::items::{self, Displayed, Items, Market};
use super::moved::Moved;
use super::out_of_line::OutOfLine;
use super::prior::{Gamma, Ground};
use super::shared::Shared;
use super::shared::{Rise, shared};
use super::spread::{self, Shares};
use super::{among, began, danger, explain};
use heard::Heard;
pub(super) use history::History;
use vocabulary::{
    Assessment, Began, Category, Counts, Danger, DangerTerms, Decision, Disposal, DocumentId, Explanation, Hazard,
    RegionCode, Spread, SpreadTerms,
};

mod evidence;
mod heard;
mod history;

/// Rule id of assessments that no disposal rule claims.
const EXCLUDED: &str = "exclude.below_line";

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

    /// As [`Self::assess`], knowing what listings display as sold.
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
        let ground = Ground::at(day, events, volume, &self.criteria);
        let budget = Budget::at(&ground, &self.criteria);
        let lines = OnceLock::new();
        let mut desks = Vec::new();
        let known = feedback.known(as_of, &self.criteria.feedback);
        let weights: Vec<f64> = events.names.sources.iter().map(|source| known.weight(source)).collect();
        for cell in &events.cells {
            let recent: Vec<Seen<'_>> =
                cell.known(from, day, day).map(|mention| Seen::new(mention, cell, day)).collect();
            if recent.iter().any(|seen| seen.mention.opens) {
                let history = History::of(cell, ground.exposure.baseline(), day);
                let desk = Desk {
                    criteria: &self.criteria,
                    ground: &ground,
                    budget,
                    displayed: &displayed,
                    cell,
                    history,
                    moved: Moved::default(),
                    names: &events.names,
                    events,
                    lines: &lines,
                    shared: None,
                    levels_only: false,
                    known: &known,
                    weights: &weights,
                    as_of,
                };
                desks.push((desk, recent));
            }
        }
        // Desks know nothing of each other but what rises in several categories at once, which is known only when all of them have been
        // looked at. A service has to say soon what came in, beside searches on the same cores.
        let desks: Vec<_> = desks
            .into_par_iter()
            .map(|(desk, recent)| {
                let whole = desk.rest(recent.clone(), &BTreeSet::new());
                let rise = desk.rise(&whole);
                (desk, recent, whole, rise)
            })
            .collect();
        let rises = desks.iter().filter_map(|(desk, .., rise)| Some((desk.at(), rise.clone()?)));
        let rises: BTreeMap<_, _> = rises.collect();
        let judged = desks.into_par_iter().map(|(mut desk, recent, whole, _)| {
            desk.shared = shared(desk.at(), &rises, &self.criteria.spread);
            desk.judge(whole, &recent)
        });
        let mut looked: Vec<Looked> = judged.collect::<Vec<_>>().into_iter().flatten().collect();
        let longest = self.criteria.detector.windows_days.iter().max().copied().unwrap_or(0);
        among::place(&mut looked, budget.cells, longest);
        let explained = |Looked { mut assessment, .. }| {
            assessment.explanation = explain::explain(&assessment);
            assessment
        };
        looked.into_iter().map(explained).collect()
    }
}

/// A mention with its event's brand, region and province (two digits) as known on the day; 0 = unknown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) mention: &'a Mention,
    pub(super) brand: u32,
    pub(super) region: u32,
    pub(super) province: u32,
}

impl<'a> Seen<'a> {
    fn new(mention: &'a Mention, cell: &Cell, as_of: Day) -> Self {
        let event = &cell.events[mention.event as usize];
        let region = event.region(as_of);
        Self { mention, brand: event.brand(as_of), region, province: region / 10_000 }
    }
}

/// Which events of a cell belong together.
pub(super) struct Matter {
    /// Only this brand; 0 = all.
    pub(super) brand: u32,
    /// Only this province; 0 = all.
    pub(super) province: u32,
    /// Not these brands: they have an assessment of their own.
    taken: BTreeSet<u32>,
}

impl Matter {
    fn covers(&self, brand: u32, province: u32) -> bool {
        (self.brand == 0 || self.brand == brand)
            && (self.province == 0 || self.province == province)
            && !self.taken.contains(&brand)
    }
}

/// Events that are judged together.
pub(super) struct Part<'a> {
    pub(super) seen: Vec<Seen<'a>>,
    pub(super) matter: Matter,
    base: Base,
    pub(super) test: Test,
    single: Option<&'a SingleRule>,
    heard: Heard,
    /// How wide it is, once somebody has asked.
    width: OnceCell<spread::Verdict>,
}

impl Part<'_> {
    pub(super) fn above(&self) -> bool {
        self.test.crossed || self.single.is_some()
    }
}

/// A part judged: its levels, what made them, and which rule follows.
pub(super) struct Verdict<'a> {
    pub(super) window_days: u32,
    pub(super) shares: Shares,
    pub(super) danger: Danger,
    pub(super) danger_terms: DangerTerms,
    pub(super) spread: Spread,
    pub(super) spread_terms: SpreadTerms,
    pub(super) disposal: Disposal,
    pub(super) rule: Option<&'a DisposalRule>,
}

/// One category × hazard on the desk, on one day.
#[derive(Clone)]
pub(super) struct Desk<'a> {
    pub(super) criteria: &'a Criteria,
    ground: &'a Ground<'a>,
    budget: Budget,
    displayed: &'a Displayed<'a>,
    cell: &'a Cell,
    /// Brand and province of every baseline event.
    pub(super) history: History<'a>,
    /// Events that a change of the evidence put into or took out of provinces; none on an ordinary day.
    pub(super) moved: Moved,
    pub(super) names: &'a Names,
    events: &'a Events,
    /// Made when the first matter crosses.
    lines: &'a OnceLock<OutOfLine>,
    /// What the whole shares with other categories that rise by the same hazard.
    shared: Option<Shared>,
    /// Whether only the levels are asked for, as a change of the evidence is: numbers that are told and decide nothing are left out then.
    pub(super) levels_only: bool,
    known: &'a Known<'a>,
    /// Credibility of every source of `names`.
    weights: &'a [f64],
    as_of: Date,
}

impl<'a> Desk<'a> {
    /// What is looked at.
    fn at(&self) -> (Category, Hazard) {
        (self.cell.category, self.cell.hazard)
    }

    fn judge(&self, whole: Part<'a>, recent: &[Seen<'a>]) -> Vec<Looked> {
        self.parts_of(whole, recent).iter().map(|part| self.assessment(part, recent)).collect()
    }

    /// What belongs together, in the order of the assessments.
    pub(super) fn parts(&self, recent: &[Seen<'a>]) -> Vec<Part<'a>> {
        self.parts_of(self.rest(recent.to_vec(), &BTreeSet::new()), recent)
    }

    /// The same, when everything together has been looked at.
    fn parts_of(&self, whole: Part<'a>, recent: &[Seen<'a>]) -> Vec<Part<'a>> {
        let mut out = Vec::new();
        if whole.test.crossed {
            let spread::Verdict { spread, one_brand, .. } = self.spread(&whole, &self.shares(&whole));
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
            if part.above() || part.heard.excluded().is_some() {
                taken.insert(brand);
                out.push(part);
            }
        }
        let left: Vec<Seen<'_>> = recent.iter().filter(|seen| !taken.contains(&seen.brand)).copied().collect();
        let rest = if taken.is_empty() { whole } else { self.rest(left.clone(), &taken) };
        let mut provinces = BTreeSet::new();
        if !rest.test.crossed {
            for (province, seen) in grouped(&left, |seen| seen.province) {
                if !self.may_rise(&seen) {
                    continue;
                }
                let part = self.province(seen, province, &taken);
                if part.above() || part.heard.excluded().is_some() {
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
        if rest.seen.iter().any(|seen| seen.mention.opens) {
            out.push(rest);
        }
        out
    }

    /// What a cell that crossed as a whole has to compare with others of its hazard.
    fn rise(&self, whole: &Part<'a>) -> Option<Rise> {
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
        for seen in whole.seen.iter().filter(|seen| seen.mention.opens && self.within(seen, limits.window_days)) {
            rise.events += 1;
            for (at, naming) in rise.naming.iter_mut().enumerate() {
                *naming += seen.mention.components >> at & 1;
            }
        }
        Some(rise)
    }

    /// Everything but the brands that were taken out.
    fn rest(&self, seen: Vec<Seen<'a>>, taken: &BTreeSet<u32>) -> Part<'a> {
        let prior = self.ground.prior(self.cell.category, self.cell.hazard);
        self.part(seen, prior, (0, 0), taken)
    }

    fn brand(&self, seen: Vec<Seen<'a>>, brand: u32) -> Part<'a> {
        let prior = self.ground.brand_prior(self.cell.category, self.cell.hazard, brand);
        self.part(seen, prior, (brand, 0), &BTreeSet::new())
    }

    fn province(&self, seen: Vec<Seen<'a>>, province: u32, taken: &BTreeSet<u32>) -> Part<'a> {
        let prior = self.ground.province_prior(self.cell.category, self.cell.hazard, province, &self.moved);
        self.part(seen, prior, (0, province), taken)
    }

    fn part(
        &self,
        seen: Vec<Seen<'a>>,
        prior: Gamma,
        (brand, province): (u32, u32),
        taken: &BTreeSet<u32>,
    ) -> Part<'a> {
        let matter = Matter { brand, province, taken: taken.clone() };
        let events = match (brand, province) {
            (0, 0) if taken.is_empty() => self.history.count(),
            (brand @ 1.., 0) if taken.is_empty() => self.history.of_brand(brand),
            (0, province) if taken.is_empty() => self.history.of_province(province),
            _ => self.history.iter().filter(|(brand, province)| matter.covers(*brand, *province)).count() as u64,
        };
        let dispersion = self.ground.dispersion(self.cell.category);
        let kind = match (brand, province) {
            (0, 0) => Kind::Whole,
            (0, _) => Kind::Province,
            _ => Kind::Brand,
        };
        let base = Base { prior, events, dispersion, kind };
        let mut single = self.criteria.single.iter().find(|rule| seen.iter().any(|seen| self.hits(rule, seen)));
        let mut test = self.test(&seen, base, |_| true);
        // What was there before the watch began is no onset, however unusual: it takes a report since then.
        test.crossed &= seen.iter().any(|seen| seen.mention.opens && seen.mention.day >= self.ground.watched_from);
        let heard = self.heard(&seen, &matter, base, &mut test, &mut single);
        Part { seen, matter, base, test, single, heard, width: OnceCell::new() }
    }

    fn test(&self, seen: &[Seen<'_>], base: Base, belongs: impl Fn(&Seen<'_>) -> bool) -> Test {
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
        detector::test(&counts, base, ln_limit, self.ground, self.criteria)
    }

    /// The day judged.
    pub(super) fn today(&self) -> Day {
        self.ground.as_of
    }

    pub(super) fn within(&self, seen: &Seen<'_>, days: u32) -> bool {
        i64::from(seen.mention.day) > i64::from(self.ground.as_of) - i64::from(days)
    }

    fn hits(&self, rule: &SingleRule, seen: &Seen<'_>) -> bool {
        let Mention { asserted, confidence, channel, severity, context, .. } = *seen.mention;
        rule.hazards.holds(self.cell.hazard)
            && asserted
            && !context
            && confidence >= rule.min_confidence
            && (rule.channels.is_empty() || rule.channels.contains(&channel))
            && (severity >= rule.min_severity || (rule.or_brand && seen.brand > 0))
            && self.within(seen, rule.days)
    }

    /// Whether a group can be above the line at all: spares the arithmetic for the many brands with one report.
    fn may_rise(&self, seen: &[Seen<'_>]) -> bool {
        let detector = &self.criteria.detector;
        let events = seen.iter().filter(|seen| seen.mention.opens).count() as u64;
        events >= detector.min_events_brand.min(detector.min_events_sparse).min(detector.min_events_medium)
            || self.criteria.single.iter().any(|rule| seen.iter().any(|seen| self.hits(rule, seen)))
    }

    fn shares(&self, part: &Part<'_>) -> Shares {
        let mut shares = Shares::default();
        for seen in &part.seen {
            if seen.mention.opens && self.within(seen, self.criteria.spread.window_days) {
                shares.add(seen.brand, seen.province);
            }
        }
        shares
    }

    /// How wide a part of this desk is; `shares` are its own. Weighed once: what decides that a whole stays whole is told of it too.
    fn spread<'p>(&self, part: &'p Part<'_>, shares: &Shares) -> &'p spread::Verdict {
        part.width.get_or_init(|| {
            let Matter { brand, province, taken } = &part.matter;
            let whole = *brand == 0 && *province == 0 && taken.is_empty();
            let evidence = self.evidence(part, shares, self.shared.clone().filter(|_| whole));
            let (brands, criteria) = (&self.names.brands, self.criteria);
            spread::judge(shares, brands, evidence.as_ref(), &criteria.spread, &criteria.zones, self.levels_only)
        })
    }

    fn danger(&self, part: &Part<'_>, inside: &[&Seen<'_>]) -> (Danger, DangerTerms) {
        let criteria = &self.criteria.danger;
        let items = match (part.matter.brand, part.matter.province) {
            (0, 0) if part.matter.taken.is_empty() => Items::All,
            (brand @ 1.., _) => self.names.brands.get(brand as usize).map_or(Items::Some, |name| Items::Brand(name)),
            _ => Items::Some,
        };
        // Before the watch began nobody counted.
        let watched = u32::try_from(self.ground.as_of - self.ground.watched_from + 1).unwrap_or(1);
        let days = criteria.rate_days.min(watched.max(1));
        let events = part.seen.iter().filter(|seen| seen.mention.opens && self.within(seen, days)).count() as u64;
        let exposure = items::exposure(self.cell.category, items, (events, days), self.displayed, criteria);
        danger::judge(self.cell.hazard, inside.iter().map(|seen| seen.mention), exposure, criteria)
    }

    /// Judges a part.
    pub(super) fn verdict(&self, part: &Part<'_>) -> Verdict<'a> {
        let criteria = self.criteria;
        let windows = &criteria.detector.windows_days;
        let window_days = match part.single {
            Some(rule) if !part.test.crossed => {
                let fitting = windows.iter().copied().find(|days| *days >= rule.days);
                fitting.or(windows.last().copied()).unwrap_or(rule.days)
            }
            _ => part.test.window().days,
        };
        let inside: Vec<&Seen<'_>> = part.seen.iter().filter(|seen| self.within(seen, window_days)).collect();
        let events = inside.iter().filter(|seen| seen.mention.opens).count() as u64;
        let (danger, danger_terms) = self.danger(part, &inside);
        let shares = self.shares(part);
        let spread::Verdict { spread, terms: mut spread_terms, .. } = self.spread(part, &shares).clone();
        if part.test.crossed && !self.levels_only {
            let name = |brand: u32| self.names.brands.get(brand as usize).map(|name| (brand, name.as_str()));
            let brand = shares.top_brand().and_then(|(brand, _)| name(brand));
            spread_terms.out_of_line = self.out_of_line().terms(self.cell.category, self.cell.hazard, brand);
        }
        let rule = criteria.disposal.iter().find(|rule| {
            let based = match rule.basis {
                Basis::Onset => part.test.crossed,
                Basis::Single => part.single.is_some(),
            };
            let wide = danger >= rule.min_danger && spread >= rule.min_spread && events >= rule.min_events;
            based && wide && rule.hazards.holds(self.cell.hazard)
        });
        let disposal = rule.map_or(Disposal::Exclude, |rule| rule.disposal);
        Verdict { window_days, shares, danger, danger_terms, spread, spread_terms, disposal, rule }
    }

    /// The assessment of a part, not yet set among those of its day and not yet explained.
    fn assessment(&self, part: &Part<'a>, recent: &[Seen<'a>]) -> Looked {
        let criteria = self.criteria;
        let verdict = self.verdict(part);
        let change = change::changes(self, part, &verdict, recent);
        let Verdict { window_days, shares, danger, danger_terms, spread, mut spread_terms, disposal, rule } = verdict;
        // Told of what stands, beside the level and after it: what would change is sought without it.
        spread_terms.prefecture_cluster = self.prefecture_cluster(part, spread_terms.scans);
        let inside: Vec<&Seen<'_>> = part.seen.iter().filter(|seen| self.within(seen, window_days)).collect();
        let (brand, region) = self.labels(part, &shares, spread);
        let feedback = self.feedback_terms(part, &inside, (danger, spread), brand.as_deref());
        let counts = counts(&inside);
        let mut detector = part.test.terms.clone();
        if part.test.crossed {
            detector.began = self.began(part);
        }
        let decision = Decision {
            crossed: part.test.crossed,
            single_rule: part.single.map(|rule| rule.id.clone()),
            single_means: part.single.map(|rule| rule.means.clone()),
            disposal_means: rule.map(|rule| rule.means.clone()),
        };
        let assessment = Assessment {
            as_of: self.as_of,
            category: self.cell.category,
            hazard: self.cell.hazard,
            brand,
            region,
            danger,
            spread,
            disposal,
            rank_score: rank(criteria, danger, spread, disposal, detector.h, counts.reports)
                * self.weight_in_queue(feedback.p_real.as_ref()),
            counts,
            window_days,
            detector,
            danger_terms,
            spread_terms,
            feedback,
            disposal_rule: rule.map_or(part.heard.excluded().unwrap_or(EXCLUDED), |rule| &rule.id).to_owned(),
            decision,
            change,
            change_of: None,
            explanation: Explanation::default(),
            criteria: criteria.version.clone(),
            documents: self.documents(&inside),
        };
        Looked { assessment, enough: part.test.enough }
    }

    /// When the rise of a part began.
    fn began(&self, part: &Part<'_>) -> Option<Began> {
        let as_of = self.ground.as_of;
        let from = self.ground.watched_from.max(as_of - began::DAYS + 1);
        let known = self.cell.known(from, as_of, as_of).filter(|mention| mention.opens);
        let belonging = known.map(|mention| Seen::new(mention, self.cell, as_of));
        let days = belonging.filter(|seen| part.matter.covers(seen.brand, seen.province)).map(|seen| seen.mention.day);
        let weeks = self.ground.exposure.baseline_weeks();
        began::began(days, part.base.events as f64 / weeks.max(1.0), as_of, self.ground.watched_from)
    }

    /// Everything that the last window's events say by category, brand and hazard.
    fn out_of_line(&self) -> &OutOfLine {
        self.lines.get_or_init(|| {
            let (limits, to) = (&self.criteria.spread, self.ground.as_of);
            let from = to - days::span(limits.out_of_line_days) + 1;
            let of = |cell: &'a Cell| {
                let opens = cell.known(from, to, to).filter(|mention| mention.opens);
                opens.map(move |mention| (cell.category, cell.hazard, cell.events[mention.event as usize].brand(to)))
            };
            OutOfLine::new(self.events.cells.iter().flat_map(of), self.events.names.brands.len(), limits)
        })
    }

    /// Brand and province of a part: what it was made by, or what clearly dominates it.
    fn labels(&self, part: &Part<'_>, shares: &Shares, spread: Spread) -> (Option<String>, Option<RegionCode>) {
        let limits = &self.criteria.spread;
        let narrow = spread < Spread::Industry && (part.above() || part.heard.excluded().is_some());
        let top_brand = shares.top_brand().filter(|_| narrow && shares.top_brand_share() >= limits.dominant_share);
        let placed = shares.unknown_region_share() <= limits.unknown_share_max;
        let top_province =
            shares.top_province().filter(|_| narrow && placed && shares.top_province_share() >= limits.dominant_share);
        let brand = if part.matter.brand > 0 { Some(part.matter.brand) } else { top_brand.map(|(brand, _)| brand) };
        let province = if part.matter.province > 0 {
            Some(part.matter.province)
        } else {
            top_province.map(|(province, _)| province)
        };
        (
            brand.and_then(|brand| self.events.names.brands.get(brand as usize).cloned()),
            province.and_then(|province| RegionCode::new(province * 10_000).ok()),
        )
    }

    /// Leaders of the events first, then what retold them; each in event order, each once.
    fn documents(&self, inside: &[&Seen<'_>]) -> Vec<DocumentId> {
        let mut listed = BTreeSet::new();
        let leaders = inside.iter().filter(|seen| seen.mention.opens);
        let others = inside.iter().filter(|seen| !seen.mention.opens);
        leaders
            .chain(others)
            .filter(|seen| listed.insert(seen.mention.document))
            .map(|seen| self.events.names.documents[seen.mention.document as usize].clone())
            .collect()
    }
}

/// Groups with a known key (not 0) and at least one event, by key.
fn grouped<'a>(seen: &[Seen<'a>], key: impl Fn(&Seen<'a>) -> u32) -> impl Iterator<Item = (u32, Vec<Seen<'a>>)> {
    let mut groups: BTreeMap<u32, Vec<Seen<'a>>> = BTreeMap::new();
    for seen in seen {
        groups.entry(key(seen)).or_default().push(*seen);
    }
    groups.into_iter().filter(|(key, group)| *key > 0 && group.iter().any(|seen| seen.mention.opens))
}

fn counts(inside: &[&Seen<'_>]) -> Counts {
    let distinct = |value: &dyn Fn(&Mention) -> u32| -> u64 {
        let values: BTreeSet<u32> = inside.iter().map(|seen| value(seen.mention)).collect();
        values.len() as u64
    };
    let places: BTreeSet<u32> =
        inside.iter().map(|seen| seen.mention.region / 100).filter(|prefecture| *prefecture > 0).collect();
    Counts {
        reports: distinct(&|mention| mention.document),
        texts: distinct(&|mention| mention.story),
        actors: distinct(&|mention| mention.actor),
        places: places.len() as u64,
    }
}

/// `danger × spread × disposal × (1 + min(max(h, 0), cap)) × ln(1 + reports)`; the caller multiplies by the probability that it is real.
fn rank(criteria: &Criteria, danger: Danger, spread: Spread, disposal: Disposal, h: f64, reports: u64) -> f64 {
    let weights = &criteria.rank;
    let weight = |found: Option<&f64>| found.copied().unwrap_or(1.0);
    weight(weights.danger.get(&danger))
        * weight(weights.spread.get(&spread))
        * weight(weights.disposal.get(&disposal))
        * (1.0 + h.clamp(0.0, weights.h_cap))
        * (reports as f64).ln_1p()
}
