//! Starting the program, and finding the shared data.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) use shared_data::{shared, skip};

/// The program, built for this test run.
pub(crate) fn wanglou() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wanglou"));
    for name in [
        "WANGLOU_DATA",
        "WANGLOU_LEXICON",
        "WANGLOU_CRITERIA",
        "WANGLOU_LOG",
        "WANGLOU_LANG",
        "WANGLOU_SECRETS_KEY",
        "CREDENTIALS_DIRECTORY",
    ] {
        command.env_remove(name);
    }
    // Chinese, whatever the locale of who runs the tests.
    command.env("LC_ALL", "C.UTF-8");
    command
}

/// Runs it with arguments and gives what it said.
pub(crate) fn run(args: &[&str]) -> Said {
    said(wanglou().args(args).output().expect("started"))
}

/// Runs it with variables of the environment.
pub(crate) fn run_in(env: &[(&str, &str)], args: &[&str]) -> Said {
    said(wanglou().args(args).envs(env.iter().copied()).output().expect("started"))
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

/// Starts a command, waits for the n-th line on its standard error that holds `word`, and kills it without a warning.
pub(crate) fn kill_at_line(command: &mut Command, word: &str, n: usize) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
    let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let seen = lines.map_while(Result::ok).filter(|line| line.contains(word)).nth(n - 1);
    assert!(seen.is_some(), "it ended before it could be killed");
    child.kill().expect("killed");
    child.wait().expect("ended");
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What a run that ended has said.
pub(crate) fn said(output: Output) -> Said {
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

/// The shipped rules with a word more, below `dir`.
pub(crate) fn lexicon_with(dir: &Path, name: &str, word: &str) -> PathBuf {
    let to = dir.join(name);
    let from = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut waiting = vec!["rules".to_owned(), "dictionaries".to_owned()];
    while let Some(folder) = waiting.pop() {
        fs::create_dir_all(to.join(&folder)).expect("made");
        for entry in fs::read_dir(from.join(&folder)).expect("listed") {
            let entry = entry.expect("listed");
            let below = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                waiting.push(below);
            } else {
                fs::copy(entry.path(), to.join(below)).expect("copied");
            }
        }
    }
    let rule = format!(
        "[[rule]]\nid = \"fire.test_word\"\nmeans = \"a word of the test\"\nmatters = \"a test\"\nconfused = \"nothing\"\n\
         hazard = \"fire\"\nseverity = 1\nfinds = [\"{word}\"]\n\
         [[rule.hit]]\ntext = \"充电宝{word}\"\ngives = {{ product = \"battery_charger\" }}\n[[rule.miss]]\ntext = \"充电宝很好\"\n"
    );
    fs::write(to.join("rules/hazards/test_word.toml"), rule).expect("written");
    to
}
