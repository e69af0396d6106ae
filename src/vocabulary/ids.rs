//! Names of things. Each is its own type, so that an alert id can never be passed where a document id is meant.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Ids are shared, not copied: the same one stands in many places of what is kept in memory.
macro_rules! text_ids {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
        #[schemars(transparent)]
        pub struct $name(#[schemars(with = "String")] Arc<str>);

        impl $name {
            /// Wraps the text as it is.
            #[must_use]
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The text of the id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::new)
            }
        }
    )*};
}

text_ids! {
    /// Where documents come from, e.g. `sim.complaints` or `weibo`. Named in `rules/sources/` or made by `import`.
    SourceId;
    /// One document of a source. Same source and same external id or canonical URL give the same id.
    DocumentId;
    /// One extraction rule or dictionary entry, e.g. `fire.battery` or `dict:hazards/起火`.
    RuleId;
    /// An episode's stable id: derived from what it is about and the day it opened, never random (ALERT-1).
    AlertId;
    /// A sampling request's stable id, derived from its alert's (ALERT-1).
    RequestId;
    /// A sample that was bought, e.g. `sr-20260105-battery_charger-fire-3fa1c2.01`: the same from purchase to result.
    SampleId;
    /// A buyer (购样人): `b-` and eight hex digits drawn by chance. It may be shown; whose it is, the sealed store alone knows (PRIV-2).
    BuyerRef;
    /// A matter that the machine excluded, e.g. `x-toy-choking-3fa1c2d4e5`: of its category, hazard, brand and region, the same on every day.
    ExclusionKey;
    /// An outcome's stable id, derived from what came back.
    OutcomeId;
    /// Version of a compiled lexicon: a hash over the bytes of its files.
    LexiconVersion;
    /// Version of a criteria file: its own `version` and a hash over its bytes.
    CriteriaVersion;
}

impl DocumentId {
    /// Longest id that is taken in, in bytes.
    pub const BYTES_MAX: usize = 768;
}

impl SourceId {
    /// Longest source name that is taken in, in bytes.
    pub const BYTES_MAX: usize = 128;
}

/// Place of a document in the log, counted from 1 without gaps. 0 stands before the first.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema
)]
#[serde(transparent)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
