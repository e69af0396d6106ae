//! Writes an office document as a Word file (ECMA-376). Pure.

use std::fmt::Write as _;
use std::io::{self, Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::office_document::{Block, OfficeDocument, weights};
use alert::feed::escape;

/// Media type of the form.
pub(super) const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const DOCUMENT_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// Sizes are half points: 仿宋 16 磅 and 黑体 headings, near to what GB/T 9704 asks of official papers.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="FangSong"/><w:sz w:val="24"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="360" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:pPr><w:jc w:val="center"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:rFonts w:eastAsia="SimHei"/><w:b/><w:sz w:val="40"/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:outlineLvl w:val="1"/></w:pPr><w:rPr><w:rFonts w:eastAsia="SimHei"/><w:sz w:val="28"/></w:rPr></w:style></w:styles>"#;
const BEGIN: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#;
/// A4 with the usual margins, in twentieths of a point.
const END: &str = r#"<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440" w:header="720" w:footer="720" w:gutter="0"/></w:sectPr></w:body></w:document>"#;

/// Width of a table, and of the columns of names and values, in twentieths of a point.
const TABLE: u32 = 9_000;
const PAIR: [u32; 2] = [2_400, 6_600];

/// The file's bytes.
pub(super) fn write(document: &OfficeDocument) -> io::Result<Vec<u8>> {
    let mut body = String::new();
    for block in document.blocks() {
        match block {
            Block::Title(text) => styled(&mut body, Some("Heading1"), text),
            Block::Heading(text) => styled(&mut body, Some("Heading2"), text),
            Block::Paragraph(text) => styled(&mut body, None, text),
            Block::Table(rows) => {
                table(&mut body, &PAIR, rows.iter().map(|(name, value)| vec![name.as_str(), value.as_str()]));
            }
            Block::Grid(rows) => {
                let weights = weights(rows);
                let all: u32 = weights.iter().map(|weight| u32::from(*weight)).sum();
                let widths = weights.iter().map(|weight| TABLE * u32::from(*weight) / all.max(1));
                let rows = rows.iter().map(|row| row.iter().map(String::as_str).collect::<Vec<&str>>());
                table(&mut body, &widths.collect::<Vec<u32>>(), rows);
            }
        }
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let document = format!("{BEGIN}{body}{END}");
    for (name, text) in [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELATIONS),
        ("word/document.xml", &document),
        ("word/styles.xml", STYLES),
        ("word/_rels/document.xml.rels", DOCUMENT_RELATIONS),
    ] {
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

fn table<'a>(body: &mut String, widths: &[u32], rows: impl IntoIterator<Item = Vec<&'a str>>) {
    body.push_str(
        "<w:tbl><w:tblPr><w:tblW w:w=\"9000\" w:type=\"dxa\"/><w:tblBorders>\
         <w:top w:val=\"single\" w:sz=\"4\"/><w:left w:val=\"single\" w:sz=\"4\"/><w:bottom w:val=\"single\" w:sz=\"4\"/>\
         <w:right w:val=\"single\" w:sz=\"4\"/><w:insideH w:val=\"single\" w:sz=\"4\"/><w:insideV w:val=\"single\" w:sz=\"4\"/>\
         </w:tblBorders></w:tblPr><w:tblGrid>",
    );
    for width in widths {
        let _ = write!(body, "<w:gridCol w:w=\"{width}\"/>");
    }
    body.push_str("</w:tblGrid>");
    for row in rows {
        body.push_str("<w:tr>");
        for (width, text) in widths.iter().zip(row) {
            let _ = write!(body, "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/></w:tcPr>");
            styled(body, None, text);
            body.push_str("</w:tc>");
        }
        body.push_str("</w:tr>");
    }
    body.push_str("</w:tbl>");
}

fn styled(body: &mut String, style: Option<&str>, text: &str) {
    body.push_str("<w:p>");
    if let Some(style) = style {
        let _ = write!(body, "<w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>");
    }
    body.push_str("<w:r>");
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            body.push_str("<w:br/>");
        }
        body.push_str("<w:t xml:space=\"preserve\">");
        body.push_str(&escape(line.trim_end_matches('\r')));
        body.push_str("</w:t>");
    }
    body.push_str("</w:r></w:p>");
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn every_part_is_well_formed_xml_whatever_the_text_holds() {
        let mut made = OfficeDocument::default();
        let hostile = "甲</w:t><w:x/>&\u{0}\u{8}\n第二行";
        made.title(hostile)
            .table(&[("名称", hostile.to_owned())])
            .grid(vec![vec![hostile.to_owned(), "甲".to_owned()], vec!["乙".to_owned()]])
            .list("依据", [hostile])
            .list("无", Vec::<String>::new());
        let bytes = write(&made).expect("written");
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP archive");
        for at in 0..archive.len() {
            let mut text = String::new();
            let mut part = archive.by_index(at).expect("a part");
            part.read_to_string(&mut text).expect("UTF-8");
            let name = part.name().expect("a name").into_owned();
            let mut reader = quick_xml::Reader::from_str(&text);
            reader.config_mut().check_end_names = true;
            loop {
                match reader.read_event().unwrap_or_else(|error| panic!("{name}: {error}")) {
                    quick_xml::events::Event::Eof => break,
                    quick_xml::events::Event::Start(start) => assert_ne!(start.name().as_ref(), "w:x", "{name}"),
                    _ => {}
                }
            }
        }
    }
}
