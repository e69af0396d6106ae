//! Progress on standard error: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::lang::pick;

/// Steps between two lines when standard error is no terminal.
const PLAIN_LINE_EVERY: u64 = 10;
/// Things done before the first step between two such lines.
const PLAIN_BEFORE_EVERY: u64 = 100_000;

/// Steady progress of a known number of steps.
pub(super) struct Progress {
    bar: ProgressBar,
    plain: bool,
    label: &'static str,
    /// Things done before the first step when a line was last written.
    told_before: AtomicU64,
}

impl Progress {
    /// Starts counting to `steps`.
    pub(super) fn start(label: &'static str, steps: u64) -> Self {
        let plain = !std::io::stderr().is_terminal();
        let target = if plain { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        let template = pick(
            "{prefix} {bar:30} {pos}/{len} {elapsed} 余 {eta} {msg}",
            "{prefix} {bar:30} {pos}/{len} {elapsed}, {eta} left {msg}",
        );
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(label);
        Self { bar, plain, label, told_before: AtomicU64::new(0) }
    }

    /// Says that `done` steps are done, and what is going on.
    pub(super) fn at(&self, done: u64, message: String) {
        let before = self.bar.position();
        self.bar.set_position(done);
        if self.plain && (done / PLAIN_LINE_EVERY > before / PLAIN_LINE_EVERY || self.bar.length() == Some(done)) {
            let total = self.bar.length().unwrap_or(0);
            eprintln!("{} {done}/{total} {message}", self.label);
        }
        self.bar.set_message(message);
    }

    /// Says how far the work before the first step is: `count` things are done.
    pub(super) fn before(&self, count: u64, message: &str) {
        if self.plain && count >= self.told_before.load(Ordering::Relaxed) + PLAIN_BEFORE_EVERY {
            self.told_before.store(count, Ordering::Relaxed);
            eprintln!("{} {message}", self.label);
        }
        // What is left is reckoned from the steps alone.
        self.bar.reset_eta();
        self.bar.set_message(message.to_owned());
    }

    /// Ends the bar, leaving the terminal clean.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
