//! Any rule file and any dictionary either compile or are refused with a message; a lexicon that compiles reads a text.
//! The input is a rule file and a dictionary of hazards, separated by a line of `---`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vocabulary::{Channel, Document, DocumentLine, SourceId};

fuzz_target!(|text: &str| {
    let (rules, rest) = text.split_once("\n---\n").unwrap_or((text, ""));
    let (hazards, read) = rest.split_once("\n---\n").unwrap_or((rest, "充电宝起火了，没有漏电。"));
    // A million words cost a second: the bound of the loader is on files, not on what a fuzzer should spend.
    if text.len() > 20_000 {
        return;
    }
    let files = [
        ("rules/hazards/fuzz.toml", rules),
        ("dictionaries/hazards.tsv", hazards),
        ("dictionaries/products/fuzz.tsv", "surface\tcategory\tleaf\tflags\n充电宝\tbattery_charger\t\t\n"),
    ];
    match lexicon::Lexicon::from_texts(files) {
        Ok(lexicon) => {
            let line = DocumentLine {
                id: "1".to_owned(),
                text: format!("{read}。充电宝"),
                source: None,
                channel: None,
                url: None,
                title: None,
                published_at: None,
                seen_at: None,
                meta: vocabulary::Meta::new(),
                raw: None,
            };
            let document: Document = line.into_document(&SourceId::from("fuzz"), Channel::Media);
            let _ = extract::read(&document, &lexicon);
            let _ = lexicon::check(&lexicon);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
