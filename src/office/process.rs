//! A process of its own for each file: started, fed, waited for, and held to its bounds by the system.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rlimit::Resource;

use super::bounds::{ANSWER_BYTES_MAX, PROCESS_BYTES_MAX, PROCESS_CPU_MAX, PROCESS_TIME_MAX};
use super::{Papers, Unread};

/// The command of the program that [`serve`]s.
pub const COMMAND: &str = "read-file";
/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// The allocator takes no more address space at once than the process may use.
const ALLOCATOR: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "65536");

/// Reads files, each in a process of its own where there is a program for it.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    program: Option<PathBuf>,
}

impl Reader {
    /// By this program, called with [`COMMAND`] and the name of the file.
    #[must_use]
    pub fn by(program: PathBuf) -> Self {
        Self { program: Some(program) }
    }

    /// In this process, for files of one's own: a hostile file may end it.
    #[must_use]
    pub fn here() -> Self {
        Self { program: None }
    }

    /// Reads a file. Blocks until it is read, at most a minute.
    ///
    /// # Errors
    /// [`Unread`].
    pub fn read(&self, bytes: &[u8], name: &str) -> Result<Papers, Unread> {
        match &self.program {
            None => super::read(bytes, name),
            Some(program) => read_by(program, bytes, name),
        }
    }
}

fn read_by(program: &Path, bytes: &[u8], name: &str) -> Result<Papers, Unread> {
    let no_process = |problem: std::io::Error| Unread::NoProcess(problem.to_string());
    let mut child = Command::new(program)
        .arg(COMMAND)
        .env_clear()
        .env(ALLOCATOR.0, ALLOCATOR.1)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(no_process)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (status, answer) = std::thread::scope(|scope| {
        // A process that ends early takes no more; its status says why.
        scope.spawn(move || stdin.map(|mut stdin| send(&mut stdin, bytes, name)));
        let answer = scope.spawn(move || {
            let mut answer = Vec::new();
            stdout.map(|stdout| stdout.take(ANSWER_BYTES_MAX + 1).read_to_end(&mut answer));
            answer
        });
        let status = wait(&mut child);
        (status, answer.join().unwrap_or_default())
    });
    let status = status.map_err(no_process)?.ok_or_else(|| Unread::TooMuch(seconds(PROCESS_TIME_MAX)))?;
    if answer.len() as u64 > ANSWER_BYTES_MAX {
        return Err(Unread::TooMuch(format!("{ANSWER_BYTES_MAX} bytes of text")));
    }
    if !status.success() {
        return Err(ended(status));
    }
    serde_json::from_slice(&answer).unwrap_or_else(|_| Err(ended(status)))
}

fn send(into: &mut impl Write, bytes: &[u8], name: &str) -> std::io::Result<()> {
    let name: String = name.chars().filter(|letter| *letter != '\n').collect();
    into.write_all(name.as_bytes())?;
    into.write_all(b"\n")?;
    into.write_all(bytes)
}

/// How the process ended; none when it had to be ended.
#[expect(clippy::disallowed_methods, reason = "how long a process may take is measured where it is started")]
fn wait(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() > PROCESS_TIME_MAX {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
}

fn ended(status: ExitStatus) -> Unread {
    use std::os::unix::process::ExitStatusExt;
    const ABORTED: i32 = 6;
    const KILLED: i32 = 9;
    const OUT_OF_TIME: i32 = 24;
    match status.signal() {
        Some(OUT_OF_TIME | KILLED) => Unread::TooMuch(format!("{} of processor time", seconds(PROCESS_CPU_MAX))),
        Some(ABORTED) => Unread::TooMuch(format!("{} MiB of memory", PROCESS_BYTES_MAX >> 20)),
        _ => Unread::Broken("reading it ended early".to_owned()),
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}

/// The other end: reads the name and the file from `input`, and writes what they hold to `output`, within the bounds.
///
/// # Errors
/// The input could not be read, the bounds not set, or the output not written.
pub fn serve(mut input: impl Read, mut output: impl Write) -> std::io::Result<()> {
    for (resource, limit) in [
        (Resource::DATA, PROCESS_BYTES_MAX),
        (Resource::CPU, PROCESS_CPU_MAX.as_secs()),
        (Resource::FSIZE, 0),
        (Resource::CORE, 0),
    ] {
        resource.set(limit, limit)?;
    }
    let mut all = Vec::new();
    input.read_to_end(&mut all)?;
    let end = all.iter().position(|byte| *byte == b'\n').unwrap_or(all.len());
    let name = String::from_utf8_lossy(&all[..end]).into_owned();
    let bytes = all.get(end + 1..).unwrap_or_default();
    let read = std::panic::catch_unwind(|| super::read(bytes, &name));
    let read = read.unwrap_or_else(|_| Err(Unread::Broken("its reader gave up".to_owned())));
    serde_json::to_writer(&mut output, &read)?;
    output.flush()
}
