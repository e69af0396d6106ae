//! Endpoints as they are kept: address and secret sealed. Engines keep and give what is sealed; this file stands between them and the rooms.
//! Buyers are sealed through it, too, and opened in `buyers` alone.

use crate::deliveries::{EndpointHealth, EndpointRow};
use crate::secrets::{Place, SecretError, Vault, key_of};
use crate::{Store, StoreError, Tx};
use vocabulary::Endpoint;

/// The fact that secrets of this store are sealed: id of the key that sealed them last. Once it is there, nothing is kept plain.
const SEALED_BY: &str = "secrets.sealed_by";
/// The fact that bytes of secrets from before may still lie in the file.
const TO_SWEEP: &str = "secrets.to_sweep";

/// How the secrets of a store are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SecretsKept {
    /// How many are sealed.
    pub sealed: u64,
    /// How many stand there as they are.
    pub plain: u64,
    /// Endpoints whose secrets were changed behind our back and do not open: nothing is sent to these.
    pub shut: u64,
}

/// What holds secrets: given by an engine as it is kept, by [`Store`] opened.
pub(crate) trait HoldsSecrets: Sized {
    /// The same with its secrets as they were.
    fn opened(self, vault: &Vault) -> Result<Self, SecretError>;
}

impl<T: HoldsSecrets> HoldsSecrets for Vec<T> {
    fn opened(self, vault: &Vault) -> Result<Self, SecretError> {
        self.into_iter().map(|one| one.opened(vault)).collect()
    }
}

impl<T: HoldsSecrets> HoldsSecrets for Option<T> {
    fn opened(self, vault: &Vault) -> Result<Self, SecretError> {
        self.map(|one| one.opened(vault)).transpose()
    }
}

impl HoldsSecrets for EndpointRow {
    /// One that does not open says so in [`EndpointRow::shut`]: it keeps nobody else from being told.
    fn opened(self, vault: &Vault) -> Result<Self, SecretError> {
        Ok(match self.endpoint.clone().opened(vault) {
            Ok(endpoint) => Self { endpoint, ..self },
            Err(why) => {
                let endpoint = Endpoint { url: String::new(), secret: None, ..self.endpoint.clone() };
                Self { endpoint, shut: Some(why.to_string()), ..self }
            }
        })
    }
}

impl HoldsSecrets for EndpointHealth {
    fn opened(self, vault: &Vault) -> Result<Self, SecretError> {
        Ok(Self { row: self.row.opened(vault)?, ..self })
    }
}

impl HoldsSecrets for Endpoint {
    fn opened(self, vault: &Vault) -> Result<Self, SecretError> {
        each(&self, |place, value| vault.open(place, value))
    }
}

/// The endpoint with what must not be read made anew: addresses of robots hold their keys, those of hooks often do.
fn each(
    endpoint: &Endpoint,
    to: impl Fn(Place<'_>, &str) -> Result<String, SecretError>,
) -> Result<Endpoint, SecretError> {
    let place = |column| Place { table: "endpoints", row: &endpoint.name, column };
    let url = to(place("url"), &endpoint.url)?;
    let secret = endpoint.secret.as_deref().map(|secret| to(place("secret"), secret)).transpose()?;
    Ok(Endpoint { url, secret, ..endpoint.clone() })
}

/// The values of an endpoint that are sealed.
fn values(endpoint: &Endpoint) -> impl Iterator<Item = &str> {
    std::iter::once(endpoint.url.as_str()).chain(endpoint.secret.as_deref()).filter(|value| !value.is_empty())
}

impl Tx {
    /// An endpoint as it is kept. Where secrets are sealed, nobody without that key keeps one, plain or sealed.
    pub(crate) async fn sealed(&mut self, endpoint: &Endpoint) -> Result<Endpoint, StoreError> {
        self.may_keep("endpoints").await?;
        Ok(each(endpoint, |place, value| self.vault.seal(place, value))?)
    }

    /// What is kept sealed or not at all, as it is kept.
    pub(crate) async fn sealed_alone(&mut self, place: Place<'_>, secret: &str) -> Result<String, StoreError> {
        if self.vault.sealing_key().is_none() {
            return Err(SecretError::NoKey { place: place.table.to_owned() }.into());
        }
        self.may_keep(place.table).await?;
        Ok(self.vault.seal(place, secret)?)
    }

    /// Whether this vault may keep a secret of a table. From the first that is sealed on, nobody without its key does.
    async fn may_keep(&mut self, table: &str) -> Result<(), StoreError> {
        let vault = self.vault.clone();
        match (Store::fact_in(self, SEALED_BY).await?, vault.sealing_key()) {
            (Some(by), _) if !vault.key_ids().contains(&by.as_str()) => Err(vault.lacks(table, &by).into()),
            (None, Some(key)) => Store::set_fact(self, SEALED_BY, key).await,
            _ => Ok(()),
        }
    }
}

impl Store {
    /// Seals what is kept plain or under another key than the first of the vault, in one transaction, and wipes the plain bytes from the
    /// file. Without a key it only counts. What was changed so that no key opens it stays as it is, and is counted.
    ///
    /// # Errors
    /// [`StoreError::Secret`] where a secret does not open because the vault lacks its key.
    pub async fn seal_secrets(&self) -> Result<SecretsKept, StoreError> {
        let mut tx = self.begin().await?;
        let kept = Self::kept_endpoints(&mut tx).await?;
        let Some(key) = self.vault.sealing_key() else {
            if Self::fact_in(&mut tx, SEALED_BY).await?.is_some() {
                return Err(SecretError::NoKey { place: "endpoints".to_owned() }.into());
            }
            tx.rollback().await?;
            let plain = kept.iter().flat_map(values).filter(|value| key_of(value).is_none()).count() as u64;
            return Ok(SecretsKept { plain, ..SecretsKept::default() });
        };
        let before = Self::fact_in(&mut tx, SEALED_BY).await?;
        if let Some(before) = before.filter(|before| !self.vault.key_ids().contains(&before.as_str())) {
            return Err(self.vault.lacks("endpoints", &before).into());
        }
        let (mut plain, mut shut) = (false, 0);
        for endpoint in &kept {
            plain |= values(endpoint).any(|value| key_of(value).is_none());
            let opened = match endpoint.clone().opened(&self.vault) {
                Ok(opened) => opened,
                Err(why) => {
                    tracing::error!(endpoint = endpoint.name, "nothing is sent there: {why}");
                    shut += 1;
                    continue;
                }
            };
            if !values(endpoint).all(|value| self.vault.is_current(value)) {
                Self::put_endpoint(&mut tx, &opened).await?;
            }
        }
        Self::reseal_buyers(&mut tx).await?;
        let of_buyers = Self::sealed_of_buyers(&mut tx).await?.len();
        if Self::fact_in(&mut tx, SEALED_BY).await?.as_deref() != Some(key) {
            Self::set_fact(&mut tx, SEALED_BY, key).await?;
        }
        if plain {
            Self::set_fact(&mut tx, TO_SWEEP, "yes").await?;
        }
        let to_sweep = Self::fact_in(&mut tx, TO_SWEEP).await?.as_deref() == Some("yes");
        tx.commit().await?;
        // What stays behind after a crash here is swept at the next start.
        if to_sweep && self.sweep().await? {
            let mut tx = self.begin().await?;
            Self::set_fact(&mut tx, TO_SWEEP, "no").await?;
            tx.commit().await?;
        }
        let sealed = kept.iter().flat_map(values).count() + of_buyers;
        Ok(SecretsKept { sealed: sealed as u64, plain: 0, shut })
    }

    /// Which keys the secrets are sealed with, and how many with each; none for those that stand there as they are.
    pub async fn secrets_by_key(&self) -> Result<Vec<(Option<String>, u64)>, StoreError> {
        let mut tx = self.begin().await?;
        let kept = Self::kept_endpoints(&mut tx).await?;
        let of_buyers = Self::sealed_of_buyers(&mut tx).await?;
        tx.rollback().await?;
        let mut counts = std::collections::BTreeMap::new();
        for value in kept.iter().flat_map(values).chain(of_buyers.iter().map(String::as_str)) {
            *counts.entry(key_of(value).map(str::to_owned)).or_insert(0) += 1;
        }
        Ok(counts.into_iter().collect())
    }
}

/// Names of the facts that hold seeds of draws.
const SEEDS: &str = "draw.seed.";

impl Store {
    /// Keeps the seed of a draw under its digest until it is drawn by: sealed where a key is given.
    ///
    /// # Errors
    /// [`StoreError::Secret`] when it cannot be sealed.
    pub async fn keep_seed(tx: &mut Tx, digest: &str, seed: &str) -> Result<(), StoreError> {
        let sealed = tx.vault.seal(seed_place(digest), seed)?;
        Self::set_fact(tx, &format!("{SEEDS}{digest}"), &sealed).await
    }

    /// The seed that is kept under a digest.
    ///
    /// # Errors
    /// [`StoreError::Secret`] when it does not open.
    pub async fn kept_seed(&self, digest: &str) -> Result<Option<String>, StoreError> {
        let kept = self.fact(&format!("{SEEDS}{digest}")).await?;
        kept.map(|kept| Ok(self.vault.open(seed_place(digest), &kept)?)).transpose()
    }
}

fn seed_place(digest: &str) -> Place<'_> {
    Place { table: "facts", row: digest, column: "seed" }
}
