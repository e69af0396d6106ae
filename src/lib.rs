//! 望楼 Wanglou, a watchtower for product safety: from public pages to ranked alerts and sampling requests.
//! The rooms stand in the order in which a page meets them. Each room says at its door (`mod.rs`) what may not enter.

// The words all rooms share.
pub mod vocabulary;

// What the user set, checked once.
pub mod config;

// Loads, checks and compiles rules and dictionaries into one immutable, versioned lexicon.
pub mod lexicon;

// Asks the sources what is new, politely and safely, and hands over documents.
pub mod collect;

// Keeps exchanges, signals and assessments in files, and reads files that people bring.
pub mod archive;

// The ordered, durable log of documents and its cursors.
pub mod log;

// Reads one text: which product, which hazard, where, how bad, and who says so. Pure.
pub mod extract;

// Finds documents again: full text, facets, the analysts' query language.
pub mod index;

// Special functions, distributions and solvers. Pure.
pub mod numeric;

// Published statistical methods on plain slices, and `wanglou method`. Pure.
pub mod methods;

// Adds signals up into assessments: danger, spread, disposal, and why. Pure.
pub mod score;

// Words explanations, in Chinese and in English. Pure.
pub mod tell;

// Follows assessments through the days: episodes with stable ids, ranked, as feeds. Pure.
pub mod alert;

// Says what to buy and test: products, batches, items, standards, sellers, deadline. Pure.
pub mod sampling;

// Keeps state in SQL.
pub mod store;

// Tells who asks, and what they may see.
pub mod access;

// Wires the stages, live and over archives; the whole flow on one screen.
pub mod pipeline;

// Carries what happens to alerts to those who subscribed.
pub mod deliver;

// Shows it to people: pages, feeds, a little JSON.
pub mod web;

// A small world with known truth, for the demo and for tests.
pub mod simulate;

// Measures, compares and teaches; the daily program does not need it.
pub mod lab;

// The command line: one file per command.
pub mod cli;

// Data that tests of several rooms share; each room that becomes a crate takes this line along.
#[cfg(test)]
#[path = "../tests/tools/shared.rs"]
mod shared_data;
