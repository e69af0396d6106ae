//! Mail, as text and HTML, by the mail server of the settings.

use std::fmt::Write;

use jiff::Timestamp;
use lettre::Address;

use super::super::contents::{About, Contents, about, code, levels, zh};
use super::super::ways::Ways;
use super::super::ways::smtp::{Letter, header_value};
use super::{AddressForm, Attempt, Carrying, DeliveryKind, Manual, Secret};
use alert::feed;
use vocabulary::{AlertEventKind, Endpoint, Refused, ShownEvent, refused, show_moment};

/// Events written in full in one mail; what does not fit is counted.
const EVENTS_MAX: usize = 200;
/// Characters of one event's explanation, and of a notice.
const EXPLANATION_CHARS_MAX: usize = 1_000;
/// Longest subject, in characters. What filters look for comes first.
const SUBJECT_CHARS_MAX: usize = 150;
/// What the address of an endpoint begins with.
const SCHEME: &str = "mailto:";
/// Why mail is not sent.
const NO_MAIL_SERVER: &str = "no mail server is known: set `[mail]` in the settings file";

pub(super) struct Mail;

impl DeliveryKind for Mail {
    fn manual(&self) -> Manual {
        Manual {
            address: AddressForm::Receiver { scheme: SCHEME },
            secret: Secret::None,
            en: "a mail, text and HTML, by the server that `[mail]` of the settings names",
            zh: "一封邮件，含文本与 HTML，由设置文件 [mail] 里的邮件服务器发出",
        }
    }

    fn check_address(&self, endpoint: &Endpoint) -> Result<(), Refused> {
        let why = |why: Refused| {
            Refused::new(
                format!("`{}` 的地址不能用：{}", endpoint.name, why.zh),
                format!("the address of `{}` cannot be used: {}", endpoint.name, why.en),
            )
        };
        receiver(&endpoint.url).map(drop).map_err(why)
    }

    fn lacks(&self, ways: &Ways) -> Option<Refused> {
        ways.mail_server.is_none().then(|| Refused::new("没有邮件服务器：请在设置文件中写明 [mail]", NO_MAIL_SERVER))
    }

    fn carry<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        contents: &'a Contents<'a>,
        ways: &'a Ways,
        now: Timestamp,
    ) -> Carrying<'a> {
        Box::pin(async move {
            let letter = match write(endpoint, contents, now) {
                Ok(letter) => letter,
                Err(why) => return Attempt::unanswered(why),
            };
            let Some(server) = &ways.mail_server else { return Attempt::unanswered(NO_MAIL_SERVER.to_owned()) };
            match server.send(&letter).await {
                Ok(reply) => {
                    let taken = (200..300).contains(&reply.status);
                    let trouble = (!taken).then(|| format!("status {}: {}", reply.status, reply.refusal));
                    Attempt { status: Some(reply.status), trouble, gone: false }
                }
                Err(why) => Attempt::unanswered(why),
            }
        })
    }
}

/// The receiver of an endpoint, from its address `mailto:a@b`. It is one, so that a mailbox that no longer exists keeps nothing from others.
fn receiver(url: &str) -> Result<Address, Refused> {
    let prefix =
        || refused!("邮件接收端的地址以 `mailto:` 开头", "the address of a mail endpoint begins with `mailto:`");
    let receiver = url.strip_prefix(SCHEME).ok_or_else(prefix)?;
    receiver
        .parse()
        .map_err(|error| refused!("`{receiver}` 不是邮件地址：“{error}”", "`{receiver}` is no mail address: {error}"))
}

/// Writes the mail of an endpoint. An error says what is wrong with its address.
pub(crate) fn write(endpoint: &Endpoint, contents: &Contents<'_>, now: Timestamp) -> Result<Letter, String> {
    let mut marks = Vec::new();
    let (mut text, mut html) = (String::new(), String::new());
    let mut thread = None;
    marks.push(("X-Wanglou-Kind", message_kind(contents)));
    let subject = match contents.about {
        About::Test => {
            text.push_str("这是一条测试消息，不是预警。\n");
            html.push_str("<p>这是一条测试消息，不是预警。</p>");
            "[望楼][测试] 测试消息".to_owned()
        }
        About::Notice((_, notice)) => {
            let shown: String = notice.text.chars().take(EXPLANATION_CHARS_MAX).collect();
            let link = format!("{}/status", contents.home);
            let _ = write!(text, "{shown}\n{}\n{link}\n", show_moment(notice.at));
            let _ = write!(html, "<p>{}</p><p><a href=\"{}\">运行状况</a></p>", escape(&shown), escape(&link));
            format!("[望楼][通知] {}：{}", notice.kind.zh(), notice.about)
        }
        About::Events(events) => {
            // What has ended alarms nobody, as long as the message holds something else.
            let all = events.iter().map(|(_, event)| event);
            let worst = all.max_by_key(|event| (event.event != AlertEventKind::Closed, event.danger, event.spread));
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
                write_event(event, contents, &mut text, &mut html);
            }
            html.push_str("</ol>");
            match events {
                [(_, only)] => {
                    thread = Some(only.alert_id.to_string());
                    marks.push(("X-Wanglou-Alert", header_value(only.alert_id.as_str())));
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
    Ok(Letter {
        id: contents.id.to_owned(),
        to: receiver(&endpoint.url).map_err(|why| why.en)?,
        subject: subject.take(SUBJECT_CHARS_MAX).collect(),
        marks,
        thread,
        text,
        html: format!("<!DOCTYPE html><html lang=\"zh\"><meta charset=\"utf-8\"><body>{html}</body></html>"),
        at: now,
    })
}

/// What a message is, for filters.
fn message_kind(contents: &Contents<'_>) -> String {
    match contents.about {
        About::Test => "test".to_owned(),
        About::Notice((_, notice)) => format!("notice.{}", notice.kind.code()),
        About::Events([(_, only)]) => format!("alert.{}", code(only.event)),
        About::Events(_) => "alert.digest".to_owned(),
    }
}

/// Writes one event: what changed, how many reports there are, why, and where to look.
fn write_event(event: &ShownEvent, contents: &Contents<'_>, text: &mut String, html: &mut String) {
    let link = format!("{}/alerts/{}", contents.home, event.alert_id);
    let what = format!("{} {}", zh(event.event), about(event, contents));
    let levels = levels(event);
    let counts = &event.counts;
    let seen = format!(
        "{}：信息 {} 条，不同文本 {} 篇，来源主体 {} 个，地点 {} 个",
        event.as_of, counts.reports, counts.texts, counts.actors, counts.places
    );
    let why: String =
        tell::paragraph(&event.explanation, tell::Language::Chinese).chars().take(EXPLANATION_CHARS_MAX).collect();
    let _ = write!(text, "· {what}\n  {levels}\n  {seen}\n  {why}\n  {link}\n\n");
    let _ = write!(
        html,
        "<li><p><a href=\"{}\"><b>{}</b></a><br>{}<br>{}</p><p>{}</p></li>",
        escape(&link),
        escape(&what),
        escape(&levels),
        escape(&seen),
        escape(&why)
    );
}

/// Text from pages as HTML text; line ends stay.
fn escape(text: &str) -> String {
    feed::escape(text).replace("&#10;", "<br>")
}
