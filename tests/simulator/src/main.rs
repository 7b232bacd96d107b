//! The simulator as a program.

use std::{
    io::{IsTerminal as _, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use azimage_simulator::{Scenario, ServeOptions, serve};
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A simulated Azure for tests and for trying things: Azure Resource Manager with virtual machines and compute galleries, and
/// the Microsoft Entra token endpoint. Any Azure client can be pointed at it.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM or SIGINT.
    ///
    /// When it is ready it prints one line of JSON on standard output: "arm" and "authority" (base addresses), "ca" (the CA
    /// certificate to trust), "tenant", "clients" (id and secret each), "subscriptions", and "control" (the control interface:
    /// journal, faults, clock, state). Logs go to standard error.
    Serve {
        /// Address of Azure, on loopback; port 0 takes a free one.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// Address of the control interface, on loopback; port 0 takes a free one.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
        control_listen: SocketAddr,
        /// Address of a machine's metadata service (IMDS), over plain HTTP, on loopback or 169.254.169.254:80 itself; port 0
        /// takes a free one. There is none without it.
        #[arg(long, value_name = "ADDRESS")]
        metadata_listen: Option<SocketAddr>,
        /// What exists at the start (YAML or JSON). Without it there is one client and one empty subscription.
        #[arg(long, value_name = "FILE")]
        scenario: Option<PathBuf>,
        /// Simulated seconds in one real second. At 60, an image version that takes Azure seven minutes takes seven seconds.
        #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
        speed: f64,
        /// Folder for ca.pem; a temporary one where absent.
        #[arg(long, value_name = "FOLDER")]
        state_dir: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let served = run(arguments.command);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(command: Command) -> anyhow::Result<()> {
    let Command::Serve { listen, control_listen, metadata_listen, scenario, speed, state_dir } = command;
    let scenario = match scenario {
        None => Scenario::default(),
        Some(path) => {
            let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            Scenario::parse(&text).with_context(|| path.display().to_string())?
        }
    };
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let simulator = serve(ServeOptions { listen, control_listen, metadata_listen, scenario, speed, state_dir }).await?;
    {
        let mut output = std::io::stdout().lock();
        writeln!(output, "{}", serde_json::to_string(&simulator.ready_line())?).context("writing the ready line")?;
        output.flush().context("writing the ready line")?;
    }
    tracing::info!(arm = simulator.arm(), control = simulator.control(), speed, "ready");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    simulator.shutdown().await;
    Ok(())
}
