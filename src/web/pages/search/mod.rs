//! Search: a box, what it found over time and in numbers, ways to narrow it, to keep it and to take it away.

mod chart;
mod narrow;

use askama::Template;
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::super::display::{self, NONE};
use super::super::limits::QUERY_CHARS_MAX;
use super::super::parameters::SearchQuery;
use super::super::problem::{Dressed, Problem};
use super::super::shell::Shell;
use super::super::state::Shared;
use super::super::text::{self, Segment};
use super::super::view::{Facet, QueryExample, QueryFault, SearchHit, SearchOutcome, View, ViewError, query_examples};
use super::{CountView, counts, render};
use chart::ChartView;
use index::Sort;
use narrow::{FacetView, with_wish};
use pipeline::ExportFormat;
use store::SEARCH_NAME_CHARS_MAX;
use vocabulary::{Category, CharSpan, Hazard};

/// Hits on one page.
const HITS_SHOWN: usize = 20;
/// Categories, and hazards, named under one hit.
const LABELS_SHOWN: usize = 3;
/// The order of facets on the page; others follow.
const FACETS_FIRST: [&str; 5] = ["hazard", "category", "brand", "region", "channel"];

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
            published: hit.published_at.map_or_else(|| NONE.to_owned(), display::published),
            products: listed(hit.categories.iter().copied().map(Category::zh)),
            hazards: listed(hit.hazards.iter().copied().map(Hazard::zh)),
            region: hit.region.map(|code| view.region_name(code)),
            link: text::link(hit.url.as_deref()),
            severity: hit.severity.filter(|severity| *severity > 0).map(display::severity),
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

/// Links above the results: other orders, reprints shown or not, exports.
struct ResultLinks {
    orders: Vec<Choice>,
    reprints: [Choice; 2],
    /// Name and address of each format.
    exports: Vec<(&'static str, String)>,
}

impl ResultLinks {
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
    ways: ResultLinks,
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

pub(crate) async fn show(
    State(shared): State<Shared>,
    view: View,
    query: Result<Query<SearchQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let asked = query?.0;
    let query = asked.text();
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
        ways: ResultLinks::new(query, &outcome),
        chart: ChartView::new(query, &outcome.histogram),
        notes: &outcome.notes,
        hits: outcome.hits.iter().map(|hit| HitView::new(&view, hit)).collect(),
        facets: facet_views.into_iter().map(|facet| FacetView::new(&view, query, facet)).collect(),
        first: (searched && !asked.is_first_page()).then(|| address(query, None)),
        next: outcome.next.as_deref().map(|next| address(query, Some(next))),
        examples: query_examples().map(example).collect(),
        query_chars_max: QUERY_CHARS_MAX,
        name_chars_max: SEARCH_NAME_CHARS_MAX,
        rows_max: shared.export_rows_max,
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
