//! Buyers (购样人) and what they order: sealed or not kept at all, and shown only behind a line of the audit log (PRIV-2).
//!
//! What concerns a person is a [`Private`]: no code prints it by mistake, and nobody reads it without a [`Revealed`]. That is made in this file
//! alone, by [`Store::reveal_buyer`], when the line that says who looks and why is committed. Rows hold what is sealed for this room alone.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::secrets::{Place, SecretError, Vault};
use crate::{Store, StoreError, Tx};
use vocabulary::{AuditEntry, AuditKind, BuyerRef, RegionCode, SampleId};

const BUYERS: &str = "buyers";
const CONSIGNMENTS: &str = "consignments";
const SEALED: &str = "sealed";

/// What concerns a person: a name, a phone number, an account, an address, the number of an order. It cannot be displayed or serialised, and
/// [`Debug`](fmt::Debug) shows nothing of it.
#[derive(Clone)]
pub struct Private(String);

impl Private {
    /// The value, for whoever shows that the audit log knows of it.
    #[must_use]
    pub fn reveal(&self, _: &Revealed) -> &str {
        &self.0
    }

    /// How many characters it has.
    #[must_use]
    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether nothing but white space is in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl From<String> for Private {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Private {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Private(…)")
    }
}

/// Shows that the audit log has the line of who looks at a buyer and why. [`Store::reveal_buyer`] alone makes one.
#[derive(Debug)]
pub struct Revealed(());

/// A person who buys samples as an ordinary consumer (clause 3-35), and where the goods go (clause 3-36).
#[derive(Debug, Clone)]
pub struct Buyer {
    /// Name.
    pub name: Private,
    /// Phone number.
    pub phone: Private,
    /// Accounts to buy with, each with its platform.
    pub accounts: Vec<(String, Private)>,
    /// Who takes the goods in (收货人).
    pub consignee: Private,
    /// Where they go (寄送地址).
    pub address: Private,
    /// The place in which that lies. It is sealed like the rest, and may be listed.
    pub region: Option<RegionCode>,
    /// What else is to be known; empty without.
    pub note: Private,
}

/// A buyer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyerRow {
    /// The id.
    pub id: BuyerRef,
    /// All that is known of the person, sealed; none once retired.
    pub(crate) sealed: Option<String>,
    /// Since when it is kept.
    pub added_at: Timestamp,
    /// Since when the person buys no more.
    pub retired_at: Option<Timestamp>,
}

impl BuyerRow {
    fn place(&self) -> Place<'_> {
        Place { table: BUYERS, row: self.id.as_str(), column: SEALED }
    }
}

/// Who buys a sample, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsignmentRow {
    /// The sample.
    pub sample: SampleId,
    /// Who buys it.
    pub buyer: BuyerRef,
    /// The number of the order, sealed; none once the buyer is retired.
    pub(crate) sealed: Option<String>,
    /// When it was assigned.
    pub assigned_at: Timestamp,
}

impl ConsignmentRow {
    fn place(&self) -> Place<'_> {
        Place { table: CONSIGNMENTS, row: self.sample.as_str(), column: SEALED }
    }
}

/// A buyer in a list: nothing that concerns the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBuyer {
    /// The id.
    pub id: BuyerRef,
    /// Where the goods go; none when it is not known, or what is kept does not open.
    pub region: Option<RegionCode>,
    /// Whether what is kept opens with the keys that were given; a retired buyer has nothing to open.
    pub opens: bool,
    /// Since when it is kept.
    pub added_at: Timestamp,
    /// Since when the person buys no more.
    pub retired_at: Option<Timestamp>,
}

/// A buyer that was opened behind a line of the audit log.
#[derive(Debug)]
pub struct RevealedBuyer {
    /// The buyer.
    pub buyer: Buyer,
    /// The samples that were assigned, with the numbers of their orders.
    pub orders: Vec<(SampleId, Private)>,
    /// With this the values can be read.
    pub revealed: Revealed,
}

/// A buyer as JSON: what is sealed.
#[derive(Serialize, Deserialize)]
struct Plain {
    name: String,
    phone: String,
    accounts: Vec<(String, String)>,
    consignee: String,
    address: String,
    region: Option<RegionCode>,
    note: String,
}

impl Plain {
    fn of(buyer: &Buyer) -> Self {
        Self {
            name: buyer.name.0.clone(),
            phone: buyer.phone.0.clone(),
            accounts: buyer.accounts.iter().map(|(platform, account)| (platform.clone(), account.0.clone())).collect(),
            consignee: buyer.consignee.0.clone(),
            address: buyer.address.0.clone(),
            region: buyer.region,
            note: buyer.note.0.clone(),
        }
    }

    /// What is sealed of a buyer, opened.
    fn opened(vault: &Vault, id: &BuyerRef, sealed: &str) -> Result<Self, StoreError> {
        let place = Place { table: BUYERS, row: id.as_str(), column: SEALED };
        let plain = vault.open(place, sealed)?;
        // What the library says may quote a value.
        serde_json::from_str(&plain)
            .map_err(|_| StoreError::stored(BUYERS, id.as_str(), SEALED, "what was sealed is no buyer"))
    }

    fn into_buyer(self) -> Buyer {
        Buyer {
            name: Private(self.name),
            phone: Private(self.phone),
            accounts: self.accounts.into_iter().map(|(platform, account)| (platform, Private(account))).collect(),
            consignee: Private(self.consignee),
            address: Private(self.address),
            region: self.region,
            note: Private(self.note),
        }
    }
}

impl Store {
    /// Keeps a buyer, sealed; false when the id is taken.
    ///
    /// # Errors
    /// [`StoreError::Secret`] without a key: nothing of a buyer is kept plain.
    pub async fn put_buyer(tx: &mut Tx, id: &BuyerRef, buyer: &Buyer, now: Timestamp) -> Result<bool, StoreError> {
        let plain = serde_json::to_string(&Plain::of(buyer));
        let plain = plain.map_err(|error| StoreError::unwritable(BUYERS, SEALED, error))?;
        let mut row = BuyerRow { id: id.clone(), sealed: None, added_at: now, retired_at: None };
        row.sealed = Some(tx.sealed_alone(row.place(), &plain).await?);
        Self::add_kept_buyer(tx, &row).await
    }

    /// Keeps who buys a sample, with the number of the order sealed, in place of what was kept of that sample before; false when there is no such
    /// buyer, or it is retired.
    ///
    /// # Errors
    /// [`StoreError::Secret`] without a key.
    pub async fn put_consignment(
        tx: &mut Tx,
        sample: &SampleId,
        buyer: &BuyerRef,
        order: &Private,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut row = ConsignmentRow { sample: sample.clone(), buyer: buyer.clone(), sealed: None, assigned_at: now };
        row.sealed = Some(tx.sealed_alone(row.place(), &order.0).await?);
        Self::put_kept_consignment(tx, &row).await
    }

    /// All buyers, the first that was added first, without anything that concerns a person.
    pub async fn listed_buyers(&self) -> Result<Vec<ListedBuyer>, StoreError> {
        let mut listed = Vec::new();
        for BuyerRow { id, sealed, added_at, retired_at } in self.buyers().await? {
            let (region, opens) = match &sealed {
                None => (None, false),
                // One that does not open keeps nobody from the others.
                Some(sealed) => match Plain::opened(&self.vault, &id, sealed) {
                    Ok(plain) => (plain.region, true),
                    Err(_) => (None, false),
                },
            };
            listed.push(ListedBuyer { id, region, opens, added_at, retired_at });
        }
        Ok(listed)
    }

    /// Writes down in the audit log who looks at a buyer and why, and opens what is kept once that line is committed; none when there is no such
    /// buyer, or it is retired.
    ///
    /// # Errors
    /// [`StoreError::Secret`] when what is kept does not open. The line stays: somebody tried.
    pub async fn reveal_buyer(
        &self,
        id: &BuyerRef,
        by: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<Option<RevealedBuyer>, StoreError> {
        let mut tx = self.begin().await?;
        let Some(sealed) = Self::buyer_in(&mut tx, id).await?.and_then(|row| row.sealed) else {
            tx.rollback().await?;
            return Ok(None);
        };
        let mut kept = Self::kept_consignments(&mut tx).await?;
        kept.retain(|row| row.buyer == *id);
        let (who, about, detail) = (by.to_owned(), id.to_string(), why.to_owned());
        Self::add_audit(&mut tx, &AuditEntry { at: now, who, what: AuditKind::Buyer, about, detail }).await?;
        tx.commit().await?;
        let buyer = Plain::opened(&self.vault, id, &sealed)?.into_buyer();
        let mut orders = Vec::new();
        for row in kept {
            if let Some(sealed) = &row.sealed {
                let order = Private(self.vault.open(row.place(), sealed)?);
                orders.push((row.sample, order));
            }
        }
        Ok(Some(RevealedBuyer { buyer, orders, revealed: Revealed(()) }))
    }

    /// What is sealed of buyers and of what they order.
    pub(crate) async fn sealed_of_buyers(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
        let mut sealed = Vec::new();
        for row in Self::kept_buyers(tx).await? {
            sealed.extend(row.sealed);
        }
        for row in Self::kept_consignments(tx).await? {
            sealed.extend(row.sealed);
        }
        Ok(sealed)
    }

    /// Seals anew what is under another key than the first. What was changed so that no key opens it stays as it is, and is told.
    pub(crate) async fn reseal_buyers(tx: &mut Tx) -> Result<(), StoreError> {
        let vault = tx.vault.clone();
        for row in Self::kept_buyers(tx).await? {
            if let Some(sealed) = anew(&vault, row.place(), row.sealed.as_deref())? {
                Self::reseal_buyer(tx, &BuyerRow { sealed: Some(sealed), ..row }).await?;
            }
        }
        for row in Self::kept_consignments(tx).await? {
            if let Some(sealed) = anew(&vault, row.place(), row.sealed.as_deref())? {
                Self::put_kept_consignment(tx, &ConsignmentRow { sealed: Some(sealed), ..row }).await?;
            }
        }
        Ok(())
    }
}

/// What is kept at a place, sealed with the first key; none when there is nothing to do, or it does not open.
fn anew(vault: &Vault, place: Place<'_>, kept: Option<&str>) -> Result<Option<String>, SecretError> {
    let Some(kept) = kept.filter(|kept| !vault.is_current(kept)) else { return Ok(None) };
    match vault.open(place, kept) {
        Ok(plain) => vault.seal(place, &plain).map(Some),
        Err(why) => {
            tracing::error!("it stays as it is kept: {why}");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::SECRETS_KEY_BYTES;

    fn vault(keys: &[u8]) -> Vault {
        let keys: Vec<_> = keys.iter().map(|key| [*key; SECRETS_KEY_BYTES]).collect();
        Vault::new(Path::new("w.key"), &keys).expect("a vault")
    }

    fn buyer() -> Buyer {
        Buyer {
            name: "planted-name".into(),
            phone: "planted-phone".into(),
            accounts: vec![("京东".to_owned(), "planted-account".into())],
            consignee: "planted-consignee".into(),
            address: "planted-address".into(),
            region: Some("330106".parse().expect("a code")),
            note: "planted-note".into(),
        }
    }

    async fn added(store: &Store, id: &str) -> BuyerRef {
        let id = BuyerRef::from(id);
        let mut tx = store.begin().await.expect("begin");
        assert!(Store::put_buyer(&mut tx, &id, &buyer(), Timestamp::UNIX_EPOCH).await.expect("kept"));
        tx.commit().await.expect("commit");
        id
    }

    async fn assigned(store: &Store, sample: &str, id: &BuyerRef) -> bool {
        let mut tx = store.begin().await.expect("begin");
        let (sample, order) = (SampleId::from(sample), Private::from("planted-order"));
        let done = Store::put_consignment(&mut tx, &sample, id, &order, Timestamp::UNIX_EPOCH).await.expect("kept");
        tx.commit().await.expect("commit");
        done
    }

    async fn revealed(store: &Store, id: &BuyerRef) -> Option<RevealedBuyer> {
        store.reveal_buyer(id, "王", "核对收货", Timestamp::UNIX_EPOCH).await.expect("opened")
    }

    #[test]
    fn nothing_of_a_private_value_is_in_its_debug_form() {
        let buyer = buyer();
        let said = format!("{buyer:?}");
        assert!(said.contains("Private(…)") && !said.contains("planted"), "{said}");
    }

    #[tokio::test]
    async fn a_buyer_is_kept_sealed_and_opens_behind_a_line_of_the_audit_log() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open_with(&dir.path().join("wanglou.sqlite"), vault(&[1])).await.expect("open");
        let id = added(&store, "b-00000001").await;
        let mut tx = store.begin().await.expect("begin");
        assert!(!Store::put_buyer(&mut tx, &id, &buyer(), Timestamp::UNIX_EPOCH).await.expect("asked"), "a taken id");
        tx.rollback().await.expect("given up");
        assert!(assigned(&store, "s-1", &id).await);
        let kept = store.buyer(&id).await.expect("read").expect("there").sealed.expect("sealed");
        assert!(kept.starts_with("sealed:1:") && !kept.contains("planted"), "{kept}");
        assert_eq!(store.audit_end().await.expect("read"), 0, "nobody has looked");
        let shown = revealed(&store, &id).await.expect("there");
        let token = &shown.revealed;
        assert_eq!(shown.buyer.name.reveal(token), "planted-name");
        assert_eq!(shown.buyer.accounts[0].1.reveal(token), "planted-account");
        assert_eq!((shown.orders[0].0.as_str(), shown.orders[0].1.reveal(token)), ("s-1", "planted-order"));
        let line = store.audit(0, 9).await.expect("read").remove(0).entry;
        assert_eq!(
            (line.what, line.about.as_str(), line.detail.as_str()),
            (AuditKind::Buyer, "b-00000001", "核对收货")
        );
        let listed = store.listed_buyers().await.expect("read").remove(0);
        assert_eq!((listed.region, listed.opens), (buyer().region, true));
    }

    #[tokio::test]
    async fn without_a_key_nothing_of_a_buyer_is_kept() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("open");
        let mut tx = store.begin().await.expect("begin");
        let id = BuyerRef::from("b-00000001");
        let refused = Store::put_buyer(&mut tx, &id, &buyer(), Timestamp::UNIX_EPOCH).await.expect_err("no key");
        assert!(matches!(refused, StoreError::Secret(SecretError::NoKey { .. })), "{refused}");
        tx.rollback().await.expect("given up");
        assert_eq!(store.buyers().await.expect("read"), []);
    }

    #[tokio::test]
    async fn a_new_first_key_seals_buyers_and_their_orders_anew() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("wanglou.sqlite");
        let store = Store::open_with(&path, vault(&[1])).await.expect("open");
        let id = added(&store, "b-00000001").await;
        assert!(assigned(&store, "s-1", &id).await);
        store.close().await;
        let store = Store::open_with(&path, vault(&[2, 1])).await.expect("open");
        assert_eq!(store.seal_secrets().await.expect("sealed").sealed, 2);
        let by_key = store.secrets_by_key().await.expect("counted");
        assert_eq!(by_key, [(vault(&[2]).sealing_key().map(str::to_owned), 2)]);
        store.close().await;
        let store = Store::open_with(&path, vault(&[2])).await.expect("open");
        let shown = revealed(&store, &id).await.expect("there");
        assert_eq!(shown.orders[0].1.reveal(&shown.revealed), "planted-order");
    }

    #[tokio::test]
    async fn a_retired_buyer_leaves_its_id_and_no_sealed_byte() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("wanglou.sqlite");
        let store = Store::open_with(&path, vault(&[1])).await.expect("open");
        let (id, other) = (added(&store, "b-00000001").await, added(&store, "b-00000002").await);
        assert!(assigned(&store, "s-1", &id).await && assigned(&store, "s-2", &other).await);
        let sealed = store.buyer(&id).await.expect("read").expect("there").sealed.expect("sealed");
        let mut tx = store.begin().await.expect("begin");
        assert!(Store::retire_buyer(&mut tx, &id, Timestamp::UNIX_EPOCH).await.expect("retired"));
        assert!(!Store::retire_buyer(&mut tx, &id, Timestamp::UNIX_EPOCH).await.expect("asked"), "once");
        let sample = SampleId::from("s-1");
        let consignment = Store::consignment(&mut tx, &sample).await.expect("read").expect("there");
        assert_eq!((consignment.buyer, consignment.sealed), (id.clone(), None), "who bought it stays as an id");
        assert_eq!(Store::sealed_of_buyers(&mut tx).await.expect("read").len(), 2, "the other stays");
        tx.commit().await.expect("commit");
        assert!(revealed(&store, &id).await.is_none());
        assert!(!assigned(&store, "s-3", &id).await, "nothing more is bought");
        store.close().await;
        #[expect(clippy::disallowed_methods, reason = "looks for bytes in a file")]
        let bytes = std::fs::read(&path).expect("read");
        let held = bytes.windows(sealed.len()).any(|window| window == sealed.as_bytes());
        assert!(!held, "nothing is left of what was sealed");
    }
}
