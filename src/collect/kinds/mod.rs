//! Kinds of sources: what `kind` in a recipe may say, one file for each.
//!
//! A kind knows its keys of `[list]`, how they are checked, how its pages or files are read, and which other parts of a recipe fit it.
//! Nothing outside this folder knows a kind by name: the recipe keeps a [`SourceKind`] and the rest of the room asks it.
//!
//! To add a kind: a file here with a [`KindSpec`], its `mod` line and its line in [`KINDS`], a row in `docs/sources.md`, and an
//! example in `rules/sources`.
//!
//! In: the settings of a recipe ([`Settings`]), later the bytes of a page or file ([`Page`]). Out: items, the next list pages,
//! problems. Pure. Not here: requests, folders, the pages behind items (`detail`), documents.

mod feed;
mod html;
mod json;
mod mail;
mod settings;
mod sitemap;
mod table;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use encoding_rs::Encoding;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;
use toml::de::DeValue;
use url::Url;

use crate::ask::{Ask, Body};
use crate::bounds::ADDRESS_BYTES_MAX;
use crate::expect::Expect;
use crate::host::is_within;
use crate::item::{List, Unexpected};
use crate::problem::{CHECK_ANSWER, CHECK_CHARSET, CHECK_HOSTS, CHECK_PAGE, Notes};
use crate::rules::check::Checker;
use crate::rules::{FieldRule, RecipeError};
use crate::within::Within;
use crate::{charset, identity};
use vocabulary::refused;

pub(crate) use settings::Settings;
use settings::keys_of;

/// Every kind, in the order in which messages list them.
static KINDS: &[KindSpec] = &[html::KIND, feed::KIND, json::JSON, json::XML, sitemap::KIND, table::KIND, mail::KIND];

/// What is known of a kind before a recipe's settings are read.
pub(crate) struct KindSpec {
    /// Its name in `kind` of a recipe.
    pub(crate) name: &'static str,
    /// Keys that `[list]` may have; empty for a kind without `[list]`.
    list_keys: &'static [&'static str],
    /// Whether `[request]` may give the body of a POST request.
    pub(crate) takes_request: bool,
    /// Whether its lists may lie behind column pages that name an interface.
    pub(crate) takes_unit: bool,
    /// Whether it may read the files of a `folder`.
    pub(crate) reads_files: bool,
    /// Reads and checks the settings.
    read: fn(&Settings<'_>) -> Result<Arc<dyn SourceKind>, RecipeError>,
}

/// A kind with the settings of one recipe.
pub(crate) trait SourceKind: fmt::Debug + Send + Sync {
    /// Refuses a recipe whose other parts do not fit this kind.
    ///
    /// # Errors
    /// [`RecipeError::At`], with what does not fit and what to do.
    fn check(&self, _settings: &Settings<'_>) -> Result<(), RecipeError> {
        Ok(())
    }

    /// The rules for the fields of each item.
    fn fields(&self) -> &[FieldRule] {
        &[]
    }

    /// Names of the fields that it usually fills without a rule of [`Self::fields`].
    fn own_fields(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Whether the list pages that a page leads to are independent of it and of one another. If not, they continue the list: a
    /// page that fails, comes again or brings nothing new ends it.
    fn has_siblings(&self) -> bool {
        false
    }

    /// Reads a list page, or a file if the kind reads files. A page that cannot be read gives an empty list and a note.
    fn read(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> List;
}

/// A page or file as it came, and what a kind needs to read it.
pub(crate) struct Page<'a> {
    pub(crate) body: &'a [u8],
    /// Charset of the HTTP header.
    pub(crate) charset: Option<&'a str>,
    /// Its address after redirects; a URN for a file.
    pub(crate) url: &'a Url,
    /// The request that it answers; for a file, one for its URN.
    pub(crate) asked: &'a Ask,
    /// When it was seen.
    pub(crate) now: Timestamp,
    pub(crate) rules: PageRules<'a>,
}

/// The parts of a recipe that pages of all kinds are read by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRules<'a> {
    /// Hosts whose addresses are followed; their subdomains too.
    pub(crate) hosts: &'a [String],
    /// Query parameters that name no page.
    pub(crate) drop_query: &'a [String],
    /// Charset that overrules what pages say.
    pub(crate) charset: Option<&'static Encoding>,
    /// Body of the requests for list pages.
    pub(crate) body: Option<&'a Body>,
    /// Most items of one page.
    pub(crate) items_max: usize,
    /// Most bytes of one page or file.
    pub(crate) bytes_max: usize,
    /// What is promised of answers.
    pub(crate) expect: &'a Expect,
}

impl Page<'_> {
    /// The decoded text.
    fn text(&self, notes: &mut Notes<'_>) -> String {
        let decoded = charset::decode(self.body, self.charset, self.rules.charset);
        for problem in decoded.problems {
            notes.add(None, problem, CHECK_CHARSET);
        }
        decoded.text
    }

    /// The text that items are read from: the answer, or what `within` takes out of it.
    ///
    /// # Errors
    /// Why the answer is not what the recipe expects.
    fn reading(&self, within: Option<&Within>, is_xml: bool, notes: &mut Notes<'_>) -> Result<String, Unexpected> {
        let text = self.text(notes);
        let Some(within) = within else {
            self.check_answer(&text, is_xml)?;
            return Ok(text);
        };
        let refused = |what| Unexpected { line: Some(within.line), what, advice: CHECK_ANSWER };
        let captured = within.captured(&text).map_err(refused)?;
        self.check_answer(captured, is_xml || (within.xml.is_some() && within.json.is_none()))?;
        within.inside(captured).map(Cow::into_owned).map_err(refused)
    }

    fn check_answer(&self, text: &str, is_xml: bool) -> Result<(), Unexpected> {
        let expect = self.rules.expect;
        let refused = |what| Unexpected { line: Some(expect.line), what, advice: CHECK_ANSWER };
        expect.check_answer(text, is_xml).map_err(refused)
    }

    /// The address that links count from. What an interface gives was written for another page: the one that led to the interface, or one
    /// of the site.
    fn base(&self, within: Option<&Within>) -> Url {
        let site = || self.url.join("/").unwrap_or_else(|_| self.url.clone());
        match within {
            Some(within) if within.is_of_interface() => self.asked.led_by.clone().unwrap_or_else(site),
            _ => self.url.clone(),
        }
    }

    /// [`Self::address_from`] for a link that counts from the page itself.
    fn address(&self, found: &str, line: usize, notes: &mut Notes<'_>) -> Option<Url> {
        self.address_from(self.url, found, line, notes)
    }

    /// An address on the page, made absolute and canonical; none when the recipe does not allow to follow it. `line` is that of
    /// the rule that found it.
    fn address_from(&self, base: &Url, found: &str, line: usize, notes: &mut Notes<'_>) -> Option<Url> {
        let found = found.trim();
        if found.is_empty() || found.starts_with('#') {
            return None;
        }
        let url = base.join(found).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let host = url.host_str()?;
        if url.as_str().len() > ADDRESS_BYTES_MAX {
            notes.add(Some(line), format!("a link of {} bytes is not followed", url.as_str().len()), CHECK_PAGE);
            return None;
        }
        if !is_within(self.rules.hosts, host) {
            notes.add(Some(line), format!("link to another host `{host}` is not followed"), CHECK_HOSTS);
            return None;
        }
        Some(identity::canonical(&url, self.rules.drop_query))
    }
}

/// The kind that a recipe names.
#[derive(Clone, Copy)]
pub(crate) struct KindName(pub(crate) &'static KindSpec);

impl<'de> Deserialize<'de> for KindName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        KINDS.iter().find(|kind| kind.name == name).map(Self).ok_or_else(|| {
            let known = code_list(KINDS.iter().map(|kind| kind.name));
            de::Error::custom(format!("unknown variant `{name}`, expected one of {known}"))
        })
    }
}

impl KindSpec {
    /// Reads the settings of a recipe.
    ///
    /// # Errors
    /// [`RecipeError::At`]. What does not fit other parts of the recipe is found later, by [`SourceKind::check`].
    pub(crate) fn read(&self, settings: &Settings<'_>) -> Result<Arc<dyn SourceKind>, RecipeError> {
        (self.read)(settings)
    }

    /// Refuses a `list` that is no table, and a key in it that no kind knows. A key of another kind is refused when the settings are
    /// read.
    ///
    /// # Errors
    /// [`RecipeError::At`], at the key.
    pub(crate) fn check_keys(
        &self,
        checker: &Checker<'_>,
        list: Option<&Spanned<DeValue<'_>>>,
    ) -> Result<(), RecipeError> {
        if let Some(list) = list.filter(|list| !list.get_ref().is_table()) {
            return Err(checker.error(
                list.span().start,
                refused!(
                    "`list` 不是表：请写 `[list]`，并把它的键写在下面",
                    "`list` is no table: write `[list]`, and its keys below it"
                ),
            ));
        }
        let is_known = |key: &str| KINDS.iter().any(|kind| kind.list_keys.contains(&key));
        let unknown = keys_of(list).filter(|(key, _)| !is_known(key));
        let Some((key, at)) = unknown.min_by_key(|(_, at)| *at) else { return Ok(()) };
        let expected = match self.list_keys {
            // The kind itself says why it has no `[list]`.
            [] => return Ok(()),
            [one] => format!("`{one}`"),
            [one, other] => format!("`{one}` or `{other}`"),
            keys => format!("one of {}", code_list(keys.iter().copied())),
        };
        Err(checker
            .error(at, refused!("没有字段 `{key}`，可以写 {expected}", "unknown field `{key}`, expected {expected}")))
    }
}

/// The kinds that have a property, as messages name them: `kind = "json"` and `kind = "xml"`.
pub(crate) fn kinds_with(has: impl Fn(&KindSpec) -> bool) -> String {
    let names: Vec<String> =
        KINDS.iter().filter(|kind| has(kind)).map(|kind| format!("`kind = \"{}\"`", kind.name)).collect();
    names.join(" and ")
}

/// `a`, `b`, `c`
fn code_list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;
    use std::collections::BTreeSet;

    /// Four lines of a recipe that every kind may have.
    const HEAD: &str = "id = \"s\"\nname = \"s\"\nchannel = \"media\"\nschedule.every = \"1h\"\n";
    pub(super) const START: &str = "start = [\"https://a.example/\"]\n";

    /// A recipe whose fifth line is the first one of `rest`.
    pub(super) fn parsed(rest: &str) -> Result<Recipe, RecipeError> {
        Recipe::parse(&format!("{HEAD}{rest}"), "s.toml")
    }

    pub(super) fn refused(rest: &str, expected: &str) {
        let message = parsed(rest).expect_err("a mistake").to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn no_two_kinds_share_a_name() {
        let names: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), KINDS.len());
    }

    #[test]
    fn an_unknown_kind_and_a_misspelt_key_are_refused_with_those_that_are_known() {
        refused(
            &format!("kind = \"soap\"\n{START}"),
            "s.toml:5: unknown variant `soap`, expected one of `html`, `feed`, `json`, `xml`, `sitemap`, `table`, `mail`",
        );
        refused(
            &format!("kind = \"html\"\n{START}[list]\nitem = \"li\"\nlnk = \"a\"\n"),
            "s.toml:9: unknown field `lnk`, expected one of `item`, `link`, `next`, `table`, `fields`, `within`, `frame`",
        );
        refused(
            &format!("kind = \"sitemap\"\n{START}[list]\nincldue = \"a\"\n"),
            "s.toml:8: unknown field `incldue`, expected `include`",
        );
        refused(
            &format!("kind = \"html\"\n{START}[list]\nitem = \"li\"\nsheet = \"a\"\n"),
            "s.toml:7: `sheet` means nothing in `[list]` of this kind; it may have `item`, `link`, `next`, `fields`, `within`, `frame`",
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused_at_its_line() {
        refused(
            &format!("kind = \"html\"\n{START}[list]\nitem = 3\n"),
            "s.toml:8: invalid type: integer `3`, expected a string",
        );
        refused(&format!("kind = \"html\"\n{START}list = 3\n"), "s.toml:7: `list` is no table");
    }

    #[test]
    fn parts_of_a_recipe_that_do_not_fit_the_kind_are_refused_with_the_kinds_that_they_fit() {
        refused(
            "kind = \"feed\"\nfolder = \"x\"\n",
            "s.toml:6: `folder` is for `kind = \"table\"` and `kind = \"mail\"`",
        );
        refused(
            &format!("kind = \"feed\"\n{START}[request]\nbody = \"{{}}\"\n"),
            "s.toml:7: `body` of `[request]` is for `kind = \"html\"` and `kind = \"json\"` and `kind = \"xml\"`",
        );
    }
}
