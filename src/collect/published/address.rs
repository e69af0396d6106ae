//! Days in the address of a page: `/t20150414_123.html`, `/2009-01/24/`, `/20101015/`, `/2019/09/26/`, `/201909/`.

use jiff::civil::Date;

use super::{At, Evidence, compact};
use vocabulary::PublishedFrom;

/// Weight of a day.
const DAY: u32 = 4;
/// Weight of eight digits at the beginning of a longer number, which may be a number and nothing more.
const IN_NUMBER: u32 = 1;
/// Years that an address can mean: the web is not older.
const YEARS: std::ops::RangeInclusive<i16> = 1994..=2099;
/// Bytes of an address that are looked at.
const ADDRESS_BYTES_MAX: usize = 1_000;

/// A number in an address, and where it ends.
#[derive(Debug, Clone, Copy)]
struct Number<'a> {
    digits: &'a str,
    from: usize,
    to: usize,
}

/// Takes the first day of an address, or the month or year where it has no day. Whether there was any.
pub(super) fn gather(address: &str, evidence: &mut Evidence) -> bool {
    let address = address.split(['?', '#', '&']).next().unwrap_or_default();
    let address = &address[..address.floor_char_boundary(ADDRESS_BYTES_MAX)];
    // The name of the host is no place for a date.
    let address = address.split_once("://").map_or(address, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    let numbers: Vec<Number<'_>> = numbers(address).collect();
    if let Some((date, weight)) = day(address, &numbers) {
        evidence.add(PublishedFrom::Address, At::Day(date, None), weight);
        return true;
    }
    if let Some((year, month)) = month(address, &numbers) {
        evidence.add(PublishedFrom::Address, At::Month(year, month), 0);
        return true;
    }
    false
}

fn numbers(address: &str) -> impl Iterator<Item = Number<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let begin = from + address.get(from..)?.find(|c: char| c.is_ascii_digit())?;
        let rest = &address[begin..];
        let to = begin + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        from = to;
        Some(Number { digits: &address[begin..to], from: begin, to })
    })
}

fn year(digits: &str) -> Option<i16> {
    digits.parse().ok().filter(|year| YEARS.contains(year))
}

fn date(year: i16, month: &str, day: &str) -> Option<Date> {
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}

/// What lies between two numbers, when it is one mark of a path.
fn joined(address: &str, before: &Number<'_>, after: &Number<'_>) -> bool {
    matches!(address.get(before.to..after.from), Some("/" | "-" | "_" | "."))
}

fn day(address: &str, numbers: &[Number<'_>]) -> Option<(Date, u32)> {
    let at = |number: usize| numbers.get(number);
    let mut in_number = None;
    for (place, first) in numbers.iter().enumerate() {
        let next = at(place + 1).filter(|next| joined(address, first, next));
        let after = next.and_then(|next| at(place + 2).filter(|after| joined(address, next, after)));
        let found = match first.digits.len() {
            // 20150414
            8 => compact(first.digits).map(|(date, _)| date).filter(|date| YEARS.contains(&date.year())),
            // 201504/14
            6 => year(&first.digits[..4])
                .zip(next.filter(|next| next.digits.len() == 2))
                .and_then(|(year, next)| date(year, &first.digits[4..], next.digits)),
            4 => year(first.digits).zip(next).and_then(|(year, next)| match (next.digits.len(), after) {
                // 2015/0414
                (4, _) => date(year, &next.digits[..2], &next.digits[2..]),
                // 2015/04/14, 2015-4-14
                (1 | 2, Some(after)) if after.digits.len() <= 2 => date(year, next.digits, after.digits),
                _ => None,
            }),
            12 | 14 | 17 if in_number.is_none() => {
                in_number =
                    compact(&first.digits[..8]).map(|(date, _)| date).filter(|date| YEARS.contains(&date.year()));
                None
            }
            _ => None,
        };
        if let Some(date) = found {
            return Some((date, DAY));
        }
    }
    in_number.map(|date| (date, IN_NUMBER))
}

fn month(address: &str, numbers: &[Number<'_>]) -> Option<(i16, Option<i8>)> {
    let valid = |month: &str| month.parse::<i8>().ok().filter(|month| (1..=12).contains(month));
    for (place, first) in numbers.iter().enumerate() {
        match first.digits.len() {
            // 201504
            6 => {
                if let Some((year, month)) = year(&first.digits[..4]).zip(valid(&first.digits[4..])) {
                    return Some((year, Some(month)));
                }
            }
            // 2015, 2015/04, 2015-04
            4 => {
                // Alone between marks: a number of an article has letters or more digits beside it.
                let alone = address[..first.from].ends_with('/')
                    && address.get(first.to..).is_some_and(|rest| rest.starts_with(['/', '-', '_']));
                if let Some(year) = year(first.digits).filter(|_| alone) {
                    let next = numbers.get(place + 1).filter(|next| joined(address, first, next));
                    let month = next.filter(|next| next.digits.len() == 2).and_then(|next| valid(next.digits));
                    return Some((year, month));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(address: &str) -> String {
        let mut evidence = Evidence::new(None);
        gather(address, &mut evidence);
        match evidence.stated.first().map(|stated| stated.at) {
            Some(At::Day(date, _)) => date.to_string(),
            Some(At::Month(year, month)) => month.map_or(format!("{year}"), |month| format!("{year}-{month:02}")),
            _ => "none".to_owned(),
        }
    }

    #[test]
    fn days_of_addresses_are_read_as_systems_write_them() {
        for (address, expected) in [
            ("/zwgk/201504/t20150414_1234.html", "2015-04-14"),
            ("/2009-01/24/content_10709.htm", "2009-01-24"),
            ("/a/20101015/000123.htm", "2010-10-15"),
            ("/art/2016/11/22/art_1621004_30332664.html", "2016-11-22"),
            ("/2019/0926/15408927.shtml", "2019-09-26"),
            ("/c/2019-11-25/doc-iihnzahi3275702.shtml", "2019-11-25"),
            ("/n2/2024/0315/c1001-40195.html", "2024-03-15"),
            ("/2024/3/5/1234567.html", "2024-03-05"),
            ("/news/201909/1220000.shtml", "2019-09"),
            ("/2019-09/1220000.shtml", "2019-09"),
            ("/2016/news/55.html", "2016"),
            ("http://20150414.example.org/a.html", "none"),
            ("/item/20158899.html", "none"),
            ("/goods/1234567890123.html", "none"),
            ("/p/2019.html", "none"),
            ("/", "none"),
        ] {
            assert_eq!(found(address), expected, "{address}");
        }
    }
}
