//! Mail: what a message says as mail, and the way to the server that the settings name. A receiver cannot choose the server, so there is
//! no gate here: an operator may name one inside the house.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::message::{About, Contents, about, code, levels, plain, zh};
use super::post::Answer;
use alert::feed;
use config::{MailSettings, Security};
use vocabulary::{AlertEventKind, Endpoint, ShownEvent, show_moment};

/// Longest time for one step of the exchange, and for all of it. Servers look into a mail before they take it (RFC 5321, 4.5.3.2): whoever
/// gives up too soon sends it twice.
const STEP_SECONDS_MAX: u64 = 120;
const MAIL_SECONDS_MAX: u64 = 300;
/// Characters of what a server says that are kept.
const ANSWER_CHARS_MAX: usize = 200;
/// Events told in full in one mail; what does not fit is counted.
const EVENTS_MAX: usize = 200;
/// Characters of one event's explanation, and of a notice.
const EXPLANATION_CHARS_MAX: usize = 1_000;
/// Longest subject, in characters: what filters look for stands at its beginning.
const SUBJECT_CHARS_MAX: usize = 150;

/// A mail, before it has a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mail {
    /// The same at every try: by it servers and readers tell copies.
    pub(super) id: String,
    pub(super) to: Address,
    pub(super) subject: String,
    /// For filters: what happened, how dangerous, of which category.
    pub(super) marks: Vec<(&'static str, String)>,
    /// The alert it belongs to: mails of one alert form one thread.
    pub(super) thread: Option<String>,
    pub(super) text: String,
    pub(super) html: String,
    pub(super) at: Timestamp,
}

/// The receiver of an endpoint, from its address `mailto:a@b`. It is one, so that a mailbox that no longer exists keeps nothing from others.
pub(super) fn receiver(url: &str) -> Result<Address, String> {
    let receiver = url.strip_prefix("mailto:").ok_or("the address of a mail endpoint begins with `mailto:`")?;
    receiver.parse().map_err(|error| format!("`{receiver}` is no mail address: {error}"))
}

/// Writes the mail of an endpoint.
pub(super) fn mail(endpoint: &Endpoint, contents: &Contents<'_>, now: Timestamp) -> Result<Mail, String> {
    let mut marks = Vec::new();
    let (mut text, mut html) = (String::new(), String::new());
    let (mut thread, kind) = (None, kind(contents));
    marks.push(("X-Wanglou-Kind", kind));
    let subject = match contents.about {
        About::Test => {
            text.push_str("这是一条测试消息，不是预警。\n");
            html.push_str("<p>这是一条测试消息，不是预警。</p>");
            "[望楼][测试] 测试消息".to_owned()
        }
        About::Notice((_, notice)) => {
            let told: String = notice.text.chars().take(EXPLANATION_CHARS_MAX).collect();
            let link = format!("{}/status", contents.home);
            let _ = write!(text, "{told}\n{}\n{link}\n", show_moment(notice.at));
            let _ = write!(html, "<p>{}</p><p><a href=\"{}\">运行状况</a></p>", escape(&told), escape(&link));
            format!("[望楼][通知] {}：{}", notice.kind.zh(), notice.about)
        }
        About::Events(events) => {
            // What has ended alarms nobody, as long as something else is told.
            let told = events.iter().map(|(_, event)| event);
            let worst = told.max_by_key(|event| (event.event != AlertEventKind::Closed, event.danger, event.spread));
            if let Some(worst) = worst {
                marks.push(("X-Wanglou-Danger", worst.danger.code().to_owned()));
                marks.push(("X-Wanglou-Spread", worst.spread.code().to_owned()));
            }
            html.push_str("<ol>");
            for (shown, (_, event)) in events.iter().enumerate() {
                if shown == EVENTS_MAX {
                    let rest = format!("另有 {} 项，见 {}/", events.len() - shown, contents.home);
                    let _ = write!(text, "{rest}\n\n");
                    let _ = write!(html, "</ol><p>{}</p><ol>", escape(&rest));
                    break;
                }
                tell(event, contents, &mut text, &mut html);
            }
            html.push_str("</ol>");
            match events {
                [(_, only)] => {
                    thread = Some(only.alert_id.to_string());
                    marks.push(("X-Wanglou-Alert", header(only.alert_id.as_str())));
                    marks.push(("X-Wanglou-Category", only.category.code().to_owned()));
                    let levels = format!("[{}][{}]", only.danger.zh(), only.disposal.zh());
                    format!("[望楼]{levels} {}：{}", zh(only.event), about(only, contents))
                }
                many => {
                    let worst = worst.map_or("", |event| event.danger.zh());
                    let what: Vec<String> = many.iter().map(|(_, event)| about(event, contents)).collect();
                    format!("[望楼][摘要][{worst}] {} 项变化：{}", many.len(), what.join("、"))
                }
            }
        }
    };
    let _ = write!(text, "--\n由望楼按订阅“{}”发出，请勿回复。{}/\n", endpoint.name, contents.home);
    let _ = write!(html, "<p>由望楼按订阅“{}”发出，请勿回复。</p>", escape(&endpoint.name));
    let subject = subject.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    Ok(Mail {
        id: contents.id.to_owned(),
        to: receiver(&endpoint.url)?,
        subject: subject.take(SUBJECT_CHARS_MAX).collect(),
        marks,
        thread,
        text,
        html: format!("<!DOCTYPE html><html lang=\"zh\"><meta charset=\"utf-8\"><body>{html}</body></html>"),
        at: now,
    })
}

fn kind(contents: &Contents<'_>) -> String {
    match contents.about {
        About::Test => "test".to_owned(),
        About::Notice((_, notice)) => format!("notice.{}", notice.kind.code()),
        About::Events([(_, only)]) => format!("alert.{}", code(only.event)),
        About::Events(_) => "alert.digest".to_owned(),
    }
}

/// One event, with what changed, how often it was told, why, and where to look.
fn tell(event: &ShownEvent, contents: &Contents<'_>, text: &mut String, html: &mut String) {
    let link = format!("{}/alerts/{}", contents.home, event.alert_id);
    let what = format!("{} {}", zh(event.event), about(event, contents));
    let levels = levels(event);
    let counts = &event.counts;
    let told = format!(
        "{}：信息 {} 条，不同文本 {} 篇，来源主体 {} 个，地点 {} 个",
        event.as_of, counts.reports, counts.texts, counts.actors, counts.places
    );
    let why: String =
        tell::paragraph(&event.explanation, tell::Language::Chinese).chars().take(EXPLANATION_CHARS_MAX).collect();
    let _ = write!(text, "· {what}\n  {levels}\n  {told}\n  {why}\n  {link}\n\n");
    let _ = write!(
        html,
        "<li><p><a href=\"{}\"><b>{}</b></a><br>{}<br>{}</p><p>{}</p></li>",
        escape(&link),
        escape(&what),
        escape(&levels),
        escape(&told),
        escape(&why)
    );
}

/// Text from pages as HTML text; line ends stay.
fn escape(text: &str) -> String {
    feed::escape(text).replace("&#10;", "<br>")
}

/// What a header can carry without encoding: filters compare it as it stands.
fn header(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_graphic() { letter } else { '_' }).take(200).collect()
}

/// The way to the server.
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// A way to the server of the settings; nothing is asked of it yet. An error says which setting is wrong.
    pub(super) fn new(settings: &MailSettings) -> Result<Self, String> {
        let from = settings.from.parse().map_err(|error| format!("`mail.from` is no mail address: {error}"))?;
        let server = settings.server.as_str();
        let unusable =
            |error: lettre::transport::smtp::Error| format!("the mail server cannot be used: {}", told(&error));
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
    pub(super) async fn send(&self, mail: &Mail) -> Result<Answer, String> {
        let message = self.compose(mail)?;
        let sent = tokio::time::timeout(Duration::from_secs(MAIL_SECONDS_MAX), self.transport.send(message)).await;
        match sent {
            Ok(Ok(response)) => Ok(Answer { status: u16::from(response.code()), body: Vec::new() }),
            Ok(Err(error)) => match error.status() {
                Some(status) => {
                    let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                    let why: String = plain(&why).chars().take(ANSWER_CHARS_MAX).collect();
                    Ok(Answer { status: u16::from(status), body: why.into_bytes() })
                }
                None => Err(told(&error)),
            },
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    fn compose(&self, mail: &Mail) -> Result<Message, String> {
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .from(self.from.clone())
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .subject(&mail.subject)
            .to(Mailbox::new(None, mail.to.clone()))
            .date(SystemTime::from(mail.at));
        if let Some(alert) = &mail.thread {
            message = message.references(format!("<{}@{domain}>", header(alert)));
        }
        for (name, value) in mail.marks.iter().chain(&[("Auto-Submitted", "auto-generated".to_owned())]) {
            let name = HeaderName::new_from_ascii((*name).to_owned()).map_err(|error| error.to_string())?;
            message = message.raw_header(HeaderValue::new(name, value.clone()));
        }
        let parts = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
        message.multipart(parts).map_err(|error| format!("the mail cannot be written: {error}"))
    }
}

fn told(error: &lettre::transport::smtp::Error) -> String {
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_told = inner.to_string();
        if !told.contains(&inner_told) {
            let _ = write!(told, ": {inner_told}");
        }
        cause = inner.source();
    }
    told
}
