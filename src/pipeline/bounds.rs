//! Bounds on what people and organisations hand in about alerts, on buyers, on criteria files, and on rounds under way.

vocabulary::bounds! {
    /// Rounds of sources that last and go on beside those that have a place.
    pub(super) const LASTING_ROUNDS_MAX: usize = 32, "rounds", "no further round begins until one has ended";
    /// Acts that are handed in at once.
    pub const ACTS_AT_ONCE_MAX: usize = 1_000, "acts", "400: nothing of the body is taken in";
    /// Notes that one organisation writes on one alert.
    pub(super) const NOTES_OF_ONE_MAX: usize = 1_000, "notes", "the note is refused";
    /// Text of the notes and reasons that one organisation writes on one alert.
    pub(super) const NOTE_BYTES_OF_ONE_MAX: usize = 256 << 10, "bytes", "a further note is refused; reasons of other acts go on to twice as much";
    /// Acts of one organisation on one alert, notes included.
    pub(super) const ACTS_OF_ONE_MAX: usize = 2_000, "acts", "the act is refused";
    /// Particulars of the acts of one organisation on one alert, as JSON.
    pub(super) const WORK_BYTES_OF_ONE_MAX: usize = 8 << 20, "bytes", "a further act with particulars is refused";
    /// A value that is kept of a buyer: a name, a phone number, an account, an address, a note, the number of an order.
    pub(super) const BUYER_CHARS_MAX: usize = 500, "characters", "the buyer or the order is refused";
    /// Accounts of one buyer.
    pub(super) const BUYER_ACCOUNTS_MAX: usize = 50, "accounts", "the buyer is refused";
    /// The reason why somebody looks at a buyer or retires one.
    pub(super) const BUYER_WHY_CHARS_MAX: usize = 500, "characters", "the buyer is not shown, or stays";
    /// A criteria file.
    pub(super) const CRITERIA_BYTES_MAX: u64 = 4 << 20, "bytes", "the file is refused";
}
