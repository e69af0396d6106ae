//! Word files of today (`.docx`): paragraphs and tables of the main part. Text that was deleted under change tracking is left out.

use std::io::{Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::bounds::{COLUMNS_MAX, PART_BYTES_MAX, ROWS_MAX};
use super::{Block, Table, Unread};

const MAIN: &str = "word/document.xml";

/// How a cell hangs together with the one above it.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Merge {
    #[default]
    None,
    Continues,
}

/// A table that is being read.
#[derive(Default)]
struct Open {
    table: Table,
    row: Vec<String>,
    cell: String,
    span: usize,
    merge: Option<Merge>,
}

pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Block>, Unread> {
    let broken = |problem: &dyn std::error::Error| Unread::Broken(problem.to_string());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|problem| broken(&problem))?;
    let part = archive.by_name(MAIN).map_err(|problem| broken(&problem))?;
    let mut main = Vec::new();
    part.take(PART_BYTES_MAX + 1).read_to_end(&mut main).map_err(|problem| broken(&problem))?;
    if main.len() as u64 > PART_BYTES_MAX {
        return Err(Unread::TooMuch(format!("{PART_BYTES_MAX} bytes for its text")));
    }
    blocks(&main)
}

fn blocks(main: &[u8]) -> Result<Vec<Block>, Unread> {
    let mut reader = Reader::from_reader(main);
    reader.config_mut().check_end_names = false;
    let mut state = State::default();
    loop {
        match reader.read_event().map_err(|problem| Unread::Broken(problem.to_string()))? {
            Event::Start(tag) => state.start(&tag),
            Event::Empty(tag) => {
                state.start(&tag);
                state.end(tag.local_name().as_ref());
            }
            Event::End(tag) => state.end(tag.local_name().as_ref()),
            Event::Text(text) if state.in_text => state.add(&text),
            Event::GeneralRef(entity) if state.in_text => {
                let letter = entity.resolve_char_ref().ok().flatten();
                match (letter, quick_xml::escape::resolve_predefined_entity(&entity)) {
                    (Some(letter), _) => state.add(letter.encode_utf8(&mut [0; 4])),
                    (None, Some(named)) => state.add(named),
                    (None, None) => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    state.close_text();
    Ok(state.blocks)
}

#[derive(Default)]
struct State {
    blocks: Vec<Block>,
    text: String,
    /// The table that is being read.
    open: Option<Open>,
    /// Tables within one another; text of inner ones belongs to the cell of the outermost.
    depth: usize,
    in_text: bool,
    /// Depth of tags that hold another form of what stands beside them.
    in_fallback: usize,
    rows: usize,
}

impl State {
    fn start(&mut self, tag: &BytesStart<'_>) {
        let name = tag.local_name();
        let name = name.as_ref();
        if name == "Fallback" || self.in_fallback > 0 {
            self.in_fallback += usize::from(name == "Fallback");
            return;
        }
        let value = || {
            let found = tag.attributes().with_checks(false).flatten().find(|at| at.key.local_name().as_ref() == "val");
            found.map(|at| at.value.into_owned())
        };
        match name {
            "tbl" => {
                self.depth += 1;
                if self.depth == 1 {
                    self.close_text();
                    self.open = Some(Open::default());
                }
            }
            "t" => self.in_text = true,
            "tab" => self.add(" "),
            "br" | "cr" => self.add("\n"),
            "gridSpan" | "gridBefore" | "vMerge" if self.depth == 1 => {
                let Some(open) = self.open.as_mut() else { return };
                let number = || value().and_then(|text| text.parse::<usize>().ok()).unwrap_or(1).clamp(1, COLUMNS_MAX);
                match name {
                    "gridSpan" => open.span = number(),
                    "gridBefore" => open.row.extend(vec![String::new(); number()]),
                    _ if value().as_deref() == Some("restart") => {}
                    _ => open.merge = Some(Merge::Continues),
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if self.in_fallback > 0 {
            self.in_fallback -= usize::from(name == "Fallback");
            return;
        }
        match name {
            "t" => self.in_text = false,
            "p" => self.add("\n"),
            "tc" if self.depth == 1 => {
                let Some(open) = self.open.as_mut() else { return };
                let above = open.table.rows.last();
                for _ in 0..open.span.max(1) {
                    let at = open.row.len();
                    if at > COLUMNS_MAX {
                        break;
                    }
                    let text = match open.merge {
                        Some(Merge::Continues) => above.and_then(|above| above.get(at)).cloned().unwrap_or_default(),
                        _ => open.cell.trim().to_owned(),
                    };
                    open.row.push(text);
                }
                open.cell.clear();
                (open.span, open.merge) = (0, None);
            }
            "tr" if self.depth == 1 => {
                let Some(open) = self.open.as_mut() else { return };
                let row = std::mem::take(&mut open.row);
                self.rows += 1;
                if !row.is_empty() && self.rows <= ROWS_MAX + 1 {
                    open.table.rows.push(row);
                }
            }
            "tbl" => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.blocks.extend(self.open.take().map(|open| Block::Table(open.table)));
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, text: &str) {
        match self.open.as_mut() {
            Some(open) => open.cell.push_str(text),
            None => self.text.push_str(text),
        }
    }

    fn close_text(&mut self) {
        self.blocks.push(Block::Text(std::mem::take(&mut self.text)));
    }
}
