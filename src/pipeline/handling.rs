//! The tables of working days and clocks that handling goes by.
#![expect(clippy::disallowed_methods, reason = "an edge: reads the tables that the settings name")]

use std::fs;
use std::sync::Arc;

use super::PipelineError;
use config::Settings;
use matter::Handling;
use vocabulary::Refused;

/// The tables of working days and clocks that the settings name, or the shipped ones.
///
/// # Errors
/// [`PipelineError::Io`] for a file that cannot be read, [`PipelineError::Refused`] for one that cannot be used.
pub fn handling_of(settings: &Settings) -> Result<Arc<Handling>, PipelineError> {
    let Some(dir) = &settings.handling else { return Ok(Arc::new(Handling::shipped())) };
    let read = |name: &str| {
        let path = dir.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok((path.display().to_string(), text)),
            Err(source) => Err(PipelineError::Io { what: "read", path, source }),
        }
    };
    let ((calendar, days), (clocks, limits)) = (read("calendar.toml")?, read("clocks.toml")?);
    let (measures, recommended) = read("measures.toml")?;
    let read = Handling::parse((&calendar, &days), (&clocks, &limits), (&measures, &recommended));
    Ok(Arc::new(read.map_err(|error| Refused::of(&error))?))
}
