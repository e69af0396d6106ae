//! The texts that a recipe is made of: its own file, and the groups that it extends (`extends = "groups/NAME"`).
//!
//! The texts are laid one behind the other, and every place in them is a byte of the whole, so that a mistake, a problem of a page and
//! the effective recipe can name the file and line that a key really stands in.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::rules::RecipeError;
use crate::rules::check::Checker;
use crate::rules::lines::Lines;
use vocabulary::{Refused, refused};

/// Largest recipe file or group file, in bytes.
pub(super) const RECIPE_BYTES_MAX: usize = 256 * 1024;
/// Most groups that a recipe extends, one through the other.
const GROUPS_MAX: usize = 4;
/// Longest name of a group, in bytes.
const GROUP_NAME_BYTES_MAX: usize = 64;
/// The folder of groups, in a folder of recipes and in `extends`.
pub(super) const GROUPS_FOLDER: &str = "groups";
/// The key that names a group.
const EXTENDS: &str = "extends";
/// Tables that a recipe and its group share key by key. Every other value of a recipe takes the place of the group's.
const SECTIONS: &[&str] = &[
    "bounds",
    "detail",
    "detail.attachments",
    "detail.attachments.columns",
    "detail.fields",
    "detail.table",
    "detail.table.columns",
    "expect",
    "expect.filled",
    "list",
    "list.fields",
    "list.table",
    "list.table.columns",
    "rate",
    "refetch",
    "request",
    "request.headers",
    "schedule",
    "unit",
];

/// A text and the name of its file.
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: String,
}

/// Finds the file of a group by its name; none when there is no such group.
pub(super) type Groups<'a> = &'a dyn Fn(&str) -> Result<Option<File>, RecipeError>;

/// A recipe's text and those of its groups.
pub(super) struct Written {
    /// All texts, one behind the other, each begun on a line of its own.
    pub(super) text: String,
    pub(super) lines: Lines,
    /// Each text behind as many blanks as there are bytes before it, so that what is read of it has its place in the whole.
    parts: Vec<String>,
}

impl Written {
    /// The recipe's text with those of all groups that it names.
    ///
    /// # Errors
    /// [`RecipeError::At`] for a file that is too long or no TOML, for a group that is not there or comes again, and for too many.
    pub(super) fn gather(own: File, groups: Groups<'_>) -> Result<Self, RecipeError> {
        let mut written = Self { text: String::new(), lines: Lines::default(), parts: Vec::new() };
        let (mut next, mut met) = (Some(own), Vec::new());
        while let Some(file) = next.take() {
            written.add(&file)?;
            let Some((name, at)) = written.extended()? else { break };
            let checker = Checker { text: &written.text, lines: &written.lines };
            if met.len() >= GROUPS_MAX || met.contains(&name) {
                return Err(checker.error(
                    at,
                    refused!(
                        "组 `{name}` 不能再继承：最多 {GROUPS_MAX} 个，且不能绕回来",
                        "group `{name}` cannot be extended here: at most {GROUPS_MAX} in a row, none of them twice"
                    ),
                ));
            }
            next = groups(&name)?;
            if next.is_none() {
                return Err(checker.error(
                    at,
                    refused!(
                        "没有组 `{name}`：应为配方目录下的 `{GROUPS_FOLDER}/{name}.toml`，或程序自带的组",
                        "there is no group `{name}`: expected `{GROUPS_FOLDER}/{name}.toml` in the folder of recipes, or one that comes with the program"
                    ),
                ));
            }
            met.push(name);
        }
        Ok(written)
    }

    fn add(&mut self, file: &File) -> Result<(), RecipeError> {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        let begins = self.text.len();
        self.lines.add(self.text.lines().count() + 1, &file.name);
        self.text.push_str(&file.text);
        if file.text.len() > RECIPE_BYTES_MAX {
            let found = file.text.len();
            let what = refused!(
                "{found} 字节；配方最多 {RECIPE_BYTES_MAX} 字节",
                "{found} bytes; a recipe has at most {RECIPE_BYTES_MAX}"
            );
            return Err(self.checker().error(begins, what));
        }
        self.parts.push(format!("{:begins$}{}", "", file.text));
        Ok(())
    }

    pub(super) fn checker(&self) -> Checker<'_> {
        Checker { text: &self.text, lines: &self.lines }
    }

    fn parse<'w>(&self, part: &'w str) -> Result<DeTable<'w>, RecipeError> {
        let table = DeTable::parse(part).map_err(|problem| {
            let at = problem.span().map_or(0, |span| span.start);
            self.checker().error(at, Refused::quoted(problem.message()))
        });
        table.map(Spanned::into_inner)
    }

    /// A part without the name of the group that it extends.
    fn parse_without_name<'w>(&self, part: &'w str) -> Result<DeTable<'w>, RecipeError> {
        Ok(self.parse(part)?.into_iter().filter(|(key, _)| key.get_ref() != EXTENDS).collect())
    }

    /// The group that the last text names, and where.
    fn extended(&self) -> Result<Option<(String, usize)>, RecipeError> {
        let Some(part) = self.parts.last() else { return Ok(None) };
        let table = self.parse(part)?;
        let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == EXTENDS) else { return Ok(None) };
        let at = value.span().start;
        let named = value.get_ref().as_str().and_then(|text| text.strip_prefix(GROUPS_FOLDER)?.strip_prefix('/'));
        let is_good = |name: &&str| {
            (1..=GROUP_NAME_BYTES_MAX).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        named.filter(is_good).map(|name| Some((name.to_owned(), at))).ok_or_else(|| {
            self.checker().error(
                at,
                refused!(
                    "`extends` 应写作 `{GROUPS_FOLDER}/名称`，名称由 a-z、0-9、`_` 组成",
                    "`extends` must be `{GROUPS_FOLDER}/NAME`, with a name of a-z, 0-9, `_`"
                ),
            )
        })
    }

    /// The recipe with what it inherits.
    ///
    /// # Errors
    /// [`RecipeError::At`] for a group that says what only a source can say.
    pub(super) fn merged(&self) -> Result<DeTable<'_>, RecipeError> {
        let mut parts = self.parts.iter();
        let mut table = parts.next().map_or_else(|| Ok(DeTable::new()), |own| self.parse_without_name(own))?;
        for part in parts {
            let group = self.parse_without_name(part)?;
            if let Some((key, _)) = group.iter().find(|(key, _)| matches!(key.get_ref().as_ref(), "id" | "verified")) {
                let (name, at) = (key.get_ref().clone(), key.span().start);
                let what =
                    refused!("组里不能写 `{name}`：它属于单个来源", "a group has no `{name}`: that is a source's own");
                return Err(self.checker().error(at, what));
            }
            inherit(&mut table, group, "");
        }
        Ok(table)
    }
}

/// Adds what a group has and the recipe lacks.
fn inherit<'w>(own: &mut DeTable<'w>, group: DeTable<'w>, section: &str) {
    for (key, theirs) in group {
        let path = if section.is_empty() { key.get_ref().to_string() } else { format!("{section}.{}", key.get_ref()) };
        match own.get_mut(&key) {
            None => _ = own.insert(key, theirs),
            Some(ours) if SECTIONS.contains(&path.as_str()) => {
                if let (DeValue::Table(ours), DeValue::Table(theirs)) = (ours.get_mut(), theirs.into_inner()) {
                    inherit(ours, theirs, &path);
                }
            }
            Some(_) => {}
        }
    }
}

/// One key of the recipe as it works, and where it was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EffectiveLine {
    /// The section that it belongs to, e.g. `list.fields`; empty before the first section.
    pub section: String,
    /// The key within the section.
    pub key: String,
    /// The value as it was written.
    pub value: String,
    /// The file that it stands in.
    pub file: String,
    /// The line of that file, counted from 1.
    pub line: usize,
}

/// The keys of a recipe with what it inherits, by section: those before the first section, then each in the order of its name.
pub(super) fn effective(table: &DeTable<'_>, checker: &Checker<'_>) -> Arc<[EffectiveLine]> {
    let mut lines = Vec::new();
    flatten(table, "", checker, &mut lines);
    lines.sort_by(|a, b| a.section.cmp(&b.section));
    lines.into()
}

fn flatten(table: &DeTable<'_>, section: &str, checker: &Checker<'_>, lines: &mut Vec<EffectiveLine>) {
    for (key, value) in table {
        let path = if section.is_empty() { key.get_ref().to_string() } else { format!("{section}.{}", key.get_ref()) };
        match value.get_ref() {
            DeValue::Table(inner) if SECTIONS.contains(&path.as_str()) => flatten(inner, &path, checker, lines),
            _ => {
                let (file, line) = checker.lines.place(checker.line(key.span().start));
                let value = checker.text.get(value.span()).unwrap_or_default().to_owned();
                let (file, key) = (file.to_owned(), DeString::clone(key.get_ref()).into_owned());
                lines.push(EffectiveLine { section: section.to_owned(), key, value, file, line });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;

    const OWN: &str = "extends = \"groups/system\"\nid = \"a\"\nname = \"甲局\"\nstart = [\"https://a.example/\"]\n[list]\nitem = \"li.mine\"\n[list.fields]\ntitle = \"b\"";
    const SYSTEM: &str = "channel = \"regulator\"\nkind = \"html\"\nschedule.every = \"1h\"\n[list]\nitem = \"li\"\nlink = \"a\"\n[list.fields]\ntitle = { selector = \"a\", attr = \"title\" }\npublished_at = \"span\"\n[detail]\n";

    fn read(own: &str, groups: &[(&str, &str)]) -> Result<Recipe, RecipeError> {
        let find = |name: &str| -> Result<Option<File>, RecipeError> {
            let found = groups.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(name, text)| File { name: format!("groups/{name}.toml"), text: (*text).to_owned() }))
        };
        Recipe::parse_with(own, "a.toml", &find)
    }

    fn refused(own: &str, groups: &[(&str, &str)], expected: &str) {
        let message = read(own, groups).expect_err("a mistake").to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_recipe_inherits_what_it_does_not_say_itself_and_each_line_knows_its_file() {
        let recipe = read(OWN, &[("system", SYSTEM)]).unwrap();
        assert_eq!(recipe.channel.code(), "regulator");
        let shown: Vec<String> = recipe
            .effective
            .iter()
            .map(|line| format!("{}|{} = {}|{}:{}", line.section, line.key, line.value, line.file, line.line))
            .collect();
        for expected in [
            "|id = \"a\"|a.toml:2",
            "|kind = \"html\"|groups/system.toml:2",
            "schedule|every = \"1h\"|groups/system.toml:3",
            "list|item = \"li.mine\"|a.toml:6",
            "list|link = \"a\"|groups/system.toml:6",
            "list.fields|title = \"b\"|a.toml:8",
            "list.fields|published_at = \"span\"|groups/system.toml:9",
        ] {
            assert!(shown.iter().any(|line| line == expected), "{expected} in {shown:#?}");
        }
        assert!(!shown.iter().any(|line| line.contains("extends")), "{shown:#?}");
    }

    #[test]
    fn a_mistake_in_a_group_names_the_groups_file_and_line() {
        let broken = SYSTEM.replace("item = \"li\"\nlink", "lnk");
        refused(OWN, &[("system", &broken)], "groups/system.toml:5: unknown field `lnk`");
        refused(OWN, &[("system", &SYSTEM.replace("\"1h\"", "\"1x\""))], "groups/system.toml:3: `1x` is no span");
        refused(OWN, &[("system", &SYSTEM.replace("[detail]", "[detail"))], "groups/system.toml:10: ");
        refused(&OWN.replace("li.mine", "li..mine"), &[("system", SYSTEM)], "a.toml:6: selector");
    }

    #[test]
    fn a_problem_of_a_page_names_the_groups_line() {
        let recipe = read(OWN, &[("system", SYSTEM)]).unwrap();
        let link = recipe.lines.place(6 + OWN.lines().count());
        assert_eq!(link, ("groups/system.toml", 6));
        assert_eq!(recipe.lines.place(3), ("a.toml", 3));
    }

    #[test]
    fn groups_are_chained_a_few_times_and_never_in_a_circle() {
        let base = "kind = \"html\"\nchannel = \"regulator\"\nschedule.every = \"1h\"\n[detail]\n";
        let middle = "extends = \"groups/base\"\n[list]\nitem = \"li\"\nlink = \"a\"\n";
        let recipe = read(OWN, &[("system", middle), ("base", base)]).unwrap();
        assert_eq!(recipe.effective.iter().find(|line| line.key == "kind").unwrap().file, "groups/base.toml");
        let circle = format!("extends = \"groups/system\"\n{base}");
        refused(OWN, &[("system", middle), ("base", &circle)], "groups/base.toml:1: group `system` cannot be extended");
    }

    #[test]
    fn a_group_is_named_plainly_must_be_there_and_is_no_source() {
        refused(OWN, &[], "a.toml:1: there is no group `system`");
        for name in ["../secret", "groups/../../etc", "groups/A", "groups/", "system"] {
            refused(&OWN.replace("groups/system", name), &[("system", SYSTEM)], "a.toml:1: `extends` must be");
        }
        refused(OWN, &[("system", &format!("id = \"b\"\n{SYSTEM}"))], "groups/system.toml:1: a group has no `id`");
        let long = " ".repeat(RECIPE_BYTES_MAX);
        refused(OWN, &[("system", &format!("{SYSTEM}{long}"))], "groups/system.toml:1: 2");
    }

    #[test]
    fn a_changed_group_is_a_changed_recipe() {
        let print = |group: &str| read(OWN, &[("system", group)]).unwrap().fingerprint;
        assert_ne!(print(SYSTEM), print(&SYSTEM.replace("\"span\"", "\"em\"")));
    }
}
