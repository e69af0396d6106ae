//! A whole document worked out: its headline and its text by rules, then by the learned judge.

use lexicon::Lexicon;
use vocabulary::Document;

use super::analysis::{Analysis, ScannedText};
use super::clauses::{self, Clause};
use super::hits::Hits;
use super::normalise::Folded;
use super::{judge, scan, title};

/// Which scan finds the dictionary words: `scan::look` for readings, `scan::look_in_full` for training and tests.
type Scan = fn(&Folded, &[Clause], &Lexicon) -> Hits;

/// Scans the headline, unless the text repeats it, and the text.
fn scanned(document: &Document, lexicon: &Lexicon, scan: Scan) -> (Option<ScannedText>, ScannedText) {
    let one = |text: &str| {
        let folded = Folded::new(text);
        let clauses = clauses::split(&folded);
        let hits = scan(&folded, &clauses, lexicon);
        ScannedText { folded, clauses, hits }
    };
    let headline = document.title.as_deref().filter(|title| !document.text.contains(*title));
    (headline.map(one), one(&document.text))
}

/// Works out headline and text by rules.
fn combine((title, text): (Option<ScannedText>, ScannedText), document: &Document, lexicon: &Lexicon) -> Analysis {
    let title = title.map(|title| Box::new(Analysis::of(title, None, document, lexicon)));
    let mut analysis = Analysis::of(text, title, document, lexicon);
    title::relate(&mut analysis, lexicon);
    analysis
}

impl Analysis {
    /// By rules, then by the judge when the lexicon has one.
    pub fn new(document: &Document, lexicon: &Lexicon) -> Self {
        let mut analysis = Self::by_rules(document, lexicon);
        judge::apply(&mut analysis, lexicon);
        analysis
    }

    /// By rules alone.
    pub(super) fn by_rules(document: &Document, lexicon: &Lexicon) -> Self {
        combine(scanned(document, lexicon, scan::look), document, lexicon)
    }

    /// Like [`Analysis::new`], without dropping any surface early.
    #[cfg(test)]
    pub(super) fn in_full(document: &Document, lexicon: &Lexicon) -> Self {
        let mut analysis = Self::by_rules_in_full(document, lexicon);
        judge::apply(&mut analysis, lexicon);
        analysis
    }

    /// Like `Analysis::by_rules`, without dropping any surface early: the judge is trained on this.
    pub fn by_rules_in_full(document: &Document, lexicon: &Lexicon) -> Self {
        combine(scanned(document, lexicon, scan::look_in_full), document, lexicon)
    }

    /// Like [`Analysis::new`], but `None` when neither headline nor text can hold a hazard. That is known after the scan, and holds for
    /// most documents.
    pub(super) fn for_signals(document: &Document, lexicon: &Lexicon) -> Option<Self> {
        let (title, text) = scanned(document, lexicon, scan::look);
        if text.hits.quiet && title.as_ref().is_none_or(|title| title.hits.quiet) {
            text.give_back();
            title.into_iter().for_each(ScannedText::give_back);
            return None;
        }
        let mut analysis = combine((title, text), document, lexicon);
        judge::apply(&mut analysis, lexicon);
        Some(analysis)
    }
}
