//! The harness against real programs. One test binary, so that all of it shares one cluster.

#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

mod control_plane;
mod left_behind;
mod process;
mod write_gate;
