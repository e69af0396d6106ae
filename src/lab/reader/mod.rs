//! How well texts are read, what the dictionaries do not know, what a change of rules does, and the training of the judge.
//!
//! In: labelled or open documents and a lexicon. Out: measures, mistakes, tables for analysts, a model. Not here: reading itself
//! (`extract`), files.

// Precision, recall and F1 on whole pages.
pub mod articles;
// Dates of pages, beside the days that they state.
pub mod dates;
// What the dictionaries do not know yet.
pub mod emerging;
// The worst mistakes on labelled texts, with the way the reader went.
pub mod mistakes;
// Product and brand names by the dictionary, beside a tagger trained on the spot.
pub mod names;
// Precision, recall and F1 on labelled texts.
pub mod quality;
// Whether confidence is what it says.
pub mod reliability;
// Precision, recall and F1 over a stream that was sampled by parts.
pub mod stream;
// What each rule does over a corpus, and what two lexicons read differently.
pub mod survey;
// Weighted counts with their shares and intervals.
pub mod tally;
// Training of the judge.
pub mod train;
