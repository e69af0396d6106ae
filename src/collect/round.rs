//! The counts of one round over one source.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::bounds::LISTED_MAX;
use super::problem::PageProblem;
use super::{Outcome, Recipe};
use vocabulary::{Document, Intake, SourceId};

/// An item that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reject {
    /// The page.
    pub url: String,
    /// Why.
    pub reason: String,
}

/// The counts of a round. COUNT-1: `collected = kept + duplicate + unchanged + rejected`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Round {
    /// The source.
    pub source: SourceId,
    /// Items looked at.
    pub collected: u64,
    /// New documents and new revisions.
    pub kept: u64,
    /// Of these, new revisions of known documents.
    pub revised: u64,
    /// Came from elsewhere already.
    pub duplicate: u64,
    /// Known, same text; pages that answered "not modified" included.
    pub unchanged: u64,
    /// Set aside.
    pub rejected: u64,
    /// The first of them, with their reasons.
    pub rejects: Vec<Reject>,
    /// Listed again and not due: not looked at, not counted above.
    pub listed_again: u64,
    /// Problems in all.
    pub problems_total: u64,
    /// The first of them.
    pub problems: Vec<PageProblem>,
    /// Requests sent, `robots.txt`, redirects and repetitions included.
    pub requests: u64,
    /// Body bytes received.
    pub bytes: u64,
    /// Why the round ended before its work did; what is left waits in the frontier.
    pub stopped: Option<String>,
    /// When the source is due again.
    pub due_at: Timestamp,
    /// Pages that were read.
    pub pages_read: u64,
    /// Lists whose first page was in its right form and had no entries.
    pub empty_lists: u64,
    /// For each field that the recipe names: how many documents of this round have it, and how many documents there were.
    pub fields: BTreeMap<String, (u64, u64)>,
}

impl Round {
    pub(super) fn new(source: &SourceId, due_at: Timestamp) -> Self {
        Self {
            source: source.clone(),
            collected: 0,
            kept: 0,
            revised: 0,
            duplicate: 0,
            unchanged: 0,
            rejected: 0,
            rejects: Vec::new(),
            listed_again: 0,
            problems_total: 0,
            problems: Vec::new(),
            requests: 0,
            bytes: 0,
            stopped: None,
            due_at,
            pages_read: 0,
            empty_lists: 0,
            fields: BTreeMap::new(),
        }
    }

    /// Counts the fields of the recipe that a document has.
    pub(super) fn count_fields(&mut self, recipe: &Recipe, document: &Document) {
        for name in recipe.field_names() {
            let filled = match name {
                "title" => document.title.is_some(),
                "text" => true,
                "published_at" => document.published_at.is_some(),
                "url" => document.url.is_some(),
                name => document.meta.contains_key(name),
            };
            let count = match self.fields.get_mut(name) {
                Some(count) => count,
                None => self.fields.entry(name.to_owned()).or_default(),
            };
            count.0 += u64::from(filled);
            count.1 += 1;
        }
    }

    /// The counts of COUNT-1.
    #[must_use]
    pub fn intake(&self) -> Intake {
        let Self { collected, kept, duplicate, unchanged, rejected, .. } = *self;
        Intake { collected, kept, duplicate, unchanged, rejected }
    }

    pub(super) fn reject(&mut self, url: &str, reason: impl Into<String>) {
        self.collected += 1;
        self.rejected += 1;
        if self.rejects.len() < LISTED_MAX {
            self.rejects.push(Reject { url: url.to_owned(), reason: reason.into() });
        }
    }

    pub(super) fn note(&mut self, problems: impl IntoIterator<Item = PageProblem>) {
        for problem in problems {
            self.problems_total += 1;
            if self.problems.len() < LISTED_MAX {
                self.problems.push(problem);
            }
        }
    }

    pub(super) fn count(&mut self, outcome: Outcome) {
        self.collected += 1;
        match outcome {
            Outcome::Kept => self.kept += 1,
            Outcome::Revised => {
                self.kept += 1;
                self.revised += 1;
            }
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Duplicate => self.duplicate += 1,
            Outcome::Refused => self.rejected += 1,
        }
    }
}
