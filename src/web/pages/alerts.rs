//! The ranked list of alerts.

use askama::Template;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Html;
use url::form_urlencoded;

use super::super::parameters::{Empty, ListQuery};
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::view::{AlertFilter, View};
use super::super::{display, text};
use super::{CountView, Kind, Reason, Subject, counts, render, seen_and_expected};
use vocabulary::{AlertState, Category, Danger, Disposal, Explanation, Hazard, ShownAlert};

/// Longest note in the list, in characters.
const NOTE_CHARS_MAX: usize = 80;
/// Characters of the first piece of evidence shown in the list.
const QUOTE_CHARS_MAX: usize = 64;

/// The address of the list under a filter.
fn address(filter: &AlertFilter) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let pairs = [
        ("state", filter.state.map(display::state_code)),
        ("disposal", filter.disposal.map(Disposal::code)),
        ("danger", filter.danger.map(Danger::code)),
        ("category", filter.category.map(Category::code)),
        ("hazard", filter.hazard.map(Hazard::code)),
    ];
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    if filter.skip > 0 {
        query.append_pair("skip", &filter.skip.to_string());
    }
    if filter.limit != AlertFilter::LIMIT_DEFAULT {
        query.append_pair("limit", &filter.limit.to_string());
    }
    match query.finish() {
        empty if empty.is_empty() => "/".to_owned(),
        query => format!("/?{query}"),
    }
}

/// One alert in the list.
struct Card {
    place: usize,
    about: Subject,
    counts: [CountView; 4],
    seen: String,
    /// Sentences that nobody may overlook: closed or merged, a single serious case, a level that is kept.
    notes: Vec<String>,
    quote: Option<String>,
    score: String,
    alert: ShownAlert,
}

impl Card {
    fn new(view: &View, place: usize, alert: ShownAlert) -> Self {
        let judged = &alert.assessment;
        Self {
            place,
            about: Subject::new(view, judged),
            counts: counts(judged.counts),
            seen: seen_and_expected(judged),
            notes: notes(&judged.explanation),
            quote: alert.evidence.first().map(|first| quote(&first.text)),
            score: display::decimal(judged.rank_score),
            alert,
        }
    }

    fn is_sampled(&self) -> bool {
        self.alert.assessment.disposal == Disposal::Sample
    }

    fn is_open(&self) -> bool {
        self.alert.state == AlertState::Open
    }
}

fn notes(explanation: &Explanation) -> Vec<String> {
    let matters = |about| matches!(about, Kind::Note | Kind::SingleRule | Kind::Held);
    let reasons = Reason::all(explanation).into_iter().filter(|reason| matters(reason.about));
    reasons.map(|reason| text::shorten(&format!("{}{}", reason.head, reason.rest), NOTE_CHARS_MAX)).collect()
}

/// The beginning of a text on one line.
fn quote(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text::shorten(&line, QUOTE_CHARS_MAX)
}

/// One of the values a filter may take.
struct Choice {
    code: &'static str,
    name: &'static str,
    chosen: bool,
}

/// One filter of the form.
struct Select {
    name: &'static str,
    title: &'static str,
    choices: Vec<Choice>,
}

/// A quick way to a filter by disposal.
struct Tab {
    name: &'static str,
    address: String,
    lit: bool,
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct ListPage {
    shell: Shell,
    cards: Vec<Card>,
    total: u64,
    open: u64,
    filtered: bool,
    as_of: Option<String>,
    tabs: Vec<Tab>,
    selects: [Select; 5],
    previous: Option<String>,
    next: Option<String>,
}

pub(crate) async fn list(view: View, query: Result<Query<ListQuery>, QueryRejection>) -> Result<Html<String>, Problem> {
    let filter = query?.0.filter(Empty::Any)?;
    let page = view.alerts(&filter).await?;
    let as_of = page.alerts.iter().map(|alert| alert.assessment.as_of).max();
    let shown = page.alerts.len();
    let cards = page.alerts.into_iter().zip(filter.skip + 1..);
    render(&ListPage {
        shell: Shell::at("alerts"),
        cards: cards.map(|(alert, place)| Card::new(&view, place, alert)).collect(),
        total: page.total,
        open: page.open,
        filtered: AlertFilter { skip: 0, limit: AlertFilter::LIMIT_DEFAULT, ..filter.clone() }
            != AlertFilter::default(),
        as_of: as_of.map(|day| day.to_string()),
        tabs: tabs(&filter),
        selects: selects(&filter),
        previous: (filter.skip > 0)
            .then(|| address(&AlertFilter { skip: filter.skip.saturating_sub(filter.limit), ..filter.clone() })),
        next: (shown > 0 && ((filter.skip + shown) as u64) < page.total)
            .then(|| address(&AlertFilter { skip: filter.skip + filter.limit, ..filter.clone() })),
    })
}

fn tabs(filter: &AlertFilter) -> Vec<Tab> {
    let tab = |name, disposal| Tab {
        name,
        address: address(&AlertFilter { disposal, skip: 0, ..filter.clone() }),
        lit: filter.disposal == disposal,
    };
    let each = Disposal::ALL.iter().rev().map(|disposal| tab(disposal.zh(), Some(*disposal)));
    std::iter::once(tab("全部", None)).chain(each).collect()
}

fn selects(filter: &AlertFilter) -> [Select; 5] {
    fn of<T: Copy + PartialEq>(
        all: &[T],
        chosen: Option<T>,
        say: fn(T) -> (&'static str, &'static str),
    ) -> Vec<Choice> {
        let choice = |value: &T| {
            let (code, name) = say(*value);
            Choice { code, name, chosen: chosen == Some(*value) }
        };
        all.iter().map(choice).collect()
    }
    let states = [AlertState::Open, AlertState::Closed];
    let [state, disposal, danger, category, hazard] = [
        of(&states, filter.state, |state| (display::state_code(state), display::state(state))),
        of(Disposal::ALL, filter.disposal, |disposal| (disposal.code(), disposal.zh())),
        of(Danger::ALL, filter.danger, |danger| (danger.code(), danger.zh())),
        of(Category::ALL, filter.category, |category| (category.code(), category.zh())),
        of(Hazard::ALL, filter.hazard, |hazard| (hazard.code(), hazard.zh())),
    ];
    [
        Select { name: "state", title: "状态", choices: state },
        Select { name: "disposal", title: "处置", choices: disposal },
        Select { name: "danger", title: "隐患程度", choices: danger },
        Select { name: "category", title: "产品类别", choices: category },
        Select { name: "hazard", title: "隐患类别", choices: hazard },
    ]
}
