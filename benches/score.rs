//! What a day of judging costs with a hundred thousand series to look at, and what a fine scan of space and time costs. Every bench
//! first checks the answer it times. Run: `cargo bench --bench score`.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use polars::prelude::{Column, DataFrame};
use wanglou::methods::scan::{Limits, Places, Zones};
use wanglou::methods::spacetime_scan::{Model, Prospective, most_likely};
use wanglou::numeric::draw::Draw;
use wanglou::pipeline::read_criteria;
use wanglou::score::{Events, Feedback, Scorer, Volume};
use wanglou::vocabulary::{
    Category, Channel, DocumentId, Fingerprint, Hazard, ItemNames, LexiconVersion, PROVINCES, Position, ProductFrom,
    SignalRecord, SourceId, Stance, start_of_day,
};

const FIRST: Date = date(2023, 1, 2);
const DAYS: i32 = 800;
/// Brands of a category; with 31 provinces and the whole: 48 × 24 × (1 + 56 + 31) = 101,376 series.
const BRANDS: usize = 56;
/// Provinces of the mainland: those before Taiwan in the table.
const MAINLAND: usize = 31;
/// Events in all: on average three in each series of a brand.
const EVENTS: usize = 200_000;

fn day(number: i32) -> Date {
    FIRST.saturating_add(number.days())
}

/// Events of all categories, hazards, brands and provinces over 800 days, and a rise of forty in one cell.
fn records() -> Vec<SignalRecord> {
    let mut draw = Draw::at(11, 0);
    let starts: Vec<_> = (0..DAYS).map(|number| start_of_day(day(number))).collect();
    (0..EVENTS)
        .map(|number| {
            let rise = number < 40;
            let at = if rise { DAYS as usize - 1 - draw.below(14) } else { draw.below(DAYS as usize) };
            let (category, hazard) = if rise {
                (Category::Ebike, Hazard::Fire)
            } else {
                (Category::ALL[draw.below(48)], Hazard::ALL[draw.below(24)])
            };
            SignalRecord {
                position: Position(0),
                document_id: DocumentId::new(number.to_string()),
                source: SourceId::from("bench"),
                channel: Channel::Complaint,
                url: None,
                event_at: starts[at],
                seen_at: starts[at],
                undated: false,
                product: category,
                product_text: None,
                hazard,
                hazard_text: String::new(),
                stance: Stance::Asserted,
                severity: 0,
                product_from: ProductFrom::Text,
                brand: Some(format!("{}{}", category.code(), draw.below(BRANDS))),
                item: ItemNames::default(),
                region: Some(PROVINCES[draw.below(MAINLAND)].region()),
                actor: number.to_string(),
                confidence: 0.5,
                vulnerable: false,
                rules: Vec::new(),
                fingerprint: Fingerprint::of_lanes(std::array::from_fn(|_| {
                    u32::try_from(draw.below(1 << 32)).unwrap_or(0)
                })),
                excerpt: String::new(),
                spans: Vec::new(),
                lexicon: LexiconVersion::from("bench"),
            }
        })
        .collect()
}

/// One row per series and day with events: number of the series, day, events.
fn frame(records: &[SignalRecord]) -> DataFrame {
    let (mut series, mut days) = (Vec::new(), Vec::new());
    for record in records {
        let cell = record.product as u32 * 24 + record.hazard as u32;
        let brand: u32 = record
            .brand
            .as_deref()
            .map_or(0, |brand| brand.trim_start_matches(record.product.code()).parse().unwrap_or(0));
        let province = record.region.map_or(0, |region| region.number() / 10_000);
        let number = (record.event_at.as_second() - start_of_day(FIRST).as_second()) / 86_400;
        for part in [0, 1 + brand, 100 + province] {
            series.push(cell * 200 + part);
            days.push(i32::try_from(number).unwrap_or(0));
        }
    }
    let ones = vec![1_u32; days.len()];
    let columns =
        vec![Column::new("series".into(), series), Column::new("day".into(), days), Column::new("events".into(), ones)];
    DataFrame::new(columns[0].len(), columns).expect("columns of one length")
}

/// EARS C1 over a polars frame: per series mean and deviation of the seven days before the last, from sums of events and of
/// their squares; series above mean + 3.09 deviations (at least 0.5).
#[expect(deprecated, reason = "eager aggregation, as in the crate itself")]
fn c1(frame: &DataFrame) -> usize {
    let daily = frame.group_by(["series", "day"]).and_then(|groups| groups.select(["events"]).sum()).expect("summed");
    let (series, days) = (daily.column("series").expect("there"), daily.column("day").expect("there"));
    let (series, days) = (series.u32().expect("numbers"), days.i32().expect("numbers"));
    let events = daily.column("events_sum").expect("there").u32().expect("numbers");
    let last = DAYS - 1;
    let mut sums = vec![(0.0, 0.0, 0.0); 48 * 24 * 200];
    for ((series, day), events) in
        series.into_no_null_iter().zip(days.into_no_null_iter()).zip(events.into_no_null_iter())
    {
        let (sum, square, now) = &mut sums[series as usize];
        let events = f64::from(events);
        if day == last {
            *now = events;
        } else if day >= last - 7 {
            *sum += events;
            *square += events * events;
        }
    }
    let above = sums.iter().filter(|(sum, square, now)| {
        let mean = sum / 7.0;
        let deviation = ((square - 7.0 * mean * mean).max(0.0) / 6.0).sqrt().max(0.5);
        *now > mean + 3.09 * deviation
    });
    above.count()
}

fn score(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("score");
    group.sample_size(10);

    let judge = read_criteria(None).expect("the shipped criteria load");
    let scorer = Scorer::new(judge.criteria().clone());
    let records = records();
    let volume: Volume = (0..DAYS).map(|number| (day(number), 20_000)).collect();
    let events = Events::build(&records, scorer.criteria());
    let pass = || scorer.assess(&events, &volume, &Feedback::none(), day(DAYS - 1));
    let found = pass();
    let raised = |one: &&wanglou::vocabulary::Assessment| (one.category, one.hazard) == (Category::Ebike, Hazard::Fire);
    assert!(found.len() >= 48 * 24, "every cell is judged: {}", found.len());
    assert!(found.iter().filter(raised).any(|one| one.detector.h >= one.detector.h_threshold), "the rise is found");
    group.throughput(Throughput::Elements(48 * 24 * (1 + BRANDS as u64 + 31)));
    group.bench_function("one day, 101,376 series of 800 days", |bench| bench.iter(|| black_box(pass()).len()));
    let frame = frame(&records);
    assert!(c1(&frame) > 0);
    group.bench_function("the same, EARS C1 over a polars frame", |bench| bench.iter(|| c1(black_box(&frame))));
    group.throughput(Throughput::Elements(EVENTS as u64));
    group.bench_function("events from signals", |bench| {
        bench.iter_batched(|| (), |()| Events::build(&records, scorer.criteria()), BatchSize::PerIteration);
    });

    // 340 prefectures as points of a country, eight weeks; a tenth more than expected in one corner.
    let mut draw = Draw::at(12, 0);
    let points: Vec<(f64, f64)> = (0..340).map(|_| (98.0 + 26.0 * draw.unit(), 20.0 + 25.0 * draw.unit())).collect();
    let places = Places::sphere(&points, 6_371.0);
    let population: Vec<f64> = (0..340).map(|_| 0.5 + 4.0 * draw.unit()).collect();
    let limits = Limits { exposure: &population, share: 0.5, distance: f64::INFINITY, together: false };
    let zones = Zones::circles(&places, &limits);
    let baseline: Vec<f64> = population.iter().flat_map(|people| std::iter::repeat_n(people * 0.05, 8)).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers")]
    let mut counts: Vec<u64> = baseline.iter().map(|mean| draw.poisson(*mean) as u64).collect();
    for period in 5..8 {
        counts[17 * 8 + period] += 6;
    }
    let model = Model::ExpectationBased { baseline: &baseline };
    let scan = || {
        let scan = Prospective::new(&zones, 8, 8, &counts, &model);
        let best = most_likely(&scan.scores(&counts)).map_or(0.0, |found| found.statistic);
        let maxima = scan.maxima(999, 5);
        (best, (1 + maxima.iter().filter(|maximum| **maximum >= best).count()) as f64 / 1_000.0)
    };
    let (best, p) = scan();
    assert!(best > 5.0 && p <= 0.01, "the cluster is found: {best} {p}");
    group.throughput(Throughput::Elements(999));
    group
        .bench_function("space-time scan, 340 places, 8 weeks, 999 replicas", |bench| bench.iter(|| black_box(scan())));
    group.finish();
}

criterion_group!(benches, score);
criterion_main!(benches);
