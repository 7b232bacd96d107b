//! The program.

use std::process::ExitCode;

use azimage::{
    cli::{Cli, Command},
    process,
    reference::Unreferable,
};
use clap::Parser;

/// `azimage reference` has nothing to refer to, for now.
const NOTHING_LATEST: u8 = 3;

fn main() -> ExitCode {
    // Before anything else: with two providers compiled in by some dependency rustls could not choose by itself.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("azimage: another TLS provider was installed already");
        return ExitCode::FAILURE;
    }
    let outcome = match Cli::parse().command {
        Command::Controller(arguments) => process::run(&arguments),
        Command::Crds(arguments) => process::print_crds(&arguments),
        Command::AzureRole(arguments) => {
            println!("{}", arguments.text());
            Ok(())
        }
        Command::Leftovers(arguments) => process::print_leftovers(&arguments),
        Command::Reference(arguments) => process::print_reference(&arguments),
        Command::Version => {
            println!("azimage {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("azimage: {error:#}");
            match error.downcast_ref::<Unreferable>() {
                Some(unreferable) if unreferable.is_for_now() => ExitCode::from(NOTHING_LATEST),
                _ => ExitCode::FAILURE,
            }
        }
    }
}
