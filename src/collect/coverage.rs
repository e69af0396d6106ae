//! What the sources cover: by channel group, level of administration and region. Pure.

use jiff::Timestamp;

use super::{Health, Recipe};
use vocabulary::{AdminLevel, Channel, PROVINCES, Province};

/// Sources that have something in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Covered {
    /// Recipes.
    pub sources: usize,
    /// Of these, switched on and not paused.
    pub enabled: usize,
    /// Of these, with a month in which somebody saw the recipe work.
    pub verified: usize,
    /// The last such month, `2026-03`.
    pub verified_last: Option<String>,
    /// Of the enabled ones, with something that somebody should look at.
    pub in_trouble: usize,
    /// The last round of any of them that read something.
    pub last_success_at: Option<Timestamp>,
    /// The last round of any of them that kept a document.
    pub last_news_at: Option<Timestamp>,
}

/// How far a channel group is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// An enabled source has answered.
    Covered,
    /// There are recipes, but none is enabled, or none that is has answered yet.
    Prepared,
    /// There is no recipe.
    Missing,
}

/// The sources of a channel group.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[derive(schemars::JsonSchema)]
pub struct ChannelCovered {
    /// The group.
    pub channel: Channel,
    /// What is counted of its sources.
    #[serde(flatten)]
    pub covered: Covered,
}

/// The sources of a level of administration.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[derive(schemars::JsonSchema)]
pub struct LevelCovered {
    /// The level.
    pub level: AdminLevel,
    /// What is counted of its sources.
    #[serde(flatten)]
    pub covered: Covered,
}

/// The sources that speak for a province or places in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[derive(schemars::JsonSchema)]
pub struct ProvinceCovered {
    /// Its name.
    pub province: &'static str,
    /// What is counted of its sources.
    #[serde(flatten)]
    pub covered: Covered,
}

/// The coverage of all sources.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Coverage {
    /// The five channel groups of DB33/T 980 §6.1.2 in the order of its letters.
    pub channels: Vec<ChannelCovered>,
    /// All levels of administration.
    pub levels: Vec<LevelCovered>,
    /// The provinces that some source speaks for, by code, with all places in them.
    pub provinces: Vec<ProvinceCovered>,
    /// The provinces that no source speaks for.
    pub provinces_without: Vec<&'static str>,
}

impl State {
    /// It in Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Covered => "已覆盖",
            Self::Prepared => "未覆盖：有配方，尚未启用或尚无应答",
            Self::Missing => "未覆盖：没有配方",
        }
    }

    /// It in English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Prepared => "not covered: recipes are there, none enabled has answered",
            Self::Missing => "not covered: no recipe",
        }
    }
}

impl Covered {
    fn add(&mut self, recipe: &Recipe, health: &Health) {
        let is_on = recipe.enabled && health.paused_at.is_none();
        let month = recipe.verified.as_deref().filter(|verified| *verified != "never");
        self.sources += 1;
        self.enabled += usize::from(is_on);
        self.verified += usize::from(month.is_some());
        self.verified_last = self.verified_last.take().max(month.map(str::to_owned));
        self.in_trouble += usize::from(is_on && !health.troubles.is_empty());
        self.last_success_at = self.last_success_at.max(health.last_success_at);
        self.last_news_at = self.last_news_at.max(health.last_news_at);
    }

    /// How far this is covered.
    #[must_use]
    pub fn state(&self) -> State {
        match self {
            Self { sources: 0, .. } => State::Missing,
            Self { enabled: 1.., last_success_at: Some(_), .. } => State::Covered,
            _ => State::Prepared,
        }
    }
}

impl Coverage {
    /// Counts sources with their state. Examples of recipes do not count.
    #[must_use]
    pub fn of(sources: &[(&Recipe, Health)]) -> Self {
        let count = |belongs: &dyn Fn(&Recipe) -> bool| {
            let mut covered = Covered::default();
            sources
                .iter()
                .filter(|(recipe, _)| !recipe.is_example() && belongs(recipe))
                .for_each(|(recipe, health)| covered.add(recipe, health));
            covered
        };
        let province = |recipe: &Recipe| recipe.region.and_then(Province::of).map(|province| province.code);
        let of_channel = |channel: Channel| {
            let covered = count(&|recipe: &Recipe| recipe.channel == channel);
            ChannelCovered { channel, covered }
        };
        let of_level = |level: AdminLevel| {
            let covered = count(&|recipe: &Recipe| recipe.level == Some(level));
            LevelCovered { level, covered }
        };
        let of_province = |one: &Province| {
            let covered = count(&|recipe: &Recipe| province(recipe) == Some(one.code));
            ProvinceCovered { province: one.zh, covered }
        };
        let (with, without): (Vec<_>, Vec<_>) =
            PROVINCES.iter().map(of_province).partition(|one| one.covered.sources > 0);
        Self {
            channels: Channel::ALL.iter().copied().map(of_channel).collect(),
            levels: AdminLevel::ALL.iter().copied().map(of_level).collect(),
            provinces: with,
            provinces_without: without.into_iter().map(|one| one.province).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(id: &str, rest: &str) -> Recipe {
        let text = format!(
            "id = \"{id}\"\nname = \"站\"\nkind = \"feed\"\nstart = [\"https://a.example/\"]\nschedule.every = \"1h\"\n{rest}"
        );
        Recipe::parse(&text, "s.toml").unwrap()
    }

    fn health(success: Option<i64>) -> Health {
        let at = success.map(|second| Timestamp::from_second(second).unwrap());
        Health {
            paused_at: None,
            due_at: None,
            last_at: at,
            last_success_at: at,
            last_news_at: at,
            back_at: None,
            away_rounds: 0,
            rounds: 1,
            fields: std::collections::BTreeMap::new(),
            troubles: Vec::new(),
        }
    }

    #[test]
    fn sources_are_counted_by_channel_level_and_province() {
        let on =
            recipe("a", "channel = \"regulator\"\nlevel = \"province\"\nregion = \"330000\"\nverified = \"2026-03\"\n");
        let city = recipe(
            "b",
            "channel = \"regulator\"\nlevel = \"city\"\nregion = \"330100\"\nverified = \"never\"\nenabled = false\n",
        );
        let off = recipe("c", "channel = \"media\"\nenabled = false\n");
        let coverage = Coverage::of(&[(&on, health(Some(9))), (&city, health(None)), (&off, health(None))]);
        let channel = |wanted| coverage.channels.iter().find(|one| one.channel == wanted).unwrap().covered.clone();
        let regulators = channel(Channel::Regulator);
        assert_eq!((regulators.sources, regulators.enabled, regulators.verified), (2, 1, 1));
        assert_eq!((regulators.verified_last.as_deref(), regulators.state()), (Some("2026-03"), State::Covered));
        assert_eq!(channel(Channel::Media).state(), State::Prepared);
        assert_eq!(channel(Channel::Complaint).state(), State::Missing);
        assert_eq!(coverage.provinces.len(), 1);
        let first = &coverage.provinces[0];
        assert_eq!((first.province, first.covered.sources), ("浙江省", 2), "a city lies in its province");
        assert_eq!(coverage.provinces_without.len(), PROVINCES.len() - 1);
        assert_eq!(Coverage::of(&[]).channels.len(), Channel::ALL.len());
    }

    #[test]
    fn an_example_covers_nothing() {
        let example = recipe("example.feed", "channel = \"media\"\nlevel = \"province\"\nregion = \"330000\"\n");
        assert_eq!(Coverage::of(&[(&example, health(Some(9)))]), Coverage::of(&[]));
    }
}
