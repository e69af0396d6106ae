//! Buyers ──► the sealed store, and back to whoever says why. Every step leaves its line in the audit log; no other file asks the store to open
//! a buyer (PRIV-2).

use data_encoding::HEXLOWER;
use jiff::Timestamp;

use super::bounds::{BUYER_ACCOUNTS_MAX, BUYER_CHARS_MAX, BUYER_WHY_CHARS_MAX};
use super::{Folder, PipelineError};
use store::{Buyer, ListedBuyer, Private, RevealedBuyer, Store};
use vocabulary::{AuditEntry, AuditKind, BuyerRef, Refused, SHOWN_CHARS, SampleId, excerpt, refused};

/// Random bytes of an id.
const ID_BYTES: usize = 4;
/// Longest number of a sample, in characters.
const SAMPLE_CHARS_MAX: usize = 200;

/// An id that says nothing of the person.
fn fresh() -> Result<BuyerRef, Refused> {
    let mut chance = [0; ID_BYTES];
    getrandom::fill(&mut chance)
        .map_err(|error| refused!("系统没有给出随机数：“{error}”", "the system gives no random bytes: {error}"))?;
    Ok(BuyerRef::new(format!("b-{}", HEXLOWER.encode(&chance))))
}

fn line(at: Timestamp, by: &str, about: &str, detail: String) -> AuditEntry {
    AuditEntry { at, who: by.to_owned(), what: AuditKind::Buyer, about: about.to_owned(), detail }
}

/// Whether a buyer can be kept. What is wrong is named, never quoted.
fn check(buyer: &Buyer) -> Result<(), Refused> {
    let Buyer { name, phone, accounts, consignee, address, region: _, note } = buyer;
    for (zh, en, value) in [
        ("姓名", "name", name),
        ("电话", "phone number", phone),
        ("收货人", "consignee", consignee),
        ("寄送地址", "address", address),
    ] {
        fits(zh, en, value)?;
    }
    for (platform, account) in accounts {
        fits("平台账号", "account", account)?;
        if platform.trim().is_empty() || platform.chars().count() > BUYER_CHARS_MAX {
            return Err(refused!(
                "账号没有写明平台，或平台名称过长",
                "an account names no platform, or one that is too long"
            ));
        }
    }
    if accounts.len() > BUYER_ACCOUNTS_MAX {
        return Err(refused!("账号最多 {BUYER_ACCOUNTS_MAX} 个", "at most {BUYER_ACCOUNTS_MAX} accounts"));
    }
    if note.chars() > BUYER_CHARS_MAX {
        return Err(refused!("备注最多 {BUYER_CHARS_MAX} 字", "the note has at most {BUYER_CHARS_MAX} characters"));
    }
    Ok(())
}

fn fits(zh: &str, en: &str, value: &Private) -> Result<(), Refused> {
    if value.is_blank() || value.chars() > BUYER_CHARS_MAX {
        return Err(refused!(
            "{zh}不能为空，最多 {BUYER_CHARS_MAX} 字",
            "the {en} is needed, with at most {BUYER_CHARS_MAX} characters"
        ));
    }
    Ok(())
}

/// A reason that can stand in the audit log.
fn reason(why: &str) -> Result<&str, Refused> {
    let why = why.trim();
    if why.is_empty() || why.chars().count() > BUYER_WHY_CHARS_MAX {
        return Err(refused!(
            "须写明理由，最多 {BUYER_WHY_CHARS_MAX} 字；理由记入审计记录",
            "a reason is needed, with at most {BUYER_WHY_CHARS_MAX} characters; it stands in the audit log"
        ));
    }
    Ok(why)
}

impl Folder {
    /// Keeps a buyer, sealed, and gives the id, which may be shown.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] for one that lacks something or is longer than its bounds; [`PipelineError::Store`] without a key for secrets.
    pub async fn add_buyer(&self, buyer: &Buyer, by: &str, now: Timestamp) -> Result<BuyerRef, PipelineError> {
        check(buyer)?;
        let mut tx = self.store().begin().await?;
        let mut id = fresh()?;
        while !Store::put_buyer(&mut tx, &id, buyer, now).await? {
            id = fresh()?;
        }
        Store::add_audit(&mut tx, &line(now, by, id.as_str(), "added".to_owned())).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// All buyers by their ids, without anything that concerns a person.
    pub async fn buyers(&self, by: &str, now: Timestamp) -> Result<Vec<ListedBuyer>, PipelineError> {
        let listed = self.store().listed_buyers().await?;
        let mut tx = self.store().begin().await?;
        let detail = format!("{} listed", listed.len());
        Store::add_audit(&mut tx, &line(now, by, "buyers", detail)).await?;
        tx.commit().await?;
        Ok(listed)
    }

    /// A buyer with all that is kept of the person. Who looks and why stands in the audit log before anything is opened.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] without a reason, and for a buyer that is not there or is retired; [`PipelineError::Store`] when what is kept
    /// does not open.
    pub async fn show_buyer(
        &self,
        id: &BuyerRef,
        by: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<RevealedBuyer, PipelineError> {
        let why = reason(why)?;
        match self.store().reveal_buyer(id, by, why, now).await? {
            Some(shown) => Ok(shown),
            None => Err(self.no_buyer(id).await?.into()),
        }
    }

    /// Forgets all that is kept of a buyer; the id stays, and which samples were bought under it.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] without a reason, and for a buyer that is not there or is retired.
    pub async fn retire_buyer(&self, id: &BuyerRef, by: &str, why: &str, now: Timestamp) -> Result<(), PipelineError> {
        let why = reason(why)?;
        let mut tx = self.store().begin().await?;
        if !Store::retire_buyer(&mut tx, id, now).await? {
            tx.rollback().await?;
            return Err(self.no_buyer(id).await?.into());
        }
        Store::add_audit(&mut tx, &line(now, by, id.as_str(), format!("retired: {why}"))).await?;
        Ok(tx.commit().await?)
    }

    /// Has a buyer buy a sample, with the number of the order; in place of what was kept of that sample before.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] without a sample or an order, and for a buyer that is not there or is retired; [`PipelineError::Store`] without
    /// a key for secrets.
    pub async fn assign_buyer(
        &self,
        sample: &SampleId,
        id: &BuyerRef,
        order: &Private,
        by: &str,
        now: Timestamp,
    ) -> Result<(), PipelineError> {
        if sample.as_str().trim().is_empty() || sample.as_str().chars().count() > SAMPLE_CHARS_MAX {
            let why = refused!(
                "样品编号不能为空，最多 {SAMPLE_CHARS_MAX} 字",
                "the number of the sample is needed, with at most {SAMPLE_CHARS_MAX} characters"
            );
            return Err(why.into());
        }
        fits("订单号", "number of the order", order)?;
        let mut tx = self.store().begin().await?;
        if !Store::put_consignment(&mut tx, sample, id, order, now).await? {
            tx.rollback().await?;
            return Err(self.no_buyer(id).await?.into());
        }
        Store::add_audit(&mut tx, &line(now, by, id.as_str(), format!("sample {sample}"))).await?;
        Ok(tx.commit().await?)
    }

    /// Why there is nothing of a buyer.
    async fn no_buyer(&self, id: &BuyerRef) -> Result<Refused, PipelineError> {
        let known = self.store().buyer(id).await?;
        let id = excerpt(id.as_str(), SHOWN_CHARS);
        Ok(match known {
            Some(_) => {
                refused!("购样人 {id} 已停用，其资料已删除", "buyer `{id}` is retired, and what was kept is gone")
            }
            None => refused!("没有购样人 {id}", "there is no buyer `{id}`"),
        })
    }
}
