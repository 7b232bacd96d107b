//! The harness against real programs. One test binary, so that all of it shares one cluster.

mod control_plane;
mod left_behind;
mod process;
mod write_gate;
