//! CSV, TSV and plain text, in UTF-8, UTF-16 or GB 18030.

use encoding_rs::{Encoding, GB18030, UTF_8};

use super::bounds::{COLUMNS_MAX, ROWS_MAX};
use super::{Block, Table, Unread};

pub(crate) fn read(bytes: &[u8], name: &str) -> Result<Vec<Block>, Unread> {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = marked.unwrap_or_else(|| if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { GB18030 });
    let (text, _, is_damaged) = encoding.decode(bytes);
    if is_damaged && marked.is_none() {
        return Err(Unread::Unknown);
    }
    let first = text.lines().next().unwrap_or_default();
    let count = |wanted: char| first.matches(wanted).count();
    let delimiter = if count('\t') > count(',') { '\t' } else { ',' };
    if !name.to_ascii_lowercase().ends_with(".csv") && count(delimiter) < 2 {
        return Ok(vec![Block::Text(text.into_owned())]);
    }
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(u8::try_from(delimiter).unwrap_or(b','))
        .quoting(delimiter == ',')
        .from_reader(text.as_bytes());
    // One more than the bounds, so that what is left out is said.
    let rows = reader.records().take(ROWS_MAX + 1).map_while(Result::ok);
    let rows = rows.map(|row| row.iter().take(COLUMNS_MAX + 1).map(str::to_owned).collect()).collect();
    Ok(vec![Block::Table(Table { rows, seams: Vec::new() })])
}
