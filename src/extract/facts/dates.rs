//! When a product was made or expires: a date beside 生产, 制造, 出厂, 保质期, 有效期, alone or as the two ends of a period.

use lexicon::Lexicon;
use vocabulary::MentionKind;

use super::Fact;
use crate::normalise::Folded;

/// Words behind, in front of a date that make it one of a product.
const BEHIND: &[&str] = &["生产", "制造", "出厂", "期间生产", "期间制造", "进口", "加工", "批次"];
const BEFORE: [&str; 10] =
    ["生产日期", "制造日期", "出厂日期", "生产批号", "批号", "有效期至", "保质期至", "限用日期", "生产于", "日期"];
/// Characters that may stand between.
const BETWEEN: usize = 3;

/// The date or period that begins at a run of digits.
pub(super) fn date(folded: &Folded, _: &Lexicon, from: usize, _: usize) -> Option<Fact> {
    let (mut to, mut code) = one(folded, from)?;
    let mut second = to;
    let chars = &folded.chars;
    // 2017年4月至2017年5月期间制造
    if matches!(chars.get(second), Some('至' | '到' | '-' | '~' | '—')) {
        second += 1 + usize::from(chars.get(second + 1).is_some_and(|c| matches!(c, '-' | '~' | '—' | ' ')));
        if let Some((end, until)) = one(folded, second) {
            to = end;
            code = format!("{code}/{until}");
        }
    }
    let after: String =
        chars[to..].iter().take(6).filter(|c| !matches!(c, '期' | '间' | '的' | '前' | '后' | ' ')).collect();
    let behind = BEHIND.iter().any(|word| after.starts_with(word));
    let gap = chars[from.saturating_sub(BETWEEN)..from].iter().rev();
    let label_to = from - gap.take_while(|c| matches!(c, ':' | ' ' | '为' | '是' | '/' | ')')).count();
    let before = BEFORE.iter().any(|label| {
        let length = label.chars().count();
        label_to >= length && folded.slice(label_to - length, label_to) == *label
    });
    (behind || before).then(|| Fact::new(from, to, MentionKind::Date, code, "shape:date"))
}

/// One date: its end and `YYYY-MM-DD` or `YYYY-MM`.
fn one(folded: &Folded, from: usize) -> Option<(usize, String)> {
    let chars = &folded.chars;
    let number = |at: usize, most: usize| -> Option<(usize, u32)> {
        let length = chars.get(at..)?.iter().take(most).take_while(|c| c.is_ascii_digit()).count();
        (length > 0).then_some(())?;
        Some((at + length, folded.slice(at, at + length).parse().ok()?))
    };
    let (at, year) = number(from, 4)?;
    if at - from != 4 || !(1980..=2099).contains(&year) {
        return None;
    }
    let sign = *chars.get(at)?;
    if sign.is_ascii_digit() {
        // 20190301
        let (to, rest) = number(at, 4)?;
        let (month, day) = (rest / 100, rest % 100);
        let whole = to == at + 4 && !chars.get(to).is_some_and(char::is_ascii_alphanumeric);
        return (whole && valid(month, day)).then(|| (to, format!("{year}-{month:02}-{day:02}")));
    }
    if !matches!(sign, '年' | '-' | '.' | '/') {
        return None;
    }
    let (after_month, month) = number(at + 1, 2)?;
    let next = chars.get(after_month);
    let same = if sign == '年' { next == Some(&'月') } else { next == Some(&sign) };
    if same && let Some((mut to, day)) = number(after_month + 1, 2).filter(|(_, day)| valid(month, *day)) {
        if sign == '年' && !matches!(chars.get(to), Some('日' | '号')) {
            return valid(month, 1).then(|| (after_month + 1, format!("{year}-{month:02}")));
        }
        to += usize::from(sign == '年');
        return Some((to, format!("{year}-{month:02}-{day:02}")));
    }
    let to = after_month + usize::from(sign == '年' && next == Some(&'月'));
    let month_only = sign != '年' || next == Some(&'月');
    (month_only && valid(month, 1)).then(|| (to, format!("{year}-{month:02}")))
}

fn valid(month: u32, day: u32) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}
