//! The headline and the main text of a page that no recipe knows: headline by what the page says of itself, text by the
//! density of paragraphs that are not links, without menus, sharing bars, comments and copyright lines.
//!
//! In: a parsed page. Out: plain text. Not here: sources, dates, what the text is about. Work is linear in the page.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use scraper::{ElementRef, Html, Selector};

use super::html::{self, NO_TEXT};

/// Least text of a paragraph, in characters.
const PARAGRAPH_CHARS_MIN: usize = 10;
/// Containers that are weighed against each other.
const CANDIDATES_MAX: usize = 24;
/// How much of a paragraph's worth its grandparent gets: articles are often cut into sections.
const GRANDPARENT_SHARE: f64 = 0.5;
/// What one stop or comma adds, in characters: running text has them, menus have none.
const STOP_WORTH: f64 = 8.0;
/// A named block is left out only when most of it is links or it is this short: names like `share` are used for articles, too.
const NOISE_CHARS_MAX: usize = 120;
/// Share of links from which on a block is a list of links.
const LINK_SHARE_MAX: f64 = 0.5;
/// Least characters of a headline that is cut off the name of the site.
const TITLE_CHARS_MIN: usize = 4;
/// Longest line that can be boilerplate at the end of an article.
const TAIL_CHARS_MAX: usize = 60;

static TITLE: LazyLock<Option<Selector>> = LazyLock::new(|| Selector::parse("title").ok());
static HEADLINE: LazyLock<Option<Selector>> =
    LazyLock::new(|| Selector::parse("h1, h2, [class*=title], [id*=title], [class*=headline], h3").ok());
static META: LazyLock<Option<Selector>> = LazyLock::new(|| {
    Selector::parse(
        "meta[property='og:title'], meta[name='og:title'], meta[name='ArticleTitle'], meta[name='twitter:title']",
    )
    .ok()
});

/// Containers that never hold the body of an article. A form may: whole pages are wrapped in one.
const BOILERPLATE: &[&str] = &["nav", "footer", "aside", "header"];
/// Pieces of class names and ids of what stands around an article.
const NOISE: &[&str] = &[
    "comment",
    "footer",
    "copyright",
    "share",
    "related",
    "relate",
    "recommend",
    "sidebar",
    "breadcrumb",
    "crumb",
    "nav",
    "menu",
    "hot",
    "rank",
    "advert",
    "statement",
    "disclaimer",
    "toolbar",
    "login",
    "qrcode",
    "ewm",
    "pinglun",
    "xgwz",
    "tuijian",
    "reply",
    "pagination",
    "pager",
    "toolbox",
    "follow",
    "subscribe",
    "tags",
    "keywords",
    "download",
];
/// How lines begin that stand below an article and belong to the site.
const TAIL: &[&str] = &[
    "责任编辑",
    "责编",
    "编辑：",
    "编辑:",
    "（责任编辑",
    "(责任编辑",
    "【责任编辑",
    "[责任编辑",
    "本文来源",
    "版权",
    "免责声明",
    "特别声明",
    "声明：",
    "更多精彩",
    "相关阅读",
    "相关新闻",
    "相关推荐",
    "推荐阅读",
    "热门推荐",
    "延伸阅读",
    "扫描二维码",
    "扫一扫",
    "分享到",
    "分享",
    "打印",
    "关闭窗口",
    "【打印",
    "字号",
    "点击进入",
    "点击查看",
    "举报",
    "返回顶部",
    "上一篇",
    "下一篇",
    "阅读原文",
    "微信扫",
    "关注我们",
    "关注公众号",
    "长按",
    "我要评论",
    "网友评论",
    "登录",
    "copyright",
    "Copyright",
    "©",
];

/// What a page says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Article {
    /// The headline, without the name of the site.
    pub(crate) title: String,
    /// The main text, one block a line.
    pub(crate) text: String,
}

/// Reads a page.
pub(crate) fn article(page: &Html) -> Article {
    let title = headline(page);
    let text = body(page).map(|element| text_of_article(element, &title)).unwrap_or_default();
    Article { title, text }
}

fn headline(page: &Html) -> String {
    let first = |selector: &LazyLock<Option<Selector>>| {
        let found = selector.as_ref().and_then(|selector| page.select(selector).next());
        found.map(|found| one_line(&found.text().collect::<String>())).unwrap_or_default()
    };
    let whole = first(&TITLE);
    let shared = META
        .as_ref()
        .and_then(|selector| page.select(selector).find_map(|meta| meta.value().attr("content").map(one_line)))
        .filter(|text| text.chars().count() >= TITLE_CHARS_MIN);
    // A headline on the page that the title repeats says it without the site's name.
    let on_page = HEADLINE.as_ref().and_then(|selector| {
        page.select(selector)
            .take(200)
            .map(|found| one_line(&found.text().take(50).collect::<String>()))
            .filter(|text| text.chars().count() >= TITLE_CHARS_MIN && squeezed(&whole).contains(&squeezed(text)))
            .max_by_key(|text| text.chars().count())
    });
    let cut = without_site(&whole);
    let shared = shared.map(|text| without_site(&text).to_owned());
    match (on_page, shared) {
        // What merely repeats a section of the title is no headline.
        (Some(found), _) if found.chars().count() * 2 >= cut.chars().count() => without_site(&found).to_owned(),
        (_, Some(shared)) if whole.is_empty() || squeezed(&whole).contains(&squeezed(&shared)) => shared,
        _ if !whole.is_empty() => cut.to_owned(),
        (found, shared) => shared.or(found).unwrap_or_else(|| first(&HEADLINE)),
    }
}

fn one_line(text: &str) -> String {
    html::tidy(text).replace('\n', " ")
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// `Headline_Site`, `Headline - Section - Site`: the first part, when it is a headline and the rest is shorter.
fn without_site(title: &str) -> &str {
    let mut cut = title;
    for mark in ["_", "|", "｜", " - ", " – ", " — ", "--", "-", "——"] {
        if let Some(at) = cut.rfind(mark) {
            let (head, tail) = (cut[..at].trim_end_matches(['_', '-', '|', ' ']), &cut[at + mark.len()..]);
            let is_site = tail.chars().count() <= 20 && tail.chars().count() <= head.chars().count();
            // A hyphen alone may belong to the headline: the tail must look like a name.
            let named = mark != "-"
                || ["网", "报", "频道", "新闻", "财经", "论坛", "com", "社区", "政府", "局", "在线", "中国", "号"]
                    .iter()
                    .any(|word| tail.contains(word));
            if is_site && named && head.chars().count() >= TITLE_CHARS_MIN {
                cut = head;
            }
        }
    }
    cut.trim()
}

fn ink(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

fn stops(text: &str) -> usize {
    text.chars().filter(|c| matches!(c, '，' | '。' | '；' | '！' | '？' | '、' | '：' | ',' | '.' | ';')).count()
}

fn visible_chars(element: ElementRef<'_>) -> usize {
    element.text().map(ink).sum()
}

/// Characters inside links, of an element.
fn linked_chars(element: ElementRef<'_>) -> usize {
    element.descendent_elements().filter(|inner| inner.value().name() == "a").map(visible_chars).sum()
}

fn link_share(element: ElementRef<'_>) -> f64 {
    (linked_chars(element) as f64 / visible_chars(element).max(1) as f64).min(1.0)
}

fn has_noisy_name(element: ElementRef<'_>) -> bool {
    let value = element.value();
    let names = value.classes().chain(value.id());
    names.into_iter().any(|name| {
        let name = name.to_ascii_lowercase();
        NOISE.iter().any(|noise| name.contains(noise))
    })
}

/// Whether a block stands around the article, by its element or its name, and by what it holds.
fn is_around(element: ElementRef<'_>) -> bool {
    let name = element.value().name();
    if BOILERPLATE.contains(&name) {
        return true;
    }
    matches!(name, "div" | "section" | "ul" | "ol" | "p" | "dl" | "table" | "span" | "h2" | "h3" | "h4")
        && has_noisy_name(element)
        && (visible_chars(element) <= NOISE_CHARS_MAX || link_share(element) >= LINK_SHARE_MAX)
}

/// The element that holds the article.
fn body(page: &Html) -> Option<ElementRef<'_>> {
    let mut scores: BTreeMap<_, f64> = BTreeMap::new();
    let mut stack = vec![page.root_element()];
    while let Some(element) = stack.pop() {
        let name = element.value().name();
        if NO_TEXT.contains(&name) || BOILERPLATE.contains(&name) || name == "a" || name == "title" {
            continue;
        }
        let is_paragraph = matches!(name, "p" | "pre" | "blockquote");
        let (mut chars, mut marks) = (0, 0);
        if is_paragraph {
            chars = visible_chars(element).saturating_sub(linked_chars(element));
            marks = element.text().map(stops).sum();
        } else {
            for text in element.children().filter_map(|child| child.value().as_text()) {
                chars += ink(text);
                marks += stops(text);
            }
        }
        if chars >= PARAGRAPH_CHARS_MIN && marks > 0 {
            let worth = chars as f64 + STOP_WORTH * marks as f64;
            // A bare text container is its own paragraph and parent.
            let is_container = matches!(name, "div" | "td" | "article" | "section" | "main" | "body");
            if is_container {
                *scores.entry(element.id()).or_insert(0.0) += worth;
            }
            if let Some(parent) = element.parent().and_then(ElementRef::wrap) {
                *scores.entry(parent.id()).or_insert(0.0) +=
                    if is_container { worth * GRANDPARENT_SHARE } else { worth };
                if let Some(grand) = parent.parent().and_then(ElementRef::wrap) {
                    *scores.entry(grand.id()).or_insert(0.0) += worth * GRANDPARENT_SHARE;
                }
            }
        }
        if !is_paragraph {
            stack.extend(element.child_elements());
        }
    }
    let mut ranked: Vec<_> = scores.into_iter().collect();
    ranked.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(a.cmp(b)));
    // Links are weighed for the best few only: weighing all would walk every subtree once per level.
    let weighed = ranked.into_iter().take(CANDIDATES_MAX).filter_map(|(id, score)| {
        let element = page.tree.get(id).and_then(ElementRef::wrap)?;
        let damped = if is_inside_noise(element) { 0.2 } else { 1.0 };
        Some((element, score * (1.0 - link_share(element)) * damped))
    });
    weighed
        .fold(None, |best: Option<(ElementRef<'_>, f64)>, (element, score)| match best {
            Some((_, top)) if top >= score => best,
            _ => Some((element, score)),
        })
        .map(|(element, _)| element)
}

fn is_inside_noise(element: ElementRef<'_>) -> bool {
    const LEVELS_MAX: usize = 4;
    let strict = |element: ElementRef<'_>| {
        let value = element.value();
        let mut names = value.classes().chain(value.id());
        names.any(|name| {
            let name = name.to_ascii_lowercase();
            ["comment", "footer", "copyright", "recommend", "sidebar", "related", "pinglun"]
                .iter()
                .any(|noise| name.contains(noise))
        })
    };
    strict(element) || element.ancestors().take(LEVELS_MAX).filter_map(ElementRef::wrap).any(strict)
}

/// The lines of the article: no blocks that stand around it, no line twice in a row, no tail of the site's.
fn text_of_article(element: ElementRef<'_>, title: &str) -> String {
    let mut text = html::text_without(element, &is_around);
    if text.is_empty() {
        text = html::text_of(element);
    }
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    // From the end: lines of the site's, short ones only.
    while lines.len() > 1
        && lines.last().is_some_and(|line| {
            line.chars().count() <= TAIL_CHARS_MAX && TAIL.iter().any(|begin| line.starts_with(begin))
                || !line.chars().any(char::is_alphanumeric)
        })
    {
        lines.pop();
    }
    // The headline is told apart.
    if lines.len() > 1 && squeezed(lines[0]) == squeezed(title) {
        lines.remove(0);
    }
    lines.join("\n")
}
