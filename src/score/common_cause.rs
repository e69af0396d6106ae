//! One hazard that rises in several categories at once: is there a part or a material that their texts name?
//!
//! In: for every category × hazard that crossed as a whole, its brands and how many of its events name which part. Out: what it shares
//! with others, if anything. Not here: the level.
//!
//! Signals carry no supplier. What they carry is the excerpt, the product's and the hazard's own words; the criteria list the parts and
//! materials that are looked for in them. A part that only one company's trouble names is that company's. Where no part is named, what is
//! shared is the hazard alone, among categories in which it reaches the country; that is weaker evidence, and is shown as such.

use std::collections::{BTreeMap, BTreeSet};

use super::criteria::SpreadCriteria;
use vocabulary::{Category, Hazard, SharedTerms, SpreadFinding};

/// The same hazard rising in other categories by something they share, with the brands of those others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CommonCause {
    pub(super) terms: SharedTerms,
    pub(super) brands: BTreeMap<u32, u64>,
    pub(super) raised: u64,
}

/// [`SharedTerms::kind`] of a part or material that the texts name.
pub(super) const COMPONENT: &str = "component";
/// [`SharedTerms::kind`] of the hazard alone.
pub(super) const HAZARD: &str = "hazard";

/// A category × hazard that crossed as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rise {
    /// Independent events of the spread window.
    pub(super) events: u64,
    /// How many of them name each of the criteria's parts.
    pub(super) naming: Vec<u64>,
    /// Named brands with their events.
    pub(super) brands: BTreeMap<u32, u64>,
    /// Those of them whose rate has probably risen.
    pub(super) raised: BTreeSet<u32>,
    /// Whether one brand is behind it.
    pub(super) one_brand: bool,
    /// Whether it reaches as many provinces as a systemic matter must.
    pub(super) wide: bool,
}

impl Rise {
    fn names(&self, component: usize, criteria: &SpreadCriteria) -> bool {
        let events = self.naming.get(component).copied().unwrap_or(0);
        !self.one_brand
            && events >= criteria.shared_events
            && events as f64 >= criteria.shared_share * self.events as f64
    }
}

/// What the rise of this category shares with others of the same hazard: the part that most events name, the first of the criteria's
/// list when equal.
pub(super) fn find(
    (category, hazard): (Category, Hazard),
    rises: &BTreeMap<(Category, Hazard), Rise>,
    criteria: &SpreadCriteria,
) -> Option<CommonCause> {
    let own = rises.get(&(category, hazard))?;
    let mut best: Option<(u64, usize, Vec<Category>)> = None;
    for component in (0..criteria.components.len()).filter(|component| own.names(*component, criteria)) {
        let others = rises.iter().filter(|((_, other), rise)| *other == hazard && rise.names(component, criteria));
        let (categories, events): (Vec<Category>, Vec<u64>) =
            others.map(|((category, _), rise)| (*category, rise.naming[component])).unzip();
        let events = events.iter().sum();
        if categories.len() >= 2 && best.as_ref().is_none_or(|(most, ..)| events > *most) {
            best = Some((events, component, categories));
        }
    }
    let (kind, word, events, categories) = if let Some((events, component, categories)) = best {
        (COMPONENT, criteria.components[component].as_str(), events, categories)
    } else {
        let alike = rises.iter().filter(|((_, other), rise)| *other == hazard && rise.wide && !rise.one_brand);
        let (categories, events): (Vec<Category>, Vec<u64>) =
            alike.map(|((category, _), rise)| (*category, rise.events)).unzip();
        if categories.len() < 2 || !categories.contains(&category) {
            return None;
        }
        (HAZARD, hazard.zh(), events.iter().sum(), categories)
    };
    let mut brands: BTreeMap<u32, u64> = BTreeMap::new();
    let mut raised: BTreeSet<u32> = BTreeSet::new();
    for rise in categories.iter().filter(|other| **other != category).filter_map(|other| rises.get(&(*other, hazard))) {
        for (brand, events) in &rise.brands {
            *brands.entry(*brand).or_default() += events;
        }
        raised.extend(rise.raised.difference(&own.raised));
    }
    let terms = SharedTerms { kind: kind.to_owned(), word: word.to_owned(), categories, events };
    Some(CommonCause { terms, brands, raised: raised.len() as u64 })
}

/// What is said of it.
pub(super) fn finding(terms: &SharedTerms) -> SpreadFinding {
    let SharedTerms { word, categories, events, .. } = terms.clone();
    SpreadFinding::Shared { word, categories, events }
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::*;

    fn rise(naming: &[(&str, u64)], brands: &[u32]) -> Rise {
        let criteria = shipped().spread;
        let mut counts = vec![0; criteria.components.len()];
        for (word, events) in naming {
            counts[criteria.components.iter().position(|known| known == word).expect("listed")] = *events;
        }
        Rise {
            events: 10,
            naming: counts,
            brands: brands.iter().map(|brand| (*brand, 3)).collect(),
            raised: brands.iter().copied().collect(),
            one_brand: brands.len() < 2,
            wide: false,
        }
    }

    fn found(rises: &[(Category, Hazard, Rise)]) -> Option<CommonCause> {
        let rises: BTreeMap<_, _> =
            rises.iter().map(|(category, hazard, rise)| ((*category, *hazard), rise.clone())).collect();
        find((Category::KitchenAppliance, Hazard::ElectricShock), &rises, &shipped().spread)
    }

    #[test]
    fn a_part_that_two_categories_name_is_shared_and_brings_its_brands() {
        let kettle = (Category::KitchenAppliance, Hazard::ElectricShock, rise(&[("电源线", 5), ("插头", 3)], &[1, 2]));
        let dryer = (Category::SmallAppliance, Hazard::ElectricShock, rise(&[("电源线", 4), ("插头", 3)], &[2, 3]));
        let shared = found(&[kettle, dryer]).expect("shared");
        assert_eq!((shared.terms.word.as_str(), shared.terms.events), ("电源线", 9));
        assert_eq!(shared.terms.categories, [Category::KitchenAppliance, Category::SmallAppliance]);
        assert_eq!((shared.raised, shared.brands.len()), (1, 2), "brand 3 is new, brand 2 counts once");
    }

    #[test]
    fn another_hazard_one_companys_trouble_and_few_words_share_nothing() {
        let kettle = (Category::KitchenAppliance, Hazard::ElectricShock, rise(&[("电源线", 5)], &[1, 2]));
        let lines = |hazard, rise| found(&[kettle.clone(), (Category::SmallAppliance, hazard, rise)]);
        assert_eq!(lines(Hazard::Fire, rise(&[("电源线", 5)], &[2, 3])), None);
        assert_eq!(lines(Hazard::ElectricShock, rise(&[("电源线", 5)], &[2])), None);
        assert_eq!(lines(Hazard::ElectricShock, rise(&[("电源线", 2)], &[2, 3])), None);
        assert_eq!(lines(Hazard::ElectricShock, rise(&[("插头", 5)], &[2, 3])), None);
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn the_hazard_alone_is_shared_only_by_what_reaches_the_country() {
        let of = |category, wide, brands: &[u32]| (category, Hazard::ElectricShock, Rise { wide, ..rise(&[], brands) });
        let kettle = of(Category::KitchenAppliance, true, &[1, 2]);
        let shared = found(&[kettle.clone(), of(Category::SmallAppliance, true, &[3, 4])]).expect("shared");
        assert_eq!((shared.terms.kind.as_str(), shared.terms.word.as_str(), shared.terms.events), (HAZARD, "触电", 20));
        assert_eq!(found(&[kettle.clone(), of(Category::SmallAppliance, false, &[3, 4])]), None);
        assert_eq!(found(&[kettle, of(Category::SmallAppliance, true, &[3])]), None, "one company's");
    }
}
