//! The simulated Azure on a clock that the tests turn: no sockets, no waiting.
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod authorization;
mod azure;
mod faults;
mod galleries;
mod machines;
mod protocol;
mod run_commands;
mod versions;
