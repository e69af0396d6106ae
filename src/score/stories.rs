//! Which documents retell one text (同源报道). Causal: a document's story depends only on what was seen before it.

use std::collections::HashMap;

use super::days::Day;
use vocabulary::Fingerprint;

/// Lanes that must agree for two texts to be compared. A copy of a third of a text agrees in five lanes of 16 on average, and in
/// fewer than two once in 70.
const LANES_MET_MIN: usize = 2;
/// Newest texts looked at per value of a lane; older ones of the same wording have left the story window long before.
const BUCKET_MAX: usize = 64;
/// Similarity from which a long text that a paper prints is the reprint of another, however long ago that was: 15 of 16 lanes.
const REPRINT_SIMILARITY: f64 = 0.9;
/// No text: the end of a chain.
const NONE: u32 = u32::MAX;

/// Number of a story in the order of first sight.
pub(super) type StoryId = u32;

/// First and last day of a story.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: Day,
    last: Day,
}

/// A text to compare with, and how it is told.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Text {
    story: StoryId,
    print: Fingerprint,
    told: Told,
}

/// What of a document decides how alike another must be to retell it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Told {
    /// Whether a paper printed it: then between it and another such text less similarity is enough.
    pub(super) press: bool,
    /// Whether it is an article that a paper printed, not a headline or a few lines: the same words tell of the same case, however late.
    pub(super) article: bool,
    /// Two digits of the province that it tells of; 0 when none is named.
    pub(super) province: u32,
}

impl Told {
    /// Whether papers printed both, and nothing says that they tell of two places.
    fn rewrites(self, other: Self) -> bool {
        let one_place = self.province == other.province || self.province == 0 || other.province == 0;
        self.press && other.press && one_place
    }
}

/// Assigns stories, one document after the other. Texts that agree in a lane form a chain, newest first. All of it is plain numbers, so
/// that a copy is cheap.
#[derive(Debug, Clone)]
pub(super) struct Stories {
    window_days: i32,
    similarity: f64,
    press_similarity: f64,
    spans: Vec<Span>,
    texts: Vec<Text>,
    /// By text and lane, the text before it in the same chain.
    before: Vec<[u32; Fingerprint::LANES]>,
    /// The newest text of each chain. Looked up by key only: the order of the map never matters.
    newest: HashMap<LaneValue, u32>,
}

/// A lane and its value.
type LaneValue = (u32, u32);

impl Stories {
    pub(super) fn new(window_days: u32, similarity: f64, press_similarity: f64) -> Self {
        let window_days = i32::try_from(window_days).unwrap_or(i32::MAX);
        let (spans, texts, before, newest) = (Vec::new(), Vec::new(), Vec::new(), HashMap::new());
        Self { window_days, similarity, press_similarity, spans, texts, before, newest }
    }

    /// The story of a document that was not met before, and the day that it belongs to: its own, or the first of its story where it is the
    /// reprint of an article that is older than stories last.
    pub(super) fn assign(&mut self, fingerprint: &Fingerprint, day: Day, told: Told) -> (StoryId, Day) {
        let found = if fingerprint.says_nothing() { None } else { self.retold(fingerprint, day, told) };
        let story = found.unwrap_or_else(|| {
            self.spans.push(Span { first: day, last: day });
            id(self.spans.len() - 1)
        });
        let span = &mut self.spans[story as usize];
        let is_reprint = day - span.last > self.window_days;
        let day = if is_reprint { span.first } else { day };
        *span = Span { first: span.first.min(day), last: span.last.max(day) };
        if !fingerprint.says_nothing() {
            self.remember(Text { story, print: *fingerprint, told });
        }
        (story, day)
    }

    /// The story most of which is shared and whose days lie near enough, or whose article is printed again; the older one when two share as much.
    fn retold(&self, fingerprint: &Fingerprint, day: Day, told: Told) -> Option<StoryId> {
        let mut best: Option<(f64, StoryId)> = None;
        for value in lanes(fingerprint) {
            for other in self.chain(value) {
                let Span { first, last } = self.spans[other.story as usize];
                let is_reprint = day - last > self.window_days && told.article && other.told.article;
                if !is_reprint && (day - last > self.window_days || first - day > self.window_days) {
                    continue;
                }
                if fingerprint.alike(&other.print) < LANES_MET_MIN {
                    continue;
                }
                let rewritten = || {
                    let similarity = Some(fingerprint.similarity(&other.print));
                    let enough = told.rewrites(other.told) && !fingerprint.other_numbers(&other.print);
                    similarity.filter(|similarity| enough && *similarity >= self.press_similarity)
                };
                let found = if is_reprint {
                    let similarity = fingerprint.similarity(&other.print);
                    (similarity >= REPRINT_SIMILARITY && !fingerprint.other_numbers(&other.print)).then_some(similarity)
                } else {
                    fingerprint.retold(&other.print, self.similarity).or_else(rewritten)
                };
                let Some(shared) = found else { continue };
                let better =
                    best.is_none_or(|(so_far, chosen)| shared > so_far || (shared >= so_far && other.story < chosen));
                if better {
                    best = Some((shared, other.story));
                }
            }
        }
        best.map(|(_, story)| story)
    }

    /// The newest texts of one value of a lane.
    fn chain(&self, value: LaneValue) -> impl Iterator<Item = &Text> {
        let exists = |number: u32| (number != NONE).then_some(number);
        let begin = self.newest.get(&value).copied();
        let lane = value.0 as usize;
        let numbers = std::iter::successors(begin, move |number| exists(self.before[*number as usize][lane]));
        numbers.take(BUCKET_MAX).map(|number| &self.texts[number as usize])
    }

    fn remember(&mut self, text: Text) {
        let number = id(self.texts.len());
        let mut before = [NONE; Fingerprint::LANES];
        let mut kept = false;
        for value in lanes(&text.print) {
            // A word-for-word reprint brings nothing new to compare with.
            if self.chain(value).any(|known| *known == text) {
                continue;
            }
            before[value.0 as usize] = self.newest.insert(value, number).unwrap_or(NONE);
            kept = true;
        }
        if kept {
            self.texts.push(text);
            self.before.push(before);
        }
    }
}

fn lanes(fingerprint: &Fingerprint) -> impl Iterator<Item = LaneValue> + '_ {
    (0..).zip(fingerprint.lanes)
}

fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seed: u32, changed: usize) -> Fingerprint {
        let lane = |index: usize| seed.wrapping_mul(0x9E37_79B9) ^ (u32::try_from(index).expect("small") * 0x85EB);
        Fingerprint::of_lanes(std::array::from_fn(
            |index| if index < changed { lane(index) ^ 0xFFFF } else { lane(index) },
        ))
    }

    const SAID: Told = Told { press: false, article: false, province: 0 };
    const PRINTED: Told = Told { press: true, article: false, province: 0 };
    const ARTICLE: Told = Told { press: true, article: true, province: 0 };

    #[test]
    fn a_reprint_within_two_weeks_of_the_latest_one_joins_the_story() {
        let mut stories = Stories::new(14, 0.7, 0.45);
        let (first, _) = stories.assign(&text(1, 0), 100, SAID);
        assert_eq!(stories.assign(&text(1, 3), 110, SAID), (first, 110), "13 of 16 lanes agree");
        assert_eq!(stories.assign(&text(1, 0), 124, SAID), (first, 124), "14 days after b");
        assert_ne!(stories.assign(&text(1, 0), 139, SAID).0, first, "15 days after c");
    }

    #[test]
    fn the_reprint_of_an_old_article_keeps_its_first_day() {
        for (told, changed, same) in
            [(ARTICLE, 0, true), (ARTICLE, 1, true), (ARTICLE, 3, false), (PRINTED, 0, false), (SAID, 0, false)]
        {
            let mut stories = Stories::new(14, 0.7, 0.45);
            let (first, _) = stories.assign(&text(1, 0), 100, told);
            let (story, day) = stories.assign(&text(1, changed), 2_000, told);
            assert_eq!((story == first, day == 100), (same, same), "{told:?} {changed}");
            assert_eq!(stories.assign(&text(1, changed), 2_000, told).1, day, "and so do those after it");
        }
        let mut stories = Stories::new(14, 0.7, 0.45);
        let (first, _) = stories.assign(&text(1, 0), 2_000, ARTICLE);
        assert_ne!(
            stories.assign(&text(1, 0), 100, ARTICLE).0,
            first,
            "what is older was not known when the first was counted"
        );
    }

    #[test]
    fn different_texts_are_different_stories() {
        let mut stories = Stories::new(14, 0.7, 0.45);
        let (first, _) = stories.assign(&text(1, 0), 100, SAID);
        assert_ne!(stories.assign(&text(2, 0), 100, SAID).0, first);
        assert_ne!(stories.assign(&text(1, 5), 100, SAID).0, first, "11 of 16 lanes are too few");
    }

    #[test]
    fn papers_that_rewrite_half_of_a_story_retell_it_and_two_complaints_do_not() {
        for (told, same) in [(PRINTED, true), (ARTICLE, true), (SAID, false)] {
            let mut stories = Stories::new(14, 0.7, 0.45);
            let (first, _) = stories.assign(&text(1, 0), 100, PRINTED);
            assert_eq!(stories.assign(&text(1, 8), 101, told).0 == first, same);
        }
    }

    #[test]
    fn papers_that_write_alike_of_two_provinces_tell_two_stories() {
        let of = |province| Told { province, ..PRINTED };
        for (changed, province, same) in [(8, 51, false), (8, 33, true), (8, 0, true), (2, 51, true)] {
            let mut stories = Stories::new(14, 0.7, 0.45);
            let (first, _) = stories.assign(&text(1, 0), 100, of(33));
            assert_eq!(stories.assign(&text(1, changed), 100, of(province)).0 == first, same, "{changed} {province}");
        }
    }

    #[test]
    fn texts_too_short_for_a_fingerprint_never_echo_one_another() {
        let mut stories = Stories::new(14, 0.7, 0.45);
        let empty = Fingerprint::of_lanes([u32::MAX; Fingerprint::LANES]);
        let (first, _) = stories.assign(&empty, 1, SAID);
        assert_ne!(stories.assign(&empty, 1, SAID).0, first);
    }

    #[test]
    fn a_hundred_thousand_documents_are_sorted_into_stories_without_comparing_all_pairs() {
        let mut stories = Stories::new(14, 0.7, 0.45);
        for index in 0..100_000_u32 {
            stories.assign(&text(index / 10, 0), i32::try_from(index / 500).expect("small"), SAID);
        }
        assert_eq!(stories.spans.len(), 10_000);
    }
}
