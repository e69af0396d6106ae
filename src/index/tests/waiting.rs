//! Standing queries find what the same search finds.

use super::*;

const QUERIES: [&str; 12] = [
    "充电宝",
    "\"自燃冒烟\"",
    "起火 OR 触电",
    "充电宝 -起火",
    "hazard:fire",
    "signal:any channel:media",
    "date:2024-01-01..2024-01-10",
    "冒烟 NEAR/2 起火",
    "usb*",
    "sort:date 自燃",
    "severity>=1",
    "story:1",
];

fn arrived(items: &[Item], stories: &[u64]) -> Vec<(usize, usize)> {
    let index = index_of(&[]);
    let standing = index.standing(QUERIES).expect("queries");
    let came: Vec<Arrived<'_>> = (items.iter().zip(stories).zip(1..))
        .map(|((item, story), position)| Arrived {
            document: &item.document,
            reading: &item.reading,
            position: Position(position),
            story: *story,
        })
        .collect();
    index.percolate(&standing, &came).expect("matched")
}

#[test]
fn a_standing_query_finds_exactly_what_the_search_finds() {
    let items: Vec<Item> = (0..120_u32)
        .map(|number| {
            let text = ["充电宝自燃", "充电宝自燃冒烟起火", "触电", "usb2 口", "无关"][number as usize % 5];
            let channel = if number % 3 == 0 { Channel::Media } else { Channel::Complaint };
            let item = item(&number.to_string(), text).channel(channel).on(&format!("2024-01-{:02}", number % 28 + 1));
            if number % 4 == 0 { item.signal(Category::BatteryCharger, Hazard::Fire, 1) } else { item }
        })
        .collect();
    let index = index_of(&items);
    let stories: Vec<u64> =
        items.iter().map(|item| index.story(&item.document.id).expect("readable").expect("there")).collect();
    let matched = arrived(&items, &stories);
    assert!(matched.is_sorted());
    for (number, query) in QUERIES.iter().enumerate() {
        let standing: BTreeSet<String> =
            matched.iter().filter(|(found, _)| *found == number).map(|(_, document)| document.to_string()).collect();
        assert_eq!(standing, ids(&index, query), "{query}");
        assert!(!standing.is_empty(), "{query} must find something for the test to mean anything");
    }
}

#[test]
fn nobody_waits_or_nothing_came() {
    let index = index_of(&[]);
    let standing = index.standing(QUERIES).expect("queries");
    assert!(index.percolate(&standing, &[]).expect("matched").is_empty());
    assert!(index.standing([]).expect("none").is_empty());
    let (number, error) = index.standing(["好", "坏 ("]).expect_err("a bad query");
    assert_eq!((number, error.at), (1, 3));
}
