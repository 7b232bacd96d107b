//! The newest that is known of each object, so that it needn't be read before each pass.
//!
//! A watch lags behind our own writes. What the API server answered to the last of them is kept until the watch has shown it
//! or what came after it. That is enough to decide by: each write to Kubernetes carries the resource version of the copy that
//! it rests on, so one that rests on an old copy is refused, and the next pass reads the object. Before a write to Azure,
//! which nothing refuses, a pass reads it in any case ([`Freshest::is_current`]).

use std::{
    collections::BTreeMap,
    fmt::Debug,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azimage_core::resource_version::{Newest, newest};
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{KubernetesError, bounded};

/// What is known of the objects of a kind, by uid.
#[derive(Debug)]
pub(crate) struct Freshest<K>(Mutex<BTreeMap<String, Known<K>>>);

#[derive(Debug)]
struct Known<K> {
    copy: Copy<K>,
    /// When this process last wrote the status.
    told: Option<Instant>,
    /// When a change has to be told at the latest that was held back.
    owes: Option<Instant>,
}

#[derive(Debug)]
enum Copy<K> {
    /// Nothing newer than what the watch shows.
    Watch,
    /// The answer to our own last write or read, and when it came.
    Own(Arc<K>, Instant),
    /// A call failed, and nobody knows what came of it.
    Doubtful,
}

/// An object as a pass goes by it.
#[derive(Clone, Debug)]
pub(crate) enum Object<'a, K> {
    /// As the watch shows it.
    Seen(&'a K),
    /// As our own last write or read has it.
    Own(Arc<K>),
}

impl<K> Deref for Object<'_, K> {
    type Target = K;

    fn deref(&self) -> &K {
        match self {
            Self::Seen(object) => object,
            Self::Own(object) => object,
        }
    }
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self { copy: Copy::Watch, told: None, owes: None }
    }
}

impl<K> Default for Freshest<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned> Freshest<K> {
    /// The newest copy that is known of an object which the watch has shown; none if it has to be read.
    pub(crate) fn known<'a>(&self, seen: &'a K) -> Option<Object<'a, K>> {
        let mut all = self.lock();
        let Some(known) = seen.meta().uid.as_ref().and_then(|uid| all.get_mut(uid)) else {
            return Some(Object::Seen(seen));
        };
        let (own, age) = match &known.copy {
            Copy::Watch => return Some(Object::Seen(seen)),
            Copy::Own(own, at) => (own, Instant::now().duration_since(*at)),
            Copy::Doubtful => return None,
        };
        let version = |object: &K| object.meta().resource_version.clone();
        match newest(version(seen).as_deref(), version(own).as_deref().map(|own| (own, age))) {
            Newest::Own => Some(Object::Own(Arc::clone(own))),
            Newest::Seen => {
                known.copy = Copy::Watch;
                Some(Object::Seen(seen))
            }
            Newest::Unknown => None,
        }
    }

    /// The object to go by, read if need be; none if it is gone.
    pub(crate) async fn get<'a>(&self, api: &Api<K>, seen: &'a K) -> Result<Option<Object<'a, K>>, KubernetesError> {
        match self.known(seen) {
            Some(object) => Ok(Some(object)),
            None => Ok(self.read(api, seen).await?.map(Object::Own)),
        }
    }

    /// Whether the API server has the object just as this copy of it. If not, or if it is gone, the next pass knows.
    pub(crate) async fn is_current(&self, api: &Api<K>, object: &K) -> Result<bool, KubernetesError> {
        let current = self.read(api, object).await?;
        let version = object.resource_version();
        let is_current = version.is_some() && current.is_some_and(|current| current.resource_version() == version);
        if !is_current {
            // A restored etcd may have set the versions back, and the watch would count as newer again.
            self.invalidate(&object.uid().unwrap_or_default());
        }
        Ok(is_current)
    }

    async fn read(&self, api: &Api<K>, object: &K) -> Result<Option<Arc<K>>, KubernetesError> {
        let current = bounded(api.get_opt(&object.name_any())).await?;
        let Some(current) = current.filter(|current| current.uid() == object.uid()) else {
            self.invalidate(&object.uid().unwrap_or_default());
            return Ok(None);
        };
        Ok(Some(self.keep(current)))
    }

    /// An answer of the API server, which is newer than all before.
    pub(crate) fn keep(&self, object: K) -> Arc<K> {
        let object = Arc::new(object);
        if let Some(uid) = object.uid() {
            self.lock().entry(uid).or_default().copy = Copy::Own(Arc::clone(&object), Instant::now());
        }
        object
    }

    /// The answer to a write of the status.
    pub(crate) fn status_written(&self, object: K, now: Instant) {
        if let Some(uid) = object.uid() {
            let known = Known { copy: Copy::Own(Arc::new(object), now), told: Some(now), owes: None };
            self.lock().insert(uid, known);
        }
    }

    /// How long ago this process wrote the status.
    pub(crate) fn status_written_since(&self, uid: &str, now: Instant) -> Option<Duration> {
        Some(now.duration_since(self.lock().get(uid)?.told?))
    }

    /// A change was held back, or none is any more.
    pub(crate) fn defer_status(&self, uid: &str, until: Option<Instant>) {
        if let Some(known) = self.lock().get_mut(uid) {
            known.owes = until;
        }
    }

    /// How long a change may still be held back, if there is one.
    pub(crate) fn deferred_status_due_in(&self, uid: &str, now: Instant) -> Option<Duration> {
        Some(self.lock().get(uid)?.owes?.saturating_duration_since(now))
    }

    /// Nobody knows what came of a call: the object is read before anything rests on it.
    pub(crate) fn invalidate(&self, uid: &str) {
        self.lock().entry(uid.to_owned()).or_default().copy = Copy::Doubtful;
    }

    /// Forgets all objects but those that live.
    pub(crate) fn retain(&self, lives: impl Fn(&str) -> bool) {
        self.lock().retain(|uid, _| lives(uid));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known<K>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::api::ObjectMeta;

    use super::*;

    fn object(version: &str) -> ConfigMap {
        let (uid, resource_version) = (Some("u".to_owned()), Some(version.to_owned()));
        let metadata = ObjectMeta { uid, resource_version, ..ObjectMeta::default() };
        ConfigMap { metadata, ..ConfigMap::default() }
    }

    fn known(freshest: &Freshest<ConfigMap>, seen: &str) -> Option<String> {
        freshest.known(&object(seen)).and_then(|object| object.resource_version())
    }

    #[tokio::test]
    async fn our_own_copy_counts_until_the_watch_has_shown_it() {
        let freshest = Freshest::default();
        assert_eq!(known(&freshest, "5").as_deref(), Some("5"), "nothing was written");
        freshest.keep(object("7"));
        assert_eq!(known(&freshest, "5").as_deref(), Some("7"), "the watch lags");
        assert_eq!(known(&freshest, "8").as_deref(), Some("8"), "the watch has shown what came after it");
        assert_eq!(known(&freshest, "6").as_deref(), Some("6"), "a copy that the watch has shown isn't kept");
        freshest.keep(object("opaque"));
        assert_eq!(known(&freshest, "9"), None, "it can't be told, so it is read");
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_be_old_is_read_and_when_it_was_told_is_kept() {
        let (freshest, now) = (Freshest::default(), Instant::now());
        assert_eq!((freshest.status_written_since("u", now), freshest.deferred_status_due_in("u", now)), (None, None));
        freshest.status_written(object("7"), now);
        freshest.invalidate("u");
        assert_eq!(known(&freshest, "8"), None, "a call failed");
        let later = now + Duration::from_secs(3);
        freshest.defer_status("u", Some(later + Duration::from_secs(1)));
        assert_eq!(freshest.status_written_since("u", later), Some(Duration::from_secs(3)));
        assert_eq!(freshest.deferred_status_due_in("u", later), Some(Duration::from_secs(1)));
        freshest.keep(object("8"));
        assert_eq!(known(&freshest, "7").as_deref(), Some("8"), "it was read");
        freshest.retain(|uid| uid != "u");
        assert_eq!(known(&freshest, "7").as_deref(), Some("7"), "forgotten");
    }
}
