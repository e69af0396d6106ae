//! Bounds on what people keep in the store.

vocabulary::bounds! {
    /// Most saved searches.
    pub const SEARCHES_MAX: usize = 2_000, "searches", "the search is refused";
    /// Most of one organisation.
    pub const SEARCHES_OF_ONE_MAX: usize = 200, "searches", "the search is refused";
    /// Longest name of one, in characters.
    pub const SEARCH_NAME_CHARS_MAX: usize = 60, "characters", "the search is refused";
    /// Most documents kept for one watch; the oldest are forgotten, their number is not.
    pub const SEARCH_HITS_MAX: u64 = 1_000, "documents", "the oldest are forgotten";
    /// Documents listed in a digest; the others are only counted.
    pub const DIGEST_HITS_MAX: usize = 20, "documents", "the others are counted";
    /// Most documents in doubt that wait for a person; the oldest are let go.
    pub const DOUBTS_OPEN_MAX: u32 = 2_000, "documents", "the oldest are no longer asked about";
    /// Most matters of which the service keeps that it excluded them; those that were judged longest ago are let go.
    pub const EXCLUDED_MAX: u32 = 5_000, "matters", "the oldest are no longer listed";
    /// Longest time between two digests, in minutes: a week.
    pub const THROTTLE_MINUTES_MAX: u32 = 7 * 24 * 60, "minutes", "the search is refused";
}
