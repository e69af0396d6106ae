//! The page on which users subscribe to alerts by mail.

use std::collections::BTreeSet;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::extract::rejection::StringRejection;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::super::clock::now;
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::state::Shared;
use super::super::view::View;
use super::deliveries::wants;
use super::render;
use access::{AccessError, Accounts, SUBSCRIPTIONS_MAX, Viewer};
use store::EndpointHealth;
use vocabulary::{Category, Danger, PROVINCES, Province, RegionCode, Subscription};

/// Regions of a subscription that are named by their codes.
const REGIONS_MAX: usize = 40;

struct SubscriptionRow {
    name: String,
    wants: String,
    waiting: u64,
    delivered: u64,
    dead: u64,
    trouble: &'static str,
}

impl SubscriptionRow {
    fn new(health: EndpointHealth, view: &View) -> Self {
        // Messages of mail servers are for operators, on the page of deliveries.
        let failed = health.last.is_some_and(|last| last.trouble.is_some());
        let trouble = match (health.row.stopped.is_some(), health.row.paused_at.is_some(), failed) {
            (true, ..) => "已停：收件方不再接收，请联系管理员",
            (_, true, _) => "管理员已暂停",
            (.., true) => "最近一封没有送到，会再试",
            _ => "正常",
        };
        Self {
            wants: wants(&health.row.endpoint.subscription, &|code| view.region_name(code)),
            name: health.row.endpoint.name,
            waiting: health.waiting,
            delivered: health.delivered,
            dead: health.dead,
            trouble,
        }
    }
}

#[derive(Template)]
#[template(path = "subscriptions.html")]
struct SubscriptionsPage {
    shell: Shell,
    /// What could not be done.
    trouble: String,
    /// Where mail goes; empty: nobody has written an address down.
    mail: String,
    /// No server is known by which mail could go.
    no_server: bool,
    rows: Vec<SubscriptionRow>,
    full: bool,
    categories: &'static [Category],
    dangers: &'static [Danger],
    provinces: Vec<(RegionCode, String)>,
}

/// Whose subscriptions they are: people have them, programs read the feeds.
fn person<'a>(shared: &'a Shared, viewer: &'a Viewer) -> Result<(&'a Accounts, &'a str), Problem> {
    match (shared.authentication.accounts(), viewer) {
        (Some(accounts), Viewer::Member(member)) if member.scopes.is_none() => Ok((accounts, &member.name)),
        (_, Viewer::Member(_)) => Err(Problem::refused("个人订阅属于登录的用户：程序请读取 /api/v1/events 或预警流。")),
        (_, Viewer::Owner) => Err(Problem::refused(
            "未设登录时没有个人订阅：请先添加用户（wanglou user add），或用 wanglou deliver add 添加收件人。",
        )),
    }
}

/// What the page shows, also after something could not be done.
async fn page(
    (accounts, name): (&Accounts, &str),
    view: &View,
    no_server: bool,
    trouble: String,
) -> Result<Html<String>, Problem> {
    let internal = |error: AccessError| Problem::internal(&error);
    let rows: Vec<SubscriptionRow> = accounts
        .subscriptions(name)
        .await
        .map_err(internal)?
        .into_iter()
        .map(|one| SubscriptionRow::new(one, view))
        .collect();
    let provinces = PROVINCES.iter().map(Province::region);
    render(&SubscriptionsPage {
        shell: Shell::at("subscriptions"),
        trouble,
        mail: accounts.mail_of(name).await.map_err(internal)?.unwrap_or_default(),
        no_server,
        full: rows.len() >= SUBSCRIPTIONS_MAX,
        rows,
        categories: Category::ALL,
        dangers: Danger::ALL,
        provinces: provinces.map(|code| (code, view.region_name(code))).collect(),
    })
}

pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
) -> Result<Html<String>, Problem> {
    let (accounts, name) = person(&shared, &viewer)?;
    page((accounts, name), &view, !shared.authentication.sends_mail(), String::new()).await
}

/// The subscription of a form. A field may occur more than once.
fn asked(form: &str) -> Result<Subscription, String> {
    let mut wanted = Subscription::default();
    let (mut digest, mut at, mut quiet) = (false, None, (None, None));
    let hour = |text: &str| {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| format!("“{text}”不是钟点：应为 0 到 23。"))
    };
    let mut regions = BTreeSet::new();
    for (field, value) in url::form_urlencoded::parse(form.as_bytes()) {
        let value = value.trim();
        match &*field {
            "category" if !value.is_empty() => {
                wanted.categories.insert(value.parse().map_err(|_| format!("没有产品类别“{value}”。"))?);
            }
            "region" => {
                for code in value.split([' ', ',', '，', '、']).filter(|code| !code.is_empty()) {
                    let place: RegionCode =
                        code.parse().map_err(|_| format!("“{code}”不是地区代码：应为 GB/T 2260 的六位数字。"))?;
                    regions.insert(place);
                }
            }
            "danger" if !value.is_empty() => {
                wanted.danger = Some(value.parse().map_err(|_| format!("没有隐患程度“{value}”。"))?);
            }
            "when" => digest = value == "digest",
            "hour" => at = hour(value)?,
            "quiet_from" => quiet.0 = hour(value)?,
            "quiet_until" => quiet.1 = hour(value)?,
            _ => {}
        }
    }
    if regions.len() > REGIONS_MAX {
        return Err(format!("最多 {REGIONS_MAX} 个地区，收到 {} 个。", regions.len()));
    }
    wanted.regions = regions;
    wanted.digest_hour = if digest { Some(at.ok_or("每日摘要需要一个钟点。")?) } else { None };
    wanted.quiet_hours = match quiet {
        (None, None) => None,
        (Some(from), Some(until)) => Some((from, until)),
        _ => return Err("免打扰需要起止两个钟点。".to_owned()),
    };
    Ok(wanted)
}

/// Subscribes; leads back to the page.
pub(crate) async fn add(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    form: Result<String, StringRejection>,
) -> Result<Response, Problem> {
    let (accounts, name) = person(&shared, &viewer)?;
    let form = form.map_err(|_| Problem::bad_request("表单无法识别：请返回页面重试。"))?;
    let now = now();
    let made = match asked(&form) {
        Ok(wanted) => accounts.subscribe(name, wanted, now).await,
        Err(why) => Err(AccessError::Input(vocabulary::Refused::new(why.clone(), why))),
    };
    match made {
        Ok(_) => Ok(Redirect::to("/subscriptions").into_response()),
        Err(AccessError::Input(why)) => {
            let page = page((accounts, name), &view, !shared.authentication.sends_mail(), why.zh).await?;
            Ok((axum::http::StatusCode::BAD_REQUEST, Extension(super::super::problem::Dressed), page).into_response())
        }
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// Ends a subscription; leads back to the page.
pub(crate) async fn remove(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    form: Result<String, StringRejection>,
) -> Result<Response, Problem> {
    let (accounts, name) = person(&shared, &viewer)?;
    let form = form.map_err(|_| Problem::bad_request("表单无法识别：请返回页面重试。"))?;
    let wanted = url::form_urlencoded::parse(form.as_bytes()).find(|(field, _)| field == "name");
    let wanted = wanted.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let ended = accounts.unsubscribe(name, &wanted, now()).await.map_err(|error| Problem::internal(&error))?;
    if ended {
        Ok(Redirect::to("/subscriptions").into_response())
    } else {
        Err(Problem::not_found("您没有这项订阅。"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_every_choice_and_what_is_odd_is_told() {
        let read = asked(
            "category=battery_charger&category=toy&category=&region=330000&region=440100%20330106&danger=high&when=digest&hour=8&quiet_from=22&quiet_until=7&key=x",
        );
        let read = read.expect("a subscription");
        assert_eq!((read.categories.len(), read.regions.len()), (2, 3));
        assert_eq!((read.danger, read.digest_hour, read.quiet_hours), (Some(Danger::High), Some(8), Some((22, 7))));
        assert_eq!(asked("when=each&hour=8&region=&danger=&quiet_from=&quiet_until="), Ok(Subscription::default()));
        for (form, told) in [
            ("category=ufo", "ufo"),
            ("region=33", "六位"),
            ("danger=huge", "huge"),
            ("when=digest", "钟点"),
            ("when=digest&hour=x", "钟点"),
            ("quiet_from=22", "起止"),
        ] {
            let refused = asked(form).expect_err(form);
            assert!(refused.contains(told), "{form}: {refused}");
        }
        let many: Vec<String> = (0..60).map(|number| format!("region=33{:04}", 100 + number)).collect();
        assert!(asked(&many.join("&")).is_err());
    }
}
