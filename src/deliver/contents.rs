//! What a message says, before a kind of endpoint gives it its form, and the words that all kinds share. Pure.

use vocabulary::{AlertEventKind, Notice, RegionCode, ShownEvent};

/// A message.
pub(crate) struct Contents<'a> {
    /// Its id.
    pub(crate) id: &'a str,
    pub(crate) about: About<'a>,
    /// Address of the pages, without a slash at the end.
    pub(crate) home: &'a str,
    pub(crate) region_name: &'a (dyn Fn(RegionCode) -> String + Sync),
}

/// What a message says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum About<'a> {
    /// That the endpoint works.
    Test,
    /// Events with their numbers.
    Events(&'a [(u64, ShownEvent)]),
    /// A notice with its number.
    Notice(&'a (u64, Notice)),
}

/// The code of what happened, as programs read it.
pub(crate) fn code(kind: AlertEventKind) -> &'static str {
    match kind {
        AlertEventKind::Opened => "opened",
        AlertEventKind::Raised => "raised",
        AlertEventKind::Lowered => "lowered",
        AlertEventKind::Closed => "closed",
    }
}

/// What happened, in Chinese.
pub(crate) fn zh(kind: AlertEventKind) -> &'static str {
    match kind {
        AlertEventKind::Opened => "新预警",
        AlertEventKind::Raised => "升级",
        AlertEventKind::Lowered => "降级",
        AlertEventKind::Closed => "结束",
    }
}

/// What an event is about: place, brand, category and hazard.
pub(crate) fn about(event: &ShownEvent, contents: &Contents<'_>) -> String {
    let region = event.region.map(contents.region_name).unwrap_or_default();
    let brand = event.brand.as_deref().map(|brand| format!("“{}”", plain(brand))).unwrap_or_default();
    format!("{region}{brand}{} {}", event.category.zh(), event.hazard.zh())
}

/// The levels of an event, and those before it.
pub(crate) fn levels(event: &ShownEvent) -> String {
    let levels = format!("{}·{}·{}", event.danger.zh(), event.spread.zh(), event.disposal.zh());
    let before = event
        .before
        .map(|(danger, spread, disposal)| format!("（原 {}·{}·{}）", danger.zh(), spread.zh(), disposal.zh()));
    levels + &before.unwrap_or_default()
}

/// Text from pages, without what robots would take for their own: links, mentions, tags, controls.
pub(crate) fn plain(text: &str) -> String {
    let odd = |letter: char| letter.is_control() || "[]()<>*_`#|@\\".contains(letter);
    text.chars().map(|letter| if odd(letter) { ' ' } else { letter }).collect()
}
