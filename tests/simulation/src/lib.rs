//! The controller and its surroundings in one process, for deterministic simulation.
//!
//! [`azimage_test_api_server`] is an API server in memory, [`azure`] is the simulated Azure without sockets, both on
//! the virtual clock of tokio's paused time. A [`plan::Plan`] says what happens. [`run::run`] runs the program's own
//! controller between them, in as many processes as the plan wants, with its faults and events, and judges what happened in
//! Azure and in the API server ([`laws`]). A plan gives the same history each time, so that [`shrink`] can shrink a failing
//! one.

pub mod azure;
mod bans;
pub mod broken_objects;
pub mod detection;
pub mod fault_rates;
pub mod faults;
pub mod figures;
pub mod generate;
pub mod history;
pub mod laws;
mod network;
pub mod oddities;
mod operators;
pub mod oracle;
mod panics;
pub mod plan;
mod poll_crashes;
pub mod process_io;
pub mod program;
mod replica;
pub mod rng;
pub mod run;
pub mod sabotage;
pub mod scheduler;
pub mod shrink;
pub mod time;
mod trace;
pub mod world;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
