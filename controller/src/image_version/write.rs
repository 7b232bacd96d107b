//! Writes the status, and tells of what changed in it.

use azimage_core::{
    Progress, events as told,
    image_version::{Report, Requeue, Violation, durations, figures},
    requested::requested,
};
use azimage_crds::{Deletion, IMAGE_VERSION_FINALIZER, ImageVersionStatus, Reason};
use kube::Resource;

use super::{
    Context,
    pass::{After, Pass},
};
use crate::kubernetes::{KubernetesError, remove_finalizer, tell_status};

impl Pass<'_> {
    /// An object that can't be worked on as it is says so, and may go if nothing was done for it.
    pub(super) async fn violated(&self, violation: Violation, deleting: bool) -> Result<After, KubernetesError> {
        let status = self.object.status.clone().unwrap_or_default();
        let nothing_done = status.resource_id.is_none() && status.steps.is_empty();
        if deleting && (nothing_done || self.object.spec.deletion_policy == Deletion::Retain) {
            if let Some(words) = left_behind(&status) {
                self.tell_at_parting(&words).await;
            }
            remove_finalizer(self.api, self.object, IMAGE_VERSION_FINALIZER).await?;
            return Ok(After::Released);
        }
        let progress = Progress::stalled(violation.reason, violation.message);
        self.report(&status, &Report { progress, ..Report::default() }, true).await?;
        Ok(After::Requeue(if violation.reason == Reason::InvalidSpec { Requeue::Never } else { Requeue::Resync }))
    }

    /// The status with what was found. `handled`: a reconcile that was asked for counts as done.
    pub(super) fn next_status(
        &self,
        status: &ImageVersionStatus,
        report: &Report,
        handled: bool,
    ) -> ImageVersionStatus {
        let generation = self.object.meta().generation.unwrap_or_default();
        let requested = requested(self.object).filter(|_| handled);
        let now = self.context.seams.clock.now();
        self.context.decisions.next_status(status, report, generation, requested.as_ref(), now)
    }

    pub(super) async fn report(
        &self,
        status: &ImageVersionStatus,
        report: &Report,
        handled: bool,
    ) -> Result<(), KubernetesError> {
        self.write(status, self.next_status(status, report, handled)).await
    }

    /// Writes the status if it differs, and tells of the transitions. Progress alone is held back for a while.
    pub(super) async fn write(
        &self,
        before: &ImageVersionStatus,
        after: ImageVersionStatus,
    ) -> Result<(), KubernetesError> {
        let Context { freshest, events, metrics, .. } = &**self.context;
        if tell_status(self.api, self.object, (before, &after), freshest, events).await? {
            // Of what is written alone: so neither a restart nor a pass that is repeated counts anything twice.
            metrics.validated(&figures(before, &after));
            metrics.took(&durations(self.object, before, &after));
        }
        events.publish(self.object, told::removals(&before.regions, &after.regions)).await;
        Ok(())
    }

    /// Tells a person what the status can't, as the object goes.
    pub(super) async fn tell_at_parting(&self, words: &str) {
        tracing::warn!("{words}");
        self.context.events.publish(self.object, vec![told::parting(words)]).await;
    }

    /// Tells that the version was taken over.
    pub(super) async fn tell_of_adoption(&self, from: &str) {
        tracing::info!(from, "Took image version over");
        self.context.events.publish(self.object, vec![told::adopted(from)]).await;
    }
}

/// What stays in Azure of an object that goes and can't delete it any more.
fn left_behind(status: &ImageVersionStatus) -> Option<String> {
    let first = status.temporary.first()?;
    let (count, id) = (status.temporary.len(), &first.resource_id);
    Some(format!(
        "{count} temporary resources stay in Azure, as this object has no identity to delete them any more: delete those with its \
         tag azimage-owner, such as {id}"
    ))
}
