//! The search desk as an analyst uses it: search, export, watch, verify, rebuild.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::run;

const COMPLAINTS: [(&str, &str, &str); 5] = [
    ("a", "充电宝充电时突然起火，沙发烧穿了", "浙江省杭州市"),
    ("b", "移动电源鼓包冒烟，不敢再用", "江苏省南京市"),
    ("c", "充电宝充电时突然起火，沙发烧穿了！", "浙江省宁波市"),
    ("d", "快递太慢，客服态度差", "浙江省杭州市"),
    ("e", "热水器漏电，老人触电", "上海市"),
];

fn lines(complaints: &[(&str, &str, &str)], day: &str) -> String {
    let line = |(id, text, region): &(&str, &str, &str)| {
        let meta = json!({"region": region, "author": format!("u{id}"), "rating": "1"});
        json!({"id": id, "text": text, "published_at": day, "channel": "complaint", "meta": meta}).to_string() + "\n"
    };
    complaints.iter().map(line).collect()
}

fn import(dir: &Path, name: &str, text: &str) {
    let file = dir.join(name);
    fs::write(&file, text).expect("written");
    let (data, file) = (dir.join("data"), file.to_str().expect("UTF-8").to_owned());
    run(&["import", "--source", "s", "--data", data.to_str().expect("UTF-8"), &file]).good();
}

fn search(data: &str, query: &str) -> Value {
    let said = run(&["search", "--json", "--data", data, query]).good();
    serde_json::from_str(&said.out).expect("JSON")
}

fn hits(found: &Value) -> &[Value] {
    found["hits"].as_array().expect("hits")
}

fn ids(found: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> =
        found["hits"].as_array().expect("hits").iter().filter_map(|hit| hit["id"].as_str()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn every_query_that_the_documents_show_is_understood() {
    let dir = tempfile::tempdir().expect("a folder");
    import(dir.path(), "first.ndjson", &lines(&COMPLAINTS, "2024-05-01"));
    let path = dir.path().join("data");
    let data = path.to_str().expect("UTF-8");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shown = regex::Regex::new(r"wanglou (?:search|export --query|watch add \S+) '([^']+)'").expect("a pattern");
    let mut queries = 0;
    for page in ["README.md", "docs/commands.md", "docs/search.md"] {
        let text = fs::read_to_string(root.join(page)).expect("read");
        for found in shown.captures_iter(&text) {
            let said = run(&["search", "--data", data, &found[1]]);
            assert_eq!(said.status, 0, "{page}: {}\n{}", &found[1], said.err);
            queries += 1;
        }
    }
    assert!(queries >= 4, "only {queries} are shown");
}

#[test]
fn a_day_at_the_search_desk() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("data");
    let data = path.to_str().expect("UTF-8");
    import(dir.path(), "first.ndjson", &lines(&COMPLAINTS, "2024-05-01"));

    let found = search(data, "充电宝");
    assert_eq!(ids(&found), ["a", "b", "c"], "a power bank is also called 移动电源");
    assert_eq!(found["expansions"][0]["also"], json!(["移动电源"]));
    assert_eq!(found["counts"], json!({"reports": 3, "texts": 2, "actors": 3, "places": 3}));
    assert_eq!(ids(&search(data, "充電寶 synonyms:off")), ["a", "c"]);
    assert_eq!(ids(&search(data, "signal:fire region:浙江")), ["a", "c"]);
    assert_eq!(ids(&search(data, "充电 NEAR/5 起火 reprints:hide")).len(), 1);
    let refused = run(&["search", "--data", data, "充电宝 region:杭周"]);
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("不认识地名“杭周”") && refused.err.contains('^'), "{}", refused.err);

    // An export holds exactly what the search counts, and says what it is.
    for format in ["csv", "xlsx", "ndjson", "parquet"] {
        let out = dir.path().join(format!("power banks.{format}"));
        let out = out.to_str().expect("UTF-8");
        run(&["export", "--data", data, "--query", "充电宝", "--out", out]).good();
        let manifest: Value =
            serde_json::from_str(&fs::read_to_string(format!("{out}.manifest.json")).expect("a manifest"))
                .expect("JSON");
        assert_eq!(
            (&manifest["total"], &manifest["rows"], &manifest["format"]),
            (&json!(3), &json!(3), &json!(format))
        );
        let bytes = fs::read(out).expect("a file");
        assert_eq!(manifest["blake3"], blake3::hash(&bytes).to_hex().as_str());
        if format == "ndjson" {
            let lines = String::from_utf8(bytes).expect("UTF-8");
            let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            assert_eq!(lines.len(), 3);
            for line in &lines {
                let hit = hits(&found).iter().find(|hit| hit["id"] == line["id"]).expect("a hit");
                let (_, text, _) = COMPLAINTS.iter().find(|(id, ..)| line["id"] == *id).expect("one of ours");
                let read = &line["meta"]["found"];
                assert_eq!((line["text"].as_str(), &line["source"]), (Some(*text), &json!("s")), "{line}");
                for field in ["story", "severity", "brand", "region", "categories", "hazards"] {
                    assert_eq!(read[field], hit[field], "{field} of {line}");
                }
            }
            let story = |id: &str| {
                let line = lines.iter().find(|line| line["id"] == id).expect("a line");
                line["meta"]["found"]["story"].as_u64().expect("a number")
            };
            assert_eq!((story("a"), story("a") > 0), (story("c"), true), "c retells a");
            assert_ne!(story("a"), story("b"));
        }
    }
    let refused = run(&["export", "--data", data, "--query", "充电宝", "--out", "x.doc"]);
    assert_eq!(refused.status, 2, "{}", refused.err);

    // A watch is told of what comes from now on, of each story once.
    run(&["watch", "add", "浙江充电宝", "充电宝 地区:浙江", "--only-new", "--data", data]).good();
    assert_eq!(run(&["watch", "add", "浙江充电宝", "x", "--data", data]).status, 2, "the name is taken");
    assert_eq!(run(&["watch", "add", "坏", "x (", "--data", data]).status, 2);
    let more = [
        ("f", "充电宝充电时突然起火，沙发烧穿了。", "浙江省杭州市"),
        ("g", "共享充电宝在商场里自燃，店员用灭火器扑灭", "浙江省温州市"),
        ("h", "共享充电宝在商场里自燃，店员用灭火器扑灭了", "浙江省温州市"),
        ("i", "充电宝起火", "广东省广州市"),
    ];
    import(dir.path(), "second.ndjson", &lines(&more, "2024-05-02"));
    let came: Value = serde_json::from_str(&run(&["watch", "show", "浙江充电宝", "--json", "--data", data]).good().out)
        .expect("JSON");
    let came: Vec<&str> = came.as_array().expect("a list").iter().filter_map(|hit| hit["document"].as_str()).collect();
    assert_eq!(came, ["g", "f"], "newest first; h retells g");
    let digest = run(&["watch", "digest", "--json", "--data", data]).good().out;
    assert_eq!(serde_json::from_str::<Value>(&digest).expect("one message")["total"], 2);
    assert_eq!(run(&["watch", "digest", "--data", data]).good().out, "", "told once");
    run(&["watch", "remove", "浙江充电宝", "--data", data]).good();
}

#[test]
fn what_a_seller_sells_is_found_by_its_name_and_item_id() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("data");
    let data = path.to_str().expect("UTF-8");
    let goods = |id: &str, channel: &str, text: &str, meta: Value| {
        let day = "2024-05-01";
        json!({"id": id, "text": text, "published_at": day, "channel": channel, "meta": meta}).to_string() + "\n"
    };
    let (shop, other) = ("小熊电器旗舰店", "云鹊专卖店");
    let offer = |seller: &str, item: &str, model: &str| {
        let (platform, price) = ("京东", "99");
        json!({"seller": seller, "item_id": item, "model": model, "platform": platform, "price": price})
    };
    let lines = [
        goods("offer", "platform", "电煮锅 1.5L", offer(shop, "100012043978", "KD-15A")),
        goods("second", "platform", "电热水壶 大容量", offer(shop, "100012043979", "KD-15B")),
        goods("elsewhere", "platform", "加湿器 静音", offer(other, "100012043980", "KD-15A")),
        goods("complaint", "complaint", "在小熊电器旗舰店买的充电宝充电时突然起火，沙发烧穿了", json!({})),
    ];
    import(dir.path(), "goods.ndjson", &lines.concat());
    assert_eq!(ids(&search(data, "seller:小熊电器旗舰店")), ["complaint", "offer", "second"]);
    assert_eq!(ids(&search(data, "卖家:小熊電器旗艦店 signal:fire")), ["complaint"]);
    assert_eq!(ids(&search(data, "seller:小熊")), Vec::<&str>::new(), "a beginning is no name");
    assert_eq!(ids(&search(data, "item:100012043978,100012043980")), ["elsewhere", "offer"]);
    assert_eq!(ids(&search(data, "model:kd-15a platform:京东 -seller:云鹊专卖店")), ["offer"]);

    // A table names them, too.
    let out = dir.path().join("goods.csv");
    let out = out.to_str().expect("UTF-8");
    run(&["export", "--data", data, "--query", "item:100012043978", "--out", out]).good();
    let table = fs::read_to_string(out).expect("read");
    let mut lines = table.trim_start_matches('\u{feff}').lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (heads, cells) = (lines.next().expect("a head"), lines.next().expect("a row"));
    let cell = |name: &str| heads.iter().position(|head| *head == name).and_then(|at| cells.get(at)).copied();
    assert_eq!(["seller", "item_id", "model"].map(cell), [Some(shop), Some("100012043978"), Some("KD-15A")]);
}

#[test]
fn a_broken_index_is_found_and_made_anew_from_the_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("data");
    let data = path.to_str().expect("UTF-8");
    import(dir.path(), "first.ndjson", &lines(&COMPLAINTS, "2024-05-01"));
    let verified = || {
        let said = run(&["index", "verify", "--json", "--data", data]);
        (said.status, serde_json::from_str::<Value>(&said.out).expect("JSON"))
    };
    let (status, report) = verified();
    assert_eq!((status, &report["expected"], &report["missing_total"]), (0, &json!(5), &json!(0)));

    let before = ids(&search(data, "sort:date")).join(" ");
    let segment = fs::read_dir(path.join("index"))
        .expect("listed")
        .map(|entry| entry.expect("listed").path())
        .find(|path| path.extension().is_some_and(|ending| ending == "pos"))
        .expect("a file of positions");
    let mut bytes = fs::read(&segment).expect("read");
    bytes[0] ^= 1;
    fs::write(&segment, bytes).expect("written");
    let (status, report) = verified();
    assert_eq!(status, 1);
    assert!(report["damage"].as_str().expect("damage").contains(".pos"), "{report}");

    run(&["index", "rebuild", "--data", data]).good();
    assert_eq!(verified().0, 0);
    assert_eq!(ids(&search(data, "sort:date")).join(" "), before);
    assert!(!path.join("index.new").exists() && !path.join("index.old").exists());
}
