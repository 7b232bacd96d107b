//! The surroundings of the controller in one process, for deterministic simulation.

pub mod kubernetes;
