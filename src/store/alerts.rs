//! Alerts: bounds of what is listed.

/// Most alerts one listing returns.
pub const ALERTS_MAX: u32 = 500;
