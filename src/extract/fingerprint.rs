//! MinHash over character shingles: texts that retell one another agree in most lanes. Seeds never change: values are stored.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use lexicon::fold;
use vocabulary::Fingerprint;

/// Shingle length for ordinary texts, in characters.
pub const SHINGLE_CHARS: usize = 4;
/// Shingle length for short texts: four characters of twenty would differ after one changed word.
pub const SHINGLE_CHARS_SHORT: usize = 2;
/// Texts with fewer letters than this are short.
pub const SHORT_CHARS: usize = 40;
/// Seed of the lanes' permutations.
const SEED: u64 = 0x7761_6e67_6c6f_7531;

/// The fingerprint of a text. Only folded letters and digits count: spacing, punctuation, width and case do not.
pub fn fingerprint(text: &str) -> Fingerprint {
    let mut letters = String::with_capacity(text.len());
    let mut starts: Vec<usize> = Vec::with_capacity(text.len() / 3 + 1);
    for character in text.chars().take(super::TEXT_CHARS_MAX) {
        fold(character, |part| {
            if part.is_alphanumeric() {
                starts.push(letters.len());
                letters.push(part);
            }
        });
    }
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
    Fingerprint(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reprint_with_other_punctuation_is_the_same() {
        let one = fingerprint("某品牌充电宝在地铁上突然冒烟,乘客紧急疏散!");
        let two = fingerprint("某品牌充电宝，在地铁上突然冒烟。乘客紧急疏散");
        assert_eq!(one, two);
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
        assert_eq!(fingerprint("充电宝鼓包").0[..3], STORED, "a stored archive would no longer match");
    }

    const STORED: [u32; 3] = [1_896_310_649, 1_129_552_013, 2_782_028_574];

    #[test]
    fn an_empty_text_has_a_fingerprint_too() {
        assert_eq!(fingerprint("").0, [u32::MAX; Fingerprint::LANES]);
        let _ = fingerprint("一");
    }
}
