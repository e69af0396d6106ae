//! Ordinary days: what is published whether or not an incident is going on.

use jiff::ToSpan;
use jiff::civil::Date;

use super::compose::{self, Shelf, Subject, Telling};
use super::goods::{GOODS, Good, good};
use super::item::{Item, Nature};
use super::pen::Pen;
use super::places;
use super::press;
use super::texts::{Script, background, incidents, noise, official};
use vocabulary::start_of_day;

/// One kind of ordinary item. Means per day at [`super::WorldSpec::ITEMS_PER_DAY`] are in [`DAILY`].
#[derive(Debug, Clone, Copy)]
enum Kind {
    ComplaintService,
    ComplaintQuestion,
    ComplaintHostile,
    ComplaintBroken,
    ComplaintCase,
    ReviewPraise,
    ReviewNegated,
    ReviewMeh,
    ReviewIdiom,
    ReviewBroken,
    ReviewCase,
    ReviewHostile,
    ArticleGeneral,
    ArticleCase,
    Tip,
    SpotCheck,
    Recall,
    Standard,
    Abroad,
}

/// Mean items a day of each kind, copies not counted. About one in eight is a real case of some isolated trouble or defect.
const DAILY: &[(f64, Kind)] = &[
    (6.3, Kind::ComplaintService),
    (0.7, Kind::ComplaintQuestion),
    (0.25, Kind::ComplaintHostile),
    (1.4, Kind::ComplaintBroken),
    (1.0, Kind::ComplaintCase),
    (6.5, Kind::ReviewPraise),
    (1.8, Kind::ReviewNegated),
    (1.2, Kind::ReviewMeh),
    (0.8, Kind::ReviewIdiom),
    (0.9, Kind::ReviewBroken),
    (0.8, Kind::ReviewCase),
    (0.1, Kind::ReviewHostile),
    (1.8, Kind::ArticleGeneral),
    (0.3, Kind::ArticleCase),
    (0.7, Kind::Tip),
    (0.12, Kind::SpotCheck),
    (0.06, Kind::Recall),
    (0.5, Kind::Standard),
    (0.35, Kind::Abroad),
];

/// Mean number of items a day that [`DAILY`] and the rest of the traffic come to, copies and new listings included.
pub(super) const DAILY_TOTAL: f64 = 29.0;
/// Listings of each kind of goods and brand.
const LISTINGS_PER_BRAND: u32 = 2;
/// Share of the second listings that are there on the first day.
const LISTED_FROM_THE_START: f64 = 0.45;
/// Most copies of one story.
const COPIES_MAX: u32 = 30;
/// Chance of a professional's campaign on a day.
const CAMPAIGN_PER_DAY: f64 = 0.03;

/// All listings of the world. Every brand of every kind that is sold online has one from the first day.
pub(super) fn shelves(seed: u64, first: Date, days: u32, id_base: u64) -> Vec<(Shelf, Item)> {
    let mut all = Vec::new();
    let mut pen = Pen::new(seed, "shelves", 0);
    for good in GOODS.iter().filter(|good| good.is_sold_online()) {
        for brand in good.brands {
            for copy in 0..LISTINGS_PER_BRAND {
                let from_start = copy == 0 || pen.chance(LISTED_FROM_THE_START);
                let day = if from_start { 0 } else { pen.between(1, days.saturating_sub(1).max(1)) };
                let date = first.saturating_add(i64::from(day).days());
                // What was there on the first day was listed in its small hours, before anybody reviews it.
                let listed_at = if from_start { start_of_day(date) } else { compose::moment(&mut pen, date) };
                let name = *pen.pick(good.names);
                let place = places::anywhere(&mut pen);
                let shelf = Shelf {
                    id: id_base + all.len() as u64 * 17 + pen.below(17),
                    good,
                    brand,
                    name,
                    title: format!(
                        "{brand}{name}{}{}",
                        pen.pick(&["", " 家用", " 新款", " 2025款", " 官方正品", " 旗舰款"]),
                        pen.pick(&["", " 送礼", " 学生党", " 大容量", " 热卖", " 爆款"])
                    ),
                    seller: format!("{brand}{}", pen.pick(&["官方旗舰店", "专卖店", "优选店", "工厂店"])),
                    yuan: pen.between(good.price_yuan.0, good.price_yuan.1),
                    listed_at,
                };
                let item = compose::listing(&mut pen, &shelf, place, copy == 0);
                all.push((shelf, item));
            }
        }
    }
    all
}

/// Everything ordinary that one day brings, copies on later days included. `stories` numbers the stories.
pub(super) fn day(seed: u64, index: u32, date: Date, scale: f64, shelves: &[(Shelf, Item)]) -> Vec<Item> {
    let mut pen = Pen::new(seed, "day", u64::from(index));
    let mut all = Vec::new();
    for (mean, kind) in DAILY {
        for nth in 0..pen.poisson(mean * scale) {
            let story = u64::from(index) * 1000 + u64::from(nth) * 20 + *kind as u64;
            all.extend(one(&mut pen, *kind, date, story, shelves));
        }
    }
    if pen.chance(CAMPAIGN_PER_DAY * scale.min(1.0)) {
        let kind = good(pen.pick::<&str>(&["lamp", "power_strip", "plush", "charger", "stationery", "kettle"]));
        let count = pen.between(6, 12);
        let days: Vec<Date> = (0..count).map(|nth| date.saturating_add(i64::from(nth / 4).days())).collect();
        let wheres: Vec<_> = (0..3).map(|_| places::anywhere(&mut pen)).collect();
        all.extend(compose::campaign(&mut pen, kind, &wheres, &days));
    }
    all
}

fn one(pen: &mut Pen, kind: Kind, date: Date, story: u64, shelves: &[(Shelf, Item)]) -> Vec<Item> {
    let at = compose::moment(pen, date);
    let place = places::anywhere(pen);
    let good = match kind {
        // Advice and trade news are about what has a plug or wheels: the words of hazards without a case.
        Kind::Tip | Kind::ArticleGeneral => {
            let powered: Vec<&'static Good> = GOODS.iter().filter(|good| good.has_power()).collect();
            *pen.pick(&powered)
        }
        _ => pen.pick(GOODS),
    };
    let brand = Some(*pen.pick(good.brands));
    let subject = Subject { good, names: &[], brand, place, at };
    let talk = good.talk;
    match kind {
        Kind::ComplaintService => vec![compose::noise_complaint(pen, &subject, noise::SERVICE, Nature::Service)],
        Kind::ComplaintQuestion => vec![compose::noise_complaint(pen, &subject, noise::QUESTIONS, Nature::Question)],
        Kind::ComplaintHostile => vec![compose::noise_complaint(pen, &subject, noise::HOSTILE, Nature::Hostile)],
        Kind::ComplaintBroken => vec![compose::noise_complaint(pen, &subject, noise::broken(talk), Nature::Broken)],
        Kind::ReviewPraise => reviewed(pen, &subject, shelves, |talk| (noise::praise(talk), Nature::Praise)),
        Kind::ReviewNegated => reviewed(pen, &subject, shelves, |talk| (noise::negated(talk), Nature::Negated)),
        Kind::ReviewMeh => reviewed(pen, &subject, shelves, |talk| (noise::meh(talk), Nature::Praise)),
        Kind::ReviewIdiom => reviewed(pen, &subject, shelves, |_| (noise::IDIOMS, Nature::Idiom)),
        Kind::ReviewBroken => reviewed(pen, &subject, shelves, |talk| (noise::broken(talk), Nature::Broken)),
        Kind::ReviewHostile => reviewed(pen, &subject, shelves, |_| (noise::HOSTILE, Nature::Hostile)),
        Kind::ComplaintCase => case(pen, place, at, |pen, script, subject, nature| {
            vec![compose::complaint(pen, subject, &Telling { script, turn: None }, nature)]
        }),
        Kind::ReviewCase => {
            case(pen, place, at, |pen, script, subject, nature| match shelf_of(pen, shelves, subject) {
                Some(shelf) => {
                    let subject = Subject { brand: Some(shelf.brand), ..*subject };
                    vec![compose::review(pen, shelf, &subject, &Telling { script, turn: None }, nature)]
                }
                None => vec![compose::complaint(pen, subject, &Telling { script, turn: None }, nature)],
            })
        }
        Kind::ArticleCase => {
            let copies = copies(pen);
            case(pen, place, at, |pen, script, subject, nature| {
                let Nature::Background(category, hazard) = nature else { return Vec::new() };
                press::story(pen, subject, script, (nature, Nature::Copy(category, hazard)), (story, copies, false))
            })
        }
        Kind::ArticleGeneral => {
            let copies = if pen.chance(0.12) { copies(pen) } else { 0 };
            press::general_article(pen, &subject, story, copies)
        }
        Kind::Tip => vec![press::tip(pen, &subject)],
        Kind::SpotCheck => {
            let test = pen.pick(official::SPOT_TESTS);
            vec![press::spot_check(pen, test, super::goods::good(test.good), place, at, &[], Nature::Official)]
        }
        Kind::Recall => {
            let test = pen.pick(official::SPOT_TESTS);
            let good = super::goods::good(test.good);
            let subject = Subject { good, names: &[], brand: Some(*pen.pick(good.brands)), place, at };
            vec![press::recall(pen, &subject, test.hazard, Nature::Official)]
        }
        Kind::Standard => vec![press::standard(pen, at)],
        Kind::Abroad => {
            let script = pen.pick(background::SCRIPTS);
            let subject = Subject { good: super::goods::good(script.good), ..subject };
            vec![press::abroad(pen, &subject, script.hazard)]
        }
    }
}

/// Most stories are copied once or twice, a few everywhere.
fn copies(pen: &mut Pen) -> u32 {
    let luck = pen.unit() * 0.97;
    (1..COPIES_MAX).find(|copies| luck < 1.0 - 1.0 / f64::from(copies + 1)).unwrap_or(COPIES_MAX)
}

fn reviewed(
    pen: &mut Pen,
    subject: &Subject<'_>,
    shelves: &[(Shelf, Item)],
    pool: impl Fn(super::goods::Talk) -> (&'static [&'static str], Nature),
) -> Vec<Item> {
    let open: Vec<&Shelf> =
        shelves.iter().map(|(shelf, _)| shelf).filter(|shelf| shelf.listed_at < subject.at).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let shelf = *pen.pick(&open);
    let subject = Subject { good: shelf.good, names: &[], brand: Some(shelf.brand), ..*subject };
    let (pool, nature) = pool(shelf.good.talk);
    vec![compose::noise_review(pen, shelf, &subject, pool, nature)]
}

/// A listing of the subject's goods, of its brand when it has one, that is there at its moment.
pub(super) fn shelf_of<'a>(pen: &mut Pen, shelves: &'a [(Shelf, Item)], subject: &Subject<'_>) -> Option<&'a Shelf> {
    let open: Vec<&Shelf> = shelves
        .iter()
        .map(|(shelf, _)| shelf)
        .filter(|shelf| shelf.good.key == subject.good.key && shelf.listed_at < subject.at)
        .filter(|shelf| subject.names.is_empty() || subject.names.contains(&shelf.name))
        .filter(|shelf| subject.brand.is_none_or(|brand| shelf.brand == brand))
        .collect();
    (!open.is_empty()).then(|| *pen.pick(&open))
}

fn case(
    pen: &mut Pen,
    place: places::Place,
    at: jiff::Timestamp,
    write: impl FnOnce(&mut Pen, &Script, &Subject<'_>, Nature) -> Vec<Item>,
) -> Vec<Item> {
    let weighted: Vec<(u32, &Script)> =
        incidents::SCRIPTS.iter().chain(background::SCRIPTS).map(|script| (script.weight, script)).collect();
    let script = *pen.pick_weighted(&weighted);
    let good: &'static Good = good(script.good);
    let brand = pen.chance(0.85).then(|| *pen.pick(good.brands));
    let subject = Subject { good, names: script.names, brand, place, at };
    write(pen, script, &subject, Nature::Background(good.category, script.hazard))
}
