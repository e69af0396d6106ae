//! A centre handles a matter by commands alone: from an alert to samples, tests, a platform that is told, and the end.

use std::fs;
use std::path::PathBuf;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::support::{Said, run, run_in};
use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::Tower;
use wanglou::vocabulary::{
    AlertEvent, AlertEventKind, AlertId, Disposal, Notice, NoticeKind, SamplingRequest, day_of, parse_moment,
};

/// Header of a file of results.
const HEAD: &str =
    "alert_id,sample,platform,item_id,report,tested_on,item,standard,stated,measured,verdict,basis,conforms";

/// A data folder with one alert that the machine would have notified, and two listings of such goods.
struct Centre {
    dir: tempfile::TempDir,
    alert: String,
}

/// Today, where the clock of the program is.
fn today() -> String {
    day_of(Timestamp::now()).to_string()
}

fn settings(data: PathBuf) -> Settings {
    Settings::load(None, Overrides { data: Some(data), ..Overrides::default() }).expect("good")
}

/// Work on the opened folder.
fn opened<T>(data: PathBuf, work: impl AsyncFnOnce(&Tower) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let tower = Tower::open(&settings(data)).await.expect("opened");
        let done = work(&tower).await;
        tower.close().await.expect("closed");
        done
    })
}

impl Centre {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let data = dir.path().join("data");
        let death = json!({"id": "d1", "text": "家里热水器漏电，我妈洗澡时触电身亡", "channel": "regulator",
            "published_at": "2024-05-03"});
        let listing = |number: u32, sold: u32| {
            json!({"id": format!("l{number}"), "text": "储水式电热水器 60升 一级能效", "channel": "platform",
                "published_at": "2024-05-01", "meta": {"item_id": format!("i{number}"), "seller": format!("店{number}"),
                "brand": format!("牌子{number}"), "platform": "商城", "platform_category": "热水器", "price": 899, "sold": sold}})
        };
        for (source, lines) in [("notices", vec![death]), ("shop", vec![listing(1, 900), listing(2, 500)])] {
            let file = dir.path().join(format!("{source}.ndjson"));
            fs::write(&file, lines.iter().map(|line| line.to_string() + "\n").collect::<String>()).expect("written");
            let (data, file) = (data.to_str().expect("UTF-8"), file.to_str().expect("UTF-8"));
            run(&["import", "--data", data, "--source", source, file]).good();
        }
        let alert = opened(data, async |tower| {
            let judged = tower.judge(parse_moment("2024-05-04 09:00:00").expect("a moment")).await.expect("judged");
            assert_eq!(judged.alerts.len(), 1, "{:?}", judged.alerts);
            assert_eq!((judged.alerts[0].assessment.disposal, judged.requests.len()), (Disposal::Notify, 0));
            judged.alerts[0].id.to_string()
        });
        Self { dir, alert }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn run(&self, args: &[&str]) -> Said {
        let data = self.data();
        run(&[args, &["--data", data.to_str().expect("UTF-8")]].concat())
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.run(args).good().out).expect("JSON")
    }

    /// Something about how the alert stands.
    fn stage(&self, kind: &str, note: &str) -> Said {
        self.run(&["alerts", "act", &self.alert, kind, "--by", "王", "--note", note])
    }

    /// Something about the matter, with its fields.
    fn act(&self, by: &str, kind: &str, fields: &[&str]) -> Said {
        let set: Vec<&str> = fields.iter().flat_map(|field| ["--set", *field]).collect();
        self.run(&[&["matter", "act", self.alert.as_str(), kind, "--by", by][..], &set].concat())
    }

    /// Something that the platform did, which the centre writes down.
    fn by_the_platform(&self, kind: &str, note: &str, fields: &[&str]) -> Said {
        let set: Vec<&str> = fields.iter().flat_map(|field| ["--set", *field]).collect();
        let begin = ["matter", "act", self.alert.as_str(), kind, "--by", "王", "--for", "商城", "--note", note];
        self.run(&[&begin[..], &set].concat())
    }

    fn request(&self) -> SamplingRequest {
        let id = AlertId::from(self.alert.as_str());
        opened(self.data(), async |tower| tower.store().sampling_request(&id).await.expect("read").expect("a request"))
    }

    /// Everything up to samples that wait at the test body; gives their numbers.
    fn sampled(&self) -> Vec<String> {
        self.stage("sample", "").good();
        let scheme = ["batches=2", "mode=targeted", "deadline=2099-12-31", "staff=采样组"];
        self.act("王", "scheme", &scheme).good();
        let own = self.act("王", "approve", &[]);
        assert!(own.status == 2 && own.err.contains("另一人批准"), "{}", own.err);
        self.act("主任", "approve", &[]).good();
        self.act("王", "order", &["to=采样组"]).good();
        let unknown = self.act("王", "commission", &["body=检测院"]);
        assert!(unknown.status == 2 && unknown.err.contains("名录中没有"), "{}", unknown.err);
        let body = ["matter", "bodies", "add", "检测院", "--certificate", "231000000001", "--category", "water_heater"];
        self.run(&[&body[..], &["--from", "2020-01-01", "--until", "2099-12-31", "--by", "王"]].concat()).good();
        self.act("王", "commission", &["body=检测院"]).good();
        (1..=2)
            .map(|number: u32| {
                let (item, seller) = (format!("item_id=i{number}"), format!("seller=店{number}"));
                let bought = self.act("李", "buy", &["platform=商城", &item, &seller, "quantity=3", "price_fen=899"]);
                let id = bought.good().out.lines().next().expect("a number").to_owned();
                let sample = format!("sample={id}");
                self.act("李", "receive", &[&sample, "condition=包装完好", "conforms=yes"]).good();
                self.act("李", "split", &[&sample, "test=2", "spare=1", "seals=F1\\nF2"]).good();
                self.act("李", "dispatch", &[&sample, "body=检测院"]).good();
                id
            })
            .collect()
    }

    /// A file of results: of the first sample two items, of the second one with this verdict.
    fn results(&self, samples: &[String], second: &str) -> String {
        let (alert, today) = (&self.alert, today());
        let row = |at: usize, item: &str, measured: &str, verdict: &str, conforms: &str| {
            let (sample, number) = (&samples[at], at + 1);
            format!(
                "{alert},{sample},商城,i{number},R-{number},{today},{item},GB 4706.12-2006,不大于0.75mA,{measured},{verdict},standard,{conforms}\n"
            )
        };
        let rows = [
            row(0, "泄漏电流", "2.1mA", "fail", "no"),
            row(0, "接地电阻", "0.05Ω", "pass", "no"),
            row(1, "泄漏电流", "0.1mA", second, "yes"),
        ];
        let file = self.dir.path().join("results.csv");
        fs::write(&file, format!("{HEAD}\n{}", rows.concat())).expect("written");
        file.to_str().expect("UTF-8").to_owned()
    }
}

#[test]
fn clause_3_08_a_request_is_made_by_hand_and_followed_to_the_end() {
    let centre = Centre::new();
    let samples = centre.sampled();
    let request = centre.request();
    assert!(request.platforms == ["商城"] && !request.items.is_empty(), "{request:?}");
    centre.run(&["matter", "results", &centre.results(&samples, "pass"), "--by", "检测院王工"]).good();
    centre.stage("confirm", "一批不合格").good();
    centre.act("王", "address", &["to=商城", "role=platform", "concern=platform", "asked=handle"]).good();
    let open = centre.stage("handle", "");
    assert!(open.status == 2 && open.err.contains("商城未报送处理情况"), "{}", open.err);
    centre.by_the_platform("acknowledge", "", &[]).good();
    centre.by_the_platform("measure", "", &["measure=delist", "about=店1"]).good();
    centre.by_the_platform("finish", "", &[&format!("on={}", today())]).good();
    let reported = centre.by_the_platform("report", "已全部下架", &[]).good();
    assert!(reported.out.contains("属实"), "{}", reported.out);
    centre.stage("handle", "").good();
    centre.stage("close", "").good();

    let told = centre.json(&["matter", "show", &centre.alert, "--json"]);
    let (matter, duties) = (&told["matter"], told["duties"].as_array().expect("clocks"));
    assert_eq!((&matter["casework"]["stage"], &matter["closed_on"]), (&json!("closed"), &json!(today())));
    let first = &matter["samples"][&samples[0]];
    assert_eq!(
        (&first["state"], &first["seals"], &first["results"][0]["conforms"]),
        (&json!("tested"), &json!(["F1", "F2"]), &json!(false))
    );
    assert_eq!(first["results"][0]["items"][0]["stated"], "不大于0.75mA");
    assert_eq!(first["condition"], "包装完好");
    let recipient = &matter["recipients"]["商城"];
    assert_eq!((&recipient["report"], &recipient["reported_on"]), (&json!("已全部下架"), &json!(today())));
    assert!(duties.iter().all(|duty| !duty["done_on"].is_null()), "nothing is owed at the end: {told}");
    assert!(duties.iter().any(|duty| duty["what"] == "first_response" && duty["owner"] == "centre"), "{told}");

    // People read the same, and whoever sits in the centre sees that nothing is left.
    let shown = centre.run(&["matter", "show", &centre.alert]).good().out;
    for word in ["采样方案", "泄漏电流", "不合格", "下架", "报送处理情况", "DB33/T 980 §6.4", "未核对"]
    {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    assert_eq!(centre.json(&["matter", "list", "--json"])["matters"], json!([]));
    assert_eq!(centre.json(&["matter", "list", "--all", "--json"])["matters"][0]["samples"]["failed"], 1);

    // Every step left a line, and the chain of lines holds.
    let audit = centre.run(&["audit", "list"]).good().out;
    let lines: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for kind in ["sample", "scheme", "approve", "buy", "receive", "split", "dispatch", "result", "address", "report"] {
        assert!(
            lines.iter().any(|line| line["about"] == centre.alert.as_str() && line["detail"] == kind),
            "{kind}: {audit}"
        );
    }
    assert!(lines.iter().any(|line| line["about"] == "检测院" && line["who"] == "王"), "{audit}");
    centre.run(&["audit", "verify"]).good();
}

#[test]
fn clause_3_12_a_malformed_row_is_told_with_its_line_and_takes_its_own_result_alone() {
    let centre = Centre::new();
    let samples = centre.sampled();
    let take = |second: &str| centre.run(&["matter", "results", &centre.results(&samples, second), "--by", "王工"]);
    let counted = |said: &Said| said.out.lines().next().expect("counts").to_owned();
    let said = take("maybe");
    assert_eq!((said.status, counted(&said).as_str()), (2, "collected 2 = kept 1 + duplicate 0 + rejected 1"));
    assert!(said.err.contains("第 4 行") && said.err.contains("maybe"), "{}", said.err);
    let said = take("pass").good();
    assert_eq!(counted(&said), "collected 2 = kept 1 + duplicate 1 + rejected 0");
    let said = take("pass").good();
    assert_eq!(counted(&said), "collected 2 = kept 0 + duplicate 2 + rejected 0");
}

#[test]
fn clause_3_43_the_item_id_is_the_same_from_listing_to_result() {
    let centre = Centre::new();
    let samples = centre.sampled();
    let request = centre.request();
    let sellers: Vec<(&str, &str)> = request
        .sellers
        .iter()
        .map(|seller| (seller.listing.platform.as_str(), seller.listing.item_id.as_str()))
        .collect();
    assert_eq!(sellers, [("商城", "i1"), ("商城", "i2")], "as the pages of the goods say");
    // Another item than was bought is no result of the sample.
    let file = centre.results(&samples, "pass");
    let text = fs::read_to_string(&file).expect("read");
    fs::write(&file, text.replace("商城,i2,", "商城,i7,")).expect("written");
    let said = centre.run(&["matter", "results", &file, "--by", "王工"]);
    assert!(said.status == 2 && said.err.contains("i7") && said.err.contains("i2"), "{}", said.err);
    centre.run(&["matter", "results", &centre.results(&samples, "pass"), "--by", "王工"]).good();
    let outcomes = centre.run(&["alerts", "outcomes"]).good().out;
    let outcomes: Vec<Value> = outcomes.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (sample, (platform, item_id)) in samples.iter().zip(sellers) {
        let of = json!([sample, { "platform": platform, "item_id": item_id }]);
        let found: Vec<&Value> = outcomes.iter().filter(|outcome| outcome["of_sample"] == of).collect();
        assert!(found.len() == 1 && found[0]["alert_id"] == centre.alert.as_str(), "{sample}: {outcomes:?}");
    }
}

#[test]
fn clause_3_29_what_the_machine_excludes_is_kept_with_its_reason_and_can_be_looked_at() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, file) = (dir.path().join("data"), dir.path().join("complaints.ndjson"));
    // One event, told twice.
    let told =
        |id: &str| json!({"id": id, "text": "充电宝充电时起火", "channel": "complaint", "published_at": "2024-05-03"});
    fs::write(&file, format!("{}\n{}\n", told("a"), told("b"))).expect("written");
    let folder = data.to_str().expect("UTF-8");
    run(&["import", "--data", folder, "--source", "hotline", file.to_str().expect("UTF-8")]).good();
    let judged = |day: &str| {
        let now = parse_moment(&format!("{day} 09:00:00")).expect("a moment");
        opened(data.clone(), async |tower| tower.judge(now).await.expect("judged"))
    };
    let first = judged("2024-05-04");
    assert!(first.alerts.is_empty() && first.events.is_empty(), "it emits no alert: {:?}", first.events);
    let list = |more: &[&str]| -> Value {
        let said = run(&[&["alerts", "excluded", "--json", "--data", folder][..], more].concat()).good();
        serde_json::from_str::<Value>(&said.out).expect("JSON")["excluded"].clone()
    };
    let row = list(&[])[0].clone();
    assert_eq!(
        (&row["category"], &row["hazard"], &row["as_of"]),
        (&json!("battery_charger"), &json!("fire"), &json!("2024-05-04"))
    );
    assert_eq!(row["rule"], "exclude.below_line");
    assert!(row["why"].as_str().is_some_and(|why| why.contains("未越过门限，也无单件规则命中")), "{row}");
    assert_eq!(list(&["--category", "battery_charger"]).as_array().map(Vec::len), Some(1));
    assert_eq!(list(&["--category", "toy"]), json!([]));

    // Somebody wants it looked at: the list and the audit log say who and why, and a later judgement leaves that alone.
    let key = row["key"].as_str().expect("a key");
    let look = |key: &str, why: &str| run(&["alerts", "look", key, "--by", "王", "--why", why, "--data", folder]);
    let refused = look("x-none", "看看");
    assert!(refused.status == 2 && refused.err.contains("alerts excluded"), "{}", refused.err);
    assert_eq!(look(key, " ").status, 2, "without a reason");
    look(key, "同一厂家第三次").good();
    judged("2024-05-05");
    let row = list(&[])[0].clone();
    assert_eq!((&row["looked"]["by"], &row["looked"]["why"]), (&json!("王"), &json!("同一厂家第三次")));
    let shown = run(&["alerts", "excluded", "--data", folder]).good().out;
    assert!(shown.contains(key) && shown.contains("待人工查看：王"), "{shown}");
    let audit = run(&["audit", "list", "--data", folder]).good().out;
    let looked =
        audit.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).find(|line| line["about"] == key);
    assert_eq!(
        looked.map(|line| (line["who"].clone(), line["detail"].clone())),
        Some((json!("王"), json!("look: 同一厂家第三次")))
    );
}

/// Complaints of one hazard from everywhere, each in its own words: reprints of one story would be one event.
const COMPLAINTS: &[(&str, &str)] = &[
    ("浙江省", "热水器漏电，洗澡时手一碰水龙头就发麻"),
    ("江苏省", "新买的电热水器装好第三天就漏电跳闸"),
    ("广东省", "电热水器外壳带电，摸上去触电"),
    ("山东省", "洗澡洗到一半被热水器电了一下，师傅说是漏电"),
    ("四川省", "老房子换了热水器，花洒出水漏电，孩子被电哭"),
    ("河南省", "热水器防电墙不起作用，漏电，售后推脱"),
    ("湖北省", "储水式热水器用了半年内胆进水漏电"),
    ("福建省", "物业检查发现租客家的热水器漏电，已断电"),
    ("湖南省", "母亲用热水器洗头时触电，幸好及时拔了插头"),
    ("安徽省", "投诉商家：热水器漏电两次，维修后仍然漏电"),
];

/// What the watch did once the alert of a centre was excluded and its matter then rose to many brands and provinces.
fn excluded_and_risen(more: &[&str]) -> (Centre, Vec<Value>) {
    let centre = Centre::new();
    let exclude = ["alerts", "act", &centre.alert, "exclude", "--by", "王", "--note", "已核实为个案"];
    centre.run(&[&exclude[..], more].concat()).good();
    let complaint = |(number, (province, text)): (usize, &(&str, &str))| {
        json!({"id": format!("c{number}"), "text": text, "channel": "complaint", "published_at": "2024-05-04",
            "meta": {"brand": format!("牌子{number}"), "author": format!("用户{number}"), "region": province}})
    };
    let lines = COMPLAINTS.iter().enumerate().map(|told| complaint(told).to_string() + "\n");
    let file = centre.dir.path().join("complaints.ndjson");
    fs::write(&file, lines.collect::<String>()).expect("written");
    centre.run(&["import", "--source", "hotline", file.to_str().expect("UTF-8")]).good();
    let judged = opened(centre.data(), async |tower| {
        tower.judge(parse_moment("2024-05-05 09:00:00").expect("a moment")).await.expect("judged")
    });
    let raised = |event: &AlertEvent| event.event == AlertEventKind::Raised && event.alert_id.as_str() == centre.alert;
    assert!(judged.events.iter().any(raised), "it is raised: {:?}", judged.events);
    let acts = centre.run(&["alerts", "acts", &centre.alert]).good().out;
    let acts = acts.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (centre, acts)
}

#[test]
fn clause_3_29_an_alert_excluded_until_it_rises_is_opened_again_by_the_watch_when_it_does() {
    let (centre, acts) = excluded_and_risen(&["--until-rise"]);
    let [excluded, opened] = acts.as_slice() else { panic!("{acts:?}") };
    assert_eq!((&excluded["kind"], &excluded["work"]["until_rise"]), (&json!("exclude"), &json!(true)));
    assert_eq!((&opened["kind"], &opened["by"]), (&json!("reopen"), &json!("望楼")));
    let told = centre.json(&["matter", "show", &centre.alert, "--json"]);
    assert_eq!(told["matter"]["casework"]["stage"], "review");
    // It is for exclusions alone.
    let mixed = centre.run(&["alerts", "act", &centre.alert, "notify", "--by", "王", "--until-rise"]);
    assert_eq!(mixed.status, 2, "{}", mixed.err);
}

#[test]
fn clause_3_29_an_alert_excluded_plainly_stays_excluded_though_it_rises() {
    let (centre, acts) = excluded_and_risen(&[]);
    assert_eq!(acts.len(), 1, "{acts:?}");
    let told = centre.json(&["matter", "show", &centre.alert, "--json"]);
    assert_eq!(told["matter"]["casework"]["stage"], "excluded");
}

#[test]
fn clause_3_48_a_platform_that_does_not_report_is_overdue_on_a_later_day() {
    let centre = Centre::new();
    centre.stage("notify", "").good();
    centre.act("王", "address", &["to=商城", "role=platform", "concern=platform", "asked=handle"]).good();
    centre.by_the_platform("finish", "无货可处理", &[&format!("on={}", today())]).good();
    let reports = |on: &str| {
        let told = centre.json(&["matter", "duties", "--on", on, "--json"]);
        let duties = told["duties"].as_array().expect("a list").clone();
        duties.into_iter().find(|duty| duty["what"] == "report").expect("it owes a report")
    };
    let now = reports(&today());
    assert_eq!((&now["overdue"], &now["owner"]["unit"]), (&json!(false), &json!("商城")));
    assert_eq!((&now["limit"]["clock"], &now["limit"]["verified"]), (&json!("platform_report"), &json!(true)));
    let last_day = now["limit"]["last_day"].as_str().expect("a day");
    assert_eq!(reports(last_day)["overdue"], false, "in time on the last day");
    let day_after = last_day.parse::<jiff::civil::Date>().expect("a day").tomorrow().expect("a day").to_string();
    let late = reports(&day_after);
    assert_eq!((&late["overdue"], &late["days_late"]), (&json!(true), &json!(1)));
    let listed = centre.run(&["matter", "duties", "--overdue", "--on", &day_after]).good().out;
    assert!(listed.contains("商城  报送处理情况") && listed.contains("逾期 1 天"), "{listed}");
    let listed = centre.json(&["matter", "list", "--overdue", "--owner", "商城", "--on", &day_after, "--json"]);
    assert_eq!(listed["matters"][0]["id"], centre.alert.as_str());
    // Once it has reported, it owes nothing.
    centre.by_the_platform("report", "无货可处理", &[]).good();
    let told = centre.json(&["matter", "duties", "--on", &day_after, "--json"]);
    assert!(told["duties"].as_array().expect("a list").iter().all(|duty| duty["what"] != "report"), "{told}");
}

#[test]
fn clause_3_13_what_ran_out_is_told_once_and_one_notice_a_day() {
    let centre = Centre::new();
    let told = |day: &str| {
        opened(centre.data(), async |tower| {
            tower.judge(parse_moment(&format!("{day} 09:00:00")).expect("a moment")).await.expect("judged");
            let notices = tower.store().notices_after(0, 100).await.expect("read");
            notices.into_iter().map(|(_, notice)| notice).collect::<Vec<Notice>>()
        })
    };
    // The alert opened on a Saturday: somebody looks at it by Monday.
    assert_eq!(told("2024-05-06"), [], "its last day");
    let first = told("2024-05-07");
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!((first[0].kind, first[0].about.as_str()), (NoticeKind::DutiesOverdue, "2024-05-07"));
    for word in
        ["新逾期1项；共逾期1项", "监测中心：首次响应", centre.alert.as_str(), "期限2024-05-06，逾期1天", "未核对"]
    {
        assert!(first[0].text.contains(word), "{word}: {}", first[0].text);
    }
    assert_eq!(told("2024-05-07"), first, "the same day again");
    assert_eq!(told("2024-05-08"), first, "the next day it was told already");
    // A platform is told and does nothing.
    centre.stage("notify", "").good();
    centre.act("王", "address", &["to=商城", "role=platform", "concern=platform", "asked=handle"]).good();
    let day = |days: i64| day_of(Timestamp::now()).checked_add(days.days()).expect("a day").to_string();
    let second = told(&day(60));
    assert_eq!(second.len(), 2, "{second:?}");
    let text = &second[1].text;
    assert!(text.contains("商城：签收") && text.contains("商城：处理") && text.contains("新逾期2项"), "{text}");
    assert_eq!(told(&day(61)), second);
}

#[test]
fn papers_are_printed_and_written_as_files() {
    let centre = Centre::new();
    let samples = centre.sampled();
    let paper = |args: &[&str]| centre.run(&[&["matter", "paper", centre.alert.as_str()][..], args].concat());
    let scheme = paper(&["scheme"]).good().out;
    assert!(scheme.contains("望监采〔") && scheme.contains("主任") && scheme.contains("GB"), "{scheme}");
    let body = paper(&["commission", "--to", "检测院"]).good().out;
    assert!(samples.iter().all(|sample| body.contains(sample)) && !body.contains("店1"), "{body}");
    assert!(paper(&["report"]).status == 2, "nothing is tested yet");
    centre.run(&["matter", "results", &centre.results(&samples, "pass"), "--by", "检测院王工"]).good();
    let draft = paper(&["report"]).good().out;
    assert!(draft.contains("草稿") && draft.contains("检验批次：2") && draft.contains("不合格批次：1"), "{draft}");
    let unknown = paper(&["letter", "--to", "商城"]);
    assert!(unknown.status == 2 && unknown.err.contains("不认识单位“商城”"), "{}", unknown.err);
    centre.stage("confirm", "一批不合格").good();
    centre.act("王", "address", &["to=商城", "role=platform", "concern=platform", "asked=handle"]).good();
    let letter = paper(&["letter", "--to", "商城"]).good().out;
    for word in ["望监函〔", "共检验2批次，不合格1批次", "2.1mA", "未核对", "DB33/T 980 §6.4"] {
        assert!(letter.contains(word), "{word}: {letter}");
    }
    assert!(!letter.contains("草稿"), "{letter}");
    for (name, begin) in [("函.docx", "PK"), ("函.pdf", "%PDF"), ("函.txt", "风险信息告知函")] {
        let file = centre.dir.path().join(name);
        paper(&["letter", "--to", "商城", "--out", file.to_str().expect("UTF-8")]).good();
        assert!(fs::read(&file).expect("written").starts_with(begin.as_bytes()), "{name}");
    }
    let file = centre.dir.path().join("函.odt");
    let said = paper(&["letter", "--to", "商城", "--out", file.to_str().expect("UTF-8")]);
    assert!(said.status == 2 && said.err.contains(".docx") && !file.exists(), "{}", said.err);
}

#[test]
fn what_cannot_be_done_says_what_to_do() {
    let centre = Centre::new();
    let alert = centre.alert.as_str();
    for (args, wanted) in [
        (vec!["matter", "show", "wl-0"], "没有编号为 wl-0 的预警"),
        (vec!["matter", "act", alert, "buy", "--by", "李"], "请填写平台"),
        (vec!["matter", "act", alert, "order", "--by", "李", "--set", "two=x"], "没有字段 `two`"),
        (vec!["matter", "act", alert, "order", "--by", "李", "--set", "to=甲"], "尚无采样方案"),
        (vec!["matter", "act", alert, "buy", "--by", "李", "--for", "甲"], "请去掉 --for"),
        (vec!["matter", "act", alert, "approve"], "缺少"),
        (
            vec![
                "matter",
                "bodies",
                "add",
                "甲",
                "--certificate",
                "1",
                "--category",
                "water_heater",
                "--from",
                "2026-01-02",
                "--until",
                "2026-01-01",
                "--by",
                "王",
            ],
            "早于起始日",
        ),
    ] {
        let said = centre.run(&args);
        assert!(said.status == 2 && said.err.contains(wanted), "{args:?}: {}", said.err);
    }
    let fields = run(&["matter", "act", "--fields", "result"]).good().out;
    assert!(
        fields.contains("item | standard | stated | measured | verdict") && fields.contains("monitoring"),
        "{fields}"
    );
    assert!(run(&["matter", "clocks"]).good().out.contains("platform_report  平台报送处理情况  5 日"));
    assert!(
        run(&["matter", "calendar"]).good().out.contains("2026  国务院办公厅关于2026年部分节假日安排的通知  未核对")
    );
}

#[test]
fn clause_1_26_anybody_draws_the_same_samples_again_from_frame_and_seed() {
    let centre = Centre::new();
    let alert = centre.alert.as_str();
    centre.stage("sample", "").good();
    centre.act("王", "scheme", &["batches=2", "mode=random", "deadline=2099-12-31", "staff=采样组"]).good();
    centre.act("主任", "approve", &[]).good();
    centre.act("王", "order", &["to=采样组"]).good();
    let early = centre.run(&["sampling", "draw", alert, "--by", "王"]);
    assert!(early.status == 2 && early.err.contains("先公布种子摘要"), "{}", early.err);
    let digest = centre.run(&["sampling", "commit", alert, "--by", "王"]).good().out.trim().to_owned();
    let shown = centre.json(&["matter", "show", alert, "--json"]);
    assert_eq!(shown["matter"]["draws"][0]["digest"], digest.as_str());
    assert_eq!(shown["matter"]["draws"][0]["drawn"], Value::Null, "the seed is told by the draw alone");
    let drawn = centre.run(&["sampling", "draw", alert, "--by", "王"]).good().out;
    assert_eq!(drawn.lines().count(), 2, "{drawn}");
    let shown = centre.json(&["matter", "show", alert, "--json"]);
    let draw = &shown["matter"]["draws"][0]["drawn"];
    let (seed, frame) = (draw["seed"].as_str().expect("a seed"), draw["frame"].as_str().expect("a frame"));
    // A stranger with the frame and the seed, and no data folder.
    let csv = centre.run(&["sampling", "frame", frame]).good().out;
    let file = centre.dir.path().join("frame.csv");
    fs::write(&file, &csv).expect("written");
    let file = file.to_str().expect("UTF-8");
    let again = run(&["sampling", "redraw", file, "--seed", seed, "--alert", alert, "--batches", "2"]).good();
    assert_eq!(again.out, drawn);
    assert!(again.err.contains(&digest), "the seed is the one that was committed to: {}", again.err);
    // A further draw is possible, and has to say why; the first one stays to be seen.
    let further = centre.run(&["sampling", "commit", alert, "--by", "王"]);
    assert!(further.status == 2 && further.err.contains("再次公布应写明理由"), "{}", further.err);
    // What was not drawn is bought with a reason alone.
    let other = centre.act("李", "buy", &["platform=商城", "item_id=i9", "seller=店9", "quantity=1"]);
    assert!(other.status == 2 && other.err.contains("不在抽取结果中"), "{}", other.err);
}

#[test]
fn clause_3_13_a_centre_brings_its_own_clocks_and_a_wrong_table_is_named() {
    let centre = Centre::new();
    let dir = centre.dir.path().join("handling");
    fs::create_dir(&dir).expect("made");
    let shipped = |name: &str| {
        fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/handling").join(name))
            .expect("read")
    };
    for name in ["calendar.toml", "measures.toml"] {
        fs::write(dir.join(name), shipped(name)).expect("written");
    }
    let own = shipped("clocks.toml").replacen("days = 1\n", "days = 7\n", 1);
    fs::write(dir.join("clocks.toml"), own).expect("written");
    let due = |env: &[(&str, &str)]| {
        let data = centre.data();
        let args = ["matter", "duties", "--json", "--data", data.to_str().expect("UTF-8")];
        let said = run_in(env, &args);
        serde_json::from_str::<Value>(&said.good().out).expect("JSON")["duties"][0]["limit"]["last_day"].clone()
    };
    let named = dir.to_str().expect("UTF-8");
    let (before, after) = (due(&[]), due(&[("WANGLOU_HANDLING", named)]));
    assert!(before.as_str() < after.as_str(), "{before} {after}");
    fs::write(dir.join("clocks.toml"), "[[clock]]\nid = \"x\"\n").expect("written");
    let data = centre.data();
    let args = ["matter", "duties", "--data", data.to_str().expect("UTF-8")];
    let wrong = run_in(&[("WANGLOU_HANDLING", named)], &args);
    assert!(wrong.status == 2 && wrong.err.contains("clocks.toml"), "{}", wrong.err);
}
