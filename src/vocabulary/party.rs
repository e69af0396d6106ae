//! Who takes part: an organisation with a role, and what concerns it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Alert, RegionCode, Role, Spread};

/// What an organisation is responsible for. Empty for bodies that look after everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(default)]
pub struct Concerns {
    /// Platforms that it runs, as listings and sources name them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub platforms: BTreeSet<String>,
    /// Brands that it makes or sells.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub brands: BTreeSet<String>,
    /// Places that it watches over, with all that lies in them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub regions: BTreeSet<RegionCode>,
}

impl Concerns {
    /// Whether an alert names one of its platforms as the source of evidence.
    #[must_use]
    pub fn names_platform(&self, alert: &Alert) -> bool {
        alert.evidence.iter().any(|evidence| self.platforms.contains(&evidence.source))
    }

    /// Whether an alert is about one of its brands: as the whole of it, or as the brand most named.
    #[must_use]
    pub fn names_brand(&self, alert: &Alert) -> bool {
        let judged = &alert.assessment;
        judged.brand.iter().chain(&judged.spread_terms.top_brand).any(|brand| self.brands.contains(brand))
    }

    /// Whether an alert touches one of its places. What is spread over an industry touches every place, and so does what is
    /// known of no place at all.
    #[must_use]
    pub fn touches_region(&self, alert: &Alert) -> bool {
        let judged = &alert.assessment;
        let terms = &judged.spread_terms;
        let wide = judged.region.is_none() && (judged.spread >= Spread::Industry || terms.provinces == 0);
        let named =
            judged.region.into_iter().chain(terms.top_province).chain(terms.regions.iter().map(|term| term.region));
        wide || named.into_iter().any(|place| self.regions.iter().any(|own| overlap(*own, place)))
    }
}

/// Whether one of two places lies in the other.
fn overlap(a: RegionCode, b: RegionCode) -> bool {
    let within = |inner: RegionCode, outer: RegionCode| {
        inner == outer || inner.prefecture() == outer || inner.province() == outer
    };
    within(a, b) || within(b, a)
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Party {
    /// Its name, unique.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// What concerns it.
    pub concerns: Concerns,
}

impl Party {
    /// Longest name, in characters.
    pub const NAME_CHARS_MAX: usize = 60;

    /// The name of a source of its own: it ends with `@` and what the organisation is called, which no recipe and no request may name, so
    /// that nobody hands in as somebody else.
    #[must_use]
    pub fn own_source(&self, source: &str) -> String {
        format!("{source}@{}", short(&self.name))
    }

    /// Whether a source is one of its own.
    #[must_use]
    pub fn owns_source(&self, source: &str) -> bool {
        source.rsplit_once('@').is_some_and(|(_, own)| own == short(&self.name))
    }

    /// Whether the organisation of this name may speak as the platform `platform` through a source: every source that is no organisation's own
    /// (what the centre collects or imports), and those of the organisation that is called so.
    #[must_use]
    pub fn may_list(source: &str, platform: &str) -> bool {
        source.rsplit_once('@').is_none_or(|(_, own)| own == short(platform))
    }

    /// Whether it sees alerts as they are, with sources and all numbers.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        matches!(self.role, Role::Supervision | Role::Centre)
    }
}

/// Longest name of an organisation within the name of a source, in bytes; longer ones are told apart by a digest.
const IN_SOURCE_BYTES_MAX: usize = 48;

/// What an organisation of this name is called within the names of its sources.
fn short(party: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_');
    let name: String = party.chars().map(|letter| if plain(letter) { letter } else { '-' }).collect();
    if name.len() <= IN_SOURCE_BYTES_MAX && name == party {
        return name;
    }
    let kept: String = name.chars().take(IN_SOURCE_BYTES_MAX / 4).collect();
    format!("{kept}-{}", &blake3::hash(party.as_bytes()).to_hex()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_organisations_are_told_apart_whatever_their_names() {
        let party = |name: &str| Party { name: name.to_owned(), role: Role::Firm, concerns: Concerns::default() };
        let long = "很长的单位名称".repeat(8);
        let all = ["A", "A.B", "A@B", "A B", "A-B", "某厂", &long, &format!("{long}二")];
        for own in all {
            let source = party(own).own_source("c@x");
            assert!(source.len() < 100 && source.starts_with("c@x@"), "{source}");
            let owners: Vec<&str> = all.into_iter().filter(|name| party(name).owns_source(&source)).collect();
            assert_eq!(owners, [own], "{source}");
        }
        assert!(!party("A").owns_source("A") && !party("A").owns_source("A@"));
    }

    #[test]
    fn a_place_overlaps_with_what_lies_in_it_and_with_what_it_lies_in() {
        let place = |number| RegionCode::new(number).expect("a code");
        for (a, b, meant) in [
            (330_000, 330_106, true),
            (330_106, 330_000, true),
            (330_100, 330_106, true),
            (330_106, 330_106, true),
            (330_106, 330_108, false),
            (330_000, 440_000, false),
        ] {
            assert_eq!(overlap(place(a), place(b)), meant, "{a} {b}");
        }
    }
}
