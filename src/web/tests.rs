//! Promises of the web server, kept over real HTTP on loopback.

mod audit;
mod bodies;
mod exchange;
mod matters;
mod papers;

use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use pipeline::ZIP_ROWS_MAX;
use reqwest::{Method, StatusCode};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::limits::{BODY_BYTES_MAX, PUSH_BYTES_MAX};
use super::still_meant::Timer;
use super::testing::{Folder, LONG_WORD_CHARS, PUSH_TOKEN, RAW, Rules, SCRIPT, announcement, power_banks};
use super::{Authentication, router_within, serve};

/// What came back.
struct Answer {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    body: String,
}

impl Answer {
    fn kind(&self) -> &str {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

/// The pages of a data folder, served on loopback.
struct Server {
    folder: Folder,
    home: String,
    client: reqwest::Client,
    stop: tokio::sync::oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Of a folder with alerts and documents.
    async fn open() -> Self {
        Self::of(Folder::filled().await).await
    }

    /// Of the same folder, read by the shipped rules.
    async fn open_by_shipped_rules() -> Self {
        Self::of(Folder::filled_by(Rules::Shipped).await).await
    }

    async fn of(folder: Folder) -> Self {
        Self::within(folder, ZIP_ROWS_MAX).await
    }

    /// Of a folder, with this bound for exports.
    async fn within(folder: Folder, export_rows_max: u64) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let home = format!("http://{}", listener.local_addr().expect("bound"));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let router =
            router_within(Arc::clone(&folder.tower), Authentication::none(), export_rows_max, Timer::of_machine());
        let serving = tokio::spawn(serve(listener, router, super::Room::default(), shutdown));
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { folder, home, client: client.build().expect("a client"), stop, serving }
    }

    /// Lets the service end by itself.
    async fn close(self) {
        drop(self.client);
        self.stop.send(()).expect("still serving");
        self.serving.await.expect("no panic");
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(method, path, headers, "").await
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.home));
        if !body.is_empty() {
            request = request.body(body.to_owned());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, body: response.text().await.expect("text") }
    }

    /// The status line that answers a request whose body is announced and not sent.
    async fn announce(&self, path: &str, bearer: &str, bytes: usize) -> String {
        let host = self.home.trim_start_matches("http://");
        let stream = tokio::net::TcpStream::connect(host).await.expect("connected");
        let (reader, mut writer) = stream.into_split();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: {bearer}\r\ncontent-length: {bytes}\r\n\r\n"
        );
        writer.write_all(head.as_bytes()).await.expect("sent");
        let mut line = String::new();
        BufReader::new(reader).read_line(&mut line).await.expect("an answer");
        line
    }

    /// A page without the versions of the rules, which change with every rule.
    async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!((answer.status, answer.kind()), (StatusCode::OK, "text/html; charset=utf-8"), "{path}");
        let tower = &self.folder.tower;
        let body = answer.body.replace(tower.lexicon().version().as_str(), "LEXICON");
        main_of(&body.replace(tower.judge_by().version().as_str(), "CRITERIA"))
    }
}

/// The part of a page that is its own, without the digest of the style sheet and without lines that only indent.
fn main_of(page: &str) -> String {
    let main = page.split("<main").nth(1).and_then(|rest| rest.split("</main>").next()).expect("a main part");
    main.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

const POWER_BANKS: &str = "/alerts/a-2024-0708-battery_charger-fire";
const MATTER: &str = "/matters/a-2024-0708-battery_charger-fire";
const COMPLAINT: &str = "/documents/sim.complaints%2F2024%2F0711";
const HOSTILE_ALERT: &str = "/alerts/a-hostile%2F%22%3E%3Cb%3E";
const HOSTILE_MATTER: &str = "/matters/a-hostile%2F%22%3E%3Cb%3E";
const HOSTILE_DOCUMENT: &str = "/documents/sim.media%2F%3Cb%3E";

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_read_as_we_like_them() {
    let server = Server::open_by_shipped_rules().await;
    for (name, path) in [
        ("alerts", "/"),
        ("alert", POWER_BANKS),
        ("search", "/search?q=充电宝+起火+category:battery_charger"),
        ("search_empty", "/search"),
        ("searches", "/searches?name=浙江起火"),
        ("document", COMPLAINT),
        ("sampling", "/sampling"),
        ("status", "/status"),
        ("sources", "/sources"),
        ("deliveries", "/deliveries"),
    ] {
        insta::assert_snapshot!(name, server.page(path).await);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_shows_what_happened_to_the_standards_it_names() {
    let server = Server::open().await;
    let body = server.get(COMPLAINT).await.body;
    let section = body.split("<h2>标准 ").nth(1).and_then(|rest| rest.split("</section>").next()).expect("a section");
    for words in ["<bdi>GB 31241-2014</bdi>", "已被 GB 31241-2022 代替"] {
        assert!(section.contains(words), "{words}: {section}");
    }
    assert!(!server.get(HOSTILE_DOCUMENT).await.body.contains("<h2>标准 "), "no section where no standard is named");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_announces_a_standard_says_which_products_are_to_be_checked_again() {
    let server = Server::open().await;
    server.folder.keep(announcement()).await;
    let body = server.get("/documents/sim.media%2Fstandard").await.body;
    let row = body.split("<td><bdi>GB 31241-2022</bdi></td>").nth(1).and_then(|rest| rest.split("</tr>").next());
    let row = row.unwrap_or_else(|| panic!("a row of the standard: {body}"));
    assert_eq!(
        row,
        "<td><bdi>锂离子电池和电池组 安全技术规范</bdi></td><td>修订，代替 GB 31241-2014，2024-01-01 起</td><td>电池与充电器</td>"
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_are_asked_for_are_shown_until_they_are_in_force() {
    let server = Server::open().await;
    let shown = async || {
        let body = server.get("/status").await.body;
        body.split("规则启用</th><td>").nth(1).and_then(|rest| rest.split("</td>").next()).expect("a row").to_owned()
    };
    assert_eq!(shown().await, "2024-07-03 17:56 启用（张三：增加充电类新说法）");
    server.folder.ask_for_rules().await;
    let why = "&#60;script&#62;alert(&#39;拍手&#39;)&#60;/script&#62;";
    assert_eq!(shown().await, format!("2024-07-03 17:46 登记，正在后台重读日志（李四：{why}）"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_counted_by_what_became_of_them() {
    let server = Server::open().await;
    server.folder.deliver().await;
    let body = server.get("/deliveries").await.body;
    let row = body.split("<bdi>值班群</bdi>").nth(1).and_then(|rest| rest.split("</tr>").next()).expect("a row");
    // Waiting, delivered, given up.
    assert!(row.contains("<td class=\"n\">2</td><td class=\"n\">3</td><td class=\"n\">1</td>"), "{row}");
    let metrics = server.get("/metrics").await.body;
    for (state, count) in [("waiting", 2), ("delivered", 3), ("dead", 1)] {
        let line = format!("wanglou_deliveries{{endpoint=\"值班群\",state=\"{state}\"}} {count}");
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_alerts_come_first_then_the_higher_score() {
    let server = Server::open().await;
    let body = server.get("/").await.body;
    let at = |words: &str| body.find(words).unwrap_or_else(|| panic!("{words} is on the list"));
    let order = [at("误吞与堵塞</a>"), at("其他产品<i"), at("过敏刺激</a>")];
    assert!(at("起火爆炸</a>") < order[0] && order.is_sorted(), "{order:?}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_the_list_and_an_unknown_code_is_explained() {
    let server = Server::open().await;
    let cards = server.get("/?disposal=notify&danger=high&category=&hazard=&state=").await.body;
    assert!(cards.contains("误吞与堵塞</a>") && !cards.contains("起火爆炸</a>"));
    let paged = server.get("/?limit=1&skip=1&state=open").await.body;
    assert!(paged.contains("误吞与堵塞</a>") && paged.contains("/?state=open&#38;skip=2&#38;limit=1"), "{paged}");
    let none = server.get("/?category=tobacco_vape").await.body;
    assert!(none.contains("没有符合条件的预警"));
    for bad in ["/?danger=awful", "/?limit=0", "/?skip=99999999", "/?limit=abc", "/?skip=1&skip=2"] {
        assert_eq!(server.get(bad).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert!(server.get("/?danger=awful").await.body.contains("low, medium, high, serious"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_data_folder_says_what_to_do() {
    let empty = Server::of(Folder::empty().await).await;
    for (path, words) in [("/", "wanglou import"), ("/sampling", "处置为采样的预警")] {
        let body = empty.ask(Method::GET, path, &[]).await.body;
        assert!(body.contains(words), "{path}: {body}");
    }
    empty.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_is_shown_as_text() {
    let server = Server::open().await;
    let paths = ["/", HOSTILE_ALERT, HOSTILE_DOCUMENT, "/search?q=%3Cscript%3Ealert(1)%3C/script%3E", POWER_BANKS];
    for path in paths.into_iter().chain([
        COMPLAINT,
        HOSTILE_MATTER,
        "/matters",
        "/nowhere/%3Cscript%3E",
        "/?danger=%3Cscript%3E",
    ]) {
        let body = server.get(path).await.body;
        assert!(!body.contains("<script"), "{path}");
        assert!(!body.contains("<img src=x") && !body.contains("href=\"javascript:"), "{path}");
        assert!(!body.contains('\u{202E}'), "{path} turns text around");
    }
    let alert = server.get(HOSTILE_ALERT).await;
    assert_eq!(alert.status, StatusCode::OK);
    assert!(alert.body.contains("⟦U+202E⟧全安常非") && alert.body.contains("<code>javascript:alert(1)</code>"));
    assert!(alert.body.contains(&"长".repeat(LONG_WORD_CHARS)), "nothing is lost");
    let raw = "&#60;script&#62;alert(&#39;拍手&#39;)&#60;/script&#62;";
    assert!(server.get(HOSTILE_DOCUMENT).await.body.contains(raw), "{SCRIPT} is readable");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_404_that_helps() {
    let server = Server::open().await;
    let long = format!("/alerts/{}", "x".repeat(2_000));
    for path in ["/alerts/none", "/documents/none", "/nowhere", "/alerts/%FF", long.as_str()] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.kind()), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"), "{path}");
        assert!(answer.body.contains("没有") && answer.body.contains("href=\"/\""), "{path}");
    }
    let api = server.get("/api/v1/alerts/none").await;
    assert_eq!((api.status, api.kind()), (StatusCode::NOT_FOUND, "application/problem+json"));
    insta::assert_snapshot!(api.body, @r#"{"type":"urn:wanglou:problem:not-found","title":"没有找到","status":404,"detail":"没有这个编号的预警。","instance":"/api/v1/alerts/none"}"#);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_query_is_answered_with_the_place_marked() {
    let server = Server::open().await;
    let page = server.get("/search?q=起火+hazrad:fire").await;
    assert_eq!((page.status, page.kind()), (StatusCode::BAD_REQUEST, "text/html; charset=utf-8"));
    assert!(page.body.contains("<code>起火 <mark>hazrad:fire</mark></code>"), "{}", page.body);
    assert!(page.body.contains("没有叫“hazrad”的字段") && page.body.contains("value=\"起火 hazrad:fire\""));
    let api = server.get("/api/v1/search?q=起火+hazrad:fire").await;
    assert_eq!((api.status, api.kind()), (StatusCode::BAD_REQUEST, "application/problem+json"));
    assert!(api.body.contains(r#""span":[3,14]"#), "{}", api.body);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_have_bounds() {
    let server = Server::open().await;
    let long = format!("/search?q={}", "a".repeat(501));
    let answer = server.get(&long).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("最多 500 个字，收到 501 个字"));
    let endless = format!("/search?q={}", "a".repeat(9_000));
    assert_eq!(server.get(&endless).await.status, StatusCode::URI_TOO_LONG);
    assert!(server.get("/search?q=x&after=elsewhere").await.body.contains("翻页位置“elsewhere”无效"));
    for bad in ["/api/v1/search", "/api/v1/search?q=x&limit=101", "/api/v1/search?q=x&limit=0"] {
        assert_eq!(server.get(bad).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert!(server.get("/search?q=查无").await.body.contains("没有找到"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_can_be_taken_away_and_not_everything_at_once() {
    let server = Server::open().await;
    let found = server.get("/search/export?q=%E8%B5%B7%E7%81%AB&format=csv").await;
    assert_eq!((found.status, found.kind()), (StatusCode::OK, "application/zip"));
    assert!(found.body.starts_with("PK"), "an archive");
    let wrong = server.get("/api/v1/search/export?q=x&format=doc").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.body.contains("csv、xlsx、ndjson、parquet"), "{}", wrong.body);
    let empty = server.get("/search/export?q=&format=csv").await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST, "not everything");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_more_rows_than_fit_is_refused_with_what_to_do() {
    let server = Server::within(Folder::filled().await, 1).await;
    // Both documents are of July; one names a power bank.
    let fits = server.get("/search/export?q=充电宝&format=csv").await;
    assert_eq!((fits.status, fits.kind()), (StatusCode::OK, "application/zip"));
    let all = "q=source:sim.complaints+OR+source:sim.media&format=csv";
    let page = server.get(&format!("/search/export?{all}")).await;
    assert_eq!((page.status, page.kind()), (StatusCode::CONFLICT, "text/html; charset=utf-8"));
    let api = server.get(&format!("/api/v1/search/export?{all}")).await;
    assert_eq!((api.status, api.kind()), (StatusCode::CONFLICT, "application/problem+json"));
    for body in [page.body, api.body] {
        assert!(body.contains("检索到 2 条，超过一次导出为 csv 的上限 1 条；请加条件分几次导出"), "{body}");
    }
    assert!(server.get("/search?q=充电宝").await.body.contains("至多 1 条"), "the page says so before");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_saved_search_is_shown_as_text() {
    let server = Server::open().await;
    let name = format!("{SCRIPT}\" onfocus=\"alert(1)");
    let new = serde_json::json!({"name": name, "query": "起火", "watched": true}).to_string();
    let saved = server.send(Method::POST, "/api/v1/searches", &[("content-type", "application/json")], &new).await;
    assert_eq!(saved.status, StatusCode::CREATED, "{}", saved.body);
    let chosen = url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>();
    for path in ["/searches".to_owned(), format!("/searches?name={chosen}")] {
        let page = server.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.body.contains("<script") && !page.body.contains("\" onfocus=\""), "{path}: {}", page.body);
        let shown = scraper::Html::parse_document(&page.body);
        assert!(shown.errors.is_empty(), "{path}: {:?}", shown.errors);
        let cells = scraper::Selector::parse("td bdi").expect("a selector");
        assert!(shown.select(&cells).any(|cell| cell.text().collect::<String>() == name), "{path}: the name is whole");
        let fields = scraper::Selector::parse("input[name=name]").expect("a selector");
        assert!(shown.select(&fields).any(|field| field.value().attr("value") == Some(&name)), "{path}: in its form");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_are_saved_listed_and_forgotten() {
    let server = Server::open().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let saved = server.send(Method::POST, "/searches", &form, "name=a+b&query=x&watch=new").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert_eq!(saved.headers.get("location").and_then(|to| to.to_str().ok()), Some("/searches?name=a+b"));
    let taken =
        server.send(Method::POST, "/searches", &form, "name=%E6%B5%99%E6%B1%9F%E8%B5%B7%E7%81%AB&query=x").await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.body.contains("请换一个名称"), "{}", taken.body);
    let json = [("content-type", "application/json")];
    let asked = r#"{"name":"x","query":"y","watched":true}"#;
    let saved = server.send(Method::POST, "/api/v1/searches", &json, asked).await;
    assert_eq!(saved.status, StatusCode::CREATED);
    assert!(saved.body.contains(r#""watched":true,"only_new":false"#), "{}", saved.body);
    let path = "/api/v1/searches/%E6%B5%99%E6%B1%9F%E8%B5%B7%E7%81%AB";
    assert!(server.get(path).await.body.contains(r#""document":"sim.complaints/2024/0711""#));
    let gone = server.ask(Method::DELETE, path, &[]).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(server.ask(Method::DELETE, "/api/v1/searches/none", &[]).await.status, StatusCode::NOT_FOUND);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_has_to_sign_in_the_page_of_another_site_changes_nothing() {
    let server = Server::open().await;
    let send = async |origin: &str| {
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("host", "127.0.0.1:8080"), ("origin", origin)];
        server.send(Method::POST, "/searches", &headers, "name=a&query=x").await.status
    };
    assert_eq!(send("http://127.0.0.1:8080").await, StatusCode::SEE_OTHER);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:9999"] {
        assert_eq!(send(origin).await, StatusCode::FORBIDDEN, "{origin}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_for_a_document_can_be_had_as_it_was() {
    let server = Server::open().await;
    let record = server.get("/documents/sim.complaints%2F2024%2F0711/raw").await;
    assert_eq!((record.kind(), record.body.as_str()), ("application/warc", RAW));
    assert_eq!(server.get("/documents/import%2F77/raw").await.status, StatusCode::NOT_FOUND);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_in_json() {
    let server = Server::open_by_shipped_rules().await;
    let search = server.get("/api/v1/search?q=充电宝&limit=1").await;
    assert_eq!(search.kind(), "application/json");
    let search: serde_json::Value = serde_json::from_str(&search.body).expect("JSON");
    assert_eq!(search["total"], 1);
    assert_eq!(search["hits"].as_array().map(Vec::len), Some(1));
    let mut hit = search["hits"][0].clone();
    // How rare a word is depends on which segments the index has merged by now.
    assert!(hit["score"].take().as_f64().is_some_and(|score| score > 0.0), "{search}");
    insta::assert_json_snapshot!("api_search_hit", hit);
    let alerts: serde_json::Value =
        serde_json::from_str(&server.get("/api/v1/alerts?limit=2").await.body).expect("JSON");
    assert_eq!((&alerts["total"], alerts["alerts"].as_array().map(Vec::len)), (&4.into(), Some(2)));
    insta::assert_json_snapshot!("api_alert_line", alerts["alerts"][0]);
    let one = server.get("/api/v1/alerts/a-2024-0708-battery_charger-fire").await.body;
    let one: serde_json::Value = serde_json::from_str(&one).expect("JSON");
    let alert: vocabulary::Alert = serde_json::from_value(one["alert"].clone()).expect("reads back");
    assert_eq!(alert, power_banks());
    assert_eq!(one["history"].as_array().map(Vec::len), Some(2));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_have_their_types_and_cost_nothing_when_unchanged() {
    let server = Server::open().await;
    for (path, kind) in
        [("/feeds/alerts.json", "application/json"), ("/feeds/alerts.atom", "application/atom+xml; charset=utf-8")]
    {
        let first = server.get(path).await;
        assert_eq!((first.status, first.kind()), (StatusCode::OK, kind));
        let tag = first.headers[ETAG].to_str().expect("ASCII").to_owned();
        let again = server.ask(Method::GET, path, &[(IF_NONE_MATCH.as_str(), &tag)]).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
        let changed = server.ask(Method::GET, path, &[(IF_NONE_MATCH.as_str(), "\"other\"")]).await;
        assert_eq!(changed.status, StatusCode::OK);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_internal_error_reaches_a_visitor_and_probes_tell_that_there_is_one() {
    let server = Server::open().await;
    assert_eq!(server.get("/healthz").await.body, "ok\n");
    assert_eq!(server.get("/readyz").await.body, "ok\n");
    server.folder.tower.store().close().await;
    for probe in ["/healthz", "/readyz"] {
        let answer = server.get(probe).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.kind(), "application/problem+json");
        assert!(answer.body.contains("数据库没有应答"), "{}", answer.body);
    }
    let folder = server.folder.dir.path().to_str().expect("UTF-8").to_owned();
    for path in ["/", "/status", "/sources", "/sampling", "/documents/x", "/feeds/alerts.atom", "/api/v1/alerts"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(answer.body.contains("服务内部出错"), "{path}: {}", answer.body);
        for secret in ["pool", "sqlite", "SELECT", folder.as_str()] {
            assert!(!answer.body.contains(secret), "{path}: {secret}");
        }
        assert!(answer.headers.contains_key("content-security-policy"), "{path}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_strict_headers() {
    let server = Server::open().await;
    let paths =
        ["/", POWER_BANKS, "/search", "/status", "/nowhere", "/healthz", "/feeds/alerts.atom", "/api/v1/alerts"];
    for path in paths.into_iter().chain(["/sources", "/static/style.css", "/static/logo.svg", "/?danger=awful"]) {
        let headers = server.get(path).await.headers;
        let policy = headers["content-security-policy"].to_str().expect("ASCII");
        assert!(
            policy.starts_with(
                "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"
            ),
            "{path}: {policy}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert!(headers.contains_key("cache-control"), "{path}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_reading_is_allowed_and_bodies_are_bounded() {
    let server = Server::open().await;
    let post = server.ask(Method::POST, "/", &[]).await;
    assert_eq!((post.status, post.kind()), (StatusCode::METHOD_NOT_ALLOWED, "text/html; charset=utf-8"));
    assert_eq!(post.headers["allow"], "GET,HEAD");
    let flood = server.send(Method::POST, "/search", &[], &"x".repeat(BODY_BYTES_MAX + 1)).await;
    assert_eq!((flood.status, flood.kind()), (StatusCode::PAYLOAD_TOO_LARGE, "text/html; charset=utf-8"));
    let head = server.ask(Method::HEAD, "/", &[]).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_ask_nothing_of_other_hosts_and_need_no_script() {
    let server = Server::open().await;
    for path in ["/", POWER_BANKS, MATTER, "/search?q=x", COMPLAINT, "/sampling", "/matters", "/status", "/sources"] {
        let body = server.get(path).await.body;
        for fetching in
            ["src=\"http", "src=\"//", "<script", "<link rel=\"stylesheet\" href=\"http", " style=\"", " onclick"]
        {
            assert!(!body.contains(fetching), "{path}: {fetching}");
        }
    }
    let style = server.get("/static/style.css").await;
    assert_eq!(style.kind(), "text/css; charset=utf-8");
    assert!(!style.body.contains("url(") && !style.body.contains("@import"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_well_formed() {
    let server = Server::open().await;
    let paths = ["/", POWER_BANKS, HOSTILE_ALERT, "/search", "/search?q=x", "/search?q=hazrad:x", COMPLAINT];
    let paths = paths.into_iter().chain([MATTER, HOSTILE_MATTER, "/matters", "/matters?overdue=1", "/bodies"]);
    for path in paths.chain([HOSTILE_DOCUMENT, "/sampling", "/status", "/sources", "/nowhere", "/?category=pet"]) {
        let page = scraper::Html::parse_document(&server.get(path).await.body);
        assert!(page.errors.is_empty(), "{path}: {:?}", page.errors);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_find_the_document_of_all_addresses_and_the_numbers_of_the_service() {
    let server = Server::open().await;
    let document = server.get("/api/v1/openapi.json").await;
    assert_eq!((document.status, document.kind()), (StatusCode::OK, "application/json"));
    let document: serde_json::Value = serde_json::from_str(&document.body).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let metrics = server.get("/metrics").await;
    assert_eq!((metrics.status, metrics.kind()), (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "wanglou_alerts{state=\"open\"} 3",
        "wanglou_consumer_behind{consumer=\"index\"} 0",
        "wanglou_items_total{source=\"sim.complaints\",became=\"kept\"} 2",
        "wanglou_source_troubles{source=\"sim.complaints\"} 0",
    ] {
        assert!(metrics.body.lines().any(|found| found == line), "{line}\n{}", metrics.body);
    }
    let well_formed =
        |line: &str| line.starts_with("# ") || line.rsplit_once(' ').is_some_and(|(_, n)| n.parse::<f64>().is_ok());
    assert!(metrics.body.lines().all(well_formed), "{}", metrics.body);
    let sources: serde_json::Value = serde_json::from_str(&server.get("/api/v1/sources").await.body).expect("JSON");
    assert_eq!(sources["sources"][0]["last_news_at"], serde_json::Value::Null);
    assert_eq!(
        (&sources["sources"][0]["source"], &sources["sources"][0]["rounds"]),
        (&"sim.complaints".into(), &0.into())
    );
    let coverage = server.get("/api/v1/sources/coverage").await.body;
    let coverage: serde_json::Value = serde_json::from_str(&coverage).expect("JSON");
    assert_eq!(coverage["channels"][0]["channel"], "complaint");
    assert_eq!(coverage["channels"][0]["sources"], 1);
    assert!(coverage["levels"][0]["level"].is_string() && coverage["levels"][0]["sources"].is_number(), "{coverage}");
    assert_eq!(coverage["provinces"], serde_json::json!([]));
    assert_eq!(coverage["provinces_without"].as_array().map(Vec::len), Some(vocabulary::PROVINCES.len()));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_the_alerting_protocol_have_their_type_and_cost_nothing_when_unchanged() {
    let server = Server::open().await;
    for path in ["/feeds/alerts.cap".to_owned(), format!("/api/v1{POWER_BANKS}/cap")] {
        let message = server.get(&path).await;
        assert_eq!((message.status, message.kind()), (StatusCode::OK, "application/cap+xml; charset=utf-8"), "{path}");
        let tag = message.headers[ETAG].to_str().expect("text").to_owned();
        let again = server.ask(Method::GET, &path, &[(IF_NONE_MATCH.as_str(), &tag)]).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
    assert_eq!(server.get("/api/v1/alerts/none/cap").await.status, StatusCode::NOT_FOUND);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_taken_in_only_from_whoever_shows_the_token() {
    const PATH: &str = "/api/v1/documents?source=hotline&channel=complaint";
    let server = Server::open().await;
    let empty = Server::of(Folder::empty().await).await;
    let bearer = format!("Bearer {PUSH_TOKEN}");
    let lines = "{\"id\":1}\n{\"id\":\"a\",\"text\":\"漏电\"}\n";
    let without = server.send(Method::POST, PATH, &[], lines).await;
    assert_eq!((without.status, without.kind()), (StatusCode::UNAUTHORIZED, "application/problem+json"));
    assert!(without.headers.contains_key("www-authenticate"));
    let wrong = server.send(Method::POST, PATH, &[("authorization", "Bearer a-guess-of-some-length")], lines).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let closed = empty.send(Method::POST, PATH, &[("authorization", &bearer)], lines).await;
    assert_eq!(closed.status, StatusCode::FORBIDDEN, "no token in the settings, no way in");
    let taken = server.send(Method::POST, PATH, &[("authorization", &bearer)], lines).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.body);
    let told: serde_json::Value = serde_json::from_str(&taken.body).expect("JSON");
    assert_eq!((&told["collected"], &told["kept"], &told["rejects"][0]["line"]), (&2.into(), &1.into(), &1.into()));
    for (path, named) in
        [("/api/v1/documents?source=a%20b", "source"), ("/api/v1/documents?source=hotline&channel=radio", "channel")]
    {
        let refused = server.send(Method::POST, path, &[("authorization", &bearer)], lines).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.body.contains(named), "{}", refused.body);
    }
    let large = format!("{{\"id\":\"large\",\"text\":\"{}\"}}\n", "漏电".repeat(BODY_BYTES_MAX / 6 + 1));
    let taken = server.send(Method::POST, PATH, &[("authorization", &bearer)], &large).await;
    assert_eq!(taken.status, StatusCode::OK, "larger than other bodies may be");
    // What is announced as larger than that is refused before it is sent.
    let status = server.announce(PATH, &bearer, PUSH_BYTES_MAX + 1).await;
    assert!(status.starts_with("HTTP/1.1 413 "), "{status}");
    server.close().await;
    empty.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_behind_the_last_event_seen_and_ends_with_the_service() {
    let Server { folder: _folder, home, client, stop, serving } = Server::open().await;
    let address = format!("{home}/feeds/alerts/stream");
    let mut answer = client.get(&address).header("last-event-id", "0").send().await.expect("an answer");
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/event-stream");
    let mut text = String::new();
    while text.matches("\n\n").count() < 2 {
        text += std::str::from_utf8(&answer.chunk().await.expect("going on").expect("more")).expect("UTF-8");
    }
    let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, ["1", "2"], "{text}");
    assert!(text.contains("event: raised") && text.contains("\"alert_id\":"), "{text}");
    let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let said = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["explanation"].clone());
    let said: Vec<String> = said.map(|said| said.as_str().expect("prose, also of sentences").to_owned()).collect();
    assert!(said[1].starts_with("近7天") && said[1].ends_with("现级保持。）"), "{said:?}");
    let refused = client.get(&address).header("last-event-id", "x").send().await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    stop.send(()).expect("still serving");
    while answer.chunk().await.expect("ends well").is_some() {}
    serving.await.expect("no panic");
}
