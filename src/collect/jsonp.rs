//! JSONP: an answer wrapped in the call of a function, `name( … )`.

/// Longest name of the function, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// What stands between the brackets; the text itself when it is no such call. White space and a byte order mark around it go.
pub(crate) fn unwrapped(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim();
    let call = text.strip_prefix("/**/").unwrap_or(text).trim_start();
    let call = call.strip_suffix(';').unwrap_or(call).trim_end();
    let Some((name, rest)) = call.split_once('(') else { return text };
    let name = name.trim_end();
    let is_name = (1..=NAME_BYTES_MAX).contains(&name.len())
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_$.[]".contains(&byte));
    rest.strip_suffix(')').filter(|_| is_name).map_or(text, str::trim)
}

#[cfg(test)]
mod tests {
    use super::unwrapped;

    #[test]
    fn a_wrapper_is_taken_away_and_nothing_else_is() {
        for (text, inside) in [
            ("jQuery_1({\"a\": 1});", "{\"a\": 1}"),
            ("/**/ window.cb[0]( [1] )", "[1]"),
            ("\u{feff}cb(\"<r>(1)</r>\")", "\"<r>(1)</r>\""),
            ("cb()", ""),
            ("{\"a\": \"f(1)\"}", "{\"a\": \"f(1)\"}"),
            ("\"f(1)\"", "\"f(1)\""),
            ("(1)", "(1)"),
            ("1a(1)", "1a(1)"),
            ("alert(1) + b(2)x", "alert(1) + b(2)x"),
            ("<a href='f(1)'>", "<a href='f(1)'>"),
            (";", ";"),
            ("", ""),
        ] {
            assert_eq!(unwrapped(text), inside);
        }
    }
}
