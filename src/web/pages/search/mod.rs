//! Search: a box, what it found over time and in numbers, ways to narrow it, to keep it and to take it away.

mod chart;
mod narrow;

use askama::Template;
use axum::Extension;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use url::form_urlencoded;

use super::super::api::{HITS_DEFAULT, HITS_MAX};
use super::super::problem::{Dressed, Problem};
use super::super::text::{self, Segment};
use super::super::view::{Facet, QueryExample, QueryFault, SearchHit, SearchOutcome, View, ViewError, query_examples};
use super::super::words::{self, NONE};
use super::{CountView, Shell, counts, render};
use chart::ChartView;
use index::Sort;
use narrow::{FacetView, with_wish};
use pipeline::{ExportFormat, ZIP_ROWS_MAX};
use store::SEARCH_NAME_CHARS_MAX;
use vocabulary::{Category, CharSpan, Hazard};

/// Longest query, in characters.
pub(crate) const QUERY_CHARS_MAX: usize = 500;
/// Longest place mark of a next page, in bytes.
const AFTER_BYTES_MAX: usize = 1_000;
/// Hits on one page.
const HITS_SHOWN: usize = 20;
/// Categories, and hazards, named under one hit.
const LABELS_SHOWN: usize = 3;
/// The order of facets on the page; others follow.
const FACETS_FIRST: [&str; 5] = ["hazard", "category", "brand", "region", "channel"];

/// The parameters of a search as they come in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[derive(schemars::JsonSchema)]
pub(crate) struct SearchQuery {
    /// The analysts' query language.
    #[serde(default)]
    #[schemars(length(min = 1), example = "hazard:fire 充电宝")]
    q: String,
    /// `next` of an earlier answer to the same query.
    #[serde(default)]
    after: String,
    /// How many hits.
    #[schemars(range(min = 1, max = HITS_MAX), extend("default" = HITS_DEFAULT))]
    pub(crate) limit: Option<usize>,
}

impl SearchQuery {
    /// The trimmed query and the place to go on from, within their bounds.
    pub(crate) fn checked(&self) -> Result<(&str, Option<&str>), ViewError> {
        let query = self.q.trim();
        let chars = query.chars().count();
        if chars > QUERY_CHARS_MAX {
            let message = format!("检索式过长：最多 {QUERY_CHARS_MAX} 个字，收到 {chars} 个字");
            return Err(ViewError::BadQuery(QueryFault { message, span: None }));
        }
        if self.after.len() > AFTER_BYTES_MAX {
            return Err(ViewError::BadCursor { found: self.after.clone() });
        }
        Ok((query, Some(self.after.as_str()).filter(|after| !after.is_empty())))
    }

    /// The same for programs: without a query there is nothing to answer.
    pub(crate) fn asked(&self) -> Result<(&str, Option<&str>), Problem> {
        let (query, after) = self.checked()?;
        if query.is_empty() {
            return Err(Problem::bad_request("缺少检索式：请给出参数 q，例如 ?q=起火。"));
        }
        Ok((query, after))
    }
}

/// An address up to its parameters.
pub(super) fn address_at(path: &'static str) -> form_urlencoded::Serializer<'static, String> {
    form_urlencoded::Serializer::for_suffix(path.to_owned(), path.len())
}

pub(super) fn address(query: &str, after: Option<&str>) -> String {
    let mut pairs = address_at("/search?");
    pairs.append_pair("q", query);
    if let Some(after) = after {
        pairs.append_pair("after", after);
    }
    pairs.finish()
}

struct HitView<'a> {
    hit: &'a SearchHit,
    /// Its headline, or that it has none; marked where the snippet begins with it.
    title: Vec<Segment<'a>>,
    segments: Vec<Segment<'a>>,
    published: String,
    products: String,
    hazards: String,
    region: Option<String>,
    link: Option<String>,
    /// Worst injury, when there is any.
    severity: Option<&'static str>,
    /// Where all that tell the same are, when others do.
    story: Option<String>,
}

impl<'a> HitView<'a> {
    fn new(view: &View, hit: &'a SearchHit) -> Self {
        let title = hit.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
        let (title, segments) = title_and_snippet(title.unwrap_or("（无标题）"), &hit.snippet, &hit.spans);
        Self {
            title,
            segments,
            published: hit.published_at.map_or_else(|| NONE.to_owned(), words::published),
            products: listed(hit.categories.iter().copied().map(Category::zh)),
            hazards: listed(hit.hazards.iter().copied().map(Hazard::zh)),
            region: hit.region.map(|code| view.region_name(code)),
            link: text::link(hit.url.as_deref()),
            severity: hit.severity.filter(|severity| *severity > 0).map(words::severity),
            story: (hit.reprints > 0).then(|| address(&format!("story:{}", hit.story), None)),
            hit,
        }
    }
}

/// A snippet that begins with the headline is not shown to say it twice: its marks move there.
fn title_and_snippet<'a>(title: &'a str, snippet: &'a str, spans: &[CharSpan]) -> (Vec<Segment<'a>>, Vec<Segment<'a>>) {
    match text::after_title(snippet, title) {
        0 if snippet.trim() == title => (text::highlight(title, spans), Vec::new()),
        0 => (text::highlight(title, &[]), text::highlight(snippet, spans)),
        from => {
            let byte = snippet.char_indices().nth(from).map_or(snippet.len(), |(byte, _)| byte);
            let rest: Vec<CharSpan> = spans.iter().map(|span| text::shifted(*span, from)).collect();
            (text::highlight(title, spans), text::highlight(&snippet[byte..], &rest))
        }
    }
}

/// The first few names, and how many there are in all.
fn listed(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names[..names.len().min(LABELS_SHOWN)].join("、");
    if names.len() > LABELS_SHOWN { format!("{shown}等 {} 类", names.len()) } else { shown }
}

/// One of a few ways to see the same matches.
struct Choice {
    name: &'static str,
    address: String,
    chosen: bool,
}

/// What can be done with all that was found: other orders, reprints shown or not, files to take away.
struct Ways {
    orders: Vec<Choice>,
    reprints: [Choice; 2],
    /// Name and address of each format.
    exports: Vec<(&'static str, String)>,
}

impl Ways {
    fn new(query: &str, outcome: &SearchOutcome) -> Self {
        let order = |sort: Sort| Choice {
            name: sort.zh(),
            address: address(&with_wish(query, "sort", if sort == Sort::Relevance { "" } else { sort.code() }), None),
            chosen: sort == outcome.sort,
        };
        let reprints = |name, hidden: bool| Choice {
            name,
            address: address(&with_wish(query, "reprints", if hidden { "hide" } else { "" }), None),
            chosen: hidden == outcome.reprints_hidden,
        };
        let export = |format: ExportFormat| {
            let mut pairs = address_at("/search/export?");
            (format.code(), pairs.append_pair("q", query).append_pair("format", format.code()).finish())
        };
        Self {
            orders: Sort::ALL.into_iter().map(order).collect(),
            reprints: [reprints("全部", false), reprints("同源只列一条", true)],
            exports: ExportFormat::ALL.into_iter().map(export).collect(),
        }
    }
}

/// A query that cannot be understood, split around the place.
struct FaultView<'a> {
    message: &'a str,
    /// Before, at and after the fault; none when it is about the whole query.
    parts: Option<[&'a str; 3]>,
}

impl<'a> FaultView<'a> {
    fn new(query: &'a str, fault: &'a QueryFault) -> Self {
        let parts = fault.span.map(|span| {
            let at = span.slice(query);
            let from = CharSpan::new(0, span.from()).slice(query);
            [from, at, &query[from.len() + at.len()..]]
        });
        Self { message: &fault.message, parts }
    }
}

struct ExampleView {
    example: QueryExample,
    address: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage<'a> {
    shell: Shell,
    query: &'a str,
    fault: Option<FaultView<'a>>,
    searched: bool,
    total: u64,
    counts: [CountView; 4],
    ways: Ways,
    chart: Option<ChartView>,
    notes: &'a [String],
    hits: Vec<HitView<'a>>,
    facets: Vec<FacetView<'a>>,
    first: Option<String>,
    next: Option<String>,
    examples: Vec<ExampleView>,
    query_chars_max: usize,
    name_chars_max: usize,
    rows_max: u64,
}

pub(crate) async fn show(view: View, query: Result<Query<SearchQuery>, QueryRejection>) -> Result<Response, Problem> {
    let asked = query?.0;
    let query = asked.q.trim();
    let found = match asked.checked() {
        Ok(("", _)) => Ok(None),
        Ok((query, after)) => view.search(query, HITS_SHOWN, after).map(Some),
        Err(error) => Err(error),
    };
    let (outcome, fault) = match found {
        Ok(outcome) => (outcome, None),
        Err(ViewError::BadQuery(fault)) => (None, Some(fault)),
        Err(other) => return Err(other.into()),
    };
    let searched = outcome.is_some();
    let outcome = outcome.unwrap_or_else(SearchOutcome::default);
    let example = |example: QueryExample| ExampleView { address: address(&example.query, None), example };
    let mut facet_views: Vec<&Facet> = outcome.facets.iter().filter(|facet| !facet.values.is_empty()).collect();
    let place = |facet: &&Facet| FACETS_FIRST.iter().position(|first| *first == facet.field).unwrap_or(usize::MAX);
    facet_views.sort_by_key(place);
    let html = render(&SearchPage {
        shell: Shell::at("search"),
        query,
        fault: fault.as_ref().map(|fault| FaultView::new(query, fault)),
        searched,
        total: outcome.total,
        counts: counts(outcome.counts),
        ways: Ways::new(query, &outcome),
        chart: ChartView::new(query, &outcome.histogram),
        notes: &outcome.notes,
        hits: outcome.hits.iter().map(|hit| HitView::new(&view, hit)).collect(),
        facets: facet_views.into_iter().map(|facet| FacetView::new(&view, query, facet)).collect(),
        first: (searched && !asked.after.is_empty()).then(|| address(query, None)),
        next: outcome.next.as_deref().map(|next| address(query, Some(next))),
        examples: query_examples().map(example).collect(),
        query_chars_max: QUERY_CHARS_MAX,
        name_chars_max: SEARCH_NAME_CHARS_MAX,
        rows_max: ZIP_ROWS_MAX,
    })?;
    Ok(if fault.is_some() {
        (StatusCode::BAD_REQUEST, Extension(Dressed), html).into_response()
    } else {
        html.into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_bracketed_even_past_the_end() {
        let parts = |from, to| {
            let fault = QueryFault { message: String::new(), span: Some(CharSpan::new(from, to)) };
            FaultView::new("起火 AND (", &fault).parts.expect("a place").map(str::to_owned)
        };
        assert_eq!(parts(3, 6), ["起火 ", "AND", " ("]);
        assert_eq!(parts(8, 8), ["起火 AND (", "", ""]);
        assert_eq!(parts(40, 50), ["起火 AND (", "", ""]);
        assert_eq!(QueryFault::at("", "起火 AND (", 3).span, Some(CharSpan::new(3, 6)));
        assert_eq!(QueryFault::at("", "起火 (甲", 3).span, Some(CharSpan::new(3, 4)));
        assert_eq!(QueryFault::at("", "hazard:foo,fire", 7).span, Some(CharSpan::new(7, 10)));
        assert_eq!(QueryFault::at("", "起火", 9).span, Some(CharSpan::new(2, 2)));
    }

    #[test]
    fn a_headline_is_said_once_and_keeps_its_marks() {
        let marked = |segments: &[Segment<'_>]| {
            segments
                .iter()
                .map(|part| if part.class.is_empty() { part.text.into() } else { format!("[{}]", part.text) })
                .collect::<String>()
        };
        let spans = [CharSpan::new(0, 3), CharSpan::new(8, 11)];
        let (title, rest) = title_and_snippet("充电宝冒烟", "充电宝冒烟 昨天充电宝", &spans);
        assert_eq!((marked(&title), marked(&rest)), ("[充电宝]冒烟".into(), "昨天[充电宝]".into()));
        let (title, rest) = title_and_snippet("充电宝", "昨天充电宝", &[CharSpan::new(2, 5)]);
        assert_eq!((marked(&title), marked(&rest)), ("充电宝".into(), "昨天[充电宝]".into()));
    }
}
