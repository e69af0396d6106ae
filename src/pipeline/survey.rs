//! A look over documents that are already there, without keeping anything: files, folders of them, or a tower's data folder are read
//! once, in order, and each document is handed over with its reading. For `emerging` and `standards`.

use std::path::Path;

use rayon::prelude::*;

use super::PipelineError;
use super::archives::pieces;
use lexicon::Lexicon;
use vocabulary::{Document, Reading};

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
    for piece in pieces(&[path.to_owned()])? {
        let mut batches = piece.open().await?;
        while let Some(batch) = batches.next().await? {
            let before = batch.len();
            let documents: Vec<Document> = batch.into_iter().filter_map(Result::ok).collect();
            surveyed.rejected += (before - documents.len()) as u64;
            read(documents, &mut surveyed);
        }
    }
    Ok(surveyed)
}
