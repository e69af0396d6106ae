//! Which documents retell one text (同源报道). Causal: a document's story depends only on what was seen before it.

use std::collections::HashMap;

use super::days::Day;
use vocabulary::Fingerprint;

/// Lanes that must agree for two texts to be compared at all. With 8 bands of 2 a pair of similarity 0.75 is missed once in 750.
const BAND_LANES: usize = 2;
const BANDS: usize = Fingerprint::LANES / BAND_LANES;
/// Newest texts looked at per band value; older ones of the same wording have left the story window long before.
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

/// A text to compare with, and whether a paper printed it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Text {
    story: StoryId,
    print: Fingerprint,
    press: Press,
}

/// Whether a paper printed a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Press {
    No,
    /// A headline or a few lines: the same words may tell of another case.
    Short,
    /// An article: the same words tell of the same case.
    Long,
}

/// Assigns stories, one document after the other. Texts of one band value form a chain, newest first. All of it is plain numbers, so
/// that a copy is cheap.
#[derive(Debug, Clone)]
pub(super) struct Stories {
    window_days: i32,
    similarity: f64,
    press_similarity: f64,
    spans: Vec<Span>,
    texts: Vec<Text>,
    /// By text and band, the text before it in the same chain.
    before: Vec<[u32; BANDS]>,
    /// The newest text of each chain. Looked up by key only: the order of the map never matters.
    newest: HashMap<BandValue, u32>,
}

/// A band and the value of its lanes.
type BandValue = (u32, [u32; BAND_LANES]);

impl Stories {
    pub(super) fn new(window_days: u32, similarity: f64, press_similarity: f64) -> Self {
        let window_days = i32::try_from(window_days).unwrap_or(i32::MAX);
        let (spans, texts, before, newest) = (Vec::new(), Vec::new(), Vec::new(), HashMap::new());
        Self { window_days, similarity, press_similarity, spans, texts, before, newest }
    }

    /// The story of a document that was not met before, and the day that it belongs to: its own, or that of its story where it is the reprint
    /// of an article that is older than stories last. `press`: a paper printed it, so that between it and another such text less similarity is
    /// enough.
    pub(super) fn assign(&mut self, fingerprint: &Fingerprint, day: Day, press: Press) -> (StoryId, Day) {
        let found = if says_nothing(fingerprint) { None } else { self.retold(fingerprint, day, press) };
        let story = found.unwrap_or_else(|| {
            self.spans.push(Span { first: day, last: day });
            id(self.spans.len() - 1)
        });
        let span = &mut self.spans[story as usize];
        let is_reprint = day - span.last > self.window_days;
        let day = if is_reprint { span.first } else { day };
        *span = Span { first: span.first.min(day), last: span.last.max(day) };
        if !says_nothing(fingerprint) {
            self.remember(Text { story, print: *fingerprint, press });
        }
        (story, day)
    }

    /// The most similar story whose days lie near enough; the older one when two are equally similar.
    fn retold(&self, fingerprint: &Fingerprint, day: Day, press: Press) -> Option<StoryId> {
        let mut best: Option<(f64, StoryId)> = None;
        for (band, value) in bands(fingerprint).enumerate() {
            for other in self.chain(band, value) {
                let Span { first, last } = self.spans[other.story as usize];
                let is_reprint = day - last > self.window_days && (press, other.press) == (Press::Long, Press::Long);
                if !is_reprint && (day - last > self.window_days || first - day > self.window_days) {
                    continue;
                }
                let similarity = fingerprint.similarity(&other.print);
                let enough = match (press, other.press) {
                    _ if is_reprint => REPRINT_SIMILARITY,
                    (Press::No, _) | (_, Press::No) => self.similarity,
                    _ => self.press_similarity,
                };
                let better = best.is_none_or(|(so_far, chosen)| {
                    similarity > so_far || (similarity >= so_far && other.story < chosen)
                });
                if similarity >= enough && better {
                    best = Some((similarity, other.story));
                }
            }
        }
        best.map(|(_, story)| story)
    }

    /// The newest texts of one band value.
    fn chain(&self, band: usize, value: BandValue) -> impl Iterator<Item = &Text> {
        let exists = |number: u32| (number != NONE).then_some(number);
        let begin = self.newest.get(&value).copied();
        let numbers = std::iter::successors(begin, move |number| exists(self.before[*number as usize][band]));
        numbers.take(BUCKET_MAX).map(|number| &self.texts[number as usize])
    }

    fn remember(&mut self, text: Text) {
        let number = id(self.texts.len());
        let mut before = [NONE; BANDS];
        let mut kept = false;
        for (band, value) in bands(&text.print).enumerate() {
            // A word-for-word reprint brings nothing new to compare with.
            if self.chain(band, value).any(|known| *known == text) {
                continue;
            }
            before[band] = self.newest.insert(value, number).unwrap_or(NONE);
            kept = true;
        }
        if kept {
            self.texts.push(text);
            self.before.push(before);
        }
    }
}

/// A text too short to have shingles leaves every lane at its start value: such texts do not resemble one another.
fn says_nothing(fingerprint: &Fingerprint) -> bool {
    fingerprint.0.iter().all(|lane| *lane == fingerprint.0[0])
}

fn bands(fingerprint: &Fingerprint) -> impl Iterator<Item = BandValue> + '_ {
    let lanes = fingerprint.0.chunks_exact(BAND_LANES);
    (0..).zip(lanes).map(|(band, lanes)| (band, [lanes[0], lanes[1]]))
}

fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seed: u32, changed: usize) -> Fingerprint {
        let lane = |index: usize| seed.wrapping_mul(0x9E37_79B9) ^ (u32::try_from(index).expect("small") * 0x85EB);
        Fingerprint(std::array::from_fn(|index| if index < changed { lane(index) ^ 0xFFFF } else { lane(index) }))
    }

    #[test]
    fn a_reprint_within_two_weeks_of_the_latest_one_joins_the_story() {
        let mut stories = Stories::new(14, 0.7, 0.45);
        let (first, _) = stories.assign(&text(1, 0), 100, Press::No);
        assert_eq!(stories.assign(&text(1, 3), 110, Press::No), (first, 110), "13 of 16 lanes agree");
        assert_eq!(stories.assign(&text(1, 0), 124, Press::No), (first, 124), "14 days after b");
        assert_ne!(stories.assign(&text(1, 0), 139, Press::No).0, first, "15 days after c");
    }

    #[test]
    fn the_reprint_of_an_old_article_keeps_its_first_day() {
        for (press, changed, same) in [
            (Press::Long, 0, true),
            (Press::Long, 1, true),
            (Press::Long, 3, false),
            (Press::Short, 0, false),
            (Press::No, 0, false),
        ] {
            let mut stories = Stories::new(14, 0.7, 0.45);
            let (first, _) = stories.assign(&text(1, 0), 100, press);
            let (story, day) = stories.assign(&text(1, changed), 2_000, press);
            assert_eq!((story == first, day == 100), (same, same), "{press:?} {changed}");
            assert_eq!(stories.assign(&text(1, changed), 2_000, press).1, day, "and so do those after it");
        }
        let mut stories = Stories::new(14, 0.7, 0.45);
        let (first, _) = stories.assign(&text(1, 0), 2_000, Press::Long);
        assert_ne!(
            stories.assign(&text(1, 0), 100, Press::Long).0,
            first,
            "what is older was not known when the first was counted"
        );
    }

    #[test]
    fn different_texts_are_different_stories() {
        let mut stories = Stories::new(14, 0.7, 0.45);
        let first = stories.assign(&text(1, 0), 100, Press::No);
        assert_ne!(stories.assign(&text(2, 0), 100, Press::No), first);
        assert_ne!(stories.assign(&text(1, 5), 100, Press::No), first, "11 of 16 lanes are too few");
    }

    #[test]
    fn papers_that_rewrite_half_of_a_story_retell_it_and_two_complaints_do_not() {
        for (press, same) in [(Press::Short, true), (Press::Long, true), (Press::No, false)] {
            let mut stories = Stories::new(14, 0.7, 0.45);
            let (first, _) = stories.assign(&text(1, 0), 100, Press::Short);
            assert_eq!(stories.assign(&text(1, 8), 101, press).0 == first, same);
        }
    }

    #[test]
    fn texts_too_short_for_a_fingerprint_never_echo_one_another() {
        let mut stories = Stories::new(14, 0.7, 0.45);
        let empty = Fingerprint([u32::MAX; Fingerprint::LANES]);
        let first = stories.assign(&empty, 1, Press::No);
        assert_ne!(stories.assign(&empty, 1, Press::No), first);
    }

    #[test]
    fn a_hundred_thousand_documents_are_sorted_into_stories_without_comparing_all_pairs() {
        let mut stories = Stories::new(14, 0.7, 0.45);
        for index in 0..100_000_u32 {
            stories.assign(&text(index / 10, 0), i32::try_from(index / 500).expect("small"), Press::No);
        }
        assert_eq!(stories.spans.len(), 10_000);
    }
}
