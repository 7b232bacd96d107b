//! azimage as installed: the real program with the chart's rights on a real API server, against the simulated Azure.

#![allow(
    clippy::disallowed_methods,
    reason = "this runs on real machines, beside other runs, and needs names that none of them has"
)]
#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

mod answers;
mod approval;
mod artifacts;
mod cli;
mod clocks;
mod clone;
mod clone_refused;
mod definitions;
mod deleted_source;
mod deletion;
mod denials;
mod drift;
mod export;
mod gitops;
mod happy_path;
mod identity;
mod in_use;
mod kept;
mod late_failures;
mod leaks;
mod leftovers;
mod monitoring;
mod namespaces;
mod own_identity;
mod policies;
mod preflight;
mod process;
mod promotion;
mod proven;
mod proxy;
mod regions;
mod restarts;
mod rights;
mod schema;
mod schema_of_definitions;
mod schema_of_sources;
mod schema_of_validation;
mod seal;
mod slow_authority;
mod sources;
mod stalled;
mod targets;
mod teams;
mod tls;
mod truth;
mod unknown_values;
mod wishes;
