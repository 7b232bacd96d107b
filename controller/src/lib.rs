//! The controller of azimage: watches, reconciles and the process around them.
//!
//! Decisions are made in `azimage-core`; here they are fed and carried out. What comes from outside comes through
//! seams, so that the same code can run in a simulation: the Kubernetes client (any tower service), the Azure
//! transport, the clock and the source of randomness ([`seams::Seams`]). For tests alone there is one more, around the
//! decisions themselves ([`decisions`]).

pub mod azure;
pub mod build;
pub mod cli;
pub mod config;
pub mod controller;
pub mod decisions;
pub mod election;
pub mod identity;
mod image_definition;
mod image_version;
mod kubernetes;
mod memory;
pub mod process;
mod reaper;
mod reconcile_filter;
pub mod reference;
mod replication_target;
pub mod seams;
mod serve;
mod stores;
pub mod telemetry;
