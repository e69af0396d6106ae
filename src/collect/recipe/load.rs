//! From TOML to a checked [`Recipe`].

#![expect(clippy::disallowed_methods, reason = "recipes are read from files here")]

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Time;
use regex::RegexBuilder;
use scraper::Selector;
use toml::Spanned;
use url::Url;

use super::raw::{FieldTable, OneOrMany, RawBounds, RawField, RawPages, RawRate, RawRecipe, RawRequest};
use super::{Body, Bounds, FieldRule, HtmlItems, Kind, Pages, Place, Recipe, RecipeError, Rule, Start};
use crate::charset;
use crate::schedule::{Schedule, When};
use vocabulary::{Channel, SourceId};

/// Largest recipe file.
const RECIPE_BYTES_MAX: usize = 256 * 1024;
/// Longest selector; deeply nested `:not(` would recurse.
const SELECTOR_BYTES_MAX: usize = 500;
/// Deepest nesting of brackets in a selector.
const SELECTOR_DEPTH_MAX: usize = 8;
/// Compiled size of a capture.
const CAPTURE_BYTES_MAX: usize = 1 << 20;
/// Most pages of one list.
const LIST_PAGES_MAX: u32 = 1_000;
/// Most items of one list page.
const ITEMS_PER_PAGE_MAX: usize = 5_000;
/// Most detail pages of one round.
const DETAILS_PER_ROUND_MAX: u32 = 100_000;
/// Largest page a recipe may ask for.
const PAGE_BYTES_CEILING: usize = 64 * 1024 * 1024;
/// Slowest sensible interval between two requests.
const INTERVAL_MS_MAX: u64 = 3_600_000;
/// Most requests that one recipe may have under way.
const AT_ONCE_MAX: u32 = 64;
/// Interval when the recipe names none: a polite second.
const INTERVAL_MS_DEFAULT: u64 = 1_000;

/// Longest body of a request, before it is filled.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// How the places of fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grammar {
    /// CSS selectors.
    Css,
    /// JSON Pointers.
    Path,
    /// Names of columns.
    Column,
}

/// Knows the file, to say where something is.
pub(super) struct Checker<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Checker<'_> {
    pub(super) fn line(&self, byte: usize) -> usize {
        self.text.as_bytes()[..byte.min(self.text.len())].split(|byte| *byte == b'\n').count()
    }

    pub(super) fn error(&self, byte: usize, detail: impl Into<String>) -> RecipeError {
        RecipeError::At { file: self.file.to_owned(), line: self.line(byte), detail: detail.into() }
    }

    pub(super) fn rule(&self, text: &str, byte: usize) -> Result<Rule, RecipeError> {
        let depth = text.bytes().filter(|byte| *byte == b'(').count();
        if text.len() > SELECTOR_BYTES_MAX || depth > SELECTOR_DEPTH_MAX {
            let found = text.len();
            return Err(self.error(
                byte,
                format!("selector of {found} bytes with {depth} brackets; at most {SELECTOR_BYTES_MAX} bytes and {SELECTOR_DEPTH_MAX} brackets"),
            ));
        }
        let selector = Selector::parse(text).map_err(|problem| {
            self.error(byte, format!("selector `{text}` is not valid CSS ({problem}); try it in a browser's inspector"))
        })?;
        Ok(Rule { text: text.to_owned(), line: self.line(byte), selector })
    }

    pub(super) fn path(&self, text: &str, byte: usize) -> Result<Vec<String>, RecipeError> {
        if text.is_empty() || text == "/" {
            return Ok(Vec::new());
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err(self.error(byte, format!("path `{text}` must begin with `/`, e.g. `/data/items`")));
        };
        Ok(rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
    }

    fn duration(&self, text: &Spanned<String>) -> Result<Duration, RecipeError> {
        let (value, byte) = (text.get_ref().trim(), text.span().start);
        let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        let unit = match &value[digits..] {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => 0,
        };
        let seconds = value[..digits].parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
        // A century is enough, and everything below fits every clock.
        seconds.filter(|seconds| (1..3_155_760_000).contains(seconds)).map(Duration::from_secs).ok_or_else(|| {
            self.error(
                byte,
                format!("`{value}` is no span of time: expected a whole number and s, m, h or d, e.g. `30m`"),
            )
        })
    }

    pub(super) fn field(
        &self,
        name: &str,
        field: &Spanned<RawField>,
        grammar: Grammar,
    ) -> Result<FieldRule, RecipeError> {
        let byte = field.span().start;
        let short;
        let table = match field.get_ref() {
            RawField::Short(text) => {
                let one = Some(OneOrMany::One(text.clone()));
                short = match grammar {
                    Grammar::Css => FieldTable { selector: Some(text.clone()), ..FieldTable::default() },
                    Grammar::Path => FieldTable { path: one, ..FieldTable::default() },
                    Grammar::Column => FieldTable { column: one, ..FieldTable::default() },
                };
                &short
            }
            RawField::Table(table) => table,
        };
        let many = |places: &OneOrMany| match places {
            OneOrMany::One(place) => vec![place.clone()],
            OneOrMany::Many(places) => places.clone(),
        };
        let place = match (&table.selector, &table.path, &table.column, &table.value) {
            (None, None, None, Some(value)) => Place::Constant(value.clone()),
            (Some(selector), None, None, None) if grammar == Grammar::Css => Place::Css(self.rule(selector, byte)?),
            (None, Some(paths), None, None) if grammar == Grammar::Path => {
                Place::Path(many(paths).iter().map(|path| self.path(path, byte)).collect::<Result<_, _>>()?)
            }
            (None, None, Some(columns), None) if grammar == Grammar::Column => {
                Place::Path(many(columns).into_iter().map(|column| vec![column]).collect())
            }
            (None, None, None, None) if grammar == Grammar::Css => Place::Item,
            _ => {
                let wanted = match grammar {
                    Grammar::Css => "`selector`",
                    Grammar::Path => "`path`",
                    Grammar::Column => "`column`",
                };
                return Err(self.error(byte, format!("field `{name}` needs exactly one of {wanted} and `value`")));
            }
        };
        let capture = table.capture.as_deref().map(|pattern| {
            RegexBuilder::new(pattern).size_limit(CAPTURE_BYTES_MAX).build().map_err(|problem| {
                self.error(byte, format!("capture of field `{name}` is no regular expression: {problem}"))
            })
        });
        if table.date.is_some() && name != "published_at" {
            return Err(self.error(byte, format!("`date` is for the field `published_at`, not for `{name}`")));
        }
        if table.template.as_ref().is_some_and(|template| !template.contains("{value}")) {
            return Err(self.error(byte, format!("template of `{name}` has no `{{value}}` to be filled")));
        }
        Ok(FieldRule {
            name: name.to_owned(),
            line: self.line(byte),
            place,
            attr: table.attr.clone(),
            capture: capture.transpose()?,
            date: table.date.clone(),
            all: table.all,
            required: table.required,
            template: table.template.clone(),
        })
    }

    pub(super) fn fields(
        &self,
        fields: &BTreeMap<Spanned<String>, Spanned<RawField>>,
        grammar: Grammar,
    ) -> Result<Vec<FieldRule>, RecipeError> {
        fields
            .iter()
            .map(|(name, field)| {
                let good = !name.get_ref().is_empty()
                    && name
                        .get_ref()
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                if !good {
                    let name_text = name.get_ref();
                    return Err(self.error(
                        name.span().start,
                        format!("field name `{name_text}` must be lower-case ASCII, e.g. `published_at`"),
                    ));
                }
                self.field(name.get_ref(), field, grammar)
            })
            .collect()
    }

    fn starts(&self, raw: &RawRecipe, body: Option<&Body>) -> Result<Vec<Start>, RecipeError> {
        let pages = raw.pages.as_ref().map(|pages| {
            let RawPages { from, to, step } = *pages.get_ref();
            let pages = Pages { from, to, step };
            if from <= to && step > 0 && pages.count() <= LIST_PAGES_MAX {
                Ok(pages)
            } else {
                Err(self.error(
                    pages_at(raw),
                    format!(
                        "pages {from} to {to} by {step}: expected from <= to, step >= 1, at most {LIST_PAGES_MAX} pages"
                    ),
                ))
            }
        });
        let pages = pages.transpose()?;
        let starts = match (&raw.start, &raw.folder) {
            (Some(starts), None) if !starts.get_ref().is_empty() => starts.get_ref(),
            (Some(starts), None) => {
                return Err(self.error(starts.span().start, "`start` is empty: name at least one address"));
            }
            (None, Some(_)) => return Ok(Vec::new()),
            (Some(_), Some(folder)) => {
                return Err(self.error(folder.span().start, "give `start` (addresses) or `folder` (files), not both"));
            }
            (None, None) => {
                return Err(self.error(0, "`start` is missing: name at least one address, or a `folder` of files"));
            }
        };
        let body_has_page = body.is_some_and(|body| body.template.contains("{page}"));
        starts
            .iter()
            .map(|start| {
                let (template, byte) = (start.get_ref(), start.span().start);
                let url = Url::parse(&template.replace("{page}", "1"))
                    .map_err(|problem| self.error(byte, format!("start `{template}` is no address: {problem}")))?;
                if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
                    return Err(self.error(byte, format!("start `{template}` must begin with http:// or https://")));
                }
                let pages = match (template.contains("{page}") || body_has_page, pages) {
                    (true, None) => {
                        return Err(self.error(byte, "`{page}` needs `pages = { from = 1, to = … }`"));
                    }
                    (true, pages) => pages,
                    (false, _) => None,
                };
                Ok(Start { template: template.clone(), pages })
            })
            .collect()
    }

    /// The body of list requests, which must be what its kind says once it is filled.
    fn body(&self, request: Option<&Spanned<RawRequest>>) -> Result<Option<Body>, RecipeError> {
        let Some(request) = request else { return Ok(None) };
        let RawRequest { body, form } = request.get_ref();
        let (at, body) = (body.span().start, Body { template: body.get_ref().clone(), form: *form });
        if body.template.len() > BODY_BYTES_MAX {
            let found = body.template.len();
            return Err(self.error(at, format!("the body has {found} bytes; at most {BODY_BYTES_MAX} are sent")));
        }
        if !form && let Err(problem) = serde_json::from_str::<serde_json::Value>(&body.fill(Some(1), Some("x"))) {
            return Err(self.error(
                at,
                format!("the body is no JSON once `{{page}}` and `{{cursor}}` are filled ({problem}); write `form = true` for a form's body"),
            ));
        }
        Ok(Some(body))
    }

    /// The folder of a source whose documents are files.
    fn folder(&self, raw: &RawRecipe, kind: &Kind) -> Result<Option<PathBuf>, RecipeError> {
        let of_files = matches!(kind, Kind::Table(_) | Kind::Mail);
        let Some(folder) = &raw.folder else {
            return if matches!(kind, Kind::Mail) {
                Err(self.error(raw.kind.span().start, "`kind = \"mail\"` reads a `folder` of letters: name it"))
            } else {
                Ok(None)
            };
        };
        let (text, at) = (folder.get_ref(), folder.span().start);
        if !of_files {
            return Err(self.error(at, "`folder` is for `kind = \"table\"` and `kind = \"mail\"`"));
        }
        let path = PathBuf::from(text);
        if text.trim().is_empty() || path.components().any(|part| part == Component::ParentDir) {
            return Err(self.error(
                at,
                format!(
                    "folder `{text}`: expected a name below `inbox` of the data folder, or a whole path without `..`"
                ),
            ));
        }
        for (given, key) in [(raw.request.is_some(), "[request]"), (raw.pages.is_some(), "pages")] {
            if given {
                return Err(self.error(at, format!("a `folder` is not asked by HTTP: leave `{key}` out")));
            }
        }
        Ok(Some(path))
    }

    /// A word of a closed set.
    fn word<T: FromStr<Err: Display>>(&self, word: Option<&Spanned<String>>) -> Result<Option<T>, RecipeError> {
        let parse = |word: &Spanned<String>| {
            word.get_ref().parse().map_err(|problem| self.error(word.span().start, format!("{problem}")))
        };
        word.map(parse).transpose()
    }

    /// `2026-03`, or `never`.
    fn verified(&self, raw: &RawRecipe) -> Result<Option<String>, RecipeError> {
        let Some(verified) = &raw.verified else { return Ok(None) };
        let text = verified.get_ref();
        let month = text.split_once('-').is_some_and(|(year, month)| {
            year.len() == 4
                && year.bytes().all(|byte| byte.is_ascii_digit())
                && month.len() == 2
                && month.parse::<u8>().is_ok_and(|month| (1..=12).contains(&month))
        });
        if month || text == "never" {
            return Ok(Some(text.clone()));
        }
        Err(self.error(verified.span().start, format!("verified `{text}`: expected a month as `2026-03`, or `never`")))
    }

    fn interval(&self, rate: &RawRate) -> Result<Duration, RecipeError> {
        match (&rate.requests_per_second, &rate.min_interval_ms) {
            (None, None) => Ok(Duration::from_millis(INTERVAL_MS_DEFAULT)),
            (Some(_), Some(both)) => {
                Err(self.error(both.span().start, "give `requests_per_second` or `min_interval_ms`, not both"))
            }
            (Some(rate), None) => Some(*rate.get_ref())
                .filter(|rate| *rate > 0.0 && *rate <= 1_000.0)
                .map(|rate| Duration::from_secs_f64(1.0 / rate))
                .filter(|interval| *interval <= Duration::from_millis(INTERVAL_MS_MAX))
                .ok_or_else(|| self.error(rate.span().start, "`requests_per_second` must lie between 1/3600 and 1000")),
            (None, Some(interval)) if (1..=INTERVAL_MS_MAX).contains(interval.get_ref()) => {
                Ok(Duration::from_millis(*interval.get_ref()))
            }
            (None, Some(interval)) => Err(self
                .error(interval.span().start, format!("`min_interval_ms` must lie between 1 and {INTERVAL_MS_MAX}"))),
        }
    }

    fn schedule(&self, raw: &RawRecipe) -> Result<Schedule, RecipeError> {
        let written = &raw.schedule;
        let at = self.text.find("schedule").unwrap_or(0);
        let when = match (&written.every, &written.cron, &written.adaptive) {
            (Some(every), None, None) => When::Every(self.duration(every)?),
            (None, Some(cron), None) => {
                let parsed = cron.get_ref().parse().map_err(|problem| {
                    let text = cron.get_ref();
                    self.error(
                        cron.span().start,
                        format!(
                            "`{text}` is no cron expression ({problem}): expected minute, hour, day, month, weekday"
                        ),
                    )
                })?;
                When::Cron(Box::new(parsed))
            }
            (None, None, Some(adaptive)) => {
                let (least, most) = (&adaptive.get_ref().least, &adaptive.get_ref().most);
                let bounds = (self.duration(least)?, self.duration(most)?);
                if bounds.0 > bounds.1 {
                    return Err(self.error(adaptive.span().start, "`least` is longer than `most`"));
                }
                When::Adaptive { least: bounds.0, most: bounds.1 }
            }
            _ => {
                return Err(self.error(
                    at,
                    "a schedule needs one of `every = \"30m\"`, `cron = \"0 8 * * *\"` and `adaptive = { least = \"10m\", most = \"1d\" }`",
                ));
            }
        };
        let quiet = written.quiet.iter().map(|hours| self.hours(hours)).collect::<Result<_, _>>()?;
        let silent_after = written.silent_after.as_ref().map(|after| self.duration(after)).transpose()?;
        Ok(Schedule { when, quiet, silent_after })
    }

    /// `08:30-18:00`; over midnight when the second is earlier.
    fn hours(&self, hours: &Spanned<String>) -> Result<(Time, Time), RecipeError> {
        let text = hours.get_ref();
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
        let both = text.split_once('-').and_then(|(from, to)| Some((time(from)?, time(to)?)));
        both.filter(|(from, to)| from != to).ok_or_else(|| {
            self.error(hours.span().start, format!("`{text}` are no hours: expected two times, e.g. `08:30-18:00`"))
        })
    }

    fn at_once(&self, rate: &RawRate) -> Result<u32, RecipeError> {
        let Some(at_once) = &rate.at_once else { return Ok(1) };
        let (found, byte) = (*at_once.get_ref(), at_once.span().start);
        if rate.unpaced.is_empty() {
            return Err(
                self.error(byte, "`at_once` is for hosts named in `unpaced`; all others get one request at a time")
            );
        }
        if !(1..=AT_ONCE_MAX).contains(&found) {
            return Err(self.error(byte, format!("`at_once` is {found}: expected 1 to {AT_ONCE_MAX}")));
        }
        Ok(found)
    }

    /// Hosts without a pause must be the source's own, each written out.
    fn unpaced(&self, rate: &RawRate, hosts: &[String]) -> Result<Vec<String>, RecipeError> {
        let named = rate.unpaced.iter().map(|host| {
            let name = host.get_ref().to_ascii_lowercase();
            if hosts.contains(&name) {
                return Ok(name);
            }
            Err(self.error(
                host.span().start,
                format!(
                    "`unpaced` names `{name}`, which is no host of this source; write the host as in `start` or `hosts`"
                ),
            ))
        });
        named.collect()
    }

    fn bounds(&self, raw: &RawBounds) -> Result<Bounds, RecipeError> {
        let within = (1..=LIST_PAGES_MAX).contains(&raw.list_pages_max)
            && (1..=ITEMS_PER_PAGE_MAX).contains(&raw.items_per_page_max)
            && (1..=DETAILS_PER_ROUND_MAX).contains(&raw.details_per_round_max)
            && (1..=PAGE_BYTES_CEILING).contains(&raw.page_bytes_max);
        if !within {
            let at = self.text.find("[bounds]").unwrap_or(0);
            return Err(self.error(
                at,
                format!(
                    "bounds must lie between 1 and: list_pages_max {LIST_PAGES_MAX}, items_per_page_max {ITEMS_PER_PAGE_MAX}, \
                     details_per_round_max {DETAILS_PER_ROUND_MAX}, page_bytes_max {PAGE_BYTES_CEILING}"
                ),
            ));
        }
        Ok(Bounds {
            list_pages_max: raw.list_pages_max,
            items_per_page_max: raw.items_per_page_max,
            details_per_round_max: raw.details_per_round_max,
            page_bytes_max: raw.page_bytes_max,
            stop_when_known: raw.stop_when_known,
        })
    }
}

#[derive(rust_embed::Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../../rules/sources/"]
struct Shipped;

fn pages_at(raw: &RawRecipe) -> usize {
    raw.pages.as_ref().map_or(0, |pages| pages.span().start)
}

impl Recipe {
    /// Reads and checks one recipe. `file_name` is for the messages.
    ///
    /// # Errors
    /// [`RecipeError::At`] with file, line and what to do.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, RecipeError> {
        let checker = Checker { file: file_name, text };
        if text.len() > RECIPE_BYTES_MAX {
            return Err(checker.error(0, format!("{} bytes; a recipe has at most {RECIPE_BYTES_MAX}", text.len())));
        }
        let raw: RawRecipe = toml::from_str(text)
            .map_err(|problem| checker.error(problem.span().map_or(0, |span| span.start), problem.message()))?;

        let id = raw.id.get_ref();
        let good_id = (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte));
        if !good_id {
            return Err(
                checker.error(raw.id.span().start, format!("id `{id}` must be 1 to 64 of a-z, 0-9, `.`, `_`, `-`"))
            );
        }
        let channel: Channel = raw
            .channel
            .get_ref()
            .parse()
            .map_err(|problem| checker.error(raw.channel.span().start, format!("{problem}")))?;
        let charset = raw.charset.as_ref().map(|label| {
            charset::for_label(label.get_ref())
                .ok_or_else(|| checker.error(label.span().start, format!("charset `{}` is not known", label.get_ref())))
        });
        let body = checker.body(raw.request.as_ref())?;
        let starts = checker.starts(&raw, body.as_ref())?;
        let (kind, fields) = checker.kind(&raw, body.as_ref())?;
        let folder = checker.folder(&raw, &kind)?;
        let detail = checker.detail(&raw)?;
        let has = |name: &str| fields.iter().any(|field| field.name == name);
        let list_at = raw.list.as_ref().map_or(0, |list| list.span().start);
        match &kind {
            Kind::Html { items: HtmlItems::Rows(_), .. } | Kind::Table(_) | Kind::Mail => {
                if let Some(detail) = &raw.detail {
                    let what = "a row or a letter is a document by itself: leave `[detail]` out";
                    return Err(checker.error(detail.span().start, what));
                }
            }
            Kind::Html { link, .. } | Kind::Json { link, .. } => {
                if detail.is_some() && link.is_none() {
                    return Err(checker
                        .error(list_at, "`[detail]` needs `link` in `[list]`: where is the page behind an item?"));
                }
                if detail.is_none() && link.is_none() && !has("external_id") {
                    return Err(checker.error(
                        list_at,
                        "without `link` each item needs a field `external_id`, or it cannot be known again",
                    ));
                }
                if detail.is_none() && !has("text") {
                    return Err(checker.error(list_at, "without `[detail]` each item needs a field `text`"));
                }
            }
            Kind::Sitemap { .. } if detail.is_none() => {
                let what = "a sitemap holds addresses alone: `[detail]` says how the pages behind them are read";
                return Err(checker.error(raw.kind.span().start, what));
            }
            Kind::Feed | Kind::Sitemap { .. } => {}
        }
        let mut hosts = raw.hosts.clone();
        hosts.extend(starts.iter().filter_map(|start| {
            Url::parse(&start.template.replace("{page}", "1")).ok()?.host_str().map(str::to_owned)
        }));
        hosts.sort();
        hosts.dedup();
        Ok(Self {
            id: SourceId::new(id.clone()),
            name: raw.name.clone(),
            channel,
            enabled: raw.enabled,
            actor: checker.word(raw.actor.as_ref())?,
            level: checker.word(raw.level.as_ref())?,
            verified: checker.verified(&raw)?,
            file: file_name.to_owned(),
            schedule: checker.schedule(&raw)?,
            per_day: raw.rate.per_day,
            interval: checker.interval(&raw.rate)?,
            at_once: checker.at_once(&raw.rate)?,
            unpaced: checker.unpaced(&raw.rate, &hosts)?,
            allow_loopback: raw.allow_loopback,
            hosts,
            drop_query: raw.drop_query.clone(),
            identity: raw.identity,
            charset: charset.transpose()?,
            refetch_after: raw.refetch.after.as_ref().map(|after| checker.duration(after)).transpose()?,
            bounds: checker.bounds(&raw.bounds)?,
            is_look: false,
            fingerprint: blake3::hash(text.as_bytes()).to_hex()[..16].to_owned(),
            kind,
            starts,
            folder,
            body,
            fields,
            detail,
        })
    }

    /// The recipes that come with the program, all switched off, in the order of file names.
    ///
    /// # Errors
    /// [`RecipeError`]; a bug, as the tests read them all.
    pub fn shipped() -> Result<Vec<Self>, RecipeError> {
        let mut names: Vec<_> = Shipped::iter().filter(|name| name.ends_with(".toml")).collect();
        names.sort();
        let text = |name: &str| Shipped::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
        let texts = names.iter().filter_map(|name| Some((name, text(name)?)));
        texts.map(|(name, text)| Self::parse(&text, &format!("rules/sources/{name}"))).collect()
    }

    /// Reads every `*.toml` of a folder, in the order of file names.
    ///
    /// # Errors
    /// The first [`RecipeError`]; no recipe is silently left out.
    pub fn load_dir(dir: &Path) -> Result<Vec<Self>, RecipeError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| RecipeError::Unreadable { path, source }
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(unreadable(dir))? {
            let path = entry.map_err(unreadable(dir))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut recipes: Vec<Self> = Vec::new();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
            let recipe = Self::parse(&text, &path.display().to_string())?;
            if let Some(other) = recipes.iter().find(|other| other.id == recipe.id) {
                return Err(RecipeError::Twice { file: recipe.file, id: recipe.id, other: other.file.clone() });
            }
            recipes.push(recipe);
        }
        Ok(recipes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"id = "board"
name = "公告栏"
channel = "regulator"
kind = "html"
start = ["https://example.org/list?page={page}"]
pages = { from = 1, to = 3 }
[schedule]
every = "30m"
[list]
item = "ul.news li"
link = "a"
[detail.fields]
title = "h1"
text = { selector = ".body", all = true }
published_at = { selector = ".date", capture = '(\d{4}年.*日)' }
"#;

    fn check(from: &str, to: &str, expected: &str) {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD, "nothing was replaced");
        let message = Recipe::parse(&text, "board.toml").expect_err("a mistake").to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_good_recipe_is_read() {
        let recipe = Recipe::parse(GOOD, "board.toml").unwrap();
        assert!(matches!(recipe.schedule.when, When::Every(every) if every == Duration::from_mins(30)));
        assert_eq!((0..).map_while(|at| recipe.starts[0].ask(at, None)).count(), 3);
        assert_eq!(recipe.hosts, ["example.org"]);
    }

    #[test]
    fn every_mistake_names_file_and_line() {
        check("ul.news li", "ul..news", "board.toml:10: selector `ul..news` is not valid CSS");
        check("h1", "h1[", "board.toml:13: selector");
        check("every =", "each =", "board.toml:8: unknown field `each`");
        check("item =", "itm =", "board.toml:10: unknown field `itm`");
        check("all = true", "al = true", "board.toml:14: unknown field `al`");
        check("(\\d{4}", "(\\d{4", "board.toml:15: capture of field `published_at`");
        check("\"regulator\"", "\"regulators\"", "board.toml:3: `regulators` is not a known channel");
        check("30m", "30x", "board.toml:8: `30x` is no span of time");
        check("every = \"30m\"", "cron = \"61 * * * *\"", "board.toml:8: `61 * * * *` is no cron expression");
        check("every = \"30m\"", "every = \"1h\"\ncron = \"0 8 * * *\"", "a schedule needs one of");
        check("every = \"30m\"", "every = \"1h\"\nquiet = [\"8-18\"]", "board.toml:9: `8-18` are no hours");
        check("pages = { from = 1, to = 3 }", "", "board.toml:5: `{page}` needs");
        check("https://", "ftp://", "board.toml:5: start");
        check("link = \"a\"", "", "needs `link`");
        check(
            "channel =",
            "actor = \"state\"\nchannel =",
            "board.toml:3: `state` is not a known kind of actor; known: consumer",
        );
        check("channel =", "level = \"town\"\nchannel =", "board.toml:3: `town` is not a known administrative level");
        check("channel =", "verified = \"2026\"\nchannel =", "board.toml:3: verified `2026`: expected a month");
        check(
            "[schedule]",
            "folder = \"x\"\n[schedule]",
            "board.toml:7: give `start` (addresses) or `folder` (files), not both",
        );
        check("start = [", "# [", "`start` is missing");
        check("to = 3 }", "to = 3, step = 0 }", "board.toml:6: pages 1 to 3 by 0");
        check("item = \"ul.news li\"", "items = \"/a\"", "board.toml:9: an HTML list needs `item");
        check(
            "link = \"a\"",
            "link = \"a\"\nsheet = \"x\"",
            "board.toml:9: `sheet` means nothing in `[list]` of this kind",
        );
        check("[list]", "[request]\nbody = \"{}\"\n[list]", "board.toml:9: `[request]` is for");
        check(
            "[detail.fields]",
            "[detail]\nitems = \"/a\"\n[detail.fields]",
            "board.toml:13: `items` is for JSON and XML details",
        );
        check("id = \"board\"", "id = \"公告\"", "board.toml:1: id");
        check("name = ", "nam = ", "unknown field `nam`");
        check("kind = \"html\"", "kind = \"soap\"", "board.toml:4: unknown variant `soap`");
    }

    #[test]
    fn shipped_examples_are_sound_and_disabled() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/sources");
        let recipes = Recipe::load_dir(&dir).unwrap();
        assert!(recipes.len() >= 15);
        let shipped = Recipe::shipped().unwrap();
        assert_eq!(
            shipped.iter().map(|r| &r.id).collect::<Vec<_>>(),
            recipes.iter().map(|r| &r.id).collect::<Vec<_>>()
        );
        // Whoever has seen one of them work says when; an invented one never can.
        for recipe in &recipes {
            assert_eq!(recipe.verified.is_some(), !recipe.id.as_str().starts_with("example."), "{}", recipe.id);
        }
        assert!(recipes.iter().all(|recipe| !recipe.enabled && !recipe.allow_loopback));
    }

    fn refused(text: &str, expected: &str) {
        let message = Recipe::parse(text, "s.toml").expect_err("a mistake").to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn mistakes_of_each_kind_are_told() {
        let head = "id = \"s\"\nname = \"s\"\nchannel = \"media\"\nschedule.every = \"1h\"\n";
        let with = |rest: &str| format!("{head}{rest}");
        let start = "start = [\"https://a.example/\"]\n";
        refused(&with(&format!("kind = \"sitemap\"\n{start}")), "s.toml:5: a sitemap holds addresses alone");
        refused(
            &with(&format!("kind = \"sitemap\"\n{start}[list]\ninclude = \"(\"\n[detail]\n")),
            "s.toml:8: `include` is no regular",
        );
        refused(&with(&format!("kind = \"mail\"\n{start}")), "s.toml:5: `kind = \"mail\"` reads a `folder`");
        refused(&with("kind = \"mail\"\nfolder = \"../x\"\n"), "s.toml:6: folder `../x`: expected a name below");
        refused(&with("kind = \"feed\"\nfolder = \"x\"\n"), "s.toml:6: `folder` is for");
        refused(&with("kind = \"table\"\nfolder = \"x\"\n"), "s.toml:5: `[list]` is missing");
        refused(&with("kind = \"table\"\nfolder = \"x\"\n[list]\nheader_row = 0\n"), "s.toml:8: `header_row` is 0");
        refused(
            &with("kind = \"table\"\nfolder = \"x\"\n[list.fields]\nbrand = { path = \"/a\" }\n"),
            "exactly one of `column` and `value`",
        );
        let json = |request: &str, list: &str| {
            with(&format!(
                "kind = \"json\"\n{start}[request]\n{request}\n[list]\nitems = \"/a\"\n{list}\n[list.fields]\nexternal_id = \"/id\"\ntext = \"/t\"\n"
            ))
        };
        refused(&json("body = '{ \"a\": }'", ""), "s.toml:8: the body is no JSON once");
        refused(&json("body = '{ \"a\": {cursor} }'", ""), "s.toml:9: `{cursor}` in the body needs `next`");
        refused(&json("body = '{ \"a\": {cursor} }'", "next = \"/n\"\nnext_param = \"n\""), "not both");
        refused(&json("body = '{ \"a\": {page} }'", ""), "s.toml:6: `{page}` needs `pages");
        assert!(Recipe::parse(&json("body = 'a={cursor}'\nform = true", "next = \"/n\""), "s.toml").is_ok());
    }
}
