//! The page of deliveries: endpoints, what waits for them, and the newest tries.

use askama::Template;
use axum::response::Html;
use jiff::Timestamp;

use super::super::clock::now;
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::view::View;
use super::render;
use store::{EndpointHealth, Pace, TryRow};
use vocabulary::{RegionCode, Subscription};

/// Tries listed.
const TRIES_SHOWN: u32 = 50;

/// A subscription in words.
pub(super) fn wants(subscription: &Subscription, region_name: &dyn Fn(RegionCode) -> String) -> String {
    let listed = |names: Vec<String>| (!names.is_empty()).then(|| names.join("、"));
    let waits = subscription.digest_hour.is_some() || subscription.quiet_hours.is_some();
    let parts = [
        listed(subscription.categories.iter().map(|category| category.zh().to_owned()).collect()),
        listed(subscription.regions.iter().map(|code| region_name(*code)).collect()),
        subscription.danger.map(|least| format!("隐患程度{}及以上", least.zh())),
        subscription.digest_hour.map(|hour| format!("每日 {hour} 时一份摘要")),
        subscription.quiet_hours.map(|(from, until)| format!("{from} 时至 {until} 时不发")),
        waits.then(|| "严重的即时".to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "全部变化，逐条".to_owned() } else { parts.join("；") }
}

struct EndpointRow<'a> {
    health: &'a EndpointHealth,
    /// The host of its address; the rest may hold a token.
    host: String,
    wants: String,
    /// What is wrong with it; none when all is well.
    trouble: Option<String>,
}

impl<'a> EndpointRow<'a> {
    fn new(health: &'a EndpointHealth, pace: Option<&Pace>, now: Timestamp) -> Self {
        let row = &health.row;
        let host = url::Url::parse(&row.endpoint.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let stopped = row.stopped.as_ref().map(|why| format!("已停：{why}"));
        let paused = row.paused_at.map(|_| "已暂停".to_owned());
        let failed =
            health.last.as_ref().and_then(|last| last.trouble.as_ref()).map(|why| format!("最近一次失败：{why}"));
        let silent = row
            .silent_days(pace, now)
            .map(|(days, usual)| format!("已 {days} 天没有可发的内容，此前最长 {usual} 天：请核对订阅范围和上游来源"));
        Self {
            host: host.unwrap_or_default(),
            wants: wants(&row.endpoint.subscription, &|code| code.to_string()),
            trouble: stopped.or(paused).or(failed).or(silent),
            health,
        }
    }
}

#[derive(Template)]
#[template(path = "deliveries.html")]
struct DeliveriesPage<'a> {
    shell: Shell,
    endpoints: Vec<EndpointRow<'a>>,
    tries: Vec<TryRow>,
}

pub(crate) async fn list(view: View) -> Result<Html<String>, Problem> {
    let (health, paces, now) = (view.deliveries().await?, view.delivery_paces().await?, now());
    render(&DeliveriesPage {
        shell: Shell::at("deliveries"),
        endpoints: health
            .iter()
            .map(|health| EndpointRow::new(health, paces.get(&health.row.endpoint.name), now))
            .collect(),
        tries: view.delivery_tries(TRIES_SHOWN).await?,
    })
}
