//! The objects that the watches have seen, by namespace and name.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use azimage_core::unreadable;
use azimage_crds::{ImageDefinition, ImageVersion, ReplicationTarget};
use jiff::Timestamp;
use kube::{
    Resource,
    api::ObjectMeta,
    core::DeserializeGuard,
    runtime::{
        reflector::{ObjectRef, Store},
        watcher::Event,
    },
};

use crate::telemetry::metrics::Census;

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

    /// All image definitions of all watched namespaces.
    pub(crate) fn definitions(&self) -> Seen<ImageDefinition> {
        Seen(self.definitions.iter().flat_map(|index| index.all()).collect())
    }

    /// How it stands with all of them.
    pub(crate) fn census(&self, now: Timestamp) -> Census {
        let mut census = Census::default();
        let versions = self.versions();
        census.count(&versions, now);
        census.count_parts(&versions, now);
        census.count_ancestors(&versions);
        census.count(&self.targets(), now);
        let definitions = self.definitions();
        census.count(&definitions.0, now);
        census.count_users(&definitions.0);
        census.count_latest(&definitions.0, now);
        census
    }

    /// The image definitions of a namespace.
    pub(crate) fn definitions_of(&self, namespace: &str) -> Seen<ImageDefinition> {
        Seen(self.definitions.iter().flat_map(|index| index.of(namespace)).collect())
    }

    /// The versions of the same image definition as this one that can be read, itself included.
    pub(crate) fn line_of(&self, namespace: &str, version: &ImageVersion) -> Seen<ImageVersion> {
        Seen(self.versions.iter().flat_map(|index| index.group(namespace, version)).collect())
    }

    /// The image versions of a namespace.
    pub(crate) fn versions_of(&self, namespace: &str) -> Seen<ImageVersion> {
        Seen(self.versions.iter().flat_map(|index| index.of(namespace)).collect())
    }

    /// The replication targets of a namespace.
    pub(crate) fn targets_of(&self, namespace: &str) -> Seen<ReplicationTarget> {
        Seen(self.targets.iter().flat_map(|index| index.of(namespace)).collect())
    }

    /// How many there are.
    pub(crate) fn count_targets(&self, namespace: &str) -> usize {
        self.targets.iter().map(|index| index.count(namespace)).sum()
    }

    /// Those of them that can be read and ask for the same region as this one, itself included.
    pub(crate) fn siblings_of(&self, namespace: &str, target: &ReplicationTarget) -> Seen<ReplicationTarget> {
        Seen(self.targets.iter().flat_map(|index| index.group(namespace, target)).collect())
    }
}

/// The objects of one namespace, by name.
type Objects<K> = BTreeMap<String, Arc<Guarded<K>>>;

/// The objects of one scope, by namespace.
type Namespaces<K> = BTreeMap<String, Namespace<K>>;

/// The objects of one namespace.
struct Namespace<K> {
    all: Objects<K>,
    /// Those that can be read, once more by their group: going through a group costs nothing for those of others.
    groups: BTreeMap<String, Objects<K>>,
}

impl<K> Default for Namespace<K> {
    fn default() -> Self {
        Self { all: Objects::new(), groups: BTreeMap::new() }
    }
}

/// What an object is found by besides its name.
pub(crate) type Group<K> = fn(&K) -> Option<String>;

impl<K> Namespace<K> {
    fn put(&mut self, name: String, object: Arc<Guarded<K>>, group: Group<K>) {
        self.remove(&name, group);
        if let Some(group) = readable(&object).and_then(group) {
            self.groups.entry(group).or_default().insert(name.clone(), object.clone());
        }
        self.all.insert(name, object);
    }

    fn remove(&mut self, name: &str, group: Group<K>) {
        let Some(before) = self.all.remove(name) else { return };
        let Some(group) = readable(&before).and_then(group) else { return };
        if let Some(objects) = self.groups.get_mut(&group) {
            objects.remove(name);
            if objects.is_empty() {
                self.groups.remove(&group);
            }
        }
    }
}

/// What the watch of one scope has seen, by namespace: a change in one costs nothing in the others.
pub(crate) struct Index<K: Resource<DynamicType = ()> + Clone + 'static> {
    store: Store<Guarded<K>>,
    group: Group<K>,
    namespaces: RwLock<Namespaces<K>>,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Index<K> {
    /// The index beside a store, which shares its objects.
    pub(crate) fn beside(store: Store<Guarded<K>>, group: Group<K>) -> Self {
        Self { store, group, namespaces: RwLock::default() }
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
                    self.put(&mut self.namespaces.write().unwrap_or_else(PoisonError::into_inner), object);
                }
            }
            Event::Delete(object) => self.remove(object.meta().namespace.as_deref(), object.meta().name.as_deref()),
            // The store holds them back until it has all of them.
            Event::Init | Event::InitApply(_) => {}
            Event::InitDone => {
                // Taken over at once: a pass that saw only a part of them would miss a wish, or another object's claim.
                let mut all = Namespaces::new();
                self.store.state().into_iter().for_each(|object| self.put(&mut all, object));
                *self.namespaces.write().unwrap_or_else(PoisonError::into_inner) = all;
            }
        }
    }

    fn remove(&self, namespace: Option<&str>, name: Option<&str>) {
        let mut namespaces = self.namespaces.write().unwrap_or_else(PoisonError::into_inner);
        let Some(objects) = namespaces.get_mut(namespace.unwrap_or_default()) else { return };
        objects.remove(name.unwrap_or_default(), self.group);
        if objects.all.is_empty() {
            namespaces.remove(namespace.unwrap_or_default());
        }
    }

    /// The objects of a namespace, by name.
    pub(crate) fn of(&self, namespace: &str) -> Vec<Arc<Guarded<K>>> {
        let namespaces = self.namespaces.read().unwrap_or_else(PoisonError::into_inner);
        namespaces.get(namespace).into_iter().flat_map(|objects| objects.all.values()).cloned().collect()
    }

    /// The objects of a namespace that can be read and are of the same group as this one, by name.
    fn group(&self, namespace: &str, of: &K) -> Vec<Arc<Guarded<K>>> {
        let Some(group) = (self.group)(of) else { return Vec::new() };
        let namespaces = self.namespaces.read().unwrap_or_else(PoisonError::into_inner);
        let group = namespaces.get(namespace).and_then(|objects| objects.groups.get(&group));
        group.into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    fn count(&self, namespace: &str) -> usize {
        let namespaces = self.namespaces.read().unwrap_or_else(PoisonError::into_inner);
        namespaces.get(namespace).map_or(0, |objects| objects.all.len())
    }

    fn all(&self) -> Vec<Arc<Guarded<K>>> {
        let namespaces = self.namespaces.read().unwrap_or_else(PoisonError::into_inner);
        namespaces.values().flat_map(|objects| objects.all.values()).cloned().collect()
    }

    fn put(&self, into: &mut Namespaces<K>, object: Arc<Guarded<K>>) {
        let (namespace, name) = (object.meta().namespace.clone(), object.meta().name.clone());
        into.entry(namespace.unwrap_or_default()).or_default().put(name.unwrap_or_default(), object, self.group);
    }
}

/// Objects, as they were when they were asked for.
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
        let index = Index::beside(reader, |map: &ConfigMap| map.metadata.labels.as_ref()?.get("group").cloned());
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

    #[test]
    fn an_object_is_in_its_group_alone_whatever_becomes_of_it() {
        let (reader, mut writer) = reflector::store();
        let index = Index::beside(reader, |map: &ConfigMap| map.metadata.labels.as_ref()?.get("group").cloned());
        let of = |name: &str, group: &str| {
            let DeserializeGuard(Ok(mut map)) = object("one", name) else { unreachable!() };
            map.metadata.labels = Some([("group".to_owned(), group.to_owned())].into());
            map
        };
        let members = |group: &str| {
            let members = index.group("one", &of("any", group));
            members.iter().map(|object| object.name_any()).collect::<Vec<_>>()
        };
        let mut follow = |event| {
            writer.apply_watcher_event(&event);
            index.follow(&event);
        };
        let guarded = |name: &str, group: &str| DeserializeGuard(Ok(of(name, group)));
        follow(Event::Init);
        follow(Event::InitApply(guarded("a", "x")));
        follow(Event::InitApply(guarded("b", "x")));
        follow(Event::InitApply(object("one", "c")));
        follow(Event::InitDone);
        assert_eq!((members("x"), members("y")), (vec!["a".into(), "b".into()], vec![]));
        follow(Event::Apply(guarded("a", "y")));
        assert_eq!((members("x"), members("y")), (vec!["b".into()], vec!["a".into()]), "it changed its group");
        let metadata = index.of("one")[0].meta().clone();
        follow(Event::Apply(DeserializeGuard(Err(InvalidObject { error: "a field".to_owned(), metadata }))));
        assert_eq!((members("y").len(), index.of("one").len()), (0, 3), "it can't be read any more");
        follow(Event::Delete(guarded("b", "x")));
        assert_eq!((members("x").len(), index.of("one").len()), (0, 2));
    }
}
