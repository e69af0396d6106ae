//! The content of an office document (title, headings, paragraphs, lists, tables), before `docx` or `pdf` writes it as a file. Pure.

/// A part of an office document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// The title, centred.
    Title(String),
    /// The heading of a section.
    Heading(String),
    /// Text; line ends in it are kept.
    Paragraph(String),
    /// Rows of a name and its value.
    Table(Vec<(String, String)>),
    /// Rows of cells, the first of them the names of the columns.
    Grid(Vec<Vec<String>>),
}

/// Least and most weight of a column, in characters of its longest cell.
const WEIGHTS: (usize, usize) = (4, 16);

/// How wide the columns of a grid are beside each other: by their longest cells, within bounds.
pub(super) fn weights(rows: &[Vec<String>]) -> Vec<u16> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let longest = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
    let weight = |at: usize| longest(at).unwrap_or_default().clamp(WEIGHTS.0, WEIGHTS.1);
    (0..columns).map(|at| u16::try_from(weight(at)).unwrap_or(u16::MAX)).collect()
}

/// An office document: parts in order.
#[derive(Debug, Default)]
pub(super) struct OfficeDocument {
    blocks: Vec<Block>,
}

impl OfficeDocument {
    /// Its parts, in order.
    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The title, centred.
    pub(super) fn title(&mut self, text: &str) -> &mut Self {
        self.blocks.push(Block::Title(text.to_owned()));
        self
    }

    /// The heading of a section.
    pub(super) fn heading(&mut self, text: &str) -> &mut Self {
        self.blocks.push(Block::Heading(text.to_owned()));
        self
    }

    /// A paragraph; line ends in it are kept.
    pub(super) fn paragraph(&mut self, text: &str) -> &mut Self {
        self.blocks.push(Block::Paragraph(text.to_owned()));
        self
    }

    /// A heading and numbered lines below it; nothing at all without lines.
    pub(super) fn list<S: AsRef<str>>(&mut self, heading: &str, lines: impl IntoIterator<Item = S>) -> &mut Self {
        for (number, line) in (1..).zip(lines) {
            if number == 1 {
                self.heading(heading);
            }
            self.paragraph(&format!("{number}. {}", line.as_ref()));
        }
        self
    }

    /// A table: rows of a name and its value.
    pub(super) fn table(&mut self, rows: &[(&str, String)]) -> &mut Self {
        let rows = rows.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        self.blocks.push(Block::Table(rows.collect()));
        self
    }

    /// A table of several columns; the first row names them.
    pub(super) fn grid(&mut self, rows: Vec<Vec<String>>) -> &mut Self {
        self.blocks.push(Block::Grid(rows));
        self
    }
}
