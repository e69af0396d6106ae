//! What a sample is for, how large it has to be for that, and what may be said after testing.
//!
//! In: a goal, or counts of tested and failed batches. Out: a number of batches, an interval, a sentence. The formulas are those of ordinary
//! surveys (`size.rs`), never those of GB/T 38358 Annex A, and the sentences say so.

use serde::{Deserialize, Serialize};

use super::size::{detect_one, detect_one_of, estimate, estimate_of};
use methods::sampling_feedback;
use numeric::{Continuous, Normal};
use vocabulary::{Language, said};

/// What the samples have to be able to tell. Shares are between 0 and 1; `lot` is the number of batches there are, none: as good as endless.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Aim {
    /// Find at least one failure, if so many fail.
    Detect {
        /// Probability of finding one…
        confidence: f64,
        /// …when this share fails.
        rate: f64,
        /// Batches there are.
        lot: Option<u32>,
    },
    /// Tell how many fail.
    Estimate {
        /// Confidence of the interval.
        confidence: f64,
        /// The share expected to fail.
        share: f64,
        /// Half the width of the interval.
        margin: f64,
        /// Batches there are.
        lot: Option<u32>,
    },
}

impl Aim {
    /// How many batches that takes; none when a share is not between 0 and 1, or the lot is empty.
    #[must_use]
    pub fn size(&self) -> Option<u32> {
        match *self {
            Self::Detect { confidence, rate, lot: None } => detect_one(confidence, rate),
            Self::Detect { confidence, rate, lot: Some(lot) } => detect_one_of(confidence, rate, lot.into()),
            Self::Estimate { confidence, share, margin, lot } => {
                let z = Normal::STANDARD.quantile_upper(0.5 * (1.0 - confidence));
                match lot {
                    None => estimate(z, share, margin),
                    Some(lot) => estimate_of(z, share, margin, lot.into()),
                }
            }
        }
    }

    /// What that many batches can tell, as a sentence with its numbers; none when there is no size.
    #[must_use]
    pub fn sentence(&self, language: Language) -> Option<String> {
        let n = self.size()?;
        Some(match *self {
            Self::Detect { confidence, rate, lot } => {
                let (confidence, rate) = (percent(confidence), percent(rate));
                let of = lot.map_or_else(String::new, |lot| said!(language, "总体{lot}批时，", "of {lot} batches, "));
                said!(
                    language,
                    "{of}{n}批可在真实不合格率为{rate}%时以{confidence}%的概率至少检出一批",
                    "{of}{n} find at least one failure with probability {confidence} % if {rate} % of all fail"
                )
            }
            Self::Estimate { confidence, share, margin, lot } => {
                let (confidence, share, margin) = (percent(confidence), percent(share), percent(margin));
                let of = match lot {
                    None => language.pick("总体很大".to_owned(), "out of very many".to_owned()),
                    Some(lot) => said!(language, "总体{lot}批", "out of {lot}"),
                };
                said!(
                    language,
                    "{n}批可把不合格率估到±{margin}个百分点（置信度{confidence}%，预计约{share}%，{of}）；\
                     用普通抽样调查公式，不是 GB/T 38358 附录A",
                    "{n} batches tell the share that fails to ±{margin} percentage points (confidence {confidence} %, about {share} % \
                     expected, {of}); by the ordinary survey formula, not by GB/T 38358 Annex A"
                )
            }
        })
    }

    /// [`Aim::sentence`] in Chinese.
    #[must_use]
    pub fn zh(&self) -> Option<String> {
        self.sentence(Language::Chinese)
    }

    /// [`Aim::sentence`] in English.
    #[must_use]
    pub fn en(&self) -> Option<String> {
        self.sentence(Language::English)
    }
}

/// The share of failures that tests found, with its interval. There is no way to say the share alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct FailureRate {
    /// Batches that failed.
    pub failed: u32,
    /// Batches that were tested.
    pub tested: u32,
    /// Confidence of the interval.
    pub confidence: f64,
    /// Lower end of the score interval (Wilson 1927).
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl FailureRate {
    /// What so many tests found; none when nothing was tested, more failed than were tested, or the confidence is not between 0 and 1.
    #[must_use]
    pub fn of(failed: u32, tested: u32, confidence: f64) -> Option<Self> {
        let (low, high) = wilson(failed, tested, confidence)?;
        Some(Self { failed, tested, confidence, low, high })
    }

    /// The share with its interval, as a sentence. It is about what was drawn at random; after a choice of suspects it holds for those alone.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        let Self { failed, tested, .. } = self;
        let share = tenths(f64::from(*failed) / f64::from(*tested));
        let (low, high, confidence) = (tenths(self.low), tenths(self.high), percent(self.confidence));
        said!(
            language,
            "检验{tested}批，不合格{failed}批，不合格率{share}%（{confidence}%置信区间{low}%～{high}%，威尔逊法）",
            "{failed} of {tested} batches failed, {share} % ({confidence} % interval {low} to {high} %, Wilson)"
        )
    }
}

/// Score interval (Wilson) of the share that fails, after `failed` of `tested`; none when nothing was tested, more failed than were tested,
/// or the confidence is not between 0 and 1.
#[must_use]
pub fn wilson(failed: u32, tested: u32, confidence: f64) -> Option<(f64, f64)> {
    let sensible = tested > 0 && failed <= tested && confidence > 0.0 && confidence < 1.0;
    sensible.then(|| sampling_feedback::wilson(failed.into(), tested.into(), confidence))
}

/// A share in percent with at most four decimals.
fn percent(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A measured share in percent with one decimal.
fn tenths(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DETECT: Aim = Aim::Detect { confidence: 0.95, rate: 0.20, lot: None };

    #[test]
    fn clause_1_26_the_size_follows_from_the_aim() {
        assert_eq!(DETECT.size(), Some(14));
        assert_eq!(Aim::Detect { confidence: 0.95, rate: 0.20, lot: Some(50) }.size(), Some(12));
        for (confidence, share, margin, lot, expected) in [
            (0.95, 0.10, 0.05, None, 139),
            (0.95, 0.10, 0.05, Some(200), 83),
            (0.95, 0.50, 0.05, Some(10_000), 370),
            (0.90, 0.50, 0.05, None, 271),
        ] {
            assert_eq!(Aim::Estimate { confidence, share, margin, lot }.size(), Some(expected), "{share} {lot:?}");
        }
    }

    #[test]
    fn an_aim_that_cannot_be_met_has_neither_size_nor_sentence() {
        for aim in [
            Aim::Detect { confidence: 1.0, rate: 0.2, lot: None },
            Aim::Detect { confidence: 0.95, rate: 0.2, lot: Some(0) },
            Aim::Estimate { confidence: 1.0, share: 0.1, margin: 0.05, lot: None },
            Aim::Estimate { confidence: 1.5, share: 0.1, margin: 0.05, lot: None },
            Aim::Estimate { confidence: -0.5, share: 0.1, margin: 0.05, lot: None },
            Aim::Estimate { confidence: f64::NAN, share: 0.1, margin: 0.05, lot: None },
            Aim::Estimate { confidence: 0.95, share: 0.1, margin: 0.0, lot: Some(9) },
        ] {
            assert_eq!((aim.size(), aim.zh()), (None, None), "{aim:?}");
        }
    }

    #[test]
    fn clause_1_26_a_sentence_says_what_the_number_buys() {
        assert_eq!(DETECT.zh().as_deref(), Some("14批可在真实不合格率为20%时以95%的概率至少检出一批"));
        assert_eq!(
            DETECT.en().as_deref(),
            Some("14 find at least one failure with probability 95 % if 20 % of all fail")
        );
        let estimate = Aim::Estimate { confidence: 0.95, share: 0.1, margin: 0.05, lot: Some(200) };
        assert_eq!(
            estimate.zh().as_deref(),
            Some(
                "83批可把不合格率估到±5个百分点（置信度95%，预计约10%，总体200批）；用普通抽样调查公式，不是 GB/T 38358 附录A"
            )
        );
        let en = estimate.en().expect("a sentence");
        assert!(en.starts_with("83 batches") && en.ends_with("not by GB/T 38358 Annex A"), "{en}");
        assert!(!en.contains("  "), "{en}");
        let rare = Aim::Detect { confidence: 0.999, rate: 0.001, lot: Some(100_000) };
        assert!(rare.zh().is_some_and(|zh| zh.contains("0.1%") && zh.contains("99.9%") && zh.contains("总体100000批")));
    }

    #[test]
    fn clause_1_26_a_rate_is_told_with_its_interval() {
        for (failed, tested, low, high) in [
            (0, 5, "0.0", "43.4"),
            (1, 5, "3.6", "62.4"),
            (3, 10, "10.8", "60.3"),
            (0, 30, "0.0", "11.4"),
            (6, 20, "14.5", "51.9"),
        ] {
            let found = wilson(failed, tested, 0.95).expect("an interval");
            assert_eq!((tenths(found.0).as_str(), tenths(found.1).as_str()), (low, high), "{failed} of {tested}");
        }
        assert_eq!(wilson(5, 5, 0.95).map(|(_, high)| tenths(high)).as_deref(), Some("100.0"));
        for (failed, tested, confidence) in [(0, 0, 0.95), (6, 5, 0.95), (1, 5, 1.0), (1, 5, 0.0), (1, 5, f64::NAN)] {
            assert_eq!(wilson(failed, tested, confidence), None);
        }
        let rate = FailureRate::of(6, 20, 0.95).expect("tested");
        assert_eq!(
            rate.sentence(Language::Chinese),
            "检验20批，不合格6批，不合格率30.0%（95%置信区间14.5%～51.9%，威尔逊法）"
        );
        assert_eq!(
            rate.sentence(Language::English),
            "6 of 20 batches failed, 30.0 % (95 % interval 14.5 to 51.9 %, Wilson)"
        );
    }

    #[test]
    fn an_aim_is_read_as_it_is_written() {
        let text = r#"{"kind":"detect","confidence":0.95,"rate":0.2}"#;
        assert_eq!(serde_json::from_str::<Aim>(text).expect("an aim"), DETECT);
        let written = serde_json::to_string(&DETECT).expect("written");
        assert_eq!(serde_json::from_str::<Aim>(&written).expect("an aim"), DETECT);
    }
}
