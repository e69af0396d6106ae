//! The news portal: RSS with summaries, and a page for each article. It prints many outlets' stories, copies included.

use std::fmt::Write as _;

use super::super::item::{Extra, Item, Stream};
use super::super::world::World;
use super::page::{Ask, Reply, escape, minute, newest_first, paragraphs};
use vocabulary::shanghai;

/// Newest articles that the feed shows: two months of an ordinary world, so that a first visit finds the history.
pub(super) const FEED_MAX: usize = 900;
/// Characters of a summary in the feed.
const SUMMARY_CHARS: usize = 60;
/// Newest articles on the front page.
const FRONT_PAGE: usize = 30;

pub(super) fn answer(world: &World, ask: &Ask<'_>) -> Reply {
    match ask.path {
        "/" => front(world, ask),
        "/rss.xml" => feed(world, ask),
        _ => match ask.id_under("/article/").and_then(|id| world.find(Stream::Articles, id, ask.now)) {
            Some(item) => article(ask, item),
            None => Reply::not_found(),
        },
    }
}

fn outlet(item: &Item) -> &'static str {
    match item.extra {
        Extra::Article { outlet, .. } => outlet,
        _ => "本站",
    }
}

fn front(world: &World, ask: &Ask<'_>) -> Reply {
    let (items, _) = newest_first(world.published(Stream::Articles, ask.now), ask.page(), FRONT_PAGE);
    let rows = items.iter().fold(String::new(), |mut rows, item| {
        let _ = write!(rows, "<li><a href=\"/article/{}.html?from=index\">{}</a></li>", item.id, escape(&item.title));
        rows
    });
    Reply::html(format!(
        "<!doctype html><meta charset=\"utf-8\"><title>万象新闻</title><h1>万象新闻</h1><ul class=\"front\">{rows}</ul>"
    ))
}

fn feed(world: &World, ask: &Ask<'_>) -> Reply {
    let (items, _) = newest_first(world.published(Stream::Articles, ask.now), 1, FEED_MAX);
    let mut entries = String::new();
    for item in items {
        let summary: String = item.text().chars().take(SUMMARY_CHARS).collect();
        let _ = write!(
            entries,
            "<item><title>{}</title><link>{base}/article/{id}.html?utm_source=rss&amp;utm_medium=feed</link>\
             <guid isPermaLink=\"false\">wanxiang-{id}</guid><pubDate>{}</pubDate><author>{}</author><description>{}……</description></item>",
            escape(&item.title),
            item.published_at.to_zoned(shanghai()).strftime("%a, %d %b %Y %H:%M:%S %z"),
            escape(outlet(item)),
            escape(&summary),
            base = ask.base,
            id = item.id,
        );
    }
    Reply::of(
        "application/rss+xml; charset=utf-8",
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title>万象新闻</title><link>{}/</link>\
             <description>消费与社会新闻</description>{entries}</channel></rss>",
            ask.base
        ),
    )
}

fn article(ask: &Ask<'_>, item: &Item) -> Reply {
    Reply::html(format!(
        "<!doctype html><html lang=\"zh\"><head><meta charset=\"utf-8\"><title>{title}_万象新闻</title>\
         <link rel=\"canonical\" href=\"{base}/article/{id}.html\"><meta property=\"og:title\" content=\"{title}\"></head><body>\
         <nav><a href=\"/\">首页</a> 热点：某剧收视火爆 全网刷屏</nav><article><h1>{title}</h1>\
         <div class=\"meta\"><span class=\"outlet\">{outlet}</span> <time>{time}</time></div>\
         <div class=\"body\">{paragraphs}</div></article><aside><h4>相关阅读</h4><a href=\"/\">更多消费新闻</a></aside>\
         <footer>万象新闻 版权所有</footer></body></html>",
        title = escape(&item.title),
        base = ask.base,
        id = item.id,
        outlet = escape(outlet(item)),
        time = minute(item.published_at),
        paragraphs = paragraphs(item),
    ))
}
