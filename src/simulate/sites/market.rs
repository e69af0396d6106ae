//! The marketplace: a JSON API with listings and reviews, and a page for each listing.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::item::{Extra, Item, Stream};
use super::super::places::Place;
use super::super::world::World;
use super::page::{Ask, Reply, escape, newest_first, paragraphs};
use vocabulary::{day_of, show_moment};

/// Entries on a page of the API when the caller names no size.
const PAGE_SIZE: usize = 20;
/// Most entries on a page.
pub(super) const PAGE_SIZE_MAX: usize = 50;

pub(super) fn answer(world: &World, ask: &Ask<'_>) -> Reply {
    match ask.path {
        "/" => Reply::html("<!doctype html><meta charset=utf-8><title>云集市</title><h1>云集市</h1><p>开放接口：/api/items /api/reviews</p>".to_owned()),
        "/api/items" => api(world, ask, Stream::Listings),
        "/api/reviews" => api(world, ask, Stream::Reviews),
        _ => match ask.id_under("/item/").and_then(|id| world.find(Stream::Listings, id, ask.now)) {
            Some(item) => page(ask, item),
            None => Reply::not_found(),
        },
    }
}

fn api(world: &World, ask: &Ask<'_>, stream: Stream) -> Reply {
    let size = ask.number("size").map_or(PAGE_SIZE, |size| (size as usize).clamp(1, PAGE_SIZE_MAX));
    let page = ask.page();
    let published = world.published(stream, ask.now);
    let (items, pages) = newest_first(published, page, size);
    let list: Vec<Value> = items.into_iter().map(|item| entry(ask, item)).collect();
    let next = (page < pages).then_some(page + 1);
    let answer = json!({
        "code": 0,
        "message": "ok",
        "data": { "total": published.len(), "page": page, "page_size": size, "next_page": next, "list": list },
    });
    Reply::of("application/json; charset=utf-8", answer.to_string())
}

fn entry(ask: &Ask<'_>, item: &Item) -> Value {
    let region = item.place.map(Place::on_form);
    match item.extra {
        Extra::Listing { yuan, .. } => json!({
            "item_id": item.id,
            "title": item.title,
            "description": item.text(),
            "seller": item.shop,
            "brand": item.brand,
            "category": item.shelf,
            "price": format!("{yuan}.00"),
            "sold": sold(item, ask.now),
            "region": region,
            "listed_at": show_moment(item.published_at),
            "url": format!("{}/item/{}.html?utm_source=api&spm=a2.{}", ask.base, item.id, item.id % 9),
        }),
        Extra::Review { listing, rating } => json!({
            "review_id": item.id,
            "item_id": listing,
            "item_title": item.title,
            "brand": item.brand,
            "category": item.shelf,
            "seller": item.shop,
            "rating": rating,
            "author": item.author,
            "content": item.text(),
            "ip_region": region,
            "created_at": show_moment(item.published_at),
        }),
        _ => Value::Null,
    }
}

/// Displayed sales: they grow day by day.
fn sold(item: &Item, now: Timestamp) -> u64 {
    let Extra::Listing { sold, sold_per_day, .. } = item.extra else { return 0 };
    let days = day_of(item.published_at).until(day_of(now)).map_or(0, |span| span.get_days().max(0));
    sold + sold_per_day * u64::from(days.unsigned_abs())
}

fn page(ask: &Ask<'_>, item: &Item) -> Reply {
    let Extra::Listing { yuan, .. } = item.extra else { return Reply::not_found() };
    Reply::html(format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>{title}</title><link rel=\"canonical\" href=\"{base}/item/{id}.html\"></head>\
         <body><h1>{title}</h1><p class=\"price\">￥{yuan}.00</p><p class=\"seller\">{seller}</p><div class=\"desc\">{paragraphs}</div></body></html>",
        title = escape(&item.title),
        base = ask.base,
        id = item.id,
        seller = escape(item.shop.as_deref().unwrap_or_default()),
        paragraphs = paragraphs(item),
    ))
}
