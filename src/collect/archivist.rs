//! The one hand that writes the raw archive: a thread that appends exchanges in the order they come, so that neither
//! compressing nor the disk holds up those who fetch.
//!
//! RAW-1: a page is parsed only after its exchange was appended, and a document acknowledged only after
//! [`Archivist::sync`] came back; many pages may share one sync.

use std::net::IpAddr;
use std::thread::JoinHandle;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use archive::{Exchange, Truncated, WarcError, WarcWriter};
use vocabulary::RawRef;

/// One request and its answer, on the way to the archive.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) url: String,
    pub(crate) at: Timestamp,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) request: Vec<u8>,
    pub(crate) response_head: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) truncated: Option<Truncated>,
}

/// A file on the way to the archive.
#[derive(Debug)]
pub(crate) struct Dropped {
    pub(crate) name: String,
    pub(crate) at: Timestamp,
    pub(crate) bytes: Vec<u8>,
}

enum Job {
    /// Append, and give the body back.
    Keep(Box<Capture>, oneshot::Sender<Result<(RawRef, Vec<u8>), WarcError>>),
    /// Append a file that somebody dropped, and give it back.
    KeepFile(Box<Dropped>, oneshot::Sender<Result<(RawRef, Vec<u8>), WarcError>>),
    /// Everything appended so far is to be on the disk.
    Sync(oneshot::Sender<Result<(), WarcError>>),
}

/// Owns the writer. Jobs waiting are bounded by the requests under way.
pub(crate) struct Archivist {
    jobs: Option<mpsc::UnboundedSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Archivist {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the system said when it has no thread left.
    pub(crate) fn new(warc: WarcWriter) -> std::io::Result<Self> {
        let (jobs, mut todo) = mpsc::unbounded_channel();
        let mut warc = warc;
        let work = move || {
            while let Some(job) = todo.blocking_recv() {
                // A caller that no longer waits gets no place, so that nothing refers to what was appended for it.
                match job {
                    Job::Keep(capture, told) => _ = told.send(keep(&mut warc, *capture)),
                    Job::KeepFile(file, told) => {
                        let raw = warc.append_file(&file.name, file.at, &file.bytes);
                        _ = told.send(raw.map(|raw| (raw, file.bytes)));
                    }
                    Job::Sync(told) => _ = told.send(warc.sync()),
                }
            }
        };
        let thread = std::thread::Builder::new().name("archive".to_owned()).spawn(work)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Appends an exchange; answers with its place and the body.
    pub(crate) async fn keep(&self, capture: Capture) -> Result<(RawRef, Vec<u8>), WarcError> {
        self.ask(|told| Job::Keep(Box::new(capture), told)).await
    }

    /// Appends a file that somebody dropped; answers with its place and the bytes.
    pub(crate) async fn keep_file(&self, file: Dropped) -> Result<(RawRef, Vec<u8>), WarcError> {
        self.ask(|told| Job::KeepFile(Box::new(file), told)).await
    }

    /// Everything appended so far is on the disk when this returns.
    pub(crate) async fn sync(&self) -> Result<(), WarcError> {
        self.ask(Job::Sync).await
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T, WarcError>>) -> Job) -> Result<T, WarcError> {
        let (told, answer) = oneshot::channel();
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job(told)).is_ok());
        let broken = || WarcError::Io {
            doing: "go on writing to",
            path: "the archive".into(),
            source: std::io::Error::other("its thread broke off; this is a bug"),
        };
        if !sent {
            return Err(broken());
        }
        answer.await.unwrap_or_else(|_| Err(broken()))
    }
}

impl Drop for Archivist {
    fn drop(&mut self) {
        // The file's lock must be free when the collector is gone: a folder may be opened again at once.
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

fn keep(warc: &mut WarcWriter, capture: Capture) -> Result<(RawRef, Vec<u8>), WarcError> {
    let exchange = Exchange {
        url: &capture.url,
        at: capture.at,
        ip: capture.ip,
        request: &capture.request,
        response_head: &capture.response_head,
        body: &capture.body,
        truncated: capture.truncated,
    };
    let raw = warc.append(&exchange)?;
    Ok((raw, capture.body))
}
