//! What the activity log is asked.

use azimage_names::SubscriptionId;
use jiff::Timestamp;

use super::super::StepKey;

/// The last attempt at a step, which another process sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActivityOf {
    /// The step.
    pub step: StepKey,
    /// The correlation id of the attempt.
    pub id: String,
    /// When it was announced.
    pub at: Timestamp,
    /// The subscription in which it wrote.
    pub subscription: SubscriptionId,
}
