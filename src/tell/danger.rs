//! How bad a matter is, in words.

use super::Language;
use super::number::figure;
use vocabulary::{Danger, DangerTerms, ExposureTerms, ItemsBasis};

/// What made the danger level, behind the level itself.
pub(super) fn body(terms: &DangerTerms, branded: bool, language: Language) -> String {
    let DangerTerms { severity, severity_stated: stated, vulnerable, .. } = *terms;
    let exposure = exposure(&terms.exposure, terms.range, branded, language);
    match language {
        Language::Chinese => {
            let raised = if vulnerable { "，涉及老人、儿童或学生而上调" } else { "" };
            format!("：伤害程度S{severity}（文本所述{stated}级{raised}）；{exposure}")
        }
        Language::English => {
            let raised =
                if vulnerable { ", raised because elderly people, children or students are concerned" } else { "" };
            format!(": severity S{severity} ({stated} as stated{raised}); {exposure}")
        }
    }
}

fn exposure(e: &ExposureTerms, [lowest, highest]: [Danger; 2], branded: bool, language: Language) -> String {
    let range = match language {
        Language::Chinese => format!("，矩阵范围{}至{}", lowest.zh(), highest.zh()),
        Language::English => format!(", the matrix allows {} to {}", lowest.en(), highest.en()),
    };
    let Some(items) = e.items else {
        return match language {
            Language::Chinese => format!("在用数量未知，概率按假定档{range}"),
            Language::English => format!("items in use unknown, probability as assumed{range}"),
        };
    };
    let before = e.before_items.map_or_else(String::new, |before| match language {
        Language::Chinese => format!("，矩阵所得{}已计入在用数量", before.zh()),
        Language::English => format!(", {} before the number of items in use", before.en()),
    });
    format!("{}{}{range}{before}", in_use(e.basis, items, branded, language), probability(e, language))
}

fn in_use(basis: ItemsBasis, items: u64, branded: bool, language: Language) -> String {
    match (basis, language) {
        (ItemsBasis::Category, Language::Chinese) => format!("在用数量{items}件（评价标准所列）"),
        (ItemsBasis::Category, Language::English) => format!("{items} items in use (criteria file)"),
        (ItemsBasis::PartOfCategory, Language::Chinese) => {
            let part = if branded { "本品牌" } else { "其中所涉部分" };
            format!("品类在用数量{items}件（评价标准所列），{part}的数量未知")
        }
        (ItemsBasis::PartOfCategory, Language::English) => {
            format!("a part, of unknown size, of {items} items in use (criteria file)")
        }
        (ItemsBasis::Displayed | ItemsBasis::Unknown, Language::Chinese) => {
            format!("已知商品页显示销量合计{items}件（估计值）")
        }
        (ItemsBasis::Displayed | ItemsBasis::Unknown, Language::English) => {
            format!("{items} sold as listings display (an estimate)")
        }
    }
}

/// The probability of injury over an item's life, as a bound of the kind that the number of items allows.
fn probability(e: &ExposureTerms, language: Language) -> String {
    let (Some(probability), Some(years)) = (e.probability, e.lifetime_years) else {
        return match language {
            Language::Chinese => "，使用年限未知，概率按假定档".to_owned(),
            Language::English => ", years of use unknown, probability as assumed".to_owned(),
        };
    };
    let bound = match (e.basis, language) {
        (ItemsBasis::Category, Language::Chinese) => "上限约",
        (ItemsBasis::Category, Language::English) => "at most about",
        (ItemsBasis::PartOfCategory, Language::Chinese) => "不低于约",
        (ItemsBasis::PartOfCategory, Language::English) => "at least about",
        (ItemsBasis::Displayed | ItemsBasis::Unknown, Language::Chinese) => "粗估不高于约",
        (ItemsBasis::Displayed | ItemsBasis::Unknown, Language::English) => "by this estimate at most about",
    };
    let ExposureTerms { events, days, .. } = e;
    let confidence = e.confidence * 100.0;
    let [upper, under, years, probability] = [e.upper, e.under_reporting, years, probability].map(figure);
    match language {
        Language::Chinese => format!(
            "，近{days}天{events}起（{confidence:.0}%上限按{upper}起计），按漏报系数{under}、使用{years}年推算，每件使用期内致伤概率{bound}{probability}"
        ),
        Language::English => format!(
            ", {events} events in {days} days (upper {confidence:.0} % limit {upper}), {under} injuries for one reported and {years} years of \
             use: probability of injury over an item's life {bound} {probability}"
        ),
    }
}
