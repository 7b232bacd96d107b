//! The clients of all identities.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use azimage_azure::Client as AzureClient;
use azimage_core::{
    Federation, Identity,
    identity::{IdentityProblem, federation},
    image_version::Violation,
};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{Api, Client, ResourceExt};

use super::{AzureClients, service_account::ServiceAccountTokens};
use crate::kubernetes::{KubernetesError, bounded};

/// Why an object has no identity in this pass.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unidentified {
    /// Somebody has to change something.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The API server failed.
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
}

/// Namespace and name of a `ServiceAccount`.
type Account = (String, String);

/// A client and what it was made from: as soon as that changes, it counts no more.
struct Known {
    uid: Option<String>,
    federation: Federation,
    client: AzureClient,
}

/// The clients of all identities, one for each `ServiceAccount`, so that its tokens are shared by its objects.
///
/// The key holds the namespace: nothing of one namespace is ever found from another.
pub(crate) struct Identities {
    clients: Arc<dyn AzureClients>,
    kubernetes: Client,
    /// The tenant of `ServiceAccount`s that name none.
    tenant: Option<String>,
    known: Mutex<BTreeMap<Account, Known>>,
}

impl Identities {
    pub(crate) fn new(clients: Arc<dyn AzureClients>, kubernetes: Client, tenant: Option<String>) -> Self {
        Self { clients, kubernetes, tenant, known: Mutex::default() }
    }

    /// The client with which an object of a namespace acts.
    ///
    /// The `ServiceAccount` is read in each pass, so that one that was deleted or changed acts no longer as it did.
    pub(crate) async fn client(&self, namespace: &str, identity: &Identity) -> Result<AzureClient, Unidentified> {
        let name = match identity {
            Identity::Own => return Ok(self.clients.own()),
            Identity::ServiceAccount(name) => name,
        };
        let account = self.read(namespace, name).await?;
        let key = (namespace.to_owned(), name.clone());
        let annotations = account.as_ref().map(ResourceExt::annotations);
        let federation = match federation(namespace, name, annotations, self.tenant.as_deref()) {
            Ok(federation) => federation,
            Err(violation) => {
                self.known().remove(&key);
                return Err(violation.into());
            }
        };
        let uid = account.and_then(|account| account.uid());
        let mut known = self.known();
        if let Some(same) = known.get(&key).filter(|known| known.uid == uid && known.federation == federation) {
            return Ok(same.client.clone());
        }
        let tokens = ServiceAccountTokens::new(self.kubernetes.clone(), namespace, name);
        let client = self.clients.federated(&federation, Arc::new(tokens)).map_err(|error| {
            let problem = error.to_string();
            Violation::from(IdentityProblem::Unusable { account: name.clone(), problem })
        })?;
        known.insert(key, Known { uid, federation, client: client.clone() });
        Ok(client)
    }

    async fn read(&self, namespace: &str, name: &str) -> Result<Option<ServiceAccount>, Unidentified> {
        let api: Api<ServiceAccount> = Api::namespaced(self.kubernetes.clone(), namespace);
        match bounded(api.get_opt(name)).await {
            Err(error) if error.is_forbidden() => {
                let (account, namespace) = (name.to_owned(), namespace.to_owned());
                Err(Violation::from(IdentityProblem::Unreadable { account, namespace }).into())
            }
            answer => Ok(answer?),
        }
    }

    /// Forgets all but these.
    pub(crate) fn retain(&self, lives: impl Fn(&Account) -> bool) {
        self.known().retain(|account, _| lives(account));
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Account, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.known().len()
    }
}
