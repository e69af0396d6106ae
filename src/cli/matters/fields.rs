//! The fields of an act on the command line: what they are, and what was given for them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::anyhow;

use super::read;
use crate::lang::{language, pick, tr};
use crate::{Failure, say};
use matter::{Field, Kind, fields};
use vocabulary::ActKind;

/// Prints the fields of an act: name, what it is called, what it holds, whether it is needed, what may be chosen.
pub(super) fn show(kind: ActKind) -> Result<(), Failure> {
    let fields = fields(kind);
    let called = pick(kind.zh(), kind.en());
    if fields.is_empty() {
        return say(tr!("`{}`（{called}）没有字段", "`{}` ({called}) has no fields", kind.code()));
    }
    say(tr!("`{}`（{called}）：", "`{}` ({called}):", kind.code()))?;
    for field in fields {
        let needed = if field.required { pick("必填", "needed") } else { pick("可不填", "may be left out") };
        say(format_args!("  {}  {}  {}  {needed}", field.name, field.said(language()), holds(&field)))?;
        for (code, zh, en) in field.choices() {
            say(format_args!("      {code}  {}", pick(zh, en)))?;
        }
    }
    Ok(())
}

fn holds(field: &Field) -> String {
    match field.kind {
        Kind::Text => pick("文字", "a text").to_owned(),
        Kind::Number => pick("整数", "a whole number").to_owned(),
        Kind::Yuan => pick("金额，如 129.00", "a sum as 129.00").to_owned(),
        Kind::Day => pick("日期，如 2026-03-15", "a day as 2026-03-15").to_owned(),
        Kind::Yes => pick("是或否：yes、no", "yes or no").to_owned(),
        Kind::Choice(_) => pick("其中一个：", "one of:").to_owned(),
        Kind::Choices(_) => pick("其中若干，每行一个：", "any of these, one a line:").to_owned(),
        Kind::Lines => pick("文字，每行一个", "texts, one a line").to_owned(),
        Kind::Region => pick("六位区划代码", "a region code of six digits").to_owned(),
        Kind::Regions => pick("六位区划代码，每行一个", "region codes of six digits, one a line").to_owned(),
        Kind::Rows(cells) => {
            let cells = cells.join(" | ");
            tr!("每行一条：`{cells}`", "rows of `{cells}`, one a line")
        }
    }
}

/// Whether a field holds lines.
fn has_lines(field: &Field) -> bool {
    matches!(field.kind, Kind::Choices(_) | Kind::Lines | Kind::Regions | Kind::Rows(_))
}

/// What `--set` gave, by the names of the fields. A list may be given line by line.
pub(super) fn given(kind: ActKind, set: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let fields = fields(kind);
    let mut given: BTreeMap<String, String> = BTreeMap::new();
    for one in set {
        let Some((name, value)) = one.split_once('=') else {
            return Err(Failure::Input(anyhow!(tr!(
                "--set `{one}`：应为 字段=值",
                "--set `{one}`: expected name=value"
            ))));
        };
        let name = name.trim();
        let lines = fields.iter().find(|field| field.name == name).is_some_and(has_lines);
        let value = match value.strip_prefix('@') {
            Some(file) => read(Path::new(file))?,
            None if lines => value.replace("\\n", "\n"),
            None => value.to_owned(),
        };
        match given.get_mut(name) {
            Some(before) if lines => {
                before.push('\n');
                before.push_str(&value);
            }
            Some(_) => {
                return Err(Failure::Input(anyhow!(tr!("字段 `{name}` 给了两次", "field `{name}` is given twice"))));
            }
            None => _ = given.insert(name.to_owned(), value),
        }
    }
    Ok(given)
}

/// Fills in the unit in whose name an act is done.
pub(super) fn in_the_name_of(kind: ActKind, unit: String, given: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    if !fields(kind).iter().any(|field| field.name == "of") {
        return Err(Failure::Input(anyhow!(tr!(
            "`{}`不以任何单位的名义办理：请去掉 --for",
            "`{}` is done in nobody's name: leave out --for",
            kind.code()
        ))));
    }
    if given.insert("of".to_owned(), unit).is_some() {
        return Err(Failure::Input(anyhow!(pick(
            "--for 与 --set of=… 只用其一",
            "give --for or --set of=…, not both"
        ))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn lists_are_given_line_by_line_or_at_once_and_nothing_else_twice() {
        let once = given(ActKind::Scheme, &set(&["platforms=甲\\n乙", "staff=采样组", "staff=王"])).expect("good");
        assert_eq!((once["platforms"].as_str(), once["staff"].as_str()), ("甲\n乙", "采样组\n王"));
        assert!(given(ActKind::Scheme, &set(&["batches=1", "batches=2"])).is_err());
        assert!(given(ActKind::Scheme, &set(&["batches"])).is_err());
        let text = given(ActKind::Receive, &set(&["condition=a\\nb"])).expect("good");
        assert_eq!(text["condition"], "a\\nb", "one text is as it is written");
    }

    #[test]
    fn only_what_is_done_by_a_unit_is_done_in_its_name() {
        let mut fields = BTreeMap::new();
        assert!(in_the_name_of(ActKind::Buy, "甲".to_owned(), &mut fields).is_err());
        in_the_name_of(ActKind::Report, "甲".to_owned(), &mut fields).expect("good");
        assert_eq!(fields["of"], "甲");
        assert!(in_the_name_of(ActKind::Report, "乙".to_owned(), &mut fields).is_err());
    }
}
