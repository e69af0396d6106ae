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
}
