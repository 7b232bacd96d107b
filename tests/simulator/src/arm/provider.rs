//! The interface of a resource provider.

use uuid::Uuid;

use super::call::{Answer, Call};
use crate::resources::{Resources, event::Event, operation::Work};

/// Answers for the types of one namespace, and goes on with what it began. It changes resources, and keeps nothing itself.
pub(crate) trait Provider {
    /// Answers a request that is authenticated, authorized and well-formed.
    fn call(&self, resources: &mut Resources, call: &Call<'_>) -> Answer;

    /// The time of one of its operations is up, and the operation goes on still.
    fn operation_ends(&self, _resources: &mut Resources, _operation: Uuid, _work: Work) {}

    /// Something else that it planned has come.
    fn happens(&self, _resources: &mut Resources, _event: Event) {}
}
