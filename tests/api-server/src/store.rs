//! The objects, and the history of all writes.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;
use jiff::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    call::{Call, Verb},
    fields::Managers,
    kinds::Kind,
};

/// Where an object is kept. Its order is the order of lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) kind: usize,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// An object as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) object: Arc<Value>,
    pub(super) managers: Managers,
    /// Made with defaults of the status, and not written since.
    pub(super) fresh: bool,
    /// The object in JSON, once it was read.
    text: OnceCell<Bytes>,
}

/// A write that took effect.
#[derive(Clone, Debug)]
pub struct Write {
    /// The resource version that it made.
    pub revision: u64,
    /// When it was.
    pub time: Timestamp,
    /// The request; a deletion for what the server itself removes.
    pub verb: Verb,
    /// The plural name with the group, such as `leases.coordination.k8s.io`.
    pub resource: String,
    /// The object's namespace, empty if it is in none.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// Such as `status`, empty for the object itself.
    pub subresource: String,
    /// Who wrote.
    pub manager: String,
    /// The object before, unless it was made.
    pub before: Option<Arc<Value>>,
    /// The object after, unless it is gone.
    pub after: Option<Arc<Value>>,
    /// What a watch shows of a deletion: the last state, under the resource version of the deletion.
    pub(super) tombstone: Option<Arc<Value>>,
}

/// Who writes, for the history.
#[derive(Clone, Debug)]
pub(super) struct Author {
    pub(super) verb: Verb,
    pub(super) subresource: String,
    pub(super) manager: String,
}

impl Author {
    pub(super) fn of(call: &Call) -> Self {
        Self { verb: call.verb, subresource: call.subresource.clone(), manager: call.manager.clone() }
    }

    /// The controllers that belong to Kubernetes.
    pub(super) fn cluster() -> Self {
        let manager = "kube-controller-manager".to_owned();
        Self { verb: Verb::Delete, subresource: String::new(), manager }
    }
}

/// The state of the server.
pub(super) struct Store {
    pub(super) kinds: Vec<Arc<Kind>>,
    pub(super) objects: BTreeMap<Key, Stored>,
    pub(super) history: Vec<Write>,
    pub(super) revision: u64,
    /// Changes up to this resource version can't be watched any more.
    pub(super) compacted: u64,
    pub(super) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    random: StdRng,
}

impl Store {
    pub(super) fn new(kinds: Vec<Arc<Kind>>, seed: u64, clock: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self {
            kinds,
            objects: BTreeMap::new(),
            history: Vec::new(),
            revision: 1,
            compacted: 0,
            clock,
            random: StdRng::seed_from_u64(seed),
        }
    }

    pub(super) fn kind(&self, key: &Key) -> &Arc<Kind> {
        &self.kinds[key.kind]
    }

    /// An object in JSON, whose key this is or was.
    pub(super) fn text(&self, key: &Key, object: &Arc<Value>) -> Bytes {
        let text = || Bytes::from(object.to_string());
        match self.objects.get(key).filter(|stored| Arc::ptr_eq(&stored.object, object)) {
            Some(stored) => stored.text.get_or_init(text).clone(),
            None => text(),
        }
    }

    /// Now, as `metadata` has times: in whole seconds.
    pub(super) fn now(&self) -> String {
        format!("{:.0}", (self.clock)())
    }

    pub(super) fn new_uid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.random.random()).into_uuid().to_string()
    }

    /// What follows a `generateName`.
    pub(super) fn new_suffix(&mut self) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..5).map(|_| char::from(LETTERS[self.random.random_range(0..LETTERS.len())])).collect()
    }

    /// Keeps an object under a new resource version.
    pub(super) fn put(&mut self, author: &Author, key: &Key, mut object: Value, managers: Managers) -> Arc<Value> {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let fields = managers.render(self.kind(key).api_version());
        if fields.as_array().is_some_and(|fields| !fields.is_empty()) {
            object["metadata"]["managedFields"] = fields;
        } else {
            object["metadata"].as_object_mut().map(|metadata| metadata.remove("managedFields"));
        }
        let object = Arc::new(object);
        let stored = Stored { object: object.clone(), managers, fresh: false, text: OnceCell::new() };
        let before = self.objects.insert(key.clone(), stored).map(|stored| stored.object);
        self.log(author, key, before, Some(object.clone()), None);
        object
    }

    /// Removes an object. Its last state is returned, under the resource version of the deletion.
    pub(super) fn remove(&mut self, author: &Author, key: &Key) -> Option<Arc<Value>> {
        let before = self.objects.remove(key)?.object;
        self.revision += 1;
        let mut last = Value::clone(&before);
        last["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let last = Arc::new(last);
        self.log(author, key, Some(before), None, Some(last.clone()));
        Some(last)
    }

    fn log(
        &mut self,
        author: &Author,
        key: &Key,
        before: Option<Arc<Value>>,
        after: Option<Arc<Value>>,
        tombstone: Option<Arc<Value>>,
    ) {
        self.history.push(Write {
            revision: self.revision,
            time: (self.clock)(),
            verb: author.verb,
            resource: self.kind(key).resource().to_owned(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            subresource: author.subresource.clone(),
            manager: author.manager.clone(),
            before,
            after,
            tombstone,
        });
    }

    /// The kinds that were written after a resource version.
    pub(super) fn changed_since(&self, revision: u64) -> BTreeSet<usize> {
        let kinds = self.since(revision).iter().map(|write| &write.resource);
        kinds.filter_map(|name| self.kinds.iter().position(|kind| kind.resource() == *name)).collect()
    }

    /// The writes after a resource version.
    pub(super) fn since(&self, revision: u64) -> &[Write] {
        let first = self.history.partition_point(|write| write.revision <= revision);
        &self.history[first..]
    }

    /// The objects of a kind as they were at a resource version.
    pub(super) fn at(&self, kind: usize, revision: u64) -> BTreeMap<(String, String), Arc<Value>> {
        let now = self.objects.iter().filter(|(key, _)| key.kind == kind);
        let mut objects: BTreeMap<_, _> =
            now.map(|(key, stored)| ((key.namespace.clone(), key.name.clone()), stored.object.clone())).collect();
        let resource = self.kinds[kind].resource();
        for write in self.since(revision).iter().rev().filter(|write| write.resource == resource) {
            let key = (write.namespace.clone(), write.name.clone());
            match &write.before {
                Some(before) => objects.insert(key, before.clone()),
                None => objects.remove(&key),
            };
        }
        objects
    }
}
