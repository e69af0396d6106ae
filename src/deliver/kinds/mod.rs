//! The kinds of endpoints: in which form each takes messages, how they get there, and what counts as taken.
//!
//! A kind is one file here, one arm of [`of`], and one row of `EndpointKind` in the vocabulary. A kind that takes requests over HTTP is a
//! [`PostedKind`]; any other is a [`DeliveryKind`]. Nothing else in this room, the command or the docs names a kind: the command's help
//! and the table of `docs/telling.md` are made of [`Manual`]s.

mod dingtalk;
mod feishu;
mod mail;
mod robot;
mod sign;
mod webhook;
mod wecom;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

use super::contents::Contents;
use super::ways::Ways;
use super::ways::post::Request;
use collect::Reach;
use vocabulary::{Endpoint, EndpointKind, Refused, Said, refused};

pub use webhook::{WebhookMessage, fresh_webhook_secret};
#[cfg(test)]
pub(super) use {mail::write as write_mail, webhook::sign as webhook_signature};

/// The status by which a receiver says over HTTP that it wants no more, for ever (Standard Webhooks).
const GONE: u16 = 410;

/// The kind of an endpoint by its code.
pub(super) fn of(kind: EndpointKind) -> &'static dyn DeliveryKind {
    match kind {
        EndpointKind::Webhook => &webhook::Webhook,
        EndpointKind::Wecom => &wecom::Wecom,
        EndpointKind::Dingtalk => &dingtalk::Dingtalk,
        EndpointKind::Feishu => &feishu::Feishu,
        EndpointKind::Mail => &mail::Mail,
    }
}

/// What people need to know to make an endpoint of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Manual {
    /// How its address is written.
    pub address: AddressForm,
    /// Whether it has a secret to sign with, and from whom.
    pub secret: Secret,
    /// As what a message goes, in English, a line of Markdown.
    pub en: &'static str,
    /// The same in Chinese, as plain text.
    pub zh: &'static str,
}

/// How the address of an endpoint is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressForm {
    /// An `http` or `https` address.
    Url,
    /// A receiver by name; the address that is kept is the scheme with the name behind it.
    Receiver {
        /// For example `mailto:`.
        scheme: &'static str,
    },
}

/// From whom an endpoint has its secret.
#[derive(Debug, Clone, Copy)]
pub enum Secret {
    /// It has none.
    None,
    /// From the receiver, who may want messages to be signed with it.
    Given,
    /// From us, made when the endpoint is; an error says why the system gives no random bytes.
    Made(fn() -> Result<String, String>),
}

/// What people need to know of a kind.
#[must_use]
pub fn manual(kind: EndpointKind) -> Manual {
    of(kind).manual()
}

/// The kind that is meant where none is named: the first whose address is a URL, or that goes to a receiver by name.
#[must_use]
pub fn assumed_kind(by_name: bool) -> Option<EndpointKind> {
    let fits = |kind: &EndpointKind| matches!(manual(*kind).address, AddressForm::Receiver { .. }) == by_name;
    EndpointKind::ALL.iter().copied().find(fits)
}

/// How one try went.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    /// What the receiver answered; none when it did not.
    pub(super) status: Option<u16>,
    /// Why the message is not delivered; none when it is.
    pub(super) trouble: Option<String>,
    /// Whether the receiver wants no more, for ever.
    pub(super) gone: bool,
}

impl Attempt {
    /// A try that nobody answered.
    pub(super) fn unanswered(why: String) -> Self {
        Self { status: None, trouble: Some(why), gone: false }
    }
}

/// A try that goes on.
pub(super) type Carrying<'a> = Pin<Box<dyn Future<Output = Attempt> + Send + 'a>>;

/// What the courier asks of a kind.
pub(super) trait DeliveryKind: Sync {
    /// What people need to know of it.
    fn manual(&self) -> Manual;

    /// Checks the address of an endpoint before anything is sent. An error is a whole sentence.
    fn check_address(&self, endpoint: &Endpoint) -> Result<(), Refused>;

    /// What the settings lack for it; its messages wait untried meanwhile.
    fn lacks(&self, _: &Ways) -> Option<Refused> {
        None
    }

    /// Writes a message and tries once to bring it to its receiver.
    fn carry<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        contents: &'a Contents<'a>,
        ways: &'a Ways,
        now: Timestamp,
    ) -> Carrying<'a>;
}

/// A kind whose messages are requests over HTTP.
trait PostedKind: Sync {
    /// What people need to know of it.
    fn manual(&self) -> Manual;

    /// Writes the request; an error says what the endpoint lacks.
    fn request(&self, endpoint: &Endpoint, contents: &Contents<'_>, now: Timestamp) -> Result<Request, String>;

    /// Whether the body of an answer with a good status (2xx) means that the message was taken; an error says why not.
    fn accepted(&self, answer: &[u8]) -> Result<(), String>;
}

impl<T: PostedKind> DeliveryKind for T {
    fn manual(&self) -> Manual {
        PostedKind::manual(self)
    }

    fn check_address(&self, endpoint: &Endpoint) -> Result<(), Refused> {
        let url = url::Url::parse(&endpoint.url).map_err(|error| {
            refused!("`{}` 的地址无法识别：“{error}”", "the address of `{}` cannot be read: {error}", endpoint.name)
        })?;
        let reach = if endpoint.allow_loopback { Reach::WithLoopback } else { Reach::Public };
        reach.check_url(&url).map_err(|refused| {
            Refused::new(
                format!("{}；接收方在本机时要加 --allow-loopback", refused.zh()),
                format!("{refused}; a receiver on this machine needs --allow-loopback"),
            )
        })
    }

    fn carry<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        contents: &'a Contents<'a>,
        ways: &'a Ways,
        now: Timestamp,
    ) -> Carrying<'a> {
        Box::pin(async move {
            let request = match self.request(endpoint, contents, now) {
                Ok(request) => request,
                Err(why) => return Attempt::unanswered(why),
            };
            match ways.post.send(request, endpoint.allow_loopback).await {
                Ok(answer) => {
                    let trouble = if (200..300).contains(&answer.status) {
                        self.accepted(&answer.body).err()
                    } else {
                        Some(format!("status {}", answer.status))
                    };
                    Attempt { status: Some(answer.status), trouble, gone: answer.status == GONE }
                }
                Err(why) => Attempt::unanswered(why),
            }
        })
    }
}

/// A request whose body is JSON.
fn json_request(url: String, body: String) -> Request {
    Request { url, headers: vec![("content-type", "application/json; charset=utf-8".to_owned())], body }
}
