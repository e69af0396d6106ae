//! A service in a process of its own, under the limits that an operator might give it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What programs show to hand documents in.
pub(crate) const PUSH_TOKEN: &str = "a-push-token-of-the-tests";
/// Longest wait for the service to listen.
const START_MAX: Duration = Duration::from_mins(1);

/// `wanglou run` on a folder, ended when dropped.
pub(crate) struct Running {
    child: Child,
    /// Where it listens.
    pub(crate) at: SocketAddr,
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
        let settings = data.with_extension("toml");
        let written = format!(
            "data = {:?}\nport = 0\npush_token = {PUSH_TOKEN:?}\ntick_seconds = 1\n",
            data.display().to_string()
        );
        fs::write(&settings, written).expect("written");
        let mut child = Command::new("sh")
            .args([
                "-c",
                &format!("ulimit -n {files}; exec \"$0\" \"$@\""),
                env!("CARGO_BIN_EXE_wanglou"),
                "run",
                "--lang",
                "zh",
                "--config",
            ])
            .arg(&settings)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let (found, wait) = std::sync::mpsc::channel();
        let errors = BufReader::new(child.stderr.take().expect("piped"));
        // Read to its end, so that the service never waits for somebody to read its log.
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                if let Some((_, at)) = line.split_once("http://") {
                    let at = at.trim().trim_end_matches('/').to_owned();
                    _ = found.send(at);
                }
            }
        });
        let at = wait.recv_timeout(START_MAX).expect("it says where it listens").parse().expect("an address");
        Self { child, at }
    }

    /// Whether the process still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("asked").is_none()
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says so");
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("a number") << 10
    }

    /// A connection without a word.
    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).expect("connected")
    }

    /// Sends a request over a connection of its own and waits for the answer, at most so long.
    pub(crate) fn ask(&self, request: &str, within: Duration) -> Answer {
        let mut text = Vec::new();
        if let Ok(mut stream) = TcpStream::connect_timeout(&self.at, within) {
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

    /// What `/healthz` answers within a second.
    pub(crate) fn health(&self) -> u16 {
        self.ask(&get("/healthz"), Duration::from_secs(1)).status
    }

    /// Hands a document in.
    pub(crate) fn push(&self, id: &str, text: &str) -> Answer {
        let body = format!("{{\"id\":\"{id}\",\"text\":\"{text}\",\"published_at\":\"2024-05-01\"}}\n");
        let request = format!(
            "POST /api/v1/documents?source=attack HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {PUSH_TOKEN}\r\nContent-Type: \
             application/x-ndjson\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        self.ask(&request, Duration::from_secs(10))
    }

    /// Whether a search for a word finds so many documents within five seconds.
    pub(crate) fn finds(&self, word: &str, documents: usize) -> bool {
        let query = word.bytes().fold(String::new(), |query, byte| query + &format!("%{byte:02X}"));
        let (wanted, began) = (format!("\"total\":{documents}"), Instant::now());
        while began.elapsed() < Duration::from_secs(5) {
            let found = self.ask(&get(&format!("/api/v1/search?q={query}")), Duration::from_secs(2));
            if found.text.replace(' ', "").contains(&wanted) {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }
}

/// A request for an address.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
