//! Parameters of addresses that several handlers read: the filter of the list of alerts, a search, the ids of alerts and documents.

use serde::Deserialize;

use super::limits::{AFTER_BYTES_MAX, HITS_DEFAULT, HITS_MAX, ID_CHARS_MAX, QUERY_CHARS_MAX};
use super::problem::Problem;
use super::text;
use super::view::{AlertFilter, QueryFault, ViewError};
use vocabulary::{AlertId, AlertState, Category, Danger, Disposal, DocumentId, Hazard, UnknownCode};

/// What a parameter without a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// Any: forms of pages send all their fields.
    Any,
    /// Nothing: it is no code.
    Refused,
}

/// The list's parameters as they come in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct ListQuery {
    /// Only open or only closed ones.
    #[schemars(with = "Option<AlertState>")]
    state: Option<String>,
    /// Only with this disposal.
    #[schemars(with = "Option<Disposal>")]
    disposal: Option<String>,
    /// Only with this danger.
    #[schemars(with = "Option<Danger>")]
    danger: Option<String>,
    /// Only of this product category.
    #[schemars(with = "Option<Category>")]
    category: Option<String>,
    /// Only of this hazard.
    #[schemars(with = "Option<Hazard>")]
    hazard: Option<String>,
    /// How many to pass over.
    #[schemars(range(max = AlertFilter::SKIP_MAX), extend("default" = 0))]
    skip: Option<usize>,
    /// How many to give.
    #[schemars(range(min = 1, max = AlertFilter::LIMIT_MAX), extend("default" = AlertFilter::LIMIT_DEFAULT))]
    limit: Option<usize>,
}

impl ListQuery {
    /// The filter, or a problem that names the parameter and its possible values.
    pub(super) fn filter(&self, empty: Empty) -> Result<AlertFilter, Problem> {
        let filter = AlertFilter {
            state: match given(self.state.as_deref(), empty) {
                None => None,
                Some("open") => Some(AlertState::Open),
                Some("closed") => Some(AlertState::Closed),
                Some(other) => return Err(unknown("state", other, "open, closed")),
            },
            disposal: code("disposal", given(self.disposal.as_deref(), empty))?,
            danger: code("danger", given(self.danger.as_deref(), empty))?,
            category: code("category", given(self.category.as_deref(), empty))?,
            hazard: code("hazard", given(self.hazard.as_deref(), empty))?,
            skip: self.skip.unwrap_or(0),
            limit: self.limit.unwrap_or(AlertFilter::LIMIT_DEFAULT),
        };
        if filter.skip > AlertFilter::SKIP_MAX {
            return Err(Problem::bad_request(format!("skip 最大为 {}，收到 {}。", AlertFilter::SKIP_MAX, filter.skip)));
        }
        if !(1..=AlertFilter::LIMIT_MAX).contains(&filter.limit) {
            let most = AlertFilter::LIMIT_MAX;
            return Err(Problem::bad_request(format!("limit 应在 1 到 {most} 之间，收到 {}。", filter.limit)));
        }
        Ok(filter)
    }
}

/// What a parameter says; none when nothing is asked.
fn given(found: Option<&str>, empty: Empty) -> Option<&str> {
    found.filter(|found| empty == Empty::Refused || !found.is_empty())
}

fn code<T: std::str::FromStr<Err = UnknownCode>>(name: &str, found: Option<&str>) -> Result<Option<T>, Problem> {
    let Some(found) = found else { return Ok(None) };
    found.parse().map(Some).map_err(|error: UnknownCode| unknown(name, found, &error.known))
}

fn unknown(name: &str, found: &str, known: &str) -> Problem {
    let found = text::shorten(found, 40);
    Problem::bad_request(format!("参数 {name} 没有“{found}”这个代码；可用代码：{known}。"))
}

/// The parameters of a search as they come in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct SearchQuery {
    /// The analysts' query language.
    #[serde(default)]
    #[schemars(length(min = 1), example = "hazard:fire 充电宝")]
    q: String,
    /// `next` of an earlier answer to the same query.
    #[serde(default)]
    after: String,
    /// How many hits.
    #[schemars(range(min = 1, max = HITS_MAX), extend("default" = HITS_DEFAULT))]
    pub(super) limit: Option<usize>,
}

impl SearchQuery {
    /// The query, trimmed; not bounded yet.
    pub(super) fn text(&self) -> &str {
        self.q.trim()
    }

    /// Whether the first page of results is asked for.
    pub(super) fn is_first_page(&self) -> bool {
        self.after.is_empty()
    }

    /// The trimmed query and the place to go on from, within their bounds.
    pub(super) fn checked(&self) -> Result<(&str, Option<&str>), ViewError> {
        let query = self.text();
        let chars = query.chars().count();
        if chars > QUERY_CHARS_MAX {
            let message = format!("检索式过长：最多 {QUERY_CHARS_MAX} 个字，收到 {chars} 个字");
            return Err(ViewError::BadQuery(QueryFault { message, span: None }));
        }
        if self.after.len() > AFTER_BYTES_MAX {
            return Err(ViewError::BadCursor { found: self.after.clone() });
        }
        Ok((query, Some(self.after.as_str()).filter(|after| !after.is_empty())))
    }

    /// The same where an empty query is a mistake.
    pub(super) fn required(&self) -> Result<(&str, Option<&str>), Problem> {
        let (query, after) = self.checked()?;
        if query.is_empty() {
            return Err(Problem::bad_request("缺少检索式：请给出参数 q，例如 ?q=起火。"));
        }
        Ok((query, after))
    }
}

/// An alert's id out of an address.
pub(super) fn alert_id(id: String) -> Result<AlertId, Problem> {
    bounded(id).map(AlertId::new).ok_or_else(|| Problem::not_found("没有这个编号的预警。"))
}

/// A document's id out of an address.
pub(super) fn document_id(id: String) -> Result<DocumentId, Problem> {
    bounded(id).map(DocumentId::new).ok_or_else(|| Problem::not_found("没有这个编号的信息。"))
}

/// The id, unless it is longer than [`ID_CHARS_MAX`].
fn bounded(id: String) -> Option<String> {
    (id.chars().nth(ID_CHARS_MAX).is_none()).then_some(id)
}
