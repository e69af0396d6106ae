//! `wanglou explain`: one text, and why it is read as it is.

use std::io::IsTerminal;

use clap::Args;

use super::{Common, Failure, Reader, say};
use crate::extract;
use crate::vocabulary::{Category, Channel, Document, DocumentId, Meta, SourceId};

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// What the platform says the product is, e.g. phone
    #[arg(long, value_name = "CODE")]
    category: Option<Category>,
    #[command(flatten)]
    reader: Reader,
    /// The text
    text: String,
}

pub(super) fn run(args: &ExplainArgs, common: &Common) -> Result<(), Failure> {
    let lexicon = args.reader.lexicon(common)?;
    let mut meta = Meta::new();
    if let Some(category) = args.category {
        meta.insert("platform_category".to_owned(), category.zh().into());
    }
    let document = Document {
        id: DocumentId::from("explain"),
        source: SourceId::from("terminal"),
        channel: Channel::Media,
        url: None,
        title: None,
        text: args.text.clone(),
        published_at: None,
        seen_at: None,
        meta,
        raw: None,
    };
    let explanation = extract::explain(&document, &lexicon).to_string();
    say(if std::io::stdout().is_terminal() { brightened(&explanation) } else { explanation })
}

/// What stands in 【】 in colour.
fn brightened(text: &str) -> String {
    text.replace('【', "\u{1b}[1;33m【").replace('】', "】\u{1b}[0m")
}
