//! Why something that somebody asked for is refused or cannot be used, in both languages of the program.

/// A reason. `zh` is shown on pages and to analysts, `en` to operators and in logs; [`Display`](std::fmt::Display) gives `en`.
/// [`refused!`](crate::refused!) makes one from two wordings with the same arguments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// The reason in Chinese, a sentence or part of one.
    pub zh: String,
    /// The reason in English, without a full stop.
    pub en: String,
}

impl Refused {
    /// A reason in Chinese and in English.
    #[must_use]
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// What an error says in both languages, without its causes.
    #[must_use]
    pub fn of(error: &dyn super::Said) -> Self {
        Self { zh: error.zh(), en: error.en() }
    }

    /// The same about a field, a column or a line that is named first: `` `text`: … ``.
    #[must_use]
    pub fn about(self, name: impl std::fmt::Display) -> Self {
        Self { zh: format!("{name}：{}", self.zh), en: format!("{name}: {}", self.en) }
    }

    /// What is the same in both languages: a value as somebody wrote it, or what a library said, quoted in Chinese.
    #[must_use]
    pub fn quoted(said: impl std::fmt::Display) -> Self {
        let said = said.to_string();
        Self { zh: format!("“{said}”"), en: said }
    }
}

impl From<String> for Refused {
    /// A reason that has no Chinese wording yet: the English one, quoted.
    fn from(en: String) -> Self {
        Self::quoted(en)
    }
}

impl From<&str> for Refused {
    /// A reason that has no Chinese wording yet: the English one, quoted.
    fn from(en: &str) -> Self {
        Self::quoted(en)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.en)
    }
}

impl std::error::Error for Refused {}

impl serde::Serialize for Refused {
    /// Its English wording: what programs read is the same in every language.
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.en)
    }
}
