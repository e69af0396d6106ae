//! Saved searches made, listed and forgotten: pages send forms, programs JSON.

use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form, Json};
use serde::{Deserialize, Serialize};

use super::clock::now;
use super::pages::searches::address_of;
use super::problem::Problem;
use super::state::Shared;
use super::view::View;
use access::Viewer;
use pipeline::NewSearch;
use store::{CameFor, SEARCH_NAME_CHARS_MAX, SavedSearch, THROTTLE_MINUTES_MAX};

/// Most documents in one answer about a saved search.
const CAME_MAX: usize = 1_000;

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
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    form: Result<Form<SaveForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(form) = form.map_err(|_| Problem::bad_request("表单无法识别：请返回检索页重试。"))?;
    let SaveForm { name, query, watch, throttle_minutes, .. } = form;
    let new = NewSearch { name, query, watched: watch != "no", only_new: watch == "new", throttle_minutes };
    let saved = view.save_search(new, shared.known_as(&viewer), now()).await?;
    Ok(Redirect::to(&address_of(&saved.name)).into_response())
}

/// The saved search that is to be forgotten, as a form names it.
#[derive(Debug, Deserialize)]
pub(super) struct RemoveForm {
    name: String,
}

/// Forgets a saved search from the page of all of them.
pub(super) async fn remove_by_form(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    form: Result<Form<RemoveForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(form) = form.map_err(|_| Problem::bad_request("表单无法识别：请返回页面重试。"))?;
    if !view.remove_search(&form.name, shared.known_as(&viewer), now()).await? {
        return Err(Problem::not_found(format!("没有叫“{}”的检索。", form.name)));
    }
    Ok(Redirect::to("/searches").into_response())
}

/// A search to be saved, as a program sends it.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "NewSearch")]
#[serde(deny_unknown_fields)]
pub(super) struct NewSearchBody {
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

/// Lists them.
pub(super) async fn list(view: View) -> Result<Json<SearchesAnswer>, Problem> {
    Ok(Json(SearchesAnswer { searches: view.searches().await? }))
}

/// Saves a search; answers with it.
pub(super) async fn save_by_json(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    body: Result<Json<NewSearchBody>, JsonRejection>,
) -> Result<(StatusCode, Json<SavedSearch>), Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(format!("请求内容无法识别：{}", error.body_text())))?;
    let NewSearchBody { name, query, watched, only_new, throttle_minutes } = body;
    let new = NewSearch { name, query, watched, only_new, throttle_minutes };
    let saved = view.save_search(new, shared.known_as(&viewer), now()).await?;
    Ok((StatusCode::CREATED, Json(saved)))
}

fn no_such_search() -> Problem {
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

/// One of them, by its name.
pub(super) async fn show(view: View, name: Result<Path<String>, PathRejection>) -> Result<Json<SearchAnswer>, Problem> {
    let name = name?.0;
    let found = view.searches().await?.into_iter().find(|search| search.name == name);
    let search = found.ok_or_else(no_such_search)?;
    Ok(Json(SearchAnswer { came: view.came_for(&name, CAME_MAX).await?, search }))
}

/// Forgets a saved search.
pub(super) async fn remove(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    name: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let name = name?.0;
    if !view.remove_search(&name, shared.known_as(&viewer), now()).await? {
        return Err(no_such_search());
    }
    Ok(StatusCode::NO_CONTENT)
}
