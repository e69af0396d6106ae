//! The complaint platform: HTML in GB18030, called gb2312. Even ids say so in the header, odd ones only in the page.

use std::fmt::Write as _;

use super::super::item::{Extra, Item, Stream};
use super::super::world::World;
use super::page::{Ask, Reply, escape, minute, newest_first, pager, paragraphs};

/// Complaints on a list page.
pub(super) const PAGE_SIZE: usize = 20;

pub(super) fn answer(world: &World, ask: &Ask<'_>) -> Reply {
    match ask.path {
        "/" | "/list" => list(world, ask),
        _ => match ask.id_under("/complaint/").and_then(|id| world.find(Stream::Complaints, id, ask.now)) {
            Some(item) => detail(ask, item),
            None => Reply::not_found(),
        },
    }
}

fn list(world: &World, ask: &Ask<'_>) -> Reply {
    let page = ask.page();
    let (items, pages) = newest_first(world.published(Stream::Complaints, ask.now), page, PAGE_SIZE);
    if items.is_empty() && page > 1 {
        return Reply::not_found();
    }
    let mut rows = String::new();
    for (at, item) in items.iter().enumerate() {
        let _ = write!(
            rows,
            "<li class=\"item\"><a class=\"title\" href=\"/complaint/{}.html?spm=list.{page}.{at}&amp;from=home\">{}</a>\
             <span class=\"time\">{}</span></li>",
            item.id,
            escape(&item.title),
            minute(item.published_at)
        );
    }
    // The first page carries an advertisement that looks like a complaint and leads where robots.txt forbids to go.
    let bait = if page == 1 {
        "<li class=\"item ad\"><a class=\"title\" href=\"/trap/promo?id=1\">维权攻略大全（推广）</a><span class=\"time\"></span></li>"
    } else {
        ""
    };
    let body = format!(
        "<!doctype html><html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\"><title>众声投诉 最新投诉</title>\
         <script>var page={page};</script></head><body><h1>最新投诉</h1><ul class=\"complaint-list\">{rows}{bait}</ul>{}</body></html>",
        pager("/list", page, pages)
    );
    Reply::html_gb18030(&body, true)
}

fn detail(ask: &Ask<'_>, item: &Item) -> Reply {
    let Extra::Complaint { demand, yuan } = item.extra else { return Reply::not_found() };
    let mut facts = String::new();
    let mut fact = |class: &str, name: &str, value: &str| {
        let _ = write!(facts, "<dt>{name}</dt><dd class=\"{class}\">{}</dd>", escape(value));
    };
    fact("target", "投诉对象", item.shop.as_deref().unwrap_or("未填写"));
    if let Some(brand) = &item.brand {
        fact("brand", "品牌", brand);
    }
    if let Some(shelf) = &item.shelf {
        fact("category", "商品类别", shelf);
    }
    if let Some(place) = item.place {
        fact("region", "所在地区", &place.on_form());
    }
    fact("demand", "诉求", demand);
    fact("amount", "涉诉金额", &format!("{yuan}元"));
    let body = format!(
        "<!doctype html><html><head><meta charset=\"gb2312\"><title>{title} - 众声投诉</title>\
         <link rel=\"canonical\" href=\"{base}/complaint/{id}.html\"></head><body>\
         <div class=\"nav\"><a href=\"/\">首页</a> &gt; <a href=\"/list\">投诉列表</a></div>\
         <h1 class=\"complaint-title\">{title}</h1><div class=\"by\"><span class=\"author\">{author}</span> 于 <span class=\"time\">{time}</span> 发起</div>\
         <dl class=\"facts\">{facts}</dl><div class=\"content\">{paragraphs}</div>\
         <div class=\"side\"><h3>热门投诉</h3><a href=\"/list?page=2\">查看更多火爆投诉</a></div>\
         <div class=\"footer\">众声投诉 仅为消费者提供反映渠道</div></body></html>",
        title = escape(&item.title),
        base = ask.base,
        id = item.id,
        author = escape(item.author.as_deref().unwrap_or("匿名")),
        time = minute(item.published_at),
        paragraphs = paragraphs(item),
    );
    Reply::html_gb18030(&body, item.id.is_multiple_of(2))
}
