//! What the fake desk finds: hits, saved searches, the trail of a document.

use jiff::civil::Date;

use super::super::desk::{Change, Cited, Facet, FacetValue, Revision, SearchHit, SearchOutcome, Trail};
use super::{SCRIPT, TURNED, power_banks, region};
use crate::index::{Bar, Histogram, Unit};
use crate::store::{CameFor, SavedSearch};
use crate::vocabulary::{Category, Channel, CharSpan, Counts, DocumentId, Hazard, Position, SourceId, parse_moment};

fn day_of(text: &str) -> Date {
    text.parse().expect("a day")
}

pub(super) fn saved(name: &str, watched: bool) -> SavedSearch {
    SavedSearch {
        name: name.to_owned(),
        query: "隐患:起火 地区:浙江".to_owned(),
        made_at: parse_moment("2024-07-01T08:00:00+08:00").expect("a moment"),
        watched,
        only_new: watched,
        throttle_minutes: 60,
        told_at: None,
        came: if watched { 2 } else { 0 },
        untold: u64::from(watched),
    }
}

pub(super) fn outcome(query: &str, limit: usize) -> SearchOutcome {
    if query.contains("查无") {
        return SearchOutcome::default();
    }
    let hit = |id: &str, title: Option<&str>, snippet: &str, spans: &[[usize; 2]]| SearchHit {
        id: DocumentId::from(id),
        score: 12.25,
        title: title.map(str::to_owned),
        snippet: snippet.to_owned(),
        spans: spans.iter().map(|[from, to]| CharSpan::new(*from, *to)).collect(),
        published_at: Some(parse_moment("2024-07-09T21:14:00+08:00").expect("a moment")),
        source: SourceId::from("sim.complaints"),
        channel: Channel::Complaint,
        categories: vec![Category::BatteryCharger],
        hazards: vec![Hazard::Fire, Hazard::Burn],
        brand: Some("磐能".to_owned()),
        region: Some(region(330_100)),
        url: Some("http://complaints.example/case/0711".to_owned()),
        severity: Some(2),
        story: 70,
        reprints: u64::from(title.is_some()),
    };
    let hits = vec![
        hit(
            "sim.complaints/2024/0711",
            Some("磐能充电宝半夜起火"),
            "…晚上给孩子的平板充电，充电宝放在床头柜上突然起火，床单烧了一大片…",
            &[[12, 15], [23, 25]],
        ),
        hit("import/77", None, "用了不到一个月，移动电源就鼓包了，不敢再用。", &[[13, 15]]),
        hit("sim.media/<b>", Some(SCRIPT), &format!("{SCRIPT}{TURNED}"), &[[1, 7]]),
    ];
    let value =
        |value: &str, count, narrow: &str| FacetValue { value: value.to_owned(), count, narrow: narrow.to_owned() };
    let facets = vec![
        Facet {
            field: "category".to_owned(),
            values: vec![
                value("battery_charger", 118, "category:battery_charger"),
                value("phone", 9, "category:phone"),
                value("toy", 3, "category:toy"),
            ],
        },
        Facet {
            field: "hazard".to_owned(),
            values: vec![value("fire", 101, "hazard:fire"), value("burn", 22, "hazard:burn")],
        },
        Facet {
            field: "region".to_owned(),
            values: vec![value("330000", 44, "region:330000"), value("440000", 17, "region:440000")],
        },
        Facet { field: "brand".to_owned(), values: vec![value(SCRIPT, 2, "brand:\"<script>\"")] },
    ];
    SearchOutcome {
        total: 130,
        hits: hits.into_iter().take(limit).collect(),
        facets,
        next: Some("page-2".to_owned()),
        notes: vec![format!("“充电宝”连同：移动电源{SCRIPT}")],
        counts: Counts { reports: 130, texts: 101, actors: 88, places: 12 },
        histogram: Histogram {
            unit: Unit::Month,
            bars: vec![
                Bar { from: day_of("2024-05-01"), to: day_of("2024-05-31"), count: 4 },
                Bar { from: day_of("2024-06-01"), to: day_of("2024-06-30"), count: 0 },
                Bar { from: day_of("2024-07-01"), to: day_of("2024-07-31"), count: 120 },
            ],
            earlier: 6,
        },
        ..SearchOutcome::default()
    }
}

/// What came for a saved search.
pub(super) fn came() -> Vec<CameFor> {
    let came = |seq, document: &str, title: &str| CameFor {
        seq,
        position: Position(77),
        document: DocumentId::from(document),
        story: 70,
        title: title.to_owned(),
        seen_at: Some(parse_moment("2024-07-09T21:14:00+08:00").expect("a moment")),
    };
    vec![came(2, "sim.complaints/2024/0711", "磐能充电宝半夜起火"), came(1, "sim.media/<b>", SCRIPT)]
}

/// What is known of the complaint beside its text.
pub(super) fn trail() -> Trail {
    let revision = |position, seen: &str, changes: &[(bool, &str)]| Revision {
        position: Position(position),
        seen_at: parse_moment(seen).ok(),
        changes: changes.iter().map(|(new, words)| Change { new: *new, words: (*words).to_owned() }).collect(),
    };
    let alert = power_banks();
    Trail {
        revisions: vec![
            revision(90, "2024-07-10T09:00:00+08:00", &[(false, "商家称会处理。"), (true, SCRIPT)]),
            revision(77, "2024-07-09T21:20:00+08:00", &[]),
        ],
        revisions_total: 2,
        cited_by: vec![Cited {
            id: alert.id,
            category: alert.assessment.category,
            hazard: alert.assessment.hazard,
            state: alert.state,
        }],
        story: Some(70),
        reprints: 3,
    }
}
