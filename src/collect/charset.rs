//! Bytes to text, as a browser would: HTTP header, byte order mark, `<meta>`, then detection. What contradicts itself is
//! decoded by the evidence in the bytes and said so.

mod euc_tw;

use std::borrow::Cow;
use std::sync::LazyLock;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

/// `<meta>` is looked for in this many first bytes, as in the HTML standard.
const META_BYTES_MAX: usize = 1024;
/// This many non-ASCII characters that form valid UTF-8 are no accident.
const UTF8_EVIDENCE_CHARS: usize = 8;
/// Bytes that are looked at to see whether they read as Chinese.
const SAMPLE_BYTES: usize = 64 * 1024;
/// Fewer Chinese characters say nothing.
const HANZI_MIN: usize = 20;
/// Share of common characters from which on a text is Chinese; running texts have 0.25 to 0.45, garbage below 0.04.
const COMMON_SHARE_MIN: f64 = 0.15;
/// Share below which it is none.
const FOREIGN_SHARE_MAX: f64 = 0.06;
/// The characters that Chinese texts are full of, in both scripts.
const COMMON: &str = "的一是不了在人有我他这這个個们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着著下自之年过過发發后後作里裡用道行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心她本前开開但因只从從想实實日军軍者意无無力它与與长長把机機十民第公此已工使情明性知全三又关關点點正业業外将將两兩高间間由问問很最重并並物手应應战戰向头頭文体體政美相见見被利什二等产產或新己制身果加西斯月话話合回特代内內信表化老给給世位次度门門任常先海通教儿兒东東声聲车車品质質";
/// Longest label quoted in a problem.
const LABEL_CHARS_MAX: usize = 40;

/// Decoded text and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// Name of the encoding that was used.
    pub encoding: &'static str,
    /// Contradictions and losses.
    pub problems: Vec<String>,
}

/// What the bytes are read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Web(&'static Encoding),
    EucTw,
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Web(encoding) => encoding.name(),
            Self::EucTw => "EUC-TW",
        }
    }

    /// The text without a byte order mark, and how many characters were replaced.
    fn decode(self, bytes: &[u8]) -> (String, usize) {
        match self {
            Self::EucTw => euc_tw::decode(bytes),
            Self::Web(encoding) => {
                let (text, lost) = encoding.decode_with_bom_removal(bytes);
                let losses = if lost { text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count() } else { 0 };
                (text.into_owned(), losses)
            }
        }
    }

    fn loss(self, bytes: &[u8]) -> usize {
        match self {
            Self::Web(encoding) if encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some() => 0,
            coding => coding.decode(bytes).1,
        }
    }
}

/// Decodes a page. `declared` is the charset of the `Content-Type` header; `forced` is the recipe's own word and wins.
#[must_use]
pub fn decode(bytes: &[u8], declared: Option<&str>, forced: Option<&'static Encoding>) -> Decoded {
    let mut problems = Vec::new();
    let bom = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let (coding, by) = if let Some(encoding) = forced {
        (Coding::Web(encoding), "the recipe")
    } else {
        choose(bytes, declared, bom, &mut problems)
    };
    let (mut text, mut losses) = coding.decode(bytes);
    if forced.is_none()
        && let Some(mixed) = decode_mixed(bytes, coding, losses)
    {
        problems.push(format!(
            "the page is {} with {} stretches in another encoding: read apart",
            coding.name(),
            mixed.others
        ));
        (text, losses) = (mixed.text, mixed.losses);
    }
    if losses > 0 {
        let name = coding.name();
        problems.push(format!("{losses} characters are not valid {name} (chosen by {by}) and were replaced"));
    }
    Decoded { text, encoding: coding.name(), problems }
}

fn choose(
    bytes: &[u8],
    declared: Option<&str>,
    bom: Option<&'static Encoding>,
    problems: &mut Vec<String>,
) -> (Coding, &'static str) {
    let mut named = |label: &str, by: &'static str| {
        let found = coding_of(label);
        if found.is_none() {
            let label: String = label.chars().take(LABEL_CHARS_MAX).collect();
            problems.push(format!("{by} names a charset `{label}` that is not known"));
        }
        found.map(|coding| (coding, by))
    };
    let header = declared.and_then(|label| named(label, "the HTTP header"));
    let meta = meta_charset(bytes).and_then(|label| named(&label, "the page's meta"));
    let claim = header.or(bom.map(|encoding| (Coding::Web(encoding), "the byte order mark"))).or(meta);
    let Some((coding, by)) = claim else { return (detect(bytes), "detection") };

    // A byte order mark is evidence, a header is a claim.
    if let Some(marked) = bom.map(Coding::Web).filter(|marked| *marked != coding) {
        problems.push(format!("{by} says {}, the byte order mark says {}: taken", coding.name(), marked.name()));
        return (marked, "the byte order mark");
    }
    if coding != Coding::Web(UTF_8) && is_surely_utf8(bytes) {
        problems.push(format!("{by} says {}, the bytes are UTF-8: taken", coding.name()));
        return (Coding::Web(UTF_8), "the bytes");
    }
    let loss = coding.loss(bytes);
    if loss == 0 {
        if coding == Coding::Web(UTF_8) && is_surely_utf8(bytes) {
            return (coding, by);
        }
        // Bytes of one encoding are often valid in another; then they read as characters that nobody writes.
        let read = coding.decode(sample(bytes)).0;
        let strange = match commonness(&read) {
            Commonness::Foreign => true,
            Commonness::Chinese => false,
            // A western encoding makes of every Chinese character two of its own.
            Commonness::Unknown => {
                common_share(&read).0 == 0 && read.chars().filter(|c| !c.is_ascii()).count() >= 2 * HANZI_MIN
            }
        };
        if strange
            && let Some(other) = most_common(bytes)
            && other != coding
        {
            problems.push(format!(
                "{by} says {}, but that reads as no Chinese; {} does: taken",
                coding.name(),
                other.name()
            ));
            return (other, "the characters");
        }
        return (coding, by);
    }
    // The claim does not hold. The other claim, then detection, get a chance if they lose less.
    let others = meta.into_iter().chain([(detect(bytes), "detection")]);
    let best = others.map(|(other, by)| (other.loss(bytes), other, by)).min_by_key(|(lost, ..)| *lost);
    if let Some((lost, other, other_by)) = best
        && other != coding
        && lost < loss
    {
        let (claimed, taken) = (coding.name(), other.name());
        problems.push(format!("{by} says {claimed}, but the bytes are not; {other_by} says {taken}: taken"));
        return (other, other_by);
    }
    (coding, by)
}

fn coding_of(label: &str) -> Option<Coding> {
    let plain = label.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    if matches!(plain.as_str(), "euc-tw" | "x-euc-tw" | "euctw" | "cns11643") {
        return Some(Coding::EucTw);
    }
    for_label(label).map(Coding::Web)
}

/// The encoding of a label. GB2312 and GBK mean GB18030, their superset, as pages use it in fact.
pub(crate) fn for_label(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().trim_matches(['"', '\'']);
    let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
    Some(if encoding == GBK { GB18030 } else { encoding })
}

fn detect(bytes: &[u8]) -> Coding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(Some(b"cn"), Utf8Detection::Allow);
    let guess = Coding::Web(if guess == GBK { GB18030 } else { guess });
    if guess != Coding::Web(UTF_8)
        && !matches!(commonness(&guess.decode(sample(bytes)).0), Commonness::Chinese)
        && let Some(other) = most_common(bytes)
    {
        return other;
    }
    guess
}

/// The beginning of a page, enough to see what it is written in. It may end within a character.
fn sample(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(SAMPLE_BYTES)]
}

/// Whether a text reads as Chinese, judged by the characters that every Chinese text is full of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Commonness {
    Chinese,
    /// Many Chinese characters, and hardly a common one among them.
    Foreign,
    /// Too few Chinese characters to say.
    Unknown,
}

/// Whether a character is one of [`COMMON`], all of which lie in the block of Chinese characters.
fn is_common(c: char) -> bool {
    const FIRST: u32 = 0x4e00;
    static SET: LazyLock<[u64; 328]> = LazyLock::new(|| {
        let mut set = [0; 328];
        for at in COMMON.chars().filter_map(|c| u32::from(c).checked_sub(FIRST)) {
            set[at as usize / 64] |= 1 << (at % 64);
        }
        set
    });
    let at = u32::from(c).wrapping_sub(FIRST);
    SET.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

fn common_share(text: &str) -> (usize, f64) {
    let (mut hanzi, mut common) = (0_usize, 0_usize);
    for c in text.chars() {
        match c {
            '\u{4e00}'..='\u{9fff}' => {
                hanzi += 1;
                common += usize::from(is_common(c));
            }
            // What garbage is made of beside rare characters.
            '\u{3400}'..='\u{4dbf}' | '\u{e000}'..='\u{f8ff}' | '\u{20000}'..='\u{2ffff}' | '\u{ac00}'..='\u{d7a3}' => {
                hanzi += 1;
            }
            char::REPLACEMENT_CHARACTER => hanzi += 1,
            _ => {}
        }
    }
    (hanzi, common as f64 / hanzi.max(1) as f64)
}

fn commonness(text: &str) -> Commonness {
    match common_share(text) {
        (0..HANZI_MIN, _) => Commonness::Unknown,
        (_, share) if share >= COMMON_SHARE_MIN => Commonness::Chinese,
        (_, share) if share < FOREIGN_SHARE_MAX => Commonness::Foreign,
        _ => Commonness::Unknown,
    }
}

/// The encoding in which the bytes read most like Chinese, when one does.
fn most_common(bytes: &[u8]) -> Option<Coding> {
    let sample = sample(bytes);
    [
        Coding::Web(UTF_8),
        Coding::Web(GB18030),
        Coding::Web(BIG5),
        Coding::EucTw,
        Coding::Web(UTF_16LE),
        Coding::Web(UTF_16BE),
    ]
    .into_iter()
    .map(|coding| (coding, common_share(&coding.decode(sample).0)))
    .filter(|(_, (hanzi, share))| *hanzi >= HANZI_MIN && *share >= COMMON_SHARE_MIN)
    .max_by(|(_, (_, a)), (_, (_, b))| a.total_cmp(b))
    .map(|(coding, _)| coding)
}

struct Mixed {
    text: String,
    others: usize,
    losses: usize,
}

/// A page put together from pieces in two encodings: between two tags or line ends the bytes are of one. None when all of
/// it is of one.
fn decode_mixed(bytes: &[u8], coding: Coding, losses: usize) -> Option<Mixed> {
    let utf8 = coding == Coding::Web(UTF_8);
    // Valid UTF-8 is not mixed; GB18030 reads anything.
    if utf8 && losses == 0
        || !utf8 && !matches!(coding, Coding::Web(encoding) if encoding == GB18030 || encoding == BIG5)
    {
        return None;
    }
    let mut mixed = Mixed { text: String::with_capacity(bytes.len() * 2), others: 0, losses: 0 };
    // No byte of a character of two or three bytes is one of these in UTF-8, GB18030 or Big5.
    for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'<' | b'>')) {
        let as_utf8 = std::str::from_utf8(piece).ok();
        let other = if utf8 {
            if as_utf8.is_none() { GB18030.decode_without_bom_handling_and_without_replacement(piece) } else { None }
        } else {
            as_utf8
                .filter(|text| text.chars().filter(|c| !c.is_ascii()).count() >= UTF8_EVIDENCE_CHARS / 2)
                .filter(|text| text.chars().filter(|c| !c.is_ascii()).all(|c| c.len_utf8() == 3))
                .map(Cow::Borrowed)
        };
        if let Some(other) = other {
            mixed.text.push_str(&other);
            mixed.others += 1;
        } else {
            let (text, lost) = coding.decode(piece);
            mixed.text.push_str(&text);
            mixed.losses += lost;
        }
    }
    (mixed.others > 0 && mixed.losses <= losses).then_some(mixed)
}

fn is_surely_utf8(bytes: &[u8]) -> bool {
    // A page cut in the middle of a character is still UTF-8.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    text.chars().filter(|c| !c.is_ascii()).take(UTF8_EVIDENCE_CHARS).count() == UTF8_EVIDENCE_CHARS
}

/// The charset that `<meta charset=…>`, `<meta http-equiv … charset=…>` or an XML declaration states.
fn meta_charset(bytes: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(META_BYTES_MAX)]).to_ascii_lowercase();
    let after = |text: &str, key: &str| -> Option<String> {
        let rest = text[text.find(key)? + key.len()..].trim_start().strip_prefix('=')?.trim_start();
        let rest = rest.trim_start_matches(['"', '\'']);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c))).unwrap_or(rest.len());
        (end > 0).then(|| rest[..end].to_owned())
    };
    if start.trim_start().starts_with("<?xml")
        && let Some(label) = after(&start[..start.find("?>")?], "encoding")
    {
        return Some(label);
    }
    start.split("<meta").skip(1).find_map(|tag| after(tag.split('>').next().unwrap_or_default(), "charset"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "充电宝在充电时突然起火，桌子烧黑了。";

    fn gb(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    #[test]
    fn the_set_of_common_characters_is_the_list_of_them() {
        for c in (0..0x11_0000).filter_map(char::from_u32) {
            assert_eq!(is_common(c), COMMON.contains(c), "{c}");
        }
    }

    #[test]
    fn gb2312_in_the_header_is_read_as_gb18030() {
        let text = "镕€㐀朱镕基的充电宝"; // outside GB2312
        let decoded = decode(&gb(text), Some("gb2312"), None);
        assert_eq!((decoded.text.as_str(), decoded.encoding), (text, "gb18030"));
        assert!(decoded.problems.is_empty());
    }

    #[test]
    fn the_meta_tag_counts_when_the_header_is_silent() {
        let page = gb(&format!("<html><meta http-equiv=Content-Type content='text/html; charset=GBK'>{TEXT}"));
        assert!(decode(&page, None, None).text.ends_with(TEXT));
        let xml = gb(&format!("<?xml version=\"1.0\" encoding=\"gb2312\"?><rss>{TEXT}"));
        assert!(decode(&xml, None, None).text.ends_with(TEXT));
    }

    #[test]
    fn a_wrong_claim_is_seen_through_and_reported() {
        let utf8 = decode(TEXT.as_bytes(), Some("gb2312"), None);
        assert_eq!((utf8.text.as_str(), utf8.problems.len()), (TEXT, 1));
        let other = decode(&gb(TEXT), Some("utf-8"), None);
        assert_eq!((other.text.as_str(), other.problems.len()), (TEXT, 1), "{:?}", other.problems);
        let marked = decode(&[b"\xef\xbb\xbf", TEXT.as_bytes()].concat(), Some("gbk"), None);
        assert_eq!((marked.text.as_str(), marked.problems.len()), (TEXT, 1));
    }

    #[test]
    fn nothing_declared_is_detected() {
        assert_eq!(decode(&gb(TEXT), None, None).text, TEXT);
        assert_eq!(decode(TEXT.as_bytes(), None, None).text, TEXT);
        assert_eq!(decode(b"", None, None).text, "");
    }

    #[test]
    fn broken_bytes_are_replaced_and_counted() {
        let mut bytes = gb(TEXT);
        bytes.extend_from_slice(&[0xff, 0xff, b'!']);
        let decoded = decode(&bytes, Some("gb18030"), None);
        assert!(decoded.text.starts_with(TEXT));
        assert!(decoded.problems.iter().any(|problem| problem.contains("replaced")), "{:?}", decoded.problems);
        let unknown = decode(b"abc", Some("no-such"), None);
        assert!(unknown.problems[0].contains("no-such"));
    }
}
