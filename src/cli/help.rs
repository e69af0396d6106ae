//! Help texts and complaints about the call in the chosen language, and the commands in groups.
//!
//! The English texts are the doc comments of the flags; `help_zh.tsv` holds the Chinese ones beside them.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt::Write as _;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::lang::Lang;
use super::said::said;

/// English text, tab, Chinese text.
const TEXTS: &str = include_str!("help_zh.tsv");

/// The commands by what they are for: name of the group in both languages, its commands in the order in which they are shown.
const GROUPS: [(&str, &str, &[&str]); 5] = [
    ("日常", "Every day", &["demo", "import", "alerts", "matter", "search", "export", "watch", "sampling", "buyers"]),
    ("分析", "Analysis", &["explain", "extract", "rerun", "diff", "emerging", "standards"]),
    ("规则", "Rules and criteria", &["rules", "criteria", "promote", "train"]),
    ("质量", "Quality", &["eval", "doubts", "method", "clauses"]),
    (
        "运行",
        "Operation",
        &[
            "run", "source", "reruns", "deliver", "user", "token", "secrets", "audit", "archive", "backup", "restore",
            "index",
        ],
    ),
];

/// Flags that every command understands: shown behind its own.
const COMMON: [&str; 8] = ["data", "lexicon", "criteria", "secrets_key", "lang", "verbose", "help", "version"];
/// Place of the first common flag among the others.
const COMMON_ORDER: usize = 900;

/// The command with its help in a language.
pub(super) fn localised(mut command: Command, lang: Lang) -> Command {
    // What clap adds by itself (--help, `help`) is there to be translated only when all is built.
    command.build();
    let command = each(command, lang, &texts());
    let listed = listed(&command, lang);
    let template = match lang {
        Lang::Zh => format!("{{about-with-newline}}\n用法：{{usage}}\n\n{listed}\n通用选项：\n{{options}}\n"),
        Lang::En => {
            format!("{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{listed}\nCommon options:\n{{options}}\n")
        }
    };
    command.help_template(template)
}

fn texts() -> BTreeMap<&'static str, &'static str> {
    TEXTS.lines().filter_map(|line| line.split_once('\t')).collect()
}

/// The commands in groups; one that stands in no group comes last.
fn listed(command: &Command, lang: Lang) -> String {
    let width = command.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or(0);
    let grouped = |name: &str| GROUPS.iter().any(|(_, _, names)| names.contains(&name));
    let rest: Vec<&str> = command.get_subcommands().map(Command::get_name).filter(|name| !grouped(name)).collect();
    let mut text = String::new();
    for (zh, en, names) in GROUPS.into_iter().chain([("其他", "Other", rest.as_slice())]) {
        match lang {
            Lang::Zh => _ = writeln!(text, "{zh}："),
            Lang::En => _ = writeln!(text, "{en}:"),
        }
        for command in names.iter().filter_map(|name| command.find_subcommand(name)) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            _ = writeln!(text, "  {:width$}  {about}", command.get_name());
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn each(command: Command, lang: Lang, texts: &BTreeMap<&str, &str>) -> Command {
    let command = command.mut_args(|arg| match COMMON.iter().position(|name| arg.get_id() == name) {
        Some(at) => arg.display_order(COMMON_ORDER + at).hide_env_values(true),
        None => arg,
    });
    let command = match lang {
        Lang::Zh => chinese(command, texts),
        Lang::En => command,
    };
    command.mut_subcommands(|command| each(command, lang, texts))
}

fn chinese(mut command: Command, texts: &BTreeMap<&str, &str>) -> Command {
    let usage = command.render_usage().to_string().replace("Usage: ", "");
    let usage = usage.replace("[OPTIONS]", "[选项]").replace("<COMMAND>", "<命令>").replace("[COMMAND]", "[命令]");
    let mut template = "{about-with-newline}\n用法：{usage}\n".to_owned();
    for (there, part) in [
        (command.get_positionals().next().is_some(), "\n参数：\n{positionals}\n"),
        (command.has_subcommands(), "\n命令：\n{subcommands}\n"),
        (true, "\n选项：\n{options}{after-help}\n"),
    ] {
        template.push_str(if there { part } else { "" });
    }
    let about = command.get_about().map(|text| translated(&text.to_string(), texts));
    let long_about = command.get_long_about().map(|text| translated(&text.to_string(), texts));
    command = command.override_usage(usage).help_template(template);
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(about) = long_about {
        command = command.long_about(about);
    }
    command.mut_args(|arg| chinese_arg(arg, texts))
}

fn chinese_arg(arg: Arg, texts: &BTreeMap<&str, &str>) -> Arg {
    let Some(help) = arg.get_help() else { return arg };
    let mut help = translated(&help.to_string(), texts);
    if arg.get_action().takes_values() {
        let values: Vec<String> = arg
            .get_possible_values()
            .iter()
            .filter(|value| !value.is_hide_set() && !arg.is_hide_possible_values_set())
            .map(|value| {
                let about = value.get_help().map(|help| translated(&help.to_string(), texts));
                format!("{}{}", value.get_name(), about.map_or_else(String::new, |about| format!(" {about}")))
            })
            .collect();
        if !values.is_empty() {
            _ = write!(help, "［可选：{}］", values.join("，"));
        }
        let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if defaults.iter().any(|value| !value.is_empty()) {
            _ = write!(help, "［默认 {}］", defaults.join("，"));
        }
        if let Some(name) = arg.get_env() {
            _ = write!(help, "［环境变量 {}］", name.to_string_lossy());
        }
    }
    let arg = if arg.get_long_help().is_some() { arg.long_help(help.clone()) } else { arg };
    arg.help(help).hide_possible_values(true).hide_default_value(true).hide_env(true)
}

/// The Chinese text, paragraph by paragraph; what has none stays as it is.
fn translated(text: &str, texts: &BTreeMap<&str, &str>) -> String {
    let paragraph =
        |text: &str| (*texts.get(text).or_else(|| texts.get(text.trim_end_matches('.'))).unwrap_or(&text)).to_owned();
    text.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// Prints why the call cannot be understood, or the help that was asked for, and gives the exit status.
pub(super) fn answer(error: &clap::Error, lang: Lang) -> ExitCode {
    match in_chinese(error).filter(|_| lang == Lang::Zh) {
        Some(text) => eprintln!("{text}"),
        // Nothing is left to be told when this fails.
        None => _ = error.print(),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// What is wrong with the call, in Chinese; none for help and for rare kinds.
fn in_chinese(error: &clap::Error) -> Option<String> {
    let told = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let (arg, value) = (told(ContextKind::InvalidArg), told(ContextKind::InvalidValue));
    let mut text = match error.kind() {
        ErrorKind::UnknownArgument => format!("没有参数 {arg}"),
        ErrorKind::InvalidSubcommand => format!("没有命令 {}", told(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand => format!("缺少命令，可选：{}", told(ContextKind::ValidSubcommand)),
        ErrorKind::MissingRequiredArgument => format!("缺少 {arg}"),
        ErrorKind::ArgumentConflict => format!("{arg} 不能与 {} 同用", told(ContextKind::PriorArg)),
        ErrorKind::InvalidValue if value.is_empty() => format!("{arg} 缺少值"),
        ErrorKind::InvalidValue => format!("{arg} 不能是 `{value}`，可选：{}", told(ContextKind::ValidValue)),
        ErrorKind::ValueValidation => {
            let why = error.source().map_or_else(String::new, |why| format!("：{}", said(why)));
            format!("{arg} 的值 `{value}` 不对{why}")
        }
        ErrorKind::TooManyValues => format!("{arg} 的值太多：`{value}`"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("{arg} 的值的个数不对"),
        ErrorKind::NoEquals => format!("{arg} 的值要用等号连接"),
        ErrorKind::InvalidUtf8 => "参数不是 UTF-8".to_owned(),
        _ => return None,
    };
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue] {
        // Of several the last is the nearest.
        let nearest = match error.get(kind) {
            Some(ContextValue::Strings(all)) => all.last(),
            Some(ContextValue::String(one)) => Some(one),
            Some(_) | None => None,
        };
        if let Some(nearest) = nearest {
            _ = write!(text, "；是不是 {nearest}？");
        }
    }
    let usage = told(ContextKind::Usage).replace("Usage: ", "\n用法：");
    Some(format!("错误：{text}{usage}\n加上 --help 看说明"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::Cli;

    /// Every text that help shows, of a command and of all below it.
    fn shown(command: &Command, texts: &mut Vec<String>) {
        let of_command = [command.get_about(), command.get_long_about()];
        let of_args = command.get_arguments().flat_map(|arg| [arg.get_help(), arg.get_long_help()]);
        texts.extend(of_command.into_iter().chain(of_args).flatten().map(ToString::to_string));
        let values = command.get_arguments().filter(|arg| arg.get_action().takes_values());
        let values = values.flat_map(Arg::get_possible_values);
        texts.extend(values.filter_map(|value| value.get_help().map(ToString::to_string)));
        for command in command.get_subcommands() {
            shown(command, texts);
        }
    }

    #[test]
    fn every_help_text_has_a_chinese_twin_and_no_twin_is_left_over() {
        let mut command = Cli::command();
        command.build();
        let mut english = Vec::new();
        shown(&command, &mut english);
        let texts = texts();
        let paragraphs: Vec<&str> = english.iter().flat_map(|text| text.split("\n\n")).collect();
        let known = |text: &str| texts.contains_key(text) || texts.contains_key(text.trim_end_matches('.'));
        let missing: Vec<&&str> = paragraphs.iter().filter(|text| !known(text)).collect();
        assert!(missing.is_empty(), "add to help_zh.tsv: {missing:#?}");
        let used =
            |text: &str| paragraphs.iter().any(|shown| shown.trim_end_matches('.') == text.trim_end_matches('.'));
        let left: Vec<&&str> = texts.keys().filter(|text| !used(text)).collect();
        assert!(left.is_empty(), "delete from help_zh.tsv: {left:#?}");
    }

    #[test]
    fn every_command_stands_in_one_group() {
        for command in Cli::command().get_subcommands() {
            let times = GROUPS.iter().filter(|(_, _, names)| names.contains(&command.get_name())).count();
            assert_eq!(times, 1, "`{}` in GROUPS", command.get_name());
        }
    }

    fn help_of(lang: Lang, path: &[&str]) -> String {
        let mut command = localised(Cli::command().term_width(100), lang);
        let command = path.iter().fold(&mut command, |command, name| command.find_subcommand_mut(name).expect("known"));
        command.render_help().to_string()
    }

    #[test]
    fn help_is_in_one_language() {
        insta::assert_snapshot!("zh", help_of(Lang::Zh, &[]));
        insta::assert_snapshot!("en", help_of(Lang::En, &[]));
        insta::assert_snapshot!("search_zh", help_of(Lang::Zh, &["search"]));
        insta::assert_snapshot!("search_en", help_of(Lang::En, &["search"]));
    }

    #[test]
    fn a_wrong_call_is_answered_in_chinese() {
        let complaint = |arguments: &[&str]| {
            let mut command = localised(Cli::command(), Lang::Zh);
            let error = command.try_get_matches_from_mut(arguments).expect_err("wrong");
            in_chinese(&error).expect("known").lines().next().unwrap_or_default().to_owned()
        };
        for (arguments, expected) in [
            (&["wanglou", "serch"][..], "错误：没有命令 serch；是不是 search？"),
            (&["wanglou", "search", "--jsn", "x"], "错误：没有参数 --jsn；是不是 --json？"),
            (&["wanglou", "search"], "错误：缺少 <QUERY>"),
            (
                &["wanglou", "search", "--sort", "best", "x"],
                "错误：--sort <SORT> 不能是 `best`，可选：relevance, date, severity",
            ),
            (&["wanglou", "alerts", "--json", "--watch"], "错误：--json 不能与 --watch 同用"),
        ] {
            assert_eq!(complaint(arguments), expected);
        }
    }
}
