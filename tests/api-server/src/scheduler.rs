//! The order of requests.

use async_trait::async_trait;

/// Decides when requests take effect, so that those of one instant come in an order that repeats.
#[async_trait]
pub trait RequestScheduler: Send + Sync {
    /// Waits until it is a request's turn. `request` identifies it as text: object, sender, verb, parameters and body.
    async fn wait_for_turn(&self, request: String);
}
