//! Machines that ran while their network was open.

use jiff::Timestamp;
use serde::Serialize;

/// A machine ran with an open network from then on, or opened it while it ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// Simulated time.
    pub at: Timestamp,
    /// Resource id of the machine.
    pub machine: String,
    /// Its tags at that time.
    pub tags: std::collections::BTreeMap<String, String>,
    /// Resource id of what its OS disk was copied from, where it is a copy.
    pub copy_of: Option<String>,
    /// What is open, in words.
    pub openings: Vec<String>,
    /// The machine was being started; else its network was opened while it ran.
    pub at_start: bool,
}
