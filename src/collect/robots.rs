//! `robots.txt` by RFC 9309: groups, longest match, `*` and `$`, a 500 KiB limit; `Crawl-delay` beside it.

use std::fmt::Write as _;
use std::time::Duration;

use encoding_rs::UTF_8;

use super::bounds::{ROBOTS_BYTES_MAX, ROBOTS_PATH_BYTES_MAX, ROBOTS_RULES_MAX, ROBOTS_STEPS_MAX};
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

    /// Whether a path with its query may be asked for. The longest matching rule decides; of two equally long, `Allow`. A file that
    /// takes too many steps allows nothing.
    #[must_use]
    pub fn allows(&self, path_and_query: &str) -> bool {
        if let Some(answer) = self.everything {
            return answer;
        }
        if path_and_query == "/robots.txt" {
            return true;
        }
        let path = normal(path_and_query);
        // Of ASCII alone, so that it can be cut anywhere.
        let path = &path[..path.len().min(ROBOTS_PATH_BYTES_MAX)];
        let mut steps = 0;
        let mut best: Option<(usize, bool)> = None;
        for rule in &self.rules {
            steps += steps_of(&rule.pattern, path);
            if steps > ROBOTS_STEPS_MAX {
                return false;
            }
            if matches(&rule.pattern, path) {
                best = best.max(Some((rule.pattern.len(), rule.allow)));
            }
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

/// What comparing takes at most: a pattern without a star is compared with the beginning alone.
fn steps_of(pattern: &str, path: &str) -> usize {
    if pattern.contains('*') { pattern.len() + path.len() } else { pattern.len() }
}

/// What stands between two stars is looked for from where the last one was found: linear in pattern and path.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, anchored) = pattern.strip_suffix('$').map_or((pattern, false), |rest| (rest, true));
    let Some((first, behind)) = pattern.split_once('*') else {
        return path.strip_prefix(pattern).is_some_and(|rest| !anchored || rest.is_empty());
    };
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let (middle, last) = behind.rsplit_once('*').unwrap_or(("", behind));
    for part in middle.split('*') {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    if anchored { rest.ends_with(last) } else { rest.contains(last) }
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

    /// Matching by trying every place of every star.
    fn matches_by_trying(pattern: &[u8], path: &[u8]) -> bool {
        match (pattern, path) {
            ([], _) => true,
            (b"$", path) => path.is_empty(),
            ([b'*', pattern @ ..], path) => (0..=path.len()).any(|at| matches_by_trying(pattern, &path[at..])),
            ([wanted, pattern @ ..], [found, path @ ..]) => wanted == found && matches_by_trying(pattern, path),
            (_, []) => false,
        }
    }

    #[test]
    fn a_pattern_matches_what_it_would_by_trying_every_place_of_its_stars() {
        // Every pattern of four of these characters and of fewer, against every such path.
        let words = |letters: &[&str], most: u32| {
            let mut words = vec![String::new()];
            for _ in 0..most {
                words.extend(
                    words.clone().iter().flat_map(|word| letters.iter().map(move |one| format!("{word}{one}"))),
                );
            }
            words
        };
        let paths = words(&["a", "b"], 4);
        for pattern in words(&["a", "b", "*", "$"], 4) {
            for path in &paths {
                let by_trying = matches_by_trying(pattern.as_bytes(), path.as_bytes());
                assert_eq!(matches(&pattern, path), by_trying, "{pattern} {path}");
            }
        }
    }

    #[test]
    fn no_file_costs_more_than_its_steps_for_a_link() {
        let path = format!("/{}", "a".repeat(4_000));
        // A quarter of a thousand patterns of nothing but stars, each as long as its pattern and the path together.
        let stars = format!("user-agent: *\n{}", format!("disallow: /{}b\n", "*a".repeat(1_000)).repeat(250));
        let robots = Robots::parse(stars.as_bytes(), "x");
        let steps: usize = robots.rules.iter().map(|rule| steps_of(&rule.pattern, &path)).sum();
        assert_eq!(robots.rules.len(), 250);
        assert!(steps < ROBOTS_STEPS_MAX && robots.allows(&path), "{steps}");
        // As many short ones as a file holds: what cannot be looked through is not asked.
        let many = format!("user-agent: *\n{}", "allow: /*b\n".repeat(ROBOTS_RULES_MAX));
        let robots = Robots::parse(many.as_bytes(), "x");
        assert!(!robots.allows(&path));
        assert!(robots.allows("/short"));
    }

    #[test]
    fn no_file_allows_and_a_broken_server_refuses() {
        assert!(Robots::allow_all().allows("/x"));
        assert!(!Robots::disallow_all().allows("/x"));
        assert!(Robots::parse(b"", "x").allows("/x"));
    }
}
