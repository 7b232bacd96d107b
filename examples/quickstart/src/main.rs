//! The quickstart: a real API server, a simulated Azure and azimage, from a running machine to a Ready image version.

mod arguments;
mod azure;
mod deployment;
mod launch;
mod play;
mod screen;
mod setup;
mod story;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::{arguments::Arguments, screen::Screen};

/// What a shell reports of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    // The alias in .cargo/config.toml ends with `--`, so a user's own `--` arrives here.
    let given = std::env::args_os().enumerate().filter(|(place, argument)| *place != 1 || argument != "--");
    let arguments = Arguments::parse_from(given.map(|(_, argument)| argument));
    let mut screen = Screen::new(arguments.plain);
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        eprintln!("quickstart: can't listen for Ctrl-C");
        return ExitCode::FAILURE;
    };
    // Whatever was started ends when the story is dropped, and at the latest when this process ends.
    let outcome = tokio::select! {
        outcome = story::tell(&arguments, &mut screen) => outcome,
        _ = interrupt.recv() => return ExitCode::from(INTERRUPTED),
        _ = terminate.recv() => return ExitCode::from(INTERRUPTED),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error:#}");
            ExitCode::FAILURE
        }
    }
}
