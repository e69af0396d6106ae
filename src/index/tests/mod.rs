//! Builders that take only what a case is about; the promises are in the files beside.

mod answers;
mod asking;
mod finding;
mod keeping;
mod killing;
mod laws;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, OnceLock};

use jieba_rs::Jieba;
use proptest::prelude::*;

use super::*;
use vocabulary::{
    Category, Channel, CharSpan, DocumentId, Fingerprint, Hazard, ItemNames, Mention, MentionKind, ProductFrom,
    Reading, RuleId, Signal, SourceId, Stance, parse_moment,
};

/// jieba's own dictionary does not know 充电宝; the lexicon adds such words.
static JIEBA: LazyLock<Arc<Jieba>> = LazyLock::new(|| {
    let mut jieba = Jieba::new();
    jieba.add_word("充电宝", Some(1000), None);
    Arc::new(jieba)
});

fn lexicon() -> LexiconVersion {
    LexiconVersion::from("lexicon-1")
}

fn stop_words() -> BTreeSet<String> {
    ["的", "了"].map(str::to_owned).into()
}

/// Takes only what a case is about.
#[derive(Clone)]
struct Item {
    document: Document,
    reading: Reading,
}

fn item(id: &str, text: &str) -> Item {
    let document = Document {
        id: DocumentId::from(id),
        source: SourceId::from("sim.complaints"),
        channel: Channel::Complaint,
        url: None,
        title: None,
        text: text.to_owned(),
        published_at: None,
        seen_at: None,
        meta: serde_json::Map::new(),
        raw: None,
    };
    let id = document.id.clone();
    Item {
        document,
        reading: Reading {
            id,
            lexicon: lexicon(),
            signals: vec![],
            mentions: vec![],
            problems: vec![],
            rechecks: vec![],
            doubts: Vec::new(),
        },
    }
}

impl Item {
    fn on(mut self, day: &str) -> Self {
        self.document.published_at = Some(parse_moment(day).expect("a day"));
        self
    }

    fn title(mut self, title: &str) -> Self {
        self.document.title = Some(title.to_owned());
        self
    }

    fn channel(mut self, channel: Channel) -> Self {
        self.document.channel = channel;
        self
    }

    fn meta(mut self, key: &str, value: &str) -> Self {
        self.document.meta.insert(key.to_owned(), value.into());
        self
    }

    fn signal(mut self, product: Category, hazard: Hazard, severity: u8) -> Self {
        self.reading.signals.push(Signal {
            product,
            hazard,
            stance: Stance::Asserted,
            severity,
            product_span: None,
            hazard_span: CharSpan::new(0, 1),
            title_span: None,
            product_from: ProductFrom::Text,
            brand: None,
            item: ItemNames::default(),
            region: None,
            confidence: 0.9,
            rules: vec![RuleId::from("test")],
        });
        self
    }

    fn in_region(mut self, region: &str) -> Self {
        self.reading.signals.last_mut().expect("a signal").region = Some(region.parse().expect("a region"));
        self
    }

    fn of_brand(mut self, brand: &str) -> Self {
        self.reading.signals.last_mut().expect("a signal").brand = Some(brand.to_owned());
        self
    }

    fn called(mut self, names: ItemNames) -> Self {
        self.reading.signals.last_mut().expect("a signal").item = names;
        self
    }

    fn mention(mut self, kind: MentionKind, code: &str, stance: Stance) -> Self {
        self.reading.mentions.push(Mention {
            kind,
            code: code.to_owned(),
            span: CharSpan::new(0, 1),
            text: code.to_owned(),
            stance,
            rule: RuleId::from("test"),
        });
        self
    }
}

/// Texts that have most pairs of characters in common get prints that agree in most lanes.
fn print(text: &str) -> Fingerprint {
    let letters: Vec<char> = text.chars().collect();
    Fingerprint::of_lanes(std::array::from_fn(|lane| {
        let hash = |pair: &[char]| {
            let pair: String = pair.iter().collect();
            u32::try_from(xxhash_rust::xxh3::xxh3_64_with_seed(pair.as_bytes(), lane as u64) >> 32).expect("32 bits")
        };
        letters.windows(2).map(hash).min().unwrap_or(u32::MAX)
    }))
}

fn put(writer: &mut Writer, item: &Item, position: Position) -> Result<(), IndexError> {
    writer.put(&item.document, &item.reading, &print(&item.document.text), position)
}

fn fill(index: &SearchIndex, items: &[Item]) {
    let mut writer = index.writer().expect("the only writer");
    let start = index.cursor().expect("a cursor");
    let mut position = start;
    for item in items {
        position = Position(position.0 + 1);
        put(&mut writer, item, position).expect("a good document");
    }
    writer.commit(position).expect("a commit");
    writer.close().expect("merges end");
}

fn index_of(items: &[Item]) -> SearchIndex {
    let index = SearchIndex::in_memory(JIEBA.clone(), &lexicon(), &stop_words()).expect("an index");
    fill(&index, items);
    index
}

fn open(dir: &Path, lexicon: &str) -> (SearchIndex, Opened) {
    SearchIndex::open(dir, JIEBA.clone(), &LexiconVersion::from(lexicon), &stop_words()).expect("an index")
}

fn ask(index: &SearchIndex, query: &str) -> SearchPage {
    let request = SearchRequest { query: query.to_owned(), limit: PAGE_HITS_MAX, ..SearchRequest::default() };
    index.search(&request).unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn ids(index: &SearchIndex, query: &str) -> BTreeSet<String> {
    let page = ask(index, query);
    let ids: BTreeSet<String> = page.hits.iter().map(|hit| hit.id.to_string()).collect();
    assert_eq!(page.total, ids.len() as u64, "{query}: total is exact, no hit comes twice");
    ids
}

fn check(index: &SearchIndex, query: &str, expected: &[&str]) {
    assert_eq!(ids(index, query), expected.iter().map(|&id| id.to_owned()).collect(), "{query}");
}

/// A corpus with many equal scores, in several segments, with replaced documents.
fn crowd() -> SearchIndex {
    let index = index_of(&[]);
    for batch in 0..4_u32 {
        let items: Vec<Item> = (0..60_u32)
            .map(|number| {
                let text = if number % 3 == 0 { "充电宝自燃" } else { "充电宝自燃冒烟起火" };
                let hazard = if number % 2 == 0 { Hazard::Fire } else { Hazard::Burn };
                let channel = if number % 5 == 0 { Channel::Media } else { Channel::Complaint };
                let day = format!("2024-01-{:02}", number % 28 + 1);
                // Ids of neighbouring batches overlap: later ones replace.
                let id = format!("{}", batch * 45 + number);
                item(&id, text).channel(channel).on(&day).signal(Category::BatteryCharger, hazard, 1)
            })
            .collect();
        fill(&index, &items);
    }
    index
}
