//! What came back, and what it says of the matters of a day (scoring methods, sections 1 and 10; clause 1-20).
//!
//! In: outcomes, each with the moment it was known. Out: which alerts were confirmed, how credible a source is, how often products
//! fail, how probable it is that a matter is real, what is muted, what is confirmed for an industry. Not here: I/O. A weight never enters a
//! count: it leaves events out of a second test of the alarm, and it orders the queue.
//!
//! Bitemporal: a judgement of a day uses the outcomes known by its end, whatever came later. The order in which outcomes are handed in
//! does not matter (SCORE-1).

mod real;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::days;
use methods::sampling_feedback::{moments, posterior};
use numeric::solve::nelder_mead;
use numeric::{Beta, Continuous as _, ln_beta};
use vocabulary::{
    AlertContext, AlertId, Category, ConfirmedTerm, FailureTerms, Finding, Hazard, MuteTerm, Outcome, OutcomeId,
    PRealTerms, Samples, SamplingBasis, SourceId, Verdict, day_of,
};

pub(super) use real::RaisedAs;
use real::{Judged, RealModel};
pub use settings::FeedbackCriteria;

/// Tail on either side of a 90 % interval.
const TAIL: f64 = 0.05;
/// Size of a fitted prior at most: campaigns that agree better than chance say no more than this many batches.
const FITTED_SIZE_MAX: f64 = 1000.0;

/// Outcomes of earlier alerts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Feedback {
    /// In the order in which they were known, each once.
    outcomes: Vec<Outcome>,
    contexts: BTreeMap<AlertId, AlertContext>,
}

impl Feedback {
    /// Nothing has come back yet.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// These outcomes, in any order; of two with the same id the one known earlier stays.
    #[must_use]
    pub fn new(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut outcomes: Vec<Outcome> = outcomes.into_iter().collect();
        outcomes.sort_by(|a, b| (a.known_at, &a.id).cmp(&(b.known_at, &b.id)));
        let mut seen = BTreeSet::new();
        outcomes.retain(|outcome| seen.insert(outcome.id.clone()));
        Self { outcomes, contexts: BTreeMap::new() }
    }

    /// Says how an alert looked when it was last raised, for outcomes that do not carry it.
    pub fn raised(&mut self, alert: &AlertId, context: AlertContext) {
        self.contexts.insert(alert.clone(), context);
    }

    /// The outcomes, in the order in which they were known.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Every outcome known at the end of a day, part by part, with how alerts looked when they were raised; nothing while there is none.
    pub(super) fn tell(&self, as_of: Date, take: &mut dyn FnMut(&str)) {
        let known = self.outcomes.iter().take_while(|outcome| day_of(outcome.known_at) <= as_of);
        let mut any = false;
        for outcome in known {
            any = true;
            take(&serde_json::to_string(outcome).expect("an outcome is plain values"));
        }
        for (alert, context) in self.contexts.iter().filter(|_| any) {
            take(alert.as_str());
            take(&serde_json::to_string(context).expect("a context is plain values"));
        }
    }

    /// What is known at the end of a day.
    pub(super) fn known<'a>(&'a self, as_of: Date, criteria: &'a FeedbackCriteria) -> KnownOutcomes<'a> {
        let until = self.outcomes.partition_point(|outcome| day_of(outcome.known_at) <= as_of);
        KnownOutcomes::new(&self.outcomes[..until], &self.contexts, as_of, criteria)
    }
}

/// What became of an alert, or of a campaign about a matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// Confirmed, not confirmed, or excluded.
    pub verdict: Verdict,
    /// The day it was known.
    pub on: Date,
    /// The outcome that decided.
    pub outcome: OutcomeId,
    /// Batches tested and failed until then.
    pub tested: u64,
    /// Batches that failed.
    pub failed: u64,
}

/// The key of a matter: category, hazard, brand when it is about one.
type MatterKey = (Category, Hazard, Option<String>);

/// Outcomes that belong together: of one alert, or of targeted samples of one matter without an alert.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Alert(AlertId),
    Matter(MatterKey),
}

#[derive(Default)]
struct File<'a> {
    matter: Option<MatterKey>,
    context: Option<&'a AlertContext>,
    tested: u64,
    failed: u64,
    verdict: Option<(usize, Verdict, &'a Outcome)>,
    samples: Option<(usize, Verdict, &'a Outcome)>,
}

/// Reads outcomes, in the order in which they were known, into one file per group.
fn files<'a>(outcomes: &'a [Outcome], criteria: &FeedbackCriteria) -> BTreeMap<Group, File<'a>> {
    let [a, b] = criteria.failure_prior;
    let mut files: BTreeMap<Group, File<'a>> = BTreeMap::new();
    let corrected = corrected(outcomes);
    for (at, outcome) in outcomes.iter().enumerate().filter(|(_, outcome)| !corrected.contains(&outcome.id)) {
        let matter = outcome.hazard.map(|hazard| (outcome.category, hazard, outcome.brand.clone()));
        let targeted =
            matches!(&outcome.finding, Finding::Samples(samples) if samples.basis == SamplingBasis::Targeted);
        let group = match (&outcome.alert_id, &matter) {
            (Some(alert), _) => Group::Alert(alert.clone()),
            (None, Some(matter)) if targeted => Group::Matter(matter.clone()),
            _ => continue,
        };
        let file = files.entry(group).or_default();
        file.matter = file.matter.take().or(matter);
        file.context = file.context.or(outcome.context.as_ref());
        match &outcome.finding {
            Finding::Verdict { verdict, .. } => file.verdict = Some((at, *verdict, outcome)),
            Finding::Samples(samples) => {
                file.tested += samples.tested;
                file.failed += samples.failed;
                let law = posterior(Beta { a, b }, file.failed, file.tested);
                let verdict = if file.failed > 0 && law.sf(criteria.failure_threshold) >= criteria.confirm_above {
                    Some(Verdict::Confirmed)
                } else if file.tested >= criteria.mute_tested
                    && law.sf(criteria.design_prevalence) < criteria.mute_below
                {
                    Some(Verdict::Nothing)
                } else {
                    None
                };
                file.samples = verdict.map(|verdict| (at, verdict, outcome));
            }
        }
    }
    files
}

/// The outcomes that later ones among these correct.
fn corrected(outcomes: &[Outcome]) -> BTreeSet<&OutcomeId> {
    outcomes.iter().filter_map(|outcome| outcome.replaces.as_ref()).collect()
}

impl File<'_> {
    /// What was known last decides: a test after a verdict, or a verdict that has seen the test.
    fn resolution(&self) -> Option<Resolution> {
        let (_, verdict, outcome) = match (self.verdict, self.samples) {
            (Some(verdict), Some(samples)) => {
                if (samples.2.known_at, samples.0) > (verdict.2.known_at, verdict.0) {
                    samples
                } else {
                    verdict
                }
            }
            (verdict, samples) => verdict.or(samples)?,
        };
        let on = day_of(outcome.known_at);
        Some(Resolution { verdict, on, outcome: outcome.id.clone(), tested: self.tested, failed: self.failed })
    }

    /// Decided by a person rather than by samples.
    fn by_person(&self, resolution: &Resolution) -> bool {
        self.verdict.is_some_and(|(.., outcome)| outcome.id == resolution.outcome)
    }
}

/// What became of every alert that was judged, by the outcomes known at the end of a day.
#[must_use]
pub fn resolutions(feedback: &Feedback, as_of: Date, criteria: &FeedbackCriteria) -> BTreeMap<AlertId, Resolution> {
    let until = feedback.outcomes.partition_point(|outcome| day_of(outcome.known_at) <= as_of);
    files(&feedback.outcomes[..until], criteria)
        .into_iter()
        .filter_map(|(group, file)| match group {
            Group::Alert(alert) => Some((alert, file.resolution()?)),
            Group::Matter(_) => None,
        })
        .collect()
}

/// Hits and misses of every source, by the outcomes known at the end of a day, and the credibility that follows.
#[must_use]
pub fn credibility(feedback: &Feedback, as_of: Date, criteria: &FeedbackCriteria) -> Vec<(SourceId, u64, u64, f64)> {
    let known = feedback.known(as_of, criteria);
    known
        .sources
        .iter()
        .map(|(source, (hits, misses))| (source.clone(), *hits, *misses, known.weight(source)))
        .collect()
}

/// A matter that is muted, before its evidence is weighed.
#[derive(Debug, Clone)]
struct Silence {
    resolution: Resolution,
    /// The `h` that was looked into.
    h: f64,
}

/// Outcomes known by the end of a day, and what follows from them.
#[derive(Debug)]
pub(super) struct KnownOutcomes<'a> {
    pub(super) criteria: &'a FeedbackCriteria,
    sources: BTreeMap<SourceId, (u64, u64)>,
    model: RealModel<'a>,
    usual: BTreeMap<Category, FailureTerms>,
    samples: Vec<(&'a Outcome, &'a Samples)>,
    silences: BTreeMap<MatterKey, Silence>,
    confirmed: BTreeMap<(Category, Hazard), ConfirmedTerm>,
}

impl<'a> KnownOutcomes<'a> {
    fn new(
        outcomes: &'a [Outcome],
        contexts: &'a BTreeMap<AlertId, AlertContext>,
        as_of: Date,
        criteria: &'a FeedbackCriteria,
    ) -> Self {
        let mut sources: BTreeMap<SourceId, (u64, u64)> = BTreeMap::new();
        let mut judged = Vec::new();
        // The newest decision on a matter; of two on one day a confirmation.
        let mut newest: BTreeMap<MatterKey, (Resolution, bool, f64)> = BTreeMap::new();
        for (group, file) in files(outcomes, criteria) {
            let Some(resolution) = file.resolution() else { continue };
            let context = match &group {
                Group::Alert(alert) => contexts.get(alert).or(file.context),
                Group::Matter(_) => file.context,
            };
            let confirmed = resolution.verdict == Verdict::Confirmed;
            if resolution.verdict != Verdict::Excluded {
                for term in context.iter().flat_map(|context| &context.feedback.sources) {
                    let (hits, misses) = sources.entry(term.source.clone()).or_default();
                    *(if confirmed { hits } else { misses }) += 1;
                }
                if matches!(group, Group::Alert(_)) {
                    judged.push(Judged { look: context.map(look), confirmed });
                }
            }
            let Some(matter) = file.matter.clone() else { continue };
            let mutes = !confirmed && (criteria.mute_verdicts || !file.by_person(&resolution));
            let h = context.map_or(f64::NEG_INFINITY, |context| context.h);
            let later = newest.get(&matter).is_none_or(|(held, muted, _)| {
                resolution.on > held.on || (resolution.on == held.on && *muted && !mutes)
            });
            if later {
                newest.insert(matter, (resolution, mutes, h));
            }
        }
        let silent = |resolution: &Resolution| days::number(as_of) <= last_day(resolution.on, criteria);
        let silences = newest
            .into_iter()
            .filter(|(_, (resolution, mutes, _))| *mutes && silent(resolution))
            .map(|(matter, (resolution, _, h))| (matter, Silence { resolution, h }))
            .collect();
        let corrected = corrected(outcomes);
        let samples: Vec<(&Outcome, &Samples)> = outcomes
            .iter()
            .filter(|outcome| !corrected.contains(&outcome.id))
            .filter_map(|outcome| match &outcome.finding {
                Finding::Samples(samples) => Some((outcome, samples)),
                Finding::Verdict { .. } => None,
            })
            .collect();
        let usual = usual(&samples, criteria);
        let confirmed = confirmed(&samples, &usual, as_of, criteria);
        Self { criteria, sources, model: RealModel::learn(judged, criteria), usual, samples, silences, confirmed }
    }

    /// Hits and misses of a source.
    pub(super) fn record(&self, source: &SourceId) -> (u64, u64) {
        self.sources.get(source).copied().unwrap_or_default()
    }

    /// Credibility of a source: `(a + hits) / (a + b + hits + misses)`.
    pub(super) fn weight(&self, source: &SourceId) -> f64 {
        let (hits, misses) = self.record(source);
        let [a, b] = self.criteria.credibility_prior;
        (a + hits as f64) / (a + b + (hits + misses) as f64)
    }

    /// Probability that a matter that looks so is real.
    pub(super) fn p_real(&self, look: &RaisedAs) -> PRealTerms {
        self.model.p_real(look)
    }

    /// Share of all judged alerts that were confirmed, with the prior.
    pub(super) fn overall(&self) -> f64 {
        self.model.overall()
    }

    /// The usual share of failures of a category, where a random campaign has been held.
    pub(super) fn usual(&self, category: Category) -> Option<FailureTerms> {
        self.usual.get(&category).cloned()
    }

    /// The share of failures of a matter, where any of it has been tested.
    pub(super) fn matter(&self, category: Category, hazard: Hazard, brand: Option<&str>) -> Option<FailureTerms> {
        let about = |outcome: &Outcome, samples: &Samples| {
            outcome.category == category
                && outcome.hazard == Some(hazard)
                && brand.is_none_or(|brand| {
                    [&outcome.brand, &samples.company].iter().any(|name| name.as_deref() == Some(brand))
                })
        };
        let (mut tested, mut failed, mut any) = (0, 0, false);
        for (_, samples) in self.samples.iter().filter(|(outcome, samples)| about(outcome, samples)) {
            any = true;
            tested += samples.tested;
            failed += samples.failed;
        }
        let (prior, campaigns) = self.prior(category);
        any.then(|| failure(tested, failed, prior, campaigns, posterior(prior, failed, tested), self.criteria))
    }

    fn prior(&self, category: Category) -> (Beta, u64) {
        match self.usual.get(&category) {
            Some(usual) => (Beta { a: usual.prior[0], b: usual.prior[1] }, usual.campaigns),
            None => (Beta { a: self.criteria.failure_prior[0], b: self.criteria.failure_prior[1] }, 0),
        }
    }

    /// Results by company, where any company was tested.
    pub(super) fn confirmed(&self, category: Category, hazard: Hazard) -> Option<ConfirmedTerm> {
        self.confirmed.get(&(category, hazard)).cloned()
    }

    /// Whether any matter of a category × hazard is muted: spares the look-ups of all others.
    pub(super) fn any_silence(&self, category: Category, hazard: Hazard) -> bool {
        let first = (category, hazard, None);
        self.silences.range(first..).next().is_some_and(|(matter, _)| (matter.0, matter.1) == (category, hazard))
    }

    /// Whether a matter is muted, and what it takes to be heard: `unmute_factor` times the evidence that was looked into, or the
    /// normal line where that is higher. A brand inside a muted whole is muted while nothing new is told of it (`fresh`: an event
    /// known after a day).
    pub(super) fn mute(
        &self,
        (category, hazard, brand): (Category, Hazard, Option<&str>),
        (h, threshold): (f64, f64),
        fresh: impl Fn(Date) -> bool,
    ) -> Option<MuteTerm> {
        let at = |brand: Option<&str>| self.silences.get(&(category, hazard, brand.map(str::to_owned)));
        let term = |silence: &Silence, h_needed: f64, lifted: bool| MuteTerm {
            outcome: silence.resolution.outcome.clone(),
            tested: silence.resolution.tested,
            failed: silence.resolution.failed,
            since: silence.resolution.on,
            until: days::date_of(last_day(silence.resolution.on, self.criteria)),
            h_needed,
            lifted,
        };
        if let Some(silence) = at(brand) {
            let needed = silence.h.max(threshold) + self.criteria.unmute_factor.log10();
            return Some(term(silence, needed, h >= needed));
        }
        let whole = brand.and_then(|_| at(None))?;
        Some(term(whole, threshold, fresh(whole.resolution.on)))
    }
}

/// The last day of a silence that began on a day.
fn last_day(since: Date, criteria: &FeedbackCriteria) -> days::Day {
    days::number(since).saturating_add(i32::try_from(criteria.mute_days).unwrap_or(i32::MAX))
}

fn look(context: &AlertContext) -> RaisedAs {
    let terms = &context.feedback;
    RaisedAs {
        regime: terms.regime,
        basis: terms.basis,
        danger: context.danger,
        spread: context.spread,
        mix: mix(terms.sources.iter().map(|term| (term.channel, term.events))),
    }
}

/// Shares of events by independence class.
pub(super) fn mix(events: impl Iterator<Item = (vocabulary::Channel, u64)>) -> vocabulary::SourceMix {
    use vocabulary::{Channel, SourceMix};
    let (mut official, mut complaint, mut media) = (0, 0, 0);
    for (channel, events) in events {
        match channel {
            Channel::Regulator | Channel::Standard => official += events,
            Channel::Complaint | Channel::Platform => complaint += events,
            Channel::Media => media += events,
        }
    }
    let all = (official + complaint + media).max(1) as f64;
    SourceMix { official: official as f64 / all, complaint: complaint as f64 / all, media: media as f64 / all }
}

fn failure(
    tested: u64,
    failed: u64,
    prior: Beta,
    campaigns: u64,
    law: Beta,
    criteria: &FeedbackCriteria,
) -> FailureTerms {
    FailureTerms {
        tested,
        failed,
        prior: [prior.a, prior.b],
        campaigns,
        law: [law.a, law.b],
        mean: moments(law).0,
        interval: [law.quantile(TAIL), law.quantile_upper(TAIL)],
        threshold: criteria.failure_threshold,
        p_above: law.sf(criteria.failure_threshold),
    }
}

/// The usual share of failures by category: random campaigns only.
fn usual(samples: &[(&Outcome, &Samples)], criteria: &FeedbackCriteria) -> BTreeMap<Category, FailureTerms> {
    let mut campaigns: BTreeMap<Category, Vec<(u64, u64)>> = BTreeMap::new();
    // Results of single samples of one matter are one campaign.
    let mut of_matters: BTreeMap<(Category, Option<&AlertId>), (u64, u64)> = BTreeMap::new();
    for (outcome, samples) in samples.iter().filter(|(_, samples)| samples.basis == SamplingBasis::Random) {
        if samples.of_sample.is_some() {
            let campaign = of_matters.entry((outcome.category, outcome.alert_id.as_ref())).or_default();
            *campaign = (campaign.0 + samples.failed, campaign.1 + samples.tested);
        } else {
            campaigns.entry(outcome.category).or_default().push((samples.failed, samples.tested));
        }
    }
    for ((category, _), campaign) in of_matters {
        campaigns.entry(category).or_default().push(campaign);
    }
    let fallback = Beta { a: criteria.failure_prior[0], b: criteria.failure_prior[1] };
    campaigns
        .into_iter()
        .map(|(category, mut campaigns)| {
            campaigns.sort_unstable();
            let (failed, tested) = campaigns.iter().fold((0, 0), |(x, n), one| (x + one.0, n + one.1));
            let fitted =
                (campaigns.len() as u64 >= criteria.fit_campaigns).then(|| fit(&campaigns, fallback)).flatten();
            let terms = match fitted {
                Some(prior) => failure(tested, failed, prior, campaigns.len() as u64, prior, criteria),
                None => failure(tested, failed, fallback, 0, posterior(fallback, failed, tested), criteria),
            };
            (category, terms)
        })
        .collect()
}

/// Shapes of the beta-binomial law of greatest likelihood for (failed, tested) of campaigns, its size at most
/// [`FITTED_SIZE_MAX`]; none when all or no batches failed, where there is no greatest.
fn fit(campaigns: &[(u64, u64)], start: Beta) -> Option<Beta> {
    let (failed, tested) = campaigns.iter().fold((0, 0), |(x, n), one| (x + one.0, n + one.1));
    if failed == 0 || failed == tested {
        return None;
    }
    let shapes = |at: &[f64]| {
        let (mean, size) = (1.0 / (1.0 + (-at[0]).exp()), at[1].exp());
        Beta { a: mean * size, b: (1.0 - mean) * size }
    };
    let surprise = |at: &[f64]| {
        let law = shapes(at);
        if at[1] > FITTED_SIZE_MAX.ln() || law.a <= 1e-6 || law.b <= 1e-6 {
            return f64::INFINITY;
        }
        let one = |(x, n): &(u64, u64)| ln_beta(law.a + *x as f64, law.b + (n - x) as f64) - ln_beta(law.a, law.b);
        -campaigns.iter().map(one).sum::<f64>()
    };
    let pooled = failed as f64 / tested as f64;
    let first = [(pooled / (1.0 - pooled)).ln(), (start.a + start.b).ln()];
    let found = nelder_mead(surprise, &first, &[0.3, 0.5], 1e-10, 2_000);
    found.value.is_finite().then(|| shapes(&found.at))
}

/// Companies that fail more often than usual, by category × hazard.
fn confirmed(
    samples: &[(&Outcome, &Samples)],
    usual: &BTreeMap<Category, FailureTerms>,
    as_of: Date,
    criteria: &FeedbackCriteria,
) -> BTreeMap<(Category, Hazard), ConfirmedTerm> {
    // Tested and failed, by company.
    type Tested<'a> = BTreeMap<&'a str, (u64, u64)>;
    let mut companies: BTreeMap<(Category, Hazard), Tested<'_>> = BTreeMap::new();
    let oldest = days::number(as_of).saturating_sub(i32::try_from(criteria.confirm_days).unwrap_or(i32::MAX));
    for (outcome, samples) in samples.iter().filter(|(outcome, _)| days::number(outcome.date) >= oldest) {
        let (Some(hazard), Some(company)) = (outcome.hazard, samples.company.as_deref().or(outcome.brand.as_deref()))
        else {
            continue;
        };
        let (failed, tested) = companies.entry((outcome.category, hazard)).or_default().entry(company).or_default();
        *failed += samples.failed;
        *tested += samples.tested;
    }
    let fallback = criteria.failure_prior;
    companies
        .into_iter()
        .map(|((category, hazard), companies)| {
            let [a, b] = usual.get(&category).map_or(fallback, |usual| usual.prior);
            let mean = usual.get(&category).map_or(a / (a + b), |usual| usual.mean);
            let line = (criteria.confirm_ratio * mean).min(1.0);
            let fails = |(failed, tested): &&(u64, u64)| {
                *failed > 0 && posterior(Beta { a, b }, *failed, *tested).sf(line) >= criteria.confirm_above
            };
            let failing = companies.values().filter(fails).count() as u64;
            let term = ConfirmedTerm {
                tested_companies: companies.len() as u64,
                failing_companies: failing,
                usual: mean,
                industry: failing >= criteria.confirm_companies,
            };
            ((category, hazard), term)
        })
        .collect()
}
