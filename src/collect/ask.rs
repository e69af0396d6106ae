//! What is asked for list pages: addresses with page numbers, and the bodies of POST requests.

use jiff::civil::Date;
use serde_json::Value;
use url::Url;

use super::fill::{Filling, Template};

/// One question for a list page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) url: Url,
    /// Sent by POST; without one it is a GET.
    pub(crate) body: Option<String>,
    /// The page that led here in its place: a column page to the interface of its list, a page to its frame.
    pub(crate) led_by: Option<Url>,
}

impl Ask {
    pub(crate) fn get(url: Url) -> Self {
        Self { url, body: None, led_by: None }
    }

    /// The page that another one has its list in.
    pub(crate) fn led(url: Url, led_by: Url) -> Self {
        Self { url, body: None, led_by: Some(led_by) }
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
    /// Rows of a page, where the site counts rows.
    pub(crate) size: Option<u32>,
}

impl Pages {
    pub(crate) fn count(self) -> u32 {
        self.to.saturating_sub(self.from) / self.step.max(1) + 1
    }

    /// The number of page `at`, counted from 0, and its first and last row, counted from 1.
    fn numbers(self, at: u32) -> (u32, Option<(u32, u32)>) {
        let rows = self.size.map(|size| (at.saturating_mul(size).saturating_add(1), (at + 1).saturating_mul(size)));
        (self.from + at * self.step, rows)
    }
}

/// Where lists begin: an address, perhaps with `{page}`.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) template: Template,
    pub(crate) pages: Option<Pages>,
}

impl Start {
    /// The question number `at`, counted from 0; none behind the last.
    pub(crate) fn ask(&self, at: u32, body: Option<&Body>, today: Date) -> Option<Ask> {
        let (page, rows) = match self.pages {
            None if at == 0 => (None, None),
            Some(pages) if at < pages.count() => {
                let (page, rows) = pages.numbers(at);
                (Some(page), rows)
            }
            _ => return None,
        };
        let filling = Filling { page, rows, cursor: "", today };
        let url = Url::parse(&self.template.fill(&filling)).ok()?;
        Some(Ask { url, body: body.map(|body| body.fill(&filling, None)), led_by: None })
    }
}

/// The body of a POST request, with `{page}` and `{cursor}` to be filled.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) template: Template,
    pub(crate) form: bool,
}

impl Body {
    pub(crate) fn content_type(&self) -> &'static str {
        if self.form { "application/x-www-form-urlencoded" } else { "application/json" }
    }

    /// The body of one question. In JSON the cursor is written with its quotation marks, `null` when there is none yet.
    pub(crate) fn fill(&self, filling: &Filling<'_>, cursor: Option<&str>) -> String {
        let cursor = if self.form {
            url::form_urlencoded::byte_serialize(cursor.unwrap_or_default().as_bytes()).collect()
        } else {
            cursor.map_or(Value::Null, Value::from).to_string()
        };
        self.template.fill(&Filling { cursor: &cursor, ..*filling })
    }

    /// The body of the question that an answer leads to.
    pub(crate) fn fill_cursor(&self, cursor: &str, today: Date) -> String {
        self.fill(&Filling { page: None, rows: None, cursor: "", today }, Some(cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const DAY: Date = date(2026, 3, 15);

    #[test]
    fn bodies_are_filled_as_their_kind_is_written() {
        let third = Filling { page: Some(3), rows: None, cursor: "", today: DAY };
        let json = Body { template: Template::of(r#"{"page": {page}, "after": {cursor}}"#), form: false };
        assert_eq!(json.fill(&third, None), r#"{"page": 3, "after": null}"#);
        assert_eq!(json.fill(&third, Some(r#"a"{page}"#)), r#"{"page": 3, "after": "a\"{page}"}"#);
        let form = Body { template: Template::of("page={page}&after={cursor}&day={today}"), form: true };
        assert_eq!(form.fill(&third, Some("a&b=电")), "page=3&after=a%26b%3D%E7%94%B5&day=2026-03-15");
    }

    fn asked(template: &str, pages: Pages) -> Vec<String> {
        let start = Start { template: Template::of(template), pages: Some(pages) };
        (0..9).map_while(|at| start.ask(at, None, DAY)).map(|ask| ask.key()).collect()
    }

    #[test]
    fn pages_may_be_offsets() {
        let asked = asked("https://a.example/?offset={page}", Pages { from: 0, to: 250, step: 100, size: None });
        assert_eq!(asked.len(), 3);
        assert_eq!(asked[2], "https://a.example/?offset=200");
    }

    #[test]
    fn pages_may_be_told_by_their_rows() {
        let asked = asked("https://a.example/?s={first}&e={last}", Pages { from: 1, to: 3, step: 1, size: Some(20) });
        assert_eq!(
            asked,
            ["https://a.example/?s=1&e=20", "https://a.example/?s=21&e=40", "https://a.example/?s=41&e=60"]
        );
    }
}
