//! Which measures are recommended, by how dangerous the goods are (clause 3-46).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vocabulary::{Danger, MeasureKind, Refused, refused};

/// The table of recommended measures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measures {
    /// What the table rests on, in Chinese.
    pub source: String,
    /// Whether somebody has checked that.
    pub verified: bool,
    recommended: BTreeMap<Danger, Vec<MeasureKind>>,
}

impl Measures {
    /// Reads the table.
    ///
    /// # Errors
    /// [`Refused`]: not TOML, an unknown level or measure, no source, a level that recommends nothing.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let measures: Self = toml::from_str(text).map_err(|error| Refused::quoted(error.message()))?;
        if measures.source.trim().is_empty() {
            return Err(refused!("没有写来源", "no source is named"));
        }
        if let Some((danger, _)) = measures.recommended.iter().find(|(_, measures)| measures.is_empty()) {
            return Err(Refused::new(
                format!("隐患程度“{}”没有建议措施", danger.zh()),
                format!("`{}` recommends nothing", danger.code()),
            ));
        }
        Ok(measures)
    }

    /// What is recommended for goods of this danger; nothing where the table says nothing.
    #[must_use]
    pub fn for_danger(&self, danger: Danger) -> &[MeasureKind] {
        self.recommended.get(&danger).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Handling;
    use super::*;

    #[test]
    fn clause_3_46_the_graver_the_danger_the_stronger_the_measures() {
        let measures = Handling::shipped().measures;
        let strongest = |danger| measures.for_danger(danger).iter().max().copied();
        let graded: Vec<_> = [Danger::Low, Danger::Medium, Danger::High, Danger::Serious].map(strongest).to_vec();
        assert!(graded.is_sorted() && graded[0] < graded[3], "{graded:?}");
        assert!(!measures.verified && measures.source.contains("中心设定"));
    }

    #[test]
    fn a_table_without_source_or_with_an_unknown_measure_is_refused() {
        let table = |source: &str, measure: &str| {
            Measures::parse(&format!("source = \"{source}\"\nverified = false\n[recommended]\nlow = [{measure}]\n"))
        };
        assert!(table("s", "\"refund\"").is_ok());
        assert!(table(" ", "\"refund\"").is_err() && table("s", "\"burn\"").is_err() && table("s", "").is_err());
    }
}
