//! The tests of the decisions about an image version: a table for each decision, the laws as properties, and a model
//! of Azure in which the plan has to get to its end.

mod absence;
mod azure;
mod capture;
mod checks;
mod clone;
mod console;
mod controller;
mod convergence;
mod copied;
mod cycles;
mod deletion;
mod facts;
mod fixtures;
mod generated;
mod kept;
mod laws;
mod memory;
mod namespaces;
mod observations;
mod preflight;
mod protocol;
mod published;
mod reach;
mod reasons;
mod refusals;
mod regions;
mod requests;
mod scene;
mod sources;
mod told;
mod unknown_regions;
mod validate;
mod windows;
mod wishes;
