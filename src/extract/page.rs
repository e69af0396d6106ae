//! What the layout of a page makes of a hazard: whose it is, whether it counts, whether it was told already.
//!
//! In: an analysis by rules and its [`Layout`]. Out: choices and fates of its hazards. Not here: how a page is built (`layout`).

use std::borrow::Cow;

use lexicon::Lexicon;
use lexicon::terms::Effect;
use vocabulary::{Category, Hazard, MentionKind, Stance};

use super::analysis::{Analysis, Fate, FoundHazard};
use super::clauses;
use super::facts::Fact;
use super::layout::{
    BELOW_HEADLINE_CHARS_MIN, Headline, Kind, Layout, Outline, PAGE_CHARS_MIN, Parts, Standing, Topic,
};
use super::matching::Find;
use super::products::{Choice, Why};
use super::{scan, stance};

/// Clauses and sentences between a hazard and an injury of the same event, at most.
const EVENT_CLAUSES: usize = 14;
const EVENT_SENTENCES: usize = 3;
/// Clauses of a page in which its lead, in which a doubt is looked for.
const LEAD_CLAUSES_MAX: usize = 60;
const DOUBT_CLAUSES_MAX: usize = 120;
/// Injuries of an article that are looked at for its headline.
const HURTS_MAX: usize = 100;
/// Characters in front of a hazard that may be a part of a body.
const BODY_CHARS: usize = 4;

impl Analysis {
    /// Works out how the page is built, when the text is one, and leaves out what stands outside the article.
    pub(super) fn lay_out(&mut self, finds: &[Find], lexicon: &Lexicon) {
        let least = if self.title.is_some() { BELOW_HEADLINE_CHARS_MIN } else { PAGE_CHARS_MIN };
        if self.meta.is_some() || self.folded.len() < least {
            return;
        }
        let outline = Outline::of(&self.folded, &self.clauses, lexicon);
        self.products.retain(|named| !outline.is_outside(named.clause));
        let hazards: Vec<(usize, usize)> =
            finds.iter().filter(|find| !find.injury).map(|find| (find.from, find.clause)).collect();
        // A headline without a hazard was left alone so far, and may still say that all of it is a game or a drill.
        let read_now = self.title.as_deref().filter(|title| title.hits.quiet).map(|title| {
            let mut hits = scan::look_in_full(&title.folded, &title.clauses, lexicon);
            scan::settle(&mut hits, &title.folded, lexicon);
            let cues = stance::cues(&hits.all, lexicon);
            hits.give_back();
            cues
        });
        let headline = self.title.as_deref().map(|title| Headline {
            folded: &title.folded,
            products: &title.products,
            cues: read_now.as_deref().unwrap_or(&title.cues),
        });
        let parts = Parts {
            folded: &self.folded,
            clauses: &self.clauses,
            products: &self.products,
            cues: &self.cues,
            hazards: &hazards,
            headline,
            lexicon,
        };
        let layout = Layout::of(parts, outline);
        self.layout = Some(Box::new(layout));
    }

    /// The names that may belong to a hazard of a clause: none of the site that reprints the page, of its links and its agency, unless the
    /// article names no place of its own; of a digest those of the clause's item.
    pub(super) fn facts_about(&self, clause: usize) -> Cow<'_, [Fact]> {
        let Some(layout) = self.layout.as_deref() else { return Cow::Borrowed(&self.facts) };
        let place = |fact: &Fact| fact.kind == MentionKind::Region;
        let at = |fact: &Fact| clauses::at(&self.clauses, fact.from);
        let outside = |fact: &Fact| layout.is_outside(at(fact)) || place(fact) && is_dateline(&self.folded.chars, fact);
        let placed = self.facts.iter().any(|fact| place(fact) && !outside(fact));
        let item = |fact: &Fact| layout.kind != Kind::Digest || layout.item(at(fact)) == layout.item(clause);
        let belongs = |fact: &&Fact| match fact.kind {
            MentionKind::Region => !(placed && outside(fact)) && item(fact),
            MentionKind::Brand | MentionKind::Firm => !outside(fact) && item(fact),
            _ => true,
        };
        Cow::Owned(self.facts.iter().filter(belongs).cloned().collect())
    }

    /// The product of a hazard on a page: one that is not what its item is about needs a tie in the clause, or gives way to
    /// what the item is about; whether it only stands by.
    pub(super) fn by_topic(
        &self,
        choice: Option<Choice>,
        (from, clause): (usize, usize),
        effect: &Effect,
        lexicon: &Lexicon,
    ) -> (Option<Choice>, bool) {
        let Some(layout) = self.layout.as_deref() else { return (choice, false) };
        let topic = layout.topic(clause);
        let about = topic.filter(|topic| effect.only.has(topic.category)).map(of_topic);
        // In a list of several things what stands nowhere near belongs to none of them.
        let about = about.filter(|_| !layout.lists() || layout.is_sure(clause));
        let Some(known) = choice else {
            return (about.filter(|_| !(effect.weak || effect.platform_only)), false);
        };
        if topic.is_some_and(|topic| topic.category == known.category) {
            return (choice, false);
        }
        let Some(at) = known.named else { return (about.or(choice), false) };
        let named = &self.products[at];
        let surface = &self.folded.chars[named.from..named.to];
        if topic.is_some() && lexicon.pages().any_vehicle.at(surface) == Some(surface.len()) {
            return (about.or(choice), about.is_none());
        }
        let plain = match layout.standings[at] {
            Standing::Plain => true,
            // What somebody used may have failed where nothing else is spoken of.
            Standing::Used => topic.is_none(),
            // 面包里有虫: what is in a thing is that thing's fault, what happens in it need not be.
            Standing::Place => matches!(
                effect.hazard,
                Hazard::ForeignBody | Hazard::Microbial | Hazard::Chemical | Hazard::Counterfeit | Hazard::Illness
            ),
            _ => false,
        };
        let tied = plain && known.why == Why::Clause && named.from <= from;
        let own = match topic {
            // A notice whose headline names one thing is about that; of a list each thing has its own defect.
            _ if layout.lists() && (about.is_none() || layout.rivals(clause, known.category)) => {
                plain && known.why <= Why::Inherited && layout.item(named.clause) == layout.item(clause)
            }
            // What the page is about cannot have this hazard: what stands nearest may.
            Some(_) if about.is_none() => plain && known.why <= Why::Sentence,
            Some(_) => tied && layout.rivals(clause, known.category),
            None => tied || plain && known.why <= Why::Referred,
        };
        if own { (choice, false) } else { (about.or(choice), about.is_none()) }
    }

    /// What becomes of a hazard that has its product and a stance that counts.
    pub(super) fn fate(
        &self,
        (from, clause): (usize, usize),
        hazard: Hazard,
        bystander: bool,
        lexicon: &Lexicon,
    ) -> Fate {
        let before = &self.folded.chars[from.saturating_sub(BODY_CHARS)..from];
        if matches!(hazard, Hazard::Collapse | Hazard::Malfunction) && lexicon.pages().bodies.ends(before) {
            return Fate::Body;
        }
        let Some(layout) = self.layout.as_deref() else { return Fate::Kept };
        let stopped = |cue: &u32| {
            let cue = &lexicon.cues()[*cue as usize];
            cue.hazards & (1 << hazard as u32) != 0 && cue.platform != Some(true) && !cue.stance.counts()
        };
        // 差点戳到脸上: what nearly wounded somebody did not.
        let nearly = matches!(hazard, Hazard::Cut | Hazard::Burn) && layout.spares(clause);
        match () {
            () if layout.is_outside(clause) => Fate::Outside,
            () if nearly || layout.general(clause) || layout.headline.iter().any(stopped) => Fate::General,
            () if bystander => Fate::Bystander,
            () => Fate::Kept,
        }
    }

    /// Whether an injury told in one clause of a page belongs to the hazard of another: the sentences between are few, and none of
    /// them tells an old case, a sum or what may come.
    pub(super) fn is_of_event(&self, hurt: usize, hazard: usize) -> bool {
        let Some(layout) = self.layout.as_deref() else { return false };
        let (low, high) = (hurt.min(hazard), hurt.max(hazard));
        if high - low > EVENT_CLAUSES {
            return false;
        }
        let sentences = self.clauses[low..=high].windows(2).filter(|pair| pair[0].sentence != pair[1].sentence).count();
        layout.item(hurt) == layout.item(hazard)
            && sentences <= EVENT_SENTENCES
            && !(layout.is_outside(hurt) || layout.tells_old(hurt) || layout.general(hurt) || layout.spares(hurt))
    }

    /// The worst injury that the headline tells beside what the page is about.
    pub(super) fn injury_of_headline(&self, choice: Option<Choice>, hazard: Hazard, lexicon: &Lexicon) -> u8 {
        let (Some(layout), Some(title), Some(choice)) = (self.layout.as_deref(), self.title.as_deref(), choice) else {
            return 0;
        };
        let main = layout.topics.first().copied().flatten().is_some_and(|topic| topic.category == choice.category);
        if !main || layout.topics.len() > 1 || !hazard.is_safety() {
            return 0;
        }
        let told = title.hurts.iter().filter(|hurt| hurt.judged.stance.counts());
        told.map(|hurt| lexicon.injuries()[hurt.injury as usize].severity).max().unwrap_or(0)
    }

    /// The worst injury of the event that the article tells, for a hazard that only the headline names.
    pub(super) fn injury_of_article(&self, hazard: Hazard, lexicon: &Lexicon) -> u8 {
        let Some(layout) = self.layout.as_deref().filter(|layout| !layout.lists()) else { return 0 };
        if !hazard.is_safety() || hazard == Hazard::InformationSecurity {
            return 0;
        }
        let told = self.hurts.iter().take(HURTS_MAX).filter(|hurt| {
            let at = hurt.clause;
            let aside = layout.is_outside(at) || layout.tells_old(at) || layout.general(at) || layout.spares(at);
            hurt.judged.stance.counts() && !aside
        });
        told.map(|hurt| lexicon.injuries()[hurt.injury as usize].severity).max().unwrap_or(0)
    }

    /// Whether a notice names harm that nobody suffered: 存在划伤的风险.
    pub(super) fn only_feared(&self, clause: usize) -> bool {
        self.layout.as_ref().is_some_and(|layout| layout.lists() && layout.supposes(clause))
    }

    /// Whether a page only suspects what `group` finds: headline or lead doubt it, or its product is tied to it by doubt alone, and no
    /// sentence that settles the doubt tells it.
    pub(super) fn is_doubted(
        &self,
        group: &[&FoundHazard],
        category: Category,
        hazard: Hazard,
        lexicon: &Lexicon,
    ) -> bool {
        let Some(layout) = self.layout.as_deref() else { return false };
        if layout.lists() || group.iter().any(|found| layout.settles(found.clause)) {
            return false;
        }
        let Some(first) = group.iter().min_by_key(|found| found.from) else { return false };
        let headline = self.title.as_deref().is_some_and(|title| {
            title.found.iter().any(|found| {
                found.judged.stance == Stance::Suspected && lexicon.effects()[found.effect as usize].hazard == hazard
            })
        });
        let named = |clause: usize| {
            let low = self.products.partition_point(|named| named.clause < clause);
            let mut here = self.products[low..].iter().take_while(|named| named.clause == clause);
            here.any(|named| named.categories.has(category)) || group.iter().any(|found| found.clause == clause)
        };
        let doubts = |clause: &usize| layout.doubts(*clause) && !layout.is_outside(*clause) && named(*clause);
        let mut lead = (0..self.clauses.len().min(LEAD_CLAUSES_MAX)).filter(|at| layout.in_lead(*at));
        let tied = group.iter().any(|found| found.choice.is_some_and(|choice| choice.why <= Why::Sentence));
        first.judged.stance == Stance::Suspected && layout.doubts(first.clause)
            || headline
            || lead.any(|at| doubts(&at))
            || !tied && (0..self.clauses.len().min(DOUBT_CLAUSES_MAX)).any(|at| doubts(&at))
    }

    /// One event is one hazard: a fault that led to a fire, the smoke of a fire, the shards of what burst are told with it.
    pub(super) fn drop_told_already(&mut self, lexicon: &Lexicon) {
        let told = |found: &FoundHazard| {
            let layout = self.layout.as_deref();
            let category = found.choice?.category;
            let topic = layout.filter(|layout| !layout.lists()).and_then(|layout| layout.topic(found.clause));
            Some(Told {
                category,
                hazard: lexicon.effects()[found.effect as usize].hazard,
                sentence: self.clauses[found.clause].sentence,
                item: layout.map_or(0, |layout| layout.item(found.clause)),
                topic: topic.is_some_and(|topic| topic.category == category),
                by_flames: self.folded.chars[found.from..found.to].iter().any(|c| matches!(c, '烧' | '灼')),
                hurt: found.severity > 0,
            })
        };
        let counts = |found: &&FoundHazard| found.fate == Fate::Kept;
        let kept: Vec<Told> = self.found.iter().filter(counts).filter_map(told).take(TOLD_MAX).collect();
        let fire = self.found.iter().any(|found| lexicon.effects()[found.effect as usize].hazard == Hazard::Fire);
        let page = self.layout.as_deref();
        let is_told = |found: &FoundHazard| {
            let Some(this) = told(found) else { return false };
            let smoke = page.is_some_and(|layout| fire && layout.tells_smoke(found.clause));
            smoke && matches!(this.hazard, Hazard::Chemical | Hazard::Suffocation | Hazard::Illness)
                || kept.iter().any(|other| this.is_told_by(other, page.is_some()))
        };
        let drop: Vec<bool> = self.found.iter().map(|found| found.fate == Fate::Kept && is_told(found)).collect();
        for (found, drop) in self.found.iter_mut().zip(drop) {
            if drop {
                found.fate = Fate::ToldAlready;
            }
        }
    }
}

/// Characters of a date behind the place of a dateline, at most.
const DATELINE_CHARS: usize = 9;

/// Whether a place is that of an agency: 新华社北京1月3日电, 某报合肥讯.
fn is_dateline(chars: &[char], fact: &Fact) -> bool {
    let behind = &chars[fact.to.min(chars.len())..];
    let date = behind.iter().take(DATELINE_CHARS);
    let date = date.take_while(|c| c.is_ascii_digit() || matches!(c, '月' | '日' | ' ')).count();
    let agency = fact.from.checked_sub(1).and_then(|at| chars.get(at));
    let agency = agency.is_some_and(|c| matches!(c, '社' | '报' | '网' | '台' | '端'));
    matches!(behind.get(date), Some('电' | '讯')) && (date > 0 || agency)
}

/// Hazards of a text that are looked at for one event.
const TOLD_MAX: usize = 200;

/// A hazard that counts.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Told {
    category: Category,
    hazard: Hazard,
    sentence: usize,
    item: usize,
    /// Whether its product is what a page about one thing is about.
    topic: bool,
    /// Whether its words tell of flames, whether somebody was hurt.
    by_flames: bool,
    hurt: bool,
}

impl Told {
    /// Whether another hazard tells the event of this one.
    fn is_told_by(&self, other: &Self, page: bool) -> bool {
        let same = self.category == other.category && self.item == other.item;
        let sentence = self.sentence == other.sentence;
        if page && other.topic && !self.topic && self.hazard == other.hazard {
            return true;
        }
        match self.hazard {
            Hazard::Malfunction | Hazard::Other if page => {
                same && other.hazard.is_safety() && other.hazard != Hazard::Other
            }
            Hazard::Malfunction => same && sentence && other.hazard == Hazard::Fire,
            Hazard::Burn if page => same && other.hazard == Hazard::Fire && (self.by_flames || sentence && !self.hurt),
            Hazard::Cut if page => other.hazard == Hazard::Fire && self.item == other.item && (same || !self.topic),
            Hazard::Collapse if page => same && sentence && other.hazard == Hazard::Fire,
            _ => false,
        }
    }
}

/// The choice of what an item is about.
pub(super) fn of_topic(topic: Topic) -> Choice {
    Choice {
        category: topic.category,
        named: topic.named,
        why: if topic.named.is_some() { Why::Text } else { Why::Title },
    }
}
