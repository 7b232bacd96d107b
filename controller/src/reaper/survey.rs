//! What a workspace holds, and how it stands with each.

use std::collections::BTreeSet;

use azimage_azure::{Call, Client, ErrorKind, ProvisioningState};
use azimage_core::{
    Owner,
    leftovers::{self, Candidate, Standing},
    temporary::TemporaryId,
};
use azimage_crds::PURPOSE_TAG;
use azimage_names::ResourceGroup;
use jiff::Timestamp;

use super::living::living;
use crate::{azure, identity::Unidentified, kubernetes::KubernetesError};

/// Why a workspace couldn't be looked through.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
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
    Ended(#[from] crate::election::TermEnded),
}

impl Problem {
    /// What it is, without what changes each time.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::Azure(error) => error.code().unwrap_or_default().to_owned(),
            Self::Identity(_) => "identity".to_owned(),
            Self::Kubernetes(_) => "kubernetes".to_owned(),
            Self::Ended(_) => "ended".to_owned(),
        }
    }
}

/// Where and with what is looked.
pub(crate) struct Survey<'a> {
    pub(crate) azure: &'a Client,
    pub(crate) kubernetes: &'a kube::Client,
    pub(crate) call: &'a Call,
    pub(crate) group: &'a ResourceGroup,
    /// The cluster in owner tags.
    pub(crate) cluster: &'a str,
    pub(crate) now: Timestamp,
}

/// What is there.
pub(crate) struct Found {
    /// Everything under the name of a temporary resource, those that were skipped included.
    pub(crate) present: Vec<TemporaryId>,
    /// What was looked at.
    pub(crate) standings: Vec<(Candidate, Standing)>,
}

impl Survey<'_> {
    /// Looks at everything that is tagged as temporary, but for parts of objects of which `is_alive` knows by the uid. Which objects
    /// live the API server is asked, in the namespaces that `serves` names.
    pub(crate) async fn run(
        &self,
        is_alive: impl Fn(&str) -> bool,
        serves: impl Fn(&str) -> bool,
    ) -> Result<Found, Problem> {
        let ids = self.azure.ids_with_tag(self.call, self.group, PURPOSE_TAG).await?;
        let present: Vec<TemporaryId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let is_unknown = |id: &&TemporaryId| !leftovers::uid_in_name(id).is_some_and(&is_alive);
        let mut candidates = Vec::new();
        for id in present.iter().filter(is_unknown) {
            candidates.extend(self.read(id).await?);
        }
        let mut standings = Vec::new();
        if !candidates.is_empty() {
            let named: BTreeSet<String> =
                candidates.iter().filter_map(|found| Owner::of(&found.tags)).map(|owner| owner.namespace).collect();
            let named = named.into_iter().filter(|namespace| serves(namespace));
            let living = living(self.kubernetes, named).await?;
            for candidate in candidates {
                let standing = leftovers::standing(&candidate, self.cluster, &living, self.now);
                standings.push((candidate, standing));
            }
        }
        Ok(Found { present, standings })
    }

    /// A resource as it is now, or none if it isn't there.
    async fn read(&self, id: &TemporaryId) -> Result<Option<Candidate>, azimage_azure::Error> {
        match self.azure.temporary(self.call, azure::kind(id)).await {
            Ok(found) => {
                let is_going = found.provisioning_state == Some(ProvisioningState::Deleting);
                Ok(Some(Candidate {
                    id: id.clone(),
                    tags: found.tags.into_iter().collect(),
                    is_going,
                    storage: found.storage,
                    size_gib: found.size_gib,
                    restore_points: found.restore_points.into_iter().map(|point| point.name).collect(),
                }))
            }
            Err(error) if *error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
