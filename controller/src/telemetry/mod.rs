//! What the process tells of itself: logs, metrics, probes.

pub mod logs;
pub mod metrics;
pub mod server;
