//! A writer that is killed while it commits and merges leaves an index that holds exactly what its cursor says, or is made anew.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "these tests kill processes and look at them")]

use std::env;
use std::process::{Child, Command, Stdio};

use super::*;

/// Says to this binary that it is the one to be killed, and in which folder it writes.
const FOLDER: &str = "WANGLOU_TEST_WRITER_TO_KILL";
/// This test, as the child is told to run it.
const NAME: &str = "tests::killing::what_a_writer_leaves_that_is_killed_while_it_merges_is_whole";
const ROUNDS: usize = 8;
/// Documents of one commit: so few that merges follow one another.
const TOGETHER: u64 = 20;

/// Commits after which a child ends by itself, whatever has become of its parent: thousands of times what a round takes.
const COMMITS_MAX: usize = 20_000;

/// Writes small commits, until it is killed.
fn write_until_killed(dir: &Path) {
    let (index, _) = open(dir, "lexicon-1");
    let mut writer = index.writer().expect("the only writer");
    let mut at = index.cursor().expect("a cursor").0;
    for _ in 0..COMMITS_MAX {
        for _ in 0..TOGETHER {
            at += 1;
            // Every third revises an earlier one: merges have to drop what is replaced.
            let id = if at.is_multiple_of(3) { at - 2 } else { at };
            let item = item(&id.to_string(), &format!("充电宝起火，这是第{at}次说起"));
            put(&mut writer, &item, Position(at)).expect("a good document");
        }
        writer.commit(Position(at)).expect("a commit");
    }
}

/// Segments at which merges begin: tantivy merges eight of a size.
const SEGMENTS: usize = 8;

/// Whether there are segments to merge, and a thread of the process that merges has work at this moment.
fn merges(child: &Child, dir: &Path) -> bool {
    let meta = std::fs::read(dir.join(META_FILE)).unwrap_or_default();
    // The list, and behind it its checksum.
    let values = serde_json::Deserializer::from_slice(&meta).into_iter::<serde_json::Value>().next();
    let meta = values.and_then(Result::ok).unwrap_or_default();
    if meta["segments"].as_array().is_none_or(|segments| segments.len() < SEGMENTS) {
        return false;
    }
    let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id()));
    tasks.into_iter().flatten().flatten().any(|task| {
        // `number (name) state …`
        let told = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let state = told.rsplit(')').next().map_or("", str::trim_start);
        told.contains("(merge_thread") && state.starts_with(['R', 'D'])
    })
}

#[test]
fn what_a_writer_leaves_that_is_killed_while_it_merges_is_whole() {
    if let Some(dir) = env::var_os(FOLDER) {
        return write_until_killed(Path::new(&dir));
    }
    let dir = tempfile::tempdir().expect("a folder");
    let mut before = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(env::current_exe().expect("this binary"))
            .args(["--exact", NAME, "--nocapture"])
            .env(FOLDER, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        while !merges(&child, dir.path()) {
            assert!(child.try_wait().expect("asked").is_none(), "round {round}: it ended by itself");
            std::thread::yield_now();
        }
        child.kill().expect("killed");
        child.wait().expect("gone");

        let (index, opened) = open(dir.path(), "lexicon-1");
        let at = index.cursor().expect("a cursor").0;
        assert!(opened == Opened::Existing && at >= before, "round {round}: {opened:?}, {at} after {before}");
        assert_eq!(index.damage().expect("checked"), None, "round {round}");
        let (revised, end) = (at / 3, at);
        assert_eq!(index.documents(), at - revised, "round {round}: each revision in place of what it revises");
        assert_eq!(ask(&index, "\"起火\"").total, at - revised, "round {round}");
        let held = |at: &u64| at % 3 != 1 || at + 2 > end;
        let mut meant: Vec<(u64, Position)> = (1..=at)
            .filter(held)
            .map(|at| {
                (id_key(&DocumentId::from((if at % 3 == 0 { at - 2 } else { at }).to_string().as_str())), Position(at))
            })
            .collect();
        meant.sort_unstable();
        assert_eq!(index.held().expect("a list"), meant, "round {round}");
        before = at;
    }
    assert!(before > 0);
}
