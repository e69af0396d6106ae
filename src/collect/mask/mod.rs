//! PRIV-1: personal data is overwritten with `*` before a document leaves the room, one star a character, so that
//! positions in the text stay the same. The kind of the data is kept, and with a secret a keyed hash of it, so that
//! one complainant counts once. Authors become stable pseudonyms, which can be counted and not read.
//!
//! In: text as it was written. Out: text with stars, and [`Personal`] beside it. Not here: what a document is about; the raw
//! archive keeps what is masked here. Known limits: no names outside labelled lines, no digits drawn as letters (`l38`).

mod nameless;
mod numbers;
mod view;
mod words;

#[cfg(test)]
mod planted;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use regex::Regex;
use serde_json::Value;

use view::View;
use vocabulary::{Channel, Document};

/// Domain of the keyed hash over author names. Changing it makes every actor a new one.
const ACTOR_DOMAIN: &str = "wanglou 2026 collect actor pseudonym v1";
/// Domain of the keyed hash over personal data.
const PERSONAL_DOMAIN: &str = "wanglou 2026 collect personal data v1";
/// How a pseudonym begins.
const ACTOR_PREFIX: &str = "actor:";
/// Bytes of the hash that are kept: 2^32 actors per source, enough to count and too few to look up.
const ACTOR_BYTES: usize = 4;
/// Bytes kept of the hash of personal data: with a secret key nobody can try numbers, so it may be as long as needed.
const PERSONAL_BYTES: usize = 8;
/// Field of `meta` that says what was masked.
pub const PERSONAL_FIELD: &str = "personal";
/// Most different pieces listed per document; all are masked.
const PERSONAL_LISTED_MAX: usize = 20;
/// Digits that a text must have before numbers are looked for: the shortest number of a chat service.
const DIGITS_MIN: usize = 5;
/// Largest size of one compiled expression.
const REGEX_BYTES_MAX: usize = 8 << 20;

/// A kind of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PersonalKind {
    /// Mobile phone (手机).
    Mobile,
    /// Fixed line, with or without its area code (座机).
    Landline,
    /// 400 and 800 numbers: mostly a firm's own.
    Hotline,
    /// A phone abroad.
    Phone,
    /// Identity number (身份证), GB 11643.
    Identity,
    /// Other papers by number: passport, driving licence.
    Document,
    /// Bank card or account.
    BankCard,
    /// E-mail address.
    Email,
    /// Licence plate (车牌), GA 36.
    Plate,
    /// Number of QQ or of a QQ group.
    Qq,
    /// Handle of WeChat or another chat service.
    Wechat,
    /// Address to the door: house, building, unit, room. Road, city and province stay.
    Address,
    /// A person's name on a labelled line.
    Name,
}

impl PersonalKind {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::Mobile,
        Self::Landline,
        Self::Hotline,
        Self::Phone,
        Self::Identity,
        Self::Document,
        Self::BankCard,
        Self::Email,
        Self::Plate,
        Self::Qq,
        Self::Wechat,
        Self::Address,
        Self::Name,
    ];

    /// Its word in `meta.personal`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Landline => "landline",
            Self::Hotline => "hotline",
            Self::Phone => "phone",
            Self::Identity => "identity",
            Self::Document => "document",
            Self::BankCard => "bank_card",
            Self::Email => "email",
            Self::Plate => "plate",
            Self::Qq => "qq",
            Self::Wechat => "wechat",
            Self::Address => "address",
            Self::Name => "name",
        }
    }

    /// Whether it leads to one person rather than to a firm, a house or a namesake.
    #[must_use]
    pub fn names_a_person(self) -> bool {
        matches!(
            self,
            Self::Mobile
                | Self::Identity
                | Self::Document
                | Self::BankCard
                | Self::Email
                | Self::Plate
                | Self::Qq
                | Self::Wechat
        )
    }
}

/// Personal data in a folded text ([`View`]); places are bytes of that text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FoldedSpan {
    kind: PersonalKind,
    from: usize,
    to: usize,
}

/// Personal data in a text as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalSpan {
    /// What it is.
    pub kind: PersonalKind,
    /// First byte.
    pub from: usize,
    /// Byte behind the last one.
    pub to: usize,
    /// What is hashed: the digits or letters alone, so that `138-0013-8000` and `+86 13800138000` are one.
    canonical: String,
}

/// Personal data that was masked: its kind, and with a secret a hash that is equal for equal data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Personal {
    /// What it is.
    pub kind: PersonalKind,
    /// Hash of it under the secret; none without one, because all phone numbers can be tried in an hour.
    pub key: Option<String>,
}

/// Masks, and keeps a keyed hash of what it masks when it has a secret.
#[derive(Clone, Default)]
pub struct Masker {
    key: Option<[u8; 32]>,
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.key.is_some() { "Masker(with a secret)" } else { "Masker(without a secret)" })
    }
}

impl Masker {
    /// Hashes under a secret of this installation. Whoever has the secret can test a guess; keep it beside the raw archive.
    #[must_use]
    pub fn with_secret(secret: &[u8]) -> Self {
        Self { key: Some(blake3::derive_key(PERSONAL_DOMAIN, secret)) }
    }

    fn personal(&self, found: &PersonalSpan) -> Personal {
        let key = self.key.map(|key| {
            let mut hasher = blake3::Hasher::new_keyed(&key);
            hasher.update(found.kind.word().as_bytes());
            hasher.update(&[0]);
            hasher.update(found.canonical.as_bytes());
            data_encoding::HEXLOWER.encode(&hasher.finalize().as_bytes()[..PERSONAL_BYTES])
        });
        Personal { kind: found.kind, key }
    }

    /// The text with personal data overwritten, and what it was, in the order of the text.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> (Cow<'a, str>, Vec<Personal>) {
        let found = find_personal(text);
        if found.is_empty() {
            return (Cow::Borrowed(text), Vec::new());
        }
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for spot in &found {
            out.push_str(&text[at..spot.from]);
            out.extend(std::iter::repeat_n('*', text[spot.from..spot.to].chars().count()));
            at = spot.to;
        }
        out.push_str(&text[at..]);
        (Cow::Owned(out), found.iter().map(|spot| self.personal(spot)).collect())
    }

    /// Masks title, text and meta of a document, and lists in `meta.personal` what was masked. A complaint without an author
    /// gets a pseudonym of the one person whose data its text has, if there is just one; 匿名 and its like are no author.
    /// Masking twice changes nothing.
    pub fn mask_document(&self, document: &mut Document) {
        let mut masked_data = Vec::new();
        let mut over = |text: &mut String| {
            let (masked, found) = self.mask(text);
            if let Cow::Owned(masked) = masked {
                *text = masked;
                masked_data.extend(found);
            }
        };
        over(&mut document.text);
        document.title.as_mut().map(over);
        // A name that everybody has would make one actor of all of them.
        document.meta.retain(|name, value| !(is_author(name) && value.as_str().is_some_and(nameless::is_nameless)));
        for (name, value) in &mut document.meta {
            if name != PERSONAL_FIELD {
                mask_value(document.source.as_str(), name, value);
            }
        }
        list_masked(document, masked_data);
    }
}

/// Lists the masked data in `meta.personal`.
fn list_masked(document: &mut Document, mut masked: Vec<Personal>) {
    masked.sort();
    masked.dedup();
    // The list of an earlier masking stays: the text has only stars left of that data.
    if masked.is_empty() || document.meta.contains_key(PERSONAL_FIELD) {
        return;
    }
    let mut persons = masked.iter().filter(|personal| personal.kind.names_a_person()).filter_map(|p| p.key.as_deref());
    let person = persons.next().filter(|_| document.channel == Channel::Complaint && persons.next().is_none());
    if let Some(person) = person.map(|person| format!("{ACTOR_PREFIX}{}", &person[..ACTOR_BYTES * 2]))
        && document.meta_str("author").is_none()
    {
        document.meta.insert("author".to_owned(), Value::String(person));
    }
    let rows = masked.iter().take(PERSONAL_LISTED_MAX).map(|personal| match &personal.key {
        Some(key) => format!("{}:{key}", personal.kind.word()),
        None => personal.kind.word().to_owned(),
    });
    document.meta.insert(PERSONAL_FIELD.to_owned(), rows.map(Value::String).collect());
}

/// All personal data of a text, in its order, none overlapping another.
#[must_use]
pub fn find_personal(text: &str) -> Vec<PersonalSpan> {
    let prescan = Prescan::of(text);
    if !prescan.may_have_personal_data() {
        return Vec::new();
    }
    let view = View::new(text, false);
    let mut spots = Vec::new();
    if prescan.digits >= DIGITS_MIN {
        numbers::find(&view, &mut spots);
    }
    words::find(&view, &prescan, &mut spots);
    let mut found: Vec<PersonalSpan> = spots.iter().map(|spot| located(text, &view, *spot)).collect();
    if prescan.spoken >= DIGITS_MIN {
        let view = View::new(text, true);
        let mut spots = Vec::new();
        numbers::find(&view, &mut spots);
        found.extend(
            spots
                .iter()
                .map(|spot| located(text, &view, *spot))
                .filter(|spot| text[spot.from..spot.to].chars().any(|c| view::spoken_digit(c).is_some())),
        );
    }
    // The one that begins first wins, the longer one of two that begin together; what overlaps it is joined to it.
    found.sort_by(|a, b| a.from.cmp(&b.from).then(b.to.cmp(&a.to)).then(a.kind.cmp(&b.kind)));
    let mut kept: Vec<PersonalSpan> = Vec::with_capacity(found.len());
    for next in found {
        match kept.last_mut() {
            Some(last) if next.from < last.to => last.to = last.to.max(next.to),
            _ => kept.push(next),
        }
    }
    kept
}

fn located(text: &str, view: &View, spot: FoldedSpan) -> PersonalSpan {
    let (from, to) = view.back(text, spot.from, spot.to);
    let folded = &view.text[spot.from..spot.to];
    let canonical = match spot.kind {
        PersonalKind::Mobile => {
            let digits: String = folded.chars().filter(char::is_ascii_digit).collect();
            digits[digits.len().saturating_sub(11)..].to_owned()
        }
        PersonalKind::Landline | PersonalKind::Hotline | PersonalKind::Phone | PersonalKind::BankCard => {
            folded.chars().filter(char::is_ascii_digit).collect()
        }
        _ => folded.chars().filter(|c| c.is_alphanumeric() || *c == '@').collect(),
    };
    PersonalSpan { kind: spot.kind, from, to, canonical }
}

/// What one pass over a text finds of the characters that personal data is made of. Most texts have too little of them and are not
/// searched.
#[derive(Debug, Clone, Copy, Default)]
struct Prescan {
    digits: usize,
    /// Digits of any writing, Chinese ones among them, in stretches that hold Chinese ones.
    spoken: usize,
    at: bool,
    /// Words of an address: 室, 栋, 单元, …
    rooms: bool,
    letters: usize,
    /// 人, 名, 主 and 我: the labels of names have one of them.
    named: bool,
}

impl Prescan {
    fn of(text: &str) -> Self {
        let mut prescan = Self::default();
        let (mut stretch, mut chinese) = (0, false);
        for c in text.chars() {
            let spoken = view::spoken_digit(c).is_some();
            let digit = matches!(c, '0'..='9' | '０'..='９' | '①'..='⑨' | '⓪' | '⑴'..='⑼' | '⒈'..='⒐' | '❶'..='❾' | '➊'..='➒' | '\u{1d7ce}'..='\u{1d7ff}');
            if digit || spoken {
                prescan.digits += usize::from(digit);
                stretch += 1;
                chinese |= spoken;
                if chinese {
                    prescan.spoken = prescan.spoken.max(stretch);
                }
                continue;
            }
            match c {
                ' ' | '-' | '\u{200b}' | '\u{fe0f}' | '\u{20e3}' => continue,
                'a'..='z' | 'A'..='Z' | 'ａ'..='ｚ' | 'Ａ'..='Ｚ' => prescan.letters += 1,
                '@' | '＠' | '#' => prescan.at = true,
                '室' | '栋' | '幢' | '弄' | '元' | '号' | '楼' | '户' | '房' | '组' | '座' | '区' | '园' | '苑'
                | '里' | '府' | '湾' | '城' | '寓' | '社' | '居' | '馆' | '村' | '舍' | '庭' => {
                    prescan.rooms = true;
                }
                '人' | '名' | '主' | '我' | '者' => prescan.named = true,
                _ => {}
            }
            (stretch, chinese) = (0, false);
        }
        prescan
    }

    fn may_have_personal_data(self) -> bool {
        self.digits >= DIGITS_MIN
            || self.spoken >= DIGITS_MIN
            || self.at
            || self.named
            || self.letters >= 1 && self.letters + self.digits >= DIGITS_MIN
            || self.rooms && (self.digits > 0 || self.spoken > 0)
    }
}

fn pattern(expression: &str) -> Option<Regex> {
    regex::RegexBuilder::new(expression).size_limit(REGEX_BYTES_MAX).build().ok()
}

/// The text with personal data overwritten. Borrowed when there was none.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    Masker::default().mask(text).0
}

/// The pseudonym of an author: the same name on the same source gives the same one. A pseudonym stays itself.
#[must_use]
pub fn pseudonym(source: &str, name: &str) -> String {
    let name = name.trim();
    let is_pseudonym = name
        .strip_prefix(ACTOR_PREFIX)
        .is_some_and(|rest| rest.len() == ACTOR_BYTES * 2 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_pseudonym {
        return name.to_owned();
    }
    let key = blake3::derive_key(ACTOR_DOMAIN, source.as_bytes());
    let hash = blake3::keyed_hash(&key, name.as_bytes());
    format!("{ACTOR_PREFIX}{}", data_encoding::HEXLOWER.encode(&hash.as_bytes()[..ACTOR_BYTES]))
}

/// Whether a field of `meta` names who wrote.
fn is_author(field: &str) -> bool {
    matches!(field, "author" | "complainant" | "buyer")
}

fn mask_value(source: &str, name: &str, value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::String(text) => *text = mask_field(source, name, text),
        Value::Number(number) => {
            // A phone number is one without quotation marks, too.
            let digits = number.to_string();
            let masked = mask_field(source, name, &digits);
            if masked != digits {
                *value = Value::String(masked);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| mask_value(source, name, value)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| mask_value(source, name, value)),
    }
}

/// One named fact about a document, masked as its name demands.
pub(super) fn mask_field(source: &str, name: &str, value: &str) -> String {
    match name {
        author if is_author(author) && nameless::is_nameless(value) => value.to_owned(),
        author if is_author(author) => pseudonym(source, value),
        // Ids, moments and addresses of things, not of people.
        "published_at" | "url" | "external_id" | "item_id" | "price" | "sold" | "rating" | "reviews" => {
            value.to_owned()
        }
        _ => mask(value).into_owned(),
    }
}
