//! Words by their beginnings: all words that begin at a place of a text, in one short walk from there.
//!
//! A Chinese text meets few words at most places, and looking wide is what costs: each step into a large table waits for
//! memory. So a walk goes on to a second character only when a small filter says that some word begins with these two; the
//! filter stays near the processor however many words there are. Not here: what a word means.

use std::collections::BTreeMap;

/// No value, no node.
const NONE: u32 = u32::MAX;
/// Set in [`Slot::node`] when no word goes on behind it.
const LAST: u32 = 1 << 31;
/// Characters that are looked up directly as the first of a word; those beyond are rare.
const PLANE: usize = 1 << 16;
/// Bits of the filter for each pair of characters that a word begins with.
const BITS_PER_PAIR: usize = 16;
/// Least and most bits of the filter, as powers of two.
const FILTER_BITS: (u32, u32) = (12, 22);

/// Words with a number each.
pub struct Trie {
    /// By first character: its node and value.
    first: Vec<(u32, u32)>,
    far: BTreeMap<char, (u32, u32)>,
    /// Bits, by the hash of the first two characters of words.
    pairs: Vec<u64>,
    pair_shift: u32,
    /// Steps beyond the first character, by the hash of node and character.
    slots: Vec<Slot>,
    slot_shift: u32,
}

/// A step from a node by a character.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// The node before, and the character; [`u64::MAX`] when the slot is empty.
    key: u64,
    /// The node behind, with [`LAST`] when nothing follows.
    node: u32,
    /// The word that ends here.
    value: u32,
}

const EMPTY: Slot = Slot { key: u64::MAX, node: NONE, value: NONE };

impl Trie {
    /// Of words that are not empty; of equal words the last one's number counts. Numbers are below 2^32 − 1.
    pub fn new<'a>(words: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        // Node and character to node; the value of each node, and whether something follows it. Node 0 is before any character.
        let mut steps: BTreeMap<(u32, char), u32> = BTreeMap::new();
        let mut nodes: Vec<(u32, bool)> = vec![(NONE, false)];
        for (word, value) in words {
            let mut node = 0_u32;
            for character in word.chars() {
                nodes[node as usize].1 = true;
                let next = u32::try_from(nodes.len()).unwrap_or(NONE);
                node = *steps.entry((node, character)).or_insert(next);
                if node == next {
                    nodes.push((NONE, false));
                }
            }
            nodes[node as usize].0 = value;
        }
        let told = |node: u32| {
            let (value, follows) = nodes[node as usize];
            (if follows { node } else { node | LAST }, value)
        };
        let mut first = vec![(NONE, NONE); PLANE];
        let mut far = BTreeMap::new();
        let mut begins: BTreeMap<u32, char> = BTreeMap::new();
        for ((_, character), node) in steps.range((0, '\0')..(1, '\0')) {
            begins.insert(*node, *character);
            match first.get_mut(*character as usize) {
                Some(place) => *place = told(*node),
                None => _ = far.insert(*character, told(*node)),
            }
        }
        let later = || steps.range((1, '\0')..);
        let pairs = || later().filter_map(|((node, second), _)| Some((*begins.get(node)?, *second)));
        let bits = (pairs().count() * BITS_PER_PAIR).next_power_of_two().ilog2().clamp(FILTER_BITS.0, FILTER_BITS.1);
        let slots = (later().count() * 2).next_power_of_two().max(2);
        let mut trie = Self {
            first,
            far,
            pairs: vec![0; 1 << (bits - 6)],
            pair_shift: 32 - bits,
            slots: vec![EMPTY; slots],
            slot_shift: 64 - slots.ilog2(),
        };
        for (one, two) in pairs() {
            let (word, bit) = trie.pair(one, two);
            trie.pairs[word] |= bit;
        }
        for ((before, character), node) in later() {
            let key = key(*before, *character);
            let mut at = trie.place(key);
            while trie.slots[at].key != u64::MAX {
                at = (at + 1) & (slots - 1);
            }
            let (node, value) = told(*node);
            trie.slots[at] = Slot { key, node, value };
        }
        trie
    }

    /// Calls `found` with the length in characters and the number of every word that `chars` begins with, shortest first.
    #[inline]
    pub fn beginning(&self, chars: &[char], mut found: impl FnMut(usize, u32)) {
        let Some((one, rest)) = chars.split_first() else { return };
        let (mut node, value) = match self.first.get(*one as usize) {
            Some(known) => *known,
            None => self.far.get(one).copied().unwrap_or((NONE, NONE)),
        };
        if value != NONE {
            found(1, value);
        }
        if node & LAST != 0 {
            return;
        }
        let Some(two) = rest.first() else { return };
        let (word, bit) = self.pair(*one, *two);
        if self.pairs[word] & bit == 0 {
            return;
        }
        for (at, character) in rest.iter().enumerate() {
            let Some(slot) = self.step(node, *character) else { return };
            if slot.value != NONE {
                found(at + 2, slot.value);
            }
            if slot.node & LAST != 0 {
                return;
            }
            node = slot.node;
        }
    }

    /// The number of exactly this word.
    pub fn get(&self, word: &str) -> Option<u32> {
        let chars: Vec<char> = word.chars().collect();
        let mut whole = None;
        self.beginning(&chars, |length, value| {
            if length == chars.len() {
                whole = Some(value);
            }
        });
        whole
    }

    /// Every word of a text by its first character, shortest first: from and to in characters, and its number.
    pub fn all(&self, chars: &[char]) -> Vec<(usize, usize, u32)> {
        let mut all = Vec::new();
        for from in 0..chars.len() {
            self.beginning(&chars[from..], |length, value| all.push((from, from + length, value)));
        }
        all
    }

    #[inline]
    fn pair(&self, one: char, two: char) -> (usize, u64) {
        let hash = (one as u32).wrapping_mul(0x9e37_79b1) ^ (two as u32).wrapping_mul(0x85eb_ca6b).rotate_left(15);
        let at = hash.wrapping_mul(0xc2b2_ae35) >> self.pair_shift;
        (at as usize / 64, 1 << (at % 64))
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "shifted to the bits of an index")]
    fn place(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.slot_shift) as usize
    }

    #[inline]
    fn step(&self, node: u32, character: char) -> Option<Slot> {
        let key = key(node, character);
        let mut at = self.place(key);
        loop {
            let slot = self.slots[at];
            if slot.key == key {
                return Some(slot);
            }
            if slot.key == u64::MAX {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

#[inline]
fn key(node: u32, character: char) -> u64 {
    u64::from(node) << 32 | u64::from(character as u32)
}

impl std::fmt::Debug for Trie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trie").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(trie: &Trie, text: &str) -> Vec<(usize, usize, u32)> {
        trie.all(&text.chars().collect::<Vec<_>>())
    }

    #[test]
    fn every_word_that_begins_at_a_place_is_found_shortest_first() {
        let trie = Trie::new([("充电", 0), ("充电宝", 1), ("电", 2), ("宝贝", 3), ("𠮷", 4), ("𠮷野家", 5)]);
        assert_eq!(all(&trie, "充电宝𠮷野家"), [(0, 2, 0), (0, 3, 1), (1, 2, 2), (3, 4, 4), (3, 6, 5)]);
        assert_eq!((trie.get("宝贝"), trie.get("宝"), trie.get("宝贝们"), trie.get("")), (Some(3), None, None, None));
        assert_eq!(all(&Trie::new([]), "空"), []);
    }

    proptest! {
        /// What it finds is what comparing every word at every place finds.
        #[test]
        fn it_finds_what_comparing_finds(
            words in prop::collection::btree_set("[ab电火\u{20bb7}]{1,5}", 0..40),
            text in "[ab电火水\u{20bb7}]{0,60}",
        ) {
            let words: Vec<String> = words.into_iter().collect();
            let trie = Trie::new(words.iter().map(String::as_str).zip(0..));
            let chars: Vec<char> = text.chars().collect();
            let mut expected = Vec::new();
            for from in 0..chars.len() {
                for to in from + 1..=chars.len() {
                    let word: String = chars[from..to].iter().collect();
                    if let Ok(at) = words.binary_search(&word) {
                        expected.push((from, to, u32::try_from(at).expect("few")));
                    }
                }
            }
            prop_assert_eq!(trie.all(&chars), expected);
        }
    }
}
