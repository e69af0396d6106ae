//! `/metrics`: what the service does, in the text format of Prometheus. Labels are sources, consumers and classes of answers; never an
//! address, a host or a product.
//!
//! Written by hand: most values are read from the store at each request, and prometheus-client (0.25) writes OpenMetrics only, where the
//! family of a counter is named without `_total` and the page has an end mark: scrapers that know these names would see others.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::problem::Problem;
use super::state::Shared;
use super::view::{SourceHealth, Status, View};
use store::EndpointHealth;

/// Upper bounds of the buckets of answer times, in milliseconds.
const BUCKETS_MS: [u64; 8] = [1, 5, 20, 50, 100, 500, 2_000, 15_000];
/// Classes of answers: 1xx to 5xx.
const CLASSES: usize = 5;

static ANSWERS: [AtomicU64; CLASSES] = [const { AtomicU64::new(0) }; CLASSES];
static TIMES: [AtomicU64; BUCKETS_MS.len() + 1] = [const { AtomicU64::new(0) }; BUCKETS_MS.len() + 1];
static MICROSECONDS: AtomicU64 = AtomicU64::new(0);

/// Counts one answer.
pub(super) fn answered(status: u16, took: Duration) {
    let class = usize::from(status / 100).clamp(1, CLASSES) - 1;
    ANSWERS[class].fetch_add(1, Ordering::Relaxed);
    let bucket = BUCKETS_MS.iter().position(|bound| took <= Duration::from_millis(*bound)).unwrap_or(BUCKETS_MS.len());
    TIMES[bucket].fetch_add(1, Ordering::Relaxed);
    MICROSECONDS.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// `/metrics`.
pub(super) async fn show(State(shared): State<Shared>, view: View) -> Result<Response, Problem> {
    let status = view.status().await?;
    let page = text(&status, shared.streams.taken()) + &deliveries(&view.deliveries().await?);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response())
}

/// A label's value, escaped as the format asks.
fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn text(status: &Status, streams: usize) -> String {
    let mut page = String::new();
    let mut family = |name: &str, kind: &str, help: &str, rows: &[(String, f64)]| {
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in rows {
            let _ = writeln!(page, "{name}{labels} {value}");
        }
    };
    let one = |value: u64| vec![(String::new(), value as f64)];
    family("wanglou_documents", "gauge", "Documents in the index.", &one(status.documents));
    family("wanglou_signals", "gauge", "Signals read.", &one(status.signals));
    let alerts = [("open", status.alerts_open), ("closed", status.alerts_closed)];
    let alerts = alerts.map(|(state, count)| (format!("{{state=\"{state}\"}}"), count as f64));
    family("wanglou_alerts", "gauge", "Alerts by state.", &alerts);
    family("wanglou_sampling_requests", "gauge", "Sampling requests made.", &one(status.sampling_requests));
    family("wanglou_log_end", "gauge", "Last position of the log.", &one(status.log_end.0));
    let behind: Vec<(String, f64)> = (status.cursors.iter())
        .map(|cursor| {
            let behind = status.log_end.0.saturating_sub(cursor.position.0);
            (format!("{{consumer=\"{}\"}}", label(&cursor.consumer)), behind as f64)
        })
        .collect();
    family("wanglou_consumer_behind", "gauge", "Positions of the log that a consumer has not published.", &behind);
    let items: Vec<(String, f64)> = (status.sources.iter())
        .flat_map(|source| {
            let parts = [
                ("kept", source.intake.kept),
                ("duplicate", source.intake.duplicate),
                ("unchanged", source.intake.unchanged),
                ("rejected", source.intake.rejected),
            ];
            let name = label(source.source.as_str());
            parts.map(|(became, count)| (format!("{{source=\"{name}\",became=\"{became}\"}}"), count as f64))
        })
        .collect();
    family("wanglou_items_total", "counter", "Items met, by source and what became of them (COUNT-1).", &items);
    let of_sources = |value: &dyn Fn(&SourceHealth) -> Option<f64>| -> Vec<(String, f64)> {
        let rows = status.health.iter().filter(|source| source.enabled);
        rows.filter_map(|source| Some((format!("{{source=\"{}\"}}", label(source.source.as_str())), value(source)?)))
            .collect()
    };
    let seconds = |moment: Option<Timestamp>| moment.map(|moment| moment.as_second() as f64);
    let (name, help) = ("wanglou_source_last_success_seconds", "Moment of the last round that read a page.");
    family(name, "gauge", help, &of_sources(&|source| seconds(source.last_success_at)));
    let (name, help) = ("wanglou_source_last_news_seconds", "Moment of the last round that kept a document.");
    family(name, "gauge", help, &of_sources(&|source| seconds(source.last_news_at)));
    let help = "Things about a source that somebody should look at.";
    family("wanglou_source_troubles", "gauge", help, &of_sources(&|source| Some(source.troubles.len() as f64)));
    let troubled: Vec<(String, f64)> = (status.troubles.iter())
        .map(|trouble| (format!("{{task=\"{}\"}}", trouble.task), f64::from(trouble.failures)))
        .collect();
    let help = "Failed passes in a row of tasks that do not get on; a task without a line does.";
    family("wanglou_task_failures", "gauge", help, &troubled);
    let help = "Whether an operator paused the source.";
    family(
        "wanglou_source_paused",
        "gauge",
        help,
        &of_sources(&|source| Some(f64::from(u8::from(source.paused_at.is_some())))),
    );
    let answers: Vec<(String, f64)> = (ANSWERS.iter().enumerate())
        .map(|(class, count)| (format!("{{class=\"{}xx\"}}", class + 1), count.load(Ordering::Relaxed) as f64))
        .collect();
    family("wanglou_http_answers_total", "counter", "Answers by class of status.", &answers);
    family("wanglou_alert_streams", "gauge", "Alert streams open.", &one(streams as u64));
    times(&mut page);
    page
}

/// Deliveries to endpoints, by their state.
fn deliveries(endpoints: &[EndpointHealth]) -> String {
    let name = "wanglou_deliveries";
    let mut page = format!("# HELP {name} Events for endpoints, by what became of them.\n# TYPE {name} gauge\n");
    for found in endpoints {
        let endpoint = label(&found.row.endpoint.name);
        for (state, count) in [("waiting", found.waiting), ("delivered", found.delivered), ("dead", found.dead)] {
            let _ = writeln!(page, "{name}{{endpoint=\"{endpoint}\",state=\"{state}\"}} {count}");
        }
    }
    let name = "wanglou_endpoint_failing";
    let _ = writeln!(
        page,
        "# HELP {name} Whether the last try failed, or the receiver wants no more.\n# TYPE {name} gauge"
    );
    for found in endpoints {
        let troubled = found.row.stopped.is_some() || found.last.as_ref().is_some_and(|last| last.trouble.is_some());
        let _ = writeln!(page, "{name}{{endpoint=\"{}\"}} {}", label(&found.row.endpoint.name), u8::from(troubled));
    }
    page
}

/// The histogram of answer times.
fn times(page: &mut String) {
    let name = "wanglou_http_answer_seconds";
    let _ = writeln!(page, "# HELP {name} Time to an answer.\n# TYPE {name} histogram");
    let mut sum = 0;
    for (bucket, count) in TIMES.iter().enumerate() {
        sum += count.load(Ordering::Relaxed);
        let bound = BUCKETS_MS.get(bucket).map_or_else(|| "+Inf".to_owned(), |ms| (*ms as f64 / 1_000.0).to_string());
        let _ = writeln!(page, "{name}_bucket{{le=\"{bound}\"}} {sum}");
    }
    let seconds = MICROSECONDS.load(Ordering::Relaxed) as f64 / 1e6;
    let _ = writeln!(page, "{name}_sum {seconds}\n{name}_count {sum}");
}
