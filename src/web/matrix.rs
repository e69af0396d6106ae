//! The authorisation matrix: every address × every role × own and other matters, over real HTTP. What it finds is a snapshot that a person
//! approves.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use reqwest::{Method, StatusCode};

use super::limits::{ASK_AGAIN_SECONDS, STREAMS_PER_PARTY_MAX};
use super::openapi;
use super::records::Rule;
use super::routes::ROUTES;
use super::still_meant::Timer;
use super::still_meant::testing::Stepped;
use super::testing::Folder;
use super::{Authentication, router_within, serve};
use access::{Accounts, NewUser};
use pipeline::{ActTaken, ZIP_ROWS_MAX};
use vocabulary::{Act, ActKind, Concerns, Role, Scope};

pub(super) const PASSWORD: &str = "correct horse battery";
/// An alert that concerns the parties of the matrix, and one that does not.
pub(super) const OWN: &str = "a-2024-0708-battery_charger-fire";
const OTHER: &str = "a-2024-0709-toy-choking";
/// The alert that concerns the firm of the matrix.
const OF_FIRM: &str = "a-2024-0601-cosmetic-irritation";

/// A service with accounts, on loopback.
pub(super) struct Server {
    pub(super) home: String,
    pub(super) accounts: Accounts,
    pub(super) client: reqwest::Client,
    stop: tokio::sync::oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
    pub(super) folder: Folder,
}

#[expect(clippy::disallowed_methods, reason = "sessions of this test live now")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

impl Server {
    pub(super) async fn open() -> Self {
        Self::bound_to(IpAddr::from([127, 0, 0, 1])).await
    }

    /// A service that believes to be reached by others.
    async fn bound_to(bind: IpAddr) -> Self {
        Self::of(Folder::filled().await, bind, Timer::of_machine()).await
    }

    /// A service that times long answers by another clock.
    async fn timed_by(clock: &Stepped) -> Self {
        Self::of(Folder::filled().await, IpAddr::from([127, 0, 0, 1]), clock.timer()).await
    }

    async fn of(folder: Folder, bind: IpAddr, timer: Timer) -> Self {
        let accounts = Accounts::new(folder.tower.store().clone());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let home = format!("http://{}", listener.local_addr().expect("bound"));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let authentication = Authentication::new(accounts.clone(), bind);
        let router = router_within(Arc::clone(&folder.tower), authentication, ZIP_ROWS_MAX, timer);
        let serving = tokio::spawn(serve(listener, router, super::Room::default(), shutdown));
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { home, accounts, client: client.build().expect("a client"), stop, serving, folder }
    }

    pub(super) async fn close(self) {
        drop(self.client);
        self.stop.send(()).expect("still serving");
        self.serving.await.expect("no panic");
    }

    pub(super) async fn add(&self, name: &str, role: Role) {
        let words = |word: &str| BTreeSet::from([word.to_owned()]);
        let concerns = match role {
            Role::Platform => Concerns { platforms: words("sim.complaints"), ..Concerns::default() },
            Role::Firm => Concerns { brands: words("莹洁"), ..Concerns::default() },
            _ => Concerns::default(),
        };
        let party = format!("{name}的单位");
        let new = NewUser {
            name: name.to_owned(),
            party,
            role: Some(role),
            concerns,
            password: Some(PASSWORD.to_owned()),
            by_provider: false,
            mail: Some(format!("{}@a.example", role.code())),
        };
        self.accounts.add_user(new, "test", now()).await.expect("made");
    }

    /// A token with every scope, of the organisation of a user.
    pub(super) async fn token(&self, name: &str, scopes: &[Scope]) -> String {
        let scopes = scopes.iter().copied().collect();
        self.accounts.add_token(&format!("{name}的单位"), "", scopes, 1, "test", now()).await.expect("made").1
    }

    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> reqwest::Response {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("{}{path}", self.home)).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    pub(super) async fn status(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> StatusCode {
        self.ask(method, path, headers, body).await.status()
    }

    /// Signs in by the form and gives the cookie of the session.
    pub(super) async fn sign_in(&self, name: &str) -> String {
        let (cookie, key) = self.form(&[]).await;
        let body = format!("name={name}&password={}&key={key}&next=/status", PASSWORD.replace(' ', "+"));
        let answer = self.ask("POST", "/signin", &[FORM, ("cookie", &cookie)], &body).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()["location"], "/status");
        set_cookie(&answer)
    }

    /// A fresh form: its cookie and its key.
    pub(super) async fn form(&self, headers: &[(&str, &str)]) -> (String, String) {
        let answer = self.ask("GET", "/signin", headers, "").await;
        let cookie = set_cookie(&answer);
        let page = answer.text().await.expect("text");
        (cookie, key_of(&page))
    }
}

pub(super) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn set_cookie(answer: &reqwest::Response) -> String {
    let set = answer.headers()["set-cookie"].to_str().expect("ASCII");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(set.contains(part), "{set}");
    }
    set.split(';').next().expect("a pair").to_owned()
}

pub(super) fn key_of(page: &str) -> String {
    let rest = page.split("name=\"key\" value=\"").nth(1).expect("a form key");
    rest.split('"').next().expect("a value").to_owned()
}

/// A request that reaches the address: its path with an own or another's alert, its headers and its body.
pub(super) fn example(
    method: &str,
    pattern: &str,
    alert: &str,
) -> (String, Vec<(&'static str, &'static str)>, &'static str) {
    let document = "sim.complaints%2F2024%2F0711";
    let path = match pattern {
        "/documents/{id}" | "/documents/{id}/raw" => pattern.replace("{id}", document),
        "/matters/{id}/paper/{kind}" => pattern.replace("{id}", alert).replace("{kind}", "scheme"),
        "/search" | "/api/v1/search" => format!("{pattern}?q=%E8%B5%B7%E7%81%AB"),
        "/search/export" | "/api/v1/search/export" => format!("{pattern}?q=%E8%B5%B7%E7%81%AB&format=csv"),
        "/api/v1/searches/{name}" => pattern.replace("{name}", "%E6%B5%99%E6%B1%9F%E8%B5%B7%E7%81%AB"),
        "/api/v1/documents" => "/api/v1/documents?source=hotline".to_owned(),
        other => other.replace("{id}", alert),
    };
    match (method, pattern) {
        ("POST", "/api/v1/documents") => (path, vec![], "{\"id\":\"a\",\"text\":\"漏电\"}\n"),
        ("POST", "/api/v1/alerts/{id}/acts") => {
            (path, vec![("content-type", "application/json")], "{\"kind\":\"note\",\"note\":\"x\"}")
        }
        ("POST", "/alerts/{id}/acts" | "/matters/{id}/acts") => (path, vec![FORM], "kind=note&note=x"),
        ("POST", "/bodies") => {
            (path, vec![FORM], "name=WHO&certificate=CMA+1&category=toy&valid_from=2024-01-01&valid_until=2030-01-01")
        }
        ("POST", "/api/v1/bodies") => (
            path,
            vec![("content-type", "application/json")],
            concat!(
                r#"{"name":"WHO","certificate":"CMA 1","categories":["toy"],"#,
                r#""valid_from":"2024-01-01","valid_until":"2030-01-01"}"#,
            ),
        ),
        ("POST", "/searches") => (path, vec![FORM], "name=WHO&query=x&watch=new"),
        ("POST", "/api/v1/searches") => {
            (path, vec![("content-type", "application/json")], "{\"name\":\"WHO too\",\"query\":\"x\"}")
        }
        ("POST", _) => (path, vec![FORM], "name=x&password=y&key=z"),
        _ => (path, vec![], ""),
    }
}

#[tokio::test]
async fn every_address_answers_each_role_as_approved() {
    let server = Server::open().await;
    let mut tokens = Vec::new();
    for role in Role::ALL {
        server.add(role.code(), *role).await;
        tokens.push((role.code(), format!("Bearer {}", server.token(role.code(), Scope::ALL).await)));
    }
    let narrow = format!("Bearer {}", server.token("centre", &[Scope::Read]).await);
    tokens.push(("centre:read", narrow));
    tokens.push(("nobody", "Bearer wl_of-somebody-else".to_owned()));
    let mut table = String::new();
    for (who, _) in &tokens {
        let _ = write!(table, "{who:>12}");
    }
    table.push('\n');
    for (method, pattern) in ROUTES.iter().map(|route| (route.method.name(), route.path)) {
        // A stream does not end by itself; its first line is enough.
        let about_one = ["/alerts/{id}", "/matters/{id}"].iter().any(|one| pattern.contains(one));
        let matters: &[&str] = if about_one { &[OWN, OTHER] } else { &[OWN] };
        for alert in matters {
            let (path, headers, body) = example(method, pattern, alert);
            for (who, token) in &tokens {
                let path = if *who == Role::Firm.code() { path.replace(OWN, OF_FIRM) } else { path.clone() };
                let mut headers = headers.clone();
                headers.push(("authorization", token));
                // Who comes first must not decide what the next is answered: each saves under another name, and what was removed is
                // there again.
                let body = body.replace("WHO", who);
                server.folder.keep_search().await;
                let _ = write!(table, "{:>12}", server.status(method, &path, &headers, &body).await.as_u16());
            }
            let whose = if matters.len() == 1 {
                ""
            } else if *alert == OWN {
                " (own)"
            } else {
                " (other)"
            };
            let _ = writeln!(table, "  {method} {pattern}{whose}");
        }
    }
    insta::assert_snapshot!("authorisation", table);
    server.close().await;
}

#[tokio::test]
async fn every_answer_is_as_the_openapi_document_says() {
    let server = Server::open().await;
    server.add("centre", Role::Centre).await;
    let token = format!("Bearer {}", server.token("centre", Scope::ALL).await);
    let mut records = 0;
    for route in ROUTES.iter().filter(|route| route.operation.is_some()) {
        let (method, pattern) = (route.method.name(), route.path);
        let told = &openapi::document()["paths"][pattern][method.to_lowercase()]["responses"];
        let (path, mut headers, body) = example(method, pattern, OWN);
        let no_limit = format!("{path}{}limit=0", if path.contains('?') { '&' } else { '?' });
        let asks = [path.clone(), path.replace(OWN, OF_FIRM), path.replace(OWN, "none"), no_limit];
        headers.push(("authorization", &token));
        for path in asks.into_iter().collect::<BTreeSet<_>>() {
            let answer = server.ask(method, &path, &headers, body).await;
            let told = &told[answer.status().as_str()];
            assert!(told.is_object(), "{method} {path}: {} is not in the document", answer.status());
            let kind = answer.headers().get("content-type").map(|kind| kind.to_str().expect("ASCII").to_owned());
            let kind = kind.as_deref().and_then(|kind| kind.split(';').next()).unwrap_or_default();
            if let Some(kinds) = told["content"].as_object() {
                assert!(kinds.contains_key(kind), "{method} {path}: {kind} is not in the document");
            }
            if kind.contains("json") {
                let text = answer.text().await.expect("text");
                let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                let fault = Rule::closed_answer(&told["content"][kind]["schema"]).fault(&value);
                assert_eq!(fault, None, "{method} {path}: {value}");
                records += 1;
            }
        }
    }
    assert!(records > 30, "{records} answers were looked at");
    server.close().await;
}

#[tokio::test]
async fn what_outsiders_see_holds_no_source_no_document_and_no_other_brand() {
    let server = Server::open().await;
    for role in [Role::Firm, Role::Platform, Role::TestBody, Role::Public, Role::Centre] {
        server.add(role.code(), role).await;
    }
    let paths =
        [format!("/alerts/{OWN}"), format!("/api/v1/alerts/{OWN}"), "/api/v1/alerts".to_owned(), "/".to_owned()];
    let hidden_from = |role| if role == Role::Firm { "磐能" } else { "来源主体可信度" };
    for (role, own) in [(Role::Firm, OF_FIRM), (Role::TestBody, OWN)] {
        let token = format!("Bearer {}", server.token(role.code(), &[Scope::Read]).await);
        for path in &paths {
            let path = path.replace(OWN, own);
            let answer = server.ask("GET", &path, &[("authorization", &token)], "").await;
            assert_eq!(answer.status(), StatusCode::OK, "{role} {path}");
            let text = answer.text().await.expect("text");
            for hidden in ["sim.complaints", "sim.media", "/documents/", "\"w\":", hidden_from(role)] {
                assert!(!text.contains(hidden), "{role} {path} shows {hidden}");
            }
        }
    }
    let token = format!("Bearer {}", server.token("centre", &[Scope::Read]).await);
    let whole = server.ask("GET", &paths[0], &[("authorization", &token)], "").await.text().await.expect("text");
    assert!(whole.contains("sim.complaints"), "the centre sees where it comes from");
    let token = format!("Bearer {}", server.token("public", &[Scope::Read]).await);
    let listed = server.ask("GET", "/api/v1/alerts", &[("authorization", &token)], "").await;
    assert!(listed.text().await.expect("text").contains("\"total\":0"), "nothing is published here");
    server.close().await;
}

#[tokio::test]
async fn nobody_signs_in_on_this_machine_until_the_first_user_and_others_always_do() {
    let server = Server::open().await;
    let page = server.ask("GET", "/", &[], "").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.expect("text").contains("未设登录"), "the page says so");
    server.add("甲", Role::Centre).await;
    let led = server.ask("GET", "/alerts/x?y=1", &[], "").await;
    assert_eq!(led.status(), StatusCode::SEE_OTHER);
    assert_eq!(led.headers()["location"], "/signin?next=%2Falerts%2Fx%3Fy%3D1");
    let told = server.ask("GET", "/api/v1/alerts", &[], "").await;
    assert_eq!(told.status(), StatusCode::UNAUTHORIZED);
    assert!(told.headers().contains_key("www-authenticate"));
    server.close().await;

    let outside = Server::bound_to(IpAddr::from([0, 0, 0, 0])).await;
    assert_eq!(outside.status("GET", "/", &[], "").await, StatusCode::SEE_OTHER);
    assert_eq!(outside.status("GET", "/healthz", &[], "").await, StatusCode::OK);
    let form = outside.ask("GET", "/signin", &[], "").await.text().await.expect("text");
    assert!(form.contains("wanglou user add"), "it says what to do");
    outside.close().await;
}

#[tokio::test]
async fn a_session_cannot_be_fixed_forged_or_used_by_another_site() {
    let server = Server::open().await;
    server.add("centre", Role::Centre).await;
    // A session id that somebody planted does not become a session.
    let planted = "wanglou_session=planted";
    assert_eq!(server.status("GET", "/", &[("cookie", planted)], "").await, StatusCode::SEE_OTHER);
    let session = server.sign_in("centre").await;
    assert_ne!(session, planted);
    let page = server.ask("GET", &format!("/alerts/{OWN}"), &[("cookie", &session)], "").await;
    assert_eq!(page.status(), StatusCode::OK);
    let key = key_of(&page.text().await.expect("text"));
    // What another site makes the browser send carries the cookie and no key.
    let acts = format!("/alerts/{OWN}/acts");
    for body in ["kind=note&note=x", "kind=note&note=x&key=", "kind=note&note=x&key=0123"] {
        let status = server.status("POST", &acts, &[FORM, ("cookie", &session)], body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
    }
    for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
        let status = server.status("POST", &acts, &[("content-type", kind), ("cookie", &session)], "kind=note").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{kind}");
    }
    let body = format!("kind=note&note=x&to=&until=&key={key}");
    let meant = server.ask("POST", &acts, &[FORM, ("cookie", &session)], &body).await;
    assert_eq!(meant.status(), StatusCode::SEE_OTHER, "{}", meant.text().await.expect("text"));
    // Signing in again ends what was held; a key of one session opens no other.
    assert_eq!(server.status("POST", "/signout", &[FORM, ("cookie", &session)], "").await, StatusCode::FORBIDDEN);
    let out = server.status("POST", "/signout", &[FORM, ("cookie", &session)], &format!("key={key}")).await;
    assert_eq!(out, StatusCode::SEE_OTHER);
    assert_eq!(server.status("GET", "/", &[("cookie", &session)], "").await, StatusCode::SEE_OTHER, "it has ended");
    // Another site cannot sign a visitor in.
    let (_, key) = server.form(&[]).await;
    let body = format!("name=centre&password={}&key={key}", PASSWORD.replace(' ', "+"));
    assert_eq!(server.status("POST", "/signin", &[FORM], &body).await, StatusCode::FORBIDDEN);
    server.close().await;
}

#[tokio::test]
async fn a_person_subscribes_to_the_own_mail_and_ends_only_what_is_the_own() {
    let server = Server::open().await;
    assert_eq!(server.status("GET", "/subscriptions", &[], "").await, StatusCode::FORBIDDEN, "nobody has signed in");
    server.add("firm", Role::Firm).await;
    server.add("public", Role::Public).await;
    let session = server.sign_in("firm").await;
    let page = async |session: &str| {
        let answer = server.ask("GET", "/subscriptions", &[("cookie", session)], "").await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.expect("text")
    };
    let key = key_of(&page(&session).await);
    let wanted = "category=toy&region=330000&danger=high&when=digest&hour=8&quiet_from=&quiet_until=";
    let unmeant = server.status("POST", "/subscriptions", &[FORM, ("cookie", &session)], wanted).await;
    assert_eq!(unmeant, StatusCode::FORBIDDEN, "without the key of a form of ours");
    let body = format!("{wanted}&key={key}");
    let made = server.status("POST", "/subscriptions", &[FORM, ("cookie", &session)], &body).await;
    assert_eq!(made, StatusCode::SEE_OTHER);
    let shown = page(&session).await;
    assert!(shown.contains("玩具；浙江省；隐患程度高及以上；每日 8 时一份摘要；严重的即时"), "{shown}");
    assert!(shown.contains("firm@a.example"), "{shown}");
    let owned = server.accounts.subscriptions("firm").await.expect("asked");
    let name = &owned[0].row.endpoint.name;
    let wrong =
        server.ask("POST", "/subscriptions", &[FORM, ("cookie", &session)], &format!("region=<b>&key={key}")).await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let told = wrong.text().await.expect("text");
    assert!(told.contains("不是地区代码") && !told.contains("<b>"), "{told}");
    let other = server.sign_in("public").await;
    let shown = page(&other).await;
    assert!(!shown.contains(name));
    let remove = format!("name={name}&key={}", key_of(&shown));
    let theirs = server.status("POST", "/subscriptions/remove", &[FORM, ("cookie", &other)], &remove).await;
    assert_eq!(theirs, StatusCode::NOT_FOUND);
    let remove = format!("name={name}&key={key}");
    let ended = server.status("POST", "/subscriptions/remove", &[FORM, ("cookie", &session)], &remove).await;
    assert_eq!(ended, StatusCode::SEE_OTHER);
    assert!(server.accounts.subscriptions("firm").await.expect("asked").is_empty());
    server.close().await;
}

#[tokio::test]
async fn guesses_are_refused_in_the_same_words_and_then_slowed_down() {
    let server = Server::open().await;
    server.add("centre", Role::Centre).await;
    let guess = async |name: &str| {
        let (cookie, key) = server.form(&[]).await;
        let body = format!("name={name}&password=a+wrong+password&key={key}");
        let answer = server.ask("POST", "/signin", &[FORM, ("cookie", &cookie)], &body).await;
        let (status, wait) = (answer.status(), answer.headers().contains_key("retry-after"));
        let text = answer.text().await.expect("text");
        (status, wait, text.split("role=\"alert\">").nth(1).map(|rest| rest.split('<').next().unwrap_or("").to_owned()))
    };
    let (known, unknown) = (guess("centre").await, guess("nobody").await);
    assert_eq!(known, (StatusCode::UNAUTHORIZED, false, Some("用户名或密码不对。".to_owned())));
    assert_eq!(known, unknown);
    for _ in 0..4 {
        guess("centre").await;
    }
    let slowed = guess("centre").await;
    assert_eq!((slowed.0, slowed.1), (StatusCode::TOO_MANY_REQUESTS, true));
    server.close().await;
}

#[tokio::test]
async fn a_stream_ends_when_the_token_that_opened_it_is_revoked_and_others_go_on() {
    let clock = Stepped::default();
    let server = Server::timed_by(&clock).await;
    server.add("centre", Role::Centre).await;
    server.add("firm", Role::Firm).await;
    let mut open = Vec::new();
    for name in ["centre", "firm"] {
        let token = server.token(name, &[Scope::Read]).await;
        let answer =
            server.ask("GET", "/feeds/alerts/stream", &[("authorization", &format!("Bearer {token}"))], "").await;
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
        open.push(answer);
    }
    // Who had a session is a stranger once it has ended.
    let session = server.sign_in("centre").await;
    let by_session = server.ask("GET", "/feeds/alerts/stream", &[("cookie", &session)], "").await;
    let tokens = server.accounts.tokens().await.expect("asked");
    let of_centre = tokens.iter().find(|token| token.party.name == "centre的单位").expect("made");
    server.accounts.revoke_token(&of_centre.token, "test", now()).await.expect("revoked");
    server.accounts.sign_out(session.split_once('=').expect("a pair").1, "centre", now()).await.expect("ended");
    clock.advance(ASK_AGAIN_SECONDS);
    let (mut of_firm, mut of_centre) = (open.pop().expect("opened"), open.pop().expect("opened"));
    while of_centre.chunk().await.is_ok_and(|chunk| chunk.is_some()) {}
    let mut by_session = by_session;
    while by_session.chunk().await.is_ok_and(|chunk| chunk.is_some()) {}
    let another = tokio::time::timeout(std::time::Duration::ZERO, of_firm.chunk()).await;
    assert!(!matches!(another, Ok(Ok(None) | Err(_))), "the stream of the other goes on");
    server.close().await;
}

#[tokio::test]
async fn an_organisation_has_its_share_of_streams_and_leaves_places_to_others() {
    let server = Server::open().await;
    server.add("centre", Role::Centre).await;
    server.add("public", Role::Public).await;
    let bearer = async |name: &str| format!("Bearer {}", server.token(name, &[Scope::Read]).await);
    let (centre, public) = (bearer("centre").await, bearer("public").await);
    let mut open = Vec::new();
    for _ in 0..STREAMS_PER_PARTY_MAX {
        let answer = server.ask("GET", "/feeds/alerts/stream", &[("authorization", &public)], "").await;
        assert_eq!(answer.status(), StatusCode::OK);
        open.push(answer);
    }
    let further = server.status("GET", "/feeds/alerts/stream", &[("authorization", &public)], "").await;
    assert_eq!(further, StatusCode::TOO_MANY_REQUESTS);
    let other = server.ask("GET", "/feeds/alerts/stream", &[("authorization", &centre)], "").await;
    assert_eq!(other.status(), StatusCode::OK);
    let metrics = server.token("centre", &[Scope::Metrics]).await;
    let metrics = server.ask("GET", "/metrics", &[("authorization", &format!("Bearer {metrics}"))], "").await;
    let counted = format!("wanglou_alert_streams {}", STREAMS_PER_PARTY_MAX + 1);
    assert!(metrics.text().await.expect("text").contains(&counted));
    server.close().await;
}

#[tokio::test]
async fn a_sign_in_form_of_another_tab_signs_in_though_a_session_lives() {
    let server = Server::open().await;
    server.add("centre", Role::Centre).await;
    let (cookie, key) = server.form(&[]).await;
    // A second tab opens the same form; neither makes the other useless.
    let (again, same_key) = server.form(&[("cookie", &cookie)]).await;
    assert_eq!((&again, &same_key), (&cookie, &key));
    let body = format!("name=centre&password={}&key={key}&next=/status", PASSWORD.replace(' ', "+"));
    let first = server.ask("POST", "/signin", &[FORM, ("cookie", &cookie)], &body).await;
    assert_eq!(first.status(), StatusCode::SEE_OTHER);
    let session = set_cookie(&first);
    let both = format!("{session}; {cookie}");
    let second = server.ask("POST", "/signin", &[FORM, ("cookie", &both)], &body).await;
    assert_eq!(second.status(), StatusCode::SEE_OTHER, "{}", second.text().await.expect("text"));
    let wrong = body.replace("correct", "wrong");
    let wrong = server.status("POST", "/signin", &[FORM, ("cookie", &both)], &wrong).await;
    assert_eq!(wrong, StatusCode::UNAUTHORIZED, "a wrong password is told as ever");
    let unbound = server.status("POST", "/signin", &[FORM, ("cookie", &session)], &body).await;
    assert_eq!(unbound, StatusCode::FORBIDDEN, "without the cookie of the form another site may have sent it");
    server.close().await;
}

#[tokio::test]
async fn cookies_are_for_tls_alone_where_the_settings_say_that_the_pages_are() {
    for (home, secure) in [("http://wanglou", false), ("https://wanglou.example", true)] {
        let server =
            Server::of(Folder::reached_by(home).await, IpAddr::from([127, 0, 0, 1]), Timer::of_machine()).await;
        server.add("centre", Role::Centre).await;
        let form = server.ask("GET", "/signin", &[], "").await;
        let told = form.headers()["set-cookie"].to_str().expect("ASCII").to_owned();
        assert_eq!(told.contains("; Secure"), secure, "{home}: {told}");
        let by_proxy = server.ask("GET", "/signin", &[("x-forwarded-proto", "https")], "").await;
        assert!(by_proxy.headers()["set-cookie"].to_str().expect("ASCII").contains("; Secure"));
        let key = key_of(&form.text().await.expect("text"));
        let cookie = told.split(';').next().expect("a pair");
        let body = format!("name=centre&password={}&key={key}", PASSWORD.replace(' ', "+"));
        let signed_in = server.ask("POST", "/signin", &[FORM, ("cookie", cookie)], &body).await;
        for set in signed_in.headers().get_all("set-cookie") {
            assert_eq!(set.to_str().expect("ASCII").contains("; Secure"), secure, "{home}: {set:?}");
        }
        server.close().await;
    }
}

#[tokio::test]
async fn a_page_shows_many_long_notes_a_stretch_at_a_time_and_all_of_them_in_the_end() {
    let server = Server::open().await;
    server.add("centre", Role::Centre).await;
    let note = |number: usize| Act {
        work: None,
        alert_id: OWN.into(),
        at: now(),
        by: "甲".to_owned(),
        party: "某检验机构".to_owned(),
        kind: ActKind::Note,
        note: format!("第{number}条{}", "<".repeat(600)),
        to: None,
        until: None,
        key: Some(number.to_string()),
    };
    let taken = server.folder.tower.take_acts((0..400).map(note).collect()).await.expect("taken");
    assert!(taken.iter().all(|taken| *taken == ActTaken::Kept));
    let more = server.folder.tower.take_acts((400..1_000).map(note).collect()).await.expect("taken");
    assert!(more.iter().any(|taken| matches!(taken, ActTaken::Refused(_))), "an organisation has so much room");
    let again = server.folder.tower.take_acts((0..400).map(note).collect()).await.expect("taken");
    assert!(again.iter().all(|taken| *taken == ActTaken::Known), "the same again changes nothing");
    let token = format!("Bearer {}", server.token("centre", &[Scope::Read]).await);
    let (mut path, mut shown, mut pages) = (format!("/alerts/{OWN}"), 0, 0);
    loop {
        let page = server.ask("GET", &path, &[("authorization", &token)], "").await.text().await.expect("text");
        assert!(page.len() < 500_000, "{path}: {} bytes", page.len());
        shown += page.matches("第").count().min(page.matches("条&#60;").count());
        pages += 1;
        let Some(rest) = page.split("?before=").nth(1) else { break };
        path = format!("/alerts/{OWN}?before={}", rest.split('#').next().expect("a number"));
        assert!(pages < 100, "it ends");
    }
    let kept = server.folder.tower.store().acts(Some(&OWN.into())).await.expect("read").len();
    assert_eq!(shown, kept, "every note is on one page");
    for format in ["docx", "pdf"] {
        let sheet = format!("/alerts/{OWN}/sheet?format={format}");
        let sheet = server.ask("GET", &sheet, &[("authorization", &token)], "").await.bytes().await.expect("bytes");
        assert!(sheet.len() < 1_000_000, "{format}: {} bytes", sheet.len());
    }
    server.close().await;
}
