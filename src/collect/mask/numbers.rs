//! Personal data that is digits: phones, identity numbers, bank cards, numbers of QQ. What is labelled as an order, a part
//! or an amount is none.

use std::sync::LazyLock;

use regex::Regex;

use super::view::View;
use super::{FoldedSpan, PersonalKind, pattern};
use vocabulary::Province;

/// Digits of the longest number, a bank card, with what may be before it.
const DIGITS_MAX: usize = 23;
/// Most groups that one number is written in: every digit for itself.
const GROUPS_MAX: usize = 19;
/// Characters that may be between two groups.
const GAP_BYTES_MAX: usize = 3;
/// How far before a number its label is looked for, in bytes.
const LABEL_BYTES_MAX: usize = 72;

/// Words before a number that make it one of a thing and not of a person.
static OF_A_THING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:订单|定单|单号|编号|货号|款号|型号|条码|条形码|批号|批次|序列|流水|运单|快递单|发票|案号|编码|证书|许可证|备案|工单|受理|单据|交易|券号|激活码|验证码|注册号|信用代码|专利|机身码|货物|商品|产品|规格|版本|项目|件号|零件号|合同|卡密|保单|工号|学号|邮编|淘口令|
          \bsn|s/n|imei|isbn|issn|\bsku|\bspu|\bupc|\bean|\basin|\bvin|\bmodels?|\bnos?|\bnumbers?|\bitems?|\bparts?|\blots?|\bserial|\bbatch|\border|\bcas|\bgb(?:/t)?|\biso|\ben|\bqb(?:/t)?|\bp/n|\#)
          (?:号码|编号|号|码|id|代码|:|\#|=|是|为|no\.?|\(|\[|“|'|\.|\s){0,6}$",
    )
});
/// What makes seven or eight digits a phone.
static OF_A_PHONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:电话|致电|来电|拨打|热线|座机|手机|传真|联系方式|tel|phone|fax|mobile|call|固话|总机|打电话给|打)
          (?:号码|号|是|为|:|\(|\.|\s|或|及|和|、|,|/|no\.?|number|\#|-){0,5}$",
    )
});
/// What makes sixteen digits a card, whatever their check digit says.
static OF_A_CARD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?:银行卡|储蓄卡|信用卡|借记卡|卡号|银行账号|银行帐号|账号|帐号|账户|帐户|一卡通|银行|支行|分行)(?:号码|号|是|为|:|\(|\s|尾号){0,5}$",
    )
});
/// What makes fifteen digits an identity number.
static OF_AN_IDENTITY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?:身份证|身份證|证件|身份号码|身份证明|id ?card|sfz|公民身份)(?:号码|号|件|是|为|:|\(|\s){0,5}$")
});
static OF_QQ: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:\bqq|[^a-z]qq|扣扣|企鹅号?|球球|秋秋|扣群|群号|加群|加\s?q|[^a-z0-9]q|(?:^)q)
          (?:群|号码|号|联系|咨询|是|为|:|=|\#|\(|\+|➕|号\s|\s|\.|,|-){0,5}$",
    )
});
static OF_WECHAT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:微信|薇信|威信|维信|徽信|微x|v信|wechat|weixin|\bvx|\bwx|加\s?v|\bv|加微|加薇|\+v|➕v|➕微|绿泡泡)
          (?:号码|号|同号|id|联系|咨询|是|为|:|=|\#|\(|\+|➕|\s|\.|,|-){0,5}$",
    )
});
/// North American numbers count where the text asks somebody to call.
static OF_A_CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"\b(?:at|call|calling|phone|tel|telephone|toll[- ]free|fax|text|contact|or|hotline|number is)\b[^0-9]{0,12}$",
    )
});
/// Amounts, measures and counts, right behind a number.
const UNITS: &[&str] = &[
    "元", "块", "万", "亿", "%", "￥", "mah", "公里", "km", "w", "kg", "ml", "美元", "rmb", "个月", "点赞", "人次",
    "°", "℃", "多",
];
/// Letters that may touch a phone.
const TOUCHING_BEFORE: &[&str] = &[
    "tel", "phone", "mobile", "mob", "cell", "call", "ph", "vx", "wx", "v", "qq", "q", "wechat", "weixin", "t", "m",
    "hp", "dh", "sj", "w", "vxin",
];
const TOUCHING_AFTER: &[&str] = &["vx", "wx", "v", "w", "qq", "wechat", "weixin", "tel", "vxin", "x"];

/// Digits that touch one another.
#[derive(Debug, Clone, Copy)]
struct Run {
    from: usize,
    to: usize,
    /// The character between this run and the next, when there is just one.
    joint: Option<u8>,
}

impl Run {
    fn len(&self) -> usize {
        self.to - self.from
    }
}

/// Finds all numbers of persons.
pub(super) fn find(view: &View, found: &mut Vec<FoldedSpan>) {
    let text = view.text.as_str();
    let runs = runs(text);
    let mut at = 0;
    while at < runs.len() {
        match best(text, &runs, at) {
            Some((kind, from, to, used)) => {
                found.push(FoldedSpan { kind, from, to });
                at += used;
            }
            None => at += 1,
        }
    }
}

fn runs(text: &str) -> Vec<Run> {
    let bytes = text.as_bytes();
    let mut runs: Vec<Run> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let from = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if let Some(last) = runs.last_mut() {
            last.joint = joint(&text[last.to..from]);
        }
        runs.push(Run { from, to: at, joint: None });
    }
    runs
}

/// What joins two groups of one number: spaces, one hyphen, dot or underscore with or without spaces, brackets.
fn joint(gap: &str) -> Option<u8> {
    if gap.len() > GAP_BYTES_MAX {
        return None;
    }
    let inked = gap.trim();
    match inked {
        "" => Some(b' '),
        "-" | "--" | "." | "_" | "·" | "*" | ")" | "(" | ")-" | "~" => Some(inked.as_bytes()[0]),
        _ => None,
    }
}

/// The number that begins at a run: kind, bytes from and to, runs used.
fn best(text: &str, runs: &[Run], at: usize) -> Option<(PersonalKind, usize, usize, usize)> {
    let mut digits = String::with_capacity(DIGITS_MAX);
    let mut shape: Vec<usize> = Vec::with_capacity(4);
    let mut chosen = None;
    for used in 1..=GROUPS_MAX {
        let Some(run) = runs.get(at + used - 1) else { break };
        if digits.len() + run.len() > DIGITS_MAX {
            break;
        }
        digits.push_str(&text[run.from..run.to]);
        shape.push(run.len());
        let ahead = runs.get(at + used).filter(|_| run.joint.is_some());
        let whole = Whole {
            text,
            runs: &runs[at..at + used],
            digits: &digits,
            shape: &shape,
            before: &text[floor(text, runs[at].from.saturating_sub(LABEL_BYTES_MAX))..runs[at].from],
            after: &text[run.to..],
            joined_before: at.checked_sub(1).and_then(|before| runs[before].joint),
            joined_after: ahead.and(run.joint),
        };
        // The longest reading wins: a card's first eleven digits are no phone.
        if let Some((kind, from, to, extra)) = whole.read(runs.get(at + used..).unwrap_or_default()) {
            chosen = Some((kind, from, to, used + extra));
        }
        if run.joint.is_none() {
            break;
        }
    }
    chosen
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Groups of digits that may be one number, with the text around them.
struct Whole<'a> {
    text: &'a str,
    runs: &'a [Run],
    digits: &'a str,
    shape: &'a [usize],
    before: &'a str,
    after: &'a str,
    joined_before: Option<u8>,
    joined_after: Option<u8>,
}

type Reading = (PersonalKind, usize, usize, usize);

impl Whole<'_> {
    fn from(&self) -> usize {
        self.runs[0].from
    }

    fn to(&self) -> usize {
        self.runs[self.runs.len() - 1].to
    }

    fn read(&self, rest: &[Run]) -> Option<Reading> {
        self.identity()
            .or_else(|| self.card())
            .or_else(|| self.mobile())
            .or_else(|| self.hotline())
            .or_else(|| self.landline(rest))
            .or_else(|| self.chat())
            .or_else(|| self.local())
            .or_else(|| self.abroad())
    }

    fn plain(&self, kind: PersonalKind) -> Reading {
        (kind, self.from(), self.to(), 0)
    }

    fn labelled(&self, label: &LazyLock<Option<Regex>>) -> bool {
        label.as_ref().is_some_and(|label| label.is_match(self.before))
    }

    /// Neither letters nor more digits of the same number touch it, and it is no amount.
    fn stands_alone(&self) -> bool {
        let letters = |c: char| c.is_ascii_alphabetic();
        let before: String = {
            let tail: Vec<char> = self.before.chars().rev().take_while(|c| letters(*c)).collect();
            tail.into_iter().rev().collect()
        };
        let mut ahead = self.after.chars();
        let next = ahead.next();
        let after: String = self.after.chars().take_while(|c| letters(*c)).collect();
        let amount = UNITS.iter().any(|unit| self.after.starts_with(unit))
            || matches!(next, Some('.')) && ahead.next().is_some_and(|c| c.is_ascii_digit());
        let last = self.before.chars().next_back();
        (before.is_empty() || TOUCHING_BEFORE.contains(&before.as_str()) || self.labelled(&OF_WECHAT))
            && (after.is_empty() || TOUCHING_AFTER.contains(&after.as_str()))
            && (!amount || !after.is_empty() && TOUCHING_AFTER.contains(&after.as_str()))
            && !matches!(last, Some('.' | '¥' | '$' | '€' | '£' | '_' | '=' | '&' | '/' | '%'))
                // An address on the web names pages by numbers.
            || matches!(last, Some('.' | '/' | '=' | '_')) && !self.in_address() && after.is_empty() && !amount
    }

    /// Whether the number is a piece of an address on the web.
    fn in_address(&self) -> bool {
        let word = self.before.rsplit(|c: char| c.is_whitespace() || !c.is_ascii()).next().unwrap_or_default();
        word.contains("://")
            || word.contains("www.")
            || word.contains(".com")
            || word.contains(".cn")
            || word.ends_with('.')
    }

    /// More groups follow or precede that make it a longer number of another kind.
    fn is_piece(&self) -> bool {
        let binds = |joint: Option<u8>| matches!(joint, Some(b'-' | b'.' | b'_' | b'~'));
        binds(self.joined_after) || binds(self.joined_before)
    }

    fn identity(&self) -> Option<Reading> {
        let labelled = self.labelled(&OF_AN_IDENTITY);
        let tail = self.after.starts_with('x');
        let closed = |rest: &str| !rest.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        let shapes: &[&[usize]] =
            &[&[18], &[6, 8, 4], &[6, 4, 4, 4], &[3, 3, 4, 4, 4], &[3, 3, 8, 4], &[6, 12], &[14, 4]];
        match self.digits.len() {
            18 if shapes.contains(&self.shape) && closed(self.after) => {
                let good = is_identity(self.digits, false);
                (good || labelled && self.shape.len() == 1).then(|| self.plain(PersonalKind::Identity))
            }
            17 if tail && closed(&self.after[1..]) => {
                let good = is_identity(self.digits, true) || labelled;
                good.then(|| (PersonalKind::Identity, self.from(), self.to() + 1, 0))
            }
            15 if labelled && self.shape.len() == 1 && closed(self.after) => (region(self.digits)
                && is_day(&format!("19{}", &self.digits[6..12])))
            .then(|| self.plain(PersonalKind::Identity)),
            16 | 17 | 19 if labelled && self.shape.len() == 1 && closed(self.after) => {
                Some(self.plain(PersonalKind::Identity))
            }
            _ => None,
        }
    }

    fn card(&self) -> Option<Reading> {
        let count = self.digits.len();
        let fours = self.shape.len() > 1
            && self.shape[..self.shape.len() - 1].iter().all(|group| *group == 4)
            && self.shape.last().is_some_and(|group| (1..=4).contains(group));
        let shaped =
            self.shape.len() == 1 || fours || one_of(self.shape, &[&[6, 10], &[6, 13], &[6, 4, 4, 2], &[6, 4, 4, 5]]);
        if !(12..=19).contains(&count) || !shaped || self.labelled(&OF_A_THING) {
            return None;
        }
        let touching = self
            .before
            .chars()
            .next_back()
            .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '=' | '_'))
            || self.after.chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
            || UNITS.iter().any(|unit| self.after.starts_with(unit));
        if touching || self.is_piece() {
            return None;
        }
        let issued = match &self.digits[..2] {
            "62" => (16..=19).contains(&count),
            "40" | "41" | "42" | "43" | "44" | "45" | "46" | "47" | "48" | "49" | "51" | "52" | "53" | "54" | "55"
            | "35" => count == 16,
            "95" => count == 19 || count == 16,
            "34" | "37" => count == 15 && one_of(self.shape, &[&[4, 6, 5]]),
            _ => false,
        };
        let good = self.labelled(&OF_A_CARD) || issued && luhn(self.digits);
        good.then(|| self.plain(PersonalKind::BankCard))
    }

    fn mobile(&self) -> Option<Reading> {
        // Country code, or the zero of old trunk calls, as a part of the first group or a group of its own.
        let lead = match self.digits.len() {
            11 => 0,
            12 if self.digits.starts_with('0') && self.shape.len() == 1 => 1,
            13 if self.digits.starts_with("86") => 2,
            15 if self.digits.starts_with("0086") => 4,
            _ => return None,
        };
        let number = &self.digits[lead..];
        let second = number.as_bytes()[1];
        if !number.starts_with('1') || second < b'3' {
            return None;
        }
        let mut shape = self.shape.to_vec();
        if lead > 0 {
            if shape[0] == lead {
                shape.remove(0);
            } else {
                shape[0] = shape[0].checked_sub(lead)?;
            }
        }
        let joints: Vec<u8> = self.runs[..self.runs.len() - 1].iter().filter_map(|run| run.joint).collect();
        let spelled = shape.len() == 11 && shape.iter().all(|group| *group == 1);
        let shaped = spelled
            || one_of(
                &shape,
                &[
                    &[11],
                    &[3, 4, 4],
                    &[3, 3, 5],
                    &[3, 8],
                    &[7, 4],
                    &[3, 5, 3],
                    &[4, 4, 3],
                    &[3, 4, 2, 2],
                    &[3, 2, 2, 2, 2],
                    &[3, 2, 3, 3],
                    &[4, 7],
                    &[5, 6],
                    &[3, 3, 3, 2],
                    &[1, 10],
                    &[1, 3, 3, 4],
                    &[2, 3, 3, 3],
                ],
            );
        // Loose groups are those of a price list unless somebody says that it is a phone.
        let loose = !one_of(&shape, &[&[11], &[3, 4, 4], &[3, 3, 5], &[3, 8], &[7, 4]]) && !spelled;
        let dotted = joints.iter().any(|joint| matches!(joint, b'.' | b'*' | b'~' | b'_'));
        let odd = loose || dotted && shape.as_slice() != [3, 4, 4] && !spelled;
        if !shaped || odd && !self.labelled(&OF_A_PHONE) && !self.labelled(&OF_WECHAT) {
            return None;
        }
        if spelled && (self.joined_after.is_some() || self.joined_before.is_some()) {
            return None;
        }
        let bound = if shape.len() == 1 { self.is_bound_to_letters_or_digits() } else { self.is_piece() };
        let of_a_thing = self.labelled(&OF_A_THING) && !self.labelled(&OF_A_PHONE);
        if bound || !self.stands_alone() || self.in_address() || of_a_thing {
            return None;
        }
        let plus = if lead >= 2 { self.before.trim_end_matches('(').len() } else { 0 };
        let from = if lead >= 2 && self.before[..plus].ends_with('+') {
            self.from() - (self.before.len() - plus) - 1
        } else {
            self.from()
        };
        Some((PersonalKind::Mobile, from, self.to(), 0))
    }

    /// Hyphens bind only where what they bind is no number of its own (a date, an area code, an extension).
    fn is_bound_to_letters_or_digits(&self) -> bool {
        let dash = |c: Option<char>| matches!(c, Some('-' | '_'));
        let next = self.after.chars().nth(1);
        let tight_after = dash(self.after.chars().next()) && next.is_some_and(|c| c.is_ascii_alphanumeric());
        let mut back = self.before.chars().rev();
        let tight_before = dash(back.next()) && back.next().is_some_and(|c| c.is_ascii_alphanumeric());
        tight_after || tight_before
    }

    fn hotline(&self) -> Option<Reading> {
        let good = self.digits.len() == 10
            && (self.digits.starts_with("400") || self.digits.starts_with("800"))
            && one_of(
                self.shape,
                &[
                    &[10],
                    &[3, 3, 4],
                    &[4, 3, 3],
                    &[3, 4, 3],
                    &[3, 7],
                    &[4, 6],
                    &[3, 3, 2, 2],
                    &[4, 2, 4],
                    &[3, 2, 2, 3],
                    &[4, 4, 2],
                ],
            )
            && !self.is_piece_but_extension()
            && self.stands_alone()
            && !self.in_address()
            && !self.labelled(&OF_A_THING)
            && (self.shape != [10] || !self.digits.ends_with("000000"));
        good.then(|| self.plain(PersonalKind::Hotline))
    }

    fn is_piece_but_extension(&self) -> bool {
        matches!(self.joined_before, Some(b'-' | b'.' | b'_'))
    }

    /// Area code and number, with brackets, country code and extension as they come.
    fn landline(&self, rest: &[Run]) -> Option<Reading> {
        let country = if self.digits.starts_with("86") && self.runs.len() > 1 && self.shape[0] == 2 { 2 } else { 0 };
        let groups = &self.shape[usize::from(country > 0)..];
        let number = &self.digits[country..];
        let trunk = number.starts_with('0');
        if !trunk && country == 0 {
            return None;
        }
        let national = number.strip_prefix('0').unwrap_or(number);
        // 10, 20 to 29 (not 26) have eight digits behind them; others three digits and then seven or eight.
        let area = match national.as_bytes() {
            [b'1', b'0', ..] => 2,
            [b'2', second, ..] if *second != b'6' => 2,
            [b'3'..=b'9', _, _, ..] => 3,
            _ => return None,
        };
        let local = national.get(area..)?;
        let prefix = area + usize::from(trunk);
        let fits = if area == 2 { local.len() == 8 } else { (7..=8).contains(&local.len()) };
        let shaped = match groups {
            [_] => true,
            [first, rest @ ..] if *first == prefix => {
                one_of(rest, &[&[7], &[8], &[4, 4], &[3, 4], &[4, 3], &[2, 2, 2, 2], &[3, 3, 2], &[3, 5]])
            }
            [first, 4] => *first == prefix + 4 || *first == prefix + 3,
            _ => false,
        };
        if !fits || !shaped || !(b'2'..=b'9').contains(local.as_bytes().first()?) {
            return None;
        }
        let loose = groups.len() == 1;
        let bracketed = self.before.ends_with('(');
        if self.labelled(&OF_A_THING)
            || self.in_address()
            || matches!(self.joined_before, Some(b'-' | b'.' | b'_'))
            || !self.stands_alone()
            || country > 0 && !self.before.ends_with('+') && !self.labelled(&OF_A_PHONE) && !trunk
        {
            return None;
        }
        // `0571-88888888` needs no word before it; eleven digits in a row that begin with 0 are recognised by their area alone.
        if loose && area == 3 && !self.labelled(&OF_A_PHONE) && national.len() < 10 {
            return None;
        }
        let mut from = self.from();
        if bracketed || country > 0 && self.before.ends_with('+') {
            from -= 1;
        }
        // An extension: `-8001`, `转8001`.
        let end = self.to();
        if let Some(run) = rest.first().filter(|run| (1..=6).contains(&run.len())) {
            let gap = &self.text[end..run.from];
            let dialled = matches!(gap.trim(), "-" | "转" | "分机" | "-转" | ",转" | "ext" | "ext." | "*");
            let closed = !self.text[run.to..].starts_with(|c: char| c.is_ascii_alphanumeric());
            if dialled && closed && gap.len() <= 12 {
                return Some((PersonalKind::Landline, from, run.to, 1));
            }
        }
        Some((PersonalKind::Landline, from, end, 0))
    }

    /// A number of a chat service, by the word before it.
    fn chat(&self) -> Option<Reading> {
        let count = self.digits.len();
        let tight = self.shape.len() == 1
            || self.shape.len() == count && count >= 6
            || one_of(
                self.shape,
                &[
                    &[3, 3],
                    &[3, 4],
                    &[4, 4],
                    &[4, 3],
                    &[3, 3, 3],
                    &[3, 3, 4],
                    &[3, 4, 3],
                    &[2, 3, 4],
                    &[4, 5],
                    &[5, 4],
                    &[5, 5],
                    &[3, 3, 2],
                ],
            );
        if !(5..=11).contains(&count) || !tight || self.digits.starts_with('0') {
            return None;
        }
        let ended = !self.after.chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
            && !UNITS.iter().any(|unit| self.after.starts_with(unit))
            && !self.after.starts_with(['.', '-'])
            && !self.after.starts_with(['年', '版', '位', '人', '米', '秒', '天', '次']);
        if !ended {
            return None;
        }
        if self.labelled(&OF_QQ) {
            return Some(self.plain(PersonalKind::Qq));
        }
        self.labelled(&OF_WECHAT).then(|| self.plain(PersonalKind::Wechat))
    }

    /// A number without an area code, by the word before it.
    fn local(&self) -> Option<Reading> {
        let good = (7..=8).contains(&self.digits.len())
            && one_of(self.shape, &[&[7], &[8], &[4, 4], &[3, 4], &[4, 3]])
            && (b'2'..=b'8').contains(&self.digits.as_bytes()[0])
            && !self.is_piece()
            && self.stands_alone()
            && self.labelled(&OF_A_PHONE);
        good.then(|| self.plain(PersonalKind::Landline))
    }

    /// `+852 9123 4567`, and `(800) 123-4567` where the text asks somebody to call.
    fn abroad(&self) -> Option<Reading> {
        let count = self.digits.len();
        let after_ok = !self.after.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        let plus = self.before.ends_with('+')
            && !self.before[..self.before.len() - 1].ends_with(|c: char| c.is_alphanumeric());
        if plus
            && (9..=15).contains(&count)
            && self.shape.len() >= 2
            && self.shape[0] <= 3
            && self.joined_after != Some(b'-')
            && after_ok
        {
            return Some((PersonalKind::Phone, self.from() - 1, self.to(), 0));
        }
        let american = one_of(self.shape, &[&[3, 3, 4], &[1, 3, 3, 4]])
            && self.runs[..self.runs.len() - 1].iter().any(|run| matches!(run.joint, Some(b'-' | b')' | b'.')));
        let number = if count == 11 { self.digits.strip_prefix('1')? } else { self.digits };
        let good =
            american && number.len() == 10 && number.as_bytes()[0] >= b'2' && after_ok && self.labelled(&OF_A_CALL);
        let from = self.from() - usize::from(self.before.ends_with('('));
        good.then_some((PersonalKind::Phone, from, self.to(), 0))
    }
}

/// Whether digits are grouped in one of these ways.
fn one_of(shape: &[usize], shapes: &[&[usize]]) -> bool {
    shapes.contains(&shape)
}

/// Region, birthday and check character (GB 11643).
fn is_identity(digits: &str, ends_in_x: bool) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if digits.len() < 17 || !region(digits) || !is_day(&digits[6..14]) {
        return false;
    }
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    let check = b"10X98765432"[(sum % 11) as usize];
    if ends_in_x { check == b'X' } else { digits.as_bytes().get(17) == Some(&check) }
}

/// Two digits of the residence permits of people from Taiwan; all others have a province's code.
const TAIWAN_PERMIT: u32 = 83;

/// Whether the first two digits are those of an identity number: a province (GB/T 2260), Hong Kong, Macao and Taiwan included.
fn region(digits: &str) -> bool {
    let two = digits.get(..2).and_then(|two| two.parse().ok());
    two.is_some_and(|two| two == TAIWAN_PERMIT || Province::position(two).is_some())
}

fn is_day(digits: &str) -> bool {
    let part = |from: usize, to: usize| digits[from..to].parse::<u32>().unwrap_or(0);
    (1900..=2030).contains(&part(0, 4)) && (1..=12).contains(&part(4, 6)) && (1..=31).contains(&part(6, 8))
}

/// ISO/IEC 7812 check digit.
pub(super) fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|byte| u32::from(byte - b'0'))
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
pub(super) fn all() -> Vec<bool> {
    [&OF_A_THING, &OF_A_PHONE, &OF_A_CARD, &OF_AN_IDENTITY, &OF_QQ, &OF_WECHAT, &OF_A_CALL]
        .iter()
        .map(|regex| regex.is_some())
        .collect()
}
