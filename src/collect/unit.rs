//! Column pages that hold no list but name the interface that has it: an element with `url` and `querydata`, whose answer is the list as HTML
//! inside JSON. Its pages are told by `paramJson`. Pure.

use scraper::Html;
use serde_json::{Map, Value, json};
use url::Url;

use super::ask::Ask;
use super::bounds::UNIT_QUERY_BYTES_MAX;
use super::rules::CssRule;

/// The parameter that tells page and size.
const PAGING: &str = "paramJson";

/// How the interface of a column is asked.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// Rows asked at a time.
    pub(crate) page_size: u32,
    /// Where the interface is named; the first such element with `querydata` counts.
    pub(crate) script: CssRule,
}

impl Unit {
    /// The address of the interface as a column page names it, and its parameters, the first page of the list included.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn named(&self, column: &Html) -> Result<(String, Vec<(String, String)>), String> {
        let mut scripts = column.select(&self.script.selector).map(|script| script.value());
        let script = scripts.find(|script| script.attr("querydata").is_some_and(|data| !data.trim().is_empty()));
        let Some(script) = script else {
            return Err(format!(
                "the column page names no interface: `{}` with `querydata` matches nothing",
                self.script.text
            ));
        };
        let url = script.attr("url").unwrap_or_default().trim().to_owned();
        if url.is_empty() {
            return Err("the column page names an interface without an address (`url`)".to_owned());
        }
        let mut query = parameters(script.attr("querydata").unwrap_or_default())?;
        query.retain(|(name, _)| name != PAGING);
        query.push((PAGING.to_owned(), self.paging(1)));
        Ok((url, query))
    }

    fn paging(&self, page: u64) -> String {
        json!({ "pageNo": page, "pageSize": self.page_size }).to_string()
    }

    /// The question for the page behind the one that was asked; none when that was none of the interface.
    pub(crate) fn next(&self, asked: &Ask) -> Option<Ask> {
        let told = asked.url.query_pairs().find(|(name, _)| name == PAGING)?;
        let page = serde_json::from_str::<Value>(&told.1).ok()?.get("pageNo")?.as_u64()?;
        let kept = asked.url.query_pairs().filter(|(name, _)| name != PAGING);
        let query: Vec<(String, String)> = kept.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let mut url = asked.url.clone();
        url.query_pairs_mut().clear().extend_pairs(query).append_pair(PAGING, &self.paging(page.checked_add(1)?));
        Some(Ask { url, body: None, led_by: asked.led_by.clone() })
    }
}

/// An address with these parameters behind its own.
pub(crate) fn with_query(mut url: Url, query: &[(String, String)]) -> Url {
    url.set_fragment(None);
    url.query_pairs_mut().extend_pairs(query);
    url
}

/// The parameters that `querydata` lists: an object of plain values, in double or single quotation marks.
fn parameters(text: &str) -> Result<Vec<(String, String)>, String> {
    let text = text.trim();
    if text.len() > UNIT_QUERY_BYTES_MAX {
        return Err(format!(
            "`querydata` of the column page has {} bytes, at most {UNIT_QUERY_BYTES_MAX} are read",
            text.len()
        ));
    }
    let read = serde_json::from_str::<Map<String, Value>>(text)
        .or_else(|_| serde_json::from_str(&text.replace('\'', "\"")))
        .map_err(|problem| format!("`querydata` of the column page is no object ({problem})"))?;
    let pairs = read.into_iter().map(|(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Number(number) => Ok((name, number.to_string())),
        Value::Bool(truth) => Ok((name, truth.to_string())),
        Value::Null => Ok((name, "null".to_owned())),
        Value::Array(_) | Value::Object(_) => {
            Err(format!("`{name}` in `querydata` of the column page is no plain value"))
        }
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html;
    use scraper::Selector;

    fn unit() -> Unit {
        let text = "script[parsetype=bulidstatic]".to_owned();
        Unit { page_size: 15, script: CssRule { selector: Selector::parse(&text).unwrap(), text, line: 1 } }
    }

    fn named(page: &str) -> Result<(String, Vec<(String, String)>), String> {
        unit().named(&html::parse(page).0)
    }

    #[test]
    fn the_interface_is_the_one_that_the_column_page_names() {
        let page = "<script parseType='bulidstatic' url='/none'></script>\
                    <script parseType=\"bulidstatic\" url=\"/x/build/unit\" querydata=\"{'webId':'a1','tagId':'列表','editType':null,'n':2}\"></script>";
        let (url, query) = named(page).unwrap();
        let base = Url::parse("https://a.example/col/index.html").unwrap();
        let asked = with_query(base.join(&url).unwrap(), &query);
        assert_eq!(
            asked.as_str(),
            "https://a.example/x/build/unit?webId=a1&tagId=%E5%88%97%E8%A1%A8&editType=null&n=2&paramJson=%7B%22pageNo%22%3A1%2C%22pageSize%22%3A15%7D"
        );
        let next = unit().next(&Ask::led(asked, base.clone())).unwrap();
        assert!(next.url.as_str().ends_with("&paramJson=%7B%22pageNo%22%3A2%2C%22pageSize%22%3A15%7D"), "{}", next.url);
        assert_eq!((next.led_by, next.url.query_pairs().count()), (Some(base), 5));
    }

    #[test]
    fn a_column_page_that_names_nothing_or_nonsense_is_told() {
        let script = |attributes: &str| format!("<script parsetype=bulidstatic {attributes}></script>");
        let deep = format!("{}1{}", "{'a':".repeat(300), "}".repeat(300));
        for (page, expected) in [
            (String::new(), "names no interface"),
            (script("url=/x"), "names no interface"),
            (script("querydata=\"{'a':'b'}\""), "without an address"),
            (script("url=/x querydata=\"nonsense\""), "is no object"),
            (script("url=/x querydata=\"['a']\""), "is no object"),
            (script("url=/x querydata=\"{'a':{'b':1}}\""), "is no plain value"),
            (script(&format!("url=/x querydata=\"{deep}\"")), "is no object"),
            (script(&format!("url=/x querydata=\"{{'a':'{}'}}\"", "x".repeat(UNIT_QUERY_BYTES_MAX))), "at most"),
        ] {
            let why = named(&page).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }

    #[test]
    fn what_was_no_page_of_the_interface_leads_nowhere() {
        for url in
            ["https://a.example/", "https://a.example/?paramJson=x", "https://a.example/?paramJson={\"pageNo\":-1}"]
        {
            assert_eq!(unit().next(&Ask::get(Url::parse(url).unwrap())), None);
        }
    }
}
