//! Old pages that come in today belong to their own day, and pages without a day open nothing, whichever way they come in.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::run;

/// The day on which all pages are crawled.
const CRAWLED: &str = "2026-03-02T02:00:00Z";
/// Years in which they were told.
const YEARS: std::ops::RangeInclusive<u32> = 2009..=2025;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A page that tells of a death, with what stands between its headline and its body.
fn page(number: u32, line: &str) -> String {
    let place = ["杭州", "宁波", "温州", "嘉兴", "湖州"][number as usize % 5];
    format!(
        "<!DOCTYPE html><html><head><title>{place}一户人家第{number}号热水器漏电致人死亡_某某网</title></head><body><div class=\"nav\"><a href=\"/\">首页</a></div>\
         <div class=\"main\"><h1>{place}一户人家第{number}号热水器漏电致人死亡</h1>{line}<p>{place}一户人家的电热水器漏电，老人在洗澡时触电身亡，\
         家属说这台机器用了{number}个月，平时没有发现异常，出事那天插座也是好的。</p><p>当地工作人员到场后断开电源，封存了涉事的热水器，\
         将送往检验机构查明漏电的原因，型号为R{number}的同批产品已经停止销售。</p></div><p>版权所有 2003-2026</p></body></html>"
    )
}

/// A WARC file of pages with their addresses, all of one crawl.
fn warc(path: &Path, pages: &[(String, String)]) {
    let mut file = String::new();
    for (url, html) in pages {
        let block = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}");
        let record = write!(
            file,
            "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {CRAWLED}\r\n\
             Content-Type: application/http;msgtype=response\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
            block.len()
        );
        record.expect("written");
    }
    fs::write(path, file).expect("written");
}

/// The alerts that a replay of the weeks around the crawl opens.
fn opened(dir: &Path, archive: &Path, name: &str) -> Vec<Value> {
    let out = dir.join(name);
    let days = ["--from", "2026-02-10", "--to", "2026-03-10"];
    run(&[&["rerun", "--archive", text(archive), "--out", text(&out)], &days[..]].concat()).good();
    let alerts = fs::read_to_string(out.join("alerts.ndjson")).expect("read");
    let lines = alerts.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.filter(|line| line["event"] == "opened").collect()
}

fn pages(line: impl Fn(u32, u32) -> (String, String)) -> Vec<(String, String)> {
    let one = |(number, year)| {
        let (url, line) = line(number, year);
        (url, page(number, &line))
    };
    (1..).zip(YEARS).map(one).collect()
}

#[test]
fn old_pages_of_a_crawl_open_no_alert_on_the_day_of_the_crawl() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = |name: &str, pages: &[(String, String)]| -> PathBuf {
        let path = dir.path().join(format!("{name}.warc"));
        warc(&path, pages);
        path
    };
    let plain = |number: u32| format!("http://a.example.cn/show.php?id={number}");
    let by_line = pages(|number, year| (plain(number), format!("<p>发布时间：{year}-05-17 09:30 来源：某某网</p>")));
    let by_address = pages(|number, year| (format!("http://a.example.cn/{year}-05/17/c{number}.htm"), String::new()));
    let undated = pages(|number, _| (plain(number), String::new()));
    let fresh = pages(|number, _| (plain(number), "<p>发布时间：2026-03-01 09:30 来源：某某网</p>".to_owned()));
    for (name, pages) in [("line", by_line), ("address", by_address), ("undated", undated)] {
        let alerts = opened(dir.path(), &file(name, &pages), name);
        assert_eq!(alerts.len(), 0, "{name}: {alerts:#?}");
    }
    assert!(!opened(dir.path(), &file("fresh", &fresh), "fresh").is_empty(), "what was told the day before does");
}

#[test]
fn complaints_that_name_no_day_count_on_the_day_they_came_and_pages_do_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = |name: &str, channel: &str, url: bool| -> PathBuf {
        let line = |number: u32| {
            let text = format!(
                "{number}号用户来电：家里的电热水器漏电，老人洗澡时触电身亡，这是第{number}通电话，用了{number}个月。"
            );
            let mut line = serde_json::json!({"id": format!("{name}{number}"), "text": text, "channel": channel,
                "seen_at": "2026-03-01T10:00:00+08:00", "meta": {"author": format!("用户{number}"), "region": "330100"}});
            if url {
                line["url"] = format!("http://a.example.cn/show.php?id={number}").into();
            }
            line.to_string() + "\n"
        };
        let path = dir.path().join(format!("{name}.ndjson"));
        fs::write(&path, (1..12).map(line).collect::<String>()).expect("written");
        path
    };
    for (name, channel, url, opens) in [
        ("hotline", "complaint", false, true),
        ("board", "complaint", true, true),
        ("told", "media", false, true),
        ("found", "media", true, false),
        ("notice", "regulator", true, false),
    ] {
        let alerts = opened(dir.path(), &file(name, channel, url), name);
        assert_eq!(!alerts.is_empty(), opens, "{name}: {alerts:#?}");
    }
}

#[test]
fn imported_pages_and_lines_are_kept_with_their_day_and_what_it_was_read_from() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, crawl, lines) = (dir.path().join("data"), dir.path().join("old.warc"), dir.path().join("lines.ndjson"));
    let url = |number: u32| format!("http://a.example.cn/show.php?id={number}");
    warc(&crawl, &[(url(1), page(1, "<p>发布时间：2011-05-17 09:30 来源：某某网</p>")), (url(2), page(2, ""))]);
    let line =
        |id: &str, text: &str| serde_json::json!({"id": id, "text": text, "channel": "media"}).to_string() + "\n";
    fs::write(
        &lines,
        [
            line("said", "热水器漏电的通报\n发布时间：2013-08-09 来源：某某网\n老人洗澡时触电。"),
            line("signed", "热水器漏电的通报\n老人洗澡时触电。\n某某市市场监督管理局\n二〇一四年六月三日"),
            line("ahead", "热水器漏电的通报\n发布时间：2093-08-09 来源：某某网\n老人洗澡时触电。"),
        ]
        .concat(),
    )
    .expect("written");
    for file in [&crawl, &lines] {
        run(&["import", "--data", text(&data), "--source", "old", text(file)]).good();
    }
    let out = dir.path().join("all.ndjson");
    run(&["export", "--data", text(&data), "--query", "", "--out", text(&out)]).good();
    let exported = fs::read_to_string(&out).expect("read");
    let documents: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |what: &str| {
        let found = documents
            .iter()
            .find(|one| one["id"] == what || one["url"] == what)
            .unwrap_or_else(|| panic!("{what}: {exported}"));
        let day = found["published_at"].as_str().map_or("none", |at| &at[..10]);
        format!(
            "{day} {}",
            found["published_from"].as_str().or(found["meta"]["published_from"].as_str()).unwrap_or("-")
        )
    };
    assert_eq!(of(&url(1)), "2011-05-17 line");
    assert_eq!(of(&url(2)), "none none");
    assert_eq!(of("said"), "2013-08-09 line");
    assert_eq!(of("signed"), "2014-06-03 signature");
    assert_eq!(of("ahead"), "none none");
}
