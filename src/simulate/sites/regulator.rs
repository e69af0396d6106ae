//! The regulator's bulletin board: notices and recalls in one list, spot checks with their tables in another.

use std::fmt::Write as _;

use super::super::item::{Extra, Item, Stream};
use super::super::world::World;
use super::page::{Ask, Reply, chinese_day, escape, minute, newest_first, pager, paragraphs};

/// Notices on a list page.
pub(super) const PAGE_SIZE: usize = 15;

pub(super) fn answer(world: &World, ask: &Ask<'_>) -> Reply {
    match ask.path {
        "/" | "/notices" => list(world, ask, "/notices", "通知公告", false),
        "/spot" => list(world, ask, "/spot", "监督抽查", true),
        _ => match ask.id_under("/notice/").and_then(|id| world.find(Stream::Notices, id, ask.now)) {
            Some(item) => detail(ask, item),
            None => Reply::not_found(),
        },
    }
}

fn is_spot_check(item: &Item) -> bool {
    matches!(item.extra, Extra::SpotCheck(_))
}

fn list(world: &World, ask: &Ask<'_>, path: &str, heading: &str, spot: bool) -> Reply {
    let page = ask.page();
    let published = world.published(Stream::Notices, ask.now).iter();
    let of_kind: Vec<&Item> = published.filter(|item| is_spot_check(item) == spot).collect();
    let (items, pages) = newest_first(&of_kind, page, PAGE_SIZE);
    let mut rows = String::new();
    for item in items {
        let _ = write!(
            rows,
            "<li><a href=\"notice/{}.html\" title=\"{title}\">{title}</a><em>[{}]</em></li>",
            item.id,
            minute(item.published_at).get(..10).unwrap_or_default(),
            title = escape(&item.title),
        );
    }
    Reply::html(format!(
        "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{heading}</title></head><body>\
         <div class=\"crumb\">当前位置：首页 &gt; {heading}</div><ul class=\"news\">{rows}</ul>{}</body></html>",
        pager(path, page, pages)
    ))
}

fn detail(ask: &Ask<'_>, item: &Item) -> Reply {
    let mut table = String::new();
    if let Extra::SpotCheck(rows) = &item.extra {
        table.push_str("<table class=\"spot\" border=\"1\"><tr>");
        for head in [
            "序号",
            "产品名称",
            "标称生产企业",
            "标称商标",
            "规格型号",
            "抽查地区",
            "不合格项目",
            "检验依据",
            "检验结果",
        ] {
            let _ = write!(table, "<th>{head}</th>");
        }
        table.push_str("</tr>");
        for (at, row) in rows.iter().enumerate() {
            let _ = write!(
                table,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>不合格</td></tr>",
                at + 1,
                escape(&row.product),
                escape(&row.firm),
                escape(&row.brand),
                escape(&row.model),
                escape(&row.region),
                escape(&row.item),
                escape(&row.standard),
            );
        }
        table.push_str("</table>");
    }
    Reply::html(format!(
        "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <link rel=\"canonical\" href=\"{base}/notice/{id}.html\"></head><body><div class=\"crumb\">首页 &gt; 公告</div>\
         <h1>{title}</h1><div class=\"info\"><span class=\"date\">发布日期：{day}</span> <span class=\"source\">来源：{office}</span></div>\
         <div class=\"article\">{paragraphs}{table}</div><div class=\"foot\">主办单位：模拟市场监管信息网</div></body></html>",
        title = escape(&item.title),
        base = ask.base,
        id = item.id,
        day = chinese_day(item.published_at),
        office = escape(item.author.as_deref().unwrap_or("本站")),
        paragraphs = paragraphs(item),
    ))
}
