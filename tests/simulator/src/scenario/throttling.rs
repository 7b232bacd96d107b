//! How tight limits on requests are.

use serde::{Deserialize, Serialize};

/// How tight the limits are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Throttling {
    /// Requests are counted, and none is refused.
    pub off: bool,
    /// Sizes and speeds of all counters, as a multiple of Azure's. No counter is smaller than 1.
    pub factor: f64,
}

impl Default for Throttling {
    fn default() -> Self {
        Self { off: false, factor: 1.0 }
    }
}

impl Throttling {
    pub(crate) fn check(self) -> Result<Self, String> {
        if self.factor.is_finite() && self.factor > 0.0 {
            Ok(self)
        } else {
            Err("throttling.factor must be a positive number".to_owned())
        }
    }
}
