//! The beginning of a text, for messages that say what was found.

/// Characters of a found text that an error message shows.
pub const SHOWN_CHARS: usize = 60;

/// The first `chars` characters of a text; all of it when it is shorter.
#[must_use]
pub fn excerpt(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_after_so_many_characters_not_bytes() {
        assert_eq!(excerpt("电池起火", 2), "电池");
        assert_eq!(excerpt("电池", 2), "电池");
        assert_eq!(excerpt("电池", 9), "电池");
        assert_eq!(excerpt("", 3), "");
        assert_eq!(excerpt("abc", 0), "");
    }
}
