//! Wakes the objects of a namespace when something changed there that concerns them.
//!
//! A status is written many times for each change that matters to objects of another kind. Whatever comes while they are
//! being woken is one more waking, not one more for each change.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use futures::{Stream, stream};
use kube::{Resource, runtime::watcher::Event};
use tokio::sync::Notify;

use crate::{
    reconcile_filter::Fingerprint,
    stores::{Guarded, readable},
};

/// What of an object concerns those of another kind.
pub(crate) type Concern<K> = fn(&K) -> Fingerprint;

/// Tells of the namespaces in which something changed that concerns others.
pub(crate) struct ChangeNotifier<K> {
    concern: Concern<K>,
    state: Mutex<State>,
    rung: Notify,
}

#[derive(Default)]
struct State {
    /// By namespace and name. Of an object that can't be read it is only known that it is there.
    concerns: BTreeMap<(String, String), Option<Fingerprint>>,
    /// The same while a watch begins anew.
    anew: BTreeMap<(String, String), Option<Fingerprint>>,
    due: BTreeSet<String>,
}

impl<K: Resource<DynamicType = ()>> ChangeNotifier<K> {
    pub(crate) fn new(concern: Concern<K>) -> Self {
        Self { concern, state: Mutex::default(), rung: Notify::new() }
    }

    /// Follows an event, after all stores have.
    pub(crate) fn follow(&self, event: &Event<Guarded<K>>) {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { concerns, anew, due } = &mut *guard;
        match event {
            Event::Apply(object) => {
                let (key, concern) = self.concern_of(object);
                if concerns.insert(key.clone(), concern) != Some(concern) {
                    due.insert(key.0);
                }
            }
            Event::Delete(object) => {
                let (key, _) = self.concern_of(object);
                concerns.remove(&key);
                due.insert(key.0);
            }
            Event::Init => anew.clear(),
            Event::InitApply(object) => {
                anew.extend([self.concern_of(object)]);
            }
            Event::InitDone => {
                let before = std::mem::replace(concerns, std::mem::take(anew));
                let differs = |(key, concern): (&(String, String), &Option<Fingerprint>), there: &BTreeMap<_, _>| {
                    (there.get(key) != Some(concern)).then(|| key.0.clone())
                };
                due.extend(concerns.iter().filter_map(|entry| differs(entry, &before)));
                due.extend(before.iter().filter_map(|entry| differs(entry, concerns)));
            }
        }
        if !due.is_empty() {
            self.rung.notify_one();
        }
    }

    fn concern_of(&self, object: &Guarded<K>) -> ((String, String), Option<Fingerprint>) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let key = (text(&object.meta().namespace), text(&object.meta().name));
        (key, readable(object).map(self.concern))
    }

    fn due(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).due)
    }

    /// The namespaces, each once for all changes until it is asked for. One stream may listen.
    pub(crate) fn namespaces(self: Arc<Self>) -> impl Stream<Item = BTreeSet<String>> {
        stream::unfold(self, |bell| async move {
            loop {
                let due = bell.due();
                if !due.is_empty() {
                    return Some((due, bell));
                }
                bell.rung.notified().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::{api::ObjectMeta, core::DeserializeGuard};

    use super::*;

    fn object(namespace: &str, name: &str, generation: i64) -> Guarded<ConfigMap> {
        let (namespace, name) = (Some(namespace.to_owned()), Some(name.to_owned()));
        let metadata = ObjectMeta { namespace, name, generation: Some(generation), ..ObjectMeta::default() };
        DeserializeGuard(Ok(ConfigMap { metadata, ..ConfigMap::default() }))
    }

    #[test]
    fn a_bell_rings_for_what_concerns_others_and_once_for_many_changes() {
        let bell = ChangeNotifier::<ConfigMap>::new(|map| Fingerprint::of(&map.metadata.generation));
        let due = |events: &[Event<Guarded<ConfigMap>>]| {
            for event in events {
                bell.follow(event);
            }
            bell.due().into_iter().collect::<Vec<_>>()
        };
        let start = [Event::Init, Event::InitApply(object("one", "a", 1)), Event::InitApply(object("two", "b", 1))];
        assert_eq!(due(&start), [""; 0], "not all is known yet");
        assert_eq!(due(&[Event::InitDone]), ["one", "two"]);
        assert_eq!(due(&[Event::Apply(object("one", "a", 1))]), [""; 0], "nothing that matters");
        let many = [Event::Apply(object("one", "a", 2)), Event::Apply(object("one", "a", 3))];
        assert_eq!(due(&many), ["one"], "once for both");
        assert_eq!(due(&[Event::Apply(object("one", "c", 1))]), ["one"], "a new one");
        assert_eq!(due(&[Event::Delete(object("one", "c", 1))]), ["one"], "and it is gone");
        let anew = [Event::Init, Event::InitApply(object("one", "a", 3)), Event::InitDone];
        assert_eq!(due(&anew), ["two"], "what was deleted unseen");
    }

    #[tokio::test]
    async fn whoever_listens_hears_what_rang_before() {
        use futures::StreamExt;
        let bell = Arc::new(ChangeNotifier::<ConfigMap>::new(|_| Fingerprint::of(&0)));
        bell.follow(&Event::Apply(object("one", "a", 1)));
        let mut heard = Box::pin(bell.clone().namespaces());
        assert_eq!(heard.next().await, Some(BTreeSet::from(["one".to_owned()])));
        bell.follow(&Event::Delete(object("two", "a", 1)));
        assert_eq!(heard.next().await, Some(BTreeSet::from(["two".to_owned()])));
    }
}
