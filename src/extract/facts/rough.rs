//! Which characters may begin something, by a coarse test: most characters of a text begin nothing, and are skipped.

/// Some characters, and a few others that only look like them.
pub(super) struct Rough([u64; WORDS]);

const WORDS: usize = 16;

impl Rough {
    /// These characters.
    pub(super) const fn new(lists: &[&[char]]) -> Self {
        let mut bits = [0; WORDS];
        let mut list = 0;
        while list < lists.len() {
            let mut at = 0;
            while at < lists[list].len() {
                let (word, bit) = place(lists[list][at]);
                bits[word] |= bit;
                at += 1;
            }
            list += 1;
        }
        Self(bits)
    }

    /// Whether a character may be one of them; never no for one that is.
    #[inline]
    pub(super) const fn may_be(&self, character: char) -> bool {
        let (word, bit) = place(character);
        self.0[word] & bit != 0
    }
}

/// Characters whose last bits are alike look alike.
#[inline]
const fn place(character: char) -> (usize, u64) {
    let at = character as usize % (WORDS * 64);
    (at / 64, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_a_set_is_in_it_and_few_others_are() {
        const SET: Rough = Rough::new(&[&['一', '厂'], &['a', '℃']]);
        assert!(['一', '厂', 'a', '℃'].into_iter().all(|character| SET.may_be(character)));
        let others = ('\u{4e00}'..='\u{9fff}').filter(|character| SET.may_be(*character)).count();
        assert!(others < 0x5200 / 200, "{others}");
    }
}
