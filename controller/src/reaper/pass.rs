//! One look at a workspace.

use std::collections::BTreeSet;

use azimage_azure::{Call, ErrorKind, Urgency};
use azimage_core::{
    Owner,
    events::Event,
    leftover_cost::Costs,
    leftovers::{self, Candidate, Standing},
    temporary::{Part, TemporaryId},
};
use azimage_crds::ImageVersion;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Resource as _;
use tokio::time::Instant;

use super::{
    Reaper,
    survey::{Problem, Survey},
    workspaces::Workspace,
};
use crate::azure;

/// What a look has found.
pub(super) struct Looked {
    /// How many leftovers there are.
    pub(super) leftovers: usize,
    /// What they cost in a month, as far as that is estimated.
    pub(super) costs: Costs,
    /// Whether one is being deleted.
    pub(super) deletes: bool,
}

impl Reaper {
    /// Looks through a workspace, and deletes one leftover at most: right after it was read, and after the API server said
    /// that its object is gone. `seen` are the uids of objects that live, of which it isn't asked.
    pub(super) async fn pass(&mut self, workspace: &Workspace, seen: &BTreeSet<String>) -> Result<Looked, Problem> {
        let context = self.context.clone();
        let namespace = workspace.namespace.as_deref().unwrap_or_default();
        let client = context.identities.client(namespace, &workspace.identity()).await?;
        let call = Call::new(context.seams.randomness.id()).on_behalf_of(namespace, "leftovers");
        let call = call.with_urgency(Urgency::Refresh);
        let survey = Survey {
            azure: &client,
            kubernetes: &context.client,
            call: &call,
            group: &workspace.group,
            cluster: &context.config.cluster,
            now: context.seams.clock.now(),
        };
        let found = survey.run(|uid| seen.contains(uid), |namespace| self.serves(workspace, namespace)).await?;
        let left = found.standings.into_iter().filter_map(|(candidate, standing)| match standing {
            Standing::Leftover { owner, part } => Some((owner, part, candidate)),
            _ => None,
        });
        let left: Vec<(Owner, Part, Candidate)> = left.collect();
        let costs =
            left.iter().fold(Costs::default(), |costs, (.., it)| costs.and(&it.id, it.storage.as_deref(), it.size_gib));
        // What was just asked for may not show yet.
        let is_asked = |id: &TemporaryId| self.accepted.get(id).is_some_and(|at| at.elapsed() < leftovers::GRACE);
        let deletes = left.iter().any(|(.., candidate)| candidate.is_going || is_asked(&candidate.id));
        let looked = Looked { leftovers: left.len(), costs, deletes };
        let deletable = leftovers::deletable(&left, &found.present);
        let is_due = |leftover: &&&(Owner, Part, Candidate)| {
            let id = &leftover.2.id;
            !self.refused.contains_key(id) && !is_asked(id)
        };
        let Some((owner, part, candidate)) = deletable.iter().find(is_due).copied() else { return Ok(looked) };
        if self.accepted.contains_key(&candidate.id) {
            tracing::warn!(id = %candidate.id, %owner, "A deletion that Azure accepted had no effect");
            let event = self.not_deleted(*part, &candidate.id, leftovers::WITHOUT_EFFECT);
            context.events.publish_about(gone(owner), vec![event]).await;
            return Ok(Looked { deletes: true, ..looked });
        }
        let call = call.with_urgency(Urgency::Write);
        let deletion = client.delete_temporary(&call, azure::kind(&candidate.id));
        let outcome = context.term.while_held(deletion).await?;
        let (id, correlation_id) = (&candidate.id, call.correlation_id);
        let event = match outcome {
            Ok(_) => {
                tracing::info!(%id, %owner, %correlation_id, "Deleting a leftover of an object that is gone");
                self.metrics.leftover_deletion(true);
                self.accepted.insert(id.clone(), Instant::now());
                leftovers::deleted(*part, id)
            }
            Err(error) if matches!(error.kind(), ErrorKind::Throttled { .. }) => {
                return Ok(Looked { deletes: true, ..looked });
            }
            Err(error) => {
                tracing::warn!(%id, %owner, %correlation_id, %error, "Could not delete a leftover of an object that is gone");
                self.not_deleted(*part, id, &azure::words(&error))
            }
        };
        context.events.publish_about(gone(owner), vec![event]).await;
        Ok(Looked { deletes: true, ..looked })
    }

    /// A leftover wasn't deleted: it is left alone for a while, and told.
    fn not_deleted(&mut self, part: Part, id: &TemporaryId, why: &str) -> Event {
        self.metrics.leftover_deletion(false);
        self.accepted.remove(id);
        self.refused.insert(id.clone(), Instant::now());
        leftovers::not_deleted(part, id, why)
    }

    /// Whether objects of a namespace are looked after here with the rights of a workspace.
    fn serves(&self, workspace: &Workspace, namespace: &str) -> bool {
        let watched = self.watched.is_empty() || self.watched.iter().any(|watched| watched == namespace);
        let counts = match &workspace.namespace {
            Some(own) => own == namespace,
            None => self.context.config.served.contains(namespace),
        };
        watched && counts
    }
}

/// The object that is gone, for its events.
fn gone(owner: &Owner) -> ObjectReference {
    ObjectReference {
        api_version: Some(ImageVersion::api_version(&()).into_owned()),
        kind: Some(ImageVersion::kind(&()).into_owned()),
        name: Some(owner.name.clone()),
        namespace: Some(owner.namespace.clone()),
        uid: Some(owner.uid.clone()),
        ..ObjectReference::default()
    }
}
