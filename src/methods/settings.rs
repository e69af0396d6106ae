//! Settings of a method: typed getters over a JSON object, with errors that name the config and the key.

use serde_json::{Map, Value};

use super::MethodError;

/// The settings of one config.
#[derive(Debug, Clone)]
pub struct Settings {
    id: Option<String>,
    values: Map<String, Value>,
}

/// All configs of a config text, in file order: shared settings hold for all IDs, an ID's own win. A config without
/// `configs` is one without an ID.
///
/// # Errors
/// [`MethodError::Config`] when the text is no JSON object, or a config no object.
pub fn configs(text: &str) -> Result<Vec<Settings>, MethodError> {
    let wrong = |id: Option<&str>, what: String| MethodError::Config { id: id.map(str::to_owned), what };
    let value: Value = serde_json::from_str(text).map_err(|error| wrong(None, format!("not JSON: {error}")))?;
    let Value::Object(mut shared) = value else { return Err(wrong(None, "an object of settings is expected".into())) };
    match shared.remove("configs") {
        None => Ok(vec![Settings { id: None, values: shared }]),
        Some(Value::Object(configs)) => configs
            .into_iter()
            .map(|(id, own)| {
                let Value::Object(own) = own else { return Err(wrong(Some(&id), "an object is expected".into())) };
                let mut values = shared.clone();
                values.extend(own);
                Ok(Settings { id: Some(id), values })
            })
            .collect(),
        Some(_) => Err(wrong(None, "`configs` must be an object {ID: {settings}}".into())),
    }
}

/// The only config of a config text: for methods whose answer has no config column.
///
/// # Errors
/// [`MethodError::Config`] as [`configs`], and when there are several.
pub(super) fn only(text: &str) -> Result<Settings, MethodError> {
    let mut all = configs(text)?;
    match (all.pop(), all.len()) {
        (Some(settings), 0) => Ok(settings),
        (_, rest) => {
            let what = format!("one config is expected, not {}", rest + usize::from(rest > 0));
            Err(MethodError::Config { id: None, what })
        }
    }
}

impl Settings {
    /// The config's ID; empty for the only one.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// An error about this config.
    pub fn error(&self, what: impl Into<String>) -> MethodError {
        MethodError::Config { id: self.id.clone(), what: what.into() }
    }

    /// A setting as it stands; `null` counts as absent.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key).filter(|value| !value.is_null())
    }

    /// A finite number, if the key is there.
    ///
    /// # Errors
    /// When it is there and no number.
    pub fn number_if_any(&self, key: &str) -> Result<Option<f64>, MethodError> {
        self.get(key)
            .map(|value| value.as_f64().ok_or_else(|| self.error(format!("`{key}` must be a number, not {value}"))))
            .transpose()
    }

    /// A finite number.
    ///
    /// # Errors
    /// When it is missing or no number.
    pub fn number(&self, key: &str) -> Result<f64, MethodError> {
        self.number_if_any(key)?.ok_or_else(|| self.error(format!("`{key}` is missing")))
    }

    /// A finite number, or a default.
    ///
    /// # Errors
    /// When it is there and no number.
    pub fn number_or(&self, key: &str, default: f64) -> Result<f64, MethodError> {
        Ok(self.number_if_any(key)?.unwrap_or(default))
    }

    /// A whole number of at least zero, if the key is there.
    ///
    /// # Errors
    /// When it is there and not such a number.
    pub fn count_if_any(&self, key: &str) -> Result<Option<usize>, MethodError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let whole = value.as_u64().or_else(|| {
            let number = value.as_f64()?;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: whole and small")]
            (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
        });
        let whole = whole.and_then(|whole| usize::try_from(whole).ok());
        whole.map(Some).ok_or_else(|| self.error(format!("`{key}` must be a whole number ≥ 0, not {value}")))
    }

    /// A whole number of at least zero.
    ///
    /// # Errors
    /// When it is missing or not such a number.
    pub fn count(&self, key: &str) -> Result<usize, MethodError> {
        self.count_if_any(key)?.ok_or_else(|| self.error(format!("`{key}` is missing")))
    }

    /// A word, if the key is there.
    ///
    /// # Errors
    /// When it is there and no string.
    pub fn word_if_any(&self, key: &str) -> Result<Option<&str>, MethodError> {
        self.get(key)
            .map(|value| value.as_str().ok_or_else(|| self.error(format!("`{key}` must be a word, not {value}"))))
            .transpose()
    }

    /// Yes or no, or a default.
    ///
    /// # Errors
    /// When it is there and neither.
    pub fn flag_or(&self, key: &str, default: bool) -> Result<bool, MethodError> {
        self.get(key).map_or(Ok(default), |value| {
            value.as_bool().ok_or_else(|| self.error(format!("`{key}` must be true or false, not {value}")))
        })
    }

    /// A list of numbers (a lone number is a list of one), if the key is there.
    ///
    /// # Errors
    /// When it is there and holds anything else.
    pub fn numbers_if_any(&self, key: &str) -> Result<Option<Vec<f64>>, MethodError> {
        let wrong = |value: &Value| self.error(format!("`{key}` must be numbers, not {value}"));
        match self.get(key) {
            None => Ok(None),
            Some(Value::Array(list)) => {
                list.iter().map(|value| value.as_f64().ok_or_else(|| wrong(value))).collect::<Result<_, _>>().map(Some)
            }
            Some(value) => Ok(Some(vec![value.as_f64().ok_or_else(|| wrong(value))?])),
        }
    }

    /// A list of numbers.
    ///
    /// # Errors
    /// When it is missing or holds anything else.
    pub fn numbers(&self, key: &str) -> Result<Vec<f64>, MethodError> {
        self.numbers_if_any(key)?.ok_or_else(|| self.error(format!("`{key}` is missing")))
    }

    /// `range`: first and last point to be monitored, counted from 1; turned into a half-open range counted from 0 within `len`
    /// points. Absent: all.
    ///
    /// # Errors
    /// When it is not two whole numbers in order within the series.
    pub fn range(&self, len: usize) -> Result<std::ops::Range<usize>, MethodError> {
        let Some(range) = self.numbers_if_any("range")? else { return Ok(0..len) };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked: whole and within the series"
        )]
        match range[..] {
            [first, last]
                if first.fract() == 0.0
                    && last.fract() == 0.0
                    && 1.0 <= first
                    && first <= last
                    && last <= len as f64 =>
            {
                Ok(first as usize - 1..last as usize)
            }
            _ => Err(self.error(format!("`range` must be [first, last] within 1..{len}, not {range:?}"))),
        }
    }
}
