//! READ-1 to READ-3 on any document line: the JSON door, the reader, and the reading's own JSON.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vocabulary::{Channel, DocumentLine, Reading, SourceId};

static LEXICON: LazyLock<lexicon::Lexicon> =
    LazyLock::new(|| lexicon::Lexicon::shipped().expect("the shipped lexicon loads"));

fuzz_target!(|input: &str| {
    // Either a whole line of NDJSON, or a text (and a platform category in front of a line break).
    let parsed = DocumentLine::parse(input).unwrap_or_else(|_| {
        let (category, text) = input.split_once('\u{1}').unwrap_or(("", input));
        let mut meta = vocabulary::Meta::new();
        if !category.is_empty() {
            meta.insert("platform_category".to_owned(), category.into());
            meta.insert("region".to_owned(), category.into());
        }
        DocumentLine {
            id: "1".to_owned(),
            text: text.to_owned(),
            source: None,
            channel: None,
            url: None,
            title: None,
            published_at: None,
            seen_at: None,
            meta,
            raw: None,
        }
    });
    let document = parsed.into_document(&SourceId::from("fuzz"), Channel::Media);
    let reading = extract::read(&document, &LEXICON);
    assert_eq!(reading, extract::read(&document, &LEXICON), "READ-1");
    let chars = document.text.chars().count();
    for span in reading
        .mentions
        .iter()
        .map(|mention| mention.span)
        .chain(reading.signals.iter().flat_map(|signal| signal.product_span.into_iter().chain([signal.hazard_span])))
    {
        assert!(span.from() <= span.to() && span.to() <= chars, "READ-2: {span:?} of {chars}");
    }
    for mention in &reading.mentions {
        assert_eq!(mention.text, mention.span.slice(&document.text), "READ-2");
    }
    let json = serde_json::to_string(&reading).expect("a reading has a JSON form");
    let again: Reading = serde_json::from_str(&json).expect("and reads back");
    assert_eq!(again, reading);
});
