//! Promises of the whole room, over real HTTP where a site is concerned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use encoding_rs::GB18030;
use jiff::ToSpan;
use jiff::civil::date;
use serde_json::Value;

use super::*;
use vocabulary::{day_of, end_of_day};

fn small(seed: u64) -> WorldSpec {
    WorldSpec { days: 50, backlog_days: 20, ..WorldSpec::new(seed) }
}

/// 180 days in all.
fn half_a_year() -> WorldSpec {
    WorldSpec { days: 120, backlog_days: 60, ..WorldSpec::default() }
}

async fn served(spec: &WorldSpec) -> (Arc<World>, Arc<SimClock>, Sites) {
    let world = Arc::new(World::generate(spec));
    let clock = Arc::new(SimClock::at_day(spec.last_day()));
    let sites = Sites::serve(Arc::clone(&world), Arc::clone(&clock)).await.expect("a port");
    (world, clock, sites)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client")
}

async fn get(url: &str) -> reqwest::Response {
    client().get(url).send().await.unwrap_or_else(|error| panic!("{url}: {error}"))
}

async fn gb18030(url: &str) -> String {
    let bytes = get(url).await.bytes().await.expect("a body");
    let (text, _, garbled) = GB18030.decode(&bytes);
    assert!(!garbled, "{url} is not GB18030");
    text.into_owned()
}

/// The numbers between a prefix and a suffix, in order of appearance.
fn numbers(page: &str, prefix: &str, suffix: &str) -> Vec<u64> {
    page.split(prefix).skip(1).filter_map(|rest| rest.split_once(suffix)?.0.parse().ok()).collect()
}

#[test]
fn the_same_seed_makes_the_same_world_and_another_seed_another() {
    let digest = |seed| World::generate(&small(seed)).digest();
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}

#[test]
fn every_incident_has_its_planned_events_within_its_days() {
    for seed in 1..=4 {
        let world = World::generate(&WorldSpec::new(seed));
        assert!(world.truth().len() >= 10);
        for (number, incident) in world.truth().iter().enumerate() {
            let events: Vec<&Item> = Stream::ALL
                .iter()
                .flat_map(|stream| world.items(*stream))
                .filter(|item| item.nature == Nature::Event(number))
                .collect();
            assert_eq!(events.len(), incident.events as usize, "{}", incident.id);
            for event in &events {
                let day = day_of(event.published_at);
                assert!((incident.start..=incident.end).contains(&day), "{} on {day}", incident.id);
            }
            let texts: BTreeSet<String> = events.iter().map(|event| event.text()).collect();
            assert_eq!(texts.len(), events.len(), "{} repeats a text", incident.id);
            assert!(incident.start >= world.spec().start && incident.end <= world.spec().last_day());
        }
    }
}

#[test]
fn regional_incidents_stay_in_their_region() {
    let world = World::generate(&WorldSpec::default());
    for (number, incident) in world.truth().iter().enumerate().filter(|(_, incident)| !incident.regions.is_empty()) {
        for item in Stream::ALL.iter().flat_map(|stream| world.items(*stream)) {
            if let (Nature::Event(of), Some(place)) = (item.nature, item.place)
                && of == number
            {
                let region = place.region().expect("a code");
                assert!(incident.regions.iter().any(|known| known.province() == region.province()), "{}", incident.id);
            }
        }
    }
}

#[test]
fn most_of_an_ordinary_day_is_noise_and_its_size_is_as_asked() {
    let world = World::generate(&WorldSpec { incidents: false, ..half_a_year() });
    let mut shares: BTreeMap<bool, f64> = BTreeMap::new();
    for item in Stream::ALL.iter().flat_map(|stream| world.items(*stream)) {
        *shares.entry(item.nature.is_real_case()).or_default() += 1.0;
    }
    let all = shares[&true] + shares[&false];
    assert!((0.10..0.30).contains(&(shares[&true] / all)), "{shares:?}");
    let per_day = all / 180.0;
    assert!((25.0..40.0).contains(&per_day), "{per_day} a day");
    assert!(world.truth().is_empty());
}

#[test]
fn the_background_spreads_over_many_cells_and_none_of_them_is_a_storm() {
    let world = World::generate(&WorldSpec { incidents: false, ..half_a_year() });
    let mut cells: BTreeMap<_, u32> = BTreeMap::new();
    for item in Stream::ALL.iter().flat_map(|stream| world.items(*stream)) {
        if let Nature::Background(category, hazard) = item.nature {
            *cells.entry((category, hazard)).or_default() += 1;
        }
    }
    assert!(cells.len() >= 40, "{}", cells.len());
    // 180 days are 25.7 weeks: no cell has more than about two cases a week.
    assert!(cells.values().all(|count| *count < 50), "{cells:?}");
}

#[test]
fn few_texts_of_a_stream_are_alike_but_for_copies_and_professionals() {
    let world = World::generate(&half_a_year());
    for stream in [Stream::Complaints, Stream::Reviews] {
        let texts: Vec<String> =
            world.items(stream).iter().filter(|item| item.nature != Nature::Professional).map(Item::text).collect();
        let distinct: BTreeSet<&String> = texts.iter().collect();
        let share = distinct.len() as f64 / texts.len() as f64;
        assert!(share > 0.93, "{stream:?}: {share}");
    }
}

#[test]
fn a_specification_out_of_bounds_is_cut_to_them() {
    let world = World::generate(&WorldSpec { days: 0, backlog_days: 2, items_per_day: f64::NAN, ..WorldSpec::new(1) });
    assert_eq!((world.spec().days, world.spec().items_per_day), (1, 0.0));
}

#[tokio::test]
async fn nothing_is_served_before_its_moment() {
    let (world, clock, sites) = served(&small(1)).await;
    let day = date(2025, 3, 10);
    clock.set_day(day);
    let base = sites.addresses().base(SiteKind::Complaints);
    let complaints = world.items(Stream::Complaints);
    let last_seen = complaints.iter().rev().find(|item| item.published_at <= end_of_day(day)).expect("published");
    let next = complaints.iter().find(|item| item.published_at > end_of_day(day)).expect("a later one");
    let list = gb18030(&format!("{base}/list")).await;
    assert_eq!(numbers(&list, "/complaint/", ".html")[0], last_seen.id);
    assert_eq!(get(&format!("{base}/complaint/{}.html", last_seen.id)).await.status(), 200);
    assert_eq!(get(&format!("{base}/complaint/{}.html", next.id)).await.status(), 404);
    let reviews: Value = serde_json::from_str(
        &get(&format!("{}/api/reviews", sites.addresses().base(SiteKind::Market))).await.text().await.expect("text"),
    )
    .expect("JSON");
    assert_eq!(reviews["data"]["total"], world.published(Stream::Reviews, end_of_day(day)).len());
    for (site, path, stream) in
        [(SiteKind::Media, "rss.xml", Stream::Articles), (SiteKind::Standards, "atom.xml", Stream::Standards)]
    {
        let feed = get(&format!("{}/{path}", sites.addresses().base(site))).await.text().await.expect("text");
        let entries = feed.matches("<item>").count() + feed.matches("<entry>").count();
        assert_eq!(entries, world.published(stream, end_of_day(day)).len());
    }
    clock.set(next.published_at);
    assert_eq!(get(&format!("{base}/complaint/{}.html", next.id)).await.status(), 200);
}

#[tokio::test]
async fn list_paging_covers_every_item_once() {
    let (world, clock, sites) = served(&small(2)).await;
    let ids = |stream| world.published(stream, clock.now()).iter().map(|item| item.id).collect::<BTreeSet<u64>>();

    let base = sites.addresses().base(SiteKind::Complaints);
    let (mut seen, mut url) = (Vec::new(), format!("{base}/list"));
    loop {
        let page = gb18030(&url).await;
        seen.extend(numbers(&page, "href=\"/complaint/", ".html"));
        let Some(next) = page.split("class=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
            break;
        };
        url = format!("{base}{next}");
    }
    assert_eq!(seen.len(), ids(Stream::Complaints).len());
    assert_eq!(seen.into_iter().collect::<BTreeSet<u64>>(), ids(Stream::Complaints));

    for (path, key, stream) in [("items", "item_id", Stream::Listings), ("reviews", "review_id", Stream::Reviews)] {
        let base = sites.addresses().base(SiteKind::Market);
        let (mut seen, mut page) = (Vec::new(), 1);
        loop {
            let url = format!("{base}/api/{path}?size=50&page={page}");
            let answer: Value = serde_json::from_str(&get(&url).await.text().await.expect("text")).expect("JSON");
            seen.extend(
                answer["data"]["list"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|entry| entry[key].as_u64().expect("an id")),
            );
            match answer["data"]["next_page"].as_u64() {
                Some(next) => page = next,
                None => break,
            }
        }
        assert_eq!(seen.len(), ids(stream).len(), "{path}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<u64>>(), ids(stream));
    }

    let mut seen = BTreeSet::new();
    for list in ["notices", "spot"] {
        for page in 1..=40 {
            let url = format!("{}/{list}?page={page}", sites.addresses().base(SiteKind::Regulator));
            seen.extend(numbers(&get(&url).await.text().await.expect("text"), "notice/", ".html"));
        }
    }
    assert_eq!(seen, ids(Stream::Notices));
}

#[tokio::test]
async fn complaints_are_gb18030_under_the_name_of_gb2312_and_hostile_text_is_escaped() {
    let (world, _, sites) = served(&small(3)).await;
    let base = sites.addresses().base(SiteKind::Complaints);
    let complaints = world.items(Stream::Complaints);
    for even in [true, false] {
        let item = complaints.iter().find(|item| (item.id % 2 == 0) == even).expect("one");
        let response = get(&format!("{base}/complaint/{}.html", item.id)).await;
        let header = response.headers()["content-type"].to_str().expect("ascii").to_owned();
        assert_eq!(header.contains("gb2312"), even, "{header}");
        let page = GB18030.decode(&response.bytes().await.expect("a body")).0.into_owned();
        assert!(
            page.contains("charset=\"gb2312\"") && page.contains(&item.paragraphs[0].replace('&', "&amp;")),
            "{page}"
        );
    }
    let hostile = complaints
        .iter()
        .find(|item| item.nature == Nature::Hostile && item.text().contains("<script>"))
        .expect("months of traffic have one");
    let page = gb18030(&format!("{base}/complaint/{}.html", hostile.id)).await;
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>alert"), "{page}");
}

#[tokio::test]
async fn strange_requests_get_an_answer_and_no_panic() {
    let (_, _, sites) = served(&small(1)).await;
    for site in SiteKind::ALL {
        let base = sites.addresses().base(site);
        for path in [
            "/list?page=0",
            "/list?page=99999999999999999999",
            "/list?page=-1",
            "/?page=%FF",
            "/complaint/.html",
            "/complaint/abc.html",
            "/complaint/18446744073709551615.html",
            "/api/items?size=0&page=4294967295",
            "/api/reviews?size=%00",
            "/notice/../../etc/passwd",
            "/item/1.html",
            "/rss.xml?page",
            "/%E4%B8%AD",
            "//",
            "/notices?page=4294967295",
            "/spot?page=18446744073709551615",
        ] {
            let status = get(&format!("{base}{path}")).await.status();
            assert!(status == 200 || status == 404, "{base}{path}: {status}");
        }
        let post = client().post(format!("{base}/")).body("x").send().await.expect("an answer");
        assert_eq!(post.status(), 405);
    }
}

#[tokio::test]
async fn visits_are_counted_and_forbidden_ones_told_apart() {
    let (_, _, sites) = served(&small(1)).await;
    let base = sites.addresses().base(SiteKind::Complaints);
    let robots = get(&format!("{base}/robots.txt")).await.text().await.expect("text");
    assert!(robots.contains("Disallow: /trap/") && robots.contains("Crawl-delay: 0.005"), "{robots}");
    get(&format!("{base}/trap/promo?id=1")).await;
    get(&format!("{base}/nothing")).await;
    let tally = sites.tally(SiteKind::Complaints);
    assert_eq!((tally.requests, tally.robots, tally.forbidden, tally.not_found, tally.at_once_max), (3, 1, 1, 1, 1));
    assert!(tally.closest_us.is_some());
    assert_eq!(sites.tally(SiteKind::Media), Tally::default());
}

#[tokio::test]
async fn planted_faults_strike_their_path_as_often_as_asked() {
    let (_, _, sites) = served(&small(1)).await;
    let base = sites.addresses().base(SiteKind::Media);
    let feed = format!("{base}/rss.xml");
    let whole = get(&feed).await.bytes().await.expect("a body");

    sites.plant(SiteKind::Media, "/rss", Fault::Http429 { retry_after_s: 7 }, Some(1));
    let refused = get(&feed).await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().expect("ascii")), (429, "7"));
    assert_eq!(get(&feed).await.status(), 200);

    sites.plant(SiteKind::Media, "/rss", Fault::ServerError, None);
    assert_eq!(get(&feed).await.status(), 503);
    assert_eq!(get(&feed).await.status(), 503);
    assert_eq!(get(&format!("{base}/")).await.status(), 200);
    sites.heal();

    sites.plant(SiteKind::Media, "/rss", Fault::TruncatedBody, Some(1));
    let cut = get(&feed).await;
    assert_eq!(cut.content_length(), Some(whole.len() as u64));
    assert!(cut.bytes().await.is_err(), "the body ends early");

    sites.plant(SiteKind::Media, "/rss", Fault::WrongCharset, Some(1));
    let lying = get(&feed).await;
    assert!(lying.headers()["content-type"].to_str().expect("ascii").contains("gb2312"));
    assert_eq!(lying.bytes().await.expect("a body"), whole);

    sites.plant(SiteKind::Media, "/", Fault::SlowBytes { pause: Duration::from_micros(10) }, Some(1));
    assert!(get(&format!("{base}/")).await.text().await.expect("slow but whole").contains("万象新闻"));

    sites.plant(SiteKind::Media, "/", Fault::EndlessPage, Some(1));
    let mut endless = get(&format!("{base}/")).await;
    assert_eq!(endless.content_length(), None);
    let mut read = 0;
    while read < 2_000_000 {
        read += endless.chunk().await.expect("goes on").expect("goes on").len();
    }
    drop(endless);
    assert_eq!(sites.tally(SiteKind::Media).faults, 7);
}

#[tokio::test]
async fn sites_stop_when_dropped_and_when_told() {
    let (_, _, sites) = served(&small(1)).await;
    let url = format!("{}/", sites.addresses().base(SiteKind::Market));
    assert_eq!(get(&url).await.status(), 200);
    sites.shutdown().await;
    assert!(client().get(&url).send().await.is_err());

    let (_, _, sites) = served(&small(1)).await;
    let url = format!("{}/", sites.addresses().base(SiteKind::Market));
    assert_eq!(get(&url).await.status(), 200);
    drop(sites);
    // The listener's task is told to stop by the drop and ends as soon as the runtime turns to it.
    let mut refused = false;
    for _ in 0..1000 {
        tokio::task::yield_now().await;
        refused = client().get(&url).send().await.is_err();
        if refused {
            break;
        }
    }
    assert!(refused, "still answering after the drop");
}

#[test]
fn a_shorter_run_leaves_out_what_would_not_end_in_time() {
    let world = World::generate(&small(1));
    let last = world.spec().last_day();
    assert!(!world.truth().is_empty() && world.truth().len() < 10);
    assert!(world.truth().iter().all(|incident| incident.end <= last));
    let tomorrow = last.saturating_add(1.days());
    assert!(
        world
            .items(Stream::Complaints)
            .iter()
            .all(|item| day_of(item.published_at) < tomorrow.saturating_add(5.days()))
    );
}

/// Share of three-character shingles that two texts have in common (Jaccard).
fn likeness(a: &str, b: &str) -> f64 {
    let shingles = |text: &str| {
        let chars: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
        chars.windows(3).map(|three| three.iter().collect::<String>()).collect::<BTreeSet<_>>()
    };
    let (a, b) = (shingles(a), shingles(b));
    a.intersection(&b).count() as f64 / a.union(&b).count().max(1) as f64
}

#[test]
fn reports_of_one_incident_do_not_retell_one_another() {
    let world = World::generate(&WorldSpec::default());
    for (number, incident) in world.truth().iter().enumerate() {
        let texts: Vec<String> =
            Stream::ALL
                .iter()
                .flat_map(|stream| world.items(*stream))
                .filter(|item| item.nature == Nature::Event(number))
                .map(|item| {
                    if item.stream == Stream::Reviews {
                        item.text()
                    } else {
                        format!("{}\n{}", item.title, item.text())
                    }
                })
                .collect();
        // A reader that folds stories may fold a few; nearly all must stand.
        let stand =
            (0..texts.len()).filter(|at| texts[..*at].iter().all(|other| likeness(&texts[*at], other) < 0.6)).count();
        assert!(stand * 10 >= texts.len() * 9, "{}: {stand} of {}", incident.id, texts.len());
    }
}
