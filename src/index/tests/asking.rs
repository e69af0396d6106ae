//! What the words of the query language find: nearness, spellings, names of the same thing, places, numbers, stories.

use super::*;
use lexicon::Lexicon;
use vocabulary::Said;

/// An index that knows the shipped names.
fn knowing(items: &[Item]) -> SearchIndex {
    static SHIPPED: LazyLock<(Arc<Jieba>, Arc<Thesaurus>)> = LazyLock::new(|| {
        let shipped = Lexicon::shipped().expect("the shipped lexicon");
        (Arc::clone(shipped.jieba()), Arc::new(Thesaurus::of(&shipped)))
    });
    let (jieba, thesaurus) = &*SHIPPED;
    let index = SearchIndex::in_memory(Arc::clone(jieba), &lexicon(), &stop_words()).expect("an index");
    let index = index.knowing(Arc::clone(thesaurus));
    fill(&index, items);
    index
}

fn wants(query: &str) -> SearchRequest {
    SearchRequest { query: query.to_owned(), limit: 100, ..SearchRequest::default() }
}

fn order(index: &SearchIndex, request: &SearchRequest) -> Vec<String> {
    index.search(request).expect("an answer").hits.iter().map(|hit| hit.id.to_string()).collect()
}

#[test]
fn near_finds_both_within_the_distance_in_either_order() {
    let index = index_of(&[
        item("5", "起火一二三四五充电"),
        item("6", "起火一二三四五六充电"),
        item("back", "充电时起火"),
        item("touching", "充电起火"),
        item("one", "只有起火"),
        item("latin", "usb 口起火"),
        item("title", "一二三四五六七八九十").title("起火"),
    ]);
    check(&index, "起火 NEAR/5 充电", &["5", "back", "touching"]);
    check(&index, "起火 NEAR/6 充电", &["5", "6", "back", "touching"]);
    check(&index, "“起火” NEAR 充电", &["5", "6", "back", "touching"]);
    check(&index, "usb NEAR/2 起火", &["latin"]);
    check(&index, "(充电 OR usb) NEAR/2 起火", &["back", "touching", "latin"]);
    check(&index, "充 NEAR/1 时", &["back"]);
    check(&index, "起火 NEAR/5 充电 -时", &["5", "touching"]);
}

#[test]
fn a_word_is_near_its_next_place_and_not_itself() {
    let index = index_of(&[item("once", "起火了"), item("twice", "起火又起火")]);
    check(&index, "起火 NEAR/3 起火", &["twice"]);
}

#[test]
fn a_fuzzy_name_finds_other_spellings_and_says_which() {
    let index = index_of(&[
        item("right", "samsung手机"),
        item("typo", "Samsong 手机"),
        item("swapped", "sasmung充电器"),
        item("far", "sung"),
        item("other", "xiaomi手机"),
    ]);
    check(&index, "samsung~", &["right", "typo", "swapped"]);
    check(&index, "samsung~ 手机", &["right", "typo"]);
    let expansions = ask(&index, "samsung~").expansions;
    assert_eq!(expansions[0].also, ["samsong", "sasmung"]);
}

#[test]
fn names_of_one_product_or_brand_are_searched_together_unless_switched_off() {
    let index = knowing(&[
        item("1", "充电宝起火"),
        item("2", "移动电源起火"),
        item("3", "插座起火"),
        item("4", "比亚迪汽车"),
        item("5", "BYD 车"),
        item("6", "行動電源起火"),
        item("7", "移動電源起火"),
    ]);
    check(&index, "充电宝", &["1", "2", "7"]);
    check(&index, "移动电源 起火", &["1", "2", "7"]);
    check(&index, "充電寶 NEAR/3 起火", &["1", "2", "7"]);
    check(&index, "\"充电宝\"", &["1"]);
    check(&index, "充电宝 synonyms:off", &["1"]);
    check(&index, "byd", &["4", "5"]);
    let page = ask(&index, "充电宝");
    assert_eq!(
        (page.expansions[0].word.as_str(), &page.expansions[0].also[..]),
        ("充电宝", &["移动电源".to_owned()][..])
    );
    let marked: Vec<String> = page.hits.iter().map(Hit::marked).collect();
    assert!(marked.contains(&"【移动电源】起火".to_owned()), "{marked:?}");
    let request = SearchRequest { no_synonyms: true, ..wants("充电宝") };
    assert_eq!(order(&index, &request), ["1"]);
}

#[test]
fn a_place_is_found_by_name_with_all_that_lies_in_it() {
    let fire = |id: &str, region: &str| item(id, "起火").signal(Category::Ebike, Hazard::Fire, 1).in_region(region);
    let index = knowing(&[
        fire("hangzhou", "330100"),
        fire("xihu", "330106"),
        fire("nanjing", "320100"),
        fire("beijing chaoyang", "110105"),
        fire("liaoning chaoyang", "211300"),
    ]);
    check(&index, "region:浙江", &["hangzhou", "xihu"]);
    check(&index, "地区:浙江省杭州市", &["hangzhou", "xihu"]);
    check(&index, "region:杭州西湖区", &["xihu"]);
    check(&index, "region:浙江,江苏", &["hangzhou", "xihu", "nanjing"]);
    check(&index, "region:朝阳", &["beijing chaoyang", "liaoning chaoyang"]);
    check(&index, "region:北京朝阳", &["beijing chaoyang"]);
    assert!(ask(&index, "region:浙江").notes.is_empty());
    let note = &ask(&index, "region:朝阳").notes[0];
    assert!(note.contains("110105") && note.contains("211300"), "{note}");
    let refused = index.search(&wants("region:杭周")).expect_err("no such place");
    assert!(refused.zh().starts_with("检索式第 8 个字：不认识地名“杭周”"), "{}", refused.zh());
    assert!(refused.en().starts_with("character 8 of the query: no place is called `杭周`"), "{refused}");
}

#[test]
fn a_category_holds_its_leaves_and_lies_in_its_group() {
    let mention = |id: &str, word: &str, code: &str| {
        let mut item = item(id, word).mention(MentionKind::Product, code, Stance::Asserted);
        item.reading.mentions[0].text = word.to_owned();
        item
    };
    let index = knowing(&[mention("bank", "充电宝", "battery_charger"), mention("cable", "数据线", "battery_charger")]);
    check(&index, "category:battery_charger", &["bank", "cable"]);
    check(&index, "category:power_bank", &["bank"]);
    check(&index, "category:battery_charger/power_bank", &["bank"]);
    check(&index, "类别:移动电源", &["bank"]);
    check(&index, "类别:电子产品", &["bank", "cable"]);
    check(&index, "类别:食品", &[]);
}

#[test]
fn only_asserted_signals_count_as_signals() {
    let mut suspected = item("suspected", "怕起火").signal(Category::BatteryCharger, Hazard::Fire, 0);
    suspected.reading.signals[0].stance = Stance::Suspected;
    let asserted = item("asserted", "起火了").signal(Category::BatteryCharger, Hazard::Fire, 2);
    let index = index_of(&[suspected, asserted, item("none", "很好")]);
    check(&index, "hazard:fire", &["suspected", "asserted"]);
    for query in ["signal:fire", "signal:battery_charger", "信号:电池与充电器/起火爆炸", "signal:any", "signal:safety"]
    {
        check(&index, query, &["asserted"]);
    }
    check(&index, "signal:toy/fire", &[]);
    check(&index, "hazard:quality", &[]);
    check(&index, "confidence>=0.9", &["suspected", "asserted"]);
    check(&index, "confidence>0.9", &[]);
}

#[test]
fn numbers_of_the_source_are_ranges() {
    let rated = |id: &str, rating: &str, price: &str| item(id, "好").meta("rating", rating).meta("price", price);
    let index = index_of(&[rated("1", "1", "¥1,299.00"), rated("2", "4.5 星", "99"), item("3", "好")]);
    check(&index, "rating<=2", &["1"]);
    check(&index, "rating:4..5", &["2"]);
    check(&index, "price>100", &["1"]);
    check(&index, "price:..", &["1", "2"]);
    check(&index, "价格<99", &[]);
}

#[test]
fn hits_are_ordered_as_asked() {
    let index = index_of(&[
        item("mild", "起火").signal(Category::Ebike, Hazard::Fire, 1).on("2024-03-01"),
        item("worst", "起火").signal(Category::Ebike, Hazard::Fire, 4).on("2020-01-01"),
        item("none", "起火").on("2024-05-01"),
        item("mild but new", "起火").signal(Category::Ebike, Hazard::Fire, 1).on("2024-04-01"),
    ]);
    let severity = ["worst", "mild but new", "mild", "none"];
    assert_eq!(order(&index, &wants("起火 sort:severity")), severity);
    assert_eq!(order(&index, &SearchRequest { sort: Sort::Severity, ..wants("起火") }), severity);
    assert_eq!(order(&index, &wants("排序:日期")), ["none", "mild but new", "mild", "worst"]);
}

/// Three texts, one of them told three times.
fn retold() -> Vec<Item> {
    let story = "某品牌充电宝在地铁车厢内突然冒烟起火乘客紧急疏散无人受伤";
    vec![
        item("first", story).on("2024-03-01").meta("author", "a"),
        item("other", "一批儿童玩具检出小零件脱落风险被责令召回").on("2024-03-01").meta("author", "b"),
        item("again", &format!("{story}了")).on("2024-03-03").meta("author", "c"),
        item("third", story).on("2024-03-10").meta("author", "a"),
        item("much later", story).on("2024-06-01"),
    ]
}

#[test]
fn texts_that_retell_one_another_are_one_story_whatever_the_commits() {
    let index = index_of(&[]);
    for item in retold().chunks(1) {
        fill(&index, item); // a new writer each time: it learns the stories from the index
    }
    let page = ask(&index, "");
    assert_eq!((page.counts.reports, page.counts.texts, page.counts.actors), (5, 3, 4));
    check(&index, "story:1", &["first", "again", "third"]);
    let whole = index_of(&retold());
    let stories = |index: &SearchIndex| -> BTreeMap<String, (u64, u64)> {
        ask(index, "").hits.iter().map(|hit| (hit.id.to_string(), (hit.story, hit.reprints))).collect()
    };
    assert_eq!(stories(&index), stories(&whole));
    assert_eq!(stories(&index)["again"], (1, 2));
    assert_eq!(index.story(&DocumentId::from("third")).expect("readable"), Some(1));
}

#[test]
fn hidden_reprints_leave_the_best_of_each_story_on_pages_that_neither_overlap_nor_skip() {
    let index = crowd();
    for sort in Sort::ALL {
        let mut request = SearchRequest { hide_reprints: true, sort, ..wants("充电宝") };
        let whole = index.search(&request).expect("an answer");
        assert!(whole.reprints_hidden && whole.total == 195);
        assert_eq!(whole.hits.len() as u64, whole.counts.texts);
        let mut stories: Vec<u64> = whole.hits.iter().map(|hit| hit.story).collect();
        stories.sort_unstable();
        stories.dedup();
        assert_eq!(stories.len(), whole.hits.len(), "each story once");
        request.limit = 3;
        let mut paged = Vec::new();
        loop {
            let page = index.search(&request).expect("an answer");
            paged.extend(page.hits);
            request.after = page.next;
            if request.after.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole.hits);
    }
    let index = index_of(&retold());
    assert_eq!(order(&index, &wants("sort:date reprints:hide")), ["much later", "third", "other"]);
}

#[test]
fn all_matches_can_be_walked_in_order() {
    let index = crowd();
    for request in [wants("充电宝"), wants("sort:date 起火"), wants("hazard:fire reprints:hide")] {
        let page = index.search(&SearchRequest { limit: PAGE_HITS_MAX, ..request.clone() }).expect("an answer");
        let matches = index.matches(&request, usize::MAX).expect("an answer");
        assert_eq!(matches.total, page.total);
        let walked: Vec<DocumentId> = matches.map(|found| found.expect("readable").0.id).collect();
        assert_eq!(walked, page.hits.iter().map(|hit| hit.id.clone()).collect::<Vec<_>>());
    }
    assert_eq!(index.matches(&wants("充电宝"), 7).expect("an answer").count(), 7);
}

#[test]
fn the_histogram_and_the_months_hold_every_dated_match() {
    let index = crowd();
    let page = ask(&index, "充电宝");
    assert_eq!(page.histogram.bars.iter().map(|bar| bar.count).sum::<u64>(), page.total);
    assert_eq!(page.facets["month"], [("2024-01".to_owned(), page.total)]);
    for bar in &page.histogram.bars {
        assert_eq!(ask(&index, &format!("充电宝 date:{}..{}", bar.from, bar.to)).total, bar.count);
    }
    let bare = index.search(&SearchRequest { bare: true, ..wants("充电宝") }).expect("an answer");
    assert_eq!((bare.total, bare.hits.len()), (page.total, 100));
    assert!(bare.histogram.bars.is_empty());
}
