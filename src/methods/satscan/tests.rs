//! Scans of SaTScan's kind on small made-up data: expectations, windows, clusters, and every wrong file.

use jiff::civil::date;

use super::*;

fn json_of(call: &Call) -> Value {
    match run(call).expect("an answer") {
        Answer::Json(value) => value,
        Answer::Table(_) => panic!("clusters are JSON"),
    }
}

fn prospective(coords: &str, input: &str, more: &str) -> Call {
    let config = format!(
        r#"{{"analysis": "prospective space-time", "model": "permutation", "coordinates": "latlong",
            "study_period": ["2026/1/1", "2026/1/20"], "time_aggregation": {{"unit": "day", "length": 1}},
            "max_temporal": {{"units": 5, "unit": "day"}}, "replications": 199 {more}}}"#
    );
    Call { config, input: input.to_owned(), coords: Some(coords.to_owned()), ..Call::default() }
}

/// Ten places with a case every other day, and a burst at two near ones in the last three days.
fn burst() -> (String, String) {
    let (mut coords, mut input) = ("a 30.0 110.0\nb 30.01 110.0\n".to_owned(), String::new());
    for (at, id) in "abcdefghij".chars().enumerate() {
        if at > 1 {
            coords.extend([format!("{id} {} {}\n", 20 + 2 * at, 100 + 3 * (at % 4))]);
        }
        for day in (1..=20).filter(|day| (day + at) % 2 == 0) {
            input.extend([format!("{id} 1 2026/1/{day}\n")]);
        }
    }
    (coords, input + "a 4 2026/1/18\nb 3 2026/1/19\na 3 2026/1/20\nb 4 2026-01-20\n")
}

#[test]
fn a_burst_is_found_where_and_when_it_is() {
    let (coords, input) = burst();
    let found = json_of(&prospective(&coords, &input, ""));
    let first = &found["clusters"][0];
    let mut ids: Vec<&str> = first["locations"].as_array().expect("ids").iter().filter_map(Value::as_str).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["a", "b"], "{found}");
    assert_eq!((&first["start"], &first["end"]), (&json!("2026/1/18"), &json!("2026/1/20")));
    let p = first["p_value"].as_f64().expect("a number");
    let interval = first["recurrence_interval_days"].as_f64().expect("a number");
    assert!(p < 0.05 && (interval * p - 1.0).abs() < 1e-9);
    assert!(first.get("relative_risk").is_none());
    let clusters = found["clusters"].as_array().expect("a list");
    assert!(clusters.windows(2).all(|pair| pair[0]["test_statistic"].as_f64() >= pair[1]["test_statistic"].as_f64()));
}

#[test]
fn a_radius_keeps_circles_small_and_given_zones_take_their_place() {
    let (coords, input) = burst();
    let found = json_of(&prospective(&coords, &input, r#", "max_spatial": {"radius_km": 1}"#));
    assert_eq!(found["clusters"][0]["locations"].as_array().map(Vec::len), Some(1), "a and b are 1.1 km apart");
    let call = Call { zones: Some("[[1, 3], [2, 4]]".into()), ..prospective(&coords, &input, "") };
    assert_eq!(json_of(&call)["clusters"][0]["locations"].as_array().map(Vec::len), Some(2));
}

fn poisson(analysis: &str, input: &str, population: &str) -> Call {
    Call {
        config: format!(
            r#"{{"analysis": "{analysis}", "model": "poisson", "study_period": ["1990", "1993"],
                "time_aggregation": {{"unit": "year", "length": 1}}, "replications": 99}}"#
        ),
        input: input.to_owned(),
        coords: Some("p 0 0\nq 5 0\nr 9 0\n".into()),
        population: Some(population.to_owned()),
        ..Call::default()
    }
}

#[test]
fn covariates_explain_what_they_can() {
    // Old people have ten times the rate everywhere; q has only old ones. Nothing is left to find.
    let population = "p 1990 1000 young\np 1990 100 old\nq 1990 200 old\nr 1990 1000 young\nr 1990 100 old\n";
    let rates = |place: &str, young: u64, old: u64| -> String {
        (1990..1994)
            .map(|year| {
                [format!("{place} {young} {year} young"), format!("{place} {old} {year} old")].join("\n") + "\n"
            })
            .collect()
    };
    let even = rates("p", 10, 10) + &rates("q", 0, 20) + &rates("r", 10, 10);
    let found = json_of(&poisson("spatial", &even, population));
    assert_eq!(found["clusters"], json!([]), "{found}");
    let rise = rates("p", 10, 10) + &rates("q", 0, 40) + &rates("r", 10, 10);
    let found = json_of(&poisson("spatial", &rise, population));
    assert_eq!(found["clusters"][0]["locations"], json!(["q"]));
    // 320 old cases on 400 old of whom q has 200; 80 young ones elsewhere.
    let number = |key: &str| found["clusters"][0][key].as_f64().expect("a number");
    assert!((number("expected") - 120.0).abs() < 1e-9, "{found}");
    assert!((number("relative_risk") - (160.0 / 120.0) / (160.0 / 200.0)).abs() < 1e-9);
    assert!(found["clusters"][0].get("start").is_none());
}

#[test]
fn windows_lie_anywhere_in_a_retrospective_analysis() {
    let population = "p 90 1000\nq 90 1000\nr 90 1000\n";
    let mut input: String =
        "pqr".chars().flat_map(|id| (1990..1994).map(move |year| format!("{id} 5 {year}\n"))).collect();
    input += "q 20 1991\n";
    let found = json_of(&poisson("retrospective space-time", &input, population));
    let first = &found["clusters"][0];
    assert_eq!(
        (&first["start"], &first["end"], &first["observed"]),
        (&json!("1991/1/1"), &json!("1991/12/31"), &json!(25))
    );
    assert!(first.get("recurrence_interval_days").is_none());
}

#[test]
fn edges_are_defined() {
    let population = "p 90 1000\nq 90 1000\nr 90 1000\n";
    for analysis in ["spatial", "retrospective space-time", "prospective space-time"] {
        assert_eq!(json_of(&poisson(analysis, "", population))["clusters"], json!([]), "no case");
        let one = json_of(&poisson(analysis, "p 1 1993\n", population));
        assert_eq!(one["clusters"], json!([]), "one case is below the fewest");
        let huge = json_of(&poisson(analysis, "p 9000000 1993\nq 3000000 1993\nr 1000 1990\n", population));
        assert!(huge["clusters"][0]["test_statistic"].as_f64().expect("a number") > 1e6);
        let all = json_of(&poisson(analysis, "p 7 1993\n", population));
        assert_eq!(all["clusters"][0]["relative_risk"], Value::Null, "no case elsewhere");
    }
    let (coords, _) = burst();
    assert_eq!(json_of(&prospective(&coords, "", ""))["clusters"], json!([]));
    assert_eq!(json_of(&prospective("", "", ""))["clusters"], json!([]), "nowhere");
    assert_eq!(json_of(&prospective("a 1 1\n", "a 5 2026/1/20\n", ""))["clusters"], json!([]), "one place");
}

#[test]
fn wrong_inputs_are_told() {
    let told = |call: &Call| run(call).expect_err("refused").to_string();
    let population = "p 90 1000\nq 90 1000\nr 90 1000\n";
    let spatial = |input: &str| poisson("spatial", input, population);
    assert!(told(&spatial("s 1 1990\n")).contains("no coordinates"));
    assert!(told(&spatial("p 1.5 1990\n")).contains("line 1"));
    assert!(told(&spatial("p 1 1990\np 1 1989\n")).contains("line 2"));
    assert!(told(&spatial("p 1 1990/13\n")).contains("no date"));
    assert!(told(&spatial("p 1 1990 old\n")).contains("no population of category `old`"));
    assert!(told(&poisson("spatial", "p 2 1990\n", "q 90 5\n")).contains("nobody lives"));
    assert!(told(&Call { population: None, ..spatial("p 1 1990\n") }).contains("--population"));
    assert!(told(&Call { coords: Some("p 0\n".into()), ..spatial("") }).contains("three columns"));
    assert!(told(&prospective("a 91 0\n", "", "")).contains("latitude"));
    for (key, value) in [("analysis", "temporal"), ("model", "normal"), ("coordinates", "polar"), ("scan", "up")] {
        let config = format!(r#"{{"study_period": ["1990", "1993"], "{key}": "{value}"}}"#);
        assert!(told(&Call { config, ..spatial("") }).contains(key), "{key}");
    }
    let config = r#"{"study_period": ["1993", "1990"]}"#.to_owned();
    assert!(told(&Call { config, ..spatial("") }).contains("before it starts"));
}

#[test]
fn cases_without_dates_make_a_spatial_scan() {
    let call = poisson("spatial", "p 1\nq 9\nr 1\n", "p 90 1000\nq 90 1000\nr 90 1000\n");
    let config = call.config.replace("\"replications\"", "\"case_time_precision\": \"none\", \"replications\"");
    assert_eq!(json_of(&Call { config: config.clone(), ..call.clone() })["clusters"][0]["locations"], json!(["q"]));
    let config = config.replace("\"spatial\"", "\"prospective space-time\"");
    assert!(run(&Call { config, ..call }).is_err());
}

#[test]
fn a_permutation_within_categories_does_not_take_their_mix_for_a_cluster() {
    // Young cases are early and at a, old ones late and at b: within each category place and time are independent.
    let coords = "a 30 110\nb 31 110\nc 32 110\n";
    let mut input = String::new();
    for day in 1..=20 {
        for id in ["a", "b", "c"] {
            let (young, old) = (if id == "a" { 4 } else { 1 }, if id == "b" { 4 } else { 1 });
            let (count, category) = if day <= 17 { (young, "young") } else { (old, "old") };
            input.extend([format!("{id} {count} 2026/1/{day} {category}\n")]);
        }
    }
    assert_eq!(json_of(&prospective(coords, &input, ""))["clusters"], json!([]));
    let mixed = input.replace(" young", "").replace(" old", "");
    assert_eq!(json_of(&prospective(coords, &mixed, ""))["clusters"][0]["locations"], json!(["b"]));
}

#[test]
fn zones_may_be_named_by_location() {
    let (coords, input) = burst();
    let call = Call { zones: Some(r#"[["a", "c"], ["b"], 4]"#.into()), ..prospective(&coords, &input, "") };
    assert_eq!(json_of(&call)["clusters"].as_array().map(Vec::is_empty), Some(false));
}

#[test]
fn a_rise_everywhere_is_seen_against_trusted_means_only() {
    let zones = Zones::sets(3, &[vec![0], vec![1], vec![2], vec![0, 1, 2]]).expect("good sets");
    let (counts, means) = ([4, 12, 4, 12, 4, 12], [4.0; 6]);
    let options = Options { direction: Direction::High, min_cases: 2, replicas: 199, seed: 1, share_places: true };
    let found = |model: &Model<'_>| clusters(&zones, 2, Window::trailing(2, 2), &counts, model, &options);
    let trusted = found(&Model::Expectation { means: &means });
    assert_eq!((trusted[0].zone, trusted[0].window.len(), trusted[0].observed), (3, 1, 36));
    assert!((trusted[0].relative_risk - 3.0).abs() < 1e-12 && trusted[0].p_value < 0.01);
    assert_eq!(found(&Model::Permutation), [], "the same rise in each place");
}

#[test]
fn intervals_are_counted_back_from_the_end() {
    let days = Calendar::new(date(2026, 1, 1), date(2026, 1, 10), Unit::Day, 4, false).expect("a calendar");
    assert_eq!(days.len(), 3);
    assert_eq!((days.start(0), days.end(0)), ("2026/1/1".into(), "2026/1/2".into()), "the earliest is shorter");
    assert_eq!((days.start(2), days.end(2)), ("2026/1/7".into(), "2026/1/10".into()));
    assert_eq!(days.interval(date(2026, 1, 6)), Some(1));
    assert_eq!((days.interval(date(2025, 12, 31)), days.interval(date(2026, 1, 11))), (None, None));
    assert!((days.units() - 10.0).abs() < 1e-12);
    let months = Calendar::new(date(2025, 11, 30), date(2026, 2, 28), Unit::Month, 1, false).expect("a calendar");
    assert_eq!((months.len(), months.start(3)), (4, "2026/2/1".into()));
    let years = Calendar::new(date(1973, 1, 1), date(1991, 12, 31), Unit::Year, 1, false).expect("a calendar");
    assert_eq!((years.len(), years.start(12), years.end(16)), (19, "1985/1/1".into(), "1989/12/31".into()));
    assert!((years.units() - 19.0).abs() < 1e-12);
    assert!(Calendar::new(date(2026, 1, 2), date(2026, 1, 1), Unit::Day, 1, false).is_err());
    assert!(Calendar::new(date(2026, 1, 1), date(2026, 1, 1), Unit::Day, 0, false).is_err());
}

#[test]
fn person_days_are_the_area_under_the_population() {
    let counted = [(10, 100.0), (20, 200.0), (50, 50.0)];
    // At noon of each day: the mean of the day, since no kink lies within a day.
    let people = |day: i64| match day {
        ..10 => 100.0,
        10..20 => 105.0 + 10.0 * (day - 10) as f64,
        20..50 => 197.5 - 5.0 * (day - 20) as f64,
        _ => 50.0,
    };
    for (from, to) in [(0, 5), (0, 15), (12, 13), (5, 70), (49, 51), (60, 61), (20, 20), (30, 10)] {
        let slow: f64 = (from..to).map(people).sum();
        assert!((person_days(&counted, from, to) - slow).abs() < 1e-9, "{from} {to}");
    }
    assert!(person_days(&[], 0, 9).abs() < 1e-12);
}
