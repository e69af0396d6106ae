//! Sending one HTTP request: bounded in time and bytes, to addresses that the collector's gate lets through, without following redirects.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use collect::{Names, Reach, SafeResolver};

/// Longest time for a whole exchange.
const EXCHANGE_SECONDS_MAX: u64 = 15;
/// Longest time to connect.
const CONNECT_SECONDS_MAX: u64 = 5;
/// Most of an answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A request to a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// What a receiver answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The first bytes of the body, at most [`ANSWER_BYTES_MAX`].
    pub(crate) body: Vec<u8>,
}

/// Two clients: one for public addresses, one that may also reach this machine.
pub(crate) struct Post {
    public: reqwest::Client,
    with_loopback: reqwest::Client,
}

impl Post {
    pub(crate) fn new(names: &Arc<dyn Names>) -> Result<Self, reqwest::Error> {
        let client = |reach| {
            reqwest::Client::builder()
                .user_agent(config::default_user_agent())
                .dns_resolver(Arc::new(SafeResolver { reach, names: Arc::clone(names) }))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
                .timeout(Duration::from_secs(EXCHANGE_SECONDS_MAX))
                .pool_max_idle_per_host(1)
                .no_proxy()
                .build()
        };
        Ok(Self { public: client(Reach::Public)?, with_loopback: client(Reach::WithLoopback)? })
    }

    /// Sends a request; an error says why nothing came back. No address and no secret is in it.
    pub(crate) async fn send(&self, sent: Request, allow_loopback: bool) -> Result<Answer, String> {
        let url = Url::parse(&sent.url).map_err(|error| format!("the address cannot be read: {error}"))?;
        let (reach, client) =
            if allow_loopback { (Reach::WithLoopback, &self.with_loopback) } else { (Reach::Public, &self.public) };
        reach.check_url(&url).map_err(|refused| refused.to_string())?;
        let mut request = client.post(url).body(sent.body);
        for (name, value) in sent.headers {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(|error| reason(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while body.len() < ANSWER_BYTES_MAX {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BYTES_MAX - body.len())]),
                Ok(None) => break,
                Err(error) => return Err(reason(&error)),
            }
        }
        Ok(Answer { status, body })
    }
}

/// The innermost reason, without the address, which holds the token of a robot.
fn reason(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "cannot connect"
    } else {
        "the exchange broke off"
    };
    let mut cause = std::error::Error::source(error);
    let mut last = None;
    while let Some(inner) = cause {
        last = Some(inner.to_string());
        cause = inner.source();
    }
    last.map_or_else(|| kind.to_owned(), |last| format!("{kind}: {last}"))
}
