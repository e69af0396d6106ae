//! Special functions, distributions and solvers for the methods: accurate far out in the tails, defined at every edge.
//!
//! Continuous: [`Normal`], [`StudentT`], [`ChiSquare`], [`Gamma`], [`Beta`] with [`Continuous`]; discrete: [`Poisson`],
//! [`NegativeBinomial`], [`Binomial`] with [`Discrete`]. Both tails of a point come from one computation ([`Tails`]),
//! each exact where it is the small one, also as a logarithm when the tail itself is below the smallest float. Special
//! functions are in [`special`], incomplete gamma and beta functions in [`incomplete`], solvers in [`solve`], seeded
//! draws in [`draw`].
//!
//! Why not a crate: decision 0029. Not here: any method, any format. A parameter outside its bounds gives NaN, never a panic and never an endless loop.

#![allow(clippy::many_single_char_names, reason = "names of the published formulas")]

pub mod continuous;
pub mod discrete;
pub mod draw;
pub mod hypergeometric;
pub mod incomplete;
pub mod least_squares;
pub mod multinomial;
pub mod quasi_newton;
pub mod solve;
pub mod special;

pub use continuous::{Beta, ChiSquare, Continuous, Gamma, Normal, StudentT};
pub use discrete::{Binomial, Discrete, NegativeBinomial, Poisson};
pub use hypergeometric::Hypergeometric;
pub use incomplete::Tails;
pub use special::{digamma, ln_beta, ln_choose, ln_factorial, ln_gamma, trigamma};
