//! A provider on this machine that says what a test wants it to say.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use url::Url;

use super::*;

const SECRET: &str = "a secret of the registration";
/// Far off: the library reads the machine's clock.
const FAR_SECONDS: i64 = 4_000_000_000;

/// What the provider says next, and what it was asked.
#[derive(Default)]
struct Said {
    header: Value,
    /// Laid over what an honest provider would claim; a null takes a claim away.
    claims: Value,
    key: String,
    asked: Vec<Vec<(String, String)>>,
    described: u32,
    broken: bool,
}

type Shared = Arc<Mutex<Said>>;

fn signed(header: &Value, claims: &Value, key: &str) -> String {
    let body = format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(header.to_string().as_bytes()),
        BASE64URL_NOPAD.encode(claims.to_string().as_bytes())
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key");
    mac.update(body.as_bytes());
    format!("{body}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

struct House {
    provider: Provider,
    said: Shared,
}

impl House {
    async fn new(claim: NameClaim) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let said: Shared = Arc::new(Mutex::new(Said {
            header: json!({ "alg": "HS256" }),
            claims: json!({ "iss": base, "aud": "watch", "sub": "7", "exp": FAR_SECONDS, "iat": 1, "preferred_username": "zhang" }),
            key: SECRET.to_owned(),
            ..Said::default()
        }));
        let issuer = base.clone();
        let describe = move |State(said): State<Shared>| {
            let issuer = issuer.clone();
            async move {
                let mut said = said.lock().expect("alone");
                said.described += 1;
                if said.broken {
                    return Json(json!({ "it": "is down" }));
                }
                Json(json!({
                    "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"), "token_endpoint": format!("{issuer}/token"),
                    "jwks_uri": format!("{issuer}/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["HS256"],
                }))
            }
        };
        let token = async |State(said): State<Shared>, Form(asked): Form<Vec<(String, String)>>| {
            let mut said = said.lock().expect("alone");
            said.asked.push(asked);
            let mut claims = said.claims.clone();
            claims.as_object_mut().expect("claims").retain(|_, claim| !claim.is_null());
            let id_token = signed(&said.header, &claims, &said.key);
            Json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token }))
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(async || Json(json!({ "keys": [] }))))
            .route("/token", post(token))
            .with_state(Arc::clone(&said));
        tokio::spawn(axum::serve(listener, router).into_future());
        let settings = SignInSettings {
            issuer: Url::parse(&base).expect("an address"),
            client_id: "watch".to_owned(),
            client_secret: Some(SECRET.to_owned()),
            claim,
            label: "统一身份认证".to_owned(),
            authority: None,
        };
        let provider = Provider::new(settings, "https://watch.example/signin/done".to_owned()).expect("a provider");
        Self { provider, said }
    }

    #[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
    fn says(&self, claims: Value) {
        let mut said = self.said.lock().expect("alone");
        for (name, claim) in claims.as_object().expect("claims") {
            said.claims[name] = claim.clone();
        }
    }

    /// Leaves for the provider; what its page was asked for.
    async fn leave(&self) -> (Departure, Url) {
        let departure = self.provider.depart(at(0)).await.expect("away");
        let address = Url::parse(&departure.address).expect("an address");
        self.says(json!({ "nonce": asked(&address, "nonce") }));
        (departure, address)
    }

    /// Leaves and comes back as the provider sends the browser.
    async fn whole(&self, now: Timestamp) -> Result<Identity, ProviderError> {
        let (departure, address) = self.leave().await;
        self.provider.arrive(&departure.secret, back(&asked(&address, "state")), now).await
    }
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + minutes * 60).expect("a moment")
}

fn asked(address: &Url, name: &str) -> String {
    address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).expect(name)
}

fn back(state: &str) -> Returned {
    Returned { code: Some("c".to_owned()), state: Some(state.to_owned()), error: None }
}

#[tokio::test]
async fn a_person_comes_back_with_number_and_name_and_the_code_is_bound_to_the_browser() {
    let house = House::new(NameClaim::PreferredUsername).await;
    let (departure, address) = house.leave().await;
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "watch"),
        ("redirect_uri", "https://watch.example/signin/done"),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked(&address, name), value);
    }
    assert!(!departure.address.contains(&departure.secret) && !departure.address.contains(SECRET));
    let arrived = house.provider.arrive(&departure.secret, back(&asked(&address, "state")), at(1)).await;
    let identity = arrived.expect("signed in");
    assert_eq!((identity.subject.as_str(), identity.name.as_str()), ("7", "zhang"));
    let said = house.said.lock().expect("alone");
    let (_, verifier) = said.asked[0].iter().find(|(name, _)| name == "code_verifier").expect("PKCE");
    assert_eq!(BASE64URL_NOPAD.encode(&Sha256::digest(verifier)), asked(&address, "code_challenge"));
    assert_eq!(said.described, 1, "its description is kept");
}

#[tokio::test]
async fn what_another_browser_began_signs_nobody_in() {
    let house = House::new(NameClaim::PreferredUsername).await;
    let (mine, address) = house.leave().await;
    let (theirs, _) = house.leave().await;
    let state = asked(&address, "state");
    for (held, returned) in [
        (theirs.secret.as_str(), back(&state)),
        ("", back(&state)),
        // What follows from no secret can be computed by anybody.
        ("", back(&secret::derived(STATE, ""))),
        ("short", back(&secret::derived(STATE, "short"))),
        (mine.secret.as_str(), back("")),
        (mine.secret.as_str(), Returned { state: None, ..back("") }),
        (mine.secret.as_str(), back(&mine.secret)),
    ] {
        let refused = house.provider.arrive(held, returned, at(1)).await;
        assert!(matches!(refused, Err(ProviderError::NotBegun)), "{refused:?}");
    }
    assert!(house.said.lock().expect("alone").asked.is_empty(), "no code was shown to the provider");
    let cancelled = Returned { code: None, error: Some("access_denied\r\n".to_owned()), ..back(&state) };
    let refused = house.provider.arrive(&mine.secret, cancelled, at(1)).await.expect_err("cancelled").to_string();
    assert!(refused.ends_with("access_denied"), "{refused:?}");
    let no_code = house.provider.arrive(&mine.secret, Returned { code: None, ..back(&state) }, at(1)).await;
    assert!(matches!(no_code, Err(ProviderError::Denied(_))));
}

#[tokio::test]
async fn what_the_provider_did_not_say_to_us_now_is_not_believed() {
    for (lie, claims) in [
        ("issuer", json!({ "iss": "https://other.example" })),
        ("audience", json!({ "aud": "somebody else" })),
        ("time", json!({ "exp": 1_000_000_000 })),
        ("nonce", json!({ "nonce": "of another sign-in" })),
        ("no nonce", json!({ "nonce": null })),
        ("access token", json!({ "at_hash": "AAAA" })),
    ] {
        let house = House::new(NameClaim::PreferredUsername).await;
        let (departure, address) = house.leave().await;
        house.says(claims);
        let arrived = house.provider.arrive(&departure.secret, back(&asked(&address, "state")), at(1)).await;
        assert!(matches!(arrived, Err(ProviderError::Unsound(_))), "{lie}: {arrived:?}");
    }
    for (header, key) in [(json!({ "alg": "HS256" }), "another key"), (json!({ "alg": "none" }), SECRET)] {
        let house = House::new(NameClaim::PreferredUsername).await;
        {
            let mut said = house.said.lock().expect("alone");
            (said.header, said.key) = (header.clone(), key.to_owned());
        }
        let arrived = house.whole(at(1)).await;
        assert!(matches!(arrived, Err(ProviderError::Unsound(_))), "{header}: {arrived:?}");
    }
}

#[tokio::test]
async fn the_name_is_the_claim_of_the_settings_and_mail_must_be_verified() {
    let house = House::new(NameClaim::Email).await;
    for (verified, found) in [(json!(true), Some("z@a.example")), (json!(false), None), (Value::Null, None)] {
        house.says(json!({ "email": "z@a.example", "email_verified": verified }));
        let arrived = house.whole(at(0)).await;
        assert_eq!(arrived.as_ref().ok().map(|who| who.name.as_str()), found, "{arrived:?}");
    }
    let house = House::new(NameClaim::Sub).await;
    assert_eq!(house.whole(at(0)).await.expect("signed in").name, "7");
    let house = House::new(NameClaim::PreferredUsername).await;
    house.says(json!({ "preferred_username": null }));
    assert!(matches!(house.whole(at(0)).await, Err(ProviderError::NoName("preferred_username"))));
}

#[tokio::test]
async fn a_provider_that_is_down_is_told_and_not_knocked_at_without_pause() {
    let house = House::new(NameClaim::Sub).await;
    house.said.lock().expect("alone").broken = true;
    let seconds = |seconds| at(0) + SignedDuration::from_secs(seconds);
    for (now, asked) in [(seconds(0), 1), (seconds(1), 1), (seconds(PAUSE_SECONDS), 2)] {
        let refused = house.provider.depart(now).await.expect_err("down");
        assert!(matches!(refused, ProviderError::Unreachable { .. }), "{refused}");
        let described = house.said.lock().expect("alone").described;
        assert_eq!(described, asked);
    }
    house.said.lock().expect("alone").broken = false;
    house.provider.depart(seconds(2 * PAUSE_SECONDS)).await.expect("up again");
}

#[tokio::test]
async fn no_code_and_no_secret_goes_by_an_open_way_elsewhere() {
    let house = House::new(NameClaim::Sub).await;
    let (departure, address) = house.leave().await;
    let (since, described) = house.provider.known().clone().expect("described");
    let elsewhere = openidconnect::TokenUrl::new("http://id.example/token".to_owned()).expect("an address");
    let described = described.as_ref().clone().set_token_endpoint(Some(elsewhere));
    *house.provider.known() = Some((since, Arc::new(described)));
    let arrived = house.provider.arrive(&departure.secret, back(&asked(&address, "state")), at(0)).await;
    let refused = arrived.expect_err("an open way").to_string();
    assert!(refused.contains("expected https://"), "{refused}");
}

#[tokio::test]
async fn a_secret_goes_in_the_body_where_the_provider_takes_it_nowhere_else() {
    let house = House::new(NameClaim::Sub).await;
    house.whole(at(0)).await.expect("signed in");
    let in_body = |house: &House| {
        let said = house.said.lock().expect("alone");
        said.asked.last().expect("asked").iter().any(|(name, _)| name == "client_secret")
    };
    assert!(!in_body(&house));
    let (since, described) = house.provider.known().clone().expect("described");
    let post = Some(vec![CoreClientAuthMethod::ClientSecretPost]);
    let described = described.as_ref().clone().set_token_endpoint_auth_methods_supported(post);
    *house.provider.known() = Some((since, Arc::new(described)));
    house.whole(at(0)).await.expect("signed in");
    assert!(in_body(&house));
}
