//! The analysts' query language, from text to a tree of what is asked. Parsed by ourselves: tantivy's parser turns an
//! unquoted Chinese word into a phrase of its tokens, and knows nothing of our codes.
//!
//! ```text
//! 充电宝 自燃            both must occur, anywhere
//! "质量太差"             these characters in a row
//! iphone*                letters and digits that begin so; without the star they are found whole
//! 起火 OR 冒烟           either;  AND binds closer, and is what a blank means
//! -手机  NOT 手机        must not occur
//! (起火 OR 冒烟) 充电宝   parentheses
//! hazard:fire  隐患:起火爆炸,触电   category: channel: stance: region: brand: source: platform: id:
//! severity>=2  severity:2..4
//! date:2024-01-01..2024-02-01  date:2024-01  date:..2023  seen>=2024-05-01
//! ```
//! Full-width punctuation of a Chinese keyboard works as well as ASCII.

use std::fmt;

use super::analysis::{Kind, is_searchable, kind_of, normalise};
use super::filter::{FIELDS, Field, Filter, KnownField, Operator};

/// Longest query, in characters.
pub const QUERY_CHARS_MAX: usize = 1024;
/// Deepest nesting of parentheses and negations.
pub const QUERY_DEPTH_MAX: usize = 16;
/// Most words, phrases and field values in one query.
pub const QUERY_CLAUSES_MAX: usize = 128;
/// Longest name before a colon that is taken for a field.
const FIELD_CHARS_MAX: usize = 20;
/// Characters of the query shown on each side of an error.
const SHOWN_CHARS: usize = 30;
/// Shortest beginning of a run that a star may follow; shorter ones are searched as they are.
const PREFIX_CHARS_MIN: usize = 2;
/// A query that cannot be read: where, why, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// Character of the query it is about, counted from 0.
    pub at: usize,
    /// What was found and what to do, in Chinese: analysts read it on the screen and in the terminal.
    pub message: String,
    /// The query.
    pub query: String,
}

impl std::error::Error for QueryError {}

impl fmt::Display for QueryError {
    /// The message, and below it the place in the query under a caret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.at.saturating_sub(SHOWN_CHARS);
        let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
        let line: String = self.query.chars().skip(start).take(2 * SHOWN_CHARS).map(shown).collect();
        // A wide blank under a wide character keeps the caret in its column.
        let wide = |letter: char| if letter >= '\u{1100}' { '\u{3000}' } else { ' ' };
        let indent: String = line.chars().take(self.at - start).map(wide).collect();
        write!(f, "检索式第 {} 个字：{}\n  {line}\n  {indent}^", self.at + 1, self.message)
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Every document.
    All,
    /// Normalised text of which every word must occur.
    Words(String),
    /// Normalised text that must occur as it is.
    Phrase(String),
    /// Normalised letters and digits with which a run must begin.
    Prefix(String),
    /// A fact about the document.
    Filter(Filter),
    /// Must not hold.
    Not(Box<Node>),
    /// All must hold. Never empty.
    And(Vec<Node>),
    /// One must hold. Never empty.
    Or(Vec<Node>),
}

/// Reads a query. An empty one asks for every document.
pub(super) fn parse(query: &str) -> Result<Node, QueryError> {
    let letters: Vec<char> = query.chars().take(QUERY_CHARS_MAX + 1).collect();
    let mut parser = Parser { query, letters, at: 0, depth: 0, clauses: 0 };
    if parser.letters.len() > QUERY_CHARS_MAX {
        let message = format!("检索式超过 {QUERY_CHARS_MAX} 个字，请缩短");
        return Err(parser.error(QUERY_CHARS_MAX, message));
    }
    parser.skip_blanks();
    if parser.at == parser.letters.len() {
        return Ok(Node::All);
    }
    let node = parser.either()?;
    if parser.at < parser.letters.len() {
        return Err(parser.error(parser.at, "多了一个右括号，请去掉它，或在前面补上左括号".to_owned()));
    }
    node.ok_or_else(|| parser.error(0, "只有标点，没有可检索的词，请写一个词".to_owned()))
}

struct Parser<'a> {
    query: &'a str,
    letters: Vec<char>,
    at: usize,
    depth: usize,
    clauses: usize,
}

/// What was read; none when it was nothing but punctuation.
type Parsed = Result<Option<Node>, QueryError>;

impl Parser<'_> {
    fn either(&mut self) -> Parsed {
        let mut nodes = Vec::new();
        loop {
            nodes.extend(self.all()?);
            if !self.take_keyword("OR") {
                break;
            }
        }
        Ok(join(nodes, Node::Or))
    }

    fn all(&mut self) -> Parsed {
        let mut nodes = Vec::new();
        let mut due = true; // whether something must follow
        loop {
            self.skip_blanks();
            if self.peek().is_none_or(is_close) || self.is_keyword("OR") {
                break;
            }
            if self.is_keyword("AND") {
                if due {
                    break;
                }
                self.take_keyword("AND");
                due = true;
                continue;
            }
            nodes.extend(self.one()?);
            due = false;
        }
        if due {
            let message = "这里缺少一个词、短语或字段；如果要检索 AND、OR、NOT 本身，请加引号";
            return Err(self.error(self.at, message.to_owned()));
        }
        Ok(join(nodes, Node::And))
    }

    fn one(&mut self) -> Parsed {
        let Some(first) = self.peek() else { return Ok(None) };
        let start = self.at;
        if self.take_keyword("NOT") || (is_minus(first) && self.peek_at(1).is_some_and(|next| !next.is_whitespace())) {
            if self.at == start {
                self.at += 1;
            }
            self.skip_blanks();
            if self.peek().is_none_or(is_close) {
                let message = "后面没有要排除的词，请写成 -词 或 NOT 词";
                return Err(self.error(start, message.to_owned()));
            }
            let inner = self.nested(start, Self::one)?;
            return Ok(inner.map(|node| Node::Not(Box::new(node))));
        }
        if is_open(first) {
            self.at += 1;
            let inner = self.nested(start, Self::either)?;
            if !self.peek().is_some_and(is_close) {
                return Err(self.error(start, "这个括号没有闭合，请补上右括号".to_owned()));
            }
            self.at += 1;
            return Ok(inner);
        }
        if is_quote(first) {
            let text = normalise(&self.quoted()?);
            if !is_searchable(&text) {
                return Err(self.error(start, "引号里没有可检索的词，请写上".to_owned()));
            }
            self.count(start)?;
            return Ok(Some(Node::Phrase(text)));
        }
        self.word_or_field()
    }

    /// Runs a part one level deeper.
    fn nested(&mut self, at: usize, part: fn(&mut Self) -> Parsed) -> Parsed {
        self.depth += 1;
        if self.depth > QUERY_DEPTH_MAX {
            let message = format!("括号与否定超过 {QUERY_DEPTH_MAX} 层，请简化检索式");
            return Err(self.error(at, message));
        }
        let parsed = part(self);
        self.depth -= 1;
        parsed
    }

    fn word_or_field(&mut self) -> Parsed {
        let start = self.at;
        let mut name = String::new();
        while let Some(letter) = self.peek().filter(|&letter| !ends_word(letter)) {
            if let Some((operator, length)) = self.operator() {
                let is_name = (1..=FIELD_CHARS_MAX).contains(&(self.at - start))
                    && name.chars().all(|letter| letter.is_alphabetic() || letter == '_');
                if let Some(known) = KnownField::called(&name) {
                    self.at += length;
                    return self.field(known, operator, start);
                }
                if is_name && operator == Operator::Is {
                    let known = FIELDS.each_ref().map(|known| format!("{}（{}）", known.zh, known.en)).join("、");
                    let message = format!("没有叫“{name}”的字段；可用字段：{known}；如果要检索这些字本身，请加引号");
                    return Err(self.error(start, message));
                }
                name.push('\u{0}'); // from here on no field name any more
            }
            name.push(letter);
            self.at += 1;
        }
        let text: String = self.letters[start..self.at].iter().collect();
        let text = normalise(&text);
        if !is_searchable(&text) {
            return Ok(None);
        }
        self.count(start)?;
        if let Some(stem) = text.strip_suffix('*')
            && stem.chars().count() >= PREFIX_CHARS_MIN
            && stem.chars().all(|letter| kind_of(letter) == Kind::Run)
        {
            return Ok(Some(Node::Prefix(stem.to_owned())));
        }
        Ok(Some(Node::Words(text)))
    }

    fn field(&mut self, known: &KnownField, operator: Operator, start: usize) -> Parsed {
        let values = self.values(known.field)?;
        let example = known.example;
        let Some((first_at, _)) = values.first() else {
            let message = format!("缺少取值，例如 {example}，多个值之间用逗号");
            return Err(self.error(self.at, message));
        };
        if !known.field.compares() && operator != Operator::Is {
            return Err(self.error(start, format!("这个字段不能比较大小，请写成 {example}")));
        }
        if let Some((second_at, _)) = values.get(1).filter(|_| known.field.compares()) {
            return Err(self.error(*second_at, format!("这里只能有一个值或一个范围，例如 {example}")));
        }
        let texts: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
        let filter = Filter::new(known.field, operator, &texts).map_err(|(value, message)| {
            let at = values.get(value).map_or(*first_at, |(at, _)| *at);
            self.error(at, message)
        })?;
        for (at, _) in &values {
            self.count(*at)?;
        }
        Ok(Some(Node::Filter(filter)))
    }

    /// The values after a field's operator, each with its place. Commas part them, quotes keep them together.
    fn values(&mut self, field: Field) -> Result<Vec<(usize, String)>, QueryError> {
        let mut values = Vec::new();
        loop {
            let start = self.at;
            let value = if self.peek().is_some_and(is_quote) {
                self.quoted()?
            } else {
                let parts = |letter: char| ends_word(letter) || (is_comma(letter) && field != Field::Id);
                while self.peek().is_some_and(|letter| !parts(letter)) {
                    self.at += 1;
                }
                self.letters[start..self.at].iter().collect()
            };
            if value.trim().is_empty() {
                let after_comma = !values.is_empty();
                if after_comma || self.at > start {
                    return Err(self.error(start, "这个值是空的，请补上或去掉".to_owned()));
                }
                return Ok(values);
            }
            values.push((start, value.trim().to_owned()));
            if !self.peek().is_some_and(is_comma) {
                return Ok(values);
            }
            self.at += 1;
        }
    }

    /// The text between quotes; the parser stands behind them afterwards.
    fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let length = self.letters[start + 1..].iter().position(|&letter| is_quote(letter));
        let Some(length) = length else {
            return Err(self.error(start, "这个引号没有闭合，请补上另一半".to_owned()));
        };
        self.at = start + length + 2;
        Ok(self.letters[start + 1..=start + length].iter().collect())
    }

    fn operator(&self) -> Option<(Operator, usize)> {
        let equals = |letter: Option<char>| matches!(letter, Some('=' | '＝'));
        match self.peek()? {
            ':' | '：' | '=' | '＝' => Some((Operator::Is, 1)),
            '≥' => Some((Operator::AtLeast, 1)),
            '≤' => Some((Operator::AtMost, 1)),
            '>' | '＞' if equals(self.peek_at(1)) => Some((Operator::AtLeast, 2)),
            '<' | '＜' if equals(self.peek_at(1)) => Some((Operator::AtMost, 2)),
            '>' | '＞' => Some((Operator::Above, 1)),
            '<' | '＜' => Some((Operator::Below, 1)),
            _ => None,
        }
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        let length = keyword.len();
        keyword.chars().enumerate().all(|(ahead, letter)| self.peek_at(ahead) == Some(letter))
            && self.peek_at(length).is_none_or(ends_word)
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        self.skip_blanks();
        let found = self.is_keyword(keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn count(&mut self, at: usize) -> Result<(), QueryError> {
        self.clauses += 1;
        if self.clauses > QUERY_CLAUSES_MAX {
            return Err(self.error(at, format!("词和取值超过 {QUERY_CLAUSES_MAX} 个，请分成几次检索")));
        }
        Ok(())
    }

    fn error(&self, at: usize, message: String) -> QueryError {
        QueryError { at, message, query: self.query.chars().take(QUERY_CHARS_MAX).collect() }
    }
}

/// One node stays itself.
fn join(mut nodes: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Option<Node> {
    if nodes.len() > 1 { Some(several(nodes)) } else { nodes.pop() }
}

fn ends_word(letter: char) -> bool {
    letter.is_whitespace() || is_open(letter) || is_close(letter) || is_quote(letter)
}

fn is_open(letter: char) -> bool {
    matches!(letter, '(' | '（')
}

fn is_close(letter: char) -> bool {
    matches!(letter, ')' | '）')
}

fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '“' | '”' | '＂')
}

fn is_comma(letter: char) -> bool {
    matches!(letter, ',' | '，' | '、')
}

fn is_minus(letter: char) -> bool {
    matches!(letter, '-' | '－' | '−')
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::index::filter::{DayField, NameField, query_fields};

    fn words(text: &str) -> Node {
        Node::Words(text.to_owned())
    }

    fn check(query: &str, expected: &Node) {
        assert_eq!(parse(query).as_ref(), Ok(expected), "{query}");
    }

    fn refuses(query: &str, at: usize, says: &str) {
        let error = parse(query).expect_err(query);
        assert_eq!(error.at, at, "{query}: {error}");
        assert!(error.message.contains(says), "{query}: {error}");
    }

    #[test]
    fn blanks_mean_and_which_binds_closer_than_or() {
        let expected = Node::Or(vec![Node::And(vec![words("a"), words("b")]), words("c")]);
        check("a b OR c", &expected);
        check("a AND b OR c", &expected);
        check("(a　b) OR (c)", &expected);
    }

    #[test]
    fn a_minus_only_counts_before_a_word() {
        check("-a", &Node::Not(Box::new(words("a"))));
        check("NOT a", &Node::Not(Box::new(words("a"))));
        check("wi-fi", &words("wi-fi"));
        check("a - b", &Node::And(vec![words("a"), words("b")]));
    }

    #[test]
    fn a_star_stands_for_the_rest_of_a_run_only() {
        check("ＩＰhone＊", &Node::Prefix("iphone".to_owned()));
        check("充电*", &words("充电*")); // found as characters anyway
        check("x*", &words("x*"));
    }

    #[test]
    fn every_example_of_the_help_is_a_query() {
        for (en, zh, example) in query_fields() {
            assert!(matches!(parse(example), Ok(Node::Filter(_))), "{example}");
            assert_eq!(parse(example), parse(&example.replacen(en, zh, 1)));
        }
    }

    #[test]
    fn full_width_punctuation_is_as_good() {
        let fire = Filter::Name(NameField::Hazard, vec!["fire".to_owned(), "electric_shock".to_owned()]);
        let expected = Node::And(vec![Node::Filter(fire), Node::Phrase("质量,差".to_owned())]);
        check("（隐患：起火爆炸，触电） “质量，差”", &expected);
        check("Hazard=fire,触电 \"质量,差\"", &expected);
    }

    #[test]
    fn names_are_normalised_and_quoted_values_stay_whole() {
        check("品牌:\"A，B\"", &Node::Filter(Filter::Name(NameField::Brand, vec!["a,b".to_owned()])));
        check("region:33", &Node::Filter(Filter::Name(NameField::Region, vec!["330000".to_owned()])));
        check("id:https://x.cn/a?b=1,2", &Node::Filter(Filter::Id(vec!["https://x.cn/a?b=1,2".to_owned()])));
    }

    #[test]
    fn dates_are_days_months_years_and_open_ranges() {
        let days = |from, to| Node::Filter(Filter::Days(DayField::Event, from, to));
        check("date:2024-02", &days(Some(date(2024, 2, 1)), Some(date(2024, 2, 29))));
        check("date:2024-1-1..2024-02-01", &days(Some(date(2024, 1, 1)), Some(date(2024, 2, 1))));
        check("日期:..2023", &days(None, Some(date(2023, 12, 31))));
        check("date>2024-01", &days(Some(date(2024, 2, 1)), None));
        check("date:..", &days(None, None));
    }

    #[test]
    fn severity_is_compared() {
        check("severity>=2", &Node::Filter(Filter::Severity(2, 4)));
        check("伤害≤1", &Node::Filter(Filter::Severity(0, 1)));
        check("severity:1..3", &Node::Filter(Filter::Severity(1, 3)));
    }

    #[test]
    fn errors_say_where_and_what_to_do() {
        refuses("充电宝 foo:bar", 4, "没有叫“foo”的字段；可用字段：隐患（hazard）、类别（category）");
        refuses("http://x.cn", 0, "请加引号");
        refuses("(a", 0, "没有闭合");
        refuses("a)", 1, "多了一个右括号");
        refuses("a \"b", 2, "没有闭合");
        refuses("a OR", 4, "这里缺少");
        refuses("OR a", 0, "这里缺少");
        refuses("()", 1, "这里缺少");
        refuses("-", 0, "没有可检索的词");
        refuses("a NOT", 2, "没有要排除的词");
        refuses("\"，\"", 0, "没有可检索的词");
        refuses("hazard:", 7, "例如 hazard:fire");
        refuses("hazard:fire,fires", 12, "没有“fires”这个取值；可用：起火爆炸（fire）");
        refuses("hazard>fire", 0, "不能比较大小");
        refuses("severity:5", 9, "0 到 4");
        refuses("severity>4", 9, "没有这样的伤害程度");
        refuses("date:2024-13", 5, "不是日期");
        refuses("date:2024-02..2024-01", 5, "对调");
        refuses("地区:浙江", 3, "GB/T 2260");
        refuses(&"a".repeat(QUERY_CHARS_MAX + 1), QUERY_CHARS_MAX, "请缩短");
        refuses(&"(".repeat(100), QUERY_DEPTH_MAX, "层");
        refuses(&"-".repeat(100), QUERY_DEPTH_MAX, "层");
        refuses(&"a ".repeat(QUERY_CLAUSES_MAX + 1), QUERY_CLAUSES_MAX * 2, "分成几次");
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        let error = parse("充电宝 date:昨天").expect_err("no date");
        let shown = error.to_string();
        assert_eq!(shown.lines().nth(1), Some("  充电宝 date:昨天"));
        assert_eq!(shown.lines().nth(2), Some("  \u{3000}\u{3000}\u{3000}      ^"));
    }
}
