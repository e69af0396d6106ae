//! Bounds on what comes from outside: each with its name, value, unit, and what happens beyond it.
//!
//! A room lists its bounds once, by [`bounds!`](crate::bounds): the macro makes the constants that the code uses and the table of the
//! same values that documents are made of, so the two cannot differ.

/// One bound of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Bound {
    /// Name of the constant.
    pub name: &'static str,
    /// What is bounded: its documentation, lines joined by a space.
    pub what: &'static str,
    /// The largest value that is accepted; durations in seconds.
    pub value: u64,
    /// What is counted: `bytes`, `seconds`, `rows`, ….
    pub unit: &'static str,
    /// What happens to what lies beyond.
    pub beyond: &'static str,
}

/// Declares the bounds of a room: constants, and `BOUNDS`, the table of them in the same order.
#[macro_export]
macro_rules! bounds {
    ($($(#[doc = $doc:literal])+ $vis:vis const $name:ident: $kind:ident = $value:expr, $unit:literal, $beyond:literal;)+) => {
        $($(#[doc = $doc])+ $vis const $name: $crate::bounds!(@type $kind) = $value;)+

        /// Every bound of this room, in the order of this file.
        pub const BOUNDS: &[$crate::Bound] = &[$($crate::Bound {
            name: stringify!($name),
            what: concat!($($doc),+).trim_ascii(),
            value: $crate::bounds!(@value $kind $name),
            unit: $unit,
            beyond: $beyond,
        }),+];
    };
    (@type Duration) => { ::std::time::Duration };
    (@type $kind:ident) => { $kind };
    (@value Duration $name:ident) => { $name.as_secs() };
    (@value u64 $name:ident) => { $name };
    (@value $kind:ident $name:ident) => { $name as u64 };
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[expect(unreachable_pub, reason = "the table of a room is public")]
    mod room {
        crate::bounds! {
            /// Longest line
            /// of a file.
            pub(super) const LINE_BYTES_MAX: usize = 1_000, "bytes", "the line is set aside";
            /// Longest wait.
            pub(super) const WAIT_MAX: Duration = std::time::Duration::from_mins(2), "seconds", "the wait is cut";
        }
    }

    #[test]
    fn the_table_holds_what_the_constants_hold() {
        assert_eq!((room::LINE_BYTES_MAX, room::WAIT_MAX), (1_000, Duration::from_mins(2)));
        let told: Vec<_> = room::BOUNDS.iter().map(|bound| (bound.name, bound.what, bound.value, bound.unit)).collect();
        assert_eq!(
            told,
            [
                ("LINE_BYTES_MAX", "Longest line of a file.", 1_000, "bytes"),
                ("WAIT_MAX", "Longest wait.", 120, "seconds")
            ]
        );
        assert_eq!(room::BOUNDS[0].beyond, "the line is set aside");
    }
}
