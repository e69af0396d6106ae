//! `/api/v1/exchange`: an organisation takes away all that concerns it, as it may see it, and hands in what its people did, many at once.
//!
//! In: NDJSON, one act a line, each with a key of the sender's own: the same line again changes nothing. Out: a ZIP archive with its manifest;
//! COUNT-1 of what was handed in, and the lines that were set aside with their reasons.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::civil::Date;
use serde::Deserialize;

use super::clock::now;
use super::parameters::alert_id;
use super::problem::{Dressed, Problem};
use super::state::Shared;
use super::view::{PushReject, Pushed, View};
use access::{Member, Viewer};
use pipeline::{ACTS_AT_ONCE_MAX, ActTaken};
use vocabulary::{Act, ActKind, Work};

/// A ZIP archive of all records that concern the viewer's organisation.
pub(super) async fn take_away(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
) -> Result<Response, Problem> {
    let held = shared.export_place(&viewer)?;
    // One at a time: each reads all there is.
    let _turn = shared.exchange_turn(&viewer)?;
    let records = view.records().await?;
    let detail = format!(
        "{} alerts, {} events, {} acts, {} matters",
        records.alerts.len(),
        records.events.len(),
        records.acts.len(),
        records.matters.len()
    );
    let packed = tokio::task::spawn_blocking(move || view.zip_records(&records, now())).await;
    let packed = packed.map_err(|error| Problem::internal(&error))??;
    shared.note_export(&viewer, "exchange".to_owned(), detail).await?;
    let headers =
        [(CONTENT_TYPE, "application/zip"), (CONTENT_DISPOSITION, "attachment; filename=\"wanglou-exchange.zip\"")];
    Ok((headers, Extension(held), packed).into_response())
}

/// One line of acts that are handed in.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActLine {
    /// The sender's own key: the same key on the same alert is the same act.
    #[schemars(length(min = 1, max = Act::KEY_CHARS_MAX))]
    idempotency_key: String,
    /// The alert.
    alert_id: String,
    /// What was done.
    kind: ActKind,
    /// Why, or what is to be known.
    #[serde(default)]
    #[schemars(length(max = Act::NOTE_CHARS_MAX))]
    note: String,
    /// To whom it was given, for `assign`.
    #[serde(default)]
    to: Option<String>,
    /// Last day in Asia/Shanghai on which it stays silent, for `mute`.
    #[serde(default)]
    until: Option<Date>,
    /// Its particulars, for acts on the matter that have some.
    #[serde(default)]
    work: Option<Box<Work>>,
}

/// Takes in what people of an organisation did, line by line.
pub(super) async fn hand_in(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    request: Request,
) -> Result<Response, Problem> {
    let Viewer::Member(member) = &viewer else {
        return Err(Problem::refused("处置要有署名：请先用 wanglou user add 添加用户，再用单位的令牌提交。"));
    };
    let place = shared.pushes.take(&member.party.name);
    let _place = place.map_err(|_| Problem::busy("同时提交过多：请稍后重试。"))?;
    let body = Bytes::from_request(request, &shared).await.map_err(|refused| Problem::plain(refused.status()))?;
    let lines = || {
        let numbered = (1_u64..).zip(body.split(|byte| *byte == b'\n'));
        numbered.map(|(number, line)| (number, line.trim_ascii())).filter(|(_, line)| !line.is_empty())
    };
    // Counted before they are listed: a body may hold millions of them.
    let count = lines().count();
    if count > ACTS_AT_ONCE_MAX {
        return Err(Problem::bad_request(format!("一次最多 {ACTS_AT_ONCE_MAX} 行，收到 {count} 行：请分批提交。")));
    }
    let mut taken_in = Pushed::default();
    taken_in.intake.collected = count as u64;
    let mut acts = Vec::with_capacity(count);
    let mut numbers = Vec::with_capacity(count);
    let mut refused: Vec<(u64, String)> = Vec::new();
    for (number, line) in lines() {
        match act(line, member) {
            Ok(act) => {
                acts.push(act);
                numbers.push(number);
            }
            Err(why) => refused.push((number, why)),
        }
    }
    // All of them or, when the store fails, none: the same body again is taken in then.
    let taken = view.acts(acts).await?;
    for (number, taken) in numbers.into_iter().zip(taken) {
        match taken {
            ActTaken::Kept => taken_in.intake.kept += 1,
            ActTaken::Known => taken_in.intake.duplicate += 1,
            ActTaken::Refused(why) => refused.push((number, why.zh)),
        }
    }
    taken_in.intake.rejected = refused.len() as u64;
    refused.sort_unstable();
    taken_in.rejects = refused.into_iter().map(|(line, reason)| PushReject { line, reason }).collect();
    let none = taken_in.intake.collected > 0 && taken_in.intake.collected == taken_in.intake.rejected;
    let status = if none { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Extension(Dressed), Json(taken_in)).into_response())
}

/// The act that a line tells of, or why it tells of none.
fn act(line: &[u8], member: &Member) -> Result<Act, String> {
    let line: ActLine = serde_json::from_slice(line).map_err(|error| format!("无法识别：{error}"))?;
    let id = alert_id(line.alert_id).map_err(|_| "alert_id 不是预警编号".to_owned())?;
    if line.idempotency_key.is_empty() || line.idempotency_key.chars().count() > Act::KEY_CHARS_MAX {
        return Err(format!("idempotency_key 应为 1 到 {} 个字符", Act::KEY_CHARS_MAX));
    }
    Ok(Act {
        work: line.work,
        alert_id: id,
        at: now(),
        by: member.name.clone(),
        party: member.party.name.clone(),
        kind: line.kind,
        note: line.note.trim().to_owned(),
        to: line.to.map(|to| to.trim().to_owned()).filter(|to| !to.is_empty()),
        until: line.until,
        key: Some(line.idempotency_key),
    })
}
