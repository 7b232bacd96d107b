//! What a life of many image versions costs: N versions that M targets replicate, from apply to Ready and then at rest, with
//! the real program on a real API server and a simulated Azure.

#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a run, in its helpers too")]

mod arguments;
mod figures;
mod fleet;
mod process;
mod scrape;
mod table;

use clap::Parser;

use crate::{arguments::Arguments, fleet::Fleet};

#[tokio::main]
async fn main() {
    // The alias in .cargo/config.toml ends with `--`, so a user's own `--` arrives here.
    let given = std::env::args_os().enumerate().filter(|(place, argument)| *place != 1 || argument != "--");
    let arguments = Arguments::parse_from(given.map(|(_, argument)| argument));
    let fleet = Fleet::start(&arguments).await;
    let begun = fleet.figures().await;
    fleet.apply().await;
    fleet.ready(arguments.timeout).await;
    let ready = fleet.figures().await;
    println!("{}", table::of_lives(&arguments, &(&ready - &begun)));
    fleet.settle().await;
    let settled = fleet.figures().await;
    fleet.rest().await;
    println!("{}", table::at_rest(&arguments, &(&fleet.figures().await - &settled)));
}
