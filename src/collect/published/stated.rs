//! What `<meta>` elements say of the date, by the names that Chinese content systems, Dublin Core, Open Graph and citation tags use.

use super::{At, Evidence, address, of_value};
use crate::tree::Tree;
use vocabulary::PublishedFrom;

/// Weight of a name that means the day of publication, and nothing else.
const SURE: u32 = 5;
/// Weight of a name that some systems use for another day.
const LIKELY: u32 = 3;
/// Weight of a change.
const CHANGE: u32 = 2;
/// `<meta>` elements that are looked at.
const METAS_MAX: usize = 500;

/// Names, in small letters without spaces at their ends, and what they are worth.
const PUBLISHED: &[(&str, u32)] = &[
    ("article:published_time", SURE),
    ("article:published", SURE),
    ("article:published_date", SURE),
    ("og:article:published_time", SURE),
    ("og:published_time", SURE),
    ("og:release_date", SURE),
    ("bytedance:published_time", SURE),
    ("pubdate", SURE),
    ("pub_date", SURE),
    ("pub-date", SURE),
    ("publishdate", SURE),
    ("publish_date", SURE),
    ("publish-date", SURE),
    ("publishtime", SURE),
    ("publish_time", SURE),
    ("pubtime", SURE),
    ("publicationdate", SURE),
    ("publication_date", SURE),
    ("datepublished", SURE),
    ("firstpublishedtime", SURE),
    ("apub:time", SURE),
    ("weibo: article:create_at", SURE),
    ("weibo:article:create_at", SURE),
    ("article:create_at", SURE),
    ("dc.date.issued", SURE),
    ("dcterms.issued", SURE),
    ("dcterms.date", SURE),
    ("citation_publication_date", SURE),
    ("citation_online_date", SURE),
    ("parsely-pub-date", SURE),
    ("sailthru.date", SURE),
    ("og:time", LIKELY),
    ("dc.date", LIKELY),
    ("dc.date.created", LIKELY),
    ("dcterms.created", LIKELY),
    ("date", LIKELY),
    ("createdate", LIKELY),
    ("create_date", LIKELY),
    ("createtime", LIKELY),
    ("create_time", LIKELY),
    ("releasedate", LIKELY),
    ("contentdate", LIKELY),
];

const CHANGED: &[&str] = &[
    "article:modified_time",
    "article:update_at",
    "weibo: article:update_at",
    "weibo:article:update_at",
    "og:updated_time",
    "bytedance:updated_time",
    "bytedance:lrdate_time",
    "lastmodifiedtime",
    "lastmodified",
    "last-modified",
    "last_modified",
    "dateupdate",
    "datemodified",
    "updatetime",
    "update_time",
    "updatedate",
    "dcterms.modified",
    "dc.date.modified",
    "revised",
];

/// Names of `<meta>` elements that hold the page's own address.
const ADDRESSES: &[&str] = &["og:url", "url", "mobile-agent", "mobile_agent", "toutiao"];

pub(super) fn gather(page: &Tree, evidence: &mut Evidence) {
    let mut has_address = false;
    for meta in page.metas().iter().take(METAS_MAX) {
        for name in [meta.name.as_str(), meta.property.as_str()] {
            let name = name.trim();
            if name.is_empty() {
                continue;
            }
            let is = |known: &str| known.eq_ignore_ascii_case(name);
            let weight = PUBLISHED.iter().find(|(known, _)| is(known)).map(|(_, weight)| *weight);
            if let Some(weight) = weight {
                if let Some(at) = of_value(&meta.content).filter(|at| !is_placeholder(at)) {
                    evidence.add(PublishedFrom::Meta, at, weight);
                }
            } else if CHANGED.iter().any(|known| is(known)) {
                if let Some(at) = of_value(&meta.content).filter(|at| !is_placeholder(at)) {
                    evidence.add_change(PublishedFrom::Meta, at, CHANGE);
                }
            } else if !has_address && ADDRESSES.iter().any(|known| is(known)) {
                has_address = address::gather(&meta.content, evidence);
            }
        }
    }
}

/// A template that nobody filled in.
fn is_placeholder(at: &At) -> bool {
    match at {
        At::Day(date, time) => {
            date.year() < 1971
                || (date.month(), date.day()) == (1, 1)
                    && date.year() <= 2000
                    && time.is_none_or(|time| time.hour() == 0)
        }
        At::Moment(moment) => moment.as_second() < 2 * 86_400,
        _ => false,
    }
}
