//! The tagger on a small language of our own.

use super::*;

const TAUGHT: &str =
    "青\tB-HP\n岚\tE-HP\n电\tB-HC\n锅\tE-HC\n包\tO\n邮\tO\n\n新\tO\n款\tO\n云\tB-HP\n朵\tE-HP\n灯\tS-HC\n";

fn lexicon() -> Lexicon {
    Lexicon::shipped().expect("the shipped lexicon loads")
}

#[test]
fn a_tagged_file_is_read_with_its_names() {
    let sentences = parse(TAUGHT).expect("a tagged text");
    assert_eq!(sentences.len(), 2);
    let name = |from, to, named| NameSpan { from, to, named };
    assert_eq!(sentences[0].names(), [name(0, 2, Named::Brand), name(2, 4, Named::Product)]);
    assert_eq!(sentences[1].names(), [name(2, 4, Named::Brand), name(4, 5, Named::Product)]);
}

#[test]
fn a_line_without_a_known_tag_is_named() {
    let error = parse("电\tO\n锅\tB-XX\n").expect_err("an unknown tag");
    assert_eq!((error.line, error.found.as_str()), (2, "锅\tB-XX"));
}

#[test]
fn a_beginning_without_an_end_is_no_name() {
    assert_eq!(spans(&[1, 2, 0, 5, 7, 8]).len(), 2);
}

#[test]
fn what_was_taught_is_found_again_and_training_repeats_itself() {
    let lexicon = lexicon();
    let mut taught = String::new();
    for _ in 0..6 {
        taught.push_str(TAUGHT);
        taught.push('\n');
    }
    let sentences = parse(&taught).expect("a tagged text");
    let (one, two) = (Tagger::train(&sentences, &lexicon), Tagger::train(&sentences, &lexicon));
    for sentence in &sentences {
        assert_eq!(one.tag(&sentence.chars, &lexicon), sentence.names());
        assert_eq!(two.tag(&sentence.chars, &lexicon), sentence.names());
    }
    let quality = measure(&sentences, |chars| one.tag(chars, &lexicon));
    assert!((quality.all.f1() - 1.0).abs() < 1e-12, "{quality}");
    assert_eq!(one.features(), two.features());
}

#[test]
fn the_dictionary_alone_finds_its_own_words() {
    let chars: Vec<char> = "九阳电饭煲全新包邮".chars().collect();
    let names = by_dictionary(&chars, &lexicon());
    assert!(names.contains(&NameSpan { from: 2, to: 5, named: Named::Product }), "{names:?}");
    assert!(names.iter().any(|name| name.named == Named::Brand), "{names:?}");
}

#[test]
fn an_endless_sentence_is_tagged_up_to_its_bound() {
    let lexicon = lexicon();
    let tagger = Tagger::train(&parse(TAUGHT).expect("a tagged text"), &lexicon);
    let endless = vec!['锅'; SENTENCE_CHARS_MAX * 3];
    assert!(tagger.tag(&endless, &lexicon).iter().all(|name| name.to <= SENTENCE_CHARS_MAX));
}
