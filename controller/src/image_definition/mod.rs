//! Reconciles an `ImageDefinition`: validate, observe, decide, write once, say how it stands.

mod export;
mod kind;
mod pass;
mod reconcile;

pub(crate) use reconcile::{Context, concern_of_definition};
