//! Published statistical methods, each as a pure function from a config and input tables to a table: for comparison, for
//! `wanglou method`, and as the parts that the scorer is built from.
//!
//! In: the text of a config and of input files ([`Call`]). Out: an [`Answer`]. Not here: files, the clock, the project's own
//! criteria and cells; a method knows nothing of products or hazards.
//!
//! A method is written from its paper, in two layers: the computation on plain slices (public, for the scorer), and a thin layer
//! that reads settings and prints columns.

pub mod bayes_predictive;
pub mod bocpd;
pub mod cusum_arl;
pub mod disproportionality;
pub mod e_detector;
pub mod ears;
pub mod ears_reweighted_epitweetr;
pub mod essence_ewma_switch;
pub mod exact_counts;
pub mod farrington_flexible;
pub mod glr_cusum;
pub mod gps_ebgm;
pub mod heterogeneity;
pub mod kleinberg_bursts;
pub mod kulldorff_spatial;
pub mod lrt_huang2011;
pub mod maxsprt;
pub mod multi_window;
pub mod multiple_testing;
pub mod nowcast;
pub mod pairs;
mod said;
pub mod sampling_feedback;
pub mod satscan;
pub mod scan;
mod settings;
pub mod spacetime_scan;
mod table;

use std::fmt;

pub use table::{Cell, Columns, Table};

/// One call of a method: the texts of its files, not their paths.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The config, JSON: one object of settings, or `{shared, "configs": {ID: {settings}}}`.
    pub config: String,
    /// The main input, CSV unless the method says otherwise.
    pub input: String,
    /// Coordinates of locations.
    pub coords: Option<String>,
    /// Zones, JSON.
    pub zones: Option<String>,
    /// Baselines of a window.
    pub baselines: Option<String>,
    /// Population.
    pub population: Option<String>,
    /// Which table of the run to print; the main one when absent.
    pub table: Option<String>,
    /// Seed of every random draw; the same seed gives the same answer.
    pub seed: u64,
}

/// What a method says.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Rows and columns, printed as CSV.
    Table(Table),
    /// A value, printed as JSON.
    Json(serde_json::Value),
}

impl fmt::Display for Answer {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(to, "{table}"),
            Self::Json(value) => writeln!(to, "{value:#}"),
        }
    }
}

/// Why a method gives no answer. Each says what was found, where, and what is expected.
#[derive(Debug, thiserror::Error)]
pub enum MethodError {
    /// No such method.
    #[error("no method `{0}`; `wanglou method --list` shows all")]
    Unknown(String),
    /// A config that is not JSON, or a setting that is missing or wrong.
    #[error("config{}: {what}", .id.as_ref().map(|id| format!(" `{id}`")).unwrap_or_default())]
    Config {
        /// Which config of several.
        id: Option<String>,
        /// What is wrong, and what is expected.
        what: String,
    },
    /// An input file with something missing or wrong.
    #[error("{file}{}: {what}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Input {
        /// `input`, `coords`, `zones`, `baselines` or `population`.
        file: &'static str,
        /// Line of the file, from 1.
        line: Option<u64>,
        /// What is wrong, and what is expected.
        what: String,
    },
    /// A table that the method does not print.
    #[error("`{method}` prints no table `{table}`; it has: {known}")]
    Table {
        /// The method.
        method: &'static str,
        /// What was asked for.
        table: String,
        /// What there is.
        known: &'static str,
    },
}

/// A method as it is listed.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// Its name, as in `wanglou method NAME`.
    pub name: &'static str,
    /// What it answers, in one Chinese line.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// The paper it is written from.
    pub source: &'static str,
    /// Tables it prints beside the main one.
    pub tables: &'static [&'static str],
    run: fn(&Call) -> Result<Answer, MethodError>,
}

/// All methods, by name.
#[rustfmt::skip]
pub const METHODS: &[Method] = &[
    bayes_predictive::METHOD,
    bocpd::METHOD,
    cusum_arl::METHOD,
    disproportionality::METHOD,
    ears::METHOD,
    ears_reweighted_epitweetr::METHOD,
    essence_ewma_switch::METHOD,
    exact_counts::METHOD,
    farrington_flexible::METHOD,
    glr_cusum::METHOD,
    gps_ebgm::METHOD,
    heterogeneity::METHOD,
    kleinberg_bursts::METHOD,
    kulldorff_spatial::METHOD,
    lrt_huang2011::METHOD,
    maxsprt::METHOD,
    multiple_testing::METHOD,
    nowcast::METHOD,
    sampling_feedback::METHOD,
    satscan::METHOD,
    spacetime_scan::METHOD,
];

/// Runs one method.
///
/// # Errors
/// [`MethodError`]: an unknown name, a wrong config, a wrong input.
pub fn run(name: &str, call: &Call) -> Result<Answer, MethodError> {
    let known = METHODS.iter().find(|method| method.name == name);
    (known.ok_or_else(|| MethodError::Unknown(name.to_owned()))?.run)(call)
}
