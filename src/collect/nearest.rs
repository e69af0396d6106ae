//! Where a list probably is now, on a page whose list selector matches nothing: the repeated elements with links that look most like the
//! entries of a list. A hint for people who mend the recipe; nothing is read by it. Pure.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use scraper::{ElementRef, Html};

use super::bounds::NEAREST_LINKS_MAX;
use super::fields::clip;

/// Entries that a list has at least.
const ENTRIES_MIN: usize = 2;
/// Characters of the text of a link that may be a heading.
const HEADING_CHARS_MIN: usize = 8;
/// Nodes on each side of an element that are looked at for one of its kind.
const SIBLINGS_MAX: usize = 20;
/// Nodes of an element whose text is looked at.
const TEXT_NODES_MAX: usize = 100;
/// Characters of one text that are looked at.
const TEXT_CHARS_MAX: usize = 200;
/// Longest name of a class that a hint names, in bytes.
const CLASS_BYTES_MAX: usize = 60;

/// A day as lists write it.
static DAY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}").ok());

/// A selector under which entries lie, and how many; none when nothing on the page looks like a list.
pub(crate) fn list_of(page: &Html) -> Option<(String, usize)> {
    // By selector: entries, and of these those with a day.
    let mut groups: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let links =
        page.root_element().descendants().filter_map(ElementRef::wrap).filter(|found| found.value().name() == "a");
    for link in links.take(NEAREST_LINKS_MAX) {
        let heading = link.attr("title").map_or_else(|| begin_of(link), str::to_owned);
        if link.attr("href").is_none() || heading.trim().chars().count() < HEADING_CHARS_MIN {
            continue;
        }
        let Some(entry) = entry_of(link) else { continue };
        let Some(parent) = entry.parent().and_then(ElementRef::wrap) else { continue };
        let is_dated = DAY.as_ref().is_some_and(|day| day.is_match(&begin_of(entry)));
        let group = groups.entry(format!("{} > {}", named(parent), named(entry))).or_default();
        group.0 += 1;
        group.1 += usize::from(is_dated);
    }
    let best = groups.into_iter().max_by_key(|(_, (entries, dated))| (*dated, *entries))?;
    let (selector, (entries, _)) = best;
    (entries >= ENTRIES_MIN).then_some((selector, entries))
}

/// The element that one link is the heading of: the outermost around it that has a sibling of its kind, below the first list or table.
fn entry_of(link: ElementRef<'_>) -> Option<ElementRef<'_>> {
    let around = std::iter::once(link).chain(link.ancestors().filter_map(ElementRef::wrap));
    for element in around {
        let name = element.value().name();
        if matches!(name, "li" | "tr" | "dd") {
            return Some(element);
        }
        if matches!(name, "body" | "html") {
            return None;
        }
        let is_alike = |other: ElementRef<'_>| other.value().name() == name && named(other) == named(element);
        let siblings = element.next_siblings().take(SIBLINGS_MAX).chain(element.prev_siblings().take(SIBLINGS_MAX));
        if siblings.filter_map(ElementRef::wrap).any(is_alike) {
            return Some(element);
        }
    }
    None
}

/// The text that an element begins with.
fn begin_of(element: ElementRef<'_>) -> String {
    let texts = element.descendants().take(TEXT_NODES_MAX).filter_map(|node| node.value().as_text());
    texts.map(|text| clip(text, TEXT_CHARS_MAX)).collect()
}

/// An element as a selector: its name and its first plain class.
fn named(element: ElementRef<'_>) -> String {
    let is_plain = |class: &&str| {
        class.len() <= CLASS_BYTES_MAX
            && class.starts_with(|first: char| first.is_ascii_alphabetic())
            && class.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let class = element
        .attr("class")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .find(is_plain)
        .map(|class| format!(".{class}"))
        .unwrap_or_default();
    format!("{}{class}", element.value().name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html;

    fn check(page: &str, expected: Option<(&str, usize)>) {
        let found = list_of(&html::parse(page).0);
        assert_eq!(found.as_ref().map(|(selector, entries)| (selector.as_str(), *entries)), expected);
    }

    #[test]
    fn the_entries_with_headings_and_days_are_the_list() {
        let menu = "<ul class=nav><li><a href=/a>首页首页首页首页</a></li><li><a href=/b>政务公开政务公开</a></li><li><a href=/c>互动交流互动交流</a></li></ul>";
        let list = "<ul class='news new'><li><a href=/1>关于甲产品召回的公告</a><span>2026-05-01</span></li><li><a href=/2>关于乙产品召回的公告</a><span>2026-05-02</span></li></ul>";
        check(&format!("{menu}{list}"), Some(("ul.news > li", 2)));
        let divs = "<div class=box><div class=row><p><a href=/1>关于甲产品召回的公告</a></p><i>2026年5月1日</i></div><div class=row><p><a href=/2>关于乙产品召回的公告</a></p></div></div>";
        check(divs, Some(("div.box > div.row", 2)));
    }

    #[test]
    fn what_looks_like_no_list_gives_no_hint() {
        check("<p>没有链接</p>", None);
        check("<ul><li><a href=/1>关于甲产品召回的公告</a></li></ul>", None);
        check("<a href=/>首页</a><a href=/b>更多</a>", None);
        check("", None);
    }

    #[test]
    fn hostile_pages_cost_little() {
        let many = "<a href=/x>关于甲产品召回的公告</a>".repeat(NEAREST_LINKS_MAX * 2);
        list_of(&html::parse(&many).0);
        let deep = "<div>".repeat(240) + "<a href=/x>关于甲产品召回的公告</a>" + &"</div>".repeat(240);
        list_of(&html::parse(&deep.repeat(100)).0);
    }
}
