//! Attacks on a running service: a hostile client, a hostile site, a hostile party. Each test is bounded in time and count, talks to loopback
//! only, and asks afterwards whether the watch goes on: `/healthz` answers, what is pushed is found, no file is lost.
//!
//! In CI these run short. `tests/attack.sh` runs them long: `WANGLOU_ATTACK=long` raises the counts.

mod acts;
mod bits;
mod connections;
mod kills;
mod memory;
mod records;
mod service;

/// How often an attack is repeated: `short` in CI, `long` by `tests/attack.sh`.
pub(crate) fn times(short: usize, long: usize) -> usize {
    if std::env::var("WANGLOU_ATTACK").is_ok_and(|asked| asked == "long") { long } else { short }
}
