//! Carries out a step that was announced.

use azimage_azure::{Accepted, Call, Client as AzureClient, Urgency};
use azimage_core::image_version::Announced;

use super::pass::Pass;
use crate::azure::{self, CallError};

impl Pass<'_> {
    /// Makes the one write to Azure of a pass, under the correlation id that stands in the status.
    pub(super) async fn execute(&self, azure: &AzureClient, announced: &Announced) -> Result<Accepted, CallError> {
        let (step, correlation_id) = (announced.step(), announced.correlation_id());
        let name = step.name;
        let id = correlation_id.parse().unwrap_or_else(|_| self.context.seams.randomness.id());
        let call = Call::new(id).on_behalf_of(self.namespace, self.uid).with_urgency(Urgency::Write);
        let outcome = azure::execute(azure, &call, step).await;
        match &outcome {
            Ok(accepted) => {
                tracing::info!(step = %name, correlation_id, status = accepted.status, "Azure accepted step");
            }
            Err(failed) if failed.throttled().is_some() => {
                tracing::info!(step = %name, correlation_id, error = %failed.error, "Step waits for its turn");
            }
            Err(failed) => {
                tracing::warn!(step = %name, correlation_id, error = %failed.error, "Azure did not accept step");
            }
        }
        outcome
    }
}
