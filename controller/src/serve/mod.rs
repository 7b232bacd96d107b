//! What all controllers have in common: watches, triggers, concurrency, and what must not end the process.
//!
//! What differs between kinds of objects is in the implementations of [`Kind`].

mod change_notifier;
mod kind;
mod runner;
mod serving;
mod watched;

pub(crate) use kind::{Again, Kind};
pub(crate) use serving::{OrStop, Serving};
pub(crate) use watched::{Watched, scopes};
