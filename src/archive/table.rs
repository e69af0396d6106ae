//! The rows of CSV and TSV files, one at a time: a file of any size costs a row of memory, and a row that is too long is passed
//! over without being made.

use std::io::{BufRead, Error, Read, Result};

use csv_core::ReadRecordResult;
use encoding_rs::{Decoder, GB18030, UTF_8};

use super::bounds::{COLUMNS_MAX, ROW_BYTES_MAX, TABLE_BYTES_MAX};

/// Room made for a row at first, in bytes and in cells.
const ROOM: (usize, usize) = (4 * 1024, 64);
/// Bytes by which UTF-8 is told from GB18030: the longest character.
const CHARACTER_BYTES: usize = 4;
/// Byte order mark.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// A row that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Row<'a> {
    /// Its cells.
    Cells(Vec<&'a str>),
    /// It has more bytes than [`ROW_BYTES_MAX`] or more cells than [`COLUMNS_MAX`].
    TooLong,
}

/// Reads a table row by row.
pub(super) struct Rows<R> {
    input: Decoded<R>,
    core: csv_core::Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: BufRead> Rows<R> {
    /// Reads comma-separated rows with quotes, or tab-separated ones without.
    pub(super) fn new(input: R, tabs: bool) -> Self {
        let mut builder = csv_core::ReaderBuilder::new();
        if tabs {
            builder.delimiter(b'\t').quoting(false);
        }
        Self { input: Decoded::new(input), core: builder.build(), bytes: vec![0; ROOM.0], ends: vec![0; ROOM.1] }
    }

    /// The line that the reader stands on, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.core.line()
    }

    /// The next row and the line it begins on, counted from 1; none at the end.
    ///
    /// # Errors
    /// Whatever the input says; and when the table is longer than [`TABLE_BYTES_MAX`].
    pub(super) fn next(&mut self) -> Result<Option<(u64, Row<'_>)>> {
        let line = self.core.line();
        let (mut made, mut cells, mut too_long) = (0, 0, false);
        loop {
            let input = self.input.fill_buf()?;
            let (result, used, out, ended) =
                self.core.read_record(input, &mut self.bytes[made..], &mut self.ends[cells..]);
            self.input.consume(used);
            (made, cells) = (made + out, cells + ended);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.bytes.len() < ROW_BYTES_MAX => {
                    self.bytes.resize((self.bytes.len() * 2).min(ROW_BYTES_MAX), 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < COLUMNS_MAX => {
                    self.ends.resize((self.ends.len() * 2).min(COLUMNS_MAX), 0);
                }
                // Read on to the row's end, over what was made of it.
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    (made, cells, too_long) = (0, 0, true);
                }
                ReadRecordResult::Record if too_long => return Ok(Some((line, Row::TooLong))),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(None),
            }
        }
        let text = std::str::from_utf8(&self.bytes[..made]).map_err(Error::other)?;
        let mut from = 0;
        let cells = self.ends[..cells].iter().map(|end| &text[std::mem::replace(&mut from, *end)..*end]).collect();
        Ok(Some((line, Row::Cells(cells))))
    }
}

/// The text of a table: UTF-8, or GB18030 as spreadsheets in China save it. A UTF-8 file with a damaged place stays UTF-8: the
/// damage is replaced. Lines end in `\n` alone, because rows are told by the line they begin on.
struct Decoded<R> {
    input: R,
    /// None as long as there was nothing but ASCII.
    decoder: Option<Decoder>,
    /// The beginning of the first character that is not ASCII.
    waiting: Vec<u8>,
    text: String,
    at: usize,
    begun: bool,
    ended: bool,
    bytes: u64,
}

impl<R: BufRead> Decoded<R> {
    fn new(input: R) -> Self {
        let (waiting, text) = (Vec::new(), String::new());
        Self { input, decoder: None, waiting, text, at: 0, begun: false, ended: false, bytes: 0 }
    }

    /// Decodes the next piece.
    fn refill(&mut self) -> Result<()> {
        // A return before a line end that has not come yet.
        let held = self.text.ends_with('\r') && !self.ended;
        self.text.clear();
        self.at = 0;
        if held {
            self.text.push('\r');
        }
        let piece = self.input.fill_buf()?;
        let (used, last) = (piece.len(), piece.is_empty());
        self.bytes += used as u64;
        if self.bytes > TABLE_BYTES_MAX {
            return Err(Error::other(format!("the table is longer than {TABLE_BYTES_MAX} bytes; split it")));
        }
        if let Some(decoder) = &mut self.decoder {
            decode(decoder, piece, &mut self.text, last);
        } else {
            self.waiting.extend_from_slice(piece);
            let ascii = self.waiting.iter().position(|byte| !byte.is_ascii()).unwrap_or(self.waiting.len());
            let rest = &self.waiting[ascii..];
            if rest.len() < CHARACTER_BYTES && !last {
                self.text.push_str(&String::from_utf8_lossy(&self.waiting[..ascii]));
                self.waiting.drain(..ascii);
            } else if !rest.is_empty() {
                // Chinese in GB18030 is hardly ever valid UTF-8, not even its first character.
                let first = std::str::from_utf8(&rest[..rest.len().min(CHARACTER_BYTES)]);
                let is_utf8 = first.map_or_else(|error| error.valid_up_to() > 0, |_| true);
                let mut decoder = if is_utf8 { UTF_8 } else { GB18030 }.new_decoder_without_bom_handling();
                decode(&mut decoder, &self.waiting, &mut self.text, last);
                self.decoder = Some(decoder);
                self.waiting = Vec::new();
            }
        }
        self.input.consume(used);
        self.ended = last;
        if !self.begun && !self.text.is_empty() {
            self.begun = true;
            if self.text.as_bytes().starts_with(BOM) {
                self.at = BOM.len();
            }
        }
        if self.text.contains("\r\n") {
            self.text = self.text.replace("\r\n", "\n");
        }
        Ok(())
    }

    /// What may be handed out of the text: a return at its end waits for what follows.
    fn ready(&self) -> &[u8] {
        let held = usize::from(self.text.ends_with('\r') && !self.ended);
        &self.text.as_bytes()[self.at..(self.text.len() - held).max(self.at)]
    }
}

fn decode(decoder: &mut Decoder, piece: &[u8], text: &mut String, last: bool) {
    text.reserve(decoder.max_utf8_buffer_length(piece.len()).unwrap_or(0));
    // The room was made for the worst case, so one call takes all of it.
    _ = decoder.decode_to_string(piece, text, last);
}

impl<R: BufRead> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        while self.ready().is_empty() && !self.ended {
            self.refill()?;
        }
        Ok(self.ready())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let ready = self.fill_buf()?;
        let read = ready.len().min(buffer.len());
        buffer[..read].copy_from_slice(&ready[..read]);
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Rows with their lines, read in pieces of so many bytes.
    fn read(bytes: &[u8], tabs: bool, piece: usize) -> Vec<(u64, Option<Vec<String>>)> {
        let mut rows = Rows::new(BufReader::with_capacity(piece, bytes), tabs);
        let mut found = Vec::new();
        while let Some((line, row)) = rows.next().expect("in memory") {
            found.push((
                line,
                match row {
                    Row::Cells(cells) => Some(cells.into_iter().map(str::to_owned).collect()),
                    Row::TooLong => None,
                },
            ));
        }
        found
    }

    #[test]
    fn a_table_reads_the_same_in_pieces_of_any_size_and_as_the_csv_crate_reads_it() {
        let text = "\u{feff}甲,乙\r\n\"充电宝,\r\n起火\",\"说\"\"坏\"\"\"\r\n\r\nA,\r\n电动车,x,y\r单行\n末";
        for (encoding, bytes) in [("UTF-8", text.as_bytes().to_vec()), ("GB18030", GB18030.encode(text).0.into_owned())]
        {
            let plain = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
            let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(plain.as_bytes());
            let expected: Vec<_> = reader
                .records()
                .map(|row| row.expect("a row"))
                .map(|row| (row.position().expect("placed").line(), Some(row.iter().map(str::to_owned).collect())))
                .collect();
            for piece in [1, 2, 3, 5, 7, 64, 1 << 16] {
                assert_eq!(read(&bytes, false, piece), expected, "{encoding} in pieces of {piece}");
            }
        }
        let ascii = read(b"a\tb\r\n\"c\t1\r", true, 1);
        assert_eq!(ascii.len(), 2);
        assert_eq!(ascii[1], (2, Some(vec!["\"c".to_owned(), "1".to_owned()])));
        assert_eq!(read(b"", false, 8), []);
    }

    #[test]
    fn damage_in_utf8_stays_in_its_row() {
        let bytes = ["甲,乙\n".as_bytes(), b"\xe6\x8f,1\n", "好,2".as_bytes()].concat();
        for piece in [1, 4, 1 << 16] {
            let rows = read(&bytes, false, piece);
            assert_eq!(rows[1].1.as_ref().expect("read")[0], "\u{fffd}");
            assert_eq!(rows[2].1.as_ref().expect("read")[0], "好");
        }
    }

    #[test]
    fn a_row_beyond_the_bound_is_passed_over_and_the_next_is_read() {
        let long = "x".repeat(ROW_BYTES_MAX + 10);
        let wide = ",".repeat(COLUMNS_MAX + 1);
        let rows = read(format!("a,b\n\"{long}\",1\n{wide}\nc,d\n").as_bytes(), false, 1 << 16);
        let told: Vec<(u64, bool)> = rows.iter().map(|(line, row)| (*line, row.is_some())).collect();
        assert_eq!(told, [(1, true), (2, false), (3, false), (4, true)]);
    }
}
