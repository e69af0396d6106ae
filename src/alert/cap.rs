//! The Common Alerting Protocol 1.2 (OASIS, 2010): one alert as one message, or what is open as one bulletin.
//!
//! In: alerts and what a feed says about itself. Out: XML that the OASIS schema accepts. An alert of this program speaks of products
//! that have not been tested yet: its scope is restricted, its certainty never more than likely. Levels are shown by the colours of
//! national warnings, red to blue, as a parameter; places by their GB/T 2260 code. Not here: the 31-character message id of GB/T
//! 35965.1, which needs codes that a centre is given.

use std::fmt::Write;

use jiff::Timestamp;

use super::feed::{FeedHead, escape, headline};
use crate::vocabulary::{Alert, AlertState, Danger, Disposal, Hazard, RegionCode, show_moment, start_of_day};

/// The XML namespace of CAP 1.2.
const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";
/// Alerts in one bulletin.
const INFOS_MAX: usize = 200;
/// Who may read a message, in words.
const RESTRICTION: &str = "供产品质量安全监管工作使用；所述风险尚待核查与检验证实";

/// One alert as a message of its own: `Alert` on the day it opened, `Update` when it changed later, `Cancel` when it ended.
#[must_use]
pub fn message(alert: &Alert, head: &FeedHead, region_name: &dyn Fn(RegionCode) -> String) -> String {
    let kind = match (alert.state, alert.changed_on == alert.opened_on) {
        (AlertState::Closed, _) => "Cancel",
        (AlertState::Open, true) => "Alert",
        (AlertState::Open, false) => "Update",
    };
    let sent = start_of_day(alert.changed_on);
    let id = |on| format!("{}.{on}", alert.id);
    let earlier = (kind != "Alert").then(|| {
        let opened = show_moment(start_of_day(alert.opened_on));
        format!("  <references>{},{},{opened}</references>\n", sender(head), escape(&id(alert.opened_on)))
    });
    let mut text = begin(head, &escape(&id(alert.changed_on)), sent, kind, earlier.as_deref());
    info(&mut text, alert, head, region_name);
    text + "</alert>\n"
}

/// Everything that is open, most urgent first as ranked: one message with one block per alert.
#[must_use]
pub fn bulletin(alerts: &[&Alert], head: &FeedHead, region_name: &dyn Fn(RegionCode) -> String) -> String {
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

fn info(text: &mut String, alert: &Alert, head: &FeedHead, region_name: &dyn Fn(RegionCode) -> String) {
    let a = &alert.assessment;
    let (colour, severity, urgency) = match a.danger {
        Danger::Serious => ("红色", "Extreme", "Immediate"),
        Danger::High => ("橙色", "Severe", "Expected"),
        Danger::Medium => ("黄色", "Moderate", "Expected"),
        Danger::Low => ("蓝色", "Minor", "Future"),
    };
    let likely = a.feedback.p_real.as_ref().is_some_and(|real| real.mean >= 0.5);
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
        escape(&a.explanation),
        escape(&head.page(alert)),
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
    use super::super::testing::{About, day};
    use super::*;
    use crate::vocabulary::{AlertId, Assessment, LexiconVersion};

    fn head() -> FeedHead {
        let updated = start_of_day(day(3));
        FeedHead { title: "望楼 & 测试".to_owned(), home: "http://127.0.0.1:8021".to_owned(), updated }
    }

    fn alert(state: AlertState, changed: i8) -> Alert {
        let explanation = "有<3>起 & 无\"引号\"".to_owned();
        Alert {
            id: AlertId::from("wl-20230101-battery_charger-fire-3fa1c2"),
            state,
            opened_on: day(1),
            changed_on: day(changed),
            last_active_on: day(changed),
            lexicon: LexiconVersion::from("v1"),
            evidence_total: 0,
            evidence: Vec::new(),
            assessment: Assessment { explanation, ..About::brand("甲牌").assessment(day(1)) },
        }
    }

    #[test]
    fn an_alert_reads_as_a_message_of_the_protocol() {
        insta::assert_snapshot!(message(&alert(AlertState::Open, 1), &head(), &|code| code.to_string()));
    }

    #[test]
    fn what_changed_is_an_update_and_what_ended_a_cancel_and_both_name_the_first_message() {
        for (state, kind) in [(AlertState::Open, "Update"), (AlertState::Closed, "Cancel")] {
            let text = message(&alert(state, 3), &head(), &|code| code.to_string());
            assert!(text.contains(&format!("<msgType>{kind}</msgType>")), "{text}");
            let first = "<references>http://127.0.0.1:8021,wl-20230101-battery_charger-fire-3fa1c2.2023-01-01,2023-01-01T00:00:00+08:00</references>";
            assert!(text.contains(first), "{text}");
        }
    }

    #[test]
    fn a_bulletin_holds_a_block_for_each_alert() {
        let (one, other) = (alert(AlertState::Open, 1), alert(AlertState::Open, 2));
        let text = bulletin(&[&one, &other], &head(), &|code| code.to_string());
        assert_eq!(text.matches("<info>").count(), 2);
        assert!(!bulletin(&[], &head(), &|code| code.to_string()).contains("<info>"));
    }
}
