//! The page of sources: what they cover, and how each of them is doing.

use askama::Template;
use axum::response::Html;
use jiff::Timestamp;

use super::super::display::{self, NONE};
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::view::{SourceHealth, SourceShown, View};
use super::render;
use collect::{Coverage, Covered, Trouble};
use vocabulary::AdminLevel;

/// Sources that have something in common.
struct CoverRow<'a> {
    name: String,
    state: &'static str,
    covered: &'a Covered,
    verified_last: &'a str,
    last_success: String,
    last_news: String,
}

impl<'a> CoverRow<'a> {
    fn new(name: String, covered: &'a Covered) -> Self {
        Self {
            name,
            state: covered.state().zh(),
            verified_last: covered.verified_last.as_deref().unwrap_or(NONE),
            last_success: at(covered.last_success_at),
            last_news: at(covered.last_news_at),
            covered,
        }
    }
}

/// All sources by something that they can have in common.
struct CoverTable<'a> {
    title: &'static str,
    about: &'static str,
    /// What the first column holds.
    head: &'static str,
    rows: Vec<CoverRow<'a>>,
}

/// One source.
struct SourceRow<'a> {
    health: &'a SourceHealth,
    level: &'static str,
    region: &'a str,
    state: &'static str,
    /// Whether it is asked and somebody should look at it.
    in_trouble: bool,
    verified: &'a str,
    last_success: String,
    last_news: String,
    due: String,
    troubles: String,
}

impl<'a> SourceRow<'a> {
    fn new(shown: &'a SourceShown) -> Self {
        let health = &shown.health;
        Self {
            level: shown.level.map_or(NONE, AdminLevel::zh),
            region: shown.region.as_deref().unwrap_or(NONE),
            state: state(health),
            in_trouble: health.enabled && health.paused_at.is_none() && !health.troubles.is_empty(),
            verified: match shown.verified.as_deref() {
                None => NONE,
                Some("never") => "从未核对",
                Some(month) => month,
            },
            last_success: at(health.last_success_at),
            last_news: at(health.last_news_at),
            due: at(health.due_at),
            troubles: shown.troubles.iter().map(Trouble::zh).collect::<Vec<_>>().join("；"),
            health,
        }
    }
}

#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesPage<'a> {
    shell: Shell,
    tables: Vec<CoverTable<'a>>,
    /// The provinces that no source speaks for.
    without: &'a [&'static str],
    sources: Vec<SourceRow<'a>>,
}

pub(crate) async fn show(view: View) -> Result<Html<String>, Problem> {
    let (coverage, sources) = view.sources().await?;
    render(&page(&coverage, &sources))
}

fn page<'a>(coverage: &'a Coverage, sources: &'a [SourceShown]) -> SourcesPage<'a> {
    let channels = coverage.channels.iter().zip('a'..);
    let levels = coverage.levels.iter();
    let provinces = coverage.provinces.iter();
    SourcesPage {
        shell: Shell::at("status"),
        tables: vec![
            CoverTable {
                title: "渠道",
                about: "DB33/T 980 §6.1.2 的五组渠道",
                head: "渠道",
                rows: channels
                    .map(|(one, letter)| CoverRow::new(format!("{letter} {}", one.channel.zh()), &one.covered))
                    .collect(),
            },
            CoverTable {
                title: "级别",
                about: "配方未写级别的来源不在此列",
                head: "级别",
                rows: levels.map(|one| CoverRow::new(one.level.zh().to_owned(), &one.covered)).collect(),
            },
            CoverTable {
                title: "省级地区",
                about: "市县的来源计入所在的省级地区；配方未写地区的来源不在此列",
                head: "地区",
                rows: provinces.map(|one| CoverRow::new(one.province.to_owned(), &one.covered)).collect(),
            },
        ],
        without: &coverage.provinces_without,
        sources: sources.iter().map(SourceRow::new).collect(),
    }
}

/// How a source is doing, in a word.
fn state(health: &SourceHealth) -> &'static str {
    match (health.enabled, health.paused_at, health.troubles.is_empty()) {
        (false, ..) => "停用",
        (_, Some(_), _) => "暂停",
        (_, _, false) => "异常",
        _ if health.last_at.is_none() => "未采集",
        _ => "正常",
    }
}

fn at(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| NONE.to_owned(), display::moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::{Channel, PROVINCES, SourceId};

    fn source(enabled: bool, troubles: Vec<Trouble>) -> SourceShown {
        SourceShown {
            health: SourceHealth {
                source: SourceId::from("s"),
                name: "站".to_owned(),
                channel: Channel::Regulator,
                enabled,
                paused_at: None,
                due_at: None,
                last_at: None,
                last_success_at: None,
                last_news_at: None,
                rounds: 3,
                troubles: troubles.iter().map(ToString::to_string).collect(),
            },
            level: Some(AdminLevel::City),
            region: Some("杭州市".to_owned()),
            verified: Some("never".to_owned()),
            troubles,
        }
    }

    fn html(coverage: &Coverage, sources: &[SourceShown]) -> String {
        render(&page(coverage, sources)).map(|html| html.0).unwrap_or_default()
    }

    #[test]
    fn what_no_source_covers_is_told() {
        let html = html(&Coverage::of(&[]), &[]);
        let groups = Channel::ALL.len() + AdminLevel::ALL.len();
        assert_eq!(html.matches("未覆盖：没有配方").count(), groups, "{html}");
        assert!(html.contains(&format!("{} 个", PROVINCES.len())) && html.contains("澳门特别行政区"), "{html}");
        assert!(html.contains("a 投诉举报") && html.contains("e 标准与境外通报"), "{html}");
    }

    #[test]
    fn a_source_in_trouble_is_marked_and_one_that_is_off_is_not() {
        let troubles = || vec![Trouble::NoAnswer { rounds: 3 }];
        let sources = [source(true, troubles()), source(false, troubles()), source(true, Vec::new())];
        let rows: Vec<_> = sources.iter().map(SourceRow::new).collect();
        let states: Vec<_> = rows.iter().map(|row| (row.state, row.in_trouble)).collect();
        assert_eq!(states, [("异常", true), ("停用", false), ("未采集", false)]);
        let html = html(&Coverage::of(&[]), &sources);
        assert_eq!(html.matches("连续 3 轮没有读到任何页面").count(), 2, "{html}");
        assert_eq!((html.matches("class=\"wrong\"").count(), html.matches("从未核对").count()), (1, 3), "{html}");
    }
}
