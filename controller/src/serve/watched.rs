//! The watches of a kind, one in each scope: what they see goes into an index, and rings the bells of other kinds.

use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, TryStreamExt, stream};
use kube::{
    Api, Client, Resource,
    core::NamespaceResourceScope,
    runtime::{
        Controller, WatchStreamExt,
        reflector::{self, ObjectRef, Store},
        watcher,
    },
};

use super::{
    change_notifier::{ChangeNotifier, Concern},
    kind::Kind,
};
use crate::stores::{Guarded, Index, readable};

/// The scopes that are watched: these namespaces, or all if none is named.
pub(crate) fn scopes(namespaces: &[String]) -> Vec<Option<String>> {
    if namespaces.is_empty() { vec![None] } else { namespaces.iter().cloned().map(Some).collect() }
}

/// The controllers of a kind, none of which has begun.
#[must_use]
pub(crate) struct Watched<K: Kind> {
    scopes: Vec<Scope<K>>,
}

struct Scope<K: Kind> {
    controller: Controller<Guarded<K>>,
    index: Arc<Index<K>>,
    bells: Arc<Mutex<Vec<Arc<ChangeNotifier<K>>>>>,
}

impl<K: Kind> Watched<K> {
    /// One controller for each scope.
    pub(crate) fn new(client: &Client, scopes: &[Option<String>]) -> Self {
        Self { scopes: scopes.iter().map(|scope| Scope::new(client, scope.as_deref())).collect() }
    }

    /// What the watches have seen, by scope. Nothing, until they are served.
    pub(crate) fn indexes(&self) -> Vec<Arc<Index<K>>> {
        self.scopes.iter().map(|scope| scope.index.clone()).collect()
    }

    /// A change of another kind's object wakes all objects in its namespace, if it is one of what concerns them.
    pub(crate) fn woken_by<Other: Kind>(self, other: &Watched<Other>, concern: Concern<Other>) -> Self {
        let both = self.scopes.into_iter().zip(&other.scopes);
        Self { scopes: both.map(|(scope, other)| scope.woken_by(other, concern)).collect() }
    }

    /// A change of an object wakes those others of its kind and namespace that wait for one, if it is one of what concerns them.
    pub(crate) fn woken_by_own(self, concern: Concern<K>, waits: fn(&K) -> bool) -> Self {
        Self { scopes: self.scopes.into_iter().map(|scope| scope.woken_by_own(concern, waits)).collect() }
    }

    pub(super) fn stores(&self) -> Vec<Store<Guarded<K>>> {
        self.scopes.iter().map(|scope| scope.index.store().clone()).collect()
    }

    pub(super) fn into_controllers(self) -> impl Iterator<Item = Controller<Guarded<K>>> {
        self.scopes.into_iter().map(|scope| scope.controller)
    }
}

impl<K: Kind> Scope<K> {
    fn new(client: &Client, scope: Option<&str>) -> Self {
        let (reader, writer) = reflector::store();
        let index = Arc::new(Index::beside(reader.clone(), K::group_of));
        let bells = Arc::<Mutex<Vec<Arc<ChangeNotifier<K>>>>>::default();
        let (follows, rings) = (index.clone(), bells.clone());
        let seen = watcher(api::<Guarded<K>>(client, scope), watcher::Config::default())
            .reflect(writer)
            .inspect_ok(move |event| {
                // Whoever is woken finds in the index what it is woken for.
                follows.follow(event);
                rings.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|bell| bell.follow(event));
            })
            .applied_objects();
        Self { controller: Controller::for_stream(seen, reader), index, bells }
    }

    fn woken_by_own(self, concern: Concern<K>, waits: fn(&K) -> bool) -> Self {
        let bell = Arc::new(ChangeNotifier::new(concern));
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).push(bell.clone());
        self.woken(bell, waits)
    }

    fn woken_by<Other: Kind>(self, other: &Scope<Other>, concern: Concern<Other>) -> Self {
        let bell = Arc::new(ChangeNotifier::new(concern));
        other.bells.lock().unwrap_or_else(PoisonError::into_inner).push(bell.clone());
        self.woken(bell, |_| true)
    }

    /// Whenever it rings, those of a namespace that wait for it are woken, and those that can't be read.
    fn woken<Other: Kind>(self, bell: Arc<ChangeNotifier<Other>>, waits: fn(&K) -> bool) -> Self {
        let index = self.index.clone();
        let woken = bell.namespaces().flat_map(move |namespaces| {
            let objects = namespaces.iter().flat_map(|namespace| index.of(namespace));
            let objects = objects.filter(|object| readable(object).is_none_or(waits));
            let woken: Vec<_> = objects.map(|object| ObjectRef::from_obj(object.as_ref())).collect();
            stream::iter(woken)
        });
        Self { controller: self.controller.reconcile_on(woken), ..self }
    }
}

fn api<K>(client: &Client, scope: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    match scope {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}
