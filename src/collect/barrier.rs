//! Pages that stand before a site instead of what was asked for: the challenge of a firewall, a page of scripts alone. Nobody gets round
//! them; they are told, so that somebody asks for a feed or imports by hand. Pure.

use super::bounds::BARRIER_BYTES_MAX;
use super::html;

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Barrier {
    /// A firewall wants a browser, a visitor's cookie or a person.
    Challenge,
    /// Scripts alone, which make the page in a browser.
    Scripts,
}

/// Status codes by which known firewalls ask for a script to be run.
const CHALLENGE_STATUS: &[u16] = &[412, 521];
/// Marks of known firewalls in the source of a page.
const MARKS: &[&str] = &[
    "$_ts=window",
    "$_ts.cd",
    "__jsl_clearance",
    "acw_sc__v2",
    "_cf_chl_opt",
    "challenge-platform",
    "TencentCaptcha",
    "/_guard/",
];
/// Words that firewalls write for people.
const WORDS: &[&str] = &[
    "安全验证",
    "访问验证",
    "人机验证",
    "滑动验证",
    "请完成验证",
    "浏览器安全检查",
    "创宇盾",
    "访问被拦截",
    "开启JavaScript",
    "启用JavaScript",
    "enable JavaScript",
    "Just a moment",
    "Checking your browser",
];
/// Characters of text above which a page is no such page.
const TEXT_CHARS_MAX: usize = 400;
/// Characters of text that a page of scripts alone may show.
const SHELL_CHARS_MAX: usize = 40;

impl Barrier {
    /// What is told.
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Challenge => {
                "the site asks for a browser or a person (a firewall's challenge), which nobody gets round"
            }
            Self::Scripts => "the page is scripts alone, which make it in a browser",
        }
    }

    /// What an answer with an error's status is, by its status and its body.
    pub(crate) fn of_answer(status: u16, body: &[u8]) -> Option<Self> {
        if CHALLENGE_STATUS.contains(&status) {
            return Some(Self::Challenge);
        }
        let text = String::from_utf8_lossy(&body[..body.len().min(BARRIER_BYTES_MAX)]);
        Self::of_page(&text).filter(|found| *found == Self::Challenge)
    }

    /// What a page is in which nothing was found.
    pub(crate) fn of_page(source: &str) -> Option<Self> {
        let start = source.trim_start();
        if source.len() > BARRIER_BYTES_MAX || !start.starts_with('<') {
            return None;
        }
        let is_marked = MARKS.iter().chain(WORDS).any(|mark| source.contains(mark));
        let has_script = source.contains("<script") || source.contains("<SCRIPT");
        let may_be_shell = has_script && !source.contains("<a ") && !source.contains("<img");
        if !is_marked && !may_be_shell {
            return None;
        }
        let shown = html::fragment_text(source).chars().filter(|c| !c.is_whitespace()).take(TEXT_CHARS_MAX + 1).count();
        match (is_marked, may_be_shell) {
            (true, _) if shown <= TEXT_CHARS_MAX => Some(Self::Challenge),
            (_, true) if shown <= SHELL_CHARS_MAX => Some(Self::Scripts),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_known_by_status_marks_and_words() {
        assert_eq!(Barrier::of_answer(412, b""), Some(Barrier::Challenge));
        assert_eq!(Barrier::of_answer(521, b"<script>x</script>"), Some(Barrier::Challenge));
        assert_eq!(Barrier::of_answer(404, b"<h1>Not found</h1>"), None);
        assert_eq!(Barrier::of_answer(403, "<h1>请先完成安全验证</h1>".as_bytes()), Some(Barrier::Challenge));
        let marked = "<html><script>$_ts=window['$_ts'];if(!$_ts)$_ts={};</script><body></body></html>";
        assert_eq!(Barrier::of_page(marked), Some(Barrier::Challenge));
        assert_eq!(Barrier::of_page("<noscript>You need to enable JavaScript</noscript>"), Some(Barrier::Challenge));
    }

    #[test]
    fn a_page_of_scripts_alone_is_one_and_a_page_with_text_or_links_is_none() {
        let shell = "<!doctype html><title>x</title><div id=app></div><script src=/a.js></script>";
        assert_eq!(Barrier::of_page(shell), Some(Barrier::Scripts));
        for page in [
            "",
            "{\"a\": 1}",
            "<p>暂无数据</p>",
            "<script>a()</script><a href=/d>公告</a>",
            &format!("<script>a()</script><p>{}</p>", "关于安全验证的通知。".repeat(60)),
        ] {
            assert_eq!(Barrier::of_page(page), None, "{page}");
        }
    }

    #[test]
    fn a_long_page_is_not_looked_through() {
        assert_eq!(Barrier::of_page(&format!("<script>{}</script>", "x".repeat(BARRIER_BYTES_MAX))), None);
    }
}
