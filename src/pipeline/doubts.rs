//! Readings ──► documents that the judge is not sure of ──► a person ──► labelled texts to teach it from.
//!
//! What a person says changes no reading and no level: same document and lexicon, same reading (READ-1). It teaches the next model, which is
//! promoted like any other rule.

use jiff::Timestamp;
use serde::Serialize;

use super::reading::ReadEntry;
use super::{Folder, PipelineError, Tower};
use store::Store;
use vocabulary::{
    AuditEntry, AuditKind, Category, Channel, Document, DocumentId, DoubtAnswer, DoubtedText, Hazard, LabelledPair,
    LexiconVersion, Meta, Position, SHOWN_CHARS, Stance, day_of, excerpt, refused,
};

/// Name of the cursor of this table; its detail is the lexicon that read the documents.
const DOUBTS: &str = "doubts";

/// What a person says of a document in doubt.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// All pairs that it tells; none when it tells no risk.
    pub pairs: Vec<NewPair>,
    /// Who says so.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, or what is to be known; empty without.
    pub note: String,
}

/// A pair that a person names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NewPair {
    /// The product's category.
    pub product: Category,
    /// The hazard.
    pub hazard: Hazard,
    /// `asserted` or `suspected`; none: as the reader found it.
    pub stance: Option<Stance>,
}

/// A labelled text, as `wanglou train` and `wanglou eval` read it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelledText {
    /// The document.
    pub id: DocumentId,
    /// Its source.
    pub source: String,
    /// What its source tells of it, and the day it belongs to as `date`.
    pub meta: Meta,
    /// Its headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its text.
    pub text: String,
    /// Whether it tells any risk, 0 or 1.
    pub risk: u8,
    /// All pairs that it tells.
    pub signals: Vec<LabelledPair>,
    /// Who said so.
    pub by: String,
}

impl LabelledText {
    fn new(document: Document, answer: DoubtAnswer) -> Self {
        let mut meta = document.meta.clone();
        if let Some(moment) = document.event_at() {
            meta.insert("date".to_owned(), day_of(moment).to_string().into());
        }
        Self {
            id: document.id,
            source: document.source.to_string(),
            meta,
            title: document.title,
            text: document.text,
            risk: u8::from(!answer.pairs.is_empty()),
            signals: answer.pairs,
            by: answer.by,
        }
    }
}

/// A document to ask a person about: media and complaints whose pairs are near even odds. Records of authorities are not doubted.
fn question(entry: &ReadEntry) -> Option<DoubtedText> {
    let ReadEntry { position, document, reading, .. } = entry;
    if reading.doubts.is_empty() || matches!(document.channel, Channel::Regulator | Channel::Standard) {
        return None;
    }
    let in_doubt = |pair: &LabelledPair| {
        reading.doubts.iter().any(|doubt| (doubt.product, doubt.hazard) == (pair.product, pair.hazard))
    };
    let sure = reading.signals.iter().map(|signal| LabelledPair {
        product: signal.product,
        hazard: signal.hazard,
        stance: signal.stance,
        severity: signal.severity,
        hazard_text: None,
    });
    Some(DoubtedText {
        document_id: document.id.clone(),
        position: *position,
        source: document.source.clone(),
        text_hash: blake3::hash(
            format!("{}\n{}", document.title.as_deref().unwrap_or_default(), document.text).as_bytes(),
        )
        .to_hex()
        .to_string(),
        lexicon: reading.lexicon.clone(),
        doubts: reading.doubts.clone(),
        sure: sure.filter(|pair| !in_doubt(pair)).take(DoubtAnswer::PAIRS_MAX).collect(),
        answer: None,
    })
}

/// Up to where the log has been looked through for doubts. A folder of an earlier version begins where its signals are: nobody asks about its
/// past. Questions that another lexicon raised are let go, and the log is looked through again.
pub(super) async fn fresh_doubts(
    store: &Store,
    lexicon: &LexiconVersion,
    signals_at: Position,
) -> Result<(), PipelineError> {
    let (at, read_by) = store.cursor(DOUBTS).await?;
    if read_by == lexicon.as_str() {
        return Ok(());
    }
    let to = if read_by.is_empty() { signals_at } else { Position(0) };
    let mut tx = store.begin().await?;
    Store::clear_open_doubts(&mut tx).await?;
    Store::move_cursor(&mut tx, DOUBTS, at, to, lexicon.as_str()).await?;
    Ok(tx.commit().await?)
}

impl Tower {
    /// Up to where the log has been looked through for doubts.
    pub(super) async fn doubts_cursor(&self) -> Result<Position, PipelineError> {
        Ok(self.store().cursor(DOUBTS).await?.0)
    }

    /// Asks about what was read behind `from`, and moves the cursor in the same transaction (LOG-2).
    pub(super) async fn publish_doubts(
        &self,
        from: Position,
        to: Position,
        read: &[ReadEntry],
    ) -> Result<(), PipelineError> {
        if to <= from {
            return Ok(());
        }
        let mut tx = self.store().begin().await?;
        let asked: Vec<DoubtedText> = read.iter().filter(|entry| entry.position > from).filter_map(question).collect();
        for doubted in &asked {
            Store::ask_about(&mut tx, doubted).await?;
        }
        if !asked.is_empty() {
            Store::trim_doubts(&mut tx).await?;
        }
        Store::move_cursor(&mut tx, DOUBTS, from, to, self.lexicon().version().as_str()).await?;
        Ok(tx.commit().await?)
    }
}

impl Folder {
    /// Keeps what a person says a document in doubt tells, with its line of the audit log. A later answer takes the place of an earlier one.
    ///
    /// # Errors
    /// When nobody asked about the document, or the answer is longer than its bounds.
    pub async fn answer_doubt(&self, id: &DocumentId, new: NewAnswer) -> Result<(), PipelineError> {
        let known = self.store().doubted(id).await?;
        let mut doubted = known.ok_or_else(|| {
            let id = excerpt(id.as_str(), SHOWN_CHARS);
            PipelineError::Refused(refused!("信息 {id} 不在复核之列", "document `{id}` is not in doubt"))
        })?;
        let (pairs, note) = (new.pairs.len(), new.note.chars().count());
        if pairs > DoubtAnswer::PAIRS_MAX || note > DoubtAnswer::NOTE_CHARS_MAX {
            return Err(PipelineError::Refused(refused!(
                "最多 {} 对、说明 {} 字，收到 {pairs} 对、{note} 字",
                "at most {} pairs and a note of {} characters; here are {pairs} and {note}",
                DoubtAnswer::PAIRS_MAX,
                DoubtAnswer::NOTE_CHARS_MAX
            )));
        }
        let labelled = |pair: NewPair| {
            let found = doubted.labelled(pair.product, pair.hazard);
            LabelledPair { stance: pair.stance.unwrap_or(found.stance), ..found }
        };
        let NewAnswer { pairs, by, at, note } = new;
        let answer = DoubtAnswer { pairs: pairs.into_iter().map(labelled).collect(), by, at, note };
        let (who, about) = (answer.by.clone(), id.to_string());
        let said: Vec<String> =
            answer.pairs.iter().map(|pair| format!("{}×{}", pair.product.zh(), pair.hazard.zh())).collect();
        let detail = if said.is_empty() { "无风险".to_owned() } else { said.join("、") };
        doubted.answer = Some(answer);
        let mut tx = self.store().begin().await?;
        Store::answer_doubt(&mut tx, &doubted).await?;
        Store::add_audit(&mut tx, &AuditEntry { at, who, what: AuditKind::Doubt, about, detail }).await?;
        Ok(tx.commit().await?)
    }

    /// The newest answers as labelled texts, newest first, at most `limit`; documents that the log no longer has are left out.
    pub async fn labelled_texts(&self, limit: u32) -> Result<Vec<LabelledText>, PipelineError> {
        let mut texts = Vec::new();
        for doubted in self.store().doubts(true, limit).await? {
            let entry = self.store().document(&doubted.document_id).await?;
            if let (Some(entry), Some(answer)) = (entry, doubted.answer) {
                texts.push(LabelledText::new(entry.document, answer));
            }
        }
        Ok(texts)
    }
}
