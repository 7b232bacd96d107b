//! Every version of every object that a test made, as a watch tells it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{dump::Dump, object::Object};

/// How long anything may take: generous, as a machine may be slow, and nothing waits longer than it must.
pub const LIMIT: Duration = Duration::from_secs(120);

#[derive(Default)]
struct Seen {
    versions: Vec<Object>,
    gone: Vec<(String, String)>,
    dump: Option<Dump>,
}

/// Every version of the objects in a namespace.
pub struct History {
    seen: Arc<Mutex<Seen>>,
    changed: watch::Sender<u64>,
    tasks: Vec<JoinHandle<()>>,
}

impl History {
    /// Begins to watch.
    pub(crate) fn start(client: &Client, namespace: &str, resources: &[ApiResource]) -> Self {
        let seen = Arc::new(Mutex::new(Seen { dump: Dump::of(namespace), ..Seen::default() }));
        let changed = watch::Sender::new(0);
        let tasks = resources
            .iter()
            .map(|resource| {
                let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, resource);
                let (seen, changed) = (Arc::clone(&seen), changed.clone());
                tokio::spawn(async move {
                    let mut events = watcher(api, watcher::Config::default()).default_backoff().boxed();
                    while let Some(event) = events.next().await {
                        let Ok(event) = event else { continue };
                        note(&mut seen.lock().unwrap(), event);
                        changed.send_modify(|count| *count += 1);
                    }
                })
            })
            .collect();
        Self { seen, changed, tasks }
    }

    /// The last version of an object; nothing once it is gone.
    pub fn last(&self, kind: &str, name: &str) -> Option<Object> {
        let seen = self.seen.lock().unwrap();
        if seen.gone.iter().any(|(gone_kind, gone)| gone_kind == kind && gone == name) {
            return None;
        }
        seen.versions.iter().rev().find(|object| object.kind() == kind && object.name() == name).cloned()
    }

    /// All versions of all objects.
    pub fn all(&self) -> Vec<Object> {
        self.seen.lock().unwrap().versions.clone()
    }

    /// Waits until what is known of an object is accepted. `None` stands for an object that isn't there.
    pub(crate) async fn wait<T>(
        &self,
        kind: &str,
        name: &str,
        mut accept: impl FnMut(Option<&Object>) -> Option<T>,
    ) -> Result<T, Option<Object>> {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            loop {
                if let Some(accepted) = accept(self.last(kind, name).as_ref()) {
                    return accepted;
                }
                changed.changed().await.unwrap();
            }
        };
        tokio::time::timeout(LIMIT, waiting).await.map_err(|_| self.last(kind, name))
    }

    /// The versions whose status breaks a rule that tools rely on.
    pub(crate) fn problems(&self) -> Vec<String> {
        let named = |object: &Object| {
            let problems = object.problems();
            (!problems.is_empty())
                .then(|| format!("{} {}: {problems:?} in {:#}", object.kind(), object.name(), object.at("/status")))
        };
        self.all().iter().filter_map(named).collect()
    }
}

fn note(seen: &mut Seen, event: watcher::Event<DynamicObject>) {
    let key = |object: &DynamicObject| {
        let kind = object.types.as_ref().map(|types| types.kind.clone()).unwrap_or_default();
        (kind, object.metadata.name.clone().unwrap_or_default())
    };
    match event {
        watcher::Event::Apply(object) | watcher::Event::InitApply(object) => {
            let key = key(&object);
            seen.gone.retain(|gone| *gone != key);
            let value: Value = serde_json::to_value(&object).unwrap();
            if let Some(dump) = &mut seen.dump {
                dump.write(&value);
            }
            seen.versions.push(Object(value));
        }
        watcher::Event::Delete(object) => {
            let key = key(&object);
            seen.gone.push(key);
        }
        watcher::Event::Init | watcher::Event::InitDone => {}
    }
}

impl Drop for History {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
