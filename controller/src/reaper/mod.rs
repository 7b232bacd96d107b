//! Deletes temporary resources whose objects are gone, in every workspace that is known: those of objects that live, and those
//! that the operator names.

mod living;
mod pass;
mod survey;
mod workspaces;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use azimage_core::{leftover_cost::Costs, temporary::TemporaryId};
use kube::ResourceExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{image_version::Context, serve::OrStop, stores::readable, telemetry::metrics::Metrics};
use pass::Looked;
pub(crate) use survey::Survey;
use workspaces::Workspace;

/// How long a leftover that couldn't be deleted is left alone.
const PAUSE: Duration = Duration::from_secs(600);

/// Looks through the workspaces from time to time.
pub(crate) struct Reaper {
    context: Arc<Context>,
    /// Namespaces that are watched; empty for all.
    watched: Vec<String>,
    metrics: Metrics,
    /// Where there may be something of objects that went since the process began.
    known: BTreeSet<Workspace>,
    /// What Azure refused to delete, and when.
    refused: BTreeMap<TemporaryId, Instant>,
    /// What Azure accepted to delete, and when.
    accepted: BTreeMap<TemporaryId, Instant>,
    /// What was told of workspaces that can't be looked through.
    told: BTreeMap<Workspace, String>,
    /// What was left in each workspace when it was last looked through: it doesn't go because nobody can look.
    left: BTreeMap<Workspace, (usize, Costs)>,
}

impl Reaper {
    pub(crate) fn new(context: Arc<Context>, watched: Vec<String>, metrics: Metrics) -> Self {
        Self {
            context,
            watched,
            metrics,
            known: BTreeSet::new(),
            refused: BTreeMap::new(),
            accepted: BTreeMap::new(),
            told: BTreeMap::new(),
            left: BTreeMap::new(),
        }
    }

    /// Looks from time to time until it is told to stop, and not before all objects were seen.
    pub(crate) async fn run(mut self, seen: CancellationToken, stop: CancellationToken) {
        async { seen.cancelled().await }.or_stop(&stop).await;
        while !stop.is_cancelled() {
            // What is cut off may have been done, as after a crash: the next look shows.
            let busy = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                busy = self.look() => busy,
            };
            let pace = &self.context.config.pace;
            tokio::time::sleep(if busy { pace.poll } else { pace.resync }).or_stop(&stop).await;
        }
    }

    /// Looks once through all workspaces, with one deletion in each at most. Returns whether there is more to do soon.
    async fn look(&mut self) -> bool {
        self.refused.retain(|_, at| at.elapsed() < PAUSE);
        // What is there as long after its deletion was accepted isn't being deleted.
        self.accepted.retain(|_, at| at.elapsed() < PAUSE);
        let mut busy = false;
        let objects = self.context.stores.versions();
        let seen: BTreeSet<String> = objects.iter().filter_map(|guarded| readable(guarded)?.uid()).collect();
        self.known.extend(workspaces::workspaces(&self.context.config, &objects));
        for workspace in self.known.clone() {
            if !self.context.term.still_held(Instant::now()) {
                return false;
            }
            match self.pass(&workspace, &seen).await {
                Ok(Looked { leftovers, costs, deletes }) => {
                    self.told.remove(&workspace);
                    self.left.insert(workspace, (leftovers, costs));
                    busy |= deletes;
                }
                Err(problem) => {
                    // A right that isn't given, or a group that isn't there, is so for long.
                    if self.told.insert(workspace.clone(), problem.kind()) == Some(problem.kind()) {
                        tracing::debug!(workspace = %workspace.group, %problem, "Still could not look for leftovers");
                        continue;
                    }
                    tracing::warn!(workspace = %workspace.group, %problem, "Could not look for leftovers of objects that are gone");
                }
            }
        }
        let count = self.left.values().map(|(count, _)| count).sum();
        let costs = self.left.values().fold(Costs::default(), |all, (_, costs)| all.with(*costs));
        self.metrics.leftovers(count, costs, self.told.len());
        busy
    }
}
