//! Real Chinese text: what the commands say of it. Skipped where the shared data is absent.

use std::fs;

use crate::support::{run, shared};

#[test]
fn the_reader_is_at_least_as_good_on_the_dev_set_as_was_promised() {
    let Some(gold) = shared("data/gold/dev.jsonl") else { return };
    let said = run(&["eval", "extraction", "--json", gold.to_str().expect("UTF-8")]).good();
    let report: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let f1 = report["pair"]["f1"].as_f64().expect("pair F1");
    assert!(f1 >= 0.55, "pair F1 is {f1}");
}

#[test]
fn the_open_stream_and_whole_pages_are_read_at_least_as_well_as_before_the_reader_knew_them() {
    let (Some(texts), Some(pages)) = (shared("data/gold/open_dev.jsonl"), shared("data/articles/articles.jsonl"))
    else {
        return;
    };
    let report = |what: &str, file: &std::path::Path| -> serde_json::Value {
        let said = run(&["eval", what, "--json", file.to_str().expect("UTF-8")]).good();
        serde_json::from_str(&said.out).expect("JSON")
    };
    let f1 = |group: &serde_json::Value| group["pair"]["f1"]["value"].as_f64().expect("pair F1");
    let stream = f1(&report("stream", &texts)["reader"]["all"]);
    assert!(stream >= 0.62, "pair F1 over the stream is {stream}");
    let page = f1(&report("articles", &pages)["crawled"]);
    assert!(page >= 0.62, "pair F1 on pages is {page}");
}

#[test]
fn a_rerun_over_real_titles_says_the_same_twice_and_at_any_number_of_threads() {
    let Some(titles) = shared("data/weibo_hot/weibo_hot.tsv.zst") else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let data = data.to_str().expect("UTF-8");
    // Four months are enough to see it.
    let text = zstd::decode_all(fs::File::open(&titles).expect("opened")).expect("decompressed");
    let text = String::from_utf8(text).expect("UTF-8");
    let some: String = text.split_inclusive('\n').filter(|line| *line < "2021-03-25").collect();
    let file = dir.path().join("weibo.tsv");
    fs::write(&file, format!("date\ttitle\n{some}")).expect("written");
    let lines = some.lines().count();
    let said = run(&[
        "import",
        "--data",
        data,
        "--source",
        "weibo",
        "--map",
        "text=title,published_at=date",
        file.to_str().expect("UTF-8"),
    ])
    .good();
    assert!(said.out.contains(&format!("weibo: collected {lines} = kept {lines} +")), "COUNT-1: {}", said.out);

    let mut outputs = Vec::new();
    for threads in ["1", "2"] {
        let out = dir.path().join(format!("out{threads}"));
        let output = crate::support::wanglou()
            .env("RAYON_NUM_THREADS", threads)
            .args(["rerun", "--archive", data, "--from", "2020-11-24", "--to", "2021-03-24", "--out"])
            .arg(&out)
            .output()
            .expect("started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let alerts = fs::read_to_string(out.join("alerts.ndjson")).expect("written");
        let summary: serde_json::Value =
            serde_json::from_slice(&fs::read(out.join("summary.json")).expect("written")).expect("JSON");
        outputs.push((alerts, summary["digests"].clone()));
    }
    assert_eq!(outputs[0], outputs[1], "SCORE-1: threads changed the outcome");
    for line in outputs[0].0.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        for key in
            ["alert_id", "as_of", "event", "category", "hazard", "danger", "spread", "disposal", "counts", "evidence"]
        {
            assert!(!event[key].is_null(), "no `{key}` in {line}");
        }
        for evidence in event["evidence"].as_array().expect("a list") {
            let published = evidence["published_at"].as_str().expect("a time");
            let as_of = event["as_of"].as_str().expect("a day");
            assert!(&published[..10] <= as_of, "evidence of {published} in an alert of {as_of}");
        }
    }
}
