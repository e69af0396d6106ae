//! What would change a judgement (改判条件): the smallest change of the evidence that moves a level, found by judging again.
//!
//! In: a part with its levels, and all recent mentions of its cell. Out: [`Change`]s. The whole cell is judged anew with the
//! changed events, so a change also counts when it moves them to another part: the highest levels of any part that holds one of the
//! part's events are compared. Baseline, priors of brands and the false-alarm budget of the day stay as they are. Not here: the wording,
//! how a level is found.
//!
//! Numbers are found by bisection below the criteria's bound: the number found moves the level, and one less does not. A level that some
//! number moves, and the bound does not, is not found. Changes are sought only on days that bring a part a new event: on other days there
//! is nothing new to show, and a replay of years judges thousands of such days.

use std::collections::BTreeSet;

use super::cell_day::{CellDay, History, JudgedPart, Part, RecentMention};
use crate::events::Mention;
use vocabulary::{Alteration, Assessment, Change, Danger, Disposal, PROVINCES, RegionCode, Sentence, Spread};

/// Ordered as a reader ranks them: what to do, how wide, how bad.
type Levels = (Disposal, Spread, Danger);

/// What would change the levels of a part; empty for a part far below the threshold, and on a day that brought it no event.
pub(super) fn changes<'a>(
    cell_day: &CellDay<'a>,
    part: &Part<'a>,
    judged: &JudgedPart<'a>,
    recent: &[RecentMention<'a>],
) -> Vec<Change> {
    let criteria = &cell_day.criteria.change;
    let near = part.test.terms.h >= part.test.terms.h_threshold - criteria.near_h;
    let news = part.mentions.iter().any(|seen| seen.mention.opens && seen.mention.seen == cell_day.today());
    if !news || (judged.disposal == Disposal::Exclude && !near) {
        return Vec::new();
    }
    let opening = part.mentions.iter().filter(|seen| seen.mention.opens && cell_day.within(seen, judged.window_days));
    let opening: Vec<RecentMention<'a>> = opening.copied().collect();
    let levels = (judged.disposal, judged.spread, judged.danger);
    let marks = opening.iter().map(|seen| seen.mention.document).collect();
    let mut cell_day = cell_day.clone();
    cell_day.levels_only = true;
    let cell_day = &cell_day;
    let again = Again { cell_day, part, judged, recent, opening, levels, marks };
    let mut changes = Vec::new();
    changes.extend(again.more_alike());
    changes.extend(again.more_brands());
    changes.extend(again.more_provinces());
    changes.extend(again.severity());
    if judged.disposal != Disposal::Exclude {
        changes.extend(again.fewer());
        changes.extend(again.without_brand());
        changes.extend(again.without_province());
        changes.extend(again.without_doubtful());
    }
    changes
}

/// A part judged again under changed evidence.
struct Again<'d, 'a> {
    cell_day: &'d CellDay<'a>,
    part: &'d Part<'a>,
    judged: &'d JudgedPart<'a>,
    recent: &'d [RecentMention<'a>],
    /// The part's events in the deciding window, in event order.
    opening: Vec<RecentMention<'a>>,
    levels: Levels,
    /// Documents by which the part is known again.
    marks: BTreeSet<u32>,
}

impl<'a> Again<'_, 'a> {
    /// Levels of the highest assessment that holds any of the part's events; excluded as it is when none is left.
    fn levels_of(&self, cell_day: &CellDay<'_>, altered: &[RecentMention<'_>]) -> Levels {
        let parts = cell_day.parts(altered);
        let ours =
            parts.iter().filter(|part| part.mentions.iter().any(|seen| self.marks.contains(&seen.mention.document)));
        let levels = ours.map(|part| {
            let judged = cell_day.judged(part);
            (judged.disposal, judged.spread, judged.danger)
        });
        levels.max().unwrap_or((Disposal::Exclude, Spread::Isolated, self.levels.2))
    }

    fn higher(&self, (disposal, spread, danger): Levels) -> bool {
        disposal > self.levels.0 || spread > self.levels.1 || danger > self.levels.2
    }

    /// The levels after `events` further events today, each a copy of one of the window's in turn, set apart by `place`.
    fn with_more(&self, events: u32, place: impl Fn(u32, &mut RecentMention<'_>)) -> Levels {
        let mut copies: Vec<(Mention, RecentMention<'_>)> = Vec::with_capacity(events as usize);
        for (number, seen) in (0..events).zip(self.opening.iter().cycle()) {
            let mut mention = *seen.mention;
            let apart = u32::MAX - number;
            (mention.day, mention.seen) = (self.cell_day.today(), self.cell_day.today());
            (mention.document, mention.story, mention.actor, mention.event) = (apart, apart, apart, apart);
            copies.push((mention, *seen));
        }
        let mut altered: Vec<RecentMention<'_>> = self.recent.to_vec();
        let mut cell_day: CellDay<'_> = self.cell_day.clone();
        for (number, (mention, like)) in (0..).zip(&copies) {
            let mut seen = RecentMention { mention, ..*like };
            place(number, &mut seen);
            cell_day.moved.put(seen.province, 1);
            altered.push(seen);
        }
        self.levels_of(&cell_day, &altered)
    }

    fn more_alike(&self) -> Option<Change> {
        let levels = |events| Some(self.with_more(events, |_, _| {}));
        let (events, levels) = smallest(self.cell_day.criteria.change.events_max, levels, |to| self.higher(to))?;
        Some(change(Alteration::MoreAlike { events }, levels))
    }

    fn more_brands(&self) -> Option<Change> {
        let unused = u32::try_from(self.cell_day.names.brands.len()).unwrap_or(u32::MAX / 2);
        let levels = |events| Some(self.with_more(events, |number, seen| seen.brand = unused + number));
        let (events, levels) = smallest(self.cell_day.criteria.change.events_max, levels, |to| self.higher(to))?;
        Some(change(Alteration::MoreBrands { events }, levels))
    }

    fn more_provinces(&self) -> Option<Change> {
        let taken: BTreeSet<u32> = self.part.mentions.iter().map(|seen| seen.province).collect();
        let free: Vec<u32> =
            PROVINCES.iter().map(|province| province.code).filter(|code| !taken.contains(code)).collect();
        let most = self.cell_day.criteria.change.events_max.min(u32::try_from(free.len()).unwrap_or(0));
        let levels = |events| {
            Some(self.with_more(events, |number, seen| {
                seen.province = free[number as usize];
                seen.region = seen.province * 10_000;
            }))
        };
        let (events, levels) = smallest(most, levels, |to| self.higher(to))?;
        let regions = free.iter().take(events as usize).filter_map(|province| RegionCode::new(province * 10_000).ok());
        Some(change(Alteration::MoreProvinces { regions: regions.collect() }, levels))
    }

    /// The newest event of the window with a credible injury of the least severity that moves a level.
    fn severity(&self) -> Option<Change> {
        let newest = self.opening.last()?;
        let from = self.judged.danger_terms.severity_stated + 1;
        let hurt = |severity: u8| {
            let mut mention = *newest.mention;
            mention.severity = severity;
            mention.asserted = true;
            mention.confidence = mention.confidence.max(self.cell_day.criteria.danger.credible_confidence);
            let altered = self.recent.iter().map(|seen| {
                if std::ptr::eq(seen.mention, newest.mention) {
                    RecentMention { mention: &mention, ..*seen }
                } else {
                    *seen
                }
            });
            let levels = self.levels_of(self.cell_day, &altered.collect::<Vec<RecentMention<'_>>>());
            let moved = levels.0 > self.levels.0 || levels.2 > self.levels.2;
            moved.then(|| change(Alteration::Severity { severity }, levels))
        };
        // Worse is never less dangerous: what S4 does not move, nothing does.
        let worst = hurt(4).filter(|_| from <= 4)?;
        (from.max(2)..4).find_map(hurt).or(Some(worst))
    }

    /// The levels without the events that `goes` names, retellings included.
    fn without(&self, goes: impl Fn(&RecentMention<'_>) -> bool, history: Option<History<'a>>) -> Levels {
        let mut cell_day = self.cell_day.clone();
        for seen in self.recent.iter().filter(|seen| seen.mention.opens && goes(seen)) {
            cell_day.moved.put(seen.province, -1);
        }
        if let Some(history) = history {
            cell_day.history = history;
        }
        let altered: Vec<RecentMention<'a>> = self.recent.iter().filter(|seen| !goes(seen)).copied().collect();
        self.levels_of(&cell_day, &altered)
    }

    /// The smallest number of newest events without which less is to be done.
    fn fewer(&self) -> Option<Change> {
        let most = u32::try_from(self.opening.len()).unwrap_or(u32::MAX).min(self.cell_day.criteria.change.events_max);
        let levels = |events: u32| {
            let kept = self.opening.len().checked_sub(events as usize)?;
            let gone: BTreeSet<u32> = self.opening[kept..].iter().map(|seen| seen.mention.event).collect();
            Some(self.without(|seen| gone.contains(&seen.mention.event), None))
        };
        let (events, levels) = smallest(most, levels, |to| to.0 < self.levels.0)?;
        Some(change(Alteration::Fewer { events }, levels))
    }

    /// Whether any event of the window is left without these; a change that leaves none is not worth showing.
    fn leaves_some(&self, goes: impl Fn(&RecentMention<'_>) -> bool) -> bool {
        self.opening.iter().any(|seen| !goes(seen))
    }

    fn without_brand(&self) -> Option<Change> {
        let (top, events) = self.judged.shares.top_brand().filter(|_| self.part.scope.brand == 0)?;
        if !self.leaves_some(|seen| seen.brand == top) {
            return None;
        }
        let brand = self.cell_day.names.brands.get(top as usize)?.clone();
        let history = self.cell_day.history.only(|brand, _| brand != top);
        let levels = self.without(|seen| seen.brand == top, Some(history));
        Some(change(Alteration::WithoutBrand { brand, events }, levels))
    }

    fn without_province(&self) -> Option<Change> {
        let (top, events) = self.judged.shares.top_province().filter(|_| self.part.scope.province == 0)?;
        if !self.leaves_some(|seen| seen.province == top) {
            return None;
        }
        let region = RegionCode::new(top * 10_000).ok()?;
        let history = self.cell_day.history.only(|_, province| province != top);
        let levels = self.without(|seen| seen.province == top, Some(history));
        Some(change(Alteration::WithoutProvince { region, events }, levels))
    }

    /// The lowest confidence below which signals decide, else the highest that was tried: the judgement rests on surer ones.
    fn without_doubtful(&self) -> Option<Change> {
        let tried = |below: f64| {
            let events = self.opening.iter().filter(|seen| seen.mention.confidence < below).count() as u64;
            let any = self.recent.iter().any(|seen| seen.mention.confidence < below);
            let levels = if any { self.without(|seen| seen.mention.confidence < below, None) } else { self.levels };
            (change(Alteration::WithoutDoubtful { below, events }, levels), levels)
        };
        let mut last = None;
        for below in &self.cell_day.criteria.change.doubtful {
            let (change, levels) = tried(*below);
            if levels != self.levels {
                return Some(change);
            }
            last = Some(change);
        }
        last
    }
}

/// The smallest number up to `most` that moves the levels as asked, by halving, with what they come to.
fn smallest(
    most: u32,
    levels: impl Fn(u32) -> Option<Levels>,
    moved: impl Fn(Levels) -> bool,
) -> Option<(u32, Levels)> {
    let moves = |events: u32| levels(events).filter(|levels| moved(*levels));
    let (mut stays, mut found) = (0, (most, moves(most)?));
    while found.0 - stays > 1 {
        let middle = u32::midpoint(stays, found.0);
        match moves(middle) {
            Some(levels) => found = (middle, levels),
            None => stays = middle,
        }
    }
    Some(found)
}

fn change(what: Alteration, (disposal, spread, danger): Levels) -> Change {
    Change { what, danger, spread, disposal }
}

/// The sentence on what would change an assessment; none when nothing worth saying would.
pub(super) fn sentence(a: &Assessment) -> Option<Sentence> {
    let changes: Vec<Change> = a.change.iter().filter(|change| says_something(a, change)).cloned().collect();
    let (danger, spread, disposal) = (a.danger, a.spread, a.disposal);
    (!changes.is_empty()).then_some(Sentence::Change { as_of: a.change_of, danger, spread, disposal, changes })
}

/// A change to leave out doubtful signals says nothing when there are none.
fn says_something(a: &Assessment, change: &Change) -> bool {
    let moves = (change.danger, change.spread, change.disposal) != (a.danger, a.spread, a.disposal);
    moves || !matches!(change.what, Alteration::WithoutDoubtful { events: 0, .. })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::criteria::shipped;
    use super::super::testing::{Report, days_after};
    use super::super::{Events, Feedback, Scorer, Volume};
    use super::*;
    use vocabulary::{DocumentId, SignalRecord, start_of_day};

    const DAY: i32 = 60;

    fn assess(records: &[SignalRecord]) -> Vec<Assessment> {
        let scorer = Scorer::new(shipped());
        let volume: Volume = (-800..=DAY).map(|day| (days_after(day), 100)).collect();
        scorer.assess(&Events::build(records, scorer.criteria()), &volume, &Feedback::none(), days_after(DAY))
    }

    /// Levels of the highest assessment that holds any of these documents.
    fn levels(records: &[SignalRecord], marks: &BTreeSet<&DocumentId>, left_at: Danger) -> Levels {
        let ours = assess(records);
        let ours = ours.iter().filter(|found| found.documents.iter().any(|document| marks.contains(document)));
        ours.map(of).max().unwrap_or((Disposal::Exclude, Spread::Isolated, left_at))
    }

    fn of(found: &Assessment) -> Levels {
        (found.disposal, found.spread, found.danger)
    }

    /// `count` further reports today, copies of the window's events in turn, each with a text and a person of its own.
    fn more(
        records: &[SignalRecord],
        found: &Assessment,
        count: usize,
        place: impl Fn(usize, &mut SignalRecord),
    ) -> Vec<SignalRecord> {
        let by_id: BTreeMap<&DocumentId, &SignalRecord> = records.iter().map(|r| (&r.document_id, r)).collect();
        let mut all = records.to_vec();
        for (number, id) in (0..count).zip(found.documents.iter().cycle()) {
            let fresh = Report::new(DAY).serial(5_000_000 + number as u64).record();
            let at = start_of_day(days_after(DAY));
            let mut copy = SignalRecord {
                document_id: fresh.document_id,
                fingerprint: fresh.fingerprint,
                actor: fresh.actor,
                event_at: at,
                seen_at: at,
                ..by_id[id].clone()
            };
            place(number, &mut copy);
            all.push(copy);
        }
        all
    }

    /// Applies a change, or one step less of it; none when it has no smaller step.
    fn altered(
        records: &[SignalRecord],
        found: &Assessment,
        what: &Alteration,
        less: usize,
    ) -> Option<Vec<SignalRecord>> {
        Some(match what {
            Alteration::MoreAlike { events } => more(records, found, (*events as usize).checked_sub(less)?, |_, _| {}),
            Alteration::MoreBrands { events } => {
                let count = (*events as usize).checked_sub(less)?;
                more(records, found, count, |number, record| record.brand = Some(format!("新牌{number}")))
            }
            Alteration::MoreProvinces { regions } => {
                let count = regions.len().checked_sub(less)?;
                more(records, found, count, |number, record| record.region = Some(regions[number]))
            }
            Alteration::Fewer { events } => {
                let gone = (*events as usize).checked_sub(less)?;
                let kept = found.documents.len() - gone;
                let gone: BTreeSet<&DocumentId> = found.documents[kept..].iter().collect();
                records.iter().filter(|record| !gone.contains(&record.document_id)).cloned().collect()
            }
            Alteration::Severity { severity } => {
                let newest = found.documents.last()?;
                let mut all = records.to_vec();
                for record in all.iter_mut().filter(|record| record.document_id == *newest) {
                    record.severity = severity - u8::try_from(less).expect("a step");
                }
                all
            }
            _ => return None,
        })
    }

    fn any_report() -> impl Strategy<Value = (i32, usize, usize, u8)> {
        (20..DAY, 0..5_usize, 0..5_usize, 0..3_u8)
    }

    fn build(inputs: &[(i32, usize, usize, u8)]) -> Vec<SignalRecord> {
        let one = |(input, serial): (&(i32, usize, usize, u8), u64)| {
            let (day, brand, region, severity) = *input;
            let brands = ["", "甲牌", "甲牌", "乙牌", "丙牌"];
            let regions = ["330100", "330100", "440100", "110101", "510100"];
            let report = Report::new(day).serial(serial).brand(brands[brand]).region(regions[region]);
            report.severity(severity).record()
        };
        inputs.iter().zip(0..).map(one).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_stated_change_moves_the_level_and_one_step_less_does_not(
            inputs in prop::collection::vec(any_report(), 2..14)
        ) {
            let records = build(&inputs);
            for found in assess(&records) {
                let marks: BTreeSet<&DocumentId> = found.documents.iter().collect();
                for change in &found.change {
                    let Some(all) = altered(&records, &found, &change.what, 0) else { continue };
                    let stated = (change.disposal, change.spread, change.danger);
                    prop_assert_eq!(levels(&all, &marks, found.danger), stated, "{:?} of {:?}", change, found);
                    let now = of(&found);
                    let moved = |to: Levels| match change.what {
                        Alteration::Fewer { .. } => to.0 < now.0,
                        Alteration::Severity { .. } => to.0 > now.0 || to.2 > now.2,
                        _ => to.0 > now.0 || to.1 > now.1 || to.2 > now.2,
                    };
                    prop_assert!(moved(stated), "{:?} moves nothing", change);
                    if let Some(less) = altered(&records, &found, &change.what, 1) {
                        prop_assert!(!moved(levels(&less, &marks, found.danger)), "one step less than {:?} moves it too", change);
                    }
                }
            }
        }
    }

    fn change_of(found: &Assessment, wanted: impl Fn(&Alteration) -> bool) -> Option<&Change> {
        found.change.iter().find(|change| wanted(&change.what))
    }

    #[test]
    fn two_of_one_brand_need_more_in_other_provinces_to_be_sampled_and_lose_their_alert_with_one_less() {
        let pair: Vec<SignalRecord> =
            (0..2).map(|day| Report::new(DAY - day).brand("甲牌").region("330100").record()).collect();
        let found = &assess(&pair)[0];
        assert_eq!(found.disposal, Disposal::Notify);
        assert!(
            change_of(found, |what| matches!(what, Alteration::MoreAlike { .. })).is_none(),
            "one maker, one place"
        );
        let more = change_of(found, |what| matches!(what, Alteration::MoreProvinces { .. })).expect("found");
        assert!(matches!(&more.what, Alteration::MoreProvinces { regions } if regions.len() == 3), "{more:?}");
        assert_eq!((more.disposal, more.spread), (Disposal::Sample, Spread::Isolated));
        let fewer = change_of(found, |what| *what == Alteration::Fewer { events: 1 }).expect("found");
        assert_eq!(fewer.disposal, Disposal::Exclude);
        let fatal = change_of(found, |what| matches!(what, Alteration::Severity { .. })).expect("found");
        assert_eq!((&fatal.what, fatal.danger), (&Alteration::Severity { severity: 4 }, Danger::Serious));
    }

    #[test]
    fn an_alert_that_rests_on_doubtful_signals_says_so_and_a_sure_one_says_that_it_holds() {
        let burst = |confidence: f64| -> Vec<SignalRecord> {
            (0..4).map(|day| Report::new(DAY - day).brand("甲牌").confidence(confidence).record()).collect()
        };
        let thinned = |records: &[SignalRecord]| {
            let found = &assess(records)[0];
            let change = change_of(found, |what| matches!(what, Alteration::WithoutDoubtful { .. }));
            (found.disposal, change.expect("tried").clone())
        };
        let (disposal, doubtful) = thinned(&burst(0.45));
        assert_eq!(doubtful.what, Alteration::WithoutDoubtful { below: 0.5, events: 4 });
        assert!(doubtful.disposal < disposal);
        let (disposal, sure) = thinned(&burst(0.9));
        assert_eq!((sure.what, sure.disposal), (Alteration::WithoutDoubtful { below: 0.6, events: 0 }, disposal));
    }

    #[test]
    fn what_is_far_below_the_line_and_days_without_news_are_left_alone() {
        let near_h = shipped().change.near_h;
        let steady: Vec<SignalRecord> = (-800..=DAY).step_by(4).map(|day| Report::new(day).record()).collect();
        for found in assess(&steady) {
            let near = found.detector.h >= found.detector.h_threshold - near_h;
            assert!(near || found.disposal != Disposal::Exclude || found.change.is_empty(), "{found:?}");
        }
        let burst = |newest: i32| -> Vec<SignalRecord> {
            (0..4).map(|day| Report::new(newest - day).brand("甲牌").record()).collect()
        };
        assert!(!assess(&burst(DAY))[0].change.is_empty());
        assert!(assess(&burst(DAY - 1))[0].change.is_empty(), "nothing new today");
    }
}
