//! Sending one letter: bounded in time and bytes, to addresses that the collector's gate lets through, without following redirects.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::message::PostLetter;
use collect::{Names, Reach, SafeResolver};

/// Longest time for a whole exchange.
const EXCHANGE_SECONDS_MAX: u64 = 15;
/// Longest time to connect.
const CONNECT_SECONDS_MAX: u64 = 5;
/// Most of an answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Two clients: one for public addresses, one that may also reach this machine.
pub(super) struct Post {
    public: reqwest::Client,
    with_loopback: reqwest::Client,
}

impl Post {
    pub(super) fn new(names: &Arc<dyn Names>) -> Result<Self, reqwest::Error> {
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

    /// Sends a letter; an error says why nothing came back. No address and no secret is in it.
    pub(super) async fn send(&self, letter: PostLetter, allow_loopback: bool) -> Result<Answer, String> {
        let url = Url::parse(&letter.url).map_err(|error| format!("the address cannot be read: {error}"))?;
        let (reach, client) =
            if allow_loopback { (Reach::WithLoopback, &self.with_loopback) } else { (Reach::Public, &self.public) };
        reach.check_url(&url).map_err(|refused| refused.to_string())?;
        let mut request = client.post(url).body(letter.body);
        for (name, value) in letter.headers {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(|error| told(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while body.len() < ANSWER_BYTES_MAX {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BYTES_MAX - body.len())]),
                Ok(None) => break,
                Err(error) => return Err(told(&error)),
            }
        }
        Ok(Answer { status, body })
    }
}

/// The innermost reason, without the address: tokens of robots stand in it.
fn told(error: &reqwest::Error) -> String {
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
