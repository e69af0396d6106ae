//! Laws that hold for any text and any query, and for real reviews.

#![expect(clippy::disallowed_methods, reason = "real reviews are looked for in the shared data")]

use super::*;

/// Whether `text` holds `phrase`: separators alike, runs whole, separators at the phrase's ends not counted.
fn holds(text: &str, phrase: &str) -> bool {
    use super::analysis::{CharKind, kind_of, normalise_mapped};
    let (text, _) = normalise_mapped(text);
    let (phrase, _) = normalise_mapped(phrase);
    let phrase: String = phrase.iter().collect();
    let phrase: Vec<char> = phrase.trim().chars().collect();
    let run =
        |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|&letter| kind_of(letter) == CharKind::Run);
    let is_run = |letter: Option<&char>| letter.is_some_and(|&letter| kind_of(letter) == CharKind::Run);
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

/// Cases that chance found: a separator that no pair stated could be any character.
#[test]
fn every_separator_of_a_phrase_is_a_separator_of_the_text() {
    let index = index_of(&[item("0", "1 质a"), item("1", "1，，a"), item("2", "差，质，差"), item("3", "差，，，差")]);
    assert_eq!(ids(&index, "\"1！！a\""), BTreeSet::from(["1".to_owned()]));
    assert_eq!(ids(&index, "\"差！！！差\""), BTreeSet::from(["3".to_owned()]));
}

#[test]
fn hostile_queries_are_answered_or_refused() {
    let deep = |open: &str, close: &str, times: usize| format!("{}起火{}", open.repeat(times), close.repeat(times));
    let queries = [
        deep("(", ")", 10_000),
        deep("(", ")", QUERY_DEPTH_MAX - 1),
        "NOT ".repeat(10_000) + "起火",
        "起火 ".repeat(100_000),
        "起火 OR ".repeat(QUERY_CLAUSES_MAX - 1) + "起火",
        "的 ".repeat(QUERY_CLAUSES_MAX),
        "充电宝自燃".repeat(100_000),
        "a*".to_owned(),
        "ab* ".repeat(QUERY_CLAUSES_MAX),
        "充".to_owned(),
        "充 NEAR/100 自".to_owned(),
        "充 NEAR/100 ".repeat(QUERY_CLAUSES_MAX - 1) + "自",
        "aaaa~2 ".repeat(QUERY_CLAUSES_MAX),
        "\"".to_owned() + &"，".repeat(4_000) + "\"",
        "brand:".to_owned() + &"牌,".repeat(2_000),
        "date:0001..9999 ".repeat(QUERY_CLAUSES_MAX),
        "price:1e308..1e309".to_owned(),
        "region:".to_owned() + &"浙江".repeat(2_000),
        "\u{0}\u{FFFF}\u{202E}".repeat(1_000),
    ];
    for query in queries {
        let request = SearchRequest { query, limit: 3, ..SearchRequest::default() };
        if let Err(error) = shared().search(&request) {
            assert!(error.is_request() && error.to_string().contains('^'), "{error}");
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
        let request = SearchRequest { query, limit: 3, after, sort: Sort::Newest, ..SearchRequest::default() };
        if let Err(error) = shared().search(&request) {
            prop_assert!(error.is_request(), "{}", error);
        }
    }

    #[test]
    fn no_query_of_our_own_signs_panics(
        parts in prop::collection::vec(prop::sample::select(vec![
            "(", ")", "（", "NEAR", "NEAR/5", "~", "~2", "*", "sort:date", "synonyms:off", "story:", "signal:any", "price", "\"", "”", "-", "NOT", "AND", "OR", " ", ":", "：", ",", "..", ">", "<=", "≥", "hazard", "隐患", "date",
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

/// Substrings asked for.
const SAMPLED: usize = 2_000;
/// Reviews searched; a scan of more takes minutes without optimisation.
const REVIEWS_MAX: usize = 12_000;

/// Real reviews, when there are any.
fn reviews() -> Option<Vec<Item>> {
    let path = shared_data::shared("data/online_shopping_10_cats/reviews.csv.zst")?;
    let file = std::fs::File::open(path).expect("readable");
    let mut rows = csv::Reader::from_reader(zstd::Decoder::new(file).expect("zstd"));
    let column = rows.headers().expect("a header").iter().position(|name| name == "review").expect("a review column");
    let text = |row: csv::StringRecord| row.get(column).unwrap_or_default().to_owned();
    Some(rows.records().zip(1..).map(|(row, number)| item(&format!("r{number}"), &text(row.expect("a row")))).collect())
}

#[test]
fn in_real_reviews_2000_sampled_substrings_find_exactly_the_texts_that_a_scan_finds() {
    use rand::{RngExt as _, SeedableRng as _};

    use super::analysis::{CharKind, kind_of, normalise, normalise_mapped};
    let Some(mut items) = reviews() else { return };
    let step = items.len() / REVIEWS_MAX + 1;
    items = items.into_iter().step_by(step).collect();
    let texts: Vec<Vec<char>> = items.iter().map(|item| normalise_mapped(&item.document.text).0).collect();
    let is_run = |letter: Option<&char>| letter.is_some_and(|&letter| kind_of(letter) == CharKind::Run);
    // Runs of letters and digits are units: a stretch that cuts one is none.
    let whole = |text: &[char], from: usize, to: usize| {
        let cuts = |at: usize| at > 0 && is_run(text.get(at - 1)) && is_run(text.get(at));
        let separator = |at: usize| kind_of(text[at]) == CharKind::Separator;
        !cuts(from) && !cuts(to) && !separator(from) && !separator(to - 1)
    };
    let mut rng = rand_pcg::Pcg64::seed_from_u64(7);
    // The stretch as scanned, where every separator is alike, to the stretch as asked for and what the scan finds.
    let mut asked: BTreeMap<Vec<char>, (String, BTreeSet<String>)> = BTreeMap::new();
    while asked.len() < SAMPLED {
        let number = rng.random_range(0..texts.len());
        let text = &texts[number];
        let length = rng.random_range(2..=8);
        if text.len() < length {
            continue;
        }
        let from = rng.random_range(0..=text.len() - length);
        if whole(text, from, from + length) {
            let written = normalise(&items[number].document.text);
            let quotes = |letter: char| if matches!(letter, '"' | '“' | '”') { '，' } else { letter };
            let phrase: String = written.chars().skip(from).take(length).map(quotes).collect();
            asked.insert(text[from..from + length].to_vec(), (phrase, BTreeSet::new()));
        }
    }
    // The scan: every stretch of every text.
    for (item, text) in items.iter().zip(&texts) {
        for from in 0..text.len() {
            for to in from + 2..=(from + 8).min(text.len()) {
                if let Some((_, found)) = asked.get_mut(&text[from..to])
                    && whole(text, from, to)
                {
                    found.insert(item.document.id.to_string());
                }
            }
        }
    }
    let index = index_of(&items);
    let mut longest = 0;
    for (phrase, expected) in asked.values() {
        let query = format!("\"{phrase}\"");
        let request = SearchRequest { query, bare: true, ..SearchRequest::default() };
        let found: BTreeSet<String> = index
            .matches(&request, usize::MAX)
            .expect("an answer")
            .map(|found| found.expect("readable").0.id.to_string())
            .collect();
        assert_eq!(&found, expected, "{}", request.query);
        longest = longest.max(found.len());
    }
    println!("{} substrings over {} reviews, up to {longest} documents each: all exact", asked.len(), items.len());
}

#[test]
fn in_real_reviews_a_phrase_finds_every_text_that_contains_it() {
    let Some(items) = reviews() else { return };
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

/// What no number, date, place or name should be.
const EXTREMES: [&str; 20] = [
    "0",
    "-1",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "99999999999999999999999999",
    "NaN",
    "inf",
    "-inf",
    "1e308",
    "1e-999",
    "9999-12-31",
    "-9999-01-01",
    "99999-01-01",
    "0000-00-00",
    "2024-02-30",
    "2024-13",
    "999999",
    "\u{0}",
    "\"\"",
];

#[test]
fn no_value_of_any_field_is_a_fault_of_ours_and_no_number_of_hits_is() {
    let fields = crate::query_fields().flat_map(|(en, zh, ..)| [en, zh]);
    let mut asked = 0;
    for field in fields {
        let long = "9".repeat(3_000);
        for value in EXTREMES.into_iter().chain([long.as_str()]) {
            for form in [
                format!("{field}:{value}"),
                format!("{field}>{value}"),
                format!("{field}<={value}"),
                format!("{field}:{value}..{value}"),
                format!("{field}:{value}..1"),
                format!("{field}:..{value}"),
                format!("{field}:{value},{value}"),
                format!("-{field}:{value}*"),
            ] {
                if let Err(error) =
                    shared().search(&SearchRequest { query: form.clone(), limit: 3, ..SearchRequest::default() })
                {
                    assert!(error.is_request(), "{form:.80}: {error}");
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 1_000, "{asked}");
    for value in EXTREMES {
        for form in [
            format!("充电宝 NEAR/{value} 起火"),
            format!("charger~{value}"),
            format!("\"充电宝\"~{value}"),
            format!("sort:{value}"),
        ] {
            if let Err(error) =
                shared().search(&SearchRequest { query: form.clone(), limit: 3, ..SearchRequest::default() })
            {
                assert!(error.is_request(), "{form}: {error}");
            }
        }
    }
    for limit in [0, 1, crate::PAGE_HITS_MAX, crate::PAGE_HITS_MAX + 1, usize::MAX] {
        let found =
            shared().search(&SearchRequest { query: "充电宝 OR usb".to_owned(), limit, ..SearchRequest::default() });
        match found {
            Ok(page) => assert!(page.hits.len() <= crate::PAGE_HITS_MAX),
            Err(error) => assert!(error.is_request(), "{limit}: {error}"),
        }
    }
}
