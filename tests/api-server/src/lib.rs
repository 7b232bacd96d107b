//! A Kubernetes API server in memory, behind `kube::Client`, without sockets.
//!
//! It is for tests of controllers: quick, repeatable, and with faults at any request. It knows the custom resource
//! definitions that it is given, and nothing else of the program that is tested.
//!
//! # What it does
//!
//! It serves the kinds of its definitions, and Namespaces, `ConfigMap`s, Leases, Events and `ServiceAccount`s with
//! their tokens: reads, lists in pages, watches, and writes by each verb in [`Verb`], with schemas, rules in CEL, managers
//! of fields, finalizers and namespaces that go away. What it does is compared with a real kube-apiserver in `tests/differential`.
//!
//! - [`ApiServer`] makes clients, and knows the [history](ApiServer::history) of all writes.
//! - An [`Interceptor`] sees each [`Call`] and each event of a watch, and says what becomes of it.
//! - A [`WriteObserver`] gets each [`Write`] at the moment at which it takes effect.
//! - One seed and one clock decide all that it answers, but for the signatures of tokens. With [`RequestScheduler`] also the order
//!   of requests that come at the same instant repeats. It waits by tokio's clock, so that time can be paused.
//!
//! # What it doesn't do
//!
//! A request for anything else is answered with 501, as a parameter that is ignored would be a silent success. A
//! definition that can't be carried out is a [`DefinitionError`]. Not implemented, and not refused either, because
//! no request shows that: access control, admission other than that of namespaces, warnings, garbage
//! collection, a `default` `ServiceAccount`. Nothing is kept on a disk.

mod call;
mod check;
mod delete;
mod event;
mod failure;
mod fields;
mod interceptor;
mod kinds;
mod read;
mod scheduler;
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
pub use scheduler::RequestScheduler;
pub use server::{AnswerBody, ApiServer, DefinitionError, Disconnected, WriteObserver};
pub use store::Write;
