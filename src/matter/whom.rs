//! Whom to tell of a matter: the platforms where the goods are sold, the firms whose goods they are, the authorities of the places of sellers and
//! of findings (clauses 3-11, 3-30, 3-47, 2-19). What has no known unit is listed as such: it waits for a person, it is not dropped.

use std::collections::BTreeSet;

use serde::Serialize;
use vocabulary::{Alert, Asked, Concern, Listing, Party, RegionCode, Role, SampleId, Stage};

use super::sample::Sample;
use super::share::{is_firm, runs_platform};
use super::state::Matter;

/// A unit that should be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Proposal {
    /// The unit.
    pub unit: String,
    /// Its role.
    pub role: Role,
    /// What it has to do with the matter.
    pub concern: Concern,
    /// The place for which it is told.
    pub region: Option<RegionCode>,
    /// What it is to be asked.
    pub asked: Asked,
}

/// Whom to tell, and what nobody is known for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Whom {
    /// Units that were not told yet.
    pub proposed: Vec<Proposal>,
    /// Sellers, makers, platforms and places for which no unit is known, in Chinese: a queue for a person (clause 3-47).
    pub unknown: Vec<String>,
}

/// Goods on offer that share something with a sample that failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sibling<'a> {
    /// The sample.
    pub sample: SampleId,
    /// What they share: the maker (by brand) or the seller.
    pub shares: Concern,
    /// The goods.
    pub listing: &'a Listing,
}

impl Matter {
    /// Whom to tell, among the parties that are known. Once tests found failures, those of the failed goods are to handle it and the authority of
    /// each seller's place is to inspect; before that, all are to know.
    #[must_use]
    pub fn whom_to_tell(&self, alert: &Alert, parties: &[Party]) -> Whom {
        let failed: Vec<&Sample> = self.samples.values().filter(|sample| fails(sample)).collect();
        let confirmed = !failed.is_empty() || self.casework.stage == Stage::Confirmed;
        let (asked, inspect) = if confirmed { (Asked::Handle, Asked::Inspect) } else { (Asked::Know, Asked::Know) };
        let mut whom = Whom::default();
        let judged = &alert.assessment;

        let mut platforms: BTreeSet<&str> = failed.iter().map(|sample| sample.item.platform.as_str()).collect();
        let sources = alert.evidence.iter().map(|evidence| evidence.source.as_str());
        let runs = |name: &str| parties.iter().find(|party| runs_platform(party, name));
        platforms.extend(sources.filter(|source| runs(source).is_some()));
        for platform in platforms {
            match runs(platform) {
                Some(party) => self.propose(&mut whom, party, Concern::Platform, None, asked),
                None => whom.unknown.push(format!("平台“{platform}”没有登记单位")),
            }
        }

        let mut names: BTreeSet<(&str, Concern)> = BTreeSet::new();
        for sample in &failed {
            names.insert((&sample.seller, Concern::Seller));
            names.extend(sample.maker.iter().chain(&sample.brand).map(|name| (name.as_str(), Concern::Maker)));
        }
        names.extend(judged.brand.iter().map(|brand| (brand.as_str(), Concern::Maker)));
        for (name, concern) in names {
            match parties.iter().find(|party| is_firm(party, name)) {
                Some(party) => self.propose(&mut whom, party, concern, None, asked),
                None => whom.unknown.push(format!(
                    "{}“{name}”没有登记单位",
                    if concern == Concern::Seller { "卖家" } else { "品牌或企业" }
                )),
            }
        }

        let mut places: BTreeSet<RegionCode> = failed.iter().filter_map(|sample| sample.region).collect();
        if failed.is_empty() {
            places.extend(judged.region);
        }
        for place in &places {
            match authority_of(parties, *place) {
                Some(party) => self.propose(&mut whom, party, Concern::Place, Some(*place), inspect),
                None => whom.unknown.push(format!("{place} 没有登记监管部门")),
            }
        }
        let placeless = failed.iter().filter(|sample| sample.region.is_none()).count();
        if placeless > 0 {
            whom.unknown.push(format!("{placeless}件不合格样品的卖家所在地不明，属地待定"));
        }
        whom
    }

    /// Goods on offer that share seller, brand or maker with a sample that failed, the sample's own item left out (clause 2-11): what to look at
    /// next, best-selling first as the listings come.
    #[must_use]
    pub fn siblings<'a>(&self, listings: &'a [Listing]) -> Vec<Sibling<'a>> {
        let failed: Vec<&Sample> = self.samples.values().filter(|sample| fails(sample)).collect();
        let same = |own: Option<&str>, other: &str| own.is_some_and(|own| !own.is_empty() && own == other);
        let sibling = |listing: &'a Listing| {
            failed.iter().find_map(|sample| {
                if (&sample.item.platform, &sample.item.item_id) == (&listing.platform, &listing.item_id) {
                    return None;
                }
                let brand = listing.brand.as_deref();
                let shares = match (sample.brand.as_deref(), sample.maker.as_deref()) {
                    (Some(own), _) if same(brand, own) => Concern::Maker,
                    (_, Some(own)) if same(brand, own) => Concern::Maker,
                    _ if listing.seller == sample.seller => Concern::Seller,
                    _ => return None,
                };
                Some(Sibling { sample: sample.id.clone(), shares, listing })
            })
        };
        listings.iter().filter_map(sibling).collect()
    }

    fn propose(&self, whom: &mut Whom, party: &Party, concern: Concern, region: Option<RegionCode>, asked: Asked) {
        let told = self.recipients.get(&party.name).is_some_and(|told| told.asked == asked || told.asked > Asked::Know);
        let twice = whom.proposed.iter().any(|one| one.unit == party.name);
        if !told && !twice {
            whom.proposed.push(Proposal { unit: party.name.clone(), role: party.role, concern, region, asked });
        }
    }

    /// Whether it was sampled, nothing could be tested, and so nothing is verified (clause 3-40).
    #[must_use]
    pub fn is_unverified(&self) -> bool {
        let counts = self.counts();
        counts.at(super::SampleState::NotTestable) > 0 && counts.at(super::SampleState::Tested) == 0
    }
}

fn fails(sample: &Sample) -> bool {
    sample.result().is_some_and(|result| !result.conforms)
}

/// The authority that watches over a place: of several the one that watches over the smallest place around it.
fn authority_of(parties: &[Party], place: RegionCode) -> Option<&Party> {
    let around = [place, place.prefecture(), place.province()];
    let watches =
        |party: &&Party, place: RegionCode| party.role == Role::Supervision && party.concerns.regions.contains(&place);
    around.into_iter().find_map(|place| parties.iter().find(|party| watches(party, place)))
}
