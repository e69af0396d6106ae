//! Errors in the language of the run: those of rooms are worded by `vocabulary::Said`, what the system or a library said is quoted.

use std::error::Error;
use std::io;

use super::lang::{Lang, lang};
use vocabulary::{Said, cause_in_chinese};

/// One error without its causes.
pub(super) fn said(error: &(dyn Error + 'static)) -> String {
    match lang() {
        Lang::Zh => chinese(error),
        Lang::En => error.to_string(),
    }
}

/// An error of a type that this room does not name may be one of the command's own messages: those are Chinese already, or a bare
/// name or path.
fn chinese(error: &(dyn Error + 'static)) -> String {
    if let Some(said) = worded(error) {
        return said.zh();
    }
    // What a room hands through as an error of the system.
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    if let Some(said) = inner.and_then(|inner| worded(inner)) {
        return said.zh();
    }
    let text = error.to_string();
    let is_ours = text.chars().any(is_chinese) || !text.contains(' ');
    if is_ours { text } else { cause_in_chinese(error) }
}

/// Whether a character is written in Chinese alone.
pub(super) fn is_chinese(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}')
}

/// The error as one that both languages word, when its type is one of those. A type that derives `thiserror::Error` and can reach the
/// terminal stands here: `tests/it/house.rs` checks it.
fn worded<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a dyn Said> {
    macro_rules! first_of {
        ($($kind:ty,)*) => {
            None$(.or_else(|| error.downcast_ref::<$kind>().map(|error| error as &'a dyn Said)))*
        };
    }
    first_of![
        access::AccessError,
        access::ProviderError,
        alert::AlertError,
        archive::ArchiveError,
        archive::BodyError,
        archive::SheetError,
        archive::WarcError,
        archive::bundle::BundleError,
        collect::CollectError,
        collect::RecipeError,
        collect::Refused,
        collect::SinkError,
        office::Unread,
        config::ConfigError,
        deliver::DeliverError,
        index::IndexError,
        index::QueryError,
        lab::reader::dates::KeyError,
        lab::reader::names::TagError,
        lab::reader::quality::GoldError,
        lab::reader::train::TrainError,
        lab::watch::backtest::IncidentsError,
        lexicon::LexiconError,
        matter::HandlingError,
        matter::results::BadRows,
        methods::MethodError,
        pipeline::PipelineError,
        pipeline::promotion::prepared::NotInForce,
        sampling::DrawError,
        sampling::SamplingError,
        sampling::results::BadLine,
        score::CriteriaError,
        simulate::ServeError,
        store::SecretError,
        store::StoreError,
        vocabulary::DocumentError,
        vocabulary::PublisherError,
        vocabulary::Refused,
        vocabulary::RegionError,
        vocabulary::StampError,
        vocabulary::TimeError,
        vocabulary::UnknownCode,
    ]
}
