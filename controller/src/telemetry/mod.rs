//! What the process tells of itself: logs, metrics, probes.

mod json;
pub mod liveness;
pub mod logs;
pub mod metrics;
pub mod server;
