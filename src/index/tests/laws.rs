//! Laws that hold for any text and any query, and for real reviews.

#![expect(clippy::disallowed_methods, reason = "real reviews are looked for in the shared data")]

use super::*;

/// Whether `text` holds `phrase`: separators alike, runs whole, separators at the phrase's ends not counted.
fn holds(text: &str, phrase: &str) -> bool {
    use super::analysis::{Kind, kind_of, normalise_mapped};
    let (text, _) = normalise_mapped(text);
    let (phrase, _) = normalise_mapped(phrase);
    let phrase: String = phrase.iter().collect();
    let phrase: Vec<char> = phrase.trim().chars().collect();
    let run = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|&letter| kind_of(letter) == Kind::Run);
    let is_run = |letter: Option<&char>| letter.is_some_and(|&letter| kind_of(letter) == Kind::Run);
    !phrase.is_empty()
        && text.windows(phrase.len()).enumerate().any(|(at, window)| {
            window == phrase
                && !(is_run(phrase.first()) && run(at.checked_sub(1)))
                && !(is_run(phrase.last()) && run(Some(at + phrase.len())))
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_chinese_phrase_finds_exactly_what_contains_it(
        texts in prop::collection::vec("[质量太差充电宝]{0,12}", 1..12),
        phrase in "[质量太差充电宝]{1,4}",
    ) {
        let items: Vec<Item> = texts.iter().enumerate().map(|(id, text)| item(&id.to_string(), text)).collect();
        let index = index_of(&items);
        let expected: BTreeSet<String> =
            items.iter().filter(|item| item.document.text.contains(&phrase)).map(|item| item.document.id.to_string()).collect();
        prop_assert_eq!(&ids(&index, &format!("\"{phrase}\"")), &expected);
        // What is not quoted finds at least as much.
        prop_assert!(ids(&index, &phrase).is_superset(&expected));
    }

    #[test]
    fn a_mixed_phrase_finds_exactly_what_holds_it(
        texts in prop::collection::vec("[质量差，！ aB1\n]{0,12}", 1..12),
        phrase in "[质量差，！ aB1]{1,5}",
    ) {
        let items: Vec<Item> = texts.iter().enumerate().map(|(id, text)| item(&id.to_string(), text)).collect();
        let index = index_of(&items);
        let expected: BTreeSet<String> =
            items.iter().filter(|item| holds(&item.document.text, &phrase)).map(|item| item.document.id.to_string()).collect();
        let request = SearchRequest { query: format!("\"{phrase}\""), limit: 100, ..SearchRequest::default() };
        match index.search(&request) {
            Ok(page) => {
                let found: BTreeSet<String> = page.hits.iter().map(|hit| hit.id.to_string()).collect();
                prop_assert_eq!(found, expected);
            }
            Err(error) => prop_assert!(error.is_request() && expected.is_empty(), "{}", error),
        }
    }
}

/// One small index for all hostile queries.
fn shared() -> &'static SearchIndex {
    static INDEX: OnceLock<SearchIndex> = OnceLock::new();
    INDEX.get_or_init(crowd)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_query_panics(query in "\\PC{0,60}", after in proptest::option::of("\\PC{0,50}")) {
        let request = SearchRequest { query, limit: 3, after, sort: Sort::Newest };
        if let Err(error) = shared().search(&request) {
            prop_assert!(error.is_request(), "{}", error);
        }
    }

    #[test]
    fn no_query_of_our_own_signs_panics(
        parts in prop::collection::vec(prop::sample::select(vec![
            "(", ")", "（", "\"", "”", "-", "NOT", "AND", "OR", " ", ":", "：", ",", "..", ">", "<=", "≥", "hazard", "隐患", "date",
            "severity", "region", "id", "fire", "2024-02", "9999-12-31", "-9999", "3", "33", "充电宝", "自燃", "的", "，", "usb", "ﾞ", "\u{301}", "\u{0}",
        ]), 0..40),
    ) {
        let request = SearchRequest { query: parts.concat(), limit: 3, ..SearchRequest::default() };
        if let Err(error) = shared().search(&request) {
            prop_assert!(error.is_request(), "{}", error);
            prop_assert!(error.to_string().contains('^'));
        }
    }
}

fn shared_data(file: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var("WANGLOU_SHARED").map_or(beside, PathBuf::from);
    let path = root.join("data").join(file);
    let found = path.exists();
    if !found {
        println!("skipped: no {}; set WANGLOU_SHARED", path.display());
    }
    found.then_some(path)
}

#[test]
fn in_real_reviews_a_phrase_finds_every_text_that_contains_it() {
    let Some(path) = shared_data("online_shopping_10_cats/reviews.csv.zst") else { return };
    let file = std::fs::File::open(path).expect("readable");
    let mut rows = csv::Reader::from_reader(zstd::Decoder::new(file).expect("zstd"));
    let column = rows.headers().expect("a header").iter().position(|name| name == "review").expect("a review column");
    let items: Vec<Item> = rows
        .records()
        .zip(1..)
        .map(|(row, number)| item(&format!("r{number}"), row.expect("a row").get(column).unwrap_or_default()))
        .collect();
    let index = index_of(&items);
    assert_eq!(index.documents(), items.len() as u64);
    let mut found = BTreeMap::new();
    for phrase in ["质量太差", "太差", "漏电", "差", "有异味", "退货太麻烦"] {
        let expected = items.iter().filter(|item| item.document.text.contains(phrase)).count() as u64;
        let total = ask(&index, &format!("\"{phrase}\"")).total;
        assert_eq!(total, expected, "{phrase}");
        found.insert(phrase, total);
    }
    println!("{} reviews: {found:?}", items.len());
}
