//! 望楼 Wanglou, a watchtower for product safety: from public pages to ranked alerts and sampling requests.
//! The rooms stand in the order in which a page meets them. Each room says at its door (`mod.rs`) what may not enter.

// The words all rooms share.
pub use vocabulary;

// What the user set, checked once.
pub use config;

// Loads, checks and compiles rules and dictionaries into one immutable, versioned lexicon.
pub use lexicon;

// Asks the sources what is new, politely and safely, and hands over documents.
pub use collect;

// Keeps exchanges, signals and assessments in files, and reads files that people bring.
pub use archive;

// The ordered, durable log of documents and its cursors.
pub use log;

// Reads one text: which product, which hazard, where, how bad, and who says so. Pure.
pub use extract;

// Finds documents again: full text, facets, the analysts' query language.
pub use index;

// Special functions, distributions and solvers. Pure.
pub use numeric;

// Published statistical methods on plain slices, and `wanglou method`. Pure.
pub use methods;

// Adds signals up into assessments: danger, spread, disposal, and why. Pure.
pub use score;

// Words explanations, in Chinese and in English. Pure.
pub use tell;

// Follows assessments through the days: episodes with stable ids, ranked, as feeds. Pure.
pub use alert;

// Says what to buy and test: products, batches, items, standards, sellers, deadline. Pure.
pub use sampling;

// Keeps state in SQL.
pub use store;

// Tells who asks, and what they may see.
pub use access;

// Wires the stages, live and over archives; the whole flow on one screen.
pub use pipeline;

// Carries what happens to alerts to those who subscribed.
pub use deliver;

// Shows it to people: pages, feeds, a little JSON.
pub use web;

// A small world with known truth, for the demo and for tests.
pub use simulate;

// Measures, compares and teaches; the daily program does not need it.
pub use lab;

// The command line: one file per command.
pub use cli;
