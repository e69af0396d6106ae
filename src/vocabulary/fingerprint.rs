//! What is kept of a text so that others that retell it are known again.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What is kept of a text so that others that retell it are known again. Stored: what it is made of never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "Vec<u32>", try_from = "Vec<u32>")]
pub struct Fingerprint {
    /// `MinHash` of its shingles: two texts that have most in common agree in most places.
    pub lanes: [u32; Fingerprint::LANES],
    /// A sample of its content: what share of the shorter text stands in the longer one.
    pub content: Content,
}

/// A sample of the pairs of neighbouring units (characters, and runs of Latin letters and digits) of a text, and of its numbers. Which
/// pairs are sampled depends on the pairs alone, so that two texts sample what they share alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content {
    /// How often the sample was halved: it holds the pairs whose hash is below `2^16 / 2^level`.
    level: u8,
    len: u8,
    numbers_len: u8,
    /// Hashes of pairs, ascending.
    pairs: [u16; Content::PAIRS_MAX],
    /// The smallest hashes of numbers, ascending.
    numbers: [u16; Content::NUMBERS_MAX],
}

impl Fingerprint {
    /// Number of hash functions.
    pub const LANES: usize = 16;
    /// Share of the shorter text's pairs that must stand in the longer one. Words put between, clauses in another order and halves leave
    /// 0.94 and more; two notices of one template with other names and numbers stay below 0.87.
    pub const CONTAINED_MIN: f64 = 0.88;
    /// Share of the numbers of the text that has fewer, from which two texts give the same numbers.
    pub const NUMBERS_SHARED_MIN: f64 = 0.6;
    /// Numbers that both texts must give before their numbers are compared.
    pub const NUMBERS_MIN: usize = 2;

    /// One without content, as files of older programs hold it.
    #[must_use]
    pub const fn of_lanes(lanes: [u32; Self::LANES]) -> Self {
        Self { lanes, content: Content::NONE }
    }

    /// Share of agreeing lanes, 0–1: an estimate of the Jaccard similarity of the two shingle sets.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "at most 16")]
        let share = self.alike(other) as f64 / Self::LANES as f64;
        share
    }

    /// Number of agreeing lanes.
    #[must_use]
    pub fn alike(&self, other: &Self) -> usize {
        self.lanes.iter().zip(&other.lanes).filter(|(a, b)| a == b).count()
    }

    /// How much two texts have in common, 0–1, when one retells the other: the shorter stands in the longer one, whatever is put between and
    /// in whatever order. `similar`: share of lanes that is enough where content is not known or too little.
    #[must_use]
    pub fn retold(&self, other: &Self, similar: f64) -> Option<f64> {
        if self.content.other_numbers(&other.content) {
            return None;
        }
        match self.content.contained(&other.content) {
            Some(share) => (share >= Self::CONTAINED_MIN).then_some(share),
            None => Some(self.similarity(other)).filter(|share| *share >= similar),
        }
    }

    /// Whether both texts give numbers and mostly different ones: then they tell of two things, however alike their words.
    #[must_use]
    pub fn other_numbers(&self, other: &Self) -> bool {
        self.content.other_numbers(&other.content)
    }

    /// A text too short to have shingles leaves every lane at its start value: such texts do not resemble one another.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        self.lanes.iter().all(|lane| *lane == self.lanes[0])
    }

    /// As numbers, for columns and files: the lanes, then the content.
    #[must_use]
    pub fn words(&self) -> Vec<u32> {
        let mut words = self.lanes.to_vec();
        let Content { level, len, numbers_len, .. } = self.content;
        if self.content != Content::NONE {
            words.push(u32::from_le_bytes([level, len, numbers_len, 0]));
            let halves: Vec<u16> = self.content.pairs().iter().chain(self.content.numbers()).copied().collect();
            let word = |two: &[u16]| u32::from(two[0]) | u32::from(two.get(1).copied().unwrap_or(0)) << 16;
            words.extend(halves.chunks(2).map(word));
        }
        words
    }

    /// What [`Self::words`] wrote; none when it cannot have been written so.
    #[must_use]
    pub fn of_words(words: &[u32]) -> Option<Self> {
        let (lanes, content) = words.split_first_chunk::<{ Self::LANES }>()?;
        let content = match content.split_first() {
            Some((head, halves)) => Content::of_halves(*head, halves)?,
            None => Content::NONE,
        };
        Some(Self { lanes: *lanes, content })
    }
}

impl Content {
    /// Most pairs in a sample.
    pub const PAIRS_MAX: usize = 64;
    /// Most numbers in a sample.
    pub const NUMBERS_MAX: usize = 12;
    /// Pairs of the shorter text below which its share says nothing.
    pub const PAIRS_MIN: usize = 16;
    /// Share of the longer text's length below which the shorter is one of many things told there.
    pub const LENGTH_MIN: f64 = 0.3;

    /// Of a text that is not known.
    pub const NONE: Self =
        Self { level: 0, len: 0, numbers_len: 0, pairs: [0; Self::PAIRS_MAX], numbers: [0; Self::NUMBERS_MAX] };

    /// The sample of hashes of pairs and of numbers, in any order; of each as much as there is room for.
    #[must_use]
    pub fn of(mut pairs: Vec<u16>, mut numbers: Vec<u16>) -> Self {
        let mut content = Self::NONE;
        pairs.sort_unstable();
        pairs.dedup();
        while pairs.len() > Self::PAIRS_MAX {
            content.level += 1;
            pairs.truncate(pairs.partition_point(|pair| Self::is_sampled(*pair, content.level)));
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers.truncate(Self::NUMBERS_MAX);
        content.pairs[..pairs.len()].copy_from_slice(&pairs);
        content.numbers[..numbers.len()].copy_from_slice(&numbers);
        let count = |values: &[u16]| u8::try_from(values.len()).unwrap_or(u8::MAX);
        (content.len, content.numbers_len) = (count(&pairs), count(&numbers));
        content
    }

    /// Whether a pair belongs to the sample of a level.
    #[must_use]
    pub const fn is_sampled(pair: u16, level: u8) -> bool {
        (pair as u32) < (1 << 16) >> level
    }

    fn pairs(&self) -> &[u16] {
        &self.pairs[..usize::from(self.len)]
    }

    fn numbers(&self) -> &[u16] {
        &self.numbers[..usize::from(self.numbers_len)]
    }

    /// What a sample of a coarser level would hold.
    fn at_level(&self, level: u8) -> &[u16] {
        let pairs = self.pairs();
        &pairs[..pairs.partition_point(|pair| Self::is_sampled(*pair, level))]
    }

    /// How many pairs the text has, by its sample.
    fn size(&self) -> usize {
        usize::from(self.len) << self.level
    }

    /// Share of the shorter text's pairs that stand in the longer one, 0–1; none when there are too few to tell. 0 when the shorter is but
    /// a small part of the longer.
    fn contained(&self, other: &Self) -> Option<f64> {
        let (shorter, longer) = if self.size() <= other.size() { (self, other) } else { (other, self) };
        if shorter.size() < Self::PAIRS_MIN {
            return None;
        }
        let level = shorter.level.max(longer.level);
        let (pairs, among) = (shorter.at_level(level), longer.at_level(level));
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let [shared, of, short, long] =
            [common(pairs, among), pairs.len(), shorter.size(), longer.size()].map(|count| count as f64);
        Some(if pairs.is_empty() || short < Self::LENGTH_MIN * long { 0.0 } else { shared / of })
    }

    fn other_numbers(&self, other: &Self) -> bool {
        let (mut one, mut two) = (self.numbers(), other.numbers());
        // Where one has no room for all, only numbers below its last are known of both.
        for full in [one, two] {
            if let (Self::NUMBERS_MAX, Some(last)) = (full.len(), full.last()) {
                one = &one[..one.partition_point(|number| number <= last)];
                two = &two[..two.partition_point(|number| number <= last)];
            }
        }
        let fewer = one.len().min(two.len());
        #[expect(clippy::cast_precision_loss, reason = "at most 12")]
        let [shared, of] = [common(one, two), fewer].map(|count| count as f64);
        fewer >= Fingerprint::NUMBERS_MIN && shared < Fingerprint::NUMBERS_SHARED_MIN * of
    }

    fn of_halves(head: u32, words: &[u32]) -> Option<Self> {
        let [level, len, numbers_len, _] = head.to_le_bytes();
        let (pairs, numbers) = (usize::from(len), usize::from(numbers_len));
        if pairs > Self::PAIRS_MAX || numbers > Self::NUMBERS_MAX || words.len() != (pairs + numbers).div_ceil(2) {
            return None;
        }
        let halves: Vec<u16> = words
            .iter()
            .flat_map(|word| word.to_le_bytes().as_chunks::<2>().0.to_vec())
            .map(u16::from_le_bytes)
            .collect();
        let mut content = Self { level, len, numbers_len, ..Self::NONE };
        content.pairs[..pairs].copy_from_slice(&halves[..pairs]);
        content.numbers[..numbers].copy_from_slice(&halves[pairs..pairs + numbers]);
        let sorted = |values: &[u16]| values.windows(2).all(|two| two[0] < two[1]);
        (u32::from(level) < u16::BITS && sorted(content.pairs()) && sorted(content.numbers())).then_some(content)
    }
}

/// How many values two ascending lists share.
fn common(one: &[u16], two: &[u16]) -> usize {
    let (mut at, mut shared) = (0, 0);
    for value in one {
        while two.get(at).is_some_and(|other| other < value) {
            at += 1;
        }
        shared += usize::from(two.get(at) == Some(value));
    }
    shared
}

impl From<Fingerprint> for Vec<u32> {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.words()
    }
}

impl TryFrom<Vec<u32>> for Fingerprint {
    type Error = &'static str;

    fn try_from(words: Vec<u32>) -> Result<Self, Self::Error> {
        Self::of_words(&words).ok_or("these numbers are no fingerprint")
    }
}

impl JsonSchema for Fingerprint {
    fn schema_name() -> Cow<'static, str> {
        "Fingerprint".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What is kept of a text so that others that retell it are known again: 16 lanes of a MinHash of its shingles, then a sample of its content.",
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": u32::MAX},
            "minItems": Self::LANES,
            "maxItems": Self::LANES + 1 + usize::midpoint(Content::PAIRS_MAX, Content::NUMBERS_MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(pairs: impl IntoIterator<Item = u16>, numbers: &[u16]) -> Fingerprint {
        let spread = |pair: u16| pair.wrapping_mul(40_503);
        let content = Content::of(pairs.into_iter().map(spread).collect(), numbers.to_vec());
        Fingerprint {
            content,
            ..Fingerprint::of_lanes(std::array::from_fn(|lane| u32::try_from(lane).expect("small")))
        }
    }

    #[test]
    fn a_half_retells_the_whole_and_a_small_part_does_not() {
        let whole = text(0..400, &[]);
        for part in [0..200, 200..400, 0..400, 100..250] {
            assert!(whole.retold(&text(part.clone(), &[]), 0.7).is_some(), "{part:?}");
            assert!(text(part.clone(), &[]).retold(&whole, 0.7).is_some(), "{part:?}");
        }
        assert!(whole.retold(&text(0..60, &[]), 0.7).is_none(), "one item of a digest");
        assert!(whole.retold(&text(200..600, &[]), 0.7).is_none(), "half is shared, and both say more");
    }

    #[test]
    fn too_little_content_leaves_it_to_the_lanes() {
        assert_eq!(text(0..10, &[]).retold(&text(20..30, &[]), 0.7), Some(1.0));
        assert_eq!(text(0..10, &[]).retold(&text(0..400, &[]), 0.7), Some(1.0));
    }

    #[test]
    fn the_same_words_with_other_numbers_tell_of_something_else() {
        let one = text(0..100, &[1, 2, 3]);
        assert!(one.retold(&text(0..100, &[4, 5, 6]), 0.7).is_none());
        assert!(one.retold(&text(0..100, &[4]), 0.7).is_some(), "one number alone decides nothing");
        assert!(one.retold(&text(0..100, &[2, 3]), 0.7).is_some());
        let many: Vec<u16> = (0..100).collect();
        assert!(text(0..100, &many).retold(&text(0..100, &many[50..]), 0.7).is_some(), "of many not all are known");
    }

    proptest! {
        #[test]
        fn words_lead_back(
            lanes: [u32; Fingerprint::LANES],
            pairs in proptest::collection::vec(any::<u16>(), 0..3_000),
            numbers in proptest::collection::vec(any::<u16>(), 0..30),
        ) {
            let fingerprint = Fingerprint { lanes, content: Content::of(pairs, numbers) };
            prop_assert_eq!(Fingerprint::of_words(&fingerprint.words()), Some(fingerprint));
            prop_assert!(fingerprint.content.contained(&fingerprint.content).is_none_or(|share| share >= 1.0));
        }

        #[test]
        fn words_that_nobody_wrote_are_refused_or_lead_back(words in proptest::collection::vec(any::<u32>(), 0..60)) {
            if let Some(fingerprint) = Fingerprint::of_words(&words) {
                prop_assert_eq!(Fingerprint::of_words(&fingerprint.words()), Some(fingerprint));
            }
        }
    }
}
