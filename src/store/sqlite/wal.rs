//! The write-ahead log of SQLite, held against its checksums. SQLite ends reading it at the first frame that does not fit, without a word:
//! a flipped bit takes back what was committed behind it.
//!
//! The format is <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>. Pure.

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// Checksums are taken over words in little-endian order; one more: in big-endian order.
const MAGIC: u32 = 0x377f_0682;
/// Bits by which the salts of a frame may differ from those of the file and still be meant to be the same.
const SALT_BITS_MAX: u32 = 2;

type Sums = (u32, u32);

/// What a write-ahead log holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wal {
    /// The offset of the first damage. A last frame that was never written to its end is none: nobody was told of its commit.
    pub(super) damage: Option<u64>,
    /// Whether it has the first page of the database, so that the one in the database file counts no longer.
    pub(super) first_page: bool,
}

/// Reads the bytes of a write-ahead log.
pub(super) fn read(wal: &[u8]) -> Wal {
    let mut first_page = false;
    let damage = damage(wal, &mut first_page);
    Wal { damage, first_page }
}

fn damage(wal: &[u8], first_page: &mut bool) -> Option<u64> {
    let (header, frames) = wal.split_at_checked(HEADER_BYTES)?;
    let word = |at: usize| word_at(header, at);
    let big = match word(0) {
        MAGIC => false,
        other if other == MAGIC + 1 => true,
        // Empty room is kept for a later header.
        0 if wal.iter().all(|byte| *byte == 0) => return None,
        _ => return Some(0),
    };
    let page = usize::try_from(word(8)).unwrap_or_default();
    let mut sums = add((0, 0), &header[..24], big);
    if sums != (word(24), word(28)) || !page.is_power_of_two() || !(512..=65_536).contains(&page) {
        return Some(0);
    }
    let salts = (word(16), word(20));
    let mut frames = frames.chunks_exact(FRAME_HEADER_BYTES + page);
    let mut at = HEADER_BYTES;
    while let Some(frame) = frames.next() {
        let next = add(add(sums, &frame[..8], big), &frame[FRAME_HEADER_BYTES..], big);
        if salts_of(frame) == salts && next == sums_of(frame) {
            sums = next;
            at += frame.len();
            *first_page |= word_at(frame, 0) == 1;
            continue;
        }
        // What follows with the same salts was committed, or was about to be, after this frame.
        let followed = frames.any(|later| is_near(salts_of(later), salts));
        let damaged = followed || (is_near(salts_of(frame), salts) && is_one_bit_off(frame, salts, sums, big));
        return damaged.then_some(at as u64);
    }
    None
}

/// Whether a frame fits when one of its bits is turned round: it was whole once.
fn is_one_bit_off(frame: &[u8], salts: Sums, sums: Sums, big: bool) -> bool {
    let (stated, found) = (sums_of(frame), add(add(sums, &frame[..8], big), &frame[FRAME_HEADER_BYTES..], big));
    let off = bits_between(stated, found) + bits_between(salts_of(frame), salts);
    if off <= 1 {
        return true;
    }
    if salts_of(frame) != salts {
        return false;
    }
    let mut turned = [&frame[..8], &frame[FRAME_HEADER_BYTES..]].concat();
    (0..turned.len() * 8).any(|bit| {
        turned[bit / 8] ^= 1 << (bit % 8);
        let fits = add(sums, &turned, big) == stated;
        turned[bit / 8] ^= 1 << (bit % 8);
        fits
    })
}

fn salts_of(frame: &[u8]) -> Sums {
    (word_at(frame, 8), word_at(frame, 12))
}

fn sums_of(frame: &[u8]) -> Sums {
    (word_at(frame, 16), word_at(frame, 20))
}

fn is_near(found: Sums, wanted: Sums) -> bool {
    bits_between(found, wanted) <= SALT_BITS_MAX
}

fn bits_between(one: Sums, other: Sums) -> u32 {
    (one.0 ^ other.0).count_ones() + (one.1 ^ other.1).count_ones()
}

/// A big-endian word; 0 behind the end.
fn word_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// The checksum carried on over further bytes, a multiple of eight of them.
fn add((mut one, mut two): Sums, bytes: &[u8], big: bool) -> Sums {
    for pair in bytes.chunks_exact(8) {
        let (first, second) = (word_at(pair, 0), word_at(pair, 4));
        let (first, second) = if big { (first, second) } else { (first.swap_bytes(), second.swap_bytes()) };
        one = one.wrapping_add(first).wrapping_add(two);
        two = two.wrapping_add(second).wrapping_add(one);
    }
    (one, two)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn damage(wal: &[u8]) -> Option<u64> {
        read(wal).damage
    }

    const PAGE: usize = 512;
    const SALTS: Sums = (0x1234_5678, 0x9abc_def0);

    /// A log of `frames` pages, with the frames of an older one behind it.
    fn log(frames: u8, older: u8) -> Vec<u8> {
        let mut wal: Vec<u8> =
            [MAGIC, 3_007_000, 512, 1, SALTS.0, SALTS.1].iter().flat_map(|w| w.to_be_bytes()).collect();
        let mut sums = add((0, 0), &wal, false);
        let put = |wal: &mut Vec<u8>, sums: Sums| wal.extend([sums.0, sums.1].iter().flat_map(|w| w.to_be_bytes()));
        put(&mut wal, sums);
        for number in 0..frames + older {
            let page: Vec<u8> =
                (0_u8..=255).cycle().take(PAGE).map(|at| at.wrapping_mul(7).wrapping_add(number)).collect();
            let head: Vec<u8> = [u32::from(number), 1].iter().flat_map(|w| w.to_be_bytes()).collect();
            sums = add(add(sums, &head, false), &page, false);
            wal.extend(&head);
            put(&mut wal, if number < frames { SALTS } else { (SALTS.0 - 1, 77) });
            put(&mut wal, sums);
            wal.extend(page);
        }
        wal
    }

    #[test]
    fn every_flipped_bit_of_a_frame_that_counts_is_found_the_last_one_too() {
        let whole = log(3, 2);
        assert_eq!(read(&whole), Wal { damage: None, first_page: true });
        assert!(!read(&log(1, 2)).first_page, "the frame of page 1 is one of an older log");
        let counts = HEADER_BYTES + 3 * (FRAME_HEADER_BYTES + PAGE);
        // All of the header and of the heads of frames, and some of the pages.
        let heads =
            (0..4).map(|frame| frame * (FRAME_HEADER_BYTES + PAGE)..).map(|from| from.start * 8..from.start * 8 + 256);
        for bit in heads.flatten().chain((0..counts * 8).step_by(61)).filter(|bit| *bit < counts * 8) {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(damage(&flipped).is_some(), "bit {bit}");
        }
        let mut older = whole;
        older[counts + 100] ^= 1;
        assert_eq!(damage(&older), None, "frames of an older log hold nothing");
    }

    #[test]
    fn a_last_frame_that_was_never_finished_and_an_empty_log_are_no_damage() {
        let mut torn = log(3, 0);
        let page = torn.len() - PAGE;
        torn[page + 100..].fill(0);
        assert_eq!(damage(&torn), None);
        torn.truncate(page + 9);
        assert_eq!(damage(&torn), None);
        assert_eq!((damage(&[]), damage(&[0; 64])), (None, None));
    }
}
