//! Objects of any kind, read.

use std::fmt::Debug;

use anyhow::Context;
use azimage_crds::{ImageDefinition, ImageVersion, ReplicationTarget};
use azimage_view::{Kind, Object};
use k8s_openapi::NamespaceResourceScope;
use kube::{Api, Resource, api::ListParams};
use serde::de::DeserializeOwned;

use super::access::Access;
use crate::kubernetes::{KubernetesError, bounded};

/// All kinds.
pub(super) const KINDS: [Kind; 3] = [Kind::ImageVersion, Kind::ReplicationTarget, Kind::ImageDefinition];

/// Where objects are looked for, and which.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// A namespace, or all.
    pub(super) namespace: Option<String>,
    /// A label selector.
    pub(super) selector: Option<String>,
}

impl Scope {
    /// An interface to the objects of a kind there.
    pub(super) fn api<K>(&self, access: &Access) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced(access.client.clone(), namespace),
            None => Api::all(access.client.clone()),
        }
    }
}

/// An object, if it is there.
pub(super) async fn get(access: &Access, kind: Kind, name: &str) -> anyhow::Result<Option<Object>> {
    match kind {
        Kind::ImageVersion => get_one::<ImageVersion>(access, name).await,
        Kind::ReplicationTarget => get_one::<ReplicationTarget>(access, name).await,
        Kind::ImageDefinition => get_one::<ImageDefinition>(access, name).await,
    }
    .with_context(|| format!("can't get {} in the namespace {}", kind.plural(), access.namespace))
}

async fn get_one<K>(access: &Access, name: &str) -> Result<Option<Object>, KubernetesError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Into<Object>,
{
    let api: Api<K> = Api::namespaced(access.client.clone(), &access.namespace);
    Ok(bounded(api.get_opt(name)).await?.map(Into::into))
}

/// An object of this type, which is there.
///
/// # Errors
/// There is none of that name, it can't be read, or a right is missing.
pub(super) async fn read<K>(access: &Access, name: &str) -> anyhow::Result<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(access.client.clone(), &access.namespace);
    let (kind, plural, namespace) = (K::kind(&()), K::plural(&()), &access.namespace);
    let found = match bounded(api.get_opt(name)).await {
        Err(error) if error.is_forbidden() => {
            anyhow::bail!("you lack the right get on {plural} in the namespace {namespace}: {error}")
        }
        answer => answer.with_context(|| format!("can't get {plural} in the namespace {namespace}"))?,
    };
    found.with_context(|| format!("there is no {kind} {name} in the namespace {namespace}"))
}

/// The objects of a kind.
pub(super) async fn list(access: &Access, kind: Kind, scope: &Scope) -> anyhow::Result<Vec<Object>> {
    match kind {
        Kind::ImageVersion => list_of::<ImageVersion>(access, scope).await,
        Kind::ReplicationTarget => list_of::<ReplicationTarget>(access, scope).await,
        Kind::ImageDefinition => list_of::<ImageDefinition>(access, scope).await,
    }
    .with_context(|| {
        let place =
            scope.namespace.as_ref().map_or("all namespaces".to_owned(), |name| format!("the namespace {name}"));
        format!("can't list {} in {place}", kind.plural())
    })
}

async fn list_of<K>(access: &Access, scope: &Scope) -> Result<Vec<Object>, KubernetesError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Into<Object>,
{
    let mut parameters = ListParams::default();
    parameters.label_selector.clone_from(&scope.selector);
    Ok(bounded(scope.api::<K>(access).list(&parameters)).await?.items.into_iter().map(Into::into).collect())
}

/// The objects of those kinds that the user may list. The error is that of the last kind, if it is none.
pub(super) async fn list_all(access: &Access, scope: &Scope) -> anyhow::Result<(Vec<Kind>, Vec<Object>)> {
    let (mut kinds, mut all) = (Vec::new(), Vec::new());
    for (place, kind) in KINDS.into_iter().enumerate() {
        match list(access, kind, scope).await {
            Ok(objects) => {
                kinds.push(kind);
                all.extend(objects);
            }
            Err(error) if is_forbidden(&error) && (place + 1 < KINDS.len() || !kinds.is_empty()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((kinds, all))
}

/// Whether it is for want of a right.
pub(super) fn is_forbidden(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref().is_some_and(KubernetesError::is_forbidden))
}
