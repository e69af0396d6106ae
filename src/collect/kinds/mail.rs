//! Letters (RFC 5322, MIME) from the folder of a complaint mailbox: subject, text, sender, date. Headers and bodies may be in any
//! charset, declared or not; attachments are named and not read.

use std::sync::Arc;

use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::settings::Settings;
use super::{KindSpec, Page, SourceKind};
use crate::bounds::{
    ATTACHMENTS_MAX, LETTER_HEAD_BYTES_MAX, LETTER_HEADERS_MAX, LETTER_PARTS_MAX, LETTER_TEXTS_MAX, LETTERS_NESTED_MAX,
};
use crate::fields::{Fields, chosen, clip, set_by_rule};
use crate::item::{Item, List, json_value};
use crate::problem::{CHECK_CHARSET, CHECK_DATE, CHECK_PAGE, Notes};
use crate::rules::check::Grammar;
use crate::rules::written::RawFields;
use crate::rules::{FieldRule, RecipeError};
use crate::screen::tidy;
use crate::{charset, dates, html};
use vocabulary::{refused, show_moment};

pub(super) const KIND: KindSpec =
    KindSpec { name: "mail", list_keys: KEYS, takes_request: false, takes_unit: false, reads_files: true, read };

const KEYS: &[&str] = &["fields"];
/// Characters of a `Message-ID` that are kept (RFC 5322: a line has at most 998).
const MESSAGE_ID_CHARS_MAX: usize = 998;
/// Characters of the hash that names a letter.
const ID_CHARS: usize = 20;
/// Begins the line before a forwarded letter.
const FORWARDED: &str = "【转发】";

/// `[list]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLetters {
    #[serde(default)]
    fields: RawFields,
}

#[derive(Debug)]
struct Letters {
    fields: Vec<FieldRule>,
}

fn read(settings: &Settings<'_>) -> Result<Arc<dyn SourceKind>, RecipeError> {
    let fields = match settings.list_if_any::<RawLetters>(KEYS)? {
        Some(raw) => settings.checker.fields(&raw.fields, Grammar::Path)?,
        None => Vec::new(),
    };
    if !settings.has_folder {
        return Err(settings.error_at_kind(refused!(
            "`kind = \"mail\"` 读取存放邮件的 `folder`：请写明",
            "`kind = \"mail\"` reads a `folder` of letters: name it"
        )));
    }
    Ok(Arc::new(Letters { fields }))
}

impl SourceKind for Letters {
    fn check(&self, settings: &Settings<'_>) -> Result<(), RecipeError> {
        settings.refuse_detail()
    }

    fn fields(&self) -> &[FieldRule] {
        &self.fields
    }

    fn own_fields(&self) -> Vec<&str> {
        vec!["title", "text", "author", "published_at", "external_id"]
    }

    fn read(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> List {
        match self.letter(page, notes) {
            Ok(item) => List { items: vec![item], ..List::default() },
            Err(why) => List { empty_because: Some(why), ..List::default() },
        }
    }
}

impl Letters {
    /// The letter as an item.
    ///
    /// # Errors
    /// Why the file is no letter that can be read.
    fn letter(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> Result<Item, String> {
        let whole = with_readable_head(page, notes);
        // The parser builds letters in letters to any depth: every one of them needs a boundary or a type of its own.
        let begun = whole.split(|byte| *byte == b'\n').filter(|line| begins_a_part(line)).count();
        if begun > LETTER_PARTS_MAX {
            return Err(format!(
                "the letter has {begun} boundaries and types of parts; at most {LETTER_PARTS_MAX} are read"
            ));
        }
        let heads = head_bytes(&whole);
        if heads > LETTER_HEAD_BYTES_MAX {
            return Err(format!(
                "the heads of the letter and its parts have {heads} bytes; at most {LETTER_HEAD_BYTES_MAX} are read"
            ));
        }
        let Some(letter) =
            MessageParser::default().parse(whole.as_slice()).filter(|letter| !letter.headers().is_empty())
        else {
            return Err("this is no letter: it has no headers".to_owned());
        };
        let text = text_of(&letter, page, notes, 0);
        let values = values_of(&letter, &text);
        let mut found = Fields::default();
        for rule in &self.fields {
            let (rule, value) = chosen(rule, page.now, |rule| json_value(&values, rule));
            set_by_rule(&mut found, rule, &value, page.now, notes);
        }
        let mut otherwise = Fields::default();
        let value = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default();
        otherwise.set("title", &value("subject").replace('\n', " "));
        otherwise.set("text", &text);
        // Never by name: it becomes a pseudonym, one for each address.
        otherwise.set("author", &value("from").to_lowercase());
        match dates::read_date(value("date"), None, page.now) {
            Some(at) => otherwise.set("published_at", &show_moment(at)),
            None => notes.add(
                None,
                format!("`Date` is `{}`, no date that can be believed", clip(value("date"), 60)),
                CHECK_DATE,
            ),
        }
        otherwise.set("external_id", &id_of(&values, page.body));
        let attachments = letter.attachments().count();
        if attachments > 0 {
            otherwise.set("attachments", &attachments.to_string());
        }
        found.fill_from(&otherwise);
        Ok(Item { url: None, fields: found })
    }
}

/// What a letter is known by: its `Message-ID` and what it says. Whoever writes to the mailbox chooses the `Message-ID`: by it
/// alone a letter could take the place of another one, whose id its writer has seen. The same letter that came by two ways has
/// the same id.
fn id_of(values: &Value, bytes: &[u8]) -> String {
    let value = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default();
    let short = |hash: blake3::Hash| hash.to_hex().as_str()[..ID_CHARS].to_owned();
    match value("message_id") {
        "" => format!("mail:{}", short(blake3::hash(bytes))),
        id => {
            let mut said = blake3::Hasher::new();
            for name in ["from", "date", "subject", "text"] {
                said.update(value(name).as_bytes()).update(&[0]);
            }
            format!("{}#{}", clip(id, MESSAGE_ID_CHARS_MAX), short(said.finalize()))
        }
    }
}

/// Bytes of all heads: the letter's, those behind boundaries, and those of letters within. The parser makes a value of each
/// header, address and parameter, many times as large as what it read. A line that only looks like a boundary counts until the
/// next empty line.
fn head_bytes(bytes: &[u8]) -> usize {
    // In a digest every part is a letter, whether it says so or not.
    let in_digest = find(bytes, b"multipart/digest");
    let (mut in_head, mut holds_letter, mut count) = (true, in_digest, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if in_head {
            count += line.len();
            holds_letter |= find(line, b"message/");
            if line.trim_ascii().is_empty() {
                // The head of a letter within follows at once.
                in_head = std::mem::take(&mut holds_letter);
            }
        } else if line.starts_with(b"--") {
            (in_head, holds_letter) = (true, in_digest);
        }
    }
    count
}

/// Whether a word stands somewhere, in capitals or not.
fn find(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

fn begins_a_part(line: &[u8]) -> bool {
    const TYPE: &[u8] = b"content-type";
    line.starts_with(b"--") || line.get(..TYPE.len()).is_some_and(|start| start.eq_ignore_ascii_case(TYPE))
}

/// Headers written in raw GB18030 or Big5, as many programs in China do, become UTF-8; the body stays as it is.
fn with_readable_head(page: &Page<'_>, notes: &mut Notes<'_>) -> Vec<u8> {
    let bytes = page.body;
    let end = end_of_head(bytes);
    let (head, body) = bytes.split_at(end);
    if std::str::from_utf8(head).is_ok() {
        return bytes.to_vec();
    }
    let decoded = charset::decode(head, None, page.rules.charset);
    notes.add(None, format!("the headers are raw {}, not encoded words", decoded.encoding), CHECK_CHARSET);
    [decoded.text.as_bytes(), body].concat()
}

fn end_of_head(bytes: &[u8]) -> usize {
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            break;
        }
        at += line.len();
    }
    at
}

/// What rules of the recipe may name.
fn values_of(letter: &Message<'_>, text: &str) -> Value {
    let address = |of: Option<&mail_parser::Address<'_>>| {
        let first = of.and_then(|addresses| addresses.first());
        first.and_then(|one| one.address.as_deref().or(one.name.as_deref())).unwrap_or_default().to_owned()
    };
    let mut headers = Map::new();
    for (name, value) in letter.headers_raw().take(LETTER_HEADERS_MAX) {
        headers.entry(name.to_lowercase()).or_insert_with(|| Value::String(value.trim().to_owned()));
    }
    let names: Vec<&str> =
        letter.attachments().take(ATTACHMENTS_MAX).filter_map(MimeHeaders::attachment_name).collect();
    json!({
        "subject": letter.subject().unwrap_or_default(),
        "from": address(letter.from()),
        "to": address(letter.to()),
        "date": letter.date().map(mail_parser::DateTime::to_rfc3339).unwrap_or_default(),
        "message_id": letter.message_id().unwrap_or_default(),
        "text": text,
        "attachments": names,
        "headers": headers,
    })
}

/// Plain text where there is any, else HTML; behind it the text of letters that are attached.
fn text_of(letter: &Message<'_>, page: &Page<'_>, notes: &mut Notes<'_>, depth: usize) -> String {
    let mut pieces: Vec<String> = Vec::new();
    let plain = || letter.text_body.iter().filter_map(|id| letter.part(*id)).filter(|part| part.is_text());
    let is_html = plain().next().is_none() || plain().all(MessagePart::is_text_html);
    let bodies = if is_html { &letter.html_body } else { &letter.text_body };
    for part in bodies.iter().take(LETTER_TEXTS_MAX).filter_map(|id| letter.part(*id)) {
        let Some(text) = readable(letter, part, page, notes, depth) else { continue };
        pieces.push(if part.is_text_html() { html::fragment_text(&text) } else { tidy(&text) });
    }
    for part in letter.parts.iter().take(LETTER_TEXTS_MAX) {
        let PartType::Message(inner) = &part.body else { continue };
        if depth >= LETTERS_NESTED_MAX {
            notes.add(
                None,
                format!("letters nest deeper than {LETTERS_NESTED_MAX}, the inner ones are not read"),
                CHECK_PAGE,
            );
            break;
        }
        let subject = inner.subject().unwrap_or_default();
        pieces.push(format!("{FORWARDED}{subject}\n{}", text_of(inner, page, notes, depth + 1)));
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces.join("\n")
}

/// The text of a part; where the parser had to replace characters, the charset is found by the bytes.
fn readable(
    letter: &Message<'_>,
    part: &MessagePart<'_>,
    page: &Page<'_>,
    notes: &mut Notes<'_>,
    depth: usize,
) -> Option<String> {
    let (PartType::Text(text) | PartType::Html(text)) = &part.body else { return None };
    // The places of an inner letter's parts are not places in the bytes of the outer one.
    if depth > 0 || !text.contains(char::REPLACEMENT_CHARACTER) {
        return Some(text.clone().into_owned());
    }
    let raw = letter.raw_message().get(part.offset_body as usize..part.offset_end as usize)?;
    let bytes = match part.encoding {
        Encoding::None => raw.to_vec(),
        Encoding::Base64 => mail_parser::decoders::base64::base64_decode(raw)?,
        Encoding::QuotedPrintable => mail_parser::decoders::quoted_printable::quoted_printable_decode(raw)?,
    };
    let declared = part.content_type().and_then(|kind| kind.attribute("charset"));
    let decoded = charset::decode(&bytes, declared, page.rules.charset);
    for problem in decoded.problems {
        notes.add(None, problem, CHECK_CHARSET);
    }
    Some(decoded.text)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{START, parsed, refused};

    #[test]
    fn letters_come_from_a_folder_below_the_inbox() {
        refused(
            &format!("kind = \"mail\"\n{START}"),
            "s.toml:5: `kind = \"mail\"` reads a `folder` of letters: name it",
        );
        refused("kind = \"mail\"\nfolder = \"../x\"\n", "s.toml:6: folder `../x`: expected a name below");
        assert!(parsed("kind = \"mail\"\nfolder = \"x\"\n").is_ok());
    }
}
