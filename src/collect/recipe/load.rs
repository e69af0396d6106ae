//! From TOML to a checked [`Recipe`], one or a folder of them.

#![expect(clippy::disallowed_methods, reason = "recipes are read from files here")]

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::group::{File, GROUPS_FOLDER, Groups, Written, effective};
use super::raw::{RawBounds, RawRecipe};
use super::start::LIST_PAGES_MAX;
use super::{ANY_DAY, Bounds, Recipe, detail, promise, start, timing};
use crate::charset;
use crate::kinds::{Settings, kinds_with};
use crate::rules::RecipeError;
use crate::rules::check::Checker;
use vocabulary::{Channel, Refused, Said, SourceId, UnknownCode, refused};

/// Where the recipes that come with the program lie in its sources, for messages.
const SHIPPED_FOLDER: &str = "rules/sources/";
/// Most items of one list page.
const ITEMS_PER_PAGE_MAX: usize = 5_000;
/// Most detail pages of one round.
const DETAILS_PER_ROUND_MAX: u32 = 100_000;
/// Largest page a recipe may ask for, in bytes.
const PAGE_BYTES_CEILING: usize = 64 * 1024 * 1024;

/// A word of a closed set.
fn word<T: FromStr<Err: Said>>(
    checker: &Checker<'_>,
    word: Option<&Spanned<String>>,
) -> Result<Option<T>, RecipeError> {
    let parse = |word: &Spanned<String>| {
        word.get_ref().parse().map_err(|problem: T::Err| checker.error(word.span().start, Refused::of(&problem)))
    };
    word.map(parse).transpose()
}

/// `2026-03`, or `never`.
fn verified(checker: &Checker<'_>, raw: &RawRecipe) -> Result<Option<String>, RecipeError> {
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
    Err(checker.error(
        verified.span().start,
        refused!(
            "verified `{text}`：应为月份，如 `2026-03`，或 `never`",
            "verified `{text}`: expected a month as `2026-03`, or `never`"
        ),
    ))
}

/// Bounds of a round, each within its ceiling.
fn bounds(checker: &Checker<'_>, raw: &RawBounds) -> Result<Bounds, RecipeError> {
    let within = (1..=LIST_PAGES_MAX).contains(&raw.list_pages_max)
        && (1..=ITEMS_PER_PAGE_MAX).contains(&raw.items_per_page_max)
        && (1..=DETAILS_PER_ROUND_MAX).contains(&raw.details_per_round_max)
        && (1..=PAGE_BYTES_CEILING).contains(&raw.page_bytes_max);
    if !within {
        let at = checker.text.find("[bounds]").unwrap_or(0);
        return Err(checker.error(
            at,
            refused!(
                "各项界限应在 1 和以下数值之间：list_pages_max {LIST_PAGES_MAX}，items_per_page_max {ITEMS_PER_PAGE_MAX}，\
                 details_per_round_max {DETAILS_PER_ROUND_MAX}，page_bytes_max {PAGE_BYTES_CEILING}",
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

#[derive(rust_embed::Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../../rules/sources/"]
struct Shipped;

impl Recipe {
    /// Reads and checks one recipe, with the groups that come with the program. `file_name` is for the messages.
    ///
    /// # Errors
    /// [`RecipeError::At`] with file, line and what to do.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, RecipeError> {
        Self::parse_with(text, file_name, &|name| Ok(shipped_group(name)))
    }

    /// The same, with groups found by `groups`.
    pub(super) fn parse_with(text: &str, file_name: &str, groups: Groups<'_>) -> Result<Self, RecipeError> {
        let own = File { name: file_name.to_owned(), text: text.to_owned() };
        let written = Written::gather(own, groups)?;
        let checker = written.checker();
        let table = written.merged()?;
        let effective = effective(&table, &checker);
        let at = |problem: &toml::de::Error| problem.span().map_or(0, |span| span.start);
        let refused = |problem: toml::de::Error| checker.error(at(&problem), Refused::quoted(problem.message()));
        let list = table.iter().find(|(key, _)| key.get_ref() == "list").map(|(_, list)| list.clone());
        let whole = Spanned::new(0..written.text.len(), table);
        let raw = RawRecipe::deserialize(toml::Deserializer::from(whole)).map_err(refused)?;
        let spec = raw.kind.get_ref().0;
        spec.check_keys(&checker, list.as_ref())?;

        let id = raw.id.get_ref();
        let good_id = (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte));
        if !good_id {
            return Err(checker.error(
                raw.id.span().start,
                refused!(
                    "编号 `{id}` 应为 1 到 64 个 a-z、0-9、`.`、`_`、`-`",
                    "id `{id}` must be 1 to 64 of a-z, 0-9, `.`, `_`, `-`"
                ),
            ));
        }
        let channel: Channel = raw
            .channel
            .get_ref()
            .parse()
            .map_err(|problem: UnknownCode| checker.error(raw.channel.span().start, Refused::of(&problem)))?;
        let charset = raw.charset.as_ref().map(|label| {
            charset::for_label(label.get_ref()).ok_or_else(|| {
                checker.error(
                    label.span().start,
                    refused!("不认识字符集 `{}`", "charset `{}` is not known", label.get_ref()),
                )
            })
        });
        let body = start::body(&checker, raw.request.as_ref())?;
        let starts = start::starts(&checker, &raw, body.as_ref())?;
        if let Some(request) = raw.request.as_ref().filter(|_| body.is_some() && !spec.takes_request) {
            let kinds = kinds_with(|kind| kind.takes_request);
            return Err(checker.error(
                request.span().start,
                refused!("`[request]` 的 `body` 只用于 {kinds}", "`body` of `[request]` is for {kinds}"),
            ));
        }
        let unit = promise::unit(&checker, raw.unit.as_ref())?;
        if let Some(at) = raw.unit.as_ref().filter(|_| !spec.takes_unit).map(|unit| unit.span().start) {
            let kinds = kinds_with(|kind| kind.takes_unit);
            return Err(checker.error(at, refused!("`[unit]` 只用于 {kinds}", "`[unit]` is for {kinds}")));
        }
        if let Some(pages) = raw.pages.as_ref().filter(|_| unit.is_some()) {
            let what = refused!(
                "`[unit]` 自己翻页：请去掉 `pages` 和 `{{page}}`",
                "`[unit]` turns pages itself: leave out `pages` and `{{page}}`"
            );
            return Err(checker.error(pages.span().start, what));
        }
        let settings = Settings {
            checker,
            kind_at: raw.kind.span().start,
            list,
            body: body.as_ref(),
            unit: unit.as_ref(),
            has_folder: raw.folder.is_some(),
            detail_at: raw.detail.as_ref().map(|detail| detail.span().start),
        };
        let kind = spec.read(&settings)?;
        let folder = start::folder(&checker, &raw, spec)?;
        let detail = detail::detail(&checker, raw.detail.as_ref())?;
        kind.check(&settings)?;
        let mut hosts = raw.hosts.clone();
        let start_urls: Vec<Url> = starts.iter().filter_map(|start| Some(start.ask(0, None, ANY_DAY)?.url)).collect();
        hosts.extend(start_urls.iter().filter_map(|url| url.host_str().map(str::to_owned)));
        hosts.sort();
        hosts.dedup();
        let headers = promise::headers(&checker, raw.request.as_ref(), &start_urls, &hosts, raw.allow_loopback)?;
        let expect = promise::expect(&checker, raw.expect.as_ref())?;
        if !expect.answer.is_empty() && !spec.takes_request {
            let at = raw.expect.as_ref().map_or(0, |expect| expect.span().start);
            let kinds = kinds_with(|kind| kind.takes_request);
            let what = refused!("`[expect]` 的 `answer` 只用于 {kinds}", "`answer` of `[expect]` is for {kinds}");
            return Err(checker.error(at, what));
        }
        let recipe = Self {
            id: SourceId::new(id.clone()),
            name: raw.name.clone(),
            channel,
            enabled: raw.enabled,
            actor: word(&checker, raw.actor.as_ref())?,
            level: word(&checker, raw.level.as_ref())?,
            region: word(&checker, raw.region.as_ref())?,
            verified: verified(&checker, &raw)?,
            file: file_name.to_owned(),
            effective,
            schedule: timing::schedule(&checker, &raw.schedule)?,
            per_day: raw.rate.per_day,
            headers,
            expect,
            interval: timing::interval(&checker, &raw.rate)?,
            at_once: timing::at_once(&checker, &raw.rate)?,
            unpaced: timing::unpaced(&checker, &raw.rate, &hosts)?,
            allow_loopback: raw.allow_loopback,
            hosts,
            drop_query: raw.drop_query.clone(),
            identity: raw.identity,
            charset: charset.transpose()?,
            refetch_after: raw.refetch.after.as_ref().map(|after| timing::duration(&checker, after)).transpose()?,
            bounds: bounds(&checker, &raw.bounds)?,
            is_look: false,
            fingerprint: blake3::hash(written.text.as_bytes()).to_hex()[..16].to_owned(),
            lines: written.lines.clone(),
            kind,
            starts,
            folder,
            body,
            detail,
        };
        promise::check_names(&checker, raw.expect.as_ref(), &recipe)?;
        Ok(recipe)
    }

    /// The recipes that come with the program, all switched off, in the order of file names.
    ///
    /// # Errors
    /// [`RecipeError`]; a bug, as the tests read them all.
    pub fn shipped() -> Result<Vec<Self>, RecipeError> {
        let is_recipe = |name: &str| {
            let path = Path::new(name);
            path.extension().is_some_and(|extension| extension == "toml") && !path.starts_with(GROUPS_FOLDER)
        };
        let mut names: Vec<_> = Shipped::iter().filter(|name| is_recipe(name)).collect();
        names.sort();
        let texts = names.iter().filter_map(|name| Some((name, shipped_text(name)?)));
        let recipes = texts.map(|(name, text)| Self::parse(&text, &format!("{SHIPPED_FOLDER}{name}")));
        distinct(recipes)
    }

    /// Reads every `*.toml` of a folder and of the folders in it, but for `groups`, in the order of their names. A group that the folder
    /// does not have is one of those that come with the program.
    ///
    /// # Errors
    /// The first [`RecipeError`]; no recipe is silently left out.
    pub fn load_dir(dir: &Path) -> Result<Vec<Self>, RecipeError> {
        let mut paths = Vec::new();
        for path in entries(dir)? {
            if path.is_dir() && path.file_name().is_some_and(|name| name != GROUPS_FOLDER) {
                paths.extend(entries(&path)?);
            } else {
                paths.push(path);
            }
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml") && path.is_file());
        paths.sort();
        let group = |name: &str| {
            let path = dir.join(GROUPS_FOLDER).join(format!("{name}.toml"));
            if path.is_file() {
                let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
                return Ok(Some(File { name: path.display().to_string(), text }));
            }
            Ok(shipped_group(name))
        };
        distinct(paths.iter().map(|path| {
            let text = std::fs::read_to_string(path).map_err(unreadable(path))?;
            Self::parse_with(&text, &path.display().to_string(), &group)
        }))
    }
}

/// Recipes of which no two claim one id.
fn distinct(found: impl Iterator<Item = Result<Recipe, RecipeError>>) -> Result<Vec<Recipe>, RecipeError> {
    let mut recipes: Vec<Recipe> = Vec::new();
    for recipe in found {
        let recipe = recipe?;
        if let Some(other) = recipes.iter().find(|other| other.id == recipe.id) {
            return Err(RecipeError::Twice { file: recipe.file, id: recipe.id, other: other.file.clone() });
        }
        recipes.push(recipe);
    }
    Ok(recipes)
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> RecipeError {
    let path = path.to_owned();
    move |source| RecipeError::Unreadable { path: path.clone(), source }
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, RecipeError> {
    let entries = std::fs::read_dir(dir).map_err(unreadable(dir))?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable(dir))).collect()
}

fn shipped_text(name: &str) -> Option<String> {
    Shipped::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

/// A group that comes with the program.
fn shipped_group(name: &str) -> Option<File> {
    let name = format!("{GROUPS_FOLDER}/{name}.toml");
    shipped_text(&name).map(|text| File { name: format!("{SHIPPED_FOLDER}{name}"), text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::When;
    use std::time::Duration;

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
        assert_eq!((0..).map_while(|at| recipe.starts[0].ask(at, None, ANY_DAY)).count(), 3);
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
        check("[list]", "[request]\nbody = '{ \"a\": {cursor} }'\n[list]", "board.toml:11: an HTML list names no");
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
}
