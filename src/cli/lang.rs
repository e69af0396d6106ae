//! The language in which people are spoken to: Chinese, or English when they ask for it or their locale is English.
//!
//! Chosen once, when the program starts. Both wordings of a message stand side by side where it is printed: `tr!`, `pick`.
//! What programs read (JSON, NDJSON) is the same in both.
#![expect(clippy::disallowed_methods, reason = "the edge where the locale comes in")]

use std::sync::OnceLock;

use clap::ValueEnum;

use vocabulary::{Language, Refused};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    Zh,
    En,
}

/// What the locale says goes by the first of these that is set to anything.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

static CHOSEN: OnceLock<Lang> = OnceLock::new();

/// The language of this run; Chinese until one is chosen.
pub(super) fn lang() -> Lang {
    CHOSEN.get().copied().unwrap_or(Lang::Zh)
}

/// Chooses the language of this run by its arguments and its environment. Help and complaints about the call need it before the call
/// is understood: therefore `--lang` is looked for here, too.
pub(super) fn choose() -> Lang {
    let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    *CHOSEN.get_or_init(|| chosen(arguments, |name| std::env::var(name).ok()))
}

fn chosen(arguments: impl Iterator<Item = String>, environment: impl Fn(&str) -> Option<String>) -> Lang {
    let mut arguments = arguments.take_while(|argument| argument != "--");
    let asked = loop {
        let Some(argument) = arguments.next() else { break environment("WANGLOU_LANG") };
        if argument == "--lang" {
            break arguments.next();
        }
        if let Some(value) = argument.strip_prefix("--lang=") {
            break Some(value.to_owned());
        }
    };
    let locale = || LOCALE.iter().filter_map(|name| environment(name)).find(|value| !value.is_empty());
    match asked.filter(|value| !value.is_empty()).or_else(locale) {
        Some(value) if value.starts_with("en") => Lang::En,
        Some(_) | None => Lang::Zh,
    }
}

/// The same for what rooms word.
pub(super) fn language() -> Language {
    match lang() {
        Lang::Zh => Language::Chinese,
        Lang::En => Language::English,
    }
}

/// What a room refuses, in the language of this run.
pub(super) fn told(why: &Refused) -> &str {
    language().pick(&why.zh, &why.en)
}

/// One of two fixed texts.
pub(super) fn pick<T>(zh: T, en: T) -> T {
    match lang() {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// A message in the language of this run: `tr!("{n} 条", "{n} documents")`. Both wordings take the same arguments.
macro_rules! tr {
    ($zh:literal, $en:literal $(, $($argument:tt)*)?) => {
        match $crate::lang::lang() {
            $crate::lang::Lang::Zh => format!($zh $(, $($argument)*)?),
            $crate::lang::Lang::En => format!($en $(, $($argument)*)?),
        }
    };
}
pub(super) use tr;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_goes_before_the_environment_and_the_environment_before_the_locale() {
        type Case = (&'static [&'static str], &'static [(&'static str, &'static str)], Lang);
        let cases: [Case; 11] = [
            (&[], &[], Lang::Zh),
            (&[], &[("LANG", "C.UTF-8")], Lang::Zh),
            (&[], &[("LANG", "en_US.UTF-8")], Lang::En),
            (&[], &[("LANG", "en_US.UTF-8"), ("LC_ALL", "zh_CN.UTF-8")], Lang::Zh),
            (&[], &[("LANG", "en_US.UTF-8"), ("LC_ALL", "")], Lang::En),
            (&[], &[("LANG", "en_US.UTF-8"), ("WANGLOU_LANG", "zh")], Lang::Zh),
            (&["--lang", "en"], &[("WANGLOU_LANG", "zh")], Lang::En),
            (&["alerts", "--lang=en"], &[], Lang::En),
            (&["--lang", "zh"], &[("LANG", "en_GB")], Lang::Zh),
            (&["explain", "--", "--lang=en"], &[], Lang::Zh),
            (&["--lang"], &[], Lang::Zh),
        ];
        for (arguments, environment, expected) in cases {
            let arguments_of = arguments.iter().map(|argument| (*argument).to_owned());
            let value =
                |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(chosen(arguments_of, value), expected, "{arguments:?} {environment:?}");
        }
    }
}
