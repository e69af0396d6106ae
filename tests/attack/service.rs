//! A service in a process of its own, under the limits that an operator might give it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What programs show to hand documents in.
pub(crate) const PUSH_TOKEN: &str = "a-push-token-of-the-tests";
/// Longest wait for the service to listen.
const START_MAX: Duration = Duration::from_mins(1);
/// Files that a test with thousands of connections opens itself.
const OWN_FILES: u64 = 16_384;

/// Raises the limit of open files of the test itself; that of a service is set by [`Running::with_files`].
pub(crate) fn raise_own_files() {
    let files = rlimit::increase_nofile_limit(OWN_FILES).expect("asked");
    assert!(files >= 2_048, "this machine lets a test open {files} files");
}

/// Statements that a service sent to its store, and rows that came back, as its log tells them.
#[derive(Default)]
pub(crate) struct Asked {
    statements: AtomicU64,
    rows: AtomicU64,
}

impl Asked {
    fn note(&self, line: &str) {
        let Some((_, rest)) = line.split_once("rows_returned=") else { return };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(digits.parse().unwrap_or(0), Ordering::Relaxed);
    }

    /// Statements and rows until now.
    pub(crate) fn until_now(&self) -> (u64, u64) {
        (self.statements.load(Ordering::Relaxed), self.rows.load(Ordering::Relaxed))
    }
}

/// `wanglou run` on a folder, ended when dropped.
pub(crate) struct Running {
    child: Child,
    /// Where it listens.
    pub(crate) at: SocketAddr,
    /// What searches show; none while nobody has to sign in.
    bearer: Option<String>,
    asked: Arc<Asked>,
}

/// An answer as it came.
pub(crate) struct Answer {
    /// The status; 0 when none came.
    pub(crate) status: u16,
    /// Head and body.
    pub(crate) text: String,
}

impl Running {
    /// Starts a service that may open this many files.
    pub(crate) fn with_files(data: &Path, files: u32) -> Self {
        Self::started(data, files, "warn")
    }

    /// Starts a service that tells what it asks its store.
    pub(crate) fn that_tells_what_it_asks(data: &Path) -> Self {
        Self::started(data, 1_024, "sqlx::query=debug")
    }

    fn started(data: &Path, files: u32, log: &str) -> Self {
        let settings = data.with_extension("toml");
        let written = format!(
            "data = {:?}\nport = 0\npush_token = {PUSH_TOKEN:?}\ntick_seconds = 1\n",
            data.display().to_string()
        );
        fs::write(&settings, written).expect("written");
        Self::with(&settings.display().to_string(), files, log)
    }

    /// Starts a service by a settings file. It may open this many files.
    pub(crate) fn with_settings(settings: &str, files: u32) -> Self {
        Self::with(settings, files, "warn")
    }

    fn with(settings: &str, files: u32, log: &str) -> Self {
        let child = Command::new("sh")
            .args([
                "-c",
                &format!("ulimit -n {files}; exec \"$0\" \"$@\""),
                env!("CARGO_BIN_EXE_wanglou"),
                "run",
                "--lang",
                "zh",
                "--config",
            ])
            .arg(settings)
            .env("WANGLOU_LOG", log)
            .env("NO_COLOR", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        // From here on the process ends with this value, whatever goes wrong below.
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut service = Self { child, at, bearer: None, asked: Arc::default() };
        let (found, wait) = std::sync::mpsc::channel();
        let errors = BufReader::new(service.child.stderr.take().expect("piped"));
        let asked = Arc::clone(&service.asked);
        // Read to its end, so that the service never waits for somebody to read its log.
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                asked.note(&line);
                if let Some((_, at)) = line.split_once("http://") {
                    let at = at.trim().trim_end_matches('/').to_owned();
                    _ = found.send(at);
                }
            }
        });
        service.at = wait.recv_timeout(START_MAX).expect("it says where it listens").parse().expect("an address");
        service
    }

    /// The same asked with a token.
    pub(crate) fn shown(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    /// What it asked its store.
    pub(crate) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Asks it to end, as an operator would, and waits until it has.
    pub(crate) fn end(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("sent").success());
        assert!(self.child.wait().expect("ended").success());
    }

    /// Whether the process still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("asked").is_none()
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        memory_of(self.child.id(), "VmRSS:").expect("it runs")
    }

    /// The most memory that was resident since it began, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        memory_of(self.child.id(), "VmHWM:").expect("it runs")
    }

    /// A connection without a word.
    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).expect("connected")
    }

    /// Sends a request over a connection of its own and waits for the answer, at most so long.
    pub(crate) fn ask(&self, request: &str, within: Duration) -> Answer {
        asked_at(self.at, request, within)
    }

    /// A request for an address, with what the service is shown.
    pub(crate) fn get(&self, path: &str) -> String {
        let shown = self.bearer.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n"));
        get(path).replacen("\r\n\r\n", &format!("\r\n{}\r\n", shown.unwrap_or_default()), 1)
    }

    /// What `/healthz` answers within a second.
    pub(crate) fn health(&self) -> u16 {
        self.ask(&get("/healthz"), Duration::from_secs(1)).status
    }

    /// Hands a document in.
    pub(crate) fn push(&self, id: &str, text: &str) -> Answer {
        let body = format!("{{\"id\":\"{id}\",\"text\":\"{text}\",\"published_at\":\"2024-05-01\"}}\n");
        self.post("/api/v1/documents?source=attack", PUSH_TOKEN, &body)
    }

    /// Sends a body with a token.
    pub(crate) fn post(&self, path: &str, token: &str, body: &str) -> Answer {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: \
             application/x-ndjson\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        self.ask(&request, Duration::from_secs(30))
    }

    /// Whether a search for a word finds so many documents within five seconds.
    pub(crate) fn finds(&self, word: &str, documents: usize) -> bool {
        let query = encoded(word);
        let (wanted, began) = (format!("\"total\":{documents}"), Instant::now());
        while began.elapsed() < Duration::from_secs(5) {
            let found = self.ask(&self.get(&format!("/api/v1/search?q={query}")), Duration::from_secs(2));
            if found.text.replace(' ', "").contains(&wanted) {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }
}

/// A text as it stands in an address.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |query, byte| query + &format!("%{byte:02X}"))
}

/// A request for an address.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// Sends a request over a connection of its own and waits for the answer, at most so long.
pub(crate) fn asked_at(at: SocketAddr, request: &str, within: Duration) -> Answer {
    let mut text = Vec::new();
    if let Ok(mut stream) = TcpStream::connect_timeout(&at, within) {
        stream.set_read_timeout(Some(within)).expect("set");
        let began = Instant::now();
        if stream.write_all(request.as_bytes()).is_ok() {
            let mut buffer = [0; 16 << 10];
            while began.elapsed() < within {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(bytes) => text.extend_from_slice(&buffer[..bytes]),
                }
            }
        }
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, text }
}

/// A line of what the system says of a process's memory, in bytes; none once it has ended.
pub(crate) fn memory_of(process: u32, line: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let found = status.lines().find_map(|found| found.strip_prefix(line))?;
    Some(found.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? << 10)
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
