//! Where a source is: `start` and `pages`, `[request]`, or `folder`, checked.

use std::path::{Component, PathBuf};

use toml::Spanned;
use url::Url;

use super::raw::{RawPages, RawRecipe, RawRequest};
use crate::ask::{Body, Pages, Start};
use crate::kinds::{KindSpec, kinds_with};
use crate::rules::RecipeError;
use crate::rules::check::Checker;
use vocabulary::{Refused, refused};

/// Most pages of one list.
pub(super) const LIST_PAGES_MAX: u32 = 1_000;
/// Longest body of a request in bytes, before it is filled.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The addresses that lists begin at; empty for a source with a `folder`.
pub(super) fn starts(checker: &Checker<'_>, raw: &RawRecipe, body: Option<&Body>) -> Result<Vec<Start>, RecipeError> {
    let pages = raw.pages.as_ref().map(|pages| {
        let RawPages { from, to, step } = *pages.get_ref();
        let pages = Pages { from, to, step };
        if from <= to && step > 0 && pages.count() <= LIST_PAGES_MAX {
            Ok(pages)
        } else {
            Err(checker.error(
                raw.pages.as_ref().map_or(0, |pages| pages.span().start),
                refused!(
                    "页码 {from} 到 {to}，步长 {step}：应为 from <= to，step >= 1，最多 {LIST_PAGES_MAX} 页",
                    "pages {from} to {to} by {step}: expected from <= to, step >= 1, at most {LIST_PAGES_MAX} pages"
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
    let body_has_page = body.is_some_and(|body| body.template.contains("{page}"));
    starts
        .iter()
        .map(|start| {
            let (template, byte) = (start.get_ref(), start.span().start);
            let url = Url::parse(&template.replace("{page}", "1")).map_err(|problem| {
                checker.error(
                    byte,
                    refused!("start `{template}` 不是地址：“{problem}”", "start `{template}` is no address: {problem}"),
                )
            })?;
            if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
                return Err(checker.error(
                    byte,
                    refused!(
                        "start `{template}` 应以 http:// 或 https:// 开头",
                        "start `{template}` must begin with http:// or https://"
                    ),
                ));
            }
            let pages = match (template.contains("{page}") || body_has_page, pages) {
                (true, None) => {
                    return Err(checker.error(
                        byte,
                        Refused::new(
                            "写了 `{page}` 就要写 `pages = { from = 1, to = … }`",
                            "`{page}` needs `pages = { from = 1, to = … }`",
                        ),
                    ));
                }
                (true, pages) => pages,
                (false, _) => None,
            };
            Ok(Start { template: template.clone(), pages })
        })
        .collect()
}

/// The body of requests for list pages. JSON, unless it says `form`, must be valid once it is filled.
pub(super) fn body(checker: &Checker<'_>, request: Option<&Spanned<RawRequest>>) -> Result<Option<Body>, RecipeError> {
    let Some(request) = request else { return Ok(None) };
    let RawRequest { body, form } = request.get_ref();
    let (at, body) = (body.span().start, Body { template: body.get_ref().clone(), form: *form });
    if body.template.len() > BODY_BYTES_MAX {
        let found = body.template.len();
        return Err(checker.error(
            at,
            refused!(
                "正文有 {found} 字节；最多发送 {BODY_BYTES_MAX} 字节",
                "the body has {found} bytes; at most {BODY_BYTES_MAX} are sent"
            ),
        ));
    }
    if !form && let Err(problem) = serde_json::from_str::<serde_json::Value>(&body.fill(Some(1), Some("x"))) {
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
