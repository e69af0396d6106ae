//! A look over documents that are already there, without keeping anything: files, folders of them, or a tower's data folder are read
//! once, in order, and each document is handed over with its reading. For `emerging` and `standards`.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::PipelineError;
use super::intake::read_aside;
use super::rerun::files_of;
use crate::archive::documents::{Format, ImportSpec};
use crate::extract;
use crate::lexicon::Lexicon;
use crate::log::Log;
use crate::store::Store;
use crate::vocabulary::{Channel, Document, Position, Reading, SourceId};

/// Documents read together.
const BATCH_MAX: usize = 10_000;
/// The log of a tower, inside its data folder.
const LOG_FILE: &str = "wanglou.sqlite";

/// What a survey went over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Surveyed {
    /// Documents read.
    pub documents: u64,
    /// Lines that are no documents, left out.
    pub rejected: u64,
}

/// Reads everything under `path`: `look` works on all cores, `take` gets what it gives in the order of the documents.
///
/// # Errors
/// A path that holds no documents, or cannot be read.
pub async fn survey<T: Send>(
    path: &Path,
    lexicon: &Lexicon,
    look: &(dyn Fn(&Document, &Reading) -> T + Sync),
    take: &mut dyn FnMut(T),
) -> Result<Surveyed, PipelineError> {
    let mut surveyed = Surveyed::default();
    let mut read = |documents: Vec<Document>, surveyed: &mut Surveyed| {
        surveyed.documents += documents.len() as u64;
        let looks: Vec<T> =
            documents.par_iter().map(|document| look(document, &extract::read(document, lexicon))).collect();
        looks.into_iter().for_each(&mut *take);
    };
    if path.join(LOG_FILE).is_file() {
        let store = Store::open(&path.join(LOG_FILE)).await?;
        let log = Log::new(store.clone());
        let (mut after, end) = (Position(0), log.end().await?);
        while after < end {
            let batch = log.read(after, BATCH_MAX).await?;
            let Some(last) = batch.last() else { break };
            after = last.position;
            read(batch.into_iter().map(|entry| entry.document).collect(), &mut surveyed);
        }
        store.close().await;
        return Ok(surveyed);
    }
    let files = if path.is_dir() { files_of(path)? } else { vec![path.to_owned()] };
    if files.is_empty() {
        return Err(PipelineError::NoArchive(path.to_owned()));
    }
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("archive");
        let spec = ImportSpec {
            source: SourceId::new(name.split('.').next().unwrap_or(name)),
            channel: Channel::Media,
            format: Format::of_file(&file)
                .map_err(PipelineError::Brought)?
                .ok_or_else(|| PipelineError::UnknownFormat(file.clone()))?,
            columns: BTreeMap::new(),
        };
        let (mut items, reader) = read_aside(file, spec);
        while let Some(batch) = items.recv().await {
            let before = batch.len();
            let documents: Vec<Document> = batch.into_iter().filter_map(Result::ok).collect();
            surveyed.rejected += (before - documents.len()) as u64;
            read(documents, &mut surveyed);
        }
        reader.await??;
    }
    Ok(surveyed)
}
