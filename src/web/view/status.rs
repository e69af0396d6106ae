//! How the service is doing, in numbers. For those inside alone.

use std::collections::BTreeMap;

use super::super::clock::now;
use super::values::{CursorState, SourceCounts, SourceHealth, SourceShown, Status, ViewError};
use super::{View, doing};
use collect::{Coverage, Health, Recipe};
use pipeline::{Tower, on_disk};
use store::{EndpointHealth, Pace, TryRow};
use vocabulary::{Notice, Position};

/// Notices shown.
const NOTICES_SHOWN: u64 = 10;

impl View {
    /// The tower for those inside. The table of addresses lets nobody else ask.
    fn works(&self) -> Result<&Tower, ViewError> {
        let why = || "您所属的单位不查看运行状况。".to_owned();
        if self.sight.is_inside() { Ok(&self.tower) } else { Err(ViewError::Refused { why: why() }) }
    }

    /// Counts, cursors, sources, versions and the newest notices.
    pub(crate) async fn status(&self) -> Result<Status, ViewError> {
        let tower = self.works()?;
        let internal = "reading the status";
        let log_end = tower.log().end().await.map_err(doing(internal))?;
        let counts = tower.store().alert_counts().await.map_err(doing(internal))?;
        let mut sources = Vec::new();
        for (source, (channel, intake)) in tower.store().intake().await.map_err(doing(internal))? {
            let reasons = tower.store().reject_reasons(&source).await.map_err(doing(internal))?;
            sources.push(SourceCounts { source, channel, intake, reasons });
        }
        let promotion = match tower.promotion_asked().await.map_err(doing(internal))? {
            None => tower.store().promotion_in_force().await.map_err(doing(internal))?,
            asked => asked,
        };
        let (alerts_at, _) = tower.store().cursor("alerts").await.map_err(doing(internal))?;
        let (listings_at, _) = tower.store().cursor("listings").await.map_err(doing(internal))?;
        let cursor = |consumer: &str, position: Position| CursorState { consumer: consumer.to_owned(), position };
        Ok(Status {
            documents: tower.index().documents(),
            signals: tower.signals(),
            alerts_open: counts.open,
            alerts_closed: counts.closed,
            sampling_requests: counts.sampling_requests,
            last_as_of: tower.judged_until().await.map_err(doing(internal))?,
            log_end,
            cursors: vec![
                cursor("index", on_disk(|| tower.index().cursor()).map_err(doing(internal))?),
                cursor("signals", tower.signals_cursor()),
                cursor("listings", listings_at),
                cursor("alerts", alerts_at),
            ],
            sources,
            health: self.source_health().await?,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            lexicon: tower.lexicon().version().clone(),
            criteria: tower.judge_by().version().clone(),
            promotion,
            notices: self.notices().await?,
            troubles: tower.troubles().all(),
            seals_secrets: tower.seals_secrets(),
        })
    }

    /// The newest notices, newest first.
    async fn notices(&self) -> Result<Vec<Notice>, ViewError> {
        let store = self.works()?.store();
        let last = store.last_notice().await.map_err(doing("reading the notices"))?;
        let notices = store.notices_after(last.saturating_sub(NOTICES_SHOWN), u32::MAX).await;
        let notices = notices.map_err(doing("reading the notices"))?;
        Ok(notices.into_iter().rev().map(|(_, notice)| notice).collect())
    }

    /// How each source of the recipes is doing.
    pub(crate) async fn source_health(&self) -> Result<Vec<SourceHealth>, ViewError> {
        let sources = self.works()?.sources(now()).await.map_err(doing("looking at the sources"))?;
        Ok(sources.iter().map(|(recipe, health)| health_of(recipe, health)).collect())
    }

    /// What the sources cover.
    pub(crate) async fn coverage(&self) -> Result<Coverage, ViewError> {
        let sources = self.works()?.sources(now()).await.map_err(doing("looking at the sources"))?;
        Ok(Coverage::of(&sources))
    }

    /// What the sources cover, and every source of the recipes.
    pub(crate) async fn sources(&self) -> Result<(Coverage, Vec<SourceShown>), ViewError> {
        let sources = self.works()?.sources(now()).await.map_err(doing("looking at the sources"))?;
        let coverage = Coverage::of(&sources);
        let shown = sources.into_iter().map(|(recipe, health)| SourceShown {
            health: health_of(recipe, &health),
            level: recipe.level,
            region: recipe.region.map(|code| self.region_name(code)),
            verified: recipe.verified.clone(),
            troubles: health.troubles,
        });
        Ok((coverage, shown.collect()))
    }

    /// How each endpoint is doing.
    pub(crate) async fn deliveries(&self) -> Result<Vec<EndpointHealth>, ViewError> {
        self.works()?.store().endpoint_health().await.map_err(doing("reading the deliveries"))
    }

    /// How often each endpoint is told something. It reads all that was ever delivered: for people who look, not for each scrape.
    pub(crate) async fn delivery_paces(&self) -> Result<BTreeMap<String, Pace>, ViewError> {
        self.works()?.store().endpoint_paces().await.map_err(doing("reading the deliveries"))
    }

    /// The newest tries to tell endpoints, newest first, at most `limit`.
    pub(crate) async fn delivery_tries(&self, limit: u32) -> Result<Vec<TryRow>, ViewError> {
        self.works()?.store().tries(None, limit).await.map_err(doing("reading the deliveries"))
    }
}

/// How a source is doing, as programs are told.
fn health_of(recipe: &Recipe, health: &Health) -> SourceHealth {
    SourceHealth {
        source: recipe.id.clone(),
        name: recipe.name.clone(),
        channel: recipe.channel,
        enabled: recipe.enabled,
        paused_at: health.paused_at,
        due_at: health.due_at,
        last_at: health.last_at,
        last_success_at: health.last_success_at,
        last_news_at: health.last_news_at,
        rounds: health.rounds,
        troubles: health.troubles.iter().map(ToString::to_string).collect(),
    }
}
