//! Between two turns of a running service: is something promoted, is it ready, change to it.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::beside::{Beside, NotInForce};
use crate::{PipelineError, Tower};
use store::Promotion;

/// Looks after promotions while turns go on. Dropped, it leaves what was asked for to the next start.
#[derive(Default)]
pub struct Keeper {
    deriving: Option<(Promotion, JoinHandle<Result<Beside, PipelineError>>)>,
}

impl Keeper {
    /// Begins, waits for, or puts in force what was asked for; whether other rules are in force since. To be called between turns.
    ///
    /// # Errors
    /// Only when the tower cannot work on; a promotion that fails is written down and the rules stay.
    pub async fn step(&mut self, tower: &Arc<Tower>, now: Timestamp) -> Result<bool, PipelineError> {
        let Some((row, deriving)) = self.deriving.take() else {
            if let Some(row) = tower.promotion_asked().await? {
                tracing::info!(lexicon = %row.lexicon, criteria = %row.criteria, "the log is read again by promoted rules");
                let (tower, asked) = (Arc::clone(tower), row.clone());
                self.deriving = Some((row, tokio::spawn(async move { tower.derive_beside(asked, &|_| ()).await })));
            }
            return Ok(false);
        };
        if !deriving.is_finished() {
            self.deriving = Some((row, deriving));
            return Ok(false);
        }
        let put = match deriving.await? {
            Ok(beside) => tower.put_in_force(beside, now).await,
            Err(error) => Err(NotInForce::Before(error)),
        };
        match put {
            Ok(row) => {
                tracing::info!(lexicon = %row.lexicon, criteria = %row.criteria, "promoted rules are in force");
                Ok(true)
            }
            Err(NotInForce::After(error)) => Err(error),
            Err(NotInForce::Before(error)) => {
                let why = error.with_causes();
                tracing::warn!("promoted rules are not put in force: {why}");
                tower.promotion_failed(&row, &why, now).await?;
                Ok(false)
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some((_, deriving)) = &self.deriving {
            deriving.abort();
        }
    }
}
