//! Reads a query, from text to a tree of what is asked. Parsed by ourselves: tantivy's parser turns an unquoted Chinese
//! word into a phrase of its tokens, and knows nothing of our codes.
//!
//! ```text
//! 充电宝 自燃            both must occur, anywhere
//! "质量太差"             these characters in a row
//! 起火 NEAR/5 充电       at most five characters between them, in either order
//! iphone*  samsung~      letters and digits that begin so; that differ in one letter
//! 起火 OR 冒烟           either;  AND binds closer, and is what a blank means
//! -手机  NOT 手机        must not occur
//! (起火 OR 冒烟) 充电宝   parentheses
//! hazard:fire  隐患:起火爆炸,触电  region:浙江  severity>=2  price:50..200  date:2024-01..2024-03
//! sort:date  synonyms:off  reprints:hide
//! ```
//! Full-width punctuation of a Chinese keyboard works as well as ASCII.

use super::analysis::{CharKind, Grams, grams, is_searchable, kind_of, normalise};
use super::bounds::{
    FUZZY_EDITS_MAX, NEAR_CHARS_MAX, NEAR_SINGLES_MAX, QUERY_CHARS_MAX, QUERY_CLAUSES_MAX, QUERY_DEPTH_MAX,
};
use super::filter::{FIELDS, Field, Filter, KnownField, Operator};
use super::query::{FUZZY_CHARS_MIN, NEAR_CHARS_DEFAULT, Near, Node, ParsedQuery, Piece, QueryError, Wish, Wishes};
use super::thesaurus::Thesaurus;
use vocabulary::{Refused, refused};

/// Longest name before a colon that is taken for a field.
const FIELD_CHARS_MAX: usize = 20;
/// Shortest beginning of a run that a star may follow; shorter ones are searched as they are.
const PREFIX_CHARS_MIN: usize = 2;
/// Characters that a query can do without, looked at for the number behind `NEAR/`.
const NEAR_DIGITS_MAX: usize = 4;

/// Reads a query. An empty one asks for every document.
pub(super) fn parse(query: &str, thesaurus: &Thesaurus) -> Result<ParsedQuery, QueryError> {
    let letters: Vec<char> = query.chars().take(QUERY_CHARS_MAX + 1).collect();
    let (wishes, notes) = (None, Vec::new());
    let mut parser = Parser { query, thesaurus, letters, at: 0, depth: 0, clauses: 0, near_singles: 0, wishes, notes };
    if parser.letters.len() > QUERY_CHARS_MAX {
        let message = refused!(
            "检索式超过 {QUERY_CHARS_MAX} 个字，请缩短",
            "the query has more than {QUERY_CHARS_MAX} characters: make it shorter"
        );
        return Err(parser.error(QUERY_CHARS_MAX, message));
    }
    parser.skip_blanks();
    let node = if parser.at == parser.letters.len() { Some(Node::All) } else { parser.either()? };
    if parser.at < parser.letters.len() {
        let message = refused!(
            "多了一个右括号，请去掉它，或在前面补上左括号",
            "one closing parenthesis too many: delete it, or open one before it"
        );
        return Err(parser.error(parser.at, message));
    }
    let node = node.or_else(|| parser.wishes.map(|_| Node::All));
    let empty =
        || refused!("只有标点，没有可检索的词，请写一个词", "punctuation alone holds no word to search: write one");
    let node = node.ok_or_else(|| parser.error(0, empty()))?;
    Ok(ParsedQuery { node, wishes: parser.wishes.unwrap_or_default(), notes: parser.notes })
}

struct Parser<'a> {
    query: &'a str,
    thesaurus: &'a Thesaurus,
    letters: Vec<char>,
    at: usize,
    depth: usize,
    clauses: usize,
    /// Single characters beside `NEAR`, once for each `NEAR` that they stand beside.
    near_singles: usize,
    /// None until one is read.
    wishes: Option<Wishes>,
    notes: Vec<Refused>,
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
            nodes.extend(self.near_or_one()?);
            due = false;
        }
        if due {
            let message = refused!(
                "这里缺少一个词、短语或字段；如果要检索 AND、OR、NOT 本身，请加引号",
                "a word, a phrase or a field is missing here; to search for AND, OR or NOT itself, quote it"
            );
            return Err(self.error(self.at, message));
        }
        Ok(join(nodes, Node::And))
    }

    /// `a`, or `a NEAR/5 b`, or `a NEAR b NEAR c`: each pair of neighbours must stand near.
    fn near_or_one(&mut self) -> Parsed {
        let mut left_at = self.at;
        let mut left = if self.near_length().is_some() { None } else { self.one()? };
        let mut nodes = Vec::new();
        loop {
            self.skip_blanks();
            let at = self.at;
            let Some(length) = self.near_length() else { break };
            let within = self.near_within(length)?;
            self.at += length;
            self.skip_blanks();
            let right_at = self.at;
            let right = if self.peek().is_none_or(is_close) { None } else { self.one()? };
            let (Some(first), Some(second)) = (&left, &right) else {
                let message = refused!(
                    "NEAR 的两边都要有词，例如 起火 NEAR/5 充电；如果要检索 NEAR 本身，请加引号",
                    "NEAR needs words on both sides, e.g. fire NEAR/5 charger; to search for NEAR itself, quote it"
                );
                return Err(self.error(at, message));
            };
            let near = Near { left: self.pieces(first, left_at)?, right: self.pieces(second, right_at)?, within };
            let single = |piece: &&Piece| matches!(grams(&piece.text), Grams::Beginning(_));
            self.near_singles += near.left.iter().chain(&near.right).filter(single).count();
            if self.near_singles > NEAR_SINGLES_MAX {
                let message = refused!(
                    "NEAR 两边的单字一次检索里最多 {NEAR_SINGLES_MAX} 个；请用两个字以上的词",
                    "at most {NEAR_SINGLES_MAX} single characters may stand beside NEAR in one query: write longer words"
                );
                return Err(self.error(right_at, message));
            }
            nodes.push(Node::Near(near));
            (left, left_at) = (right, right_at);
        }
        Ok(if nodes.is_empty() { left } else { join(nodes, Node::And) })
    }

    /// Length of a `NEAR` or `NEAR/5` that stands here.
    fn near_length(&self) -> Option<usize> {
        let keyword = "NEAR".chars().enumerate().all(|(ahead, letter)| self.peek_at(ahead) == Some(letter));
        let mut length = 4;
        if keyword && matches!(self.peek_at(length), Some('/' | '／')) {
            length += 1;
            while self.peek_at(length).is_some_and(|letter| !ends_word(letter)) {
                length += 1;
            }
        }
        (keyword && self.peek_at(length).is_none_or(ends_word)).then_some(length)
    }

    fn near_within(&self, length: usize) -> Result<u32, QueryError> {
        if length == 4 {
            return Ok(NEAR_CHARS_DEFAULT);
        }
        let digits: String = self.letters[self.at + 5..self.at + length].iter().take(NEAR_DIGITS_MAX).collect();
        let within = normalise(&digits).parse().ok().filter(|within| (1..=NEAR_CHARS_MAX).contains(within));
        let message = || {
            refused!(
                "NEAR 后面是相隔的字数，1 到 {NEAR_CHARS_MAX}，例如 起火 NEAR/5 充电",
                "behind NEAR stands a number of characters, 1 to {NEAR_CHARS_MAX}, e.g. fire NEAR/5 charger"
            )
        };
        within.ok_or_else(|| self.error(self.at + 5, message()))
    }

    /// What may stand beside `NEAR`: a word, a phrase, or several of them joined by OR.
    fn pieces(&self, node: &Node, at: usize) -> Result<Vec<Piece>, QueryError> {
        match node {
            Node::Words(text) => Ok(vec![Piece { text: text.clone(), quoted: false }]),
            Node::Phrase(text) => Ok(vec![Piece { text: text.clone(), quoted: true }]),
            Node::Or(nodes) => {
                let pieces = nodes.iter().map(|node| self.pieces(node, at)).collect::<Result<Vec<_>, _>>()?;
                Ok(pieces.into_iter().flatten().collect())
            }
            _ => {
                let message = refused!(
                    "NEAR 的两边只能是词、短语，或括号里用 OR 连接的词，例如 (起火 OR 冒烟) NEAR/5 充电",
                    "beside NEAR stand words, phrases, or words joined by OR in parentheses, e.g. (fire OR smoke) NEAR/5 charger"
                );
                Err(self.error(at, message))
            }
        }
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
                let message = refused!(
                    "后面没有要排除的词，请写成 -词 或 NOT 词",
                    "no word to leave out follows: write -word or NOT word"
                );
                return Err(self.error(start, message));
            }
            let inner = self.nested(start, Self::one)?;
            return Ok(inner.map(|node| Node::Not(Box::new(node))));
        }
        if is_open(first) {
            self.at += 1;
            let inner = self.nested(start, Self::either)?;
            if !self.peek().is_some_and(is_close) {
                let message = refused!("这个括号没有闭合，请补上右括号", "this parenthesis is not closed: close it");
                return Err(self.error(start, message));
            }
            self.at += 1;
            return Ok(inner);
        }
        if is_quote(first) {
            let text = normalise(&self.quoted()?);
            if !is_searchable(&text) {
                let message = refused!("引号里没有可检索的词，请写上", "the quotes hold no word to search: write one");
                return Err(self.error(start, message));
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
            let message = refused!(
                "括号与否定超过 {QUERY_DEPTH_MAX} 层，请简化检索式",
                "parentheses and negations are nested more than {QUERY_DEPTH_MAX} deep: write a simpler query"
            );
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
                if let Some(wish) = Wish::called(&name).filter(|_| operator == Operator::Is) {
                    self.at += length;
                    return self.wish(wish, start);
                }
                if is_name && operator == Operator::Is {
                    let zh = FIELDS.each_ref().map(|known| format!("{}（{}）", known.zh, known.en)).join("、");
                    let en = FIELDS.each_ref().map(|known| known.en).join(", ");
                    let message = Refused::new(
                        format!("没有叫“{name}”的字段；可用字段：{zh}；如果要检索这些字本身，请加引号"),
                        format!("no field is called `{name}`; there are {en}; to search for the word itself, quote it"),
                    );
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
            && stem.chars().all(|letter| kind_of(letter) == CharKind::Run)
        {
            return Ok(Some(Node::Prefix(stem.to_owned())));
        }
        if let Some((stem, edits)) = fuzzy(&text) {
            if stem.chars().count() < FUZZY_CHARS_MIN {
                let message = refused!(
                    "模糊匹配至少要 {FUZZY_CHARS_MIN} 个字母，例如 samsung~；如果要检索原字，请加引号",
                    "a fuzzy name has at least {FUZZY_CHARS_MIN} letters, e.g. samsung~; to search for it as written, quote it"
                );
                return Err(self.error(start, message));
            }
            return Ok(Some(Node::Fuzzy(stem.to_owned(), edits)));
        }
        Ok(Some(Node::Words(text)))
    }

    /// How the answer is wanted. It is no part of what is asked, so it stands outside of parentheses and negations.
    fn wish(&mut self, wish: Wish, start: usize) -> Parsed {
        let example = wish.example();
        if self.depth > 0 {
            let message = refused!(
                "{example} 说的是整个检索，请写在括号和否定之外",
                "{example} is about the whole query: write it outside of parentheses and negations"
            );
            return Err(self.error(start, message));
        }
        let values = self.values(true)?;
        let [(at, value)] = values.as_slice() else {
            let message = refused!("这里要有一个取值，例如 {example}", "one value is expected here, e.g. {example}");
            return Err(self.error(self.at, message));
        };
        let wishes = self.wishes.get_or_insert_default();
        match wish.note(value, wishes) {
            Ok(()) => Ok(None),
            Err(message) => Err(self.error(*at, message)),
        }
    }

    fn field(&mut self, known: &KnownField, operator: Operator, start: usize) -> Parsed {
        let values = self.values(known.field != Field::Id)?;
        let example = known.example;
        let Some((first_at, _)) = values.first() else {
            let message = refused!(
                "缺少取值，例如 {example}，多个值之间用逗号",
                "a value is missing, e.g. {example}; commas stand between several"
            );
            return Err(self.error(self.at, message));
        };
        if !known.field.compares() && operator != Operator::Is {
            let message =
                refused!("这个字段不能比较大小，请写成 {example}", "this field has no order: write e.g. {example}");
            return Err(self.error(start, message));
        }
        if let Some((second_at, _)) = values.get(1).filter(|_| known.field.compares()) {
            let message = refused!(
                "这里只能有一个值或一个范围，例如 {example}",
                "one value or one range may stand here, e.g. {example}"
            );
            return Err(self.error(*second_at, message));
        }
        let texts: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
        let read = Filter::new(known.field, operator, &texts, self.thesaurus);
        let (filter, note) = read.map_err(|(value, message)| {
            let at = values.get(value).map_or(*first_at, |(at, _)| *at);
            self.error(at, message)
        })?;
        for (at, _) in &values {
            self.count(*at)?;
        }
        self.notes.extend(note);
        Ok(Some(Node::Filter(filter)))
    }

    /// The values after a field's operator, each with its place. Commas part them where they may, quotes keep them together.
    fn values(&mut self, commas: bool) -> Result<Vec<(usize, String)>, QueryError> {
        let mut values = Vec::new();
        loop {
            let start = self.at;
            let value = if self.peek().is_some_and(is_quote) {
                self.quoted()?
            } else {
                let parts = |letter: char| ends_word(letter) || (is_comma(letter) && commas);
                while self.peek().is_some_and(|letter| !parts(letter)) {
                    self.at += 1;
                }
                self.letters[start..self.at].iter().collect()
            };
            if value.trim().is_empty() {
                let after_comma = !values.is_empty();
                if after_comma || self.at > start {
                    return Err(self.error(start, super::filter::empty_value()));
                }
                return Ok(values);
            }
            values.push((start, value.trim().to_owned()));
            if !commas || !self.peek().is_some_and(is_comma) {
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
            let message = refused!("这个引号没有闭合，请补上另一半", "this quote is not closed: close it");
            return Err(self.error(start, message));
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
            let message = refused!(
                "词和取值超过 {QUERY_CLAUSES_MAX} 个，请分成几次检索",
                "more than {QUERY_CLAUSES_MAX} words and values: search in several queries"
            );
            return Err(self.error(at, message));
        }
        Ok(())
    }

    fn error(&self, at: usize, message: Refused) -> QueryError {
        QueryError { at, message, query: self.query.chars().take(QUERY_CHARS_MAX).collect() }
    }
}

/// The letters and the number of edits of `samsung~` or `samsung~2`.
fn fuzzy(text: &str) -> Option<(&str, usize)> {
    let (stem, edits) = text.split_once('~')?;
    let edits = if edits.is_empty() { Some(1) } else { edits.parse().ok() };
    let edits = edits.filter(|edits| (1..=FUZZY_EDITS_MAX).contains(edits))?;
    let is_name = stem.chars().all(|letter| kind_of(letter) == CharKind::Run) && stem.chars().any(char::is_alphabetic);
    (is_name && !stem.is_empty()).then_some((stem, edits))
}

/// One node stays itself; what is asked twice is asked once.
fn join(all: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Option<Node> {
    let mut nodes: Vec<Node> = Vec::with_capacity(all.len());
    for node in all {
        if !nodes.contains(&node) {
            nodes.push(node);
        }
    }
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
    use crate::filter::{DayField, NameField, NumberField, query_fields};
    use crate::query::query_wishes;
    use crate::sort::Sort;

    fn words(text: &str) -> Node {
        Node::Words(text.to_owned())
    }

    fn parse(query: &str) -> Result<ParsedQuery, QueryError> {
        super::parse(query, &Thesaurus::default())
    }

    fn check(query: &str, expected: &Node) {
        assert_eq!(parse(query).map(|asked| asked.node).as_ref(), Ok(expected), "{query}");
    }

    fn refuses(query: &str, at: usize, says: &str) {
        let error = parse(query).expect_err(query);
        assert_eq!(error.at, at, "{query}: {error}");
        assert!(error.message.zh.contains(says), "{query}: {}", error.message.zh);
        assert!(error.message.en.is_ascii() || !query.is_ascii(), "{query}: {error}");
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
        let known = Thesaurus::of(&lexicon::Lexicon::shipped().expect("the shipped lexicon"));
        for (en, zh, example, _) in query_fields().chain(query_wishes()) {
            let asked = super::parse(example, &known).expect(example);
            assert!(matches!(asked.node, Node::Filter(_) | Node::All), "{example}");
            assert_eq!(Ok(asked), super::parse(&example.replacen(en, zh, 1), &known));
        }
    }

    #[test]
    fn full_width_punctuation_is_as_good() {
        let fire = Filter::Name(NameField::Hazard, vec!["electric_shock".to_owned(), "fire".to_owned()]);
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
    fn numbers_are_ranges() {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let price = |from, to| Node::Filter(Filter::Number(NumberField::Price, from, to));
        check("price:50..200", &price(Included(50.0), Included(200.0)));
        check("价格>99.9", &price(Excluded(99.9), Unbounded));
        check("price<=１00", &price(Unbounded, Included(100.0)));
        check("price:9", &price(Included(9.0), Included(9.0)));
    }

    #[test]
    fn near_joins_words_phrases_and_alternatives() {
        let piece = |text: &str, quoted| Piece { text: text.to_owned(), quoted };
        let near = |left, right, within| Node::Near(Near { left, right, within });
        let (fire, charge) = (vec![piece("起火", false)], vec![piece("充电", true)]);
        check("起火 NEAR/5 “充电”", &near(fire.clone(), charge.clone(), 5));
        check("起火 NEAR “充电”", &near(fire.clone(), charge.clone(), NEAR_CHARS_DEFAULT));
        let either = vec![piece("起火", false), piece("冒烟", false)];
        check("(起火 OR 冒烟) NEAR/9 “充电” 手机", &Node::And(vec![near(either, charge.clone(), 9), words("手机")]));
        let chain = Node::And(vec![near(fire.clone(), charge.clone(), 5), near(charge, fire, 6)]);
        check("起火 NEAR/5 “充电” NEAR/6 起火", &chain);
        check("nearby", &words("nearby"));
    }

    #[test]
    fn a_tilde_makes_a_latin_name_fuzzy_and_nothing_else() {
        check("Samsung~", &Node::Fuzzy("samsung".to_owned(), 1));
        check("samsung～2", &Node::Fuzzy("samsung".to_owned(), 2));
        check("真好~", &words("真好~"));
        check("50~100", &words("50~100"));
    }

    #[test]
    fn wishes_are_no_part_of_what_is_asked() {
        let asked = parse("起火 sort:date 同义词:关 reprints:hide").expect("a query");
        assert_eq!(asked.node, words("起火"));
        let wishes = Wishes { sort: Some(Sort::Newest), synonyms: Some(false), reprints: Some(false) };
        assert_eq!(asked.wishes, wishes);
        assert_eq!(parse("sort:severity").expect("a query").node, Node::All);
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
        refuses("地区:浙江", 3, "不认识地名“浙江”");
        refuses("region:123", 7, "2、4、6 位");
        refuses("price:abc", 6, "不是数");
        refuses("price:9..1", 6, "对调");
        refuses("story:x", 6, "同源编号");
        refuses("seller:\u{200b}", 7, "这个值是空的");
        refuses("model>1", 0, "不能比较大小");
        refuses("signal:fires", 7, "signal:any");
        refuses("起火 NEAR/0 充电", 8, "1 到 100");
        refuses("起火 NEAR/5", 3, "两边");
        refuses("NEAR/5 起火", 0, "两边");
        refuses("hazard:fire NEAR/5 起火", 0, "两边只能是");
        refuses("充 NEAR 电 NEAR 火", 14, "单字");
        refuses("lg~", 0, "4 个字母");
        refuses("起火 (sort:date)", 4, "括号和否定之外");
        refuses("sort:best", 5, "relevance（相关）");
        refuses("synonyms:maybe", 9, "on（开）、off（关）");
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
