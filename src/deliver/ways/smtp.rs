//! Mail over SMTP, by the server that the settings name. A receiver cannot choose the server, so there is no gate here: an operator may
//! name one inside the house.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::super::contents::plain;
use config::{MailSettings, Security};

/// Longest time for one step of the exchange, and for all of it. Servers look into a mail before they take it (RFC 5321, 4.5.3.2): whoever
/// gives up too soon sends it twice.
const STEP_SECONDS_MAX: u64 = 120;
const MAIL_SECONDS_MAX: u64 = 300;
/// Characters of what a server says that are kept.
const ANSWER_CHARS_MAX: usize = 200;
/// Longest value of a header that takes text from elsewhere, in characters.
const HEADER_CHARS_MAX: usize = 200;

/// A mail, before it has a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The same at every try: by it servers and readers tell copies.
    pub(crate) id: String,
    pub(crate) to: Address,
    pub(crate) subject: String,
    /// Headers for filters: what happened, how dangerous, of which category.
    pub(crate) marks: Vec<(&'static str, String)>,
    /// The alert it belongs to: mails of one alert form one thread.
    pub(crate) thread: Option<String>,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) at: Timestamp,
}

/// What a mail server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Why it refused, in its words; empty when it took the mail.
    pub(crate) refusal: String,
}

/// The way to the mail server.
pub(crate) struct MailServer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl MailServer {
    /// A way to the server of the settings; nothing is asked of it yet. An error says which setting is wrong.
    pub(crate) fn new(settings: &MailSettings) -> Result<Self, String> {
        let from = settings.from.parse().map_err(|error| format!("`mail.from` is no mail address: {error}"))?;
        let server = settings.server.as_str();
        let unusable =
            |error: lettre::transport::smtp::Error| format!("the mail server cannot be used: {}", reason(&error));
        let mut trust = TlsParameters::builder(server.to_owned());
        if let Some(pem) = &settings.authority {
            trust = trust.add_root_certificate(Certificate::from_pem(pem).map_err(unusable)?);
        }
        let trust = trust.build().map_err(unusable)?;
        let tls = match settings.security {
            Security::Tls => Tls::Wrapper(trust),
            Security::Starttls => Tls::Required(trust),
            Security::None => Tls::None,
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server).tls(tls);
        let builder = builder.port(settings.port).timeout(Some(Duration::from_secs(STEP_SECONDS_MAX)));
        let builder = match &settings.account {
            Some((user, password)) => builder.credentials(Credentials::new(user.clone(), password.clone())),
            None => builder,
        };
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends a mail; an error says why nothing came back. No password is in it.
    pub(crate) async fn send(&self, letter: &Letter) -> Result<Reply, String> {
        let message = self.compose(letter)?;
        let sent = tokio::time::timeout(Duration::from_secs(MAIL_SECONDS_MAX), self.transport.send(message)).await;
        match sent {
            Ok(Ok(response)) => Ok(Reply { status: u16::from(response.code()), refusal: String::new() }),
            Ok(Err(error)) => match error.status() {
                Some(status) => {
                    let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                    let refusal = plain(&why).chars().take(ANSWER_CHARS_MAX).collect();
                    Ok(Reply { status: u16::from(status), refusal })
                }
                None => Err(reason(&error)),
            },
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    fn compose(&self, letter: &Letter) -> Result<Message, String> {
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .from(self.from.clone())
            .message_id(Some(format!("<{}@{domain}>", letter.id)))
            .subject(&letter.subject)
            .to(Mailbox::new(None, letter.to.clone()))
            .date(SystemTime::from(letter.at));
        if let Some(alert) = &letter.thread {
            message = message.references(format!("<{}@{domain}>", header_value(alert)));
        }
        for (name, value) in letter.marks.iter().chain(&[("Auto-Submitted", "auto-generated".to_owned())]) {
            let name = HeaderName::new_from_ascii((*name).to_owned()).map_err(|error| error.to_string())?;
            message = message.raw_header(HeaderValue::new(name, value.clone()));
        }
        let parts = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
        message.multipart(parts).map_err(|error| format!("the mail cannot be written: {error}"))
    }
}

/// The whole chain of reasons.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    let mut reasons = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let reason = inner.to_string();
        if !reasons.contains(&reason) {
            let _ = write!(reasons, ": {reason}");
        }
        cause = inner.source();
    }
    reasons
}

/// What a header can carry without encoding: filters compare it as it stands.
pub(crate) fn header_value(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_graphic() { letter } else { '_' }).take(HEADER_CHARS_MAX).collect()
}
