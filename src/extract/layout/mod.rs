//! How a whole page is built, and what of it speaks of what: lines, items, kind of page, the product it is about.
//!
//! In: a text of some length whose product no platform tells, with its clauses, products, cues and the places of its hazards, and
//! the headline. Out: a [`Layout`] that the rest of the reader asks: does this clause belong to the article ([`Layout::is_outside`]), does it tell
//! something that happened ([`Layout::general`]), which product is its item about ([`Layout::topic`]), which cues speak for
//! the whole text ([`Layout::whole`]). A short text has no layout and pays nothing for it. The words stand in
//! `rules/forms/pages.toml`. Not here: hazards, stances, signals.
//!
//! Files: `lines` parts and cuts the page, `items` finds its items, `topic` weighs its products.

mod items;
mod lines;
mod topic;

use lexicon::terms::Pages;
use lexicon::{Lexicon, Reach};
use vocabulary::Category;

use super::clauses::{self, Clause};
use super::normalise::Folded;
use super::products::Named;
use super::stance::CueHit;
use items::Opening;
use lines::{Line, Role, holds};

pub(super) use topic::{Standing, Topic};

/// Shortest text that is read as a page, in characters: without a headline of its own, below one.
pub(super) const PAGE_CHARS_MIN: usize = 120;
pub(super) const BELOW_HEADLINE_CHARS_MIN: usize = 60;
/// Characters of the lead, from the first line of the article.
const LEAD_CHARS: usize = 100;
/// A cue for the whole text counts when it stands this often: at least, and once for so many characters.
const OFTEN_MIN: usize = 3;
const OFTEN_CHARS: usize = 250;
/// How often a cue of the lead must stand below a headline that does not hold it.
const LEAD_AGAIN: usize = 2;
/// The part of a text that its lead has at most: one in so many.
const LEAD_SHARE: usize = 3;
/// Most cues that speak for the whole of one page.
const WHOLE_MAX: usize = 8;
/// Items of a page that is a digest, and products that they differ in, at least.
const DIGEST_ITEMS_MIN: usize = 3;
/// Share of the items that one product may have in a digest, in percent.
const DIGEST_SHARE_PERCENT: usize = 60;
/// Share of the sentences that advise on a page of advice, in percent.
const ADVICE_PERCENT: usize = 60;
/// Sentences of a page that is known as advice by them, at least.
const ADVICE_SENTENCES_MIN: usize = 4;
/// Clauses of a digest in which an item's recall is looked for.
const RECALL_CLAUSES_MAX: usize = 400;

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A report or a post about one thing.
    Report,
    /// Several items, each about its own thing.
    Digest,
    /// A notice of a recall.
    Recall,
    /// Results of a spot check or a test.
    Check,
    /// A statement against a rumour.
    Statement,
    /// Advice, an explanation, a leaflet.
    Advice,
}

impl Kind {
    /// The name that `explain` shows: Chinese, English.
    pub(super) fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Report => ("报道", "report"),
            Self::Digest => ("汇编，逐条阅读", "digest, read item by item"),
            Self::Recall => ("召回通告", "notice of a recall"),
            Self::Check => ("抽查或测试通报", "results of a spot check or test"),
            Self::Statement => ("声明或辟谣", "statement against a rumour"),
            Self::Advice => ("科普或提示", "advice"),
        }
    }
}

/// What a clause says beside hazards.
mod says {
    pub(super) const EVENT: u16 = 1;
    pub(super) const MODAL: u16 = 2;
    pub(super) const ORDER: u16 = 4;
    pub(super) const TESTED: u16 = 8;
    pub(super) const OLD: u16 = 16;
    pub(super) const CONFIRMED: u16 = 32;
    pub(super) const SMOKE: u16 = 64;
    pub(super) const DOUBT: u16 = 128;
    /// An event is told earlier in the same paragraph.
    pub(super) const TOLD: u16 = 256;
    pub(super) const SPARED: u16 = 512;
    pub(super) const RECALL: u16 = 1024;
    pub(super) const RUMOUR: u16 = 2048;
}

/// What a clause says, what its sentence says up to it, and what all of its sentence says: flags of [`says`].
#[derive(Debug, Clone, Copy, Default)]
struct Says {
    own: u16,
    before: u16,
    sentence: u16,
}

/// The headline that the text does not repeat.
#[derive(Clone, Copy)]
pub(super) struct Headline<'a> {
    pub(super) folded: &'a Folded,
    pub(super) products: &'a [Named],
    pub(super) cues: &'a [CueHit],
}

/// What a layout is made of.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) folded: &'a Folded,
    pub(super) clauses: &'a [Clause],
    pub(super) products: &'a [Named],
    pub(super) cues: &'a [CueHit],
    /// First character and clause of each possible hazard.
    pub(super) hazards: &'a [(usize, usize)],
    pub(super) headline: Option<Headline<'a>>,
    pub(super) lexicon: &'a Lexicon,
}

/// The lines of a page, and what each clause is for it.
pub(super) struct Outline {
    lines: Vec<Line>,
    roles: Vec<Role>,
}

impl Outline {
    /// Parts a page into lines.
    pub(super) fn of(folded: &Folded, clauses: &[Clause], lexicon: &Lexicon) -> Self {
        let lines = lines::lines(folded, lexicon.pages());
        let line_of = |clause: &Clause| lines.partition_point(|line| line.from <= clause.from).saturating_sub(1);
        let role = |clause| lines.get(line_of(clause)).map_or(Role::Body, |line| line.role);
        let roles = clauses.iter().map(role).collect();
        Self { lines, roles }
    }

    /// Whether a clause is no part of the article.
    pub(super) fn is_outside(&self, clause: usize) -> bool {
        self.roles.get(clause).is_some_and(|role| *role != Role::Body)
    }
}

/// How a page is built.
#[derive(Debug)]
pub(super) struct Layout {
    /// What the page is.
    pub(super) kind: Kind,
    /// Cues of the text that speak for all of it.
    pub(super) whole: Vec<CueHit>,
    /// Cues of the headline that speak for all of the text: indices into [`Lexicon::cues`].
    pub(super) headline: Vec<u32>,
    /// What each item is about; one item when the page is no digest.
    pub(super) topics: Vec<Option<Topic>>,
    /// All products of each item by weight.
    weighed: Vec<Vec<Topic>>,
    /// How each product of the text stands there.
    pub(super) standings: Vec<Standing>,
    /// The role of each clause.
    roles: Vec<Role>,
    /// The item of each clause.
    items: Vec<u32>,
    /// What each clause says.
    clauses: Vec<Says>,
    /// Clauses of the lead: from, to.
    lead: (usize, usize),
    /// Whether the headline announces a recall, a spot check: what may come of a defect is why it is named.
    recall: bool,
    check: bool,
}

impl Layout {
    /// Works out how a page is built.
    pub(super) fn of(parts: Parts<'_>, outline: Outline) -> Self {
        let Parts { folded, clauses, lexicon, .. } = parts;
        let Outline { lines, roles } = outline;
        let lead = lead(clauses, &roles);
        let mut layout = Self {
            kind: Kind::Report,
            whole: Vec::new(),
            headline: Vec::new(),
            topics: Vec::new(),
            weighed: Vec::new(),
            standings: topic::standings(parts),
            roles,
            items: vec![0; clauses.len()],
            clauses: flags(folded, clauses, lexicon.pages()),
            lead,
            recall: false,
            check: false,
        };
        let openings = items::openings(folded, clauses, &lines);
        layout.set_kind(parts, &openings);
        layout.set_whole(parts);
        layout.headline = parts.headline.map_or_else(Vec::new, |headline| {
            let whole = headline.cues.iter().map(|hit| hit.cue);
            whole.filter(|cue| lexicon.cues()[*cue as usize].reach == Reach::Text).take(WHOLE_MAX).collect()
        });
        layout
    }

    fn set_kind(&mut self, parts: Parts<'_>, openings: &[Opening]) {
        let Parts { folded, clauses, headline, lexicon, .. } = parts;
        let words = lexicon.pages();
        let lead = match (clauses.get(self.lead.0), clauses.get(self.lead.1.saturating_sub(1))) {
            (Some(first), Some(last)) if self.lead.0 < self.lead.1 => &folded.chars[first.from..last.to],
            _ => &[],
        };
        let title: &[char] = headline.map_or(&[], |headline| &headline.folded.chars);
        // A text that repeats its headline begins with it.
        let head = if title.is_empty() { lead } else { title };
        (self.recall, self.check) = (holds(head, &words.recalls), holds(head, &words.checks));
        // Items first: a digest is one whatever its headline says.
        let items = item_of_each_clause(clauses.len(), openings);
        let weighed = topic::weighed(parts, self, &items, openings);
        let topics = topic::topics(&weighed, parts, topic::ITEM_MIN);
        if is_digest(&topics, head, words) {
            (self.kind, self.items, self.weighed) = (Kind::Digest, items, weighed);
            self.topics = topic::carried(topics, openings);
            return;
        }
        self.weighed = topic::weighed(parts, self, &self.items, &[]);
        self.topics = topic::topics(&self.weighed, parts, topic::TOPIC_MIN);
        let tells = holds(head, &words.events) || has_date(head);
        self.kind = if self.recall {
            Kind::Recall
        } else if self.check {
            Kind::Check
        } else if holds(head, &words.statements) || holds(head, &words.replies) && self.tells_rumour() {
            Kind::Statement
        } else if holds(head, &words.advice) && !tells || self.mostly_advises(clauses) {
            Kind::Advice
        } else {
            Kind::Report
        };
    }

    /// Whether the article calls something a rumour.
    fn tells_rumour(&self) -> bool {
        let mut clauses = self.clauses.iter().zip(&self.roles);
        clauses.any(|(says, role)| *role == Role::Body && says.own & says::RUMOUR != 0)
    }

    /// Whether most sentences of the article say what may happen or ought to be done, and tell no event.
    fn mostly_advises(&self, clauses: &[Clause]) -> bool {
        let (mut all, mut advising, mut known) = (0, 0, None);
        for (at, clause) in clauses.iter().enumerate() {
            if known == Some(clause.sentence) || self.roles[at] != Role::Body {
                continue;
            }
            known = Some(clause.sentence);
            let sentence = self.clauses[at].sentence;
            all += 1;
            advising += usize::from(sentence & says::EVENT == 0 && sentence & (says::MODAL | says::ORDER) != 0);
        }
        advising * 100 >= all * ADVICE_PERCENT && all >= ADVICE_SENTENCES_MIN
    }

    /// Chooses the cues of the text that count for all of it: those of the lead, where no headline says better what the page is about,
    /// those that stand there and again, and those that stand often. A word in quotes (“炸弹”) is a figure of speech.
    fn set_whole(&mut self, parts: Parts<'_>) {
        let Parts { folded, clauses, cues, headline, lexicon, .. } = parts;
        let often = OFTEN_MIN.max(folded.len() / OFTEN_CHARS);
        let in_lead = if headline.is_some() { LEAD_AGAIN } else { 1 };
        let quote = |at: Option<usize>| {
            at.and_then(|at| folded.chars.get(at))
                .is_some_and(|c| matches!(c, '"' | '\'' | '“' | '”' | '‘' | '’' | '「' | '」'))
        };
        let lead = clauses.get(self.lead.0).map_or(0, |first| first.from + folded.len() / LEAD_SHARE);
        let mut counts: Vec<(u32, usize, CueHit, bool)> = Vec::new();
        for hit in cues.iter().filter(|hit| lexicon.cues()[hit.cue as usize].reach == Reach::Text) {
            let clause = clauses::at(clauses, hit.from);
            if self.is_outside(clause) || quote(hit.from.checked_sub(1)) && quote(Some(hit.to)) {
                continue;
            }
            // The lead of a digest speaks for none of its items.
            let leads = self.kind != Kind::Digest && self.in_lead(clause) && hit.from < lead;
            match counts.iter_mut().find(|(cue, ..)| *cue == hit.cue) {
                Some((_, count, _, lead)) => {
                    *count += 1;
                    *lead |= leads;
                }
                None => counts.push((hit.cue, 1, *hit, leads)),
            }
        }
        let whole = counts.into_iter().filter(|(_, count, _, leads)| *leads && *count >= in_lead || *count >= often);
        self.whole = whole.map(|(_, _, hit, _)| hit).take(WHOLE_MAX).collect();
    }

    /// Whether a clause is no part of the article.
    pub(super) fn is_outside(&self, clause: usize) -> bool {
        self.roles.get(clause).is_some_and(|role| *role != Role::Body)
    }

    /// The item that a clause belongs to.
    pub(super) fn item(&self, clause: usize) -> usize {
        self.items.get(clause).map_or(0, |item| *item as usize)
    }

    /// What the item of a clause is about.
    pub(super) fn topic(&self, clause: usize) -> Option<Topic> {
        self.topics.get(self.item(clause)).copied().flatten()
    }

    /// Whether a product speaks nearly as strongly as what the item of a clause is about.
    pub(super) fn rivals(&self, clause: usize, category: Category) -> bool {
        let topic = self.topic(clause).map_or(0, |topic| topic.weight);
        let weighed = self.weighed.get(self.item(clause)).map_or(&[][..], |weighed| weighed);
        weighed.iter().any(|other| other.category == category && other.weight * 3 >= topic * 2)
    }

    /// Whether nothing else comes near what the item of a clause is about.
    pub(super) fn is_sure(&self, clause: usize) -> bool {
        let weighed = self.weighed.get(self.item(clause)).map_or(&[][..], |weighed| weighed);
        let Some(topic) = self.topic(clause) else { return false };
        weighed.iter().all(|other| other.category == topic.category || other.weight * 2 <= topic.weight)
    }

    /// Whether the item of a clause announces a recall.
    pub(super) fn recalls(&self, clause: usize) -> bool {
        let item = self.item(clause);
        let mut clauses = self.clauses.iter().enumerate().take(RECALL_CLAUSES_MAX);
        self.recall
            || self.kind == Kind::Digest
                && clauses.any(|(at, says)| says.own & says::RECALL != 0 && self.item(at) == item)
    }

    /// Whether a clause says that nobody was hurt.
    pub(super) fn spares(&self, clause: usize) -> bool {
        self.clauses.get(clause).is_some_and(|says| says.own & says::SPARED != 0)
    }

    /// Whether the page lists things, each with its own defect.
    pub(super) fn lists(&self) -> bool {
        matches!(self.kind, Kind::Digest | Kind::Recall | Kind::Check)
    }

    /// Whether a clause tells nothing that happened: it says what may come, what ought to be done, what was tested.
    pub(super) fn general(&self, clause: usize) -> bool {
        let Some(Says { own, before, sentence }) = self.clauses.get(clause).copied() else { return false };
        let has = |flags: u16, any: u16| flags & any != 0;
        let tested = has(own, says::TESTED) || has(sentence, says::TESTED) && !has(own, says::EVENT);
        if self.kind == Kind::Statement || tested {
            return true;
        }
        let advises = if self.kind == Kind::Advice { says::ORDER | says::MODAL } else { says::ORDER };
        let ordered = has(own, advises) && !has(own, says::EVENT);
        if self.recall || self.check {
            return ordered;
        }
        ordered
            || !has(sentence, says::EVENT)
                && (has(before, says::ORDER)
                    || has(sentence, says::MODAL)
                    || self.kind == Kind::Advice && !has(sentence, says::TOLD))
    }

    /// Whether a clause speaks of smoke or gases of a fire.
    pub(super) fn tells_smoke(&self, clause: usize) -> bool {
        self.clauses.get(clause).is_some_and(|says| says.own & says::SMOKE != 0)
    }

    /// Whether the sentence of a clause tells an old case or a sum over many.
    pub(super) fn tells_old(&self, clause: usize) -> bool {
        self.clauses.get(clause).is_some_and(|says| says.sentence & says::OLD != 0)
    }

    /// Whether the sentence of a clause settles a doubt.
    pub(super) fn settles(&self, clause: usize) -> bool {
        self.clauses.get(clause).is_some_and(|says| says.sentence & says::CONFIRMED != 0)
    }

    /// Whether a clause says itself what may come, not what came.
    pub(super) fn supposes(&self, clause: usize) -> bool {
        self.clauses.get(clause).is_some_and(|says| says.own & (says::MODAL | says::ORDER) != 0)
    }

    /// Whether a clause doubts.
    pub(super) fn doubts(&self, clause: usize) -> bool {
        self.clauses.get(clause).is_some_and(|says| says.own & says::DOUBT != 0)
    }

    /// Clauses that were left out, for `explain`.
    pub(super) fn outside(&self) -> usize {
        self.roles.iter().filter(|role| **role != Role::Body).count()
    }

    /// Whether a clause belongs to the lead.
    pub(super) fn in_lead(&self, clause: usize) -> bool {
        (self.lead.0..self.lead.1).contains(&clause)
    }
}

/// The first clauses of the article.
fn lead(clauses: &[Clause], roles: &[Role]) -> (usize, usize) {
    let Some(first) = roles.iter().position(|role| *role == Role::Body) else { return (0, 0) };
    let from = clauses[first].from;
    let count = clauses[first..].iter().take_while(|clause| clause.from < from + LEAD_CHARS).count();
    (first, first + count)
}

/// What each clause says.
fn flags(folded: &Folded, clauses: &[Clause], words: &Pages) -> Vec<Says> {
    let lists = [
        (&words.events, says::EVENT),
        (&words.modals, says::MODAL),
        (&words.orders, says::ORDER),
        (&words.tested, says::TESTED),
        (&words.old, says::OLD),
        (&words.confirmed, says::CONFIRMED),
        (&words.smoke, says::SMOKE),
        (&words.doubts, says::DOUBT),
        (&words.spared, says::SPARED),
        (&words.recalls, says::RECALL),
        (&words.statements, says::RUMOUR),
    ];
    let own = |clause: &Clause| {
        let chars = &folded.chars[clause.from..clause.to];
        let mut flags = 0;
        for at in 0..chars.len() {
            for (list, flag) in lists {
                if flags & flag == 0 && list.at(&chars[at..]).is_some() {
                    flags |= flag;
                }
            }
        }
        if words.openers.at(chars).is_some() {
            flags |= says::ORDER;
        }
        if has_date(chars) {
            flags |= says::EVENT;
        }
        flags
    };
    let mut flags: Vec<Says> = clauses.iter().map(|clause| Says { own: own(clause), ..Says::default() }).collect();
    let (mut from, mut told) = (0, 0);
    while from < clauses.len() {
        let count = clauses[from..].iter().take_while(|clause| clause.sentence == clauses[from].sentence).count();
        let breaks = from > 0 && folded.chars[clauses[from - 1].to..clauses[from].from].contains(&'\n');
        told = if breaks { 0 } else { told };
        let mut so_far = 0;
        for says in &mut flags[from..from + count] {
            so_far |= says.own;
            says.before = so_far;
        }
        flags[from..from + count].iter_mut().for_each(|says| says.sentence = so_far | told);
        if so_far & says::EVENT != 0 {
            told = says::TOLD;
        }
        from += count;
    }
    flags
}

/// Whether a stretch holds a day, a month or a count: 6月3日, 2021年, 3批次, 7款.
fn has_date(chars: &[char]) -> bool {
    let unit = |c: char| "年月日号时起例款批名组件台辆岁".contains(c);
    chars.windows(2).any(|pair| pair[0].is_ascii_digit() && unit(pair[1]))
}

/// The item of each clause: 0 before the first opening.
fn item_of_each_clause(clauses: usize, openings: &[Opening]) -> Vec<u32> {
    let mut items = vec![0; clauses];
    let mut item = 0;
    let mut next = openings.iter().peekable();
    for (at, place) in items.iter_mut().enumerate() {
        while next.peek().is_some_and(|opening| opening.clause <= at) {
            item += 1;
            next.next();
        }
        *place = item;
    }
    items
}

/// Whether items are about several things, none of which most of them share.
fn is_digest(topics: &[Option<Topic>], head: &[char], words: &Pages) -> bool {
    let named: Vec<Category> = topics.iter().skip(1).flatten().map(|topic| topic.category).collect();
    let least = if holds(head, &words.digests) { DIGEST_ITEMS_MIN - 1 } else { DIGEST_ITEMS_MIN };
    let most = named.iter().map(|one| named.iter().filter(|other| *other == one).count()).max().unwrap_or(0);
    named.len() >= least && most * 100 <= named.len() * DIGEST_SHARE_PERCENT
}

#[cfg(test)]
mod tests;
