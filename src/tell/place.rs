//! Names of places in sentences.

use super::Language;
use vocabulary::{Place, Province, RegionCode, Zone};

/// Places of a zone that are named before the rest are counted.
const NAMED_MAX: usize = 4;

/// Short name of a region's province; the code itself where there is none.
pub(super) fn province(region: RegionCode, language: Language) -> String {
    let Some(province) = Province::of(region) else { return region.to_string() };
    match language {
        Language::Chinese => province.short_zh.to_owned(),
        Language::English => province.en.to_owned(),
    }
}

/// A prefecture, in English with its province; a province where none is named.
pub(super) fn place(place: &Place, language: Language) -> String {
    let province = province(place.region, language);
    match (&place.city, language) {
        (Some(city), Language::Chinese) => city.clone(),
        (Some(city), Language::English) => format!("{city} ({province})"),
        (None, _) => province,
    }
}

/// Where a cluster lies.
pub(super) fn zone(zone: &Zone, language: Language) -> String {
    let places = match zone {
        Zone::Named(name) => return name.clone(),
        Zone::Places(places) => places,
    };
    let names: Vec<String> = places.iter().take(NAMED_MAX).map(|one| place(one, language)).collect();
    let all = places.len();
    match language {
        Language::Chinese if all > NAMED_MAX => {
            let kind = if places.iter().all(|place| place.city.is_none()) { "省" } else { "地" };
            format!("{}等{all}{kind}", names.join("、"))
        }
        Language::Chinese => names.join("、"),
        Language::English if all > NAMED_MAX => format!("{} and others, {all} in all", names.join(", ")),
        Language::English => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(code: &str, city: Option<&str>) -> Place {
        Place { region: code.parse().expect("a code"), city: city.map(ToOwned::to_owned) }
    }

    #[test]
    fn a_region_is_called_by_its_province_and_an_unknown_one_by_its_code() {
        let names = ["330000", "330106", "160000"].map(|code| province(at(code, None).region, Language::Chinese));
        assert_eq!(names, ["浙江", "浙江", "160000"]);
        assert_eq!(place(&at("330100", Some("杭州")), Language::English), "杭州 (Zhejiang)");
    }

    #[test]
    fn more_than_four_places_are_counted() {
        let mut five: Vec<Place> = ["310000", "330000", "320000", "340000", "350000"].map(|code| at(code, None)).into();
        let shown = |places: &[Place]| {
            [Language::Chinese, Language::English].map(|language| zone(&Zone::Places(places.to_vec()), language))
        };
        let named = "Shanghai, Zhejiang, Jiangsu, Anhui and others, 5 in all";
        assert_eq!(shown(&five), ["上海、浙江、江苏、安徽等5省", named]);
        five[0] = at("330100", Some("杭州"));
        assert_eq!(shown(&five)[0], "杭州、浙江、江苏、安徽等5地");
        assert_eq!(shown(&five[..2]), ["杭州、浙江", "杭州 (Zhejiang), Zhejiang"]);
    }
}
