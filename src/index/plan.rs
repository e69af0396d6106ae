//! From what is asked to the tantivy query that answers it.

use std::ops::Bound;

use jiff::civil::Date;
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use super::analysis::{Analysis, Grams, grams};
use super::filter::{DayField, Filter, NameField, day_number};
use super::query::Node;
use super::schema::Fields;

/// How much more a word in the title weighs than one in the text.
const TITLE_BOOST: f32 = 2.0;
/// How much more the words weigh when they stand in a row, as asked.
const PHRASE_BOOST: f32 = 2.0;

/// Plans one query.
pub(super) struct Planner<'a> {
    pub(super) fields: &'a Fields,
    pub(super) analysis: &'a Analysis,
}

impl Planner<'_> {
    pub(super) fn plan(&self, node: &Node) -> Box<dyn Query> {
        match node {
            Node::All => everything(),
            Node::Words(text) => self.words(text),
            Node::Phrase(text) => self.contains(text),
            Node::Prefix(stem) => self.beginning(stem),
            Node::Filter(filter) => Box::new(ConstScoreQuery::new(self.filter(filter), 0.0)),
            Node::Not(_) => self.all(std::slice::from_ref(node)),
            Node::And(nodes) => self.all(nodes),
            Node::Or(nodes) => Box::new(BooleanQuery::union(nodes.iter().map(|node| self.plan(node)).collect())),
        }
    }

    fn all(&self, nodes: &[Node]) -> Box<dyn Query> {
        let clause = |node: &Node| match node {
            Node::Not(inner) => (Occur::MustNot, self.plan(inner)),
            other => (Occur::Must, self.plan(other)),
        };
        let mut clauses: Vec<_> = nodes.iter().map(clause).collect();
        if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            clauses.push((Occur::Must, everything()));
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// Every word must occur as characters, wherever jieba cut the text; words that it cut alike, words in the title and
    /// words in a row come first.
    fn words(&self, text: &str) -> Box<dyn Query> {
        let asked = self.analysis.ask(text);
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for required in &asked.required {
            clauses.push((Occur::Must, self.contains(required)));
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

    fn filter(&self, filter: &Filter) -> Box<dyn Query> {
        let any_of = |field: Field, names: &[String]| -> Box<dyn Query> {
            let term = |name: &String| -> Box<dyn Query> {
                Box::new(TermQuery::new(Term::from_field_text(field, name), IndexRecordOption::Basic))
            };
            Box::new(BooleanQuery::union(names.iter().map(term).collect()))
        };
        match filter {
            Filter::Name(field, names) => any_of(self.name_field(*field), names),
            Filter::Id(ids) => any_of(self.fields.id, ids),
            Filter::Severity(from, to) => {
                let bound = |severity: u64| Bound::Included(Term::from_field_u64(self.fields.severity, severity));
                Box::new(RangeQuery::new(bound(*from), bound(*to)))
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
            NameField::Channel => self.fields.channel,
            NameField::Stance => self.fields.stance,
            NameField::Region => self.fields.region,
            NameField::Brand => self.fields.brand,
            NameField::Source => self.fields.source,
            NameField::Platform => self.fields.platform,
        }
    }
}

fn everything() -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0))
}

/// Characters that a hit was found by, to be marked in its snippet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Needle {
    /// As in the query, normalised.
    pub(super) text: String,
    /// Whether the run it begins may go on.
    pub(super) open: bool,
}

/// What is asked for and not left out, longest first.
pub(super) fn needles(node: &Node, analysis: &Analysis) -> Vec<Needle> {
    fn gather(node: &Node, analysis: &Analysis, found: &mut Vec<Needle>) {
        let whole = |text: String| Needle { text, open: false };
        match node {
            Node::Phrase(text) => found.push(whole(text.clone())),
            Node::Prefix(stem) => found.push(Needle { text: stem.clone(), open: true }),
            Node::Words(text) => {
                found.push(whole(text.clone()));
                found.extend(analysis.ask(text).required.into_iter().map(whole));
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
    found.sort_by(|a, b| b.text.chars().count().cmp(&a.text.chars().count()).then_with(|| a.cmp(b)));
    found.dedup();
    found
}
