//! The one door through which the lexicon reads files: the ones built into the binary, or a folder.

#![expect(clippy::disallowed_methods, reason = "the lexicon's only door to the file system")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use super::LexiconError;
use super::bounds::{DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, LEXICON_BYTES_MAX};
use vocabulary::refused;

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
            let mut bytes = Vec::new();
            let read = std::fs::File::open(&path)
                .and_then(|file| file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes));
            read.map_err(|source| LexiconError::Io { path: path.clone(), source })?;
            let before: usize = files.values().map(String::len).sum();
            if before + bytes.len() > LEXICON_BYTES_MAX {
                let what = "the size of all files in bytes";
                return Err(LexiconError::TooLarge { file: name, what, bound: LEXICON_BYTES_MAX });
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lexicon_is_shared_as_long_as_its_files_are_the_same_and_somebody_holds_it() {
        let rule = "[[rule]]\nid = \"fire.any\"\nmeans = \"burns\"\nmatters = \"fire\"\nhazard = \"fire\"\nfinds = [\"起火\"]\n\
            [[rule.hit]]\ntext = \"电热毯起火\"\ngives = { product = \"small_appliance\" }\n[[rule.miss]]\ntext = \"很好\"\n";
        let products = "# provenance: own\n# columns: surface\tcategory\tleaf\tflags\n电热毯\tsmall_appliance\t\t\n";
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text) in [("rules/hazards/fire.toml", rule), ("dictionaries/products/a.tsv", products)] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let shared = || crate::Lexicon::shared(Some(dir.path())).expect("loads");
        let first = shared();
        assert!(std::sync::Arc::ptr_eq(&first, &shared()));
        std::fs::write(dir.path().join("rules/hazards/fire.toml"), rule.replace("burns", "burns down"))
            .expect("changed");
        let changed = shared();
        assert!(changed.version() != first.version() && std::sync::Arc::ptr_eq(&changed, &shared()));
        let held = std::sync::Arc::downgrade(&first);
        drop(first);
        assert!(held.upgrade().is_none(), "nobody is kept from forgetting it");
        let shipped = crate::Lexicon::shared(None).expect("loads");
        assert!(std::sync::Arc::ptr_eq(&shipped, &crate::Lexicon::shared(None).expect("loads")));
        assert_eq!(shipped.version(), crate::Lexicon::shipped().expect("loads").version());
    }

    #[test]
    fn what_is_larger_than_its_bound_is_refused_and_no_more_of_it_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let rules = dir.path().join("rules/hazards");
        std::fs::create_dir_all(&rules).expect("made");
        let whole = |bytes: usize| {
            let file = std::fs::File::create(rules.join("a.toml")).expect("made");
            file.set_len(bytes as u64).expect("a file of zeros");
            folder(dir.path())
        };
        assert!(whole(1_000).is_ok());
        assert!(matches!(whole(FILE_BYTES_MAX + 1), Err(LexiconError::TooLarge { what: "the size in bytes", .. })));
        assert!(matches!(whole(1 << 40), Err(LexiconError::TooLarge { .. })), "a terabyte is not read");
        for number in 0..=LEXICON_BYTES_MAX / FILE_BYTES_MAX {
            let file = std::fs::File::create(rules.join(format!("{number}.toml"))).expect("made");
            file.set_len(FILE_BYTES_MAX as u64).expect("a file of zeros");
        }
        assert!(matches!(
            whole(1),
            Err(LexiconError::TooLarge { what: "the size of all files in bytes", bound: LEXICON_BYTES_MAX, .. })
        ));
    }
}
