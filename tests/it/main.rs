//! Promises of the whole house, in one binary. Module names say what is promised.
#![expect(clippy::disallowed_methods, reason = "tests read fixtures and start the program")]

mod attached;
#[path = "../attack/mod.rs"]
mod attack;
mod bad_input;
mod books;
mod broken_off;
mod buyers;
mod circles;
mod clauses;
mod dates;
mod deploy;
mod detection;
mod doubts;
mod engines;
mod exchange;
mod explanation;
mod feeds;
mod finding;
mod foreign;
mod full_disk;
mod hostile;
mod house;
mod judged;
mod language;
mod limits;
mod matters;
mod methods;
mod mirrors;
mod names;
mod party;
mod presets;
mod promoted;
mod promotion;
mod raw_evidence;
mod real_data;
mod recalls;
mod replays;
mod reruns;
mod resume;
mod secrets;
mod service;
#[path = "../simulation/mod.rs"]
mod simulation;
mod small;
mod support;
mod threats;
mod upkeep;
mod whole_way;
