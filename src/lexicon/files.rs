//! The one door through which the lexicon reads files: the ones built into the binary, or a folder.

#![expect(clippy::disallowed_methods, reason = "the lexicon's only door to the file system")]

use std::collections::BTreeMap;
use std::path::Path;

use super::LexiconError;
use vocabulary::refused;

/// Most files in a lexicon folder.
pub const FILES_MAX: usize = 2_000;
/// Largest single file, in bytes.
pub const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Deepest nesting of folders.
const DEPTH_MAX: usize = 8;

/// Folders below `rules/` that belong to the lexicon; criteria and sources are read by others.
pub(super) const RULE_FOLDERS: [&str; 5] =
    ["rules/hazards/", "rules/context/", "rules/forms/", "rules/relations/", "rules/structured/"];

#[derive(rust_embed::Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../../rules/"]
#[prefix = "rules/"]
struct ShippedRules;

#[derive(rust_embed::Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../../dictionaries/"]
#[prefix = "dictionaries/"]
struct ShippedDictionaries;

/// Names and texts of all files a lexicon is made of, in name order.
pub(super) type Files = BTreeMap<String, String>;

/// The files built into the binary (in a debug build: of the source tree).
pub(super) fn shipped() -> Result<Files, LexiconError> {
    let mut files = Files::new();
    let rules = ShippedRules::iter().map(|name| (ShippedRules::get(&name), name));
    let dictionaries = ShippedDictionaries::iter().map(|name| (ShippedDictionaries::get(&name), name));
    for (file, name) in rules.chain(dictionaries) {
        if let Some(file) = file.filter(|_| belongs(&name)) {
            files.insert(name.to_string(), text_of(&name, file.data.into_owned())?);
        }
    }
    Ok(files)
}

/// The files below a folder that holds `rules/` and `dictionaries/`.
pub(super) fn folder(root: &Path) -> Result<Files, LexiconError> {
    let mut files = Files::new();
    for part in ["rules", "dictionaries"] {
        let below = root.join(part);
        if below.is_dir() {
            walk(&below, part, 0, &mut files)?;
        }
    }
    Ok(files)
}

/// Copies the files of a lexicon folder below `to`, each to the disk: a lexicon that nobody edits any more.
///
/// # Errors
/// What cannot be read or written, by its path.
pub fn copy(from: &Path, to: &Path) -> Result<(), LexiconError> {
    for (name, text) in folder(from)? {
        let path = to.join(name);
        let io = |source| LexiconError::Write { path: path.clone(), source };
        std::fs::create_dir_all(path.parent().unwrap_or(to)).map_err(io)?;
        let mut file = std::fs::File::create(&path).map_err(io)?;
        std::io::Write::write_all(&mut file, text.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
    }
    Ok(())
}

fn walk(folder: &Path, name: &str, depth: usize, files: &mut Files) -> Result<(), LexiconError> {
    if depth > DEPTH_MAX {
        return Err(LexiconError::TooLarge { file: name.to_owned(), what: "the depth of folders", bound: DEPTH_MAX });
    }
    let failed = |source| LexiconError::Io { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(last) = path.file_name().and_then(|last| last.to_str()) else { continue };
        let name = format!("{name}/{last}");
        if path.is_dir() {
            walk(&path, &name, depth + 1, files)?;
        } else if belongs(&name) {
            if files.len() >= FILES_MAX {
                return Err(LexiconError::TooLarge { file: name, what: "the number of files", bound: FILES_MAX });
            }
            let bytes = std::fs::read(&path).map_err(|source| LexiconError::Io { path: path.clone(), source })?;
            files.insert(name.clone(), text_of(&name, bytes)?);
        }
    }
    Ok(())
}

/// Other rooms keep recipes and criteria under `rules/` too; the lexicon reads only its own folders.
fn belongs(name: &str) -> bool {
    let has = |extension: &str| Path::new(name).extension().is_some_and(|found| found == extension);
    let rule = RULE_FOLDERS.iter().any(|own| name.starts_with(own));
    let table = ["dictionaries/", "rules/structured/"].iter().any(|own| name.starts_with(own));
    (rule && has("toml")) || (table && has("tsv")) || name == super::judge::FILE
}

fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, LexiconError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(LexiconError::TooLarge { file: name.to_owned(), what: "the size in bytes", bound: FILE_BYTES_MAX });
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = String::from_utf8_lossy(&error.as_bytes()[..at]).matches('\n').count() + 1;
        LexiconError::Wrong {
            at: super::FileLine::new(name, line),
            what: refused!("这不是 UTF-8", "this is no UTF-8"),
            shown: Box::default(),
            help: Box::new(refused!("请把文件存为 UTF-8", "save the file as UTF-8")),
        }
    })
}
