//! What a unit outside sees of a matter: its own part and no more (clauses 3-35, 3-51, 3-55). Built of the fields named here.

use jiff::civil::Date;
use serde::Serialize;
use vocabulary::{AlertId, ItemRef, Party, Role, SampleId, TestItem, TestedItem};

use super::duty::{Duty, Owner};
use super::handling::Handling;
use super::sample::{Sample, SampleState};
use super::state::{Correction, Matter, Objection, Recipient, Taken};

/// A sample as its test body sees it: what to test, nothing of how and by whom it was bought.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct SentSample {
    /// Its number.
    pub id: SampleId,
    /// What it was bought as.
    pub item: ItemRef,
    /// Pieces to test and spare ones.
    pub parts: Option<(u32, u32)>,
    /// Numbers of its seals.
    pub seals: Vec<String>,
    /// When it was sent.
    pub dispatched_on: Option<Date>,
    /// Where it is.
    pub state: SampleState,
    /// How many results were entered.
    pub results: usize,
}

/// A result as a platform or a firm that was told sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct ToldResult {
    /// The sample.
    pub sample: SampleId,
    /// What was tested.
    pub item: ItemRef,
    /// Seller, brand and maker, as the page of the goods stated them.
    pub seller: String,
    /// The brand.
    pub brand: Option<String>,
    /// The maker.
    pub maker: Option<String>,
    /// In which way it was not what its page showed.
    pub not_as_shown: Option<String>,
    /// Number of the report.
    pub report: String,
    /// Day of the report.
    pub tested_on: Date,
    /// Item by item.
    pub items: Vec<TestedItem>,
    /// Whether the sample conforms.
    pub conforms: bool,
}

/// The part of a matter that a unit sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Part {
    /// The matter.
    pub id: AlertId,
    /// The day on which it opened.
    pub opened_on: Date,
    /// What it was told, and what it did since; none for a test body.
    pub own: Option<Recipient>,
    /// Measures that it took.
    pub measures: Vec<Taken>,
    /// What to test by which standard; for test bodies.
    pub tests: Vec<TestItem>,
    /// Samples that were sent to it; for test bodies.
    pub samples: Vec<SentSample>,
    /// Results of goods on its platform, or for a firm that was told.
    pub results: Vec<ToldResult>,
    /// Its own objections.
    pub objections: Vec<Objection>,
    /// Orders to it.
    pub corrections: Vec<Correction>,
    /// What it owes.
    pub duties: Vec<Duty>,
}

impl Matter {
    /// Whether a unit outside has a part in it: it was told, was commissioned to test, or is under an order to correct.
    #[must_use]
    pub fn has_part(&self, party: &Party) -> bool {
        let name = &party.name;
        let told = self.recipients.contains_key(name) || self.commissions.contains_key(name);
        let ordered = || self.corrections.iter().any(|order| order.firm == *name);
        party.role != Role::Public && (told || (party.role == Role::Firm && ordered()))
    }

    /// The part of a unit outside.
    #[must_use]
    pub fn part_of(&self, party: &Party, handling: &Handling) -> Part {
        let name = &party.name;
        // Of the samples that had a result when it was told, a unit learns of its own alone.
        let own = self.recipients.get(name).cloned().map(|mut own| {
            own.told_results.retain(|id| self.samples.get(id).is_some_and(|sample| self.shows(party, sample)));
            own
        });
        let tests_it = |sample: &&Sample| party.role == Role::TestBody && sample.body.as_ref() == Some(name);
        let shows = |sample: &&Sample| self.shows(party, sample);
        let owes = |duty: &Duty| matches!(&duty.owner, Owner::Unit(unit) if unit == name);
        let commissioned = self.commissions.contains_key(name);
        Part {
            id: self.id.clone(),
            opened_on: self.opened_on,
            measures: self.measures.iter().filter(|taken| taken.by == *name).cloned().collect(),
            tests: self.scheme.as_ref().filter(|_| commissioned).map_or_else(Vec::new, |scheme| scheme.items.clone()),
            samples: self.samples.values().filter(tests_it).map(sent).collect(),
            results: self.samples.values().filter(shows).filter_map(told).collect(),
            objections: self.objections.iter().filter(|made| made.of == *name).cloned().collect(),
            corrections: self.corrections.iter().filter(|order| order.firm == *name).cloned().collect(),
            duties: self.duties(handling).into_iter().filter(owes).collect(),
            own,
        }
    }

    /// Whether a unit outside knows of a sample: a test body of what was sent to it; a platform or firm that was told of what concerns it and had a
    /// result when it was told. Of what is still being bought nobody who sells hears (clause 3-35).
    pub(super) fn shows(&self, party: &Party, sample: &Sample) -> bool {
        if party.role == Role::TestBody {
            return sample.body.as_deref() == Some(party.name.as_str());
        }
        let told = self.recipients.get(&party.name).is_some_and(|own| own.told_results.contains(&sample.id));
        told && concerns(party, sample)
    }
}

/// Whether goods are those of a platform or a firm: sold on it, or in its name.
fn concerns(party: &Party, sample: &Sample) -> bool {
    let is_own = |name: &String| is_firm(party, name);
    runs_platform(party, &sample.item.platform)
        || is_own(&sample.seller)
        || sample.brand.as_ref().is_some_and(is_own)
        || sample.maker.as_ref().is_some_and(is_own)
}

/// Whether a party runs the platform of this name, which is its own or one that it is registered with.
pub(super) fn runs_platform(party: &Party, name: &str) -> bool {
    party.role == Role::Platform && (party.name == name || party.concerns.platforms.contains(name))
}

/// Whether a party is the seller, brand or maker of this name, which is its own or one that it is registered with.
pub(super) fn is_firm(party: &Party, name: &str) -> bool {
    party.role == Role::Firm && (party.name == name || party.concerns.brands.contains(name))
}

fn sent(sample: &Sample) -> SentSample {
    SentSample {
        id: sample.id.clone(),
        item: sample.item.clone(),
        parts: sample.parts,
        seals: sample.seals.clone(),
        dispatched_on: sample.dispatched_on,
        state: sample.state,
        results: sample.results.len(),
    }
}

/// Nothing is told of a sample before its result: nobody outside learns that samples are being bought.
fn told(sample: &Sample) -> Option<ToldResult> {
    let result = sample.result()?;
    Some(ToldResult {
        sample: sample.id.clone(),
        item: sample.item.clone(),
        seller: sample.seller.clone(),
        brand: sample.brand.clone(),
        maker: sample.maker.clone(),
        not_as_shown: sample.not_as_shown.clone(),
        report: result.report.clone(),
        tested_on: result.tested_on,
        items: result.items.clone(),
        conforms: result.conforms,
    })
}
