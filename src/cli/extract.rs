//! `wanglou extract`: a Unix filter, documents in, readings out, in bounded memory.

use std::io;

use anyhow::anyhow;
use clap::Args;

use super::lang::{language, tr};
use super::{Common, Failure, Reader};
use archive::documents::{LINE_BYTES_MAX, without_bom};
use pipeline::{LinesError, answer_lines};
use vocabulary::{Channel, DocumentLine, Said, SourceId};

#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    /// Threads [default: one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Only readings with a signal; documents without one are left out, and the names in them are not
    /// worked out, which is quicker
    #[arg(long)]
    signals: bool,
    #[command(flatten)]
    reader: Reader,
}

pub(super) fn run(args: &ExtractArgs, common: &Common) -> Result<(), Failure> {
    let lexicon = args.reader.lexicon(common)?;
    let threads = args.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let source = SourceId::from("stdin");
    let answer = |first: bool, line: Option<&[u8]>, output: &mut Vec<u8>| -> Result<(), String> {
        let line = line
            .ok_or_else(|| tr!("这一行超过 {LINE_BYTES_MAX} 字节", "the line is longer than {LINE_BYTES_MAX} bytes"))?;
        let line = if first { without_bom(line) } else { line };
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let not_utf8 = |error| tr!("不是 UTF-8：{error}；请先转码", "not UTF-8: {error}; convert the input first");
        let text = std::str::from_utf8(line).map_err(not_utf8)?;
        let parsed = DocumentLine::parse(text).map_err(|error| error.said(language()))?;
        let document = parsed.into_document(&source, Channel::Media);
        let reading = if args.signals {
            extract::read_for_signals(&document, &lexicon)
        } else {
            Some(extract::read(&document, &lexicon))
        };
        let Some(reading) = reading else { return Ok(()) };
        reading.write_json(output).map_err(|error| error.to_string())?;
        output.push(b'\n');
        Ok(())
    };
    answer_lines(io::stdin(), io::stdout(), threads, LINE_BYTES_MAX, answer).map_err(|error| match error {
        LinesError::Io(error) => error.into(),
        LinesError::Line(number, why) => Failure::Input(anyhow!(tr!("stdin:{number}：{why}", "stdin:{number}: {why}"))),
    })
}
