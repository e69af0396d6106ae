//! What is asked for list pages: addresses with page numbers, and the bodies of POST requests.

use serde_json::Value;
use url::Url;

/// One question for a list page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) url: Url,
    /// Sent by POST; without one it is a GET.
    pub(crate) body: Option<String>,
}

impl Ask {
    pub(crate) fn get(url: Url) -> Self {
        Self { url, body: None }
    }

    /// What makes two questions the same one.
    pub(crate) fn key(&self) -> String {
        match &self.body {
            None => self.url.to_string(),
            Some(body) => format!("{} {body}", self.url),
        }
    }
}

/// Page numbers, or offsets when the step is more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pages {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) step: u32,
}

impl Pages {
    pub(crate) fn count(self) -> u32 {
        self.to.saturating_sub(self.from) / self.step.max(1) + 1
    }
}

/// Where lists begin: an address, perhaps with `{page}`.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) template: String,
    pub(crate) pages: Option<Pages>,
}

impl Start {
    /// The question number `at`, counted from 0; none behind the last.
    pub(crate) fn ask(&self, at: u32, body: Option<&Body>) -> Option<Ask> {
        let page = match self.pages {
            None if at == 0 => None,
            Some(pages) if at < pages.count() => Some(pages.from + at * pages.step),
            _ => return None,
        };
        let number = page.map(|page| page.to_string()).unwrap_or_default();
        let url = Url::parse(&self.template.replace("{page}", &number)).ok()?;
        Some(Ask { url, body: body.map(|body| body.fill(page, None)) })
    }
}

/// The body of a POST request, with `{page}` and `{cursor}` to be filled.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) template: String,
    pub(crate) form: bool,
}

impl Body {
    pub(crate) fn content_type(&self) -> &'static str {
        if self.form { "application/x-www-form-urlencoded" } else { "application/json" }
    }

    pub(crate) fn has_cursor(&self) -> bool {
        self.template.contains("{cursor}")
    }

    /// The body of one question. In JSON the cursor is written with its quotation marks, `null` when there is none yet.
    pub(crate) fn fill(&self, page: Option<u32>, cursor: Option<&str>) -> String {
        let cursor = if self.form {
            url::form_urlencoded::byte_serialize(cursor.unwrap_or_default().as_bytes()).collect()
        } else {
            cursor.map_or(Value::Null, Value::from).to_string()
        };
        let page = page.map(|page| page.to_string()).unwrap_or_default();
        // In one pass: a cursor may hold `{page}`.
        let mut filled = String::with_capacity(self.template.len() + cursor.len());
        let mut rest = self.template.as_str();
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            let (value, used) = if rest.starts_with("{page}") {
                (page.as_str(), "{page}".len())
            } else if rest.starts_with("{cursor}") {
                (cursor.as_str(), "{cursor}".len())
            } else {
                ("{", 1)
            };
            filled.push_str(value);
            rest = &rest[used..];
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_filled_as_their_kind_is_written() {
        let json = Body { template: r#"{"page": {page}, "after": {cursor}}"#.to_owned(), form: false };
        assert_eq!(json.fill(Some(3), None), r#"{"page": 3, "after": null}"#);
        assert_eq!(json.fill(Some(3), Some(r#"a"{page}"#)), r#"{"page": 3, "after": "a\"{page}"}"#);
        let form = Body { template: "page={page}&after={cursor}".to_owned(), form: true };
        assert_eq!(form.fill(Some(3), Some("a&b=电")), "page=3&after=a%26b%3D%E7%94%B5");
    }

    #[test]
    fn pages_may_be_offsets() {
        let pages = Some(Pages { from: 0, to: 250, step: 100 });
        let start = Start { template: "https://a.example/?offset={page}".to_owned(), pages };
        let asked: Vec<String> = (0..9).map_while(|at| start.ask(at, None)).map(|ask| ask.key()).collect();
        assert_eq!(asked.len(), 3);
        assert_eq!(asked[2], "https://a.example/?offset=200");
    }
}
