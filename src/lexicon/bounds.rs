//! Bounds on the files of rules and dictionaries.

vocabulary::bounds! {
    /// Most files in a lexicon folder.
    pub const FILES_MAX: usize = 2_000, "files", "the folder is refused";
    /// Largest single file, in bytes.
    pub const FILE_BYTES_MAX: usize = 32 * 1024 * 1024, "bytes", "the folder is refused";
    /// All files of a lexicon folder together.
    pub const LEXICON_BYTES_MAX: usize = 128 << 20, "bytes", "the folder is refused";
    /// Deepest nesting of folders.
    pub(super) const DEPTH_MAX: usize = 8, "folders", "the folder is refused";
    /// Most characters that any gap may skip.
    pub const GAP_MAX: u8 = 30, "characters", "the pattern is refused";
    /// Most sequences one pattern may stand for once its optional elements are spelled out.
    pub const VARIANTS_MAX: usize = 32, "sequences", "the pattern is refused";
    /// Most n-grams of a model.
    pub const GRAMS_MAX: usize = 400_000, "grams", "the model is refused";
    /// Most traits of a candidate that a model weighs.
    pub const TRAITS_MAX: usize = 100_000, "traits", "the model is refused";
}
