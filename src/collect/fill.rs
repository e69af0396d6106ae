//! Texts with places to be filled: addresses and bodies of requests with `{page}`, `{today-90d}` and the like. Pure.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// Furthest that a moving date lies from today, in days.
const SHIFT_DAYS_MAX: i32 = 9_999;
/// Furthest that a moving year lies from this one, in years.
const SHIFT_YEARS_MAX: i32 = 100;
/// Longest format of a date, in bytes.
const FORMAT_BYTES_MAX: usize = 40;
/// How a day is written without a format.
const FORMAT_DEFAULT: &str = "%Y-%m-%d";

/// A text with its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Slot(Slot),
}

/// A place to be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Slot {
    /// The number of the page, or the offset.
    Page,
    /// The number of the first row of the page, from 1.
    First,
    /// The number of the last row of the page.
    Last,
    /// What the answer before it named.
    Cursor,
    /// A day, so many days from today.
    Day { shift: i32, format: String },
    /// A year, so many years from this one.
    Year { shift: i32 },
}

/// The values for the places of a template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filling<'a> {
    pub(crate) page: Option<u32>,
    /// First and last row of the page, from 1.
    pub(crate) rows: Option<(u32, u32)>,
    /// As it is to stand in the text.
    pub(crate) cursor: &'a str,
    pub(crate) today: Date,
}

impl Template {
    /// A text whose known places are filled later. Braces around anything else stay as they are.
    pub(crate) fn of(text: &str) -> Self {
        let (mut pieces, mut kept, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find('{') {
            kept.push_str(&rest[..at]);
            rest = &rest[at..];
            let found = rest.find('}').and_then(|end| Some((end, slot(&rest[1..end])?)));
            let (end, piece) = found.map_or((1, None), |(end, slot)| (end + 1, Some(slot)));
            match piece {
                Some(slot) => {
                    pieces.push(Piece::Text(std::mem::take(&mut kept)));
                    pieces.push(Piece::Slot(slot));
                }
                None => kept.push('{'),
            }
            rest = &rest[end..];
        }
        kept.push_str(rest);
        pieces.push(Piece::Text(kept));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Self(pieces)
    }

    /// The first `{…}` that stays as it is although it looks like a place.
    pub(crate) fn stranger(&self) -> Option<String> {
        let texts = self.0.iter().filter_map(|piece| if let Piece::Text(text) = piece { Some(text) } else { None });
        let mut braces = texts.flat_map(|text| text.split('{').skip(1)).filter_map(|rest| rest.split_once('}'));
        let is_word = |inside: &str| inside.starts_with(|first: char| first.is_ascii_lowercase());
        braces.find(|(inside, _)| is_word(inside)).map(|(inside, _)| format!("{{{inside}}}"))
    }

    fn has(&self, is: impl Fn(&Slot) -> bool) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Slot(slot) if is(slot)))
    }

    /// Whether each page of a list has a text of its own.
    pub(crate) fn has_pages(&self) -> bool {
        self.has(|slot| matches!(slot, Slot::Page | Slot::First | Slot::Last))
    }

    /// Whether it names rows.
    pub(crate) fn has_rows(&self) -> bool {
        self.has(|slot| matches!(slot, Slot::First | Slot::Last))
    }

    pub(crate) fn has_cursor(&self) -> bool {
        self.has(|slot| *slot == Slot::Cursor)
    }

    /// The text, filled in one pass: what is filled in is not looked through again.
    pub(crate) fn fill(&self, filling: &Filling<'_>) -> String {
        let mut filled = String::new();
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Slot(Slot::Page) => filled.push_str(&number(filling.page)),
                Piece::Slot(Slot::First) => filled.push_str(&number(filling.rows.map(|(first, _)| first))),
                Piece::Slot(Slot::Last) => filled.push_str(&number(filling.rows.map(|(_, last)| last))),
                Piece::Slot(Slot::Cursor) => filled.push_str(filling.cursor),
                Piece::Slot(Slot::Day { shift, format }) => {
                    let span: Span = i64::from(*shift).days();
                    filled.push_str(&written(filling.today.saturating_add(span), format));
                }
                Piece::Slot(Slot::Year { shift }) => {
                    filled.push_str(&(i32::from(filling.today.year()) + shift).to_string());
                }
            }
        }
        filled
    }
}

/// What stands between the braces of a place; none when it is no place.
fn slot(inside: &str) -> Option<Slot> {
    match inside {
        "page" => return Some(Slot::Page),
        "first" => return Some(Slot::First),
        "last" => return Some(Slot::Last),
        "cursor" => return Some(Slot::Cursor),
        _ => {}
    }
    if let Some(shift) = inside.strip_prefix("year") {
        return shift_of(shift, "", SHIFT_YEARS_MAX).map(|shift| Slot::Year { shift });
    }
    let (shift, format) = inside.strip_prefix("today")?.split_once(':').map_or_else(
        || (inside.strip_prefix("today").unwrap_or_default(), FORMAT_DEFAULT),
        |(shift, format)| (shift, format),
    );
    let shift = shift_of(shift, "d", SHIFT_DAYS_MAX)?;
    is_format(format).then(|| Slot::Day { shift, format: format.to_owned() })
}

/// `-90d` as -90; nothing as 0.
fn shift_of(text: &str, unit: &str, max: i32) -> Option<i32> {
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.strip_suffix(unit)?;
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, digits.strip_prefix('+')?),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse::<i32>().ok().filter(|shift| plain && *shift <= max).map(|shift| sign * shift)
}

/// Whether a format is made of year, month and day, and of characters that mean nothing in an address or in JSON.
fn is_format(format: &str) -> bool {
    let mut rest = format.chars();
    let mut is_good = !format.is_empty() && format.len() <= FORMAT_BYTES_MAX;
    while let Some(character) = rest.next() {
        is_good &= match character {
            '%' => matches!(rest.next(), Some('Y' | 'm' | 'd')),
            '-' | '/' | '.' | ':' | '_' | '年' | '月' | '日' => true,
            other => other.is_ascii_alphanumeric(),
        };
    }
    is_good
}

/// A day in a format that [`is_format`].
fn written(day: Date, format: &str) -> String {
    let year = format!("{:04}", day.year());
    let (month, date) = (format!("{:02}", day.month()), format!("{:02}", day.day()));
    format.replace("%Y", &year).replace("%m", &month).replace("%d", &date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn filled(text: &str) -> String {
        let filling = Filling { page: Some(3), rows: Some((41, 60)), cursor: "{page}", today: date(2026, 3, 15) };
        Template::of(text).fill(&filling)
    }

    #[test]
    fn pages_rows_days_and_years_are_filled_in_one_pass() {
        assert_eq!(filled("p={page}&s={first}&e={last}&c={cursor}"), "p=3&s=41&e=60&c={page}");
        assert_eq!(filled("{today} {today-90d} {today+1d}"), "2026-03-15 2025-12-15 2026-03-16");
        assert_eq!(filled("{today:%Y%m%d}/{today-14d:%m/%d/%Y}"), "20260315/03/01/2026");
        assert_eq!(filled("{year} {year-1} {year+1}"), "2026 2025 2027");
    }

    #[test]
    fn what_is_no_place_stays_and_one_that_looks_like_it_is_told() {
        for text in [r#"{"a": {"b": 1}}"#, "{", "}{", "{}", "{Page}", "{today-}", "{today-99999d}", "{today:%H}"] {
            assert_eq!(filled(text), text);
        }
        assert_eq!(filled(r#"{"p": {page}}"#), r#"{"p": 3}"#);
        assert_eq!(filled("{{page}"), "{3");
        let stranger = |text: &str| Template::of(text).stranger();
        assert_eq!(stranger("a{pgae}b{page}").as_deref(), Some("{pgae}"));
        assert_eq!(stranger("{today:%H}").as_deref(), Some("{today:%H}"));
        assert_eq!(stranger(r#"{"a": {page}}{cursor}"#), None);
    }

    #[test]
    fn a_day_beyond_the_calendar_is_its_end() {
        let filling = Filling { page: None, rows: None, cursor: "", today: Date::MAX };
        assert_eq!(Template::of("{today+9999d}{page}").fill(&filling), "9999-12-31");
    }
}
