//! A simulated Azure: Azure Resource Manager's Compute provider and the Microsoft Entra token endpoint, for tests and for trying
//! things by hand with any Azure client.
//!
//! [`Simulator`] is a state machine over requests and time, without sockets, clock or randomness of its own. [`serve()`] puts it
//! behind TLS on loopback. What it copies from Azure is written down in `docs/azure-behaviour.md`, whose sections the modules
//! name.

mod answer;
mod arm;
mod assertion;
mod authorization;
mod certificate;
pub mod clock;
mod compute;
mod control;
mod credentials;
mod dispatch;
mod durations;
mod entra;
mod faults;
mod gateway;
mod graph;
mod guest;
mod insights;
mod journal;
mod metadata_service;
mod network;
mod regions;
mod resources;
pub mod scenario;
mod seed;
mod serve;
mod simulator;

pub use crate::{
    arm::throttle::ThrottlingCounts,
    control::{FaultState, MachineChange},
    credentials::ClientCredentials,
    durations::{Durations, RegionDurations},
    faults::{DomainFault, Effect, Fault, HttpFault, Match, Respond, Then, Wire},
    journal::{JournalEntry, JournalQuery},
    resources::exposure::Exposure,
    scenario::{Scenario, ScenarioError, Throttling},
    serve::{Client, Handshake, ReadyLine, RunningSimulator, ServeError, ServeOptions, serve},
    simulator::{Outcome, Simulator},
};
