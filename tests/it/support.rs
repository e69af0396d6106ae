//! Starting the program, and finding the shared data.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program, built for this test run.
pub(crate) fn wanglou() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wanglou"));
    for name in ["WANGLOU_DATA", "WANGLOU_LEXICON", "WANGLOU_CRITERIA", "WANGLOU_LOG"] {
        command.env_remove(name);
    }
    command
}

/// Runs it with arguments and gives what it said.
pub(crate) fn run(args: &[&str]) -> Said {
    said(wanglou().args(args).output().expect("started"))
}

/// Runs it with text on standard input.
pub(crate) fn run_with(args: &[&str], input: &str) -> Said {
    let mut child = wanglou()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_owned();
    let feeder = std::thread::spawn(move || _ = stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("ended");
    feeder.join().expect("fed");
    said(output)
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

fn said(output: Output) -> Said {
    Said {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

impl Said {
    /// Fails the test unless the run ended well.
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.status, 0, "{}\n{}", self.out, self.err);
        self
    }
}

/// A file of the shared data, or `None` with a note when this clone has none.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("WANGLOU_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        Some(file)
    } else {
        skipped(path);
        None
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(path: &str) {
    eprintln!("skipped: no shared data at {path}");
}
