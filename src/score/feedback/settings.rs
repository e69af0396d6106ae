//! The `[score.feedback]` table of the criteria: what outcomes do, and how the quality report judges ourselves.

use std::collections::BTreeMap;

use serde::Deserialize;

use vocabulary::{Channel, Refused, refused};

/// What outcomes do (scoring methods, sections 1, 7 and 10).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedbackCriteria {
    /// Prior shapes `a`, `b` of a source's credibility.
    pub credibility_prior: [f64; 2],
    /// Credibility below which a source's events are left out of the thinning test.
    pub thin_below: f64,
    /// Half-life of an event's weight in the decayed intensity, in days, for every channel.
    pub half_life_days: BTreeMap<Channel, f64>,
    /// Prior shapes of the share of alerts that are real.
    pub p_real_prior: [f64; 2],
    /// Judged alerts that the share of all is worth beside the alike ones.
    pub p_real_strength: f64,
    /// Judged alerts from which logistic regression takes over.
    pub logistic_from: u64,
    /// Confirmed ones, and not confirmed ones, that it needs at least.
    pub logistic_each: u64,
    /// Inverse prior variance of its coefficients.
    pub logistic_ridge: f64,
    /// Prior shapes of a category's share of failures without campaigns.
    pub failure_prior: [f64; 2],
    /// Share of failures whose exceedance is reported.
    pub failure_threshold: f64,
    /// Random campaigns from which a category's prior is fitted.
    pub fit_campaigns: u64,
    /// Probability of more failures than [`Self::failure_threshold`] from which samples confirm.
    pub confirm_above: f64,
    /// Share of failures that clean samples must make improbable.
    pub design_prevalence: f64,
    /// Probability of more failures than that below which a matter is not confirmed.
    pub mute_below: f64,
    /// Batches that it takes at least.
    pub mute_tested: u64,
    /// Whether an analyst's verdict mutes as clean samples do.
    pub mute_verdicts: bool,
    /// Days for which a matter that was not confirmed is muted.
    pub mute_days: u32,
    /// Factor of evidence with which it is heard again all the same.
    pub unmute_factor: f64,
    /// Failing companies that make a problem industry-wide, confirmed.
    pub confirm_companies: u64,
    /// Factor over the usual share of failures that makes a company a failing one.
    pub confirm_ratio: f64,
    /// Age in days from which a result no longer counts for that.
    pub confirm_days: u32,
    /// Factor over the promise that the control chart looks for.
    pub chart_ratio: f64,
    /// Weeks between its own false alarms.
    pub chart_run_weeks: f64,
}

impl FeedbackCriteria {
    /// The key that cannot be used, and why.
    pub(crate) fn check(&self) -> Result<(), (&'static str, Refused)> {
        let inside = |key, value: f64| match value {
            found if found > 0.0 && found < 1.0 => Ok(()),
            found => Err((
                key,
                refused!("为 {found}：应为大于 0、小于 1 的比例", "is {found}: expected a share above 0 and below 1"),
            )),
        };
        let positive = |key, value: f64| match value {
            found if found > 0.0 && found.is_finite() => Ok(()),
            found => Err((key, refused!("为 {found}：应为大于 0 的数", "is {found}: expected a number above 0"))),
        };
        let above_one = |key, value: f64| match value {
            found if found > 1.0 && found.is_finite() => Ok(()),
            found => Err((key, refused!("为 {found}：应为大于 1 的倍数", "is {found}: expected a factor above 1"))),
        };
        for (key, shapes) in [
            ("credibility_prior", self.credibility_prior),
            ("p_real_prior", self.p_real_prior),
            ("failure_prior", self.failure_prior),
        ] {
            positive(key, shapes[0])?;
            positive(key, shapes[1])?;
        }
        inside("thin_below", self.thin_below)?;
        inside("failure_threshold", self.failure_threshold)?;
        inside("confirm_above", self.confirm_above)?;
        inside("design_prevalence", self.design_prevalence)?;
        inside("mute_below", self.mute_below)?;
        positive("p_real_strength", self.p_real_strength)?;
        positive("logistic_ridge", self.logistic_ridge)?;
        above_one("unmute_factor", self.unmute_factor)?;
        above_one("confirm_ratio", self.confirm_ratio)?;
        above_one("chart_ratio", self.chart_ratio)?;
        above_one("chart_run_weeks", self.chart_run_weeks)?;
        for (key, found, least) in [
            ("logistic_each", self.logistic_each, 1),
            ("fit_campaigns", self.fit_campaigns, 2),
            ("mute_tested", self.mute_tested, 1),
            ("mute_days", u64::from(self.mute_days), 1),
            ("confirm_companies", self.confirm_companies, 1),
            ("confirm_days", u64::from(self.confirm_days), 1),
        ] {
            if found < least {
                return Err((key, refused!("为 {found}：至少应为 {least}", "is {found}: expected at least {least}")));
            }
        }
        for channel in Channel::ALL {
            let days = self.half_life_days.get(channel).copied();
            positive("half_life_days", days.unwrap_or(f64::NAN)).map_err(|(key, _)| {
                (
                    key,
                    refused!(
                        "没有给渠道 `{channel}` 一个大于 0 的天数",
                        "has no number of days above 0 for channel `{channel}`"
                    ),
                )
            })?;
        }
        Ok(())
    }
}
