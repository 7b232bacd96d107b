//! The objects that the watches have seen.

use std::sync::Arc;

use azimage_crds::{ImageVersion, ReplicationTarget};
use kube::{core::DeserializeGuard, runtime::reflector::Store};

/// An object that may not be readable: one bad object must not hide all others.
pub(crate) type Guarded<K> = DeserializeGuard<K>;

/// The stores that passes look into, of all watched scopes.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) versions: Vec<Store<Guarded<ImageVersion>>>,
    pub(crate) targets: Vec<Store<Guarded<ReplicationTarget>>>,
}

impl Stores {
    /// All image versions of all watched namespaces, those that can't be read included: see [`readable`].
    pub(crate) fn versions(&self) -> Vec<Arc<Guarded<ImageVersion>>> {
        self.versions.iter().flat_map(Store::state).collect()
    }

    /// The image versions of a namespace.
    pub(crate) fn versions_of(&self, namespace: &str) -> Seen<ImageVersion> {
        of(&self.versions, namespace)
    }

    /// The replication targets of a namespace.
    pub(crate) fn targets_of(&self, namespace: &str) -> Seen<ReplicationTarget> {
        of(&self.targets, namespace)
    }
}

fn of<K>(stores: &[Store<Guarded<K>>], namespace: &str) -> Seen<K>
where
    K: kube::Resource<DynamicType = ()> + Clone + 'static,
{
    let within = |guarded: &Guarded<K>| {
        readable(guarded).is_some_and(|object| object.meta().namespace.as_deref() == Some(namespace))
    };
    let mut found: Vec<_> = stores.iter().flat_map(Store::state).filter(|guarded| within(guarded)).collect();
    found.sort_by(|one, other| name(one).cmp(&name(other)));
    Seen(found)
}

fn name<K: kube::Resource>(guarded: &Guarded<K>) -> Option<&str> {
    readable(guarded).and_then(|object| object.meta().name.as_deref())
}

/// The readable objects of a namespace, as they were when they were asked for.
pub(crate) struct Seen<K>(Vec<Arc<Guarded<K>>>);

impl<K> Seen<K> {
    /// The objects, by name.
    pub(crate) fn objects(&self) -> Vec<&K> {
        self.0.iter().filter_map(|guarded| readable(guarded)).collect()
    }
}

/// The object, if it can be read.
pub(crate) fn readable<K>(guarded: &Guarded<K>) -> Option<&K> {
    guarded.0.as_ref().ok()
}
