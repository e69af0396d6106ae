//! What is kept of a text so that others that retell it are known again. Seeds never change: values are stored.
//!
//! Two measures of one folded text. `MinHash` over character shingles: texts that retell one another agree in most lanes. And a sample of
//! its pairs of neighbours, by which a half, or a copy with words put between, is known as a part of the whole.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use lexicon::fold_text;
use vocabulary::{Content, Fingerprint};

/// Shingle length for ordinary texts, in characters.
pub const SHINGLE_CHARS: usize = 4;
/// Shingle length for short texts: four characters of twenty would differ after one changed word.
pub const SHINGLE_CHARS_SHORT: usize = 2;
/// Texts with fewer letters than this are short.
pub const SHORT_CHARS: usize = 40;
/// Longest run of Latin letters and digits that is one unit, in characters; a longer one is cut.
const RUN_CHARS_MAX: usize = 64;
/// Seed of the lanes' permutations.
const SEED: u64 = 0x7761_6e67_6c6f_7531;

/// The fingerprint of a text. Only folded letters and digits count for its lanes: spacing, punctuation, width and case do not. Its content
/// is cut at punctuation: clauses in another order have the same.
pub fn fingerprint(text: &str) -> Fingerprint {
    let mut letters = String::with_capacity(text.len());
    let mut starts: Vec<usize> = Vec::with_capacity(text.len() / 3 + 1);
    let mut units = Units::default();
    let end = text.char_indices().nth(super::TEXT_CHARS_MAX).map_or(text.len(), |(byte, _)| byte);
    fold_text(&text[..end], |part, _, _| {
        units.take(part);
        if part.is_alphanumeric() {
            starts.push(letters.len());
            letters.push(part);
        }
    });
    let count = starts.len();
    starts.push(letters.len());
    let size = if count < SHORT_CHARS { SHINGLE_CHARS_SHORT } else { SHINGLE_CHARS }.min(count.max(1));
    let mut lanes = [u32::MAX; Fingerprint::LANES];
    let seeds: [u64; Fingerprint::LANES] =
        std::array::from_fn(|lane| xxh3_64_with_seed(&(lane as u64).to_le_bytes(), SEED) | 1);
    for from in 0..(count + 1).saturating_sub(size) {
        let hash = xxh3_64(&letters.as_bytes()[starts[from]..starts[from + size]]);
        for (lane, seed) in lanes.iter_mut().zip(seeds) {
            // Multiply-shift by an odd constant: one hash of the shingle, one permutation per lane.
            let value = ((hash ^ seed).wrapping_mul(seed) >> 32) as u32;
            *lane = (*lane).min(value);
        }
    }
    Fingerprint { lanes, content: units.content() }
}

/// The units of a text one after the other: characters, and runs of Latin letters and digits. Pairs of them do not reach over punctuation.
#[derive(Default)]
struct Units {
    run: String,
    /// The unit before in the same piece of text.
    before: Option<u64>,
    /// Whether that is the first of its piece.
    first: bool,
    pairs: Vec<u16>,
    numbers: Vec<u16>,
}

impl Units {
    fn take(&mut self, part: char) {
        if part.is_ascii_alphanumeric() {
            if self.run.len() == RUN_CHARS_MAX {
                self.end_run();
            }
            self.run.push(part);
            return;
        }
        self.end_run();
        if part.is_alphanumeric() {
            self.put(u64::from(part));
        } else if part != ' ' {
            self.end_piece();
        }
    }

    fn end_run(&mut self) {
        if self.run.is_empty() {
            return;
        }
        let run = xxh3_64(self.run.as_bytes());
        if self.run.bytes().any(|byte| byte.is_ascii_digit()) {
            self.numbers.push(pair(0, run));
            self.pairs.push(pair(0, run));
        }
        self.run.clear();
        self.put(run);
    }

    fn put(&mut self, unit: u64) {
        self.first = self.before.is_none();
        if let Some(before) = self.before.replace(unit) {
            self.pairs.push(pair(before, unit));
        }
    }

    /// A piece of one unit counts as that unit.
    fn end_piece(&mut self) {
        if let Some(only) = self.before.take().filter(|_| self.first) {
            self.pairs.push(pair(0, only));
        }
    }

    fn content(mut self) -> Content {
        self.end_run();
        self.end_piece();
        Content::of(self.pairs, self.numbers)
    }
}

/// The hash of two neighbours.
fn pair(before: u64, unit: u64) -> u16 {
    (xxh3_64_with_seed(&unit.to_le_bytes(), before ^ SEED) >> 48) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reprint_with_other_punctuation_is_the_same() {
        let one = fingerprint("某品牌充电宝在地铁上突然冒烟,乘客紧急疏散!");
        let two = fingerprint("某品牌充电宝，在地铁上突然冒烟。乘客紧急疏散");
        assert_eq!(one.lanes, two.lanes);
        assert!(one.retold(&two, 1.0).is_some(), "a border fewer is a pair fewer");
    }

    #[test]
    fn a_changed_word_keeps_most_lanes_and_another_text_keeps_few() {
        let one = fingerprint("某品牌充电宝在地铁上突然冒烟，乘客紧急疏散，无人受伤");
        let two = fingerprint("某品牌充电宝在地铁里突然冒烟，乘客紧急疏散，无人受伤");
        let other = fingerprint("今年夏天的苹果又大又甜，家里人都很喜欢吃，还会再来买");
        assert!(one.similarity(&two) > 0.6, "{}", one.similarity(&two));
        assert!(one.similarity(&other) < 0.2, "{}", one.similarity(&other));
    }

    #[test]
    fn stored_values_never_change() {
        assert_eq!(fingerprint("充电宝鼓包").lanes[..3], STORED, "a stored archive would no longer match");
    }

    const STORED: [u32; 3] = [1_896_310_649, 1_129_552_013, 2_782_028_574];

    #[test]
    fn stored_content_never_changes() {
        let words = fingerprint("充电宝鼓包，2024年7月买的").words();
        assert_eq!(words[Fingerprint::LANES..], STORED_CONTENT, "a stored archive would no longer match");
    }

    const STORED_CONTENT: [u32; 8] =
        [133_888, 945_035_016, 2_032_811_388, 2_253_487_758, 2_509_146_385, 3_722_042_635, 2_032_860_177, 35_089];

    #[test]
    fn script_width_pinyin_and_blanks_change_nothing() {
        let one = fingerprint("新买的充电宝充电时突然鼓包，外壳裂开，客服让我等3天");
        for copy in [
            "新買的充電寶充電時突然鼓包，外殼裂開，客服讓我等3天",
            "新買的充電(diàn)寶充電時(shí)突然鼓包，外殼裂開，客服讓我等３天",
            "新买的充\u{200b}电宝充电时突然鼓包,外壳裂开,客服让我等③天",
            "新 买 的 充 电 宝 充 电 时 突 然 鼓 包 ， 外 壳 裂 开 ， 客 服 让 我 等 3 天",
        ] {
            assert_eq!(fingerprint(copy), one, "{copy}");
        }
        let shuffled = fingerprint("客服让我等3天。外壳裂开；新买的充电宝充电时突然鼓包");
        assert_eq!(shuffled.content, one.content);
    }

    #[test]
    fn an_empty_text_has_a_fingerprint_too() {
        assert_eq!(fingerprint("").lanes, [u32::MAX; Fingerprint::LANES]);
        let _ = fingerprint("一");
    }
}
