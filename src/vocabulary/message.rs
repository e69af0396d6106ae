//! What a message to other warning systems is called: the 31 characters `ZZZZZZDDDUUUXX_YYYYMMDDhhmmss_N` of the practice of GB/T 35965.1.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{RegionCode, Said, shanghai};

/// Characters of a publisher's code.
const CODE_CHARS: usize = 14;
/// Messages of one publisher in one second: their serial has one digit.
const SERIALS: u8 = 10;
/// How the second is written, in Beijing time.
const SECOND: &str = "%Y%m%d%H%M%S";

/// Text that is no publisher's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is no publisher's code: expected 14 characters, a region of GB/T 2260 (6 digits), a sector of GB/T 4657 (3 digits), the unit (3) and an extension (2, digits or capital letters)"
)]
pub struct PublisherError {
    /// The text that was found.
    pub found: String,
}

impl Said for PublisherError {
    fn zh(&self) -> String {
        format!(
            "`{}` 不是发布单位代码：应为 14 个字符，即 GB/T 2260 地区（6 位数字）、GB/T 4657 行业（3 位数字）、单位（3 位）和扩展（2 位，数字或大写字母）",
            self.found
        )
    }
}

/// The code of whoever issues messages: region (GB/T 2260), sector (GB/T 4657), unit within it, extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PublisherCode(String);

impl PublisherCode {
    /// The id of a message that it issues: 31 characters.
    #[must_use]
    pub fn message(&self, stamp: MessageStamp) -> String {
        format!("{}_{stamp}", self.0)
    }
}

impl FromStr for PublisherCode {
    type Err = PublisherError;

    fn from_str(text: &str) -> Result<Self, PublisherError> {
        let wrong = || PublisherError { found: text.to_owned() };
        let (place, sector) = (text.get(..6).ok_or_else(wrong)?, text.get(6..9).ok_or_else(wrong)?);
        let own = text.get(9..).ok_or_else(wrong)?;
        let fit = |c: u8| c.is_ascii_digit() || c.is_ascii_uppercase();
        let placed = place.parse::<RegionCode>().is_ok();
        let fits = text.len() == CODE_CHARS && sector.bytes().all(|c| c.is_ascii_digit()) && own.bytes().all(fit);
        if placed && fits { Ok(Self(text.to_owned())) } else { Err(wrong()) }
    }
}

impl From<PublisherCode> for String {
    fn from(code: PublisherCode) -> Self {
        code.0
    }
}

impl TryFrom<String> for PublisherCode {
    type Error = PublisherError;

    fn try_from(text: String) -> Result<Self, PublisherError> {
        text.parse()
    }
}

/// When a message was entered, to the second, and which of that second's it is. Written as `YYYYMMDDhhmmss_N`, it sorts as time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageStamp {
    second: Timestamp,
    serial: u8,
}

impl MessageStamp {
    /// The stamp of the next message: of this second, unless the last one was of it or a later one. No stamp is given twice, also when a clock
    /// goes back or more than ten messages are entered in a second: then they move on into the next seconds.
    #[must_use]
    pub fn next(last: Option<Self>, now: Timestamp) -> Self {
        let this = Self { second: Timestamp::from_second(now.as_second()).unwrap_or(now), serial: 0 };
        match last {
            Some(last) if last.second >= this.second && last.serial + 1 < SERIALS => {
                Self { serial: last.serial + 1, ..last }
            }
            Some(last) if last.second >= this.second => {
                Self { second: last.second + SignedDuration::from_secs(1), serial: 0 }
            }
            _ => this,
        }
    }

    /// When the message was entered.
    #[must_use]
    pub fn entered_at(self) -> Timestamp {
        self.second
    }
}

impl fmt::Display for MessageStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.second.to_zoned(shanghai()).strftime(SECOND), self.serial)
    }
}

/// Text that is no stamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no stamp of a message: expected YYYYMMDDhhmmss_N")]
pub struct StampError(pub String);

impl Said for StampError {
    fn zh(&self) -> String {
        format!("`{}` 不是消息标识：应为 YYYYMMDDhhmmss_N", self.0)
    }
}

impl FromStr for MessageStamp {
    type Err = StampError;

    fn from_str(text: &str) -> Result<Self, StampError> {
        let wrong = || StampError(text.to_owned());
        let (second, serial) = text.split_once('_').ok_or_else(wrong)?;
        let second = DateTime::strptime(SECOND, second).and_then(|at| at.to_zoned(shanghai())).map_err(|_| wrong())?;
        let serial = serial.parse().ok().filter(|serial| *serial < SERIALS).ok_or_else(wrong)?;
        Ok(Self { second: second.timestamp(), serial })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_763_856_000 + second).expect("a moment")
    }

    #[test]
    fn a_message_is_called_by_publisher_second_and_serial() {
        let code: PublisherCode = "33010034000000".parse().expect("a code");
        let id = code.message(MessageStamp::next(None, at(7)));
        assert_eq!((id.as_str(), id.len()), ("33010034000000_20251123080007_0", 31));
        for wrong in [
            "",
            "3301003400000",
            "330100340000000",
            "00000034000000",
            "330100a4000000",
            "3301003400000a",
            "产品质量风险监",
        ] {
            assert!(wrong.parse::<PublisherCode>().is_err(), "{wrong}");
        }
        for wrong in ["", "20251123080007", "20251123080007_a", "20251123080007_10", "20251323080007_1"] {
            assert!(wrong.parse::<MessageStamp>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn stamps_only_grow_and_read_back(seconds in proptest::collection::vec(0_i64..4, 1..60)) {
            let (mut last, mut written) = (None, String::new());
            for second in seconds {
                let next = MessageStamp::next(last, at(second));
                prop_assert!(last.is_none_or(|last| last < next) && next.entered_at() >= at(second));
                let text = next.to_string();
                prop_assert!(written < text, "{written} {text}");
                prop_assert_eq!(text.parse(), Ok(next));
                (last, written) = (Some(next), text);
            }
        }
    }
}
