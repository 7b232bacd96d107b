//! Tests of the election.

mod chaos;
mod decisions;
mod electors;
mod records;
mod server;
mod terms;
