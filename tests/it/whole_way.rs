//! From a page to a ranked alert and a sampling request, over real HTTP on loopback.

use crate::support::run;

#[test]
fn the_demo_finds_at_least_half_of_what_was_injected_and_ends_by_itself() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("demo");
    let data = data.to_str().expect("UTF-8");
    let said = run(&["demo", "--exit", "--days", "70", "--data", data]).good();
    let verdict = said.out.lines().find(|line| line.starts_with("found ")).unwrap_or_else(|| panic!("{}", said.out));
    let numbers: Vec<u64> = verdict.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    let [found, injected, false_alerts] = numbers[..] else { panic!("{verdict}") };
    assert!(injected >= 4, "too few incidents begin within the run: {verdict}");
    assert!(found * 2 >= injected, "{verdict}");
    assert!(false_alerts <= 2 * injected, "{verdict}");

    // What the demo left can be looked at by the other commands.
    let alerts: serde_json::Value =
        serde_json::from_str(&run(&["alerts", "--json", "--data", data]).good().out).expect("JSON");
    assert!(alerts["items"].as_array().is_some_and(|alerts| !alerts.is_empty()), "{alerts}");
    let page: serde_json::Value =
        serde_json::from_str(&run(&["search", "--json", "--data", data, "hazard:fire 起火"]).good().out).expect("JSON");
    assert!(page["total"].as_u64().expect("exact") > 0, "{page}");
    assert!(page["hits"][0]["id"].is_string() && page["facets"]["hazard"].is_array(), "{page}");
}
