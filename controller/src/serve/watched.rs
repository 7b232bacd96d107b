//! The watches of a kind, one in each scope.

use kube::{
    Api, Client, Resource,
    core::NamespaceResourceScope,
    runtime::{Controller, reflector::Store, watcher},
};

use super::kind::Kind;
use crate::stores::Guarded;

/// The scopes that are watched: these namespaces, or all if none is named.
pub(crate) fn scopes(namespaces: &[String]) -> Vec<Option<String>> {
    if namespaces.is_empty() { vec![None] } else { namespaces.iter().cloned().map(Some).collect() }
}

/// The controllers of a kind, none of which has begun.
#[must_use]
pub(crate) struct Watched<K: Kind> {
    pub(super) controllers: Vec<(Option<String>, Controller<Guarded<K>>)>,
}

impl<K: Kind> Watched<K> {
    /// One controller for each scope.
    pub(crate) fn new(client: &Client, scopes: &[Option<String>]) -> Self {
        let controller = |scope: &Option<String>| {
            Controller::new(api::<Guarded<K>>(client, scope.as_deref()), watcher::Config::default())
        };
        Self { controllers: scopes.iter().map(|scope| (scope.clone(), controller(scope))).collect() }
    }

    /// What the watches have seen, by scope. Nothing, until they are served.
    pub(crate) fn stores(&self) -> Vec<Store<Guarded<K>>> {
        self.controllers.iter().map(|(_, controller)| controller.store()).collect()
    }
}

pub(super) fn api<K>(client: &Client, scope: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    match scope {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}
