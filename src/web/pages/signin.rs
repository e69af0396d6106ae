//! Signing in and out. The form carries a key bound to a cookie, so that another site cannot sign a visitor in under a name of its own.

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::address::ClientAddress;
use super::super::authentication::{self, SESSION};
use super::super::clock::now;
use super::super::problem::{Dressed, Problem};
use super::super::shell::Shell;
use super::super::state::Shared;
use super::render;
use access::{Guest, Refusal, SESSION_HOURS, Viewer, form_key, fresh_secret, is_secret, same};

/// Cookie that the key of the sign-in form is bound to.
const FORM: &str = "wanglou_form";
/// Cookie of a browser that a user has signed in with: guesses of others do not keep that user out.
const BROWSER: &str = "wanglou_browser";
/// Days for which a browser is known.
const BROWSER_DAYS: i64 = 180;
/// Minutes for which a sign-in form can be sent.
const FORM_MINUTES: i64 = 60;
/// Longest address to go on to, in bytes.
const NEXT_BYTES_MAX: usize = 2_000;

#[derive(Template)]
#[template(path = "signin.html")]
struct SignInPage<'a> {
    shell: Shell,
    /// What went wrong the last time.
    trouble: String,
    key: String,
    name: &'a str,
    next: &'a str,
    /// Nobody can sign in yet.
    no_users: bool,
    /// What the button of the OpenID provider says, and where it leads; none: there is no provider.
    provider: Option<(&'a str, String)>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NextQuery {
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    name: String,
    password: String,
    key: String,
    #[serde(default)]
    next: String,
}

/// An address of this site to go on to: nothing else is followed.
pub(super) fn within(next: &str) -> &str {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') && next.len() <= NEXT_BYTES_MAX;
    if plain && next.starts_with('/') && !next.starts_with("//") { next } else { "/" }
}

/// A cookie that scripts cannot read and other sites do not send. `Secure` where `home` of the settings is reached by TLS, or the visitor came
/// by TLS, as a proxy in front says.
pub(super) fn cookie(
    (shared, headers): (&Shared, &HeaderMap),
    name: &str,
    value: &str,
    seconds: i64,
) -> Result<HeaderValue, Problem> {
    let came_by_tls = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let secure = if shared.is_reached_by_tls() || came_by_tls { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).map_err(|error| Problem::internal(&error))
}

/// The sign-in page, with what went wrong.
pub(super) async fn form(
    shared: &Shared,
    headers: &HeaderMap,
    (status, trouble): (StatusCode, String),
    (name, next): (&str, &str),
) -> Result<Response, Problem> {
    // Several tabs with the form have one key: the one that was opened last does not make the others useless.
    let secret = match authentication::cookie(headers, FORM).filter(|held| is_secret(held)) {
        Some(held) => held.to_owned(),
        None => fresh_secret().map_err(|error| Problem::internal(&error))?,
    };
    let no_users = match shared.authentication.accounts() {
        Some(accounts) => !accounts.has_users().await.map_err(|error| Problem::internal(&error))?,
        None => true,
    };
    let key = form_key(&secret);
    let next = within(next);
    let provider = shared.authentication.provider().map(|provider| {
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        (provider.label(), format!("/signin/provider?next={query}"))
    });
    let page = render(&SignInPage { shell: Shell::at("signin"), trouble, key, name, next, no_users, provider })?;
    let set = [(SET_COOKIE, cookie((shared, headers), FORM, &secret, FORM_MINUTES * 60)?)];
    Ok((status, set, axum::Extension(Dressed), page).into_response())
}

/// The form.
pub(crate) async fn show(
    State(shared): State<Shared>,
    viewer: Option<axum::Extension<Viewer>>,
    headers: HeaderMap,
    query: Result<Query<NextQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let next = query?.0.next.unwrap_or_default();
    if viewer.is_some() {
        return Ok(Redirect::to(within(&next)).into_response());
    }
    form(&shared, &headers, (StatusCode::OK, String::new()), ("", &next)).await
}

/// Checks name and password, and begins a session with a new id.
pub(crate) async fn sign_in(
    State(shared): State<Shared>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    sent: Result<Form<Credentials>, FormRejection>,
) -> Result<Response, Problem> {
    let Some(accounts) = shared.authentication.accounts() else { return Ok(Redirect::to("/").into_response()) };
    let Form(sent) = sent.map_err(|_| Problem::bad_request("登录表单无法识别：请返回登录页重试。"))?;
    let bound = authentication::cookie(&headers, FORM).is_some_and(|secret| same(&form_key(secret), &sent.key));
    if !bound {
        let trouble = "登录页已过期，或浏览器没有保存 Cookie：请再试一次。".to_owned();
        return form(&shared, &headers, (StatusCode::FORBIDDEN, trouble), (&sent.name, &sent.next)).await;
    }
    let held = authentication::cookie(&headers, SESSION);
    let guest = Guest { held, address, browser: authentication::cookie(&headers, BROWSER) };
    let answer = accounts.sign_in(&sent.name, &sent.password, guest, now()).await;
    match answer.map_err(|error| Problem::internal(&error))? {
        Ok(session) => {
            let set = cookie((&shared, &headers), SESSION, &session.secret, SESSION_HOURS * 3_600)?;
            let mut answer = ([(SET_COOKIE, set)], Redirect::to(within(&sent.next))).into_response();
            if let Some(browser) = &session.browser {
                let set = cookie((&shared, &headers), BROWSER, browser, BROWSER_DAYS * 86_400)?;
                answer.headers_mut().append(SET_COOKIE, set);
            }
            Ok(answer)
        }
        Err(Refusal::Wrong) => {
            let trouble = "用户名或密码不对。".to_owned();
            form(&shared, &headers, (StatusCode::UNAUTHORIZED, trouble), (&sent.name, &sent.next)).await
        }
        Err(Refusal::Wait(wait)) => {
            let seconds = wait.as_secs().max(1);
            let trouble = format!("密码错误次数过多，请 {seconds} 秒后再试。");
            let refused = (StatusCode::TOO_MANY_REQUESTS, trouble);
            let mut answer = form(&shared, &headers, refused, (&sent.name, &sent.next)).await?;
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            Ok(answer)
        }
    }
}

/// Ends the session.
pub(crate) async fn sign_out(
    State(shared): State<Shared>,
    viewer: Option<axum::Extension<Viewer>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let (Some(accounts), Some(axum::Extension(viewer)), Some(held)) =
        (shared.authentication.accounts(), viewer, authentication::cookie(&headers, SESSION))
    {
        let ended = accounts.sign_out(held, viewer.name(), now()).await;
        ended.map_err(|error| Problem::internal(&error))?;
    }
    Ok(([(SET_COOKIE, cookie((&shared, &headers), SESSION, "", 0)?)], Redirect::to("/signin")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_site_are_followed_after_signing_in() {
        for (next, followed) in [
            ("/alerts/a?x=1", "/alerts/a?x=1"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nset-cookie: x", "/"),
            ("", "/"),
        ] {
            assert_eq!(within(next), followed, "{next}");
        }
    }
}
