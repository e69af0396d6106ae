//! `wanglou source verify`: sources looked at once, what they keep of their recipes' promises, and the record of it.
#![expect(clippy::disallowed_methods, reason = "the record and the recipes are files of the caller")]

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use serde::Serialize;

use super::lang::tr;
use super::looked::{look, told};
use super::{Failure, cannot_read, cannot_write, say};
use archive::{ArchiveError, Asked, files};
use collect::{Recipe, Round};
use config::Settings;
use vocabulary::day_of;

/// What verifying does beside telling.
pub(super) struct Keep<'a> {
    /// File to which a line is added for each source.
    pub(super) record: Option<&'a Path>,
    /// Whether the month is written into the recipes that hold.
    pub(super) write: bool,
}

/// One line of the record: what was asked of a source, what it answered, and whether that is as promised. The beginning of the effect record
/// that an operator keeps of each source.
#[derive(Serialize)]
struct Verified<'a> {
    at: Timestamp,
    source: &'a str,
    name: &'a str,
    recipe: &'a str,
    as_promised: bool,
    documents: usize,
    #[serde(flatten)]
    round: &'a Round,
    asked: &'a [Asked],
}

/// Looks at sources one after the other, and says of each whether it keeps what its recipe promises.
pub(super) async fn verify(
    settings: &Settings,
    recipes: &[Recipe],
    keep: Keep<'_>,
    now: Timestamp,
) -> Result<(), Failure> {
    let month = day_of(now).strftime("%Y-%m").to_string();
    if keep.write
        && let Some(shipped) = recipes.iter().find(|recipe| !Path::new(&recipe.file).is_file())
    {
        return Err(Failure::Input(anyhow!(tr!(
            "{} 随程序附带，不能改写：请复制到自己的目录，并用 --sources 指明",
            "{} comes with the program and is not changed: copy it to a folder of your own and name that by --sources",
            shipped.file
        ))));
    }
    let mut record = keep.record.map(open_record).transpose()?;
    let (mut good, mut looked_at) = (0_u64, 0_u64);
    for recipe in recipes.iter().filter(|recipe| !recipe.is_example()) {
        let (round, documents, asked) = look(settings, recipe, now).await?;
        let as_promised = !documents.is_empty() && round.problems_total == 0 && round.stopped.is_none();
        looked_at += 1;
        good += u64::from(as_promised);
        say(state_told(recipe, as_promised, &month, keep.write))?;
        for line in told(&round, &documents) {
            say(format!("    {line}"))?;
        }
        say(tr!("    收到 {} 字节", "    {} bytes received", round.bytes))?;
        if let Some(record) = &mut record {
            let line = Verified {
                at: now,
                source: recipe.id.as_str(),
                name: &recipe.name,
                recipe: &recipe.file,
                as_promised,
                documents: documents.len(),
                round: &round,
                asked: &asked,
            };
            // Line by line: what was asked stays on record even if the next source ends the command.
            writeln!(record, "{}", serde_json::to_string(&line)?)?;
        }
        if as_promised && keep.write {
            write_month(recipe, &month)?;
        }
    }
    say(tr!("{looked_at} 个来源中 {good} 个符合配方", "{good} of {looked_at} sources are as promised"))
}

fn state_told(recipe: &Recipe, as_promised: bool, month: &str, written: bool) -> String {
    match (as_promised, written) {
        (true, false) => tr!(
            "✓ {}  {}  符合配方：可写 verified = \"{month}\"",
            "✓ {}  {}  as promised: write verified = \"{month}\"",
            recipe.id,
            recipe.name
        ),
        (true, true) => tr!(
            "✓ {}  {}  符合配方：已写入 verified = \"{month}\"",
            "✓ {}  {}  as promised: verified = \"{month}\" is written",
            recipe.id,
            recipe.name
        ),
        (false, _) => tr!("✗ {}  {}  不符合配方", "✗ {}  {}  not as promised", recipe.id, recipe.name),
    }
}

fn open_record(path: &Path) -> Result<fs::File, Failure> {
    let opened = fs::File::options().create(true).append(true).open(path);
    Ok(opened.with_context(|| cannot_write(path))?)
}

/// Writes the month into a recipe's own file; all else of it stays as it is.
fn write_month(recipe: &Recipe, month: &str) -> Result<(), Failure> {
    let path = Path::new(&recipe.file);
    let text = fs::read_to_string(path).with_context(|| cannot_read(path))?;
    let own = |key: &str| {
        let here =
            |line: &&collect::EffectiveLine| line.section.is_empty() && line.key == key && line.file == recipe.file;
        recipe.effective.iter().find(here).map(|line| line.line - 1)
    };
    let changed = with_month(&text, own("verified"), own("id"), month);
    files::publish(path, |aside| {
        fs::write(aside, &changed).map_err(|source| ArchiveError::Io { what: "write", path: aside.to_owned(), source })
    })?;
    Ok(())
}

/// The text with the month in the line of `verified`, or in a new line below the id. Lines are counted from 0.
fn with_month(text: &str, verified: Option<usize>, id: Option<usize>, month: &str) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let written = |before: &str| format!("{before}\"{month}\"\n");
    match (verified.and_then(|at| lines.get_mut(at)), id) {
        (Some(line), _) => {
            let before = line.find('=').map_or("verified = ".to_owned(), |at| {
                let space = line[at + 1..].len() - line[at + 1..].trim_start_matches(' ').len();
                line[..=at].to_owned() + &" ".repeat(space.max(1))
            });
            let comment = line.find(" #").map(|at| line[at..].trim_end().to_owned()).unwrap_or_default();
            *line = written(&before);
            if !comment.is_empty() {
                line.insert_str(line.len() - 1, &comment);
            }
        }
        (None, id) => lines.insert(id.map_or(0, |at| at + 1).min(lines.len()), written("verified = ")),
    }
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_is_written_and_all_else_stays() {
        let text = "# 站\nid       = \"a\"\nverified = \"never\"   # ask first\n\n[list]\nitem = \"li\"\n";
        assert_eq!(
            with_month(text, Some(2), Some(1), "2026-03"),
            "# 站\nid       = \"a\"\nverified = \"2026-03\" # ask first\n\n[list]\nitem = \"li\"\n"
        );
        assert_eq!(
            with_month("id = \"a\"\nname = \"站\"\n", None, Some(0), "2026-03"),
            "id = \"a\"\nverified = \"2026-03\"\nname = \"站\"\n"
        );
    }
}
