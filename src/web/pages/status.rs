//! How the service is doing: COUNT-1, cursors, versions.

use askama::Template;
use axum::response::Html;

use super::super::display::{self, NONE};
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::view::{SourceCounts, Status, View};
use super::{Fact, render};
use pipeline::Shortage;
use store::Promotion;

/// How secrets lie in the data folder, and what to do.
const SEALED: &str = "加密保存";
const PLAIN: &str = "未加密：请在设置文件里写 secrets_key_file";

struct SourceRow<'a> {
    counts: &'a SourceCounts,
    balances: bool,
    reasons: String,
}

struct CursorRow<'a> {
    consumer: &'a str,
    position: u64,
    lag: u64,
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage<'a> {
    shell: Shell,
    facts: Vec<Fact>,
    versions: Vec<Fact>,
    log_end: u64,
    cursors: Vec<CursorRow<'a>>,
    sources: Vec<SourceRow<'a>>,
    sums: [u64; 5],
    notices: Vec<NoticeRow<'a>>,
    troubles: Vec<TroubleRow<'a>>,
}

/// A task of the service that does not get on.
struct TroubleRow<'a> {
    task: &'static str,
    since: String,
    failures: u32,
    /// What to do, where it is known.
    hint: &'static str,
    why: &'a str,
}

struct NoticeRow<'a> {
    at: String,
    what: &'static str,
    about: &'a str,
    text: &'a str,
}

pub(crate) async fn show(view: View) -> Result<Html<String>, Problem> {
    render(&page(&view.status().await?))
}

fn page(status: &Status) -> StatusPage<'_> {
    let end = status.log_end.0;
    let sum = |of: fn(&SourceCounts) -> u64| status.sources.iter().map(of).fold(0, u64::saturating_add);
    let as_of = status.last_as_of.map_or_else(|| NONE.to_owned(), |day| day.to_string());
    StatusPage {
        shell: Shell::at("status"),
        facts: vec![
            Fact::new("信息", status.documents.to_string()),
            Fact::new("风险信号", status.signals.to_string()),
            Fact::new("进行中的预警", status.alerts_open.to_string()),
            Fact::new("已结束的预警", status.alerts_closed.to_string()),
            Fact::new("采样任务", status.sampling_requests.to_string()),
            Fact::new("最近评估日", as_of),
        ],
        versions: vec![
            Fact::new("程序", status.program.as_str()),
            Fact::new("词典与规则", status.lexicon.as_str()),
            Fact::new("评价标准", status.criteria.as_str()),
            Fact::new("规则启用", status.promotion.as_ref().map_or_else(|| "随程序或设置".to_owned(), promoted)),
            Fact::new("推送密钥和地址", if status.seals_secrets { SEALED } else { PLAIN }),
        ],
        notices: status
            .notices
            .iter()
            .map(|notice| NoticeRow {
                at: display::moment(notice.at),
                what: notice.kind.zh(),
                about: &notice.about,
                text: &notice.text,
            })
            .collect(),
        troubles: status
            .troubles
            .iter()
            .map(|trouble| TroubleRow {
                task: display::task(trouble.task),
                since: display::moment(trouble.since),
                failures: trouble.failures,
                hint: trouble.shortage.map_or("正在自动重试；持续出现请把原因告知维护人员", Shortage::zh),
                why: &trouble.why,
            })
            .collect(),
        log_end: end,
        cursors: status
            .cursors
            .iter()
            .map(|cursor| CursorRow {
                consumer: display::consumer(&cursor.consumer),
                position: cursor.position.0,
                lag: end.saturating_sub(cursor.position.0),
            })
            .collect(),
        sums: [
            sum(|counts| counts.intake.collected),
            sum(|counts| counts.intake.kept),
            sum(|counts| counts.intake.duplicate),
            sum(|counts| counts.intake.unchanged),
            sum(|counts| counts.intake.rejected),
        ],
        sources: status
            .sources
            .iter()
            .map(|counts| SourceRow {
                balances: counts.intake.reconciles(),
                reasons: counts
                    .reasons
                    .iter()
                    .map(|(why, n)| format!("{}：{n} 条", display::reject_reason(why)))
                    .collect::<Vec<_>>()
                    .join("；"),
                counts,
            })
            .collect(),
    }
}

/// Who put the rules in force, when and why.
fn promoted(row: &Promotion) -> String {
    let state = match row.in_force_at {
        Some(at) => format!("{} 启用", display::moment(at)),
        None => format!("{} 登记，正在后台重读日志", display::moment(row.asked_at)),
    };
    format!("{state}（{}：{}）", row.by, row.why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::Intake;
    use vocabulary::{Channel, CriteriaVersion, LexiconVersion, Position, SourceId};

    #[test]
    fn a_source_whose_counts_do_not_add_up_is_marked_and_the_reasons_of_rejects_are_told() {
        let source = |rejected, reasons| SourceCounts {
            source: SourceId::from("s"),
            channel: Channel::Complaint,
            intake: Intake { collected: 10, kept: 3, duplicate: 3, unchanged: 3, rejected },
            reasons,
        };
        let status = Status {
            documents: 3,
            signals: 0,
            alerts_open: 0,
            alerts_closed: 0,
            sampling_requests: 0,
            last_as_of: None,
            log_end: Position(6),
            cursors: Vec::new(),
            sources: vec![source(1, vec![("正文为空".to_owned(), 1)]), source(0, Vec::new())],
            health: Vec::new(),
            program: String::new(),
            lexicon: LexiconVersion::from("l"),
            criteria: CriteriaVersion::from("c"),
            promotion: None,
            notices: Vec::new(),
            troubles: Vec::new(),
            seals_secrets: false,
        };
        let page = page(&status);
        assert_eq!(page.sources.iter().map(|row| row.balances).collect::<Vec<_>>(), [true, false]);
        assert_eq!((page.sums, page.sources[0].reasons.as_str()), ([20, 6, 6, 6, 1], "正文为空：1 条"));
        let html = render(&page).map(|html| html.0).unwrap_or_default();
        assert_eq!(html.matches("数目不平，请报告").count(), 1, "{html}");
    }
}
