//! Which documents retell one text (同源), decided as they are put into the index: by what was put before, in log order.

use std::collections::VecDeque;

use vocabulary::Fingerprint;

/// Most texts remembered; what retells an older one begins a story of its own.
pub const STORY_TEXTS_MAX: usize = 200_000;
/// Days between a text and the last one of its story, at most.
pub const STORY_DAYS_MAX: i64 = 14;
/// Lanes that must agree, of [`Fingerprint::LANES`]: three quarters, about the share at which the scorer sees a reprint.
const LANES_ALIKE_MIN: usize = 12;
/// Lanes that must agree for two texts to be compared at all.
const BAND_LANES: usize = 2;
const BANDS: usize = Fingerprint::LANES / BAND_LANES;
/// Values that a pair of lanes of one byte each can take.
const BAND_VALUES: usize = 1 << 16;
/// No text: the end of a chain.
const NONE: u64 = u64::MAX;
/// Newest texts looked at for one pair of lanes.
const BUCKET_MAX: usize = 32;

/// One byte of each lane of a fingerprint: two texts that have nothing in common agree in one of 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Print([u8; Fingerprint::LANES]);

impl Print {
    pub(super) fn of(fingerprint: &Fingerprint) -> Self {
        Self(fingerprint.0.map(|lane| lane.to_le_bytes()[0]))
    }

    /// As two numbers, for two columns.
    pub(super) fn halves(self) -> [u64; 2] {
        let (halves, _) = self.0.as_chunks::<8>();
        [halves[0], halves[1]].map(u64::from_le_bytes)
    }

    pub(super) fn from_halves(halves: [u64; 2]) -> Self {
        let mut lanes = [0; Fingerprint::LANES];
        for (half, lanes) in halves.iter().zip(lanes.chunks_exact_mut(8)) {
            lanes.copy_from_slice(&half.to_le_bytes());
        }
        Self(lanes)
    }

    fn alike(self, other: Self) -> usize {
        self.0.iter().zip(other.0).filter(|(a, b)| **a == *b).count()
    }

    /// A text too short to have shingles leaves every lane alike: such texts do not resemble one another.
    fn says_nothing(self) -> bool {
        self.0.iter().all(|lane| *lane == self.0[0])
    }

    /// Number of the bucket of each pair of lanes, over all bands.
    fn buckets(self) -> [usize; BANDS] {
        let (pairs, _) = self.0.as_chunks::<BAND_LANES>();
        std::array::from_fn(|band| band * BAND_VALUES + usize::from(u16::from_le_bytes(pairs[band])))
    }
}

/// A text that later ones are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StoryText {
    pub(super) position: u64,
    pub(super) story: u64,
    pub(super) print: Print,
    /// Day of event time, when it has one.
    pub(super) day: Option<i64>,
}

/// The newest texts. Those that agree in a pair of lanes form a chain, newest first: one number a text and band, and no
/// allocation while texts come in.
#[derive(Debug)]
pub(super) struct Stories {
    texts: VecDeque<Link>,
    /// Number of `texts[0]`, counted from the first ever.
    first: u64,
    /// Number of the newest text of every bucket, [`NONE`] before there is one. What it names may be forgotten by now.
    newest: Vec<u64>,
}

/// A text and, for each band, the number of the text before it in the same bucket.
#[derive(Debug)]
struct Link {
    text: StoryText,
    before: [u64; BANDS],
}

impl Default for Stories {
    fn default() -> Self {
        Self { texts: VecDeque::new(), first: 0, newest: vec![NONE; BANDS * BAND_VALUES] }
    }
}

impl Stories {
    /// What was put before, in log order.
    pub(super) fn after(text: impl IntoIterator<Item = StoryText>) -> Self {
        let mut stories = Self::default();
        for text in text {
            stories.remember(text);
        }
        stories
    }

    /// The story of a text at this position: that of the most similar one, the older of equals; else a new one, named by
    /// the position.
    pub(super) fn assign(&mut self, position: u64, print: Print, day: Option<i64>) -> u64 {
        let story = if print.says_nothing() { None } else { self.story_of(print, day) };
        let story = story.unwrap_or(position);
        self.remember(StoryText { position, story, print, day });
        story
    }

    fn story_of(&self, print: Print, day: Option<i64>) -> Option<u64> {
        let near = |text: &StoryText| match (day, text.day) {
            (Some(day), Some(other)) => day.abs_diff(other) <= STORY_DAYS_MAX.unsigned_abs(),
            _ => true,
        };
        let texts = print.buckets().into_iter().enumerate().flat_map(|(band, bucket)| self.chain(band, bucket));
        let alike = texts.filter(|text| near(text)).map(|text| (text.print.alike(print), text.story));
        let best = alike.filter(|(alike, _)| *alike >= LANES_ALIKE_MIN);
        best.max_by_key(|&(alike, story)| (alike, std::cmp::Reverse(story))).map(|(_, story)| story)
    }

    /// The newest texts of one bucket that are still remembered, at most [`BUCKET_MAX`].
    fn chain(&self, band: usize, bucket: usize) -> impl Iterator<Item = &StoryText> {
        let begin = self.link(self.newest[bucket]);
        std::iter::successors(begin, move |link| self.link(link.before[band])).take(BUCKET_MAX).map(|link| &link.text)
    }

    fn link(&self, number: u64) -> Option<&Link> {
        usize::try_from(number.checked_sub(self.first)?).ok().and_then(|at| self.texts.get(at))
    }

    fn remember(&mut self, text: StoryText) {
        if text.print.says_nothing() {
            return;
        }
        self.forget(STORY_TEXTS_MAX - 1);
        let number = self.first + self.texts.len() as u64;
        let before = text.print.buckets().map(|bucket| std::mem::replace(&mut self.newest[bucket], number));
        self.texts.push_back(Link { text, before });
    }

    /// Keeps at most so many texts, the newest.
    fn forget(&mut self, keep: usize) {
        while self.texts.len() > keep {
            self.texts.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(seed: u32, changed: usize) -> Print {
        let lane =
            |lane: usize| seed.wrapping_mul(0x9E37_79B9).rotate_left(7) ^ (u32::try_from(lane).expect("small") * 37);
        Print::of(&Fingerprint(std::array::from_fn(|at| if at < changed { !lane(at) } else { lane(at) })))
    }

    #[test]
    fn a_reprint_within_two_weeks_joins_and_a_later_or_other_text_does_not() {
        let mut stories = Stories::default();
        assert_eq!(stories.assign(1, print(1, 0), Some(100)), 1);
        assert_eq!(stories.assign(2, print(1, 4), Some(114)), 1, "12 of 16 lanes agree");
        let mut alone = Stories::after([StoryText { position: 1, story: 1, print: print(1, 0), day: Some(100) }]);
        assert_eq!(alone.assign(3, print(1, 5), Some(100)), 3, "11 are too few");
        assert_eq!(stories.assign(4, print(2, 0), Some(100)), 4);
        assert_eq!(stories.assign(5, print(2, 0), Some(115)), 5, "15 days later");
        assert_eq!(stories.assign(6, print(2, 0), None), 4, "without a day, the older of equals");
    }

    #[test]
    fn texts_without_words_never_echo_one_another() {
        let mut stories = Stories::default();
        let empty = Print::of(&Fingerprint([u32::MAX; Fingerprint::LANES]));
        assert_eq!((stories.assign(1, empty, None), stories.assign(2, empty, None)), (1, 2));
    }

    #[test]
    fn a_print_survives_its_columns() {
        assert_eq!(Print::from_halves(print(7, 3).halves()), print(7, 3));
    }

    #[test]
    fn only_the_newest_texts_are_remembered() {
        let mut stories = Stories::default();
        for at in 0..10 {
            stories.remember(StoryText { position: at, story: at, print: print(1, 0), day: None });
        }
        stories.forget(4);
        assert_eq!((stories.texts.len(), stories.first), (4, 6));
        assert!(stories.link(5).is_none() && stories.link(6).is_some() && stories.link(10).is_none());
        assert_eq!(stories.assign(10, print(1, 0), None), 6, "the oldest that is remembered");
    }
}
