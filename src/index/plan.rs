//! From what is asked to the tantivy query that answers it.

use std::collections::BTreeMap;
use std::ops::Bound;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use super::analysis::{Analysis, CharKind, Grams, grams, kind_of};
use super::bounds::{EXPANSIONS_MAX, SPELLINGS_MAX, SPELLINGS_SEEN_MAX};
use super::error::IndexError;
use super::filter::{DayField, Filter, NameField, NumberField, day_number};
use super::near::{NearQuery, Stretch};
use super::query::{Near, Node, Piece};
use super::schema::Fields;
use super::thesaurus::Thesaurus;

/// How much more a word in the title weighs than one in the text.
const TITLE_BOOST: f32 = 2.0;
/// How much more the words weigh when they stand in a row, as asked.
const PHRASE_BOOST: f32 = 2.0;

/// A word of the query and what was searched with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expansion {
    /// As asked, normalised.
    pub word: String,
    /// Other names of the same product or brand, or other spellings that occur.
    pub also: Vec<String>,
}

/// Plans one query.
pub(super) struct Planner<'a> {
    pub(super) fields: &'a Fields,
    pub(super) analysis: &'a Analysis,
    pub(super) thesaurus: &'a Thesaurus,
    /// Whether words bring other names of the same thing with them.
    pub(super) synonyms: bool,
    /// Whose terms fuzzy names are looked up in.
    pub(super) searcher: &'a Searcher,
    /// What was searched beside what was asked.
    pub(super) expansions: Vec<Expansion>,
}

impl Planner<'_> {
    pub(super) fn plan(&mut self, node: &Node) -> Result<Box<dyn Query>, IndexError> {
        Ok(match node {
            Node::All => everything(),
            Node::Words(text) => self.words(text),
            Node::Phrase(text) => self.contains(text),
            Node::Prefix(stem) => self.beginning(stem),
            Node::Fuzzy(name, edits) => self.fuzzy(name, *edits)?,
            Node::Near(near) => self.near(near),
            Node::Filter(filter) => Box::new(ConstScoreQuery::new(self.filter(filter), 0.0)),
            Node::Not(_) => self.all(std::slice::from_ref(node))?,
            Node::And(nodes) => self.all(nodes)?,
            Node::Or(nodes) => {
                let any = nodes.iter().map(|node| self.plan(node)).collect::<Result<Vec<_>, _>>()?;
                Box::new(BooleanQuery::union(any))
            }
        })
    }

    fn all(&mut self, nodes: &[Node]) -> Result<Box<dyn Query>, IndexError> {
        let mut clauses = Vec::with_capacity(nodes.len() + 1);
        for node in nodes {
            clauses.push(match node {
                Node::Not(inner) => (Occur::MustNot, self.plan(inner)?),
                other => (Occur::Must, self.plan(other)?),
            });
        }
        if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            clauses.push((Occur::Must, everything()));
        }
        Ok(Box::new(BooleanQuery::new(clauses)))
    }

    /// Every word must occur as characters, wherever jieba cut the text; words that it cut alike, words in the title and
    /// words in a row come first.
    fn words(&mut self, text: &str) -> Box<dyn Query> {
        let asked = self.analysis.ask(text);
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for required in &asked.required {
            let also = self.also(required);
            let names = std::iter::once(required).chain(&also);
            let any: Vec<Box<dyn Query>> = names.map(|name| self.contains(name)).collect();
            clauses.push((Occur::Must, one_of(any)));
        }
        for word in &asked.words {
            let ranks =
                |field| Box::new(TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs));
            clauses.push((Occur::Should, ranks(self.fields.words)));
            clauses.push((Occur::Should, Box::new(BoostQuery::new(ranks(self.fields.title_words), TITLE_BOOST))));
        }
        if asked.required.len() > 1 {
            clauses.push((Occur::Should, Box::new(BoostQuery::new(self.contains(text), PHRASE_BOOST))));
        }
        if clauses.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::new(clauses)) }
    }

    /// Other names of what a word names, noted for whoever asked.
    fn also(&mut self, word: &str) -> Vec<String> {
        if !self.synonyms {
            return Vec::new();
        }
        if let Some(known) = self.expansions.iter().find(|known| known.word == word) {
            return known.also.clone();
        }
        let left = EXPANSIONS_MAX.saturating_sub(self.expansions.iter().map(|known| known.also.len()).sum());
        // A name that holds the word itself is found anyway.
        let others = self.thesaurus.also(word).iter().filter(|other| !other.contains(word));
        let also: Vec<String> = others.take(left).cloned().collect();
        if !also.is_empty() {
            self.expansions.push(Expansion { word: word.to_owned(), also: also.clone() });
        }
        also
    }

    /// Title or text contains these characters in a row; runs of Latin letters and digits only whole.
    fn contains(&self, text: &str) -> Box<dyn Query> {
        let field = self.fields.bigrams;
        let term = |text: &str| Term::from_field_text(field, text);
        match grams(text) {
            Grams::Nothing => Box::new(EmptyQuery),
            Grams::Beginning(letter) => self.beginning(&letter.to_string()),
            Grams::Terms(terms) => {
                let mut terms: Vec<(usize, Term)> = terms.iter().map(|(at, text)| (*at, term(text))).collect();
                match (terms.pop(), terms.is_empty()) {
                    (None, _) => Box::new(EmptyQuery),
                    (Some((_, only)), true) => Box::new(TermQuery::new(only, IndexRecordOption::WithFreqs)),
                    (Some(last), false) => {
                        terms.push(last);
                        Box::new(PhraseQuery::new_with_offset(terms))
                    }
                }
            }
        }
    }

    /// A bigram or run begins with these characters. All hits weigh the same.
    fn beginning(&self, stem: &str) -> Box<dyn Query> {
        let term = |text: &str| Term::from_field_text(self.fields.bigrams, text);
        let end = format!("{stem}{}", char::MAX); // sorts behind all that begin so: no text holds that noncharacter
        Box::new(RangeQuery::new(Bound::Included(term(stem)), Bound::Excluded(term(&end))))
    }

    /// Both sides must occur, which ranks, and near one another, which does not.
    fn near(&mut self, near: &Near) -> Box<dyn Query> {
        let mut sides = [(); 2].map(|()| (Vec::new(), Vec::new()));
        for (pieces, (occur, stretches)) in [&near.left, &near.right].into_iter().zip(&mut sides) {
            for Piece { text, quoted } in pieces {
                let also = if *quoted { Vec::new() } else { self.also(text) };
                for name in std::iter::once(text).chain(&also) {
                    occur.push(self.contains(name));
                    stretches.extend(self.stretch(name));
                }
            }
        }
        let [(left_occur, left), (right_occur, right)] = sides;
        let query = NearQuery { field: self.fields.bigrams, left, right, within: near.within };
        Box::new(BooleanQuery::new(vec![
            (Occur::Must, one_of(left_occur)),
            (Occur::Must, one_of(right_occur)),
            (Occur::Must, Box::new(ConstScoreQuery::new(Box::new(query), 0.0))),
        ]))
    }

    fn stretch(&self, text: &str) -> Option<Stretch> {
        let text = text.trim_matches(|letter| kind_of(letter) == CharKind::Separator);
        let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        match grams(text) {
            Grams::Nothing => None,
            Grams::Beginning(letter) => Some(Stretch::Beginning(letter)),
            Grams::Terms(terms) => {
                let term = |(at, text): &(usize, String)| {
                    (u32::try_from(*at).unwrap_or(u32::MAX), Term::from_field_text(self.fields.bigrams, text))
                };
                Some(Stretch::Row(terms.iter().map(term).collect(), chars))
            }
        }
    }

    /// Runs of letters and digits that differ from the name in at most so many letters. The first letter is taken as
    /// right: so only terms that begin with it are looked at.
    fn fuzzy(&mut self, name: &str, edits: usize) -> Result<Box<dyn Query>, IndexError> {
        let failed = |error: std::io::Error| IndexError::Engine { what: "look up a fuzzy name", source: error.into() };
        let wanted: Vec<char> = name.chars().collect();
        let Some(first) = wanted.first() else { return Ok(Box::new(EmptyQuery)) };
        let (from, to) = (first.to_string(), format!("{first}{}", char::MAX));
        let mut found: BTreeMap<String, (usize, u64)> = BTreeMap::new();
        for segment in self.searcher.segment_readers() {
            let index =
                segment.inverted_index(self.fields.bigrams).map_err(IndexError::engine("look up a fuzzy name"))?;
            let mut terms =
                index.terms().range().ge(from.as_bytes()).lt(to.as_bytes()).into_stream().map_err(failed)?;
            let mut seen = 0;
            while terms.advance() && seen < SPELLINGS_SEEN_MAX {
                seen += 1;
                let Ok(term) = std::str::from_utf8(terms.key()) else { continue };
                if term.len() > 4 * (wanted.len() + edits)
                    || !term.chars().all(|letter| kind_of(letter) == CharKind::Run)
                {
                    continue;
                }
                if let Some(distance) = distance(&wanted, term, edits) {
                    found.entry(term.to_owned()).or_insert((distance, 0)).1 += u64::from(terms.value().doc_freq);
                }
            }
        }
        let mut spellings: Vec<(usize, std::cmp::Reverse<u64>, String)> =
            found.into_iter().map(|(term, (distance, often))| (distance, std::cmp::Reverse(often), term)).collect();
        spellings.sort();
        spellings.truncate(SPELLINGS_MAX);
        let any = spellings.iter().map(|(.., term)| self.contains(term)).collect();
        let also: Vec<String> = spellings.into_iter().map(|(.., term)| term).filter(|term| term != name).collect();
        if !also.is_empty() {
            self.expansions.push(Expansion { word: name.to_owned(), also });
        }
        Ok(one_of(any))
    }

    fn filter(&self, filter: &Filter) -> Box<dyn Query> {
        let term_query = |term: Term| -> Box<dyn Query> { Box::new(TermQuery::new(term, IndexRecordOption::Basic)) };
        let any_of = |field: Field, names: &[String]| -> Box<dyn Query> {
            one_of(names.iter().map(|name| term_query(Term::from_field_text(field, name))).collect())
        };
        match filter {
            Filter::Name(NameField::Category, names) => {
                let in_field = |name: &String| {
                    let field = if name.contains('/') { self.fields.leaf } else { self.fields.category };
                    term_query(Term::from_field_text(field, name))
                };
                one_of(names.iter().map(in_field).collect())
            }
            Filter::Name(field, names) => any_of(self.name_field(*field), names),
            Filter::Id(ids) => any_of(self.fields.id, ids),
            Filter::Story(stories) => {
                let field = self.fields.story;
                one_of(stories.iter().map(|story| term_query(Term::from_field_u64(field, *story))).collect())
            }
            Filter::Severity(from, to) => {
                let bound = |severity: u64| Bound::Included(Term::from_field_u64(self.fields.severity, severity));
                Box::new(RangeQuery::new(bound(*from), bound(*to)))
            }
            Filter::Number(field, from, to) => {
                let field = match field {
                    NumberField::Rating => self.fields.rating,
                    NumberField::Price => self.fields.price,
                    NumberField::Confidence => self.fields.confidence,
                };
                let (from, to) = match (*from, *to) {
                    // A range without ends does not say its field to tantivy.
                    (Bound::Unbounded, Bound::Unbounded) => (Bound::Included(f64::MIN), Bound::Unbounded),
                    bounds => bounds,
                };
                let term = |number: f64| Term::from_field_f64(field, number);
                Box::new(RangeQuery::new(from.map(term), to.map(term)))
            }
            Filter::Days(field, from, to) => {
                let field = match field {
                    DayField::Event => self.fields.event_day,
                    DayField::Seen => self.fields.seen_day,
                };
                let bound = |day: Option<Date>, open: i64| {
                    Bound::Included(Term::from_field_i64(field, day.map_or(open, day_number)))
                };
                Box::new(RangeQuery::new(bound(*from, i64::MIN), bound(*to, i64::MAX)))
            }
        }
    }

    fn name_field(&self, field: NameField) -> Field {
        match field {
            NameField::Category => self.fields.category,
            NameField::Hazard => self.fields.hazard,
            NameField::Signal => self.fields.signal,
            NameField::Channel => self.fields.channel,
            NameField::Stance => self.fields.stance,
            NameField::Region => self.fields.region,
            NameField::Brand => self.fields.brand,
            NameField::Source => self.fields.source,
            NameField::Platform => self.fields.platform,
            NameField::Seller => self.fields.seller,
            NameField::Maker => self.fields.maker,
            NameField::Model => self.fields.model,
            NameField::Batch => self.fields.batch,
            NameField::Item => self.fields.item,
        }
    }
}

fn everything() -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0))
}

/// One stays itself; none finds nothing.
fn one_of(mut any: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match (any.pop(), any.is_empty()) {
        (None, _) => Box::new(EmptyQuery),
        (Some(only), true) => only,
        (Some(last), false) => {
            any.push(last);
            Box::new(BooleanQuery::union(any))
        }
    }
}

/// How many letters must be put in, left out, changed or swapped with their neighbour (optimal string alignment), when
/// that is at most `most`.
fn distance(wanted: &[char], term: &str, most: usize) -> Option<usize> {
    let term: Vec<char> = term.chars().collect();
    if wanted.len().abs_diff(term.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=term.len()).collect();
    for (row, &letter) in wanted.iter().enumerate() {
        let mut line = vec![row + 1; term.len() + 1];
        for (column, &other) in term.iter().enumerate() {
            let changed = above[column] + usize::from(letter != other);
            let mut least = changed.min(above[column + 1] + 1).min(line[column] + 1);
            if row > 0 && column > 0 && letter == term[column - 1] && wanted[row - 1] == other {
                least = least.min(before[column - 1] + 1);
            }
            line[column + 1] = least;
        }
        if line.iter().all(|steps| *steps > most) {
            return None;
        }
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().filter(|steps| *steps <= most)
}

/// Characters that a hit was found by, to be marked in its snippet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Needle {
    /// As in the query, normalised.
    pub(super) text: String,
    /// Whether the run it begins may go on.
    pub(super) open: bool,
}

/// What is asked for and not left out, with its other names, longest first.
pub(super) fn needles(node: &Node, analysis: &Analysis, expansions: &[Expansion]) -> Vec<Needle> {
    fn gather(node: &Node, analysis: &Analysis, found: &mut Vec<Needle>) {
        let whole = |text: String| Needle { text, open: false };
        match node {
            Node::Phrase(text) | Node::Fuzzy(text, _) => found.push(whole(text.clone())),
            Node::Prefix(stem) => found.push(Needle { text: stem.clone(), open: true }),
            Node::Words(text) => {
                found.push(whole(text.clone()));
                found.extend(analysis.ask(text).required.into_iter().map(whole));
            }
            Node::Near(near) => {
                found.extend(near.left.iter().chain(&near.right).map(|piece| whole(piece.text.clone())));
            }
            Node::And(nodes) | Node::Or(nodes) => {
                for node in nodes {
                    gather(node, analysis, found);
                }
            }
            Node::All | Node::Not(_) | Node::Filter(_) => {}
        }
    }
    let mut found = Vec::new();
    gather(node, analysis, &mut found);
    for Expansion { word, also } in expansions {
        if found.iter().any(|needle| needle.text == *word) {
            found.extend(also.iter().map(|text| Needle { text: text.clone(), open: false }));
        }
    }
    found.sort_by(|a, b| b.text.chars().count().cmp(&a.text.chars().count()).then_with(|| a.cmp(b)));
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn a_spelling_is_as_far_as_its_letters() {
        let far = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), b, 2);
        assert_eq!(far("samsung", "samsung"), Some(0));
        assert_eq!(far("samsung", "samsong"), Some(1));
        assert_eq!(far("samsung", "sasmung"), Some(1), "neighbours swapped");
        assert_eq!(far("samsung", "samsungs"), Some(1));
        assert_eq!(far("samsung", "samsun"), Some(1));
        assert_eq!(far("samsung", "somsong"), Some(2));
        assert_eq!((far("samsung", "xiaomi"), far("samsung", "sung")), (None, None));
    }
}
