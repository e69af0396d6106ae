//! The other side of `disk.c`: builds the library, writes the plan, reads what happened.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

// `struct control` of disk.c, in words of eight bytes.
const STATE: u64 = 0;
const OPERATIONS: u64 = 1;
const STOP_AT: u64 = 2;
const TORN_PERMILLE: u64 = 3;
const WALL_NANOS: u64 = 5;
const SEED: u64 = 6;
const BY_KIND: u64 = 8;
const FIRED: u64 = 16;
const OPEN_FILES: u64 = 24;
const TAIL_NEXT: u64 = 25;
const WORDS: u64 = 34;
const FAULT_WORDS: u64 = 4;
const FAULTS: u64 = 4;
const TAIL: u64 = 96;
const LINE: u64 = 120;
const BYTES: u64 = (WORDS + FAULTS * FAULT_WORDS) * 8 + TAIL * LINE;

/// How long the service may take to let go of its files after it was dropped.
const LET_GO_MAX: Duration = Duration::from_secs(20);

/// Operations that can fail, as `enum kind` of disk.c has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Write,
    Sync,
    Read,
    Make,
    Rename,
    Remove,
}

impl Kind {
    pub(super) const ALL: [Self; 6] = [Self::Write, Self::Sync, Self::Read, Self::Make, Self::Rename, Self::Remove];
    /// Their names, and behind them the disk that stops.
    pub(super) const NAMES: [&str; 8] = ["write", "sync", "read", "make", "rename", "remove", "-", "stop"];
}

/// What a failing operation answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Error {
    /// EIO.
    Io,
    /// ENOSPC.
    NoSpace,
    /// EMFILE.
    NoFiles,
    /// Half of it is done, and said so.
    Half,
}

impl Error {
    fn number(self) -> u64 {
        match self {
            Self::Io => 5,
            Self::NoSpace => 28,
            Self::NoFiles => 24,
            Self::Half => 0,
        }
    }
}

/// Builds the library that stands between a program and its disk.
pub(super) fn library(scratch: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulation/disk.c");
    let library = scratch.join("disk.so");
    let built = Command::new("cc")
        .args(["-O1", "-Wall", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .args(["-ldl", "-lpthread"])
        .output()
        .expect("a C compiler: SQLite is built by it, too");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library
}

/// An empty plan.
pub(super) fn new_plan(path: &Path) {
    File::create(path).and_then(|file| file.set_len(BYTES)).expect("written");
}

/// The disk of this process.
pub(super) struct Disk {
    plan: File,
    folder: PathBuf,
}

impl Disk {
    /// The disk that this process was started below.
    pub(super) fn from_environment() -> Self {
        let plan = std::env::var("SIMULATED_PLAN").expect("started by `run`");
        let folder = PathBuf::from(std::env::var("SIMULATED_DISK").expect("started by `run`"));
        let plan = File::options().read(true).write(true).open(plan).expect("opened");
        Self { plan, folder }
    }

    fn get(&self, word: u64) -> u64 {
        let mut bytes = [0; 8];
        self.plan.read_exact_at(&mut bytes, word * 8).expect("read");
        u64::from_le_bytes(bytes)
    }

    fn set(&self, word: u64, value: u64) {
        self.plan.write_all_at(&value.to_le_bytes(), word * 8).expect("written");
    }

    /// Says a word to the library; it listens where no file can be.
    fn say(word: &str) {
        fs::remove_file(Path::new("/simulated-disk").join(word)).expect("heard: is the library loaded?");
    }

    /// The folder that lies on this disk.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// An empty disk, for a seed.
    pub(super) fn format(&self, seed: u64) {
        self.set(STATE, 0);
        Disk::say("forget");
        let trash = self.folder.with_extension("trash");
        for folder in [&self.folder, &trash] {
            _ = fs::remove_dir_all(folder);
            fs::create_dir_all(folder).expect("made");
        }
        for word in [OPERATIONS, STOP_AT, TORN_PERMILLE, TAIL_NEXT] {
            self.set(word, 0);
        }
        for word in 0..8 {
            self.set(BY_KIND + word, 0);
            self.set(FIRED + word, 0);
        }
        self.calm();
        self.set(SEED, seed | 1);
        Disk::say("seed");
    }

    /// From now on the disk is looked after.
    pub(super) fn begin(&self) {
        self.set(STATE, 1);
    }

    /// The wall clock says this, to whoever asks the system.
    pub(super) fn set_clock(&self, nanos: u64) {
        self.set(WALL_NANOS, nanos);
    }

    /// Nothing fails any more.
    pub(super) fn calm(&self) {
        self.set(STOP_AT, 0);
        for fault in 0..FAULTS {
            self.set(WORDS + fault * FAULT_WORDS + 2, 0);
        }
    }

    /// The disk stops so many changing operations from now; of a write then under way only a part is done.
    pub(super) fn stop_after(&self, operations: u64, torn_permille: u64) {
        self.set(TORN_PERMILLE, torn_permille);
        self.set(STOP_AT, self.get(OPERATIONS) + operations.max(1));
    }

    /// `count` operations of a kind fail, from the `nth` from now on.
    pub(super) fn fail(&self, slot: u64, kind: Kind, nth: u64, count: u64, error: Error) {
        let at = WORDS + (slot % FAULTS) * FAULT_WORDS;
        let kind = Kind::ALL.iter().position(|known| *known == kind).expect("known") as u64;
        self.set(at, kind);
        self.set(at + 1, self.get(BY_KIND + kind) + nth.max(1));
        self.set(at + 3, error.number());
        self.set(at + 2, count);
    }

    /// Changing operations until now.
    pub(super) fn operations(&self) -> u64 {
        self.get(OPERATIONS)
    }

    /// Whether the disk has stopped.
    pub(super) fn stopped(&self) -> bool {
        self.get(STATE) == 2
    }

    /// How often each kind has failed, and how often the disk stopped.
    pub(super) fn fired(&self) -> [u64; 8] {
        std::array::from_fn(|kind| self.get(FIRED + kind as u64))
    }

    /// Waits until nobody holds a file; false when somebody never lets go.
    pub(super) async fn all_let_go(&self) -> bool {
        let began = Instant::now();
        while self.get(OPEN_FILES) > 0 {
            if began.elapsed() > LET_GO_MAX {
                return false;
            }
            tokio::task::yield_now().await;
            std::thread::yield_now();
        }
        true
    }

    /// The program has ended; with `power`, the machine with it. Afterwards the disk is as it is found at the next start.
    pub(super) fn restart(&self, power: bool, seed: u64) {
        self.set(SEED, seed | 1);
        Disk::say(if power { "power-cut" } else { "killed" });
        self.set(STOP_AT, 0);
        self.set(STATE, 1);
    }

    /// The disk is not looked after until [`Disk::begin`]; what was not synced counts as synced.
    pub(super) fn rest(&self) {
        self.set(STATE, 0);
        Disk::say("forget");
    }

    /// What was last done, oldest first.
    pub(super) fn tail(&self) -> String {
        let next = self.get(TAIL_NEXT);
        let mut said = String::new();
        for line in next.saturating_sub(TAIL)..next {
            let mut bytes = vec![0; usize::try_from(LINE).expect("small")];
            let at = (WORDS + FAULTS * FAULT_WORDS) * 8 + (line % TAIL) * LINE;
            self.plan.read_exact_at(&mut bytes, at).expect("read");
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            said += &String::from_utf8_lossy(&bytes[..end]);
            said.push('\n');
        }
        said
    }
}
