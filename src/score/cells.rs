//! Cells (单元): category × hazard × region × day with their counts. The only file of the room that knows polars.
//! Everything summed is a whole number, and rows leave in one order, so thread count can never show.

use jiff::civil::Date;
use polars::prelude::*;

use super::days::{self, Day};
use crate::vocabulary::{Category, Hazard, RegionCode};

/// One cell of one day, as exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellRow {
    /// Product category.
    pub category: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// Prefecture (a province where nothing finer is known); none when the texts name no place.
    pub region: Option<RegionCode>,
    /// The day.
    pub day: Date,
    /// Documents, reprints included.
    pub reports: u64,
    /// Distinct stories.
    pub texts: u64,
    /// Distinct actors.
    pub actors: u64,
    /// Distinct places, counties apart.
    pub places: u64,
    /// Independent events.
    pub events: u64,
}

/// What cells are made of: one signal with everything interned. Region 0 = none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grain {
    pub(super) category: Category,
    pub(super) hazard: Hazard,
    pub(super) region: u32,
    pub(super) day: Day,
    pub(super) seen: Day,
    pub(super) document: u32,
    pub(super) story: u32,
    pub(super) actor: u32,
    pub(super) event: bool,
}

/// Events of one category × hazard on one day, first seen on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DailyCount {
    pub(super) day: Day,
    pub(super) seen: Day,
    pub(super) events: u32,
}

const KEYS: [&str; 4] = ["category", "hazard", "region", "day"];

fn frame(grains: &[Grain]) -> PolarsResult<DataFrame> {
    let column = |name: &str, value: &dyn Fn(&Grain) -> u32| {
        Column::new(name.into(), grains.iter().map(value).collect::<Vec<u32>>())
    };
    let days = |name: &str, value: &dyn Fn(&Grain) -> Day| {
        Column::new(name.into(), grains.iter().map(value).collect::<Vec<i32>>())
    };
    DataFrame::new(
        grains.len(),
        vec![
            column("category", &|grain| grain.category as u32),
            column("hazard", &|grain| grain.hazard as u32),
            column("region", &|grain| grain.region / 100 * 100),
            days("day", &|grain| grain.day),
            days("seen", &|grain| grain.seen),
            column("document", &|grain| grain.document),
            column("story", &|grain| grain.story),
            column("actor", &|grain| grain.actor),
            column("place", &|grain| grain.region),
            column("events", &|grain| u32::from(grain.event)),
        ],
    )
}

/// Counts per category × hazard × region × day, in that order.
pub(super) fn rows(grains: &[Grain]) -> PolarsResult<Vec<CellRow>> {
    if grains.is_empty() {
        return Ok(Vec::new());
    }
    let grouped = frame(grains)?;
    let distinct = unique_and_sum(&grouped, &KEYS, &["document", "story", "actor", "place"])?;
    let sorted = distinct.sort(KEYS, SortMultipleOptions::default())?;
    let number =
        |name: &str| -> PolarsResult<Vec<u32>> { Ok(sorted.column(name)?.u32()?.into_no_null_iter().collect()) };
    let days: Vec<i32> = sorted.column("day")?.i32()?.into_no_null_iter().collect();
    let (categories, hazards, regions) = (number("category")?, number("hazard")?, number("region")?);
    let (reports, texts) = (number("document_n_unique")?, number("story_n_unique")?);
    let (actors, places, events) = (number("actor_n_unique")?, number("place_n_unique")?, number("events_sum")?);
    Ok((0..sorted.height())
        .map(|row| CellRow {
            category: Category::ALL[categories[row] as usize],
            hazard: Hazard::ALL[hazards[row] as usize],
            region: RegionCode::new(regions[row]).ok(),
            day: days::date_of(days[row]),
            reports: reports[row].into(),
            texts: texts[row].into(),
            actors: actors[row].into(),
            places: if regions[row] == 0 { 0 } else { places[row].into() },
            events: events[row].into(),
        })
        .collect())
}

#[expect(deprecated, reason = "eager aggregation: the lazy engine would add 40 % to the build (see Cargo.toml)")]
fn unique_and_sum(frame: &DataFrame, keys: &[&str], distinct: &[&str]) -> PolarsResult<DataFrame> {
    let by = || frame.group_by_stable(keys.iter().copied());
    let mut counted = by()?.select(["events"]).sum()?;
    if !distinct.is_empty() {
        let uniques = by()?.select(distinct.iter().copied()).n_unique()?;
        for name in distinct {
            counted.with_column(uniques.column(&format!("{name}_n_unique"))?.clone())?;
        }
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grain(document: u32, story: u32, actor: u32, region: u32, event: bool) -> Grain {
        let (category, hazard) = (Category::Ebike, Hazard::Fire);
        Grain { category, hazard, region, day: 10, seen: 10, document, story, actor, event }
    }

    #[test]
    fn a_cell_counts_reports_texts_actors_places_and_events_apart() {
        let grains = [grain(1, 1, 1, 330_106, true), grain(2, 1, 2, 330_106, false), grain(3, 2, 2, 330_102, true)];
        let rows = rows(&grains).expect("counted");
        assert_eq!(rows.len(), 1);
        let CellRow { reports, texts, actors, places, events, region, .. } = rows[0];
        assert_eq!((reports, texts, actors, places, events), (3, 2, 2, 2, 2));
        assert_eq!(region.expect("placed").number(), 330_100);
    }

    #[test]
    fn rows_leave_in_one_order_whatever_the_order_they_came_in() {
        let mut grains: Vec<Grain> =
            (0..40).map(|i| grain(i, i, i % 3, 110_000 + (i % 7) * 10_000, i % 2 == 0)).collect();
        let forward = rows(&grains).expect("counted");
        grains.reverse();
        assert_eq!(rows(&grains).expect("counted"), forward);
    }

    #[test]
    fn nothing_has_no_cells() {
        assert!(rows(&[]).expect("nothing to count").is_empty());
    }
}
