//! Every address there is, one entry each. The router, the rights, the OpenAPI document and the authorisation matrix
//! follow from this table.
//!
//! An entry says method, path, who may ask ([`Need`]), who answers, and how large a body may be. [`page`] makes one
//! for people, `api` one for programs, with its `Operation` in the OpenAPI document. What `check` refuses does
//! not compile: an address for programs without an operation, a page with one, an address twice.

use axum::routing::{MethodFilter, MethodRouter, on};

use super::limits::PUSH_BYTES_MAX;
use super::operation::{Answer, Body, HeaderOf, Most, Operation, PLAIN, Parameter, Query, json, object};
use super::parameters::{ListQuery, SearchQuery};
use super::rights::{ACTORS, ALL, INSIDE, Need, SAMPLERS};
use super::state::Shared;
use super::view::{Pushed, SearchOutcome};
use super::{
    PROVIDER_BACK, acts, alert_files, api, assets, downloads, exchange, metrics, pages, papers, push, saved_searches,
    schemas, stream,
};
use Method::{Delete, Get, Post};
use Need::{Nothing, Pusher, Roles};
use alert::Casework;
use alert::forms::CloudEvent;
use collect::Coverage;
use pipeline::ACTS_AT_ONCE_MAX;
use store::SavedSearch;
use vocabulary::DocumentLine;
use vocabulary::Scope::{Act, Metrics, Read, Search};

/// Every address, in the order of the authorisation matrix. Where a path has several methods, `Allow` lists them in
/// this order.
pub(super) static ROUTES: &[Route] = &[
    // pages
    page(Get, "/", Roles(ALL, Read), |m| on(m, pages::alerts::list)),
    page(Get, "/alerts/{id}", Roles(ALL, Read), |m| on(m, pages::alert::show)),
    page(Post, "/alerts/{id}/acts", Roles(ACTORS, Act), |m| on(m, acts::by_form)),
    page(Get, "/alerts/{id}/sheet", Roles(ALL, Read), |m| on(m, alert_files::sheet)),
    page(Get, "/alerts/{id}/notice", Roles(INSIDE, Read), |m| on(m, alert_files::notice)),
    page(Get, "/matters/{id}/paper/{kind}", Roles(ACTORS, Read), |m| on(m, papers::show)),
    page(Get, "/search", Roles(INSIDE, Search), |m| on(m, pages::search::show)),
    page(Get, "/search/export", Roles(INSIDE, Search), |m| on(m, downloads::export)),
    page(Get, "/searches", Roles(INSIDE, Search), |m| on(m, pages::searches::list)),
    page(Post, "/searches", Roles(INSIDE, Search), |m| on(m, saved_searches::save_by_form)),
    page(Post, "/searches/remove", Roles(INSIDE, Search), |m| on(m, saved_searches::remove_by_form)),
    page(Get, "/doubts", Roles(INSIDE, Search), |m| on(m, pages::doubts::list)),
    page(Post, "/doubts", Roles(INSIDE, Act), |m| on(m, pages::doubts::answer)),
    page(Get, "/documents/{id}", Roles(INSIDE, Search), |m| on(m, pages::document::show)),
    page(Get, "/documents/{id}/raw", Roles(INSIDE, Search), |m| on(m, downloads::raw)),
    page(Get, "/sampling", Roles(SAMPLERS, Read), |m| on(m, pages::sampling::list)),
    page(Get, "/subscriptions", Roles(ALL, Read), |m| on(m, pages::subscriptions::list)),
    page(Post, "/subscriptions", Roles(ALL, Act), |m| on(m, pages::subscriptions::add)),
    page(Post, "/subscriptions/remove", Roles(ALL, Act), |m| on(m, pages::subscriptions::remove)),
    page(Get, "/status", Roles(INSIDE, Metrics), |m| on(m, pages::status::show)),
    page(Get, "/sources", Roles(INSIDE, Metrics), |m| on(m, pages::sources::show)),
    page(Get, "/deliveries", Roles(INSIDE, Metrics), |m| on(m, pages::deliveries::list)),
    page(Get, "/signin", Nothing, |m| on(m, pages::signin::show)),
    page(Post, "/signin", Nothing, |m| on(m, pages::signin::sign_in)),
    page(Get, "/signin/provider", Nothing, |m| on(m, pages::provider::depart)),
    page(Get, PROVIDER_BACK, Nothing, |m| on(m, pages::provider::arrive)),
    page(Post, "/signout", Nothing, |m| on(m, pages::signin::sign_out)),
    // for other programs
    api(Get, "/api/v1/alerts", Roles(ALL, Read), |m| on(m, api::alerts), Operation {
        id: "listAlerts",
        about: "The ranked alerts",
        query: &[Query::all::<ListQuery>()],
        answers: &[json::<api::AlertsAnswer>("open ones first, then by rank")],
        errors: &[400],
        ..PLAIN
    }),
    api(Get, "/api/v1/alerts/{id}", Roles(ALL, Read), |m| on(m, api::alert), Operation {
        id: "getAlert",
        about: "One alert with every term, its history, its sampling request and what came back",
        path: Some(ALERT_ID),
        answers: &[json::<api::AlertAnswer>("the alert")],
        ..PLAIN
    }),
    api(Get, "/api/v1/alerts/{id}/cap", Roles(ALL, Read), |m| on(m, api::alert_cap), Operation {
        id: "getAlertCap",
        about: "One alert as a CAP 1.2 message",
        path: Some(ALERT_ID),
        answers: &[Answer::text("application/cap+xml", "the message"), UNCHANGED],
        errors: &[400],
        ..PLAIN
    }),
    api(Post, "/api/v1/alerts/{id}/acts", Roles(ACTORS, Act), |m| on(m, acts::by_json), Operation {
        id: "act",
        about: "Keep what a person did with an alert",
        path: Some(ALERT_ID),
        takes: Some(Body::json::<acts::NewAct>(r#"{"kind": "exclude", "note": "与产品无关"}"#)),
        answers: &[json::<Casework>("how far people have come now").status(201)],
        errors: &[400, 409, 413],
        ..PLAIN
    }),
    api(Get, "/api/v1/events", Roles(ALL, Read), |m| on(m, alert_files::events), Operation {
        id: "listEvents",
        about: "What happened to alerts behind a number",
        query: &[Query::all::<alert_files::EventsQuery>()],
        answers: &[json::<Vec<CloudEvent<'static>>>("a batch of CloudEvents 1.0")
            .kind("application/cloudevents-batch+json")
            .header(HeaderOf::new::<u64>("wanglou-next", "the number to go on behind, shown or not"))],
        errors: &[400],
        ..PLAIN
    }),
    api(Get, "/api/v1/search", Roles(INSIDE, Search), |m| on(m, api::search), Operation {
        id: "search",
        about: "Search the index",
        query: &[Query::all::<SearchQuery>().required(&["q"])],
        answers: &[json::<SearchOutcome>("hits, facets, and where to go on")],
        errors: &[400],
        ..PLAIN
    }),
    api(Get, "/api/v1/search/export", Roles(INSIDE, Search), |m| on(m, downloads::export), Operation {
        id: "exportSearch",
        about: "All that a query finds, as a file with a manifest; refused when there are more rows than fit",
        query: &[
            Query::only::<SearchQuery>(&["q"]).required(&["q"]),
            Query::all::<downloads::ExportQuery>().required(&["format"]),
        ],
        answers: &[Answer::bytes("application/zip", "a ZIP archive of the file and its manifest")],
        errors: &[400, 409],
        ..PLAIN
    }),
    api(Get, "/api/v1/searches", Roles(INSIDE, Search), |m| on(m, saved_searches::list), Operation {
        id: "listSearches",
        about: "All saved searches",
        answers: &[json::<saved_searches::SearchesAnswer>("by name")],
        ..PLAIN
    }),
    api(Post, "/api/v1/searches", Roles(INSIDE, Search), |m| on(m, saved_searches::save_by_json), Operation {
        id: "saveSearch",
        about: "Save a search, and watch for documents that match it",
        takes: Some(Body::json::<saved_searches::NewSearchBody>(
            r#"{"name": "浙江起火", "query": "隐患:起火 地区:浙江", "watched": true, "only_new": true}"#,
        )),
        answers: &[json::<SavedSearch>("the saved search").status(201)],
        errors: &[400, 409, 413],
        ..PLAIN
    }),
    api(Get, "/api/v1/searches/{name}", Roles(INSIDE, Search), |m| on(m, saved_searches::show), Operation {
        id: "getSearch",
        about: "A saved search and what came for it",
        path: Some(NAME),
        answers: &[json::<saved_searches::SearchAnswer>("newest first")],
        ..PLAIN
    }),
    api(Delete, "/api/v1/searches/{name}", Roles(INSIDE, Search), |m| on(m, saved_searches::remove), Operation {
        id: "removeSearch",
        about: "Forget a saved search and what came for it",
        path: Some(NAME),
        answers: &[Answer::empty(204, "forgotten")],
        ..PLAIN
    }),
    api(Get, "/api/v1/sources", Roles(INSIDE, Metrics), |m| on(m, api::sources), Operation {
        id: "listSources",
        about: "How the sources are doing",
        answers: &[json::<api::SourcesAnswer>("in the order of their recipes")],
        ..PLAIN
    }),
    api(Get, "/api/v1/sources/coverage", Roles(INSIDE, Metrics), |m| on(m, api::coverage), Operation {
        id: "getCoverage",
        about: "What the sources cover, by channel group of DB33/T 980, level of administration and province",
        answers: &[json::<Coverage>("names or codes, each with what is counted under it")],
        ..PLAIN
    }),
    api(Get, "/api/v1/exchange", Roles(ALL, Read), |m| on(m, exchange::take_away), Operation {
        id: "takeAway",
        about: "All records that concern whoever asks, as NDJSON files with a manifest: alerts, events, sampling requests, acts, matters, outcomes",
        answers: &[Answer::bytes("application/zip", "a ZIP archive")],
        errors: &[409, 429],
        ..PLAIN
    })
    .large(),
    api(Post, "/api/v1/exchange", Roles(ACTORS, Act), |m| on(m, exchange::hand_in), Operation {
        id: "handIn",
        about: "Keep what people of an organisation did, many acts at once; the same line again changes nothing",
        takes: Some(Body::lines::<exchange::ActLine>(
            Most::Lines(ACTS_AT_ONCE_MAX),
            concat!(
                r#"{"idempotency_key": "case-7", "alert_id": "wl-20240504-water_heater-electric_shock-3fa1c2", "#,
                r#""kind": "note", "note": "已下架"}"#,
                "\n",
            ),
        )),
        answers: &[
            json::<Pushed>("what became of the lines"),
            json::<Pushed>("no line was taken in").status(422),
        ],
        errors: &[400, 413],
        ..PLAIN
    })
    .large(),
    api(Post, "/api/v1/documents", Pusher, |m| on(m, push::documents), Operation {
        id: "pushDocuments",
        about: "Hand documents in, at most 100,000 lines at once; the same again changes nothing",
        query: &[Query::all::<push::PushQuery>()],
        takes: Some(Body::lines::<DocumentLine>(
            Most::Bytes(PUSH_BYTES_MAX),
            concat!(
                r#"{"id": "h-1", "text": "充电宝充电时起火", "published_at": "2024-07-01", "channel": "complaint"}"#,
                "\n",
            ),
        )),
        answers: &[
            json::<Pushed>("what became of the lines"),
            json::<Pushed>("no line was a document").status(422),
        ],
        errors: &[400, 413],
        ..PLAIN
    })
    .large(),
    api(Get, "/api/v1/openapi.json", Nothing, |m| on(m, schemas::openapi), Operation {
        id: "openapi",
        about: "This document",
        answers: &[Answer::of("application/json", "OpenAPI 3.1", object)],
        ..PLAIN
    }),
    api(Get, "/api/v1/schemas", Nothing, |m| on(m, schemas::list), Operation {
        id: "listSchemas",
        about: "The records that programs exchange",
        answers: &[json::<schemas::SchemasAnswer>("by name")],
        ..PLAIN
    }),
    api(Get, "/api/v1/schemas/{name}", Nothing, |m| on(m, schemas::show), Operation {
        id: "getSchema",
        about: "The JSON Schema of a record",
        path: Some(NAME),
        answers: &[Answer::of("application/schema+json", "JSON Schema 2020-12", object)],
        ..PLAIN
    }),
    api(Get, "/feeds/alerts.json", Roles(ALL, Read), |m| on(m, api::feed_json), Operation {
        id: "feedJson",
        about: "Open alerts as JSON Feed 1.1, page by page",
        query: &[Query::all::<api::FeedQuery>()],
        answers: &[Answer::of("application/json", "the feed", object), UNCHANGED],
        errors: &[400],
        ..PLAIN
    }),
    api(Get, "/feeds/alerts.atom", Roles(ALL, Read), |m| on(m, api::feed_atom), Operation {
        id: "feedAtom",
        about: "Open alerts as Atom, page by page (RFC 5005)",
        query: &[Query::all::<api::FeedQuery>()],
        answers: &[Answer::text("application/atom+xml", "the feed"), UNCHANGED],
        errors: &[400],
        ..PLAIN
    }),
    api(Get, "/feeds/alerts.cap", Roles(ALL, Read), |m| on(m, api::feed_cap), Operation {
        id: "feedCap",
        about: "Open alerts as one CAP 1.2 message",
        answers: &[Answer::text("application/cap+xml", "the message"), UNCHANGED],
        ..PLAIN
    }),
    api(Get, "/feeds/alerts.csv", Roles(ALL, Read), |m| on(m, alert_files::csv), Operation {
        id: "feedCsv",
        about: "All alerts as a table",
        answers: &[Answer::text("text/csv", "RFC 4180, UTF-8 with a byte order mark")],
        ..PLAIN
    }),
    api(Get, "/feeds/alerts/stream", Roles(ALL, Read), |m| on(m, stream::alerts), Operation {
        id: "streamAlerts",
        about: "What happens to alerts, as it happens",
        query: &[Query::all::<stream::StreamQuery>()],
        headers: &[HeaderOf::new::<u64>("Last-Event-ID", "number of the last event seen")],
        answers: &[Answer::text(
            "text/event-stream",
            "events `opened`, `raised`, `lowered`, `closed`, each with its number as id and an AlertEvent as data",
        )],
        errors: &[400],
        ..PLAIN
    }),
    // for operators
    api(Get, "/healthz", Nothing, |m| on(m, api::health), Operation {
        id: "health",
        about: "Whether the service works",
        answers: &[Answer::text("text/plain", "in order")],
        ..PLAIN
    }),
    api(Get, "/readyz", Nothing, |m| on(m, api::ready), Operation {
        id: "ready",
        about: "Whether it should be sent visitors: documents are read and judged, and there is room",
        answers: &[Answer::text("text/plain", "in order; tasks that do not get on, a line each")],
        ..PLAIN
    }),
    api(Get, "/metrics", Roles(INSIDE, Metrics), |m| on(m, metrics::show), Operation {
        id: "metrics",
        about: "Numbers for Prometheus",
        answers: &[Answer::text("text/plain", "in order")],
        ..PLAIN
    }),
    // what pages need
    page(Get, "/static/style.css", Nothing, |m| on(m, assets::style)),
    page(Get, "/static/logo.svg", Nothing, |m| on(m, assets::logo)),
];

const ALERT_ID: Parameter = Parameter {
    name: "id",
    about: "an alert's id, as in the list",
    example: Some("wl-20250515-lighting_electric-electric_shock-1fde28"),
};
const NAME: Parameter = Parameter { name: "name", about: "its name", example: None };
const UNCHANGED: Answer = Answer::empty(
    304,
    "unchanged since the ETag given in If-None-Match, or where none is given since the date in If-Modified-Since",
);

/// One address.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) method: Method,
    /// The pattern, as the router takes it.
    pub(super) path: &'static str,
    /// Who may ask.
    pub(super) need: Need,
    /// Largest body.
    pub(super) body: BodyLimit,
    /// What the OpenAPI document says of it; none for pages.
    pub(super) operation: Option<Operation>,
    handler: fn(MethodFilter) -> MethodRouter<Shared>,
}

/// A method by which addresses are asked. What answers GET answers HEAD, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Delete,
}

/// How large the body of a request may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyLimit {
    /// [`BODY_BYTES_MAX`](super::limits::BODY_BYTES_MAX): forms, single records, nothing.
    Normal,
    /// [`PUSH_BYTES_MAX`]: many records at once.
    Large,
}

impl Method {
    /// As in a request.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Get => "GET",
            Post => "POST",
            Delete => "DELETE",
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Get => MethodFilter::GET,
            Post => MethodFilter::POST,
            Delete => MethodFilter::DELETE,
        }
    }
}

impl Route {
    /// The handler under its method, for the router.
    pub(super) fn served(&self) -> MethodRouter<Shared> {
        (self.handler)(self.method.filter())
    }

    /// The same, with bodies up to [`PUSH_BYTES_MAX`].
    const fn large(self) -> Self {
        Self { body: BodyLimit::Large, ..self }
    }
}

/// An address for people.
const fn page(
    method: Method,
    path: &'static str,
    need: Need,
    handler: fn(MethodFilter) -> MethodRouter<Shared>,
) -> Route {
    Route { method, path, need, body: BodyLimit::Normal, operation: None, handler }
}

/// An address for programs.
const fn api(
    method: Method,
    path: &'static str,
    need: Need,
    handler: fn(MethodFilter) -> MethodRouter<Shared>,
    operation: Operation,
) -> Route {
    Route { method, path, need, body: BodyLimit::Normal, operation: Some(operation), handler }
}

const _: () = check(ROUTES);

/// Refuses a table with a gap.
const fn check(routes: &[Route]) {
    let mut at = 0;
    while at < routes.len() {
        let Route { method, path, operation, .. } = routes[at];
        assert!(
            is_for_programs(path) == operation.is_some(),
            "addresses for programs have an operation, pages have none"
        );
        if let Some(operation) = operation {
            assert!(has_parameter(path) == operation.path.is_some(), "the part of a path in braces is a parameter");
            assert!(!operation.answers.is_empty(), "an operation answers");
        }
        let mut other = 0;
        while other < at {
            let same = method as u8 == routes[other].method as u8 && equal(path, routes[other].path);
            assert!(!same, "an address is there twice");
            other += 1;
        }
        at += 1;
    }
}

const fn is_for_programs(path: &str) -> bool {
    begins(path, "/api/")
        || begins(path, "/feeds/")
        || equal(path, "/healthz")
        || equal(path, "/readyz")
        || equal(path, "/metrics")
}

const fn has_parameter(path: &str) -> bool {
    let (path, mut at) = (path.as_bytes(), 0);
    while at < path.len() {
        if path[at] == b'{' {
            return true;
        }
        at += 1;
    }
    false
}

const fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && begins(a, b)
}

const fn begins(text: &str, start: &str) -> bool {
    let (text, start) = (text.as_bytes(), start.as_bytes());
    let mut at = 0;
    while at < start.len() {
        if at >= text.len() || text[at] != start[at] {
            return false;
        }
        at += 1;
    }
    true
}
