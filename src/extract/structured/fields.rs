//! The fields of a document: columns in `meta`, `heading：value` pairs in the text, and tables whose cells tabs or bars part.

use lexicon::structured::{Role, Structured, fold_heading};
use vocabulary::{CharSpan, Document, SignalRecord};

/// Longest stretch that stands for a field which only `meta` has, in characters.
pub(crate) const SPAN_CHARS_MAX: usize = SignalRecord::EXCERPT_CHARS;

/// Most characters of a text that are looked through for headings.
pub(super) const FIELDS_CHARS_MAX: usize = 40_000;
/// Longest value, in characters; the rest of a cell is left out.
const VALUE_CHARS_MAX: usize = 2_000;
/// Most rows of one document.
pub(super) const ROWS_MAX: usize = 500;
/// Most values of one column in `meta`.
const META_VALUES_MAX: usize = 20;
/// Known headings that make a line the head of a table.
const HEAD_ROLES_MIN: usize = 3;

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// What it says.
    pub(crate) role: Role,
    /// Its value, trimmed.
    pub(crate) value: String,
    /// Where the value stands in the text; none when only `meta` has it.
    pub(crate) span: Option<CharSpan>,
    /// The same with its heading: the word 缺陷 in `缺陷：…` says nothing of its own.
    pub(crate) extent: Option<CharSpan>,
}

/// The fields of each row of a document: those of the text first, then those that only `meta` has. Empty for most documents.
pub(crate) fn rows(document: &Document, tables: &Structured) -> Vec<Vec<Field>> {
    if tables.is_empty() {
        return Vec::new();
    }
    let mut stated = of_meta(document, tables);
    let mut rows = of_text(&document.text, tables);
    if rows.is_empty() {
        if stated.is_empty() {
            return rows;
        }
        for field in &mut stated {
            field.span = place_of(&field.value, &document.text);
            field.extent = field.span;
        }
        return vec![stated];
    }
    for row in &mut rows {
        for field in &stated {
            if !row.iter().any(|known| known.role == field.role) {
                row.push(field.clone());
            }
        }
    }
    rows
}

fn of_meta(document: &Document, tables: &Structured) -> Vec<Field> {
    let mut fields = Vec::new();
    for (key, value) in &document.meta {
        let Some(role) = tables.role(key) else { continue };
        let mut put = |text: &str| {
            let value: String = text.trim().chars().take(VALUE_CHARS_MAX).collect();
            if !value.is_empty() {
                fields.push(Field { role, value, span: None, extent: None });
            }
        };
        match value {
            serde_json::Value::String(text) => put(text),
            serde_json::Value::Number(number) => put(&number.to_string()),
            serde_json::Value::Array(list) => {
                list.iter().take(META_VALUES_MAX).filter_map(|one| one.as_str()).for_each(put);
            }
            _ => {}
        }
    }
    fields
}

/// Where a value stands in a text, when it does.
fn place_of(value: &str, text: &str) -> Option<CharSpan> {
    let byte = text.find(value).filter(|_| value.chars().nth(1).is_some())?;
    let from = text[..byte].chars().count();
    Some(CharSpan::new(from, from + value.chars().count()))
}

fn of_text(text: &str, tables: &Structured) -> Vec<Vec<Field>> {
    // One mark after the other: each is looked for many bytes at a time.
    let has = |marks: &[char]| marks.iter().any(|mark| text.contains(*mark));
    let pairs = has(&['：', ':']);
    let cells = has(&['\t', '|', '｜']);
    if !pairs && !cells {
        return Vec::new();
    }
    let chars: Vec<char> = text.chars().take(FIELDS_CHARS_MAX).collect();
    let mut rows = if cells { of_table(&chars, tables) } else { Vec::new() };
    if rows.is_empty() && pairs {
        rows = of_pairs(&chars, tables);
    }
    rows.truncate(ROWS_MAX);
    rows
}

/// A heading that stands in the text.
struct Heading {
    role: Role,
    from: usize,
    /// First character of its value.
    value: usize,
}

fn of_pairs(chars: &[char], tables: &Structured) -> Vec<Vec<Field>> {
    let mut headings: Vec<Heading> = Vec::new();
    for (at, character) in chars.iter().enumerate() {
        if matches!(character, '：' | ':') {
            let earliest = headings.last().map_or(0, |last| last.value);
            if let Some((from, role)) = heading_before(chars, at, earliest, tables) {
                headings.push(Heading { role, from, value: at + 1 });
            }
        }
    }
    let mut rows: Vec<Vec<Field>> = Vec::new();
    for (index, heading) in headings.iter().enumerate() {
        let bound = headings.get(index + 1).map_or(chars.len(), |next| next.from);
        let (from, to) = value(chars, heading.role, heading.value, bound);
        if from >= to {
            continue;
        }
        let field = Field {
            role: heading.role,
            value: chars[from..to].iter().collect(),
            span: Some(CharSpan::new(from, to)),
            extent: Some(CharSpan::new(heading.from, to)),
        };
        let again = heading.role == Role::Product
            && rows.last().is_some_and(|row| row.iter().any(|known| known.role == Role::Product));
        let full = rows.len() >= ROWS_MAX;
        match rows.last_mut() {
            Some(row) if !again => row.push(field),
            _ if full => break,
            _ => rows.push(vec![field]),
        }
    }
    rows
}

/// The longest known heading that ends right before the colon at `colon` and begins at a border.
fn heading_before(chars: &[char], colon: usize, earliest: usize, tables: &Structured) -> Option<(usize, Role)> {
    let low = colon.saturating_sub(tables.heading_chars_max + 4).max(earliest);
    (low..colon).find_map(|from| {
        let border = from == 0 || !chars[from - 1].is_alphanumeric() || is_list_number(chars, from);
        if !border || !chars[from].is_alphanumeric() {
            return None;
        }
        let heading: String = chars[from..colon].iter().collect();
        tables.role(&heading).map(|role| (from, role))
    })
}

/// 1产品名称：, 一产品名称： are no borders; a digit glued to the heading is one.
fn is_list_number(chars: &[char], from: usize) -> bool {
    chars[from - 1].is_ascii_digit() && chars[from].is_alphabetic() && !chars[from].is_ascii()
}

/// The value of a role that begins at `from` and ends before `bound`: up to a line end; for names up to any mark, for lists of
/// items up to a mark that another heading follows, for prose to the end.
fn value(chars: &[char], role: Role, from: usize, bound: usize) -> (usize, usize) {
    let from = from + chars[from..bound].iter().take_while(|one| one.is_whitespace()).count();
    let most = bound.min(from + VALUE_CHARS_MAX);
    let stops = |at: &usize| match chars[*at] {
        '。' | '；' | ';' => match role {
            Role::Defect | Role::Consequence => false,
            Role::FailedItem | Role::TestedItem => chars[*at] == '。' || heading_follows(chars, at + 1, bound),
            _ => true,
        },
        '\n' | '|' | '｜' | '\t' => true,
        '，' => matches!(role, Role::Product | Role::Result | Role::Brand | Role::Place),
        _ => false,
    };
    let mut to = (from..most).find(stops).unwrap_or(most);
    while to > from && (chars[to - 1].is_whitespace() || is_mark(chars[to - 1])) {
        to -= 1;
    }
    (from, to)
}

fn is_mark(character: char) -> bool {
    matches!(character, '，' | ',' | '。' | '；' | ';' | '、' | '【' | '[' | '(' | '（' | '*' | '•' | '·' | '■' | '●')
}

/// Whether the stretch behind a mark begins with a heading of any kind: a few letters and a colon.
fn heading_follows(chars: &[char], from: usize, bound: usize) -> bool {
    const HEADING_CHARS: usize = 16;
    let ahead = &chars[from.min(bound)..bound.min(from + HEADING_CHARS)];
    ahead.iter().position(|one| matches!(one, '：' | ':')).is_some_and(|at| at > 0)
}

/// Tables in running text: a line of headings, then lines of as many cells.
fn of_table(chars: &[char], tables: &Structured) -> Vec<Vec<Field>> {
    let mut rows = Vec::new();
    let mut head: Vec<Option<Role>> = Vec::new();
    for (from, to) in lines(chars) {
        let cells = cells(chars, from, to);
        if cells.len() < HEAD_ROLES_MIN {
            head.clear();
            continue;
        }
        let text = |(from, to): &(usize, usize)| chars[*from..*to].iter().collect::<String>();
        let roles: Vec<Option<Role>> = cells
            .iter()
            .map(
                |cell| {
                    if cell.1 - cell.0 > HEADING_LETTERS_MAX { None } else { tables.role(&fold_heading(&text(cell))) }
                },
            )
            .collect();
        if roles.iter().flatten().count() >= HEAD_ROLES_MIN {
            head = roles;
            continue;
        }
        if head.len() != cells.len() || rows.len() >= ROWS_MAX {
            continue;
        }
        let fields = head.iter().zip(&cells).filter_map(|(role, cell)| {
            let (from, to) = (cell.0, cell.1.min(cell.0 + VALUE_CHARS_MAX));
            role.filter(|_| from < to).map(|role| Field {
                role,
                value: chars[from..to].iter().collect(),
                span: Some(CharSpan::new(from, to)),
                extent: Some(CharSpan::new(from, to)),
            })
        });
        rows.push(fields.collect());
    }
    rows
}

/// Longest cell that may be a heading, in characters.
const HEADING_LETTERS_MAX: usize = 30;

fn lines(chars: &[char]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut from = 0;
    chars.split(|one| *one == '\n').map(move |line| {
        let at = from;
        from += line.len() + 1;
        (at, at + line.len())
    })
}

/// The trimmed cells of a line; bars at its ends make no cell.
fn cells(chars: &[char], from: usize, to: usize) -> Vec<(usize, usize)> {
    let bar = |one: &char| matches!(one, '|' | '｜');
    let tabs = chars[from..to].contains(&'\t');
    let mut cells = Vec::new();
    let mut start = from;
    for at in from..=to {
        let parts = at == to || (if tabs { chars[at] == '\t' } else { bar(&chars[at]) });
        if parts {
            let (mut low, mut high) = (start, at);
            while low < high && chars[low].is_whitespace() {
                low += 1;
            }
            while high > low && chars[high - 1].is_whitespace() {
                high -= 1;
            }
            cells.push((low, high));
            start = at + 1;
        }
    }
    if !tabs {
        if cells.first().is_some_and(|cell| cell.0 == cell.1) {
            cells.remove(0);
        }
        if cells.last().is_some_and(|cell| cell.0 == cell.1) {
            cells.pop();
        }
    }
    cells
}
