//! Scan statistics, the part that all their methods share: families of zones, the statistic of a window, the search
//! over all zones and periods, the Monte Carlo test, and the choice of secondary clusters.
//!
//! In: plain slices of counts and baselines, cell = location × periods + period. Out: windows with their statistics,
//! and the maxima of replicas. Not here: files, names of places, dates, what a count means.
//!
//! Sources: Kulldorff 1997 (Comm Stat 26:1481), 2001 (JRSS-A 164:61); Kulldorff, Heffernan, Hartman, Assunção &
//! Mostashari 2005 (PLoS Med 2:e59); Kulldorff, Huang, Pickle & Duczmal 2006 (Stat Med 25:3929, ellipses); Neill 2009
//! (Int J Forecasting 25:498); Tango, Takahashi & Kohriyama 2011 (Biometrics 67:106, efficient scores); Abrams,
//! Kulldorff & Kleinman 2010 (Gumbel p-values).
//!
//! A scan in four steps: [`Zones`] from places or from given sets; [`Scan::new`] with periods, a [`Statistic`] and a
//! baseline; [`Scan::best_by_zone`] for the data; [`Scan::maxima`] under a [`Null`] for the p-values.

mod few;
mod null;
mod replicas;
mod search;
mod significance;
mod statistic;
mod zones;

pub use null::Null;
pub use search::{Found, Scan, Window};
pub use significance::{combined_p_value, gumbel_p_value, p_value, recurrence_interval, separate};
pub use statistic::{Direction, Statistic};
pub use zones::{EARTH_KM, Ellipses, Limits, Neighbours, Places, SATSCAN_EARTH_KM, Zones};
