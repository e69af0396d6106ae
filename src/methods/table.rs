//! Tables in and out: CSV read by column name with lines in errors; CSV written with full digits, and empty for "not defined".

use std::fmt;

use super::MethodError;

/// A number; none, which JSON and CSV write as nothing, when it is not finite.
pub(super) fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// Columns of an input file, by name.
#[derive(Debug, Clone)]
pub struct Columns {
    file: &'static str,
    names: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
}

impl Columns {
    /// Reads CSV with a header line. `file` names it in errors. Words stay as they are written, blanks at their edges included.
    ///
    /// # Errors
    /// [`MethodError::Input`] when it is no CSV, or a row has other columns than the header.
    pub fn read(file: &'static str, text: &str) -> Result<Self, MethodError> {
        let wrong = |line: Option<u64>, what: String| MethodError::Input { file, line, what };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_bytes());
        let at = |error: &csv::Error| error.position().map(csv::Position::line);
        let header = reader.headers().map_err(|error| wrong(at(&error), error.to_string()))?;
        let names: Vec<String> = header.iter().map(str::to_owned).collect();
        if names.is_empty() {
            return Err(wrong(None, "empty: a header line is expected".into()));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| wrong(at(&error), error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push((line, record.iter().map(str::to_owned).collect()));
        }
        Ok(Self { file, names, rows })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether a column of that name is there.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// An error about a row, counted from 0.
    pub fn error(&self, row: Option<usize>, what: impl Into<String>) -> MethodError {
        let line = row.and_then(|row| self.rows.get(row)).map(|(line, _)| *line);
        MethodError::Input { file: self.file, line, what: what.into() }
    }

    /// A column as words.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn words(&self, name: &str) -> Result<Vec<&str>, MethodError> {
        let at = self.names.iter().position(|known| known == name);
        let at = at.ok_or_else(|| {
            self.error(None, format!("column `{name}` is missing; there are: {}", self.names.join(", ")))
        })?;
        Ok(self.rows.iter().map(|(_, row)| row[at].as_str()).collect())
    }

    /// A column as numbers.
    ///
    /// # Errors
    /// When there is none of that name, or a cell is no finite number.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, MethodError> {
        let words = self.words(name)?;
        let parse = |(row, word): (usize, &&str)| match word.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(self.error(Some(row), format!("`{name}` must be a number, not `{word}`"))),
        };
        words.iter().enumerate().map(parse).collect()
    }

    /// A column as counts: whole numbers of at least zero. Fractions are refused, not rounded.
    ///
    /// # Errors
    /// When there is none of that name, or a cell is no count.
    pub fn counts(&self, name: &str) -> Result<Vec<u64>, MethodError> {
        let numbers = self.numbers(name)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: whole and small")]
        let count = |(row, number): (usize, f64)| match number {
            number if number.fract() == 0.0 && (0.0..9e15).contains(&number) => Ok(number as u64),
            _ => Err(self.error(Some(row), format!("`{name}` must be a whole number ≥ 0, not {number}"))),
        };
        numbers.into_iter().enumerate().map(count).collect()
    }
}

/// One cell of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A word.
    Word(String),
    /// A whole number.
    Count(i64),
    /// A number; NaN prints as empty ("not defined"), infinities as `Inf` and `-Inf`.
    Number(f64),
    /// Not defined.
    Empty,
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        if number.is_nan() { Self::Empty } else { Self::Number(number) }
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    /// `None` is not defined.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Cell {
    fn from(count: usize) -> Self {
        Self::Count(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Cell {
    /// 1 or 0.
    fn from(yes: bool) -> Self {
        Self::Count(i64::from(yes))
    }
}

impl From<&str> for Cell {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => to.write_str(word),
            Self::Count(count) => write!(to, "{count}"),
            Self::Number(number) if number.is_nan() => Ok(()),
            Self::Number(number) if number.is_infinite() => to.write_str(if *number > 0.0 { "Inf" } else { "-Inf" }),
            // Shortest digits that read back to the same number; far out as 1e-300, not as 300 zeros.
            Self::Number(number) if *number != 0.0 && !(1e-5..1e17).contains(&number.abs()) => write!(to, "{number:e}"),
            Self::Number(number) => write!(to, "{number}"),
            Self::Empty => Ok(()),
        }
    }
}

/// Rows of an answer, with named columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table.
    pub fn new<Name: AsRef<str>>(columns: &[Name]) -> Self {
        Self { columns: columns.iter().map(|name| name.as_ref().to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row, as wide as the columns.
    ///
    /// # Panics
    /// When it is not: a bug of the method.
    pub fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(row.len(), self.columns.len(), "a row has a cell for every column");
        self.rows.push(row);
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }
}

impl fmt::Display for Table {
    /// CSV: quotes only where they are needed, lines ending in `\n`.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns).map_err(|_| fmt::Error)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Cell::to_string)).map_err(|_| fmt::Error)?;
        }
        let bytes = writer.into_inner().map_err(|_| fmt::Error)?;
        to.write_str(str::from_utf8(&bytes).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_they_must_be_and_what_is_not_defined_is_empty() {
        let mut table = Table::new(&["word", "count", "number"]);
        table.push(vec!["plain".into(), 3_u64.into(), 0.1.into()]);
        table.push(vec!["a,b \"c\"".into(), Cell::Empty, f64::NAN.into()]);
        table.push(vec!["two\nlines".into(), true.into(), f64::NEG_INFINITY.into()]);
        table.push(vec!["".into(), 0_u64.into(), 1e-300.into()]);
        let lines = "word,count,number\nplain,3,0.1\n\"a,b \"\"c\"\"\",,\n\"two\nlines\",1,-Inf\n,0,1e-300\n";
        assert_eq!(table.to_string(), lines);
    }
}
