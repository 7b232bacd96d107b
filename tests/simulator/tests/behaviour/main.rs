//! The simulated Azure on a clock that the tests turn: no sockets, no waiting.

mod azure;
mod faults;
mod galleries;
mod machines;
mod protocol;
mod run_commands;
mod versions;
