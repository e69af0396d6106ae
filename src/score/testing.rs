//! Reports for tests: say only what the case is about.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use tell::{self, Language};
use vocabulary::{
    Assessment, Category, Channel, DocumentId, Fingerprint, Hazard, ItemNames, LexiconVersion, Position, ProductFrom,
    SignalRecord, SourceId, Stance, start_of_day,
};

/// The explanation of an assessment in Chinese.
pub(super) fn said(assessment: &Assessment) -> String {
    tell::paragraph(&assessment.explanation, Language::Chinese)
}

/// A Monday.
pub(super) const FIRST: Date = date(2023, 1, 2);

pub(super) fn days_after(days: i32) -> Date {
    FIRST.saturating_add(days.days())
}

/// One signal on the given day after [`FIRST`]. Every report has its own text unless told otherwise.
#[derive(Debug, Clone)]
pub(super) struct Report {
    record: SignalRecord,
    text: Option<u32>,
    serial: u64,
}

impl Report {
    pub(super) const SOURCE: &'static str = "test.source";

    pub(super) fn new(day: i32) -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let at = start_of_day(days_after(day));
        let record = SignalRecord {
            position: Position(0),
            document_id: DocumentId::new(format!("d{serial:06}")),
            source: SourceId::from(Self::SOURCE),
            channel: Channel::Complaint,
            url: None,
            event_at: at,
            seen_at: at,
            undated: false,
            product: Category::BatteryCharger,
            product_text: None,
            hazard: Hazard::Fire,
            hazard_text: "起火".into(),
            stance: Stance::Asserted,
            severity: 0,
            product_from: ProductFrom::Text,
            brand: None,
            item: ItemNames::default(),
            region: None,
            actor: format!("person {serial}"),
            confidence: 0.8,
            vulnerable: false,
            rules: Vec::new(),
            fingerprint: Fingerprint::of_lanes([0; Fingerprint::LANES]),
            excerpt: "充电宝起火".into(),
            spans: Vec::new(),
            lexicon: LexiconVersion::from("test"),
        };
        Self { record, text: None, serial }
    }

    /// Fixes the serial, on which id and text depend, so that a snapshot does not depend on other tests.
    pub(super) fn serial(mut self, serial: u64) -> Self {
        self.serial = serial;
        self.record.document_id = DocumentId::new(format!("d{serial:06}"));
        self.record.actor = format!("person {serial}");
        self
    }

    pub(super) fn record(&self) -> SignalRecord {
        let seed = self.text.map_or_else(|| self.serial.wrapping_add(1 << 32), u64::from);
        let lane = |index: u64| blake3::hash(&[seed.to_le_bytes(), index.to_le_bytes()].concat());
        let number = |index: usize| {
            let bytes = *lane(index as u64).as_bytes();
            u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
        };
        SignalRecord { fingerprint: Fingerprint::of_lanes(std::array::from_fn(number)), ..self.record.clone() }
    }

    pub(super) fn about(mut self, product: Category, hazard: Hazard) -> Self {
        (self.record.product, self.record.hazard) = (product, hazard);
        self
    }

    pub(super) fn text(mut self, text: u32) -> Self {
        self.text = Some(text);
        self
    }

    pub(super) fn actor(mut self, actor: &str) -> Self {
        actor.clone_into(&mut self.record.actor);
        self
    }

    pub(super) fn brand(mut self, brand: &str) -> Self {
        self.record.brand = Some(brand.to_owned());
        self
    }

    pub(super) fn region(mut self, code: &str) -> Self {
        self.record.region = Some(code.parse().expect("a region code"));
        self
    }

    pub(super) fn rule(mut self, rule: &str) -> Self {
        self.record.rules.push(rule.into());
        self
    }

    pub(super) fn channel(mut self, channel: Channel) -> Self {
        self.record.channel = channel;
        self
    }

    pub(super) fn severity(mut self, severity: u8) -> Self {
        self.record.severity = severity;
        self
    }

    pub(super) fn undated(mut self) -> Self {
        self.record.undated = true;
        self
    }

    pub(super) fn vulnerable(mut self) -> Self {
        self.record.vulnerable = true;
        self
    }

    pub(super) fn stance(mut self, stance: Stance) -> Self {
        self.record.stance = stance;
        self
    }

    pub(super) fn confidence(mut self, confidence: f64) -> Self {
        self.record.confidence = confidence;
        self
    }

    pub(super) fn product_text(mut self, text: &str) -> Self {
        self.record.product_text = Some(text.to_owned());
        self
    }

    pub(super) fn seen(mut self, day: i32) -> Self {
        self.record.seen_at = start_of_day(days_after(day));
        self
    }
}
