//! Prepares promotions while a service runs, and puts them in force between two of its turns.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::prepared::{NotInForce, PreparedPromotion};
use crate::{PipelineError, Tower};
use store::Promotion;

/// The promotion that is being prepared. When it is dropped, preparing begins again with the next start.
#[derive(Default)]
pub struct BackgroundPromotion {
    preparing: Option<(Promotion, JoinHandle<Result<PreparedPromotion, PipelineError>>)>,
}

impl BackgroundPromotion {
    /// Begins, waits for, or puts in force what was asked for; whether other rules are in force since. To be called between turns.
    ///
    /// # Errors
    /// Only when the tower cannot work on; a promotion that fails is written down and the rules stay.
    pub async fn step(&mut self, tower: &Arc<Tower>, now: Timestamp) -> Result<bool, PipelineError> {
        let Some((row, preparing)) = self.preparing.take() else {
            if let Some(row) = tower.promotion_asked().await? {
                tracing::info!(lexicon = %row.lexicon, criteria = %row.criteria, "the log is read again by promoted rules");
                let (tower, asked) = (Arc::clone(tower), row.clone());
                self.preparing =
                    Some((row, tokio::spawn(async move { tower.prepare_promotion(asked, &|_| ()).await })));
            }
            return Ok(false);
        };
        if !preparing.is_finished() {
            self.preparing = Some((row, preparing));
            return Ok(false);
        }
        let put = match preparing.await {
            Ok(Ok(prepared)) => tower.put_in_force(prepared, now).await,
            Ok(Err(error)) => Err(NotInForce::Before(error)),
            // Preparing broke off, and would again.
            Err(broken) => Err(NotInForce::Before(broken.into())),
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

impl Drop for BackgroundPromotion {
    fn drop(&mut self) {
        if let Some((_, preparing)) = &self.preparing {
            preparing.abort();
        }
    }
}
