//! A Kubernetes API server in memory, behind `kube::Client`, without sockets.
//!
//! It serves what a controller of this project uses and answers everything else with 501. One seed and one clock decide
//! all that it answers; with [`ApiServer::in_turns`] also the order of requests that come at the same instant. What it
//! does is compared with a real kube-apiserver in `tests/differential`.
//!
//! Not implemented, and not refused either, because nobody could tell from a request: access control, admission other
//! than that of namespaces, warnings, garbage collection.

mod call;
mod check;
mod delete;
mod event;
mod failure;
mod fields;
mod interceptor;
mod kinds;
mod read;
mod schema;
mod selector;
mod server;
mod store;
mod token;
mod watch;
mod write;

pub use call::{Call, Verb};
pub use failure::{Cause, Failure};
pub use interceptor::{Delivery, Interceptor, NoFaults, Verdict};
pub use server::{ApiServer, DefinitionError, Disconnected, Witness};
pub use store::Write;
