//! Settings of a method: a config text read into the method's own type, with errors that name the config, the path to the key, what was
//! found and what is expected.
//!
//! A key that the method does not know is refused, so that a misspelt one is not silently replaced by its default. `null` counts as absent.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::MethodError;

/// A key that describes the reference (its series, its program) and changes nothing.
pub(super) use serde::de::IgnoredAny as Ignored;

/// One config: its ID, and its settings in the method's own type.
#[derive(Debug, Clone)]
pub(super) struct Config<S> {
    id: Option<String>,
    /// What the method is asked to do.
    pub(super) settings: S,
}

/// All configs of a config text, in file order: shared settings hold for all IDs, an ID's own win. A config without
/// `configs` is one without an ID.
///
/// # Errors
/// [`MethodError::Config`] when the text is no JSON object, a config no object, or its settings are not those of the method.
pub(super) fn configs<S: DeserializeOwned>(text: &str) -> Result<Vec<Config<S>>, MethodError> {
    let wrong = |id: Option<&str>, what: String| MethodError::Config { id: id.map(str::to_owned), what };
    let value: Value = serde_json::from_str(text).map_err(|error| wrong(None, format!("not JSON: {error}")))?;
    let Value::Object(mut shared) = value else { return Err(wrong(None, "an object of settings is expected".into())) };
    match shared.remove("configs") {
        None => Ok(vec![Config::read(None, shared)?]),
        Some(Value::Object(configs)) => configs
            .into_iter()
            .map(|(id, own)| {
                let Value::Object(own) = own else { return Err(wrong(Some(&id), "an object is expected".into())) };
                let mut values = shared.clone();
                values.extend(own);
                Config::read(Some(id), values)
            })
            .collect(),
        Some(_) => Err(wrong(None, "`configs` must be an object {ID: {settings}}".into())),
    }
}

/// The only config of a config text: for methods whose answer has no config column.
///
/// # Errors
/// [`MethodError::Config`] as [`configs`], and when there are several.
pub(super) fn only<S: DeserializeOwned>(text: &str) -> Result<Config<S>, MethodError> {
    let mut all = configs(text)?;
    match (all.pop(), all.len()) {
        (Some(config), 0) => Ok(config),
        (_, rest) => {
            let what = format!("one config is expected, not {}", rest + usize::from(rest > 0));
            Err(MethodError::Config { id: None, what })
        }
    }
}

impl<S: DeserializeOwned> Config<S> {
    fn read(id: Option<String>, mut values: Map<String, Value>) -> Result<Self, MethodError> {
        values.retain(|_, value| !value.is_null());
        match serde_path_to_error::deserialize(Value::Object(values)) {
            Ok(settings) => Ok(Self { id, settings }),
            Err(error) => {
                let path = error.path().to_string();
                let what = error.into_inner().to_string();
                // A missing key has no path of its own; the message names it.
                Err(MethodError::Config { id, what: if path == "." { what } else { format!("`{path}`: {what}") } })
            }
        }
    }
}

impl<S> Config<S> {
    /// The config's ID; empty for the only one.
    pub(super) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// An error about this config.
    pub(super) fn error(&self, what: impl Into<String>) -> MethodError {
        MethodError::Config { id: self.id.clone(), what: what.into() }
    }

    /// The points to be monitored, counted from 0, within a series of `len`; all without a `range`.
    ///
    /// # Errors
    /// When the range ends beyond the series.
    pub(super) fn points(&self, range: Option<Range>, len: usize) -> Result<std::ops::Range<usize>, MethodError> {
        match range {
            None => Ok(0..len),
            Some(Range { first, last }) if last <= len => Ok(first - 1..last),
            Some(Range { first, last }) => {
                Err(self.error(format!("`range`: expected [first, last] within 1..{len}, found [{first}, {last}]")))
            }
        }
    }
}

/// `range`: the first and the last point to be monitored, counted from 1.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "[Count; 2]")]
pub(super) struct Range {
    first: usize,
    last: usize,
}

impl TryFrom<[Count; 2]> for Range {
    type Error = String;
    fn try_from([CountFrom(first), CountFrom(last)]: [Count; 2]) -> Result<Self, String> {
        if 1 <= first && first <= last {
            Ok(Self { first, last })
        } else {
            Err(format!("expected [first, last] with 1 ≤ first ≤ last, found [{first}, {last}]"))
        }
    }
}

/// Reads a finite number for which `holds`; `expected` says which those are.
struct NumberVisitor {
    expected: &'static str,
    holds: fn(f64) -> bool,
}

impl Visitor<'_> for NumberVisitor {
    type Value = f64;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.expected)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
        if number.is_finite() && (self.holds)(number) {
            Ok(number)
        } else {
            Err(E::invalid_value(Unexpected::Float(number), &self))
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
        if (self.holds)(number as f64) {
            Ok(number as f64)
        } else {
            Err(E::invalid_value(Unexpected::Unsigned(number), &self))
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
        if (self.holds)(number as f64) {
            Ok(number as f64)
        } else {
            Err(E::invalid_value(Unexpected::Signed(number), &self))
        }
    }
}

/// Types of numbers, each with what it admits.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident, $expected:literal, $holds:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub(super) struct $name(pub(super) f64);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_f64(NumberVisitor { expected: $expected, holds: $holds }).map(Self)
            }
        }
    )+};
}

numbers! {
    /// Any finite number.
    Number, "a number", |_| true;
    /// A finite number ≥ 0.
    NotNegative, "a number ≥ 0", |number| number >= 0.0;
    /// A finite number > 0.
    Positive, "a number > 0", |number| number > 0.0;
    /// A number between 0 and 1, both left out: a level, a probability.
    Share, "a number between 0 and 1, both left out", |number| number > 0.0 && number < 1.0;
    /// A number > 0 and ≤ 1: a weight.
    Weight, "a number > 0 and ≤ 1", |number| number > 0.0 && number <= 1.0;
    /// A number from 0 to 1, both included.
    Part, "a number from 0 to 1", |number| (0.0..=1.0).contains(&number);
    /// A number ≥ 0 and below 1.
    PartBelowOne, "a number ≥ 0 and below 1", |number| (0.0..1.0).contains(&number);
    /// A number ≥ 1.
    OneOrMore, "a number ≥ 1", |number| number >= 1.0;
}

/// A whole number ≥ 0, at least `MIN`; it may be written as 7.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CountFrom<const MIN: usize>(pub(super) usize);
/// A whole number ≥ 0.
pub(super) type Count = CountFrom<0>;

impl<'de, const MIN: usize> Deserialize<'de> for CountFrom<MIN> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_u64(CountVisitor::<MIN>)
    }
}

struct CountVisitor<const MIN: usize>;

impl<const MIN: usize> Visitor<'_> for CountVisitor<MIN> {
    type Value = CountFrom<MIN>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "a whole number ≥ {MIN}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        match usize::try_from(number) {
            Ok(count) if count >= MIN => Ok(CountFrom(count)),
            _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: whole and small")]
        if number.fract() == 0.0 && (0.0..9e15).contains(&number) && number as usize >= MIN {
            Ok(CountFrom(number as usize))
        } else {
            Err(E::invalid_value(Unexpected::Float(number), &self))
        }
    }
}

/// A list; a lone value is a list of one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ListVisitor(PhantomData)).map(Self)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a value or a list of them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<T>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|one| vec![one])
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Vec<T>, E> {
        T::deserialize(word.into_deserializer()).map(|one| vec![one])
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Vec<T>, E> {
        T::deserialize(yes.into_deserializer()).map(|one| vec![one])
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Vec<T>, E> {
        T::deserialize(number.into_deserializer()).map(|one| vec![one])
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Vec<T>, E> {
        T::deserialize(number.into_deserializer()).map(|one| vec![one])
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Vec<T>, E> {
        T::deserialize(number.into_deserializer()).map(|one| vec![one])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Sample {
        alpha: Share,
        points: CountFrom<2>,
        sizes: List<Positive>,
        range: Option<Range>,
        nested: Option<Nested>,
        kind: Kind,
        #[serde(rename = "freq")]
        _freq: Ignored,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nested {
        _inner: List<Share>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Plain,
        Other,
    }

    impl Default for Sample {
        fn default() -> Self {
            let (alpha, points, sizes) = (Share(0.05), CountFrom(7), List(vec![Positive(1.0)]));
            Self { alpha, points, sizes, range: None, nested: None, kind: Kind::Plain, _freq: Ignored }
        }
    }

    fn read(text: &str) -> Result<Sample, String> {
        only::<Sample>(text).map(|config| config.settings).map_err(|error| error.to_string())
    }

    #[test]
    fn absent_keys_and_null_take_the_default_and_whole_numbers_may_have_a_point() {
        let found = read(r#"{"alpha": null, "points": 4.0, "sizes": 3, "kind": "other", "freq": 52}"#).expect("good");
        assert_eq!((found.alpha, found.points), (Share(0.05), CountFrom(4)));
        assert_eq!((found.sizes, found.kind), (List(vec![Positive(3.0)]), Kind::Other));
    }

    #[test]
    fn errors_name_the_path_what_was_found_and_what_is_expected() {
        for (text, said) in [
            (r#"{"alpha": 2}"#, "config: `alpha`: invalid value: integer `2`, expected a number between 0 and 1"),
            (r#"{"alpha": "x"}"#, "config: `alpha`: invalid type: string \"x\", expected a number between 0 and 1"),
            (r#"{"points": 1}"#, "config: `points`: invalid value: integer `1`, expected a whole number ≥ 2"),
            (r#"{"points": -1}"#, "config: `points`: invalid type: integer `-1`, expected a whole number ≥ 2"),
            (r#"{"points": 2.5}"#, "config: `points`: invalid value: floating point `2.5`, expected a whole number"),
            (r#"{"sizes": [1, -2]}"#, "config: `sizes[1]`: invalid value: integer `-2`, expected a number > 0"),
            (r#"{"nested": {"_inner": [0.5, 7]}}"#, "config: `nested._inner[1]`: invalid value: integer `7`"),
            (r#"{"kind": "odd"}"#, "config: `kind`: unknown variant `odd`, expected `plain` or `other`"),
            (r#"{"alhpa": 0.1}"#, "config: `alhpa`: unknown field `alhpa`, expected one of `alpha`, `points`"),
            (r#"{"range": [0, 3]}"#, "config: `range`: expected [first, last] with 1 ≤ first ≤ last, found [0, 3]"),
            (r#"{"nested": {}}"#, "missing field `_inner`"),
            ("[]", "an object of settings is expected"),
            (r#"{"configs": {"a": {"alpha": 2}}}"#, "config `a`: `alpha`: "),
            (r#"{"configs": {"a": {}, "b": {}}}"#, "one config is expected, not 2"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(said), "{error}\nis not\n{said}");
        }
    }

    #[test]
    fn settings_of_an_id_win_over_shared_ones_and_a_range_lies_within_the_series() {
        let text = r#"{"alpha": 0.1, "range": [2, 4], "configs": {"a": {}, "b": {"alpha": 0.2}}}"#;
        let all = configs::<Sample>(text).expect("good");
        let found: Vec<_> = all.iter().map(|config| (config.id(), config.settings.alpha)).collect();
        assert_eq!(found, [("a", Share(0.1)), ("b", Share(0.2))]);
        assert_eq!(all[0].points(all[0].settings.range, 4).expect("within"), 1..4);
        let error = all[0].points(all[0].settings.range, 3).expect_err("beyond").to_string();
        assert_eq!(error, "config `a`: `range`: expected [first, last] within 1..3, found [2, 4]");
        assert_eq!(all[0].points(None, 3).expect("all"), 0..3);
    }
}
