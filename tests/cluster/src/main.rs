//! Builds and runs the test cluster by hand.

use std::process::ExitCode;

use anyhow::Context;
use azimage_test_cluster::{Cluster, ClusterOptions, Programs};
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// A real Kubernetes control plane on loopback, for tests and for trying things.
#[derive(Parser)]
#[command(name = "azimage-test-cluster")]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Build what is missing and print the paths of etcd, kube-apiserver, kube-controller-manager, kubectl and helm
    Build,
    /// Start a cluster, print the path of its kubeconfig, and run until Ctrl-C or SIGTERM
    Start {
        /// One more flag for kube-apiserver, such as --api-server-flag=--emulated-version=1.34; may be repeated
        #[arg(long = "api-server-flag", value_name = "FLAG", allow_hyphen_values = true)]
        api_server_flags: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("azimage-test-cluster: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Action::Build => {
            for program in Programs::locate_or_build().await?.all() {
                println!("{}", program.display());
            }
            Ok(())
        }
        Action::Start { api_server_flags } => {
            // Before the start, so that a signal during it ends everything too: by the end of this process.
            let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
            let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
            let options = ClusterOptions { api_server_flags, ..ClusterOptions::default() };
            let cluster = tokio::select! {
                cluster = Cluster::start(options) => cluster?,
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
            };
            println!("{}", cluster.admin_kubeconfig().display());
            eprintln!(
                "The cluster runs. In another terminal: export KUBECONFIG=<the path above>; stop it with Ctrl-C."
            );
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            cluster.stop().await
        }
    }
}
