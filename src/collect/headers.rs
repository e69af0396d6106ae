//! Headers that a recipe adds to its requests, fixed or from the environment: which may be set, and where they are sent.

use reqwest::header::{HeaderName, HeaderValue};
use url::Url;

use super::bounds::HEADER_VALUE_BYTES_MAX;
use vocabulary::{Refused, refused};

/// Headers whose value may stand in a recipe. Everything else is somebody's key, which does not belong in a file that is passed on.
pub(crate) const FIXED: &[&str] = &["accept", "accept-language", "origin", "referer", "x-requested-with"];
/// Headers that HTTP, this program or a visitor's browser sends; no recipe sets them. Beginnings of names end with `-`.
const NEVER: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "if-",
    "keep-alive",
    "proxy-",
    "range",
    "sec-",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-forwarded-",
    "x-real-ip",
];

/// A header of a recipe.
#[derive(Debug, Clone)]
pub(crate) struct RequestHeader {
    pub(crate) name: HeaderName,
    pub(crate) value: HeaderSource,
}

/// Where a header's value is.
#[derive(Debug, Clone)]
pub(crate) enum HeaderSource {
    Fixed(HeaderValue),
    /// The name of a variable of the environment.
    Variable(String),
}

/// The headers of a round with their values. A value from the environment is marked as sensitive.
pub(crate) type Resolved = Result<Vec<(HeaderName, HeaderValue)>, Missing>;

/// A variable that a header needs and that is not set, or cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) header: String,
    pub(crate) variable: String,
}

/// The name of a header that a recipe may set.
///
/// # Errors
/// Why it may not.
pub(crate) fn name_of(name: &str, is_fixed: bool) -> Result<HeaderName, Refused> {
    let lower = name.to_ascii_lowercase();
    let never = NEVER.iter().any(|known| lower == *known || (known.ends_with('-') && lower.starts_with(known)));
    if never {
        return Err(refused!(
            "不能设置请求头 `{name}`：它由 HTTP 或本程序决定",
            "header `{name}` cannot be set: HTTP or this program decides on it"
        ));
    }
    if is_fixed && !FIXED.contains(&lower.as_str()) {
        let fixed = FIXED.join(", ");
        return Err(refused!(
            "请求头 `{name}` 的值不写在配方里：请写 {{ env = \"变量名\" }}；可直接写值的有 {fixed}",
            "the value of header `{name}` does not stand in a recipe: write {{ env = \"VARIABLE\" }}; fixed values are for {fixed}"
        ));
    }
    HeaderName::from_bytes(lower.as_bytes())
        .map_err(|_| refused!("`{name}` 不是请求头的名称", "`{name}` is no name of a header"))
}

/// A value that can be sent.
pub(crate) fn value_of(text: &str) -> Option<HeaderValue> {
    let text = text.trim();
    (1..=HEADER_VALUE_BYTES_MAX).contains(&text.len()).then(|| HeaderValue::from_str(text).ok()).flatten()
}

/// The values of a recipe's headers. `look_up` reads a variable of the environment.
pub(crate) fn resolve(headers: &[RequestHeader], look_up: fn(&str) -> Option<String>) -> Resolved {
    let value = |header: &RequestHeader| match &header.value {
        HeaderSource::Fixed(value) => Ok((header.name.clone(), value.clone())),
        HeaderSource::Variable(variable) => {
            let missing = || Missing { header: header.name.to_string(), variable: variable.clone() };
            let mut value = look_up(variable).and_then(|text| value_of(&text)).ok_or_else(missing)?;
            value.set_sensitive(true);
            Ok((header.name.clone(), value))
        }
    };
    headers.iter().map(value).collect()
}

/// Whether a header is sent with a request: one from the environment goes to hosts that the recipe writes out, encrypted or within this
/// machine.
pub(crate) fn is_sent(value: &HeaderValue, url: &Url, hosts: &[String], loopback: bool) -> bool {
    let is_named = url.host_str().is_some_and(|host| hosts.iter().any(|known| known == host));
    !value.is_sensitive() || (is_named && (url.scheme() == "https" || loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_values_are_for_a_few_headers_and_no_recipe_plays_a_visitor() {
        for good in ["Referer", "Accept-Language", "Origin", "x-requested-with"] {
            assert!(name_of(good, true).is_ok(), "{good}");
        }
        for key in ["AuthKey", "Authorization", "X-Api-Key"] {
            assert!(name_of(key, true).is_err() && name_of(key, false).is_ok(), "{key}");
        }
        for never in
            ["Host", "Cookie", "user-agent", "If-None-Match", "X-Forwarded-For", "Content-Length", "Sec-Fetch-Mode"]
        {
            assert!(name_of(never, false).is_err(), "{never}");
        }
        assert!(name_of("a b", false).is_err() && name_of("", false).is_err() && name_of("a\r\nb", false).is_err());
    }

    #[test]
    fn a_value_from_the_environment_goes_to_named_hosts_over_https_alone() {
        let headers = [RequestHeader {
            name: name_of("AuthKey", false).unwrap(),
            value: HeaderSource::Variable("KEY".to_owned()),
        }];
        let found = resolve(&headers, |name| (name == "KEY").then(|| "s3cret".to_owned())).unwrap();
        let (hosts, url) = (["a.example".to_owned()], |text: &str| Url::parse(text).unwrap());
        assert!(is_sent(&found[0].1, &url("https://a.example/x"), &hosts, false));
        assert!(!is_sent(&found[0].1, &url("http://a.example/x"), &hosts, false));
        assert!(!is_sent(&found[0].1, &url("https://b.a.example/x"), &hosts, false));
        assert!(!format!("{found:?}").contains("s3cret"), "a secret in a log");
        for unset in [|_: &str| None, |_: &str| Some(String::new()), |_: &str| Some("a\nb".to_owned())] {
            let missing = resolve(&headers, unset).unwrap_err();
            assert_eq!((missing.header.as_str(), missing.variable.as_str()), ("authkey", "KEY"));
        }
    }
}
