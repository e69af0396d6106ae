//! `wanglou extract`: a Unix filter, documents in, readings out, in bounded memory.

use std::io::{self, BufWriter, Write};

use anyhow::anyhow;
use clap::Args;

use super::{Common, Failure};
use crate::archive::documents::{LINE_BYTES_MAX, Line, read_line, strip_bom};
use crate::pipeline::read_lexicon;
use crate::vocabulary::{Channel, DocumentLine, SourceId};

/// Lines read and answered together.
const BATCH_LINES: usize = 4_096;
/// Bytes of a batch at which it is answered even when it has fewer lines.
const BATCH_BYTES: usize = 16 << 20;

#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    /// Threads [default: one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

pub(super) fn run(args: &ExtractArgs, common: &Common) -> Result<(), Failure> {
    let lexicon = read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads.map_or(0, usize::from)).build()?;
    let source = SourceId::from("stdin");
    let mut input = io::stdin().lock();
    let mut output = BufWriter::new(io::stdout().lock());
    let mut bytes = Vec::new();
    let mut number = 0;
    let mut ended = false;
    while !ended {
        let mut lines = Vec::with_capacity(BATCH_LINES);
        let mut size = 0;
        while lines.len() < BATCH_LINES && size < BATCH_BYTES {
            number += 1;
            let line = read_line(&mut input, &mut bytes)?;
            if number == 1 {
                strip_bom(&mut bytes);
            }
            match line {
                Line::End => {
                    ended = true;
                    break;
                }
                Line::TooLong => {
                    return Err(Failure::Input(anyhow!(
                        "stdin:{number}: the line is longer than {LINE_BYTES_MAX} bytes"
                    )));
                }
                Line::Whole if bytes.trim_ascii().is_empty() => {}
                Line::Whole => {
                    size += bytes.len();
                    lines.push((number, std::mem::take(&mut bytes)));
                }
            }
        }
        // Parsing is the larger half of the work on short texts: it runs on the pool too.
        let read = |(number, line): (u64, Vec<u8>)| -> Result<String, Failure> {
            let text = std::str::from_utf8(&line).map_err(|error| {
                Failure::Input(anyhow!("stdin:{number}: not UTF-8: {error}; convert the input first"))
            })?;
            let parsed =
                DocumentLine::parse(text).map_err(|error| Failure::Input(anyhow!("stdin:{number}: {error}")))?;
            let document = parsed.into_document(&source, Channel::Media);
            let reading = crate::extract::read(&document, &lexicon);
            Ok(serde_json::to_string(&reading)?)
        };
        let answers: Vec<Result<String, Failure>> = pool.install(|| {
            use rayon::prelude::*;
            lines.into_par_iter().map(read).collect()
        });
        for answer in answers {
            writeln!(output, "{}", answer?)?;
        }
    }
    output.flush()?;
    Ok(())
}
