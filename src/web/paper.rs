//! A paper for the office: a title, headings, paragraphs, lists and tables, before it is a file of some kind. Pure.

/// A piece of a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// The title, in the middle.
    Title(String),
    /// The heading of a section.
    Heading(String),
    /// Text; line ends within it stay.
    Paragraph(String),
    /// Names and what they are.
    Table(Vec<(String, String)>),
}

/// A paper as it is written.
#[derive(Debug, Default)]
pub(super) struct Paper {
    blocks: Vec<Block>,
}

impl Paper {
    /// What stands on it, in order.
    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The title, in the middle.
    pub(super) fn title(&mut self, text: &str) -> &mut Self {
        self.blocks.push(Block::Title(text.to_owned()));
        self
    }

    /// The heading of a section.
    pub(super) fn heading(&mut self, text: &str) -> &mut Self {
        self.blocks.push(Block::Heading(text.to_owned()));
        self
    }

    /// A paragraph; line ends within it stay.
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

    /// A table of names and what they are.
    pub(super) fn table(&mut self, rows: &[(&str, String)]) -> &mut Self {
        let rows = rows.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        self.blocks.push(Block::Table(rows.collect()));
        self
    }
}
