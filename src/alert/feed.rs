//! JSON Feed 1.1, Atom (RFC 4287, paged by RFC 5005), and a table for the terminal. Page text is hostile: it leaves here only escaped.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::{Value, json};

use tell::{self, Language};
use vocabulary::{Alert, AlertId, RegionCode, ShownAlert, show_moment, start_of_day};

/// What a feed says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedHead {
    /// Its title.
    pub title: String,
    /// Address of the site, without a slash at the end, e.g. `http://127.0.0.1:8080`.
    pub home: String,
    /// When it was made.
    pub updated: Timestamp,
}

impl FeedHead {
    /// Address of an alert's page.
    pub(super) fn page(&self, alert: &AlertId) -> String {
        format!("{}/alerts/{alert}", self.home)
    }
}

/// Which page of a feed, from 1, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedPlace {
    /// This one.
    pub page: usize,
    /// All.
    pub pages: usize,
}

impl FeedPlace {
    /// A feed of one page.
    pub const ONLY: Self = Self { page: 1, pages: 1 };

    /// Address of a page of a feed.
    fn address(head: &FeedHead, name: &str, page: usize) -> String {
        format!("{}/feeds/{name}?page={page}", head.home)
    }

    /// Address of this page, or of the whole feed.
    fn own(self, head: &FeedHead, name: &str) -> String {
        if self == Self::ONLY { format!("{}/feeds/{name}", head.home) } else { Self::address(head, name, self.page) }
    }

    /// The other pages by their relation (RFC 5005, 3).
    fn links(self) -> impl Iterator<Item = (&'static str, usize)> {
        let Self { page, pages } = self;
        let previous = (page > 1).then_some(("previous", page - 1));
        let next = (page < pages).then_some(("next", page + 1));
        let ends = (pages > 1).then_some([("first", 1), ("last", pages)]);
        ends.into_iter().flatten().chain(previous).chain(next)
    }
}

pub(super) fn headline(alert: &ShownAlert, region_name: &dyn Fn(RegionCode) -> String) -> String {
    let a = &alert.assessment;
    let region = a.region.map(region_name).unwrap_or_default();
    let brand = a.brand.as_deref().map(|brand| format!("“{brand}”")).unwrap_or_default();
    format!(
        "[{}·{}·{}] {region}{brand}{} {}",
        a.danger.zh(),
        a.spread.zh(),
        a.disposal.zh(),
        a.category.zh(),
        a.hazard.zh()
    )
}

/// JSON Feed 1.1 with our own fields under `_wanglou`: `/feeds/alerts.json`.
#[must_use]
pub fn json(
    alerts: &[ShownAlert],
    head: &FeedHead,
    place: FeedPlace,
    region_name: &dyn Fn(RegionCode) -> String,
) -> String {
    let item = |alert: &ShownAlert| -> Value {
        let a = &alert.assessment;
        json!({
            "id": alert.id,
            "url": head.page(&alert.id),
            "title": headline(alert, region_name),
            "content_text": tell::paragraph(&a.explanation, Language::Chinese),
            "date_published": show_moment(start_of_day(alert.opened_on)),
            "date_modified": show_moment(start_of_day(alert.changed_on)),
            "tags": [a.category.zh(), a.hazard.zh(), a.danger.zh(), a.spread.zh(), a.disposal.zh()],
            "_wanglou": {
                "state": alert.state,
                "category": a.category,
                "hazard": a.hazard,
                "brand": a.brand,
                "region": a.region,
                "danger": a.danger,
                "spread": a.spread,
                "disposal": a.disposal,
                "rank_score": a.rank_score,
                "counts": a.counts,
                "last_active_on": alert.last_active_on,
                "evidence": alert.evidence,
                "evidence_total": alert.evidence_total,
                "criteria": a.criteria,
                "lexicon": alert.lexicon,
            },
        })
    };
    let mut feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": head.title,
        "language": "zh-CN",
        "home_page_url": format!("{}/", head.home),
        "feed_url": place.own(head, "alerts.json"),
        "items": alerts.iter().map(item).collect::<Vec<Value>>(),
    });
    if place.page < place.pages {
        feed["next_url"] = json!(FeedPlace::address(head, "alerts.json", place.page + 1));
    }
    format!("{feed:#}\n")
}

/// Atom: `/feeds/alerts.atom`.
#[must_use]
pub fn atom(
    alerts: &[ShownAlert],
    head: &FeedHead,
    place: FeedPlace,
    region_name: &dyn Fn(RegionCode) -> String,
) -> String {
    let mut feed = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"zh-CN\">\n",
    );
    let _ = write!(
        feed,
        "  <id>{home}/feeds/alerts.atom</id>\n  <title>{title}</title>\n  <updated>{updated}</updated>\n  <author><name>{title}</name></author>\n  \
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{own}\"/>\n  <link rel=\"alternate\" type=\"text/html\" href=\"{home}/\"/>\n",
        home = escape(&head.home),
        own = escape(&place.own(head, "alerts.atom")),
        title = escape(&head.title),
        updated = show_moment(head.updated),
    );
    for (relation, page) in place.links() {
        let address = escape(&FeedPlace::address(head, "alerts.atom", page));
        let _ = writeln!(feed, "  <link rel=\"{relation}\" type=\"application/atom+xml\" href=\"{address}\"/>");
    }
    for alert in alerts {
        let a = &alert.assessment;
        let _ = write!(
            feed,
            "  <entry>\n    <id>urn:wanglou:alert:{id}</id>\n    <title>{title}</title>\n    <published>{published}</published>\n    \
             <updated>{updated}</updated>\n    <link rel=\"alternate\" type=\"text/html\" href=\"{page}\"/>\n",
            id = escape(alert.id.as_str()),
            title = escape(&headline(alert, region_name)),
            published = show_moment(start_of_day(alert.opened_on)),
            updated = show_moment(start_of_day(alert.changed_on)),
            page = escape(&head.page(&alert.id)),
        );
        for (scheme, term, label) in [
            ("category", a.category.code(), a.category.zh()),
            ("hazard", a.hazard.code(), a.hazard.zh()),
            ("danger", a.danger.code(), a.danger.zh()),
            ("spread", a.spread.code(), a.spread.zh()),
            ("disposal", a.disposal.code(), a.disposal.zh()),
        ] {
            let _ = writeln!(
                feed,
                "    <category scheme=\"urn:wanglou:{scheme}\" term=\"{term}\" label=\"{}\"/>",
                escape(label)
            );
        }
        let _ = write!(
            feed,
            "    <summary>{}</summary>\n  </entry>\n",
            escape(&tell::paragraph(&a.explanation, Language::Chinese))
        );
    }
    feed += "</feed>\n";
    feed
}

/// Text for XML and HTML content and attribute values. Characters that XML 1.0 cannot hold at all become U+FFFD.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            '\0'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => {
                escaped.push('\u{FFFD}');
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Widest a text column may become, in terminal cells.
const COLUMN_MAX: usize = 24;

/// The ranked list as an aligned table for the terminal; Chinese characters take two cells.
#[must_use]
pub fn terminal(alerts: &[&Alert], region_name: &dyn Fn(RegionCode) -> String, language: Language) -> String {
    /// In Chinese and in English.
    const HEAD: [(&str, &str); 11] = [
        ("序", "no."),
        ("隐患程度", "danger"),
        ("范围", "spread"),
        ("处置", "disposal"),
        ("产品", "product"),
        ("隐患", "hazard"),
        ("品牌", "brand"),
        ("地区", "place"),
        ("信息/文本/主体/地区", "reports/texts/actors/places"),
        ("起始", "since"),
        ("编号", "id"),
    ];
    if alerts.is_empty() {
        return language.pick("没有未关闭的预警。\n", "No alert is open.\n").to_owned();
    }
    let mut rows: Vec<[String; 11]> = vec![HEAD.map(|(zh, en)| language.pick(zh, en).to_owned())];
    for (place, alert) in (1..).zip(alerts) {
        let a = &alert.assessment;
        let c = a.counts;
        rows.push([
            format!("{place}"),
            language.pick(a.danger.zh(), a.danger.en()).to_owned(),
            a.spread_said(language),
            language.pick(a.disposal.zh(), a.disposal.en()).to_owned(),
            language.pick(a.category.zh(), a.category.en()).to_owned(),
            language.pick(a.hazard.zh(), a.hazard.en()).to_owned(),
            cut(&plain(a.brand.as_deref().unwrap_or("—"))),
            cut(&plain(&a.region.map_or_else(|| "—".to_owned(), region_name))),
            format!("{}/{}/{}/{}", c.reports, c.texts, c.actors, c.places),
            alert.opened_on.to_string(),
            alert.id.to_string(),
        ]);
    }
    let widths: Vec<usize> =
        (0..HEAD.len()).map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0)).collect();
    let mut table = String::new();
    for row in &rows {
        let mut line = String::new();
        for (text, wide) in row.iter().zip(&widths) {
            line += text;
            line.extend(std::iter::repeat_n(' ', wide.saturating_sub(width(text)) + 2));
        }
        table += line.trim_end();
        table.push('\n');
    }
    table
}

/// Without control characters: a brand read from a page must not move the cursor.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{FFFD}' } else { character }).collect()
}

fn cut(text: &str) -> String {
    if width(text) <= COLUMN_MAX {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        if width(&kept) + cells(character) > COLUMN_MAX - 1 {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

fn width(text: &str) -> usize {
    text.chars().map(cells).sum()
}

/// Terminal cells of a character: two for the wide blocks of East Asian Width, none for combining marks and joiners.
fn cells(character: char) -> usize {
    match u32::from(character) {
        0x300..=0x36F | 0x200B..=0x200F | 0xFE00..=0xFE0F | 0x20D0..=0x20FF => 0,
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xA960..=0xA97F
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF01..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1F9FF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::episodes::Episodes;
    use super::super::policy::shipped;
    use super::super::testing::{About, day, evidence, shown};
    use super::*;
    use vocabulary::LexiconVersion;

    fn head() -> FeedHead {
        FeedHead { title: "望楼预警".into(), home: "http://127.0.0.1:8080".into(), updated: start_of_day(day(2)) }
    }

    fn episodes(brands: &[&str]) -> Episodes {
        let mut episodes = Episodes::new();
        let assessments: Vec<_> = brands.iter().map(|brand| About::brand(brand).assessment(day(1))).collect();
        episodes.advance(day(1), &assessments, &shipped(), &evidence, &LexiconVersion::from("lex"));
        episodes
    }

    fn code(region: RegionCode) -> String {
        region.to_string()
    }

    #[test]
    fn the_json_feed_carries_every_alert_with_its_evidence() {
        let episodes = episodes(&["甲牌", "乙牌"]);
        let feed: Value =
            serde_json::from_str(&json(&shown(&episodes.ranked()), &head(), FeedPlace::ONLY, &code)).expect("JSON");
        assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
        assert_eq!(feed["items"].as_array().map(Vec::len), Some(2));
        let item = &feed["items"][0];
        assert_eq!(item["date_published"], "2023-01-01T00:00:00+08:00");
        assert_eq!(item["_wanglou"]["danger"], "high");
        assert_eq!(item["_wanglou"]["evidence"][0]["spans"], json!([[5, 7]]));
    }

    #[test]
    fn the_atom_feed_is_read_back_by_a_feed_reader_whatever_the_brand_is_called() {
        let hostile = "甲<script>&\"'\u{0}]]>";
        let episodes = episodes(&[hostile]);
        let text = atom(&shown(&episodes.ranked()), &head(), FeedPlace::ONLY, &code);
        assert!(!text.contains("<script>"));
        let feed = feed_rs::parser::parse(text.as_bytes()).expect("Atom");
        assert_eq!(feed.entries.len(), 1);
        let title = feed.entries[0].title.as_ref().expect("a title").content.clone();
        assert!(title.contains("甲<script>&\"'\u{FFFD}]]>"), "{title}");
        assert_eq!(feed.entries[0].id, format!("urn:wanglou:alert:{}", episodes.ranked()[0].id));
        assert_eq!(feed.entries[0].categories.len(), 5);
        assert!(feed.updated.is_some());
    }

    #[test]
    fn an_empty_feed_is_still_a_feed() {
        let place = FeedPlace { page: 2, pages: 3 };
        let middle = feed_rs::parser::parse(atom(&[], &head(), place, &code).as_bytes()).expect("Atom");
        let links: Vec<(&str, &str)> = (middle.links.iter())
            .filter_map(|link| Some((link.rel.as_deref()?, link.href.strip_prefix("http://127.0.0.1:8080/feeds/")?)))
            .collect();
        assert_eq!(
            links,
            [
                ("self", "alerts.atom?page=2"),
                ("first", "alerts.atom?page=1"),
                ("last", "alerts.atom?page=3"),
                ("previous", "alerts.atom?page=1"),
                ("next", "alerts.atom?page=3")
            ]
        );
        assert!(
            json(&[], &head(), place, &code)
                .contains("\"next_url\": \"http://127.0.0.1:8080/feeds/alerts.json?page=3\"")
        );
        assert!(
            feed_rs::parser::parse(atom(&[], &head(), FeedPlace::ONLY, &code).as_bytes())
                .expect("Atom")
                .entries
                .is_empty()
        );
        assert!(json(&[], &head(), FeedPlace::ONLY, &code).contains("\"items\": []"));
        assert_eq!(terminal(&[], &code, Language::Chinese), "没有未关闭的预警。\n");
    }

    #[test]
    fn escaping_leaves_nothing_that_xml_cannot_hold() {
        assert_eq!(escape("a<b>&\"'\u{1}\n汉"), "a&lt;b&gt;&amp;&quot;&#39;\u{FFFD}&#10;汉");
    }

    #[test]
    fn a_chinese_character_takes_two_cells() {
        assert_eq!((width("充电宝abc"), width("Ａ—é"), width("e\u{301}")), (9, 4, 1));
        let long = cut("一个非常非常长的品牌名称放不进一列里");
        assert!(long.ends_with('…') && width(&long) <= COLUMN_MAX, "{long}");
        assert_eq!(plain("a\u{1b}[31mb"), "a\u{FFFD}[31mb");
    }

    #[test]
    fn the_terminal_table_lines_up() {
        let episodes = episodes(&["甲牌", "Philips 飞利浦"]);
        insta::assert_snapshot!(terminal(&episodes.ranked(), &code, Language::Chinese), @r"
        序  隐患程度  范围  处置  产品          隐患      品牌            地区  信息/文本/主体/地区  起始        编号
        1   高        个别  通知  电池与充电器  起火爆炸  Philips 飞利浦  —     3/3/3/1              2023-01-01  wl-20230101-battery_charger-fire-05e95e
        2   高        个别  通知  电池与充电器  起火爆炸  甲牌            —     3/3/3/1              2023-01-01  wl-20230101-battery_charger-fire-339f8a
        ");
    }
}
