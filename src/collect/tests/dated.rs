//! Dates of pages behind a recipe: what its rule finds, what the page says where the rule finds nothing or leaves the year out.

use super::*;
use vocabulary::show_moment;

fn media(site: &Site, rest: &str) -> Recipe {
    let text = format!(
        "id = \"paper\"\nname = \"报\"\nchannel = \"media\"\nstart = [\"http://127.0.0.1:{}/list\"]\n\
         allow_loopback = true\nrate.min_interval_ms = 1\nschedule.every = \"30m\"\nkind = \"html\"\n[list]\nitem = \"li\"\nlink = \"a\"\n{rest}",
        site.port
    );
    Recipe::parse(&text, "paper.toml").unwrap()
}

const BODY: &str = "<p>据当事人介绍，其在家中使用该热水器时，水温忽高忽低，随后听到一声闷响，所幸没有人受伤。</p>\
                    <p>厂家工作人员上门查看后表示，将把机器带回检测，并为用户更换新的产品，检测结果将在一周内告知。</p>";

/// Day, evidence and mark of the one page of a site.
fn dated(address: &'static str, line: &'static str, rules: &str) -> (String, Option<String>) {
    let site = Site::serve(move |path, _| {
        if path == "/list" {
            ok(&list_page(&[address]))
        } else if path == address {
            ok(&format!(
                "<html><head><title>热水器异响</title></head><body><h1>热水器异响</h1>{line}<div class=t>{BODY}</div></body></html>"
            ))
        } else {
            missing()
        }
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&media(&site, rules), DAY_1, &sink);
    assert_eq!(round.kept, 1, "{round:?}");
    let document = sink.only();
    let day = document.published_at.map_or_else(|| "none".to_owned(), |at| show_moment(at)[..16].to_owned());
    (day, document.meta_str(Document::PUBLISHED_FROM).map(str::to_owned))
}

#[test]
fn a_rule_comes_first_and_the_page_fills_in_what_it_leaves_open() {
    let rule = "[detail.fields]\ntitle = \"h1\"\ntext = \".t\"\npublished_at = \".d\"\n";
    let none = "[detail.fields]\ntitle = \"h1\"\ntext = \".t\"\n";
    let from = |kind: &str| Some(kind.to_owned());
    for (address, line, rules, day, kind) in [
        ("/a", "<p class=d>2024-05-06 09:30</p>", rule, "2024-05-06T09:30", None),
        (
            "/a",
            "<p class=d><time datetime=\"2016-11-29T08:00:00+08:00\">11-29</time></p>",
            rule,
            "2016-11-29T08:00",
            None,
        ),
        ("/2016/a/7.html", "<p class=d>08-30 10:21</p>", rule, "2016-08-30T10:21", from("line")),
        ("/a", "<p class=d>06-30 10:21</p>", rule, "2024-06-30T10:21", from("line")),
        ("/a", "<p class=x>发布时间：2015-04-14 来源：某某报</p>", none, "2015-04-14T00:00", from("line")),
        ("/zx/t20150414_77.html", "", none, "2015-04-14T00:00", from("url")),
        ("/a", "", none, "none", from("none")),
        ("/a", "<p class=x>发布时间：2015-04-14 来源：某某报</p>", "[detail]\n", "2015-04-14T00:00", from("line")),
    ] {
        assert_eq!(dated(address, line, rules), (day.to_owned(), kind), "{address} {line}");
    }
}

#[test]
fn complaints_without_a_date_are_not_marked() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok(&list_page(&["/d"])),
        "/d" => ok("<h1>标题</h1><div class=t>充电宝起火</div>"),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    assert_eq!(world.round(&recipe(&site, HTML), DAY_1, &sink).kept, 1);
    let document = sink.only();
    assert!(!document.is_undated() && document.meta_str(Document::PUBLISHED_FROM).is_none(), "{document:?}");
}

#[test]
fn a_text_that_is_brought_is_dated_by_its_lines_and_never_ahead() {
    let bring = |text: &str, published: Option<&str>, seen: Option<&str>| {
        let line = serde_json::json!({"id": "1", "text": text, "published_at": published, "seen_at": seen});
        let line = vocabulary::DocumentLine::parse(&line.to_string()).unwrap();
        let mut document = line.into_document(&SourceId::from("s"), Channel::Media);
        crate::date_by_text(&mut document, None, Some(moment(DAY_1)));
        document.published_at.map(|at| show_moment(at)[..10].to_owned())
    };
    let day = |day: &str| Some(day.to_owned());
    let said = "水壶漏电的通报\n发布时间：2013-08-09 来源：某某网\n有人触电。";
    assert_eq!(bring(said, None, None), day("2013-08-09"));
    assert_eq!(bring(said, Some("2014-01-01"), None), day("2014-01-01"), "a date of its own comes first");
    assert_eq!(bring(said, Some("2034-01-01"), None), day("2013-08-09"), "unless it lies ahead");
    assert_eq!(bring("水壶漏电", Some("2024-01-03"), Some("2024-01-01")), None, "it was seen two days before");
    assert_eq!(bring("水壶漏电", None, None), None);
}
