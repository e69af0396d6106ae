//! `GET /matters/{id}/paper/{kind}`: a paper of a matter as a page, a Word document or PDF. Those inside read all of them, a unit outside the
//! letter or the commission that was sent to it. The audit log keeps who took a file.

use askama::Template;
use axum::Extension;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::alert_files::{FileKind, attached};
use super::clock::now;
use super::pages::render;
use super::paper_files::document;
use super::parameters::alert_id;
use super::problem::Problem;
use super::shell::Shell;
use super::state::Shared;
use super::view::View;
use access::Viewer;
use matter::paper::{PaperKind, Section};
use vocabulary::{AlertId, day_of};

/// To whom a paper goes, and in which form it is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct PaperQuery {
    to: Option<String>,
    form: Option<String>,
}

/// A part of a paper, as a page shows it; all but one of its fields are empty.
#[derive(Debug, Default)]
struct Part {
    title: String,
    heading: String,
    text: String,
    facts: Vec<(String, String)>,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl From<Section> for Part {
    fn from(section: Section) -> Self {
        match section {
            Section::Title(title) => Self { title, ..Self::default() },
            Section::Heading(heading) => Self { heading, ..Self::default() },
            Section::Paragraph(text) => Self { text, ..Self::default() },
            Section::Facts(facts) => Self { facts, ..Self::default() },
            Section::Table { head, rows } => Self { head, rows, ..Self::default() },
        }
    }
}

#[derive(Template)]
#[template(path = "paper.html")]
struct PaperPage {
    shell: Shell,
    name: &'static str,
    matter: AlertId,
    /// The unit that was asked for; empty: none.
    to: String,
    parts: Vec<Part>,
}

/// One paper of a matter.
pub(super) async fn show(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    path: Result<Path<(String, String)>, PathRejection>,
    query: Result<Query<PaperQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Path((id, kind)) = path?;
    let none = || Problem::not_found("没有这份文书。");
    let (id, kind) = (alert_id(id)?, kind.parse::<PaperKind>().map_err(|_| none())?);
    let PaperQuery { to, form } = query?.0;
    let file = match form.as_deref() {
        None | Some("" | "html") => None,
        Some("docx") => Some((FileKind::Word, "docx")),
        Some("pdf") => Some((FileKind::Pdf, "pdf")),
        Some(_) => return Err(Problem::bad_request("form 只能是 docx、pdf 或 html，或不写。")),
    };
    let to = to.map(|to| to.trim().to_owned()).filter(|to| !to.is_empty());
    let paper = view.paper(&id, kind, to.as_deref(), day_of(now())).await?.ok_or_else(none)?;
    if let Some((file, ending)) = file {
        let held = shared.export_place(&viewer)?;
        let detail = format!("paper {} as {ending}, to `{}`", kind.code(), paper.addressee);
        shared.note_export(&viewer, id.to_string(), detail).await?;
        let made = attached(&document(&paper), file, &format!("{}-{id}", kind.code()))?;
        return Ok((Extension(held), made).into_response());
    }
    let parts = paper.whole().into_iter().map(Part::from).collect();
    let page =
        PaperPage { shell: Shell::at("matters"), name: kind.zh(), matter: id, to: to.unwrap_or_default(), parts };
    Ok(render(&page)?.into_response())
}
