//! Users, sessions, tokens, and what wrong passwords cost.

use super::*;
use vocabulary::Said as _;
use vocabulary::Subscription;

const PASSWORD: &str = "ten characters and more";

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + hours * 3_600).expect("a moment")
}

async fn accounts() -> (tempfile::TempDir, Accounts) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("open");
    (dir, Accounts::new(store))
}

fn new(name: &str, party: &str, role: Role) -> NewUser {
    NewUser {
        name: name.to_owned(),
        party: party.to_owned(),
        role: Some(role),
        concerns: Concerns::default(),
        password: Some(PASSWORD.to_owned()),
        by_provider: false,
        mail: Some("a@b.example".to_owned()),
    }
}

#[tokio::test]
async fn a_session_begins_with_the_password_and_ends_by_time_by_hand_and_with_its_user() {
    let (_dir, accounts) = accounts().await;
    assert!(!accounts.has_users().await.expect("asked"));
    accounts.add_user(new("甲", "中心", Role::Centre), "cli", at(0)).await.expect("made");
    assert!(accounts.has_users().await.expect("asked"));
    let sign_in = async |held: Option<&str>| {
        accounts
            .sign_in("甲", PASSWORD, Guest { held, ..Guest::default() }, at(0))
            .await
            .expect("asked")
            .expect("let in")
            .secret
    };
    let first = sign_in(None).await;
    let Some(Viewer::Member(member)) = accounts.by_session(&first, at(1)).await.expect("asked") else {
        panic!("signed in")
    };
    assert_eq!((member.name.as_str(), member.party.role, member.scopes), ("甲", Role::Centre, None));
    assert_eq!(accounts.by_session(&first, at(SESSION_HOURS)).await.expect("asked"), None, "expired");
    let second = sign_in(Some(&first)).await;
    assert_ne!(first, second, "a new id at every sign-in");
    assert_eq!(accounts.by_session(&first, at(1)).await.expect("asked"), None, "what was held before ends");
    accounts.sign_out(&second, "甲", at(1)).await.expect("out");
    assert_eq!(accounts.by_session(&second, at(1)).await.expect("asked"), None);
    let third = sign_in(None).await;
    accounts.disable("甲", true, "cli", at(1)).await.expect("disabled");
    assert_eq!(accounts.by_session(&third, at(1)).await.expect("asked"), None);
    let refused = accounts.sign_in("甲", PASSWORD, Guest::default(), at(1)).await.expect("asked");
    assert_eq!(refused, Err(Refusal::Wrong), "a disabled user is told no more than a wrong password");
    assert!(accounts.has_users().await.expect("asked"), "a disabled user still closes the house");
}

#[tokio::test]
async fn wrong_names_and_wrong_passwords_are_refused_alike_and_slowed_down() {
    let (_dir, accounts) = accounts().await;
    accounts.add_user(new("甲", "中心", Role::Centre), "cli", at(0)).await.expect("made");
    for name in ["甲", "无此人"] {
        for _ in 0..5 {
            let refused = accounts.sign_in(name, "a wrong password", Guest::default(), at(0)).await.expect("asked");
            assert_eq!(refused, Err(Refusal::Wrong));
        }
        for _ in 0..3 {
            let refused = accounts.sign_in(name, PASSWORD, Guest::default(), at(0)).await.expect("asked");
            assert!(matches!(refused, Err(Refusal::Wait(_))), "{name}: even the right password has to wait");
        }
    }
    let told = accounts.store.audit(0, 100).await.expect("read");
    assert_eq!(told.iter().filter(|line| line.entry.what == AuditKind::SignInRefused).count(), 12);
    let waits = told.iter().filter(|line| line.entry.detail == "has to wait").map(|line| line.entry.who.as_str());
    assert_eq!(waits.collect::<Vec<_>>(), ["甲", "unknown"], "one line for each wait");
    assert!(told.iter().all(|line| !line.entry.detail.contains("password") || line.entry.what == AuditKind::User));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_whose_client_leaves_leaves_its_line() {
    let (_dir, accounts) = accounts().await;
    accounts.add_user(new("甲", "中心", Role::Centre), "cli", at(0)).await.expect("made");
    let before = Arc::strong_count(&accounts.throttle);
    let hashing = accounts.hashing.acquire_many(2).await.expect("free");
    {
        let mut asked = std::pin::pin!(accounts.sign_in("甲", "a wrong password", Guest::default(), at(0)));
        // Until the try is counted; it cannot end while nothing is hashed.
        while Arc::strong_count(&accounts.throttle) == before {
            tokio::select! {
                biased;
                _ = asked.as_mut() => panic!("nothing is hashed"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    drop(hashing);
    let over = async {
        while Arc::strong_count(&accounts.throttle) > before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), over).await.expect("it ends");
    let told = accounts.store.audit(0, 100).await.expect("read");
    assert_eq!(told.last().map(|line| line.entry.what), Some(AuditKind::SignInRefused));
}

#[tokio::test]
async fn a_token_opens_until_it_ends_or_is_revoked_and_only_its_digest_is_kept() {
    let (dir, accounts) = accounts().await;
    accounts.add_user(new("甲", "中心", Role::Centre), "cli", at(0)).await.expect("made");
    let scopes = BTreeSet::from([Scope::Read]);
    let (token, secret) = accounts.add_token("中心", "看板", scopes, 1, "cli", at(0)).await.expect("made");
    let viewer = accounts.by_token(&secret, at(1)).await.expect("asked").expect("let in");
    assert!(viewer.has(Scope::Read) && !viewer.has(Scope::Push));
    assert_eq!(accounts.by_token(&secret, at(24)).await.expect("asked"), None, "expired");
    accounts.revoke_token(&token.token, "cli", at(2)).await.expect("revoked");
    assert_eq!(accounts.by_token(&secret, at(2)).await.expect("asked"), None, "revoked");
    assert!(accounts.revoke_token(&token.token, "cli", at(2)).await.is_err());
    accounts.store.close().await;
    #[expect(clippy::disallowed_methods, reason = "a test that looks into the file")]
    for file in ["wanglou.sqlite", "wanglou.sqlite-wal"] {
        let bytes = std::fs::read(dir.path().join(file)).unwrap_or_default();
        for kept in [secret.as_str(), PASSWORD] {
            assert!(!bytes.windows(kept.len()).any(|window| window == kept.as_bytes()), "{file} holds a secret");
        }
    }
}

#[tokio::test]
async fn a_name_from_a_provider_opens_nothing_until_an_administrator_has_linked_the_person() {
    const ISSUER: &str = "https://id.example";
    let (_dir, accounts) = accounts().await;
    let person = |subject: &str, name: &str| Identity {
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
        name: name.to_owned(),
    };
    accounts.add_user(new("甲", "中心", Role::Centre), "cli", at(0)).await.expect("made");
    let by_provider = NewUser { password: None, by_provider: true, ..new("乙", "中心", Role::Centre) };
    accounts.add_user(by_provider, "cli", at(0)).await.expect("made");
    let guest = Guest { address: Some(std::net::IpAddr::from([192, 0, 2, 9])), ..Guest::default() };
    let asked = async |subject: &str, name: &str| {
        accounts.sign_in_as(&person(subject, name), guest, at(1)).await.expect("asked")
    };
    let link = async |name: &str, subject: &str| accounts.link(name, ISSUER, subject, "cli", at(1)).await;
    assert_eq!(asked("1", "甲").await, None, "a user of a password is nobody's to take over");
    assert_eq!(asked("1", "丙").await, None, "nobody is made by signing in");
    assert_eq!(asked("9", "乙").await, None, "whoever comes first under a name is anybody");
    link("乙", "2").await.expect("linked");
    assert_eq!(asked("9", "乙").await, None);
    let session = asked("2", "乙").await.expect("let in");
    let Some(Viewer::Member(member)) = accounts.by_session(&session.secret, at(2)).await.expect("asked") else {
        panic!("signed in")
    };
    assert_eq!(member.name, "乙");
    assert_eq!(asked("3", "乙").await, None, "whoever is given the name later is somebody else");
    assert!(asked("2", "renamed").await.is_some(), "a new name there is the same person");
    let other = Identity { issuer: "https://other.example".to_owned(), ..person("2", "乙") };
    assert_eq!(accounts.sign_in_as(&other, guest, at(1)).await.expect("asked"), None, "numbers are the provider's own");
    let by_password = accounts.sign_in("乙", "", Guest::default(), at(1)).await.expect("asked");
    assert_eq!(by_password, Err(Refusal::Wrong), "no password is no empty password");
    accounts.disable("乙", true, "cli", at(2)).await.expect("disabled");
    assert_eq!(asked("2", "乙").await, None);
    accounts.disable("乙", false, "cli", at(2)).await.expect("enabled");
    assert!(accounts.set_provider("乙", false, "cli", at(3)).await.is_err(), "it would lock the user out");
    let held = asked("2", "乙").await.expect("let in").secret;
    link("乙", "3").await.expect("linked to somebody else");
    assert_eq!(accounts.by_session(&held, at(2)).await.expect("asked"), None, "what was held ends");
    assert!(asked("3", "乙").await.is_some());
    assert_eq!(asked("2", "乙").await, None, "the former person is a stranger");
    assert!(link("甲", "3").await.is_err(), "one person is one user");
    link("甲", "4").await.expect("linked");
    assert!(asked("4", "x").await.is_some());
    accounts.set_provider("甲", false, "cli", at(3)).await.expect("taken back");
    assert_eq!(asked("4", "甲").await, None);
    for (name, issuer, subject) in [("丙", ISSUER, "5"), ("甲", "", "5"), ("甲", ISSUER, ""), ("甲", ISSUER, "a\nb")]
    {
        assert!(accounts.link(name, issuer, subject, "cli", at(3)).await.is_err(), "{name} {issuer} {subject}");
    }
    assert!(link("甲", &"9".repeat(100_000)).await.is_err());
    let told = accounts.store.audit(0, 100).await.expect("read");
    let refused: Vec<&str> = told
        .iter()
        .filter(|line| line.entry.what == AuditKind::SignInRefused)
        .map(|line| line.entry.detail.as_str())
        .collect();
    assert_eq!(refused.len(), 10);
    assert_eq!(
        refused[2], "by the provider: 9 of https://id.example, from 192.0.2.9",
        "what linking needs is written down"
    );
}

#[tokio::test]
async fn users_that_are_called_by_the_number_of_the_provider_are_found_by_it() {
    let (_dir, accounts) = accounts().await;
    let by_provider = |name: &str| NewUser { password: None, by_provider: true, ..new(name, "中心", Role::Centre) };
    accounts.add_user(by_provider("248289761001"), "cli", at(0)).await.expect("made");
    let person = |subject: &str, name: &str| Identity {
        issuer: "https://id.example".to_owned(),
        subject: subject.to_owned(),
        name: name.to_owned(),
    };
    let chosen = accounts.sign_in_as(&person("1", "248289761001"), Guest::default(), at(1)).await.expect("asked");
    assert_eq!(chosen, None, "a chosen name is no number");
    let own =
        accounts.sign_in_as(&person("248289761001", "248289761001"), Guest::default(), at(1)).await.expect("asked");
    assert!(own.is_some());
    let other = Identity { issuer: "https://other.example".to_owned(), ..person("248289761001", "248289761001") };
    assert_eq!(accounts.sign_in_as(&other, Guest::default(), at(1)).await.expect("asked"), None);
}

#[tokio::test]
async fn a_user_subscribes_to_the_own_address_and_what_was_subscribed_ends_with_address_and_user() {
    let (_dir, accounts) = accounts().await;
    accounts.add_user(new("li@a", "某厂", Role::Public), "cli", at(0)).await.expect("made");
    accounts.add_user(new("乙", "某厂", Role::Public), "cli", at(0)).await.expect("made");
    let urgent = Subscription { digest_hour: Some(8), notices: true, ..Subscription::default() };
    let name = accounts.subscribe("li@a", urgent, at(0)).await.expect("subscribed");
    let owned = accounts.subscriptions("li@a").await.expect("asked");
    let endpoint = &owned[0].row.endpoint;
    assert!(name.starts_with("lia-") && endpoint.name == name);
    assert_eq!((endpoint.url.as_str(), endpoint.party.as_deref()), ("mailto:a@b.example", Some("某厂")));
    assert!(!endpoint.subscription.notices, "what happens to the watch itself is not for organisations");
    assert!(!accounts.unsubscribe("乙", &name, at(1)).await.expect("asked"), "it is somebody else's");
    accounts.set_mail("li@a", Some("c@d.example"), "cli", at(1)).await.expect("set");
    let owned = accounts.subscriptions("li@a").await.expect("asked");
    assert_eq!(owned[0].row.endpoint.url, "mailto:c@d.example");
    let odd = Subscription { quiet_hours: Some((7, 7)), ..Subscription::default() };
    assert!(accounts.subscribe("li@a", odd, at(1)).await.is_err(), "never quiet, or always?");
    for _ in 1..super::super::SUBSCRIPTIONS_MAX {
        accounts.subscribe("li@a", Subscription::default(), at(1)).await.expect("subscribed");
    }
    let refused = accounts.subscribe("li@a", Subscription::default(), at(1)).await.expect_err("too many");
    assert!(refused.to_string().contains("10"), "{refused}");
    assert!(accounts.unsubscribe("li@a", &name, at(1)).await.expect("asked"));
    accounts.disable("li@a", true, "cli", at(2)).await.expect("disabled");
    assert!(accounts.subscriptions("li@a").await.expect("asked").is_empty());
    let lines = accounts.store.audit(0, 100).await.expect("read");
    let ended = lines.iter().filter(|line| line.entry.detail == "ended: li@a is disabled");
    assert_eq!(ended.count(), super::super::SUBSCRIPTIONS_MAX - 1, "each leaves its own line");
    accounts.set_mail("乙", None, "cli", at(2)).await.expect("taken away");
    let refused = accounts.subscribe("乙", Subscription::default(), at(2)).await.expect_err("no address");
    assert!(refused.zh().contains("邮箱"), "{refused}");
    for wrong in ["", "a", "a@b\r\nrcpt to:c@d", "a@b, c@d", &format!("{}@b.example", "a".repeat(250))] {
        assert!(accounts.set_mail("乙", Some(wrong), "cli", at(2)).await.is_err(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_one_moment_are_let_in_no_more_often_than_guesses_in_a_row() {
    let (_dir, accounts) = accounts().await;
    accounts.add_user(new("甲", "中心", Role::Centre), "cli", at(0)).await.expect("made");
    let guess = |number: usize| {
        let accounts = accounts.clone();
        tokio::spawn(async move {
            let guess = format!("a wrong password {number}");
            accounts.sign_in("甲", &guess, Guest::default(), at(0)).await.expect("asked")
        })
    };
    let guesses: Vec<_> = (0..200).map(guess).collect();
    let mut wrong = 0;
    for guess in guesses {
        wrong += usize::from(guess.await.expect("no panic") == Err(Refusal::Wrong));
    }
    assert!((1..=5).contains(&wrong), "{wrong} passwords were tried");
}

#[tokio::test]
async fn guesses_of_others_keep_neither_another_address_nor_a_known_browser_out() {
    let (_dir, accounts) = accounts().await;
    accounts.add_user(new("甲", "中心", Role::Centre), "cli", at(0)).await.expect("made");
    let from = |last: u8| Guest { address: Some([192, 0, 2, last].into()), ..Guest::default() };
    let own = accounts.sign_in("甲", PASSWORD, from(1), at(0)).await.expect("asked").expect("let in");
    let mut waits = 0;
    for number in 0..310 {
        let name = format!("nobody{number}");
        let answer = accounts.sign_in(&name, "a wrong password", from(2), at(0)).await.expect("asked");
        waits += u32::from(matches!(answer, Err(Refusal::Wait(_))));
    }
    assert!(waits > 200, "the address that guesses waits");
    assert!(accounts.sign_in("甲", PASSWORD, from(3), at(0)).await.expect("asked").is_ok(), "others do not");
    for _ in 0..6 {
        _ = accounts.sign_in("甲", "a wrong password", from(4), at(0)).await.expect("asked");
    }
    let elsewhere = accounts.sign_in("甲", PASSWORD, from(5), at(0)).await.expect("asked");
    assert!(matches!(elsewhere, Err(Refusal::Wait(_))), "the name waits for whoever is not known");
    let known = Guest { browser: own.browser.as_deref(), ..from(2) };
    assert!(accounts.sign_in("甲", PASSWORD, known, at(0)).await.expect("asked").is_ok(), "the own browser does not");
    let told = accounts.store.audit(0, 1_000).await.expect("read");
    let refused = told.iter().filter(|line| line.entry.what == AuditKind::SignInRefused);
    assert!(refused.clone().count() > 50 && refused.clone().all(|line| line.entry.detail.contains("from 192.0.2.")));
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_what_is_expected() {
    let (_dir, accounts) = accounts().await;
    let refused = async |new: NewUser| accounts.add_user(new, "cli", at(0)).await.expect_err("refused").to_string();
    assert!(refused(new("a b", "中心", Role::Centre)).await.contains("no name for a user"));
    assert!(refused(new("a", " ", Role::Centre)).await.contains("needs a name"));
    assert!(refused(new("a", "某平台", Role::Platform)).await.contains("--platform"));
    assert!(refused(new("a", "某厂", Role::Firm)).await.contains("--brand"));
    assert!(refused(NewUser { role: None, ..new("a", "中心", Role::Centre) }).await.contains("--role"));
    let short = NewUser { password: Some("short".to_owned()), ..new("a", "中心", Role::Centre) };
    assert!(refused(short).await.contains("10 to 200 characters"));
    accounts.add_user(new("a", "中心", Role::Centre), "cli", at(0)).await.expect("made");
    assert!(refused(new("b", "中心", Role::Public)).await.contains("known as centre"));
    assert!(refused(new("a", "中心", Role::Centre)).await.contains("already"));
}
