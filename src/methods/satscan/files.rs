//! The three text files: cases (`id count date covariate…`), coordinates (`id x y`, or `id latitude longitude`),
//! populations (`id date population covariate…`). Columns are parted by blanks or commas.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::MethodError;
use super::exposure::{Calendar, day_number, parse_date, person_days, standardised};

/// Locations, in the order of their file.
pub(super) struct Geography {
    pub(super) ids: Vec<String>,
    /// (x, y), or (latitude, longitude).
    pub(super) at: Vec<(f64, f64)>,
    known: HashMap<String, usize>,
}

impl Geography {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }
}

/// One line of cases.
pub(super) struct Case {
    pub(super) location: usize,
    pub(super) period: usize,
    pub(super) count: u64,
    covariates: String,
}

fn fields(line: &str) -> Vec<&str> {
    let trim = |field| str::trim_matches(field, '"');
    line.split([' ', '\t', ',', ';', '\r']).filter(|field| !field.is_empty()).map(trim).collect()
}

/// Lines that are not empty, with their number and fields.
fn lines(text: &str) -> impl Iterator<Item = (u64, Vec<&str>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    (1..).zip(text.lines().map(fields)).filter(|(_, fields)| !fields.is_empty())
}

fn wrong(file: &'static str, line: u64, what: impl Into<String>) -> MethodError {
    MethodError::Input { file, line: Some(line), what: what.into() }
}

/// Reads coordinates.
pub(super) fn coordinates(text: &str, latlong: bool) -> Result<Geography, MethodError> {
    let mut geography = Geography { ids: Vec::new(), at: Vec::new(), known: HashMap::new() };
    for (line, fields) in lines(text) {
        let [id, first, second, ..] = fields[..] else {
            return Err(wrong("coords", line, "three columns are expected: id and two coordinates"));
        };
        let number = |word: &str| word.parse().ok().filter(|number: &f64| number.is_finite());
        let (Some(first), Some(second)) = (number(first), number(second)) else {
            return Err(wrong("coords", line, format!("`{first}`, `{second}`: two numbers are expected")));
        };
        if latlong && (first.abs() > 90.0 || second.abs() > 360.0) {
            return Err(wrong("coords", line, format!("{first}, {second} are no latitude and longitude in degrees")));
        }
        if geography.known.insert(id.to_owned(), geography.ids.len()).is_some() {
            return Err(wrong("coords", line, format!("location `{id}` occurs twice")));
        }
        geography.ids.push(id.to_owned());
        geography.at.push((first, second));
    }
    Ok(geography)
}

/// Reads cases; each must lie at a known location and within the study period. Without dates (`dated` false) a line has
/// no date, and all cases are of the first interval.
pub(super) fn cases(
    text: &str,
    geography: &Geography,
    calendar: &Calendar,
    dated: bool,
) -> Result<Vec<Case>, MethodError> {
    let mut cases = Vec::new();
    for (line, fields) in lines(text) {
        let (id, count, date, covariates) = match (&fields[..], dated) {
            ([id, count, date, covariates @ ..], true) => (*id, *count, Some(*date), covariates),
            ([id, count, covariates @ ..], false) => (*id, *count, None, covariates),
            _ => {
                let columns = if dated {
                    "three columns are expected: id, number of cases, date"
                } else {
                    "two columns are \
                    expected: id, number of cases"
                };
                return Err(wrong("input", line, columns));
            }
        };
        let location = *geography
            .known
            .get(id)
            .ok_or_else(|| wrong("input", line, format!("location `{id}` has no coordinates")))?;
        let count = count
            .parse::<u64>()
            .ok()
            .filter(|&count| count <= 1 << 50)
            .ok_or_else(|| wrong("input", line, format!("`{count}` must be a whole number of cases")))?;
        let period = date.map_or(Ok(0), |date| interval(date, calendar).map_err(|what| wrong("input", line, what)))?;
        cases.push(Case { location, period, count, covariates: covariates.join(" ") });
    }
    Ok(cases)
}

/// The interval of a date; a year or month within which the study begins is in its first.
fn interval(date: &str, calendar: &Calendar) -> Result<usize, String> {
    let day = parse_date(date, 1, 1).ok_or_else(|| format!("`{date}` is no date, as 1977, 1977/5 or 1977/5/3"))?;
    let (first, _) = calendar.bounds();
    let ends = parse_date(date, 12, 31).unwrap_or(day);
    let day = if day < first && ends >= first { first } else { day };
    calendar.interval(day).ok_or_else(|| {
        let span = format!("{}..{}", calendar.start(0), calendar.end(calendar.len() - 1));
        format!("{date} is outside the study period {span}")
    })
}

/// Counts of all cells for each category of cases.
pub(super) fn strata(cases: &[Case], periods: usize, cells: usize) -> Vec<Vec<u64>> {
    let mut categories: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for case in cases {
        let counts = categories.entry(&case.covariates).or_insert_with(|| vec![0; cells]);
        counts[case.location * periods + case.period] += case.count;
    }
    categories.into_values().collect()
}

/// Reads populations, and gives the expected counts of all cells, standardised over the covariates. `day` is the month
/// and day that a population is of when only its year is told.
pub(super) fn expected(
    text: &str,
    geography: &Geography,
    calendar: &Calendar,
    cases: &[Case],
    day: (i8, i8),
) -> Result<Vec<f64>, MethodError> {
    // By category, then location, then day. What a day does not tell of a place is nobody.
    let mut people: BTreeMap<String, BTreeMap<usize, BTreeMap<i64, f64>>> = BTreeMap::new();
    let mut dates = BTreeSet::new();
    for (line, fields) in lines(text) {
        let (&[id, date, count], covariates) = fields
            .split_first_chunk::<3>()
            .ok_or_else(|| wrong("population", line, "three columns are expected: id, year, population"))?;
        let location = *geography
            .known
            .get(id)
            .ok_or_else(|| wrong("population", line, format!("location `{id}` has no coordinates")))?;
        // Told only by its month, a population is of the middle of it.
        let by_year = !date.contains(['/', '-']);
        let date = parse_date(date, day.0, if by_year { day.1 } else { 15 })
            .ok_or_else(|| wrong("population", line, format!("`{date}` is no year or date")))?;
        let count: f64 = count
            .parse()
            .ok()
            .filter(|count: &f64| count.is_finite() && *count >= 0.0)
            .ok_or_else(|| wrong("population", line, format!("`{count}` must be a population ≥ 0")))?;
        dates.insert(day_number(date));
        let places = people.entry(covariates.join(" ")).or_default();
        *places.entry(location).or_default().entry(day_number(date)).or_default() += count;
    }
    let mut observed: BTreeMap<&str, u64> = BTreeMap::new();
    for case in cases {
        *observed.entry(&case.covariates).or_default() += case.count;
    }
    let periods = calendar.len();
    let mut strata = Vec::new();
    for (category, places) in &people {
        let mut exposure = vec![0.0; geography.len() * periods];
        for (location, counted) in places {
            let known = |&date: &i64| (date, counted.get(&date).copied().unwrap_or(0.0));
            let counted: Vec<(i64, f64)> = dates.iter().map(known).collect();
            for period in 0..periods {
                let (from, to) = calendar.days(period);
                exposure[location * periods + period] = person_days(&counted, from, to);
            }
        }
        let cases = observed.remove(category.as_str()).unwrap_or(0);
        if cases > 0 && exposure.iter().sum::<f64>() <= 0.0 {
            let what = format!("nobody lives in category `{category}`, which has {cases} cases");
            return Err(MethodError::Input { file: "population", line: None, what });
        }
        strata.push((cases, exposure));
    }
    if let Some((category, cases)) = observed.iter().find(|(_, cases)| **cases > 0) {
        let what = format!("no population of category `{category}`, which has {cases} cases");
        return Err(MethodError::Input { file: "population", line: None, what });
    }
    Ok(standardised(&strata, geography.len() * periods))
}
