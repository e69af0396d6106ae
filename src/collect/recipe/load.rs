//! From TOML to a checked [`Recipe`].

#![expect(clippy::disallowed_methods, reason = "recipes are read from files here")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::civil::Time;
use regex::RegexBuilder;
use scraper::Selector;
use toml::Spanned;
use url::Url;

use super::raw::{FieldTable, OneOrMany, RawBounds, RawField, RawFormat, RawKind, RawPages, RawRate, RawRecipe};
use super::{Bounds, Detail, FieldRule, Kind, Next, Place, Recipe, RecipeError, Rule, Start, Table};
use crate::collect::charset;
use crate::collect::schedule::{Schedule, When};
use crate::vocabulary::{Channel, SourceId};

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

/// Knows the file, to say where something is.
struct Checker<'a> {
    file: &'a str,
    text: &'a str,
}

impl Checker<'_> {
    fn line(&self, byte: usize) -> usize {
        self.text.as_bytes()[..byte.min(self.text.len())].split(|byte| *byte == b'\n').count()
    }

    fn error(&self, byte: usize, detail: impl Into<String>) -> RecipeError {
        RecipeError::At { file: self.file.to_owned(), line: self.line(byte), detail: detail.into() }
    }

    fn rule(&self, text: &str, byte: usize) -> Result<Rule, RecipeError> {
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

    fn path(&self, text: &str, byte: usize) -> Result<Vec<String>, RecipeError> {
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

    fn field(&self, name: &str, field: &Spanned<RawField>, json: bool) -> Result<FieldRule, RecipeError> {
        let byte = field.span().start;
        let short;
        let table = match field.get_ref() {
            RawField::Short(text) if json => {
                short = FieldTable { path: Some(OneOrMany::One(text.clone())), ..FieldTable::default() };
                &short
            }
            RawField::Short(text) => {
                short = FieldTable { selector: Some(text.clone()), ..FieldTable::default() };
                &short
            }
            RawField::Table(table) => table,
        };
        let place = match (&table.selector, &table.path, &table.value) {
            (None, None, Some(value)) => Place::Constant(value.clone()),
            (Some(selector), None, None) if !json => Place::Css(self.rule(selector, byte)?),
            (None, Some(path), None) if json => {
                let paths = match path {
                    OneOrMany::One(path) => vec![self.path(path, byte)?],
                    OneOrMany::Many(paths) => {
                        paths.iter().map(|path| self.path(path, byte)).collect::<Result<_, _>>()?
                    }
                };
                Place::Path(paths)
            }
            (None, None, None) if !json => Place::Item,
            _ => {
                let wanted = if json { "`path`" } else { "`selector`" };
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

    fn fields(
        &self,
        fields: &BTreeMap<Spanned<String>, Spanned<RawField>>,
        json: bool,
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
                self.field(name.get_ref(), field, json)
            })
            .collect()
    }

    fn starts(&self, raw: &RawRecipe) -> Result<Vec<Start>, RecipeError> {
        let pages = raw.pages.as_ref().map(|pages| {
            let RawPages { from, to } = *pages.get_ref();
            if from <= to && to - from < LIST_PAGES_MAX {
                Ok((from, to))
            } else {
                Err(self.error(
                    pages.span().start,
                    format!("pages {from} to {to}: expected from <= to, at most {LIST_PAGES_MAX}"),
                ))
            }
        });
        let pages = pages.transpose()?;
        if raw.start.get_ref().is_empty() {
            return Err(self.error(raw.start.span().start, "`start` is empty: name at least one address"));
        }
        raw.start
            .get_ref()
            .iter()
            .map(|start| {
                let (template, byte) = (start.get_ref(), start.span().start);
                let url = Url::parse(&template.replace("{page}", "1"))
                    .map_err(|problem| self.error(byte, format!("start `{template}` is no address: {problem}")))?;
                if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
                    return Err(self.error(byte, format!("start `{template}` must begin with http:// or https://")));
                }
                let pages = match (template.contains("{page}"), pages) {
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

    fn kind(&self, raw: &RawRecipe) -> Result<(Kind, Vec<FieldRule>), RecipeError> {
        let kind_at = raw.kind.span().start;
        let (kind, list) = (*raw.kind.get_ref(), raw.list.as_ref());
        if kind == RawKind::Feed {
            return match list {
                Some(list) => Err(self.error(list.span().start, "a feed describes its own items: leave `[list]` out")),
                None => Ok((Kind::Feed, Vec::new())),
            };
        }
        let Some(list) = list else {
            return Err(self.error(kind_at, "`[list]` is missing: say where the items of a list page are"));
        };
        let (at, list) = (list.span().start, list.get_ref());
        let json = kind == RawKind::Json;
        let fields = self.fields(&list.fields, json)?;
        let link = list.link.as_ref().map(|link| self.field("link", link, json)).transpose()?;
        let next = list.next.as_ref().map(|next| self.field("next", next, json)).transpose()?;
        match (kind, &list.item, &list.items) {
            (RawKind::Html, Some(item), None) => {
                if list.next_param.is_some() {
                    return Err(self.error(at, "`next_param` is for `kind = \"json\"`"));
                }
                let with_href = |mut field: FieldRule| {
                    field.attr.get_or_insert_with(|| "href".to_owned());
                    field
                };
                let item = self.rule(item.get_ref(), item.span().start)?;
                Ok((Kind::Html { item, link: link.map(with_href), next: next.map(with_href) }, fields))
            }
            (RawKind::Json, None, Some(items)) => {
                let items = self.path(items.get_ref(), items.span().start)?;
                let next = match next.map(|field| field.place) {
                    Some(Place::Path(mut paths)) if paths.len() == 1 => {
                        let path = paths.remove(0);
                        Some(match &list.next_param {
                            Some(param) => Next::Param { path, param: param.clone() },
                            None => Next::Url(path),
                        })
                    }
                    Some(_) => return Err(self.error(at, "`next` of a JSON list must be one path")),
                    None => None,
                };
                Ok((Kind::Json { items, link, next }, fields))
            }
            (RawKind::Json, ..) => {
                Err(self.error(at, "a JSON list needs `items = \"/path/to/array\"` (and no `item`)"))
            }
            _ => Err(self.error(at, "an HTML list needs `item = \"css selector\"` (and no `items`)")),
        }
    }

    fn detail(&self, raw: &RawRecipe) -> Result<Option<Detail>, RecipeError> {
        let Some(detail) = &raw.detail else { return Ok(None) };
        let detail = detail.get_ref();
        let json = detail.format == RawFormat::Json;
        let table = match &detail.table {
            Some(table) if json => {
                return Err(self.error(table.selector.span().start, "`[detail.table]` is for HTML details"));
            }
            Some(table) => Some(Table {
                rule: self.rule(table.selector.get_ref(), table.selector.span().start)?,
                columns: table.columns.iter().map(|(field, header)| (field.clone(), header.clone())).collect(),
            }),
            None => None,
        };
        Ok(Some(Detail { json, fields: self.fields(&detail.fields, json)?, table }))
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
        let starts = checker.starts(&raw)?;
        let (kind, fields) = checker.kind(&raw)?;
        let detail = checker.detail(&raw)?;
        let has = |name: &str| fields.iter().any(|field| field.name == name);
        match &kind {
            Kind::Html { link, .. } | Kind::Json { link, .. } => {
                let at = raw.list.as_ref().map_or(0, |list| list.span().start);
                if detail.is_some() && link.is_none() {
                    return Err(
                        checker.error(at, "`[detail]` needs `link` in `[list]`: where is the page behind an item?")
                    );
                }
                if detail.is_none() && link.is_none() && !has("external_id") {
                    return Err(checker.error(
                        at,
                        "without `link` each item needs a field `external_id`, or it cannot be known again",
                    ));
                }
                if detail.is_none() && !has("text") {
                    return Err(checker.error(at, "without `[detail]` each item needs a field `text`"));
                }
            }
            Kind::Feed => {}
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
            fingerprint: blake3::hash(text.as_bytes()).to_hex()[..16].to_owned(),
            kind,
            starts,
            fields,
            detail,
        })
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
        assert_eq!(recipe.starts[0].urls().count(), 3);
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
        check("id = \"board\"", "id = \"公告\"", "board.toml:1: id");
        check("name = ", "nam = ", "unknown field `nam`");
        check("kind = \"html\"", "kind = \"xml\"", "board.toml:4: unknown variant `xml`");
    }

    #[test]
    fn shipped_examples_are_sound_and_disabled() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/sources");
        let recipes = Recipe::load_dir(&dir).unwrap();
        assert!(recipes.len() >= 4);
        assert!(recipes.iter().all(|recipe| !recipe.enabled && !recipe.allow_loopback));
    }
}
