//! Reruns that the settings plan: the tower's own log replayed night by night or month by month, so that it is seen when the past
//! changes: when rules, criteria or the program say of days gone by what they did not say before.
//!
//! A run is a row of the store before it is anything else. Killed, it is found unended and goes on in its folder (decision 0017); a moment
//! missed while nothing ran is made up for once, however many were missed. Not here: how a rerun judges, what a difference is.
#![expect(clippy::disallowed_methods, reason = "an edge: folders of results, and how long a run took")]

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::diff::diff_within;
use super::kept;
use super::rerun::{RerunSpec, Stage, Summary, rerun};
use super::{Folder, PipelineError};
use archive::files::make_folder;
use config::RerunPlan;
use store::{PastChange, RerunRow, Store, StoreError};
use vocabulary::{DateRange, Notice, NoticeKind, Position, day_of, shanghai};

/// Where results lie, inside the data folder.
const FOLDER: &str = "reruns";
/// The page that sets a result beside the one before, in the result's folder.
pub const DIFFERENCE: &str = "difference.html";
/// What the last run read and judged: the next one takes it over (decision 0021).
const CACHE: &str = "cache";
/// Held while a plan runs.
const LOCK: &str = "lock";
/// The fact that says since when a plan is known: what was due before is nobody's debt.
const SINCE: &str = "rerun.since.";

impl Folder {
    /// When a plan is due: at its first moment after it last began, at once when it was killed while it ran.
    pub async fn rerun_due(&self, plan: &RerunPlan, now: Timestamp) -> Result<Timestamp, PipelineError> {
        let newest = self.store().reruns(Some(&plan.name)).await?.into_iter().next();
        let since = match newest {
            Some(row) if row.ended_at.is_none() => return Ok(row.started_at),
            Some(row) => row.started_at,
            None => self.plan_known_since(plan, now).await?,
        };
        Ok(next_after(plan, since))
    }

    async fn plan_known_since(&self, plan: &RerunPlan, now: Timestamp) -> Result<Timestamp, PipelineError> {
        let key = format!("{SINCE}{}", plan.name);
        if let Some(since) = self.store().fact(&key).await? {
            let unreadable = |error: jiff::Error| StoreError::stored("facts", key, "value", error);
            return Ok(since.parse().map_err(unreadable)?);
        }
        self.remember(&key, &now.to_string()).await?;
        Ok(now)
    }

    /// Replays what a plan asks for, as of the day before `now`, and keeps the result and what it changes. A run that fails is kept
    /// with its reason, and tried again at the plan's next moment.
    ///
    /// # Errors
    /// When the plan runs already, or nothing at all can be kept of it.
    pub async fn run_planned(
        &self,
        plan: &RerunPlan,
        now: Timestamp,
        tell: &(dyn Fn(Stage) + Sync),
    ) -> Result<RerunRow, PipelineError> {
        let began = Instant::now();
        let home = self.data_dir().join(FOLDER).join(&plan.name);
        let _lock = hold(&home)?;
        let rows = self.store().reruns(Some(&plan.name)).await?;
        let mut row = match rows.iter().find(|row| row.ended_at.is_none()) {
            Some(killed) => killed.clone(),
            None => self.begin(plan, now, &rows).await?,
        };
        let ran = match self.replay(&row, &home, tell).await {
            Ok(summary) => self.compare(&rows, &row, &home).await.map(|change| (summary, change)),
            Err(error) => Err(error),
        };
        let took = SignedDuration::try_from(began.elapsed()).unwrap_or(SignedDuration::ZERO);
        row.ended_at = Some(now.checked_add(took).unwrap_or(now));
        match ran {
            Ok((summary, change)) => {
                row.kept = true;
                row.versions = Some((summary.lexicon, summary.criteria));
                row.alerts_opened = summary.alerts_opened;
                row.change = change;
            }
            Err(error) => row.problem = Some(error.with_causes()),
        }
        let mut tx = self.store().begin().await?;
        Store::put_rerun(&mut tx, &row).await?;
        if row.kept {
            kept::record(&mut tx, self.data_dir(), &name_of(&row)).await?;
        }
        if let Some(notice) = notice_of(&row) {
            Store::add_notice(&mut tx, &notice).await?;
        }
        tx.commit().await?;
        if row.problem.is_none() {
            self.clear(plan, &home).await?;
        }
        Ok(row)
    }

    /// Writes down that a run begins, in a folder that none of the plan's `earlier` runs had.
    async fn begin(&self, plan: &RerunPlan, now: Timestamp, earlier: &[RerunRow]) -> Result<RerunRow, PipelineError> {
        let days = self.store().volume(Position(0), Position(u64::MAX)).await?;
        let until = day_of(now).yesterday().unwrap_or(Date::MIN);
        let first = days.iter().map(|(_, known, _)| *known).min().filter(|first| *first <= until);
        let Some(first) = first else {
            return Err(PipelineError::refused(
                format!("{until} 及以前没有任何信息；重放只含完整的日子，有了前一天的信息后再运行"),
                format!("no document was known by {until}: a rerun takes whole days, and begins once there is one"),
            ));
        };
        let back = |day: Date, days: u32| day.checked_sub(i64::from(days).days()).map_or(first, |day| day.max(first));
        let from = plan.days.map_or(first, |days| back(until, days - 1));
        // By then an alert that began earlier has closed, or is known to be open.
        let lead = back(from, self.judge_by().alerts.closing_days);
        let mut row = RerunRow {
            seq: 0,
            plan: plan.name.clone(),
            asked: DateRange { from, to: until },
            judged: DateRange { from: lead, to: until },
            every_days: plan.every_days,
            folder: folder_for(now, earlier),
            started_at: now,
            ended_at: None,
            problem: None,
            kept: false,
            versions: None,
            alerts_opened: 0,
            change: None,
        };
        let mut tx = self.store().begin().await?;
        row.seq = Store::add_rerun(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(row)
    }

    async fn replay(
        &self,
        row: &RerunRow,
        home: &Path,
        tell: &(dyn Fn(Stage) + Sync),
    ) -> Result<Summary, PipelineError> {
        let spec = RerunSpec {
            archives: vec![self.data_dir().to_owned()],
            range: row.judged,
            every_days: row.every_days,
            out: home.join(&row.folder),
            outcomes: self.store().outcomes(None).await?,
            resume: true,
            cache: Some(home.join(CACHE)),
        };
        let edition = self.edition();
        rerun(&spec, &edition.lexicon, &edition.judge, tell).await
    }

    /// What a result says otherwise than the last one that is still there; writes the page about it when it does.
    async fn compare(
        &self,
        rows: &[RerunRow],
        row: &RerunRow,
        home: &Path,
    ) -> Result<Option<PastChange>, PipelineError> {
        let Some(before) = rows.iter().find(|earlier| earlier.kept && earlier.seq < row.seq) else { return Ok(None) };
        let range = DateRange { from: before.asked.from.max(row.asked.from), to: before.asked.to.min(row.asked.to) };
        let (first, second) = (home.join(&before.folder), home.join(&row.folder));
        let page = second.join(DIFFERENCE);
        let against = before.seq;
        tokio::task::spawn_blocking(move || {
            let found = diff_within(&first, &second, range)?;
            let [earlier, later, other_levels] = found.alerts.shifted().map(|count| count as u64);
            let (gained, lost) = (found.alerts.gained.len() as u64, found.alerts.lost.len() as u64);
            let change = PastChange { against, gained, lost, earlier, later, other_levels };
            if change.any() {
                found.report(vocabulary::Language::Chinese).write_html(&page)?;
            }
            Ok(Some(change))
        })
        .await?
    }

    /// Removes results beyond those that the plan keeps, and what failed runs left.
    async fn clear(&self, plan: &RerunPlan, home: &Path) -> Result<(), PipelineError> {
        let mut whole = 0;
        for mut row in self.store().reruns(Some(&plan.name)).await? {
            whole += u32::from(row.kept);
            let dir = home.join(&row.folder);
            if row.ended_at.is_none() || (row.kept && whole <= plan.keep) || !dir.exists() {
                continue;
            }
            // First the word that it is gone: a folder without its row is nobody's loss.
            row.kept = false;
            let mut tx = self.store().begin().await?;
            Store::put_rerun(&mut tx, &row).await?;
            kept::forget(&mut tx, &name_of(&row)).await?;
            tx.commit().await?;
            fs::remove_dir_all(&dir).map_err(|source| PipelineError::Io { what: "remove", path: dir, source })?;
        }
        Ok(())
    }

    /// The folder of a run's result.
    #[must_use]
    pub fn rerun_folder(&self, row: &RerunRow) -> PathBuf {
        self.data_dir().join(FOLDER).join(&row.plan).join(&row.folder)
    }
}

/// The name of a result below the data folder.
fn name_of(row: &RerunRow) -> String {
    format!("{FOLDER}/{}/{}", row.plan, row.folder)
}

/// A plan's first moment after another one.
pub(super) fn next_after(plan: &RerunPlan, since: Timestamp) -> Timestamp {
    let next = plan.when.find_next_occurrence(&since.to_zoned(shanghai()), false);
    next.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// The moment a run begins, to the second; with a number when an earlier run began within it.
fn folder_for(now: Timestamp, earlier: &[RerunRow]) -> String {
    let moment = now.to_zoned(shanghai()).strftime("%Y%m%dT%H%M%S").to_string();
    let mut folder = moment.clone();
    let mut number = 1;
    while earlier.iter().any(|row| row.folder == folder) {
        number += 1;
        folder = format!("{moment}-{number}");
    }
    folder
}

/// Two processes do not run one plan at the same time; the lock goes with whoever dies.
fn hold(home: &Path) -> Result<File, PipelineError> {
    let path = home.join(LOCK);
    let io = |source| PipelineError::Io { what: "lock", path: path.clone(), source };
    make_folder(home).map_err(io)?;
    let file = File::create(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PipelineError::Busy(home.to_owned())),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

/// What people should know of a run that ended: that it failed, or that the past is another.
fn notice_of(row: &RerunRow) -> Option<Notice> {
    let (kind, text) = match (&row.problem, row.change) {
        (Some(problem), _) => (NoticeKind::RerunFailed, format!("按计划重放失败：{problem}")),
        (None, Some(change)) if change.any() => (
            NoticeKind::PastChanged,
            format!(
                "按计划重放{}至{}，与上一次不同：新增预警{}件，消失{}件，提前{}件，推迟{}件，等级不同{}件；对比页在 {FOLDER}/{}/{}/{DIFFERENCE}",
                row.asked.from,
                row.asked.to,
                change.gained,
                change.lost,
                change.earlier,
                change.later,
                change.other_levels,
                row.plan,
                row.folder
            ),
        ),
        (None, _) => return None,
    };
    Some(Notice { kind, at: row.ended_at?, about: row.plan.clone(), text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::parse_moment;

    #[test]
    fn moments_missed_are_one_debt_and_read_in_chinese_time() {
        let plan = RerunPlan {
            name: "nightly".to_owned(),
            when: "30 2 * * *".parse().expect("a cron expression"),
            days: Some(30),
            every_days: 1,
            keep: 3,
        };
        let at = |text: &str| parse_moment(text).expect("a moment");
        assert_eq!(next_after(&plan, at("2024-07-05 02:30:00")), at("2024-07-06 02:30:00"));
        // Begun on the 5th, asked again on the 20th: due since the 6th, and after it ran on the 20th due on the 21st.
        assert_eq!(next_after(&plan, at("2024-07-20 09:00:00")), at("2024-07-21 02:30:00"));
    }
}
