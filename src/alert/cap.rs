//! The Common Alerting Protocol 1.2 (OASIS, 2010): one alert as one message, or what is open as one bulletin.
//!
//! In: alerts and what a feed says about itself. Out: XML that the OASIS schema accepts. An alert of this program speaks of products
//! that have not been tested yet: its scope is restricted, its certainty never more than likely. Levels are shown by the colours of
//! national warnings, red to blue, as a parameter; places by their GB/T 2260 code. Where the centre has a publisher's code, messages are called
//! by the 31 characters of GB/T 35965.1.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Date;

use super::feed::{FeedHead, escape, headline};
use tell::{self, Language};
use vocabulary::{AlertId, AlertState, Danger, Disposal, Hazard, RegionCode, ShownAlert, show_moment, start_of_day};

/// The XML namespace of CAP 1.2.
const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";
/// Alerts in one bulletin.
const INFOS_MAX: usize = 200;
/// Earlier messages that one refers to: the newest.
const REFERENCES_MAX: usize = 50;
/// Who may read a message, in words.
const RESTRICTION: &str = "供产品质量安全监管工作使用；所述风险尚待核查与检验证实";

/// What a message is called, and when it was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id: 31 characters of GB/T 35965.1, or our own.
    pub id: String,
    /// When it was entered.
    pub sent: Timestamp,
}

impl Named {
    /// What the message of a day about an alert is called without a publisher's code.
    #[must_use]
    pub fn by_day(alert: &AlertId, on: Date) -> Self {
        Self { id: format!("{alert}.{on}"), sent: start_of_day(on) }
    }
}

/// One alert as a message of its own: `Alert` on the day it opened, `Update` when it changed later, `Cancel` when it ended.
///
/// `named`: what the messages about it are called, one for each event in its life, oldest first; empty: by the alert and the day.
#[must_use]
pub fn message(
    alert: &ShownAlert,
    named: &[Named],
    head: &FeedHead,
    region_name: &dyn Fn(RegionCode) -> String,
) -> String {
    let kind = match (alert.state, alert.changed_on == alert.opened_on) {
        (AlertState::Closed, _) => "Cancel",
        (AlertState::Open, true) => "Alert",
        (AlertState::Open, false) => "Update",
    };
    let (earlier, own) = match named.split_last() {
        Some((own, earlier)) => (earlier.to_vec(), own.clone()),
        None if kind == "Alert" => (Vec::new(), Named::by_day(&alert.id, alert.changed_on)),
        None => (vec![Named::by_day(&alert.id, alert.opened_on)], Named::by_day(&alert.id, alert.changed_on)),
    };
    // What was said more than once is no first message any more, whatever the day.
    let kind = if kind == "Alert" && !earlier.is_empty() { "Update" } else { kind };
    let skipped = earlier.len().saturating_sub(REFERENCES_MAX);
    let referred: Vec<String> = (earlier.iter().skip(skipped))
        .map(|named| format!("{},{},{}", sender(head), escape(&named.id), show_moment(named.sent)))
        .collect();
    let referred = (!referred.is_empty()).then(|| format!("  <references>{}</references>\n", referred.join(" ")));
    let mut text = begin(head, &escape(&own.id), own.sent, kind, referred.as_deref());
    info(&mut text, alert, head, region_name);
    text + "</alert>\n"
}

/// Everything that is open, most urgent first as ranked: one message with one block per alert.
#[must_use]
pub fn bulletin(alerts: &[ShownAlert], head: &FeedHead, region_name: &dyn Fn(RegionCode) -> String) -> String {
    let id = format!("wl-bulletin.{}", head.updated.as_second());
    let mut text = begin(head, &id, head.updated, "Update", None);
    for alert in alerts.iter().take(INFOS_MAX) {
        info(&mut text, alert, head, region_name);
    }
    text + "</alert>\n"
}

/// Who sends: the site, without what CAP forbids in a sender.
fn sender(head: &FeedHead) -> String {
    escape(&head.home.chars().filter(|letter| !letter.is_whitespace() && *letter != ',').collect::<String>())
}

fn begin(head: &FeedHead, id: &str, sent: Timestamp, kind: &str, references: Option<&str>) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<alert xmlns=\"{NAMESPACE}\">\n  <identifier>{id}</identifier>\n  <sender>{}</sender>\n  \
         <sent>{}</sent>\n  <status>Actual</status>\n  <msgType>{kind}</msgType>\n  <source>{}</source>\n  <scope>Restricted</scope>\n  \
         <restriction>{RESTRICTION}</restriction>\n{}",
        sender(head),
        show_moment(sent),
        escape(&head.title),
        references.unwrap_or_default()
    )
}

fn info(text: &mut String, alert: &ShownAlert, head: &FeedHead, region_name: &dyn Fn(RegionCode) -> String) {
    let a = &alert.assessment;
    let (colour, severity, urgency) = match a.danger {
        Danger::Serious => ("红色", "Extreme", "Immediate"),
        Danger::High => ("橙色", "Severe", "Expected"),
        Danger::Medium => ("黄色", "Moderate", "Expected"),
        Danger::Low => ("蓝色", "Minor", "Future"),
    };
    let real = a.feedback.as_ref().and_then(|feedback| feedback.p_real.as_ref());
    let likely = real.is_some_and(|real| real.mean >= 0.5);
    let response = match a.disposal {
        Disposal::Sample => "Assess",
        Disposal::Notify => "Monitor",
        Disposal::Exclude => "None",
    };
    let health = matches!(a.hazard, Hazard::Chemical | Hazard::Microbial | Hazard::Illness | Hazard::Irritation);
    let kind = if health { "Health" } else { "Safety" };
    let area = a.region.map_or_else(|| "全国".to_owned(), region_name);
    let _ = write!(
        text,
        "  <info>\n    <language>zh-CN</language>\n    <category>{kind}</category>\n    <event>{}“{}”</event>\n    \
         <responseType>{response}</responseType>\n    <urgency>{urgency}</urgency>\n    <severity>{severity}</severity>\n    \
         <certainty>{}</certainty>\n    <eventCode><valueName>wanglou:category</valueName><value>{}</value></eventCode>\n    \
         <eventCode><valueName>wanglou:hazard</valueName><value>{}</value></eventCode>\n    <effective>{}</effective>\n    \
         <senderName>{}</senderName>\n    <headline>{}</headline>\n    <description>{}</description>\n    <web>{}</web>\n",
        a.category.zh(),
        a.hazard.zh(),
        if likely { "Likely" } else { "Possible" },
        a.category.code(),
        a.hazard.code(),
        show_moment(start_of_day(alert.changed_on)),
        escape(&head.title),
        escape(&headline(alert, region_name)),
        escape(&tell::paragraph(&a.explanation, Language::Chinese)),
        escape(&head.page(&alert.id)),
    );
    for (name, value) in [
        ("预警颜色", colour),
        ("隐患程度", a.danger.zh()),
        ("范围", a.spread.zh()),
        ("处置", a.disposal.zh()),
        ("预警编号", alert.id.as_str()),
    ] {
        let value = escape(value);
        let _ = writeln!(text, "    <parameter><valueName>{name}</valueName><value>{value}</value></parameter>");
    }
    let code = a.region.map_or_else(|| "000000".to_owned(), |code| code.to_string());
    let _ = write!(
        text,
        "    <area>\n      <areaDesc>{}</areaDesc>\n      <geocode><valueName>GB/T 2260</valueName><value>{code}</value></geocode>\n    \
         </area>\n  </info>\n",
        escape(&area)
    );
}

#[cfg(test)]
mod tests {
    use super::super::testing::{About, day, shown};
    use super::*;
    use vocabulary::{Alert, Assessment, Explanation, LexiconVersion};

    fn head() -> FeedHead {
        let updated = start_of_day(day(3));
        FeedHead { title: "望楼 & 测试".to_owned(), home: "http://127.0.0.1:8021".to_owned(), updated }
    }

    fn alert(state: AlertState, changed: i8) -> ShownAlert {
        let explanation = Explanation::prose("有<3>起 & 无\"引号\"");
        let alert = Alert {
            id: AlertId::from("wl-20230101-battery_charger-fire-3fa1c2"),
            state,
            opened_on: day(1),
            changed_on: day(changed),
            last_active_on: day(changed),
            lexicon: LexiconVersion::from("v1"),
            evidence_total: 0,
            evidence: Vec::new(),
            assessment: Assessment { explanation, ..About::brand("甲牌").assessment(day(1)) },
        };
        shown(&[&alert]).remove(0)
    }

    #[test]
    fn an_alert_reads_as_a_message_of_the_protocol() {
        insta::assert_snapshot!(message(&alert(AlertState::Open, 1), &[], &head(), &|code| code.to_string()));
    }

    #[test]
    fn what_changed_is_an_update_and_what_ended_a_cancel_and_both_name_the_first_message() {
        for (state, kind) in [(AlertState::Open, "Update"), (AlertState::Closed, "Cancel")] {
            let text = message(&alert(state, 3), &[], &head(), &|code| code.to_string());
            assert!(text.contains(&format!("<msgType>{kind}</msgType>")), "{text}");
            let first = "<references>http://127.0.0.1:8021,wl-20230101-battery_charger-fire-3fa1c2.2023-01-01,2023-01-01T00:00:00+08:00</references>";
            assert!(text.contains(first), "{text}");
        }
    }

    #[test]
    fn messages_of_a_publisher_are_called_by_its_ids_and_name_all_before_them() {
        let named =
            |serial: u8| Named { id: format!("33010034000000_20230101080000_{serial}"), sent: start_of_day(day(1)) };
        let ask = |named: &[Named]| message(&alert(AlertState::Open, 1), named, &head(), &|code| code.to_string());
        let first = ask(&[named(0)]);
        assert!(first.contains("<identifier>33010034000000_20230101080000_0</identifier>"), "{first}");
        assert!(first.contains("<msgType>Alert</msgType>") && !first.contains("<references>"), "{first}");
        // Raised on the day it was opened: the second message says so, and does not replace the first in silence.
        let second = ask(&[named(0), named(1), named(2)]);
        assert!(second.contains("<identifier>33010034000000_20230101080000_2</identifier>"), "{second}");
        assert!(second.contains("<msgType>Update</msgType>") && second.contains("_0,2023"), "{second}");
        assert!(second.contains("_1,2023-01-01T00:00:00+08:00</references>"), "{second}");
    }

    #[test]
    fn a_bulletin_holds_a_block_for_each_alert() {
        let (one, other) = (alert(AlertState::Open, 1), alert(AlertState::Open, 2));
        let text = bulletin(&[one, other], &head(), &|code| code.to_string());
        assert_eq!(text.matches("<info>").count(), 2);
        assert!(!bulletin(&[], &head(), &|code| code.to_string()).contains("<info>"));
    }
}
