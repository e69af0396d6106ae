//! Heterogeneity: whether counts differ between regions, or rates between brands, by more than chance.
//!
//! In: `kind: regions` with observed and expected counts, or `kind: rates` with events and exposure. Out: one JSON
//! object with the tests, the variance between units, smoothed risks, the concentration of the events. What is not
//! defined is `null`. Not here: what level follows from it.

pub mod rates;
pub mod regions;

use serde::Deserialize;
use serde_json::{Value, json};

use self::rates::{Effect, concentration, dersimonian_laird, reml_variance};
use self::regions::{Regions, smoothed_risk};
use super::settings::{Ignored, NotNegative, Share, only};
use super::{Answer, Call, Columns, Method, MethodError};

pub(super) const METHOD: Method = Method {
    name: "heterogeneity",
    zh: "地区计数或品牌比率之间的差异是否超过偶然：卡方、Q、I²、τ²、平滑风险",
    en: "whether counts of regions or rates of brands differ by more than chance: chi-square, Q, I², smoothed risks",
    source: "Potthoff & Whittinghill 1966; DerSimonian & Laird 1986; Clayton & Kaldor 1987",
    tables: &[],
    run,
};

fn run(call: &Call) -> Result<Answer, MethodError> {
    let settings = only::<Settings>(&call.config)?.settings;
    let input = Columns::read("input", &call.input)?;
    let answer = match settings.kind {
        Kind::Regions => of_regions(&input)?,
        Kind::Rates => of_rates(&settings, &input)?,
    };
    Ok(Answer::Json(answer))
}

/// What kind of units is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Regions,
    Rates,
}

/// `measure`: the effect of a unit.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Measure {
    /// Log rate.
    #[serde(rename = "IRLN")]
    LogRate,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    kind: Kind,
    #[serde(rename = "measure")]
    _measure: Option<Measure>,
    #[serde(default = "Settings::add_to_zero")]
    add_to_zero: NotNegative,
    #[serde(default = "Settings::conf_level")]
    conf_level: Share,
    /// All are computed.
    #[serde(rename = "estimators", default)]
    _estimators: Ignored,
}

impl Settings {
    const fn add_to_zero() -> NotNegative {
        NotNegative(0.5)
    }

    const fn conf_level() -> Share {
        Share(0.95)
    }
}

fn of_regions(input: &Columns) -> Result<Value, MethodError> {
    let (observed, expected) = (input.counts("observed")?, input.numbers("expected")?);
    for (row, (&count, &mean)) in observed.iter().zip(&expected).enumerate() {
        if mean < 0.0 {
            return Err(input.error(Some(row), format!("`expected` must be ≥ 0, not {mean}")));
        }
        if count > 0 && mean == 0.0 {
            let what = format!("{count} observed where 0 are expected: leave the row out, or expect something there");
            return Err(input.error(Some(row), what));
        }
    }
    let regions = Regions::new(&observed, &expected)
        .ok_or_else(|| input.error(None, "observed and expected counts do not fit together"))?;
    let (dispersion, moments, prior) = (regions.dispersion(), regions.moments(), regions.gamma_prior());
    let common = regions.relative_risk().unwrap_or(f64::NAN);
    let smoothed: Vec<f64> =
        observed.iter().zip(&expected).map(|(&count, &mean)| smoothed_risk(count, mean, prior, common)).collect();
    let total = regions.total_p_values();
    Ok(json!({
        "chi_square": dispersion.map(|found| found.chi_square),
        "chi_square_df": dispersion.map(|found| found.df),
        "chi_square_p": dispersion.map(|found| found.p),
        "G_deviance": dispersion.map(|found| found.deviance),
        "potthoff_whittinghill_T": regions.potthoff_whittinghill(),
        "dcluster_achisq_stat": dispersion.map(|found| found.chi_square),
        "spdep_EBest": {
            "a": moments.map(|found| found.variance),
            "b": moments.map(|found| found.mean),
        },
        "empbaysmooth": {
            "nu": prior.map(|found| found.shape),
            "alpha": prior.map(|found| found.rate),
            "smthrr": smoothed,
        },
        "poisson_total_two_sided_p": total.map(|found| found.0),
        "poisson_total_greater_p": total.map(|found| found.1),
    }))
}

fn of_rates(settings: &Settings, input: &Columns) -> Result<Value, MethodError> {
    let (add, confidence) = (settings.add_to_zero.0, settings.conf_level.0);
    let (events, exposure) = (input.counts("events")?, input.numbers("exposure")?);
    if let Some((row, size)) = exposure.iter().enumerate().find(|(_, size)| **size < 0.0) {
        return Err(input.error(Some(row), format!("`exposure` must be ≥ 0, not {size}")));
    }
    let effects: Vec<Option<Effect>> =
        events.iter().zip(&exposure).map(|(&count, &size)| Effect::of_rate(count, size, add)).collect();
    let known: Vec<Effect> = effects.iter().copied().flatten().collect();
    let (pooled, shares) = (dersimonian_laird(&known), concentration(&events));
    Ok(json!({
        "Q": pooled.map(|found| found.q),
        "Q_df": pooled.map(|found| found.df),
        "Q_p": pooled.map(|found| found.p),
        "I2_DL": pooled.map(|found| found.i2),
        "H2_DL": pooled.map(|found| found.h2),
        "tau2_DL": pooled.map(|found| found.tau2),
        "tau2_REML": reml_variance(&known),
        "mu_DL": pooled.map(|found| found.mean),
        "mu_se_DL": pooled.map(|found| found.error),
        "mu_ci_DL": pooled.map(|found| <[f64; 2]>::from(found.limits(confidence))),
        "yi": effects.iter().map(|effect| effect.map(|effect| effect.value)).collect::<Vec<_>>(),
        "vi": effects.iter().map(|effect| effect.map(|effect| effect.variance)).collect::<Vec<_>>(),
        "hhi": shares.map(|found| found.hhi),
        "effective_number": shares.map(|found| found.effective_number),
        "shannon": shares.map(|found| found.shannon),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(config: &str, input: &str) -> Result<Value, MethodError> {
        let call = Call { config: config.into(), input: input.into(), ..Call::default() };
        run(&call).map(|answer| match answer {
            Answer::Json(value) => value,
            Answer::Table(_) => unreachable!("an object is printed"),
        })
    }

    const RATES: &str = r#"{"kind": "rates"}"#;
    const REGIONS: &str = r#"{"kind": "regions"}"#;

    #[test]
    fn regions_answer_every_key() {
        let value = answer(REGIONS, "id,observed,expected\na,12,4\nb,3,5\nc,6,7\n").unwrap();
        assert!((value["chi_square"].as_f64().unwrap() - 11.718_367_346_938_777).abs() < 1e-9, "{value}");
        assert_eq!(value["chi_square_df"], 2);
        assert_eq!(value["empbaysmooth"]["smthrr"].as_array().unwrap().len(), 3);
        assert!(
            value["poisson_total_greater_p"].as_f64().unwrap() < value["poisson_total_two_sided_p"].as_f64().unwrap()
        );
    }

    #[test]
    fn units_without_exposure_are_null_and_left_out() {
        let value = answer(RATES, "unit,events,exposure\n1,5,100\n2,3,0\n3,0,50\n").unwrap();
        assert_eq!(value["yi"][1], Value::Null);
        assert_eq!((&value["Q_df"], &value["vi"][2]), (&json!(1), &json!(2.0)));
        assert!((value["hhi"].as_f64().unwrap() - (25.0 + 9.0) / 64.0).abs() < 1e-15);
    }

    #[test]
    fn nothing_and_one_are_defined() {
        let none = answer(RATES, "unit,events,exposure\n").unwrap();
        assert_eq!(
            (&none["Q"], &none["tau2_REML"], &none["hhi"], &none["yi"]),
            (&Value::Null, &Value::Null, &Value::Null, &json!([]))
        );
        let one = answer(RATES, "unit,events,exposure\n1,5,100\n").unwrap();
        assert_eq!(
            (&one["Q_df"], &one["Q_p"], &one["tau2_REML"], &one["H2_DL"]),
            (&json!(0), &json!(1.0), &json!(0.0), &json!(1.0))
        );
        let none = answer(REGIONS, "id,observed,expected\n").unwrap();
        assert_eq!((&none["chi_square"], &none["empbaysmooth"]["nu"]), (&Value::Null, &Value::Null));
        let quiet = answer(REGIONS, "id,observed,expected\na,0,1\nb,0,0\n").unwrap();
        assert_eq!((&quiet["chi_square"], &quiet["empbaysmooth"]["smthrr"]), (&Value::Null, &json!([0.0, 0.0])));
        assert!((quiet["poisson_total_greater_p"].as_f64().unwrap() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn wrong_settings_and_inputs_are_named() {
        for (config, input, said) in [
            ("{}", "a\n", "`kind`"),
            (r#"{"kind": "brands"}"#, "a\n", "`kind`"),
            (r#"{"kind": "rates", "measure": "OR"}"#, "unit,events,exposure\n", "IRLN"),
            (r#"{"kind": "rates", "conf_level": 95}"#, "unit,events,exposure\n", "conf_level"),
            (r#"{"kind": "rates", "add_to_zero": -1}"#, "unit,events,exposure\n", "add_to_zero"),
            (RATES, "unit,events,exposure\n1,2,-5\n", "line 2"),
            (RATES, "unit,events,exposure\n1,2.5,5\n", "whole number"),
            (REGIONS, "id,observed,expected\na,1,0\n", "0 are expected"),
            (REGIONS, "id,observed,expected\na,1,-2\n", "≥ 0"),
        ] {
            let error = answer(config, input).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
