//! The 34 provinces of GB/T 2260 in one table: codes, names, the label of each under `.cn`, where its capital lies, and how many people live
//! there. `dictionaries/regions.tsv` holds every surface form of their names; a test holds the two together.
//!
//! Provenance: facts. Coordinates are those of the provincial capitals, in degrees to a tenth. Inhabitants are those of the 2020 census
//! (National Bureau of Statistics, Bulletin No. 3 of the Seventh National Population Census; Hong Kong, Macao and Taiwan as given there).
//! Labels are the administrative second-level domains of CNNIC.

use super::region::RegionCode;

/// One province, municipality, autonomous region or special administrative region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Province {
    /// The first two digits of its code, 11 to 82.
    pub code: u32,
    /// Official Chinese name, e.g. `浙江省`.
    pub zh: &'static str,
    /// Chinese name in common speech, e.g. `浙江`.
    pub short_zh: &'static str,
    /// English name.
    pub en: &'static str,
    /// Its label under `.cn`, two letters: names are registered below it.
    pub cn_label: &'static str,
    /// Latitude of its capital in degrees north, to a tenth.
    pub latitude: f64,
    /// Longitude of its capital in degrees east, to a tenth.
    pub longitude: f64,
    /// Inhabitants, in persons.
    pub people: u32,
}

impl Province {
    /// The province that a region lies in; `None` when its first two digits are no province's.
    #[must_use]
    pub fn of(region: RegionCode) -> Option<&'static Self> {
        Self::position(region.number() / 10_000).map(|at| &PROVINCES[at])
    }

    /// Index in [`PROVINCES`] of the province whose code begins with these two digits.
    #[must_use]
    pub fn position(code: u32) -> Option<usize> {
        PROVINCES.binary_search_by_key(&code, |province| province.code).ok()
    }

    /// Its six-digit code.
    #[must_use]
    pub fn region(&self) -> RegionCode {
        RegionCode::of_province(self.code)
    }
}

const fn province(
    code: u32,
    zh: &'static str,
    short_zh: &'static str,
    en: &'static str,
    cn_label: &'static str,
    (latitude, longitude): (f64, f64),
    people: u32,
) -> Province {
    Province { code, zh, short_zh, en, cn_label, latitude, longitude, people }
}

/// All provinces, by code.
#[rustfmt::skip] // a table: one province a line
pub const PROVINCES: [Province; 34] = [
    province(11, "北京市", "北京", "Beijing", "bj", (39.9, 116.4), 21_893_095),
    province(12, "天津市", "天津", "Tianjin", "tj", (39.1, 117.2), 13_866_009),
    province(13, "河北省", "河北", "Hebei", "he", (38.0, 114.5), 74_610_235),
    province(14, "山西省", "山西", "Shanxi", "sx", (37.9, 112.5), 34_915_616),
    province(15, "内蒙古自治区", "内蒙古", "Inner Mongolia", "nm", (40.8, 111.7), 24_049_155),
    province(21, "辽宁省", "辽宁", "Liaoning", "ln", (41.8, 123.4), 42_591_407),
    province(22, "吉林省", "吉林", "Jilin", "jl", (43.9, 125.3), 24_073_453),
    province(23, "黑龙江省", "黑龙江", "Heilongjiang", "hl", (45.8, 126.5), 31_850_088),
    province(31, "上海市", "上海", "Shanghai", "sh", (31.2, 121.5), 24_870_895),
    province(32, "江苏省", "江苏", "Jiangsu", "js", (32.1, 118.8), 84_748_016),
    province(33, "浙江省", "浙江", "Zhejiang", "zj", (30.3, 120.2), 64_567_588),
    province(34, "安徽省", "安徽", "Anhui", "ah", (31.8, 117.2), 61_027_171),
    province(35, "福建省", "福建", "Fujian", "fj", (26.1, 119.3), 41_540_086),
    province(36, "江西省", "江西", "Jiangxi", "jx", (28.7, 115.9), 45_188_635),
    province(37, "山东省", "山东", "Shandong", "sd", (36.7, 117.0), 101_527_453),
    province(41, "河南省", "河南", "Henan", "ha", (34.7, 113.6), 99_365_519),
    province(42, "湖北省", "湖北", "Hubei", "hb", (30.6, 114.3), 57_752_557),
    province(43, "湖南省", "湖南", "Hunan", "hn", (28.2, 112.9), 66_444_864),
    province(44, "广东省", "广东", "Guangdong", "gd", (23.1, 113.3), 126_012_510),
    province(45, "广西壮族自治区", "广西", "Guangxi", "gx", (22.8, 108.3), 50_126_804),
    province(46, "海南省", "海南", "Hainan", "hi", (20.0, 110.3), 10_081_232),
    province(50, "重庆市", "重庆", "Chongqing", "cq", (29.6, 106.5), 32_054_159),
    province(51, "四川省", "四川", "Sichuan", "sc", (30.7, 104.1), 83_674_866),
    province(52, "贵州省", "贵州", "Guizhou", "gz", (26.6, 106.7), 38_562_148),
    province(53, "云南省", "云南", "Yunnan", "yn", (25.0, 102.7), 47_209_277),
    province(54, "西藏自治区", "西藏", "Tibet", "xz", (29.7, 91.1), 3_648_100),
    province(61, "陕西省", "陕西", "Shaanxi", "sn", (34.3, 108.9), 39_528_999),
    province(62, "甘肃省", "甘肃", "Gansu", "gs", (36.1, 103.8), 25_019_831),
    province(63, "青海省", "青海", "Qinghai", "qh", (36.6, 101.8), 5_923_957),
    province(64, "宁夏回族自治区", "宁夏", "Ningxia", "nx", (38.5, 106.2), 7_202_654),
    province(65, "新疆维吾尔自治区", "新疆", "Xinjiang", "xj", (43.8, 87.6), 25_852_345),
    province(71, "台湾省", "台湾", "Taiwan", "tw", (25.0, 121.5), 23_561_236),
    province(81, "香港特别行政区", "香港", "Hong Kong", "hk", (22.3, 114.2), 7_474_200),
    province(82, "澳门特别行政区", "澳门", "Macao", "mo", (22.2, 113.5), 683_218),
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_table_agrees_with_the_dictionary_of_regions() {
        let mut listed: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
        for line in include_str!("../../dictionaries/regions.tsv").lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let code: u32 = cells[0].parse().expect("a code");
            if cells[2] == "province" {
                listed.entry(code).or_default().insert(cells[1]);
            }
            assert!(Province::position(code / 10_000).is_some(), "{line}: no such province");
        }
        assert_eq!(
            listed.keys().copied().collect::<Vec<_>>(),
            PROVINCES.map(|province| province.region().number()),
            "both list the same provinces"
        );
        for province in PROVINCES {
            let names = &listed[&province.region().number()];
            assert!(names.contains(province.zh) && names.contains(province.short_zh), "{province:?}");
        }
    }

    #[test]
    fn a_province_is_found_by_any_region_in_it() {
        let of = |code: u32| Province::of(RegionCode::new(code).expect("a code")).map(|province| province.en);
        assert_eq!([of(330_000), of(330_106), of(820_000)], [Some("Zhejiang"), Some("Zhejiang"), Some("Macao")]);
        assert_eq!(of(160_000), None);
    }

    #[test]
    fn names_and_labels_are_told_apart() {
        for of in [|p: &Province| p.zh, |p: &Province| p.short_zh, |p: &Province| p.en, |p: &Province| p.cn_label] {
            assert_eq!(PROVINCES.iter().map(of).collect::<BTreeSet<_>>().len(), PROVINCES.len());
        }
        assert!(PROVINCES.is_sorted_by_key(|province| province.code), "found by bisection");
    }
}
