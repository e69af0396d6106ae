//! What the text claims about a hazard: the cues around it, strongest first.

use lexicon::terms::{Coordination, Meaning};
use lexicon::{Brief, Lexicon, Reach};
use vocabulary::{Hazard, Stance};

use super::clauses::Clause;
use super::hits::Hit;
use super::normalise::Folded;
use super::work;

/// A cue that stands in the text, in folded characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CueHit {
    /// First character.
    pub from: usize,
    /// One past the last.
    pub to: usize,
    /// Index into [`Lexicon::cues`].
    pub cue: u32,
}

/// A stance and the cue behind it; none when nothing speaks against a plain claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// The stance.
    pub stance: Stance,
    /// The cue that decided.
    pub cue: Option<CueHit>,
    /// Negations that cancelled each other.
    pub cancelled: usize,
}

/// The cues of a text, in order: among overlapping surfaces the leftmost, longest one decides whether it is a cue at all.
pub(super) fn cues(hits: &[Hit], lexicon: &Lexicon) -> Vec<CueHit> {
    let mut found = Vec::new();
    let mut end = 0;
    for hit in hits {
        if hit.from < end || !hit.any(Brief::CUE) {
            continue;
        }
        let meanings = &lexicon.entries()[hit.entry as usize].meanings;
        let (from, to) = (hit.from as usize, hit.to as usize);
        let before = found.len();
        let mut blocked = false;
        for meaning in meanings {
            match meaning {
                Meaning::Cue(cue) => found.push(CueHit { from, to, cue: *cue }),
                Meaning::NoCue => blocked = true,
                _ => {}
            }
        }
        if blocked || found.len() > before {
            end = hit.to;
        }
    }
    found
}

/// Where a hazard stands, for judging it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// First character.
    pub(super) from: usize,
    /// One past the last.
    pub(super) to: usize,
    /// Index of its clause.
    pub(super) clause: usize,
    /// The hazard; none for an injury.
    pub(super) hazard: Option<Hazard>,
    /// The stance that the words themselves carry.
    pub(super) own: Option<Stance>,
}

/// Judges one hazard. Generic beats negated beats historic beats suspected; an even number of negations is none. `whole` are the cues
/// that speak for all of a page: any other cue with that reach speaks for its sentence. Without it every one of them counts.
pub(super) fn judge(
    place: Place,
    folded: &Folded,
    clauses: &[Clause],
    (cues, whole): (&[CueHit], Option<&[CueHit]>),
    lexicon: &Lexicon,
    platform: bool,
) -> Judged {
    let clause = &clauses[place.clause];
    let mut best: Option<(u8, CueHit, Stance)> = None;
    let mut negations: Vec<CueHit> = Vec::new();
    let mut voids: Vec<CueHit> = Vec::new();
    let near = cues_near(cues, clauses, clause).map(|hit| (hit, whole.is_none()));
    for (hit, for_all) in near.chain(whole.unwrap_or_default().iter().map(|hit| (hit, true))) {
        work::done(1);
        let cue = &lexicon.cues()[hit.cue as usize];
        let wanted = place.hazard.is_none_or(|hazard| cue.hazards & (1 << hazard as u32) != 0);
        // A denial inside the words is part of what they say (不新鲜); a doubt inside them still is one (学生疑似食物中毒).
        let inside = hit.from >= place.from && hit.to <= place.to;
        let doubt = cue.stance == Stance::Suspected;
        if !wanted || (inside && !doubt) || cue.platform.is_some_and(|with| with != platform) {
            continue;
        }
        let in_clause = hit.from >= clause.from && hit.to <= clause.to;
        // 不是漏电【就是】漏水: words behind the hazard may take the cue's force.
        let behind = |words: &[Box<str>]| {
            place.to < clause.to && {
                let rest = folded.slice(place.to, clause.to);
                words.iter().any(|word| rest.contains(&**word))
            }
        };
        if !cue.unless.is_empty() && behind(&cue.unless) {
            continue;
        }
        let applies = inside
            || match cue.reach {
                // A find may begin inside its own denial (没【有坏的】).
                Reach::Before if hit.from < place.from && hit.to > place.from => true,
                Reach::Before => {
                    in_clause
                        && hit.to <= place.from
                        && place.from - hit.to <= cue.chars
                        && !folded.chars[hit.to..place.from].iter().any(|between| cue.barrier.contains(*between))
                }
                Reach::Between => in_clause && hit.to <= place.from && behind(&cue.until),
                Reach::After => in_clause && hit.from >= place.to && hit.from - place.to <= cue.chars,
                Reach::Clause => in_clause,
                Reach::End => in_clause && hit.to + 1 >= clause.to,
                Reach::Text if for_all => true,
                Reach::Sentence | Reach::Text => {
                    clauses[super::clauses::at(clauses, hit.from)].sentence == clause.sentence
                }
            };
        if !applies {
            continue;
        }
        if cue.stance == Stance::Asserted {
            voids.push(*hit);
            continue;
        }
        if cue.stance == Stance::Negated && cue.reach == Reach::Before {
            negations.push(*hit);
            continue;
        }
        let weight = weight(cue.stance);
        if best.is_none_or(|(best, ..)| weight > best) {
            best = Some((weight, *hit, cue.stance));
        }
    }
    // 不漏电才怪, 不是漏电就是冒烟: a cue that asserts takes the force of the denial in its own words.
    negations.retain(|denial| !voids.iter().any(|void| denial.from < void.to && void.from < denial.to));
    let doubled = doubled(&negations);
    let cancelled = doubled / 2 * 2;
    if doubled % 2 == 1 && best.is_none_or(|(best, ..)| weight(Stance::Negated) > best) {
        best = negations.last().map(|hit| (weight(Stance::Negated), *hit, Stance::Negated));
    }
    match best {
        Some((_, cue, stance)) => Judged { stance, cue: Some(cue), cancelled },
        None => Judged { stance: place.own.unwrap_or(Stance::Asserted), cue: None, cancelled },
    }
}

/// What is said of one listed thing holds for all of them: 没有漏电、漏水和异响; 怕漏电或者冒烟; 漏水、异响都没有. `places` are the hazards
/// of a text in its order, each with what was judged of it alone; a hazard whose own words carry a stance keeps it.
pub(super) fn coordinate(places: &mut [(Place, &mut Judged)], folded: &Folded, clauses: &[Clause], lexicon: &Lexicon) {
    let listing = lexicon.coordination();
    if listing.links.is_empty() || places.len() < 2 {
        return;
    }
    let plain = |(place, judged): &(Place, &mut Judged)| judged.cue.is_none() && place.own.is_none();
    let speaks_of = |cue: CueHit, place: &Place| {
        place.hazard.is_none_or(|hazard| lexicon.cues()[cue.cue as usize].hazards & (1 << hazard as u32) != 0)
    };
    // From left to right with what stands in front of a list, then from right to left with what stands behind it. Several
    // rules may find the same words: the neighbour is the nearest place that does not overlap.
    for at in 1..places.len() {
        let (earlier, later) = places.split_at_mut(at);
        let second = &mut later[0];
        let mut near = earlier.iter().rev().take(NEIGHBOURS_MAX);
        if plain(second)
            && let Some(first) = near.find(|first| first.0.to <= second.0.from)
            && let Some(cue) = first.1.cue
            && lexicon.cues()[cue.cue as usize].reach == Reach::Before
            && cue.to <= first.0.from
            && speaks_of(cue, &second.0)
            && listed(&first.0, &second.0, folded, clauses, listing)
        {
            *second.1 = *first.1;
        }
    }
    for at in (1..places.len()).rev() {
        let (earlier, later) = places.split_at_mut(at);
        let first = &mut earlier[at - 1];
        let mut near = later.iter().take(NEIGHBOURS_MAX);
        if plain(first)
            && let Some(second) = near.find(|second| first.0.to <= second.0.from)
            && let Some(cue) = second.1.cue
            && lexicon.cues()[cue.cue as usize].reach == Reach::After
            && cue.from >= second.0.to
            && speaks_of(cue, &first.0)
            && listed(&first.0, &second.0, folded, clauses, listing)
        {
            *first.1 = *second.1;
        }
    }
}

/// Finds beside a hazard that are looked at for its neighbour in a list.
const NEIGHBOURS_MAX: usize = 12;

/// Whether two hazards are things of one list.
fn listed(first: &Place, second: &Place, folded: &Folded, clauses: &[Clause], listing: &Coordination) -> bool {
    /// Characters between two listed things, others of the list included.
    const BETWEEN_MAX: usize = 24;
    if second.from < first.to || second.from - first.to > BETWEEN_MAX {
        return false;
    }
    if first.clause == second.clause {
        return links(folded.slice(first.to, second.from), listing);
    }
    // 没有漏电，漏水，异响等问题: over commas only where the list is closed in so many words.
    let sentence = clauses[first.clause].sentence;
    let closed = |at: usize| {
        let clause = &clauses[at];
        let behind = if at == second.clause { second.to } else { clause.from };
        let rest = folded.slice(behind.min(clause.to), clause.to);
        listing
            .closes
            .iter()
            .any(|word| if at == second.clause { rest.starts_with(&**word) } else { rest.contains(&**word) })
    };
    let same = |at: &usize| clauses[*at].sentence == sentence;
    let bare = |place: &Place, clause: &Clause| place.from == clause.from && place.to <= clause.to;
    second.clause == first.clause + 1
        && clauses[second.clause].sentence == sentence
        && bare(second, &clauses[second.clause])
        && folded.slice(first.to, clauses[first.clause].to).chars().count() <= 2
        && (second.clause..clauses.len()).take(LIST_CLAUSES_MAX).take_while(same).any(closed)
}

/// Clauses that one list parted by commas may have.
const LIST_CLAUSES_MAX: usize = 6;

/// Whether the words between two things are those of a list: 、 / 现象和 / 、掉漆、.
pub(super) fn links(between: &str, listing: &Coordination) -> bool {
    /// Longest thing of a list that is no hazard, in characters.
    const THING_CHARS: usize = 6;
    let cut = |text: &str, words: &[Box<str>], front: bool| -> Option<usize> {
        words
            .iter()
            .filter(|word| if front { text.starts_with(&***word) } else { text.ends_with(&***word) })
            .map(|word| word.len())
            .max()
    };
    let mut rest = between;
    rest = &rest[cut(rest, &listing.tails, true).unwrap_or(0)..];
    let Some(link) = cut(rest, &listing.links, true) else { return false };
    rest = &rest[link..];
    rest = &rest[..rest.len() - cut(rest, &listing.heads, false).unwrap_or(0)];
    if rest.is_empty() {
        return true;
    }
    // Other things of the list stand between: short, without marks of their own, parted by 、.
    let Some(rest) = rest.strip_suffix(|last| "、和或及与".contains(last)) else { return false };
    rest.split('、').all(|thing| {
        let length = thing.chars().count();
        (1..=THING_CHARS).contains(&length) && thing.chars().all(char::is_alphanumeric)
    })
}

/// How many denials in front of a hazard touch one another, counted from the nearest: 不会不漏 holds two, 不鼓包不发烫 one.
fn doubled(negations: &[CueHit]) -> usize {
    let touching = negations.windows(2).rev().take_while(|pair| pair[1].from <= pair[0].to).count();
    touching + usize::from(!negations.is_empty())
}

/// Cues within a bounded distance of a clause: its own, its sentence's, and the text's first and last.
fn cues_near<'a>(cues: &'a [CueHit], _clauses: &[Clause], clause: &Clause) -> impl Iterator<Item = &'a CueHit> {
    /// Characters to each side of the clause; a sentence or text cue farther off is too far to speak about it.
    const SIDE: usize = 200;
    let low = cues.partition_point(|cue| cue.from + SIDE < clause.from);
    let high = cues.partition_point(|cue| cue.from < clause.to + SIDE);
    cues[low..high.max(low)].iter()
}

fn weight(stance: Stance) -> u8 {
    match stance {
        Stance::Generic => 4,
        Stance::Negated => 3,
        Stance::Historic => 2,
        Stance::Suspected => 1,
        Stance::Asserted => 0,
    }
}
