//! Reconciles an `ImageDefinition`: validate, observe, decide, write once, say how it stands.

mod kind;
mod memories;
mod pass;
mod reconcile;

pub(crate) use memories::Memories;
pub(crate) use reconcile::{Context, concern_of_definition};
