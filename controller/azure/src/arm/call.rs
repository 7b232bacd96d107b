//! What identifies a call in Azure's own records.

use std::sync::Arc;

use uuid::Uuid;

use crate::throttle::Urgency;

/// What a caller gives along with each call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Groups the requests of one step. Sent as `x-ms-correlation-request-id`; Azure's Activity Log shows it as
    /// `correlationId` (Azure documentation, "Azure Resource Manager request headers").
    pub correlation_id: Uuid,
    /// On whose behalf: budgets are shared fairly between namespaces.
    pub namespace: Arc<str>,
    /// Whose call it is, if an object's: its calls of one pass go in one turn.
    pub object: Option<Arc<str>>,
    /// What for: the more urgent go first when a budget is short.
    pub urgency: Urgency,
}

impl Call {
    /// A call of the step with this correlation id, on nobody's behalf.
    pub fn new(correlation_id: Uuid) -> Self {
        Self { correlation_id, namespace: Arc::from(""), object: None, urgency: Urgency::default() }
    }

    /// The same call on behalf of an object.
    #[must_use]
    pub fn on_behalf_of(self, namespace: &str, object: &str) -> Self {
        Self { namespace: Arc::from(namespace), object: Some(Arc::from(object)), ..self }
    }

    /// The same call with another urgency.
    #[must_use]
    pub fn with_urgency(&self, urgency: Urgency) -> Self {
        Self { urgency, ..self.clone() }
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
    #[allow(clippy::disallowed_methods, reason = "these are the ids of everything but simulations")]
    fn next(&self) -> Uuid {
        Uuid::new_v4()
    }
}
