//! The simulated Azure on a clock that the tests turn: no sockets, no waiting.
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod authorization;
mod azure;
mod boot_diagnostics;
mod clean_up_list;
mod concurrency;
mod copies;
mod copies_refused;
mod data_disks;
mod disks;
mod encryption;
mod faults;
mod galleries;
mod governance;
mod graph;
mod guests;
mod images;
mod insights;
mod machine_lifecycle;
mod machines;
mod network;
mod preflight;
mod protocol;
mod recorded;
mod restore_points;
mod run_commands;
mod security_groups;
mod snapshots;
mod specialized_machines;
mod throttling;
mod versions;
