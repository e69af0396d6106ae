//! Signing in by an OpenID provider (统一身份认证): the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).
//!
//! Nothing is kept between leaving for the provider and coming back: state, nonce and verifier follow from one secret that the browser holds in
//! a cookie scripts cannot read. What the provider says is believed when its signature, issuer, audience, time and nonce hold; the
//! clock for that is the machine's, as the provider means it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DiscoveryError,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};

use tokio::sync::Semaphore;

use super::secret;
use config::{NameClaim, SignInSettings, is_protected};
use vocabulary::Said;

/// Longest time for one exchange with the provider, and for all that one visit asks of it: less than a page may take.
const EXCHANGE_SECONDS_MAX: u64 = 6;
const VISIT_SECONDS_MAX: u64 = 9;
/// Codes that are exchanged at a time.
const EXCHANGES_AT_ONCE: usize = 4;
/// Most of an answer of the provider that is read.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// How long its description and its keys are believed.
const DESCRIPTION_MINUTES: i64 = 60;
/// How long a provider that could not be asked is left alone: visitors cannot make the watch knock without pause.
const PAUSE_SECONDS: i64 = 5;
/// Longest code and longest message that come back by the browser, in bytes.
const RETURNED_BYTES_MAX: usize = 4_096;

/// What each derived value is for.
const STATE: &str = "wanglou 2026 state of a sign-in by a provider";
/// See [`STATE`].
const NONCE: &str = "wanglou 2026 nonce of a sign-in by a provider";
/// See [`STATE`].
const VERIFIER: &str = "wanglou 2026 PKCE verifier of a sign-in by a provider";

/// Why nobody was signed in by the provider.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or not as a provider does.
    #[error("the provider {issuer} cannot be asked: {why}")]
    Unreachable {
        /// Its address.
        issuer: String,
        /// What happened.
        why: String,
    },
    /// The person, or the provider, said no.
    #[error("the provider did not sign in: {0}")]
    Denied(String),
    /// What came back belongs to no sign-in that this browser began.
    #[error("this browser began no such sign-in, or it is too old")]
    NotBegun,
    /// What the provider said of the person does not hold.
    #[error("what the provider said does not hold: {0}")]
    Unsound(String),
    /// The provider does not say the name that the settings ask for.
    #[error("the provider says no `{0}` of the person")]
    NoName(&'static str),
}

impl Said for ProviderError {
    fn zh(&self) -> String {
        match self {
            Self::Unreachable { issuer, why } => format!("无法询问登录服务 {issuer}：“{why}”"),
            Self::Denied(why) => format!("登录服务没有让人登录：“{why}”"),
            Self::NotBegun => "这个浏览器没有开始过这次登录，或已过时".to_owned(),
            Self::Unsound(what) => format!("登录服务的回答不成立：“{what}”"),
            Self::NoName(name) => format!("登录服务没有给出此人的 `{name}`"),
        }
    }
}

/// Who somebody is, as the provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// The provider's own number of the person.
    pub subject: String,
    /// Name of the user here.
    pub name: String,
}

/// Where to send a browser, and what it must hold until it is back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The provider's page.
    pub address: String,
    /// For a cookie that scripts cannot read.
    pub secret: String,
}

/// What a browser brings back in the query of its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Returned {
    /// Proof that the person signed in there.
    pub code: Option<String>,
    /// What it was sent away with.
    pub state: Option<String>,
    /// Why the person did not sign in.
    pub error: Option<String>,
}

/// A client as built from a provider's description.
type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Why one exchange with the provider failed.
#[derive(Debug, thiserror::Error)]
enum ExchangeError {
    #[error("{0}")]
    Http(String),
    #[error("it names {0}: expected https://, or http:// on this machine")]
    Open(String),
    #[error("its answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
}

/// A provider, with what is known of it.
#[derive(Debug)]
pub struct Provider {
    settings: SignInSettings,
    back: RedirectUrl,
    wire: Wire,
    /// Its description with its keys, and since when it is known.
    known: Mutex<Option<(Timestamp, Arc<CoreProviderMetadata>)>>,
    /// When it last could not be asked, and why.
    failed: Mutex<Option<(Timestamp, String)>>,
    /// Held by whoever reads its description.
    asking: tokio::sync::Mutex<()>,
    /// Codes that are exchanged at a time.
    exchanges: Semaphore,
}

impl Provider {
    /// The provider of the settings. `back`: address to which it sends browsers, registered there.
    ///
    /// # Errors
    /// [`ProviderError::Unsound`] when the address is none, or TLS cannot be set up.
    pub fn new(settings: SignInSettings, back: String) -> Result<Self, ProviderError> {
        let unsound = |error: &dyn std::error::Error| ProviderError::Unsound(reasons(error));
        let trusted = settings.authority.as_deref().map(reqwest::Certificate::from_pem_bundle).transpose();
        let http = reqwest::Client::builder()
            .tls_certs_merge(trusted.map_err(|error| unsound(&error))?.unwrap_or_default())
            .user_agent(config::default_user_agent())
            // What it answers is meant for us; an address in it is followed for nobody.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(EXCHANGE_SECONDS_MAX))
            .no_proxy()
            .build()
            .map_err(|error| unsound(&error))?;
        let back = RedirectUrl::new(back).map_err(|error| unsound(&error))?;
        Ok(Self {
            settings,
            back,
            wire: Wire(http),
            known: Mutex::default(),
            failed: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            exchanges: Semaphore::new(EXCHANGES_AT_ONCE),
        })
    }

    /// What its button says.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.settings.label
    }

    /// Where to send a browser that wants to sign in.
    ///
    /// # Errors
    /// [`ProviderError::Unreachable`].
    pub async fn depart(&self, now: Timestamp) -> Result<Departure, ProviderError> {
        self.in_time(self.departure(now), now).await
    }

    async fn departure(&self, now: Timestamp) -> Result<Departure, ProviderError> {
        let held = secret::fresh().map_err(|error| ProviderError::Unsound(error.to_string()))?;
        let client = self.client(now).await?;
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier(&held));
        let (state, nonce) = (secret::derived(STATE, &held), secret::derived(NONCE, &held));
        let request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), || Nonce::new(nonce))
            .set_pkce_challenge(challenge);
        let asked: &[&str] = match self.settings.claim {
            NameClaim::PreferredUsername => &["profile"],
            NameClaim::Email => &["email"],
            NameClaim::Sub => &[],
        };
        let request = asked.iter().fold(request, |request, scope| request.add_scope(Scope::new((*scope).to_owned())));
        let (address, ..) = request.url();
        Ok(Departure { address: address.into(), secret: held })
    }

    /// Who came back. `held`: what the browser's cookie says.
    ///
    /// # Errors
    /// Every kind of [`ProviderError`]: each says why nobody is let in.
    pub async fn arrive(&self, held: &str, returned: Returned, now: Timestamp) -> Result<Identity, ProviderError> {
        self.in_time(self.arrival(held, returned, now), now).await
    }

    async fn arrival(&self, held: &str, returned: Returned, now: Timestamp) -> Result<Identity, ProviderError> {
        // Not every provider sends the state along with a no; nobody is let in by it.
        if let Some(error) = returned.error {
            return Err(ProviderError::Denied(error.chars().filter(|c| !c.is_control()).take(80).collect()));
        }
        let state = returned.state.filter(|state| state.len() <= RETURNED_BYTES_MAX).unwrap_or_default();
        if !secret::is_secret(held) || !secret::same(&secret::derived(STATE, held), &state) {
            return Err(ProviderError::NotBegun);
        }
        let code = returned.code.filter(|code| !code.is_empty() && code.len() <= RETURNED_BYTES_MAX);
        let code = code.ok_or_else(|| ProviderError::Denied("no code".to_owned()))?;
        let client = self.client(now).await?;
        // Anybody can make a browser that looks as if it came back: few are asked about at a time.
        let _turn = self.exchanges.acquire().await.map_err(|error| self.unreachable(error))?;
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|error| self.unreachable(error))?;
        let answer = request.set_pkce_verifier(verifier(held)).request_async(&self.wire).await;
        let answer = answer.map_err(|error| match error {
            openidconnect::RequestTokenError::ServerResponse(said) => ProviderError::Unsound(said.to_string()),
            openidconnect::RequestTokenError::Request(error) => self.unreachable(error),
            other => self.unreachable(other),
        })?;
        let nonce = Nonce::new(secret::derived(NONCE, held));
        match self.identity(&client, &answer, &nonce) {
            // It may have changed its keys since they were read.
            Err(ProviderError::Unsound(_)) if self.is_older(now) => {
                self.forget();
                self.identity(&self.client(now).await?, &answer, &nonce)
            }
            decided => decided,
        }
    }

    fn identity(&self, client: &Client, answer: &CoreTokenResponse, nonce: &Nonce) -> Result<Identity, ProviderError> {
        fn unsound(error: impl std::fmt::Display) -> ProviderError {
            ProviderError::Unsound(error.to_string())
        }
        let id_token = answer.id_token().ok_or_else(|| unsound("it sent no ID token"))?;
        let check = client.id_token_verifier();
        let claims = id_token.claims(&check, nonce).map_err(unsound)?;
        if let Some(expected) = claims.access_token_hash() {
            let (alg, key) = (id_token.signing_alg().map_err(unsound)?, id_token.signing_key(&check).map_err(unsound)?);
            let found = AccessTokenHash::from_token(answer.access_token(), alg, key).map_err(unsound)?;
            if found != *expected {
                return Err(unsound("its access token is not the one it signed"));
            }
        }
        let name = match self.settings.claim {
            NameClaim::PreferredUsername => claims.preferred_username().map(|name| name.as_str()),
            NameClaim::Email => {
                claims.email().filter(|_| claims.email_verified() == Some(true)).map(|email| email.as_str())
            }
            NameClaim::Sub => Some(claims.subject().as_str()),
        };
        let missing = match self.settings.claim {
            NameClaim::PreferredUsername => "preferred_username",
            NameClaim::Email => "email (verified)",
            NameClaim::Sub => "sub",
        };
        Ok(Identity {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            name: name.ok_or(ProviderError::NoName(missing))?.to_owned(),
        })
    }

    /// Whatever the provider does, a visitor gets an answer in time, and the next ones for a while at once.
    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, ProviderError>>,
        now: Timestamp,
    ) -> Result<T, ProviderError> {
        let Ok(done) = tokio::time::timeout(Duration::from_secs(VISIT_SECONDS_MAX), work).await else {
            let why = format!("no answer within {VISIT_SECONDS_MAX} s");
            *self.failed() = Some((now, why.clone()));
            return Err(ProviderError::Unreachable { issuer: self.settings.issuer.to_string(), why });
        };
        done
    }

    async fn client(&self, now: Timestamp) -> Result<Client, ProviderError> {
        // One asks, the others wait for what it finds.
        let asking = self.asking.lock().await;
        let known =
            self.known().clone().filter(|(since, _)| now < *since + SignedDuration::from_mins(DESCRIPTION_MINUTES));
        let described = if let Some((_, described)) = known { described } else { self.describe(now).await? };
        drop(asking);
        let methods = described.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_some_and(|methods| methods.contains(&method));
        let in_body = takes(CoreClientAuthMethod::ClientSecretPost) && !takes(CoreClientAuthMethod::ClientSecretBasic);
        let client = CoreClient::from_provider_metadata(
            described.as_ref().clone(),
            ClientId::new(self.settings.client_id.clone()),
            self.settings.client_secret.clone().map(ClientSecret::new),
        );
        let client = client.set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth });
        Ok(client.set_redirect_uri(self.back.clone()))
    }

    /// Reads its description and its keys.
    async fn describe(&self, now: Timestamp) -> Result<Arc<CoreProviderMetadata>, ProviderError> {
        let failed = self.failed().clone();
        if let Some((since, why)) = failed
            && now < since + SignedDuration::from_secs(PAUSE_SECONDS)
        {
            return Err(ProviderError::Unreachable { issuer: self.settings.issuer.to_string(), why });
        }
        // An address without a path is parsed to one with a slash; few providers call themselves so.
        let (whole, bare) = (self.settings.issuer.as_str(), self.settings.issuer.as_str().trim_end_matches('/'));
        let mut last = None;
        for name in if self.settings.issuer.path() == "/" { vec![bare, whole] } else { vec![whole] } {
            let issuer = IssuerUrl::new(name.to_owned()).map_err(|error| self.unreachable(error))?;
            match CoreProviderMetadata::discover_async(issuer, &self.wire).await {
                Ok(described) => {
                    let described = Arc::new(described);
                    *self.known() = Some((now, Arc::clone(&described)));
                    return Ok(described);
                }
                // It answered, and calls itself by the other spelling.
                Err(error @ DiscoveryError::Validation(_)) => last = Some(self.unreachable(error)),
                Err(error) => {
                    last = Some(self.unreachable(error));
                    break;
                }
            }
        }
        let error = last.unwrap_or(ProviderError::NotBegun);
        if let ProviderError::Unreachable { why, .. } = &error {
            *self.failed() = Some((now, why.clone()));
        }
        Err(error)
    }

    /// Whether its description was read before this moment.
    fn is_older(&self, now: Timestamp) -> bool {
        self.known().as_ref().is_some_and(|(since, _)| *since < now)
    }

    fn forget(&self) {
        *self.known() = None;
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<(Timestamp, Arc<CoreProviderMetadata>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) -> std::sync::MutexGuard<'_, Option<(Timestamp, String)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unreachable(&self, error: impl std::error::Error) -> ProviderError {
        ProviderError::Unreachable { issuer: self.settings.issuer.to_string(), why: reasons(&error) }
    }
}

/// The way to the provider.
#[derive(Debug)]
struct Wire(reqwest::Client);

impl Wire {
    /// One question, bounded in time and bytes.
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ExchangeError> {
        let http = |error: reqwest::Error| ExchangeError::Http(reasons(&error.without_url()));
        let request = reqwest::Request::try_from(request).map_err(http)?;
        if !is_protected(request.url()) {
            return Err(ExchangeError::Open(request.url().clone().into()));
        }
        let mut answer = self.0.execute(request).await.map_err(http)?;
        let mut whole = HttpResponse::new(Vec::new());
        *whole.status_mut() = answer.status();
        std::mem::swap(whole.headers_mut(), answer.headers_mut());
        while let Some(chunk) = answer.chunk().await.map_err(http)? {
            if whole.body().len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(ExchangeError::TooLong);
            }
            whole.body_mut().extend_from_slice(&chunk);
        }
        Ok(whole)
    }
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = ExchangeError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ExchangeError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}

/// What an error says, with its reasons: libraries tell them only below the error.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut why = error.to_string();
    let mut below = error.source();
    while let Some(reason) = below {
        why = format!("{why}: {reason}");
        below = reason.source();
    }
    why
}

fn verifier(held: &str) -> PkceCodeVerifier {
    PkceCodeVerifier::new(secret::derived(VERIFIER, held))
}

#[cfg(test)]
mod tests;
