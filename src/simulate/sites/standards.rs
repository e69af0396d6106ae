//! The standards feed: Atom with full text, standards and notices from abroad.

use std::fmt::Write as _;

use super::super::item::{Extra, Item, Stream};
use super::super::world::World;
use super::page::{Ask, Reply, escape, newest_first, paragraphs};
use vocabulary::show_moment;

/// Newest entries that the feed shows.
pub(super) const FEED_MAX: usize = 300;

pub(super) fn answer(world: &World, ask: &Ask<'_>) -> Reply {
    match ask.path {
        "/" => Reply::html(
            "<!doctype html><meta charset=\"utf-8\"><title>标准与通报</title><a href=\"/atom.xml\">订阅</a>".to_owned(),
        ),
        "/atom.xml" => feed(world, ask),
        _ => match ask.id_under("/entry/").and_then(|id| world.find(Stream::Standards, id, ask.now)) {
            Some(item) => entry_page(ask, item),
            None => Reply::not_found(),
        },
    }
}

fn kind(item: &Item) -> String {
    match item.extra {
        Extra::Standard { country: Some(country), .. } => format!("境外通报/{country}"),
        Extra::Standard { number: Some(number), .. } => format!("标准/{number}"),
        _ => "其他".to_owned(),
    }
}

fn feed(world: &World, ask: &Ask<'_>) -> Reply {
    let (items, _) = newest_first(world.published(Stream::Standards, ask.now), 1, FEED_MAX);
    let mut entries = String::new();
    for item in items {
        let moment = show_moment(item.published_at);
        let _ = write!(
            entries,
            "<entry><id>tag:standards.invalid,2025:{id}</id><title>{}</title><link href=\"{base}/entry/{id}.html?spm=atom\"/>\
             <published>{moment}</published><updated>{moment}</updated><category term=\"{}\"/><content type=\"html\">{}</content></entry>",
            escape(&item.title),
            escape(&kind(item)),
            escape(&paragraphs(item)),
            base = ask.base,
            id = item.id,
        );
    }
    Reply::of(
        "application/atom+xml; charset=utf-8",
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:standards.invalid,2025:feed</id>\
             <title>标准与境外通报</title><updated>{}</updated>{entries}</feed>",
            show_moment(ask.now)
        ),
    )
}

fn entry_page(ask: &Ask<'_>, item: &Item) -> Reply {
    Reply::html(format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>{title}</title><link rel=\"canonical\" href=\"{base}/entry/{id}.html\"></head>\
         <body><h1>{title}</h1><p class=\"kind\">{kind}</p><div class=\"text\">{paragraphs}</div></body></html>",
        title = escape(&item.title),
        base = ask.base,
        id = item.id,
        kind = escape(&kind(item)),
        paragraphs = paragraphs(item),
    ))
}
