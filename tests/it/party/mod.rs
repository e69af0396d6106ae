//! WHO-1, field by field: records with every field filled are asked for by every party over every way out, and nothing comes out that the
//! party may not see.

mod fill;
pub(crate) mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use wanglou::access::{Opened, PartyView};
use wanglou::tell::{self, Explained, Language};
use wanglou::vocabulary::{Concerns, Party, Role};

use fill::{FIRST, FOREIGN, HIDDEN_NUMBERS, OWN_BRAND, OWN_PLATFORM, SAMPLED, SECOND};
use ways::{House, Said};

/// Parties outside, with what concerns them, and how the words begin that they may not be told.
fn outside() -> [(Role, Concerns, &'static [&'static str]); 4] {
    let words = |word: &str| BTreeSet::from([word.to_owned()]);
    [
        (Role::TestBody, Concerns::default(), &[FOREIGN]),
        (Role::Platform, Concerns { platforms: words(OWN_PLATFORM), ..Concerns::default() }, &[FOREIGN, SAMPLED]),
        (Role::Firm, Concerns { brands: words(OWN_BRAND), ..Concerns::default() }, &[FOREIGN, SAMPLED]),
        (Role::Public, Concerns::default(), &[FOREIGN, SAMPLED]),
    ]
}

/// The word of an answer that begins so, with what stands before it.
fn found<'a>(said: &'a Said, hidden: &str) -> Option<&'a str> {
    let at = said.text.find(hidden)?;
    let from = said.text[..at].char_indices().rev().nth(40).map_or(0, |(from, _)| from);
    let to = said.text[at..].char_indices().nth(20).map_or(said.text.len(), |(to, _)| at + to);
    Some(&said.text[from..to])
}

#[tokio::test(flavor = "multi_thread")]
async fn no_way_out_tells_a_party_what_it_may_not_see() {
    let house = House::open().await;
    let whole = house.all_ways(Role::Centre, Concerns::default()).await;
    let mut leaks = Vec::new();
    for (role, concerns, hidden) in outside() {
        let all = house.all_ways(role, concerns).await;
        for said in &all {
            for hidden in hidden {
                leaks.extend(found(said, hidden).map(|words| format!("{role} {}: {words}", said.way)));
            }
            // Only JSON shows numbers as they are stored; a digest or a style sheet may hold any.
            if said.text.contains("\"rank_score\"") {
                let told = HIDDEN_NUMBERS.iter().find(|number| said.text.contains(**number));
                leaks.extend(told.map(|number| format!("{role} {}: {number}", said.way)));
            }
        }
        // What concerns it comes out: a test of silence alone would pass on an empty page.
        for id in [FIRST, SECOND] {
            for way in [
                "/api/v1/alerts",
                "/feeds/alerts.json",
                "/feeds/alerts.csv",
                "exchange alerts.ndjson",
                "stream",
                "webhook",
            ] {
                let said = all.iter().find(|said| said.way == way).unwrap_or_else(|| panic!("{role} {way}"));
                assert!(said.text.contains(id), "{role} {way}: {}", said.text);
            }
        }
        let same: BTreeSet<&str> = all.iter().map(|said| said.way.as_str()).collect();
        let ways: BTreeSet<&str> = whole.iter().map(|said| said.way.as_str()).collect();
        assert_eq!(same, ways, "{role} is asked for by every way");
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    // The same words come out for those inside, by every way that carries them.
    for said in &whole {
        // A notice to the public names nobody, and a manifest only files.
        let silent = ["/alerts/{id}/notice", "exchange manifest.json"].iter().any(|way| said.way.starts_with(way));
        let told = said.text.contains(FOREIGN) || said.text.contains(SAMPLED);
        assert!(silent || told, "the centre is told nothing by {}: {}", said.way, said.text);
    }
    let json = whole.iter().find(|said| said.way == "/api/v1/alerts/{id} first").expect("asked");
    for number in HIDDEN_NUMBERS {
        assert!(json.text.contains(number), "{number}");
    }
    house.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_queued_for_an_endpoint_whose_organisation_no_longer_exists() {
    let house = House::open().await;
    assert_eq!(house.queued_with_and_without_its_organisation().await, (4, 0));
    house.close();
}

/// The sight of every role, with what concerns it.
fn sights() -> Vec<(Role, PartyView)> {
    let inside = [(Role::Supervision, Concerns::default()), (Role::Centre, Concerns::default())];
    let outside = outside().map(|(role, concerns, _)| (role, concerns));
    let sight = |(role, concerns)| (role, PartyView::of(Some(&Party { name: format!("{role}"), role, concerns })));
    inside.into_iter().chain(outside).map(sight).collect()
}

fn json(record: &impl Serialize) -> Value {
    serde_json::to_value(record).expect("JSON")
}

/// A record as every output holds it: with its explanation in words.
fn said(record: impl Explained + Serialize) -> Value {
    json(&tell::written(record, Language::Chinese))
}

/// The values of a record by their place; what is empty is nothing.
fn values(record: &Value) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (place, value) in fill::leaves(record) {
        if !["null", "[]", "{}", "\"\""].contains(&value.as_str()) {
            found.entry(place).or_default().push(value);
        }
    }
    found
}

#[test]
fn every_field_of_the_records_is_filled() {
    for alert in fill::alerts() {
        let mut records = vec![json(&alert), json(&fill::request(&alert))];
        records.extend(fill::events(&alert).iter().map(json));
        for record in records {
            for (place, value) in fill::leaves(&record) {
                let empty = ["null", "[]", "{}", "\"\""].contains(&value.as_str());
                assert!(!empty || place.ends_with("out_of_line[].brand"), "{place} of {record} is not filled");
            }
        }
    }
}

#[test]
fn each_field_is_shown_to_whom_a_person_approved() {
    let mut table = String::new();
    let _ = writeln!(table, "all: as it is; own: what is the party's own; new: other words; -: nothing\n");
    for (name, alert) in ["first", "second"].into_iter().zip(fill::alerts()) {
        let request = fill::request(&alert);
        let show = |what: &str, table: &mut String, whole: Value, shown: Vec<(Role, Value)>| {
            let _ = writeln!(table, "{what} ({name})");
            for (role, _) in &shown {
                let _ = write!(table, "{:>12}", role.code());
            }
            table.push('\n');
            let shown: Vec<_> = shown.iter().map(|(_, shown)| values(shown)).collect();
            let whole = values(&whole);
            for (place, values) in &whole {
                for shown in &shown {
                    let mark = match shown.get(place) {
                        None => "-",
                        Some(shown) if shown == values => "all",
                        Some(shown) if shown.iter().all(|value| values.contains(value)) => "own",
                        Some(_) => "new",
                    };
                    let _ = write!(table, "{mark:>12}");
                }
                let _ = writeln!(table, "  {place}");
            }
            for shown in &shown {
                let added: Vec<_> = shown.keys().filter(|place| !whole.contains_key(*place)).collect();
                assert!(added.is_empty(), "{what}: shown and not in the record: {added:?}");
            }
            table.push('\n');
        };
        let all = |shown: &dyn Fn(&PartyView) -> Value| -> Vec<(Role, Value)> {
            sights().iter().map(|(role, view)| (*role, shown(view))).collect()
        };
        let shown = all(&|view| {
            said(view.alert(alert.clone(), Some(&request), Opened { published: true, told: None }).expect("seen"))
        });
        show("alert", &mut table, said(alert.clone()), shown);
        let event = fill::events(&alert).remove(0);
        show("event", &mut table, said(event.clone()), all(&|view| said(view.event(event.clone()))));
        show("request", &mut table, json(&request), all(&|view| json(&view.request(request.clone()))));
    }
    insta::assert_snapshot!("fields", table);
}

fn text(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("JSON")
}

#[test]
fn those_who_see_all_are_shown_the_record_letter_by_letter() {
    let inside = sights().into_iter().filter(|(role, _)| matches!(role, Role::Supervision | Role::Centre));
    let inside = inside.map(|(_, view)| view).chain([PartyView::owner()]);
    for view in inside {
        for alert in fill::alerts() {
            let shown = view.alert(alert.clone(), None, Opened::default()).expect("seen");
            assert_eq!(text(&shown), text(&alert));
            for event in fill::events(&alert) {
                assert_eq!(text(&view.event(event.clone())), text(&event));
            }
        }
    }
}

#[test]
fn a_party_that_nothing_concerns_is_shown_no_alert() {
    for role in [Role::Platform, Role::Firm, Role::Public] {
        let party = Party { name: "别家".to_owned(), role, concerns: Concerns::default() };
        for alert in fill::alerts() {
            let request = fill::request(&alert);
            assert_eq!(PartyView::of(Some(&party)).alert(alert, Some(&request), Opened::default()), None, "{role}");
        }
    }
}

/// Source files below a folder of `src`, without their tests.
fn sources(room: &str) -> Vec<(PathBuf, String)> {
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room)];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).expect("listed") {
            let path = entry.expect("listed").path();
            let of_tests = ["tests", "tests.rs", "testing.rs", "matrix.rs"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !of_tests {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !of_tests {
                let text = fs::read_to_string(&path).expect("text");
                found.push((path, text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()));
            }
        }
    }
    found
}

#[test]
fn what_leaves_the_house_is_made_by_access_and_takes_no_record() {
    let mut wrong = Vec::new();
    for (path, text) in sources("") {
        let makes = ["ShownAlert {", "ShownAssessment {", "ShownEvent {"].iter().any(|made| {
            let named = |before: &str| ["-> ", "struct ", "for ", "impl "].iter().any(|word| before.ends_with(word));
            text.match_indices(made).any(|(at, _)| !named(&text[..at]))
        });
        if makes && !path.ends_with("access/sight.rs") {
            wrong.push(format!("{} makes what only access::PartyView may make", path.display()));
        }
    }
    // Who holds records before a view of them is made, and whom handlers ask.
    let holders = ["view/mod.rs", "view/archive.rs", "view/matters.rs", "deliver/courier.rs"];
    for (path, text) in sources("web").into_iter().chain(sources("deliver")) {
        let imported = text.split("vocabulary::").skip(1).filter_map(|rest| rest.split([';', '(', ')', '>']).next());
        let names = imported.flat_map(|names| names.split(|letter: char| !letter.is_alphanumeric() && letter != '_'));
        let records: BTreeSet<&str> =
            names.filter(|name| ["Alert", "AlertEvent", "Assessment"].contains(name)).collect();
        if !records.is_empty() && !holders.iter().any(|holder| path.ends_with(holder)) {
            wrong.push(format!("{} names {records:?}: take ShownAlert or ShownEvent", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
