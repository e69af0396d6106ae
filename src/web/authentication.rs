//! Who sends a request: the owner of the machine, a user with a session, an organisation with a token, or nobody known.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};

use super::clock::now;
use super::host::Names;
use access::{AccessError, Accounts, Provider, Viewer};
use config::Network;

/// Cookie that holds a session.
pub(super) const SESSION: &str = "wanglou_session";

/// How people and programs show who they are.
#[derive(Debug, Clone)]
pub struct Authentication {
    /// None: nobody can sign in, and nobody need.
    accounts: Option<Accounts>,
    /// The OpenID provider by which users may also sign in.
    provider: Option<Arc<Provider>>,
    /// Whether a mail server is set up.
    mail: bool,
    /// Sign-in is required even while no user exists.
    always_required: bool,
    /// Names that are answered to.
    names: Names,
    /// Proxies on other machines that are believed.
    proxies: Arc<[Network]>,
}

impl Authentication {
    /// By these accounts, for a service that listens on `bind`. On loopback nobody has to sign in while there is no user.
    #[must_use]
    pub fn new(accounts: Accounts, bind: IpAddr) -> Self {
        let always_required = !bind.is_loopback();
        Self {
            accounts: Some(accounts),
            provider: None,
            mail: false,
            always_required,
            names: Names::default(),
            proxies: Arc::default(),
        }
    }

    /// Nobody signs in: for a service without accounts.
    #[must_use]
    pub fn none() -> Self {
        Self {
            accounts: None,
            provider: None,
            mail: false,
            always_required: false,
            names: Names::default(),
            proxies: Arc::default(),
        }
    }

    /// The same with an OpenID provider beside passwords.
    #[must_use]
    pub fn with_provider(self, provider: Provider) -> Self {
        Self { provider: Some(Arc::new(provider)), ..self }
    }

    /// The same for a service that has a mail server, or has none.
    #[must_use]
    pub fn with_mail(self, mail: bool) -> Self {
        Self { mail, ..self }
    }

    /// The same for a service that is also asked under these names, beside addresses in figures and `localhost`.
    #[must_use]
    pub fn with_names(self, names: impl IntoIterator<Item = String>) -> Self {
        Self { names: Names::new(names), ..self }
    }

    /// The same behind these proxies on other machines, which say for whom they ask; those on this machine are believed anyway.
    #[must_use]
    pub fn with_proxies(self, proxies: &[Network]) -> Self {
        Self { proxies: proxies.into(), ..self }
    }

    /// Proxies on other machines that are believed.
    pub(super) fn proxies(&self) -> &[Network] {
        &self.proxies
    }

    /// The names that are answered to.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Whether a mail server is set up.
    pub(super) fn sends_mail(&self) -> bool {
        self.mail
    }

    /// The OpenID provider, where there is one.
    pub(super) fn provider(&self) -> Option<&Provider> {
        self.provider.as_deref()
    }

    /// The accounts; none where nobody signs in.
    pub(super) fn accounts(&self) -> Option<&Accounts> {
        self.accounts.as_ref()
    }

    /// Whether nobody has to sign in now.
    ///
    /// # Errors
    /// [`AccessError`] when the store fails.
    pub async fn is_open(&self) -> Result<bool, AccessError> {
        match &self.accounts {
            None => Ok(true),
            Some(_) if self.always_required => Ok(false),
            Some(accounts) => Ok(!accounts.has_users().await?),
        }
    }

    /// Who sends a request with these headers; none when they hold nothing, or nothing that is valid.
    pub(super) async fn viewer(&self, headers: &HeaderMap) -> Result<Option<Viewer>, AccessError> {
        if self.is_open().await? {
            return Ok(Some(Viewer::Owner));
        }
        let Some(accounts) = &self.accounts else { return Ok(None) };
        // A token is sent on purpose: it is never mixed with the cookie that a browser adds by itself.
        if let Some(token) = bearer(headers) {
            return accounts.by_token(token, now()).await;
        }
        match cookie(headers, SESSION) {
            Some(session) => accounts.by_session(session, now()).await,
            None => Ok(None),
        }
    }
}

/// The token of an `Authorization` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

/// A cookie's value.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}
