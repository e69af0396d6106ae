//! Lines of a recipe that is made of several files, counted through all of them.

/// Which file a line stands in. A line of the first file has its own number; those of the others are counted on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lines(Vec<(usize, String)>);

impl Lines {
    /// A further file, whose first line has this number.
    pub(crate) fn add(&mut self, first: usize, file: &str) {
        self.0.push((first, file.to_owned()));
    }

    /// The file that a line stands in, and its number there, from 1.
    pub(crate) fn place(&self, line: usize) -> (&str, usize) {
        let found = self.0.iter().rev().find(|(first, _)| *first <= line);
        found.map_or(("", line), |(first, file)| (file, line - first + 1))
    }

    /// The first file: the recipe's own.
    pub(crate) fn own(&self) -> &str {
        self.0.first().map_or("", |(_, file)| file)
    }
}
