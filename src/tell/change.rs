//! What would change a judgement, in words.

use super::Language;
use super::number::figure;
use super::place::province;
use vocabulary::{Alteration, Change, Danger, Disposal, Spread};

/// One change of the evidence, and what it does to the levels that are held.
pub(super) fn clause(change: &Change, held: (Danger, Spread, Disposal), language: Language) -> String {
    let condition = condition(&change.what, language);
    let moved = moved(change, held, language);
    match (moved.is_empty(), language) {
        (true, Language::Chinese) => format!("{condition}，判断不变"),
        (true, Language::English) => format!("{condition}: nothing"),
        (false, Language::Chinese) => format!("{condition}，{}", moved.join("、")),
        (false, Language::English) => format!("{condition}: {}", moved.join(", ")),
    }
}

fn condition(what: &Alteration, language: Language) -> String {
    use Language::{Chinese, English};
    match (what, language) {
        (Alteration::MoreAlike { events }, Chinese) => format!("再有{events}起同类独立事件"),
        (Alteration::MoreAlike { events }, English) => format!("{events} more independent events like these"),
        (Alteration::MoreBrands { events }, Chinese) => format!("再有{events}起、各属未点名过的品牌"),
        (Alteration::MoreBrands { events }, English) => format!("{events} more, each of a brand not named yet"),
        (Alteration::MoreProvinces { regions }, Chinese) => format!("再有{}起、各在未出现过的省份", regions.len()),
        (Alteration::MoreProvinces { regions }, English) => {
            format!("{} more, each in a province not seen yet", regions.len())
        }
        (Alteration::Fewer { events }, Chinese) => format!("少最近{events}起"),
        (Alteration::Fewer { events }, English) => format!("without the newest {events}"),
        (Alteration::Severity { severity }, Chinese) => format!("最近一起若致S{severity}伤害"),
        (Alteration::Severity { severity }, English) => format!("an injury of S{severity} in the newest"),
        (Alteration::WithoutBrand { brand, events }, Chinese) => format!("不计“{brand}”的{events}起"),
        (Alteration::WithoutBrand { brand, events }, English) => format!("without the {events} of “{brand}”"),
        (Alteration::WithoutProvince { region, events }, Chinese) => {
            format!("不计{}的{events}起", province(*region, language))
        }
        (Alteration::WithoutProvince { region, events }, English) => {
            format!("without the {events} in {}", province(*region, language))
        }
        (Alteration::WithoutDoubtful { below, events }, Chinese) => {
            format!("不计可信度低于{}的{events}起", figure(*below))
        }
        (Alteration::WithoutDoubtful { below, events }, English) => {
            format!("without the {events} of confidence below {}", figure(*below))
        }
    }
}

/// The levels that move, disposal first.
fn moved(change: &Change, (danger, spread, disposal): (Danger, Spread, Disposal), language: Language) -> Vec<String> {
    let way = |up: bool| if up { "升为" } else { "降为" };
    let mut moved = Vec::new();
    if change.disposal != disposal {
        let (up, to) = (change.disposal > disposal, change.disposal);
        moved.push(match language {
            Language::Chinese => format!("处置{}{}", way(up), to.zh()),
            Language::English => format!("disposal becomes {}", to.en()),
        });
    }
    if change.spread != spread {
        let (up, to) = (change.spread > spread, change.spread);
        moved.push(match language {
            Language::Chinese => format!("范围{}{}", way(up), to.zh()),
            Language::English => format!("spread becomes {}", to.en()),
        });
    }
    if change.danger != danger {
        let (up, to) = (change.danger > danger, change.danger);
        moved.push(match language {
            Language::Chinese => format!("隐患程度{}{}", way(up), to.zh()),
            Language::English => format!("danger becomes {}", to.en()),
        });
    }
    moved
}
