//! Tables beside the matters: test bodies, working days, clocks; and how a table stands in a terminal.

use jiff::civil::Date;

use crate::lang::{pick, tr};
use crate::{Failure, pipeline_failure, say};
use matter::{Clock, Counting, Handling};
use pipeline::Folder;

/// A source with what is to be known of it: it is written in Chinese, and shown when nobody has checked it.
fn source(text: &str, verified: bool) -> String {
    let text = pick(text.to_owned(), format!("“{text}”"));
    if verified { text } else { format!("{text}  {}", unverified()) }
}

/// How a source that nobody has read is marked.
pub(super) fn unverified() -> &'static str {
    pick("未核对", "not verified")
}

pub(super) async fn bodies(folder: &Folder, today: Date, json: bool) -> Result<(), Failure> {
    let bodies = folder.test_bodies().await.map_err(pipeline_failure)?;
    if json {
        let all: Vec<_> = bodies.values().collect();
        return say(serde_json::to_string_pretty(&all)?);
    }
    for body in bodies.values() {
        let categories: Vec<&str> =
            body.categories.iter().map(|category| pick(category.zh(), category.code())).collect();
        let holds = if today < body.valid_from || today > body.valid_until {
            pick("  不在有效期内", "  does not hold today")
        } else {
            ""
        };
        say(format_args!(
            "{}  {}  {}..{}{holds}  {}",
            body.name,
            body.certificate,
            body.valid_from,
            body.valid_until,
            categories.join(pick("、", ", "))
        ))?;
    }
    say(tr!("共 {} 家", "{} in all", bodies.len()))
}

pub(super) fn calendar(handling: &Handling) -> Result<(), Failure> {
    for (year, text, verified) in handling.calendar.years() {
        say(format_args!("{year}  {}", source(text, verified)))?;
    }
    say(pick(
        "未列出的年份按周一至周五计，期限旁注明“无放假安排数据”。",
        "a year that is not listed counts Monday to Friday, and every limit that runs over it says so",
    ))
}

pub(super) fn clocks(handling: &Handling) -> Result<(), Failure> {
    for clock in handling.clocks.all() {
        let days = match clock.kind {
            Counting::Calendar => tr!("{} 日", "{} days", clock.days),
            Counting::Working => tr!("{} 个工作日", "{} working days", clock.days),
        };
        say(format_args!(
            "{}  {}  {days}{}  {}",
            clock.id,
            pick(&clock.zh, &clock.en),
            valid(clock),
            source(&clock.source, clock.verified)
        ))?;
    }
    Ok(())
}

/// The days on which a row of the clocks holds; nothing when it always does.
fn valid(clock: &Clock) -> String {
    if clock.valid_from.is_none() && clock.valid_to.is_none() {
        return String::new();
    }
    let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
    format!("  {}..{}", day(clock.valid_from), day(clock.valid_to))
}

/// Rows in columns that stand below one another.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0));
    let mut table = String::new();
    for row in rows {
        let mut line = String::new();
        for (text, wide) in row.iter().zip(widths) {
            line += text;
            line.extend(std::iter::repeat_n(' ', wide.saturating_sub(width(text)) + 2));
        }
        table += line.trim_end();
        table.push('\n');
    }
    table
}

/// Cells of a terminal: what is not Latin takes two.
fn width(text: &str) -> usize {
    text.chars().map(|letter| if u32::from(letter) < 0x2E80 { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_one_another() {
        let rows = [["状态", "id"], ["ab", "x"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), "状态  id\nab    x\n");
    }
}
