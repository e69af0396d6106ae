//! What an answer looks like: pages, facets, order, JSON, errors.

use super::*;
use vocabulary::Said;

#[test]
fn pages_neither_overlap_nor_skip() {
    let index = crowd();
    for sort in Sort::ALL {
        for query in ["充电宝", "", "hazard:fire", "自燃 OR 冒烟"] {
            let mut request = SearchRequest { query: query.to_owned(), limit: 1000, sort, ..SearchRequest::default() };
            let whole = index.search(&request).expect("an answer");
            assert_eq!((whole.hits.len() as u64, &whole.next), (whole.total, &None));
            request.limit = 7;
            let mut paged = Vec::new();
            loop {
                let page = index.search(&request).expect("an answer");
                assert_eq!((page.total, &page.facets), (whole.total, &whole.facets));
                paged.extend(page.hits);
                request.after = page.next;
                if request.after.is_none() {
                    break;
                }
            }
            assert_eq!(paged, whole.hits, "{query} {sort:?}");
        }
    }
}

#[test]
fn newest_comes_first_when_asked() {
    let index = index_of(&[
        item("old", "起火").on("2023-01-01"),
        item("none", "起火"),
        item("before", "起火").on("1960-01-01"),
        item("new", "起火").on("2024-01-01"),
    ]);
    let request = SearchRequest { query: "起火".into(), limit: 9, sort: Sort::Newest, ..SearchRequest::default() };
    let order: Vec<String> =
        index.search(&request).expect("an answer").hits.iter().map(|hit| hit.id.to_string()).collect();
    assert_eq!(order, ["new", "old", "before", "none"]);
}

#[test]
fn facets_count_all_matches_not_the_page() {
    let index = crowd();
    let request = SearchRequest { query: "充电宝".into(), limit: 1, ..SearchRequest::default() };
    let page = index.search(&request).expect("an answer");
    assert_eq!(page.total, 195);
    for facet in ["channel", "hazard"] {
        let counts = &page.facets[facet];
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), page.total, "{facet}");
        for (code, count) in counts {
            assert_eq!(ask(&index, &format!("充电宝 {facet}:{code}")).total, *count, "{facet}:{code}");
        }
    }
    assert_eq!(page.facets["brand"], []);
}

#[test]
fn bad_requests_say_what_to_do() {
    let index = crowd();
    let mut request = SearchRequest { query: "充电宝".into(), limit: PAGE_HITS_MAX + 1, ..SearchRequest::default() };
    let refused = |request: &SearchRequest| {
        let error = index.search(request).expect_err("a bad request");
        assert!(error.is_request());
        error.to_string()
    };
    assert_eq!(refused(&request), "a page of 1001 hits is too long: ask for at most 1000 and follow `next`");
    request.limit = 1;
    let next = index.search(&request).expect("an answer").next;
    request.after = next;
    request.query = "自燃".into();
    assert!(refused(&request).ends_with("leave `after` out"));
    for cursor in ["", "x", "☃", "AAAA"] {
        request.after = Some(cursor.to_owned());
        assert!(refused(&request).contains("is no cursor"), "{cursor}");
    }
    request.query = "充电宝 foo:bar".into();
    let error = index.search(&request).expect_err("a bad request");
    insta::assert_snapshot!(error.en(), @"
    character 5 of the query: no field is called `foo`; there are hazard, category, signal, channel, region, brand, source, platform, seller, item, maker, model, batch, stance, severity, rating, price, confidence, date, seen, story, id; to search for the word itself, quote it
      充电宝 foo:bar
      　　　 ^
    ");
    insta::assert_snapshot!(error.zh(), @"
    检索式第 5 个字：没有叫“foo”的字段；可用字段：隐患（hazard）、类别（category）、信号（signal）、渠道（channel）、地区（region）、品牌（brand）、来源（source）、平台（platform）、卖家（seller）、商品（item）、生产者（maker）、型号（model）、批次（batch）、断言（stance）、伤害（severity）、评分（rating）、价格（price）、置信度（confidence）、日期（date）、收录（seen）、同源（story）、编号（id）；如果要检索这些字本身，请加引号
      充电宝 foo:bar
      　　　 ^
    ");
}

#[test]
fn an_answer_is_json_of_the_contract() {
    let index = index_of(&[item("1", "昨天充电宝\n突然自燃了")
        .title("充电宝自燃")
        .on("2024-07-02T08:00:00+08:00")
        .signal(Category::BatteryCharger, Hazard::Fire, 1)
        .in_region("330106")
        .of_brand("Orico")]);
    let mut page = ask(&index, "突然自燃");
    assert!(page.hits[0].score > 0.0);
    page.hits[0].score = 1.5; // the number itself promises nothing
    assert_eq!(page.hits[0].marked(), "昨天充电宝 【突然自燃】了");
    insta::assert_json_snapshot!(page, @r#"
    {
      "total": 1,
      "hits": [
        {
          "id": "1",
          "score": 1.5,
          "title": "充电宝自燃",
          "snippet": "昨天充电宝 突然自燃了",
          "spans": [
            [
              6,
              10
            ]
          ],
          "published_at": "2024-07-02T08:00:00+08:00",
          "seen_at": null,
          "source": "sim.complaints",
          "channel": "complaint",
          "categories": [
            "battery_charger"
          ],
          "hazards": [
            "fire"
          ],
          "region": "330106",
          "brand": "Orico",
          "url": null,
          "position": 1,
          "severity": 1,
          "story": 1,
          "reprints": 0
        }
      ],
      "facets": {
        "brand": [
          [
            "Orico",
            1
          ]
        ],
        "category": [
          [
            "battery_charger",
            1
          ]
        ],
        "channel": [
          [
            "complaint",
            1
          ]
        ],
        "hazard": [
          [
            "fire",
            1
          ]
        ],
        "month": [
          [
            "2024-07",
            1
          ]
        ],
        "region": [
          [
            "330000",
            1
          ]
        ],
        "source": [
          [
            "sim.complaints",
            1
          ]
        ]
      },
      "next": null,
      "counts": {
        "reports": 1,
        "texts": 1,
        "actors": 1,
        "places": 1
      },
      "histogram": {
        "unit": "day",
        "bars": [
          {
            "from": "2024-07-02",
            "to": "2024-07-02",
            "count": 1
          }
        ],
        "earlier": 0
      },
      "expansions": [],
      "notes": [],
      "sort": "relevance",
      "reprints_hidden": false,
      "partial": false
    }
    "#);
}

#[test]
fn strange_texts_are_taken_and_found() {
    let long = "长".repeat(TEXT_CHARS_INDEXED_MAX + 10);
    let marks = format!("e{}", "\u{301}".repeat(1000));
    let run = "x".repeat(1000);
    let index = index_of(&[
        item("empty", ""),
        item("long", &long),
        item("marks", &marks),
        item("run", &run),
        item("signs", "\u{0}\u{FFFD}😀\u{202E}充\u{200B}电").meta("brand", &"牌".repeat(100_000)),
    ]);
    check(&index, "\"充电\"", &["signs"]);
    check(&index, &format!("\"{run}\""), &["run"]);
    check(&index, "长长", &["long"]);
    assert_eq!(ask(&index, "").total, 5);
}

#[test]
fn an_answer_that_runs_out_of_time_says_so_and_one_that_does_not_is_the_same() {
    let index = crowd();
    for query in ["自燃", "hazard:fire sort:date", "充电宝 OR 冒烟 reprints:hide", ""] {
        let request = SearchRequest { query: query.to_owned(), limit: 7, ..SearchRequest::default() };
        let whole = index.search(&request).expect("an answer");
        assert!(!whole.partial && whole.total > 0, "{query}");
        assert_eq!(index.search_within(&request, Some(&|| false)).expect("an answer"), whole, "{query}");
        let none = index.search_within(&request, Some(&|| true)).expect("an answer");
        assert_eq!((none.partial, none.total, none.hits.len()), (true, 0, 0), "{query}");
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let later = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0;
        let some = index.search_within(&request, Some(&later)).expect("an answer");
        assert!(some.partial && some.total > 0 && some.total < whole.total, "{query}: of the first segment only");
        assert_eq!(some.counts.reports, some.total, "{query}: what is counted agrees");
    }
}

#[test]
fn what_is_asked_twice_is_asked_once() {
    let index = crowd();
    let hits = |query: &str| ask(&index, query).hits;
    for (twice, once) in [
        ("自燃 自燃", "自燃"),
        ("自燃 OR 冒烟 OR 自燃", "自燃 OR 冒烟"),
        ("充电宝 NEAR 自燃 NEAR 充电宝 NEAR 自燃", "充电宝 NEAR 自燃 NEAR 充电宝"),
        ("自燃 -冒烟 -冒烟", "自燃 -冒烟"),
    ] {
        assert_eq!(hits(twice), hits(once), "{twice}");
    }
    let many = vec!["自燃"; QUERY_CLAUSES_MAX + 1].join(" ");
    let request = SearchRequest { query: many, ..SearchRequest::default() };
    assert!(index.search(&request).is_err_and(|error| error.is_request()), "what is written counts, not what is left");
}
