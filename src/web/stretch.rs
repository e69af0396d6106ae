//! Long lists on pages: a stretch at a time, bounded by lines and by bytes.

use std::ops::Range;

use super::limits::{LINES_SHOWN_BYTES_MAX, LINES_SHOWN_MAX};

/// The last of the first `before` of a list, in its order: as many as have room, one at least where there is one.
pub(super) fn newest<T>(all: &[T], before: usize, bytes: impl Fn(&T) -> usize) -> Range<usize> {
    let end = before.min(all.len());
    let (mut from, mut held) = (end, 0_usize);
    while from > 0 && end - from < LINES_SHOWN_MAX {
        held = held.saturating_add(bytes(&all[from - 1]));
        if held > LINES_SHOWN_BYTES_MAX && from < end {
            break;
        }
        from -= 1;
    }
    from..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_cover_a_list_once_and_none_is_long() {
        let long = "长".repeat(2_000);
        for (lines, line) in [(0, "x"), (1, long.as_str()), (49, "x"), (1_000, long.as_str()), (1_000, "x")] {
            let all = vec![line.to_owned(); lines];
            let (mut before, mut shown) = (usize::MAX, 0);
            loop {
                let stretch = newest(&all, before, String::len);
                let bytes: usize = all[stretch.clone()].iter().map(String::len).sum();
                assert!(stretch.len() <= LINES_SHOWN_MAX && (bytes <= LINES_SHOWN_BYTES_MAX || stretch.len() == 1));
                shown += stretch.len();
                if stretch.start == 0 {
                    break;
                }
                assert!(!stretch.is_empty());
                before = stretch.start;
            }
            assert_eq!(shown, lines);
        }
        let endless = vec!["长".repeat(1_000_000)];
        assert_eq!(newest(&endless, usize::MAX, String::len), 0..1, "one line is shown however long it is");
    }
}
