//! What offices and papers print: stories and their copies, spot checks, recalls, advice, standards, notices from abroad.

use jiff::{Timestamp, ToSpan};

use super::compose::{Naming, Subject, blank, slots};
use super::goods::{Good, good};
use super::item::{Extra, Item, Nature, SpotRow, Stream};
use super::pen::{Pen, Slots};
use super::places::{Place, anywhere};
use super::texts::official::SpotTest;
use super::texts::{Script, media, official};
use vocabulary::{Hazard, day_of};

/// A story about something that happened, and its copies by other outlets over the next days, the original first.
pub(super) fn story(
    pen: &mut Pen,
    subject: &Subject<'_>,
    script: &Script,
    (nature, copy_nature): (Nature, Nature),
    (number, copies, cluster): (u64, u32, bool),
) -> Vec<Item> {
    let mut slots = slots(pen, subject, Naming::Clear);
    let surname = *pen.pick(media::SURNAMES);
    let thing = pen.write(script.titles, &mut slots);
    slots.new_text();
    let summary = pen.write(script.events, &mut slots);
    let after = pen.write(script.after, &mut slots);
    slots.set("thing", thing);
    slots.set("summary", summary);
    slots.set("after", after);
    slots.set("who", format!("{surname}{}", pen.pick(&["女士", "先生", "阿姨", "师傅"])));
    slots.new_text();
    let title = pen.write(if cluster { media::CLUSTER_TITLES } else { media::TITLES }, &mut slots);
    let mut paragraphs = vec![pen.write(media::LEADS, &mut slots), pen.write(media::MIDDLES, &mut slots)];
    if cluster {
        paragraphs.push(pen.write(media::CLUSTERS, &mut slots));
    }
    paragraphs.push(pen.write(media::ENDS, &mut slots));
    let outlet = *pen.pick(&media::OUTLETS[..3]);
    let original = Item {
        title,
        paragraphs,
        extra: Extra::Article { outlet, story: number },
        ..blank(Stream::Articles, subject.at, nature)
    };
    with_copies(pen, original, copies, copy_nature)
}

/// An article in which nothing happened, and its copies.
pub(super) fn general_article(pen: &mut Pen, subject: &Subject<'_>, number: u64, copies: u32) -> Vec<Item> {
    let mut slots = slots(pen, subject, Naming::Plain);
    slots.set("thing", subject.good.names[0]);
    let (title, body) = *pen.pick(media::GENERAL);
    let title = pen.expand(title, &mut slots);
    slots.new_text();
    let paragraphs = [pen.expand(body, &mut slots), pen.write(media::GENERAL_ENDS, &mut slots)];
    let outlet = *pen.pick(media::OUTLETS);
    let original = Item {
        title,
        paragraphs: paragraphs[..if pen.chance(0.3) { 2 } else { 1 }].to_vec(),
        extra: Extra::Article { outlet, story: number },
        ..blank(Stream::Articles, subject.at, Nature::General)
    };
    with_copies(pen, original, copies, Nature::General)
}

fn with_copies(pen: &mut Pen, original: Item, copies: u32, nature: Nature) -> Vec<Item> {
    let Extra::Article { outlet: from, story } = original.extra else { return vec![original] };
    let mut all = vec![original];
    for _ in 0..copies {
        let mut slots = Slots::default();
        slots.set("outlet", from);
        slots.set("m", format!("{}{}", pen.pick(media::SURNAMES), pen.pick(&["晓", "文", "一鸣", "静", "洋"])));
        let mut paragraphs = all[0].paragraphs.clone();
        if pen.chance(0.25) && paragraphs.len() > 2 {
            paragraphs.pop();
        }
        if let Some(first) = paragraphs.first_mut() {
            first.insert_str(0, &pen.write(media::COPY_OPENINGS, &mut slots));
        }
        let end = pen.write(media::COPY_ENDS, &mut slots);
        if !end.is_empty() {
            paragraphs.push(end);
        }
        let title = match pen.below(4) {
            0 => format!("{}！", all[0].title.trim_end_matches(['！', '？'])),
            1 => all[0].title.replace('？', "").replace("记者调查", "警惕"),
            _ => all[0].title.clone(),
        };
        // Most copies appear within a day, the tail within four.
        let hours = i64::from(pen.between(0, 9) * pen.between(0, 10));
        let minutes = i64::from(pen.between(3, 59));
        let at = all[0].published_at.checked_add(hours.hours().minutes(minutes)).unwrap_or(all[0].published_at);
        let outlet = *pen.pick(media::OUTLETS);
        let copy = Item {
            title,
            paragraphs,
            published_at: at,
            nature,
            extra: Extra::Article { outlet, story },
            ..all[0].clone()
        };
        all.push(copy);
    }
    all
}

fn office(pen: &mut Pen, place: Place) -> String {
    if pen.chance(0.3) {
        "国家市场监督管理总局".to_owned()
    } else {
        format!("{}市场监督管理局", place.province_full)
    }
}

fn firm(pen: &mut Pen, place: Place, brand: &str) -> String {
    let kind = *pen.pick(&["科技有限公司", "电器有限公司", "实业有限公司", "用品有限公司", "制造有限公司"]);
    format!("{}{brand}{kind}", place.city)
}

fn model(pen: &mut Pen) -> String {
    format!("{}{}-{}", pen.pick(&["YQ", "HA", "TX", "K", "MZ", "DL"]), pen.between(10, 99), pen.between(100, 990))
}

/// A spot-check notice on one kind of goods, with its table. `brands` first, then other brands of the goods.
pub(super) fn spot_check(
    pen: &mut Pen,
    test: &SpotTest,
    good: &'static Good,
    place: Place,
    at: Timestamp,
    brands: &[&str],
    nature: Nature,
) -> Item {
    let count = pen.between(3, 8).max(u32::try_from(brands.len()).unwrap_or(8).min(8));
    let rows: Vec<SpotRow> = (0..count)
        .map(|index| {
            let index = index as usize;
            let brand = brands.get(index).copied().unwrap_or_else(|| *pen.pick(good.brands));
            let maker = anywhere(pen);
            SpotRow {
                product: test.product.to_owned(),
                firm: firm(pen, maker, brand),
                brand: brand.to_owned(),
                model: model(pen),
                region: place.province.to_owned(),
                item: test.item.to_owned(),
                standard: test.standard.to_owned(),
            }
        })
        .collect();
    let mut slots = Slots::default();
    let office = office(pen, place);
    slots.set("office", office.clone());
    slots.set("year", day_of(at).year().to_string());
    slots.set("prov", place.province);
    slots.set("thing", test.product);
    slots.set("n", pen.between(2, 20).to_string());
    slots.set("count", count.to_string());
    Item {
        title: pen.write(official::SPOT_TITLES, &mut slots),
        paragraphs: vec![pen.write(official::SPOT_LEADS, &mut slots)],
        author: Some(office),
        place: Some(place.only_province()),
        extra: Extra::SpotCheck(rows),
        ..blank(Stream::Notices, at, nature)
    }
}

/// A recall notice.
pub(super) fn recall(pen: &mut Pen, subject: &Subject<'_>, hazard: Hazard, nature: Nature) -> Item {
    let mut slots = slots(pen, subject, Naming::Clear);
    let brand = subject.brand.unwrap_or("某");
    let office = office(pen, subject.place);
    slots.set("office", office.clone());
    slots.set("firm", firm(pen, subject.place, brand));
    slots.set("thing", subject.good.names[0]);
    slots.set("model", model(pen));
    slots.set("count", pen.between(800, 60_000).to_string());
    let cause = official::cause(hazard);
    Item {
        title: pen.write(official::RECALL_TITLES, &mut slots),
        paragraphs: vec![
            pen.write(official::RECALLS, &mut slots),
            pen.expand(cause, &mut slots),
            pen.write(official::REMEDIES, &mut slots),
        ],
        author: Some(office),
        brand: Some(brand.to_owned()),
        place: Some(subject.place.only_province()),
        ..blank(Stream::Notices, subject.at, nature)
    }
}

/// Advice or a paper of the office.
pub(super) fn tip(pen: &mut Pen, subject: &Subject<'_>) -> Item {
    let mut slots = Slots::about(subject.good.names[0], &[]);
    let office = office(pen, subject.place);
    let day = day_of(subject.at);
    slots.set("office", office.clone());
    slots.set("thing", subject.good.names[0]);
    slots.set("date", format!("{}月{}日", day.month(), day.day()));
    let (title, body) = *pen.pick(official::TIPS);
    Item {
        title: pen.expand(title, &mut slots),
        paragraphs: vec![pen.expand(body, &mut slots)],
        author: Some(office),
        ..blank(Stream::Notices, subject.at, Nature::General)
    }
}

/// A note on a standard.
pub(super) fn standard(pen: &mut Pen, at: Timestamp) -> Item {
    let (number, title, key) = *pen.pick(official::STANDARDS);
    let mut slots = Slots::about(good(key).names[0], &[]);
    slots.set("std", number);
    slots.set("thing", title);
    Item {
        title: pen.write(official::STANDARD_TITLES, &mut slots),
        paragraphs: vec![pen.write(official::STANDARD_BODIES, &mut slots)],
        extra: Extra::Standard { number: Some(number), country: None },
        ..blank(Stream::Standards, at, Nature::Standard)
    }
}

/// A notice from abroad.
pub(super) fn abroad(pen: &mut Pen, subject: &Subject<'_>, hazard: Hazard) -> Item {
    let mut slots = slots(pen, subject, Naming::Clear);
    let (office, country) = *pen.pick(official::OFFICES_ABROAD);
    let brand = *pen.pick(official::BRANDS_ABROAD);
    slots.set("office", office);
    slots.set("country", country);
    slots.set("b", brand);
    slots.set("thing", subject.good.names[0]);
    slots.set("model", model(pen));
    slots.set("hz", hazard.zh());
    slots.set("count", pen.between(300, 90_000).to_string());
    Item {
        title: pen.write(official::ABROAD_TITLES, &mut slots),
        paragraphs: vec![pen.write(official::ABROAD, &mut slots)],
        brand: Some(brand.to_owned()),
        extra: Extra::Standard { number: None, country: Some(country) },
        ..blank(Stream::Standards, subject.at, Nature::Standard)
    }
}
