//! Bounds on what can be asked of the index, and on what is answered.

vocabulary::bounds! {
    /// Longest query, in characters.
    pub const QUERY_CHARS_MAX: usize = 4096, "characters", "the query is refused; pages take 500";
    /// Deepest nesting of parentheses and negations.
    pub const QUERY_DEPTH_MAX: usize = 16, "levels", "the query is refused";
    /// Most words, phrases and field values in one query.
    pub const QUERY_CLAUSES_MAX: usize = 256, "clauses", "the query is refused";
    /// Farthest that `NEAR` reaches, in characters.
    pub const NEAR_CHARS_MAX: u32 = 100, "characters", "the query is refused";
    /// Most single characters beside `NEAR` in one query. Each begins thousands of terms, and all of their lists of places are open at once.
    pub(super) const NEAR_SINGLES_MAX: usize = 2, "characters", "the query is refused";
    /// Most letters that may differ in a fuzzy name.
    pub(super) const FUZZY_EDITS_MAX: usize = 2, "letters", "the query is refused";
    /// Most other names that all words of one query bring with them.
    pub(super) const EXPANSIONS_MAX: usize = 64, "names", "further names are not searched";
    /// Most spellings that one fuzzy name stands for, the most alike first.
    pub(super) const SPELLINGS_MAX: usize = 50, "spellings", "the less alike are not searched";
    /// Most terms of one segment looked at for a fuzzy name.
    pub(super) const SPELLINGS_SEEN_MAX: usize = 500_000, "terms", "further terms are not looked at";
    /// Terms of one segment that a single character or a beginning beside `NEAR` may stand for.
    pub(super) const BEGINNINGS_MAX: usize = 10_000, "terms", "further terms are not looked at";
    /// Most other names that one word brings with it; a longer list would be no synonyms.
    pub(super) const ALSO_MAX: usize = 16, "names", "further names are not searched";
    /// Most hits on one page.
    pub const PAGE_HITS_MAX: usize = 1000, "hits", "the number is cut";
    /// Most codes listed in one facet, the most frequent first. Their counts are exact over all matches.
    pub const FACET_CODES_MAX: usize = 200, "codes", "the rarer are not listed";
    /// Most bars.
    pub const HISTOGRAM_BARS_MAX: usize = 64, "bars", "the bars are coarser";
    /// Most standing queries.
    pub const STANDING_MAX: usize = 5_000, "queries", "further ones are not asked";
    /// Most documents matched in one pass.
    pub const ARRIVED_MAX: usize = 10_000, "documents", "the rest comes with the next pass";
}
