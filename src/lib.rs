//! 望楼 Wanglou, a watchtower for product safety: from public pages to ranked alerts and sampling requests.
//!
//! Each room is a crate of its own, re-exported here after the rooms that it imports: words and numbers first, then the watch in the order in
//! which a page meets it, then the laboratory, then the command line. A room's `mod.rs` says what it is for and what may not enter.

// The words all rooms share.
pub use vocabulary;

// What the user set, checked once.
pub use config;

// Loads, checks and compiles rules and dictionaries into one immutable, versioned lexicon.
pub use lexicon;

// Special functions, distributions and solvers. Pure.
pub use numeric;

// Published statistical methods on plain slices, and `wanglou method`. Pure.
pub use methods;

// Words the sentences of explanations, in Chinese and in English. Pure.
pub use tell;

// Keeps state in SQL, whichever engine holds it.
pub use store;

// Keeps exchanges, signals and assessments in files, and reads files that people bring.
pub use archive;

// Reads the files that notices link to: workbooks, Word files, PDF.
pub use office;

// Asks the sources what is new, politely and safely, and hands over documents.
pub use collect;

// The ordered, durable log of documents.
pub use log;

// Reads one text: which product, which hazard, where, how bad, and who says so. Pure.
pub use extract;

// Finds documents again: full text, facets, the analysts' query language.
pub use index;

// Adds signals up into assessments: danger, spread, disposal, and why. Pure.
pub use score;

// Follows assessments through the days: episodes with stable ids, ranked, as feeds. Pure.
pub use alert;

// Says what to buy and test: products, batches, items, standards, sellers, deadline. Pure.
pub use sampling;

// Adds up what is done about an alert: samples, tests, measures, replies, and what each party owes until when. Pure.
pub use matter;

// Tells who asks, and what they may see.
pub use access;

// Carries what happens to alerts to those who subscribed.
pub use deliver;

// Wires the stages, live and over archives; the whole way of a page on one screen.
pub use pipeline;

// Shows it to people: pages, feeds, JSON.
pub use web;

// A small world with known truth, for the demo and for tests.
pub use simulate;

// Measures, compares and teaches; the daily program does not need it.
pub use lab;

// The command line: one file per command.
pub use cli;
