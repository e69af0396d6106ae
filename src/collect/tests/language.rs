//! What recipes can say of lists inside other things, of two steps, frames, headers, moving dates and right answers, against small sites.

use super::*;
use archive::{WarcReader, read_asked};

const DETAIL: &str = "[detail.fields]\ntitle = \"h1\"\ntext = \".t\"\n";
const UNIT: &str = "kind = \"html\"\n[unit]\npage_size = 2\n[list]\nwithin = { json = \"/data/html\" }\nitem = \"li\"\nlink = \"a\"\n[list.fields]\npublished_at = \"span\"\n";

fn told(round: &Round) -> String {
    round.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn notice(text: &str) -> Vec<u8> {
    ok(&format!("<h1>召回公告</h1><div class=t>{text}</div>"))
}

/// A recipe whose only start is this path.
fn from(site: &Site, path: &str, rest: &str) -> Recipe {
    recipe_from(site, &[path], rest)
}

#[test]
fn a_column_page_leads_to_its_interface_whose_pages_are_asked_to_their_end() {
    let site = Site::serve(|path, _| match path {
        "/col/index.html" => ok(
            "<div><script parseType=\"bulidstatic\" url=\"/front/unit\" querydata=\"{'webId':'w1','tagId':'列表'}\"></script></div>",
        ),
        _ if path.starts_with("/front/unit?webId=w1&tagId=") => {
            let page = path.split("pageNo%22%3A").nth(1).and_then(|rest| rest.split("%2C").next()).unwrap_or_default();
            let items = match page {
                "1" => "<li><a href='art/1.html'>甲</a><span>2024-07-01</span></li><li><a href='/d/2'>乙</a></li>",
                "2" => "<li><a href='/d/3'>丙</a></li>",
                _ => "",
            };
            ok(&serde_json::json!({ "success": true, "data": { "html": items } }).to_string())
        }
        // A relative link counts from the column page, in which a browser puts the list.
        "/col/art/1.html" | "/d/2" | "/d/3" => notice("充电宝起火"),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = from(&site, "/col/index.html", &format!("{UNIT}{DETAIL}"));
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.kept, round.problems_total), (3, 0), "{round:?}");
    // robots.txt, the column, three pages of the interface, three notices.
    assert_eq!(round.requests, 8, "{:?}", site.asked());
    let mut questions = 0;
    read_asked(world.dir.path(), |found| {
        questions += u32::from(found.url.contains("/front/unit"));
        true
    })
    .unwrap();
    assert_eq!(questions, 3, "RAW-1: the questions to the interface are archived");

    let look = world.round(&recipe.for_a_look(), DAY_2, &sink);
    // robots.txt of the new day, the column, one page of the interface.
    assert_eq!((look.listed_again, look.requests), (2, 3), "{look:?}");
}

#[test]
fn an_interface_on_a_host_that_the_recipe_does_not_name_is_not_asked() {
    let site = Site::serve(|path, _| match path {
        "/col" => {
            ok("<script parsetype=bulidstatic url=\"http://other.example/unit\" querydata=\"{'a':'b'}\"></script>")
        }
        "/none" => ok("<p>栏目</p><a href=/>首页</a>"),
        _ => missing(),
    });
    for (path, expected) in
        [("/col", "names its interface at `http://other.example/unit`"), ("/none", "names no interface")]
    {
        let (world, sink) = (World::new(|_| {}), Memory::default());
        let round = world.round(&from(&site, path, &format!("{UNIT}{DETAIL}")), DAY_1, &sink);
        assert_eq!((round.pages_read, round.requests), (0, 2), "{round:?}");
        assert!(told(&round).contains(expected), "{}", told(&round));
        assert!(round.stopped.is_some_and(|why| why.contains(expected)));
    }
}

#[test]
fn html_in_cdata_is_a_list_whose_pages_are_told_by_rows_and_whose_links_count_from_the_site() {
    let site = Site::serve(|path, _| match path {
        "/module/proxy?s=1&e=2" => ok(
            "<datastore><record><![CDATA[<li><a href='art/1.html'>甲</a></li>]]></record><record><![CDATA[<li><a href='/d/2'>乙</a></li>]]></record></datastore>",
        ),
        "/module/proxy?s=3&e=4" => {
            ok("<datastore><record><![CDATA[<li><a href='/d/3'>丙</a></li>]]></record></datastore>")
        }
        _ if path.starts_with("/module/proxy") => ok("<datastore></datastore>"),
        "/art/1.html" | "/d/2" | "/d/3" => notice("插座漏电"),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let rest = format!(
        "kind = \"html\"\npages = {{ from = 1, to = 9, size = 2 }}\n[list]\nwithin = {{ xml = \"record\" }}\nitem = \"li\"\nlink = \"a\"\n{DETAIL}"
    );
    let round = world.round(&from(&site, "/module/proxy?s={first}&e={last}", &rest), DAY_1, &sink);
    assert_eq!((round.kept, round.problems_total, round.empty_lists), (3, 0, 0), "{round:?}");
}

#[test]
fn json_in_a_script_and_in_a_wrapper_is_read_as_json() {
    let site = Site::serve(|path, _| match path {
        "/page" => ok("<html><!--s-data:{\"cards\": [{\"w\": \"充电宝起火\", \"id\": 1}]}--></html>"),
        "/jsonp" => ok("callback_1({\"cards\": [{\"w\": \"充电宝起火\", \"id\": 1}]});"),
        _ => missing(),
    });
    let list = "items = \"/cards\"\n[list.fields]\nexternal_id = \"/id\"\ntext = \"/w\"\n";
    for (path, within) in [("/page", "within = { capture = '(?s)<!--s-data:(.*?)-->' }\n"), ("/jsonp", "")] {
        let (world, sink) = (World::new(|_| {}), Memory::default());
        let round = world.round(&from(&site, path, &format!("kind = \"json\"\n[list]\n{within}{list}")), DAY_1, &sink);
        assert_eq!((round.kept, round.problems_total), (1, 0), "{round:?}");
    }
}

#[test]
fn a_frame_on_the_same_host_is_read_in_place_of_its_page_and_no_other() {
    let site = Site::serve(|path, head| {
        let port = head.lines().find_map(|line| line.strip_prefix("host: 127.0.0.1:")).unwrap_or_default().trim();
        match path {
            "/list" => ok("<h1>公告</h1><iframe src='/inner/list.html'></iframe>"),
            "/inner/list.html" => ok("<li><a href='d1'>甲</a></li><iframe src='/inner/more.html'></iframe>"),
            "/inner/d1" => notice("起火"),
            "/away" => ok(&format!("<iframe src='http://localhost:{port}/inner/list.html'></iframe><a href=/>x</a>")),
            "/deep" => ok("<iframe src='/deeper'></iframe><a href=/>x</a>"),
            "/deeper" => ok("<iframe src='/list'></iframe><a href=/>x</a>"),
            _ => missing(),
        }
    });
    let rest = format!("kind = \"html\"\n[list]\nitem = \"li\"\nlink = \"a\"\nframe = \"iframe\"\n{DETAIL}");
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&from(&site, "/list", &rest), DAY_1, &sink);
    assert_eq!((round.kept, round.problems_total, round.requests), (1, 0, 4), "{round:?}");
    for path in ["/away", "/deep"] {
        let round = world.round(&from(&site, path, &rest), DAY_1, &sink);
        assert_eq!(round.kept, 0, "{round:?}");
        assert!(!told(&round).is_empty());
    }
    assert!(site.asked().iter().filter(|path| *path == "/list").count() == 1, "a frame in a frame is not followed");
}

#[test]
fn moving_dates_are_filled_by_the_day_of_the_round() {
    let site = Site::serve(|path, request| match path {
        "/a?from=2024-04-03&year=2024" => ok("[{\"id\": 1, \"t\": \"起火\"}]"),
        "/b" if request.ends_with("{\"until\": \"20240702\"}") => ok("[{\"id\": 2, \"t\": \"漏电\"}]"),
        _ => missing(),
    });
    let list = "[list]\nitems = \"\"\n[list.fields]\nexternal_id = \"/id\"\ntext = \"/t\"\n";
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round =
        world.round(&from(&site, "/a?from={today-90d}&year={year}", &format!("kind = \"json\"\n{list}")), DAY_1, &sink);
    assert_eq!(round.kept, 1, "{round:?} {:?}", site.asked());
    let body = "kind = \"json\"\n[request]\nbody = '{\"until\": \"{today:%Y%m%d}\"}'\n";
    let round = world.round(&from(&site, "/b", &format!("{body}{list}")), DAY_1, &sink);
    assert_eq!(round.kept, 1, "{round:?}");
}

#[test]
fn headers_are_sent_to_pages_not_to_robots_and_a_secret_stands_in_no_archive() {
    let site = Site::serve(|path, head| {
        let head = head.to_ascii_lowercase();
        let has_all = head.contains("authkey: s3cret") && head.contains("referer: http://127.0.0.1/list");
        match path {
            "/robots.txt" if head.contains("authkey") || head.contains("referer") => answer("500 No", "", b""),
            "/list" if has_all => ok("[{\"id\": 1, \"t\": \"起火\"}]"),
            _ => missing(),
        }
    });
    let rest = "kind = \"json\"\n[request.headers]\nReferer = \"http://127.0.0.1/list\"\nAuthKey = { env = \"A_KEY\" }\n\
                [list]\nitems = \"\"\n[list.fields]\nexternal_id = \"/id\"\ntext = \"/t\"\n";
    let world = World::new(|settings| settings.variable = |name| (name == "A_KEY").then(|| "s3cret".to_owned()));
    let sink = Memory::default();
    let round = world.round(&recipe(&site, rest), DAY_1, &sink);
    assert_eq!(round.kept, 1, "{round:?}");
    let raw = sink.only().raw.unwrap();
    let records: Vec<_> = WarcReader::open(&world.dir.path().join(&raw.file)).unwrap().flatten().collect();
    let has =
        |word: &str| records.iter().any(|record| record.block.windows(word.len()).any(|part| part == word.as_bytes()));
    assert!(has("authkey: ***") && !has("s3cret"), "the archive keeps that there was a key, not the key");

    let without = World::new(|settings| settings.variable = |_| None);
    let round = without.round(&recipe(&site, rest), DAY_1, &Memory::default());
    assert_eq!(round.requests, 0, "nothing is asked: {round:?}");
    assert!(told(&round).contains("needs the variable `A_KEY` of the environment"), "{}", told(&round));
    assert!(round.stopped.is_some());
}

const SAFE: &str = "https://a.example/";

#[test]
fn a_header_that_no_recipe_may_set_is_refused_at_its_line() {
    let refused = |start: &str, header: &str, expected: &str| {
        let text = format!(
            "id = \"a\"\nname = \"a\"\nchannel = \"media\"\nkind = \"feed\"\nschedule.every = \"1h\"\nstart = [\"{start}\"]\n[request.headers]\n{header}\n"
        );
        let message = Recipe::parse(&text, "a.toml").expect_err("a mistake").to_string();
        assert!(message.contains("a.toml:8: ") && message.contains(expected), "{message}");
    };
    refused(SAFE, "Cookie = { env = \"A\" }", "header `Cookie` cannot be set");
    refused(SAFE, "AuthKey = \"123\"", "the value of header `AuthKey` does not stand in a recipe");
    refused("http://a.example/", "AuthKey = { env = \"A\" }", "over https alone");
    refused(SAFE, "Referer = \"https://other.example/\"", "must be an address of this source's own");
    refused(SAFE, "Accept = \"a\\nb\"", "visible ASCII");
}

#[test]
fn a_promise_that_cannot_be_kept_is_refused_at_its_line() {
    let refused = |kind: &str, expect: &str, expected: &str| {
        let text = format!(
            "id = \"a\"\nname = \"a\"\nchannel = \"media\"\nkind = \"{kind}\"\nschedule.every = \"1h\"\nstart = [\"{SAFE}\"]\n[expect]\n{expect}\n"
        );
        let message = Recipe::parse(&text, "a.toml").expect_err("a mistake").to_string();
        assert!(message.contains(expected), "{message}");
    };
    refused("feed", "answer = { path = \"/a\", is = 1 }", "a.toml:7: `answer` of `[expect]` is for `kind");
    refused(
        "feed",
        "filled = { brand = 0.5 }",
        "a.toml:8: `[expect.filled]` names `brand`, which the recipe does not fill",
    );
    refused("feed", "filled = { title = 2.0 }", "a.toml:8: the share of `title` is 2");
    refused("feed", "newest = \"soon\"", "a.toml:8: `soon` is no span of time");
    let json = "[list]\nitems = \"\"\n[list.fields]\nexternal_id = \"/i\"\ntext = \"/t\"";
    refused(
        "json",
        &format!("answer = {{ path = \"/a\" }}\n{json}"),
        "a.toml:8: the condition of `/a` needs `is = VALUE`",
    );
    refused(
        "json",
        &format!("answer = {{ path = \"/a\", type = \"list\" }}\n{json}"),
        "a.toml:8: the condition of `/a`",
    );
    refused("json", &format!("answer = {{ path = \"a\", is = 1 }}\n{json}"), "a.toml:8: path `a` must begin with `/`");
}

#[test]
fn an_answer_that_is_not_the_expected_one_is_no_answer_and_an_empty_list_is_one() {
    let site = Site::serve(|path, _| match path {
        "/failed" => ok("{\"success\": false, \"message\": \"参数错误\", \"rows\": []}"),
        "/shell" => ok("<!doctype html><div id=app></div><script src=/a.js></script>"),
        "/empty" => ok("{\"success\": true, \"rows\": []}"),
        _ => missing(),
    });
    let rest = "kind = \"json\"\n[list]\nitems = \"/rows\"\n[list.fields]\nexternal_id = \"/id\"\ntext = \"/t\"\n\
                [expect]\nanswer = { path = \"/success\", is = true }\nitems = 1\n";
    let round = |path: &str| {
        let world = World::new(|_| {});
        let round = world.round(&from(&site, path, rest), DAY_1, &Memory::default());
        (round.pages_read, round.empty_lists, told(&round))
    };
    let (read, empty, said) = round("/failed");
    assert_eq!((read, empty), (0, 0), "no success: {said}");
    assert!(said.contains("`/success` should be true and is false; it says `参数错误`"), "{said}");
    assert!(said.contains("site.toml:14: "), "the line of `[expect]`: {said}");
    let (read, _, said) = round("/shell");
    assert!(read == 0 && said.contains("scripts alone") && said.contains("import by hand"), "{said}");
    let (read, empty, said) = round("/empty");
    assert_eq!((read, empty), (1, 1), "{said}");
    assert!(
        said.contains("0 items on the first page of the list, the recipe promises 1 (the list is valid and empty)"),
        "{said}"
    );
}

#[test]
fn a_firewalls_challenge_ends_the_round_and_is_told_to_a_person() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok(&list_page(&["/d1", "/d2"])),
        "/gate" => answer("412 Precondition Failed", "", b"<script>x</script>"),
        "/d1" | "/d2" => ok("<html><script>$_ts=window['x']</script><body></body></html>"),
        _ => missing(),
    });
    let world = World::new(|_| {});
    let round = world.round(&from(&site, "/gate", HTML), DAY_1, &Memory::default());
    assert!(round.stopped.as_deref().is_some_and(|why| why.contains("asks for a browser")), "{round:?}");
    assert!(told(&round).contains("ask the office for a feed"), "{}", told(&round));
    let sink = Memory::default();
    let round = world.round(&recipe(&site, HTML), DAY_1, &sink);
    assert_eq!((round.kept, round.rejected), (0, 2), "a challenge is no document: {round:?}");
    assert!(round.rejects[0].reason.contains("asks for a browser"), "{round:?}");
}

#[test]
fn labels_choices_and_pictures_of_a_notice() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok(&list_page(&["/d1", "/d2"])),
        "/d1" => ok(
            "<meta name=ArticleTitle content='甲公司召回充电宝'><h1>x</h1><div class=t><table><tr><td>品牌</td><td>甲牌</td></tr>\
             <tr><td>涉及数量</td><td>12 台</td></tr></table><p>发布时间：2024-07-01</p></div>",
        ),
        "/d2" => ok("<h1>乙公司召回插座</h1><div class=t><img src=1.png><img src=2.png></div>"),
        _ => missing(),
    });
    let rest = "kind = \"html\"\n[list]\nitem = \"li\"\nlink = \"a\"\n[detail.fields]\n\
                title = [{ selector = \"meta[name=ArticleTitle]\", attr = \"content\" }, \"h1\"]\ntext = \".t\"\n\
                brand = { label = [\"商标\", \"品牌\"] }\nunits = { selector = \".t\", label = \"涉及数量\" }\n\
                published_at = [{ selector = \".none\" }, { label = \"发布时间\" }]\n\
                page = { selector = \"h1\", template = \"http://127.0.0.1{value:path}\" }\n\
                [expect.filled]\nbrand = 1.0\n";
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&recipe(&site, rest), DAY_1, &sink);
    let documents = sink.documents.lock().unwrap().clone();
    let of =
        |title: &str| documents.values().find(|document| document.title.as_deref() == Some(title)).unwrap().clone();
    let first = of("甲公司召回充电宝");
    assert_eq!((first.meta_str("brand"), first.meta_str("units")), (Some("甲牌"), Some("12 台")));
    assert_eq!(first.published_at, Some(moment("2024-07-01")));
    assert_eq!(of("乙公司召回插座").meta_str("brand"), None);
    assert!(told(&round).contains("the text is pictures alone (2)"), "{}", told(&round));
    assert!(!told(&round).contains("promises"), "two documents say nothing of a share: {}", told(&round));
    let look = World::new(|_| {}).round(&recipe(&site, rest).for_a_look(), DAY_1, &Memory::default());
    assert!(
        told(&look).contains("field `brand` is filled in 1 of 2 documents, the recipe promises 100 %"),
        "{}",
        told(&look)
    );
}

#[test]
fn a_path_in_a_template_keeps_its_slashes_and_leads_to_no_other_host() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok("[{\"l\": \"/d/电 1\"}, {\"l\": \"@other.example/x\"}, {\"l\": \".other.example/x\"}]"),
        "/d/%E7%94%B5%201" => notice("起火"),
        _ => missing(),
    });
    let rest = format!(
        "kind = \"json\"\n[list]\nitems = \"\"\nlink = {{ path = \"/l\", template = \"http://127.0.0.1:{}{{value:path}}\" }}\n{DETAIL}",
        site.port
    );
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&recipe(&site, &rest), DAY_1, &sink);
    assert_eq!((round.kept, round.rejected), (1, 2), "{round:?}");
    assert!(site.asked().iter().all(|path| !path.contains("other")), "{:?}", site.asked());
}

#[test]
fn a_short_notice_that_asks_for_scripts_is_read_and_a_gate_in_its_place_is_told() {
    let script = "<noscript>请启用JavaScript</noscript>";
    let site = Site::serve(move |path, _| match path {
        "/list" => ok(&list_page(&["/d/1", "/d/2"])),
        "/d/1" => ok(&format!("{script}<h1>召回公告</h1><div class=t>充电宝起火</div>")),
        "/d/2" => ok(&format!("{script}<p>请完成验证</p>")),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = from(&site, "/list", &format!("kind = \"html\"\n[list]\nitem = \"li\"\nlink = \"a\"\n{DETAIL}"));
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.kept, sink.texts()), (1, vec!["召回公告\n充电宝起火".to_owned()]), "{round:?}");
    assert!(told(&round).contains("the site asks for a browser or a person"), "{}", told(&round));
}

#[test]
fn the_files_that_a_notice_links_to_are_named_and_those_around_it_are_not() {
    let links = "<a href='/f/1.xlsx'>附件1</a><a href='/f/1.xlsx'>下载</a><a href='b.PDF?x=1'>附件2</a><a href='javascript:a.pdf'>打印</a>";
    let site = Site::serve(move |path, _| match path {
        "/list" => ok(&list_page(&["/d/1"])),
        "/d/1" => ok(&format!("<a href=/app.zip>客户端</a><h1>公告</h1><div class=t>见附件{links}</div>")),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = from(&site, "/list", &format!("kind = \"html\"\n[list]\nitem = \"li\"\nlink = \"a\"\n{DETAIL}"));
    world.round(&recipe, DAY_1, &sink);
    let document = sink.only();
    let named = document.meta_str("linked_files").unwrap();
    let ends: Vec<&str> = named.lines().map(|line| line.rsplit_once('/').unwrap().1).collect();
    assert_eq!(ends, ["1.xlsx", "b.PDF?x=1"], "{named}");
    assert!(named.starts_with("附件1 http"), "{named}");
}
