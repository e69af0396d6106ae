//! Results that test bodies return (检验结果, clause 3-12), and outcomes as they are exported: read strictly, line by line.
//!
//! In: the text of a CSV or NDJSON file. Out: outcomes, and every line that is none, with its number and the reason. A line's id follows
//! from the report it stands in, so that the same file again brings nothing new. Not here: files, the store, what follows from a result.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use vocabulary::{
    Act, Alert, AlertContext, Category, Finding, Hazard, ItemRef, ItemVerdict, Outcome, OutcomeId, Refused, Said,
    Samples, SamplingBasis, Verdict, Work, day_of, refused,
};

/// Columns of a file of results.
pub const COLUMNS: [&str; 14] = [
    "alert_id",
    "request_id",
    "category",
    "hazard",
    "brand",
    "company",
    "tested",
    "failed",
    "basis",
    "date",
    "body",
    "report",
    "item",
    "standard",
];
/// Hexadecimal digits of the hash in an outcome's id.
const ID_DIGITS: usize = 16;
/// Longest text of a cell, in characters.
const CELL_CHARS_MAX: usize = 200;
/// Most batches of one line.
const BATCHES_MAX: u64 = 1_000_000;

/// A line that is no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadLine {
    /// Line of the file, counted from 1.
    pub line: u64,
    /// What was found and what was expected.
    pub reason: Refused,
}

impl Said for BadLine {
    fn zh(&self) -> String {
        format!("第 {} 行：{}", self.line, self.reason.zh)
    }
}

/// Alerts that results may answer.
pub trait Alerts {
    /// An alert by its id, or by the id of its sampling request.
    fn find(&self, alert: Option<&str>, request: Option<&str>) -> Option<&Alert>;
}

impl Alerts for BTreeMap<String, Alert> {
    fn find(&self, alert: Option<&str>, request: Option<&str>) -> Option<&Alert> {
        self.get(alert.or(request)?)
    }
}

/// The id of a result: whom it answers, the report, and the line in it.
fn id_of(parts: &[&str]) -> OutcomeId {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    OutcomeId::new(format!("o-{}", &hasher.finalize().to_hex()[..ID_DIGITS]))
}

/// An analyst's verdict on an alert.
///
/// # Errors
/// When nobody or no reason is named.
pub fn verdict(alert: &Alert, verdict: Verdict, by: &str, why: &str, now: Timestamp) -> Result<Outcome, Refused> {
    let (by, why) = (by.trim(), why.trim());
    if by.is_empty() || why.is_empty() {
        return Err(Refused::new(
            "结论要写明由谁给出、为什么：--by 和 --why 不能为空",
            "a verdict names who gave it and why: --by and --why must not be empty",
        ));
    }
    let code = format!("{verdict:?}");
    let date = day_of(now);
    let judged = &alert.assessment;
    Ok(Outcome {
        replaces: None,
        id: id_of(&["verdict", alert.id.as_str(), &code, by, why, &date.to_string()]),
        known_at: now,
        date,
        alert_id: Some(alert.id.clone()),
        category: judged.category,
        hazard: Some(judged.hazard),
        brand: judged.brand.clone(),
        finding: Finding::Verdict { verdict, by: by.to_owned(), why: why.to_owned() },
        context: Some(AlertContext::of(judged, alert.opened_on)),
    })
}

/// The result of one sample as an outcome: the watch learns from it at its next judgement (clause 1-20). `version`: how many results of the sample
/// there were before; a later one corrects the one before it.
///
/// # Errors
/// When the act tells of no result.
pub fn of_sample(alert: &Alert, bought: &Bought<'_>, act: &Act, version: usize) -> Result<Outcome, Refused> {
    let Some(Work::Result { sample, platform, item_id, report, tested_on, items, conforms, .. }) = act.work.as_deref()
    else {
        return Err(refused!("不是检验结果", "the act tells of no result"));
    };
    let id = |version: usize| id_of(&["sample", alert.id.as_str(), sample.as_str(), &version.to_string()]);
    let judged = &alert.assessment;
    let first = items.iter().find(|item| item.verdict == ItemVerdict::Fail).or_else(|| items.first());
    Ok(Outcome {
        id: id(version),
        known_at: act.at,
        date: *tested_on,
        alert_id: Some(alert.id.clone()),
        category: judged.category,
        hazard: Some(judged.hazard),
        brand: judged.brand.clone(),
        finding: Finding::Samples(Samples {
            company: Some(bought.maker.or(bought.brand).unwrap_or(bought.seller).to_owned()),
            tested: 1,
            failed: u64::from(!conforms),
            basis: bought.basis,
            body: bought.body.to_owned(),
            report: report.clone(),
            item: first.map(|item| item.item.clone()),
            standard: first.map(|item| item.standard.clone()),
            of_sample: Some((sample.clone(), ItemRef { platform: platform.clone(), item_id: item_id.clone() })),
        }),
        context: Some(AlertContext::of(judged, alert.opened_on)),
        replaces: version.checked_sub(1).map(id),
    })
}

/// What is known of a sample beside its result.
#[derive(Debug, Clone, Copy)]
pub struct Bought<'a> {
    /// Its maker, when stated.
    pub maker: Option<&'a str>,
    /// Its brand, when stated.
    pub brand: Option<&'a str>,
    /// Its seller: whose goods they are where neither maker nor brand is stated.
    pub seller: &'a str,
    /// The test body.
    pub body: &'a str,
    /// How it was chosen.
    pub basis: SamplingBasis,
}

/// Reads a file of results: CSV with a header, or one JSON object a line (`ndjson`); columns and keys are [`COLUMNS`]. What is learnt
/// now is known from `now` on.
///
/// # Errors
/// [`BadLine`] for line 1 when the header names an unknown column or lacks one that is needed; nothing is read then.
pub fn results(
    text: &str,
    ndjson: bool,
    alerts: &dyn Alerts,
    now: Timestamp,
) -> Result<Vec<Result<Outcome, BadLine>>, BadLine> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = if ndjson { objects(text) } else { records(text)? };
    let read = |(line, row): (u64, Result<Row, Refused>)| {
        row.and_then(|row| result(&row, alerts, now)).map_err(|reason| BadLine { line, reason })
    };
    Ok(rows.into_iter().map(read).collect())
}

type Row = BTreeMap<String, String>;

/// A line's number, and its cells or what is wrong with them.
type Line = (u64, Result<Row, Refused>);

fn records(text: &str) -> Result<Vec<Line>, BadLine> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let bad = |reason: Refused| BadLine { line: 1, reason };
    let header: Vec<String> = reader
        .headers()
        .map_err(|error| bad(Refused::quoted(error)))?
        .iter()
        .map(|name| name.trim().to_owned())
        .collect();
    if let Some(name) = header.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        return Err(bad(refused!(
            "不认识列 `{name}`；有：{}",
            "column `{name}` is not known; known: {}",
            COLUMNS.join(", ")
        )));
    }
    for needed in ["tested", "failed", "basis", "date", "body", "report"] {
        if !header.iter().any(|name| name == needed) {
            return Err(bad(refused!("没有列 `{needed}`", "there is no column `{needed}`")));
        }
    }
    let row = |record: csv::StringRecord| {
        if record.len() != header.len() {
            return Err(refused!(
                "{} 格：应为 {} 格，与表头相同",
                "{} cells: expected {}, as in the header",
                record.len(),
                header.len()
            ));
        }
        Ok(header.iter().cloned().zip(record.iter().map(|cell| cell.trim().to_owned())).collect())
    };
    Ok(reader
        .records()
        .enumerate()
        .map(|(at, record)| match record {
            Ok(record) => (record.position().map_or(at as u64 + 2, csv::Position::line), row(record)),
            Err(error) => (error.position().map_or(at as u64 + 2, csv::Position::line), Err(Refused::quoted(error))),
        })
        .collect())
}

fn objects(text: &str) -> Vec<(u64, Result<Row, Refused>)> {
    let row = |line: &str| {
        let Value::Object(object) = serde_json::from_str(line).map_err(Refused::quoted)? else {
            return Err(refused!("应为一个 JSON 对象", "expected one JSON object"));
        };
        object
            .into_iter()
            .map(|(key, value)| match value {
                _ if !COLUMNS.contains(&key.as_str()) => Err(refused!("不认识键 `{key}`", "key `{key}` is not known")),
                Value::Null => Ok((key, String::new())),
                Value::String(text) => Ok((key, text.trim().to_owned())),
                Value::Number(number) => Ok((key, number.to_string())),
                _ => Err(refused!("`{key}` 应为文字或数", "`{key}` must be a text or a number")),
            })
            .collect()
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| (at as u64 + 1, row(line))).collect()
}

fn result(row: &Row, alerts: &dyn Alerts, now: Timestamp) -> Result<Outcome, Refused> {
    let cell = |name: &str| row.get(name).map(String::as_str).filter(|cell| !cell.is_empty());
    if let Some((name, _)) = row.iter().find(|(_, cell)| cell.chars().count() > CELL_CHARS_MAX) {
        return Err(refused!(
            "`{name}` 超过 {CELL_CHARS_MAX} 个字",
            "`{name}` is longer than {CELL_CHARS_MAX} characters"
        ));
    }
    let needed = |name: &str| cell(name).ok_or_else(|| refused!("`{name}` 是空的", "`{name}` is empty"));
    let count = |name: &str| {
        let found = needed(name)?;
        let count = found.parse::<u64>().ok().filter(|count| *count <= BATCHES_MAX);
        count.ok_or_else(|| {
            refused!(
                "`{name}` 为 `{found}`：应为 0 到 {BATCHES_MAX} 的整数",
                "`{name}` is `{found}`: expected a whole number from 0 to {BATCHES_MAX}"
            )
        })
    };
    let (tested, failed) = (count("tested")?, count("failed")?);
    if tested == 0 {
        return Err(refused!("`tested` 为 0：没有检验任何批次", "`tested` is 0: no batch was tested"));
    }
    if failed > tested {
        return Err(refused!(
            "`failed` 为 {failed}：比检验的 {tested} 批还多",
            "`failed` is {failed}: more than the {tested} batches tested"
        ));
    }
    let basis = match needed("basis")? {
        "targeted" => SamplingBasis::Targeted,
        "random" => SamplingBasis::Random,
        found => {
            return Err(refused!(
                "`basis` 为 `{found}`：应为 targeted 或 random",
                "`basis` is `{found}`: expected targeted or random"
            ));
        }
    };
    let found = needed("date")?;
    let date: Date = found.parse().map_err(|_| {
        refused!("`date` 为 `{found}`：应为日期，如 2026-03-15", "`date` is `{found}`: expected a day as 2026-03-15")
    })?;
    if date > day_of(now) {
        return Err(refused!(
            "`date` 为 {date}：晚于今天（{}）",
            "`date` is {date}: that is after today, {}",
            day_of(now)
        ));
    }
    let (body, report) = (needed("body")?, needed("report")?);
    let alert = match (cell("alert_id"), cell("request_id")) {
        (None, None) => None,
        (alert, request) => Some(alerts.find(alert, request).ok_or_else(|| {
            refused!(
                "不认识预警或抽检任务 `{}`",
                "alert or request `{}` is not known",
                alert.or(request).unwrap_or_default()
            )
        })?),
    };
    let judged = alert.map(|alert| &alert.assessment);
    let category: Category = match (cell("category"), judged) {
        (Some(code), _) => code.parse().map_err(|error: vocabulary::UnknownCode| Refused::of(&error))?,
        (None, Some(judged)) => judged.category,
        (None, None) => {
            return Err(refused!(
                "`alert_id` 和 `category` 都没有写，不知检验了什么",
                "neither `alert_id` nor `category` says what was tested"
            ));
        }
    };
    let hazard: Option<Hazard> = match (cell("hazard"), judged) {
        (Some(code), _) => Some(code.parse().map_err(|error: vocabulary::UnknownCode| Refused::of(&error))?),
        (None, judged) => judged.map(|judged| judged.hazard),
    };
    if let Some(judged) = judged.filter(|judged| judged.category != category || Some(judged.hazard) != hazard) {
        let found = hazard.map_or("-", Hazard::code);
        return Err(refused!(
            "类别和隐患是 {} {found}，而预警说的是 {} {}",
            "category and hazard are {} {found}, but the alert is about {} {}",
            category.code(),
            judged.category.code(),
            judged.hazard.code()
        ));
    }
    let owned = |name: &str| cell(name).map(str::to_owned);
    let answers = alert.map_or("", |alert| alert.id.as_str());
    let part = |name: &str| cell(name).unwrap_or_default();
    Ok(Outcome {
        replaces: None,
        id: id_of(&[
            "samples",
            answers,
            category.code(),
            hazard.map_or("", Hazard::code),
            body,
            report,
            part("company"),
            part("item"),
            part("standard"),
        ]),
        known_at: now,
        date,
        alert_id: alert.map(|alert| alert.id.clone()),
        category,
        hazard,
        brand: judged.and_then(|judged| judged.brand.clone()).or_else(|| owned("brand")),
        finding: Finding::Samples(Samples {
            of_sample: None,
            company: owned("company"),
            tested,
            failed,
            basis,
            body: body.to_owned(),
            report: report.to_owned(),
            item: owned("item"),
            standard: owned("standard"),
        }),
        context: alert.map(|alert| AlertContext::of(&alert.assessment, alert.opened_on)),
    })
}

/// Reads outcomes as `wanglou alerts outcomes` writes them: one JSON object a line. A line without `id` gets one from what it says; a line
/// without `known_at` was known at the end of its `date`.
///
/// # Errors
/// [`BadLine`] for the first line that is no outcome.
pub fn outcomes(text: &str) -> Result<Vec<Outcome>, BadLine> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| outcome(line).map_err(|reason| BadLine { line: at as u64 + 1, reason })).collect()
}

fn outcome(line: &str) -> Result<Outcome, Refused> {
    let mut value: Value = serde_json::from_str(line).map_err(Refused::quoted)?;
    let object = value.as_object_mut().ok_or(refused!("应为一个 JSON 对象", "expected one JSON object"))?;
    if object.get("id").is_none_or(Value::is_null) {
        object.insert("id".to_owned(), Value::String(id_of(&["line", line.trim()]).as_str().to_owned()));
    }
    if object.get("known_at").is_none_or(Value::is_null) {
        let date = object.get("date").and_then(Value::as_str).unwrap_or_default();
        let day: Date = date.parse().map_err(|_| {
            refused!("`date` 为 `{date}`：应为日期，如 2026-03-15", "`date` is `{date}`: expected a day as 2026-03-15")
        })?;
        let moment = vocabulary::show_moment(vocabulary::end_of_day(day));
        object.insert("known_at".to_owned(), Value::String(moment));
    }
    for key in ["hazard", "brand"] {
        object.entry(key).or_insert(Value::Null);
    }
    let outcome: Outcome = serde_json::from_value(value).map_err(Refused::quoted)?;
    match &outcome.finding {
        Finding::Samples(samples) if samples.failed > samples.tested || samples.tested == 0 => {
            Err(refused!("检验 {1} 批，不合格却有 {0} 批", "{} failed of {} tested", samples.failed, samples.tested))
        }
        _ if day_of(outcome.known_at) < outcome.date => Err(refused!(
            "`known_at` 早于 `date`（{}）：结果得出之前没有人知道",
            "`known_at` lies before `date`, {}: nobody knows a result before it is found",
            outcome.date
        )),
        _ => Ok(outcome),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use vocabulary::start_of_day;

    const HEAD: &str = "category,hazard,company,tested,failed,basis,date,body,report";

    fn read(lines: &str) -> Vec<Result<Outcome, BadLine>> {
        let now = start_of_day(date(2026, 3, 1));
        results(&format!("{HEAD}\n{lines}"), false, &BTreeMap::new(), now).expect("a header")
    }

    #[test]
    fn a_good_row_is_an_outcome_and_the_same_row_the_same_one() {
        let line = "battery_charger,fire,某厂,12,2,targeted,2026-02-01,某检测院,R-1";
        let (first, again) = (read(line), read(line));
        let outcome = first[0].clone().expect("good");
        assert_eq!(Ok(&outcome), again[0].as_ref());
        assert_eq!(outcome.to_string(), "2026-02-01 某检测院（R-1）靶向检验“某厂”12批次，不合格2批次");
        let corrected = read(&line.replace(",2,targeted", ",3,targeted"))[0].clone().expect("good");
        assert_eq!(corrected.id, outcome.id, "a report says one thing of a company: the store keeps the first");
        let json = r#"{"category":"battery_charger","hazard":"fire","company":"某厂","tested":12,"failed":2,
            "basis":"targeted","date":"2026-02-01","body":"某检测院","report":"R-1"}"#
            .replace('\n', "");
        let rows = results(&json, true, &BTreeMap::new(), outcome.known_at).expect("lines");
        assert_eq!(rows, [Ok(outcome)]);
    }

    #[test]
    fn every_malformed_row_is_rejected_with_its_line_and_reason_and_the_rest_is_read() {
        let rows = read(
            "battery_charger,fire,,12,2,targeted,2026-02-01,院,R-1\n\
             battery_charger,fire,,2,3,targeted,2026-02-01,院,R-2\n\
             battery_charger,fire,,0,0,targeted,2026-02-01,院,R-3\n\
             battery_charger,fire,,2.5,0,targeted,2026-02-01,院,R-4\n\
             battery_charger,fire,,2,0,chance,2026-02-01,院,R-5\n\
             battery_charger,fire,,2,0,random,2026-02-31,院,R-6\n\
             battery_charger,fire,,2,0,random,2026-03-02,院,R-7\n\
             battery_charger,fire,,2,0,random,2026-02-01,院,\n\
             battery,fire,,2,0,random,2026-02-01,院,R-9\n\
             battery_charger,fire,,2,0,random,2026-02-01,院\n\
             ,fire,,2,0,random,2026-02-01,院,R-11\n",
        );
        let told: Vec<String> = rows.iter().filter_map(|row| row.as_ref().err()).map(ToString::to_string).collect();
        assert_eq!((rows.len(), told.len()), (11, 10));
        let expected = [
            "line 3: `failed` is 3: more than the 2",
            "line 4: `tested` is 0",
            "line 5: `tested` is `2.5`",
            "line 6: `basis` is `chance`",
            "line 7: `date` is `2026-02-31`",
            "line 8: `date` is 2026-03-02: that is after today",
            "line 9: `report` is empty",
            "line 10: `battery` is not a known product category",
            "line 11: 8 cells: expected 9",
            "line 12: neither `alert_id` nor `category`",
        ];
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told}");
        }
    }

    #[test]
    fn an_unknown_or_missing_column_stops_the_file() {
        let now = start_of_day(date(2026, 3, 1));
        let refused = |text: &str| results(text, false, &BTreeMap::new(), now).expect_err("refused").to_string();
        assert!(refused("tested,wrong\n").contains("column `wrong` is not known"));
        assert!(refused("tested,failed\n").contains("there is no column `basis`"));
    }

    #[test]
    fn an_alert_that_is_not_known_is_no_address() {
        let now = start_of_day(date(2026, 3, 1));
        let text = "alert_id,tested,failed,basis,date,body,report\nwl-9,2,0,targeted,2026-02-01,院,R-1\n";
        let rows = results(text, false, &BTreeMap::new(), now).expect("a header");
        assert_eq!(rows[0].as_ref().expect_err("unknown").reason.en, "alert or request `wl-9` is not known");
    }

    #[test]
    fn exported_outcomes_come_back_and_short_ones_are_completed() {
        let outcome = read("battery_charger,fire,某厂,12,2,targeted,2026-02-01,某检测院,R-1")[0].clone().expect("good");
        let line = serde_json::to_string(&outcome).expect("json");
        assert_eq!(outcomes(&line).expect("good"), [outcome]);
        let short =
            r#"{"alert_id":"wl-1","date":"2026-02-01","category":"battery_charger","hazard":"fire","kind":"verdict",
            "verdict":"nothing","by":"甲","why":"误读"}"#
                .replace('\n', "");
        let read = outcomes(&short).expect("good");
        assert_eq!(day_of(read[0].known_at), date(2026, 2, 1));
        assert_eq!(outcomes(&format!("{short}\n{{}}")).expect_err("bad").line, 2);
        let early = short.replace("\"date\"", "\"known_at\":\"2026-01-01\",\"date\"");
        assert!(outcomes(&early).expect_err("bad").reason.en.contains("known_at"));
    }
}
