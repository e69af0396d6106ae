//! The register of test bodies (检验机构名录, clause 3-09), with a form for those inside.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::extract::rejection::StringRejection;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::civil::Date;

use super::super::clock::now;
use super::super::problem::{Dressed, Problem};
use super::super::shell::Shell;
use super::super::state::Shared;
use super::super::text;
use super::super::view::{View, ViewError};
use super::render;
use access::Viewer;
use vocabulary::{Category, Party, Scope, TestBody, day_of};

struct BodyRow {
    name: String,
    certificate: String,
    categories: String,
    valid_from: Date,
    valid_until: Date,
    /// `有效`, `过期` or `未生效`.
    state: &'static str,
    valid: bool,
}

impl BodyRow {
    fn new(body: TestBody, today: Date) -> Self {
        let state = match (today < body.valid_from, today > body.valid_until) {
            (true, _) => "未生效",
            (_, true) => "过期",
            _ => "有效",
        };
        Self {
            categories: body.categories.iter().map(|category| category.zh()).collect::<Vec<_>>().join("、"),
            valid: (body.valid_from..=body.valid_until).contains(&today),
            name: body.name,
            certificate: body.certificate,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
            state,
        }
    }
}

/// What a form says, as it was typed.
#[derive(Debug, Default)]
struct Typed {
    name: String,
    certificate: String,
    categories: Vec<String>,
    valid_from: String,
    valid_until: String,
}

impl Typed {
    fn of(form: &str) -> Self {
        let mut typed = Self::default();
        for (field, value) in url::form_urlencoded::parse(form.as_bytes()) {
            let value = value.trim().to_owned();
            match &*field {
                "name" => typed.name = value,
                "certificate" => typed.certificate = value,
                "category" if !value.is_empty() => typed.categories.push(value),
                "valid_from" => typed.valid_from = value,
                "valid_until" => typed.valid_until = value,
                _ => {}
            }
        }
        typed
    }

    /// The test body, or what is wrong in Chinese.
    fn body(&self) -> Result<TestBody, String> {
        let day = |text: &str| {
            let shown = text::shorten(text, 40);
            text.parse::<Date>().map_err(|_| format!("“{shown}”不是日期：应如 2026-01-31。"))
        };
        let category = |code: &String| {
            code.parse::<Category>().map_err(|_| format!("没有产品类别“{}”。", text::shorten(code, 40)))
        };
        Ok(TestBody {
            name: self.name.clone(),
            certificate: self.certificate.clone(),
            categories: self.categories.iter().map(category).collect::<Result<_, _>>()?,
            valid_from: day(&self.valid_from)?,
            valid_until: day(&self.valid_until)?,
        })
    }
}

/// One of the categories of the form.
struct Pick {
    code: &'static str,
    name: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "bodies.html")]
struct BodiesPage {
    shell: Shell,
    rows: Vec<BodyRow>,
    /// Whether the viewer may register one.
    registers: bool,
    typed: Typed,
    picks: Vec<Pick>,
    /// Why what was typed was refused; empty: nothing was.
    trouble: String,
}

async fn page(viewer: &Viewer, view: &View, typed: Typed, trouble: String) -> Result<Html<String>, Problem> {
    let today = day_of(now());
    let rows = view.test_bodies().await?.into_iter().map(|body| BodyRow::new(body, today)).collect();
    let pick = |category: &Category| {
        let (code, name) = (category.code(), category.zh());
        Pick { code, name, chosen: typed.categories.iter().any(|chosen| chosen == code) }
    };
    let picks = Category::ALL.iter().map(pick).collect();
    let registers = viewer.party().is_none_or(Party::is_inside) && viewer.has(Scope::Act);
    render(&BodiesPage { shell: Shell::at("matters"), rows, registers, typed, picks, trouble })
}

pub(crate) async fn list(Extension(viewer): Extension<Viewer>, view: View) -> Result<Html<String>, Problem> {
    page(&viewer, &view, Typed::default(), String::new()).await
}

/// Registers a test body, or what is known of it now; leads back to the register.
pub(crate) async fn register(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    form: Result<String, StringRejection>,
) -> Result<Response, Problem> {
    let form = form.map_err(|_| Problem::bad_request("表单无法识别：请返回页面重试。"))?;
    let typed = Typed::of(&form);
    let by = shared.known_as(&viewer).unwrap_or("本机");
    let (status, trouble) = match typed.body() {
        Err(why) => (StatusCode::BAD_REQUEST, why),
        Ok(body) => match view.register_body(&body, by, now()).await {
            Ok(()) => return Ok(Redirect::to("/bodies").into_response()),
            Err(ViewError::Refused { why }) => (StatusCode::CONFLICT, why),
            Err(error) => return Err(error.into()),
        },
    };
    let page = page(&viewer, &view, typed, trouble).await?;
    Ok((status, Extension(Dressed), page).into_response())
}
