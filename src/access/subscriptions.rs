//! What users subscribe to themselves: mail to the address that an administrator wrote down for them, so that nobody has mail sent to others.

use jiff::Timestamp;

use super::accounts::{Accounts, entry, no_user};
use super::error::AccessError;
use super::mail::check_mail;
use super::secret;
use store::{EndpointHealth, Store};
use vocabulary::{AuditKind, Endpoint, EndpointKind, Subscription, refused};

/// Subscriptions of one user.
pub const SUBSCRIPTIONS_MAX: usize = 10;

impl Accounts {
    /// Sets or takes away the mail address of a user. What the user has subscribed to goes there from now on; without an address it ends.
    ///
    /// # Errors
    /// [`AccessError::Input`] for an unknown user or what is no address.
    pub async fn set_mail(&self, name: &str, mail: Option<&str>, by: &str, now: Timestamp) -> Result<(), AccessError> {
        if let Some(mail) = mail {
            check_mail(mail)?;
        }
        let mut tx = self.store.begin().await?;
        if !Store::set_mail(&mut tx, name, mail).await? {
            return Err(no_user(name));
        }
        if let Some(mail) = mail {
            for mut endpoint in Store::endpoints_of(&mut tx, name).await? {
                endpoint.url = format!("mailto:{mail}");
                Store::put_endpoint(&mut tx, &endpoint).await?;
            }
        } else {
            // Needs no key for secrets: what somebody is to be told no longer can always be ended.
            for ended in Store::endpoint_names_of(&mut tx, name).await? {
                Store::remove_endpoint(&mut tx, &ended, now).await?;
                let detail = format!("ended: {name} has no mail address");
                Store::add_audit(&mut tx, &entry(now, by, AuditKind::Delivery, &ended, detail)).await?;
            }
        }
        let detail = if mail.is_some() { "mail address set" } else { "no mail address" };
        Store::add_audit(&mut tx, &entry(now, by, AuditKind::User, name, detail.to_owned())).await?;
        Ok(tx.commit().await?)
    }

    /// The mail address that a user's subscriptions go to.
    pub async fn mail_of(&self, name: &str) -> Result<Option<String>, AccessError> {
        Ok(self.store.user(name).await?.and_then(|user| user.mail))
    }

    /// What a user has subscribed to, and how it is doing.
    pub async fn subscriptions(&self, name: &str) -> Result<Vec<EndpointHealth>, AccessError> {
        Ok(self.store.health_of_owner(name).await?)
    }

    /// Subscribes a user to what happens from now on, as far as the organisation of the user sees it. Gives the name of the subscription.
    ///
    /// # Errors
    /// [`AccessError::Input`] without an address, with too many subscriptions, or with what none can be.
    pub async fn subscribe(
        &self,
        name: &str,
        subscription: Subscription,
        now: Timestamp,
    ) -> Result<String, AccessError> {
        // One who writes at a time: what is read from here on stays so until it is written.
        let mut tx = self.store.begin().await?;
        let user = self.store.user(name).await?.filter(|user| user.disabled_at.is_none());
        let user = user.ok_or_else(|| no_user(name))?;
        let mail = user.mail.ok_or_else(|| {
            AccessError::Input(refused!(
                "管理员还没有为您登记邮箱。",
                "the administrator has not registered your mail address yet"
            ))
        })?;
        if Store::endpoints_of(&mut tx, name).await?.len() >= SUBSCRIPTIONS_MAX {
            return Err(AccessError::Input(refused!(
                "每人最多 {SUBSCRIPTIONS_MAX} 项订阅：请先取消一项。",
                "at most {SUBSCRIPTIONS_MAX} subscriptions a person: end one first"
            )));
        }
        if !subscription.has_hours() {
            return Err(AccessError::Input(refused!(
                "时间应为 0 到 23 时，免打扰的起止不能相同。",
                "hours are 0 to 23, and quiet ones end at another than they begin"
            )));
        }
        // Notices are about the watch itself: they go to the endpoints that the centre's administrators make.
        let subscription = Subscription { notices: false, ..subscription };
        let label: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
        let endpoint = Endpoint {
            name: format!("{label}-{}", secret::fresh_name()?),
            party: Some(user.party.name),
            kind: EndpointKind::Mail,
            url: format!("mailto:{mail}"),
            secret: None,
            allow_loopback: false,
            subscription,
        };
        let after = self.store.last_alert_event().await?;
        if !Store::add_endpoint(&mut tx, &endpoint, Some(name), after, now).await? {
            return Err(AccessError::Input(refused!(
                "订阅没有建成：请再试一次。",
                "the subscription could not be made: try again"
            )));
        }
        let made = entry(now, name, AuditKind::Delivery, &endpoint.name, "subscribed".to_owned());
        Store::add_audit(&mut tx, &made).await?;
        tx.commit().await?;
        Ok(endpoint.name)
    }

    /// Ends a subscription of a user; false when it is none of this user's.
    pub async fn unsubscribe(&self, name: &str, subscription: &str, now: Timestamp) -> Result<bool, AccessError> {
        let mut tx = self.store.begin().await?;
        if !Store::endpoints_of(&mut tx, name).await?.iter().any(|endpoint| endpoint.name == subscription) {
            return Ok(false);
        }
        Store::remove_endpoint(&mut tx, subscription, now).await?;
        let ended = entry(now, name, AuditKind::Delivery, subscription, "unsubscribed".to_owned());
        Store::add_audit(&mut tx, &ended).await?;
        tx.commit().await?;
        Ok(true)
    }
}
