//! How long it takes until what happened is queued for everybody who wants to know: 10,000 events of alerts, 200 endpoints.
//!
//! `cargo bench --bench tell`. Endpoints subscribe to a category each, some also to a province or from a danger on; as a worst case
//! a second run has 200 endpoints of which every tenth wants everything. Shown are events matched, messages queued, and seconds from the
//! commit of the events to the commit of the last message.
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]
#![expect(clippy::print_stdout, reason = "a bench reports")]

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use jiff::civil::date;

use wanglou::deliver::Courier;
use wanglou::store::Store;
use wanglou::vocabulary::{
    AlertEvent, AlertEventKind, Category, Counts, Danger, Disposal, Endpoint, EndpointKind, Explanation, Hazard,
    RegionCode, Spread, Subscription,
};

/// The program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EVENTS: usize = 10_000;
const ENDPOINTS: usize = 200;
const ROUNDS: usize = 3;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    for (what, everything) in [("each wants a category", 0), ("every tenth wants everything", 10)] {
        for _ in 0..ROUNDS {
            round(what, everything).await?;
        }
    }
    Ok(())
}

async fn round(what: &str, everything: usize) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let store = Store::open(&dir.path().join("wanglou.sqlite")).await?;
    let courier = Courier::new(store.clone(), "http://wanglou", None, Arc::new(|code: RegionCode| code.to_string()))?;
    let now = Timestamp::now();
    for number in 0..ENDPOINTS {
        courier.add(&endpoint(number, everything)?, None, "bench", now).await?;
    }
    let mut tx = store.begin().await?;
    for number in 0..EVENTS {
        let event = event(number)?;
        Store::bare_alert(&mut tx, &event.alert_id).await?;
        Store::add_alert_event(&mut tx, &event, now).await?;
    }
    tx.commit().await?;
    let begun = Instant::now();
    let queued = courier.queue(now).await?;
    let took = begun.elapsed().as_secs_f64();
    println!("{EVENTS} events x {ENDPOINTS} endpoints, {what}: {queued} messages queued in {took:.2} s");
    store.close().await;
    Ok(())
}

fn endpoint(number: usize, everything: usize) -> Result<Endpoint> {
    let mut subscription =
        Subscription { digest_hour: number.is_multiple_of(4).then_some(8), ..Subscription::default() };
    if everything == 0 || !number.is_multiple_of(everything) {
        subscription.categories = [Category::ALL[number % Category::ALL.len()]].into();
        if number.is_multiple_of(3) {
            subscription.regions = [place(number)?].into();
        }
        subscription.danger = number.is_multiple_of(5).then_some(Danger::High);
    }
    Ok(Endpoint {
        name: format!("e{number}"),
        party: None,
        kind: EndpointKind::Dingtalk,
        url: format!("https://example.org/{number}"),
        secret: None,
        allow_loopback: false,
        subscription,
    })
}

fn place(number: usize) -> Result<RegionCode> {
    const PROVINCES: [&str; 10] =
        ["110000", "120000", "310000", "320000", "330000", "370000", "420000", "440000", "500000", "510000"];
    Ok(PROVINCES[number % PROVINCES.len()].parse()?)
}

fn event(number: usize) -> Result<AlertEvent> {
    Ok(AlertEvent {
        alert_id: format!("wl-{number}").as_str().into(),
        as_of: date(2024, 7, 11),
        event: AlertEventKind::Opened,
        category: Category::ALL[number % Category::ALL.len()],
        hazard: Hazard::ALL[number % Hazard::ALL.len()],
        brand: None,
        region: number.is_multiple_of(2).then(|| place(number / 2)).transpose()?,
        danger: Danger::ALL[number % Danger::ALL.len()],
        spread: Spread::Industry,
        disposal: Disposal::Notify,
        rank_score: 8.5,
        counts: Counts::default(),
        evidence: Vec::new(),
        evidence_total: 0,
        explanation: Explanation::prose("近7天有22起独立事件，此前平均每周3.1起。"),
        rules: Vec::new(),
        merged_into: None,
        before: None,
        criteria: "c".into(),
        lexicon: "l".into(),
    })
}
