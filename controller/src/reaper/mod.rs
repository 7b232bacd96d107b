//! Deletes temporary resources whose objects are gone, in every workspace that is known: those of objects that live, and those
//! that the operator names.

mod living;
mod pass;
mod workspaces;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use azimage_core::temporary::TemporaryId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{image_version::Context, serve::OrStop, telemetry::metrics::Metrics};
use pass::Looked;

/// How long a leftover that couldn't be deleted is left alone.
const PAUSE: Duration = Duration::from_secs(600);

/// Looks through the workspaces from time to time.
pub(crate) struct Reaper {
    context: Arc<Context>,
    /// Namespaces that are watched; empty for all.
    watched: Vec<String>,
    metrics: Metrics,
    /// What Azure refused to delete, and when.
    refused: BTreeMap<TemporaryId, Instant>,
}

impl Reaper {
    pub(crate) fn new(context: Arc<Context>, watched: Vec<String>, metrics: Metrics) -> Self {
        Self { context, watched, metrics, refused: BTreeMap::new() }
    }

    /// Looks from time to time until it is told to stop, and not before all objects were seen.
    pub(crate) async fn run(mut self, seen: CancellationToken, stop: CancellationToken) {
        async { seen.cancelled().await }.or_stop(&stop).await;
        while !stop.is_cancelled() {
            let busy = self.look(&stop).await;
            let pace = &self.context.config.pace;
            tokio::time::sleep(if busy { pace.poll } else { pace.resync }).or_stop(&stop).await;
        }
    }

    /// Looks once through all workspaces, with one deletion in each at most. Returns whether there is more to do soon.
    async fn look(&mut self, stop: &CancellationToken) -> bool {
        self.refused.retain(|_, at| at.elapsed() < PAUSE);
        let (mut busy, mut left) = (false, 0);
        for workspace in workspaces::workspaces(&self.context) {
            if stop.is_cancelled() || !self.context.term.still_held(Instant::now()) {
                return false;
            }
            match self.pass(&workspace).await {
                Ok(Looked { leftovers, deletes }) => {
                    left += leftovers;
                    busy |= deletes;
                }
                Err(problem) => {
                    tracing::warn!(workspace = %workspace.group, %problem, "Could not look for leftovers of objects that are gone");
                }
            }
        }
        self.metrics.leftovers(left);
        busy
    }
}
