//! Texts that the judge is not sure of, each with a form to say what it tells.

use std::str::FromStr;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::super::clock::now;
use super::super::display;
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::state::Shared;
use super::super::view::View;
use super::render;
use access::Viewer;
use pipeline::{NewAnswer, NewPair};
use vocabulary::{Category, Document, Doubt, DoubtedText, Hazard, LabelledPair, excerpt};

/// Texts on the page: what one sits through.
const SHOWN: u32 = 30;
/// Characters of a text that are shown; its page has all.
const TEXT_CHARS: usize = 600;

/// A pair to be ticked.
struct PairRow {
    /// `product:hazard`, as the form sends it.
    value: String,
    product: &'static str,
    hazard: &'static str,
    /// Words, probability, and what became of it.
    told: String,
    ticked: bool,
}

impl PairRow {
    fn of_doubt(doubt: &Doubt) -> Self {
        let fate = if doubt.kept { "已计入" } else { "未计入" };
        let percent = doubt.probability * 100.0;
        Self {
            value: value(doubt.product, doubt.hazard),
            product: doubt.product.zh(),
            hazard: doubt.hazard.zh(),
            told: format!("“{}”，可能性 {percent:.0}%，{fate}", doubt.words),
            ticked: doubt.kept,
        }
    }

    fn of_sure(pair: &LabelledPair) -> Self {
        Self {
            value: value(pair.product, pair.hazard),
            product: pair.product.zh(),
            hazard: pair.hazard.zh(),
            told: "系统认定，已计入".to_owned(),
            ticked: true,
        }
    }
}

fn value(product: Category, hazard: Hazard) -> String {
    format!("{}:{}", product.code(), hazard.code())
}

struct TextRow {
    id: String,
    title: String,
    text: String,
    source: String,
    day: String,
    pairs: Vec<PairRow>,
}

impl TextRow {
    fn new(doubted: &DoubtedText, document: &Document) -> Self {
        let doubts = doubted.doubts.iter().map(PairRow::of_doubt);
        Self {
            id: doubted.document_id.to_string(),
            title: document.title.clone().unwrap_or_default(),
            text: excerpt(&document.text, TEXT_CHARS),
            source: document.source.to_string(),
            day: document.event_at().map_or_else(|| display::NONE.to_owned(), display::moment),
            pairs: doubts.chain(doubted.sure.iter().map(PairRow::of_sure)).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "doubts.html")]
struct DoubtsPage {
    shell: Shell,
    rows: Vec<TextRow>,
    open: u64,
    answered: u64,
    products: Vec<(&'static str, &'static str)>,
    hazards: Vec<(&'static str, &'static str)>,
}

/// The newest that wait for a person.
pub(crate) async fn list(view: View) -> Result<Html<String>, Problem> {
    let (doubted, open, answered) = view.doubts(SHOWN).await?;
    let products = Category::ALL.iter().map(|code| (code.code(), code.zh())).collect();
    let hazards = Hazard::ALL.iter().map(|code| (code.code(), code.zh())).collect();
    let rows = doubted.iter().map(|(doubted, document)| TextRow::new(doubted, document)).collect();
    render(&DoubtsPage { shell: Shell::at("search"), rows, open, answered, products, hazards })
}

/// What a form says.
struct AnswerForm {
    document: String,
    /// The ticked pairs and the one that was added.
    pairs: Vec<NewPair>,
    note: String,
}

/// Reads a form: the document, its ticked pairs, one more pair, a note.
fn answer_form(form: &str) -> Result<AnswerForm, Problem> {
    let unreadable = || Problem::bad_request("表单无法识别：请返回复核页重试。");
    let (mut id, mut pairs, mut note) = (None, Vec::new(), String::new());
    let (mut product, mut hazard) = (None, None);
    for (name, sent) in url::form_urlencoded::parse(form.as_bytes()) {
        match &*name {
            "document" => id = Some(sent.into_owned()),
            "pair" => {
                let (product, hazard) = sent.split_once(':').ok_or_else(unreadable)?;
                pairs.push(NewPair { product: code(product)?, hazard: code(hazard)?, stance: None });
            }
            "product" if !sent.is_empty() => product = Some(code(&sent)?),
            "hazard" if !sent.is_empty() => hazard = Some(code(&sent)?),
            "note" => note.push_str(sent.trim()),
            _ => {}
        }
    }
    match (product, hazard) {
        (Some(product), Some(hazard)) => pairs.push(NewPair { product, hazard, stance: None }),
        (None, None) => {}
        _ => return Err(Problem::bad_request("补充的一对要同时选产品和隐患。")),
    }
    pairs.sort_unstable();
    pairs.dedup();
    Ok(AnswerForm { document: id.ok_or_else(unreadable)?, pairs, note })
}

fn code<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::bad_request(format!("没有“{}”这个代码。", excerpt(text, 40))))
}

/// Keeps an answer; leads back to the rest.
pub(crate) async fn answer(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    form: String,
) -> Result<Response, Problem> {
    let AnswerForm { document, pairs, note } = answer_form(&form)?;
    let by = shared.known_as(&viewer).unwrap_or("本机").to_owned();
    view.answer_doubt(&document.as_str().into(), NewAnswer { pairs, by, at: now(), note }).await?;
    Ok(Redirect::to("/doubts").into_response())
}
