//! What a file is, by its first bytes: endings lie.

use std::io::Cursor;

const ZIP: &[u8] = b"PK\x03\x04";
const EMPTY_ZIP: &[u8] = b"PK\x05\x06";
const OLE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Bytes that are looked at to tell text from other things.
const LOOKED_AT: usize = 4 * 1024;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `.xlsx`, `.xlsm`
    Workbook,
    /// `.xls`, `.et`
    OldWorkbook,
    /// `.docx`
    Word,
    /// `.doc`, `.wps`
    OldWord,
    /// `.pdf`
    Pdf,
    /// An archive of files.
    Zip,
    /// HTML, whatever its ending.
    Page,
    /// CSV, TSV, plain text.
    Text,
    /// An office file under a password.
    Locked,
    /// Known, and not read here.
    Other(&'static str),
    /// Nothing that is known.
    Unknown,
}

impl Kind {
    /// What these bytes are.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            _ if bytes.starts_with(ZIP) || bytes.starts_with(EMPTY_ZIP) => of_zip(bytes),
            _ if bytes.starts_with(OLE) => of_ole(bytes),
            _ if bytes.starts_with(b"Rar!") => Self::Other("RAR"),
            _ if bytes.starts_with(b"7z\xBC\xAF\x27\x1C") => Self::Other("7z"),
            _ if bytes.starts_with(b"{\\rtf") => Self::Other("RTF"),
            _ if bytes.starts_with(b"\xFF\xD8\xFF") || bytes.starts_with(b"\x89PNG") => Self::Other("picture"),
            _ if head(bytes).windows(5).any(|at| at == b"%PDF-") => Self::Pdf,
            _ => of_text(bytes),
        }
    }
}

fn head(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(LOOKED_AT)]
}

fn of_zip(bytes: &[u8]) -> Kind {
    let Ok(parts) = zip::ZipArchive::new(Cursor::new(bytes)) else { return Kind::Unknown };
    let has = |name: &str| parts.index_for_name(name).is_some();
    match () {
        () if has("xl/workbook.xml") => Kind::Workbook,
        () if has("word/document.xml") => Kind::Word,
        () if has("OFD.xml") => Kind::Other("OFD"),
        () if has("ppt/presentation.xml") => Kind::Other("PPTX"),
        () if has("mimetype") => Kind::Other("OpenDocument"),
        () => Kind::Zip,
    }
}

fn of_ole(bytes: &[u8]) -> Kind {
    let Ok(file) = cfb::CompoundFile::open(Cursor::new(bytes)) else { return Kind::Unknown };
    match () {
        () if file.exists("/EncryptedPackage") => Kind::Locked,
        () if file.exists("/WordDocument") => Kind::OldWord,
        () if file.exists("/Workbook") || file.exists("/Book") => Kind::OldWorkbook,
        () if file.exists("/PowerPoint Document") => Kind::Other("PPT"),
        () => Kind::Unknown,
    }
}

fn of_text(bytes: &[u8]) -> Kind {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let is_wide = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    let head = head(bytes);
    if head.is_empty() || (!is_wide && head.contains(&0)) {
        return Kind::Unknown;
    }
    let plain: String = head.iter().filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte)).collect();
    let plain = plain.trim_start().to_ascii_lowercase();
    let is_page = ["<html", "<table", "<!doctype html", "<head", "<meta", "<body", "<style", "<?xml"]
        .iter()
        .any(|tag| plain.starts_with(tag));
    if is_page { Kind::Page } else { Kind::Text }
}
