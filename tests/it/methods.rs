//! `wanglou method` beside the programs that published each method.

use std::process::Command;

use super::support::{run, shared, skip, wanglou};

/// Every method agrees with the public program that is its reference, within the stated tolerances, on all their data.
#[test]
fn published_methods_give_the_answers_of_the_reference_programs() {
    let Some(check) = shared("reference/check.py") else { return };
    let program = wanglou().get_program().to_owned();
    let said = match Command::new("python3").arg(&check).arg("--bin").arg(program).output() {
        Ok(said) => said,
        Err(error) => {
            skip(&format!("python3 cannot be started: {error}"));
            return;
        }
    };
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{out}\n{err}");
}

#[test]
fn a_wrong_call_is_told_what_is_wrong_and_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let good = file("config.json", r#"{"configs": {"c1": {"method": "C1", "baseline": 7, "alpha": 0.001}}}"#);
    let broken = file("broken.json", "{");
    let input = file("input.csv", "index,date,count\n1,,1\n2,,many\n");
    let sound = file("sound.csv", "index,date,count\n1,,1\n2,,0\n");
    for (args, wanted) in [
        (vec!["method", "tea_leaves", "--config", &good, "--input", &input], "tea_leaves"),
        (vec!["method", "ears", "--config", &broken, "--input", &sound], "not JSON"),
        (vec!["method", "ears", "--config", &good, "--input", "/nowhere.csv"], "/nowhere.csv"),
        (vec!["method", "ears", "--config", &good], "--input"),
        (vec!["method", "ears", "--config", &good, "--input", &input], "第 3 行"),
    ] {
        let said = run(&args);
        assert_eq!(said.status, 2, "{args:?}: {}", said.err);
        assert!(said.err.contains(wanted) && said.out.is_empty(), "{args:?}: {}", said.err);
    }
    let list = run(&["method", "--list"]).good();
    assert!(list.out.contains("kulldorff_spatial") && list.out.contains("Kulldorff"), "{}", list.out);
}

/// The bench ends with one line that says how ours stands beside the best peer; a wrong name says what is wrong.
#[test]
fn the_bench_of_detectors_says_how_ours_stands() {
    let said = run(&["eval", "detection", "--series", "20", "--only", "0.1/week, cells differ"]).good();
    let last = said.out.lines().last().unwrap_or_default();
    assert!(last.starts_with("按形状，") && last.contains("6 组背景与形状里"), "{}", said.out);
    assert!(said.out.contains("合并转载后有 0 个序列不同"), "{}", said.out);
    assert!(said.out.contains("各种形状合计："), "{}", said.out);
    let wrong = run(&["eval", "detection", "--series", "20", "--only", "moon"]);
    assert!(wrong.status == 2 && wrong.err.contains("moon"), "{}", wrong.err);
}

/// Levels of outbreaks of known truth are a part of their own, as text, as JSON and as a chart.
#[test]
fn the_bench_of_levels_says_what_outbreaks_were_called() {
    let folder = tempfile::tempdir().expect("a folder");
    let svg = folder.path().display().to_string();
    let said = run(&["eval", "detection", "--series", "20", "--only", "levels", "--svg", &svg, "--json"]).good();
    let told: serde_json::Value = serde_json::from_str(&said.out).expect("one JSON document");
    let levels = &told["levels"];
    let outbreaks: u64 =
        levels["rows"].as_array().into_iter().flatten().filter_map(|row| row["outbreaks"].as_u64()).sum();
    assert_eq!((levels["worlds"].as_u64(), outbreaks), (Some(2), 10), "{}", said.out);
    assert_eq!(levels["reprinted"]["counts_changed"].as_u64(), Some(0), "{}", said.out);
    assert!(levels["accuracy"].is_f64() && levels["onsets"].is_f64() && levels["promised"].is_f64());
    assert!(told["regimes"].as_array().is_some_and(Vec::is_empty));
    let chart = std::fs::read_to_string(folder.path().join("detection-levels.svg")).expect("drawn");
    assert!(chart.contains("系统性") && chart.ends_with("</svg>\n"));
}
