//! Users, sessions and tokens: making them, and finding whose they are. Every change is a line of the audit log, in its own transaction.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use super::error::AccessError;
use super::guest::{self, Guest};
use super::mail::check_mail;
use super::password::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
use super::throttle::{Lane, Throttle};
use super::{Identity, Member, Viewer, password, secret};
use store::{Store, TokenRow, Tx, UserRow};
use vocabulary::{AuditEntry, AuditKind, Concerns, Party, Role, Scope, refused};

/// Hours after which a session ends, whatever happens in it.
pub const SESSION_HOURS: i64 = 12;
/// Days after which a token ends when nobody says otherwise.
pub const TOKEN_DAYS_DEFAULT: u32 = 90;
/// Most of them.
pub const TOKEN_DAYS_MAX: u32 = 730;
/// Passwords hashed at the same time: each takes 19 MiB and a core.
const HASHES_AT_ONCE: usize = 2;
/// Longest name of a user, in characters.
const USER_CHARS_MAX: usize = 100;
/// Longest name of a provider, in characters.
const ISSUER_CHARS_MAX: usize = 500;
/// Longest number that a provider has for a person, in characters (OpenID Connect Core 1.0, section 2).
const SUBJECT_CHARS_MAX: usize = 255;
/// Under which the store keeps what proofs of browsers are made with.
const BROWSER_KEY: &str = "browser_key";
/// What tokens begin with, so that a leaked one can be found by scanners.
const TOKEN_PREFIX: &str = "wl_";

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Name and password do not fit; which of them is not said.
    Wrong,
    /// Too many wrong passwords; the next try is possible after so long.
    Wait(SignedDuration),
}

/// A session that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// What the browser holds. Kept nowhere else.
    pub secret: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What the browser keeps beyond the session, so that guesses of others do not keep its user out ([`Guest::browser`]); none where no
    /// password was typed.
    pub browser: Option<String>,
}

/// A try at a password that was let in. Dropped, whether the answer was no or the client went away, it stays counted as wrong.
struct Trying {
    throttle: Arc<Mutex<Throttle>>,
    lanes: Vec<Lane>,
    now: Timestamp,
}

impl Trying {
    fn right(mut self) {
        let lanes = std::mem::take(&mut self.lanes);
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner).right(&lanes);
    }

    fn unknown(mut self) {
        let lanes = std::mem::take(&mut self.lanes);
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner).unknown(&lanes);
    }
}

impl Drop for Trying {
    fn drop(&mut self) {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner).wrong(&self.lanes, self.now);
    }
}

/// What was tried, and by whom.
struct Tried {
    name: String,
    /// The name as far as names go.
    known_name: String,
    password: String,
    /// The session that the browser showed until now.
    held: Option<String>,
    /// Where the try comes from, for the audit log.
    from: String,
    /// What proofs of browsers are made with.
    key: String,
}

/// A user to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Name to sign in with: letters, digits, `.`, `-`, `_`, `@`.
    pub name: String,
    /// Organisation; made when there is none of this name.
    pub party: String,
    /// Its role; needed for a new organisation, and may not differ from a known one's.
    pub role: Option<Role>,
    /// What concerns it; for a known organisation, what is given here is added.
    pub concerns: Concerns,
    /// Password; none: by the OpenID provider only.
    pub password: Option<String>,
    /// Whether the OpenID provider may sign the user in.
    pub by_provider: bool,
    /// The mail address that the user's subscriptions go to.
    pub mail: Option<String>,
}

/// Users, sessions and tokens of one data folder.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub(super) store: Store,
    throttle: Arc<Mutex<Throttle>>,
    hashing: Arc<Semaphore>,
    /// Set once a user was seen: users are disabled, never removed.
    has_users: Arc<AtomicBool>,
}

impl Accounts {
    /// The accounts of a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            throttle: Arc::default(),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            has_users: Arc::default(),
        }
    }

    /// Whether there is or ever was a user.
    pub async fn has_users(&self) -> Result<bool, AccessError> {
        if self.has_users.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let found = self.store.has_users().await?;
        self.has_users.fetch_or(found, Ordering::Relaxed);
        Ok(found)
    }

    /// All users, by name.
    pub async fn users(&self) -> Result<Vec<UserRow>, AccessError> {
        Ok(self.store.users().await?)
    }

    /// All tokens, oldest first.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, AccessError> {
        Ok(self.store.tokens().await?)
    }

    /// Makes a user, and the organisation when it is new.
    pub async fn add_user(&self, new: NewUser, by: &str, now: Timestamp) -> Result<Party, AccessError> {
        // A provider has names of its own kind.
        let provider = |letter: char| new.by_provider && matches!(letter, '|' | ':' | '+' | '/');
        let fit =
            |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@') || provider(letter);
        if new.name.is_empty() || new.name.chars().count() > USER_CHARS_MAX || !new.name.chars().all(fit) {
            return Err(AccessError::Input(refused!(
                "`{}` 不能作用户名：应为 1 到 {USER_CHARS_MAX} 个字母、数字、`.`、`-`、`_` 或 `@`",
                "`{}` is no name for a user: expected 1 to {USER_CHARS_MAX} letters, digits, `.`, `-`, `_` or `@`",
                new.name.escape_debug()
            )));
        }
        if let Some(mail) = &new.mail {
            check_mail(mail)?;
        }
        let party = self.party(&new.party, new.role, new.concerns).await?;
        let digest = match new.password {
            Some(password) => self.digest_of(password).await?,
            None if new.by_provider => String::new(),
            None => {
                return Err(AccessError::Input(refused!(
                    "用户要有密码，或用 --provider",
                    "a user needs a password, or --provider"
                )));
            }
        };
        let mut tx = self.store.begin().await?;
        Store::put_party(&mut tx, &party, now).await?;
        if !Store::add_user(&mut tx, &new.name, &party.name, &digest, now).await? {
            return Err(AccessError::Input(refused!(
                "已有用户 `{}`；用 `wanglou user passwd` 改密码",
                "there is a user `{}` already; change the password with `wanglou user passwd`",
                new.name
            )));
        }
        Store::set_mail(&mut tx, &new.name, new.mail.as_deref()).await?;
        if new.by_provider {
            Store::open_identity(&mut tx, &new.name).await?;
        }
        let by_provider = if new.by_provider { ", by the provider" } else { "" };
        let detail = format!("made, {} {}{by_provider}", party.role, party.name);
        Store::add_audit(&mut tx, &entry(now, by, AuditKind::User, &new.name, detail)).await?;
        tx.commit().await?;
        Ok(party)
    }

    /// The organisation of this name: a new one, or a known one with what is added to its concerns.
    async fn party(&self, name: &str, role: Option<Role>, added: Concerns) -> Result<Party, AccessError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > Party::NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Err(AccessError::Input(refused!(
                "单位名称应为 1 到 {} 个字",
                "an organisation needs a name of 1 to {} characters",
                Party::NAME_CHARS_MAX
            )));
        }
        let known = self.store.parties().await?.into_iter().find(|party| party.name == name);
        let mut party = match (known, role) {
            (Some(known), Some(role)) if known.role != role => {
                return Err(AccessError::Input(refused!(
                    "`{name}` 已登记为 {}，不是 {role}",
                    "`{name}` is known as {}, not as {role}",
                    known.role
                )));
            }
            (Some(known), _) => known,
            (None, Some(role)) => Party { name: name.to_owned(), role, concerns: Concerns::default() },
            (None, None) => {
                return Err(AccessError::Input(refused!(
                    "`{name}` 是新单位：请用 --role 写明它的角色",
                    "`{name}` is new here: say with --role what it is"
                )));
            }
        };
        party.concerns.platforms.extend(added.platforms);
        party.concerns.brands.extend(added.brands);
        party.concerns.regions.extend(added.regions);
        match party.role {
            Role::Platform if party.concerns.platforms.is_empty() => Err(AccessError::Input(refused!(
                "平台只看到与它有关的内容：请用 --platform 写明它在商品页和来源里的名称",
                "a platform sees what concerns it: name it with --platform as listings and sources name it"
            ))),
            Role::Firm if party.concerns.brands.is_empty() => Err(AccessError::Input(refused!(
                "企业只看到与它有关的内容：请用 --brand 写明它的品牌",
                "a firm sees what concerns it: name its brands with --brand"
            ))),
            _ => Ok(party),
        }
    }

    /// Sets a password; all sessions of the user end.
    pub async fn set_password(
        &self,
        name: &str,
        password: String,
        by: &str,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let digest = self.digest_of(password).await?;
        let mut tx = self.store.begin().await?;
        if !Store::set_password(&mut tx, name, &digest).await? {
            return Err(no_user(name));
        }
        Store::add_audit(&mut tx, &entry(now, by, AuditKind::User, name, "new password".to_owned())).await?;
        Ok(tx.commit().await?)
    }

    /// Lets the OpenID provider sign a user in, once [`Accounts::link`] says as whom it knows the user; what was linked before is undone, and all
    /// sessions of the user end. `allowed`: false takes it back.
    pub async fn set_provider(&self, name: &str, allowed: bool, by: &str, now: Timestamp) -> Result<(), AccessError> {
        let user = self.store.user(name).await?.ok_or_else(|| no_user(name))?;
        if !allowed && user.password.is_empty() {
            return Err(AccessError::Input(refused!(
                "`{name}` 没有密码：请用 `wanglou user passwd` 设置，或停用该用户",
                "`{name}` has no password: set one with `wanglou user passwd`, or disable the user"
            )));
        }
        let mut tx = self.store.begin().await?;
        if allowed {
            Store::open_identity(&mut tx, name).await?;
        } else {
            Store::close_identity(&mut tx, name).await?;
        }
        let detail = if allowed { "by the provider, not bound yet" } else { "not by the provider" };
        Store::add_audit(&mut tx, &entry(now, by, AuditKind::User, name, detail.to_owned())).await?;
        Ok(tx.commit().await?)
    }

    /// Says as whom the OpenID provider knows a user: only that person is signed in as the user from now on. All sessions of the user end.
    /// `issuer`, `subject`: as the provider writes them, letter by letter.
    ///
    /// # Errors
    /// [`AccessError::Input`] when there is no such user, or the person is linked to another one.
    pub async fn link(
        &self,
        name: &str,
        issuer: &str,
        subject: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        for (text, most) in [(issuer, ISSUER_CHARS_MAX), (subject, SUBJECT_CHARS_MAX)] {
            if !(1..=most).contains(&text.chars().count()) || text.chars().any(char::is_control) {
                return Err(AccessError::Input(refused!(
                    "身份服务的地址应为 1 到 {ISSUER_CHARS_MAX} 个字符，编号应为 1 到 {SUBJECT_CHARS_MAX} 个字符",
                    "expected an issuer of 1 to {ISSUER_CHARS_MAX} characters and a subject of 1 to {SUBJECT_CHARS_MAX}"
                )));
            }
        }
        self.store.user(name).await?.ok_or_else(|| no_user(name))?;
        let mut tx = self.store.begin().await?;
        if let Some(other) = Store::bound_user(&mut tx, issuer, subject).await?.filter(|other| other != name) {
            return Err(AccessError::Input(refused!(
                "这个人已与用户 `{other}` 绑定",
                "this person is linked to the user `{other}`"
            )));
        }
        Store::open_identity(&mut tx, name).await?;
        Store::bind_identity(&mut tx, name, issuer, subject, now).await?;
        let detail = format!("linked to {} of {issuer}", subject.escape_debug());
        Store::add_audit(&mut tx, &entry(now, by, AuditKind::User, name, detail)).await?;
        Ok(tx.commit().await?)
    }

    /// Disables a user, or lets him or her in again; all sessions of the user end, and what he or she subscribed to.
    pub async fn disable(&self, name: &str, disabled: bool, by: &str, now: Timestamp) -> Result<(), AccessError> {
        let mut tx = self.store.begin().await?;
        if !Store::disable_user(&mut tx, name, disabled.then_some(now)).await? {
            return Err(no_user(name));
        }
        for ended in if disabled { Store::endpoint_names_of(&mut tx, name).await? } else { Vec::new() } {
            Store::remove_endpoint(&mut tx, &ended, now).await?;
            let detail = format!("ended: {name} is disabled");
            Store::add_audit(&mut tx, &entry(now, by, AuditKind::Delivery, &ended, detail)).await?;
        }
        let detail = if disabled { "disabled" } else { "enabled" };
        Store::add_audit(&mut tx, &entry(now, by, AuditKind::User, name, detail.to_owned())).await?;
        Ok(tx.commit().await?)
    }

    /// Begins a session, under an id that nobody has held before. A try counts as wrong until it is known to be right.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        guest: Guest<'_>,
        now: Timestamp,
    ) -> Result<Result<SignedIn, Refusal>, AccessError> {
        let known_name: String = name.chars().take(USER_CHARS_MAX).collect();
        let key = self.browser_key().await?;
        let trying = match self.try_in(guest.lanes(&known_name, &key), now) {
            Ok(trying) => trying,
            Err((wait, is_first)) => {
                if is_first {
                    self.note_wait(&known_name, &guest, now).await?;
                }
                return Ok(Err(Refusal::Wait(wait)));
            }
        };
        let held = guest.held.map(str::to_owned);
        let (name, password, from) = (name.to_owned(), password.to_owned(), guest.from());
        let (accounts, tried) = (self.clone(), Tried { name, known_name, password, held, from, key });
        // What was begun is ended when the client leaves: a wrong password leaves its line.
        tokio::spawn(async move { accounts.answer(trying, tried, now).await }).await?
    }

    /// Writes down that somebody has to wait: once for each wait, however often it is tried meanwhile.
    async fn note_wait(&self, name: &str, guest: &Guest<'_>, now: Timestamp) -> Result<(), AccessError> {
        // As for wrong passwords: what nobody is called is not written down.
        let written = if self.store.user(name).await?.is_some() { name } else { "unknown" };
        let detail = format!("has to wait {}", guest.from());
        self.note(&entry(now, written, AuditKind::SignInRefused, written, detail.trim_end().to_owned())).await
    }

    /// Answers a try that was let in.
    async fn answer(
        &self,
        trying: Trying,
        tried: Tried,
        now: Timestamp,
    ) -> Result<Result<SignedIn, Refusal>, AccessError> {
        let Tried { name, known_name, password, held, from, key } = tried;
        let user = match self.store.user(&name).await {
            Ok(user) => user.filter(|user| user.disabled_at.is_none()),
            Err(error) => {
                trying.unknown();
                return Err(error.into());
            }
        };
        // A name that nobody has costs as much time as a wrong password: the time tells nobody which names exist.
        // A name that nobody has may be a password typed into the wrong field: it is not written down.
        let written = if user.is_some() { known_name.as_str() } else { "unknown" };
        let digest = user.as_ref().map(|user| user.password.clone()).filter(|digest| !digest.is_empty());
        let fits = password.chars().count() <= PASSWORD_CHARS_MAX && self.fits(password, digest).await?;
        if !fits {
            drop(trying);
            let mut tx = self.store.begin().await?;
            let refused = entry(now, written, AuditKind::SignInRefused, written, from);
            Store::add_audit(&mut tx, &refused).await?;
            tx.commit().await?;
            return Ok(Err(Refusal::Wrong));
        }
        trying.right();
        let mut tx = self.store.begin().await?;
        let session = begin_session(&mut tx, &name, held.as_deref(), &from, now).await?;
        tx.commit().await?;
        Ok(Ok(SignedIn { browser: Some(guest::browser_of(&known_name, &key)?), ..session }))
    }

    /// What proofs of browsers are made with; made at the first use.
    async fn browser_key(&self) -> Result<String, AccessError> {
        if let Some(key) = self.store.fact(BROWSER_KEY).await? {
            return Ok(key);
        }
        let mut tx = self.store.begin().await?;
        // Another process may have made one meanwhile: the transaction holds the store, so what stands now stays.
        if let Some(key) = self.store.fact(BROWSER_KEY).await? {
            return Ok(key);
        }
        let key = secret::fresh()?;
        Store::set_fact(&mut tx, BROWSER_KEY, &key).await?;
        tx.commit().await?;
        Ok(key)
    }

    /// Lets a try in, or says how long to wait, and whether nobody was told of this wait before.
    fn try_in(&self, lanes: Vec<Lane>, now: Timestamp) -> Result<Trying, (SignedDuration, bool)> {
        let mut throttle = self.throttle();
        if let Err(wait) = throttle.begin(&lanes, now) {
            return Err((wait, throttle.tell(&lanes, now)));
        }
        drop(throttle);
        Ok(Trying { throttle: Arc::clone(&self.throttle), lanes, now })
    }

    /// Begins a session for whom the OpenID provider has signed in; none when no user is theirs.
    ///
    /// A user is found by the provider's own number of the person, which [`Accounts::link`] keeps. A name opens nothing: people may choose it
    /// there, and it is given anew when they leave. Where the settings say that users here are called by that number (claim `sub`), it is kept at
    /// the first sign-in of a user who may be signed in so.
    pub async fn sign_in_as(
        &self,
        identity: &Identity,
        guest: Guest<'_>,
        now: Timestamp,
    ) -> Result<Option<SignedIn>, AccessError> {
        let from = guest.address.map_or_else(String::new, |_| format!(", {}", guest.from()));
        let mut tx = self.store.begin().await?;
        let mut name = Store::bound_user(&mut tx, &identity.issuer, &identity.subject).await?;
        let is_called_by_number = identity.name == identity.subject;
        if name.is_none()
            && is_called_by_number
            && Store::bind_identity(&mut tx, &identity.name, &identity.issuer, &identity.subject, now).await?
        {
            let detail = format!("bound to {} of {}", identity.subject.escape_debug(), identity.issuer);
            Store::add_audit(&mut tx, &entry(now, &identity.name, AuditKind::User, &identity.name, detail)).await?;
            name = Some(identity.name.clone());
        }
        let user = match name {
            Some(name) => self.store.user(&name).await?.filter(|user| user.disabled_at.is_none()),
            None => None,
        };
        let Some(user) = user else {
            let told: String = identity.name.chars().filter(|c| !c.is_control()).take(USER_CHARS_MAX).collect();
            // What an administrator needs to link the person.
            let shown: String = identity.subject.chars().take(SUBJECT_CHARS_MAX).collect();
            let detail = format!("by the provider: {} of {}{from}", shown.escape_debug(), identity.issuer);
            let refused = entry(now, "unknown", AuditKind::SignInRefused, &told, detail);
            // A binding that lets nobody in is not kept.
            tx.rollback().await?;
            self.note(&refused).await?;
            return Ok(None);
        };
        let session = begin_session(&mut tx, &user.user, guest.held, &format!("by the provider{from}"), now).await?;
        tx.commit().await?;
        Ok(Some(session))
    }

    /// Ends a session.
    pub async fn sign_out(&self, held: &str, name: &str, now: Timestamp) -> Result<(), AccessError> {
        let mut tx = self.store.begin().await?;
        Store::end_session(&mut tx, &secret::digest(held)).await?;
        Store::add_audit(&mut tx, &entry(now, name, AuditKind::SignOut, name, String::new())).await?;
        Ok(tx.commit().await?)
    }

    /// Who holds this session; none when there is none, it has ended, or its user was disabled.
    pub async fn by_session(&self, held: &str, now: Timestamp) -> Result<Option<Viewer>, AccessError> {
        let found = self.store.session(&secret::digest(held)).await?;
        let found = found.filter(|session| now < session.expires_at && session.user.disabled_at.is_none());
        let form_key = Some(secret::form_key(held));
        Ok(found.map(|session| {
            let UserRow { user: name, party, .. } = session.user;
            Viewer::Member(Member { party, name, scopes: None, form_key })
        }))
    }

    /// Who shows this token; none when there is none, it has ended or was revoked.
    pub async fn by_token(&self, shown: &str, now: Timestamp) -> Result<Option<Viewer>, AccessError> {
        if !shown.starts_with(TOKEN_PREFIX) {
            return Ok(None);
        }
        let found = self.store.token(&secret::digest(shown)).await?;
        let found = found.filter(|token| now < token.expires_at && token.revoked_at.is_none());
        Ok(found.map(|token| {
            let (name, scopes) = (format!("token:{}", token.token), Some(token.scopes));
            Viewer::Member(Member { party: token.party, name, scopes, form_key: None })
        }))
    }

    /// Makes a token of an organisation and gives its secret, which is kept nowhere.
    pub async fn add_token(
        &self,
        party: &str,
        label: &str,
        scopes: BTreeSet<Scope>,
        days: u32,
        by: &str,
        now: Timestamp,
    ) -> Result<(TokenRow, String), AccessError> {
        if scopes.is_empty() || !(1..=TOKEN_DAYS_MAX).contains(&days) {
            return Err(AccessError::Input(refused!(
                "令牌至少要有一个 --scope，--days 应为 1 到 {TOKEN_DAYS_MAX}",
                "a token needs at least one --scope, and 1 to {TOKEN_DAYS_MAX} --days"
            )));
        }
        let known = self.store.parties().await?.into_iter().find(|known| known.name == party);
        let party = known.ok_or_else(|| {
            AccessError::Input(refused!(
                "没有单位 `{party}`；`wanglou user list` 列出全部",
                "there is no organisation `{party}`; `wanglou user list` shows them"
            ))
        })?;
        let token = TokenRow {
            token: secret::fresh_name()?,
            party,
            label: label.chars().take(Party::NAME_CHARS_MAX).collect(),
            scopes,
            created_at: now,
            expires_at: now + SignedDuration::from_hours(24 * i64::from(days)),
            revoked_at: None,
        };
        let secret = format!("{TOKEN_PREFIX}{}", secret::fresh()?);
        let mut tx = self.store.begin().await?;
        Store::add_token(&mut tx, &secret::digest(&secret), &token).await?;
        let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.code()).collect();
        let detail = format!("made for {}: {}, {days} days", token.party.name, scopes.join(" "));
        Store::add_audit(&mut tx, &entry(now, by, AuditKind::Token, &token.token, detail)).await?;
        tx.commit().await?;
        Ok((token, secret))
    }

    /// Refuses a token from now on.
    pub async fn revoke_token(&self, token: &str, by: &str, now: Timestamp) -> Result<(), AccessError> {
        let mut tx = self.store.begin().await?;
        if !Store::revoke_token(&mut tx, token, now).await? {
            return Err(AccessError::Input(refused!(
                "没有可以吊销的令牌 `{token}`；`wanglou token list` 列出全部",
                "there is no token `{token}` that could be revoked; `wanglou token list` shows them"
            )));
        }
        Store::add_audit(&mut tx, &entry(now, by, AuditKind::Token, token, "revoked".to_owned())).await?;
        Ok(tx.commit().await?)
    }

    /// Writes to the audit log what changes no account.
    pub async fn note(&self, entry: &AuditEntry) -> Result<(), AccessError> {
        let mut tx = self.store.begin().await?;
        Store::add_audit(&mut tx, entry).await?;
        Ok(tx.commit().await?)
    }

    async fn digest_of(&self, password: String) -> Result<String, AccessError> {
        let chars = password.chars().count();
        if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&chars) {
            return Err(AccessError::Input(refused!(
                "密码应为 {PASSWORD_CHARS_MIN} 到 {PASSWORD_CHARS_MAX} 个字符，这个有 {chars} 个",
                "a password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters, this one {chars}"
            )));
        }
        let digest = tokio::task::spawn_blocking(move || password::digest(&password)).await?;
        digest.map_err(|error| AccessError::Hash(error.to_string()))
    }

    /// Whether the password is that of the digest. Without a digest it does the same work and says no.
    async fn fits(&self, password: String, digest: Option<String>) -> Result<bool, AccessError> {
        let Ok(place) = Arc::clone(&self.hashing).acquire_owned().await else { return Ok(false) };
        let work = move || {
            // Held until the hash is made, also when nobody waits for it any more.
            let _place = place;
            if let Some(digest) = digest {
                password::fits(&password, &digest)
            } else {
                _ = password::digest(&password);
                false
            }
        };
        Ok(tokio::task::spawn_blocking(work).await?)
    }

    fn throttle(&self) -> std::sync::MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins a session under an id that nobody has held before; what the browser showed until now ends.
async fn begin_session(
    tx: &mut Tx,
    name: &str,
    held: Option<&str>,
    how: &str,
    now: Timestamp,
) -> Result<SignedIn, AccessError> {
    let secret = secret::fresh()?;
    let expires_at = now + SignedDuration::from_hours(SESSION_HOURS);
    if let Some(held) = held {
        Store::end_session(tx, &secret::digest(held)).await?;
    }
    Store::add_session(tx, &secret::digest(&secret), name, now, expires_at).await?;
    Store::add_audit(tx, &entry(now, name, AuditKind::SignIn, name, how.to_owned())).await?;
    Ok(SignedIn { secret, expires_at, browser: None })
}

pub(super) fn entry(at: Timestamp, who: &str, what: AuditKind, about: &str, detail: String) -> AuditEntry {
    AuditEntry { at, who: who.to_owned(), what, about: about.to_owned(), detail }
}

pub(super) fn no_user(name: &str) -> AccessError {
    AccessError::Input(refused!(
        "没有用户 `{name}`；`wanglou user list` 列出全部",
        "there is no user `{name}`; `wanglou user list` shows them"
    ))
}

#[cfg(test)]
mod tests;
