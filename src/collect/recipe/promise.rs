//! What a recipe adds to its requests and promises of its answers: `[request.headers]`, `[unit]`, `[expect]`, checked.

use toml::Spanned;
use url::Url;

use super::Recipe;
use super::raw::{RawCondition, RawConditions, RawExpect, RawHeader, RawRequest, RawUnit};
use super::timing;
use crate::expect::{Condition, Expect, Filled, Type, Wanted};
use crate::headers::{HeaderSource, RequestHeader, name_of, value_of};
use crate::host::is_within;
use crate::rules::RecipeError;
use crate::rules::check::Checker;
use crate::unit::Unit;
use vocabulary::refused;

/// Most headers of a recipe.
const HEADERS_MAX: usize = 20;
/// Most conditions of an answer.
const CONDITIONS_MAX: usize = 20;
/// Rows of a page of a unit when the recipe says nothing, and at most.
const UNIT_ROWS: u32 = 15;
const UNIT_ROWS_MAX: u32 = 99;
/// Where column pages name their interface.
const UNIT_SCRIPT: &str = "script[parsetype=bulidstatic]";
/// Fields that a document may have without a rule.
const ALWAYS: &[&str] = &["title", "text", "published_at", "url"];
/// Longest name of a variable, in bytes.
const VARIABLE_BYTES_MAX: usize = 100;

/// The headers that requests of this recipe have beside the usual ones.
pub(super) fn headers(
    checker: &Checker<'_>,
    request: Option<&Spanned<RawRequest>>,
    starts: &[Url],
    hosts: &[String],
    allow_loopback: bool,
) -> Result<Vec<RequestHeader>, RecipeError> {
    let Some(request) = request else { return Ok(Vec::new()) };
    let written = &request.get_ref().headers;
    if written.len() > HEADERS_MAX {
        let found = written.len();
        return Err(checker.error(
            request.span().start,
            refused!("有 {found} 个请求头；最多 {HEADERS_MAX} 个", "{found} headers; at most {HEADERS_MAX}"),
        ));
    }
    let mut headers = Vec::new();
    for (name, value) in written {
        let at = name.span().start;
        let source = match value.get_ref() {
            RawHeader::Fixed(text) => {
                let name = name_of(name.get_ref(), true).map_err(|why| checker.error(at, why))?;
                let is_address = matches!(name.as_str(), "referer" | "origin");
                let is_own = || {
                    Url::parse(text).ok().is_some_and(|url| url.host_str().is_some_and(|host| is_within(hosts, host)))
                };
                if is_address && !is_own() {
                    return Err(checker.error(
                        at,
                        refused!(
                            "`{name}` 应为这个来源自己的地址，而不是 `{text}`",
                            "`{name}` must be an address of this source's own, not `{text}`"
                        ),
                    ));
                }
                value_of(text).map(HeaderSource::Fixed)
            }
            RawHeader::Variable(variable) => {
                if !allow_loopback && starts.iter().any(|start| start.scheme() != "https") {
                    return Err(checker.error(
                        at,
                        refused!(
                            "环境变量里的值只经 https 发送：`start` 应以 https:// 开头",
                            "a value from the environment is sent over https alone: `start` must begin with https://"
                        ),
                    ));
                }
                let variable = variable.env.clone();
                let is_name = (1..=VARIABLE_BYTES_MAX).contains(&variable.len())
                    && variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                is_name.then_some(HeaderSource::Variable(variable))
            }
        };
        let fixed = matches!(value.get_ref(), RawHeader::Fixed(_));
        let header = name_of(name.get_ref(), fixed).map_err(|why| checker.error(at, why))?;
        let Some(value) = source else {
            let name = name.get_ref();
            return Err(checker.error(
                at,
                refused!(
                    "请求头 `{name}` 的值或变量名不能用：应为可见的 ASCII 字符",
                    "the value or variable of header `{name}` cannot be used: expected visible ASCII characters"
                ),
            ));
        };
        headers.push(RequestHeader { name: header, value });
    }
    Ok(headers)
}

/// `[unit]`, if the recipe has one.
pub(super) fn unit(checker: &Checker<'_>, raw: Option<&Spanned<RawUnit>>) -> Result<Option<Unit>, RecipeError> {
    let Some(raw) = raw else { return Ok(None) };
    let RawUnit { page_size, script } = raw.get_ref();
    let page_size = match page_size {
        None => UNIT_ROWS,
        Some(size) if (1..=UNIT_ROWS_MAX).contains(size.get_ref()) => *size.get_ref(),
        Some(size) => {
            let found = size.get_ref();
            return Err(checker.error(
                size.span().start,
                refused!(
                    "`page_size` 为 {found}：应为 1 到 {UNIT_ROWS_MAX}",
                    "`page_size` is {found}: expected 1 to {UNIT_ROWS_MAX}"
                ),
            ));
        }
    };
    let (script, at) = script
        .as_ref()
        .map_or((UNIT_SCRIPT, raw.span().start), |script| (script.get_ref().as_str(), script.span().start));
    Ok(Some(Unit { page_size, script: checker.selector(script, at)? }))
}

/// `[expect]`, if the recipe has one.
pub(super) fn expect(checker: &Checker<'_>, raw: Option<&Spanned<RawExpect>>) -> Result<Expect, RecipeError> {
    let Some(raw) = raw else { return Ok(Expect::default()) };
    let RawExpect { answer, items, newest, filled } = raw.get_ref();
    let conditions: &[RawCondition] = match answer.as_ref().map(Spanned::get_ref) {
        None => &[],
        Some(RawConditions::One(one)) => std::slice::from_ref(one),
        Some(RawConditions::Many(many)) => many,
    };
    let at = answer.as_ref().map_or(0, |answer| answer.span().start);
    if conditions.len() > CONDITIONS_MAX {
        let found = conditions.len();
        let what =
            refused!("有 {found} 个条件；最多 {CONDITIONS_MAX} 个", "{found} conditions; at most {CONDITIONS_MAX}");
        return Err(checker.error(at, what));
    }
    let answer = conditions.iter().map(|raw| condition(checker, raw, at)).collect::<Result<_, _>>()?;
    let shares = filled.iter().map(|(field, share)| {
        let found = *share.get_ref();
        if (0.0..=1.0).contains(&found) {
            let line = checker.line(field.span().start);
            return Ok(Filled { field: field.get_ref().clone(), share: found, line });
        }
        let name = field.get_ref();
        Err(checker.error(
            share.span().start,
            refused!("`{name}` 的份额为 {found}：应为 0 到 1", "the share of `{name}` is {found}: expected 0 to 1"),
        ))
    });
    let items = items.as_ref().map_or(0, |items| usize::try_from(*items.get_ref()).unwrap_or(usize::MAX));
    let newest = newest.as_ref().map(|newest| timing::duration(checker, newest)).transpose()?;
    Ok(Expect {
        answer,
        items,
        newest,
        filled: shares.collect::<Result<_, _>>()?,
        line: checker.line(raw.span().start),
    })
}

/// Refuses a share of a field that the recipe does not fill: it could never be kept, or never be broken.
pub(super) fn check_names(
    checker: &Checker<'_>,
    raw: Option<&Spanned<RawExpect>>,
    recipe: &Recipe,
) -> Result<(), RecipeError> {
    let Some(raw) = raw else { return Ok(()) };
    let is_known = |name: &str| ALWAYS.contains(&name) || recipe.field_names().any(|known| known == name);
    let stranger = raw.get_ref().filled.keys().find(|name| !is_known(name.get_ref()));
    let Some(name) = stranger else { return Ok(()) };
    let (at, name) = (name.span().start, name.get_ref());
    Err(checker.error(
        at,
        refused!(
            "`[expect.filled]` 写了 `{name}`，但配方没有这个字段",
            "`[expect.filled]` names `{name}`, which the recipe does not fill"
        ),
    ))
}

fn condition(checker: &Checker<'_>, raw: &RawCondition, at: usize) -> Result<Condition, RecipeError> {
    let wanted = match (&raw.is, &raw.kind) {
        (Some(value), None) if !value.is_array() && !value.is_object() => Some(Wanted::Value(value.clone())),
        (None, Some(kind)) => Type::named(kind).map(Wanted::Type),
        _ => None,
    };
    let Some(wanted) = wanted else {
        let path = &raw.path;
        return Err(checker.error(
            at,
            refused!(
                "`{path}` 的条件应写 `is = 值`，或 `type =` array、object、text、number、boolean 之一",
                "the condition of `{path}` needs `is = VALUE`, or `type =` one of array, object, text, number, boolean"
            ),
        ));
    };
    Ok(Condition { path: checker.path(&raw.path, at)?, wanted })
}
