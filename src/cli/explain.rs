//! `wanglou explain`: one text, and why it is read as it is.

use std::io::IsTerminal;

use anyhow::anyhow;
use clap::Args;

use super::lang::{language, pick, tr};
use super::{Common, Failure, Reader, say};
use lexicon::Lexicon;
use vocabulary::{Category, Channel, Document, DocumentId, Meta, SourceId};

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// What the platform says the product is: a code, its Chinese name, or a platform's own word (phone, 手机)
    #[arg(long, value_name = "CODE")]
    category: Option<String>,
    #[command(flatten)]
    reader: Reader,
    /// The text
    text: String,
}

pub(super) fn run(args: &ExplainArgs, common: &Common) -> Result<(), Failure> {
    let lexicon = args.reader.lexicon(common)?;
    let mut meta = Meta::new();
    if let Some(word) = &args.category {
        meta.insert("platform_category".to_owned(), category(word, &lexicon)?.zh().into());
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
    let explanation = extract::explain_in(&document, &lexicon, language()).to_string();
    say(if std::io::stdout().is_terminal() { brightened(&explanation) } else { bracketed(&explanation) })
}

/// A category by its code or a platform's word for it; its Chinese name is one of these.
fn category(word: &str, lexicon: &Lexicon) -> Result<Category, Failure> {
    if let Some(known) = word.parse().ok().or_else(|| lexicon.platform_category(word)) {
        return Ok(known);
    }
    let all: Vec<String> = Category::ALL
        .iter()
        .map(|category| format!("{} {}", category.code(), pick(category.zh(), category.en())))
        .collect();
    Err(Failure::Input(anyhow!(tr!(
        "--category：没有产品类别 `{word}`；有：{}",
        "--category `{word}` is no product category; known: {}",
        all.join(pick("，", ", "))
    ))))
}

/// What stands in 【】 in the brackets of the language.
fn bracketed(text: &str) -> String {
    let (open, close) = pick(("【", "】"), ("[", "]"));
    text.replace('【', open).replace('】', close)
}

/// What stands in 【】 in colour.
fn brightened(text: &str) -> String {
    let (open, close) = pick(("【", "】"), ("[", "]"));
    text.replace('【', &format!("\u{1b}[1;33m{open}")).replace('】', &format!("{close}\u{1b}[0m"))
}
