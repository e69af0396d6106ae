//! What the lexicon knows that helps to ask: places by name, other names of one product or brand, products below a category.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::analysis::normalise;
use super::bounds::ALSO_MAX;
use lexicon::Lexicon;
use lexicon::terms::Meaning;
use vocabulary::{Category, LexiconVersion, RegionCode};

/// Longest leaf code, in characters.
const LEAF_CHARS_MAX: usize = 64;

/// Names by which people ask. Made once from a lexicon; [`Thesaurus::default`] knows nothing.
#[derive(Debug, Default)]
pub struct Thesaurus {
    /// Normalised name of a place to its codes.
    places: BTreeMap<String, BTreeSet<RegionCode>>,
    place_names: BTreeMap<RegionCode, String>,
    /// Normalised name to the other names of the same product or brand.
    also: BTreeMap<String, Vec<String>>,
    /// Normalised name of a brand to all names of it, common words among them.
    brands: BTreeMap<String, Vec<String>>,
    /// Normalised name of a product to `category/leaf`.
    leaves: BTreeMap<String, String>,
    /// `category/leaf` by leaf.
    leaf_codes: BTreeMap<String, BTreeSet<String>>,
}

/// What a place's name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    /// All that it may mean; what lies in another of them is left out.
    pub(super) codes: Vec<RegionCode>,
}

/// Thesauri that somebody holds, by the version of their lexicon.
static IN_USE: Mutex<Vec<(LexiconVersion, Weak<Thesaurus>)>> = Mutex::new(Vec::new());

impl Thesaurus {
    /// What this lexicon knows. While another holder has what a lexicon of the same version knows, both share it: opening a folder again
    /// costs no walk through all names.
    #[must_use]
    pub fn shared(lexicon: &Lexicon) -> Arc<Self> {
        let mut held = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(_, known)| known.strong_count() > 0);
        let known =
            held.iter().find(|(version, _)| version == lexicon.version()).and_then(|(_, known)| known.upgrade());
        known.unwrap_or_else(|| {
            let known = Arc::new(Self::of(lexicon));
            held.push((lexicon.version().clone(), Arc::downgrade(&known)));
            known
        })
    }

    /// What this lexicon knows.
    #[must_use]
    pub fn of(lexicon: &Lexicon) -> Self {
        let mut known = Self::default();
        let mut brands: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
        for entry in lexicon.entries() {
            for meaning in &entry.meanings {
                match meaning {
                    Meaning::Product(at) => {
                        let term = &lexicon.products()[*at as usize];
                        if let Some(leaf) = term.leaf.as_deref().filter(|leaf| leaf.chars().count() <= LEAF_CHARS_MAX) {
                            let code = format!("{}/{leaf}", term.category.code());
                            known.leaf_codes.entry(leaf.to_owned()).or_default().insert(code.clone());
                            if !term.ambiguous && !term.brand && !term.part {
                                known.leaves.entry(normalise(&entry.surface)).or_insert(code);
                            }
                        }
                    }
                    Meaning::Brand(at) => {
                        let term = &lexicon.brands()[*at as usize];
                        brands.entry(&term.canonical).or_default().push((&entry.surface, term.ambiguous));
                    }
                    _ => {}
                }
            }
        }
        for term in lexicon.regions() {
            known.places.entry(normalise(&term.name)).or_default().insert(term.code);
            let name = || lexicon.region_name(term.code).unwrap_or(&term.name).to_owned();
            known.place_names.entry(term.code).or_insert_with(name);
        }
        for group in lexicon.synonyms() {
            known.join(&group.iter().map(|word| normalise(word)).collect::<Vec<_>>());
        }
        for (canonical, surfaces) in brands {
            let plain: BTreeSet<String> =
                surfaces.iter().filter(|(_, common)| !common).map(|(surface, _)| normalise(surface)).collect();
            known.join(&plain.into_iter().collect::<Vec<_>>());
            let mut all: Vec<String> = vec![normalise(canonical)];
            all.extend(surfaces.iter().map(|(surface, _)| normalise(surface)));
            all.sort();
            all.dedup();
            for name in &all {
                known.brands.entry(name.clone()).or_insert_with(|| all.clone());
            }
        }
        known
    }

    /// Makes each of these names bring the others with it.
    fn join(&mut self, names: &[String]) {
        for name in names {
            let others = names.iter().filter(|other| *other != name);
            let also = self.also.entry(name.clone()).or_default();
            for other in others {
                if also.len() < ALSO_MAX && !also.contains(other) {
                    also.push(other.clone());
                }
            }
        }
    }

    /// Other names of what a normalised word names, the word itself left out.
    pub(super) fn also(&self, word: &str) -> &[String] {
        self.also.get(word).map_or(&[], Vec::as_slice)
    }

    /// All names of a brand by any of them; only the name itself when it is not known.
    pub(super) fn brand_names(&self, name: &str) -> Vec<String> {
        self.brands.get(name).cloned().unwrap_or_else(|| vec![name.to_owned()])
    }

    /// `category/leaf` of a product's name, when it has one.
    pub(super) fn leaf_of(&self, product: &str) -> Option<&str> {
        self.leaves.get(&normalise(product)).map(String::as_str)
    }

    /// The leaves that a value of the category field can mean: a leaf's code, alone or with its category, or a product's name.
    pub(super) fn leaves_called(&self, name: &str) -> Vec<String> {
        let of_category = |code: &str| name.split_once('/').is_none_or(|(category, _)| code.starts_with(category));
        let leaf = name.split_once('/').map_or(name, |(_, leaf)| leaf);
        match self.leaf_codes.get(leaf) {
            Some(codes) => codes.iter().filter(|code| of_category(code)).cloned().collect(),
            None => self.leaves.get(name).cloned().into_iter().collect(),
        }
    }

    /// The places of a name: `浙江`, `杭州市`, or a path such as `浙江杭州` or `浙江省杭州市西湖区`.
    pub(super) fn places(&self, name: &str) -> Option<Places> {
        let name: String = name.chars().filter(|letter| !letter.is_whitespace() && *letter != '/').collect();
        let found = self.path(&name, None);
        let found: Vec<RegionCode> = found.into_iter().collect();
        let outermost =
            found.iter().copied().filter(|code| !found.iter().any(|other| other != code && holds(*other, *code)));
        let codes: Vec<RegionCode> = outermost.collect();
        (!codes.is_empty()).then_some(Places { codes })
    }

    /// Codes that a path of names below `inside` leads to.
    fn path(&self, name: &str, inside: Option<RegionCode>) -> BTreeSet<RegionCode> {
        let below = |code: &RegionCode| inside.is_none_or(|outer| outer != *code && holds(outer, *code));
        let mut found: BTreeSet<RegionCode> = BTreeSet::new();
        if let Some(codes) = self.places.get(name) {
            found.extend(codes.iter().copied().filter(below));
        }
        if !found.is_empty() {
            return found;
        }
        for (at, _) in name.char_indices().skip(2) {
            let Some(codes) = self.places.get(&name[..at]) else { continue };
            for code in codes.iter().copied().filter(below) {
                found.extend(self.path(&name[at..], Some(code)));
            }
        }
        found
    }

    /// A place's name with what it lies in: `浙江省杭州市`.
    pub(super) fn place_name(&self, code: RegionCode) -> String {
        let mut levels = vec![code.province(), code.prefecture(), code];
        levels.dedup();
        let mut name = String::new();
        for part in levels.iter().filter_map(|level| self.place_names.get(level)) {
            if name != *part {
                name.push_str(part);
            }
        }
        if name.is_empty() { code.to_string() } else { name }
    }
}

/// Whether a place is another or lies in it.
pub(super) fn holds(outer: RegionCode, inner: RegionCode) -> bool {
    outer == inner || outer == inner.prefecture() || outer == inner.province()
}

/// Categories that analysts look at together: code, Chinese name, members.
pub(super) const CATEGORY_GROUPS: [(&str, &str, &[Category]); 7] = [
    (
        "food",
        "食品",
        &[
            Category::DairyFormula,
            Category::MeatSeafood,
            Category::FruitVegetable,
            Category::GrainOil,
            Category::SnackDrink,
            Category::Catering,
            Category::DrugHealthFood,
        ],
    ),
    (
        "children",
        "儿童用品",
        &[Category::Toy, Category::ChildVehicle, Category::InfantProduct, Category::ChildWear, Category::StudentSupply],
    ),
    (
        "appliances",
        "家电",
        &[
            Category::KitchenAppliance,
            Category::LargeAppliance,
            Category::WaterHeater,
            Category::SmallAppliance,
            Category::GasAppliance,
        ],
    ),
    (
        "electronics",
        "电子产品",
        &[Category::BatteryCharger, Category::Phone, Category::Computer, Category::SmartDevice, Category::AudioVideo],
    ),
    (
        "vehicles",
        "交通工具",
        &[Category::Car, Category::CarPart, Category::Motorcycle, Category::Ebike, Category::BicycleHelmet],
    ),
    (
        "wear",
        "穿戴纺织",
        &[Category::Clothing, Category::ChildWear, Category::ShoeBag, Category::HomeTextile, Category::JewelryGlasses],
    ),
    (
        "home",
        "家居",
        &[
            Category::Furniture,
            Category::BuildingMaterial,
            Category::Tableware,
            Category::HomeTextile,
            Category::HouseholdChemical,
            Category::LightingElectric,
        ],
    ),
];
