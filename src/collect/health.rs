//! How a source is doing: when it last answered and brought something, what it no longer gives, and whether somebody
//! should look. A source must not stop quietly.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::Recipe;
use super::bounds::HOST_PAUSE_TOLD;
use store::frontier::{Frontier, Schedule};
use store::{FieldShare, SourceState, StoreError};

/// A field counts as dropped when its share falls below this part of what was usual …
const DROP: f64 = 0.5;
/// … in a source in which it was usually filled at least this often …
const USUAL_MIN: f64 = 0.3;
/// … over at least this many rounds.
const ROUNDS_MIN: u64 = 4;
/// Share of a round's items that may be set aside before somebody should look (the error budget).
const REJECTED_SHARE_MAX: f64 = 0.2;
/// A list may be empty for a moment.
const EMPTY_ROUNDS_MIN: u64 = 2;
/// Fewer items than this say nothing about a share.
const ITEMS_MIN: u64 = 10;

/// What is wrong with a source.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trouble {
    /// Rounds in a row that read nothing.
    NoAnswer {
        /// How many.
        rounds: u64,
    },
    /// Rounds in a row whose lists were in their right form and had no entries: the site answers, and says that there is nothing.
    Empty {
        /// How many.
        rounds: u64,
    },
    /// Nothing new for longer than this source usually takes.
    Silent {
        /// Hours since the last document that was kept; since the last success when there never was one.
        hours: u64,
        /// Hours after which this is reported.
        expected_hours: u64,
    },
    /// A field that used to be filled is filled no longer: the page has probably changed.
    FieldDropped {
        /// Its name.
        field: String,
        /// Share of documents that usually fill it.
        usual: f64,
        /// Share in the last round.
        last: f64,
    },
    /// Too much of the last round was set aside.
    Rejects {
        /// Items set aside.
        rejected: u64,
        /// Items met.
        collected: u64,
    },
    /// A host asked for so long a pause that the source is missed.
    LongPause {
        /// Hours from the last round to the next.
        hours: u64,
    },
    /// The last round ended before its work did.
    Stopped {
        /// Why.
        why: String,
    },
}

impl Trouble {
    /// It in Chinese; in English it is its `Display`.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::NoAnswer { rounds } => format!("连续 {rounds} 轮没有读到任何页面"),
            Self::Empty { rounds } => {
                format!("连续 {rounds} 轮列表格式正确但没有条目：请打开列表页核对，栏目可能已停用或迁移")
            }
            Self::Silent { hours, expected_hours } => {
                format!("已有 {hours} 小时没有新信息，超过预期的 {expected_hours} 小时")
            }
            Self::FieldDropped { field, usual, last } => format!(
                "字段 {field} 以往 {:.0}% 的信息有值，最近一轮只有 {:.0}%，页面可能已改版，请运行 wanglou source check",
                usual * 100.0,
                last * 100.0
            ),
            Self::Rejects { rejected, collected } => format!("最近一轮 {collected} 条中有 {rejected} 条被搁置"),
            Self::LongPause { hours } => format!(
                "对方要求暂停访问，两轮之间相隔 {hours} 小时；请向网站管理方了解原因，或在配方中降低频率（rate、bounds）；\
                 wanglou source collect 可立即采集"
            ),
            Self::Stopped { why } => format!("最近一轮提前结束：“{why}”"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer { rounds } => write!(f, "{rounds} rounds in a row read nothing"),
            Self::Empty { rounds } => write!(
                f,
                "in {rounds} rounds in a row its lists were valid and empty: open the list, the column may be given up or have moved"
            ),
            Self::Silent { hours, expected_hours } => {
                write!(f, "nothing new for {hours} hours, more than the expected {expected_hours}")
            }
            Self::FieldDropped { field, usual, last } => {
                write!(
                    f,
                    "field `{field}` was filled in {:.0} % of documents, now in {:.0} %: the page may have changed, run \
                     `wanglou source check`",
                    usual * 100.0,
                    last * 100.0
                )
            }
            Self::Rejects { rejected, collected } => write!(f, "{rejected} of {collected} items were set aside"),
            Self::LongPause { hours } => {
                write!(
                    f,
                    "its host asked to be left alone, so the next round is {hours} hours after the last; ask the site's operator \
                     why, or ask less (`rate`, `bounds`); `wanglou source collect` asks at once"
                )
            }
            Self::Stopped { why } => write!(f, "the last round ended early: {why}"),
        }
    }
}

/// How a source is doing.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Health {
    /// Since when nobody asks it, by an operator's wish.
    pub paused_at: Option<Timestamp>,
    /// When it is due; none = at once.
    pub due_at: Option<Timestamp>,
    /// Last round, whatever came of it.
    pub last_at: Option<Timestamp>,
    /// Last round that read a page.
    pub last_success_at: Option<Timestamp>,
    /// Last round that kept a document.
    pub last_news_at: Option<Timestamp>,
    /// The last round that read a page after rounds that read nothing.
    pub back_at: Option<Timestamp>,
    /// How many those were.
    pub away_rounds: u64,
    /// Rounds so far.
    pub rounds: u64,
    /// Share of documents in which each field is filled.
    pub fields: std::collections::BTreeMap<String, FieldShare>,
    /// What somebody should look at; empty = all is well.
    pub troubles: Vec<Trouble>,
}

impl Health {
    /// Looks a source up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(frontier: &Frontier, recipe: &Recipe, now: Timestamp) -> Result<Self, StoreError> {
        let (state, schedule) = (frontier.state(&recipe.id).await?, frontier.schedule(&recipe.id).await?);
        Ok(Self::of(recipe, state, schedule, now))
    }

    fn of(recipe: &Recipe, state: SourceState, schedule: Option<Schedule>, now: Timestamp) -> Self {
        let mut troubles = Vec::new();
        if state.failed_rounds > 0 {
            troubles.push(Trouble::NoAnswer { rounds: state.failed_rounds });
        }
        if state.empty_rounds >= EMPTY_ROUNDS_MIN {
            troubles.push(Trouble::Empty { rounds: state.empty_rounds });
        }
        let hours = |duration: Duration| duration.as_secs() / 3_600;
        let expected = recipe.schedule.silent_after(now);
        let silent =
            state.last_news_at.or(state.last_success_at).and_then(|at| Duration::try_from(now.duration_since(at)).ok());
        if let Some(silent) = silent.filter(|silent| *silent > expected && state.paused_at.is_none()) {
            troubles.push(Trouble::Silent { hours: hours(silent), expected_hours: hours(expected) });
        }
        for (field, share) in &state.fields {
            let FieldShare { usual, last, rounds } = *share;
            if rounds >= ROUNDS_MIN && usual >= USUAL_MIN && last < usual * DROP {
                troubles.push(Trouble::FieldDropped { field: field.clone(), usual, last });
            }
        }
        if let Some(schedule) = &schedule {
            let (rejected, collected) = (schedule.last.intake.rejected, schedule.last.intake.collected);
            if collected >= ITEMS_MIN && rejected as f64 > collected as f64 * REJECTED_SHARE_MAX {
                troubles.push(Trouble::Rejects { rejected, collected });
            }
            let rest = Duration::try_from(schedule.due_at.duration_since(schedule.last_at)).unwrap_or_default();
            let planned = recipe.schedule.next_at_latest(schedule.last_at);
            // Only what a host asks for puts a round off beyond its plan.
            if schedule.last.stopped.is_some() && rest > HOST_PAUSE_TOLD && schedule.due_at > planned {
                troubles.push(Trouble::LongPause { hours: hours(rest) });
            }
            if let Some(why) = &schedule.last.stopped {
                troubles.push(Trouble::Stopped { why: why.clone() });
            }
        }
        Self {
            paused_at: state.paused_at,
            due_at: schedule.as_ref().map(|schedule| schedule.due_at),
            last_at: schedule.as_ref().map(|schedule| schedule.last_at),
            last_success_at: state.last_success_at,
            last_news_at: state.last_news_at,
            back_at: state.back_at,
            away_rounds: state.away_rounds,
            rounds: schedule.map_or(0, |schedule| schedule.rounds),
            fields: state.fields,
            troubles,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::frontier::RoundMark;

    fn recipe(schedule: &str) -> Recipe {
        let text = format!(
            "id = \"s\"\nname = \"站\"\nchannel = \"media\"\nkind = \"feed\"\nstart = [\"https://a.example/\"]\n\
             [schedule]\n{schedule}\n"
        );
        Recipe::parse(&text, "s.toml").unwrap()
    }

    fn hour(hour: i64) -> Timestamp {
        Timestamp::from_second(1_720_000_000 + hour * 3_600).unwrap()
    }

    #[test]
    fn lists_that_stay_empty_are_a_trouble_of_their_own() {
        let look = |empty_rounds| {
            let state = SourceState { empty_rounds, last_success_at: Some(hour(0)), ..SourceState::default() };
            Health::of(&recipe("every = \"1h\""), state, None, hour(1)).troubles
        };
        assert_eq!((look(1), look(2)), (vec![], vec![Trouble::Empty { rounds: 2 }]));
    }

    #[test]
    fn a_source_that_answers_and_brings_nothing_is_silent_after_its_time() {
        let state =
            SourceState { last_success_at: Some(hour(200)), last_news_at: Some(hour(0)), ..SourceState::default() };
        let look = |schedule, now| Health::of(&recipe(schedule), state.clone(), None, now).troubles;
        assert_eq!(look("every = \"1h\"", hour(24)), []);
        assert_eq!(look("every = \"1h\"", hour(25)), [Trouble::Silent { hours: 25, expected_hours: 24 }]);
        assert_eq!(look("every = \"1h\"\nsilent_after = \"7d\"", hour(100)), []);
        assert_eq!(look("every = \"2d\"", hour(143)), []);
    }

    #[test]
    fn a_pause_of_more_than_a_day_that_a_host_asked_for_is_told_with_what_to_do() {
        let last = |stopped: Option<&str>| RoundMark { stopped: stopped.map(str::to_owned), ..RoundMark::default() };
        let look = |recipe_of: &str, due, stopped| {
            let schedule = Schedule { due_at: hour(due), last_at: hour(0), rounds: 9, last: last(stopped) };
            Health::of(&recipe(recipe_of), SourceState::default(), Some(schedule), hour(1)).troubles
        };
        let told = look("every = \"1h\"", 168, Some("held"));
        assert_eq!(told[0], Trouble::LongPause { hours: 168 });
        assert!(told[0].to_string().contains("168 hours after the last; ask the site's operator"), "{}", told[0]);
        assert_eq!(look("every = \"1h\"", 24, Some("held")).len(), 1, "a day is no long pause");
        assert_eq!(look("every = \"7d\"", 168, Some("x")).len(), 1, "the recipe's own plan is none either");
        assert_eq!(look("adaptive = { least = \"1h\", most = \"9d\" }", 168, Some("x")).len(), 1);
        assert_eq!(look("every = \"1h\"", 168, None), []);
    }

    #[test]
    fn failures_rejects_and_dropped_fields_are_told_apart() {
        let share = |usual, last| FieldShare { usual, last, rounds: 9 };
        let fields = [("brand", share(0.9, 0.1)), ("model", share(0.9, 0.8)), ("rare", share(0.1, 0.0))];
        let fields = fields.into_iter().map(|(name, share)| (name.to_owned(), share)).collect();
        let state = SourceState { last_success_at: Some(hour(0)), failed_rounds: 2, fields, ..SourceState::default() };
        let intake = vocabulary::Intake { collected: 20, rejected: 5, ..vocabulary::Intake::default() };
        let last = RoundMark { intake, stopped: Some("x".to_owned()), ..RoundMark::default() };
        let schedule = Schedule { due_at: hour(1), last_at: hour(0), rounds: 9, last };
        let health = Health::of(&recipe("every = \"1h\""), state, Some(schedule), hour(1));
        assert_eq!(
            health.troubles,
            [
                Trouble::NoAnswer { rounds: 2 },
                Trouble::FieldDropped { field: "brand".to_owned(), usual: 0.9, last: 0.1 },
                Trouble::Rejects { rejected: 5, collected: 20 },
                Trouble::Stopped { why: "x".to_owned() },
            ]
        );
    }
}
