//! Word files of 1997 to 2003 (`.doc`, also `.wps`), by [MS-DOC]: the text in its pieces (§2.4.1), the properties of its paragraphs
//! (§2.4.6.1), and from these the rows and cells of tables with their edges and merges.

use std::io::{Cursor, Read};

use encoding_rs::{GBK, WINDOWS_1252};

use super::bounds::PART_BYTES_MAX;
use super::grid::{Cell, table_of};
use super::{Block, Unread};

/// `FibBase.wIdent`, `FibBase.flags`.
const IDENT: u16 = 0xA5EC;
const FLAGS_AT: usize = 0x0A;
const FLAG_ENCRYPTED: u16 = 0x0100;
const FLAG_TABLE_1: u16 = 0x0200;
/// `FibBase.lid`: the language that the file was written in.
const LANGUAGE_AT: usize = 0x06;
const SIMPLIFIED_CHINESE: u16 = 0x0804;
/// `FibRgLw97.ccpText`: characters of the main text.
const MAIN_CHARS_AT: usize = 0x4C;
/// `FibRgFcLcb97.fcPlcfBtePapx` and `fcClx`, each with its length behind it.
const PAPX_TABLE_AT: usize = 0x102;
const CLX_AT: usize = 0x1A2;
/// Bytes of a page of paragraph properties.
const FKP_BYTES: usize = 512;

const CELL_END: char = '\u{7}';
/// Edges that lie closer together than a tenth of an inch are one, in twips.
const SLACK: i32 = 100;
/// Cells of a row without edges of its own lie so far apart.
const STEP: i32 = 1_000;

const P_IN_TABLE: u16 = 0x2416;
const P_ROW_END: u16 = 0x2417;
const P_DEPTH: u16 = 0x6649;
const P_HUGE: u16 = 0x6646;
const T_DEFINITION: u16 = 0xD608;
const T_VERTICAL_MERGE: u16 = 0xD62B;
const T_MERGE: u16 = 0x5624;

/// What a paragraph is of a table.
#[derive(Debug, Clone, Default)]
struct Properties {
    in_table: bool,
    ends_row: bool,
    /// Tables within one another, this one included.
    depth: u32,
    /// Edges of the row's cells, in twips.
    edges: Vec<i32>,
    /// Which cells belong to the one above.
    continues: Vec<bool>,
    /// Which cells belong to the one before.
    joins: Vec<bool>,
}

/// Properties of the bytes from one offset of the text's stream to another.
struct Run {
    from: u32,
    to: u32,
    properties: Properties,
}

/// A letter, and where it lies in the stream.
type Letter = (char, u32);

pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Block>, Unread> {
    let broken = |what: &str| Unread::Broken(what.to_owned());
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(|problem| broken(&problem.to_string()))?;
    let mut stream = |name: &str| {
        let mut bytes = Vec::new();
        let stream = file.open_stream(name).ok()?;
        stream.take(PART_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    };
    let text = stream("/WordDocument").ok_or_else(|| broken("its text is missing"))?;
    let flags = u16_at(&text, FLAGS_AT).filter(|_| u16_at(&text, 0) == Some(IDENT));
    let flags = flags.ok_or_else(|| broken("a version before Word 97"))?;
    if flags & FLAG_ENCRYPTED != 0 {
        return Err(Unread::Locked);
    }
    let table = stream(if flags & FLAG_TABLE_1 != 0 { "/1Table" } else { "/0Table" });
    let table = table.ok_or_else(|| broken("its table of pieces is missing"))?;
    let data = stream("/Data").unwrap_or_default();
    let letters = letters(&text, &table).ok_or_else(|| broken("its table of pieces is damaged"))?;
    Ok(blocks(&letters, &runs(&text, &table, &data)))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// A part of the table stream that the head names by offset and length.
fn named<'b>(text: &[u8], table: &'b [u8], at: usize) -> Option<&'b [u8]> {
    let (from, bytes) = (u32_at(text, at)? as usize, u32_at(text, at + 4)? as usize);
    table.get(from..from.checked_add(bytes)?)
}

/// The main text, piece by piece. None when the pieces are damaged.
fn letters(text: &[u8], table: &[u8]) -> Option<Vec<Letter>> {
    let mut clx = named(text, table, CLX_AT)?;
    // Properties of whole pieces come first.
    while let [1, rest @ ..] = clx {
        clx = rest.get(2 + usize::from(u16_at(rest, 0)?)..)?;
    }
    let [2, plc @ ..] = clx else { return None };
    let plc = plc.get(4..4 + u32_at(plc, 0)? as usize)?;
    let pieces = plc.len().checked_sub(4)? / 12;
    let main = u32_at(text, MAIN_CHARS_AT)?;
    let is_chinese = u16_at(text, LANGUAGE_AT) == Some(SIMPLIFIED_CHINESE);
    let mut letters = Vec::new();
    for number in 0..pieces {
        let (from, to) = (u32_at(plc, number * 4)?, u32_at(plc, number * 4 + 4)?.min(main));
        let place = u32_at(plc, (pieces + 1) * 4 + number * 8 + 2)?;
        let count = to.saturating_sub(from) as usize;
        if place & 0x4000_0000 != 0 {
            let at = (place & 0x3FFF_FFFF) as usize / 2;
            letters.extend(of_bytes(text.get(at..at.checked_add(count)?)?, at, is_chinese));
        } else {
            let at = place as usize;
            let bytes = text.get(at..at.checked_add(count.checked_mul(2)?)?)?;
            let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            let mut offset = u32::try_from(at).ok()?;
            for letter in char::decode_utf16(units) {
                let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
                letters.push((letter, offset));
                offset = offset.checked_add(2 * u32::try_from(letter.len_utf16()).ok()?)?;
            }
        }
    }
    Some(letters)
}

/// A piece of one byte a letter; a few programs write GBK there, two bytes a letter.
fn of_bytes(bytes: &[u8], at: usize, is_chinese: bool) -> Vec<Letter> {
    let offset = |index: usize| u32::try_from(at + index).unwrap_or(u32::MAX);
    if is_chinese && !bytes.is_ascii() {
        let (text, damaged) = GBK.decode_without_bom_handling(bytes);
        if !damaged {
            let mut index = 0;
            let place = |letter: char| {
                let here = offset(index);
                index += if letter.is_ascii() { 1 } else { 2 };
                (letter, here)
            };
            return text.chars().map(place).collect();
        }
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    text.chars().enumerate().map(|(index, letter)| (letter, offset(index))).collect()
}

/// The properties of paragraphs, in the order of the stream. What is damaged is left out: its text is then no table.
fn runs(text: &[u8], table: &[u8], data: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    let Some(plc) = named(text, table, PAPX_TABLE_AT) else { return runs };
    let pages = plc.len().saturating_sub(4) / 8;
    for number in 0..pages {
        let Some(page) = u32_at(plc, (pages + 1) * 4 + number * 4) else { break };
        let at = (page & 0x003F_FFFF) as usize * FKP_BYTES;
        let Some(page) = text.get(at..at + FKP_BYTES) else { continue };
        let count = usize::from(page[FKP_BYTES - 1]);
        for run in 0..count {
            let (Some(from), Some(to)) = (u32_at(page, run * 4), u32_at(page, run * 4 + 4)) else { break };
            let Some(place) = page.get((count + 1) * 4 + run * 13) else { break };
            let mut properties = Properties::default();
            if let Some(changes) = changes(page, usize::from(*place) * 2) {
                apply(changes, data, &mut properties, true);
            }
            runs.push(Run { from, to, properties });
        }
    }
    runs.sort_by_key(|run| run.from);
    runs
}

/// The changes (`grpprl`) of a paragraph, behind the number of its style.
fn changes(page: &[u8], at: usize) -> Option<&[u8]> {
    if at == 0 {
        return None;
    }
    let half = usize::from(*page.get(at)?);
    let (from, bytes) = if half == 0 { (at + 2, 2 * usize::from(*page.get(at + 1)?)) } else { (at + 1, 2 * half - 1) };
    page.get(from..(from + bytes).min(page.len()))?.get(2..)
}

/// Applies changes one after the other; `may_jump`: they may name further ones in the data stream.
fn apply(mut changes: &[u8], data: &[u8], properties: &mut Properties, may_jump: bool) {
    while let Some(code) = u16_at(changes, 0) {
        let rest = &changes[2..];
        let bytes = match code >> 13 {
            0 | 1 => 1,
            2 | 4 | 5 => 2,
            3 => 4,
            7 => 3,
            _ if code == T_DEFINITION => 1 + usize::from(u16_at(rest, 0).unwrap_or(u16::MAX)),
            _ => 1 + rest.first().map_or(0, |bytes| usize::from(*bytes)),
        };
        let Some(operand) = rest.get(..bytes) else { return };
        match (code, operand) {
            (P_IN_TABLE, [on]) => properties.in_table = *on != 0,
            (P_ROW_END, [on]) => properties.ends_row = *on != 0,
            (P_DEPTH, _) => properties.depth = u32_at(operand, 0).unwrap_or_default(),
            (P_HUGE, _) if may_jump => {
                let at = u32_at(operand, 0).unwrap_or_default() as usize;
                let more = u16_at(data, at).and_then(|bytes| data.get(at + 2..at + 2 + usize::from(bytes)));
                apply(more.unwrap_or_default(), data, properties, false);
            }
            (T_DEFINITION, _) => define(operand.get(2..).unwrap_or_default(), properties),
            (T_VERTICAL_MERGE, [_, cell, flags, ..]) => {
                if let Some(continues) = properties.continues.get_mut(usize::from(*cell)) {
                    *continues = *flags == 1;
                }
            }
            (T_MERGE, [first, behind]) => {
                let joined = usize::from(*first) + 1..usize::from(*behind).min(properties.joins.len());
                properties.joins.get_mut(joined).unwrap_or_default().fill(true);
            }
            _ => {}
        }
        changes = &rest[bytes..];
    }
}

/// `TDefTableOperand` behind its length: the edges of the cells, then 20 bytes a cell, of which the first two hold its merges.
fn define(operand: &[u8], properties: &mut Properties) {
    let [count, rest @ ..] = operand else { return };
    let count = usize::from(*count);
    let edge = |at: usize| u16_at(rest, at * 2).map(|edge| i32::from(edge.cast_signed()));
    let Some(edges) = (0..=count).map(edge).collect::<Option<Vec<i32>>>() else { return };
    let flags = |cell: usize| u16_at(rest, (count + 1) * 2 + cell * 20).unwrap_or_default();
    properties.edges = edges;
    properties.continues = (0..count).map(|cell| flags(cell) >> 5 & 3 == 1).collect();
    properties.joins = (0..count).map(|cell| flags(cell) & 3 == 2).collect();
}

/// Text and tables, in order.
fn blocks(letters: &[Letter], runs: &[Run]) -> Vec<Block> {
    let plain = Properties::default();
    let properties = |offset: u32| {
        let at = runs.partition_point(|run| run.from <= offset);
        at.checked_sub(1).map(|at| &runs[at]).filter(|run| offset < run.to).map_or(&plain, |run| &run.properties)
    };
    let (mut blocks, mut rows, mut row) = (Vec::new(), Vec::<Vec<Cell>>::new(), Vec::<String>::new());
    let (mut text, mut paragraph) = (String::new(), String::new());
    let mut hidden = Hidden::default();
    for &(letter, offset) in letters {
        if hidden.hides(letter) {
            continue;
        }
        let ends = matches!(letter, '\r' | CELL_END | '\u{c}');
        if !ends {
            match letter {
                '\u{b}' => paragraph.push('\n'),
                '\t' | '\u{a0}' => paragraph.push(' '),
                '\u{1e}' => paragraph.push('-'),
                letter if letter.is_control() => {}
                letter => paragraph.push(letter),
            }
            continue;
        }
        let here = properties(offset);
        if here.in_table || letter == CELL_END {
            if letter == CELL_END && here.ends_row && here.depth <= 1 {
                rows.push(cells(std::mem::take(&mut row), here));
                paragraph.clear();
                continue;
            }
            // A cell of paragraphs, of which the last one ends it.
            let is_inner = here.depth > 1;
            if row.is_empty() || text_is_closed(&row) {
                row.push(String::new());
            }
            if let Some(cell) = row.last_mut() {
                cell.push_str(&std::mem::take(&mut paragraph));
                cell.push(if letter == CELL_END && !is_inner { CELL_END } else { '\n' });
            }
            continue;
        }
        if !rows.is_empty() {
            blocks.push(Block::Text(std::mem::take(&mut text)));
            blocks.push(Block::Table(table_of(&std::mem::take(&mut rows), SLACK)));
        }
        text.push_str(&std::mem::take(&mut paragraph));
        text.push('\n');
    }
    blocks.push(Block::Text(text));
    if !rows.is_empty() {
        blocks.push(Block::Table(table_of(&rows, SLACK)));
    }
    blocks
}

/// Whether the last cell of a row has its end.
fn text_is_closed(row: &[String]) -> bool {
    row.last().is_some_and(|cell| cell.ends_with(CELL_END))
}

/// The cells of a row, with the edges that its end names.
fn cells(texts: Vec<String>, row: &Properties) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for (number, text) in texts.into_iter().enumerate() {
        let text = text.trim_end_matches([CELL_END, '\n']).to_owned();
        let step = i32::try_from(number).unwrap_or(i32::MAX / STEP).saturating_mul(STEP);
        let edges = row.edges.get(number).zip(row.edges.get(number + 1));
        let (from, to) = edges.map_or((step, step.saturating_add(STEP)), |(from, to)| (*from, *to));
        if row.joins.get(number) == Some(&true)
            && let Some(before) = cells.last_mut()
        {
            before.to = to;
            continue;
        }
        cells.push(Cell { from, to, text, continues: row.continues.get(number) == Some(&true) });
    }
    cells
}

/// Fields (§2.8.25): what a field is asked to do is hidden, what it gave is shown.
#[derive(Default)]
struct Hidden {
    /// For each field that is open, whether its instruction is still being read.
    open: Vec<bool>,
}

impl Hidden {
    fn hides(&mut self, letter: char) -> bool {
        match letter {
            '\u{13}' => self.open.push(true),
            '\u{14}' => {
                if let Some(last) = self.open.last_mut() {
                    *last = false;
                }
            }
            '\u{15}' => {
                self.open.pop();
            }
            _ => return self.open.contains(&true),
        }
        true
    }
}
