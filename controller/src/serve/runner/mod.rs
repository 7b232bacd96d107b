//! The passes of one kind: bounded, counted, and unharmed by a panic in one object.

mod due;
mod refused;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::{FutureExt, StreamExt};
use kube::{
    Client, ResourceExt,
    core::DeserializeGuard,
    runtime::{
        Controller,
        controller::{self, Action},
    },
};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use due::Due;
use refused::Refused;

use super::{
    kind::{Again, Kind, ReconcileError},
    serving::OrStop,
};
use crate::{
    config::Pace,
    controller::Options,
    election::Term,
    kubernetes::report_unreadable,
    seams::Seams,
    stores::Guarded,
    telemetry::metrics::{ControllerMetrics, Outcome},
};

/// Where log lines and spans are said to come from: filters of operators name it, and the simulation counts by it.
const TARGET: &str = "azimage::controller";

/// Drives the controllers of one kind.
pub(super) struct Runner<K: Kind> {
    context: Arc<K::Context>,
    concurrency: u16,
    /// Of all scopes together.
    permits: Semaphore,
    metrics: ControllerMetrics,
    stop: CancellationToken,
    synced: CancellationToken,
    client: Client,
    seams: Seams,
    term: Term,
    pace: Pace,
    refused: Refused,
    due: Due,
    /// How many passes have begun: each has a number in the log.
    begun: AtomicU64,
}

impl<K: Kind> Runner<K> {
    pub(super) fn new(context: Arc<K::Context>, options: &Options, synced: &CancellationToken) -> Self {
        let concurrency = K::concurrency(&options.config);
        Self {
            context,
            concurrency,
            permits: Semaphore::new(concurrency.into()),
            metrics: options.metrics.controller(K::NAME, concurrency),
            stop: options.stop.clone(),
            synced: synced.clone(),
            client: options.client.clone(),
            seams: options.seams.clone(),
            term: options.term.clone(),
            pace: options.config.pace,
            refused: Refused::default(),
            due: Due::default(),
            begun: AtomicU64::new(1),
        }
    }

    /// Runs one controller until it is told to stop.
    pub(super) async fn drive(self: Arc<Self>, controller: Controller<Guarded<K>>) {
        let stop = self.stop.clone();
        controller
            .with_config(controller::Config::default().concurrency(self.concurrency))
            .graceful_shutdown_on(async move { stop.cancelled().await })
            .run(
                |guarded: Arc<Guarded<K>>, this: Arc<Self>| async move {
                    this.one(&guarded).await.map(|again| this.schedule(&guarded, again))
                },
                |guarded: Arc<Guarded<K>>, error: &ReconcileError, this: Arc<Self>| {
                    let again = this.after(error, &guarded.uid().unwrap_or_default());
                    this.schedule(&guarded, again)
                },
                self,
            )
            .for_each(|outcome| async move {
                match outcome {
                    Ok(_) | Err(controller::Error::ObjectNotFound(_)) => {}
                    Err(controller::Error::ReconcilerFailed(error, object)) => {
                        tracing::warn!(target: TARGET, controller = K::NAME, namespace = object.namespace, name = object.name, %error, "Could not reconcile");
                    }
                    Err(error) => tracing::warn!(target: TARGET, controller = K::NAME, %error, "Could not watch"),
                }
            })
            .await;
    }

    /// Remembers when the next pass is due.
    fn schedule(&self, guarded: &Guarded<K>, again: Again) -> Action {
        let uid = guarded.uid().unwrap_or_default();
        match again {
            Again::After(wait) => {
                self.due.set(uid, Instant::now() + wait);
                Action::requeue(wait)
            }
            Again::WhenChanged => {
                self.due.forget(&uid);
                Action::await_change()
            }
        }
    }

    /// When to try again after an error of the object of this uid.
    fn after(&self, error: &ReconcileError, uid: &str) -> Again {
        match error {
            ReconcileError::Kubernetes(error) if error.is_refusal() => {
                Again::After(self.seams.jittered_for(uid, self.refused.pause(uid, &self.pace)))
            }
            other => K::after(other, uid, &self.pace, &self.seams),
        }
    }

    async fn one(&self, guarded: &Guarded<K>) -> Result<Again, ReconcileError> {
        // Until all is seen an empty list of targets would look like nobody wanting a region.
        self.synced.cancelled().or_stop(&self.stop).await;
        if self.stop.is_cancelled() || !self.term.still_held(Instant::now()) {
            return Ok(Again::WhenChanged);
        }
        let Ok(_permit) = self.permits.acquire().await else { return Ok(Again::WhenChanged) };
        if let Some(late) = self.due.late(&guarded.uid().unwrap_or_default(), Instant::now()) {
            self.metrics.late(late);
        }
        let DeserializeGuard(object) = guarded;
        let object = match object {
            Ok(object) => object,
            Err(invalid) => {
                report_unreadable::<K>(&self.client, invalid, self.seams.clock.now()).await?;
                return Ok(Again::WhenChanged);
            }
        };
        let span = tracing::info_span!(
            target: TARGET,
            "reconcile",
            controller = K::NAME,
            namespace = object.namespace().unwrap_or_default(),
            name = object.name_any(),
            generation = object.meta().generation.unwrap_or_default(),
            reconcileID = self.begun.fetch_add(1, Ordering::Relaxed),
        );
        let timer = self.metrics.start();
        let pass = async { K::reconcile(&self.context, object).await }.boxed();
        let outcome = AssertUnwindSafe(pass).catch_unwind().instrument(span.clone()).await;
        match outcome {
            Ok(Ok(again)) => {
                self.refused.over(&object.uid().unwrap_or_default());
                timer.end(if again == Again::WhenChanged { Outcome::Success } else { Outcome::RequeueAfter });
                Ok(again)
            }
            // The write was held back. Whoever leads now does it.
            Ok(Err(_)) if !self.term.still_held(Instant::now()) => {
                timer.end(Outcome::Requeue);
                Ok(Again::WhenChanged)
            }
            Ok(Err(error)) => {
                // Somebody else wrote at the same time: no error, the next pass sees what they wrote.
                if error.is_refusal() {
                    self.refused.again(&object.uid().unwrap_or_default());
                }
                timer.end(if error.is_conflict() { Outcome::Requeue } else { Outcome::Error });
                Err(error.into())
            }
            Err(panic) => {
                timer.end(Outcome::Panic);
                let text = panic_text(panic.as_ref());
                span.in_scope(
                    || tracing::error!(target: TARGET, panic = text, "Reconcile panicked; other objects go on"),
                );
                Err(ReconcileError::Panic(text))
            }
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests;
