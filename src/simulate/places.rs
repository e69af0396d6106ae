//! Real places with their GB/T 2260 codes (facts of the published table; prefecture level and above), and how people name them.

use serde::Serialize;

use super::pen::Pen;
use vocabulary::{PROVINCES, Province, RegionCode};

/// A place as an item names it: a prefecture, or a whole province.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Place {
    /// GB/T 2260 code of the prefecture, or of the province when nothing finer is said.
    pub(super) code: u32,
    /// Province in common speech, e.g. `浙江`.
    pub(super) province: &'static str,
    /// Province by its full name, e.g. `浙江省`.
    pub(super) province_full: &'static str,
    /// City without 市; the province's name when nothing finer is said.
    pub(super) city: &'static str,
}

impl Place {
    /// The code as the rest of the house speaks it.
    #[cfg(test)]
    pub(super) fn region(self) -> Option<RegionCode> {
        RegionCode::new(self.code).ok()
    }

    /// As a form shows it: `浙江 杭州`, `北京`.
    pub(super) fn on_form(self) -> String {
        if self.city == self.province { self.province.to_owned() } else { format!("{} {}", self.province, self.city) }
    }

    /// The province alone.
    pub(super) fn only_province(self) -> Self {
        Self { code: self.code / 10_000 * 10_000, city: self.province, ..self }
    }
}

/// The two digits of a province, and cities in it by their codes.
type Site = (u32, &'static [(u32, &'static str)]);

/// Any place, big provinces more often.
pub(super) fn anywhere(pen: &mut Pen) -> Place {
    let weighted: Vec<(u32, &Site)> =
        SITES.iter().map(|site| (1 + u32::try_from(site.1.len()).unwrap_or(0), site)).collect();
    let site = *pen.pick_weighted(&weighted);
    in_province(pen, site)
}

/// A place in one of the regions (provinces or prefectures); anywhere when there are none.
pub(super) fn within(pen: &mut Pen, regions: &[RegionCode]) -> Place {
    if regions.is_empty() {
        return anywhere(pen);
    }
    let region = *pen.pick(regions);
    let found = SITES.iter().find(|(province, _)| *province == region.number() / 10_000);
    let Some(site) = found else { return anywhere(pen) };
    match site.1.iter().find(|(code, _)| *code == region.number()) {
        Some((code, city)) => Place { code: *code, city, ..whole(site.0) },
        None => in_province(pen, site),
    }
}

/// The common name of a province code, for tables.
pub(super) fn province_name(region: RegionCode) -> Option<&'static str> {
    Province::of(region).map(|province| province.short_zh)
}

/// A province as a place, by its two digits; its names are empty when there is no such province.
fn whole(code: u32) -> Place {
    let province = Province::position(code).map(|at| &PROVINCES[at]);
    let short = province.map_or("", |province| province.short_zh);
    Place {
        code: code * 10_000,
        province: short,
        province_full: province.map_or("", |province| province.zh),
        city: short,
    }
}

fn in_province(pen: &mut Pen, (province, cities): &Site) -> Place {
    let whole = whole(*province);
    if cities.is_empty() {
        return whole;
    }
    let (code, city) = *pen.pick(cities);
    Place { code, city, ..whole }
}

/// Where the simulated world lies: the mainland.
#[rustfmt::skip] // a table: one province a line
const SITES: &[Site] = &[
    (11, &[]),
    (12, &[]),
    (13, &[(130_100, "石家庄"), (130_200, "唐山"), (130_600, "保定")]),
    (14, &[(140_100, "太原"), (140_200, "大同")]),
    (15, &[(150_100, "呼和浩特"), (150_200, "包头")]),
    (21, &[(210_100, "沈阳"), (210_200, "大连"), (210_300, "鞍山"), (210_700, "锦州")]),
    (22, &[(220_100, "长春"), (220_200, "吉林")]),
    (23, &[(230_100, "哈尔滨"), (230_200, "齐齐哈尔")]),
    (31, &[]),
    (32, &[(320_100, "南京"), (320_500, "苏州"), (320_200, "无锡"), (320_300, "徐州"), (320_600, "南通")]),
    (33, &[(330_100, "杭州"), (330_200, "宁波"), (330_300, "温州"), (330_700, "金华"), (330_400, "嘉兴"), (331_000, "台州")]),
    (34, &[(340_100, "合肥"), (340_200, "芜湖"), (341_200, "阜阳")]),
    (35, &[(350_100, "福州"), (350_200, "厦门"), (350_500, "泉州")]),
    (36, &[(360_100, "南昌"), (360_700, "赣州")]),
    (37, &[(370_100, "济南"), (370_200, "青岛"), (370_700, "潍坊"), (371_300, "临沂")]),
    (41, &[(410_100, "郑州"), (410_300, "洛阳"), (411_300, "南阳"), (410_700, "新乡"), (411_500, "信阳")]),
    (42, &[(420_100, "武汉"), (420_500, "宜昌"), (420_600, "襄阳")]),
    (43, &[(430_100, "长沙"), (430_400, "衡阳"), (430_200, "株洲")]),
    (44, &[(440_100, "广州"), (440_300, "深圳"), (440_600, "佛山"), (441_900, "东莞"), (440_800, "湛江")]),
    (45, &[(450_100, "南宁"), (450_200, "柳州"), (450_300, "桂林")]),
    (46, &[(460_100, "海口"), (460_200, "三亚")]),
    (50, &[]),
    (51, &[(510_100, "成都"), (510_700, "绵阳"), (511_300, "南充"), (511_500, "宜宾"), (510_500, "泸州")]),
    (52, &[(520_100, "贵阳"), (520_300, "遵义")]),
    (53, &[(530_100, "昆明"), (530_300, "曲靖")]),
    (54, &[(540_100, "拉萨")]),
    (61, &[(610_100, "西安"), (610_300, "宝鸡"), (610_400, "咸阳")]),
    (62, &[(620_100, "兰州"), (620_500, "天水")]),
    (63, &[(630_100, "西宁")]),
    (64, &[(640_100, "银川")]),
    (65, &[(650_100, "乌鲁木齐"), (653_100, "喀什")]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_city_lies_in_its_province() {
        for (province, cities) in SITES {
            assert!(!whole(*province).province.is_empty(), "{province}");
            for (code, city) in *cities {
                assert_eq!(code / 10_000, *province, "{city}");
            }
        }
    }

    #[test]
    fn a_place_within_regions_stays_there() {
        let mut pen = Pen::new(1, "places", 0);
        let henan = [RegionCode::new(410_000).expect("a code")];
        assert!((0..50).all(|_| within(&mut pen, &henan).province == "河南"));
    }
}
