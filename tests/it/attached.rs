//! Files that notices link to are read in a process of their own, and a hostile one ends that process and nothing else.

use std::fmt::Write as _;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wanglou::office::{Reader, Unread};
use zip::write::SimpleFileOptions;

fn reader() -> Reader {
    Reader::by(PathBuf::from(env!("CARGO_BIN_EXE_wanglou")))
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/attachments").join(name)).expect("read")
}

/// An archive of parts that each repeat a text so often.
fn archive(parts: &[(&str, &str, &str, usize, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, before, text, times, after) in parts {
        archive.start_file(*name, SimpleFileOptions::default().large_file(true)).expect("begun");
        archive.write_all(before.as_bytes()).expect("written");
        let many = text.repeat((1 << 16) / text.len().max(1));
        let whole = text.len() * times / many.len().max(1);
        for _ in 0..whole {
            archive.write_all(many.as_bytes()).expect("written");
        }
        archive.write_all(after.as_bytes()).expect("written");
    }
    archive.finish().expect("finished").into_inner()
}

fn docx(before: &str, text: &str, times: usize, after: &str) -> Vec<u8> {
    archive(&[("word/document.xml", before, text, times, after)])
}

fn xlsx(sheet: (&str, &str, usize, &str)) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let book = format!(
        "<workbook xmlns='{MAIN}' xmlns:r='{RELATION}'><sheets><sheet name='a' sheetId='1' r:id='r1'/></sheets></workbook>"
    );
    let links = format!(
        "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>\
         <Relationship Id='r1' Type='{RELATION}/worksheet' Target='worksheets/sheet1.xml'/></Relationships>"
    );
    let (before, text, times, after) = sheet;
    let before = format!("<worksheet xmlns='{MAIN}'>{before}");
    let after = format!("{after}</worksheet>");
    let root = format!(
        "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>\
         <Relationship Id='r1' Type='{RELATION}/officeDocument' Target='xl/workbook.xml'/></Relationships>"
    );
    archive(&[
        ("_rels/.rels", &root, "", 0, ""),
        ("xl/workbook.xml", &book, "", 0, ""),
        ("xl/_rels/workbook.xml.rels", &links, "", 0, ""),
        ("xl/worksheets/sheet1.xml", &before, text, times, &after),
    ])
}

/// A PDF of these objects, numbered from 1; the first is the catalogue.
fn pdf(objects: &[String]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", number + 1).bytes());
    }
    let start = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in &places {
        file.extend(format!("{place:010} 00000 n \n").bytes());
    }
    file.extend(format!("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1).bytes());
    file
}

fn stream(head: &str, bytes: &str) -> String {
    format!("<< {head} /Length {} >>\nstream\n{bytes}\nendstream", bytes.len())
}

#[test]
fn the_process_reads_what_this_one_reads() {
    for name in ["01.xls", "10.doc", "16.docx", "17.pdf", "20.pdf", "zip.zip", "table.csv"] {
        let bytes = fixture(name);
        assert_eq!(reader().read(&bytes, name), Reader::here().read(&bytes, name), "{name}");
        assert!(reader().read(&bytes, name).is_ok(), "{name}");
    }
}

#[test]
fn hostile_files_are_refused_within_the_bounds() {
    let nested = (1..200).map(|level| {
        // Each form shows the next one ten times: 10^200 letters.
        let next = format!("/F{level} Do ").repeat(10);
        let inner = level + 5;
        stream(
            &format!(
                "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F{level} {inner} 0 R >> >>"
            ),
            &next,
        )
    });
    let mut forms = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /XObject << /F0 5 0 R >> >> >>".to_owned(),
        stream("", "/F0 Do"),
    ];
    forms.extend(nested);
    let pages = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [2 0 R 2 0 R 2 0 R] /Count 99999999 >>".to_owned(),
    ];
    let mut lines = String::new();
    for at in 0..60_000 {
        _ = writeln!(lines, "{at} 0 m {at} 900 l S 0 {at} m 900 {at} l S");
    }
    let ruled = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 60000 60000] /Contents 4 0 R >>".to_owned(),
        stream("", &lines),
    ];
    let open = "<w:document xmlns:w='w'><w:body>";
    let cell = "<row r='1'><c r='A1' t='inlineStr'><is><t>x</t></is></c></row>";
    let far = "<sheetData><row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c r='XFD1048576'><v>1</v></c></row></sheetData>";
    let merged = "<mergeCell ref='A1:XFD1048576'/>";
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a part of 4 GB", docx(open, "0", 4 << 30, "")),
        ("a table in a table in a table", docx(open, "<w:tbl><w:tr><w:tc>", 3_000_000, "")),
        ("rows without end", docx(&format!("{open}<w:tbl>"), "<w:tr><w:tc><w:p/></w:tc></w:tr>", 1_900_000, "")),
        (
            "cells that span a thousand million",
            docx(&format!("{open}<w:tbl>"), "<w:tr><w:tc><w:gridSpan w:val='999999999'/></w:tc></w:tr>", 20_000, ""),
        ),
        ("two cells at the corners of a sheet", xlsx((far, "", 0, ""))),
        (
            "a sheet of a hundred million rows",
            xlsx(("<sheetData>", cell, 100_000_000 / cell.len() * 4, "</sheetData>")),
        ),
        ("a million merged areas", xlsx((&format!("{far}<mergeCells>"), merged, 1_000_000, "</mergeCells>"))),
        ("forms in forms", pdf(&forms)),
        ("pages in a circle", pdf(&pages)),
        ("rulings without end", pdf(&ruled)),
    ];
    for (what, bytes) in cases {
        let began = Instant::now();
        let read = reader().read(&bytes, "附件.bin");
        let time = began.elapsed();
        // Read as far as the bounds go, or refused in words.
        match &read {
            Ok(papers) => assert!(papers.papers.len() <= 1, "{what}"),
            Err(unread) => assert!(!matches!(unread, Unread::NoProcess(_)), "{what}: {unread}"),
        }
        let said = read.map(|papers| papers.papers.first().and_then(|paper| paper.cut.clone()));
        eprintln!("{what}: {} bytes, {time:?}: {said:?}", bytes.len());
        assert!(time < Duration::from_secs(62), "{what}: {time:?}");
    }
}
