//! How numbers are shown in sentences.

use super::Language;
use vocabulary::ONSET_YEAR_DAYS;

/// Longest recurrence shown as a number, in years: what a model says beyond it is no measure of anything.
const YEARS_MAX: f64 = 1000.0;
/// Smallest share shown as a number.
const SHARE_MIN: f64 = 0.001;

/// Three significant figures; powers of ten where a plain number would be unreadable.
#[must_use]
pub fn figure(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e6).contains(&value.abs()) {
        return format!("{value:.2e}");
    }
    #[expect(clippy::cast_possible_truncation, reason = "between -3 and 5")]
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = usize::try_from(2 - magnitude).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A share in percent with one digit.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A share as an upper bound.
pub(super) fn share_at_most(share: f64, language: Language) -> String {
    match (share < SHARE_MIN, language) {
        (true, Language::Chinese) => "不足千分之一".to_owned(),
        (true, Language::English) => "less than one in a thousand".to_owned(),
        (false, Language::Chinese) => format!("至多约{}%", figure(share * 100.0)),
        (false, Language::English) => format!("at most about {} %", figure(share * 100.0)),
    }
}

/// How often something happens that has `10^-h` onsets a year.
pub(super) fn recurrence(h: f64, language: Language) -> String {
    let years = 10_f64.powf(h);
    if years > YEARS_MAX || years.is_nan() {
        return match language {
            Language::Chinese => "千年难遇".to_owned(),
            Language::English => "less than once in a thousand years".to_owned(),
        };
    }
    let whole_years = years >= 1.0;
    let figure = figure(if whole_years { years } else { years * ONSET_YEAR_DAYS });
    match (whole_years, language) {
        (true, Language::Chinese) => format!("约每{figure}年一次"),
        (true, Language::English) => format!("about once in {figure} years"),
        (false, Language::Chinese) => format!("约每{figure}天一次"),
        (false, Language::English) => format!("about once in {figure} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_three_digits_and_stay_readable() {
        let shown = [0.0, 104.0, 0.123_456, 3.5, 1234.5, 0.000_012_34].map(figure);
        assert_eq!(shown, ["0", "104", "0.123", "3.5", "1234", "1.23e-5"]);
    }

    #[test]
    fn a_recurrence_is_told_in_days_then_in_years_then_not_at_all() {
        let shown = [-2.0, 0.0, 2.5, 3.1, f64::NAN].map(|h| recurrence(h, Language::Chinese));
        assert_eq!(shown, ["约每3.65天一次", "约每1年一次", "约每316年一次", "千年难遇", "千年难遇"]);
    }
}
