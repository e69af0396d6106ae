//! `robots.txt` by RFC 9309: groups, longest match, `*` and `$`, a 500 KiB limit; `Crawl-delay` beside it.

use std::fmt::Write as _;
use std::time::Duration;

use encoding_rs::UTF_8;

use super::bounds::{ROBOTS_BYTES_MAX, ROBOTS_PATH_BYTES_MAX, ROBOTS_RULES_MAX};
use super::pace::HostPause;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    pattern: String,
}

/// What one host allows to our agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Robots {
    rules: Vec<Rule>,
    crawl_delay: Option<HostPause>,
    everything: Option<bool>,
}

impl Robots {
    /// No file (4xx): everything is allowed (§2.3.1.3).
    #[must_use]
    pub fn allow_all() -> Self {
        Self { rules: Vec::new(), crawl_delay: None, everything: Some(true) }
    }

    /// The file cannot be had (5xx, no answer): nothing is allowed for now (§2.3.1.4).
    #[must_use]
    pub fn disallow_all() -> Self {
        Self { rules: Vec::new(), crawl_delay: None, everything: Some(false) }
    }

    /// Reads a file for the agent whose product token is `agent`, e.g. `wanglou`.
    #[must_use]
    pub fn parse(bytes: &[u8], agent: &str) -> Self {
        let text = UTF_8.decode(&bytes[..bytes.len().min(ROBOTS_BYTES_MAX)]).0;
        let mut ours = Group::default();
        let mut anyone = Group::default();
        // Which groups the lines at hand belong to, and whether an agent line would open a new group.
        let (mut for_us, mut for_anyone, mut in_rules) = (false, false, false);
        for line in text.split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "user-agent" => {
                    if in_rules {
                        (for_us, for_anyone, in_rules) = (false, false, false);
                    }
                    let token = product_token(value);
                    for_anyone |= value == "*";
                    let is_us = !token.is_empty() && token.eq_ignore_ascii_case(agent);
                    for_us |= is_us;
                    ours.named |= is_us;
                }
                "allow" | "disallow" => {
                    in_rules = true;
                    if for_us {
                        ours.add(key == "allow", value);
                    }
                    if for_anyone {
                        anyone.add(key == "allow", value);
                    }
                }
                "crawl-delay" => {
                    in_rules = true;
                    let delay = value.parse().ok().and_then(HostPause::of_seconds);
                    if for_us {
                        ours.crawl_delay = ours.crawl_delay.max(delay);
                    }
                    if for_anyone {
                        anyone.crawl_delay = anyone.crawl_delay.max(delay);
                    }
                }
                // Other records (`Sitemap`, …) do not end a group (§2.2.4).
                _ => {}
            }
        }
        let group = if ours.named { ours } else { anyone };
        Self { rules: group.rules, crawl_delay: group.crawl_delay, everything: None }
    }

    /// Whether a path with its query may be asked for. The longest matching rule decides; of two equally long, `Allow`.
    #[must_use]
    pub fn allows(&self, path_and_query: &str) -> bool {
        if let Some(answer) = self.everything {
            return answer;
        }
        if path_and_query == "/robots.txt" {
            return true;
        }
        let path = normal(path_and_query);
        let mut best: Option<(usize, bool)> = None;
        for rule in self.rules.iter().filter(|rule| matches(&rule.pattern, &path)) {
            best = best.max(Some((rule.pattern.len(), rule.allow)));
        }
        best.is_none_or(|(_, allow)| allow)
    }

    /// How long to wait between two requests, when the file asks for it: at most a week, whatever it says.
    #[must_use]
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.pause().map(HostPause::get)
    }

    pub(crate) fn pause(&self) -> Option<HostPause> {
        self.crawl_delay
    }
}

#[derive(Default)]
struct Group {
    named: bool,
    rules: Vec<Rule>,
    crawl_delay: Option<HostPause>,
}

impl Group {
    fn add(&mut self, allow: bool, pattern: &str) {
        // An empty rule says nothing; `Disallow:` alone therefore allows everything.
        if !pattern.is_empty() && pattern.len() <= ROBOTS_PATH_BYTES_MAX && self.rules.len() < ROBOTS_RULES_MAX {
            self.rules.push(Rule { allow, pattern: normal(pattern) });
        }
    }
}

fn product_token(value: &str) -> &str {
    let end = value.find(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_')).unwrap_or(value.len());
    &value[..end]
}

/// One spelling for both sides (§2.2.2): non-ASCII bytes percent-encoded, needless percent-encodings undone, hex in capitals.
fn normal(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len());
    let mut at = 0;
    while at < bytes.len() {
        let coded = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        let (byte, was_coded) = coded.map_or((bytes[at], false), |byte| (byte, true));
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || (!was_coded && byte.is_ascii_graphic()) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        at += if was_coded { 3 } else { 1 };
    }
    out
}

/// Greedy matching with one point of return: linear in practice, at worst pattern × path, both bounded.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, anchored) = pattern.strip_suffix('$').map_or((pattern, false), |rest| (rest, true));
    let path = &path.as_bytes()[..path.len().min(ROBOTS_PATH_BYTES_MAX)];
    // A pattern is a prefix: an open end is the same as a star there.
    let pattern: Vec<u8> = if anchored { pattern.bytes().collect() } else { pattern.bytes().chain([b'*']).collect() };
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < path.len() {
        if pattern.get(p) == Some(&b'*') {
            back = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&path[t]) {
            p += 1;
            t += 1;
        } else if let Some((star, from)) = back {
            p = star + 1;
            t = from + 1;
            back = Some((star, t));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, agent: &str, allowed: &[&str], refused: &[&str]) {
        let robots = Robots::parse(file.as_bytes(), agent);
        for path in allowed {
            assert!(robots.allows(path), "{agent} should be allowed {path} by\n{file}");
        }
        for path in refused {
            assert!(!robots.allows(path), "{agent} should be refused {path} by\n{file}");
        }
    }

    #[test]
    fn the_simple_example_of_the_standard_holds() {
        // RFC 9309 §5.1.
        let file = "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n\
                    User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n\
                    User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\n\
                    User-Agent: quxbot\n\nEOF";
        check(file, "foobot", &["/example/page.html", "/example/allowed.gif"], &["/", "/publications/"]);
        check(file, "barbot", &["/", "/example/x"], &["/example/page.html"]);
        check(file, "bazbot", &["/a.gif"], &["/example/page.html"]);
        check(file, "quxbot", &["/", "/example/", "/a.gif"], &[]);
        check(file, "otherbot", &["/publications/", "/a.gifx"], &["/example/x", "/x/a.gif"]);
    }

    #[test]
    fn the_longest_match_decides() {
        // RFC 9309 §5.2.
        let file = "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
        check(file, "foobot", &["/example/page/a"], &["/example/page/disallowed.gif"]);
        check("user-agent: *\nallow: /p\ndisallow: /", "x", &["/page"], &["/other"]);
        check("user-agent: *\nallow: /page\ndisallow: /page", "x", &["/page"], &[]);
    }

    #[test]
    fn percent_encoding_does_not_matter() {
        // The table of RFC 9309 §2.2.2.
        let file = "user-agent: *\ndisallow: /foo/bar/ツ\ndisallow: /bar/%62%61%7A\ndisallow: /q%3Fx";
        check(file, "x", &["/q?x"], &["/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", "/bar/baz", "/q%3fx"]);
    }

    #[test]
    fn groups_of_one_agent_are_joined_and_comments_dropped() {
        let file = "User-agent: Wanglou/1.0 # us\nDisallow: /a # not this\n\nUser-agent: *\nDisallow: /\n\n\
                    User-agent: wanglou\nDisallow: /b\nCrawl-delay: 1.5\n";
        check(file, "wanglou", &["/c"], &["/a", "/b"]);
        assert_eq!(Robots::parse(file.as_bytes(), "wanglou").crawl_delay(), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn hostile_files_are_read_within_their_bound() {
        let stars = format!("user-agent: *\ndisallow: /{}x$\n", "*a".repeat(3000));
        assert!(Robots::parse(stars.as_bytes(), "x").allows(&format!("/{}", "a".repeat(7000))));
        let far = format!("user-agent: *\n{}disallow: /\n", "# long\n".repeat(100_000));
        assert!(Robots::parse(far.as_bytes(), "x").allows("/"));
        let nonsense = Robots::parse(b"\xff\xfe\0crawl-delay: -1\nuser-agent\ncrawl-delay: 1e400", "x");
        assert_eq!(nonsense.crawl_delay(), None);
        for (asked, expected) in [
            ("1000000000000", Some(HostPause::LONGEST)),
            ("1e400", Some(HostPause::LONGEST)),
            ("inf", Some(HostPause::LONGEST)),
            ("18446744073709551616", Some(HostPause::LONGEST)),
            ("-1", None),
            ("nan", None),
            ("soon", None),
        ] {
            let file = format!("user-agent: *\ncrawl-delay: {asked}\n");
            assert_eq!(Robots::parse(file.as_bytes(), "x").pause(), expected, "{asked}");
        }
    }

    #[test]
    fn no_file_allows_and_a_broken_server_refuses() {
        assert!(Robots::allow_all().allows("/x"));
        assert!(!Robots::disallow_all().allows("/x"));
        assert!(Robots::parse(b"", "x").allows("/x"));
    }
}
