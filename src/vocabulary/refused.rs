//! Why something that somebody asked for is refused, in both languages of the program.

/// A refusal. `zh` is shown on pages and to analysts, `en` to operators; [`Display`](std::fmt::Display) gives `en`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The reason in Chinese, a sentence or part of one.
    pub zh: String,
    /// The reason in English, without a full stop.
    pub en: String,
}

impl Refused {
    /// A refusal with its reason in Chinese and in English.
    #[must_use]
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.en)
    }
}

impl std::error::Error for Refused {}
