//! READ-3 by what is made and not by what is read: how many values a JSON text will become, how much the items of a page take.
//! Pure.

use super::bounds::{ITEM_BYTES_MAX, JSON_OBJECTS_MAX, JSON_VALUES_MAX};

/// Why a JSON text is not given to its parser; none when it may be. One pass, nothing is built.
pub(crate) fn json_problem(text: &str) -> Option<String> {
    let (values, objects) = json_size(text);
    if values > JSON_VALUES_MAX {
        return Some(format!("it has {values} values, at most {JSON_VALUES_MAX} are read"));
    }
    (objects > JSON_OBJECTS_MAX).then(|| format!("it has {objects} objects, at most {JSON_OBJECTS_MAX} are read"))
}

/// Length from which a text is looked through.
const SIZED_FROM_BYTES: usize =
    if 3 * JSON_OBJECTS_MAX < 2 * JSON_VALUES_MAX { 3 * JSON_OBJECTS_MAX } else { 2 * JSON_VALUES_MAX };

/// At most how many values and objects a JSON text holds: each value but the first stands behind a comma or a bracket.
fn json_size(text: &str) -> (usize, usize) {
    // A shorter text cannot reach a bound: an object takes three bytes with its comma, a value two.
    if text.len() < SIZED_FROM_BYTES {
        return (0, 0);
    }
    let (mut values, mut objects, mut quoted, mut escaped) = (1_usize, 0_usize, false, false);
    for byte in text.bytes() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b',' | b'[' => values += 1,
            b'{' => {
                values += 1;
                objects += 1;
            }
            _ => {}
        }
    }
    (values, objects)
}

/// What the items of one page may still take.
#[derive(Debug)]
pub(crate) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(ITEM_BYTES_MAX)
    }
}

impl Room {
    /// Takes so many bytes; false when there are not enough left.
    pub(crate) fn take(&mut self, needed: usize) -> bool {
        self.0.checked_sub(needed).inspect(|left| self.0 = *left).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_take_room_until_there_is_none() {
        let mut room = Room::default();
        assert_eq!((0..1_000).take_while(|_| room.take(300_000)).count(), ITEM_BYTES_MAX / 300_000);
        assert!(!room.take(usize::MAX) && room.take(1));
    }

    #[test]
    fn a_json_text_is_counted_as_what_it_becomes() {
        let padding = " ".repeat(SIZED_FROM_BYTES);
        for (text, expected) in [
            ("null", (1, 0)),
            ("[1, 2, [3], {\"a\": 4, \"b\": \"x,[{\\\",\"}]", (8, 1)),
            ("{\"a\": \"\\\\\", \"b\": {}}", (4, 2)),
        ] {
            let (values, objects) = json_size(&format!("{text}{padding}"));
            assert_eq!((values, objects), expected, "{text}");
        }
        assert_eq!(json_problem("[0,0]"), None);
        assert!(json_problem(&format!("[0{}]", ",0".repeat(JSON_VALUES_MAX))).unwrap().contains("values"));
        assert!(json_problem(&format!("[{}{{}}]", "{},".repeat(JSON_OBJECTS_MAX))).unwrap().contains("objects"));
    }
}
