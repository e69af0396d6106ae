//! Words by their beginnings: all words that begin at a place of a text, in one short walk from there.
//!
//! A Chinese text meets few words at most places, and looking wide is what costs: each step into a large table waits for
//! memory. So a walk goes on to a second character only when a small filter says that some word begins with these two, and
//! from there only when the step before says that such a character may follow; the filter stays near the processor however
//! many words there are. Not here: what a word means.

use std::collections::{BTreeMap, HashMap};

/// No value.
const NONE: u32 = u32::MAX;
/// Characters whose number is looked up directly; those beyond are rare.
const PLANE: usize = 1 << 16;
/// Bits of the filter for each pair of characters that a word begins with.
const BITS_PER_PAIR: usize = 16;
/// Least and most bits of the filter, as powers of two.
const FILTER_BITS: (u32, u32) = (12, 22);
/// Where in [`Slot::key`] the bits stand that say what may follow, and how many they are.
const FOLLOWS_AT: u32 = 21;
const FOLLOWS: u32 = 8;

/// Words with a number each.
pub struct Trie {
    /// By character: its number, 0 when no word holds it. The characters of words lie close together by their numbers, and so
    /// does what is looked up by them.
    numbers: Vec<u32>,
    far: BTreeMap<char, u32>,
    /// By number of a character: the word of this character alone.
    first: Vec<u32>,
    /// Bits, by the hash of the first two characters of words.
    pairs: Vec<u64>,
    pair_shift: u32,
    /// Steps beyond the first character, by the hash of node and character. The node behind a first character has its number.
    slots: Vec<Slot>,
    slot_shift: u32,
}

/// A step from a node by a character.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// The node before and the number of the character, with a bit for each eighth of the characters that may follow;
    /// [`u64::MAX`] when the slot is empty.
    key: u64,
    /// The node behind.
    node: u32,
    /// The word that ends here.
    value: u32,
}

const EMPTY: Slot = Slot { key: u64::MAX, node: NONE, value: NONE };
/// The bits of a key that tell what may follow.
const MAY_FOLLOW: u64 = ((1 << FOLLOWS) - 1) << FOLLOWS_AT;

impl Trie {
    /// Of words that are not empty; of equal words the last one's number counts. Numbers are below 2^32 − 1.
    pub fn new<'a>(words: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let words: Vec<(&str, u32)> = words.into_iter().collect();
        let mut numbers = vec![0; PLANE];
        let mut far = BTreeMap::new();
        for character in words.iter().flat_map(|(word, _)| word.chars()) {
            match numbers.get_mut(character as usize) {
                Some(place) => *place = 1,
                None => _ = far.insert(character, 0),
            }
        }
        let held = numbers.iter_mut().filter(|number| **number != 0).chain(far.values_mut());
        let known = (1..).zip(held).map(|(next, number)| *number = next).count();
        let number_of = |character: char| numbers.get(character as usize).unwrap_or_else(|| &far[&character]);
        // Node and number of a character to node; by node its value and what may follow. The nodes behind one character come first.
        let mut steps: Vec<((u32, u32), u32)> = Vec::new();
        let mut node_behind: HashMap<(u32, u32), u32> = HashMap::new();
        let mut nodes: Vec<(u32, u64)> = vec![(NONE, 0); known + 1];
        for (word, value) in words {
            let mut characters = word.chars().map(|character| *number_of(character));
            let Some(one) = characters.next() else { continue };
            let mut node = one;
            for number in characters {
                nodes[node as usize].1 |= follows(number);
                let next = u32::try_from(nodes.len()).unwrap_or(NONE);
                let before = node;
                node = *node_behind.entry((before, number)).or_insert(next);
                if node == next {
                    steps.push(((before, number), node));
                    nodes.push((NONE, 0));
                }
            }
            nodes[node as usize].0 = value;
        }
        let pairs = || steps.iter().map(|(step, _)| *step).filter(|(before, _)| *before as usize <= known);
        let bits = (pairs().count() * BITS_PER_PAIR).next_power_of_two().ilog2().clamp(FILTER_BITS.0, FILTER_BITS.1);
        let slots = (steps.len() * 2).next_power_of_two().max(2);
        let mut trie = Self {
            numbers,
            far,
            first: nodes[..=known].iter().map(|(value, _)| *value).collect(),
            pairs: vec![0; 1 << (bits - 6)],
            pair_shift: 32 - bits,
            slots: vec![EMPTY; slots],
            slot_shift: 64 - slots.ilog2(),
        };
        for (one, two) in pairs() {
            let (word, bit) = trie.pair(one, two);
            trie.pairs[word] |= bit;
        }
        for ((before, number), node) in &steps {
            let key = key(*before, *number);
            let mut at = trie.place(key);
            while trie.slots[at].key != u64::MAX {
                at = (at + 1) & (slots - 1);
            }
            let (value, follow) = nodes[*node as usize];
            trie.slots[at] = Slot { key: key | follow, node: *node, value };
        }
        trie
    }

    /// Puts the number of each character: what [`Trie::beginning`] walks along.
    pub fn number(&self, chars: &[char], numbers: &mut Vec<u32>) {
        numbers.clear();
        numbers.extend(chars.iter().map(|character| match self.numbers.get(*character as usize) {
            Some(number) => *number,
            None => self.far.get(character).copied().unwrap_or(0),
        }));
    }

    /// Calls `found` with the length in characters and the number of every word that a text begins with, shortest first;
    /// `numbers` are those of its characters.
    #[inline]
    pub fn beginning(&self, numbers: &[u32], mut found: impl FnMut(usize, u32)) {
        let Some((one, rest)) = numbers.split_first() else { return };
        let value = self.first[*one as usize];
        if value != NONE {
            found(1, value);
        }
        let Some(two) = rest.first() else { return };
        let (word, bit) = self.pair(*one, *two);
        if self.pairs[word] & bit == 0 {
            return;
        }
        let (mut node, mut may_follow) = (*one, MAY_FOLLOW);
        for (at, number) in rest.iter().enumerate() {
            if may_follow & follows(*number) == 0 {
                return;
            }
            let Some(slot) = self.step(node, *number) else { return };
            if slot.value != NONE {
                found(at + 2, slot.value);
            }
            (node, may_follow) = (slot.node, slot.key);
        }
    }

    /// The number of exactly this word.
    pub fn get(&self, word: &str) -> Option<u32> {
        let chars: Vec<char> = word.chars().collect();
        let mut numbers = Vec::new();
        self.number(&chars, &mut numbers);
        let mut whole = None;
        self.beginning(&numbers, |length, value| {
            if length == chars.len() {
                whole = Some(value);
            }
        });
        whole
    }

    /// Every word of a text by its first character, shortest first: from and to in characters, and its number.
    pub fn all(&self, chars: &[char]) -> Vec<(usize, usize, u32)> {
        let mut numbers = Vec::new();
        self.number(chars, &mut numbers);
        let mut all = Vec::new();
        for from in 0..chars.len() {
            self.beginning(&numbers[from..], |length, value| all.push((from, from + length, value)));
        }
        all
    }

    #[inline]
    fn pair(&self, one: u32, two: u32) -> (usize, u64) {
        let hash = one.wrapping_mul(0x9e37_79b1) ^ two.wrapping_mul(0x85eb_ca6b).rotate_left(15);
        let at = hash.wrapping_mul(0xc2b2_ae35) >> self.pair_shift;
        (at as usize / 64, 1 << (at % 64))
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "shifted to the bits of an index")]
    fn place(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.slot_shift) as usize
    }

    #[inline]
    fn step(&self, node: u32, number: u32) -> Option<Slot> {
        let key = key(node, number);
        let mut at = self.place(key);
        loop {
            let slot = self.slots[at];
            if slot.key & !MAY_FOLLOW == key {
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
fn key(node: u32, number: u32) -> u64 {
    u64::from(node) << 32 | u64::from(number)
}

/// The bit that says that a character may follow.
#[inline]
fn follows(number: u32) -> u64 {
    1 << (FOLLOWS_AT + number % FOLLOWS)
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
