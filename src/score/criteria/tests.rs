//! What a criteria file may say, and what of it is refused at which line.

use super::*;

fn refused(text: &str) -> CriteriaError {
    Criteria::parse(text, "c.toml").expect_err("refused")
}

#[test]
fn the_shipped_criteria_are_good_and_their_version_follows_their_bytes() {
    let version = shipped().version;
    assert!(version.as_str().starts_with("2026.1+"), "{version}");
    let changed = SHIPPED.replace("prior_shape = 0.5", "prior_shape = 0.4");
    assert_ne!(Criteria::parse(&changed, "c.toml").expect("good").version, version);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let error = refused(&SHIPPED.replace("guard_weeks = 8", "gaurd_weeks = 8"));
    assert!(error.problem.en.contains("unknown field `gaurd_weeks`"), "{error}");
    assert_eq!(error.line, line_of(SHIPPED, "guard_weeks"));
    assert!(error.to_string().starts_with("c.toml:"));
}

#[test]
fn a_missing_table_of_another_room_is_an_error() {
    assert!(refused(&SHIPPED.replace("[alert]", "[alerts]")).problem.en.contains("alerts"));
}

#[test]
fn a_matrix_that_falls_is_refused_at_its_line() {
    let error = refused(
        &SHIPPED.replace(r#"["low", "high", "serious", "serious"]"#, r#"["low", "serious", "high", "serious"]"#),
    );
    assert!(error.problem.en.contains("not monotone"), "{error}");
    assert_eq!(error.line, line_of(SHIPPED, "matrix"));
}

#[test]
fn a_centre_may_bring_a_matrix_of_its_own_with_more_rows() {
    let finer = SHIPPED
        .replace("[0.5, 0.1, 0.01,", "[0.5, 0.2, 0.1, 0.01,")
        .replace("matrix = [", "matrix = [\n  [\"high\", \"serious\", \"serious\", \"serious\"],")
        .replace("assumed_row = 4", "assumed_row = 5");
    let criteria = Criteria::parse(&finer, "c.toml").expect("nine rows");
    assert_eq!((criteria.danger.matrix.len(), criteria.danger.assumed_row), (9, 5));
    let short = refused(&SHIPPED.replace("[0.5, 0.1, 0.01,", "[0.5, 0.2, 0.1, 0.01,"));
    assert!(short.problem.en.contains("has 8 rows: expected 9, one more than `row_bounds`"), "{short}");
}

#[test]
fn an_assumed_row_outside_of_its_band_is_refused_at_its_line() {
    let error = refused(&SHIPPED.replace("assumed_row = 4", "assumed_row = 6"));
    assert_eq!(error.line, line_of(SHIPPED, "assumed_row"));
    let told = "is 6: expected a row of `assumed_band`, 3 to 5; choose one or widen the band";
    assert!(error.to_string().starts_with("c.toml:") && error.problem.en.contains(told), "{error}");
    let beyond = refused(&SHIPPED.replace("assumed_band = [3, 5]", "assumed_band = [3, 8]"));
    assert!(beyond.problem.en.contains("no row of the matrix (0 to 7)"), "{beyond}");
}

#[test]
fn a_concentration_is_a_number_above_zero() {
    for wrong in ["[]", "[4.0, 0.0]", "[inf]"] {
        let error = refused(&SHIPPED.replace("[4.0, 16.0, 64.0]", wrong));
        assert_eq!(error.line, line_of(SHIPPED, "wide_concentrations"), "{error}");
        assert!(error.problem.en.contains("expected one number above 0 or more"), "{error}");
    }
}

#[test]
fn what_outcomes_do_is_checked_key_by_key() {
    for (key, shipped, wrong, told) in [
        ("credibility_prior", "[2.0, 2.0]  #", "[0.0, 2.0] #", "above 0"),
        ("p_real_prior", "[2.0, 2.0]", "[2.0, -1.0]", "above 0"),
        ("failure_prior", "[0.5, 9.5]", "[0.5, nan]", "above 0"),
        ("thin_below", "0.3", "1.0", "above 0 and below 1"),
        ("failure_threshold", "0.05", "5.0", "above 0 and below 1"),
        ("confirm_above", "0.8", "0.0", "above 0 and below 1"),
        ("design_prevalence", "0.1", "10.0", "above 0 and below 1"),
        ("mute_below", "0.05", "-0.05", "above 0 and below 1"),
        ("p_real_strength", "4.0", "0.0", "above 0"),
        ("logistic_ridge", "1.0", "inf", "above 0"),
        ("logistic_each", "40", "0", "at least 1"),
        ("fit_campaigns", "8", "1", "at least 2"),
        ("mute_tested", "8", "0", "at least 1"),
        ("mute_days", "56", "0", "at least 1"),
        ("unmute_factor", "10.0", "1.0", "above 1"),
        ("confirm_companies", "3", "0", "at least 1"),
        ("confirm_ratio", "2.0", "0.5", "above 1"),
        ("confirm_days", "365", "0", "at least 1"),
        ("chart_ratio", "2.0", "1.0", "above 1"),
        ("chart_run_weeks", "104.0", "1.0", "above 1"),
        ("half_life_days", "{ complaint = 30.0,", "{ complaint = 0.0,", "channel `complaint`"),
    ] {
        let (good, bad) = (format!("\n{key} = {shipped}"), format!("\n{key} = {wrong}"));
        assert!(SHIPPED.contains(&good), "{good}");
        let error = refused(&SHIPPED.replace(&good, &bad));
        assert_eq!(error.line, line_of(SHIPPED, key), "{error}");
        assert!(error.problem.en.contains(&format!("`{key}`")) && error.problem.en.contains(told), "{error}");
    }
}

#[test]
fn a_search_for_changes_has_a_bound() {
    let error = refused(&SHIPPED.replace("events_max = 20", "events_max = 500"));
    assert!(error.problem.en.contains("`events_max` is 500: expected at most 100"), "{error}");
}

#[test]
fn windows_must_ascend_be_tabulated_and_stay_inside_the_guard() {
    let shipped = "[7, 14, 21, 28, 42, 56]";
    let refused = |windows: &str| refused(&SHIPPED.replace(shipped, windows)).problem.en;
    assert!(refused("[7, 7]").contains("each above the one before"));
    assert!(refused("[7, 14]").contains("tabulated for [7, 14, 21, 28, 42, 56]"));
    let short = SHIPPED.replace("guard_weeks = 8", "guard_weeks = 7");
    assert!(self::refused(&short).problem.en.contains("shorter than the longest window"));
}

#[test]
fn a_budget_is_split_whole() {
    let error =
        refused(&SHIPPED.replace("severity_shares = [0.1, 0.2, 0.6, 0.1]", "severity_shares = [0.1, 0.2, 0.6, 0.2]"));
    assert!(error.problem.en.contains("sum to 1") && error.line > 1, "{error}");
    assert!(
        refused(&SHIPPED.replace("onsets_per_30_days = 3.0", "onsets_per_30_days = 0.0"))
            .problem
            .en
            .contains("above 0")
    );
}

#[test]
fn zones_are_provinces_and_spread_windows_are_weeks() {
    let twice = refused(
        &SHIPPED.replace(r#"provinces = ["110000", "120000", "130000"]"#, r#"provinces = ["110000", "110000"]"#),
    );
    assert!(twice.problem.en.contains("`京津冀`: expected province codes, each once"), "{twice}");
    let odd = refused(&SHIPPED.replace("window_days = 56", "window_days = 50"));
    assert!(odd.problem.en.contains("whole weeks"), "{odd}");
    let share = refused(&SHIPPED.replace("misplaced_share = 0.05", "misplaced_share = 5.0"));
    assert!(share.problem.en.contains("expected a share"), "{share}");
}

/// The shipped criteria with a rule before all others; `conditions` are its lines below id and meaning.
fn with_rule(conditions: &str) -> String {
    let rule = format!("[[score.disposal]]\nid = \"own\"\nmeans = \"自定\"\n{conditions}\n\n[[score.disposal]]");
    SHIPPED.replacen("[[score.disposal]]", &rule, 1)
}

#[test]
fn clause_3_31_a_rule_that_samples_by_one_or_two_reports_is_refused_at_its_line() {
    for (conditions, key, told) in [
        ("basis = \"single\"\nmin_events = 3", "basis", "one report asks for no sample; expected onset"),
        (
            "basis = \"onset\"\nmin_events = 2",
            "min_events",
            "is 2: one or two reports ask for no sample; expected at least 3",
        ),
        ("basis = \"onset\"\nmin_events = 1\nmin_danger = \"serious\"", "min_events", "`own` is 1"),
    ] {
        let text = with_rule(&format!("disposal = \"sample\"\n{conditions}"));
        let error = refused(&text);
        assert_eq!(error.line, line_of(&text, key), "{error}");
        assert!(error.problem.en.starts_with(&format!("`{key}`")) && error.problem.en.contains(told), "{error}");
    }
    let untold = refused(&with_rule("disposal = \"sample\"\nbasis = \"onset\""));
    assert!(untold.problem.en.contains("of `own` is 0"), "no number is no number of events: {untold}");
    for good in [
        "disposal = \"sample\"\nbasis = \"onset\"\nmin_events = 3",
        "disposal = \"notify\"\nbasis = \"single\"",
        "disposal = \"notify\"\nbasis = \"onset\"\nmin_events = 2",
    ] {
        Criteria::parse(&with_rule(good), "c.toml").expect(good);
    }
}

#[test]
fn a_rule_that_nothing_can_fulfil_is_refused() {
    for (conditions, key, told) in [
        ("basis = \"onset\"\nmin_provinces = 35", "min_provinces", "is 35: expected at most 34"),
        ("basis = \"single\"\ncompany_wide = true", "company_wide", "expected `basis` onset"),
        ("basis = \"onset\"\nmin_spread = \"regional\"\ncompany_wide = true", "company_wide", "`min_spread` isolated"),
    ] {
        let text = with_rule(&format!("disposal = \"notify\"\n{conditions}"));
        let error = refused(&text);
        assert_eq!(error.line, line_of(&text, key), "{error}");
        assert!(error.problem.en.contains(told), "{error}");
    }
}

#[test]
fn every_hazard_needs_a_severity() {
    assert!(refused(&SHIPPED.replace("noise = 2\n", "")).problem.en.contains("no line for hazard `noise`"));
    assert!(refused(&SHIPPED.replace("noise = 2\n", "noise = 5\n")).problem.en.contains("noise 5"));
}
