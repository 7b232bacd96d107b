//! The controller and its surroundings in one process, for deterministic simulation.
//!
//! [`kubernetes`] is an API server in memory, [`azure`] is the simulated Azure without sockets, both on the virtual
//! clock of tokio's paused time. [`life`] runs the very controller of the program between them, with faults and crashes
//! that a seed decides, and judges by what happened in Azure and in the API server.

pub mod azure;
pub mod dice;
pub mod faults;
pub mod kubernetes;
pub mod life;
pub mod time;
