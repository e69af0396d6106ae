//! Two stretches of text near one another, in either order: tantivy has no such query for stretches of several terms.

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError, Term};

use super::bounds::BEGINNINGS_MAX;

/// A stretch of text as terms of the bigram field.
#[derive(Debug, Clone)]
pub(super) enum Stretch {
    /// Terms at these offsets, and its length in characters.
    Row(Vec<(u32, Term)>, u32),
    /// One character: every bigram that begins with it.
    Beginning(char),
}

/// One of `left` and one of `right` with at most `within` characters between them.
#[derive(Debug, Clone)]
pub(super) struct NearQuery {
    pub(super) field: Field,
    pub(super) left: Vec<Stretch>,
    pub(super) right: Vec<Stretch>,
    pub(super) within: u32,
}

impl Query for NearQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for NearQuery {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let sides = [self.side(&self.left, reader)?, self.side(&self.right, reader)?];
        if sides.iter().any(|side| side.rows.is_empty()) {
            return Ok(Box::new(EmptyScorer));
        }
        let mut scorer = NearScorer { sides, within: self.within, doc: 0, spans: [Vec::new(), Vec::new()] };
        scorer.settle(0);
        Ok(Box::new(scorer))
    }

    fn explain(&self, _: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument(format!("nearness of document {doc} is a fact without a score")))
    }
}

impl NearQuery {
    fn side(&self, stretches: &[Stretch], reader: &SegmentReader) -> tantivy::Result<Side> {
        let index = reader.inverted_index(self.field)?;
        let mut rows = Vec::new();
        let positions = IndexRecordOption::WithFreqsAndPositions;
        for stretch in stretches {
            match stretch {
                Stretch::Row(terms, chars) => {
                    let mut parts = Vec::with_capacity(terms.len());
                    for (offset, term) in terms {
                        if let Some(postings) = index.read_postings(term, positions)? {
                            parts.push((*offset, postings));
                        }
                    }
                    if parts.len() == terms.len() && !parts.is_empty() {
                        rows.push(StretchPostings::new(parts, *chars));
                    }
                }
                Stretch::Beginning(letter) => {
                    let from = letter.to_string();
                    let to = format!("{letter}{}", char::MAX);
                    let mut terms = index.terms().range().ge(from.as_bytes()).lt(to.as_bytes()).into_stream()?;
                    let mut found = 0;
                    while terms.advance() && found < BEGINNINGS_MAX {
                        found += 1;
                        let postings = index.read_postings_from_terminfo(terms.value(), positions)?;
                        rows.push(StretchPostings::new(vec![(0, postings)], 1));
                    }
                }
            }
        }
        Ok(Side { rows })
    }
}

/// Where one stretch stands: documents that hold all its terms.
struct StretchPostings {
    parts: Vec<(u32, SegmentPostings)>,
    chars: u32,
    doc: DocId,
}

impl StretchPostings {
    fn new(parts: Vec<(u32, SegmentPostings)>, chars: u32) -> Self {
        let mut row = Self { parts, chars, doc: 0 };
        row.settle(0);
        row
    }

    /// Goes to the first document from `target` on that holds all terms.
    fn seek(&mut self, target: DocId) {
        if self.doc < target {
            self.settle(target);
        }
    }

    fn settle(&mut self, mut target: DocId) {
        'candidates: loop {
            for (_, postings) in &mut self.parts {
                let doc = if postings.doc() < target { postings.seek(target) } else { postings.doc() };
                if doc > target {
                    target = doc;
                    if target == TERMINATED {
                        break 'candidates;
                    }
                    continue 'candidates;
                }
            }
            break;
        }
        self.doc = target;
    }

    /// Adds the spans at which the whole stretch stands in the current document.
    fn spans(&mut self, out: &mut Vec<(u32, u32)>) {
        let Some(((first_offset, first), others)) = self.parts.split_first_mut() else { return };
        let mut starts = Vec::new();
        first.positions(&mut starts);
        starts.retain(|start| start >= first_offset);
        for start in &mut starts {
            *start -= *first_offset;
        }
        let mut places = Vec::new();
        for (offset, postings) in others {
            postings.positions(&mut places);
            starts.retain(|start| places.binary_search(&(start + *offset)).is_ok());
        }
        out.extend(starts.into_iter().map(|start| (start, start + self.chars)));
    }
}

/// One side of the question: any of its stretches.
struct Side {
    rows: Vec<StretchPostings>,
}

impl Side {
    /// The first document from `target` on that one of the stretches may stand in.
    fn seek(&mut self, target: DocId) -> DocId {
        let mut nearest = TERMINATED;
        for row in &mut self.rows {
            row.seek(target);
            nearest = nearest.min(row.doc);
        }
        nearest
    }

    fn spans(&mut self, doc: DocId, out: &mut Vec<(u32, u32)>) {
        out.clear();
        for row in self.rows.iter_mut().filter(|row| row.doc == doc) {
            row.spans(out);
        }
        out.sort_unstable();
    }
}

struct NearScorer {
    sides: [Side; 2],
    within: u32,
    doc: DocId,
    spans: [Vec<(u32, u32)>; 2],
}

impl NearScorer {
    /// Goes to the first document from `target` on in which both stand near.
    fn settle(&mut self, mut target: DocId) -> DocId {
        loop {
            let [left, right] = &mut self.sides;
            let doc = left.seek(target);
            let other = if doc == TERMINATED { doc } else { right.seek(doc) };
            if other == TERMINATED {
                self.doc = TERMINATED;
                return TERMINATED;
            }
            if doc == other {
                let [left_spans, right_spans] = &mut self.spans;
                left.spans(doc, left_spans);
                right.spans(doc, right_spans);
                if are_near(left_spans, right_spans, self.within) {
                    self.doc = doc;
                    return doc;
                }
                target = doc + 1;
            } else {
                target = other;
            }
        }
    }
}

/// Whether two spans, one of each, have at most `within` characters between them. Both are sorted. A stretch is not near
/// itself: equal spans do not count.
fn are_near(left: &[(u32, u32)], right: &[(u32, u32)], within: u32) -> bool {
    let mut first = 0;
    for &(from, to) in left {
        // What begins too far behind this one's end is of no use to it; what ends too far before it, to none that follow.
        while right.get(first).is_some_and(|&(_, end)| end.saturating_add(within) < from) {
            first += 1;
        }
        let candidates = right[first..].iter().take_while(|&&(start, _)| start <= to.saturating_add(within));
        if candidates.into_iter().any(|&(start, end)| (start, end) != (from, to) && end.saturating_add(within) >= from)
        {
            return true;
        }
    }
    false
}

impl DocSet for NearScorer {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED { TERMINATED } else { self.settle(self.doc + 1) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target { self.doc } else { self.settle(target) }
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        let hint =
            |side: &Side| side.rows.iter().map(|row| row.parts.first().map_or(0, |(_, one)| one.size_hint())).sum();
        let sizes: [u32; 2] = [hint(&self.sides[0]), hint(&self.sides[1])];
        sizes[0].min(sizes[1])
    }

    fn cost(&self) -> u64 {
        // Positions are read for every candidate: let cheaper clauses go first.
        u64::from(self.size_hint()) * 10
    }
}

impl Scorer for NearScorer {
    fn score(&mut self) -> Score {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::are_near;

    #[test]
    fn nearness_counts_the_characters_between_and_looks_both_ways() {
        let left = [(10, 12), (50, 52)];
        assert!(are_near(&left, &[(17, 19)], 5) && !are_near(&left, &[(18, 20)], 5));
        assert!(are_near(&left, &[(3, 5)], 5) && !are_near(&left, &[(2, 4)], 5));
        assert!(are_near(&left, &[(0, 2), (51, 53)], 5), "overlapping is near");
        assert!(!are_near(&[(1, 3)], &[(1, 3)], 5), "a word is not near itself");
        assert!(are_near(&[(1, 3), (6, 8)], &[(1, 3), (6, 8)], 5), "but near its next place");
        assert!(!are_near(&[], &[(1, 2)], 5));
    }
}
