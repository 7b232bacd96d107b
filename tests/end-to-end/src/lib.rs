//! The harness of the end-to-end tests: azimage as it is installed, by Helm on a real API server, against the simulated
//! Azure.
//!
//! One cluster with the chart in it and one simulator serve all tests of a process. Each [`Test`] has a namespace, a
//! subscription, a client secret and azimage processes of its own, which run the real program with the arguments of the
//! chart's Deployment and exactly the rights of the chart's `ServiceAccount`.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a failed expectation is the end of a test, in its helpers too"
)]

mod azure;
mod controller;
mod dump;
mod environment;
mod history;
pub mod manifests;
mod object;
pub mod pages;
mod secrets;
mod test;

pub use azure::{Azure, JournalEntry, classes};
pub use controller::{Controller, PACE};
pub use environment::{Environment, RELEASE_NAMESPACE, environment};
pub use history::{History, LIMIT};
pub use object::Object;
pub use secrets::Secrets;
pub use test::{Kind, Test};
