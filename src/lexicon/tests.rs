//! What the loader accepts and refuses, and what it says then.

use super::*;
use vocabulary::Language;

const RULE: &str = r#"
[[rule]]
id = "fire.any"
means = "burns"
matters = "fire"
hazard = "fire"
finds = ["起火"]
[[rule.hit]]
text = "电热毯起火"
gives = { product = "small_appliance" }
[[rule.miss]]
text = "很好"
"#;
const PRODUCTS: &str = "# provenance: own\n# columns: surface\tcategory\tleaf\tflags\n电热毯\tsmall_appliance\t\t\n";

fn error_of(rule: &str, products: &str) -> String {
    let texts = [("rules/hazards/fire.toml", rule), ("dictionaries/products/a.tsv", products)];
    Lexicon::from_texts(texts).expect_err("must be refused").to_string()
}

#[test]
fn a_small_lexicon_loads_and_its_version_changes_with_every_byte() {
    let load = |rule: &str| {
        Lexicon::from_texts([("rules/hazards/fire.toml", rule), ("dictionaries/products/a.tsv", PRODUCTS)])
            .expect("loads")
            .version()
            .clone()
    };
    assert_eq!(load(RULE), load(RULE));
    assert_ne!(load(RULE), load(&format!("{RULE} ")));
}

#[test]
fn an_unknown_field_is_shown_with_its_line() {
    let error = error_of(&RULE.replace("means", "meens"), PRODUCTS);
    assert!(error.contains("rules/hazards/fire.toml") && error.contains("unknown field `meens`"), "{error}");
    assert!(error.contains('^'), "a caret points at it: {error}");
    assert!(error.contains("did you mean `means`?"), "{error}");
}

#[test]
fn a_broken_pattern_is_shown_with_its_line_and_a_caret_under_the_element() {
    let error = error_of(&RULE.replace("\"起火\"", "\"漏电 {burns} 起火\""), PRODUCTS);
    insta::assert_snapshot!(error, @r#"
    rules/hazards/fire.toml:7:15: no word class is called `burns`: define it under [words] in any rule file.
      |
    7 | finds = ["漏电 {burns} 起火"]
      |                 ^^^^^
      = the pattern language stands in rules/README.md
    "#);
    let error = error_of(&RULE.replace("hazard = \"fire\"", "hazard = \"fier\""), PRODUCTS);
    assert!(error.contains("fire.toml:6:10") && error.contains("did you mean `fire`?"), "{error}");
}

#[test]
fn a_rule_that_looks_too_far_or_for_a_quantity_in_a_whole_text_is_refused() {
    let with =
        |field: &str| error_of(&RULE.replace("finds = [\"起火\"]", &format!("finds = [\"起火\"]\n{field}")), PRODUCTS);
    let error = with("after = { finds = [\"用\"], clauses = 50 }");
    assert!(error.contains("the bounds are 8 and 3"), "{error}");
    let error = with("in_text = [\"{duration<=1月}\"]");
    assert!(error.contains("not looked for in a whole text"), "{error}");
}

#[test]
fn words_that_cannot_be_found_or_say_two_things_are_notes() {
    let second = RULE.replace("fire.any", "burn.any").replace("hazard = \"fire\"", "hazard = \"burn\"");
    let higher = RULE.replace("fire.any", "noise.any").replace("hazard = \"fire\"", "hazard = \"noise\"\npriority = 1");
    let hidden = RULE.replace("fire.any", "fire.hidden").replace("起火", "火爆");
    let rules = format!("{RULE}{second}{higher}{hidden}");
    let context = r#"
[[idiom]]
id = "idiom.hot"
means = "popular"
words = ["火爆"]
[[cue]]
id = "c.no"
means = "no"
stance = "negated"
reach = "before"
words = ["防"]
[[cue]]
id = "c.guard"
means = "guards"
stance = "generic"
reach = "before"
words = ["防"]
"#;
    let texts = [
        ("rules/hazards/a.toml", rules.as_str()),
        ("rules/context/c.toml", context),
        ("dictionaries/products/a.tsv", PRODUCTS),
    ];
    let lexicon = Lexicon::from_texts(texts).expect("loads");
    let notes: Vec<String> =
        check(&lexicon).into_iter().filter(|finding| !finding.fatal).map(|finding| finding.message.en).collect();
    insta::assert_snapshot!(notes.join("\n"), @r"
    contradictory: `防` means negated in `c.no` and generic in `c.guard`: the stronger wins, delete it in the other
    contradictory: `起火` alone is fire by `fire.any` and burn by `burn.any` with the same priority: give one a higher priority, or ask more of the other
    shadowed: `起火` of rule `fire.any` always goes to `noise.any`, which has a higher priority: delete it in one of the two
    shadowed: `起火` of rule `burn.any` always goes to `noise.any`, which has a higher priority: delete it in one of the two
    shadowed: `火爆` of rule `fire.hidden` can never be found, `idiom.hot` hides it: delete it in one of the two
    ");
    assert!(
        show::show(&lexicon, "fire.any", Language::Chinese)
            .expect("a rule")
            .starts_with("规则  fire.any (rules/hazards/a.toml:3)")
    );
    assert!(show::show(&lexicon, "c.no", Language::Chinese).expect("a cue").contains("隐患之前 0 字以内"));
    assert_eq!(show::similar(&lexicon, "fire.ani"), ["fire.any"]);
}

#[test]
fn a_class_that_no_pattern_names_is_a_note() {
    let rule = format!("[words]\n\"idle\" = [\"闲\"]\n{RULE}");
    let texts = [("rules/hazards/fire.toml", rule.as_str()), ("dictionaries/products/a.tsv", PRODUCTS)];
    let lexicon = Lexicon::from_texts(texts).expect("loads");
    let finding = check(&lexicon).into_iter().find(|finding| finding.message.en.contains("`idle`")).expect("found");
    assert!(!finding.fatal && finding.at.to_string() == "rules/hazards/fire.toml:2", "{finding:?}");
}

#[test]
fn an_unknown_word_class_is_shown_with_its_line() {
    let error = error_of(&RULE.replace("\"起火\"", "\"{burns}\""), PRODUCTS);
    assert!(error.contains("fire.toml:7") && error.contains("no word class is called `burns`"), "{error}");
}

#[test]
fn a_pattern_among_the_words_of_a_cue_is_refused_with_a_caret() {
    let error = |context: &str| {
        let texts = [
            ("rules/hazards/fire.toml", RULE),
            ("rules/context/c.toml", context),
            ("dictionaries/products/a.tsv", PRODUCTS),
        ];
        Lexicon::from_texts(texts).err().map(|error| error.to_string())
    };
    let cue = "[[cue]]\nid = \"c.no\"\nmeans = \"no\"\nstance = \"negated\"\nreach = \"clause\"\nwords = [\"没有\"]\n";
    assert_eq!(error(cue), None);
    let with = |word: &str| error(&cue.replace("没有", word));
    insta::assert_snapshot!(with("{discourse.but} 没有").expect("refused"), @r#"
    rules/context/c.toml:6:11: `{discourse.but}` belongs to a pattern, and a pattern is no word
      |
    6 | words = ["{discourse.but} 没有"]
      |           ^^^^^^^^^^^^^^^
      = these lists hold words as they are written: write each word out in full; only `finds`, `after`, `then` and the `in_…` and `not_…` lists of a rule take patterns
    "#);
    for pattern in ["(没|未) 有", "没有…坏", "^没有", "没有$", "没有 坏? 了", "没有 坏"] {
        assert!(with(pattern).is_some_and(|error| error.contains("a pattern is no word")), "{pattern}");
    }
    assert_eq!(with("no problem"), None, "two words of one Latin phrase");
    let not = error(&format!("{cue}not = [\"没有(问题|事)\"]\n")).expect("refused");
    assert!(not.contains("c.toml:7:9"), "{not}");
    let idiom = error("[[idiom]]\nid = \"i\"\nmeans = \"i\"\nwords = [\"火 …2 爆\"]\n").expect("refused");
    assert!(idiom.contains("c.toml:4"), "{idiom}");
    let class = error("[words]\n\"w\" = [\"火|爆\"]\n").expect("refused");
    assert!(class.contains("c.toml:2") && class.contains("a pattern is no word"), "{class}");
}

#[test]
fn an_unknown_category_is_shown_with_its_row() {
    let error = error_of(RULE, &PRODUCTS.replace("small_appliance", "blanket"));
    assert!(error.contains("dictionaries/products/a.tsv:3"), "{error}");
    assert!(error.contains("`blanket` is not a known product category"), "{error}");
}

#[test]
fn a_table_without_provenance_is_refused() {
    let error = error_of(RULE, "电热毯\tsmall_appliance\n");
    assert!(error.contains("# provenance:"), "{error}");
}

#[test]
fn one_word_with_two_hazards_is_refused() {
    let words = "# provenance: own\n# columns: x\n漏电\telectric_shock\t0\t\n漏电\tfire\t0\t\n";
    let texts = [("rules/hazards/fire.toml", RULE), ("dictionaries/hazards.tsv", words)];
    let error = Lexicon::from_texts(texts).expect_err("a contradiction").to_string();
    assert!(error.contains("hazards.tsv:4") && error.contains("already means electric_shock"), "{error}");
}

#[test]
fn an_empty_folder_says_what_is_missing() {
    let error = Lexicon::from_texts([]).expect_err("nothing there").to_string();
    assert!(error.contains("rules/hazards/"), "{error}");
}

#[test]
fn a_rule_without_a_miss_is_a_fatal_finding() {
    let rule = RULE.split("[[rule.miss]]").next().expect("a first part");
    let texts = [("rules/hazards/fire.toml", rule), ("dictionaries/products/a.tsv", PRODUCTS)];
    let lexicon = Lexicon::from_texts(texts).expect("loads");
    let finding =
        check(&lexicon).into_iter().find(|finding| finding.message.en.contains("[[rule.miss]]")).expect("found");
    assert!(finding.fatal && finding.at.to_string() == "rules/hazards/fire.toml:3", "{finding:?}");
}

#[test]
fn names_of_one_product_are_products_of_one_leaf_in_one_group_each() {
    let products = "# provenance: own\n# columns: surface\tcategory\tleaf\tflags\n充电宝\tbattery_charger\tpower_bank\t\n\
                    移动电源\tbattery_charger\tpower_bank\t\n数据线\tbattery_charger\tcable\t\n电热毯\tsmall_appliance\t\t\n";
    let load = |groups: &str| {
        let synonyms = format!("# provenance: own\n# columns: words\n{groups}");
        let texts = [
            ("rules/hazards/fire.toml", RULE),
            ("dictionaries/products/a.tsv", products),
            ("dictionaries/synonyms.tsv", &synonyms),
        ];
        Lexicon::from_texts(texts).expect("loads")
    };
    let fatal = |groups: &str| {
        let about =
            |finding: &Finding| finding.fatal && finding.at.to_string().starts_with("dictionaries/synonyms.tsv");
        let findings = check(&load(groups)).into_iter().filter(about);
        findings.map(|finding| finding.message).collect::<Vec<_>>()
    };
    let lexicon = load("充電寶|移动电源\n");
    assert_eq!(lexicon.synonyms(), [["充电宝", "移动电源"]]);
    assert!(fatal("充电宝|移动电源\n").is_empty());
    assert!(fatal("充电宝|数据线\n")[0].en.contains("of another leaf"));
    assert!(fatal("充电宝|充电石\n")[0].en.contains("is no product"));
    assert!(fatal("充电宝|移动电源\n充电宝\n")[0].en.contains("already in the group of dictionaries/synonyms.tsv:3"));
}

#[test]
fn broken_patterns_say_why() {
    for (pattern, why) in [
        ("… 起火", "it begins with a gap"),
        ("起火 …", "stands only between two elements"),
        ("起火 …99", "is no gap"),
        ("起火?", "it finds nothing"),
        ("{number}", "is a quantity and nothing else"),
        ("{number} {duration} 起火", "begins with two quantities"),
        ("{number|product} 起火", "beside other words"),
        ("起火 {quantity}", "needs its unit"),
        ("起火 {duration<=3}", "is no span of time"),
        ("{prodct} 起火", "Did you mean `product`?"),
        ("(起火", "does not close it"),
        ("$ 起火", "nothing may follow"),
    ] {
        let rule = RULE.replace("\"起火\"", &format!("\"{pattern}\""));
        let texts = [("rules/hazards/fire.toml", rule.as_str()), ("dictionaries/products/a.tsv", PRODUCTS)];
        match Lexicon::from_texts(texts) {
            Ok(_) => panic!("`{pattern}` was accepted"),
            Err(error) => assert!(error.to_string().contains(why), "{pattern}: {error}"),
        }
    }
}

#[test]
fn a_place_has_the_first_name_of_its_table() {
    let regions = "# provenance: own\n# columns: code\tsurface\tlevel\tflags\n110000\t北京市\tprovince\t\n110000\t北京\tprovince\t\n";
    let lexicon = Lexicon::from_texts([
        ("rules/hazards/fire.toml", RULE),
        ("dictionaries/products/a.tsv", PRODUCTS),
        ("dictionaries/regions.tsv", regions),
    ])
    .expect("loads");
    let name = |code: &str| lexicon.region_name(code.parse().expect("a code")).map(str::to_owned);
    assert_eq!(name("110000").as_deref(), Some("北京市"));
    assert_eq!(name("120000"), None);
}

#[test]
fn a_shield_that_does_not_say_what_it_holds_is_refused() {
    let shields = "# provenance: own\n# columns: surface\tholds\n图书馆\t\n";
    let texts = [("rules/hazards/fire.toml", RULE), ("dictionaries/shields.tsv", shields)];
    let error = Lexicon::from_texts(texts).expect_err("must be refused").to_string();
    assert!(error.contains("shields.tsv:3") && error.contains("holds"), "{error}");
}
