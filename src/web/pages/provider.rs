//! Signing in by an OpenID provider: leaving for its page, and coming back.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use super::super::address::ClientAddress;
use super::super::authentication::{self, SESSION};
use super::super::clock::now;
use super::super::problem::Problem;
use super::super::state::Shared;
use super::signin::{NextQuery, cookie, form, within};
use access::{Guest, ProviderError, Returned, SESSION_HOURS};

/// Cookie that a sign-in is bound to until the browser is back: its secret, and where to go then.
const AWAY: &str = "wanglou_away";
/// Minutes for which a browser may be away.
const AWAY_MINUTES: i64 = 10;

#[derive(Deserialize)]
pub(crate) struct ProviderAnswer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// Sends the browser to the provider.
pub(crate) async fn depart(
    State(shared): State<Shared>,
    headers: HeaderMap,
    query: Result<Query<NextQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let next = query?.0.next.unwrap_or_default();
    let Some(provider) = shared.authentication.provider() else { return Ok(Redirect::to("/signin").into_response()) };
    match provider.depart(now()).await {
        Ok(departure) => {
            let held = format!("{}.{}", departure.secret, BASE64URL_NOPAD.encode(within(&next).as_bytes()));
            let set = cookie((&shared, &headers), AWAY, &held, AWAY_MINUTES * 60)?;
            Ok(([(SET_COOKIE, set)], Redirect::to(&departure.address)).into_response())
        }
        Err(error) => form(&shared, &headers, trouble(&error), ("", &next)).await,
    }
}

/// Lets in whom the provider has signed in, under a session id that is new.
pub(crate) async fn arrive(
    State(shared): State<Shared>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    query: Result<Query<ProviderAnswer>, QueryRejection>,
) -> Result<Response, Problem> {
    let ProviderAnswer { code, state, error } = query?.0;
    let (Some(provider), Some(accounts)) = (shared.authentication.provider(), shared.authentication.accounts()) else {
        return Ok(Redirect::to("/signin").into_response());
    };
    let away = authentication::cookie(&headers, AWAY).unwrap_or_default();
    let (secret, next) = away.split_once('.').unwrap_or_default();
    let next = BASE64URL_NOPAD.decode(next.as_bytes()).ok().and_then(|next| String::from_utf8(next).ok());
    let next = next.unwrap_or_default();
    // Away once is back once: whatever comes of it, the secret opens nothing any more in this browser.
    let forget = cookie((&shared, &headers), AWAY, "", 0)?;
    let now = now();
    let mut answer = match provider.arrive(secret, Returned { code, state, error }, now).await {
        Ok(identity) => {
            let guest = Guest { held: authentication::cookie(&headers, SESSION), address, browser: None };
            let session =
                accounts.sign_in_as(&identity, guest, now).await.map_err(|error| Problem::internal(&error))?;
            if let Some(session) = session {
                let set = cookie((&shared, &headers), SESSION, &session.secret, SESSION_HOURS * 3_600)?;
                (AppendHeaders([(SET_COOKIE, set)]), Redirect::to(within(&next))).into_response()
            } else {
                let plain = |text: &str, most: usize| -> String {
                    text.chars().filter(|c| !c.is_control()).take(most).collect()
                };
                let trouble = format!(
                    "统一身份认证已通过，但望楼里没有用户与此人（{}）绑定：请把编号“{}”告知本单位管理员，由其用 wanglou user provider 绑定。",
                    plain(&identity.name, 40),
                    plain(&identity.subject, 255)
                );
                form(&shared, &headers, (StatusCode::FORBIDDEN, trouble), ("", &next)).await?
            }
        }
        Err(error) => form(&shared, &headers, trouble(&error), ("", &next)).await?,
    };
    answer.headers_mut().append(SET_COOKIE, forget);
    Ok(answer)
}

/// The message for the visitor; the log gets the cause.
fn trouble(error: &ProviderError) -> (StatusCode, String) {
    tracing::warn!("{error}");
    let (status, told) = match error {
        ProviderError::Unreachable { .. } => {
            (StatusCode::BAD_GATEWAY, "统一身份认证暂时无法访问：请稍后再试，或用密码登录。")
        }
        ProviderError::Denied(_) => (StatusCode::FORBIDDEN, "统一身份认证没有完成登录：已取消或被拒绝。"),
        ProviderError::NotBegun => {
            (StatusCode::FORBIDDEN, "登录已过期，或是在另一个标签页或浏览器里开始的：请再试一次。")
        }
        ProviderError::Unsound(_) => {
            (StatusCode::FORBIDDEN, "统一身份认证的应答无法核实：请再试一次；仍不行，请联系管理员。")
        }
        ProviderError::NoName(_) => (StatusCode::FORBIDDEN, "统一身份认证没有给出用户名：请联系管理员检查它的设置。"),
    };
    (status, told.to_owned())
}
