//! What the workers say of their seeds, and the sum of it.

use std::collections::BTreeMap;
use std::fmt;

use super::disk::{Disk, Kind};
use super::life::SeedRun;

/// What a line of a worker begins with.
const MARK: &str = "seed ";

/// The line of a seed.
pub(super) fn line(seed: u64, run: &SeedRun, disk: &Disk) -> String {
    let counts: Vec<String> = run.counts.iter().map(|(what, count)| format!("{what}={count}")).collect();
    let broken = run.broken.as_ref().map_or_else(String::new, |broken| {
        format!(
            "\n--- the last operations on the disk\n{}--- the last steps\n{}--- {broken}\n",
            disk.tail(),
            run.tail()
        )
    });
    let verdict = if run.broken.is_some() { "broken" } else { "good" };
    // Where the test runner has begun a line already.
    format!("\n{MARK}{seed} {verdict} {} {}{broken}\n", run.trace(), counts.join(" "))
}

/// The sum over seeds.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// How many were run.
    pub(super) seeds: u64,
    /// The first and the last of them.
    pub(super) range: Option<(u64, u64)>,
    /// Those in which a promise was broken.
    pub(super) broken: Vec<u64>,
    /// How often each thing was done or failed.
    counts: BTreeMap<String, u64>,
    /// A digest of what each seed did.
    pub(super) traces: BTreeMap<u64, String>,
}

impl Report {
    /// Reads what a worker said.
    pub(super) fn read(said: &str) -> Self {
        let mut report = Self::default();
        for line in said.lines().filter_map(|line| line.strip_prefix(MARK)) {
            let mut words = line.split(' ');
            let (Some(seed), Some(verdict), Some(trace)) = (words.next(), words.next(), words.next()) else { continue };
            let Ok(seed) = seed.parse::<u64>() else { continue };
            report.seeds += 1;
            report.reach(seed);
            if verdict == "broken" {
                report.broken.push(seed);
            }
            report.traces.insert(seed, trace.to_owned());
            for (what, count) in words.filter_map(|word| word.split_once('=')) {
                *report.counts.entry(what.to_owned()).or_default() += count.parse::<u64>().unwrap_or(0);
            }
        }
        report
    }

    fn reach(&mut self, seed: u64) {
        self.range = Some(self.range.map_or((seed, seed), |(first, last)| (first.min(seed), last.max(seed))));
    }

    /// Adds what other seeds came to.
    pub(super) fn add(&mut self, other: Self) {
        self.seeds += other.seeds;
        for seed in other.range.into_iter().flat_map(|(first, last)| [first, last]) {
            self.reach(seed);
        }
        self.broken.extend(other.broken);
        self.traces.extend(other.traces);
        for (what, count) in other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.range.unwrap_or_default();
        writeln!(f, "{} seeds ({first} to {last}), {} broken: {:?}", self.seeds, self.broken.len(), self.broken)?;
        for (what, count) in &self.counts {
            writeln!(f, "{count:>10}  {what}")?;
        }
        Ok(())
    }
}

/// The names of what failed, with how often, since `before`.
pub(super) fn fired_since(before: [u64; 8], now: [u64; 8]) -> Vec<(String, u64)> {
    let each = Kind::NAMES.iter().zip(before.iter().zip(now));
    each.filter_map(|(name, (before, now))| {
        let times = now.saturating_sub(*before);
        (times > 0).then(|| (format!("fault.{name}"), times))
    })
    .collect()
}
