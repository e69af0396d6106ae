//! Alerts and their events in forms that other programs and offices take: CSV, CloudEvents 1.0, the draft of a notice. Pure.

use serde::Serialize;

use super::feed::FeedHead;
use tell::{self, Language};
use vocabulary::{
    AlertEventKind, AlertId, AlertState, Danger, RegionCode, ShownAlert, ShownEvent, is_formula, show_moment,
    start_of_day,
};

/// Columns of the CSV form. Columns are added at the end, never changed.
const COLUMNS: [&str; 23] = [
    "id",
    "state",
    "opened_on",
    "changed_on",
    "as_of",
    "category",
    "category_name",
    "hazard",
    "hazard_name",
    "brand",
    "region",
    "region_name",
    "danger",
    "spread",
    "disposal",
    "rank_score",
    "reports",
    "texts",
    "actors",
    "places",
    "evidence_total",
    "url",
    "explanation",
];
/// Name under which the forms of this program are versioned.
const SCHEMA: &str = "urn:wanglou:schema:alert-event:1";

/// CSV (RFC 4180, UTF-8 with a byte order mark, as spreadsheets expect it). A cell that a spreadsheet would take for a formula begins
/// with an apostrophe.
#[must_use]
pub fn csv(alerts: &[ShownAlert], head: &FeedHead, region_name: &dyn Fn(RegionCode) -> String) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory does not fail.
    _ = writer.write_record(COLUMNS);
    for alert in alerts {
        let a = &alert.assessment;
        let state = match alert.state {
            AlertState::Open => "open",
            AlertState::Closed => "closed",
        };
        let c = a.counts;
        let cells = [
            alert.id.to_string(),
            state.to_owned(),
            alert.opened_on.to_string(),
            alert.changed_on.to_string(),
            a.as_of.to_string(),
            a.category.code().to_owned(),
            a.category.zh().to_owned(),
            a.hazard.code().to_owned(),
            a.hazard.zh().to_owned(),
            a.brand.clone().unwrap_or_default(),
            a.region.map(|region| region.to_string()).unwrap_or_default(),
            a.region.map(region_name).unwrap_or_default(),
            a.danger.code().to_owned(),
            a.spread.code().to_owned(),
            a.disposal.code().to_owned(),
            a.rank_score.to_string(),
            c.reports.to_string(),
            c.texts.to_string(),
            c.actors.to_string(),
            c.places.to_string(),
            alert.evidence_total.to_string(),
            head.page(&alert.id),
            tell::paragraph(&a.explanation, Language::Chinese),
        ];
        _ = writer.write_record(cells.iter().map(|cell| guarded(cell)));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    format!("\u{FEFF}{}", String::from_utf8(bytes).unwrap_or_default())
}

/// A cell that no spreadsheet takes for a formula.
fn guarded(cell: &str) -> String {
    if is_formula(cell) && cell.parse::<f64>().is_err() { format!("'{cell}") } else { cell.to_owned() }
}

/// An event in an alert's life as a CloudEvent 1.0.
#[derive(Debug, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct CloudEvent<'a> {
    #[schemars(extend("const" = "1.0"))]
    specversion: &'static str,
    /// The event's number, in decimal: where a reader goes on.
    id: String,
    /// Address of the alerts of this service.
    source: String,
    /// `wanglou.alert.` and what happened.
    r#type: String,
    /// The alert.
    subject: &'a AlertId,
    /// The beginning of the day judged.
    #[schemars(with = "jiff::Timestamp")]
    time: String,
    #[schemars(extend("const" = "application/json"))]
    datacontenttype: &'static str,
    /// Name and version of the form of `data`.
    dataschema: &'static str,
    /// The event.
    data: ShownEvent,
}

/// Events as a batch of CloudEvents 1.0 (JSON batch format). `id` is the event's number: where a reader goes on.
#[must_use]
pub fn cloud_events<'a>(events: &'a [(u64, ShownEvent)], home: &str) -> Vec<CloudEvent<'a>> {
    let one = |(number, event): &'a (u64, ShownEvent)| {
        let kind = match event.event {
            AlertEventKind::Opened => "opened",
            AlertEventKind::Raised => "raised",
            AlertEventKind::Lowered => "lowered",
            AlertEventKind::Closed => "closed",
        };
        CloudEvent {
            specversion: "1.0",
            id: number.to_string(),
            source: format!("{home}/alerts"),
            r#type: format!("wanglou.alert.{kind}"),
            subject: &event.alert_id,
            time: show_moment(start_of_day(event.as_of)),
            datacontenttype: "application/json",
            dataschema: SCHEMA,
            data: tell::written(event.clone(), Language::Chinese),
        }
    };
    events.iter().map(one).collect()
}

/// The draft of a notice to the public (clause 2-20): a warning (风险警示) where danger is high, else a tip (消费提示). Made of levels and
/// counts alone: no excerpt, no source, no buyer, and no brand, which only a person can decide to name.
#[must_use]
pub fn notice(alert: &ShownAlert, region_name: &dyn Fn(RegionCode) -> String) -> String {
    let a = &alert.assessment;
    let (kind, advice) = if a.danger >= Danger::High {
        ("风险警示", "正在使用同类产品的消费者，如发现异常请立即停止使用，并保留产品、购买凭证和照片。")
    } else {
        ("消费提示", "请消费者选购和使用同类产品时查看产品标识、合格证明和使用说明，如发现异常请停止使用。")
    };
    let place = a.region.map(region_name).map(|name| format!("在{name}")).unwrap_or_default();
    let (category, hazard, as_of) = (a.category.zh(), a.hazard.zh(), a.as_of);
    format!(
        "【草稿，未经审核不得发布】\n\n关于{category}“{hazard}”问题的{kind}\n\n\
         近期，产品质量安全风险监测发现，{place}{category}涉及“{hazard}”的信息增多（截至{as_of}，近{days}天{reports}条信息，来自{actors}个来源主体）。\
         经初步评估，隐患程度为{danger}，范围为{spread}。有关情况正在进一步核实。\n\n\
         {advice}\n\n\
         购买或使用中遇到质量安全问题，可拨打12315反映。\n\n\
         （发布单位：　　　　　　　　发布日期：　　　　年　　月　　日）\n\n\
         预警编号：{id}　评价标准：{criteria}\n",
        days = a.window_days,
        reports = a.counts.reports,
        actors = a.counts.actors,
        danger = a.danger.zh(),
        spread = a.spread.zh(),
        id = alert.id,
        criteria = a.criteria,
    )
}

#[cfg(test)]
mod tests {
    use super::super::episodes::Episodes;
    use super::super::policy::shipped;
    use super::super::testing::{About, day, evidence, shown, shown_event};
    use super::*;
    use vocabulary::{AlertEvent, LexiconVersion};

    fn episodes(brand: &str) -> (Episodes, Vec<AlertEvent>) {
        let mut episodes = Episodes::new();
        let assessments = [About::brand(brand).assessment(day(1))];
        let events = episodes.advance(day(1), &assessments, &shipped(), &evidence, &LexiconVersion::from("lex"));
        (episodes, events)
    }

    fn head() -> FeedHead {
        FeedHead { title: "望楼".into(), home: "http://h".into(), updated: start_of_day(day(2)) }
    }

    #[test]
    fn no_cell_of_the_csv_is_a_formula_and_every_cell_reads_back() {
        for brand in
            ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1", "\u{feff}=1", "\u{200b}-1+1"]
        {
            let (episodes, _) = episodes(brand);
            let text = csv(&shown(&episodes.ranked()), &head(), &|code| code.to_string());
            let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
            let records: Vec<csv::StringRecord> = reader.records().map(|record| record.expect("a record")).collect();
            assert_eq!((records.len(), &records[0][9]), (1, format!("'{brand}").as_str()));
        }
        assert_eq!((guarded("-1.5"), guarded("甲-乙"), guarded("")), ("-1.5".into(), "甲-乙".into(), String::new()));
    }

    #[test]
    fn cloud_events_have_the_attributes_that_the_standard_requires() {
        let (_, events) = episodes("甲牌");
        let events: Vec<(u64, ShownEvent)> = (7..).zip(events.iter().map(shown_event)).collect();
        let batch = serde_json::json!(cloud_events(&events, "http://h"));
        let one = &batch[0];
        assert_eq!(
            (&one["specversion"], &one["id"], &one["type"]),
            (&"1.0".into(), &"7".into(), &"wanglou.alert.opened".into())
        );
        assert!(one["source"] == "http://h/alerts" && one["data"]["alert_id"] == one["subject"]);
    }

    #[test]
    fn a_notice_is_marked_as_a_draft_and_names_nobody() {
        let (episodes, _) = episodes("甲牌");
        let text = notice(&shown(&episodes.ranked())[0], &|code| code.to_string());
        assert!(text.starts_with("【草稿") && !text.contains("甲牌"), "{text}");
        insta::assert_snapshot!(text);
    }
}
