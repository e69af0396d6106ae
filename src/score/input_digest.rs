//! A digest of the input that the judgement of a day depends on: everything known by the day's end that judging reads.
//!
//! Two days with the same digest, criteria and program have the same assessments, whatever was read, known or changed later, and whichever
//! rules read it. So a rerun reuses the assessments of an earlier one up to the first day that a change affects (decision 0021). Fields
//! that judging does not read (which rule found a signal, its excerpt, its place in the log, the name of the product) are left out; every
//! other field is named here once, and a new one does not compile until it is.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::days::{self, Day};
use super::events::{Cell, Events, Mention, Names};
use super::exposure::Volume;
use super::feedback::Feedback;
use super::items::Market;

/// Digests of what was learnt of the events on each day.
#[derive(Debug, Clone)]
pub struct InputDigest {
    learnt: BTreeMap<Day, blake3::Hash>,
}

impl InputDigest {
    /// Digests all events.
    #[must_use]
    pub fn of(events: &Events) -> Self {
        let mut learnt: BTreeMap<Day, FieldHasher> = BTreeMap::new();
        let mut on = |seen: Day, tell: &dyn Fn(&mut FieldHasher)| tell(learnt.entry(seen).or_default());
        for (day, seen) in &events.document_days {
            on(*seen, &|hasher| hasher.number(*day));
        }
        for cell in &events.cells {
            // `daily` is a sum over the mentions.
            for mention in &cell.mentions {
                on(mention.seen, &|hasher| hasher.mention(cell, mention, &events.names));
            }
            for (number, event) in (0_u64..).zip(&cell.events) {
                for (kind, (value, seen)) in (1_u64..).zip(event.learnt()) {
                    on(seen, &|hasher| {
                        hasher.cell(cell);
                        hasher.count(number);
                        hasher.count(kind);
                        hasher.count(u64::from(value));
                        if kind == 1 {
                            hasher.text(&events.names.brands[value as usize]);
                        }
                    });
                }
            }
        }
        Self { learnt: learnt.into_iter().map(|(seen, hasher)| (seen, hasher.0.finalize())).collect() }
    }

    /// Digest of the input of the judgement of all days up to `last`.
    #[must_use]
    pub fn by(&self, last: Date, volume: &Volume, market: &Market, feedback: &Feedback) -> blake3::Hash {
        let day = days::number(last);
        let mut hasher = FieldHasher::default();
        for (seen, learnt) in self.learnt.range(..=day) {
            hasher.number(*seen);
            hasher.0.update(learnt.as_bytes());
        }
        hasher.border();
        for (day, seen, documents) in volume.known(day) {
            hasher.number(day);
            hasher.number(seen);
            hasher.count(documents);
        }
        hasher.border();
        market.tell(day, &mut |part| hasher.text(part));
        hasher.border();
        feedback.tell(last, &mut |part| hasher.text(part));
        hasher.0.finalize()
    }
}

/// Hashes fields, each of fixed width or preceded by its length, so that no two sequences of fields give the same bytes.
#[derive(Default)]
struct FieldHasher(blake3::Hasher);

impl FieldHasher {
    fn number(&mut self, number: i32) {
        self.0.update(&number.to_le_bytes());
    }

    fn count(&mut self, count: u64) {
        self.0.update(&count.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    /// Between lists, which have no length of their own: no day, count or length begins so.
    fn border(&mut self) {
        self.count(u64::MAX);
    }

    fn cell(&mut self, cell: &Cell) {
        self.border();
        self.text(cell.category.code());
        self.text(cell.hazard.code());
    }

    fn mention(&mut self, cell: &Cell, mention: &Mention, names: &Names) {
        let Mention {
            day,
            // The digest of this day holds it.
            seen: _,
            document,
            story,
            event,
            opens,
            context,
            undated,
            actor,
            region,
            severity,
            vulnerable,
            asserted,
            confidence,
            channel,
            platform,
            components,
            source,
            // Read only when a sample is requested, which is never reused.
            product: _,
        } = *mention;
        self.cell(cell);
        self.number(day);
        for count in [document, story, event, actor, region, platform, source] {
            self.count(u64::from(count));
        }
        self.count(u64::from(severity));
        self.count(components);
        self.count(confidence.to_bits());
        let flags = [opens, context, undated, vulnerable, asserted];
        self.count(flags.iter().fold(0, |all, flag| all << 1 | u64::from(*flag)));
        self.text(channel.code());
        self.text(names.documents[document as usize].as_str());
        self.text(names.sources[source as usize].as_str());
        self.text(&names.platforms[platform as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::super::testing::{Report, days_after};
    use super::*;
    use crate::Scorer;
    use vocabulary::{Listing, Position, RuleId, SignalRecord, Stance};

    const LAST: i32 = 40;

    fn records() -> Vec<SignalRecord> {
        let one = |(day, brand): (i32, &str)| {
            let report = Report::new(day).serial(u64::try_from(day).expect("positive"));
            report.brand(brand).region("330100").record()
        };
        (0..LAST).zip(["甲牌", "乙牌", ""].into_iter().cycle()).map(one).collect()
    }

    fn of(records: &[SignalRecord]) -> blake3::Hash {
        let events = Events::build(records, &shipped());
        InputDigest::of(&events).by(days_after(20), &Volume::new(), &Market::new(), &Feedback::none())
    }

    #[test]
    fn what_becomes_known_later_changes_no_digest_and_no_assessment() {
        let all = records();
        let until: Vec<SignalRecord> = all.iter().filter(|record| record.seen_at <= all[20].seen_at).cloned().collect();
        assert!(until.len() < all.len());
        assert_eq!(of(&all), of(&until));
        let scorer = Scorer::new(shipped());
        let assess = |records: &[SignalRecord]| {
            let events = Events::build(records, scorer.criteria());
            scorer.assess(&events, &Volume::new(), &Feedback::none(), days_after(20))
        };
        assert_eq!(assess(&all), assess(&until));
    }

    #[test]
    fn every_field_that_judging_reads_changes_the_digest_and_no_other_does() {
        let before = of(&records());
        let changed = |change: &dyn Fn(&mut SignalRecord)| {
            let mut all = records();
            change(&mut all[10]);
            of(&all)
        };
        let judged: [&dyn Fn(&mut SignalRecord); 11] = [
            &|record| record.undated = true,
            &|record| record.severity = 3,
            &|record| record.confidence = 0.81,
            &|record| record.brand = Some("丙牌".to_owned()),
            &|record| record.region = None,
            &|record| record.vulnerable = true,
            &|record| record.stance = Stance::Suspected,
            &|record| record.actor = "person 3".to_owned(),
            &|record| record.event_at = Report::new(8).record().event_at,
            &|record| record.source = "another".into(),
            &|record| record.fingerprint = Report::new(3).serial(3).record().fingerprint,
        ];
        for (at, change) in judged.iter().enumerate() {
            assert_ne!(changed(*change), before, "change {at}");
        }
        let shown: [&dyn Fn(&mut SignalRecord); 4] = [
            &|record| record.position = Position(77),
            &|record| record.lexicon = "another".into(),
            &|record| record.rules = vec![RuleId::new("fire.other")],
            &|record| record.url = Some("https://example.org/".to_owned()),
        ];
        for (at, change) in shown.iter().enumerate() {
            assert_eq!(changed(*change), before, "change {at}");
        }
        // A brand that only a retelling names, after the day, is not known on it.
        let mut retold = records();
        let later = Report::new(30).serial(900).brand("丁牌").record();
        retold.push(SignalRecord { fingerprint: retold[9].fingerprint, event_at: retold[9].event_at, ..later });
        assert_eq!(of(&retold), before);
    }

    #[test]
    fn what_was_read_and_offered_by_the_day_is_part_of_it() {
        let events = Events::build(&records(), &shipped());
        let digest = InputDigest::of(&events);
        let of = |volume: &Volume, market: &Market| digest.by(days_after(20), volume, market, &Feedback::none());
        let (mut volume, mut market) = (Volume::new(), Market::new());
        let before = of(&volume, &market);
        let listing: Listing = serde_json::from_str(
            r#"{"item_id":"1","platform":"p","seller":"s","brand":null,"category":"ebike","title":"t","sold":9,"url":null,"digest":null}"#,
        )
        .expect("a listing");
        volume.add(days_after(3), days_after(21), 5);
        market.add(&listing, days_after(21));
        assert_eq!(of(&volume, &market), before, "seen the day after");
        volume.add(days_after(3), days_after(20), 5);
        let read = of(&volume, &market);
        assert_ne!(read, before);
        market.add(&listing, days_after(20));
        assert_ne!(of(&volume, &market), read);
    }
}
