//! The pure rooms of the reader and the search index, compiled into the target itself: the whole crate brings a server and a table
//! engine that a fuzzer has no use for, and instrumenting them takes half an hour.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "the targets use a part of the rooms")]

#[path = "../../src/vocabulary/mod.rs"]
pub mod vocabulary;

#[path = "../../src/lexicon/mod.rs"]
pub mod lexicon;

#[path = "../../src/extract/mod.rs"]
pub mod extract;

#[path = "../../src/index/mod.rs"]
pub mod index;
