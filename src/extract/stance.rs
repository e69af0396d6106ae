//! What the text claims about a hazard: the cues around it, strongest first.

use crate::lexicon::terms::Meaning;
use crate::lexicon::{Lexicon, Reach};
use crate::vocabulary::{Hazard, Stance};

use super::clauses::Clause;
use super::normalise::Folded;
use super::scan::Hits;

/// A cue that stands in the text, in folded characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CueHit {
    /// First character.
    pub(super) from: usize,
    /// One past the last.
    pub(super) to: usize,
    /// Index into [`Lexicon::cues`].
    pub(super) cue: u32,
}

/// A stance and the cue behind it; none when nothing speaks against a plain claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    /// The stance.
    pub(super) stance: Stance,
    /// The cue that decided.
    pub(super) cue: Option<CueHit>,
    /// Negations that cancelled each other.
    pub(super) cancelled: usize,
}

/// The cues of a text, in order: among overlapping surfaces the leftmost, longest one decides whether it is a cue at all.
pub(super) fn cues(hits: &Hits, lexicon: &Lexicon) -> Vec<CueHit> {
    let mut found = Vec::new();
    let mut end = 0;
    for hit in &hits.all {
        if hit.from < end {
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

/// Judges one hazard. Generic beats negated beats historic beats suspected; an even number of negations is none.
pub(super) fn judge(
    place: Place,
    folded: &Folded,
    clauses: &[Clause],
    cues: &[CueHit],
    lexicon: &Lexicon,
    platform: bool,
) -> Judged {
    let clause = &clauses[place.clause];
    let mut best: Option<(u8, CueHit, Stance)> = None;
    let mut negations: Vec<CueHit> = Vec::new();
    for hit in cues_near(cues, clauses, clause) {
        let cue = &lexicon.cues()[hit.cue as usize];
        let wanted = place.hazard.is_none_or(|hazard| cue.hazards & (1 << hazard as u32) != 0);
        // A denial inside the words is part of what they say (不新鲜); a doubt inside them still is one (学生疑似食物中毒).
        let inside = hit.from >= place.from && hit.to <= place.to;
        let doubt = cue.stance == Stance::Suspected;
        if !wanted || (inside && !doubt) || cue.platform.is_some_and(|with| with != platform) {
            continue;
        }
        let in_clause = hit.from >= clause.from && hit.to <= clause.to;
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
                Reach::After => in_clause && hit.from >= place.to && hit.from - place.to <= cue.chars,
                Reach::Clause => in_clause,
                Reach::End => in_clause && hit.to + 1 >= clause.to,
                Reach::Sentence => clauses[super::clauses::at(clauses, hit.from)].sentence == clause.sentence,
                Reach::Text => true,
            };
        if !applies {
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
