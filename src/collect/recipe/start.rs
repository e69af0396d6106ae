//! Where a source is: `start` and `pages`, `[request]`, or `folder`, checked.

use std::path::{Component, PathBuf};

use toml::Spanned;
use url::Url;

use super::ANY_DAY;
use super::raw::{RawPages, RawRecipe, RawRequest};
use crate::ask::{Body, Pages, Start};
use crate::fill::{Filling, Template};
use crate::kinds::{KindSpec, kinds_with};
use crate::rules::RecipeError;
use crate::rules::check::Checker;
use vocabulary::{Refused, refused};

/// Most pages of one list.
pub(super) const LIST_PAGES_MAX: u32 = 1_000;
/// Most rows of one page.
const PAGE_ROWS_MAX: u32 = 10_000;
/// Longest body of a request in bytes, before it is filled.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Values with which a text with places is tried out.
const SAMPLE: Filling<'static> = Filling { page: Some(1), rows: Some((1, 1)), cursor: "", today: ANY_DAY };

/// The addresses that lists begin at; empty for a source with a `folder`.
pub(super) fn starts(checker: &Checker<'_>, raw: &RawRecipe, body: Option<&Body>) -> Result<Vec<Start>, RecipeError> {
    let pages = raw.pages.as_ref().map(|pages| {
        let RawPages { from, to, step, size } = *pages.get_ref();
        let pages = Pages { from, to, step, size };
        let good_size = size.is_none_or(|size| (1..=PAGE_ROWS_MAX).contains(&size));
        if from <= to && step > 0 && good_size && pages.count() <= LIST_PAGES_MAX {
            Ok(pages)
        } else {
            Err(checker.error(
                raw.pages.as_ref().map_or(0, |pages| pages.span().start),
                refused!(
                    "页码 {from} 到 {to}，步长 {step}：应为 from <= to，step >= 1，最多 {LIST_PAGES_MAX} 页，每页 size 1 到 {PAGE_ROWS_MAX} 行",
                    "pages {from} to {to} by {step}: expected from <= to, step >= 1, at most {LIST_PAGES_MAX} pages, each of a size of 1 to {PAGE_ROWS_MAX} rows"
                ),
            ))
        }
    });
    let pages = pages.transpose()?;
    let starts = match (&raw.start, &raw.folder) {
        (Some(starts), None) if !starts.get_ref().is_empty() => starts.get_ref(),
        (Some(starts), None) => {
            return Err(checker.error(
                starts.span().start,
                refused!("`start` 是空的：至少写一个地址", "`start` is empty: name at least one address"),
            ));
        }
        (None, Some(_)) => return Ok(Vec::new()),
        (Some(_), Some(folder)) => {
            return Err(checker.error(
                folder.span().start,
                refused!(
                    "`start`（地址）和 `folder`（文件）只写一个",
                    "give `start` (addresses) or `folder` (files), not both"
                ),
            ));
        }
        (None, None) => {
            return Err(checker.error(
                0,
                refused!(
                    "没有写 `start`：至少写一个地址，或用 `folder` 写文件目录",
                    "`start` is missing: name at least one address, or a `folder` of files"
                ),
            ));
        }
    };
    let of_body = |has: fn(&Template) -> bool| body.is_some_and(|body| has(&body.template));
    starts
        .iter()
        .map(|start| {
            let (written, byte) = (start.get_ref(), start.span().start);
            let template = Template::of(written);
            let url = address(checker, written, &template, byte)?;
            if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
                return Err(checker.error(
                    byte,
                    refused!(
                        "start `{written}` 应以 http:// 或 https:// 开头",
                        "start `{written}` must begin with http:// or https://"
                    ),
                ));
            }
            let pages = match (template.has_pages() || of_body(Template::has_pages), pages) {
                (true, None) => {
                    return Err(checker.error(
                        byte,
                        Refused::new(
                            "写了 `{page}` 就要写 `pages = { from = 1, to = … }`",
                            "`{page}` needs `pages = { from = 1, to = … }`",
                        ),
                    ));
                }
                (true, Some(Pages { size: None, .. })) if template.has_rows() || of_body(Template::has_rows) => {
                    return Err(checker.error(
                        byte,
                        Refused::new(
                            "写了 `{first}` 或 `{last}` 就要在 `pages` 里写 `size = 每页行数`",
                            "`{first}` and `{last}` need the rows of a page: `size` in `pages`",
                        ),
                    ));
                }
                (true, pages) => pages,
                (false, _) => None,
            };
            Ok(Start { template, pages })
        })
        .collect()
}

/// The address of a start, whose host must be written out.
fn address(checker: &Checker<'_>, written: &str, template: &Template, byte: usize) -> Result<Url, RecipeError> {
    let host = written.split_once("://").map_or(written, |(_, rest)| rest);
    let host = &host[..host.find(['/', '?', '#']).unwrap_or(host.len())];
    if let Some(stranger) = template.stranger() {
        return Err(checker.error(
            byte,
            refused!(
                "start `{written}` 里的 `{stranger}` 不能填写；可用 {{page}}、{{first}}、{{last}}、{{today-90d:%Y%m%d}}、{{year}}",
                "start `{written}`: `{stranger}` cannot be filled; there are {{page}}, {{first}}, {{last}}, {{today-90d:%Y%m%d}}, {{year}}"
            ),
        ));
    }
    if host.contains('{') {
        return Err(checker.error(
            byte,
            refused!("start `{written}`：主机名必须写明，不能填写", "start `{written}`: the host must be written out"),
        ));
    }
    Url::parse(&template.fill(&SAMPLE)).map_err(|problem| {
        checker.error(
            byte,
            refused!("start `{written}` 不是地址：“{problem}”", "start `{written}` is no address: {problem}"),
        )
    })
}

/// The body of requests for list pages. JSON, unless it says `form`, must be valid once it is filled.
pub(super) fn body(checker: &Checker<'_>, request: Option<&Spanned<RawRequest>>) -> Result<Option<Body>, RecipeError> {
    let Some(RawRequest { body: Some(body), form, .. }) = request.map(Spanned::get_ref) else { return Ok(None) };
    let (at, found) = (body.span().start, body.get_ref().len());
    let body = Body { template: Template::of(body.get_ref()), form: *form };
    if found > BODY_BYTES_MAX {
        return Err(checker.error(
            at,
            refused!(
                "正文有 {found} 字节；最多发送 {BODY_BYTES_MAX} 字节",
                "the body has {found} bytes; at most {BODY_BYTES_MAX} are sent"
            ),
        ));
    }
    if !form && let Err(problem) = serde_json::from_str::<serde_json::Value>(&body.fill(&SAMPLE, Some("x"))) {
        return Err(checker.error(
            at,
            refused!("填入 `{{page}}` 和 `{{cursor}}` 之后正文不是 JSON（“{problem}”）；表单正文请写 `form = true`", "the body is no JSON once `{{page}}` and `{{cursor}}` are filled ({problem}); write `form = true` for a form's body"),
        ));
    }
    Ok(Some(body))
}

/// The folder of a source whose documents are files.
pub(super) fn folder(checker: &Checker<'_>, raw: &RawRecipe, kind: &KindSpec) -> Result<Option<PathBuf>, RecipeError> {
    let Some(folder) = &raw.folder else { return Ok(None) };
    let (text, at) = (folder.get_ref(), folder.span().start);
    if !kind.reads_files {
        let kinds = kinds_with(|kind| kind.reads_files);
        return Err(checker.error(at, refused!("`folder` 只用于 {kinds}", "`folder` is for {kinds}")));
    }
    let path = PathBuf::from(text);
    if text.trim().is_empty() || path.components().any(|part| part == Component::ParentDir) {
        return Err(checker.error(
            at,
            refused!(
                "folder `{text}`：应为数据目录的 `inbox` 之下的名称，或不含 `..` 的完整路径",
                "folder `{text}`: expected a name below `inbox` of the data folder, or a whole path without `..`"
            ),
        ));
    }
    for (given, key) in [(raw.request.is_some(), "[request]"), (raw.pages.is_some(), "pages")] {
        if given {
            return Err(checker.error(
                at,
                refused!(
                    "`folder` 不经 HTTP 请求：请去掉 `{key}`",
                    "a `folder` is not asked by HTTP: leave `{key}` out"
                ),
            ));
        }
    }
    Ok(Some(path))
}
