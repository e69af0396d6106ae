//! A page that stands alone, for reports that are kept or sent: no scripts, nothing from elsewhere.

/// Text for HTML content and attribute values.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The page under its title; `body` is HTML.
#[must_use]
pub fn standing_alone(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>望楼 {title}</title><style>body{{font:16px/1.6 sans-serif;\
         max-width:64rem;margin:2rem auto;padding:0 1rem}}li{{overflow-wrap:anywhere}}table{{border-collapse:collapse;width:100%}}th,td{{\
         border-top:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}}th{{white-space:nowrap;font-weight:normal;\
         color:#555}}</style>\n<h1>{title}</h1>\n{body}</html>\n"
    )
}
