//! Places by GB/T 2260: six digits, two each for province, prefecture and county.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Said;
use super::excerpt::{SHOWN_CHARS, excerpt};

/// Text that is no GB/T 2260 code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no region code: expected six digits as in GB/T 2260, e.g. 330100")]
pub struct RegionError {
    /// The text that was found.
    pub found: String,
}

impl Said for RegionError {
    fn zh(&self) -> String {
        format!("`{}` 不是地区代码：应为 GB/T 2260 的六位数字，例如 330100", self.found)
    }
}

/// A GB/T 2260 code. `330000` is a province, `330100` a prefecture, `330106` a county.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RegionCode(u32);

impl RegionCode {
    /// Checks that the number has six digits and begins with a province.
    ///
    /// # Errors
    /// [`RegionError`] otherwise.
    pub fn new(number: u32) -> Result<Self, RegionError> {
        if (110_000..=829_999).contains(&number) {
            Ok(Self(number))
        } else {
            Err(RegionError { found: number.to_string() })
        }
    }

    /// The code of a province by its two digits, which stand in [`PROVINCES`](super::PROVINCES).
    pub(super) fn of_province(code: u32) -> Self {
        Self(code * 10_000)
    }

    /// The six digits as a number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    /// The province it lies in (itself when it is one).
    #[must_use]
    pub fn province(self) -> Self {
        Self(self.0 / 10_000 * 10_000)
    }

    /// The prefecture it lies in; a province stays itself.
    #[must_use]
    pub fn prefecture(self) -> Self {
        Self(self.0 / 100 * 100)
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl FromStr for RegionCode {
    type Err = RegionError;
    fn from_str(text: &str) -> Result<Self, RegionError> {
        let fail = || RegionError { found: excerpt(text, SHOWN_CHARS) };
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fail());
        }
        Self::new(text.parse().map_err(|_| fail())?).map_err(|_| fail())
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> Self {
        code.to_string()
    }
}

impl TryFrom<String> for RegionCode {
    type Error = RegionError;
    fn try_from(text: String) -> Result<Self, RegionError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_county_knows_its_prefecture_and_province() {
        let county: RegionCode = "330106".parse().expect("a code");
        assert_eq!(county.prefecture().to_string(), "330100");
        assert_eq!(county.province().to_string(), "330000");
    }

    #[test]
    fn anything_but_six_digits_is_refused() {
        for text in ["33", "浙江", "33010a", "990000", "0330100"] {
            assert!(text.parse::<RegionCode>().is_err(), "{text}");
        }
    }
}
