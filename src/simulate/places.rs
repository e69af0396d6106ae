//! Real places with their GB/T 2260 codes (facts of the published table; prefecture level and above), and how people name them.

use serde::Serialize;

use super::pen::Pen;
use crate::vocabulary::RegionCode;

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

struct Province {
    code: u32,
    short: &'static str,
    full: &'static str,
    cities: &'static [(u32, &'static str)],
}

/// Any place, big provinces more often.
pub(super) fn anywhere(pen: &mut Pen) -> Place {
    let weighted: Vec<(u32, &Province)> =
        PROVINCES.iter().map(|province| (1 + u32::try_from(province.cities.len()).unwrap_or(0), province)).collect();
    let province = *pen.pick_weighted(&weighted);
    in_province(pen, province)
}

/// A place in one of the regions (provinces or prefectures); anywhere when there are none.
pub(super) fn within(pen: &mut Pen, regions: &[RegionCode]) -> Place {
    if regions.is_empty() {
        return anywhere(pen);
    }
    let region = *pen.pick(regions);
    let found = PROVINCES.iter().find(|province| province.code == region.province().number());
    let Some(province) = found else { return anywhere(pen) };
    match province.cities.iter().find(|(code, _)| *code == region.number()) {
        Some((code, city)) => Place { code: *code, province: province.short, province_full: province.full, city },
        None => in_province(pen, province),
    }
}

/// The common name of a province code, for tables.
pub(super) fn province_name(region: RegionCode) -> Option<&'static str> {
    PROVINCES.iter().find(|province| province.code == region.province().number()).map(|province| province.short)
}

fn in_province(pen: &mut Pen, province: &Province) -> Place {
    let whole =
        Place { code: province.code, province: province.short, province_full: province.full, city: province.short };
    if province.cities.is_empty() {
        return whole;
    }
    let (code, city) = *pen.pick(province.cities);
    Place { code, city, ..whole }
}

#[rustfmt::skip] // a table: one province a line
const PROVINCES: &[Province] = &[
    Province { code: 110_000, short: "北京", full: "北京市", cities: &[] },
    Province { code: 120_000, short: "天津", full: "天津市", cities: &[] },
    Province { code: 130_000, short: "河北", full: "河北省", cities: &[(130_100, "石家庄"), (130_200, "唐山"), (130_600, "保定")] },
    Province { code: 140_000, short: "山西", full: "山西省", cities: &[(140_100, "太原"), (140_200, "大同")] },
    Province { code: 150_000, short: "内蒙古", full: "内蒙古自治区", cities: &[(150_100, "呼和浩特"), (150_200, "包头")] },
    Province { code: 210_000, short: "辽宁", full: "辽宁省", cities: &[(210_100, "沈阳"), (210_200, "大连"), (210_300, "鞍山"), (210_700, "锦州")] },
    Province { code: 220_000, short: "吉林", full: "吉林省", cities: &[(220_100, "长春"), (220_200, "吉林")] },
    Province { code: 230_000, short: "黑龙江", full: "黑龙江省", cities: &[(230_100, "哈尔滨"), (230_200, "齐齐哈尔")] },
    Province { code: 310_000, short: "上海", full: "上海市", cities: &[] },
    Province { code: 320_000, short: "江苏", full: "江苏省", cities: &[(320_100, "南京"), (320_500, "苏州"), (320_200, "无锡"), (320_300, "徐州"), (320_600, "南通")] },
    Province { code: 330_000, short: "浙江", full: "浙江省", cities: &[(330_100, "杭州"), (330_200, "宁波"), (330_300, "温州"), (330_700, "金华"), (330_400, "嘉兴"), (331_000, "台州")] },
    Province { code: 340_000, short: "安徽", full: "安徽省", cities: &[(340_100, "合肥"), (340_200, "芜湖"), (341_200, "阜阳")] },
    Province { code: 350_000, short: "福建", full: "福建省", cities: &[(350_100, "福州"), (350_200, "厦门"), (350_500, "泉州")] },
    Province { code: 360_000, short: "江西", full: "江西省", cities: &[(360_100, "南昌"), (360_700, "赣州")] },
    Province { code: 370_000, short: "山东", full: "山东省", cities: &[(370_100, "济南"), (370_200, "青岛"), (370_700, "潍坊"), (371_300, "临沂")] },
    Province { code: 410_000, short: "河南", full: "河南省", cities: &[(410_100, "郑州"), (410_300, "洛阳"), (411_300, "南阳"), (410_700, "新乡"), (411_500, "信阳")] },
    Province { code: 420_000, short: "湖北", full: "湖北省", cities: &[(420_100, "武汉"), (420_500, "宜昌"), (420_600, "襄阳")] },
    Province { code: 430_000, short: "湖南", full: "湖南省", cities: &[(430_100, "长沙"), (430_400, "衡阳"), (430_200, "株洲")] },
    Province { code: 440_000, short: "广东", full: "广东省", cities: &[(440_100, "广州"), (440_300, "深圳"), (440_600, "佛山"), (441_900, "东莞"), (440_800, "湛江")] },
    Province { code: 450_000, short: "广西", full: "广西壮族自治区", cities: &[(450_100, "南宁"), (450_200, "柳州"), (450_300, "桂林")] },
    Province { code: 460_000, short: "海南", full: "海南省", cities: &[(460_100, "海口"), (460_200, "三亚")] },
    Province { code: 500_000, short: "重庆", full: "重庆市", cities: &[] },
    Province { code: 510_000, short: "四川", full: "四川省", cities: &[(510_100, "成都"), (510_700, "绵阳"), (511_300, "南充"), (511_500, "宜宾"), (510_500, "泸州")] },
    Province { code: 520_000, short: "贵州", full: "贵州省", cities: &[(520_100, "贵阳"), (520_300, "遵义")] },
    Province { code: 530_000, short: "云南", full: "云南省", cities: &[(530_100, "昆明"), (530_300, "曲靖")] },
    Province { code: 540_000, short: "西藏", full: "西藏自治区", cities: &[(540_100, "拉萨")] },
    Province { code: 610_000, short: "陕西", full: "陕西省", cities: &[(610_100, "西安"), (610_300, "宝鸡"), (610_400, "咸阳")] },
    Province { code: 620_000, short: "甘肃", full: "甘肃省", cities: &[(620_100, "兰州"), (620_500, "天水")] },
    Province { code: 630_000, short: "青海", full: "青海省", cities: &[(630_100, "西宁")] },
    Province { code: 640_000, short: "宁夏", full: "宁夏回族自治区", cities: &[(640_100, "银川")] },
    Province { code: 650_000, short: "新疆", full: "新疆维吾尔自治区", cities: &[(650_100, "乌鲁木齐"), (653_100, "喀什")] },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_city_lies_in_its_province() {
        for province in PROVINCES {
            assert!(RegionCode::new(province.code).is_ok_and(|code| code.province() == code), "{}", province.short);
            for (code, city) in province.cities {
                assert_eq!(code / 10_000 * 10_000, province.code, "{city}");
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
