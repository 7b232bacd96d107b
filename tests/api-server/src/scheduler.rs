//! Where the order of requests comes from.

use async_trait::async_trait;

/// Decides when requests take effect, so that those of one instant come in an order that repeats.
#[async_trait]
pub trait RequestScheduler: Send + Sync {
    /// Waits until it is a request's turn. `request` has all that tells it apart from others, as text: what it is about,
    /// who sends it, what it asks for, and its body.
    async fn wait_for_turn(&self, request: String);
}
