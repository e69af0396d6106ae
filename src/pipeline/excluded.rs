//! What the machine excluded ──► kept with its reason, until its matter has an alert (DB33/T 980, clause 3-29). It is no alert: nobody is told.
//!
//! A row is written when what it says has changed, or when it is a week old, so that a quiet day writes little. Single reports of little danger
//! are not kept: they are most of what is read, and the search finds them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Folder, PipelineError};
use store::{Store, Tx};
use vocabulary::{
    Act, Assessment, AuditEntry, AuditKind, Disposal, Excluded, ExclusionKey, Looked, Refused, SHOWN_CHARS, excerpt,
    refused,
};

/// Days after which a row is written again though nothing but its day has changed.
const RENEWED_AFTER_DAYS: i32 = 7;
/// Longest name of a person, in characters.
const NAME_CHARS_MAX: usize = Act::TO_CHARS_MAX;

/// What a judgement changes about the exclusions that are kept.
#[derive(Debug, Default, PartialEq)]
struct Changes {
    put: Vec<Excluded>,
    gone: Vec<ExclusionKey>,
}

/// `open`: matters that have an open alert.
fn changes(kept: &BTreeMap<ExclusionKey, Excluded>, judged: &[Assessment], open: &BTreeSet<ExclusionKey>) -> Changes {
    // What is above the line today is not excluded, whether it opens an alert or another one tells of it.
    let above = judged.iter().filter(|one| one.disposal != Disposal::Exclude).map(Excluded::key_of);
    let told: BTreeSet<ExclusionKey> = above.chain(open.iter().cloned()).collect();
    let mut newest: BTreeMap<ExclusionKey, Excluded> = BTreeMap::new();
    for found in judged.iter().filter_map(Excluded::of).filter(|found| !told.contains(&found.key)) {
        // Of two parts with one label the graver one counts.
        let weight = |one: &Excluded| (one.danger, one.counts.reports);
        match newest.get(&found.key) {
            Some(other) if weight(other) >= weight(&found) => {}
            _ => _ = newest.insert(found.key.clone(), found),
        }
    }
    let is_news = |found: &Excluded| {
        kept.get(&found.key).is_none_or(|old| !old.is_same(found) || days(old.as_of, found.as_of) > RENEWED_AFTER_DAYS)
    };
    let with_look = |found: Excluded| {
        let looked = kept.get(&found.key).and_then(|old| old.looked.clone());
        Excluded { looked, ..found }
    };
    Changes {
        put: newest.into_values().filter(is_news).map(with_look).collect(),
        gone: kept.keys().filter(|key| told.contains(*key)).cloned().collect(),
    }
}

fn days(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

/// Keeps what a judgement excluded, in its transaction.
pub(super) async fn keep(
    tx: &mut Tx,
    judged: &[Assessment],
    open: &BTreeSet<ExclusionKey>,
) -> Result<(), PipelineError> {
    let kept = Store::excluded_in(tx).await?.into_iter().map(|row| (row.key.clone(), row)).collect();
    let Changes { put, gone } = changes(&kept, judged, open);
    for key in &gone {
        Store::remove_excluded(tx, key).await?;
    }
    for row in &put {
        Store::put_excluded(tx, row).await?;
    }
    if !put.is_empty() {
        Store::trim_excluded(tx).await?;
    }
    Ok(())
}

impl Folder {
    /// Writes down that somebody wants a person to look at a matter that the machine excluded, with a line of the audit log. The levels stay as
    /// they are: whoever looks and finds a risk hands the documents in, or gives the rules an example.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] without a name or a reason, and for a matter that is not kept as excluded.
    pub async fn look_at_excluded(
        &self,
        key: &ExclusionKey,
        by: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<Excluded, PipelineError> {
        let (by, why) = (checked(by, NAME_CHARS_MAX)?, checked(why, Act::NOTE_CHARS_MAX)?);
        let mut tx = self.store().begin().await?;
        let found = Store::excluded_in(&mut tx).await?.into_iter().find(|row| row.key == *key);
        let Some(mut row) = found else {
            let key = excerpt(key.as_str(), SHOWN_CHARS);
            return Err(PipelineError::Refused(refused!(
                "机器排除的事项中没有 {key}：用 wanglou alerts excluded 查看",
                "`{key}` is not among what the machine excluded: see `wanglou alerts excluded`"
            )));
        };
        row.looked = Some(Looked { by: by.to_owned(), at: now, why: why.to_owned() });
        Store::put_excluded(&mut tx, &row).await?;
        let (who, about, detail) = (by.to_owned(), row.key.to_string(), format!("look: {why}"));
        Store::add_audit(&mut tx, &AuditEntry { at: now, who, what: AuditKind::Act, about, detail }).await?;
        tx.commit().await?;
        Ok(row)
    }
}

/// A name or a reason that says something.
fn checked(text: &str, most: usize) -> Result<&str, Refused> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most {
        return Err(refused!(
            "须写明由谁提请、为什么，最多{most}字。",
            "say who wants it looked at and why, in at most {most} characters"
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;
    use vocabulary::{Danger, Explanation, Sentence};

    fn judged(day: i8, brand: &str, reports: u64, danger: &str, disposal: &str) -> Assessment {
        let kept = json!({
            "as_of": date(2026, 3, day), "category": "toy", "hazard": "choking", "brand": brand, "region": null,
            "danger": danger, "spread": "isolated", "disposal": disposal, "rank_score": 1.0,
            "counts": {"reports": reports, "texts": reports, "actors": 1, "places": 0}, "window_days": 7,
            "detector": {"method": "m", "h": 0.5, "h_threshold": 3.0, "windows": [], "baseline_events": 0,
                "baseline_weeks": 104.0, "prior": [0.5, 10.0]},
            "danger_terms": {"severity": 3, "severity_stated": 0, "vulnerable": false, "probability_row": null,
                "range": ["medium", "serious"]},
            "spread_terms": {"brands": 1, "effective_brands": 1.0, "top_brand": brand, "unknown_brand_share": 0.0,
                "provinces": 0, "effective_provinces": 0.0, "top_province": null, "top_province_share": 0.0,
                "unknown_region_share": 1.0, "p_without_top_brand": null, "p_without_top_province": null,
                "company_wide": false, "provisional": false, "rule": "isolated"},
            "disposal_rule": "exclude.below_line", "explanation": "", "criteria": "c", "documents": ["d"],
        });
        let judged: Assessment = serde_json::from_value(kept).expect("an assessment");
        let means = None;
        let why = Sentence::Disposal { disposal: judged.disposal, means, rule: judged.disposal_rule.clone() };
        let said = vec![Sentence::Criteria { version: judged.criteria.clone() }, why];
        Assessment { explanation: Explanation::from(said), ..judged }
    }

    fn kept(rows: &[Excluded]) -> BTreeMap<ExclusionKey, Excluded> {
        rows.iter().map(|row| (row.key.clone(), row.clone())).collect()
    }

    #[test]
    fn clause_3_29_two_reports_or_high_danger_are_kept_with_the_sentence_that_says_why() {
        let day = [
            judged(1, "甲", 2, "low", "exclude"),
            judged(1, "乙", 1, "high", "exclude"),
            judged(1, "丙", 1, "medium", "exclude"),
            judged(1, "丁", 9, "high", "notify"),
        ];
        let found = changes(&BTreeMap::new(), &day, &BTreeSet::new());
        let mut brands: Vec<_> = found.put.iter().filter_map(|row| row.brand.as_deref()).collect();
        brands.sort_unstable();
        assert_eq!((brands, found.gone.len()), (vec!["乙", "甲"], 0));
        let [Sentence::Disposal { rule, .. }] = found.put[0].why.sentences() else { panic!("{:?}", found.put[0].why) };
        assert_eq!(rule, "exclude.below_line");
    }

    #[test]
    fn a_day_that_says_the_same_writes_nothing_until_the_row_is_a_week_old() {
        let first = changes(&BTreeMap::new(), &[judged(1, "甲", 2, "low", "exclude")], &BTreeSet::new()).put;
        let kept = kept(&first);
        let put = |judged: Assessment| changes(&kept, &[judged], &BTreeSet::new()).put.len();
        assert_eq!(put(judged(2, "甲", 2, "low", "exclude")), 0);
        assert_eq!(put(judged(8, "甲", 2, "low", "exclude")), 0);
        assert_eq!(put(judged(9, "甲", 2, "low", "exclude")), 1);
        assert_eq!(put(judged(2, "甲", 3, "low", "exclude")), 1);
    }

    #[test]
    fn a_row_keeps_who_wants_it_looked_at_and_goes_when_its_matter_has_an_alert() {
        let mut row = Excluded::of(&judged(1, "甲", 2, "low", "exclude")).expect("kept");
        row.looked = Some(Looked { by: "王".to_owned(), at: Timestamp::UNIX_EPOCH, why: "同一厂家".to_owned() });
        let kept = kept(std::slice::from_ref(&row));
        let found = changes(&kept, &[judged(2, "甲", 3, "low", "exclude")], &BTreeSet::new());
        assert_eq!(found.put[0].looked, row.looked);
        let open = BTreeSet::from([row.key.clone()]);
        let found = changes(&kept, &[judged(2, "甲", 3, "low", "exclude")], &open);
        assert_eq!((found.put.len(), found.gone), (0, vec![row.key.clone()]));
        let found = changes(&kept, &[judged(2, "甲", 5, "high", "notify")], &BTreeSet::new());
        assert_eq!((found.put.len(), found.gone), (0, vec![row.key]));
    }

    #[test]
    fn of_two_parts_with_one_label_the_graver_counts() {
        let two = [judged(1, "甲", 2, "low", "exclude"), judged(1, "甲", 1, "serious", "exclude")];
        let found = changes(&BTreeMap::new(), &two, &BTreeSet::new());
        assert_eq!(found.put.iter().map(|row| row.danger).collect::<Vec<_>>(), [Danger::Serious]);
    }
}
