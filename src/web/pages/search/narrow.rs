//! Ways to narrow a search: terms that a link adds to the query and takes back.

use jiff::civil::Date;

use super::super::super::display;
use super::super::super::view::{Facet, FacetValue, View};
use super::address;
use index::query_wishes;

/// Values shown of one facet.
const FACET_VALUES_SHOWN: usize = 12;

/// A value of a facet, and where it leads.
pub(super) struct FacetLink {
    pub(super) name: String,
    pub(super) count: u64,
    pub(super) address: String,
    pub(super) chosen: bool,
}

/// A facet with its values.
pub(super) struct FacetView<'a> {
    pub(super) title: &'a str,
    pub(super) links: Vec<FacetLink>,
}

impl<'a> FacetView<'a> {
    pub(super) fn new(view: &View, query: &str, facet: &'a Facet) -> Self {
        let link = |value: &FacetValue| {
            let chosen = has_term(query, &value.narrow);
            let narrowed = if chosen { without_term(query, &value.narrow) } else { with_term(query, &value.narrow) };
            let region = (facet.field == "region").then(|| value.value.parse().ok()).flatten();
            FacetLink {
                name: region
                    .map_or_else(|| display::facet_value(&facet.field, &value.value), |code| view.region_name(code)),
                count: value.count,
                address: address(narrowed.trim(), None),
                chosen,
            }
        };
        let links = facet.values.iter().take(FACET_VALUES_SHOWN).map(link).collect();
        Self { title: display::facet(&facet.field), links }
    }
}

/// The place in the query of a term that a facet link added: at its end or between spaces.
fn find_term(query: &str, term: &str) -> Option<usize> {
    if term.is_empty() {
        return None;
    }
    query.match_indices(term).map(|(at, _)| at).find(|at| {
        let after = at + term.len();
        (*at == 0 || query[..*at].ends_with(' ')) && (after == query.len() || query[after..].starts_with(' '))
    })
}

pub(super) fn has_term(query: &str, term: &str) -> bool {
    find_term(query, term).is_some()
}

/// AND binds closer than OR, so alternatives go into brackets before a term narrows them all. Wishes of the whole search stay
/// outside.
pub(super) fn with_term(query: &str, term: &str) -> String {
    if !has_alternatives(query) {
        return format!("{query} {term}");
    }
    let (rest, wishes) = apart(query, |word| query_wishes().any(|(en, zh, ..)| is_field(word, &[en, zh])));
    [format!("({rest})"), wishes, term.to_owned()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The query with a wish of this English name, in place of what it wished of the kind; without any when `value` is empty.
pub(super) fn with_wish(query: &str, kind: &str, value: &str) -> String {
    let names: Vec<&str> = query_wishes().filter(|(en, ..)| *en == kind).flat_map(|(en, zh, ..)| [en, zh]).collect();
    let (rest, _) = apart(query, |word| is_field(word, &names));
    if value.is_empty() { rest } else { format!("{rest} {kind}:{value}") }
}

/// Whether a word of a query is `name:…` of one of these.
fn is_field(word: &str, names: &[&str]) -> bool {
    let name = word.split_once([':', '：', '=', '<', '>']).map_or("", |(name, _)| name);
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The query for some days only, in place of those it asked for.
pub(super) fn with_days(query: &str, from: Date, to: Date) -> String {
    let (rest, _) = apart(query, |word| is_field(word, &["date", "日期"]));
    let days = if from == to { format!("date:{from}") } else { format!("date:{from}..{to}") };
    if rest.is_empty() { days } else { with_term(&rest, &days) }
}

/// A query without some of its words outside quotes and brackets, and these.
fn apart(query: &str, taken: impl Fn(&str) -> bool) -> (String, String) {
    let (mut depth, mut quoted, mut from) = (0_usize, false, 0);
    let mut sorted = (Vec::new(), Vec::new());
    for (at, letter) in query.char_indices().chain([(query.len(), ' ')]) {
        match letter {
            '"' | '“' | '”' | '＂' => quoted = !quoted,
            '(' | '（' if !quoted => depth += 1,
            ')' | '）' if !quoted => depth = depth.saturating_sub(1),
            _ if letter.is_whitespace() && (depth == 0 && !quoted || at == query.len()) => {
                let word = &query[from..at];
                from = at + letter.len_utf8();
                if !word.is_empty() {
                    if taken(word) { sorted.1.push(word) } else { sorted.0.push(word) }
                }
            }
            _ => {}
        }
    }
    (sorted.0.join(" "), sorted.1.join(" "))
}

/// Whether the query has an OR outside quotes and brackets.
fn has_alternatives(query: &str) -> bool {
    let (mut depth, mut quoted, mut word) = (0_usize, false, String::new());
    for letter in query.chars().chain([' ']) {
        match letter {
            '"' | '“' | '”' | '＂' => quoted = !quoted,
            _ if quoted => continue,
            '(' | '（' => depth += 1,
            ')' | '）' => depth = depth.saturating_sub(1),
            _ if letter.is_whitespace() => {}
            _ => {
                word.push(letter);
                continue;
            }
        }
        if word == "OR" && depth == 0 {
            return true;
        }
        word.clear();
    }
    false
}

pub(super) fn without_term(query: &str, term: &str) -> String {
    find_term(query, term).map_or_else(
        || query.to_owned(),
        |at| format!("{} {}", query[..at].trim_end(), query[at + term.len()..].trim_start()).trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_facet_link_adds_its_term_and_takes_it_back() {
        let narrowed = "起火 category:toy brand:\"大 米\"";
        assert!(has_term(narrowed, "category:toy") && has_term(narrowed, "brand:\"大 米\""));
        assert!(!has_term("起火 category:toys", "category:toy"));
        assert_eq!(without_term(narrowed, "category:toy"), "起火 brand:\"大 米\"");
        assert_eq!(without_term("category:toy", "category:toy"), "");
    }

    #[test]
    fn narrowing_alternatives_narrows_them_all() {
        assert_eq!(with_term("甲 乙", "brand:丙"), "甲 乙 brand:丙");
        assert_eq!(with_term("甲 OR 乙", "brand:丙"), "(甲 OR 乙) brand:丙");
        assert_eq!(with_term("(甲 OR 乙) brand:丙", "hazard:fire"), "(甲 OR 乙) brand:丙 hazard:fire");
        assert_eq!(with_term("\"甲 OR 乙\" ORB", "hazard:fire"), "\"甲 OR 乙\" ORB hazard:fire");
    }

    #[test]
    fn wishes_and_days_take_the_place_of_earlier_ones_and_stay_outside_brackets() {
        assert_eq!(with_wish("起火 排序:日期", "sort", "severity"), "起火 sort:severity");
        assert_eq!(with_wish("起火 sort:date", "sort", ""), "起火");
        assert_eq!(with_wish("\"a sort:date\" (甲 OR 乙)", "sort", "date"), "\"a sort:date\" (甲 OR 乙) sort:date");
        assert_eq!(with_term("甲 OR 乙 sort:date", "hazard:fire"), "(甲 OR 乙) sort:date hazard:fire");
        let day = |text: &str| text.parse::<Date>().expect("a day");
        let (first, last) = (day("2024-01-01"), day("2024-01-31"));
        assert_eq!(with_days("起火 date:2023", first, last), "起火 date:2024-01-01..2024-01-31");
        assert_eq!(with_days("甲 OR 乙", first, first), "(甲 OR 乙) date:2024-01-01");
        assert_eq!(with_days("date:2023", first, first), "date:2024-01-01");
    }
}
