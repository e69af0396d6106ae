//! Rules and criteria as they are read: from a folder or file that somebody named, or those built into the program.
#![expect(clippy::disallowed_methods, reason = "an edge: criteria files are opened here")]

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::PipelineError;
use super::bounds::CRITERIA_BYTES_MAX;
use super::judge::Judge;
use lexicon::{Lexicon, LexiconError};
use vocabulary::cause_in_chinese;

/// The shipped criteria.
const DEFAULT_CRITERIA: &str = include_str!("../../rules/criteria/default.toml");
/// The shipped table of what is tested for which hazard, and by which standard.
const TEST_ITEMS: &str = include_str!("../../rules/criteria/test_items.toml");
/// Its name in messages.
const TEST_ITEMS_FILE: &str = "rules/criteria/test_items.toml";

/// Reads the lexicon of a folder, or the shipped one.
pub fn read_lexicon(dir: Option<&Path>) -> Result<Lexicon, LexiconError> {
    dir.map_or_else(Lexicon::shipped, Lexicon::load)
}

/// As [`read_lexicon`], shared with whoever holds a lexicon of the same files.
pub(super) fn shared_lexicon(dir: Option<&Path>) -> Result<Arc<Lexicon>, LexiconError> {
    Lexicon::shared(dir)
}

/// The name of the shipped criteria in messages.
const DEFAULT_CRITERIA_FILE: &str = "rules/criteria/default.toml";

/// Reads a criteria file, or the shipped one.
pub fn read_criteria(file: Option<&Path>) -> Result<Judge, PipelineError> {
    let name = file.map_or_else(|| DEFAULT_CRITERIA_FILE.to_owned(), |path| path.display().to_string());
    Judge::parse(&criteria_text(file)?, &name, TEST_ITEMS, TEST_ITEMS_FILE)
}

/// The text of a criteria file, or of the shipped one.
pub(super) fn criteria_text(file: Option<&Path>) -> Result<String, PipelineError> {
    let Some(path) = file else { return Ok(DEFAULT_CRITERIA.to_owned()) };
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(CRITERIA_BYTES_MAX + 1).read_to_string(&mut text));
    let whole = read.and_then(|_| {
        if text.len() as u64 > CRITERIA_BYTES_MAX {
            return Err(std::io::Error::other(format!("> {CRITERIA_BYTES_MAX} bytes")));
        }
        Ok(text)
    });
    whole.map_err(|error| {
        let path = path.display();
        PipelineError::refused(
            format!("无法读取评价标准文件 {path}：{}", cause_in_chinese(&error)),
            format!("cannot read the criteria file {path}: {error}"),
        )
    })
}
