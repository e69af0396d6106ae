//! Files that analysts take away: the results of a search, what was fetched for a document. Each is a line of the audit log.

use axum::Extension;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::clock::now;
use super::parameters::{SearchQuery, document_id};
use super::problem::Problem;
use super::state::Shared;
use super::view::View;
use access::Viewer;
use pipeline::ExportFormat;

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
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    query: Result<Query<SearchQuery>, QueryRejection>,
    wanted: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (query, wanted) = (query?.0, wanted?.0);
    let (text, _) = query.required()?;
    let known = || ExportFormat::ALL.map(ExportFormat::code).join("、");
    let format = wanted.format.parse::<ExportFormat>();
    let format = format.map_err(|_| Problem::bad_request(format!("format 应为 {}。", known())))?;
    let held = shared.export_place(&viewer)?;
    let exported = view.export(text, format, shared.export_rows_max, now())?;
    let detail = format!("{} rows of `{text}`", exported.rows);
    shared.note_export(&viewer, format!("search.{}", format.code()), detail).await?;
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"wanglou-search-{}.zip\"", format.code())),
    ];
    Ok((headers, Extension(held), exported.archive).into_response())
}

/// What was fetched for a document, unmasked. Only for those inside; the audit log keeps who took it.
pub(super) async fn raw(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = document_id(id?.0)?;
    let none = || Problem::not_found("没有这条信息，或它不是从网上采集的，没有原始记录。");
    let held = shared.export_place(&viewer)?;
    let record = view.raw(&id).await?.ok_or_else(none)?;
    shared.note_export(&viewer, id.to_string(), "raw record".to_owned()).await?;
    let headers = [(CONTENT_TYPE, "application/warc"), (CONTENT_DISPOSITION, "attachment; filename=\"record.warc\"")];
    Ok((headers, Extension(held), record).into_response())
}
