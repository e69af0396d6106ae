//! Any query is answered or refused with the place of its fault under a caret; the same query is answered twice alike, and stands as a
//! watch exactly when it can be asked.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use index::{SearchIndex, SearchRequest, Thesaurus};
use vocabulary::{Channel, DocumentLine, Position, SourceId};

/// What is searched: a text for each kind of field.
const TEXTS: [&str; 6] = [
    "充电宝充电的时候自燃，把床单烧了，幸好人没事",
    "浙江杭州的王女士买的婴儿床夹住了孩子的头",
    "Anker iPhone 数据线，10000mAh，质量太差，usb-c 接口发烫！",
    "市场监管总局召回 2024 年生产的 3 万台电热水壶，GB 4706.1-2005",
    "奶粉有异味，孩子喝了上吐下泻，差评",
    "\u{feff}ﾞ\u{301} ，。！?\n\t",
];

static INDEX: LazyLock<SearchIndex> = LazyLock::new(|| {
    let lexicon = lexicon::Lexicon::shipped().expect("the shipped lexicon");
    let folder = std::env::temp_dir().join(format!("wanglou-fuzz-query-{}", std::process::id()));
    let stop_words = lexicon.stopwords().iter().cloned().collect();
    let opened = SearchIndex::open(&folder, Arc::clone(lexicon.jieba()), lexicon.version(), &stop_words);
    let index = opened.expect("an index").0.knowing(Arc::new(Thesaurus::of(&lexicon)));
    let mut writer = index.writer().expect("the only writer");
    for (number, text) in (1..).zip(TEXTS) {
        let line = format!(
            r#"{{"id":"{number}","text":{},"published_at":"2024-0{number}-15T08:00:00+08:00","meta":{{"price":{number}9}}}}"#,
            serde_json::Value::from(text)
        );
        let document =
            DocumentLine::parse(&line).expect("a document").into_document(&SourceId::from("fuzz"), Channel::Media);
        let reading = extract::read(&document, &lexicon);
        writer.put(&document, &reading, &extract::fingerprint(text), Position(number)).expect("put");
    }
    writer.commit(Position(TEXTS.len() as u64)).expect("committed");
    writer.close().expect("closed");
    let _ = std::fs::remove_dir_all(&folder); // what is open stays readable
    index
});

fuzz_target!(|query: &str| {
    let ask = || INDEX.search(&SearchRequest { query: query.to_owned(), limit: 10, ..SearchRequest::default() });
    let stands = INDEX.standing([query]);
    match ask() {
        Ok(page) => {
            assert!(page.total <= TEXTS.len() as u64);
            assert!(page.hits.len() as u64 == page.total || page.reprints_hidden);
            let again = ask().expect("answered once");
            assert_eq!(
                again.hits.iter().map(|hit| &hit.id).collect::<Vec<_>>(),
                page.hits.iter().map(|hit| &hit.id).collect::<Vec<_>>()
            );
            assert!(stands.is_ok(), "asked, but cannot stand");
        }
        Err(error) => {
            assert!(error.is_request() && error.to_string().contains('^'), "{error}");
            assert!(stands.is_err(), "stands, but cannot be asked");
        }
    }
});
