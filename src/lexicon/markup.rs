//! Marks of HTML that stayed in a text: tags and character references, as forms, exports and copied pages hand them in.
//!
//! Only what HTML knows is a mark: `5<6` and `R&D` stay as they are. Each mark is bound by name: a text is folded in linear time.

use std::borrow::Cow;

/// Longest tag, in bytes.
const TAG_BYTES_MAX: usize = 400;
/// Longest comment, style or script, in bytes.
const UNSEEN_BYTES_MAX: usize = 20_000;
/// Longest reference to a character, in bytes.
const REFERENCE_BYTES_MAX: usize = 12;

/// Tags whose end, or which themselves, end a line.
const ENDS_LINE: &[&str] = &[
    "br",
    "hr",
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "dl",
    "dd",
    "dt",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "article",
    "section",
    "blockquote",
    "pre",
    "center",
    "form",
    "tbody",
    "thead",
    "title",
    "body",
    "html",
    "head",
];
/// Tags whose end is a space: the next cell begins.
const ENDS_CELL: &[&str] = &["td", "th", "option"];
/// Tags that nobody sees.
const INLINE: &[&str] = &[
    "a",
    "abbr",
    "b",
    "big",
    "code",
    "del",
    "em",
    "font",
    "i",
    "img",
    "input",
    "ins",
    "label",
    "mark",
    "meta",
    "link",
    "nobr",
    "o",
    "s",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "tt",
    "u",
    "wbr",
    "button",
    "iframe",
    "video",
    "audio",
    "source",
    "col",
    "colgroup",
    "caption",
    "tfoot",
    "select",
    "textarea",
    "figure",
    "figcaption",
    "header",
    "footer",
    "nav",
    "main",
    "svg",
];
/// Tags whose content nobody sees.
const UNSEEN: &[&str] = &["script", "style"];
const REFERENCES: &[(&str, char)] = &[
    ("nbsp", ' '),
    ("ensp", ' '),
    ("emsp", ' '),
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("ldquo", '"'),
    ("rdquo", '"'),
    ("lsquo", '\''),
    ("rsquo", '\''),
    ("middot", '·'),
    ("hellip", '…'),
    ("mdash", '—'),
    ("times", '×'),
    ("deg", '°'),
];

/// Length in bytes of the mark that begins with the `<` or `&` of a text, and what a reader sees in its place.
pub(super) fn mark(text: &str) -> Option<(usize, Option<char>)> {
    if text.starts_with('&') { reference(text) } else { tag(text) }
}

/// A text as it is read: in place of each mark what a reader sees there.
#[must_use]
pub fn without_marks(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '&']) {
        return Cow::Borrowed(text);
    }
    let (mut read, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['<', '&']) {
        let (before, begins) = rest.split_at(at);
        read.push_str(before);
        let (bytes, seen) = mark(begins).unwrap_or_else(|| (1, begins.chars().next()));
        read.extend(seen);
        rest = &begins[bytes..];
    }
    read.push_str(rest);
    Cow::Owned(read)
}

fn tag(rest: &str) -> Option<(usize, Option<char>)> {
    if rest.starts_with("<!--") {
        return Some((within(rest, UNSEEN_BYTES_MAX).find("-->")? + 3, None));
    }
    let inside = &rest[1..];
    let (closes, named) = inside.strip_prefix('/').map_or((false, inside), |named| (true, named));
    let length = named.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = named.get(..length).filter(|name| (1..=10).contains(&name.len()))?.to_ascii_lowercase();
    let behind = &named[length..];
    if !behind.starts_with(|c: char| matches!(c, '>' | '/' | ':') || c.is_ascii_whitespace()) {
        return None;
    }
    let end =
        within(rest, TAG_BYTES_MAX)[1..].find(['<', '>']).map(|at| at + 1).filter(|at| rest.as_bytes()[*at] == b'>')?;
    let whole = end + 1;
    let has = |tags: &[&str]| tags.contains(&name.as_str());
    if has(UNSEEN) && !closes {
        let close = format!("</{name}");
        let seen = within(rest, UNSEEN_BYTES_MAX);
        let from = seen.to_ascii_lowercase().find(&close)?;
        return Some((from + seen[from..].find('>')? + 1, Some('\n')));
    }
    let is_break = closes || matches!(name.as_str(), "br" | "hr");
    match () {
        () if has(ENDS_LINE) => Some((whole, is_break.then_some('\n'))),
        () if has(ENDS_CELL) => Some((whole, closes.then_some(' '))),
        () if has(INLINE) || has(UNSEEN) => Some((whole, None)),
        () => None,
    }
}

fn reference(rest: &str) -> Option<(usize, Option<char>)> {
    let end = within(rest, REFERENCE_BYTES_MAX).find(';')?;
    let name = &rest[1..end];
    let folded = match name.strip_prefix('#') {
        Some(number) => {
            let hexadecimal = number.strip_prefix(['x', 'X']).map(|digits| u32::from_str_radix(digits, 16));
            let character = char::from_u32(hexadecimal.unwrap_or_else(|| number.parse()).ok()?)?;
            if character.is_control() || character.is_whitespace() { ' ' } else { character.to_ascii_lowercase() }
        }
        None => REFERENCES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((end + 1, Some(folded)))
}

/// The first bytes of a text, as far as whole characters go.
fn within(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_over_and_blocks_end_lines() {
        for (text, expected) in [
            ("充电<b>宝</b>突然起<p>火", "充电宝突然起火"),
            ("<P class=\"a\">起火</P><p>爆炸</p>", "起火\n爆炸\n"),
            ("甲<br/>乙<BR>丙", "甲\n乙\n丙"),
            ("<td>甲</td><td>乙</td>", "甲 乙 "),
            ("前<!-- 起火 -->后<script>var a = '<b>爆炸</b>'</script>尾", "前后\n尾"),
            ("<o:p>甲</o:p>&nbsp;乙&#20852;&#x5174;&amp;", "甲 乙兴兴&"),
        ] {
            assert_eq!(without_marks(text), expected, "{text}");
        }
    }

    #[test]
    fn what_html_does_not_know_stays() {
        for text in [
            "5<6 而 7>3",
            "a<b，c>d",
            "R&D; &公司; &",
            "<充电宝>起火",
            "<b 没有结尾",
            "<abc>",
            "<<b",
            "1<p",
            "&#x110000;",
        ] {
            assert_eq!(without_marks(text), text, "{text}");
        }
    }
}
