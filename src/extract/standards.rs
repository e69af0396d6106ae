//! Standards as signals: a text that announces a standard names its number, what happens to it, from when, and which products it
//! touches; what was judged by the old one has to be looked at again (复核).
//!
//! In: a document, the names found in it. Out: [`Recheck`]s. Not here: which criteria or test items cite the standard; the listing
//! (`wanglou standards`) joins them.

use lexicon::Lexicon;
use lexicon::terms::StandardStatus;
use vocabulary::{
    Category, Channel, Document, Language, MentionKind, Reading, Recheck, Refused, StandardAction, refused,
};

/// Characters to each side of a number in which its action, title and date are looked for.
const REACH_CHARS: usize = 80;
/// Most rechecks of one document.
pub const RECHECKS_MAX: usize = 200;
/// Words of announcements, strongest first. Matched around a number in the text as written.
const WORDS: [(StandardAction, &[&str]); 5] = [
    (StandardAction::Abolished, &["废止", "作废", "停止执行", "撤销"]),
    (StandardAction::Draft, &["征求意见", "报批稿", "送审稿", "拟修订", "修订建议", "立项", "草案"]),
    (StandardAction::Revised, &["修订", "修改单", "修订版", "新版", "代替", "替代", "换版"]),
    (StandardAction::New, &["发布", "批准", "颁布", "公布", "制定", "首次", "新标准"]),
    (StandardAction::InForce, &["实施", "施行", "生效", "执行", "过渡期"]),
];
/// Between two numbers: the first takes the place of the second.
const REPLACES: [&str; 6] = ["代替", "替代", "取代", "替换", "以代替", "代替了"];
/// Between two numbers: the first gives way to the second.
const REPLACED: [&str; 4] = ["被", "由", "代之以", "改为执行"];
/// Characters behind the second number in which 替代 may stand.
const REPLACED_CHARS: usize = 8;
/// Words that announce at all, in channels that are not about standards.
const ANNOUNCES: [&str; 9] = ["发布", "修订", "废止", "代替", "替代", "实施", "施行", "征求意见", "作废"];

/// What a reader has to know of a standard that a text names: another edition is in force, or none. As far as the table says.
pub fn standard_note(number: &str, lexicon: &Lexicon) -> Option<Refused> {
    let known = lexicon.standard(number)?;
    if let Some(other) = lexicon.standard_in_force(number).filter(|other| other != number) {
        return Some(refused!("已被 {other} 代替", "replaced by {other}"));
    }
    let year = number.rsplit_once('-').and_then(|(_, year)| year.parse::<u16>().ok());
    match (known.status, known.year.zip(year)) {
        (StandardStatus::Withdrawn, _) => Some(refused!("已废止", "withdrawn")),
        (StandardStatus::Current, Some((table, year))) if year > table => {
            let known = without_year(number);
            Some(refused!("新于词典所载的 {known}-{table}", "newer than {known}-{table}, which the dictionary has"))
        }
        _ => None,
    }
}

/// The standards that a reading names and of which there is something to know, each once, in text order.
pub(super) fn noted(reading: &Reading, lexicon: &Lexicon, language: Language) -> Vec<(String, String)> {
    let mut noted: Vec<(String, String)> = Vec::new();
    for mention in reading.mentions.iter().filter(|mention| mention.kind == MentionKind::Standard) {
        if noted.iter().all(|(number, _)| *number != mention.code)
            && let Some(note) = standard_note(&mention.code, lexicon)
        {
            noted.push((mention.code.clone(), language.pick(note.zh, note.en)));
        }
    }
    noted
}

/// A number that stands in the text.
struct Numbered {
    number: String,
    from: usize,
    to: usize,
}

/// What a document announces about standards, in text order, one entry a number.
pub(super) fn rechecks(document: &Document, reading: &Reading, lexicon: &Lexicon) -> Vec<Recheck> {
    let own = document.channel == Channel::Standard;
    let mentioned = reading.mentions.iter().any(|mention| mention.kind == MentionKind::Standard);
    if !(own || mentioned && ANNOUNCES.iter().any(|word| document.text.contains(word))) {
        return Vec::new();
    }
    let chars: Vec<char> = document.text.chars().take(super::TEXT_CHARS_MAX).collect();
    let mut numbers: Vec<Numbered> = Vec::new();
    for mention in reading.mentions.iter().filter(|mention| mention.kind == MentionKind::Standard) {
        let (from, mut to) = (mention.span.from(), mention.span.to());
        // A dictionary entry has no year: take it over from the text.
        let year: String = chars[to..].iter().take(5).collect();
        let mut number = mention.code.clone();
        if year.starts_with(['-', '—', '–']) && year.chars().skip(1).take(4).filter(char::is_ascii_digit).count() == 4
        {
            number = format!("{number}-{}", year.chars().skip(1).collect::<String>());
            to += 5;
        }
        match numbers.last_mut() {
            Some(last) if from < last.to => {
                if to > last.to || number.len() > last.number.len() {
                    *last = Numbered { number, from: last.from, to: to.max(last.to) };
                }
            }
            _ => numbers.push(Numbered { number, from, to }),
        }
    }
    let mut found: Vec<Recheck> = Vec::new();
    let mut skip = None;
    for (at, numbered) in numbers.iter().enumerate() {
        if skip == Some(at) || found.len() >= RECHECKS_MAX {
            continue;
        }
        let next = numbers.get(at + 1);
        let (low, high) = sentence(&chars, numbered.from, numbered.to);
        let around: String = chars[low..high].iter().collect();
        let between =
            next.filter(|next| next.from <= high).map(|next| chars[numbered.to..next.from].iter().collect::<String>());
        let mut replaces = None;
        let mut action =
            WORDS.iter().find(|(_, words)| words.iter().any(|word| around.contains(word))).map(|(action, _)| *action);
        if let (Some(between), Some(next)) = (&between, next) {
            let is = |words: &[&str]| words.iter().any(|word| between.contains(word));
            let behind: String = chars[next.to..(next.to + REPLACED_CHARS).min(chars.len())].iter().collect();
            if is(&REPLACED) && REPLACES.iter().any(|word| between.contains(word) || behind.contains(word)) {
                action = Some(StandardAction::Replaced);
                replaces = Some((false, next.number.clone()));
                skip = Some(at + 1);
            } else if is(&REPLACES) {
                action = Some(StandardAction::Revised);
                replaces = Some((true, next.number.clone()));
                skip = Some(at + 1);
            }
        }
        let Some(action) = action.or(own.then_some(StandardAction::New)) else { continue };
        let (standard, replaces, replaced_by) = match replaces {
            Some((true, other)) => (numbered.number.clone(), Some(other), None),
            Some((false, other)) => (numbered.number.clone(), None, Some(other)),
            None => (numbered.number.clone(), None, None),
        };
        let title = title(&chars, numbered.to, high).or_else(|| title(&chars, low, numbered.from));
        let categories =
            categories(reading, lexicon, &standard, title.as_ref().map(|(_, from, to)| (*from, *to)), (low, high));
        let known = found.iter_mut().find(|known| known.standard == standard);
        let recheck = Recheck {
            title: title
                .map(|(title, ..)| title)
                .or_else(|| lexicon.structured().standard(without_year(&standard)).map(|term| term.title.to_string())),
            effective: effective(&chars, low, (high + REACH_CHARS).min(chars.len())),
            span: vocabulary::CharSpan::new(numbered.from, numbered.to),
            standard,
            action,
            replaces,
            replaced_by,
            categories,
        };
        match known {
            Some(known) => {
                known.effective = known.effective.take().or(recheck.effective);
                known.title = known.title.take().or(recheck.title);
                known.replaces = known.replaces.take().or(recheck.replaces);
            }
            None => found.push(recheck),
        }
    }
    found
}

/// The sentence around a stretch, at most [`REACH_CHARS`] to each side.
fn sentence(chars: &[char], from: usize, to: usize) -> (usize, usize) {
    let ends = |one: &char| matches!(one, '。' | '\n' | '；' | ';' | '！');
    let low = from.saturating_sub(REACH_CHARS);
    let high = (to + REACH_CHARS).min(chars.len());
    let low = chars[low..from].iter().rposition(ends).map_or(low, |at| low + at + 1);
    let high = chars[to..high].iter().position(ends).map_or(high, |at| to + at);
    (low, high)
}

/// The first 《title》 in a stretch, with its place.
fn title(chars: &[char], from: usize, to: usize) -> Option<(String, usize, usize)> {
    let open = from + chars[from..to].iter().position(|one| *one == '《')?;
    let close = open + chars[open..].iter().take(REACH_CHARS).position(|one| *one == '》')?;
    let title: String = chars[open + 1..close].iter().collect();
    Some((title.trim().to_owned(), open + 1, close))
}

/// Products that the standard is about: what `standards.tsv` says, else what its title names, else what its sentence names.
fn categories(
    reading: &Reading,
    lexicon: &Lexicon,
    standard: &str,
    title: Option<(usize, usize)>,
    sentence: (usize, usize),
) -> Vec<Category> {
    let named = |(from, to): (usize, usize)| {
        let inside = reading.mentions.iter().filter(|mention| {
            mention.kind == MentionKind::Product && mention.span.from() >= from && mention.span.to() <= to
        });
        inside.filter_map(|mention| mention.code.parse::<Category>().ok()).collect::<Vec<_>>()
    };
    let mut found: Vec<Category> =
        lexicon.structured().standard(without_year(standard)).and_then(|term| term.category).into_iter().collect();
    found.extend(title.map(named).unwrap_or_default());
    if found.is_empty() {
        found = named(sentence);
    }
    found.sort_unstable();
    found.dedup();
    if found.len() > 1 {
        found.retain(|category| *category != Category::OtherProduct);
    }
    found
}

/// `GB 31241-2022` without `-2022`.
#[must_use]
pub fn without_year(number: &str) -> &str {
    match number.rsplit_once(['-', '—', '–']) {
        Some((body, year)) if year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) => body,
        _ => number,
    }
}

/// The date beside 实施, 施行, 生效 in a stretch, as `YYYY-MM-DD`.
fn effective(chars: &[char], from: usize, to: usize) -> Option<String> {
    let text: String = chars[from..to].iter().collect();
    let marks = ["实施", "施行", "生效", "起执行", "停止执行", "废止"];
    let places: Vec<usize> = marks.iter().flat_map(|mark| text.match_indices(mark).map(|(at, _)| at)).collect();
    let dates = dates(&text);
    let (_, date) = places
        .iter()
        .flat_map(|place| dates.iter().map(move |(at, date)| (at.abs_diff(*place), date)))
        .filter(|(distance, _)| *distance <= REACH_CHARS)
        .min()?;
    Some(date.clone())
}

/// Dates such as 2024年9月1日 or 2024-09-01 with the byte at which each begins.
fn dates(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut at = 0;
    while at < text.len() {
        let length = if text.is_char_boundary(at) { digits(at) } else { 0 };
        if length == 0 {
            at += 1;
            continue;
        }
        let date = (length == 4).then(|| {
            let mut cursor = at + 4;
            let mut part = |marks: &[&str]| -> Option<u32> {
                let mark = marks.iter().find(|mark| text[cursor..].starts_with(**mark))?;
                cursor += mark.len();
                let length = digits(cursor);
                let value = text[cursor..cursor + length].parse().ok().filter(|_| (1..=2).contains(&length))?;
                cursor += length;
                Some(value)
            };
            let year: u32 = text[at..at + 4].parse().ok().filter(|year| (1980..2100).contains(year))?;
            let month = part(&["年", "-", "/", "."]).filter(|month| (1..=12).contains(month))?;
            let day = part(&["月", "-", "/", "."]).filter(|day| (1..=31).contains(day))?;
            Some(format!("{year:04}-{month:02}-{day:02}"))
        });
        if let Some(Some(date)) = date {
            found.push((at, date));
        }
        at += length;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(channel: &str, text: &str) -> Vec<Recheck> {
        let lexicon = Lexicon::shipped().expect("the shipped lexicon loads");
        let document: Document =
            serde_json::from_value(serde_json::json!({"id": "1", "source": "s", "channel": channel, "text": text}))
                .expect("a document");
        super::super::read(&document, &lexicon).rechecks
    }

    #[test]
    fn a_new_edition_names_number_date_and_products() {
        let found = read(
            "standard",
            "GB 17761-2024《电动自行车安全技术规范》于2024年12月31日发布，代替GB 17761-2018，将于2025年9月1日起实施。",
        );
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.standard.as_str(), one.action), ("GB 17761-2024", StandardAction::Revised));
        assert_eq!(one.replaces.as_deref(), Some("GB 17761-2018"));
        assert_eq!(one.effective.as_deref(), Some("2025-09-01"));
        assert_eq!(one.categories, [Category::Ebike]);
        assert_eq!(one.title.as_deref(), Some("电动自行车安全技术规范"));
    }

    #[test]
    fn an_abolished_and_a_replaced_standard_say_so() {
        let found = read("regulator", "自2023年10月1日起，GB 18580-2001废止。");
        assert_eq!((found[0].action, found[0].effective.as_deref()), (StandardAction::Abolished, Some("2023-10-01")));
        let found = read("regulator", "自2026年1月1日起，GB 18401-2010废止，由GB 31701-2015替代。");
        assert_eq!((found.len(), found[0].action), (1, StandardAction::Replaced), "{found:?}");
        let found = read("regulator", "GB/T 22796-2009被GB/T 22796-2021替代，2022年5月1日实施。");
        assert_eq!(found[0].action, StandardAction::Replaced);
        assert_eq!(found[0].replaced_by.as_deref(), Some("GB/T 22796-2021"));
    }

    #[test]
    fn a_standard_that_is_only_cited_raises_nothing() {
        assert!(read("complaint", "买的充电宝没有执行GB 31241-2022，用了就发烫").is_empty());
        assert!(read("media", "检验依据为GB 6675.2-2014，小零件不合格").is_empty());
    }

    #[test]
    fn a_draft_is_told_apart_from_what_is_in_force() {
        let found = read("standard", "《学生用品的安全通用要求》（GB 21027）公开征求意见");
        assert_eq!(found[0].action, StandardAction::Draft);
        assert_eq!(found[0].categories, [Category::StudentSupply]);
    }

    #[test]
    fn dates_are_read_in_both_ways_of_writing() {
        assert_eq!(
            dates("自2024年9月1日起，2025-01-31止"),
            [(3, "2024-09-01".to_owned()), (24, "2025-01-31".to_owned())]
        );
        assert!(dates("GB 31241-2022，13579年1月").is_empty());
    }
}
