//! What people do with an alert: `POST /alerts/{id}/acts` from its page, `POST /api/v1/alerts/{id}/acts` from programs.

use axum::extract::Path;
use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form, Json};
use jiff::civil::Date;
use serde::Deserialize;

use super::clock::now;
use super::parameters::alert_id;
use super::problem::Problem;
use super::view::View;
use access::{Member, Viewer};
use alert::Casework;
use vocabulary::{Act, ActKind, AlertId, Work};

/// What a person wants to do with an alert.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAct {
    /// What.
    kind: ActKind,
    /// Why, or what is to be known.
    #[serde(default)]
    #[schemars(length(max = Act::NOTE_CHARS_MAX))]
    note: String,
    /// To whom it is given, for `assign`.
    #[serde(default)]
    to: String,
    /// Last day in Asia/Shanghai on which it stays silent, for `mute`.
    #[serde(default)]
    #[schemars(with = "Date")]
    until: String,
    /// Its particulars, for acts on the matter that have some.
    #[serde(default)]
    work: Option<Box<Work>>,
    /// The exclusion lasts until the watch raises a level of it, for `exclude`.
    #[serde(default)]
    until_rise: Option<Ticked>,
    /// The form key, which the gate has checked.
    #[serde(default, rename = "key")]
    #[schemars(skip)]
    _key: String,
}

/// A box of the form that was ticked.
#[derive(Debug, Clone, Copy, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Ticked {
    Yes,
}

impl NewAct {
    fn act(self, id: AlertId, viewer: &Viewer) -> Result<Act, Problem> {
        let member = signed(viewer)?;
        let until = match self.until.trim() {
            "" => None,
            text => Some(text.parse::<Date>().map_err(|_| Problem::bad_request("until 应为日期，如 2026-01-31。"))?),
        };
        let to = Some(self.to.trim().to_owned()).filter(|to| !to.is_empty());
        // With another act than `exclude` it is refused where acts are checked.
        let until_rise = self.until_rise.map(|Ticked::Yes| Box::new(Work::Exclude { until_rise: true }));
        Ok(Act {
            work: self.work.or(until_rise),
            alert_id: id,
            at: now(),
            by: member.name.clone(),
            party: member.party.name.clone(),
            kind: self.kind,
            note: self.note.trim().to_owned(),
            to,
            until,
            key: None,
        })
    }
}

/// An alert's id as a part of a path.
pub(super) fn in_address(id: &AlertId) -> String {
    let path: String = url::form_urlencoded::byte_serialize(id.as_str().as_bytes()).collect();
    path.replace('+', "%20")
}

/// Who signs what is done.
///
/// # Errors
/// 403 while nobody has to sign in: an act has a name under it.
pub(super) fn signed(viewer: &Viewer) -> Result<&Member, Problem> {
    match viewer {
        Viewer::Member(member) => Ok(member),
        Viewer::Owner => {
            Err(Problem::refused("处置要有署名：请先用 wanglou user add 添加用户并登录，或用命令 wanglou alerts act。"))
        }
    }
}

/// From the page of an alert; leads back to it.
pub(super) async fn by_form(
    Extension(viewer): Extension<Viewer>,
    view: View,
    id: Result<Path<String>, PathRejection>,
    new: Result<Form<NewAct>, FormRejection>,
) -> Result<Response, Problem> {
    let id = alert_id(id?.0)?;
    let Form(new) = new.map_err(|_| Problem::bad_request("表单无法识别：请返回预警页重试。"))?;
    view.alert(&id).await?.ok_or_else(|| Problem::not_found("没有这个编号的预警。"))?;
    view.act(new.act(id.clone(), &viewer)?).await?;
    Ok(Redirect::to(&format!("/alerts/{}#casework", in_address(&id))).into_response())
}

/// From a program; answers with how far people have come now.
pub(super) async fn by_json(
    Extension(viewer): Extension<Viewer>,
    view: View,
    id: Result<Path<String>, PathRejection>,
    new: Result<Json<NewAct>, JsonRejection>,
) -> Result<(StatusCode, Json<Casework>), Problem> {
    let id = alert_id(id?.0)?;
    let Json(new) = new.map_err(|error| Problem::bad_request(format!("请求内容无法识别：{}", error.body_text())))?;
    view.alert(&id).await?.ok_or_else(|| Problem::not_found("没有这个编号的预警。"))?;
    view.act(new.act(id.clone(), &viewer)?).await?;
    Ok((StatusCode::CREATED, Json(view.casework(&id).await?.0)))
}
