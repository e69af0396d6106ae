//! Settings of a kind: `[list]` of a recipe as written, and what a kind has to know of the recipe's other parts.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

use super::code_list;
use crate::ask::Body;
use crate::rules::check::Checker;
use crate::rules::{FieldRule, RecipeError};
use crate::unit::Unit;
use vocabulary::{Refused, refused};

/// What a kind reads its settings from. Places are bytes of the recipe.
pub(crate) struct Settings<'a> {
    pub(crate) checker: Checker<'a>,
    /// Place of `kind`.
    pub(crate) kind_at: usize,
    /// `[list]`, when there is one.
    pub(crate) list: Option<Spanned<DeValue<'a>>>,
    /// Body of `[request]`.
    pub(crate) body: Option<&'a Body>,
    /// Column pages that name the interface of their list.
    pub(crate) unit: Option<&'a Unit>,
    /// Whether the recipe has a `folder` instead of addresses.
    pub(crate) has_folder: bool,
    /// Place of `[detail]`, when there is one.
    pub(crate) detail_at: Option<usize>,
}

impl Settings<'_> {
    /// An error at `kind`.
    pub(super) fn error_at_kind(&self, detail: impl Into<Refused>) -> RecipeError {
        self.checker.error(self.kind_at, detail)
    }

    /// An error at `[list]`; at the first line when there is none.
    pub(super) fn error_at_list(&self, detail: impl Into<Refused>) -> RecipeError {
        self.checker.error(self.list_at(), detail)
    }

    /// Line of `[list]`, counted from 1.
    pub(super) fn list_line(&self) -> usize {
        self.checker.line(self.list_at())
    }

    fn list_at(&self) -> usize {
        self.list.as_ref().map_or(0, |list| list.span().start)
    }

    /// Whether `[list]` has a key.
    pub(super) fn list_has(&self, key: &str) -> bool {
        keys_of(self.list.as_ref()).any(|(known, _)| known == key)
    }

    /// `[list]` as a `T`, which has the keys `known`.
    ///
    /// # Errors
    /// [`RecipeError::At`] without `[list]`, for another key, and for a value of another type.
    pub(super) fn list<T: DeserializeOwned>(&self, known: &[&str]) -> Result<T, RecipeError> {
        let list = self.list_if_any(known)?;
        list.ok_or_else(|| self.error_without_list())
    }

    /// [`Self::list`], and none without `[list]`.
    pub(super) fn list_if_any<T: DeserializeOwned>(&self, known: &[&str]) -> Result<Option<T>, RecipeError> {
        let Some(list) = &self.list else { return Ok(None) };
        let others = keys_of(self.list.as_ref()).filter(|(key, _)| !known.contains(key));
        if let Some((key, _)) = others.min_by_key(|(_, at)| *at) {
            let known = code_list(known.iter().copied());
            let what = refused!(
                "`{key}` 在这种 `[list]` 里没有意义；可以写 {known}",
                "`{key}` means nothing in `[list]` of this kind; it may have {known}"
            );
            return Err(self.error_at_list(what));
        }
        let read = T::deserialize(ValueDeserializer::from(list.clone()));
        read.map(Some).map_err(|problem| {
            let at = problem.span().map_or_else(|| self.list_at(), |span| span.start);
            self.checker.error(at, problem.message())
        })
    }

    /// An error that says that `[list]` is missing.
    pub(super) fn error_without_list(&self) -> RecipeError {
        self.error_at_kind(refused!(
            "没有 `[list]`：请写明列表页的条目在哪里",
            "`[list]` is missing: say where the items of a list page are"
        ))
    }

    /// For kinds whose items are documents already: refuses `[detail]`.
    pub(super) fn refuse_detail(&self) -> Result<(), RecipeError> {
        let Some(at) = self.detail_at else { return Ok(()) };
        Err(self.checker.error(
            at,
            refused!(
                "一行或一封信本身就是一条信息：请去掉 `[detail]`",
                "a row or a letter is a document by itself: leave `[detail]` out"
            ),
        ))
    }

    /// For kinds whose items may have a page behind them: with `[detail]` there must be a link, and without it an item must be
    /// recognisable and have a text.
    pub(super) fn check_items(&self, has_link: bool, fields: &[FieldRule]) -> Result<(), RecipeError> {
        let has = |name: &str| fields.iter().any(|field| field.name == name);
        let what = match (self.detail_at, has_link) {
            (Some(_), false) => refused!(
                "写了 `[detail]` 就要在 `[list]` 里写 `link`：条目后面的页面在哪里？",
                "`[detail]` needs `link` in `[list]`: where is the page behind an item?"
            ),
            (None, false) if !has("external_id") => {
                refused!(
                    "没有 `link` 时每个条目要有字段 `external_id`，否则下次认不出它",
                    "without `link` each item needs a field `external_id`, or it cannot be known again"
                )
            }
            (None, _) if !has("text") => refused!(
                "没有 `[detail]` 时每个条目要有字段 `text`",
                "without `[detail]` each item needs a field `text`"
            ),
            (Some(_), true) | (None, _) => return Ok(()),
        };
        Err(self.error_at_list(what))
    }
}

/// The keys of `[list]` with their places.
pub(super) fn keys_of<'s>(list: Option<&'s Spanned<DeValue<'_>>>) -> impl Iterator<Item = (&'s str, usize)> {
    let table = list.and_then(|list| list.get_ref().as_table());
    table.into_iter().flat_map(|table| table.keys()).map(|key| (key.get_ref().as_ref(), key.span().start))
}
