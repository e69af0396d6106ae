//! From a script to a whole item: who writes, where, when, in which words.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::goods::{Good, Talk};
use super::item::{Extra, Item, Nature, Stream};
use super::pen::{Pen, Slots};
use super::places::Place;
use super::texts::{Script, frames, noise};
use vocabulary::{day_of, start_of_day};

/// Earliest and latest hour at which people write.
const HOURS: (u32, u32) = (7, 23);
/// Share of texts that name the brand beside the product.
const BRAND_IN_TEXT: f64 = 0.45;
/// Share of texts that leave the product to the shelf it stands on.
const PRODUCT_IMPLICIT: f64 = 0.1;
/// Share of texts whose writer is not sure.
const HEDGED: f64 = 0.12;
/// Share of complaints without a pseudonym.
const ANONYMOUS: f64 = 0.06;
/// Share of service complaints that carry a telephone number, as people do against all advice.
const WITH_PHONE: f64 = 0.04;

/// A listing that can be reviewed.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    pub(super) id: u64,
    pub(super) good: &'static Good,
    pub(super) brand: &'static str,
    /// What this one is, of the goods' names.
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) seller: String,
    pub(super) yuan: u32,
    pub(super) listed_at: Timestamp,
}

/// What one text is about.
pub(super) struct Subject<'a> {
    pub(super) good: &'static Good,
    /// What the product is called; the goods' own names when empty.
    pub(super) names: &'a [&'a str],
    pub(super) brand: Option<&'a str>,
    pub(super) place: Place,
    pub(super) at: Timestamp,
}

/// What one text tells: anything of a script, or, in turn, its events one after the other, so that the reports of one
/// incident do not retell one another.
#[derive(Clone, Copy)]
pub(super) struct Telling<'a> {
    pub(super) script: &'a Script,
    pub(super) turn: Option<usize>,
}

/// A moment on a day when people write, give or take.
pub(super) fn moment(pen: &mut Pen, day: Date) -> Timestamp {
    let seconds = pen.between(HOURS.0 * 3600, HOURS.1 * 3600 - 1);
    let start = start_of_day(day);
    start.checked_add(i64::from(seconds).seconds()).unwrap_or(start)
}

/// How a text names its product.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// As people do, now and then only as "the product".
    Loose,
    /// With or without its brand.
    Clear,
    /// Without its brand, which stands beside it.
    Plain,
}

/// The slots of one text about a subject.
pub(super) fn slots(pen: &mut Pen, subject: &Subject<'_>, naming: Naming) -> Slots {
    let names = if subject.names.is_empty() { subject.good.names } else { subject.names };
    let name = *pen.pick(names);
    let vague =
        if subject.good.talk == Talk::Electric { &["产品", "商品", "机器"][..] } else { &["产品", "商品"] };
    let product = match subject.brand {
        _ if naming == Naming::Loose && pen.chance(PRODUCT_IMPLICIT) => (*pen.pick(vague)).to_owned(),
        Some(brand) if naming != Naming::Plain && pen.chance(BRAND_IN_TEXT) => {
            format!("{brand}{}{name}", pen.pick(&["", "", "的", "牌"]))
        }
        _ => name.to_owned(),
    };
    let mut slots = Slots::about(product, &["", "", "它", "这东西"]);
    let back = pen.between(1, 6);
    let day = day_of(subject.at).saturating_sub(i64::from(back).days());
    let months = pen.between(2, 9);
    let bought = day.saturating_sub(i64::from(pen.between(7, 150)).days());
    let shop = shop_of(pen, subject.brand);
    slots.set("b", subject.brand.unwrap_or("这家"));
    slots.set("city", subject.place.city);
    slots.set("prov", subject.place.province);
    slots.set(
        "when",
        pen.expand("[昨天|前天|上周[三|五|六|日]|前几天|{d}][早上|中午|下午|晚上|凌晨|]", &mut {
            let mut date = Slots::default();
            date.set("d", format!("{}月{}日", day.month(), day.day()));
            date
        }),
    );
    slots.set("date", format!("{}月{}日", day.month(), day.day()));
    let ago = match pen.below(5) {
        0 => format!("{months}个月前"),
        1 => "上个月".to_owned(),
        2 => "前些日子".to_owned(),
        3 => format!("{}月{}号", bought.month(), bought.day()),
        _ => "前阵子".to_owned(),
    };
    slots.set("ago", ago);
    slots.set("who", *pen.pick(&["我妈", "我爸", "老公", "老婆", "孩子", "奶奶", "室友", "婆婆", "弟弟", "女儿"]));
    slots.set("kid", *pen.pick(&["宝宝", "孩子", "两岁的儿子", "女儿", "一岁半的娃", "小孙子", "三岁的女儿"]));
    slots.set("shop", shop);
    slots.set("price", pen.between(subject.good.price_yuan.0, subject.good.price_yuan.1).to_string());
    slots.set("n", pen.between(2, 9).to_string());
    slots
}

fn shop_of(pen: &mut Pen, brand: Option<&str>) -> String {
    let place = *pen.pick(&["某宝", "某多多", "某东", "直播间", "社区超市", "商场专柜"]);
    match brand {
        Some(brand) if pen.chance(0.6) => format!("{brand}{}", pen.pick(&["官方旗舰店", "专卖店", "授权店"])),
        _ => format!("{place}{}", pen.pick(&["", "一家店", "的店铺"])),
    }
}

fn pseudonym(pen: &mut Pen) -> String {
    let head = *pen.pick(&[
        "月光",
        "小鹿",
        "南风",
        "阿杰",
        "大海",
        "豆豆妈",
        "奔跑的",
        "柠檬",
        "西瓜",
        "老周",
        "夏天",
        "木子",
        "清欢",
        "tb",
        "jd",
        "m",
        "土豆",
        "星河",
        "糯米",
        "秋刀鱼",
    ]);
    if pen.chance(0.4) {
        format!("用户{}", pen.between(100_000, 999_999))
    } else {
        format!("{head}***{}", pen.between(10, 9999))
    }
}

fn join(parts: &[String]) -> Vec<String> {
    // One paragraph or two, as forms are filled in.
    let whole: Vec<&String> = parts.iter().filter(|part| !part.is_empty()).collect();
    let (head, tail) = whole.split_at(whole.len().div_ceil(2).max(2).min(whole.len()));
    let glue = |some: &[&String]| some.iter().map(|part| part.as_str()).collect::<String>();
    [glue(head), glue(tail)].into_iter().filter(|paragraph| !paragraph.is_empty()).collect()
}

fn sentence(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with(['。', '！', '？', '，', '：']) {
        text.push('。');
    }
    text
}

/// What happened, with or without what came of it.
fn happening(pen: &mut Pen, telling: &Telling<'_>, slots: &mut Slots) -> Vec<String> {
    let Telling { script, turn } = *telling;
    let at = |table: &[&'static str], pen: &mut Pen| match turn {
        Some(turn) => table[turn % table.len()],
        None => *pen.pick(table),
    };
    let event = at(script.events, pen);
    let mut parts = vec![sentence(pen.expand(event, slots))];
    if pen.chance(0.85) {
        let after = at(script.after, pen);
        parts.push(sentence(pen.expand(after, slots)));
    }
    if pen.chance(HEDGED) {
        parts.push(pen.write(frames::HEDGES, slots));
    }
    parts
}

pub(super) fn blank(stream: Stream, at: Timestamp, nature: Nature) -> Item {
    Item {
        id: 0,
        stream,
        published_at: at,
        title: String::new(),
        paragraphs: Vec::new(),
        author: None,
        brand: None,
        shop: None,
        shelf: None,
        nature,
        place: None,
        extra: Extra::Nothing,
    }
}

fn complaint_item(
    pen: &mut Pen,
    subject: &Subject<'_>,
    nature: Nature,
    title: String,
    paragraphs: Vec<String>,
) -> Item {
    let place = match pen.below(10) {
        0 => None,
        1 | 2 => Some(subject.place.only_province()),
        _ => Some(subject.place),
    };
    let demand = *pen.pick(&["退货退款", "赔偿", "调查处理", "道歉", "换货", "退一赔三", "解释说明"]);
    Item {
        title,
        paragraphs,
        author: (!pen.chance(ANONYMOUS)).then(|| pseudonym(pen)),
        brand: subject.brand.filter(|_| pen.chance(0.55)).map(ToOwned::to_owned),
        shop: Some(shop_of(pen, subject.brand)),
        shelf: Some(subject.good.shelf.to_owned()),
        place,
        extra: Extra::Complaint { demand, yuan: pen.between(subject.good.price_yuan.0, subject.good.price_yuan.1) },
        ..blank(Stream::Complaints, subject.at, nature)
    }
}

/// A complaint about something that happened.
pub(super) fn complaint(pen: &mut Pen, subject: &Subject<'_>, telling: &Telling<'_>, nature: Nature) -> Item {
    let mut slots = slots(pen, subject, Naming::Loose);
    let title = pen.write(telling.script.titles, &mut slots);
    slots.new_text();
    let mut parts = vec![pen.write(frames::OPENINGS, &mut slots)];
    parts.extend(happening(pen, telling, &mut slots));
    parts.push(pen.write(frames::REACTIONS, &mut slots));
    parts.push(pen.write(frames::DEMANDS, &mut slots));
    complaint_item(pen, subject, nature, title, join(&parts))
}

/// A complaint out of one of the pools of noise.
pub(super) fn noise_complaint(pen: &mut Pen, subject: &Subject<'_>, pool: &[&str], nature: Nature) -> Item {
    let mut slots = slots(pen, subject, Naming::Loose);
    let mut body = pen.write(pool, &mut slots);
    let title = match nature {
        Nature::Question => body.chars().take_while(|c| !"？，。".contains(*c)).collect(),
        Nature::Broken => body.chars().take_while(|c| !"，。".contains(*c)).collect(),
        _ => {
            slots.new_text();
            pen.write(noise::SERVICE_TITLES, &mut slots)
        }
    };
    if matches!(nature, Nature::Service | Nature::Broken) {
        slots.new_text();
        body.push_str(&pen.write(frames::PLAIN_REACTIONS, &mut slots));
        body.push_str(&pen.write(frames::PLAIN_DEMANDS, &mut slots));
    }
    let mut paragraphs = vec![body];
    if nature == Nature::Service && pen.chance(WITH_PHONE) {
        // No subscriber has this block: the number is there to be masked (PRIV-1).
        paragraphs.push(format!("联系电话：1390000{:04}，请尽快联系我。", pen.below(10_000)));
    }
    complaint_item(pen, subject, nature, title, paragraphs)
}

/// The forms of one professional: one text, one author, one brand after the other.
pub(super) fn campaign(pen: &mut Pen, good: &'static Good, places: &[Place], days: &[Date]) -> Vec<Item> {
    let template = *pen.pick(noise::PROFESSIONAL);
    let author = pseudonym(pen);
    days.iter()
        .enumerate()
        .map(|(index, day)| {
            let brand = good.brands[index % good.brands.len()];
            let subject = Subject {
                good,
                names: &[],
                brand: Some(brand),
                place: places[index % places.len()],
                at: moment(pen, *day),
            };
            let mut slots = Slots::about(format!("{brand}{}", good.names[0]), &[]);
            slots.set("b", brand);
            let body = pen.expand(template, &mut slots);
            let title = format!("举报{brand}{}未标注相关信息", good.names[0]);
            Item {
                author: Some(author.clone()),
                ..complaint_item(pen, &subject, Nature::Professional, title, vec![body])
            }
        })
        .collect()
}

/// A review of something that happened.
pub(super) fn review(
    pen: &mut Pen,
    shelf: &Shelf,
    subject: &Subject<'_>,
    telling: &Telling<'_>,
    nature: Nature,
) -> Item {
    let names = [shelf.name];
    let subject = &Subject { names: &names, ..*subject };
    let mut slots = slots(pen, subject, Naming::Loose);
    let mut parts = vec![pen.write(frames::REVIEW_OPENINGS, &mut slots)];
    parts.extend(happening(pen, telling, &mut slots));
    parts.push(pen.write(frames::REVIEW_CLOSINGS, &mut slots));
    let rating = if pen.chance(0.05) { 5 } else { u8::try_from(pen.between(1, 2)).unwrap_or(1) };
    review_item(pen, shelf, subject, nature, parts.concat(), rating)
}

/// A review out of one of the pools of noise.
pub(super) fn noise_review(pen: &mut Pen, shelf: &Shelf, subject: &Subject<'_>, pool: &[&str], nature: Nature) -> Item {
    let names = [shelf.name];
    let subject = &Subject { names: &names, ..*subject };
    let mut slots = slots(pen, subject, Naming::Loose);
    let mut text = pen.write(pool, &mut slots);
    if pen.chance(0.35) && nature == Nature::Praise {
        let tails =
            ["客服有耐心。", "快递小哥送上楼了。", "下次还来。", "活动价很划算。", "包装严实。", "等降价再囤。"];
        text.push_str(pen.pick::<&str>(&tails));
    }
    let rating = match nature {
        Nature::Praise | Nature::Negated | Nature::Idiom => u8::try_from(pen.between(4, 5)).unwrap_or(5),
        _ => u8::try_from(pen.between(1, 3)).unwrap_or(2),
    };
    review_item(pen, shelf, subject, nature, text, rating)
}

fn review_item(pen: &mut Pen, shelf: &Shelf, subject: &Subject<'_>, nature: Nature, text: String, rating: u8) -> Item {
    let place = match pen.below(10) {
        0 | 1 => None,
        2..=6 => Some(subject.place.only_province()),
        _ => Some(subject.place),
    };
    Item {
        paragraphs: vec![text],
        author: Some(pseudonym(pen)),
        brand: Some(shelf.brand.to_owned()),
        shop: Some(shelf.seller.clone()),
        shelf: Some(shelf.good.shelf.to_owned()),
        title: shelf.title.clone(),
        place,
        extra: Extra::Review { listing: shelf.id, rating },
        ..blank(Stream::Reviews, subject.at, nature)
    }
}

/// A listing with what its seller promises.
pub(super) fn listing(pen: &mut Pen, shelf: &Shelf, place: Place, first: bool) -> Item {
    let names = [shelf.name];
    let subject = Subject { good: shelf.good, names: &names, brand: Some(shelf.brand), place, at: shelf.listed_at };
    let mut slots = slots(pen, &subject, Naming::Plain);
    let text = pen.write(noise::advert(shelf.good.talk), &mut slots);
    Item {
        id: shelf.id,
        title: shelf.title.clone(),
        paragraphs: vec![text],
        // A tenth of the listings leave the brand field empty.
        brand: (!pen.chance(0.1)).then(|| shelf.brand.to_owned()),
        shop: Some(shelf.seller.clone()),
        shelf: Some(shelf.good.shelf.to_owned()),
        place: Some(place),
        extra: Extra::Listing { yuan: shelf.yuan, sold: pen.below(40_000), sold_per_day: pen.below(60), first },
        ..blank(Stream::Listings, shelf.listed_at, Nature::Advert)
    }
}
