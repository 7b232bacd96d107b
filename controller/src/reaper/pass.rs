//! One look at a workspace.

use std::collections::BTreeSet;

use azimage_azure::{Call, Client, ErrorKind, ProvisioningState, Urgency};
use azimage_core::{
    Owner,
    leftovers::{self, Candidate, Standing},
    temporary::{Part, TemporaryId},
};
use azimage_crds::{ImageVersion, PURPOSE_TAG};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::{Resource as _, ResourceExt as _};
use tokio::time::Instant;

use super::{Reaper, workspaces::Workspace};
use crate::{azure, election::TermEnded, identity::Unidentified, kubernetes::KubernetesError, stores::readable};

/// What a look has found.
pub(super) struct Looked {
    /// How many leftovers there are.
    pub(super) leftovers: usize,
    /// Whether one is being deleted.
    pub(super) deletes: bool,
}

/// Why a workspace couldn't be looked through.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// There is no identity.
    #[error(transparent)]
    Identity(#[from] Unidentified),
    /// Azure refused, or couldn't be asked.
    #[error(transparent)]
    Azure(#[from] azimage_azure::Error),
    /// The API server refused, or couldn't be asked.
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
    /// Another process leads.
    #[error(transparent)]
    Ended(#[from] TermEnded),
}

impl Reaper {
    /// Looks through a workspace, and deletes one leftover at most: right after it was read, and after the API server said
    /// that its object is gone.
    pub(super) async fn pass(&mut self, workspace: &Workspace) -> Result<Looked, Problem> {
        let context = self.context.clone();
        let namespace = workspace.namespace.as_deref().unwrap_or_default();
        let client = context.identities.client(namespace, &workspace.identity()).await?;
        let call = Call::new(context.seams.randomness.id()).on_behalf_of(namespace, "leftovers");
        let call = call.with_urgency(Urgency::Refresh);
        let ids = client.ids_with_tag(&call, &workspace.group, PURPOSE_TAG).await?;
        let present: Vec<TemporaryId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let alive: BTreeSet<String> =
            context.stores.versions().iter().filter_map(|guarded| readable(guarded)?.uid()).collect();
        // What lives is known without a question.
        let is_unknown = |id: &&TemporaryId| leftovers::uid_in_name(id).is_some_and(|uid| !alive.contains(uid));
        let mut candidates = Vec::new();
        for id in present.iter().filter(is_unknown) {
            candidates.extend(read(&client, &call, id).await?);
        }
        let found = self.judge(workspace, candidates).await?;
        let left = Looked { leftovers: found.len(), deletes: false };
        let is_due = |leftover: &&&(Owner, Part, Candidate)| !self.refused.contains_key(&leftover.2.id);
        let deletable = leftovers::deletable(&found, &present);
        let Some((owner, part, candidate)) = deletable.iter().find(is_due).copied() else {
            return Ok(Looked { deletes: found.iter().any(|(.., candidate)| candidate.is_going), ..left });
        };
        let call = call.with_urgency(Urgency::Write);
        let deletion = client.delete_temporary(&call, azure::kind(&candidate.id));
        let outcome = context.term.while_held(deletion).await?;
        let (id, correlation_id) = (&candidate.id, call.correlation_id);
        let event = match outcome {
            Ok(_) => {
                tracing::info!(%id, %owner, %correlation_id, "Deleting a leftover of an object that is gone");
                self.metrics.leftover_deletion(true);
                leftovers::deleted(*part, id)
            }
            Err(error) if matches!(error.kind(), ErrorKind::Throttled { .. }) => {
                return Ok(Looked { deletes: true, ..left });
            }
            Err(error) => {
                tracing::warn!(%id, %owner, %correlation_id, %error, "Could not delete a leftover of an object that is gone");
                self.metrics.leftover_deletion(false);
                self.refused.insert(id.clone(), Instant::now());
                leftovers::not_deleted(*part, id, &words(&error))
            }
        };
        context.events.publish_about(gone(owner), vec![event]).await;
        Ok(Looked { deletes: true, ..left })
    }

    /// Those of the candidates that nobody needs.
    async fn judge(
        &self,
        workspace: &Workspace,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<(Owner, Part, Candidate)>, KubernetesError> {
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let namespaces = candidates.iter().filter_map(leftovers::namespace).collect();
        let living = self.living(workspace, namespaces).await?;
        let (cluster, now) = (&self.context.config.cluster, self.context.seams.clock.now());
        let of = |candidate: Candidate| match leftovers::standing(&candidate, cluster, &living, now) {
            Standing::Leftover { owner, part } => Some((owner, part, candidate)),
            _ => None,
        };
        Ok(candidates.into_iter().filter_map(of).collect())
    }
}

/// A resource as it is now, or none if it isn't there.
async fn read(client: &Client, call: &Call, id: &TemporaryId) -> Result<Option<Candidate>, azimage_azure::Error> {
    match client.temporary(call, azure::kind(id)).await {
        Ok(found) => {
            let is_going = found.provisioning_state == Some(ProvisioningState::Deleting);
            Ok(Some(Candidate { id: id.clone(), tags: found.tags.into_iter().collect(), is_going }))
        }
        Err(error) if *error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What Azure said.
fn words(error: &azimage_azure::Error) -> String {
    error.code().map_or_else(|| error.message().to_owned(), |code| format!("{code}: {}", error.message()))
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
