//! When a source is asked and how fast: `[schedule]` and `[rate]`, checked.

use std::time::Duration;

use jiff::civil::Time;
use toml::Spanned;

use super::raw::{RawRate, RawSchedule};
use crate::rules::RecipeError;
use crate::rules::check::Checker;
use crate::schedule::{Schedule, When};
use vocabulary::{Refused, refused};

/// Longest interval between two requests, in milliseconds.
const INTERVAL_MS_MAX: u64 = 3_600_000;
/// Interval when the recipe names none, in milliseconds: a polite second.
const INTERVAL_MS_DEFAULT: u64 = 1_000;
/// Most requests that one recipe may have under way.
const AT_ONCE_MAX: u32 = 64;
/// A span of time is shorter than this, in seconds: a century, which fits every clock.
const SPAN_SECONDS_MAX: u64 = 3_155_760_000;

/// A span of time: `30m`.
pub(super) fn duration(checker: &Checker<'_>, text: &Spanned<String>) -> Result<Duration, RecipeError> {
    let (value, byte) = (text.get_ref().trim(), text.span().start);
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let unit = match &value[digits..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => 0,
    };
    let seconds = value[..digits].parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    seconds.filter(|seconds| (1..SPAN_SECONDS_MAX).contains(seconds)).map(Duration::from_secs).ok_or_else(|| {
        checker.error(
            byte,
            refused!(
                "`{value}` 不是时长：应为整数加 s、m、h 或 d，例如 `30m`",
                "`{value}` is no span of time: expected a whole number and s, m, h or d, e.g. `30m`"
            ),
        )
    })
}

/// When rounds begin.
pub(super) fn schedule(checker: &Checker<'_>, written: &RawSchedule) -> Result<Schedule, RecipeError> {
    let at = checker.text.find("schedule").unwrap_or(0);
    let when = match (&written.every, &written.cron, &written.adaptive) {
        (Some(every), None, None) => When::Every(duration(checker, every)?),
        (None, Some(cron), None) => {
            let parsed = cron.get_ref().parse().map_err(|problem| {
                let text = cron.get_ref();
                checker.error(
                    cron.span().start,
                    refused!(
                        "`{text}` 不是 cron 表达式（“{problem}”）：应为分、时、日、月、星期",
                        "`{text}` is no cron expression ({problem}): expected minute, hour, day, month, weekday"
                    ),
                )
            })?;
            When::Cron(Box::new(parsed))
        }
        (None, None, Some(adaptive)) => {
            let (least, most) = (&adaptive.get_ref().least, &adaptive.get_ref().most);
            let bounds = (duration(checker, least)?, duration(checker, most)?);
            if bounds.0 > bounds.1 {
                return Err(checker
                    .error(adaptive.span().start, refused!("`least` 比 `most` 长", "`least` is longer than `most`")));
            }
            When::Adaptive { least: bounds.0, most: bounds.1 }
        }
        _ => {
            return Err(checker.error(
                at,
                Refused::new("schedule 应写 `every = \"30m\"`、`cron = \"0 8 * * *\"` 和 `adaptive = { least = \"10m\", most = \"1d\" }` 之一", "a schedule needs one of `every = \"30m\"`, `cron = \"0 8 * * *\"` and `adaptive = { least = \"10m\", most = \"1d\" }`"),
            ));
        }
    };
    let quiet = written.quiet.iter().map(|text| hours(checker, text)).collect::<Result<_, _>>()?;
    let silent_after = written.silent_after.as_ref().map(|after| duration(checker, after)).transpose()?;
    Ok(Schedule { when, quiet, silent_after })
}

/// Hours of a day: `08:30-18:00`. They go over midnight when the second time is earlier.
fn hours(checker: &Checker<'_>, written: &Spanned<String>) -> Result<(Time, Time), RecipeError> {
    let text = written.get_ref();
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
    let both = text.split_once('-').and_then(|(from, to)| Some((time(from)?, time(to)?)));
    both.filter(|(from, to)| from != to).ok_or_else(|| {
        checker.error(
            written.span().start,
            refused!(
                "`{text}` 不是时段：应为两个时刻，例如 `08:30-18:00`",
                "`{text}` are no hours: expected two times, e.g. `08:30-18:00`"
            ),
        )
    })
}

/// The pause between two requests to one host.
pub(super) fn interval(checker: &Checker<'_>, rate: &RawRate) -> Result<Duration, RecipeError> {
    match (&rate.requests_per_second, &rate.min_interval_ms) {
        (None, None) => Ok(Duration::from_millis(INTERVAL_MS_DEFAULT)),
        (Some(_), Some(both)) => Err(checker.error(
            both.span().start,
            refused!(
                "`requests_per_second` 和 `min_interval_ms` 只写一个",
                "give `requests_per_second` or `min_interval_ms`, not both"
            ),
        )),
        (Some(rate), None) => Some(*rate.get_ref())
            .filter(|rate| *rate > 0.0 && *rate <= 1_000.0)
            .map(|rate| Duration::from_secs_f64(1.0 / rate))
            .filter(|interval| *interval <= Duration::from_millis(INTERVAL_MS_MAX))
            .ok_or_else(|| {
                checker.error(
                    rate.span().start,
                    refused!(
                        "`requests_per_second` 应在 1/3600 和 1000 之间",
                        "`requests_per_second` must lie between 1/3600 and 1000"
                    ),
                )
            }),
        (None, Some(interval)) if (1..=INTERVAL_MS_MAX).contains(interval.get_ref()) => {
            Ok(Duration::from_millis(*interval.get_ref()))
        }
        (None, Some(interval)) => Err(checker.error(
            interval.span().start,
            refused!(
                "`min_interval_ms` 应在 1 和 {INTERVAL_MS_MAX} 之间",
                "`min_interval_ms` must lie between 1 and {INTERVAL_MS_MAX}"
            ),
        )),
    }
}

/// Most requests under way at the same time.
pub(super) fn at_once(checker: &Checker<'_>, rate: &RawRate) -> Result<u32, RecipeError> {
    let Some(at_once) = &rate.at_once else { return Ok(1) };
    let (found, byte) = (*at_once.get_ref(), at_once.span().start);
    if rate.unpaced.is_empty() {
        return Err(checker.error(
            byte,
            refused!(
                "`at_once` 只用于 `unpaced` 里的主机；其他主机一次只发一个请求",
                "`at_once` is for hosts named in `unpaced`; all others get one request at a time"
            ),
        ));
    }
    if !(1..=AT_ONCE_MAX).contains(&found) {
        return Err(checker.error(
            byte,
            refused!(
                "`at_once` 为 {found}：应为 1 到 {AT_ONCE_MAX}",
                "`at_once` is {found}: expected 1 to {AT_ONCE_MAX}"
            ),
        ));
    }
    Ok(found)
}

/// The hosts that are asked without a pause. Each must be a host of the source, written in full.
pub(super) fn unpaced(checker: &Checker<'_>, rate: &RawRate, hosts: &[String]) -> Result<Vec<String>, RecipeError> {
    let named = rate.unpaced.iter().map(|host| {
        let name = host.get_ref().to_ascii_lowercase();
        if hosts.contains(&name) {
            return Ok(name);
        }
        Err(checker.error(
            host.span().start,
            refused!(
                "`unpaced` 写了 `{name}`，它不是这个来源的主机；请按 `start` 或 `hosts` 里的写法写",
                "`unpaced` names `{name}`, which is no host of this source; write the host as in `start` or `hosts`"
            ),
        ))
    });
    named.collect()
}
