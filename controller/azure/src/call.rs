//! What identifies a call in Azure's own records.

use uuid::Uuid;

/// What a caller gives along with each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Groups the requests of one step. Sent as `x-ms-correlation-request-id`; Azure's Activity Log shows it as
    /// `correlationId` (Azure documentation, "Azure Resource Manager request headers").
    pub correlation_id: Uuid,
}

impl Call {
    /// A call of the step with this correlation id.
    pub fn new(correlation_id: Uuid) -> Self {
        Self { correlation_id }
    }
}

/// Where the ids of single requests (`x-ms-client-request-id`) come from.
pub trait RequestIds: Send + Sync {
    /// An id that was not used before.
    fn next(&self) -> Uuid;
}

/// Random ids, for everything but simulations.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomRequestIds;

impl RequestIds for RandomRequestIds {
    fn next(&self) -> Uuid {
        Uuid::new_v4()
    }
}
