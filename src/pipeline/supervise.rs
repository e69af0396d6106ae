//! Keeps a task going: a pass that fails or panics becomes a trouble that people see, and is tried again after a pause.
//!
//! In: a [`Task`], a [`Clock`], [`Troubles`]. Out: passes, one after the other; an error only when going on would make data worse
//! ([`PipelineError::ends_service`]). Not here: what a pass does.

use std::any::Any;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;

use super::PipelineError;
use super::clock::Clock;

/// Pause after the first failed pass; each further failure doubles it.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// Longest pause after a failed pass.
const LONGEST_RETRY: Duration = Duration::from_mins(5);
/// An endless pass that has run for so long without failing has got over what the one before failed of.
const WORKS_AFTER: Duration = Duration::from_mins(10);
/// Longest description of a trouble, in characters.
const WHY_CHARS_MAX: usize = 600;

/// Work that the service repeats for ever.
#[async_trait]
pub(super) trait Task: Send + 'static {
    /// Its name, as people see it in the log and on the status page.
    const NAME: &'static str;
    /// Whether a pass has no end while all goes well. Then one that has lasted ten minutes counts as a success, or its trouble would stay for
    /// ever. A pass with an end has succeeded when it ends: a log that is read for an hour and fails each time after twenty minutes is one
    /// trouble, with every failure counted.
    const ENDLESS: bool = false;

    /// Does all that is to be done now. May be dropped or panic anywhere: the next pass goes on from what was published.
    async fn pass(&mut self, clock: &Clock) -> Result<(), PipelineError>;

    /// Pause after a pass that took `took`.
    fn pause(&self, took: Duration) -> Duration;

    /// Makes good what a failed pass may have left in memory. Called before the pass that follows a failed one.
    async fn recover(&mut self) -> Result<(), PipelineError> {
        Ok(())
    }
}

/// Why a task of the service does not get on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskTrouble {
    /// The task: `collect`, `read`, `judge`, `replay` or `tell`.
    pub task: &'static str,
    /// When its first pass of this series failed.
    pub since: Timestamp,
    /// How many passes failed since.
    pub failures: u32,
    /// Why the last one failed, with its causes, at most 600 characters.
    pub why: String,
    /// What ran out, when something did: [`Shortage`].
    pub shortage: Option<Shortage>,
    /// Pause before the next try.
    pub retry_in: Duration,
}

/// Something of the machine that ran out. A state, no end: the work goes on as soon as there is some again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// No room on the disk (ENOSPC, EDQUOT).
    Disk,
    /// No file descriptor (EMFILE, ENFILE).
    Descriptors,
    /// No memory (ENOMEM).
    Memory,
}

impl Shortage {
    /// What ran out, if anything did, by the errors of the operating system among the causes of an error.
    #[must_use]
    pub fn of(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        std::iter::successors(Some(error), |error| error.source()).find_map(|cause| {
            if let Some(io) = cause.downcast_ref::<std::io::Error>() {
                return match io.raw_os_error() {
                    Some(28 | 122) => Some(Self::Disk),       // ENOSPC, EDQUOT
                    Some(23 | 24) => Some(Self::Descriptors), // ENFILE, EMFILE
                    Some(12) => Some(Self::Memory),           // ENOMEM
                    // An error that wraps another one does not list it among its causes.
                    _ => io.get_ref().and_then(|inner| Self::of(inner)),
                };
            }
            // Engines keep the system's error as text.
            let text = cause.to_string();
            let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
            if says(&["No space left on device", "database or disk is full", "Disk quota exceeded"]) {
                Some(Self::Disk)
            } else if says(&["Too many open files"]) {
                Some(Self::Descriptors)
            } else if says(&["Cannot allocate memory"]) {
                Some(Self::Memory)
            } else {
                None
            }
        })
    }

    /// What is short and what to do, in Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Disk => "磁盘已满：请腾出空间，之后自动继续，已确认的数据不会丢失",
            Self::Descriptors => "打开的文件过多：请提高 LimitNOFILE 或减少连接，之后自动继续",
            Self::Memory => "内存不足：请提高 MemoryMax 或减少同机负载，之后自动继续",
        }
    }

    /// What is short and what to do, in English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Disk => "the disk is full: make room, work then goes on by itself; nothing acknowledged is lost",
            Self::Descriptors => {
                "too many open files: raise LimitNOFILE or have fewer connections, work then goes on by itself"
            }
            Self::Memory => {
                "memory ran out: raise MemoryMax or lessen the load of this machine, work then goes on by itself"
            }
        }
    }
}

/// The troubles of the running tasks, at most one for each. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Troubles(Arc<Mutex<BTreeMap<&'static str, TaskTrouble>>>);

impl Troubles {
    /// All of them, by the names of the tasks.
    #[must_use]
    pub fn all(&self) -> Vec<TaskTrouble> {
        self.held().values().cloned().collect()
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<&'static str, TaskTrouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a failed pass and says how long to pause.
    fn failed(&self, task: &'static str, now: Timestamp, why: &str, shortage: Option<Shortage>) -> Duration {
        let mut held = self.held();
        let before = held.get(task);
        let failures = before.map_or(1, |before| before.failures.saturating_add(1));
        let since = before.map_or(now, |before| before.since);
        let why: String = why.chars().take(WHY_CHARS_MAX).collect();
        let retry_in = retry_after(failures);
        held.insert(task, TaskTrouble { task, since, failures, why, shortage, retry_in });
        retry_in
    }

    /// Notes a pass that succeeded; says how many failed before it.
    fn mended(&self, task: &'static str) -> u32 {
        self.held().remove(task).map_or(0, |trouble| trouble.failures)
    }
}

/// Pause after this many failures in a row.
fn retry_after(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_RETRY.saturating_mul(doubled).min(LONGEST_RETRY)
}

/// Repeats a task for ever, resting by `rest` between two passes.
///
/// # Errors
/// The error of a pass after which going on would make data worse.
pub(super) async fn supervise<T: Task, R: Future<Output = ()> + Send>(
    mut task: T,
    clock: Clock,
    troubles: Troubles,
    rest: impl Fn(Duration) -> R + Send,
) -> Result<Infallible, PipelineError> {
    let mut broken = false;
    loop {
        let began = tokio::time::Instant::now();
        let ended = {
            let pass = async {
                if broken {
                    task.recover().await?;
                }
                task.pass(&clock).await
            };
            let mut pass = pin!(AssertUnwindSafe(pass).catch_unwind());
            tokio::select! {
                ended = pass.as_mut() => ended,
                () = rest(WORKS_AFTER), if T::ENDLESS => {
                    mended::<T>(&troubles);
                    pass.await
                }
            }
        };
        let (why, shortage) = match ended {
            Ok(Ok(())) => {
                broken = false;
                mended::<T>(&troubles);
                rest(task.pause(began.elapsed())).await;
                continue;
            }
            Ok(Err(error)) if error.ends_service() => return Err(error),
            Ok(Err(error)) => (error.with_causes(), Shortage::of(&error)),
            Err(panic) => (format!("a bug: {}", said_by(panic.as_ref())), None),
        };
        broken = true;
        let retry_in = troubles.failed(T::NAME, clock.now(), &why, shortage);
        let hint = shortage.map_or("", Shortage::en);
        tracing::error!(
            task = T::NAME,
            retry_in_s = retry_in.as_secs(),
            hint,
            "the task failed, it is tried again: {why}"
        );
        rest(retry_in).await;
    }
}

/// Notes that a task works again.
fn mended<T: Task>(troubles: &Troubles) {
    let failures = troubles.mended(T::NAME);
    if failures > 0 {
        tracing::warn!(task = T::NAME, failures, "the task goes on again");
    }
}

/// What a panic said.
fn said_by(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked without a word")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use vocabulary::parse_moment;

    /// What each pass does: fine, an error, a panic, an error that ends the service.
    enum Does {
        Well,
        Fails,
        Panics,
        Ends,
    }

    struct Scripted {
        script: VecDeque<Does>,
        recovered: Arc<Mutex<u32>>,
        seen: Arc<Mutex<Vec<usize>>>,
        troubles: Troubles,
    }

    #[async_trait]
    impl Task for Scripted {
        const NAME: &'static str = "scripted";

        async fn pass(&mut self, _: &Clock) -> Result<(), PipelineError> {
            self.seen.lock().expect("free").push(self.troubles.all().len());
            match self.script.pop_front() {
                Some(Does::Well) => Ok(()),
                Some(Does::Fails) => Err(PipelineError::RerunBroke),
                Some(Does::Panics) => panic!("a page that nobody thought of"),
                Some(Does::Ends) | None => Err(PipelineError::Store(store::StoreError::Damaged {
                    source: "page 7 is not what its checksum says".into(),
                })),
            }
        }

        fn pause(&self, _: Duration) -> Duration {
            Duration::from_millis(250)
        }

        async fn recover(&mut self) -> Result<(), PipelineError> {
            *self.recovered.lock().expect("free") += 1;
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_pass_that_fails_or_panics_becomes_a_trouble_and_is_tried_again_until_it_would_harm_data() {
        let troubles = Troubles::default();
        let (recovered, seen) = (Arc::default(), Arc::default());
        let script = [Does::Well, Does::Fails, Does::Panics, Does::Well, Does::Fails, Does::Ends].into();
        let task =
            Scripted { script, recovered: Arc::clone(&recovered), seen: Arc::clone(&seen), troubles: troubles.clone() };
        let clock = Clock::standing(parse_moment("2024-05-01").expect("a moment"));
        let rests = Mutex::new(Vec::new());
        let rest = |pause: Duration| {
            if pause == WORKS_AFTER {
                return futures_util::future::Either::Left(std::future::pending());
            }
            rests.lock().expect("free").push(pause.as_millis());
            futures_util::future::Either::Right(std::future::ready(()))
        };
        let ended = supervise(task, clock, troubles.clone(), rest).await.expect_err("damaged data end it");
        assert_eq!(*rests.lock().expect("free"), [250, 1_000, 2_000, 250, 1_000]);
        assert!(matches!(ended, PipelineError::Store(store::StoreError::Damaged { .. })));
        assert_eq!(*seen.lock().expect("free"), [0, 0, 1, 1, 0, 1], "troubles are seen until a pass succeeds");
        assert_eq!(*recovered.lock().expect("free"), 3, "once after every failed pass");
    }

    /// Fails twice, then runs on; each pass longer than [`WORKS_AFTER`].
    struct Long<const ENDLESS: bool> {
        passes: u32,
        troubles: Troubles,
        seen: Arc<Mutex<Vec<(u32, u32)>>>,
    }

    #[async_trait]
    impl<const ENDLESS: bool> Task for Long<ENDLESS> {
        const NAME: &'static str = "long";
        const ENDLESS: bool = ENDLESS;

        async fn pass(&mut self, _: &Clock) -> Result<(), PipelineError> {
            // The supervisor looks at its timer between two polls of a pass.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            let failures = self.troubles.all().first().map_or(0, |trouble| trouble.failures);
            self.seen.lock().expect("free").push((self.passes, failures));
            self.passes += 1;
            if self.passes <= 2 {
                return Err(PipelineError::RerunBroke);
            }
            Err(PipelineError::Store(store::StoreError::Damaged { source: "the end of the script".into() }))
        }

        fn pause(&self, _: Duration) -> Duration {
            Duration::ZERO
        }
    }

    async fn seen_in_long_passes<const ENDLESS: bool>() -> Vec<(u32, u32)> {
        let (troubles, seen) = (Troubles::default(), Arc::default());
        let task = Long::<ENDLESS> { passes: 0, troubles: troubles.clone(), seen: Arc::clone(&seen) };
        let clock = Clock::standing(parse_moment("2024-05-01").expect("a moment"));
        // Every wait is over at once: each pass lasts longer than any.
        supervise(task, clock, troubles, |_| std::future::ready(())).await.expect_err("the script ends");
        seen.lock().expect("free").clone()
    }

    #[tokio::test]
    async fn a_long_pass_keeps_the_trouble_until_it_succeeds_unless_it_has_no_end() {
        assert_eq!(seen_in_long_passes::<false>().await, [(0, 0), (1, 1), (2, 2)], "every failure counts");
        assert_eq!(seen_in_long_passes::<true>().await, [(0, 0), (1, 0), (2, 0)], "each went on for long enough");
    }

    #[test]
    fn a_trouble_says_since_when_how_often_and_why() {
        let troubles = Troubles::default();
        let now = parse_moment("2024-05-01").expect("a moment");
        troubles.failed("read", now, "first", None);
        let later = parse_moment("2024-05-02").expect("a moment");
        let full = std::io::Error::from_raw_os_error(28);
        let pause = troubles.failed("read", later, &"长".repeat(10_000), Shortage::of(&full));
        let [trouble] = &troubles.all()[..] else { panic!("one task, one trouble") };
        assert_eq!((trouble.task, trouble.since, trouble.failures), ("read", now, 2));
        assert_eq!((trouble.shortage, trouble.retry_in), (Some(Shortage::Disk), pause));
        assert_eq!(trouble.why.chars().count(), WHY_CHARS_MAX);
        assert_eq!(troubles.mended("read"), 2);
        assert!(troubles.all().is_empty());
    }

    #[test]
    fn pauses_double_up_to_five_minutes_and_never_overflow() {
        let seconds: Vec<u64> = (1..=10).map(|failures| retry_after(failures).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(retry_after(u32::MAX), LONGEST_RETRY);
    }

    #[test]
    fn what_ran_out_is_found_below_other_errors_and_in_the_words_of_engines() {
        let io = |code| PipelineError::Io {
            what: "write",
            path: "x".into(),
            source: std::io::Error::from_raw_os_error(code),
        };
        assert_eq!(Shortage::of(&io(28)), Some(Shortage::Disk));
        assert_eq!(Shortage::of(&io(24)), Some(Shortage::Descriptors));
        assert_eq!(Shortage::of(&io(12)), Some(Shortage::Memory));
        assert_eq!(Shortage::of(&io(2)), None);
        let engine = store::StoreError::Disk { source: "(code: 13) database or disk is full".into() };
        assert_eq!(Shortage::of(&engine), Some(Shortage::Disk));
        let wrapped = std::io::Error::other(std::io::Error::from_raw_os_error(24));
        assert_eq!(Shortage::of(&wrapped), Some(Shortage::Descriptors));
    }
}
