//! What analysts keep and take away: saved searches made and forgotten, results as files, what was fetched for a document.
//! Pages ask by forms and links, programs by JSON; both come here.

use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form, Json};
use serde::{Deserialize, Serialize};

use super::gate::Hall;
use super::pages::search::SearchQuery;
use super::pages::{document_id, searches};
use super::problem::Problem;
use super::view::View;
use access::Viewer;
use pipeline::{ExportFormat, NewSearch};
use store::{CameFor, SEARCH_NAME_CHARS_MAX, SavedSearch, THROTTLE_MINUTES_MAX};

/// Documents in one answer about a saved search.
pub(super) const CAME_MAX: usize = 1_000;

/// How an export is asked for, beside its query.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct ExportQuery {
    /// How the file is written.
    #[serde(default)]
    #[schemars(with = "ExportFormat")]
    format: String,
}

/// All that a query finds, in one ZIP archive with its manifest.
pub(super) async fn export(
    State(hall): State<Hall>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    query: Result<Query<SearchQuery>, QueryRejection>,
    wanted: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (query, wanted) = (query?.0, wanted?.0);
    let (text, _) = query.asked()?;
    let known = || ExportFormat::ALL.map(ExportFormat::code).join("、");
    let format = wanted.format.parse::<ExportFormat>();
    let format = format.map_err(|_| Problem::bad_request(format!("format 应为 {}。", known())))?;
    let exported = view.export(text, format, hall.gate.now())?;
    let detail = format!("{} rows of `{text}`", exported.rows);
    hall.note_export(&viewer, format!("search.{}", format.code()), detail).await?;
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"wanglou-search-{}.zip\"", format.code())),
    ];
    Ok((headers, exported.archive).into_response())
}

/// What was fetched for a document, unmasked: it leaves for the archive's own people only, and the audit log knows.
pub(super) async fn raw(
    State(hall): State<Hall>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = document_id(id?.0)?;
    let none = || Problem::not_found("没有这条信息，或它不是从网上采集的，没有原始记录。");
    let record = view.raw(&id).await?.ok_or_else(none)?;
    hall.note_export(&viewer, id.to_string(), "raw record".to_owned()).await?;
    let headers = [(CONTENT_TYPE, "application/warc"), (CONTENT_DISPOSITION, "attachment; filename=\"record.warc\"")];
    Ok((headers, record).into_response())
}

/// A search to be saved, as a form sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaveForm {
    name: String,
    query: String,
    /// `new`, `all` or `no`: which documents are kept as they arrive.
    #[serde(default)]
    watch: String,
    #[serde(default)]
    throttle_minutes: u32,
    /// The form key, which the gate has checked.
    #[serde(default, rename = "key")]
    _key: String,
}

/// Saves a search from its page; leads to what is saved.
pub(super) async fn save_by_form(
    State(hall): State<Hall>,
    view: View,
    asked: Result<Form<SaveForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(asked) = asked.map_err(|_| Problem::bad_request("表单无法识别：请返回检索页重试。"))?;
    let SaveForm { name, query, watch, throttle_minutes, .. } = asked;
    let new = NewSearch { name, query, watched: watch != "no", only_new: watch == "new", throttle_minutes };
    let saved = view.save_search(new, hall.gate.now()).await?;
    Ok(Redirect::to(&searches::address_of(&saved.name)).into_response())
}

#[derive(Debug, Deserialize)]
pub(super) struct RemoveForm {
    name: String,
}

/// Forgets a saved search from the page of all of them.
pub(super) async fn remove_by_form(
    view: View,
    asked: Result<Form<RemoveForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(asked) = asked.map_err(|_| Problem::bad_request("表单无法识别：请返回页面重试。"))?;
    if !view.remove_search(&asked.name).await? {
        return Err(Problem::not_found(format!("没有叫“{}”的检索。", asked.name)));
    }
    Ok(Redirect::to("/searches").into_response())
}

/// A search to be saved, as a program sends it.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "NewSearch")]
#[serde(deny_unknown_fields)]
pub(super) struct SaveAsked {
    /// As its maker calls it; unique.
    #[schemars(length(min = 1, max = SEARCH_NAME_CHARS_MAX))]
    name: String,
    /// In the analysts' query language.
    #[schemars(length(min = 1))]
    query: String,
    /// Whether documents are matched against it as they arrive.
    #[serde(default)]
    watched: bool,
    /// Whether one document of each story is enough.
    #[serde(default)]
    only_new: bool,
    /// Least time between two digests, in minutes.
    #[serde(default)]
    #[schemars(range(max = THROTTLE_MINUTES_MAX))]
    throttle_minutes: u32,
}

/// All saved searches.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct SearchesAnswer {
    /// By name.
    searches: Vec<SavedSearch>,
}

pub(super) async fn searches(view: View) -> Result<Json<SearchesAnswer>, Problem> {
    Ok(Json(SearchesAnswer { searches: view.searches().await? }))
}

/// Saves a search; answers with it.
pub(super) async fn save_by_json(
    State(hall): State<Hall>,
    view: View,
    asked: Result<Json<SaveAsked>, JsonRejection>,
) -> Result<(StatusCode, Json<SavedSearch>), Problem> {
    let Json(asked) =
        asked.map_err(|error| Problem::bad_request(format!("请求内容无法识别：{}", error.body_text())))?;
    let SaveAsked { name, query, watched, only_new, throttle_minutes } = asked;
    let new = NewSearch { name, query, watched, only_new, throttle_minutes };
    Ok((StatusCode::CREATED, Json(view.save_search(new, hall.gate.now()).await?)))
}

fn unknown() -> Problem {
    Problem::not_found("没有叫这个名称的检索。")
}

/// A saved search and what came for it.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct SearchAnswer {
    /// The search.
    search: SavedSearch,
    /// What came for it, newest first.
    #[schemars(length(max = CAME_MAX))]
    came: Vec<CameFor>,
}

pub(super) async fn saved(
    view: View,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<SearchAnswer>, Problem> {
    let name = name?.0;
    let found = view.searches().await?.into_iter().find(|search| search.name == name);
    let search = found.ok_or_else(unknown)?;
    Ok(Json(SearchAnswer { came: view.came_for(&name, CAME_MAX).await?, search }))
}

/// Forgets a saved search.
pub(super) async fn remove(view: View, name: Result<Path<String>, PathRejection>) -> Result<StatusCode, Problem> {
    if view.remove_search(&name?.0).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}
