//! AUDIT-1, absence: whoever signs in, decides, makes, revokes or takes data away leaves a line that says who, what and about which thing.

use std::collections::BTreeMap;

use super::super::matrix::{FORM, OWN, PASSWORD, Server, example, key_of, now};
use super::super::routes::ROUTES;
use store::Store;
use vocabulary::{AuditKind, Category, DocumentId, Doubt, DoubtedText, Hazard, Role, Scope, Stance, Verdict};

/// Every kind; a new one does not compile until somebody says here what leaves it.
const KINDS: [AuditKind; 17] = [
    AuditKind::SignIn,
    AuditKind::SignInRefused,
    AuditKind::SignOut,
    AuditKind::User,
    AuditKind::Token,
    AuditKind::Act,
    AuditKind::Outcome,
    AuditKind::Export,
    AuditKind::Delivery,
    AuditKind::Rules,
    AuditKind::Push,
    AuditKind::Search,
    AuditKind::Source,
    AuditKind::Upkeep,
    AuditKind::Doubt,
    AuditKind::TestBody,
    AuditKind::Buyer,
];

/// What leaves lines of a kind, here or, for rules, where they are promoted.
fn left_by(kind: AuditKind) -> &'static [&'static str] {
    match kind {
        AuditKind::SignIn => &["sign in"],
        AuditKind::SignInRefused => &["wrong password"],
        AuditKind::SignOut => &["sign out"],
        AuditKind::User => &["add a user", "new password", "disable", "enable"],
        AuditKind::Token => &["make a token", "revoke a token"],
        AuditKind::Act => &["act by JSON", "act by form", "act by exchange"],
        AuditKind::Outcome => &["verdict", "results"],
        AuditKind::Export => &[
            "GET /search/export",
            "GET /documents/{id}/raw",
            "GET /api/v1/search/export",
            "GET /api/v1/exchange",
            "GET /feeds/alerts.csv",
            "paper as a file",
        ],
        AuditKind::Delivery => &["subscribe", "unsubscribe"],
        // `tests/it/promotion.rs`: this folder is read by rules that its settings name, so none can be promoted.
        // `pipeline::collecting`: commands alone pause a source.
        // `tests/it/upkeep.rs`: commands alone change the folder itself.
        // `tests/it/buyers.rs`: commands alone know of buyers.
        AuditKind::Rules | AuditKind::Source | AuditKind::Upkeep | AuditKind::Buyer => &[],
        AuditKind::Push => &["push"],
        AuditKind::Doubt => &["answer a doubt"],
        AuditKind::TestBody => &["register a test body"],
        AuditKind::Search => &["save by JSON", "save by form", "forget by DELETE", "forget by form"],
    }
}

/// A service, and the lines that its audit log had when they were last looked at.
struct Watched {
    server: Server,
    seen: u64,
    left: BTreeMap<String, AuditKind>,
}

impl Watched {
    /// Lines since the last look: kind, who, about.
    async fn fresh(&mut self) -> Vec<(AuditKind, String, String)> {
        let store = self.server.folder.tower.store();
        let lines = store.audit(self.seen, 1_000).await.expect("read");
        self.seen = lines.last().map_or(self.seen, |line| line.seq);
        lines.into_iter().map(|line| (line.entry.what, line.entry.who, line.entry.about)).collect()
    }

    /// Something was done: it left one line, of this kind, by this one, about this thing.
    async fn left(&mut self, what: &str, kind: AuditKind, who: &str, about: &str) {
        let fresh = self.fresh().await;
        assert_eq!(fresh, [(kind, who.to_owned(), about.to_owned())], "{what}");
        assert!(left_by(kind).contains(&what), "`{what}` is listed");
        self.left.insert(what.to_owned(), kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_the_audit_log_is_for_leaves_its_line() {
    let server = Server::open().await;
    let mut watched = Watched { server, seen: 0, left: BTreeMap::new() };
    watched.server.add("centre", Role::Centre).await;
    watched.left("add a user", AuditKind::User, "test", "centre").await;
    let (row, token) = {
        let scopes = Scope::ALL.iter().copied().collect();
        let accounts = &watched.server.accounts;
        accounts.add_token("centre的单位", "", scopes, 1, "test", now()).await.expect("made")
    };
    watched.left("make a token", AuditKind::Token, "test", &row.token).await;
    let (by, bearer) = (format!("token:{}", row.token), format!("Bearer {token}"));

    // Data that leaves in bulk, by whichever address; nothing else that is looked at leaves a line.
    for route in ROUTES.iter().filter(|route| route.method.name() == "GET") {
        let (path, mut headers, _) = example("GET", route.path, OWN);
        headers.push(("authorization", &bearer));
        let answer = watched.server.ask("GET", &path, &headers, "").await;
        let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
        let kind = kind.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or("").to_owned();
        let bulk = ["application/zip", "text/csv", "application/warc"].iter().any(|bulk| kind.starts_with(bulk));
        let asked = format!("GET {}", route.path);
        if bulk {
            assert!(status.is_success(), "{asked}");
            let about = match route.path {
                "/documents/{id}/raw" => "sim.complaints/2024/0711",
                "/api/v1/exchange" => "exchange",
                "/feeds/alerts.csv" => "alerts.csv",
                _ => "search.csv",
            };
            watched.left(&asked, AuditKind::Export, &by, about).await;
        } else {
            assert_eq!(watched.fresh().await, [], "{asked}: {status} {kind}");
        }
    }

    let paper = format!("/matters/{OWN}/paper/scheme?form=docx");
    let taken = watched.server.ask("GET", &paper, &[("authorization", bearer.as_str())], "").await;
    assert_eq!(taken.status(), 200);
    watched.left("paper as a file", AuditKind::Export, &by, OWN).await;

    // Acts, by each of the ways in.
    let json = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let acts = format!("/api/v1/alerts/{OWN}/acts");
    let done = watched.server.ask("POST", &acts, &json, r#"{"kind":"note","note":"一"}"#).await;
    assert_eq!(done.status(), 201);
    watched.left("act by JSON", AuditKind::Act, &by, OWN).await;
    let form = [("authorization", bearer.as_str()), FORM];
    let done = watched.server.ask("POST", &format!("/alerts/{OWN}/acts"), &form, "kind=note&note=x").await;
    assert_eq!(done.status(), 303);
    watched.left("act by form", AuditKind::Act, &by, OWN).await;
    let line = format!(r#"{{"idempotency_key":"k","alert_id":"{OWN}","kind":"note","note":"三"}}"#);
    for again in [false, true] {
        let done = watched.server.ask("POST", "/api/v1/exchange", &json, &line).await;
        assert_eq!(done.status(), 200);
        if again {
            assert_eq!(watched.fresh().await, [], "the same again is no other act");
        } else {
            watched.left("act by exchange", AuditKind::Act, &by, OWN).await;
        }
    }
    let refused = watched.server.ask("POST", &acts, &json, r#"{"kind":"unpin","note":""}"#).await;
    assert_eq!((refused.status().as_u16(), watched.fresh().await), (409, vec![]), "what was refused was not done");

    // Documents, searches.
    let pushed = watched
        .server
        .ask("POST", "/api/v1/documents?source=hotline", &json, "{\"id\":\"a\",\"text\":\"漏电\"}\n")
        .await;
    assert_eq!(pushed.status(), 200);
    watched.left("push", AuditKind::Push, &by, "hotline").await;
    let body = r#"{"name":"一","query":"x"}"#;
    assert_eq!(watched.server.ask("POST", "/api/v1/searches", &json, body).await.status(), 201);
    watched.left("save by JSON", AuditKind::Search, &by, "一").await;
    assert_eq!(watched.server.ask("POST", "/searches", &form, "name=二&query=x&watch=new").await.status(), 303);
    watched.left("save by form", AuditKind::Search, &by, "二").await;
    assert_eq!(watched.server.ask("DELETE", "/api/v1/searches/%E4%B8%80", &json, "").await.status(), 204);
    watched.left("forget by DELETE", AuditKind::Search, &by, "一").await;
    assert_eq!(watched.server.ask("POST", "/searches/remove", &form, "name=二").await.status(), 303);
    watched.left("forget by form", AuditKind::Search, &by, "二").await;
    assert_eq!(watched.server.ask("POST", "/searches/remove", &form, "name=二").await.status(), 404);
    assert_eq!(watched.fresh().await, [], "nothing was forgotten");

    // A test body.
    let said = "name=某检测院&certificate=CMA+1&category=toy&valid_from=2024-01-01&valid_until=2030-01-01";
    assert_eq!(watched.server.ask("POST", "/bodies", &form, said).await.status(), 303);
    watched.left("register a test body", AuditKind::TestBody, &by, "某检测院").await;
    let refused = watched.server.ask("POST", "/bodies", &form, &said.replace("CMA+1", "")).await;
    assert_eq!((refused.status().as_u16(), watched.fresh().await), (409, vec![]), "a body without a certificate");

    // A text in doubt.
    let id = DocumentId::from("sim.complaints/2024/0711");
    let store = watched.server.folder.tower.store().clone();
    let entry = store.document(&id).await.expect("read").expect("there");
    let doubt = Doubt {
        product: Category::BatteryCharger,
        hazard: Hazard::Fire,
        stance: Stance::Asserted,
        severity: 0,
        words: "起火".to_owned(),
        probability: 0.4,
        kept: true,
    };
    let doubted = DoubtedText {
        document_id: id.clone(),
        position: entry.position,
        source: entry.document.source.clone(),
        text_hash: "0".repeat(64),
        lexicon: watched.server.folder.tower.lexicon().version().clone(),
        doubts: vec![doubt],
        sure: Vec::new(),
        answer: None,
    };
    let mut tx = store.begin().await.expect("begun");
    Store::ask_about(&mut tx, &doubted).await.expect("asked");
    tx.commit().await.expect("kept");
    let page = watched.server.ask("GET", "/doubts", &form, "").await.text().await.expect("text");
    assert!(page.contains("电池与充电器 × ") && page.contains("“起火”，可能性 40%，已计入"), "{page}");
    let said = "document=sim.complaints%2F2024%2F0711&pair=battery_charger%3Afire&product=toy&hazard=";
    let half = watched.server.ask("POST", "/doubts", &form, said).await;
    assert_eq!((half.status().as_u16(), watched.fresh().await), (400, vec![]), "a product without a hazard is no pair");
    let said = said.replace("hazard=", "hazard=choking&note=看过");
    assert_eq!(watched.server.ask("POST", "/doubts", &form, &said).await.status(), 303);
    watched.left("answer a doubt", AuditKind::Doubt, &by, "sim.complaints/2024/0711").await;
    let answer = store.doubted(&id).await.expect("read").and_then(|doubted| doubted.answer).expect("answered");
    let pairs: Vec<_> = answer.pairs.iter().map(|pair| (pair.product, pair.hazard)).collect();
    assert_eq!(pairs, [(Category::Toy, Hazard::Choking), (Category::BatteryCharger, Hazard::Fire)]);
    let page = watched.server.ask("GET", "/doubts", &form, "").await.text().await.expect("text");
    assert!(page.contains("0 条待复核，1 条已复核"), "{page}");

    // Sessions and subscriptions.
    let session = watched.server.sign_in("centre").await;
    watched.left("sign in", AuditKind::SignIn, "centre", "centre").await;
    let page = watched.server.ask("GET", "/subscriptions", &[("cookie", &session)], "").await;
    let key = key_of(&page.text().await.expect("text"));
    let cookie = [FORM, ("cookie", session.as_str())];
    let wanted = format!("category=&region=&danger=high&when=each&hour=8&quiet_from=&quiet_until=&key={key}");
    let made = watched.server.ask("POST", "/subscriptions", &cookie, &wanted).await;
    assert_eq!(made.status(), 303, "{}", made.text().await.expect("text"));
    let name = watched.server.accounts.subscriptions("centre").await.expect("asked")[0].row.endpoint.name.clone();
    watched.left("subscribe", AuditKind::Delivery, "centre", &name).await;
    let ended = watched.server.ask("POST", "/subscriptions/remove", &cookie, &format!("name={name}&key={key}")).await;
    assert_eq!(ended.status(), 303);
    watched.left("unsubscribe", AuditKind::Delivery, "centre", &name).await;
    assert_eq!(watched.server.ask("POST", "/signout", &cookie, &format!("key={key}")).await.status(), 303);
    watched.left("sign out", AuditKind::SignOut, "centre", "centre").await;
    let (guest, key) = watched.server.form(&[]).await;
    let guess = format!("name=centre&password=a+wrong+password&key={key}");
    let refused = watched.server.ask("POST", "/signin", &[FORM, ("cookie", &guest)], &guess).await;
    assert_eq!(refused.status(), 401);
    watched.left("wrong password", AuditKind::SignInRefused, "centre", "centre").await;

    // Users and tokens again: changed, ended.
    let accounts = watched.server.accounts.clone();
    accounts.set_password("centre", format!("{PASSWORD} two"), "test", now()).await.expect("set");
    watched.left("new password", AuditKind::User, "test", "centre").await;
    for (what, disabled) in [("disable", true), ("enable", false)] {
        accounts.disable("centre", disabled, "test", now()).await.expect("done");
        watched.left(what, AuditKind::User, "test", "centre").await;
    }
    accounts.revoke_token(&row.token, "test", now()).await.expect("revoked");
    watched.left("revoke a token", AuditKind::Token, "test", &row.token).await;

    // What came back.
    let tower = std::sync::Arc::clone(&watched.server.folder.tower);
    tower.take_verdict(&OWN.into(), Verdict::Confirmed, "张三", "核实", now()).await.expect("kept");
    watched.left("verdict", AuditKind::Outcome, "张三", OWN).await;
    let results = format!(
        r#"{{"alert_id":"{OWN}","date":"2024-07-20","tested":10,"failed":2,"basis":"targeted","body":"某检测院","report":"R-1"}}"#
    );
    let taken = tower.take_results(&results, true, "cli", now()).await.expect("read");
    assert_eq!(taken.kept, 1, "{taken:?}");
    watched.left("results", AuditKind::Outcome, "cli", "results").await;
    let taken = tower.take_results(&results, true, "cli", now()).await.expect("read");
    assert_eq!((taken.duplicate, watched.fresh().await), (1, vec![]), "the same again is nothing new");

    let all: Vec<&str> = KINDS.iter().flat_map(|kind| left_by(*kind)).copied().collect();
    let missing: Vec<&str> = all.into_iter().filter(|what| !watched.left.contains_key(*what)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "nothing was done that leaves these");
    let (count, _) = tower.store().verify_audit(None).await.expect("read").expect("whole");
    assert_eq!(count, watched.seen);
    drop(tower);
    watched.server.close().await;
}
