//! What a page tells machines: JSON-LD, microdata, variables of scripts, attributes and comments. Found by their names in the source of the
//! page, for scripts are not part of the tree.

use std::sync::LazyLock;

use regex::Regex;

use super::{At, Evidence, day_of_at, of_value};
use vocabulary::PublishedFrom;

/// Weight of JSON-LD and microdata, of names that mean one page only, of a change.
const JSON_LD: u32 = 5;
const ALONE: u32 = 4;
const CHANGE: u32 = 1;
/// Weight where one name is said with several days: most are of other pages.
const VARIED_LD: u32 = 3;
const VARIED: u32 = 1;
/// Places that are looked at.
const PLACES_MAX: usize = 60;
/// Bytes behind a name in which its value begins, and of the value.
const VALUE_WITHIN: usize = 160;
const VALUE_BYTES_MAX: usize = 40;

/// Names without which nothing is looked at. The last one is how a large portal comments its pages.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "datePublished|dateModified|pubDate|publish_time|publishTime|publishDate|publish_date|pubtime|pubTime|ptime|var ct|published at",
    )
    .ok()
});

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    JsonLd,
    Changed,
    Variable,
}

pub(super) fn gather(source: &str, evidence: &mut Evidence) {
    let Some(names) = NAMES.as_ref() else { return };
    let mut found: Vec<(Sort, At)> = Vec::new();
    for name in names.find_iter(source).take(PLACES_MAX) {
        // Part of a longer name: `captime`.
        if source[..name.start()].ends_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let Some(at) = value_behind(source, name.end(), name.as_str()).and_then(of_value) else { continue };
        let sort = match name.as_str() {
            "datePublished" | "pubDate" => Sort::JsonLd,
            "dateModified" => Sort::Changed,
            _ => Sort::Variable,
        };
        found.push((sort, at));
    }
    for sort in [Sort::JsonLd, Sort::Variable, Sort::Changed] {
        let mut of_sort = found.iter().filter(|(known, _)| *known == sort).map(|(_, at)| *at);
        let Some(first) = of_sort.next() else { continue };
        let agrees = of_sort.all(|other| day_of_at(other) == day_of_at(first));
        match (sort, agrees) {
            (Sort::JsonLd, _) => evidence.add(PublishedFrom::JsonLd, first, if agrees { JSON_LD } else { VARIED_LD }),
            (Sort::Variable, _) => evidence.add(PublishedFrom::Script, first, if agrees { ALONE } else { VARIED }),
            (Sort::Changed, _) => evidence.add_change(PublishedFrom::JsonLd, first, CHANGE),
        }
    }
}

/// The value of a name: behind `:` or `=`, in the `content` or `datetime` beside it, or the text of its element.
fn value_behind<'a>(source: &'a str, at: usize, name: &str) -> Option<&'a str> {
    let rest = &source[at..source.floor_char_boundary(at + VALUE_WITHIN)];
    if name == "published at" {
        return cut(rest.trim_start());
    }
    let (rest, was_quoted) = match rest.strip_prefix(['"', '\'']) {
        Some(rest) => (rest, true),
        None => (rest.strip_prefix("\\\"").unwrap_or(rest), false),
    };
    if let Some(value) = rest.trim_start().strip_prefix([':', '=']) {
        return cut(value.trim_start().trim_start_matches(['"', '\'', '\\']));
    }
    // `itemprop="datePublished" content="…"`, or the text behind its `>`.
    if !was_quoted {
        return None;
    }
    let (tag, text) = rest.split_once('>')?;
    let attribute = ["content=", "datetime="].iter().find_map(|name| Some(&tag[tag.find(name)? + name.len()..]));
    cut(attribute.map_or(text, |value| value.trim_start_matches(['"', '\''])).trim_start())
}

/// A value up to its quote, or what else ends it.
fn cut(value: &str) -> Option<&str> {
    let end = value.find(['"', '\'', '<', '\\', ';', '}', ']', '\n']).unwrap_or(value.len());
    let value = value[..end].trim();
    // An unquoted value ends at a comma.
    let value = value.split(',').next().filter(|first| first.len() >= 8).unwrap_or(value);
    (value.len() <= VALUE_BYTES_MAX).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(PublishedFrom, u32, bool, String)> {
        let mut evidence = Evidence::new(None);
        gather(source, &mut evidence);
        let day = |at| day_of_at(at).map_or_else(|| "none".to_owned(), |day| day.to_string());
        evidence.stated.iter().map(|stated| (stated.kind, stated.weight, stated.is_change, day(stated.at))).collect()
    }

    #[test]
    fn what_scripts_say_is_read() {
        use PublishedFrom::{JsonLd, Script};
        for (source, kind, expected) in [
            (r#"{"datePublished": "2019-09-05T11:10:52+08:00"}"#, JsonLd, "2019-09-05"),
            (r#"{"pubDate":"2019-09-05T23:10:52"}"#, JsonLd, "2019-09-05"),
            (r#"<span itemprop="datePublished" class="a">2020年09月11日 18:05</span>"#, JsonLd, "2020-09-11"),
            (r"<i itemprop='datePublished' content='2020-09-11'></i>", JsonLd, "2020-09-11"),
            (r#"var ct = "1581517074";"#, Script, "2020-02-12"),
            ("publish_time: '2019-09-08 11:42:03',", Script, "2019-09-08"),
            (r#"<div data-ptime="2019-05-17 20:02:46">"#, Script, "2019-05-17"),
            ("<!-- [ published at 2013-05-07 09:31:00 ] -->", Script, "2013-05-07"),
            (r#"{\"publishTime\":1581517074000,\"x\":1}"#, Script, "2020-02-12"),
        ] {
            let all = found(source);
            assert_eq!(
                all.first().map(|(kind, _, _, day)| (*kind, day.as_str())),
                Some((kind, expected)),
                "{source}: {all:?}"
            );
        }
        assert_eq!(found("captime = '2019-09-08'; publishTime(x)").len(), 0);
    }

    #[test]
    fn one_name_with_many_days_counts_little() {
        let list = r#"[{"publishTime":"2020-01-01"},{"publishTime":"2020-01-02"}]"#;
        assert_eq!(found(list)[0].1, VARIED);
    }
}
