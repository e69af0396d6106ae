//! What two readings of the same texts say differently.

use jiff::civil::date;

use super::*;
use vocabulary::{Channel, Fingerprint, ItemNames, Position, ProductFrom, SourceId, Stance, start_of_day};

fn signal(id: &str, hazard: Hazard, severity: u8, rules: &[&str]) -> SignalRecord {
    let at = start_of_day(date(2024, 5, 1));
    SignalRecord {
        position: Position(1),
        document_id: DocumentId::from(id),
        source: SourceId::from("s"),
        channel: Channel::Complaint,
        url: None,
        event_at: at,
        seen_at: at,
        undated: false,
        product: Category::BatteryCharger,
        product_text: None,
        hazard,
        hazard_text: "起火".into(),
        stance: Stance::Asserted,
        severity,
        product_from: ProductFrom::Text,
        brand: None,
        item: ItemNames::default(),
        region: None,
        actor: "a".into(),
        confidence: 0.8,
        vulnerable: false,
        rules: rules.iter().map(|rule| RuleId::from(*rule)).collect(),
        fingerprint: Fingerprint::of_lanes([0; Fingerprint::LANES]),
        excerpt: format!("{id}的原文"),
        spans: Vec::new(),
        lexicon: LexiconVersion::from("l"),
    }
}

fn run(name: &str, signals: Vec<SignalRecord>) -> Run {
    let day = date(2024, 5, 1);
    let head = RunHead {
        run: name.into(),
        range: DateRange { from: day, to: day },
        lexicon: LexiconVersion::from("l"),
        criteria: CriteriaVersion::from("c"),
        signals: signals.len() as u64,
        alerts_per_30_days: 0.0,
    };
    let key = |record: &SignalRecord| (record.product, record.hazard, record.document_id.clone());
    let signals = signals.into_iter().map(|record| (key(&record), record)).collect();
    Run { head, said: Said::default(), signals }
}

/// Two documents that only the first reads, one that only the second reads, one that both read with another severity, and one that both
/// read alike by other rules.
fn both() -> [Run; 2] {
    let (fire, cut) = (Hazard::Fire, Hazard::Cut);
    let first = vec![
        signal("a", fire, 1, &["r.lost", "r.both"]),
        signal("b", fire, 1, &["r.lost"]),
        signal("c", fire, 1, &["r.both"]),
        signal("e", cut, 1, &["r.one"]),
    ];
    let second = vec![
        signal("c", fire, 2, &["r.both", "r.more"]),
        signal("d", cut, 1, &["r.new"]),
        signal("e", cut, 1, &["r.other"]),
    ];
    [run("first", first), run("second", second)]
}

fn shift(gained: u64, lost: u64, changed: u64) -> Shift {
    Shift { gained, lost, changed }
}

#[test]
fn signals_that_were_lost_gained_or_changed_are_counted_by_the_rules_behind_them() {
    let [first, second] = both();
    let found = signals(&first, &second);
    assert_eq!(found.total, shift(1, 2, 1));
    let by_rule: BTreeMap<&str, Shift> =
        found.rules.iter().map(|(rule, shift)| (rule.as_str(), shift.clone())).collect();
    let expected =
        [("r.lost", shift(0, 2, 0)), ("r.both", shift(0, 1, 0)), ("r.more", shift(0, 0, 1)), ("r.new", shift(1, 0, 0))];
    assert_eq!(by_rule, expected.into(), "what both read alike is no difference");
    assert_eq!(found.rules[0].0.as_str(), "r.lost", "most differences first");
    let (product, fire, cut) = (Category::BatteryCharger, Hazard::Fire, Hazard::Cut);
    assert_eq!(found.pairs, [(product, fire, shift(0, 2, 1)), (product, cut, shift(1, 0, 0))]);

    let shown: BTreeMap<&str, (bool, bool, &str)> = (found.examples.iter())
        .map(|one| (one.document_id.as_str(), (one.first.is_some(), one.second.is_some(), one.excerpt.as_str())))
        .collect();
    let expected = [
        ("a", (true, false, "a的原文")),
        ("b", (true, false, "b的原文")),
        ("c", (true, true, "c的原文")),
        ("d", (false, true, "d的原文")),
    ];
    assert_eq!(shown, expected.into());
}

#[test]
fn the_other_way_round_what_was_lost_is_gained() {
    let [first, second] = both();
    let (there, back) = (signals(&first, &second), signals(&second, &first));
    let turned = |shift: &Shift| Shift { gained: shift.lost, lost: shift.gained, changed: shift.changed };
    assert_eq!(turned(&there.total), back.total);
    let by_rule = |diff: &SignalDiff| diff.rules.iter().cloned().collect::<BTreeMap<RuleId, Shift>>();
    let expected: BTreeMap<RuleId, Shift> =
        by_rule(&there).into_iter().map(|(rule, shift)| (rule, turned(&shift))).collect();
    assert_eq!(by_rule(&back), expected);
}

#[test]
fn a_report_names_the_rules_of_what_was_lost() {
    let [first, second] = both();
    let signals = signals(&first, &second);
    let alerts = compare(&first.said, &second.said);
    let diff = RunDiff { signals, unread: Vec::new(), alerts, runs: [first.head, second.head] };
    for (language, line) in
        [(Language::Chinese, "规则 r.lost  增0 减2 改0"), (Language::English, "rule r.lost  gained 0 lost 2 changed 0")]
    {
        let said = diff.report(language).to_string();
        assert!(said.lines().any(|found| found.trim() == line), "{said}");
    }
}
