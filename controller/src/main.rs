//! The program.

use std::{ffi::OsString, future::Future, io, process::ExitCode};

use anyhow::Context;
use azimage::{
    cli::{
        Cli, Command,
        completion::{VARIABLE, for_kubectl},
        evidence,
        exit::Ended,
        export, reference, status,
        wish::{self, Verb},
        words_to_complete,
    },
    process,
    reference::Unreferable,
};
use azimage_view::text::inert;
use clap::CommandFactory;
use clap_complete::CompleteEnv;

fn main() -> ExitCode {
    // Before anything else: with two providers compiled in by some dependency rustls could not choose by itself.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("azimage: another TLS provider was installed already");
        return ExitCode::FAILURE;
    }
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(words) = words_to_complete(&words) {
        return ended(for_kubectl(&words, &mut io::stdout()).map(|()| Ended::Well));
    }
    match CompleteEnv::with_factory(Cli::command).var(VARIABLE).try_complete(words.clone(), None) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => return said(&error),
    }
    match Cli::read(&words) {
        Ok(cli) => ended(run(cli.command)),
        Err(error) => said(&error),
    }
}

/// Help and version are no errors. What is one doesn't end with the code of a stalled object, as the library would.
fn said(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    if error.use_stderr() || printed.is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn run(command: Command) -> anyhow::Result<Ended> {
    match command {
        Command::Status(arguments) => return wait(status::run(&arguments)),
        Command::Reconcile(arguments) => return wait(wish::run(Verb::Reconcile, &arguments)),
        Command::Suspend(arguments) => return wait(wish::run(Verb::Suspend, &arguments)),
        Command::Resume(arguments) => return wait(wish::run(Verb::Resume, &arguments)),
        Command::Export(arguments) => return wait(export::run(&arguments)),
        Command::Evidence(arguments) => return wait(evidence::run(&arguments)),
        Command::Reference(arguments) => return wait(reference::run(&arguments)),
        Command::Completion(arguments) => print(&arguments.script()?)?,
        Command::Man(arguments) => arguments.write()?,
        Command::Controller(arguments) => process::run(&arguments)?,
        Command::Crds(arguments) => process::print_crds(&arguments)?,
        Command::AzureRole(arguments) => print(&format!("{}\n", arguments.text()))?,
        Command::Leftovers(arguments) => process::print_leftovers(&arguments)?,
        Command::Version(arguments) => print(&arguments.text()?)?,
    }
    Ok(Ended::Well)
}

fn print(text: &str) -> anyhow::Result<()> {
    io::Write::write_all(&mut io::stdout(), text.as_bytes()).context("can't print")
}

/// What a person asks for: a few requests, of which the API server's words are part.
fn wait(asked: impl Future<Output = anyhow::Result<Ended>>) -> anyhow::Result<Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("can't start the runtime")?.block_on(asked)
}

fn ended(outcome: anyhow::Result<Ended>) -> ExitCode {
    match outcome {
        Ok(ended) => ended.into(),
        // A reader that has seen enough, such as `head`, is no error.
        Err(error) if error.chain().any(is_hangup) => ExitCode::SUCCESS,
        Err(error) => {
            // The words of others, line by line.
            let text = format!("{error:#}");
            eprintln!("azimage: {}", text.lines().map(inert).collect::<Vec<_>>().join("\n"));
            if is_for_now(&error) { Ended::Working.into() } else { Ended::Failed.into() }
        }
    }
}

/// Whether what was asked for isn't there yet, as of an image definition of which no version is latest.
fn is_for_now(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Unreferable>().is_some_and(Unreferable::is_for_now)
}

fn is_hangup(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
