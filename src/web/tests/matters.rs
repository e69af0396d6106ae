//! Matters over HTTP: from the scheme to the report of a platform, each step by whoever may take it, by form and by JSON.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::matrix::{FORM, OWN, Server, key_of, now};
use store::Store;
use vocabulary::{Act, ActKind, Asked, Concern, Role, Scope, Work, day_of, parse_moment};

const SAMPLE: &str = "sr-a-2024-0708-battery_charger-fire.01";
const JSON: (&str, &str) = ("content-type", "application/json");

/// A service with an organisation of each role, and their tokens; two of the centre, since one writes and another approves.
struct House {
    server: Server,
    centre: String,
    head: String,
    lab: String,
    platform: String,
}

impl House {
    async fn open() -> Self {
        let server = Server::open().await;
        for (name, role) in [("centre", Role::Centre), ("lab", Role::TestBody), ("platform", Role::Platform)] {
            server.add(name, role).await;
        }
        let bearer = async |name: &str| format!("Bearer {}", server.token(name, Scope::ALL).await);
        let (centre, head) = (bearer("centre").await, bearer("centre").await);
        let (lab, platform) = (bearer("lab").await, bearer("platform").await);
        Self { server, centre, head, lab, platform }
    }

    /// Does something about the matter; gives the status and what was said.
    async fn act(&self, token: &str, act: &Value) -> (u16, String) {
        let path = format!("/api/v1/alerts/{OWN}/acts");
        let answer = self.server.ask("POST", &path, &[("authorization", token), JSON], &act.to_string()).await;
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    async fn done(&self, token: &str, act: &Value) {
        let (status, said) = self.act(token, act).await;
        assert_eq!(status, 201, "{act}: {said}");
    }

    async fn refused(&self, token: &str, act: &Value, words: &str) {
        let (status, said) = self.act(token, act).await;
        assert!(status == 409 && said.contains(words), "{act}: {status} {said}");
    }

    async fn get(&self, token: &str, path: &str) -> (u16, String) {
        let answer = self.server.ask("GET", path, &[("authorization", token)], "").await;
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    async fn page(&self, token: &str, path: &str) -> String {
        let (status, page) = self.get(token, path).await;
        assert_eq!(status, 200, "{path}: {page}");
        page
    }

    async fn json(&self, token: &str, path: &str) -> Value {
        serde_json::from_str(&self.page(token, path).await).expect("JSON")
    }

    async fn form(&self, token: &str, form: &str) -> (u16, String) {
        let path = format!("/matters/{OWN}/acts");
        let answer = self.server.ask("POST", &path, &[("authorization", token), FORM], form).await;
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// Registers the laboratory, writes and approves the scheme, gives it on.
    async fn ordered(&self) {
        let body = json!({"name": "lab的单位", "certificate": "CMA 1", "categories": ["battery_charger"],
            "valid_from": "2020-01-01", "valid_until": "2099-12-31"});
        let headers = [("authorization", self.centre.as_str()), JSON];
        let made = self.server.ask("POST", "/api/v1/bodies", &headers, &body.to_string()).await;
        assert_eq!(made.status().as_u16(), 201, "{}", made.text().await.expect("text"));
        self.done(&self.centre, &json!({"kind": "sample"})).await;
        let scheme = json!({"step": "scheme", "batches": 1, "platforms": ["sim.complaints"], "mode": "targeted",
            "deadline": "2099-01-01", "staff": ["采样组"]});
        self.done(&self.centre, &json!({"kind": "scheme", "work": scheme})).await;
        self.refused(&self.centre, &json!({"kind": "approve"}), "另一人批准").await;
        self.refused(&self.lab, &json!({"kind": "approve"}), "不能").await;
        self.done(&self.head, &json!({"kind": "approve"})).await;
        self.done(&self.centre, &json!({"kind": "order", "work": {"step": "order", "to": "采样组"}})).await;
    }

    fn bought() -> Value {
        json!({"kind": "buy", "work": {"step": "buy", "sample": SAMPLE, "platform": "sim.complaints",
            "item_id": "i-77", "seller": "磐能小店", "brand": "磐能", "price_fen": 12_345, "quantity": 3}})
    }

    /// Buys the sample and brings it to the laboratory.
    async fn dispatched(&self) {
        self.refused(&self.lab, &Self::bought(), "不能").await;
        self.refused(&self.platform, &Self::bought(), "不能").await;
        self.done(&self.centre, &Self::bought()).await;
        for work in [
            json!({"step": "receive", "sample": SAMPLE, "condition": "包装完好", "conforms": true}),
            json!({"step": "split", "sample": SAMPLE, "test": 2, "spare": 1, "seals": ["F-1"]}),
            json!({"step": "commission", "body": "lab的单位"}),
            json!({"step": "dispatch", "sample": SAMPLE, "body": "lab的单位"}),
        ] {
            self.done(&self.centre, &json!({"kind": work["step"], "work": work})).await;
        }
    }

    fn result() -> Value {
        let items = json!([{"item": "热滥用", "standard": "GB 31241-2022", "stated": "不起火", "measured": "起火",
            "verdict": "fail"}]);
        json!({"kind": "result", "work": {"step": "result", "sample": SAMPLE, "platform": "sim.complaints",
            "item_id": "i-77", "report": "R-1", "tested_on": day_of(now()).to_string(), "items": items,
            "basis": "standard", "conforms": false}})
    }

    fn addressed(asked: &str) -> Value {
        json!({"kind": "address", "work": {"step": "address", "to": "platform的单位", "role": "platform",
            "concern": "platform", "asked": asked}})
    }
}

/// The names of all fields of a value, all the way down.
fn names(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| names(one, all)),
        Value::Object(fields) => {
            for (name, inner) in fields {
                all.insert(name.clone());
                names(inner, all);
            }
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clause_3_12_and_3_13_a_matter_goes_from_the_scheme_to_the_report_of_the_platform() {
    let house = House::open().await;
    let path = format!("/matters/{OWN}");
    house.ordered().await;
    house.dispatched().await;
    // The laboratory sees what to test, and not how it was bought.
    let page = house.page(&house.lab, &path).await;
    assert!(page.contains(SAMPLE) && page.contains("i-77") && page.contains("热滥用"), "{page}");
    for hidden in ["磐能小店", "123.45", "采样组", "包装完好"] {
        assert!(!page.contains(hidden), "the laboratory is shown {hidden}");
    }
    let mut other = House::result();
    other["work"]["item_id"] = json!("i-78");
    house.refused(&house.lab, &other, "商品ID").await;
    house.refused(&house.platform, &House::result(), "不能").await;
    house.done(&house.lab, &House::result()).await;
    let page = house.page(&house.centre, &path).await;
    for shown in ["检验 1 件，不合格 1 件（100.0%", "95% 区间", "磐能小店", "123.45 元", "实测值 <bdi>起火</bdi>"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // The platform is told, and answers by form and by JSON.
    house.done(&house.centre, &json!({"kind": "notify"})).await;
    house.done(&house.centre, &House::addressed("handle")).await;
    let cookie = house.server.sign_in("platform").await;
    let shown = house.server.ask("GET", &path, &[("cookie", &cookie)], "").await.text().await.expect("text");
    let key = key_of(&shown);
    assert!(shown.contains("value=\"acknowledge\"") && !shown.contains("value=\"buy\""), "{shown}");
    let acts = format!("{path}/acts");
    let headers = [("cookie", cookie.as_str()), FORM];
    let unmeant = house.server.status("POST", &acts, &headers, "kind=acknowledge&of=platform的单位").await;
    assert_eq!(unmeant.as_u16(), 403, "without the key of a form of ours");
    let meant = format!("kind=acknowledge&of=platform的单位&key={key}");
    let meant = house.server.ask("POST", &acts, &headers, &meant).await;
    assert_eq!(meant.status().as_u16(), 303, "{}", meant.text().await.expect("text"));
    assert_eq!(meant.headers()["location"], format!("{path}#work"));
    let measure = json!({"step": "measure", "of": "platform的单位", "measure": "delist", "about": "磐能小店"});
    house.done(&house.platform, &json!({"kind": "measure", "work": measure})).await;
    let other = json!({"step": "measure", "of": "lab的单位", "measure": "delist", "about": "磐能小店"});
    house.refused(&house.platform, &json!({"kind": "measure", "work": other}), "名义").await;
    let today = day_of(now());
    let (status, page) = house.form(&house.platform, &format!("kind=finish&of=platform的单位&on={today}")).await;
    assert_eq!(status, 303, "{page}");
    let report =
        |note: &str| json!({"kind": "report", "note": note, "work": {"step": "report", "of": "platform的单位"}});
    house.refused(&house.platform, &report(""), "说明").await;
    house.done(&house.platform, &report("已下架，通知买家退货")).await;
    let told = house.json(&house.centre, &format!("/api/v1/matters/{OWN}")).await;
    assert_eq!(told["matter"]["recipients"]["platform的单位"]["report"], "已下架，通知买家退货");
    assert_eq!((&told["matter"]["samples"][SAMPLE]["state"], &told["part"]), (&json!("tested"), &Value::Null));
    house.server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clause_3_35_a_platform_is_not_told_of_samples_before_their_results() {
    let house = House::open().await;
    house.ordered().await;
    house.dispatched().await;
    let (page, part) = (format!("/matters/{OWN}"), format!("/api/v1/matters/{OWN}"));
    // Before it is told of the matter there is none for it.
    for path in [&page, &part] {
        assert_eq!(house.get(&house.platform, path).await.0, 404, "{path}");
    }
    assert_eq!(house.json(&house.platform, "/api/v1/matters").await["total"], 0);
    assert_eq!(house.json(&house.platform, "/api/v1/duties").await["total"], 0);
    assert!(!house.page(&house.platform, "/matters").await.contains(OWN));
    // Told, it does not learn that samples are on their way.
    house.done(&house.centre, &House::addressed("know")).await;
    let purchase = [SAMPLE, "磐能小店", "i-77", "123.45", "采样组", "R-1"];
    for path in [&page, &part, &"/matters".to_owned(), &"/api/v1/matters".to_owned()] {
        let text = house.page(&house.platform, path).await;
        for hidden in purchase {
            assert!(!text.contains(hidden), "{path} shows {hidden}: {text}");
        }
    }
    // A result that came later is not told of until it is told again; then of the goods, and nothing of the purchase.
    house.done(&house.lab, &House::result()).await;
    assert_eq!(house.json(&house.platform, &part).await["part"]["results"], json!([]));
    house.done(&house.centre, &House::addressed("handle")).await;
    let told = house.json(&house.platform, &part).await;
    assert_eq!((&told["matter"], &told["part"]["results"][0]["sample"]), (&Value::Null, &json!(SAMPLE)));
    let mut fields = BTreeSet::new();
    names(&told, &mut fields);
    for hidden in ["bought_on", "price_fen", "quantity", "exception", "condition", "recipients", "scheme", "staff"] {
        assert!(!fields.contains(hidden), "{hidden}: {told}");
    }
    let shown = house.page(&house.platform, &page).await;
    assert!(shown.contains("磐能小店") && shown.contains("不合格"), "{shown}");
    for hidden in ["123.45", "购样", "采样方案", "收件单位"] {
        assert!(!shown.contains(hidden), "the platform is shown {hidden}: {shown}");
    }
    house.server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clause_3_14_the_overdue_list_names_who_has_not_replied() {
    let house = House::open().await;
    let act = Act {
        alert_id: OWN.into(),
        at: parse_moment("2024-07-11T09:00:00+08:00").expect("a moment"),
        by: "甲".to_owned(),
        party: "centre的单位".to_owned(),
        kind: ActKind::Address,
        note: String::new(),
        to: None,
        until: None,
        work: Some(Box::new(Work::Address {
            to: "platform的单位".to_owned(),
            role: Role::Platform,
            concern: Concern::Platform,
            region: None,
            asked: Asked::Handle,
        })),
        key: None,
    };
    let mut tx = house.server.folder.tower.store().begin().await.expect("begun");
    Store::add_act(&mut tx, &act).await.expect("kept");
    tx.commit().await.expect("kept");
    let page = house.page(&house.centre, "/matters").await;
    let late = page.split("id=\"overdue\"").nth(1).and_then(|rest| rest.split("</section>").next()).expect("a list");
    let row = late.split("<tr").find(|row| row.contains("platform的单位") && row.contains("签收")).expect("a row");
    // Two working days from Thursday 11 July: Monday 15 July.
    for shown in ["2024-07-11", "2024-07-15", "中心设定", "未核对"] {
        assert!(row.contains(shown), "{shown}: {row}");
    }
    assert!(late.contains("监测中心") && late.contains("首次响应"), "the centre owes, too: {late}");
    let one = house.page(&house.centre, "/matters?owner=platform%E7%9A%84%E5%8D%95%E4%BD%8D&overdue=1").await;
    assert!(one.contains(OWN) && !one.contains("首次响应"), "{one}");
    let told = house.json(&house.centre, "/api/v1/duties?overdue=true").await;
    let lines = told["duties"].as_array().expect("a list");
    let line = lines.iter().find(|line| line["what"] == "acknowledge").expect("a line");
    assert_eq!((&line["owner"]["unit"], &line["last_day"]), (&json!("platform的单位"), &json!("2024-07-15")));
    assert_eq!((&line["verified"], &line["matter"]), (&json!(false), &json!(OWN)));
    assert!(line["days_late"].as_i64().is_some_and(|days| days > 0) && line["done_on"].is_null(), "{line}");
    // The unit sees its own duties and those of nobody else.
    let own = house.json(&house.platform, "/api/v1/duties").await;
    let owners: BTreeSet<&str> =
        own["duties"].as_array().expect("a list").iter().filter_map(|line| line["owner"]["unit"].as_str()).collect();
    assert_eq!(owners, BTreeSet::from(["platform的单位"]), "{own}");
    let page = house.page(&house.platform, "/matters").await;
    assert!(page.contains("我单位的待办") && page.contains("签收") && !page.contains("首次响应"), "{page}");
    assert!(house.page(&house.centre, &format!("/alerts/{OWN}")).await.contains("id=\"matter\""));
    house.server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_stays_in_its_form_with_the_reason() {
    let house = House::open().await;
    house.ordered().await;
    // A field that is missing, and an act that cannot be done now.
    let (status, page) = house.form(&house.centre, "kind=dispatch&sample=sr-x&note=%3Cb%3E").await;
    assert!(status == 400 && page.contains("请填写检验机构") && page.contains("value=\"sr-x\""), "{status}: {page}");
    assert!(page.contains("&#60;b&#62;") && !page.contains("<b>&#60;"), "{page}");
    let (status, page) = house.form(&house.centre, "kind=dispatch&sample=sr-x&body=lab的单位").await;
    assert!(status == 409 && page.contains("没有样品sr-x") && page.contains("value=\"lab的单位\""), "{status}: {page}");
    let (status, page) = house.form(&house.centre, "kind=fly").await;
    assert!(status == 400 && page.contains("fly"), "{status}: {page}");
    // Forms stand there with what is known.
    let page = house.page(&house.centre, &format!("/matters/{OWN}")).await;
    assert!(page.contains(&format!("name=\"sample\" maxlength=\"300\" value=\"{SAMPLE}\"")), "{page}");
    assert!(page.contains("热滥用 | GB 31241-2022"), "{page}");
    let parsed = scraper::Html::parse_document(&page);
    assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
    house.server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clause_3_09_test_bodies_are_registered_by_those_inside_and_shown_with_their_days() {
    let house = House::open().await;
    let form = "name=过期院&certificate=CMA+2&category=toy&category=battery_charger&valid_from=2020-01-01&valid_until=2021-01-01";
    for (token, wanted) in [(&house.centre, 303), (&house.lab, 403), (&house.platform, 403)] {
        let status = house.server.status("POST", "/bodies", &[("authorization", token), FORM], form).await;
        assert_eq!(status.as_u16(), wanted);
    }
    let page = house.page(&house.centre, "/bodies").await;
    let row = page.split("<bdi>过期院</bdi>").nth(1).and_then(|rest| rest.split("</tr>").next()).expect("a row");
    assert!(row.contains("CMA 2") && row.contains("2020-01-01 至 2021-01-01") && row.contains("过期"), "{row}");
    assert!(!house.page(&house.lab, "/bodies").await.contains("<button>登记</button>"), "it looks, and registers none");
    assert_eq!(house.get(&house.platform, "/bodies").await.0, 403);
    house
        .refused(
            &house.centre,
            &json!({"kind": "commission", "work": {"step": "commission", "body": "过期院"}}),
            "有效期",
        )
        .await;
    let wrong = form.replace("2021-01-01", "yesterday");
    let headers = [("authorization", house.centre.as_str()), FORM];
    let refused = house.server.ask("POST", "/bodies", &headers, &wrong).await;
    assert_eq!(refused.status().as_u16(), 400);
    let page = refused.text().await.expect("text");
    assert!(page.contains("不是日期") && page.contains("value=\"过期院\""), "{page}");
    house.server.close().await;
}
