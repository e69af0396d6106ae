//! One document: its text with everything that was read in it, and where it came from.

use askama::Template;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Html;

use super::super::display::{self, NONE};
use super::super::parameters::document_id;
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::text::{self, Mark, Segment};
use super::super::view::{Cited, Revision, Trail, View};
use super::{Fact, render, search};
use vocabulary::{Document, Mention, MentionKind, Reading, RuleId, Signal};

/// Longest text shown, in characters; the rest stays in the archive.
pub(crate) const TEXT_CHARS_SHOWN: usize = 50_000;
/// Most rows of `meta` shown.
const META_ROWS_SHOWN: usize = 60;
/// Longest value of `meta` shown, in characters.
const META_CHARS_SHOWN: usize = 400;
/// Most mentions listed under the text.
const MENTIONS_SHOWN: usize = 500;
/// Most sentences shown of what changed in one revision.
const CHANGES_SHOWN: usize = 40;
/// Most standards listed.
const STANDARDS_SHOWN: usize = 50;

struct SignalRow<'a> {
    signal: &'a Signal,
    product_from: &'static str,
    severity: &'static str,
    region: Option<String>,
    /// What the goods are called, each with what it is.
    item: Vec<(&'static str, &'a str)>,
    confidence: String,
    rules: String,
}

/// What the goods of a signal are called: maker, seller, model, batch.
fn item(signal: &Signal) -> Vec<(&'static str, &str)> {
    let names = &signal.item;
    let named = [("企业", &names.maker), ("销售", &names.seller), ("型号", &names.model), ("批次", &names.batch)];
    named.into_iter().filter_map(|(label, name)| Some((label, name.as_deref()?))).collect()
}

struct MentionRow<'a> {
    mention: &'a Mention,
    kind: &'static str,
    class: &'static str,
    name: String,
}

struct StandardRow {
    number: String,
    title: String,
    note: String,
    /// Products whose judgements are due for another look; empty when the text only names the standard.
    recheck: String,
}

struct RevisionRow<'a> {
    seen: String,
    /// Whether it came or went, and the words.
    changes: Vec<(bool, &'a str)>,
    changes_hidden: usize,
}

struct CitedRow<'a> {
    cited: &'a Cited,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "document.html")]
struct DocumentPage<'a> {
    shell: Shell,
    title: String,
    /// The headline with its marks, when the text begins with it.
    headline: Vec<Segment<'a>>,
    segments: Vec<Segment<'a>>,
    chars_hidden: usize,
    facts: Vec<Fact>,
    link: Option<String>,
    address: Option<&'a str>,
    meta: Vec<Fact>,
    meta_hidden: usize,
    reading: Option<&'a Reading>,
    signals: Vec<SignalRow<'a>>,
    mentions: Vec<MentionRow<'a>>,
    mentions_total: usize,
    standards: Vec<StandardRow>,
    cited_by: Vec<CitedRow<'a>>,
    /// Newest first; empty when there is only one.
    revisions: Vec<RevisionRow<'a>>,
    revisions_total: u64,
    /// How many others tell the same, and where they are.
    story: Option<(u64, String)>,
    /// Where what was fetched can be had.
    raw: Option<String>,
}

pub(crate) async fn show(view: View, id: Result<Path<String>, PathRejection>) -> Result<Html<String>, Problem> {
    let missing = || Problem::not_found("没有这个编号的信息：可能尚未采集，或已按保存期限删除。");
    let id = document_id(id?.0)?;
    let (document, reading) = view.document(&id).await?.ok_or_else(missing)?;
    let trail = view.trail(&id).await?;
    let mentions = reading.as_ref().map_or(&[][..], |reading| &reading.mentions);
    let signals = reading.as_ref().map_or(&[][..], |reading| &reading.signals);
    let (shown, chars_hidden) = cut(&document.text);
    let link = text::link(document.url.as_deref());
    let marks: Vec<Mark> = mentions.iter().map(|mention| mark(&view, mention)).collect();
    let (headline, body) = parts(&document, shown);
    let body_from = headline.chars().count();
    let in_body: Vec<Mark> =
        marks.iter().map(|mark| Mark { span: text::shifted(mark.span, body_from), ..mark.clone() }).collect();
    render(&DocumentPage {
        shell: Shell::at("search"),
        title: title(&document),
        headline: if headline.is_empty() { Vec::new() } else { text::split(headline.trim_end(), &marks) },
        segments: text::split(body, &in_body),
        chars_hidden,
        facts: facts(&document),
        address: if link.is_none() { document.url.as_deref() } else { None },
        link,
        meta: meta(&document),
        meta_hidden: document.meta.len().saturating_sub(META_ROWS_SHOWN),
        signals: signals
            .iter()
            .map(|signal| SignalRow {
                product_from: display::product_from(signal.product_from),
                severity: display::severity(signal.severity),
                region: signal.region.map(|code| view.region_name(code)),
                item: item(signal),
                confidence: display::share(signal.confidence),
                rules: rules(&signal.rules),
                signal,
            })
            .collect(),
        mentions: mentions.iter().take(MENTIONS_SHOWN).map(|mention| row(&view, mention)).collect(),
        mentions_total: mentions.len(),
        standards: reading.as_ref().map(|reading| standards(&view, reading)).unwrap_or_default(),
        reading: reading.as_ref(),
        cited_by: trail.cited_by.iter().map(|cited| CitedRow { state: display::state(cited.state), cited }).collect(),
        revisions: revisions(&trail),
        revisions_total: trail.revisions_total,
        story: (trail.story.filter(|_| trail.reprints > 0))
            .map(|story| (trail.reprints, search::address(&format!("story:{story} sort:date"), None))),
        raw: document.raw.as_ref().map(|_| {
            let id: String = url::form_urlencoded::byte_serialize(document.id.as_str().as_bytes()).collect();
            format!("/documents/{}/raw", id.replace('+', "%20"))
        }),
    })
}

/// What changed from revision to revision; nothing when there is only one.
fn revisions(trail: &Trail) -> Vec<RevisionRow<'_>> {
    fn row(revision: &Revision) -> RevisionRow<'_> {
        let shown = revision.changes.iter().take(CHANGES_SHOWN);
        RevisionRow {
            seen: revision.seen_at.map_or_else(|| NONE.to_owned(), display::moment),
            changes: shown.map(|change| (change.new, change.words.as_str())).collect(),
            changes_hidden: revision.changes.len().saturating_sub(CHANGES_SHOWN),
        }
    }
    if trail.revisions.len() < 2 {
        return Vec::new();
    }
    trail.revisions.iter().map(row).collect()
}

/// The headline, or the first words.
fn title(document: &Document) -> String {
    let title = document.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
    let first = || document.text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("（空白信息）");
    text::shorten(title.unwrap_or_else(first), 80)
}

/// The headline and the text after it, when the text begins with the headline: no page says it twice.
fn parts<'a>(document: &Document, shown: &'a str) -> (&'a str, &'a str) {
    let title = document.title.as_deref().map(str::trim).unwrap_or_default();
    let from = text::after_title(shown, title);
    let byte = shown.char_indices().nth(from).map_or(shown.len(), |(byte, _)| byte);
    shown.split_at(byte)
}

/// The stretch of the text that is shown, and how many characters are not.
fn cut(text: &str) -> (&str, usize) {
    match text.char_indices().nth(TEXT_CHARS_SHOWN) {
        Some((byte, _)) => (&text[..byte], text[byte..].chars().count()),
        None => (text, 0),
    }
}

fn mark(view: &View, mention: &Mention) -> Mark {
    let (kind, class, rank) = display::mention(mention.kind);
    let name = name(view, mention);
    let title = format!("{kind}：{name} · {} · 规则 {}", mention.stance.zh(), mention.rule);
    // Mentions that are denied, general or of old events do not count; they are shown paler.
    let class = match (mention.stance.counts(), class) {
        (true, class) => class,
        (false, "m-hazard") => "m-hazard m-uncounted",
        (false, "m-injury") => "m-injury m-uncounted",
        (false, "m-product") => "m-product m-uncounted",
        (false, _) => "m-fact m-uncounted",
    };
    Mark { span: mention.span, class, title, rank }
}

/// What a mention's code is called.
fn name(view: &View, mention: &Mention) -> String {
    let region = (mention.kind == MentionKind::Region).then(|| mention.code.parse().ok()).flatten();
    region.map_or_else(|| display::mention_code(mention.kind, &mention.code), |code| view.region_name(code))
}

fn row<'a>(view: &View, mention: &'a Mention) -> MentionRow<'a> {
    let (kind, class, _) = display::mention(mention.kind);
    MentionRow { kind, class, name: name(view, mention), mention }
}

/// Standards of which there is something to know: those that the text announces a change of, then those it names that are not in
/// force as named.
fn standards(view: &View, reading: &Reading) -> Vec<StandardRow> {
    let announced = reading.rechecks.iter().take(STANDARDS_SHOWN).map(|recheck| {
        let mut note = recheck.action.zh().to_owned();
        for (words, value) in [("，代替 ", &recheck.replaces), ("，由 ", &recheck.replaced_by)] {
            note.extend(value.iter().map(|value| format!("{words}{value}")));
        }
        note.extend(recheck.replaced_by.iter().map(|_| " 代替"));
        note.extend(recheck.effective.iter().map(|day| format!("，{day} 起")));
        StandardRow {
            number: recheck.standard.clone(),
            title: recheck.title.clone().unwrap_or_default(),
            note,
            recheck: recheck.categories.iter().map(|category| category.zh()).collect::<Vec<_>>().join("、"),
        }
    });
    let mut rows: Vec<StandardRow> = announced.collect();
    for mention in reading.mentions.iter().filter(|mention| mention.kind == MentionKind::Standard).take(STANDARDS_SHOWN)
    {
        if rows.iter().any(|row| row.number == mention.code) {
            continue;
        }
        if let Some(note) = view.standard_note(&mention.code) {
            let (title, recheck) = (String::new(), String::new());
            rows.push(StandardRow { number: mention.code.clone(), title, note, recheck });
        }
    }
    rows
}

fn rules(rules: &[RuleId]) -> String {
    rules.iter().map(RuleId::as_str).collect::<Vec<_>>().join("，")
}

fn facts(document: &Document) -> Vec<Fact> {
    let time =
        |moment: Option<jiff::Timestamp>, say: fn(jiff::Timestamp) -> String| moment.map_or(NONE.to_owned(), say);
    let mut facts = vec![
        Fact::new("信息编号", document.id.as_str()),
        Fact::new("来源", document.source.as_str()),
        Fact::new("渠道", document.channel.zh()),
        Fact::new("发布时间", time(document.published_at, display::published)),
        Fact::new("采集时间", time(document.seen_at, display::moment)),
    ];
    match &document.raw {
        Some(raw) => {
            facts.push(Fact::new("原始记录", format!("{}，偏移 {}", raw.file, raw.offset)));
            facts.push(Fact::new("摘要", raw.digest.as_str()));
        }
        None => facts.push(Fact::new("原始记录", "无（由文件导入）")),
    }
    facts
}

fn meta(document: &Document) -> Vec<Fact> {
    let show = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let row = |(key, value): (&String, &serde_json::Value)| {
        let value = text::shorten(&show(value), META_CHARS_SHOWN);
        match display::meta_name(key) {
            Some(name) => Fact { exact: text::shorten(key, 60), ..Fact::new(name, value) },
            None => Fact::new(text::shorten(key, 60), value),
        }
    };
    document.meta.iter().take(META_ROWS_SHOWN).map(row).collect()
}
