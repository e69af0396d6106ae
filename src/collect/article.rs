//! The headline and the main text of a page that no recipe knows: headline by what the page says of itself, text by the
//! density of paragraphs that are not links, without menus, sharing bars, comments and copyright lines.
//!
//! In: a page as a reading tree. Out: plain text. Not here: sources, dates, what the text is about. Work is linear in the page.

use std::collections::BTreeMap;

use super::screen::tidy;
use super::tree::{Content, Element, Tag, Tree, tags};

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

/// Containers that never hold the body of an article. A form may: whole pages are wrapped in one.
const BOILERPLATE: &[Tag] = &[Tag::NAV, Tag::FOOTER, Tag::ASIDE, Tag::HEADER];
/// What a page calls its headline for those who share it.
const SHARED_PROPERTY: &str = "og:title";
/// The same by name.
const SHARED_NAMES: &[&str] = &["og:title", "ArticleTitle", "twitter:title"];
/// Headings that are looked at, and texts of one.
const HEADINGS_MAX: usize = 200;
const HEADING_TEXTS_MAX: usize = 50;
/// Letters by which a headline is found on its page, and how far above a text its heading may be.
const HEADING_LETTERS_MAX: usize = 10;
const HEADING_LEVELS_MAX: usize = 3;
/// Characters of a heading or title that are looked at.
const HEADING_CHARS_MAX: usize = 1_000;
/// Pieces of class names and ids of the blocks around an article.
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
/// Beginnings of lines below an article that belong to the site.
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

/// What a page says, and where on it: by numbers of nodes.
pub(crate) struct Reading {
    pub(crate) article: Article,
    /// The text that begins the headline.
    pub(crate) headline: Option<usize>,
    /// The element that holds the body; empty when there is none.
    pub(crate) body: std::ops::Range<usize>,
    pub(crate) ink: Ink,
}

/// Reads a page.
pub(crate) fn read(page: &Tree) -> Reading {
    let ink = Ink::of(page);
    let title = headline(page);
    let body = body(page, &ink);
    let text = body.map(|element| text_of_article(element, &title, &ink)).unwrap_or_default();
    let headline = place_of_headline(page, &title, &ink);
    Reading { article: Article { title, text }, headline, body: body.map_or(0..0, Element::range), ink }
}

/// What a page says, without where.
#[cfg(test)]
pub(crate) fn article(page: &Tree) -> Article {
    read(page).article
}

/// The first text that begins as the headline does: in a heading, else anywhere but in a link.
fn place_of_headline(page: &Tree, title: &str, ink: &Ink) -> Option<usize> {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).take(HEADING_LETTERS_MAX).collect::<Vec<_>>();
    let wanted = letters(title);
    let first = *wanted.first()?;
    let mut beside = None;
    for (at, (parent, content)) in page.nodes().enumerate() {
        let Content::Text(text) = content else { continue };
        // Most texts begin with another letter: no more of them is looked at.
        if text.chars().find(|c| c.is_alphanumeric()) != Some(first) {
            continue;
        }
        let found = letters(text);
        if found.len() < TITLE_CHARS_MIN.min(wanted.len()) || !wanted.starts_with(&found) {
            continue;
        }
        let Some(element) = page.element(parent).filter(|element| element.tag() != Tag::TITLE) else { continue };
        if std::iter::successors(Some(element), |element| element.parent()).take(HEADING_LEVELS_MAX).any(is_heading) {
            return Some(at);
        }
        if !ink.in_link[at] {
            beside.get_or_insert(at);
        }
    }
    beside
}

/// Whether an element may be the headline, by its name, class or id.
fn is_heading(element: Element<'_>) -> bool {
    let (class, id) = element.names();
    matches!(element.tag(), Tag::H1 | Tag::H2 | Tag::H3)
        || class.contains("title")
        || class.contains("headline")
        || id.contains("title")
}

fn headline(page: &Tree) -> String {
    let line_of = |element: Element<'_>| {
        let texts = element.texts().take(HEADING_TEXTS_MAX).flat_map(str::chars);
        one_line(&texts.take(HEADING_CHARS_MAX).collect::<String>())
    };
    let whole = page.elements().find(|element| element.tag() == Tag::TITLE);
    let whole = whole.map(line_of).unwrap_or_default();
    let shared = page
        .metas()
        .iter()
        .find(|meta| meta.property == SHARED_PROPERTY || SHARED_NAMES.contains(&meta.name.as_str()))
        .map(|meta| one_line(&meta.content))
        .filter(|text| text.chars().count() >= TITLE_CHARS_MIN);
    // A headline on the page that the title repeats says it without the site's name.
    let squeezed_whole = squeezed(&whole);
    let on_page = page
        .elements()
        .filter(|element| is_heading(*element))
        .take(HEADINGS_MAX)
        .map(line_of)
        .filter(|text| text.chars().count() >= TITLE_CHARS_MIN && squeezed_whole.contains(&squeezed(text)))
        .max_by_key(|text| text.chars().count());
    let cut = without_site(&whole);
    let shared = shared.map(|text| without_site(&text).to_owned());
    match (on_page, shared) {
        // What merely repeats a section of the title is no headline.
        (Some(found), _) if found.chars().count() * 2 >= cut.chars().count() => without_site(&found).to_owned(),
        (_, Some(shared)) if whole.is_empty() || squeezed_whole.contains(&squeezed(&shared)) => shared,
        _ if !whole.is_empty() => cut.to_owned(),
        (found, shared) => shared
            .or(found)
            .unwrap_or_else(|| page.elements().find(|element| is_heading(*element)).map_or_else(String::new, line_of)),
    }
}

fn one_line(text: &str) -> String {
    tidy(text).replace('\n', " ")
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

/// Characters that are seen, stops and commas, and characters inside links, of all texts before each node.
pub(crate) struct Ink {
    seen: Vec<u32>,
    stops: Vec<u32>,
    linked: Vec<u32>,
    in_link: Vec<bool>,
}

impl Ink {
    fn of(page: &Tree) -> Self {
        let count = page.count();
        let new = || Vec::with_capacity(count + 1);
        let mut ink = Self { seen: new(), stops: new(), linked: new(), in_link: Vec::with_capacity(count) };
        let (mut seen, mut stops, mut linked) = (0, 0, 0);
        for (parent, content) in page.nodes() {
            for (sums, sum) in [(&mut ink.seen, seen), (&mut ink.stops, stops), (&mut ink.linked, linked)] {
                sums.push(sum);
            }
            let is_in_link = ink.in_link.get(parent).copied().unwrap_or_default();
            match content {
                Content::Element(element) => ink.in_link.push(is_in_link || element.tag() == Tag::A),
                Content::Text(text) => {
                    ink.in_link.push(is_in_link);
                    // A `<title>` is not on the page.
                    if page.element(parent).is_some_and(|element| element.tag() == Tag::TITLE) {
                        continue;
                    }
                    let (mut chars, mut marks) = (0, 0);
                    for c in text.chars() {
                        chars += u32::from(!c.is_whitespace());
                        marks +=
                            u32::from(matches!(c, '，' | '。' | '；' | '！' | '？' | '、' | '：' | ',' | '.' | ';'));
                    }
                    seen += chars;
                    stops += marks;
                    linked += if is_in_link { chars } else { 0 };
                }
            }
        }
        ink.seen.push(seen);
        ink.stops.push(stops);
        ink.linked.push(linked);
        ink
    }

    fn within(sums: &[u32], range: &std::ops::Range<usize>) -> usize {
        (sums[range.end] - sums[range.start]) as usize
    }

    /// Whether a node is inside a link.
    pub(crate) fn is_in_link(&self, node: usize) -> bool {
        self.in_link.get(node).copied().unwrap_or_default()
    }

    pub(crate) fn visible_chars(&self, element: Element<'_>) -> usize {
        Self::within(&self.seen, &element.range())
    }

    fn stops(&self, element: Element<'_>) -> usize {
        Self::within(&self.stops, &element.range())
    }

    /// Characters of links inside an element.
    fn linked_chars(&self, element: Element<'_>) -> usize {
        if self.in_link[element.number()] { 0 } else { Self::within(&self.linked, &element.range()) }
    }

    /// Characters and stops of the texts directly in an element.
    fn of_own_texts(&self, element: Element<'_>) -> (usize, usize) {
        let inside = element.range();
        let mut own = (Self::within(&self.seen, &inside), Self::within(&self.stops, &inside));
        for content in element.contents() {
            if let Content::Element(inner) = content {
                own.0 -= self.visible_chars(inner);
                own.1 -= self.stops(inner);
            }
        }
        own
    }

    fn link_share(&self, element: Element<'_>) -> f64 {
        (self.linked_chars(element) as f64 / self.visible_chars(element).max(1) as f64).min(1.0)
    }
}

/// Whether a class or the id of an element has one of these pieces, in any case of letters.
pub(crate) fn is_named(element: Element<'_>, pieces: &[&str]) -> bool {
    let (class, id) = element.names();
    if class.is_empty() && id.is_empty() {
        return false;
    }
    let names = format!("{class} {id}").to_ascii_lowercase();
    pieces.iter().any(|piece| names.contains(piece))
}

/// Whether a block is around the article and not in it, by its element or its name, and by its contents.
fn is_around(element: Element<'_>, ink: &Ink) -> bool {
    let tag = element.tag();
    if BOILERPLATE.contains(&tag) {
        return true;
    }
    matches!(
        tag,
        Tag::DIV
            | Tag::SECTION
            | Tag::UL
            | Tag::OL
            | Tag::P
            | Tag::DL
            | Tag::TABLE
            | Tag::SPAN
            | Tag::H2
            | Tag::H3
            | Tag::H4
    ) && (ink.visible_chars(element) <= NOISE_CHARS_MAX || ink.link_share(element) >= LINK_SHARE_MAX)
        && is_named(element, NOISE)
}

/// The element that holds the article.
fn body<'p>(page: &'p Tree, ink: &Ink) -> Option<Element<'p>> {
    let mut scores: BTreeMap<usize, f64> = BTreeMap::new();
    let mut next = 0;
    let count = page.count();
    while next < count {
        let Some(element) = page.element(next) else {
            next += 1;
            continue;
        };
        let tag = element.tag();
        if tag.is(tags::NO_TEXT) || BOILERPLATE.contains(&tag) || matches!(tag, Tag::A | Tag::TITLE) {
            next = element.range().end;
            continue;
        }
        let is_paragraph = matches!(tag, Tag::P | Tag::PRE | Tag::BLOCKQUOTE);
        let (chars, marks) = if is_paragraph {
            (ink.visible_chars(element).saturating_sub(ink.linked_chars(element)), ink.stops(element))
        } else {
            ink.of_own_texts(element)
        };
        if chars >= PARAGRAPH_CHARS_MIN && marks > 0 {
            let worth = chars as f64 + STOP_WORTH * marks as f64;
            // A bare text container is its own paragraph and parent.
            let is_container = matches!(tag, Tag::DIV | Tag::TD | Tag::ARTICLE | Tag::SECTION | Tag::MAIN | Tag::BODY);
            if is_container {
                *scores.entry(element.number()).or_insert(0.0) += worth;
            }
            if let Some(parent) = element.parent() {
                *scores.entry(parent.number()).or_insert(0.0) +=
                    if is_container { worth * GRANDPARENT_SHARE } else { worth };
                if let Some(grand) = parent.parent() {
                    *scores.entry(grand.number()).or_insert(0.0) += worth * GRANDPARENT_SHARE;
                }
            }
        }
        next = if is_paragraph { element.range().end } else { next + 1 };
    }
    let mut ranked: Vec<_> = scores.into_iter().collect();
    ranked.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(a.cmp(b)));
    let weighed = ranked.into_iter().take(CANDIDATES_MAX).filter_map(|(at, score)| {
        let element = page.element(at)?;
        let damped = if is_inside_noise(element) { 0.2 } else { 1.0 };
        Some((element, score * (1.0 - ink.link_share(element)) * damped))
    });
    weighed
        .fold(None, |best: Option<(Element<'_>, f64)>, (element, score)| match best {
            Some((_, top)) if top >= score => best,
            _ => Some((element, score)),
        })
        .map(|(element, _)| element)
}

fn is_inside_noise(element: Element<'_>) -> bool {
    const LEVELS_MAX: usize = 4;
    const PIECES: &[&str] = &["comment", "footer", "copyright", "recommend", "sidebar", "related", "pinglun"];
    std::iter::successors(Some(element), |element| element.parent())
        .take(LEVELS_MAX + 1)
        .any(|element| is_named(element, PIECES))
}

/// The lines of the article: no blocks around it, no line twice in a row, no last lines of the site's own.
fn text_of_article(element: Element<'_>, title: &str, ink: &Ink) -> String {
    let mut text = element.text(&|inner| is_around(inner, ink));
    if text.is_empty() {
        text = element.text(&|_| false);
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
    // The headline is a field of its own.
    if lines.len() > 1 && squeezed(lines[0]) == squeezed(title) {
        lines.remove(0);
    }
    lines.join("\n")
}
