//! Data that tests share and that is no part of this repository: in `WANGLOU_SHARED`, else in the folder `shared` beside the checkout.
//!
//! A test that cannot find its data, or a program that it starts, calls [`skip`] and returns: the
//! reason is appended to the file that `WANGLOU_SKIPS` names, which `tests/run.sh` lists at its end. A file, because
//! nextest hides what passing tests print.

use std::io::Write;
use std::path::{Path, PathBuf};

/// A file or folder of the shared data; none where it is absent, which is noted as a skip.
#[track_caller]
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = root().join(path);
    if found.exists() {
        return Some(found);
    }
    skip(&format!("shared data absent: {path}"));
    None
}

/// Notes that the calling test does not do its work, and why.
///
/// # Panics
/// When the list of skips cannot be written.
#[track_caller]
pub fn skip(why: &str) {
    let line = format!("{}: {why}\n", std::panic::Location::caller().file());
    _ = std::io::stderr().write_all(format!("skipped: {line}").as_bytes());
    let Some(file) = std::env::var_os("WANGLOU_SKIPS") else { return };
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file).expect("the list of skips");
    // One write a line: tests of many processes append to one file.
    file.write_all(line.as_bytes()).expect("the list of skips is written");
}

fn root() -> PathBuf {
    if let Some(root) = std::env::var_os("WANGLOU_SHARED") {
        return root.into();
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The lock file lies at the top of the checkout, whichever package asks.
    here.ancestors().find(|folder| folder.join("Cargo.lock").exists()).unwrap_or(here).join("../shared")
}
