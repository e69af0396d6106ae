//! Archives that others crawled: which of their pages are taken.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::support::{Said, run};

/// A WET file: what another program took from pages, one record each.
fn wet(path: &Path) {
    let mut file = String::new();
    for (url, language, text) in [
        ("https://news.example.cn/1", Some("zho"), "充电宝起火\n一名乘客的充电宝在地铁里起火。"),
        ("https://news.example.cn/2", Some("eng"), "Power bank fire\nA power bank caught fire."),
        ("https://shop.example.org/3", None, "热水器漏电\n老人洗澡时触电。"),
    ] {
        let language = language.map_or(String::new(), |code| format!("WARC-Identified-Content-Language: {code}\r\n"));
        let record = write!(
            file,
            "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-05-01T00:00:00Z\r\n{language}\
             Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}\r\n\r\n",
            text.len()
        );
        record.expect("written");
    }
    fs::write(path, file).expect("written");
}

fn import(dir: &Path, name: &str, more: &[&str]) -> Said {
    let (data, file) = (dir.join(name), dir.join("pages.warc.wet"));
    wet(&file);
    let args = ["import", "--data", data.to_str().expect("UTF-8"), "--source", "crawl", file.to_str().expect("UTF-8")];
    run(&[&args[..], more].concat())
}

#[test]
fn texts_of_a_foreign_crawl_are_taken_by_host_and_language() {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, more, kept) in [
        ("all", &[][..], 3),
        ("host", &["--host", "example.cn"][..], 2),
        ("language", &["--language", "zho"][..], 2),
        ("both", &["--host", "example.cn", "--language", "zho"][..], 1),
    ] {
        let said = import(dir.path(), name, more).good().out;
        assert!(said.contains(&format!("collected {kept} = kept {kept}")), "{name}: {said}");
    }
    let found =
        run(&["search", "--data", dir.path().join("both").to_str().expect("UTF-8"), "--json", "充电宝"]).good().out;
    assert!(found.contains("充电宝起火") && found.contains("news.example.cn/1"), "{found}");
}

#[test]
fn filters_for_pages_are_refused_for_rows() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("rows.ndjson");
    fs::write(&file, "{\"id\":\"1\",\"text\":\"x\"}\n").expect("written");
    let data = dir.path().join("data");
    let [data, file] = [&data, &file].map(|path| path.to_str().expect("UTF-8"));
    let said = run(&["import", "--data", data, "--source", "s", "--host", "example.cn", file]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("--host"), "{}", said.err);
}
