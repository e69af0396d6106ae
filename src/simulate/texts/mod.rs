//! The wording of the world, all our own: what people complain of and praise, what shops promise, what offices and papers print.
//!
//! Templates are written for [`super::pen::Pen`]. Slots: `{p}` the product, `{b}` its brand, `{city}`, `{when}` a time of day in
//! the last days, `{date}` a date, `{ago}` when it was bought, `{who}` one of the family, `{kid}` the child, `{shop}`, `{price}`,
//! `{n}` a small number. No names of real persons or firms.

pub(super) mod background;
pub(super) mod frames;
pub(super) mod incidents;
pub(super) mod media;
pub(super) mod noise;
pub(super) mod official;

use vocabulary::Hazard;

/// What people write about one hazard of one kind of goods.
#[derive(Debug)]
pub(super) struct Script {
    /// Key of the goods.
    pub(super) good: &'static str,
    /// What people call the product; the goods' own names when empty.
    pub(super) names: &'static [&'static str],
    /// The hazard.
    pub(super) hazard: Hazard,
    /// How often it happens in the background, against the others.
    pub(super) weight: u32,
    /// Headlines of complaints.
    pub(super) titles: &'static [&'static str],
    /// What happened.
    pub(super) events: &'static [&'static str],
    /// What came of it.
    pub(super) after: &'static [&'static str],
}

/// The script of a hazard of some goods.
pub(super) fn script(good: &str, hazard: Hazard) -> Option<&'static Script> {
    incidents::SCRIPTS.iter().chain(background::SCRIPTS).find(|script| script.good == good && script.hazard == hazard)
}

#[cfg(test)]
mod tests {
    use super::super::goods::{GOODS, good};
    use super::super::pen::{Pen, Slots};
    use super::*;

    /// Slots with everything any template may ask for.
    fn all_slots() -> Slots {
        let mut slots = Slots::about("云鹊充电宝", &["它", ""]);
        for name in [
            "b", "city", "prov", "when", "date", "ago", "who", "kid", "shop", "price", "n", "m", "outlet", "item",
            "hz", "std", "office", "year", "count", "model", "firm", "country", "summary", "thing", "after",
        ] {
            slots.set(name, "某");
        }
        slots
    }

    fn check(templates: &[&str]) {
        for template in templates {
            for index in 0..6 {
                let mut slots = all_slots();
                let text = Pen::new(9, "check", index).expand(template, &mut slots);
                assert!(!text.contains(['[', ']', '{', '}', '|']), "{template} wrote {text}");
            }
        }
    }

    #[test]
    fn every_template_expands() {
        for script in incidents::SCRIPTS.iter().chain(background::SCRIPTS) {
            let _ = good(script.good);
            check(script.titles);
            check(script.events);
            check(script.after);
        }
        for pool in frames::ALL.iter().chain(noise::ALL).chain(official::ALL).chain(media::ALL) {
            check(pool);
        }
        for good in GOODS {
            for pool in noise::by_talk(good.talk) {
                check(pool);
            }
        }
    }

    #[test]
    fn every_hazard_that_can_hurt_occurs_somewhere() {
        let missing: Vec<_> = Hazard::ALL
            .iter()
            .filter(|hazard| hazard.is_safety() && **hazard != Hazard::Other)
            .filter(|hazard| {
                !incidents::SCRIPTS.iter().chain(background::SCRIPTS).any(|script| script.hazard == **hazard)
            })
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
