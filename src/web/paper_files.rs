//! A paper of a matter as an office document, and that as the bytes of a file. Pure.

use std::io;

use super::office_document::OfficeDocument;
use super::{docx, pdf};
use matter::paper::{Paper, Section};

/// A paper as the content of an office document.
pub(super) fn document(paper: &Paper) -> OfficeDocument {
    let mut made = OfficeDocument::default();
    let mut after_table = false;
    for section in paper.whole() {
        let is_table = matches!(section, Section::Facts(_) | Section::Table { .. });
        // Word joins tables that follow one another.
        if is_table && after_table {
            made.paragraph("");
        }
        after_table = is_table;
        match section {
            Section::Title(text) => made.title(&text),
            Section::Heading(text) => made.heading(&text),
            Section::Paragraph(text) => made.paragraph(&text),
            Section::Facts(rows) => {
                let rows: Vec<(&str, String)> =
                    rows.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
                made.table(&rows)
            }
            Section::Table { head, rows } => made.grid(std::iter::once(head).chain(rows).collect()),
        };
    }
    made
}

/// A paper of a matter as a Word file.
///
/// # Errors
/// When the archive that the file is cannot be written.
pub fn paper_as_docx(paper: &Paper) -> io::Result<Vec<u8>> {
    docx::write(&document(paper))
}

/// A paper of a matter as PDF.
#[must_use]
pub fn paper_as_pdf(paper: &Paper) -> Vec<u8> {
    pdf::write(&document(paper), paper.kind.zh())
}
