//! Which objects are woken by a change of another kind.

use kube::{
    Client, Resource, ResourceExt,
    core::{NamespaceResourceScope, PartialObjectMeta},
    runtime::{
        Controller,
        reflector::{ObjectRef, Store},
        watcher,
    },
};

use super::{kind::Kind, watched::api};
use crate::stores::Guarded;

/// A change of an `Other` wakes all objects in its namespace.
pub(crate) fn same_namespace<K, Other>(
    controller: Controller<Guarded<K>>,
    client: &Client,
    scope: Option<&str>,
) -> Controller<Guarded<K>>
where
    K: Kind,
    Other: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + std::fmt::Debug + Send + 'static,
{
    let store = controller.store();
    // Of what is only to wake others it suffices where it is.
    let others = api::<PartialObjectMeta<Other>>(client, scope);
    controller.watches(others, watcher::Config::default(), move |changed| in_namespace_of(&store, &changed))
}

fn in_namespace_of<K: Kind>(store: &Store<Guarded<K>>, changed: &impl ResourceExt) -> Vec<ObjectRef<Guarded<K>>> {
    let namespace = changed.namespace();
    let state = store.state();
    let mut same: Vec<_> = state.iter().filter(|object| object.meta().namespace == namespace).collect();
    // The store is a hash map, and its order must not show.
    same.sort_by(|one, other| one.meta().name.cmp(&other.meta().name));
    same.into_iter().map(|object| ObjectRef::from_obj(object.as_ref())).collect()
}
