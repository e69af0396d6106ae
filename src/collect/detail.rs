//! The page behind an item, or the item itself, to documents. Pure.

use std::borrow::Cow;

use jiff::Timestamp;
use scraper::ElementRef;
use serde_json::Value;

use super::article::{self, Reading};
use super::attachment;
use super::barrier::Barrier;
use super::bounds::DETAIL_ITEMS_MAX;
use super::fields::{CHANGED_AT, Fields, YEAR_OPEN, chosen, set_by_rule};
use super::harvest::{Context, Harvest, drop_doubles, keep};
use super::html;
use super::html_table::rows_of;
use super::identity::row_id;
use super::item::{answer_of, json_value, look_up, spread, value_of};
use super::problem::{
    ASK_PEOPLE, CHECK_ANSWER, CHECK_BOUNDS, CHECK_PAGE, CHECK_PATH, CHECK_SELECTOR, Notes, READ_PICTURES,
};
use super::published::{self, Beside};
use super::recipe::{Detail, DetailFormat};
use super::rules::{FieldRule, Place};
use super::tree::Tree;
use vocabulary::{Channel, Document, PublishedFrom, day_of, show_moment};

/// An item that is a document without a page of its own.
pub(crate) fn of_item(fields: &Fields, context: &Context<'_>) -> Harvest {
    let mut notes = Notes::new(&context.recipe.lines, context.page);
    let mut harvest = Harvest::default();
    let rules = context.recipe.kind.fields();
    let lacking = rules.iter().find(|rule| rule.required && fields.get(&rule.name).is_none());
    if let Some(rule) = lacking {
        let reason = format!("required field `{}` is missing", rule.name);
        notes.add(Some(rule.line), reason.clone(), CHECK_PAGE);
        harvest.rejected.push(reason);
    } else {
        keep(&mut harvest, fields, context, None, &mut notes);
    }
    harvest.problems = notes.problems;
    harvest
}

/// A detail page.
pub(crate) fn of_page(detail: &Detail, text: &str, hints: &Fields, context: &Context<'_>) -> Harvest {
    let mut notes = Notes::new(&context.recipe.lines, context.page);
    let mut harvest = Harvest::default();
    let inside = detail.within.as_ref().map_or(Ok(Cow::Borrowed(text)), |within| {
        within.take(text).map_err(|what| (Some(within.line), what, CHECK_ANSWER))
    });
    // A page in another's place is told as what it is, not as the rules that find nothing on it. A short notice may ask for scripts, too.
    let inside = match Barrier::of_page(text) {
        Some(Barrier::Challenge) if !has_text(detail, text, context.now) => {
            Err((None, Barrier::Challenge.told().to_owned(), ASK_PEOPLE))
        }
        _ => inside,
    };
    match (inside, detail.format) {
        (Ok(text), DetailFormat::Html) => of_html(detail, &text, hints, context, &mut notes, &mut harvest),
        (Ok(text), DetailFormat::Json | DetailFormat::Xml) => {
            of_json(detail, &text, hints, context, &mut notes, &mut harvest);
        }
        (Err((line, what, advice)), _) => {
            notes.add(line, what.clone(), advice);
            harvest.rejected.push(what);
        }
    }
    harvest.problems = notes.problems;
    harvest
}

/// Whether the recipe's rule for the text finds one on an HTML page.
fn has_text(detail: &Detail, text: &str, now: Timestamp) -> bool {
    let page = html::parse(text).0;
    let mut rules = detail.fields.iter().filter(|rule| rule.name == "text" && detail.format == DetailFormat::Html);
    rules.any(|rule| !chosen(rule, now, |rule| value_of(page.root_element(), rule)).1.is_empty())
}

/// A page without a recipe for its fields, e.g. from somebody else's archive: title and densest text.
pub(crate) fn fields_of(reading: &Reading) -> Fields {
    let mut fields = Fields::default();
    fields.set("title", &reading.article.title);
    fields.set("text", &reading.article.text);
    fields
}

/// Fills in when a page was published, where neither its recipe nor its list names a day with its year. A page that says nothing of it is
/// marked as looked through; not where people write as things happen to them.
fn date_by_page(fields: &mut Fields, text: &str, page: &Tree, reading: &Reading, context: &Context<'_>) {
    let moment = |name: &str, fields: &Fields| fields.get(name).and_then(|text| text.parse::<Timestamp>().ok());
    let stated = moment("published_at", fields);
    if stated.is_some() && fields.get(YEAR_OPEN).is_none() {
        return;
    }
    let changed = moment(CHANGED_AT, fields);
    let beside = Beside { changed, year_open: fields.get(YEAR_OPEN) };
    let found = published::of_page(page, text, reading, context.url.or(Some(context.page)), context.now, beside);
    let day_of_year = |at: Timestamp| (day_of(at).month(), day_of(at).day());
    match (found, stated) {
        // The rule found the day, the page has its year.
        (Some(found), Some(stated)) if day_of_year(found.at) != day_of_year(stated) => {}
        (Some(found), _) => {
            fields.set("published_at", &show_moment(found.at));
            fields.set(Document::PUBLISHED_FROM, found.from.code());
            fields.set(Document::PUBLISHED_CONFIDENCE, &found.confidence.to_string());
        }
        (None, None) if context.recipe.channel != Channel::Complaint => {
            fields.set(Document::PUBLISHED_FROM, PublishedFrom::Nothing.code());
        }
        (None, _) => {}
    }
}

fn of_html(
    detail: &Detail,
    text: &str,
    hints: &Fields,
    context: &Context<'_>,
    notes: &mut Notes<'_>,
    harvest: &mut Harvest,
) {
    let (page, dropped) = html::parse(text);
    if let Some(dropped) = dropped {
        notes.add(None, dropped, CHECK_PAGE);
    }
    let root = page.root_element();
    let mut fields = Fields::default();
    for rule in &detail.fields {
        let (choice, found) = chosen(rule, context.now, |rule| value_of(root, rule));
        if found.is_empty() && rule.name == "text" {
            pictures_alone(root, rule, notes);
        }
        missing(rule, &found, harvest, notes);
        set_by_rule(&mut fields, choice, &found, context.now, notes);
    }
    if !harvest.rejected.is_empty() {
        return;
    }
    let has_year = fields.get("published_at").is_some() && fields.get(YEAR_OPEN).is_none();
    let by_density = !detail.fields.iter().any(|rule| rule.name == "text");
    let open = |fields: &Fields| fields.get("published_at").is_none() || fields.get(YEAR_OPEN).is_some();
    let read = (by_density || open(&fields) && (hints.get("published_at").is_none() || open(hints))).then(|| {
        let tree = Tree::parse(text);
        let reading = article::read(&tree);
        (tree, reading)
    });
    let dense = read.as_ref().map(|(_, reading)| fields_of(reading)).filter(|_| by_density).unwrap_or_default();
    if by_density {
        // The article counts more than the list's summary, the list's headline more than a guess at the page's.
        fields.set("text", dense.get("text").unwrap_or_default());
    }
    if !has_year && hints.get("published_at").is_some() && !open(hints) {
        // The list has the day with its year.
        fields.remove("published_at");
        fields.remove(YEAR_OPEN);
    }
    fields.fill_from(hints);
    fields.fill_from(&dense);
    if has_year {
        // What the list left open the page has told.
        fields.remove(YEAR_OPEN);
    }
    if let Some((tree, reading)) = &read {
        date_by_page(&mut fields, text, tree, reading, context);
    }
    let notice = detail.fields.iter().filter(|rule| rule.name == "text").find_map(|rule| places(root, rule).next());
    let linked = attachment::linked(notice.unwrap_or(root), context.page);
    if let Some((field, named)) = attachment::named(&linked) {
        fields.set(field, &named);
    }
    if let Some(rules) = &detail.attachments {
        harvest.files = attachment::wanted(rules, &linked, &fields, context, notes);
    }
    let rows = detail.table.as_ref().map(|table| rows_of(&page, table, &fields, notes)).unwrap_or_default();
    if rows.is_empty() {
        keep(harvest, &fields, context, None, notes);
        return;
    }
    for (number, row) in rows.iter().enumerate() {
        keep(harvest, row, context, Some(format!("#row-{}", number + 1)), notes);
    }
    drop_doubled(harvest, notes);
}

fn of_json(
    detail: &Detail,
    text: &str,
    hints: &Fields,
    context: &Context<'_>,
    notes: &mut Notes<'_>,
    harvest: &mut Harvest,
) {
    let answer = match answer_of(text, detail.format == DetailFormat::Xml) {
        Ok(answer) => answer,
        Err(problem) => {
            harvest.rejected.push(problem.clone());
            notes.add(None, problem, CHECK_PATH);
            return;
        }
    };
    let Some(items) = &detail.items else {
        let fields = item_of(detail, &answer, hints, context, notes, harvest);
        if let Some(fields) = fields {
            keep(harvest, &fields, context, None, notes);
        }
        return;
    };
    let found: Vec<&Value> = spread(look_up(&answer, items)).collect();
    if found.is_empty() {
        let what = format!("items path `/{}` leads nowhere", items.join("/"));
        notes.add(None, what.clone(), CHECK_PATH);
        harvest.rejected.push(what);
    }
    if found.len() > DETAIL_ITEMS_MAX {
        notes.add(
            None,
            format!("{} items on one page, the first {DETAIL_ITEMS_MAX} are read", found.len()),
            CHECK_BOUNDS,
        );
    }
    for element in found.into_iter().take(DETAIL_ITEMS_MAX) {
        if let Some(fields) = item_of(detail, element, hints, context, notes, harvest) {
            if !notes.has_room_for(fields.bytes()) {
                break;
            }
            // An id by its text, not by its number on the page.
            let part = format!("#{}", row_id(fields.get("text").unwrap_or_default()));
            keep(harvest, &fields, context, Some(part), notes);
        }
    }
    drop_doubled(harvest, notes);
}

/// The fields of a JSON or XML object; none when a required one is missing.
fn item_of(
    detail: &Detail,
    value: &Value,
    hints: &Fields,
    context: &Context<'_>,
    notes: &mut Notes<'_>,
    harvest: &mut Harvest,
) -> Option<Fields> {
    let mut fields = Fields::default();
    let before = harvest.rejected.len();
    for rule in &detail.fields {
        let (choice, found) = chosen(rule, context.now, |rule| json_value(value, rule));
        missing(rule, &found, harvest, notes);
        // One reason for one item.
        harvest.rejected.truncate(before + 1);
        set_by_rule(&mut fields, choice, &found, context.now, notes);
    }
    fields.fill_from(hints);
    (harvest.rejected.len() == before).then_some(fields)
}

fn drop_doubled(harvest: &mut Harvest, notes: &mut Notes<'_>) {
    let doubled = drop_doubles(harvest);
    if doubled > 0 {
        notes.add(None, format!("{doubled} rows share an `external_id` with another row"), CHECK_SELECTOR);
    }
}

/// The elements that the choices of a rule lead to by selector, the first of each.
fn places<'p>(root: ElementRef<'p>, rule: &'p FieldRule) -> impl Iterator<Item = ElementRef<'p>> {
    let selectors = rule.choices().filter_map(|rule| if let Place::Css(css) = &rule.place { Some(css) } else { None });
    selectors.filter_map(move |css| root.select(&css.selector).next())
}

/// Notes that the place of the text has pictures and nothing else: somebody has to read them.
fn pictures_alone(root: ElementRef<'_>, rule: &FieldRule, notes: &mut Notes<'_>) {
    let pictures = places(root, rule).map(|place| {
        let inside = place.descendants().filter_map(ElementRef::wrap);
        inside.filter(|element| element.value().name() == "img").count()
    });
    if let Some(pictures) = pictures.max().filter(|pictures| *pictures > 0) {
        notes.add(Some(rule.line), format!("the text is pictures alone ({pictures})"), READ_PICTURES);
    }
}

/// Notes a rule that found nothing, if it is for text or title or is required.
fn missing(rule: &FieldRule, found: &str, harvest: &mut Harvest, notes: &mut Notes<'_>) {
    if !found.is_empty() || !(rule.required || matches!(rule.name.as_str(), "text" | "title")) {
        return;
    }
    let (place, advice) = match &rule.place {
        Place::Css(css) => (format!("selector `{}`", css.text), CHECK_SELECTOR),
        Place::Label { labels, .. } => (format!("label `{}`", labels.join("`, `")), CHECK_SELECTOR),
        _ => ("path".to_owned(), CHECK_PATH),
    };
    notes.add(Some(rule.line), format!("{place} of `{}` matches nothing", rule.name), advice);
    if rule.required {
        harvest.rejected.push(format!("required field `{}` is missing", rule.name));
    }
}
