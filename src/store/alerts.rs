//! Alerts: bounds of what is listed.

/// Most alerts one listing returns.
pub const ALERTS_MAX: u32 = 500;

/// Numbers of alerts and of the requests made for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertCounts {
    /// Alerts that are open.
    pub open: u64,
    /// Alerts that are closed.
    pub closed: u64,
    /// Sampling requests, of open and closed alerts.
    pub sampling_requests: u64,
}
