//! What reading must hold to, whatever the text: the invariants of this room, and the cases that once went wrong.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use vocabulary::{Channel, DocumentId, ItemNames, Meta, Position, SourceId};

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::shipped().expect("the shipped lexicon loads"));

fn document(text: &str, meta: &[(&str, &str)]) -> Document {
    let meta: Meta = meta.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
    Document {
        id: DocumentId::from("d1"),
        source: SourceId::from("test"),
        channel: Channel::Complaint,
        url: None,
        title: None,
        text: text.to_owned(),
        published_at: None,
        seen_at: None,
        meta,
        raw: None,
    }
}

/// `product/hazard/stance/severity` of every signal, in order.
fn signals_of(text: &str, meta: &[(&str, &str)]) -> Vec<String> {
    let reading = read(&document(text, meta), &LEXICON);
    reading.signals.iter().map(|s| format!("{}/{}/{}/{}", s.product, s.hazard, s.stance, s.severity)).collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(signals_of(text, &[]), expected, "{text}\n{}", explain(&document(text, &[]), &LEXICON));
}

fn check_with(category: &str, text: &str, expected: &[&str]) {
    let meta = [("platform_category", category)];
    assert_eq!(signals_of(text, &meta), expected, "{text}\n{}", explain(&document(text, &meta), &LEXICON));
}

#[test]
fn every_rule_gives_what_its_own_examples_say() {
    let failures: Vec<String> = run_examples(&LEXICON)
        .into_iter()
        .filter_map(|result| Some(format!("{} {} 「{}」 {}", result.at, result.rule, result.text, result.failure?)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_shipped_lexicon_has_an_example_of_hit_and_miss_for_every_rule_and_a_rule_for_every_hazard() {
    let fatal: Vec<String> = lexicon::check(&LEXICON)
        .into_iter()
        .filter(|finding| finding.fatal)
        .map(|finding| format!("{}: {}", finding.at, finding.message))
        .collect();
    assert!(fatal.is_empty(), "{}", fatal.join("\n"));
}

#[test]
fn a_denied_hazard_is_a_mention_and_no_signal() {
    check_with("toy", "玩具没有异味", &[]);
    let reading = read(&document("玩具没有异味", &[("platform_category", "toy")]), &LEXICON);
    let hazard = reading.mentions.iter().find(|mention| mention.kind == MentionKind::Hazard).expect("a mention");
    assert_eq!((hazard.stance, hazard.code.as_str()), (Stance::Negated, "chemical"));
}

#[test]
fn a_double_denial_asserts() {
    check_with("toy", "玩具不是没有异味", &["toy/chemical/asserted/0"]);
}

#[test]
fn a_question_suspects() {
    check("充电宝会不会爆炸", &["battery_charger/fire/suspected/0"]);
}

#[test]
fn an_advert_and_advice_count_for_nothing() {
    check("插座防漏电，用着放心", &[]);
    check("如何预防电动车起火", &[]);
}

#[test]
fn a_row_of_denials_denies_each_thing() {
    check_with("ebike", "夏天充电不鼓包不发烫", &[]);
    check_with("kitchen_appliance", "整夜开着也没有过热", &[]);
}

#[test]
fn a_fear_that_the_text_settles_is_no_report() {
    check_with("gas_appliance", "之前怕起火，用到现在没起火过", &[]);
}

#[test]
fn a_word_torn_by_its_neighbours_is_none() {
    check("今起火车票可以提前预订", &[]);
}

#[test]
fn a_shield_hides_the_product_inside_it() {
    check("外卖员落水身亡", &[]);
    check("保护颈椎的方法说了三遍", &[]);
}

#[test]
fn a_headline_outside_the_text_names_the_product() {
    let mut document = document("放在桌上突然自燃，烧黑了一片。", &[]);
    document.title = Some("充电宝的遭遇".to_owned());
    let reading = read(&document, &LEXICON);
    let [signal] = reading.signals.as_slice() else { panic!("one signal, got {:?}", reading.signals) };
    assert_eq!((signal.product, signal.hazard), (Category::BatteryCharger, Hazard::Fire));
    assert_eq!(signal.product_from, vocabulary::ProductFrom::Context);
    assert!(signal.product_span.is_none());
}

#[test]
fn a_hazard_that_only_the_headline_names_is_a_signal_whose_place_is_in_the_headline() {
    let mut one = document("事发时王女士正在卧室休息，所幸无人受伤。", &[]);
    one.title = Some("杭州一家中电热毯起火".to_owned());
    one.published_at = vocabulary::parse_moment("2024-03-01").ok();
    let reading = read(&one, &LEXICON);
    let [signal] = reading.signals.as_slice() else { panic!("one signal, got {:?}", reading.signals) };
    assert_eq!((signal.product, signal.hazard), (Category::SmallAppliance, Hazard::Fire));
    assert!(signal.hazard_span.is_empty() && signal.product_span.is_none());
    assert_eq!(signal.title_span.map(|span| span.slice("杭州一家中电热毯起火")), Some("起火"));
    let record = &signal_records(&one, &reading, Position(1))[0];
    assert_eq!((record.hazard_text.as_str(), record.excerpt.as_str()), ("起火", "杭州一家中电热毯起火"));
    // The text decides where it speaks of the same hazard, and names the product where the headline does not.
    "电热毯没有起火，是误会。".clone_into(&mut one.text);
    assert!(read(&one, &LEXICON).signals.is_empty());
    one.title = Some("深夜突然自燃，一家人惊醒".to_owned());
    "消防员说，这台电热毯买了不到一年。".clone_into(&mut one.text);
    let pairs: Vec<_> = read(&one, &LEXICON).signals.iter().map(|s| (s.product, s.hazard)).collect();
    assert_eq!(pairs, [(Category::SmallAppliance, Hazard::Fire)]);
}

#[test]
fn a_hazard_said_of_all_listed_products_belongs_to_each() {
    check(
        "冰箱和热水器都漏电",
        &["water_heater/electric_shock/asserted/0", "large_appliance/electric_shock/asserted/0"],
    );
    check("买了冰箱和热水器，热水器漏电", &["water_heater/electric_shock/asserted/0"]);
}

#[test]
fn a_brand_of_many_goods_stands_for_the_first_of_them_unless_it_is_an_everyday_word() {
    check("小米充电时突然起火", &["phone/fire/asserted/0"]);
    check("小米手环充电时突然起火", &["smart_device/fire/asserted/0"]);
    check("老板突然起火", &[]);
}

#[test]
fn one_event_is_told_of_one_product() {
    check("热水器漏电，测电笔一碰就亮", &["water_heater/electric_shock/asserted/0"]);
}

#[test]
fn a_product_inside_the_words_of_its_own_hazard_is_meant() {
    check("超市卖出毒枸杞和花生", &["other_product/chemical/asserted/0"]);
}

#[test]
fn the_injury_told_beside_a_hazard_sets_its_severity() {
    check("电热毯起火，老人死亡", &["small_appliance/fire/asserted/4"]);
}

#[test]
fn what_the_platform_says_wins_over_a_part_named_in_the_text() {
    check_with("phone", "屏幕用两天就碎了", &["phone/malfunction/asserted/0"]);
}

#[test]
fn full_width_and_traditional_text_reads_the_same() {
    check("電動車充電時起火", &["ebike/fire/asserted/0"]);
    check("电动车充电时起\u{200b}火", &["ebike/fire/asserted/0"]);
    check("电动<b>车</b>充电时突然起<p>火", &["ebike/fire/asserted/0"]);
    check("<p>电动车充电时起&#28779;</p>", &["ebike/fire/asserted/0"]);
}

#[test]
fn the_region_of_the_platform_is_used_when_the_text_names_none() {
    let reading = read(&document("电热毯起火", &[("region", "330106")]), &LEXICON);
    assert_eq!(reading.signals[0].region.map(|region| region.to_string()).as_deref(), Some("330106"));
}

#[test]
fn records_carry_the_evidence_and_none_are_made_without_a_time() {
    let mut one = document(&format!("{}电热毯起火，老人烧伤{}", "前文，".repeat(200), "，后文".repeat(200)), &[]);
    let reading = read(&one, &LEXICON);
    assert!(signal_records(&one, &reading, Position(7)).is_empty(), "no time, no record");
    one.published_at = vocabulary::parse_moment("2024-03-01").ok();
    let records = signal_records(&one, &reading, Position(7));
    let record = records.iter().find(|record| record.hazard == Hazard::Fire).expect("a fire");
    assert!(record.excerpt.chars().count() <= vocabulary::SignalRecord::EXCERPT_CHARS);
    let words: Vec<&str> = record.spans.iter().map(|span| span.slice(&record.excerpt)).collect();
    assert_eq!(words, ["电热毯", "起火"]);
    assert_eq!((record.vulnerable, record.actor.as_str()), (true, "test"));
}

#[test]
fn an_explanation_shows_the_words_the_cue_and_the_rule() {
    let shown = explain(&document("插座没有漏电", &[]), &LEXICON).to_string();
    for part in
        ["【插座|product lighting_electric】", "否认 negated：因「没有」(stance.negation", "electric_shock.any", "不计"]
    {
        assert!(shown.contains(part), "`{part}` is missing in:\n{shown}");
    }
}

/// What is left out early, because no rule can find anything with it, changes no reading.
fn the_short_way_is_right(one: &Document) {
    let in_full = read_with(one, &LEXICON, Analysis::in_full);
    assert_eq!(read(one, &LEXICON), in_full, "{}", one.text);
    let with_signals = Some(in_full).filter(|reading| !reading.signals.is_empty());
    assert_eq!(read_for_signals(one, &LEXICON), with_signals, "{}", one.text);
}

#[test]
fn the_short_way_reads_the_texts_of_all_examples_alike() {
    let texts: Vec<String> =
        LEXICON.rules().iter().flat_map(|rule| rule.examples.iter().map(|example| example.text.clone())).collect();
    for pair in texts.windows(2) {
        for meta in [&[][..], &[("platform_category", "phone")]] {
            the_short_way_is_right(&document(&pair[0], meta));
            the_short_way_is_right(&document(&pair.concat(), meta));
        }
    }
}

/// Quantities, sides and lists in a lexicon of three rules.
fn small_lexicon() -> Lexicon {
    let rules = r#"
[words]
"result" = ["结果", "没想到"]
[[rule]]
id = "t.soon"
means = "breaks within a month"
matters = "x"
hazard = "malfunction"
finds = ["{duration<=1月} …2 (坏了|报废)"]
[[rule]]
id = "t.red"
means = "red after spraying"
matters = "x"
hazard = "irritation"
finds = ["红了一片"]
after = { finds = ["(喷|涂) (了|完)"], clauses = 3, sentences = 1, unless = ["{product:clothing}"] }
[[rule]]
id = "t.smoke"
means = "smoke that came of use"
matters = "x"
hazard = "fire"
finds = ["冒烟"]
after = { finds = ["用了 {duration}"], link = ["{result}"] }
[[rule]]
id = "t.many"
means = "many times"
matters = "x"
hazard = "control_loss"
finds = ["熄火"]
in_sentence = ["{quantity:次>=3}"]
"#;
    let products = "# provenance: own\n# columns: surface\tcategory\tleaf\tflags\n面霜\tcosmetic\t\t\n车\tcar\t\t\n裙子\tclothing\t\t\n风扇\tsmall_appliance\t\t\n";
    let cues = r#"
[[cue]]
id = "c.no"
means = "denial"
stance = "negated"
reach = "before"
chars = 3
words = ["没"]
"#;
    let files =
        [("rules/hazards/t.toml", rules), ("rules/context/c.toml", cues), ("dictionaries/products/p.tsv", products)];
    Lexicon::from_texts(files).expect("loads")
}

#[test]
fn quantities_and_what_stands_in_other_clauses_decide_whether_a_rule_fires() {
    let lexicon = small_lexicon();
    for (text, rules) in [
        ("风扇不到一周就坏了", "t.soon"),
        ("风扇三天坏了", "t.soon"),
        ("风扇用了十年坏了", ""),
        ("风扇用了30年坏了", ""),
        ("面霜喷了之后，第二天脸上红了一片", "t.red"),
        ("面霜涂完没管。早上红了一片", "t.red"),
        ("面霜没涂完，红了一片", ""),
        ("面霜红了一片，涂了药", ""),
        ("面霜涂了，裙子红了一片", ""),
        ("风扇用了三天，结果冒烟", "t.smoke"),
        ("风扇用了三天，冒烟", ""),
        ("车一天两次熄火", ""),
        ("车一天五次，路上熄火", "t.many"),
    ] {
        let reading = read(&document(text, &[]), &lexicon);
        let found: Vec<&str> = reading.signals.iter().flat_map(|s| s.rules.iter().map(RuleId::as_str)).collect();
        assert_eq!(found.join(" "), rules, "{text}");
    }
}

#[test]
fn the_stance_of_sentence_forms_is_what_a_careful_reader_says() {
    /// Rows of the table that the reader may get wrong: it holds forms that are not solved.
    const WRONG_MAX: usize = 5;
    let rows = rows(include_str!("../../tests/stance.tsv"));
    assert!(rows.len() >= 120, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let [_, category, text, expected] = row[..] else { panic!("four columns: {row:?}") };
        let reading = read(&document(text, &platform(&category)), &LEXICON);
        let holds = expected.split(',').all(|pair| {
            let (hazard, stances) = pair.split_once('=').expect("hazard=stance");
            let mut of: Vec<&Mention> = reading.mentions.iter().filter(|m| m.kind == MentionKind::Hazard).collect();
            of.retain(|mention| mention.code == hazard);
            !of.is_empty() && (stances == "*" || of.iter().all(|m| stances.split('|').any(|s| s == m.stance.code())))
        });
        if !holds {
            wrong.push(format!("{text}  (expected {expected})"));
        }
    }
    let right = rows.len() - wrong.len();
    assert!(wrong.len() <= WRONG_MAX, "{right} of {} right, wrong:\n{}", rows.len(), wrong.join("\n"));
}

/// Rows of a table in `tests/`.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect()
}

fn platform<'a>(category: &'a &str) -> Vec<(&'static str, &'a str)> {
    if category.is_empty() { Vec::new() } else { vec![("platform_category", *category)] }
}

#[test]
fn a_sentence_without_a_product_is_about_the_one_spoken_of_before_it() {
    /// Rows of the table that the reader may get wrong: it holds words that no rule knows.
    const WRONG_MAX: usize = 9;
    let rows = rows(include_str!("../../tests/subjects.tsv"));
    assert!(rows.len() >= 100, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let [_, category, text, expected] = row[..] else { panic!("four columns: {row:?}") };
        let reading = read(&document(text, &platform(&category)), &LEXICON);
        let found: BTreeSet<String> =
            reading.signals.iter().map(|signal| format!("{}={}", signal.product, signal.hazard)).collect();
        let holds = expected.split('|').any(|pairs| {
            let pairs = pairs.split(',').filter(|pair| *pair != "-").map(str::to_owned);
            pairs.collect::<BTreeSet<String>>() == found
        });
        if !holds {
            wrong.push(format!("{text}  (expected {expected}, found {found:?})"));
        }
    }
    let right = rows.len() - wrong.len();
    assert!(wrong.len() <= WRONG_MAX, "{right} of {} right, wrong:\n{}", rows.len(), wrong.join("\n"));
}

#[test]
fn an_explanation_says_from_where_a_product_was_inherited() {
    let relation = |text: &str| {
        let explained = explain(&document(text, &[]), &LEXICON);
        explained.steps.iter().find(|step| step.outcome == "计入信号").map(|step| step.relation.clone())
    };
    for (text, expected) in [
        (
            "家里新换了一台洗衣机。这东西用了三天就漏水。",
            "大家电 large_appliance ← 「洗衣机」（承前 1 句，由「这东西」指代）",
        ),
        (
            "我买了电饭煲和电热毯。前者通电就冒烟。",
            "厨房电器 kitchen_appliance ← 「电饭煲」（承前 1 句，由「前者」指代）",
        ),
        ("电动车停在楼下。凌晨两点突然自燃。", "电动自行车与滑板车 ebike ← 「电动车」（承前 1 句，主语省略）"),
        (
            "上个月买了一台冰箱，用了不到三十天，压缩机就异响",
            "大家电 large_appliance ← 「冰箱」（承前 2 分句，主语省略）",
        ),
    ] {
        assert_eq!(relation(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn an_explanation_says_which_standard_is_no_longer_in_force() {
    let lexicon = Lexicon::from_texts([
        ("rules/hazards/t.toml", ""),
        ("dictionaries/products/p.tsv", "# provenance: own\n# columns: s\n风扇\tsmall_appliance\t\t\n"),
        (
            "dictionaries/standards.tsv",
            "# provenance: own\n# columns: n\nGB 1111\t甲\t\t\tcurrent\t\t2020\nGB 2222\t乙\t\t\treplaced\tGB 3333\t\n\
             GB 4444\t丙\t\t\twithdrawn\t\t\n",
        ),
    ])
    .expect("loads");
    let text = "依据GB 1111-2012、GB 2222、GB 4444检验，GB 1111-2020合格，GB 1111-2024待定";
    let explained = explain(&document(text, &[]), &lexicon);
    let notes: Vec<String> = explained.standards.iter().map(|(number, note)| format!("{number} {note}")).collect();
    let expected = [
        "GB 1111-2012 已被 GB 1111-2020 代替",
        "GB 2222 已被 GB 3333 代替",
        "GB 4444 已废止",
        "GB 1111-2024 新于词典所载的 GB 1111-2020",
    ];
    assert_eq!(notes, expected);
    assert!(explained.to_string().contains("标准  GB 2222 已被 GB 3333 代替"));
}

/// READ-2 for one text: every span is inside it and shows the mention's own words.
fn spans_hold(text: &str) {
    let one = document(text, &[]);
    let reading = read(&one, &LEXICON);
    let length = text.chars().count();
    for mention in &reading.mentions {
        assert!(mention.span.to() <= length, "{mention:?}");
        assert_eq!(mention.span.slice(text), mention.text);
    }
    for signal in &reading.signals {
        assert!(signal.hazard_span.to() <= length && (0.0..=1.0).contains(&signal.confidence));
    }
    assert_eq!(read(&one, &LEXICON), reading, "READ-1");
    the_short_way_is_right(&one);
}

#[test]
fn hostile_texts_are_read_in_bounded_time() {
    let long = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let texts = [
        long("漏", 1_000_000),
        long("坏了", 1_000_000),
        long("充电宝起火", 1_000_000),
        long("没有质量问题", 600_000),
        long("（", 300_000),
        "[".repeat(1_000_000),
        long("【（「『《", 3_000_000) + "起火" + &long("》』」）】", 3_000_000),
        long("\u{0}\u{1}\u{7f}\u{200b}", 100_000),
        long("e\u{301}\u{fdfa}", 200_000),
        long("1.", 200_000),
        "GB/T".repeat(50_000),
        String::new(),
        "\n\r\n ，。".to_owned(),
    ];
    for text in &texts {
        let reading = read(&document(text, &[]), &LEXICON);
        assert!(reading.mentions.len() <= MENTIONS_MAX);
        let _ = fingerprint(text);
    }
    let cut = read(&document(&texts[0], &[]), &LEXICON);
    assert!(cut.problems.iter().any(|problem| problem.kind == "text_too_long"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_read_with_spans_that_hold(text in "\\PC{0,200}") {
        spans_hold(&text);
    }

    #[test]
    fn any_characters_at_all_are_read_with_spans_that_hold(
        characters in proptest::collection::vec(
            prop_oneof![
                any::<char>(),
                proptest::sample::select(
                    "\u{0}\u{7}\u{85}\u{ad}\u{200b}\u{200d}\u{202e}\u{2028}\u{feff}\u{fffd}\u{d7ff}\u{e000}\u{10ffff}\u{301}\u{fe0f}\u{1f525}\u{1f9d1}\u{20000}[]【】()（）\r\n\t 　.,。，"
                        .chars()
                        .collect::<Vec<char>>()
                ),
                proptest::sample::select("充电宝起火了没有漏电坏烂不好浙江杭州，ＡＢ1２.5㎏㈱ﬁ".chars().collect::<Vec<char>>()),
            ],
            0..120,
        )
    ) {
        spans_hold(&characters.into_iter().collect::<String>());
    }

    #[test]
    fn any_mix_of_our_words_is_read_with_spans_that_hold(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("充电宝"), Just("起火"), Just("没有"), Just("会不会"), Just("。"), Just("，"), Just(" "), Just("漏"), Just("烂"),
                Just("㎏"), Just("\u{200b}"), Just("死亡"), Just("质量"), Just("差"), Just("浙江"), Just("杭州"), Just("ＡＢ１"), Just("1.5"),
                Just("假"), Just("電動車"), Just("如果"), Just("防"), Just("吗？"), Just("\n"), Just("味道"), Just("大"), Just("苹果"),
            ],
            0..40,
        )
    ) {
        spans_hold(&pieces.concat());
    }
}

#[test]
fn a_signal_says_what_its_goods_are_called() {
    let read = |text: &str, meta: &[(&str, &str)]| {
        let reading = super::read(&document(text, meta), &LEXICON);
        reading.signals.first().map_or_else(|| panic!("{text}: {reading:?}"), |signal| signal.item.clone())
    };
    let named = |maker: &str, seller: &str, model: &str, batch: &str| {
        let name = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        ItemNames { maker: name(maker), seller: name(seller), model: name(model), batch: name(batch) }
    };
    let prose = "杭州云鹊电子有限公司生产的移动电源（型号：YQ-20，批号：20240315）充电时起火。";
    assert_eq!(read(prose, &[]), named("杭州云鹊电子有限公司", "", "YQ-20", "20240315"));
    // A model of another sentence is another's.
    let other = "充电宝充电时起火。店里的风扇型号是FS-40，没有问题。";
    assert_eq!(read(other, &[]), named("", "", "", ""));
    let columns = "产品名称：电热毯\n标称生产企业：湖州暖冬家纺有限公司\n被抽样单位：湖州好邻居超市\n规格型号：DRT-150\n生产日期：2024-01-05\n不合格项目：泄漏电流\n检验结果：不合格";
    assert_eq!(read(columns, &[]), named("湖州暖冬家纺有限公司", "湖州好邻居超市", "DRT-150", "2024-01-05"));
    let told = [("platform_category", "充电宝"), ("seller", "云鹊旗舰店"), ("model", "YQ-10")];
    assert_eq!(read("充着电突然起火了", &told), named("", "云鹊旗舰店", "YQ-10", ""));
}
