//! What the robots of group chats have in common: their text, its bound, and how they say no. Pure.

use std::fmt::Write;

use serde_json::Value;

use super::super::contents::{About, Contents, about, levels, plain, zh};
use tell::Language;
use vocabulary::excerpt;

/// Longest text of a robot's message, in bytes: WeCom takes 4,096, the others more.
const ROBOT_BYTES_MAX: usize = 4_000;
/// Bytes kept free for the line that counts what does not fit.
const REST_BYTES: usize = 60;
/// Characters of a notice in a robot's message.
const NOTICE_CHARS_MAX: usize = 600;
/// Characters of an explanation in a robot's message.
const WHY_CHARS: usize = 120;
/// Characters of a robot's refusal that are kept.
const ANSWER_CHARS: usize = 200;

/// Whether a robot took a message: robots say 200 and mean it only with code 0 in this field of the answer.
pub(super) fn accepted(field: &str, answer: &[u8]) -> Result<(), String> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| "the answer is not JSON".to_owned())?;
    match answer[field].as_i64() {
        Some(0) => Ok(()),
        Some(code) => {
            let why = answer["errmsg"].as_str().or(answer["msg"].as_str()).unwrap_or_default();
            Err(format!("{field} {code}: {}", excerpt(&plain(why), ANSWER_CHARS)))
        }
        None => Err(format!("the answer has no `{field}`")),
    }
}

/// The headline of a message.
pub(super) fn title(contents: &Contents<'_>) -> String {
    let events = match contents.about {
        About::Events(events) => events,
        About::Test => &[],
        About::Notice((_, notice)) => return format!("望楼 {}：{}", notice.kind.zh(), plain(&notice.about)),
    };
    match events {
        [] => "望楼测试消息".to_owned(),
        [only] => format!("望楼 {}：{}", zh(only.1.event), about(&only.1, contents)),
        many => format!("望楼 预警摘要：{} 项变化", many.len()),
    }
}

/// The text of a robot's message: every event with what changed and why, within its bound; what does not fit is counted.
pub(super) fn text(contents: &Contents<'_>, markdown: bool) -> String {
    let mut text = if markdown { format!("### {}\n", title(contents)) } else { format!("{}\n", title(contents)) };
    let events = match contents.about {
        About::Events(events) => events,
        About::Test => {
            text += "这是一条测试消息，不是预警。";
            return text;
        }
        About::Notice((_, notice)) => {
            let shown: String = plain(&notice.text).chars().take(NOTICE_CHARS_MAX).collect();
            let link = format!("{}/status", contents.home);
            let way = if markdown { format!("[运行状况]({link})") } else { link };
            return text + &shown + "\n" + &way;
        }
    };
    for (shown, (_, event)) in events.iter().enumerate() {
        let link = format!("{}/alerts/{}", contents.home, event.alert_id);
        let why = excerpt(&plain(&tell::paragraph(&event.explanation, Language::Chinese)), WHY_CHARS);
        let what = format!("{} {} {}", zh(event.event), about(event, contents), levels(event));
        let line = if markdown {
            format!("- [{what}]({link})\n  {why}…\n")
        } else {
            format!("· {what}\n  {why}…\n  {link}\n")
        };
        let rest = events.len() - shown;
        if text.len() + line.len() + REST_BYTES > ROBOT_BYTES_MAX {
            let _ = write!(text, "另有 {rest} 项，见 {}/", contents.home);
            break;
        }
        text += &line;
    }
    text
}
