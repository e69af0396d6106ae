//! Wires the stages: [`service`] runs them day by day, [`rerun`] calls the very same ones on archives.
//!
//! In: a data folder opened to work ([`Tower`]) or to look ([`Folder`]), and a moment. Out: documents in the log, signals, alert events,
//! messages. Not here: details of any stage; each stage is a function of its own room.
//! LOG-2: each consumer of the log publishes its output together with its cursor, so that the service may be killed anywhere and started
//! again: nothing is lost, nothing is doubled.

mod acts;
mod archives;
pub mod backup;
mod bounds;
mod bundle;
mod buyers;
mod clock;
mod collecting;
pub mod criteria;
pub mod diff;
mod doubts;
mod draws;
mod edition;
mod error;
mod escalation;
mod excerpts;
mod exchange;
mod excluded;
mod export;
mod files;
mod folder;
mod handling;
mod intake;
pub mod integrity;
mod judge;
mod judging;
mod judging_state;
mod kept;
mod lines;
mod masking;
mod matters;
mod operate;
mod outcomes;
mod papers;
pub mod planned;
mod private;
pub mod promotion;
mod reading;
pub mod rerun;
mod review;
pub mod revisions;
mod rounds;
mod rules;
mod secrets;
pub mod service;
mod supervise;
pub mod survey;
mod tower;
pub mod upkeep;
mod warc_in;
mod watches;

pub use acts::{AT_THE_MACHINE, ActTaken};
pub use archive::ExportFormat;
pub use bounds::{ACTS_AT_ONCE_MAX, BOUNDS};
pub use clock::Clock;
pub use collecting::{CollectingFolder, SourceStates, check_source};
pub use doubts::{LabelledText, NewAnswer, NewPair};
pub use draws::Actor;
pub use error::PipelineError;
pub use exchange::{ExchangeFile, ExchangeManifest, MatterRecord, Records};
pub use export::{Manifest, ZIP_ROWS_MAX};
pub use extract::fingerprint;
pub use folder::Folder;
pub use handling::handling_of;
pub use intake::{ImportReport, LogSink, import_file, push_lines};
pub use judge::Judge;
pub use lines::{LinesError, answer_lines};
pub use operate::{IndexReport, rebuild_index};
pub use outcomes::{ResultsReport, json_lines, text_of};
pub use reading::{ReadEntry, ReadReport, read_batch};
pub use review::{Judgement, Review};
pub use rules::{read_criteria, read_lexicon};
pub use secrets::{new_secrets_key, open_store, vault_of};
pub use service::{Service, ServiceSpec};
pub use supervise::{Shortage, TaskTrouble, Troubles};
pub use tower::Tower;
pub use watches::NewSearch;

/// Runs what may read from disk for a moment. Where there are other threads they take this one's tasks meanwhile; on a
/// runtime of one thread there is nobody to hand them to, and tokio would panic.
pub fn on_disk<T>(read: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::MultiThread => tokio::task::block_in_place(read),
        _ => read(),
    }
}
