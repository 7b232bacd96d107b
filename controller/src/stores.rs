//! The objects that the watches have seen, by namespace and name.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use azimage_core::unreadable;
use azimage_crds::{ImageDefinition, ImageVersion, ReplicationTarget};
use kube::{
    Resource,
    api::ObjectMeta,
    core::DeserializeGuard,
    runtime::{
        reflector::{ObjectRef, Store},
        watcher::Event,
    },
};

/// An object that may not be readable: one bad object must not hide all others.
pub(crate) type Guarded<K> = DeserializeGuard<K>;

/// The stores that passes look into, of all watched scopes.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) versions: Vec<Arc<Index<ImageVersion>>>,
    pub(crate) targets: Vec<Arc<Index<ReplicationTarget>>>,
    pub(crate) definitions: Vec<Arc<Index<ImageDefinition>>>,
}

impl Stores {
    /// All image versions of all watched namespaces, those that can't be read included: see [`readable`].
    pub(crate) fn versions(&self) -> Vec<Arc<Guarded<ImageVersion>>> {
        self.versions.iter().flat_map(|index| index.all()).collect()
    }

    /// All replication targets of all watched namespaces, likewise.
    pub(crate) fn targets(&self) -> Vec<Arc<Guarded<ReplicationTarget>>> {
        self.targets.iter().flat_map(|index| index.all()).collect()
    }

    /// All image definitions of all watched namespaces, likewise.
    pub(crate) fn definitions(&self) -> Vec<Arc<Guarded<ImageDefinition>>> {
        self.definitions.iter().flat_map(|index| index.all()).collect()
    }

    /// The image versions of a namespace.
    pub(crate) fn versions_of(&self, namespace: &str) -> Seen<ImageVersion> {
        Seen(self.versions.iter().flat_map(|index| index.of(namespace)).collect())
    }

    /// The replication targets of a namespace.
    pub(crate) fn targets_of(&self, namespace: &str) -> Seen<ReplicationTarget> {
        Seen(self.targets.iter().flat_map(|index| index.of(namespace)).collect())
    }
}

/// The objects of one namespace, by name.
type Objects<K> = BTreeMap<String, Arc<Guarded<K>>>;

/// The objects of one scope, by namespace.
type Namespaces<K> = BTreeMap<String, Objects<K>>;

/// What the watch of one scope has seen, by namespace: a change in one costs nothing in the others.
pub(crate) struct Index<K: Resource<DynamicType = ()> + Clone + 'static> {
    store: Store<Guarded<K>>,
    namespaces: RwLock<Namespaces<K>>,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Index<K> {
    /// The index beside a store, which shares its objects.
    pub(crate) fn beside(store: Store<Guarded<K>>) -> Self {
        Self { store, namespaces: RwLock::default() }
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store<Guarded<K>> {
        &self.store
    }

    /// Follows an event, after the store has.
    pub(crate) fn follow(&self, event: &Event<Guarded<K>>) {
        match event {
            Event::Apply(object) => {
                if let Some(object) = self.store.get(&ObjectRef::from_obj(object)) {
                    put(&mut self.namespaces.write().unwrap_or_else(PoisonError::into_inner), object);
                }
            }
            Event::Delete(object) => self.remove(object.meta().namespace.as_deref(), object.meta().name.as_deref()),
            // The store holds them back until it has all of them.
            Event::Init | Event::InitApply(_) => {}
            Event::InitDone => {
                // Taken over at once: a pass that saw only a part of them would miss a wish, or another object's claim.
                let mut all = Namespaces::new();
                self.store.state().into_iter().for_each(|object| put(&mut all, object));
                *self.namespaces.write().unwrap_or_else(PoisonError::into_inner) = all;
            }
        }
    }

    fn remove(&self, namespace: Option<&str>, name: Option<&str>) {
        let mut namespaces = self.namespaces.write().unwrap_or_else(PoisonError::into_inner);
        let Some(objects) = namespaces.get_mut(namespace.unwrap_or_default()) else { return };
        objects.remove(name.unwrap_or_default());
        if objects.is_empty() {
            namespaces.remove(namespace.unwrap_or_default());
        }
    }

    /// The objects of a namespace, by name.
    pub(crate) fn of(&self, namespace: &str) -> Vec<Arc<Guarded<K>>> {
        let namespaces = self.namespaces.read().unwrap_or_else(PoisonError::into_inner);
        namespaces.get(namespace).into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    fn all(&self) -> Vec<Arc<Guarded<K>>> {
        let namespaces = self.namespaces.read().unwrap_or_else(PoisonError::into_inner);
        namespaces.values().flat_map(BTreeMap::values).cloned().collect()
    }
}

fn put<K: Resource>(into: &mut Namespaces<K>, object: Arc<Guarded<K>>) {
    let (namespace, name) = (object.meta().namespace.clone(), object.meta().name.clone());
    into.entry(namespace.unwrap_or_default()).or_default().insert(name.unwrap_or_default(), object);
}

/// The objects of a namespace, as they were when they were asked for.
pub(crate) struct Seen<K>(Vec<Arc<Guarded<K>>>);

impl<K> Seen<K> {
    /// Those that can be read, by name.
    pub(crate) fn objects(&self) -> Vec<&K> {
        self.0.iter().filter_map(|guarded| readable(guarded)).collect()
    }

    /// The metadata of all of them, those that can't be read included.
    pub(crate) fn metadata(&self) -> Vec<&ObjectMeta>
    where
        K: Resource<DynamicType = ()>,
    {
        self.0.iter().map(|guarded| guarded.meta()).collect()
    }

    /// The uids of those that can't be read.
    pub(crate) fn unreadable(&self) -> Vec<String> {
        self.0.iter().filter_map(|guarded| guarded.0.as_ref().err()?.metadata.uid.clone()).collect()
    }
}

impl Seen<ImageVersion> {
    /// Those that can't be read, as far as their metadata goes.
    pub(crate) fn stand_ins(&self) -> Vec<ImageVersion> {
        let invalid = self.0.iter().filter_map(|guarded| guarded.0.as_ref().err());
        invalid.filter_map(|invalid| unreadable::stand_in_of(&invalid.metadata, &invalid.error)).collect()
    }
}

/// The object, if it can be read.
pub(crate) fn readable<K>(guarded: &Guarded<K>) -> Option<&K> {
    guarded.0.as_ref().ok()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::{ResourceExt, core::error_boundary::InvalidObject, runtime::reflector};

    use super::*;

    fn object(namespace: &str, name: &str) -> Guarded<ConfigMap> {
        let (namespace, name) = (Some(namespace.to_owned()), Some(name.to_owned()));
        let metadata = ObjectMeta { namespace, name, ..ObjectMeta::default() };
        DeserializeGuard(Ok(ConfigMap { metadata, ..ConfigMap::default() }))
    }

    #[test]
    fn what_cannot_be_read_is_there_all_the_same() {
        let uid = |uid: &str| ObjectMeta { uid: Some(uid.to_owned()), ..ObjectMeta::default() };
        let readable = ConfigMap { metadata: uid("a"), ..ConfigMap::default() };
        let invalid = InvalidObject { error: "a field".to_owned(), metadata: uid("b") };
        let seen = Seen(vec![Arc::new(DeserializeGuard(Ok(readable))), Arc::new(DeserializeGuard(Err(invalid)))]);
        assert_eq!((seen.objects().len(), seen.metadata().len(), seen.unreadable()), (1, 2, vec!["b".to_owned()]));
    }

    #[test]
    fn an_index_shows_what_its_store_has_by_namespace_and_name() {
        let (reader, mut writer) = reflector::store();
        let index = Index::beside(reader);
        let names = |namespace: &str| index.of(namespace).iter().map(|object| object.name_any()).collect::<Vec<_>>();
        let mut follow = |event| {
            writer.apply_watcher_event(&event);
            index.follow(&event);
        };
        follow(Event::Init);
        follow(Event::InitApply(object("one", "b")));
        assert_eq!(names("one"), [""; 0], "not all is known yet");
        follow(Event::InitApply(object("one", "a")));
        follow(Event::InitApply(object("other", "c")));
        follow(Event::InitDone);
        assert_eq!((names("one"), names("other")), (vec!["a".into(), "b".into()], vec!["c".into()]));
        follow(Event::Apply(object("one", "0")));
        follow(Event::Delete(object("one", "a")));
        follow(Event::Delete(object("other", "c")));
        assert_eq!((names("one"), names("other")), (vec!["0".into(), "b".into()], vec![]));
        assert_eq!(index.all().len(), 2);
        follow(Event::Init);
        follow(Event::InitDone);
        assert_eq!(index.all().len(), 0, "the watch began anew, and nothing is there");
    }
}
