//! Says what to buy and test when an alert asks for it (采样任务): product, batches, items and standards, platforms, sellers, deadline.
//!
//! In: an alert, the listings known for its category, the `[sampling]` table of the criteria file and the table of test items. Out: one
//! complete request, or the name of the field that is missing. Samples of a frame are drawn by chance that anybody can repeat (`draw`), and
//! what a number of them can tell is said in words (`aim`). And back: the results that test bodies return, as outcomes. Not here: buying,
//! testing, buyers (PRIV-2), I/O, the clock, where a seed comes from.
//!
//! **ALERT-1** a request's id follows from its alert's: asking twice gives the same request.

use vocabulary::{Refused, Said};

mod aim;
mod draw;
mod frame;
mod policy;
mod request;
/// What test bodies return.
pub mod results;
mod sellers;
mod size;

pub use aim::{Aim, FailureRate, wilson};
pub use draw::{
    Chosen, Class, Drawn, PriceClass, Repeat, Repeated, Seed, Shares, Skipped, Strata, StratumBy, StratumTold, Taken,
    draw,
};
pub use frame::{DrawError, FIELD_CHARS_MAX, FRAME_COLUMNS, FRAME_MAX, Frame, Offer, PRICE_FEN_MAX, URL_CHARS_MAX};
pub use policy::{BatchGoal, SamplingPolicy};
pub use request::{request_by_person, request_for, validate};
pub use size::{detect_one, detect_one_of, estimate, estimate_of};

/// A sampling policy that cannot be used, or a request that must not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SamplingError {
    /// The criteria or the table of test items cannot be used.
    #[error("{file}:{line}: {problem}")]
    Policy {
        /// The file as the caller named it.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// What was found and what was expected.
        problem: Refused,
    },
    /// A request lacks what DB33/T 980 §4.2.1 c and §6.2 ask for.
    #[error("sampling request `{request}` has no `{field}`: fill it in before it is sent")]
    Missing {
        /// The request.
        request: String,
        /// The field.
        field: &'static str,
    },
    /// The alert does not ask for samples.
    #[error("the disposal of alert `{alert}` is `{disposal}`: only `sample` makes a sampling request")]
    NotAsked {
        /// The alert.
        alert: String,
        /// Its disposal.
        disposal: &'static str,
    },
}

impl Said for SamplingError {
    fn zh(&self) -> String {
        match self {
            Self::Policy { file, line, problem } => format!("{file}:{line}：{}", problem.zh),
            Self::Missing { request, field } => format!("抽检任务 `{request}` 没有 `{field}`：请补上再发出"),
            Self::NotAsked { alert, disposal } => {
                format!("预警 `{alert}` 的处置是 `{disposal}`：只有 `sample` 才生成抽检任务")
            }
        }
    }
}
