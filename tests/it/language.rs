//! Messages are in the language that was asked for, else in that of the locale; what programs read is the same in both.

use std::fs;

use crate::support::{Said, said, wanglou};

fn run_in(locale: &str, args: &[&str]) -> Said {
    said(wanglou().env("LC_ALL", locale).args(args).output().expect("started"))
}

#[test]
fn one_call_speaks_one_language() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, file) = (dir.path().join("data"), dir.path().join("a.ndjson"));
    let (data, name) = (data.to_str().expect("UTF-8"), file.to_str().expect("UTF-8"));
    fs::write(&file, "{\"id\":\"1\",\"text\":\"充电宝充电时起火\"}\n").expect("written");
    let import = ["import", "--data", data, "--source", "s", name];
    let chinese = run_in("zh_CN.UTF-8", &import).good();
    assert!(chinese.out.contains("s: collected 1 = kept 1") && chinese.err.contains("没有日期"), "{chinese:?}");
    let english = run_in("en_US.UTF-8", &import).good();
    assert!(english.out.contains("s: collected 1 = kept 0 + duplicate 0 + unchanged 1"), "{english:?}");
    assert!([&english.out, &english.err].iter().all(|text| text.is_ascii() || !text.contains('条')), "{english:?}");
    let asked = run_in("zh_CN.UTF-8", &[&["--lang", "en"][..], &import].concat()).good();
    assert_eq!(asked.out, english.out);

    // A document without a date is shown, too.
    let search = ["search", "--data", data, "充电宝"];
    assert!(run_in("C", &search).good().out.starts_with("日期不详  1  "));
    assert!(run_in("en_GB.UTF-8", &search).good().out.starts_with("no date  1  "));
    let json = ["search", "--json", "--data", data, "充电宝"];
    let hits = |locale| {
        let mut page: serde_json::Value = serde_json::from_str(&run_in(locale, &json).good().out).expect("JSON");
        page["hits"].take()
    };
    assert_eq!(hits("C"), hits("en_US.UTF-8"));
}

#[test]
fn a_wrong_call_and_help_are_in_the_language_of_the_locale() {
    let wrong = run_in("C", &["serch"]);
    assert!(wrong.status == 2 && wrong.err.starts_with("错误：没有命令 serch；是不是 search？"), "{}", wrong.err);
    let wrong = run_in("en_US.UTF-8", &["serch"]);
    assert!(wrong.status == 2 && wrong.err.starts_with("error: unrecognized subcommand 'serch'"), "{}", wrong.err);
    assert!(run_in("C", &["help", "search"]).good().out.contains("用法：wanglou search"));
    assert!(run_in("en_US.UTF-8", &["search", "--help"]).good().out.contains("Usage: wanglou search"));
}
