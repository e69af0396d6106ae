//! Small sets of product categories, and the named groups that rules may write as `@food`.

use std::collections::BTreeMap;

use vocabulary::{Category, UnknownCode};

/// A set of product categories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategorySet(u64);

const _: () = assert!(Category::ALL.len() <= 64, "a set is one word");

impl CategorySet {
    /// Every category.
    pub const ALL: Self = Self(u64::MAX);
    /// No category.
    pub const NONE: Self = Self(0);

    /// Whether the category is in the set.
    #[must_use]
    pub fn has(self, category: Category) -> bool {
        self.0 & Self::from(category).0 != 0
    }

    /// Categories in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Categories in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it has no member.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members in the order of the label set.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        // A step for each member, none for each category: `nearest` asks for the first of many small sets.
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let category = Category::ALL.get(rest.trailing_zeros() as usize).copied();
            rest &= rest.wrapping_sub(1);
            category
        })
    }
}

impl From<Category> for CategorySet {
    fn from(category: Category) -> Self {
        Self(1 << (category as u64))
    }
}

/// Named groups of categories, from `rules/relations/*.toml`.
#[derive(Debug, Clone, Default)]
pub struct Groups(pub BTreeMap<String, CategorySet>);

impl Groups {
    /// A list of codes and `@group` names as one set; an empty list means `otherwise`.
    ///
    /// # Errors
    /// The first word that is neither a code nor a group.
    pub fn resolve<S: AsRef<str>>(&self, words: &[S], otherwise: CategorySet) -> Result<CategorySet, UnknownCode> {
        if words.is_empty() {
            return Ok(otherwise);
        }
        words.iter().try_fold(CategorySet::NONE, |set, word| Ok(set.or(self.one(word.as_ref())?)))
    }

    fn one(&self, word: &str) -> Result<CategorySet, UnknownCode> {
        match word.strip_prefix('@') {
            Some(group) => self.0.get(group).copied().ok_or_else(|| UnknownCode {
                set: "group of categories",
                found: word.to_owned(),
                known: self.0.keys().map(|name| format!("@{name}")).collect::<Vec<_>>().join(", "),
            }),
            None => word.parse::<Category>().map(CategorySet::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_gives_its_members_in_the_order_of_the_labels() {
        assert_eq!(CategorySet::ALL.iter().collect::<Vec<_>>(), Category::ALL);
        assert_eq!(CategorySet::NONE.iter().next(), None);
        let both = Category::ALL.iter().rev().take(2).fold(CategorySet::NONE, |set, one| set.or((*one).into()));
        assert_eq!(both.iter().collect::<Vec<_>>(), Category::ALL[Category::ALL.len() - 2..]);
    }
}
