//! Which documents retell one text (同源), decided as they are put into the index: by what was put before, in log order.

use std::collections::VecDeque;

use vocabulary::Fingerprint;

/// Most texts remembered; what retells an older one begins a story of its own.
pub const STORY_TEXTS_MAX: usize = 200_000;
/// Days between a text and the last one of its story, at most.
pub const STORY_DAYS_MAX: i64 = 14;
/// Share of lanes that must agree where too little content is known: about the share at which the scorer sees a reprint.
const SIMILAR_MIN: f64 = 0.75;
/// Lanes that must agree for two texts to be compared. A copy of a third of a text agrees in five of 16 on average, and in fewer than
/// two once in 70.
const LANES_MET_MIN: usize = 2;
/// Values that the low half of a lane can take.
const LANE_VALUES: usize = 1 << 16;
/// No text: the end of a chain.
const NONE: u64 = u64::MAX;
/// Newest texts looked at for one lane.
const BUCKET_MAX: usize = 32;

/// A fingerprint as the values of one column.
pub(super) fn column_of(print: &Fingerprint) -> impl Iterator<Item = u64> {
    let words = print.words();
    let value = |two: &[u32]| u64::from(two[0]) | u64::from(two.get(1).copied().unwrap_or(0)) << u32::BITS;
    words.chunks(2).map(value).collect::<Vec<_>>().into_iter()
}

/// The fingerprint that these values hold; one that resembles no other when they hold none.
pub(super) fn of_column(values: impl Iterator<Item = u64>) -> Fingerprint {
    #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
    let words: Vec<u32> = values.flat_map(|value| [value as u32, (value >> u32::BITS) as u32]).collect();
    // The last value may be half full.
    let without_last = || Fingerprint::of_words(words.split_last()?.1);
    Fingerprint::of_words(&words).or_else(without_last).unwrap_or(Fingerprint::of_lanes([0; Fingerprint::LANES]))
}

/// Number of the bucket of each lane, over all lanes.
fn buckets(print: &Fingerprint) -> [usize; Fingerprint::LANES] {
    std::array::from_fn(|lane| lane * LANE_VALUES + (print.lanes[lane] as usize) % LANE_VALUES)
}

/// A text that later ones are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StoryText {
    pub(super) position: u64,
    pub(super) story: u64,
    pub(super) print: Fingerprint,
    /// Day of event time, when it has one.
    pub(super) day: Option<i64>,
}

/// The newest texts. Those that agree in a lane form a chain, newest first: one number a text and lane, and no allocation while texts
/// come in.
#[derive(Debug)]
pub(super) struct Stories {
    texts: VecDeque<Link>,
    /// Number of `texts[0]`, counted from the first ever.
    first: u64,
    /// Number of the newest text of every bucket, [`NONE`] before there is one. What it names may be forgotten by now.
    newest: Vec<u64>,
}

/// A text and, for each lane, how many texts before it the one before in the same bucket stands; 0 when there is none, or it is
/// forgotten.
#[derive(Debug)]
struct Link {
    text: StoryText,
    back: [u32; Fingerprint::LANES],
}

impl Default for Stories {
    fn default() -> Self {
        Self { texts: VecDeque::new(), first: 0, newest: vec![NONE; Fingerprint::LANES * LANE_VALUES] }
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

    /// The story of a text at this position: that of the one it shares most with, the older of equals; else a new one, named by
    /// the position.
    pub(super) fn assign(&mut self, position: u64, print: &Fingerprint, day: Option<i64>) -> u64 {
        let story = if print.says_nothing() { None } else { self.story_of(print, day) };
        let story = story.unwrap_or(position);
        self.remember(StoryText { position, story, print: *print, day });
        story
    }

    fn story_of(&self, print: &Fingerprint, day: Option<i64>) -> Option<u64> {
        let near = |text: &StoryText| match (day, text.day) {
            (Some(day), Some(other)) => day.abs_diff(other) <= STORY_DAYS_MAX.unsigned_abs(),
            _ => true,
        };
        let texts = buckets(print).into_iter().enumerate().flat_map(|(lane, bucket)| self.chain(lane, bucket));
        let met = texts.filter(|text| near(text) && text.print.alike(print) >= LANES_MET_MIN);
        let alike = met.filter_map(|text| Some((print.retold(&text.print, SIMILAR_MIN)?, text.story)));
        let best = alike.max_by(|(one, older), (other, newer)| one.total_cmp(other).then(newer.cmp(older)));
        best.map(|(_, story)| story)
    }

    /// The newest texts of one bucket that are still remembered, at most [`BUCKET_MAX`].
    fn chain(&self, lane: usize, bucket: usize) -> impl Iterator<Item = &StoryText> {
        let numbers = std::iter::successors(Some(self.newest[bucket]), move |number| {
            let back = self.link(*number)?.back[lane];
            number.checked_sub(u64::from(back)).filter(|_| back > 0)
        });
        numbers.map_while(|number| self.link(number)).take(BUCKET_MAX).map(|link| &link.text)
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
        let mut back = [0; Fingerprint::LANES];
        for (back, bucket) in back.iter_mut().zip(buckets(&text.print)) {
            let before = std::mem::replace(&mut self.newest[bucket], number);
            *back = number.checked_sub(before).and_then(|back| u32::try_from(back).ok()).unwrap_or(0);
        }
        self.texts.push_back(Link { text, back });
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
    use vocabulary::Content;

    use super::*;

    fn print(seed: u32, changed: usize) -> Fingerprint {
        let lane =
            |lane: usize| seed.wrapping_mul(0x9E37_79B9).rotate_left(7) ^ (u32::try_from(lane).expect("small") * 37);
        Fingerprint::of_lanes(std::array::from_fn(|at| if at < changed { !lane(at) } else { lane(at) }))
    }

    #[test]
    fn a_reprint_within_two_weeks_joins_and_a_later_or_other_text_does_not() {
        let mut stories = Stories::default();
        assert_eq!(stories.assign(1, &print(1, 0), Some(100)), 1);
        assert_eq!(stories.assign(2, &print(1, 4), Some(114)), 1, "12 of 16 lanes agree");
        let mut alone = Stories::after([StoryText { position: 1, story: 1, print: print(1, 0), day: Some(100) }]);
        assert_eq!(alone.assign(3, &print(1, 5), Some(100)), 3, "11 are too few");
        assert_eq!(stories.assign(4, &print(2, 0), Some(100)), 4);
        assert_eq!(stories.assign(5, &print(2, 0), Some(115)), 5, "15 days later");
        assert_eq!(stories.assign(6, &print(2, 0), None), 4, "without a day, the older of equals");
    }

    #[test]
    fn texts_without_words_never_echo_one_another() {
        let mut stories = Stories::default();
        let empty = Fingerprint::of_lanes([u32::MAX; Fingerprint::LANES]);
        assert_eq!((stories.assign(1, &empty, None), stories.assign(2, &empty, None)), (1, 2));
    }

    #[test]
    fn a_print_survives_its_column() {
        for count in [0, 1, 2, 3, 40, 200] {
            let pairs = (0..count).map(|pair: u16| pair.wrapping_mul(40_503)).collect();
            let print = Fingerprint { content: Content::of(pairs, vec![9]), ..print(7, 3) };
            assert_eq!(of_column(column_of(&print)), print);
        }
        assert_eq!(of_column(column_of(&print(7, 3))), print(7, 3));
        assert!(of_column(std::iter::empty()).says_nothing());
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
        assert_eq!(stories.assign(10, &print(1, 0), None), 6, "the oldest that is remembered");
    }
}
