//! What all sites share: the question, the answer, `robots.txt`, traps, paging, HTML that is safe to print.

use std::borrow::Borrow;
use std::fmt::Write as _;

use encoding_rs::GB18030;
use jiff::Timestamp;

use super::super::item::{Item, SiteKind};
use vocabulary::shanghai;

/// Where crawlers ask first.
pub(super) const ROBOTS_PATH: &str = "/robots.txt";
/// Below here nobody may go: `robots.txt` says so.
const TRAP_PATH: &str = "/trap/";
/// Pause that `robots.txt` asks for, in seconds: small, so that tests can obey it.
const CRAWL_DELAY_S: &str = "0.005";
/// Longest query that is looked at, in bytes.
const QUERY_BYTES_MAX: usize = 2_000;

/// One request, as far as a site cares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) now: Timestamp,
    /// `http://127.0.0.1:PORT` of the site.
    pub(super) base: &'a str,
}

impl Ask<'_> {
    /// A number of the query; none when it is missing, garbled or too large.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        let query = self.query.get(..self.query.len().min(QUERY_BYTES_MAX))?;
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1.parse().ok()
    }

    /// The page asked for, counted from 1; garbage means the first.
    pub(super) fn page(&self) -> usize {
        self.number("page").filter(|page| *page > 0).map_or(1, |page| page as usize)
    }

    /// The number in `/prefix/NUMBER.html`.
    pub(super) fn id_under(&self, prefix: &str) -> Option<u64> {
        self.path.strip_prefix(prefix)?.strip_suffix(".html")?.parse().ok()
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// UTF-8 HTML.
    pub(super) fn html(body: String) -> Self {
        Self { status: 200, content_type: "text/html; charset=utf-8", body: body.into_bytes() }
    }

    /// HTML in GB18030, called gb2312 as such sites do, in the header or only in the page's `meta`.
    pub(super) fn html_gb18030(body: &str, in_header: bool) -> Self {
        let content_type = if in_header { "text/html; charset=gb2312" } else { "text/html" };
        Self { status: 200, content_type, body: GB18030.encode(body).0.into_owned() }
    }

    /// Plain text, for errors.
    pub(super) fn text(status: u16, body: &str) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", body: body.as_bytes().to_vec() }
    }

    /// Any other type.
    pub(super) fn of(content_type: &'static str, body: String) -> Self {
        Self { status: 200, content_type, body: body.into_bytes() }
    }

    pub(super) fn not_found() -> Self {
        Self {
            status: 404,
            content_type: "text/html; charset=utf-8",
            body: "<!doctype html><title>404</title><p>您访问的页面不存在</p>".as_bytes().to_vec(),
        }
    }

    pub(super) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

/// Whether `robots.txt` forbids a path.
pub(super) fn is_forbidden(path: &str) -> bool {
    path.starts_with(TRAP_PATH)
}

pub(super) fn robots(site: SiteKind) -> Reply {
    let delay = if site == SiteKind::Complaints { format!("Crawl-delay: {CRAWL_DELAY_S}\n") } else { String::new() };
    let body = format!("# {}\nUser-agent: *\nDisallow: {TRAP_PATH}\n{delay}\n", site.name());
    Reply { status: 200, content_type: "text/plain", body: body.into_bytes() }
}

/// A page that leads ever deeper. Who is here did not read `robots.txt`.
pub(super) fn trap(ask: &Ask<'_>) -> Reply {
    let deeper = ask.path.len() % 97;
    Reply::html(format!(
        "<!doctype html><title>更多</title><ul class=\"list\"><li class=\"item\"><a href=\"{TRAP_PATH}{deeper}/{}\">下一页</a></li></ul>",
        deeper + 1
    ))
}

/// One page of a list, newest first, and how many pages there are.
pub(super) fn newest_first<T: Borrow<Item>>(published: &[T], page: usize, size: usize) -> (Vec<&Item>, usize) {
    let pages = published.len().div_ceil(size);
    let skip = (page - 1).saturating_mul(size);
    (published.iter().rev().skip(skip).take(size).map(Borrow::borrow).collect(), pages)
}

/// Text made safe inside elements and quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML knows no control characters.
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => out.push(c),
        }
    }
    out
}

/// Paragraphs as `<p>`.
pub(super) fn paragraphs(item: &Item) -> String {
    item.paragraphs.iter().fold(String::new(), |mut out, paragraph| {
        let _ = write!(out, "<p>{}</p>", escape(paragraph));
        out
    })
}

/// `2025-03-01 14:05`, in Shanghai.
pub(super) fn minute(moment: Timestamp) -> String {
    moment.to_zoned(shanghai()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `2025年3月1日`, in Shanghai.
pub(super) fn chinese_day(moment: Timestamp) -> String {
    let day = moment.to_zoned(shanghai()).date();
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// Links to other pages of a list.
pub(super) fn pager(path: &str, page: usize, pages: usize) -> String {
    let mut out = String::from("<div class=\"pager\">");
    if page > 1 {
        let _ = write!(out, "<a class=\"prev\" href=\"{path}?page={}\">上一页</a> ", page - 1);
    }
    if page < pages {
        let _ = write!(out, "<a class=\"next\" href=\"{path}?page={}\">下一页</a> ", page + 1);
    }
    let _ = write!(out, "<span>第{page}页/共{pages}页</span></div>");
    out
}
