//! Feeds are sent as they were last written only while nothing has changed, and to each party what it may see.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::support::run;
use wanglou::access::Accounts;
use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::Tower;
use wanglou::vocabulary::parse_moment;
use wanglou::web;

/// Status, tag and number of items of a feed.
async fn ask(url: &str, token: Option<&str>, known: &str) -> (u16, String, Option<usize>) {
    let mut request = reqwest::Client::new().get(url).header(IF_NONE_MATCH, known);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let answer = request.send().await.expect("answered");
    let (status, tag) = (answer.status().as_u16(), answer.headers().get(ETAG).cloned());
    let body: Value = serde_json::from_slice(&answer.bytes().await.expect("read")).unwrap_or_default();
    let tag = tag.map(|tag| tag.to_str().expect("text").to_owned()).unwrap_or_default();
    (status, tag, body["items"].as_array().map(Vec::len))
}

#[test]
fn a_feed_is_written_again_when_something_was_committed_and_for_each_party_as_it_sees() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, file) = (dir.path().join("data"), dir.path().join("told.ndjson"));
    let text = data.to_str().expect("UTF-8");
    let told = json!({"id": "d1", "text": "家里热水器漏电，我妈洗澡时触电身亡", "channel": "regulator", "published_at": "2024-05-03"});
    fs::write(&file, format!("{told}\n")).expect("written");
    run(&["import", "--data", text, "--source", "s", file.to_str().expect("UTF-8")]).good();
    let flags = Overrides { data: Some(data.clone()), ..Overrides::default() };
    let publisher = Some("33010034000000".parse().expect("a code"));
    let settings = Settings { publisher, ..Settings::load(None, flags).expect("good") };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let tower = Arc::new(Tower::open(&settings).await.expect("opened"));
        let authentication =
            web::Authentication::new(Accounts::new(tower.store().clone()), IpAddr::V4(Ipv4Addr::LOCALHOST));
        let router = web::router(Arc::clone(&tower), authentication);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}/feeds/alerts.json", listener.local_addr().expect("bound"));
        let serving = tokio::spawn(web::serve(listener, router, web::Room::default(), std::future::pending()));

        let (status, empty, items) = ask(&url, None, "").await;
        assert_eq!((status, items), (200, Some(0)));
        assert_eq!(ask(&url, None, &empty).await.0, 304);

        let judged = tower.judge(parse_moment("2024-05-04 09:00:00").expect("a moment")).await.expect("judged");
        assert!(!judged.events.is_empty());
        let cap = url.replace("feeds/alerts.json", &format!("api/v1/alerts/{}/cap", judged.alerts[0].id));
        let cap = reqwest::get(cap).await.expect("answered").text().await.expect("read");
        assert!(cap.contains("<identifier>33010034000000_20240504090000_0</identifier>"), "{cap}");
        let (status, full, items) = ask(&url, None, &empty).await;
        assert_eq!((status, items), (200, Some(1)), "what was judged is there at once");
        assert_eq!(ask(&url, None, &full).await.0, 304);

        // Another process closes the house and lets two parties in.
        let mut tokens = Vec::new();
        for (user, party, role, brand) in [("wang", "某中心", "centre", ""), ("li", "某厂", "firm", "某牌")] {
            let add = ["user", "add", user, "--party", party, "--role", role, "--data", text];
            let brands = if brand.is_empty() { vec![] } else { vec!["--brand", brand] };
            run(&[&add[..], &brands].concat()).good();
            let told = run(&["token", "add", "--party", party, "--scope", "read", "--data", text]).good();
            let token = told.out.split_whitespace().find(|word| word.starts_with("wl_")).expect("a token").to_owned();
            tokens.push(token);
        }
        assert_eq!(ask(&url, None, "").await.0, 401);
        assert_eq!(ask(&url, Some(&tokens[0]), "").await.2, Some(1));
        assert_eq!(
            ask(&url, Some(&tokens[1]), "").await.2,
            Some(0),
            "it names none of its brands, whoever asked before"
        );
        serving.abort();
    });
}
